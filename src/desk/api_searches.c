/* Searches of people (doc/search.md): what the query is and whether this person may ask it, here; what it finds, in a
 * process of its own (searches.h).
 *
 *   Q1. Only sources of the asker's units are looked through; one that no system names is the root's.
 *   Q2. Without an incident names are masked, and what comes down to one account is refused: a field that names
 *       people, sorting by one, or a word that is the name of an account that was seen (seek/keyed.h).
 *       With one, names are shown, and so only sources are looked through of units where the asker may unmask: an
 *       incident of theirs is no way to the names of another unit.
 *   Q3. Every search has its audit row, with the question. */
#include <stdlib.h>

#include "base/lang.h"
#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/mask.h"
#include "desk/matter.h"
#include "desk/people.h"
#include "desk/searches.h"
#include "desk/sources.h"
#include "seek/keyed.h"

#define SECONDS 120u
#define ROWS 500
#define ROWS_MOST 10000
#define CSV_ROWS 100000

/* ---- the question ---- */

static int wrong(struct api_call *c, struct span text) {
        struct span t = arena_printf(c->arena, "%.*s", (int)text.len, text.p);

        return t.p ? api_fault_at(c, "q", t.p, t.p, "see doc/search.md", "xem doc/search.vi.md")
                   : FAIL(-ENOMEM);
}

/* In the asker's language. */
static int parse(struct api_call *c, struct query *q) {
        struct query_problem problem;
        enum lang before = lang_current;

        lang_current = c->lang;
        int r = query_parse(q, api_text(c, "q"), &problem);
        lang_current = before;
        if (r == QUERY_E_BAD)
                return wrong(c, span_str(problem.text));
        for (uint32_t i = 0; r == 0 && i < q->n_leaves; i++)
                if (q->leaves[i].kind == LEAF_RULE) {
                        query_deinit(q);
                        return api_fault_at(c, "q", "rule: names a file, and here there are none",
                                            "rule: là tên tệp, ở đây không có tệp nào",
                                            "write its conditions instead",
                                            "hãy viết thẳng các điều kiện");
                }
        return r;
}

/* Q2 */
static int keyed(struct api_call *c, const struct query *q) {
        struct span part = keyed_part(q), word;
        int r = 0;

        for (uint32_t i = 0; !part.p && r == 0 && (word = keyed_word(q, i)).p; i++) {
                r = accounts_know(c->desk, word);
                if (r == 1)
                        part = word;
        }
        if (r < 0 || !part.p)
                return MIN(r, 0);
        (void)api_fault_at(c, "q", "comes down to one person's account",
                           "quy về tài khoản của một người",
                           "give the number of the incident it is for, or ask about all accounts",
                           "ghi số sự cố cần đến, hoặc hỏi chung mọi tài khoản");
        return api_refuse(c, 403, "incident_needed", "a search for one account needs an incident",
                          "tìm theo một tài khoản cần có sự cố");
}

/* Q1: names ended by NUL; *ret_all: no bound. */
static int scope(struct api_call *c, const char *permission, struct buf *to, bool *ret_all) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *cond;
        int r = api_scope(c, permission, "ifnull(s.unit,1)", &cond);

        *ret_all = r == 0 && strcmp(cond, "1") == 0;
        if (r < 0 || *ret_all)
                return r;
        r = sources_fresh(c);
        struct span sql = arena_printf(
                c->arena,
                "SELECT DISTINCT x.source FROM system_source x JOIN system s ON s.id=x.system"
                " WHERE (%s) AND NOT EXISTS(SELECT 1 FROM system_source y JOIN system s2 ON"
                " s2.id=y.system WHERE y.source=x.source AND y.system<x.system)",
                cond);
        if (r == 0)
                r = sql.p ? sql_rows(c->db, &q, sql.p, "") : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                buf_span(to, sql_span(q, 0));
                buf_char(to, '\0');
                r = 0;
        }
        return r == 0 && to->failed ? FAIL(-ENOMEM) : r;
}

