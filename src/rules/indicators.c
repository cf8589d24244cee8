/* See indicators.h. Bundle entries of warning lists come first, whatever their place: they decide what
 * of the others is kept. */
#include "rules/indicators.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "rules/yamltree.h"
#include "wire/bundle.h"

#define FIELDS_ARENA ((size_t)8 << 20)
#define SHOWN_BRIEF 10u

static const enum level levels[INTEL_LEVELS] = {LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH};

/* ---- reading ---- */

/* Of the feed's name and the level alone, as a UUID, so that an alert goes on over reloads. */
static struct span rule_id(struct arena *a, struct span feed, unsigned level) {
        unsigned char h[16];
        crypto_generichash_state st;
        unsigned char l = (unsigned char)level;

        crypto_generichash_init(&st, (const unsigned char *)"coloa-indicators", 16, sizeof(h));
        crypto_generichash_update(&st, &l, 1);
        crypto_generichash_update(&st, (const unsigned char *)feed.p, feed.len);
        crypto_generichash_final(&st, h, sizeof(h));
        h[6] = (unsigned char)((h[6] & 0x0f) | 0x80); /* version 8: of our own making */
        h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
        return arena_printf(a,
                            "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                            h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10],
                            h[11], h[12], h[13], h[14], h[15]);
}

static void make_rule(struct arena *a, struct rule *r, const struct intel_feed *f, unsigned level) {
        static struct expr never = {.kind = EXPR_FALSE};
        struct span *content = arena_array(a, 1, sizeof(*content));
        int len = (int)MIN(f->name.len, (size_t)200);

        if (!content)
                return;
        *content = arena_printf(a, "%016llx%016llx", (unsigned long long)f->content[level][0],
                                (unsigned long long)f->content[level][1]);
        *r = (struct rule){
                .wanted = content, /* rules/version.c */
                .n_wanted = 1,
                .indicator = true,
                .report = true,
                .expr = &never,
                .meta = {.id = rule_id(a, f->name, level),
                         .title = arena_printf(a, "Indicator of %.*s", len, f->name.p),
                         .title_vi = arena_printf(a, "Chỉ dấu của %.*s", len, f->name.p),
                         .description = SPAN("A value of this event is a known indicator of "
                                             "compromise; coloa.indicator says which."),
                         .description_vi = SPAN("Một giá trị của sự kiện là chỉ dấu tấn công đã "
                                                "biết; coloa.indicator cho biết giá trị nào."),
                         .level = levels[level],
                         .status = STATUS_STABLE,
                         .file = arena_dup(a, f->file)}};
}

static int add_rules(struct ruleset *rules, struct intel_set *s) {
        struct rule *list =
                arena_array(&rules->arena, (size_t)rules->n_rules + s->n_rules + 1, sizeof(*list));

        if (!list)
                return FAIL(-ENOMEM);
        if (rules->n_rules)
                memcpy(list, rules->rules, rules->n_rules * sizeof(*list));
        for (uint32_t i = 0; i < s->n_feeds; i++)
                for (unsigned l = 0; l < INTEL_LEVELS; l++)
                        if (s->feeds[i].n[l])
                                make_rule(&rules->arena,
                                          &list[rules->n_rules + s->feeds[i].rule[l]], &s->feeds[i],
                                          l);
        rules->rules = list;
        rules->n_rules += s->n_rules;
        return rules->arena.overflowed ? FAIL(-ENOMEM) : 0;
}

static int read_kind(struct intel_set *set, struct span bundle, enum bundle_kind kind) {
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        while ((r = bundle_next(bundle, &pos, &e)) == 1) {
                if (e.kind != kind)
                        continue;
                if (kind == BUNDLE_WARNINGS)
                        intel_read_warnings(set, e.name, e.data);
                else
                        intel_read(set, e.name, e.data);
        }
        return r < 0 ? r : set->error;
}

int indicators_read(struct ruleset *rules, struct intel_set *set, struct buf *table,
                    struct span bundle, const struct intel_options *o) {
        int r = intel_set_init(set, o);

        if (r == 0)
                r = read_kind(set, bundle, BUNDLE_WARNINGS);
        if (r == 0)
                r = read_kind(set, bundle, BUNDLE_INDICATORS);
        if (r < 0)
                return r;
        intel_set_number(set);
        intel_set_write(set, table, rules ? rules->n_rules : 0);
        if (table->failed)
                return FAIL(-ENOMEM);
        if (!rules || set->n == 0)
                return 0;
        rules->intel = buf_get(table);
        return add_rules(rules, set);
}

