/* OTLP logs from JSON (the protobuf mapping with OTLP's exceptions: lower camel case names, ids in
 * hexadecimal, 64-bit numbers as strings or numbers). The tree is jansson's; how large it may become is
 * bounded before by counting what makes it large. */
#include <jansson.h>
#include <stdlib.h>

#include "ingest/otlp_impl.h"

struct otlp_json {
        json_t *root;
        json_t *resources, *scopes, *records; /* borrowed; NULL: none */
        size_t resource, scope, record;       /* the next of each */
        struct buf shared;
        size_t resource_len;
};

void otlp_init(void) {
        json_object_seed(0);
}

struct parts {
        size_t containers, values;
};

/* At most: what stands in strings is counted too. */
static struct parts parts_of(struct span body) {
        struct parts n = {0, 1};

        for (size_t i = 0; i < body.len; i++) {
                n.containers += body.p[i] == '{' || body.p[i] == '[';
                n.values += body.p[i] == ',';
        }
        return n;
}

size_t otlp_json_memory(struct span body) {
        struct parts n = parts_of(body);

        return body.len + n.containers * 256 + n.values * 96;
}

static bool affordable(struct span body) {
        struct parts n = parts_of(body);

        return n.containers <= OTLP_CONTAINERS && n.values <= OTLP_VALUES;
}

/* Lists where lists must be, objects in them. */
static bool shape_ok(json_t *root) {
        json_t *resources = json_object_get(root, "resourceLogs"), *x, *y, *z;
        size_t i, k, m;

        if (!json_is_object(root) || (resources && !json_is_array(resources)))
                return false;
        json_array_foreach(resources, i, x) {
                json_t *scopes = json_object_get(x, "scopeLogs");

                if (!json_is_object(x) || (scopes && !json_is_array(scopes)))
                        return false;
                json_array_foreach(scopes, k, y) {
                        json_t *records = json_object_get(y, "logRecords");

                        if (!json_is_object(y) || (records && !json_is_array(records)))
                                return false;
                        json_array_foreach(records, m, z) if (!json_is_object(z)) return false;
                }
        }
        return true;
}

int otlp_json_new(struct otlp_json **ret, struct span body, const char **ret_what) {
        struct otlp_json *o;
        json_error_t e;

        if (!affordable(body)) {
                *ret_what = "JSON body of too many parts: send less at once";
                return -EBADMSG;
        }
        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        o->shared.limit = OTLP_SHARED_MAX;
        o->root = json_loadb(body.len ? body.p : "", body.len, JSON_ALLOW_NUL, &e);
        if (!o->root || !shape_ok(o->root)) {
                *ret_what = o->root ? "JSON body is not an OTLP logs request" : "body is not JSON";
                otlp_json_free(o);
                return -EBADMSG;
        }
        o->resources = json_object_get(o->root, "resourceLogs");
        *ret = o;
        return 0;
}

struct otlp_json *otlp_json_free(struct otlp_json *o) {
        if (o) {
                json_decref(o->root);
                buf_deinit(&o->shared);
                free(o);
        }
        return NULL;
}

static struct span text_of(const json_t *j) {
        return json_is_string(j) ? span_of(json_string_value(j), json_string_length(j))
                                 : span_of("", 0);
}

/* A number, or one in a string. */
static bool integer_of(const json_t *j, long long *ret) {
        struct span s = text_of(j);
        char *end;

        if (json_is_integer(j)) {
                *ret = json_integer_value(j);
                return true;
        }
        if (s.len == 0 || s.len > 20 || memchr(s.p, 0, s.len))
                return false;
        errno = 0;
        *ret = s.p[0] == '-' ? strtoll(s.p, &end, 10) : (long long)strtoull(s.p, &end, 10);
        return *end == 0 && errno == 0;
}

static void render_any(struct buf *b, json_t *any, unsigned depth);

static void render_list(struct buf *b, json_t *values, bool map, unsigned depth) {
        json_t *x;
        size_t i;

        buf_char(b, map ? '{' : '[');
        json_array_foreach(values, i, x) {
                if (i)
                        buf_char(b, ',');
                if (map) {
                        otlp_string(b, text_of(json_object_get(x, "key")));
                        buf_char(b, ':');
                        x = json_object_get(x, "value");
                }
                render_any(b, x, depth + 1);
                if (b->failed)
                        break;
        }
        buf_char(b, map ? '}' : ']');
}

