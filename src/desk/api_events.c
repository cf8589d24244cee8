/* Events that pages follow (server-sent events): what changed, not what it says but for injects; a page fetches that, as
 * whoever it is. A listener is told at most four times a second and only when it asked for more, so a
 * slow one costs a queue of TOLD_MAX entries; when that is full it is told "all": fetch anew.
 *
 *   V1. Nothing is told before the commit of what changed.
 *   V2. A listener hears only of what it may see: by the permission that reading such a thing needs, for
 *       the unit that it belongs to. Whoever just lost the sight of a thing is told its number once more: their
 *       page asks, and finds nothing.
 *   V3. What thousands of pages need at once comes with its event, as it stands (an inject). Of what they fetch, the
 *       event says within how many ms, so that they do not ask all at once: `within`.
 *   V4. A page whose desk ended keeps its stream; the console asks anew for it (API_ASK_AGAIN), and it is told of the last
 *       minute's injects, and "all".
 *   V5. A listener whose session ended hears nothing more: each is looked at every LOOK_WHO_NS, and its stream ends. */
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"
#include "desk/exercise_impl.h"
#include "desk/people.h"

#define TELL_NS (NS_PER_SEC / 4)
#define LOOK_NS (NS_PER_SEC / 20)
#define LOOK_WHO_NS (20 * NS_PER_SEC)
#define TOLD_PEOPLE_MAX 32768u /* to people each, since the last commit */
#define WITHIN_MS 4u           /* of time for each page that asks anew */
#define WITHIN_MOST_MS 20000u
#define WITHIN_SAID_MS 1000u
#define TOLD_TEXT_MOST ((size_t)16 << 10)

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
        {"scenario", "exercises.read"},     {"inject", "exercises.play"},
};

static bool known(const char *what) {
        for (size_t i = 0; i < ARRAY_LEN(needs); i++)
                if (strcmp(needs[i][0], what) == 0)
                        return true;
        return false;
}

struct told_text *told_text_new(struct span s) {
        struct told_text *t = s.len <= TOLD_TEXT_MOST ? malloc(sizeof(*t) + s.len) : NULL;

        if (!t)
                return NULL; /* a page that is told no more than that it changed fetches it */
        t->refs = 1;
        t->len = s.len;
        memcpy(t->p, s.p, s.len);
        return t;
}

struct told_text *told_text_hold(struct told_text *t) {
        if (t)
                t->refs++;
        return t;
}

struct told_text *told_text_drop(struct told_text *t) {
        if (t && --t->refs == 0)
                free(t);
        return NULL;
}

static void hold(struct told *to, struct told_text *text) {
        if (text)
                text->refs++;
        told_text_drop(to->text);
        to->text = text;
}

/* The same thing told to two units is two, as each is heard by others. */
static bool is_same(const struct told *x, const struct told *y) {
        return x->id == y->id && x->unit == y->unit && strcmp(x->what, y->what) == 0;
}

/* The last ones are looked through for the same: whoever tells much tells it in one go. false: it is full. */
static bool add_told(struct told **list, unsigned *n, unsigned *room, unsigned most,
                     const struct told *t) {
        for (unsigned i = *n > TOLD_MAX ? *n - TOLD_MAX : 0; i < *n; i++)
                if (is_same(&(*list)[i], t)) {
                        hold(&(*list)[i], t->text); /* as it is by now */
                        return true;
                }
        if (*n == *room) {
                unsigned more = *room ? MIN(*room * 4, most) : 4;
                struct told *p = more > *room ? realloc(*list, more * sizeof(*p)) : NULL;

                if (!p)
                        return false;
                *list = p;
                *room = more;
        }
        struct told *to = &(*list)[(*n)++];
        *to = *t;
        to->text = NULL;
        hold(to, t->text);
        return true;
}

