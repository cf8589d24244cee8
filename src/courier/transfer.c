/* See transfer.h.
 *
 *   T1. A socket is made for an address that may be reached, asked at the moment it is made (open_socket);
 *       what a name meant before is not asked again. So an answer that changes between looking up and
 *       connecting changes nothing.
 *   T2. libcurl looks nothing up: every host is given its addresses (CURLOPT_RESOLVE), or it is one.
 *   T3. Nothing is followed, no proxy, no file of the machine's user; a connection serves one conversation.
 *   T4. Certificates are checked against the name, authorities come from memory. */
#include "courier/transfer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "courier/impl.h"
#include "os/dial.h"
#include "os/os.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define CONNECT_S 10L
#define SECONDS 30u
#define HEAD_MAX ((size_t)64 << 10) /* of all lines of an answer */

struct transfer {
        struct courier *c;
        enum transfer_kind kind;
        transfer_done *done;
        void *ctx;
        CURL *easy;
        struct curl_slist *headers, *to, *resolve;
        bool own_relay, refused, running;
        int over; /* it failed before it began: said with the next turn, never within the call that began it */
        const char *why;
        char host[HOST_MAX], url[1100];
        unsigned port;
        struct span body;
        size_t at, heads;
        struct buf answer;
        char error[CURL_ERROR_SIZE], line[COURIER_TEXT_MAX];
};

/* ---- callbacks ---- */

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a) {
        struct transfer *t = ctx;
        struct os_peer peer = {{0}, 0};

        if (a->family == AF_INET || a->family == AF_INET6)
                os_peer_of(&a->addr, &peer);
        bool may = purpose == CURLSOCKTYPE_IPCXN && a->socktype == SOCK_STREAM && /* T1 */
                   (courier_may_reach(t->c, peer.address) ||
                    (t->own_relay && reach_loopback(peer.address)));
        if (!may || peer.port != t->port) {
                t->refused = true;
                t->c->counts.refused++;
                return CURL_SOCKET_BAD;
        }
        int fd = os_dial_socket(a->family == AF_INET6);
        return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int close_socket(void *ctx, curl_socket_t fd) {
        (void)ctx;
        os_close(fd);
        return 0;
}

static size_t take_answer(char *p, size_t size, size_t n, void *ctx) {
        struct transfer *t = ctx;

        if (t->answer.failed || n > t->answer.limit - t->answer.len)
                return 0;
        buf_add(&t->answer, p, n);
        return t->answer.failed ? 0 : n;
}

/* Lines of SMTP's answers come here too: the last that is no yes says why. */
static size_t take_head(char *p, size_t size, size_t n, void *ctx) {
        struct transfer *t = ctx;
        size_t len = span_trim(span_of(p, n)).len;

        t->heads += n;
        if (t->heads > HEAD_MAX)
                return 0;
        if (t->kind == TRANSFER_MAIL && len && (*p == '4' || *p == '5'))
                snprintf(t->line, sizeof(t->line), "%.*s", (int)MIN(len, sizeof(t->line) - 1), p);
        return n;
}

static size_t give_body(char *to, size_t size, size_t n, void *ctx) {
        struct transfer *t = ctx;

        n = MIN(n * size, t->body.len - t->at);
        memcpy(to, t->body.p + t->at, n);
        t->at += n;
        return n;
}

/* ---- setting one up ---- */

/* A single list of what must all be set; the first that is refused ends it. */
#define SET(option, value)                                                                         \
        if (k->easy_setopt(t->easy, option, value) != CURLE_OK)                                    \
        return FAIL(-ENOTSUP)

static int set_common(struct transfer *t, const struct transfer_spec *s) {
        const struct curl_calls *k = t->c->curl;
        const char *ca = s->ca ? s->ca : t->c->authorities ? t->c->authorities : "";
        struct curl_blob blob = {(void *)(uintptr_t)ca, strlen(ca), CURL_BLOB_COPY};
        unsigned seconds = s->seconds ? s->seconds : SECONDS;

        SET(CURLOPT_URL, t->url);
        SET(CURLOPT_PROTOCOLS_STR, s->kind == TRANSFER_HTTP ? "https" : "smtp,smtps");
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_PROXY, ""); /* T3 */
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_FORBID_REUSE, 1L);
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
        SET(CURLOPT_OPENSOCKETDATA, t);
        SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
        SET(CURLOPT_CONNECTTIMEOUT, CONNECT_S);
        SET(CURLOPT_TIMEOUT, (long)seconds);
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_SSL_VERIFYPEER, 1L); /* T4 */
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_CAINFO, NULL);
        SET(CURLOPT_CAPATH, NULL);
        SET(CURLOPT_CAINFO_BLOB, &blob);
        SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
        SET(CURLOPT_ERRORBUFFER, t->error);
        SET(CURLOPT_WRITEFUNCTION, take_answer);
        SET(CURLOPT_WRITEDATA, t);
        SET(CURLOPT_HEADERFUNCTION, take_head);
        SET(CURLOPT_HEADERDATA, t);
        SET(CURLOPT_READFUNCTION, give_body);
        SET(CURLOPT_READDATA, t);
        SET(CURLOPT_PRIVATE, t);
        return 0;
}

