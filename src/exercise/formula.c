/* Formula `coloa-score/1`, operation by operation; doc/scoring.md says why each is as it is, and a test asserts
 * the numbers of its example. Nothing here may round otherwise, ever: a change is a new formula, by a new name.
 *
 * Bounds: factors ≤ 10^6, weights ≤ 10^3, times ≤ 2^40 ms, so that (1 − p)·(t − g) < 2^60 and doubling it for
 * the rounding stays within int64_t. Times beyond are refused where facts and plans are read. */
#include <stdio.h>

#include "exercise/formula.h"
#include "exercise/plan.h"

int64_t formula_div(int64_t a, int64_t b) {
        assert(a >= 0 && b > 0 && a <= INT64_MAX / 2 - b);
        return (2 * a + b) / (2 * b);
}

int64_t formula_mul(int64_t a, int64_t b) {
        return formula_div(a * b, MILLION);
}

int64_t formula_curve(int64_t t, int64_t g, int64_t d, int64_t h, unsigned p) {
        assert(0 <= g && g <= d && d < h && h <= FORMULA_MS_MAX && p <= MILLION);
        if (t == FORMULA_NEVER || t >= h)
                return 0;
        if (t <= g)
                return MILLION;
        if (t <= d)
                return MILLION - formula_div((int64_t)(MILLION - p) * (t - g), d - g);
        return formula_div((int64_t)p * (h - t), h - d);
}

int64_t formula_fbeta(unsigned tp, unsigned fp, unsigned fn, unsigned b2) {
        int64_t hit = (int64_t)(1 + b2) * tp, all = hit + (int64_t)b2 * fn + fp;

        return all ? formula_div(hit * MILLION, all) : 0;
}

int64_t formula_part(unsigned n, unsigned of) {
        return of ? formula_div((int64_t)n * MILLION, of) : 0;
}

int64_t formula_line(unsigned w, int64_t t, int64_t q, int64_t r) {
        int64_t f = formula_mul(MILLION, t);

        f = formula_mul(f, q);
        f = formula_mul(f, r);
        return formula_div((int64_t)w * 1000 * f, MILLION);
}

int64_t formula_share(int64_t points, int64_t weights) {
        return weights ? formula_div(points * 100, weights) : 0;
}

int64_t formula_total(int64_t base, int64_t penalties) {
        int64_t total = base - MIN(penalties, (int64_t)FORMULA_CAP);

        return MAX(total, (int64_t)0);
}

void formula_show(char to[FORMULA_SHOWN], int64_t thousandths) {
        int64_t y = formula_div(thousandths < 0 ? -thousandths : thousandths, 100);

        (void)snprintf(to, FORMULA_SHOWN, "%s%lld.%lld", thousandths < 0 && y ? "-" : "",
                       (long long)(y / 10), (long long)(y % 10));
}

int64_t formula_red(unsigned severity, const unsigned impact[3], int64_t place, int64_t report) {
        static const unsigned base[] = {10, 25, 50, 100};
        unsigned most = MAX(impact[0], MAX(impact[1], impact[2]));
        int64_t i =
                formula_div((int64_t)(2 * most + impact[0] + impact[1] + impact[2]) * MILLION, 15);

        assert(severity < ARRAY_LEN(base) && most <= 3);
        return formula_line(base[severity], i, place, report);
}
