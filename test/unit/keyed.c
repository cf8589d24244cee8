/* Which searches come down to one account, and which names of accounts a question could have found. */
#include "seek/keyed.h"
#include "check.h"
#include "scan/pseudonym.h"

static struct query q;

static void parse(const char *text) {
        struct query_problem problem;

        query_deinit(&q);
        check_int(query_parse(&q, span_str(text), &problem), 0);
}

static void fields_that_name_people(void) {
        static const struct {
                const char *text, *part;
        } list[] = {
                {"user:an", "an"},
                {"host:dc01 AND NOT user:\"CORP\\\\an\"", "CORP\\\\an"},
                {"user:a*", "a*"},
                {"user.name:*inh", "*inh"},
                {"TargetUserName:/^ng.*/", "^ng.*"},
                {"SubjectUserName:(an OR binh)", "an"},
                {"failed OR (EventID:1 user:x1)", "x1"},
                {"* | sort user", "user"},
                {"* | sort -TargetUserName", "TargetUserName"},
                {"* | sort src_ip", "src_ip"},
                {"user:*", NULL},
                {"NOT user:*$", NULL},
                {"user.name:*", NULL},
                {"user:root OR user:\"NT AUTHORITY\\\\SYSTEM\"", NULL},
                {"failed password", NULL},
                {"host:an", NULL},
                {"message:*an*", NULL},
                {"* | count by user", NULL},
                {"* | sort -bytes", NULL},
        };

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                parse(list[i].text);
                struct span part = keyed_part(&q);

                if (list[i].part ? !span_eq(part, span_str(list[i].part)) : part.p != NULL)
                        printf("# %s: %.*s\n", list[i].text, (int)part.len, part.p ? part.p : "");
                check(list[i].part ? span_eq(part, span_str(list[i].part)) : !part.p);
        }
}

static void words_that_are_names(void) {
        static const struct {
                const char *text, *account;
                bool by;
        } list[] = {
                {"nguyen.binh", "nguyen.binh", true},
                {"NGUYEN.BINH", "CORP\\nguyen.binh", true},
                {"\"for nguyen.binh from\"", "nguyen.binh@corp.vn", true},
                {"binh", "nguyen.binh", true},
                {"binh", "binhminh", false},
                {"*guyen.b*", "nguyen.binh", true},
                {"message:*nguyen.binh*", "nguyen.binh", true},
                {"message:/ngu.*binh/", "nguyen.binh", true},
                {"CommandLine:nguyen.binh", "nguyen.binh", true},
                {"CommandLine:*Users*ngu*", "nguyen.binh", true},
                {"failed NOT nguyen.binh", "nguyen.binh", true},
                {"failed password", "nguyen.binh", false},
                {"EventID:4625", "nguyen.binh", false},
                {"n:>5", "user5", false},
                {"host:nguyen.binh", "nguyen.binh", false},
                {"root", "root", false},
                {"system", "NT AUTHORITY\\SYSTEM", false},
                {"*", "nguyen.binh", false},
        };

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                parse(list[i].text);
                bool by = keyed_by(&q, span_str(list[i].account));

                if (by != list[i].by)
                        printf("# %s, %s: %d\n", list[i].text, list[i].account, by);
                check(by == list[i].by);
        }
}

static void pseudonyms(void) {
        static const unsigned char key[PSEUDONYM_KEY_BYTES] = "a key", other[32] = "another";
        _cleanup_(arena_deinit) struct arena a = {0};

        arena_init(&a, 4096);
        struct span p = pseudonym_text(key, NAMES_USER, SPAN("Nguyễn An"), false, &a);
        check(p.len == 13 && span_starts(p, SPAN("person-")));
        check_span(pseudonym_text(key, NAMES_USER, SPAN("NGUYỄN AN"), false, &a), p.p);
        check(!span_eq(pseudonym_text(key, NAMES_USER, SPAN("nguyễn ăn"), false, &a), p));
        check(!span_eq(pseudonym_text(other, NAMES_USER, SPAN("nguyễn an"), false, &a), p));
        struct span vi = pseudonym_text(key, NAMES_USER, SPAN("nguyễn an"), true, &a);
        check(span_starts(vi, SPAN("người-")));
        check(memcmp(vi.p + vi.len - 6, p.p + p.len - 6, 6) == 0);
        check(account_hash(SPAN("CORP\\An")) == account_hash(SPAN("an@corp.vn")));
        check(account_hash(SPAN("an")) != account_hash(SPAN("binh")));
        struct span rest = SPAN("user=an, host=dc01, x"), name, value;
        check(names_of_group(&rest, &name, &value) && span_eq(name, SPAN("user")));
        check(names_of_group(&rest, &name, &value) && span_eq(value, SPAN("dc01")));
        check(names_of_group(&rest, &name, &value) && name.len == 0 && span_eq(value, SPAN("x")));
        check(!names_of_group(&rest, &name, &value));
}

int main(void) {
        RUN(fields_that_name_people);
        RUN(words_that_are_names);
        RUN(pseudonyms);
        query_deinit(&q);
        return check_done();
}
