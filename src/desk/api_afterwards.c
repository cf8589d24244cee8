/* Between containment and the review: what must be sure before service goes on, systems watched after their
 * return, and what the incident taught (doc/recovery.md). */
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/drills.h"
#include "desk/exercise_results.h"
#include "desk/incident.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

static int stale(struct api_call *c) {
        return api_refuse(c, 409, "stale", "Somebody changed it meanwhile: look again, then repeat",
                          "Có người vừa thay đổi: hãy xem lại rồi làm lại");
}

static int say(struct api_call *c, const struct incident *i, const char *about, int64_t id,
               struct span en, struct span vi) {
        int r = incident_write(
                c, i->id,
                &(struct incident_entry){
                        .kind = "task", .about = about, .about_id = id, .en = en, .vi = vi});

        return r == 0 ? incident_touch(c, i) : r;
}

static json_t *name_json(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

/* ---- eradication ---- */

static const struct {
        const char *en, *vi;
} standard[] = {
        {"How it came in is known, and closed", "Đã biết và đã bịt đường xâm nhập"},
        {"Every affected machine and account is on a list, compared with the logs",
         "Đã lập danh sách mọi máy và tài khoản bị ảnh hưởng, đối chiếu với nhật ký"},
        {"What the attacker left (programs, tasks, services, keys, web shells) is gone",
         "Đã gỡ mọi thứ kẻ tấn công để lại (chương trình, tác vụ, dịch vụ, khóa, web shell)"},
        {"Accounts that the attacker made or used are removed or have new passwords and sessions",
         "Đã xóa hoặc đổi mật khẩu, hủy phiên các tài khoản kẻ tấn công tạo hoặc dùng"},
        {"Keys, certificates and tokens that were within reach are replaced",
         "Đã thay khóa, chứng thư, mã truy cập có thể đã lộ"},
        {"The weakness is patched or worked around, everywhere it exists",
         "Đã vá hoặc khắc phục lỗ hổng ở mọi nơi có lỗ hổng đó"},
        {"Machines were rebuilt from clean media, or why not is written down",
         "Đã cài lại máy từ nguồn sạch, hoặc ghi rõ vì sao không"},
        {"The backup that is restored is from before the intrusion, and was checked for its traces",
         "Bản sao dùng khôi phục có từ trước khi bị xâm nhập và đã kiểm tra dấu vết"},
        {"Observables of the incident are searched for over all systems: nothing new",
         "Đã tìm các dấu hiệu trên mọi hệ thống: không phát hiện thêm"},
        {"Rules that would see it again are in force", "Đã có quy tắc phát hiện nếu tái diễn"},
};

static int eradication_answer(struct api_call *c, int64_t incident) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int64_t open = 0, done = 0;
        int r = sql_rows(c->db, &q,
                         "SELECT e.id, e.n, e.title, e.title_vi, e.state, e.note, e.at, p.name,"
                         " e.version FROM eradication e LEFT JOIN person p ON p.id=e.by WHERE"
                         " e.incident=?1 ORDER BY e.n",
                         "i", incident);

        c->answer = json_pack("{so}", "items", list);
        while (r == 0 && (r = sql_next(q)) == 1) {
                *(span_eq(sql_span(q, 4), SPAN("open")) ? &open : &done) += 1;
                r = json_array_append_new(
                        list, json_pack("{sI sI so so so so so so sI}", "id",
                                        (json_int_t)sql_int(q, 0), "n", (json_int_t)sql_int(q, 1),
                                        "title", api_json_text(sql_span(q, 2)), "title_vi",
                                        api_json_text(sql_span(q, 3)), "state",
                                        api_json_text(sql_span(q, 4)), "note",
                                        api_json_text(sql_span(q, 5)), "at",
                                        api_json_time(sql_time(q, 6)), "by_name", name_json(q, 7),
                                        "version", (json_int_t)sql_int(q, 8)));
        }
        json_object_set_new(c->answer, "drill", json_boolean(incident >= STATE_DRILL_IDS));
        json_object_set_new(c->answer, "open", json_integer(open));
        json_object_set_new(c->answer, "done", json_integer(done));
        return r;
}

int after_do_eradication(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        return r == 0 ? eradication_answer(c, i.id) : r;
}

