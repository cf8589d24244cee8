/* See proof.h: checking. The file comes from anywhere, so every length is checked before it is used, memory is
 * bounded by the longest piece, and the first thing that is wrong ends the look: what follows cannot be
 * trusted to say where it is. */
#include <sodium.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/timestamp.h"
#include "store/proof.h"

#define PIECE_MAX                                                                                  \
        (sizeof(struct block_header) + (size_t)BLOCK_FRAMES_MAX * CHAIN_BYTES +                    \
         sizeof(struct proof_frame) + FRAME_BYTES_MAX)

struct check {
        proof_read *read;
        void *ctx;
        const struct proof_options *o;
        struct proof_result *ret;
        crypto_generichash_state hash;
        char *piece;
        unsigned char chain[CHAIN_BYTES];
        unsigned char store[STORE_ID_BYTES]; /* of the heads */
        bool begun, open;                    /* open: blocks wait for their head */
        struct block_header h;               /* of the block at hand; n_frames 0: none */
        unsigned char *leaves;
        uint32_t next_frame;
        struct frame_opener *opener;
        char *room;
};

static int wrong(struct check *c, enum proof_problem p) {
        c->ret->problem = p;
        return 1;
}

/* 0; 1: the problem is in ret; -errno. */
static int get(struct check *c, void *to, size_t n) {
        ssize_t k = c->read(c->ctx, to, n);

        if (k < 0)
                return k == -EBADMSG ? wrong(c, PROOF_FORMAT) : (int)k;
        return (size_t)k == n ? 0 : wrong(c, PROOF_FORMAT);
}

static int take_about(struct check *c, struct span s) {
        if (c->begun || s.len > PROOF_TEXT_MAX)
                return wrong(c, PROOF_FORMAT);
        memcpy(c->ret->text, s.p, s.len);
        c->ret->text[s.len] = '\0';
        c->begun = true;
        return 0;
}

static int take_start(struct check *c, struct span s) {
        if (s.len != CHAIN_BYTES)
                return wrong(c, PROOF_FORMAT);
        if (c->open)
                return wrong(c, PROOF_BARE);
        memcpy(c->chain, s.p, CHAIN_BYTES);
        c->open = true;
        c->h = (struct block_header){0};
        return 0;
}

/* The block's header, by itself and after the one before. */
static int take_header(struct check *c, struct span s) {
        struct block_header h, before = c->h;

        memcpy(&h, s.p, sizeof(h));
        c->ret->number = h.number;
        if (!c->open)
                return wrong(c, PROOF_BARE);
        if (strncmp(h.magic, BLOCK_MAGIC, sizeof(h.magic)) != 0 || h.number == 0 ||
            h.n_frames == 0 || h.n_frames > BLOCK_FRAMES_MAX || h.end_seq <= h.first_seq ||
            h.end_seq - h.first_seq != h.n_records)
                return wrong(c, PROOF_FORMAT);
        if (before.number && (h.number != before.number + 1 || h.first_seq != before.end_seq))
                return wrong(c, PROOF_LINK);
        c->h = h;
        return 0;
}

static int take_link(struct check *c, struct span s) {
        if (s.len != sizeof(c->h) + CHAIN_BYTES)
                return wrong(c, PROOF_FORMAT);
        int r = take_header(c, s);
        if (r != 0)
                return r;
        chain_next(c->chain, c->chain, &c->h, (const unsigned char *)s.p + sizeof(c->h));
        c->next_frame = c->h.n_frames; /* none comes */
        c->ret->links++;
        return 0;
}

static int take_block(struct check *c, struct span s) {
        unsigned char root[CHAIN_BYTES];

        if (s.len < sizeof(c->h))
                return wrong(c, PROOF_FORMAT);
        int r = take_header(c, s);
        if (r != 0)
                return r;
        size_t n = (size_t)c->h.n_frames * CHAIN_BYTES;
        if (s.len != sizeof(c->h) + n)
                return wrong(c, PROOF_FORMAT);
        memcpy(c->leaves, s.p + sizeof(c->h), n);
        chain_root(root, c->leaves, c->h.n_frames);
        chain_next(c->chain, c->chain, &c->h, root);
        c->next_frame = 0;
        c->ret->blocks++;
        return 0;
}

