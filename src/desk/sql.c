/* SQL by text: see sql.h. Statements live in a table by the hash of their text and in a list by last use; the
 * least used goes when there are SQL_KEPT. One that shows rows is busy: asked for again meanwhile (a
 * loop within a loop), a second one is made that is not kept.
 *
 *   Q1. Values are bound, never written into text. Lists of columns and conditions that code puts
 *       together come from constants only.
 *   Q2. An error other than -EEXIST and -EDOM ends the desk, as state.h S1 says. Those two undo their
 *       own statement and nothing else (ON CONFLICT ABORT).
 *   Q4. What differs between two askers of the same thing goes out of the text before it is looked for: a number or text
 *       between two SQL_OWN, and every number of OWN_DIGITS or more (a time). Else each unit, person and moment would have
 *       statements of its own, and preparing them cost more than running them.
 *   Q3. What a statement of rows was given is copied: the caller's memory may go before its rows do. */
#include <sqlite3.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "desk/sql.h"
#include "desk/state_impl.h"

#define BUCKETS 1024u

struct sql_rows {
        struct sql *sql;
        sqlite3_stmt *q;
        uint64_t hash;
        struct sql_rows *chain, *newer, *older;
        bool busy, kept;
};

struct sql {
        struct state *state;
        sqlite3 *db;
        struct sql_rows *buckets[BUCKETS];
        struct sql_rows *newest, *oldest;
        unsigned n, n_busy;
};

/* ---- functions that our own statements use ---- */

static char *plain_of(sqlite3_context *ctx, sqlite3_value *v, size_t *ret) {
        const char *text = (const char *)sqlite3_value_text(v);
        size_t len = (size_t)sqlite3_value_bytes(v);
        char *to = text ? malloc(len * 3 / 2 + 4) : NULL;

        *ret = 0;
        if (to)
                *ret = utf8_plain_to(to, span_of(text, len));
        else if (text)
                sqlite3_result_error_nomem(ctx);
        return to;
}

/* plain(text): without case and accents. */
static void fn_plain(sqlite3_context *ctx, int n, sqlite3_value **v) {
        size_t len;
        char *to = plain_of(ctx, v[0], &len);

        (void)n;
        if (to)
                sqlite3_result_text64(ctx, to, len, free, SQLITE_UTF8);
}

/* holds(needle, text, …): whether plain(one of the texts) has the needle, which is plain already. */
static void fn_holds(sqlite3_context *ctx, int n, sqlite3_value **v) {
        const char *needle = (const char *)sqlite3_value_text(v[0]);
        size_t needle_len = (size_t)sqlite3_value_bytes(v[0]);
        int found = 0;

        for (int i = 1; i < n && needle && !found; i++) {
                size_t len;
                char *to = plain_of(ctx, v[i], &len);

                found = to && memmem(to, len, needle, needle_len) != NULL;
                free(to);
        }
        sqlite3_result_int(ctx, found);
}

/* COLLATE words: by the first WORD bytes without case and accents, then by all bytes as they are. */
static int compare_words(void *ctx, int la, const void *a, int lb, const void *b) {
        enum { WORD = 256 };
        char pa[WORD * 3 / 2 + 4], pb[WORD * 3 / 2 + 4];
        size_t na = utf8_plain_to(pa, span_of(a, MIN((size_t)la, (size_t)WORD)));
        size_t nb = utf8_plain_to(pb, span_of(b, MIN((size_t)lb, (size_t)WORD)));
        int r = memcmp(pa, pb, MIN(na, nb));

        (void)ctx;
        if (r == 0 && na != nb)
                r = na < nb ? -1 : 1;
        if (r == 0)
                r = memcmp(a, b, (size_t)MIN(la, lb));
        return r ? r : la - lb;
}

/* ---- opening ---- */

