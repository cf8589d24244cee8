/* The live correlator of the desk, and what it needs again after a restart or when rules change: its
 * windows as they were some seconds ago, and the hits since; for other rules the hits alone.
 *
 *   W1. Every hit that is given to the live correlator is in the state, in the same transaction as the
 *       stretch it came from; one that was there already is not given again. So a hit counts once.
 *   W2. The watermarks of all drills are committed with the alerts that were raised up to them. What is
 *       fed back after a restart raises nothing before its watermark: alerts are not doubled.
 *   W3. Hits are kept for twice the longest timespan before the watermark, as live_restore() wants it,
 *       and since the last snapshot; no more than o.hits rows and o.hit_bytes bytes: beyond, the oldest of the drill that has most go, counted. Only a restart
 *       in that time notices.
 *   W4. A value in a kept hit is at most VALUE_MAX bytes, and the correlator gets the same. */
#include "desk/desk_impl.h"

#include "base/hash.h"
#include "wire/exercise.h"

#define VALUE_MAX 1024u
#define FIELDS_MAX 64u
#define MEMO 1024u
#define STALL_NS (INT64_C(60) * NS_PER_SEC)
#define PRUNE_NS (INT64_C(5) * NS_PER_SEC)
#define SNAPSHOT_NS (INT64_C(5) * NS_PER_SEC)
#define SNAPSHOT_RATE ((int64_t)256 << 10) /* bytes a second that snapshots may take */
#define SNAPSHOT_BYTES ((size_t)64 << 20)

/* ---- feeding back ---- */

struct memo {
        int64_t ref;
        uint32_t index;
};

struct refeed {
        struct desk *d;
        struct memo memo[MEMO];
        uint64_t n;
};

/* The present rule of a kept hit; UINT32_MAX: there is none any more. Not its version: a rule that was
 * only reworded must not forget what it saw. */
static int present_rule(struct refeed *x, int64_t ref, uint32_t *ret) {
        struct memo *m = &x->memo[(uint64_t)ref % MEMO];
        enum state_kind kind;
        struct span id;

        if (m->ref != ref) {
                int r = state_rule_id(x->d->state, ref, &kind, &id);
                if (r < 0 && r != -ENOENT)
                        return r;
                *m = (struct memo){ref, r == 0 && kind == STATE_RULE
                                                ? rule_of_id(x->d, x->d->now, id)
                                                : UINT32_MAX};
        }
        *ret = m->index;
        return 0;
}

static int feed_back(void *ctx, const struct state_hit *h) {
        struct refeed *x = ctx;
        struct desk *d = x->d;
        struct program_rule info;
        struct finding f;
        uint32_t rule;
        int r = present_rule(x, h->rule, &rule);

        if (r < 0)
                return r;
        arena_reset(&d->arena);
        if (rule == UINT32_MAX || !program_rule(d->now->program, rule, &info) || !info.correlate)
                return 0;
        if (finding_decode(h->body, &d->arena, &f) != (ssize_t)h->body.len)
                return FAIL(-EBADMSG);
        f.rule = rule;
        f.seq = h->seq;
        f.time = f.time_last = h->time;
        f.received = h->received;
        if (LINE_IS_SOURCE(h->line) || LABEL_PLAY(f.drill) != h->line)
                f.drill = LINE_IS_SOURCE(h->line) ? 0 : LABEL((uint32_t)h->line, 0);
        x->n++;
        r = live_refeed(d->live, h->line, &f);
        return r > 0 ? 0 : r;
}

static int64_t before(int64_t t, int64_t span) {
        int64_t r;

        return t == TIME_NONE || __builtin_sub_overflow(t, span, &r) ? INT64_MIN : r;
}

/* One drill's windows and hits. */
static int load_drill(struct desk *d, const struct state_mark *m, struct refeed *x) {
        struct live_mark mark = {m->line, m->watermark, m->clock, m->received};
        int64_t span = live_span(d->live), since = before(before(m->watermark, span), span), at;
        struct span body;
        int r = live_resume(d->live, &mark);

        if (r < 0)
                return r;
        r = state_snapshot(d->state, m->line,
                           span_of((const char *)d->now->spec_hash, STATE_ID_BYTES), &at, &body);
        if (r == 1) {
                r = live_restore(d->live, m->line, at, body);
                if (r == 0)
                        since = at;
                if (r == -EBADMSG)
                        r = 0;
        }
        return r < 0 ? r : state_hits(d->state, m->line, since, feed_back, x);
}

