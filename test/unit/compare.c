/* The comparison recovers what simulated units are, says how sure it is, and refuses what cannot be compared. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "exercise/compare.h"

#define UNITS 40u
#define STEPS 12u
#define PER_STEP 2u
#define ITEMS (STEPS * PER_STEP)

static uint64_t state = 7;

static double uniform(void) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) {
        return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

struct world {
        struct compare_answer answers[UNITS * ITEMS * 2];
        double theta[UNITS], quality[UNITS];
        unsigned n;
};

/* Lines of one step share an error of the unit: they depend, as in life. */
static void simulate(struct world *w, double sigma, double spread, double h) {
        double mean = 0;

        w->n = 0;
        for (unsigned u = 0; u < UNITS; u++) {
                w->theta[u] = spread * normal();
                w->quality[u] = normal();
                mean += w->theta[u] / UNITS;
        }
        for (unsigned u = 0; u < UNITS; u++) {
                w->theta[u] -= mean;
                for (unsigned s = 0; s < STEPS; s++) {
                        double shared = normal() * sigma * sqrt(0.5);

                        for (unsigned k = 0; k < PER_STEP; k++) {
                                double beta = 5 + 0.1 * s + 0.5 * k;
                                double t = exp(beta - w->theta[u] + shared +
                                               normal() * sigma * sqrt(0.5));
                                double q = 2 + w->quality[u] + normal();

                                w->answers[w->n++] = (struct compare_answer){
                                        .unit = u,
                                        .item = s * PER_STEP + k,
                                        .step = s,
                                        .t = (int64_t)(MIN(t, h) * 1000),
                                        .censored = t > h,
                                        .quality = (int)MIN(MAX(q, 0.0), 4.0),
                                        .capability = s % 3};
                        }
                }
        }
}

static struct compare_in in_of(const struct world *w) {
        return (struct compare_in){.answers = w->answers,
                                   .n = w->n,
                                   .n_units = UNITS,
                                   .n_items = ITEMS,
                                   .n_steps = STEPS,
                                   .n_sittings = 1,
                                   .same_speed = true,
                                   .same_roles = true};
}

static double correlation(const double *a, const double *b, unsigned n) {
        double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;

        for (unsigned i = 0; i < n; i++) {
                ma += a[i] / n;
                mb += b[i] / n;
        }
        for (unsigned i = 0; i < n; i++) {
                ab += (a[i] - ma) * (b[i] - mb);
                aa += (a[i] - ma) * (a[i] - ma);
                bb += (b[i] - mb) * (b[i] - mb);
        }
        return ab / sqrt(aa * bb);
}

static void recovers(void) {
        static struct world w;
        unsigned inside = 0, all = 0, ranks_hold = 0;
        double worst = 1, quality = 1;

        for (unsigned run = 0; run < 5; run++) {
                struct compare_in in;
                struct compare_out o;
                double theta[UNITS], q[UNITS];
                bool hold = true;

                simulate(&w, 0.8, 0.6, 600);
                in = in_of(&w);
                check_int(compare_run(&in, &o), 0);
                check_int(o.refused, COMPARE_GOOD);
                for (unsigned u = 0; u < UNITS; u++) {
                        unsigned rank = 1;

                        theta[u] = o.units[u].theta;
                        q[u] = o.units[u].quality;
                        inside += w.theta[u] >= o.units[u].lo && w.theta[u] <= o.units[u].hi;
                        all++;
                        for (unsigned v = 0; v < UNITS; v++)
                                rank += w.theta[v] > w.theta[u];
                        hold = hold && rank >= o.units[u].rank_from && rank <= o.units[u].rank_to;
                }
                ranks_hold += hold;
                worst = MIN(worst, correlation(theta, w.theta, UNITS));
                quality = MIN(quality, correlation(q, w.quality, UNITS));
                check(o.sigma > 0.7 && o.sigma < 0.9);
                compare_out_deinit(&o);
        }
        printf("# θ: correlation ≥ %.2f, coverage %.3f of %u; quality ≥ %.2f; rank sets held in %u "
               "of 5\n",
               worst, (double)inside / all, all, quality, ranks_hold);
        check(worst > 0.88);
        check(quality > 0.85);
        check((double)inside / all >= 0.91 && (double)inside / all <= 0.99);
        check(ranks_hold >= 4);
}

static void same_every_time(void) {
        static struct world w;
        struct compare_out a, b;
        struct compare_in in;

        simulate(&w, 0.8, 0.4, 600);
        in = in_of(&w);
        check(compare_run(&in, &a) == 0 && compare_run(&in, &b) == 0);
        check(memcmp(a.units, b.units, UNITS * sizeof(*a.units)) == 0);
        compare_out_deinit(&a);
        compare_out_deinit(&b);
}

