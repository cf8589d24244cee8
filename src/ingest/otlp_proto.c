/* OTLP logs from protobuf: a reader of the wire format for these few messages. Every field is checked
 * before the first record is given, along a table of the messages: wire types, lengths, depth; fields
 * that the table does not know are stepped over.
 *
 *     field:  varint(number << 3 | wire type) value;  wire types: 0 varint, 1 eight bytes,
 *             2 length and bytes, 5 four bytes (3 and 4, groups, are refused)
 *
 * Invariant P1: after otlp_proto_new(), no read of a field of the table can fail. */
#include <stdlib.h>

#include "ingest/otlp_impl.h"

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct pb_field {
        uint32_t number;
        enum wire wire;
        uint64_t value; /* not of BYTES */
        struct span bytes;
};

static bool varint(struct span *in, uint64_t *ret) {
        uint64_t v = 0;

        for (unsigned i = 0; i < 10 && i < in->len; i++) {
                uint64_t b = (unsigned char)in->p[i];

                v |= (b & 0x7f) << (7 * i);
                if (b < 0x80) {
                        in->p += i + 1;
                        in->len -= i + 1;
                        *ret = v;
                        return true;
                }
        }
        return false;
}

static bool fixed(struct span *in, size_t n, uint64_t *ret) {
        if (in->len < n)
                return false;
        *ret = 0;
        memcpy(ret, in->p, n); /* little-endian, as we are */
        in->p += n;
        in->len -= n;
        return true;
}

