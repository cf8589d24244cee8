/* Lists and details: every list of the API is made here, so that all filter, sort, page and export in one way.
 *
 * A list is one SELECT whose text is put together from constants of its spec and parameters (sql.h Q1). Pages are
 * by key, not by offset: a cursor holds the last row's value of what is sorted by and its id, so a page costs the same
 * however far down it is, and rows that arrive meanwhile shift nothing. A cursor is only what a client
 * could ask by filters too: it needs no seal.
 *
 *   L1. Who asks sees rows of units they may see (spec.unit, api_scope()); a detail that they may not see
 *       is the same 404 as one that is not there.
 *   L2. Equal values are told apart by id, in the same direction, so no row comes twice or never.
 *   L3. Only columns with an index are offered for sorting where a table may be long: that is for the
 *       domain to see to (API_SORT).
 *   L4. The count stops at COUNT_MOST: beyond, "total" is null. It is made for the first page only.
 *   L5. A cell of a CSV that begins as a formula does is text: a quote stands before it.
 *   L6. A row of an exercise says so in words in a CSV, and a file of such rows in its name: it may be read anywhere. */
#include <sodium.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/api.h"
#include "desk/api_impl.h"
#include "desk/matter.h"

#define VALUES_MAX 256u
#define COUNT_MOST 10000
#define CSV_ROWS 500
#define CURSOR_BYTES 2048u
#define RARE 2000
#define NARROW 200000
#define NARROW_SEARCHED 30000

struct query {
        const struct api_list_spec *l;
        struct buf text;
        struct sql_value values[VALUES_MAX];
        unsigned n;
        int sort; /* index of the shape */
        bool descending;
        bool after;                   /* a cursor was given */
        struct sql_value after_value; /* of it; text of the arena */
        int64_t after_id;
        int narrow;   /* is_narrow(); -1: not asked */
        bool all;     /* one row: what is of a drill too, to who may know of it */
        int64_t rare; /* how many rows the index of the search has, at most RARE + 1; -1: not asked */
};

static const struct api_field *sort_field(const struct query *q) {
        return &q->l->shape[q->sort];
}

static const char *sort_column(const struct query *q) {
        const char *own = q->l->sorts ? q->l->sorts[q->sort] : NULL;

        return own ? own : q->l->columns[q->sort];
}

/* Whether it is words: sorted as people do, ascending by default. */
static bool is_words(const struct query *q) {
        const struct api_field *f = sort_field(q);

        return (f->type == API_STRING || f->type == API_TEXT) &&
               sort_column(q) == q->l->columns[q->sort];
}

static bool is_json(const struct api_field *f) {
        return f->type == API_OBJECT || f->type == API_ANY || (f->flags & API_LIST_OF);
}

/* ---- values ---- */

static void add_value(struct query *q, struct sql_value v) {
        assert(q->n < VALUES_MAX);
        q->values[q->n++] = v;
        buf_printf(&q->text, "?%u", q->n);
}

/* A value of the request, checked by api_check(), as the column has it. */
static struct sql_value value_of(const struct api_field *f, const json_t *v) {
        struct span s = json_is_string(v) ? span_of(json_string_value(v), json_string_length(v))
                                          : SPAN_NONE;

        if (json_is_null(v))
                return (struct sql_value){.kind = SQL_NULL};
        if (f->type == API_TIME)
                return (struct sql_value){.kind = SQL_INT, .number = time_parse_iso(s, 0)};
        if (json_is_boolean(v))
                return (struct sql_value){.kind = SQL_INT, .number = json_is_true(v)};
        if (json_is_integer(v))
                return (struct sql_value){.kind = SQL_INT, .number = json_integer_value(v)};
        if (json_is_real(v))
                return (struct sql_value){.kind = SQL_REAL, .real = json_real_value(v)};
        return (struct sql_value){.kind = SQL_TEXT, .text = s};
}

static json_t *json_of(const struct api_field *f, struct sql_rows *rows, int column) {
        struct span s;

        if (sql_null(rows, column))
                return json_null();
        switch (f->type) {
        case API_TIME: return api_json_time(sql_int(rows, column));
        case API_BOOL: return json_boolean(sql_int(rows, column) != 0);
        case API_INT:
        case API_ID:
                if (!(f->flags & API_LIST_OF))
                        return json_integer(sql_int(rows, column));
                break;
        case API_NUMBER: {
                struct sql_value v;

                sql_value_at(rows, column, &v);
                return v.kind == SQL_REAL ? json_real(v.real) : json_integer(v.number);
        }
        default: break;
        }
        s = sql_span(rows, column);
        if (!is_json(f))
                return api_json_text(s);
        json_t *v = json_loadb(s.p, s.len, JSON_DECODE_ANY, NULL);
        return v ? v : json_null();
}

