/* Information systems: described by a form or by a file, found by host or address (systems.c).
 *
 *   Z1. A host, and a network of one length, belong to one system: which one an alert is of is never a
 *       guess. Networks within networks are fine: the longest prefix is meant. */
#include "desk/desk_impl.h"
#include "desk/systems.h"
#include "desk/units.h"

static const char data_column[] =
        "(SELECT json_group_array(v) FROM (SELECT 'personal' AS v WHERE s.personal UNION ALL"
        " SELECT 'sensitive' WHERE s.sensitive UNION ALL SELECT 'secret' WHERE s.secret))";

static const char *const columns[] = {
        "s.id",
        "s.code",
        "s.name",
        "s.unit",
        "u.name",
        "s.level",
        "s.level_approved",
        "s.level_decision",
        "s.owner",
        "s.operator",
        "s.purpose",
        "s.rto_s",
        "s.rpo_s",
        data_column,
        "(SELECT json_group_array(host) FROM system_host WHERE system=s.id)",
        "(SELECT json_group_array(text) FROM system_address WHERE system=s.id)",
        "(SELECT json_group_array(source) FROM system_source WHERE system=s.id)",
        "s.contacts",
        "s.active",
        "s.version",
};

static struct api_list_spec spec(void) {
        return (struct api_list_spec){.shape = api_op(api_number("systems.get"))->answer,
                                      .columns = columns,
                                      .from = "system s JOIN unit u ON u.id=s.unit",
                                      .id = "s.id",
                                      .search = {"s.code", "s.name", "s.owner", "s.operator"},
                                      .unit = "s.unit"};
}

static int systems_list(struct api_call *c) {
        struct api_list_spec l = spec();

        return api_list(c, &l);
}

static int show(struct api_call *c, int64_t id) {
        struct api_list_spec l = spec();

        return api_detail(c, &l, id);
}

static int systems_get(struct api_call *c) {
        return show(c, api_int(c, "id", 0));
}

static int system_unit(struct api_call *c, int64_t id, int64_t *ret) {
        *ret = 0;
        int r = sql_get_int(c->db, ret, "SELECT unit FROM system WHERE id=?1", "i", id);

        return r < 0 ? r : 0;
}

/* A system that the asker may not see is none to them. */
static int systems_match(struct api_call *c) {
        int64_t system = 0, unit = 0;
        int r = systems_find(&c->desk->systems, c->db, api_text(c, "host"), &system);

        if (r == 0 && system)
                r = system_unit(c, system, &unit);
        if (r == 0)
                r = system ? api_sees(c, "systems.read", unit) : 0;
        if (r < 0)
                return r;
        c->answer = json_pack("{so}", "system", r == 1 ? json_integer(system) : json_null());
        return 0;
}

/* ---- what belongs to one: hosts, addresses, sources ---- */

enum part { PART_HOSTS, PART_ADDRESSES, PART_SOURCES, PARTS };
enum { SYSTEM_E_TAKEN = 2020, SYSTEM_E_ADDRESS, SYSTEM_E_HOST };

static const char *const part_names[PARTS] = {"hosts", "addresses", "sources"};

static int forget_part(struct sql *db, enum part p, int64_t system) {
        static const char *const texts[PARTS] = {"DELETE FROM system_host WHERE system=?1",
                                                 "DELETE FROM system_address WHERE system=?1",
                                                 "DELETE FROM system_source WHERE system=?1"};

        return sql_do(db, texts[p], "i", system);
}

static bool host_good(struct span s) {
        if (!s.len || s.len > 253)
                return false;
        for (size_t i = 0; i < s.len; i++)
                if ((unsigned char)s.p[i] <= ' ' || strchr(",;|\"'<>", s.p[i]))
                        return false;
        return true;
}

/* The same one twice for one system is once. */
static int taken_by_other(struct api_call *c, const char *text, struct span a, int64_t bits,
                          int64_t system) {
        int64_t has = 0;
        int r = bits < 0 ? sql_get_int(c->db, &has, text, "x", a)
                         : sql_get_int(c->db, &has, text, "xi", a, bits);

        return r < 0 ? r : has == system ? 0 : SYSTEM_E_TAKEN;
}

