/* See day.h. Pages are larger than in meta.db, as a block is 100 KB and more; what a scan over blocks
 * looks at (header, entries) stands before the data, so that the pages of the data are not read. */
#include "store/day.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "os/os.h"
#include "os/vfs.h"

#define PAGE 16384u

static const char schema[] =
        "CREATE TABLE IF NOT EXISTS store(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS blocks(number INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL,"
        " end_seq INTEGER NOT NULL, received_min INTEGER NOT NULL, received_max INTEGER NOT NULL,"
        " header BLOB NOT NULL, chain BLOB NOT NULL, entries BLOB NOT NULL, data BLOB NOT NULL);"
        "CREATE INDEX IF NOT EXISTS blocks_by_seq ON blocks(end_seq);"
        "CREATE TABLE IF NOT EXISTS filters(number INTEGER PRIMARY KEY, filter BLOB NOT NULL);"
        "CREATE TABLE IF NOT EXISTS heads(number INTEGER PRIMARY KEY, head BLOB NOT NULL,"
        " signature BLOB NOT NULL, key BLOB NOT NULL);";

/* ---- pieces ---- */

#define PARTS 16384 /* a power of two above DAY_PARTS_MAX */
#define STORED_PART (INT64_C(1) << 32)

static int64_t floor_div(int64_t a, int64_t b) {
        return a / b - (a % b < 0);
}

int64_t piece_make(int64_t day, unsigned part) {
        assert(part >= 1 && part <= DAY_PARTS_MAX);
        return day * PARTS + (int64_t)part - 1;
}

int64_t piece_day(int64_t piece) {
        return floor_div(piece, PARTS);
}

unsigned piece_part(int64_t piece) {
        return (unsigned)(piece - piece_day(piece) * PARTS) + 1;
}

int64_t piece_to_disk(int64_t piece) {
        return piece == PIECE_NONE
                       ? PIECE_NONE
                       : piece_day(piece) + (int64_t)(piece_part(piece) - 1) * STORED_PART;
}

/* What is read may be anything: it becomes some piece, and is found to be of none. */
int64_t piece_from_disk(int64_t stored) {
        if (stored < -STORED_PART / 2 || stored >= DAY_PARTS_MAX * STORED_PART - STORED_PART / 2)
                return PIECE_NONE;
        int64_t part = floor_div(stored + STORED_PART / 2, STORED_PART);
        return piece_make(stored - part * STORED_PART, (unsigned)part + 1);
}

/* Names sort as pieces do, in the C locale and in others: "db" comes before "part". */
void day_name(char to[DAY_NAME_MAX], int64_t piece) {
        char part[16] = "";
        int64_t year;
        unsigned month, of_month;

        time_civil(piece_day(piece), &year, &month, &of_month);
        if (piece_part(piece) > 1)
                snprintf(part, sizeof(part), ".part%04u", piece_part(piece));
        snprintf(to, DAY_NAME_MAX, "events-%04d-%02u-%02u%s.db", (int)year, month, of_month, part);
}

static bool digits(const char *p, unsigned n, unsigned *ret) {
        *ret = 0;
        for (unsigned i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return false;
                *ret = *ret * 10 + (unsigned)(p[i] - '0');
        }
        return true;
}

int64_t day_of_name(const char *name) {
        unsigned year, month, of_month, part = 1;
        size_t n = strlen(name);
        bool first = n == strlen("events-2026-11-23.db");

        if ((!first && n != strlen("events-2026-11-23.part0002.db")) ||
            strncmp(name, "events-", 7) != 0 || name[11] != '-' || name[14] != '-' ||
            !digits(name + 7, 4, &year) || !digits(name + 12, 2, &month) ||
            !digits(name + 15, 2, &of_month) || strcmp(name + n - 3, ".db") != 0 || month < 1 ||
            month > 12 || of_month < 1 || of_month > 31)
                return PIECE_NONE;
        if (!first && (strncmp(name + 17, ".part", 5) != 0 || !digits(name + 22, 4, &part) ||
                       part < 2 || part > DAY_PARTS_MAX))
                return PIECE_NONE;
        return piece_make(time_days(year, month, of_month), part);
}

int day_list(const char *dir, int64_t **ret, size_t *ret_n) {
        char **names;
        size_t n, k = 0;

        int r = os_list_dir(dir, &names, &n);
        if (r < 0)
                return FAIL(r);
        int64_t *days = calloc(n + 1, sizeof(*days));
        for (size_t i = 0; i < n && days; i++) {
                int64_t d = day_of_name(names[i]);
                if (d != PIECE_NONE)
                        days[k++] = d; /* names were sorted, so pieces are */
        }
        free(names);
        if (!days)
                return FAIL(-ENOMEM);
        *ret = days;
        *ret_n = k;
        return 0;
}