static json_t *row_of(struct api_call *c, const struct api_list_spec *l, struct sql_rows *rows,
                      int *ret) {
        json_t *o = json_object();
        int column = 2;

        for (const struct api_field *f = l->shape; f->name; f++)
                json_object_set_new(o, f->name, json_of(f, rows, column++));
        *ret = l->row ? l->row(c, o) : 0;
        return o;
}

/* ---- the condition ---- */

/* A unit and all below it. */
static int put_units(struct query *q, struct api_call *c, const char *column, const json_t *v) {
        const json_t *one = json_is_array(v) ? json_array_get(v, 0) : v;
        int r = 0;

        if (q->l->units_in) {
                buf_printf(&q->text, " AND (%s", q->l->units_in);
                column = "x.unit";
        }
        /* Of no units: nothing. A condition beside the one of a single unit would keep its index from use. */
        buf_str(&q->text, one ? " AND (" : " AND (0");
        for (size_t i = 0; one && r == 0; one = json_is_array(v) ? json_array_get(v, ++i) : NULL) {
                const char *sql;

                r = api_subtree(c, (int64_t)json_integer_value(one), column, &sql);
                if (r == 0)
                        buf_printf(&q->text, "%s%s", i ? " OR " : "", sql);
        }
        buf_str(&q->text, q->l->units_in ? ")))" : ")");
        return r;
}

static void put_filter(struct query *q, const struct api_field *f, enum api_compare how,
                       const json_t *v) {
        static const char *const signs[] = {" = ", " >= ", " < "};
        const char *own = q->l->filters ? q->l->filters[f - q->l->shape] : NULL;
        const char *column = own ? own : q->l->columns[f - q->l->shape];

        bool within = column[0] == '=';

        buf_printf(&q->text, " AND %s", column + within);
        if (json_is_array(v)) {
                buf_str(&q->text, " IN (");
                for (size_t i = 0; i < json_array_size(v) && i < API_FILTER_VALUES; i++) {
                        buf_str(&q->text, i ? "," : "");
                        add_value(q, value_of(f, json_array_get(v, i)));
                }
                buf_char(&q->text, ')');
        } else {
                buf_str(&q->text, signs[how]);
                add_value(q, value_of(f, v));
        }
        if (within)
                buf_char(&q->text, ')');
}

static int put_filters(struct query *q, struct api_call *c) {
        const char *name;
        json_t *v;

        json_object_foreach(c->in, name, v) {
                enum api_compare how;
                const struct api_field *f = api_filter(c->op, name, &how);
                bool own = false;

                for (const struct api_field *x = c->op->fields; x && x->name; x++)
                        own |= strcmp(x->name, name) == 0;
                if (!f || own || f < q->l->shape)
                        continue;
                if (q->n + API_FILTER_VALUES + 8 > VALUES_MAX)
                        return api_fault_at(c, name, "is one filter too many", "là bộ lọc thừa",
                                            "filter by less", "lọc ít hơn");
                const char *units = q->l->filters ? q->l->filters[f - q->l->shape] : NULL;
                int r = 0;
                if (how == API_EQUAL && strcmp(f->name, "unit") == 0)
                        r = put_units(q, c, units ? units : q->l->columns[f - q->l->shape], v);
                else
                        put_filter(q, f, how, v);
                if (r < 0)
                        return r;
        }
        return 0;
}

static size_t characters(struct span s) {
        size_t n = 0;

        for (size_t i = 0; i < s.len; i++)
                n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
        return n;
}

/* The rows that the index of trigrams has for a text, when they are few: then they are looked up. Of a text that
 * many rows have the first ones in order are found soon without it. */
