/* Live correlation: whatever order hits arrive in, within the lateness, the alerts are those of a hunt
 * over the same hits; nobody can move the clock for others; a restart neither doubles nor forgets. */
#include "correlate/live.h"
#include "wire/exercise.h"

#include "base/timestamp.h"
#include "check.h"

#define SEC NS_PER_SEC
#define T0 (INT64_C(1790000000) * SEC)

static struct span by_user[] = {SPAN("User")};
static struct corr_ref refs_a[] = {{.index = 0}}, refs_b[] = {{.index = 1}},
                       refs_ab[] = {{.index = 0}, {.index = 1}};
static struct corr_bound three[] = {{.op = BOUND_GTE, .value = 3}},
                         below_two[] = {{.op = BOUND_LT, .value = 2}};
static struct span bytes_field[] = {SPAN("Bytes")};
static struct corr_bound much[] = {{.op = BOUND_GT, .value = 500}},
                         many[] = {{.op = BOUND_GTE, .value = 4}};
static struct corr_ref refs_first[] = {{.is_correlation = true, .index = 0}};
#define BY_USER .group_by = by_user, .n_group_by = 1, .report = true
static struct correlation specs[] = {
        {.type = CORR_EVENT_COUNT,
         .refs = refs_a,
         .n_refs = 1,
         .timespan = 60 * SEC,
         .bounds = three,
         .n_bounds = 1,
         BY_USER},
        {.type = CORR_EVENT_COUNT,
         .refs = refs_b,
         .n_refs = 1,
         .timespan = 30 * SEC,
         .bounds = below_two,
         .n_bounds = 1,
         BY_USER},
        {.type = CORR_TEMPORAL_ORDERED,
         .refs = refs_ab,
         .n_refs = 2,
         .timespan = 20 * SEC,
         BY_USER},
        {.type = CORR_VALUE_COUNT,
         .refs = refs_ab,
         .n_refs = 2,
         .timespan = 40 * SEC,
         .bounds = many,
         .n_bounds = 1,
         .fields = bytes_field,
         .n_fields = 1,
         BY_USER},
        {.type = CORR_VALUE_COUNT,
         .refs = refs_b,
         .n_refs = 1,
         .timespan = 25 * SEC,
         .bounds = below_two,
         .n_bounds = 1,
         .fields = bytes_field,
         .n_fields = 1,
         BY_USER},
        {.type = CORR_VALUE_AVG,
         .refs = refs_ab,
         .n_refs = 2,
         .timespan = 15 * SEC,
         .bounds = much,
         .n_bounds = 1,
         .fields = bytes_field,
         .n_fields = 1,
         BY_USER},
        {.type = CORR_VALUE_MEDIAN,
         .refs = refs_a,
         .n_refs = 1,
         .timespan = 35 * SEC,
         .bounds = much,
         .n_bounds = 1,
         .fields = bytes_field,
         .n_fields = 1,
         BY_USER},
        {.type = CORR_EVENT_COUNT,
         .refs = refs_first,
         .n_refs = 1,
         .timespan = 200 * SEC,
         .bounds = three,
         .n_bounds = 1,
         BY_USER},
};

static struct live *l;
static struct buf said;

static void say(void *ctx, uint32_t drill, const struct finding *f) {
        (void)ctx;
        if (drill)
                buf_printf(&said, "drill %u: ", drill);
        for (unsigned i = 0; f->steps && i < LABEL_STEPS; i++)
                if (f->steps->bits[i / 64] >> i % 64 & 1)
                        buf_printf(&said, "step %u: ", i);
        buf_printf(&said, "%u %.*s %lld..%lld n=%llu\n", f->rule, (int)f->fields[0].value.len,
                   f->fields[0].value.p, (long long)((f->time - T0) / SEC),
                   (long long)((f->time_last - T0) / SEC), (unsigned long long)f->count);
}

static void say_plain(void *ctx, const struct finding *f) {
        say(ctx, 0, f);
}

static void start(const struct live_options *o) {
        l = live_free(l);
        buf_reset(&said);
        check_int(live_new(&l, specs, ARRAY_LEN(specs), o, say, NULL), 0);
}

static void check_said(const char *want) {
        if (!span_eq(buf_get(&said), span_str(want))) {
                printf("# said: %.*s\n# not: %s\n", (int)said.len, said.p ? said.p : "", want);
                check(!"what was said");
        }
        buf_reset(&said);
}

struct hit {
        uint32_t rule, drill, source, step;
        uint64_t seq;
        int64_t time, received;
        char user[16], bytes[16];
};

