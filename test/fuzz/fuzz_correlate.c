/* correlate/: correlations and a stream of hits, both made of the input, with little memory. Must
 * end, stay within its budget, and give back all memory; alerts come in an order of time that never
 * goes back.
 *
 *     memory u8 | groups u8 | correlations u8 | per correlation: see make() | hits of 5 bytes */

#include "base/timestamp.h"
#include "check.h"
#include "correlate/correlate.h"

#define CORRS 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
        const uint8_t *p;
        size_t left;
};

static uint8_t byte(struct input *in) {
        if (in->left == 0)
                return 0;
        in->left--;
        return *in->p++;
}

struct made {
        struct corr_ref refs[4];
        struct corr_bound bounds[2];
        struct corr_cond cond[8];
        struct corr_alias alias;
};

static struct span names[] = {{"u", 1}, {"v", 1}, {"w", 1}};

/* Postfix that is sound by the way it grows. */
static void make_cond(struct input *in, struct correlation *c, struct corr_cond *cond) {
        unsigned depth = 0;

        for (uint32_t i = 0; i < 7; i++) {
                uint8_t b = byte(in);
                struct corr_cond k = {.op = b % 4, .ref = (b >> 2) % c->n_refs};

                if (depth == 0 || ((k.op == COND_AND || k.op == COND_OR) && depth < 2))
                        k.op = COND_REF;
                depth += k.op == COND_REF;
                depth -= k.op == COND_AND || k.op == COND_OR;
                cond[c->n_cond++] = k;
                if (depth == 1 && b & 128)
                        return;
        }
        c->n_cond = 1;
        cond[0] = (struct corr_cond){COND_REF, 0};
}

static void make(struct input *in, struct correlation *c, struct made *m, uint32_t nth) {
        uint8_t b = byte(in), d = byte(in);
        bool temporal;

        *c = (struct correlation){.type = b % 8,
                                  .refs = m->refs,
                                  .n_refs = 1 + (b >> 3) % 4,
                                  .timespan = 1 + byte(in),
                                  .group_by = names,
                                  .n_group_by = d % 3,
                                  .bounds = m->bounds,
                                  .n_bounds = 1 + (d >> 2) % 2,
                                  .fields = names + 1,
                                  .n_fields = 1 + (d >> 3) % 2,
                                  .percentile = byte(in) % 101,
                                  .report = d & 32};
        temporal = c->type == CORR_TEMPORAL || c->type == CORR_TEMPORAL_ORDERED;
        for (uint32_t i = 0; i < c->n_refs; i++) {
                uint8_t r = byte(in);

                m->refs[i] = r & 128 && nth ? (struct corr_ref){true, r % nth}
                                            : (struct corr_ref){false, r % 4};
        }
        for (uint32_t i = 0; i < c->n_bounds; i++) {
                m->bounds[i].op = byte(in) % 6;
                m->bounds[i].value = (int8_t)byte(in) * 0.5;
        }
        if (temporal && d & 64)
                c->n_bounds = 0;
        if (temporal && d & 128) {
                c->cond = m->cond;
                make_cond(in, c, m->cond);
        }
        if (byte(in) & 1) {
                m->alias = (struct corr_alias){names[0], 0, names[2]};
                c->aliases = &m->alias;
                c->n_aliases = 1;
        }
}

static void look(void *ctx, const struct finding *f) {
        const struct correlation *c = ctx;

        assert(f->rule < CORRS && f->flags & FINDING_ALERT && c[f->rule].report);
        assert(f->time <= f->time_last && f->n_fields >= c[f->rule].n_group_by);
}

static void push(struct correlator *q, struct input *in, int64_t *t, uint64_t *offset) {
        struct finding_field x[3];
        char text[3][4];
        struct finding f = {.fields = x};
        uint8_t b = byte(in), d = byte(in);

        *t += b & 63;
        *offset += (b & 64) == 0;
        f.time = d == 255 ? TIME_NONE : d == 254 ? INT64_MAX : d == 253 ? *t - 100 : *t;
        f.rule = d % 4;
        f.offset = *offset;
        for (uint32_t i = 0; i < 3; i++) {
                uint8_t v = byte(in);

                if (v == 255)
                        continue;
                x[f.n_fields] = (struct finding_field){
                        .name = names[i], .type = v == 254 ? FINDING_NULL : FINDING_STRING};
                x[f.n_fields++].value =
                        span_of(text[i], (size_t)snprintf(text[i], 4, "%d", (int8_t)v / 4));
        }
        assert(correlator_push(q, &f) == 0);
        if (b & 128)
                assert(correlator_advance(q, *t + 3) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct input in = {data, size};
        struct correlation c[CORRS];
        struct made m[CORRS];
        struct correlate_options o = {.memory = 512 + 64u * byte(&in),
                                      .max_groups = 1 + byte(&in) % 16};
        uint32_t n = 1 + byte(&in) % CORRS;
        struct correlator *q;
        int64_t t = 0;
        uint64_t offset = 0;

        for (uint32_t i = 0; i < n; i++)
                make(&in, &c[i], &m[i], i);
        if (correlator_new(&q, c, n, &o, look, c) < 0)
                return 0;
        while (in.left)
                push(q, &in, &t, &offset);
        assert(correlator_finish(q) == 0);
        assert(correlator_stats(q)->peak_memory <= o.memory);
        correlator_free(q);
        return 0;
}
