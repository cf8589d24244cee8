/* seek: what a query means, what it is refused for, and which bytes and blocks it may pass by. */
#include "check.h"

#include "base/lang.h"
#include "seek/collect.h"
#include "seek/sieve.h"

static struct query q;
static struct query_problem problem;

static void parse(const char *text) {
        int r = query_parse(&q, span_str(text), &problem);

        if (r != 0)
                printf("# %u: %s\n", problem.at, problem.text);
        check_int(r, 0);
}

/* The steps as text: leaves by number, '&', '|', '!', 'T'. */
static const char *shape(const char *text) {
        static char out[512];
        size_t n = 0;

        parse(text);
        for (uint32_t i = 0; i < q.n_steps; i++)
                if (q.steps[i].op == QUERY_LEAF)
                        out[n++] = (char)('0' + q.steps[i].leaf);
                else
                        out[n++] = " &|!T"[q.steps[i].op];
        out[n] = '\0';
        query_deinit(&q);
        return out;
}

static void precedence_is_what_everyone_knows(void) {
        check_span(span_str(shape("a b OR c")), "01&2|");
        check_span(span_str(shape("a AND b OR c AND d")), "01&23&|");
        check_span(span_str(shape("a (b OR c)")), "012|&");
        check_span(span_str(shape("NOT a b")), "0!1&");
        check_span(span_str(shape("-a -b")), "0!1!&");
        check_span(span_str(shape("NOT (a OR b)")), "01|!");
        check_span(span_str(shape("f:(x OR y) z")), "01|2&");
        check_span(span_str(shape("")), "T");
        check_span(span_str(shape("* | count")), "T");
        check_span(span_str(shape("ANDROID ORACLE")), "01&");
        check_span(span_str(shape("f:[1 TO 5]")), "01&");
}

static void terms_are_read(void) {
        parse("CommandLine:*mimi\\*katz* \"failed pass\\\"word\" EventID:>=5 a.b:/x\\/y/ "
              "ip:10.0.0.0/8 x:* host:DC01 w?rd");
        check_int(q.n_leaves, 8);
        check_span(q.leaves[0].field, "CommandLine");
        check_span(q.leaves[0].text, "*mimi\\*katz*");
        check(q.leaves[1].kind == LEAF_PHRASE);
        check_span(q.leaves[1].text, "failed pass\"word");
        check_span(q.leaves[1].literal, "failed");
        check(strcmp(q.leaves[2].modifier, "|gte") == 0 && q.leaves[2].literal.len == 0);
        check(strcmp(q.leaves[3].modifier, "|re") == 0);
        check_span(q.leaves[3].text, "x/y");
        check(strcmp(q.leaves[4].modifier, "|cidr") == 0 && q.leaves[4].literal.len == 0);
        check(strcmp(q.leaves[5].modifier, "|exists") == 0);
        check(q.leaves[6].kind == LEAF_HOST);
        check_span(q.leaves[6].literal, "dc01");
        check(q.leaves[7].kind == LEAF_PART);
        query_deinit(&q);
        parse("path:\\/usr/bin/* x");
        check_span(q.leaves[0].text, "/usr/bin/*");
        check(strcmp(q.leaves[0].modifier, "") == 0 && q.n_leaves == 2);
        query_deinit(&q);
        parse("path:\"C:\\\\a*b\"");
        check_span(q.leaves[0].text, "C:\\\\a\\*b");
        query_deinit(&q);
}

static void pipes_are_read(void) {
        parse("a | count by user, host");
        check(q.gather == PIPE_COUNT && q.n_by == 2);
        check_span(q.by[1], "host");
        query_deinit(&q);
        parse("a | top 5 src");
        check(q.gather == PIPE_TOP && q.limit == 5 && q.n_by == 1);
        query_deinit(&q);
        parse("a | timeline 5m");
        check(q.gather == PIPE_TIMELINE && q.step == INT64_C(300000000000));
        query_deinit(&q);
        parse("a | fields x, y | sort -time | limit 3");
        check(q.n_fields == 2 && q.descending && q.limit == 3);
        query_deinit(&q);
}

