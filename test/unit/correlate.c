/* Correlations as scenarios in text. A scenario is what happens and what is said about it:
 *
 *     corr NAME TYPE rules=a,b by=user,ip span=10 gte=3 field=x alias=ip:b:src p=95 quiet
 *     corr NAME temporal rules=a,b span=10 cond=a,b,not,and
 *     t=1.5 a user=x            a hit of rule a at 1.5 s
 *     t=9                       time goes on without a hit
 *     end                       nothing will come any more
 *     > NAME 1..2.5 n=3 user=x  the alerts, in order: first and last event, count, group-by fields
 *
 * Rules are single letters; a longer name is another correlation's. Every hit is a record of its
 * own, but for `same`, which is the record before. Times are seconds. */
#include "correlate/correlate.h"

#include <math.h>

#include "base/timestamp.h"
#include "check.h"

#define CORRS 8u
#define LISTS 16u

struct world {
        struct correlation c[CORRS];
        struct span names[CORRS];
        uint32_t n;
        struct arena arena;
        struct correlator *q;
        struct correlate_stats stats;
        char said[65536];
        size_t said_len;
        uint64_t offset;
};

static struct world w;
static struct correlate_options options;

static struct span word(struct span *s) {
        struct span t = span_trim(*s);
        size_t n = 0;

        while (n < t.len && t.p[n] != ' ')
                n++;
        *s = span_of(t.p + n, t.len - n);
        return span_of(t.p, n);
}

static struct span part(struct span *s, char sep) {
        const char *at = s->len ? memchr(s->p, sep, s->len) : NULL;
        struct span r = at ? span_of(s->p, (size_t)(at - s->p)) : *s;

        *s = at ? span_of(at + 1, s->len - r.len - 1) : SPAN("");
        return r;
}

static double number(struct span s) {
        char text[64];

        check(s.len > 0 && s.len < sizeof(text));
        memcpy(text, s.p, s.len);
        text[s.len] = 0;
        return strtod(text, NULL);
}

static int64_t seconds(struct span s) {
        return (int64_t)llround(number(s) * 1e9);
}

static struct corr_ref ref_of(struct span name) {
        if (name.len == 1)
                return (struct corr_ref){.index = (uint32_t)(name.p[0] - 'a')};
        for (uint32_t i = 0; i < w.n; i++)
                if (span_eq(w.names[i], name))
                        return (struct corr_ref){.is_correlation = true, .index = i};
        check(!"known correlation");
        return (struct corr_ref){0};
}

static struct span *split(struct span s, uint32_t *ret_n) {
        struct span *l = arena_array(&w.arena, LISTS, sizeof(*l));

        while (s.len) {
                check(*ret_n < LISTS);
                l[(*ret_n)++] = part(&s, ',');
        }
        return l;
}

static bool bound_of(struct correlation *c, struct span key, struct span value) {
        static const char *const ops[] = {"gt", "gte", "lt", "lte", "eq", "neq"};

        for (uint32_t i = 0; i < ARRAY_LEN(ops); i++)
                if (span_eq(key, span_str(ops[i]))) {
                        c->bounds[c->n_bounds].op = (int)i;
                        c->bounds[c->n_bounds++].value = number(value);
                        return true;
                }
        return false;
}

static void read_cond(struct correlation *c, struct span value) {
        c->cond = arena_array(&w.arena, LISTS, sizeof(*c->cond));
        while (value.len) {
                struct span x = part(&value, ',');
                struct corr_cond *k = &c->cond[c->n_cond++];

                if (span_eq(x, SPAN("and")))
                        k->op = COND_AND;
                else if (span_eq(x, SPAN("or")))
                        k->op = COND_OR;
                else if (span_eq(x, SPAN("not")))
                        k->op = COND_NOT;
                else
                        while (!(!c->refs[k->ref].is_correlation &&
                                 c->refs[k->ref].index == (uint32_t)(x.p[0] - 'a')))
                                k->ref++;
        }
}

