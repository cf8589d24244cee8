/* See serve.h.
 *
 * A round: main's messages first (free slots, what is durable), then what is ready: connections,
 * datagrams, HTTP. Records go into the open slot at once; the slot is handed over when it is full, 20 ms
 * after its first record, or as soon as nothing more comes and somebody waits for an answer.
 *
 * Without a free slot nothing is read any more: TCP, TLS, RELP and HTTP senders are slowed down by
 * their windows, datagrams are dropped by the kernel, which counts them. The set of streams is a set
 * of its own inside the main one and is left out then.
 *
 * Invariants:
 *  V1  Sequence numbers are given without gaps, in the order of records in the batch.
 *  V2  No answer that means 'durable' is sent for a record of number >= s->durable.
 *  V3  A record that found no slot is offered again before its connection is read.
 *  V4  While stalled no connection is read, so at most one of them holds up to SCRATCH bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/files.h"
#include "ingest/http.h"
#include "ingest/replay.h"
#include "ingest/serve_impl.h"
#include "os/os.h"

#define CLAIM "coloa.drill"

int serve_new(struct serve **ret, const struct serve_setup *setup) {
        struct serve *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->set = *setup;
        s->now = os_monotonic();
        s->wall = os_now();
        s->ep = s->streams = -1;
        s->totals = setup->counters->totals;
        s->last_tick = s->now;
        s->builder = records_builder_new();
        s->scratch = malloc(RECORD_MAX + 2 * SCRATCH);
        s->datagrams = os_datagrams_new(DATAGRAMS, 65536);
        s->sources = sources_new(setup->counters);
        s->files = files_new();
        s->replay = replay_new();
        if (!s->builder || !s->scratch || !s->datagrams || !s->sources || !s->files || !s->replay) {
                serve_free(s);
                return -ENOMEM;
        }
        s->ep = os_epoll_new();
        s->streams = s->ep < 0 ? -1 : os_epoll_new();
        r = MIN(s->ep, s->streams);
        if (r >= 0)
                r = os_ready_add(s->ep, setup->sock, OS_READABLE, (uint64_t)TAG_MAIN << 32);
        if (r >= 0)
                r = os_ready_add(s->ep, s->streams, OS_READABLE, (uint64_t)TAG_STREAMS << 32);
        if (r < 0) {
                serve_free(s);
                return FAIL(r);
        }
        *ret = s;
        return 0;
}

struct serve *serve_free(struct serve *s) {
        if (!s)
                return NULL;
        serve_streams_free(s);
        for (uint32_t i = 0; i < s->n_listeners; i++) {
                http_free(s->listeners[i].http);
                tls_context_free(s->listeners[i].tls);
                os_close_quiet(s->listeners[i].fd);
        }
        files_free(s->files);
        replay_free(s->replay);
        records_builder_free(s->builder);
        free(s->scratch);
        os_datagrams_free(s->datagrams);
        sources_free(s->sources);
        dedup_free(s->dedup);
        os_close_quiet(s->streams);
        os_close_quiet(s->ep);
        free(s);
        return NULL;
}

/* Marks those of the last few records that came before. Not at once: the memory of what came is large,
 * and its parts that are asked for are on their way from there meanwhile. */
static void mark_all(struct serve *s) {
        for (unsigned i = 0; i < s->n_marks; i++) {
                const struct asked *m = &s->marks[i];
                bool seen = dedup_seen(s->dedup, m->content, m->seq);

                if (m->has_id && dedup_seen(s->dedup, m->id, m->seq))
                        seen = true;
                if (!seen)
                        continue;
                records_flag(s->builder, m->seq, RECORD_DUPLICATE);
                counter_add(&m->source->counters->duplicates, 1);
        }
        s->n_marks = 0;
}

static int hand_over(struct serve *s) {
        struct msg_node_slot m = {.type = NODE_FILLED,
                                  .slot = s->slot,
                                  .n_records = records_count(s->builder),
                                  .first_seq = s->next_seq - records_count(s->builder)};
        uint64_t payload = records_bytes(s->builder), drill_bytes;
        uint32_t drills;

        if (!s->open)
                return 0;
        mark_all(s);
        files_batch_ends(s);
        replay_batch_ends(s, &drills, &drill_bytes);
        m.bytes = (uint32_t)records_end(s->builder);
        if (m.bytes == 0)
                return 0; /* nothing in it: it stays open */
        s->open = false;
        s->slots_mine &= ~(1u << s->slot);
        serve_count(s, COUNT_RECORDS, m.n_records - drills);
        serve_count(s, COUNT_BYTES, payload - drill_bytes);
        serve_count(s, COUNT_BATCHES, m.n_records == 0 || drills < m.n_records);
        return os_send(s->set.sock, &m, sizeof(m), NULL, 0);
}

