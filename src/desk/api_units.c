/* Units: a tree (T1 of tables_people.c). The functions that add and change one are the import's too. */
#include "desk/units.h"

static const char path_names[] =
        "(SELECT json_group_array(name) FROM (SELECT a.name AS name FROM unit a"
        " WHERE substr(u.path,1,length(a.path))=a.path ORDER BY a.depth))";

static const char *const columns[] = {
        "u.id",
        "u.code",
        "u.name",
        "u.name_vi",
        "u.parent",
        path_names,
        "u.depth",
        "u.kind",
        "u.contacts",
        "(SELECT count(*) FROM unit k WHERE k.parent=u.id)",
        "(SELECT count(*) FROM person p WHERE p.unit=u.id AND p.active)",
        "u.active",
        "u.version",
};

static struct api_list_spec units(const struct api_call *c) {
        (void)c;
        return (struct api_list_spec){.columns = columns,
                                      .from = "unit u",
                                      .id = "u.id",
                                      .search = {"u.code", "u.name", "u.name_vi"},
                                      .unit = "u.id"};
}

static int units_list(struct api_call *c) {
        struct api_list_spec l = units(c);

        l.shape = c->op->answer;
        return api_list(c, &l);
}

static int show(struct api_call *c, int64_t id) {
        struct api_list_spec l = units(c);

        l.shape = api_op(api_number("units.get"))->answer;
        return api_detail(c, &l, id);
}

static int units_get(struct api_call *c) {
        return show(c, api_int(c, "id", 0));
}

/* ---- adding ---- */

int unit_code_good(struct span s) {
        if (s.len < 1 || s.len > 32)
                return 0;
        for (size_t i = 0; i < s.len; i++) {
                char low = ascii_lower(s.p[i]);

                if (!(low >= 'a' && low <= 'z') && !(low >= '0' && low <= '9') &&
                    !strchr("._-/", low))
                        return 0;
        }
        return 1;
}

static int place_of(struct sql *db, int64_t id, struct arena *a, struct span *ret_path,
                    int64_t *ret_depth) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT path, depth FROM unit WHERE id=?1", "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        *ret_path = arena_dup(a, sql_span(q, 0));
        *ret_depth = sql_int(q, 1);
        return ret_path->p ? 1 : FAIL(-ENOMEM);
}

int unit_add(struct api_call *c, const struct unit_new *u, int64_t *ret_id) {
        struct span path;
        int64_t depth, id = 0;
        int r = place_of(c->db, u->parent, c->arena, &path, &depth);

        if (r != 1)
                return r < 0 ? r : UNIT_E_PARENT;
        if (depth + 1 > UNIT_DEPTH_MAX)
                return UNIT_E_DEPTH;
        r = sql_get_int(c->db, &id, "SELECT max(id)+1 FROM unit", "");
        if (r < 0)
                return r;
        struct span own = arena_printf(c->arena, "%.*s%lld/", (int)path.len, path.p, (long long)id);
        if (!own.p)
                return FAIL(-ENOMEM);
        r = sql_do(c->db,
                   "INSERT INTO unit(id,parent,code,name,name_vi,kind,path,depth,contacts,created)"
                   " VALUES(?1,?2,?3,?4,nullif(?5,''),?6,?7,?8,?9,?10)",
                   "iitttttiti", id, u->parent, u->code, u->name, u->name_vi, u->kind, own,
                   depth + 1, u->contacts, c->now);
        *ret_id = id;
        return r == -EEXIST ? UNIT_E_CODE : r;
}

