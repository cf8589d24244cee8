/* CSV files of units, people and systems: all of a file or nothing of it.
 *
 * Each row is taken as if it were asked for alone, within a savepoint, so that a row may name what one before it
 * made, and what is wrong is found where it would happen. At the first fault nothing will stay, but the
 * rest is looked at all the same: all faults of the file are said at once, each with its line, column,
 * value, and what to do.
 *
 *   M1. The savepoint is released only when there was no fault and the asker did not only want to see. */
#include "base/csv.h"
#include "base/utf8.h"
#include "desk/units.h"

#define FAULTS_SHOWN 200u
#define ROWS_MOST 20000u

struct import {
        struct api_call *c;
        const struct import_column *columns;
        unsigned n;
        int at[CSV_FIELDS_MAX]; /* field of the file → column; -1: none */
        struct span row[CSV_FIELDS_MAX];
        unsigned line, faults, rows, added;
        json_t *list;
};

const char *api_cstr(const struct api_call *c, const char *name) {
        struct span s = api_text(c, name);

        return s.p;
}

int64_t api_flag(const struct api_call *c, const char *name) {
        return api_has(c, name) ? api_bool(c, name, false) : TIME_NONE;
}

json_t *changed_fields(const struct api_call *c) {
        json_t *list = json_array(), *v;
        const char *name;

        json_object_foreach(c->in, name,
                            v) if (strcmp(name, "id") != 0 && strcmp(name, "version") != 0)
                json_array_append_new(list, json_string(name));
        return json_pack("{so}", "fields", list);
}

static int add_fault(struct import *i, const char *field, struct span value,
                     const char *const texts[4]) {
        bool vi = i->c->lang == LANG_VI;

        if (i->faults++ < FAULTS_SHOWN)
                json_array_append_new(
                        i->list,
                        json_pack("{sI ss so ss ss}", "line", (json_int_t)i->line, "field", field,
                                  "value",
                                  api_json_text(span_of(value.p, MIN(value.len, (size_t)200))),
                                  "fault", texts[vi], "remedy", texts[2 + vi]));
        return IMPORT_E_FAULT;
}

int import_fault(struct import *i, unsigned column, const char *en, const char *vi,
                 const char *remedy_en, const char *remedy_vi) {
        const char *const texts[4] = {en, vi, remedy_en, remedy_vi};

        return add_fault(i, i->columns[column].name, i->row[column], texts);
}

/* ---- the first line ---- */

static int column_of(const struct import *i, struct span name) {
        name = span_trim(name);
        for (unsigned k = 0; k < i->n; k++)
                if (span_ieq(name, span_str(i->columns[k].name)))
                        return (int)k;
        return -1;
}

static bool has(const struct import *i, unsigned n_fields, unsigned column) {
        for (unsigned k = 0; k < n_fields; k++)
                if (i->at[k] == (int)column)
                        return true;
        return false;
}

static void read_head(struct import *i, const struct span *fields, unsigned n_fields) {
        static const char *const unknown[4] = {
                "there is no such column", "không có cột này",
                "take a name that the manual lists, or remove the column",
                "dùng tên cột có trong tài liệu, hoặc bỏ cột này"};
        static const char *const twice[4] = {"the column is there twice", "cột xuất hiện hai lần",
                                             "remove one of them", "bỏ một trong hai"};
        static const char *const missing[4] = {"this column is missing", "thiếu cột này",
                                               "add it to the first line",
                                               "thêm cột vào dòng đầu tiên"};

        for (unsigned k = 0; k < n_fields; k++) {
                int column = column_of(i, fields[k]);

                if (column < 0)
                        add_fault(i, "", fields[k], unknown);
                else if (has(i, k, (unsigned)column))
                        add_fault(i, i->columns[column].name, fields[k], twice);
                i->at[k] = column;
        }
        for (unsigned k = 0; k < i->n; k++)
                if (i->columns[k].required && !has(i, n_fields, k))
                        add_fault(i, i->columns[k].name, SPAN_NONE, missing);
}

/* ---- rows ---- */

static bool printable(struct span s, bool lines) {
        while (s.len) {
                uint32_t cp;
                unsigned k = utf8_next(s.p, s.len, &cp);

                if (!k || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) ||
                    (cp < 0x20 && !(lines && (cp == '\n' || cp == '\r' || cp == '\t'))))
                        return false;
                s = span_of(s.p + k, s.len - k);
        }
        return true;
}

static unsigned characters(struct span s) {
        unsigned n = 0;

        for (size_t i = 0; i < s.len; i++)
                n += (s.p[i] & 0xc0) != 0x80;
        return n;
}

