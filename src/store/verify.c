/* See verify.h.
 *
 * The walk knows what must come next (the last block's number, end, chain and tail value) and compares.
 * After a break it goes on from what the store itself says, so that each break is told once and where it
 * is. A node may go on writing meanwhile: so the tail and where the blocks end are read first, in one moment. What
 * left the tail since is in blocks that are read later; what retention takes is in its table before it is gone. Nothing that is read is trusted: SQLite's own checks, then shapes, then hashes, then signatures. */
#include "store/verify.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/day.h"
#include "store/row.h"

#define TAIL_MEMORY_MAX ((size_t)256 << 20)

struct walk {
        const struct verify_options *o;
        struct verify_result *ret;
        const char *dir; /* NULL: a single file */
        char file[64];
        unsigned char id[STORE_ID_BYTES];
        struct chain_end at;    /* what was seen last */
        bool begun;             /* `at` is known */
        int64_t last_day;       /* of the last file */
        struct chain_end known; /* what meta.db said at the beginning, and its tail */
        struct row_list tail;
        int tail_error;
        struct frame_opener *opener;
        _Alignas(8) char room[FRAME_ROOM];
};

static void broken(struct walk *w, enum verify_kind kind, const struct block_header *h,
                   uint32_t frame) {
        struct verify_break b = {.kind = kind, .frame = frame};

        memcpy(b.file, w->file, sizeof(b.file));
        if (h) {
                b.number = h->number;
                b.first_seq = h->first_seq;
                b.end_seq = h->end_seq;
        }
        w->ret->breaks++;
        w->o->say(w->o->ctx, &b);
}

static void open_frames(struct walk *w, const struct block_header *h, const struct frame_entry *e,
                        struct span data) {
        size_t at = 0;

        for (uint32_t i = 0; i < h->n_frames; i++) {
                struct records r;
                if (frame_open(w->opener, span_of(data.p + at, e[i].len), w->room, &r) != 0 ||
                    r.h.first_seq != e[i].first_seq || r.h.n_records != e[i].n_records ||
                    r.h.payload_len != e[i].payload_len)
                        broken(w, VERIFY_OPEN, h, i);
                at += e[i].len;
        }
}

static void count_block(struct walk *w, const struct block_header *h) {
        struct verify_result *r = w->ret;

        if (r->blocks++ == 0) {
                r->first_seq = h->first_seq;
                r->first_number = h->number;
        }
        r->frames += h->n_frames;
        r->records += h->n_records;
        r->payload += h->payload_len;
        r->data += h->data_len;
}

static void check_block(struct walk *w, sqlite3_stmt *s) {
        unsigned char chain[CHAIN_BYTES], value[CHAIN_BYTES], root[CHAIN_BYTES];
        struct block_header h = {.number = db_u64(s, 0)};
        struct span entries, data;

        if (day_read_block(s, &h, chain, &entries, &data) != 0) {
                broken(w, VERIFY_ROW, &h, 0);
                w->at.number = h.number;
                w->begun = false; /* its end is not known: go on behind the next */
                return;
        }
        const struct frame_entry *e = (const struct frame_entry *)entries.p;
        if (w->begun && (h.number != w->at.number + 1 || h.first_seq != w->at.end_seq))
                broken(w, VERIFY_MISSING, &h, 0);
        if (w->begun && h.number == w->at.number + 1) {
                chain_merkle(root, e, h.n_frames, data);
                chain_next(value, w->at.chain, &h, root);
                if (memcmp(value, chain, CHAIN_BYTES) != 0)
                        broken(w, VERIFY_FRAMES, &h, 0);
        }
        chain_hash(value, db_blob(s, 5));
        if (memcmp(value, h.filter, CHAIN_BYTES) != 0)
                broken(w, VERIFY_FILTER, &h, 0);
        if (w->o->deep)
                open_frames(w, &h, e, data);
        count_block(w, &h);
        w->at.number = h.number;
        w->at.end_seq = h.end_seq;
        memcpy(w->at.chain, chain, CHAIN_BYTES);
        memcpy(w->at.tail, h.tail, CHAIN_BYTES);
        w->begun = true;
}

