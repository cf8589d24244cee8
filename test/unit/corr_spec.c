/* What is written is read back; what is broken is refused. */
#include "rules/corr_spec.h"

#include "check.h"

static struct arena arena;
static struct buf out;

#define LIST(...)                                                                                  \
        (struct span[]) {                                                                          \
                __VA_ARGS__                                                                        \
        }

static struct correlation *round_trip(struct correlation *c, uint32_t n, int *ret_r) {
        struct ruleset set = {.correlations = c, .n_correlations = n};
        struct correlation *back = NULL;
        uint32_t n_back = 0;

        arena_reset(&arena);
        buf_reset(&out);
        corr_spec_encode(&out, &set);
        *ret_r = corr_spec_decode(buf_get(&out), &arena, &back, &n_back);
        if (*ret_r == 0)
                check_int(n_back, n);
        return back;
}

static struct correlation simple(void) {
        static struct corr_ref ref = {.index = 7};
        static struct corr_bound bound = {.op = BOUND_GTE, .value = 3};

        return (struct correlation){.type = CORR_EVENT_COUNT,
                                    .refs = &ref,
                                    .n_refs = 1,
                                    .timespan = 1000000000,
                                    .bounds = &bound,
                                    .n_bounds = 1};
}

static void all_comes_back(void) {
        struct corr_ref refs[] = {{.index = 4}, {.is_correlation = true, .index = 1}};
        struct corr_alias aliases[] = {{SPAN("ip"), 1, SPAN("SourceIp")}};
        struct corr_bound bounds[] = {{BOUND_GT, 2.5}, {BOUND_NEQ, -1}};
        struct corr_cond cond[] = {{COND_REF, 0}, {COND_REF, 1}, {COND_NOT, 0}, {COND_AND, 0}};
        struct correlation c[2] = {{.type = CORR_TEMPORAL,
                                    .refs = refs,
                                    .n_refs = 2,
                                    .group_by = LIST(SPAN("ip"), SPAN("User")),
                                    .n_group_by = 2,
                                    .aliases = aliases,
                                    .n_aliases = 1,
                                    .timespan = 60,
                                    .bounds = bounds,
                                    .n_bounds = 2,
                                    .cond = cond,
                                    .n_cond = 4,
                                    .generate = true},
                                   {.type = CORR_VALUE_PERCENTILE,
                                    .refs = refs,
                                    .n_refs = 1,
                                    .timespan = 1,
                                    .bounds = bounds,
                                    .n_bounds = 1,
                                    .fields = LIST(SPAN("Bytes")),
                                    .n_fields = 1,
                                    .percentile = 95,
                                    .report = true}};
        int r;
        struct correlation *b = round_trip(c, 2, &r);

        check_int(r, 0);
        check_int(b[0].type, CORR_TEMPORAL);
        check(b[0].refs[1].is_correlation && b[0].refs[1].index == 1 && b[0].refs[0].index == 4);
        check_span(b[0].group_by[1], "User");
        check_span(b[0].aliases[0].field, "SourceIp");
        check_int(b[0].aliases[0].ref, 1);
        check(b[0].bounds[0].value == 2.5 && b[0].bounds[1].op == BOUND_NEQ);
        check_int(b[0].n_cond, 4);
        check(b[0].cond[3].op == COND_AND && b[0].generate && !b[0].report);
        check(b[1].percentile == 95 && b[1].report && !b[1].generate);
        check_span(b[1].fields[0], "Bytes");
}

static void nothing_is_fine(void) {
        struct correlation *c = (void *)1;
        uint32_t n = 9;
        int r;

        check(corr_spec_decode(SPAN(""), &arena, &c, &n) == 0);
        check(n == 0 && !c);
        round_trip(NULL, 0, &r);
        check_int(r, 0);
}

