/* ingest/framer: whatever the slot limit and however the bytes arrive, the same records come out.
 */
#include "check.h"

#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "ingest/framer.h"

struct source {
        struct span left;
        size_t step; /* bytes a read gives at most */
        int end;     /* what the end of it returns */
};

static ssize_t source_read(void *ctx, void *to, size_t n) {
        struct source *s = ctx;

        n = MIN(MIN(n, s->step), s->left.len);
        if (n == 0)
                return s->end;
        memcpy(to, s->left.p, n);
        s->left.p += n;
        s->left.len -= n;
        return (ssize_t)n;
}

struct result {
        struct buf bytes;  /* all payloads */
        struct buf cuts;   /* offsets behind each batch, uint64_t */
        struct buf errors; /* "offset length phrase\n" */
        unsigned batches, first, last;
        enum format format;
        struct buf preamble; /* of the last batch */
        uint64_t line;       /* of the last batch */
        int r;
};

static void result_free(struct result *res) {
        buf_deinit(&res->bytes);
        buf_deinit(&res->cuts);
        buf_deinit(&res->errors);
        buf_deinit(&res->preamble);
}

static struct result run(struct span in, enum format forced, size_t limit, size_t step) {
        struct result res = {0};
        struct source src = {.left = in, .step = step};
        struct framer *fr = framer_new();
        char *slot = aligned_alloc(64, SLOT_BYTES);
        struct decode_error err;
        uint64_t next = 0;
        bool any = false;

        framer_set_slot_limit(fr, limit);
        framer_open(fr, &(struct framer_input){.read = source_read,
                                               .ctx = &src,
                                               .input = 7,
                                               .forced = forced,
                                               .file_time = 5});
        while ((res.r = framer_fill(fr, slot, &err)) > 0) {
                struct batch b;

                if (res.r == FRAMER_BAD) {
                        buf_printf(&res.errors, "%llu %llu %s\n", (unsigned long long)err.offset,
                                   (unsigned long long)err.length, err.what);
                        continue;
                }
                check_int(batch_view(slot, &b), 0);
                check(b.h.input == 7 && b.h.file_time == 5);
                if (!any)
                        next = b.h.offset;
                any = true;
                check(b.h.offset >= next); /* gaps only where an error says so */
                next = b.h.offset + b.payload.len;
                buf_span(&res.bytes, b.payload);
                buf_add(&res.cuts, &next, sizeof(next));
                buf_reset(&res.preamble);
                buf_span(&res.preamble, b.preamble);
                res.line = b.h.line;
                res.batches++;
                res.first += (b.h.flags & BATCH_FIRST) != 0;
                res.last += (b.h.flags & BATCH_LAST) != 0;
                check(((b.h.flags & BATCH_FIRST) != 0) == (res.batches == 1));
                check(res.last == ((b.h.flags & BATCH_LAST) != 0));
        }
        check_int(res.first, 1);
        check_int(res.last, 1);
        res.format = framer_format(fr);
        framer_free(fr);
        free(slot);
        return res;
}

static const size_t limits[] = {1, 7, 64, 1000, 70000, BATCH_ROOM};
static const size_t steps[] = {1, 3, 100, 5000, SIZE_MAX};

/* For every limit and step: all bytes, and no batch ends where `bad` says that a record is torn. */
static void same_for_all(struct span in, enum format f, bool (*ends)(struct span in, size_t at)) {
        for (size_t i = 0; i < ARRAY_LEN(limits); i++)
                for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
                        struct result res = run(in, FORMAT_UNKNOWN, limits[i], steps[k]);
                        check_int(res.format, f);
                        check_int(res.r, 0);
                        check(span_eq(buf_get(&res.bytes), in));
                        check_int(res.errors.len, 0);
                        for (size_t n = 0; n + 8 <= res.cuts.len; n += 8) {
                                uint64_t at;
                                memcpy(&at, res.cuts.p + n, 8);
                                check(at == in.len || ends(in, at));
                        }
                        if (limits[i] < in.len / 4)
                                check(res.batches > 1);
                        result_free(&res);
                }
}

static bool after_line(struct span in, size_t at) {
        return at == 0 || in.p[at - 1] == '\n';
}

