/* How findings are judged (doc/live-fire.md): organisers verify, two jurors mark blind, a third where they are
 * more than a level apart; a day for an appeal; signed.
 *
 *   LJ1. Points are a pure function of what is written (exercise/livefire.c), computed anew for the whole exercise
 *        whenever something of it changes: a finding that is void gives its place to the next.
 *   LJ2. Who marks does not know whose it is, nor what others said; marks are not changed. A juror who works for
 *        the target's unit marks none of it.
 *   LJ4. Void is what two jurors say, neither in conflict, each with a reason; one who does not agree ends the asking.
 *        Until then the finding stands as it is, and is not signed.
 *   LJ3. An appeal that is upheld is marked anew by the whole rule, in a second round; what was marked stays on record. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/livefire.h"
#include "desk/people.h"

/* ---- points ---- */

#define JURORS 3
#define VOID_JURORS 2

struct scored {
        int64_t id, points;
        bool judged, has; /* has: verified, and not void */
        int64_t report;
        struct live_judged verified, marks[JURORS];
        size_t n_marks;
};

static int read_marks(struct api_call *c, struct scored *s) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT severity, resources, data, users FROM live_mark WHERE finding=?1"
                " AND round=(SELECT max(round) FROM live_mark WHERE finding=?1) ORDER BY at,"
                " juror",
                "i", s->id);

        while (r == 0 && (r = sql_next(q)) == 1 && s->n_marks < JURORS) {
                struct live_judged *m = &s->marks[s->n_marks++];

                m->level = live_level(sql_span(q, 0)) % LIVE_LEVELS;
                for (int i = 0; i < 3; i++)
                        m->impact[i] = (unsigned)sql_int(q, 1 + i);
                r = 0;
        }
        return MIN(r, 0);
}

static int read_all(struct api_call *c, const struct live *l, struct live_placed **ret_placed,
                    struct scored **ret_scored, size_t *ret_n) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct live_placed *p = arena_array(c->arena, LIVE_FINDINGS_MAX, sizeof(*p));
        struct scored *s = arena_array(c->arena, LIVE_FINDINGS_MAX, sizeof(*s));
        size_t n = 0;
        int r = p && s ? sql_rows(c->db, &q,
                                  "SELECT f.id, ifnull(f.complete,0), ifnull((SELECT o.same FROM"
                                  " live_finding o WHERE o.id=f.same_as), f.same), f.state,"
                                  " ifnull(f.v_severity,'low'), f.v_resources, f.v_data, f.v_users,"
                                  " ifnull(f.report,0), f.team FROM live_finding f WHERE "
                                  "f.exercise=?1 AND"
                                  " f.verified IS NOT NULL ORDER BY f.id",
                                  "i", l->id)
                       : FAIL(-ENOMEM);

        while (r == 0 && (r = sql_next(q)) == 1 && n < (size_t)LIVE_FINDINGS_MAX) {
                struct span state = sql_span(q, 3);

                p[n] = (struct live_placed){.id = sql_int(q, 0),
                                            .at = sql_int(q, 1) / (NS_PER_SEC / 1000),
                                            .same = (uint64_t)sql_int(q, 2),
                                            .team = sql_int(q, 9),
                                            .out = span_eq(state, SPAN("void"))};
                s[n] = (struct scored){
                        .id = p[n].id,
                        .has = !p[n].out,
                        .judged = span_eq(state, SPAN("judged")) ||
                                  span_eq(state, SPAN("appealed")) ||
                                  span_eq(state, SPAN("signed")),
                        .report = sql_int(q, 8),
                        .verified = {live_level(sql_span(q, 4)) % LIVE_LEVELS,
                                     {(unsigned)sql_int(q, 5), (unsigned)sql_int(q, 6),
                                      (unsigned)sql_int(q, 7)}}};
                n++;
                r = 0;
        }
        *ret_placed = p;
        *ret_scored = s;
        *ret_n = n;
        return MIN(r, 0);
}

static int by_id(const void *va, const void *vb) {
        const struct live_placed *a = va, *b = vb;

        return a->id < b->id ? -1 : a->id > b->id;
}

