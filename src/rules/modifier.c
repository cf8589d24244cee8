/* Value modifiers (modifiers appendix, 2.1.0): `Field|mod|mod: value` to atoms.
 *
 * A chain is read once into struct chain: what kind of comparison it is (a string unless re, cidr,
 * exists, fieldref, a comparison or a part of a time says otherwise), the transformations in the
 * order written, and the switches all, cased, neq. Then each value goes through the
 * transformations; one value may become several (windash, base64offset, expand), which are linked
 * with OR, whatever links the values.
 *
 * Decisions where the specification leaves room:
 *   - `neq` is the negation of the whole item: none of the values. So it holds too when the field
 * is absent, as `not` in a condition does.
 *   - `windash` varies a dash only where a flag can begin (not after a letter, digit or
 * underscore).
 *   - `all` with a single value means what it means without; the specification forbids it, we warn.
 *   - a keyword is looked for anywhere in the record, so its pattern is wrapped in '*'.
 *   - whole numbers are compared in plain decimal, others as they are written (1.0 is not 1, nor is
 * 007 seven).
 *   - lt, lte, gt, gte take a number in quotes too, with a warning. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "rules/build.h"

enum mod {
        MOD_CONTAINS,
        MOD_STARTSWITH,
        MOD_ENDSWITH,
        MOD_WINDASH,
        MOD_BASE64,
        MOD_BASE64OFFSET,
        MOD_UTF16LE,
        MOD_UTF16BE,
        MOD_UTF16,
        MOD_EXPAND, /* up to here: transformations */
        MOD_RE,
        MOD_CIDR,
        MOD_EXISTS,
        MOD_FIELDREF,
        MOD_LT,
        MOD_LTE,
        MOD_GT,
        MOD_GTE,
        MOD_MINUTE,
        MOD_HOUR,
        MOD_DAY,
        MOD_WEEK,
        MOD_MONTH,
        MOD_YEAR, /* up to here: types */
        MOD_ALL,
        MOD_CASED,
        MOD_NEQ,
        MOD_RE_FLAGS,
        MOD_NONE,
};

static const struct {
        const char *name;
        enum mod mod;
} mods[] = {
        {"contains", MOD_CONTAINS},
        {"endswith", MOD_ENDSWITH},
        {"startswith", MOD_STARTSWITH},
        {"all", MOD_ALL},
        {"windash", MOD_WINDASH},
        {"re", MOD_RE},
        {"cidr", MOD_CIDR},
        {"expand", MOD_EXPAND},
        {"fieldref", MOD_FIELDREF},
        {"base64", MOD_BASE64},
        {"base64offset", MOD_BASE64OFFSET},
        {"utf16le", MOD_UTF16LE},
        {"wide", MOD_UTF16LE},
        {"utf16be", MOD_UTF16BE},
        {"utf16", MOD_UTF16},
        {"exists", MOD_EXISTS},
        {"cased", MOD_CASED},
        {"neq", MOD_NEQ},
        {"lt", MOD_LT},
        {"lte", MOD_LTE},
        {"gt", MOD_GT},
        {"gte", MOD_GTE},
        {"minute", MOD_MINUTE},
        {"hour", MOD_HOUR},
        {"day", MOD_DAY},
        {"week", MOD_WEEK},
        {"month", MOD_MONTH},
        {"year", MOD_YEAR},
};

#define CHAIN_MAX 16

enum chain_kind { KIND_STRING, KIND_RE, KIND_CIDR, KIND_EXISTS, KIND_FIELDREF, KIND_COMPARE };

struct chain {
        struct span field;
        const struct node *key;
        enum chain_kind kind;
        enum mod order[CHAIN_MAX]; /* transformations */
        uint32_t n;
        bool all, cased, neq, re_i, re_m, re_s, expand, starts, ends;
        enum compare cmp;
        enum time_part part;
        bool has_cmp;
};

static enum mod mod_find(struct span name) {
        for (size_t i = 0; i < ARRAY_LEN(mods); i++)
                if (span_eq(name, span_str(mods[i].name)))
                        return mods[i].mod;
        /* i, m, s, also joined: re|im */
        if (name.len == 0 || name.len > 3)
                return MOD_NONE;
        for (size_t i = 0; i < name.len; i++)
                if (!name.p[i] || !strchr("ims", name.p[i]) || memchr(name.p, name.p[i], i))
                        return MOD_NONE;
        return MOD_RE_FLAGS;
}

/* A modifier that cannot stand where it stands. */
static bool bad(struct parse *p, const struct chain *c, struct span name, const char *en,
                const char *vi) {
        /* Each text shows its own language and swallows the other. */
        say(p, DIAG_ERROR, "modifier-combination", c->key, "|%.*s: %s%.0s", "|%.*s: %.0s%s",
            SHOW(name), en, vi);
        return false;
}

