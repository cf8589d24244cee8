/* The desk: what judges say becomes alerts that last. Everything it knows is in its database
 * (desk/state.h), or can be made from that again. No kernel calls but SQLite's, no clock: times are
 * given.
 *
 * An error (-errno) from any function means that memory may be ahead of the disk: the caller ends
 * the process, and its successor goes on from the last commit. Whatever was taken and not committed
 * must then be judged again from desk_watermark() on; nothing is doubled by that. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "correlate/live.h"
#include "desk/state.h"
#include "wire/node.h"
#include "wire/outbox.h"

struct desk;

struct desk_options {
        struct state_options state;
        int64_t window;   /* ns since an alert's last event within which another joins it; 0: 1 h */
        int64_t lateness; /* of correlations (correlate/live.h); 0: its defaults */
        int64_t skew;
        uint32_t rate;           /* verdicts of a rule in a second, one by one; 0: 2,000 */
        uint32_t alerts_of_rule; /* new ones in an hour, told apart; 0: 500 */
        uint32_t alerts_in_hour; /* of all rules; 0: 20,000 */
        uint64_t blob_bytes;     /* of all attached content; 0: 4 GiB */
        uint32_t alert_days;     /* alerts are kept since they were last touched; 0: for ever */
        uint64_t verdicts;       /* kept; 0: 1,000,000 */
        uint64_t hits;           /* kept for correlations; 0: 300,000 */
        uint64_t hit_bytes;      /* 0: 128 MiB */
        size_t pending;          /* of live_options */
        struct correlate_options correlate;
};

struct desk_stats {
        uint64_t watermark;  /* everything below was judged */
        uint64_t ranges;     /* of what was judged, that do not touch */
        uint64_t verdicts;   /* taken one by one */
        uint64_t doubled;    /* said before: nothing came of it */
        uint64_t counted;    /* beyond a rule's limit */
        uint64_t indicators; /* found: verdicts of their rules, those beyond the limit too */
        uint64_t refused;    /* that no judge may say: unknown rule, impossible sequence number */
        uint64_t problems;   /* records that judges could not read */
        uint64_t alerts;     /* new ones */
        uint64_t suppressed; /* verdicts under an exception */
        uint64_t folded;     /* verdicts whose entity was not told apart: too many new alerts */
        uint64_t drill_verdicts, drill_counted, drill_alerts; /* of drills: in none of the others */
        uint64_t hits;                                        /* for correlations */
        uint64_t alerts_removed;                              /* too old */
        uint64_t hits_forgotten; /* before their time, for want of room */
        uint64_t commits;
        int64_t commit_ns;                                            /* of the longest */
        uint64_t outgoing_queued, outgoing_failed, outgoing_oldest_s; /* every half minute */
        uint64_t exercises, exercise_plays, injects_late, drill_behind_ms, drill_failed;
        struct live_stats live;
        struct correlate_stats correlate;
};

enum {
        DESK_E_JUDGE = 1,      /* the judge broke the format of its outbox */
        DESK_E_GENERATION = 2, /* of rules that the desk does not have */
        DESK_E_REFUSED = 3,    /* a program or list that is none; nothing changed */
};

/* Opens or creates the state. As state_open(). */
int desk_open(struct desk **ret, const struct desk_options *o);
struct desk *desk_free(struct desk *d);
CLEANUP(desk, desk_free)
/* What SQLite said last. */
const char *desk_error(const struct desk *d);

/* Rules from now on; those of the last few generations stay known. `p` is the desk's from here on
 * (unmapped), whatever comes of it. 0, DESK_E_REFUSED, -errno. */
int desk_program(struct desk *d, uint32_t generation, void *p, size_t len);
/* A judge's outbox, the desk's from here on (unmapped). 0, -EPROTO. */
int desk_outbox(struct desk *d, uint32_t judge, struct outbox *o);
/* The list of exceptions (doc/exceptions.md). DESK_E_REFUSED: `said` has why, the old one stays. */
int desk_exceptions(struct desk *d, struct span name, struct span text, int64_t wall,
                    struct buf *said);

