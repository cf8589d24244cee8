/* Inside the database: statements, and binding their values. */
#ifndef DESK_STATE_IMPL_H
#define DESK_STATE_IMPL_H

#include <sqlite3.h>
#include <stdarg.h>

#include "desk/state.h"

enum query {
        Q_BEGIN,
        Q_COMMIT,
        Q_NUMBER,
        Q_SET_NUMBER,
        Q_RANGES,
        Q_CLEAR_RANGES,
        Q_ADD_RANGE,
        Q_RULE,
        Q_ADD_RULE,
        Q_RULE_ID,
        Q_VERDICT,
        Q_FORGET_VERDICTS,
        Q_COUNT_VERDICTS,
        Q_NTH_VERDICT,
        Q_HIT,
        Q_HITS,
        Q_FORGET_HITS,
        Q_SIZE_HITS,
        Q_COUNT_HITS,
        Q_NTH_HIT,
        Q_MARKS,
        Q_CLEAR_MARKS,
        Q_ADD_MARK,
        Q_SNAPSHOT,
        Q_GET_SNAPSHOT,
        Q_FORGET_DRILLS,
        Q_FORGET_SNAPSHOTS,
        Q_ALERT,
        Q_FIELDS,
        Q_FIND_ALERT,
        Q_LAST_ALERT,
        Q_COUNT_ONLY,
        Q_EXCEPTION,
        Q_RETIRE,
        Q_COUNT_EXCEPTION,
        Q_EXCEPTIONS,
        Q_LAST_AUDIT,
        Q_AUDIT,
        Q_AUDITS,
        Q_HAS_HEADS,
        Q_HEADS,
        Q_HOLD,
        Q_LET_GO,
        Q_ALERTS,
        Q_GET_FIELDS,
        Q_ADD_EPOCH,
        Q_COUNT_EPOCHS,
        Q_EPOCH_PAST,
        Q_KNOW,
        Q_KNOWN,
        Q_UNKNOW,
        Q_COVER,
        Q_SAID,
        Q_HIT_SAID,
        Q_FIND_RETRO,
        Q_GET_RETRO,
        Q_ADD_RETRO,
        Q_SET_RETRO,
        Q_MAX,
};

struct state {
        sqlite3 *db;
        sqlite3_stmt *q[Q_MAX];
        bool begun;
        char error[256];
        struct buf text;
        struct sql *sql; /* NULL: read only */
};

extern const char *const state_queries[Q_MAX];
extern const char *const state_schema;
extern const char *const state_upgrade_1; /* from version 1 to 2 */
#define STATE_VERSION 2
#define STATE_APPLICATION 0x436f6c61

/* Keeps what SQLite says and gives -errno. */
int state_fail(struct state *s, int code);
/* The statement, made when it is first asked for, with its values: i int64_t, t struct span (text),
 * b struct span (blob), n nothing (NULL). Spans must stay until it is reset. */
int state_bind(struct state *s, enum query q, const char *format, ...);
/* 1: a row; 0: no more (and it is reset); -errno (and it is reset). */
int state_step(struct state *s, enum query q);
void state_reset(struct state *s, enum query q);
/* For a statement without rows: bound and done. */
int state_do(struct state *s, enum query q, const char *format, ...);

static inline int64_t col_int(struct state *s, enum query q, int i) {
        return sqlite3_column_int64(s->q[q], i);
}

static inline struct span col_span(struct state *s, enum query q, int i) {
        const void *p = sqlite3_column_blob(s->q[q], i);
        int n = sqlite3_column_bytes(s->q[q], i);

        return span_of(p ? p : "", p && n > 0 ? (size_t)n : 0);
}

static inline int64_t col_time(struct state *s, enum query q, int i) {
        return sqlite3_column_type(s->q[q], i) == SQLITE_NULL ? TIME_NONE : col_int(s, q, i);
}

#endif
