/* Findings of red teams, as they are written and shown (doc/live-fire.md).
 *
 *   FI1. Who sees one: its team, the organisers once it is filed, the jury once it is verified, and the jury
 *        neither the team nor each other's marks until it is judged (blind). The blue side sees none.
 *   FI2. A filed finding's words stand: what the organisers give back is changed and filed again, which is when
 *        it counts as complete.
 *   FI3. Words are sealed as one JSON object; the row holds only what ordering and points need. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/livefire.h"

static const char *const words[] = {"title",       "component", "weakness", "entry",
                                    "business",    "steps",     "proof",    "remedy_short",
                                    "remedy_long", "source",    "account",  "technique"};

/* ---- who sees what ---- */

/* FI1, as SQL over live_finding f. */
static struct span visible(struct api_call *c, const struct live *l) {
        switch (l->side) {
        case LIVE_ORGANISER: return c->who.local ? SPAN("1") : SPAN("f.state<>'draft'");
        case LIVE_JURY:
                return SPAN("f.state IN ('verified','judged','appealed','signed','void') AND"
                            " f.verified IS NOT NULL");
        case LIVE_RED: return arena_printf(c->arena, "f.team=%lld", (long long)l->team);
        default: return SPAN("0");
        }
}

static bool shows_team(const struct live *l, struct span state) {
        return l->side != LIVE_JURY || span_eq(state, SPAN("signed"));
}

int live_finding_find(struct api_call *c, const struct live *l, struct live_finding *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span sql = arena_printf(c->arena,
                                       "SELECT id, n, team, target, filed, done_at, version, state,"
                                       " sealed, assisted FROM live_finding f WHERE id=?1 AND"
                                       " exercise=?2 AND (%s)",
                                       visible(c, l).p);
        int r = sql.p ? sql_rows(c->db, &q, sql.p, "ii", api_int(c, "finding", 0), l->id)
                      : FAIL(-ENOMEM);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        *ret = (struct live_finding){.id = sql_int(q, 0),
                                     .n = sql_int(q, 1),
                                     .team = sql_int(q, 2),
                                     .target = sql_int(q, 3),
                                     .filed = sql_time(q, 4),
                                     .done_at = sql_int(q, 5),
                                     .version = sql_int(q, 6),
                                     .state = arena_dup(c->arena, sql_span(q, 7)),
                                     .sealed = sql_null(q, 8) ? SPAN_NONE
                                                              : arena_dup(c->arena, sql_span(q, 8)),
                                     .assisted = sql_int(q, 9) != 0};
        snprintf(c->about, sizeof(c->about), "finding %lld", (long long)ret->id);
        return ret->state.p ? 0 : FAIL(-ENOMEM);
}

int live_finding_in(struct api_call *c, const struct live_finding *f, const char *states) {
        for (const char *s = states; *s;) {
                size_t n = strcspn(s, "|");

                if (span_eq(f->state, span_of(s, n)))
                        return api_int(c, "version", f->version) == f->version
                                       ? 0
                                       : api_refuse(c, 409, "stale",
                                                    "Somebody changed it meanwhile: look again,"
                                                    " then repeat",
                                                    "Có người vừa thay đổi: hãy xem lại rồi làm"
                                                    " lại");
                s += n + (s[n] == '|');
        }
        return api_refuse(c, 409, "state", "it is not in a state for this",
                          "trạng thái hiện tại không cho phép việc này");
}

int live_event(struct api_call *c, int64_t finding, const char *what, struct span text) {
        return sql_do(c->db,
                      "INSERT INTO live_event(finding, at, by, what, text) VALUES(?1,?2,?3,?4,?5)",
                      "iikst", finding, c->now, c->who.id, what, text.p ? text : SPAN(""));
}

/* ---- showing ---- */