static int open_slot(struct serve *s) {
        if (s->n_slots == 0) {
                if (!s->stalled) {
                        s->stalled = true;
                        s->stalled_since = s->now;
                        serve_count(s, COUNT_STALLS, 1);
                }
                return SERVE_E_STALLED;
        }
        s->slot = s->slots[0];
        memmove(s->slots, s->slots + 1, --s->n_slots * sizeof(s->slots[0]));
        records_begin(s->builder, s->set.ring + s->slot * SLOT_BYTES, SLOT_BYTES, s->next_seq);
        s->open = true;
        s->batch_no++;
        s->batch_since = 0;
        return 0;
}

#ifdef COLOA_FAULTS
/* Test builds only: a record that holds one of these words hijacks the listener, so that a scenario
 * can see what becomes of one that tries to break out. */
static void misbehave(struct span b) {
        char *const argv[] = {(char *)"/bin/true", NULL};

        if (b.len > 4096 || !memmem(b.p, b.len, "coloa-listen-", 13))
                return;
        if (memmem(b.p, b.len, "coloa-listen-crash", 18))
                abort();
        if (memmem(b.p, b.len, "coloa-listen-open", 17))
                _exit(os_open("/etc/passwd", 0, 0) >= 0 ? 99 : 98);
        if (memmem(b.p, b.len, "coloa-listen-connect", 20))
                _exit(os_test_connect() >= 0 ? 99 : 98);
        if (memmem(b.p, b.len, "coloa-listen-exec", 17))
                _exit(os_exec("/bin/true", argv, argv + 1) >= 0 ? 99 : 98);
        if (memmem(b.p, b.len, "coloa-listen-fork", 17))
                _exit(os_fork() >= 0 ? 99 : 98);
}
#else
static void misbehave(struct span b) {
        (void)b;
}
#endif

static void count_record(struct serve *s, struct source *x, const struct serve_item *item,
                         uint32_t flags) {
        struct source_counters *c = x->counters;

        counter_add(&c->received, 1);
        counter_add(&c->bytes, item->bytes.len);
        if (UNLIKELY(flags)) {
                counter_add(&c->malformed, !!(flags & RECORD_MALFORMED));
                counter_add(&c->truncated, !!(flags & RECORD_TRUNCATED));
                counter_add(&c->quarantined, !!(flags & RECORD_QUARANTINED));
        }
        __atomic_store_n(&c->last_seen, s->wall, __ATOMIC_RELAXED);
        x->seen = s->now;
        if (UNLIKELY(x->silent)) {
                x->silent = false;
                counter_set(&c->silent, 0);
                serve_note(s, NOTE_INFORMATION, x->name, "it sends again", "");
        }
}

/* A record of at most RECORD_MAX bytes fits an empty slot. */
static int add(struct serve *s, const struct origin *o, struct span bytes, uint64_t true_len,
               uint32_t flags, uint64_t *ret_seq) {
        int k;

        if (!s->open && (k = open_slot(s)) != 0)
                return k;
        k = records_add(s->builder, o, bytes, true_len, flags, s->wall, ret_seq);
        if (k != RECORDS_E_FULL)
                return k;
        k = hand_over(s);
        if (k < 0 || (k = open_slot(s)) != 0)
                return k;
        return records_add(s->builder, o, bytes, true_len, flags, s->wall, ret_seq);
}

/* The same for a record that needs its file's header in front: a copy of it begins the run, again in
 * every batch, after other records, and when the run would outgrow a frame of the store. */