static int check_blocks(struct walk *w, sqlite3 *db) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s,
                           "SELECT blocks.number,header,chain,entries,data,filter FROM blocks"
                           " LEFT JOIN filters ON filters.number=blocks.number"
                           " ORDER BY blocks.number");

        if (r < 0)
                return r;
        while ((r = db_step(db, s)) > 0)
                check_block(w, s);
        return r;
}

/* The head as signed; the chain value must be that of its block, which `chain` gives (empty: no such
 * block here). */
static void check_head(struct walk *w, struct span head, struct span signature, struct span key,
                       struct span chain) {
        struct block_header of = {0};
        struct head h;

        if (head.len != sizeof(h) || signature.len != 64 || key.len != 32) {
                broken(w, VERIFY_SIGNATURE, NULL, 0);
                return;
        }
        memcpy(&h, head.p, sizeof(h));
        of.number = h.number;
        of.end_seq = h.end_seq;
        if (crypto_sign_verify_detached((const unsigned char *)signature.p,
                                        (const unsigned char *)head.p, head.len,
                                        (const unsigned char *)key.p) != 0 ||
            strncmp(h.name, HEAD_NAME, sizeof(h.name)) != 0) {
                broken(w, VERIFY_SIGNATURE, &of, 0);
        } else if (w->o->key && memcmp(w->o->key, key.p, 32) != 0) {
                broken(w, VERIFY_KEY, &of, 0);
        } else if (memcmp(h.store, w->id, sizeof(h.store)) != 0 || chain.len != CHAIN_BYTES ||
                   memcmp(chain.p, h.chain, CHAIN_BYTES) != 0) {
                broken(w, VERIFY_HEAD, &of, 0);
        } else {
                w->ret->heads++;
                if (h.number >= w->ret->covered) {
                        w->ret->covered = h.number;
                        w->ret->head_time = h.time;
                        memcpy(w->ret->key, key.p, 32);
                }
        }
}

/* A head may be of the last block of the day before, which the file's beginning names. */
static int check_heads(struct walk *w, sqlite3 *db, const struct chain_end *before) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(
                db, &s,
                "SELECT head,signature,key,chain,heads.number FROM heads LEFT JOIN blocks"
                " ON blocks.number=heads.number ORDER BY heads.number");

        if (r < 0)
                return r;
        while ((r = db_step(db, s)) > 0) {
                struct span chain = db_blob(s, 3);
                if (!chain.len && db_u64(s, 4) == before->number)
                        chain = span_of((const char *)before->chain, CHAIN_BYTES);
                check_head(w, db_blob(s, 0), db_blob(s, 1), db_blob(s, 2), chain);
        }
        return r;
}

static bool same_place(const struct chain_end *a, const struct chain_end *b) {
        return a->number == b->number && a->end_seq == b->end_seq &&
               memcmp(a->chain, b->chain, CHAIN_BYTES) == 0 &&
               memcmp(a->tail, b->tail, CHAIN_BYTES) == 0;
}

static void check_day(struct walk *w, const char *dir, int64_t piece) {
        static const unsigned char none[STORE_ID_BYTES];
        struct chain_end before;
        sqlite3 *db = NULL;
        unsigned char id[STORE_ID_BYTES] = {0};

        day_name(w->file, piece);
        int r = day_open_read(&db, dir, piece, id);
        if (r == -ENOENT) /* begun, and nothing in it */
                return;
        if (r == 0 && memcmp(w->id, none, sizeof(none)) == 0)
                memcpy(w->id, id, sizeof(id));
        if (r == 0 && memcmp(w->id, id, sizeof(id)) != 0) {
                broken(w, VERIFY_STORE, NULL, 0);
                db_close(&db);
                return;
        }
        if (r == 0)
                r = day_before(db, &before);
        struct chain_end end = {0};
        if (r == 0)
                r = day_end(db, piece, &end);
        if (r == 0 && end.number == 0) { /* begun for a block that was not written there */
                db_close(&db);
                return;
        }
        /* A day whose removal was written down and not finished: it is counted as gone. */
        if (r == 0 && w->begun && w->ret->gone && before.number < w->at.number) {
                db_close(&db);
                return;
        }
        if (r == 0) {
                if (w->begun && !same_place(&w->at, &before)) {
                        struct block_header h = {.number = before.number + 1,
                                                 .first_seq = before.end_seq};
                        broken(w, VERIFY_MISSING, &h, 0);
                }
                w->at = before;
                w->begun = true;
                w->ret->files++;
                w->ret->days += piece_day(piece) != w->last_day;
                w->last_day = piece_day(piece);
                r = check_blocks(w, db);
        }
        if (r == 0)
                r = check_heads(w, db, &before);
        if (r < 0) {
                struct block_header h = {.number = w->at.number + 1, .first_seq = w->at.end_seq};
                base_fail_clear();
                broken(w, VERIFY_FILE, &h, 0);
                w->begun = false;
        }
        db_close(&db);
}

