/* See tail.h; tables and invariants: doc/store.md. Pages are small, as most commits are: a few kilobytes
 * every 20 ms on a quiet node. */
#include "store/tail.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/day.h"

#define PAGE 4096u

static const char schema[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS store(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS tail(first_seq INTEGER PRIMARY KEY, end_seq INTEGER NOT NULL,"
        " header BLOB NOT NULL, prev BLOB NOT NULL, chain BLOB NOT NULL, entries BLOB NOT NULL,"
        " data BLOB NOT NULL);"
        "CREATE TABLE IF NOT EXISTS positions(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT "
        "ROWID;"
        "CREATE TABLE IF NOT EXISTS gone(day INTEGER PRIMARY KEY, first_number INTEGER NOT NULL,"
        " end_number INTEGER NOT NULL, first_seq INTEGER NOT NULL, end_seq INTEGER NOT NULL,"
        " prev BLOB NOT NULL, chain BLOB NOT NULL, tail BLOB NOT NULL, head BLOB, signature BLOB,"
        " key BLOB, removed INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS holds(name TEXT PRIMARY KEY, first_seq INTEGER NOT NULL,"
        " end_seq INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS hold_notes(name TEXT PRIMARY KEY, owner TEXT NOT NULL,"
        " reason TEXT NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID;"
        "COMMIT";

static int make_id(struct tail *t) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = os_random(t->id, sizeof(t->id));

        if (r == 0)
                r = db_prepare(t->db, &s, "INSERT INTO store VALUES('id',?1)");
        if (r < 0)
                return r;
        db_bind_blob(s, 1, span_of((const char *)t->id, sizeof(t->id)));
        return db_step(t->db, s);
}

int tail_id(sqlite3 *db, unsigned char ret[STORE_ID_BYTES]) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT value FROM store WHERE key='id'");

        if (r == 0)
                r = db_step(db, s);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        struct span id = db_blob(s, 0);
        if (id.len != STORE_ID_BYTES)
                return FAIL(-EBADMSG);
        memcpy(ret, id.p, STORE_ID_BYTES);
        return 0;
}

static int prepare_all(struct tail *t) {
        const struct {
                sqlite3_stmt **to;
                const char *sql;
        } all[] = {
                {&t->begin, "BEGIN IMMEDIATE"},
                {&t->insert, "INSERT INTO tail VALUES(?1,?2,?3,?4,?5,?6,?7)"},
                {&t->position, "INSERT INTO positions VALUES(?1,?2)"
                               " ON CONFLICT(key) DO UPDATE SET value=excluded.value"},
                {&t->unposition, "DELETE FROM positions WHERE key=?1"},
                {&t->remove, "DELETE FROM tail WHERE first_seq<?1"},
                {&t->end, "INSERT INTO store VALUES('end',?1)"
                          " ON CONFLICT(key) DO UPDATE SET value=excluded.value"},
                {&t->commit, "COMMIT"},
        };
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(all) && r == 0; i++)
                r = db_prepare(t->db, all[i].to, all[i].sql);
        return r;
}

int tail_open(struct tail *t, const char *path, bool create) {
        *t = (struct tail){0};
        int r = db_open(&t->db, path, create ? DB_CREATE : DB_WRITE, PAGE, TAIL_KIND);

        if (r == 0)
                r = db_exec(t->db, schema);
        if (r == 0) {
                r = tail_id(t->db, t->id);
                if (r == -ENOENT)
                        r = make_id(t);
        }
        if (r == 0)
                r = db_settle(t->db);
        if (r == 0)
                r = prepare_all(t);
        if (r < 0)
                tail_close(t);
        return r;
}

void tail_close(struct tail *t) {
        sqlite3_stmt **all[] = {&t->begin,  &t->insert, &t->position, &t->unposition,
                                &t->remove, &t->end,    &t->commit};

        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                sqlite3_finalize(*all[i]);
                *all[i] = NULL;
        }
        db_close(&t->db);
}

static struct span bytes_of(const void *p, size_t n) {
        return span_of(p, n);
}

static int insert_row(struct tail *t, const struct row *row) {
        sqlite3_stmt *s = t->insert;

        sqlite3_bind_int64(s, 1, (sqlite3_int64)row->h.first_seq);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)row->h.end_seq);
        db_bind_blob(s, 3, bytes_of(&row->h, sizeof(row->h)));
        db_bind_blob(s, 4, bytes_of(row->prev, sizeof(row->prev)));
        db_bind_blob(s, 5, bytes_of(row->chain, sizeof(row->chain)));
        db_bind_blob(s, 6, bytes_of(row->entries, row->h.n_frames * sizeof(*row->entries)));
        db_bind_blob(s, 7, bytes_of(row->data, row->h.data_len));
        return db_step(t->db, s);
}

