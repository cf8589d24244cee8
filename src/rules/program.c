/* Checking and reading a program (rules/blob.h).
 *
 * The process that wrote it parsed foreign YAML and may be an attacker's by now. So program_open()
 * visits every record once and checks every string, range and index against the sections. After
 * that (P1) every b_str lies inside SEC_STR, (P2) every b_range lies inside its section, (P3) every
 * expression is a sound postfix program that leaves one value and is no deeper than BLOB_DEPTH_MAX,
 * (P4) enumerations are in range. Readers rely on P1–P4 without asking again; nothing is mapped
 * writable, so nothing changes later. */
#include <stdlib.h>

#include "rules/blob.h"
#include "rules/program.h"

/* Which strings, ranges and bytes a record holds, so that one loop checks all kinds. */
struct check_field {
        uint16_t offset;
        uint8_t what; /* 0: b_str; 1: b_range in `sec`; 2: byte below `limit`; 3: u32 below `limit`
                       */
        uint8_t sec;
        uint32_t limit;
};

#define F_STR(t, m)                                                                                \
        { offsetof(struct t, m), 0, 0, 0 }
#define F_RANGE(t, m, s)                                                                           \
        { offsetof(struct t, m), 1, s, 0 }
#define F_BYTE(t, m, l)                                                                            \
        { offsetof(struct t, m), 2, 0, l }
#define F_U32(t, m, l)                                                                             \
        { offsetof(struct t, m), 3, 0, l }

static const struct check_field f_strs[] = {{0, 0, 0, 0}};
static const struct check_field f_piece[] = {F_U32(b_piece, kind, 3), F_STR(b_piece, lit)};
static const struct check_field f_atom[] = {
        F_STR(b_atom, field),         F_STR(b_atom, regex),
        F_STR(b_atom, other),         F_RANGE(b_atom, pieces, SEC_PIECE),
        F_BYTE(b_atom, op, 7),        F_BYTE(b_atom, cased, 2),
        F_BYTE(b_atom, re_i, 2),      F_BYTE(b_atom, re_m, 2),
        F_BYTE(b_atom, re_s, 2),      F_BYTE(b_atom, cmp, 5),
        F_BYTE(b_atom, part, 7),      F_BYTE(b_atom, ref, 4),
        F_BYTE(b_atom, addr_len, 17), F_BYTE(b_atom, prefix, 129)};
static const struct check_field f_rule[] = {F_STR(b_rule, id),
                                            F_STR(b_rule, title),
                                            F_STR(b_rule, title_vi),
                                            F_STR(b_rule, description),
                                            F_STR(b_rule, description_vi),
                                            F_STR(b_rule, file),
                                            F_RANGE(b_rule, tags, SEC_STRS),
                                            F_RANGE(b_rule, expr, SEC_WORD),
                                            F_RANGE(b_rule, wanted, SEC_STRS),
                                            F_BYTE(b_rule, level, 6),
                                            F_BYTE(b_rule, status, 6),
                                            F_BYTE(b_rule, flags, 16)};
static const struct check_field f_source[] = {F_STR(b_source, name),
                                              F_RANGE(b_source, alts, SEC_ALT)};
static const struct check_field f_alt[] = {
        F_U32(b_alt, kind, SOURCE_KINDS_MAX), F_RANGE(b_alt, key1, SEC_VALUE),
        F_RANGE(b_alt, key2, SEC_KEY2),       F_RANGE(b_alt, conds, SEC_COND),
        F_RANGE(b_alt, renames, SEC_RENAME),  F_RANGE(b_alt, consts, SEC_CONST)};
static const struct check_field f_value[] = {F_STR(b_value, text)};
static const struct check_field f_cond[] = {F_STR(b_cond, field),
                                            F_RANGE(b_cond, values, SEC_VALUE)};
static const struct check_field f_rename[] = {F_STR(b_rename, field),
                                              F_RANGE(b_rename, to, SEC_STRS)};
static const struct check_field f_const[] = {F_STR(b_const, field), F_STR(b_const, value)};
static const struct check_field f_alias[] = {F_STR(b_alias, from), F_STR(b_alias, to)};
static const struct check_field f_prefix[] = {F_STR(b_prefix, text)};
static const struct check_field f_test[] = {F_U32(b_test, kind, SOURCE_KINDS_MAX),
                                            F_RANGE(b_test, has, SEC_STRS),
                                            F_RANGE(b_test, conds, SEC_COND),
                                            F_RANGE(b_test, key1, SEC_STRS),
                                            F_STR(b_test, key1_is),
                                            F_STR(b_test, key2)};