static void lines(void) {
        struct buf b = {0};

        for (unsigned i = 0; i < 3000; i++)
                buf_printf(&b, "Oct  1 22:14:15 host su[%u]: %.*s\n", i, (int)(i % 50),
                           "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        buf_str(&b, "Oct  1 22:14:15 host su: no line end");
        same_for_all(buf_get(&b), FORMAT_SYSLOG, after_line);

        struct result res = run(buf_get(&b), FORMAT_UNKNOWN, 1, SIZE_MAX);
        check_int(res.line, 3000); /* the last two lines together */
        check(res.batches > 2900);
        result_free(&res);
        buf_deinit(&b);
}

static bool after_serial(struct span in, size_t at) {
        /* the serial of the line before must not occur behind */
        const char *p = in.p + at - 2, *q;
        while (p > in.p && p[-1] != '\n')
                p--;
        p = strstr(p, "audit(");
        q = strchr(p, ')');
        return after_line(in, at) && !memmem(in.p + at, in.len - at, p, (size_t)(q - p));
}

static void auditd_serials_stay_together(void) {
        struct buf b = {0};

        for (unsigned i = 0; i < 400; i++) {
                unsigned n = 1 + i * 7 % 6;
                for (unsigned k = 0; k < n; k++)
                        buf_printf(&b, "type=PATH msg=audit(1364481363.243:%u): item=%u\n",
                                   1000 + i, k);
                if (i % 5 == 0) /* one of the serial before, late */
                        buf_printf(&b,
                                   "type=PROCTITLE msg=audit(1364481363.243:%u): proctitle=61\n",
                                   999 + i);
        }
        buf_char(&b, '\0');
        b.len--;
        same_for_all(buf_get(&b), FORMAT_AUDITD, after_serial);
        buf_deinit(&b);
}

static bool after_entry(struct span in, size_t at) {
        return at >= 2 && in.p[at - 1] == '\n' && in.p[at - 2] == '\n' &&
               (at == in.len || span_starts(span_of(in.p + at, in.len - at), SPAN("__CURSOR")));
}

static void journal_entries(void) {
        struct buf b = {0};

        for (unsigned i = 0; i < 300; i++) {
                uint64_t n = i % 60;
                buf_printf(&b, "__CURSOR=%u\n__REALTIME_TIMESTAMP=1342540861416351\nMESSAGE\n", i);
                buf_add(&b, &n, 8);
                for (unsigned k = 0; k < n; k++)
                        buf_char(&b, '\n'); /* looks like ends of entries */
                buf_str(&b, "\nPRIORITY=6\n\n");
        }
        same_for_all(buf_get(&b), FORMAT_JOURNAL, after_entry);
        buf_deinit(&b);
}

static bool after_record(struct span in, size_t at) {
        return after_line(in, at) && in.p[at] == 'r';
}

static void csv_quotes(void) {
        struct buf b = {0};

        buf_str(&b, "rname,text,more\n");
        for (unsigned i = 0; i < 500; i++)
                buf_printf(&b, "r%u,\"a\n\"\"b\"\"\n,c\",x\"y\n", i);
        same_for_all(buf_get(&b), FORMAT_CSV, after_record);

        struct result res = run(buf_get(&b), FORMAT_UNKNOWN, 100, SIZE_MAX);
        check_span(buf_get(&res.preamble), "rname,text,more\n");
        result_free(&res);

        /* never closed: the line is a record, and the rest is read */
        buf_reset(&b);
        buf_str(&b, "rname,text,more\nr1,\"open,x\n");
        for (unsigned i = 0; i < 40000; i++)
                buf_printf(&b, "r%u,b,c\n", i);
        res = run(buf_get(&b), FORMAT_UNKNOWN, 100, SIZE_MAX);
        check(span_eq(buf_get(&res.bytes), buf_get(&b)));
        check(res.batches > 1000);
        result_free(&res);
        buf_deinit(&b);
}

static void headers_are_carried_on(void) {
        struct buf b = {0};

        buf_str(&b, "#Software: IIS\n#Version: 1.0\n#Date: 2026-01-01 00:00:00\n#Fields: date time "
                    "c-ip\n");
        for (unsigned i = 0; i < 50; i++)
                buf_str(&b, "2026-01-01 00:00:00 10.0.0.#1\n");
        buf_str(&b, "#Fields: date time s-ip\n");
        struct result res = run(buf_get(&b), FORMAT_UNKNOWN, 100, SIZE_MAX);
        check_int(res.format, FORMAT_W3C);
        check(span_ends(buf_get(&res.preamble), SPAN("#Fields: date time c-ip\n")));
        result_free(&res);
        for (unsigned i = 0; i < 50; i++)
                buf_str(&b, "2026-01-01 00:00:00 10.0.0.1\n");
        same_for_all(buf_get(&b), FORMAT_W3C, after_line);
        res = run(buf_get(&b), FORMAT_UNKNOWN, 100, SIZE_MAX);
        check_span(buf_get(&res.preamble),
                   "#Software: IIS\n#Date: 2026-01-01 00:00:00\n#Fields: date time s-ip\n");
        result_free(&res);

        buf_reset(&b);
        buf_str(&b,
                "#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tq\n1\ta\n#close\tx\n"
                "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n2\tb\n3\tc\n");
        res = run(buf_get(&b), FORMAT_UNKNOWN, 1, SIZE_MAX);
        check_span(buf_get(&res.preamble), "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n");
        result_free(&res);

        /* A crash left zeros before the header that a new file begins with. */
        buf_reset(&b);
        buf_str(&b, "#separator \\x09\n#path\tdns\n#fields\tts\tq\n1\ta\n");
        buf_add(&b, "\0\0\0", 3);
        buf_str(&b, "#separator \\x7c\n#fields|b|c\n2|3\n");
        res = run(buf_get(&b), FORMAT_UNKNOWN, 1, SIZE_MAX);
        check_span(buf_get(&res.preamble), "#separator \\x7c\n#fields|b|c\n");
        result_free(&res);
        buf_deinit(&b);
}

static void evtx_chunks_stay_whole(void) {
        size_t sizes[] = {5, 4096, 4097, 4096 + 65536, 4096 + 65536 * 8, 4096 + 65536 * 15 + 77};

        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
                char *p = malloc(sizes[i] + 8);
                for (size_t k = 0; k < sizes[i]; k++)
                        p[k] = (char)(k * 2654435761u >> 13);
                memcpy(p, "ElfFile", MIN(sizes[i], (size_t)8));
                if (sizes[i] > 42) /* the header's length */
                        memcpy(p + 40, "\0\x10", 2);
                for (size_t l = 0; l < ARRAY_LEN(limits); l++) {
                        struct span in = span_of(p, sizes[i]);
                        struct result res = run(in, FORMAT_EVTX, limits[l], 60000);
                        check(span_eq(buf_get(&res.bytes), in));
                        for (size_t n = 0; n + 8 < res.cuts.len; n += 8) {
                                uint64_t at;
                                memcpy(&at, res.cuts.p + n, 8);
                                check(at == in.len || at % 65536 == 4096);
                        }
                        check_int(res.line, 0);
                        result_free(&res);
                }
                free(p);
        }
}