static int put_rare(struct query *q, struct api_call *c, struct span plain) {
        int64_t n = q->rare;
        int r;

        if (!q->l->search_index || characters(plain) < 3)
                return 0;
        _cleanup_(buf_deinit) struct buf phrase = {0};
        buf_char(&phrase, '"');
        for (size_t i = 0; i < plain.len; i++) {
                if (plain.p[i] == '"')
                        buf_char(&phrase, '"');
                buf_char(&phrase, plain.p[i]);
        }
        buf_char(&phrase, '"');
        struct span kept = phrase.failed ? SPAN_NONE : arena_dup(c->arena, buf_get(&phrase));
        if (!kept.p)
                return FAIL(-ENOMEM);
        if (n < 0) {
                struct span ask = arena_printf(c->arena,
                                               "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s"
                                               " MATCH ?1 LIMIT %d)",
                                               q->l->search_index, q->l->search_index, RARE + 1);
                r = ask.p ? sql_get_int(c->db, &n, ask.p, "t", kept) : FAIL(-ENOMEM);
                if (r < 0)
                        return r;
                q->rare = n;
        }
        if (n > RARE)
                return 0;
        buf_printf(&q->text, " AND %s IN (SELECT rowid FROM %s WHERE %s MATCH ", q->l->id,
                   q->l->search_index, q->l->search_index);
        add_value(q, (struct sql_value){.kind = SQL_TEXT, .text = kept});
        buf_char(&q->text, ')');
        return 0;
}

static int put_search(struct query *q, struct api_call *c) {
        struct span text = api_text(c, "q");

        if (!text.len || !q->l->search[0])
                return 0;
        char *plain = arena_alloc(c->arena, text.len * 3 / 2 + 4);
        if (!plain)
                return FAIL(-ENOMEM);
        if (*q->l->search[0] == '=') {
                int r = put_rare(q, c, span_of(plain, utf8_plain_to(plain, text)));
                if (r < 0)
                        return r;
                buf_printf(&q->text, " AND instr(%s, ", q->l->search[0] + 1);
                add_value(q,
                          (struct sql_value){.kind = SQL_TEXT,
                                             .text = span_of(plain, utf8_plain_to(plain, text))});
                buf_char(&q->text, ')');
                return 0;
        }
        buf_str(&q->text, " AND holds(");
        add_value(q, (struct sql_value){.kind = SQL_TEXT,
                                        .text = span_of(plain, utf8_plain_to(plain, text))});
        for (size_t i = 0; i < ARRAY_LEN(q->l->search) && q->l->search[i]; i++)
                buf_printf(&q->text, ",%s", q->l->search[i]);
        buf_char(&q->text, ')');
        return 0;
}

/* A wide scope (api_scope()) is asked row by row where rows come in order: '+' keeps SQLite from collecting all of its
 * units' rows to sort them. A count does want them from an index. */
static int put_where(struct query *q, struct api_call *c, const char *from, bool in_order) {
        const char *scope = "1", *drill = "1", *column = q->l->drill;
        int r = 0;

        if (column && *column == '=')
                r = matter_sees_alerts(c, q->l->id, column + 1, q->all || matter_asked(c), &drill);
        else if (column)
                r = matter_sees(c, column, q->all || matter_asked(c), &drill);
        if (r < 0)
                return r;

        if (q->l->unit && c->op->permission)
                r = api_scope(c, c->op->permission, q->l->unit, &scope); /* L1 */
        if (r != 0)
                return r;
        buf_printf(&q->text, " FROM %s WHERE (%s) AND (%s) AND (%s%s)", from,
                   q->l->where ? q->l->where : "1", drill,
                   in_order && strstr(scope, "SELECT") ? "+" : "", scope);
        for (unsigned i = 0; i < q->l->n_bind; i++)
                q->values[q->n++] = q->l->bind[i];
        return 0;
}

/* What lies behind the cursor. NULL is smaller than all else, as SQLite sorts it. */
static void put_after(struct query *q) {
        const struct api_field *f = sort_field(q);
        const char *column = sort_column(q), *id = q->l->id;
        const char *words = is_words(q) ? " COLLATE words" : "", *sign = q->descending ? "<" : ">";
        struct sql_value last = {.kind = SQL_INT, .number = q->after_id};

        if (!q->after)
                return;
        if (q->after_value.kind == SQL_NULL) {
                buf_printf(&q->text,
                           q->descending ? " AND (%s IS NULL AND " : " AND (%s IS NOT NULL OR ",
                           column);
                buf_printf(&q->text, "%s %s ", id, sign);
                add_value(q, last);
                buf_char(&q->text, ')');
                return;
        }
        bool nulls = q->descending && (f->flags & API_NULLABLE);
        buf_printf(&q->text, " AND ((%s%s, %s) %s (", column, words, id, sign);
        add_value(q, q->after_value);
        buf_char(&q->text, ',');
        add_value(q, last);
        buf_char(&q->text, ')');
        if (nulls)
                buf_printf(&q->text, " OR %s IS NULL", column);
        buf_char(&q->text, ')');
}