static void read_alias(struct correlation *c, struct span value) {
        struct corr_alias *a = &c->aliases[c->n_aliases++];
        struct corr_ref want;

        a->alias = part(&value, ':');
        want = ref_of(part(&value, ':'));
        while (c->refs[a->ref].index != want.index ||
               c->refs[a->ref].is_correlation != want.is_correlation)
                a->ref++;
        a->field = value;
}

static void read_corr(struct span line) {
        static const char *const types[] = {"event_count",      "value_count", "temporal",
                                            "temporal_ordered", "value_sum",   "value_avg",
                                            "value_percentile", "value_median"};
        struct span x = word(&line);
        uint32_t type = 0, n = 0, at = 0;
        struct correlation *c;

        while (!span_eq(w.names[at], x))
                at++;
        c = &w.c[at];

        *c = (struct correlation){.report = true};
        c->bounds = arena_array(&w.arena, LISTS, sizeof(*c->bounds));
        c->aliases = arena_array(&w.arena, LISTS, sizeof(*c->aliases));
        x = word(&line);
        while (!span_eq(x, span_str(types[type])))
                type++;
        c->type = type;
        while ((x = word(&line)).len) {
                struct span key = part(&x, '=');

                if (span_eq(key, SPAN("rules"))) {
                        struct span *l = split(x, &n);

                        c->refs = arena_array(&w.arena, n, sizeof(*c->refs));
                        c->n_refs = n;
                        for (uint32_t i = 0; i < n; i++)
                                c->refs[i] = ref_of(l[i]);
                } else if (span_eq(key, SPAN("by"))) {
                        c->group_by = split(x, &c->n_group_by);
                } else if (span_eq(key, SPAN("field"))) {
                        c->fields = split(x, &c->n_fields);
                } else if (span_eq(key, SPAN("span"))) {
                        c->timespan = seconds(x);
                } else if (span_eq(key, SPAN("cond"))) {
                        read_cond(c, x);
                } else if (span_eq(key, SPAN("alias"))) {
                        read_alias(c, x);
                } else if (span_eq(key, SPAN("p"))) {
                        c->percentile = number(x);
                } else if (span_eq(key, SPAN("quiet"))) {
                        c->report = false;
                } else {
                        check(bound_of(c, key, x));
                }
        }
}

static void say(void *ctx, const struct finding *f) {
        const struct correlation *c = &w.c[f->rule];

        check(f->flags == (FINDING_ALERT | FINDING_REPORT));
        w.said_len += (size_t)snprintf(w.said + w.said_len, sizeof(w.said) - w.said_len,
                                       "> %.*s %g..%g n=%llu", (int)w.names[f->rule].len,
                                       w.names[f->rule].p, (double)f->time / 1e9,
                                       (double)f->time_last / 1e9, (unsigned long long)f->count);
        check(f->n_fields >= c->n_group_by);
        for (uint32_t i = 0; i < c->n_group_by; i++)
                w.said_len += (size_t)snprintf(w.said + w.said_len, sizeof(w.said) - w.said_len,
                                               " %.*s=%.*s", (int)f->fields[i].name.len,
                                               f->fields[i].name.p, (int)f->fields[i].value.len,
                                               f->fields[i].value.p);
        w.said_len += (size_t)snprintf(w.said + w.said_len, sizeof(w.said) - w.said_len, "\n");
        check(w.said_len < sizeof(w.said));
}

static void read_hit(struct span line) {
        struct finding_field fields[LISTS] = {{.type = FINDING_STRING}};
        struct finding f = {.fields = fields, .flags = FINDING_CORRELATE};
        struct span x = word(&line);

        part(&x, '=');
        f.time = span_eq(x, SPAN("none")) ? TIME_NONE : seconds(x);
        x = word(&line);
        if (x.len == 0) {
                check(correlator_advance(w.q, f.time) == 0);
                return;
        }
        f.rule = (uint32_t)(x.p[0] - 'a');
        w.offset++;
        while ((x = word(&line)).len) {
                if (span_eq(x, SPAN("same"))) {
                        w.offset--;
                        continue;
                }
                fields[f.n_fields].name = part(&x, '=');
                if (span_eq(x, SPAN("null")))
                        fields[f.n_fields].type = FINDING_NULL;
                fields[f.n_fields++].value = x;
        }
        f.offset = w.offset;
        check(correlator_push(w.q, &f) == 0);
}

