/* See regime.h. One table says which keys there are and what each may hold; the walk over it writes JSON
 * as it goes. What the table cannot say (that a clock's report is one of the reports, that a fact is one of
 * the questions) is checked afterwards over the same tree. An unknown key is an error: a misspelt deadline
 * must not be silently absent. */
#include "rules/regime.h"

#include <stdio.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "rules/yamltree.h"

#define SAID_MAX 50u
#define LIST_MAX 256u
#define DEPTH_MAX 8u
#define TEXT_MAX 1000u

enum want {
        WORD = 1, /* letters, digits, - and _ */
        TEXT,
        DATE,  /* 2026-07-01 */
        DAY,   /* 12-20 */
        ZONE,  /* +07:00 */
        AFTER, /* a span of time; seconds in JSON */
        YESNO,
        NUMBER,
        ONE_OF,
        MAP,   /* of the keys in sub */
        LIST,  /* of such maps */
        TABLE, /* of words to such maps */
        WORDS,
        TEST, /* word, or {any: […]}, {all: […]}, {not: …} */
        GRID, /* rows of words */
};

struct key {
        const char *name; /* NULL ends */
        enum want want;
        bool must;
        const struct key *sub;
        const char *values; /* ONE_OF: "a|b" */
};

#define BASIS                                                                                      \
        { "basis", TEXT, true, NULL, NULL }
#define STATUS                                                                                     \
        { "status", ONE_OF, true, NULL, "checked|reported|remembered" }
#define NAMES                                                                                      \
        {"en", TEXT, true, NULL, NULL}, {                                                          \
                "vi", TEXT, true, NULL, NULL                                                       \
        }
#define ID                                                                                         \
        { "id", WORD, true, NULL, NULL }
#define END                                                                                        \
        { NULL, 0, false, NULL, NULL }

static const struct key names[] = {NAMES, END};
static const struct key law[] = {NAMES, STATUS, END};
static const struct key named[] = {ID, NAMES, END};
static const struct key activities[] = {BASIS, STATUS, {"list", LIST, true, named, NULL}, END};
static const struct key question[] = {ID,
                                      NAMES,
                                      BASIS,
                                      STATUS,
                                      {"from", TEXT, false, NULL, NULL},
                                      {"only_if", WORD, false, NULL, NULL},
                                      END};
static const struct key serious[] = {BASIS,
                                     STATUS,
                                     {"note", MAP, false, names, NULL},
                                     {"suggests", TEST, true, NULL, NULL},
                                     END};
static const struct key then[] = {{"when", WORDS, true, NULL, NULL},
                                  {"report", WORD, true, NULL, NULL},
                                  {"until", WORD, true, NULL, NULL},
                                  END};
static const struct key deadline[] = {ID,
                                      NAMES,
                                      BASIS,
                                      STATUS,
                                      {"when", WORDS, true, NULL, NULL},
                                      {"since", WORD, false, NULL, NULL},
                                      {"within", AFTER, true, NULL, NULL},
                                      {"expect", AFTER, false, NULL, NULL},
                                      {"to", WORD, true, NULL, NULL},
                                      {"report", WORD, true, NULL, NULL},
                                      {"then", MAP, false, then, NULL},
                                      {"keep", AFTER, false, NULL, NULL},
                                      END};
static const struct key periodic[] = {ID,
                                      NAMES,
                                      BASIS,
                                      STATUS,
                                      {"before", DAY, true, NULL, NULL},
                                      {"to", WORD, true, NULL, NULL},
                                      {"report", WORD, true, NULL, NULL},
                                      END};
static const struct key report[] = {ID,
                                    NAMES,
                                    BASIS,
                                    STATUS,
                                    {"official", YESNO, true, NULL, NULL},
                                    {"subject", MAP, true, names, NULL},
                                    {"fields", WORDS, true, NULL, NULL},
                                    {"must", WORDS, false, NULL, NULL},
                                    {"to", WORD, false, NULL, NULL},
                                    END};
static const struct key paper[] = {
        BASIS, STATUS, {"state", MAP, true, names, NULL}, {"motto", MAP, true, names, NULL}, END};
static const struct key field[] = {NAMES,
                                   {"from", TEXT, false, NULL, NULL},
                                   {"basis", TEXT, false, NULL, NULL},
                                   {"must", YESNO, false, NULL, NULL},
                                   {"kind", ONE_OF, false, NULL, "time|text|line"},
                                   END};
