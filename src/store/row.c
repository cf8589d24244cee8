/* See row.h. */
#include "store/row.h"

#include <stdlib.h>

#define ALIGN8(n) (((n) + 7u) & ~(size_t)7u)

static struct row *row_new(uint32_t n_frames, size_t data, uint32_t n_tokens,
                           uint32_t n_positions) {
        size_t bytes = sizeof(struct row) + n_frames * sizeof(struct frame_entry) +
                       n_positions * sizeof(struct position) + ALIGN8(n_tokens * 4ul) + data + 8;
        struct row *r = calloc(1, bytes);

        if (!r)
                return NULL;
        char *at = (char *)(r + 1);
        r->entries = (struct frame_entry *)at;
        at += n_frames * sizeof(struct frame_entry);
        r->positions = (struct position *)at;
        at += n_positions * sizeof(struct position);
        r->tokens = (uint32_t *)at;
        r->data = at + ALIGN8(n_tokens * 4ul);
        r->bytes = bytes;
        return r;
}

struct row *row_free(struct row *r) {
        free(r);
        return NULL;
}

static void sum_up(struct row *r) {
        struct block_header *h = &r->h;

        h->received_min = h->n_frames ? INT64_MAX : 0;
        h->received_max = h->n_frames ? INT64_MIN : 0;
        for (uint32_t i = 0; i < h->n_frames; i++) {
                h->payload_len += r->entries[i].payload_len;
                h->received_min = MIN(h->received_min, r->entries[i].received_min);
                h->received_max = MAX(h->received_max, r->entries[i].received_max);
        }
}

struct row *row_from_sealed(const struct sealed_view *v) {
        struct row *r = row_new(v->h.n_frames, v->data.len, v->h.n_tokens, v->h.n_positions);

        if (!r)
                return NULL;
        r->h = (struct block_header){.magic = TAIL_MAGIC,
                                     .first_seq = v->h.first_seq,
                                     .end_seq = v->h.first_seq + v->h.n_records,
                                     .data_len = v->data.len,
                                     .n_frames = v->h.n_frames,
                                     .n_records = v->h.n_records,
                                     .flags = v->h.flags & SEALED_UNFILTERED};
        memcpy(r->entries, v->h.frames, v->h.n_frames * sizeof(*r->entries));
        memcpy(r->data, v->data.p, v->data.len);
        memcpy(r->tokens, v->tokens, v->h.n_tokens * sizeof(*r->tokens));
        r->n_tokens = v->h.n_tokens;
        r->tokens_known = true;
        for (uint32_t i = 0; i < v->h.n_positions; i++)
                if (!sealed_position(v, i, &r->positions[r->n_positions++]))
                        return row_free(r);
        sum_up(r);
        return r;
}

struct row *row_from_table(const struct block_header *h, struct span entries, struct span data) {
        struct row *r = row_new(h->n_frames, data.len, 0, 0);

        if (!r)
                return NULL;
        r->h = *h;
        memcpy(r->entries, entries.p, entries.len);
        memcpy(r->data, data.p, data.len);
        return r;
}

void row_link(struct row *r, const unsigned char prev[CHAIN_BYTES]) {
        unsigned char root[CHAIN_BYTES];

        memcpy(r->prev, prev, CHAIN_BYTES);
        chain_merkle(root, r->entries, r->h.n_frames, span_of(r->data, r->h.data_len));
        chain_next(r->chain, prev, &r->h, root);
}

void row_list_init(struct row_list *l) {
        *l = (struct row_list){.last = &l->first};
}

void row_list_push(struct row_list *l, struct row *r) {
        r->next = NULL;
        *l->last = r;
        l->last = &r->next;
        l->payload += r->h.payload_len;
        l->bytes += r->bytes;
        l->n++;
}

struct row *row_list_pop(struct row_list *l) {
        struct row *r = l->first;

        if (!r)
                return NULL;
        l->first = r->next;
        if (!l->first)
                l->last = &l->first;
        l->payload -= r->h.payload_len;
        l->bytes -= r->bytes;
        l->n--;
        return r;
}

void row_list_clear(struct row_list *l) {
        while (l->first)
                row_free(row_list_pop(l));
}
