/* The web's loop (web.h): MHD without a thread of its own, turned by the console's loop when its epoll set is
 * ready, and the line to the desk beside it.
 *
 *   H1. MHD, GnuTLS and jansson open what they open before the sandbox.
 *   H2. A connection that asks nothing within HEAD_NS, or nothing more within IDLE_NS, is closed; so is one whose
 *       request is not there within BODY_NS: bytes now and then keep nothing open. MHD has no such
 *       limits; the socket is shut down and MHD finds its end.
 *   H3. At most WEB_CONNECTIONS, of one address WEB_PER_PEER; what is beyond is closed unheard. */
#include "console/web.h"

#include <stdlib.h>

#include "base/hash.h"
#include "console/web_impl.h"
#include "os/net.h"
#include "os/os.h"

#define HEAD_NS (15 * NS_PER_SEC)
#define IDLE_NS (90 * NS_PER_SEC)
#define BODY_NS (60 * NS_PER_SEC)
#define UPLOAD_NS (1800 * NS_PER_SEC)
#define DESK_NS (60 * NS_PER_SEC)
#define GONE_NS (30 * NS_PER_SEC)
#define BEAT_NS (15 * NS_PER_SEC)
#define TICK_MS 500
#define LOOK_NS (NS_PER_SEC / 4)

/* ---- connections ---- */

/* How many connections an address has: thousands may be open, and each new one asks. */
static struct crowd **crowd_of(struct web *w, const unsigned char address[16]) {
        struct crowd **k = &w->crowds[hash_bytes((const char *)address, 16, w->key) % WEB_CROWDS];

        while (*k && memcmp((*k)->address, address, 16) != 0)
                k = &(*k)->next;
        return k;
}

static void crowd_add(struct web *w, struct peer *p) {
        struct crowd **k = crowd_of(w, p->address);

        if (!*k) {
                *k = calloc(1, sizeof(**k));
                if (!*k)
                        return; /* counts as none: what is bounded for all still is */
                memcpy((*k)->address, p->address, 16);
        }
        (*k)->n++;
        p->counted = true;
}

static void crowd_take(struct web *w, const struct peer *p) {
        struct crowd **at = crowd_of(w, p->address), *k = *at;

        if (!p->counted || --k->n > 0)
                return;
        *at = k->next;
        free(k);
}

static enum MHD_Result accept_policy(void *cls, const struct sockaddr *from, socklen_t len) {
        struct web *w = cls;
        struct os_peer peer;

        (void)len;
        os_peer_of(from, &peer);
        const struct crowd *k = *crowd_of(w, peer.address);
        return !k || k->n < (web_is_here(peer.address) ? WEB_PER_PEER_HERE : WEB_PER_PEER) ? MHD_YES
                                                                                           : MHD_NO;
}

/* Thousands of browsers come back at once after a cut line: most of a handshake is spared when a session is taken up
 * again. The key is main's and outlives this process; GnuTLS makes those that tickets are sealed with from it, by time. */
static void take_up_again(const struct web *w, struct MHD_Connection *c) {
        const union MHD_ConnectionInfo *i =
                w->tickets.size ? MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION)
                                : NULL;

        if (i && i->tls_session)
                (void)gnutls_session_ticket_enable_server(i->tls_session, &w->tickets);
}

static void notify(void *cls, struct MHD_Connection *c, void **context,
                   enum MHD_ConnectionNotificationCode what) {
        struct web *w = cls;
        struct peer *p = *context;

        if (what == MHD_CONNECTION_NOTIFY_STARTED) {
                const union MHD_ConnectionInfo *i =
                        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

                p = calloc(1, sizeof(*p));
                *context = p;
                if (!p)
                        return;
                take_up_again(w, c);
                web_address(c, p->address);
                crowd_add(w, p);
                p->fd = i ? i->connect_fd : -1;
                p->since = w->mono;
                p->next = w->peers;
                if (w->peers)
                        w->peers->before = p;
                w->peers = p;
                w->n_peers++;
        } else if (p) {
                *(p->before ? &p->before->next : &w->peers) = p->next;
                if (p->next)
                        p->next->before = p->before;
                w->n_peers--;
                crowd_take(w, p);
                free(p);
                *context = NULL;
        }
}

static void end_peer(struct peer *p) {
        if (!p->ended && p->fd >= 0)
                (void)os_shutdown(p->fd);
        p->ended = true;
}