/* LJ1 */
int live_points_all(struct api_call *c, const struct live *l) {
        struct live_placed *p;
        struct scored *s;
        size_t n;
        int r = read_all(c, l, &p, &s, &n);

        if (r < 0)
                return r;
        live_place(p, n);
        qsort(p, n, sizeof(*p), by_id); /* as `s` is */
        for (size_t i = 0; i < n && r == 0; i++) {
                r = s[i].judged ? read_marks(c, &s[i]) : 0;
                if (s[i].n_marks == 0) {
                        s[i].marks[0] = s[i].verified;
                        s[i].n_marks = 1;
                }
                s[i].points = s[i].has ? live_points(l->base, s[i].marks, s[i].n_marks, p[i].place,
                                                     s[i].report)
                                       : 0;
                if (r == 0)
                        r = sql_do(c->db, "UPDATE live_finding SET place=?2, points=?3 WHERE id=?1",
                                   "iii", s[i].id, p[i].place, s[i].points);
        }
        live_tell(c, l);
        return r;
}

/* ---- what all have in common ---- */

struct doing {
        struct live l;
        struct live_finding f;
        unsigned char key[LIVE_KEY_BYTES];
};

static int begin(struct api_call *c, struct doing *d, enum live_side side, const char *states) {
        int r;

        *d = (struct doing){.l = {.id = 0}};
        r = live_find(c, &d->l);
        if (r == 0)
                r = live_only(c, &d->l, side);
        if (r == 0)
                r = live_finding_find(c, &d->l, &d->f);
        if (r == 0)
                r = live_finding_in(c, &d->f, states);
        if (r == 0 && d->l.key.len)
                r = live_key(c, &d->l, d->key);
        return r;
}

static int finish(struct api_call *c, struct doing *d, int r, const char *what, const char *text) {
        if (r == 0)
                r = sql_do(c->db, "UPDATE live_finding SET version=version+1 WHERE id=?1", "i",
                           d->f.id);
        if (r == 0)
                r = live_event(c, d->f.id, what, text ? api_text(c, text) : SPAN_NONE);
        if (r == 0)
                r = live_points_all(c, &d->l);
        if (r == 0)
                r = live_finding_answer(c, &d->l, d->f.id, d->l.key.len ? d->key : NULL);
        sodium_memzero(d->key, sizeof(d->key));
        return r;
}

/* ---- organisers ---- */

int findings_do_return(struct api_call *c) {
        struct doing d;
        int r = begin(c, &d, LIVE_ORGANISER, "filed");

        if (r == 0)
                r = sql_do(c->db, "UPDATE live_finding SET state='returned' WHERE id=?1", "i",
                           d.f.id);
        return finish(c, &d, r, "returned", "reason");
}

/* An address of that unit was opened again by the organisers' order before it was done. */
static int was_assisted(struct api_call *c, const struct doing *d, bool *ret) {
        int64_t n = 0;
        int r = api_has(c, "assisted")
                        ? 0
                        : sql_get_int(c->db, &n,
                                      "SELECT count(*) FROM exercise_request q JOIN exercise_play p"
                                      " ON p.id=q.play WHERE q.exercise=?1 AND q.kind='reopen' AND"
                                      " q.yes AND q.answered<=?2 AND p.unit=(SELECT unit FROM"
                                      " live_target WHERE id=?3)",
                                      "iii", d->l.id, d->f.done_at, d->f.target);

        *ret = api_bool(c, "assisted", n > 0);
        return MIN(r, 0);
}

static int good_same(struct api_call *c, const struct doing *d) {
        int64_t same = api_int(c, "same_as", 0), n = 0;
        int r = same ? sql_get_int(c->db, &n,
                                   "SELECT 1 FROM live_finding WHERE id=?1 AND exercise=?2 AND"
                                   " id<>?3 AND same_as IS NULL AND verified IS NOT NULL",
                                   "iii", same, d->l.id, d->f.id)
                     : 1;

        return r < 0 ? r
               : r   ? 0
                     : api_fault_at(c, "same_as", "It is no verified finding of this exercise",
                                    "Không phải phát hiện đã xác minh của cuộc này",
                                    "Take the first one of those that are the same",
                                    "Chọn phát hiện đầu tiên trong nhóm trùng nhau");
}

