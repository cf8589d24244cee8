/* The walk over one JSON value (RFC 8259): from quote to quote by the index, looking only at the
 * bytes outside strings.
 *
 * Most of a log is members of flat objects whose values are strings or short numbers: members()
 * does those and nothing else, with everything in registers; all other things go one step at a time
 * through key(), value() and after(). The steps see the same text in the same way, so it does not
 * matter which of them does a member.
 *
 * Invariants:
 * W1  w->i is the index entry of the first quote at or behind w->at, as w->at is outside strings.
 * W2  Bytes behind w->end are padding of unknown content: they may be looked at, but nothing that
 * depends on them is reported. A value that reaches there is JSON_WALK_SHORT, whatever the padding
 * says. W3  Every step moves w->at forward or ends the walk. */
#include "decode/json_walk.h"

#include <endian.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/hash.h"
#include "decode/json_frame.h"
#include "decode/json_string.h"

#define FEW_SIBLINGS 16u /* up to here a list is searched, then a table */

enum step { STEP_KEY, STEP_VALUE, STEP_AFTER, STEP_DONE, STEP_BAD, STEP_SHORT, STEP_WRAPPER };

static enum step bad(struct json_walk *w, const char *at, const char *what) {
        if (at >= w->end) /* W2 */
                return STEP_SHORT;
        w->at = at;
        w->what = what;
        return STEP_BAD;
}

bool json_walk_need(struct json_walk *w, size_t n) {
        while (UNLIKELY(w->scan.n - w->i < n)) {
                if (w->scan.at >= w->scan.len)
                        return false;
                size_t dropped = json_scan_more(&w->scan, w->keep);
                w->i -= dropped;
                w->keep -= dropped;
        }
        return true;
}

static inline uint32_t load32(const char *p) {
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return v;
}

#ifndef __SSE2__
static inline bool is_blank(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
#endif

/* Indentation can be long; no further than the end (W2). */
static const char *skip_blanks(struct json_walk *w, const char *p) {
#ifdef __SSE2__
        while (p < w->end) {
                __m128i v = _mm_loadu_si128((const __m128i *)p);
                __m128i nl = _mm_cmpeq_epi8(v, _mm_set1_epi8('\n'));
                __m128i blank =
                        _mm_or_si128(_mm_or_si128(nl, _mm_cmpeq_epi8(v, _mm_set1_epi8(' '))),
                                     _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')),
                                                  _mm_cmpeq_epi8(v, _mm_set1_epi8('\r'))));
                unsigned other = ~(unsigned)_mm_movemask_epi8(blank); /* bit 16 and higher: set */
                unsigned n = (unsigned)__builtin_ctz(other);
                unsigned newlines = (unsigned)_mm_movemask_epi8(nl) & ((1u << n) - 1);

                for (; newlines; newlines &= newlines - 1)
                        w->lines++;
                p += n;
                if (n < 16)
                        return p;
        }
        return w->end;
#else
        for (; p < w->end && is_blank(*p); p++)
                w->lines += *p == '\n';
        return p;
#endif
}

static inline const char *blanks(struct json_walk *w, const char *p) {
        return UNLIKELY((unsigned char)*p <= ' ') ? skip_blanks(w, p) : p;
}

/* ---- fields ---- */

static inline void put(struct field *f, const char *name, size_t name_len, const char *val,
                       size_t val_len) {
        f->name = name;
        f->val = val;
        f->name_len = (uint32_t)name_len;
        f->val_len = (uint32_t)val_len;
}

/* arr | type << 32 | depth << 40, in one store. */
static inline void put_rest(struct field *f, uint64_t rest) {
        static_assert(offsetof(struct field, arr) == 24 && offsetof(struct field, type) == 28 &&
                              offsetof(struct field, depth) == 29 && sizeof(*f) == 32,
                      "put_rest() knows where things lie");
        rest = le64toh(rest);
        memcpy(&f->arr, &rest, sizeof(rest));
}

/* The value that w->key, or an element of the innermost array, has. */
static inline void emit(struct json_walk *w, const char *val, size_t len, uint8_t type) {
        const struct json_level *l = &w->levels[w->level];

        if (UNLIKELY(w->f == w->full || !w->key)) {
                w->cut = true;
                return;
        }
        put(w->f, w->key, w->key_len, val, len);
        put_rest(w->f, l->arr | (uint64_t)type << 32 | (uint64_t)l->depth << 40);
        w->f++;
}