static int show_records(struct check *c, const struct records *r) {
        int e = 0;

        for (uint32_t i = 0; i < r->h.n_records && e == 0; i++) {
                struct record rec;
                struct span s;
                if (!records_at(r, i, &rec, &s))
                        return wrong(c, PROOF_OPEN);
                c->ret->received_min = MIN(c->ret->received_min, rec.received);
                c->ret->received_max = MAX(c->ret->received_max, rec.received);
                if (c->o->record)
                        e = c->o->record(c->o->ctx, r->h.first_seq + i, rec.received, s);
        }
        return e;
}

static int take_frame(struct check *c, struct span s) {
        unsigned char leaf[CHAIN_BYTES];
        struct proof_frame f;
        struct records r;

        if (s.len < sizeof(f) || !c->open || !c->h.number)
                return wrong(c, PROOF_FORMAT);
        memcpy(&f, s.p, sizeof(f));
        struct span z = span_of(s.p + sizeof(f), s.len - sizeof(f));
        /* What no hash covers must have one value only. */
        if (f.reserved || f.index < c->next_frame || f.index >= c->h.n_frames ||
            f.entry.len != z.len)
                return wrong(c, PROOF_FORMAT);
        c->next_frame = f.index + 1;
        chain_leaf(leaf, &f.entry, z);
        if (memcmp(leaf, c->leaves + (size_t)f.index * CHAIN_BYTES, CHAIN_BYTES) != 0)
                return wrong(c, PROOF_FRAME);
        if (frame_open(c->opener, z, c->room, &r) != 0 || r.h.first_seq != f.entry.first_seq ||
            r.h.n_records != f.entry.n_records || r.h.payload_len != f.entry.payload_len ||
            f.entry.first_seq < c->h.first_seq ||
            f.entry.first_seq + f.entry.n_records > c->h.end_seq)
                return wrong(c, PROOF_OPEN);
        if (c->ret->frames++ == 0)
                c->ret->first_seq = f.entry.first_seq;
        c->ret->records += f.entry.n_records;
        c->ret->end_seq = f.entry.first_seq + f.entry.n_records;
        return show_records(c, &r);
}

static int check_signed(struct check *c, struct span what, struct span both) {
        const unsigned char *key = (const unsigned char *)both.p + 64;

        if (crypto_sign_verify_detached((const unsigned char *)both.p,
                                        (const unsigned char *)what.p, what.len, key) != 0)
                return wrong(c, PROOF_SIGNATURE);
        if (c->o->key && memcmp(c->o->key, key, 32) != 0)
                return wrong(c, PROOF_KEY);
        return 0;
}

static int take_head(struct check *c, struct span s) {
        struct head h;

        if (s.len != sizeof(h) + 96 || !c->open)
                return wrong(c, PROOF_FORMAT);
        memcpy(&h, s.p, sizeof(h));
        int r = check_signed(c, span_of(s.p, sizeof(h)), span_of(s.p + sizeof(h), 96));
        if (r != 0)
                return r;
        if (strncmp(h.name, HEAD_NAME, sizeof(h.name)) != 0 || h.number != c->h.number ||
            h.end_seq != c->h.end_seq || memcmp(h.chain, c->chain, CHAIN_BYTES) != 0)
                return wrong(c, PROOF_HEAD);
        if (c->ret->heads++ == 0)
                memcpy(c->store, h.store, STORE_ID_BYTES);
        if (memcmp(c->store, h.store, STORE_ID_BYTES) != 0)
                return wrong(c, PROOF_HEAD);
        c->open = false;
        return 0;
}

