/* The desk's database: one SQLite file (WAL, synchronous=FULL), one writer. What its tables mean:
 * doc/state.md. Everything between state_begin() and state_commit() lasts together or not at all;
 * after an error the state must be closed (S1): what lies on disk is the last commit.
 *
 * All return 0 or -errno; texts of people and logs must be UTF-8 without NUL (state_text()). */
#ifndef DESK_STATE_H
#define DESK_STATE_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "wire/audit_head.h"

#define STATE_FILE "state.db"
#define STATE_ID_BYTES 16u
#define STATE_RECORDS_MAX 20u      /* samples of an alert */
#define STATE_DRILL_IDS 1000000000 /* alerts of drills have numbers from here on, real ones below */

struct state;

struct state_options {
        const char *path; /* of the file */
        const char *vfs;  /* NULL: SQLite's own */
        bool read_only;   /* -ENOENT when there is none */
};

/* Opens or creates, and brings an older schema up to date (read_only: -ESTALE). -EBADMSG: damaged,
 * or no state of ours; -EPROTO: of a newer version. With a sandbox in mind no file is opened or made after this. */
int state_open(struct state **ret, const struct state_options *o);
struct state *state_free(struct state *s);
CLEANUP(state, state_free)
/* What SQLite says of the last error. Static memory. */
const char *state_error(const struct state *s);

int state_begin(struct state *s);
int state_commit(struct state *s);
/* At a clean end: all goes into the one file and the log is empty, so that the file alone is the state. Closing
 * would remove the log, which the desk's process may not. As far as those who read let it; nothing is lost else. */
void state_rest(struct state *s);
bool state_in_transaction(const struct state *s);
/* The same database by text (sql.h); of a writer only. */
struct sql *state_sql(struct state *s);

/* ---- numbers that have a name ---- */

/* 0 when there is none. */
int state_number(struct state *s, const char *name, int64_t *ret);
int state_set_number(struct state *s, const char *name, int64_t value);

/* ---- what was judged ---- */

struct state_range {
        uint64_t from, to; /* [from, to) */
};
int state_load_ranges(struct state *s, struct state_range *to, uint32_t max, uint32_t *ret_n);
int state_save_ranges(struct state *s, const struct state_range *list, uint32_t n);

/* ---- rules as they were when they said something ---- */

enum state_kind { STATE_RULE = 0, STATE_CORRELATION = 1, STATE_OWN = 2 };

struct state_rule {
        enum state_kind kind;
        unsigned level, status;
        struct span id, version; /* version: STATE_ID_BYTES */
        struct span title, title_vi, description, description_vi, file, tags; /* tags: JSON */
};
/* The rule's number; it is added if it is new. */
int state_rule(struct state *s, const struct state_rule *r, int64_t *ret_ref);
/* Its kind and id; id valid until the next call. -ENOENT. */
int state_rule_id(struct state *s, int64_t ref, enum state_kind *ret_kind, struct span *ret_id);

/* ---- verdicts ---- */

struct state_verdict {
        unsigned char id[STATE_ID_BYTES];
        uint64_t seq;
        int64_t rule, part, alert;
        int64_t time, received;
        uint64_t offset, length;
};
/* 1: it is new; 0: it was there; -errno. */
int state_verdict(struct state *s, const struct state_verdict *v);
/* Forgets the oldest: those of records below seq. */
int state_forget_verdicts(struct state *s, uint64_t below, uint64_t *ret_n);
/* How many there are, and the record of the nth oldest (0: none). */
int state_count_verdicts(struct state *s, uint64_t *ret_n);
int state_nth_verdict(struct state *s, uint64_t nth, uint64_t *ret_seq);

/* ---- hits that correlations may still need ---- */

struct state_hit {
        uint64_t line; /* correlate/live.h; the drill, when none of a source */
        int64_t time, received;
        uint64_t seq;
        int64_t rule;
        struct span body; /* an encoded finding */
};
/* 1: it is new; 0: it was there; -errno. */
int state_hit(struct state *s, const struct state_hit *h);
/* In order of time, for each drill, those not before `since`. Stops when `each` says an error. */
int state_hits(struct state *s, uint64_t line, int64_t since,
               int (*each)(void *ctx, const struct state_hit *h), void *ctx);
