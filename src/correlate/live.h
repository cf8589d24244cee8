/* Correlation of what arrives now: hits in any order in, alerts out in the order of event time. Pure:
 * no clock, no files. `correlate.key` must be the same for the life of what is saved. What its times mean: doc/correlation.md, "Live".
 *
 * Hits wait in a bounded heap until the watermark has passed them: the clock of events less the
 * lateness allowed. Each play of an exercise (of the label, `drill` of a hit; 0: real) has a correlator, a
 * watermark and a clock of its own: a line. What comes too late for the line of real events, an import of old logs or
 * a sender that was cut off, is correlated in a line of its source's own. */
#ifndef CORRELATE_LIVE_H
#define CORRELATE_LIVE_H

#include "correlate/correlate.h"

struct live;

struct live_options {
        int64_t lateness;    /* ns; 0: 60 s */
        int64_t skew;        /* ns an event may be ahead of its receipt; 0: 5 min */
        size_t pending;      /* bytes of waiting hits, of all drills together; 0: 32 MiB */
        uint32_t max_drills; /* plays at a time; 0: 400; the one untouched for longest goes first */
        size_t drill_memory; /* of the windows of all plays together; 0: 64 MiB; the same goes first */
        int64_t behind;      /* lateness in the lines of sources; 0: 1 h; -1: no such lines */
        uint32_t max_behind; /* sources at a time; 0: 8; the one untouched for longest ends first */
        struct correlate_options
                correlate; /* of real events; a play or a source has a quarter of the memory at most */
};

struct live_stats {
        uint64_t hits;         /* that came */
        uint64_t late;         /* behind the watermark: not correlated */
        uint64_t behind;       /* correlated in lines of their sources */
        uint64_t turned;       /* such lines that ended as their source went further back */
        uint64_t future;       /* too far ahead of their receipt: taken as of their receipt */
        uint64_t timeless;     /* of unknown time: not correlated */
        uint64_t hurried;      /* given to the correlator before their time, for want of room */
        uint64_t drills_ended; /* for want of room: one too many, or too much memory of all */
        uint64_t drill_memory; /* of their windows now */
        uint64_t pending, pending_bytes, pending_peak;
};

/* What lasts of one drill's time, to go on after a restart. */
struct live_mark {
        uint64_t line;     /* the play; or of a source, see LINE_IS_SOURCE() */
        int64_t watermark; /* no hit before it is correlated any more; TIME_NONE: none yet */
        int64_t clock;     /* of events; TIME_NONE */
        int64_t received;  /* when the clock was moved last */
};

/* A line of a source: its number + 1 above, below it which of its lines. */
#define LINE_IS_SOURCE(line) ((line) >> 32 != 0)

enum { LIVE_E_LATE = 1, LIVE_E_TIMELESS = 2 };

/* `f` as correlate.h says of its sink; valid during the call. */
typedef void (*live_sink)(void *ctx, uint32_t drill, const struct finding *f);

/* `c` stays the caller's and must outlive it. `o` may be NULL. -ENOMEM. */
int live_new(struct live **ret, const struct correlation *c, uint32_t n,
             const struct live_options *o, live_sink sink, void *ctx);
struct live *live_free(struct live *l);
CLEANUP(live, live_free)

/* When a hit counts: its own time, or that of its receipt when that is too far ahead; TIME_NONE: it is
 * of unknown time or too late now, and live_push() would only count it. *ret_line: where it would go. */
int64_t live_time(const struct live *l, const struct finding *f, uint64_t *ret_line);
/* A hit: seq, received and drill are those of its record, `rule` is of the rules that `c` speaks of.
 * It waits; the clock is moved by live_settle(). 0, LIVE_E_LATE, LIVE_E_TIMELESS, -ENOMEM. */
int live_push(struct live *l, const struct finding *f);
/* All hits of records below seq were pushed: their times move the clocks, and what is due is
 * correlated. Sequence numbers that judges finish out of turn do not make each other late. */
int live_settle(struct live *l, uint64_t seq);
/* All hits of records received before `received` were pushed: quiet periods pass too. */
int live_clock(struct live *l, int64_t received);

/* ---- going on after a restart, or with other rules: before the first push ---- */

/* Whatever is fed back from before the mark raises no alert: it did. */
int live_resume(struct live *l, const struct live_mark *m);
/* Then, if there is one: what live_save() gave when that drill's watermark was `watermark`. Hits from
 * there on are to be fed back, and the windows are exactly those that were. Without it, or when it is of
 * other correlations (-EBADMSG, nothing happened), hits of twice live_span() before the mark are: those
 * windows that are judged when they are over may begin at other hits than before. */
int live_restore(struct live *l, uint64_t line, int64_t watermark, struct span saved);
/* Hits kept, in order of time for each drill. 0, LIVE_E_TIMELESS, -ENOMEM. */
int live_refeed(struct live *l, uint64_t line, const struct finding *f);
/* Nothing more is fed back. */
int live_resumed(struct live *l);

/* The nth drill's mark, 0 first if there is one; false: no more. */
bool live_mark_at(const struct live *l, uint32_t nth, struct live_mark *ret);
/* Appends the windows of a drill; -ENOENT: no such drill. */
int live_save(const struct live *l, uint64_t line, struct buf *to);
/* The longest timespan of the correlations: what must be kept to go on. 0: none. */
int64_t live_span(const struct live *l);
const struct live_stats *live_stats(const struct live *l);
/* Of all correlators there are now, added up. */
void live_correlate_stats(const struct live *l, struct correlate_stats *ret);

#endif
