/* People, and the passwords that others give them.
 *
 *   H1. Nobody gives themselves a one-time password or a role: what one person can do alone, two must see.
 *       Who is at the node itself may (the first person is made there); both are in the audit log.
 *   H4. Who gives somebody a way in holds 'people.write' wherever that person has a role: an administrator of a site
 *       does not become, by a reset, whoever lives there and decides for all.
 *   H2. person.reset_by and reset_at say who gave a password last, as one who was made or reset by
 *       somebody may not approve what that one proposes (H2 is looked at where things are approved). */
#include "desk/settings.h"
#include "desk/units.h"

/* Of the arena, as a CSV is written long after the handler. */
static int people_spec(struct api_call *c, struct api_list_spec *ret) {
        struct span unused =
                arena_printf(c->arena, "(p.active AND ifnull(p.last_seen,p.created)<%lld)",
                             (long long)(c->now - INACTIVE_DAYS * INT64_C(86400) * NS_PER_SEC));
        struct span roles = arena_printf(
                c->arena,
                "(SELECT json_group_array(json_object('id',g.id,'role',CASE g.role WHEN 0 THEN"
                " 'officer' WHEN 1 THEN 'handler' WHEN 2 THEN 'lead' WHEN 3 THEN 'approver'"
                " WHEN 4 THEN 'owner' WHEN 5 THEN 'inspector' WHEN 6 THEN 'liaison'"
                " WHEN 7 THEN 'trainee' WHEN 8 THEN 'admin' WHEN 10 THEN 'organiser'"
                " WHEN 11 THEN 'jury' WHEN 12 THEN 'red_team' ELSE 'guest' END,"
                "'unit',g.unit,'unit_name',gu.name)) FROM role_grant g JOIN unit gu ON gu.id=g.unit"
                " WHERE g.person=p.id AND g.since<=%lld AND (g.until IS NULL OR g.until>%lld))",
                (long long)c->now, (long long)c->now);
        const char *const all[] = {
                "p.id",
                "p.login",
                "p.name",
                "p.title",
                "p.phone",
                "p.email",
                "p.unit",
                "u.name",
                "nullif(p.lang,'')",
                roles.p,
                "p.active",
                "p.created",
                "p.last_seen",
                unused.p,
                "(p.totp IS NOT NULL)",
                "(p.password IS NOT NULL)",
                "ifnull((SELECT way FROM sign_in_way WHERE person=p.id),'local')",
                "(SELECT external FROM sign_in_way WHERE person=p.id)",
                "p.reset_at",
                "p.version"};

        const char **columns = arena_alloc(c->arena, sizeof(all));

        if (!unused.p || !roles.p || !columns)
                return FAIL(-ENOMEM);
        memcpy(columns, all, sizeof(all));
        *ret = (struct api_list_spec){.shape = api_op(api_number("people.get"))->answer,
                                      .columns = columns,
                                      .from = "person p JOIN unit u ON u.id=p.unit",
                                      .id = "p.id",
                                      .search = {"p.login", "p.name", "p.title", "p.email"},
                                      .unit = "p.unit"};
        return 0;
}

static int people_list(struct api_call *c) {
        struct api_list_spec l;
        int r = people_spec(c, &l);

        return r < 0 ? r : api_list(c, &l);
}

static int show(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = people_spec(c, &l);

        return r < 0 ? r : api_detail(c, &l, id);
}

static int people_get(struct api_call *c) {
        return show(c, api_int(c, "id", 0));
}

/* What the asker wants to change, of a unit they may. */
static int may_change(struct api_call *c, int64_t id) {
        int64_t unit = 0;
        int r = person_unit(c->db, id, &unit);

        if (r < 0)
                return r;
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)id);
        return unit ? api_may(c, "people.write", unit) : api_missing(c);
}

static int not_oneself(struct api_call *c, int64_t id) {
        return id != c->who.id || c->who.local
                       ? 0
                       : api_refuse(c, 403, "oneself", "nobody does this for themselves",
                                    "không ai được làm việc này cho chính mình");
}

/* ---- adding and changing ---- */

static int login_fault(struct api_call *c) {
        return api_fault_at(c, "login", "it has signs that a login cannot have",
                            "tên đăng nhập có ký tự không hợp lệ",
                            "small letters, figures and . _ - @ only, at least 2",
                            "chỉ dùng chữ thường không dấu, chữ số và . _ - @, ít nhất 2 ký tự");
}

static int unit_there(struct api_call *c, int64_t unit) {
        int64_t one;
        int r = sql_get_int(c->db, &one, "SELECT 1 FROM unit WHERE id=?1 AND active", "i", unit);

        if (r < 0)
                return r;
        return r ? 0
                 : api_fault_at(c, "unit", "there is no such unit in use",
                                "không có đơn vị này đang hoạt động", "take another unit",
                                "chọn đơn vị khác");
}

