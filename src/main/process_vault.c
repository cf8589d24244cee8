/* The vault: it alone has the node's keys. It reads the seed from the descriptor it was started
 * with (an empty file: it makes one), and signs heads of the store's chain for whoever main joined to it.
 * The key never leaves it; no message can make it sign anything but a head, nor a head with a number
 * lower than one it signed before.
 *
 * For the desk, on a line of its own, it hashes and checks passwords and codes (vault/vault.h). A password
 * is 0.1 s of work, so those wait in a queue: before each, what the store wants signed is signed, and a
 * full queue is said at once, so that a flood of logins delays a head by one password at most. What the
 * desk asks on its line cannot be a signature, and what the store asks cannot be about people.
 *
 * One that the command line started ("for=export") signs the ends of exports instead, and no head; and it
 * derives keys for the pseudonyms of one report from the same seed.
 *
 * Heads of the audit log it signs for the desk, and keeps the last in a file of its own ("head=5"), which is on the
 * disk before anybody gets it (wire/audit_head.h).
 *
 *     3 main, 4 the key file: 32 bytes, the seed of an Ed25519 pair; 5 the file of the audit log's head */
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "store/proof.h"
#include "vault/vault.h"
#include "wire/message.h"
#include "wire/order.h"

#define KEY_FD 4
#define HEAD_FD 5
/* A password needs 64 MiB for its work; the rest is the program itself. */
#define MEMORY_MAX ((size_t)256 << 20)
#define ASKS_AT_ONCE 8u
#define GIVE_WAY 5

/* What the process holds. */
struct keeper {
        int sock, peer; /* peer: of the store; -1 until main joined somebody */
        int desk;
        struct vault *vault; /* of the desk's people; NULL for exports */
        struct vault_queue *queue;
        unsigned char public_key[crypto_sign_PUBLICKEYBYTES], *secret_key;
        struct head last;
        bool exports, heads;
        unsigned slot; /* of the file of heads: where the last one is */
};

/* The seed from the file, or a new one into it, on disk before anything is signed with it. */
static int read_seed(unsigned char seed[crypto_sign_SEEDBYTES]) {
        ssize_t n = os_pread(KEY_FD, seed, crypto_sign_SEEDBYTES, 0);

        if (n < 0)
                return (int)n;
        if (n == crypto_sign_SEEDBYTES)
                return 0;
        if (n != 0)
                return FAIL(-EBADMSG); /* half a key: not ours to overwrite */
        int r = os_random(seed, crypto_sign_SEEDBYTES);
        if (r == 0)
                r = os_write_full(KEY_FD, seed, crypto_sign_SEEDBYTES);
        if (r == 0)
                r = os_fsync(KEY_FD);
        return r;
}

/* Over the older of the two, so that one stands whatever happens in between. */
static int keep_head(void *ctx, const struct audit_signed *s) {
        struct keeper *v = ctx;
        unsigned slot = (v->slot + 1) % AUDIT_SLOTS;
        char text[AUDIT_SLOT];

        audit_head_slot(text, s);
        ssize_t n = os_pwrite(HEAD_FD, text, sizeof(text), (uint64_t)slot * AUDIT_SLOT);
        int r = n == sizeof(text) ? os_fsync(HEAD_FD) : n < 0 ? (int)n : -EIO;
        if (r == 0)
                v->slot = slot;
        return r;
}

/* A file of no good head is as none: the log's next head shows that one is missing. */
static void load_head(struct keeper *v) {
        char bytes[AUDIT_SLOTS * AUDIT_SLOT];
        struct audit_signed last;
        ssize_t n = os_pread(HEAD_FD, bytes, sizeof(bytes), 0);
        bool good = n > 0 && audit_head_last(span_of(bytes, (size_t)n), &last, &v->slot) == 0;

        (void)vault_audit_begin(v->vault, good ? &last : NULL, os_now() / NS_PER_SEC);
}

