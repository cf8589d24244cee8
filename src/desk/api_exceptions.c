/* Exceptions as people make, read and end them. One is made when an alert is dismissed (api_alerts.c), so that it says
 * what it is about by an example that somebody looked at.
 *
 *   E1. It has at least one bound with a value, an owner whom the maker sees, words, and an end within
 *       the setting 'exception_days_max' (a year at most).
 *   E2. It covers the unit of its alert and below (exempted.c X2); its maker leads there.
 *   E4. What bounds it is shown as the alert is: by pseudonyms to whoever does not work on its incident.
 *   E3. What the node says of itself cannot be silenced this way. */
#include "desk/alert_view.h"
#include "desk/decide.h"
#include "desk/desk_impl.h"
#include "desk/exceptions.h"
#include "desk/mask.h"
#include "desk/people.h"
#include "desk/settings.h"
#include "wire/api_shapes.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define SOON_NS (3 * DAY_NS)

#define BOUND(field) "SELECT '" field "' AS f, e." field " AS v WHERE e." field " IS NOT NULL"
/* With a mark before it, as alert_view.c has them. */
#define NAMED(field, mark)                                                                         \
        "SELECT '" field "' AS f, CASE WHEN %s THEN '=' ELSE " mark " END||e." field               \
        " AS v WHERE e." field " IS NOT NULL"

static struct span text_at(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

/* E4 */
static int row(struct api_call *c, json_t *row) {
        struct span user = SPAN(""), name;
        json_t *list = json_object_get(row, "by"), *b;
        size_t i;

        json_array_foreach(list, i, b) if (span_eq(text_at(b, "field"), SPAN("user"))) user =
                text_at(b, "value");
        name = user.len ? arena_dup(c->arena, span_of(user.p + 1, user.len - 1)) : SPAN("");
        bool open = user.len && *user.p == '=';
        json_array_foreach(list, i, b) {
                struct span field = text_at(b, "field"), value = text_at(b, "value");
                json_t *to = NULL;

                if (span_eq(field, SPAN("user")))
                        to = api_json_text(open ? name : mask_name(c, NAMES_USER, name));
                else if (span_eq(field, SPAN("entity")) && value.len)
                        to = api_json_text(alert_entity_shown(c, value, name));
                if (to && json_object_set_new(b, "value", to) < 0)
                        return FAIL(-ENOMEM);
        }
        return name.p ? 0 : FAIL(-ENOMEM);
}

static int spec_of(struct api_call *c, struct api_list_spec *l) {
        static const char *const names[] = {
                "e.id",
                "e.key",
                "e.origin",
                NULL,
                "e.rule",
                "(SELECT title FROM rule WHERE id=e.rule LIMIT 1)",
                "(SELECT nullif(title_vi,'') FROM rule WHERE id=e.rule LIMIT 1)",
                "e.rules",
                NULL,
                "e.owner",
                "ifnull(o.name,e.owner_text)",
                "e.reason",
                "e.text",
                "e.until",
                "e.made_at",
                "(SELECT name FROM person WHERE id=e.made_by)",
                "e.ended_at",
                "(SELECT name FROM person WHERE id=e.ended_by)",
                "e.ended_text",
                "e.alert",
                "e.unit",
                "u.name",
                "ifnull(x.count,0)",
                "x.last"};
        const char **columns = arena_array(c->arena, ARRAY_LEN(names), sizeof(*columns)), *shown;
        int r = mask_shown(c, "(SELECT incident FROM triage WHERE alert=e.alert)", &shown);
        struct span by = arena_printf(
                c->arena,
                "(SELECT json_group_array(json_object('field',f,'value',v)) FROM"
                " (" NAMED("entity", "char(48+ifnull(e.entity_kind,0))") " UNION ALL " BOUND(
                        "host") " UNION ALL " NAMED("user",
                                                    "'?'") " UNION ALL " BOUND("source") "))",
                r == 0 ? shown : "0", r == 0 ? shown : "0");
        struct span state = arena_printf(c->arena,
                                         "CASE WHEN e.ended_at IS NOT NULL THEN 'ended' WHEN"
                                         " e.until<=%lld THEN 'expired' ELSE 'active' END",
                                         (long long)c->now);

        if (r < 0 || !columns || !state.p || !by.p)
                return r < 0 ? r : FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                columns[i] = names[i] ? names[i] : i == 3 ? state.p : by.p;
        *l = (struct api_list_spec){.shape = api_exception_row,
                                    .columns = columns,
                                    .ids_first = true,
                                    .from = "exemption e LEFT JOIN person o ON o.id=e.owner"
                                            " LEFT JOIN unit u ON u.id=e.unit"
                                            " LEFT JOIN exception x ON x.id=e.key",
                                    .id = "e.id",
                                    .search = {"e.text", "e.rule", "e.host", "e.source"},
                                    .unit = "e.unit",
                                    .row = row};
        return 0;
}

static int list(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_list(c, &l);
}

static int get(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_detail(c, &l, api_int(c, "id", 0));
}

/* ---- making one ---- */

static int good_until(struct api_call *c, const char *field, int64_t until) {
        int64_t days = 0;
        int r = setting_number(c->db, "exception_days_max", &days);

        if (r < 0 || (until > c->now && until <= c->now + days * DAY_NS))
                return r;
        return api_fault_at(c, field, "is past, or later than an exception may last",
                            "đã qua, hoặc vượt thời hạn tối đa của ngoại lệ",
                            "take a day within the limit of the settings",
                            "chọn ngày trong giới hạn của cài đặt");
}

/* Whether `by` names that field; without `by`: the entity. */
static bool bounded(const json_t *by, const char *field) {
        const json_t *v;
        size_t i;

        if (!json_array_size(by))
                return strcmp(field, "entity") == 0;
        json_array_foreach(by, i, v) if (strcmp(json_string_value(v), field) == 0) return true;
        return false;
}

struct about {
        struct span rule, values[4];
        int64_t kind, rule_kind;
};
static const char *const fields[4] = {"entity", "host", "user", "source"};

static int read_alert(struct api_call *c, int64_t alert, struct about *a) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT r.id, a.entity, a.host, a.user, a.source, a.entity_kind, r.kind"
                         " FROM alert a JOIN rule r ON r.ref=a.rule WHERE a.id=?1",
                         "i", alert);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        a->rule = arena_dup(c->arena, sql_span(q, 0));
        for (int i = 0; i < 4; i++) {
                a->values[i] = arena_dup(c->arena, sql_span(q, 1 + i));
                if (!a->values[i].p)
                        return FAIL(-ENOMEM);
        }
        a->kind = sql_int(q, 5);
        a->rule_kind = sql_int(q, 6);
        return a->rule.p ? 0 : FAIL(-ENOMEM);
}

