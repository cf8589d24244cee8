/* What comes after an exercise (doc/scoring.md, "Afterwards"): a gap becomes an improvement task, the task has
 * re-tests (exercise_retest.c), records say what was exercised.
 *
 *   A1. A task made of a gap is not done before its re-tests were passed as often as it needs (exercise_gap_open()).
 *   A2. A record is made once for a play, from the score as the jury signed it. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_results.h"
#include "desk/people.h"
#include "exercise/review.h"
#include "wire/api_shapes.h"

/* ---- tasks ---- */

int exercise_gap_open(struct sql *db, int64_t improvement) {
        int64_t missing = 0;
        int r = sql_get_int(db, &missing,
                            "SELECT max(needs-passed,0) FROM exercise_gap WHERE improvement=?1",
                            "i", improvement);

        return r == 1 ? (int)missing : r;
}

/* The gap of that key in the play's review, as it is now; 1: found. */
static int find_gap(struct api_call *c, int64_t play, const char *key, char en[500], char vi[700],
                    const char **ret_cause, unsigned *ret_needs) {
        _cleanup_(review_freep) struct review *v = NULL;
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *p = NULL;
        bool found = false;
        int r;

        facts_init(&facts);
        r = exercise_score_whole(c->desk, play, c->now, &facts, &p, &s);
        if (r == 0 && s)
                r = review_new(&v, p, &facts, s);
        for (unsigned i = 0; r == 0 && v && i < v->n_gaps && !found; i++) {
                const struct review_gap *g = &v->gaps[i];

                found = strcmp(g->key, key) == 0;
                if (!found)
                        continue;
                snprintf(en, 500, "%.300s (%s)", g->en, review_cause(g->cause, false));
                snprintf(vi, 700, "%.400s (%s)", g->vi, review_cause(g->cause, true));
                *ret_cause = score_causes[g->cause];
                *ret_needs = g->needs;
        }
        score_free(s);
        facts_deinit(&facts);
        return r < 0 ? r : found;
}

static int improvement_row(struct api_call *c, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT m.id, m.unit, m.kind, m.title, m.detail, m.owner, o.name, m.due,"
                " m.state, m.note, m.created, p.name, m.done_at, m.version FROM improvement"
                " m LEFT JOIN person o ON o.id=m.owner LEFT JOIN person p ON"
                " p.id=m.created_by WHERE m.id=?1",
                "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        c->answer = json_pack(
                "{s:I s:n s:n s:I s:o s:o s:o s:o s:o s:o s:b s:o s:o s:o s:o s:o s:I}", "id",
                (json_int_t)sql_int(q, 0), "incident", "incident_code", "unit",
                (json_int_t)sql_int(q, 1), "kind", api_json_text(sql_span(q, 2)), "title",
                api_json_text(sql_span(q, 3)), "detail", api_json_text(sql_span(q, 4)), "owner",
                sql_null(q, 5) ? json_null() : json_integer(sql_int(q, 5)), "owner_name",
                sql_null(q, 6) ? json_null() : api_json_text(sql_span(q, 6)), "due",
                api_json_time(sql_int(q, 7)), "overdue", false, "state",
                api_json_text(sql_span(q, 8)), "note", api_json_text(sql_span(q, 9)), "created",
                api_json_time(sql_int(q, 10)), "created_by",
                sql_null(q, 11) ? json_null() : api_json_text(sql_span(q, 11)), "done_at",
                sql_null(q, 12) ? json_null() : api_json_time(sql_int(q, 12)), "version",
                (json_int_t)sql_int(q, 13));
        return c->answer ? 0 : FAIL(-ENOMEM);
}