int sql_new(struct sql **ret, struct state *state) {
        const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
        struct sql *s = calloc(1, sizeof(*s));

        if (!s)
                return FAIL(-ENOMEM);
        s->state = state;
        s->db = state->db;
        int r = sqlite3_create_function_v2(s->db, "plain", 1, flags, NULL, fn_plain, NULL, NULL,
                                           NULL);
        if (r == SQLITE_OK)
                r = sqlite3_create_function_v2(s->db, "holds", -1, flags, NULL, fn_holds, NULL,
                                               NULL, NULL);
        if (r == SQLITE_OK)
                r = sqlite3_create_collation_v2(s->db, "words", SQLITE_UTF8, NULL, compare_words,
                                                NULL);
        if (r == SQLITE_OK)
                r = sqlite3_exec(s->db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);
        if (r != SQLITE_OK) {
                free(s);
                return state_fail(state, r);
        }
        *ret = s;
        return 0;
}

static void forget(struct sql *s, struct sql_rows *k) {
        struct sql_rows **p = &s->buckets[k->hash % BUCKETS];

        while (*p != k)
                p = &(*p)->chain;
        *p = k->chain;
        *(k->newer ? &k->newer->older : &s->newest) = k->older;
        *(k->older ? &k->older->newer : &s->oldest) = k->newer;
        s->n--;
        sqlite3_finalize(k->q);
        free(k);
}

struct sql *sql_free(struct sql *s) {
        if (!s)
                return NULL;
        while (s->oldest)
                forget(s, s->oldest);
        free(s);
        return NULL;
}

bool sql_idle(const struct sql *s) {
        return s->n_busy == 0;
}

unsigned sql_kept(const struct sql *s) {
        return s->n;
}

/* ---- statements ---- */

static void touch(struct sql *s, struct sql_rows *k, bool linked) {
        if (linked) {
                if (s->newest == k)
                        return;
                *(k->newer ? &k->newer->older : &s->newest) = k->older;
                *(k->older ? &k->older->newer : &s->oldest) = k->newer;
        }
        k->newer = NULL;
        k->older = s->newest;
        *(s->newest ? &s->newest->newer : &s->oldest) = k;
        s->newest = k;
}

static void keep(struct sql *s, struct sql_rows *k) {
        if (s->n >= SQL_KEPT && s->oldest->busy)
                return; /* all are at work: this one is not kept */
        if (s->n >= SQL_KEPT)
                forget(s, s->oldest);
        k->kept = true;
        k->chain = s->buckets[k->hash % BUCKETS];
        s->buckets[k->hash % BUCKETS] = k;
        touch(s, k, false);
        s->n++;
}

/* ---- values within texts (Q4) ---- */

#define OWN_MOST 64u
#define OWN_DIGITS 12u

struct owns {
        struct buf text; /* empty: the text had none */
        unsigned base, n;
        struct {
                struct span s; /* as it stood in the text, which stays until it is bound */
                bool number;
        } of[OWN_MOST];
};

static bool of_word(char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '_' || c == '?' || c == ':' || c == '.' || c == '$' || (unsigned char)c >= 0x80;
}

static size_t digits(const char *p) {
        return strspn(p, "0123456789");
}

/* Its parameter instead; the same value has the same. */
static bool put_own(struct owns *o, struct span value) {
        unsigned i = 0;

        while (i < o->n && !span_eq(o->of[i].s, value))
                i++;
        if (i == OWN_MOST)
                return false;
        if (i == o->n) {
                o->of[o->n].s = value;
                o->of[o->n++].number = value.len && digits(value.p) >= value.len;
        }
        buf_printf(&o->text, "?%u", o->base + i + 1);
        return true;
}

/* One that was marked. What is behind it. */
static const char *take_marked(struct owns *o, const char *p) {
        const char *stop = strchr(p, *SQL_OWN);
        struct span value = span_of(p, stop ? (size_t)(stop - p) : strlen(p));

        if (!put_own(o, value)) /* too many: as it was written before there were parameters */
                buf_printf(&o->text, digits(value.p) >= value.len ? "%.*s" : "'%.*s'",
                           (int)value.len, value.p);
        return stop ? stop + 1 : p + value.len;
}

