/* See blobs.h. A piece is a row of at most PIECE bytes; pieces of an upload are committed as they come, so
 * that no transaction holds 64 MiB.
 *
 *   L1. A blob with a hash is whole, and its pieces, in order, hash to it.
 *   L2. What nobody holds is gone at the end of its upload, and at the latest when the desk begins.
 *   L3. The sizes of all, those under way too, are within the limit before a piece is written. */
#include "desk/blobs.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"

#define PIECE API_PIECE_MAX

struct blob_writer {
        struct desk *desk;
        struct sql *db;
        crypto_generichash_state hash;
        struct buf rest; /* less than a piece */
        int64_t id, size, n;
        bool ended;
};

static uint64_t limit_of(const struct desk *d) {
        return d->o.blob_bytes ? d->o.blob_bytes : BLOBS_TOTAL;
}

int blobs_room(struct desk *d, int64_t *ret_used, int64_t *ret_limit) {
        int64_t used = 0;
        int r = sql_get_int(state_sql(d->state), &used, "SELECT ifnull(sum(size),0) FROM blob", "");

        if (r < 0)
                return r;
        *ret_used = used;
        *ret_limit = (int64_t)limit_of(d);
        return 0;
}

/* ---- writing ---- */

int blob_begin(struct desk *d, int64_t now, struct blob_writer **ret) {
        struct blob_writer *w = calloc(1, sizeof(*w));

        if (!w)
                return FAIL(-ENOMEM);
        w->desk = d;
        w->db = state_sql(d->state);
        crypto_generichash_init(&w->hash, NULL, 0, BLOB_HASH_BYTES);
        int r = sql_do(w->db, "INSERT INTO blob(size,at) VALUES(0,?1)", "i", now);
        if (r < 0) {
                free(w);
                return r;
        }
        w->id = sql_last_id(w->db);
        *ret = w;
        return 0;
}

static int put_piece(struct blob_writer *w, struct span piece) {
        crypto_generichash_update(&w->hash, (const unsigned char *)piece.p, piece.len);
        return sql_do(w->db, "INSERT INTO blob_piece(blob,n,bytes) VALUES(?1,?2,?3)", "iix", w->id,
                      w->n++, piece);
}

int blob_append(struct blob_writer *w, struct span piece) {
        int64_t used, limit;
        int r;

        if (piece.len > BLOB_MAX - (size_t)w->size)
                return BLOB_E_LARGE;
        r = blobs_room(w->desk, &used, &limit);
        if (r < 0)
                return r;
        if ((int64_t)piece.len > limit - used) /* L3 */
                return BLOB_E_FULL;
        w->size += (int64_t)piece.len;
        r = sql_do(w->db, "UPDATE blob SET size=?2 WHERE id=?1", "ii", w->id, w->size);
        while (r == 0 && piece.len) {
                size_t n = MIN(piece.len, PIECE - w->rest.len);

                if (w->rest.len == 0 && n == PIECE) {
                        r = put_piece(w, span_of(piece.p, n));
                } else {
                        buf_add(&w->rest, piece.p, n);
                        r = w->rest.failed ? FAIL(-ENOMEM) : 0;
                }
                if (r == 0 && w->rest.len == PIECE) {
                        r = put_piece(w, buf_get(&w->rest));
                        buf_reset(&w->rest);
                }
                piece = span_of(piece.p + n, piece.len - n);
        }
        return r;
}

static int forget(struct sql *db, int64_t id) {
        int r = sql_do(db, "DELETE FROM blob_piece WHERE blob=?1", "i", id);

        return r == 0 ? sql_do(db, "DELETE FROM blob WHERE id=?1", "i", id) : r;
}

int blob_end(struct blob_writer *w, int64_t *ret_id, unsigned char ret_hash[BLOB_HASH_BYTES]) {
        unsigned char hash[BLOB_HASH_BYTES];
        struct span h = span_of((const char *)hash, sizeof(hash));
        int64_t id = 0;
        int r = 0;

        if (w->size == 0)
                return BLOB_E_EMPTY;
        if (w->rest.len)
                r = put_piece(w, buf_get(&w->rest));
        buf_reset(&w->rest);
        if (r < 0)
                return r;
        crypto_generichash_final(&w->hash, hash, sizeof(hash));
        r = sql_get_int(w->db, &id, "SELECT id FROM blob WHERE hash=?1", "x", h);
        if (r == 1)
                r = forget(w->db, w->id);
        else if (r == 0 && (id = w->id))
                r = sql_do(w->db, "UPDATE blob SET hash=?2 WHERE id=?1", "ix", id, h);
        if (r < 0)
                return r;
        w->ended = true;
        *ret_id = id;
        memcpy(ret_hash, hash, sizeof(hash));
        return 0;
}

struct blob_writer *blob_free(struct blob_writer *w) {
        if (!w)
                return NULL;
        /* What fails here is taken away when the desk begins (L2). */
        if (!w->ended && state_in_transaction(w->desk->state))
                (void)forget(w->db, w->id);
        buf_deinit(&w->rest);
        free(w);
        return NULL;
}

int blob_put(struct desk *d, struct span content, int64_t now, int64_t *ret_id,
             unsigned char ret_hash[BLOB_HASH_BYTES]) {
        _cleanup_(blob_freep) struct blob_writer *w = NULL;
        int r = blob_begin(d, now, &w);

        if (r == 0)
                r = blob_append(w, content);
        return r == 0 ? blob_end(w, ret_id, ret_hash) : r;
}

/* ---- holding ---- */

