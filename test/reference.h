/* Sigma by brute force: every rule on every event, written to be read, sharing with the engine only
 * the tree of the rule (rules/rule.h), the log-source maps and value_text(). What both say must be
 * equal. */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <arpa/inet.h>
#include <pcre2.h>

#include "base/utf8.h"
#include "check.h"
#include "decode/decode.h"
#include "rules/parse.h"
#include "rules/source.h"

struct ref_value {
        struct span name, text, fold;
        bool null;
        uint32_t arr;
};

struct ref_regex {
        const struct atom *atom;
        pcre2_code *re;
        pcre2_match_data *data;
        struct ref_regex *next;
};

struct reference {
        const struct ruleset *set;
        struct source_map map;
        struct arena map_arena, arena;
        struct {
                const struct source_alt **alts;
                uint32_t n;
        } * rules;
        struct ref_regex *regexes;
        /* the event at hand */
        struct ref_value *v;
        uint32_t n;
        struct span raw; /* of a text format, folded; p NULL otherwise */
        struct span raw_text;
        uint8_t kind;
        bool all; /* a repeated name hides none of its values */
        struct span key1;
        int64_t key2;
        const struct source_alt *alt;
};

/* Without blanks: "Threat Name" and ThreatName are one field. */
static inline struct span ref_squeeze(struct arena *a, struct span s) {
        char *to = arena_alloc(a, s.len + 1);
        size_t n = 0;
        for (size_t i = 0; i < s.len; i++)
                if (s.p[i] != ' ')
                        to[n++] = s.p[i];
        return span_of(to, n);
}

static inline struct span ref_fold(struct arena *a, struct span s) {
        char *to = arena_alloc(a, s.len * 3 / 2 + 8);
        return span_of(to, utf8_fold_to(to, s));
}

static inline int ref_init(struct reference *r, const struct ruleset *set, struct span bundle) {
        static const struct source_alt *alts[SOURCE_MATCH_MAX];

        *r = (struct reference){.set = set};
        arena_init(&r->map_arena, (size_t)64 << 20);
        arena_init(&r->arena, (size_t)256 << 20);
        if (source_map_parse(&r->map, &r->map_arena, bundle) < 0)
                return -1;
        r->rules = arena_array(&r->map_arena, set->n_rules + 1, sizeof(*r->rules));
        for (uint32_t i = 0; i < set->n_rules; i++) {
                uint32_t n =
                        source_match(&r->map, &set->rules[i].source, alts, SOURCE_MATCH_MAX, NULL);
                r->rules[i].n = n;
                r->rules[i].alts = arena_array(&r->map_arena, n + 1, sizeof(*alts));
                memcpy(r->rules[i].alts, alts, n * sizeof(*alts));
        }
        return 0;
}

static inline void ref_deinit(struct reference *r) {
        for (struct ref_regex *x = r->regexes, *next; x; x = next) {
                next = x->next;
                pcre2_code_free(x->re);
                pcre2_match_data_free(x->data);
                free(x);
        }
        arena_deinit(&r->map_arena);
        arena_deinit(&r->arena);
}

/* ---- the event ---- */

/* The values a name stands for: *ret_n of them from *ret_last backwards that belong together. */
static inline uint32_t ref_find(struct reference *r, struct span name, uint32_t *to, uint32_t max) {
        uint32_t n = 0, last = UINT32_MAX;

        name = ref_squeeze(&r->arena, name);
        for (uint32_t i = 0; i < r->n; i++)
                if (span_eq(r->v[i].name, name))
                        last = i;
        if (last == UINT32_MAX)
                return 0;
        for (uint32_t i = 0; i <= last && n < max; i++)
                if (span_eq(r->v[i].name, name) &&
                    (i == last || r->all ||
                     (r->v[i].arr && r->v[i].arr >> 16 == r->v[last].arr >> 16)))
                        to[n++] = i;
        return n;
}

static inline bool ref_cond(struct reference *r, const struct source_cond *c) {
        uint32_t at[256], n = ref_find(r, c->field, at, 256);

        for (uint32_t i = 0; i < n; i++)
                for (uint32_t k = 0; k < c->n; k++) {
                        struct span t = r->v[at[i]].text, w = c->values[k].text;
                        bool inside = false;
                        for (size_t j = 0; c->values[k].inside && j + w.len <= t.len; j++)
                                inside |= span_ieq(span_of(t.p + j, w.len), w);
                        if (!r->v[at[i]].null &&
                            (c->values[k].inside ? inside
                             : c->values[k].prefix
                                     ? t.len >= w.len && span_ieq(span_of(t.p, w.len), w)
                                     : span_ieq(t, w)))
                                return true;
                }
        return n == 0 && c->absent;
}