/* ---- asking ---- */

static bool csv(const struct api_call *c) {
        return span_eq(api_text(c, "format"), SPAN("csv"));
}

static int note(struct api_call *c, int64_t unmasking) {
        struct span q = api_text(c, "q");

        snprintf(c->about, sizeof(c->about), "search");
        c->detail = json_pack("{so so so}", "q", api_json_text(span_of(q.p, MIN(q.len, 2000u))),
                              "from", api_json_time(api_time(c, "from")), "to",
                              api_json_time(api_time(c, "to")));
        if (c->detail && unmasking) {
                json_object_set_new(c->detail, "incident", json_integer(api_int(c, "incident", 0)));
                json_object_set_new(c->detail, "unmasking", json_integer(unmasking));
        }
        return c->detail ? 0 : FAIL(-ENOMEM);
}

static int begin(struct api_call *c, const struct query *q, bool masked) {
        _cleanup_(buf_deinit) struct buf rules = {.limit = SEARCH_RULES_MAX + 1},
                                         sources = {.limit = SEARCH_SOURCES_MAX + 1};
        int most = csv(c) ? CSV_ROWS : ROWS_MOST;
        struct search_ask m = {
                .kind = SEARCH_QUERY,
                .seconds = SECONDS,
                .from = api_time(c, "from"),
                .to = api_time(c, "to"),
                .limit = (uint64_t)MIN(api_int(c, "limit", csv(c) ? most : ROWS), most)};
        bool all;
        int r = scope(c, masked ? "events.search" : "events.unmask", &sources, &all);

        if (r < 0)
                return r;
        query_rules(q, &rules);
        if (rules.failed)
                return wrong(c, SPAN("is too long"));
        m.flags = (api_bool(c, "newest", true) ? SEARCH_NEWEST : 0u) | (masked ? SEARCH_MASK : 0u) |
                  (csv(c) ? SEARCH_CSV : 0u) | (all ? 0u : SEARCH_SCOPED) |
                  (c->lang == LANG_VI ? SEARCH_VI : 0u);
        memcpy(m.key, mask_key(c->desk), sizeof(m.key));
        return search_begin(c, &m, api_text(c, "q"), buf_get(&rules), buf_get(&sources));
}

static int ask(struct api_call *c) {
        int64_t incident = api_int(c, "incident", 0), unmasking = 0;
        struct query q;
        int r = parse(c, &q);

        if (r != 0)
                return r;
        if (incident)
                r = unmask_for(c, incident, api_time(c, "from"), api_time(c, "to"),
                               api_text(c, "q"), &unmasking);
        else
                r = keyed(c, &q);
        if (r == 0)
                r = begin(c, &q, !incident);
        if (r == API_E_LATER) {
                int64_t *kept = arena_alloc(c->arena, sizeof(*kept));

                if (!kept)
                        r = FAIL(-ENOMEM);
                else
                        *kept = unmasking;
                c->kept = kept;
        }
        query_deinit(&q);
        return r;
}

static int not_there(struct api_call *c, const struct search_said *s) {
        if (s->error == -EINVAL)
                return wrong(c, s->text);
        c->retry = 3;
        return api_refuse(c, 503, "try_later", "the search could not begin: try again",
                          "chưa bắt đầu tìm được: hãy thử lại");
}

static int run(struct api_call *c) {
        const struct search_said *s = c->said;

        if (!s)
                return ask(c);
        if (s->error)
                return not_there(c, s);
        int r = note(c, *(const int64_t *)c->kept);
        if (r < 0)
                return r;
        return csv(c) ? search_stream(c, "text/csv; charset=utf-8; header=present", "search.csv")
                      : search_stream(c, "application/x-ndjson", "");
}

/* ---- one alert's records ---- */