static void refused(const char *text, unsigned at) {
        int r = query_parse(&q, span_str(text), &problem);

        if (r != QUERY_E_BAD || problem.at != at)
                printf("# '%s': %d at %u: %s\n", text, r, problem.at, problem.text);
        check(r == QUERY_E_BAD && problem.at == at && problem.text[0]);
}

static void slips_are_named_where_they_are(void) {
        char deep[200];

        refused("a (b", 2);
        refused("a b)", 3);
        refused("\"open", 0);
        refused("f:", 2);
        refused("f:/open", 2);
        refused("f:/usr/bin/sh", 2);
        refused("f:[1 TO", 2);
        refused("f:[1 2]", 2);
        refused("f:>x", 4);
        refused("f:[a TO b]", 10);
        refused("a OR", 4);
        refused("a | cuont", 2);
        refused("a | count | top x", 10);
        refused("a | limit many", 9);
        refused("flag:odd", 8);
        refused("a peer:10.0.0.0/8", 7);
        memset(deep, '(', sizeof(deep) - 1);
        deep[sizeof(deep) - 1] = '\0';
        refused(deep, 32);
}

static void logic_has_three_values(void) {
        uint8_t l[3] = {MAYBE_TRUE, MAYBE_FALSE, MAYBE_TRUE | MAYBE_FALSE};

        parse("a b c");
        check_int(query_judge(&q, l), MAYBE_FALSE);
        query_deinit(&q);
        parse("a c1 OR NOT c2");
        l[1] = 3;
        check_int(query_judge(&q, l), 3);
        l[2] = MAYBE_FALSE;
        check_int(query_judge(&q, l), MAYBE_TRUE);
        query_deinit(&q);
}

static void globs_and_words(void) {
        check(sieve_glob(SPAN("*KATZ*"), SPAN("mimikatz.exe"), false));
        check(!sieve_glob(SPAN("katz"), SPAN("mimikatz.exe"), false));
        check(sieve_glob(SPAN("m?m*exe"), SPAN("mimikatz.exe"), false));
        check(sieve_glob(SPAN("a\\*b"), SPAN("a*b"), false));
        check(!sieve_glob(SPAN("a\\*b"), SPAN("axb"), false));
        check(sieve_glob(SPAN("kat?"), SPAN("mimikatz.exe"), true));
        check(sieve_glob(SPAN("nguy?n"), SPAN("Nguyễn"), false));
        check(sieve_glob(SPAN("NGUYỄN"), SPAN("nguyễn"), false));
        check(sieve_word(SPAN("whoami"), SPAN("cmd /c WhoAmI /all")));
        check(!sieve_word(SPAN("whoami"), SPAN("xwhoami")));
        check(!sieve_word(SPAN("whoami"), SPAN("whoami_x")));
        check(sieve_word(SPAN("failed password"), SPAN("sshd: Failed password for")));
}

static bool only_root(void *ctx, struct span token) {
        return span_ieq(token, SPAN("root")) || span_ieq(token, SPAN("failed"));
}

static void blocks_are_passed_by_for_want_of_a_word(void) {
        static const struct {
                const char *query;
                bool may;
        } t[] = {{"root", true},
                 {"admin", false},
                 {"root admin", false},
                 {"root OR admin", true},
                 {"NOT admin", true},
                 {"\"failed root\"", true},
                 {"\"failed admin\"", false},
                 {"*dmin", true},
                 {"x:admin", true},
                 {"admin x:y", false}};

        for (size_t i = 0; i < ARRAY_LEN(t); i++) {
                parse(t[i].query);
                bool may = sieve_block_may(&q, only_root, NULL);
                if (may != t[i].may)
                        printf("# %s\n", t[i].query);
                check(may == t[i].may);
                query_deinit(&q);
        }
}

