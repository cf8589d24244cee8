/* What the formula is, as a hash: of its name, its constants, and of what its operations give over a fixed grid of
 * values. So it stands for the arithmetic itself, not for the text of its source: it changes when a score could, and
 * only then. It is written down at go (exercise.formula_hash) and stands in exports; a program whose own is another
 * does not score them. A test holds it to its value: whoever changes the formula gives it a new name. */
#include "exercise/formula.h"
#include "exercise/score_impl.h"

static void put(struct buf *b, int64_t v) {
        buf_printf(b, "%lld\n", (long long)v);
}

static void curves(struct buf *b) {
        static const int64_t of[][3] = {{0, 1, 2},
                                        {60000, 300000, 900000},
                                        {3600000, 3600000, 7200000},
                                        {0, 7, 13},
                                        {1, 999, 1000003}};
        static const unsigned ps[] = {0, 1, 250000, 500000, 333333, MILLION};

        for (size_t i = 0; i < ARRAY_LEN(of); i++)
                for (size_t k = 0; k < ARRAY_LEN(ps); k++)
                        for (int64_t n = -1; n <= 40; n++)
                                put(b, formula_curve(n * of[i][2] / 37, of[i][0], of[i][1],
                                                     of[i][2], ps[k]));
        put(b, formula_curve(FORMULA_NEVER, 0, 1, 2, 500000));
}

static void parts(struct buf *b) {
        for (unsigned tp = 0; tp < 7; tp++)
                for (unsigned fp = 0; fp < 7; fp++)
                        for (unsigned fn = 0; fn < 7; fn++)
                                put(b, formula_fbeta(tp, fp, fn, 4));
        for (unsigned n = 0; n < 9; n++)
                for (unsigned of = 0; of < 9; of++)
                        put(b, formula_part(n, of));
}

static void sums(struct buf *b) {
        static const int64_t f[] = {0, 1, 499999, 500000, 500001, 708333, 999999, MILLION};

        for (size_t i = 0; i < ARRAY_LEN(f); i++)
                for (size_t k = 0; k < ARRAY_LEN(f); k++)
                        for (unsigned w = 0; w < 30; w += 7) {
                                put(b, formula_mul(f[i], f[k]));
                                put(b, formula_line(w, f[i], f[k], f[(i + k) % ARRAY_LEN(f)]));
                        }
        for (int64_t n = 0; n < 60000; n += 4999) {
                put(b, formula_share(n, 60000));
                put(b, formula_total(n, 3 * n / 4));
                put(b, formula_total(100000, n));
        }
        put(b, formula_share(1, 0));
        for (unsigned s = 0; s < 4; s++)
                for (unsigned i = 0; i < 64; i++)
                        put(b, formula_red(s, (unsigned[]){i & 3, i >> 2 & 3, i >> 4}, 500000,
                                           900000));
}

int formula_hash(char to[FACTS_HASH_HEX]) {
        static const int64_t constants[] = {FORMULA_CAP,    SCORE_INNOCENT, SCORE_UNDONE_MS,
                                            SCORE_FALSE,    SCORE_UNUSED,   SCORE_UNUSED_MAX,
                                            SCORE_CONFIRMED};
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_printf(&b, "%s\n", FORMULA);
        for (size_t i = 0; i < ARRAY_LEN(constants); i++)
                put(&b, constants[i]);
        curves(&b);
        parts(&b);
        sums(&b);
        if (b.failed)
                return FAIL(-ENOMEM);
        facts_hash(to, buf_get(&b));
        return 0;
}
