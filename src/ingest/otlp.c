/* See otlp.h.
 *
 *     {"timestamp":"2026-11-23T05:26:07.123456789Z","severity":"ERROR","severity_number":17,
 *      "body":…,"CommandLine":"…","resource.host.name":"web-01","scope.name":"…","trace_id":"…"}
 *
 * The log record's attributes are members of their own, under their own names, so that rules find them;
 * those of the resource and the scope have a prefix. Values keep their kind: numbers, booleans, lists
 * and maps as in JSON, bytes as base64. A record is rendered alone, from the request's bytes, when there
 * is room for it: attributes that all records of a resource share are never multiplied in memory. */
#include "ingest/otlp_impl.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"

struct otlp {
        struct otlp_proto *proto;
        struct otlp_json *json;
};

int otlp_new(struct otlp **ret, struct span body, bool json, const char **ret_what) {
        struct otlp *o = calloc(1, sizeof(*o));

        if (!o)
                return -ENOMEM;
        int r = json ? otlp_json_new(&o->json, body, ret_what)
                     : otlp_proto_new(&o->proto, body, ret_what);
        if (r < 0)
                free(o);
        else
                *ret = o;
        return r;
}

struct otlp *otlp_free(struct otlp *o) {
        if (o) {
                otlp_proto_free(o->proto);
                otlp_json_free(o->json);
                free(o);
        }
        return NULL;
}

bool otlp_next(struct otlp *o, struct buf *out) {
        return o->json ? otlp_json_next(o->json, out) : otlp_proto_next(o->proto, out);
}

static bool is_ours(struct span name) {
        static const char *const own[] = {
                "timestamp", "observed_timestamp", "severity", "severity_number",
                "body",      "trace_id",           "span_id",  "trace_flags",
                "event_name"};

        for (size_t i = 0; i < ARRAY_LEN(own); i++)
                if (span_eq(name, span_str(own[i])))
                        return true;
        return span_starts(name, SPAN("resource.")) || span_starts(name, SPAN("scope.")) ||
               span_starts(name, SPAN("attributes."));
}

void otlp_name(struct buf *b, const char *prefix, struct span name) {
        if (b->len && b->p[b->len - 1] != '{' && b->p[b->len - 1] != ',')
                buf_char(b, ',');
        buf_char(b, '"');
        buf_str(b, *prefix || !is_ours(name) ? prefix : "attributes.");
        buf_json(b, name);
        buf_str(b, "\":");
}

void otlp_string(struct buf *b, struct span s) {
        buf_char(b, '"');
        buf_json(b, s);
        buf_char(b, '"');
}

void otlp_double(struct buf *b, double v) {
        if (isfinite(v))
                buf_printf(b, "%.17g", v);
        else
                buf_str(b, isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

static void own_name(struct buf *b, const char *name) {
        if (b->len && b->p[b->len - 1] != '{')
                buf_char(b, ',');
        buf_printf(b, "\"%s\":", name);
}

void otlp_time(struct buf *b, const char *name, uint64_t ns) {
        char text[40];

        if (ns == 0 || ns > INT64_MAX)
                return;
        size_t n = time_format(text, (int64_t)ns, 9);
        own_name(b, name);
        otlp_string(b, span_of(text, n));
}

void otlp_base64(struct buf *b, struct span bytes) {
        const int variant = sodium_base64_VARIANT_ORIGINAL;
        size_t room = sodium_base64_encoded_len(bytes.len, variant);

        buf_char(b, '"');
        char *to = buf_reserve(b, room);
        if (to) {
                sodium_bin2base64(to, room, (const unsigned char *)bytes.p, bytes.len, variant);
                b->len += room - 1;
        }
        buf_char(b, '"');
}

void otlp_hex(struct buf *b, const char *name, struct span bytes) {
        char hex[65];

        if (bytes.len == 0 || bytes.len > 32)
                return;
        sodium_bin2hex(hex, sizeof(hex), (const unsigned char *)bytes.p, bytes.len);
        own_name(b, name);
        otlp_string(b, span_str(hex));
}
