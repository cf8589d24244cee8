/* Events that pages follow (server-sent events): what changed, never what it says; a page fetches that, as
 * whoever it is. A listener is told at most four times a second and only when it asked for more, so a
 * slow one costs a queue of TOLD_MAX entries; when that is full it is told "all": fetch anew.
 *
 *   V1. Nothing is told before the commit of what changed.
 *   V2. A listener hears only of what it may see: by the permission that reading such a thing needs, for
 *       the unit that it belongs to. */
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"
#include "desk/people.h"

#define TELL_NS (NS_PER_SEC / 4)
#define LOOK_NS (NS_PER_SEC / 20)
#define TOLD_PEOPLE_MAX 32768u /* to people each, since the last commit */

static void add_told(struct told *list, unsigned *n, bool *all, const struct told *t) {
        for (unsigned i = 0; i < *n; i++)
                if (list[i].id == t->id && strcmp(list[i].what, t->what) == 0)
                        return;
        if (*n == TOLD_MAX)
                *all = true;
        else
                list[(*n)++] = *t;
}

void api_tell_all(struct desk *d, const char *what, int64_t id, int64_t unit) {
        struct api *a = d->api;
        struct told t = {.id = id, .unit = unit};

        if (unit)
                exercise_scores_told(d, unit);
        if (!a->n_listeners)
                return;
        snprintf(t.what, sizeof(t.what), "%s", what);
        add_told(a->told, &a->n_told, &a->told_all, &t);
}

void api_tell(struct api_call *c, const char *what, int64_t id, int64_t unit) {
        api_tell_all(c->desk, what, id, unit);
}

void api_tell_person(struct desk *d, const char *what, int64_t id, int64_t person) {
        struct api *a = d->api;

        if (!a || !a->n_listeners)
                return;
        if (a->n_told_people == a->told_room) {
                size_t room = a->told_room ? 2 * a->told_room : 256;
                struct told_person *p =
                        room <= TOLD_PEOPLE_MAX ? realloc(a->told_people, room * sizeof(*p)) : NULL;

                if (!p) {
                        a->told_all = true;
                        return;
                }
                a->told_people = p;
                a->told_room = room;
        }
        struct told_person *p = &a->told_people[a->n_told_people++];
        *p = (struct told_person){.person = person, .t = {.id = id}};
        snprintf(p->t.what, sizeof(p->t.what), "%s", what);
}

int api_follow(struct api_call *c) {
        struct held *h = held_of(c);
        struct api *a = desk_api(c->desk);

        if (a->n_listeners >= API_LISTENERS) {
                c->retry = 30;
                return api_refuse(c, 503, "busy", "too many pages listen already",
                                  "đã có quá nhiều trang đang theo dõi");
        }
        api_held_stream(a, h);
        h->say.flags |= API_SAY_MORE;
        snprintf(h->say.type, sizeof(h->say.type), "text/event-stream");
        api_say_frame(a, h, SPAN(": hello\n\n"));
        return API_E_LATER;
}

/* ---- who hears what ---- */

/* What an event is about, and the permission that reading it needs; several: one of them. */
static const char *const needs[][2] = {
        {"alert", "alerts.read"},           {"incident", "incidents.read"},
        {"task", "incidents.read"},         {"clock", "incidents.read"},
        {"action", "actions.read"},         {"report", "reports.read"},
        {"system", "systems.read"},         {"source", "sources.read"},
        {"person", "people.read"},          {"unit", "people.read"},
        {"directive", "directives.read"},   {"setting", "settings.read"},
        {"handover", "incidents.read"},     {"exception", "exceptions.write"},
        {"outgoing", "reports.read"},       {"drill", "recovery.read"},
        {"evidence", "evidence.read"},      {"evidence_export", "evidence.read"},
        {"improvement", "incidents.read"},  {"playbook", "playbooks.read"},
        {"playbook_run", "incidents.read"}, {"duty", "people.read"},
        {"unmasking", "events.unmask"},     {"unmasking", "events.unmask_long"},
        {"unmasking", "audit.read"},        {"exercise", "exercises.plan"},
        {"exercise", "exercises.judge"},    {"exercise_request", "exercises.plan"},
        {"scenario", "exercises.read"},
};

/* The roles of a listener, read once: thousands listen, and each event is held against all of them. They are read
 * anew when anybody's roles or the tree of units changed (api_rights_changed()), and when one begins or ends. */
#define HEARS_MAX 16u
#define PATH_BYTES 160u /* of UNIT_DEPTH_MAX numbers */
struct hears {
        uint64_t rights;
        int64_t until; /* ns: what was read holds until then */
        unsigned n;    /* HEARS_MAX + 1: more than that; each is asked for */
        struct {
                uint32_t role;
                unsigned len;
                char path[PATH_BYTES];
        } of[HEARS_MAX];
};

/* One event, ready to be held against many. */
struct event {
        uint32_t roles; /* one of these */
        size_t len;     /* of the path; 0: of no unit */
        char path[PATH_BYTES];
};

void api_rights_changed(struct desk *d) {
        d->api->rights++;
}

void api_events_free(struct held *h) {
        free(h->hears);
        free(h->queue);
        h->hears = NULL;
        h->queue = NULL;
}

