/* See keyed.h.
 *
 *   N1. A term over a field that names people asks about one of them if it has a letter or a figure: `user:*` (there is
 *       one) and `user:*$` (a machine) do not, nor do accounts that are on every machine (root, SYSTEM).
 *   N2. Any other term may be the account's name in disguise: in the raw text, in a path, in a command line. So
 *       what such a term could have found by the name of an account in the event is not shown: whole
 *       words as words, parts and expressions as parts of three letters or more.
 *   N3. Sorting by a name would put pseudonyms in the order of names. */
#include "seek/keyed.h"

#include "scan/pseudonym.h"
#include "seek/sieve.h"

#define PART_MIN 3u

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

/* N1 */
static bool asks_whom(const struct leaf *l) {
        bool field = l->kind == LEAF_FIELD && names_of_field(l->field) == NAMES_USER;

        if ((l->kind != LEAF_USER && !field) || strcmp(l->modifier, "|exists") == 0)
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

/* Terms whose text is of the event's own words. */
static bool has_words(const struct leaf *l) {
        switch (l->kind) {
        case LEAF_WORD:
        case LEAF_PHRASE:
        case LEAF_PART: return true;
        case LEAF_FIELD:
                return l->modifier[0] == '\0' || strcmp(l->modifier, "|re") == 0 ||
                       strncmp(l->modifier, "|c", 2) == 0;
        default: return false;
        }
}

struct span keyed_word(const struct query *q, uint32_t i) {
        for (uint32_t k = 0; k < q->n_leaves; k++)
                if (has_words(&q->leaves[k]) && i-- == 0)
                        return q->leaves[k].text;
        return SPAN_NONE;
}

static bool contains(struct span text, struct span part) {
        for (size_t i = 0; i + part.len <= text.len; i++)
                if (span_ieq(span_of(text.p + i, part.len), part))
                        return true;
        return false;
}

static bool is_name_byte(char c) {
        return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

/* A stretch of the pattern that the account holds, or is. */
static bool part_of(struct span pattern, struct span account) {
        size_t start = 0;

        for (size_t i = 0; i <= pattern.len; i++) {
                if (i < pattern.len && is_name_byte(pattern.p[i]))
                        continue;
                struct span run = span_of(pattern.p + start, i - start);
                if ((run.len >= PART_MIN || run.len == account.len) && contains(account, run))
                        return true;
                start = i + 1;
        }
        return false;
}

static bool is_open(struct span pattern) {
        for (size_t i = 0; i < pattern.len; i++)
                if (strchr("*?.+[(|{", pattern.p[i]))
                        return true;
        return false;
}

bool keyed_by(const struct query *q, struct span account) {
        struct span own = names_account(account);

        if (own.len == 0)
                own = account;
        if (own.len < 2 || pseudonym_of_nobody(own))
                return false;
        for (uint32_t i = 0; i < q->n_leaves; i++) { /* N2 */
                const struct leaf *l = &q->leaves[i];
                bool open = l->kind == LEAF_PART || strcmp(l->modifier, "|re") == 0 ||
                            (l->kind == LEAF_FIELD && is_open(l->text));

                if (!has_words(l) || !says_something(l->text))
                        continue;
                if (sieve_word(own, l->text) || (open && part_of(l->text, own)) ||
                    (!open && l->kind != LEAF_FIELD && sieve_word(l->text, own)) ||
                    (!open && l->kind == LEAF_FIELD && span_ieq(l->text, own)))
                        return true;
        }
        return false;
}