/* The path of a member: its key, behind the path of its object. NULL: too long, or no memory. */
static inline const char *path(struct json_walk *w, const char *key, size_t len, size_t *ret_len) {
        const struct json_level *l = &w->levels[w->level];

        if (l->name_len == 0 && !l->name) {
                *ret_len = len;
                return key;
        }
        size_t all = (size_t)l->name_len + 1 + len;
        *ret_len = all;
        if (!l->name || all > JSON_PATH_MAX)
                return NULL;
        char *p = arena_alloc(w->arena, all);
        if (!p)
                return NULL;
        memcpy(p, l->name, l->name_len);
        p[l->name_len] = '.';
        memcpy(p + l->name_len + 1, key, len);
        return p;
}

/* ---- numbers ---- */

/* Length of the integer at p if it is one of fewer than 32 bytes; 0: look closer. Reads 32 bytes.
 */
static inline size_t short_integer(const char *p) {
#ifdef __SSE2__
        const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
        __m128i a = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), zero);
        __m128i b = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(p + 16)), zero);
        uint32_t digits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(a, nine), a)) |
                          (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(b, nine), b))
                                  << 16;
        unsigned minus = *p == '-';
        unsigned n = (unsigned)__builtin_ctz(~(digits >> minus) | UINT32_C(1) << 31);

        if (UNLIKELY(n == 0 || n > 30 || (p[minus] == '0' && n > 1)))
                return 0;
        return minus + n;
#else
        return 0;
#endif
}

static const char *digits(const char *p, const char *end) {
        while (p < end && *p >= '0' && *p <= '9')
                p++;
        return p;
}

/* The grammar of numbers in full. Returns the end; NULL: not a number; may return `end` for a
 * number that is not whole. */
static const char *number(const char *p, const char *end) {
        const char *q;

        p += *p == '-';
        q = digits(p, end);
        if (q == end)
                return end;
        if (q == p || (*p == '0' && q - p > 1))
                return NULL;
        p = q;
        if (*p == '.') {
                q = digits(++p, end);
                if (q == end)
                        return end;
                if (q == p)
                        return NULL;
                p = q;
        }
        if (*p == 'e' || *p == 'E') {
                p++;
                if (p < end && (*p == '+' || *p == '-'))
                        p++;
                q = digits(p, end);
                if (q == end)
                        return end;
                if (q == p)
                        return NULL;
                p = q;
        }
        return p;
}

/* ---- objects that come twice ---- */

static void remove_child(struct json_walk *w, struct json_child *c) {
        for (uint32_t k = c->first; k < c->last; k++)
                w->fields[k].reserved = 1;
        w->removed = true;
        c->last = c->first;
}

static inline bool same_child(const struct json_child *c, const struct json_child *d) {
        return c->parent == d->parent && c->name_len == d->name_len &&
               memcmp(c->name, d->name, c->name_len) == 0;
}

/* The table's place for c: where one with that parent and name is, or an empty one. The key of the
 * hash is an address, which an attacker does not know. */
static uint16_t *table_place(struct json_walk *w, const struct json_child *c) {
        uint64_t h = hash_bytes(c->name, c->name_len, (uintptr_t)w ^ c->parent);

        for (;; h++) {
                uint16_t *place = &w->table[h % ARRAY_LEN(w->table)];
                if (*place == 0 || same_child(&w->children[*place - 1], c))
                        return place;
        }
}

/* The member about to be opened in level l: enters it, and lets the fields of one with the same key
 * vanish. */
