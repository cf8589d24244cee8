/* See proof.h: writing a proof.
 *
 * Blocks are walked in their order. One that holds chosen records is written with the hashes of all its frames
 * and those frames that hold some; blocks behind it with header and root only, until one that a signed head
 * covers. So what is written is a few stretches of chain, each from a chosen block to the next head. A stretch
 * begins with the chain value before it, which needs no proof: no other value leads to what was signed. */
#include <sodium.h>
#include <stdlib.h>

#include "store/day.h"
#include "store/proof.h"

struct proof {
        proof_write *write;
        void *ctx;
        crypto_generichash_state hash;
        struct export_sign sum;
};

static int put(struct proof *p, const void *bytes, size_t n) {
        crypto_generichash_update(&p->hash, bytes, n);
        return p->write(p->ctx, bytes, n);
}

static int put_piece(struct proof *p, enum proof_piece kind, struct span a, struct span b) {
        struct proof_piece_head h = {kind, (uint32_t)(a.len + b.len)};
        int r = put(p, &h, sizeof(h));

        if (r == 0)
                r = put(p, a.p, a.len);
        if (r == 0 && b.len)
                r = put(p, b.p, b.len);
        return r;
}

static struct span bytes_of(const void *p, size_t n) {
        return span_of(p, n);
}

int proof_new(struct proof **ret, proof_write *write, void *ctx, struct span text) {
        struct proof *p = calloc(1, sizeof(*p));

        if (!p)
                return FAIL(-ENOMEM);
        *p = (struct proof){.write = write, .ctx = ctx, .sum = {.name = PROOF_NAME}};
        crypto_generichash_init(&p->hash, NULL, 0, CHAIN_BYTES);
        int r = put(p, PROOF_MAGIC, sizeof(PROOF_MAGIC) - 1);
        if (r == 0)
                r = put_piece(p, PIECE_ABOUT, span_of(text.p, MIN(text.len, PROOF_TEXT_MAX)),
                              SPAN_NONE);
        if (r < 0)
                proof_free(p);
        else
                *ret = p;
        return r;
}

struct proof *proof_free(struct proof *p) {
        free(p);
        return NULL;
}

void proof_sum(struct proof *p, int64_t now, struct export_sign *ret) {
        crypto_generichash_state h = p->hash;

        crypto_generichash_final(&h, p->sum.hash, CHAIN_BYTES);
        p->sum.time = now;
        *ret = p->sum;
}

int proof_end(struct proof *p, const struct export_sign *s, const unsigned char signature[64],
              const unsigned char key[32]) {
        unsigned char both[96];

        memcpy(both, signature, 64);
        memcpy(both + 64, key, 32);
        return put_piece(p, PIECE_END, bytes_of(s, sizeof(*s)), bytes_of(both, sizeof(both)));
}

/* ---- from the store ---- */

struct signed_at {
        uint64_t number;
        int64_t piece; /* whose file has the head */
};

struct walk {
        struct proof *p;
        const char *dir;
        const struct seqset *set;
        unsigned char id[STORE_ID_BYTES];
        int64_t *days;
        size_t n_days;
        struct signed_at *heads;
        size_t n_heads, cap, head;        /* head: the first not behind the walk */
        unsigned char chain[CHAIN_BYTES]; /* of the block before */
        uint64_t number, end_seq;         /* of that */
        bool open;                        /* a stretch waits for its head */
        uint64_t given;                   /* records of the set */
};

static int add_heads(struct walk *w, sqlite3 *db, int64_t piece) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT number FROM heads ORDER BY number");

        if (r < 0)
                return r;
        while ((r = db_step(db, s)) > 0) {
                if (w->n_heads == w->cap) {
                        w->cap = w->cap ? w->cap * 2 : 256;
                        void *p = realloc(w->heads, w->cap * sizeof(*w->heads));
                        if (!p)
                                return -ENOMEM;
                        w->heads = p;
                }
                w->heads[w->n_heads++] = (struct signed_at){db_u64(s, 0), piece};
        }
        return r;
}

