/* The file of exceptions: a YAML map with one key, `exceptions`, a list. Every entry has an id, what
 * it is about (rules, tags), on which events (`when`, the pairs of one Sigma search; or `detection`,
 * with a condition), an owner, a reason and a day on which it ends. An unknown key, a missing one or
 * a value that makes no sense refuses the whole file by line: an exception that does not mean what
 * its author thought either hides an attack or nothing.
 *
 * Searches are parsed by the rules' own parser, so all modifiers are there, and their mistakes are
 * told in the same words. */
#include "rules/exceptions.h"

#include <stdlib.h>

#include "rules/build.h"
#include "rules/exceptions_impl.h"
#include "rules/listing.h"

#define BUDGET ((size_t)64 << 20)
#define SCRATCH ((size_t)32 << 20)
#define TEXT_MAX ((size_t)4 << 10)
#define NAMES_MAX 100u
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

static void unknown_key(struct parse *p, const struct node *key, const char *const *known) {
        for (; *known; known++)
                if (alike(key->text, span_str(*known)) || span_ieq(key->text, span_str(*known))) {
                        say(p, DIAG_ERROR, "exception-unknown-key", key,
                            "unknown key \"%.*s\": is %s meant?",
                            "khóa \"%.*s\" không có: có phải là %s?", SHOW(key->text), *known);
                        return;
                }
        say(p, DIAG_ERROR, "exception-unknown-key", key, "unknown key \"%.*s\": remove it",
            "khóa \"%.*s\" không có: hãy bỏ đi", SHOW(key->text));
}

static void check_keys(struct parse *p, const struct node *map, const char *const *known) {
        for (const struct node *c = map->first; c; c = c->next) {
                const char *const *k = known;

                while (*k && !span_eq(c->key->text, span_str(*k)))
                        k++;
                if (!*k)
                        unknown_key(p, c->key, known);
        }
}

/* A string that must be there and say something. */
static struct span needed(struct parse *p, const struct node *map, const char *key) {
        const struct node *n = node_get(map, key);

        if (!n) {
                say(p, DIAG_ERROR, "exception-missing", map, "%s is missing: add it",
                    "thiếu %s: hãy thêm vào", key);
                return SPAN("");
        }
        if (n->kind != NODE_SCALAR || span_trim(n->text).len == 0) {
                say(p, DIAG_ERROR, "exception-value", n, "%s must be a text",
                    "%s phải là một đoạn chữ", key);
                return SPAN("");
        }
        return arena_dup(p->a, span_trim(n->text));
}

static void check_id(struct parse *p, const struct node *map, const struct exceptions *x,
                     struct span id) {
        const struct node *n = node_get(map, "id");
        bool bad = id.len > EXCEPTION_ID_MAX;

        for (size_t i = 0; i < id.len; i++) {
                char c = ascii_lower(id.p[i]);
                bad |= !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                         c == '.');
        }
        if (bad)
                say(p, DIAG_ERROR, "exception-id", n,
                    "an id has at most %u letters, digits, '-', '_' and '.'",
                    "id có tối đa %u chữ cái, chữ số, '-', '_' và '.'", EXCEPTION_ID_MAX);
        for (uint32_t i = 0; i < x->n; i++)
                if (id.len && span_eq(x->list[i].x.id, id))
                        say(p, DIAG_ERROR, "exception-id", n,
                            "another exception has the id \"%.*s\": give each its own",
                            "đã có ngoại lệ mang id \"%.*s\": mỗi cái một id", SHOW(id));
}

/* A day is valid until its end (UTC). */
static int64_t expiry(struct parse *p, const struct node *map, int64_t wall) {
        struct span s = needed(p, map, "expires");
        const struct node *n = node_get(map, "expires");
        int64_t t;

        if (!s.len)
                return 0;
        if (s.len == 10) {
                char text[24];
                snprintf(text, sizeof(text), "%.10sT00:00:00Z", s.p);
                t = time_parse_iso(span_str(text), 0);
                if (t != TIME_NONE && t <= INT64_MAX - DAY_NS)
                        t += DAY_NS;
        } else {
                t = time_parse_iso(s, 0);
        }
        if (t == TIME_NONE)
                say(p, DIAG_ERROR, "exception-expires", n, "\"%.*s\" is no day: write 2027-01-31",
                    "\"%.*s\" không phải ngày: hãy viết "
                    "2027-01-31",
                    SHOW(s));
        else if (t <= wall)
                say(p, DIAG_WARNING, "exception-expired", n,
                    "this exception has expired and covers nothing: renew it or remove it",
                    "ngoại lệ này đã hết hạn nên không còn tác dụng: hãy gia hạn hoặc bỏ đi");
        return t == TIME_NONE ? 0 : t;
}

