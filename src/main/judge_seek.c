/* A judge that searches: frames of the store in, events that a query means out. The rules of its
 * program are the query's own terms (seek/query.h); what they cannot say the sieve does. */
#include <stdlib.h>

#include "main/judge.h"
#include "scan/pseudonym.h"
#include "seek/keyed.h"
#include "seek/sieve.h"

struct judge_seek {
        struct query q;
        struct sieve *sieve;
        uint64_t *leaves; /* bits, of each rule of the program */
        uint32_t n_rules;
        struct arena arena, run_arena;
        uint64_t open; /* expressions, when names are masked */
};

struct judge_seek *judge_seek_new(struct span query, bool masked) {
        struct judge_seek *s = calloc(1, sizeof(*s));
        struct query_problem problem;

        if (!s)
                return NULL;
        arena_init(&s->arena, (size_t)1 << 20);
        arena_init(&s->run_arena, (size_t)64 << 10);
        if (query_parse(&s->q, query, &problem) != 0) {
                free(s);
                return NULL;
        }
        if (sieve_new(&s->sieve, &s->q) < 0) {
                query_deinit(&s->q);
                free(s);
                return NULL;
        }
        if (masked) {
                sieve_relax(s->sieve, keyed_relaxed(&s->q));
                s->open = keyed_open(&s->q);
        }
        return s;
}

void judge_seek_rules(struct judge *j) {
        struct judge_seek *s = j->seek;
        uint32_t n = j->program ? program_rules(j->program) : 0;

        s->leaves = calloc(n + 1, sizeof(*s->leaves));
        s->n_rules = s->leaves ? n : 0;
        for (uint32_t i = 0; i < s->n_rules; i++) {
                struct program_rule info;

                if (!program_rule(j->program, i, &info))
                        continue;
                uint32_t leaf = query_leaf_of(info.id);
                if (leaf != UINT32_MAX)
                        s->leaves[i] = UINT64_C(1) << leaf;
                for (uint32_t k = 0; k < s->q.n_leaves && leaf == UINT32_MAX; k++)
                        if (s->q.leaves[k].kind == LEAF_RULE)
                                s->leaves[i] |= UINT64_C(1) << k;
        }
}

bool judge_seek_begin(struct judge *j, const struct run *run, const struct source_name *source) {
        static const uint8_t none[16];
        struct judge_seek *s = j->seek;
        struct sieve_run r = {.source = span_str(source->name),
                              .drill = run->drill,
                              .format = (enum format)run->format};

        arena_reset(&s->run_arena);
        if (memcmp(run->peer, none, sizeof(none)) != 0)
                r.peer = judge_address(&s->run_arena, run->peer);
        if (!r.peer.p)
                r.peer = SPAN("");
        return sieve_begin(s->sieve, &r);
}

bool judge_seek_may(struct judge *j, struct span bytes) {
        return sieve_may(j->seek->sieve, bytes);
}

/* Whether the reader will see names replaced in it; rather once too often. */
static bool names_somebody(const struct event *e, struct arena *a) {
        struct span v = event_user(e, a), home;
        size_t at = 0;

        if (v.p && v.len && !pseudonym_of_nobody(v))
                return true;
        if (names_home(e->raw, &at, &home))
                return true;
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *x = &e->fields[i];

                v = value_text(x, a);
                at = 0;
                if (v.p && v.len &&
                    (names_of_field(span_of(x->name, x->name_len)) == NAMES_USER ||
                     names_home(v, &at, &home)))
                        return true;
        }
        return false;
}

int judge_seek_event(struct judge *j, const struct batch *b, const struct event *e, uint32_t flags,
                     const uint32_t *rules, uint32_t n) {
        struct judge_seek *s = j->seek;
        uint64_t leaves = 0;

        for (uint32_t i = 0; i < n; i++)
                if (rules[i] < s->n_rules)
                        leaves |= s->leaves[rules[i]];
        arena_reset(&s->arena);
        if (s->open)
                sieve_open(s->sieve, names_somebody(e, &s->arena) ? s->open : 0);
        return sieve_event(s->sieve, e, flags, leaves, &s->arena)
                       ? judge_say_event(j, b, e, sieve_leaves(s->sieve), rules, n)
                       : 0;
}
