/* What a judge says: this rule matched that record. Also what the correlator says.
 * Encoded little-endian with a total length first; the reader checks everything (a judge may be
 * hijacked). */
#ifndef WIRE_FINDING_H
#define WIRE_FINDING_H

#include "base/arena.h"
#include "base/buf.h"

#define FINDING_FIELDS_MAX 1024u
#define FINDING_BYTES_MAX                                                                          \
        ((size_t)64 << 10) /* of names and values; beyond, values are left out and CUT set */

enum {
        FINDING_REPORT = 1u << 0,    /* a person should see it */
        FINDING_CORRELATE = 1u << 1, /* the correlator needs it */
        FINDING_CUT = 1u << 2,       /* fields were left out */
        FINDING_ALERT =
                1u << 3, /* made by a correlation: `rule` counts correlations, see program.h */
};

enum finding_type { FINDING_STRING, FINDING_NUMBER, FINDING_BOOL, FINDING_NULL };

struct finding_field {
        struct span name;  /* as decoded, dotted path */
        struct span value; /* UTF-8 text (may hold ill-formed bytes: escape on output) */
        uint8_t type;      /* enum finding_type */
        bool matched;      /* the rule looked at this field and it was part of the match */
};

/* Which steps of an exercise (wire/exercise.h) the events of an alert belong to: a bit each. */
struct finding_steps {
        uint64_t bits[4];
};

struct finding {
        uint32_t rule; /* index in the program */
        uint32_t flags;
        uint32_t input;    /* index in main's list of inputs */
        uint32_t length;   /* of the raw record, bytes */
        uint64_t offset;   /* of the raw record in the (decompressed) input */
        uint64_t line;     /* 0: no lines; of a search that masks: a bit for each term that holds */
        uint64_t record;   /* number within an EVTX file, Event Record ID; 0: none */
        int64_t time;      /* ns UTC or TIME_NONE */
        uint64_t count;    /* 1; for an alert the number of events (or the value) that raised it */
        int64_t time_last; /* for an alert: of the last event; else = time */
        uint64_t seq;      /* in a node: of the record, else 0 */
        int64_t received;  /* in a node: when; else 0 */
        uint32_t drill;    /* in a node: label of the exercise it belongs to; 0: real */
        struct span host;
        struct span user;
        struct finding_field *fields;
        uint32_t n_fields;
        const struct finding_steps
                *steps; /* of a correlation's in a drill: not encoded; else NULL */
};

/* Appends; cuts fields that would exceed the limits and sets FINDING_CUT. */
void finding_encode(struct buf *b, const struct finding *f);
/* One encoded finding at the start of s; fields in the arena, spans into s. Returns bytes used; 0:
 * more bytes are needed; -EBADMSG: not a finding; -ENOMEM. */
ssize_t finding_decode(struct span s, struct arena *a, struct finding *ret);

#endif
