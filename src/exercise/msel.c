/* The master scenario events list as people keep it: a table, one row an event, read and written as CSV. The first row
 * names the columns, in English or Vietnamese and in any order; those that are not known are told and passed over.
 *
 * Rows of kind "step" become steps (without activities: a table has none), all others injects. An expected action
 * becomes a line of points. A cell of ours that a spreadsheet might take for a formula gets an apostrophe in front. */
#include <stdlib.h>

#include "base/csv.h"
#include "base/utf8.h"
#include "exercise/exchange_impl.h"
#include "report/attack.h"

enum column {
        COL_ID,
        COL_TIME,
        COL_KIND,
        COL_TITLE,
        COL_TITLE_VI,
        COL_TEXT,
        COL_TEXT_VI,
        COL_FROM,
        COL_TO,
        COL_EXPECTED,
        COL_WEIGHT,
        COL_TECHNIQUE,
        COLUMNS
};

/* Without accents, blanks as one; the first is what we write. */
static const char *const names[COLUMNS][6] = {
        [COL_ID] = {"id", "no", "number", "inject no", "inject number", "stt"},
        [COL_TIME] = {"time", "event time", "scheduled time", "t", "thoi gian", "thoi diem"},
        [COL_KIND] = {"kind", "type", "inject type", "method", "loai", "hinh thuc"},
        [COL_TITLE] = {"title", "event", "inject", "event title", "tinh huong", "tieu de"},
        [COL_TITLE_VI] = {"title_vi", "tieu de tieng viet"},
        [COL_TEXT] = {"text", "description", "message", "event description", "noi dung", "mo ta"},
        [COL_TEXT_VI] = {"text_vi", "noi dung tieng viet"},
        [COL_FROM] = {"from", "source", "sender", "responsible controller", "tu", "nguoi gui"},
        [COL_TO] = {"to", "recipient", "recipient player", "player", "den", "nguoi nhan"},
        [COL_EXPECTED] = {"expected", "expected action", "expected outcome", "expected response",
                          "ket qua mong doi", "mong doi"},
        [COL_WEIGHT] = {"weight", "points", "score", "diem"},
        [COL_TECHNIQUE] = {"technique", "att&ck", "mitre", "ky thuat"},
};

/* ---- in ---- */

static void plain(struct span s, char *to, size_t room) {
        char text[1024];
        size_t n, k = 0;

        s = span_trim(s);
        n = utf8_plain_to(text, span_of(s.p, MIN(s.len, (size_t)200)));
        for (size_t i = 0; i < n && k + 1 < room; i++)
                if ((unsigned char)text[i] > ' ' || (k && to[k - 1] != ' '))
                        to[k++] = (unsigned char)text[i] > ' ' ? text[i] : ' ';
        to[k] = '\0';
}

static int column_of(struct span name) {
        char text[200];

        plain(name, text, sizeof(text));
        for (unsigned i = 0; i < COLUMNS; i++)
                for (unsigned k = 0; k < ARRAY_LEN(names[i]) && names[i][k]; k++)
                        if (strcmp(text, names[i][k]) == 0)
                                return (int)i;
        return -1;
}

/* "0:05" (hours and minutes), "00:05:00", "+0:05", "T+5m", "5m"; ms, or -1. */
static int64_t time_of(struct span s) {
        int64_t part[3] = {0};
        unsigned n = 0, digits = 0;

        s = span_trim(s);
        if (s.len && (*s.p == 'T' || *s.p == 't' || *s.p == 'H'))
                s.p++, s.len--;
        if (s.len && *s.p == '+')
                s.p++, s.len--;
        if (!memchr(s.p ? s.p : "", ':', s.len))
                return scenario_time_of(s);
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] == ':' && digits && n < 2)
                        n++, digits = 0;
                else if (s.p[i] >= '0' && s.p[i] <= '9' && digits < 4)
                        part[n] = part[n] * 10 + (s.p[i] - '0'), digits++;
                else
                        return -1;
        }
        return digits && part[1] < 60 && part[2] < 60
                       ? (part[0] * 3600 + part[1] * 60 + part[2]) * 1000
                       : -1;
}