static int32_t enter_child(struct json_walk *w, struct json_level *l) {
        int32_t n = (int32_t)w->n_children;

        if (!w->key || w->n_children == JSON_CHILDREN_MAX)
                return -1;
        struct json_child *c = &w->children[w->n_children++];
        uint32_t first = (uint32_t)(w->f - w->fields);
        *c = (struct json_child){w->key, w->key_len, l->id, first, first, l->last};
        l->siblings++;

        if (l->siblings <= FEW_SIBLINGS) {
                for (int32_t k = l->last; k >= 0; k = w->children[k].prev)
                        if (UNLIKELY(same_child(&w->children[k], c)))
                                remove_child(w, &w->children[k]);
        } else {
                if (l->siblings == FEW_SIBLINGS + 1) {
                        if (!w->hashed)
                                memset(w->table, 0, sizeof(w->table));
                        w->hashed = true;
                        for (int32_t k = l->last; k >= 0; k = w->children[k].prev) {
                                uint16_t *place = table_place(w, &w->children[k]);
                                if (*place == 0) /* the latest of a name comes first */
                                        *place = (uint16_t)(k + 1);
                        }
                }
                uint16_t *place = table_place(w, c);
                if (*place)
                        remove_child(w, &w->children[*place - 1]);
                *place = (uint16_t)(n + 1);
        }
        l->last = n;
        return n;
}

void json_walk_compact(struct json_walk *w) {
        struct field *to = w->fields;

        for (struct field *f = w->fields; f < w->f; f++)
                if (f->reserved == 0)
                        *to++ = *f;
        w->f = to;
        w->removed = false;
}

/* ---- steps ---- */

/* The string whose opening quote is at p; returns its inside. */
static enum step string(struct json_walk *w, const char *p, struct span *ret, bool *ret_escapes) {
        if (!json_walk_need(w, 2))
                return STEP_SHORT;
        const uint32_t *q = w->scan.index + w->i;
        assert(w->scan.p + JSON_INDEX_POS(q[0]) == p); /* W1 */
        const char *close = w->scan.p + JSON_INDEX_POS(q[1]);
        if (*close != '"')
                return bad(w, close, "newline in a string");
        *ret = span_of(p + 1, (size_t)(close - p - 1));
        *ret_escapes = JSON_INDEX_FLAG(q[1]);
        w->i += 2;
        w->at = close + 1;
        return STEP_AFTER;
}

/* A key and its colon, in whatever way they are written. */
static enum step key(struct json_walk *w) {
        struct span k;
        bool escapes;
        enum step r = string(w, w->at, &k, &escapes);

        if (r != STEP_AFTER)
                return r;
        if (escapes) {
                char *to = arena_alloc(w->arena, k.len);
                if (to)
                        k = span_of(to, json_unescape(to, k));
                else
                        w->cut = true; /* then the key stays as it is written */
        }
        size_t len;
        w->key = path(w, k.p, k.len, &len);
        w->key_len = (uint32_t)len;
        const char *p = blanks(w, w->at);
        if (p >= w->end || *p != ':')
                return bad(w, p, "no colon after a key");
        w->at = blanks(w, p + 1);
        return STEP_VALUE;
}

/* Some bytes as load32() sees them, first to last. */
#if __BYTE_ORDER == __LITTLE_ENDIAN
#define BYTES(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)
#define FIRST_2 0xffffu
#define FIRST_3 0xffffffu
#else
#define BYTES(a, b, c) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8)
#define FIRST_2 0xffff0000u
#define FIRST_3 0xffffff00u
#endif

/* A short integer, true, false or null at v, and a comma or a brace behind it: its end, else NULL.
 */
static inline const char *plain(const char *v, size_t *ret_len, uint64_t *ret_type) {
        size_t n = short_integer(v);

        if (LIKELY(n)) {
                *ret_len = n;
                *ret_type = V_NUM;
        } else if (memcmp(v, "true", 4) == 0) {
                *ret_len = n = 4;
                *ret_type = V_BOOL;
        } else if (memcmp(v, "false", 5) == 0) {
                *ret_len = n = 5;
                *ret_type = V_BOOL;
        } else if (memcmp(v, "null", 4) == 0) {
                *ret_len = 0;
                *ret_type = V_NULL;
                n = 4;
        } else {
                return NULL;
        }
        return v[n] == ',' || v[n] == '}' ? v + n : NULL;
}

/* One pass per member "key":"string" or "key":integer, a blank allowed behind the colon and the
 * comma. Leaves at anything else, having done nothing of that member or all of it. Positions come
 * from the index, not from the member before, so that the processor may begin with one before it is
 * done with the last. */
