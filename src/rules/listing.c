/* Listings of rules and of what the parser and the linter said. See listing.h.
 *
 * Rules and correlations are seen through one small view, so that filters and formats exist once.
 */
#include "rules/listing.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/utf8.h"

static const char *const levels[] = {"", "informational", "low", "medium", "high", "critical"};
static const char *const statuses[] = {"",           "stable",     "test", "experimental",
                                       "deprecated", "unsupported"};

struct view {
        const struct meta *m;
        const struct logsource *source; /* NULL: a correlation */
        const struct correlation *c;
};

/* ---- filters ---- */

static struct span fold(struct buf *b, struct span s) {
        char *to;

        buf_reset(b);
        to = buf_reserve(b, s.len * 3 / 2 + 4);
        return to ? span_of(to, utf8_fold_to(to, s)) : SPAN("");
}

/* `needle` is folded already. */
static bool contains(struct buf *b, struct span hay, struct span needle) {
        struct span h = fold(b, hay);

        return memmem(h.p, h.len, needle.p, needle.len) != NULL;
}

static bool text_matches(const struct meta *m, struct span text) {
        _cleanup_(buf_deinit) struct buf b = {0}, n = {0};
        struct span needle = fold(&n, text);

        return contains(&b, m->title, needle) || contains(&b, m->title_vi, needle) ||
               contains(&b, m->description, needle) || contains(&b, m->description_vi, needle) ||
               contains(&b, m->id, needle);
}

static bool source_matches(const struct logsource *s, const struct listing_filter *f) {
        return (f->product.len == 0 || span_ieq(f->product, s->product)) &&
               (f->category.len == 0 || span_ieq(f->category, s->category)) &&
               (f->service.len == 0 || span_ieq(f->service, s->service));
}

/* A chain of correlations is followed as deep as the parser lets it go. */
static bool any_source(const struct ruleset *s, const struct correlation *c,
                       const struct listing_filter *f, unsigned depth) {
        for (uint32_t i = 0; i < c->n_refs; i++) {
                uint32_t k = c->refs[i].index;
                if (c->refs[i].is_correlation
                            ? depth > 0 && any_source(s, &s->correlations[k], f, depth - 1)
                            : source_matches(&s->rules[k].source, f))
                        return true;
        }
        return false;
}

static bool tag_matches(const struct meta *m, struct span tag) {
        for (uint32_t i = 0; i < m->n_tags; i++)
                if (m->tags[i].len >= tag.len && span_ieq(span_of(m->tags[i].p, tag.len), tag))
                        return true;
        return false;
}

static bool matches(const struct ruleset *s, const struct view *v, const struct listing_filter *f) {
        bool source = f->product.len || f->category.len || f->service.len;

        if (v->m->level < f->min_level)
                return false;
        if (f->status.len && !span_ieq(f->status, span_str(statuses[v->m->status])))
                return false;
        if (f->tag.len && !tag_matches(v->m, f->tag))
                return false;
        if (source && !(v->source ? source_matches(v->source, f) : any_source(s, v->c, f, 4)))
                return false;
        return f->text.len == 0 || text_matches(v->m, f->text);
}

/* The next one that is listed: rules, then correlations. *i starts at 0. */
static bool next(const struct ruleset *s, const struct listing_filter *f, uint32_t *i,
                 struct view *ret) {
        for (; *i < s->n_rules + s->n_correlations; (*i)++) {
                struct view v;
                if (*i < s->n_rules) {
                        const struct rule *r = &s->rules[*i];
                        if (!r->report)
                                continue;
                        v = (struct view){&r->meta, &r->source, NULL};
                } else {
                        const struct correlation *c = &s->correlations[*i - s->n_rules];
                        v = (struct view){&c->meta, NULL, c};
                }
                if (!matches(s, &v, f))
                        continue;
                (*i)++;
                *ret = v;
                return true;
        }
        return false;
}

static int done(const struct buf *out) {
        return out->failed ? FAIL(-ENOMEM) : 0;
}

/* ---- rules ---- */

static const char *level_name(enum level l) {
        switch (l) {
        case LEVEL_INFORMATIONAL: return tr("info", "thông tin");
        case LEVEL_LOW: return tr("low", "thấp");
        case LEVEL_MEDIUM: return tr("medium", "trung bình");
        case LEVEL_HIGH: return tr("high", "cao");
        case LEVEL_CRITICAL: return tr("critical", "nghiêm trọng");
        case LEVEL_NONE: break;
        }
        return "-";
}

