/* The console of a node: see console/console.h. It maps what it shows read-only, enters the sandbox,
 * and only then takes a connection. */
#include <stdlib.h>

#include "console/console.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "wire/message.h"

#define MEMORY_MAX ((size_t)512 << 20)

int process_console(int argc, char **argv) {
        struct console_setup setup = {.sock = CHILD_SOCKET, .listener = 4};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;
        void *p = NULL;

        for (int i = 1; i < argc; i++)
                if (span_starts(span_str(argv[i]), SPAN("landlock=")))
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
        if (os_map(5, sizeof(struct counters_page), false, &p) < 0)
                return 13;
        setup.counters = p;
        if (os_map(6, sizeof(struct node_stats_page), false, &p) < 0)
                return 13;
        setup.stats = p;
        os_close(5); /* the maps are enough: nothing that could be mapped anew */
        os_close(6);
        if (sandbox_enter(SANDBOX_CONSOLE, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        int r = os_send(setup.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = console_run(&setup);
        return r < 0 ? 16 : 0;
}
