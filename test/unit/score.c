/* Formula coloa-score/1: the numbers of doc/scoring.md, first the arithmetic alone, then the same three units from
 * facts as the desk would read them. */
#include <stdlib.h>

#include "check.h"
#include "exercise/match.h"
#include "exercise/score.h"

#define S 1000
#define HALF (MILLION / 2)

/* ---- the arithmetic ---- */

static int64_t E(unsigned e, int64_t t) {
        static const int64_t c[5][3] = {{60, 300, 900},
                                        {600, 1800, 3600},
                                        {1200, 3600, 7200},
                                        {900, 2700, 5400},
                                        {3600, 3600, 7200}};

        return formula_curve(t, c[e][0] * S, c[e][1] * S, c[e][2] * S, HALF);
}

static void arithmetic(void) {
        int64_t fast[] = {formula_line(20, E(0, 45 * S), MILLION, MILLION),
                          formula_line(20, E(1, 480 * S), MILLION, MILLION),
                          formula_line(20, E(2, 1500 * S), formula_fbeta(5, 0, 0, 4), MILLION),
                          formula_line(25, E(3, 1200 * S), MILLION, MILLION),
                          formula_line(15, E(4, 3000 * S), MILLION, MILLION)};
        int64_t slow[] = {formula_line(20, E(0, 200 * S), MILLION, MILLION),
                          formula_line(20, E(1, 1500 * S), MILLION, MILLION),
                          formula_line(20, E(2, 5400 * S), formula_fbeta(4, 0, 1, 4), MILLION),
                          formula_line(25, E(3, 2400 * S), MILLION, MILLION),
                          formula_line(15, E(4, 4500 * S), formula_part(19, 20), MILLION)};
        static const int64_t f[] = {20000, 20000, 18750, 22917, 15000},
                             s[] = {20000 * 0 + 14167, 12500, 4167, 14583, 5344};
        int64_t sum_f = 0, sum_s = 0;

        for (unsigned i = 0; i < 5; i++) {
                check_int(fast[i], f[i]);
                check_int(slow[i], s[i]);
                sum_f += fast[i];
                sum_s += slow[i];
        }
        check_int(formula_share(sum_f, 100), 96667);
        check_int(formula_share(sum_s, 100), 50761);
        check_int(formula_line(20, E(2, 900 * S), formula_fbeta(3, 4, 2, 4), MILLION), 11111);
        check_int(formula_line(25, E(3, 600 * S), 3 * MILLION / 4, HALF), 9375);
        check_int(formula_line(15, E(4, FORMULA_NEVER), 0, 0), 0);
}

/* Whoever makes this fail gives the formula another name (formula.h), and says in doc/scoring.md why. */
static void formula_is_what_it_was(void) {
        char hash[FACTS_HASH_HEX];

        check_int(formula_hash(hash), 0);
        check(strcmp(hash, "13ec09e5ad99dae3b8d707bc761399f8d7efdee303da23db8904321552ee1f87") ==
              0);
}

static void shown(void) {
        static const struct {
                int64_t v;
                const char *is;
        } t[] = {{96667, "96.7"}, {49761, "49.8"}, {35486, "35.5"},   {0, "0.0"},
                 {49, "0.0"},     {50, "0.1"},     {100000, "100.0"}, {-4000, "-4.0"}};

        for (size_t i = 0; i < ARRAY_LEN(t); i++) {
                char to[FORMULA_SHOWN];

                formula_show(to, t[i].v);
                check_span(span_str(to), t[i].is);
        }
}

static void monotone(void) {
        for (unsigned e = 0; e < 5; e++) {
                int64_t before = MILLION;

                for (int64_t t = 0; t < 7300 * S; t += S) {
                        int64_t now = E(e, t);

                        check(now <= before && now >= 0);
                        before = now;
                }
                check_int(before, 0);
        }
        check_int(formula_curve(1, 0, 0, 10, MILLION), 900000);
        check_int(formula_curve(10, 0, 0, 10, MILLION), 0); /* at h: nothing */
        check_int(formula_curve(-5, 3, 3, 10, 0), MILLION);
        check(formula_curve(FORMULA_MS_MAX - 1, 0, FORMULA_MS_MAX / 2, FORMULA_MS_MAX, MILLION) ==
              0);
}

