/* What main knows of a node, in a shared page: it alone writes, the console shows. As the counters of
 * ingest (wire/counters.h): every number is stored whole, numbers beside each other may be of
 * different moments, and a reader takes a copy. */
#ifndef WIRE_NODE_STATS_H
#define WIRE_NODE_STATS_H

#include "wire/node.h"

#define NODE_STATS_MAGIC 0x5354534eu
#define NODE_STATS_PROCESSES (8u + NODE_SEALS_MAX + NODE_JUDGES_MAX)

enum process_state {
        PROCESS_DOWN = 0, /* starting, or waiting to be started again */
        PROCESS_UP,
        PROCESS_RENEWED, /* ended by main to make room for one with newer rules */
};

/* An entry without a name is no process. */
struct node_stats_process {
        char name[16];
        uint32_t state, pid;
        uint64_t restarts;
};

/* Append only: the numbers are an interface. */
enum node_number {
        NUMBER_RECEIVED = 0, /* records that ingest handed over */
        NUMBER_BYTES,
        NUMBER_BATCHES,
        NUMBER_DURABLE,   /* gauge: everything below this sequence number is durable */
        NUMBER_WATERMARK, /* gauge: everything below was judged and committed */
        NUMBER_EVENTS,    /* decoded by judges */
        NUMBER_UNREADABLE,
        NUMBER_PUT_OFF,       /* records put off, to be judged from the store */
        NUMBER_BEHIND,        /* gauge: of them, still to be judged */
        NUMBER_SET_ASIDE,     /* records that judges died on */
        NUMBER_SLOTS_FULL,    /* gauge */
        NUMBER_RULES,         /* gauge: loaded */
        NUMBER_CORRELATIONS,  /* gauge */
        NUMBER_RULES_REFUSED, /* gauge */
        NUMBER_GENERATION,    /* gauge: how often rules were loaded */
        NUMBER_GIVEN_UP,      /* matches of regular expressions */
        NUMBER_INDICATORS,    /* gauge: in force; then of them, by kind as enum intel_kind */
        NUMBER_INDICATORS_ADDRESS,
        NUMBER_INDICATORS_DOMAIN,
        NUMBER_INDICATORS_URL,
        NUMBER_INDICATORS_HASH,
        NUMBER_INDICATORS_JA3,
        NUMBER_INDICATORS_EXPIRED, /* gauge: left out, as they had ended */
        NUMBER_INDICATORS_LEFT,    /* gauge: left out for whatever reason */
        NUMBER_VERDICTS,           /* of the desk, from here on */
        NUMBER_DOUBLED,
        NUMBER_COUNTED,
        NUMBER_REFUSED,
        NUMBER_ALERTS,
        NUMBER_SUPPRESSED,
        NUMBER_FOLDED,
        NUMBER_HITS,
        NUMBER_HITS_FORGOTTEN,
        NUMBER_COMMITS,
        NUMBER_COMMIT_MAX_NS, /* gauge: the longest commit */
        NUMBER_INDICATOR_HITS,
        NUMBER_OUTGOING_QUEUED, /* gauge: mails and webhooks that wait */
        NUMBER_OUTGOING_FAILED, /* gauge: that failed for good */
        NUMBER_OUTGOING_OLDEST, /* gauge: seconds that the oldest waits */
        NUMBER_TURNS_SLOW,      /* turns of the desk that held it longer than 20 ms */
        NUMBER_TURN_MAX_NS,     /* gauge: the longest of them */
        NUMBER_EXERCISES,       /* gauge: that run */
        NUMBER_EXERCISE_PLAYS,  /* gauge: units that play */
        NUMBER_INJECTS_LATE,    /* delivered over 2 s after their time */
        NUMBER_DRILL_BEHIND,    /* gauge: ms of the drill's clock that telemetry is late */
        NUMBER_DRILL_FAILED,    /* telemetry that could not be made */
        NUMBER_COURIER_MAILS,   /* of the courier, from here on */
        NUMBER_COURIER_WEBHOOKS,
        NUMBER_COURIER_ASKS,
        NUMBER_COURIER_FAILED,
        NUMBER_COURIER_REFUSED,
        NUMBER_MAX,
};

struct node_stats_page {
        uint32_t magic, version;
        int64_t started, updated; /* ns UTC; updated several times a second */
        uint32_t condition;       /* enum store_condition */
        uint32_t stopping, store_known, reserved;
        uint64_t numbers[64];
        struct node_stats_process processes[NODE_STATS_PROCESSES];
};

/* "desk_verdicts", and one English line on it. NULL beyond the last. */
const char *node_number_name(enum node_number n);
const char *node_number_help(enum node_number n);
bool node_number_is_gauge(enum node_number n);

/* By a reader: names end and are printable. false: no page yet. */
bool node_stats_copy(const struct node_stats_page *page, struct node_stats_page *ret);

#endif