static enum plan_inject_kind kind_of(const char *s) {
        static const struct {
                const char *word;
                enum plan_inject_kind kind;
        } words[] = {
                {"mail", INJECT_MAIL},     {"email", INJECT_MAIL},  {"thu", INJECT_MAIL},
                {"call", INJECT_CALL},     {"phone", INJECT_CALL},  {"dien thoai", INJECT_CALL},
                {"press", INJECT_PRESS},   {"media", INJECT_PRESS}, {"bao chi", INJECT_PRESS},
                {"file", INJECT_FILE},     {"tep", INJECT_FILE},    {"failure", INJECT_FAILURE},
                {"su co", INJECT_FAILURE}, {"order", INJECT_ORDER}, {"chi dao", INJECT_ORDER},
                {"note", INJECT_NOTE}};

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (strstr(s, words[i].word))
                        return words[i].kind;
        return INJECT_NOTE;
}

struct msel {
        struct import *im;
        int at[CSV_FIELDS_MAX]; /* column of each field; -1: none */
        int64_t last;
};

/* A cell, without the apostrophe that kept it from being a formula. */
static struct span cell(const struct msel *m, const struct span *fields, unsigned n,
                        enum column col) {
        for (unsigned i = 0; i < n; i++)
                if (m->at[i] == (int)col) {
                        struct span s = span_trim(fields[i]);

                        if (s.len > 1 && *s.p == '\'' && strchr("=+-@", s.p[1]))
                                s.p++, s.len--;
                        return s;
                }
        return SPAN_NONE;
}

static struct plan_text both(struct msel *m, struct span en, struct span vi, size_t max) {
        struct plan_text t = {"", ""};

        if (!en.len)
                en = vi;
        if (!vi.len)
                vi = en;
        if (!en.len)
                return t;
        t.en = import_text(m->im, import_keep(m->im, en), max).en;
        t.vi = import_text(m->im, import_keep(m->im, vi), max).vi;
        return t;
}

static void row_step(struct msel *m, const struct span *f, unsigned n, struct plan_text title,
                     int64_t at, unsigned line) {
        struct plan_step *s = import_step(m->im);
        struct span technique = cell(m, f, n, COL_TECHNIQUE), id = cell(m, f, n, COL_ID);

        if (!s)
                return;
        s->id = import_id(m->im, id.len > 2 ? import_keep(m->im, id) : title.en, "step");
        s->title = title;
        s->text = both(m, cell(m, f, n, COL_TEXT), cell(m, f, n, COL_TEXT_VI), 4000);
        s->when = (struct plan_when){.at = at, .condition = -1};
        if (technique.len && attack_technique(technique))
                s->technique = import_keep(m->im, technique);
        else if (technique.len)
                import_tell(m->im, line, "technique", IMPORT_TECHNIQUE,
                            import_keep(m->im, technique));
}

static void row_inject(struct msel *m, const struct span *f, unsigned n, struct plan_text title,
                       int64_t at) {
        struct plan_inject *x = import_inject(m->im);
        struct span expected = cell(m, f, n, COL_EXPECTED), weight = cell(m, f, n, COL_WEIGHT),
                    id = cell(m, f, n, COL_ID);
        char kind[200];

        if (!x)
                return;
        plain(cell(m, f, n, COL_KIND), kind, sizeof(kind));
        x->id = import_id(m->im, id.len > 2 ? import_keep(m->im, id) : title.en, "inject");
        x->kind = kind_of(kind);
        x->title = title;
        x->text = both(m, cell(m, f, n, COL_TEXT), cell(m, f, n, COL_TEXT_VI), 8000);
        if (!*x->text.en)
                x->text = title;
        x->from = both(m, cell(m, f, n, COL_FROM), SPAN_NONE, PLAN_TITLE_MAX);
        x->file = (struct plan_text){"", ""};
        x->when = (struct plan_when){.at = at, .condition = -1};
        if (!expected.len)
                return;
        x->answer = true;
        long w = strtol(import_keep(m->im, weight), NULL, 10);
        import_expectation(m->im, x->id, FACT_ANSWERED, w > 0 ? (unsigned)MIN(w, 1000) : 5,
                           import_keep(m->im, expected));
}

