/* See settings.h. A row of table setting for each that was changed: the table of wire/settings.h has the rest. They are the
 * whole node's: who changes them holds the permission for the root. The agency's name is that of the root unit,
 * which people see everywhere; it is kept there alone.
 *
 *   G1. A value outside its range never comes into the table (api_check()), and one that came there otherwise
 *       is cut to the range when it is read. */
#include "desk/settings.h"

#include "desk/desk_impl.h"
#include "desk/people.h"
#include "wire/settings.h"

static const struct number {
        const char *name, *group;
        int64_t otherwise, least, most;
        const char *of, *en, *vi;
} numbers[] = {
#define ROW(name_, group_, otherwise_, least_, most_, of_, en_, vi_)                               \
        {#name_, group_, otherwise_, least_, most_, of_, en_, vi_},
        SETTINGS_NUMBERS(ROW)
#undef ROW
};

int setting_number(struct sql *db, const char *name, int64_t *ret) {
        const struct number *n = numbers;
        int64_t v = 0;

        while (strcmp(n->name, name) != 0)
                assert(++n < numbers + ARRAY_LEN(numbers));
        int r = sql_get_int(db, &v, "SELECT value FROM setting WHERE name=?1", "s", name);
        if (r < 0)
                return r;
        *ret = r ? MIN(MAX(v, n->least), n->most) : n->otherwise; /* G1 */
        return 0;
}

int setting_lang(struct sql *db, const char **ret) {
        int64_t one;
        int r = sql_get_int(db, &one,
                            "SELECT 1 FROM setting WHERE name='default_lang' AND value='en'", "");

        *ret = r == 1 ? "en" : "vi";
        return MIN(r, 0);
}

/* ---- reading ---- */

static json_t *nullable(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

/* Who changed it last, and when. */
static int changed(struct api_call *c, const char *name, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT s.at, p.name FROM setting s LEFT JOIN person p ON p.id=s.by"
                         " WHERE s.name=?1",
                         "s", name);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        json_object_set_new(to, "changed_at", r ? api_json_time(sql_time(q, 0)) : json_null());
        json_object_set_new(to, "changed_by_name", r ? nullable(q, 1) : json_null());
        return 0;
}

static int add(struct api_call *c, json_t *list, json_t *item) {
        const char *name = json_string_value(json_object_get(item, "name"));

        if (!item || json_array_append_new(list, item) < 0)
                return FAIL(-ENOMEM);
        return changed(c, name, item);
}

static int add_number(struct api_call *c, json_t *list, const struct number *n) {
        int64_t v;
        int r = setting_number(c->db, n->name, &v);

        return r < 0 ? r
                     : add(c, list,
                           json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:n,s:s,s:s,s:s}", "name",
                                     n->name, "group", n->group, "type", "int", "value",
                                     (json_int_t)v, "default", (json_int_t)n->otherwise, "min",
                                     (json_int_t)n->least, "max", (json_int_t)n->most, "values",
                                     "unit", n->of, "en", n->en, "vi", n->vi));
}

static int add_names(struct api_call *c, json_t *list) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        static const char shape[] = "{s:s,s:s,s:s,s:o,s:n,s:i,s:i,s:n,s:n,s:s,s:s}";
        int r = sql_rows(c->db, &q, "SELECT name, name_vi FROM unit WHERE id=1", "");

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        json_t *name = nullable(q, 0), *vi = nullable(q, 1);
        q = sql_end(q);
        r = add(c, list,
                json_pack(shape, "name", "agency_name", "group", "agency", "type", "text", "value",
                          name, "default", "min", 1, "max", 200, "values", "unit", "en",
                          "The agency's name.", "vi", "Tên cơ quan (tiếng Anh)."));
        if (r < 0) {
                json_decref(vi);
                return r;
        }
        return add(c, list,
                   json_pack(shape, "name", "agency_name_vi", "group", "agency", "type", "text",
                             "value", vi, "default", "min", 1, "max", 200, "values", "unit", "en",
                             "The agency's name in Vietnamese.", "vi", "Tên cơ quan."));
}