static int own_values(const char *text, unsigned base, struct owns *o) {
        const char *from = text;
        char quote = 0;

        o->base = base;
        o->text.limit = (size_t)4 << 20;
        for (const char *p = text; *p; p++) {
                size_t n;

                if (quote) {
                        quote = *p == quote ? 0 : quote;
                } else if (*p == '\'' || *p == '"') {
                        quote = *p;
                } else if (*p == *SQL_OWN) {
                        buf_add(&o->text, from, (size_t)(p - from));
                        from = take_marked(o, p + 1);
                        p = from - 1;
                } else if (*p >= '0' && *p <= '9' && (p == text || !of_word(p[-1]))) {
                        n = digits(p);
                        if (n >= OWN_DIGITS && n < 19 + (*p < '9') && !of_word(p[n]) &&
                            o->n < OWN_MOST) {
                                buf_add(&o->text, from, (size_t)(p - from));
                                put_own(o, span_of(p, n));
                                from = p + n;
                        }
                        p += n - 1;
                }
        }
        if (o->n) {
                buf_str(&o->text, from);
                buf_char(&o->text, '\0');
        }
        return o->text.failed ? FAIL(-ENOMEM) : 0;
}

static int bind_owns(struct sql_rows *k, const struct owns *o) {
        int r = SQLITE_OK;

        for (unsigned i = 0; i < o->n && r == SQLITE_OK; i++) {
                int at = (int)(o->base + i + 1);

                r = o->of[i].number ? sqlite3_bind_int64(k->q, at, strtoll(o->of[i].s.p, NULL, 10))
                                    : sqlite3_bind_text64(k->q, at, o->of[i].s.p, o->of[i].s.len,
                                                          SQLITE_TRANSIENT, SQLITE_UTF8);
        }
        return r == SQLITE_OK ? 0 : state_fail(k->sql->state, r);
}

static int take_text(struct sql *s, struct sql_rows **ret, const char *text) {
        uint64_t hash = hash_span(span_str(text), 0);
        struct sql_rows *k = s->buckets[hash % BUCKETS];
        bool wanted = true; /* to be kept */

        while (k && (k->hash != hash || strcmp(sqlite3_sql(k->q), text) != 0))
                k = k->chain;
        if (k && !k->busy) {
                touch(s, k, true);
        } else {
                wanted = !k;
                k = calloc(1, sizeof(*k));
                if (!k)
                        return FAIL(-ENOMEM);
                k->sql = s;
                k->hash = hash;
                int r = sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &k->q, NULL);
                if (r != SQLITE_OK) {
                        free(k);
                        return state_fail(s->state, r);
                }
                if (wanted)
                        keep(s, k);
        }
        k->busy = true;
        s->n_busy++;
        *ret = k;
        return 0;
}

/* With `given` parameters that the caller binds. */
static int take(struct sql *s, struct sql_rows **ret, const char *text, unsigned given) {
        _cleanup_(buf_deinit) struct buf own = {0};
        struct owns o = {.n = 0};
        int r = own_values(text, given, &o);

        own = o.text;
        if (r == 0)
                r = take_text(s, ret, o.n ? own.p : text);
        assert(r < 0 || !o.n || sqlite3_bind_parameter_count((*ret)->q) == (int)(given + o.n));
        assert(r < 0 || o.n || sqlite3_bind_parameter_count((*ret)->q) <= (int)given);
        if (r == 0 && o.n)
                r = bind_owns(*ret, &o);
        if (r == 0 || !*ret)
                return r;
        *ret = sql_end(*ret);
        return r;
}

struct sql_rows *sql_end(struct sql_rows *k) {
        if (!k)
                return NULL;
        if (k->busy)
                k->sql->n_busy--;
        k->busy = false;
        sqlite3_reset(k->q);
        sqlite3_clear_bindings(k->q);
        if (!k->kept) {
                sqlite3_finalize(k->q);
                free(k);
        }
        return NULL;
}

/* ---- values ---- */