static struct peer *peer_of(const struct ask *a) {
        const union MHD_ConnectionInfo *i =
                MHD_get_connection_info(a->c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return i ? i->socket_context : NULL;
}

/* ---- time ---- */

static void tick_ask(struct web *w, struct ask *a) {
        struct api_next gone = {0};
        int64_t body = a->op && (a->op->flags & API_UPLOAD) ? UPLOAD_NS : BODY_NS;

        if (a->state == ASK_BODY && w->mono - a->since > body && peer_of(a)) {
                end_peer(peer_of(a)); /* H2 */
        } else if (a->state == ASK_SENT && w->mono - a->since > DESK_NS + body) {
                web_desk_frame(w, API_GONE, a->id, &gone, sizeof(gone), SPAN_NONE);
                a->sent = false;
                a->say = (struct api_say){.status = 503, .retry = 5};
                a->state = ASK_ANSWERED;
                web_resume(a);
        } else if (a->state == ASK_GIVING && a->op && (a->op->flags & API_STREAM) &&
                   w->mono - a->beat > BEAT_NS) {
                a->beat = w->mono; /* so that who has gone is found, and no proxy falls asleep */
                if (a->piece.len - a->at < 4096)
                        buf_str(&a->piece, ": beat\n\n");
                web_resume(a);
        }
}

/* Not at each turn: there may be thousands of both. */
static void tick(struct web *w) {
        if (w->mono - w->ticked < LOOK_NS)
                return;
        w->ticked = w->mono;
        for (struct peer *p = w->peers; p; p = p->next)
                if (p->asks == 0 && w->mono - p->since > (p->asked ? IDLE_NS : HEAD_NS))
                        end_peer(p);
        for (struct ask *a = w->asks; a; a = a->next)
                tick_ask(w, a);
}

/* ---- the loop ---- */

void web_poll(struct web *w, struct pollfd p[WEB_POLL]) {
        p[0] = (struct pollfd){.fd = w->ep, .events = POLLIN};
        p[1] = (struct pollfd){.fd = w->desk,
                               .events = (short)(POLLIN | (w->out.len ? POLLOUT : 0))};
}

int web_wait(struct web *w) {
        MHD_UNSIGNED_LONG_LONG ms = TICK_MS;

        if (MHD_get_timeout(w->mhd, &ms) != MHD_YES)
                ms = TICK_MS;
        return (int)MIN(ms, (MHD_UNSIGNED_LONG_LONG)TICK_MS);
}

int web_turn(struct web *w, const struct pollfd p[WEB_POLL]) {
        w->mono = os_monotonic();
        if (p[1].fd >= 0 && p[1].fd == w->desk && (p[1].revents & (POLLIN | POLLHUP | POLLERR)))
                web_desk_read(w);
        tick(w);
        if (MHD_run(w->mhd) != MHD_YES)
                return FAIL(-EIO);
        web_desk_write(w);
        if (w->desk < 0 && w->mono - w->desk_gone > GONE_NS)
                return FAIL(-EPIPE); /* main makes us and the line anew */
        return 0;
}

/* ---- opening ---- */

_printf_(2, 0) static void silent(void *cls, const char *format, va_list args) {
        (void)cls;
        (void)format;
        (void)args;
}

static struct MHD_Daemon *start(struct web *w, const struct web_setup *setup) {
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                         (setup->certificate ? MHD_USE_TLS : 0);
        struct MHD_OptionItem tls[] = {
                {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)setup->certificate},
                {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)setup->key},
                {MHD_OPTION_HTTPS_PRIORITIES, 0,
                 (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:"
                                     "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-RSA"},
                {MHD_OPTION_END, 0, NULL}};
        struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

        return MHD_start_daemon(
                flags, 0, accept_policy, w, web_handler, w, MHD_OPTION_EXTERNAL_LOGGER, silent,
                NULL, MHD_OPTION_LISTEN_SOCKET, setup->listener, MHD_OPTION_CONNECTION_LIMIT,
                WEB_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, 100u,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 << 10, MHD_OPTION_NOTIFY_COMPLETED,
                web_completed, w, MHD_OPTION_NOTIFY_CONNECTION, notify, w, MHD_OPTION_ARRAY,
                setup->certificate ? tls : none, MHD_OPTION_END);
}

int web_open(struct web **ret, const struct web_setup *setup) {
        _cleanup_(web_freep) struct web *w = calloc(1, sizeof(*w));

        if (!w)
                return FAIL(-ENOMEM);
        w->desk = -1;
        w->listener = setup->listener;
        w->tls = setup->certificate != NULL;
        w->mono = w->desk_gone = os_monotonic();
        w->in.limit = (size_t)48 << 20;
        w->out.limit = (size_t)160 << 20;
        w->buckets = calloc(BUCKETS, sizeof(*w->buckets));
        if (!w->buckets || os_random(&w->key, sizeof(w->key)) < 0)
                // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): _cleanup_ frees it
                return FAIL(-ENOMEM);
        if (w->tls && setup->tickets) {
                w->tickets.data = gnutls_malloc(WEB_TICKET_BYTES);
                if (!w->tickets.data)
                        return FAIL(-ENOMEM);
                memcpy(w->tickets.data, setup->tickets, WEB_TICKET_BYTES);
                w->tickets.size = WEB_TICKET_BYTES;
        }
        json_object_seed(0); /* H1 */
        tzset();             /* the same: the first Date of an answer would read /etc/localtime */
        w->mhd = start(w, setup);
        if (!w->mhd)
                return FAIL(-EINVAL);
        const union MHD_DaemonInfo *i = MHD_get_daemon_info(w->mhd, MHD_DAEMON_INFO_EPOLL_FD);
        if (!i)
                return FAIL(-EINVAL);
        w->ep = i->epoll_fd;
        *ret = w;
        w = NULL;
        return 0;
}

struct web *web_free(struct web *w) {
        if (!w)
                return NULL;
        for (struct ask *a = w->asks; a; a = a->next)
                web_resume(a);
        if (w->mhd) {
                os_close_quiet(
                        MHD_quiesce_daemon(w->mhd)); /* else MHD would shut it down for main too */
                MHD_stop_daemon(w->mhd);
        }
        os_close_quiet(w->desk);
        buf_deinit(&w->in);
        buf_deinit(&w->out);
        if (w->tickets.data)
                gnutls_memset(w->tickets.data, 0, w->tickets.size);
        gnutls_free(w->tickets.data);
        free(w->buckets);
        free(w);
        return NULL;
}