/* ---- fields ---- */

/* What stands behind the word, cut off; empty when the word is not there. */
static struct span cut_off(struct span *s, const char *word) {
        size_t n = strlen(word);
        const char *at = memmem(s->p, s->len, word, n);

        if (!at)
                return SPAN("");
        struct span behind = span_of(at + n, s->len - (size_t)(at + n - s->p));
        s->len = (size_t)(at - s->p);
        return behind;
}

static int fields_of(const struct node *root,
                     void (*each)(void *ctx, const struct indicator_field *f), void *ctx) {
        const struct node *map = node_get(root, "fields");

        if (!map || map->kind != NODE_MAP)
                return -EBADMSG;
        for (const struct node *k = map->first; k; k = k->next) {
                enum intel_field holds = intel_field_of(k->key->text);

                if (holds == INTEL_FIELD_NONE || k->kind != NODE_LIST)
                        return -EBADMSG;
                for (const struct node *v = k->first; v; v = v->next) {
                        if (v->kind != NODE_SCALAR || v->text.len == 0 ||
                            v->text.len > INTEL_NAME_MAX)
                                return -EBADMSG;
                        struct indicator_field f = {.holds = holds, .name = v->text};
                        f.beside = cut_off(&f.name, " beside ");
                        f.then = cut_off(&f.name, " then ");
                        f.at = cut_off(&f.name, " at ");
                        if (f.name.len == 0 || (f.then.len && !f.at.len) ||
                            (f.at.len && holds != INTEL_FIELD_URL))
                                return -EBADMSG;
                        each(ctx, &f);
                }
        }
        return 0;
}

int indicator_fields(struct span bundle, void (*each)(void *ctx, const struct indicator_field *f),
                     void *ctx) {
        struct bundle_entry e;
        size_t pos = 0;
        int r = 0;

        while (r == 0 && bundle_next(bundle, &pos, &e) == 1) {
                _cleanup_(yaml_closep) struct yaml *y = NULL;
                struct yaml_problem why;
                struct node *root = NULL;
                struct arena a;

                if (e.kind != BUNDLE_INTEL_FIELDS)
                        continue;
                arena_init(&a, FIELDS_ARENA);
                r = yaml_open(&y, e.data);
                if (r == 0)
                        r = yaml_next(y, &a, &root, &why) == 1 ? fields_of(root, each, ctx)
                                                               : -EBADMSG;
                y = yaml_close(y);
                arena_deinit(&a);
        }
        return r;
}

/* ---- what was read ---- */

static void count(struct buf *out, uint64_t n, const char *en, const char *vi, bool *first) {
        if (n == 0)
                return;
        buf_printf(out, "%s%llu %s", *first ? "" : ", ", (unsigned long long)n, tr(en, vi));
        *first = false;
}

static void left_out(struct buf *out, const struct intel_counts *c, bool *first) {
        count(out, c->expired, "expired", "hết hạn", first);
        count(out, c->revoked, "revoked", "bị thu hồi", first);
        count(out, c->warned, "on a warning list", "trong danh sách cảnh báo", first);
        count(out, c->inactive, "not for detection (to_ids)", "không dùng để phát hiện (to_ids)",
              first);
        count(out, c->unsupported, "not supported", "không hỗ trợ", first);
        count(out, c->malformed, "malformed", "sai dạng", first);
        count(out, c->over, "too many", "vượt giới hạn", first);
}

static void problem_text(struct buf *out, const struct intel_problem *p) {
        buf_term(out, p->file);
        if (p->line)
                buf_printf(out, ":%u", p->line);
        buf_str(out, p->error ? tr(": error: ", ": lỗi: ") : ": ");
        buf_term(out, lang_current == LANG_VI ? p->vi : p->en);
        buf_char(out, '\n');
}