static void too_long_is_told(void) {
        struct buf b = {0};
        char *x = malloc(SLOT_BYTES * 3);

        memset(x, 'x', SLOT_BYTES * 3);
        buf_str(&b, "first line\n");
        buf_add(&b, x, SLOT_BYTES * 3);
        buf_str(&b, "\nlast line\n");
        struct result res = run(buf_get(&b), FORMAT_TEXT, BATCH_ROOM, 1 << 16);
        check(span_ends(buf_get(&res.bytes), SPAN("xlast line\n")));
        check(res.bytes.len > RECORD_MAX + 22);
        check_int(res.line, 3);
        char want[128];
        /* the long line begins at 11; what of it was not handed out is named */
        size_t kept = res.bytes.len - 11 - 10;
        snprintf(want, sizeof(want), "%zu %zu record longer than 256 KiB: its end was not read\n",
                 11 + kept, SLOT_BYTES * 3 + 1 - kept);
        check_span(buf_get(&res.errors), want);
        result_free(&res);

        /* a record of RECORD_MAX is not torn, even with a tiny limit */
        buf_reset(&b);
        buf_str(&b, "first line\n");
        buf_add(&b, x, RECORD_MAX);
        buf_str(&b, "\nlast line\n");
        res = run(buf_get(&b), FORMAT_TEXT, 5, SIZE_MAX);
        check(span_eq(buf_get(&res.bytes), buf_get(&b)));
        check_int(res.batches, 2);
        check_int(res.errors.len, 0);
        result_free(&res);

        /* a journal entry with a field longer than any slot */
        buf_reset(&b);
        buf_str(&b, "__REALTIME_TIMESTAMP=1\nA=1\n\n__REALTIME_TIMESTAMP=2\nCOREDUMP\n");
        uint64_t n = SLOT_BYTES * 3;
        buf_add(&b, &n, 8);
        memset(x, '\n', SLOT_BYTES * 3);
        buf_add(&b, x, n);
        buf_str(&b, "\nB=1\n\n__REALTIME_TIMESTAMP=3\n\n");
        res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, 1 << 16);
        check_int(res.format, FORMAT_JOURNAL);
        check(span_ends(buf_get(&res.bytes), SPAN("\n__REALTIME_TIMESTAMP=3\n\n")));
        check(!memmem(res.bytes.p, res.bytes.len, "B=1", 3));
        check(res.errors.len > 0);
        result_free(&res);
        free(x);
        buf_deinit(&b);
}

