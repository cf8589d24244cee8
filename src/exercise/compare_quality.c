/* Quality by Rasch's rating scale (compare.h): P(category k) ∝ exp Σ_{m≤k} (φ(unit) − δ(item) − τ(capability, m)), m from
 * 1 to 4. Units and items by turns, one step of Newton each, with a weak normal penalty that keeps whoever has all or
 * nothing finite. The standard error is from the information: 1/√(Σ variance + penalty).
 *
 * Also here: what the comparison says in words, the job, and small sums that need no fit. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "exercise/compare_impl.h"

#define K COMPARE_CATEGORIES
#define ROUNDS 60u
#define PENALTY (1 / 9.0)
#define STEP_MOST 1.0

struct rasch {
        double *phi, *delta, *gradient, *information;
        double tau[PLAN_CAPABILITIES][K];
};

/* Expected category and its variance; the probabilities into p. */
static double expected(const struct rasch *r, const struct compare_answer *a, double p[K],
                       double *ret_variance) {
        double at = r->phi[a->unit] - r->delta[a->item], e = 0, top = 0, sum = 0, mean = 0,
               square = 0;
        double l[K] = {0};

        for (unsigned k = 1; k < K; k++) {
                e += at - r->tau[a->capability][k];
                l[k] = e;
                top = MAX(top, e);
        }
        for (unsigned k = 0; k < K; k++)
                sum += p[k] = exp(l[k] - top);
        for (unsigned k = 0; k < K; k++) {
                p[k] /= sum;
                mean += k * p[k];
                square += (double)k * k * p[k];
        }
        *ret_variance = square - mean * mean;
        return mean;
}

static double bounded(double v) {
        return MAX(MIN(v, STEP_MOST), -STEP_MOST);
}

static void turn(struct rasch *r, const struct compare_in *in, bool units) {
        unsigned n = units ? in->n_units : in->n_items;
        double *to = units ? r->phi : r->delta, mean = 0;

        for (unsigned i = 0; i < n; i++) {
                r->gradient[i] = -PENALTY * to[i];
                r->information[i] = PENALTY;
        }
        for (unsigned k = 0; k < in->n; k++) {
                const struct compare_answer *a = &in->answers[k];
                double p[K], v, e;
                unsigned at = units ? a->unit : a->item;

                if (a->quality < 0)
                        continue;
                e = a->quality - expected(r, a, p, &v);
                r->gradient[at] += units ? e : -e;
                r->information[at] += v;
        }
        for (unsigned i = 0; i < n; i++) {
                to[i] += bounded(r->gradient[i] / r->information[i]);
                mean += to[i] / n;
        }
        for (unsigned i = 0; units && i < n; i++)
                to[i] -= mean;
}

static void turn_thresholds(struct rasch *r, const struct compare_in *in) {
        double g[PLAN_CAPABILITIES][K] = {{0}}, h[PLAN_CAPABILITIES][K] = {{0}};

        for (unsigned k = 0; k < in->n; k++) {
                const struct compare_answer *a = &in->answers[k];
                double p[K], v, above = 0;

                if (a->quality < 0)
                        continue;
                (void)expected(r, a, p, &v);
                for (unsigned m = K - 1; m >= 1; m--) {
                        above += p[m];
                        g[a->capability][m] += above - (a->quality >= (int)m);
                        h[a->capability][m] += above * (1 - above);
                }
        }
        for (unsigned c = 0; c < PLAN_CAPABILITIES; c++) {
                double mean = 0;

                for (unsigned m = 1; m < K; m++) {
                        r->tau[c][m] +=
                                bounded((g[c][m] - PENALTY * r->tau[c][m]) / (h[c][m] + PENALTY));
                        mean += r->tau[c][m] / (K - 1);
                }
                for (unsigned m = 1; m < K; m++)
                        r->tau[c][m] -= mean;
        }
}

