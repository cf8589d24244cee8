/* Atoms on values: strings, regular expressions, addresses, numbers and times.
 *
 * What a value is compared as is always its text (value_text()). So the integer 4625 of a rule
 * equals the number 4625 and the string "4625" of an event, and does not equal 4625.0 or 0x1211:
 * Sigma gives numbers no other meaning than the comparison modifiers do, and those read decimal and
 * 0x… numbers.
 *
 * Regular expressions are PCRE2's, JIT-compiled when the matcher is made (afterwards no memory may
 * become executable). They run in UTF mode with PCRE2_MATCH_INVALID_UTF, so that '.' is a character
 * and bytes that are not UTF-8 match nothing. Match limits bound what a foolish expression may
 * cost; reaching one is no match and is counted. */
#include "rules/atom.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <arpa/inet.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "base/utf8.h"

#define MATCH_LIMIT 200000u
#define DEPTH_LIMIT 1000u

static struct span fold_dup(struct arena *a, struct span s) {
        bool ascii;
        char *to = arena_alloc(a, TEXT_ROOM(s.len));

        return to ? span_of(to, text_fold(to, s, &ascii)) : SPAN_NONE;
}

static int prepare_regex(struct atoms *a, struct catom *c, struct span re) {
        uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (c->b->re_i ? PCRE2_CASELESS : 0) |
                         (c->b->re_m ? PCRE2_MULTILINE : 0) | (c->b->re_s ? PCRE2_DOTALL : 0) |
                         PCRE2_NEVER_BACKSLASH_C;
        int err;
        size_t off;
        char *need = arena_alloc(&a->arena, re.len + 1);

        if (!need)
                return -ENOMEM;
        c->re = pcre2_compile((PCRE2_SPTR)re.p, re.len, flags, &err, &off, NULL);
        if (!c->re)
                return 0;
        (void)pcre2_jit_compile(c->re,
                                PCRE2_JIT_COMPLETE); /* without JIT it is slower, nothing else */
        c->need = fold_dup(&a->arena, span_of(need, regex_need(need, re)));
        if (!c->b->re_i && memmem(re.p, re.len, ".*", 2))
                c->n_chain = regex_chain(&a->arena, re, &c->chain);
        return c->need.p ? 0 : -ENOMEM;
}

int atoms_init(struct atoms *a, const struct program *g) {
        uint32_t n = g->n[SEC_ATOM];
        int r;

        *a = (struct atoms){.g = g};
        arena_init(&a->arena, (size_t)1 << 30);
        a->atom = arena_array(&a->arena, (size_t)n + 1, sizeof(*a->atom));
        a->match_data = pcre2_match_data_create(1, NULL);
        a->match_context = pcre2_match_context_create(NULL);
        if (!a->atom || !a->match_data || !a->match_context)
                return FAIL(-ENOMEM);
        pcre2_set_match_limit(a->match_context, MATCH_LIMIT);
        pcre2_set_depth_limit(a->match_context, DEPTH_LIMIT);
        for (uint32_t i = 0; i < n; i++) {
                struct catom *c = &a->atom[i];
                c->b = &g->atoms[i];
                if (c->b->op == ATOM_REGEX) {
                        r = prepare_regex(a, c, blob_str(g, c->b->regex));
                        if (r < 0)
                                return FAIL(r);
                } else if (c->b->op == ATOM_STRING) {
                        textpat_init(&c->pat, g, c->b);
                        c->need = c->b->cased ? fold_dup(&a->arena, c->pat.lit) : c->pat.lit;
                }
        }
        return 0;
}

void atoms_deinit(struct atoms *a) {
        for (uint32_t i = 0; a->atom && i < a->g->n[SEC_ATOM]; i++)
                if (a->atom[i].re)
                        pcre2_code_free(a->atom[i].re);
        pcre2_match_data_free(a->match_data);
        pcre2_match_context_free(a->match_context);
        arena_deinit(&a->arena);
}

static bool regex_matches(struct atoms *a, const struct catom *c, const struct value *v) {
        if (!c->re || (c->need.len && !text_find(v->fold, c->need)))
                return false;
        if (c->n_chain) {
                enum chain_answer is = regex_chain_look(c->chain, c->n_chain, v);
                if (is != CHAIN_MAYBE)
                        return is == CHAIN_YES;
        }
        int r = pcre2_match(c->re, (PCRE2_SPTR)(v->text.p ? v->text.p : ""), v->text.len, 0,
                            v->ascii ? PCRE2_NO_UTF_CHECK : 0, a->match_data, a->match_context);
        if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT ||
            r == PCRE2_ERROR_HEAPLIMIT || r == PCRE2_ERROR_JIT_STACKLIMIT)
                a->regex_limits++;
        return r >= 0;
}