static int add_check(struct api_call *c, const struct incident *i, struct span en, struct span vi) {
        return sql_do(c->db,
                      "INSERT INTO eradication(incident,n,title,title_vi,state,note) SELECT ?1,"
                      " ifnull(max(n),0)+1, ?2, ?3, 'open', '' FROM eradication WHERE incident=?1",
                      "itt", i->id, en, vi);
}

int after_do_eradication_add(struct api_call *c) {
        struct span title = api_text(c, "title");
        struct incident i = {0};
        int64_t n = 0;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = MIN(sql_get_int(c->db, &n, "SELECT count(*) FROM eradication WHERE incident=?1",
                                    "i", i.id),
                        0);
        if (r == 0 && title.len && n >= 200)
                return api_refuse(c, 409, "too_many", "The list has 200 items at most",
                                  "Danh sách tối đa 200 mục");
        if (r == 0 && title.len)
                r = add_check(c, &i, title, title);
        for (size_t k = 0; k < ARRAY_LEN(standard) && r == 0 && !title.len && n == 0; k++)
                r = add_check(c, &i, span_str(standard[k].en), span_str(standard[k].vi));
        if (r == 0 && (title.len || n == 0))
                r = say(c, &i, "eradication", 0,
                        title.len
                                ? incident_text(c, "To make sure of: %.*s", (int)title.len, title.p)
                                : SPAN("Eradication: the standard list was laid out"),
                        title.len ? incident_text(c, "Cần chắc chắn: %.*s", (int)title.len, title.p)
                                  : SPAN("Loại bỏ tận gốc: đã lập danh sách chuẩn"));
        return r == 0 ? eradication_answer(c, i.id) : r;
}

/* The row of the path, of that incident: its title in both languages. */
static int find_check(struct api_call *c, const struct incident *i, int64_t id, struct span *en,
                      struct span *vi) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT version, title, title_vi FROM eradication WHERE id=?1 AND"
                         " incident=?2",
                         "ii", id, i->id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        if (sql_int(q, 0) != api_int(c, "version", 0))
                return stale(c);
        *en = arena_dup(c->arena, sql_span(q, 1));
        *vi = arena_dup(c->arena, sql_span(q, 2));
        return en->p && vi->p ? 0 : FAIL(-ENOMEM);
}

int after_do_eradication_change(struct api_call *c) {
        struct span state = api_text(c, "state"), note = api_text(c, "note"), en = {0}, vi = {0};
        int64_t id = api_int(c, "item", 0);
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = find_check(c, &i, id, &en, &vi);
        if (r == 0 && span_eq(state, SPAN("not_needed")) && note.len < 3)
                return api_fault_at(c, "note", "Why it is not needed is missing",
                                    "Thiếu lý do không cần", "Write a sentence", "Viết một câu");
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE eradication SET state=?2, note=?3, at=?4, by=?5,"
                           " version=version+1 WHERE id=?1",
                           "ittik", id, state, note.p ? note : SPAN(""), c->now, c->who.id);
        bool open = span_eq(state, SPAN("open")), done = span_eq(state, SPAN("done"));
        if (r == 0)
                r = say(c, &i, "eradication", id,
                        incident_text(c, "Eradication, %s: %.*s",
                                      open   ? "open again"
                                      : done ? "done"
                                             : "not needed",
                                      (int)en.len, en.p),
                        incident_text(c, "Loại bỏ tận gốc, %s: %.*s",
                                      open   ? "mở lại"
                                      : done ? "xong"
                                             : "không cần",
                                      (int)vi.len, vi.p));
        return r == 0 ? eradication_answer(c, i.id) : r;
}

/* ---- return to service ---- */

