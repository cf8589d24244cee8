/* The correlator of a hunt: hits in from main until it closes its end, alerts out in order of event
 * time. Hits come as judges finish, so they are sorted first, in bounded memory with a scratch file
 * (an unlinked file that main opened). */
#include <stdlib.h>

#include "correlate/correlate.h"
#include "correlate/sort.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "rules/corr_spec.h"
#include "rules/program.h"

#define SCRATCH_FD 5

struct state {
        int sock;
        struct buf out;
        struct correlator *correlator;
        int error;
};

static void send_alert(void *ctx, const struct finding *f) {
        struct state *s = ctx;

        buf_reset(&s->out);
        finding_encode(&s->out, f);
        if (s->error == 0)
                s->error = s->out.failed ? -ENOMEM : os_write_full(s->sock, s->out.p, s->out.len);
}

static int scratch_write(void *ctx, uint64_t off, const void *p, size_t n) {
        (void)ctx;
        int64_t r = os_seek(SCRATCH_FD, (int64_t)off, 0);
        return r < 0 ? (int)r : os_write_full(SCRATCH_FD, p, n);
}

static ssize_t scratch_read(void *ctx, uint64_t off, void *to, size_t n) {
        (void)ctx;
        return os_pread(SCRATCH_FD, to, n, off);
}

static int push(void *ctx, const struct finding *f) {
        struct state *s = ctx;

        return correlator_push(s->correlator, f);
}

/* Reads the stream to its end, whole findings into the sorter. */
static int read_hits(int sock, struct sorter *sorter) {
        size_t cap = (size_t)256 << 10, have = 0;
        _cleanup_(buf_deinit) struct buf in = {0};
        struct arena a;
        int r = 0;

        arena_init(&a, (size_t)1 << 20);
        if (!buf_reserve(&in, cap))
                return -ENOMEM;
        for (;;) {
                ssize_t n = os_read(sock, in.p + have, cap - have);
                size_t used = 0;

                if (n <= 0) {
                        r = n < 0 ? (int)n : have ? -EBADMSG : 0;
                        break;
                }
                have += (size_t)n;
                while (r == 0) {
                        struct finding f;
                        arena_reset(&a);
                        ssize_t k = finding_decode(span_of(in.p + used, have - used), &a, &f);
                        if (k == 0)
                                break;
                        if (k < 0) {
                                r = (int)k;
                                break;
                        }
                        r = sorter_add(sorter, &f, span_of(in.p + used, (size_t)k));
                        used += (size_t)k;
                }
                if (r < 0)
                        break;
                memmove(in.p, in.p + used, have - used);
                have -= used;
        }
        arena_deinit(&a);
        return r;
}

static int run(struct state *s, const struct correlation *c, uint32_t n) {
        struct correlate_options o = {0};
        (void)os_random(&o.key, sizeof(o.key)); /* without it: a fixed key, the same alerts */
        struct sorter_io io = {.write = scratch_write, .read = scratch_read};
        struct sorter *sorter;
        int r = sorter_new(&sorter, &io, 0);

        if (r < 0)
                return r;
        r = read_hits(s->sock, sorter);
        if (r == 0)
                r = correlator_new(&s->correlator, c, n, &o, send_alert, s);
        if (r == 0)
                r = sorter_drain(sorter, push, s);
        if (r == 0)
                r = correlator_finish(s->correlator);
        sorter_free(sorter);
        return r < 0 ? r : s->error;
}

int process_correlate(int argc, char **argv) {
        struct state s = {.sock = CHILD_SOCKET};
        struct program *g;
        struct correlation *c;
        struct arena a;
        struct stat st;
        uint32_t n;
        void *p = NULL;
        int landlock = argc > 1 ? (int)strtol(argv[1], NULL, 10) : -1;

        if (os_fstat(4, &st) < 0 || os_map(4, (size_t)st.st_size, false, &p) < 0)
                return 13;
        if (sandbox_enter(SANDBOX_CORRELATE, landlock, (size_t)1 << 30, NULL) < 0)
                return 15;
        arena_init(&a, (size_t)16 << 20);
        if (program_open(&g, p, (size_t)st.st_size) != 0 ||
            corr_spec_decode(program_correlation_spec(g), &a, &c, &n) < 0)
                return 14;
        return run(&s, c, n) < 0 ? 16 : 0;
}
