/* See match.h. Two ways:
 *
 * Labels come from the node's own records and are inherited event → alert → incident → action; a fact with a label
 * answers each step that the label names.
 *
 * Without one, each unlabelled alert is held against each step that was played: the target must agree, or nothing
 * else counts; account and source weigh two each, a technique one, and at least six are needed. It goes to the one
 * step with the most evidence. An alert whose two best steps are within one of each other is ambiguous; so every other
 * one has a step that is clearly its own, and of several with the same step the earliest answers it, the others
 * are duplicates. (To push a duplicate to its second best step, as a sum over all would have it, gives points for a
 * step that no rule saw.) A case's fact answers what its alerts answer.
 *
 * Bounded: 200 steps × 4,096 alerts. */
#include <stdlib.h>

#include "exercise/match.h"

bool match_technique(const char *a, const char *b) {
        size_t n;

        if (!a || !b)
                return false;
        n = strcspn(a, ".");
        return n == strcspn(b, ".") && memcmp(a, b, n) == 0 &&
               (a[n] == '\0' || b[n] == '\0' || strcmp(a + n, b + n) == 0);
}

bool match_has(const struct match_of *m, unsigned step) {
        for (unsigned i = 0; i < m->n; i++)
                if (m->steps[i] == step)
                        return true;
        return false;
}

unsigned match_evidence(const struct plan *p, unsigned step, const struct drill_fact *f) {
        const struct plan_step *s = &p->steps[step - 1];
        bool target = false, account = false, source = false;

        for (unsigned i = 0; i < s->n_targets; i++)
                for (unsigned k = 0; k < f->n_objects; k++) {
                        if (strcmp(s->targets[i], f->objects[k]) != 0)
                                continue;
                        target |= plan_find_host(p, s->targets[i]) >= 0;
                        account |= plan_find_account(p, s->targets[i]) >= 0;
                        source |= plan_find_outside(p, s->targets[i]) >= 0;
                }
        if (!target)
                return 0;
        return EVIDENCE_TARGET + (account ? EVIDENCE_ACCOUNT : 0) + (source ? EVIDENCE_SOURCE : 0) +
               (match_technique(s->technique, f->technique) ? EVIDENCE_TECHNIQUE : 0);
}

/* ---- unlabelled alerts ---- */

static int64_t window_end(const struct plan *p, const struct match *m, unsigned step) {
        int64_t end = 0;

        for (unsigned i = 0; i < p->n_expectations; i++)
                if (strcmp(p->expectations[i].of, p->steps[step - 1].id) == 0)
                        end = MAX(end, p->expectations[i].h);
        return m->played[step]->t + end;
}

static unsigned in_window(const struct plan *p, const struct match *m, unsigned step,
                          const struct drill_fact *f) {
        unsigned e;

        if (!m->played[step] || p->steps[step - 1].background ||
            f->event < m->played[step]->t - MATCH_SKEW || f->event >= window_end(p, m, step))
                return 0;
        e = match_evidence(p, step, f);
        return e >= MATCH_LEAST ? e : 0;
}

static int one_step(struct match *m, struct match_of *to, unsigned step) {
        unsigned *s = arena_alloc(&m->arena, sizeof(*s));

        if (!s)
                return FAIL(-ENOMEM);
        *s = step;
        to->steps = s;
        to->n = 1;
        return 0;
}

/* The best step of an alert, or 0; whether another is within one of it. */
static unsigned best_step(const struct plan *p, const struct match *m, const struct drill_fact *f,
                          bool *ret_ambiguous) {
        unsigned best = 0, most = 0, second = 0;

        for (unsigned s = 1; s <= p->n_steps; s++) {
                unsigned e = in_window(p, m, s, f);

                if (e > most) {
                        second = most;
                        most = e;
                        best = s;
                } else if (e > second) {
                        second = e;
                }
        }
        *ret_ambiguous = second && most - second <= 1;
        return best;
}