/* ---- meta.db: days that are gone, the tail ---- */

/* One day that went: its place is between those that stand. */
static void check_gone_day(struct walk *w, sqlite3_stmt *s) {
        struct block_header h = {.number = db_u64(s, 1), .end_seq = db_u64(s, 3)};
        struct span prev = db_blob(s, 4), chain = db_blob(s, 5), tail = db_blob(s, 6);

        /* It was read here, and went since. */
        if (w->begun && db_u64(s, 2) <= w->at.number + 1)
                return;
        if (prev.len != CHAIN_BYTES || chain.len != CHAIN_BYTES || tail.len != CHAIN_BYTES ||
            (w->begun &&
             (h.number != w->at.number + 1 || memcmp(prev.p, w->at.chain, CHAIN_BYTES) != 0))) {
                broken(w, VERIFY_MISSING, &h, 0);
                return;
        }
        w->at.number = db_u64(s, 2) - 1;
        w->at.end_seq = h.end_seq;
        memcpy(w->at.chain, chain.p, CHAIN_BYTES);
        memcpy(w->at.tail, tail.p, CHAIN_BYTES);
        w->begun = true;
        if (sqlite3_column_type(s, 7) != SQLITE_NULL)
                check_head(w, db_blob(s, 7), db_blob(s, 8), db_blob(s, 9), chain);
        w->ret->gone++;
}

/* Those behind block *after up to `piece`; *after moves. Blocks' numbers ascend as pieces do. */
static int check_gone(struct walk *w, sqlite3 *db, int64_t *after, int64_t piece) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s,
                           "SELECT day,first_number,end_number,end_seq,prev,chain,tail,head,"
                           "signature,key FROM gone WHERE first_number>?1 ORDER BY first_number");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, *after);
        while ((r = db_step(db, s)) > 0) {
                int64_t gone = piece_from_disk(sqlite3_column_int64(s, 0));
                if (gone > piece)
                        break;
                *after = sqlite3_column_int64(s, 1);
                if (w->o->day == INT64_MIN || piece_day(gone) == w->o->day)
                        check_gone_day(w, s);
        }
        return r < 0 ? r : 0;
}

static int keep_row(void *ctx, struct row *row) {
        struct walk *w = ctx;

        if (w->tail.bytes > TAIL_MEMORY_MAX) { /* no node makes so much of it */
                row_free(row);
                return FAIL(-EBADMSG);
        }
        row_list_push(&w->tail, row);
        return 0;
}

static void read_tail(struct walk *w, sqlite3 *db) {
        int r = db_exec(db, "BEGIN");

        if (r == 0)
                r = tail_end(db, &w->known);
        if (r == 0)
                r = tail_rows(db, 0, keep_row, w);
        (void)db_exec(db, "COMMIT");
        w->tail_error = r;
        base_fail_clear();
}

static void check_row(struct walk *w, struct row *row) {
        unsigned char chain[CHAIN_BYTES];

        memcpy(chain, row->chain, CHAIN_BYTES);
        row_link(row, row->prev);
        if (memcmp(chain, row->chain, CHAIN_BYTES) != 0 ||
            (w->begun && (memcmp(row->prev, w->at.tail, CHAIN_BYTES) != 0 ||
                          row->h.first_seq != w->at.end_seq)))
                broken(w, VERIFY_TAIL, &row->h, 0);
        if (w->o->deep)
                open_frames(w, &row->h, row->entries, span_of(row->data, row->h.data_len));
        memcpy(w->at.tail, chain, CHAIN_BYTES);
        w->at.end_seq = row->h.end_seq;
        w->begun = true;
        w->ret->tail_rows++;
        w->ret->tail_records += row->h.n_records;
}