static void red(void) {
        check_int(formula_red(3, (unsigned[]){3, 3, 1}, MILLION, MILLION), 86667);
        check_int(formula_red(3, (unsigned[]){3, 3, 1}, HALF, MILLION), 43333);
        check_int(formula_red(2, (unsigned[]){0, 2, 0}, 750000, MILLION), 15000);
        check_int(formula_total(59395, 15000), 44395);
        check_int(formula_total(50000, 42000), 20000); /* the cap */
        check_int(formula_total(10000, 15000), 0);
}

/* ---- the same from facts ---- */

static const char *const hosts_x[] = {"h1", "h2", "h3", "a1", "a2"}, *const contain_x[] = {
                                                                             "h1", "h2", "h3",
                                                                             "a1"};
static const char *const duties[] = {"handler"};
static const struct plan_value kinds_x[] = {{"ransomware", MILLION}, {"malware", HALF}};
static const struct plan_value reports_x[] = {{"initial", MILLION}};
#define LINE(i, f, pt, cap, w, g_, d_, h_)                                                         \
        {                                                                                          \
                .id = i, .title = {i, i}, .of = "s1", .fact = f, .part = pt, .capability = cap,    \
                .weight = w, .g = (g_)*S, .d = (d_)*S, .h = (h_)*S, .p = HALF
static const struct plan_expectation
        expectations[] = {LINE("E1", FACT_ALERT, PART_MACHINE, CAP_DETECT, 20, 60, 300, 900)},
        LINE("E2", FACT_CLASSIFIED, PART_PEOPLE, CAP_TRIAGE, 20, 600, 1800, 3600),
        .values = kinds_x, .n_values = 2
}
, LINE("E3", FACT_SCOPE, PART_PEOPLE, CAP_INVESTIGATE, 20, 1200, 3600, 7200), .objects = hosts_x,
                                                                              .n_objects = 5
}
, LINE("E4", FACT_CONTAINED, PART_PEOPLE, CAP_CONTAIN, 25, 900, 2700, 5400),
        .objects = contain_x, .n_objects = 4, .roles = duties, .n_roles = 1
}
, LINE("E5", FACT_REPORTED, PART_PEOPLE, CAP_REPORT, 15, 3600, 3600, 7200), .values = reports_x,
                                                                            .n_values = 1
}
,
}
;
static const struct plan_host hosts[] = {
        {.id = "h1", .name = "WS-01", .address = "10.0.0.1", .criticality = 1},
        {.id = "h2", .name = "WS-02", .address = "10.0.0.2", .criticality = 1},
        {.id = "h3", .name = "SRV-{unit}", .address = "10.0.0.3", .criticality = 2},
        {.id = "i1", .name = "WS-08", .address = "10.0.0.8", .criticality = 1},
        {.id = "i2", .name = "SRV-09", .address = "10.0.0.9", .criticality = 2}};
static const struct plan_account accounts[] = {{.id = "a1", .name = "an.nguyen"},
                                               {.id = "a2", .name = "backup"}};
static const struct plan_outside outside[] = {
        {.id = "evil", .address = "198.51.100.7", .attacker = true}};
static const char *const s1_targets[] = {"h1", "h2", "h3", "a1", "a2", "evil"},
                         *const s2_targets[] = {"i1"};
static const struct plan_step steps[] = {
        {.id = "s1", .technique = "T1486", .targets = s1_targets, .n_targets = 6},
        {.id = "s2", .background = true, .targets = s2_targets, .n_targets = 1}};
static const char *const hinted[] = {"E3", "E4"};
static const struct plan_hint hints[] = {
        {.id = "hint1", .step = "s1", .expectations = hinted, .n_expectations = 2, .price = 5}};
static const struct plan plan = {.id = "example",
                                 .formula = FORMULA,
                                 .hash = "00",
                                 .hosts = hosts,
                                 .n_hosts = 5,
                                 .accounts = accounts,
                                 .n_accounts = 2,
                                 .outside = outside,
                                 .n_outside = 1,
                                 .steps = steps,
                                 .n_steps = 2,
                                 .hints = hints,
                                 .n_hints = 1,
                                 .expectations = expectations,
                                 .n_expectations = 5};