int windows_load(struct desk *d) {
        struct live_options o = {.lateness = d->o.lateness,
                                 .skew = d->o.skew,
                                 .pending = d->o.pending,
                                 .correlate = d->o.correlate};
        struct state_mark marks[MARKS_MAX];
        struct refeed *x;
        uint32_t n = 0;
        int r;

        o.correlate.key = d->key;
        d->live = live_free(d->live);
        r = live_new(&d->live, d->now->spec, d->now->n_spec, &o, take_correlation, d);
        if (r == 0)
                r = state_load_marks(d->state, marks, MARKS_MAX, &n);
        x = r == 0 ? arena_zalloc(&d->now->arena, sizeof(*x)) : NULL;
        if (r == 0 && !x)
                r = FAIL(-ENOMEM);
        if (x)
                x->d = d;
        for (uint32_t i = 0; i < n && r == 0; i++)
                r = load_drill(d, &marks[i], x);
        if (r == 0)
                r = live_resumed(d->live);
        d->settled = 0;
        return r < 0 ? r : d->error;
}

/* ---- a hit ---- */

/* W4. A longer value is told from others by its hash. */
static struct span shortened(struct arena *a, struct span v) {
        if (v.len <= VALUE_MAX)
                return v;
        struct span s = arena_printf(a, "%.*s#%016llx", (int)(VALUE_MAX - 32), v.p,
                                     (unsigned long long)hash_span(v, 0));
        return s.p ? s : span_of(v.p, VALUE_MAX);
}

int windows_hit(struct desk *d, const struct generation *g, const struct finding *f) {
        struct finding hit = *f;
        int64_t ref = g->rules[f->rule].ref;

        d->st.hits += !f->drill;
        if (!d->live)
                return 0;
        hit.n_fields = MIN(f->n_fields, FIELDS_MAX);
        for (uint32_t i = 0; i < hit.n_fields; i++)
                hit.fields[i].value = shortened(&d->arena, hit.fields[i].value);
        if (g != d->now) {
                struct program_rule r;

                if (!program_rule(g->program, f->rule, &r))
                        return 0;
                hit.rule = rule_of_id(d, d->now, r.id);
                if (hit.rule == UINT32_MAX || !program_rule(d->now->program, hit.rule, &r) ||
                    !r.correlate)
                        return 0;
        }
        /* What comes too late is not kept either: after a restart it must not count (W1). */
        uint64_t line;
        hit.time = hit.time_last = live_time(d->live, f, &line);
        if (hit.time == TIME_NONE) {
                int e = live_push(d->live, f);
                return e < 0 ? e : d->error;
        }
        buf_reset(&d->text);
        finding_encode(&d->text, &hit);
        if (d->text.failed)
                return FAIL(-ENOMEM);
        struct state_hit row = {.line = line,
                                .time = hit.time,
                                .received = hit.received,
                                .seq = hit.seq,
                                .rule = ref,
                                .body = buf_get(&d->text)};
        struct program_rule info;
        int r = desk_begin(d);
        if (r == 0 && f->seq < d->mixed && program_rule(g->program, f->rule, &info))
                r = state_hit_said(d->state, &row, rule_name(&d->arena, &info));
        if (r == 0)
                r = state_hit(d->state, &row);
        else if (r == 1)
                r = 0;
        if (r == 0)
                d->st.doubled++;
        if (r <= 0)
                return r;
        d->kept_hits++;
        d->kept_bytes += d->text.len;
        r = live_push(d->live, &hit);
        return r < 0 ? r : d->error;
}

/* Judges finish out of turn, so clocks move with what has no gap before it; but a gap that stays (put
 * off, to be judged from the store later) holds nobody up for ever. */
int windows_settle(struct desk *d) {
        uint64_t to = desk_watermark(d);

        if (!d->live)
                return 0;
        if (d->n_ranges == 0 || to == d->ranges[d->n_ranges - 1].to)
                d->stalled = 0;
        else if (to > d->settled || d->stalled == 0)
                d->stalled = d->mono;
        else if (d->mono - d->stalled > STALL_NS)
                to = d->ranges[d->n_ranges - 1].to;
        d->settled = MAX(d->settled, to);
        int r = live_settle(d->live, d->settled);
        return r < 0 ? r : d->error;
}

int desk_clock(struct desk *d, int64_t received) {
        if (!d->live)
                return 0;
        int r = live_clock(d->live, received);
        return r < 0 ? r : d->error;
}