/* `loose`: no index is to be chosen for the order's sake. */
static void put_order(struct query *q, int limit, bool loose) {
        const char *direction = q->descending ? " DESC" : "";

        buf_printf(&q->text, " ORDER BY %s%s%s%s, %s%s LIMIT %d", loose ? "+" : "", sort_column(q),
                   is_words(q) ? " COLLATE words" : "", direction, q->l->id, direction, limit);
}

static void put_columns(struct query *q) {
        buf_printf(&q->text, "SELECT %s, %s", q->l->id, sort_column(q));
        for (size_t i = 0; q->l->shape[i].name; i++)
                buf_printf(&q->text, ", %s", q->l->columns[i]);
}

/* ---- sorting and cursors ---- */

static int choose_sort(struct query *q, struct api_call *c) {
        struct span want = api_text(c, "sort");

        q->sort = 0;
        for (int i = 0; q->l->shape[i].name; i++)
                if (q->l->shape[i].flags & API_DEFAULT_SORT)
                        q->sort = i;
        q->descending = !is_words(q);
        if (!want.len)
                return 0;
        bool minus = *want.p == '-';
        struct span name = span_of(want.p + minus, want.len - minus);
        for (int i = 0; q->l->shape[i].name; i++)
                if ((q->l->shape[i].flags & (API_SORT | API_DEFAULT_SORT)) &&
                    span_eq(name, span_str(q->l->shape[i].name))) {
                        q->sort = i;
                        q->descending = minus;
                        return 0;
                }
        return api_fault_at(c, "sort", "is no field that this list sorts by",
                            "không phải trường dùng để sắp xếp", "choose one that does",
                            "chọn trường khác");
}

/* [field, descending, value, id], as base64url. */
static json_t *make_cursor(const struct query *q, struct sql_rows *rows) {
        struct sql_value v;
        json_t *value;

        sql_value_at(rows, 1, &v);
        value = v.kind == SQL_INT    ? json_integer(v.number)
                : v.kind == SQL_REAL ? json_real(v.real)
                : v.kind == SQL_TEXT ? api_json_text(span_of(v.text.p, MIN(v.text.len, 1000u)))
                                     : json_null();
        json_t *list = json_pack("[sboI]", sort_field(q)->name, q->descending, value,
                                 (json_int_t)sql_int(rows, 0));
        char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
        char out[CURSOR_BYTES];
        json_t *cursor = NULL;
        size_t n = text ? strlen(text) : 0;

        if (text &&
            sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING) <= sizeof(out))
                cursor = json_string(sodium_bin2base64(out, sizeof(out), (unsigned char *)text, n,
                                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING));
        free(text);
        json_decref(list);
        return cursor ? cursor : json_null();
}

static int bad_cursor(struct api_call *c) {
        return api_fault_at(c, "cursor", "is not of this list", "không phải của danh sách này",
                            "begin with the first page", "bắt đầu lại từ trang đầu");
}

static bool read_value(struct query *q, struct api_call *c, const json_t *v) {
        struct sql_value *to = &q->after_value;

        *to = (struct sql_value){.kind = SQL_NULL};
        if (json_is_integer(v)) {
                *to = (struct sql_value){.kind = SQL_INT, .number = json_integer_value(v)};
        } else if (json_is_real(v)) {
                *to = (struct sql_value){.kind = SQL_REAL, .real = json_real_value(v)};
        } else if (json_is_string(v)) {
                to->kind = SQL_TEXT;
                to->text =
                        arena_dup(c->arena, span_of(json_string_value(v), json_string_length(v)));
                return to->text.p != NULL;
        }
        return true;
}

