/* See vault.h: who answers what, and the queue.
 *
 * V1. An ask whose lengths are not possible is not answered: its asker is not who it should be.
 * V2. Whatever an ask held is wiped when it was answered, also in the queue. */
#include "vault/vault.h"

#include <stdlib.h>

#include "vault/vault_impl.h"

static void derive_key(unsigned char *to, const unsigned char *seed) {
        static const unsigned char name[] = "coloa-people-1";

        crypto_generichash(to, crypto_secretbox_KEYBYTES, name, sizeof(name), seed,
                           VAULT_SEED_BYTES);
}

int vault_new(struct vault **ret, const unsigned char seed[VAULT_SEED_BYTES],
              const struct vault_options *o) {
        if (sodium_init() < 0)
                return FAIL(-EIO);
        unsigned char *key = sodium_malloc(crypto_secretbox_KEYBYTES);
        struct vault *v = calloc(1, sizeof(*v));
        if (!key || !v) {
                sodium_free(key);
                free(v);
                return FAIL(-ENOMEM);
        }
        derive_key(key, seed);
        v->key = key;
        v->o = *o;
        if (!v->o.work)
                v->o.work = crypto_pwhash_OPSLIMIT_INTERACTIVE;
        if (!v->o.work_mem)
                v->o.work_mem = crypto_pwhash_MEMLIMIT_INTERACTIVE;
        /* Of the right form, so that checking it is all of the work; no password gives these bytes. */
        snprintf(v->nobody, sizeof(v->nobody), "$argon2id$v=19$m=%zu,t=%llu,p=1$%s$%s",
                 v->o.work_mem / 1024, (unsigned long long)v->o.work, "Y29sb2EgaGFzIG5vYm9keQ",
                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        *ret = v;
        return 0;
}

struct vault *vault_free(struct vault *v) {
        if (v && v->key)
                sodium_free(v->key);
        free(v);
        return NULL;
}

bool vault_slow(const struct msg_vault_ask *m) {
        return m->type == VAULT_HASH || m->type == VAULT_CHECK || m->type == VAULT_ONE_TIME;
}

bool vault_ask_good(const struct msg_vault_ask *m) {
        return m->type >= VAULT_HASH && m->type < VAULT_ANSWER && m->box_len <= VAULT_BOX_MAX &&
               m->text_len <= VAULT_TEXT_MAX;
}

static int open_secret(struct vault *v, const struct msg_vault_ask *m,
                       struct msg_vault_answer *ret) {
        unsigned char plain[VAULT_BOX_MAX];
        uint32_t len = 0;
        int r = box_open(v, VAULT_FOR_SECRET, m->person, span_of((const char *)m->box, m->box_len),
                         plain, &len);

        if (r == 0 && len > VAULT_TEXT_MAX)
                r = -EACCES;
        if (r == 0) {
                memcpy(ret->text, plain, len);
                ret->text_len = len;
        }
        sodium_memzero(plain, sizeof(plain));
        return r;
}

static int work(struct vault *v, const struct msg_vault_ask *m, int64_t now,
                struct msg_vault_answer *ret) {
        struct span text = span_of(m->text, m->text_len);

        switch ((enum vault_message)m->type) {
        case VAULT_HASH: return password_hash(v, m->person, text, ret);
        case VAULT_CHECK: return password_check(v, m);
        case VAULT_ONE_TIME: return password_one_time(v, m->person, ret);
        case VAULT_TOTP_MAKE: return totp_make(v, m->person, ret);
        case VAULT_TOTP_CHECK: return totp_check(v, m, now, ret);
        case VAULT_CODES_MAKE: return codes_make(v, m->person, ret);
        case VAULT_CODES_CHECK: return codes_check(v, m, ret);
        case VAULT_SEAL:
                return box_seal(v, VAULT_FOR_SECRET, m->person, text, ret->box, &ret->box_len);
        case VAULT_OPEN: return open_secret(v, m, ret);
        case VAULT_ORDER: return order_sign(v, m, now, ret);
        case VAULT_COURT: return court_sign(v, m, now, ret);
        case VAULT_FILE: return file_sign(v, m, now, ret);
        case VAULT_AUDIT: return audit_sign(v, m, now, ret);
        case VAULT_ANSWER: break;
        }
        return -EPERM;
}

void vault_do(struct vault *v, struct msg_vault_ask *m, int64_t now, struct msg_vault_answer *ret) {
        memset(ret, 0, sizeof(*ret));
        ret->type = VAULT_ANSWER;
        ret->ticket = m->ticket;
        assert(vault_ask_good(m)); /* V1 */
        ret->error = work(v, m, now, ret);
        if (ret->error) { /* nothing half made */
                ret->box_len = ret->text_len = 0;
                ret->step = 0;
                sodium_memzero(ret->box, sizeof(ret->box));
                sodium_memzero(ret->text, sizeof(ret->text));
        }
        sodium_memzero(m, sizeof(*m)); /* V2 */
}

/* ---- the queue: a ring of asks ---- */

struct vault_queue {
        struct msg_vault_ask list[VAULT_QUEUE];
        unsigned first, n;
};

struct vault_queue *vault_queue_new(void) {
        return calloc(1, sizeof(struct vault_queue));
}

struct vault_queue *vault_queue_free(struct vault_queue *q) {
        if (q)
                vault_queue_clear(q);
        free(q);
        return NULL;
}

bool vault_queue_add(struct vault_queue *q, const struct msg_vault_ask *m) {
        if (q->n == VAULT_QUEUE)
                return false;
        q->list[(q->first + q->n++) % VAULT_QUEUE] = *m;
        return true;
}

bool vault_queue_take(struct vault_queue *q, struct msg_vault_ask *ret) {
        if (!q->n)
                return false;
        struct msg_vault_ask *m = &q->list[q->first];

        *ret = *m;
        sodium_memzero(m, sizeof(*m)); /* V2 */
        q->first = (q->first + 1) % VAULT_QUEUE;
        q->n--;
        return true;
}

unsigned vault_queue_count(const struct vault_queue *q) {
        return q->n;
}

void vault_queue_clear(struct vault_queue *q) {
        sodium_memzero(q, sizeof(*q));
}
