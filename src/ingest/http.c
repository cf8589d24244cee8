/* See http.h.
 *
 * libmicrohttpd parses HTTP and ends TLS; its epoll set lies in ours, so there is one loop still. A
 * body is taken as it comes: unpacked piece by piece, made into records at once. When no slot is free
 * the request is suspended, so that the sender's window fills; at the end it is suspended once more
 * until what it carried is durable. So a request holds at most one record and one piece in memory,
 * and the results of its items.
 *
 * A few bytes may unpack to a thousand times as many, so work is done in turns: a request that has
 * unpacked HTTP_TURN waits, suspended, behind the others that do, and a round of ingest gives turns until
 * HTTP_ROUND bytes are unpacked. Between rounds everybody else is read.
 *
 * Invariants:
 *  H1  A 2xx for an item is said only when its record is durable.
 *  H2  A request is suspended only within its handler, and resumed only outside of it.
 *  H3  No daemon is stopped while a request is suspended (libmicrohttpd forbids it).
 *  H4  A round unpacks at most 2 * HTTP_ROUND bytes and a piece for a listener: those that were given a
 *      turn, and those that came while nobody waited. */
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/http_impl.h"
#include "os/os.h"

int http_secret(struct serve *s, struct listener *l, enum secret_kind kind, struct span pem) {
        (void)s;
        if (l->http)
                return -EBUSY;
        char *copy = malloc(pem.len + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, pem.p, pem.len);
        copy[pem.len] = 0;
        free(l->pem[kind]);
        l->pem[kind] = copy;
        return 0;
}

/* ---- requests ---- */

static struct request *request_new(struct http *h, struct MHD_Connection *c) {
        const union MHD_ConnectionInfo *a =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const union MHD_ConnectionInfo *p =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct request *r = calloc(1, sizeof(*r));

        if (!r)
                return NULL;
        r->http = h;
        r->connection = c;
        r->began = h->serve->now;
        r->results.limit = HTTP_RESULTS_MAX;
        r->record.limit = (size_t)4 << 20;
        os_peer_of(a ? a->client_addr : NULL, &r->from);
        r->peer = p ? p->socket_context : NULL;
        if (r->peer) {
                r->peer->request = r;
                r->peer->asked = true;
        }
        r->next = h->requests;
        if (r->next)
                r->next->prev = r;
        h->requests = r;
        return r;
}

static void set_waits(struct request *r, bool on) {
        if (r->waits != on)
                r->http->serve->waiting += on ? 1u : UINT32_MAX;
        r->waits = on;
}

static void request_free(struct request *r) {
        struct http *h = r->http;

        set_waits(r, false);
        if (r->prev)
                r->prev->next = r->next;
        else
                h->requests = r->next;
        if (r->next)
                r->next->prev = r->prev;
        if (r->peer) {
                r->peer->request = NULL;
                r->peer->since = h->serve->now;
        }
        http_discharge(r, r->charged);
        h->trees -= r->tree;
        gunzip_free(r->gunzip);
        free(r->carry);
        free(r->bulk);
        buf_deinit(&r->results);
        buf_deinit(&r->chunk);
        buf_deinit(&r->record);
        otlp_free(r->otlp);
        free(r);
}

bool http_charge(struct request *r, size_t n) {
        struct serve *s = r->http->serve;

        if (n > HTTP_SOURCE_MAX || r->source->held > HTTP_SOURCE_MAX - n ||
            s->memory > HTTP_MEMORY_MAX - n)
                return false;
        s->memory += n;
        r->source->held += n;
        r->charged += n;
        return true;
}

void http_discharge(struct request *r, size_t n) {
        assert(n <= r->charged);
        if (n == 0)
                return;
        r->http->serve->memory -= n;
        r->source->held -= n;
        r->charged -= n;
}

