/* Framer and decoders together: cut into slots of any size, an input gives the same records, at the
 * same offsets. */
#include "check.h"

#include "dump.h"
#include "ingest/framer.h"

struct source {
        struct span left;
        size_t step;
};

static ssize_t source_read(void *ctx, void *to, size_t n) {
        struct source *s = ctx;

        n = MIN(MIN(n, s->step), s->left.len);
        memcpy(to, s->left.p, n);
        s->left.p += n;
        s->left.len -= n;
        return (ssize_t)n;
}

/* Every record with offset, line and time; *ret_batches: of how many batches. */
static struct buf records(struct span in, enum format f, size_t limit, unsigned *ret_batches,
                          unsigned *ret_events) {
        struct source src = {.left = in, .step = 777};
        struct framer *fr = framer_new();
        struct decoder *dec = decoder_new(NULL);
        char *slot = malloc(SLOT_BYTES);
        struct decode_error err;
        struct dump d = {0};
        int r;

        *ret_batches = 0;
        framer_set_slot_limit(fr, limit);
        framer_open(fr, &(struct framer_input){
                                .read = source_read, .ctx = &src, .file_time = TIME_NONE});
        while ((r = framer_fill(fr, slot, &err)) > 0) {
                struct batch b;
                struct event e;
                enum decode_result q;

                check_int(r, FRAMER_BATCH);
                check_int(batch_view(slot, &b), 0);
                check_int(b.h.format, f);
                decoder_begin(dec, &b, 0);
                while ((q = decoder_next(dec, &e, &err)) != DECODE_END) {
                        if (q == DECODE_BAD) {
                                buf_printf(&d.text, "bad %llu %s\n", (unsigned long long)err.offset,
                                           err.what);
                                continue;
                        }
                        check(span_eq(e.raw, span_of(in.p + e.offset, e.raw.len)));
                        buf_printf(&d.text, "%llu %llu %lld: ", (unsigned long long)e.offset,
                                   (unsigned long long)e.line, (long long)e.time);
                        dump_event(&d, &e);
                }
                (*ret_batches)++;
        }
        check_int(r, 0);
        framer_free(fr);
        decoder_free(dec);
        free(slot);
        *ret_events = d.events;
        return d.text;
}

static void same(struct buf *in, enum format f, unsigned events) {
        static const size_t limits[] = {1, 50, 333, 4096, 66000};
        struct buf whole, part;
        unsigned batches, n;

        whole = records(buf_get(in), f, BATCH_ROOM, &batches, &n);
        check_int(n, events);
        check_int(batches, 1);
        for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
                part = records(buf_get(in), f, limits[i], &batches, &n);
                if (limits[i] < in->len / 2)
                        check(batches > 1);
                if (!span_eq(buf_get(&whole), buf_get(&part))) {
                        size_t k = 0;
                        while (k < whole.len && k < part.len && whole.p[k] == part.p[k])
                                k++;
                        printf("# limit %zu: whole \"%.*s\" part \"%.*s\"\n", limits[i],
                               (int)MIN(whole.len - k, (size_t)200), whole.p + k,
                               (int)MIN(part.len - k, (size_t)200), part.p + k);
                        check(!"the same records");
                }
                buf_deinit(&part);
        }
        buf_deinit(&whole);
        buf_deinit(in);
}

#define MANY(b, n, ...)                                                                            \
        for (unsigned i = 0; i < (n); i++)                                                         \
        buf_printf(&(b), __VA_ARGS__)

static void json_lines(void) {
        struct buf b = {0};

        MANY(b, 500, "{\"a\":%u,\"b\":{\"c\":[\"}\\n{\",{\"d\":null}]}}\n", i);
        same(&b, FORMAT_JSON, 500);
        MANY(b, 300, "{\"a\":%u}", i); /* nothing between them */
        same(&b, FORMAT_JSON, 300);
        MANY(b, 300, "{\n  \"a\": %u,\n  \"b\": [\n    {}\n  ]\n}\n", i);
        same(&b, FORMAT_JSON, 300);
}