static const struct check_field f_k1name[] = {F_U32(b_k1name, kind, SOURCE_KINDS_MAX),
                                              F_STR(b_k1name, from), F_STR(b_k1name, to)};

static const struct check_field f_field[] = {F_STR(b_field, name), F_STR(b_field, beside),
                                             F_STR(b_field, at), F_STR(b_field, then),
                                             F_U32(b_field, holds, INTEL_FIELDS)};

#define KIND(type, fields)                                                                         \
        { sizeof(type), fields, ARRAY_LEN(fields) }
static const struct {
        size_t size;
        const struct check_field *f;
        size_t n;
} kinds[SEC_MAX] = {
        [SEC_STR] = {1, NULL, 0},
        [SEC_STRS] = KIND(struct b_str, f_strs),
        [SEC_PIECE] = KIND(struct b_piece, f_piece),
        [SEC_ATOM] = KIND(struct b_atom, f_atom),
        [SEC_WORD] = {sizeof(uint32_t), NULL, 0},
        [SEC_RULE] = KIND(struct b_rule, f_rule),
        [SEC_SOURCE] = KIND(struct b_source, f_source),
        [SEC_ALT] = KIND(struct b_alt, f_alt),
        [SEC_VALUE] = KIND(struct b_value, f_value),
        [SEC_COND] = KIND(struct b_cond, f_cond),
        [SEC_KEY2] = {sizeof(int64_t), NULL, 0},
        [SEC_RENAME] = KIND(struct b_rename, f_rename),
        [SEC_CONST] = KIND(struct b_const, f_const),
        [SEC_ALIAS] = KIND(struct b_alias, f_alias),
        [SEC_PREFIX] = KIND(struct b_prefix, f_prefix),
        [SEC_TEST] = KIND(struct b_test, f_test),
        [SEC_K1NAME] = KIND(struct b_k1name, f_k1name),
        [SEC_CORR] = KIND(struct b_rule, f_rule),
        [SEC_SPEC] = {1, NULL, 0},
        [SEC_FIELD] = KIND(struct b_field, f_field),
        [SEC_INTEL] = {1, NULL, 0},
};

static bool range_ok(const struct program *g, struct b_range r, unsigned sec) {
        return r.first <= g->n[sec] && r.n <= g->n[sec] - r.first;
}

static bool record_ok(const struct program *g, const char *rec, const struct check_field *f,
                      size_t n) {
        for (size_t i = 0; i < n; i++) {
                struct b_str s;
                uint32_t v;

                switch (f[i].what) {
                case 0:
                        memcpy(&s, rec + f[i].offset, sizeof(s));
                        if (s.off > g->n[SEC_STR] || s.len > g->n[SEC_STR] - s.off)
                                return false;
                        break;
                case 1:
                        memcpy(&s, rec + f[i].offset, sizeof(s));
                        if (!range_ok(g, (struct b_range){s.off, s.len}, f[i].sec))
                                return false;
                        break;
                case 2:
                        if ((unsigned char)rec[f[i].offset] >= f[i].limit)
                                return false;
                        break;
                default:
                        memcpy(&v, rec + f[i].offset, sizeof(v));
                        if (v >= f[i].limit)
                                return false;
                        break;
                }
        }
        return true;
}

/* P3. Heights of the values on the stack are kept, not the values. */
static bool expr_ok(const struct program *g, struct b_range r, uint8_t *height, uint32_t max) {
        const uint32_t *w = g->words + r.first;
        uint32_t sp = 0;

        for (uint32_t i = 0; i < r.n; i++) {
                uint32_t arg = w[i] & WORD_ARG, kids = 0;

                switch (w[i] >> 28) {
                case WORD_TRUE:
                case WORD_FALSE: break;
                case WORD_ATOM:
                        if (arg >= g->n[SEC_ATOM])
                                return false;
                        break;
                case WORD_NOT: kids = 1; break;
                case WORD_AT_LEAST:
                        if (++i >= r.n)
                                return false;
                        kids = arg;
                        break;
                case WORD_AND:
                case WORD_OR: kids = arg; break;
                default: return false;
                }
                uint8_t top = 0;
                if (kids > sp)
                        return false;
                for (uint32_t k = 0; k < kids; k++) {
                        sp--;
                        top = MAX(top, height[sp]);
                }
                if (top >= BLOB_DEPTH_MAX || sp >= max)
                        return false;
                height[sp++] = (uint8_t)(top + 1);
        }
        return sp == 1;
}

