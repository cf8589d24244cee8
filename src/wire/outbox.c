/* See outbox.h. */
#include "wire/outbox.h"

struct entry {
        uint32_t kind, len;
};

static size_t padded(size_t len) {
        return (sizeof(struct entry) + len + 7) & ~(size_t)7;
}

/* Bytes an entry at `head` takes, with what is skipped at the ring's end. */
static size_t cost(uint64_t head, size_t len) {
        size_t at = head % OUTBOX_BYTES, need = padded(len);

        return at + need > OUTBOX_BYTES ? OUTBOX_BYTES - at + need : need;
}

bool outbox_fits(const struct outbox *o, uint64_t staged, size_t len) {
        uint64_t tail = __atomic_load_n(&o->tail, __ATOMIC_ACQUIRE);
        uint64_t used = staged - tail;

        return used <= OUTBOX_BYTES && cost(staged, len) <= OUTBOX_BYTES - used;
}

void outbox_put(struct outbox *o, uint64_t *staged, enum outbox_kind kind, struct span bytes) {
        size_t at = *staged % OUTBOX_BYTES, need = padded(bytes.len);

        if (at + need > OUTBOX_BYTES) {
                struct entry skip = {OUTBOX_SKIP, 0};
                memcpy(o->data + at, &skip, sizeof(skip)); /* at is a multiple of 8, so it fits */
                *staged += OUTBOX_BYTES - at;
                at = 0;
        }
        struct entry e = {kind, (uint32_t)bytes.len};
        memcpy(o->data + at, &e, sizeof(e));
        if (bytes.len)
                memcpy(o->data + at + sizeof(e), bytes.p, bytes.len);
        *staged += need;
}

void outbox_publish(struct outbox *o, uint64_t staged) {
        __atomic_store_n(&o->head, staged, __ATOMIC_RELEASE);
}

int outbox_take(const struct outbox *o, uint64_t *tail, enum outbox_kind *ret_kind, char *to,
                size_t *ret_len) {
        for (;;) {
                uint64_t head = __atomic_load_n(&o->head, __ATOMIC_ACQUIRE);
                size_t at = *tail % OUTBOX_BYTES;
                struct entry e;

                if (head == *tail)
                        return 0;
                if (head - *tail > OUTBOX_BYTES || head - *tail < sizeof(e) || at % 8 != 0)
                        return -EBADMSG;
                memcpy(&e, o->data + at, sizeof(e));
                if (e.kind == OUTBOX_SKIP) {
                        /* A ring is never skipped whole: else a writer could keep us at it. */
                        if (at == 0 || head - *tail < OUTBOX_BYTES - at)
                                return -EBADMSG;
                        *tail += OUTBOX_BYTES - at;
                        continue;
                }
                if (e.kind < OUTBOX_FINDING || e.kind > OUTBOX_PROBLEM ||
                    e.len > OUTBOX_ENTRY_MAX || at + padded(e.len) > OUTBOX_BYTES ||
                    padded(e.len) > head - *tail)
                        return -EBADMSG;
                memcpy(to, o->data + at + sizeof(e), e.len);
                *ret_kind = (enum outbox_kind)e.kind;
                *ret_len = e.len;
                *tail += padded(e.len);
                return 1;
        }
}

void outbox_release(struct outbox *o, uint64_t tail) {
        __atomic_store_n(&o->tail, tail, __ATOMIC_RELEASE);
}

void outbox_finish(struct outbox *o, const struct outbox_done *d) {
        uint64_t n = __atomic_load_n(&o->finished, __ATOMIC_RELAXED);

        o->done[n % OUTBOX_DONE_MAX] = *d;
        __atomic_store_n(&o->finished, n + 1, __ATOMIC_RELEASE);
}

int outbox_finished(const struct outbox *o, uint64_t *finished, struct outbox_done *ret) {
        uint64_t ahead = __atomic_load_n(&o->finished, __ATOMIC_ACQUIRE) - *finished;

        if (ahead == 0)
                return 0;
        if (ahead > OUTBOX_DONE_MAX)
                return -EBADMSG;
        memcpy(ret, &o->done[(*finished)++ % OUTBOX_DONE_MAX], sizeof(*ret));
        return 1;
}
