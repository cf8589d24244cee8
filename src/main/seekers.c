/* See seekers.h. Each seeker has one task at work and one waiting, so that it never waits for us. One
 * that dies leaves them to others, from the record on that it was at; what it had found stands, and is not
 * taken twice. A record that two die on is passed over and named. Where one dies before any record, as
 * at a damaged frame, twice as much is passed over each time. */
#include "main/seekers.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/spawn.h"
#include "os/os.h"
#include "seek/sieve.h"
#include "store/filter.h"
#include "store/token.h"
#include "wire/message.h"
#include "wire/node.h"
#include "wire/outbox.h"

#define SEEKERS_MAX 16u
#define QUEUE 2u
#define POLL_MS 200
#define TASK_NS (INT64_C(30) * NS_PER_SEC)
#define LOST_MAX 100u

struct work {
        struct msg_judge m;
        int fd;                       /* the frames; owned */
        unsigned deaths;              /* on its first record */
        uint64_t skip;                /* records to pass over at the next */
        uint64_t at_seq, at_offset;   /* of the last event found */
        uint64_t had_seq, had_offset; /* of the last that an earlier seeker found; 0: none */
};

struct seeker {
        struct child child;
        bool ready;
        int outbox_fd;
        struct outbox *out;
        uint64_t tail;
        struct work queue[QUEUE];
        unsigned queued;
        int64_t began;
};

struct seekers {
        const struct seekers_options *o;
        struct reader *reader;
        seekers_found *found;
        void *ctx;
        struct seekers_stats *st;
        struct seeker seekers[SEEKERS_MAX];
        unsigned n;
        struct work again[SEEKERS_MAX * QUEUE]; /* of seekers that died */
        unsigned n_again;
        int query_fd;
        struct arena arena;
        char *entry;
        bool no_more, enough;
        struct seeker spares[SEEKERS_MAX];
        unsigned n_spares;
};

/* Nothing asked for is everything; to a judge, no query would be no search. */
static struct span query_text(const struct seekers *s) {
        return s->o->query.len ? s->o->query : SPAN("*");
}

static int start(struct seekers *s, struct seeker *k) {
        char query[40], landlock[40], from[48], to[48], explain[40], masked[16];
        const char *args[] = {query, landlock, from, to, explain, masked, NULL};
        void *p = NULL;
        int r = os_memfd("outbox", &k->outbox_fd);

        if (r == 0)
                r = os_ftruncate(k->outbox_fd, sizeof(struct outbox));
        if (r == 0)
                r = os_map(k->outbox_fd, sizeof(struct outbox), true, &p);
        if (r < 0)
                return FAIL(r);
        k->out = p;
        k->tail = 0;
        k->ready = false;
        k->queued = 0;
        k->began = os_monotonic();
        int fds[] = {s->query_fd, s->o->program_fd, k->outbox_fd};
        snprintf(query, sizeof(query), "query=%zu", query_text(s).len);
        snprintf(landlock, sizeof(landlock), "landlock=%d", s->o->landlock);
        snprintf(from, sizeof(from), "from=%lld", (long long)s->o->from);
        snprintf(to, sizeof(to), "to=%lld", (long long)s->o->to);
        snprintf(explain, sizeof(explain), "explain=%u", s->o->explain);
        snprintf(masked, sizeof(masked), "masked=%d", s->o->masked);
        return child_start(
                &k->child,
                &(struct child_spec){
                        .name = "judge", .fds = fds, .n_fds = 3, .args = args, .cpu = -1});
}

/* Behind a wall: it sees that we have gone. */
static void stop(const struct seekers *s, struct seeker *k) {
        if (s->o->walled)
                os_close_quiet(k->child.sock);
        else
                child_stop(&k->child, 0);
        for (unsigned i = 0; i < k->queued; i++)
                os_close_quiet(k->queue[i].fd);
        if (k->out)
                os_unmap(k->out, sizeof(struct outbox));
        os_close_quiet(k->outbox_fd);
        *k = (struct seeker){.child = {.sock = -1}, .outbox_fd = -1};
}

