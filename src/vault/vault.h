/* The secrets of people (wire/vault.h): passwords, TOTP, recovery codes, boxes. No sockets, no clock, no
 * files: the process around it (main/process_vault.c) has them. Everything secret that a function had in
 * memory of its own is wiped before it returns. */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "wire/audit_head.h"
#include "wire/vault.h"

struct vault;

#define VAULT_SEED_BYTES 32u

struct vault_options {
        uint64_t work;   /* of Argon2id: passes; 0: as libsodium says for people who wait (2) */
        size_t work_mem; /* bytes; 0: 64 MiB */
        const unsigned char *public_key,
                *secret_key; /* of orders (wire/order.h), lent; NULL: it signs none */
        /* Keeps a head of the audit log before anybody gets it: 0 or -errno. NULL: it signs none. */
        int (*keep_head)(void *ctx, const struct audit_signed *s);
        void *keep_ctx;
};

/* Keys from the node's seed, in memory that is locked and guarded where the system allows it: before the
 * sandbox, as it takes away the calls for that. 0, -ENOMEM, -EIO. */
int vault_new(struct vault **ret, const unsigned char seed[VAULT_SEED_BYTES],
              const struct vault_options *o);
struct vault *vault_free(struct vault *v);
CLEANUP(vault, vault_free)

/* The last head that was kept; NULL: none was, so the first is signed now, of no entry. 0 or -errno: the next ask for
 * one tries again. */
int vault_audit_begin(struct vault *v, const struct audit_signed *last, int64_t now);

/* Whether an ask is long work. */
bool vault_slow(const struct msg_vault_ask *m);
/* Whether its type and lengths are those of an ask; an asker that sends another is not listened to. */
bool vault_ask_good(const struct msg_vault_ask *m);
/* Answers; `now` in seconds since 1970. `m` is wiped. */
void vault_do(struct vault *v, struct msg_vault_ask *m, int64_t now, struct msg_vault_answer *ret);

/* ---- asks that wait ---- */

struct vault_queue;
/* One of `m`'s long ones into the queue: false when it is full. */
struct vault_queue *vault_queue_new(void);
struct vault_queue *vault_queue_free(struct vault_queue *q);
CLEANUP(vault_queue, vault_queue_free)
bool vault_queue_add(struct vault_queue *q, const struct msg_vault_ask *m);
/* The oldest, or false. */
bool vault_queue_take(struct vault_queue *q, struct msg_vault_ask *ret);
unsigned vault_queue_count(const struct vault_queue *q);
/* Nobody waits any more. */
void vault_queue_clear(struct vault_queue *q);

#endif
