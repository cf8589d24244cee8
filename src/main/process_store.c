/* The store's process: sealed batches in, 'durable' out; frames for judges and searches; heads to the
 * vault. One loop; it alone of all processes may wait for the disk.
 *
 * What it was given is copied at once, so that the seal goes on, and committed when four mebibytes have
 * come together or the first of it has waited long enough: four times as long as the last commit took, so that
 * a fast disk answers senders soon and a slow one is not kept busy with little; 20 ms at most. While the disk cannot be written it keeps what
 * it was given, tries again, and takes no more than its limit: seals, ring and senders wait in turn.
 *
 *     3 main; arguments directory=PATH, retention=DAYS:BYTES, landlock=N; a line to the vault by NODE_PEER */
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "store/answer.h"
#include "store/retain.h"
#include "store/store.h"
#include "wire/message.h"

#define COMMIT_NS (INT64_C(20) * 1000000) /* at most, and … */
#define COMMIT_LEAST_NS (INT64_C(1) * 1000000)
#define RETRY_NS (INT64_C(250) * 1000000)
#define MINUTE_NS (INT64_C(60) * 1000000000)
#define CLOSE_NS (INT64_C(2) * 1000000000) /* for the last head's signature */
#define COMMIT_BYTES ((uint64_t)4 << 20)
#define QUEUE_MAX (NODE_SEALS_MAX * SEAL_HALVES)
#define MESSAGES_MAX 32u /* at once, before the disk has its turn */

struct serving {
        int sock, vault; /* vault: -1 until joined */
        struct store *store;
        struct reader *reader;
        const char *outputs[NODE_SEALS_MAX];
        struct msg_seal queue[QUEUE_MAX];
        unsigned n_queue;
        int64_t waits_since, retry_at, minute_at; /* monotonic; 0: not at all */
        int64_t wait;                             /* for more, before a commit */
        struct head head;                         /* that the vault was asked to sign */
        bool head_asked, positions_wanted, ended;
        enum store_condition condition;
        unsigned retention_days;
        uint64_t retention_bytes;
};

static int tell(struct serving *s, const void *m, size_t n) {
        return os_send(s->sock, m, n, NULL, 0);
}

static int tell_condition(struct serving *s, enum store_condition c, int error) {
        static const char *const what[] = {"writes again", "disk is full",
                                           "file system is read-only", "input/output error",
                                           "receive times went back"};
        struct msg_store_state m = {.type = STORE_STATE, .condition = c, .error = error};

        if (s->condition == c)
                return 0;
        s->condition = c;
        snprintf(m.what, sizeof(m.what), "%s", what[c]);
        return tell(s, &m, sizeof(m));
}

/* The disk does not take it: nothing is lost, everything is tried again. */
static int troubled(struct serving *s, int error) {
        base_fail_clear();
        s->retry_at = os_monotonic() + RETRY_NS;
        enum store_condition c = store_condition_of(error);
        return tell_condition(s, c == STORE_FINE ? STORE_IO_ERROR : c, error);
}

/* ---- taking and committing ---- */

static int take_one(struct serving *s, const struct msg_seal *m) {
        struct sealed_view v;

        if (m->seal >= NODE_SEALS_MAX || m->half >= SEAL_HALVES || m->bytes > SEAL_HALF_BYTES ||
            !s->outputs[m->seal])
                return -EPROTO;
        /* The numbers are main's word: a seal that says others is lying. */
        if (sealed_view(s->outputs[m->seal] + m->half * SEAL_HALF_BYTES, m->bytes, &v) != 0 ||
            v.h.first_seq != m->first_seq || v.h.n_records != m->n_records)
                return -EBADMSG;
        int r = store_take(s->store, &v);
        return r == STORE_E_KNOWN ? 0 : r;
}

/* What is queued, as far as the store takes it. */
static int take_queue(struct serving *s) {
        unsigned i = 0;
        int r = 0;

        for (; i < s->n_queue; i++) {
                struct msg_seal *m = &s->queue[i];
                r = take_one(s, m);
                if (r != 0)
                        break;
                m->type = STORE_TAKEN;
                r = tell(s, m, sizeof(*m));
                if (r < 0)
                        return r;
        }
        s->n_queue -= i;
        memmove(s->queue, s->queue + i, s->n_queue * sizeof(s->queue[0]));
        if (store_waiting(s->store) && !s->waits_since)
                s->waits_since = os_monotonic();
        return r == STORE_E_FULL ? 0 : r;
}

