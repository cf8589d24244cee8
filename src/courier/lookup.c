/* Names to addresses: both families at once, over one connected datagram socket, so that only the name server
 * that was asked can answer, from a port and with numbers that nobody else knows. TRY_NS for each of the
 * servers in turn, ROUNDS of them; then it has failed. */
#include <sodium.h>
#include <stdlib.h>

#include "courier/impl.h"
#include "os/dial.h"
#include "os/os.h"

#define TRY_NS INT64_C(1500000000)
#define ROUNDS 2u
#define ANSWER_MAX 4096u

struct lookup {
        struct courier *c;
        char name[HOST_MAX];
        lookup_done *done;
        void *ctx;
        int fd;
        unsigned tries;
        int64_t until; /* mono: then the next one is asked */
        uint16_t ids[2];
        bool has[2], none[2];
        struct dns_addresses found;
};

static const enum dns_type types[2] = {DNS_A, DNS_AAAA};

static void leave_socket(struct lookup *l) {
        if (l->fd < 0)
                return;
        (void)courier_watch(l->c, l->fd, 0, NULL, NULL);
        os_close(l->fd);
        l->fd = -1;
}

static void finish(struct lookup *l, int error) {
        struct courier *c = l->c;

        leave_socket(l);
        for (unsigned i = 0; i < LOOKUPS_MAX; i++)
                if (c->lookups[i] == l)
                        c->lookups[i] = NULL;
        l->done(l->ctx, error, &l->found);
        free(l);
}

static void answered(void *ctx, int fd, short revents) {
        char bytes[ANSWER_MAX];
        struct lookup *l = ctx;

        for (unsigned i = 0; i < 8; i++) {
                ssize_t n = os_recv_stream(fd, bytes, sizeof(bytes));

                if (n == -ECONNREFUSED) {
                        l->until = l->c->mono; /* nobody listens there */
                        return;
                }
                if (n <= 0)
                        return;
                for (unsigned k = 0; k < 2; k++) {
                        int r = dns_answer(span_of(bytes, (size_t)n), span_str(l->name), types[k],
                                           l->ids[k], &l->found);

                        if (r == -EAGAIN)
                                l->until = l->c->mono;
                        l->has[k] |= r == 0 || r == -ENOENT;
                        l->none[k] |= r == -ENOENT;
                }
                if (l->has[0] && l->has[1]) {
                        finish(l, l->found.n ? 0 : -ENOENT);
                        return;
                }
        }
}

static bool send_question(struct lookup *l, unsigned k) {
        unsigned char bytes[DNS_QUERY_MAX];

        randombytes_buf(&l->ids[k], sizeof(l->ids[k]));
        size_t n = dns_query(bytes, span_str(l->name), types[k], l->ids[k]);
        return n && os_write_now(l->fd, bytes, n) == (ssize_t)n;
}

/* false: there is none left. */
static bool ask_next(struct lookup *l) {
        struct courier *c = l->c;

        while (l->tries < c->n_resolvers * ROUNDS) {
                leave_socket(l);
                l->fd = os_dial_datagram(&c->resolvers[l->tries++ % c->n_resolvers]);
                if (l->fd < 0)
                        continue;
                l->until = c->mono + TRY_NS;
                if (courier_watch(c, l->fd, POLLIN, answered, l) == 0 && send_question(l, 0) &&
                    send_question(l, 1))
                        return true;
        }
        return false;
}

static struct lookup *new_lookup(struct courier *c, struct span name, lookup_done *done,
                                 void *ctx) {
        unsigned i = 0;

        while (i < LOOKUPS_MAX && c->lookups[i])
                i++;
        struct lookup *l = i < LOOKUPS_MAX ? calloc(1, sizeof(*l)) : NULL;
        if (!l)
                return NULL;
        *l = (struct lookup){.c = c, .done = done, .ctx = ctx, .fd = -1};
        memcpy(l->name, name.p, name.len);
        c->lookups[i] = l;
        return l;
}

void lookup_begin(struct courier *c, struct span name, lookup_done *done, void *ctx) {
        struct dns_addresses a = {.n = 0};
        unsigned char bytes[DNS_QUERY_MAX];
        char text[HOST_MAX];

        if (name.len >= sizeof(text)) {
                done(ctx, -ENOENT, &a);
                return;
        }
        memcpy(text, name.p, name.len);
        text[name.len] = '\0';
        if (os_address_of(text, a.list[0])) {
                a.n = 1;
                done(ctx, 0, &a);
                return;
        }
        if (c->hosts)
                dns_hosts(span_str(c->hosts), name, &a);
        if (a.n) {
                done(ctx, 0, &a);
                return;
        }
        struct lookup *l = dns_query(bytes, name, DNS_A, 0) ? new_lookup(c, name, done, ctx) : NULL;
        if (!l)
                done(ctx, -ENOENT, &a);
        else if (!ask_next(l))
                finish(l, -ENETUNREACH);
}

void lookup_tick(struct courier *c) {
        for (unsigned i = 0; i < LOOKUPS_MAX; i++) {
                struct lookup *l = c->lookups[i];

                if (!l || c->mono < l->until)
                        continue;
                /* One family's answer is as good as none to come. */
                if (l->found.n)
                        finish(l, 0);
                else if (!ask_next(l))
                        finish(l, -ETIMEDOUT);
        }
}

void lookup_end_all(struct courier *c) {
        for (unsigned i = 0; i < LOOKUPS_MAX; i++) {
                if (!c->lookups[i])
                        continue;
                leave_socket(c->lookups[i]);
                free(c->lookups[i]);
                c->lookups[i] = NULL;
        }
}