static int make_task(struct api_call *c, int64_t play, int64_t unit, int64_t *ret) {
        struct span key = api_text(c, "key");
        int64_t due = api_time(c, "due"), retest = api_time(c, "retest"), gap;
        const char *cause = "";
        unsigned needs = 0;
        char en[500], vi[700];
        int r = find_gap(c, play, key.p, en, vi, &cause, &needs);

        if (r != 1)
                return r < 0 ? r : api_missing(c);
        r = sql_do(c->db,
                   "INSERT INTO improvement(incident,unit,kind,title,detail,owner,due,state,note,"
                   "created,created_by) VALUES(0,?1,?2,?3,?4,?5,?6,'open','',?7,?8)",
                   "isssk"
                   "iik",
                   unit, strcmp(cause, "rule") == 0 ? "rule_request" : "task",
                   c->lang == LANG_VI ? vi : en, c->lang == LANG_VI ? en : vi,
                   api_int(c, "owner", 0), due, c->now, c->who.id);
        if (r < 0)
                return r;
        *ret = sql_last_id(c->db);
        r = sql_do(c->db,
                   "INSERT INTO exercise_gap(play,key,cause,en,vi,improvement,needs,created)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                   "itsssiii", play, key, cause, en, vi, *ret, (int64_t)needs, c->now);
        if (r == -EEXIST)
                return api_refuse(c, 409, "exists", "This gap has its task already",
                                  "Hạn chế này đã có việc cải tiến");
        gap = sql_last_id(c->db);
        for (unsigned i = 0; r == 0 && i < needs; i++)
                r = retest_add(c, gap,
                               (retest == TIME_NONE ? due + RETEST_AFTER_NS : retest) +
                                       (int64_t)i * RETEST_AFTER_NS,
                               api_bool(c, "auto", false));
        return r;
}

int results_do_task(struct api_call *c) {
        struct results x = {0};
        int64_t play = api_int(c, "play", 0), unit = 0, owner = api_int(c, "owner", 0), id = 0;
        int r = results_open(c, &x);

        if (r == 0 && !x.over)
                return api_refuse(c, 409, "running", "The exercise is not over",
                                  "Cuộc diễn tập chưa kết thúc");
        if (r == 0) {
                r = sql_get_int(c->db, &unit,
                                "SELECT unit FROM exercise_play WHERE id=?1 AND exercise=?2", "ii",
                                play, x.e.id);
                r = r == 1 ? 0 : r < 0 ? r : api_missing(c);
        }
        if (r == 0 && !x.all)
                r = api_may(c, "exercises.play", unit);
        if (r == 0 && owner)
                r = person_nameable(c, "owner", owner);
        if (r == 0)
                r = make_task(c, play, unit, &id);
        if (r != 0)
                return r;
        api_tell(c, "improvement", id, unit);
        snprintf(c->about, sizeof(c->about), "improvement %lld", (long long)id);
        return improvement_row(c, id);
}

/* ---- records ---- */

static int sign_one(struct api_call *c, const struct results *x, const struct results_play *p) {
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *plan;
        _cleanup_(buf_deinit) struct buf b = {0};
        char hash[FACTS_HASH_HEX];
        int r;

        facts_init(&facts);
        r = exercise_score_whole(c->desk, p->play, c->now, &facts, &plan, &s);
        if (r == 0 && s) {
                facts_write(&b, &facts);
                facts_hash(hash, buf_get(&b));
                r = sql_do(
                        c->db,
                        "INSERT OR IGNORE INTO exercise_record(exercise,play,code,title,scenario,"
                        "hash,unit,systems,held,people,duties,total,machine,part_people,facts,"
                        "signed,"
                        "signed_by) SELECT e.id,?2,e.code,e.title,?3,?4,?5,(SELECT"
                        " json_group_array(id) FROM (SELECT s.id FROM system s WHERE s.unit=?5 AND"
                        " s.active ORDER BY s.id LIMIT 400)),e.started,(SELECT count(DISTINCT "
                        "person)"
                        " FROM exercise_roster WHERE exercise=e.id AND unit=?5),(SELECT"
                        " ifnull(group_concat(role,', '),'') FROM (SELECT DISTINCT role FROM"
                        " exercise_roster WHERE exercise=e.id AND unit=?5 ORDER BY role)),?6,"
                        "nullif(?7,-1),nullif(?8,-1),?9,?10,?11 FROM exercise e WHERE e.id=?1",
                        "iissiiiisik", x->e.id, p->play, plan->id, plan->hash, p->unit, s->total,
                        s->part[PART_MACHINE], s->part[PART_PEOPLE], hash, c->now, c->who.id);
        }
        score_free(s);
        facts_deinit(&facts);
        return r;
}

int results_do_sign(struct api_call *c) {
        struct results x = {0};
        struct results_play *plays = NULL;
        unsigned n = 0;
        int64_t open = 0;
        int r = results_open(c, &x);

        if (r == 0)
                r = api_may(c, "exercises.judge", x.e.unit);
        if (r == 0 && x.e.state != EX_FINAL)
                return api_refuse(c, 409, "not_final", "The scores are not final yet",
                                  "Điểm chưa chính thức");
        if (r == 0)
                r = MIN(sql_get_int(c->db, &open,
                                    "SELECT count(*) FROM exercise_appeal a JOIN exercise_play y ON"
                                    " y.id=a.play WHERE y.exercise=?1 AND a.state='open'",
                                    "i", x.e.id),
                        0);
        if (r == 0 && open)
                return api_refuse(c, 409, "appeals", "An appeal is not answered yet",
                                  "Còn khiếu nại chưa trả lời");
        if (r == 0)
                r = results_plays(c, &x, 0, &plays, &n);
        for (unsigned i = 0; r == 0 && i < n; i++)
                r = sign_one(c, &x, &plays[i]);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)x.e.id);
        return results_answer(c, &x);
}

int results_do_records(struct api_call *c) {
        static const char *const columns[] = {
                "r.id",    "r.exercise", "r.code",        "r.title", "r.scenario", "r.hash",
                "r.unit",  "u.name",     "r.systems",     "r.held",  "r.people",   "r.duties",
                "r.total", "r.machine",  "r.part_people", "r.facts", "r.signed",   "p.name"};
        struct api_list_spec l = {.shape = c->op->answer,
                                  .columns = columns,
                                  .from = "exercise_record r JOIN unit u ON u.id=r.unit LEFT JOIN"
                                          " person p ON p.id=r.signed_by",
                                  .id = "r.id",
                                  .search = {"r.code", "r.title", "u.name", NULL},
                                  .unit = "r.unit"};
        struct sql_value bind = {.kind = SQL_INT, .number = api_int(c, "system", 0)};

        if (bind.number) {
                l.where = "EXISTS(SELECT 1 FROM json_each(r.systems) WHERE value=?1)";
                l.bind = &bind;
                l.n_bind = 1;
        }
        return api_list(c, &l);
}
