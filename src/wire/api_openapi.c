/* The table of operations as OpenAPI 3.1 (api.h): what `coloa api openapi` prints and doc/openapi.json holds. Nothing is
 * written here that the table does not say; what holds for all (problems, lists, who may ask) is said once. */
#include <jansson.h>
#include <stdlib.h>

#include "wire/api.h"

static json_t *schema_of(const struct api_field *f);

static json_t *properties_of(const struct api_field *fields, bool answer, json_t **ret_required) {
        json_t *o = json_object(), *required = json_array();

        for (const struct api_field *f = fields; f && f->name; f++) {
                json_object_set_new(o, f->name, schema_of(f));
                if (answer || (f->flags & API_REQUIRED))
                        json_array_append_new(required, json_string(f->name));
        }
        *ret_required = required;
        return o;
}

static json_t *object_schema(const struct api_field *fields, bool answer) {
        json_t *required, *o = json_pack("{ss}", "type", "object");

        json_object_set_new(o, "properties", properties_of(fields, answer, &required));
        if (json_array_size(required))
                json_object_set(o, "required", required);
        json_decref(required);
        if (!answer)
                json_object_set_new(o, "additionalProperties", json_false());
        return o;
}

static json_t *text_schema(const struct api_field *f) {
        json_t *o = json_pack("{ss}", "type", "string");
        int64_t most = f->max ? f->max : f->type == API_TEXT ? API_TEXT_MOST : API_STRING_MOST;
        int64_t least = f->min ? f->min : (f->flags & API_REQUIRED) != 0;

        if (least)
                json_object_set_new(o, "minLength", json_integer(least));
        json_object_set_new(o, "maxLength", json_integer(most));
        if (f->type == API_SECRET)
                json_object_set_new(o, "format", json_string("password"));
        else if (f->type == API_STRING)
                json_object_set_new(o, "pattern",
                                    json_string("^[^\\u0000-\\u001f\\u007f-\\u009f]*$"));
        return o;
}

static json_t *number_schema(const struct api_field *f) {
        json_t *o = json_pack("{ss}", "type", f->type == API_NUMBER ? "number" : "integer");

        if (f->type == API_ID) {
                json_object_set_new(o, "minimum", json_integer(1));
                json_object_set_new(o, "maximum", json_integer(INT64_MAX));
        } else if (f->min || f->max) {
                json_object_set_new(o, "minimum", json_integer(f->min));
        }
        if (f->max)
                json_object_set_new(o, "maximum", json_integer(f->max));
        return o;
}

static json_t *enum_schema(const struct api_field *f) {
        json_t *list = json_array();

        for (const char *p = f->values; p && *p;) {
                size_t n = strcspn(p, "|");

                json_array_append_new(list, json_stringn(p, n));
                p += n + (p[n] == '|');
        }
        if (f->flags & API_NULLABLE && !(f->flags & API_LIST_OF))
                json_array_append_new(list, json_null());
        return json_pack("{ss so}", "type", "string", "enum", list);
}

static json_t *one_schema(const struct api_field *f) {
        switch (f->type) {
        case API_STRING:
        case API_TEXT:
        case API_SECRET: return text_schema(f);
        case API_INT:
        case API_ID:
        case API_NUMBER: return number_schema(f);
        case API_BOOL: return json_pack("{ss}", "type", "boolean");
        case API_TIME: return json_pack("{ss ss}", "type", "string", "format", "date-time");
        case API_DATE: return json_pack("{ss ss}", "type", "string", "format", "date");
        case API_ENUM: return enum_schema(f);
        case API_HEX:
                return json_pack("{ss ss}", "type", "string", "pattern", "^([0-9a-fA-F]{2})*$");
        case API_ADDRESS:
                return json_pack("{ss s[ss]}", "type", "string", "examples", "10.0.0.0/8",
                                 "2001:db8::1");
        case API_OBJECT: return object_schema(f->fields, false);
        default: return json_object();
        }
}

static json_t *schema_of(const struct api_field *f) {
        json_t *o = one_schema(f), *type;

        if (f->flags & API_LIST_OF) {
                o = json_pack("{ss so}", "type", "array", "items", o);
                if (f->most)
                        json_object_set_new(o, "maxItems", json_integer(f->most));
                if (f->flags & API_REQUIRED)
                        json_object_set_new(o, "minItems", json_integer(1));
        }
        type = json_object_get(o, "type");
        if ((f->flags & API_NULLABLE) && json_is_string(type))
                json_object_set_new(o, "type", json_pack("[Os]", type, "null"));
        if (f->en)
                json_object_set_new(o, "description", json_string(f->en));
        if (f->vi)
                json_object_set_new(o, "x-vi", json_string(f->vi));
        return o;
}

/* ---- an operation ---- */