static void row(struct msel *m, const struct span *f, unsigned n, unsigned line) {
        struct span when = cell(m, f, n, COL_TIME), t = cell(m, f, n, COL_TITLE);
        int64_t at = time_of(when);
        char kind[200];

        if (!t.len)
                t = cell(m, f, n, COL_TEXT);
        if (!t.len) {
                import_tell(m->im, line, "title", IMPORT_MISSING, "title");
                return;
        }
        if (at < 0 || at > PLAN_LENGTH_MAX / 2) {
                import_tell(m->im, line, "time", IMPORT_TIME, import_keep(m->im, when));
                return;
        }
        m->last = MAX(m->last, at);
        struct plan_text title = both(m, t, cell(m, f, n, COL_TITLE_VI), PLAN_TITLE_MAX);
        plain(cell(m, f, n, COL_KIND), kind, sizeof(kind));
        bool innocent = strcmp(kind, "background") == 0 || strcmp(kind, "nen") == 0;
        if (innocent || strcmp(kind, "step") == 0 || strcmp(kind, "attack") == 0 ||
            strcmp(kind, "buoc") == 0) {
                unsigned before = m->im->plan.n_steps;

                row_step(m, f, n, title, at, line);
                if (m->im->plan.n_steps > before)
                        m->im->steps[before].background = innocent;
        } else
                row_inject(m, f, n, title, at);
}

static bool header(struct msel *m, const struct span *f, unsigned n, unsigned line) {
        bool time = false, title = false;

        for (unsigned i = 0; i < n; i++) {
                m->at[i] = column_of(f[i]);
                time |= m->at[i] == COL_TIME;
                title |= m->at[i] == COL_TITLE || m->at[i] == COL_TEXT;
                if (m->at[i] < 0 && f[i].len)
                        import_tell(m->im, line, import_print(m->im, "column %u", i + 1),
                                    IMPORT_LAX,
                                    import_keep(m->im, span_of(f[i].p, MIN(f[i].len, (size_t)60))));
        }
        if (!time)
                import_tell(m->im, line, "", IMPORT_COLUMN, "time");
        if (!title)
                import_tell(m->im, line, "", IMPORT_COLUMN, "title");
        return time && title;
}

/* The drill lasts until the last row can be answered, at least an hour. */
static void lengths(struct msel *m) {
        struct import *im = m->im;
        int64_t length = MAX((m->last * 3 / 2 + 59999) / 60000 * 60000, INT64_C(3600000));

        im->plan.length = MIN(length, PLAN_LENGTH_MAX);
        im->plan.demo_speed = (unsigned)MAX(MIN(im->plan.length / 600000, 60), 1);
        for (unsigned i = 0; i < im->plan.n_expectations; i++) {
                struct plan_expectation *e = &im->expectations[i];

                e->h = im->plan.length / 3 / 60000 * 60000;
                e->d = e->h / 2;
                e->g = e->h / 4;
        }
}

int msel_read(struct import *im, struct span text) {
        struct msel m = {.im = im};
        struct span f[CSV_FIELDS_MAX];
        unsigned n, line;
        struct csv c;
        char *copy = malloc(text.len + 1);
        int r;

        if (!copy)
                return FAIL(-ENOMEM);
        memcpy(copy, text.p, text.len);
        csv_init(&c, copy, text.len);
        r = csv_next(&c, f, &n, &line);
        if (r == 1 && header(&m, f, n, line)) {
                import_frame(im, "imported", "Imported list of events", NULL, 3600000);
                while (im->n_faults <= SCENARIO_FAULTS_MAX &&
                       (r = csv_next(&c, f, &n, &line)) != 0) {
                        if (r == 1)
                                row(&m, f, n, line);
                        else
                                import_tell(im, c.line ? c.line - 1 : 1, "", IMPORT_ROW,
                                            r == -E2BIG ? "> 64" : "\"");
                }
                lengths(&m);
                import_tell(im, 1, "", IMPORT_DRAFT, NULL);
        } else if (r != 1)
                import_tell(im, 1, "", IMPORT_FORMAT, NULL);
        free(copy);
        return 0;
}

/* ---- out ---- */

