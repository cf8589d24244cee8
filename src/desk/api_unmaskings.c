/* Who may see names, for which incident, of what time (doc/privacy.md).
 *
 *   U1. It needs an incident that is at work, which the asker may see, and the permission for one of its units.
 *   U2. It ends after LASTS_NS, and can be ended before.
 *   U3. Data of more than FREE_NS, all of one person's unmaskings for the incident in REMEMBERED_NS taken
 *       together, needs a second person: another one, with a session and a fresh second factor, whose account is older
 *       than a day and was neither made nor reset by who asked.
 *   U4. Every one has its audit row, an entry in the incident's timeline, and stays for the inspector to read. */
#include <stdlib.h>

#include "desk/decide.h"
#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/mask.h"
#include "desk/people.h"

#define LASTS_NS (INT64_C(24) * 3600 * NS_PER_SEC)
#define FREE_NS (INT64_C(7) * 24 * 3600 * NS_PER_SEC)
#define REMEMBERED_NS (INT64_C(30) * 24 * 3600 * NS_PER_SEC)
#define RANGES 500

/* ---- reading ---- */

static int spec_of(struct api_call *c, struct api_list_spec *l) {
        static const char *const fixed[] = {"m.id",       "printf('BC-%04d',m.id)",
                                            "m.incident", "i.code",
                                            "m.unit",     "m.by",
                                            "p.name",     "m.reason",
                                            "m.q",        "m.since",
                                            "m.until"};
        static const char *const rest[] = {
                "m.asked",    "m.decided",
                "m.approver", "(SELECT name FROM person WHERE id=m.approver)",
                "m.note",     "m.expires",
                "m.uses",     "m.last_used"};
        const char **columns = arena_array(c->arena, 32, sizeof(*columns));
        const char *audit = "0", *approve = "0";
        unsigned n = 0;
        int r = api_scope(c, "audit.read", "m.unit", &audit);

        if (r == 0)
                r = api_scope(c, "events.unmask_long", "m.unit", &approve);
        if (r < 0 || !columns)
                return r < 0 ? r : FAIL(-ENOMEM);
        struct span state = arena_printf(
                c->arena,
                "CASE WHEN m.state='active' AND m.expires<=%lld THEN 'expired'"
                " WHEN m.state='waiting' AND m.asked<=%lld THEN 'expired' ELSE m.state END",
                (long long)c->now, (long long)(c->now - LASTS_NS));
        struct span mine = arena_printf(c->arena, "ifnull(m.by,0)=%lld", (long long)c->who.id);
        struct span where = arena_printf(c->arena, "m.by=%lld OR (%s) OR (%s)",
                                         (long long)c->who.id, audit, approve);
        if (!state.p || !mine.p || !where.p)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
                columns[n++] = fixed[i];
        columns[n++] = state.p;
        for (size_t i = 0; i < ARRAY_LEN(rest); i++)
                columns[n++] = rest[i];
        columns[n++] = mine.p;
        *l = (struct api_list_spec){.shape = c->op->answer,
                                    .columns = columns,
                                    .from = "unmasking m LEFT JOIN incident i ON i.id=m.incident"
                                            " LEFT JOIN person p ON p.id=m.by",
                                    .where = where.p,
                                    .id = "m.id",
                                    .search = {"m.reason", "i.code", "p.name", NULL},
                                    .drill = "i.drill"};
        return 0;
}

static int list(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_list(c, &l);
}

static int detail(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_detail(c, &l, id);
}

static int get(struct api_call *c) {
        return detail(c, api_int(c, "id", 0));
}

/* ---- how much it is (U3) ---- */

struct range {
        int64_t from, to;
};

static int by_from(const void *a, const void *b) {
        const struct range *x = a, *y = b;

        return (x->from > y->from) - (x->from < y->from);
}

/* What this person saw without anybody's approval, for the incident ever and for all others within a week, and the
 * new range: how long together. */