/* What lies within another unit's network, or is a source that another unit's system names, is taken from them by nobody who
 * may not describe that system: its alerts and records would be read by others from then on. */
static int of_others(struct api_call *c, int64_t system) {
        int64_t unit = 0;
        int r = system_unit(c, system, &unit);

        if (r == 0)
                r = api_sees(c, "systems.write", unit);
        return r < 0 ? r : r == 1 ? 0 : SYSTEM_E_TAKEN;
}

static int network_free(struct api_call *c, const unsigned char address[16], unsigned bits) {
        unsigned char a[16];

        memcpy(a, address, sizeof(a));
        while (bits-- > 0) { /* the longest that holds it is whose it is */
                int64_t has = 0;

                a[bits / 8] &= (unsigned char)~(0x80u >> bits % 8);
                int r = sql_get_int(
                        c->db, &has,
                        "SELECT system FROM system_address WHERE address=?1 AND bits=?2", "xi",
                        span_of((const char *)a, sizeof(a)), (int64_t)bits);
                if (r != 0)
                        return r < 0 ? r : of_others(c, has);
        }
        return 0;
}

static int source_free(struct api_call *c, struct span s) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT system FROM system_source WHERE source=?1", "t", s);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = of_others(c, sql_int(q, 0));
        return r;
}

static int add_address(struct api_call *c, int64_t system, struct span s) {
        unsigned char address[16];
        char text[ADDRESS_TEXT];
        unsigned bits;

        if (address_parse(s, address, &bits, text) < 0)
                return SYSTEM_E_ADDRESS;
        int free = network_free(c, address, bits);
        if (free != 0)
                return free;
        struct span a = span_of((const char *)address, sizeof(address));
        int r = sql_do(c->db, "INSERT INTO system_address VALUES(?1,?2,?3,?4)", "xisi", a,
                       (int64_t)bits, text, system);
        return r == -EEXIST ? taken_by_other(c,
                                             "SELECT system FROM system_address WHERE address=?1"
                                             " AND bits=?2",
                                             a, bits, system)
                            : r;
}

static int add_part(struct api_call *c, enum part p, int64_t system, struct span s) {
        int64_t has = 0;
        int r;

        if (p == PART_ADDRESSES)
                return add_address(c, system, s);
        if (!host_good(s))
                return SYSTEM_E_HOST;
        if (p == PART_SOURCES) {
                r = source_free(c, s);
                return r != 0 ? r
                              : sql_do(c->db, "INSERT OR IGNORE INTO system_source VALUES(?1,?2)",
                                       "ti", s, system);
        }
        r = sql_do(c->db, "INSERT INTO system_host VALUES(?1,?2)", "ti", s, system);
        if (r != -EEXIST)
                return r;
        r = sql_get_int(c->db, &has, "SELECT system FROM system_host WHERE host=?1", "t", s);
        return r < 0 ? r : has == system ? 0 : SYSTEM_E_TAKEN;
}

static void part_texts(enum part p, int e, const char *ret[4]) {
        static const char *const taken[4] = {
                "another system has one of these already",
                "hệ thống khác đã có một trong các mục này",
                "take it from there first, or give a longer prefix",
                "bỏ khỏi hệ thống kia trước, hoặc dùng tiền tố dài hơn"};
        static const char *const address[4] = {
                "one of these is no address or network", "có mục không phải địa chỉ hay mạng",
                "write 10.1.2.0/24 or 2001:db8::1", "viết 10.1.2.0/24 hoặc 2001:db8::1"};
        static const char *const host[4] = {"one of these is no name", "có mục không phải là tên",
                                            "names without blanks and commas",
                                            "tên không có dấu cách và dấu phẩy"};

        (void)p;
        memcpy(ret,
               e == SYSTEM_E_TAKEN     ? taken
               : e == SYSTEM_E_ADDRESS ? address
                                       : host,
               sizeof(taken));
}

/* ---- by a form ---- */