/* Runs the scenario and compares what was said with its lines that begin with '>'. */
static void play(const char *text) {
        static char want[65536];
        struct span s = span_str(text);
        size_t n = 0;

        arena_deinit(&w.arena);
        w = (struct world){.n = 0};
        arena_init(&w.arena, (size_t)1 << 20);
        for (unsigned pass = 0; pass < 2; pass++)
                for (struct span t = s; t.len;) {
                        struct span line = part(&t, '\n'), first = word(&line);

                        if (!span_eq(first, SPAN("corr")))
                                continue;
                        if (pass == 0)
                                w.names[w.n++] = word(&line);
                        else
                                read_corr(line);
                }
        check(correlator_new(&w.q, w.c, w.n, &options, say, NULL) == 0);
        while (s.len) {
                struct span line = part(&s, '\n'), rest = line, first = word(&rest);

                if (span_eq(first, SPAN("end")))
                        check(correlator_finish(w.q) == 0);
                else if (span_starts(first, SPAN("t=")))
                        read_hit(line);
                else if (span_starts(first, SPAN(">")))
                        n += (size_t)snprintf(want + n, sizeof(want) - n, "%.*s\n",
                                              (int)span_trim(line).len, span_trim(line).p);
                else
                        check(first.len == 0 || span_eq(first, SPAN("corr")));
        }
        w.stats = *correlator_stats(w.q);
        w.q = correlator_free(w.q);
        want[n] = 0;
        w.said[w.said_len] = 0;
        if (strcmp(want, w.said) != 0)
                printf("# wanted:\n%s# said:\n%s", want, w.said);
        check(strcmp(want, w.said) == 0);
}

/* ---- event_count ---- */

static void counts_events(void) {
        play("corr many event_count rules=a by=user span=10 gte=3\n"
             "t=0 a user=x\n t=1 a user=y\n t=2 a user=x\n t=3 b user=x\n t=4 a user=x\n"
             "> many 0..4 n=3 user=x\n"
             "t=5 a user=y\n t=30 a user=y\n t=31 a user=y\n"
             "t=32 a user=y\n"
             "> many 30..32 n=3 user=y\n end\n");
}

static void the_window_is_closed_at_both_ends(void) {
        play("corr m event_count rules=a span=10 gte=2\n"
             "t=0 a\n t=10 a\n> m 0..10 n=2\n");
        play("corr m event_count rules=a span=10 gte=2\n"
             "t=0 a\n t=10.000000001 a\n end\n");
}

/* One alert for one episode: until the condition fails at a hit, or the window runs empty. */
static void an_episode_is_one_alert(void) {
        play("corr m event_count rules=a span=10 gte=3\n"
             "t=0 a\n t=1 a\n t=2 a\n> m 0..2 n=3\n t=3 a\n t=4 a\n t=11 a\n t=12 a\n"
             "t=18 a\n t=21 a\n" /* 12, 18, 21: still */
             "t=30 a\n"          /* 21, 30: no more */
             "t=31 a\n> m 21..31 n=3\n");
        play("corr m event_count rules=a span=10 gte=1\n"
             "t=0 a\n> m 0..0 n=1\n t=9 a\n t=19 a\n t=29.1 a\n> m 29.1..29.1 n=1\n");
}

static void bounds_from_below(void) {
        play("corr m event_count rules=a span=10 gt=1.5\n t=0 a\n t=1 a\n> m 0..1 n=2\n");
        play("corr m event_count rules=a span=10 gt=2\n t=0 a\n t=1 a\n t=2 a\n> m 0..2 n=3\n");
        play("corr m event_count rules=a span=10 gte=0\n t=0 a\n> m 0..0 n=1\n");
        play("corr m event_count rules=a span=10 gte=2 gt=2\n t=0 a\n t=1 a\n t=1 a\n> m 0..1 "
             "n=3\n");
}