static int find_heads(struct walk *w) {
        for (size_t i = 0; i < w->n_days; i++) {
                sqlite3 *db = NULL;
                int r = day_open_read(&db, w->dir, w->days[i], w->id);
                if (r == -ENOENT)
                        continue;
                if (r == 0)
                        r = add_heads(w, db, w->days[i]);
                db_close(&db);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_head(struct walk *w, const struct signed_at *at) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        unsigned char both[96];
        sqlite3 *db = NULL;

        int r = day_open_read(&db, w->dir, at->piece, w->id);
        if (r == 0)
                r = db_prepare(db, &s, "SELECT head,signature,key FROM heads WHERE number=?1");
        if (r == 0) {
                sqlite3_bind_int64(s, 1, (sqlite3_int64)at->number);
                r = db_step(db, s);
        }
        if (r > 0) {
                struct span head = db_blob(s, 0), signature = db_blob(s, 1), key = db_blob(s, 2);
                r = -EBADMSG;
                if (head.len == sizeof(struct head) && signature.len == 64 && key.len == 32) {
                        memcpy(both, signature.p, 64);
                        memcpy(both + 64, key.p, 32);
                        r = put_piece(w->p, PIECE_HEAD, head, bytes_of(both, sizeof(both)));
                }
        } else if (r == 0) {
                r = -EBADMSG;
        }
        sqlite3_finalize(s);
        s = NULL;
        db_close(&db);
        return r;
}

static int put_frames(struct walk *w, const struct block_header *h, const struct frame_entry *e,
                      struct span data) {
        size_t at = 0;
        int r = 0;

        for (uint32_t i = 0; i < h->n_frames && r == 0; i++) {
                struct proof_frame f = {.index = i, .entry = e[i]};
                uint64_t end = e[i].first_seq + e[i].n_records;
                if (seqset_meets(w->set, e[i].first_seq, end)) {
                        r = put_piece(w->p, PIECE_FRAME, bytes_of(&f, sizeof(f)),
                                      span_of(data.p + at, e[i].len));
                        w->p->sum.frames++;
                        w->p->sum.records += e[i].n_records;
                        w->given += seqset_count(w->set, e[i].first_seq, end);
                }
                at += e[i].len;
        }
        return r;
}

static int put_block(struct walk *w, const struct block_header *h, const struct frame_entry *e,
                     struct span data) {
        unsigned char *leaves = malloc((size_t)h->n_frames * CHAIN_BYTES + 1);
        size_t at = 0;
        int r = leaves ? 0 : -ENOMEM;

        for (uint32_t i = 0; i < h->n_frames && r == 0; i++) {
                chain_leaf(leaves + (size_t)i * CHAIN_BYTES, &e[i], span_of(data.p + at, e[i].len));
                at += e[i].len;
        }
        if (r == 0 && !w->open)
                r = put_piece(w->p, PIECE_START, bytes_of(w->chain, CHAIN_BYTES), SPAN_NONE);
        if (r == 0)
                r = put_piece(w->p, PIECE_BLOCK, bytes_of(h, sizeof(*h)),
                              bytes_of(leaves, (size_t)h->n_frames * CHAIN_BYTES));
        if (r == 0)
                r = put_frames(w, h, e, data);
        w->p->sum.blocks++;
        free(leaves);
        return r;
}

static int put_link(struct walk *w, const struct block_header *h, const struct frame_entry *e,
                    struct span data) {
        unsigned char root[CHAIN_BYTES];

        chain_merkle(root, e, h->n_frames, data);
        return put_piece(w->p, PIECE_LINK, bytes_of(h, sizeof(*h)), bytes_of(root, sizeof(root)));
}

static int take_block(struct walk *w, sqlite3_stmt *s) {
        unsigned char chain[CHAIN_BYTES];
        struct block_header h;
        struct span entries, data;
        int r = 0;

        if (day_read_block(s, &h, chain, &entries, &data) != 0 || h.number != w->number + 1)
                return FAIL(-EBADMSG);
        const struct frame_entry *e = (const struct frame_entry *)entries.p;
        while (w->head < w->n_heads && w->heads[w->head].number < h.number)
                w->head++;
        bool chosen = w->head < w->n_heads && seqset_meets(w->set, h.first_seq, h.end_seq);
        if (chosen)
                r = put_block(w, &h, e, data);
        else if (w->open)
                r = put_link(w, &h, e, data);
        w->open |= chosen;
        if (r == 0 && w->open && w->heads[w->head].number == h.number) {
                r = put_head(w, &w->heads[w->head]);
                w->open = false;
        }
        memcpy(w->chain, chain, CHAIN_BYTES);
        w->number = h.number;
        w->end_seq = h.end_seq;
        return r;
}

/* The next block of the day that holds chosen records, and the chain value before it. 1: *ret; 0: none. */
static int find_chosen(struct walk *w, sqlite3 *db, uint64_t *ret) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        size_t i = seqset_find(w->set, w->end_seq);

        if (i == w->set->n)
                return 0;
        uint64_t wanted = MAX(w->set->list[i].from, w->end_seq);
        int r = db_prepare(db, &s,
                           "SELECT a.number,b.chain FROM blocks a LEFT JOIN blocks b ON"
                           " b.number=a.number-1 WHERE a.end_seq>?1 ORDER BY a.end_seq LIMIT 1");
        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)MIN(wanted, (uint64_t)INT64_MAX));
        r = db_step(db, s);
        if (r <= 0)
                return r;
        uint64_t number = db_u64(s, 0);
        struct span chain = db_blob(s, 1);
        if (number != w->number + 1) {
                if (chain.len != CHAIN_BYTES)
                        return FAIL(-EBADMSG);
                memcpy(w->chain, chain.p, CHAIN_BYTES);
                w->number = number - 1;
        }
        *ret = number;
        return 1;
}