#define BASE 1700000000000ll
static const unsigned one_step[] = {1}, background[] = {2};

/* Alerts are at `alert` s; people's clocks start there. */
static struct drill_fact fact(const char *id, unsigned kind, int64_t s) {
        return (struct drill_fact){.id = id,
                                   .kind = kind,
                                   .play = 7,
                                   .t = s * S,
                                   .real = BASE + s * S,
                                   .actor = "p1",
                                   .roles = duties,
                                   .n_roles = 1,
                                   .steps = one_step,
                                   .n_steps = 1,
                                   .label = true};
}

#define ADD(...)                                                                                   \
        do {                                                                                       \
                struct drill_fact f_ = __VA_ARGS__;                                                \
                check(facts_add(f, &f_) == 0);                                                     \
        } while (0)

static struct drill_fact alert(const char *id, int64_t s) {
        struct drill_fact f = fact(id, FACT_ALERT, s);

        f.actor = NULL;
        f.n_roles = 0;
        f.event = (s - 5) * S;
        f.latency = 5 * S;
        return f;
}

static struct drill_fact with(struct drill_fact f, const char *value, const char *const *objects,
                              unsigned n) {
        f.value = value;
        f.objects = objects;
        f.n_objects = n;
        return f;
}

static struct drill_fact story(const char *id, unsigned kind, int64_t s, const char *value) {
        struct drill_fact f = fact(id, kind, s);

        f.actor = NULL;
        f.number = kind == FACT_PLAYED ? 1 : 0;
        f.value = value;
        return f;
}

static void add_fast(struct drill_facts *f) {
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        ADD(alert("alert/1", 45));
        ADD(with(fact("incident/1/kind/1", FACT_CLASSIFIED, 45 + 480), "ransomware", NULL, 0));
        ADD(with(fact("incident/1/scope/1", FACT_SCOPE, 45 + 1500), NULL, hosts_x, 5));
        ADD(with(fact("action/1", FACT_CONTAINED, 45 + 1200), NULL, contain_x, 4));
        ADD(with(fact("report/1", FACT_REPORTED, 45 + 3000), "initial", NULL, 0));
}

static void add_slow(struct drill_facts *f) {
        struct fact_field fields[10];
        struct drill_fact report =
                with(fact("report/1", FACT_REPORTED, 200 + 4500), "initial", NULL, 0);

        for (unsigned i = 0; i < 10; i++)
                fields[i] = (struct fact_field){"f", i ? TRUTH_TRUE : TRUTH_UNKNOWN};
        report.fields = fields;
        report.n_fields = 10;
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        ADD(alert("alert/1", 200));
        ADD(with(fact("incident/1/kind/1", FACT_CLASSIFIED, 200 + 1500), "ransomware", NULL, 0));
        ADD(with(fact("incident/1/scope/1", FACT_SCOPE, 200 + 5400), NULL, hosts_x, 4));
        ADD(with(fact("action/1", FACT_CONTAINED, 200 + 2400), NULL, contain_x, 4));
        ADD(report);
        ADD(with(story("unused/1", FACT_UNUSED, 0, "eve"), "eve@ids", NULL, 0));
}

static void add_careless(struct drill_facts *f) {
        static const char *const scope[] = {"h1", "h2", "h3", "i1", "i2", "?x", "?y"};
        static const char *const blocked[] = {"h1", "h2", "h3", "i1", "i2"};
        struct drill_fact a = with(fact("action/1", FACT_CONTAINED, 45 + 600), NULL, blocked, 5);
        struct drill_fact d = fact("incident/2/declared", FACT_DECLARED, 900);

        a.self = true;
        d.of = "incident/2";
        d.steps = background;
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        ADD(alert("alert/1", 45));
        ADD(with(fact("incident/1/kind/1", FACT_CLASSIFIED, 45 + 300), "malware", NULL, 0));
        ADD(with(fact("incident/1/scope/1", FACT_SCOPE, 45 + 900), NULL, scope, 7));
        ADD(a);
        ADD(d);
}

static struct score *scored(struct drill_facts *f) {
        struct score *s = NULL;