static struct finding finding_of(const struct hit *h, struct finding_field *field) {
        field[0] = (struct finding_field){.name = SPAN("User"), .value = span_str(h->user)};
        field[1] = (struct finding_field){.name = SPAN("Bytes"), .value = span_str(h->bytes)};
        return (struct finding){.rule = h->rule,
                                .count = 1,
                                .time = h->time,
                                .time_last = h->time,
                                .seq = h->seq,
                                .received = h->received,
                                .drill = h->drill ? LABEL(h->drill, h->step) : 0,
                                .input = h->source,
                                .fields = field,
                                .n_fields = h->bytes[0] ? 2 : 1};
}

static int push(struct hit h) {
        struct finding_field field[2];
        struct finding f = finding_of(&h, field);

        return live_push(l, &f);
}

static uint64_t next_seq;

/* Of rule a, by `user`, `t` seconds after T0, received at r. */
static int a_at(const char *user, double t, double r) {
        struct hit h = {.seq = ++next_seq,
                        .time = T0 + (int64_t)(t * 1e9),
                        .received = T0 + (int64_t)(r * 1e9)};

        snprintf(h.user, sizeof(h.user), "%s", user);
        int e = push(h);
        check_int(live_settle(l, next_seq + 1), 0);
        return e;
}

static void order_does_not_matter_within_the_lateness(void) {
        start(NULL);
        a_at("an", 30, 31);
        a_at("an", 10, 32);
        a_at("an", 20, 33);
        check_said("");
        a_at("zz", 95, 95);
        check_said("0 an 10..30 n=3\n");
}

static void late_ones_are_counted(void) {
        start(&(struct live_options){.behind = -1});
        check_int(a_at("an", 100, 100), 0);
        check_int(a_at("an", 40, 101), 0); /* just in time */
        check_int(a_at("an", 39.9, 102), LIVE_E_LATE);
        check_int(live_stats(l)->late, 1);
        struct hit none = {.seq = 1000, .time = TIME_NONE, .received = T0};
        check_int(push(none), LIVE_E_TIMELESS);
        check_int(live_stats(l)->timeless, 1);
}

static void the_future_moves_nothing(void) {
        start(NULL);
        a_at("an", 1, 1);
        a_at("xx", 100000, 2); /* taken as of 2 */
        a_at("yy", 250, 3);    /* a clock ahead by less than the skew: waits, moves nobody */
        check_int(live_stats(l)->future, 1);
        check_int(a_at("an", -50, 4), 0);
        a_at("an", 5, 5);
        check_int(live_clock(l, T0 + 66 * SEC), 0);
        check_said("0 an -50..5 n=3\n");
        check_int(live_stats(l)->pending, 1); /* yy */
}

static void quiet_periods_close_windows(void) {
        struct hit h = {.rule = 1, .seq = ++next_seq, .time = T0, .received = T0, .user = "an"};

        start(NULL);
        check_int(push(h), 0);
        check_int(live_settle(l, next_seq + 1), 0);
        check_int(live_clock(l, T0 + 89 * SEC), 0);
        check_said("");
        check_int(live_clock(l, T0 + 91 * SEC), 0);
        check_said("1 an 0..0 n=1\n");
}

static void judges_out_of_turn_make_nobody_late(void) {
        struct hit late = {.seq = 2000, .time = T0 + 500 * SEC, .received = T0 + 500 * SEC},
                   early = {.seq = 1000, .time = T0, .received = T0, .user = "an"};

        start(NULL);
        check_int(live_settle(l, 1000), 0);
        check_int(push(late), 0);
        check_int(live_settle(l, 1000), 0); /* nothing below 2000 is known to be through */
        check_int(push(early), 0);
        check_int(live_settle(l, 2001), 0);
        check_int(live_stats(l)->late, 0);
        check_int(live_stats(l)->pending, 1);
}

static void drills_have_clocks_of_their_own(void) {
        start(&(struct live_options){.behind = -1});
        a_at("an", 1000, 1000);
        for (unsigned i = 0; i < 3; i++) { /* a drill that plays last year */
                struct hit h = {.seq = ++next_seq,
                                .drill = 7,
                                .time = T0 - 31536000 * SEC + i * SEC,
                                .received = T0 + (1000 + i) * SEC,
                                .step = 4 * i,
                                .user = "an"};
                check_int(push(h), 0);
                h.drill = 8;
                h.time += 600 * SEC * i; /* this one plays faster than its windows */
                check_int(push(h), 0);
        }
        check_int(live_settle(l, next_seq + 1), 0);
        check_said("");
        check_int(live_clock(l, T0 + 1063 * SEC), 0); /* its clock goes on from its last event */
        check_said("drill 7: step 0: step 4: step 8: 0 an -31536000..-31535998 n=3\n");
        check_int(a_at("an", 1001, 1064), LIVE_E_LATE);
        check_int(a_at("an", 1004, 1064), 0);
}

