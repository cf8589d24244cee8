/* See seal.h. One pass over the slot fills a frame until the next record does not fit, then takes its
 * tokens and compresses it; the tokens of all frames of a slot are one set, as a filter is made for a
 * whole block. The numbers that `store` relies on are counted here from what was copied, and counted
 * again there. */
#include "store/seal.h"

#include <stdlib.h>

#include "store/token.h"

#define ALIGN8(n) (((n) + 7u) & ~(size_t)7u)

struct sealer {
        struct frame_maker *maker;
        struct token_set *tokens;
};

struct sealer *sealer_new(int level) {
        struct sealer *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->maker = frame_maker_new(level);
        s->tokens = token_set_new();
        return s->maker && s->tokens ? s : sealer_free(s);
}

struct sealer *sealer_free(struct sealer *s) {
        if (s) {
                frame_maker_free(s->maker);
                token_set_free(s->tokens);
        }
        free(s);
        return NULL;
}

/* Frames of the batch into `to` from h->data_at on. */
static int make_frames(struct sealer *s, const struct records *r, bool plain, struct sealed *h,
                       struct span room) {
        char *to = (char *)room.p + h->data_at;

        for (uint32_t from = 0; from < r->h.n_records;) {
                struct frame_entry *e = &h->frames[h->n_frames];
                uint32_t n = 0;

                if (h->n_frames == FRAMES_PER_SLOT)
                        return -ENOSPC;
                frame_begin(s->maker, r->h.first_seq + from);
                int k = frame_add(s->maker, r, from, &n);
                if (k != 0 || n == 0)
                        return FRAME_E_BAD;
                if (!plain)
                        token_set_add(s->tokens, frame_payload(s->maker));
                k = frame_end(s->maker, to + h->data_len, room.len - h->data_at - h->data_len, e);
                if (k < 0)
                        return k;
                if (e->flags & FRAME_UNFILTERED)
                        h->flags |= SEALED_UNFILTERED;
                h->data_len += e->len;
                h->n_frames++;
                from += n;
        }
        return 0;
}

static int put_tokens(const struct sealer *s, bool plain, struct sealed *h, struct span room) {
        uint32_t n;
        bool all;
        const uint32_t *list = token_set_get(s->tokens, &n, &all);

        h->tokens_at = (uint32_t)ALIGN8(h->data_at + h->data_len);
        if (plain || all) {
                h->flags |= SEALED_UNFILTERED;
                return 0;
        }
        if (h->tokens_at > room.len || n * sizeof(*list) > room.len - h->tokens_at)
                return -ENOSPC;
        memcpy((char *)room.p + h->tokens_at, list, n * sizeof(*list));
        h->n_tokens = n;
        return 0;
}

static int put_positions(const struct records *r, struct sealed *h, struct span room) {
        size_t at = ALIGN8(h->tokens_at + h->n_tokens * sizeof(uint32_t));

        h->positions_at = (uint32_t)at;
        for (uint32_t i = 0; i < r->h.n_positions; i++) {
                struct position p;
                if (!records_position(r, i, &p))
                        return FRAME_E_BAD;
                if (at > room.len || sizeof(p) > room.len - at)
                        return -ENOSPC;
                memcpy((char *)room.p + at, &p, sizeof(p));
                at += sizeof(p);
                h->n_positions++;
        }
        return 0;
}

int sealer_run(struct sealer *s, const void *slot, size_t len, bool plain, void *to, size_t room,
               size_t *ret_used) {
        struct span out = span_of(to, room);
        struct records r;
        struct sealed h = {.data_at = sizeof(h)};

        /* Numbers that SQLite could not order are nobody's: the store would refuse them (frames_follow()). */
        if (records_view(slot, len, &r) != 0 ||
            r.h.first_seq > (uint64_t)INT64_MAX / 2 - RECORDS_MAX)
                return FRAME_E_BAD;
        if (room < sizeof(h))
                return -ENOSPC;
        h.first_seq = r.h.first_seq;
        h.n_records = r.h.n_records;
        token_set_reset(s->tokens);
        int k = make_frames(s, &r, plain, &h, out);
        if (k == 0)
                k = put_tokens(s, plain, &h, out);
        if (k == 0)
                k = put_positions(&r, &h, out);
        if (k != 0)
                return k;
        memcpy(to, &h, sizeof(h));
        *ret_used = h.positions_at + h.n_positions * sizeof(struct position);
        return 0;
}

bool frames_follow(const struct frame_entry *e, uint32_t n, uint64_t first_seq, uint64_t *ret_end,
                   uint64_t *ret_bytes) {
        uint64_t seq = first_seq, bytes = 0;

        for (uint32_t i = 0; i < n; i++) {
                if (e[i].first_seq != seq || e[i].n_records == 0 ||
                    e[i].n_records > FRAME_RECORDS_MAX || e[i].len == 0 ||
                    e[i].len > FRAME_BYTES_MAX || e[i].raw_len > FRAME_ROOM ||
                    e[i].payload_len > FRAME_PAYLOAD_MAX || seq > (uint64_t)INT64_MAX / 2)
                        return false;
                seq += e[i].n_records;
                bytes += e[i].len;
        }
        *ret_end = seq;
        *ret_bytes = bytes;
        return true;
}

static bool inside(size_t len, uint64_t at, uint64_t n, uint64_t size) {
        return at <= len && n * size <= len - at; /* n is 32 bits, size small: no overflow */
}

int sealed_view(const void *p, size_t len, struct sealed_view *ret) {
        struct sealed_view v = {0};
        uint64_t end, bytes;

        if (len < sizeof(v.h))
                return FRAME_E_BAD;
        memcpy(&v.h, p, sizeof(v.h));
        if (v.h.n_frames > FRAMES_PER_SLOT || v.h.n_tokens > (1u << 20) ||
            v.h.n_positions > POSITIONS_MAX || !inside(len, v.h.data_at, v.h.data_len, 1) ||
            !inside(len, v.h.tokens_at, v.h.n_tokens, sizeof(uint32_t)) ||
            !inside(len, v.h.positions_at, v.h.n_positions, sizeof(struct position)))
                return FRAME_E_BAD;
        if (!frames_follow(v.h.frames, v.h.n_frames, v.h.first_seq, &end, &bytes) ||
            end - v.h.first_seq != v.h.n_records || bytes != v.h.data_len)
                return FRAME_E_BAD;
        v.data = span_of((const char *)p + v.h.data_at, v.h.data_len);
        v.tokens = (const char *)p + v.h.tokens_at;
        v.positions = (const char *)p + v.h.positions_at;
        *ret = v;
        return 0;
}

bool sealed_position(const struct sealed_view *v, uint32_t i, struct position *ret) {
        if (i >= v->h.n_positions)
                return false;
        memcpy(ret, v->positions + i * sizeof(*ret), sizeof(*ret));
        return ret->key_len > 0 && ret->key_len <= POSITION_KEY_MAX &&
               ret->value_len <= POSITION_VALUE_MAX;
}