static enum step members(struct json_walk *w) {
        (void)json_walk_need(
                w, 4); /* for the first member of a batch, so that it is as fast as the others */

        const struct json_level *l = &w->levels[w->level];
        const char *const text = w->scan.p;
        const uint32_t *q = w->scan.index + w->i;
        const uint32_t *const q_end = w->scan.index + w->scan.n;
        struct field *f = w->f;
        const char *p = w->at;
        const bool nested =
                l->name || l->name_len; /* too long a name is NULL, but not without length */
        const uint64_t rest = l->arr | (uint64_t)l->depth << 40;
        enum step step = STEP_KEY;

        while (LIKELY(q_end - q >= 4 && f < w->full)) {
                const char *name = text + JSON_INDEX_POS(q[0]) + 1;
                const char *close = text + JSON_INDEX_POS(q[1]), *v = close + 3, *p_end;
                uint32_t head = load32(close), tail;
                size_t name_len = (size_t)(close - name), n;
                uint64_t type;

                if (UNLIKELY(JSON_INDEX_FLAG(q[1])))
                        break;
                if (LIKELY((head & FIRST_3) == BYTES('"', ':', '"')) ||
                    ((head & FIRST_3) == BYTES('"', ':', ' ') && *v++ == '"')) {
                        const char *last = text + JSON_INDEX_POS(q[3]);
                        type = JSON_INDEX_FLAG(q[3]); /* V_STR or V_JSON */
                        n = (size_t)(last - v);
                        tail = load32(last);
                        if (UNLIKELY(*last != '"'))
                                break;
                        q += 4;
                        p = last + 1;
                } else {
                        if (UNLIKELY((head & FIRST_2) != (BYTES('"', ':', 0) & FIRST_2)))
                                break;
                        v = close + 2;
                        v += *v == ' ';
                        p_end = plain(v, &n, &type);
                        if (UNLIKELY(!p_end))
                                break;
                        q += 2;
                        p = p_end;
                        tail = load32(p - 1);
                }
                if (UNLIKELY(nested))
                        name = path(w, name, name_len, &name_len);
                put(f, name, name_len, v, n);
                put_rest(f, rest | type << 32);
                if (LIKELY(name))
                        f++;
                else
                        w->cut = true;

                /* The byte behind the value is the second of `tail`. */
                if (LIKELY((tail & FIRST_3 & ~BYTES(0xff, 0, 0)) == BYTES(0, ',', '"'))) {
                        p++;
                        continue;
                }
                if (*p == ',') {
                        const char *next = p + 1 + (p[1] == ' ');
                        next = blanks(w, next);
                        if (*next == '"' && next < w->end) {
                                p = next;
                                continue;
                        }
                }
                step = STEP_AFTER;
                break;
        }
        w->at = p;
        w->f = f;
        w->i = (size_t)(q - w->scan.index);
        if (step == STEP_KEY)
                return key(w);
        return p > w->end ? STEP_SHORT : step;
}

/* "{" or "[": the innermost level from now on. */
static enum step open(struct json_walk *w) {
        struct json_level *parent = &w->levels[w->level], *l = parent + 1;
        bool array = *w->at == '[';

        if (w->level == JSON_DEPTH_MAX)
                return bad(w, w->at, "nested too deep");
        *l = (struct json_level){
                .name = w->key,
                .name_len = w->key_len,
                .arr = parent->arr,
                .id = ++w->ids,
                .last = -1,
                .child = w->level > 0 && !parent->array ? enter_child(w, parent) : -1,
                .depth = (uint8_t)(parent->depth + (!array && w->level > 0)),
                .array = array,
        };
        const char *p = blanks(w, w->at + 1);
        if (p >= w->end)
                return STEP_SHORT;
        w->at = p;
        if (*p ==
            (array ? ']' : '}')) { /* empty: a field without value, unless it is the document */
                w->at = p + 1;
                if (w->level > 0)
                        emit(w, p, 0, V_NULL);
                if (l->child >= 0)
                        w->children[l->child].last = (uint32_t)(w->f - w->fields);
                return STEP_AFTER;
        }
        w->level++;
        if (!array)
                return *p == '"' ? STEP_KEY : bad(w, p, "no key in an object");
        if (parent->arr == 0) {
                w->instances += w->instances < UINT16_MAX;
                w->element = 0;
        }
        w->element += w->element < UINT16_MAX;
        l->arr = w->instances << 16 | w->element;
        return STEP_VALUE;
}

