/* Retention: the oldest files go, whole, by age or when all together are too large; never the one that is
 * written to, nor one with records that are held (table holds). Of one that goes its place in the
 * chain stays in meta.db, and the signed head of its last block, so that `coloa verify` still goes from the first block
 * to the last (S9). That row is committed before the file is removed: after a crash in between the file is
 * there beside its row, and is removed then. */
#include "store/retain.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/day.h"

static int path_of(char *to, size_t room, const char *dir, int64_t piece, const char *suffix) {
        char name[DAY_NAME_MAX];

        day_name(name, piece);
        int n = snprintf(to, room, "%s/%s%s", dir, name, suffix);
        return n < 0 || (size_t)n >= room ? FAIL(-ENAMETOOLONG) : 0;
}

static uint64_t size_of(const char *dir, int64_t piece) {
        static const char *const suffixes[] = {"", "-wal"};
        uint64_t sum = 0;

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
                char path[4096];
                struct stat st;
                if (path_of(path, sizeof(path), dir, piece, suffixes[i]) == 0 &&
                    os_stat(path, &st) == 0)
                        sum += (uint64_t)st.st_size;
        }
        return sum;
}

/* Whether [from, to) meets a hold that has not ended. 1, 0, -errno. */
static int is_held(sqlite3 *meta, uint64_t from, uint64_t to, int64_t now) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(meta, &s,
                           "SELECT 1 FROM holds WHERE first_seq<?2 AND end_seq>?1 AND until>?3");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)to);
        sqlite3_bind_int64(s, 3, now);
        return db_step(meta, s);
}

static int bind_head(sqlite3 *day, uint64_t number, sqlite3_stmt *to) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(day, &s, "SELECT head,signature,key FROM heads WHERE number=?1");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)number);
        r = db_step(day, s);
        for (int i = 0; r > 0 && i < 3; i++) {
                struct span v = db_blob(s, i);
                sqlite3_bind_blob64(to, 8 + i, v.p, v.len, SQLITE_TRANSIENT);
        }
        return r < 0 ? r : 0;
}

static int write_row(sqlite3 *meta, sqlite3 *day, const struct chain_end *before,
                     const struct chain_end *end, int64_t now) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(
                meta, &s,
                "INSERT OR REPLACE INTO gone(day,first_number,end_number,first_seq,end_seq,"
                "prev,chain,head,signature,key,tail,removed)"
                " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, piece_to_disk(end->piece));
        sqlite3_bind_int64(s, 2, (sqlite3_int64)before->number + 1);
        sqlite3_bind_int64(s, 3, (sqlite3_int64)end->number + 1);
        sqlite3_bind_int64(s, 4, (sqlite3_int64)before->end_seq);
        sqlite3_bind_int64(s, 5, (sqlite3_int64)end->end_seq);
        db_bind_blob(s, 6, span_of((const char *)before->chain, CHAIN_BYTES));
        db_bind_blob(s, 7, span_of((const char *)end->chain, CHAIN_BYTES));
        db_bind_blob(s, 11, span_of((const char *)end->tail, CHAIN_BYTES));
        sqlite3_bind_int64(s, 12, now);
        r = bind_head(day, end->number, s);
        return r < 0 ? r : db_step(meta, s);
}

static int remove_files(const char *dir, int64_t piece) {
        static const char *const suffixes[] = {"-shm", "-wal", ""};

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
                char path[4096];
                int r = path_of(path, sizeof(path), dir, piece, suffixes[i]);
                if (r == 0)
                        r = os_unlink(path);
                if (r < 0 && r != -ENOENT)
                        return FAIL(r);
        }
        return os_sync_dir(dir);
}

uint64_t retain_part(uint64_t bytes) {
        return bytes == 0 ? PART_MOST : MIN(MAX(bytes / RETENTION_PARTS, PART_LEAST), PART_MOST);
}

/* At a time, since the store waits for it: a file of a gibibyte takes up to a quarter of a second. The rest goes the next
 * time: in a minute, or when a part is finished. */
#define AT_ONCE 4u

struct pass {
        sqlite3 *meta;
        const char *dir;
        const struct retention *o;
        unsigned char id[STORE_ID_BYTES];
        uint64_t
                uncovered; /* the last block of a file that stands, when no head in it covers that; or 0 */
};

/* 1: there is a head of block `number` or a later one. */
static int has_head(sqlite3 *db, uint64_t number) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT 1 FROM heads WHERE number>=?1");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)number);
        return db_step(db, s);
}

/* Whether the file is to stand: for a hold, or since it has the head that proves the end of one that is held and
 * was finished without. 1, 0, -errno. */
static int stands(struct pass *p, sqlite3 *db, const struct chain_end *before,
                  const struct chain_end *end) {
        int r = is_held(p->meta, before->end_seq, end->end_seq, p->o->now);

        if (r == 0 && p->uncovered && before->number == p->uncovered)
                r = has_head(db, before->number);
        if (r <= 0)
                return r;
        r = has_head(db, end->number);
        p->uncovered = r == 0 ? end->number : 0;
        return r < 0 ? r : 1;
}

/* 1: gone; 0: it stands. */
static int drop_piece(struct pass *p, int64_t piece) {
        struct chain_end before = {0}, end = {0};
        sqlite3 *db = NULL;

        int r = day_open_read(&db, p->dir, piece, p->id);
        if (r == -ENOENT) /* made, and nothing more */
                return remove_files(p->dir, piece) < 0 ? 0 : 1;
        if (r == 0)
                r = day_before(db, &before);
        if (r == 0)
                r = day_end(db, piece, &end);
        if (r == 0 && end.number)
                r = stands(p, db, &before, &end);
        bool held = r > 0;
        if (r == 0 && end.number)
                r = write_row(p->meta, db, &before, &end, p->o->now);
        db_close(&db);
        if (r < 0 || held)
                return r < 0 ? FAIL(r) : 0;
        r = remove_files(p->dir, piece);
        return r < 0 ? r : 1;
}

/* What the file that is written to has yet to grow: it is removed for beforehand. Not for all of it when very little is
 * kept. */
static uint64_t room_to_keep(const struct retention *o, uint64_t size) {
        return MIN(o->part > size ? o->part - size : 0, o->bytes / 4);
}

int retain_files(sqlite3 *meta, const char *dir, const struct retention *o) {
        struct pass p = {.meta = meta, .dir = dir, .o = o};
        int64_t *pieces = NULL;
        uint64_t bytes = 0;
        size_t n = 0;

        int r = tail_id(meta, p.id);
        if (r == 0)
                r = day_list(dir, &pieces, &n);
        for (size_t i = 0; i < n && r >= 0; i++)
                bytes += size_of(dir, pieces[i]);
        bytes += room_to_keep(o, size_of(dir, o->current));
        /* Oldest first, except what is held. The chain's values across what went are in meta.db. */
        for (size_t i = 0, gone = 0; i < n && r >= 0 && gone < AT_ONCE; i++) {
                uint64_t size = size_of(dir, pieces[i]);
                bool old = o->days && piece_day(pieces[i]) <= o->today - (int64_t)o->days;

                if (pieces[i] >= o->current || (!old && (!o->bytes || bytes <= o->bytes)))
                        break;
                r = drop_piece(&p, pieces[i]);
                if (r > 0) {
                        bytes -= size;
                        gone++;
                }
        }
        free(pieces);
        return r < 0 ? r : 0;
}