static int read_cursor(struct query *q, struct api_call *c) {
        struct span s = api_text(c, "cursor");
        char bytes[CURSOR_BYTES];
        size_t n = 0;

        if (!s.len)
                return 0;
        if (sodium_base642bin((unsigned char *)bytes, sizeof(bytes), s.p, s.len, NULL, &n, NULL,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
                return bad_cursor(c);
        json_t *list = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, NULL);
        const json_t *field = json_array_get(list, 0), *id = json_array_get(list, 3);
        bool good = json_is_array(list) && json_is_string(field) &&
                    strcmp(json_string_value(field), sort_field(q)->name) == 0 &&
                    json_is_boolean(json_array_get(list, 1)) &&
                    json_is_true(json_array_get(list, 1)) == q->descending && json_is_integer(id) &&
                    read_value(q, c, json_array_get(list, 2));
        if (good) {
                q->after = true;
                q->after_id = json_integer_value(id);
        }
        json_decref(list);
        return good ? 0 : bad_cursor(c);
}

/* ---- a page ---- */

/* Everything up to the cursor; then columns or a count go before it. */
static int make_query(struct query *q, struct api_call *c, const char *from, bool in_order) {
        int r = put_where(q, c, from, in_order);

        if (r == 0)
                r = put_filters(q, c);
        if (r == 0)
                r = put_search(q, c);
        return r;
}

/* How many rows the asker may see, counted in the index of the scope, at most `most` + 1. */
static int count_scope(struct query *q, struct api_call *c, const char *scope, int64_t most,
                       int64_t *ret) {
        struct span sql = arena_printf(
                c->arena, "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %lld)",
                q->l->count_from, scope, (long long)most + 1);

        return sql.p ? MIN(sql_get_int(c->db, ret, sql.p, ""), 0) : FAIL(-ENOMEM);
}

/* Of a scope that is neither few units nor all, rows that come in order may be far apart: a department's alerts lie
 * behind thousands of others'. While there are not too many, their ids are found by the index of the scope and put
 * in order by themselves, and only those of the page are looked up. */
static int is_narrow(struct query *q, struct api_call *c) {
        bool other = (c->op->permission == NULL) | (q->l->unit == NULL) | !q->l->count_from |
                     (q->l->n_bind != 0) | (q->l->where != NULL);
        const char *scope = "1";
        int64_t most = api_text(c, "q").len ? NARROW_SEARCHED : NARROW, n = 0;

        if (other || !(sort_field(q)->flags & API_DEFAULT_SORT) || q->narrow >= 0)
                return q->narrow > 0;
        q->narrow = 0;
        int r = api_scope(c, c->op->permission, q->l->unit, &scope);
        if (r == 0 && strstr(scope, "SELECT"))
                r = count_scope(q, c, scope, most, &n);
        q->narrow = r == 0 && n > 0 && n <= most;
        return r < 0 ? r : q->narrow;
}

/* The ids of a page's rows, as a condition. */
static int put_page(struct query *q, struct api_call *c, int limit, bool narrow) {
        buf_printf(&q->text, " FROM %s WHERE %s IN (SELECT %s", q->l->from, q->l->id, q->l->id);
        int r = make_query(q, c, narrow ? q->l->count_from : q->l->from, !narrow);

        if (r != 0)
                return r;
        put_after(q);
        put_order(q, limit, narrow);
        buf_char(&q->text, ')');
        return 0;
}

static int open_rows(struct query *q, struct api_call *c, int limit, struct sql_rows **ret) {
        int narrow = is_narrow(q, c), r;

        if (narrow < 0)
                return narrow;
        q->n = 0;
        buf_reset(&q->text);
        put_columns(q);
        bool apart = narrow || q->l->ids_first;
        if (apart) {
                r = put_page(q, c, limit, narrow);
        } else {
                r = make_query(q, c, q->l->from, true);
                if (r == 0)
                        put_after(q);
        }
        if (r != 0)
                return r;
        put_order(q, limit, apart);
        buf_char(&q->text, '\0');
        if (q->text.failed)
                return FAIL(-ENOMEM);
        return sql_rows_of(c->db, ret, q->text.p, q->values, q->n);
}

/* L4 */
static int count(struct query *q, struct api_call *c, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *rows = NULL;

        q->n = 0;
        buf_reset(&q->text);
        buf_str(&q->text, "SELECT count(*) FROM (SELECT 1");
        int r = make_query(q, c, q->l->count_from ? q->l->count_from : q->l->from, false);
        if (r != 0)
                return r;
        buf_printf(&q->text, " LIMIT %d)", COUNT_MOST + 1);
        buf_char(&q->text, '\0');
        r = q->text.failed ? FAIL(-ENOMEM) : sql_rows_of(c->db, &rows, q->text.p, q->values, q->n);
        if (r == 0)
                r = sql_next(rows);
        if (r < 0)
                return r;
        int64_t n = r == 1 ? sql_int(rows, 0) : 0;
        *ret = n > COUNT_MOST ? json_null() : json_integer(n);
        return 0;
}

static int page(struct query *q, struct api_call *c) {
        int limit = (int)api_int(c, "limit", API_ROWS), n = 0, r, wrong = 0;
        _cleanup_(sql_endp) struct sql_rows *rows = NULL;
        json_t *items = json_array(), *next = NULL, *total = NULL;

        c->answer = json_pack("{so}", "items", items);
        r = open_rows(q, c, limit + 1, &rows);
        while (r == 0 && (r = sql_next(rows)) == 1) {
                if (n == limit)
                        break;
                json_array_append_new(items, row_of(c, q->l, rows, &wrong));
                if (wrong)
                        break;
                if (++n == limit)
                        next = make_cursor(q, rows);
                r = 0;
        }
        bool more = r == 1;
        r = wrong ? wrong : more ? 0 : r;
        if (r == 0 && q->after)
                total = json_null();
        else if (r == 0 && !more)
                total = json_integer(n);
        rows = sql_end(rows);
        if (r == 0 && !total)
                r = count(q, c, &total);
        if (r == 0 && more)
                json_object_set(c->answer, "next", next);
        else
                json_object_set_new(c->answer, "next", json_null());
        json_object_set_new(c->answer, "total", total ? total : json_null());
        json_decref(next);
        return r;
}

/* ---- CSV ---- */

static void put_cell(struct buf *to, struct span s, bool words) {
        bool quote = memchr(s.p, '"', s.len) || memchr(s.p, ',', s.len) ||
                     memchr(s.p, '\n', s.len) || memchr(s.p, '\r', s.len) ||
                     memchr(s.p, ';', s.len);
        bool formula = words && s.len && strchr("=+-@\t\r", *s.p); /* L5 */

        if (quote || formula)
                buf_char(to, '"');
        if (formula)
                buf_char(to, '\'');
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == '"')
                        buf_char(to, '"');
                buf_char(to, s.p[i]);
        }
        if (quote || formula)
                buf_char(to, '"');
}

