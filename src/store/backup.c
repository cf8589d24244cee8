/* See backup.h.
 *
 * What makes the copy one moment of the store:
 *
 *     1. meta.db is copied in one read transaction. It says where the blocks ended that had left the tail.
 *     2. Blocks up to that one are copied, those that are not there yet; none beyond. Those are in the tail
 *        that was copied, so nothing is missing and nothing is twice, and positions fit the records.
 *     3. The copy of meta.db takes its name. Until then the old one stands, which with the blocks up to its
 *        own end is the copy of before: whoever reads (a restore) takes only those.
 *
 * A node that is busy may take away, by retention, what was not copied yet, after its meta.db was: then blocks are
 * missing between those that were copied and those that are gone, and it begins again with a newer meta.db. What
 * is there already is not copied again, so it catches up.
 *
 * So an interrupted backup is the one before it, and the next goes on where it ended. Blocks that are there must be
 * the source's own (their chain values say so): a copy never mixes two stories. Days that retention took at
 * the source go here too, after their place in the chain has come with meta.db. */
#include "store/backup.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/day.h"

#define BATCH_BYTES ((uint64_t)8 << 20) /* a transaction */
#define META_TMP "meta.db.new"
#define AGAIN 8u

struct copy {
        const char *from, *to, *what;
        unsigned char id[STORE_ID_BYTES];
        struct chain_end end;
        struct backup_stats *st;
};

static int path_in(char *to, size_t room, const char *dir, const char *name) {
        int n = snprintf(to, room, "%s/%s", dir, name);

        return n < 0 || (size_t)n >= room ? FAIL(-ENAMETOOLONG) : 0;
}

static int remove_beside(const char *path) {
        static const char *const suffixes[] = {"-journal", "-wal", "-shm"};

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
                char other[4200];
                snprintf(other, sizeof(other), "%s%s", path, suffixes[i]);
                int r = os_unlink(other);
                if (r < 0 && r != -ENOENT)
                        return FAIL(r);
        }
        return 0;
}

static int run_backup(sqlite3 *to, sqlite3 *from) {
        sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
        int rc = b ? sqlite3_backup_step(b, -1) : sqlite3_errcode(to);

        if (b) {
                int end = sqlite3_backup_finish(b);
                rc = rc == SQLITE_DONE ? end : rc;
        }
        return rc == SQLITE_OK ? 0 : db_fail(to, rc);
}

int backup_database(const char *from, const char *tmp) {
        sqlite3 *a = NULL, *b = NULL;

        int r = os_unlink(tmp);
        if (r == 0 || r == -ENOENT)
                r = remove_beside(tmp);
        if (r == 0)
                r = db_open_any(&a, from, DB_READ);
        if (r == 0)
                r = db_open_any(&b, tmp, DB_CREATE);
        if (r == 0)
                r = run_backup(b, a);
        db_close(&b);
        db_close(&a);
        return r; /* SQLite synced it with its commit */
}

int backup_publish(const char *tmp, const char *to) {
        char dir[4096];
        const char *slash = strrchr(to, '/');

        snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - to) : 1, slash ? to : ".");
        /* A journal of the old file must not be taken for the new one's. */
        int r = remove_beside(to);
        if (r == 0)
                r = remove_beside(tmp);
        if (r == 0)
                r = os_rename(tmp, to);
        return r == 0 ? os_sync_dir(dir) : r;
}

/* ---- a day ---- */

static int last_of(sqlite3 *db, const char *sql, uint64_t number, struct span *ret_chain,
                   sqlite3_stmt **s) {
        int r = db_prepare(db, s, sql);

        if (r < 0)
                return r;
        sqlite3_bind_int64(*s, 1, (sqlite3_int64)number);
        r = db_step(db, *s);
        *ret_chain = r > 0 ? db_blob(*s, 0) : SPAN_NONE;
        return r < 0 ? r : 0;
}

