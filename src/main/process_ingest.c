/* Ingest: descriptors to batches. It alone maps the ring writable; decompression and framing, the
 * first work on foreign bytes, happen here behind the sandbox. One input at a time: main opens it
 * and hands over the descriptor. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/framer.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "wire/message.h"

#define AHEAD_MAX 64u /* inputs and slots that main may hand over ahead */

struct pending {
        struct msg_ingest_open m;
        int fd;
};

struct ingest {
        int sock;
        char *ring;
        struct framer *framer;
        int fd; /* of the input, -1: none */
        uint32_t input;
        bool open;
        struct pending inputs[AHEAD_MAX];
        uint32_t slots[AHEAD_MAX];
        unsigned n_inputs, n_slots;
};

static ssize_t read_input(void *ctx, void *to, size_t n) {
        struct ingest *g = ctx;

        return os_read(g->fd, to, n);
}

static int close_input(struct ingest *g, int error) {
        struct msg_closed c = {.type = INGEST_CLOSED,
                               .input = g->input,
                               .bytes_read = framer_taken(g->framer),
                               .bytes_out = framer_given(g->framer),
                               .format = framer_format(g->framer),
                               .error = error};

        os_close_quiet(g->fd);
        g->fd = -1;
        g->open = false;
        return os_send(g->sock, &c, sizeof(c), NULL, 0);
}

static void open_input(struct ingest *g, const struct msg_ingest_open *m, int fd) {
        struct framer_input in = {.read = read_input,
                                  .ctx = g,
                                  .input = m->input,
                                  .forced = m->format < FORMAT_MAX ? (enum format)m->format
                                                                   : FORMAT_UNKNOWN,
                                  .file_time = m->file_time};

        g->fd = fd;
        g->input = m->input;
        g->open = true;
        framer_set_slot_limit(g->framer, m->fill && m->fill < BATCH_ROOM ? m->fill : BATCH_ROOM);
        framer_open(g->framer, &in);
}

static int say_problem(struct ingest *g, const struct decode_error *e) {
        struct msg_problem m = {.type = INGEST_PROBLEM,
                                .input = g->input,
                                .offset = e->offset,
                                .length = e->length,
                                .recovered = e->recovered};

        snprintf(m.what, sizeof(m.what), "%s", e->what);
        return os_send(g->sock, &m, sizeof(m), NULL, 0);
}

/* One step: a batch into the first slot, or the end of the input. */
static int step(struct ingest *g) {
        struct msg_slot f = {.type = INGEST_FILLED, .slot = g->slots[0], .input = g->input};
        char *at = g->ring + g->slots[0] * SLOT_BYTES;
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
        f.format = h.format;
        f.flags = h.flags;
        f.bytes = h.payload_len;
        f.offset = h.offset;
        memmove(g->slots, g->slots + 1, --g->n_slots * sizeof(g->slots[0]));
        return os_send(g->sock, &f, sizeof(f), NULL, 0);
}

static int take_message(struct ingest *g) {
        union {
                struct msg_plain plain;
                struct msg_ingest_open open;
                struct msg_slot slot;
                char bytes[MESSAGE_MAX];
        } m;
        int fd = -1;
        unsigned n_fds = 0;
        ssize_t n = os_recv(g->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        if (m.plain.type == INGEST_OPEN && n == sizeof(m.open) && n_fds == 1 &&
            g->n_inputs < AHEAD_MAX)
                g->inputs[g->n_inputs++] = (struct pending){m.open, fd};
        else if (m.plain.type == INGEST_FILL && n == sizeof(m.slot) && n_fds == 0 &&
                 m.slot.slot < RING_SLOTS && g->n_slots < AHEAD_MAX)
                g->slots[g->n_slots++] = m.slot.slot;
        else
                return -EPROTO;
        return 0;
}

static int serve(struct ingest *g) {
        int r = 0;

        while (r >= 0) {
                if (!g->open && g->n_inputs) {
                        open_input(g, &g->inputs[0].m, g->inputs[0].fd);
                        memmove(g->inputs, g->inputs + 1, --g->n_inputs * sizeof(g->inputs[0]));
                }
                r = g->open && g->n_slots ? step(g) : take_message(g);
        }
        return r == -EPIPE ? 0 : r;
}

int process_ingest(int argc, char **argv) {
        static struct ingest g = {.sock = CHILD_SOCKET, .fd = -1};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = argc > 1 ? (int)strtol(argv[1], NULL, 10) : -1;
        void *p;

        if (os_map(4, RING_SLOTS * SLOT_BYTES, true, &p) < 0)
                return 13;
        g.ring = p;
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
