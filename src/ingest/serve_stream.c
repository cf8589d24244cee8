/* Connections of syslog over TCP and TLS, and of RELP.
 *
 * What a read brings lands in one big buffer behind what the connection still carries; whole records
 * go from there into the slot, the rest becomes the connection's carry: its own memory, at most one
 * record and a head, since the framers say so. A connection is left out of the set of streams while
 * its source is over its rate, while too many of its RELP transactions wait for durability, and while
 * it does not take its answers; epoll would otherwise report it forever. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/serve_impl.h"
#include "os/os.h"

static void close_connection(struct serve *s, struct connection *c) {
        if (c->watched)
                (void)os_epoll_del(s->streams, c->fd);
        if (c->answering)
                (void)os_epoll_del(s->ep, c->fd);
        tls_free(c->tls);
        os_close_quiet(c->fd);
        if (c->relp)
                s->waiting -= c->relp->n;
        s->memory -= c->carry_cap + (c->relp ? sizeof(*c->relp) : 0);
        c->listener->connections--;
        if (c->source)
                __atomic_store_n(&c->source->counters->connections,
                                 c->source->counters->connections - 1, __ATOMIC_RELAXED);
        counter_set(&s->totals[COUNT_CONNECTIONS], s->totals[COUNT_CONNECTIONS] - 1);
        s->connections[c->index] = NULL;
        s->n_connections--;
        free(c->relp);
        free(c->carry);
        buf_deinit(&c->out);
        free(c);
}

static void complain(struct serve *s, const struct connection *c, const char *phrase) {
        char who[120];

        serve_who(c->listener, &c->peer, who, sizeof(who));
        serve_note(s, NOTE_WARNING, c->source ? c->source->name : "", phrase, who);
}

static void close_because(struct serve *s, struct connection *c, enum counter why,
                          const char *phrase) {
        serve_count(s, why, 1);
        complain(s, c, phrase);
        close_connection(s, c);
}

static void watch(struct serve *s, struct connection *c, bool want) {
        uint64_t tag = (uint64_t)TAG_CONNECTION << 32 | c->index;

        if (want == c->watched)
                return;
        c->watched = want;
        if (want)
                (void)os_ready_add(s->streams, c->fd, OS_READABLE, tag);
        else
                (void)os_epoll_del(s->streams, c->fd);
}

/* Whether more of it may be read now. */
static bool may_read(const struct connection *c) {
        return !c->ended && c->resume == 0 && !c->has_held &&
               (!c->relp || (relp_has_room(c->relp) && c->out.len - c->out_at < OUT_MAX));
}

/* ---- answers ---- */

static ssize_t write_some(struct connection *c, const char *p, size_t n) {
        return c->tls ? tls_send(c->tls, p, n) : os_write_now(c->fd, p, n);
}

/* Sends what it can. false: the connection is over (and still open). */
static bool send_answers(struct serve *s, struct connection *c) {
        bool more;

        if (c->out.failed)
                return false;
        while (c->out_at < c->out.len) {
                ssize_t n = write_some(c, c->out.p + c->out_at, c->out.len - c->out_at);

                if (n == -EAGAIN)
                        break;
                if (n <= 0)
                        return false;
                c->out_at += (size_t)n;
        }
        more = c->out_at < c->out.len;
        if (!more) {
                buf_reset(&c->out);
                c->out_at = 0;
        }
        if (more == c->answering)
                return true;
        c->answering = more;
        if (!more)
                (void)os_epoll_del(s->ep, c->fd);
        else
                (void)os_ready_add(s->ep, c->fd, OS_WRITABLE,
                                   (uint64_t)TAG_ANSWER << 32 | c->index);
        return true;
}

/* Whether nothing is left to say or to wait for. */
static bool is_over(const struct connection *c) {
        return c->ended && !c->has_held && c->out_at == c->out.len && (!c->relp || c->relp->n == 0);
}

/* After anything: sends, closes what is over, watches or not. false: it is gone. */
static bool settle(struct serve *s, struct connection *c) {
        if (!send_answers(s, c) || is_over(c)) {
                close_connection(s, c);
                return false;
        }
        watch(s, c, may_read(c));
        return true;
}

/* ---- records ---- */

/* One record; false: no slot, it is held: `bytes` must then stay where they are. */
static bool give(struct serve *s, struct connection *c, struct serve_item *item, uint32_t txnr) {
        uint64_t seq;

        item->source = c->source;
        item->peer = &c->peer;
        if (serve_record(s, item, &seq) != 0)
                return false;
        source_charge(c->source, 1, item->bytes.len);
        if (txnr) {
                relp_wait(c->relp, txnr, seq);
                s->waiting++;
        }
        return true;
}

