/* Ingest: descriptors to batches. It alone maps the ring writable; decompression and framing, the first work on foreign
 * bytes, happen here behind the sandbox. One input at a time: main opens it and hands over the descriptor. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/framer.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "wire/message.h"

struct ingest {
        int sock;
        char *ring;
        struct framer *framer;
        int fd; /* of the input, -1: none */
        uint32_t input;
        bool open;
};

static ssize_t read_input(void *ctx, void *to, size_t n) {
        struct ingest *g = ctx;

        return os_read(g->fd, to, n);
}

static int close_input(struct ingest *g, int error) {
        struct framer_stats st = {0};

        if (g->open)
                framer_stats(g->framer, &st);
        struct msg_closed c = {.type = INGEST_CLOSED,
                               .input = g->input,
                               .bytes_read = st.bytes_read,
                               .bytes_out = st.bytes_out,
                               .format = st.format,
                               .error = error};
        os_close_quiet(g->fd);
        g->fd = -1;
        g->open = false;
        return os_send(g->sock, &c, sizeof(c), NULL, 0);
}

static int open_input(struct ingest *g, const struct msg_ingest_open *m, int fd) {
        g->fd = fd;
        g->input = m->input;
        framer_set_slot_limit(g->framer, m->fill ? m->fill : BATCH_ROOM);
        int r = framer_open(g->framer, read_input, g, m->input, (enum format)m->format, m->file_time);
        g->open = r == 0;
        return r < 0 ? close_input(g, r) : 0;
}

static int say_problems(struct ingest *g) {
        struct framer_problem p;

        while (framer_next_problem(g->framer, &p)) {
                struct msg_problem m = {.type = INGEST_PROBLEM,
                                        .input = g->input,
                                        .offset = p.offset,
                                        .length = p.length,
                                        .recovered = p.recovered};
                snprintf(m.what, sizeof(m.what), "%s", p.what);
                int r = os_send(g->sock, &m, sizeof(m), NULL, 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The slot comes back filled, or with no bytes when the input ended before (main then opens the next). */
static int fill(struct ingest *g, uint32_t slot) {
        struct msg_slot f = {.type = INGEST_FILLED, .slot = slot, .input = g->input};
        int r = 0, e = 0;

        if (slot >= RING_SLOTS)
                return -EPROTO;
        if (g->open) {
                r = framer_fill(g->framer, g->ring + slot * SLOT_BYTES);
                e = say_problems(g);
        }
        if (e < 0)
                return e;
        if (r == 1) {
                struct batch_header h;
                memcpy(&h, g->ring + slot * SLOT_BYTES, sizeof(h));
                f.format = h.format;
                f.flags = h.flags;
                f.bytes = h.payload_len;
                f.offset = h.offset;
        }
        e = os_send(g->sock, &f, sizeof(f), NULL, 0);
        if (e == 0 && r != 1 && g->open)
                e = close_input(g, r < 0 ? r : 0);
        return e;
}

static int serve(struct ingest *g) {
        for (;;) {
                union {
                        struct msg_plain plain;
                        struct msg_ingest_open open;
                        struct msg_slot slot;
                        char bytes[MESSAGE_MAX];
                } m;
                int fd = -1, r;
                unsigned n_fds = 0;
                ssize_t n = os_recv(g->sock, &m, sizeof(m), &fd, 1, &n_fds);

                if (n <= 0)
                        return (int)n;
                if (m.plain.type == INGEST_OPEN && n == sizeof(m.open) && n_fds == 1 && !g->open)
                        r = open_input(g, &m.open, fd);
                else if (m.plain.type == INGEST_FILL && n == sizeof(m.slot) && n_fds == 0)
                        r = fill(g, m.slot.slot);
                else
                        r = -EPROTO;
                if (r < 0)
                        return r;
        }
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
