/* Cutting where records end. All are linear in what they are given; what they look back over is
 * bounded. */
#include "ingest/cut.h"

#include <endian.h>

#include "decode/csv_frame.h"

size_t cut_lines(struct span s) {
        const char *nl = s.len ? memrchr(s.p, '\n', s.len) : NULL;

        return nl ? (size_t)(nl + 1 - s.p) : 0;
}

/* Records of one audit serial follow each other closely, but those of several may interleave, and
 * the decoder joins them only within a batch. So whatever serial occurs in the last AUDIT_KEEP
 * lines moves to the next batch with all its lines, and with every serial that those lines are
 * interleaved with, as far as AUDIT_LOOK lines go back. */
#define AUDIT_LOOK 256u
#define AUDIT_KEEP 16u

/* "1364481363.243:24287" of the line, or nothing. */
static struct span audit_serial(struct span line) {
        struct span head = span_of(line.p, MIN(line.len, (size_t)256));
        const char *p = memmem(head.p, head.len, "audit(", 6), *end;

        if (!p)
                return SPAN_NONE;
        p += 6;
        end = memchr(p, ')', (size_t)(line.p + line.len - p));
        return end && end - p < 64 ? span_of(p, (size_t)(end - p)) : SPAN_NONE;
}

size_t cut_auditd(struct span s) {
        size_t all = cut_lines(s), start[AUDIT_LOOK];
        struct span serial[AUDIT_LOOK];
        unsigned n = 0; /* lines looked at, the last one first */
        size_t end = all;

        while (end && n < AUDIT_LOOK) {
                const char *nl = end > 1 ? memrchr(s.p, '\n', end - 1) : NULL;
                start[n] = nl ? (size_t)(nl + 1 - s.p) : 0;
                serial[n] = audit_serial(span_of(s.p + start[n], end - start[n]));
                end = start[n++];
        }
        if (n == 0)
                return 0;

        /* `keep` lines at the end move on; `done` of them have had their serials followed back. */
        unsigned keep = MIN(n, AUDIT_KEEP), done = 0;
        while (done < keep) {
                struct span want = serial[done++];
                for (unsigned i = n; want.len && i > keep; i--)
                        if (span_eq(serial[i - 1], want))
                                keep = i;
        }
        if (keep == AUDIT_LOOK)
                return all; /* no end to it: better one serial in two parts than no cut */
        return start[keep - 1];
}

size_t cut_csv(struct span s, char delimiter) {
        size_t done = 0;

        for (;;) {
                size_t n = csv_record(span_of(s.p + done, s.len - done), delimiter, false);
                if (n == 0)
                        return done;
                done += n;
        }
}

#define JOURNAL_NAME_MAX 4096u /* journald itself allows 64 */

/* The line at p, which is not empty: its length with the line end, or 0 when more bytes are needed.
 */
static size_t journal_line(struct cut_journal *st, const char *p, size_t len) {
        const char *nl = memchr(p, '\n', len);
        size_t n = nl ? (size_t)(nl - p) : len;
        uint64_t size;

        st->field = true;
        if (st->tail || memchr(p, '=', n) || (!nl && n > JOURNAL_NAME_MAX)) {
                st->tail = !nl;
                return n + (nl != NULL);
        }
        /* A name alone: a length of 8 bytes, so many bytes and a line end follow. */
        if (!nl || len - n < 9)
                return 0;
        memcpy(&size, nl + 1, 8);
        size = le64toh(size);
        st->binary = size < UINT64_MAX ? size + 1 : size;
        return n + 9;
}

size_t cut_journal(struct cut_journal *st, struct span s, bool first_only, size_t *ret_used) {
        size_t i = 0, whole = 0;

        while (i < s.len) {
                if (st->binary) {
                        size_t n = (size_t)MIN(st->binary, (uint64_t)(s.len - i));
                        st->binary -= n;
                        i += n;
                } else if (s.p[i] == '\n' && !st->tail) {
                        whole = ++i;
                        if (first_only && st->field)
                                break;
                        st->field = false;
                } else {
                        size_t n = journal_line(st, s.p + i, s.len - i);
                        if (n == 0)
                                break;
                        i += n;
                }
        }
        *ret_used = i;
        return whole;
}

uint64_t cut_count_lines(struct span s) {
        uint64_t n = 0;

        for (size_t i = 0; i < s.len;) {
                /* At most 255 per lane, so that the compiler may count in bytes. */
                size_t end = MIN(s.len, i + 4080);
                unsigned part = 0;
                for (; i < end; i++)
                        part += s.p[i] == '\n';
                n += part;
        }
        return n;
}
