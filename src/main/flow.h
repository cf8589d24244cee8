/* What goes where in a node: slots from ingest to the seals, the store and the judges, and back to
 * ingest. Knows nothing of processes but what they say: main/keeper.h starts and ends them, tests
 * play them. Nothing here looks into a record.
 *
 * Rules that hold whatever dies when (numbers are cited by asserts and tests):
 *   F1. A slot is given to ingest again only when its batch is durable and judged, or durable and
 *       noted as to be judged from the store.
 *   F2. Batches reach the store in the order of their sequence numbers, without a gap.
 *   F3. Every record is judged, or named in an incident, before the desk's watermark passes it.
 *   F4. What one process says moves only what was given to it; anything else ends it.
 *   F5. The desk takes only what was said of durable records: the number of one that a crash lost is
 *       given to another, and of that one nobody may have said anything. */
#ifndef MAIN_FLOW_H
#define MAIN_FLOW_H

#include "wire/message.h"
#include "wire/node.h"

struct flow;

enum flow_role { FLOW_INGEST, FLOW_STORE, FLOW_DESK, FLOW_SEAL, FLOW_JUDGE, FLOW_ROLES };

struct flow_calls {
        void *ctx;
        /* fd: -1 for none; stays the caller's. -errno: it does not listen; it is ended then. */
        int (*send)(void *ctx, enum flow_role role, unsigned index, const void *m, size_t n,
                    int fd);
        /* It broke the rules or takes too long: end it. flow_died() follows. */
        void (*end)(void *ctx, enum flow_role role, unsigned index, const char *why);
        /* A line for the log. `seq` UINT64_MAX: about no record. */
        void (*note)(void *ctx, int level, const char *text, uint64_t seq);
        int64_t (*now)(void *ctx); /* monotonic, ns */
        /* Processor time that a judge has used so far, ns. */
        int64_t (*spent)(void *ctx, unsigned judge);
};

struct flow_options {
        unsigned slots;      /* at most RING_SLOTS */
        unsigned seals;      /* at most NODE_SEALS_MAX */
        unsigned judges;     /* at most NODE_JUDGES_MAX */
        int64_t judge_limit; /* ns of processor time for one batch; 0: 2 s */
};

struct flow_stats {
        uint64_t received, batches, bytes; /* records and payload that ingest handed over */
        uint64_t durable;                  /* everything below this sequence number */
        uint64_t judged;                   /* the desk's watermark, as far as known */
        uint64_t events, bad;              /* decoded by judges */
        uint64_t given_up;                 /* matches of regular expressions that cost too much */
        uint64_t later;                    /* records put off, to be judged from the store */
        uint64_t behind;                   /* of them, still to be judged */
        uint64_t set_aside;                /* records that judges died on */
        uint32_t full_slots, condition;    /* enum store_condition */
};

int flow_new(struct flow **ret, const struct flow_options *o, const struct flow_calls *calls);
struct flow *flow_free(struct flow *f);
CLEANUP(flow, flow_free)

/* A process waits for work. `fd`: a seal's output or a judge's outbox, lent until it died. `generation`
 * of the rules that a judge has. The store and the desk say themselves when they are ready. */
void flow_ready(struct flow *f, enum flow_role role, unsigned index, int fd, uint32_t generation);
/* The sequence number of the record a judge was at when it died: a hint that may lie. */
void flow_died(struct flow *f, enum flow_role role, unsigned index, uint64_t hint);
/* 0; -EPROTO: not what it may say now: the caller ends it. `fd` stays the caller's. */
int flow_message(struct flow *f, enum flow_role role, unsigned index, const void *m, size_t n,
                 int fd);
/* At least five times a second: ends judges that take too long. */
void flow_tick(struct flow *f);

/* The judge has nothing to do and gets nothing any more until it died: to be replaced. */
bool flow_rest_judge(struct flow *f, unsigned index);
/* Ingest was told to begin. */
bool flow_begun(const struct flow *f);
/* The store is asked for its positions once more: they come as STORE_POSITIONS, and go nowhere. */
void flow_ask_positions(struct flow *f);
/* All that was handed over is durable. */
bool flow_settled(const struct flow *f);
const struct flow_stats *flow_stats(const struct flow *f);
/* The node's own alert goes to the desk, now or when there is one again (a few are kept). */
void flow_incident(struct flow *f, const struct msg_own_alert *a);

#endif
