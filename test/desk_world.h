/* A desk in a scratch folder, with rules of its own and a judge that is played: what tests of the desk
 * share. Times are seconds after world.base; the record of a finding has the sequence number given.
 *
 *     world_start(RULES);
 *     say(RULE("login"), 7, 10.5, "host=dc01 user=an Image=x");   a finding, when report is asked for
 *     hit(RULE("login"), 7, 10.5, "User=an");                     for correlations
 *     judged(1, 8); commit();
 *     check(alerts("…"))  */
#ifndef TEST_DESK_WORLD_H
#define TEST_DESK_WORLD_H

#include <math.h>

#include "check.h"
#include "desk/desk.h"
#include "os/os.h"
#include "rules/parse.h"
#include "rules/program.h"
#include "wire/bundle.h"

struct world {
        char dir[64], path[96];
        struct desk *d;
        struct desk_options o;
        struct outbox *box;
        uint64_t staged;
        struct program *g;
        void *program;
        size_t program_len;
        uint32_t generation;
        int64_t base, mono, wall;
        uint32_t drill, source;
        struct buf text;
};

static struct world w;

static const char world_rules[] =
        "title: Failed login\nid: 11111111-0000-0000-0000-000000000001\nname: login\n"
        "level: low\nlogsource: {product: test}\n"
        "detection: {s: {EventID: 4625}, condition: s}\n"
        "---\n"
        "title: Evil tool\ntitle_vi: x\nid: 11111111-0000-0000-0000-000000000002\nname: tool\n"
        "level: high\ntags: [attack.t1003.001, attack.credential_access]\n"
        "logsource: {product: test}\n"
        "detection: {s: {Image: evil}, condition: s}\n"
        "---\n"
        "title: Noise\nid: 11111111-0000-0000-0000-000000000003\nname: noise\n"
        "level: informational\nlogsource: {product: test}\n"
        "detection: {s: {Image: noise}, condition: s}\n"
        "---\n"
        "title: Brute force\nid: 22222222-0000-0000-0000-000000000001\nname: brute\nlevel: "
        "critical\n"
        "correlation: {type: event_count, rules: [login], group-by: [User], timespan: 5m,\n"
        "  condition: {gte: 3}, generate: true}\n"
        "---\n"
        "title: Few\nid: 22222222-0000-0000-0000-000000000002\nname: few\nlevel: medium\n"
        "correlation: {type: event_count, rules: [noise], group-by: [User], timespan: 1m,\n"
        "  condition: {lt: 2}}\n";

static inline void world_compile(const char *rules) {
        struct buf bundle = {0}, out = {0};
        struct ruleset set;
        void *p;

        bundle_add(&bundle, BUNDLE_RULE, SPAN("rules.yml"), span_str(rules));
        check_int(ruleset_parse(&set, buf_get(&bundle)), 0);
        for (uint32_t i = 0; i < set.n_diags; i++)
                if (set.diags[i].severity == DIAG_ERROR)
                        printf("# %.*s\n", (int)set.diags[i].en.len, set.diags[i].en.p);
        check_int(set.n_refused, 0);
        check_int(program_compile(&out, &set, buf_get(&bundle)), 0);
        ruleset_deinit(&set);
        w.g = program_free(w.g);
        if (w.program)
                os_unmap(w.program, w.program_len);
        check_int(os_map_anon(out.len, &p), 0);
        memcpy(p, out.p, out.len);
        w.program = p;
        w.program_len = out.len;
        check_int(program_open(&w.g, p, out.len), 0);
        buf_deinit(&bundle);
        buf_deinit(&out);
}

static inline int world_give_program(void) {
        void *p;
        int r = os_map_anon(w.program_len, &p);

        if (r < 0)
                return r;
        memcpy(p, w.program, w.program_len);
        return desk_program(w.d, ++w.generation, p, w.program_len);
}

/* A new desk on what is in the folder, as after a crash of the one before. */
static inline int world_open(void) {
        void *p = NULL;

        w.o.state.path = w.path;
        int r = desk_open(&w.d, &w.o);
        if (r < 0)
                return r;
        r = world_give_program();
        if (r == 0)
                r = os_map_anon(sizeof(struct outbox), &p);
        if (r < 0)
                return r;
        w.box = p;
        w.staged = 0;
        return desk_outbox(w.d, 0, w.box);
}

static inline void world_close(void) {
        w.d = desk_free(w.d);
}

static inline void world_start(const char *rules) {
        struct desk_options o = w.o;

        w = (struct world){.o = o, .base = INT64_C(1790000000) * NS_PER_SEC};
        w.mono = 1000 * NS_PER_SEC;
        w.wall = w.base + 30 * 86400 * NS_PER_SEC;
        snprintf(w.dir, sizeof(w.dir), "/tmp/coloa-desk-XXXXXX");
        check(mkdtemp(w.dir) != NULL);
        snprintf(w.path, sizeof(w.path), "%s/state.db", w.dir);
        world_compile(rules);
        check_int(world_open(), 0);
}