static int refuse_unit(struct api_call *c, int e) {
        if (e == UNIT_E_CODE)
                return api_fault_at(c, "code", "another unit has this code",
                                    "mã này đã có đơn vị khác dùng", "take another code",
                                    "chọn mã khác");
        if (e == UNIT_E_DEPTH)
                return api_fault_at(c, "parent", "the tree would be more than 12 levels deep",
                                    "cây đơn vị sẽ sâu quá 12 cấp", "take a unit further up",
                                    "chọn đơn vị ở cấp cao hơn");
        return api_fault_at(c, "parent", "there is no such unit, or it would be below itself",
                            "không có đơn vị này, hoặc đơn vị sẽ nằm dưới chính nó",
                            "take another unit above", "chọn đơn vị cấp trên khác");
}

static int bad_code(struct api_call *c) {
        return api_fault_at(c, "code", "it has signs that a code cannot have",
                            "mã có ký tự không hợp lệ", "letters, figures and . _ - / only",
                            "chỉ dùng chữ cái không dấu, chữ số và . _ - /");
}

static int units_add(struct api_call *c) {
        struct unit_new u = {.parent = api_int(c, "parent", 0),
                             .code = api_text(c, "code"),
                             .name = api_text(c, "name"),
                             .name_vi = api_text(c, "name_vi"),
                             .kind = api_text(c, "kind"),
                             .contacts = api_text(c, "contacts")};
        int64_t id = 0;
        int r = api_may(c, "units.write", u.parent);

        if (r == 0 && !unit_code_good(u.code))
                r = bad_code(c);
        if (r == 0)
                r = unit_add(c, &u, &id);
        if (r >= UNIT_E_CODE)
                return refuse_unit(c, r);
        if (r != 0)
                return r;
        c->answer = json_pack("{sI}", "id", (json_int_t)id);
        snprintf(c->about, sizeof(c->about), "unit %lld", (long long)id);
        api_tell(c, "unit", id, id);
        return 0;
}

/* ---- changing ---- */

/* With all that is below: paths and depths of each. */
int unit_move(struct api_call *c, int64_t id, int64_t parent) {
        struct span from, to;
        int64_t depth, to_depth, deepest = 0;
        int r = place_of(c->db, id, c->arena, &from, &depth);

        if (r == 1)
                r = place_of(c->db, parent, c->arena, &to, &to_depth);
        if (r != 1)
                return r < 0 ? r : UNIT_E_PARENT;
        if (id == UNIT_ROOT || span_starts(to, from))
                return UNIT_E_PARENT;
        r = sql_get_int(c->db, &deepest, "SELECT max(depth) FROM unit WHERE substr(path,1,?1)=?2",
                        "it", (int64_t)from.len, from);
        if (r < 0)
                return r;
        if (to_depth + 1 + deepest - depth > UNIT_DEPTH_MAX)
                return UNIT_E_DEPTH;
        struct span own = arena_printf(c->arena, "%.*s%lld/", (int)to.len, to.p, (long long)id);
        if (!own.p)
                return FAIL(-ENOMEM);
        api_rights_changed(c->desk);
        r = sql_do(c->db, "UPDATE unit SET parent=?2 WHERE id=?1", "ii", id, parent);
        return r < 0 ? r
                     : sql_do(c->db,
                              "UPDATE unit SET path=?3||substr(path,?1+1), depth=depth+?4"
                              " WHERE substr(path,1,?1)=?2",
                              "itti", (int64_t)from.len, from, own, to_depth + 1 - depth);
}

static int stale(struct api_call *c) {
        return api_refuse(c, 409, "stale", "somebody changed it meanwhile: look again",
                          "mục này vừa được người khác sửa: hãy xem lại");
}

static int move_if_asked(struct api_call *c, int64_t id) {
        int64_t parent = api_int(c, "parent", 0), is = 0;

        if (!parent)
                return 0;
        int r = sql_get_int(c->db, &is, "SELECT parent FROM unit WHERE id=?1", "i", id);
        if (r < 0 || parent == is)
                return r < 0 ? r : 0;
        r = api_may(c, "units.write", parent);
        if (r == 0)
                r = unit_move(c, id, parent);
        return r >= UNIT_E_CODE ? refuse_unit(c, r) : r;
}

