/* See personal.h.
 *
 *     CCCD        12 digits: 001–096, a digit 0–5 (century and sex), two of the year, six
 *     CMND        9 digits, only behind a word ("CMND", "ID card")
 *     tax code    10 digits with their check digit, or 10-3; without a word only if it begins with 0
 *     insurance   10 digits, only behind a word ("BHXH")
 *     phone       0 or +84, a mobile prefix, 7 digits; blanks, dots or dashes between
 *     passport    a capital letter and 7 or 8 digits
 *     plate       province 11–99, series, '-' or a blank, 4 or 5 digits
 *     card        16–19 digits by Luhn that begin with 2–6, or with 9704
 *     account     6–19 digits, only behind a word ("STK", "account number")
 *     e-mail      name@host.domain
 *
 * Logs are full of numbers: times in seconds have 10 digits, in microseconds 16. What has no check of its own
 * is therefore only taken behind a word (content/masking/words.txt) within WORD_ROOM bytes of the same line. Where a rule must err it
 * masks one number too many, as this is about what leaves. A number is one that no letter, digit or
 * '_' touches, and that is no part of a decimal. */
#include "scan/personal.h"

#include <sodium.h>

#include "scan/names.h"

#include "scan/masking_words.h" /* needs the kinds above */

#define WORD_ROOM 40u
#define LOCAL_MAX 64u /* of an e-mail's name */
#define HOST_MAX 253u
#define DIGITS_MAX 19u

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
        return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* Of a word: bytes of UTF-8 beyond ASCII count, so that no piece of a Vietnamese word is taken. */
static bool is_word(char c) {
        return is_digit(c) || is_letter(c) || c == '_' || (unsigned char)c >= 0x80;
}

const char *personal_name(enum personal_kind k) {
        static const char *const names[] = {"cccd",     "cmnd",  "tax",  "bhxh",    "phone",
                                            "passport", "plate", "card", "account", "email"};

        return k < ARRAY_LEN(names) ? names[k] : "?";
}

/* ---- words before a number ---- */

static bool holds(struct span s, const char *word) {
        size_t n = strlen(word);

        for (size_t i = 0; i + n <= s.len; i++) {
                size_t k = 0;
                while (k < n && ascii_lower(s.p[i + k]) == word[k])
                        k++;
                /* "mst" is not the end of another word. */
                if (k == n && (i == 0 || !is_letter(s.p[i - 1]) || !is_letter(word[0])))
                        return true;
        }
        return false;
}

/* What stands before `at`, in its line, back to the number before. */
static struct span before(struct span text, size_t at) {
        size_t from = at;

        while (from > 0 && at - from < WORD_ROOM && text.p[from - 1] != '\n')
                from--;
        for (size_t i = from; i + 3 < at; i++)
                if (is_digit(text.p[i]) && is_digit(text.p[i + 1]) && is_digit(text.p[i + 2]) &&
                    is_digit(text.p[i + 3]))
                        from = i + 4;
        return span_of(text.p + from, at - from);
}

static bool named(struct span text, size_t at, enum personal_kind kind) {
        struct span s = before(text, at);

        for (size_t i = 0; i < ARRAY_LEN(masking_words); i++)
                if (masking_words[i].kind == kind && holds(s, masking_words[i].word))
                        return true;
        return false;
}

/* ---- numbers ---- */

struct number {
        char digits[DIGITS_MAX + 1];
        unsigned n;       /* DIGITS_MAX + 1: too many */
        size_t len;       /* in the text, with what stands between */
        unsigned groups;  /* 1: nothing does */
        char between;     /* what does, the same everywhere; 0 */
        unsigned first;   /* digits of the first group */
        bool even_groups; /* all but the last have four */
};

/* Digits from `at` on; with `grouped`, also those behind single blanks, dots or dashes. */
static void read_number(struct span t, size_t at, bool grouped, struct number *ret) {
        struct number x = {.groups = 1, .even_groups = true};
        unsigned group = 0;
        size_t i = at;

        for (; i < t.len; i++) {
                char c = t.p[i];
                if (is_digit(c)) {
                        if (x.n > DIGITS_MAX)
                                break;
                        if (x.n < DIGITS_MAX)
                                x.digits[x.n] = c;
                        x.n++;
                        group++;
                        continue;
                }
                bool sep = grouped && (c == ' ' || c == '.' || c == '-') && i + 1 < t.len &&
                           is_digit(t.p[i + 1]) && (!x.between || x.between == c);
                if (!sep || x.n > DIGITS_MAX)
                        break;
                x.between = c;
                x.even_groups &= group == 4;
                if (x.groups++ == 1)
                        x.first = group;
                group = 0;
        }
        x.len = i - at;
        *ret = x;
}

static bool luhn(const struct number *x) {
        unsigned sum = 0;

        for (unsigned i = 0; i < x->n; i++) {
                unsigned d = (unsigned)(x->digits[x->n - 1 - i] - '0');
                if (i % 2)
                        d = d > 4 ? d * 2 - 9 : d * 2;
                sum += d;
        }
        return sum % 10 == 0;
}