/* One that takes the place of another. */
static int start_again(struct seekers *s, struct seeker *k) {
        if (!s->o->walled)
                return start(s, k);
        if (s->n_spares == 0)
                return -ECHILD;
        *k = s->spares[--s->n_spares];
        k->began = os_monotonic();
        return 0;
}

static void end(struct seekers *s, struct seeker *k) {
        if (!s->o->walled)
                os_kill(k->child.pid, SIGKILL); /* the next turn sees it */
}

/* ---- blocks to tasks ---- */

int seekers_frames(const struct reader_block *b, int *ret_fd, uint64_t *ret_len) {
        struct frame_list h = {FRAME_LIST_MAGIC, b->n_frames, b->data.len};
        _cleanup_(os_closep) int fd = -1;
        int r = os_memfd("frames", &fd);

        if (r == 0)
                r = os_write_full(fd, &h, sizeof(h));
        if (r == 0)
                r = os_write_full(fd, b->entries, b->n_frames * sizeof(*b->entries));
        if (r == 0)
                r = os_write_full(fd, b->data.p, b->data.len);
        if (r == 0)
                r = os_memfd_seal(fd);
        if (r < 0)
                return r;
        *ret_len = sizeof(h) + b->n_frames * sizeof(*b->entries) + b->data.len;
        *ret_fd = os_take(&fd);
        return 0;
}

/* It is the seeker's from here on. */
static void give(struct seekers *s, struct seeker *k, const struct work *w) {
        int fd = w->fd;

        if (k->queued == 0)
                k->began = os_monotonic();
        k->queue[k->queued++] = *w;
        if (os_send_now(k->child.sock, &w->m, sizeof(w->m), &fd, 1) < 0)
                end(s, k);
}

static int give_block(struct seekers *s, struct seeker *k, const struct reader_block *b) {
        struct work w = {.m = {.type = JUDGE_FRAMES,
                               .slot = UINT32_MAX,
                               .first_seq = b->first_seq,
                               .from = b->first_seq,
                               .to = b->end_seq},
                         .skip = 1};

        if (s->o->end) {
                w.m.from = MAX(w.m.from, s->o->first);
                w.m.to = MIN(w.m.to, s->o->end);
        }
        if (w.m.from >= w.m.to)
                return 0;
        int r = seekers_frames(b, &w.fd, &w.m.bytes);
        if (r < 0)
                return FAIL(r);
        s->st->blocks++;
        for (uint32_t i = 0; i < b->n_frames; i++) {
                s->st->records += b->entries[i].n_records;
                s->st->bytes += b->entries[i].payload_len;
        }
        give(s, k, &w);
        return 0;
}

static int give_work(struct seekers *s) {
        for (;;) {
                struct seeker *best = NULL;
                struct reader_block b;

                for (unsigned i = 0; i < s->n; i++) {
                        struct seeker *k = &s->seekers[i];
                        if (k->ready && k->queued < QUEUE && (!best || k->queued < best->queued))
                                best = k;
                }
                if (!best || (s->no_more && s->n_again == 0))
                        return 0;
                if (s->n_again) {
                        give(s, best, &s->again[--s->n_again]);
                        continue;
                }
                int r = reader_next(s->reader, &b);
                if (r <= 0) {
                        s->no_more = true;
                        return r;
                }
                r = give_block(s, best, &b);
                if (r < 0)
                        return r;
        }
}

/* ---- what they find ---- */

/* Whether it is new: a seeker goes on at the record that another died on, and may find its events again.
 * Events of a block come in order. */
static bool is_new(struct seeker *k, const struct finding *f) {
        for (unsigned i = 0; i < k->queued; i++) {
                struct work *w = &k->queue[i];

                if (f->seq < w->m.from || f->seq >= w->m.to)
                        continue;
                if (w->had_seq &&
                    (f->seq < w->had_seq || (f->seq == w->had_seq && f->offset <= w->had_offset)))
                        return false;
                w->at_seq = f->seq;
                w->at_offset = f->offset;
        }
        return true;
}