static int put_part(struct api_call *c, enum part p, int64_t system) {
        const json_t *list = json_object_get(c->in, part_names[p]);
        const char *texts[4];

        if (!list)
                return 0;
        int r = forget_part(c->db, p, system);
        for (size_t i = 0; i < json_array_size(list) && r == 0; i++) {
                const json_t *v = json_array_get(list, i);

                r = add_part(c, p, system, span_of(json_string_value(v), json_string_length(v)));
        }
        if (r <= 0)
                return r;
        part_texts(p, r, texts);
        return api_fault_at(c, part_names[p], texts[0], texts[1], texts[2], texts[3]);
}

static int put_parts(struct api_call *c, int64_t system) {
        int r = 0;

        for (unsigned p = 0; p < PARTS && r == 0; p++)
                r = put_part(c, (enum part)p, system);
        return r == 0 ? systems_changed(c->db) : r;
}

/* Of `data`: TIME_NONE (NULL) when it is not given. */
static int64_t keeps(const struct api_call *c, const char *what) {
        const json_t *list = json_object_get(c->in, "data");

        for (size_t i = 0; i < json_array_size(list); i++)
                if (strcmp(json_string_value(json_array_get(list, i)), what) == 0)
                        return 1;
        return list ? 0 : TIME_NONE;
}

static int code_taken(struct api_call *c) {
        return api_fault_at(c, "code", "another system has this code",
                            "mã này đã có hệ thống khác dùng", "take another code", "chọn mã khác");
}

static int code_bad(struct api_call *c) {
        return api_fault_at(c, "code", "it has signs that a code cannot have",
                            "mã có ký tự không hợp lệ", "letters, figures and . _ - / only",
                            "chỉ dùng chữ cái không dấu, chữ số và . _ - /");
}

static int64_t number_or_none(const struct api_call *c, const char *name) {
        return api_int(c, name, TIME_NONE);
}

/* All but code and unit of a new one, and what is given of an old one. */
static int put_fields(struct api_call *c, int64_t id) {
        return sql_do(c->db,
                      "UPDATE system SET name=coalesce(?2,name), level=coalesce(?3,level),"
                      " level_approved=coalesce(?4,level_approved),"
                      " level_decision=CASE WHEN ?5 THEN ?6 ELSE level_decision END,"
                      " owner=CASE WHEN ?7 THEN ?8 ELSE owner END,"
                      " operator=CASE WHEN ?9 THEN ?10 ELSE operator END,"
                      " purpose=CASE WHEN ?11 THEN ?12 ELSE purpose END,"
                      " rto_s=CASE WHEN ?13 THEN ?14 ELSE rto_s END,"
                      " rpo_s=CASE WHEN ?15 THEN ?16 ELSE rpo_s END,"
                      " contacts=CASE WHEN ?17 THEN ?18 ELSE contacts END,"
                      " personal=coalesce(?19,personal), sensitive=coalesce(?20,sensitive),"
                      " secret=coalesce(?21,secret) WHERE id=?1",
                      "isTTbsbsbsbsbTbTbsTTT", id, api_cstr(c, "name"), number_or_none(c, "level"),
                      api_flag(c, "level_approved"), api_has(c, "level_decision"),
                      api_cstr(c, "level_decision"), api_has(c, "owner"), api_cstr(c, "owner"),
                      api_has(c, "operator"), api_cstr(c, "operator"), api_has(c, "purpose"),
                      api_cstr(c, "purpose"), api_has(c, "rto_s"), number_or_none(c, "rto_s"),
                      api_has(c, "rpo_s"), number_or_none(c, "rpo_s"), api_has(c, "contacts"),
                      api_cstr(c, "contacts"), keeps(c, "personal"), keeps(c, "sensitive"),
                      keeps(c, "secret"));
}

static int unit_there(struct api_call *c, int64_t unit) {
        int64_t one;
        int r = api_may(c, "systems.write", unit);

        if (r == 0) {
                r = sql_get_int(c->db, &one, "SELECT 1 FROM unit WHERE id=?1 AND active", "i",
                                unit);
                if (r == 0)
                        return api_fault_at(c, "unit", "there is no such unit in use",
                                            "không có đơn vị này đang hoạt động",
                                            "take another unit", "chọn đơn vị khác");
                r = r < 0 ? r : 0;
        }
        return r;
}

