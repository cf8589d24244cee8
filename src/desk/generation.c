/* Programs: which rule an index means. Judges may still speak of the rules before the last change, so
 * a few generations are kept. A rule gets its number in the state when it first says something, with
 * the version it had: alerts keep what was true when they were raised. */
#include <sodium.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "os/os.h"
#include "rules/corr_spec.h"
#include "rules/version.h"

#define SPEC_BYTES ((size_t)16 << 20)
#define TAGS_MAX 64u
#define TEXT_MAX STATE_NAME_MAX

struct generation *generation_find(struct desk *d, uint32_t number) {
        for (unsigned i = 0; number && i < GENERATIONS_MAX; i++)
                if (d->gens[i].number == number)
                        return &d->gens[i];
        return NULL;
}

void generation_free(struct generation *g) {
        program_free(g->program);
        if (g->map)
                os_unmap(g->map, g->len);
        arena_deinit(&g->arena);
        free(g->rules);
        free(g->correlations);
        free(g->by_id);
        free(g->over);
        *g = (struct generation){0};
}

struct span rule_name(struct arena *a, const struct program_rule *r) {
        if (r->id.len)
                return r->id;
        return arena_printf(a, "%.*s:%.*s", (int)MIN(r->file.len, TEXT_MAX), r->file.p,
                            (int)MIN(r->title.len, TEXT_MAX), r->title.p);
}

/* ---- rules by their ids ---- */

static const struct program *sorting; /* qsort() has no context; one process, no threads */

