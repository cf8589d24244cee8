/* The node's ingest: listeners and what comes over them, into the ring. It takes its configuration
 * and sockets from main first, then enters the sandbox; only then is a foreign byte read. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ingest/serve.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "wire/message.h"

#define MEMORY_MAX ((size_t)1 << 30)
#define FILES_MAX 16384u

int process_listen(int argc, char **argv) {
        struct msg_plain ready = {PROCESS_READY, 0};
        struct serve_setup setup = {.sock = CHILD_SOCKET};
        int landlock = -1, r;
        struct stat duplicates;
        struct serve *s;
        void *p = NULL;

        for (int i = 1; i < argc; i++)
                if (span_starts(span_str(argv[i]), SPAN("landlock=")))
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
        if (os_map(4, RING_SLOTS * SLOT_BYTES, true, &p) < 0)
                return 13;
        setup.ring = p;
        if (os_fstat(5, &duplicates) < 0 || duplicates.st_size < (off_t)DEDUP_MIN ||
            os_map(5, (size_t)duplicates.st_size, true, &setup.duplicates) < 0)
                return 13;
        setup.duplicates_len = (size_t)duplicates.st_size;
        if (os_map(6, sizeof(struct counters_page), true, &p) < 0)
                return 13;
        setup.counters = p;
        setup.again = counters_open(setup.counters, os_now(), (uint32_t)getpid());
        (void)os_raise_files(FILES_MAX);
        tzset(); /* gmtime_r() of the libraries asks for the zone's file once: now, not behind the wall */
        if (serve_new(&s, &setup) < 0)
                return 12;
        r = os_send(setup.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve_configure(s);
        if (r < 0)
                return r == -EPIPE ? 0 : 14;
        if (sandbox_enter(SANDBOX_LISTEN, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        r = serve_run(s);
        return r < 0 ? 16 : 0;
}