int findings_do_verify(struct api_call *c) {
        struct doing d;
        unsigned level = live_level(api_text(c, "severity")), claimed = 0;
        bool assisted = false;
        int64_t severity = 0;
        int r = begin(c, &d, LIVE_ORGANISER, "filed|verified");

        if (r == 0)
                r = was_assisted(c, &d, &assisted);
        if (r == 0)
                r = good_same(c, &d);
        if (r == 0)
                r = sql_get_int(c->db, &severity,
                                "SELECT CASE severity WHEN 'low' THEN 0 WHEN 'medium' THEN 1 WHEN"
                                " 'high' THEN 2 ELSE 3 END FROM live_finding WHERE id=?1",
                                "i", d.f.id);
        claimed = (unsigned)severity;
        if (r == 1)
                r = sql_do(
                        c->db,
                        "UPDATE live_finding SET state='verified', v_severity=?2,"
                        " v_resources=?3, v_data=?4, v_users=?5, report=?6, v_text=?7,"
                        " verified=?8, verified_by=?9, assisted=?10, same_as=?11 WHERE id=?1",
                        "itiiiitikbk", d.f.id, api_text(c, "severity"), api_int(c, "resources", 0),
                        api_int(c, "data", 0), api_int(c, "users", 0),
                        live_report(api_bool(c, "whole", false), claimed >= level + 2),
                        api_text(c, "text"), c->now, c->who.id, assisted, api_int(c, "same_as", 0));
        return finish(c, &d, r, "verified", "text");
}

/* ---- the jury ---- */

/* LJ2 */
static int unconflicted(struct api_call *c, const struct doing *d) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT count(*) FROM live_target g JOIN unit tu ON tu.id=g.unit WHERE"
                            " g.id=?1 AND (EXISTS(SELECT 1 FROM role_grant x JOIN unit u ON"
                            " u.id=x.unit WHERE x.person=?2 AND x.role<>?3 AND x.since<=?4 AND"
                            " (x.until IS NULL OR x.until>?4) AND (tu.path LIKE u.path||'%' OR"
                            " u.path LIKE tu.path||'%')) OR EXISTS(SELECT 1 FROM exercise_roster o"
                            " WHERE o.person=?2 AND o.exercise=?5 AND o.unit=g.unit) OR"
                            " EXISTS(SELECT 1 FROM person p WHERE p.id=?2 AND p.unit=g.unit) OR"
                            " EXISTS(SELECT 1 FROM live_member m JOIN live_team t ON t.id=m.team"
                            " WHERE m.person=?2 AND t.exercise=?5))",
                            "iiiii", d->f.target, c->who.id, (int64_t)ROLE_JURY, c->now, d->l.id);

        if (r < 0)
                return r;
        return n ? api_refuse(c, 403, "conflict",
                              "you work for the unit that was attacked, or attacked: another juror "
                              "does this",
                              "bạn thuộc đơn vị bị tấn công hoặc đội tấn công: giám khảo khác làm")
                 : 0;
}

/* LJ4. One says so, another agrees, or does not. */
int findings_do_void(struct api_call *c) {
        struct doing d;
        bool agrees = api_bool(c, "agree", true);
        int64_t n = 0;
        int r = begin(c, &d, LIVE_JURY, "verified|judged|appealed");

        if (r == 0)
                r = unconflicted(c, &d);
        if (r == 0 && !agrees) {
                r = sql_do(c->db, "DELETE FROM live_void WHERE finding=?1", "i", d.f.id);
                if (r == 0 && !sql_changes(c->db))
                        r = api_refuse(c, 409, "not_asked", "no juror has asked for it",
                                       "chưa có giám khảo nào đề nghị loại");
                return finish(c, &d, r, "void_refused", "reason");
        }
        if (r == 0)
                r = sql_do(c->db, "INSERT INTO live_void(finding,juror,at) VALUES(?1,?2,?3)", "iii",
                           d.f.id, c->who.id, c->now);
        if (r == -EEXIST)
                r = api_refuse(c, 409, "asked", "you asked for it already: another juror decides",
                               "bạn đã đề nghị: giám khảo khác quyết định");
        if (r == 0)
                r = MIN(sql_get_int(c->db, &n, "SELECT count(*) FROM live_void WHERE finding=?1",
                                    "i", d.f.id),
                        0);
        if (r == 0 && n >= VOID_JURORS)
                r = sql_do(c->db,
                           "UPDATE live_finding SET state='void', signed=?2, signed_by=?3 WHERE"
                           " id=?1",
                           "iik", d.f.id, c->now, c->who.id);
        return finish(c, &d, r, n >= VOID_JURORS ? "void" : "void_asked", "reason");
}

