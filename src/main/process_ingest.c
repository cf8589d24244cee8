/* Ingest: descriptors to batches. It alone maps the ring writable; decompression and framing, the
 * first work on foreign bytes, happen here behind the sandbox. One input at a time: main opens it
 * and hands over the descriptor.
 *
 * What is done stands in the intake at once, but main is woken for it only now and then: after
 * NEWS_EACH entries, and before anything that may take its time (waiting for main, reading a
 * pipe). Waking is what small batches and small files would otherwise be mostly. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/framer.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "wire/batch.h"
#include "wire/intake.h"
#include "wire/message.h"

#define INPUTS_MAX 64u /* that main may hand over ahead */
#define NEWS_EACH 8u

struct pending {
        uint32_t input, format, fill;
        bool slow;
        int64_t file_time;
        int fd;
};

struct ingest {
        int sock;
        char *ring;
        struct framer *framer;
        struct intake *intake;
        struct pending at; /* the input at hand; fd -1: none */
        struct pending inputs[INPUTS_MAX];
        unsigned n_inputs;
        uint32_t slots;  /* a bit for each that is free */
        unsigned unsaid; /* entries of the intake that main was not woken for */
};

static int say_news(struct ingest *g) {
        struct msg_plain m = {INGEST_NEWS, 0};

        if (g->unsaid == 0)
                return 0;
        g->unsaid = 0;
        return os_send(g->sock, &m, sizeof(m), NULL, 0);
}

static int put(struct ingest *g, const struct intake_entry *e) {
        intake_put(g->intake, e);
        return ++g->unsaid >= NEWS_EACH ? say_news(g) : 0;
}

static ssize_t read_input(void *ctx, void *to, size_t n) {
        struct ingest *g = ctx;
        int r = g->at.slow ? say_news(g) : 0;

        return r < 0 ? r : os_read(g->at.fd, to, n);
}

static int close_input(struct ingest *g, int error) {
        struct intake_entry e = {.kind = INTAKE_CLOSED,
                                 .input = g->at.input,
                                 .format = framer_format(g->framer),
                                 .error = error,
                                 .offset = framer_given(g->framer),
                                 .bytes_read = framer_taken(g->framer)};

        os_close_quiet(g->at.fd);
        g->at.fd = -1;
        return put(g, &e);
}

static void open_input(struct ingest *g) {
        g->at = g->inputs[0];
        memmove(g->inputs, g->inputs + 1, --g->n_inputs * sizeof(g->inputs[0]));
        struct framer_input in = {.read = read_input,
                                  .ctx = g,
                                  .input = g->at.input,
                                  .forced = g->at.format < FORMAT_MAX ? (enum format)g->at.format
                                                                      : FORMAT_UNKNOWN,
                                  .file_time = g->at.file_time};

        framer_set_slot_limit(g->framer,
                              g->at.fill && g->at.fill < BATCH_ROOM ? g->at.fill : BATCH_ROOM);
        framer_open(g->framer, &in);
}

static int say_problem(struct ingest *g, const struct decode_error *e) {
        struct msg_problem m = {.type = INGEST_PROBLEM,
                                .input = g->at.input,
                                .offset = e->offset,
                                .length = e->length,
                                .recovered = e->recovered};

        snprintf(m.what, sizeof(m.what), "%s", e->what);
        return os_send(g->sock, &m, sizeof(m), NULL, 0);
}

/* One step: a batch into the first free slot, or the end of the input. */
static int step(struct ingest *g) {
        uint32_t slot = (uint32_t)__builtin_ctz(g->slots);
        char *at = g->ring + slot * SLOT_BYTES;
        struct decode_error error;
        struct batch_header h;
        int got, r;

        while ((got = framer_fill(g->framer, at, &error)) == FRAMER_BAD) {
                r = say_problem(g, &error);
                if (r < 0)
                        return r;
        }
        if (got != FRAMER_BATCH)
                return close_input(g, got < 0 ? got : 0);
        memcpy(&h, at, sizeof(h));
        if (h.payload_len == 0)
                return 0; /* a mark of the first or last: nothing to judge, the slot is used again
                           */
        struct intake_entry e = {.kind = INTAKE_FILLED,
                                 .input = g->at.input,
                                 .slot = slot,
                                 .bytes = h.payload_len,
                                 .format = h.format,
                                 .offset = h.offset};
        g->slots &= g->slots - 1;
        return put(g, &e);
}

static int take_inputs(struct ingest *g, const struct msg_ingest_open *m, const int *fds) {
        if (m->n > INPUTS_MAX - g->n_inputs)
                return -EPROTO;
        for (uint32_t i = 0; i < m->n; i++)
                g->inputs[g->n_inputs++] = (struct pending){.input = m->list[i].input,
                                                            .format = m->format,
                                                            .fill = m->fill,
                                                            .slow = m->list[i].slow != 0,
                                                            .file_time = m->list[i].file_time,
                                                            .fd = fds[i]};
        return 0;
}

static int take_message(struct ingest *g) {
        union {
                struct msg_plain plain;
                struct msg_ingest_open open;
                char bytes[MESSAGE_MAX];
        } m;
        int fds[OPENS_MAX], r = say_news(g);
        unsigned n_fds = 0;

        if (r < 0)
                return r;
        ssize_t n = os_recv(g->sock, &m, sizeof(m), fds, OPENS_MAX, &n_fds);
        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        if (m.plain.type == INGEST_OPEN && n == sizeof(m.open) && m.open.n == n_fds)
                return take_inputs(g, &m.open, fds);
        if (m.plain.type != INGEST_FILL || n != sizeof(m.plain) || n_fds)
                return -EPROTO;
        g->slots |= m.plain.value;
        return 0;
}

static int serve(struct ingest *g) {
        int r = 0;

        while (r >= 0) {
                if (g->at.fd < 0 && g->n_inputs)
                        open_input(g);
                r = g->at.fd >= 0 && g->slots ? step(g) : take_message(g);
        }
        return r == -EPIPE ? 0 : r;
}

int process_ingest(int argc, char **argv) {
        static struct ingest g = {.sock = CHILD_SOCKET, .at.fd = -1};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = argc > 1 ? (int)strtol(argv[1], NULL, 10) : -1;
        void *p = NULL;

        if (os_map(4, RING_SLOTS * SLOT_BYTES, true, &p) < 0)
                return 13;
        g.ring = p;
        if (os_map(5, sizeof(*g.intake), true, &p) < 0)
                return 13;
        g.intake = p;
        g.framer = framer_new();
        if (!g.framer)
                return 12;
        if (sandbox_enter(SANDBOX_INGEST, landlock, (size_t)1 << 30, NULL) < 0)
                return 15;
        int r = os_send(g.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&g);
        return r < 0 ? 16 : 0;
}
