/* See names.h. Every place of the text that may begin a word is compared with every name, the longest first, so
 * that CORP\an is not taken for an alone. A place begins a word where no letter or digit stands before, or one that
 * belongs to an escape (\n, \u0020). Names are what an attacker wrote: comparing has a budget in proportion to
 * the text, and where that is used up the text is not shown at all. */
#include "scan/names.h"

#include "base/utf8.h"
#include "scan/personal.h"

#include "scan/masking_words.h" /* needs the kinds above */

#define STEPS 64u /* bytes compared for each of the text */
#define STEPS_FREE (1u << 20)

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
        return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static bool is_word(char c) {
        return is_digit(c) || is_letter(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* ---- names of fields ---- */

static bool holds(struct span name, const char *part) {
        size_t n = strlen(part);

        for (size_t i = 0; i + n <= name.len; i++)
                if (span_ieq(span_of(name.p + i, n), span_of(part, n)))
                        return true;
        return false;
}

static bool is_lower(char c) {
        return c >= 'a' && c <= 'z';
}

/* "ip" as a word of its own: ip, src_ip, SourceIp, IpAddress; not script, zip. */
static bool holds_ip(struct span s) {
        for (size_t i = 0; i + 2 <= s.len; i++) {
                if (!span_ieq(span_of(s.p + i, 2), SPAN("ip")))
                        continue;
                bool begins = i == 0 || !is_letter(s.p[i - 1]) ||
                              (!is_lower(s.p[i]) && is_lower(s.p[i - 1]));
                bool ends = i + 2 == s.len || !is_lower(s.p[i + 2]);
                if (begins && ends)
                        return true;
        }
        return false;
}

enum names_kind names_of_field(struct span field) {
        for (size_t i = 0; i < ARRAY_LEN(masking_fields); i++)
                if (holds(field, masking_fields[i].word))
                        return masking_fields[i].kind;
        if (span_ieq(field, SPAN("path")))
                return NAMES_PATH;
        return holds_ip(field) ? NAMES_ADDRESS : NAMES_NOBODY;
}

bool names_of_group(struct span *rest, struct span *ret_name, struct span *ret_value) {
        struct span s = *rest;

        if (s.len == 0 || !s.p)
                return false;
        const char *comma = memmem(s.p, s.len, ", ", 2);
        struct span part = span_of(s.p, comma ? (size_t)(comma - s.p) : s.len);
        const char *eq = memchr(part.p, '=', part.len);
        *ret_name = span_of(part.p, eq ? (size_t)(eq - part.p) : 0);
        *ret_value = eq ? span_of(eq + 1, part.len - ret_name->len - 1) : part;
        *rest = comma ? span_of(comma + 2, s.len - part.len - 2) : SPAN("");
        return true;
}

/* ---- the list ---- */

static bool tells(struct span v) {
        size_t digits = 0, words = 0;

        for (size_t i = 0; i < v.len; i++) {
                digits += is_digit(v.p[i]);
                words += is_word(v.p[i]);
        }
        return words > 1 && (digits < v.len || v.len > 3);
}

void names_add(struct names *k, struct span value, struct span shown) {
        uint32_t at = k->n;

        if (!tells(value))
                return;
        for (uint32_t i = 0; i < k->n; i++)
                if (span_ieq(k->list[i].value, value))
                        return;
        if (k->n == NAMES_MAX) {
                k->more = true;
                return;
        }
        for (; at > 0 && k->list[at - 1].value.len < value.len; at--)
                k->list[at] = k->list[at - 1];
        k->list[at].value = value;
        k->list[at].shown = shown;
        k->n++;
}

struct span names_account(struct span user) {
        for (size_t i = user.len; i > 0; i--)
                if (user.p[i - 1] == '\\')
                        return span_of(user.p + i, user.len - i);
        const char *at = memchr(user.p ? user.p : "", '@', user.len);
        return at ? span_of(user.p, (size_t)(at - user.p)) : SPAN("");
}

static bool ends_name(char c) {
        return (c && strchr("\\/\"'<>|:*?;,", c)) || (unsigned char)c <= ' ';
}

static bool home_of_nobody(struct span name) {
        static const char *const list[] = {"public",       "default",        "all users",
                                           "default user", "defaultapppool", "administrator"};

        for (size_t i = 0; i < ARRAY_LEN(list); i++)
                if (span_ieq(name, span_str(list[i])))
                        return true;
        return name.len < 2;
}

/* Where a name begins behind "\Users\" at `i`; 0: it is none. */
static size_t behind_home(struct span t, size_t i) {
        char slash = t.p[i];
        struct span dir = span_of(t.p + i + 1, MIN(t.len - i - 1, 5u));
        size_t n = slash == '/' && dir.len >= 4 && span_ieq(span_of(dir.p, 4), SPAN("home")) ? 4
                   : (slash == '/' || slash == '\\') && span_ieq(dir, SPAN("users"))         ? 5
                                                                                             : 0;
        size_t at = i + 1 + n;

        if (n == 0 || at >= t.len || t.p[at] != slash)
                return 0;
        while (at < t.len && t.p[at] == slash) /* escaped: two */
                at++;
        return at;
}

bool names_home(struct span text, size_t *at, struct span *ret) {
        for (; *at + 6 < text.len; ++*at) {
                size_t from = behind_home(text, *at), to = from;

                if (from == 0)
                        continue;
                while (to < text.len && to - from < 64 && !ends_name(text.p[to]))
                        to++;
                *at = to;
                *ret = span_of(text.p + from, to - from);
                if (!home_of_nobody(*ret))
                        return true;
        }
        return false;
}

/* ---- a text ---- */

static int hex(char c) {
        return is_digit(c)                                      ? c - '0'
               : ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f' ? ascii_lower(c) - 'a' + 10
                                                                : -1;
}

static bool four(struct span t, size_t at, uint32_t *ret) {
        uint32_t v = 0;

        if (at + 6 > t.len || t.p[at] != '\\' || t.p[at + 1] != 'u')
                return false;
        for (unsigned i = 2; i < 6; i++) {
                int d = hex(t.p[at + i]);
                if (d < 0)
                        return false;
                v = v << 4 | (uint32_t)d;
        }
        *ret = v;
        return true;
}

/* One escape of JSON at `at` as UTF-8: bytes of the text, or 0. */
static size_t unescape(struct span t, size_t at, char to[4], size_t *ret_n) {
        static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
        uint32_t c, low;
        const char *p;

        if (at + 1 >= t.len || t.p[at] != '\\')
                return 0;
        if (four(t, at, &c)) {
                size_t used = 6;

                if (c >= 0xd800 && c < 0xdc00 && four(t, at + 6, &low) && low >= 0xdc00 &&
                    low < 0xe000) {
                        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                        used = 12;
                }
                *ret_n = utf8_put(to, c);
                return used;
        }
        if (t.p[at + 1] == '\0' || !(p = strchr(from, t.p[at + 1])))
                return 0;
        to[0] = into[p - from];
        *ret_n = 1;
        return 2;
}

static bool same(char a, char b) {
        return ascii_lower(a) == ascii_lower(b);
}

/* Bytes of the text at `at` that are `v` as it is; 0. */
static size_t plain_at(struct span t, size_t at, struct span v, size_t *steps) {
        size_t i = 0;

        while (i < v.len && at + i < t.len && same(t.p[at + i], v.p[i]))
                i++;
        *steps += i + 1;
        return i == v.len ? i : 0;
}

/* The same as JSON may write it. */
static size_t escaped_at(struct span t, size_t at, struct span v, size_t *steps) {
        size_t i = 0, k = at;
        char c[4];

        while (i < v.len && k < t.len) {
                size_t n = 1, used = t.p[k] == '\\' ? unescape(t, k, c, &n) : 1;

                if (t.p[k] != '\\')
                        c[0] = t.p[k];
                if (used == 0 || n > v.len - i)
                        break;
                size_t j = 0;
                while (j < n && same(c[j], v.p[i + j]))
                        j++;
                if (j < n)
                        break;
                i += n;
                k += used;
        }
        *steps += k - at + 1;
        return i == v.len ? k - at : 0;
}

/* Whether what stands before `at` belongs to a word that goes on there. */
static bool within_word(struct span t, size_t at) {
        uint32_t c;

        if (at == 0 || !is_word(t.p[at - 1]))
                return false;
        if (at > 1 && t.p[at - 2] == '\\' && strchr("bfnrt", t.p[at - 1]))
                return false;
        return !(at >= 6 && four(t, at - 6, &c) && c < 0x80 && !is_word((char)c));
}

static size_t name_at(struct span t, size_t at, const struct names *k, size_t *steps,
                      uint32_t *ret_i) {
        bool within = within_word(t, at);

        for (uint32_t i = 0; i < k->n; i++) {
                struct span v = k->list[i].value;

                if (within && is_word(v.p[0]))
                        continue;
                if (t.p[at] != '\\' && !same(t.p[at], v.p[0]))
                        continue;
                size_t n = plain_at(t, at, v, steps);
                if (n == 0)
                        n = escaped_at(t, at, v, steps);
                if (n && !(is_word(v.p[v.len - 1]) && at + n < t.len && is_word(t.p[at + n]))) {
                        *ret_i = i;
                        return n;
                }
        }
        return 0;
}

bool names_mask(struct buf *out, struct span text, const struct names *k) {
        size_t steps = 0, copied = 0, begin = out->len;
        const size_t most = text.len * STEPS + STEPS_FREE;

        if (k->more)
                return false;
        for (size_t i = 0; i < text.len && k->n;) {
                uint32_t which = 0;
                size_t n = name_at(text, i, k, &steps, &which);

                if (steps > most) {
                        out->len = begin;
                        return false;
                }
                if (n == 0) {
                        i++;
                        continue;
                }
                buf_add(out, text.p + copied, i - copied);
                buf_span(out, k->list[which].shown);
                i += n;
                copied = i;
        }
        if (text.len > copied)
                buf_add(out, text.p + copied, text.len - copied);
        return true;
}
