/* See service.h.
 *
 * A message that does not arrive is lost without a word: the manager notices by itself (it waits for
 * READY=1, or for WATCHDOG=1, in vain), and a node does not end for that. WATCHDOG_PID keeps a child
 * from taking another's duty for its own, as sd_watchdog_enabled() does. */
#include "main/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "os/notify.h"
#include "os/os.h"

static struct {
        const char *socket;
        int64_t every, next; /* of the watchdog; 0: none */
} service;

static void tell(const char *text) {
        if (service.socket)
                (void)os_notify(service.socket, span_str(text));
}

void service_begin(void) {
        const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

        service.socket = getenv("NOTIFY_SOCKET");
        if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
                return;
        unsigned long long n = strtoull(usec, NULL, 10);
        /* Half the time allowed. */
        service.every = (int64_t)MIN(n, 86400000000ull) * 500;
}

void service_ready(const char *status) {
        char text[256];

        snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
        tell(text);
}

void service_reloading(void) {
        char text[80];

        snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
                 (long long)(os_monotonic() / 1000));
        tell(text);
}

void service_stopping(void) {
        tell("STOPPING=1\nSTATUS=what was received is made durable and judged");
}

void service_tick(void) {
        int64_t now = os_monotonic();

        if (!service.every || now < service.next)
                return;
        service.next = now + service.every;
        tell("WATCHDOG=1");
}