        check_int(facts_sort(f), 0);
        check_int(score_play(&s, &plan, f, 7), 0);
        return s;
}

static void expect(void (*add)(struct drill_facts *), const int64_t points[5],
                   const int64_t sums[5]) {
        struct drill_facts f;
        struct score *s;

        facts_init(&f);
        add(&f);
        s = scored(&f);
        for (unsigned i = 0; i < 5; i++)
                check_int(s->lines[i].points, points[i]);
        check_int(s->base, sums[0]);
        check_int(s->penalty, sums[1]);
        check_int(s->total, sums[2]);
        check_int(s->part[PART_MACHINE], sums[3]);
        check_int(s->part[PART_PEOPLE], sums[4]);
        check(!s->provisional);
        score_free(s);
        facts_deinit(&f);
}

static void three_units(void) {
        expect(add_fast, (int64_t[]){20000, 20000, 18750, 22917, 15000},
               (int64_t[]){96667, 0, 96667, 100000, 95834});
        expect(add_slow, (int64_t[]){14167, 12500, 4167, 14583, 5344},
               (int64_t[]){50761, 1000, 49761, 70835, 45743});
        expect(add_careless, (int64_t[]){20000, 10000, 11111, 9375, 0},
               (int64_t[]){50486, 15000, 35486, 100000, 38108});
}

static void write_score(struct drill_facts *f, struct buf *to) {
        struct score *s = scored(f);

        score_write(to, &plan, s);
        score_free(s);
}

static void order_is_irrelevant(void) {
        struct drill_facts f, back;
        struct buf a = {0}, b = {0};

        facts_init(&f);
        facts_init(&back);
        add_careless(&f);
        for (size_t i = f.n; i > 0; i--)
                check(facts_add(&back, &f.facts[i - 1]) == 0);
        write_score(&f, &a);
        write_score(&back, &b);
        check(a.len && span_eq(buf_get(&a), buf_get(&b)));
        facts_deinit(&f);
        facts_deinit(&back);
        buf_deinit(&a);
        buf_deinit(&b);
}

static void void_leaves_both(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;
        struct drill_fact r = story("ruling/1", FACT_RULING, 30000, RULING_VOID);

        facts_init(f);
        add_careless(f);
        r.of = "E5";
        ADD(r);
        s = scored(f);
        check_int(s->base, 59395);
        check_int(s->total, 44395);
        check_int(s->n_void, 1);
        check(s->lines[4].state == LINE_VOID && strstr(s->lines[4].en, "ruled"));
        score_free(s);
        facts_deinit(f);
}

/* Ended 4,000 s after the start: only what could be whole by then counts, answered or not. */
static void early_stop_voids(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;

        facts_init(f);
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 4000, "ended"));
        ADD(alert("alert/1", 45));
        ADD(with(fact("incident/1/kind/1", FACT_CLASSIFIED, 45 + 480), "ransomware", NULL, 0));
        ADD(with(fact("action/1", FACT_CONTAINED, 45 + 1200), NULL, contain_x, 4));
        s = scored(f);
        check_int(s->lines[1].points, 20000);
        check(s->lines[3].state == LINE_VOID); /* answered, and void: h is 5,400 s */
        check(s->lines[4].state == LINE_VOID);
        check_int(s->base, 100000);
        score_free(s);
        facts_deinit(f);
}

static void while_it_runs(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;

        facts_init(f);
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 1000, "running"));
        ADD(alert("alert/1", 45));
        s = scored(f);
        check_int(s->lines[0].points, 20000);
        check(s->lines[1].state == LINE_OPEN && s->provisional);
        check_int(s->base, 100000); /* of what is decided */
        check_int(s->capability[CAP_DETECT], -1);
        score_free(s);
        facts_deinit(f);
}

/* A rule that is silent costs its own line; people's clocks start at its h. */
static void silent_rule_is_charged_once(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;

        facts_init(f);
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        ADD(with(fact("incident/1/kind/1", FACT_CLASSIFIED, 900 + 500), "ransomware", NULL, 0));
        s = scored(f);
        check_int(s->lines[0].points, 0);
        check(s->lines[0].cause == CAUSE_RULE);
        check_int(s->lines[1].t, 500 * S);
        check_int(s->lines[1].points, 20000);
        score_free(s);
        facts_deinit(f);
}