static void gzip_add(struct buf *b, struct span s) {
        z_stream z = {0};
        char out[65536];

        check(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
        z.next_in = (Bytef *)(uintptr_t)s.p;
        z.avail_in = (uInt)s.len;
        int r;
        do {
                z.next_out = (Bytef *)out;
                z.avail_out = sizeof(out);
                r = deflate(&z, Z_FINISH);
                buf_add(b, out, sizeof(out) - z.avail_out);
        } while (r == Z_OK);
        deflateEnd(&z);
}

static void zstd_add(struct buf *b, struct span s) {
        size_t room = ZSTD_compressBound(s.len);
        char *to = buf_reserve(b, room);
        b->len += ZSTD_compress(to, room, s.p, s.len, 3);
}

/* A frame's header says how much memory it takes to read: beyond a limit it is refused. */
static void zstd_windows(void) {
        static const struct {
                unsigned char window;
                bool read;
        } frames[] = {
                {10 << 3, true},      /* 1 MiB */
                {13 << 3, true},      /* 8 MiB: zstd -19 */
                {15 << 3, true},      /* 32 MiB: zstd --ultra -20, --long=25 */
                {15 << 3 | 1, false}, /* 36 MiB */
                {16 << 3, false},     /* 64 MiB */
                {17 << 3, false},     /* 128 MiB: zstd --long */
                {31 << 3, false},     /* 2 TiB */
        };
        static const char text[] = "Oct  1 22:14:15 host su[1]: text\n";

        for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
                unsigned n = sizeof(text) - 1;
                struct buf b = {0};
                buf_add(&b, "\x28\xb5\x2f\xfd\0", 5);
                buf_char(&b, (char)frames[i].window);
                buf_char(&b, (char)(n << 3 | 1)); /* one raw block, the last */
                buf_char(&b, (char)(n >> 5));
                buf_char(&b, 0);
                buf_add(&b, text, n);
                struct result res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, 999);
                check_int(res.bytes.len, frames[i].read ? n : 0);
                check(frames[i].read ? res.errors.len == 0
                                     : span_ends(buf_get(&res.errors), SPAN("unpack it first\n")));
                result_free(&res);
                buf_deinit(&b);
        }
}

static void packed(void) {
        struct buf plain = {0}, b = {0};

        for (unsigned i = 0; i < 50000; i++)
                buf_printf(&plain, "Oct  1 22:14:15 host su[%u]: text\n", i * 7919);
        struct span all = buf_get(&plain);

        for (int zstd = 0; zstd < 2; zstd++) {
                buf_reset(&b);
                for (unsigned part = 0; part < 5; part++) {
                        struct span s = span_of(all.p + all.len / 5 * part, all.len / 5);
                        if (part == 4)
                                s.len = all.len - all.len / 5 * 4;
                        (zstd ? zstd_add : gzip_add)(&b, s);
                        (zstd ? zstd_add : gzip_add)(&b, SPAN_NONE);
                }
                size_t sound = b.len;
                for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
                        struct result res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, steps[k]);
                        check_int(res.format, FORMAT_SYSLOG);
                        check_int(res.errors.len, 0);
                        check(span_eq(buf_get(&res.bytes), all));
                        result_free(&res);
                }
                buf_add(&b, "\0\0\0\0\0", 5); /* padding of tapes */
                struct result res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, 999);
                check_int(res.errors.len, 0);
                result_free(&res);
                buf_str(&b, "garbage");
                res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, 999);
                check(span_eq(buf_get(&res.bytes), all));
                check(span_ends(buf_get(&res.errors), SPAN("behind the end of the packed data\n")));
                result_free(&res);
                b.len = sound - 300;
                res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, 999);
                check(res.bytes.len > all.len / 2 && res.bytes.len <= all.len);
                check(memcmp(res.bytes.p, all.p, res.bytes.len) == 0);
                check(span_ends(buf_get(&res.errors), SPAN("packed data ends early\n")));
                result_free(&res);
                b.len = sound;
                b.p[sound / 2] ^= 0x55;
                res = run(buf_get(&b), FORMAT_UNKNOWN, BATCH_ROOM, 999);
                check(res.errors.len > 0);
                result_free(&res);
        }
        buf_deinit(&plain);
        buf_deinit(&b);
}

