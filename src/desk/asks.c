/* See asks.h.
 *
 *   K1. An ask lives in memory only, and is wiped once it is sent.
 *   K3. The vault has SLOW_SENT passwords at most; the others wait here, and of those who wait the ones
 *       go first whom a flood of strangers must not keep out: who is signed in, or known where they are.
 *   K2. Whoever sent too many has to try later: ASKS_MAX wait at most, of which passwords (0.1 s each)
 *       are fewer still (api_session.c looks at vault_waits()). */
#include "desk/asks.h"

#include <sodium.h>
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/heads.h"
#include "desk/people.h"

#define ASKS_MAX 64u
#define SLOW_SENT 2u

struct ask {
        uint64_t ticket; /* 0: free */
        uint64_t order;
        bool sent, slow, first;
        struct msg_vault_ask m;
};

struct asks {
        struct ask list[ASKS_MAX];
        uint64_t order;
        bool there;
};

static bool is_slow(uint32_t type) {
        return type == VAULT_HASH || type == VAULT_CHECK || type == VAULT_ONE_TIME;
}

static struct asks *asks_of(struct desk *d) {
        if (!d->asks)
                d->asks = calloc(1, sizeof(*d->asks));
        return d->asks;
}

void desk_asks_free(struct desk *d) {
        if (d->asks)
                sodium_memzero(d->asks, sizeof(*d->asks));
        free(d->asks);
        d->asks = NULL;
}

unsigned vault_waits(struct desk *d) {
        unsigned n = 0;

        for (unsigned i = 0; d->asks && i < ASKS_MAX; i++)
                n += d->asks->list[i].ticket && d->asks->list[i].slow;
        return n;
}

int api_vault_busy(struct api_call *c) {
        c->retry = 2;
        return api_refuse(c, 503, "try_later", "too many sign in at this moment: try again",
                          "đang có quá nhiều lượt đăng nhập: hãy thử lại");
}

static int put(struct api_call *c, const struct msg_vault_ask *m, bool first) {
        struct asks *a = asks_of(c->desk);
        struct ask *k = NULL;

        if (!a)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; i < ASKS_MAX && !k; i++)
                if (!a->list[i].ticket)
                        k = &a->list[i];
        if (!a->there || !k)
                return api_vault_busy(c);
        *k = (struct ask){c->ticket, ++a->order, false, is_slow(m->type), first, *m};
        k->m.ticket = c->ticket;
        return API_E_LATER;
}

int api_vault(struct api_call *c, const struct msg_vault_ask *m) {
        return put(c, m, true);
}

static int ask(struct api_call *c, struct msg_vault_ask m, struct span box, struct span text,
               bool first) {
        /* A box that no vault made is as none; a text that long is right for nobody. */
        if (box.len <= sizeof(m.box) && box.len) {
                memcpy(m.box, box.p, box.len);
                m.box_len = (uint32_t)box.len;
        }
        if (text.len <= sizeof(m.text) && text.len) {
                memcpy(m.text, text.p, text.len);
                m.text_len = (uint32_t)text.len;
        }
        int r = put(c, &m, first);
        sodium_memzero(&m, sizeof(m));
        return r;
}

int people_ask(struct api_call *c, enum vault_message what, int64_t person, struct span box,
               struct span text) {
        return ask(c, (struct msg_vault_ask){.type = what, .person = person}, box, text, true);
}

int people_check(struct api_call *c, int64_t person, struct span box, struct span text,
                 bool known) {
        return ask(c, (struct msg_vault_ask){.type = VAULT_CHECK, .person = person}, box, text,
                   known);
}

/* jansson keeps the text itself where it says it is; what it leaves behind when it frees is zeros. */
void people_wipe(struct api_call *c, const char *name) {
        json_t *v = json_object_get(c->in, name);

        if (json_is_string(v))
                sodium_memzero((char *)(uintptr_t)json_string_value(v), json_string_length(v));
}

static bool goes_before(const struct ask *x, const struct ask *y) {
        if (!y || x->slow != y->slow)
                return !y || y->slow; /* what is quick does not wait for what is not */
        return x->first != y->first ? x->first : x->order < y->order;
}

const struct msg_vault_ask *desk_to_ask(struct desk *d) {
        unsigned slow = 0;
        struct ask *k = NULL;

        if (!d->asks || !d->asks->there)
                return NULL;
        const struct msg_vault_ask *head = heads_to_ask(d);
        if (head)
                return head;
        for (unsigned i = 0; i < ASKS_MAX; i++)
                slow += d->asks->list[i].sent && d->asks->list[i].slow;
        for (unsigned i = 0; i < ASKS_MAX; i++) {
                struct ask *x = &d->asks->list[i];

                if (x->ticket && !x->sent && !(x->slow && slow >= SLOW_SENT) && /* K3 */
                    goes_before(x, k))
                        k = x;
        }
        return k ? &k->m : NULL;
}

/* What was given, not what would be given now: a head may have come due between the two. */
void desk_asked(struct desk *d, const struct msg_vault_ask *m) {
        if (m->ticket == HEADS_TICKET) {
                heads_asked(d);
                return;
        }
        for (unsigned i = 0; i < ASKS_MAX; i++)
                if (&d->asks->list[i].m == m) {
                        d->asks->list[i].sent = true;
                        sodium_memzero(&d->asks->list[i].m, sizeof(*m)); /* K1 */
                        return;
                }
}

int desk_vault_said(struct desk *d, const struct msg_vault_answer *a) {
        if (a->ticket == HEADS_TICKET)
                return heads_said(d, a);
        for (unsigned i = 0; d->asks && i < ASKS_MAX; i++) {
                struct ask *k = &d->asks->list[i];

                if (!k->sent || k->ticket != a->ticket)
                        continue;
                *k = (struct ask){0};
                return api_resume(d, a->ticket, a);
        }
        return FAIL(-EPROTO);
}

int desk_vault_line(struct desk *d, bool there) {
        struct asks *a = asks_of(d);
        int r = 0;

        if (!a)
                return FAIL(-ENOMEM);
        a->there = there;
        heads_line(d, there);
        for (unsigned i = 0; i < ASKS_MAX && r == 0; i++) {
                struct msg_vault_answer later = {
                        .type = VAULT_ANSWER, .error = -EAGAIN, .ticket = a->list[i].ticket};

                if (a->list[i].sent)
                        r = desk_vault_said(d, &later);
        }
        return r;
}