static bool take_type(struct parse *p, struct chain *c, struct span name, enum mod m) {
        bool time = m >= MOD_MINUTE && m <= MOD_YEAR, compare = m >= MOD_LT && m <= MOD_GTE;
        enum chain_kind kind = m == MOD_RE         ? KIND_RE
                               : m == MOD_CIDR     ? KIND_CIDR
                               : m == MOD_EXISTS   ? KIND_EXISTS
                               : m == MOD_FIELDREF ? KIND_FIELDREF
                                                   : KIND_COMPARE;

        if (c->kind != KIND_STRING && !(compare && c->part && !c->has_cmp))
                return bad(p, c, name,
                           "another modifier has already said how to compare: keep one of the two",
                           "một bổ ngữ khác đã nêu cách so sánh: hãy giữ một trong hai");
        if (m != MOD_FIELDREF)
                for (uint32_t i = 0; i < c->n; i++)
                        if (c->order[i] != MOD_EXPAND)
                                return bad(p, c, name,
                                           "cannot follow contains, startswith, endswith, windash "
                                           "or an "
                                           "encoding: remove those",
                                           "không thể đứng sau contains, startswith, endswith, "
                                           "windash hay "
                                           "phép mã hóa: hãy bỏ chúng");
        c->kind = kind;
        if (time)
                c->part = (enum time_part)(PART_MINUTE + (m - MOD_MINUTE));
        if (compare) {
                c->cmp = (enum compare)(CMP_LT + (m - MOD_LT));
                c->has_cmp = true;
        }
        return true;
}

static bool encoding(enum mod m) {
        return m >= MOD_BASE64 && m <= MOD_UTF16;
}

static bool take_transform(struct parse *p, struct chain *c, struct span name, enum mod m) {
        bool place = m <= MOD_ENDSWITH;

        if (m == MOD_EXPAND) {
                c->expand = true;
                if (c->kind == KIND_EXISTS || c->kind == KIND_FIELDREF)
                        return bad(p, c, name, "placeholders have no meaning here: remove it",
                                   "biến giữ chỗ không có nghĩa ở đây: hãy bỏ nó");
        } else if (c->kind == KIND_RE) {
                return bad(p, c, name,
                           "a regular expression says itself where it matches: use ^, $ or .*",
                           "biểu thức chính quy tự nêu vị trí khớp: hãy dùng ^, $ hoặc .*");
        } else if (c->kind != KIND_STRING && !(c->kind == KIND_FIELDREF && place)) {
                return bad(p, c, name, "works on strings only: remove it",
                           "chỉ dùng cho chuỗi: hãy bỏ nó");
        }
        for (uint32_t i = 0; i < c->n; i++) {
                enum mod o = c->order[i];
                if (o <= MOD_ENDSWITH && encoding(m))
                        return bad(p, c, name,
                                   "wildcards cannot be encoded: write contains, startswith or "
                                   "endswith last",
                                   "không thể mã hóa ký tự đại diện: hãy viết contains, startswith "
                                   "hay "
                                   "endswith sau cùng");
                if (encoding(o) && (m == MOD_WINDASH || m == MOD_EXPAND))
                        return bad(p, c, name, "must stand before the encoding",
                                   "phải đứng trước phép mã hóa");
                if (o == m && m != MOD_BASE64)
                        return bad(p, c, name, "stands twice: remove one",
                                   "xuất hiện hai lần: hãy bỏ bớt");
        }
        c->starts |= m == MOD_STARTSWITH || m == MOD_CONTAINS;
        c->ends |= m == MOD_ENDSWITH || m == MOD_CONTAINS;
        c->order[c->n++] = m;
        return true;
}

static void unknown(struct parse *p, const struct node *key, struct span name) {
        const char *guess = NULL;

        for (size_t i = 0; i < ARRAY_LEN(mods) && !guess; i++)
                if (alike(name, span_str(mods[i].name)) || span_ieq(name, span_str(mods[i].name)) ||
                    (name.len > 2 && (span_starts(span_str(mods[i].name), name) ||
                                      span_starts(name, span_str(mods[i].name)))))
                        guess = mods[i].name;
        if (guess)
                say(p, DIAG_ERROR, "unknown-modifier", key,
                    "unknown modifier |%.*s: did you mean |%s?",
                    "không có bổ ngữ |%.*s: ý bạn là |%s?", SHOW(name), guess);
        else
                say(p, DIAG_ERROR, "unknown-modifier", key,
                    "unknown modifier |%.*s: use one of the Sigma 2.1 modifiers (contains, re, "
                    "cidr …)",
                    "không có bổ ngữ |%.*s: hãy dùng bổ ngữ của Sigma 2.1 (contains, re, cidr …)",
                    SHOW(name));
}