/* Nothing active may be left below what is not. */
static int retire_if_asked(struct api_call *c, int64_t id) {
        int64_t n = 0;

        if (api_bool(c, "active", true))
                return 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT (SELECT count(*) FROM unit WHERE parent=?1 AND active)"
                            " + (SELECT count(*) FROM person WHERE unit=?1 AND active)",
                            "i", id);
        if (r < 0)
                return r;
        return n || id == UNIT_ROOT
                       ? api_fault_at(c, "active", "it still has units or people in use",
                                      "vẫn còn đơn vị hoặc người đang hoạt động",
                                      "move those first", "hãy chuyển chúng đi trước")
                       : 0;
}

static int units_change(struct api_call *c) {
        int64_t id = api_int(c, "id", 0);
        int r = api_may(c, "units.write", id);

        if (r == 0 && api_has(c, "code") && !unit_code_good(api_text(c, "code")))
                r = bad_code(c);
        if (r == 0)
                r = retire_if_asked(c, id);
        if (r == 0)
                r = move_if_asked(c, id);
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "UPDATE unit SET code=coalesce(?3,code), name=coalesce(?4,name),"
                   " name_vi=CASE WHEN ?5 THEN ?6 ELSE name_vi END, kind=coalesce(?7,kind),"
                   " contacts=coalesce(?8,contacts), active=coalesce(?9,active), version=version+1"
                   " WHERE id=?1 AND version=?2",
                   "iissbsssT", id, api_int(c, "version", 0), api_cstr(c, "code"),
                   api_cstr(c, "name"), api_has(c, "name_vi"), api_cstr(c, "name_vi"),
                   api_cstr(c, "kind"), api_cstr(c, "contacts"), api_flag(c, "active"));
        if (r == -EEXIST)
                return refuse_unit(c, UNIT_E_CODE);
        if (r < 0)
                return r;
        if (sql_changes(c->db) != 1)
                return stale(c);
        snprintf(c->about, sizeof(c->about), "unit %lld", (long long)id);
        c->detail = changed_fields(c);
        api_tell(c, "unit", id, id);
        return show(c, id);
}

/* ---- from a file ---- */

enum { COLUMN_CODE, COLUMN_NAME, COLUMN_NAME_VI, COLUMN_PARENT, COLUMN_KIND, COLUMN_CONTACTS };
static const struct import_column import_columns[] = {
        [COLUMN_CODE] = {"code", true, 32, false},
        [COLUMN_NAME] = {"name", true, 200, false},
        [COLUMN_NAME_VI] = {"name_vi", false, 200, false},
        [COLUMN_PARENT] = {"parent", false, 32, false},
        [COLUMN_KIND] = {"kind", false, 20, false},
        [COLUMN_CONTACTS] = {"contacts", false, 2000, true},
};

static bool kind_good(struct span s) {
        static const char *const kinds[] = {"headquarters", "ministry", "department", "division",
                                            "site",         "team",     "supplier",   "other"};

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (span_eq(s, span_str(kinds[i])))
                        return true;
        return false;
}

static int parent_of(struct api_call *c, struct import *i, struct span code, int64_t *ret) {
        *ret = UNIT_ROOT;
        int r = !code.len ? 1
                          : sql_get_int(c->db, ret, "SELECT id FROM unit WHERE code=?1", "t", code);

        if (r == 0)
                return import_fault(
                        i, COLUMN_PARENT, "no unit has this code", "không đơn vị nào có mã này",
                        "give the code of a unit that is there or further up in the file",
                        "ghi mã của đơn vị đã có hoặc ở dòng phía trên");
        if (r == 1)
                r = api_sees(c, "units.write", *ret);
        if (r == 0)
                return import_fault(i, COLUMN_PARENT, "you may not change that unit",
                                    "bạn không được sửa đơn vị đó", "take a unit of yours",
                                    "chọn đơn vị thuộc quyền của bạn");
        return r < 0 ? r : 0;
}