/* Severity as it stands: the team's, the organisers', or the jury's middle one. */
#define RANK "instr('lmhc', substr(m.severity, 1, 1))"
#define SEVERITY                                                                                   \
        "CASE WHEN f.state IN ('judged','appealed','signed') THEN (SELECT CASE WHEN count(*)=3"    \
        " THEN sum(" RANK ")-max(" RANK ")-min(" RANK ") ELSE max(" RANK ") END FROM live_mark m"  \
        " WHERE m.finding=f.id AND m.round=(SELECT max(round) FROM live_mark WHERE"                \
        " finding=f.id)) ELSE instr('lmhc', substr(ifnull(f.v_severity, f.severity), 1, 1)) END"

#define COLUMNS                                                                                    \
        "f.id, 'PH-'||substr('00'||f.n, -max(3,length(f.n))), f.team, t.name, f.target, g.name, "  \
        "g.unit, (SELECT name"                                                                     \
        " FROM unit WHERE id=g.unit), " SEVERITY ", f.state, f.done_at, f.filed, f.points,"        \
        " f.assisted, (SELECT count(*) FROM live_mark WHERE finding=f.id), EXISTS(SELECT 1 FROM"   \
        " live_mark WHERE finding=f.id AND juror=?3), f.version, f.sealed, f.resources, f.data,"   \
        " f.users, f.place, f.severity, (SELECT count(*) FROM live_void WHERE finding=f.id) FROM " \
        "live_finding f JOIN live_team t ON t.id=f.team JOIN "                                     \
        "live_target g"                                                                            \
        " ON g.id=f.target"

static json_t *opened(const unsigned char *key, int64_t id, struct span sealed) {
        return key && sealed.len ? live_words(key, id, sealed) : NULL;
}

static json_t *severity_json(int64_t rank) {
        return rank >= 1 && rank <= (int64_t)LIVE_LEVELS ? json_string(live_levels[rank - 1])
                                                         : json_string(live_levels[0]);
}

static json_t *row_of(struct api_call *c, const struct live *l, struct sql_rows *q,
                      const unsigned char *key, json_t **ret_words) {
        struct span state = sql_span(q, 9);
        bool team = shows_team(l, state), points = !sql_null(q, 12);
        /* What the organisers made of it is not a juror's to know before the jury has spoken. */
        bool blind = l->side == LIVE_JURY && span_eq(state, SPAN("verified"));
        json_t *o = json_object(), *w = opened(key, sql_int(q, 0), sql_span(q, 17)),
               *title = json_object_get(w, "title");

        json_object_set_new(o, "id", json_integer(sql_int(q, 0)));
        json_object_set_new(o, "code", api_json_text(sql_span(q, 1)));
        json_object_set_new(o, "team", team ? json_integer(sql_int(q, 2)) : json_null());
        json_object_set_new(o, "team_name", team ? api_json_text(sql_span(q, 3)) : json_null());
        json_object_set_new(o, "title", title ? json_incref(title) : json_null());
        json_object_set_new(o, "target", json_integer(sql_int(q, 4)));
        json_object_set_new(o, "target_name", api_json_text(sql_span(q, 5)));
        json_object_set_new(o, "unit", json_integer(sql_int(q, 6)));
        json_object_set_new(o, "unit_name", api_json_text(sql_span(q, 7)));
        json_object_set_new(o, "severity",
                            blind ? api_json_text(sql_span(q, 22)) : severity_json(sql_int(q, 8)));
        json_object_set_new(o, "state", api_json_text(state));
        json_object_set_new(o, "at", api_json_time(sql_time(q, 10)));
        json_object_set_new(o, "filed", api_json_time(sql_time(q, 11)));
        json_object_set_new(o, "place",
                            sql_null(q, 21) || blind ? json_null() : json_integer(sql_int(q, 21)));
        json_object_set_new(o, "points",
                            points && !blind ? json_integer(sql_int(q, 12)) : json_null());
        json_object_set_new(o, "provisional", json_boolean(!span_eq(state, SPAN("signed"))));
        json_object_set_new(o, "assisted", json_boolean(sql_int(q, 13) && !blind));
        json_object_set_new(o, "mine", json_boolean(l->team && l->team == sql_int(q, 2)));
        json_object_set_new(o, "marks_n", json_integer(sql_int(q, 14)));
        json_object_set_new(o, "marked", json_boolean(sql_int(q, 15)));
        json_object_set_new(o, "voids",
                            json_integer(l->side == LIVE_JURY || l->side == LIVE_ORGANISER
                                                 ? sql_int(q, 23)
                                                 : 0));
        json_object_set_new(o, "version", json_integer(sql_int(q, 16)));
        if (ret_words)
                *ret_words = w;
        else
                json_decref(w);
        return o;
}

