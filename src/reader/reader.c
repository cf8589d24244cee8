/* See reader.h: one line for each kind of document. */
#include "reader/reader.h"

#include "exercise/exchange.h"
#include "exercise/plan.h"
#include "reader/facts.h"
#include "reader/playbook.h"

int job_reader(struct span in, struct buf *out) {
        if (!in.len)
                return FAIL(-EINVAL);
        struct span rest = span_of(in.p + 1, in.len - 1);

        switch ((unsigned char)in.p[0]) {
        case READER_PLAYBOOK: return playbook_read(rest, out);
        case READER_SCENARIO: return scenario_read(rest, out);
        case READER_EXCHANGE: return exchange_read(rest, out);
        case READER_EXPORT: return exchange_write(rest, out);
        case READER_FACTS: return merge_read(rest, out);
        default: return FAIL(-EINVAL);
        }
}