/* Takes a field off the front. */
static bool next_field(struct span *in, struct pb_field *f) {
        uint64_t key, n;

        if (!varint(in, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
                return false;
        *f = (struct pb_field){.number = (uint32_t)(key >> 3), .wire = (enum wire)(key & 7)};
        switch (key & 7) {
        case VARINT: return varint(in, &f->value);
        case FIXED64: return fixed(in, 8, &f->value);
        case FIXED32: return fixed(in, 4, &f->value);
        case BYTES:
                if (!varint(in, &n) || n > in->len)
                        return false;
                f->bytes = span_of(in->p, (size_t)n);
                in->p += n;
                in->len -= (size_t)n;
                return true;
        default: return false;
        }
}

enum message {
        SCALAR,
        REQUEST,
        RESOURCE_LOGS,
        RESOURCE,
        SCOPE_LOGS,
        SCOPE,
        RECORD,
        KEY_VALUE,
        ANY,
        ARRAY,
        MAP,
};

static const struct {
        uint8_t in, number, wire, is;
} table[] = {
        {REQUEST, 1, BYTES, RESOURCE_LOGS},
        {RESOURCE_LOGS, 1, BYTES, RESOURCE},
        {RESOURCE_LOGS, 2, BYTES, SCOPE_LOGS},
        {RESOURCE, 1, BYTES, KEY_VALUE},
        {SCOPE_LOGS, 1, BYTES, SCOPE},
        {SCOPE_LOGS, 2, BYTES, RECORD},
        {SCOPE, 1, BYTES, SCALAR},
        {SCOPE, 2, BYTES, SCALAR},
        {RECORD, 1, FIXED64, SCALAR},
        {RECORD, 2, VARINT, SCALAR},
        {RECORD, 3, BYTES, SCALAR},
        {RECORD, 5, BYTES, ANY},
        {RECORD, 6, BYTES, KEY_VALUE},
        {RECORD, 8, FIXED32, SCALAR},
        {RECORD, 9, BYTES, SCALAR},
        {RECORD, 10, BYTES, SCALAR},
        {RECORD, 11, FIXED64, SCALAR},
        {RECORD, 12, BYTES, SCALAR},
        {KEY_VALUE, 1, BYTES, SCALAR},
        {KEY_VALUE, 2, BYTES, ANY},
        {ANY, 1, BYTES, SCALAR},
        {ANY, 2, VARINT, SCALAR},
        {ANY, 3, VARINT, SCALAR},
        {ANY, 4, FIXED64, SCALAR},
        {ANY, 5, BYTES, ARRAY},
        {ANY, 6, BYTES, MAP},
        {ANY, 7, BYTES, SCALAR},
        {ARRAY, 1, BYTES, ANY},
        {MAP, 1, BYTES, KEY_VALUE},
};

static bool check(struct span in, enum message m, unsigned depth) {
        struct pb_field f;

        if (depth > 3 * OTLP_DEPTH)
                return false;
        while (in.len) {
                if (!next_field(&in, &f))
                        return false;
                for (size_t i = 0; i < ARRAY_LEN(table); i++) {
                        if (table[i].in != m || table[i].number != f.number)
                                continue;
                        if (table[i].wire != f.wire)
                                return false;
                        if (table[i].is != SCALAR &&
                            !check(f.bytes, (enum message)table[i].is, depth + 1))
                                return false;
                }
        }
        return true;
}

struct otlp_proto {
        struct span request, resource_logs, scope_logs; /* what is left of each */
        struct buf shared;   /* attributes of the resource, and the scope, rendered */
        size_t resource_len; /* of it */
};

int otlp_proto_new(struct otlp_proto **ret, struct span body, const char **ret_what) {
        if (!check(body, REQUEST, 0)) {
                *ret_what = "body is not an OTLP logs request";
                return -EBADMSG;
        }
        struct otlp_proto *o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        o->request = body;
        o->shared.limit = OTLP_SHARED_MAX;
        *ret = o;
        return 0;
}

struct otlp_proto *otlp_proto_free(struct otlp_proto *o) {
        if (o) {
                buf_deinit(&o->shared);
                free(o);
        }
        return NULL;
}

static void render_any(struct buf *b, struct span in, unsigned depth);

static void key_value(struct span in, struct span *ret_key, struct span *ret_value) {
        struct pb_field f;

        *ret_key = *ret_value = SPAN_NONE;
        while (in.len && next_field(&in, &f)) {
                if (f.number == 1)
                        *ret_key = f.bytes;
                if (f.number == 2)
                        *ret_value = f.bytes;
        }
}

static void render_list(struct buf *b, struct span in, bool map, unsigned depth) {
        struct pb_field f;
        bool first = true;

        buf_char(b, map ? '{' : '[');
        while (in.len && next_field(&in, &f) && !b->failed) {
                struct span key, value = f.bytes;

                if (f.number != 1)
                        continue;
                if (!first)
                        buf_char(b, ',');
                first = false;
                if (map) {
                        key_value(f.bytes, &key, &value);
                        otlp_string(b, key);
                        buf_char(b, ':');
                }
                render_any(b, value, depth + 1);
        }
        buf_char(b, map ? '}' : ']');
}

/* The last of its kinds counts, as protobuf's oneof wants it. */
static void render_any(struct buf *b, struct span in, unsigned depth) {
        struct pb_field f, last = {0};
        double d;

        while (in.len && next_field(&in, &f))
                if (f.number <= 7)
                        last = f;
        if (depth > OTLP_DEPTH)
                last.number = 0;
        switch (last.number) {
        case 1: otlp_string(b, last.bytes); break;
        case 2: buf_str(b, last.value ? "true" : "false"); break;
        case 3: buf_printf(b, "%lld", (long long)last.value); break;
        case 4:
                memcpy(&d, &last.value, sizeof(d));
                otlp_double(b, d);
                break;
        case 5: render_list(b, last.bytes, false, depth); break;
        case 6: render_list(b, last.bytes, true, depth); break;
        case 7: otlp_base64(b, last.bytes); break;
        default: buf_str(b, "null"); break;
        }
}

static void render_attribute(struct buf *b, const char *prefix, struct span in) {
        struct span key, value;

        key_value(in, &key, &value);
        otlp_name(b, prefix, key);
        render_any(b, value, 0);
}

/* The resource may stand behind what it is of. */
static void begin_resource(struct otlp_proto *o, struct span in) {
        struct pb_field f, g;

        o->resource_logs = in;
        buf_reset(&o->shared);
        while (in.len && next_field(&in, &f)) {
                if (f.number != 1)
                        continue;
                while (f.bytes.len && next_field(&f.bytes, &g))
                        if (g.number == 1)
                                render_attribute(&o->shared, "resource.", g.bytes);
        }
        o->resource_len = o->shared.len;
}

static void begin_scope(struct otlp_proto *o, struct span in) {
        struct pb_field f, g;

        o->scope_logs = in;
        o->shared.len = o->resource_len;
        while (in.len && next_field(&in, &f)) {
                if (f.number != 1)
                        continue;
                while (f.bytes.len && next_field(&f.bytes, &g)) {
                        if (g.number > 2 || g.bytes.len == 0)
                                continue;
                        otlp_name(&o->shared, "scope.",
                                  g.number == 1 ? SPAN("name") : SPAN("version"));
                        otlp_string(&o->shared, g.bytes);
                }
        }
}

static void render(struct otlp_proto *o, struct span record, struct buf *b) {
        struct pb_field f, got[13] = {0};
        struct span in = record;

        while (in.len && next_field(&in, &f))
                if (f.number < ARRAY_LEN(got))
                        got[f.number] = f;
        buf_reset(b);
        buf_char(b, '{');
        otlp_time(b, "timestamp", got[1].value ? got[1].value : got[11].value);
        if (got[1].value && got[11].value)
                otlp_time(b, "observed_timestamp", got[11].value);
        if (got[3].bytes.len) {
                otlp_name(b, "severity", SPAN(""));
                otlp_string(b, got[3].bytes);
        }
        if (got[2].value) {
                otlp_name(b, "severity_number", SPAN(""));
                buf_printf(b, "%lld", (long long)got[2].value);
        }
        if (got[5].number) {
                otlp_name(b, "body", SPAN(""));
                render_any(b, got[5].bytes, 0);
        }
        if (got[12].bytes.len) {
                otlp_name(b, "event_name", SPAN(""));
                otlp_string(b, got[12].bytes);
        }
        in = record;
        while (in.len && next_field(&in, &f) && !b->failed)
                if (f.number == 6)
                        render_attribute(b, "", f.bytes);
        if (o->shared.len) {
                if (b->len > 1)
                        buf_char(b, ',');
                buf_span(b, buf_get(&o->shared));
        }
        otlp_hex(b, "trace_id", got[9].bytes);
        otlp_hex(b, "span_id", got[10].bytes);
        if (got[8].value) {
                otlp_name(b, "trace_flags", SPAN(""));
                buf_printf(b, "%lld", (long long)got[8].value);
        }
        buf_char(b, '}');
        b->failed |= o->shared.failed;
}

bool otlp_proto_next(struct otlp_proto *o, struct buf *out) {
        struct pb_field f;

        for (;;) {
                while (o->scope_logs.len && next_field(&o->scope_logs, &f))
                        if (f.number == 2) {
                                render(o, f.bytes, out);
                                return true;
                        }
                bool scope = false;
                while (!scope && o->resource_logs.len && next_field(&o->resource_logs, &f))
                        if ((scope = f.number == 2))
                                begin_scope(o, f.bytes);
                if (scope)
                        continue;
                bool resource = false;
                while (!resource && o->request.len && next_field(&o->request, &f))
                        if ((resource = f.number == 1))
                                begin_resource(o, f.bytes);
                if (!resource)
                        return false;
        }
}