/* What more events can undo is judged when the time is over. */
static void bounds_from_above_wait(void) {
        play("corr m event_count rules=a by=u span=10 gte=2 lt=4\n"
             "t=0 a u=x\n t=1 a u=x\n t=2 a u=y\n t=2 a u=y\n t=3 a u=y\n t=4 a u=y\n t=10 a u=x\n"
             "t=10.5\n> m 0..10 n=3 u=x\n"
             "t=12.5\n"
             "t=20 a u=y\n t=30.1\n");
        play("corr m event_count rules=a span=10 eq=1\n t=0 a\n t=11 a\n> m 0..0 n=1\n t=12 a\n "
             "end\n");
        play("corr m event_count rules=a span=10 neq=1\n t=0 a\n t=11 a\n t=12 a\n end\n> m 11..12 "
             "n=2\n");
        play("corr m event_count rules=a span=10 lte=2\n t=0 a\n end\n> m 0..0 n=1\n");
}

static void closing_windows_keep_time_order(void) {
        play("corr long event_count rules=a by=u span=20 lt=9\n"
             "corr short event_count rules=a by=u span=5 lt=9\n"
             "t=0 a u=x\n t=1 a u=y\n end\n"
             "> short 0..0 n=1 u=x\n> short 1..1 n=1 u=y\n> long 0..0 n=1 u=x\n> long 1..1 n=1 "
             "u=y\n");
}

static void one_record_is_one_event(void) {
        play("corr m event_count rules=a,b span=10 gte=2\n"
             "t=0 a\n t=0 b same\n t=1 b\n> m 0..1 n=2\n");
}

static void no_group_no_count(void) {
        play("corr m event_count rules=a by=u,v span=10 gte=2\n"
             "t=0 a u=x v=1\n t=1 a u=x\n t=2 a v=1\n t=3 a u=null v=1\n t=4 a u=x v=1\n> m 0..4 "
             "n=2 u=x v=1\n");
        check_int(w.stats.without_group, 3);
        check_int(w.stats.hits, 5);
}

static void groups_fold_case_and_do_not_run_together(void) {
        play("corr m event_count rules=a by=u,v span=10 gte=2\n"
             "t=0 a u=ab v=c\n t=1 a u=a v=bc\n t=2 a u=AB v=C\n> m 0..2 n=2 u=AB v=C\n"
             "t=3 a u=Đà v=\n t=4 a u=đÀ v=\n> m 3..4 n=2 u=đÀ v=\n");
}

static void hits_without_time_are_counted_apart(void) {
        play("corr m event_count rules=a span=10 gte=2\n"
             "t=0 a\n t=none a\n t=11 a\n t=none a\n");
        check_int(w.stats.without_time, 2);
        play("corr m event_count rules=a span=10 gte=2\n"
             "t=20 a\n t=1 a\n> m 20..20 n=2\n");
        check_int(w.stats.late, 1);
}

/* ---- value_count ---- */

static void counts_distinct_values(void) {
        play("corr spray value_count rules=a by=ip span=10 field=user gte=3\n"
             "t=0 a ip=1 user=x\n t=1 a ip=1 user=y\n t=2 a ip=1 user=x\n t=3 a ip=1 user=X\n t=4 "
             "a ip=1 user=z\n"
             "> spray 1..4 n=3 ip=1\n"
             "t=5 a ip=1 user=q\n t=20 a ip=1 user=x\n t=21 a ip=1 user=y\n t=22 a ip=1 user=z\n"
             "> spray 20..22 n=3 ip=1\n");
        check_int(w.stats.without_value, 0);
}

static void counts_distinct_tuples(void) {
        play("corr m value_count rules=a span=10 field=u,v gte=3\n"
             "t=0 a u=1 v=1\n t=1 a u=1 v=2\n t=2 a u=1 v=1\n t=2 a u=1\n t=3 a u=2 v=1\n> m 1..3 "
             "n=3\n");
        check_int(w.stats.without_value, 1);
}

