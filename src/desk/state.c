/* The database itself: opening, its schema, statements and transactions (see state.h; state_rows.c
 * has the rows, audit.c the audit log).
 *
 * Invariants:
 *   S1. After any error nothing more is written through this handle: the transaction is lost, and
 *       what the desk has in memory may be ahead of the disk. The desk ends; its successor starts
 *       from the last commit.
 *   S2. All files are open once state_open() returns, and stay: WAL and its index are made by a
 *       first write, journals of statements and sorters live in memory. So the desk's sandbox needs
 *       no path at all.
 *   S3. What is read after opening is on the disk: a commit whose sync failed, or was cut off, leaves a
 *       log that reads as committed and may vanish with the next power cut; so the log is written anew
 *       (os_vfs_refresh()), and copied into the database, before anything is answered.
 *   S4. The database may have been written by a desk that was taken over: a reader trusts no
 *       schema (no functions or views of the file's own run: trusted_schema=0, defensive), and
 *       bounds what it takes from rows. */
#include "desk/state.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "desk/sql.h"
#include "desk/state_impl.h"
#include "os/vfs.h"

static int errno_of(int code) {
        switch (code & 0xff) {
        case SQLITE_FULL: return -ENOSPC;
        case SQLITE_NOMEM: return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return -EBUSY;
        case SQLITE_READONLY: return -EROFS;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_SCHEMA: return -EBADMSG;
        case SQLITE_CANTOPEN: return -ENOENT;
        case SQLITE_PERM:
        case SQLITE_AUTH: return -EACCES;
        case SQLITE_TOOBIG: return -EFBIG;
        case SQLITE_MISUSE:
        case SQLITE_RANGE: return -EINVAL;
        default: return -EIO;
        }
}

int state_fail(struct state *s, int code) {
        snprintf(s->error, sizeof(s->error), "%s",
                 s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
        return FAIL(errno_of(code));
}

const char *state_error(const struct state *s) {
        return s->error;
}

/* ---- statements ---- */

static int bind_all(struct state *s, enum query q, const char *format, va_list args) {
        int i = 0, r = SQLITE_OK;

        if (!s->q[q]) {
                r = sqlite3_prepare_v3(s->db, state_queries[q], -1, SQLITE_PREPARE_PERSISTENT,
                                       &s->q[q], NULL);
                if (r != SQLITE_OK)
                        return state_fail(s, r);
        }
        for (; *format && r == SQLITE_OK; format++) {
                struct span v;

                i++;
                switch (*format) {
                case 'i': r = sqlite3_bind_int64(s->q[q], i, va_arg(args, int64_t)); break;
                case 't':
                        v = va_arg(args, struct span);
                        r = sqlite3_bind_text64(s->q[q], i, v.p ? v.p : "", v.len, SQLITE_STATIC,
                                                SQLITE_UTF8);
                        break;
                case 'b':
                        v = va_arg(args, struct span);
                        r = sqlite3_bind_blob64(s->q[q], i, v.p ? v.p : "", v.len, SQLITE_STATIC);
                        break;
                default: r = sqlite3_bind_null(s->q[q], i); break;
                }
        }
        return r == SQLITE_OK ? 0 : state_fail(s, r);
}

int state_bind(struct state *s, enum query q, const char *format, ...) {
        va_list args;

        va_start(args, format);
        int r = bind_all(s, q, format, args);
        va_end(args);
        return r;
}

void state_reset(struct state *s, enum query q) {
        if (!s->q[q])
                return;
        sqlite3_reset(s->q[q]);
        sqlite3_clear_bindings(s->q[q]);
}

int state_step(struct state *s, enum query q) {
        int r = sqlite3_step(s->q[q]);

        if (r == SQLITE_ROW)
                return 1;
        if (r != SQLITE_DONE) {
                r = state_fail(s, r);
                state_reset(s, q);
                return r;
        }
        state_reset(s, q);
        return 0;
}

int state_do(struct state *s, enum query q, const char *format, ...) {
        va_list args;

        va_start(args, format);
        int r = bind_all(s, q, format, args);
        va_end(args);
        if (r < 0)
                return r;
        r = state_step(s, q);
        if (r == 1)
                state_reset(s, q);
        return r < 0 ? r : 0;
}

static int execute(struct state *s, const char *sql) {
        int r = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

        return r == SQLITE_OK ? 0 : state_fail(s, r);
}

/* ---- transactions ---- */

int state_begin(struct state *s) {
        int r = state_do(s, Q_BEGIN, "");

        if (r == 0)
                s->begun = true;
        return r;
}

int state_commit(struct state *s) {
        assert(s->begun);
        /* What still shows a row would keep the log from being written back. */
        state_reset(s, Q_FIND_ALERT);
        state_reset(s, Q_RULE_ID);
        state_reset(s, Q_GET_SNAPSHOT);
        state_reset(s, Q_GET_FIELDS);
        int r = state_do(s, Q_COMMIT, "");
        if (r == 0)
                s->begun = false;
        return r;
}

int state_hold(struct state *s) {
        return state_do(s, Q_HOLD, "");
}

void state_let_go(struct state *s) {
        (void)state_do(s, Q_LET_GO, "");
}

bool state_in_transaction(const struct state *s) {
        return s->begun;
}

struct sql *state_sql(struct state *s) {
        return s->sql;
}

/* ---- opening ---- */

static int pragma_int(struct state *s, const char *sql, int64_t *ret) {
        sqlite3_stmt *q = NULL;
        int r = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

        if (r == SQLITE_OK)
                r = sqlite3_step(q);
        if (r == SQLITE_ROW) {
                *ret = sqlite3_column_int64(q, 0);
                sqlite3_finalize(q);
                return 0;
        }
        r = state_fail(s, r == SQLITE_DONE ? SQLITE_CORRUPT : r);
        sqlite3_finalize(q);
        return r;
}

/* Journal mode is a word, and what was asked for is not always what one gets. */
static int set_wal(struct state *s) {
        sqlite3_stmt *q = NULL;
        int r = sqlite3_prepare_v2(s->db, "PRAGMA journal_mode=WAL", -1, &q, NULL);
        bool wal = false;

        if (r == SQLITE_OK)
                r = sqlite3_step(q);
        if (r == SQLITE_ROW)
                wal = strcmp((const char *)sqlite3_column_text(q, 0), "wal") == 0;
        sqlite3_finalize(q);
        if (r != SQLITE_ROW)
                return state_fail(s, r);
        return wal ? 0 : FAIL(-ENOTSUP);
}

static int check_version(struct state *s, bool *ret_empty, int64_t *ret_version) {
        int64_t app = 0, version = 0, tables = 0;
        int r = pragma_int(s, "PRAGMA application_id", &app);

        if (r == 0)
                r = pragma_int(s, "PRAGMA user_version", &version);
        if (r == 0)
                r = pragma_int(s, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0)
                return r;
        *ret_empty = app == 0 && version == 0 && tables == 0;
        *ret_version = version;
        if (*ret_empty)
                return 0;
        if (app != STATE_APPLICATION)
                return FAIL(-EBADMSG);
        return version > STATE_VERSION ? FAIL(-EPROTO) : version < 1 ? FAIL(-EBADMSG) : 0;
}

/* S3. A reader at work may keep some of the log from being written back; its end would do. */
static int settle(struct state *s) {
        int log = 0, done = 0;
        int r = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_FULL, &log, &done);

        return r == SQLITE_OK ? 0 : state_fail(s, r);
}

