/* What main says to ingest: each message checked for its length and every value. A wrong one is
 * -EPROTO and ends the process: main is the one that may be believed, so it is a fault of ours. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/files.h"
#include "ingest/http.h"
#include "ingest/replay.h"
#include "ingest/serve_impl.h"
#include "os/os.h"
#include "wire/message.h"

union message {
        uint32_t type;
        struct msg_plain plain;
        struct msg_source source;
        struct msg_listen listen;
        struct msg_secret secret;
        struct msg_node_seq seq;
        struct msg_node_slot slot;
        struct msg_node_file file;
        struct msg_store_frames frames;
        char bytes[MESSAGE_MAX];
};

static struct listener *listener_of(struct serve *s, uint32_t id) {
        for (uint32_t i = 0; i < s->n_listeners; i++)
                if (s->listeners[i].m.id == id)
                        return &s->listeners[i];
        return NULL;
}

static int take_listen(struct serve *s, const struct msg_listen *m, int fd) {
        struct listener *l = &s->listeners[s->n_listeners];

        if (s->begun || s->n_listeners == LISTENERS_MAX || m->id == 0 || listener_of(s, m->id) ||
            m->protocol < LISTEN_SYSLOG_UDP || m->protocol >= LISTEN_PROTOCOL_MAX ||
            m->framing > FRAMING_LINES || !memchr(m->name, 0, sizeof(m->name)) ||
            ((listen_is_datagram(m->protocol) || listen_is_local(m->protocol)) &&
             (m->flags & LISTEN_TLS)))
                return -EPROTO;
        *l = (struct listener){.m = *m, .fd = fd};
        l->m.max_connections = m->max_connections ? m->max_connections : 4096;
        l->m.per_peer = m->per_peer ? m->per_peer : MAX(l->m.max_connections / 2, 1u);
        if (!l->m.idle_s)
                l->m.idle_s = listen_is_http(m->protocol) ? 120 : 3600;
        if (!l->m.request_max)
                l->m.request_max = (uint64_t)100 << 20;
        s->n_listeners++;
        int r = os_nonblocking(fd);
        if (m->protocol == LISTEN_UNIX)
                l->m.framing = FRAMING_LINES;
        if (r == 0 && (m->flags & LISTEN_TLS)) {
                l->tls = tls_context_new(m->flags & LISTEN_MUTUAL);
                r = l->tls ? 0 : -ENOMEM;
        }
        return r;
}

/* One that is no good stops one listener, not all. */
static int set_secret(struct serve *s, struct listener *l, enum secret_kind kind,
                      struct span text) {
        const char *what = "libmicrohttpd takes it at the next start";
        char who[80];
        int r = tls_context_set(l->tls, kind, text, &what);

        if (r == 0 && listen_is_http(l->m.protocol))
                r = http_secret(s, l, kind, text);
        if (r == 0 || r == -ENOMEM)
                return r;
        snprintf(who, sizeof(who), "listener=%s kind=%u", l->m.name, kind);
        serve_note(s, NOTE_ERROR, "", what, who);
        return 0;
}

/* What was told before the listener it is for. */
static int keep_secret(struct serve *s, const struct msg_secret *m, struct span text) {
        if (s->n_secrets == ARRAY_LEN(s->secrets))
                return -EPROTO;
        char *copy = malloc(text.len + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, text.p, text.len);
        s->secrets[s->n_secrets++] = (struct secret){*m, span_of(copy, text.len)};
        return 0;
}

/* Those of all listeners first, so that a listener's own replace them. */
static int use_kept(struct serve *s) {
        int r = 0;

        for (unsigned own = 0; own < 2; own++)
                for (uint32_t i = 0; i < s->n_secrets; i++) {
                        const struct secret *x = &s->secrets[i];

                        for (uint32_t k = 0; k < s->n_listeners && r == 0; k++) {
                                struct listener *l = &s->listeners[k];

                                if (l->tls && x->m.owner == (own ? l->m.id : 0))
                                        r = set_secret(s, l, (enum secret_kind)x->m.kind, x->text);
                        }
                }
        for (uint32_t i = 0; i < s->n_secrets; i++) {
                explicit_bzero((char *)s->secrets[i].text.p, s->secrets[i].text.len);
                free((char *)s->secrets[i].text.p);
        }
        s->n_secrets = 0;
        return r;
}

static int use_secret(struct serve *s, const struct msg_secret *m, struct span text) {
        int r = 0;

        if (m->kind == SECRET_TOKENS) {
                r = sources_tokens(s->sources, m->owner, text);
                if (r == -EINVAL)
                        serve_note(s, NOTE_ERROR, "", "tokens not taken: a bad hash, or too many",
                                   "");
                return r == -EINVAL ? 0 : r;
        }
        if (!s->begun)
                return keep_secret(s, m, text);
        for (uint32_t i = 0; i < s->n_listeners && r == 0; i++)
                if (s->listeners[i].tls && (!m->owner || m->owner == s->listeners[i].m.id))
                        r = set_secret(s, &s->listeners[i], (enum secret_kind)m->kind, text);
        return r;
}

static int take_secret(struct serve *s, const struct msg_secret *m, int fd) {
        struct stat st;
        void *p;
        int r;

        if (m->kind < SECRET_CERTIFICATE || m->kind > SECRET_TOKENS || m->len > SECRET_MAX)
                return -EPROTO;
        if (m->len == 0)
                return use_secret(s, m, span_of("", 0));
        r = os_fstat(fd, &st);
        if (r < 0)
                return FAIL(r);
        if (st.st_size < (off_t)m->len)
                return -EPROTO;
        r = os_map(fd, m->len, false, &p);
        if (r < 0)
                return FAIL(r);
        r = use_secret(s, m, span_of(p, m->len));
        (void)os_unmap(p, m->len);
        return r;
}