void api_tell_all_text(struct desk *d, const char *what, int64_t id, int64_t unit,
                       struct told_text *text) {
        struct api *a = d->api;
        struct told t = {.id = id, .unit = unit, .text = text};

        if (unit)
                exercise_scores_told(d, unit);
        if (!a->n_listeners)
                return;
        assert(known(what)); /* else nobody would hear of it */
        snprintf(t.what, sizeof(t.what), "%s", what);
        a->told_all |= !add_told(&a->told, &a->n_told, &a->told_room, TOLD_ALL_MAX, &t);
}

void api_tell_all(struct desk *d, const char *what, int64_t id, int64_t unit) {
        api_tell_all_text(d, what, id, unit, NULL);
}

void api_tell(struct api_call *c, const char *what, int64_t id, int64_t unit) {
        api_tell_all(c->desk, what, id, unit);
}

void api_tell_person_text(struct desk *d, const char *what, int64_t id, int64_t person,
                          struct told_text *text) {
        struct api *a = d->api;

        if (!a || !a->n_listeners)
                return;
        if (a->n_told_people == a->told_people_room) {
                size_t room = a->told_people_room ? 2 * a->told_people_room : 256;
                struct told_person *p =
                        room <= TOLD_PEOPLE_MAX ? realloc(a->told_people, room * sizeof(*p)) : NULL;

                if (!p) {
                        a->told_all = true;
                        return;
                }
                a->told_people = p;
                a->told_people_room = room;
        }
        struct told_person *p = &a->told_people[a->n_told_people];
        *p = (struct told_person){.person = person, .order = a->n_told_people++, .t = {.id = id}};
        snprintf(p->t.what, sizeof(p->t.what), "%s", what);
        hold(&p->t, text);
}

void api_tell_person(struct desk *d, const char *what, int64_t id, int64_t person) {
        api_tell_person_text(d, what, id, person, NULL);
}

/* V3 */
static unsigned within(unsigned pages) {
        return MIN(pages * WITHIN_MS, WITHIN_MOST_MS);
}

/* Who comes back after a cut asks for all that it shows: so do all others, most of whom are not back yet. */
static void say_hello(struct api *a, struct held *h) {
        char text[96];
        int n;

        a->most_listeners = MAX(a->most_listeners, a->n_listeners);
        n = snprintf(text, sizeof(text), ": hello\n\n");
        if (within(a->most_listeners) >= WITHIN_SAID_MS)
                n += snprintf(text + n, sizeof(text) - (size_t)n,
                              "event: hello\ndata: {\"within\":%u}\n\n", within(a->most_listeners));
        api_say_frame(a, h, span_of(text, (size_t)n));
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
        say_hello(a, h);
        int r = c->who.id ? exercise_tell_recent(c) : 0; /* what came while its line was cut */
        if (r < 0)
                return r;
        if (c->ask->flags & API_ASK_AGAIN)
                api_events_here(c, "all", 0, NULL);
        c->who.allowed = SPAN_NONE;
        c->who.name = SPAN_NONE; /* thousands stay for hours: what the call needed goes */
        arena_deinit(&h->arena);
        return API_E_LATER;
}

/* ---- who hears what ---- */

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
        const struct told *told;
        uint32_t roles; /* one of these */
        size_t len;     /* of the path; 0: of no unit */
        char path[PATH_BYTES];
};

bool desk_listened(const struct desk *d) {
        return d->api && d->api->n_listeners > 0;
}

void api_rights_changed(struct desk *d) {
        d->api->rights++;
}

static void forget_queue(struct api *a, struct held *h) {
        for (unsigned i = 0; i < h->n_queue; i++)
                told_text_drop(h->queue[i].text);
        free(h->queue);
        h->queue = NULL;
        h->n_queue = h->queue_room = 0;
        h->all = false;
        a->n_told_of -= h->waits;
        h->waits = false;
}

void api_events_free(struct api *a, struct held *h) {
        forget_queue(a, h);
        free(h->hears);
        h->hears = NULL;
}

static void forget_told(struct api *a) {
        for (unsigned i = 0; i < a->n_told; i++)
                told_text_drop(a->told[i].text);
        for (size_t i = 0; i < a->n_told_people; i++)
                told_text_drop(a->told_people[i].t.text);
        a->n_told = 0;
        a->n_told_people = 0;
        a->told_all = false;
}