static void hold(struct connection *c, const struct serve_item *item, uint32_t txnr,
                 struct span *in) {
        c->has_held = true;
        c->held = *item;
        c->held_len = item->bytes.len;
        c->held_skip = (size_t)(in->p - item->bytes.p);
        c->held_txnr = txnr;
        in->len += c->held_skip;
        in->p = item->bytes.p;
}

enum step { STEP_ON, STEP_MORE, STEP_HELD, STEP_OVER };

static enum step step_syslog(struct serve *s, struct connection *c, struct span *in, bool end) {
        struct syslog_record r;
        enum syslog_frame_result got = syslog_frame_next(&c->frame, in, &r);

        if (got == SYSLOG_FRAME_MORE && end)
                got = syslog_frame_end(&c->frame, in, &r);
        if (got == SYSLOG_FRAME_MORE || got == SYSLOG_FRAME_END)
                return STEP_MORE;
        if (got == SYSLOG_FRAME_BAD) {
                serve_count(s, COUNT_CLOSED_FRAMING, 1);
                complain(s, c, r.what);
                return STEP_OVER;
        }
        struct serve_item item = {.bytes = r.bytes, .true_len = r.true_len, .flags = r.flags};
        if (give(s, c, &item, 0))
                return STEP_ON;
        hold(c, &item, 0, in);
        return STEP_HELD;
}

static enum step step_relp(struct serve *s, struct connection *c, struct span *in) {
        struct relp_frame f;

        if (!relp_has_room(c->relp))
                return STEP_MORE;
        enum relp_result got = relp_next(c->relp, in, &f);
        if (got == RELP_MORE)
                return STEP_MORE;
        if (got == RELP_BAD) {
                relp_answer_bad(c->relp, &f, &c->out);
                serve_count(s, COUNT_CLOSED_FRAMING, 1);
                complain(s, c, f.what);
                return STEP_OVER;
        }
        if (f.command == RELP_OPEN) {
                if (relp_answer_open(c->relp, &f, &c->out))
                        return STEP_ON;
                complain(s, c, "RELP: offers not accepted");
                return STEP_OVER;
        }
        if (f.command == RELP_CLOSE) {
                relp_close(c->relp, &f, &c->out);
                return STEP_OVER;
        }
        if (f.data.len > 1 && f.data.len == f.true_len && f.data.p[f.data.len - 1] == '\n') {
                f.data.len--; /* framing, as in syslog_frame.c */
                f.true_len--;
        }
        struct serve_item item = {.bytes = f.data, .true_len = f.true_len};
        if (give(s, c, &item, f.txnr))
                return STEP_ON;
        hold(c, &item, f.txnr, in);
        return STEP_HELD;
}

static bool keep_carry(struct serve *s, struct connection *c, struct span in) {
        if (in.len > c->carry_cap || (c->carry_cap > 8192 && in.len < c->carry_cap / 4)) {
                size_t cap = in.len ? MAX((in.len + 4095) & ~(size_t)4095, (size_t)4096) : 0;
                char *p = NULL;

                if (cap > c->carry_cap && s->memory + cap - c->carry_cap > MEMORY_MAX)
                        return false;
                if (cap && !(p = malloc(cap)))
                        return false;
                if (in.len)
                        memcpy(p, in.p, in.len); /* may lie in the old one */
                free(c->carry);
                s->memory += cap - c->carry_cap;
                c->carry = p;
                c->carry_cap = cap;
        } else if (in.len) {
                memmove(c->carry, in.p, in.len);
        }
        c->carry_len = in.len;
        return true;
}

/* Takes all records out of `in`; what is left is carried. false: the connection is gone. */
static bool process(struct serve *s, struct connection *c, struct span in, bool end) {
        enum step step;
        const char *before = in.p;

        do
                step = c->relp ? step_relp(s, c, &in) : step_syslog(s, c, &in, end);
        while (step == STEP_ON);
        if (step == STEP_OVER || (end && step != STEP_HELD)) {
                c->ended = true;
                in.len = 0;
        }
        if (in.p != before || in.len == 0)
                c->partial = 0;
        if (in.len && !c->partial)
                c->partial = s->now;
        if (!keep_carry(s, c, in)) {
                close_because(s, c, COUNT_CLOSED_FRAMING, "no memory for half a record");
                return false;
        }
        int64_t wait = c->source ? source_wait(c->source, s->now) : 0;
        if (wait > 0 && !c->ended) {
                counter_add(&c->source->counters->paused_ns, (uint64_t)wait);
                c->resume = s->now + wait;
                s->next_resume = s->next_resume ? MIN(s->next_resume, c->resume) : c->resume;
        }
        return settle(s, c);
}

