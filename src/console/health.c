/* Whether the node does what it is for: receives, keeps and judges. A process that main replaces on
 * purpose counts as there. */
#include "base/timestamp.h"
#include "console/pages.h"

#define STALE_NS (INT64_C(5) * NS_PER_SEC)

int health_write(struct buf *out, const struct counters_page *c, const struct node_stats_page *n,
                 int64_t now) {
        static const char *const conditions[] = {NULL, "disk full", "read-only file system",
                                                 "input/output error", "the clock stepped back"};
        size_t before = out->len;

        if (!n) {
                buf_str(out, "starting\n");
                return 503;
        }
        if (n->stopping)
                buf_str(out, "stopping\n");
        if (now - n->updated > STALE_NS)
                buf_str(out, "main does not answer\n");
        if (n->condition != STORE_FINE)
                buf_printf(out, "store cannot write: %s\n",
                           n->condition < ARRAY_LEN(conditions) ? conditions[n->condition] : "?");
        for (unsigned i = 0; i < NODE_STATS_PROCESSES; i++)
                if (n->processes[i].name[0] && n->processes[i].state == PROCESS_DOWN)
                        buf_printf(out, "process %s is not up\n", n->processes[i].name);
        if (!c)
                buf_str(out, "ingest has not begun\n");
        if (out->len > before)
                return 503;
        buf_str(out, "ok\n");
        return 200;
}