static bool take(struct parse *p, struct chain *c, struct span name, bool after_re) {
        enum mod m = mod_find(name);

        switch (m) {
        case MOD_NONE: unknown(p, c->key, name); return false;
        case MOD_ALL:
                if (c->all)
                        return bad(p, c, name, "stands twice: remove one",
                                   "xuất hiện hai lần: hãy bỏ bớt");
                c->all = true;
                return true;
        case MOD_CASED: c->cased = true; return true;
        case MOD_NEQ: c->neq = true; return true;
        case MOD_RE_FLAGS:
                if (!after_re)
                        return bad(p, c, name, "belongs directly after |re",
                                   "phải đứng ngay sau |re");
                c->re_i |= memchr(name.p, 'i', name.len) != NULL;
                c->re_m |= memchr(name.p, 'm', name.len) != NULL;
                c->re_s |= memchr(name.p, 's', name.len) != NULL;
                return true;
        default: return m <= MOD_EXPAND ? take_transform(p, c, name, m) : take_type(p, c, name, m);
        }
}

/* What can only be judged when the whole chain is known. */
static bool chain_check(struct parse *p, struct chain *c) {
        bool keyword = c->field.len == 0;

        if (keyword && c->kind != KIND_STRING && c->kind != KIND_RE) {
                say(p, DIAG_ERROR, "keyword-modifier", c->key,
                    "a keyword has no field, so this comparison cannot be made: name a field "
                    "before '|'",
                    "từ khóa không có trường nên không so sánh được: hãy nêu tên trường trước '|'");
                return false;
        }
        if (c->kind == KIND_EXISTS && (c->n || c->neq || c->cased || c->all))
                return bad(p, c, SPAN("exists"), "stands alone: remove the other modifiers",
                           "phải đứng một mình: hãy bỏ các bổ ngữ khác");
        if (c->kind == KIND_COMPARE && (c->cased || (c->neq && c->has_cmp)))
                return bad(p, c, c->cased ? SPAN("cased") : SPAN("neq"),
                           "does not go with a comparison of numbers: remove it",
                           "không đi cùng phép so sánh số: hãy bỏ nó");
        if (c->kind == KIND_CIDR && c->cased)
                return bad(p, c, SPAN("cased"), "addresses have no case: remove it",
                           "địa chỉ không phân biệt hoa thường: hãy bỏ nó");
        if (c->kind == KIND_RE && c->cased && c->re_i)
                return bad(p, c, SPAN("cased"), "contradicts |i: keep one of the two",
                           "mâu thuẫn với |i: hãy giữ một trong hai");
        for (uint32_t i = 0; i < c->n; i++)
                if (c->order[i] == MOD_BASE64OFFSET && !(c->starts || c->ends))
                        say(p, DIAG_WARNING, "base64offset-alone", c->key,
                            "|base64offset without |contains compares whole values: add |contains",
                            "|base64offset thiếu |contains sẽ so toàn bộ giá trị: hãy thêm "
                            "|contains");
        return true;
}

/* The field without blanks (rules specification, "Field Usage"), and the chain. */
static bool chain_parse(struct parse *p, const struct node *key, struct chain *c) {
        struct span s = key ? key->text : SPAN("");
        const char *bar = s.len ? memchr(s.p, '|', s.len) : NULL;
        size_t at = bar ? (size_t)(bar - s.p) : s.len, n = 0, count = 0;
        bool after_re = false;
        char *name;

        *c = (struct chain){.key = key, .cmp = CMP_EQ};
        name = arena_alloc(p->a, at + 1);
        if (!name)
                return false;
        for (size_t i = 0; i < at; i++)
                if (s.p[i] != ' ' && s.p[i] != '\t')
                        name[n++] = s.p[i];
        c->field = n ? span_of(name, n) : SPAN_NONE;
        if (n < at)
                say(p, DIAG_HINT, "field-blank", key,
                    "blanks in a field's name are left out: \"%.*s\" is read",
                    "khoảng trắng trong tên trường bị bỏ: đọc là \"%.*s\"", SHOW(c->field));
        if (n == 0 && !bar && key) {
                say(p, DIAG_ERROR, "empty-field", key,
                    "the field has no name: write one, or a list below the search for keywords",
                    "trường không có tên: hãy ghi tên, hoặc viết danh sách dưới phép tìm để dùng "
                    "từ khóa");
                return false;
        }
        while (at < s.len) {
                size_t end = at + 1;
                while (end < s.len && s.p[end] != '|')
                        end++;
                struct span m = span_trim(span_of(s.p + at + 1, end - at - 1));
                if (++count > CHAIN_MAX) {
                        say(p, DIAG_ERROR, "modifier-combination", key,
                            "more than %d modifiers: shorten the chain",
                            "hơn %d bổ ngữ: hãy rút gọn", CHAIN_MAX);
                        return false;
                }
                if (!take(p, c, m, after_re))
                        return false;
                after_re = mod_find(m) == MOD_RE || (after_re && mod_find(m) == MOD_RE_FLAGS);
                at = end;
        }
        return chain_check(p, c);
}

/* ---- values ---- */

struct variants {
        struct pattern *v;
        uint32_t n;
};