static void distinct_from_above(void) {
        play("corr m value_count rules=a by=g span=10 field=u eq=2\n"
             "t=0 a g=1 u=1\n t=0 a g=2 u=1\n t=1 a g=1 u=2\n t=2 a g=2 u=2\n t=3 a g=2 u=3\n t=4 "
             "a g=2 u=4\n"
             "t=5 a g=2 u=5\n end\n> m 0..1 n=2 g=1\n");
}

/* Bounds beyond what is told apart anyway. */
static void many_distinct_from_above(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (unsigned n = 299; n <= 301; n++) {
                buf_reset(&b);
                buf_str(&b, "corr m value_count rules=a span=1000 field=u gte=300 lte=300\n");
                for (unsigned i = 0; i < n; i++)
                        buf_printf(&b, "t=%u a u=%u\n", i, i);
                buf_str(&b, n == 300 ? "end\n> m 0..299 n=300\n" : "end\n");
                buf_char(&b, 0);
                play(b.p);
        }
}

/* A long name is a name of its own. */
static void long_values_are_told_apart(void) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_str(&b, "corr m event_count rules=a by=u span=10 gte=2\n");
        buf_printf(&b,
                   "t=0 a u=x%0400d\nt=1 a u=x%0400d\nt=2 a u=X%0400d\n> m 0..2 n=2 u=X%0400d\n", 1,
                   2, 1, 1);
        buf_char(&b, 0);
        play(b.p);
}

/* ---- temporal ---- */

static void rules_in_any_order(void) {
        play("corr t temporal rules=a,b,c by=h span=10\n"
             "t=0 c h=1\n t=1 a h=2\n t=2 a h=1\n t=3 b h=2\n t=9 b h=1\n> t 0..9 n=3 h=1\n"
             "t=10 c h=1\n t=11 a h=1\n t=12 c h=2\n t=12 b h=1\n"
             "t=25 a h=1\n t=26 b h=1\n t=27 c h=1\n> t 25..27 n=3 h=1\n");
}

static void temporal_with_bounds(void) {
        play("corr t temporal rules=a,b,c span=10 gte=2\n t=0 a\n t=1 a\n t=2 c\n> t 1..2 n=2\n");
        play("corr t temporal rules=a,b,c span=10 eq=2\n t=0 a\n t=1 b\n t=2 c\n t=20 a\n t=21 c\n "
             "end\n"
             "> t 20..21 n=2\n");
}

static void temporal_with_an_expression(void) {
        play("corr t temporal rules=a,b,c span=10 cond=a,b,c,or,and\n"
             "t=0 b\n t=1 c\n t=2 a\n> t 0..2 n=3\n");
        /* What is past counts no more, though the group lives. */
        play("corr t temporal rules=a,b,c span=10 cond=a,b,and\n"
             "t=0 a\n t=5 c\n t=10.5 b\n t=20.5 a\n> t 10.5..20.5 n=2\n");
        play("corr t temporal rules=a,b by=h span=10 cond=a,b,not,and\n"
             "t=0 a h=1\n t=1 a h=2\n t=5 b h=2\n t=10.5\n> t 0..0 n=1 h=1\n end\n");
}

static void rules_in_order(void) {
        play("corr o temporal_ordered rules=a,b,c span=10\n"
             "t=0 c\n t=1 b\n t=2 a\n t=3 c\n t=4 b\n t=5 a\n t=6 c\n> o 2..6 n=3\n"
             "t=7 c\n t=14 b\n t=15.5 c\n t=40 a\n t=45 b\n t=50.5 c\n end\n");
}

static void the_latest_beginning_counts(void) {
        play("corr o temporal_ordered rules=a,b span=10\n t=0 a\n t=8 a\n t=15 b\n> o 8..15 n=2\n");
        play("corr o temporal_ordered rules=a,b,c span=10\n t=0 a\n t=1 b\n t=8 a\n t=12 c\n "
             "end\n");
        play("corr o temporal_ordered rules=a,b,c span=10\n t=0 a\n t=1 b\n t=8 a\n t=9 b\n t=12 "
             "c\n"
             "> o 8..12 n=3\n");
}

