/* What the files of a search's process share: process_search.c (its life), search_show.c (what it found, as lines),
 * search_why.c (one alert's events, and why). */
#ifndef MAIN_SEARCHER_H
#define MAIN_SEARCHER_H

#include "main/seekers.h"
#include "scan/pseudonym.h"
#include "seek/collect.h"
#include "seek/keyed.h"
#include "wire/search.h"

#define SEARCHER_ACCOUNTS 4096u
#define SEARCHER_KINDS 512u

struct searcher_kind {
        char name[60];
        uint32_t len;
        enum names_kind kind;
};

struct searcher {
        struct search_ask ask;
        struct span query, rules, sources; /* of the ask */
        struct query q;
        struct seekers *seekers;
        struct seekers_options so;
        struct reader *reader;
        struct rulebook book;
        struct program *program; /* the node's; SEARCH_EXPLAIN */
        struct collect *collect;
        struct seekers_stats st;
        struct arena arena;
        struct buf out;       /* lines that wait */
        struct names known;   /* whom and what the event at hand names */
        struct names people;  /* of these, people */
        struct keyed *keyed;  /* SEARCH_MASK */
        struct span *allowed; /* names of sources, sorted */
        uint32_t n_allowed;
        int64_t began, told, flushed; /* monotonic */
        uint64_t left_out, shown;
        uint64_t accounts[SEARCHER_ACCOUNTS]; /* said already, by their last bits */
        uint64_t fresh[256];                  /* to be said */
        uint32_t n_fresh;
        struct searcher_kind kinds[SEARCHER_KINDS]; /* of fields' names */
        const struct finding *seen;                 /* searcher_may_show() said yes to it */
        struct buf why, events;                     /* SEARCH_EXPLAIN: parts of the answer */
        unsigned n_why;
        bool got;          /* an event of the record at hand */
        const char *which; /* the event at hand: "first" … */
        uint64_t offset;   /* where in its record it begins */
};

static inline bool searcher_masks(const struct searcher *s) {
        return (s->ask.flags & SEARCH_MASK) != 0;
}
static inline bool searcher_vi(const struct searcher *s) {
        return (s->ask.flags & SEARCH_VI) != 0;
}

/* process_search.c: what waits, to the desk. 0, -EPIPE: nobody reads. */
int searcher_flush(struct searcher *s);
int searcher_frame(struct searcher *s, enum search_frame frame, struct span bytes);

/* search_show.c */
/* Learns whom the event names; false: it is not for the asker (another unit's), or was found by an account's name. */
bool searcher_may_show(struct searcher *s, const struct finding *f);
/* Before searcher_shown() of its values: what the event names. */
void searcher_know(struct searcher *s, const struct finding *f);
/* A value as it is shown. */
struct span searcher_shown(struct searcher *s, struct span name, struct span value);
struct span searcher_counted(void *ctx, const struct finding *f, struct span name,
                             struct span value, struct arena *a);
int searcher_event(void *ctx, const struct finding *f);
int searcher_row(void *ctx, const struct span *values, uint32_t n, uint64_t count);
void searcher_begin(struct searcher *s);
void searcher_progress(struct searcher *s);
void searcher_end(struct searcher *s, const char *state);
/* The record as text: as it is, or, when it is no text, its fields as JSON. *ret_json: which. */
struct span searcher_text(struct searcher *s, const struct finding *f, bool *ret_json);

/* search_why.c */
int searcher_explain(struct searcher *s, const struct finding *f);

#endif
