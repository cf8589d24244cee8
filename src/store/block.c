/* See block.h.
 *
 * On a busy node a row holds frames of the full size and a block is their concatenation. On a quiet one
 * a block would be thousands of frames of a few records, which compress badly: they are opened and packed
 * into full ones. That is done here, in `store`, and not by asking a seal: what is opened was compressed
 * by our own seal, every byte of it is checked (store/frame_opener.c), the records are not looked at but
 * for their tokens, and a seal that dies over it could otherwise stop a block from ever being sealed. What does not open, or opens to
 * something else than its entry says, stays as it is: the bytes are evidence.
 *
 * Rows that a start found in the table have no tokens: they are taken from the opened frames too. */
#include "store/block.h"

#include <stdlib.h>

#include "base/buf.h"
#include "store/filter.h"
#include "store/token.h"

struct packer {
        struct frame_opener *opener;
        struct frame_maker *maker;
        struct token_set *tokens;
        struct buf entries, data, filter, all; /* all: hashes of tokens, distinct in `table` */
        uint32_t *table;
        size_t table_size;
        bool unfiltered;
        _Alignas(8) char room[FRAME_ROOM];
};

struct packer *packer_new(int level) {
        struct packer *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->opener = frame_opener_new();
        p->maker = frame_maker_new(level);
        p->tokens = token_set_new();
        return p->opener && p->maker && p->tokens ? p : packer_free(p);
}

struct packer *packer_free(struct packer *p) {
        if (!p)
                return NULL;
        frame_opener_free(p->opener);
        frame_maker_free(p->maker);
        token_set_free(p->tokens);
        buf_deinit(&p->entries);
        buf_deinit(&p->data);
        buf_deinit(&p->filter);
        buf_deinit(&p->all);
        free(p->table);
        free(p);
        return NULL;
}

static int64_t day_of(int64_t ns) {
        return ns >= 0 ? ns / DAY_NS : -((-ns + DAY_NS - 1) / DAY_NS);
}

uint32_t block_rows(const struct row_list *l, int64_t day_least, bool *ret_full, int64_t *ret_day) {
        uint64_t payload = 0, frames = 0;
        int64_t day = 0;
        uint32_t n = 0;

        *ret_full = false;
        for (const struct row *r = l->first; r; r = r->next, n++) {
                int64_t d = MAX(day_of(r->h.received_min), day_least);
                if (n == 0)
                        day = d;
                else if (d > day || payload + r->h.payload_len > BLOCK_PAYLOAD_MAX ||
                         frames + r->h.n_frames > BLOCK_FRAMES_MAX) {
                        *ret_full = true;
                        break;
                }
                payload += r->h.payload_len;
                frames += r->h.n_frames;
        }
        *ret_day = day;
        return n;
}

static void add_tokens(struct packer *p, const uint32_t *tokens, uint32_t n) {
        buf_add(&p->all, tokens, n * sizeof(*tokens));
}

/* Tokens of the opened frame; a set that is full passes on what it has and begins again. */
static void take_tokens(struct packer *p, const struct records *r) {
        uint32_t n;
        bool all;

        token_set_reset(p->tokens);
        token_set_add(p->tokens, r->payload);
        const uint32_t *list = token_set_get(p->tokens, &n, &all);
        p->unfiltered |= all;
        add_tokens(p, list, n);
}

static bool opens_as_said(struct packer *p, const struct frame_entry *e, struct span z,
                          struct records *ret) {
        return frame_open(p->opener, z, p->room, ret) == 0 && ret->h.first_seq == e->first_seq &&
               ret->h.n_records == e->n_records && ret->h.payload_len == e->payload_len;
}

/* All frames of the rows as they are. */
static void copy_rows(struct packer *p, const struct row_list *l, uint32_t n) {
        const struct row *r = l->first;

        buf_reset(&p->entries);
        buf_reset(&p->data);
        for (uint32_t i = 0; i < n; i++, r = r->next) {
                buf_add(&p->entries, r->entries, r->h.n_frames * sizeof(*r->entries));
                buf_add(&p->data, r->data, r->h.data_len);
        }
}

static int end_frame(struct packer *p, uint64_t *next) {
        struct frame_entry e;
        char *to = buf_reserve(&p->data, FRAME_BYTES_MAX);

        if (!to)
                return -ENOMEM;
        int r = frame_end(p->maker, to, FRAME_BYTES_MAX, &e);
        if (r < 0)
                return r;
        p->data.len += e.len;
        buf_add(&p->entries, &e, sizeof(e));
        *next = e.first_seq + e.n_records;
        frame_begin(p->maker, *next);
        return 0;
}

/* Adds an opened frame's records to the one that is being made. `open`: how many are in that. */
static int repack_frame(struct packer *p, const struct records *r, uint32_t *open) {
        uint64_t next;

        for (uint32_t from = 0; from < r->h.n_records;) {
                uint32_t n;
                if (frame_add(p->maker, r, from, &n) != 0)
                        return FRAME_E_BAD;
                from += n;
                *open += n;
                if (from == r->h.n_records)
                        break;
                if (*open == 0)
                        return FRAME_E_BAD;
                int k = end_frame(p, &next);
                if (k < 0)
                        return k;
                *open = 0;
        }
        return 0;
}

