/* A regime's file; what is taken as one must be read by the desk, and every question, clock and table asked. */
#include "desk/regime.h"
#include "rules/regime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fact none(void *ctx, const char *id) {
        (void)ctx;
        return id[0] & 1 ? FACT_UNKNOWN : FACT_YES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf json = {.limit = (size_t)8 << 20}, said = {.limit = (size_t)8 << 20};
        struct facts f = {none, NULL};
        struct regimes *r = NULL;
        struct regime_clock c;
        const char *id;
        int64_t due;

        buf_char(&json, '[');
        int e = regime_read(SPAN("x.yml"), span_of((const char *)data, size), &json, &said);
        assert(e != REGIME_E_BAD || said.len); /* a refusal is never silent */
        if (e == 0) {
                buf_char(&json, ']');
                assert(regimes_open(&r, buf_get(&json)) == 0);
                const json_t *x = regime_at(r, INT64_C(1800000000) * NS_PER_SEC);
                (void)regime_serious(x, &f);
                for (size_t i = 0; regime_clock(x, i, 0, TIME_NONE, &f, &c); i++)
                        assert(c.id && c.report && c.to);
                for (size_t i = 0; regime_periodic(x, i, 0, &id, &due); i++)
                        assert(id && due > 0);
                (void)regime_severity(x, 3, "none");
        }
        regimes_free(r);
        buf_deinit(&json);
        buf_deinit(&said);
        return 0;
}