enum MHD_Result http_answer(struct request *r, unsigned status, const char *type,
                            struct span body) {
        struct MHD_Response *a = MHD_create_response_from_buffer(
                body.len, (void *)(body.len ? body.p : ""), MHD_RESPMEM_MUST_COPY);
        enum MHD_Result ok;

        if (!a)
                return MHD_NO;
        (void)MHD_add_response_header(a, "Content-Type", type);
        if (r->http->listener->m.protocol == LISTEN_BULK)
                (void)MHD_add_response_header(a, "X-Elastic-Product", "Elasticsearch");
        if (status == 401)
                (void)MHD_add_response_header(a, "WWW-Authenticate", "Basic realm=\"coloa\"");
        if (status == 429)
                (void)MHD_add_response_header(a, "Retry-After", "1");
        if (status >= 400)
                serve_count(r->http->serve, COUNT_HTTP_REFUSED, 1);
        ok = MHD_queue_response(r->connection, status, a);
        MHD_destroy_response(a);
        return ok;
}

static void suspend(struct request *r) {
        assert(!r->suspended);
        r->suspended = true;
        MHD_suspend_connection(r->connection);
}

static void resume(struct request *r) {
        assert(r->suspended);
        r->suspended = false;
        MHD_resume_connection(r->connection);
}

/* ---- turns ---- */

static size_t *left_of_round(struct http *h) {
        if (h->round != h->serve->round) {
                h->round = h->serve->round;
                h->left = HTTP_ROUND;
        }
        return &h->left;
}

static void give_turn(struct request *r) {
        r->round = r->http->serve->round;
        r->turn = HTTP_TURN;
}

bool http_turn(struct request *r) {
        struct http *h = r->http;

        if (r->round != h->serve->round) {
                if (h->turns || *left_of_round(h) == 0)
                        return false; /* behind those who wait */
                give_turn(r);
        }
        return r->turn > 0;
}

void http_spend(struct request *r, size_t n) {
        size_t *left = left_of_round(r->http);

        r->turn -= MIN(r->turn, n);
        *left -= MIN(*left, n);
}

/* Behind the others; it is suspended then. */
static void wait_for_turn(struct request *r) {
        struct http *h = r->http;

        assert(!r->in_turn);
        r->in_turn = true;
        r->next_turn = NULL;
        *(h->turns ? h->turns_end : &h->turns) = r;
        h->turns_end = &r->next_turn;
        if (!r->suspended)
                suspend(r);
}

/* Those whose turn it is. Without a slot none of them would get anywhere. */
static void next_turns(struct http *h) {
        size_t left = *left_of_round(h);

        while (h->turns && left && !h->serve->stalled) {
                struct request *r = h->turns;

                h->turns = r->next_turn;
                r->in_turn = false;
                give_turn(r);
                resume(r);
                left -= MIN(left, HTTP_TURN);
        }
}

static void feed(struct request *r, struct span piece) {
        r->unpacked += piece.len;
        if (r->unpacked > r->http->listener->m.request_max) {
                r->status = 413;
                r->what = "request is too large";
        } else if (r->route == ROUTE_BULK) {
                http_bulk_feed(r, piece);
        } else if (r->route == ROUTE_OTLP) {
                http_otlp_feed(r, piece);
        }
}

/* A piece of the body; returns how much of it was not taken, as no slot is free or its turn is over. */
static size_t take_body(struct request *r, struct span in) {
        struct http *h = r->http;
        bool full = false; /* more may come out without more going in */

        r->packed += in.len;
        while ((in.len || full) && !r->stalled && r->status == 0) {
                struct span piece = in;

                if (r->gunzip) {
                        if (!http_turn(r))
                                break;
                        ssize_t n = gunzip_feed(r->gunzip, &in, h->piece, HTTP_PIECE);

                        if (n < 0) {
                                r->status = 400;
                                r->what = "body is not gzip, or damaged";
                                break;
                        }
                        full = (size_t)n == HTTP_PIECE;
                        piece = span_of(h->piece, (size_t)n);
                        http_spend(r, piece.len);
                } else {
                        in.len = 0;
                }
                if (piece.len)
                        feed(r, piece);
        }
        r->packed -= r->status ? 0 : in.len;
        return r->status ? 0 : in.len;
}