/* Means of answered times mislead: who never answers looks fast. */
static void censored_is_not_left_out(void) {
        static struct world w;
        struct compare_in in;
        struct compare_out o;
        double theta[UNITS], naive[UNITS];

        simulate(&w, 0.8, 0.6, 420); /* two of five lines are never answered */
        in = in_of(&w);
        check_int(compare_run(&in, &o), 0);
        check_int(o.refused, COMPARE_GOOD);
        for (unsigned u = 0; u < UNITS; u++) {
                double sum = 0;
                unsigned n = 0;

                for (unsigned k = 0; k < w.n; k++)
                        if (w.answers[k].unit == u && !w.answers[k].censored) {
                                sum += (double)w.answers[k].t;
                                n++;
                        }
                naive[u] = n ? -sum / n : 0;
                theta[u] = o.units[u].theta;
        }
        printf("# θ %.2f, means of answered times %.2f\n", correlation(theta, w.theta, UNITS),
               correlation(naive, w.theta, UNITS));
        check(correlation(theta, w.theta, UNITS) > correlation(naive, w.theta, UNITS) + 0.1);
        compare_out_deinit(&o);
}

static void refuses(void) {
        static struct world w;
        struct compare_in in;
        struct compare_out o;
        double voids[UNITS] = {[3] = 0.3};

        simulate(&w, 0.8, 0.4, 600);
#define REFUSED(change, why)                                                                       \
        do {                                                                                       \
                in = in_of(&w);                                                                    \
                change;                                                                            \
                check_int(compare_run(&in, &o), 0);                                                \
                check_int(o.refused, why);                                                         \
                check(compare_why(why, false) && compare_why(why, true));                          \
                compare_out_deinit(&o);                                                            \
        } while (0)
        REFUSED(in.same_speed = false, COMPARE_SPEED);
        REFUSED(in.same_roles = false, COMPARE_ROLES);
        REFUSED(in.seen = true, COMPARE_SEEN);
        REFUSED((in.n_units = 29, in.n = 29 * ITEMS), COMPARE_FEW_UNITS);
        in = in_of(&w);
        in.void_share = voids;
        in.n = w.n - 10; /* the last unit keeps 14 lines */
        check_int(compare_run(&in, &o), 0);
        check_int(o.units[3].refused, COMPARE_VOID);
        check_int(o.units[UNITS - 1].refused, COMPARE_FEW_LINES);
        compare_out_deinit(&o);
        simulate(&w, 0.8, 0.4, 60);
        REFUSED((void)0, COMPARE_CENSORED);
        in.n_units = 0;
        check_int(compare_run(&in, &o), -EINVAL);
}

/* Two sittings: lines that both had tie them; one of those became another, and is dropped. */
static void anchors(void) {
        static struct world w, second;
        struct compare_in in;
        struct compare_out o;

        simulate(&w, 0.8, 0.4, 600);
        simulate(&second, 0.8, 0.4, 600);
        for (unsigned k = 0; k < second.n; k++) {
                struct compare_answer a = second.answers[k];

                a.sitting = 1;
                if (a.item == 2 && !a.censored)
                        a.t *= 4;
                if (a.item >= 2 && a.item < 8)
                        w.answers[w.n++] = a; /* six of 24: enough */
        }
        in = in_of(&w);
        in.n_sittings = 2;
        check_int(compare_run(&in, &o), 0);
        check_int(o.anchors, 6);
        check_int(o.dropped, 1);
        check(o.drifted[2]);
        compare_out_deinit(&o);
        for (unsigned k = 0; k < w.n; k++)
                if (w.answers[k].sitting && w.answers[k].item >= 6)
                        w.answers[k].sitting = 0;
        check_int(compare_run(&in, &o), 0);
        check_int(o.refused, COMPARE_NO_ANCHORS);
        compare_out_deinit(&o);
}

static void figures(void) {
        static const struct {
                unsigned n;
                int lo, hi;
        } t[] = {{5, 50, 202}, {15, 67, 150}, {40, 78, 128}};
        double at[] = {5, 3, 9, 7}, lo, hi;
        bool cut[] = {false, false, true, false}, never[] = {true, true, true, false};

        for (size_t i = 0; i < ARRAY_LEN(t); i++) {
                compare_ratio(t[i].n, 0.8, &lo, &hi);
                check_int(lround(lo * 100), t[i].lo);
                check_int(lround(hi * 100), t[i].hi);
        }
        check(fabs(compare_median(at, cut, 4) - 5) < 1e-9);
        double late[] = {1, 2, 3, 4};
        check(fabs(compare_median(late, never, 4) - 4) < 1e-9);
        check(compare_median(late, (bool[]){true, true, true, true}, 4) < 0);
}

int main(void) {
        RUN(recovers);
        RUN(same_every_time);
        RUN(censored_is_not_left_out);
        RUN(refuses);
        RUN(anchors);
        RUN(figures);
        return check_done();
}