static void put_json_cell(struct buf *to, const json_t *v) {
        _cleanup_(buf_deinit) struct buf text = {.limit = (size_t)1 << 20};

        if (json_is_null(v))
                return;
        if (json_is_string(v)) {
                put_cell(to, span_of(json_string_value(v), json_string_length(v)), true);
                return;
        }
        bool plain = json_is_array(v);
        for (size_t i = 0; i < json_array_size(v); i++)
                plain &= json_is_string(json_array_get(v, i));
        for (size_t i = 0; plain && i < json_array_size(v); i++)
                buf_printf(&text, "%s%s", i ? "; " : "", json_string_value(json_array_get(v, i)));
        if (!plain && api_json_text_of(&text, v) < 0)
                return;
        put_cell(to, span_of(text.p ? text.p : "", text.len), plain);
}

#define DRILL_MARK "DRILL / DIỄN TẬP"

static void put_row(struct buf *to, const struct api_list_spec *l, const json_t *row) {
        for (const struct api_field *f = l->shape; f->name; f++) {
                if (f != l->shape)
                        buf_char(to, ',');
                if (row && f->type == API_BOOL && strcmp(f->name, "drill") == 0) /* L6 */
                        buf_str(to, json_is_true(json_object_get(row, f->name)) ? DRILL_MARK : "");
                else if (row)
                        put_json_cell(to, json_object_get(row, f->name));
                else
                        buf_str(to, f->name);
        }
        buf_str(to, "\r\n");
}