static int people_add(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), id;
        struct span login = login_fold(c->arena, api_text(c, "login")), lang = api_text(c, "lang");
        int r = api_may(c, "people.write", unit);

        if (r == 0)
                r = unit_there(c, unit);
        if (r == 0 && !login_good(login))
                r = login_fault(c);
        const char *usual = "vi";
        if (r == 0)
                r = setting_lang(c->db, &usual);
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "INSERT INTO person(login,name,title,phone,email,unit,lang,created,created_by)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                   "ttsssitik", login, api_text(c, "name"), api_cstr(c, "title"),
                   api_cstr(c, "phone"), api_cstr(c, "email"), unit,
                   lang.len ? lang : span_str(usual), c->now, c->who.id);
        if (r == -EEXIST)
                return api_fault_at(c, "login", "somebody has this login already",
                                    "tên đăng nhập này đã có người dùng", "take another one",
                                    "chọn tên khác");
        if (r < 0)
                return r;
        id = sql_last_id(c->db);
        c->answer = json_pack("{sI}", "id", (json_int_t)id);
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)id);
        c->detail = json_pack("{so sI}", "login", api_json_text(login), "unit", (json_int_t)unit);
        api_tell(c, "person", id, unit);
        return 0;
}

static int end_access(struct api_call *c, int64_t id) {
        int r = session_end_all(c->db, id, c->who.id == id ? c->who.session : 0);

        return r < 0 ? r : sql_do(c->db, "DELETE FROM token WHERE person=?1", "i", id);
}

static int people_change(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), unit = api_int(c, "unit", 0);
        bool ends = api_has(c, "active") && !api_bool(c, "active", true);
        int r = may_change(c, id);

        if (r == 0 && unit)
                r = api_may(c, "people.write", unit);
        if (r == 0 && unit)
                r = unit_there(c, unit);
        if (r == 0 && api_has(c, "active"))
                r = not_oneself(c, id);
        if (r == 0 && id != c->who.id && (api_has(c, "active") || api_has(c, "email")))
                r = person_within(c, id);
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "UPDATE person SET name=coalesce(?3,name), unit=coalesce(?4,unit),"
                   " title=CASE WHEN ?5 THEN ?6 ELSE title END,"
                   " phone=CASE WHEN ?7 THEN ?8 ELSE phone END,"
                   " email=CASE WHEN ?9 THEN ?10 ELSE email END, lang=coalesce(?11,lang),"
                   " active=coalesce(?12,active), version=version+1 WHERE id=?1 AND version=?2",
                   "iiskbsbsbssT", id, api_int(c, "version", 0), api_cstr(c, "name"), unit,
                   api_has(c, "title"), api_cstr(c, "title"), api_has(c, "phone"),
                   api_cstr(c, "phone"), api_has(c, "email"), api_cstr(c, "email"),
                   api_cstr(c, "lang"), api_flag(c, "active"));
        if (r < 0)
                return r;
        if (sql_changes(c->db) != 1)
                return api_refuse(c, 409, "stale", "somebody changed it meanwhile: look again",
                                  "mục này vừa được người khác sửa: hãy xem lại");
        if (ends)
                r = end_access(c, id);
        c->detail = changed_fields(c);
        if (ends)
                json_object_set_new(c->detail, "active", json_false());
        api_tell(c, "person", id, unit);
        return r < 0 ? r : show(c, id);
}

static int people_sign_out(struct api_call *c) {
        int64_t id = api_int(c, "id", 0);
        int r = may_change(c, id);

        if (r == 0)
                r = person_within(c, id);
        return r != 0 ? r : end_access(c, id);
}

/* ---- one-time passwords ---- */

struct resetting {
        int64_t id;
        struct span login;
        bool made;
};

static int row_of(struct api_call *c, const char *text, struct span login, struct resetting *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = login.len ? sql_rows(c->db, &q, text, "t", login)
                          : sql_rows(c->db, &q, text, "i", api_int(c, "id", 0));

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        k->id = sql_int(q, 0);
        k->login = arena_dup(c->arena, sql_span(q, 1));
        return k->login.p ? 1 : FAIL(-ENOMEM);
}

