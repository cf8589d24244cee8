/* Which format a file has, from its first 64 KiB.
 *
 * A few formats announce themselves: EVTX by a magic, Zeek and W3C by directives, JSON by its first
 * bytes, journald's export by a field that every entry has. All others are told by their lines: up
 * to LINES_MAX lines are looked at, each votes for at most one format, and the format with most
 * votes wins if it has at least a third of the lines that are neither blank nor comments (logs are
 * full of stray lines: stack traces, banners, the tails of multi-line messages). CSV is asked only
 * when no format of lines wins, since a line of any log may hold commas.
 *
 * Nothing here must be exact: a wrong guess is visible in the summary and --format overrides it.
 * But it must be steady: the guess depends on the first 64 KiB alone, not on how they were read. */
#include "decode/detect.h"

#include "decode/csv_frame.h"
#include "decode/evtx_frame.h"

#define LINES_MAX 64u
#define LINE_LOOK 2048u

static bool digit(char c) {
        return c >= '0' && c <= '9';
}

static bool alpha(char c) {
        return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool name_char(char c) {
        return alpha(c) || digit(c) || c == '_' || c == '-' || c == '.' || c == '@';
}

/* Does s begin as the pattern says? '9' any digit, 'A' any letter, 'B' a blank or digit, else
 * itself. */
static bool looks(struct span s, const char *pattern) {
        size_t i = 0;

        for (; pattern[i]; i++) {
                char p = pattern[i];
                if (i >= s.len)
                        return false;
                char c = s.p[i];
                bool ok = p == '9'   ? digit(c)
                          : p == 'A' ? alpha(c)
                          : p == 'B' ? digit(c) || c == ' '
                                     : c == p;
                if (!ok)
                        return false;
        }
        return true;
}

static struct span from(struct span s, size_t n) {
        n = MIN(n, s.len);
        return span_of(s.p + n, s.len - n);
}

/* "<134>" in front: the rest behind it, else s. */
static struct span after_priority(struct span s) {
        size_t i = 1;

        if (s.len < 3 || s.p[0] != '<')
                return s;
        while (i < s.len && i < 5 && digit(s.p[i]))
                i++;
        return i > 1 && i < s.len && s.p[i] == '>' ? from(s, i + 1) : s;
}

static bool is_iso_time(struct span s) {
        return looks(s, "9999-99-99T99:99:99") || looks(s, "9999-99-99 99:99:99");
}

/* A word, a blank, then something that ends in ':' or '[pid]:' within a few words: "host
 * sshd[12]:". */
static bool host_and_tag(struct span s) {
        size_t i = 0, words = 0;

        while (i < s.len && s.p[i] == ' ')
                i++;
        if (i >= s.len)
                return false;
        for (; i < s.len && i < 320 && words < 3; i++) {
                if (s.p[i] == ' ')
                        words++;
                else if (s.p[i] == ':' && words >= 1 && (i + 1 == s.len || s.p[i + 1] == ' '))
                        return true;
        }
        return false;
}

static bool is_syslog(struct span line) {
        struct span s = after_priority(line);

        if (looks(s, "AAA B9 99:99:99") || looks(s, "AAA B9 9999 99:99:99"))
                return s.len > 16;
        if (s.p != line.p) /* a priority says enough */
                return true;
        if (!is_iso_time(s))
                return false;
        size_t i = 19;
        while (i < s.len && s.p[i] != ' ')
                i++;
        return s.p[10] == 'T' && host_and_tag(from(s, i));
}

/* Cisco: "%SYS-5-CONFIG_I: " within a line. */
static bool is_cisco(struct span s) {
        const char *p = memmem(s.p, MIN(s.len, (size_t)160), ": %", 3);
        size_t i = 0, dashes = 0;

        if (!p)
                return false;
        struct span code = from(s, (size_t)(p - s.p) + 3);
        for (; i < code.len && i < 64 && code.p[i] != ':'; i++) {
                char c = code.p[i];
                if (!((c >= 'A' && c <= 'Z') || digit(c) || c == '_' || c == '-'))
                        return false;
                dashes += c == '-';
        }
        return dashes >= 2 && i < code.len && code.p[i] == ':';
}

static bool is_audit(struct span s) {
        if (span_starts(s, SPAN("node="))) {
                const char *sp = memchr(s.p, ' ', s.len);
                s = sp ? from(s, (size_t)(sp + 1 - s.p)) : s;
        }
        return span_starts(s, SPAN("type=")) &&
               memmem(s.p, MIN(s.len, (size_t)128), " msg=audit(", 11);
}

/* "CEF:0|" or "LEEF:2.0|" at the start or behind a syslog header. */
static bool has_header(struct span s, struct span word) {
        struct span head = span_of(s.p, MIN(s.len, (size_t)512));
        const char *p = memmem(head.p, head.len, word.p, word.len);

        if (!p || (p > s.p && p[-1] != ' ' && p[-1] != '>' && p[-1] != '\t'))
                return false;
        struct span rest = from(s, (size_t)(p - s.p) + word.len);
        return looks(rest, "9|") || looks(rest, "9.9|");
}

static bool is_access(struct span s) {
        const char *p = s.p, *end = s.p + MIN(s.len, (size_t)768);

        while ((p = memchr(p, '[', (size_t)(end - p)))) {
                struct span rest = from(s, (size_t)(p - s.p));
                if (looks(rest, "[99/AAA/9999:99:99:99")) {
                        const char *close = memchr(p, ']', (size_t)(s.p + s.len - p));
                        return close && memchr(close, '"', (size_t)(s.p + s.len - close));
                }
                p++;
        }
        return false;
}

static bool is_web_error(struct span s) {
        if (looks(s, "[AAA AAA B9 99:99:99"))
                return memchr(s.p + 1, '[', s.len - 1);
        return looks(s, "9999/99/99 99:99:99 [A");
}

/* name=value pairs from the start on (behind a priority), covering the line as far as values may
 * hold blanks. */
static bool is_pairs(struct span line) {
        struct span s = after_priority(line);
        unsigned pairs = 0, loose = 0;
        size_t i = 0;

        while (i < s.len && pairs < 12) {
                size_t start = i;
                while (i < s.len && name_char(s.p[i]))
                        i++;
                if (i == start || i >= s.len || s.p[i] != '=') {
                        while (i < s.len && s.p[i] != ' ')
                                i++;
                        loose++;
                } else {
                        pairs++;
                        i++;
                        if (i < s.len && s.p[i] == '"') {
                                for (i++; i < s.len && s.p[i] != '"'; i++)
                                        i += s.p[i] == '\\';
                                i = MIN(i + 1, s.len);
                        } else {
                                while (i < s.len && s.p[i] != ' ')
                                        i++;
                        }
                }
                if (pairs == 0)
                        return false;
                while (i < s.len && (s.p[i] == ' ' || s.p[i] == ','))
                        i++;
        }
        return (pairs >= 3 && pairs >= loose) || (pairs == 2 && loose == 0);
}

static enum format vote(struct span line) {
        struct span s = span_of(line.p, MIN(line.len, LINE_LOOK));

        if (s.p[0] == '{')
                return looks(span_trim(from(s, 1)), "\"") ? FORMAT_JSON : FORMAT_TEXT;
        if (is_audit(s))
                return FORMAT_AUDITD;
        if (has_header(s, SPAN("CEF:")))
                return FORMAT_CEF;
        if (has_header(s, SPAN("LEEF:")))
                return FORMAT_LEEF;
        if (is_pairs(s))
                return FORMAT_KV;
        if (is_syslog(s) || is_cisco(s))
                return FORMAT_SYSLOG;
        if (is_access(s) || is_web_error(s))
                return FORMAT_WEB;
        return FORMAT_TEXT;
}

/* The next line without its end; an incomplete last line is given only when it is all there is. */
static bool next_line(struct span *rest, bool whole, struct span *ret) {
        const char *nl = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;

        if (rest->len == 0)
                return false;
        size_t n = nl ? (size_t)(nl - rest->p) : rest->len;
        *ret = span_trim(span_of(rest->p, n));
        *rest = from(*rest, n + 1);
        return nl || whole || n >= LINE_LOOK;
}

static enum format by_lines(struct span head, bool whole) {
        unsigned votes[FORMAT_MAX] = {0}, lines = 0;
        struct span line;

        while (lines < LINES_MAX && next_line(&head, whole, &line)) {
                if (line.len == 0 || line.p[0] == '#' || span_starts(line, SPAN("----")))
                        continue;
                votes[vote(line)]++;
                lines++;
        }
        enum format best = FORMAT_UNKNOWN;
        for (unsigned f = 1; f < FORMAT_MAX; f++)
                if (f != FORMAT_TEXT && votes[f] > (best ? votes[best] : 0))
                        best = (enum format)f;
        return best && votes[best] * 3 >= lines ? best : FORMAT_UNKNOWN;
}

/* Fields of a record, 0 when one is not fit for a header (`header`): empty, a number, or a
 * sentence. */
static unsigned csv_fields(struct span rec, char delimiter, bool header) {
        unsigned n = 1;
        size_t start = 0;
        bool quoted = false;

        for (size_t i = 0; i <= rec.len; i++) {
                if (i < rec.len && rec.p[i] == '"')
                        quoted = !quoted;
                if (i < rec.len && (quoted || rec.p[i] != delimiter))
                        continue;
                struct span f = span_trim(span_of(rec.p + start, i - start));
                if (f.len >= 2 && f.p[0] == '"')
                        f = span_of(f.p + 1, f.len - 2);
                if (header && (f.len == 0 || f.len > 128 ||
                               !(alpha(f.p[0]) || f.p[0] == '_' || f.p[0] == '@' ||
                                 (unsigned char)f.p[0] >= 0x80)))
                        return 0;
                start = i + 1;
                n += i < rec.len;
        }
        return n;
}

/* A header of names and up to eight records with as many fields (the last may be cut). */
static bool is_csv(struct span head, bool whole) {
        char delimiter = csv_delimiter(head);
        unsigned columns = 0, same = 0, other = 0;

        while (head.len && same + other < 8) {
                size_t n = csv_record(head, delimiter, whole);
                if (n == 0)
                        break;
                struct span rec = span_trim(span_of(head.p, n));
                head = from(head, n);
                if (columns == 0) {
                        columns = csv_fields(rec, delimiter, true);
                        if (columns < 3 && !(columns == 2 && delimiter == ','))
                                return false;
                } else if (rec.len) {
                        unsigned k = csv_fields(rec, delimiter, false);
                        same += k == columns;
                        other += k != columns;
                }
        }
        return columns && other <= same / 4 && (same || columns >= 4);
}

static bool is_directive(struct span line, struct span name) {
        struct span rest = from(line, 1);

        return line.len > name.len + 1 && line.p[0] == '#' && span_starts(rest, name) &&
               !name_char(rest.p[name.len]);
}

/* Formats whose head says it: in the comments before the first record. */
static enum format by_head(struct span head, bool whole) {
        static const char *const zeek[] = {"separator", "fields", "set_separator", "unset_field",
                                           "types"};
        static const char *const w3c[] = {"Fields", "Software", "Version"};
        struct span line;
        unsigned lines = 0;

        while (lines++ < LINES_MAX && next_line(&head, whole, &line)) {
                if (line.len == 0)
                        continue;
                if (line.p[0] != '#')
                        break;
                for (size_t i = 0; i < ARRAY_LEN(zeek); i++)
                        if (is_directive(line, span_str(zeek[i])))
                                return FORMAT_ZEEK_TSV;
                for (size_t i = 0; i < ARRAY_LEN(w3c); i++)
                        if (is_directive(line, span_str(w3c[i])))
                                return FORMAT_W3C;
        }
        return FORMAT_UNKNOWN;
}

static bool is_json(struct span s) {
        if (s.len == 0 || (s.p[0] != '{' && s.p[0] != '['))
                return false;
        struct span in = span_trim(from(s, 1));
        if (in.len == 0)
                return s.p[0] == '{' || s.len == 1;
        if (s.p[0] == '{')
                return in.p[0] == '"' || in.p[0] == '}';
        return in.p[0] == '{' || (in.p[0] == ']' && span_trim(from(in, 1)).len == 0);
}

static bool is_tar(struct span s) {
        return s.len > 262 && memcmp(s.p + 257, "ustar", 5) == 0;
}

/* journald's export: NAME=value lines, and every entry has its time. */
static bool is_journal(struct span s) {
        struct span first = span_of(s.p, MIN(s.len, (size_t)4096));
        const char *p = memmem(first.p, first.len, "__REALTIME_TIMESTAMP=", 21);

        return p && (p == s.p || p[-1] == '\n') &&
               (s.p[0] == '_' || (s.p[0] >= 'A' && s.p[0] <= 'Z'));
}

/* Controls that no text has in one byte of twenty; or zeros in most of it (a log may hold a block
 * of them, left by a crash); or a tar archive, which holds text but is none. */
static bool is_binary(struct span s) {
        size_t controls = 0, zeros = 0;

        for (size_t i = 0; i < s.len; i++) {
                unsigned char c = (unsigned char)s.p[i];
                zeros += c == 0;
                controls += (c > 0 && c < 9) || (c > 13 && c < 27) || c == 127;
        }
        return controls > s.len / 20 + 1 || zeros + controls > s.len * 3 / 8 || is_tar(s);
}

enum format detect_format(struct span head, bool whole) {
        whole = whole && head.len <= DETECT_BYTES;
        head.len = MIN(head.len, DETECT_BYTES);
        if (span_starts(head, span_of(EVTX_FILE_MAGIC, 8)) ||
            span_starts(head, span_of(EVTX_CHUNK_MAGIC, 8)))
                return FORMAT_EVTX;
        if (span_starts(head, SPAN("\xEF\xBB\xBF")))
                head = from(head, 3);
        /* What a crash left at the start of a log: blocks of zeros. And blank lines. */
        while (head.len && (unsigned char)head.p[0] <= ' ' && (head.p[0] == '\0' || head.p[0] > 8))
                head = from(head, 1);
        if (head.len == 0)
                return FORMAT_TEXT;
        if (is_binary(head))
                return is_journal(head) ? FORMAT_JOURNAL : FORMAT_UNKNOWN;
        if (is_json(head))
                return FORMAT_JSON;
        enum format f = by_head(head, whole);
        if (f == FORMAT_UNKNOWN && is_journal(head))
                f = FORMAT_JOURNAL;
        if (f == FORMAT_UNKNOWN)
                f = by_lines(head, whole);
        if (f == FORMAT_UNKNOWN && is_csv(head, whole))
                f = FORMAT_CSV;
        return f == FORMAT_UNKNOWN ? FORMAT_TEXT : f;
}

const char *detect_refusal(struct span head) {
        static const struct {
                struct span magic;
                const char *what;
        } known[] = {
                {{"LPKSHHRH", 8}, "a binary journal: read it with journalctl -o export"},
                {{"\xd4\xc3\xb2\xa1", 4}, "a packet capture, not a log"},
                {{"\xa1\xb2\xc3\xd4", 4}, "a packet capture, not a log"},
                {{"\x0a\x0d\x0d\x0a", 4}, "a packet capture, not a log"},
                {{"\x7f"
                  "ELF",
                  4},
                 "a program, not a log"},
                {{"MZ", 2}, "a program, not a log"},
                {{"SQLite format 3", 15}, "a database, not a log"},
                {{"regf", 4}, "a registry hive, not a log"},
                {{"0\0\0\0LfLe", 8}, "an event log of Windows before Vista, which is not read"},
        };

        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (span_starts(head, known[i].magic))
                        return known[i].what;
        if (is_tar(head))
                return "a tar archive, which is not read: unpack it first";
        return "binary data, not a log that is read here";
}
