/* Regular expressions that only ask for some characters in order: `\+.*\+.*\+`.
 *
 * A backtracking matcher tries every way to deal the text to the `.*`, so with n of them it takes
 * text^n steps to find that one character is missing, and gives up at its limit. The answer takes
 * one walk: the leftmost place for each literal leaves the most for what follows.
 *
 * Only what is surely of that form is taken: plain characters and escaped punctuation, case and all,
 * joined by `.*` or `.*?`, not anchored, without anything else. '.' is no line break and no byte
 * that is not UTF-8: where the text holds one, a walk that finds everything is only a necessary
 * condition, and the expression itself is asked. */
#include "rules/atom.h"

#define CHAIN_MIN 3u

static bool plain(char c) {
        return c && !strchr("\\^$.[]|()?*+{}", c) && (unsigned char)c < 0x80;
}

/* A literal character, moved over; false if the expression says something else there. */
static bool literal(struct span re, size_t *at, char *ret) {
        size_t i = *at;

        if (i < re.len && re.p[i] == '\\') {
                char c = i + 1 < re.len ? re.p[i + 1] : 0;
                if (!c || !strchr("\\^$.[]|()?*+{}-/\"'#&~@,;:=<>!%` ", c))
                        return false;
                *ret = c;
                *at = i + 2;
        } else if (i < re.len && plain(re.p[i])) {
                *ret = re.p[i];
                *at = i + 1;
        } else {
                return false;
        }
        return *at >= re.len || !strchr("?*+{", re.p[*at]);
}

uint32_t regex_chain(struct arena *a, struct span re, struct span **ret) {
        struct span *list = arena_array(a, re.len / 3 + 2, sizeof(*list));
        char *to = arena_alloc(a, re.len + 1);
        uint32_t n = 0;

        if (!list || !to)
                return 0;
        for (size_t at = 0; at < re.len;) {
                list[n].p = to;
                while (at < re.len && re.p[at] != '.') {
                        if (re.p[at] == '\0' || !literal(re, &at, to))
                                return 0;
                        to++;
                        list[n].len++;
                }
                if (list[n].len == 0)
                        return 0;
                n++;
                if (at == re.len)
                        break;
                if (re.len - at < 3 || re.p[at + 1] != '*')
                        return 0;
                at += 2;
                if (re.p[at] == '?')
                        at++;
                if (at == re.len || strchr("?*+{.", re.p[at]))
                        return 0;
        }
        *ret = list;
        return n >= CHAIN_MIN ? n : 0;
}

enum chain_answer regex_chain_look(const struct span *list, uint32_t n, const struct value *v) {
        struct span s = v->text;

        for (uint32_t i = 0; i < n; i++) {
                const char *hit = text_find(s, list[i]);
                if (!hit)
                        return CHAIN_NO;
                s = span_of(hit + list[i].len, (size_t)(s.p + s.len - hit) - list[i].len);
        }
        s = v->text;
        return v->ascii && !memchr(s.p, '\n', s.len) && !memchr(s.p, '\r', s.len) ? CHAIN_YES
                                                                                  : CHAIN_MAYBE;
}