/* The vault made one: into the row, all that was before is void. */
static int reset(struct api_call *c, const struct msg_vault_answer *a, const struct resetting *k) {
        bool totp = api_bool(c, "totp", false);

        if (a->error)
                return api_vault_busy(c);
        int r = sql_do(c->db,
                       "UPDATE person SET password=?2, password_at=?3, one_time_until=?4,"
                       " reset_by=?5, reset_at=?3, totp=CASE WHEN ?6 THEN NULL ELSE totp END,"
                       " totp_new=NULL, codes=CASE WHEN ?6 THEN NULL ELSE codes END,"
                       " codes_left=CASE WHEN ?6 THEN 0 ELSE codes_left END WHERE id=?1",
                       "ixiikb", k->id, span_of((const char *)a->box, a->box_len), c->now,
                       c->now + ONE_TIME_S * NS_PER_SEC, c->who.id, totp);
        if (r == 0) /* a password of this node from now on */
                r = sql_do(c->db, "DELETE FROM sign_in_way WHERE person=?1", "i", k->id);
        if (r == 0)
                r = end_access(c, k->id);
        if (r == 0)
                r = people_told(c, k->id, TOLD_ONE_TIME);
        if (r < 0)
                return r;
        c->answer = json_pack("{sI so so sb}", "id", (json_int_t)k->id, "login",
                              api_json_text(k->login), "password",
                              api_json_text(span_of(a->text, a->text_len)), "created", k->made);
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)k->id);
        c->detail = json_pack("{sb}", "totp", totp);
        return 0;
}

static int ask_one_time(struct api_call *c, struct resetting *k) {
        c->kept = k;
        return people_ask(c, VAULT_ONE_TIME, k->id, SPAN_NONE, SPAN_NONE);
}

static int people_one_time(struct api_call *c) {
        int64_t id = api_int(c, "id", 0);

        if (c->said)
                return reset(c, c->said, c->kept);
        struct resetting *k = arena_zalloc(c->arena, sizeof(*k));
        if (!k)
                return FAIL(-ENOMEM);
        int r = may_change(c, id);
        if (r == 0)
                r = not_oneself(c, id);
        if (r == 0)
                r = person_within(c, id);
        if (r != 0)
                return r;
        r = row_of(c, "SELECT id, login FROM person WHERE id=?1", SPAN_NONE, k);
        return r == 1 ? ask_one_time(c, k) : r < 0 ? r : api_missing(c);
}

/* The first person of all: whoever installs a node is its administrator, and its lead until there are
 * others, as an administrator alone sees nothing of what happened. No language yet: the command's is not
 * that of the browser. */
static int first_person(struct api_call *c, struct span login, struct resetting *k) {
        static const int64_t roles[] = {ROLE_ADMIN, ROLE_LEAD};
        int r = sql_do(c->db,
                       "INSERT INTO person(login,name,unit,lang,created) VALUES(?1,?1,?2,?3,?4)",
                       "tisi", login, UNIT_ROOT, "", c->now);

        k->id = sql_last_id(c->db);
        k->login = login;
        k->made = true;
        api_rights_changed(c->desk);
        for (size_t i = 0; i < ARRAY_LEN(roles) && r == 0; i++)
                r = sql_do(c->db,
                           "INSERT INTO role_grant(person,role,unit,since,given_at)"
                           " VALUES(?1,?2,?3,?4,?4)",
                           "iiii", k->id, roles[i], UNIT_ROOT, c->now);
        return r;
}

static int people_begin(struct api_call *c) {
        struct span login = login_fold(c->arena, api_text(c, "login"));
        int64_t any = 0;

        if (c->said)
                return reset(c, c->said, c->kept);
        if (!c->who.local)
                return api_refuse(c, 403, "local", "this is done at the node itself only",
                                  "việc này chỉ làm được tại chính nút");
        if (!login_good(login))
                return login_fault(c);
        struct resetting *k = arena_zalloc(c->arena, sizeof(*k));
        if (!k)
                return FAIL(-ENOMEM);
        int r = row_of(c, "SELECT id, login FROM person WHERE login=?1 AND active", login, k);
        if (r == 0) {
                r = sql_get_int(c->db, &any, "SELECT 1 FROM person LIMIT 1", "");
                if (r == 1)
                        return api_missing(c);
                if (r == 0)
                        r = first_person(c, login, k);
        }
        return r < 0 ? r : ask_one_time(c, k);
}

/* ---- from a file ---- */

enum { COL_LOGIN, COL_NAME, COL_UNIT, COL_TITLE, COL_PHONE, COL_EMAIL, COL_LANG };
static const struct import_column import_columns[] = {
        [COL_LOGIN] = {"login", true, 64, false},  [COL_NAME] = {"name", true, 200, false},
        [COL_UNIT] = {"unit", true, 32, false},    [COL_TITLE] = {"title", false, 200, false},
        [COL_PHONE] = {"phone", false, 40, false}, [COL_EMAIL] = {"email", false, 200, false},
        [COL_LANG] = {"lang", false, 2, false},
};