/* Enough marks: two that agree, or three. */
static int judged_yet(struct api_call *c, int64_t id, bool *ret) {
        struct scored s = {.id = id};
        int r = read_marks(c, &s);

        *ret = s.n_marks >= JURORS || (s.n_marks == 2 && !live_apart(&s.marks[0], &s.marks[1]));
        return r;
}

static int round_of(struct api_call *c, int64_t id, int64_t *ret) {
        int r = sql_get_int(c->db, ret,
                            "SELECT CASE WHEN upheld THEN 2 ELSE 1 END FROM live_finding WHERE"
                            " id=?1",
                            "i", id);

        return MIN(r, 0);
}

int findings_do_mark(struct api_call *c) {
        struct doing d;
        int64_t round = 1;
        bool judged = false;
        int r = begin(c, &d, LIVE_JURY, "verified");

        if (r == 0)
                r = unconflicted(c, &d);
        if (r == 0)
                r = round_of(c, d.f.id, &round);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO live_mark(finding, juror, severity, resources, data, users,"
                           " at, round) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                           "iitiiiii", d.f.id, c->who.id, api_text(c, "severity"),
                           api_int(c, "resources", 0), api_int(c, "data", 0),
                           api_int(c, "users", 0), c->now, round);
        if (r == -EEXIST)
                r = api_refuse(c, 409, "marked", "you have marked it: marks are not changed",
                               "bạn đã chấm: điểm đã chấm không sửa được");
        if (r == 0)
                r = judged_yet(c, d.f.id, &judged);
        if (r == 0 && judged)
                r = sql_do(c->db, "UPDATE live_finding SET state='judged', judged=?2 WHERE id=?1",
                           "ii", d.f.id, c->now);
        return finish(c, &d, r, "mark", NULL);
}

int findings_do_appeal(struct api_call *c) {
        struct doing d;
        int64_t judged = 0, again = 0;
        int r = begin(c, &d, LIVE_RED, "judged");

        if (r == 0)
                r = sql_get_int(c->db, &judged, "SELECT judged FROM live_finding WHERE id=?1", "i",
                                d.f.id);
        if (r == 1)
                r = sql_get_int(c->db, &again,
                                "SELECT appealed IS NOT NULL FROM live_finding WHERE id=?1", "i",
                                d.f.id);
        if (r == 1 && (again || c->now - judged > LIVE_APPEAL_NS))
                return api_refuse(c, 409, again ? "appealed" : "late",
                                  again ? "it was appealed against once already"
                                        : "a day has passed since it was judged",
                                  again ? "đã khiếu nại một lần" : "đã quá 24 giờ sau khi chấm");
        if (r == 0 || r == 1)
                r = sql_do(c->db,
                           "UPDATE live_finding SET state='appealed', appeal=?2, appealed=?3 WHERE"
                           " id=?1",
                           "iti", d.f.id, api_text(c, "text"), c->now);
        return finish(c, &d, r, "appeal", "text");
}

int findings_do_answer(struct api_call *c) {
        struct doing d;
        bool upheld = api_bool(c, "upheld", false);
        int r = begin(c, &d, LIVE_JURY, "appealed");

        if (r == 0)
                r = unconflicted(c, &d);

        /* LJ3 */
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE live_finding SET state=?2, upheld=?3, appeal_answer=?4 WHERE"
                           " id=?1",
                           "isbt", d.f.id, upheld ? "verified" : "judged", upheld,
                           api_text(c, "text"));
        return finish(c, &d, r, upheld ? "upheld" : "dismissed", "text");
}

int findings_do_sign(struct api_call *c) {
        struct doing d;
        int64_t early = 0;
        int r = begin(c, &d, LIVE_JURY, "judged");

        if (r == 0)
                r = unconflicted(c, &d);
        if (r != 0)
                return finish(c, &d, r, "signed", NULL);
        if (r == 0)
                r = sql_get_int(c->db, &early,
                                "SELECT appealed IS NULL AND judged>?2 FROM live_finding WHERE"
                                " id=?1",
                                "ii", d.f.id, c->now - LIVE_APPEAL_NS);
        if (r >= 0) {
                int64_t asked = 0;
                int e = sql_get_int(c->db, &asked,
                                    "SELECT 1 FROM live_void WHERE finding=?1 LIMIT 1", "i",
                                    d.f.id);

                if (e == 1)
                        return api_refuse(
                                c, 409, "void_asked",
                                "a juror asks for it to be void: decide that first",
                                "có giám khảo đề nghị loại: hãy quyết định việc đó trước");
                r = e < 0 ? e : r;
        }
        if (r == 1 && early)
                return api_refuse(c, 409, "early",
                                  "its team may appeal until a day after it was judged",
                                  "đội còn quyền khiếu nại trong 24 giờ sau khi chấm");
        if (r == 0 || r == 1)
                r = sql_do(c->db,
                           "UPDATE live_finding SET state='signed', signed=?2, signed_by=?3 WHERE"
                           " id=?1",
                           "iik", d.f.id, c->now, c->who.id);
        return finish(c, &d, r, "signed", NULL);
}

