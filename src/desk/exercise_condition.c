/* Whether a condition of the plan holds for one unit now: what was played to it, what it chose, and facts of the desk's
 * own tables (doc/scoring.md says the same of points). A condition is looked at for when something is due, not for
 * points: it asks whether there is such a fact, not how good it is. */
#include "desk/desk_impl.h"
#include "desk/exercise_engine.h"

/* How the object is called for this unit: its name, its address; 0, 1, -errno. */
struct names {
        struct arena arena;
        const char *name, *address;
};

static int names_of(struct desk *d, const struct engine_play *y, const struct plan *p,
                    const char *object, struct names *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct plan_cast cast;
        int i, r = sql_rows(state_sql(d->state), &q,
                            "SELECT y.casting, u.code FROM exercise_play y JOIN unit u ON "
                            "u.id=y.unit WHERE"
                            " y.id=?1",
                            "i", y->id);

        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                r = exercise_cast_load(&ret->arena, p, sql_null(q, 0) ? SPAN("{}") : sql_span(q, 0),
                                       sql_span(q, 1), &cast);
        if (r < 0)
                return r;
        if ((i = plan_find_host(p, object)) >= 0) {
                ret->name = cast.hosts[i] ? cast.hosts[i] : p->hosts[i].name;
                ret->address = cast.addresses[i] ? cast.addresses[i] : p->hosts[i].address;
        } else if ((i = plan_find_account(p, object)) >= 0) {
                ret->name = cast.accounts[i] ? cast.accounts[i] : p->accounts[i].name;
        } else if ((i = plan_find_outside(p, object)) >= 0) {
                ret->name = p->outside[i].domain;
                ret->address = p->outside[i].address;
        }
        if (ret->name && strchr(ret->name, '{')) {
                _cleanup_(buf_deinit) struct buf own = {.limit = 4096};

                plan_fill(p, &cast, ret->name, &own);
                ret->name = own.failed ? NULL
                                       : arena_printf(&ret->arena, "%.*s", (int)own.len, own.p).p;
        }
        return 0;
}

/* Facts about a step by its alerts; about an object by what was done to it; without an object by any. */
static int fact_holds(struct desk *d, const struct engine_play *y, const struct plan *p,
                      unsigned fact, const char *object) {
        static const char *const of_step[] = {
                [FACT_ALERT] = "1",
                [FACT_ACKNOWLEDGED] = "t.taken_at IS NOT NULL OR t.incident IS NOT NULL",
                [FACT_DECLARED] = "t.incident IS NOT NULL"};
        static const char *const of_play[PLAN_FACTS] = {
                [FACT_CLASSIFIED] = "SELECT 1 FROM incident WHERE drill=?1 AND kind IS NOT NULL",
                [FACT_SCOPE] =
                        "SELECT 1 FROM incident_observable o JOIN incident i ON i.id=o.incident"
                        " WHERE i.drill=?1 AND o.dropped IS NULL AND (?2 IS NULL OR"
                        " lower(o.value) IN (lower(?2),lower(?3)))",
                [FACT_CONTAINED] =
                        "SELECT 1 FROM action a JOIN incident i ON i.id=a.incident WHERE"
                        " i.drill=?1 AND a.until IS NOT NULL AND (?2 IS NULL OR"
                        " instr(lower(a.text),lower(?2)) OR instr(lower(a.text),lower(?3)))",
                [FACT_REPORTED] = "SELECT 1 FROM report WHERE drill=?1 AND sent_at IS NOT NULL",
                [FACT_EVIDENCE] =
                        "SELECT 1 FROM evidence e JOIN incident i ON i.id=e.incident WHERE"
                        " i.drill=?1",
                [FACT_ANSWERED] =
                        "SELECT 1 FROM exercise_delivery v JOIN exercise_inject i ON"
                        " i.id=v.inject WHERE v.play=?1 AND v.answered IS NOT NULL AND (?2 IS"
                        " NULL OR i.plan_id=?2)",
                [FACT_CLOSED] = "SELECT 1 FROM incident WHERE drill=?1 AND state IN"
                                " ('closed','reviewed')"};
        struct sql *db = state_sql(d->state);
        struct names n = {0};
        int64_t one;
        int step = object ? plan_find_step(p, object) : -1, r;

        if (fact <= FACT_DECLARED) {
                char sql[300];

                snprintf(sql, sizeof(sql),
                         "SELECT 1 FROM exercise_alert_step s LEFT JOIN triage t ON "
                         "t.alert=s.alert WHERE"
                         " s.play=?1 AND (?2<0 OR s.step=?2) AND (%s) LIMIT 1",
                         of_step[fact]);
                return sql_get_int(db, &one, sql, "ii", y->id, step < 0 ? -1 : (int64_t)step + 1);
        }
        if (fact >= PLAN_FACTS || !of_play[fact])
                return 0;
        arena_init(&n.arena, (size_t)256 << 10);
        r = object && fact != FACT_ANSWERED ? names_of(d, y, p, object, &n) : 0;
        if (fact == FACT_ANSWERED)
                n.name = object;
        if (r == 0)
                r = sql_get_int(db, &one, of_play[fact], "iss", y->id, n.name ? n.name : object,
                                n.address ? n.address : n.name);
        arena_deinit(&n.arena);
        return r;
}

static int played(const struct engine_play *y, const struct plan *p, const char *object) {
        int i = plan_find_step(p, object);

        if (i < 0) {
                i = plan_find_inject(p, object);
                i = i < 0 ? i : i + (int)p->n_steps;
        }
        return i >= 0 && y->state[i] == ITEM_PLAYED;
}

static int chose(struct desk *d, const struct engine_play *y, const char *inject,
                 const char *value) {
        int64_t one;

        return sql_get_int(
                state_sql(d->state), &one,
                "SELECT 1 FROM exercise_delivery v JOIN exercise_inject i ON i.id=v.inject"
                " WHERE v.play=?1 AND i.plan_id=?2 AND v.choice=?3",
                "iss", y->id, inject, value);
}

/* Those below a condition stand behind it (plan.h L3), so this ends. */
int exercise_condition(struct desk *d, const struct engine_play *y, const struct plan *p,
                       int condition) {
        const struct plan_condition *k = &p->conditions[condition];
        int r = 0;

        switch (k->op) {
        case PLAN_ALL:
                r = 1;
                for (unsigned i = 0; i < k->n && r == 1; i++)
                        r = exercise_condition(d, y, p, (int)(k->first + i));
                return r;
        case PLAN_ANY:
                for (unsigned i = 0; i < k->n && r == 0; i++)
                        r = exercise_condition(d, y, p, (int)(k->first + i));
                return r;
        case PLAN_NOT: r = exercise_condition(d, y, p, (int)k->first); return r < 0 ? r : !r;
        case PLAN_FACT: return fact_holds(d, y, p, k->fact, k->object);
        case PLAN_PLAYED: return played(y, p, k->object);
        case PLAN_CHOSE: return chose(d, y, k->object, k->value);
        default: return 0;
        }
}