static int returns_answer(struct api_call *c, int64_t incident) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(
                c->db, &q,
                "SELECT r.id, r.system, s.name, r.state, r.returned, r.until, r.checks, r.note,"
                " (SELECT count(*) FROM triage t JOIN alert a ON a.id=t.alert WHERE"
                " t.system=r.system AND t.drill=(SELECT drill FROM incident WHERE id=?1) AND"
                " a.last>=r.returned AND a.last<=ifnull(r.ended,a.last)),"
                " r.ended, p.name, r.version FROM service_return r LEFT JOIN system s ON"
                " s.id=r.system LEFT JOIN person p ON p.id=r.by WHERE r.incident=?1 ORDER BY r.id"
                " LIMIT 200",
                "i", incident);

        bool drill = incident >= STATE_DRILL_IDS;

        c->answer = json_pack("{so sb}", "items", list, "drill", (int)drill);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                        list,
                        json_pack("{sI sI so so so so so so sI so so sb sI}", "id",
                                  (json_int_t)sql_int(q, 0), "system", (json_int_t)sql_int(q, 1),
                                  "system_name", name_json(q, 2), "state",
                                  api_json_text(sql_span(q, 3)), "returned",
                                  api_json_time(sql_time(q, 4)), "until",
                                  api_json_time(sql_time(q, 5)), "checks",
                                  api_json_text(sql_span(q, 6)), "note",
                                  api_json_text(sql_span(q, 7)), "alerts_since",
                                  (json_int_t)sql_int(q, 8), "ended", api_json_time(sql_time(q, 9)),
                                  "by_name", name_json(q, 10), "drill", (int)drill, "version",
                                  (json_int_t)sql_int(q, 11)));
        return r;
}

int after_do_returns(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        return r == 0 ? returns_answer(c, i.id) : r;
}

/* Its name, of one that the asker may see by their own roles (incident.c I7). */
static int find_system(struct api_call *c, int64_t id, struct span *ret_name) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT unit, name FROM system WHERE id=?1", "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                r = api_sees(c, "systems.read", sql_int(q, 0));
        if (r != 1)
                return r < 0 ? r
                             : api_fault_at(c, "system", "There is no such system",
                                            "Không có hệ thống này", "Choose one of the list",
                                            "Chọn trong danh sách");
        *ret_name = arena_dup(c->arena, sql_span(q, 1));
        return ret_name->p ? 0 : FAIL(-ENOMEM);
}

int after_do_return_add(struct api_call *c) {
        int64_t system = api_int(c, "system", 0), until = api_time(c, "until");
        struct incident i = {0};
        struct span name = SPAN_NONE;
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = find_system(c, system, &name);
        if (r == 0 && until <= c->now)
                return api_fault_at(c, "until", "This time is past", "Thời điểm này đã qua",
                                    "Watch at least until tomorrow",
                                    "Theo dõi ít nhất đến ngày mai");
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO service_return(incident,system,state,returned,until,checks,"
                           "note,by) VALUES(?1,?2,'watching',?3,?4,?5,'',?6)",
                           "iiiitk", i.id, system, c->now, until, api_text(c, "checks"), c->who.id);
        if (r == -EEXIST)
                return api_refuse(c, 409, "watched", "This system is watched already",
                                  "Hệ thống này đang được theo dõi");
        if (r == 0)
                r = say(c, &i, "return", sql_last_id(c->db),
                        incident_text(c, "%.*s is back in service, and watched", (int)name.len,
                                      name.p),
                        incident_text(c, "%.*s hoạt động lại, đang được theo dõi", (int)name.len,
                                      name.p));
        return r == 0 ? returns_answer(c, i.id) : r;
}

struct watched {
        int64_t id, until;
        struct span name;
};

static int find_return(struct api_call *c, const struct incident *i, struct watched *w) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT r.version, r.until, ifnull(s.name,''), r.state FROM service_return"
                         " r LEFT JOIN system s ON s.id=r.system WHERE r.id=?1 AND r.incident=?2",
                         "ii", w->id, i->id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        if (sql_int(q, 0) != api_int(c, "version", 0) || !span_eq(sql_span(q, 3), SPAN("watching")))
                return stale(c);
        w->until = sql_int(q, 1);
        w->name = arena_dup(c->arena, sql_span(q, 2));
        return w->name.p ? 0 : FAIL(-ENOMEM);
}

int after_do_return_end(struct api_call *c) {
        struct span state = api_text(c, "state"), note = api_text(c, "note");
        struct watched w = {.id = api_int(c, "item", 0)};
        bool well = span_eq(state, SPAN("well"));
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = find_return(c, &i, &w);
        if (r == 0 && note.len < 3 && (!well || c->now < w.until))
                return api_fault_at(c, "note", "What was seen is missing", "Thiếu kết quả theo dõi",
                                    "Write a sentence", "Viết một câu");
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE service_return SET state=?2, note=?3, ended=?4, by=?5,"
                           " version=version+1 WHERE id=?1",
                           "ittik", w.id, state, note.p ? note : SPAN(""), c->now, c->who.id);
        if (r == 0)
                r = say(c, &i, "return", w.id,
                        incident_text(c, "Watching of %.*s ended: %s", (int)w.name.len, w.name.p,
                                      well ? "all is well" : "it came back"),
                        incident_text(c, "Kết thúc theo dõi %.*s: %s", (int)w.name.len, w.name.p,
                                      well ? "ổn định" : "tái diễn"));
        return r == 0 ? returns_answer(c, i.id) : r;
}