static void rules_are_made_of_fields(void) {
        struct buf y = {0};

        parse("word a:\"x\\\"y\" b:>=5 c:*");
        query_rules(&q, &y);
        buf_char(&y, '\0');
        check(strstr(y.p, "\"a\": \"x\\\"y\"") != NULL);
        check(strstr(y.p, "\"b|gte\": 5") != NULL);
        check(strstr(y.p, "\"c|exists\": true") != NULL);
        check(strstr(y.p, "word") == NULL);
        check_int(query_leaf_of(SPAN("c0105eec-0000-4000-8000-000000000003")), 3);
        check(query_leaf_of(SPAN("c0105eec-0000-4000-8000-0000000000ff")) == UINT32_MAX);
        for (unsigned k = 1; k <= 3; k++) { /* the line of its value */
                char value[40];
                const struct leaf *l = &q.leaves[k];

                snprintf(value, sizeof(value), "%.*s%s\": ", (int)l->field.len, l->field.p,
                         l->modifier);
                const char *at = strstr(y.p, value);
                uint64_t line = 1;
                for (const char *c = y.p; at && c < at; c++)
                        line += *c == '\n';
                check(at && query_leaf_of_line(&q, line) == l);
        }
        check(query_leaf_of_line(&q, 31) == NULL && query_leaf_of_line(&q, 0) == NULL);
        buf_deinit(&y);
        query_deinit(&q);
}

/* ---- gathering ---- */

static char shown[4096];

static int show_event(void *ctx, const struct finding *f) {
        size_t n = strnlen(shown, sizeof(shown));
        snprintf(shown + n, sizeof(shown) - n, "%llu ", (unsigned long long)f->seq);
        return 0;
}

static int show_row(void *ctx, const struct span *values, uint32_t count, uint64_t times) {
        size_t n = strnlen(shown, sizeof(shown));

        for (uint32_t i = 0; i < count; i++) {
                snprintf(shown + n, sizeof(shown) - n, "%.*s,", (int)values[i].len, values[i].p);
                n = strnlen(shown, sizeof(shown));
        }
        snprintf(shown + n, sizeof(shown) - n, "%llu ", (unsigned long long)times);
        return 0;
}

static const char *collected(const char *text) {
        static const struct collect_calls calls = {NULL, show_event, show_row, NULL};
        static const char *const hosts[] = {"b", "a", "b", "c", "b", "a"};
        struct collect *c;
        struct buf b = {0};

        parse(text);
        check_int(collect_new(&c, &q, &calls), 0);
        shown[0] = '\0';
        for (unsigned i = 0; i < 6; i++) {
                char bytes[8];
                struct finding_field field = {.name = SPAN("Bytes")};
                snprintf(bytes, sizeof(bytes), "%u", (i * 7) % 11 * 10);
                field.value = span_str(bytes);
                struct finding f = {.seq = i,
                                    .host = span_str(hosts[i]),
                                    .time = (int64_t)i * 1800 * 1000000000,
                                    .fields = &field,
                                    .n_fields = 1};
                buf_reset(&b);
                finding_encode(&b, &f);
                if (collect_add(c, &f, buf_get(&b)) == 1)
                        break;
        }
        check_int(collect_end(c), 0);
        collect_free(c);
        buf_deinit(&b);
        query_deinit(&q);
        return shown;
}

static void events_are_gathered(void) {
        check_span(span_str(collected("*")), "0 1 2 3 4 5 ");
        check_span(span_str(collected("* | limit 2")), "0 1 ");
        check_span(span_str(collected("* | count")), "6 ");
        check_span(span_str(collected("* | count by host")), "b,3 a,2 c,1 ");
        check_span(span_str(collected("* | top 1 host")), "b,3 ");
        check_span(span_str(collected("* | count by bytes")), "0,1 100,1 20,1 30,1 60,1 70,1 ");
        check_span(span_str(collected("* | timeline 1h")),
                   "1970-01-01T00:00:00Z,2 1970-01-01T01:00:00Z,2 1970-01-01T02:00:00Z,2 ");
        check_span(span_str(collected("* | sort bytes")), "0 5 2 4 1 3 ");
        check_span(span_str(collected("* | sort -bytes | limit 2")), "3 1 ");
}

int main(void) {
        lang_current = LANG_EN;
        RUN(precedence_is_what_everyone_knows);
        RUN(terms_are_read);
        RUN(pipes_are_read);
        RUN(slips_are_named_where_they_are);
        RUN(logic_has_three_values);
        RUN(globs_and_words);
        RUN(blocks_are_passed_by_for_want_of_a_word);
        RUN(rules_are_made_of_fields);
        RUN(events_are_gathered);
        return check_done();
}