static void json_arrays(void) {
        struct buf b = {0};

        buf_str(&b, "[");
        MANY(b, 300, "%s{\"a\":%u,\"b\":\"]\"}\n", i ? "," : "", i);
        buf_str(&b, "]\n");
        same(&b, FORMAT_JSON, 300);
        buf_str(&b, "{\"Records\":[");
        MANY(b, 300, "%s{\"a\":%u}", i ? ", " : "", i);
        buf_str(&b, "],\"NextToken\":\"x\"}");
        same(&b, FORMAT_JSON, 300);
}

static void logs_of_lines(void) {
        struct buf b = {0};

        MANY(b, 300, "<34>Oct 11 22:14:%02u host su[%u]: text\r\n", i % 60, i);
        same(&b, FORMAT_SYSLOG, 300);
        MANY(b, 300,
             "10.0.0.1 - - [10/Oct/2000:13:55:%02u -0700] \"GET /%%41?%u HTTP/1.0\" 200 1\n\n",
             i % 60, i);
        same(&b, FORMAT_WEB, 300);
        MANY(b, 300, "CEF:0|V|P|1|%u|N|3|a=b c d=e\n", i);
        same(&b, FORMAT_CEF, 300);
        MANY(b, 300, "LEEF:1.0|V|P|1|%u|a=b\tc=d\n", i);
        same(&b, FORMAT_LEEF, 300);
        MANY(b, 300, "time=2026-01-01T00:00:00Z level=info n=%u msg=\"a b\"\n", i);
        same(&b, FORMAT_KV, 300);
        MANY(b, 300, "some words %u\n", i);
        same(&b, FORMAT_TEXT, 300);
}

static void logs_with_headers(void) {
        struct buf b = {0};

        buf_str(&b, "#Software: x\n#Date: 2026-01-02 00:00:00\n#Fields: time c-ip\n");
        MANY(b, 200, "03:04:05 10.0.0.%u\n", i);
        buf_str(&b, "#Fields: c-ip time\n");
        MANY(b, 200, "10.0.0.%u 03:04:05\n", i);
        same(&b, FORMAT_W3C, 400);
        for (unsigned k = 0; k < 3; k++) {
                buf_printf(&b,
                           "#separator "
                           "\\x09\n#path\tp%u\n#fields\tts\ta%u\n#types\ttime\tset[string]\n",
                           k, k);
                MANY(b, 100, "1.%u\tx,y\n", i);
                buf_str(&b, "#close\tx\n");
        }
        same(&b, FORMAT_ZEEK_TSV, 300);
        buf_str(&b, " \n\nx,y,z\n");
        MANY(b, 300, "%u,\"a\n\"\"b\"\"\n,c\",\"d\"\n", i);
        same(&b, FORMAT_CSV, 300);
}

static void records_of_several_lines(void) {
        struct buf b = {0};

        for (unsigned k = 0; k < 300; k++) {
                buf_printf(&b,
                           "type=SYSCALL msg=audit(1364481363.243:%u): arch=c000003e syscall=2\n",
                           k + 1);
                MANY(b, 3, "type=PATH msg=audit(1364481363.243:%u): item=%u name=\"x\"\n", k + 1,
                     i);
        }
        same(&b, FORMAT_AUDITD, 300);
        for (uint64_t k = 0; k < 300; k++) {
                uint64_t n = k % 40;
                buf_printf(&b, "__CURSOR=%u\n__REALTIME_TIMESTAMP=1342540861416351\nMESSAGE\n",
                           (unsigned)k);
                buf_add(&b, &n, 8);
                MANY(b, n, "\n");
                buf_str(&b, "\nSYSLOG_IDENTIFIER=x\n\n");
        }
        same(&b, FORMAT_JOURNAL, 300);
}

int main(void) {
        RUN(json_lines);
        RUN(json_arrays);
        RUN(logs_of_lines);
        RUN(logs_with_headers);
        RUN(records_of_several_lines);
        return check_done();
}
