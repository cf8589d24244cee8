/* A bundle of YAML files to a rule set: files, documents, rule collections; the parts of a document
 * lie in parse_*.c.
 *
 * Placeholder files are read first, so that the order in the bundle does not matter. Then every
 * document becomes a rule, a correlation or a filter, or is refused with an error; link.c joins
 * them at the end, since references go across files.
 *
 * Rule collections (the older form, rules in one file sharing parts): a document with `action:
 * global` is laid under all that follow in its file, `action: reset` takes that away, `action:
 * repeat` lays the document under the previous one's copy. Laying under means: maps are joined,
 * anything else is replaced.
 *
 * Invariants:
 *   I1  n_documents = rules that are no by-product of a legacy rule + correlations + filters +
 * n_refused I2  whenever n_refused grows, so does the number of diags of severity error I3  nothing
 * in the set points into the scratch arena, which is reset after each file */
#include "rules/build.h"

#define SET_BUDGET ((size_t)512 << 20)
#define SCRATCH_BUDGET ((size_t)128 << 20)
#define SET_FULL                                                                                   \
        ((size_t)400                                                                               \
         << 20) /* from here on documents are refused, so that the call itself never fails */
#define FILE_FULL                                                                                  \
        ((size_t)96 << 20) /* what one file's rules may take: the rest of it is refused  \
                                      */
#define MERGED_MAX 1000000 /* pairs copied for the rule collections of one file */

struct rule *rule_add(struct parse *p, const struct rule *r) {
        struct rule *to =
                vec_push(p->a, &p->set->rules, &p->set->n_rules, &p->cap_rules, sizeof(*to));

        if (to)
                *to = *r;
        return to;
}

static void rule_document(struct parse *p, const struct node *root) {
        static const char *const skip[] = {"condition", "timeframe", NULL};
        struct rule r = {.report = true};
        struct detection d;

        meta_parse(p, root, &r.meta);
        logsource_parse(p, root, &r.source);
        if (!detection_parse(p, node_get(root, "detection"), skip, &d))
                return;
        r.expr = d.expr;
        if (d.pipe.p) {
                if (!legacy_convert(p, &r, &d))
                        return;
        } else {
                if (d.timeframe)
                        say(p, DIAG_WARNING, "timeframe-unused", d.timeframe->key,
                            "timeframe has no effect without an aggregation: remove it or write a "
                            "correlation",
                            "timeframe không có tác dụng khi không có phép tổng hợp: hãy bỏ hoặc "
                            "viết tương quan");
                rule_add(p, &r);
        }
        for (uint32_t i = 0; i < d.n; i++) {
                struct node at = mark(d.names[i].line, d.names[i].column);
                if (!d.names[i].used)
                        say(p, DIAG_WARNING, "detection-unused", &at,
                            "the condition never uses \"%.*s\": use it or remove it",
                            "điều kiện không dùng \"%.*s\": hãy dùng hoặc bỏ đi",
                            SHOW(d.names[i].name));
        }
}

/* For "refused" instead of "unknown" when something refers to it. */
static void remember_refused(struct parse *p, const struct node *root) {
        static const char *const keys[] = {"id", "name"};

        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                struct node *n = node_get(root, keys[i]);
                struct raw_ref *to;
                if (!n || n->kind != NODE_SCALAR)
                        continue;
                to = vec_push(p->a, &p->dead, &p->n_dead, &p->cap_dead, sizeof(*to));
                if (to)
                        to->text = arena_dup(p->a, n->text);
        }
}

static void document(struct parse *p, const struct node *root) {
        p->set->n_documents++;
        p->size = 0;
        if (root->kind != NODE_MAP)
                say(p, DIAG_ERROR, "not-a-rule", root,
                    "a document must be a map with title, logsource and detection",
                    "tài liệu phải là bảng có title, logsource và detection");
        else if (node_get(root, "correlation"))
                correlation_parse(p, root);
        else if (node_get(root, "detection"))
                rule_document(p, root);
        else if (node_get(root, "filter"))
                filter_parse(p, root);
        else
                say(p, DIAG_ERROR, "not-a-rule", root,
                    "neither detection, correlation nor filter: this is no Sigma document; remove "
                    "it from the rules",
                    "không có detection, correlation hay filter: đây không phải tài liệu Sigma; "
                    "hãy bỏ khỏi bộ quy tắc");
        if (p->refused) {
                p->set->n_refused++;
                remember_refused(p, root);
        }
}