static void put(struct buf *b, const char *s, bool last) {
        buf_char(b, '"');
        if (strchr("=+-@", *s) && *s)
                buf_char(b, '\'');
        for (; *s; s++) {
                if (*s == '"')
                        buf_char(b, '"');
                buf_char(b, *s);
        }
        buf_str(b, last ? "\"\r\n" : "\",");
}

static int64_t start_of(const struct plan *p, const struct plan_when *w, unsigned deep) {
        int i;

        if (!w->after || deep > PLAN_STEPS_MAX + PLAN_INJECTS_MAX)
                return w->at;
        if ((i = plan_find_step(p, w->after)) >= 0)
                return start_of(p, &p->steps[i].when, deep + 1) + w->delay;
        i = plan_find_inject(p, w->after);
        return i >= 0 ? start_of(p, &p->injects[i].when, deep + 1) + w->delay : 0;
}

static void put_time(struct buf *b, int64_t ms) {
        buf_printf(b, "\"%02lld:%02lld:%02lld\",", (long long)(ms / 3600000),
                   (long long)(ms / 60000 % 60), (long long)(ms / 1000 % 60));
}

static void put_expected(const struct plan *p, const char *of, struct buf *b) {
        _cleanup_(buf_deinit) struct buf t = {0};
        unsigned sum = 0;

        for (unsigned i = 0; i < p->n_expectations; i++)
                if (strcmp(p->expectations[i].of, of) == 0) {
                        buf_printf(&t, "%s%s", t.len ? "; " : "", p->expectations[i].title.en);
                        sum += p->expectations[i].weight;
                }
        buf_char(&t, '\0');
        put(b, t.p ? t.p : "", false);
        if (sum)
                buf_printf(b, "\"%u\",", sum);
        else
                put(b, "", false);
}

struct event {
        int64_t at;
        unsigned number; /* steps, then injects */
};

static int by_time(const void *pa, const void *pb) {
        const struct event *a = pa, *b = pb;

        if (a->at != b->at)
                return a->at < b->at ? -1 : 1;
        return a->number < b->number ? -1 : 1;
}

static void put_step(const struct plan *p, const struct plan_step *s, struct buf *b) {
        put(b, s->background ? "background" : "step", false);
        put(b, s->title.en, false);
        put(b, s->title.vi, false);
        put(b, s->text.en, false);
        put(b, s->text.vi, false);
        put(b, "", false);
        put(b, "", false);
        put_expected(p, s->id, b);
        put(b, s->technique ? s->technique : "", true);
}

static void put_inject(const struct plan *p, const struct plan_inject *x, struct buf *b) {
        _cleanup_(buf_deinit) struct buf to = {0};

        for (unsigned i = 0; i < x->n_roles; i++)
                buf_printf(&to, "%s%s", i ? ", " : "", x->roles[i]);
        buf_char(&to, '\0');
        put(b, plan_inject_kinds[x->kind], false);
        put(b, x->title.en, false);
        put(b, x->title.vi, false);
        put(b, x->text.en, false);
        put(b, x->text.vi, false);
        put(b, x->from.en, false);
        put(b, to.p ? to.p : "", false);
        put_expected(p, x->id, b);
        put(b, x->technique ? x->technique : "", true);
}

void msel_write(const struct plan *p, struct buf *b) {
        unsigned n = p->n_steps + p->n_injects;
        struct event *e = calloc(n ? n : 1, sizeof(*e));

        if (!e) {
                b->failed = true;
                return;
        }
        for (unsigned i = 0; i < n; i++)
                e[i] = (struct event){start_of(p,
                                               i < p->n_steps ? &p->steps[i].when
                                                              : &p->injects[i - p->n_steps].when,
                                               0),
                                      i};
        qsort(e, n, sizeof(*e), by_time);
        for (unsigned i = 0; i < COLUMNS; i++)
                put(b, names[i][0], i + 1 == COLUMNS);
        for (unsigned i = 0; i < n; i++) {
                unsigned k = e[i].number;

                put(b, k < p->n_steps ? p->steps[k].id : p->injects[k - p->n_steps].id, false);
                put_time(b, e[i].at);
                if (k < p->n_steps)
                        put_step(p, &p->steps[k], b);
                else
                        put_inject(p, &p->injects[k - p->n_steps], b);
        }
        free(e);
}