static void machine_time_is_real(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;
        struct drill_fact a = alert("alert/1", 0);

        facts_init(f);
        a.event =
                40 *
                S; /* 40 s into the step; 5 s later in real time, which is 150 s of a drill at 30× */
        a.latency = 5 * S;
        a.t = 190 * S;
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        ADD(a);
        s = scored(f);
        check_int(s->lines[0].t, 45 * S);
        check_int(s->lines[0].points, 20000);
        check_int(s->lines[1].start, 190 * S);
        score_free(s);
        facts_deinit(f);
}

static void hints_and_pauses(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;
        struct drill_fact h = story("hint/1", FACT_HINT, 50, NULL),
                          p = story("pause/1", FACT_PAUSE, 100, "real");

        facts_init(f);
        add_fast(f);
        h.of = "hint1";
        p.until = 400 * S;
        p.until_real = BASE + 400 * S;
        ADD(h);
        ADD(p);
        s = scored(f);
        check_int(s->lines[1].t, 180 * S);           /* 480 s, of which it stood for 300 */
        check_int(s->lines[2].points, 20000 - 2500); /* 1,200 s: full, less half of the hint */
        check_int(s->lines[3].points, 25000 - 2500);
        check_int(s->lines[0].points, 20000);
        check_int(s->hints, 1);
        score_free(s);
        facts_deinit(f);
}

static void scope_best_of_three(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;

        facts_init(f);
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        ADD(alert("alert/1", 45));
        ADD(with(fact("scope/1", FACT_SCOPE, 145), NULL, hosts_x, 1));
        ADD(with(fact("scope/2", FACT_SCOPE, 245), NULL, hosts_x, 3));
        ADD(with(fact("scope/3", FACT_SCOPE, 345), NULL, hosts_x, 4));
        ADD(with(fact("scope/4", FACT_SCOPE, 445), NULL, hosts_x, 5)); /* a fourth does not count */
        s = scored(f);
        check_int(s->lines[2].Q, formula_fbeta(4, 0, 1, 4));
        check_span(span_str(s->lines[2].facts[0]->id), "scope/3");
        check_int(s->lines[2].n_also, 3);
        score_free(s);
        facts_deinit(f);
}

static void innocents(void) {
        static const char *const i1[] = {"i1"};
        struct drill_facts facts, *f = &facts;
        struct score *s;
        struct drill_fact u = story("undo/2", FACT_UNDONE, 400, NULL),
                          r = story("r", FACT_RULING, 9000, RULING_PARDON);
        struct drill_fact node = with(fact("action/3", FACT_CONTAINED, 900), NULL, i1, 1);

        facts_init(f);
        add_fast(f);
        ADD(with(fact("action/2", FACT_CONTAINED, 200), NULL, i1, 1));
        ADD(with(fact("action/2b", FACT_CONTAINED, 300), NULL, i1, 1)); /* stands already: once */
        u.of = "action/2";
        ADD(u);
        node.actor = NULL;
        ADD(node);
        s = scored(f);
        check_int(s->n_penalties, 1); /* action/2b still stands */
        check_int(s->penalties[0].points, 2000);
        score_free(s);
        u.id = "undo/2b";
        u.of = "action/2b";
        u.t = u.t + 300 * S;
        ADD(u);
        s = scored(f);
        check_int(s->n_penalties, 2);
        check_int(s->penalties[1].points, 4000);
        check(s->penalties[1].machine);
        check_int(s->harm, 6000);
        score_free(s);
        r.of = "innocent/i1/action/3";
        ADD(r);
        s = scored(f);
        check_int(s->harm, 2000);
        check(s->penalties[1].pardoned);
        score_free(s);
        facts_deinit(f);
}

