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

/* An event as a search's judge says it, its people, and whether the query still means it when they are replaced.
 * `line`: the terms that hold for it as it is. */
static bool shows(const char *text, uint64_t line) {
        struct finding_field fields[] = {
                {.name = SPAN("user.name"), .value = SPAN("CORP\\tran.hoa")},
                {.name = SPAN("message"), .value = SPAN("failed password for tran.hoa from C:\\x")},
                {.name = SPAN("CommandLine"),
                 .value = SPAN("net use \\\\srv\\tran.hoa$ /user:TRAN.HOA")},
                {.name = SPAN("n"), .value = SPAN("7")},
                {.name = SPAN("event.original"),
                 .value = SPAN("{\"user\":\"CORP\\\\tran.hoa\",\"message\":\"failed password for "
                               "tran.hoa from C:\\\\x\",\"n\":7}")}};
        struct finding f = {.fields = fields, .n_fields = ARRAY_LEN(fields), .line = line};
        _cleanup_(keyed_freep) struct keyed *k = NULL;
        static struct names people;

        people.n = 0;
        names_add(&people, SPAN("CORP\\tran.hoa"), SPAN("?"));
        names_add(&people, SPAN("tran.hoa"), SPAN("?"));
        parse(text);
        check_int(keyed_new(&k, &q), 0);
        return keyed_shows(k, &f, &people);
}

static void what_is_shown_is_what_is_meant(void) {
        static const struct {
                const char *text;
                uint64_t line;
                bool shown;
        } list[] = {
                {"failed", 1, true},
                {"\"password for\"", 1, true},
                {"*asswor*", 1, true},
                {"message:*password*", 1, true},
                {"message:/pass[a-z]+ for/", 1, true},
                {"n:7", 1, true},
                {"n:>5", 1, true},
                {"NOT nothing", 0, true},
                {"failed NOT nothing", 1, true},
                {"tran.hoa", 1, false},
                {"hoa", 1, false},
                {"\"for tran\"", 1, false},
                {"\"for tran.hoa from\"", 1, false},
                {"*ran.h*", 1, false},
                {"f*tran*", 1, false},
                {"message:*tran*", 1, false},
                {"message:/for t.*from/", 1, false},
                {"message:/for .{8} from/", 1, false},        /* even its length */
                {"message:/for (.|tran.hoa) from/", 1, true}, /* whoever it was */
                {"message:/for (.|le.minh) from/", 0, true},
                {"failed NOT message:/for (.|le.minh) from/", 1, false},
                {"CommandLine:*hoa*", 1, false},
                {"CommandLine:*user?TRAN*", 1, false},
                {"failed hoa", 3, false},
                {"hoa OR nothing", 1, false},
                {"hoa OR failed", 3, true},
                {"hoa OR n:7", 3, true},
                /* What NOT leaves out is left out by what is shown. */
                {"failed NOT hoa", 3, true},
                {"failed NOT \"for tran\"", 3, true},
                {"failed NOT message:*tran*", 3, true},
                {"failed NOT message:/tran/", 3, true},
                {"failed NOT password", 3, false},
                {"NOT (failed hoa)", 3, true},
                {"NOT (failed OR hoa)", 3, false},
                {"NOT NOT hoa", 1, false},
                {"NOT n:7", 1, false},
        };

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                bool shown = shows(list[i].text, list[i].line);

                if (shown != list[i].shown)
                        printf("# %s: %d\n", list[i].text, shown);
                check(shown == list[i].shown);
        }
}

static void terms_that_leave_out(void) {
        static const struct {
                const char *text;
                uint64_t relaxed;
        } list[] = {
                {"a", 0},         {"a NOT b", 2},     {"NOT (a b)", 3},    {"NOT (a NOT b)", 1},
                {"NOT n:>5", 0},  {"NOT user:*$", 0}, {"a -message:x", 2}, {"NOT message:/x/", 1},
                {"NOT host:x", 0}};

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                parse(list[i].text);
                if (keyed_relaxed(&q) != list[i].relaxed)
                        printf("# %s: %llx\n", list[i].text, (unsigned long long)keyed_relaxed(&q));
                check(keyed_relaxed(&q) == list[i].relaxed);
        }
}

static void expressions(void) {
        parse("a b:/x/ NOT c:/y/ user:/[$]/ d:>5");
        check(keyed_open(&q) == 6);
}

static void homes(void) {
        static const struct {
                const char *text, *name;
        } list[] = {{"C:\\Users\\an.le\\x.exe", "an.le"},
                    {"\"C:\\\\Users\\\\an.le\\\\x\"", "an.le"},
                    {"/home/binh/.ssh", "binh"},
                    {"/Users/Lan/Desktop", "Lan"},
                    {"D:\\USERS\\Bình\\", "Bình"},
                    {"C:\\Users\\Public\\x", NULL},
                    {"C:\\Users\\", NULL},
                    {"/home", NULL},
                    {"/homes/x", NULL},
                    {"/home/a", NULL},
                    {"C:\\Users\\Public\\..\\..\\Users\\cuong\\", "cuong"}};

        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                struct span name = SPAN("");
                size_t at = 0;
                bool found = names_home(span_str(list[i].text), &at, &name);

                if (found != (list[i].name != NULL))
                        printf("# %s: %.*s\n", list[i].text, (int)name.len, name.p);
                check(found == (list[i].name != NULL));
                if (found)
                        check_span(name, list[i].name);
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
        RUN(what_is_shown_is_what_is_meant);
        RUN(terms_that_leave_out);
        RUN(expressions);
        RUN(homes);
        RUN(pseudonyms);
        query_deinit(&q);
        return check_done();
}