/* Bounds that were asked for; the others become nothing. E1 */
static int choose_bounds(struct api_call *c, struct about *a, const json_t *by) {
        bool any = false;

        for (size_t i = 0; i < 4; i++) {
                bool wanted = bounded(by, fields[i]);
                bool there = a->values[i].len &&
                             (i || (a->kind != ENTITY_NONE && a->kind != ENTITY_MANY));

                if (wanted && !there)
                        return api_fault_at(c, "exception.by", "this alert does not have that",
                                            "cảnh báo này không có thông tin đó",
                                            "bound it by another", "chọn trường khác");
                any |= wanted;
                if (!wanted)
                        a->values[i] = SPAN_NONE;
        }
        return any ? 0
                   : api_fault_at(c, "exception.by", "nothing bounds it", "chưa giới hạn",
                                  "choose at least one", "chọn ít nhất một");
}

static int insert(struct api_call *c, const struct about *a, int64_t alert, int64_t unit) {
        const json_t *x = json_object_get(c->in, "exception");
        int64_t owner = (int64_t)json_integer_value(json_object_get(x, "owner"));
        const char *until = json_string_value(json_object_get(x, "until"));
        const char *s[4];

        for (size_t i = 0; i < 4; i++)
                s[i] = a->values[i].p; /* of arena_dup(): they end with NUL */
        int r = sql_do(
                c->db,
                "INSERT INTO exemption(origin,rule,entity_kind,entity,host,user,source,unit,"
                "alert,owner,reason,text,until,made_at,made_by) VALUES('desk',?1,?2,?3,?4,?5,"
                "?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                "tissssiiittiik", a->rule, a->kind, s[0], s[1], s[2], s[3], unit, alert, owner,
                api_text(c, "reason"), api_text(c, "text"), time_parse_iso(span_str(until), 0),
                c->now, c->who.id);
        int64_t id = sql_last_id(c->db);
        if (r == 0)
                r = sql_do(c->db, "UPDATE exemption SET key='#'||id WHERE id=?1", "i", id);
        /* Where those of the file are counted, and `coloa alerts exceptions` reads. */
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO exception SELECT e.key, 1, ifnull(p.name,''), e.text,"
                           " e.rule, 'made at the desk, of alert '||e.alert, e.until, 0, NULL"
                           " FROM exemption e LEFT JOIN person p ON p.id=e.owner WHERE e.id=?1",
                           "i", id);
        exempted_changed(c->desk);
        api_tell(c, "exception", id, unit);
        return r;
}

