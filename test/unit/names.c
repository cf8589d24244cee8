/* scan/names: which fields name somebody, and that what they name is found wherever it stands in a text. */
#include "check.h"

#include "base/arena.h"
#include "scan/names.h"

static struct names k;

static const char *masked(const char *text) {
        static char shown[4096];
        struct buf b = {0};

        snprintf(shown, sizeof(shown), "%s", "NOT");
        if (names_mask(&b, span_str(text), &k))
                snprintf(shown, sizeof(shown), "%.*s", (int)b.len, b.p ? b.p : "");
        buf_deinit(&b);
        return shown;
}

static void know(const char *value, const char *shown) {
        names_add(&k, span_str(value), span_str(shown));
}

static void fields_say_whom_they_name(void) {
        check_int(names_of_field(SPAN("user.name")), NAMES_USER);
        check_int(names_of_field(SPAN("TargetUserName")), NAMES_USER);
        check_int(names_of_field(SPAN("winlog.event_data.AccountName")), NAMES_USER);
        check_int(names_of_field(SPAN("from_mail")), NAMES_USER);
        check_int(names_of_field(SPAN("src_ip")), NAMES_ADDRESS);
        check_int(names_of_field(SPAN("IpAddress")), NAMES_ADDRESS);
        check_int(names_of_field(SPAN("coloa.peer")), NAMES_ADDRESS);
        check_int(names_of_field(SPAN("url.path")), NAMES_PATH);
        check_int(names_of_field(SPAN("path")), NAMES_PATH);
        check_int(names_of_field(SPAN("user_agent")), NAMES_NOBODY);
        check_int(names_of_field(SPAN("AccountType")), NAMES_NOBODY);
        check_int(names_of_field(SPAN("script")), NAMES_NOBODY);
        check_int(names_of_field(SPAN("CommandLine")), NAMES_NOBODY);
}

static void accounts_without_their_domain(void) {
        check_span(names_account(SPAN("CORP\\an")), "an");
        check_span(names_account(SPAN("an@corp.vn")), "an");
        check_span(names_account(SPAN("an")), "");
        check_span(names_account(SPAN("")), "");
}

static void words_of_their_own(void) {
        k = (struct names){0};
        know("an", "U");
        know("10.0.0.1", "A");
        know("Nguyễn Văn An", "V");
        check_span(span_str(masked("an")), "U");
        check_span(span_str(masked("user=an,x=\"an\" C:\\Users\\an\\x /home/an/ an@x")),
                   "user=U,x=\"U\" C:\\Users\\U\\x /home/U/ U@x");
        check_span(span_str(masked("manage ana _an an_ ban1 anễ")), "manage ana _an an_ ban1 anễ");
        check_span(span_str(masked("AN and An")), "U and U");
        check_span(span_str(masked("from 10.0.0.1:22 110.0.0.1 10.0.0.12")),
                   "from A:22 110.0.0.1 10.0.0.12");
        check_span(span_str(masked("họ tên Nguyễn Văn An, an")), "họ tên V, U");
        check_span(span_str(masked("")), "");
}

static void the_longest_first(void) {
        k = (struct names){0};
        know("an", "U");
        know("CORP\\an", "C");
        know("an.nguyen", "N");
        know("an", "never");
        check_span(span_str(masked("CORP\\an an.nguyen an.ng")), "C N U.ng");
}

static void as_json_escapes_it(void) {
        k = (struct names){0};
        know("CORP\\an", "C");
        know("thảo", "T");
        know("/a/b?x=1", "P");
        know("q\"uote", "Q");
        know("đỗ 😀x", "S");
        check_span(span_str(masked("{\"u\":\"CORP\\\\an\"}")), "{\"u\":\"C\"}");
        check_span(span_str(masked("{\"u\":\"th\\u1ea3o\"}")), "{\"u\":\"T\"}");
        check_span(span_str(masked("\\u0074h\\u1EA3o")), "T");
        check_span(span_str(masked("\"\\/a\\/b?x=1\"")), "\"P\"");
        check_span(span_str(masked("\"q\\\"uote\"")), "\"Q\"");
        check_span(span_str(masked("\"\\u0111\\u1ed7 \\ud83d\\ude00x\"")), "\"S\"");
        /* An escape before it is no letter of a word; a letter that was escaped is. */
        check_span(span_str(masked("a\\nthảo b\\tthảo c\\u0020thảo")), "a\\nT b\\tT c\\u0020T");
        check_span(span_str(masked("\\u0061thảo")), "\\u0061thảo");
        check_span(span_str(masked("\\u00zz th\\u1ea \\")), "\\u00zz th\\u1ea \\");
}

static void what_tells_nothing_stays(void) {
        k = (struct names){0};
        know("-", "X");
        know("0", "X");
        know("100", "X");
        know("(a)", "X");
        know("", "X");
        check_int(k.n, 0);
        know("1000", "N");
        check_span(span_str(masked("uid=1000 0 100 - (a)")), "uid=N 0 100 - (a)");
}

static void too_many_or_too_much_is_not_shown(void) {
        static char names[NAMES_MAX + 1][12];
        struct buf text = {0}, evil = {0};

        k = (struct names){0};
        for (unsigned i = 0; i <= NAMES_MAX; i++) {
                snprintf(names[i], sizeof(names[i]), "name%u", i);
                know(names[i], "U");
                check(k.more == (i == NAMES_MAX));
        }
        check_span(span_str(masked("name1")), "NOT");
        /* A text and a name made so that every place looks like it for long. */
        k = (struct names){0};
        for (unsigned i = 0; i < 20000; i++)
                buf_str(&evil, "a ");
        buf_span(&text, buf_get(&evil));
        buf_span(&text, buf_get(&evil));
        buf_str(&evil, "b");
        names_add(&k, buf_get(&evil), SPAN("U"));
        struct buf out = {0};
        buf_str(&out, "before");
        check(!names_mask(&out, buf_get(&text), &k));
        check_span(buf_get(&out), "before");
        buf_deinit(&out);
        buf_deinit(&text);
        buf_deinit(&evil);
}

int main(void) {
        RUN(fields_say_whom_they_name);
        RUN(accounts_without_their_domain);
        RUN(words_of_their_own);
        RUN(the_longest_first);
        RUN(as_json_escapes_it);
        RUN(what_tells_nothing_stays);
        RUN(too_many_or_too_much_is_not_shown);
        return check_done();
}