static int total(struct api_call *c, int64_t incident, int64_t from, int64_t to, int64_t *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct range *list = arena_array(c->arena, RANGES + 1, sizeof(*list));
        size_t n = 0;
        int r = list ? 0 : FAIL(-ENOMEM);

        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT since, until FROM unmasking WHERE by IS ?2"
                             " AND approver IS NULL AND expires IS NOT NULL AND asked>"
                             "iif(incident=?1,?3,?4) ORDER BY id DESC LIMIT 500",
                             "ikii", incident, c->who.id, c->now - REMEMBERED_NS, c->now - FREE_NS);
        while (r == 0 && (r = sql_next(q)) == 1 && n < RANGES) {
                list[n++] = (struct range){sql_int(q, 0), sql_int(q, 1)};
                r = 0;
        }
        if (r < 0)
                return r;
        list[n++] = (struct range){from, to};
        for (size_t i = 0; i < n; i++) /* what has not come yet is of today */
                list[i].to = MIN(list[i].to, c->now);
        qsort(list, n, sizeof(*list), by_from);
        int64_t end = INT64_MIN, sum = 0;
        if (n > RANGES) { /* more than are looked at: many small ones hide no large one */
                *ret = INT64_MAX;
                return 0;
        }
        for (size_t i = 0; i < n; i++) {
                int64_t begin = MAX(list[i].from, end);

                if (list[i].to > begin)
                        sum += list[i].to - begin;
                end = MAX(end, list[i].to);
        }
        *ret = sum;
        return 0;
}

/* ---- asking ---- */

static int people_only(struct api_call *c) {
        if (c->who.session || c->who.local)
                return 0;
        return api_refuse(c, 403, "people_only", "names are shown to people who signed in",
                          "tên chỉ được hiện cho người đã đăng nhập");
}

/* U1 */
static int find_incident(struct api_call *c, int64_t id, struct incident *i) {
        int r = people_only(c);

        if (r == 0)
                r = incident_get(c, id, "events.unmask", i);
        if (r == 0 && (span_eq(i->state, SPAN("closed")) || span_eq(i->state, SPAN("reviewed"))))
                return api_refuse(c, 409, "incident_closed",
                                  "that incident is closed: names are shown for one at work",
                                  "sự cố đã đóng: tên chỉ được hiện vì sự cố đang xử lý");
        return r;
}

static int say(struct api_call *c, int64_t incident, int64_t id, const char *en, const char *vi,
               struct span reason) {
        struct incident_entry e = {
                .kind = "note",
                .about = "unmasking",
                .about_id = id,
                .en = incident_text(c, "Names shown as they are (BC-%04lld): %s%s%.*s",
                                    (long long)id, en, reason.len ? ": " : "",
                                    (int)MIN(reason.len, 500u), reason.len ? reason.p : ""),
                .vi = incident_text(c, "Bỏ che tên (BC-%04lld): %s%s%.*s", (long long)id, vi,
                                    reason.len ? ": " : "", (int)MIN(reason.len, 500u),
                                    reason.len ? reason.p : ""),
        };

        return incident_write(c, incident, &e);
}

static int insert(struct api_call *c, const struct incident *i, struct range of, struct span q,
                  struct span reason, bool active, int64_t *ret_id) {
        int r = sql_do(c->db,
                       "INSERT INTO unmasking(incident,unit,by,reason,q,since,until,state,asked,"
                       "expires) VALUES(?1,?2,?3,?4,nullif(?5,''),?6,?7,?8,?9,?10)",
                       "iikttiisiT", i->id, i->unit, c->who.id, reason, q, of.from, of.to,
                       active ? "active" : "waiting", c->now,
                       active ? c->now + LASTS_NS : TIME_NONE);

        *ret_id = sql_last_id(c->db);
        if (r == 0)
                r = say(c, i->id, *ret_id,
                        active ? "for 24 hours" : "asked for; waits for a second person",
                        active ? "trong 24 giờ" : "yêu cầu; chờ người thứ hai duyệt", reason);
        api_tell(c, "unmasking", *ret_id, i->unit);
        return r;
}