static int import_unit_of(struct api_call *c, struct import *i, struct span code, int64_t *ret) {
        int r = sql_get_int(c->db, ret, "SELECT id FROM unit WHERE code=?1 AND active", "t", code);

        if (r == 0)
                return import_fault(i, COL_UNIT, "no unit in use has this code",
                                    "không đơn vị nào đang hoạt động có mã này",
                                    "give the code of a unit", "ghi mã của một đơn vị");
        if (r == 1)
                r = api_sees(c, "people.write", *ret);
        if (r == 0)
                return import_fault(i, COL_UNIT, "you may not change people of that unit",
                                    "bạn không được sửa nhân sự của đơn vị đó",
                                    "take a unit of yours", "chọn đơn vị thuộc quyền của bạn");
        return r < 0 ? r : 0;
}

static int import_cells(struct import *i, const struct span *row) {
        if (!login_good(row[COL_LOGIN]))
                return import_fault(
                        i, COL_LOGIN, "it has signs that a login cannot have",
                        "tên đăng nhập có ký tự không hợp lệ",
                        "small letters, figures and . _ - @ only, at least 2",
                        "chỉ dùng chữ thường không dấu, chữ số và . _ - @, ít nhất 2 ký tự");
        if (row[COL_EMAIL].len && !memchr(row[COL_EMAIL].p, '@', row[COL_EMAIL].len))
                return import_fault(i, COL_EMAIL, "it is no e-mail address",
                                    "không phải địa chỉ thư điện tử", "write name@place",
                                    "viết dạng tên@nơi");
        if (row[COL_LANG].len && !span_eq(row[COL_LANG], SPAN("vi")) &&
            !span_eq(row[COL_LANG], SPAN("en")))
                return import_fault(i, COL_LANG, "there is no such language here",
                                    "không có ngôn ngữ này", "vi or en", "vi hoặc en");
        return 0;
}

/* One who is there may be moved only by who may change them where they are. */
static int import_old(struct api_call *c, struct import *i, int64_t id, const struct span *row,
                      int64_t unit) {
        int64_t is = 0;
        int r = person_unit(c->db, id, &is);

        if (r == 0)
                r = api_sees(c, "people.write", is);
        if (r == 0)
                return import_fault(i, COL_LOGIN, "somebody of another unit has this login",
                                    "người của đơn vị khác đã dùng tên đăng nhập này",
                                    "take another one", "chọn tên khác");
        return r < 0 ? r
                     : sql_do(c->db,
                              "UPDATE person SET name=?2, unit=?3,"
                              " title=coalesce(nullif(?4,''),title),"
                              " phone=coalesce(nullif(?5,''),phone),"
                              " email=coalesce(nullif(?6,''),email),"
                              " lang=coalesce(nullif(?7,''),lang), version=version+1 WHERE id=?1",
                              "ititttt", id, row[COL_NAME], unit, row[COL_TITLE], row[COL_PHONE],
                              row[COL_EMAIL], row[COL_LANG]);
}

static int import_person(struct api_call *c, struct import *i, const struct span *row,
                         bool *ret_new) {
        int64_t unit = 0, id = 0;
        int r = import_cells(i, row);

        if (r == 0)
                r = import_unit_of(c, i, row[COL_UNIT], &unit);
        if (r != 0)
                return r;
        r = sql_get_int(c->db, &id, "SELECT id FROM person WHERE login=?1", "t", row[COL_LOGIN]);
        if (r == 1)
                return import_old(c, i, id, row, unit);
        const char *usual = "vi";
        if (r >= 0)
                r = setting_lang(c->db, &usual);
        *ret_new = true;
        return r < 0 ? r
                     : sql_do(c->db,
                              "INSERT INTO person(login,name,title,phone,email,unit,lang,created,"
                              "created_by) VALUES(?1,?2,nullif(?3,''),nullif(?4,''),nullif(?5,''),"
                              "?6,ifnull(nullif(?7,''),?10),?8,?9)",
                              "tttttitiks", row[COL_LOGIN], row[COL_NAME], row[COL_TITLE],
                              row[COL_PHONE], row[COL_EMAIL], unit, row[COL_LANG], c->now,
                              c->who.id, usual);
}

static int people_import(struct api_call *c) {
        return import_run(c, import_columns, ARRAY_LEN(import_columns), import_person);
}

extern const struct api_binding api_people_bindings[];
const struct api_binding api_people_bindings[] = {
        {"people.list", people_list},
        {"people.get", people_get},
        {"people.add", people_add},
        {"people.change", people_change},
        {"people.one_time", people_one_time},
        {"people.begin", people_begin},
        {"people.sign_out", people_sign_out},
        {"people.import", people_import},
        {0},
};