static void one_record_is_not_two_steps(void) {
        play("corr o temporal_ordered rules=a,b span=10\n t=0 a\n t=0 b same\n t=1 b\n> o 0..1 "
             "n=2\n");
}

static void one_rule_twice_in_order(void) {
        play("corr o temporal_ordered rules=a,a,b span=10\n t=0 a\n t=1 b\n t=2 a\n t=3 b\n> o "
             "0..3 n=3\n");
}

/* ---- numbers ---- */

static void sums(void) {
        play("corr s value_sum rules=a by=u span=10 field=n gte=10\n"
             "t=0 a u=x n=4\n t=1 a u=x n=oops\n t=2 a u=x n=5.5\n t=9 a u=x n=0.5\n> s 0..9 n=10 "
             "u=x\n"
             "t=11 a u=x n=1\n t=12 a u=x n=9.5\n> s 2..12 n=16 u=x\n");
        check_int(w.stats.without_value, 1);
        play("corr s value_sum rules=a span=10 field=in,out gte=10\n"
             "t=0 a in=4 out=5\n t=1 a out=0.5\n t=2 a in=0.5\n> s 0..2 n=10\n");
        play("corr s value_sum rules=a span=10 field=n lt=3\n"
             "t=0 a n=1\n t=5 a n=1.5\n t=11 a n=1\n> s 0..5 n=2\n t=12 a n=5\n end\n");
        /* What a large number swallows is not lost, neither is it kept when all is past. */
        play("corr s value_sum rules=a span=10 field=n eq=2\n"
             "t=0 a n=1e16\n t=1 a n=1\n t=2 a n=1\n t=3 a n=-1e16\n end\n> s 0..3 n=2\n");
        play("corr s value_sum rules=a by=u span=10 field=n gte=1\n"
             /* those before u=9 keep the tidying busy, so that its group lives and empties */
             "t=0 a u=1 n=0\n t=0 a u=2 n=0\n t=0 a u=3 n=0\n t=0 a u=4 n=0\n t=0 a u=5 n=0\n"
             "t=0 a u=9 n=-1e8\n t=1 a u=9 n=0.3\n t=2 a u=9 n=-1e25\n"
             "t=20 a u=9 n=1\n> s 20..20 n=1 u=9\n");
}

/* Averages and ranks are judged over whole timespans: one early outlier is not an average. */
static void averages(void) {
        play("corr s value_avg rules=a span=10 field=n gt=4\n"
             "t=0 a n=9\n t=1 a n=1\n t=2 a n=1\n t=10.5 a n=30\n> s 1..10.5 n=10\n"
             "t=11 a n=2\n t=50 a n=5\n end\n> s 50..50 n=5\n");
        play("corr s value_avg rules=a span=10 field=n lt=4\n"
             "t=0 a n=9\n t=1 a n=-3\n end\n> s 0..1 n=3\n");
}

static void medians_and_percentiles(void) {
        play("corr s value_median rules=a span=10 field=n gte=3\n"
             "t=0 a n=100\n t=1 a n=2\n t=2 a n=3\n t=3 a n=1\n t=4 a n=4\n end\n> s 0..4 n=3\n");
        play("corr s value_median rules=a span=10 field=n gte=3\n"
             "t=0 a n=100\n t=1 a n=2\n t=2 a n=3\n t=3 a n=1\n end\n"); /* 2.5 */
        play("corr s value_percentile rules=a span=10 field=n p=90 gte=9\n"
             "t=0 a n=1\n t=0 a n=2\n t=0 a n=3\n t=0 a n=4\n t=0 a n=5\n t=0 a n=6\n t=0 a n=7\n "
             "t=0 a n=8\n"
             "t=0 a n=9\n t=0 a n=10\n end\n> s 0..0 n=9\n");
        play("corr s value_percentile rules=a span=10 field=n p=0 eq=1\n t=0 a n=1\n t=0 a n=2\n "
             "end\n> s 0..0 n=1\n");
        play("corr s value_percentile rules=a span=10 field=n p=100 eq=2\n t=0 a n=1\n t=0 a n=2\n "
             "end\n> s 0..0 n=2\n");
}