/* Blocks that are here already must be those that the source has. */
static int same_story(struct copy *c, sqlite3 *source, const struct chain_end *have) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        struct span chain;

        if (!have->number)
                return 0;
        int r = last_of(source, "SELECT chain FROM blocks WHERE number=?1", have->number, &chain,
                        &s);
        if (r == 0 && !span_eq(chain, span_of((const char *)have->chain, CHAIN_BYTES))) {
                c->what = "the copy holds blocks that the store does not have";
                r = -EXDEV;
        }
        return r;
}

static int put_columns(struct day *d, sqlite3_stmt *s) {
        for (int i = 0; i < 9; i++)
                sqlite3_bind_value(d->block, i + 1, sqlite3_column_value(s, i));
        int r = db_step(d->db, d->block);
        if (r < 0)
                return r;
        sqlite3_bind_value(d->filter, 1, sqlite3_column_value(s, 0));
        sqlite3_bind_value(d->filter, 2, sqlite3_column_value(s, 9));
        return db_step(d->db, d->filter);
}

/* One transaction's worth of blocks with numbers in [*at, c->end.number]. 1: there may be more. */
static int copy_some(struct copy *c, struct day *d, sqlite3 *source, sqlite3_stmt *s,
                     uint64_t *at) {
        uint64_t bytes = 0;
        int r = db_step(d->db, d->begin);

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)*at);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)c->end.number);
        while (bytes < BATCH_BYTES && (r = db_step(source, s)) > 0) {
                r = put_columns(d, s);
                if (r < 0)
                        break;
                *at = db_u64(s, 0) + 1;
                bytes += (uint64_t)sqlite3_column_bytes(s, 8);
                c->st->blocks++;
        }
        bool more = bytes >= BATCH_BYTES;
        sqlite3_reset(s);
        if (r >= 0)
                r = db_step(d->db, d->commit);
        if (r < 0 && !sqlite3_get_autocommit(d->db))
                (void)sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
        c->st->bytes += bytes;
        return r < 0 ? r : more;
}

static int copy_blocks(struct copy *c, struct day *d, sqlite3 *source, uint64_t from) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(
                source, &s,
                "SELECT blocks.number,first_seq,end_seq,received_min,received_max,header,"
                "chain,entries,data,filter FROM blocks JOIN filters ON"
                " filters.number=blocks.number WHERE blocks.number>=?1 AND"
                " blocks.number<=?2 ORDER BY blocks.number");

        while (r >= 0 && (r = copy_some(c, d, source, s, &from)) > 0)
                ;
        return r;
}

static int copy_heads(struct copy *c, struct day *d, sqlite3 *source) {
        _cleanup_(db_finalizep) sqlite3_stmt *last = NULL, *s = NULL;
        int r = db_prepare(d->db, &last, "SELECT max(number) FROM heads");

        if (r == 0)
                r = db_step(d->db, last);
        uint64_t from = r > 0 ? db_u64(last, 0) : 0;
        sqlite3_finalize(last);
        last = NULL;
        if (r >= 0)
                r = db_prepare(source, &s,
                               "SELECT number,head,signature,key FROM heads WHERE number>=?1 AND"
                               " number<=?2 ORDER BY number");
        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)c->end.number);
        r = db_step(d->db, d->begin);
        while (r >= 0 && (r = db_step(source, s)) > 0) {
                for (int i = 0; i < 4; i++)
                        sqlite3_bind_value(d->head, i + 1, sqlite3_column_value(s, i));
                r = db_step(d->db, d->head);
        }
        if (r >= 0)
                r = db_step(d->db, d->commit);
        if (r < 0 && !sqlite3_get_autocommit(d->db))
                (void)sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
        return r < 0 ? r : 0;
}