static int load_key(struct keeper *v) {
        unsigned char seed[crypto_sign_SEEDBYTES];

        if (sodium_init() < 0)
                return FAIL(-EIO);
        /* Locked and guarded where the system allows it, before the sandbox takes those calls away. */
        v->secret_key = sodium_malloc(crypto_sign_SECRETKEYBYTES);
        if (!v->secret_key)
                return FAIL(-ENOMEM);
        int r = read_seed(seed);
        if (r == 0)
                crypto_sign_seed_keypair(v->public_key, v->secret_key, seed);
        if (r == 0 && !v->exports) {
                r = vault_new(&v->vault, seed,
                              &(struct vault_options){.public_key = v->public_key,
                                                      .secret_key = v->secret_key,
                                                      .keep_head = v->heads ? keep_head : NULL,
                                                      .keep_ctx = v});
                v->queue = vault_queue_new();
                if (r == 0 && !v->queue)
                        r = -ENOMEM;
                if (r == 0 && v->heads)
                        load_head(v);
        }
        sodium_memzero(seed, sizeof(seed));
        os_close(KEY_FD);
        return r;
}

static bool is_export(const struct msg_sign *m) {
        static const char names[][sizeof(((struct export_sign *)0)->name)] = {PROOF_NAME,
                                                                              WORKING_NAME};

        return m->len == sizeof(struct export_sign) &&
               (memcmp(m->bytes, names[0], sizeof(names[0])) == 0 ||
                memcmp(m->bytes, names[1], sizeof(names[1])) == 0);
}

/* 0, or why it is not signed. */
static int may_sign(struct keeper *v, const struct msg_sign *m) {
        static const char name[sizeof(((struct head *)0)->name)] = HEAD_NAME;
        struct head h;

        if (v->exports)
                return is_export(m) ? 0 : -EPERM;
        if (m->len != sizeof(h))
                return -EPERM;
        memcpy(&h, m->bytes, sizeof(h));
        if (memcmp(h.name, name, sizeof(name)) != 0)
                return -EPERM;
        /* A chain does not go back, and has one value at each block. */
        if (h.number < v->last.number || (h.number == v->last.number && v->last.number &&
                                          memcmp(h.chain, v->last.chain, sizeof(h.chain)) != 0))
                return -EPERM;
        v->last = h;
        return 0;
}

static int answer(struct keeper *v, const struct msg_sign *m) {
        struct msg_signed s = {.type = VAULT_SIGNED, .error = may_sign(v, m)};

        if (s.error == 0)
                crypto_sign_detached(s.signature, NULL, m->bytes, m->len, v->secret_key);
        memcpy(s.public_key, v->public_key, sizeof(s.public_key));
        return os_send_now(v->peer, &s, sizeof(s), NULL, 0);
}

/* The key for pseudonyms: of the seed, which is the secret key's first half, and what the asker chose. */
static int derive(struct keeper *v, const struct msg_sign *m) {
        struct msg_signed s = {.type = VAULT_DERIVED, .error = v->exports ? 0 : -EPERM};
        static const unsigned char name[] = "coloa-pseudonyms-1";
        crypto_generichash_state h;

        if (s.error == 0) {
                crypto_generichash_init(&h, v->secret_key, crypto_sign_SEEDBYTES, 32);
                crypto_generichash_update(&h, name, sizeof(name));
                crypto_generichash_update(&h, m->bytes, m->len);
                crypto_generichash_final(&h, s.signature, 32);
        }
        return os_send_now(v->peer, &s, sizeof(s), NULL, 0);
}

static void forget_peer(struct keeper *v) {
        os_close_quiet(v->peer);
        v->peer = -1;
}

static void forget_desk(struct keeper *v) {
        os_close_quiet(v->desk);
        v->desk = -1;
        vault_queue_clear(v->queue); /* whoever waits there has gone */
}

/* ---- people ---- */

/* One who asks and does not read the answers is not waited for. */
static void say(struct keeper *v, struct msg_vault_answer *a) {
        if (os_send_now(v->desk, a, sizeof(*a), NULL, 0) < 0)
                forget_desk(v);
        sodium_memzero(a, sizeof(*a));
}

static void answer_person(struct keeper *v, struct msg_vault_ask *m) {
        struct msg_vault_answer a;

        vault_do(v->vault, m, os_now() / INT64_C(1000000000), &a);
        say(v, &a);
}

static void refuse_person(struct keeper *v, const struct msg_vault_ask *m) {
        struct msg_vault_answer a = {.type = VAULT_ANSWER, .error = -EAGAIN, .ticket = m->ticket};

        say(v, &a);
}

