/* See keyed.h.
 *
 *   N1. A term over a field that names people asks about one of them if it has a letter or a figure: `user:*` (there is
 *       one) and `user:*$` (a machine) do not, nor do accounts that are on every machine (root, SYSTEM).
 *   N2. Any other term may be an account's name in disguise: a word, a part, an expression, over the record or any
 *       field. So what a masked search shows must follow from what it shows: a term over text holds only if
 *       it holds with the names replaced. That goes for terms that leave out as well (NOT): else the difference of
 *       two searches would say who is who. Seekers, who know no names, let those pass; and expressions, which
 *       can say "anything, or Hoa".
 *   N3. Sorting by a name would put pseudonyms in the order of names. */
#include "seek/keyed.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "scan/pseudonym.h"
#include "seek/sieve.h"

#define MATCH_LIMIT 100000u

struct keyed {
        const struct query *q;
        uint64_t words; /* terms over text */
        uint64_t open;  /* of these, expressions */
        pcre2_code *re[QUERY_LEAVES_MAX];
        pcre2_match_data *data;
        pcre2_match_context *context;
        struct buf text;
};

static bool is_letter_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (unsigned char)c >= 0x80;
}

static bool says_something(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (is_letter_or_digit(s.p[i]))
                        return true;
        return false;
}

static bool of_people(const struct leaf *l) {
        return l->kind == LEAF_USER ||
               (l->kind == LEAF_FIELD && names_of_field(l->field) == NAMES_USER);
}

/* N1 */
static bool asks_whom(const struct leaf *l) {
        if (!of_people(l) || strcmp(l->modifier, "|exists") == 0)
                return false;
        return says_something(l->text) && !pseudonym_of_nobody(l->text);
}

struct span keyed_part(const struct query *q) {
        for (uint32_t i = 0; i < q->n_leaves; i++)
                if (asks_whom(&q->leaves[i]))
                        return q->leaves[i].text;
        if (q->sort.len && (names_of_field(q->sort) != NAMES_NOBODY || /* N3 */
                            span_eq(q->sort, SPAN("event.original"))))
                return q->sort;
        return SPAN_NONE;
}

/* Terms over text that may be anybody's. */
static bool has_words(const struct leaf *l) {
        switch (l->kind) {
        case LEAF_WORD:
        case LEAF_PHRASE:
        case LEAF_PART: return true;
        case LEAF_FIELD:
                return !of_people(l) &&
                       (l->modifier[0] == '\0' || strcmp(l->modifier, "|re") == 0 ||
                        strcmp(l->modifier, "|contains") == 0);
        default: return false;
        }
}

struct span keyed_word(const struct query *q, uint32_t i) {
        for (uint32_t k = 0; k < q->n_leaves; k++)
                if (has_words(&q->leaves[k]) && i-- == 0)
                        return q->leaves[k].text;
        return SPAN_NONE;
}

static uint64_t words_of(const struct query *q) {
        uint64_t bits = 0;

        for (uint32_t i = 0; i < q->n_leaves; i++)
                bits |= (uint64_t)has_words(&q->leaves[i]) << i;
        return bits;
}

uint64_t keyed_relaxed(const struct query *q) {
        uint64_t stack[QUERY_OPS_MAX + 1] = {0}, negated = 0;
        unsigned n = 0;

        for (uint32_t i = 0; i < q->n_steps; i++) {
                const struct query_step *s = &q->steps[i];

                if (s->op == QUERY_LEAF)
                        stack[n++] = UINT64_C(1) << s->leaf;
                else if (s->op == QUERY_ALL)
                        stack[n++] = 0;
                else if (s->op == QUERY_NOT && n)
                        negated ^= stack[n - 1];
                else if (n > 1)
                        n--, stack[n - 1] |= stack[n];
        }
        return negated & words_of(q);
}

uint64_t keyed_open(const struct query *q) {
        uint64_t bits = 0;

        for (uint32_t i = 0; i < q->n_leaves; i++)
                bits |= (uint64_t)(strcmp(q->leaves[i].modifier, "|re") == 0) << i;
        return bits & words_of(q);
}