static int match_loose(struct match *m, const struct plan *p, const struct drill_fact *facts) {
        unsigned n = 0;

        for (size_t i = 0; i < m->n && n < MATCH_LOOSE_MAX; i++) {
                unsigned best;
                int r = 0;

                if (facts[i].kind != FACT_ALERT || facts[i].label || m->of[i].n ||
                    m->of[i].rejected)
                        continue;
                n++;
                best = best_step(p, m, &facts[i], &m->of[i].ambiguous);
                if (best && !m->of[i].ambiguous)
                        r = one_step(m, &m->of[i], best);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- all facts of a play ---- */

static int by_id(const void *a, const void *b) {
        const struct drill_fact *x = *(const struct drill_fact *const *)a,
                                *y = *(const struct drill_fact *const *)b;

        return strcmp(x->id, y->id);
}

/* Where it stands; m->n: nowhere. */
static size_t find(const struct match *m, const struct drill_fact *facts, const char *id) {
        const struct drill_fact like = {.id = id}, *key = &like;
        const struct drill_fact *const *at =
                m->n ? bsearch(&key, m->ids, m->n, sizeof(struct drill_fact *), by_id) : NULL;

        return at ? (size_t)(*at - facts) : m->n;
}

static void read_story(struct match *m, const struct plan *p, const struct drill_fact *facts) {
        for (size_t i = 0; i < m->n; i++) {
                const struct drill_fact *f = &facts[i], **to;

                if (f->number < 1 || f->number > (int64_t)p->n_steps)
                        continue;
                to = f->kind == FACT_PLAYED      ? m->played
                     : f->kind == FACT_PREVENTED ? m->prevented
                     : f->kind == FACT_TIP       ? m->tip
                                                 : NULL;
                if (to && !to[f->number]) /* the first: facts are in the order of time */
                        to[f->number] = f;
        }
}

static int read_rulings(struct match *m, const struct plan *p, const struct drill_fact *facts) {
        for (size_t i = 0; i < m->n; i++) {
                const struct drill_fact *f = &facts[i];
                size_t of;
                int r = 0;

                if (f->kind != FACT_RULING || !f->value || !f->of)
                        continue;
                of = find(m, facts, f->of);
                if (of == m->n)
                        continue;
                if (strcmp(f->value, RULING_MATCH) == 0 && f->number >= 1 &&
                    f->number <= (int64_t)p->n_steps)
                        r = one_step(m, &m->of[of], (unsigned)f->number);
                else if (strcmp(f->value, RULING_REJECT) == 0)
                        m->of[of].rejected = true;
                else if (strcmp(f->value, RULING_RESTORE) == 0)
                        m->of[of] = (struct match_of){0};
                else
                        continue;
                m->of[of].ruling = f;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A case's fact without a label: the steps of the alerts it holds. */
static int inherit(struct match *m, const struct drill_fact *facts, size_t at) {
        const struct drill_fact *f = &facts[at];
        unsigned found[PLAN_STEPS_MAX + 1], n = 0;
        bool has[PLAN_STEPS_MAX + 1] = {false};
        unsigned *steps;

        for (unsigned i = 0; i < f->n_from; i++) {
                size_t a = find(m, facts, f->from[i]);

                for (unsigned k = 0; a < m->n && k < m->of[a].n; k++)
                        has[m->of[a].steps[k]] = true;
        }
        for (unsigned s = 0; s <= PLAN_STEPS_MAX; s++)
                if (has[s])
                        found[n++] = s;
        if (!n)
                return 0;
        steps = arena_array(&m->arena, n, sizeof(*steps));
        if (!steps)
                return FAIL(-ENOMEM);
        memcpy(steps, found, n * sizeof(*steps));
        m->of[at].steps = steps;
        m->of[at].n = n;
        return 0;
}

int match_new(struct match **ret, const struct plan *p, const struct drill_fact *facts, size_t n) {
        _cleanup_(match_freep) struct match *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return FAIL(-ENOMEM);
        arena_init(&m->arena, (size_t)64 << 20);
        m->n = n;
        m->of = arena_array(&m->arena, MAX(n, (size_t)1), sizeof(*m->of));
        m->ids = arena_array(&m->arena, MAX(n, (size_t)1), sizeof(*m->ids));
        if (!m->of || !m->ids)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < n; i++)
                m->ids[i] = &facts[i];
        qsort(m->ids, n, sizeof(struct drill_fact *), by_id);
        read_story(m, p, facts);
        r = read_rulings(m, p, facts);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (facts[i].label && !m->of[i].n) {
                        m->of[i].steps = facts[i].steps;
                        m->of[i].n = facts[i].n_steps;
                }
        r = match_loose(m, p, facts);
        for (size_t i = 0; r == 0 && i < n; i++)
                if (facts[i].kind != FACT_ALERT && !facts[i].label && !m->of[i].n &&
                    facts[i].n_from)
                        r = inherit(m, facts, i);
        if (r < 0)
                return r;
        *ret = m;
        m = NULL;
        return 0;
}

struct match *match_free(struct match *m) {
        if (m)
                arena_deinit(&m->arena);
        free(m);
        return NULL;
}