static bool cidr_matches(const struct b_atom *b, struct span s) {
        char text[64];
        unsigned char addr[16], v4[4];
        const unsigned char *p = addr;
        unsigned len = 16;
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

        s = span_trim(s);
        if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
                s = span_of(s.p + 1, s.len - 2);
        const char *zone = s.len ? memchr(s.p, '%', s.len) : NULL; /* fe80::1%eth0 */
        if (zone)
                s.len = (size_t)(zone - s.p);
        if (s.len == 0 || s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = 0;
        if (inet_pton(AF_INET, text, v4) == 1) {
                p = v4;
                len = 4;
        } else if (inet_pton(AF_INET6, text, addr) != 1) {
                return false;
        } else if (b->addr_len == 4 && memcmp(addr, mapped, 12) == 0) {
                p = addr + 12;
                len = 4;
        }
        if (len != b->addr_len || b->prefix > len * 8)
                return false;
        unsigned whole = b->prefix / 8, rest = b->prefix % 8;
        if (memcmp(p, b->addr, whole) != 0)
                return false;
        return rest == 0 || ((p[whole] ^ b->addr[whole]) >> (8 - rest)) == 0;
}

/* Decimal or 0x… number, blanks around allowed; nothing else. */
static bool parse_number(struct span s, double *ret) {
        char text[64], *end;
        bool minus = false;

        s = span_trim(s);
        if (s.len && (*s.p == '-' || *s.p == '+')) {
                minus = *s.p == '-';
                s = span_of(s.p + 1, s.len - 1);
        }
        if (s.len == 0 || s.len >= sizeof(text))
                return false;
        bool hex = s.len > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x';
        for (size_t i = hex ? 2 : 0; i < s.len; i++) {
                char c = ascii_lower(s.p[i]);
                bool digit = c >= '0' && c <= '9';
                if (hex ? !digit && !(c >= 'a' && c <= 'f') : !digit && !memchr(".e+-", c, 4))
                        return false;
        }
        if (!hex && !(s.p[0] >= '0' && s.p[0] <= '9') && s.p[0] != '.')
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = 0;
        *ret = hex ? (double)strtoull(text + 2, &end, 16) : strtod(text, &end);
        if (*end)
                return false;
        if (minus)
                *ret = -*ret;
        return true;
}

/* ISO week of the year, 1–53. */
static unsigned iso_week(int64_t days) {
        int64_t thursday = days - (((days + 3) % 7 + 7) % 7) + 3, year;
        unsigned month, day;

        time_civil(thursday, &year, &month, &day);
        return (unsigned)((thursday - time_days(year, 1, 1)) / 7 + 1);
}

static bool parse_part(struct span s, uint8_t part, double *ret) {
        int64_t ns = time_parse_iso(span_trim(s), 0), year;
        unsigned month, day;

        if (ns == TIME_NONE)
                ns = time_parse_epoch(span_trim(s));
        if (ns == TIME_NONE)
                return false;
        int64_t sec = ns / NS_PER_SEC - (ns % NS_PER_SEC < 0),
                days = sec / 86400 - (sec % 86400 < 0);
        int64_t of_day = sec - days * 86400;
        time_civil(days, &year, &month, &day);
        switch (part) {
        case PART_MINUTE: *ret = (double)(of_day / 60 % 60); return true;
        case PART_HOUR: *ret = (double)(of_day / 3600); return true;
        case PART_DAY: *ret = day; return true;
        case PART_WEEK: *ret = iso_week(days); return true;
        case PART_MONTH: *ret = month; return true;
        default: *ret = (double)year; return true;
        }
}

static bool compare_matches(const struct b_atom *b, struct span s) {
        double v;

        if (b->part == PART_NONE ? !parse_number(s, &v) : !parse_part(s, b->part, &v))
                return false;
        switch (b->cmp) {
        case CMP_EQ: return v == b->value;
        case CMP_LT: return v < b->value;
        case CMP_LTE: return v <= b->value;
        case CMP_GT: return v > b->value;
        default: return v >= b->value;
        }
}

bool atom_test(struct atoms *a, const struct catom *c, const struct value *v) {
        switch (c->b->op) {
        case ATOM_STRING: return textpat_match(&c->pat, a->g->str, c->b->cased ? v->text : v->fold);
        case ATOM_REGEX: return regex_matches(a, c, v);
        case ATOM_CIDR: return cidr_matches(c->b, v->text);
        case ATOM_COMPARE: return compare_matches(c->b, v->text);
        default: return false;
        }
}

bool atom_within(struct atoms *a, const struct catom *c, const struct value *v) {
        if (c->b->op == ATOM_STRING)
                return textpat_within(&c->pat, a->g->str, c->b->cased ? v->text : v->fold);
        return atom_test(a, c, v);
}

bool atom_refers(const struct catom *c, const struct value *v, const struct value *other) {
        struct span x = c->b->cased ? v->text : v->fold,
                    y = c->b->cased ? other->text : other->fold;

        switch (c->b->ref) {
        case REF_EQ: return span_eq(x, y);
        case REF_STARTS: return span_starts(x, y);
        case REF_ENDS: return span_ends(x, y);
        default: return y.len == 0 || text_find(x, y) != NULL;
        }
}