static int ask(struct api_call *c) {
        struct range of = {api_time(c, "from"), api_time(c, "to")};
        struct incident i = {0};
        int64_t sum = 0, id = 0;
        int r = find_incident(c, api_int(c, "incident", 0), &i);

        if (r == 0 && of.to <= of.from)
                return api_fault_at(c, "to", "is not behind the beginning",
                                    "không sau thời điểm bắt đầu", "choose a later time",
                                    "chọn lúc muộn hơn");
        if (r == 0)
                r = total(c, i.id, of.from, of.to, &sum);
        if (r == 0)
                r = insert(c, &i, of, api_text(c, "q"), api_text(c, "reason"), sum <= FREE_NS, &id);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "unmasking %lld", (long long)id);
        c->detail = json_pack("{sI so so so}", "incident", (json_int_t)i.id, "from",
                              api_json_time(of.from), "to", api_json_time(of.to), "reason",
                              api_json_text(api_text(c, "reason")));
        return detail(c, id);
}

int unmask_for(struct api_call *c, int64_t incident, int64_t from, int64_t to, struct span q,
               int64_t *ret_id) {
        struct range of = {from == TIME_NONE ? 0 : from, to == TIME_NONE ? c->now + LASTS_NS : to};
        struct incident i = {0};
        int64_t sum = 0;
        int r = find_incident(c, incident, &i);

        *ret_id = 0;
        if (r == 0)
                r = MIN(sql_get_int(c->db, ret_id,
                                    "SELECT id FROM unmasking WHERE incident=?1 AND by IS ?2 AND"
                                    " state='active' AND expires>?3 AND since<=?4 AND until>=?5"
                                    " ORDER BY id DESC LIMIT 1",
                                    "ikiii", incident, c->who.id, c->now, of.from,
                                    to == TIME_NONE ? c->now : of.to),
                        0);
        if (r == 0 && *ret_id == 0) {
                r = total(c, incident, of.from, of.to, &sum);
                if (r == 0 && sum > FREE_NS)
                        return api_refuse(
                                c, 409, "approval_needed",
                                "names in more than 7 days of data need a second person's "
                                "approval: "
                                "ask for it first, or look at less",
                                "xem tên trong hơn 7 ngày dữ liệu cần người thứ hai duyệt: hãy yêu "
                                "cầu trước, hoặc thu hẹp thời gian");
                if (r == 0)
                        r = insert(c, &i, of, q, SPAN("search"), true, ret_id);
        }
        if (r != 0)
                return r;
        return sql_do(c->db, "UPDATE unmasking SET uses=uses+1, last_used=?2 WHERE id=?1", "ii",
                      *ret_id, c->now);
}

/* ---- deciding ---- */

struct unmasking {
        int64_t id, incident, unit, by, asked;
        struct span state, reason;
};

static int find(struct api_call *c, struct unmasking *u) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT id, incident, unit, ifnull(by,0), asked, state, reason FROM"
                         " unmasking WHERE id=?1",
                         "i", api_int(c, "id", 0));

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *u = (struct unmasking){.id = sql_int(q, 0),
                                .incident = sql_int(q, 1),
                                .unit = sql_int(q, 2),
                                .by = sql_int(q, 3),
                                .asked = sql_int(q, 4),
                                .state = arena_dup(c->arena, sql_span(q, 5)),
                                .reason = arena_dup(c->arena, sql_span(q, 6))};
        snprintf(c->about, sizeof(c->about), "unmasking %lld", (long long)u->id);
        return u->state.p && u->reason.p ? 0 : FAIL(-ENOMEM);
}

/* Found for who may approve it, and still open. */
static int find_open(struct api_call *c, struct unmasking *u) {
        int r = find(c, u);

        if (r == 0 && (r = api_sees(c, "events.unmask_long", u->unit)) == 0)
                return api_missing(c);
        if (r < 0)
                return r;
        if (!span_eq(u->state, SPAN("waiting")))
                return api_refuse(c, 409, "decided", "it was decided already", "đã có quyết định");
        if (u->asked <= c->now - LASTS_NS)
                return api_refuse(c, 409, "lapsed", "it lapsed: ask for it again",
                                  "yêu cầu đã hết hạn: hãy yêu cầu lại");
        return 0;
}

