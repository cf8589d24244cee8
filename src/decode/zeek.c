/* Zeek's logs as tab-separated values. Directives begin with '#' and are parted by the separator:
 *
 *     #separator \x09 · #set_separator , · #empty_field (empty) · #unset_field - · #path conn
 *
 *     #fields ts uid id.orig_h … · #types time string addr …
 *
 *     1300475168.853899 C1 10.0.0.1 …
 *
 * Fields bear Zeek's names. A set or vector gives one field per element, numbered; unset is a field
 * without a value, (empty) an empty set or string. bool is true or false as in Zeek's own JSON,
 * which is what rules are written for. \xHH is undone, since Zeek writes so what is not printable
 * and the separators themselves. Times from `ts`. */
#include <stdlib.h>

#include "decode/scan.h"
#include "decode/zeek_frame.h"

#define COLUMNS_MAX 512u

enum zeek_type { ZEEK_STRING, ZEEK_NUMBER, ZEEK_TIME, ZEEK_BOOL };

struct column {
        struct span name; /* in the batch */
        uint8_t type;
        bool many;
};

struct zeek {
        struct column col[COLUMNS_MAX];
        unsigned n;
        char separator;
        struct span set_separator, empty, unset, path;
};

static void *zeek_new(void) {
        return calloc(1, sizeof(struct zeek));
}

static void zeek_free(void *priv) {
        free(priv);
}

static void reset(struct zeek *z) {
        z->n = 0;
        z->separator = '\t';
        z->set_separator = SPAN(",");
        z->empty = SPAN("(empty)");
        z->unset = SPAN("-");
        z->path = SPAN_NONE;
}

static struct span unescape(struct arena *a, struct span s) {
        size_t o = 0;

        if (s.len < 4 || !memmem(s.p, s.len, "\\x", 2))
                return s;
        char *to = arena_alloc(a, s.len);
        if (!to)
                return s;
        for (size_t i = 0; i < s.len;) {
                if (s.p[i] == '\\' && s.len - i >= 4 && s.p[i + 1] == 'x' &&
                    scan_hex(s.p[i + 2]) >= 0 && scan_hex(s.p[i + 3]) >= 0) {
                        to[o++] = (char)(scan_hex(s.p[i + 2]) << 4 | scan_hex(s.p[i + 3]));
                        i += 4;
                } else {
                        to[o++] = s.p[i++];
                }
        }
        return span_of(to, o);
}

static void set_type(struct column *c, struct span type) {
        c->many = false;
        if (scan_word(&type, SPAN("set[")) || scan_word(&type, SPAN("vector["))) {
                c->many = true;
                type.len -= type.len && type.p[type.len - 1] == ']';
        }
        c->type = ZEEK_STRING;
        if (span_eq(type, SPAN("time")))
                c->type = ZEEK_TIME;
        else if (span_eq(type, SPAN("bool")))
                c->type = ZEEK_BOOL;
        else if (span_eq(type, SPAN("count")) || span_eq(type, SPAN("int")) ||
                 span_eq(type, SPAN("double")) || span_eq(type, SPAN("port")) ||
                 span_eq(type, SPAN("interval")))
                c->type = ZEEK_NUMBER;
}

/* A line that begins with '#'. */
static void directive(struct zeek *z, struct arena *a, struct span line) {
        struct span v;
        unsigned i = 0;

        char separator;
        if (zeek_separator(line, &separator)) {
                reset(z);
                z->separator = separator;
                return;
        }
        scan_skip(&line, 1);
        if (!scan_to(&line, z->separator, &v))
                return;
        if (span_eq(v, SPAN("set_separator")))
                z->set_separator = line.len ? unescape(a, line) : z->set_separator;
        else if (span_eq(v, SPAN("empty_field")))
                z->empty = line;
        else if (span_eq(v, SPAN("unset_field")))
                z->unset = line;
        else if (span_eq(v, SPAN("path")))
                z->path = line;
        else if (span_eq(v, SPAN("fields")))
                for (z->n = 0; z->n < COLUMNS_MAX && scan_to(&line, z->separator, &v); z->n++)
                        z->col[z->n] = (struct column){.name = v};
        else if (span_eq(v, SPAN("types")))
                for (; i < z->n; i++)
                        set_type(&z->col[i], scan_to(&line, z->separator, &v) ? v : SPAN("string"));
}