struct span scalar_text(struct parse *p, const struct node *n) {
        double v;

        switch (node_type(n)) {
        case SCALAR_BOOL: return node_bool(n) ? SPAN("true") : SPAN("false");
        case SCALAR_INT: {
                struct span s = n->text;
                bool minus = s.p[0] == '-';
                if (s.len > 2 && (s.p[1] == 'x' || s.p[1] == 'o')) {
                        if (node_number(n, &v) && v < 9e15)
                                return arena_printf(p->a, "%.0f", v);
                        return arena_dup(p->a, s);
                }
                if (minus || s.p[0] == '+')
                        s.p++, s.len--;
                if (s.len > 1 && s.p[0] == '0') {
                        /* YAML 1.1 and 1.2 read it differently, and whoever wrote it meant these
                         * digits. */
                        say(p, DIAG_HINT, "number-leading-zero", n,
                            "taken with its leading zero: put it in quotes",
                            "được hiểu kèm số 0 ở đầu: hãy đặt trong dấu nháy");
                        return arena_dup(p->a, n->text);
                }
                return minus ? arena_printf(p->a, "-%.*s", (int)MIN(s.len, (size_t)4096), s.p)
                             : arena_dup(p->a, s);
        }
        default: return arena_dup(p->a, n->text);
        }
}

static bool charge(struct parse *p, const struct node *at, size_t n);
static size_t pattern_bytes(const struct pattern *v);

static bool too_many(struct parse *p, const struct node *at) {
        say(p, DIAG_ERROR, "too-many-values", at,
            "becomes more than %d values: split the list or use fewer placeholders and dashes",
            "sinh ra hơn %d giá trị: hãy chia danh sách hoặc bớt biến giữ chỗ và dấu gạch",
            ITEM_VARIANTS_MAX);
        return false;
}

static void placeholder_undefined(struct parse *p, const struct node *at, struct span name) {
        say(p, DIAG_ERROR, "placeholder-undefined", at,
            "nobody defines the placeholder %%%.*s%%: give its values in a placeholder file (name: "
            "[values])",
            "chưa ai định nghĩa biến giữ chỗ %%%.*s%%: hãy ghi giá trị trong tệp placeholder (tên: "
            "[giá trị])",
            SHOW(name));
}

/* Replaces the first placeholder of every variant until none is left. */
static bool expand(struct parse *p, const struct node *at, struct variants *v) {
        for (;;) {
                struct variants out = {0};
                uint32_t cap = 0;
                bool any = false;

                for (uint32_t i = 0; i < v->n; i++) {
                        struct pattern *old = &v->v[i], head, tail, *slot;
                        uint32_t k = 0;
                        while (k < old->n && old->pieces[k].kind != PIECE_PLACEHOLDER)
                                k++;
                        if (k == old->n) {
                                slot = vec_push(p->a, &out.v, &out.n, &cap, sizeof(*slot));
                                if (!slot)
                                        return false;
                                *slot = *old;
                                continue;
                        }
                        any = true;
                        const struct placeholder *ph = placeholder_find(p, old->pieces[k].lit);
                        if (!ph) {
                                placeholder_undefined(p, at, old->pieces[k].lit);
                                return false;
                        }
                        head = (struct pattern){old->pieces, k};
                        tail = (struct pattern){old->pieces + k + 1, old->n - k - 1};
                        for (uint32_t j = 0; j < ph->n; j++) {
                                struct pattern half;
                                if (out.n == ITEM_VARIANTS_MAX)
                                        return too_many(p, at);
                                slot = vec_push(p->a, &out.v, &out.n, &cap, sizeof(*slot));
                                if (!slot || !pattern_concat(p->a, &head, &ph->values[j], &half) ||
                                    !pattern_concat(p->a, &half, &tail, slot) ||
                                    !charge(p, at, pattern_bytes(slot) / 256))
                                        return false;
                        }
                }
                *v = out;
                if (!any)
                        return true;
        }
}

