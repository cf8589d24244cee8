/* How long the EVTX reader takes per record.
 *
 *     bench_evtx [--repeat N] [--dump | --count] PATH…
 *
 * Files are read into memory first. Three measures, each the least user time of N runs over all of
 * them: fields with their values as they lie in the records (what the engine gets), the same with
 * each value rendered, and checksums alone. --dump prints every record; --count prints records,
 * errors and path per file. */
#include <inttypes.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "decode/crc32.h"
#include "evtx_files.h"

struct tally {
        uint64_t records, fields, errors, bytes, lost, hash;
};

static double user_seconds(void) {
        struct rusage u;

        getrusage(RUSAGE_SELF, &u);
        return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
}

/* Control characters as \xNN, so that a value is a line. */
static void print_value(struct span t) {
        for (size_t i = 0; i < t.len; i++) {
                if ((unsigned char)t.p[i] < ' ')
                        printf("\\x%02x", (unsigned)(unsigned char)t.p[i]);
                else
                        putchar(t.p[i]);
        }
        putchar('\n');
}

static void dump(const struct event *e, struct arena *a) {
        printf("record %" PRIu64 " offset %" PRIu64 " time %" PRId64 " channel %.*s id %" PRId64
               "%s\n",
               e->record, e->offset, e->time, (int)e->key1.len, e->key1.p, e->key2,
               e->cut ? " CUT" : "");
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                struct span t = value_text(f, a);

                printf("  %.*s", (int)f->name_len, f->name);
                if (f->arr)
                        printf("[%u]", f->arr & 0xffff);
                printf(" %s= ", f->type == V_NULL ? "(null) " : "");
                print_value(t);
        }
}

static void decode_file(struct decoder *d, const struct evtx_file *f, struct arena *render,
                        bool print, struct tally *t) {
        struct decode_error err;
        enum decode_result r;
        struct event e;
        struct batch b;
        size_t pos = 0;

        while (evtx_file_batch(f, &pos, &b)) {
                decoder_begin(d, &b, 0);
                while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                        if (r == DECODE_BAD) {
                                t->errors++;
                                t->lost += !err.recovered;
                                if (print)
                                        printf("BAD at %" PRIu64 "+%" PRIu64 ": %s%s\n", err.offset,
                                               err.length, err.what,
                                               err.recovered ? " (recovered)" : "");
                                continue;
                        }
                        t->records++;
                        t->fields += e.n;
                        if (!render)
                                continue;
                        arena_reset(render);
                        if (print) {
                                dump(&e, render);
                                continue;
                        }
                        for (uint32_t i = 0; i < e.n; i++)
                                t->hash += (unsigned char)value_text(&e.fields[i], render).len;
                }
        }
        t->bytes += f->len;
}

/* Least user time of `repeat` runs, seconds. */
static double measure(struct decoder *d, struct arena *render, unsigned repeat, struct tally *ret) {
        double best = 1e9;

        for (unsigned i = 0; i < repeat; i++) {
                double start = user_seconds();

                *ret = (struct tally){0};
                for (size_t k = 0; k < n_evtx_files; k++)
                        decode_file(d, &evtx_files[k], render, false, ret);
                best = MIN(best, user_seconds() - start);
        }
        return best;
}

static double measure_crc(unsigned repeat) {
        double best = 1e9;
        volatile uint32_t crc = 0;

        for (unsigned i = 0; i < repeat; i++) {
                double start = user_seconds();
                for (size_t k = 0; k < n_evtx_files; k++)
                        crc = crc32_of(crc, span_of(evtx_files[k].bytes, evtx_files[k].len));
                best = MIN(best, user_seconds() - start);
        }
        return best;
}

static void benchmark(struct decoder *d, struct arena *render, unsigned repeat) {
        struct tally t;
        double plain = measure(d, NULL, repeat, &t), rendered = measure(d, render, repeat, &t),
               crc = measure_crc(repeat);
        double n = t.records ? (double)t.records : 1;

        printf("%zu files, %.1f MB, %" PRIu64 " records, %.1f fields each\n", n_evtx_files,
               (double)t.bytes / 1e6, t.records, (double)t.fields / n);
        printf("fields            %7.1f ns/record  %9.0f records/s\n", plain * 1e9 / n, n / plain);
        printf("fields, rendered  %7.1f ns/record  %9.0f records/s\n", rendered * 1e9 / n,
               n / rendered);
        printf("checksums alone   %7.1f ns/record\n", crc * 1e9 / n);
}

int main(int argc, char **argv) {
        unsigned long repeat = 5;
        bool print = false, count = false;
        struct arena render;
        struct tally t = {0};

        arena_init(&render, 64 << 20);
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--dump") == 0)
                        print = true;
                else if (strcmp(argv[i], "--count") == 0)
                        count = true;
                else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc)
                        repeat = strtoul(argv[++i], NULL, 10);
                else
                        evtx_files_load(argv[i]);
        }
        _cleanup_(decoder_freep) struct decoder *d = decoder_new(NULL);
        if (!d || n_evtx_files == 0) {
                fprintf(stderr, "usage: bench_evtx [--repeat N] [--dump | --count] PATH...\n");
                return 2;
        }
        if (print || count) {
                for (size_t k = 0; k < n_evtx_files; k++) {
                        t = (struct tally){0};
                        decode_file(d, &evtx_files[k], &render, print, &t);
                        if (count)
                                printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\n", t.records,
                                       t.errors, t.lost, evtx_files[k].path);
                }
        } else {
                benchmark(d, &render, (unsigned)repeat);
        }
        evtx_files_free();
        arena_deinit(&render);
        return 0;
}