static bool is_card(const struct number *x) {
        if (x->n < 16 || x->n > DIGITS_MAX ||
            (x->groups > 1 && (!x->even_groups || x->between == '.')))
                return false;
        if (memcmp(x->digits, "9704", 4) == 0)
                return true;
        return x->digits[0] >= '2' && x->digits[0] <= '6' && luhn(x);
}

/* `d`: nine digits behind the 0 or +84. */
static bool is_mobile(const char *d) {
        switch (d[0]) {
        case '3': return true;
        case '5': return strchr("25689", d[1]) != NULL;
        case '7': return d[1] == '0' || (d[1] >= '6' && d[1] <= '9');
        case '8': return d[1] >= '1' && d[1] <= '9';
        case '9': return true;
        default: return false;
        }
}

static bool is_cccd(const struct number *x) {
        unsigned province;

        if (x->n != 12 || (x->groups > 1 && x->between == '-'))
                return false;
        province = (unsigned)((x->digits[0] - '0') * 100 + (x->digits[1] - '0') * 10 +
                              (x->digits[2] - '0'));
        return province >= 1 && province <= 96 && x->digits[3] <= '5';
}

static bool is_tax(const char *d) {
        static const unsigned weights[9] = {31, 29, 23, 19, 17, 13, 7, 5, 3};
        unsigned sum = 0;

        for (unsigned i = 0; i < 9; i++)
                sum += weights[i] * (unsigned)(d[i] - '0');
        return 10 - sum % 11 == (unsigned)(d[9] - '0');
}

/* Nothing that would make it a part of something else stands before or behind. */
static bool stands_alone(struct span t, size_t at, size_t len) {
        if (at > 0 && is_word(t.p[at - 1]))
                return false;
        if (at > 1 && t.p[at - 1] == '.' && is_digit(t.p[at - 2]))
                return false;
        if (at + len < t.len && is_word(t.p[at + len]))
                return false;
        return at + len + 1 >= t.len || t.p[at + len] != '.' || !is_digit(t.p[at + len + 1]);
}

static bool found(struct personal_find *ret, size_t at, size_t len, enum personal_kind kind) {
        *ret = (struct personal_find){at, len, kind};
        return true;
}

static bool find_plain(struct span t, size_t at, struct personal_find *ret) {
        struct number x;

        read_number(t, at, false, &x);
        /* A tax code of a branch: 0100233488-001. */
        if (x.n == 10 && at + 14 <= t.len && t.p[at + 10] == '-' && is_tax(x.digits)) {
                struct number branch;
                read_number(t, at + 11, false, &branch);
                if (branch.n == 3 && memcmp(branch.digits, "000", 3) != 0 &&
                    stands_alone(t, at, 14))
                        return found(ret, at, 14, PERSONAL_TAX);
        }
        if (x.n > DIGITS_MAX || !stands_alone(t, at, x.len))
                return false;
        if (is_card(&x))
                return found(ret, at, x.len, PERSONAL_CARD);
        if (is_cccd(&x))
                return found(ret, at, x.len, PERSONAL_CCCD);
        if (x.n == 10 && named(t, at, PERSONAL_TAX))
                return found(ret, at, x.len, PERSONAL_TAX);
        if (x.n == 10 && named(t, at, PERSONAL_INSURANCE))
                return found(ret, at, x.len, PERSONAL_INSURANCE);
        if (x.n >= 6 && named(t, at, PERSONAL_ACCOUNT))
                return found(ret, at, x.len, PERSONAL_ACCOUNT);
        if (x.n == 10 && x.digits[0] == '0' && is_mobile(x.digits + 1))
                return found(ret, at, x.len, PERSONAL_PHONE);
        if (x.n == 10 && x.digits[0] == '0' && is_tax(x.digits))
                return found(ret, at, x.len, PERSONAL_TAX);
        if (x.n == 9 && named(t, at, PERSONAL_CMND))
                return found(ret, at, x.len, PERSONAL_CMND);
        return false;
}

static bool find_grouped(struct span t, size_t at, struct personal_find *ret) {
        struct number x;

        read_number(t, at, true, &x);
        if (x.groups < 2 || x.n > DIGITS_MAX || !stands_alone(t, at, x.len))
                return false;
        if (is_card(&x))
                return found(ret, at, x.len, PERSONAL_CARD);
        if (x.n == 10 && x.digits[0] == '0' && x.first >= 3 && is_mobile(x.digits + 1))
                return found(ret, at, x.len, PERSONAL_PHONE);
        if (is_cccd(&x) && x.first >= 3)
                return found(ret, at, x.len, PERSONAL_CCCD);
        return false;
}