static int copy_day(struct copy *c, int64_t day) {
        struct chain_end before, have;
        sqlite3 *source = NULL;
        struct day d = {0};

        int r = day_open_read(&source, c->from, day, c->id);
        if (r == -ENOENT)
                return 0; /* made, and nothing more */
        if (r == 0)
                r = day_before(source, &before);
        if (r == 0 && before.number < c->end.number) {
                r = day_open(&d, c->to, day, c->id, &before);
                if (r == 0)
                        r = day_end(d.db, day, &have);
                if (r == 0)
                        r = same_story(c, source, &have);
                if (r == 0)
                        r = copy_blocks(c, &d, source, MAX(have.number, before.number) + 1);
                if (r == 0)
                        r = copy_heads(c, &d, source);
                c->st->days++;
        }
        day_close(&d);
        db_close(&source);
        return r;
}

/* ---- all ---- */

static int copy_days(struct copy *c) {
        int64_t *days = NULL;
        size_t n = 0;
        int r = day_list(c->from, &days, &n);

        /* Later days have none of these blocks; one may be half made, by a run that was interrupted. */
        for (size_t i = 0; i < n && r == 0; i++)
                if (c->end.number && days[i] <= c->end.piece)
                        r = copy_day(c, days[i]);
        free(days);
        return r;
}

/* Every block that meta.db counts on is here: the last one, and its chain value. */
static int check_end(struct copy *c) {
        int64_t *days = NULL;
        size_t n = 0;
        bool there = c->end.number == 0;
        int r = day_list(c->to, &days, &n);

        for (size_t i = n; i-- > 0 && r == 0 && !there;) {
                _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
                sqlite3 *db = NULL;
                struct span chain;
                if (days[i] != c->end.piece)
                        continue;
                r = day_open_read(&db, c->to, days[i], c->id);
                if (r == 0)
                        r = last_of(db, "SELECT chain FROM blocks WHERE number=?1", c->end.number,
                                    &chain, &s);
                there = r == 0 && span_eq(chain, span_of((const char *)c->end.chain, CHAIN_BYTES));
                sqlite3_finalize(s);
                s = NULL;
                db_close(&db);
        }
        free(days);
        return r < 0 || there ? r : -EAGAIN;
}

/* The block behind those that retention took from block `at` on; `at`: none. */
static int behind_gone(sqlite3 *meta, uint64_t at, uint64_t *ret) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(meta, &s, "SELECT end_number FROM gone WHERE first_number=?1");

        while (r >= 0) {
                sqlite3_bind_int64(s, 1, (sqlite3_int64)at);
                r = db_step(meta, s);
                if (r <= 0 || db_u64(s, 0) <= at)
                        break;
                at = db_u64(s, 0);
                sqlite3_reset(s);
        }
        *ret = at;
        return r < 0 ? r : 0;
}

static int ends_of(struct copy *c, int64_t piece, uint64_t *ret_first, uint64_t *ret_behind) {
        struct chain_end before = {0}, end = {0};
        sqlite3 *db = NULL;

        int r = day_open_read(&db, c->to, piece, c->id);
        if (r == 0)
                r = day_before(db, &before);
        if (r == 0)
                r = day_end(db, piece, &end);
        db_close(&db);
        *ret_first = before.number + 1;
        *ret_behind = end.number + 1;
        return r;
}

/* Whether blocks follow one another up to the last that meta.db counts on, here or gone; else -EAGAIN. */
static int check_all_there(struct copy *c, sqlite3 *meta) {
        int64_t *days = NULL;
        uint64_t at = 1;
        size_t n = 0;
        int r = day_list(c->to, &days, &n);

        if (r == 0)
                r = behind_gone(meta, at, &at);
        for (size_t i = 0; i < n && r == 0; i++) {
                uint64_t first, behind;
                r = ends_of(c, days[i], &first, &behind);
                if (r == -ENOENT)
                        r = 0; /* made, and nothing more */
                else if (r == 0 && first == at && behind > at)
                        r = behind_gone(meta, behind, &at);
        }
        free(days);
        return r < 0 ? r : at > c->end.number ? 0 : -EAGAIN;
}

/* Also the last block's day may be gone, when nothing came for long. */
static int is_gone(sqlite3 *meta, int64_t piece) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(meta, &s, "SELECT 1 FROM gone WHERE day=?1");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, piece_to_disk(piece));
        return db_step(meta, s);
}