static inline void world_end(void) {
        w.d = desk_free(w.d);
        w.g = program_free(w.g);
        os_unmap(w.program, w.program_len);
        buf_deinit(&w.text);
        check_int(os_remove_tree(w.dir), 0);
        w.o = (struct desk_options){0};
}

static inline int64_t at(double s) {
        return w.base + (int64_t)llround(s * 1e9);
}

static inline uint32_t rule(const char *title) {
        struct program_rule r;

        for (uint32_t i = 0; i < program_rules(w.g); i++)
                if (program_rule(w.g, i, &r) && span_eq(r.title, span_str(title)))
                        return i;
        check(!"such a rule");
        return 0;
}

/* "name=value name=value": host and user are the finding's own. */
static inline void parse_fields(const char *text, struct finding *f, struct finding_field *fields) {
        struct span s = span_str(text);

        f->fields = fields;
        while ((s = span_trim(s)).len) {
                const char *end = memchr(s.p, ' ', s.len);
                struct span word = end ? span_of(s.p, (size_t)(end - s.p)) : s;
                const char *eq = memchr(word.p, '=', word.len);

                check(eq && f->n_fields < 16);
                s = span_of(s.p + word.len, s.len - word.len);
                struct span name = span_of(word.p, (size_t)(eq - word.p)),
                            value = span_of(eq + 1, word.len - name.len - 1);
                if (span_eq(name, SPAN("host")))
                        f->host = value;
                else if (span_eq(name, SPAN("user")))
                        f->user = value;
                else
                        f->fields[f->n_fields++] =
                                (struct finding_field){.name = name,
                                                       .value = value,
                                                       .matched = span_eq(name, SPAN("Image"))};
        }
}

static inline struct finding finding_of(uint32_t r, uint64_t seq, double t) {
        return (struct finding){.rule = r,
                                .input = w.source,
                                .length = 100,
                                .count = 1,
                                .time = at(t),
                                .time_last = at(t),
                                .seq = seq,
                                .received = at(t + 0.5),
                                .drill = w.drill};
}

static inline void put(enum outbox_kind kind, const struct finding *f) {
        buf_reset(&w.text);
        finding_encode(&w.text, f);
        check(!w.text.failed && outbox_fits(w.box, w.staged, w.text.len));
        outbox_put(w.box, &w.staged, kind, buf_get(&w.text));
        outbox_publish(w.box, w.staged);
}

static inline void say(uint32_t r, uint64_t seq, double t, const char *fields) {
        struct finding_field list[16];
        struct finding f = finding_of(r, seq, t);

        f.flags = FINDING_REPORT;
        parse_fields(fields, &f, list);
        put(OUTBOX_FINDING, &f);
}

static inline void hit(uint32_t r, uint64_t seq, double t, const char *fields) {
        struct finding_field list[16];
        struct finding f = finding_of(r, seq, t);

        f.flags = FINDING_CORRELATE;
        parse_fields(fields, &f, list);
        put(OUTBOX_HIT, &f);
}

static inline int judged(uint64_t from, uint64_t to) {
        struct msg_judge m = {.type = DESK_BATCH,
                              .first_seq = UINT64_MAX,
                              .from = from,
                              .to = to,
                              .program = w.generation};

        return desk_batch(w.d, &m, w.mono, w.wall);
}

static inline int commit(void) {
        return desk_commit(w.d, w.mono, w.wall);
}

static inline int count_row(void *ctx, const struct state_alert *a, const struct state_rule *r) {
        struct buf *b = ctx;

        buf_printf(b, "%s%.*s|%.*s|%llu|%u", b->len ? "; " : "", (int)r->title.len, r->title.p,
                   (int)a->entity.len, a->entity.p, (unsigned long long)a->count, a->n_records);
        if (a->status == ALERT_SUPPRESSED)
                buf_printf(b, "|suppressed by %.*s", (int)a->exception.len, a->exception.p);
        if (a->drill)
                buf_printf(b, "|drill %u", a->drill);
        return 0;
}

/* What is committed: "title|entity|count|records; …", the latest first. Valid until the next call. */
static inline const char *alerts(void) {
        static struct buf b;
        _cleanup_(state_freep) struct state *s = NULL;
        struct state_filter all = {
                .since = TIME_NONE, .until = TIME_NONE, .status = -1, .drill = -1};

        buf_reset(&b);
        check_int(state_open(&s, &(struct state_options){.path = w.path, .read_only = true}), 0);
        check_int(state_alerts(s, &all, count_row, &b), 0);
        buf_char(&b, '\0');
        return b.p;
}

static inline void check_alerts_(const char *file, int line, const char *want) {
        const char *got = alerts();

        if (strcmp(got, want) != 0) {
                printf("# %s:%d: alerts are \"%s\", not \"%s\"\n", file, line, got, want);
                check_fail(file, line, "the alerts");
        }
}
#define check_alerts(want) check_alerts_(__FILE__, __LINE__, want)

static inline struct desk_stats stats(void) {
        struct desk_stats s;

        desk_stats(w.d, &s);
        return s;
}

#endif