void api_events_deinit(struct api *a) {
        forget_told(a);
        free(a->told);
        free(a->told_people);
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

static void tell_listener(struct api *a, struct held *h, const struct told *t) {
        struct told one = t ? *t : (struct told){0};

        one.unit = 0; /* once, by whichever unit */
        if (!t || !add_told(&h->queue, &h->n_queue, &h->queue_room, TOLD_MAX, &one))
                h->all = true;
        a->n_told_of += !h->waits;
        h->waits = true;
}

void api_events_here(struct api_call *c, const char *what, int64_t id, struct told_text *text) {
        struct told t = {.id = id, .text = text};

        snprintf(t.what, sizeof(t.what), "%s", what);
        tell_listener(desk_api(c->desk), held_of(c), &t);
}

/* ---- events of units, by the path of each ---- */

static void event_of(struct sql *db, const struct told *t, const struct event *before,
                     struct event *e) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;

        *e = (struct event){.told = t};
        for (size_t i = 0; i < ARRAY_LEN(needs); i++)
                if (strcmp(needs[i][0], t->what) == 0)
                        e->roles |= permission_roles(needs[i][1]);
        if (before && before->told->unit == t->unit) {
                e->len = before->len;
                memcpy(e->path, before->path, sizeof(e->path));
        } else if (t->unit &&
                   sql_rows(db, &q, "SELECT path FROM unit WHERE id=?1", "i", t->unit) == 0 &&
                   sql_next(q) == 1 && sql_span(q, 0).len <= sizeof(e->path)) {
                e->len = sql_span(q, 0).len;
                memcpy(e->path, sql_span(q, 0).p, e->len);
        }
}

static int against(const struct event *e, const char *path, size_t len) {
        int r = memcmp(e->path, path, MIN(e->len, len));

        return r ? r : (e->len > len) - (e->len < len);
}

/* Those of no unit first, then those of a unit beside those below it. */
static int by_path(const void *a, const void *b) {
        const struct event *x = a, *y = b;

        int r = against(x, y->path, y->len);

        return r ? r : x->told < y->told ? -1 : x->told > y->told;
}

