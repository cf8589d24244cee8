/* A judge: batch in, findings out. Pure: after the sandbox it has the ring (read-only), the program
 * (read-only), its outbox and one socket; no files, no network, no clock.
 *
 * Its record position goes to the outbox's first page before a record is touched, so that main can
 * name the record that killed it and go on behind it. */
#include <stdlib.h>

#include "main/judge.h"
#include "main/processes.h"
#include "os/sandbox.h"

int judge_take_message(struct judge *j, bool *ret_emptied) {
        union {
                struct msg_batches batches;
                struct msg_plain plain;
                char bytes[MESSAGE_MAX];
        } m;
        unsigned n_fds = 0;
        int fd = -1;
        ssize_t n = os_recv(j->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n < 0)
                return (int)n;
        if (n == 0)
                return -EPIPE; /* main has gone or wants us to end */
        if (m.plain.type == JUDGE_EMPTIED && n == sizeof(m.plain)) {
                *ret_emptied = true;
                return 0;
        }
        if (j->node)
                return judge_node_take(j, &m, (size_t)n, n_fds ? fd : -1);
        if (m.plain.type != JUDGE_BATCHES || n != sizeof(m.batches) || m.batches.n == 0 ||
            m.batches.n > MIN(BATCHES_MAX, JUDGE_QUEUE_MAX - j->queued))
                return -EPROTO;
        for (uint32_t i = 0; i < m.batches.n; i++) {
                struct work w = {m.batches.list[i].slot, m.batches.list[i].skip,
                                 i + 1 == m.batches.n};
                if (w.slot >= RING_SLOTS)
                        return -EPROTO;
                j->queue[j->queued++] = w;
        }
        return 0;
}

static int judge_batch(struct judge *j, const struct work *m) {
        struct outbox_done done = {.slot = m->slot};
        struct batch b;

        __atomic_store_n(&j->out->position, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->events, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->bad, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->slot, m->slot, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->batch, ++j->batches, __ATOMIC_RELEASE);
        if (batch_view(j->ring + m->slot * SLOT_BYTES, &b) != 0)
                return -EPROTO;
        int r = judge_stretch(j, &b, m->skip, &done.events, &done.bad);
        if (r < 0)
                return r;
        outbox_publish(j->out, j->staged);
        outbox_finish(j->out, &done);
        return 0;
}

