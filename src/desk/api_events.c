/* Events that pages follow (server-sent events): what changed, never what it says; a page fetches that, as
 * whoever it is. A listener is told at most four times a second and only when it asked for more, so a
 * slow one costs a queue of TOLD_MAX entries; when that is full it is told "all": fetch anew.
 *
 *   V1. Nothing is told before the commit of what changed.
 *   V2. A listener hears only of what it may see: by the permission that reading such a thing needs, for
 *       the unit that it belongs to. */
#include "desk/api_impl.h"
#include "desk/desk_impl.h"

#define TELL_NS (NS_PER_SEC / 4)

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

        if (!a->n_listeners)
                return;
        snprintf(t.what, sizeof(t.what), "%s", what);
        add_told(a->told, &a->n_told, &a->told_all, &t);
}

void api_tell(struct api_call *c, const char *what, int64_t id, int64_t unit) {
        api_tell_all(c->desk, what, id, unit);
}

int api_follow(struct api_call *c) {
        struct held *h = held_of(c);
        struct api *a = desk_api(c->desk);

        if (a->n_listeners >= API_LISTENERS) {
                c->retry = 30;
                return api_refuse(c, 503, "busy", "too many pages listen already",
                                  "đã có quá nhiều trang đang theo dõi");
        }
        h->kind = HELD_STREAM;
        a->n_listeners++;
        h->say.flags |= API_SAY_MORE;
        snprintf(h->say.type, sizeof(h->say.type), "text/event-stream");
        api_say_frame(a, h, SPAN(": hello\n\n"));
        return API_E_LATER;
}

static bool may_hear(struct held *h, const struct told *t) {
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
                {"unmasking", "audit.read"},
        };

        for (size_t i = 0; i < ARRAY_LEN(needs); i++)
                if (strcmp(needs[i][0], t->what) == 0 && api_sees(&h->c, needs[i][1], t->unit) == 1)
                        return true;
        return false;
}

void api_events_committed(struct api *a) {
        for (struct held *h = a->first; h && (a->n_told || a->told_all); h = h->next) {
                if (h->kind != HELD_STREAM)
                        continue;
                h->all |= a->told_all;
                for (unsigned i = 0; i < a->n_told && !h->all; i++)
                        if (may_hear(h, &a->told[i]))
                                add_told(h->queue, &h->n_queue, &h->all, &a->told[i]);
        }
        a->n_told = 0;
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

void api_events_tick(struct api *a) {
        for (struct held *h = a->first; h && a->n_listeners; h = h->next)
                if (h->kind == HELD_STREAM)
                        api_events_give(a, h);
}