/* Of events below one path: they stand beside each other. */
static void hear_below(struct api *a, struct held *h, const struct event *e, unsigned n,
                       const struct hears *k, unsigned grant) {
        const char *path = k->of[grant].path;
        size_t len = k->of[grant].len;
        unsigned lo = 0, hi = n;

        while (lo < hi) {
                unsigned mid = lo + (hi - lo) / 2;

                if (against(&e[mid], path, len) < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        for (; lo < n && !h->all && e[lo].len >= len && memcmp(e[lo].path, path, len) == 0; lo++)
                if (e[lo].roles & k->of[grant].role)
                        tell_listener(a, h, e[lo].told);
}

static void hear(struct api *a, struct held *h, const struct event *e, unsigned n) {
        const struct hears *k = hears_of(a, h);

        if (!k && n > TOLD_MAX) {
                tell_listener(a, h, NULL);
                return;
        }
        for (unsigned i = 0; i < n && !k && !h->all; i++)
                if (asked_for(a, h, e[i].told))
                        tell_listener(a, h, e[i].told);
        for (unsigned g = 0; k && g < k->n; g++) {
                for (unsigned i = 0; i < n && !e[i].told->unit && !h->all; i++)
                        if (e[i].roles & k->of[g].role)
                                tell_listener(a, h, e[i].told);
                hear_below(a, h, e, n, k, g);
        }
}

static int by_person(const void *a, const void *b) {
        const struct told_person *x = a, *y = b;

        if (x->person != y->person)
                return x->person < y->person ? -1 : 1;
        return x->order < y->order ? -1 : x->order > y->order;
}

/* What was told to one person: the first by halving, then those beside it. */
static void hear_own(struct api *a, struct held *h) {
        size_t lo = 0, hi = a->n_told_people;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (a->told_people[mid].person < h->c.who.id)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        for (; lo < a->n_told_people && a->told_people[lo].person == h->c.who.id && !h->all; lo++)
                tell_listener(a, h, &a->told_people[lo].t);
}

void api_events_committed(struct api *a) {
        struct event *events = a->n_told && a->streams ? calloc(a->n_told, sizeof(*events)) : NULL;

        a->told_all |= a->n_told && a->streams && !events;
        for (unsigned i = 0; events && i < a->n_told; i++)
                event_of(a->streams->c.db, &a->told[i], i ? &events[i - 1] : NULL, &events[i]);
        if (events)
                qsort(events, a->n_told, sizeof(*events), by_path);
        if (a->n_told_people)
                qsort(a->told_people, a->n_told_people, sizeof(*a->told_people), by_person);
        for (struct held *h = a->streams; h && (a->n_told || a->told_all || a->n_told_people);
             h = h->next) {
                if (a->told_all)
                        tell_listener(a, h, NULL);
                if (events && !h->all)
                        hear(a, h, events, a->n_told);
                if (h->c.who.id)
                        hear_own(a, h);
        }
        if (a->n_told || a->n_told_people || a->told_all)
                a->within_ms = within(a->n_told_of);
        free(events);
        forget_told(a);
}

/* V3 */
static void end_event(struct buf *b, const struct told_text *text, unsigned within_ms) {
        if (text) {
                buf_char(b, ',');
                buf_add(b, text->p, text->len);
        } else if (within_ms >= WITHIN_SAID_MS) {
                buf_printf(b, ",\"within\":%u", within_ms);
        }
        buf_str(b, "}\n\n");
}

/* One piece with all that is queued. */
void api_events_give(struct api *a, struct held *h) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)256 << 10};

        if (!h->credit || !h->waits || a->mono - h->told < TELL_NS)
                return;
        for (unsigned i = 0; i < h->n_queue && !h->all; i++) {
                const struct told *t = &h->queue[i];

                buf_printf(&b, "event: change\ndata: {\"what\":\"%s\",\"id\":%lld", t->what,
                           (long long)t->id);
                end_event(&b, t->text,
                          strcmp(t->what, "all") ? a->within_ms : within(a->n_listeners));
        }
        if (h->all || b.failed) {
                buf_reset(&b);
                buf_str(&b, "event: change\ndata: {\"what\":\"all\",\"id\":null");
                end_event(&b, NULL, within(a->n_listeners));
        }
        forget_queue(a, h);
        h->told = a->mono;
        h->credit--;
        api_say_frame(a, h, buf_get(&b));
}

/* V5. Its end is sent as a piece, and so when one was asked for. */
static void end_if_gone(struct api *a, struct held *h) {
        if (!h->credit || a->mono - h->since < LOOK_WHO_NS)
                return;
        h->since = a->mono;
        if (session_stands(h->c.db, &h->c.who, a->wall) != 0)
                return;
        h->say.flags &= ~(uint32_t)API_SAY_MORE;
        api_say_frame(a, h, SPAN_NONE);
        api_held_gone(a, h);
}

static void look_who(struct api *a) {
        if (a->mono - a->streams_who < NS_PER_SEC)
                return;
        a->streams_who = a->mono;
        if (a->mono - a->most_at > 60 * NS_PER_SEC) {
                a->most_at = a->mono;
                a->most_listeners = MAX(a->n_listeners, a->most_listeners / 2);
        }
        for (struct held *h = a->streams, *next; h; h = next) {
                next = h->next;
                end_if_gone(a, h);
        }
}

/* Not at each turn: there may be thousands. */
void api_events_tick(struct api *a) {
        look_who(a);
        if (!a->n_told_of || a->mono - a->streams_seen < LOOK_NS)
                return;
        a->streams_seen = a->mono;
        for (struct held *h = a->streams; h; h = h->next)
                if (h->waits)
                        api_events_give(a, h);
}