/* The law, as rules/regime.c makes it: an array. DESK_E_REFUSED: it is none, those before stay. */
int desk_regimes(struct desk *d, struct span json);

/* A playbook that ships with the program (doc/playbooks.md): kept unless it is already. 0, DESK_E_REFUSED: it is
 * none; -errno. */
int desk_playbook(struct desk *d, struct span json, int64_t wall);
/* A scenario that ships with the program (doc/scenarios.md), the same. */
int desk_scenario(struct desk *d, struct span yaml, int64_t wall);
/* What the configuration file says, as [{name, value}], to be shown to who may see settings; no secrets. DESK_E_REFUSED. */
int desk_configuration(struct desk *d, struct span json);

/* Takes all the judge said of records below m->first_seq; then [m->from, m->to) is judged. 0, DESK_E_*: the stretch is not marked;
 * -errno. Durable with the next desk_commit(). */
int desk_batch(struct desk *d, const struct msg_judge *m, int64_t mono, int64_t wall);
/* The node itself has something to say. */
int desk_own(struct desk *d, const struct msg_own_alert *m, int64_t wall);
/* Into the audit log. */
int desk_audit(struct desk *d, const struct keep_audit *a, int64_t wall);
/* Everything received before was judged, and what judges said of it was taken. */
int desk_clock(struct desk *d, int64_t received);
/* What ingest counts: shared memory that stays. */
struct counters_page;
void desk_counters(struct desk *d, const struct counters_page *page);
/* Whether something waits to be committed. */
bool desk_dirty(const struct desk *d);
/* At most one transaction. 0 or -errno. */
int desk_commit(struct desk *d, int64_t mono, int64_t wall);
/* After the last commit, when the process ends: state_rest(). */
void desk_rest(struct desk *d);

/* ---- the past: one run of rules over what is kept (doc/retro.md) ---- */

struct desk_retro {
        struct span key;      /* of what is run over what: STATE_ID_BYTES */
        uint64_t first, past; /* records [first, past) */
        int64_t since, until; /* of events; TIME_NONE: any */
        struct span source;   /* empty: any */
        uint32_t rules;       /* how many */
        bool whole;           /* it cannot be gone on with: from the beginning */
        struct span who;      /* for the audit log */
};
enum { DESK_E_BUSY = 4, DESK_E_MORE = 5 };
/* `p`, its program, is the desk's from here on (unmapped). *ret_at: where it goes on. 0, DESK_E_BUSY,
 * DESK_E_REFUSED, -errno. */
int desk_retro_begin(struct desk *d, const struct desk_retro *o, void *p, size_t len, int64_t wall,
                     int64_t *ret_run, uint64_t *ret_at);
/* Encoded findings of all records from before up to `next`; `p` is the desk's from here on; NULL: none. 0,
 * DESK_E_BUSY (the last ones are not taken yet), -EPROTO: no run is on. */
int desk_retro_give(struct desk *d, void *p, size_t len, uint64_t next);
/* Takes up to n of them. DESK_E_MORE; 0: none are left; DESK_E_JUDGE: they are none. */
int desk_retro_work(struct desk *d, uint32_t n, int64_t mono, int64_t wall);
/* A record that could not be judged. */
int desk_retro_aside(struct desk *d, uint64_t seq, int64_t wall);
/* All is done. `rules`: which ran over all records below `past` whoever sent them, whenever they
 * happened (RETRO_CORRELATION: that one of the correlations). */
#define RETRO_CORRELATION (UINT32_C(1) << 31)
int desk_retro_end(struct desk *d, const uint32_t *rules, uint32_t n, int64_t wall);
/* Whoever ran it has gone; what was committed stays. */
void desk_retro_leave(struct desk *d);
/* What came of the last one in this life, as committed: counts only. */
const struct state_retro *desk_retro_now(const struct desk *d);

/* Everything below was judged and committed. */
uint64_t desk_watermark(const struct desk *d);
/* Nothing between what was judged is missing. */
bool desk_whole(const struct desk *d);
void desk_stats(const struct desk *d, struct desk_stats *ret);

#endif