/* `hash`: of all before. */
static int take_end(struct check *c, struct span s, const char *name,
                    const unsigned char hash[CHAIN_BYTES]) {
        struct export_sign *e = &c->ret->sign;
        char more;

        if (s.len != sizeof(*e) + 96)
                return wrong(c, PROOF_FORMAT);
        memcpy(e, s.p, sizeof(*e));
        int r = check_signed(c, span_of(s.p, sizeof(*e)), span_of(s.p + sizeof(*e), 96));
        if (r != 0)
                return r;
        if (strncmp(e->name, name, sizeof(e->name)) != 0)
                return wrong(c, PROOF_SIGNATURE);
        if (memcmp(e->hash, hash, CHAIN_BYTES) != 0)
                return wrong(c, PROOF_CHANGED);
        memcpy(c->ret->key, s.p + sizeof(*e) + 64, 32);
        ssize_t k = c->read(c->ctx, &more, 1);
        return k == 0 ? 0 : k < 0 && k != -EBADMSG ? (int)k : wrong(c, PROOF_FORMAT);
}

/* Below the signature of the whole the parts must agree too: the counts, and one store. */
static int take_proof_end(struct check *c, struct span s, const unsigned char hash[CHAIN_BYTES]) {
        if (c->open)
                return wrong(c, PROOF_BARE);
        int r = take_end(c, s, PROOF_NAME, hash);
        if (r != 0)
                return r;
        const struct export_sign *e = &c->ret->sign;
        if (e->records != c->ret->records || e->frames != c->ret->frames ||
            e->blocks != c->ret->blocks ||
            (c->ret->heads && memcmp(e->store, c->store, STORE_ID_BYTES) != 0))
                return wrong(c, PROOF_CHANGED);
        return 0;
}

static int take_piece(struct check *c, uint32_t kind, struct span s) {
        if (!c->begun && kind != PIECE_ABOUT)
                return wrong(c, PROOF_FORMAT);
        switch (kind) {
        case PIECE_ABOUT: return take_about(c, s);
        case PIECE_START: return take_start(c, s);
        case PIECE_LINK: return take_link(c, s);
        case PIECE_BLOCK: return take_block(c, s);
        case PIECE_FRAME: return take_frame(c, s);
        case PIECE_HEAD: return take_head(c, s);
        default: return wrong(c, PROOF_FORMAT);
        }
}

static int check_pieces(struct check *c) {
        unsigned char before[CHAIN_BYTES];
        struct proof_piece_head h;
        char magic[sizeof(PROOF_MAGIC) - 1];
        int r = get(c, magic, sizeof(magic));

        if (r != 0)
                return r;
        if (memcmp(magic, PROOF_MAGIC, sizeof(magic)) != 0)
                return wrong(c, PROOF_FORMAT);
        crypto_generichash_update(&c->hash, (const unsigned char *)magic, sizeof(magic));
        for (;;) {
                r = get(c, &h, sizeof(h));
                if (r == 0 && h.len > PIECE_MAX)
                        r = wrong(c, PROOF_FORMAT);
                if (r == 0)
                        r = get(c, c->piece, h.len);
                if (r != 0)
                        return r;
                struct span s = span_of(c->piece, h.len);
                if (h.kind == PIECE_END) {
                        crypto_generichash_final(&c->hash, before, sizeof(before));
                        return take_proof_end(c, s, before);
                }
                crypto_generichash_update(&c->hash, (const unsigned char *)&h, sizeof(h));
                crypto_generichash_update(&c->hash, (const unsigned char *)s.p, s.len);
                r = take_piece(c, h.kind, s);
                if (r != 0)
                        return r;
        }
}

static int begin(struct check *c, proof_read *read, void *ctx, const struct proof_options *o,
                 struct proof_result *ret) {
        *ret = (struct proof_result){.received_min = INT64_MAX, .received_max = INT64_MIN};
        *c = (struct check){.read = read, .ctx = ctx, .o = o, .ret = ret};
        c->piece = malloc(PIECE_MAX);
        c->leaves = malloc((size_t)BLOCK_FRAMES_MAX * CHAIN_BYTES);
        c->room = aligned_alloc(64, FRAME_ROOM);
        c->opener = frame_opener_new();
        crypto_generichash_init(&c->hash, NULL, 0, CHAIN_BYTES);
        return c->piece && c->leaves && c->room && c->opener ? 0 : FAIL(-ENOMEM);
}