static int read_hears(const struct api *a, const struct held *h, struct hears *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(h->c.db, &q,
                         "SELECT g.role, u.path, g.since, g.until FROM role_grant g JOIN unit u ON"
                         " u.id=g.unit WHERE g.person=?1 AND (g.until IS NULL OR g.until>?2)",
                         "ii", h->c.who.id, a->wall);

        *ret = (struct hears){.rights = a->rights, .until = INT64_MAX};
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span path = sql_span(q, 1);
                int64_t since = sql_int(q, 2);

                r = 0;
                if (!sql_null(q, 3))
                        ret->until = MIN(ret->until, sql_int(q, 3));
                if (since > a->wall) {
                        ret->until = MIN(ret->until, since);
                        continue;
                }
                if (ret->n >= HEARS_MAX || path.len > PATH_BYTES) {
                        ret->n = HEARS_MAX + 1;
                        return 0;
                }
                ret->of[ret->n].role = UINT32_C(1) << sql_int(q, 0);
                ret->of[ret->n].len = (unsigned)path.len;
                memcpy(ret->of[ret->n].path, path.p, path.len);
                ret->n++;
        }
        return MIN(r, 0);
}

/* NULL: this one is asked for each. */
static const struct hears *hears_of(const struct api *a, struct held *h) {
        if (!h->c.who.id || h->c.who.token || h->c.who.incident)
                return NULL;
        if (!h->hears)
                h->hears = calloc(1, sizeof(*h->hears));
        else if (h->hears->rights == a->rights && a->wall < h->hears->until)
                return h->hears->n <= HEARS_MAX ? h->hears : NULL;
        if (!h->hears || read_hears(a, h, h->hears) < 0) {
                free(h->hears);
                h->hears = NULL;
        }
        return h->hears && h->hears->n <= HEARS_MAX ? h->hears : NULL;
}

static bool asked_for(const struct api *a, struct held *h, const struct told *t) {
        h->c.now = a->wall;
        for (size_t i = 0; i < ARRAY_LEN(needs); i++)
                if (strcmp(needs[i][0], t->what) == 0 && api_sees(&h->c, needs[i][1], t->unit) == 1)
                        return true;
        return false;
}

static bool may_hear(const struct api *a, struct held *h, const struct told *t,
                     const struct event *e) {
        const struct hears *k = hears_of(a, h);

        if (!k)
                return asked_for(a, h, t);
        for (unsigned i = 0; i < k->n; i++)
                if ((k->of[i].role & e->roles) &&
                    (!t->unit ||
                     (k->of[i].len <= e->len && memcmp(k->of[i].path, e->path, k->of[i].len) == 0)))
                        return true;
        return false;
}

static struct event event_of(struct sql *db, const struct told *t) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct event e = {.roles = 0};

        for (size_t i = 0; i < ARRAY_LEN(needs); i++)
                if (strcmp(needs[i][0], t->what) == 0)
                        e.roles |= permission_roles(needs[i][1]);
        if (t->unit && sql_rows(db, &q, "SELECT path FROM unit WHERE id=?1", "i", t->unit) == 0 &&
            sql_next(q) == 1 && sql_span(q, 0).len <= sizeof(e.path)) {
                e.len = sql_span(q, 0).len;
                memcpy(e.path, sql_span(q, 0).p, e.len);
        }
        return e;
}

static void queue(struct held *h, const struct told *t) {
        if (!h->queue)
                h->queue = calloc(TOLD_MAX, sizeof(*h->queue));
        if (h->queue)
                add_told(h->queue, &h->n_queue, &h->all, t);
        else
                h->all = true;
}

static int by_person(const void *a, const void *b) {
        const struct told_person *x = a, *y = b;

        return x->person < y->person ? -1 : x->person > y->person;
}

/* What was told to one person: the first by halving, then those beside it. */
static void hear_own(const struct api *a, struct held *h) {
        size_t lo = 0, hi = a->n_told_people;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (a->told_people[mid].person < h->c.who.id)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        for (; lo < a->n_told_people && a->told_people[lo].person == h->c.who.id && !h->all; lo++)
                queue(h, &a->told_people[lo].t);
}

void api_events_committed(struct api *a) {
        struct event events[TOLD_MAX];

        for (unsigned i = 0; i < a->n_told && a->streams; i++)
                events[i] = event_of(a->streams->c.db, &a->told[i]);
        if (a->n_told_people)
                qsort(a->told_people, a->n_told_people, sizeof(*a->told_people), by_person);
        for (struct held *h = a->streams; h && (a->n_told || a->told_all || a->n_told_people);
             h = h->next) {
                h->all |= a->told_all;
                for (unsigned i = 0; i < a->n_told && !h->all; i++)
                        if (may_hear(a, h, &a->told[i], &events[i]))
                                queue(h, &a->told[i]);
                if (h->c.who.id)
                        hear_own(a, h);
        }
        a->n_told = 0;
        a->n_told_people = 0;
        a->told_all = false;
}

/* One piece with all that is queued. */
void api_events_give(struct api *a, struct held *h) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)64 << 10};

        if (!h->credit || (!h->n_queue && !h->all) || a->mono - h->told < TELL_NS)
                return;
        if (h->all)
                buf_str(&b, "event: change\ndata: {\"what\":\"all\",\"id\":null}\n\n");
        for (unsigned i = 0; i < h->n_queue && !h->all; i++)
                buf_printf(&b, "event: change\ndata: {\"what\":\"%s\",\"id\":%lld}\n\n",
                           h->queue[i].what, (long long)h->queue[i].id);
        h->n_queue = 0;
        h->all = false;
        h->told = a->mono;
        h->credit--;
        api_say_frame(a, h, buf_get(&b));
}

/* Not at each turn: there may be thousands. */
void api_events_tick(struct api *a) {
        if (a->mono - a->streams_seen < LOOK_NS)
                return;
        a->streams_seen = a->mono;
        for (struct held *h = a->streams; h; h = h->next)
                api_events_give(a, h);
}