static int path_of(char *to, size_t room, const char *dir, int64_t piece) {
        char name[DAY_NAME_MAX];

        day_name(name, piece);
        int n = snprintf(to, room, "%s/%s", dir, name);
        return n < 0 || (size_t)n >= room ? FAIL(-ENAMETOOLONG) : 0;
}

static int put_key(sqlite3 *db, const char *key, struct span value) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "INSERT OR REPLACE INTO store VALUES(?1,?2)");

        if (r < 0)
                return r;
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        db_bind_blob(s, 2, value);
        return db_step(db, s);
}

int day_before(sqlite3 *db, struct chain_end *ret) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT value FROM store WHERE key='before'");

        if (r == 0)
                r = db_step(db, s);
        if (r <= 0)
                return r < 0 ? r : FAIL(-EBADMSG);
        struct span v = db_blob(s, 0);
        if (v.len != sizeof(*ret))
                return FAIL(-EBADMSG);
        memcpy(ret, v.p, sizeof(*ret));
        ret->piece = piece_from_disk(ret->piece);
        return 0;
}

static int put_before(sqlite3 *db, const struct chain_end *before) {
        struct chain_end stored = *before;

        stored.piece = piece_to_disk(before->piece);
        return put_key(db, "before", span_of((const char *)&stored, sizeof(stored)));
}

/* Tables, the store's id and where the chain was, all or nothing, as long as the file has no block. */
static int make(sqlite3 *db, const unsigned char id[STORE_ID_BYTES],
                const struct chain_end *before) {
        struct chain_end end;
        int r = db_exec(db, "BEGIN IMMEDIATE");

        if (r == 0)
                r = db_exec(db, schema);
        if (r == 0)
                r = day_end(db, 0, &end);
        if (r == 0 && end.number == 0)
                r = put_key(db, "id", span_of((const char *)id, STORE_ID_BYTES));
        if (r == 0 && end.number == 0)
                r = put_before(db, before);
        if (r == 0)
                r = db_exec(db, "COMMIT");
        return r;
}

/* The store's id; -ENOENT: the file was never finished. */
static int read_id(sqlite3 *db, unsigned char ret[STORE_ID_BYTES]) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT 1 FROM sqlite_schema WHERE name='blocks'");

        if (r == 0)
                r = db_step(db, s);
        return r < 0 ? r : r == 0 ? -ENOENT : tail_id(db, ret);
}

static int check_id(sqlite3 *db, const unsigned char id[STORE_ID_BYTES]) {
        unsigned char have[STORE_ID_BYTES];
        int r = read_id(db, have);

        if (r == 0 && memcmp(have, id, sizeof(have)) != 0)
                r = FAIL(-EBADMSG);
        return r;
}

static int prepare_all(struct day *d) {
        const struct {
                sqlite3_stmt **to;
                const char *sql;
        } all[] = {
                {&d->begin, "BEGIN IMMEDIATE"},
                {&d->block, "INSERT INTO blocks VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"},
                {&d->filter, "INSERT INTO filters VALUES(?1,?2)"},
                {&d->head, "INSERT OR REPLACE INTO heads VALUES(?1,?2,?3,?4)"},
                {&d->commit, "COMMIT"},
                {&d->pages, "PRAGMA page_count"},
        };
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(all) && r == 0; i++)
                r = db_prepare(d->db, all[i].to, all[i].sql);
        return r;
}

int day_open(struct day *d, const char *dir, int64_t piece, const unsigned char id[STORE_ID_BYTES],
             const struct chain_end *before) {
        struct chain_end stands;
        char path[4096];

        *d = (struct day){.piece = piece};
        int r = path_of(path, sizeof(path), dir, piece);
        if (r == 0)
                r = db_open(&d->db, path, DB_CREATE, PAGE, DAY_KIND);
        if (r == 0 && before)
                r = make(d->db, id, before);
        if (r == 0)
                r = check_id(d->db, id);
        if (r == 0)
                r = day_before(d->db, &stands);
        if (r == 0)
                d->after = stands.number;
        if (r == 0)
                r = db_settle(d->db);
        /* SQLite syncs the directory for its journal only; the file's own name must stay as well. */
        if (r == 0)
                r = os_sync_dir(dir);
        if (r == 0)
                r = prepare_all(d);
        if (r < 0)
                day_close(d);
        return r;
}

void day_close(struct day *d) {
        sqlite3_stmt **all[] = {&d->begin, &d->block, &d->filter, &d->head, &d->commit, &d->pages};

        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                sqlite3_finalize(*all[i]);
                *all[i] = NULL;
        }
        db_close(&d->db);
}

int day_finish(struct day *d) {
        int rc = d->db ? sqlite3_wal_checkpoint_v2(d->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                                   NULL)
                       : SQLITE_OK;
        int r = rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : FAIL(db_fail(d->db, rc));

        day_close(d);
        return r;
}

