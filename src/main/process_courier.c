/* The courier: all that leaves the node (courier/courier.h). It alone may connect to elsewhere, and can do
 * nothing else: no files, no listener, no other process. What main says (servers, secrets, where it may connect
 * to) comes as sealed memory; what the desk asks is looked at as if anybody had; what answers is a stranger.
 *
 *     3 main */
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "courier/courier.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/net.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "wire/message.h"
#include "wire/node.h"

/* libcurl and what it brings, four mails at once with their files, twice. */
#define MEMORY_MAX ((size_t)768 << 20)
#define CONFIG_MAX ((off_t)16 << 20)
#define READ_BYTES ((size_t)64 << 10)
#define IN_MOST ((size_t)4 << 20)
#define ACT_IN_MOST ((size_t)128 << 10)
#define TICK_MS 200
#define STATS_NS INT64_C(1000000000)

struct loop {
        struct courier *courier;
        int sock, desk, act; /* desk, act: -1 until main joined them */
        struct buf in, act_in;
        int64_t told;
};

static void leave_desk(struct loop *l) {
        if (l->desk >= 0)
                courier_line(l->courier, false);
        os_close_quiet(l->desk);
        l->desk = -1;
        buf_deinit(&l->in);
        l->in = (struct buf){.limit = IN_MOST};
}

static void leave_act(struct loop *l) {
        courier_act_line(l->courier, false);
        os_close_quiet(l->act);
        l->act = -1;
        buf_deinit(&l->act_in);
        l->act_in = (struct buf){.limit = ACT_IN_MOST};
}

static void note(const struct loop *l, uint32_t level, const char *text) {
        struct msg_note m = {.type = NODE_NOTE, .level = level};

        memcpy(m.text, text, MIN(strlen(text), sizeof(m.text) - 1));
        (void)os_send_now(l->sock, &m, sizeof(m), NULL, 0);
}

/* ---- main ---- */

static int take_config(struct loop *l, int fd) {
        struct stat st;
        void *p = NULL;
        int r = os_fstat(fd, &st);

        if (r == 0 && (st.st_size <= 0 || st.st_size > CONFIG_MAX || os_memfd_is_sealed(fd) != 1))
                r = -EPROTO;
        if (r == 0)
                r = os_map(fd, (size_t)st.st_size, false, &p);
        if (r < 0)
                return FAIL(r);
        if (courier_configure(l->courier, span_of(p, (size_t)st.st_size)) < 0)
                note(l, 0, "its configuration is not sound: nothing leaves");
        os_unmap(p, (size_t)st.st_size);
        return 0;
}

static int from_main(struct loop *l) {
        union {
                struct msg_plain plain;
                char bytes[MESSAGE_MAX];
        } m;
        unsigned n_fds = 0;
        int fd = -1, r = -EPROTO;
        ssize_t n = os_recv(l->sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n <= 0)
                return n < 0 && n != -ECONNRESET ? (int)n : -EPIPE;
        if (n == sizeof(m.plain) && m.plain.type == NODE_PEER && n_fds == 1 &&
            m.plain.value == NODE_PEER_ACT) {
                leave_act(l);
                l->act = fd;
                courier_act_line(l->courier, true);
                return 0;
        }
        if (n == sizeof(m.plain) && m.plain.type == NODE_PEER && n_fds == 1) {
                leave_desk(l);
                l->desk = fd;
                courier_line(l->courier, true);
                return 0;
        }
        if (n == sizeof(m.plain) && m.plain.type == COURIER_CONFIG && n_fds == 1)
                r = take_config(l, fd);
        os_close_quiet(fd);
        return r;
}

static void tell_numbers(struct loop *l) {
        struct msg_courier_stats m = {.type = COURIER_STATS};
        int64_t now = os_monotonic();
        struct courier_counts k;

        if (now - l->told < STATS_NS)
                return;
        l->told = now;
        courier_counted(l->courier, &k);
        m.mails = k.mails;
        m.webhooks = k.webhooks;
        m.asks = k.asks;
        m.failed = k.failed;
        m.refused = k.refused;
        (void)os_send_now(l->sock, &m, sizeof(m), NULL, 0);
}

/* ---- the desk ---- */

static void from_desk(struct loop *l) {
        for (unsigned i = 0; i < 4 && l->desk >= 0; i++) {
                char *to = buf_reserve(&l->in, READ_BYTES);
                ssize_t n = to ? os_recv_stream(l->desk, to, READ_BYTES) : -ENOMEM;

                if (n == -EAGAIN)
                        return;
                if (n > 0)
                        l->in.len += (size_t)n;
                if (n <= 0 || courier_bytes(l->courier, &l->in) < 0)
                        leave_desk(l);
        }
}

static void to_desk(struct loop *l) {
        struct buf *out = courier_out(l->courier);

        while (l->desk >= 0 && out->len) {
                ssize_t n = os_write_now(l->desk, out->p, out->len);

                if (n == -EAGAIN)
                        return;
                if (n < 0)
                        leave_desk(l);
                else
                        buf_drop(out, (size_t)n);
        }
}

/* ---- act ---- */

static void from_act(struct loop *l) {
        char *to = buf_reserve(&l->act_in, 4096);
        ssize_t n = to ? os_recv_stream(l->act, to, 4096) : -ENOMEM;

        if (n == -EAGAIN)
                return;
        if (n > 0)
                l->act_in.len += (size_t)n;
        if (n <= 0 || courier_act_bytes(l->courier, &l->act_in) < 0)
                leave_act(l);
}

/* Answers are a few bytes, and it waits for them: they go at once. */
static void to_act(struct loop *l) {
        struct buf *out = courier_act_out(l->courier);
        ssize_t n = l->act >= 0 && out->len ? os_write_now(l->act, out->p, out->len) : 0;

        if (n < 0 && n != -EAGAIN)
                leave_act(l);
        else if (n > 0)
                buf_drop(out, (size_t)n);
}

static int serve(struct loop *l) {
        for (;;) {
                bool more = l->desk >= 0 && courier_out(l->courier)->len > 0;
                struct pollfd p[3] = {{.fd = l->sock, .events = POLLIN}};
                unsigned n = 1, desk = 0, act = 0;

                if (l->desk >= 0)
                        p[desk = n++] =
                                (struct pollfd){l->desk, (short)(POLLIN | (more ? POLLOUT : 0)), 0};
                if (l->act >= 0)
                        p[act = n++] = (struct pollfd){l->act, POLLIN, 0};
                int r = courier_turn(l->courier, p, n, TICK_MS, os_monotonic, os_now);

                if (r == 0 && desk && p[desk].revents)
                        from_desk(l);
                if (r == 0 && act && p[act].revents)
                        from_act(l);
                if (r == 0 && p[0].revents)
                        r = from_main(l);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
                to_desk(l);
                to_act(l);
                tell_numbers(l);
        }
}

int process_courier(int argc, char **argv) {
        static struct loop l = {
                .sock = CHILD_SOCKET, .desk = -1, .act = -1, .in = {.limit = IN_MOST}};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;

        for (int i = 1; i < argc; i++)
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
        int r = sodium_init() < 0 ? -EIO : courier_new(&l.courier);
        if (r == -ELIBACC)
                note(&l, 0, "libcurl.so.4 is missing: package libcurl4");
        if (r < 0)
                return 13;
        if (sandbox_enter(SANDBOX_COURIER, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        r = os_send(l.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&l);
        return r < 0 ? 16 : 0;
}