static bool in_path(const struct api_op *o, const struct api_field *f) {
        char name[80];

        snprintf(name, sizeof(name), "{%.70s}", f->name);
        return strstr(o->path, name) != NULL;
}

static bool in_query(const struct api_op *o, const struct api_field *f) {
        return o->method == API_GET || o->method == API_DELETE || (o->flags & API_UPLOAD) ||
               (f->flags & API_IN_QUERY);
}

static void add_parameter(json_t *list, const char *name, const char *where, bool required,
                          const struct api_field *f, bool several) {
        struct api_field one = *f;

        one.flags &= ~(uint32_t)(API_NULLABLE | (several ? 0 : API_REQUIRED));
        json_t *schema = schema_of(&one);
        if (several)
                schema = json_pack("{ss so si}", "type", "array", "items", schema, "maxItems",
                                   (int)API_FILTER_VALUES);
        json_t *p = json_pack("{ss ss so}", "name", name, "in", where, "schema", schema);
        if (required)
                json_object_set_new(p, "required", json_true());
        if (several || (f->flags & API_LIST_OF))
                json_object_set_new(p, "explode", json_true());
        json_array_append_new(list, p);
}

static void add_filters(json_t *list, const struct api_op *o) {
        static const char *const ends[] = {"", ".gte", ".lt"};

        for (const struct api_field *f = api_list_fields(); f->name; f++)
                add_parameter(list, f->name, "query", false, f, false);
        for (const struct api_field *f = o->answer; f && f->name; f++)
                for (unsigned i = 0; i < ARRAY_LEN(ends) && (f->flags & API_FILTER); i++) {
                        enum api_compare how;
                        char name[80];

                        snprintf(name, sizeof(name), "%.70s%s", f->name, ends[i]);
                        if (api_filter(o, name, &how))
                                add_parameter(list, name, "query", false, f,
                                              i == 0 && (f->type == API_ENUM || f->type == API_ID));
                }
}

static json_t *parameters_of(const struct api_op *o, json_t **ret_body) {
        json_t *list = json_array(), *properties = json_object(), *required = json_array();

        for (const struct api_field *f = o->fields; f && f->name; f++) {
                if (in_path(o, f))
                        add_parameter(list, f->name, "path", true, f, false);
                else if (in_query(o, f))
                        add_parameter(list, f->name, "query", (f->flags & API_REQUIRED) != 0, f,
                                      false);
                else {
                        json_object_set_new(properties, f->name, schema_of(f));
                        if (f->flags & API_REQUIRED)
                                json_array_append_new(required, json_string(f->name));
                }
        }
        if (o->flags & API_LIST)
                add_filters(list, o);
        if (json_object_size(properties)) {
                *ret_body = json_pack("{ss sO sb}", "type", "object", "properties", properties,
                                      "additionalProperties", 0);
                if (json_array_size(required))
                        json_object_set(*ret_body, "required", required);
        }
        json_decref(properties);
        json_decref(required);
        return list;
}

/* Shapes that several operations answer with stand once, under the id of the first. */
static const struct api_op *first_with(const struct api_field *answer) {
        for (uint32_t i = 0; i < api_count(); i++)
                if (api_op(i)->answer == answer)
                        return api_op(i);
        return NULL;
}

static json_t *answer_ref(const struct api_op *o) {
        char text[128];

        snprintf(text, sizeof(text), "#/components/schemas/%s", first_with(o->answer)->id);
        return json_pack("{ss}", "$ref", text);
}

static json_t *answer_of(const struct api_op *o) {
        if (o->flags & API_STREAM)
                return json_pack("{ss s{s{s{ss}}}}", "description", "Events, as they come",
                                 "content", "text/event-stream", "schema", "type", "string");
        if (o->flags & API_BYTES)
                return json_pack("{ss s{s{}}}", "description", "A file", "content",
                                 "application/octet-stream");
        if (!o->answer)
                return json_pack("{ss}", "description", "Done");
        json_t *schema = answer_ref(o);
        if (!(o->flags & API_LIST))
                return json_pack("{ss s{s{so}}}", "description", "Done", "content",
                                 "application/json", "schema", schema);
        schema = json_pack("{ss s{s{ss so} s{s[ss]} s{s[ss]}} s[sss]}", "type", "object",
                           "properties", "items", "type", "array", "items", schema, "next", "type",
                           "string", "null", "total", "type", "integer", "null", "required",
                           "items", "next", "total");
        return json_pack("{ss s{s{so} s{s{ss}}}}", "description", "A page of the list", "content",
                         "application/json", "schema", schema, "text/csv", "schema", "type",
                         "string");
}