/* ---- beginning ---- */

static void set_source(struct connection *c, struct source *x) {
        c->source = x;
        __atomic_store_n(&x->counters->connections, x->counters->connections + 1, __ATOMIC_RELAXED);
}

/* Who it is, once its certificate is known. false: nobody. */
static bool identify(struct serve *s, struct connection *c) {
        struct listener *l = c->listener;
        struct span names[TLS_NAMES_MAX];
        struct tls_peer p;
        struct source *x = NULL;

        if (!c->tls || !(l->m.flags & LISTEN_MUTUAL)) {
                x = serve_who_is(s, l, &c->peer);
        } else if (tls_peer(c->tls, &p) == 0 && p.shown) {
                for (unsigned i = 0; i < p.n_names; i++)
                        names[i] = span_str(p.names[i]);
                x = sources_by_certificate(s->sources, l->m.id, p.fingerprint, names, p.n_names);
                /* Vouched for, but no source of its own: its address says which. */
                if (!x && p.trusted)
                        x = sources_by_address(s->sources, l->m.id, &c->peer);
                if (!x && p.trusted && (l->m.flags & LISTEN_QUARANTINE))
                        x = sources_unknown(s->sources);
        }
        if (!x && c->tls && (l->m.flags & LISTEN_MUTUAL))
                serve_refuse_unknown(s, l, &c->peer);
        if (x)
                set_source(c, x);
        return x != NULL;
}

/* Who it is by the sources as they are now: a reload may have taken its source away, or changed whose
 * address it is. false: nobody's any more; it is closed. */
static bool identify_again(struct serve *s, struct connection *c) {
        struct source *before = c->source;

        if (!identify(s, c)) {
                complain(s, c, "it is of no source any more");
                close_connection(s, c);
                return false;
        }
        __atomic_store_n(&before->counters->connections, before->counters->connections - 1,
                         __ATOMIC_RELAXED);
        return true;
}

/* All of them, once the sources are told: each comes in several messages, so not before a second without
 * one. */
static void apply_sources(struct serve *s) {
        uint32_t now = sources_generation(s->sources);
        bool quiet = now == s->told;

        s->told = now;
        if (!quiet || now == s->applied)
                return;
        s->applied = now;
        for (uint32_t i = 0; i < s->top; i++)
                if (s->connections[i] && s->connections[i]->source)
                        (void)identify_again(s, s->connections[i]);
}

static uint32_t of_peer(const struct serve *s, const struct listener *l, const struct os_peer *p) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < s->top; i++) {
                const struct connection *c = s->connections[i];

                n += c && c->listener == l && memcmp(c->peer.address, p->address, 16) == 0;
        }
        return n;
}

static uint32_t free_index(struct serve *s) {
        if (s->n_connections == s->top)
                return s->top++;
        for (uint32_t i = 0; i < s->top; i++)
                if (!s->connections[i])
                        return i;
        return s->top++;
}

static struct connection *new_connection(struct serve *s, struct listener *l, int fd,
                                         const struct os_peer *peer) {
        struct connection *c = calloc(1, sizeof(*c));

        if (!c)
                return NULL;
        *c = (struct connection){.fd = fd,
                                 .listener = l,
                                 .peer = *peer,
                                 .since = s->now,
                                 .active = s->now,
                                 .out = {.limit = OUT_MAX * 4}};
        syslog_frame_init(&c->frame, (enum listen_framing)l->m.framing);
        if (l->m.protocol == LISTEN_RELP) {
                c->relp = malloc(sizeof(*c->relp));
                if (c->relp)
                        relp_init(c->relp);
        }
        if (l->tls)
                c->tls = tls_new(l->tls, fd);
        if ((l->m.protocol == LISTEN_RELP && !c->relp) || (l->tls && !c->tls)) {
                tls_free(c->tls);
                free(c->relp);
                free(c);
                return NULL;
        }
        s->memory += c->relp ? sizeof(*c->relp) : 0;
        c->index = free_index(s);
        s->connections[c->index] = c;
        s->n_connections++;
        l->connections++;
        serve_count(s, COUNT_ACCEPTED, 1);
        serve_count(s, COUNT_CONNECTIONS, 1);
        return c;
}

