/* Program × event to hits. One matcher per judge. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "decode/event.h"
#include "rules/program.h"

struct matcher;

struct match_options {
        bool no_memo;         /* match every value anew (for measurements) */
        size_t memory;        /* budget for memo and buckets, bytes; 0: 32 MiB */
        enum level min_level; /* rules below are left out unless a correlation needs them */
        struct span *
                tags; /* only rules with one of these tags (prefix match), or correlations' needs; n_tags 0: all */
        uint32_t n_tags;
        const unsigned char *only; /* of each rule: not 0: it is run; NULL: all are */
        uint32_t n_only;
};

struct match_stats {
        uint64_t events, hits, candidates, values, memo_hits, unclassified,
                regex_limits /* PCRE2 match limit hit */;
};

/* Compiles what the program left to each process (PCRE2 JIT). Must happen before the sandbox. */
int matcher_new(struct matcher **ret, const struct program *g, const struct match_options *o);
struct matcher *matcher_free(struct matcher *m);
CLEANUP(matcher, matcher_free)

/* A new batch: `payload` is what events' `raw` will point into (keyword rules scan it once). */
void matcher_batch(struct matcher *m, struct span payload, enum format f);

/* Rules that match, ascending, valid until the next call. Returns their number. */
uint32_t matcher_run(struct matcher *m, const struct event *e, const uint32_t **ret_rules);

/* For a finding: marks the fields of the last event that took part in `rule`'s match: matched[i] for e->fields[i].
 * Slow; only after matcher_run() for that event returned the rule. */
void matcher_explain(struct matcher *m, const struct event *e, uint32_t rule, bool *matched);

/* Why the rule matched the last event, condition by condition (rules/why.c). Slow; as matcher_explain(). Texts are of the
 * arena or of the program. Returns how many. */
struct match_why {
        uint32_t field;   /* of the event; UINT32_MAX: none of it alone */
        const char *op;   /* is, contains, begins_with, ends_with, is_like, matches, within, below,
                             at_most, above, at_least, missing, present, same_as */
        struct span name; /* as the rule calls it; empty: anywhere in the record */
        struct span text; /* what it is compared with */
};
uint32_t matcher_why(struct matcher *m, const struct event *e, uint32_t rule, struct arena *a,
                     struct match_why *to, uint32_t max);

/* The value under which a rule knows a field of this event (after renames of the log-source map): for correlations. Fields
 * of the rule's `wanted` list, in order; value.p NULL when the event has none. Returns the number of wanted fields. */
uint32_t matcher_wanted(struct matcher *m, const struct event *e, uint32_t rule, struct span *names,
                        struct span *values, uint32_t max);

/* What time it is for what expires; ns since 1970, 0 or less: nothing has expired. */
void matcher_clock(struct matcher *m, int64_t now);

/* An indicator that the last event held. Spans live until the next call of matcher_indicator() or
 * matcher_run(). */
struct match_indicator {
        uint32_t rule, field; /* of the event */
        struct span type, value, name, tlp;
        int64_t expires; /* ns; TIME_NONE: never */
        unsigned confidence;
};
/* The i-th; false: there are fewer. Slow. */
bool matcher_indicator(struct matcher *m, uint32_t i, struct match_indicator *ret);

const struct match_stats *matcher_stats(const struct matcher *m);

#endif