static int drain(struct seekers *s, struct seeker *k) {
        enum outbox_kind kind;
        size_t len;
        int r = 0;

        while (!s->enough && (r = outbox_take(k->out, &k->tail, &kind, s->entry, &len)) == 1) {
                struct finding f;

                outbox_release(k->out, k->tail);
                if (kind != OUTBOX_FINDING)
                        continue;
                arena_reset(&s->arena);
                if (finding_decode(span_of(s->entry, len), &s->arena, &f) != (ssize_t)len)
                        return -EBADMSG;
                if (!is_new(k, &f))
                        continue;
                r = s->found(s->ctx, &f, span_of(s->entry, len));
                if (r < 0)
                        return r;
                s->enough |= r == 1;
        }
        return r < 0 ? r : 0;
}

static void pass_over(struct seekers *s, struct work *w) {
        uint64_t to = MIN(w->m.from + w->skip, w->m.to);
        struct seekers_stats *st = s->st;

        st->lost_records += to - w->m.from;
        if (st->n_lost < SEEKERS_LOST_SHOWN) {
                st->lost[st->n_lost].from = w->m.from;
                st->lost[st->n_lost++].to = to;
        }
        w->m.from = to;
        w->skip *= 2;
        w->deaths = 0;
}

/* `hint`: the record it was at, if it is to be believed: it can only hide what it should have found. */
static void work_again(struct seekers *s, struct work *w, bool at_work, uint64_t hint) {
        if (at_work && hint > w->m.from && hint < w->m.to) {
                w->m.from = hint;
                w->deaths = w->skip = 1;
        } else if (at_work && ++w->deaths == 2) {
                pass_over(s, w);
        }
        if (w->at_seq) {
                w->had_seq = w->at_seq;
                w->had_offset = w->at_offset;
        }
        if (w->m.from < w->m.to)
                s->again[s->n_again++] = *w;
        else
                os_close_quiet(w->fd);
}

static int died(struct seekers *s, struct seeker *k) {
        int r = drain(s, k);

        if (r < 0 && r != -EBADMSG)
                return r;
        if (!k->ready || ++s->st->lost_processes > LOST_MAX)
                return -ECHILD;
        uint64_t hint = __atomic_load_n(&k->out->position, __ATOMIC_RELAXED);
        while (k->queued) { /* the first last: it is given again first */
                k->queued--;
                work_again(s, &k->queue[k->queued], k->queued == 0, hint);
        }
        stop(s, k);
        return start_again(s, k);
}

static int take_message(struct seekers *s, struct seeker *k) {
        union {
                struct msg_plain plain;
                struct msg_judge judge;
                char bytes[MESSAGE_MAX];
        } m;
        ssize_t n = os_recv(k->child.sock, &m, sizeof(m), NULL, 0, NULL);

        if (n == sizeof(m.plain) && m.plain.type == PROCESS_READY && !k->ready) {
                k->ready = true;
                return 0;
        }
        if (n == sizeof(m.plain) && m.plain.type == JUDGE_FULL) {
                struct msg_plain emptied = {JUDGE_EMPTIED, 0};
                int r = drain(s, k);

                if (r == -EBADMSG || os_send_now(k->child.sock, &emptied, sizeof(emptied), NULL, 0))
                        return died(s, k);
                return r;
        }
        if (n == sizeof(m.judge) && m.judge.type == JUDGED && k->queued &&
            m.judge.from == k->queue[0].m.from && m.judge.to == k->queue[0].m.to) {
                int r = drain(s, k);

                s->st->lost_records += MIN(m.judge.unopened, m.judge.to - m.judge.from);
                s->st->given_up += m.judge.given_up;
                os_close_quiet(k->queue[0].fd);
                k->queue[0] = k->queue[1];
                k->queued--;
                k->began = os_monotonic();
                return r == -EBADMSG ? died(s, k) : r;
        }
        return died(s, k);
}