static int import_problem(struct import *i, int e) {
        return e == UNIT_E_DEPTH
                       ? import_fault(i, COLUMN_PARENT,
                                      "the tree would be more than 12 levels deep",
                                      "cây đơn vị sẽ sâu quá 12 cấp", "take a unit further up",
                                      "chọn đơn vị ở cấp cao hơn")
                       : import_fault(i, COLUMN_PARENT, "it would be below itself",
                                      "đơn vị sẽ nằm dưới chính nó", "take another unit above",
                                      "chọn đơn vị cấp trên khác");
}

/* One that is there: what the file says of it. An empty cell leaves what is. */
static int import_old(struct api_call *c, struct import *i, int64_t id, const struct span *row,
                      int64_t parent) {
        int64_t is = 0;
        int r = api_sees(c, "units.write", id);

        if (r == 0)
                return import_fault(i, COLUMN_CODE, "you may not change that unit",
                                    "bạn không được sửa đơn vị đó", "leave it out", "bỏ dòng này");
        if (r == 1 && row[COLUMN_PARENT].len)
                r = sql_get_int(c->db, &is, "SELECT ifnull(parent,0) FROM unit WHERE id=?1", "i",
                                id);
        if (r == 1 && row[COLUMN_PARENT].len && is != parent)
                r = unit_move(c, id, parent);
        if (r >= UNIT_E_CODE)
                return import_problem(i, r);
        return r < 0 ? r
                     : sql_do(c->db,
                              "UPDATE unit SET name=?2, name_vi=coalesce(nullif(?3,''),name_vi),"
                              " kind=coalesce(nullif(?4,''),kind),"
                              " contacts=coalesce(nullif(?5,''),contacts), version=version+1"
                              " WHERE id=?1",
                              "itttt", id, row[COLUMN_NAME], row[COLUMN_NAME_VI], row[COLUMN_KIND],
                              row[COLUMN_CONTACTS]);
}

static int import_unit(struct api_call *c, struct import *i, const struct span *row,
                       bool *ret_new) {
        struct unit_new u = {.code = row[COLUMN_CODE],
                             .name = row[COLUMN_NAME],
                             .name_vi = row[COLUMN_NAME_VI],
                             .kind = row[COLUMN_KIND].len ? row[COLUMN_KIND] : SPAN("department"),
                             .contacts = row[COLUMN_CONTACTS]};
        int64_t id = 0;
        int r;

        if (!unit_code_good(u.code))
                return import_fault(i, COLUMN_CODE, "it has signs that a code cannot have",
                                    "mã có ký tự không hợp lệ", "letters, figures and . _ - / only",
                                    "chỉ dùng chữ cái không dấu, chữ số và . _ - /");
        if (!kind_good(u.kind))
                return import_fault(i, COLUMN_KIND, "there is no such kind", "không có loại này",
                                    "headquarters, ministry, department, division, site, team, "
                                    "supplier or other",
                                    "headquarters, ministry, department, division, site, team, "
                                    "supplier hoặc other");
        r = parent_of(c, i, row[COLUMN_PARENT], &u.parent);
        if (r != 0)
                return r;
        r = sql_get_int(c->db, &id, "SELECT id FROM unit WHERE code=?1", "t", u.code);
        if (r == 1)
                return import_old(c, i, id, row, u.parent);
        *ret_new = true;
        if (r == 0)
                r = unit_add(c, &u, &id);
        return r >= UNIT_E_CODE ? import_problem(i, r) : r;
}

static int units_import(struct api_call *c) {
        return import_run(c, import_columns, ARRAY_LEN(import_columns), import_unit);
}

extern const struct api_binding api_units_bindings[];
const struct api_binding api_units_bindings[] = {
        {"units.list", units_list},     {"units.get", units_get},       {"units.add", units_add},
        {"units.change", units_change}, {"units.import", units_import}, {0},
};
