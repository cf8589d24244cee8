/* Steps that nobody ended in their time: told once, in the timeline and to the pages that follow. Nothing fails by
 * itself: people decide. */
#include <stdlib.h>

#include "desk/decide.h"
#include "desk/desk_impl.h"
#include "desk/matter.h"
#include "desk/playbook.h"

#define EVERY_NS (INT64_C(5) * NS_PER_SEC)
#define AT_ONCE 20
#define SOON_NS (INT64_C(1800) * NS_PER_SEC)
#define ARENA_BYTES ((size_t)4 << 20)

struct late {
        int64_t visit, run, step, incident, unit;
};

static int tell(struct api_call *c, const struct late *l) {
        struct playbook_run r = {.c = c, .id = l->run, .i = {.id = l->incident, .unit = l->unit}};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int e = sql_rows(c->db, &q, "SELECT playbook, edition FROM playbook_run WHERE id=?1", "i",
                         l->run);

        if (e == 0)
                e = sql_next(q);
        if (e != 1)
                return MIN(e, 0);
        int64_t playbook = sql_int(q, 0), edition = sql_int(q, 1);
        q = sql_end(q);
        e = playbook_load(c, playbook, &edition, &r.plan);
        r.steps = json_object_get(r.plan, "steps");
        if (e == 1)
                e = sql_do(c->db, "UPDATE playbook_visit SET told=?2 WHERE id=?1", "ii", l->visit,
                           c->now);
        if (e == 0)
                e = run_say(&r, run_step(&r, l->step), "is overdue", "quá hạn", SPAN_NONE);
        run_deinit(&r);
        api_tell_all(c->desk, "playbook_run", l->run, l->unit);
        api_tell_all(c->desk, "incident", l->incident, l->unit);
        return e;
}

static int find(struct api_call *c, struct late list[AT_ONCE], unsigned *ret_n) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int e = sql_rows(
                c->db, &q,
                "SELECT v.id, v.run, v.step, r.incident, i.unit FROM playbook_visit v"
                " JOIN playbook_run r ON r.id=v.run JOIN incident i ON i.id=r.incident"
                " WHERE v.state='ready' AND v.told IS NULL AND v.due<=?1"
                " AND r.state IN ('running','stuck') AND i.drill=0 ORDER BY v.due LIMIT 20",
                "i", c->now);

        while (e == 0 && (e = sql_next(q)) == 1 && *ret_n < AT_ONCE) {
                list[(*ret_n)++] = (struct late){sql_int(q, 0), sql_int(q, 1), sql_int(q, 2),
                                                 sql_int(q, 3), sql_int(q, 4)};
                e = 0;
        }
        return MIN(e, 0);
}

int playbooks_tick(struct desk *d, int64_t mono, int64_t wall) {
        struct late list[AT_ONCE];
        struct arena arena;
        unsigned n = 0;

        if (d->playbooks_looked && mono - d->playbooks_looked < EVERY_NS)
                return 0;
        d->playbooks_looked = mono;
        arena_init(&arena, ARENA_BYTES);
        struct api_call c = {.desk = d,
                             .db = state_sql(d->state),
                             .arena = &arena,
                             .now = wall,
                             .who = {.name = SPAN("coloa")}};
        int e = find(&c, list, &n);
        if (e == 0 && n)
                e = desk_begin(d);
        for (unsigned i = 0; i < n && e == 0; i++)
                e = tell(&c, &list[i]);
        arena_deinit(&arena);
        return e;
}

/* ---- what waits for people ---- */

/* Runs with a step that is late or nearly, that failed, or that asks something: one line for each run, for those who
 * work on its incident. A step without a limit waits quietly in the incident. */
int playbook_decisions(struct api_call *c, struct decisions *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0", *drill = "1";
        int r = api_scope(c, "incidents.work", "u.unit", &scope);

        if (r == 0)
                r = api_subtree(c, to->unit, "u.unit", &units);
        if (r == 0)
                r = matter_sees(c, "i.drill", false, &drill);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT r.id, p.name, ifnull(p.name_vi,p.name), i.id, i.code, min(v.due), count(*),"
                " sum(v.due<=?1), min(v.opened), max(v.state='failed')"
                " FROM playbook_run r JOIN playbook p ON p.id=r.playbook"
                " JOIN incident i ON i.id=r.incident JOIN playbook_visit v ON v.run=r.id"
                " AND v.state IN ('ready','failed') WHERE r.state IN ('running','stuck')"
                " AND %s AND EXISTS(SELECT 1 FROM incident_unit u WHERE u.incident=i.id AND (%s) "
                "AND (%s))"
                " GROUP BY r.id HAVING min(v.due)<=?2 OR max(v.state='failed')"
                " ORDER BY min(v.due) LIMIT %d",
                drill, scope, units, DECISIONS_EACH);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "ii", c->now, c->now + SOON_NS) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span en = run_cut(sql_span(q, 1), 160), vi = run_cut(sql_span(q, 2), 160);
                long long late = (long long)sql_int(q, 7), n = (long long)sql_int(q, 6);
                bool failed = sql_int(q, 9) != 0;

                r = decision_add(
                        to, &(struct decision){
                                    .kind = "playbook",
                                    .id = sql_int(q, 0),
                                    .title = incident_text(c, "%.*s: %lld wait%s, %lld overdue%s",
                                                           (int)en.len, en.p, n, n == 1 ? "s" : "",
                                                           late, failed ? ", a step failed" : ""),
                                    .title_vi = incident_text(
                                            c, "%.*s: %lld bước chờ, %lld quá hạn%s", (int)vi.len,
                                            vi.p, n, late, failed ? ", có bước thất bại" : ""),
                                    .code = sql_span(q, 4),
                                    .incident = sql_int(q, 3),
                                    .incident_code = sql_span(q, 4),
                                    .asked = sql_time(q, 8),
                                    .due = sql_time(q, 5),
                                    .mine = true});
        }
        return r;
}