static int kept_records(struct api_call *c, int64_t id, struct search_ask *m) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT fields FROM fields WHERE alert=?1 ORDER BY which LIMIT 3", "i",
                         id);

        while (r == 0 && (r = sql_next(q)) == 1 && m->n_seqs < SEARCH_SEQS_MAX) {
                struct span text = sql_span(q, 0);
                json_t *o = json_loadb(text.p, text.len, JSON_ALLOW_NUL, NULL);
                json_int_t seq = json_integer_value(json_object_get(o, "seq"));

                uint64_t offset = (uint64_t)json_integer_value(json_object_get(o, "offset"));
                bool same = m->n_seqs && m->seqs[m->n_seqs - 1] == (uint64_t)seq &&
                            m->offsets[m->n_seqs - 1] == offset; /* the first is the last */

                if (json_is_integer(json_object_get(o, "seq")) && seq >= 0 && !same) {
                        m->seqs[m->n_seqs] = (uint64_t)seq;
                        m->offsets[m->n_seqs++] = offset;
                }
                json_decref(o);
                r = 0;
        }
        return MIN(r, 0);
}

static int alert_events(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const struct search_said *s = c->said;
        int64_t id = api_int(c, "id", 0);
        struct search_ask m = {.kind = SEARCH_EXPLAIN, .from = TIME_NONE, .to = TIME_NONE};
        const char *shown, *drill = "0";

        if (s && s->error)
                return not_there(c, s);
        if (s) {
                c->answer = json_loadb(s->text.p, s->text.len, JSON_ALLOW_NUL, NULL);
                return c->answer ? 0 : not_there(c, &(struct search_said){.error = -ECHILD});
        }
        int r = mask_shown(c, "t.incident", &shown);
        if (r == 0) /* of a drill: as the alert itself */
                r = matter_sees_alerts(c, "t.alert", "t.drill", true, &drill);
        struct span sql = arena_printf(
                c->arena, "SELECT t.unit, t.rule, (%s) FROM triage t WHERE t.alert=?1 AND (%s)",
                r == 0 ? shown : "0", r == 0 ? drill : "0");
        if (r == 0)
                r = sql.p ? sql_rows(c->db, &q, sql.p, "i", id) : FAIL(-ENOMEM);
        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        int64_t unit = sql_int(q, 0);
        struct span rule = arena_dup(c->arena, sql_span(q, 1));
        m.flags = (sql_int(q, 2) ? 0u : SEARCH_MASK) | (c->lang == LANG_VI ? SEARCH_VI : 0u);
        q = sql_end(q);
        r = api_sees(c, "alerts.read", unit);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = api_may(c, "events.read", unit);
        if (r == 0)
                r = kept_records(c, id, &m);
        if (r != 0)
                return r;
        if (m.n_seqs == 0) {
                c->answer = json_pack("{sb s[] s[] s[]}", "masked", (m.flags & SEARCH_MASK) != 0,
                                      "why", "events", "missing");
                return c->answer ? 0 : FAIL(-ENOMEM);
        }
        memcpy(m.key, mask_key(c->desk), sizeof(m.key));
        return search_begin(c, &m, SPAN(""), rule, SPAN(""));
}

/* ---- searches that are kept ---- */

static int saved_spec(struct api_call *c, struct api_list_spec *l) {
        const char **columns = arena_array(c->arena, 12, sizeof(*columns));
        const char *units;
        int r = api_scope(c, "events.search", "x.unit", &units);
        struct span mine = arena_printf(c->arena, "x.by=" SQL_OWN_INT, (long long)c->who.id);

        if (r < 0 || !columns || !mine.p)
                return r < 0 ? r : FAIL(-ENOMEM);
        struct span where = arena_printf(c->arena, "%s OR (x.shared AND (%s))", mine.p, units);
        const char *const list[] = {"x.id",   "x.name", "x.q",  "x.span_s",  "x.shared", "x.unit",
                                    "u.name", "p.name", mine.p, "x.created", "x.version"};
        memcpy(columns, list, sizeof(list));
        *l = (struct api_list_spec){.shape = c->op->answer,
                                    .columns = columns,
                                    .from = "saved_search x LEFT JOIN unit u ON u.id=x.unit"
                                            " LEFT JOIN person p ON p.id=x.by",
                                    .where = where.p,
                                    .id = "x.id",
                                    .search = {"x.name", "x.q", NULL}};
        return where.p ? 0 : FAIL(-ENOMEM);
}

