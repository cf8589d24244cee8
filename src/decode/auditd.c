/* Audit logs: the records of one serial joined into one event. What a record says, auditd_record.c
 * reads.
 *
 * The kernel writes an event as several lines with the same time and serial: SYSCALL, EXECVE, CWD,
 * PATH …, PROCTITLE, EOE. Lines of events that happen at once are interleaved. So events are
 * collected in a window of at most WINDOW open ones, in the order of their first lines, and given
 * out from its head, which keeps them in the order of time. The head is given out when
 *  - it is complete: it holds a record that is always alone (user space's have msg='…'; DAEMON_…),
 *    or an EOE, or a PROCTITLE and the line that follows belongs to another serial;
 *  - a line's time is more than two seconds later (the kernel never holds an event back so long;
 *    auparse does the same);
 *  - the window is full, or the event has RECORDS_MAX records;
 *  - the batch ends (`ingest` cuts where the serial changes).
 * A record that comes later still begins an event of its own: nothing is lost, only not joined.
 *
 * Invariants:
 * A1  window[0 .. open) are in the order of their first lines.
 * A2  every audit line is in exactly one event, except EOE, which says nothing.
 * A3  the event's raw text is the stretch of the batch from its first to its last line, when no
 *     foreign line lies between; else a copy of its lines.
 *
 * After a crash, decoding goes on at the position of the oldest event held back: that event is
 * passed over by its serial. Lines of the events already given out that lie behind that position
 * would then come again as events of their own; with interleaved events that is preferred to losing
 * some. */
#include <stdlib.h>

#include "decode/auditd.h"

#define WINDOW 16u
#define RECORDS_MAX 128u
#define LATE (2 * NS_PER_SEC)

struct held {
        struct span line;
        uint64_t offset, number;
        struct auditd_record rec;
};

struct group {
        struct span node, stamp;
        int64_t time;
        uint64_t serial;
        uint32_t n;
        bool complete, proctitle, cut;
        struct held *rec; /* room for RECORDS_MAX */
};

struct auditd {
        struct auditd_join *join;
        unsigned open;
        struct group *window[WINDOW]; /* the first `open` are in use */
        struct group group[WINDOW];
        bool skipping; /* the records of this serial are passed over (see above) */
        struct auditd_record skip;
        struct held record[WINDOW][RECORDS_MAX];
};

static void *auditd_new(void) {
        struct auditd *a = calloc(1, sizeof(*a));

        if (!a)
                return NULL;
        a->join = auditd_join_new(1024);
        if (!a->join) {
                free(a);
                return NULL;
        }
        for (unsigned i = 0; i < WINDOW; i++) {
                a->group[i].rec = a->record[i];
                a->window[i] = &a->group[i];
        }
        return a;
}

static void auditd_free(void *priv) {
        struct auditd *a = priv;

        auditd_join_free(a->join);
        free(a);
}

static void auditd_begin(struct decode_state *s) {
        struct auditd *a = s->priv;

        a->open = 0;
        a->skipping = false;
        s->held = SIZE_MAX;
}

static bool same_event(const struct auditd_record *a, const struct auditd_record *b) {
        return a->serial == b->serial && a->time == b->time && span_eq(a->node, b->node);
}

/* Position is the first line of an event that is to be passed over. */
static void auditd_skip(struct decode_state *s) {
        struct auditd *a = s->priv;
        struct span p = s->b.payload;
        size_t start = s->pos;

        while (start > 0 && p.p[start - 1] != '\n')
                start--;
        const char *nl = memchr(p.p + s->pos, '\n', p.len - s->pos);
        size_t end = nl ? (size_t)(nl - p.p) : p.len;
        a->skipping = auditd_head(span_of(p.p + start, MIN(end - start, RECORD_MAX)), &a->skip);
        s->pos = nl ? end + 1 : end;
}

static struct group *find(struct auditd *a, const struct auditd_record *r) {
        for (unsigned i = a->open; i-- > 0;) { /* the newest first: nearly always the one */
                struct group *g = a->window[i];
                if (g->serial == r->serial && g->time == r->time && span_eq(g->node, r->node))
                        return g;
        }
        return NULL;
}

static bool stands_alone(const struct auditd_record *r) {
        return span_starts(r->type, SPAN("DAEMON_")) ||
               (r->body.len && (memmem(r->body.p, r->body.len, " msg='", 6) ||
                                memmem(r->body.p, r->body.len, " msg=\"", 6)));
}