static void read_names(struct parse *p, const struct node *map, const char *key, struct span **ret,
                       uint32_t *ret_n) {
        const struct node *n = node_get(map, key), *c;
        struct span *v;

        if (!n)
                return;
        if (n->kind == NODE_MAP || (n->kind == NODE_LIST && (n->n == 0 || n->n > NAMES_MAX))) {
                say(p, DIAG_ERROR, "exception-value", n,
                    "%s must be one text or a list of up to %u",
                    "%s phải là một đoạn chữ hoặc danh sách tối đa %u mục", key, NAMES_MAX);
                return;
        }
        uint32_t count = n->kind == NODE_LIST ? n->n : 1, k = 0;
        v = arena_array(p->a, count, sizeof(*v));
        for (c = n->kind == NODE_LIST ? n->first : n; v && c && k < count; c = c->next) {
                if (c->kind != NODE_SCALAR || span_trim(c->text).len == 0) {
                        say(p, DIAG_ERROR, "exception-value", c, "%s holds a text that is none",
                            "%s có mục không phải chữ", key);
                        return;
                }
                v[k++] = arena_dup(p->a, span_trim(c->text));
        }
        *ret = v;
        *ret_n = k;
}

static struct expr *when_parse(struct parse *p, const struct node *map) {
        struct expr **kids;
        uint32_t n = 0;

        if (map->kind != NODE_MAP || map->n == 0) {
                say(p, DIAG_ERROR, "exception-when", map, "`when` is a map from fields to values",
                    "`when` là bảng từ trường tới giá trị");
                return NULL;
        }
        kids = arena_array(p->a, map->n, sizeof(*kids));
        for (struct node *v = map->first; kids && v; v = v->next) {
                kids[n] = item_parse(p, v->key, v);
                if (kids[n])
                        n++;
        }
        return kids && n == map->n ? expr_list(p->a, EXPR_AND, kids, n) : NULL;
}

static void conditions(struct parse *p, const struct node *map, struct entry *e) {
        static const char *const skip[] = {"condition", NULL};
        const struct node *when = node_get(map, "when"), *detection = node_get(map, "detection");
        struct detection d;

        if (when && detection)
                say(p, DIAG_ERROR, "exception-when", detection->key,
                    "`when` and `detection` together: choose one",
                    "có cả `when` và `detection`: hãy chọn một");
        else if (when)
                e->expr = when_parse(p, when);
        else if (detection && detection_parse(p, detection, skip, &d)) {
                e->expr = d.expr;
                if (d.pipe.p)
                        say(p, DIAG_ERROR, "exception-aggregation", d.pipe_at,
                            "an exception is about one event: no aggregation",
                            "ngoại lệ nói về từng sự kiện: không dùng phép tổng hợp");
        }
        if (e->any && !when && !detection)
                say(p, DIAG_ERROR, "exception-all", map,
                    "this would cover every rule and every event: say which",
                    "ngoại lệ này sẽ bao mọi quy tắc và sự kiện: hãy nói rõ");
}

/* What stands between this entry and the next one, for people who look it up later. */
static struct span written(struct span text, uint32_t line, uint32_t next) {
        const char *p = text.p, *end = text.p + text.len, *from = NULL;

        for (uint32_t at = 1; p < end; at++) {
                if (at == line)
                        from = p;
                if (next && at == next)
                        break;
                const char *nl = memchr(p, '\n', (size_t)(end - p));
                p = nl ? nl + 1 : end;
        }
        if (!from)
                return SPAN("");
        return span_of(from, MIN((size_t)(p - from), TEXT_MAX));
}

static struct span joined(struct parse *p, const struct entry *e) {
        struct buf b = {0};

        if (e->any)
                return SPAN("*");
        for (uint32_t i = 0; i < e->n_ids + e->n_tags; i++) {
                if (i)
                        buf_char(&b, ' ');
                buf_span(&b, i < e->n_ids ? e->ids[i] : e->tags[i - e->n_ids]);
        }
        struct span s = arena_dup(p->a, buf_get(&b));
        buf_deinit(&b);
        return s;
}

static void entry_parse(struct parse *p, const struct node *map, struct exceptions *x,
                        struct span text, int64_t wall) {
        static const char *const known[] = {"id",    "rules",  "tags",    "when", "detection",
                                            "owner", "reason", "expires", NULL};
        struct entry e = {0};

        p->size = 0;
        p->said = 0;
        if (map->kind != NODE_MAP) {
                say(p, DIAG_ERROR, "exception-type", map, "an exception is a map of keys",
                    "ngoại lệ là một bảng các khóa");
                return;
        }
        check_keys(p, map, known);
        e.x.id = needed(p, map, "id");
        p->rule = e.x.id;
        check_id(p, map, x, e.x.id);
        e.x.owner = needed(p, map, "owner");
        e.x.reason = needed(p, map, "reason");
        e.x.expires = expiry(p, map, wall);
        read_names(p, map, "rules", &e.ids, &e.n_ids);
        read_names(p, map, "tags", &e.tags, &e.n_tags);
        if (!node_get(map, "rules") && !node_get(map, "tags"))
                say(p, DIAG_ERROR, "exception-missing", map,
                    "neither rules nor tags: say what this is about (rules: '*' is all)",
                    "không có rules hay tags: hãy nói về quy tắc nào (rules: '*' là tất cả)");
        for (uint32_t i = 0; i < e.n_ids; i++)
                e.any |= span_eq(e.ids[i], SPAN("*"));
        conditions(p, map, &e);
        e.x.rules = joined(p, &e);
        e.x.text = arena_dup(p->a, written(text, map->line, map->next ? map->next->line : 0));
        x->list[x->n++] = e;
}