static int answer(struct api_call *c) {
        json_t *list = json_array();
        int64_t version = 0;
        const char *lang = "vi";
        int r = sql_get_int(c->db, &version, "SELECT value FROM setting WHERE name='version'", "");

        c->answer = json_pack("{s:I,s:o,s:O?}", "version", (json_int_t)version, "items", list,
                              "configuration", c->desk->configuration);
        if (!c->answer)
                return FAIL(-ENOMEM);
        r = MIN(r, 0);
        if (r == 0)
                r = add_names(c, list);
        if (r == 0)
                r = setting_lang(c->db, &lang);
        if (r == 0)
                r = add(c, list,
                        json_pack("{s:s,s:s,s:s,s:s,s:s,s:n,s:n,s:[s,s],s:n,s:s,s:s}", "name",
                                  "default_lang", "group", "agency", "type", "enum", "value", lang,
                                  "default", "vi", "min", "max", "values", "vi", "en", "unit", "en",
                                  "Language of new people.", "vi", "Ngôn ngữ của người mới."));
        for (size_t i = 0; i < ARRAY_LEN(numbers) && r == 0; i++)
                r = add_number(c, list, &numbers[i]);
        return r;
}

static int settings_get(struct api_call *c) {
        int r = api_may(c, "settings.read", UNIT_ROOT);

        return r == 0 ? answer(c) : r;
}

/* ---- changing ---- */

/* One that is in the request; null takes the row away. */
static int write_one(struct api_call *c, const char *name) {
        json_t *v = json_object_get(c->in, name);
        int r = 0;

        if (!v)
                return 0;
        json_object_set(c->detail, name, v);
        if (strncmp(name, "agency_name", 11) == 0) {
                r = name[11]
                            ? sql_do(c->db,
                                     "UPDATE unit SET name_vi=?1, version=version+1 WHERE"
                                     " id=1",
                                     "s", json_string_value(v))
                            : sql_do(c->db, "UPDATE unit SET name=?1, version=version+1 WHERE id=1",
                                     "s", json_string_value(v));
                api_tell(c, "unit", UNIT_ROOT, UNIT_ROOT);
        } else if (json_is_null(v)) {
                return sql_do(c->db, "DELETE FROM setting WHERE name=?1", "s", name);
        }
        if (r < 0)
                return r;
        if (json_is_integer(v))
                return sql_do(c->db,
                              "INSERT INTO setting VALUES(?1,?2,?3,?4) ON CONFLICT(name) DO UPDATE"
                              " SET value=excluded.value, at=excluded.at, by=excluded.by",
                              "siik", name, (int64_t)json_integer_value(v), c->now, c->who.id);
        return sql_do(c->db,
                      "INSERT INTO setting VALUES(?1,?2,?3,?4) ON CONFLICT(name) DO UPDATE"
                      " SET value=excluded.value, at=excluded.at, by=excluded.by",
                      "ssik", name, json_string_value(v), c->now, c->who.id);
}

static int settings_change(struct api_call *c) {
        static const char *const others[] = {"agency_name", "agency_name_vi", "default_lang"};
        int64_t version = 0;
        int r = api_may(c, "settings.write", UNIT_ROOT);

        if (r != 0)
                return r;
        r = sql_get_int(c->db, &version, "SELECT value FROM setting WHERE name='version'", "");
        if (r < 0)
                return r;
        if (version != api_int(c, "version", 0))
                return api_refuse(c, 409, "stale", "somebody changed it meanwhile",
                                  "có người vừa thay đổi mục này");
        c->detail = json_object();
        r = sql_do(c->db,
                   "INSERT INTO setting VALUES('version',1,?1,?2) ON CONFLICT(name) DO UPDATE SET"
                   " value=value+1",
                   "ik", c->now, c->who.id);
        for (size_t i = 0; i < ARRAY_LEN(others) && r == 0; i++)
                r = write_one(c, others[i]);
        for (size_t i = 0; i < ARRAY_LEN(numbers) && r == 0; i++)
                r = write_one(c, numbers[i].name);
        if (r < 0)
                return r;
        snprintf(c->about, sizeof(c->about), "settings");
        api_tell(c, "setting", version + 1, UNIT_ROOT);
        return answer(c);
}

/* ---- the configuration file ---- */

int desk_configuration(struct desk *d, struct span json) {
        json_t *v = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);

        if (!json_is_array(v)) {
                json_decref(v);
                return DESK_E_REFUSED;
        }
        json_decref(d->configuration);
        d->configuration = v;
        return 0;
}

extern const struct api_binding api_settings_bindings[];
const struct api_binding api_settings_bindings[] = {
        {"settings.get", settings_get},
        {"settings.change", settings_change},
        {0},
};
