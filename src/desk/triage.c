/* The queue of alerts: a row of table triage for each (tables_alerts.c), written with the alert itself.
 *
 *   T1. An alert that was dismissed goes on counting, in the same alert, for the time that alerts join
 *       (alert-window, an hour). If it still fires later than that after the decision it comes back: it waits anew, with
 *       `again` counting how often, so that nothing is hidden for ever by one key. What is to be silent for
 *       longer needs an exception, which ends.
 *   T2. An alert that is somebody's (taken), or an incident's (merged), only counts.
 *   T3. Its system is found by host when it is raised, and its unit is the system's; without one the root's, so that
 *       only who may see all sees it. */
#include "desk/triage.h"

#include "base/utf8.h"
#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/searches.h"
#include "desk/systems.h"
#include "scan/names.h"

#define UNIT_ROOT 1

static const char *const severities[] = {"info", "info", "low", "medium", "high", "critical"};

static int64_t urgency_of(int64_t level, int64_t since) {
        return level * INT64_C(100000000000) - since / NS_PER_SEC;
}

static void add_words(struct buf *b, struct span s) {
        char *to = buf_reserve(b, s.len * 3 / 2 + 8);

        if (!to)
                return;
        b->len += utf8_plain_to(to, s);
        buf_char(b, '\n');
}

int triage_place(struct desk *d, struct span host, int64_t *ret_system, int64_t *ret_unit) {
        int r = 0;

        *ret_system = 0;
        *ret_unit = UNIT_ROOT;
        if (host.len)
                r = systems_find(&d->systems, state_sql(d->state), host, ret_system);
        if (r == 0 && *ret_system)
                r = sql_get_int(state_sql(d->state), ret_unit,
                                "SELECT unit FROM system WHERE id=?1", "i", *ret_system);
        return MIN(r, 0);
}

/* What it is about, but for people, addresses and paths: nobody finds those by words. */
static void add_entity(struct buf *words, const struct state_alert *a) {
        struct span rest = a->entity_kind == ENTITY_GROUP ? a->entity : SPAN(""), name, value;

        if (a->entity_kind != ENTITY_GROUP && a->entity_kind != ENTITY_USER &&
            !span_ieq(a->entity, a->user))
                add_words(words, a->entity);
        while (names_of_group(&rest, &name, &value))
                if (names_of_field(name) == NAMES_NOBODY)
                        add_words(words, value);
}

/* What a drill plays is its unit's, whatever hosts it names; a system of that unit counts as one. */
static int place_of_play(struct desk *d, const struct state_alert *a, int64_t *ret_system,
                         int64_t *ret_unit) {
        struct sql *s = state_sql(d->state);
        int64_t inside = 0, of;
        int r = triage_place(d, a->host, ret_system, &of);

        *ret_unit = UNIT_ROOT;
        if (r == 0)
                r = sql_get_int(s, ret_unit, "SELECT unit FROM exercise_play WHERE id=?1", "i",
                                (int64_t)a->drill);
        if (r >= 0 && *ret_system)
                r = sql_get_int(s, &inside,
                                "SELECT 1 FROM unit u, unit p WHERE u.id=?1 AND p.id=?2"
                                " AND substr(u.path,1,length(p.path))=p.path",
                                "ii", of, *ret_unit);
        if (!inside)
                *ret_system = 0;
        return MIN(r, 0);
}

static int add(struct desk *d, const struct state_alert *a) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf words = {.limit = (size_t)64 << 10};
        struct sql *s = state_sql(d->state);
        int64_t system, unit;
        int r = a->drill ? place_of_play(d, a, &system, &unit)
                         : triage_place(d, a->host, &system, &unit);

        if (r == 0)
                r = sql_rows(s, &q, "SELECT level, id, title, title_vi FROM rule WHERE ref=?1", "i",
                             a->rule);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        int64_t level = sql_int(q, 0);
        level = MIN(MAX(level, 0), (int64_t)ARRAY_LEN(severities) - 1);
        add_words(&words, sql_span(q, 2));
        add_words(&words, sql_span(q, 3));
        add_words(&words, a->host);
        add_words(&words, a->source);
        add_entity(&words, a);
        if (words.failed)
                return FAIL(-ENOMEM);
        bool open = a->status == ALERT_OPEN;
        r = sql_do(s,
                   "INSERT OR IGNORE INTO triage(alert, status, severity, urgency, unit, system,"
                   " rule, host, source, drill, raised, waiting_since, words)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                   "issiiktttiiTt", a->id, open ? "new" : "suppressed", severities[level],
                   urgency_of(level, a->raised), unit, system, sql_span(q, 1), a->host, a->source,
                   (int64_t)a->drill, a->raised, open ? a->raised : TIME_NONE, buf_get(&words));
        if (r == 0 && sql_changes(s))
                r = sql_do(s, "INSERT INTO triage_words(rowid, words) VALUES(?1,?2)", "it", a->id,
                           buf_get(&words));
        return r;
}

int triage_new(struct desk *d, const struct state_alert *a) {
        int64_t unit = 0;
        int r = add(d, a);

        if (r == 0 && !a->drill)
                r = accounts_learn(d, a->user);
        if (r == 0 && a->status == ALERT_OPEN)
                r = sql_get_int(state_sql(d->state), &unit,
                                "SELECT unit FROM triage WHERE alert=?1", "i", a->id);
        if (r >= 0 && a->status == ALERT_OPEN)
                api_tell_all(d, "alert", a->id, unit);
        if (r >= 0 && a->status == ALERT_OPEN && !a->drill && !a->retro)
                r = openings_look(d, a->id);
        return MIN(r, 0);
}

int triage_again(struct desk *d, const struct state_alert *a) {
        struct sql *s = state_sql(d->state);
        int r = sql_do(s, /* T1 */
                       "UPDATE triage SET status='new', waiting_since=?2, again=again+1,"
                       " version=version+1, was=NULL WHERE alert=?1 AND status='dismissed'"
                       " AND decided_at<?3",
                       "iii", a->id, d->wall, d->wall - d->o.window);

        if (r == 0 && sql_changes(s))
                api_tell_all(d, "alert", a->id, UNIT_ROOT);
        return r;
}

int triage_catch_up(struct desk *d) {
        struct sql *s = state_sql(d->state);
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = state_begin(d->state);

        if (r == 0)
                r = sql_rows(s, &q,
                             "SELECT id, rule, status, drill, entity_kind, entity, host, source,"
                             " raised FROM alert WHERE id>(SELECT ifnull(max(alert),0) FROM triage"
                             " WHERE alert<1000000000) AND id<1000000000"
                             " ORDER BY id",
                             "");
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct state_alert a = {.id = sql_int(q, 0),
                                        .rule = sql_int(q, 1),
                                        .status = (enum alert_status)sql_int(q, 2),
                                        .drill = (uint32_t)sql_int(q, 3),
                                        .entity_kind = (enum alert_entity)sql_int(q, 4),
                                        .entity = sql_span(q, 5),
                                        .host = sql_span(q, 6),
                                        .source = sql_span(q, 7),
                                        .raised = sql_int(q, 8)};

                r = add(d, &a);
        }
        q = sql_end(q);
        return r < 0 ? r : state_commit(d->state);
}
