/* Channels: what one (kind, key1) of events may mean to the rules.
 *
 * Any text can stand in an event's key1, so channels are not made per text but per set of
 * log-source alternatives that hold for it; what no map knows shares one. A channel also knows
 * which key2 (event ids) anybody asks for, alternatives or conditions of rules: the others share
 * one bucket. So the number of buckets depends on the rules, never on the input. */
#include <stdlib.h>

#include "rules/engine.h"

#define TEXTS_MAX 2048u

struct channel_text {
        struct channel_text *next;
        struct channel *channel;
        uint32_t len;
        uint8_t kind;
        char text[];
};

static bool alt_takes_key1(const struct program *g, const struct b_alt *a, struct span key1) {
        for (uint32_t i = 0; i < a->key1.n; i++) {
                const struct b_value *v = &g->values[a->key1.first + i];
                struct span t = blob_str(g, v->text);
                if (v->prefix ? span_starts(key1, t) : span_eq(key1, t))
                        return true;
        }
        return a->key1.n == 0;
}

static int number_cmp(const void *x, const void *y) {
        int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
        return (a > b) - (a < b);
}

static bool push_number(int64_t **list, uint32_t *n, uint32_t *cap, int64_t v) {
        if (*n == *cap) {
                uint32_t c = *cap ? *cap * 2 : 64;
                int64_t *p = realloc(*list, c * sizeof(*p));
                if (!p)
                        return false;
                *list = p;
                *cap = c;
        }
        (*list)[(*n)++] = v;
        return true;
}

static bool rule_numbers(const struct matcher *m, uint8_t kind, const struct b_alt *alt,
                         const struct b_rule *r, int64_t **list, uint32_t *n, uint32_t *cap) {
        const uint32_t *w = m->g->words + r->expr.first;

        for (uint32_t i = 0; i < r->expr.n; i++) {
                if (w[i] >> 28 == WORD_AT_LEAST)
                        i++;
                else if (w[i] >> 28 == WORD_ATOM) {
                        int64_t v = m->key2_slot[kind] == NONE32
                                            ? -1
                                            : bucket_key2_atom(m, alt, w[i] & WORD_ARG,
                                                               m->key2_slot[kind]);
                        if (v >= 0 && !push_number(list, n, cap, v))
                                return false;
                }
        }
        return true;
}

/* Every key2 that somebody asks for. */
static bool collect_numbers(struct matcher *m, struct channel *c) {
        const struct program *g = m->g;
        int64_t *list = NULL;
        uint32_t n = 0, cap = 0, unique = 0;
        bool ok = true;

        for (uint32_t s = 0; ok && s < g->n[SEC_SOURCE]; s++)
                for (uint32_t k = 0; ok && k < g->sources[s].alts.n; k++) {
                        uint32_t ai = g->sources[s].alts.first + k;
                        const struct b_alt *a = &g->alts[ai];
                        bool in = false;
                        for (uint32_t i = 0; !in && i < c->n_alts; i++)
                                in = c->alts[i] == ai;
                        if (!in)
                                continue;
                        for (uint32_t i = 0; ok && i < a->key2.n; i++)
                                ok = push_number(&list, &n, &cap, g->key2[a->key2.first + i]);
                        for (uint32_t i = m->rule_first[s]; ok && i < m->rule_first[s + 1]; i++)
                                ok = rule_numbers(m, c->kind, a, &g->rules[m->source_rules[i]],
                                                  &list, &n, &cap);
                }
        if (n)
                qsort(list, n, sizeof(*list), number_cmp);
        for (uint32_t i = 0; i < n; i++)
                if (i == 0 || list[i] != list[i - 1])
                        list[unique++] = list[i];
        if (ok) {
                c->key2 = arena_alloc(&m->arena, ((size_t)unique + 1) * sizeof(*c->key2));
                ok = c->key2 != NULL;
        }
        if (ok && unique)
                memcpy(c->key2, list, unique * sizeof(*list));
        c->n_key2 = unique;
        free(list);
        return ok;
}

static struct channel *channel_new(struct matcher *m, uint8_t kind, const uint32_t *alts,
                                   uint32_t n) {
        struct channel *c = arena_zalloc(&m->arena, sizeof(*c));

        if (!c)
                return NULL;
        c->kind = kind;
        c->n_alts = n;
        c->alts = arena_alloc(&m->arena, ((size_t)n + 1) * sizeof(*c->alts));
        if (!c->alts)
                return NULL;
        if (n)
                memcpy(c->alts, alts, n * sizeof(*alts));
        if (!collect_numbers(m, c))
                return NULL;
        if (m->n_channels == m->channels_cap) {
                uint32_t cap = m->channels_cap ? m->channels_cap * 2 : 64;
                struct channel **p = realloc(m->channels, cap * sizeof(struct channel *));
                if (!p)
                        return NULL;
                m->channels = p;
                m->channels_cap = cap;
        }
        c->number = m->n_channels;
        m->channels[m->n_channels++] = c;
        return c;
}

static struct channel *channel_find(struct matcher *m, uint8_t kind, struct span key1) {
        const struct program *g = m->g;
        uint32_t n = 0;
        uint32_t *alts = arena_alloc(&m->event_arena, ((size_t)g->n[SEC_ALT] + 1) * sizeof(*alts));

        if (!alts)
                return NULL;
        for (uint32_t i = 0; i < g->n[SEC_ALT]; i++)
                if (g->alts[i].kind == kind && alt_takes_key1(g, &g->alts[i], key1))
                        alts[n++] = i;
        for (uint32_t i = 0; i < m->n_channels; i++) {
                struct channel *c = m->channels[i];
                if (c->kind == kind && c->n_alts == n &&
                    (n == 0 || memcmp(c->alts, alts, n * sizeof(*alts)) == 0))
                        return c;
        }
        return channel_new(m, kind, alts, n);
}

struct channel *channel_of(struct matcher *m, uint8_t kind, struct span key1) {
        uint32_t h = (uint32_t)hash_span(key1, kind) & (CHANNEL_HEADS - 1);

        for (struct channel_text *t = m->channel_text[h]; t; t = t->next)
                if (t->kind == kind && span_eq(span_of(t->text, t->len), key1))
                        return t->channel;
        struct channel *c = channel_find(m, kind, key1);
        if (!c)
                return NULL;
        if (m->n_channel_texts >= TEXTS_MAX) { /* somebody writes what he likes into key1 */
                memset(m->channel_text, 0, sizeof(m->channel_text));
                arena_reset(&m->channel_arena);
                m->n_channel_texts = 0;
        }
        struct channel_text *t = arena_alloc(&m->channel_arena, sizeof(*t) + key1.len);
        if (t) {
                *t = (struct channel_text){m->channel_text[h], c, (uint32_t)key1.len, kind};
                memcpy(t->text, key1.p, key1.len);
                m->channel_text[h] = t;
                m->n_channel_texts++;
        }
        return c;
}