static int add_headed(struct serve *s, const struct origin *o, const struct serve_item *item,
                      struct span bytes, uint32_t flags, uint64_t *ret_seq) {
        uint64_t true_len = MAX(item->true_len, (uint64_t)bytes.len);
        size_t most = RECORD_MAX - 1 - MIN(item->preamble.len, RECORD_MAX / 2);

        if (bytes.len > most) {
                bytes.len = most;
                flags |= RECORD_TRUNCATED;
        }
        for (;;) {
                int r = 0;

                if (!s->open && (r = open_slot(s)) != 0)
                        return r;
                if (s->run.headed != item->headed || s->run.batch != s->batch_no ||
                    s->run.next_seq != s->next_seq || s->run.n >= HEADED_RECORDS ||
                    s->run.bytes + bytes.len + 1 > HEADED_BYTES) {
                        r = records_add(s->builder, o, item->preamble, item->preamble.len,
                                        RECORD_PREAMBLE, s->wall, ret_seq);
                        s->next_seq += r == 0;
                        s->run.headed = item->headed;
                        s->run.batch = s->batch_no;
                        s->run.bytes = item->preamble.len + 1;
                        s->run.n = 0;
                }
                if (r == 0)
                        r = records_add(s->builder, o, bytes, true_len, flags, s->wall, ret_seq);
                if (r != RECORDS_E_FULL) {
                        s->run.bytes += bytes.len + 1;
                        s->run.n++;
                        s->run.next_seq = s->next_seq + 1;
                        return r;
                }
                r = hand_over(s);
                if (r < 0)
                        return r;
        }
}

/* A label comes over the desk's line and from nowhere else (replay.c): a record that says it is of a drill says so, and no
 * more. It is kept and judged as what it is, a real sender's. */
static void refuse_claim(struct serve *s, const struct serve_item *item) {
        char who[OS_PEER_TEXT + 8] = "";

        if (item->peer) {
                memcpy(who, " peer=", 6);
                os_peer_text(item->peer, who + 6);
        }
        serve_count(s, COUNT_DRILL_CLAIMED, 1);
        serve_note(s, NOTE_WARNING, item->source->name,
                   "a record claims to be of a drill: it is not, it counts as real", who + !!*who);
}

int serve_record(struct serve *s, const struct serve_item *item, uint64_t *ret_seq) {
        struct source *x = item->source;
        struct span bytes = item->bytes;
        uint64_t true_len = MAX(item->true_len, (uint64_t)bytes.len);
        uint32_t flags = item->flags;
        struct origin o = {.source = x->id, .source_name = x->name, .headed = item->headed};
        int r;

        misbehave(bytes);
        if (UNLIKELY(memmem(bytes.p, bytes.len, CLAIM, sizeof(CLAIM) - 1)))
                refuse_claim(s, item);
        if (bytes.len > x->record_max)
                bytes.len = x->record_max;
        if (bytes.len < true_len)
                flags |= RECORD_TRUNCATED;
        if (x->unknown)
                flags |= RECORD_QUARANTINED;
        o.format = item->format != FORMAT_UNKNOWN ? item->format : source_format(x, bytes, &flags);
        if (item->peer) {
                memcpy(o.peer, item->peer->address, sizeof(o.peer));
                o.port = item->peer->port;
        }
        struct asked asked = {.content = dedup_key(s->dedup, x->id, 0, bytes),
                              .has_id = item->id.p != NULL,
                              .source = x};
        if (asked.has_id)
                asked.id = dedup_key(s->dedup, x->id, 1, item->id);
        if (item->headed && item->preamble.len)
                r = add_headed(s, &o, item, bytes, flags, ret_seq);
        else
                r = add(s, &o, bytes, true_len, flags, ret_seq);
        if (r != 0)
                return r;
        asked.seq = s->next_seq++;
        s->marks[s->n_marks++] = asked;
        if (s->n_marks == MARKS)
                mark_all(s);
        if (s->batch_since == 0)
                s->batch_since = s->now;
        count_record(s, x, item, flags);
        return 0;
}

/* Nothing of a real source is touched: no counters, no rate, no memory of duplicates. */
int serve_replayed(struct serve *s, const struct origin *o, struct span bytes, uint64_t *ret_seq) {
        int r = add(s, o, bytes, bytes.len, 0, ret_seq);

        if (r != 0)
                return r;
        s->next_seq++;
        if (s->batch_since == 0)
                s->batch_since = s->now;
        return 0;
}

int serve_position(struct serve *s, struct span key, struct span value) {
        int r;

        if (!s->open && (r = open_slot(s)) != 0)
                return r;
        r = records_add_position(s->builder, key, value);
        if (r == RECORDS_E_FULL) {
                r = hand_over(s);
                if (r < 0)
                        return r;
                if ((r = open_slot(s)) != 0)
                        return r;
                r = records_add_position(s->builder, key, value);
        }
        if (r == 0 && s->batch_since == 0)
                s->batch_since = s->now;
        return r;
}