static bool cells_good(struct import *i) {
        unsigned before = i->faults;

        for (unsigned k = 0; k < i->n; k++) {
                const struct import_column *col = &i->columns[k];

                if (col->required && !i->row[k].len)
                        import_fault(i, k, "it is empty", "đang trống", "fill it in",
                                     "hãy điền vào");
                else if (!printable(i->row[k], col->lines))
                        import_fault(i, k, "it has control characters, or is no UTF-8",
                                     "có ký tự điều khiển hoặc không phải UTF-8",
                                     "save the file as UTF-8", "lưu tệp dạng UTF-8");
                else if (characters(i->row[k]) > col->most)
                        import_fault(i, k, "it is too long", "quá dài", "make it shorter",
                                     "rút ngắn lại");
        }
        return i->faults == before;
}

static int take_row(struct import *i, const struct span *fields, unsigned n, import_row *row) {
        static const char *const many[4] = {"there are more fields than the first line names",
                                            "có nhiều trường hơn dòng đầu tiên",
                                            "put quotes around a text that has a comma",
                                            "đặt trong ngoặc kép nội dung có dấu phẩy"};
        bool is_new = false;

        memset(i->row, 0, sizeof(i->row));
        for (unsigned k = 0; k < n; k++)
                if (i->at[k] >= 0)
                        i->row[i->at[k]] = span_trim(fields[k]);
                else if (i->at[k] == -2 && span_trim(fields[k]).len)
                        return add_fault(i, "", fields[k], many);
        if (!cells_good(i))
                return IMPORT_E_FAULT;
        int r = row(i->c, i, i->row, &is_new);
        i->added += r == 0 && is_new;
        return r;
}

static int take_rows(struct import *i, struct csv *csv, import_row *row) {
        static const char *const broken[4] = {
                "the quotes of this row do not fit", "dấu ngoặc kép của dòng này không khớp",
                "double each quote within a text", "nhân đôi dấu ngoặc kép bên trong nội dung"};
        static const char *const much[4] = {"the file has more than 20,000 rows",
                                            "tệp có hơn 20.000 dòng", "divide it",
                                            "hãy chia nhỏ tệp"};
        struct span fields[CSV_FIELDS_MAX];
        unsigned n = 0;
        int r;

        while ((r = csv_next(csv, fields, &n, &i->line)) != 0) {
                if (r < 0) {
                        add_fault(i, "", SPAN_NONE, broken);
                        continue;
                }
                if (i->rows++ == ROWS_MOST) {
                        add_fault(i, "", SPAN_NONE, much);
                        return 0;
                }
                r = take_row(i, fields, n, row);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_file(struct import *i, import_row *row) {
        static const char *const empty[4] = {"the file is empty", "tệp trống",
                                             "its first line names the columns",
                                             "dòng đầu tiên là tên các cột"};
        struct span text = arena_dup(i->c->arena, api_text(i->c, "csv")), fields[CSV_FIELDS_MAX];
        unsigned n = 0;
        struct csv csv;

        if (!text.p)
                return FAIL(-ENOMEM);
        for (unsigned k = 0; k < CSV_FIELDS_MAX; k++)
                i->at[k] = -2;
        csv_init(&csv, (char *)(uintptr_t)text.p, text.len);
        if (csv_next(&csv, fields, &n, &i->line) != 1)
                add_fault(i, "", SPAN_NONE, empty);
        else
                read_head(i, fields, n);
        return i->faults ? 0 : take_rows(i, &csv, row);
}

int import_run(struct api_call *c, const struct import_column *columns, unsigned n,
               import_row *row) {
        struct import *i = arena_zalloc(c->arena, sizeof(*i));
        bool dry = api_bool(c, "dry", false);

        if (!i)
                return FAIL(-ENOMEM);
        *i = (struct import){.c = c, .columns = columns, .n = n, .list = json_array()};
        int r = sql_do(c->db, "SAVEPOINT import", "");
        if (r == 0)
                r = take_file(i, row);
        if (r == 0 && (dry || i->faults)) /* M1 */
                r = sql_do(c->db, "ROLLBACK TO import", "");
        if (r == 0)
                r = sql_do(c->db, "RELEASE import", "");
        if (r < 0) {
                json_decref(i->list);
                return r;
        }
        c->answer = json_pack("{sb sI sI sI sI so}", "done", !dry && !i->faults, "lines",
                              (json_int_t)i->rows, "added", (json_int_t)i->added, "changed",
                              (json_int_t)(i->rows - i->added - MIN(i->faults, i->rows - i->added)),
                              "n_faults", (json_int_t)i->faults, "faults", i->list);
        c->detail = json_pack("{sb sI sI sI}", "dry", dry, "lines", (json_int_t)i->rows, "added",
                              (json_int_t)i->added, "faults", (json_int_t)i->faults);
        return 0;
}