/* One transformation of one pattern; its result is appended. */
static bool transform(struct parse *p, const struct node *at, enum mod m, const struct pattern *old,
                      struct variants *out, uint32_t *cap) {
        uint32_t n = m == MOD_WINDASH ? pattern_windash_count(old) : m == MOD_BASE64OFFSET ? 3 : 1;

        if (n == UINT32_MAX || n > ITEM_VARIANTS_MAX - out->n)
                return too_many(p, at);
        if ((m == MOD_BASE64 || m == MOD_BASE64OFFSET) && !pattern_is_literal(old)) {
                say(p, DIAG_ERROR, "encoded-wildcard", at,
                    "a value with wildcards cannot be Base64-encoded: escape them (\\*) or split "
                    "the value",
                    "giá trị có ký tự đại diện không thể mã hóa Base64: hãy thoát chúng (\\*) hoặc "
                    "tách ra");
                return false;
        }
        if (m == MOD_BASE64OFFSET && pattern_text(old).len < 2) {
                say(p, DIAG_ERROR, "base64offset-short", at,
                    "too short for |base64offset: nothing of it is certain in Base64; use two "
                    "bytes or more",
                    "quá ngắn cho |base64offset: không phần nào chắc chắn trong Base64; hãy dùng "
                    "từ hai byte");
                return false;
        }
        for (uint32_t i = 0; i < n; i++) {
                struct pattern *to = vec_push(p->a, &out->v, &out->n, cap, sizeof(*to));
                bool ok = to != NULL;
                if (!ok)
                        return false;
                switch (m) {
                case MOD_CONTAINS: ok = pattern_wrap(p->a, old, true, true, to); break;
                case MOD_STARTSWITH: ok = pattern_wrap(p->a, old, false, true, to); break;
                case MOD_ENDSWITH: ok = pattern_wrap(p->a, old, true, false, to); break;
                case MOD_WINDASH: ok = pattern_windash(p->a, old, i, to); break;
                case MOD_BASE64: ok = pattern_base64(p->a, old, to); break;
                case MOD_BASE64OFFSET: ok = pattern_base64offset(p->a, old, i, to); break;
                case MOD_UTF16LE: ok = pattern_utf16(p->a, old, UTF16_LE, to); break;
                case MOD_UTF16BE: ok = pattern_utf16(p->a, old, UTF16_BE, to); break;
                default: ok = pattern_utf16(p->a, old, UTF16_BOM, to); break;
                }
                if (!ok || (i > 0 && !charge(p, at, pattern_bytes(to) / 256)))
                        return false;
        }
        return true;
}

/* Bytes that values multiply into count as values do, a quarter kilobyte as one. */
static bool charge(struct parse *p, const struct node *at, size_t n) {
        p->size += (uint32_t)MIN(n, (size_t)RULE_SIZE_MAX + 1);
        if (p->size <= RULE_SIZE_MAX)
                return true;
        say(p, DIAG_ERROR, "rule-too-large", at, "the rule has more than %d values: split it",
            "quy tắc có hơn %d giá trị: hãy chia nhỏ", RULE_SIZE_MAX);
        return false;
}

static size_t pattern_bytes(const struct pattern *v) {
        size_t n = 0;

        for (uint32_t i = 0; i < v->n; i++)
                n += v->pieces[i].lit.len + sizeof(*v->pieces);
        return n;
}

static struct atom *atom_new(struct parse *p, const struct chain *c, const struct node *at,
                             enum atom_op op) {
        struct atom *t = arena_zalloc(p->a, sizeof(*t));

        if (!t)
                return NULL;
        if (!charge(p, at, 1))
                return NULL;
        t->op = op;
        t->field = c->field;
        t->cased = c->cased;
        t->line = at->line;
        t->column = at->column;
        return t;
}

static struct expr *any_of(struct parse *p, struct expr **kids, uint32_t n) {
        return expr_list(p->a, EXPR_OR, kids, n);
}

static struct expr *string_value(struct parse *p, const struct chain *c, const struct node *at,
                                 struct variants v) {
        struct expr **kids = arena_array(p->a, v.n, sizeof(*kids));
        bool wrap = c->field.len == 0;

        if (!kids)
                return NULL;
        for (uint32_t i = 0; i < v.n; i++) {
                struct atom *t = atom_new(p, c, at, ATOM_STRING);
                if (!t)
                        return NULL;
                t->number = node_type(at) == SCALAR_INT || node_type(at) == SCALAR_FLOAT;
                t->pat = v.v[i];
                /* A keyword with startswith or endswith is bound to that end of the record. */
                if (wrap && !pattern_wrap(p->a, &v.v[i], !c->starts || c->ends,
                                          !c->ends || c->starts, &t->pat))
                        return NULL;
                kids[i] = expr_atom(p->a, t);
        }
        return any_of(p, kids, v.n);
}

static bool regex_check(struct parse *p, const struct atom *t, const struct node *at) {
        uint32_t flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (t->re_i ? PCRE2_CASELESS : 0) |
                         (t->re_m ? PCRE2_MULTILINE : 0) | (t->re_s ? PCRE2_DOTALL : 0);
        PCRE2_SIZE offset;
        pcre2_code *code;
        int error;

        if (t->regex.len > REGEX_MAX) {
                say(p, DIAG_ERROR, "regex-too-long", at,
                    "longer than %d bytes: split the expression",
                    "dài hơn %d byte: hãy chia biểu thức", REGEX_MAX);
                return false;
        }
        code = pcre2_compile((PCRE2_SPTR)t->regex.p, t->regex.len, flags, &error, &offset, NULL);
        if (!code) {
                char why[128] = "";
                pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof(why));
                say(p, DIAG_ERROR, "regex-invalid", at,
                    "the regular expression does not compile: %s (at its byte %zu)",
                    "biểu thức chính quy không biên dịch được: %s (tại byte %zu)", why,
                    (size_t)offset);
                return false;
        }
        pcre2_code_free(code);
        return true;
}

