/* Cutting JSON between records.
 *
 * Nearly always a log is lines that each hold one object, and there a newline between '}' and '{'
 * is where to cut: in valid JSON no such newline is inside a value (in a document a comma stands
 * between '}' and '{', and a string holds no newline). So the last one is looked for from the end,
 * and the bytes before are not looked at at all. Where there is none, brackets are counted from the
 * beginning, strings passed over.
 *
 * Invariants:
 * F1  A newline ends a string (json_scan.h S2), and one between '}' and '{' ends everything: so a
 * broken record costs itself, not the rest of the input. F2  Bytes counted once are not counted
 * again: `scanned` says how far, across calls. */
#include "decode/json_frame.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

void json_framer_init(struct json_framer *f) {
        *f = (struct json_framer){0};
}

static inline bool is_blank(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end) {
        while (p < end && is_blank(*p))
                p++;
        return p;
}

/* ---- wrappers ---- */

/* The inside of the plain string at *p, moving *p behind it; false: there is none, or not all of
 * it. */
static bool plain_string(const char **p, const char *end, struct span *ret) {
        const char *q = *p;

        if (q == end || *q != '"')
                return false;
        for (q++; q < end && *q != '"' && *q != '\\' && *q != '\n'; q++)
                ;
        if (q == end || *q != '"') {
                *p = q;
                return false;
        }
        *ret = span_of(*p + 1, (size_t)(q - *p - 1));
        *p = q + 1;
        return true;
}

static bool wrapper_key(struct span k) {
        return span_eq(k, SPAN("Records")) || span_eq(k, SPAN("records")) ||
               span_eq(k, SPAN("Events")) || span_eq(k, SPAN("events")) ||
               span_eq(k, SPAN("value"));
}

/* Skips blanks, then takes c. */
static bool take(const char **p, const char *end, char c) {
        *p = skip_blanks(*p, end);
        if (*p == end || **p != c)
                return false;
        ++*p;
        return true;
}

size_t json_wrapper_head(struct span bytes) {
        const char *p = bytes.p + 1, *end = bytes.p + MIN(bytes.len, JSON_WRAPPER_MAX);
        const char *array;
        struct span k, v;

        for (;;) {
                p = skip_blanks(p, end);
                if (!plain_string(&p, end, &k) || !take(&p, end, ':'))
                        break;
                if (k.len == 0 || (*k.p != '@' && *k.p != '$')) {
                        if (!wrapper_key(k))
                                return 0;
                        if (!take(&p, end, '['))
                                break;
                        array = p;
                        p = skip_blanks(p, end);
                        if (p < end)
                                return *p == '{' || *p == ']' ? (size_t)(array - bytes.p) : 0;
                        break;
                }
                p = skip_blanks(p, end);
                if (!plain_string(&p, end, &v) || !take(&p, end, ','))
                        break;
        }
        /* Whatever broke off: at the end of the bytes, more of them may tell. */
        return p == end && bytes.len < JSON_WRAPPER_MAX ? SIZE_MAX : 0;
}

/* ---- lines ---- */

/* The end of the last line that ends an object and is followed by one, or 0. In a file of lines the
 * first try finds it. */
static size_t last_line(struct span b) {
        size_t len = b.len;

        for (unsigned tries = 8; tries && len > 1; tries--) {
                const char *nl = memrchr(b.p, '\n', len - 1);
                if (!nl)
                        return 0;
                size_t n = (size_t)(nl - b.p);
                if (nl[1] == '{' && n > 0 &&
                    (nl[-1] == '}' || (nl[-1] == '\r' && n > 1 && nl[-2] == '}')))
                        return n + 1;
                len = n + 1;
        }
        return 0;
}

/* ---- counting ---- */

/* Inside a string: up to the next byte that matters there. */
static const char *string_on(const char *p, const char *end) {
#ifdef __SSE2__
        for (; end - p >= 16; p += 16) {
                __m128i v = _mm_loadu_si128((const __m128i *)p);
                __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                                        _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
                                           _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
                int m = _mm_movemask_epi8(hit);
                if (m)
                        return p + __builtin_ctz((unsigned)m);
        }
#endif
        while (p < end && *p != '"' && *p != '\\' && *p != '\n')
                p++;
        return p;
}

/* '{' or '[' at p. False: more bytes are needed to tell what it begins. */
static bool open_at(struct json_framer *f, struct span b, const char **pp, bool end) {
        const char *p = *pp;

        if (f->depth == f->base) {
                f->column = (size_t)(p - b.p) - f->line + (f->line ? 0 : f->line_len);
                if (*p == '[' && f->base == 0) {
                        f->base = 1;
                        f->head = true;
                } else if (*p == '{' && f->base == 0) {
                        size_t n = json_wrapper_head(span_of(p, (size_t)(b.p + b.len - p)));
                        if (n == SIZE_MAX && !end)
                                return false;
                        if (n != 0 && n != SIZE_MAX) {
                                f->base = f->depth = 2;
                                f->head = true;
                                *pp = p + n;
                                return true;
                        }
                }
        }
        f->depth++;
        *pp = p + 1;
        return true;
}