static struct span without_return(struct span line) {
        line.len -= line.len && line.p[line.len - 1] == '\r';
        return line;
}

static void zeek_begin(struct decode_state *s) {
        struct span rest = s->b.preamble, line;

        reset(s->priv);
        while (scan_to(&rest, '\n', &line))
                if (line.len && *line.p == '#')
                        directive(s->priv, &s->batch_arena, without_return(line));
}

static void zeek_skip(struct decode_state *s) {
        struct span p = s->b.payload, rest, line;
        const char *nl = memchr(p.p + s->pos, '\n', p.len - s->pos);

        s->pos = nl ? (size_t)(nl + 1 - p.p) : p.len;
        rest = span_of(p.p, s->pos);
        while (scan_to(&rest, '\n', &line)) {
                scan_zeros(&line);
                if (line.len && *line.p == '#')
                        directive(s->priv, &s->batch_arena, without_return(line));
        }
}

static void add_one(struct decode_state *s, struct event *e, const struct column *c,
                    struct span v) {
        if (c->type == ZEEK_BOOL && scan_is(v, 'T'))
                field_add(s, e, c->name, SPAN("true"), V_BOOL);
        else if (c->type == ZEEK_BOOL && scan_is(v, 'F'))
                field_add(s, e, c->name, SPAN("false"), V_BOOL);
        else if (c->type != ZEEK_STRING && scan_is_number(v))
                field_add(s, e, c->name, v, V_NUM);
        else
                field_add(s, e, c->name, unescape(&s->arena, v), V_STR);
}

static void add_value(struct decode_state *s, struct event *e, const struct column *c,
                      struct span v) {
        struct zeek *z = s->priv;
        struct span one;

        if (span_eq(v, z->unset)) {
                field_add(s, e, c->name, span_of("", 0), V_NULL);
                return;
        }
        if (span_eq(v, z->empty)) {
                field_add(s, e, c->name, span_of("", 0), c->many ? V_NULL : V_STR);
                return;
        }
        if (!c->many || z->set_separator.len != 1) {
                add_one(s, e, c, v);
                return;
        }
        for (uint32_t i = 1; scan_to(&v, *z->set_separator.p, &one); i++) {
                uint32_t before = e->n;
                if (span_eq(one, z->unset))
                        field_add(s, e, c->name, span_of("", 0), V_NULL);
                else
                        add_one(s, e, c, one);
                if (e->n == before)
                        break;
                e->fields[before].arr = 1u << 16 | MIN(i, 0xffffu);
        }
}

static void read_record(struct decode_state *s, struct event *e, struct span line) {
        struct zeek *z = s->priv;
        struct column none = {.name = SPAN("extra")};
        struct span v;

        e->key1 = z->path;
        for (unsigned i = 0; scan_to(&line, z->separator, &v); i++) {
                const struct column *c = i < z->n ? &z->col[i] : &none;
                add_value(s, e, c, v);
                if (e->time == TIME_NONE && c->type == ZEEK_TIME && span_eq(c->name, SPAN("ts")))
                        e->time = time_parse_epoch(v);
        }
}

static enum decode_result zeek_next(struct decode_state *s, struct event *e,
                                    struct decode_error *err) {
        struct zeek *z = s->priv;
        struct span line;

        for (;;) {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
                if (line.len && *line.p == '#')
                        directive(z, &s->batch_arena, line);
                else if (line.len)
                        break;
        }
        e->kind = EVENT_ZEEK;
        if (z->n == 0)
                field_add(s, e, SPAN("message"), line, V_STR);
        else
                read_record(s, e, line);
        return DECODE_EVENT;
}

const struct format_ops format_zeek = {
        .new = zeek_new,
        .free = zeek_free,
        .begin = zeek_begin,
        .next = zeek_next,
        .skip = zeek_skip,
};