static int span_cmp(struct span a, struct span b) {
        int r = memcmp(a.p ? a.p : "", b.p ? b.p : "", MIN(a.len, b.len));

        return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int id_cmp(const void *a, const void *b) {
        struct program_rule x = {0}, y = {0};
        uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;

        (void)program_rule(sorting, i, &x);
        (void)program_rule(sorting, k, &y);
        int r = span_cmp(x.id, y.id);
        return r ? r : (i > k) - (i < k);
}

/* Rules without an id are not found again after a change: what they hit begins anew. */
uint32_t rule_of_id(const struct desk *d, const struct generation *g, struct span id) {
        uint32_t lo = 0, hi = program_rules(g->program);
        struct program_rule r;

        (void)d;
        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;

                if (program_rule(g->program, g->by_id[mid], &r) && span_cmp(r.id, id) < 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        if (lo < program_rules(g->program) && program_rule(g->program, g->by_id[lo], &r) &&
            id.len && span_eq(r.id, id))
                return g->by_id[lo];
        return UINT32_MAX;
}

/* ---- a new program ---- */

static int fill(struct generation *g) {
        uint32_t n = program_rules(g->program), k = program_correlations(g->program);

        g->rules = calloc(n + 1, sizeof(*g->rules));
        g->correlations = calloc(k + 1, sizeof(*g->correlations));
        g->by_id = calloc(n + 1, sizeof(*g->by_id));
        g->over = calloc(n + 1, sizeof(*g->over));
        if (!g->rules || !g->correlations || !g->by_id || !g->over)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < n; i++)
                g->by_id[i] = i;
        sorting = g->program;
        qsort(g->by_id, n, sizeof(*g->by_id), id_cmp);
        return 0;
}

int generation_open(struct generation *g, uint32_t number, void *p, size_t len) {
        *g = (struct generation){.number = number, .map = p, .len = len};
        arena_init(&g->arena, SPEC_BYTES);
        int r = program_open(&g->program, p, len);
        if (r < 0)
                return r;
        r = corr_spec_decode(program_correlation_spec(g->program), &g->arena, &g->spec, &g->n_spec);
        if (r == 0 && g->n_spec != program_correlations(g->program))
                r = -EBADMSG;
        for (uint32_t i = 0; r == 0 && i < g->n_spec; i++)
                for (uint32_t k = 0; k < g->spec[i].n_refs && r == 0; k++)
                        if (g->spec[i].refs[k].index >= (g->spec[i].refs[k].is_correlation
                                                                 ? g->n_spec
                                                                 : program_rules(g->program)))
                                r = -EBADMSG;
        struct span spec = program_correlation_spec(g->program);
        crypto_generichash(g->spec_hash, sizeof(g->spec_hash), (const unsigned char *)spec.p,
                           spec.len, NULL, 0);
        return r == 0 ? fill(g) : r;
}

int desk_program(struct desk *d, uint32_t generation, void *p, size_t len) {
        struct generation *to = &d->gens[0], fresh;

        if (generation == 0 || generation_find(d, generation)) {
                os_unmap(p, len);
                return generation ? 0 : DESK_E_REFUSED;
        }
        int r = generation_open(&fresh, generation, p, len);
        if (r < 0) {
                generation_free(&fresh);
                return r == -EBADMSG ? DESK_E_REFUSED : r;
        }
        r = windows_save(d); /* of the rules before */
        if (r == 0)
                r = flush_counted(d); /* it counts by rules of generations that may go */
        if (r < 0) {
                generation_free(&fresh);
                return r;
        }
        for (unsigned i = 0; i < GENERATIONS_MAX; i++) /* the oldest, never the one in use */
                if (d->gens[i].number < to->number)
                        to = &d->gens[i];
        if (to == d->now)
                to = to == &d->gens[0] ? &d->gens[1] : &d->gens[0];
        generation_free(to);
        *to = fresh;
        d->now = to;
        take_other_rules(d);
        r = windows_load(d);
        return r < 0 ? r : retro_know(d);
}

/* ---- its number in the state ---- */

static void put_tags(struct buf *b, const struct generation *g, enum state_kind kind,
                     uint32_t index, uint32_t n) {
        buf_char(b, '[');
        for (uint32_t i = 0; i < MIN(n, TAGS_MAX); i++) {
                struct span t = kind == STATE_CORRELATION
                                        ? program_correlation_tag(g->program, index, i)
                                        : program_rule_tag(g->program, index, i);
                buf_str(b, i ? ",\"" : "\"");
                buf_json(b, span_of(t.p, MIN(t.len, (size_t)NAME_MAX_BYTES)));
                buf_char(b, '"');
        }
        buf_char(b, ']');
}

/* Texts of the program one after the other in d->text, so that all are UTF-8 for the state. */
static int add_rule(struct desk *d, const struct generation *g, enum state_kind kind,
                    uint32_t index, const struct program_rule *r, struct use *u) {
        struct span from[] = {rule_name(&d->arena, r), r->title,          r->title_vi,
                              r->description,          r->description_vi, r->file};
        size_t at[ARRAY_LEN(from) + 2];

        if (!from[0].p)
                return FAIL(-ENOMEM);
        buf_reset(&d->text);
        for (size_t i = 0; i < ARRAY_LEN(from); i++) {
                at[i] = d->text.len;
                state_text(&d->text, from[i], TEXT_MAX);
        }
        at[ARRAY_LEN(from)] = d->text.len;
        put_tags(&d->text, g, kind, index, r->n_tags);
        at[ARRAY_LEN(from) + 1] = d->text.len;
        if (d->text.failed)
                return FAIL(-ENOMEM);
        struct span s[ARRAY_LEN(from) + 1];
        for (size_t i = 0; i < ARRAY_LEN(s); i++)
                s[i] = span_of(d->text.p + at[i], at[i + 1] - at[i]);
        struct state_rule row = {.kind = kind,
                                 .level = (unsigned)r->level,
                                 .status = (unsigned)r->status,
                                 .id = s[0],
                                 .version = span_of((const char *)u->version, STATE_ID_BYTES),
                                 .title = s[1],
                                 .title_vi = s[2],
                                 .description = s[3],
                                 .description_vi = s[4],
                                 .file = s[5],
                                 .tags = s[6]};
        int r2 = desk_begin(d);
        return r2 < 0 ? r2 : state_rule(d->state, &row, &u->ref);
}

int rule_ref(struct desk *d, const struct generation *g, enum state_kind kind, uint32_t index) {
        bool c = kind == STATE_CORRELATION;
        struct use *u = c ? &g->correlations[index] : &g->rules[index];
        struct program_rule r = {0};

        if (u->ref)
                return 0;
        if (c ? !program_correlation_meta(g->program, index, &r)
              : !program_rule(g->program, index, &r))
                return FAIL(-EINVAL);
        if (c)
                correlation_version(g->program, index, &g->spec[index], u->version);
        else
                rule_version(g->program, index, u->version);
        return add_rule(d, g, kind, index, &r, u);
}
