/* See matter.h. One place decides who sees what belongs to a drill, so that no list, count or number of others can forget it.
 *
 *   M1. Without asking for it, nobody sees matter of a drill but who is on its roster while it is under way: what they see
 *       among their own is what they have to deal with.
 *   M2. Who may know of it (exercise.h: exercise_may_see()) may ask for it.
 *   M3. A guest of an incident sees nothing of drills.
 *   M4. A call that is made by a lent right (lent.h) sees matter of that play, and nothing real. */
#include "desk/matter.h"

#include <stdlib.h>

#include "desk/desk_impl.h"

#define PLAYS_MINE 16

/* Of plays under way that the asker is on the roster of: "17,18", or nothing. */
static int mine(struct api_call *c, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = 0;

        if (!c->who.id || c->who.incident)
                return 0;
        r = sql_rows(
                c->db, &q,
                "SELECT DISTINCT p.id FROM exercise_roster r JOIN exercise_play p ON"
                " p.exercise=r.exercise AND p.unit=r.unit WHERE r.person=?1 AND r.until IS NULL"
                " AND p.live ORDER BY p.id LIMIT ?2",
                "ii", c->who.id, (int64_t)PLAYS_MINE);
        while (r == 0 && (r = sql_next(q)) == 1) {
                buf_printf(to, "%s" SQL_OWN_INT, to->len ? "," : "", (long long)sql_int(q, 0));
                r = 0;
        }
        return r;
}

static int others(struct api_call *c, struct span *ret) {
        static const char *const of[][2] = {{"exercises.play", "p.unit"},
                                            {"exercises.plan", "e.unit"},
                                            {"exercises.judge", "e.unit"}};
        const char *scope[ARRAY_LEN(of)] = {"0", "0", "0"};
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(of) && r == 0; i++)
                r = api_scope(c, of[i][0], of[i][1], &scope[i]);
        if (r < 0)
                return r;
        *ret = arena_printf(
                c->arena,
                "SELECT p.id FROM exercise_play p JOIN exercise e ON e.id=p.exercise WHERE (%s)"
                " OR (%s) OR (%s) OR EXISTS(SELECT 1 FROM exercise_roster r WHERE"
                " r.exercise=p.exercise AND r.unit=p.unit AND r.person=" SQL_OWN_INT ")",
                scope[0], scope[1], scope[2], (long long)c->who.id);
        return ret->p ? 0 : FAIL(-ENOMEM);
}

static int sees(struct api_call *c, const char *real, const char *column, bool all,
                const char **ret) {
        _cleanup_(buf_deinit) struct buf b = {0};
        struct span plays = SPAN("");
        int r = 0;

        *ret = "1";
        if (c->who.lent.play) { /* M4 */
                struct span only = arena_printf(c->arena, "%s=" SQL_OWN_INT, column,
                                                (long long)c->who.lent.play);

                *ret = only.p;
                return only.p ? 0 : FAIL(-ENOMEM);
        }
        if (all && c->who.local)
                return 0;
        if (all && !c->who.incident) {
                r = others(c, &plays);
        } else {
                r = mine(c, &b);
                if (b.failed)
                        r = FAIL(-ENOMEM);
                plays = b.p ? buf_get(&b) : SPAN("");
        }
        if (r < 0)
                return r;
        struct span s = plays.len ? arena_printf(c->arena, "(%s OR %s IN (%.*s))", real, column,
                                                 (int)plays.len, plays.p)
                                  : arena_printf(c->arena, "%s", real);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

int matter_sees(struct api_call *c, const char *column, bool all, const char **ret) {
        struct span real = arena_printf(c->arena, "ifnull(%s,0)=0", column);

        return real.p ? sees(c, real.p, column, all, ret) : FAIL(-ENOMEM);
}

int matter_sees_alerts(struct api_call *c, const char *alert, const char *column, bool all,
                       const char **ret) {
        /* '+': a range of numbers is no reason to read all of them rather than the index that has the list's order. */
        struct span real = arena_printf(c->arena, "+%s<%d", alert, STATE_DRILL_IDS);

        return real.p ? sees(c, real.p, column, all, ret) : FAIL(-ENOMEM);
}

bool matter_asked(const struct api_call *c) {
        return api_has(c, "drill") || api_has(c, "play");
}

int matter_plays(struct api_call *c, int64_t play) {
        int64_t one;

        if (!c->who.id || c->who.incident ||
            (c->who.lent.play && (c->who.lent.watches || c->who.lent.play != play)))
                return 0;
        return sql_get_int(c->db, &one,
                           "SELECT 1 FROM exercise_play p JOIN exercise_roster r ON"
                           " r.exercise=p.exercise AND r.unit=p.unit WHERE p.id=?1 AND p.live"
                           " AND r.person=?2 AND r.until IS NULL LIMIT 1",
                           "ii", play, c->who.id);
}

int matter_of_mine(struct api_call *c, int64_t unit, int64_t *ret_play) {
        *ret_play = 0;
        if (!c->who.id || c->who.incident || c->who.lent.watches)
                return 0;
        if (c->who.lent.play) {
                int r = matter_plays(c, c->who.lent.play);

                *ret_play = r == 1 ? c->who.lent.play : 0;
                return r;
        }
        return sql_get_int(c->db, ret_play,
                           "SELECT p.id FROM exercise_roster r JOIN exercise_play p ON"
                           " p.exercise=r.exercise AND p.unit=r.unit WHERE r.person=?1 AND r.until"
                           " IS NULL AND p.live AND (?2=0 OR p.unit=?2 OR EXISTS(SELECT 1 FROM"
                           " unit u, unit t WHERE u.id=?2 AND t.id=p.unit AND"
                           " substr(u.path,1,length(t.path))=t.path)) ORDER BY p.id DESC LIMIT 1",
                           "ii", c->who.id, unit);
}

struct span matter_code(struct api_call *c, int64_t play) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;

        if (!play ||
            sql_rows(c->db, &q,
                     "SELECT e.code FROM exercise_play p JOIN exercise e ON e.id=p.exercise"
                     " WHERE p.id=?1",
                     "i", play) < 0 ||
            sql_next(q) != 1)
                return SPAN_NONE;
        return arena_dup(c->arena, sql_span(q, 0));
}