static bool at_work(const struct seekers *s) {
        if (s->n_again)
                return true;
        for (unsigned i = 0; i < s->n; i++)
                if (s->seekers[i].queued)
                        return true;
        return false;
}

static int turn(struct seekers *s) {
        struct pollfd p[SEEKERS_MAX];
        int64_t now;

        for (unsigned i = 0; i < s->n; i++)
                p[i] = (struct pollfd){.fd = s->seekers[i].child.sock, .events = POLLIN};
        int r = os_poll(p, s->n, POLL_MS);
        for (unsigned i = 0; i < s->n && r >= 0; i++)
                if (p[i].revents)
                        r = take_message(s, &s->seekers[i]);
        now = os_monotonic();
        for (unsigned i = 0; i < s->n && r >= 0; i++)
                if (s->seekers[i].queued && now - s->seekers[i].began > TASK_NS) {
                        end(s, &s->seekers[i]);
                        r = s->o->walled ? -ECHILD : r;
                }
        if (r >= 0 && s->o->tick)
                r = s->o->tick(s->ctx);
        if (r >= 0 && s->o->cancelled && *s->o->cancelled)
                return -ECANCELED;
        if (r >= 0 && s->o->deadline && now > s->o->deadline)
                return -ETIME;
        return r < 0 ? r : 0;
}

static int query_memory(struct seekers *s) {
        int r = os_memfd("query", &s->query_fd);

        if (r == 0)
                r = os_write_full(s->query_fd, query_text(s).p, query_text(s).len);
        return r == 0 ? os_memfd_seal(s->query_fd) : r;
}

int seekers_new(struct seekers **ret, const struct seekers_options *o) {
        struct seekers *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        *s = (struct seekers){.o = o, .n = MIN(MAX(o->n, 1u), SEEKERS_MAX), .query_fd = -1};
        int r = query_memory(s);
        arena_init(&s->arena, (size_t)1 << 20);
        s->entry = malloc(OUTBOX_ENTRY_MAX);
        if (!s->entry)
                r = -ENOMEM;
        for (unsigned i = 0; i < SEEKERS_MAX; i++)
                s->seekers[i] = s->spares[i] =
                        (struct seeker){.child = {.sock = -1}, .outbox_fd = -1};
        for (unsigned i = 0; i < s->n && r == 0; i++)
                r = start(s, &s->seekers[i]);
        for (unsigned i = 0; i < MIN(o->spares, SEEKERS_MAX) && r == 0; i++) {
                r = start(s, &s->spares[i]);
                s->n_spares += r == 0;
        }
        if (r < 0)
                seekers_free(s);
        else
                *ret = s;
        return r;
}

struct seekers *seekers_free(struct seekers *s) {
        if (!s)
                return NULL;
        for (unsigned i = 0; i < s->n; i++)
                stop(s, &s->seekers[i]);
        for (unsigned i = 0; i < s->n_spares; i++)
                stop(s, &s->spares[i]);
        for (unsigned i = 0; i < s->n_again; i++)
                os_close_quiet(s->again[i].fd);
        os_close_quiet(s->query_fd);
        arena_deinit(&s->arena);
        free(s->entry);
        free(s);
        return NULL;
}

int seekers_go(struct seekers *s, struct reader *reader, seekers_found *found, void *ctx,
               struct seekers_stats *ret) {
        int r = 0;

        *ret = (struct seekers_stats){0};
        s->reader = reader;
        s->found = found;
        s->ctx = ctx;
        s->st = ret;
        s->no_more = s->enough = false;
        while (r == 0 && !s->enough && (!s->no_more || at_work(s))) {
                r = give_work(s);
                if (r == 0 && (!s->no_more || at_work(s)))
                        r = turn(s);
        }
        return r;
}

int seekers_run(const struct seekers_options *o, struct reader *reader, seekers_found *found,
                void *ctx, struct seekers_stats *ret) {
        struct seekers *s = NULL;
        int r = seekers_new(&s, o);

        *ret = (struct seekers_stats){0};
        if (r == 0)
                r = seekers_go(s, reader, found, ctx, ret);
        seekers_free(s);
        return r;
}

