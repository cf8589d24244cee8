/* A rehearsal that plays telemetry: the same units, people and names, an exercise of its own that plays a few minutes of the
 * ordinary and the first step of the attack, to see that records become alerts in each unit's desk.
 *
 *   H1. It is a drill like any other: labelled, simulated, out of all numbers; its matter stays marked as that of the
 *       rehearsal and is no part of the exercise that it is for, which gets plays of its own at its start.
 *   H2. Its seed is another one: nobody has seen the records of the exercise before.
 *   H3. It is never compared, and only while the exercise is in rehearsal; one at a time. */
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "exercise/part.h"

static int busy(struct api_call *c, const struct exercise *e) {
        int64_t one;
        int r = sql_get_int(
                c->db, &one,
                "SELECT 1 FROM exercise_play y JOIN exercise_play o ON o.unit=y.unit AND"
                " o.live JOIN exercise x ON x.id=o.exercise WHERE y.exercise=?1 AND"
                " y.run=?2 AND y.state<>'declined' AND x.solo=0 LIMIT 1",
                "ii", e->id, e->run);

        if (r <= 0)
                return r;
        return api_refuse(c, 409, "playing", "a unit of it is in an exercise, or a rehearsal, now",
                          "có đơn vị đang trong cuộc diễn tập hoặc tổng duyệt khác");
}

/* Units, names and people as they were prepared. */
static int same_units(struct api_call *c, const struct exercise *e, const struct exercise *of) {
        int r = sql_do(c->db,
                       "INSERT INTO exercise_play(exercise,run,unit,state,casting) SELECT ?1, 1,"
                       " unit, 'invited', casting FROM exercise_play WHERE exercise=?2 AND run=?3"
                       " AND state<>'declined' ORDER BY id",
                       "iii", e->id, of->id, of->run);

        if (r < 0)
                return r;
        if (!sql_changes(c->db))
                return api_refuse(c, 409, "no_units", "no unit plays", "chưa có đơn vị tham gia");
        return sql_do(c->db,
                      "INSERT INTO exercise_roster(exercise,unit,person,role,deputy,since) SELECT"
                      " ?1, unit, person, role, deputy, ?3 FROM exercise_roster WHERE exercise=?2"
                      " AND until IS NULL",
                      "iii", e->id, of->id, c->now);
}

static int begin(struct api_call *c, const struct exercise *of, struct exercise *e) {
        const struct plan *p = NULL;
        struct part part;
        char title[80];
        int64_t seed = 0;
        int r = exercise_scenario_plan(c->desk, of->scenario, &p);

        if (r == 0)
                r = MIN(sql_get_int(c->db, &seed, "SELECT abs(random() % 2147483647) + 1", ""), 0);
        if (r < 0)
                return r;
        part_of(p, PART_REHEARSAL, &part);
        *e = (struct exercise){.scenario = of->scenario,
                               .unit = of->unit,
                               .seed = seed == of->seed ? seed + 1 : seed, /* H2 */
                               .starts = TIME_NONE,
                               .speed = of->speed,
                               .simulated = true,
                               .part = true,
                               .from = part.from};
        snprintf(title, sizeof(title), "%s %.*s", c->lang == LANG_VI ? "Tổng duyệt" : "Rehearsal",
                 (int)MIN(of->code.len, (size_t)30), of->code.p);
        r = exercise_insert(c, e, span_str(title));
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise SET part=?2, part_from=?3, part_until=?4 WHERE id=?1",
                           "isii", e->id, PART_REHEARSAL, part.from, part.until);
        if (r == 0)
                r = same_units(c, e, of);
        return r == 0 ? exercise_solo_start(c, e) : r;
}

int exercise_do_rehearse_play(struct api_call *c) {
        struct exercise of, e;
        int r = exercise_get(c, api_int(c, "id", 0), c->op->permission, &of);

        if (r == 0 && (of.state != EX_REHEARSAL || of.live_fire))
                return api_refuse(c, 409, "state", "it is not in rehearsal, or has no script",
                                  "không ở trạng thái tổng duyệt, hoặc không có kịch bản");
        if (r == 0)
                r = busy(c, &of);
        if (r == 0)
                r = begin(c, &of, &e);
        if (r == 0)
                c->detail = json_pack("{sI}", "of", (json_int_t)of.id);
        return r == 0 ? exercise_answer(c, e.id) : r;
}