int findings_do_list(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        unsigned char key[LIVE_KEY_BYTES];
        struct live l = {.id = 0};
        json_t *items;
        int r = live_find(c, &l);
        bool keyed = r == 0 && l.key.len;

        if (keyed)
                r = live_key(c, &l, key);
        if (r != 0)
                return r;
        items = json_array();
        c->answer = json_pack("{so}", "items", items);
        struct span sql = arena_printf(c->arena,
                                       "SELECT " COLUMNS " WHERE f.exercise=?1 AND (%s) ORDER BY"
                                       " f.id LIMIT ?2",
                                       visible(c, &l).p);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "iii", l.id, (int64_t)LIVE_FINDINGS_MAX, c->who.id)
                  : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(items, row_of(c, &l, q, keyed ? key : NULL, NULL)) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        sodium_memzero(key, sizeof(key));
        return r;
}

static int add_files(struct api_call *c, int64_t id, const unsigned char *key, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT id, bytes, hash, name FROM live_file WHERE finding=?1 ORDER BY id",
                         "i", id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span sealed = sql_span(q, 3);
                struct span name = key ? live_open(c, key, sql_int(q, 0), sealed) : SPAN_NONE;

                r = json_array_append_new(to, json_pack("{sI so sI so}", "id",
                                                        (json_int_t)sql_int(q, 0), "name",
                                                        name.p ? api_json_text(name) : json_null(),
                                                        "bytes", (json_int_t)sql_int(q, 1), "hash",
                                                        api_json_text(sql_span(q, 2)))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        }
        return r;
}

static json_t *impact(struct sql_rows *q, int column) {
        return json_pack("{sI sI sI}", "resources", (json_int_t)sql_int(q, column), "data",
                         (json_int_t)sql_int(q, column + 1), "users",
                         (json_int_t)sql_int(q, column + 2));
}

static json_t *text_of(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static int add_verification(struct api_call *c, const struct live *l, int64_t id, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT v_severity, v_resources, v_data, v_users, report, v_text, verified,"
                " (SELECT name FROM person WHERE id=verified_by), appeal, appealed,"
                " appeal_answer, upheld FROM live_finding WHERE id=?1",
                "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        /* Jurors see for themselves. */
        bool seen = !sql_null(q, 6) && l->side != LIVE_JURY;
        json_object_set_new(
                to, "verification",
                seen ? json_pack("{so so sI so so so}", "severity", text_of(q, 0), "impact",
                                 impact(q, 1), "report", (json_int_t)sql_int(q, 4), "text",
                                 sql_null(q, 5) ? json_string("") : text_of(q, 5), "by_name",
                                 text_of(q, 7), "at", api_json_time(sql_time(q, 6)))
                     : json_null());
        json_object_set_new(
                to, "appeal",
                sql_null(q, 9)
                        ? json_null()
                        : json_pack("{so so so so}", "text",
                                    sql_null(q, 8) ? json_string("") : text_of(q, 8), "at",
                                    api_json_time(sql_time(q, 9)), "answer", text_of(q, 10),
                                    "upheld",
                                    sql_null(q, 11) ? json_null() : json_boolean(sql_int(q, 11))));
        return 0;
}

/* Blind: a juror's own, until it is judged. */
static int add_marks(struct api_call *c, const struct live *l, int64_t id, bool judged,
                     json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT severity, resources, data, users, juror=?2, round FROM live_mark"
                         " WHERE finding=?1 AND (?3 OR juror=?2) ORDER BY round, at",
                         "iib", id, c->who.id, judged && l->side != LIVE_BLUE);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(to, json_pack("{so so sb sI}", "severity", text_of(q, 0),
                                                        "impact", impact(q, 1), "mine",
                                                        (int)sql_int(q, 4), "round",
                                                        (json_int_t)sql_int(q, 5)));
        return r;
}

