/* ingest/files_position: what is printed is read again; what is no position, no key, no field is
 * none. */
#include "check.h"

#include "ingest/files_position.h"

static struct file_position some(bool whole) {
        struct file_position p = {.offset = INT64_MAX,
                                  .device = UINT64_MAX,
                                  .inode = 4711,
                                  .seen = 1795000000,
                                  .has_whole = whole};

        file_hash(p.first, FIRST_HASH, SPAN("first"));
        file_hash(p.head, FILE_HASH, SPAN("head"));
        file_hash(p.tail, FILE_HASH, SPAN("tail"));
        file_hash(p.whole, FILE_HASH, SPAN("whole"));
        return p;
}

static void what_is_printed_is_read(void) {
        for (unsigned whole = 0; whole < 2; whole++) {
                struct file_position a = some(whole), b;
                char text[POSITION_VALUE_MAX + 1], again[POSITION_VALUE_MAX];
                size_t n = file_position_print(&a, text);

                check(n > 0 && n < POSITION_VALUE_MAX);
                check(file_position_parse(span_of(text, n), &b));
                check(file_position_print(&b, again) == n && memcmp(text, again, n) == 0);
                check(b.offset == a.offset && b.device == a.device && b.has_whole == whole);
                /* Cut or changed anywhere, it is another one or none; never more than is there. */
                for (size_t cut = 0; cut < n; cut++)
                        check(!file_position_parse(span_of(text, cut), &b) ||
                              (whole && !b.has_whole));
                text[n] = ' ';
                check(!file_position_parse(span_of(text, n + 1), &b));
                text[0] = '2';
                check(!file_position_parse(span_of(text, n), &b));
        }
        struct file_position p;
        check(!file_position_parse(SPAN("1 99999999999999999999 1 1 1 0 0 0"), &p));
        check(!file_position_parse(SPAN("1 -1 1 1 1 00 00 00"), &p));
        check(!file_position_parse(SPAN(""), &p));
}

static void keys(void) {
        char text[POSITION_KEY_MAX];
        struct span source;
        uint64_t id;
        size_t n = file_key_print("a:b", 0x0123456789abcdefu, text);

        check(span_eq(span_of(text, n), SPAN("file:a:b:0123456789abcdef")));
        check(file_key_parse(span_of(text, n), &source, &id));
        check(span_eq(source, SPAN("a:b")) && id == 0x0123456789abcdefu);
        check(!file_key_parse(SPAN("file::0123456789abcdef"), &source, &id));
        check(!file_key_parse(SPAN("file:a:0123456789abcdeF"), &source, &id));
        check(!file_key_parse(SPAN("journal:a:0123456789abcdef"), &source, &id));
        check(!file_key_parse(SPAN("file:123456789abcdef"), &source, &id));
}

static void fields_of_the_journal(void) {
        struct span entry = SPAN("__CURSOR=s=1;i=2\nA=b=c\nBIN\n\x04\0\0\0\0\0\0\0a\n\nb\nEND=\n");
        struct span rest = entry, name, value;

        check(span_eq(journal_cursor(entry), SPAN("s=1;i=2")));
        check(journal_field(&rest, &name, &value) && journal_field(&rest, &name, &value));
        check(span_eq(name, SPAN("A")) && span_eq(value, SPAN("b=c")));
        check(journal_field(&rest, &name, &value) && span_eq(name, SPAN("BIN")));
        check(span_eq(value, SPAN("a\n\nb")));
        check(journal_field(&rest, &name, &value) && value.len == 0 && rest.len == 0);
        check(!journal_field(&rest, &name, &value));
        check_int(journal_whole_fields(entry, entry.len), entry.len);
        check_int(journal_whole_fields(entry, entry.len - 1), entry.len - 5);
        check_int(journal_whole_fields(entry, 3), 0);
        /* One that a command line would take for something else is none. */
        check(!journal_cursor(SPAN("__CURSOR=--help\n")).p && !journal_cursor(SPAN("A=b\n")).p);
        check(!journal_cursor(SPAN("__CURSOR=a b\n")).p && !journal_cursor(SPAN("__CURSOR=\n")).p);
        /* A length beyond the end. */
        rest = SPAN("BIN\n\xff\xff\xff\xff\xff\xff\xff\xff"
                    "abc\n");
        check(!journal_field(&rest, &name, &value));
}

int main(void) {
        RUN(what_is_printed_is_read);
        RUN(keys);
        RUN(fields_of_the_journal);
        return check_done();
}
