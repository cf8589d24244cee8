/* A judge's inside: what its two modes share. process_judge.c: a hunt's, stretches of files;
 * judge_node.c: a node's, records from the ring or from the store. */
#ifndef MAIN_JUDGE_H
#define MAIN_JUDGE_H

#include "decode/decode.h"
#include "main/spawn.h"
#include "rules/match.h"
#include "wire/finding.h"
#include "wire/message.h"
#include "wire/outbox.h"
#include "wire/records.h"

#define JUDGE_QUEUE_MAX 16u

enum { RETRO_REPORTS = 1, RETRO_HITS = 2 }; /* bits of judge.only */

struct judge_node;
struct judge_seek;

struct judge {
        int sock;
        const char *ring;
        struct outbox *out;
        uint64_t staged;
        struct program *program;
        struct matcher *matcher;
        struct decoder *decoder;
        struct decode_options decode;
        int64_t from, to; /* TIME_NONE: no bound */
        int64_t now;      /* of a hunt; a node's records bear their own */
        struct arena arena;
        struct buf buf;
        struct work {
                uint32_t slot, skip;
                bool last; /* of those that came together: main is told */
        } queue[JUDGE_QUEUE_MAX];
        unsigned queued;
        uint64_t batches;
        bool *matched; /* [EVENT_FIELDS_MAX] */
        /* Of the event at hand, when n_fields is not 0. */
        struct finding_field *fields;          /* [FINDING_FIELDS_MAX] */
        uint32_t field_of[FINDING_FIELDS_MAX]; /* where each stands in the event; UINT32_MAX: not */
        uint32_t n_fields;
        bool cut_fields;
        struct judge_node *node;   /* NULL: a hunt's */
        const unsigned char *only; /* a run over the past: RETRO_* of each rule; NULL: no such */
        uint32_t n_only;
        struct span only_source; /* p NULL: any */
        struct judge_seek *seek; /* NULL: it judges; else it looks for what a query means */
        bool masked;             /* a search whose reader sees no names */
        uint32_t explain; /* of a search: 1 + the rule that is to say why it matched; 0: none */
};

/* judge_say.c. 0 or -errno; -EPIPE: main has gone. */
int judge_say(struct judge *j, enum outbox_kind kind, struct span bytes);
int judge_say_problem(struct judge *j, const struct batch *b, const struct decode_error *e);
int judge_say_findings(struct judge *j, const struct batch *b, const struct event *e,
                       const uint32_t *rules, uint32_t n);
/* One batch from begin to end; adds to *ret_events and *ret_bad. In a hunt the position in the outbox
 * is that of the record at hand. */
int judge_stretch(struct judge *j, const struct batch *b, uint32_t skip, uint64_t *ret_events,
                  uint64_t *ret_bad);

/* process_judge.c: the next message into the queue, or *ret_emptied. */
int judge_take_message(struct judge *j, bool *ret_emptied);

/* judge_node.c */
struct judge_node *judge_node_new(void);
int judge_node_take(struct judge *j, const void *m, size_t n, int fd);
int judge_node_serve(struct judge *j);
/* Which record the event at hand began in: to the outbox, and for what is said of it. */
void judge_node_at(struct judge *j, const struct batch *b, const struct event *e);
void judge_node_finding(struct judge *j, const struct batch *b, const struct event *e,
                        struct finding *f);
/* Fields that the record's receipt adds to the event's own. */
uint32_t judge_node_fields(struct judge *j, struct finding_field *to, uint32_t room);

/* judge_say.c: the event with all its fields, and the record as event.original; with j->explain, if that is among
 * the rules: `matched` marks, and a field JUDGE_WHY for each condition: field, op, name and text, JUDGE_WHY_BETWEEN
 * between them; else the marks are all false. */
#define JUDGE_WHY "coloa.why"
#define JUDGE_WHY_BETWEEN '\x1f'
#define JUDGE_WHY_MAX 24u
/* `leaves`: of the query, those that hold. */
int judge_say_event(struct judge *j, const struct batch *b, const struct event *e, uint64_t leaves,
                    const uint32_t *rules, uint32_t n);

/* judge_seek.c: a search's judge. */
/* `masked`: names are masked in what is shown: terms that leave out are judged by that (seek/keyed.h). */
struct judge_seek *judge_seek_new(struct span query, bool masked);
/* Which leaves of the query the program's rules are. */
void judge_seek_rules(struct judge *j);
/* The run at hand: false when none of it can match. */
bool judge_seek_begin(struct judge *j, const struct run *run, const struct source_name *source);
/* Whether these bytes of the run may hold a match; SLOT_PADDING readable bytes follow. */
bool judge_seek_may(struct judge *j, struct span bytes);
int judge_seek_event(struct judge *j, const struct batch *b, const struct event *e, uint32_t flags,
                     const uint32_t *rules, uint32_t n);
/* "192.0.2.1", or all eight groups. */
struct span judge_address(struct arena *a, const uint8_t ip[16]);
/* Flags of the record at hand. */
uint32_t judge_node_flags(const struct judge *j);

#endif