static int commit(struct serving *s) {
        struct msg_node_seq m = {.type = STORE_DURABLE};
        int64_t begun = os_monotonic();
        int r = store_commit(s->store);

        if (r < 0)
                return troubled(s, r);
        s->wait = MIN(MAX(4 * (os_monotonic() - begun), COMMIT_LEAST_NS), COMMIT_NS);
        s->waits_since = s->retry_at = 0;
        m.seq = store_durable(s->store);
        r = tell(s, &m, sizeof(m));
        if (r == 0)
                r = tell_condition(s, STORE_FINE, 0);
        if (r == 0 && store_clock_went_back(s->store))
                r = tell_condition(s, STORE_CLOCK, 0);
        return r == 0 ? take_queue(s) : r;
}

/* ---- heads ---- */

static void ask_vault(struct serving *s) {
        struct msg_sign m = {.type = VAULT_SIGN, .len = sizeof(s->head)};

        _Static_assert(sizeof(s->head) <= SIGN_MAX, "a head fits the message");
        if (s->vault < 0 || !store_head(s->store, os_now(), &s->head))
                return;
        memcpy(m.bytes, &s->head, sizeof(s->head));
        /* A vault that does not listen is main's business; the next minute asks again. */
        s->head_asked = os_send_now(s->vault, &m, sizeof(m), NULL, 0) == 0;
}

/* What is beyond retention goes. */
static int retain(struct serving *s) {
        int r = store_retain(s->store, s->retention_days, s->retention_bytes, os_now());

        return r < 0 ? troubled(s, r) : 0;
}

/* Sometimes a file is to be finished: its last block gets a head first. When one was, there may be too much. */
static int seal(struct serving *s, bool all) {
        int r = store_seal(s->store, all);

        if (r < 0)
                return troubled(s, r);
        if (store_head_wanted(s->store) && !s->head_asked)
                ask_vault(s);
        return store_rolled(s->store) ? retain(s) : 0;
}

static int from_vault(struct serving *s) {
        struct msg_signed m;
        char bytes[MESSAGE_MAX];
        ssize_t n = os_recv(s->vault, bytes, sizeof(bytes), NULL, 0, NULL);

        memcpy(&m, bytes, sizeof(m));
        if (n != sizeof(m) || m.type != VAULT_SIGNED) {
                os_close(s->vault);
                s->vault = -1;
                s->head_asked = false;
                return 0;
        }
        if (!s->head_asked)
                return 0;
        s->head_asked = false;
        if (m.error < 0 || crypto_sign_verify_detached(m.signature, (const unsigned char *)&s->head,
                                                       sizeof(s->head), m.public_key) != 0)
                return 0;
        bool wanted = store_head_wanted(s->store);
        int r = store_signed(s->store, &s->head, m.signature, m.public_key);
        if (r < 0)
                return troubled(s, r);
        return wanted ? seal(s, false) : 0;
}

/* ---- reading ---- */

static int send_frames(struct serving *s, const struct msg_store_read *q) {
        struct msg_store_frames m = {.type = STORE_FRAMES, .token = q->token};
        int fd = -1, r = 0;

        if (!s->reader)
                r = reader_open(&s->reader, store_dir(s->store));
        if (r == 0)
                r = answer_read(s->reader, q, &m, &fd);
        if (r != 0) {
                base_fail_clear();
                s->reader = reader_free(s->reader);
                m = (struct msg_store_frames){.type = STORE_FRAMES,
                                              .token = q->token,
                                              .error = r < 0 ? r : -EBADMSG,
                                              .from = q->from,
                                              .to = q->from};
        }
        r = os_send(s->sock, &m, sizeof(m), &fd, fd >= 0 ? 1 : 0);
        os_close_quiet(fd);
        return r;
}

static int send_positions(struct serving *s) {
        struct msg_store_frames m = {.type = STORE_POSITIONS};
        struct position *p = NULL;
        size_t n = 0;
        int fd = -1;

        int r = store_positions(s->store, &p, &n);
        if (r == 0) {
                struct span all = span_of((const char *)p, n * sizeof(*p));
                r = answer_memfd("positions", &all, 1, &fd);
        }
        free(p);
        s->positions_wanted = r < 0;
        if (r < 0)
                return troubled(s, r); /* asked again when it writes again */
        m.n_frames = (uint32_t)n;
        m.bytes = n * sizeof(struct position);
        r = os_send(s->sock, &m, sizeof(m), &fd, 1);
        os_close(fd);
        return r;
}