int state_forget_hits(struct state *s, uint64_t line, int64_t before, uint64_t *ret_n,
                      uint64_t *ret_bytes);
int state_count_hits(struct state *s, uint64_t *ret_n, uint64_t *ret_bytes);
/* The time of the nth oldest of that drill; TIME_NONE: there are not so many. */
int state_nth_hit(struct state *s, uint64_t line, uint64_t nth, int64_t *ret);

struct state_mark {
        uint64_t line;
        int64_t watermark, clock, received;
};
int state_load_marks(struct state *s, struct state_mark *to, uint32_t max, uint32_t *ret_n);
int state_save_marks(struct state *s, const struct state_mark *list, uint32_t n);

/* The windows of a drill when its watermark was `watermark`, of the correlations `spec`. */
int state_save_snapshot(struct state *s, uint64_t line, int64_t watermark, struct span spec,
                        struct span body);
/* 1: there is one of these correlations, valid until the next call; 0; -errno. */
int state_snapshot(struct state *s, uint64_t line, struct span spec, int64_t *ret_watermark,
                   struct span *ret_body);
/* Hits and windows of drills without a mark. */
int state_forget_drills(struct state *s, uint64_t *ret_n);

/* ---- alerts ---- */

enum alert_status { ALERT_OPEN = 0, ALERT_SUPPRESSED = 1 };
enum alert_entity {
        ENTITY_NONE = 0,
        ENTITY_HOST,
        ENTITY_USER,
        ENTITY_SOURCE,
        ENTITY_GROUP, /* of a correlation: "name=value, …" */
        ENTITY_MANY,  /* too many to tell apart */
};

struct record_ref {
        uint64_t seq, offset, length;
        int64_t time;
};

struct state_alert {
        int64_t id, rule;
        unsigned char key[STATE_ID_BYTES];
        enum alert_status status;
        uint32_t drill;
        enum alert_entity entity_kind;
        struct span entity, host, user, source, exception;
        uint64_t count;
        int64_t first, last; /* of events */
        int64_t first_received, last_received;
        int64_t raised, updated; /* when it was committed first, last */
        struct record_ref records[STATE_RECORDS_MAX];
        uint32_t n_records;
        int64_t retro; /* the run over the past that raised it; 0: none */
};
/* Inserts, or changes what may change. */
int state_save_alert(struct state *s, const struct state_alert *a);
/* which: 0 first, 1 last. `fields` is JSON. */
int state_save_fields(struct state *s, int64_t alert, int which, struct span fields);
/* The alert of that key whose time is within `window` of t, the latest; spans valid until the next
 * call. 1: there is one; 0; -errno. */
int state_find_alert(struct state *s, const unsigned char key[STATE_ID_BYTES], int64_t t,
                     int64_t window, struct state_alert *ret);
int state_last_alert(struct state *s, bool drill, int64_t *ret_id);

/* Verdicts beyond the limit, by rule and hour. */
int state_count_only(struct state *s, int64_t rule, int64_t hour, uint64_t n);

/* ---- the past ---- */

/* Rules that came together came at one time; records below `past` were judged by those before. */
int state_add_epoch(struct state *s, int64_t time, uint64_t past, int64_t *ret_id);
int state_count_epochs(struct state *s, uint64_t *ret_n);
int state_epoch_past(struct state *s, int64_t id, uint64_t past);
/* A rule of now, known since that epoch unless it was known before; `mark` tells it from those that
 * are of now no more, which state_unknow() forgets. */
int state_know(struct state *s, enum state_kind kind, struct span id, struct span version,
               int64_t epoch, int64_t mark);
int state_unknow(struct state *s, int64_t mark);
/* 1: records from *ret_past on were judged by it, those below *ret_covered later; 0: not known. */
int state_known(struct state *s, enum state_kind kind, struct span id, struct span version,
                uint64_t *ret_past, uint64_t *ret_covered);
/* It was run over all records below. */
int state_cover(struct state *s, enum state_kind kind, struct span id, struct span version,
                uint64_t below);
