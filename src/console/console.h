/* The console of a node: its numbers and its health over HTTP (/metrics, /healthz), and on an address of its own
 * the pages and the API (web.h). */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "wire/counters.h"
#include "wire/node_stats.h"

struct console_setup {
        int listener; /* of the numbers: listening, non-blocking; -1: none */
        int sock;     /* to main: closed when the node ends */
        const struct counters_page *counters;
        const struct node_stats_page *stats;
        struct web *web; /* NULL: none */
};

/* 0 when main has gone, -errno. */
int console_run(const struct console_setup *setup);

#endif