/* 0, FRAME_E_BAD: leave them as they are; -errno. */
static int repack_rows(struct packer *p, const struct row_list *l, uint32_t n) {
        const struct row *r = l->first;
        uint32_t open = 0;
        uint64_t next;

        buf_reset(&p->entries);
        buf_reset(&p->data);
        frame_begin(p->maker, r->h.first_seq);
        for (uint32_t i = 0; i < n; i++, r = r->next) {
                size_t at = 0;
                for (uint32_t f = 0; f < r->h.n_frames; f++) {
                        struct records records;
                        struct span z = span_of(r->data + at, r->entries[f].len);
                        at += z.len;
                        if (!opens_as_said(p, &r->entries[f], z, &records))
                                return FRAME_E_BAD;
                        int k = repack_frame(p, &records, &open);
                        if (k != 0)
                                return k;
                }
        }
        return open ? end_frame(p, &next) : 0;
}

static void take_missing_tokens(struct packer *p, const struct row_list *l, uint32_t n) {
        const struct row *r = l->first;

        for (uint32_t i = 0; i < n; i++, r = r->next) {
                size_t at = 0;
                for (uint32_t f = 0; f < r->h.n_frames && !r->tokens_known; f++) {
                        struct records records;
                        if (opens_as_said(p, &r->entries[f],
                                          span_of(r->data + at, r->entries[f].len), &records))
                                take_tokens(p, &records);
                        else
                                p->unfiltered = true;
                        at += r->entries[f].len;
                }
        }
}

/* The distinct ones of p->all, in a table of our own, kept for the next block. */
static int distinct(struct packer *p, uint32_t *ret_n) {
        size_t n = p->all.len / sizeof(uint32_t), size = 1024;
        uint32_t *list = (uint32_t *)p->all.p, k = 0;

        while (size < n * 2)
                size *= 2;
        if (size > p->table_size) {
                free(p->table);
                p->table = malloc(size * sizeof(uint32_t));
                p->table_size = p->table ? size : 0;
        }
        if (!p->table)
                return -ENOMEM;
        memset(p->table, 0, size * sizeof(uint32_t));
        for (size_t i = 0; i < n; i++) {
                /* Hashes of tokens are not keyed, so the places are: by another multiplication. */
                size_t at = (size_t)(list[i] * 0x9e3779b97f4a7c15u >> 20) & (size - 1);
                unsigned probes = 0;
                while (p->table[at] && p->table[at] != list[i] && probes++ < 64)
                        at = (at + 1) & (size - 1);
                if (p->table[at] == list[i])
                        continue;
                p->table[at] = list[i];
                list[k++] = list[i];
        }
        *ret_n = k;
        return 0;
}

static int make_filter(struct packer *p) {
        uint32_t n = 0;
        int r = p->all.failed ? -ENOMEM : distinct(p, &n);

        if (r < 0)
                return r;
        buf_reset(&p->filter);
        if (p->unfiltered)
                return 0;
        size_t size = filter_size(n);
        char *to = buf_reserve(&p->filter, size);
        if (!to)
                return -ENOMEM;
        memset(to, 0, size);
        for (uint32_t i = 0; i < n; i++)
                filter_add(to, size, ((uint32_t *)p->all.p)[i]);
        p->filter.len = size;
        return 0;
}

static void fill_header(struct packer *p, const struct row_list *l, uint32_t n,
                        const struct chain_end *end, struct block *b) {
        const struct row *r = l->first;

        b->h = (struct block_header){.magic = BLOCK_MAGIC,
                                     .number = end->number + 1,
                                     .first_seq = r->h.first_seq,
                                     .received_min = INT64_MAX,
                                     .received_max = INT64_MIN,
                                     .data_len = p->data.len};
        for (uint32_t i = 0; i < n; i++, r = r->next) {
                b->h.received_min = MIN(b->h.received_min, r->h.received_min);
                b->h.received_max = MAX(b->h.received_max, r->h.received_max);
                b->h.payload_len += r->h.payload_len;
                b->h.n_records += r->h.n_records;
                b->h.end_seq = r->h.end_seq;
                memcpy(b->h.tail, r->chain, CHAIN_BYTES);
        }
        b->h.n_frames = (uint32_t)(p->entries.len / sizeof(struct frame_entry));
        b->h.flags = p->unfiltered ? SEALED_UNFILTERED : 0;
        chain_hash(b->h.filter, buf_get(&p->filter));
}

int block_make(struct packer *p, const struct row_list *l, uint32_t n, const struct chain_end *end,
               struct block *ret) {
        unsigned char root[CHAIN_BYTES];
        const struct row *row = l->first;
        uint64_t payload = 0, frames = 0;

        p->unfiltered = false;
        buf_reset(&p->all);
        for (uint32_t i = 0; i < n; i++, row = row->next) {
                payload += row->h.payload_len;
                frames += row->h.n_frames;
                p->unfiltered |= (row->h.flags & SEALED_UNFILTERED) != 0;
                add_tokens(p, row->tokens, row->n_tokens);
        }
        take_missing_tokens(p, l, n);
        int r = FRAME_E_BAD;
        if (frames > 2 * (payload / FRAME_PAYLOAD_MAX + 1))
                r = repack_rows(p, l, n);
        if (r == FRAME_E_BAD)
                copy_rows(p, l, n), r = 0;
        if (r == 0)
                r = make_filter(p);
        if (r < 0 || p->entries.failed || p->data.failed)
                return FAIL(r < 0 ? r : -ENOMEM);
        fill_header(p, l, n, end, ret);
        ret->entries = (struct frame_entry *)p->entries.p;
        ret->data = buf_get(&p->data);
        ret->filter = buf_get(&p->filter);
        memcpy(ret->prev, end->chain, CHAIN_BYTES);
        chain_merkle(root, ret->entries, ret->h.n_frames, ret->data);
        chain_next(ret->chain, end->chain, &ret->h, root);
        return 0;
}
