/* The console of a node, for now its numbers and its health over HTTP: /metrics, /healthz. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "wire/counters.h"
#include "wire/node_stats.h"

struct console_setup {
        int listener; /* listening, non-blocking */
        int sock;     /* to main: closed when the node ends */
        const struct counters_page *counters;
        const struct node_stats_page *stats;
};

/* 0 when main has gone, -errno. */
int console_run(const struct console_setup *setup);

#endif