static bool exprs_ok(const struct program *g) {
        uint8_t *height = malloc((size_t)g->n[SEC_WORD] + 1);
        bool ok = height != NULL;

        for (uint32_t i = 0; ok && i < g->n[SEC_RULE]; i++) {
                const struct b_rule *r = &g->rules[i];
                ok = r->source < g->n[SEC_SOURCE] &&
                     expr_ok(g, r->expr, height, g->n[SEC_WORD] + 1);
        }
        free(height);
        return ok;
}

/* Sections must not be longer than what a sum of small ranges can ask of a reader: alternatives of
 * a source that many rules share are checked once, but ranges may overlap. So sums are bounded too.
 */
static bool sums_ok(const struct program *g) {
        uint64_t words = 0, alts = 0, pieces = 0, names = 0;

        for (uint32_t i = 0; i < g->n[SEC_RULE]; i++)
                words += g->rules[i].expr.n + g->rules[i].tags.n + g->rules[i].wanted.n;
        for (uint32_t i = 0; i < g->n[SEC_SOURCE]; i++)
                alts += g->sources[i].alts.n;
        for (uint32_t i = 0; i < g->n[SEC_ALT]; i++)
                alts += (uint64_t)g->alts[i].conds.n + g->alts[i].renames.n + g->alts[i].consts.n +
                        g->alts[i].key1.n + g->alts[i].key2.n;
        for (uint32_t i = 0; i < g->n[SEC_COND]; i++)
                alts += g->conds[i].values.n;
        for (uint32_t i = 0; i < g->n[SEC_RENAME]; i++)
                names += g->renames[i].to.n;
        for (uint32_t i = 0; i < g->n[SEC_TEST]; i++) {
                names += (uint64_t)g->tests[i].has.n + g->tests[i].key1.n;
                alts += g->tests[i].conds.n;
        }
        for (uint32_t i = 0; i < g->n[SEC_ATOM]; i++)
                pieces += g->atoms[i].pieces.n;
        return words <= (uint64_t)g->n[SEC_WORD] + g->n[SEC_STRS] && pieces <= g->n[SEC_PIECE] &&
               names <= g->n[SEC_STRS] &&
               alts <= (uint64_t)g->n[SEC_ALT] + g->n[SEC_COND] + g->n[SEC_RENAME] +
                               g->n[SEC_CONST] + g->n[SEC_VALUE] + g->n[SEC_KEY2];
}

/* Indicators speak through rules that are made for them and that nothing else can match. */
static bool intel_ok(struct program *g) {
        if (g->intel_bytes.len == 0)
                return true;
        if (intel_table_open(&g->intel, g->intel_bytes) != 0 ||
            g->intel.first_rule > g->n[SEC_RULE] ||
            g->intel.n_rules > g->n[SEC_RULE] - g->intel.first_rule)
                return false;
        for (uint32_t i = 0; i < g->intel.n_rules; i++)
                if (!(g->rules[g->intel.first_rule + i].flags & RULE_INDICATOR))
                        return false;
        return true;
}