int day_size(struct day *d, uint64_t *ret) {
        int r = db_step(d->db, d->pages);

        if (r <= 0)
                return r < 0 ? r : FAIL(-EBADMSG);
        *ret = db_u64(d->pages, 0) * PAGE;
        sqlite3_reset(d->pages);
        return 0;
}

static struct span bytes_of(const void *p, size_t n) {
        return span_of(p, n);
}

static int insert_block(struct day *d, const struct block *b) {
        sqlite3_stmt *s = d->block;

        sqlite3_bind_int64(s, 1, (sqlite3_int64)b->h.number);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)b->h.first_seq);
        sqlite3_bind_int64(s, 3, (sqlite3_int64)b->h.end_seq);
        sqlite3_bind_int64(s, 4, b->h.received_min);
        sqlite3_bind_int64(s, 5, b->h.received_max);
        db_bind_blob(s, 6, bytes_of(&b->h, sizeof(b->h)));
        db_bind_blob(s, 7, bytes_of(b->chain, sizeof(b->chain)));
        db_bind_blob(s, 8, bytes_of(b->entries, b->h.n_frames * sizeof(*b->entries)));
        db_bind_blob(s, 9, b->data);
        int r = db_step(d->db, s);
        if (r < 0)
                return r;
        sqlite3_bind_int64(d->filter, 1, (sqlite3_int64)b->h.number);
        db_bind_blob(d->filter, 2, b->filter);
        return db_step(d->db, d->filter);
}

static int rolled_back(struct day *d, int r) {
        if (r < 0 && !sqlite3_get_autocommit(d->db))
                (void)sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int day_put(struct day *d, const struct block *b) {
        int r = db_step(d->db, d->begin);

        if (r == 0)
                r = insert_block(d, b);
        if (r == 0)
                r = db_step(d->db, d->commit);
        return rolled_back(d, r);
}

int day_put_head(struct day *d, const struct head *h, const unsigned char signature[64],
                 const unsigned char key[32]) {
        sqlite3_bind_int64(d->head, 1, (sqlite3_int64)h->number);
        db_bind_blob(d->head, 2, bytes_of(h, sizeof(*h)));
        db_bind_blob(d->head, 3, bytes_of(signature, 64));
        db_bind_blob(d->head, 4, bytes_of(key, 32));
        return rolled_back(d, db_step(d->db, d->head));
}

int day_open_read(sqlite3 **ret, const char *dir, int64_t piece, unsigned char id[STORE_ID_BYTES]) {
        static const unsigned char none[STORE_ID_BYTES];
        unsigned char have[STORE_ID_BYTES];
        sqlite3 *db = NULL;
        char path[4096];

        int r = path_of(path, sizeof(path), dir, piece);
        if (r == 0)
                r = db_open(&db, path, DB_READ, PAGE, DAY_KIND);
        if (r == 0)
                r = read_id(db, have);
        if (r == 0 && memcmp(id, none, sizeof(none)) == 0)
                memcpy(id, have, sizeof(have));
        if (r == 0 && memcmp(id, have, sizeof(have)) != 0)
                r = FAIL(-EBADMSG);
        if (r < 0) {
                db_close(&db);
                return r;
        }
        *ret = db;
        return 0;
}

int day_read_block(sqlite3_stmt *s, struct block_header *ret_h, unsigned char chain[CHAIN_BYTES],
                   struct span *ret_entries, struct span *ret_data) {
        struct span h = db_blob(s, 1), c = db_blob(s, 2), e = db_blob(s, 3), data = db_blob(s, 4);
        struct block_header header;

        if (h.len != sizeof(header) || c.len != CHAIN_BYTES)
                return FRAME_E_BAD;
        memcpy(&header, h.p, sizeof(header));
        if (header.number != db_u64(s, 0) ||
            chain_check_shape(&header, BLOCK_MAGIC, (const struct frame_entry *)e.p, e.len,
                              data.len) != 0)
                return FRAME_E_BAD;
        *ret_h = header;
        memcpy(chain, c.p, CHAIN_BYTES);
        *ret_entries = e;
        *ret_data = data;
        return 0;
}

int day_end(sqlite3 *db, int64_t piece, struct chain_end *ret) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        struct chain_end end = {.piece = piece};
        struct block_header h;

        int r = db_prepare(db, &s,
                           "SELECT number,header,chain FROM blocks ORDER BY number DESC LIMIT 1");
        if (r == 0)
                r = db_step(db, s);
        if (r < 0)
                return r;
        if (r > 0) {
                struct span header = db_blob(s, 1), chain = db_blob(s, 2);
                if (header.len != sizeof(h) || chain.len != CHAIN_BYTES)
                        return FAIL(-EBADMSG);
                memcpy(&h, header.p, sizeof(h));
                end.number = h.number;
                end.end_seq = h.end_seq;
                memcpy(end.chain, chain.p, CHAIN_BYTES);
                memcpy(end.tail, h.tail, CHAIN_BYTES);
        }
        *ret = end;
        return 0;
}