/* Whether a rule of that id, but of another version than `rule`, spoke of that record. 1, 0. */
int state_said(struct state *s, uint64_t seq, int64_t rule, enum state_kind kind, struct span id);
/* The same of what that rule's hit is: kept already by another version. 1, 0, -errno. */
int state_hit_said(struct state *s, const struct state_hit *h, struct span id);

struct state_retro {
        int64_t id, begun, ended; /* ended: TIME_NONE: it was not */
        uint64_t first, past, at; /* of records; everything below `at` is done */
        int64_t since, until;     /* of events; TIME_NONE: any */
        struct span source;       /* empty: any */
        uint64_t rules, verdicts, alerts, doubled, counted, aside;
};
/* One of that key that was interrupted. 1, 0. */
int state_find_retro(struct state *s, struct span key, int64_t *ret_id, uint64_t *ret_at);
int state_add_retro(struct state *s, struct span key, const struct state_retro *r, int64_t *ret_id);
/* Adds the counts to what is there; sets the rest. */
int state_set_retro(struct state *s, const struct state_retro *r);
/* 1; 0: no such run. Valid until the next call. */
int state_get_retro(struct state *s, int64_t id, struct state_retro *ret);

/* ---- exceptions ---- */

struct state_exception {
        struct span id, owner, reason, rules, text; /* text: as it was written */
        int64_t expires;                            /* ns or TIME_NONE */
        uint64_t count;
        int64_t last;
        bool active; /* in the file that is in force */
};
/* Adds or replaces what the file says; keeps the count. */
int state_save_exception(struct state *s, const struct state_exception *e);
int state_retire_exceptions(struct state *s); /* none is active until it is saved again */
int state_count_exception(struct state *s, struct span id, uint64_t n, int64_t last);
int state_exceptions(struct state *s, int (*each)(void *ctx, const struct state_exception *e),
                     void *ctx);

/* ---- the audit log ---- */

/* Appends; each entry's hash covers the one before (doc/state.md says how). */
int state_audit(struct state *s, int64_t time, const char *who, const char *what, struct span about,
                struct span detail);
/* The last entry's number and hash; 0 and zeros when there is none. */
int state_audit_last(struct state *s, int64_t *ret_n, unsigned char ret[AUDIT_HASH_BYTES]);
/* Goes through the chain: 0, or -EBADMSG and the first entry that is not what was written. */
int state_audit_check(struct state *s, uint64_t *ret_n, uint64_t *ret_bad);
/* The same, and each entry's hash as it should be. -errno of `each` ends it. */
typedef int state_audit_each(void *ctx, uint64_t n, const unsigned char hash[AUDIT_HASH_BYTES]);
int state_audit_walk(struct state *s, state_audit_each *each, void *ctx, uint64_t *ret_n,
                     uint64_t *ret_bad);
/* Heads as they are kept, in order (`begun`: false at first); one of another length is zeros. 1; 0: no more; -errno. */
int state_next_head(struct state *s, bool *begun, struct audit_signed *ret);
int state_has_heads(struct state *s); /* 1, 0, -errno: the table */
/* What is read in between is of one commit. */
int state_hold(struct state *s);
void state_let_go(struct state *s);

/* ---- reading, for people ---- */

struct state_filter {
        int64_t since, until; /* of the last event; TIME_NONE: any */
        unsigned min_level;
        struct span rule, entity; /* part of id or title; part of the entity; empty: any */
        struct span tag;          /* prefix of one */
        int status;               /* enum alert_status; -1: any */
        int64_t drill;            /* -1: any; -2: any but 0 */
        int64_t id;               /* 0: any */
        int64_t retro;  /* 0: any; -1: of runs over the past; -2: all others; else a run's */
        uint64_t limit; /* the latest so many; 0: all */
};
int state_alerts(struct state *s, const struct state_filter *f,
                 int (*each)(void *ctx, const struct state_alert *a, const struct state_rule *r),
                 void *ctx);
/* Empty when there are none. Valid until the next call. */
int state_fields(struct state *s, int64_t alert, int which, struct span *ret);

/* Appends `t` as UTF-8 without NUL or ill-formed bytes, at most `max` of its bytes. */
void state_text(struct buf *b, struct span t, size_t max);

#endif