/* ---- rule collections ---- */

static struct node *copy_head(struct parse *p, const struct node *n, struct node *key) {
        struct node *c = arena_alloc(&p->scratch, sizeof(*c));

        if (c) {
                *c = *n;
                c->next = NULL;
                c->key = key;
        }
        return c;
}

/* `over` laid on `base`: a new map that shares what it does not change. NULL: out of memory or too
 * much of it. */
static struct node *lay(struct parse *p, const struct node *base, const struct node *over,
                        uint64_t *work) {
        struct node *map = copy_head(p, over, over->key), **end;

        *work += (uint64_t)base->n * (over->n + 1) + over->n + 1;
        if (!map || *work > MERGED_MAX)
                return NULL;
        map->first = NULL;
        map->n = 0;
        end = &map->first;
        for (struct node *b = base->first; b; b = b->next) {
                struct node *o = over->first, *c;
                while (o && !span_eq(o->key->text, b->key->text))
                        o = o->next;
                if (o && o->kind == NODE_MAP && b->kind == NODE_MAP)
                        c = lay(p, b, o, work);
                else
                        c = copy_head(p, o ? o : b, o ? o->key : b->key);
                if (!c)
                        return NULL;
                *end = c;
                end = &c->next;
                map->n++;
        }
        for (struct node *o = over->first; o; o = o->next) {
                struct node *b = base->first, *c;
                while (b && !span_eq(o->key->text, b->key->text))
                        b = b->next;
                if (b)
                        continue;
                c = copy_head(p, o, o->key);
                if (!c)
                        return NULL;
                *end = c;
                end = &c->next;
                map->n++;
        }
        return map;
}

/* The map without one key; it shares the rest. */
static struct node *without(struct parse *p, const struct node *map, const char *key) {
        struct node *out = copy_head(p, map, map->key), **end = out ? &out->first : NULL;

        for (struct node *c = map->first; out && c; c = c->next) {
                struct node *copy = NULL;
                if (span_eq(c->key->text, span_str(key))) {
                        out->n--;
                        continue;
                }
                copy = copy_head(p, c, c->key);
                if (!copy)
                        return NULL;
                *end = copy;
                end = &copy->next;
        }
        if (out)
                *end = NULL;
        return out;
}

struct collection {
        struct node *global, *previous;
        uint64_t work;
};

static struct node *laid(struct parse *p, const struct node *base, struct node *over,
                         struct collection *c) {
        struct node *n = base ? lay(p, base, over, &c->work) : over;

        if (!n && !p->scratch.overflowed) {
                p->set->n_documents++;
                p->set->n_refused++;
                say(p, DIAG_ERROR, "collection-too-large", over,
                    "this collection shares more than can be laid together: split the file",
                    "bộ quy tắc dùng chung quá nhiều phần để ghép: hãy chia tệp");
        }
        return n;
}

static void collected(struct parse *p, struct node *root, struct collection *c) {
        struct node *action = node_get(root, "action"), *n = root;
        struct span what = action && action->kind == NODE_SCALAR ? action->text : SPAN("");

        if (action && !(n = without(p, root, "action")))
                return;
        if (span_eq(what, SPAN("global"))) {
                c->global = laid(p, c->global, n, c);
                return;
        }
        if (span_eq(what, SPAN("reset"))) {
                c->global = NULL;
                if (n->n == 0)
                        return;
        } else if (span_eq(what, SPAN("repeat"))) {
                if (!c->previous)
                        say(p, DIAG_WARNING, "collection-repeat", action,
                            "action: repeat has no document before it",
                            "action: repeat không có tài liệu nào đứng trước");
                n = laid(p, c->previous, n, c);
                if (n) {
                        c->previous = n;
                        document(p, n);
                }
                return;
        } else if (action) {
                say(p, DIAG_WARNING, "collection-action", action,
                    "action \"%.*s\" is none of global, reset, repeat and is ignored",
                    "action \"%.*s\" không thuộc global, reset, repeat nên bị bỏ qua", SHOW(what));
        }
        if (n->kind == NODE_MAP)
                n = laid(p, c->global, n, c);
        if (n) {
                c->previous = n->kind == NODE_MAP ? n : NULL;
                document(p, n);
        }
}

/* ---- files ---- */

static void fresh(struct parse *p) {
        p->rule = SPAN_NONE;
        p->refused = false;
        p->said = 0;
}