static int bind_int(sqlite3_stmt *q, int i, int64_t v, bool null) {
        return null ? sqlite3_bind_null(q, i) : sqlite3_bind_int64(q, i, v);
}

static int bind_span(sqlite3_stmt *q, int i, struct span v, bool blob) {
        return blob ? sqlite3_bind_blob64(q, i, v.p ? v.p : "", v.len, SQLITE_TRANSIENT)
                    : sqlite3_bind_text64(q, i, v.p ? v.p : "", v.len, SQLITE_TRANSIENT,
                                          SQLITE_UTF8);
}

static int bind(struct sql_rows *k, const char *format, va_list args) {
        int r = SQLITE_OK, i = 0;

        for (; *format && r == SQLITE_OK; format++) {
                const char *text;
                int64_t v;

                i++;
                switch (*format) {
                case 'i': r = bind_int(k->q, i, va_arg(args, int64_t), false); break;
                case 'b': r = bind_int(k->q, i, va_arg(args, int) != 0, false); break;
                case 'T':
                        v = va_arg(args, int64_t);
                        r = bind_int(k->q, i, v, v == TIME_NONE);
                        break;
                case 'k':
                        v = va_arg(args, int64_t);
                        r = bind_int(k->q, i, v, v == 0);
                        break;
                case 't':
                case 'x': r = bind_span(k->q, i, va_arg(args, struct span), *format == 'x'); break;
                case 's':
                        text = va_arg(args, const char *);
                        r = text ? bind_span(k->q, i, span_str(text), false)
                                 : sqlite3_bind_null(k->q, i);
                        break;
                default:
                        assert(*format == 'n');
                        r = sqlite3_bind_null(k->q, i);
                        break;
                }
        }
        return r == SQLITE_OK ? 0 : state_fail(k->sql->state, r);
}

/* What a constraint refused is an answer, not a fault (Q2). */
static int failed(struct sql *s, int r) {
        if ((r & 0xff) != SQLITE_CONSTRAINT)
                return state_fail(s->state, r);
        return r == SQLITE_CONSTRAINT_UNIQUE || r == SQLITE_CONSTRAINT_PRIMARYKEY ||
                               r == SQLITE_CONSTRAINT_ROWID
                       ? -EEXIST
                       : -EDOM;
}

static int begin(struct sql *s, struct sql_rows **ret, const char *text, const char *format,
                 va_list args) {
        struct sql_rows *k = NULL;
        int r = take(s, &k, text, (unsigned)strlen(format));

        if (r < 0)
                return r;
        assert(k && (size_t)sqlite3_bind_parameter_count(k->q) >= strlen(format));
        r = bind(k, format, args);
        if (r < 0) {
                sql_end(k);
                return r;
        }
        *ret = k;
        return 0;
}

/* ---- what callers use ---- */

int sql_do(struct sql *s, const char *text, const char *format, ...) {
        struct sql_rows *k;
        va_list args;

        va_start(args, format);
        int r = begin(s, &k, text, format, args);
        va_end(args);
        if (r < 0)
                return r;
        r = sqlite3_step(k->q);
        r = r == SQLITE_ROW || r == SQLITE_DONE ? 0 : failed(s, r);
        sql_end(k);
        return r;
}

int64_t sql_last_id(struct sql *s) {
        return sqlite3_last_insert_rowid(s->db);
}

int64_t sql_changes(struct sql *s) {
        return sqlite3_changes64(s->db);
}

int sql_rows(struct sql *s, struct sql_rows **ret, const char *text, const char *format, ...) {
        va_list args;

        va_start(args, format);
        int r = begin(s, ret, text, format, args);
        va_end(args);
        return r;
}

