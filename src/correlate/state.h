/* What the correlator keeps, for the files of this room only. */
#ifndef CORRELATE_STATE_H
#define CORRELATE_STATE_H

#include "base/timestamp.h"
#include "correlate/correlate.h"

/* When a condition is judged (doc/correlation.md). */
enum mode {
        MODE_AT_ONCE,  /* at every hit, over the timespan before it: more events can only make it
                          truer */
        MODE_COMPLETE, /* at every hit, but only over windows that are as long as the timespan */
        MODE_CLOSED,   /* once, when the timespan after the group's first hit is over */
};

/* What a window holds. */
enum shape { SHAPE_COUNT, SHAPE_DISTINCT, SHAPE_SEEN, SHAPE_ORDER, SHAPE_SAMPLES };

/* SHAPE_COUNT at once: the times of the last `need` hits. Closed: only n. */
struct ring {
        int64_t *t;
        uint32_t cap, head, n; /* head: the oldest */
        uint64_t total;        /* closed */
};

/* SHAPE_DISTINCT: values by two hashes, and the order in which they were last seen. */
struct value {
        uint64_t h1, h2;
        int64_t t;
        uint32_t newer, older, chain; /* index + 1; 0: none */
};
struct distinct {
        struct value *v;
        uint32_t *buckets; /* behind v, in the same block; index + 1; as many as cap */
        uint32_t cap, n, free, newest, oldest;
};

/* SHAPE_SAMPLES: numbers by time; the sum; for median and percentile also in order of size. */
struct sample {
        int64_t t;
        double v;
        uint64_t n; /* hits of the same instant are one sample where only the sum matters */
};
struct samples {
        struct sample *s;
        uint32_t cap, head, n;
        double *sorted;
        uint32_t sorted_cap;
        uint64_t hits;
        double sum, lost; /* Neumaier's compensated sum */
};

/* When a hit of a step came last (group.c). */
struct step_seen {
        int64_t t;
        uint32_t step, reserved;
};

struct group {
        struct group *chain;         /* in its bucket */
        struct group *newer, *older; /* by last touch */
        struct group *due_next, *due_prev;
        uint64_t hash;
        int64_t touched, opened, last_t; /* last_t: of the last hit that counted, or TIME_NONE */
        bool on;                         /* the condition held when it was judged last */
        bool open; /* a window is to be closed at opened + timespan: in the list of due ones */
        bool busy; /* somebody holds a pointer: not to be evicted */
        bool seen_event; /* last_input, last_offset, last_seq say which record was counted last */
        uint32_t last_input, key_len, blob_len;
        uint32_t mark;     /* snapshot.c: its number */
        uint32_t blob_ref; /* which of the correlation's refs the blob was a hit of */
        uint64_t last_offset, last_seq;
        char *blob;              /* MODE_COMPLETE, MODE_CLOSED: the last hit, encoded */
        struct step_seen *steps; /* of a drill: which steps its hits were of; else NULL */
        uint32_t n_steps;
        union {
                struct ring ring;
                struct distinct distinct;
                struct samples samples;
                int64_t *times; /* SEEN: n_refs, last seen. ORDER: 2 × n_refs, see window.c */
        };
        char key[];
};

struct corr {
        const struct correlation *spec;
        enum mode mode;
        enum shape shape;
        uint32_t need; /* COUNT, DISTINCT: more than this many need not be told apart */
        struct group **buckets;
        uint32_t n_buckets, n_groups;
        struct group *newest, *oldest;
        struct group *due_first, *due_last;
        size_t used; /* bytes charged */
};

/* Who listens to a rule or a correlation; sorted. */
struct route {
        bool is_correlation;
        uint32_t index, corr, ref;
};

struct correlator {
        struct corr *c;
        uint32_t n;
        struct route *routes;
        uint32_t n_routes;
        size_t used, budget;
        uint32_t max_groups;
        uint64_t key;
        int64_t now;
        int64_t next_due;    /* no window is to be closed before */
        unsigned deliveries; /* caused by the hit at hand */
        struct correlate_stats stats;
        correlate_sink sink;
        void *ctx;
        struct buf text, blob;
        struct arena arena; /* of the hit at hand */
};

/* Whether b came no more than `span` after a; a <= b. */
static inline bool within(int64_t a, int64_t b, int64_t span) {
        return (uint64_t)b - (uint64_t)a <= (uint64_t)span;
}

static inline int64_t later(int64_t t, int64_t span) {
        int64_t r;

        return __builtin_add_overflow(t, span, &r) ? INT64_MAX : r;
}

/* ---- group.c: memory that is charged, groups, eviction ---- */

/* Resizes a group's memory, charged to its correlation; others' and its own neighbours' groups are
 * evicted for it, the greediest correlation's first. NULL: nothing is left to evict, or no memory;
 * `p` is as it was. */
void *group_realloc(struct correlator *q, struct corr *c, struct group *g, void *p, size_t old_size,
                    size_t size);
/* The group of that key; a new one, of zeroes, if there is none. NULL: no memory. Touches it. */
struct group *group_get(struct correlator *q, struct corr *c, struct span key, uint64_t hash);
/* A hit of a drill's step, at that time. Those older than the window are forgotten. */
void group_step(struct correlator *q, struct corr *c, struct group *g, uint32_t step, int64_t t);
/* Those with a hit since `first`. */
void group_steps(const struct group *g, int64_t first, struct finding_steps *ret);
void group_drop(struct correlator *q, struct corr *c, struct group *g);
/* Drops groups that no window can need any more. */
void group_tidy(struct correlator *q, struct corr *c);
void group_due_add(struct correlator *q, struct corr *c, struct group *g);
void group_due_remove(struct corr *c, struct group *g);

/* ---- window.c: what one group counts ---- */

#define MEASURES_MAX 64u

/* A hit as a window needs it. */
struct mark {
        int64_t t;
        const struct route *refs; /* the routes that led here: all of one correlation */
        uint32_t n_refs;
        bool new_event; /* not the record of the mark before */
        uint64_t h1, h2;
        double values[MEASURES_MAX];
        uint32_t n_values;
};

/* Takes the hit in. What is older than the timespan must have been expired. */
void window_add(struct correlator *q, struct corr *c, struct group *g, const struct mark *m);
/* The condition over what is in the window (expired up to t). */
struct verdict {
        bool holds;
        double value;
        int64_t first; /* time of the first event that counts */
};
struct verdict window_judge(const struct corr *c, const struct group *g, int64_t t);
/* Forgets what is older than the timespan before t. */
void window_expire(const struct corr *c, struct group *g, int64_t t);
void window_free(struct correlator *q, struct corr *c, struct group *g);
/* What the window holds, and back into one that is empty; false: that is none. */
void window_save(const struct corr *c, const struct group *g, struct buf *b);
bool window_load(struct correlator *q, struct corr *c, struct group *g, struct span *s);
/* Sets mode, shape and need. */
void window_plan(struct corr *c);

#endif
