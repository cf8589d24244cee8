/* One JSON document, read by our reader and by simdjson's DOM parser (json_diff_simdjson.cc): both
 * must accept it or neither, and find the same fields. The document is tried as it is, where it is
 * an object, and as the value of a member.
 *
 * Known differences, which are not counted: we refuse more than 64 levels; simdjson refuses numbers
 * that do not fit its types, which the grammar allows (then our numbers are checked against the
 * grammar here). */
#include <math.h>

#include "decode/json_frame.h"
#include "json_diff.h"
#include "json_try.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *digits(const char *p, const char *end) {
        while (p < end && *p >= '0' && *p <= '9')
                p++;
        return p;
}

/* The grammar of RFC 8259, section 6, once more and differently. */
static bool is_number(const char *p, const char *end) {
        if (p < end && *p == '-')
                p++;
        if (p < end && *p == '0')
                p++;
        else if (digits(p, end) == p)
                return false;
        else
                p = digits(p, end);
        if (p < end && *p == '.') {
                if (digits(p + 1, end) == p + 1)
                        return false;
                p = digits(p + 1, end);
        }
        if (p < end && (*p | 0x20) == 'e') {
                p++;
                if (p < end && (*p == '+' || *p == '-'))
                        p++;
                if (digits(p, end) == p)
                        return false;
                p = digits(p, end);
        }
        return p == end;
}

/* As simdjson understands it: an integer where it is written as one and fits, else a double. False:
 * it fits nothing. */
static bool add_number(struct buf *out, const char *p, size_t len) {
        char text[2048], *end;
        bool integer = !memchr(p, '.', len) && !memchr(p, 'e', len) && !memchr(p, 'E', len);

        if (len >= sizeof(text))
                return false;
        memcpy(text, p, len);
        text[len] = 0;
        errno = 0;
        if (integer && *text == '-') {
                long long v = strtoll(text, &end, 10);
                buf_printf(out, "%lld", v);
                return errno == 0;
        }
        if (integer) {
                unsigned long long v = strtoull(text, &end, 10);
                buf_printf(out, "%llu", v);
                return errno == 0;
        }
        double v = strtod(text, &end);
        buf_printf(out, "%.17g", v);
        return isfinite(v);
}

struct ours {
        struct buf out;
        bool accepted, cut, deep;
};

static void add_event(struct ours *o, const struct event *e) {
        struct arena a;

        arena_init(&a, (size_t)64 << 20);
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                buf_add(&o->out, f->name, f->name_len);
                buf_printf(&o->out, " %u.%u.%u ", f->arr >> 16, f->arr & 0xffff, f->depth);
                if (f->type == V_NUM) {
                        assert(is_number(f->val, f->val + f->val_len));
                        add_number(&o->out, f->val, f->val_len);
                } else {
                        struct span v = value_text(f, &a);
                        assert(v.p);
                        buf_str(&o->out, f->type == V_NULL   ? "null"
                                         : f->type == V_BOOL ? "bool "
                                                             : "string ");
                        buf_span(&o->out, v);
                }
                buf_char(&o->out, '\n');
        }
        arena_deinit(&a);
        o->cut = e->cut;
}

static void read_ours(struct ours *o, struct span doc) {
        static struct decoder *d;
        char *p = calloc(1, doc.len + SLOT_PADDING);
        struct batch b = {.h.format = FORMAT_JSON, .payload = span_of(p, doc.len)};
        struct decode_error err;
        struct event e;
        enum decode_result r;
        unsigned events = 0, bad = 0;

        *o = (struct ours){0};
        memcpy(p, doc.p, doc.len);
        if (!d)
                d = decoder_new(NULL);
        decoder_begin(d, &b, 0);
        while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                if (r == DECODE_BAD) {
                        bad++;
                        o->deep |= strcmp(err.what, "nested too deep") == 0;
                        continue;
                }
                if (events++ == 0 && bad == 0) {
                        /* Alone but for blanks? */
                        bool alone = e.raw.len == RECORD_MAX;
                        size_t n = e.raw.len;
                        for (size_t i = 0; i < doc.len; i++)
                                if (p + i < e.raw.p || p + i >= e.raw.p + e.raw.len)
                                        n += strchr(" \t\r\n", p[i]) && p[i];
                        alone |= n == doc.len;
                        o->accepted = alone;
                        add_event(o, &e);
                }
        }
        o->accepted = o->accepted && events == 1 && bad == 0;
        free(p);
}

/* Does a sound document hold a number that fits none of simdjson's types? It may stand where no
 * field shows it: in the first of two members of one name. */
static bool holds_big(struct span doc) {
        struct buf none = {0};
        bool big = false;

        for (size_t i = 0; i < doc.len && !big;) {
                size_t n = 1;
                if (doc.p[i] == '"') {
                        while (i + n < doc.len && doc.p[i + n] != '"')
                                n += doc.p[i + n] == '\\' ? 2 : 1;
                        n++;
                } else if (memchr("-0123456789", doc.p[i], 11)) {
                        while (i + n < doc.len && memchr("-+.eE0123456789", doc.p[i + n], 15))
                                n++;
                        big = !add_number(&none, doc.p + i, n);
                }
                i += n;
        }
        buf_deinit(&none);
        return big;
}

static void compare(struct span doc) {
        struct ours o;
        struct json_diff theirs;

        read_ours(&o, doc);
        if (o.deep) {
                buf_deinit(&o.out);
                return;
        }
        json_diff_read(&theirs, doc.p, doc.len);
        if (theirs.number && o.accepted)
                assert(holds_big(doc));
        else
                assert(theirs.accepted == o.accepted);
        if (o.accepted && theirs.accepted && !o.cut)
                assert(span_eq(buf_get(&o.out), span_of(theirs.text, theirs.len)));
        free(theirs.text);
        buf_deinit(&o.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span doc = span_of((const char *)data, size);
        struct buf member = {0};

        json_impl_force((enum json_impl)(size % (json_impl_best() + 1u)));
        if (size && *data == '{' && json_wrapper_head(doc) == 0)
                compare(doc);
        buf_str(&member, "{\"k\":");
        buf_span(&member, doc);
        buf_str(&member, "}");
        compare(buf_get(&member));
        buf_deinit(&member);
        return 0;
}