static void root_parse(struct parse *p, const struct node *root, struct exceptions *x,
                       struct span text, int64_t wall) {
        static const char *const known[] = {"exceptions", NULL};
        const struct node *list;

        if (root->kind != NODE_MAP) {
                say(p, DIAG_ERROR, "exception-file", root, "expected a map: exceptions: [...]",
                    "cần một bảng: exceptions: [...]");
                return;
        }
        check_keys(p, root, known);
        list = node_get(root, "exceptions");
        if (!list || (list->kind == NODE_SCALAR && node_type(list) == SCALAR_NULL))
                return;
        if (list->kind != NODE_LIST || list->n > EXCEPTIONS_MAX) {
                say(p, DIAG_ERROR, "exception-file", list,
                    "exceptions must be a list of at most %u",
                    "exceptions phải là danh sách tối đa "
                    "%u mục",
                    EXCEPTIONS_MAX);
                return;
        }
        x->list = arena_array(p->a, list->n + 1, sizeof(*x->list));
        for (const struct node *c = list->first; x->list && c; c = c->next)
                entry_parse(p, c, x, text, wall);
}

static int file_parse(struct parse *p, struct exceptions *x, struct span text, int64_t wall) {
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct yaml_problem problem;
        struct node *root;
        unsigned documents = 0;
        int r = yaml_open(&y, text);

        if (r == -EFBIG) {
                say(p, DIAG_ERROR, "file-too-large", NULL, "the file is larger than 1 MiB",
                    "tệp lớn hơn 1 MiB");
                return 0;
        }
        while (r >= 0 && (r = yaml_next(y, &p->scratch, &root, &problem)) > 0) {
                if (r == YAML_E_PROBLEM) {
                        struct node at = mark(problem.line, problem.column);
                        say(p, DIAG_ERROR, problem.code, &at, "%s%.0s", "%.0s%s", problem.en.p,
                            problem.vi.p);
                } else if (documents++) {
                        say(p, DIAG_ERROR, "exception-file", root,
                            "a second document: write one list",
                            "có tài liệu thứ hai: hãy viết "
                            "một danh sách");
                } else if (root->kind != NODE_SCALAR || node_type(root) != SCALAR_NULL) {
                        root_parse(p, root, x, text, wall);
                }
        }
        return r;
}

/* How rules are better written is no matter here. */
static void drop_hints(struct ruleset *s) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->n_diags; i++)
                if (s->diags[i].severity != DIAG_HINT)
                        s->diags[n++] = s->diags[i];
        s->n_diags = n;
}

int exceptions_parse(struct exceptions **ret, struct span name, struct span text, int64_t wall,
                     struct buf *said) {
        _cleanup_(exceptions_freep) struct exceptions *x = calloc(1, sizeof(*x));
        struct parse p;

        if (!x)
                return FAIL(-ENOMEM);
        arena_init(&x->set.arena, BUDGET);
        arena_init(&x->scratch, (size_t)8 << 20);
        p = (struct parse){.set = &x->set, .a = &x->set.arena};
        p.file = arena_dup(p.a, name);
        arena_init(&p.scratch, SCRATCH);
        int r = file_parse(&p, x, text, wall);
        if (r == 0 && (p.a->overflowed || p.scratch.overflowed))
                r = FAIL(-ENOMEM);
        arena_deinit(&p.scratch);
        drop_hints(&x->set);
        if (r == 0)
                r = diags_text(said, &x->set);
        if (r == 0 && p.refused)
                return 1;
        if (r == 0)
                r = exceptions_prepare(x);
        if (r < 0)
                return r;
        *ret = x;
        x = NULL;
        return 0;
}

struct exceptions *exceptions_free(struct exceptions *x) {
        if (!x)
                return NULL;
        exceptions_discard(x);
        arena_deinit(&x->scratch);
        arena_deinit(&x->set.arena);
        free(x);
        return NULL;
}

uint32_t exceptions_count(const struct exceptions *x) {
        return x->n;
}

struct exception exceptions_get(const struct exceptions *x, uint32_t i) {
        return x->list[i].x;
}
