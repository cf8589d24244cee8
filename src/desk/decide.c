/* See decide.h. Kept here too: what waits of containment, as no other file of it needs that. */
#include "desk/decide.h"
#include "desk/matter.h"
#include "desk/people.h"
#include "desk/state.h"

#include <stdlib.h>

#define SOON_NS (INT64_C(3600) * NS_PER_SEC)
#define YOUNG_NS (INT64_C(86400) * NS_PER_SEC)

static json_t *text(struct span s) {
        return s.len ? api_json_text(s) : json_null();
}

int decision_add(struct decisions *to, const struct decision *d) {
        json_t *o = json_pack("{s:s s:I s:o s:o s:o s:o s:o s:o s:o s:o s:b s:b}", "kind", d->kind,
                              "id", (json_int_t)d->id, "code", text(d->code), "title",
                              text(d->title), "title_vi", text(d->title_vi), "incident",
                              d->incident ? json_integer(d->incident) : json_null(),
                              "incident_code", text(d->incident_code), "by", text(d->by), "asked",
                              api_json_time(d->asked), "due", api_json_time(d->due), "mine",
                              (int)d->mine, "drill", d->incident >= STATE_DRILL_IDS);

        return o && json_array_append_new(to->list, o) == 0 ? 0 : FAIL(-ENOMEM);
}

/* ---- containment ---- */

/* Proposed by somebody, for those who may approve: P1 to P3 of api_actions.c say whether this one may. Their own
 * proposals are seen by them too, as waiting for another. */
static int proposals(struct api_call *c, struct decisions *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0", *drill = "1";
        int r = api_scope(c, "actions.approve", "a.unit", &scope);

        if (r == 0)
                r = matter_sees(c, "i.drill", false, &drill);
        if (r == 0)
                r = api_subtree(c, to->unit, "a.unit", &units);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT a.id, a.text, a.incident, i.code, p.name, a.proposed, a.lapses,"
                " a.proposer<>?1 AND EXISTS(SELECT 1 FROM person m WHERE m.id=?1"
                " AND m.created<=?3 AND ifnull(m.created_by,0)<>a.proposer"
                " AND ifnull(m.reset_by,0)<>a.proposer), a.proposer"
                " FROM action a LEFT JOIN incident i ON i.id=a.incident"
                " LEFT JOIN person p ON p.id=a.proposer WHERE a.state='proposed' AND a.lapses>?2"
                " AND ((%s) OR a.proposer=?1) AND (%s) AND %s ORDER BY a.proposed LIMIT %d",
                scope, units, drill, DECISIONS_EACH);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "iii", c->who.id, c->now, c->now - YOUNG_NS)
                  : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span code = action_code(c->arena, sql_int(q, 0));
                struct span what = sql_span(q, 1);
                int made = second_made_by(c, sql_int(q, 8));

                if (made < 0)
                        return made;
                r = decision_add(
                        to, &(struct decision){
                                    .kind = "action_approve",
                                    .id = sql_int(q, 0),
                                    .code = code,
                                    .title = arena_printf(c->arena, "Approve the block of %.*s",
                                                          (int)what.len, what.p),
                                    .title_vi = arena_printf(c->arena, "Phê duyệt chặn %.*s",
                                                             (int)what.len, what.p),
                                    .incident = sql_int(q, 2),
                                    .incident_code = sql_span(q, 3),
                                    .by = sql_span(q, 4),
                                    .asked = sql_time(q, 5),
                                    .due = sql_time(q, 6),
                                    .mine = sql_int(q, 7) != 0 && !made});
        }
        return r;
}

/* In force and soon over, with nothing proposed to go on: prolong it, or let it end. */
static int endings(struct api_call *c, struct decisions *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0", *drill = "1";
        int r = api_scope(c, "actions.propose", "a.unit", &scope);

        if (r == 0)
                r = matter_sees(c, "i.drill", false, &drill);
        if (r == 0)
                r = api_subtree(c, to->unit, "a.unit", &units);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT a.id, a.text, a.incident, i.code, p.name, a.proposed, a.until"
                " FROM action a LEFT JOIN incident i ON i.id=a.incident"
                " LEFT JOIN person p ON p.id=a.proposer WHERE a.state='in_force' AND a.until<=?1"
                " AND a.undo_asked IS NULL AND NOT EXISTS(SELECT 1 FROM action b"
                " WHERE b.incident=a.incident AND b.replaces=a.id AND (b.state='approved' OR"
                " b.state='in_force' OR (b.state='proposed' AND b.lapses>?2)))"
                " AND (%s) AND (%s) AND %s ORDER BY a.until LIMIT %d",
                scope, units, drill, DECISIONS_EACH);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "ii", c->now + SOON_NS, c->now) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span what = sql_span(q, 1);

                r = decision_add(
                        to,
                        &(struct decision){
                                .kind = "action_prolong",
                                .id = sql_int(q, 0),
                                .code = action_code(c->arena, sql_int(q, 0)),
                                .title = arena_printf(c->arena, "Prolong the block of %.*s, or not",
                                                      (int)what.len, what.p),
                                .title_vi = arena_printf(c->arena, "Gia hạn chặn %.*s hay không",
                                                         (int)what.len, what.p),
                                .incident = sql_int(q, 2),
                                .incident_code = sql_span(q, 3),
                                .by = sql_span(q, 4),
                                .asked = sql_time(q, 5),
                                .due = sql_time(q, 6),
                                .mine = true});
        }
        return r;
}

int action_decisions(struct api_call *c, struct decisions *to) {
        int r = proposals(c, to);

        return r == 0 ? endings(c, to) : r;
}

/* ---- all ---- */

/* By RFC 3339 text: those of one zone sort as times do. Without one: last. */
static int by_due(const void *a, const void *b) {
        const char *x = json_string_value(json_object_get(*(json_t *const *)a, "due"));
        const char *y = json_string_value(json_object_get(*(json_t *const *)b, "due"));

        return x && y ? strcmp(x, y) : !x - !y;
}

int decisions_of(struct api_call *c, int64_t unit, json_t **ret) {
        static int (*const all[])(struct api_call *, struct decisions *) = {
#define DECIDER(name) name##_decisions,
                DECIDERS(DECIDER)
#undef DECIDER
        };
        struct decisions to = {.unit = unit, .list = json_array()};
        int r = to.list ? 0 : FAIL(-ENOMEM);

        for (size_t i = 0; i < ARRAY_LEN(all) && r == 0 && !c->who.incident; i++)
                r = all[i](c, &to);
        size_t n = json_array_size(to.list);
        json_t **rows = r == 0 ? arena_array(c->arena, n + 1, sizeof(json_t *)) : NULL;
        if (!rows) {
                json_decref(to.list);
                return r < 0 ? r : FAIL(-ENOMEM);
        }
        for (size_t i = 0; i < n; i++)
                rows[i] = json_incref(json_array_get(to.list, i));
        qsort(rows, n, sizeof(*rows), by_due);
        for (size_t i = 0; i < n; i++)
                json_array_set_new(to.list, i, rows[i]);
        *ret = to.list;
        return 0;
}