static void from_desk(struct keeper *v) {
        struct pollfd p = {.fd = v->desk, .events = POLLIN};
        struct msg_vault_ask m;

        for (unsigned i = 0; i < ASKS_AT_ONCE && v->desk >= 0; i++) {
                ssize_t n = os_recv(v->desk, &m, sizeof(m), NULL, 0, NULL);

                if (n != sizeof(m) || !vault_ask_good(&m))
                        forget_desk(v);
                else if (!vault_slow(&m))
                        answer_person(v, &m);
                else if (!vault_queue_add(v->queue, &m))
                        refuse_person(v, &m);
                if (v->desk < 0 || os_poll(&p, 1, 0) <= 0)
                        break;
        }
        sodium_memzero(&m, sizeof(m));
}

/* The oldest that waits. */
static void one_password(struct keeper *v) {
        struct msg_vault_ask m;

        if (v->desk >= 0 && vault_queue_take(v->queue, &m))
                answer_person(v, &m);
}

/* One message of main's: 0, or an end. */
static int from_main(struct keeper *v) {
        struct msg_plain m;
        char bytes[MESSAGE_MAX];
        unsigned n_fds = 0;
        int fd = -1;
        ssize_t n = os_recv(v->sock, bytes, sizeof(bytes), &fd, 1, &n_fds);

        if (n <= 0) /* reset: it went without reading all that was said */
                return n < 0 && n != -ECONNRESET ? (int)n : -EPIPE;
        memcpy(&m, bytes, sizeof(m));
        bool people = m.value == NODE_PEER_DESK && v->vault;
        if (n != sizeof(m) || m.type != NODE_PEER || n_fds != 1 || (m.value && !people)) {
                os_close_quiet(fd);
                return -EPROTO;
        }
        if (people) {
                forget_desk(v);
                v->desk = fd;
        } else {
                forget_peer(v);
                v->peer = fd;
        }
        return 0;
}

static void from_peer(struct keeper *v) {
        struct msg_sign m;
        char bytes[MESSAGE_MAX];
        ssize_t n = os_recv(v->peer, bytes, sizeof(bytes), NULL, 0, NULL);

        memcpy(&m, bytes, sizeof(m));
        int r = -EPROTO;
        if (n == sizeof(m) && m.len <= sizeof(m.bytes))
                r = m.type == VAULT_SIGN     ? answer(v, &m)
                    : m.type == VAULT_DERIVE ? derive(v, &m)
                                             : -EPROTO;
        if (r < 0)
                forget_peer(v); /* main joins the next one */
}

static bool passwords_wait(const struct keeper *v) {
        return v->queue && vault_queue_count(v->queue) > 0;
}

/* Signing first, then questions, then one password. */
static int serve(struct keeper *v) {
        for (;;) {
                struct pollfd p[3] = {{.fd = v->sock, .events = POLLIN},
                                      {.fd = v->peer, .events = POLLIN},
                                      {.fd = v->desk, .events = POLLIN}};
                int r = os_poll(p, 3, passwords_wait(v) ? 0 : -1);

                if (r < 0)
                        return r;
                if (p[1].revents && v->peer >= 0)
                        from_peer(v);
                if (p[2].revents && v->desk >= 0)
                        from_desk(v);
                if (passwords_wait(v))
                        one_password(v);
                if (p[0].revents) {
                        r = from_main(v);
                        if (r < 0)
                                return r == -EPIPE ? 0 : r;
                }
        }
}

int process_vault(int argc, char **argv) {
        static struct keeper v = {.sock = CHILD_SOCKET, .peer = -1, .desk = -1};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;

        for (int i = 1; i < argc; i++)
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
                else if (strcmp(argv[i], "for=export") == 0)
                        v.exports = true;
                else if (strcmp(argv[i], "head=5") == 0)
                        v.heads = true;
        if (load_key(&v) < 0)
                return 13;
        if (!v.exports)
                (void)os_nice(
                        GIVE_WAY); /* a flood of passwords takes no time from logs and pages */
        if (sandbox_enter(SANDBOX_VAULT, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        int r = os_send(v.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0 && !v.exports) {
                struct msg_act_key key = {.type = ACT_KEY};

                memcpy(key.public_key, v.public_key, sizeof(key.public_key));
                r = os_send(v.sock, &key, sizeof(key), NULL, 0);
        }
        if (r == 0)
                r = serve(&v);
        return r < 0 ? 16 : 0;
}
