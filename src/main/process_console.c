/* The console of a node: see console/console.h. It maps what it shows read-only, opens what its libraries need,
 * enters the sandbox, and only then takes a connection.
 *
 *     4 counters, 5 node_stats; arguments metrics=FD pages=FD certificate=FD key=FD landlock=N */
#include <signal.h>
#include <stdlib.h>

#include "console/console.h"
#include "console/web.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/net.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "wire/message.h"

#define MEMORY_MAX ((size_t)1 << 30)
#define FILES_MAX 16384u /* a connection each */
#define PEM_MAX ((size_t)1 << 20)

struct given {
        int metrics, pages, certificate, key, tickets, landlock;
};

static void read_arguments(int argc, char **argv, struct given *g) {
        struct {
                const char *name;
                int *to;
        } const known[] = {{"metrics=", &g->metrics},         {"pages=", &g->pages},
                           {"certificate=", &g->certificate}, {"key=", &g->key},
                           {"tickets=", &g->tickets},         {"landlock=", &g->landlock}};

        *g = (struct given){-1, -1, -1, -1, -1, -1};
        for (int i = 1; i < argc; i++)
                for (size_t k = 0; k < ARRAY_LEN(known); k++)
                        if (span_starts(span_str(argv[i]), span_str(known[k].name)))
                                *known[k].to =
                                        (int)strtol(argv[i] + strlen(known[k].name), NULL, 10);
}

/* As text that ends; the descriptor is closed. */
static int read_secret(int fd, char **ret) {
        char *text = NULL;
        size_t n;
        int64_t at = os_seek(fd, 0, SEEK_SET); /* shared with main and those before us */
        int r = at < 0 ? (int)at : os_read_fd(fd, PEM_MAX, &text, &n);

        os_close(fd);
        if (r < 0)
                return r;
        *ret = calloc(1, n + 1);
        if (*ret)
                memcpy(*ret, text, n);
        explicit_bzero(text, n);
        free(text);
        return *ret ? 0 : -ENOMEM;
}

static void forget(char *secret) {
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

/* 0 also without pages; what cannot be opened is one's certificate. */
static int open_pages(const struct given *g, struct web **ret) {
        struct web_setup setup = {.listener = g->pages};
        char *certificate = NULL, *key = NULL;
        unsigned char tickets[WEB_TICKET_BYTES];
        int r = 0;

        if (g->pages < 0)
                return 0;
        if (g->certificate >= 0)
                r = read_secret(g->certificate, &certificate);
        if (r == 0 && g->key >= 0)
                r = read_secret(g->key, &key);
        if (r == 0 && g->tickets >= 0) {
                if (os_pread(g->tickets, tickets, sizeof(tickets), 0) != (ssize_t)sizeof(tickets))
                        r = -EIO;
                os_close(g->tickets);
                setup.tickets = tickets;
        }
        setup.certificate = certificate;
        setup.key = key;
        if (r == 0)
                r = web_open(ret, &setup);
        forget(certificate);
        forget(key);
        explicit_bzero(tickets, sizeof(tickets));
        return r;
}

int process_console(int argc, char **argv) {
        struct console_setup setup = {.sock = CHILD_SOCKET};
        struct msg_plain ready = {PROCESS_READY, 0};
        struct given g;
        void *p = NULL;

        read_arguments(argc, argv, &g);
        setup.listener = g.metrics;
        if (os_map(4, sizeof(struct counters_page), false, &p) < 0)
                return 13;
        setup.counters = p;
        if (os_map(5, sizeof(struct node_stats_page), false, &p) < 0)
                return 13;
        setup.stats = p;
        os_close(4); /* the maps are enough: nothing that could be mapped anew */
        os_close(5);
        (void)os_raise_files(FILES_MAX);
        if (open_pages(&g, &setup.web) < 0)
                return 13;
        if (sandbox_enter(SANDBOX_CONSOLE, g.landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        int r = os_send(setup.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = console_run(&setup);
        web_free(setup.web);
        return r < 0 ? 16 : 0;
}