/* ---- aliases, chains ---- */

static void aliases_name_fields_by_rule(void) {
        play("corr t temporal rules=a,b by=ip span=10 alias=ip:a:src alias=ip:b:dst\n"
             "t=0 a src=1 dst=2\n t=1 b src=1 dst=2\n t=2 b src=9 dst=1\n> t 0..2 n=2 ip=1\n");
}

static void chains(void) {
        play("corr fails event_count rules=a by=user span=10 gte=3 quiet\n"
             "corr in temporal_ordered rules=fails,b by=user span=10\n"
             "t=0 b user=x\n t=1 a user=x\n t=2 a user=x\n t=3 a user=x\n t=4 b user=y\n t=8 b "
             "user=x\n"
             "> in 3..8 n=2 user=x\n");
        check_int(w.stats.alerts, 2);
}

/* The outer correlation groups by a field of the last event that the inner one did not group by. */
static void chains_see_fields_of_the_last_event(void) {
        play("corr outer event_count rules=inner by=user span=100 gte=2\n"
             "corr inner event_count rules=a by=host span=10 gte=2\n"
             "t=0 a host=1 user=x\n t=1 a host=1 user=y\n> inner 0..1 n=2 host=1\n"
             "t=2 a host=2 user=q\n t=3 a host=2 user=Y\n> inner 2..3 n=2 host=2\n> outer 1..3 n=2 "
             "user=Y\n");
}

static void chains_of_closing_windows(void) {
        play("corr few event_count rules=a by=u span=10 lt=3\n"
             "corr quiet temporal_ordered rules=few,b span=5\n"
             "t=0 a u=1\n t=12 b\n> few 0..0 n=1 u=1\n> quiet 10..12 n=2\n"
             "t=20 a u=1\n t=36 b\n> few 20..20 n=1 u=1\n end\n");
}

/* ---- limits ---- */

static void numbered(struct finding *f, struct finding_field *x, char *text, size_t size,
                     unsigned long long i) {
        snprintf(text, size, "key-%llu", i);
        x->name = SPAN("u");
        x->value = span_str(text);
        f->offset++;
}

/* Endless keys for rule a: memory stays within the budget, and rule b's slow group is still seen.
 */
static void a_flood_of_groups_hurts_nobody_else(void) {
        struct corr_bound bound = {BOUND_GTE, 5};
        struct corr_ref ra = {.index = 0}, rb = {.index = 1};
        struct span by = SPAN("u");
        struct correlation c[2] = {{.type = CORR_EVENT_COUNT,
                                    .refs = &ra,
                                    .n_refs = 1,
                                    .group_by = &by,
                                    .n_group_by = 1,
                                    .timespan = 1000000000,
                                    .bounds = &bound,
                                    .n_bounds = 1,
                                    .report = true}};
        struct correlate_options o = {.memory = 256 << 10};
        struct finding_field x = {.type = FINDING_STRING};
        struct finding f = {.fields = &x, .n_fields = 1};
        char text[32];

        c[1] = c[0];
        c[1].refs = &rb;
        arena_deinit(&w.arena);
        w = (struct world){.n = 2, .names = {SPAN("flood"), SPAN("slow")}};
        memcpy(w.c, c, sizeof(c));
        check(correlator_new(&w.q, w.c, 2, &o, say, NULL) == 0);
        for (unsigned i = 0; i < 100000; i++) {
                f.time = i;
                f.rule = 0;
                numbered(&f, &x, text, sizeof(text), i);
                check(correlator_push(w.q, &f) == 0);
                if (i % 20000 == 0) {
                        f.rule = 1;
                        numbered(&f, &x, text, sizeof(text), 7);
                        check(correlator_push(w.q, &f) == 0);
                }
        }
        w.stats = *correlator_stats(w.q);
        w.q = correlator_free(w.q);
        check_span(span_of(w.said, w.said_len), "> slow 0..8e-05 n=5 u=key-7\n");
        check(w.stats.groups_evicted > 90000);
        check(w.stats.peak_memory <= o.memory);
}