static void check_tail(struct walk *w) {
        snprintf(w->file, sizeof(w->file), "%s", TAIL_NAME);
        if (w->known.number > w->at.number) {
                struct block_header h = {.number = w->known.number, .end_seq = w->known.end_seq};
                broken(w, VERIFY_END, &h, 0);
                w->begun = false;
        }
        while (w->tail.first) {
                struct row *row = row_list_pop(&w->tail);
                if (!w->begun || row->h.end_seq > w->at.end_seq)
                        check_row(w, row);
                row_free(row);
        }
        if (w->tail_error < 0)
                broken(w, VERIFY_FILE, NULL, 0);
}

/* Days that stand and, with `meta`, days that went, in their order. */
static void walk_days(struct walk *w, sqlite3 *meta, const char *dir, const int64_t *days,
                      size_t n) {
        bool all = w->o->day == INT64_MIN;
        int64_t after = INT64_MIN;
        int r = 0;

        for (size_t i = 0; i <= n && r == 0; i++) {
                if (meta)
                        r = check_gone(w, meta, &after, i < n ? days[i] : INT64_MAX);
                if (r == 0 && i < n && (all || piece_day(days[i]) == w->o->day))
                        check_day(w, dir, days[i]);
        }
        if (r < 0) {
                base_fail_clear();
                snprintf(w->file, sizeof(w->file), "%s", TAIL_NAME);
                broken(w, VERIFY_FILE, NULL, 0);
                w->begun = false;
        }
}

static int walk_directory(struct walk *w, const char *dir) {
        int64_t *days = NULL;
        sqlite3 *meta = NULL;
        char path[4096];
        size_t n = 0;

        snprintf(path, sizeof(path), "%s/%s", dir, TAIL_NAME);
        snprintf(w->file, sizeof(w->file), "%s", TAIL_NAME);
        bool all = w->o->day == INT64_MIN;
        int r = db_open(&meta, path, DB_READ, 0, TAIL_KIND);
        if (r == 0)
                r = tail_id(meta, w->id);
        if (r == 0 && all)
                read_tail(w, meta);
        int listed = day_list(dir, &days, &n);
        if (listed < 0) {
                db_close(&meta);
                return listed;
        }
        if (r == 0 && all) {
                w->at = (struct chain_end){.end_seq = 1};
                chain_genesis(w->at.chain, w->id);
                memcpy(w->at.tail, w->at.chain, CHAIN_BYTES);
                w->begun = true;
        }
        if (r < 0) {
                if (n == 0) {
                        free(days);
                        db_close(&meta);
                        return r;
                }
                base_fail_clear();
                broken(w, VERIFY_FILE, NULL, 0);
                w->begun = false;
        }
        walk_days(w, r == 0 ? meta : NULL, dir, days, n);
        if (r == 0 && all)
                check_tail(w);
        db_close(&meta);
        free(days);
        return 0;
}

/* A day's file by itself, whatever is around it. */
static int walk_file(struct walk *w, const char *path) {
        const char *slash = strrchr(path, '/');
        int64_t piece = day_of_name(slash ? slash + 1 : path);
        char dir[4096];

        if (piece == PIECE_NONE)
                return -EINVAL;
        snprintf(dir, sizeof(dir), "%.*s", slash ? (int)MIN(slash - path, 4000) : 1,
                 slash ? path : ".");
        check_day(w, slash == path ? "/" : dir, piece);
        return 0;
}

int verify_store(const char *path, const struct verify_options *o, struct verify_result *ret) {
        struct stat st;

        if (sodium_init() < 0)
                return FAIL(-EIO);
        int r = os_stat(path, &st);
        if (r < 0)
                return r;
        struct walk *w = calloc(1, sizeof(*w));
        if (!w)
                return FAIL(-ENOMEM);
        *ret = (struct verify_result){0};
        *w = (struct walk){.o = o, .ret = ret, .last_day = INT64_MIN, .opener = frame_opener_new()};
        row_list_init(&w->tail);
        r = !w->opener            ? -ENOMEM
            : S_ISDIR(st.st_mode) ? walk_directory(w, path)
                                  : walk_file(w, path);
        ret->end_seq = w->at.end_seq;
        ret->end_number = w->at.number + 1;
        memcpy(ret->chain, w->at.chain, CHAIN_BYTES);
        row_list_clear(&w->tail);
        frame_opener_free(w->opener);
        free(w);
        return r;
}