int sql_rows_of(struct sql *s, struct sql_rows **ret, const char *text,
                const struct sql_value *values, unsigned n) {
        struct sql_rows *k = NULL;
        int r = take(s, &k, text, n), i = 0;

        if (r < 0)
                return r;
        int most = MIN(sqlite3_bind_parameter_count(k->q), (int)n);
        for (; i < most && r == SQLITE_OK; i++)
                switch (values[i].kind) {
                case SQL_INT: r = sqlite3_bind_int64(k->q, i + 1, values[i].number); break;
                case SQL_REAL: r = sqlite3_bind_double(k->q, i + 1, values[i].real); break;
                case SQL_TEXT: r = bind_span(k->q, i + 1, values[i].text, false); break;
                default: r = sqlite3_bind_null(k->q, i + 1); break;
                }
        if (r != SQLITE_OK) {
                sql_end(k);
                return state_fail(s->state, r);
        }
        *ret = k;
        return 0;
}

/* Its end is not sql_end(): who loops holds the pointer and ends it. */
int sql_next(struct sql_rows *k) {
        int r = sqlite3_step(k->q);

        if (r == SQLITE_ROW)
                return 1;
        r = r == SQLITE_DONE ? 0 : failed(k->sql, r);
        sqlite3_reset(k->q);
        return r;
}

int64_t sql_int(struct sql_rows *k, int column) {
        return sqlite3_column_int64(k->q, column);
}

int64_t sql_time(struct sql_rows *k, int column) {
        return sql_null(k, column) ? TIME_NONE : sql_int(k, column);
}

bool sql_null(struct sql_rows *k, int column) {
        return sqlite3_column_type(k->q, column) == SQLITE_NULL;
}

struct span sql_span(struct sql_rows *k, int column) {
        const void *p = sqlite3_column_blob(k->q, column);
        int n = sqlite3_column_bytes(k->q, column);

        return span_of(p ? p : "", p && n > 0 ? (size_t)n : 0);
}

void sql_value_at(struct sql_rows *k, int column, struct sql_value *ret) {
        *ret = (struct sql_value){.kind = SQL_NULL};
        switch (sqlite3_column_type(k->q, column)) {
        case SQLITE_INTEGER:
                ret->kind = SQL_INT;
                ret->number = sql_int(k, column);
                break;
        case SQLITE_FLOAT:
                ret->kind = SQL_REAL;
                ret->real = sqlite3_column_double(k->q, column);
                break;
        case SQLITE_TEXT:
        case SQLITE_BLOB:
                ret->kind = SQL_TEXT;
                ret->text = sql_span(k, column);
                break;
        default: break;
        }
}

int sql_get_int(struct sql *s, int64_t *ret, const char *text, const char *format, ...) {
        struct sql_rows *k;
        va_list args;

        va_start(args, format);
        int r = begin(s, &k, text, format, args);
        va_end(args);
        if (r < 0)
                return r;
        r = sql_next(k);
        if (r == 1)
                *ret = sql_int(k, 0);
        sql_end(k);
        return r;
}

/* ---- domains ---- */

static int execute(struct sql *s, const char *text) {
        int r = sqlite3_exec(s->db, text, NULL, NULL, NULL);

        return r == SQLITE_OK ? 0 : state_fail(s->state, r);
}

int sql_upgrade(struct sql *s, const struct sql_domain *d) {
        int64_t have = 0, n = 0;
        int r = sql_do(s,
                       "CREATE TABLE IF NOT EXISTS domain(name TEXT PRIMARY KEY,"
                       " version INTEGER NOT NULL) WITHOUT ROWID",
                       "");

        if (r == 0)
                r = sql_get_int(s, &have, "SELECT version FROM domain WHERE name=?1", "s", d->name);
        if (r < 0)
                return r;
        while (d->steps[n])
                n++;
        if (have > n)
                return FAIL(-EPROTO);
        if (have == n)
                return 0;
        r = execute(s, "BEGIN IMMEDIATE");
        for (int64_t i = have; i < n && r == 0; i++)
                r = execute(s, d->steps[i]);
        if (r == 0)
                r = sql_do(s,
                           "INSERT INTO domain VALUES(?1,?2) ON CONFLICT(name)"
                           " DO UPDATE SET version=excluded.version",
                           "si", d->name, n);
        return r == 0 ? execute(s, "COMMIT") : r;
}
