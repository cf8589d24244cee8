/* Percent-decoding is done once, as a server does; a needle like '%252e' is found in the raw value.
 * A decoded NUL or line end is kept: values are not lines. */
#include "decode/uri.h"

#include "decode/scan.h"

bool uri_decode(struct arena *a, struct span s, bool plus, struct span *ret) {
        const char *first = memchr(s.p, '%', s.len);
        size_t o = 0;

        if (s.len == 0 || (!first && (!plus || !memchr(s.p, '+', s.len))))
                return false;
        char *to = arena_alloc(a, s.len);
        if (!to)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                int hi, lo;
                if (s.p[i] == '%' && s.len - i > 2 && (hi = scan_hex(s.p[i + 1])) >= 0 &&
                    (lo = scan_hex(s.p[i + 2])) >= 0) {
                        to[o++] = (char)(hi << 4 | lo);
                        i += 2;
                } else {
                        to[o++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
                }
        }
        *ret = span_of(to, o);
        return !span_eq(s, *ret);
}

void uri_add_two(struct decode_state *s, struct event *e, struct span name, struct span a,
                 struct span b) {
        if (field_add(s, e, name, a, V_STR))
                e->fields[e->n - 1].arr = 1u << 16 | 1;
        if (field_add(s, e, name, b, V_STR))
                e->fields[e->n - 1].arr = 1u << 16 | 2;
}

void uri_add(struct decode_state *s, struct event *e, struct span name, struct span val,
             bool plus) {
        struct span plain;

        if (val.len && uri_decode(&s->arena, val, plus, &plain))
                uri_add_two(s, e, name, val, plain);
        else
                scan_add(s, e, name, val);
}

/* A blank is '+' only behind the '?'. */
static bool decode_target(struct arena *a, struct span target, size_t stem, struct span *ret) {
        struct span x = span_of(target.p, stem), y = span_of(target.p + stem, target.len - stem);
        bool changed = uri_decode(a, x, false, &x);

        changed |= uri_decode(a, y, true, &y);
        if (!changed)
                return false;
        char *to = arena_alloc(a, x.len + y.len);
        if (!to)
                return false;
        memcpy(to, x.p, x.len);
        memcpy(to + x.len, y.p, y.len);
        *ret = span_of(to, x.len + y.len);
        return true;
}

void uri_add_target(struct decode_state *s, struct event *e, struct span target) {
        const char *q = memchr(target.p, '?', target.len);
        size_t stem = q ? (size_t)(q - target.p) : target.len;
        struct span plain;

        if (decode_target(&s->arena, target, stem, &plain))
                uri_add_two(s, e, SPAN("cs-uri"), target, plain);
        else
                field_add(s, e, SPAN("cs-uri"), target, V_STR);
        uri_add(s, e, SPAN("cs-uri-stem"), span_of(target.p, stem), false);
        if (q)
                uri_add(s, e, SPAN("cs-uri-query"), span_of(q + 1, target.len - stem - 1), true);
}