static json_t *responses_of(const struct api_op *o) {
        static const char *const all[] = {"400", "403", "404", "409", "413",
                                          "415", "422", "429", "503"};
        json_t *r = json_object();

        json_object_set_new(r, o->answer || (o->flags & (API_BYTES | API_STREAM)) ? "200" : "204",
                            answer_of(o));
        if (!(o->flags & API_ANONYMOUS) || (o->method != API_GET))
                json_object_set_new(r, "401",
                                    json_pack("{ss}", "$ref", "#/components/responses/Problem"));
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
                json_object_set_new(r, all[i],
                                    json_pack("{ss}", "$ref", "#/components/responses/Problem"));
        return r;
}

static json_t *operation(const struct api_op *o) {
        char tag[64];
        json_t *body = NULL, *p = parameters_of(o, &body), *op;

        snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(o->id, "."), o->id);
        op = json_pack("{ss s[s] ss ss so}", "operationId", o->id, "tags", tag, "summary", o->en,
                       "x-vi", o->vi, "responses", responses_of(o));
        if (json_array_size(p))
                json_object_set(op, "parameters", p);
        json_decref(p);
        if (body)
                json_object_set_new(op, "requestBody",
                                    json_pack("{sb s{s{so}}}", "required", 1, "content",
                                              "application/json", "schema", body));
        else if (o->flags & API_UPLOAD)
                json_object_set_new(op, "requestBody",
                                    json_pack("{sb s{s{}}}", "required", 1, "content",
                                              "application/octet-stream"));
        if (o->permission)
                json_object_set_new(op, "x-permission", json_string(o->permission));
        if (o->flags & API_SECOND)
                json_object_set_new(op, "x-second-factor", json_true());
        if (o->flags & API_ANONYMOUS)
                json_object_set_new(op, "security", json_array());
        else if (o->flags & API_NO_TOKEN)
                json_object_set_new(op, "security", json_pack("[{s[]}]", "session"));
        return op;
}

/* ---- the whole ---- */

static json_t *components(void) {
        json_t *problem =
                json_pack("{ss s{s{ss} s{ss} s{ss} s{ss} s{ss} s{ss s{ss s{s{ss} s{ss} s{ss}} "
                          "s[sss]}}} s[ssssss]}",
                          "type", "object", "properties", "type", "type", "string", "title", "type",
                          "string", "status", "type", "integer", "detail", "type", "string", "code",
                          "type", "string", "fields", "type", "array", "items", "type", "object",
                          "properties", "field", "type", "string", "fault", "type", "string",
                          "remedy", "type", "string", "required", "field", "fault", "remedy",
                          "required", "type", "title", "status", "detail", "code", "fields");

        json_t *schemas = json_pack("{so}", "Problem", problem);
        for (uint32_t i = 0; i < api_count(); i++)
                if (api_op(i)->answer && first_with(api_op(i)->answer) == api_op(i))
                        json_object_set_new(schemas, api_op(i)->id,
                                            object_schema(api_op(i)->answer, true));
        return json_pack("{so s{s{ss s{s{s{ss}}}}} s{s{ss ss ss ss} s{ss ss}}}", "schemas", schemas,
                         "responses", "Problem", "description",
                         "Refused: why, and what to do, in the asker's language (RFC 9457)",
                         "content", "application/problem+json", "schema", "$ref",
                         "#/components/schemas/Problem", "securitySchemes", "session", "type",
                         "apiKey", "in", "cookie", "name", "coloa_session", "description",
                         "Of a person; writes need the header X-Coloa: 1. With TLS the cookie is "
                         "__Host-coloa_session.",
                         "token", "type", "http", "scheme", "bearer");
}

static int put(const char *p, size_t n, void *to) {
        buf_add(to, p, n);
        return ((struct buf *)to)->failed ? -1 : 0;
}

int api_openapi(struct buf *to) {
        json_t *paths = json_object();

        for (uint32_t i = 0; i < api_count(); i++) {
                const struct api_op *o = api_op(i);
                json_t *path = json_object_get(paths, o->path);
                char method[8];

                if (!path) {
                        path = json_object();
                        json_object_set_new(paths, o->path, path);
                }
                snprintf(method, sizeof(method), "%s", api_method_name(o->method));
                for (char *p = method; *p; p++)
                        *p = ascii_lower(*p);
                json_object_set_new(path, method, operation(o));
        }
        json_t *all =
                json_pack("{ss s{ss ss ss} so so s[{s[]} {s[]}]}", "openapi", "3.1.0", "info",
                          "title", "Coloa", "version", "1", "description",
                          "Everything that the console and the command line do at a node.", "paths",
                          paths, "components", components(), "security", "session", "token");
        int r = all && json_dump_callback(all, put, to, JSON_INDENT(1)) == 0 ? 0 : -ENOMEM;
        json_decref(all);
        buf_char(to, '\n');
        return to->failed ? -ENOMEM : r;
}