/* ---- holds ---- */

static int take_hold(struct serving *s, const struct msg_store_hold *m) {
        struct msg_kept kept = {.type = STORE_HELD, .token = m->token};

        if ((m->what != KEEP_HOLD && m->what != KEEP_RELEASE) ||
            !keep_hold_good(&m->hold, (enum keep_what)m->what))
                return -EPROTO;
        kept.error = store_hold(s->store, (enum keep_what)m->what, &m->hold, os_now());
        if (kept.error < 0)
                base_fail_clear();
        return tell(s, &kept, sizeof(kept));
}

/* ---- messages ---- */

static int new_output(struct serving *s, const struct msg_node_slot *m, int fd) {
        struct stat st;
        void *p = NULL;

        if (m->slot >= NODE_SEALS_MAX || fd < 0)
                return -EPROTO;
        int r = os_fstat(fd, &st);
        if (r == 0 && st.st_size < (off_t)(SEAL_HALVES * SEAL_HALF_BYTES))
                r = -EPROTO;
        if (r == 0)
                r = os_map(fd, SEAL_HALVES * SEAL_HALF_BYTES, false, &p);
        if (r < 0)
                return r;
        if (s->outputs[m->slot])
                os_unmap((void *)s->outputs[m->slot], SEAL_HALVES * SEAL_HALF_BYTES);
        s->outputs[m->slot] = p;
        return 0;
}

static int new_vault(struct serving *s, int fd) {
        if (fd < 0)
                return -EPROTO;
        os_close_quiet(s->vault);
        s->vault = os_dup(fd);
        s->head_asked = false;
        return s->vault < 0 ? s->vault : 0;
}

static int handle(struct serving *s, const void *p, size_t n, int fd) {
        union {
                struct msg_plain plain;
                struct msg_seal seal;
                struct msg_node_slot slot;
                struct msg_store_read read;
                struct msg_store_hold hold;
        } m = {0};

        memcpy(&m, p, MIN(n, sizeof(m)));
        if (m.plain.type == STORE_COMMIT && n == sizeof(m.seal) && s->n_queue < QUEUE_MAX) {
                s->queue[s->n_queue++] = m.seal;
                return 0;
        }
        if (m.plain.type == STORE_READ && n == sizeof(m.read))
                return send_frames(s, &m.read);
        if (m.plain.type == STORE_HOLD && n == sizeof(m.hold))
                return take_hold(s, &m.hold);
        if (m.plain.type == STORE_POSITIONS && n == sizeof(m.plain))
                return send_positions(s);
        if (m.plain.type == STORE_OUTPUT && n == sizeof(m.slot))
                return new_output(s, &m.slot, fd);
        if (m.plain.type == NODE_PEER && n == sizeof(m.plain))
                return new_vault(s, fd);
        return -EPROTO;
}

static int receive(struct serving *s) {
        _Alignas(8) char bytes[MESSAGE_MAX];
        unsigned n_fds = 0;
        int fd = -1;
        ssize_t n = os_recv(s->sock, bytes, sizeof(bytes), &fd, 1, &n_fds);

        if (n <= 0) {
                s->ended = true;
                return 0;
        }
        int r = handle(s, bytes, (size_t)n, n_fds ? fd : -1);
        os_close_quiet(fd);
        return r;
}

/* All messages that are there, as they may make one commit. */
static int receive_all(struct serving *s) {
        struct pollfd p = {.fd = s->sock, .events = POLLIN};
        int r = 0;

        for (unsigned i = 0; i < MESSAGES_MAX && r == 0 && !s->ended; i++) {
                int ready = os_poll(&p, 1, 0);
                if (ready < 0)
                        return ready;
                if (ready == 0)
                        break;
                r = receive(s);
        }
        return r == 0 ? take_queue(s) : r;
}

/* ---- time ---- */

