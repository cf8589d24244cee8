/* Files that people attach and that reports are: content by its BLAKE2b-256, in pieces of the state's database.
 * The same content is kept once; whoever refers to it holds it (blob_hold), and what nobody holds goes.
 *
 *     struct blob_writer *w;  blob_begin(d, now, &w); blob_append(w, piece); … blob_end(w, &id, hash);
 *     blob_hold(db, id);                       the row that refers to it, in the same transaction
 *     return blob_upload(c, done);             a handler that takes a file: done(c, id) makes that row
 *     return blob_download(c, id, "name.pdf"); a handler that gives one
 *
 * All within the caller's transaction; 0 or -errno, or BLOB_E_*. */
#ifndef DESK_BLOBS_H
#define DESK_BLOBS_H

#include "desk/api.h"

#define BLOB_HASH_BYTES 32u
#define BLOB_MAX ((size_t)64 << 20)
#define BLOBS_TOTAL (UINT64_C(4) << 30) /* of all, unless configured otherwise */

enum {
        BLOB_E_LARGE = 1101, /* beyond BLOB_MAX */
        BLOB_E_FULL,         /* all together beyond the limit */
        BLOB_E_EMPTY,
};

struct blob_writer;

int blob_begin(struct desk *d, int64_t now, struct blob_writer **ret);
/* After BLOB_E_* it is to be freed. */
int blob_append(struct blob_writer *w, struct span piece);
/* Whole: its number and hash. Content that is there already has the number it had. */
int blob_end(struct blob_writer *w, int64_t *ret_id, unsigned char ret_hash[BLOB_HASH_BYTES]);
/* Without blob_end() its pieces go, within the transaction of `db` then. */
struct blob_writer *blob_free(struct blob_writer *w);
static inline void blob_freep(struct blob_writer **w) {
        *w = blob_free(*w);
}
/* All at once. */
int blob_put(struct desk *d, struct span content, int64_t now, int64_t *ret_id,
             unsigned char ret_hash[BLOB_HASH_BYTES]);

/* One more, or one less, refers to it; the last one takes it away. */
int blob_hold(struct sql *db, int64_t id);
int blob_drop(struct sql *db, int64_t id);

/* 1, 0: there is none, -errno. */
int blob_info(struct sql *db, int64_t id, int64_t *ret_size,
              unsigned char ret_hash[BLOB_HASH_BYTES]);
/* Piece n, from 0, appended to `to`: 1, 0: there is none, -errno. */
int blob_read(struct sql *db, int64_t id, int64_t n, struct buf *to);

/* What all take, and may. */
int blobs_room(struct desk *d, int64_t *ret_used, int64_t *ret_limit);
/* 413 and 507 for BLOB_E_*, in both languages: API_E_REFUSED; any other r comes back. */
int blob_refuse(struct api_call *c, int r);

/* The body of an operation with API_UPLOAD: `done` is called with the whole blob, in the transaction of the last
 * piece, and is to hold it; what it does not hold goes again. */
typedef int blob_done(struct api_call *c, int64_t id, const unsigned char hash[BLOB_HASH_BYTES],
                      int64_t size);
int blob_upload(struct api_call *c, blob_done *done);
/* Always saved as a file, never shown by a browser. `name` as somebody wrote it. */
int blob_download(struct api_call *c, int64_t id, struct span name);

/* Before anything else: what was under way when the desk ended is taken away. */
int blobs_catch_up(struct desk *d);

#endif