int compare_quality(const struct compare_in *in, struct compare_out *o) {
        unsigned most = MAX(in->n_units, in->n_items);
        struct rasch r = {.phi = calloc(in->n_units, sizeof(double)),
                          .delta = calloc(in->n_items, sizeof(double)),
                          .gradient = calloc(most, sizeof(double)),
                          .information = calloc(most, sizeof(double))};
        int e = r.phi && r.delta && r.gradient && r.information ? 0 : FAIL(-ENOMEM);

        for (unsigned i = 0; e == 0 && i < ROUNDS; i++) {
                turn(&r, in, false);
                turn_thresholds(&r, in);
                turn(&r, in, true);
        }
        for (unsigned u = 0; e == 0 && u < in->n_units; u++) {
                o->units[u].quality = r.phi[u];
                o->units[u].quality_se = 1 / sqrt(r.information[u]);
        }
        free(r.phi);
        free(r.delta);
        free(r.gradient);
        free(r.information);
        return e;
}

/* ---- small sums ---- */

void compare_ratio(unsigned n, double sigma, double *ret_lo, double *ret_hi) {
        double s = 1.96 * sigma / sqrt(MAX(n, 1u));

        *ret_lo = exp(-s);
        *ret_hi = exp(s);
}

double compare_median(double *t, bool *censored, unsigned n) {
        double alive = 1;

        /* Insertion: n is the units of a step. Of equal times what happened comes before what was cut off. */
        for (unsigned i = 1; i < n; i++)
                for (unsigned k = i; k && (t[k] < t[k - 1] ||
                                           (t[k] <= t[k - 1] && censored[k - 1] && !censored[k]));
                     k--) {
                        double x = t[k];
                        bool c = censored[k];

                        t[k] = t[k - 1];
                        censored[k] = censored[k - 1];
                        t[k - 1] = x;
                        censored[k - 1] = c;
                }
        for (unsigned i = 0; i < n; i++) {
                if (censored[i])
                        continue;
                alive *= 1 - 1.0 / (n - i);
                if (alive <= 0.5 + 1e-12)
                        return t[i];
        }
        return -1;
}

const char *compare_why(enum compare_refusal r, bool vi) {
        static const char *const why[COMPARE_REFUSALS][2] = {
                [COMPARE_FEW_UNITS] = {"fewer than 30 units played",
                                       "có ít hơn 30 đơn vị tham gia"},
                [COMPARE_NO_ANCHORS] =
                        {"the exercises share fewer than 5 lines, or no more than a fifth of them",
                         "các cuộc diễn tập có chung ít hơn 5 dòng, hoặc không quá một phần năm"},
                [COMPARE_CENSORED] = {"more than half of the lines were not answered",
                                      "hơn một nửa số dòng không được thực hiện"},
                [COMPARE_SPEED] = {"they were played at different speeds",
                                   "diễn ở tốc độ khác nhau"},
                [COMPARE_ROLES] = {"different duties were filled",
                                   "các vai trò tham gia khác nhau"},
                [COMPARE_SEEN] = {"some units had seen the scenario before",
                                  "có đơn vị đã biết kịch bản"},
                [COMPARE_FEW_ITEMS] = {"no line was answered by ten units or more",
                                       "không có dòng nào được từ mười đơn vị thực hiện"},
                [COMPARE_FEW_LINES] = {"fewer than 15 lines of this unit count",
                                       "đơn vị có ít hơn 15 dòng được tính"},
                [COMPARE_VOID] = {"more than a fifth of this unit's lines are void",
                                  "hơn một phần năm số dòng của đơn vị không được tính"},
                [COMPARE_WIDE] = {"the interval is wider than a factor of four either way",
                                  "khoảng tin cậy rộng hơn bốn lần về mỗi phía"}};

        return r == COMPARE_GOOD ? NULL : why[r][vi];
}

/* ---- the job ---- */

static bool read_answer(const json_t *v, struct compare_answer *to) {
        json_int_t n[8];

        if (json_array_size(v) != 8)
                return false;
        for (unsigned i = 0; i < 8; i++) {
                n[i] = json_integer_value(json_array_get(v, i));
                if (!json_is_integer(json_array_get(v, i)) || n[i] < -1 ||
                    n[i] > INT64_C(1) << 50 || (i != 4 && n[i] > 1000000))
                        return false;
        }
        *to = (struct compare_answer){(unsigned)n[0], (unsigned)n[1], (unsigned)n[2],
                                      (unsigned)n[3], n[4],           n[5] == 1,
                                      (int)n[6],      (unsigned)n[7]};
        return true;
}