static void take_connection(struct serve *s, struct listener *l, int fd,
                            const struct os_peer *peer) {
        struct connection *c;
        char who[120];

        if (s->n_connections >= CONNECTIONS_MAX || l->connections >= l->m.max_connections ||
            of_peer(s, l, peer) >= l->m.per_peer) {
                serve_count(s, COUNT_REFUSED_FULL, 1);
                serve_who(l, peer, who, sizeof(who));
                serve_note(s, NOTE_WARNING, "", "refused: too many connections", who);
                os_close_quiet(fd);
                return;
        }
        (void)os_keepalive(fd);
        c = new_connection(s, l, fd, peer);
        if (!c) {
                os_close_quiet(fd);
                return;
        }
        if (!c->tls) {
                c->handshaken = true;
                if (!identify(s, c)) {
                        close_connection(s, c);
                        return;
                }
        }
        watch(s, c, true);
}

void serve_accept(struct serve *s, struct listener *l) {
        struct os_peer peer;

        for (unsigned k = 0; k < 32 && !s->stopping; k++) {
                int fd = os_accept(l->fd, &peer);

                if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS) {
                        serve_note(s, NOTE_ERROR, "", "no descriptor or memory for a connection",
                                   l->m.name);
                        (void)os_epoll_del(s->streams, l->fd);
                        l->again_at = s->now + NS_PER_SEC;
                        return;
                }
                if (fd == -EAGAIN || fd == -EINVAL)
                        return;
                if (fd >= 0)
                        take_connection(s, l, fd, &peer);
        }
}

/* ---- events ---- */

/* true: done; false: not yet, or the connection is gone. */
static bool handshake(struct serve *s, struct connection *c) {
        int r = tls_handshake(c->tls);
        bool want = r == -EAGAIN && tls_wants_write(c->tls);

        if (want != c->answering) {
                c->answering = want;
                if (want)
                        (void)os_ready_add(s->ep, c->fd, OS_WRITABLE,
                                           (uint64_t)TAG_ANSWER << 32 | c->index);
                else
                        (void)os_epoll_del(s->ep, c->fd);
        }
        if (r == -EAGAIN)
                return false;
        if (r < 0) {
                close_because(s, c, COUNT_REFUSED_TLS, tls_what(c->tls));
                return false;
        }
        c->handshaken = true;
        c->active = s->now;
        if (!identify(s, c)) {
                close_connection(s, c);
                return false;
        }
        return true;
}

/* As much as the buffer holds, without waiting. What TLS says after that is kept in `ret_end`: epoll
 * does not wake for it, since its bytes are off the socket already. */
static ssize_t read_some(struct connection *c, char *to, size_t room, ssize_t *ret_end) {
        size_t n = 0;

        *ret_end = -EAGAIN;
        if (!c->tls)
                return os_recv_stream(c->fd, to, room);
        while (n < room) {
                ssize_t r = tls_recv(c->tls, to + n, room - n);

                if (r <= 0) {
                        *ret_end = r;
                        return n ? (ssize_t)n : r;
                }
                n += (size_t)r;
        }
        return (ssize_t)n;
}

/* Whether GnuTLS holds bytes that epoll knows nothing of is not asked: a read goes on until there are
 * none, unless the buffer is full; then the next round reads on. */
static void read_on(struct serve *s, struct connection *c) {
        const struct source *x = c->source;
        bool limited = c->relp || x->records_s || x->bytes_s;
        size_t room = limited ? SCRATCH_LIMITED : SCRATCH;
        ssize_t n, last;

        for (;;) {
                if (c->carry_len)
                        memcpy(s->scratch, c->carry, c->carry_len);
                n = read_some(c, s->scratch + c->carry_len, room, &last);
                if (n == -EAGAIN)
                        return;
                if (last < 0 && last != -EAGAIN && last != -ECONNRESET)
                        complain(s, c, tls_what(c->tls));
                if (n > 0)
                        c->active = s->now;
                bool end = n <= 0 || (c->tls && last != -EAGAIN);
                if (end)
                        c->ended = true; /* what waits for durability is still answered */
                if (!process(s, c, span_of(s->scratch, c->carry_len + (size_t)MAX(n, 0)), end))
                        return;
                if (end || !c->tls || (size_t)n < room || !may_read(c) || s->stalled)
                        return;
        }
}