/* An empty value takes the key away: the source has no more use for it. */
static int put_position(struct tail *t, const struct position *p) {
        sqlite3_stmt *s = p->value_len ? t->position : t->unposition;

        db_bind_blob(s, 1, span_of(p->key, p->key_len));
        if (p->value_len)
                db_bind_blob(s, 2, span_of(p->value, p->value_len));
        return db_step(t->db, s);
}

static int put_end(struct tail *t, const struct chain_end *end) {
        struct chain_end stored = *end;

        stored.piece = piece_to_disk(end->piece);
        sqlite3_bind_int64(t->remove, 1, (sqlite3_int64)end->end_seq);
        int r = db_step(t->db, t->remove);

        if (r == 0) {
                db_bind_blob(t->end, 1, bytes_of(&stored, sizeof(stored)));
                r = db_step(t->db, t->end);
        }
        return r;
}

int tail_commit(struct tail *t, const struct row_list *l, const struct chain_end *end) {
        int r = db_step(t->db, t->begin);

        if (r < 0)
                return r;
        for (const struct row *row = l ? l->first : NULL; row && r == 0; row = row->next) {
                if (row->h.n_frames)
                        r = insert_row(t, row);
                for (uint32_t i = 0; i < row->n_positions && r == 0; i++)
                        r = put_position(t, &row->positions[i]);
        }
        if (r == 0 && end)
                r = put_end(t, end);
        if (r == 0)
                r = db_step(t->db, t->commit);
        if (r < 0 && !sqlite3_get_autocommit(t->db))
                (void)sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int tail_end(sqlite3 *db, struct chain_end *ret) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s, "SELECT value FROM store WHERE key='end'");

        *ret = (struct chain_end){.end_seq = 1};
        if (r == 0)
                r = db_step(db, s);
        if (r <= 0)
                return r;
        struct span v = db_blob(s, 0);
        if (v.len != sizeof(*ret))
                return FAIL(-EBADMSG);
        memcpy(ret, v.p, sizeof(*ret));
        ret->piece = piece_from_disk(ret->piece);
        return 0;
}

static int read_row(sqlite3_stmt *s, struct row **ret) {
        struct span h = db_blob(s, 0), prev = db_blob(s, 1), chain = db_blob(s, 2);
        struct span entries = db_blob(s, 3), data = db_blob(s, 4);
        struct block_header header;

        if (h.len != sizeof(header) || prev.len != CHAIN_BYTES || chain.len != CHAIN_BYTES)
                return FAIL(-EBADMSG);
        memcpy(&header, h.p, sizeof(header));
        struct row *row = entries.len != header.n_frames * sizeof(struct frame_entry)
                                  ? NULL
                                  : row_from_table(&header, entries, data);
        if (!row)
                return FAIL(-EBADMSG);
        memcpy(row->prev, prev.p, CHAIN_BYTES);
        memcpy(row->chain, chain.p, CHAIN_BYTES);
        if (chain_check_shape(&row->h, TAIL_MAGIC, row->entries, entries.len, data.len) != 0) {
                row_free(row);
                return FAIL(-EBADMSG);
        }
        *ret = row;
        return 0;
}

int tail_rows(sqlite3 *db, uint64_t from, tail_each *each, void *ctx) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        int r = db_prepare(db, &s,
                           "SELECT header,prev,chain,entries,data FROM tail WHERE first_seq>=?1"
                           " ORDER BY first_seq");

        if (r < 0)
                return r;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
        while ((r = db_step(db, s)) > 0) {
                struct row *row = NULL;
                r = read_row(s, &row);
                if (r == 0)
                        r = each(ctx, row);
                if (r != 0)
                        break;
        }
        return r;
}

int tail_positions(sqlite3 *db, struct position **ret, size_t *ret_n) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        struct position *all = NULL;
        size_t n = 0, cap = 0;
        int r = db_prepare(db, &s, "SELECT key,value FROM positions");

        if (r < 0)
                return r;
        while ((r = db_step(db, s)) > 0) {
                struct span key = db_blob(s, 0), value = db_blob(s, 1);
                if (key.len > POSITION_KEY_MAX || value.len > POSITION_VALUE_MAX)
                        continue;
                if (n == cap) {
                        cap = cap ? cap * 2 : 16;
                        struct position *p = realloc(all, cap * sizeof(*all));
                        if (!p) {
                                r = -ENOMEM;
                                break;
                        }
                        all = p;
                }
                all[n] = (struct position){.key_len = (uint32_t)key.len,
                                           .value_len = (uint32_t)value.len};
                if (key.len)
                        memcpy(all[n].key, key.p, key.len);
                if (value.len)
                        memcpy(all[n].value, value.p, value.len);
                n++;
        }
        if (r < 0) {
                free(all);
                return r;
        }
        *ret = all;
        *ret_n = n;
        return 0;
}