static const struct key severity[] = {
        BASIS, {"harms", LIST, true, named, NULL}, {"table", GRID, true, NULL, NULL}, END};
static const struct key approval[] = {BASIS,
                                      {"1", WORD, true, NULL, NULL},
                                      {"2", WORD, true, NULL, NULL},
                                      {"3", WORD, true, NULL, NULL},
                                      {"4", WORD, true, NULL, NULL},
                                      {"5", WORD, true, NULL, NULL},
                                      END};
static const struct key level[] = {{"level", NUMBER, true, NULL, NULL}, NAMES, END};
static const struct key levels[] = {BASIS,
                                    STATUS,
                                    {"approval", MAP, true, approval, NULL},
                                    {"list", LIST, true, level, NULL},
                                    END};
static const struct key regime[] = {
        ID,
        {"country", WORD, true, NULL, NULL},
        {"from", DATE, true, NULL, NULL},
        {"until", DATE, false, NULL, NULL},
        {"zone", ZONE, true, NULL, NULL},
        {"name", MAP, true, names, NULL},
        {"notice", MAP, false, names, NULL},
        {"paper", MAP, false, paper, NULL},
        {"laws", TABLE, true, law, NULL},
        {"recipients", TABLE, true, names, NULL},
        {"kinds", LIST, true, named, NULL},
        {"activities", MAP, true, activities, NULL},
        {"questions", LIST, true, question, NULL},
        {"serious", MAP, true, serious, NULL},
        {"clocks", LIST, true, deadline, NULL},
        {"periodic", LIST, false, periodic, NULL},
        {"reports", LIST, true, report, NULL},
        {"fields", TABLE, true, field, NULL},
        {"severity", MAP, true, severity, NULL},
        {"levels", MAP, true, levels, NULL},
        END,
};

struct reading {
        struct span name;
        struct buf *json, *said;
        unsigned faults;
};

/* ---- faults ---- */

static void fault(struct reading *r, const struct node *at, const char *what, const char *en,
                  const char *vi) {
        if (r->faults++ >= SAID_MAX)
                return;
        buf_term(r->said, r->name);
        buf_printf(r->said, ":%u:%u: ", at ? at->line : 1, at ? at->column : 1);
        if (what && *what) {
                buf_term(r->said, span_str(what));
                buf_str(r->said, ": ");
        }
        buf_str(r->said, tr(en, vi));
        buf_char(r->said, '\n');
}

/* ---- scalars ---- */

static bool is_word(struct span s) {
        if (s.len == 0 || s.len > 64)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                char c = ascii_lower(s.p[i]);
                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
                        return false;
        }
        return true;
}

static bool matches(struct span s, const char *pattern) { /* 9: a digit, +: a sign */
        if (s.len != strlen(pattern))
                return false;
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i], p = pattern[i];
                bool good = p == '9'   ? c >= '0' && c <= '9'
                            : p == '+' ? c == '+' || c == '-'
                                       : c == p;
                if (!good)
                        return false;
        }
        return true;
}