static void render_any(struct buf *b, json_t *any, unsigned depth) {
        json_t *v;
        long long n;

        if (depth > OTLP_DEPTH)
                buf_str(b, "null");
        else if ((v = json_object_get(any, "stringValue")))
                otlp_string(b, text_of(v));
        else if ((v = json_object_get(any, "boolValue")))
                buf_str(b, json_is_true(v) ? "true" : "false");
        else if ((v = json_object_get(any, "intValue")) && integer_of(v, &n))
                buf_printf(b, "%lld", n);
        else if ((v = json_object_get(any, "doubleValue")) && json_is_number(v))
                otlp_double(b, json_number_value(v));
        else if ((v = json_object_get(any, "arrayValue")))
                render_list(b, json_object_get(v, "values"), false, depth);
        else if ((v = json_object_get(any, "kvlistValue")))
                render_list(b, json_object_get(v, "values"), true, depth);
        else if ((v = json_object_get(any, "bytesValue")))
                otlp_string(b, text_of(v)); /* base64 already */
        else
                buf_str(b, "null");
}

static void render_attributes(struct buf *b, const char *prefix, json_t *list) {
        json_t *x;
        size_t i;

        json_array_foreach(list, i, x) {
                otlp_name(b, prefix, text_of(json_object_get(x, "key")));
                render_any(b, json_object_get(x, "value"), 0);
                if (b->failed)
                        return;
        }
}

static void begin_resource(struct otlp_json *o, json_t *x) {
        o->scopes = json_object_get(x, "scopeLogs");
        o->scope = 0;
        buf_reset(&o->shared);
        render_attributes(&o->shared, "resource.",
                          json_object_get(json_object_get(x, "resource"), "attributes"));
        o->resource_len = o->shared.len;
}

static void begin_scope(struct otlp_json *o, json_t *x) {
        json_t *scope = json_object_get(x, "scope");

        o->records = json_object_get(x, "logRecords");
        o->record = 0;
        o->shared.len = o->resource_len;
        for (unsigned i = 0; i < 2; i++) {
                const char *name = i ? "version" : "name";
                struct span s = text_of(json_object_get(scope, name));

                if (s.len == 0)
                        continue;
                otlp_name(&o->shared, "scope.", span_str(name));
                otlp_string(&o->shared, s);
        }
}

static void render_text(struct buf *b, const char *name, const json_t *v) {
        struct span s = text_of(v);

        if (s.len == 0)
                return;
        otlp_name(b, name, SPAN(""));
        otlp_string(b, s);
}

static void render_number(struct buf *b, const char *name, const json_t *v) {
        long long n;

        if (!integer_of(v, &n) || n == 0)
                return;
        otlp_name(b, name, SPAN(""));
        buf_printf(b, "%lld", n);
}

static void render(struct otlp_json *o, json_t *x, struct buf *b) {
        long long time = 0, observed = 0;
        json_t *v;

        (void)integer_of(json_object_get(x, "timeUnixNano"), &time);
        (void)integer_of(json_object_get(x, "observedTimeUnixNano"), &observed);
        buf_reset(b);
        buf_char(b, '{');
        otlp_time(b, "timestamp", (uint64_t)(time ? time : observed));
        if (time && observed)
                otlp_time(b, "observed_timestamp", (uint64_t)observed);
        render_text(b, "severity", json_object_get(x, "severityText"));
        render_number(b, "severity_number", json_object_get(x, "severityNumber"));
        v = json_object_get(x, "body");
        if (v) {
                otlp_name(b, "body", SPAN(""));
                render_any(b, v, 0);
        }
        render_text(b, "event_name", json_object_get(x, "eventName"));
        render_attributes(b, "", json_object_get(x, "attributes"));
        if (o->shared.len) {
                if (b->len > 1)
                        buf_char(b, ',');
                buf_span(b, buf_get(&o->shared));
        }
        render_text(b, "trace_id", json_object_get(x, "traceId"));
        render_text(b, "span_id", json_object_get(x, "spanId"));
        render_number(b, "trace_flags", json_object_get(x, "flags"));
        buf_char(b, '}');
        b->failed |= o->shared.failed;
}

bool otlp_json_next(struct otlp_json *o, struct buf *out) {
        for (;;) {
                if (o->record < json_array_size(o->records)) {
                        render(o, json_array_get(o->records, o->record++), out);
                        return true;
                }
                if (o->scope < json_array_size(o->scopes))
                        begin_scope(o, json_array_get(o->scopes, o->scope++));
                else if (o->resource < json_array_size(o->resources))
                        begin_resource(o, json_array_get(o->resources, o->resource++));
                else
                        return false;
        }
}