static bool is_empty(const struct node *n) {
        return n->kind == NODE_SCALAR && node_type(n) == SCALAR_NULL;
}

static void broken(struct parse *p, const char *code, struct node at, const char *en,
                   const char *vi) {
        p->set->n_documents++;
        p->set->n_refused++;
        say(p, DIAG_ERROR, code, &at, "%s%.0s", "%.0s%s", en, vi);
}

/* Whether this file, or all so far, has taken its share; what grows is charged to the file it came
 * from. */
static bool full(struct parse *p, size_t before, const struct node *root) {
        if (p->a->used - before <= FILE_FULL && p->a->used <= SET_FULL)
                return false;
        broken(p, "memory-full", mark(root->line, root->column),
               "too much memory for so few lines: this and the rest of the file are refused; split "
               "the file or "
               "write fewer variants",
               "tốn quá nhiều bộ nhớ: tài liệu này và phần còn lại của tệp bị từ chối; hãy chia "
               "tệp hoặc viết ít "
               "biến thể hơn");
        return true;
}

static int file_parse(struct parse *p, const struct bundle_entry *e) {
        _cleanup_(yaml_closep) struct yaml *y = NULL;
        struct yaml_problem problem;
        struct collection c = {0};
        uint32_t before = p->set->n_documents;
        size_t used = p->a->used;
        struct node *root;
        int r;

        arena_reset(&p->scratch);
        p->file = e->name;
        fresh(p);
        r = yaml_open(&y, e->data);
        if (r == -EFBIG) {
                broken(p, "file-too-large", mark(0, 0), "the file is larger than 1 MiB: split it",
                       "tệp lớn hơn 1 MiB: hãy chia nhỏ");
                return 0;
        }
        if (r < 0)
                return r;
        while ((r = yaml_next(y, &p->scratch, &root, &problem)) > 0) {
                fresh(p);
                if (r == 1 && full(p, used, root))
                        return 0;
                if (r == YAML_E_PROBLEM)
                        broken(p, problem.code, mark(problem.line, problem.column), problem.en.p,
                               problem.vi.p);
                else if (!is_empty(root))
                        collected(p, root, &c);
                if (p->a->overflowed)
                        return FAIL(-ENOMEM);
                if (p->scratch.overflowed)
                        break;
        }
        if (p->scratch.overflowed) {
                fresh(p);
                broken(p, "file-too-large", mark(0, 0),
                       "the file becomes too large when it is read: split it",
                       "tệp trở nên quá lớn khi đọc: hãy chia nhỏ");
                arena_reset(&p->scratch);
                return 0;
        }
        if (r < 0)
                return r;
        if (p->set->n_documents == before) {
                struct node at = mark(0, 0);
                fresh(p);
                say(p, DIAG_WARNING, "empty-file", &at, "the file holds no rule",
                    "tệp không chứa quy tắc nào");
        }
        return 0;
}

static int bundle_walk(struct parse *p, struct span bundle, enum bundle_kind kind) {
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        while ((r = bundle_next(bundle, &pos, &e)) > 0) {
                if (e.kind != kind)
                        continue;
                if (kind == BUNDLE_PLACEHOLDER)
                        placeholders_parse(p, &e);
                else
                        r = file_parse(p, &e);
                if (p->a->overflowed || p->scratch.overflowed)
                        return FAIL(-ENOMEM);
                if (r < 0)
                        return r;
        }
        return r < 0 ? FAIL(r) : 0;
}

int ruleset_parse(struct ruleset *ret, struct span bundle) {
        struct ruleset set = {0};
        struct parse p = {.set = &set, .a = &set.arena};
        int r;

        arena_init(&set.arena, SET_BUDGET);
        arena_init(&p.scratch, SCRATCH_BUDGET);
        r = bundle_walk(&p, bundle, BUNDLE_PLACEHOLDER);
        if (r == 0)
                r = bundle_walk(&p, bundle, BUNDLE_RULE);
        if (r == 0) {
                link_set(&p);
                if (set.arena.overflowed || p.scratch.overflowed)
                        r = FAIL(-ENOMEM);
        }
        arena_deinit(&p.scratch);
        if (r < 0) {
                arena_deinit(&set.arena);
                return r;
        }
        *ret = set;
        return 0;
}

void ruleset_deinit(struct ruleset *s) {
        arena_deinit(&s->arena);
        *s = (struct ruleset){0};
}
