/* Facts of a drill as text, from anywhere: what is read is written the same way ever after, and scored without harm by
 * a plan that it does not fit. */
#include "exercise/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const targets[] = {"h1", "a1", "evil"};
static const struct plan_step steps[] = {
        {.id = "s1", .technique = "T1190", .targets = targets, .n_targets = 3},
        {.id = "s2", .technique = "T1486", .targets = targets, .n_targets = 2},
        {.id = "s3", .background = true, .targets = targets, .n_targets = 1}};
static const struct plan_host hosts[] = {{.id = "h1", .name = "h1", .criticality = 3}};
static const struct plan_account accounts[] = {{.id = "a1", .name = "a1"}};
static const struct plan_outside outside[] = {{.id = "evil", .address = "198.51.100.7"}};
#define LINE(of_, fact_, part_)                                                                    \
        {                                                                                          \
                .id = "e" #fact_, .title = {"t", "t"}, .of = of_, .fact = fact_, .part = part_,    \
                .weight = 10, .g = 1000, .d = 2000, .h = 100000, .p = MILLION / 2,                 \
                .objects = targets, .n_objects = 2                                                 \
        }
static const struct plan_expectation lines[] = {
        LINE("s1", FACT_ALERT, PART_MACHINE),    LINE("s1", FACT_ACKNOWLEDGED, PART_PEOPLE),
        LINE("s2", FACT_SCOPE, PART_PEOPLE),     LINE("s2", FACT_CONTAINED, PART_PEOPLE),
        LINE("s2", FACT_REPORTED, PART_PEOPLE),  LINE("i1", FACT_ANSWERED, PART_PEOPLE),
        LINE("s1", FACT_CLASSIFIED, PART_PEOPLE)};
static const struct plan_inject injects[] = {{.id = "i1"}};
static const struct plan plan = {.id = "x",
                                 .hash = "0",
                                 .steps = steps,
                                 .n_steps = 3,
                                 .hosts = hosts,
                                 .n_hosts = 1,
                                 .accounts = accounts,
                                 .n_accounts = 1,
                                 .outside = outside,
                                 .n_outside = 1,
                                 .injects = injects,
                                 .n_injects = 1,
                                 .expectations = lines,
                                 .n_expectations = ARRAY_LEN(lines)};

static void score(const struct drill_facts *f, unsigned play) {
        struct score *s = NULL;
        struct buf b = {0};

        assert(score_play(&s, &plan, f, play) == 0);
        assert(s->base >= 0 && s->base <= 100000 && s->total >= 0 && s->total <= s->base);
        score_write(&b, &plan, s);
        assert(!b.failed);
        buf_deinit(&b);
        score_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct drill_facts f, g;
        struct buf a = {0}, b = {0};

        facts_init(&f);
        facts_init(&g);
        if (facts_read(&f, span_of((const char *)data, size), NULL) == 0) {
                facts_write(&a, &f);
                assert(facts_read(&g, buf_get(&a), NULL) == 0);
                facts_write(&b, &g);
                assert(span_eq(buf_get(&a), buf_get(&b)));
                if (f.n)
                        score(&f, f.facts[0].play);
        }
        facts_deinit(&f);
        facts_deinit(&g);
        buf_deinit(&a);
        buf_deinit(&b);
        return 0;
}