static int serve(struct judge *j) {
        struct msg_plain done = {JUDGE_DONE, 0};

        for (;;) {
                bool emptied;
                int r = 0;

                while (j->queued == 0 && r == 0)
                        r = judge_take_message(j, &emptied);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
                struct work m = j->queue[0];
                memmove(j->queue, j->queue + 1, --j->queued * sizeof(j->queue[0]));
                r = judge_batch(j, &m);
                if (r == 0 && m.last)
                        r = os_send(j->sock, &done, sizeof(done), NULL, 0);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
}

/* Options travel as arguments NAME=VALUE: numbers and tags, nothing secret. */
static void read_options(struct judge *j, struct match_options *o, int argc, char **argv,
                         int *landlock, size_t *query) {
        static struct span tags[8];

        j->from = j->to = TIME_NONE;
        o->tags = tags;
        for (int i = 1; i < argc; i++) {
                char *eq = strchr(argv[i], '=');
                if (!eq)
                        continue;
                struct span name = span_of(argv[i], (size_t)(eq - argv[i]));
                long long v = strtoll(eq + 1, NULL, 10);

                if (span_eq(name, SPAN("zone")))
                        j->decode.zone_sec = (int)v;
                else if (span_eq(name, SPAN("year")))
                        j->decode.year = (int)v;
                else if (span_eq(name, SPAN("from")))
                        j->from = v;
                else if (span_eq(name, SPAN("to")))
                        j->to = v;
                else if (span_eq(name, SPAN("now")))
                        j->now = v;
                else if (span_eq(name, SPAN("leftovers")))
                        j->decode.leftovers = v != 0;
                else if (span_eq(name, SPAN("memo")))
                        o->no_memo = v == 0;
                else if (span_eq(name, SPAN("level")))
                        o->min_level = (enum level)v;
                else if (span_eq(name, SPAN("node")) && v)
                        j->node = judge_node_new();
                else if (span_eq(name, SPAN("query")) && v > 0)
                        *query = (size_t)v;
                else if (span_eq(name, SPAN("masked")))
                        j->masked = v != 0;
                else if (span_eq(name, SPAN("explain")) && v > 0)
                        j->explain = (uint32_t)v;
                else if (span_eq(name, SPAN("only")) && v > 0)
                        j->n_only = (uint32_t)v;
                else if (span_eq(name, SPAN("source")))
                        j->only_source = span_str(eq + 1);
                else if (span_eq(name, SPAN("landlock")))
                        *landlock = (int)v;
                else if (span_eq(name, SPAN("tag")) && o->n_tags < ARRAY_LEN(tags))
                        tags[o->n_tags++] = span_str(eq + 1);
        }
}

/* Of a whole program only the rule that is to be explained. */
static int only_one(struct judge *j, struct match_options *o) {
        uint32_t n = program_rules(j->program);
        unsigned char *only = calloc((size_t)n + 1, 1);

        if (!only)
                return -ENOMEM;
        if (j->explain <= n)
                only[j->explain - 1] = 1;
        o->only = only;
        o->n_only = n;
        return 0;
}

/* What is looked for, in place of the ring. */
static int map_query(struct judge *j, size_t len) {
        void *p = NULL;
        int r = os_map(4, len, false, &p);

        if (r < 0)
                return FAIL(r);
        j->node = judge_node_new();
        j->seek = judge_seek_new(span_of(p, len), j->masked);
        return j->node && j->seek ? 0 : -ENOMEM;
}

/* Which rules a run over the past is of, in place of the ring. */
static int map_only(struct judge *j) {
        void *p;
        int r = os_map(4, j->n_only, false, &p);

        if (r < 0)
                return FAIL(r);
        j->node = judge_node_new();
        j->only = p;
        return j->node ? 0 : -ENOMEM;
}

static int map_all(struct judge *j, size_t query) {
        struct stat st;
        void *p = NULL;
        int r = j->n_only ? map_only(j)
                : query   ? map_query(j, query)
                          : os_map(4, RING_SLOTS * SLOT_BYTES, false, &p);

        if (r < 0)
                return FAIL(r);
        j->ring = p;
        r = os_map(6, sizeof(struct outbox), true, &p);
        if (r < 0)
                return FAIL(r);
        j->out = p;
        j->staged = j->out->head;
        r = os_fstat(5, &st);
        if (r < 0)
                return FAIL(r);
        r = os_map(5, (size_t)st.st_size, false, &p);
        if (r < 0)
                return FAIL(r);
        return program_open(&j->program, p, (size_t)st.st_size);
}

int process_judge(int argc, char **argv) {
        static struct judge j = {.sock = CHILD_SOCKET};
        struct match_options o = {0};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;
        size_t query = 0;

        read_options(&j, &o, argc, argv, &landlock, &query);
        arena_init(&j.arena, (size_t)4 << 20);
        j.matched = calloc(EVENT_FIELDS_MAX, sizeof(bool));
        j.fields = calloc(FINDING_FIELDS_MAX, sizeof(*j.fields));
        j.decoder = decoder_new(&j.decode);
        if (!j.matched || !j.fields || !j.decoder)
                return 12;
        int r = map_all(&j, query);
        if (r != 0)
                return 13;
        /* Compiled regexes are executable memory: before the sandbox, which allows no more of it.
         */
        o.only = j.only;
        o.n_only = j.n_only;
        if (j.explain && only_one(&j, &o) < 0)
                return 12;
        r = matcher_new(&j.matcher, j.program, &o);
        if (r < 0)
                return 14;
        matcher_clock(j.matcher, j.now);
        if (j.seek)
                judge_seek_rules(&j);
        if (sandbox_enter(SANDBOX_JUDGE, landlock, (size_t)2 << 30, NULL) < 0)
                return 15;
        r = os_send(j.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = j.node ? judge_node_serve(&j) : serve(&j);
        return r < 0 ? 16 : 0;
}