static int saved(struct api_call *c) {
        struct api_list_spec l;
        int r = saved_spec(c, &l);

        return r < 0 ? r : api_list(c, &l);
}

static int saved_answer(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = saved_spec(c, &l);

        snprintf(c->about, sizeof(c->about), "saved search %lld", (long long)id);
        return r < 0 ? r : api_detail(c, &l, id);
}

static int save(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), n = 0;
        int r = unit || !c->who.id ? 0 : person_unit(c->db, c->who.id, &unit);

        if (unit == 0)
                unit = UNIT_ROOT;
        /* A unit that is named is looked at though nothing is shared: the answer says what it is called. */
        if (r == 0 && (api_bool(c, "shared", false) || api_int(c, "unit", 0)))
                r = api_may(c, "events.search", unit);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &n, "SELECT count(*) FROM saved_search WHERE by=?1", "i",
                                    c->who.id),
                        0);
        if (r == 0 && n >= 200)
                return api_refuse(c, 409, "too_many", "200 searches are kept already: give one up",
                                  "đã lưu 200 tìm kiếm: hãy xóa bớt");
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO saved_search(name,q,span_s,shared,unit,by,created)"
                           " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                           "ttkbiii", api_text(c, "name"), api_text(c, "q"),
                           api_int(c, "span_s", 0), api_bool(c, "shared", false), unit, c->who.id,
                           c->now);
        return r == 0 ? saved_answer(c, sql_last_id(c->db)) : r;
}

static int own(struct api_call *c, int64_t id) {
        int64_t by = 0;
        int r = sql_get_int(c->db, &by, "SELECT by FROM saved_search WHERE id=?1", "i", id);

        return r < 0 ? r : r == 1 && by == c->who.id ? 0 : api_missing(c);
}

static int change(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), version = 0, unit = 0;
        int r = own(c, id);

        if (r == 0)
                r = MIN(sql_get_int(c->db, &version, "SELECT version FROM saved_search WHERE id=?1",
                                    "i", id),
                        0);
        if (r == 0 && version != api_int(c, "version", 0))
                return api_refuse(c, 409, "stale", "somebody changed it meanwhile",
                                  "có người vừa thay đổi mục này");
        if (r == 0)
                r = MIN(sql_get_int(c->db, &unit, "SELECT unit FROM saved_search WHERE id=?1", "i",
                                    id),
                        0);
        if (r == 0 && api_bool(c, "shared", false))
                r = api_may(c, "events.search", unit);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE saved_search SET name=ifnull(nullif(?2,''),name),"
                           " q=ifnull(nullif(?3,''),q),"
                           " span_s=CASE WHEN ?4 THEN ?5 ELSE span_s END,"
                           " shared=CASE WHEN ?6 THEN ?7 ELSE shared END, version=version+1"
                           " WHERE id=?1",
                           "ittbkbb", id, api_text(c, "name"), api_text(c, "q"),
                           api_has(c, "span_s"), api_int(c, "span_s", 0), api_has(c, "shared"),
                           api_bool(c, "shared", false));
        return r == 0 ? saved_answer(c, id) : r;
}

static int forget(struct api_call *c) {
        int64_t id = api_int(c, "id", 0);
        int r = own(c, id);

        snprintf(c->about, sizeof(c->about), "saved search %lld", (long long)id);
        return r == 0 ? sql_do(c->db, "DELETE FROM saved_search WHERE id=?1", "i", id) : r;
}

extern const struct api_binding api_searches_bindings[];
const struct api_binding api_searches_bindings[] = {
        {"searches.run", run},
        {"searches.saved", saved},
        {"searches.save", save},
        {"searches.change", change},
        {"searches.forget", forget},
        {"alerts.events", alert_events},
        {NULL, NULL},
};