static int take_slot(struct serve *s, const struct msg_node_slot *m) {
        if (m->slot >= RING_SLOTS || (s->slots_mine & (1u << m->slot)))
                return -EPROTO;
        s->slots_mine |= 1u << m->slot;
        s->slots[s->n_slots++] = m->slot;
        return 0;
}

static int take_durable(struct serve *s, uint64_t seq) {
        if (!s->begun || seq > s->next_seq)
                return -EPROTO;
        if (seq <= s->durable)
                return 0;
        s->durable = seq;
        dedup_durable(s->dedup, seq);
        counter_set(&s->totals[COUNT_DURABLE], seq);
        serve_streams_durable(s);
        files_durable(s);
        replay_durable(s);
        for (uint32_t i = 0; i < s->n_listeners; i++)
                if (s->listeners[i].http)
                        http_durable(s->listeners[i].http);
        return 0;
}

static int take_begin(struct serve *s, uint64_t seq) {
        if (s->begun)
                return -EPROTO;
        s->begun = true;
        s->next_seq = s->durable = seq;
        counter_set(&s->totals[COUNT_DURABLE], seq);
        s->dedup = dedup_new(s->set.duplicates, s->set.duplicates_len, seq, s->now);
        if (!s->dedup)
                return -ENOMEM;
        replay_durable(s);
        return 0;
}

static void stop(struct serve *s) {
        s->stopping = true;
        serve_streams_stop(s);
        for (uint32_t i = 0; i < s->n_listeners; i++) {
                struct listener *l = &s->listeners[i];

                if (l->http)
                        http_stop(l->http);
                else if (l->fd >= 0)
                        os_close_quiet(l->fd);
                l->fd = -1;
        }
}

static int act_on(struct serve *s, const union message *m, size_t n, int fd) {
        switch (m->type) {
        case NODE_SOURCE:
                return n == sizeof(m->source) && fd < 0
                               ? sources_tell(s->sources, &m->source, s->now, s->wall)
                               : -EPROTO;
        case NODE_LISTEN:
                return n == sizeof(m->listen) && fd >= 0 ? take_listen(s, &m->listen, fd) : -EPROTO;
        case NODE_SECRET:
                return n == sizeof(m->secret) && fd >= 0 ? take_secret(s, &m->secret, fd) : -EPROTO;
        case NODE_BEGIN: return n == sizeof(m->seq) && fd < 0 ? take_begin(s, m->seq.seq) : -EPROTO;
        case NODE_SLOT: return n == sizeof(m->slot) && fd < 0 ? take_slot(s, &m->slot) : -EPROTO;
        case NODE_DURABLE:
                return n == sizeof(m->seq) && fd < 0 ? take_durable(s, m->seq.seq) : -EPROTO;
        case STORE_POSITIONS:
                return n == sizeof(m->frames) && fd >= 0 ? files_positions(s, &m->frames, fd)
                                                         : -EPROTO;
        case NODE_FILE:
                return n == sizeof(m->file) && fd >= 0 ? files_take(s, &m->file, fd) : -EPROTO;
        case NODE_PEER: return n == sizeof(m->plain) && fd >= 0 ? replay_open(s, fd) : -EPROTO;
        case NODE_STOP: stop(s); return 0;
        default: return -EPROTO;
        }
}

static int take_message(struct serve *s, bool wait) {
        union message m;
        unsigned n_fds = 0;
        int fd = -1, r;
        ssize_t n = wait ? os_recv(s->set.sock, &m, sizeof(m), &fd, 1, &n_fds)
                         : os_recv_now(s->set.sock, &m, sizeof(m), &fd, 1, &n_fds);

        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        if (n_fds == 0)
                fd = -1;
        r = (size_t)n >= sizeof(m.type) ? act_on(s, &m, (size_t)n, fd) : -EPROTO;
        bool taken = m.type == NODE_FILE   ? n == sizeof(m.file)
                     : m.type == NODE_PEER ? n == sizeof(m.plain)
                                           : m.type == NODE_LISTEN && r == 0;
        if (fd >= 0 && !taken)
                os_close_quiet(fd);
        return r;
}

int serve_message(struct serve *s) {
        return take_message(s, false);
}

static int begin_listener(struct serve *s, uint32_t i) {
        struct listener *l = &s->listeners[i];
        char who[80];
        int r;

        if (l->tls && !tls_context_ready(l->tls)) {
                snprintf(who, sizeof(who), "listener=%s", l->m.name);
                serve_note(s, NOTE_ERROR, "", "no certificate and key: this listener takes nobody",
                           who);
                return 0;
        }
        if (listen_is_http(l->m.protocol)) {
                r = http_new(&l->http, s, l);
                if (r < 0)
                        return r;
                return os_ready_add(s->ep, http_fd(l->http), OS_READABLE,
                                    (uint64_t)TAG_HTTP << 32 | i);
        }
        return os_ready_add(s->streams, l->fd, OS_READABLE, (uint64_t)TAG_LISTENER << 32 | i);
}

int serve_configure(struct serve *s) {
        int r = 0;

        while (!s->begun && r == 0)
                r = take_message(s, true);
        if (r == 0)
                r = use_kept(s);
        for (uint32_t i = 0; i < s->n_listeners && r == 0; i++)
                r = begin_listener(s, i);
        return r;
}