/* A record of source 5 or another, `t` seconds after T0, received at `r`. */
static int from(uint32_t source, const char *user, double t, double r) {
        struct hit h = {.seq = ++next_seq,
                        .source = source,
                        .time = T0 + (int64_t)(t * 1e9),
                        .received = T0 + (int64_t)(r * 1e9)};

        snprintf(h.user, sizeof(h.user), "%s", user);
        int e = push(h);
        check_int(live_settle(l, next_seq + 1), 0);
        return e;
}

#define YEAR 31536000.0

static void old_logs_are_correlated_apart(void) {
        start(NULL);
        from(1, "an", 1000, 1000);
        /* An import, not in strict order; in between, the present. */
        from(5, "an", -YEAR, 1001);
        from(5, "an", -YEAR + 40, 1001);
        from(1, "an", 1001, 1001);
        from(5, "an", -YEAR + 20, 1001);
        from(5, "binh", -YEAR + 500, 1001);
        check_said("");
        check_int(live_clock(l, T0 + 1050 * SEC), 0);
        check_said("");
        check_int(live_clock(l, T0 + 1062 * SEC), 0); /* nothing came for a minute */
        check_said("0 an -31536000..-31535960 n=3\n");
        from(1, "an", 1002, 1062.5); /* and the present goes on as if nothing were */
        check_int(live_clock(l, T0 + 1063 * SEC), 0);
        check_said("0 an 1000..1002 n=3\n");
        /* The next file is an older one. */
        for (unsigned i = 0; i < 3; i++)
                from(5, "chi", -2 * YEAR + i, 1100);
        check_int(live_stats(l)->turned, 1);
        check_int(live_stats(l)->behind, 7);
        check_int(live_stats(l)->late, 0);
        check_int(live_clock(l, T0 + 1170 * SEC), 0);
        check_said("0 chi -63072000..-63071998 n=3\n");
        check_int(live_clock(l, T0 + 100000 * SEC), 0); /* over: no line is left of it */
        struct live_mark m;
        check(live_mark_at(l, 0, &m) && m.line == 0 && !live_mark_at(l, 1, &m));
}

static void who_was_cut_off_is_correlated_apart(void) {
        start(NULL);
        from(1, "an", 1000, 1000);
        for (unsigned i = 0; i < 3; i++)
                check_int(from(6, "an", 800 + i, 1001 + i), 0); /* late by three minutes */
        check_int(from(7, "an", 803, 1004), 0);                 /* another's windows are its own */
        check_int(live_clock(l, T0 + 1070 * SEC), 0);
        check_said("0 an 800..802 n=3\n");
        check_int(live_stats(l)->pending, 0);
}

/* Whoever jumps to and fro loses windows of its own, nobody else's. */
static void lines_of_sources_are_bounded(void) {
        struct live_mark m;

        start(NULL);
        from(1, "an", 5000, 5000);
        from(2, "an", 100, 5000);
        for (uint32_t i = 0; i < 1000; i++)
                from(100 + i, "x", 10, 5000);
        check(live_mark_at(l, 8, &m) && !live_mark_at(l, 9, &m));
        for (uint32_t i = 0; i < 1000; i++) {
                from(3, "x", -1e6 * (i % 7), 5000 + 61 * i);
                check_int(live_clock(l, T0 + (5070 + 61 * i) * SEC), 0);
        }
        check(live_stats(l)->turned > 100);
        check(live_mark_at(l, 0, &m) && m.line == 0);
        check_int(live_stats(l)->late, 0);
        buf_reset(&said);
}

static void drills_are_bounded(void) {
        start(&(struct live_options){.max_drills = 3});
        for (uint32_t i = 1; i <= 100; i++)
                check_int(push((struct hit){.seq = i, .drill = i, .time = T0, .received = T0}), 0);
        check_int(live_stats(l)->drills_ended, 97);
        check_int(live_stats(l)->pending, 3);
        check_int(push((struct hit){.seq = 101, .time = T0, .received = T0}), 0);
        check_int(live_stats(l)->drills_ended, 97);
}

