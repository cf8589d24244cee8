/* The console's pages: its listener, its certificate, and who speaks to the desk through the API. An address that
 * cannot be bound, or a certificate that cannot be read, is said and leaves the node without pages: to
 * receive and to judge is worth more. */
#include <stdlib.h>

#include "base/hash.h"
#include "console/web.h"
#include "main/control.h"
#include "main/node_impl.h"
#include "main/phrases.h"
#include "os/bind.h"

static int open_secret(struct node *n, const char *path, int *ret_fd, uint64_t *print) {
        int r = node_seal_file(path, ret_fd, print);

        if (r < 0)
                node_say(n, 0, "main", "path=%s cannot be read, so no console: %s", path,
                         error_text(r));
        return r;
}

static void close_web(struct node_web *w) {
        os_close_quiet(w->fd);
        os_close_quiet(w->certificate_fd);
        os_close_quiet(w->key_fd);
        os_close_quiet(w->tickets_fd);
        *w = (struct node_web){.fd = -1, .certificate_fd = -1, .key_fd = -1, .tickets_fd = -1};
}

/* What TLS sessions are sealed with that browsers take up again: the same for each console after another, so that a
 * console that died does not cost every open page a whole handshake. */
static int make_tickets(int *ret_fd) {
        unsigned char key[WEB_TICKET_BYTES];
        int r = os_random(key, sizeof(key));

        if (r == 0)
                r = os_memfd("tickets", ret_fd);
        if (r >= 0)
                r = os_write_full(*ret_fd, key, sizeof(key));
        if (r == 0)
                r = os_memfd_seal(*ret_fd);
        explicit_bzero(key, sizeof(key));
        return MIN(r, 0);
}

void node_open_web(struct node *n, const struct config *c, int keep) {
        struct node_web *w = &n->web;
        int r = 0;

        *w = (struct node_web){.fd = keep, .certificate_fd = -1, .key_fd = -1, .tickets_fd = -1};
        if (c->console.port == 0)
                return;
        if (c->console.tls.certificate)
                r = open_secret(n, c->console.tls.certificate, &w->certificate_fd, &w->print);
        if (r == 0 && c->console.tls.key)
                r = open_secret(n, c->console.tls.key, &w->key_fd, &w->print);
        if (r == 0 && c->console.tls.certificate)
                r = make_tickets(&w->tickets_fd);
        if (r == 0 && w->fd < 0) {
                r = w->fd = os_bind(BIND_STREAM, c->console.address, c->console.port);
                if (r < 0)
                        node_say(n, 0, "main",
                                 "console port=%u cannot be bound, so there are no pages: %s%s",
                                 c->console.port, error_text(r),
                                 node_bind_advice(r, "console: listen:"));
        }
        if (r < 0)
                close_web(w);
        base_fail_clear();
}

void node_close_web(struct node *n) {
        close_web(&n->web);
}

/* The listener of the same address is kept: who holds it dies, but not at once. */
void node_renew_web(struct node *n, const struct config *before) {
        const struct config_console *a = &n->config->console, *b = &before->console;
        int keep = -1;

        if (a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0)
                keep = os_take(&n->web.fd);
        close_web(&n->web);
        node_open_web(n, n->config, keep);
}

/* The same address and the same bytes of certificate and key. */
bool node_web_changed(const struct node *n, const struct config *before) {
        const struct config_console *a = &n->config->console, *b = &before->console;
        uint64_t print = 0;
        int fd = -1;

        if (a->port != b->port || memcmp(a->address, b->address, sizeof(a->address)) != 0 ||
            !a->tls.certificate != !b->tls.certificate)
                return true;
        if (!a->tls.certificate)
                return false;
        const char *const paths[] = {a->tls.certificate, a->tls.key};
        for (unsigned i = 0; i < 2; i++) {
                if (node_seal_file(paths[i], &fd, &print) < 0) {
                        base_fail_clear();
                        return false; /* what it has stays in force */
                }
                os_close(fd);
        }
        return print != n->web.print;
}

int node_join_console(struct node *n) {
        struct msg_plain m = {NODE_PEER, NODE_PEER_CONSOLE};
        int pair[2];

        if (n->workers[NODE_CONSOLE].child.pid <= 0 || n->workers[NODE_DESK].child.pid <= 0 ||
            n->web.fd < 0)
                return 0;
        int r = os_socketpair_stream(pair);
        if (r < 0)
                return FAIL(r);
        r = node_send(n, NODE_DESK, &m, sizeof(m), pair[0]);
        if (r == 0)
                r = node_send(n, NODE_CONSOLE, &m, sizeof(m), pair[1]);
        os_close(pair[0]);
        os_close(pair[1]);
        return r;
}

int node_api(struct node *n, int *ret_fd) {
        struct msg_plain m = {NODE_PEER, NODE_PEER_LOCAL};
        int pair[2];

        if (n->stopping)
                return -ESHUTDOWN;
        if (n->workers[NODE_DESK].child.pid <= 0 || !n->workers[NODE_DESK].up)
                return -EAGAIN;
        int r = os_socketpair_stream(pair);
        if (r < 0)
                return r;
        r = node_send(n, NODE_DESK, &m, sizeof(m), pair[0]);
        os_close(pair[0]);
        if (r < 0)
                os_close(pair[1]);
        else
                *ret_fd = pair[1];
        return r;
}
