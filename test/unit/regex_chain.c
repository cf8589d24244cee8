/* rules/regex_chain: what is a chain, and that a walk along it says what PCRE2 says. */
#include "check.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/hash.h"
#include "rules/atom.h"

static struct arena arena;

static uint32_t links(const char *re) {
        struct span *list;

        return regex_chain(&arena, span_str(re), &list);
}

static void what_is_a_chain(void) {
        check_int(links("\\+.*\\+.*\\+.*\\+"), 4);
        check_int(links("ab.*?c-d.*\\.e"), 3);
        check_int(links("a b.*\".*c"), 3);
        check_int(links("a.*b"), 0); /* two are no trouble */
        check_int(links("a.*b+.*c"), 0);
        check_int(links("a.*b?.*c"), 0);
        check_int(links("a.*b{2}.*c"), 0);
        check_int(links("a.*\\d.*c"), 0);
        check_int(links("a.*\\x41.*c"), 0);
        check_int(links("^a.*b.*c"), 0);
        check_int(links("a.*b.*c$"), 0);
        check_int(links("a.*b.*(c|d)"), 0);
        check_int(links("a.*b|a.*c.*d"), 0);
        check_int(links("(?i)a.*b.*c"), 0);
        check_int(links("a.*b.*[c]"), 0);
        check_int(links("a.+b.*c.*d"), 0);
        check_int(links("a.*+b.*c.*d"), 0); /* takes all and gives nothing back */
        check_int(links("a.b.*c.*d"), 0);
        check_int(links("a.*.*b.*c"), 0);
        check_int(links(".*a.*b.*c"), 0);
        check_int(links("a.*b.*c.*"), 0);
        check_int(links("a.*b.*c\\"), 0);
        check_int(links(""), 0);
        arena_reset(&arena);
}

static void the_walk_says_what_pcre_says(void) {
        static const char *const patterns[] = {"a.*b.*a", "ab.*a.*?ab", "\\+.*a.*\\+.*b",
                                               "aa.*aa.*aa"};
        static const char letters[] = "aaaabbb+++\n\r\xc3\xa9\xff";
        unsigned yes = 0, no = 0, maybe = 0;
        uint64_t r = 1;

        for (size_t k = 0; k < ARRAY_LEN(patterns); k++) {
                struct span re = span_str(patterns[k]), *list;
                uint32_t n = regex_chain(&arena, re, &list);
                size_t off;
                int err;
                pcre2_code *code =
                        pcre2_compile((PCRE2_SPTR)re.p, re.len, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF,
                                      &err, &off, NULL);
                pcre2_match_data *data = pcre2_match_data_create(1, NULL);

                check(n >= 3 && code && data);
                for (unsigned i = 0; i < 20000; i++) {
                        char text[24];
                        struct value v = {.text = {text, 0}, .ascii = true};
                        size_t len = (r = hash_mix(r + 1, 0x9e3779b97f4a7c15u)) % sizeof(text);

                        while (v.text.len < len) {
                                r = hash_mix(r + 1, 0x9e3779b97f4a7c15u);
                                char c = letters[r % (i % 2 ? 10 : sizeof(letters) - 1)];
                                v.ascii &= (unsigned char)c < 0x80;
                                text[v.text.len++] = c;
                        }
                        bool matches =
                                pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, data, NULL) >= 0;
                        enum chain_answer is = regex_chain_look(list, n, &v);
                        yes += is == CHAIN_YES;
                        no += is == CHAIN_NO;
                        maybe += is == CHAIN_MAYBE;
                        check(is == CHAIN_MAYBE || matches == (is == CHAIN_YES));
                }
                pcre2_match_data_free(data);
                pcre2_code_free(code);
        }
        check(yes > 1000 && no > 1000 && maybe > 1000);
        arena_reset(&arena);
}

/* PCRE2 gives up here at any limit that a hunt can bear. */
static void many_links_are_no_trouble(void) {
        struct span *list;
        char text[3000];
        struct value v = {.text = {text, sizeof(text)}, .ascii = true};
        uint32_t n = regex_chain(&arena, span_str("\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*\\+.*-"),
                                 &list);

        check_int(n, 10);
        memset(text, '+', sizeof(text));
        check_int(regex_chain_look(list, n, &v), CHAIN_NO);
        text[9] = '-';
        check_int(regex_chain_look(list, n, &v), CHAIN_YES);
        text[9] = '+';
        text[8] = '-';
        check_int(regex_chain_look(list, n, &v), CHAIN_NO);
        arena_reset(&arena);
}

int main(void) {
        arena_init(&arena, 1 << 20);
        RUN(what_is_a_chain);
        RUN(the_walk_says_what_pcre_says);
        RUN(many_links_are_no_trouble);
        arena_deinit(&arena);
        return check_done();
}