static int systems_add(struct api_call *c) {
        struct span code = api_text(c, "code");
        int64_t unit = api_int(c, "unit", 0);
        int r = unit_there(c, unit);

        if (r == 0 && !unit_code_good(code))
                r = code_bad(c);
        if (r != 0)
                return r;
        r = sql_do(c->db, "INSERT INTO system(code,name,unit,level,created) VALUES(?1,?2,?3,?4,?5)",
                   "ttiii", code, api_text(c, "name"), unit, api_int(c, "level", 1), c->now);
        if (r == -EEXIST)
                return code_taken(c);
        if (r < 0)
                return r;
        int64_t id = sql_last_id(c->db);
        r = put_fields(c, id);
        if (r == 0)
                r = put_parts(c, id);
        if (r != 0)
                return r;
        c->answer = json_pack("{sI}", "id", (json_int_t)id);
        snprintf(c->about, sizeof(c->about), "system %lld", (long long)id);
        api_tell(c, "system", id, unit);
        return 0;
}

static int change_head(struct api_call *c, int64_t id, int64_t unit) {
        int r = sql_do(c->db,
                       "UPDATE system SET code=coalesce(?3,code), unit=coalesce(?4,unit),"
                       " active=coalesce(?5,active), version=version+1 WHERE id=?1 AND version=?2",
                       "iiskT", id, api_int(c, "version", 0), api_cstr(c, "code"), unit,
                       api_flag(c, "active"));

        if (r == -EEXIST)
                return code_taken(c);
        if (r < 0)
                return r;
        return sql_changes(c->db) == 1
                       ? 0
                       : api_refuse(c, 409, "stale", "somebody changed it meanwhile: look again",
                                    "mục này vừa được người khác sửa: hãy xem lại");
}

static int systems_change(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), is = 0, unit = api_int(c, "unit", 0);
        int r = system_unit(c, id, &is);

        if (r < 0)
                return r;
        r = is ? api_may(c, "systems.write", is) : api_missing(c);
        if (r == 0 && unit && unit != is)
                r = unit_there(c, unit);
        if (r == 0 && api_has(c, "code") && !unit_code_good(api_text(c, "code")))
                r = code_bad(c);
        if (r == 0)
                r = change_head(c, id, unit);
        if (r == 0)
                r = put_fields(c, id);
        if (r == 0)
                r = put_parts(c, id);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "system %lld", (long long)id);
        c->detail = changed_fields(c);
        api_tell(c, "system", id, is);
        return show(c, id);
}

/* ---- by a file ---- */

enum {
        COL_CODE,
        COL_NAME,
        COL_UNIT,
        COL_LEVEL,
        COL_APPROVED,
        COL_DECISION,
        COL_OWNER,
        COL_OPERATOR,
        COL_PURPOSE,
        COL_RTO,
        COL_RPO,
        COL_DATA,
        COL_HOSTS,
        COL_ADDRESSES,
        COL_SOURCES,
        COL_CONTACTS,
};
static const struct import_column import_columns[] = {
        [COL_CODE] = {"code", true, 32, false},
        [COL_NAME] = {"name", true, 200, false},
        [COL_UNIT] = {"unit", true, 32, false},
        [COL_LEVEL] = {"level", true, 1, false},
        [COL_APPROVED] = {"level_approved", false, 5, false},
        [COL_DECISION] = {"level_decision", false, 200, false},
        [COL_OWNER] = {"owner", false, 200, false},
        [COL_OPERATOR] = {"operator", false, 200, false},
        [COL_PURPOSE] = {"purpose", false, 2000, true},
        [COL_RTO] = {"rto_s", false, 8, false},
        [COL_RPO] = {"rpo_s", false, 8, false},
        [COL_DATA] = {"data", false, 40, false},
        [COL_HOSTS] = {"hosts", false, 20000, true},
        [COL_ADDRESSES] = {"addresses", false, 20000, true},
        [COL_SOURCES] = {"sources", false, 5000, true},
        [COL_CONTACTS] = {"contacts", false, 2000, true},
};