/* 29A-123.45, 51F 12345, 29-B1 1234 */
static bool find_plate(struct span t, size_t at, struct personal_find *ret) {
        size_t i = at, digits = 0;

        if (at + 8 > t.len || t.p[at] < '1' || !is_digit(t.p[at + 1]) ||
            (t.p[at] == '1' && t.p[at + 1] == '0') || (at > 0 && t.p[at - 1] == '-'))
                return false;
        i += 2;
        if (t.p[i] == '-')
                i++;
        if (t.p[i] < 'A' || t.p[i] > 'Z')
                return false;
        i++;
        if (is_digit(t.p[i]) || (t.p[i] >= 'A' && t.p[i] <= 'Z'))
                i++;
        if (t.p[i] != '-' && t.p[i] != ' ')
                return false;
        i++;
        for (; i < t.len && (is_digit(t.p[i]) || (t.p[i] == '.' && digits == 3)); i++) {
                if (is_digit(t.p[i]))
                        digits++;
                else if (i + 1 >= t.len || !is_digit(t.p[i + 1]))
                        break;
        }
        if ((digits != 4 && digits != 5) || !stands_alone(t, at, i - at) ||
            (i < t.len && t.p[i] == '-'))
                return false;
        return found(ret, at, i - at, PERSONAL_PLATE);
}

static bool find_passport(struct span t, size_t at, struct personal_find *ret) {
        struct number x;

        read_number(t, at + 1, false, &x);
        return (x.n == 7 || x.n == 8) && stands_alone(t, at, x.len + 1) &&
               found(ret, at, x.len + 1, PERSONAL_PASSPORT);
}

/* +84 912 345 678 */
static bool find_abroad(struct span t, size_t at, struct personal_find *ret) {
        struct number x;

        if (at + 3 > t.len || t.p[at + 1] != '8' || t.p[at + 2] != '4')
                return false;
        read_number(t, at + 1, true, &x);
        unsigned skip = x.n == 12 && x.digits[2] == '0' ? 3 : 2; /* +84 (0)912… */
        return x.n == skip + 9 && is_mobile(x.digits + skip) && stands_alone(t, at + 1, x.len) &&
               found(ret, at, x.len + 1, PERSONAL_PHONE);
}

/* ---- e-mail ---- */

static bool is_local(char c) {
        return is_digit(c) || is_letter(c) || (c && strchr("._%+-'", c));
}

/* `at` begins a run of bytes that a name may hold. */
static bool find_email(struct span t, size_t at, struct personal_find *ret) {
        size_t i = at, host, dots = 0, label = 0;

        while (i < t.len && i - at <= LOCAL_MAX && is_local(t.p[i]))
                i++;
        if (i == at || i - at > LOCAL_MAX || i >= t.len || t.p[i] != '@')
                return false;
        host = ++i;
        for (; i < t.len && i - host <= HOST_MAX; i++) {
                if (t.p[i] == '.' && label && i + 1 < t.len && is_word(t.p[i + 1])) {
                        dots++;
                        label = 0;
                } else if (is_digit(t.p[i]) || is_letter(t.p[i]) || t.p[i] == '-') {
                        label++;
                } else {
                        break;
                }
        }
        return dots > 0 && label > 1 && is_letter(t.p[i - 1]) &&
               found(ret, at, i - at, PERSONAL_EMAIL);
}

/* ---- all ---- */

static bool find_here(struct span t, size_t i, size_t from, struct personal_find *ret) {
        char c = t.p[i];
        bool begins = i == from || !is_word(t.p[i - 1]);

        if ((i == from || !is_local(t.p[i - 1])) && is_local(c) && find_email(t, i, ret))
                return true;
        if (c == '+')
                return find_abroad(t, i, ret);
        if (!begins)
                return false;
        if (is_digit(c))
                return find_plain(t, i, ret) || find_grouped(t, i, ret) || find_plate(t, i, ret);
        return c >= 'A' && c <= 'Z' && find_passport(t, i, ret);
}

bool personal_next(struct span text, size_t *at, struct personal_find *ret) {
        size_t from = *at;

        for (size_t i = from; i < text.len; i++) {
                char c = text.p[i];
                /* Most bytes begin nothing. */
                if (!is_digit(c) && c != '+' && !is_letter(c) && !is_local(c))
                        continue;
                if (find_here(text, i, from, ret)) {
                        *at = ret->at + ret->len;
                        return true;
                }
        }
        *at = text.len;
        return false;
}

size_t personal_mask(struct buf *out, struct span text,
                     const unsigned char key[PERSONAL_KEY_BYTES]) {
        struct personal_find f;
        size_t at = 0, copied = 0, n = 0;

        while (personal_next(text, &at, &f)) {
                unsigned char h[16];

                crypto_generichash(h, sizeof(h), (const unsigned char *)text.p + f.at, f.len, key,
                                   PERSONAL_KEY_BYTES);
                buf_add(out, text.p + copied, f.at - copied);
                buf_printf(out, "[%s~%02x%02x]", personal_name(f.kind), h[0], h[1]);
                copied = f.at + f.len;
                n++;
        }
        if (text.len > copied)
                buf_add(out, text.p + copied, text.len - copied);
        return n;
}
