/* What the console shows of a node, made from the two shared pages. Both are copies; either may be
 * missing (NULL): what it would tell is left out, or named. */
#ifndef CONSOLE_PAGES_H
#define CONSOLE_PAGES_H

#include "base/buf.h"
#include "wire/counters.h"
#include "wire/node_stats.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* OpenMetrics text, ends with "# EOF". */
void metrics_write(struct buf *out, const struct counters_page *c, const struct node_stats_page *n);

/* 200 and "ok", or 503 and a line for each reason. `now`: ns UTC. */
int health_write(struct buf *out, const struct counters_page *c, const struct node_stats_page *n,
                 int64_t now);

#endif