static void refused(void) {
        struct result res = run(SPAN("\xfd"
                                     "7zXZ\0........"),
                                FORMAT_UNKNOWN, 100, SIZE_MAX);
        check(span_ends(buf_get(&res.errors), SPAN("unpack it first\n")));
        check_int(res.bytes.len, 0);
        result_free(&res);
        res = run(SPAN("LPKSHHRH\0\0\0\0\0\0\0\0"), FORMAT_UNKNOWN, 100, SIZE_MAX);
        check(span_ends(buf_get(&res.errors), SPAN("journalctl -o export\n")));
        result_free(&res);
        res = run(SPAN(""), FORMAT_UNKNOWN, 100, SIZE_MAX);
        check_int(res.errors.len, 0);
        check_int(res.batches, 1);
        result_free(&res);
}

static void wide_text(void) {
        static const uint16_t text[] = {0xfeff, 'O', 'c',    't',    ' ',    ' ',    '1',
                                        ' ',    '2', '2',    ':',    '1',    '4',    ':',
                                        '1',    '5', ' ',    'h',    ' ',    's',    'u',
                                        ':',    ' ', 0x1ea8, 0xd83d, 0xde00, 0xd800, '\n'};
        const char *want = "Oct  1 22:14:15 h su: \xe1\xba\xa8\xf0\x9f\x98\x80\xef\xbf\xbd\n";
        char be[sizeof(text)];

        for (size_t i = 0; i < sizeof(text); i += 2) {
                be[i] = ((const char *)text)[i + 1];
                be[i + 1] = ((const char *)text)[i];
        }
        for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
                struct result res = run(span_of((const char *)text, sizeof(text)), FORMAT_UNKNOWN,
                                        100, steps[k]);
                check_span(buf_get(&res.bytes), want);
                check_int(res.format, FORMAT_SYSLOG);
                result_free(&res);
                res = run(span_of(be, sizeof(be)), FORMAT_UNKNOWN, 100, steps[k]);
                check_span(buf_get(&res.bytes), want);
                result_free(&res);
        }
        struct result res =
                run(span_of((const char *)text, sizeof(text) - 1), FORMAT_UNKNOWN, 100, 3);
        check(res.errors.len > 0);
        result_free(&res);
        res = run(SPAN("\xEF\xBB\xBFx y\n"), FORMAT_UNKNOWN, 100, 1);
        check_span(buf_get(&res.bytes), "x y\n");
        result_free(&res);
}

static void read_errors_come_last(void) {
        struct source src = {.left = SPAN("a\nb"), .step = 2, .end = -EIO};
        struct framer *fr = framer_new();
        static char slot[SLOT_BYTES];
        struct decode_error err;
        struct batch b;

        framer_open(fr, &(struct framer_input){.read = source_read, .ctx = &src});
        check_int(framer_fill(fr, slot, &err), FRAMER_BATCH);
        check_int(batch_view(slot, &b), 0);
        check_span(b.payload, "a\nb");
        check(b.h.flags == (BATCH_FIRST | BATCH_LAST));
        check_int(framer_fill(fr, slot, &err), -EIO);
        check_int(framer_fill(fr, slot, &err), FRAMER_END);
        framer_free(fr);
}

/* Where the slot ends, no record may be: then nothing is passed over, and nothing told. */
static void nothing_skipped_is_not_told(void) {
        size_t len = 3 * BATCH_ROOM;
        char *text = malloc(len);

        for (size_t i = 0; i < len; i += 2)
                memcpy(text + i, i == len - 2 ? "1\n" : "1 ", 2);
        struct result res = run(span_of(text, len), FORMAT_JSON, BATCH_ROOM, SIZE_MAX);
        check_int(res.errors.len, 0);
        check_int(res.bytes.len, len);
        result_free(&res);
        free(text);
}

int main(void) {
        RUN(lines);
        RUN(auditd_serials_stay_together);
        RUN(journal_entries);
        RUN(csv_quotes);
        RUN(headers_are_carried_on);
        RUN(evtx_chunks_stay_whole);
        RUN(too_long_is_told);
        RUN(packed);
        RUN(zstd_windows);
        RUN(refused);
        RUN(wide_text);
        RUN(read_errors_come_last);
        RUN(nothing_skipped_is_not_told);
        return check_done();
}
