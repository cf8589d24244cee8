/* What flow.c (ingest, seals, store) and flow_judge.c (judges, desk, what is judged later) share. */
#ifndef MAIN_FLOW_IMPL_H
#define MAIN_FLOW_IMPL_H

#include "main/flow.h"
#include "main/ranges.h"

#define JUDGE_QUEUE 2u
#define TASKS_MAX 512u
#define INCIDENTS_MAX 64u
#define DESK_ASKED_MAX 64u /* then judging waits: what the desk is to hear must fit its socket */
#define ALONE_DEATHS 3u    /* judges that must die on one record alone: one may be an accident */
#define HELD_MAX 64u       /* of one judge */
#define SUSPECTS_MAX 128u
#define SLOW_FACTOR 30 /* a judge that uses no processor time has that much longer */
#define READ_BYTES ((uint64_t)128 << 10) /* compressed, of one reading from the store */

enum slot_state { SLOT_FREE, SLOT_INGEST, SLOT_FULL };
enum seal_state {
        SEAL_WAITING,
        SEAL_WORKING,
        SEAL_READY,     /* in its half, not yet given to the store */
        SEAL_COMMITTED, /* given to the store */
        SEAL_UNSURE,    /* given to a store that died: its successor knows */
        SEAL_DURABLE,
};

struct slot {
        enum slot_state state;
        enum seal_state seal_state;
        unsigned seal, half, deaths; /* seals that died on it */
        uint32_t bytes, sealed_bytes;
        uint64_t first_seq, end;
        unsigned tasks; /* of judging, waiting or at work */
        bool later;     /* some of it will be judged from the store */
        int64_t since;  /* monotonic: what is in it was received later */
};

struct seal {
        bool ready;
        int fd;
        bool half_busy[SEAL_HALVES];
        bool working;
};

/* A stretch of a batch to be judged. */
struct task {
        bool frames;
        unsigned slot;
        int fd; /* of frames; owned */
        uint64_t bytes;
        uint64_t first_seq;
        uint32_t n_records;
        uint64_t from, to;
        unsigned deaths;
        bool again; /* at a judge when the desk died */
};

/* A judge is done with it, and the desk hears so once all before `need` is durable (F5). */
struct held {
        uint64_t from, to, need; /* from == to: only to empty its outbox */
        bool frames;
};

struct judge {
        bool ready, resting, full; /* full: waits for the desk to empty its outbox */
        bool unread;               /* ended since the desk cannot read what it said */
        int fd;
        uint32_t generation;
        struct task queue[JUDGE_QUEUE];
        unsigned queued;
        struct held held[HELD_MAX]; /* in the order in which it said so */
        unsigned n_held;
        unsigned asked; /* stretches told to the desk as its that are not taken yet */
        uint64_t alone_from, alone_to; /* the suspect it has, and nothing else; from == to: none */
        int64_t began, waited;         /* waited: for the desk, not its fault */
        int64_t began_spent;           /* its processor time then */
};

/* A stretch of which a judge said what the desk could not read. */
struct suspect {
        uint64_t from, to;
        unsigned tries; /* of one record */
};

struct flow {
        struct flow_options o;
        struct flow_calls calls;
        struct flow_stats st;
        struct slot slots[RING_SLOTS];
        unsigned order[RING_SLOTS]; /* full slots, oldest first */
        unsigned n_order;
        struct seal seals[NODE_SEALS_MAX];
        struct judge judges[NODE_JUDGES_MAX];

        bool ingest_ready, ingest_begun, positions_asked;
        bool store_ready, store_met; /* met: next_seq is known */
        int store_refused;           /* why the last store could not begin; 0: it did */
        bool desk_ready, desk_met;
        unsigned desk_asked;     /* batches told to the desk that it has not taken yet */
        uint64_t first_kept;     /* sequence numbers begin here: 1, or 0 in tests */
        uint64_t next_seq;       /* of the next batch of ingest */
        uint64_t committed;      /* everything below was given to the store that lives */
        uint64_t desk_watermark; /* as it said when it came */
        uint64_t judged_max;     /* end of the furthest batch ever said to be judged */
        int64_t filled;          /* monotonic: when ingest handed over the last slot */
        int64_t clock_said;      /* monotonic: when the desk heard last what time it is */

        struct task tasks[TASKS_MAX]; /* waiting; a few at most, so an array will do */
        unsigned n_tasks;
        struct ranges later; /* to be judged from the store */
        struct suspect suspects[SUSPECTS_MAX];
        unsigned n_suspects;
        int reserved;        /* the judge that a suspect waits for; -1 */
        struct ranges aside; /* set aside, and the desk is to hear it from a judge's new life */
        bool reading;
        uint32_t read_token;
        uint64_t read_from, read_to;
        int64_t read_again;                            /* monotonic: not before */
        struct msg_own_alert incidents[INCIDENTS_MAX]; /* for a desk that is not there */
        unsigned n_incidents;
};

/* flow.c */
int flow_send(struct flow *f, enum flow_role role, unsigned index, const void *m, size_t n, int fd);
void flow_slot_judged(struct flow *f, unsigned slot);
void flow_free_slots(struct flow *f);

/* flow_suspect.c */
/* The desk could not read what `judge` (o.judges: one of them) said of [from, to): 1: it is one record, to
 * be set aside. */
int flow_suspect(struct flow *f, unsigned judge, uint64_t from, uint64_t to);
/* The desk took it, or it has gone. */
void flow_unsuspect(struct flow *f, uint64_t from, uint64_t to);
/* What of [from, *to) is to be judged at once: all suspect, or nothing. */
void flow_trim(const struct flow *f, uint64_t from, uint64_t *to);
bool flow_is_suspect(const struct flow *f, const struct task *t);
/* A waiting suspect and the judge that is to have it alone; false: none, or it waits for the judge. */
bool flow_next_suspect(struct flow *f, unsigned *ret_task, unsigned *ret_judge);

/* flow_judge.c */
void flow_judge_slot(struct flow *f, unsigned slot);
void flow_put_off(struct flow *f, unsigned slot); /* its waiting tasks: from the store, later */
void flow_pump_judges(struct flow *f);
int flow_judge_message(struct flow *f, unsigned index, const void *m, size_t n);
int flow_desk_message(struct flow *f, const void *m, size_t n);
int flow_frames(struct flow *f, const struct msg_store_frames *m, int fd);
void flow_judge_died(struct flow *f, unsigned index, uint64_t hint);
void flow_meet_desk(struct flow *f);
void flow_desk_died(struct flow *f);
void flow_judge_ready(struct flow *f, unsigned index, int fd, uint32_t generation);
void flow_drop_tasks(struct flow *f);

#endif