/* Each breaks one invariant of corr_spec.c. */
static void broken_is_refused(void) {
        struct corr_ref far = {.is_correlation = true, .index = 1}, self = {.is_correlation = true};
        struct corr_alias alias = {SPAN("a"), 1, SPAN("b")};
        struct corr_bound nan_bound = {BOUND_GT, __builtin_nan("")}, bad_op = {(int)9, 1};
        struct corr_cond under = {COND_AND, 0}, two[] = {{COND_REF, 0}, {COND_REF, 0}},
                         out_of = {COND_REF, 1};
        struct correlation c[14];
        int r;

        for (size_t i = 0; i < ARRAY_LEN(c); i++)
                c[i] = simple();
        c[0].refs = &far;
        c[1].refs = &self;
        c[2].n_refs = 0;
        c[3].timespan = 0;
        c[4].aliases = &alias, c[4].n_aliases = 1;
        c[5].bounds = &nan_bound;
        c[6].bounds = &bad_op;
        c[7].n_bounds = 0;
        c[8].type = CORR_VALUE_COUNT;
        c[9].type = CORR_TEMPORAL, c[9].cond = &under, c[9].n_cond = 1;
        c[10].type = CORR_TEMPORAL, c[10].cond = two, c[10].n_cond = 2;
        c[11].type = CORR_TEMPORAL, c[11].cond = &out_of, c[11].n_cond = 1;
        c[12].percentile = 101;
        c[13].type = (enum corr_type)8;
        for (size_t i = 0; i < ARRAY_LEN(c); i++) {
                round_trip(&c[i], 1, &r);
                check_int(r, -EBADMSG);
        }
        c[0] = simple();
        round_trip(c, 1, &r);
        check_int(r, 0);
}

static void cycles_and_endless_chains_are_refused(void) {
        static struct correlation c[80];
        static struct corr_ref refs[80];
        int r;

        for (uint32_t i = 0; i < 80; i++) {
                c[i] = simple();
                refs[i] = (struct corr_ref){.is_correlation = i > 0, .index = i ? i - 1 : 0};
                c[i].refs = &refs[i];
        }
        round_trip(c, 64, &r);
        check_int(r, 0);
        round_trip(c, 65, &r);
        check_int(r, -EBADMSG);
        refs[0] = (struct corr_ref){.is_correlation = true, .index = 2};
        round_trip(c, 3, &r);
        check_int(r, -EBADMSG);
}

/* Cut anywhere, and with any byte changed: an answer, never a crash; cut is never sound. */
static void any_damage_is_survived(void) {
        struct correlation c = simple(), *back;
        uint32_t n;
        int r;

        c.group_by = LIST(SPAN("User"));
        c.n_group_by = 1;
        round_trip(&c, 1, &r);
        check_int(r, 0);
        for (size_t cut = 1; cut < out.len; cut++) {
                char *copy = malloc(cut);

                memcpy(copy, out.p, cut);
                arena_reset(&arena);
                r = corr_spec_decode(span_of(copy, cut), &arena, &back, &n);
                free(copy);
                check_int(r, -EBADMSG);
        }
        for (size_t i = 0; i < out.len; i++)
                for (unsigned v = 0; v < 256; v++) {
                        char was = out.p[i];

                        out.p[i] = (char)v;
                        arena_reset(&arena);
                        r = corr_spec_decode(buf_get(&out), &arena, &back, &n);
                        check(r == 0 || r == -EBADMSG || r == -ENOMEM);
                        out.p[i] = was;
                }
}

static void no_memory_is_told(void) {
        struct correlation c = simple(), *back;
        struct arena small;
        uint32_t n;
        int r;

        round_trip(&c, 1, &r);
        arena_init(&small, 64);
        check(corr_spec_decode(buf_get(&out), &small, &back, &n) == -ENOMEM);
        arena_deinit(&small);
}

int main(void) {
        arena_init(&arena, (size_t)1 << 20);
        RUN(all_comes_back);
        RUN(nothing_is_fine);
        RUN(broken_is_refused);
        RUN(cycles_and_endless_chains_are_refused);
        RUN(any_damage_is_survived);
        RUN(no_memory_is_told);
        arena_deinit(&arena);
        buf_deinit(&out);
        return check_done();
}