static void put_source(struct buf *out, const struct view *v) {
        const struct logsource *s = v->source;
        const char *slash = "";

        if (!s) {
                buf_str(out, tr("correlation", "tương quan"));
                return;
        }
        const struct span parts[] = {s->product, s->category, s->service};
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                if (parts[i].len) {
                        buf_str(out, slash);
                        buf_term(out, parts[i]);
                        slash = "/";
                }
}

/* Columns by characters, so that accents keep them straight. */
static void put_padded(struct buf *out, const char *text, size_t width) {
        size_t chars = 0;

        for (const char *p = text; *p; p++)
                chars += ((unsigned char)*p & 0xc0) != 0x80;
        buf_str(out, text);
        for (; chars < width; chars++)
                buf_char(out, ' ');
}

static struct span title_of(const struct meta *m) {
        struct span t = lang_current == LANG_VI && m->title_vi.len ? m->title_vi : m->title;

        return t.len ? t : span_str(tr("(no title)", "(không tiêu đề)"));
}

int listing_text(struct buf *out, const struct ruleset *s, const struct listing_filter *f) {
        uint32_t i = 0, n = 0;
        struct view v;

        while (next(s, f, &i, &v)) {
                put_padded(out, level_name(v.m->level), 13);
                buf_term(out, title_of(v.m));
                buf_str(out, "  [");
                put_source(out, &v);
                buf_str(out, "]  ");
                if (v.m->id.len) {
                        buf_term(out, v.m->id);
                        buf_str(out, "  ");
                }
                buf_term(out, v.m->file);
                buf_printf(out, ":%u\n", v.m->line);
                n++;
        }
        buf_printf(out,
                   tr("%u of %u rules and correlations\n", "%u trong %u quy tắc và tương quan\n"),
                   n, s->n_rules + s->n_correlations);
        return done(out);
}

static void put_string(struct buf *out, const char *key, struct span value) {
        if (value.len == 0)
                return;
        buf_printf(out, ",\"%s\":\"", key);
        buf_json(out, value);
        buf_char(out, '"');
}

static void put_strings(struct buf *out, const char *key, const struct span *v, uint32_t n) {
        if (n == 0)
                return;
        buf_printf(out, ",\"%s\":[", key);
        for (uint32_t i = 0; i < n; i++) {
                buf_str(out, i ? ",\"" : "\"");
                buf_json(out, v[i]);
                buf_char(out, '"');
        }
        buf_char(out, ']');
}

static void put_rule(struct buf *out, const struct view *v) {
        buf_printf(out, "{\"kind\":\"%s\"", v->c ? "correlation" : "rule");
        put_string(out, "id", v->m->id);
        put_string(out, "title", v->m->title);
        put_string(out, "title_vi", v->m->title_vi);
        put_string(out, "description", v->m->description);
        put_string(out, "description_vi", v->m->description_vi);
        put_string(out, "level", span_str(levels[v->m->level]));
        put_string(out, "status", span_str(statuses[v->m->status]));
        put_string(out, "author", v->m->author);
        put_string(out, "date", v->m->date);
        put_string(out, "modified", v->m->modified);
        put_strings(out, "tags", v->m->tags, v->m->n_tags);
        put_strings(out, "references", v->m->references, v->m->n_references);
        if (v->source) {
                put_string(out, "product", v->source->product);
                put_string(out, "category", v->source->category);
                put_string(out, "service", v->source->service);
        }
        put_string(out, "file", v->m->file);
        buf_printf(out, ",\"line\":%u}", v->m->line);
}

int listing_json(struct buf *out, const struct ruleset *s, const struct listing_filter *f) {
        uint32_t i = 0;
        bool first = true;
        struct view v;

        buf_char(out, '[');
        while (next(s, f, &i, &v)) {
                buf_str(out, first ? "\n" : ",\n");
                put_rule(out, &v);
                first = false;
        }
        buf_str(out, "\n]\n");
        return done(out);
}

/* ---- ATT&CK ---- */

struct technique {
        struct span tag; /* "attack.t1059.001" */
        uint32_t rules, by_level[LEVEL_CRITICAL + 1];
};

struct coverage {
        struct technique *v;
        uint32_t n, cap, untagged, rules;
};

static bool is_technique(struct span t) {
        if (t.len < 12 || !span_ieq(span_of(t.p, 8), SPAN("attack.t")) || t.len > 20)
                return false;
        for (size_t i = 8; i < t.len; i++)
                if ((t.p[i] < '0' || t.p[i] > '9') && !(i == 12 && t.p[i] == '.' && t.len > 13))
                        return false;
        return true;
}