static void go_on(struct request *r) {
        if (r->route == ROUTE_BULK)
                http_bulk_go_on(r);
        else
                http_otlp_go_on(r);
}

static enum MHD_Result end_of_body(struct request *r) {
        if (!r->body_done) {
                r->body_done = true;
                if (r->status == 0 && r->gunzip && !gunzip_whole(r->gunzip)) {
                        r->status = 400;
                        r->what = "gzip body ends early";
                }
                if (r->status == 0)
                        go_on(r);
        } else if (r->yielded) {
                go_on(r);
        }
        if (r->yielded) {
                wait_for_turn(r);
                return MHD_YES;
        }
        if (r->stalled || (r->status == 0 && r->any && r->last_seq >= r->http->serve->durable)) {
                set_waits(r, !r->stalled);
                suspend(r);
                return MHD_YES;
        }
        set_waits(r, false);
        if (r->status)
                return http_refuse(r);
        return r->route == ROUTE_BULK ? http_bulk_answer(r) : http_otlp_answer(r); /* H1 */
}

/* At once only to who asked before sending, or sends nothing: a connection that is closed while its
 * body still comes is reset, and the answer is lost with it. */
static enum MHD_Result refuse_early(struct request *r) {
        const char *expect = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Expect");
        const char *length =
                MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Content-Length");
        const char *coding =
                MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Transfer-Encoding");
        bool body = coding || (length && strtoull(length, NULL, 10) > 0);

        return expect || !body ? http_refuse(r) : MHD_YES;
}

static enum MHD_Result first_sight(struct request *r, const char *method, const char *path) {
        const char *packed =
                MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Content-Encoding");
        const char *length =
                MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Content-Length");

        serve_count(r->http->serve, COUNT_HTTP_REQUESTS, 1);
        if (!http_identify(r))
                return refuse_early(r);
        http_route(r, method, path);
        if (r->status == 0 && length &&
            strtoull(length, NULL, 10) > r->http->listener->m.request_max) {
                r->status = 413;
                r->what = "request is too large";
        }
        if (r->status == 0 && packed && strcmp(packed, "identity") != 0 && *packed) {
                if (strcmp(packed, "gzip") != 0 && strcmp(packed, "x-gzip") != 0) {
                        r->status = 415;
                        r->what = "only gzip is unpacked";
                } else if (!(r->gunzip = gunzip_new())) {
                        r->status = 503;
                        r->what = "out of memory";
                }
        }
        if (r->status)
                return refuse_early(r);
        return r->route == ROUTE_ANSWER && !MHD_lookup_connection_value(
                                                   r->connection, MHD_HEADER_KIND, "Content-Length")
                       ? http_info(r, method, path)
                       : MHD_YES;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *path,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state) {
        struct http *h = ctx;
        struct request *r = *state;

        (void)version;
        if (h->ending)
                return MHD_NO;
        if (!r) {
                r = request_new(h, c);
                *state = r;
                return r ? first_sight(r, method, path) : MHD_NO;
        }
        if (*n) {
                if (r->status || r->route == ROUTE_ANSWER) {
                        /* It is answered when the sender has said all; not for ever. */
                        r->packed += *n;
                        if (r->packed > 2 * h->listener->m.request_max)
                                return MHD_NO;
                        *n = 0;
                        return MHD_YES;
                }
                *n = take_body(r, span_of(data, *n));
                if (r->stalled)
                        suspend(r);
                else if (*n)
                        wait_for_turn(r);
                return MHD_YES;
        }
        if (r->route == ROUTE_ANSWER)
                return r->status ? http_refuse(r) : http_info(r, method, path);
        return end_of_body(r);
}

