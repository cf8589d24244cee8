/* Foreign documents in, plain messages out: what the job JOB_READER runs in its sandbox (wire/job.h). Pure:
 * no kernel, no clock. The first byte of the input says what the rest is. */
#ifndef READER_READER_H
#define READER_READER_H

#include "base/buf.h"

enum reader_kind {
        READER_PLAYBOOK = 1, /* CACAO 2.0; out: reader/playbook.h */
        READER_SCENARIO,     /* a scenario's YAML; out: scenario_read() of exercise/plan.h */
        READER_EXCHANGE, /* CEXF, Attack Flow, MSEL; out: exchange_read() of exercise/exchange.h */
        READER_EXPORT,   /* a scenario's YAML to one of them; exchange_write() */
        READER_FACTS,    /* facts of a unit that was alone; reader/facts.h */
};

/* 0: `out` has what came of it, faults of the document too. -EINVAL: no such kind, or nothing; -ENOMEM. */
int job_reader(struct span in, struct buf *out);

#endif