void serve_connection_ready(struct serve *s, uint32_t index, uint32_t what) {
        struct connection *c = index < s->top ? s->connections[index] : NULL;

        (void)what;
        if (!c || !c->watched)
                return;
        if (!c->handshaken && !handshake(s, c))
                return;
        read_on(s, c);
}

void serve_connection_answer(struct serve *s, uint32_t index) {
        struct connection *c = index < s->top ? s->connections[index] : NULL;

        if (!c || !c->answering)
                return;
        if (!c->handshaken) {
                if (handshake(s, c) && !s->stalled)
                        read_on(s, c);
        } else {
                settle(s, c);
        }
}

/* What it carries, as if it had just come: after a stall, a pause, or room for answers. */
static void go_on(struct serve *s, struct connection *c) {
        size_t skip = 0;

        if (c->has_held) {
                c->held.bytes = span_of(c->carry, c->held_len);
                if (!give(s, c, &c->held, c->held_txnr))
                        return;
                c->has_held = false;
                skip = c->held_skip;
        }
        memcpy(s->scratch, c->carry + skip, c->carry_len - skip);
        if (!process(s, c, span_of(s->scratch, c->carry_len - skip), c->ended))
                return;
        /* Bytes that GnuTLS has taken off the socket do not wake epoll. */
        if (c->tls && may_read(c) && !s->stalled)
                read_on(s, c);
}

void serve_streams_unstalled(struct serve *s) {
        for (uint32_t i = 0; i < s->top && !s->stalled; i++)
                if (s->connections[i] && s->connections[i]->has_held)
                        go_on(s, s->connections[i]);
}

void serve_streams_durable(struct serve *s) {
        for (uint32_t i = 0; i < s->top; i++) {
                struct connection *c = s->connections[i];

                if (!c || !c->relp || c->relp->n == 0)
                        continue;
                bool full = !relp_has_room(c->relp);
                s->waiting -= relp_durable(c->relp, s->durable, &c->out);
                if (!settle(s, c))
                        continue;
                if (full && relp_has_room(c->relp) && !s->stalled && !c->has_held && !c->ended)
                        go_on(s, c);
        }
}

void serve_streams_resume(struct serve *s) {
        s->next_resume = 0;
        for (uint32_t i = 0; i < s->top; i++) {
                struct connection *c = s->connections[i];

                if (!c || c->resume == 0)
                        continue;
                if (c->resume <= s->now) {
                        c->resume = 0;
                        if (!s->stalled && !c->has_held)
                                go_on(s, c);
                        else
                                watch(s, c, may_read(c));
                } else {
                        s->next_resume =
                                s->next_resume ? MIN(s->next_resume, c->resume) : c->resume;
                }
        }
}

void serve_streams_tick(struct serve *s) {
        apply_sources(s);
        for (uint32_t i = 0; i < s->top; i++) {
                struct connection *c = s->connections[i];

                if (!c)
                        continue;
                bool held = s->stalled || !may_read(c);
                if (!c->handshaken && s->now - c->since > HANDSHAKE_NS)
                        close_because(s, c, COUNT_REFUSED_TLS, "handshake took too long");
                else if (held || !c->handshaken)
                        continue; /* it is we who make it wait */
                else if (s->now - c->active > (int64_t)c->listener->m.idle_s * NS_PER_SEC &&
                         (!c->relp || c->relp->n == 0))
                        close_because(s, c, COUNT_CLOSED_IDLE, "idle for too long");
                else if (c->partial && s->now - c->partial > PARTIAL_NS)
                        close_because(s, c, COUNT_CLOSED_IDLE, "one record took too long");
                else if (c->relp && !c->relp->opened && s->now - c->since > 3 * HANDSHAKE_NS)
                        close_because(s, c, COUNT_CLOSED_IDLE, "no RELP open");
        }
}

void serve_streams_stop(struct serve *s) {
        for (uint32_t i = 0; i < s->top; i++) {
                struct connection *c = s->connections[i];

                if (!c)
                        continue;
                if (c->relp && c->relp->n && !c->has_held) {
                        c->ended = true; /* stays for its answers */
                        watch(s, c, false);
                } else {
                        close_connection(s, c);
                }
        }
}

void serve_streams_free(struct serve *s) {
        for (uint32_t i = 0; i < s->top; i++)
                if (s->connections[i])
                        close_connection(s, s->connections[i]);
}