/* ---- what lasts ---- */

/* The larger they are, the rarer: what is not in them is in the hits. */
static int save_snapshots(struct desk *d, const struct state_mark *marks, uint32_t n) {
        _cleanup_(buf_deinit) struct buf b = {.limit = SNAPSHOT_BYTES};
        int64_t bytes = 0;
        int r = 0;

        for (uint32_t i = 0; i < n && r == 0; i++) {
                if (marks[i].watermark == TIME_NONE)
                        continue;
                buf_reset(&b);
                r = live_save(d->live, marks[i].line, &b);
                if (r == 0)
                        r = state_save_snapshot(
                                d->state, marks[i].line, marks[i].watermark,
                                span_of((const char *)d->now->spec_hash, STATE_ID_BYTES),
                                buf_get(&b));
                bytes += (int64_t)b.len;
        }
        d->snapshot = d->mono;
        d->snapshot_every = MAX(SNAPSHOT_NS, bytes / SNAPSHOT_RATE * NS_PER_SEC);
        return r;
}

int windows_save(struct desk *d) {
        struct state_mark marks[MARKS_MAX];
        struct live_mark m;
        uint32_t n = 0;

        if (!d->live)
                return 0;
        while (n < MARKS_MAX && live_mark_at(d->live, n, &m)) {
                marks[n] = (struct state_mark){m.line, m.watermark, m.clock, m.received};
                n++;
        }
        int r = n ? desk_begin(d) : 0;
        if (r == 0 && n)
                r = state_save_marks(d->state, marks, n);
        if (r == 0 && n && d->mono - d->snapshot >= d->snapshot_every)
                r = save_snapshots(d, marks, n);
        return r;
}

static int forget_hits(struct desk *d, uint64_t line, int64_t cut, uint64_t *ret_n) {
        uint64_t bytes;
        int r = state_forget_hits(d->state, line, cut, ret_n, &bytes);

        if (r < 0)
                return r;
        d->kept_hits -= MIN(*ret_n, d->kept_hits);
        d->kept_bytes -= MIN(bytes, d->kept_bytes);
        return 0;
}

/* W3. A tenth more than there is too much of, so that it is not done again at once. */
static int forget_excess(struct desk *d, uint64_t line) {
        uint64_t n = 0, excess = d->kept_hits > d->o.hits ? d->kept_hits - d->o.hits : 0;
        int64_t cut;

        if (d->kept_bytes > d->o.hit_bytes && d->kept_hits)
                excess = MAX(excess,
                             (d->kept_bytes - d->o.hit_bytes) / (d->kept_bytes / d->kept_hits + 1) +
                                     1);
        if (excess == 0)
                return 0;
        int r = state_nth_hit(d->state, line, excess + d->o.hits / 10, &cut);
        if (r < 0)
                return r;
        /* Of the same instant all or none; when there are not so many, all. */
        r = forget_hits(d, line, cut == TIME_NONE ? INT64_MAX : cut + 1, &n);
        d->st.hits_forgotten += n;
        return r;
}

/* Of exercises that are over. */
static int forget_drills(struct desk *d) {
        uint64_t n;
        int r = state_forget_drills(d->state, &n);

        return r < 0 || n == 0 ? r : state_count_hits(d->state, &d->kept_hits, &d->kept_bytes);
}

int windows_prune(struct desk *d) {
        struct live_mark m;
        int64_t span;
        int r = 0;

        if (!d->live || d->mono - d->pruned < PRUNE_NS)
                return 0;
        d->pruned = d->mono;
        span = live_span(d->live);
        for (uint32_t i = 0; r == 0 && live_mark_at(d->live, i, &m); i++) {
                int64_t cut, at;
                struct span body;
                uint64_t n;

                if (m.watermark == TIME_NONE)
                        continue;
                cut = before(before(m.watermark, span), span);
                r = state_snapshot(d->state, m.line,
                                   span_of((const char *)d->now->spec_hash, STATE_ID_BYTES), &at,
                                   &body);
                if (r == 1)
                        cut = MIN(cut, at);
                if (r >= 0)
                        r = forget_hits(d, m.line, cut, &n);
        }
        if (r == 0)
                r = forget_drills(d);
        for (uint32_t i = 0; r == 0 && live_mark_at(d->live, i, &m); i++)
                r = forget_excess(d, m.line);
        return r;
}