/* By the last point of its clock before that moment (tables_exercises.c E3). */
int64_t matter_at(struct api_call *c, int64_t play, int64_t real) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t ms = real / (NS_PER_SEC / 1000), t;

        if (!play || real == TIME_NONE ||
            sql_rows(c->db, &q,
                     "SELECT e.started, k.at_drill, k.at_real, k.speed FROM exercise_play p"
                     " JOIN exercise e ON e.id=p.exercise JOIN exercise_clock k ON"
                     " k.exercise=p.exercise AND k.run=p.run AND k.play=iif(p.own_clock,p.id,0)"
                     " WHERE p.id=?1 AND k.at_real<=?2 AND e.started IS NOT NULL"
                     " ORDER BY k.id DESC LIMIT 1",
                     "ii", play, ms) < 0 ||
            sql_next(q) != 1)
                return real;
        t = sql_int(q, 1) + (ms - sql_int(q, 2)) * sql_int(q, 3) / 1000;
        return sql_int(q, 0) + t * (NS_PER_SEC / 1000);
}

int64_t matter_now(struct api_call *c, int64_t play) {
        return matter_at(c, play, c->now);
}

int matter_now_sql(struct api_call *c, const char *column, const char **ret) {
        _cleanup_(buf_deinit) struct buf b = {0}, ids = {0};
        int r = mine(c, &ids);

        buf_char(&ids, '\0');
        if (r < 0)
                return r;
        struct span rest = ids.len > 1 ? span_of(ids.p, ids.len - 1) : SPAN("");
        if (rest.len)
                buf_printf(&b, "CASE %s", column);
        while (rest.len) {
                long long play = strtoll(rest.p, NULL, 10);
                const char *comma = memchr(rest.p, ',', rest.len);
                size_t n = comma ? (size_t)(comma + 1 - rest.p) : rest.len;

                buf_printf(&b, " WHEN %lld THEN %lld", play, (long long)matter_now(c, play));
                rest = span_of(rest.p + n, rest.len - n);
        }
        buf_printf(&b, b.len ? " ELSE %lld END" : "%lld", (long long)c->now);
        struct span s = b.failed || ids.failed ? SPAN_NONE : arena_dup(c->arena, buf_get(&b));
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

struct span action_code(struct arena *a, int64_t id) {
        bool drill = id >= STATE_DRILL_IDS;

        return arena_printf(a, "%sNC-%04lld", drill ? "DT-" : "",
                            (long long)(drill ? id - STATE_DRILL_IDS : id));
}