/* The next of a list that blanks, commas or semicolons divide. */
static bool next_word(struct span *s, struct span *ret) {
        while (s->len && strchr(" ,;|\n\r\t", *s->p))
                *s = span_of(s->p + 1, s->len - 1);
        size_t n = 0;
        while (n < s->len && !strchr(" ,;|\n\r\t", s->p[n]))
                n++;
        *ret = span_of(s->p, n);
        *s = span_of(s->p + n, s->len - n);
        return n > 0;
}

/* Digits only; TIME_NONE when empty. -1: it is no number. */
static int64_t number_of(struct span s) {
        int64_t v = 0;

        if (!s.len)
                return TIME_NONE;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return -1;
                v = v * 10 + (s.p[i] - '0');
        }
        return v ? v : -1;
}

struct cells {
        int64_t unit, level, approved, rto, rpo, personal, sensitive, secret;
};

static int read_data(struct import *i, struct span s, struct cells *to) {
        struct span word;

        to->personal = to->sensitive = to->secret = s.len ? 0 : TIME_NONE;
        while (next_word(&s, &word)) {
                int64_t *flag = span_eq(word, SPAN("personal"))    ? &to->personal
                                : span_eq(word, SPAN("sensitive")) ? &to->sensitive
                                : span_eq(word, SPAN("secret"))    ? &to->secret
                                                                   : NULL;
                if (!flag)
                        return import_fault(i, COL_DATA, "there is no such kind of data",
                                            "không có loại dữ liệu này",
                                            "personal, sensitive, secret, or nothing",
                                            "personal, sensitive, secret, hoặc để trống");
                *flag = 1;
        }
        return 0;
}

static int read_cells(struct api_call *c, struct import *i, const struct span *row,
                      struct cells *to) {
        struct span yes = row[COL_APPROVED];
        int64_t level = number_of(row[COL_LEVEL]);

        *to = (struct cells){.level = level, .approved = TIME_NONE};
        if (level < 1 || level > 5)
                return import_fault(i, COL_LEVEL, "it is no level", "không phải cấp độ", "1 to 5",
                                    "từ 1 đến 5");
        if (span_ieq(yes, SPAN("yes")) || span_ieq(yes, SPAN("true")) || span_eq(yes, SPAN("1")))
                to->approved = 1;
        else if (span_ieq(yes, SPAN("no")) || span_ieq(yes, SPAN("false")) ||
                 span_eq(yes, SPAN("0")))
                to->approved = 0;
        else if (yes.len)
                return import_fault(i, COL_APPROVED, "it is neither yes nor no",
                                    "không phải yes hay no", "yes or no", "yes hoặc no");
        to->rto = number_of(row[COL_RTO]);
        to->rpo = number_of(row[COL_RPO]);
        if (to->rto == -1 || to->rpo == -1)
                return import_fault(i, to->rto == -1 ? COL_RTO : COL_RPO,
                                    "it is no number of seconds", "không phải số giây",
                                    "a number above 0, or nothing", "số lớn hơn 0, hoặc để trống");
        int r = read_data(i, row[COL_DATA], to);
        if (r != 0)
                return r;
        r = sql_get_int(c->db, &to->unit, "SELECT id FROM unit WHERE code=?1 AND active", "t",
                        row[COL_UNIT]);
        if (r == 0)
                return import_fault(i, COL_UNIT, "no unit in use has this code",
                                    "không đơn vị nào đang hoạt động có mã này",
                                    "give the code of a unit", "ghi mã của một đơn vị");
        if (r == 1)
                r = api_sees(c, "systems.write", to->unit);
        if (r == 0)
                return import_fault(i, COL_UNIT, "you may not describe systems of that unit",
                                    "bạn không được khai báo hệ thống của đơn vị đó",
                                    "take a unit of yours", "chọn đơn vị thuộc quyền của bạn");
        return r < 0 ? r : 0;
}

static int import_part(struct api_call *c, struct import *i, enum part p, int64_t system,
                       unsigned column, struct span s) {
        const char *texts[4];
        struct span word;
        int r;

        if (!s.len)
                return 0; /* an empty cell leaves what is */
        r = forget_part(c->db, p, system);
        while (r == 0 && next_word(&s, &word))
                r = add_part(c, p, system, word);
        if (r <= 0)
                return r;
        part_texts(p, r, texts);
        return import_fault(i, column, texts[0], texts[1], texts[2], texts[3]);
}