static int add_history(struct api_call *c, const struct live *l, int64_t id, bool names,
                       json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT at, what, (SELECT name FROM person WHERE id=e.by), text FROM"
                         " live_event e WHERE finding=?1 AND (?2 OR what<>'mark') AND (?3 OR what"
                         " NOT IN ('void_asked','void_refused')) ORDER BY id LIMIT 1000",
                         "ibb", id, l->side == LIVE_ORGANISER,
                         l->side == LIVE_ORGANISER || l->side == LIVE_JURY);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                        to, json_pack("{so so so so}", "at", api_json_time(sql_time(q, 0)), "what",
                                      text_of(q, 1), "by_name", names ? text_of(q, 2) : json_null(),
                                      "text", text_of(q, 3)));
        return r;
}

int live_finding_answer(struct api_call *c, const struct live *l, int64_t id,
                        const unsigned char key[LIVE_KEY_BYTES]) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *w = NULL, *lists[3] = {json_array(), json_array(), json_array()};
        int r = sql_rows(c->db, &q, "SELECT " COLUMNS " WHERE f.exercise=?1 AND f.id=?2", "iii",
                         l->id, id, c->who.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        json_decref(c->answer);
        c->answer = row_of(c, l, q, key, &w);
        struct span state = sql_span(q, 9);
        bool judged = span_eq(state, SPAN("judged")) || span_eq(state, SPAN("appealed")) ||
                      span_eq(state, SPAN("signed"));
        bool names = shows_team(l, state) && l->side == LIVE_ORGANISER;
        for (size_t i = 1; i < ARRAY_LEN(words); i++) {
                json_t *v = json_object_get(w, words[i]);

                json_object_set_new(c->answer, words[i], v ? json_incref(v) : json_null());
        }
        json_decref(w);
        json_object_set_new(c->answer, "impact", impact(q, 18));
        q = sql_end(q);
        json_object_set_new(c->answer, "files", lists[0]);
        json_object_set_new(c->answer, "marks", lists[1]);
        json_object_set_new(c->answer, "history", lists[2]);
        r = add_files(c, id, key, lists[0]);
        if (r == 0)
                r = add_verification(c, l, id, c->answer);
        if (r == 0)
                r = add_marks(c, l, id, judged, lists[1]);
        return r == 0 ? add_history(c, l, id, names, lists[2]) : r;
}

int findings_do_get(struct api_call *c) {
        unsigned char key[LIVE_KEY_BYTES];
        struct live l = {.id = 0};
        struct live_finding f = {.id = 0};
        int r = live_find(c, &l);

        if (r == 0)
                r = live_finding_find(c, &l, &f);
        if (r == 0 && l.key.len)
                r = live_key(c, &l, key);
        if (r == 0)
                r = live_finding_answer(c, &l, f.id, l.key.len ? key : NULL);
        sodium_memzero(key, sizeof(key));
        return r;
}

/* ---- writing ---- */

/* What is asked over what was there; NULL: no memory. */
static char *words_with(struct api_call *c, json_t *was) {
        json_t *o = was ? was : json_object();
        char *text;

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (api_has(c, words[i]))
                        json_object_set(o, words[i], json_object_get(c->in, words[i]));
        text = json_dumps(o, JSON_COMPACT);
        json_decref(o);
        return text;
}

