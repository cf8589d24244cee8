/* See compare.h. The time model is fitted by expectation and maximisation: a censored time stands for what it is
 * expected to be, given that it is longer; then each β, θ and γ is the penalised mean of its residuals. Steps are
 * drawn with replacement 1,000 times with a fixed seed, each fit beginning where the whole one ended. Intervals are
 * θ ± t·s·√(S/(S−1)) with S steps: drawing S of S steps shows too little spread by that factor.
 *
 * Ranks: a pair differs when its difference is further from 0 than any difference's error in 95 % of the draws (the
 * largest of all pairs at once), so that all rank sets hold together.
 *
 * Bounded: 100,000 answers × 1,000 draws × 12 rounds at the worst; in a process of its own with 15 s. */
#include <math.h>
#include <stdlib.h>

#include "exercise/compare.h"
#include "exercise/compare_impl.h"

#define ROUNDS 300u
#define ROUNDS_DRAW 12u
#define TAU_BETA 4.0 /* weak: of the logarithm of a time */
#define TAU_THETA 2.0

uint64_t compare_random(uint64_t *state) {
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

/* ---- one fit ---- */

/* Expected excess of a standard normal over z, given it is over it; stable far out. */
static double hazard(double z) {
        double tail = 0.5 * erfc(z / M_SQRT2);

        if (z > 8)
                return z + 1 / z;
        return exp(-0.5 * z * z) / (2.50662827463100050 * tail);
}

static void expect(struct compare_fit *f) {
        for (unsigned k = 0; k < f->n; k++) {
                const struct compare_row *r = &f->rows[k];
                double mu = f->beta[r->item] - f->theta[r->unit] + f->gamma * f->x[r->unit];
                double z, l;

                f->y[k] = r->y;
                f->v[k] = 0;
                if (!r->censored)
                        continue;
                z = (r->y - mu) / f->sigma;
                l = hazard(z);
                f->y[k] = mu + f->sigma * l;
                f->v[k] = f->sigma * f->sigma * MAX(1 + z * l - l * l, 0.0);
        }
}

static void clear_sums(struct compare_fit *f) {
        for (unsigned i = 0; i < MAX(f->n_units, f->n_items); i++)
                f->sum[i] = f->weight[i] = 0;
}

static void fit_beta(struct compare_fit *f) {
        double mean = 0, s2 = f->sigma * f->sigma;
        unsigned n = 0;

        clear_sums(f);
        for (unsigned k = 0; k < f->n; k++) {
                const struct compare_row *r = &f->rows[k];
                double w = f->w[r->step];

                f->sum[r->item] += w * (f->y[k] + f->theta[r->unit] - f->gamma * f->x[r->unit]);
                f->weight[r->item] += w;
        }
        for (unsigned i = 0; i < f->n_items; i++)
                if (f->used[i]) {
                        mean += f->beta[i];
                        n++;
                }
        mean /= MAX(n, 1u);
        for (unsigned i = 0; i < f->n_items; i++)
                f->beta[i] = (f->sum[i] / s2 + mean / (TAU_BETA * TAU_BETA)) /
                             (f->weight[i] / s2 + 1 / (TAU_BETA * TAU_BETA));
}

static void fit_theta(struct compare_fit *f) {
        double mean = 0, s2 = f->sigma * f->sigma;

        clear_sums(f);
        for (unsigned k = 0; k < f->n; k++) {
                const struct compare_row *r = &f->rows[k];
                double w = f->w[r->step];

                f->sum[r->unit] += w * (f->beta[r->item] + f->gamma * f->x[r->unit] - f->y[k]);
                f->weight[r->unit] += w;
        }
        for (unsigned u = 0; u < f->n_units; u++) {
                f->theta[u] = f->sum[u] / s2 / (f->weight[u] / s2 + 1 / (TAU_THETA * TAU_THETA));
                mean += f->theta[u];
        }
        mean /= f->n_units; /* 'than the mean unit' */
        for (unsigned u = 0; u < f->n_units; u++)
                f->theta[u] -= mean;
}

static void fit_rest(struct compare_fit *f) {
        double xy = 0, xx = 1e-6, rr = 0, ww = 0;

        if (f->exposed) {
                for (unsigned k = 0; k < f->n; k++) {
                        const struct compare_row *r = &f->rows[k];
                        double x = f->x[r->unit], w = f->w[r->step];

                        xy += w * x * (f->y[k] - f->beta[r->item] + f->theta[r->unit]);
                        xx += w * x * x;
                }
                f->gamma = xy / xx;
        }
        for (unsigned k = 0; k < f->n; k++) {
                const struct compare_row *r = &f->rows[k];
                double w = f->w[r->step];
                double e =
                        f->y[k] - f->beta[r->item] + f->theta[r->unit] - f->gamma * f->x[r->unit];

                rr += w * (e * e + f->v[k]);
                ww += w;
        }
        f->sigma = MAX(sqrt(rr / MAX(ww, 1.0)), 0.05);
}

static void fit(struct compare_fit *f, unsigned rounds) {
        for (unsigned i = 0; i < rounds; i++) {
                double before = f->sigma, t0 = f->theta[0];

                expect(f);
                fit_beta(f);
                fit_theta(f);
                fit_rest(f);
                if (i > 5 && fabs(before - f->sigma) < 1e-8 && fabs(t0 - f->theta[0]) < 1e-8)
                        return;
        }
}

void compare_fit_free(struct compare_fit *f) {
        free(f->rows);
        free(f->y);
        free(f->v);
        free(f->beta);
        free(f->theta);
        free(f->x);
        free(f->w);
        free(f->sum);
        free(f->weight);
        free(f->used);
        *f = (struct compare_fit){0};
}

/* ---- what can be compared at all ---- */

/* Items with too few answers in time say nothing about time. */
static unsigned choose_items(const struct compare_in *in, bool *used) {
        unsigned *n = calloc(in->n_items + 1, sizeof(*n)), chosen = 0;

        for (unsigned k = 0; n && k < in->n; k++)
                n[in->answers[k].item] += !in->answers[k].censored;
        for (unsigned i = 0; n && i < in->n_items; i++) {
                used[i] = n[i] >= COMPARE_UNCENSORED_LEAST;
                chosen += used[i];
        }
        free(n);
        return chosen;
}

/* Items that every sitting had, against all: what ties sittings together. */
static bool anchored(const struct compare_in *in, const bool *used, unsigned *ret_anchors) {
        bool *at = calloc((size_t)in->n_items * in->n_sittings + 1, sizeof(*at));
        unsigned all = 0;

        *ret_anchors = 0;
        for (unsigned k = 0; at && k < in->n; k++)
                at[(size_t)in->answers[k].item * in->n_sittings + in->answers[k].sitting] = true;
        for (unsigned i = 0; at && i < in->n_items; i++) {
                unsigned n = 0;

                for (unsigned s = 0; s < in->n_sittings; s++)
                        n += at[(size_t)i * in->n_sittings + s];
                all += used[i] && n;
                *ret_anchors += used[i] && n == in->n_sittings;
        }
        free(at);
        return in->n_sittings <= 1 ||
               (*ret_anchors >= COMPARE_ANCHORS_LEAST && *ret_anchors > COMPARE_ANCHOR_SHARE * all);
}

static enum compare_refusal refusal(const struct compare_in *in, const bool *used, unsigned items,
                                    struct compare_out *o) {
        unsigned censored = 0;

        for (unsigned k = 0; k < in->n; k++)
                censored += in->answers[k].censored;
        if (!in->same_speed)
                return COMPARE_SPEED;
        if (!in->same_roles)
                return COMPARE_ROLES;
        if (in->seen)
                return COMPARE_SEEN;
        if (in->n_units < COMPARE_UNITS_LEAST)
                return COMPARE_FEW_UNITS;
        if (in->n && (double)censored / in->n > COMPARE_CENSORED_MOST)
                return COMPARE_CENSORED;
        if (!items)
                return COMPARE_FEW_ITEMS;
        return anchored(in, used, &o->anchors) ? COMPARE_GOOD : COMPARE_NO_ANCHORS;
}

/* ---- drift ---- */

static int by_size(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Mean residual of each item in each sitting against the item's median over sittings; further than a factor of 1.5: that
 * item is another one there, and does not tie. Its answers in the later sittings are dropped. */
static unsigned drop_drifting(const struct compare_in *in, struct compare_fit *f, bool *drifted) {
        size_t cells = (size_t)in->n_items * in->n_sittings;
        double *sum = calloc(cells + 1, sizeof(*sum)), *n = calloc(cells + 1, sizeof(*n));
        double *one = calloc(in->n_sittings + 1, sizeof(*one));
        unsigned dropped = 0;

        for (unsigned k = 0; sum && n && one && k < f->n; k++) {
                const struct compare_row *r = &f->rows[k];
                size_t at = (size_t)r->item * in->n_sittings + r->sitting;

                sum[at] += f->y[k] - f->beta[r->item] + f->theta[r->unit];
                n[at]++;
        }
        for (unsigned i = 0; sum && n && one && i < in->n_items; i++) {
                unsigned m = 0;

                for (unsigned s = 0; s < in->n_sittings; s++)
                        if (n[(size_t)i * in->n_sittings + s] > 0)
                                one[m++] = sum[(size_t)i * in->n_sittings + s] /
                                           n[(size_t)i * in->n_sittings + s];
                qsort(one, m, sizeof(*one), by_size);
                if (m > 1 && one[m - 1] - one[0] > log(COMPARE_DRIFT)) {
                        drifted[i] = true;
                        dropped++;
                }
        }
        free(sum);
        free(n);
        free(one);
        return dropped;
}

/* ---- intervals and ranks ---- */

/* 97.5 % of Student's t, near enough from 2 degrees on (Cornish and Fisher). */
static double student(unsigned df) {
        double z = 1.959963985, g = MAX(df, 2u);

        return z + (z * z * z + z) / (4 * g) +
               (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * g * g) +
               (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * z * z * z - 15 * z) / (384 * g * g * g);
}

static int draw(struct compare_fit *f, unsigned n_steps, float *draws) {
        struct compare_fit whole = *f;
        double *theta = calloc(f->n_units, sizeof(double)),
               *beta = calloc(f->n_items, sizeof(double));
        uint64_t state = COMPARE_SEED;

        if (!theta || !beta) {
                free(theta);
                free(beta);
                return FAIL(-ENOMEM);
        }
        memcpy(theta, f->theta, f->n_units * sizeof(double));
        memcpy(beta, f->beta, f->n_items * sizeof(double));
        for (unsigned d = 0; d < COMPARE_DRAWS; d++) {
                memset(f->w, 0, n_steps * sizeof(*f->w));
                for (unsigned s = 0; s < n_steps; s++)
                        f->w[compare_random(&state) % n_steps] += 1;
                memcpy(f->theta, theta, f->n_units * sizeof(double));
                memcpy(f->beta, beta, f->n_items * sizeof(double));
                f->sigma = whole.sigma;
                f->gamma = whole.gamma;
                fit(f, ROUNDS_DRAW);
                for (unsigned u = 0; u < f->n_units; u++)
                        draws[(size_t)d * f->n_units + u] = (float)f->theta[u];
        }
        memcpy(f->theta, theta, f->n_units * sizeof(double));
        memcpy(f->beta, beta, f->n_items * sizeof(double));
        for (unsigned s = 0; s < n_steps; s++)
                f->w[s] = 1;
        f->sigma = whole.sigma;
        f->gamma = whole.gamma;
        free(theta);
        free(beta);
        return 0;
}

static double spread(const float *draws, unsigned n_units, unsigned a, unsigned b, double centre) {
        double s = 0;

        for (unsigned d = 0; d < COMPARE_DRAWS; d++) {
                double v = draws[(size_t)d * n_units + a] -
                           (a == b ? 0 : draws[(size_t)d * n_units + b]);

                s += (v - centre) * (v - centre);
        }
        return sqrt(s / COMPARE_DRAWS);
}

static void intervals(const struct compare_fit *f, const float *draws, unsigned n_steps,
                      struct compare_out *o) {
        double wide = student(n_steps - 1) * sqrt((double)n_steps / (n_steps - 1));

        for (unsigned u = 0; u < f->n_units; u++) {
                struct compare_unit *x = &o->units[u];
                double s = spread(draws, f->n_units, u, u, f->theta[u]);

                x->theta = f->theta[u];
                x->lo = f->theta[u] - wide * s;
                x->hi = f->theta[u] + wide * s;
                if (!x->refused && exp(x->hi - x->lo) > COMPARE_FACTOR_MOST * COMPARE_FACTOR_MOST)
                        x->refused = COMPARE_WIDE;
        }
}

/* The largest standardised error over all pairs, in 95 % of the draws. */
static int ranks(const struct compare_fit *f, const float *draws, struct compare_out *o) {
        unsigned n = f->n_units;
        double *sd = calloc((size_t)n * n, sizeof(*sd)),
               *most = calloc(COMPARE_DRAWS, sizeof(*most));
        double limit;

        if (!sd || !most) {
                free(sd);
                free(most);
                return FAIL(-ENOMEM);
        }
        for (unsigned a = 0; a < n; a++)
                for (unsigned b = a + 1; b < n; b++)
                        sd[(size_t)a * n + b] =
                                MAX(spread(draws, n, a, b, f->theta[a] - f->theta[b]), 1e-9);
        for (unsigned d = 0; d < COMPARE_DRAWS; d++)
                for (unsigned a = 0; a < n; a++)
                        for (unsigned b = a + 1; b < n; b++) {
                                double e = draws[(size_t)d * n + a] - draws[(size_t)d * n + b] -
                                           (f->theta[a] - f->theta[b]);

                                most[d] = MAX(most[d], fabs(e) / sd[(size_t)a * n + b]);
                        }
        qsort(most, COMPARE_DRAWS, sizeof(*most), by_size);
        limit = most[COMPARE_DRAWS * 95 / 100];
        for (unsigned u = 0; u < n; u++) {
                o->units[u].rank_from = 1;
                o->units[u].rank_to = n;
        }
        for (unsigned a = 0; a < n; a++)
                for (unsigned b = a + 1; b < n; b++) {
                        double e = f->theta[a] - f->theta[b];

                        if (fabs(e) <= limit * sd[(size_t)a * n + b])
                                continue;
                        o->units[e > 0 ? b : a].rank_from++;
                        o->units[e > 0 ? a : b].rank_to--;
                }
        free(sd);
        free(most);
        return 0;
}

/* ---- all of it ---- */

static bool good(const struct compare_in *in) {
        if (in->n_units == 0 || in->n_units > COMPARE_UNITS_MAX || in->n_items == 0 ||
            in->n_items > COMPARE_ITEMS_MAX || in->n > COMPARE_ANSWERS_MAX || in->n_steps == 0 ||
            in->n_steps > COMPARE_ITEMS_MAX || in->n_sittings == 0 || in->n_sittings > 100)
                return false;
        for (unsigned k = 0; k < in->n; k++) {
                const struct compare_answer *a = &in->answers[k];

                if (a->unit >= in->n_units || a->item >= in->n_items || a->step >= in->n_steps ||
                    a->sitting >= in->n_sittings || a->t < 0 || a->t > INT64_C(1) << 50 ||
                    a->quality < -1 || a->quality >= (int)COMPARE_CATEGORIES ||
                    a->capability >= PLAN_CAPABILITIES)
                        return false;
        }
        return true;
}

static int fit_open(struct compare_fit *f, const struct compare_in *in) {
        unsigned most = MAX(in->n_units, in->n_items);

        *f = (struct compare_fit){.rows = calloc(in->n + 1, sizeof(*f->rows)),
                                  .y = calloc(in->n + 1, sizeof(double)),
                                  .v = calloc(in->n + 1, sizeof(double)),
                                  .beta = calloc(in->n_items, sizeof(double)),
                                  .theta = calloc(in->n_units, sizeof(double)),
                                  .x = calloc(in->n_units, sizeof(double)),
                                  .w = calloc(in->n_steps, sizeof(double)),
                                  .sum = calloc(most, sizeof(double)),
                                  .weight = calloc(most, sizeof(double)),
                                  .used = calloc(in->n_items, sizeof(bool)),
                                  .n_units = in->n_units,
                                  .n_items = in->n_items,
                                  .sigma = 1};
        if (!f->rows || !f->y || !f->v || !f->beta || !f->theta || !f->x || !f->w || !f->sum ||
            !f->weight || !f->used)
                return FAIL(-ENOMEM);
        for (unsigned s = 0; s < in->n_steps; s++)
                f->w[s] = 1;
        return 0;
}

static void read_rows(struct compare_fit *f, const struct compare_in *in, const bool *drifted) {
        double mean = 0;

        f->n = 0;
        for (unsigned k = 0; k < in->n; k++) {
                const struct compare_answer *a = &in->answers[k];

                if (!f->used[a->item] || (drifted && drifted[a->item] && a->sitting))
                        continue;
                f->rows[f->n++] = (struct compare_row){a->unit,
                                                       a->item,
                                                       a->step,
                                                       a->sitting,
                                                       log((double)MAX(a->t, (int64_t)1000) / 1000),
                                                       a->censored};
        }
        for (unsigned u = 0; in->exposure && u < in->n_units; u++)
                mean += in->exposure[u] / in->n_units;
        for (unsigned u = 0; in->exposure && u < in->n_units; u++) {
                f->x[u] = in->exposure[u] - mean;
                f->exposed |= fabs(f->x[u]) > 1e-9;
        }
}

static void count_lines(const struct compare_in *in, struct compare_out *o) {
        for (unsigned k = 0; k < in->n; k++) {
                o->units[in->answers[k].unit].lines++;
                o->units[in->answers[k].unit].censored += in->answers[k].censored;
        }
        for (unsigned u = 0; u < in->n_units; u++) {
                struct compare_unit *x = &o->units[u];

                if (x->lines < COMPARE_LINES_LEAST)
                        x->refused = COMPARE_FEW_LINES;
                else if (in->void_share && in->void_share[u] > COMPARE_VOID_MOST)
                        x->refused = COMPARE_VOID;
        }
}

static int run_time(const struct compare_in *in, struct compare_fit *f, struct compare_out *o) {
        float *draws = calloc((size_t)COMPARE_DRAWS * in->n_units, sizeof(*draws));
        int r;

        if (!draws)
                return FAIL(-ENOMEM);
        read_rows(f, in, NULL);
        fit(f, ROUNDS);
        if (in->n_sittings > 1) {
                o->dropped = drop_drifting(in, f, o->drifted);
                if (o->anchors - MIN(o->anchors, o->dropped) < COMPARE_ANCHORS_LEAST)
                        o->refused = COMPARE_NO_ANCHORS;
                read_rows(f, in, o->drifted);
                fit(f, ROUNDS);
        }
        o->sigma = f->sigma;
        o->gamma = f->gamma;
        memcpy(o->beta, f->beta, in->n_items * sizeof(double));
        for (unsigned i = 0; i < in->n_items; i++)
                if (!f->used[i])
                        o->beta[i] = NAN;
        r = draw(f, in->n_steps, draws);
        if (r == 0 && in->n_steps > 1) {
                intervals(f, draws, in->n_steps, o);
                r = ranks(f, draws, o);
        }
        free(draws);
        return r;
}

int compare_run(const struct compare_in *in, struct compare_out *ret) {
        struct compare_out o = {.n_units = in->n_units, .n_items = in->n_items};
        struct compare_fit f;
        int r;

        if (!good(in))
                return -EINVAL;
        o.units = calloc(in->n_units, sizeof(*o.units));
        o.beta = calloc(in->n_items, sizeof(*o.beta));
        o.drifted = calloc(in->n_items, sizeof(*o.drifted));
        r = fit_open(&f, in);
        if (!o.units || !o.beta || !o.drifted)
                r = -ENOMEM;
        if (r == 0) {
                count_lines(in, &o);
                o.refused = refusal(in, f.used, choose_items(in, f.used), &o);
                if (o.refused == COMPARE_GOOD)
                        r = run_time(in, &f, &o);
                if (r == 0 && o.refused == COMPARE_GOOD)
                        r = compare_quality(in, &o);
        }
        compare_fit_free(&f);
        if (r < 0)
                compare_out_deinit(&o);
        else
                *ret = o;
        return r;
}

void compare_out_deinit(struct compare_out *o) {
        free(o->units);
        free(o->beta);
        free(o->drifted);
        *o = (struct compare_out){0};
}