static int import_fields(struct api_call *c, int64_t id, const struct span *row,
                         const struct cells *v) {
        return sql_do(c->db,
                      "UPDATE system SET name=?2, unit=?3, level=?4,"
                      " level_approved=coalesce(?5,level_approved),"
                      " level_decision=coalesce(nullif(?6,''),level_decision),"
                      " owner=coalesce(nullif(?7,''),owner),"
                      " operator=coalesce(nullif(?8,''),operator),"
                      " purpose=coalesce(nullif(?9,''),purpose), rto_s=coalesce(?10,rto_s),"
                      " rpo_s=coalesce(?11,rpo_s), personal=coalesce(?12,personal),"
                      " sensitive=coalesce(?13,sensitive), secret=coalesce(?14,secret),"
                      " contacts=coalesce(nullif(?15,''),contacts), version=version+1 WHERE id=?1",
                      "itiiTttttTTTTTt", id, row[COL_NAME], v->unit, v->level, v->approved,
                      row[COL_DECISION], row[COL_OWNER], row[COL_OPERATOR], row[COL_PURPOSE],
                      v->rto, v->rpo, v->personal, v->sensitive, v->secret, row[COL_CONTACTS]);
}

/* The row of that code, an old one that may be changed or a new one. */
static int import_id(struct api_call *c, struct import *i, const struct span *row,
                     const struct cells *v, bool *ret_new, int64_t *ret) {
        int64_t unit = 0;
        int r = sql_get_int(c->db, ret, "SELECT id FROM system WHERE code=?1", "t", row[COL_CODE]);

        *ret_new = r == 0;
        if (r == 0) {
                r = sql_do(
                        c->db,
                        "INSERT INTO system(code,name,unit,level,created) VALUES(?1,?2,?3,?4,?5)",
                        "ttiii", row[COL_CODE], row[COL_NAME], v->unit, v->level, c->now);
                *ret = sql_last_id(c->db);
                return r;
        }
        if (r == 1)
                r = system_unit(c, *ret, &unit);
        if (r == 0)
                r = api_sees(c, "systems.write", unit);
        if (r == 0)
                return import_fault(i, COL_CODE, "a system of another unit has this code",
                                    "hệ thống của đơn vị khác đã dùng mã này", "take another code",
                                    "chọn mã khác");
        return r < 0 ? r : 0;
}

static int import_system(struct api_call *c, struct import *i, const struct span *row,
                         bool *ret_new) {
        struct cells v;
        int64_t id = 0;
        int r;

        if (!unit_code_good(row[COL_CODE]))
                return import_fault(i, COL_CODE, "it has signs that a code cannot have",
                                    "mã có ký tự không hợp lệ", "letters, figures and . _ - / only",
                                    "chỉ dùng chữ cái không dấu, chữ số và . _ - /");
        r = read_cells(c, i, row, &v);
        if (r == 0)
                r = import_id(c, i, row, &v, ret_new, &id);
        if (r == 0)
                r = import_fields(c, id, row, &v);
        if (r == 0)
                r = import_part(c, i, PART_HOSTS, id, COL_HOSTS, row[COL_HOSTS]);
        if (r == 0)
                r = import_part(c, i, PART_ADDRESSES, id, COL_ADDRESSES, row[COL_ADDRESSES]);
        if (r == 0)
                r = import_part(c, i, PART_SOURCES, id, COL_SOURCES, row[COL_SOURCES]);
        return r;
}

static int systems_import(struct api_call *c) {
        int r = systems_changed(c->db);

        return r < 0 ? r : import_run(c, import_columns, ARRAY_LEN(import_columns), import_system);
}

extern const struct api_binding api_systems_bindings[];
const struct api_binding api_systems_bindings[] = {
        {"systems.list", systems_list},
        {"systems.get", systems_get},
        {"systems.add", systems_add},
        {"systems.change", systems_change},
        {"systems.match", systems_match},
        {"systems.import", systems_import},
        {0},
};