/* ---- improvements ---- */

#define FROM_IMPROVEMENT                                                                           \
        "improvement m LEFT JOIN incident i ON i.id=m.incident LEFT JOIN person o ON o.id=m.owner" \
        " LEFT JOIN person p ON p.id=m.created_by"

static int improvement_spec(struct api_call *c, struct api_list_spec *l) {
        static const char *const fixed[] = {"m.id",     "nullif(m.incident,0)",
                                            "i.code",   "m.unit",
                                            "m.kind",   "m.title",
                                            "m.detail", "m.owner",
                                            "o.name",   "m.due",
                                            NULL,       "m.state",
                                            "m.note",   "m.created",
                                            "p.name",   "m.done_at",
                                            "m.version"};
        const char **columns = arena_array(c->arena, ARRAY_LEN(fixed), sizeof(*columns));
        struct span overdue = arena_printf(c->arena, "(m.state IN ('open','doing') AND m.due<%lld)",
                                           (long long)c->now);

        if (!columns || !overdue.p)
                return FAIL(-ENOMEM);
        memcpy(columns, fixed, sizeof(fixed));
        columns[10] = overdue.p;
        *l = (struct api_list_spec){.shape = api_improvement_shape,
                                    .columns = columns,
                                    .from = FROM_IMPROVEMENT,
                                    .id = "m.id",
                                    .search = {"m.title", "m.detail", "i.code", NULL}};
        return 0;
}

/* Of incidents that the asker sees; of exercises (incident 0), of units in which they see those. */
static int improvements_seen(struct api_call *c, const char **ret) {
        const char *incidents = NULL, *units = NULL;
        int r = incident_visible(c, "", &incidents);

        if (r == 0)
                r = api_scope(c, "exercises.read", "m.unit", &units);
        if (r < 0)
                return r;
        *ret = arena_printf(c->arena, "((m.incident<>0 AND (%s)) OR (m.incident=0 AND (%s)))",
                            incidents, c->who.incident ? "0" : units)
                       .p;
        return *ret ? 0 : FAIL(-ENOMEM);
}

int after_do_improvements(struct api_call *c) {
        struct api_list_spec l;
        int r = improvement_spec(c, &l);

        if (r == 0)
                r = improvements_seen(c, &l.where);
        return r < 0 ? r : api_list(c, &l);
}

int after_do_summary(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *where;
        int r = improvements_seen(c, &where);

        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT count(*), ifnull(sum(m.due<?1),0), ifnull(sum(m.kind='rule_request'),0),"
                " min(m.due) FROM improvement m LEFT JOIN incident i ON i.id=m.incident WHERE "
                "m.state IN"
                " ('open','doing') AND %s",
                where);
        if (!sql.p)
                return FAIL(-ENOMEM);
        r = sql_rows(c->db, &q, sql.p, "i", c->now);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        c->answer = json_pack("{sI sI sI so}", "open", (json_int_t)sql_int(q, 0), "overdue",
                              (json_int_t)sql_int(q, 1), "rule_requests", (json_int_t)sql_int(q, 2),
                              "next_due", api_json_time(sql_time(q, 3)));
        return c->answer ? 0 : FAIL(-ENOMEM);
}

static int improvement_answer(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = improvement_spec(c, &l);

        return r == 0 ? api_detail(c, &l, id) : r;
}

static int good_owner(struct api_call *c) {
        int64_t owner = api_int(c, "owner", 0);

        return owner ? person_nameable(c, "owner", owner) : 0;
}