/* Puts the values of a placeholder as a group of quoted alternatives. */
static bool regex_put(struct parse *p, struct buf *b, const struct placeholder *ph) {
        for (uint32_t i = 0; i < ph->n; i++) {
                struct span one;
                if (!pattern_regex(p->a, &ph->values[i], &one))
                        return false;
                buf_str(b, i ? "|" : "(?:");
                buf_span(b, one);
        }
        buf_str(b, ")");
        return true;
}

/* A regular expression whose placeholders become groups of quoted values; "\%" stays (PCRE reads it
 * as a percent). */
static bool regex_expand(struct parse *p, const struct node *at, struct span text,
                         struct span *ret) {
        _cleanup_(buf_deinit) struct buf b = {.limit = REGEX_MAX};

        for (size_t i = 0; i < text.len; i++) {
                const char *end = NULL;
                if (text.p[i] == '%')
                        end = memchr(text.p + i + 1, '%', text.len - i - 1);
                struct span name =
                        end ? span_of(text.p + i + 1, (size_t)(end - text.p) - i - 1) : SPAN("");
                if (name.len == 0 || memchr(name.p, ' ', name.len)) {
                        buf_add(&b, text.p + i, text.p[i] == '\\' && i + 1 < text.len ? 2 : 1);
                        i += text.p[i] == '\\';
                        continue;
                }
                const struct placeholder *ph = placeholder_find(p, name);
                if (!ph) {
                        placeholder_undefined(p, at, name);
                        return false;
                }
                if (!regex_put(p, &b, ph))
                        return false;
                i = (size_t)(end - text.p);
        }
        if (b.failed)
                return too_many(p, at);
        *ret = arena_dup(p->a, buf_get(&b));
        return ret->p != NULL;
}

static struct expr *regex_value(struct parse *p, const struct chain *c, const struct node *at) {
        struct atom *t = atom_new(p, c, at, ATOM_REGEX);

        if (!t)
                return NULL;
        t->cased = false;
        t->re_i = c->re_i;
        t->re_m = c->re_m;
        t->re_s = c->re_s;
        t->regex = scalar_text(p, at);
        if (c->expand && !regex_expand(p, at, t->regex, &t->regex))
                return NULL;
        if (c->expand && !charge(p, at, t->regex.len / 256))
                return NULL;
        return regex_check(p, t, at) ? expr_atom(p->a, t) : NULL;
}

/* ---- addresses, numbers, presence ---- */