static int remove_gone(struct copy *c, sqlite3 *meta) {
        int64_t *days = NULL;
        size_t n = 0;
        int r = day_list(c->to, &days, &n);

        for (size_t i = 0; i < n && r == 0; i++) {
                char name[DAY_NAME_MAX], path[4096];
                r = is_gone(meta, days[i]);
                if (r <= 0)
                        continue;
                day_name(name, days[i]);
                r = path_in(path, sizeof(path), c->to, name);
                if (r == 0)
                        r = remove_beside(path);
                if (r == 0)
                        r = os_unlink(path);
                c->st->gone += r == 0;
        }
        free(days);
        return r;
}

/* What is in `to` already is of this store. */
static int check_target(struct copy *c) {
        unsigned char id[STORE_ID_BYTES];
        sqlite3 *old = NULL;
        char path[4096];
        struct stat st;

        int r = path_in(path, sizeof(path), c->to, TAIL_NAME);
        if (r == 0)
                r = os_stat(path, &st);
        if (r == 0)
                r = db_open(&old, path, DB_READ, 0, TAIL_KIND);
        if (r == 0)
                r = tail_id(old, id);
        db_close(&old);
        if (r == 0 && memcmp(id, c->id, sizeof(id)) != 0) {
                c->what = "the copy is of another store";
                r = -EXDEV;
        }
        return r == -ENOENT ? 0 : r;
}

/* Up to the end that `tmp`, a copy of meta.db of this moment, names. -EAGAIN: what that counts on is not all there;
 * then *ret_end: its last block is. */
static int copy_once(struct copy *c, const char *from, const char *tmp, bool *ret_end) {
        sqlite3 *meta = NULL;

        *ret_end = false;
        int r = backup_database(from, tmp);
        if (r == 0)
                r = db_open(&meta, tmp, DB_READ, 0, TAIL_KIND);
        if (r == 0)
                r = tail_id(meta, c->id);
        if (r == 0)
                r = tail_end(meta, &c->end);
        if (r == 0)
                r = check_target(c);
        if (r == 0)
                r = copy_days(c);
        if (r == 0 && (r = is_gone(meta, c->end.piece)) == 0)
                r = check_end(c);
        *ret_end = r >= 0;
        if (r >= 0)
                r = check_all_there(c, meta);
        db_close(&meta);
        return r;
}

static int copy_store(struct copy *c) {
        char from[4096], tmp[4096], to[4096];
        sqlite3 *meta = NULL;
        bool has_end;

        int r = path_in(from, sizeof(from), c->from, TAIL_NAME);
        if (r == 0)
                r = path_in(tmp, sizeof(tmp), c->to, META_TMP);
        if (r == 0)
                r = path_in(to, sizeof(to), c->to, TAIL_NAME);
        if (r == 0)
                r = copy_once(c, from, tmp, &has_end);
        for (unsigned i = 0; i < AGAIN && r == -EAGAIN; i++)
                r = copy_once(c, from, tmp, &has_end);
        /* A damaged store is copied as it is, and the check of the copy says so: but not without its end. */
        if (r == -EAGAIN && has_end)
                r = 0;
        if (r == -EAGAIN)
                c->what = "the store loses days faster than they are copied";
        if (r == 0)
                r = backup_publish(tmp, to);
        if (r == 0)
                r = db_open(&meta, to, DB_READ, 0, TAIL_KIND);
        if (r == 0)
                r = remove_gone(c, meta);
        db_close(&meta);
        return r < 0 ? r : 0;
}

int backup_store(const char *from, const char *to, struct backup_stats *ret,
                 const char **ret_what) {
        struct copy c = {.from = from, .to = to, .st = ret};

        *ret = (struct backup_stats){0};
        int r = copy_store(&c);
        ret->number = c.end.number;
        ret->end_seq = c.end.end_seq;
        *ret_what = c.what;
        return r;
}