int after_do_improvement_add(struct api_call *c) {
        struct span detail = api_text(c, "detail"), title = api_text(c, "title");
        bool rule = span_eq(api_text(c, "kind"), SPAN("rule_request"));
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.work", &i);

        if (r == 0)
                r = good_owner(c);
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO improvement(incident,unit,kind,title,detail,owner,due,"
                           "state,note,created,created_by)"
                           " VALUES(?1,?2,?3,?4,?5,?6,?7,'open','',?8,?9)",
                           "iitttkiik", i.id, i.unit, api_text(c, "kind"), title,
                           detail.p ? detail : SPAN(""), api_int(c, "owner", 0), api_time(c, "due"),
                           c->now, c->who.id);
        if (r != 0)
                return r;
        int64_t id = sql_last_id(c->db);
        r = say(c, &i, "improvement", id,
                incident_text(c, "%s: %.*s", rule ? "Rule wanted" : "Improvement", (int)title.len,
                              title.p),
                incident_text(c, "%s: %.*s", rule ? "Đề nghị quy tắc" : "Cải tiến", (int)title.len,
                              title.p));
        api_tell(c, "improvement", id, i.unit);
        return r == 0 ? improvement_answer(c, id) : r;
}

static int set_fields(struct api_call *c, int64_t id) {
        static const struct api_set fields[] = {
                {"title", "UPDATE improvement SET title=?2 WHERE id=?1", 't'},
                {"detail", "UPDATE improvement SET detail=?2 WHERE id=?1", 't'},
                {"note", "UPDATE improvement SET note=?2 WHERE id=?1", 't'},
                {"state", "UPDATE improvement SET state=?2 WHERE id=?1", 't'},
                {"owner", "UPDATE improvement SET owner=?2 WHERE id=?1", 'k'},
                {"due", "UPDATE improvement SET due=?2 WHERE id=?1", 'T'},
        };

        return api_set_fields(c, fields, ARRAY_LEN(fields), id);
}

/* Whose it is: of an incident, or (0) of an exercise's unit; and done only when its re-tests were passed. */
static int improvement_find(struct api_call *c, int64_t id, bool done, struct incident *i) {
        int64_t incident = 0;
        int r = sql_get_int(c->db, &incident, "SELECT incident FROM improvement WHERE id=?1", "i",
                            id);

        if (r != 1)
                return r < 0 ? r : api_missing(c);
        if (incident)
                return incident_get(c, incident, "incidents.work", i);
        r = MIN(sql_get_int(c->db, &i->unit, "SELECT unit FROM improvement WHERE id=?1", "i", id),
                0);
        if (r == 0)
                r = api_may(c, "incidents.work", i->unit);
        if (r != 0 || !done)
                return r;
        r = exercise_gap_open(c->db, id);
        return r <= 0 ? r
                      : api_refuse(c, 409, "retest",
                                   "It is done when its re-tests are passed: twice for people, "
                                   "once for a source or rule",
                                   "Chỉ hoàn thành khi đạt kiểm tra lại: hai lần với con người, "
                                   "một lần với nguồn hoặc quy tắc");
}

int after_do_improvement_change(struct api_call *c) {
        struct span state = api_text(c, "state"), note = api_text(c, "note");
        int64_t id = api_int(c, "id", 0), version = 0;
        bool over = span_eq(state, SPAN("done")) || span_eq(state, SPAN("dropped"));
        struct incident i = {0};
        int r = improvement_find(c, id, span_eq(state, SPAN("done")), &i);

        if (r == 0)
                r = MIN(sql_get_int(c->db, &version, "SELECT version FROM improvement WHERE id=?1",
                                    "i", id),
                        0);
        if (r == 0 && version != api_int(c, "version", 0))
                return stale(c);
        if (r == 0 && span_eq(state, SPAN("dropped")) && note.len < 3)
                return api_fault_at(c, "note", "Why it is dropped is missing", "Thiếu lý do bỏ",
                                    "Write a sentence", "Viết một câu");
        if (r == 0)
                r = good_owner(c);
        if (r == 0)
                r = set_fields(c, id);
        if (r == 0 && state.len)
                r = sql_do(c->db, "UPDATE improvement SET done_at=?2 WHERE id=?1", "iT", id,
                           over ? c->now : TIME_NONE);
        if (r == 0)
                r = sql_do(c->db, "UPDATE improvement SET version=version+1 WHERE id=?1", "i", id);
        snprintf(c->about, sizeof(c->about), "improvement %lld", (long long)id);
        api_tell(c, "improvement", id, i.unit);
        return r == 0 ? improvement_answer(c, id) : r;
}