static inline void ref_classify(struct reference *r, const struct event *e) {
        char *lower;

        r->kind = e->kind;
        r->key1 = e->key1;
        r->key2 = e->key2;
        if (e->kind == EVENT_JSON) {
                r->key1 = SPAN("");
                r->key2 = -1;
                for (uint32_t i = 0; i < r->map.n_tests; i++) {
                        const struct source_test *t = &r->map.tests[i];
                        uint32_t at[256];
                        bool ok = true;
                        for (uint32_t k = 0; k < t->n_has; k++)
                                ok = ok && ref_find(r, t->has[k], at, 256);
                        for (uint32_t k = 0; k < t->n_conds; k++)
                                ok = ok && ref_cond(r, &t->conds[k]);
                        if (!ok)
                                continue;
                        r->kind = t->kind;
                        for (uint32_t k = 0, n = 0; k < t->n_key1 && !n; k++)
                                if ((n = ref_find(r, t->key1[k], at, 256)))
                                        r->key1 = r->v[at[n - 1]].text;
                        if (t->key1_is.len)
                                r->key1 = t->key1_is;
                        uint32_t n = ref_find(r, t->key2, at, 256);
                        struct span s = n ? r->v[at[n - 1]].text : SPAN("");
                        bool digits = s.len > 0 && s.len < 19;
                        for (size_t k = 0; k < s.len; k++)
                                digits = digits && s.p[k] >= '0' && s.p[k] <= '9';
                        if (digits)
                                r->key2 = strtoll(arena_dup(&r->arena, s).p, NULL, 10);
                        break;
                }
        }
        lower = arena_alloc(&r->arena, r->key1.len + 1);
        for (size_t i = 0; i < r->key1.len; i++)
                lower[i] = ascii_lower(r->key1.p[i]);
        r->key1.p = lower;
        for (uint32_t i = 0; i < r->map.n_key1_names; i++)
                if (r->map.key1_names[i].kind == r->kind &&
                    span_eq(r->map.key1_names[i].from, r->key1)) {
                        r->key1 = r->map.key1_names[i].to;
                        break;
                }
}

static inline void ref_event(struct reference *r, const struct event *e, bool text_format) {
        arena_reset(&r->arena);
        r->v = arena_array(&r->arena, e->n + 1, sizeof(*r->v));
        r->n = e->n;
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                r->v[i].name = ref_squeeze(
                        &r->arena, source_canonical(&r->map, span_of(f->name, f->name_len)));
                r->v[i].null = f->type == V_NULL;
                r->v[i].arr = f->arr;
                r->v[i].text = r->v[i].null ? SPAN("") : value_text(f, &r->arena);
                r->v[i].fold = ref_fold(&r->arena, r->v[i].text);
        }
        r->all = e->kind != EVENT_JSON && e->kind != EVENT_WINDOWS;
        r->raw = SPAN_NONE;
        if (text_format) {
                r->raw_text = e->raw;
                r->raw = ref_fold(&r->arena, e->raw);
        }
        ref_classify(r, e);
}

static inline bool ref_alt_holds(struct reference *r, const struct source_alt *a) {
        bool key1 = a->n_key1 == 0, key2 = a->n_key2 == 0;

        for (uint32_t i = 0; i < a->n_key1; i++)
                key1 |= a->key1[i].prefix ? span_starts(r->key1, a->key1[i].text)
                                          : span_eq(r->key1, a->key1[i].text);
        for (uint32_t i = 0; i < a->n_key2; i++)
                key2 |= a->key2[i] == r->key2;
        for (uint32_t i = 0; i < a->n_conds; i++)
                if (!ref_cond(r, &a->conds[i]))
                        return false;
        return a->kind == r->kind && key1 && key2;
}

/* ---- atoms ---- */

/* Which positions of the text the pieces can end at, piece by piece. */
static inline bool ref_glob(struct arena *a, const struct pattern *p, bool cased, bool within,
                            struct span s) {
        char *now = arena_zalloc(a, s.len + 1), *next = arena_zalloc(a, s.len + 1);

        now[0] = 1;
        if (within)
                memset(now, 1, s.len + 1);
        for (uint32_t i = 0; i < p->n; i++) {
                memset(next, 0, s.len + 1);
                struct span lit = p->pieces[i].lit;
                if (p->pieces[i].kind == PIECE_LIT && !cased)
                        lit = ref_fold(a, lit);
                for (size_t at = 0; at <= s.len; at++) {
                        uint32_t cp;
                        if (!now[at])
                                continue;
                        if (p->pieces[i].kind == PIECE_ANY) {
                                memset(next + at, 1, s.len + 1 - at);
                                break;
                        }
                        if (p->pieces[i].kind == PIECE_LIT) {
                                if (s.len - at >= lit.len && memcmp(s.p + at, lit.p, lit.len) == 0)
                                        next[at + lit.len] = 1;
                        } else if (at < s.len) {
                                unsigned n = utf8_next(s.p + at, s.len - at, &cp);
                                next[at + (n ? n : 1)] = 1;
                        }
                }
                char *t = now;
                now = next;
                next = t;
        }
        return within ? memchr(now, 1, s.len + 1) != NULL : now[s.len];
}