/* 400 plays at once; what one of them floods with costs the one untouched for longest, not what is real. */
static void many_plays_share_what_there_is(void) {
        uint32_t seq = 0;

        start(&(struct live_options){.drill_memory = (size_t)1 << 20,
                                     .correlate = {.memory = (size_t)2 << 20}});
        check_int(push((struct hit){.seq = ++seq, .time = T0, .received = T0, .user = "an"}), 0);
        for (uint32_t play = 1; play <= 400; play++)
                for (uint32_t i = 0; i < 2; i++)
                        check_int(push((struct hit){.seq = ++seq,
                                                    .drill = play,
                                                    .step = 3,
                                                    .time = T0 + (play + i) * SEC,
                                                    .received = T0,
                                                    .user = "an"}),
                                  0);
        check_int(live_settle(l, seq + 1), 0);
        check_int(live_clock(l, T0 + 100 * SEC), 0);
        check_int(live_stats(l)->drills_ended, 0);
        for (uint32_t play = 1; play <= 400; play++) /* each goes on with its own */
                check_int(push((struct hit){.seq = ++seq,
                                            .drill = play,
                                            .step = 5,
                                            .time = T0 + (play + 50) * SEC,
                                            .received = T0 + 100 * SEC,
                                            .user = "an"}),
                          0);
        check_int(live_settle(l, seq + 1), 0);
        check_int(live_clock(l, T0 + 300 * SEC), 0);
        check_int(live_stats(l)->drills_ended, 0);
        check(memmem(said.p, said.len, "drill 1: step 3: step 5: 0 an 1..51 n=3", 39) != NULL);
        check(memmem(said.p, said.len, "drill 400: step 3: step 5: 0 an 400..450 n=3", 44) != NULL);
        buf_reset(&said);
        for (uint32_t i = 0; i < 60000; i++) {
                struct hit h = {.seq = ++seq,
                                .drill = 350 + i % 50,
                                .time = T0 + 1000 * SEC + i * (SEC / 100),
                                .received = T0 + 300 * SEC};
                snprintf(h.user, sizeof(h.user), "u%u", i);
                check_int(push(h), 0);
                check_int(live_settle(l, seq + 1), 0);
                check(live_stats(l)->drill_memory <= (size_t)1 << 20);
        }
        check(live_stats(l)->drills_ended > 300);
        check(live_stats(l)->pending_peak < (size_t)32 << 20);
        buf_reset(&said);
        struct live_mark m;
        check(live_mark_at(l, 0, &m) && m.line == 0);
}

static void a_full_heap_hurries(void) {
        start(&(struct live_options){.pending = 64 << 10});
        for (unsigned i = 0; i < 10000; i++) {
                char user[16];
                snprintf(user, sizeof(user), "u%u", i);
                a_at(i % 1000 < 3 ? "an" : user, i * 0.001, i * 0.001);
        }
        check(live_stats(l)->hurried > 5000);
        check(live_stats(l)->pending_peak <= 64 << 10);
        check_int(live_clock(l, T0 + 100 * SEC), 0);
        check_said("0 an 0..0 n=3\n");
}

/* 100,000 endless keys of one rule: bounded, counted, and the other rule's brute force is told. */
static void endless_keys(void) {
        struct correlate_stats st;

        start(&(struct live_options){.correlate = {.memory = 2 << 20}});
        for (unsigned i = 0; i < 100000; i++) {
                struct hit h = {.seq = ++next_seq,
                                .rule = 1,
                                .time = T0 + i * (SEC / 1000),
                                .received = T0 + i * (SEC / 1000)};
                snprintf(h.user, sizeof(h.user), "u%u", i);
                check_int(push(h), 0);
                if (i % 20000 == 0) {
                        h.rule = 0;
                        h.seq = ++next_seq;
                        snprintf(h.user, sizeof(h.user), "victim");
                        check_int(push(h), 0);
                }
                check_int(live_settle(l, next_seq + 1), 0);
        }
        check_int(live_clock(l, T0 + 1000 * SEC), 0);
        live_correlate_stats(l, &st);
        check(st.groups_evicted > 10000);
        check(st.peak_memory <= 2 << 20);
        check(memmem(said.p, said.len, "0 victim 0..40 n=3", 18) != NULL);
        buf_reset(&said);
}

/* ---- against the hunt's way ---- */

#define HITS 400u
static struct hit hits[HITS];
static uint32_t seed;

static uint32_t any(uint32_t n) {
        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % n;
}

static int by_time(const void *a, const void *b) {
        const struct hit *x = a, *y = b;

        return x->time != y->time ? (x->time < y->time ? -1 : 1)
                                  : (x->seq > y->seq) - (x->seq < y->seq);
}