static int sections(struct program *g) {
        const struct b_header *h = g->h;
        const void **to[SEC_MAX] = {[SEC_STR] = (const void **)&g->str,
                                    [SEC_STRS] = (const void **)&g->strs,
                                    [SEC_PIECE] = (const void **)&g->pieces,
                                    [SEC_ATOM] = (const void **)&g->atoms,
                                    [SEC_WORD] = (const void **)&g->words,
                                    [SEC_RULE] = (const void **)&g->rules,
                                    [SEC_SOURCE] = (const void **)&g->sources,
                                    [SEC_ALT] = (const void **)&g->alts,
                                    [SEC_VALUE] = (const void **)&g->values,
                                    [SEC_COND] = (const void **)&g->conds,
                                    [SEC_KEY2] = (const void **)&g->key2,
                                    [SEC_RENAME] = (const void **)&g->renames,
                                    [SEC_CONST] = (const void **)&g->consts,
                                    [SEC_ALIAS] = (const void **)&g->aliases,
                                    [SEC_PREFIX] = (const void **)&g->prefixes,
                                    [SEC_TEST] = (const void **)&g->tests,
                                    [SEC_K1NAME] = (const void **)&g->k1names,
                                    [SEC_CORR] = (const void **)&g->corrs,
                                    [SEC_SPEC] = (const void **)&g->spec.p,
                                    [SEC_FIELD] = (const void **)&g->fields,
                                    [SEC_INTEL] = (const void **)&g->intel_bytes.p};

        for (unsigned s = 0; s < SEC_MAX; s++) {
                size_t off = h->sec[s].off, bytes = h->sec[s].n * kinds[s].size;
                if ((off & 7) != 0 || off > g->len || bytes > g->len - off)
                        return -EBADMSG;
                g->n[s] = h->sec[s].n;
                *to[s] = g->base + off;
        }
        g->spec.len = g->n[SEC_SPEC];
        g->intel_bytes.len = g->n[SEC_INTEL];
        for (unsigned s = 0; s < SEC_MAX; s++)
                for (size_t i = 0; kinds[s].f && i < g->n[s]; i++)
                        if (!record_ok(g, g->base + h->sec[s].off + i * kinds[s].size, kinds[s].f,
                                       kinds[s].n))
                                return -EBADMSG;
        return exprs_ok(g) && sums_ok(g) && intel_ok(g) ? 0 : -EBADMSG;
}

int program_open(struct program **ret, const void *p, size_t len) {
        struct program *g;
        int r;

        if (len < sizeof(struct b_header) || ((uintptr_t)p & 7) != 0)
                return -EBADMSG;
        g = calloc(1, sizeof(*g));
        if (!g)
                return FAIL(-ENOMEM);
        g->base = p;
        g->h = p;
        g->len = g->h->len;
        r = g->h->magic == BLOB_MAGIC && g->h->version == BLOB_VERSION && g->len <= len
                    ? sections(g)
                    : -EBADMSG;
        if (r < 0) {
                free(g);
                return r;
        }
        *ret = g;
        return 0;
}

struct program *program_free(struct program *g) {
        free(g);
        return NULL;
}

uint32_t program_rules(const struct program *g) {
        return g->n[SEC_RULE];
}

uint32_t program_correlations(const struct program *g) {
        return g->n[SEC_CORR];
}

uint32_t program_indicators(const struct program *g) {
        return g->intel.n;
}

static bool rule_view(const struct program *g, const struct b_rule *rules, uint32_t n, uint32_t i,
                      struct program_rule *ret) {
        if (i >= n)
                return false;
        const struct b_rule *r = &rules[i];
        *ret = (struct program_rule){.id = blob_str(g, r->id),
                                     .title = blob_str(g, r->title),
                                     .title_vi = blob_str(g, r->title_vi),
                                     .description = blob_str(g, r->description),
                                     .description_vi = blob_str(g, r->description_vi),
                                     .file = blob_str(g, r->file),
                                     .level = (enum level)r->level,
                                     .status = (enum status)r->status,
                                     .report = r->flags & RULE_REPORT,
                                     .correlate = r->flags & RULE_CORRELATE,
                                     .unmapped = r->flags & RULE_UNMAPPED,
                                     .indicator = r->flags & RULE_INDICATOR,
                                     .n_tags = r->tags.n};
        return true;
}

bool program_rule(const struct program *g, uint32_t i, struct program_rule *ret) {
        return rule_view(g, g->rules, g->n[SEC_RULE], i, ret);
}

bool program_correlation_meta(const struct program *g, uint32_t i, struct program_rule *ret) {
        return rule_view(g, g->corrs, g->n[SEC_CORR], i, ret);
}

static struct span tag(const struct program *g, const struct b_rule *rules, uint32_t n, uint32_t i,
                       uint32_t nth) {
        if (i >= n || nth >= rules[i].tags.n)
                return SPAN_NONE;
        return blob_str(g, g->strs[rules[i].tags.first + nth]);
}

struct span program_rule_tag(const struct program *g, uint32_t i, uint32_t nth) {
        return tag(g, g->rules, g->n[SEC_RULE], i, nth);
}

struct span program_correlation_tag(const struct program *g, uint32_t i, uint32_t nth) {
        return tag(g, g->corrs, g->n[SEC_CORR], i, nth);
}

struct span program_rule_logsource(const struct program *g, uint32_t i) {
        if (i >= g->n[SEC_RULE])
                return SPAN_NONE;
        return blob_str(g, g->sources[g->rules[i].source].name);
}

struct span program_correlation_spec(const struct program *g) {
        return g->spec;
}