static inline bool ref_regex(struct reference *r, const struct atom *a, struct span s) {
        struct ref_regex *x = r->regexes;
        int err;
        size_t off;

        while (x && x->atom != a)
                x = x->next;
        if (!x) {
                x = calloc(1, sizeof(*x));
                x->atom = a;
                x->re = pcre2_compile(
                        (PCRE2_SPTR)a->regex.p, a->regex.len,
                        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (a->re_i ? PCRE2_CASELESS : 0) |
                                (a->re_m ? PCRE2_MULTILINE : 0) | (a->re_s ? PCRE2_DOTALL : 0),
                        &err, &off, NULL);
                x->data = pcre2_match_data_create(1, NULL);
                x->next = r->regexes;
                r->regexes = x;
        }
        return x->re && pcre2_match(x->re, (PCRE2_SPTR)s.p, s.len, 0, 0, x->data, NULL) >= 0;
}

static inline bool ref_cidr(const struct atom *a, struct span s) {
        char text[64] = "";
        uint8_t addr[16];

        s = span_trim(s);
        if (s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        if (*text == '[' && text[s.len - 1] == ']') { /* [::1] */
                text[s.len - 1] = 0;
                memmove(text, text + 1, s.len - 1);
        }
        if (strchr(text, '%')) /* fe80::1%eth0 */
                *strchr(text, '%') = 0;
        if (a->addr_len == 4 && strncasecmp(text, "::ffff:", 7) == 0 && strchr(text, '.'))
                memmove(text, text + 7, strlen(text + 7) + 1);
        if (inet_pton(a->addr_len == 4 ? AF_INET : AF_INET6, text, addr) != 1)
                return false;
        for (unsigned i = 0; i < a->prefix; i++)
                if (((addr[i / 8] ^ a->addr[i / 8]) >> (7 - i % 8)) & 1)
                        return false;
        return true;
}

static inline bool ref_compare(const struct atom *a, struct span s) {
        char text[64] = "", *end;
        double v;

        s = span_trim(s);
        if (s.len == 0 || s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        if (a->part == PART_NONE) {
                if (strspn(text, "0123456789abcdefABCDEFxX.+-") != s.len)
                        return false;
                v = strtod(text, &end);
                if (*end)
                        return false;
        } else {
                int64_t ns = time_parse_iso(s, 0);
                if (ns == TIME_NONE)
                        ns = time_parse_epoch(s);
                if (ns == TIME_NONE)
                        return false;
                time_t sec = (time_t)(ns / NS_PER_SEC - (ns % NS_PER_SEC < 0));
                struct tm tm;
                char week[8];
                gmtime_r(&sec, &tm);
                strftime(week, sizeof(week), "%V", &tm);
                v = a->part == PART_MINUTE  ? tm.tm_min
                    : a->part == PART_HOUR  ? tm.tm_hour
                    : a->part == PART_DAY   ? tm.tm_mday
                    : a->part == PART_MONTH ? tm.tm_mon + 1
                    : a->part == PART_WEEK  ? strtol(week, NULL, 10)
                                            : tm.tm_year + 1900;
        }
        return a->cmp == CMP_EQ    ? v == a->value
               : a->cmp == CMP_LT  ? v < a->value
               : a->cmp == CMP_LTE ? v <= a->value
               : a->cmp == CMP_GT  ? v > a->value
                                   : v >= a->value;
}

static inline bool ref_value_is(struct reference *r, const struct atom *a, struct span text,
                                struct span fold, bool within) {
        switch (a->op) {
        case ATOM_STRING:
                return ref_glob(&r->arena, &a->pat, a->cased, within, a->cased ? text : fold);
        case ATOM_REGEX: return ref_regex(r, a, text);
        case ATOM_CIDR: return ref_cidr(a, text);
        case ATOM_COMPARE: return ref_compare(a, text);
        default: return false;
        }
}

/* The names a rule's field has in the event. A constant comes back as a value. */
static inline uint32_t ref_names(const struct reference *r, struct span field,
                                 const struct span **ret, const struct source_const **ret_const,
                                 struct span *one) {
        field = source_canonical(&r->map, field);
        *ret_const = NULL;
        for (uint32_t i = 0; i < r->alt->n_consts; i++)
                if (span_eq(r->alt->consts[i].field, field)) {
                        *ret_const = &r->alt->consts[i];
                        return 0;
                }
        for (uint32_t i = 0; i < r->alt->n_renames; i++)
                if (span_eq(r->alt->renames[i].field, field)) {
                        *ret = r->alt->renames[i].to;
                        return r->alt->renames[i].n;
                }
        *one = field;
        *ret = one;
        return 1;
}

/* All values a rule's field has. */
static inline uint32_t ref_values(struct reference *r, struct span field, struct ref_value *to,
                                  uint32_t max, bool *ret_null) {
        const struct span *names = NULL;
        const struct source_const *c;
        struct span one;
        uint32_t n = ref_names(r, field, &names, &c, &one), k = 0;

        *ret_null = true;
        if (c) {
                to[0] = (struct ref_value){.text = c->value, .fold = ref_fold(&r->arena, c->value)};
                *ret_null = false;
                return 1;
        }
        for (uint32_t i = 0; i < n; i++) {
                uint32_t at[256], m = ref_find(r, names[i], at, 256);
                bool null = m == 0;
                for (uint32_t j = 0; j < m && k < max; j++) {
                        null |= r->v[at[j]].null;
                        to[k++] = r->v[at[j]];
                }
                *ret_null &= null;
        }
        return k;
}

static inline bool ref_refers(const struct atom *a, const struct ref_value *x,
                              const struct ref_value *y) {
        struct span s = a->cased ? x->text : x->fold, t = a->cased ? y->text : y->fold;

        if (x->null || y->null)
                return false;
        switch (a->ref) {
        case REF_EQ: return span_eq(s, t);
        case REF_STARTS: return span_starts(s, t);
        case REF_ENDS: return span_ends(s, t);
        default: return t.len == 0 || memmem(s.p, s.len, t.p, t.len) != NULL;
        }
}

static inline bool ref_atom(struct reference *r, const struct atom *a) {
        static struct ref_value left[4096], right[4096];
        bool null, ignored, hit = false;

        if (!a->field.p || a->field.len == 0) {
                for (uint32_t i = 0; i < r->n && !hit; i++)
                        hit = !r->v[i].null && ref_value_is(r, a, r->v[i].text, r->v[i].fold, true);
                return hit || (r->raw.p && ref_value_is(r, a, r->raw_text, r->raw, true));
        }
        uint32_t n = ref_values(r, a->field, left, 4096, &null), k;
        switch (a->op) {
        case ATOM_NULL: return null;
        case ATOM_EXISTS: return n > 0;
        case ATOM_FIELDREF:
                k = ref_values(r, a->other, right, 4096, &ignored);
                for (uint32_t i = 0; i < n; i++)
                        for (uint32_t j = 0; j < k && !hit; j++)
                                hit = ref_refers(a, &left[i], &right[j]);
                return hit;
        default:
                for (uint32_t i = 0; i < n && !hit; i++)
                        hit = !left[i].null &&
                              ref_value_is(r, a, left[i].text, left[i].fold, false);
                return hit;
        }
}

static inline bool ref_expr(struct reference *r, const struct expr *e) {
        uint32_t n = 0;

        switch (e->kind) {
        case EXPR_TRUE: return true;
        case EXPR_FALSE: return false;
        case EXPR_ATOM: return ref_atom(r, e->atom);
        case EXPR_NOT: return !ref_expr(r, e->kids[0]);
        case EXPR_AND:
                for (uint32_t i = 0; i < e->n; i++)
                        if (!ref_expr(r, e->kids[i]))
                                return false;
                return true;
        case EXPR_OR:
                for (uint32_t i = 0; i < e->n; i++)
                        if (ref_expr(r, e->kids[i]))
                                return true;
                return false;
        default:
                for (uint32_t i = 0; i < e->n; i++)
                        n += ref_expr(r, e->kids[i]);
                return n >= e->min;
        }
}

/* Indices of the rules that match, ascending. */
static inline uint32_t ref_run(struct reference *r, const struct event *e, bool text_format,
                               uint32_t *to) {
        uint32_t n = 0;

        ref_event(r, e, text_format);
        for (uint32_t i = 0; i < r->set->n_rules; i++) {
                bool hit = false;
                for (uint32_t k = 0; k < r->rules[i].n && !hit; k++) {
                        r->alt = r->rules[i].alts[k];
                        hit = ref_alt_holds(r, r->alt) && ref_expr(r, r->set->rules[i].expr);
                }
                if (hit)
                        to[n++] = i;
        }
        return n;
}

#endif