static bool cidr_set(struct atom *t, struct span s) {
        char text[64];
        char *slash;
        unsigned long bits;

        if (s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = 0;
        slash = strchr(text, '/');
        if (slash)
                *slash = 0;
        if (inet_pton(AF_INET, text, t->addr) == 1)
                t->addr_len = 4;
        else if (inet_pton(AF_INET6, text, t->addr) == 1)
                t->addr_len = 16;
        else
                return false;
        bits = t->addr_len * 8u;
        if (slash) {
                char *end;
                if (slash[1] < '0' || slash[1] > '9')
                        return false;
                bits = strtoul(slash + 1, &end, 10);
                if (*end || bits > t->addr_len * 8u)
                        return false;
        }
        t->prefix = (uint8_t)bits;
        return true;
}

static struct expr *cidr_text(struct parse *p, const struct chain *c, const struct node *at,
                              struct span s) {
        struct atom *t = atom_new(p, c, at, ATOM_CIDR);
        bool loose = false;

        if (!t)
                return NULL;
        if (!cidr_set(t, span_trim(s))) {
                say(p, DIAG_ERROR, "cidr-invalid", at,
                    "\"%.*s\" is no network: write it like 10.0.0.0/8 or fe80::/10",
                    "\"%.*s\" không phải mạng: hãy viết như 10.0.0.0/8 hoặc fe80::/10", SHOW(s));
                return NULL;
        }
        for (unsigned bit = t->prefix; bit < t->addr_len * 8u; bit++) {
                loose |= t->addr[bit / 8] >> (7 - bit % 8) & 1;
                t->addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
        }
        if (loose)
                say(p, DIAG_WARNING, "cidr-host-bits", at,
                    "\"%.*s\" has bits set behind the prefix: they are ignored; write the "
                    "network's first address",
                    "\"%.*s\" có bit nằm sau tiền tố, sẽ bị bỏ qua: hãy viết địa chỉ đầu của mạng",
                    SHOW(s));
        return expr_atom(p->a, t);
}

static struct expr *cidr_value(struct parse *p, const struct chain *c, const struct node *at) {
        struct span s = scalar_text(p, at);
        struct variants v = {.n = 1};
        struct expr **kids;

        if (!c->expand)
                return cidr_text(p, c, at, s);
        v.v = arena_alloc(p->a, sizeof(*v.v));
        if (!v.v || !pattern_parse(p->a, s, true, v.v) || !expand(p, at, &v))
                return NULL;
        kids = arena_array(p->a, v.n, sizeof(*kids));
        if (!kids)
                return NULL;
        for (uint32_t i = 0; i < v.n; i++)
                kids[i] = cidr_text(
                        p, c, at, pattern_is_literal(&v.v[i]) ? pattern_text(&v.v[i]) : SPAN("*"));
        return any_of(p, kids, v.n);
}

/* "Time Modifiers"; ISO weeks go to 53. */
static const unsigned part_range[][2] = {
        [PART_NONE] = {0, 0},       [PART_MINUTE] = {0, 59}, [PART_HOUR] = {0, 23},
        [PART_DAY] = {1, 31},       [PART_WEEK] = {1, 53},   [PART_MONTH] = {1, 12},
        [PART_YEAR] = {1601, 9999},
};

static struct expr *compare_value(struct parse *p, const struct chain *c, const struct node *at) {
        struct atom *t = atom_new(p, c, at, ATOM_COMPARE);

        if (!t)
                return NULL;
        t->cmp = c->cmp;
        t->part = c->part;
        if (!node_number(at, &t->value)) {
                say(p, DIAG_ERROR, "not-a-number", at,
                    "\"%.*s\" is not a number, which this modifier needs",
                    "\"%.*s\" không phải số, mà bổ ngữ này cần số", SHOW(at->text));
                return NULL;
        }
        if (c->part && (t->value < part_range[c->part][0] || t->value > part_range[c->part][1]))
                say(p, DIAG_WARNING, "time-range", at,
                    "no time has this part: it lies between %u and %u",
                    "không thời điểm nào có phần này: giá trị từ %u đến %u", part_range[c->part][0],
                    part_range[c->part][1]);
        if (!at->plain)
                say(p, DIAG_WARNING, "quoted-number", at, "a number in quotes: remove the quotes",
                    "số đặt trong dấu nháy: hãy bỏ dấu nháy");
        return expr_atom(p->a, t);
}

static struct expr *exists_value(struct parse *p, const struct chain *c, const struct node *at) {
        struct atom *t;

        if (node_type(at) != SCALAR_BOOL) {
                say(p, DIAG_ERROR, "exists-not-boolean", at,
                    "|exists takes true or false, without quotes",
                    "|exists chỉ nhận true hoặc false, không có dấu nháy");
                return NULL;
        }
        t = atom_new(p, c, at, ATOM_EXISTS);
        return node_bool(at) ? expr_atom(p->a, t) : expr_not(p->a, expr_atom(p->a, t));
}

static struct expr *fieldref_value(struct parse *p, const struct chain *c, const struct node *at) {
        struct span s = scalar_text(p, at);
        char *name = arena_alloc(p->a, s.len + 1);
        struct atom *t;
        size_t n = 0;

        if (!name)
                return NULL;
        for (size_t i = 0; i < s.len; i++)
                if (s.p[i] != ' ')
                        name[n++] = s.p[i];
        if (n == 0) {
                say(p, DIAG_ERROR, "empty-field", at, "|fieldref needs the name of the other field",
                    "|fieldref cần tên của trường kia");
                return NULL;
        }
        t = atom_new(p, c, at, ATOM_FIELDREF);
        if (!t)
                return NULL;
        t->other = span_of(name, n);
        t->ref = c->starts && c->ends ? REF_CONTAINS
                 : c->starts          ? REF_STARTS
                 : c->ends            ? REF_ENDS
                                      : REF_EQ;
        return expr_atom(p->a, t);
}

static struct expr *null_value(struct parse *p, const struct chain *c, const struct node *at) {
        if (c->field.len == 0) {
                say(p, DIAG_ERROR, "keyword-null", at,
                    "null cannot be a keyword: write the text to look for",
                    "null không thể là từ khóa: hãy ghi văn bản cần tìm");
                return NULL;
        }
        if (c->kind != KIND_STRING || c->n || c->cased) {
                say(p, DIAG_ERROR, "null-modifier", at,
                    "null goes with no modifier but neq: remove the modifiers, or write '' for an "
                    "empty value",
                    "null chỉ đi với bổ ngữ neq: hãy bỏ các bổ ngữ, hoặc viết '' cho giá trị rỗng");
                return NULL;
        }
        return expr_atom(p->a, atom_new(p, c, at, ATOM_NULL));
}

/* Words that YAML 1.1 takes for booleans, and 1.2 for what they are. */
static void boolean_hint(struct parse *p, const struct node *at) {
        static const char *const words[] = {"yes", "no", "on", "off"};

        for (size_t i = 0; at->plain && i < ARRAY_LEN(words); i++)
                if (span_ieq(at->text, span_str(words[i])))
                        say(p, DIAG_HINT, "yaml-boolean", at,
                            "taken as the word \"%.*s\"; older readers take it for a boolean: put "
                            "it in quotes",
                            "được hiểu là từ \"%.*s\"; công cụ cũ hiểu là đúng/sai: hãy đặt trong "
                            "dấu nháy",
                            SHOW(at->text));
}

/* Wildcards that say again what a modifier says, or that one would say better. */
static void wildcard_hints(struct parse *p, const struct chain *c, const struct node *at,
                           const struct pattern *v) {
        bool first = v->n > 1 && v->pieces[0].kind == PIECE_ANY,
             last = v->n > 1 && v->pieces[v->n - 1].kind == PIECE_ANY;

        if ((c->ends && first) || (c->starts && last))
                say(p, DIAG_HINT, "wildcard-redundant", at,
                    "the modifier puts this wildcard already: remove the '*'",
                    "bổ ngữ đã thêm ký tự đại diện này: hãy bỏ dấu '*'");
        else if (c->n == 0 && c->field.len && (first || last) && v->n == 1u + first + last &&
                 v->pieces[first].kind == PIECE_LIT)
                say(p, DIAG_HINT, "wildcard-modifier", at,
                    "better written with |%s and without '*'", "nên viết bằng |%s và bỏ dấu '*'",
                    first && last ? "contains"
                    : first       ? "endswith"
                                  : "startswith");
}

static struct expr *value_parse(struct parse *p, const struct chain *c, const struct node *at) {
        struct variants v = {.n = 1};

        if (at->kind != NODE_SCALAR) {
                say(p, DIAG_ERROR, "nested-value", at,
                    "a value must be a string, number, boolean or null: move nested maps and lists "
                    "up",
                    "giá trị phải là chuỗi, số, đúng/sai hoặc null: hãy đưa bảng, danh sách lồng "
                    "ra ngoài");
                return NULL;
        }
        if (node_type(at) == SCALAR_NULL)
                return null_value(p, c, at);
        switch (c->kind) {
        case KIND_RE: return regex_value(p, c, at);
        case KIND_CIDR: return cidr_value(p, c, at);
        case KIND_EXISTS: return exists_value(p, c, at);
        case KIND_FIELDREF: return fieldref_value(p, c, at);
        case KIND_COMPARE: return compare_value(p, c, at);
        case KIND_STRING: break;
        }
        v.v = arena_alloc(p->a, sizeof(*v.v));
        if (!v.v || !pattern_parse(p->a, scalar_text(p, at), c->expand, v.v))
                return NULL;
        wildcard_hints(p, c, at, v.v);
        boolean_hint(p, at);
        for (uint32_t i = 0; i < c->n; i++) {
                struct variants out = {0};
                uint32_t cap = 0;
                if (c->order[i] == MOD_EXPAND) {
                        if (!expand(p, at, &v))
                                return NULL;
                        continue;
                }
                for (uint32_t k = 0; k < v.n; k++)
                        if (!transform(p, at, c->order[i], &v.v[k], &out, &cap))
                                return NULL;
                v = out;
        }
        return string_value(p, c, at, v);
}

/* A list of values: OR, or AND with |all. */
static struct expr *list_parse(struct parse *p, const struct chain *c, const struct node *list) {
        struct expr **kids = arena_array(p->a, MAX(list->n, 1u), sizeof(*kids));
        uint32_t n = 0;

        if (!kids)
                return NULL;
        if (list->n == 0) {
                say(p, DIAG_ERROR, "empty-list", list,
                    "an empty list matches nothing: give values, or null for an absent field",
                    "danh sách rỗng không khớp gì: hãy ghi giá trị, hoặc null nếu trường vắng mặt");
                return NULL;
        }
        for (struct node *v = list->first; v; v = v->next) {
                if (list->n > 1 && v->kind == NODE_SCALAR && node_type(v) == SCALAR_NULL)
                        say(p, DIAG_WARNING, "null-in-list", v,
                            "null is a type of its own and does not belong in a list: write a "
                            "search of its own",
                            "null là kiểu riêng, không nên nằm trong danh sách: hãy viết phép tìm "
                            "riêng");
                kids[n] = value_parse(p, c, v);
                if (!kids[n++])
                        return NULL;
        }
        return expr_list(p->a, c->all ? EXPR_AND : EXPR_OR, kids, n);
}

struct expr *item_parse(struct parse *p, const struct node *key, const struct node *value) {
        struct chain c;
        struct expr *e;

        if (!chain_parse(p, key, &c))
                return NULL;
        if (c.all && (value->kind != NODE_LIST || value->n == 1))
                say(p, DIAG_WARNING, "single-value-all", key,
                    "|all with one value changes nothing: remove it or add values",
                    "|all với một giá trị không thay đổi gì: hãy bỏ nó hoặc thêm giá trị");
        e = value->kind == NODE_LIST ? list_parse(p, &c, value) : value_parse(p, &c, value);
        return c.neq ? expr_not(p->a, e) : e;
}