int blob_hold(struct sql *db, int64_t id) {
        int r = sql_do(db, "UPDATE blob SET holds=holds+1 WHERE id=?1 AND hash IS NOT NULL", "i",
                       id);

        return r == 0 && sql_changes(db) != 1 ? FAIL(-ENOENT) : r;
}

static int forget_unheld(struct sql *db, int64_t id) {
        int64_t n;
        int r = sql_get_int(db, &n, "SELECT 1 FROM blob WHERE id=?1 AND holds=0", "i", id);

        return r == 1 ? forget(db, id) : r;
}

int blob_drop(struct sql *db, int64_t id) {
        int r = sql_do(db, "UPDATE blob SET holds=holds-1 WHERE id=?1", "i", id);

        return r == 0 ? forget_unheld(db, id) : r;
}

int blobs_catch_up(struct desk *d) {
        struct sql *db = state_sql(d->state);
        int64_t n = 0;
        int r = sql_get_int(db, &n, "SELECT count(*) FROM blob WHERE holds=0", "");

        if (r < 0 || n == 0)
                return MIN(r, 0);
        r = state_begin(d->state);
        if (r == 0)
                r = sql_do(db,
                           "DELETE FROM blob_piece WHERE blob IN"
                           " (SELECT id FROM blob WHERE holds=0)",
                           "");
        if (r == 0)
                r = sql_do(db, "DELETE FROM blob WHERE holds=0", "");
        return r == 0 ? state_commit(d->state) : r;
}

/* ---- reading ---- */

int blob_info(struct sql *db, int64_t id, int64_t *ret_size,
              unsigned char ret_hash[BLOB_HASH_BYTES]) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT size, hash FROM blob WHERE id=?1 AND hash IS NOT NULL",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span h = sql_span(q, 1);
        if (h.len != BLOB_HASH_BYTES)
                return FAIL(-EBADMSG);
        *ret_size = sql_int(q, 0);
        memcpy(ret_hash, h.p, BLOB_HASH_BYTES);
        return 1;
}

int blob_read(struct sql *db, int64_t id, int64_t n, struct buf *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT bytes FROM blob_piece WHERE blob=?1 AND n=?2", "ii", id,
                         n);

        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                buf_span(to, sql_span(q, 0));
        return r == 1 && to->failed ? FAIL(-ENOMEM) : r;
}

/* ---- through the API ---- */

int blob_refuse(struct api_call *c, int r) {
        switch (r) {
        case BLOB_E_LARGE:
                return api_refuse(c, 413, "too_large",
                                  "A file may have 64 MiB: divide it, or keep it elsewhere and "
                                  "attach its hash",
                                  "Mỗi tệp tối đa 64 MiB: hãy chia nhỏ, hoặc lưu nơi khác và đính "
                                  "kèm mã băm");
        case BLOB_E_FULL:
                return api_refuse(c, 507, "blobs_full",
                                  "The room for attachments is full: 'attachments' in the "
                                  "configuration is its limit",
                                  "Hết chỗ cho tệp đính kèm: giới hạn là 'attachments' trong cấu "
                                  "hình");
        case BLOB_E_EMPTY:
                return api_refuse(c, 422, "empty", "The file is empty: choose another",
                                  "Tệp trống: hãy chọn tệp khác");
        default: return r;
        }
}

struct upload {
        struct blob_writer *writer;
        blob_done *done;
};

static void left(struct api_call *c) {
        struct upload *u = c->kept;

        if (u->writer)
                (void)desk_begin(c->desk); /* else L2 */
        u->writer = blob_free(u->writer);
}

static int finish(struct api_call *c, struct upload *u) {
        unsigned char hash[BLOB_HASH_BYTES];
        int64_t id = 0, size = u->writer->size;
        int r = blob_end(u->writer, &id, hash);

        if (r == 0)
                r = sql_do(c->db, "SAVEPOINT done", "");
        if (r != 0)
                return r;
        r = u->done(c, id, hash, size);
        if (r < 0)
                return r;
        int k = r == 0 ? 0 : sql_do(c->db, "ROLLBACK TO done", "");
        if (k == 0)
                k = sql_do(c->db, "RELEASE done", "");
        if (k < 0)
                return k;
        int e = id ? forget_unheld(c->db, id) : 0; /* L2 */
        return e < 0 ? e : r;
}

static int take(struct api_call *c, struct span piece, bool last) {
        struct upload *u = c->kept;
        int r = piece.len ? blob_append(u->writer, piece) : 0;

        if (r == 0 && last)
                r = finish(c, u);
        if (r == 0 && !last)
                return 0;
        r = blob_refuse(c, r);
        u->writer = blob_free(u->writer);
        /* That its pieces go is to last, whatever was refused. */
        c->keep = r == API_E_REFUSED;
        return r;
}

int blob_upload(struct api_call *c, blob_done *done) {
        struct upload *u = arena_zalloc(c->arena, sizeof(*u));

        if (!u)
                return FAIL(-ENOMEM);
        int r = blob_begin(c->desk, c->now, &u->writer);
        if (r < 0)
                return r;
        u->done = done;
        c->kept = u;
        return api_upload(c, take, left);
}

struct download {
        int64_t id, n;
};

static int give(struct api_call *c, struct buf *to) {
        struct download *d = c->kept;

        return blob_read(c->db, d->id, d->n++, to);
}

int blob_download(struct api_call *c, int64_t id, struct span name) {
        struct download *d = arena_zalloc(c->arena, sizeof(*d));
        char text[100];

        if (!d)
                return FAIL(-ENOMEM);
        d->id = id;
        c->kept = d;
        snprintf(text, sizeof(text), "%.*s", (int)MIN(name.len, sizeof(text) - 1),
                 name.len ? name.p : "file");
        return api_file(c, "application/octet-stream", text, give);
}