static void completed(void *ctx, struct MHD_Connection *c, void **state,
                      enum MHD_RequestTerminationCode code) {
        struct request *r = *state;

        (void)ctx;
        (void)c;
        *state = NULL;
        if (!r)
                return;
        struct http *h = r->http;
        /* The library answers chunks that are none, and lengths that lie, by itself. */
        if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK && !h->ending && !r->body_done &&
            r->status == 0 && r->peer && r->peer->fd >= 0) {
                serve_count(h->serve, COUNT_CLOSED_FRAMING, 1);
                http_complain(r, "a request broke off, or its body is malformed");
        }
        request_free(r);
}

/* ---- connections ---- */

/* It came, and said nothing that the library could read: it tells nobody but the sender. */
static void say_unasked(struct http *h, const struct http_peer *p) {
        bool tls = h->listener->tls != NULL;
        char who[120];

        if (p->fd >= 0)
                serve_count(h->serve, tls ? COUNT_REFUSED_TLS : COUNT_CLOSED_FRAMING, 1);
        serve_who(h->listener, &p->from, who, sizeof(who));
        serve_note(h->serve, NOTE_WARNING, "",
                   tls ? "no TLS handshake, or no HTTP request that can be read"
                       : "no HTTP request that can be read",
                   who);
}

static void connected(void *ctx, struct MHD_Connection *c, void **socket_context,
                      enum MHD_ConnectionNotificationCode code) {
        struct http *h = ctx;
        struct http_peer *p = *socket_context;

        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                const union MHD_ConnectionInfo *i =
                        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
                const union MHD_ConnectionInfo *a =
                        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

                p = calloc(1, sizeof(*p));
                *socket_context = p;
                if (!p)
                        return;
                p->fd = i ? i->connect_fd : -1;
                p->since = h->serve->now;
                os_peer_of(a ? a->client_addr : NULL, &p->from);
                p->next = h->peers;
                if (p->next)
                        p->next->prev = p;
                h->peers = p;
                h->listener->connections++;
                serve_count(h->serve, COUNT_ACCEPTED, 1);
                serve_count(h->serve, COUNT_CONNECTIONS, 1);
                if (p->fd >= 0)
                        (void)os_keepalive(p->fd);
                return;
        }
        if (!p)
                return;
        if (!p->asked && !h->ending)
                say_unasked(h, p);
        if (p->prev)
                p->prev->next = p->next;
        else
                h->peers = p->next;
        if (p->next)
                p->next->prev = p->prev;
        h->listener->connections--;
        counter_set(&h->serve->totals[COUNT_CONNECTIONS], h->serve->totals[COUNT_CONNECTIONS] - 1);
        free(p);
}

/* libmicrohttpd's own limits say nothing; refusals are counted as far as we see them. */
static enum MHD_Result accept_policy(void *ctx, const struct sockaddr *a, socklen_t len) {
        struct http *h = ctx;
        struct os_peer peer;
        char who[120];

        (void)len;
        if (h->listener->connections < h->listener->m.max_connections)
                return MHD_YES;
        os_peer_of(a, &peer);
        serve_count(h->serve, COUNT_REFUSED_FULL, 1);
        serve_who(h->listener, &peer, who, sizeof(who));
        serve_note(h->serve, NOTE_WARNING, "", "refused: too many connections", who);
        return MHD_NO;
}

void http_tick(struct http *h) {
        int64_t now = h->serve->now, idle = (int64_t)h->listener->m.idle_s * NS_PER_SEC;

        /* libmicrohttpd's own time limit begins anew with every byte: who sends a header or a body byte
         * by byte meets these. */
        for (struct http_peer *p = h->peers; p; p = p->next) {
                const struct request *r = p->request;
                bool slow = r ? !r->suspended && !r->body_done && now - r->began > HTTP_BODY_NS
                              : now - p->since > idle;

                if (slow && p->fd >= 0) {
                        serve_count(h->serve, COUNT_CLOSED_IDLE, 1);
                        if (r)
                                http_complain(r, "one request took too long");
                        (void)os_shutdown(p->fd);
                        p->fd = -1;
                }
        }
}