/* ---- as it is shown ---- */

static void compile(struct keyed *k, uint32_t i) {
        const struct leaf *l = &k->q->leaves[i];
        PCRE2_SIZE at;
        int error;

        if (l->kind == LEAF_FIELD && strcmp(l->modifier, "|re") == 0)
                k->re[i] =
                        pcre2_compile((PCRE2_SPTR)l->text.p, l->text.len,
                                      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                                      &error, &at, NULL);
}

int keyed_new(struct keyed **ret, const struct query *q) {
        struct keyed *k = calloc(1, sizeof(*k));

        if (!k)
                return -ENOMEM;
        k->q = q;
        k->words = words_of(q);
        k->open = keyed_open(q);
        k->text.limit = (size_t)4 << 20;
        k->data = pcre2_match_data_create(1, NULL);
        k->context = pcre2_match_context_create(NULL);
        if (!k->data || !k->context) {
                keyed_free(k);
                return -ENOMEM;
        }
        pcre2_set_match_limit(k->context, MATCH_LIMIT);
        pcre2_set_depth_limit(k->context, MATCH_LIMIT);
        for (uint32_t i = 0; i < q->n_leaves; i++)
                compile(k, i);
        *ret = k;
        return 0;
}

struct keyed *keyed_free(struct keyed *k) {
        if (!k)
                return NULL;
        for (uint32_t i = 0; i < QUERY_LEAVES_MAX; i++)
                pcre2_code_free(k->re[i]);
        pcre2_match_data_free(k->data);
        pcre2_match_context_free(k->context);
        buf_deinit(&k->text);
        free(k);
        return NULL;
}

bool keyed_reads(const struct keyed *k) {
        return k->words != 0;
}

static bool matches(struct keyed *k, uint32_t i, struct span text) {
        const struct leaf *l = &k->q->leaves[i];

        if (l->kind == LEAF_PART)
                return sieve_glob(l->text, text, true);
        if (l->kind != LEAF_FIELD)
                return sieve_word(l->text, text);
        if (strcmp(l->modifier, "|re") != 0)
                return sieve_glob(l->text, text, l->modifier[0] != '\0');
        return k->re[i] && pcre2_match(k->re[i], (PCRE2_SPTR)(text.p ? text.p : ""), text.len, 0, 0,
                                       k->data, k->context) >= 0;
}

/* Of the terms that hold, those that still do in one text of the event. */
static uint64_t hold_in(struct keyed *k, uint64_t terms, const struct finding_field *x,
                        const struct names *people) {
        bool original = span_eq(x->name, SPAN("event.original"));
        struct span text = x->value;
        uint64_t held = 0;

        if (names_of_field(x->name) == NAMES_USER)
                return 0; /* all of it is a name */
        if (people->n || people->more) {
                buf_reset(&k->text);
                if (!names_mask(&k->text, text, people) || k->text.failed)
                        return 0;
                text = buf_get(&k->text);
        }
        if (!text.p)
                text = SPAN("");
        for (uint32_t i = 0; i < k->q->n_leaves; i++) {
                bool field = k->q->leaves[i].kind == LEAF_FIELD;

                if ((terms >> i & 1) && !(field && original) && matches(k, i, text))
                        held |= UINT64_C(1) << i;
        }
        return held;
}

bool keyed_shows(struct keyed *k, const struct finding *f, const struct names *people) {
        uint8_t state[QUERY_LEAVES_MAX];
        bool nobody = people->n == 0 && !people->more;
        uint64_t terms = (f->line & k->words) | (nobody ? 0 : k->open), held = 0;

        if (nobody) {
                held = terms;
        } else {
                for (uint32_t i = f->n_fields; i-- > 0 && held != terms;)
                        held |= hold_in(k, terms & ~held, &f->fields[i], people);
        }
        for (uint32_t i = 0; i < k->q->n_leaves; i++) {
                uint64_t of = k->words >> i & 1 ? held : f->line;

                state[i] = of >> i & 1 ? MAYBE_TRUE : MAYBE_FALSE;
        }
        return (query_judge(k->q, state) & MAYBE_TRUE) != 0;
}