/* '}' or ']' at *p; true: a piece may end behind it. */
static bool close_at(struct json_framer *f, char c) {
        if (f->depth == f->base) {
                if (c == ']' && f->base > 0) { /* of the array of records */
                        f->depth = f->base == 2 ? 1 : 0;
                        f->base = 0;
                        f->head = false;
                }
                return f->depth == 0 && !f->head;
        }
        if (--f->depth != f->base)
                return false;
        f->head = false;
        return true;
}

static void mark(struct json_framer *f, size_t at) {
        f->boundary = at;
        f->cut_base = f->base;
}

/* A newline at p, outside strings; true: a piece may end behind it. Inside a value that is so only
 * where the value must be broken (F1): before a line that begins an object, if it follows '}'
 * without a comma, or if the value is being dropped and did not begin further left. */
static bool newline_at(struct json_framer *f, struct span b, const char *p, bool drop) {
        const char *q = p + 1, *stop = b.p + b.len;

        if (f->depth == f->base) {
                if (f->head && !drop)
                        return false;
        } else if (drop) {
                while (q < stop && (*q == ' ' || *q == '\t'))
                        q++;
                if (q == stop || *q != '{' || (size_t)(q - p - 1) > f->column)
                        return false;
        } else {
                if (p == b.p || q == stop || p[-1] != '}' || *q != '{')
                        return false;
                f->base = 0;
        }
        f->depth = f->base;
        f->head = false;
        mark(f, (size_t)(p + 1 - b.p));
        return true;
}

/* Counts on from `scanned`. Stops where `drop` says that the value ended; true: it did. */
static bool count(struct json_framer *f, struct span b, bool end, bool drop) {
        const char *p = b.p + f->scanned, *stop = b.p + b.len;

        while (p < stop) {
                if (f->escaped) {
                        f->escaped = false;
                        if (*p != '\n') {
                                p++;
                                continue;
                        }
                }
                if (f->in_string) {
                        p = string_on(p, stop);
                        if (p == stop)
                                break;
                        f->escaped = *p == '\\';
                        f->in_string = *p == '\\';
                        if (*p != '\n') {
                                p++;
                                continue;
                        }
                }
                switch (*p) {
                case '"': f->in_string = true; break;
                case '\\': f->escaped = true; break;
                case '{':
                case '[':
                        if (!open_at(f, b, &p, end)) {
                                f->scanned = (size_t)(p - b.p);
                                return false;
                        }
                        continue;
                case '}':
                case ']':
                        if (close_at(f, *p)) {
                                mark(f, (size_t)(p + 1 - b.p));
                                if (drop) {
                                        f->scanned = f->boundary;
                                        return true;
                                }
                        }
                        break;
                case '\n':
                        f->line = (size_t)(p + 1 - b.p);
                        if (newline_at(f, b, p, drop) && drop) {
                                f->scanned = f->boundary;
                                return true;
                        }
                        break;
                default: break;
                }
                p++;
        }
        f->scanned = b.len;
        return false;
}

/* n bytes go; keeps count of the bytes since the last newline. */
static void pass(struct json_framer *f, struct span b, size_t n) {
        const char *nl = memrchr(b.p, '\n', n);

        f->line_len = nl ? (size_t)(b.p + n - nl - 1) : f->line_len + n;
        f->line = 0;
}

/* n bytes are taken, up to a place between records; what was counted behind it is counted again. */
static size_t taken(struct json_framer *f, struct span b, size_t n, uint32_t base) {
        pass(f, b, n);
        f->scanned = f->boundary = 0;
        f->depth = f->base = base;
        f->in_string = f->escaped = f->head = false;
        return n;
}

size_t json_frame_cut(struct json_framer *f, struct span bytes, bool end) {
        size_t n;

        if (end) {
                json_framer_init(f);
                return bytes.len;
        }
        n = last_line(bytes);
        if (n)
                return taken(f, bytes, n, 0);
        count(f, bytes, false, false);
        return f->boundary ? taken(f, bytes, f->boundary, f->cut_base) : 0;
}

size_t json_frame_drop(struct json_framer *f, struct span bytes) {
        f->scanned = f->boundary = 0; /* what was scanned is taken */
        if (f->depth == f->base && !f->in_string)
                return 0;
        if (count(f, bytes, false, true))
                return taken(f, bytes, f->boundary, f->cut_base);
        pass(f, bytes, bytes.len);
        return bytes.len;
}