/* Takes a line's record into the window, which has room. */
static void hold(struct auditd *a, const struct event *at, const struct auditd_record *r) {
        struct group *g = find(a, r);

        for (unsigned i = 0; i < a->open; i++) {
                struct group *o = a->window[i];
                if (o != g && (o->proctitle || (r->time > o->time && r->time - o->time > LATE)))
                        o->complete = true;
        }
        if (span_eq(r->type, SPAN("EOE"))) {
                if (g)
                        g->complete = true;
                return;
        }
        if (!g) {
                g = a->window[a->open++];
                g->node = r->node;
                g->stamp = r->stamp;
                g->time = r->time;
                g->serial = r->serial;
                g->n = 0;
                g->complete = stands_alone(r);
                g->proctitle = g->cut = false;
        }
        g->rec[g->n++] =
                (struct held){.line = at->raw, .offset = at->offset, .number = at->line, .rec = *r};
        g->cut |= at->cut;
        if (span_eq(r->type, SPAN("PROCTITLE")))
                g->proctitle = true;
        if (g->n == RECORDS_MAX)
                g->complete = true;
}

/* A3 */
static struct span raw_of(struct decode_state *s, const struct group *g) {
        const char *start = g->rec[0].line.p;
        size_t total = 0, n = 0;
        bool together = true;

        for (uint32_t i = 0; i < g->n; i++) {
                const struct held *h = &g->rec[i];
                total += h->line.len + 1;
                if (i && (size_t)(h->line.p - g->rec[i - 1].line.p) > g->rec[i - 1].line.len + 2)
                        together = false;
        }
        const struct held *last = &g->rec[g->n - 1];
        if (together)
                return span_of(start,
                               MIN((size_t)(last->line.p + last->line.len - start), RECORD_MAX));
        total = MIN(total, RECORD_MAX);
        char *to = arena_alloc(&s->arena, total);
        if (!to)
                return g->rec[0].line;
        for (uint32_t i = 0; i < g->n; i++) {
                size_t take = MIN(g->rec[i].line.len, total - n);
                memcpy(to + n, g->rec[i].line.p, take);
                n += take;
                if (n < total && i + 1 < g->n)
                        to[n++] = '\n';
        }
        return span_of(to, n);
}

static void give_out(struct decode_state *s, struct auditd *a, struct event *e) {
        struct group *g = a->window[0];

        memset(e, 0, sizeof(*e));
        e->fields = s->fields;
        e->offset = g->rec[0].offset;
        e->line = g->rec[0].number;
        e->time = g->time;
        e->kind = EVENT_AUDITD;
        e->key1 = g->rec[0].rec.type;
        e->key2 = -1;
        e->cut = g->cut;
        e->raw = raw_of(s, g);
        if (g->node.len)
                field_add(s, e, SPAN("node"), g->node, V_STR);
        const char *colon = memchr(g->stamp.p, ':', g->stamp.len);
        field_add(s, e, SPAN("serial"),
                  span_of(colon + 1, (size_t)(g->stamp.p + g->stamp.len - colon - 1)), V_NUM);
        auditd_join_begin(a->join, s, e);
        for (uint32_t i = 0; i < g->n; i++)
                auditd_join_add(a->join, &g->rec[i].rec);
        auditd_join_end(a->join);

        a->open--;
        memmove(&a->window[0], &a->window[1], (WINDOW - 1) * sizeof(a->window[0]));
        a->window[WINDOW - 1] = g;
        s->held = a->open ? (size_t)(a->window[0]->rec[0].line.p - s->b.payload.p) : SIZE_MAX;
}

static enum decode_result auditd_next(struct decode_state *s, struct event *ret_e,
                                      struct decode_error *ret_err) {
        struct auditd *a = s->priv;
        struct auditd_record r;
        struct span line;

        for (;;) {
                if (a->open && (a->window[0]->complete || a->open == WINDOW)) {
                        give_out(s, a, ret_e);
                        return DECODE_EVENT;
                }
                if (!decode_line(s, ret_e, &line)) {
                        if (!a->open)
                                return DECODE_END;
                        give_out(s, a, ret_e);
                        return DECODE_EVENT;
                }
                if (span_trim(line).len == 0)
                        continue;
                if (!auditd_head(line, &r)) {
                        *ret_err = (struct decode_error){.offset = ret_e->offset,
                                                         .length = line.len,
                                                         .what = "not an audit record"};
                        return DECODE_BAD;
                }
                if (a->skipping && same_event(&r, &a->skip))
                        continue;
                hold(a, ret_e, &r);
                if (s->held == SIZE_MAX && a->open)
                        s->held = (size_t)(a->window[0]->rec[0].line.p - s->b.payload.p);
        }
}

const struct format_ops format_auditd = {
        .new = auditd_new,
        .free = auditd_free,
        .begin = auditd_begin,
        .next = auditd_next,
        .skip = auditd_skip,
};