static int add_to(struct transfer *t, struct curl_slist **list, const char *text) {
        struct curl_slist *more = t->c->curl->slist_append(*list, text);

        if (!more)
                return FAIL(-ENOMEM);
        *list = more;
        return 0;
}

static int set_http(struct transfer *t, const struct transfer_spec *s) {
        const struct curl_calls *k = t->c->curl;
        bool body = s->body.len > 0 || (s->method && strcmp(s->method, "POST") == 0);
        int r = add_to(t, &t->headers, "Expect:");

        for (size_t i = 0; r == 0 && s->headers && s->headers[i]; i++)
                r = add_to(t, &t->headers, s->headers[i]);
        if (r < 0)
                return r;
        SET(CURLOPT_HTTPHEADER, t->headers);
        SET(CURLOPT_USERAGENT, "Coloa");
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_ACCEPT_ENCODING, NULL); /* what comes is as long as it says */
        if (body) {
                SET(CURLOPT_POST, 1L);
                SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->body.len);
        }
        if (s->method)
                SET(CURLOPT_CUSTOMREQUEST, s->method);
        return 0;
}

static int set_mail(struct transfer *t, const struct transfer_spec *s) {
        const struct curl_calls *k = t->c->curl;
        int r = 0;

        for (unsigned i = 0; i < s->n_to && r == 0; i++)
                r = add_to(t, &t->to, s->to[i]);
        if (r < 0)
                return r;
        SET(CURLOPT_MAIL_FROM, s->from);
        SET(CURLOPT_MAIL_RCPT, t->to);
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->body.len);
        SET(CURLOPT_USE_SSL, (long)(s->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
        if (s->user) {
                SET(CURLOPT_USERNAME, s->user);
                SET(CURLOPT_PASSWORD, s->password);
                SET(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
        }
        return 0;
}

/* Host and port of the address, and that it is one of ours. */
static int read_url(struct transfer *t, const struct transfer_spec *s) {
        const struct curl_calls *k = t->c->curl;
        char *host = NULL, *port = NULL, *user = NULL;
        CURLU *u = k->url();
        int r = u ? 0 : -ENOMEM;

        if (r == 0 && k->url_set(u, CURLUPART_URL, s->url, 0) != CURLUE_OK)
                r = -EINVAL;
        if (r == 0 && (k->url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
                       k->url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
                       k->url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK))
                r = -EINVAL;
        size_t n = r == 0 ? strlen(host) : 0;
        const char *name = host;
        if (n > 2 && name[0] == '[') { /* an address of version 6 */
                name++;
                n -= 2;
        }
        if (r == 0 && (n == 0 || n >= sizeof(t->host) || strlen(s->url) >= sizeof(t->url)))
                r = -EINVAL;
        if (r == 0) {
                memcpy(t->host, name, n);
                t->port = (unsigned)strtoul(port, NULL, 10);
                snprintf(t->url, sizeof(t->url), "%s", s->url);
        }
        k->free(host);
        k->free(port);
        k->free(user);
        k->url_cleanup(u);
        return r;
}

/* ---- the end of one ---- */

static void transfer_free(struct transfer *t) {
        const struct curl_calls *k = t->c->curl;

        for (unsigned i = 0; i < TRANSFERS_MAX; i++)
                if (t->c->transfers[i] == t)
                        t->c->transfers[i] = NULL;
        if (t->running)
                (void)k->multi_remove_handle(t->c->multi, t->easy);
        if (t->easy)
                k->easy_cleanup(t->easy);
        k->slist_free_all(t->headers);
        k->slist_free_all(t->to);
        k->slist_free_all(t->resolve);
        buf_deinit(&t->answer);
        free(t);
}

static void finish(struct transfer *t, int error, const char *text) {
        struct transfer_said said = {.error = error,
                                     .text = text,
                                     .body = buf_get(&t->answer),
                                     .taken = t->at == t->body.len};

        if (t->kind == TRANSFER_MAIL)
                said.status = strtol(t->line, NULL, 10);
        else if (t->running)
                (void)t->c->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &said.status);
        if (error && t->refused)
                said.error = -EACCES;
        said.login = error == -EKEYREJECTED;
        if (t->c->counts.failed < UINT64_MAX)
                t->c->counts.failed += error != 0;
        t->done(t->ctx, &said);
        transfer_free(t);
}

static int error_of(CURLcode code) {
        switch (code) {
        case CURLE_OK: return 0;
        case CURLE_OPERATION_TIMEDOUT: return -ETIMEDOUT;
        case CURLE_COULDNT_CONNECT: return -ECONNREFUSED;
        case CURLE_LOGIN_DENIED: return -EKEYREJECTED;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_USE_SSL_FAILED: return -EPROTONOSUPPORT;
        case CURLE_WRITE_ERROR: return -EMSGSIZE;
        case CURLE_OUT_OF_MEMORY: return -ENOMEM;
        default: return -EIO;
        }
}

static void ended(struct transfer *t, CURLcode code) {
        char text[COURIER_TEXT_MAX];
        const char *why = *t->error ? t->error : t->c->curl->easy_strerror(code);

        if (code == CURLE_WRITE_ERROR)
                why = "the answer is too long";
        if (t->refused)
                why = "the address is not one that may be connected to";
        snprintf(text, sizeof(text), "%s%s%s", why, *t->line ? ": " : "", t->line);
        finish(t, error_of(code), text);
}

void transfer_perform(struct courier *c) {
        const struct curl_calls *k = c->curl;
        int running, left;
        CURLMsg *m;

        for (unsigned i = 0; i < TRANSFERS_MAX; i++)
                if (c->transfers[i] && c->transfers[i]->over)
                        finish(c->transfers[i], c->transfers[i]->over, c->transfers[i]->why);
        (void)k->multi_perform(c->multi, &running);
        while ((m = k->multi_info_read(c->multi, &left))) {
                struct transfer *t = NULL;
                CURLcode code = m->data.result;

                if (m->msg == CURLMSG_DONE &&
                    k->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK && t)
                        ended(t, code);
        }
}

void transfer_end_all(struct courier *c) {
        for (unsigned i = 0; i < TRANSFERS_MAX; i++)
                if (c->transfers[i])
                        transfer_free(c->transfers[i]);
}

/* ---- the beginning ---- */

/* T2: "host:port:address,address". */
static int give_addresses(struct transfer *t, const struct dns_addresses *a) {
        _cleanup_(buf_deinit) struct buf b = {0};
        unsigned n = 0;

        buf_printf(&b, "%s%s%s:%u:", strchr(t->host, ':') ? "[" : "", t->host,
                   strchr(t->host, ':') ? "]" : "", t->port);
        for (unsigned i = 0; i < a->n; i++) {
                struct os_peer peer = {{0}, 0};
                char text[OS_PEER_TEXT];

                if (!courier_may_reach(t->c, a->list[i]) &&
                    !(t->own_relay && reach_loopback(a->list[i])))
                        continue;
                memcpy(peer.address, a->list[i], 16);
                os_peer_text(&peer, text);
                buf_printf(&b, "%s%s%s%s", n++ ? "," : "", strchr(text, ':') ? "[" : "", text,
                           strchr(text, ':') ? "]" : "");
        }
        if (!n)
                return -EACCES;
        buf_char(&b, '\0');
        if (b.failed)
                return FAIL(-ENOMEM);
        int r = add_to(t, &t->resolve, b.p);
        if (r == 0 && t->c->curl->easy_setopt(t->easy, CURLOPT_RESOLVE, t->resolve) != CURLE_OK)
                r = FAIL(-ENOMEM);
        return r;
}

static void looked_up(void *ctx, int error, const struct dns_addresses *a) {
        struct transfer *t = ctx;
        int r = error ? error : give_addresses(t, a);

        t->c->counts.refused += r == -EACCES;
        if (r == 0 && t->c->curl->multi_add_handle(t->c->multi, t->easy) != CURLM_OK)
                r = -ENOMEM;
        t->running = r == 0;
        t->over = r;
        t->why = r == -EACCES   ? "the address is not one that may be connected to"
                 : r == -ENOENT ? "there is no such name"
                                : "its name could not be looked up";
}

int transfer_begin(struct courier *c, const struct transfer_spec *s, transfer_done *done,
                   void *ctx) {
        unsigned i = 0;

        while (i < TRANSFERS_MAX && c->transfers[i])
                i++;
        if (i == TRANSFERS_MAX)
                return -EBUSY;
        struct transfer *t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        *t = (struct transfer){.c = c, .kind = s->kind, .done = done, .ctx = ctx};
        t->body = s->body;
        t->own_relay = s->own_relay;
        t->answer.limit = s->answer_max ? s->answer_max : ANSWER_MAX;
        t->easy = c->curl->easy_init();
        int r = t->easy ? read_url(t, s) : -ENOMEM;
        if (r == 0)
                r = set_common(t, s);
        if (r == 0)
                r = s->kind == TRANSFER_HTTP ? set_http(t, s) : set_mail(t, s);
        if (r < 0) {
                transfer_free(t);
                return r;
        }
        c->transfers[i] = t;
        lookup_begin(c, span_str(t->host), looked_up, t);
        return 0;
}

/* ---- for the kinds ---- */

struct http {
        http_done *done;
        void *ctx;
};

static void http_ended(void *ctx, const struct transfer_said *s) {
        const struct http_said said = {s->error, s->status, s->body, s->text};
        struct http h = *(struct http *)ctx;

        free(ctx);
        h.done(h.ctx, &said);
}

int courier_http(struct courier *c, const struct http_ask *a, http_done *done, void *ctx) {
        const struct transfer_spec s = {.kind = TRANSFER_HTTP,
                                        .url = a->url,
                                        .method = a->method,
                                        .ca = a->ca,
                                        .headers = a->headers,
                                        .body = a->body,
                                        .answer_max = a->answer_max,
                                        .seconds = a->seconds};
        struct http *h = malloc(sizeof(*h));

        if (!h)
                return -ENOMEM;
        *h = (struct http){done, ctx};
        int r = transfer_begin(c, &s, http_ended, h);
        if (r < 0)
                free(h);
        return r;
}