/* ---- standings ---- */

static int standing_now(struct api_call *c, const struct live *l, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *to = json_array();
        int r = sql_rows(
                c->db, &q,
                "SELECT t.id, t.name, ifnull(sum(f.points),0), count(f.id) FROM live_team t"
                " LEFT JOIN live_finding f ON f.team=t.id AND f.points IS NOT NULL AND"
                " f.state<>'void' WHERE t.exercise=?1 AND t.active GROUP BY t.id ORDER BY 3"
                " DESC, t.id",
                "i", l->id);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(to, json_pack("{sI so sI sI}", "team",
                                                        (json_int_t)sql_int(q, 0), "name",
                                                        api_json_text(sql_span(q, 1)), "points",
                                                        (json_int_t)sql_int(q, 2), "findings",
                                                        (json_int_t)sql_int(q, 3)));
        *ret = json_pack("{so}", "teams", to);
        return *ret ? r : FAIL(-ENOMEM);
}

static int show(struct api_call *c, const struct live *l) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *published = json_array(), *now = NULL;
        int r = l->side == LIVE_ORGANISER ? standing_now(c, l, &now) : 0;

        c->answer = json_pack("{so so}", "published", published, "now", now ? now : json_null());
        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT id, at, (SELECT name FROM person WHERE id=s.by), document FROM"
                             " live_standing s WHERE exercise=?1 ORDER BY id DESC LIMIT 100",
                             "i", l->id);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span s = sql_span(q, 3);
                json_t *o = json_loadb(s.p, s.len, 0, NULL);

                if (!o)
                        return FAIL(-ENOMEM);
                json_object_set_new(o, "id", json_integer(sql_int(q, 0)));
                json_object_set_new(o, "at", api_json_time(sql_time(q, 1)));
                json_object_set_new(o, "by_name",
                                    sql_null(q, 2) ? json_null() : api_json_text(sql_span(q, 2)));
                r = json_array_append_new(published, o);
        }
        return r;
}

int livefire_do_standings(struct api_call *c) {
        struct live l = {.id = 0};
        int r = live_find(c, &l);

        return r == 0 ? show(c, &l) : r;
}

static int publish(struct api_call *c, const struct live *l, bool final) {
        json_t *o = NULL;
        int r = standing_now(c, l, &o);

        if (r == 0)
                json_object_set_new(o, "final", json_boolean(final));
        char *text = r == 0 ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        json_decref(o);
        if (r == 0 && !text)
                r = FAIL(-ENOMEM);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO live_standing(exercise, at, by, document)"
                           " VALUES(?1,?2,?3,?4)",
                           "iiks", l->id, c->now, c->who.id, text);
        free(text);
        live_tell(c, l);
        return r == 0 ? show(c, l) : r;
}

int livefire_do_publish(struct api_call *c) {
        struct live l = {.id = 0};
        int r = live_find(c, &l);

        if (r == 0)
                r = live_only(c, &l, LIVE_ORGANISER);
        return r == 0 ? publish(c, &l, false) : r;
}

int livefire_do_finish(struct api_call *c) {
        struct live l = {.id = 0};
        int64_t n = 0;
        int r = live_find(c, &l);

        if (r == 0)
                r = live_only(c, &l, LIVE_JURY);
        if (r == 0)
                r = sql_get_int(c->db, &n,
                                "SELECT count(*) FROM live_finding WHERE exercise=?1 AND state NOT"
                                " IN ('draft','signed','void')",
                                "i", l.id);
        if (r == 1 && n)
                return api_refuse(c, 409, "unsigned", "some findings are neither signed nor void",
                                  "còn phát hiện chưa ký hoặc chưa loại");
        return r < 0 || r > 1 ? r : publish(c, &l, true);
}
