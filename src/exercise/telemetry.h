/* The generator of telemetry: a step of a scenario, or its background, as the log records that the unit's hosts would
 * have kept. Pure and deterministic: the same plan, cast, step, seed, start and stretch of time give the same bytes.
 * Every record's randomness is keyed by (seed, unit, step, activity, host), so nothing depends on what was made before.
 *
 * What is made is inert text: addresses of the documentation ranges, domains that end in .example, commands that look
 * like a technique and do nothing (doc/telemetry.md). */
#ifndef EXERCISE_TELEMETRY_H
#define EXERCISE_TELEMETRY_H

#include "exercise/plan.h"
#include "wire/batch.h"

/* Of one call; what would be more is refused. */
#define TELEMETRY_RECORDS_MAX 100000u
#define TELEMETRY_BYTES_MAX ((size_t)48 << 20)
#define TELEMETRY_SOURCE_MAX 59u /* wire/replay.h takes no more */

struct telemetry_record {
        int64_t offset; /* ms of the drill */
        const char *
                source; /* "sysmon@HOST": a name of activity_sources[], the host's name as it plays */
        enum format format;
        unsigned step;     /* 0: background; else index + 1 */
        struct span bytes; /* one line, without its end */
};
/* 0, or what telemetry_step() is to end with. */
typedef int telemetry_sink(void *ctx, const struct telemetry_record *r);

struct telemetry_ask {
        const struct plan *plan;
        const struct plan_cast *cast; /* NULL: the template's names */
        unsigned step;                /* index + 1; 0: background of [from, to) */
        uint64_t seed;
        int64_t start_ns; /* event time at drill 0 */
        int64_t at; /* the step's begin, ms of the drill (its plan says a condition, the engine knows) */
        int64_t from, to; /* ms of the drill: only records in it; a step whole: 0, INT64_MAX */
};

/* Records in order of time. 0; -EINVAL: no such step, an unknown activity, a value out of its bounds; -EFBIG: more than
 * TELEMETRY_RECORDS_MAX or _BYTES_MAX; -ENOMEM; what the sink gave. */
int telemetry_step(const struct telemetry_ask *a, telemetry_sink *sink, void *ctx);

/* How many bytes and records at most a background of that many hosts and that time may be asked at once: the longest
 * stretch, ms, that stays within the bounds above. */
int64_t telemetry_noise_stretch(const struct plan *p);

/* ---- JOB_TELEMETRY (wire/job.h) ---- */

/* What the job reads: the plan as its JSON. 0, -ENOMEM. */
int telemetry_ask_encode(const struct telemetry_ask *a, struct span plan_json, struct buf *out);
/* 0; -EBADMSG; -ENOMEM. The plan and the cast are owned by *ret_hold, to be freed by telemetry_hold_free(). */
struct telemetry_hold;
int telemetry_ask_decode(struct span in, struct telemetry_ask *ret,
                         struct telemetry_hold **ret_hold);
struct telemetry_hold *telemetry_hold_free(struct telemetry_hold *h);
CLEANUP(telemetry_hold, telemetry_hold_free)

/* The job itself: an ask to framed records. 0; -EBADMSG, -EINVAL, -EFBIG, -ENOMEM. */
int telemetry_job(struct span in, struct buf *out);
/* The next record of what the job wrote; `*rest` moves behind it. r->source lies in the frame (it ends with a 0).
 * 1; 0: no more; -EBADMSG. */
int telemetry_out_next(struct span *rest, struct telemetry_record *r);

/* ---- recordings (tests only: a storyline of somebody else's) ---- */

/* A record of JSON (one event of Windows, as in the dev set) shifted in time, its host and account names exchanged inside
 * values: longest name first, whole words, whatever their case; keys stay. `names`: pairs from, to. All fields that hold
 * a time are moved by `shift_ns`. 0; -EBADMSG: no JSON object; -ENOMEM. */
struct telemetry_name {
        struct span from, to;
};
int telemetry_record(struct span record, const struct telemetry_name *names, unsigned n,
                     int64_t shift_ns, struct buf *out);
/* Its time as recorded (ns), or -EBADMSG. */
int telemetry_record_time(struct span record, int64_t *ret_ns);

#endif