static int every_minute(struct serving *s, int64_t now) {
        s->minute_at = now + MINUTE_NS;
        if (s->condition == STORE_CLOCK)
                s->condition = STORE_FINE; /* said once a minute, while it lasts */
        int r = seal(s, true);
        if (r == 0 && !s->retry_at) {
                r = retain(s);
                if (r == 0 && !s->retry_at)
                        ask_vault(s);
        }
        return r;
}

static int work(struct serving *s) {
        int64_t now = os_monotonic();
        int r = 0;

        if (s->retry_at && now < s->retry_at)
                return 0;
        if (s->retry_at || store_waiting(s->store) >= COMMIT_BYTES ||
            (s->waits_since && now >= s->waits_since + s->wait)) {
                r = commit(s);
                if (r == 0 && !s->retry_at)
                        r = seal(s, false);
                if (r == 0 && !s->retry_at && s->positions_wanted)
                        r = send_positions(s);
        }
        if (r == 0 && !s->retry_at && now >= s->minute_at)
                r = every_minute(s, now);
        return r;
}

static int timeout_ms(const struct serving *s) {
        int64_t now = os_monotonic(), at = s->minute_at;

        if (s->retry_at)
                at = s->retry_at;
        else if (s->waits_since)
                at = MIN(at, s->waits_since + s->wait);
        return at <= now ? 0 : (int)((at - now + 999999) / 1000000);
}

/* What was taken is committed, all of it sealed and signed: as far as the disk lets us. */
static void finish(struct serving *s) {
        int64_t until = os_monotonic() + CLOSE_NS;

        if (store_seal(s->store, false) < 0 || store_commit(s->store) < 0 ||
            store_seal(s->store, true) < 0)
                return;
        ask_vault(s);
        while (s->head_asked && os_monotonic() < until) {
                struct pollfd p = {.fd = s->vault, .events = POLLIN};
                if (os_poll(&p, 1, 100) > 0)
                        (void)from_vault(s);
        }
}

static int serve(struct serving *s) {
        s->minute_at = os_monotonic() + MINUTE_NS;
        while (!s->ended) {
                struct pollfd p[2] = {{.fd = s->sock, .events = POLLIN},
                                      {.fd = s->vault, .events = POLLIN}};
                int r = os_poll(p, 2, timeout_ms(s));
                if (r >= 0)
                        r = 0;
                if (r == 0 && p[1].revents && s->vault >= 0)
                        r = from_vault(s);
                if (r == 0 && p[0].revents)
                        r = receive_all(s);
                if (r == 0)
                        r = work(s);
                if (r < 0)
                        return r;
        }
        finish(s);
        return 0;
}

static const char *read_arguments(struct serving *s, int argc, char **argv, int *landlock) {
        const char *dir = NULL;

        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "directory=", 10) == 0)
                        dir = argv[i] + 10;
                else if (strncmp(argv[i], "landlock=", 9) == 0)
                        *landlock = (int)strtol(argv[i] + 9, NULL, 10);
                else if (strncmp(argv[i], "retention=", 10) == 0) {
                        char *end;
                        s->retention_days = (unsigned)strtoul(argv[i] + 10, &end, 10);
                        if (*end == ':')
                                s->retention_bytes = strtoull(end + 1, NULL, 10);
                }
        }
        return dir;
}

int process_store(int argc, char **argv) {
        static struct serving s = {.sock = CHILD_SOCKET, .vault = -1};
        struct msg_store_ready ready = {.type = STORE_READY};
        const char *what = "";
        int landlock = -1;

        const char *dir = read_arguments(&s, argc, argv, &landlock);
        if (!dir || sodium_init() < 0)
                return 13;
        if (sandbox_allow_root(dir) < 0 ||
            sandbox_enter(SANDBOX_STORE, landlock, (size_t)1 << 30, NULL) < 0)
                return 15;
        ready.error = store_open(&s.store, sandbox_directory(dir), &what);
        snprintf(ready.what, sizeof(ready.what), "%s", what);
        if (ready.error == 0) {
                store_set_part(s.store, retain_part(s.retention_bytes));
                ready.next_seq = store_durable(s.store);
        }
        int r = tell(&s, &ready, sizeof(ready));
        if (ready.error < 0)
                return 14;
        if (r == 0)
                r = serve(&s);
        /* The reader first: who closes last takes the journals away. */
        s.reader = reader_free(s.reader);
        store_free(s.store);
        return r < 0 && r != -EPIPE ? 16 : 0;
}