int exception_make(struct api_call *c, int64_t alert, int64_t unit) {
        const json_t *x = json_object_get(c->in, "exception");
        const char *until = json_string_value(json_object_get(x, "until"));
        struct about a = {0};
        int r = api_may(c, "exceptions.write", unit);

        if (r == 0)
                r = good_until(c, "exception.until",
                               until ? time_parse_iso(span_str(until), 0) : TIME_NONE);
        if (r == 0)
                r = person_nameable(c, "exception.owner",
                                    (int64_t)json_integer_value(json_object_get(x, "owner")));
        if (r == 0 && !api_text(c, "text").len)
                r = api_fault_at(c, "text", "is missing", "chưa có",
                                 "say why this is known and harmless",
                                 "ghi vì sao điều này đã biết và vô hại");
        if (r == 0)
                r = read_alert(c, alert, &a);
        if (r == 0 && a.rule_kind == STATE_OWN) /* E3 */
                r = api_fault_at(c, "exception", "what the node says of itself cannot be silenced",
                                 "không thể tắt cảnh báo của chính nút", "put right what it says",
                                 "hãy khắc phục nguyên nhân");
        if (r == 0)
                r = choose_bounds(c, &a, json_object_get(x, "by"));
        return r == 0 ? insert(c, &a, alert, unit) : r;
}

/* ---- ending one, or not yet ---- */

/* One of the desk that did not end, for who may write exceptions there. */
static int find(struct api_call *c, int64_t id, int64_t *ret_unit) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT unit, origin='desk', ended_at FROM exemption WHERE id=?1", "i",
                         id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *ret_unit = sql_int(q, 0);
        bool ours = sql_int(q, 1) != 0, over = !sql_null(q, 2);
        r = api_may(c, "exceptions.write", *ret_unit);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "exception #%lld", (long long)id);
        if (!ours)
                return api_refuse(c, 409, "of_file",
                                  "it is of the configuration's file: change it there",
                                  "ngoại lệ này ở trong tệp cấu hình: hãy sửa ở đó");
        return over ? api_refuse(c, 409, "decided", "it ended already", "đã chấm dứt") : 0;
}

static int end(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), unit = 0;
        struct span text = api_text(c, "text");
        int r = find(c, id, &unit);

        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exemption SET ended_at=?2, ended_by=?3, ended_text=nullif(?4,'')"
                           " WHERE id=?1",
                           "iikt", id, c->now, c->who.id, text.p ? text : SPAN(""));
        if (r == 0)
                r = sql_do(c->db, "UPDATE exception SET active=0 WHERE id='#'||?1", "i", id);
        if (r != 0)
                return r;
        exempted_changed(c->desk);
        api_tell(c, "exception", id, unit);
        return get(c);
}

/* The words are added: why it still holds belongs to why it does. */
static int prolong(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), unit = 0, until = api_time(c, "until");
        int r = find(c, id, &unit);

        if (r == 0)
                r = good_until(c, "until", until);
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "UPDATE exemption SET until=?2, text=substr(text||char(10)||?3,1,8000) WHERE"
                   " id=?1",
                   "iit", id, until, api_text(c, "text"));
        if (r == 0)
                r = sql_do(c->db, "UPDATE exception SET expires=?2 WHERE id='#'||?1", "ii", id,
                           until);
        if (r < 0)
                return r;
        c->detail = json_deep_copy(c->in);
        exempted_changed(c->desk);
        api_tell(c, "exception", id, unit);
        return get(c);
}

/* What ends within days waits for its owner: prolong it, or let it end. */
int exception_decisions(struct api_call *c, struct decisions *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *scope = "0", *units = "0";
        int r = api_scope(c, "exceptions.write", "e.unit", &scope);

        if (r == 0)
                r = api_subtree(c, to->unit, "e.unit", &units);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT e.id, e.key, (SELECT title FROM rule WHERE id=e.rule LIMIT 1),"
                " (SELECT nullif(title_vi,'') FROM rule WHERE id=e.rule LIMIT 1), e.until,"
                " e.owner=?1, e.made_at FROM exemption e WHERE e.origin='desk' AND e.ended_at IS"
                " NULL AND e.until>?2 AND e.until<=?3 AND (%s) AND (%s) ORDER BY e.until LIMIT %d",
                scope, units, DECISIONS_EACH);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "iii", c->who.id, c->now, c->now + SOON_NS)
                  : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span en = sql_span(q, 2), vi = sql_null(q, 3) ? en : sql_span(q, 3);

                r = decision_add(
                        to,
                        &(struct decision){
                                .kind = "exception",
                                .id = sql_int(q, 0),
                                .code = sql_span(q, 1),
                                .title = arena_printf(c->arena, "Prolong the exception for %.*s?",
                                                      (int)en.len, en.p ? en.p : ""),
                                .title_vi = arena_printf(c->arena, "Gia hạn ngoại lệ cho %.*s?",
                                                         (int)vi.len, vi.p ? vi.p : ""),
                                .asked = sql_time(q, 6),
                                .due = sql_time(q, 4),
                                .mine = sql_int(q, 5) != 0});
        }
        return r;
}

extern const struct api_binding api_exceptions_bindings[];
const struct api_binding api_exceptions_bindings[] = {
        {"exceptions.list", list},
        {"exceptions.get", get},
        {"exceptions.end", end},
        {"exceptions.prolong", prolong},
        {0},
};