void state_rest(struct state *s) {
        sqlite3_busy_timeout(s->db, 200);
        sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static int prepare_writer(struct state *s) {
        static const char settings[] = "PRAGMA synchronous=FULL;"
                                       "PRAGMA temp_store=MEMORY;"
                                       "PRAGMA recursive_triggers=ON;" /* REPLACE removes */
                                       "PRAGMA cache_size=-8192;"
                                       "PRAGMA journal_size_limit=67108864;"
                                       "PRAGMA wal_autocheckpoint=2000;";
        uint32_t seed;
        int64_t version;
        bool empty;
        int r = set_wal(s);

        if (r == 0)
                r = execute(s, settings);
        if (r == 0)
                r = check_version(s, &empty, &version);
        if (r == 0 && empty)
                r = execute(s, state_schema);
        else if (r == 0 && version == 1)
                r = execute(s, state_upgrade_1);
        if (r < 0)
                return r;
        /* S2: a write opens the log and its index, and its sync the directory; the first random number
         * would open /dev/urandom. Another value each time: the same would write nothing. */
        sqlite3_randomness(sizeof(seed), &seed);
        r = state_begin(s);
        if (r == 0)
                r = state_set_number(s, "opened", (int64_t)seed + 1);
        if (r == 0)
                r = state_commit(s);
        return r == 0 ? settle(s) : r;
}

int state_open(struct state **ret, const struct state_options *o) {
        int flags =
                o->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        int64_t version = STATE_VERSION;
        bool empty = false;
        int r = o->read_only ? 0 : os_vfs_refresh(o->vfs, o->path);

        if (r < 0)
                return r;
        _cleanup_(state_freep) struct state *s = calloc(1, sizeof(*s));
        if (!s)
                return FAIL(-ENOMEM);
        r = sqlite3_open_v2(o->path, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                            o->vfs);
        if (r != SQLITE_OK)
                return state_fail(s, r);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_busy_timeout(s->db, 2000);
        r = o->read_only ? check_version(s, &empty, &version) : prepare_writer(s);
        if (r == 0 && empty)
                r = FAIL(-EBADMSG);
        if (r == 0 && version < STATE_VERSION)
                r = FAIL(-ESTALE);
        if (r == 0 && !o->read_only)
                r = sql_new(&s->sql, s);
        if (r < 0)
                return r;
        *ret = s;
        s = NULL;
        return 0;
}

struct state *state_free(struct state *s) {
        if (!s)
                return NULL;
        for (unsigned i = 0; i < Q_MAX; i++)
                sqlite3_finalize(s->q[i]);
        sql_free(s->sql);
        sqlite3_close(s->db);
        buf_deinit(&s->text);
        free(s);
        return NULL;
}

void state_text(struct buf *b, struct span t, size_t max) {
        bool cut = t.len > max;

        t.len = MIN(t.len, max);
        while (t.len) {
                uint32_t cp;
                unsigned n = utf8_next(t.p, t.len, &cp);

                if (n == 0 && cut && t.len < 4)
                        break; /* the middle of a character */
                if (n == 0 || cp == 0)
                        buf_str(b, "\xef\xbf\xbd");
                else
                        buf_add(b, t.p, n);
                n = MAX(n, 1u);
                t = span_of(t.p + n, t.len - n);
        }
        if (cut)
                buf_str(b, "…");
}