/* One piece: a page of rows, then on from the last. */
static int csv_piece(struct api_call *c, struct buf *to) {
        struct query *q = c->kept;
        struct sql_rows *rows = NULL;
        int n = 0, r, wrong = 0;

        if (!q->after) {
                buf_str(to, "\xef\xbb\xbf"); /* by which spreadsheets know UTF-8 */
                put_row(to, q->l, NULL);
        }
        r = open_rows(q, c, CSV_ROWS, &rows);
        while (r == 0 && (r = sql_next(rows)) == 1) {
                json_t *row = row_of(c, q->l, rows, &wrong);

                put_row(to, q->l, row);
                json_decref(row);
                n++;
                struct sql_value v;
                sql_value_at(rows, 1, &v);
                if (v.kind == SQL_TEXT)
                        v.text = arena_dup(c->arena, v.text);
                r = v.kind == SQL_TEXT && !v.text.p ? -ENOMEM : wrong;
                q->after_value = v;
                q->after_id = sql_int(rows, 0);
        }
        sql_end(rows);
        buf_deinit(&q->text);
        q->text = (struct buf){0};
        q->after = true;
        return r < 0 ? r : r > 0 ? -EACCES : n == CSV_ROWS;
}

static int begin_csv(struct query *q, struct api_call *c) {
        struct query *kept = arena_alloc(c->arena, sizeof(*kept));
        struct api_list_spec *l = arena_alloc(c->arena, sizeof(*l));
        char name[64];

        if (!kept || !l)
                return FAIL(-ENOMEM);
        *l = *q->l;
        *kept = *q;
        kept->l = l;
        kept->text = (struct buf){0};
        c->kept = kept;
        snprintf(name, sizeof(name), "%s%.*s.csv",
                 api_bool(c, "drill", false) || api_int(c, "play", 0) ? "dien-tap-" : "",
                 (int)strcspn(c->op->id, "."), c->op->id);
        c->detail = json_pack("{ss}", "format", "csv");
        int r = api_write(c);
        return r < 0 ? r : api_file(c, "text/csv; charset=utf-8; header=present", name, csv_piece);
}

int api_list(struct api_call *c, const struct api_list_spec *l) {
        struct query q = {.l = l, .rare = -1, .narrow = -1, .text = {.limit = (size_t)1 << 16}};
        int r = choose_sort(&q, c);

        assert(l->shape == c->op->answer);
        if (r == 0)
                r = read_cursor(&q, c);
        if (r == 0)
                r = span_eq(api_text(c, "format"), SPAN("csv")) ? begin_csv(&q, c) : page(&q, c);
        buf_deinit(&q.text);
        return r;
}

int api_rows(struct api_call *c, const struct api_list_spec *l, const char *order, int limit,
             json_t *to) {
        struct query q = {.l = l, .rare = -1, .narrow = -1, .text = {.limit = (size_t)1 << 16}};
        _cleanup_(sql_endp) struct sql_rows *rows = NULL;
        int r = 0, wrong = 0;

        assert(!l->unit);
        put_columns(&q);
        r = put_where(&q, c, l->from, false);
        if (r == 0) {
                buf_printf(&q.text, " ORDER BY %s LIMIT %d", order, limit);
                buf_char(&q.text, '\0');
                r = q.text.failed ? FAIL(-ENOMEM)
                                  : sql_rows_of(c->db, &rows, q.text.p, q.values, q.n);
        }
        buf_deinit(&q.text);
        while (r == 0 && (r = sql_next(rows)) == 1) {
                r = json_array_append_new(to, row_of(c, l, rows, &wrong)) < 0 ? FAIL(-ENOMEM) : 0;
                if (wrong)
                        r = wrong;
        }
        return r;
}

int api_detail(struct api_call *c, const struct api_list_spec *l, int64_t id) {
        struct query q = {
                .l = l, .rare = -1, .narrow = -1, .all = true, .text = {.limit = (size_t)1 << 16}};
        _cleanup_(sql_endp) struct sql_rows *rows = NULL;
        int r, wrong = 0;

        put_columns(&q);
        r = put_where(&q, c, l->from, false);
        if (r == 0) {
                buf_printf(&q.text, " AND %s = ", l->id);
                add_value(&q, (struct sql_value){.kind = SQL_INT, .number = id});
                buf_char(&q.text, '\0');
                r = q.text.failed ? FAIL(-ENOMEM)
                                  : sql_rows_of(c->db, &rows, q.text.p, q.values, q.n);
        }
        if (r == 0)
                r = sql_next(rows);
        buf_deinit(&q.text);
        if (r == 0)
                return api_missing(c);
        if (r != 1)
                return r;
        json_decref(c->answer);
        c->answer = row_of(c, l, rows, &wrong);
        return wrong;
}