static int by_tag(const void *x, const void *y) {
        const struct technique *a = x, *b = y;
        int r = memcmp(a->tag.p, b->tag.p, MIN(a->tag.len, b->tag.len));

        return r ? r : (a->tag.len > b->tag.len) - (a->tag.len < b->tag.len);
}

/* One entry per rule and tag; they are joined after sorting. */
static int coverage_collect(struct coverage *c, const struct ruleset *s,
                            const struct listing_filter *f) {
        uint32_t i = 0;
        struct view v;

        while (next(s, f, &i, &v)) {
                bool any = false;
                c->rules++;
                for (uint32_t k = 0; k < v.m->n_tags; k++) {
                        if (!is_technique(v.m->tags[k]))
                                continue;
                        any = true;
                        if (c->n == c->cap) {
                                uint32_t cap = c->cap ? c->cap * 2 : 256;
                                struct technique *grown = reallocarray(c->v, cap, sizeof(*grown));
                                if (!grown)
                                        return FAIL(-ENOMEM);
                                c->v = grown;
                                c->cap = cap;
                        }
                        c->v[c->n] = (struct technique){.tag = v.m->tags[k], .rules = 1};
                        c->v[c->n++].by_level[v.m->level] = 1;
                }
                c->untagged += !any;
        }
        return 0;
}

static int coverage_build(struct coverage *c, const struct ruleset *s,
                          const struct listing_filter *f) {
        int r = coverage_collect(c, s, f);
        uint32_t n = 0;

        if (r < 0)
                return r;
        if (c->n)
                qsort(c->v, c->n, sizeof(*c->v), by_tag);
        for (uint32_t i = 0; i < c->n; i++) {
                if (n == 0 || !span_ieq(c->v[n - 1].tag, c->v[i].tag)) {
                        c->v[n++] = c->v[i];
                        continue;
                }
                c->v[n - 1].rules++;
                for (size_t l = 0; l < ARRAY_LEN(c->v[i].by_level); l++)
                        c->v[n - 1].by_level[l] += c->v[i].by_level[l];
        }
        c->n = n;
        return 0;
}

static void coverage_deinit(struct coverage *c) {
        free(c->v);
}

/* "T1059.001" */
static void put_id(struct buf *out, const struct technique *t) {
        buf_char(out, 'T');
        buf_add(out, t->tag.p + 8, t->tag.len - 8);
}

static void put_levels(struct buf *out, const struct technique *t) {
        const char *comma = "";

        for (int l = LEVEL_CRITICAL; l >= LEVEL_NONE; l--)
                if (t->by_level[l]) {
                        buf_printf(out, "%s%s %u", comma, level_name((enum level)l),
                                   t->by_level[l]);
                        comma = ", ";
                }
}

int listing_coverage(struct buf *out, const struct ruleset *s, const struct listing_filter *f) {
        _cleanup_(coverage_deinit) struct coverage c = {0};
        int r = coverage_build(&c, s, f);

        if (r < 0)
                return r;
        for (uint32_t i = 0; i < c.n; i++) {
                put_id(out, &c.v[i]);
                for (size_t k = c.v[i].tag.len - 7; k < 11; k++)
                        buf_char(out, ' ');
                buf_printf(out, "%5u  ", c.v[i].rules);
                put_levels(out, &c.v[i]);
                buf_char(out, '\n');
        }
        buf_printf(out,
                   tr("%u techniques by %u rules; %u rules without a technique\n",
                      "%u kỹ thuật bởi %u quy tắc; %u quy tắc chưa gắn kỹ thuật\n"),
                   c.n, c.rules, c.untagged);
        return done(out);
}

