/* Retention: the oldest days go, whole, by age or when all days together are too large; never the day that
 * is written to, nor one with records that are held (table holds). Of a day that goes its place in the
 * chain stays in meta.db, and its last signed head, so that `coloa verify` still goes from the first block
 * to the last (S9). That row is committed before the file is removed: after a crash in between the file is
 * there beside its row, and is removed then. */
#include "store/retain.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/day.h"

static int path_of(char *to, size_t room, const char *dir, int64_t day, const char *suffix) {
        char name[DAY_NAME_MAX];

        day_name(name, day);
        int n = snprintf(to, room, "%s/%s%s", dir, name, suffix);
        return n < 0 || (size_t)n >= room ? FAIL(-ENAMETOOLONG) : 0;
}

static uint64_t size_of(const char *dir, int64_t day) {
        static const char *const suffixes[] = {"", "-wal"};
        uint64_t sum = 0;

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
                char path[4096];
                struct stat st;
                if (path_of(path, sizeof(path), dir, day, suffixes[i]) == 0 &&
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

/* Whether the file has the head of a block of the day before, signed after that day's last block: it goes after
 * that day. 1, 0, -errno. */
static int has_earlier_head(sqlite3 *day, uint64_t before) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(day, &s, "SELECT 1 FROM heads WHERE number<=?1");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)before);
        return db_step(day, s);
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
        sqlite3_bind_int64(s, 1, end->day);
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

static int remove_files(const char *dir, int64_t day) {
        static const char *const suffixes[] = {"-shm", "-wal", ""};

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
                char path[4096];
                int r = path_of(path, sizeof(path), dir, day, suffixes[i]);
                if (r == 0)
                        r = os_unlink(path);
                if (r < 0 && r != -ENOENT)
                        return FAIL(r);
        }
        return os_sync_dir(dir);
}

/* 1: gone; 0: held. */
static int drop_day(sqlite3 *meta, const char *dir, int64_t day, unsigned char id[STORE_ID_BYTES],
                    int64_t now, bool after_held) {
        struct chain_end before = {0}, end = {0};
        sqlite3 *db = NULL;

        int r = day_open_read(&db, dir, day, id);
        if (r == -ENOENT) /* made, and nothing more */
                return remove_files(dir, day) < 0 ? 0 : 1;
        if (r == 0)
                r = day_before(db, &before);
        if (r == 0)
                r = day_end(db, day, &end);
        if (r == 0 && end.number)
                r = is_held(meta, before.end_seq, end.end_seq, now);
        if (r == 0 && end.number && after_held)
                r = has_earlier_head(db, before.number);
        bool held = r > 0;
        if (r == 0 && end.number)
                r = write_row(meta, db, &before, &end, now);
        db_close(&db);
        if (r < 0 || held)
                return r < 0 ? FAIL(r) : 0;
        r = remove_files(dir, day);
        return r < 0 ? r : 1;
}

int retain_days(sqlite3 *meta, const char *dir, const struct retention *o) {
        unsigned char id[STORE_ID_BYTES];
        int64_t *days = NULL;
        uint64_t bytes = 0;
        size_t n = 0;

        int r = tail_id(meta, id);
        if (r == 0)
                r = day_list(dir, &days, &n);
        for (size_t i = 0; i < n && r >= 0; i++)
                bytes += size_of(dir, days[i]);
        bool held = false;
        /* Oldest first, except what is held. The chain's values across a day that went are in meta.db. */
        for (size_t i = 0; i < n && r >= 0; i++) {
                uint64_t size = size_of(dir, days[i]);
                bool old = o->days && days[i] <= o->today - (int64_t)o->days;

                if (days[i] >= o->current || (!old && (!o->bytes || bytes <= o->bytes)))
                        break;
                r = drop_day(meta, dir, days[i], id, o->now, held);
                held = r == 0;
                if (r > 0)
                        bytes -= size;
        }
        free(days);
        return r < 0 ? r : 0;
}