void seekers_say_lost(const struct seekers_stats *st, const char *program) {
        for (uint32_t i = 0; i < st->n_lost; i++)
                fprintf(stderr,
                        tr("%s: records %llu to %llu could not be looked through: processes died "
                           "on "
                           "them\n",
                           "%s: các bản ghi từ %llu đến %llu không xem được: tiến trình chết tại "
                           "đó\n"),
                        program, (unsigned long long)st->lost[i].from,
                        (unsigned long long)st->lost[i].to - 1);
        if (st->lost_records)
                fprintf(stderr,
                        tr("%s: %llu records could not be looked through\n",
                           "%s: %llu bản ghi không xem được\n"),
                        program, (unsigned long long)st->lost_records);
        if (st->given_up)
                fprintf(stderr,
                        tr("%s: %llu values cost a regular expression too much: taken for no "
                           "match\n",
                           "%s: %llu giá trị quá tốn cho biểu thức chính quy: coi như không "
                           "khớp\n"),
                        program, (unsigned long long)st->given_up);
}

/* ---- the query ---- */

static bool has_token(void *ctx, struct span token) {
        const struct span *filter = ctx;

        return filter_may(*filter, token_hash(token));
}

bool seekers_block_may(void *ctx, struct span filter) {
        return sieve_block_may(ctx, has_token, &filter);
}

/* "-:LINE:COLUMN: error: WHAT [KIND]", in either language: said of the term that the person wrote, not
 * of the rule that was made of it. */
static bool say_term(const struct query *q, struct span line) {
        struct span dash = SPAN("-:");
        const char *end = line.p + line.len, *what = memmem(line.p, line.len, ": ", 2);

        if (what)
                what = memmem(what + 2, (size_t)(end - what - 2), ": ", 2);
        if (!span_starts(line, dash) || !what)
                return false;
        const struct leaf *l = query_leaf_of_line(q, strtoull(line.p + dash.len, NULL, 10));
        if (!l)
                return false;
        const char *slash = strcmp(l->modifier, "|re") == 0 ? "/" : "";
        what += 2;
        size_t n = (size_t)(end - what);
        const char *kind = memmem(what, n, " [", 2);
        fprintf(stderr, "coloa: %.*s:%s%.*s%s: %.*s\n", (int)l->field.len, l->field.p, slash,
                (int)l->text.len, l->text.p, slash, (int)(kind ? (size_t)(kind - what) : n), what);
        return true;
}

static void say_errors(const struct query *q, struct rulebook *b) {
        struct span text;

        rulebook_clean(b);
        text = span_of(b->text, b->text_len);
        while (text.len) {
                const char *nl = memchr(text.p, '\n', text.len);
                struct span line = span_of(text.p, nl ? (size_t)(nl - text.p) : text.len);

                if (!say_term(q, line))
                        fprintf(stderr, "%.*s\n", (int)line.len, line.p);
                text = span_of(line.p + line.len + (nl != NULL),
                               text.len - line.len - (nl != NULL));
        }
}

int seekers_compile(const struct query *q, int landlock, struct rulebook *ret) {
        const char *files[QUERY_LEAVES_MAX];
        struct rulebook_options ro = {.job = RULES_COMPILE, .landlock = landlock, .rules = files};
        struct buf yaml = {0};

        query_rules(q, &yaml);
        ro.text = yaml.len ? buf_get(&yaml) : SPAN("# none\n");
        for (uint32_t i = 0; i < q->n_leaves; i++)
                if (q->leaves[i].kind == LEAF_RULE)
                        files[ro.n_rules++] =
                                arena_dup((struct arena *)&q->arena, q->leaves[i].text).p;
        int r = yaml.failed ? -ENOMEM : rulebook_load(ret, &ro);
        buf_deinit(&yaml);
        if (r == 0 && ret->done.n_errors) {
                say_errors(q, ret);
                rulebook_deinit(ret);
                return -EINVAL;
        }
        return r;
}
