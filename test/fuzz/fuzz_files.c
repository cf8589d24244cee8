/* What ingest reads of followed files and the journal: positions of the store, entries of the export
 * format. A value that is one prints as itself; however the journal's bytes come in pieces, entries
 * end at the same places; fields lie inside their entry. The first byte: how long the pieces are. */
#include <assert.h>
#include <stdint.h>

#include "ingest/cut.h"
#include "ingest/files_position.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void values(struct span s) {
        char text[POSITION_VALUE_MAX], again[POSITION_VALUE_MAX];
        struct file_position p, q;
        struct span source;
        uint64_t id;

        if (file_position_parse(s, &p)) {
                size_t n = file_position_print(&p, text);

                assert(n > 0 && n < sizeof(text));
                assert(file_position_parse(span_of(text, n), &q));
                assert(file_position_print(&q, again) == n && memcmp(text, again, n) == 0);
        }
        if (file_key_parse(s, &source, &id)) {
                char name[SOURCE_NAME_MAX] = {0}, key[POSITION_KEY_MAX];

                assert(source.len > 0 && source.len < sizeof(name));
                memcpy(name, source.p, source.len);
                size_t n = file_key_print(name, id, key);
                assert(span_eq(span_of(key, n), s));
        }
}

static void entry_of(struct span entry) {
        struct span rest = entry, name, value;
        size_t last = 0;

        while (journal_field(&rest, &name, &value)) {
                assert(name.p >= entry.p && value.p >= name.p + name.len);
                assert(value.p + value.len < entry.p + entry.len);
                assert(rest.p > entry.p + last && rest.p + rest.len == entry.p + entry.len);
                last = (size_t)(rest.p - entry.p);
        }
        assert(journal_whole_fields(entry, entry.len) == last);
        assert(journal_whole_fields(entry, entry.len / 2) <= entry.len / 2);
        struct span cursor = journal_cursor(entry);
        assert(!cursor.p || (cursor.len > 0 && cursor.len < POSITION_VALUE_MAX &&
                             cursor.p[0] != '-' && !memchr(cursor.p, '\n', cursor.len)));
}

/* The end of the first entry when `s` comes in pieces of `step`; 0: none. */
static size_t in_pieces(struct span s, size_t step) {
        struct cut_journal st = {0};
        size_t at = 0, have = 0, used;

        while (have < s.len) {
                have = MIN(have + step, s.len);
                size_t n = cut_journal(&st, span_of(s.p + at, have - at), true, &used);
                assert(used <= have - at && n <= used);
                if (n)
                        return at + n;
                at += used;
        }
        return 0;
}

static void journal(struct span s, size_t step) {
        unsigned entries = 0;

        while (s.len && entries++ < 64) {
                struct cut_journal st = {0};

                if (*s.p == '\n') { /* blank lines before an entry */
                        s.p++;
                        s.len--;
                        continue;
                }
                size_t used, n = cut_journal(&st, s, true, &used);

                assert(n <= used && used <= s.len);
                assert(in_pieces(s, step) == n);
                if (n == 0)
                        break;
                entry_of(span_of(s.p, n));
                s.p += n;
                s.len -= n;
        }
        entry_of(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0 || size > 65536)
                return 0;
        struct span s = span_of((const char *)data + 1, size - 1);

        values(s);
        journal(s, 1 + (size_t)data[0] % 61);
        return 0;
}