/* Another duty than the one that the line names: half; both wrongs together: half still. */
static void duty(void) {
        static const char *const other[] = {"officer"};
        struct drill_facts facts, *f = &facts;
        struct drill_fact a = with(fact("action/1", FACT_CONTAINED, 45 + 600), NULL, contain_x, 4);
        struct score *s;

        for (unsigned both = 0; both < 2; both++) {
                facts_init(f);
                ADD(story("step/1", FACT_PLAYED, 0, "events"));
                ADD(story("watch", FACT_WATCH, 20000, "ended"));
                ADD(alert("alert/1", 45));
                a.roles = other;
                a.self = both;
                ADD(a);
                s = scored(f);
                check_int(s->lines[3].R, HALF);
                check_int(s->lines[3].points, 12500);
                score_free(s);
                facts_deinit(f);
        }
}

static void prevented_and_unplayed(void) {
        struct drill_facts facts, *f = &facts;
        struct score *s;
        struct drill_fact p = story("prevented/1", FACT_PREVENTED, 100, NULL);

        facts_init(f);
        p.number = 1;
        ADD(story("watch", FACT_WATCH, 20000, "ended"));
        s = scored(f);
        check_int(s->n_void, 5);
        check_int(s->total, 0);
        check_int(s->part[PART_MACHINE], -1);
        score_free(s);
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(alert("alert/1", 45));
        ADD(p);
        s = scored(f);
        check_int(s->lines[0].points, 20000);
        check_int(s->n_void, 4); /* never failed */
        check_int(s->base, 100000);
        score_free(s);
        facts_deinit(f);
}

/* ---- matching ---- */

static const char *const m1[] = {"h1", "a1", "evil"}, *const m2[] = {"h1", "a2", "evil"};
static const struct plan_step two[] = {
        {.id = "s1", .technique = "T1190", .targets = m1, .n_targets = 3},
        {.id = "s2", .technique = "T1068.001", .targets = m2, .n_targets = 3}};
static const struct plan_expectation two_lines[] = {
        {.id = "A", .of = "s1", .fact = FACT_ALERT, .h = 900 * S, .weight = 1, .d = 1},
        {.id = "B", .of = "s2", .fact = FACT_ALERT, .h = 900 * S, .weight = 1, .d = 1}};

static unsigned matched(const struct drill_fact *alerts, unsigned n, unsigned which,
                        bool *ret_ambiguous) {
        struct plan p = plan;
        struct drill_facts facts, *f = &facts;
        struct match *m = NULL;
        struct drill_fact s1 = story("x1", FACT_PLAYED, 0, NULL),
                          s2 = story("x2", FACT_PLAYED, 60, NULL);
        unsigned step = 0;
        size_t rows;

        p.steps = two;
        p.expectations = two_lines;
        p.n_expectations = 2;
        s2.number = 2;
        facts_init(f);
        ADD(s1);
        ADD(s2);
        for (unsigned i = 0; i < n; i++)
                ADD(alerts[i]);
        check(facts_sort(f) == 0);
        check(match_new(&m, &p, facts_of(f, 7, &rows), f->n) == 0);
        for (size_t i = 0; i < f->n; i++)
                if (strcmp(f->facts[i].id, alerts[which].id) == 0) {
                        step = m->of[i].n ? m->of[i].steps[0] : 0;
                        *ret_ambiguous = m->of[i].ambiguous;
                }
        match_free(m);
        facts_deinit(f);
        return step;
}

static struct drill_fact loose(const char *id, int64_t s, const char *technique,
                               const char *const *o, unsigned n) {
        struct drill_fact f = alert(id, s);

        f.label = false;
        f.n_steps = 0;
        f.event = s * S;
        f.technique = technique;
        f.objects = o;
        f.n_objects = n;
        return f;
}

static void evidence(void) {
        static const char *const no_account[] = {"h1", "evil"},
                                 *const other[] = {"h2", "a1", "evil"}, *const only[] = {"h1"};
        bool ambiguous;

        check_int(matched(&(struct drill_fact[]){loose("a", 100, "T1190", m1, 3)}[0], 1, 0,
                          &ambiguous),
                  1);
        check(!ambiguous);
        check_int(matched((struct drill_fact[]){loose("a", 100, "T1068", m2, 3)}, 1, 0, &ambiguous),
                  2);
        check_int(matched((struct drill_fact[]){loose("a", 100, "T1190", no_account, 2)}, 1, 0,
                          &ambiguous),
                  0);
        check(ambiguous); /* only the technique separates them */
        check_int(matched((struct drill_fact[]){loose("a", 100, "T1190", other, 3)}, 1, 0,
                          &ambiguous),
                  0);
        check(!ambiguous);
        check_int(
                matched((struct drill_fact[]){loose("a", 1000, "T1190", m1, 3)}, 1, 0, &ambiguous),
                0);
        check_int(
                matched((struct drill_fact[]){loose("a", 100, "T1190", only, 1)}, 1, 0, &ambiguous),
                0);
        /* A second alert of step 1 is a duplicate of the first, whatever their order. */
        check_int(matched((struct drill_fact[]){loose("b", 200, "T1190", m1, 3),
                                                loose("a", 100, "T1190", m1, 3)},
                          2, 0, &ambiguous),
                  1);
}