static int decide(struct api_call *c, bool yes) {
        struct unmasking u = {0};
        int r = find_open(c, &u);

        if (r == 0)
                r = second_good(c, u.by); /* U3 */
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE unmasking SET state=?2, decided=?3, approver=?4, "
                           "note=nullif(?5,''),"
                           " expires=?6 WHERE id=?1",
                           "isiitT", u.id, yes ? "active" : "refused", c->now, c->who.id,
                           yes ? SPAN_NONE : api_text(c, "reason"),
                           yes ? c->now + LASTS_NS : TIME_NONE);
        if (r == 0)
                r = say(c, u.incident, u.id, yes ? "approved, for 24 hours" : "refused",
                        yes ? "đã duyệt, trong 24 giờ" : "từ chối",
                        yes ? SPAN("") : api_text(c, "reason"));
        if (r != 0)
                return r;
        api_tell(c, "unmasking", u.id, u.unit);
        return detail(c, u.id);
}

static int approve(struct api_call *c) {
        return decide(c, true);
}

static int refuse(struct api_call *c) {
        return decide(c, false);
}

static int end(struct api_call *c) {
        struct unmasking u = {0};
        int r = find(c, &u);

        if (r == 0 && u.by != c->who.id)
                return api_missing(c);
        if (r == 0 && !span_eq(u.state, SPAN("active")) && !span_eq(u.state, SPAN("waiting")))
                return api_refuse(c, 409, "decided", "it has ended already", "đã kết thúc");
        if (r == 0)
                r = sql_do(c->db, "UPDATE unmasking SET state='ended' WHERE id=?1", "i", u.id);
        if (r == 0)
                r = say(c, u.incident, u.id, "ended", "kết thúc", SPAN(""));
        if (r != 0)
                return r;
        api_tell(c, "unmasking", u.id, u.unit);
        return detail(c, u.id);
}

int unmasking_decisions(struct api_call *c, struct decisions *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0";
        int r = api_scope(c, "events.unmask_long", "m.unit", &scope);

        if (r == 0)
                r = api_subtree(c, to->unit, "m.unit", &units);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT m.id, m.incident, i.code, p.name, m.asked, m.by IS NOT %lld FROM unmasking "
                "m"
                " LEFT JOIN incident i ON i.id=m.incident LEFT JOIN person p ON p.id=m.by"
                " WHERE m.state='waiting' AND m.asked>?1 AND (%s) AND (%s) ORDER BY m.asked LIMIT "
                "%d",
                (long long)c->who.id, scope, units, DECISIONS_EACH);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "i", c->now - LASTS_NS) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = decision_add(
                        to,
                        &(struct decision){.kind = "unmask",
                                           .id = sql_int(q, 0),
                                           .code = arena_printf(c->arena, "BC-%04lld",
                                                                (long long)sql_int(q, 0)),
                                           .title = SPAN("Names in more than 7 days of data"),
                                           .title_vi = SPAN("Bỏ che tên trong hơn 7 ngày dữ liệu"),
                                           .incident = sql_int(q, 1),
                                           .incident_code = sql_span(q, 2),
                                           .by = sql_span(q, 3),
                                           .asked = sql_time(q, 4),
                                           .due = sql_int(q, 4) + LASTS_NS,
                                           .mine = sql_int(q, 5) != 0});
        return r;
}

extern const struct api_binding api_unmaskings_bindings[];
const struct api_binding api_unmaskings_bindings[] = {
        {"unmaskings.list", list},
        {"unmaskings.get", get},
        {"unmaskings.ask", ask},
        {"unmaskings.approve", approve},
        {"unmaskings.refuse", refuse},
        {"unmaskings.end", end},
        {NULL, NULL},
};
