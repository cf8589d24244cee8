/* Searches for the desk (wire/search.h): a process each, whose stream is the desk's from the beginning; main only sees
 * that it ends. The desk names a place of its own for each, and has SEARCHES_MAX of them; as many again may be on
 * their way out. */
#include <signal.h>
#include <stdio.h>

#include "main/node_impl.h"
#include "main/phrases.h"
#include "os/net.h"

#define LIFE_NS (INT64_C(900) * 1000000000) /* whatever it does: its reader may be slow */

static void refused(struct node *n, uint32_t place) {
        struct msg_plain m = {DESK_SEARCH, place};

        (void)node_send(n, NODE_DESK, &m, sizeof(m), -1);
}

int node_search(struct node *n, uint32_t place) {
        char directory[PATH_MAX_TEXT + 16], landlock[24];
        const char *args[] = {directory, landlock, NULL};
        struct msg_plain m = {NODE_PEER, NODE_PEER_SEARCH + place};
        struct node_search *s = NULL;

        if (place >= SEARCHES_MAX)
                return -EPROTO;
        node_searches_tick(n);
        for (unsigned i = 0; i < NODE_SEARCHES && !s; i++)
                if (n->searches[i].child.pid <= 0)
                        s = &n->searches[i];
        if (!s || n->stopping) {
                refused(n, place);
                return 0;
        }
        snprintf(directory, sizeof(directory), "directory=%s", n->config->directory);
        snprintf(landlock, sizeof(landlock), "landlock=%d", n->o.landlock);
        struct child_spec spec = {.name = "search",
                                  .fds = &n->program_fd,
                                  .n_fds = 1,
                                  .args = args,
                                  .cpu = -1,
                                  .stream = true};
        int r = child_start(&s->child, &spec);
        if (r < 0) {
                node_say(n, 0, "search", "cannot start: %s", error_text(r));
                s->child = (struct child){.sock = -1};
                refused(n, place);
                return 0;
        }
        s->began = os_monotonic();
        r = node_send(n, NODE_DESK, &m, sizeof(m), s->child.sock);
        os_close(s->child.sock); /* the desk's now: when it closes that, it ends */
        s->child.sock = -1;
        return r;
}

void node_searches_tick(struct node *n) {
        int64_t now = os_monotonic();

        for (unsigned i = 0; i < NODE_SEARCHES; i++) {
                struct node_search *s = &n->searches[i];
                int status = 0;

                if (s->child.pid <= 0)
                        continue;
                if (now - s->began > LIFE_NS)
                        os_kill(s->child.pid, SIGKILL);
                int r = os_wait(s->child.pid, &status, false);
                if (r == 0)
                        continue;
                s->child.pid = 0;
                if (r > 0 && status && !n->stopping)
                        node_say(n, 1, "search", "%s", child_fate(status));
        }
}

void node_searches_forget(struct node *n) {
        for (unsigned i = 0; i < NODE_SEARCHES; i++)
                child_stop(&n->searches[i].child, 0);
}