static void names(void) {
        const char *own[] = {NULL, "may-02.so.example.vn", NULL, NULL, NULL};
        struct plan_cast c = {.unit = "STTTT", .hosts = own};

        check_span(span_str(match_name(&plan, &c, SPAN("ws-01.corp.example.vn"))), "h1");
        check_span(span_str(match_name(&plan, &c, SPAN("MAY-02"))), "h2");
        check(!match_name(&plan, &c, SPAN("WS-02")));
        check(!match_name(&plan, &c, SPAN("may-02.other.example.vn")));
        check_span(span_str(match_name(&plan, &c, SPAN("srv-stttt"))), "h3");
        check_span(span_str(match_name(&plan, &c, SPAN("10.0.0.8"))), "i1");
        check_span(span_str(match_name(&plan, &c, SPAN("CORP\\An.Nguyen"))), "a1");
        check_span(span_str(match_name(&plan, &c, SPAN("backup@corp.example.vn"))), "a2");
        check_span(span_str(match_name(&plan, &c, SPAN("198.51.100.7"))), "evil");
        check(!match_name(&plan, &c, SPAN("10")));
        check(match_technique("T1059.001", "T1059") && match_technique("T1059", "T1059.003") &&
              !match_technique("T1059.001", "T1059.003") && !match_technique("T105", "T1059") &&
              !match_technique(NULL, "T1059"));
}

/* ---- facts as text ---- */

static void facts_round(void) {
        struct drill_facts f, g;
        struct buf a = {0}, b = {0};
        char h[FACTS_HASH_HEX];
        size_t line;

        facts_init(&f);
        facts_init(&g);
        add_slow(&f);
        check(facts_sort(&f) == 0);
        facts_write(&a, &f);
        check_int(facts_read(&g, buf_get(&a), &line), 0);
        facts_write(&b, &g);
        check(a.len && span_eq(buf_get(&a), buf_get(&b)));
        facts_hash(h, SPAN("abc"));
        check_span(span_str(h), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        facts_deinit(&f);
        facts_deinit(&g);
        buf_deinit(&a);
        buf_deinit(&b);
        for (unsigned i = 0; i < PLAN_FACTS; i++)
                check(strcmp(plan_facts[i], fact_kinds[i]) == 0);
}

static void facts_refused(void) {
        static const char *const bad[] = {
                "",
                "{}",
                "[]",
                "{\"id\":\"a\",\"kind\":\"alert\",\"t\":1}",
                "{\"id\":\"a\",\"kind\":\"alert\",\"play\":0,\"t\":1}",
                "{\"id\":\"a\",\"kind\":\"none\",\"play\":1,\"t\":1}",
                "{\"id\":\"\",\"kind\":\"alert\",\"play\":1,\"t\":1}",
                "{\"id\":\"a\\n\",\"kind\":\"alert\",\"play\":1,\"t\":1}",
                "{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":99999999999999}",
                "{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":1,\"steps\":[201]}",
                "{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":1,\"more\":1}",
                "{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":1,\"t\":2}",
                "{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":1.5}",
                ("{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":1,"
                 "\"fields\":[[\"x\",\"maybe\"]]}")};
        struct drill_facts f;

        facts_init(&f);
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                check_int(facts_read_line(&f, span_str(bad[i])), -EBADMSG);
        check_int(f.n, 0);
        check_int(facts_read_line(&f, SPAN("{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":1}")),
                  0);
        check_int(facts_read_line(&f, SPAN("{\"id\":\"a\",\"kind\":\"alert\",\"play\":1,\"t\":2}")),
                  0);
        check_int(facts_sort(&f), -EEXIST);
        facts_deinit(&f);
}