void serve_wake(struct serve *s) {
        if (!s->stalled || s->n_slots == 0)
                return;
        s->stalled = false;
        serve_count(s, COUNT_STALL_NS, (uint64_t)(s->now - s->stalled_since));
        /* In this order until the next stall: what was held up comes before what is new (V3). */
        serve_streams_unstalled(s);
        if (!s->stalled)
                serve_datagrams_unstalled(s);
        for (uint32_t i = 0; i < s->n_listeners && !s->stalled; i++)
                if (s->listeners[i].http)
                        http_unstalled(s->listeners[i].http);
}

void serve_alert(struct serve *s, enum own_alert what, const char *source, const char *text) {
        struct msg_own_alert m = {.type = DESK_INCIDENT, .what = what, .time = s->wall};

        snprintf(m.source, sizeof(m.source), "%s", source);
        snprintf(m.text, sizeof(m.text), "%s", text);
        (void)os_send(s->set.sock, &m, sizeof(m), NULL, 0);
}

void serve_refuse_unknown(struct serve *s, struct listener *l, const struct os_peer *peer) {
        char who[120];

        serve_count(s, COUNT_REFUSED_UNKNOWN, 1);
        serve_who(l, peer, who, sizeof(who));
        serve_note(s, NOTE_WARNING, "", "refused: a sender nobody knows", who);
}

struct source *serve_who_is(struct serve *s, struct listener *l, const struct os_peer *peer) {
        struct source *x = listen_is_local(l->m.protocol)
                                   ? sources_by_listener(s->sources, l->m.id)
                                   : sources_by_address(s->sources, l->m.id, peer);

        if (x)
                return x;
        if (l->m.flags & LISTEN_QUARANTINE)
                return sources_unknown(s->sources);
        serve_refuse_unknown(s, l, peer);
        return NULL;
}

static void watch_silence(struct serve *s) {
        for (uint32_t i = 0; i < sources_count(s->sources); i++) {
                struct source *x = sources_at(s->sources, i);
                char text[160];

                if (x->gone || x->silent || x->silent_s == 0 ||
                    s->now - x->seen <= (int64_t)x->silent_s * NS_PER_SEC)
                        continue;
                x->silent = true;
                counter_set(&x->counters->silent, 1);
                snprintf(text, sizeof(text), "silent for more than %u s", x->silent_s);
                serve_alert(s, OWN_SILENT_SOURCE, x->name, text);
                serve_note(s, NOTE_WARNING, x->name, "silent for longer than allowed", "");
        }
}

static void tick(struct serve *s) {
        struct counters_page *p = s->set.counters;

        s->last_tick = s->now;
        dedup_tick(s->dedup, s->now);
        watch_silence(s);
        serve_streams_tick(s);
        for (uint32_t i = 0; i < s->n_listeners; i++) {
                struct listener *l = &s->listeners[i];

                if (l->http)
                        http_tick(l->http);
                if (l->fd >= 0 && listen_is_datagram(l->m.protocol))
                        serve_count_drops(s, l);
                if (l->again_at && l->again_at <= s->now && l->fd >= 0 && !s->stopping) {
                        l->again_at = 0;
                        (void)os_ready_add(s->streams, l->fd, OS_READABLE,
                                           (uint64_t)TAG_LISTENER << 32 | i);
                }
        }
        serve_notes_tick(s);
        counter_set(&s->totals[COUNT_SLOTS_FREE], s->n_slots);
        counter_set(&s->totals[COUNT_DUPLICATE_WINDOW], dedup_window(s->dedup));
        serve_count(s, COUNT_DUPLICATES_FORGOTTEN, dedup_forgotten(s->dedup) - s->forgotten);
        s->forgotten = dedup_forgotten(s->dedup);
        counter_set(&s->totals[COUNT_DUPLICATES_ROOM], dedup_room(s->dedup));
        counter_set(&s->totals[COUNT_DUPLICATES_KNOWN], dedup_live(s->dedup));
        counter_set(&s->totals[COUNT_MEMORY], s->memory);
        counter_set(&s->totals[COUNT_WAITING], s->waiting);
        files_show(s);
        __atomic_store_n(&p->updated, s->wall, __ATOMIC_RELAXED);
}

