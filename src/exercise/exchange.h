/* Scenarios of other formats, in and out: CEXF (MISP), Attack Flow (STIX 2.1), MSEL as a table (CSV), layers of the
 * ATT&CK Navigator (out only). What they say and we do not know is kept, what we say and they do not is carried along
 * where they have a place for it (doc/scenarios.md). */
#ifndef EXERCISE_EXCHANGE_H
#define EXERCISE_EXCHANGE_H

#include "exercise/plan.h"

#define EXCHANGE_BYTES_MAX ((size_t)4 << 20)

enum exchange_format { EXCHANGE_CEXF = 1, EXCHANGE_ATTACK_FLOW, EXCHANGE_MSEL, EXCHANGE_NAVIGATOR };

/* A foreign document, whichever of the three it is. `out`: {"faults": [as scenario_read()], "n_faults", "warnings",
 * "n_warnings", "lint": [what scenario_read() says of "yaml"], "format": "cexf"|…, "yaml": text|null, "would":
 * text|null}: with a fault nothing is taken, and "would" is what the rest would give. 0, whatever the document is; -ENOMEM. */
int exchange_read(struct span in, struct buf *out);

/* A scenario's YAML as another format: {"faults", "n_faults", "warnings", "n_warnings", "text": text|null}. `in`: one
 * byte of enum exchange_format, then the YAML. 0; -EINVAL: no such format; -ENOMEM. */
int exchange_write(struct span in, struct buf *out);

/* ---- for the files of it ---- */

void plan_yaml(const struct plan *p, struct buf *out);
void plan_yaml_time(struct buf *b, int64_t ms);

void cexf_write(const struct plan *p, struct buf *out);
void attack_flow_write(const struct plan *p, struct buf *out);
void msel_write(const struct plan *p, struct buf *out);
void navigator_write(const struct plan *p, struct buf *out);

#endif
