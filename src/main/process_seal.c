/* A seal: a slot in, frames out (store/seal.h). Pure: it has the ring (read-only), its output and one
 * socket. What it writes is checked by the store, so one that was taken over can spoil the batches it
 * is given, and nothing else.
 *
 *     3 main, 4 ring, 5 its output: SEAL_HALVES of SEAL_HALF_BYTES */
#include <stdlib.h>

#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "store/seal.h"
#include "wire/message.h"

#define LEVEL 1 /* of zstd: higher ones cost twice as much for a tenth less */

struct seal {
        int sock;
        const char *ring;
        char *out;
        struct sealer *sealer;
};

static int run(struct seal *s, struct msg_seal *m) {
        size_t used = 0;
        int r = sealer_run(s->sealer, s->ring + m->slot * SLOT_BYTES, SLOT_BYTES,
                           m->flags & SEAL_PLAIN, s->out + m->half * SEAL_HALF_BYTES,
                           SEAL_HALF_BYTES, &used);

        m->type = NODE_SEALED;
        m->bytes = (uint32_t)used;
        m->error = r == FRAME_E_BAD ? -EBADMSG : r;
        return os_send(s->sock, m, sizeof(*m), NULL, 0);
}

static int serve(struct seal *s) {
        for (;;) {
                struct msg_seal m;
                char bytes[MESSAGE_MAX];
                ssize_t n = os_recv(s->sock, bytes, sizeof(bytes), NULL, 0, NULL);

                if (n <= 0)
                        return (int)n;
                memcpy(&m, bytes, sizeof(m));
                if (n != sizeof(m) || m.type != NODE_SEAL || m.slot >= RING_SLOTS ||
                    m.half >= SEAL_HALVES)
                        return -EPROTO;
                int r = run(s, &m);
                if (r < 0)
                        return r;
        }
}

int process_seal(int argc, char **argv) {
        static struct seal s = {.sock = CHILD_SOCKET};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;
        void *p = NULL;

        for (int i = 1; i < argc; i++)
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
        if (os_map(4, RING_SLOTS * SLOT_BYTES, false, &p) < 0)
                return 13;
        s.ring = p;
        if (os_map(5, SEAL_HALVES * SEAL_HALF_BYTES, true, &p) < 0)
                return 13;
        s.out = p;
        s.sealer = sealer_new(LEVEL);
        if (!s.sealer)
                return 12;
        if (sandbox_enter(SANDBOX_SEAL, landlock, (size_t)256 << 20, NULL) < 0)
                return 15;
        int r = os_send(s.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&s);
        return r < 0 && r != -EPIPE ? 16 : 0;
}