static void the_oldest_group_goes_first(void) {
        options.max_groups = 2;
        play("corr m event_count rules=a by=u span=100 gte=2\n"
             "t=0 a u=x\n t=1 a u=y\n t=2 a u=z\n t=3 a u=x\n t=4 a u=z\n> m 2..4 n=2 u=z\n");
        options.max_groups = 0;
        check_int(w.stats.groups_evicted, 2); /* x for z, y for x */
}

/* One group that asks for more than there is loses its oldest entries, and says so. */
static void a_window_beyond_the_budget_forgets(void) {
        options.memory = 4096;
        struct corr_bound bound = {BOUND_GTE, 100000};
        struct corr_ref ra = {.index = 0};
        struct span field = SPAN("u");
        struct correlation c = {.refs = &ra,
                                .n_refs = 1,
                                .timespan = 1000000000,
                                .bounds = &bound,
                                .n_bounds = 1,
                                .fields = &field,
                                .n_fields = 1,
                                .report = true};
        static const enum corr_type types[] = {CORR_EVENT_COUNT, CORR_VALUE_COUNT, CORR_VALUE_SUM,
                                               CORR_VALUE_MEDIAN};
        struct finding_field x = {.type = FINDING_STRING, .name = SPAN("u")};
        struct finding f = {.fields = &x, .n_fields = 1};
        char text[32];

        for (size_t k = 0; k < ARRAY_LEN(types); k++) {
                c.type = types[k];
                check(correlator_new(&w.q, &c, 1, &options, say, NULL) == 0);
                for (unsigned i = 0; i < 5000; i++) {
                        f.time = i;
                        f.offset = i;
                        snprintf(text, sizeof(text), "%u", i * 7919 % 5000);
                        x.value = span_str(text);
                        check(correlator_push(w.q, &f) == 0);
                }
                check(correlator_stats(w.q)->entries_evicted > 4000);
                check(correlator_stats(w.q)->peak_memory <= options.memory);
                w.q = correlator_free(w.q);
        }
        options.memory = 0;
}

static void idle_groups_go_without_being_counted(void) {
        struct correlate_stats before;

        play("corr m event_count rules=a by=u span=10 gte=2\n"
             "t=0 a u=1\n t=1 a u=2\n t=2 a u=3\n t=50 a u=4\n");
        before = w.stats;
        play("corr m event_count rules=a by=u span=10 gte=2\n"
             "t=0 a u=1\n t=1 a u=2\n t=2 a u=3\n t=3 a u=4\n");
        check_int(before.groups_evicted, 0);
        check(before.peak_memory < w.stats.peak_memory);
}

int main(void) {
        RUN(counts_events);
        RUN(the_window_is_closed_at_both_ends);
        RUN(an_episode_is_one_alert);
        RUN(bounds_from_below);
        RUN(bounds_from_above_wait);
        RUN(closing_windows_keep_time_order);
        RUN(one_record_is_one_event);
        RUN(no_group_no_count);
        RUN(groups_fold_case_and_do_not_run_together);
        RUN(hits_without_time_are_counted_apart);
        RUN(counts_distinct_values);
        RUN(counts_distinct_tuples);
        RUN(distinct_from_above);
        RUN(many_distinct_from_above);
        RUN(long_values_are_told_apart);
        RUN(rules_in_any_order);
        RUN(temporal_with_bounds);
        RUN(temporal_with_an_expression);
        RUN(rules_in_order);
        RUN(the_latest_beginning_counts);
        RUN(one_record_is_not_two_steps);
        RUN(one_rule_twice_in_order);
        RUN(sums);
        RUN(averages);
        RUN(medians_and_percentiles);
        RUN(aliases_name_fields_by_rule);
        RUN(chains);
        RUN(chains_see_fields_of_the_last_event);
        RUN(chains_of_closing_windows);
        RUN(a_flood_of_groups_hurts_nobody_else);
        RUN(the_oldest_group_goes_first);
        RUN(a_window_beyond_the_budget_forgets);
        RUN(idle_groups_go_without_being_counted);
        arena_deinit(&w.arena);
        return check_done();
}