int listing_navigator(struct buf *out, const struct ruleset *s, const struct listing_filter *f) {
        _cleanup_(coverage_deinit) struct coverage c = {0};
        uint32_t most = 1;
        int r = coverage_build(&c, s, f);

        if (r < 0)
                return r;
        buf_printf(out,
                   "{\"name\":\"%s\",\"versions\":{\"attack\":\"18\",\"navigator\":\"5.1.0\","
                   "\"layer\":\"4.5\"},"
                   "\"domain\":\"enterprise-attack\",\"description\":\"",
                   tr("Coloa: rule coverage", "Coloa: độ phủ của quy tắc"));
        buf_printf(out,
                   tr("%u techniques by %u rules; the score is the number of rules",
                      "%u kỹ thuật bởi %u quy tắc; điểm là số quy tắc"),
                   c.n, c.rules);
        buf_str(out, "\",\"sorting\":3,\"hideDisabled\":false,\"techniques\":[");
        for (uint32_t i = 0; i < c.n; i++) {
                most = MAX(most, c.v[i].rules);
                buf_str(out, i ? ",\n{\"techniqueID\":\"" : "\n{\"techniqueID\":\"");
                put_id(out, &c.v[i]);
                buf_printf(out, "\",\"score\":%u,\"comment\":\"", c.v[i].rules);
                put_levels(out, &c.v[i]);
                buf_str(out, "\",\"enabled\":true,\"showSubtechniques\":false}");
        }
        buf_printf(out,
                   "\n],\"gradient\":{\"colors\":[\"#e8f0fe\",\"#1a56c4\"],\"minValue\":0,"
                   "\"maxValue\":%u},"
                   "\"legendItems\":[],\"metadata\":[]}\n",
                   most);
        return done(out);
}

/* ---- diags ---- */

struct placed {
        const struct diag *d;
        uint32_t file, order; /* the file's place among all: that of its first diag */
};

static int by_place(const void *x, const void *y) {
        const struct placed *a = x, *b = y;

        if (a->file != b->file)
                return a->file < b->file ? -1 : 1;
        if (a->d->line != b->d->line)
                return a->d->line < b->d->line ? -1 : 1;
        if (a->d->column != b->d->column)
                return a->d->column < b->d->column ? -1 : 1;
        return a->order < b->order ? -1 : 1;
}

/* Files keep the order in which they were read; names are spans of the bundle, so a file's address
 * tells it. */
static int by_file(const void *x, const void *y) {
        const struct placed *a = x, *b = y;

        if (a->d->file.p != b->d->file.p)
                return a->d->file.p < b->d->file.p ? -1 : 1;
        return a->order < b->order ? -1 : 1;
}

static int sorted(const struct ruleset *s, struct placed **ret) {
        struct placed *v = calloc(MAX(s->n_diags, 1u), sizeof(*v));

        if (!v)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < s->n_diags; i++)
                v[i] = (struct placed){.d = &s->diags[i], .order = i};
        qsort(v, s->n_diags, sizeof(*v), by_file);
        for (uint32_t i = 1; i < s->n_diags; i++)
                v[i].file = v[i - 1].file + (v[i].d->file.p != v[i - 1].d->file.p);
        qsort(v, s->n_diags, sizeof(*v), by_place);
        *ret = v;
        return 0;
}

static const char *severity_name(enum diag_severity s) {
        return s == DIAG_ERROR     ? tr("error", "lỗi")
               : s == DIAG_WARNING ? tr("warning", "cảnh báo")
                                   : tr("hint", "gợi ý");
}

int diags_text(struct buf *out, const struct ruleset *s) {
        struct placed *v;
        int r = sorted(s, &v);

        if (r < 0)
                return r;
        for (uint32_t i = 0; i < s->n_diags; i++) {
                const struct diag *d = v[i].d;
                buf_term(out, d->file);
                if (d->line)
                        buf_printf(out, ":%u:%u", d->line, d->column);
                buf_printf(out, ": %s: ", severity_name(d->severity));
                buf_term(out, tr(d->en, d->vi));
                buf_printf(out, " [%s]\n", d->code);
        }
        free(v);
        return done(out);
}

int diags_json(struct buf *out, const struct ruleset *s) {
        static const char *const names[] = {"error", "warning", "hint"};
        struct placed *v;
        int r = sorted(s, &v);

        if (r < 0)
                return r;
        buf_char(out, '[');
        for (uint32_t i = 0; i < s->n_diags; i++) {
                const struct diag *d = v[i].d;
                buf_printf(out, "%s\n{\"severity\":\"%s\",\"code\":\"%s\"", i ? "," : "",
                           names[d->severity], d->code);
                put_string(out, "file", d->file);
                if (d->line)
                        buf_printf(out, ",\"line\":%u,\"column\":%u", d->line, d->column);
                put_string(out, "rule", d->rule);
                put_string(out, "message", tr(d->en, d->vi));
                put_string(out, "message_en", d->en);
                put_string(out, "message_vi", d->vi);
                buf_char(out, '}');
        }
        buf_str(out, "\n]\n");
        free(v);
        return done(out);
}