static unsigned two(const char *p) {
        return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

static bool is_day(struct span s) {
        static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

        if (!matches(s, "99-99"))
                return false;
        unsigned month = two(s.p), day = two(s.p + 3);
        return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static bool is_date(struct span s) {
        return matches(s, "9999-99-99") && time_parse_iso(s, 0) != TIME_NONE;
}

static bool is_zone(struct span s) {
        return matches(s, "+99:99") && two(s.p + 1) <= 14 && two(s.p + 4) < 60;
}

static bool one_of(struct span s, const char *values) {
        for (const char *v = values; *v;) {
                size_t n = strcspn(v, "|");
                if (span_eq(s, span_of(v, n)))
                        return true;
                v += n + (v[n] == '|');
        }
        return false;
}

/* "0s" is a time too. */
static int64_t seconds_of(struct span s) {
        if (span_eq(s, SPAN("0s")))
                return 0;
        int64_t ns = time_parse_span(s);
        return ns < 0 ? -1 : ns / NS_PER_SEC;
}

static void quoted(struct buf *b, struct span s) {
        buf_char(b, '"');
        buf_json(b, s);
        buf_char(b, '"');
}

static void scalar(struct reading *r, const struct key *k, const struct node *n) {
        struct span s = n->text;
        double number = 0;

        if (n->kind != NODE_SCALAR) {
                fault(r, n, k->name, "one value is wanted here", "ở đây cần một giá trị đơn");
                return;
        }
        switch (k->want) {
        case WORD:
                if (!is_word(s))
                        fault(r, n, k->name, "a word is wanted: letters, digits, - and _",
                              "cần một từ: chữ cái, chữ số, - và _");
                break;
        case TEXT:
                if (s.len == 0 || s.len > TEXT_MAX)
                        fault(r, n, k->name, "a text of 1 to 1000 bytes is wanted",
                              "cần văn bản dài 1 đến 1000 byte");
                break;
        case DATE:
                if (!is_date(s))
                        fault(r, n, k->name, "a date is wanted: 2026-07-01",
                              "cần một ngày: 2026-07-01");
                break;
        case DAY:
                if (!is_day(s))
                        fault(r, n, k->name, "month and day are wanted: 12-20",
                              "cần tháng và ngày: 12-20");
                break;
        case ZONE:
                if (!is_zone(s))
                        fault(r, n, k->name, "an offset is wanted: '+07:00'",
                              "cần độ lệch múi giờ: '+07:00'");
                break;
        case ONE_OF:
                if (!one_of(s, k->values))
                        fault(r, n, k->name, k->values, k->values);
                break;
        case AFTER: {
                int64_t seconds = seconds_of(s);
                if (seconds < 0)
                        fault(r, n, k->name, "a time is wanted: 24h, 5d, 0s",
                              "cần một khoảng thời gian: 24h, 5d, 0s");
                buf_printf(r->json, "%lld", (long long)MAX(seconds, 0));
                return;
        }
        case YESNO:
                if (node_type(n) != SCALAR_BOOL)
                        fault(r, n, k->name, "true or false", "true hoặc false");
                buf_str(r->json, node_type(n) == SCALAR_BOOL && node_bool(n) ? "true" : "false");
                return;
        case NUMBER:
                if (!node_number(n, &number) || number < 0 || number > 1e6 ||
                    number != (double)(int64_t)number) {
                        fault(r, n, k->name, "a whole number is wanted", "cần một số nguyên");
                        number = 0;
                }
                buf_printf(r->json, "%lld", (long long)number);
                return;
        default: assert(false);
        }
        quoted(r->json, s);
}

/* ---- what is made of others ---- */

static void value(struct reading *r, const struct key *k, const struct node *n);

static const struct key *key_of(const struct key *keys, struct span name) {
        for (; keys->name; keys++)
                if (span_eq(name, span_str(keys->name)))
                        return keys;
        return NULL;
}

static void map(struct reading *r, const char *what, const struct key *keys, const struct node *n) {
        const char *comma = "";

        buf_char(r->json, '{');
        if (n->kind != NODE_MAP) {
                fault(r, n, what, "names with values are wanted here",
                      "ở đây cần các tên kèm giá trị");
                buf_char(r->json, '}');
                return;
        }
        for (const struct node *c = n->first; c; c = c->next) {
                const struct key *k = key_of(keys, c->key->text);

                if (!k) {
                        fault(r, c->key, c->key->text.p, "unknown key", "khóa lạ");
                        continue;
                }
                buf_printf(r->json, "%s\"%s\":", comma, k->name);
                value(r, k, c);
                comma = ",";
        }
        for (const struct key *k = keys; k->name; k++)
                if (k->must && !node_get(n, k->name))
                        fault(r, n, k->name, "this key is missing", "thiếu khóa này");
        buf_char(r->json, '}');
}

static bool is_list(struct reading *r, const struct key *k, const struct node *n) {
        if (n->kind != NODE_LIST || n->n == 0 || n->n > LIST_MAX) {
                fault(r, n, k->name, "a list of 1 to 256 is wanted here",
                      "ở đây cần một danh sách 1 đến 256 mục");
                return false;
        }
        return true;
}

static void list(struct reading *r, const struct key *k, const struct node *n) {
        static const struct key word = {"-", WORD, true, NULL, NULL};
        static const struct key row = {"-", WORDS, true, NULL, NULL};

        buf_char(r->json, '[');
        if (is_list(r, k, n))
                for (const struct node *c = n->first; c; c = c->next) {
                        if (c != n->first)
                                buf_char(r->json, ',');
                        if (k->want == LIST)
                                map(r, k->name, k->sub, c);
                        else
                                value(r, k->want == GRID ? &row : &word, c);
                }
        buf_char(r->json, ']');
}

static void table(struct reading *r, const struct key *k, const struct node *n) {
        buf_char(r->json, '{');
        if (n->kind != NODE_MAP || n->n == 0 || n->n > LIST_MAX)
                fault(r, n, k->name, "1 to 256 names with values are wanted here",
                      "ở đây cần 1 đến 256 tên kèm giá trị");
        else
                for (const struct node *c = n->first; c; c = c->next) {
                        if (!is_word(c->key->text))
                                fault(r, c->key, k->name,
                                      "a word is wanted: letters, digits, - and _",
                                      "cần một từ: chữ cái, chữ số, - và _");
                        if (c != n->first)
                                buf_char(r->json, ',');
                        quoted(r->json, c->key->text);
                        buf_char(r->json, ':');
                        map(r, k->name, k->sub, c);
                }
        buf_char(r->json, '}');
}

static void test(struct reading *r, const struct key *k, const struct node *n, unsigned depth) {
        const struct node *c = n->first;

        if (n->kind == NODE_SCALAR && is_word(n->text)) {
                quoted(r->json, n->text);
                return;
        }
        bool one = n->kind == NODE_MAP && n->n == 1 && depth < DEPTH_MAX;
        bool list = one && c->kind == NODE_LIST && c->n > 0 && c->n <= LIST_MAX;
        bool many =
                list && (span_eq(c->key->text, SPAN("any")) || span_eq(c->key->text, SPAN("all")));
        bool not = one && span_eq(c->key->text, SPAN("not"));

        if (!many && !not ) {
                fault(r, n, k->name, "a fact is wanted, or {any: […]}, {all: […]}, {not: …}",
                      "cần một dữ kiện, hoặc {any: […]}, {all: […]}, {not: …}");
                buf_str(r->json, "null");
                return;
        }
        buf_printf(r->json, "{\"%s\":", not ? "not" : c->key->text.p);
        if (not ) {
                test(r, k, c, depth + 1);
        } else {
                buf_char(r->json, '[');
                for (const struct node *e = c->first; e; e = e->next) {
                        if (e != c->first)
                                buf_char(r->json, ',');
                        test(r, k, e, depth + 1);
                }
                buf_char(r->json, ']');
        }
        buf_char(r->json, '}');
}

static void value(struct reading *r, const struct key *k, const struct node *n) {
        switch (k->want) {
        case MAP: map(r, k->name, k->sub, n); break;
        case LIST:
        case WORDS:
        case GRID: list(r, k, n); break;
        case TABLE: table(r, k, n); break;
        case TEST: test(r, k, n, 0); break;
        default: scalar(r, k, n);
        }
}

/* ---- what refers to what; only for a tree of the right shape ---- */

static bool has_id(const struct node *list, struct span id) {
        for (const struct node *c = list->first; c; c = c->next)
                if (span_eq(node_get(c, "id")->text, id))
                        return true;
        return false;
}

static bool is_fact(const struct node *root, struct span id) {
        return span_eq(id, SPAN("serious")) || span_eq(id, SPAN("always")) ||
               has_id(node_get(root, "questions"), id);
}

static void want_fact(struct reading *r, const struct node *root, const struct node *n) {
        if (n && !is_fact(root, n->text))
                fault(r, n, n->text.p, "no question has this id",
                      "không có câu hỏi nào mang mã này");
}

static void want_facts(struct reading *r, const struct node *root, const struct node *list) {
        for (const struct node *c = list ? list->first : NULL; c; c = c->next)
                want_fact(r, root, c);
}

static void want_report(struct reading *r, const struct node *root, const struct node *n) {
        if (n && !has_id(node_get(root, "reports"), n->text))
                fault(r, n, n->text.p, "no report has this id", "không có báo cáo nào mang mã này");
}

static void want_named(struct reading *r, const struct node *table, const struct node *n) {
        if (n && !node_get(table, n->text.p))
                fault(r, n, n->text.p, "this name is not defined", "tên này chưa được định nghĩa");
}

static void want_unique(struct reading *r, const struct node *list) {
        for (const struct node *c = list ? list->first : NULL; c; c = c->next)
                for (const struct node *d = list->first; d != c; d = d->next)
                        if (span_eq(node_get(c, "id")->text, node_get(d, "id")->text))
                                fault(r, c, node_get(c, "id")->text.p, "this id stands twice",
                                      "mã này bị trùng");
}

static void test_facts(struct reading *r, const struct node *root, const struct node *n) {
        if (n->kind == NODE_SCALAR)
                want_fact(r, root, n);
        else
                for (const struct node *c = n->first; c; c = c->next)
                        test_facts(r, root, c);
}

static void check_clocks(struct reading *r, const struct node *root) {
        const struct node *recipients = node_get(root, "recipients");
        const char *lists[] = {"clocks", "periodic"};

        for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
                const struct node *list = node_get(root, lists[i]);

                for (const struct node *c = list ? list->first : NULL; c; c = c->next) {
                        const struct node *after = node_get(c, "then");

                        want_facts(r, root, node_get(c, "when"));
                        want_fact(r, root, node_get(c, "since"));
                        want_named(r, recipients, node_get(c, "to"));
                        want_report(r, root, node_get(c, "report"));
                        want_facts(r, root, node_get(after, "when"));
                        want_report(r, root, node_get(after, "report"));
                        want_report(r, root, node_get(after, "until"));
                }
        }
}

/* `must` names some of the form's own fields. */
static void check_reports(struct reading *r, const struct node *root, const struct node *fields) {
        for (const struct node *c = node_get(root, "reports")->first; c; c = c->next) {
                const struct node *list = node_get(c, "fields"), *must = node_get(c, "must");

                for (const struct node *f = list->first; f; f = f->next)
                        want_named(r, fields, f);
                for (const struct node *m = must ? must->first : NULL; m; m = m->next) {
                        bool has = false;

                        for (const struct node *f = list->first; f; f = f->next)
                                has = has || span_eq(f->text, m->text);
                        if (!has)
                                fault(r, m, m->text.p, "the form has no such field",
                                      "mẫu không có trường này");
                }
                want_named(r, node_get(root, "recipients"), node_get(c, "to"));
        }
}

static void check_severity(struct reading *r, const struct node *root) {
        const struct node *s = node_get(root, "severity");
        const struct node *grid = node_get(s, "table");
        uint32_t rows = node_get(node_get(root, "levels"), "list")->n;
        uint32_t columns = node_get(s, "harms")->n;

        if (grid->n != rows)
                fault(r, grid, "table", "a row for each level is wanted",
                      "cần một hàng cho mỗi cấp độ");
        for (const struct node *row = grid->first; row; row = row->next) {
                if (row->n != columns)
                        fault(r, row, "table", "a column for each harm is wanted",
                              "cần một cột cho mỗi mức thiệt hại");
                for (const struct node *c = row->first; c; c = c->next)
                        if (!one_of(c->text, "info|low|medium|high|critical"))
                                fault(r, c, "table", "info, low, medium, high or critical",
                                      "info, low, medium, high hoặc critical");
        }
}

static void check(struct reading *r, const struct node *root) {
        const char *lists[] = {"kinds", "questions", "clocks", "periodic", "reports"};
        const struct node *fields = node_get(root, "fields");

        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
                want_unique(r, node_get(root, lists[i]));
        want_unique(r, node_get(node_get(root, "activities"), "list"));
        for (const struct node *c = node_get(root, "questions")->first; c; c = c->next)
                want_fact(r, root, node_get(c, "only_if"));
        check_reports(r, root, fields);
        test_facts(r, root, node_get(node_get(root, "serious"), "suggests"));
        check_clocks(r, root);
        check_severity(r, root);
}

static void problem(struct reading *r, const struct yaml_problem *p) {
        struct node at = {.line = p->line, .column = p->column};

        r->faults++;
        buf_term(r->said, r->name);
        buf_printf(r->said, ":%u:%u: ", at.line, at.column);
        buf_term(r->said, lang_current == LANG_VI ? p->vi : p->en);
        buf_char(r->said, '\n');
}

int regime_read(struct span name, struct span yaml, struct buf *json, struct buf *said) {
        _cleanup_(buf_deinit) struct buf out = {.limit = (size_t)4 << 20};
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct reading r = {.name = name, .json = &out, .said = said};
        struct yaml_problem p;
        struct arena a;
        struct node *root = NULL;
        int e = yaml_open(&y, yaml);

        if (e < 0)
                return e;
        arena_init(&a, (size_t)16 << 20);
        e = yaml_next(y, &a, &root, &p);
        if (e == YAML_E_PROBLEM) {
                problem(&r, &p);
        } else if (e == 0) {
                fault(&r, NULL, "", "the file is empty", "tệp rỗng");
        } else if (e == 1) {
                map(&r, "", regime, root);
                if (r.faults == 0)
                        check(&r, root);
        }
        arena_deinit(&a);
        if (e < 0)
                return e;
        if (out.failed)
                return -ENOMEM;
        if (r.faults)
                return REGIME_E_BAD;
        buf_span(json, buf_get(&out));
        return 0;
}