static void read_numbers(const json_t *list, double *to, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                to[i] = MIN(MAX(json_number_value(json_array_get(list, i)), 0.0), 1e6);
}

static unsigned count_of(const json_t *o, const char *name) {
        json_int_t n = json_integer_value(json_object_get(o, name));

        return n < 0 || n > 1000000 ? 0 : (unsigned)n;
}

static void write_out(struct buf *out, const struct compare_out *c) {
        const char *en = compare_why(c->refused, false), *vi = compare_why(c->refused, true);

        buf_printf(out,
                   "{\"refused\":%s%s%s,\"refused_vi\":%s%s%s,\"sigma\":%.4f,\"gamma\":%.4f,"
                   "\"anchors\":%u,\"dropped\":%u,\"units\":[",
                   en ? "\"" : "", en ? en : "null", en ? "\"" : "", vi ? "\"" : "",
                   vi ? vi : "null", vi ? "\"" : "", c->sigma, c->gamma, c->anchors, c->dropped);
        for (unsigned u = 0; u < c->n_units && c->refused == COMPARE_GOOD; u++) {
                const struct compare_unit *x = &c->units[u];

                en = compare_why(x->refused, false);
                vi = compare_why(x->refused, true);
                buf_printf(
                        out,
                        "%s{\"refused\":%s%s%s,\"refused_vi\":%s%s%s,\"lines\":%u,\"censored\":%u",
                        u ? "," : "", en ? "\"" : "", en ? en : "null", en ? "\"" : "",
                        vi ? "\"" : "", vi ? vi : "null", vi ? "\"" : "", x->lines, x->censored);
                if (x->refused == COMPARE_GOOD)
                        buf_printf(out,
                                   ",\"faster\":%.3f,\"faster_from\":%.3f,\"faster_to\":%.3f,"
                                   "\"quality\":%.3f,\"quality_se\":%.3f,\"rank\":[%u,%u]",
                                   exp(x->theta), exp(x->lo), exp(x->hi), x->quality, x->quality_se,
                                   x->rank_from, x->rank_to);
                buf_char(out, '}');
        }
        buf_str(out, "]}");
}

int compare_job(struct span text, struct buf *out) {
        json_t *o = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL), *v;
        const json_t *list = json_object_get(o, "answers");
        struct compare_in in = {
                .n = (unsigned)MIN(json_array_size(list), (size_t)COMPARE_ANSWERS_MAX + 1),
                .n_units = count_of(o, "units"),
                .n_items = count_of(o, "items"),
                .n_steps = count_of(o, "steps"),
                .n_sittings = count_of(o, "sittings"),
                .same_speed = json_is_true(json_object_get(o, "same_speed")),
                .same_roles = json_is_true(json_object_get(o, "same_roles")),
                .seen = json_is_true(json_object_get(o, "seen"))};
        struct compare_answer *answers = calloc(in.n + 1, sizeof(*answers));
        double exposure[COMPARE_UNITS_MAX] = {0}, voids[COMPARE_UNITS_MAX] = {0};
        bool good = answers && in.n <= COMPARE_ANSWERS_MAX && in.n_units <= COMPARE_UNITS_MAX;
        struct compare_out c = {0};
        size_t i;
        int r;

        if (good)
                json_array_foreach(list, i, v) good = good && read_answer(v, &answers[i]);
        if (good) {
                read_numbers(json_object_get(o, "exposure"), exposure, in.n_units);
                read_numbers(json_object_get(o, "void"), voids, in.n_units);
                in.exposure = exposure;
                in.void_share = voids;
        }
        in.answers = answers;
        r = good ? compare_run(&in, &c) : -EBADMSG;
        if (r == 0)
                write_out(out, &c);
        compare_out_deinit(&c);
        free(answers);
        json_decref(o);
        return r == -EINVAL ? -EBADMSG : r;
}