void indicators_brief(struct buf *out, const struct intel_set *s) {
        const struct intel_counts *c = &s->counts;
        uint32_t shown = 0;
        bool first = true;

        for (uint32_t i = 0; i < s->n_problems && shown < SHOWN_BRIEF; i++)
                if (s->problems[i].error) {
                        problem_text(out, &s->problems[i]);
                        shown++;
                }
        uint64_t left = c->expired + c->revoked + c->warned + c->unsupported + c->malformed +
                        c->inactive + c->over;
        if (left == 0)
                return;
        buf_printf(out, tr("%llu indicators are used; left out: ", "dùng %llu chỉ dấu; bỏ ra: "),
                   (unsigned long long)s->n);
        left_out(out, c, &first);
        buf_str(out, tr(" ('coloa intel check' says where)\n",
                        " ('coloa intel check' cho biết ở đâu)\n"));
}

static uint64_t type_count(const struct intel_counts *c, unsigned t) {
        return c->types[t] + (t == INTEL_DOMAIN ? c->types[INTEL_TREE] : 0);
}

void indicators_text(struct buf *out, const struct intel_set *s) {
        const struct intel_counts *c = &s->counts;
        bool first = true;

        for (uint32_t i = 0; i < s->n_problems; i++)
                problem_text(out, &s->problems[i]);
        if (s->problems_all > s->n_problems)
                buf_printf(out, tr("… and %llu more places\n", "… và %llu chỗ nữa\n"),
                           (unsigned long long)(s->problems_all - s->n_problems));
        buf_printf(out, tr("%llu indicators in %u feeds", "%llu chỉ dấu trong %u nguồn"),
                   (unsigned long long)(c->kept - c->doubled), s->n_feeds);
        if (c->kept)
                buf_str(out, ": ");
        for (unsigned t = 1; t < INTEL_TYPES; t++)
                if (t != INTEL_TREE)
                        count(out, type_count(c, t), intel_type_name((enum intel_type)t),
                              intel_type_name((enum intel_type)t), &first);
        buf_char(out, '\n');
        first = true;
        struct buf left = {0};
        count(&left, c->doubled, "told more than once", "có nhiều lần", &first);
        left_out(&left, c, &first);
        if (left.len) {
                buf_str(out, tr("left out: ", "bỏ ra: "));
                buf_span(out, buf_get(&left));
                buf_char(out, '\n');
        }
        buf_deinit(&left);
}

void indicators_json(struct buf *out, const struct intel_set *s) {
        const struct intel_counts *c = &s->counts;
        bool first = true;

        buf_printf(out, "{\"indicators\":%llu,\"types\":{",
                   (unsigned long long)(c->kept - c->doubled));
        for (unsigned t = 1; t < INTEL_TYPES; t++) {
                if (t == INTEL_TREE || type_count(c, t) == 0)
                        continue;
                buf_printf(out, "%s\"%s\":%llu", first ? "" : ",",
                           intel_type_name((enum intel_type)t),
                           (unsigned long long)type_count(c, t));
                first = false;
        }
        buf_printf(out,
                   "},\"doubled\":%llu,\"expired\":%llu,\"revoked\":%llu,\"warned\":%llu,"
                   "\"inactive\":%llu,\"unsupported\":%llu,\"malformed\":%llu,\"over\":%llu,"
                   "\"feeds\":[",
                   (unsigned long long)c->doubled, (unsigned long long)c->expired,
                   (unsigned long long)c->revoked, (unsigned long long)c->warned,
                   (unsigned long long)c->inactive, (unsigned long long)c->unsupported,
                   (unsigned long long)c->malformed, (unsigned long long)c->over);
        for (uint32_t i = 0; i < s->n_feeds; i++) {
                const struct intel_feed *f = &s->feeds[i];
                buf_str(out, i ? ",{\"name\":\"" : "{\"name\":\"");
                buf_json(out, f->name);
                buf_printf(out, "\",\"indicators\":%llu}",
                           (unsigned long long)f->n[0] + f->n[1] + f->n[2]);
        }
        buf_printf(out, "],\"problems_all\":%llu,\"problems\":[",
                   (unsigned long long)s->problems_all);
        for (uint32_t i = 0; i < s->n_problems; i++) {
                const struct intel_problem *p = &s->problems[i];
                buf_str(out, i ? ",{\"file\":\"" : "{\"file\":\"");
                buf_json(out, p->file);
                buf_printf(out, "\",\"line\":%u,\"severity\":\"%s\",\"text\":\"", p->line,
                           p->error ? "error" : "warning");
                buf_json(out, lang_current == LANG_VI ? p->vi : p->en);
                buf_str(out, "\"}");
        }
        buf_str(out, "]}\n");
}