static int streams_ready(struct serve *s) {
        struct os_ready ready[128];
        int n = os_ready_wait(s->streams, ready, ARRAY_LEN(ready), 0);
        uint32_t drills = 0;

        for (int i = 0; i < n && !s->stalled; i++) {
                uint32_t index = (uint32_t)ready[i].tag;

                if (ready[i].tag >> 32 == TAG_CONNECTION) {
                        serve_connection_ready(s, index, ready[i].what);
                } else if (ready[i].tag >> 32 == TAG_LISTENER && index < s->n_listeners) {
                        if (listen_is_datagram(s->listeners[index].m.protocol))
                                serve_datagrams(s, index);
                        else
                                serve_accept(s, &s->listeners[index]);
                } else if (ready[i].tag >> 32 == TAG_JOURNAL) {
                        files_journal_ready(s);
                } else if (ready[i].tag >> 32 == TAG_REPLAY) {
                        drills = ready[i].what; /* real senders first */
                }
        }
        return drills && !s->stalled ? replay_run(s, drills) : 0;
}

static int messages(struct serve *s) {
        int r;

        do
                r = serve_message(s);
        while (r == 0);
        serve_wake(s);
        return r == -EAGAIN ? 0 : r;
}

static int round_of(struct serve *s, const struct os_ready *ready, int n) {
        bool streams = false;

        for (int i = 0; i < n; i++) {
                uint32_t index = (uint32_t)ready[i].tag;
                int r = 0;

                switch ((enum tag)(ready[i].tag >> 32)) {
                case TAG_MAIN: r = messages(s); break;
                case TAG_STREAMS: streams = true; break;
                case TAG_ANSWER: serve_connection_answer(s, index); break;
                case TAG_HTTP:
                        if (index < s->n_listeners && s->listeners[index].http)
                                http_run(s->listeners[index].http);
                        break;
                default: break;
                }
                if (r < 0)
                        return r;
        }
        return streams && !s->stalled ? streams_ready(s) : 0;
}

/* Senders wait for the open batch, and it is the store that has nothing else to do. While it commits
 * what came before, more may come, and is durable no later: small batches cost as much as large ones. */
static bool is_awaited(const struct serve *s) {
        return s->waiting && s->durable + records_count(s->builder) >= s->next_seq;
}

/* How long nothing need happen. */
static int timeout_ms(const struct serve *s) {
        int64_t until = s->last_tick + NS_PER_SEC;

        if (s->next_resume)
                until = MIN(until, s->next_resume);
        until = MIN(until, MIN(files_due(s), replay_due(s)));
        if (s->open && s->batch_since) {
                until = MIN(until, s->batch_since + BATCH_NS);
                if (is_awaited(s))
                        until = MIN(until, s->now + BATCH_IDLE_MS * 1000000);
        }
        for (uint32_t i = 0; i < s->n_listeners; i++)
                if (s->listeners[i].http) {
                        int64_t ms = http_timeout_ms(s->listeners[i].http);
                        until = MIN(until, s->now + ms * 1000000);
                }
        return until <= s->now ? 0 : (int)((until - s->now + 999999) / 1000000);
}

/* The set of streams is watched only while what it brings can be taken. */
static int watch_streams(struct serve *s, bool *watched) {
        bool want = !s->stalled && !s->stopping;

        if (want == *watched)
                return 0;
        *watched = want;
        return os_ready_change(s->ep, s->streams, want ? OS_READABLE : 0,
                               (uint64_t)TAG_STREAMS << 32);
}

int serve_run(struct serve *s) {
        bool watched = true;
        int r = 0;

        while (r >= 0) {
                struct os_ready ready[64];

                r = watch_streams(s, &watched);
                if (r < 0)
                        break;
                int n = os_ready_wait(s->ep, ready, ARRAY_LEN(ready), timeout_ms(s));
                if (n < 0)
                        return FAIL(n);
                s->now = os_monotonic();
                s->wall = os_now();
                s->round++;
                r = round_of(s, ready, n);
                if (r < 0)
                        break;
                for (uint32_t i = 0; i < s->n_listeners; i++)
                        if (s->listeners[i].http && http_timeout_ms(s->listeners[i].http) == 0)
                                http_run(s->listeners[i].http);
                if (s->next_resume && s->next_resume <= s->now)
                        serve_streams_resume(s);
                if (files_due(s) <= s->now)
                        files_run(s);
                if (replay_due(s) <= s->now)
                        r = replay_run(s, 0);
                if (r < 0)
                        break;
                if (s->now - s->last_tick >= NS_PER_SEC)
                        tick(s);
                if (s->open && s->batch_since &&
                    (s->stopping || s->now - s->batch_since >= BATCH_NS ||
                     (n == 0 && is_awaited(s))))
                        r = hand_over(s);
        }
        return r == -EPIPE ? 0 : r;
}