static void make_hits(void) {
        int64_t now = T0;

        for (uint32_t i = 0; i < HITS; i++) {
                now += any(4000) * (SEC / 1000);
                hits[i] = (struct hit){
                        .rule = any(2), .seq = i + 1, .time = now - any(58) * SEC, .received = now};
                snprintf(hits[i].user, sizeof(hits[i].user), "u%u", any(5));
                snprintf(hits[i].bytes, sizeof(hits[i].bytes), "%u", any(12) * 100);
        }
}

static struct buf expected;

static void as_a_hunt_would(void) {
        static struct hit sorted[HITS];
        struct correlator *q;

        memcpy(sorted, hits, sizeof(hits));
        qsort(sorted, HITS, sizeof(*sorted), by_time);
        buf_reset(&said);
        check_int(correlator_new(&q, specs, ARRAY_LEN(specs), NULL, say_plain, NULL), 0);
        for (uint32_t i = 0; i < HITS; i++) {
                struct finding_field field[2];
                struct finding f = finding_of(&sorted[i], field);
                check_int(correlator_push(q, &f), 0);
        }
        check_int(correlator_finish(q), 0);
        correlator_free(q);
        buf_reset(&expected);
        buf_span(&expected, buf_get(&said));
        buf_reset(&said);
}

static void feed(uint32_t i) {
        check_int(push(hits[i]), 0);
        check_int(live_settle(l, hits[i].seq + 1), 0);
        if (any(10) == 0)
                check_int(live_clock(l, hits[i].received), 0);
}

/* What lasts of an old process. */
static struct buf saved;
static int64_t saved_at;

static void save(void) {
        struct live_mark m;

        if (!live_mark_at(l, 0, &m) || m.watermark == TIME_NONE)
                return;
        buf_reset(&saved);
        saved_at = m.watermark;
        check_int(live_save(l, 0, &saved), 0);
}

static void restart(uint32_t upto) {
        static struct hit kept[HITS];
        struct live_mark m;
        uint32_t n = 0;
        bool marked = live_mark_at(l, 0, &m);

        l = live_free(l);
        check_int(live_new(&l, specs, ARRAY_LEN(specs), NULL, say, NULL), 0);
        if (marked)
                check_int(live_resume(l, &m), 0);
        if (marked && saved.len)
                check_int(live_restore(l, 0, saved_at, buf_get(&saved)), 0);
        for (uint32_t i = 0; i < upto; i++)
                if (!saved.len || hits[i].time >= saved_at - 100 * SEC)
                        kept[n++] = hits[i];
        qsort(kept, n, sizeof(*kept), by_time);
        for (uint32_t i = 0; i < n; i++) {
                struct finding_field field[2];
                struct finding f = finding_of(&kept[i], field);
                check_int(live_refeed(l, f.drill, &f), 0);
        }
        check_int(live_resumed(l), 0);
}

static void same_as_a_hunt(bool restarts) {
        for (uint32_t round = 0; round < 300; round++) {
                seed = round * 7919 + restarts;
                make_hits();
                as_a_hunt_would();
                start(NULL);
                buf_reset(&saved);
                for (uint32_t i = 0; i < HITS; i++) {
                        if (restarts && any(30) == 0)
                                save();
                        if (restarts && any(30) == 0)
                                restart(i);
                        feed(i);
                }
                check_int(live_clock(l, hits[HITS - 1].received + 1000 * SEC), 0);
                check_int(live_stats(l)->late, 0);
                if (!span_eq(buf_get(&said), buf_get(&expected))) {
                        printf("# round %u\n# live:\n%.*s# hunt:\n%.*s", round, (int)said.len,
                               said.p, (int)expected.len, expected.p);
                        check(!"the same");
                }
        }
        buf_reset(&said);
}

static void random_streams_are_as_a_hunts(void) {
        same_as_a_hunt(false);
}

static void restarts_change_nothing(void) {
        same_as_a_hunt(true);
}

int main(void) {
        RUN(order_does_not_matter_within_the_lateness);
        RUN(late_ones_are_counted);
        RUN(the_future_moves_nothing);
        RUN(quiet_periods_close_windows);
        RUN(judges_out_of_turn_make_nobody_late);
        RUN(drills_have_clocks_of_their_own);
        RUN(old_logs_are_correlated_apart);
        RUN(who_was_cut_off_is_correlated_apart);
        RUN(lines_of_sources_are_bounded);
        RUN(drills_are_bounded);
        RUN(many_plays_share_what_there_is);
        RUN(a_full_heap_hurries);
        RUN(endless_keys);
        RUN(random_streams_are_as_a_hunts);
        RUN(restarts_change_nothing);
        l = live_free(l);
        buf_deinit(&said);
        buf_deinit(&expected);
        buf_deinit(&saved);
        return check_done();
}