static struct span word(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

static int seal_words(struct api_call *c, const unsigned char *key, int64_t id, json_t *was) {
        char *text = words_with(c, was);
        json_t *o = text ? json_loads(text, 0, NULL) : NULL;
        struct span sealed = o ? live_seal(c, key, id, span_str(text)) : SPAN_NONE;
        int64_t same =
                o ? live_same(key, word(o, "component"), word(o, "weakness"), word(o, "entry")) : 0;

        json_decref(o);
        if (text)
                sodium_memzero(text, strlen(text));
        free(text);
        return sealed.p ? sql_do(c->db, "UPDATE live_finding SET sealed=?2, same=?3 WHERE id=?1",
                                 "ixi", id, sealed, same)
                        : FAIL(-ENOMEM);
}

static int good_target(struct api_call *c, const struct live *l) {
        int64_t n = 0, target = api_int(c, "target", 0), at = api_time(c, "at");
        int r = target ? sql_get_int(c->db, &n,
                                     "SELECT 1 FROM live_target WHERE id=?1 AND exercise=?2", "ii",
                                     target, l->id)
                       : 1;

        if (r == 0)
                return api_fault_at(c, "target", "It is no target of this exercise",
                                    "Không phải mục tiêu của cuộc diễn tập",
                                    "Take one of those declared", "Chọn mục tiêu đã công bố");
        if (r == 1 && at != TIME_NONE && (at > c->now || at < l->begins || at >= l->ends))
                return api_fault_at(c, "at", "That is outside the exercise's time",
                                    "Ngoài thời gian diễn tập", "Say when it was done",
                                    "Ghi đúng lúc thực hiện");
        return MIN(r, 0);
}

static int own_team(struct api_call *c, const struct live *l) {
        int r = live_only(c, l, LIVE_RED);

        if (r == 0 && api_has(c, "team") && api_int(c, "team", 0) != l->team)
                r = api_refuse(c, 403, "not_yours", "that is another team", "đó là đội khác");
        return r;
}

static int put_finding(struct api_call *c, const struct live *l, int64_t *ret_id) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n, "SELECT last+1 FROM live_rules WHERE exercise=?1", "i",
                            l->id);

        if (r == 1 && n > LIVE_FINDINGS_MAX)
                return api_refuse(c, 409, "full", "there are 5,000 findings already",
                                  "đã có 5.000 phát hiện");
        int64_t own = 0;
        if (r == 1)
                r = sql_get_int(c->db, &own, "SELECT count(*) FROM live_finding WHERE team=?1", "i",
                                l->team);
        if (r == 1 && own >= LIVE_TEAM_FINDINGS)
                return api_refuse(c, 409, "full", "a team has 300 findings at most",
                                  "mỗi đội tối đa 300 phát hiện");
        if (r >= 0)
                r = sql_do(c->db, "UPDATE live_rules SET last=?2 WHERE exercise=?1", "ii", l->id,
                           n);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO live_finding(exercise, n, team, target, state, severity,"
                           " resources, data, users, done_at, same, created, created_by)"
                           " VALUES(?1,?2,?3,?4,'draft',?5,?6,?7,?8,?9,0,?10,?11)",
                           "iiiitiiiTik", l->id, n, l->team, api_int(c, "target", 0),
                           api_text(c, "severity"), api_int(c, "resources", 0),
                           api_int(c, "data", 0), api_int(c, "users", 0), api_time(c, "at"), c->now,
                           c->who.id);
        *ret_id = r == 0 ? sql_last_id(c->db) : 0;
        return r;
}

int findings_do_add(struct api_call *c) {
        unsigned char key[LIVE_KEY_BYTES];
        struct live l = {.id = 0};
        int64_t id = 0;
        int r = live_find(c, &l);

        if (r == 0)
                r = own_team(c, &l);
        if (r == 0)
                r = live_running(c, &l);
        if (r == 0)
                r = good_target(c, &l);
        if (r == 0)
                r = live_key(c, &l, key);
        if (r == 0)
                r = put_finding(c, &l, &id);
        if (r == 0)
                r = seal_words(c, key, id, NULL);
        if (r == 0)
                r = live_event(c, id, "begun", SPAN_NONE);
        if (r == 0)
                r = live_finding_answer(c, &l, id, key);
        sodium_memzero(key, sizeof(key));
        return r;
}

