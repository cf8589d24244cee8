/* See alert_view.h. Whether names are shown is decided in SQL, with the row: the columns come with a mark before
 * the value, '=' for as it is, else what it is, and the mark never leaves. */
#include "desk/alert_view.h"

#include "desk/desk_impl.h"
#include "desk/mask.h"

int alert_view_columns(struct api_call *c, const char **ret_user, const char **ret_entity) {
        const char *shown;
        int r = mask_shown(c, "t.incident", &shown);

        if (r < 0)
                return r;
        struct span user = arena_printf(
                c->arena, "CASE WHEN %s THEN '=' ELSE '?' END || nullif(a.user,'')", shown);
        struct span entity = arena_printf(
                c->arena,
                "CASE WHEN %s THEN '=' ELSE char(48+a.entity_kind) END || nullif(a.entity,'')",
                shown);
        *ret_user = user.p;
        *ret_entity = entity.p;
        return user.p && entity.p ? 0 : FAIL(-ENOMEM);
}

static struct span text_of(const json_t *v) {
        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

struct span alert_entity_shown(struct api_call *c, struct span entity, struct span user) {
        char kind = *entity.p;
        struct span value = span_of(entity.p + 1, entity.len - 1);

        if (kind == '=')
                return value;
        if (kind == '0' + ENTITY_GROUP)
                return mask_group(c, value);
        if (kind == '0' + ENTITY_USER || (user.len && span_ieq(user, value)))
                return mask_name(c, NAMES_USER, value);
        return value;
}

int alert_view_row(struct api_call *c, json_t *row) {
        struct span user = text_of(json_object_get(row, "user"));
        struct span entity = text_of(json_object_get(row, "entity"));
        struct span name = user.len ? span_of(user.p + 1, user.len - 1) : SPAN("");

        /* Both are looked at before either is replaced: their texts live in the row. */
        json_t *e = entity.len ? api_json_text(alert_entity_shown(c, entity, name)) : NULL;
        json_t *u = user.len ? api_json_text(*user.p == '=' ? name : mask_name(c, NAMES_USER, name))
                             : NULL;
        if (e)
                json_object_set_new(row, "entity", e);
        if (u)
                json_object_set_new(row, "user", u);
        return 0;
}

/* ---- events ---- */

static void know_all(struct api_call *c, struct names *known, struct span user,
                     const json_t *fields) {
        const json_t *f;
        size_t i;

        known->n = 0;
        known->more = false;
        mask_know(c, known, NAMES_USER, user);
        json_array_foreach(fields, i, f) {
                enum names_kind kind = names_of_field(text_of(json_array_get(f, 0)));

                struct span value = text_of(json_array_get(f, 1)), name;
                size_t at = 0;

                if (kind != NAMES_NOBODY)
                        mask_know(c, known, kind, value);
                while (kind != NAMES_USER && names_home(value, &at, &name))
                        mask_know(c, known, NAMES_USER, name);
        }
}

static json_t *value_shown(struct api_call *c, const struct names *known, const json_t *f) {
        struct span name = text_of(json_array_get(f, 0)), value = text_of(json_array_get(f, 1));
        enum names_kind kind = names_of_field(name);

        if (!known)
                return json_incref(json_array_get(f, 1));
        while (json_integer_value(json_array_get(f, 4)) && value.len && /* half a name is one */
               value.p[value.len - 1] != ' ' && value.p[value.len - 1] != '"')
                value.len--;
        return api_json_text(kind == NAMES_NOBODY ? mask_text(c, value, known)
                                                  : mask_name(c, kind, value));
}

static void add_why(json_t *why, const char *name, const char *value) {
        char en[320], vi[320];

        snprintf(en, sizeof(en), "%.100s is \"%.180s\"", name, value);
        snprintf(vi, sizeof(vi), "%.100s là \"%.180s\"", name, value);
        json_t *w = json_pack("{si ss ss ss so so}", "n", (int)json_array_size(why) + 1, "field",
                              name, "op", "is", "value", value, "text_en",
                              api_json_text(span_of(en, strlen(en))), "text_vi",
                              api_json_text(span_of(vi, strlen(vi))));
        if (w)
                json_array_append_new(why, w);
}

/* One of the two events that are kept: fields as an object, and what matched into `why`. */
static void add_event(struct api_call *c, json_t *events, json_t *why, struct sql_rows *q,
                      struct names *known) {
        bool last = sql_int(q, 0) != 0;
        struct span text = sql_span(q, 1);
        json_t *o = json_loadb(text.p, text.len, JSON_ALLOW_NUL, NULL), *f, *fields = json_object();
        json_t *received = json_object_get(o, "received");
        size_t i;

        if (known)
                know_all(c, known, sql_span(q, 2), json_object_get(o, "fields"));
        json_array_foreach(json_object_get(o, "fields"), i, f) {
                const char *name = json_string_value(json_array_get(f, 0));

                if (!name || !json_is_string(json_array_get(f, 1)))
                        continue;
                json_t *value = value_shown(c, known, f);
                if (json_integer_value(json_array_get(f, 3)) && json_array_size(why) < 64 &&
                    !last && json_is_string(value))
                        add_why(why, name, json_string_value(value));
                json_object_set_new(fields, name, value);
        }
        json_array_append_new(
                events,
                json_pack("{ss sO? so so sn sb so}", "which", last ? "last" : "first", "seq",
                          json_object_get(o, "seq"), "received",
                          api_json_time(json_is_integer(received) ? json_integer_value(received)
                                                                  : TIME_NONE),
                          "fields", fields, "raw", "cut", json_is_true(json_object_get(o, "cut")),
                          "marks", json_array()));
        json_decref(o);
}

int alert_view_events(struct api_call *c, int64_t id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *events = json_array(), *why = json_array();
        struct names *known = arena_alloc(c->arena, sizeof(*known));
        const char *shown;
        int64_t open = 0;
        int r = known ? mask_shown(c, "t.incident", &shown) : FAIL(-ENOMEM);

        json_object_set_new(c->answer, "why", why);
        json_object_set_new(c->answer, "events", events);
        if (r < 0)
                return r;
        struct span sql =
                arena_printf(c->arena, "SELECT (%s) FROM triage t WHERE t.alert=?1", shown);
        r = sql.p ? MIN(sql_get_int(c->db, &open, sql.p, "i", id), 0) : FAIL(-ENOMEM);
        json_object_set_new(c->answer, "masked", json_boolean(!open));
        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT f.which, f.fields, a.user FROM fields f JOIN alert a ON"
                             " a.id=f.alert WHERE f.alert=?1 ORDER BY f.which",
                             "i", id);
        while (r == 0 && (r = sql_next(q)) == 1) {
                add_event(c, events, why, q, open ? NULL : known);
                r = 0;
        }
        return r;
}
