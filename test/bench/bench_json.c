/* How fast is the JSON reader? Files are loaded, cut into slots as `ingest` would, and all slots
 * decoded, by each implementation in turn (or the one that -i names), some rounds each; the least
 * time counts. Where it was built with simdjson, that reads the same lines in the same run.
 *
 *     bench_json [-i scalar|sse2|avx2|avx512] [-n ROUNDS] [-m MEGABYTES] FILES… */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "decode/decode.h"
#include "decode/json_frame.h"
#include "decode/json_scan.h"

#ifdef HAVE_SIMDJSON
/* test/bench/bench_simdjson.cc: visits all of it; returns the number of documents. */
uint64_t simdjson_lines(const char *p, size_t len, size_t capacity, int unescape,
                        uint64_t *ret_sum);
#endif

struct text {
        char *p;
        size_t len, cap;
};

struct piece {
        size_t at, len;
};

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void load(struct text *t, const char *name) {
        FILE *f = fopen(name, "rb");

        if (!f) {
                perror(name);
                exit(1);
        }
        while (t->len < t->cap) {
                size_t n = fread(t->p + t->len, 1, t->cap - t->len, f);
                if (n == 0)
                        break;
                t->len += n;
        }
        fclose(f);
}

static size_t cut(const struct text *t, struct piece *pieces) {
        struct json_framer f;
        size_t n = 0;

        json_framer_init(&f);
        for (size_t at = 0; at < t->len;) {
                size_t have = MIN(BATCH_ROOM, t->len - at);
                size_t len = json_frame_cut(&f, span_of(t->p + at, have), at + have == t->len);
                pieces[n++] = (struct piece){at, len ? len : have};
                at += len ? len : have;
                if (len == 0) /* longer than a slot: the rest of it is not decoded */
                        at += json_frame_drop(&f, span_of(t->p + at, t->len - at));
        }
        return n;
}

struct count {
        uint64_t events, fields, bad, values;
};

static struct count decode(struct decoder *d, const struct text *t, const struct piece *pieces,
                           size_t n) {
        struct count c = {0};

        for (size_t i = 0; i < n; i++) {
                struct batch b = {.h = {.format = FORMAT_JSON, .offset = pieces[i].at, .line = 1}};
                struct decode_error err;
                struct event e;
                enum decode_result r;

                b.payload = span_of(t->p + pieces[i].at, pieces[i].len);
                b.h.payload_len = (uint32_t)pieces[i].len;
                decoder_begin(d, &b, 0);
                while ((r = decoder_next(d, &e, &err)) != DECODE_END) {
                        if (r == DECODE_BAD) {
                                c.bad++;
                                continue;
                        }
                        c.events++;
                        c.fields += e.n;
                        c.values += e.n ? e.fields[e.n - 1].val_len : 0;
                }
        }
        return c;
}

static void report(const char *name, double s, double bytes, double events) {
        printf("%-20s %8.3f GB/s %8.1f ns/event\n", name, bytes / s / 1e9, s * 1e9 / events);
        fflush(stdout);
}

static void run(const struct text *t, const struct piece *pieces, size_t n, enum json_impl impl,
                int rounds) {
        struct decoder *d = decoder_new(NULL);
        struct count c = {0};
        double best = 1e9;

        json_impl_force(impl);
        for (int r = 0; r < rounds; r++) {
                double from = now();
                c = decode(d, t, pieces, n);
                best = MIN(best, now() - from);
        }
        report(json_impl_name(impl), best, (double)t->len, (double)c.events);
        printf("%-20s %llu events, %.1f fields each, %llu bad\n", "", (unsigned long long)c.events,
               (double)c.fields / (double)MAX(c.events, 1u), (unsigned long long)c.bad);
        decoder_free(d);
}

int main(int argc, char **argv) {
        const char *only = NULL;
        int rounds = 5, opt;
        size_t megabytes = 1024;

        while ((opt = getopt(argc, argv, "i:n:m:")) != -1) {
                if (opt == 'i')
                        only = optarg;
                else if (opt == 'n')
                        rounds = (int)strtol(optarg, NULL, 10);
                else if (opt == 'm')
                        megabytes = strtoul(optarg, NULL, 10);
                else
                        return 2;
        }
        struct text t = {.cap = megabytes << 20};
        t.p = calloc(1, t.cap + SLOT_PADDING);
        if (!t.p)
                return 1;
        for (int i = optind; i < argc; i++)
                load(&t, argv[i]);
        struct piece *pieces = calloc(t.len / 1024 + 16, sizeof(*pieces));
        double from = now();
        size_t n = cut(&t, pieces);
        printf("%.1f MB in %zu slots, cut at %.1f GB/s\n", (double)t.len / 1e6, n,
               (double)t.len / (now() - from) / 1e9);
        for (unsigned i = JSON_IMPL_MAX; i-- > 0;)
                if (json_impl_has((enum json_impl)i) &&
                    (!only || strcmp(only, json_impl_name((enum json_impl)i)) == 0))
                        run(&t, pieces, n, (enum json_impl)i, rounds);
#ifdef HAVE_SIMDJSON
        for (int unescape = 0; unescape < 2 && !only; unescape++) {
                uint64_t docs = 0, sum;
                double best = 1e9;
                for (int r = 0; r < rounds; r++) {
                        double start = now();
                        docs = simdjson_lines(t.p, t.len, BATCH_ROOM, unescape, &sum);
                        best = MIN(best, now() - start);
                }
                report(unescape ? "simdjson, unescaped" : "simdjson, raw", best, (double)t.len,
                       (double)MAX(docs, 1u));
        }
#endif
        free(pieces);
        free(t.p);
        return 0;
}