static enum step literal(struct json_walk *w, const char *word, size_t len, uint8_t type) {
        const char *p = w->at;

        if ((size_t)(w->end - p) < len) /* W2 */
                return memcmp(p, word, (size_t)(w->end - p)) == 0 ? STEP_SHORT
                                                                  : bad(w, p, "not a value");
        if (memcmp(p, word, len) != 0)
                return bad(w, p, "not a value");
        emit(w, p, type == V_NULL ? 0 : len, type);
        w->at = p + len;
        return STEP_AFTER;
}

static enum step value(struct json_walk *w) {
        const char *p = w->at, *q;
        struct span in;
        bool escapes;
        enum step r;

        if (p >= w->end)
                return STEP_SHORT;
        switch (*p) {
        case '"':
                r = string(w, p, &in, &escapes);
                if (r == STEP_AFTER)
                        emit(w, in.p, in.len, escapes ? V_JSON : V_STR);
                return r;
        case '{':
        case '[': return open(w);
        case 't': return literal(w, "true", 4, V_BOOL);
        case 'f': return literal(w, "false", 5, V_BOOL);
        case 'n': return literal(w, "null", 4, V_NULL);
        default:
                if (*p != '-' && (*p < '0' || *p > '9'))
                        return bad(w, p, "not a value");
                q = number(p, w->end);
                if (!q)
                        return bad(w, p, "not a number");
                emit(w, p, (size_t)(q - p), V_NUM);
                w->at = q;
                return STEP_AFTER;
        }
}

/* Behind a value: a comma, or the end of what it stands in. */
static enum step after(struct json_walk *w) {
        struct json_level *l = &w->levels[w->level];

        if (w->level == 0)
                return w->at > w->end ? STEP_SHORT : STEP_DONE;
        const char *p = blanks(w, w->at);
        if (p >= w->end)
                return STEP_SHORT;
        if (*p == ',') {
                w->at = p = blanks(w, p + 1);
                if (!l->array)
                        return *p == '"' && p < w->end ? STEP_KEY
                                                       : bad(w, p, "no key after a comma");
                w->key = l->name;
                w->key_len = l->name_len;
                w->element += w->element < UINT16_MAX;
                l->arr = w->instances << 16 | w->element;
                return STEP_VALUE;
        }
        if (*p != (l->array ? ']' : '}'))
                return bad(w, p, l->array ? "no comma in an array" : "no comma in an object");
        if (l->child >= 0)
                w->children[l->child].last = (uint32_t)(w->f - w->fields);
        w->level--;
        w->at = p + 1;
        return STEP_AFTER;
}

/* Is the '[' at w->at the array of a wrapper? The key tells at once for nearly all. */
static bool at_wrapper(const struct json_walk *w) {
        if (w->level != 1 || *w->at != '[' || w->key_len < 5 || w->key_len > 7)
                return false;
        size_t n = json_wrapper_head(span_of(w->start, (size_t)(w->end - w->start)));
        return n != 0 && n != SIZE_MAX && w->start + n == w->at + 1;
}

enum json_walk_end json_walk(struct json_walk *w, bool record) {
        enum step step = STEP_VALUE;

        w->start = w->at;
        w->f = w->fields;
        w->key = NULL;
        w->key_len = 0;
        w->level = w->ids = w->instances = w->element = w->n_children = 0;
        w->lines = 0;
        w->cut = w->removed = w->hashed = false;
        w->levels[0] = (struct json_level){.last = -1, .child = -1};
        for (;;) {
                switch (step) {
                case STEP_KEY: step = members(w); break;
                case STEP_VALUE:
                        if (UNLIKELY(record && w->level == 1 && at_wrapper(w))) {
                                w->at++;
                                return JSON_WALK_WRAPPER;
                        }
                        step = value(w);
                        break;
                case STEP_AFTER: step = after(w); break;
                case STEP_DONE: return JSON_WALK_OK;
                case STEP_BAD: return JSON_WALK_BAD;
                default: return JSON_WALK_SHORT;
                }
        }
}