static int edit_row(struct api_call *c, int64_t id) {
        static const struct api_set set[] = {
                {"target", "UPDATE live_finding SET target=?2 WHERE id=?1", 'k'},
                {"severity", "UPDATE live_finding SET severity=?2 WHERE id=?1", 't'},
                {"at", "UPDATE live_finding SET done_at=?2 WHERE id=?1", 'T'}};
        static const char *const numbers[][2] = {
                {"resources", "UPDATE live_finding SET resources=?2 WHERE id=?1"},
                {"data", "UPDATE live_finding SET data=?2 WHERE id=?1"},
                {"users", "UPDATE live_finding SET users=?2 WHERE id=?1"}};
        int r = api_set_fields(c, set, ARRAY_LEN(set), id);

        for (size_t i = 0; i < ARRAY_LEN(numbers) && r == 0; i++)
                if (api_has(c, numbers[i][0]))
                        r = sql_do(c->db, numbers[i][1], "ii", id, api_int(c, numbers[i][0], 0));
        return r == 0 ? sql_do(c->db, "UPDATE live_finding SET version=version+1 WHERE id=?1", "i",
                               id)
                      : r;
}

int findings_do_edit(struct api_call *c) {
        unsigned char key[LIVE_KEY_BYTES];
        struct live_finding f = {.id = 0};
        struct live l = {.id = 0};
        int r = live_find(c, &l);

        if (r == 0)
                r = own_team(c, &l);
        if (r == 0)
                r = live_finding_find(c, &l, &f);
        if (r == 0)
                r = live_finding_in(c, &f, "draft|returned");
        if (r == 0)
                r = good_target(c, &l);
        if (r == 0)
                r = live_key(c, &l, key);
        if (r == 0)
                r = edit_row(c, f.id);
        if (r == 0)
                r = seal_words(c, key, f.id, opened(key, f.id, f.sealed));
        if (r == 0)
                r = live_finding_answer(c, &l, f.id, key);
        sodium_memzero(key, sizeof(key));
        return r;
}

/* What a report must say before it is filed. */
static int whole(struct api_call *c, const json_t *w) {
        static const char *const must[] = {"component", "weakness",     "entry",      "steps",
                                           "proof",     "remedy_short", "remedy_long"};
        int r = w ? 0 : FAIL(-EBADMSG);

        for (size_t i = 0; i < ARRAY_LEN(must) && r >= 0; i++)
                if (span_trim(word(w, must[i])).len == 0)
                        r = api_fault_at(c, must[i], "It says nothing yet", "Còn để trống",
                                         "Write it down: a report without it has no points",
                                         "Hãy điền: báo cáo thiếu mục này không có điểm");
        return r;
}

int findings_do_file(struct api_call *c) {
        unsigned char key[LIVE_KEY_BYTES];
        struct live_finding f = {.id = 0};
        struct live l = {.id = 0};
        int r = live_find(c, &l);

        if (r == 0)
                r = own_team(c, &l);
        if (r == 0)
                r = live_finding_find(c, &l, &f);
        if (r == 0)
                r = live_finding_in(c, &f, "draft|returned");
        if (r == 0)
                r = live_key(c, &l, key);
        if (r == 0) {
                json_t *w = opened(key, f.id, f.sealed);

                r = whole(c, w);
                json_decref(w);
        }
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE live_finding SET state='filed', filed=ifnull(filed,?2),"
                           " complete=?2, version=version+1 WHERE id=?1",
                           "ii", f.id, c->now);
        if (r == 0)
                r = live_event(c, f.id, "filed", SPAN_NONE);
        if (r == 0)
                r = live_finding_answer(c, &l, f.id, key);
        sodium_memzero(key, sizeof(key));
        live_tell(c, &l);
        return r;
}