static void too_many_facts(void) {
        struct drill_fact k = fact("a", FACT_TIP, 1);
        struct drill_facts f;

        facts_init(&f);
        for (size_t i = 0; i < FACTS_MAX; i++)
                check(facts_add(&f, &k) == 0);
        check_int(facts_add(&f, &k), -E2BIG);
        facts_deinit(&f);
        facts_init(&f);
        f.arena.budget = 1;
        check_int(facts_add(&f, &k), -E2BIG);
        check_int(f.n, 0);
        facts_deinit(&f);
}

/* What a branch goes by is what points come from. */
static bool asks(const struct drill_facts *f, unsigned kind, const char *object,
                 const char *value) {
        _cleanup_(match_freep) struct match *m = NULL;
        struct plan_condition c = {.op = PLAN_FACT, .fact = kind, .object = object, .value = value};
        size_t n = 0;
        const struct drill_fact *of = facts_of(f, 7, &n);

        check_int(match_new(&m, &plan, of, n), 0);
        return match_holds(&plan, m, of, n, &c);
}

static void conditions_are_the_scorers(void) {
        static const char *const h1[] = {"h1"}, *const near[] = {"?h10"};
        struct drill_facts facts, *f = &facts;

        facts_init(f);
        ADD(story("step/1", FACT_PLAYED, 0, "events"));
        ADD(alert("alert/1", 45));
        ADD(with(fact("action/1", FACT_CONTAINED, 100), NULL, near, 1));
        ADD(with(fact("incident/1/entry/1/press", FACT_TOLD, 120), "press", NULL, 0));
        ADD(with(fact("return/1", FACT_RESTORED, 130), NULL, h1, 1));
        check_int(facts_sort(f), 0);
        check(asks(f, FACT_ALERT, NULL, NULL));
        check(!asks(f, FACT_CONTAINED, "h1", NULL)); /* another one, whose name begins so */
        check(asks(f, FACT_CONTAINED, NULL, NULL));
        check(asks(f, FACT_RESTORED, "h1", NULL));
        check(!asks(f, FACT_RESTORED, "h2", NULL));
        check(asks(f, FACT_TOLD, NULL, NULL));
        check(asks(f, FACT_TOLD, NULL, "press"));
        check(!asks(f, FACT_TOLD, NULL, "agency"));
        ADD(with(fact("action/2", FACT_CONTAINED, 200), NULL, h1, 1));
        check_int(facts_sort(f), 0);
        check(asks(f, FACT_CONTAINED, "h1", NULL));
        struct drill_fact u = fact("action/2/undone", FACT_UNDONE, 260);
        u.of = "action/2";
        u.value = "ordered";
        ADD(u);
        check_int(facts_sort(f), 0);
        check(asks(f, FACT_CONTAINED, "h1", NULL)); /* the organisers ordered it */
        ADD(with(fact("action/3", FACT_CONTAINED, 300), NULL, hosts_x + 1, 1));
        u = fact("action/3/undone", FACT_UNDONE, 310);
        u.of = "action/3";
        ADD(u);
        check_int(facts_sort(f), 0);
        check(!asks(f, FACT_CONTAINED, "h2", NULL)); /* taken back */
        facts_deinit(f);
}

int main(void) {
        RUN(arithmetic);
        RUN(formula_is_what_it_was);
        RUN(shown);
        RUN(conditions_are_the_scorers);
        RUN(monotone);
        RUN(red);
        RUN(three_units);
        RUN(order_is_irrelevant);
        RUN(void_leaves_both);
        RUN(early_stop_voids);
        RUN(while_it_runs);
        RUN(silent_rule_is_charged_once);
        RUN(machine_time_is_real);
        RUN(hints_and_pauses);
        RUN(scope_best_of_three);
        RUN(innocents);
        RUN(duty);
        RUN(prevented_and_unplayed);
        RUN(evidence);
        RUN(names);
        RUN(facts_round);
        RUN(facts_refused);
        RUN(too_many_facts);
        return check_done();
}