static int walk_blocks(struct walk *w, sqlite3 *db) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT " DAY_BLOCK_COLUMNS " FROM blocks WHERE number=?1");

        while (r == 0) {
                uint64_t number = w->number + 1;
                r = w->open ? 1 : find_chosen(w, db, &number);
                if (r <= 0)
                        return r;
                sqlite3_bind_int64(s, 1, (sqlite3_int64)number);
                r = db_step(db, s);
                if (r <= 0)
                        return r;
                r = take_block(w, s);
                sqlite3_reset(s);
        }
        return r;
}

/* A gap between files (retention passed over what is held) begins anew. */
static int walk_day(struct walk *w, int64_t piece) {
        struct chain_end before;
        sqlite3 *db = NULL;
        int r = day_open_read(&db, w->dir, piece, w->id);

        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = day_before(db, &before);
        if (r == 0 && before.number != w->number) {
                r = w->open ? FAIL(-EBADMSG) : 0;
                w->number = before.number;
                w->end_seq = before.end_seq;
                memcpy(w->chain, before.chain, CHAIN_BYTES);
        }
        if (r == 0)
                r = walk_blocks(w, db);
        db_close(&db);
        return r;
}

int proof_from_store(struct proof *p, const char *dir, const struct seqset *set,
                     uint64_t *ret_left) {
        struct walk w = {.p = p, .dir = dir, .set = set, .number = UINT64_MAX};
        uint64_t all = 0;
        int r = day_list(dir, &w.days, &w.n_days);

        if (r == 0)
                r = find_heads(&w);
        for (size_t i = 0; i < w.n_days && r == 0; i++)
                r = walk_day(&w, w.days[i]);
        if (r == 0 && w.open)
                r = FAIL(-EBADMSG); /* its head was there a moment ago */
        for (size_t i = 0; i < set->n; i++)
                all += set->list[i].to - set->list[i].from;
        *ret_left = all - w.given;
        memcpy(p->sum.store, w.id, STORE_ID_BYTES);
        free(w.days);
        free(w.heads);
        return r;
}