static void quiet(void *ctx, const char *fmt, va_list ap) {
        (void)ctx; /* what it says is about single connections, and has no bound */
        (void)fmt;
        (void)ap;
}

static int start(struct http *h) {
        struct listener *l = h->listener;
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                         (l->tls ? MHD_USE_TLS : 0);
        struct MHD_OptionItem tls[5] = {0};
        unsigned n = 0;

        if (l->tls) {
                tls[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0,
                                                   l->pem[SECRET_CERTIFICATE]};
                tls[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, l->pem[SECRET_KEY]};
                tls[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                                   (void *)TLS_PRIORITIES};
                if ((l->m.flags & LISTEN_MUTUAL) && l->pem[SECRET_AUTHORITIES])
                        tls[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0,
                                                           l->pem[SECRET_AUTHORITIES]};
        }
        tls[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
        h->daemon = MHD_start_daemon(
                flags, 0, accept_policy, h, handle, h, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
                MHD_OPTION_LISTEN_SOCKET, l->fd, MHD_OPTION_CONNECTION_LIMIT, l->m.max_connections,
                MHD_OPTION_PER_IP_CONNECTION_LIMIT, l->m.per_peer, MHD_OPTION_CONNECTION_TIMEOUT,
                l->m.idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY,
                MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
                connected, h, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
        if (!h->daemon)
                return -EINVAL;
        l->fd = -1; /* the daemon's from here on */
        return 0;
}

int http_new(struct http **ret, struct serve *s, struct listener *l) {
        struct http *h = calloc(1, sizeof(*h));
        int r = -ENOMEM;

        if (!h)
                return r;
        otlp_init();
        h->serve = s;
        h->listener = l;
        h->piece = malloc(HTTP_PIECE);
        h->scratch = malloc(RECORD_MAX + HTTP_PIECE + HTTP_CONNECTION_MEMORY);
        if (h->piece && h->scratch)
                r = start(h);
        if (r < 0) {
                http_free(h);
                return FAIL(r);
        }
        *ret = h;
        return 0;
}

struct http *http_free(struct http *h) {
        if (!h)
                return NULL;
        h->ending = true;
        for (struct request *r = h->requests; r; r = r->next) /* H3 */
                if (r->suspended)
                        resume(r);
        if (h->daemon)
                MHD_stop_daemon(h->daemon);
        free(h->piece);
        free(h->scratch);
        free(h);
        return NULL;
}

int http_fd(const struct http *h) {
        const union MHD_DaemonInfo *i = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

        return i ? i->epoll_fd : -1;
}

void http_run(struct http *h) {
        next_turns(h);
        (void)MHD_run(h->daemon);
}

int64_t http_timeout_ms(const struct http *h) {
        MHD_UNSIGNED_LONG_LONG ms;

        if (h->turns && !h->serve->stalled)
                return 0;
        return MHD_get_timeout(h->daemon, &ms) == MHD_YES ? (int64_t)MIN(ms, 60000u) : 60000;
}

void http_unstalled(struct http *h) {
        bool any = false;

        for (struct request *r = h->requests; r && !h->serve->stalled; r = r->next) {
                if (!r->stalled)
                        continue;
                r->stalled = false;
                go_on(r);
                if (r->yielded) {
                        wait_for_turn(r);
                } else if (!r->stalled) {
                        resume(r);
                        any = true;
                }
        }
        if (any)
                http_run(h);
}

void http_durable(struct http *h) {
        bool any = false;

        for (struct request *r = h->requests; r; r = r->next)
                if (r->waits && r->last_seq < h->serve->durable) {
                        set_waits(r, false);
                        resume(r);
                        any = true;
                }
        if (any)
                http_run(h);
}

void http_stop(struct http *h) {
        int fd = MHD_quiesce_daemon(h->daemon);

        if (fd >= 0)
                os_close_quiet(fd);
}