static void end(struct check *c) {
        free(c->piece);
        free(c->leaves);
        free(c->room);
        frame_opener_free(c->opener);
}

int proof_check(proof_read *read, void *ctx, const struct proof_options *o,
                struct proof_result *ret) {
        struct check c;
        int r = begin(&c, read, ctx, o, ret);

        if (r == 0)
                r = check_pieces(&c);
        end(&c);
        return r > 0 && ret->problem ? 0 : r;
}

/* ---- the working form ---- */

#define LINE_END "{\"coloa.end\":\""

/* {"coloa.end":"HEX"} and nothing else: the signed struct, signature and key. */
static int take_last_line(struct check *c, struct span line,
                          const unsigned char hash[CHAIN_BYTES]) {
        unsigned char bytes[sizeof(struct export_sign) + 96];
        const size_t head = sizeof(LINE_END) - 1;
        const char *stop = NULL;
        size_t n = 0;

        if (line.len != head + 2 * sizeof(bytes) + 2 ||
            memcmp(line.p + line.len - 2, "\"}", 2) != 0)
                return wrong(c, PROOF_FORMAT);
        for (size_t i = 0; i < 2 * sizeof(bytes); i++) /* one spelling only */
                if (!strchr("0123456789abcdef", line.p[head + i]) || !line.p[head + i])
                        return wrong(c, PROOF_FORMAT);
        if (sodium_hex2bin(bytes, sizeof(bytes), line.p + head, 2 * sizeof(bytes), NULL, &n,
                           &stop) != 0 ||
            n != sizeof(bytes))
                return wrong(c, PROOF_FORMAT);
        int r = take_end(c, span_of((const char *)bytes, sizeof(bytes)), WORKING_NAME, hash);
        if (r == 0 && c->ret->sign.records + 1 != c->ret->records)
                r = wrong(c, PROOF_CHANGED);
        c->ret->records = c->ret->sign.records;
        return r;
}

static int check_lines(struct check *c) {
        unsigned char hash[CHAIN_BYTES];
        struct buf line = {.limit = PIECE_MAX * 8};
        int r = 0;

        while (r == 0) {
                char byte;
                r = get(c, &byte, 1);
                if (r != 0)
                        break;
                if (byte != '\n') {
                        buf_char(&line, byte);
                        if (line.failed)
                                r = wrong(c, PROOF_FORMAT);
                        continue;
                }
                struct span s = buf_get(&line);
                if (s.len > sizeof(LINE_END) && memcmp(s.p, LINE_END, sizeof(LINE_END) - 1) == 0) {
                        crypto_generichash_final(&c->hash, hash, sizeof(hash));
                        r = take_last_line(c, s, hash);
                        break;
                }
                if (s.len == 0 || s.p[0] != '{' || s.p[s.len - 1] != '}' ||
                    (!c->begun && s.len > PROOF_TEXT_MAX)) {
                        r = wrong(c, PROOF_FORMAT);
                        break;
                }
                if (!c->begun)
                        r = take_about(c, s);
                buf_char(&line, '\n');
                crypto_generichash_update(&c->hash, (const unsigned char *)line.p, line.len);
                c->ret->records++; /* the first line too */
                buf_reset(&line);
        }
        buf_deinit(&line);
        return r;
}

int working_check(proof_read *read, void *ctx, const struct proof_options *o,
                  struct proof_result *ret) {
        struct check c;
        int r = begin(&c, read, ctx, o, ret);

        if (r == 0)
                r = check_lines(&c);
        end(&c);
        return r > 0 && ret->problem ? 0 : r;
}
