/* Runs of rules over the past, and since when the rules of now are what they are. See desk.h and
 * doc/retro.md.
 *
 *   R1. What a run finds and how far it came are one transaction, so one that was interrupted goes on
 *       where it was, and nothing is said twice: a verdict's row is of rule, version and record.
 *   R2. A rule is known since an epoch: records below its `past` were judged by the rules before, as far
 *       as they said so. That may only be too much, never too little: a verdict more is recognised (R1).
 *   R4. Each run is in the audit log: who began it, which rules over what, and what came of it.
 *   R3. A run's findings are taken a few at a time, between what judges say of the present. It has its
 *       own limits, and no part in correlation windows, clocks or the watermark. */
#include <sodium.h>

#include "base/timestamp.h"
#include "desk/desk_impl.h"
#include "os/os.h"
#include "rules/version.h"

#define SOURCE_TEXT 64u

/* ---- what rules are known since ---- */

static bool version_of(const struct generation *g, bool correlation, uint32_t i,
                       struct program_rule *info, unsigned char version[STATE_ID_BYTES]) {
        if (correlation ? !program_correlation_meta(g->program, i, info)
                        : !program_rule(g->program, i, info))
                return false;
        if (correlation)
                correlation_version(g->program, i, &g->spec[i], version);
        else
                rule_version(g->program, i, version);
        return true;
}

/* All versions of the generation, in order. */
static int64_t mark_of(const struct generation *g) {
        unsigned char version[STATE_ID_BYTES];
        crypto_generichash_state h;
        struct program_rule info;
        uint32_t n = program_rules(g->program);
        int64_t mark;

        crypto_generichash_init(&h, NULL, 0, sizeof(version));
        for (uint32_t i = 0; i < n + g->n_spec; i++)
                if (version_of(g, i >= n, i >= n ? i - n : i, &info, version)) {
                        crypto_generichash_update(&h, (const unsigned char *)info.id.p,
                                                  info.id.len);
                        crypto_generichash_update(&h, version, sizeof(version));
                }
        crypto_generichash_final(&h, version, sizeof(version));
        memcpy(&mark, version, sizeof(mark));
        return mark;
}

static int know_all(struct desk *d, int64_t epoch, int64_t mark) {
        const struct generation *g = d->now;
        unsigned char version[STATE_ID_BYTES];
        uint32_t n = program_rules(g->program);
        struct program_rule info;
        int r = 0;

        for (uint32_t i = 0; i < n + g->n_spec && r == 0; i++) {
                bool c = i >= n;

                if (!version_of(g, c, c ? i - n : i, &info, version))
                        continue;
                arena_reset(&d->arena);
                buf_reset(&d->text);
                state_text(&d->text, rule_name(&d->arena, &info), STATE_NAME_MAX);
                if (d->text.failed)
                        return FAIL(-ENOMEM);
                r = state_know(d->state, c ? STATE_CORRELATION : STATE_RULE, buf_get(&d->text),
                               span_of((const char *)version, sizeof(version)), epoch, mark);
        }
        return r < 0 ? r : state_unknow(d->state, mark);
}

/* The first rules of a state are known since ever: there was nothing before, or nobody wrote down
 * what was. */
int retro_know(struct desk *d) {
        int64_t mark = mark_of(d->now), before;
        uint64_t epochs;
        int r = state_number(d->state, "rules", &before);

        if (r < 0 || before == mark)
                return r;
        r = state_count_epochs(d->state, &epochs);
        if (r == 0)
                r = desk_begin(d);
        if (r < 0)
                return r;
        d->epoch_past = d->n_ranges && epochs ? d->ranges[d->n_ranges - 1].to : 0;
        r = state_add_epoch(d->state, d->wall ? d->wall : os_now(), d->epoch_past, &d->epoch);
        if (r == 0)
                r = know_all(d, d->epoch, mark);
        if (r == 0)
                r = state_set_number(d->state, "rules", mark);
        if (epochs == 0)
                d->epoch = 0;
        return r;
}

/* ---- the audit log ---- */

static int note_run(struct desk *d, const char *what, struct buf *detail) {
        char about[48];

        snprintf(about, sizeof(about), "run %lld", (long long)d->retro.row.id);
        buf_reset(&d->text);
        state_text(&d->text, buf_get(detail), 1000);
        if (detail->failed || d->text.failed)
                return FAIL(-ENOMEM);
        return state_audit(d->state, d->wall, d->retro.who, what, span_str(about),
                           buf_get(&d->text));
}

static void add_name(struct desk *d, bool correlation, uint32_t i, uint32_t nth, struct buf *to) {
        const struct generation *g = &d->retro.gen;
        struct program_rule info;

        if (correlation ? !program_correlation_meta(g->program, i, &info)
                        : !program_rule(g->program, i, &info))
                return;
        arena_reset(&d->arena);
        struct span name = rule_name(&d->arena, &info);
        buf_printf(to, "%s%.*s", nth ? ", " : "; ", (int)MIN(name.len, (size_t)80), name.p);
}

static void add_time(struct buf *to, const char *before, int64_t t) {
        char text[40];
        size_t n = time_format(text, t, 0);

        buf_printf(to, "%s%.*s", before, (int)n, text);
}

/* By name if they are few; which rules others were is in the key, that the same run has again. */
#define NAMED 10u

static int note_begin(struct desk *d, const struct desk_retro *o) {
        const struct generation *g = &d->retro.gen;
        _cleanup_(buf_deinit) struct buf b = {.limit = 8192};
        uint32_t n = program_rules(g->program);

        buf_printf(&b, "%u rules over records %llu to %llu", o->rules, (unsigned long long)o->first,
                   (unsigned long long)(o->past ? o->past - 1 : 0));
        if (d->retro.row.at > o->first)
                buf_printf(&b, ", from %llu on", (unsigned long long)d->retro.row.at);
        if (o->since != TIME_NONE || o->until != TIME_NONE)
                buf_str(&b, ", events");
        if (o->since != TIME_NONE)
                add_time(&b, " from ", o->since);
        if (o->until != TIME_NONE)
                add_time(&b, " to ", o->until);
        if (o->source.len)
                buf_printf(&b, ", source %.*s", (int)MIN(o->source.len, (size_t)64), o->source.p);
        buf_str(&b, "; key ");
        for (size_t i = 0; i < MIN(o->key.len, (size_t)8); i++)
                buf_printf(&b, "%02x", (unsigned char)o->key.p[i]);
        if (o->rules == n + g->n_spec && o->rules <= NAMED)
                for (uint32_t i = 0; i < n + g->n_spec; i++)
                        add_name(d, i >= n, i >= n ? i - n : i, i, &b);
        return note_run(d, "retro.begun", &b);
}

static int note_end(struct desk *d, const char *what, const uint32_t *rules, uint32_t n) {
        const struct retro *x = &d->retro;
        _cleanup_(buf_deinit) struct buf b = {.limit = 8192};

        buf_printf(&b, "below record %llu: %llu verdicts, %llu alerts",
                   (unsigned long long)x->row.at,
                   (unsigned long long)x->sum.verdicts + (unsigned long long)x->row.verdicts,
                   (unsigned long long)x->sum.alerts + (unsigned long long)x->row.alerts);
        buf_printf(&b, ", %llu said before, %llu only counted, %llu records set aside",
                   (unsigned long long)x->sum.doubled + (unsigned long long)x->row.doubled,
                   (unsigned long long)x->sum.counted + (unsigned long long)x->row.counted,
                   (unsigned long long)x->sum.aside + (unsigned long long)x->row.aside);
        for (uint32_t i = 0; i < n && n <= NAMED; i++)
                add_name(d, (rules[i] & RETRO_CORRELATION) != 0, rules[i] & ~RETRO_CORRELATION, i,
                         &b);
        return note_run(d, what, &b);
}

/* ---- a run ---- */

int desk_retro_begin(struct desk *d, const struct desk_retro *o, void *p, size_t len, int64_t wall,
                     int64_t *ret_run, uint64_t *ret_at) {
        struct retro *x = &d->retro;

        d->wall = wall;
        if (x->gen.number) {
                os_unmap(p, len);
                return DESK_E_BUSY;
        }
        int r = x->changed ? desk_begin(d) : 0; /* of the one before */
        if (r == 0 && x->changed)
                r = retro_save(d);
        if (r < 0) {
                os_unmap(p, len);
                return r;
        }
        *x = (struct retro){0};
        r = generation_open(&x->gen, RETRO_GENERATION, p, len);
        if (r < 0) {
                generation_free(&x->gen);
                return r == -EBADMSG ? DESK_E_REFUSED : r;
        }
        x->row = (struct state_retro){.begun = wall,
                                      .ended = TIME_NONE,
                                      .first = o->first,
                                      .past = o->past,
                                      .at = o->first,
                                      .since = o->since,
                                      .until = o->until,
                                      .rules = o->rules};
        buf_reset(&d->text);
        state_text(&d->text, o->source, SOURCE_TEXT);
        x->row.source = buf_get(&d->text);
        r = d->text.failed ? FAIL(-ENOMEM) : desk_begin(d);
        if (r == 0)
                r = state_find_retro(d->state, o->key, &x->row.id, &x->row.at);
        if (r == 1 && (o->whole || x->row.at > o->past))
                x->row.at = o->first;
        if (r == 0)
                r = state_add_retro(d->state, o->key, &x->row, &x->row.id);
        x->row.source = SPAN("");
        if (r >= 0) {
                buf_reset(&d->text);
                state_text(&d->text, o->who.len ? o->who : SPAN("unknown"), sizeof(x->who) - 1);
                snprintf(x->who, sizeof(x->who), "%.*s", (int)d->text.len, d->text.p);
                r = note_begin(d, o);
        }
        if (r < 0) {
                generation_free(&x->gen);
                return r;
        }
        x->changed = true;
        *ret_run = x->row.id;
        *ret_at = x->row.at;
        return 0;
}

int desk_retro_give(struct desk *d, void *p, size_t len, uint64_t next) {
        struct retro *x = &d->retro;

        if (!x->gen.number || x->map || next < x->row.at) {
                if (p)
                        os_unmap(p, len);
                return !x->gen.number ? FAIL(-EPROTO) : x->map ? DESK_E_BUSY : DESK_E_JUDGE;
        }
        if (!p) { /* nothing was found up to there */
                x->row.at = next;
                x->changed = true;
                return 0;
        }
        x->map = p;
        x->len = len;
        x->at = 0;
        x->next = next;
        return 0;
}

static void forget_map(struct retro *x) {
        if (x->map)
                os_unmap(x->map, x->len);
        x->map = NULL;
}

static int take_one(struct desk *d) {
        struct retro *x = &d->retro;
        struct finding f;

        arena_reset(&d->arena);
        ssize_t n = finding_decode(span_of(x->map + x->at, x->len - x->at), &d->arena, &f);
        if (n <= 0)
                return n == -ENOMEM ? -ENOMEM : DESK_E_JUDGE;
        x->at += (size_t)n;
        if (f.seq > INT64_MAX || f.offset > INT32_MAX || f.length > INT32_MAX) {
                d->st.refused++;
                return 0;
        }
        if (f.received <= 0 || f.received > d->wall)
                f.received = d->wall;
        return take_past(d, &x->gen, &f);
}

int desk_retro_work(struct desk *d, uint32_t n, int64_t mono, int64_t wall) {
        struct retro *x = &d->retro;
        int r = 0;

        d->mono = mono;
        d->wall = wall;
        for (; x->map && x->at < x->len && n && r == 0; n--)
                r = take_one(d);
        if (r != 0 || !x->map)
                return r;
        if (x->at < x->len)
                return DESK_E_MORE;
        x->row.at = x->next;
        x->row.past = MAX(x->row.past, x->next);
        x->changed = true;
        forget_map(x);
        return 0;
}

int desk_retro_aside(struct desk *d, uint64_t seq, int64_t wall) {
        static const char why[] =
                "judges of a run over the past died on this record or took too long";
        struct msg_own_alert a = {.what = OWN_CRASH, .seq = seq, .time = wall};

        if (!d->retro.gen.number)
                return FAIL(-EPROTO);
        memcpy(a.text, why, sizeof(why));
        d->retro.row.aside++;
        d->retro.changed = true;
        return desk_own(d, &a, wall);
}

int desk_retro_end(struct desk *d, const uint32_t *rules, uint32_t n, int64_t wall) {
        struct retro *x = &d->retro;
        unsigned char version[STATE_ID_BYTES];
        struct program_rule info;
        int r = x->gen.number ? desk_begin(d) : FAIL(-EPROTO);

        for (uint32_t i = 0; i < n && r == 0; i++) {
                bool c = (rules[i] & RETRO_CORRELATION) != 0;
                uint32_t k = rules[i] & ~RETRO_CORRELATION;

                if ((c && k >= x->gen.n_spec) || !version_of(&x->gen, c, k, &info, version))
                        continue;
                arena_reset(&d->arena);
                buf_reset(&d->text);
                state_text(&d->text, rule_name(&d->arena, &info), STATE_NAME_MAX);
                if (d->text.failed)
                        return FAIL(-ENOMEM);
                r = state_cover(d->state, c ? STATE_CORRELATION : STATE_RULE, buf_get(&d->text),
                                span_of((const char *)version, sizeof(version)), x->row.past);
        }
        x->row.ended = wall;
        x->row.at = x->row.past;
        x->over = x->changed = true;
        d->wall = wall;
        return r == 0 ? note_end(d, "retro.ended", rules, n) : r;
}

int retro_save(struct desk *d) {
        struct retro *x = &d->retro;
        int r = 0;

        if (d->epoch_changed)
                r = state_epoch_past(d->state, d->epoch, d->epoch_past);
        if (r == 0 && x->broken_off)
                r = note_end(d, "retro.interrupted", NULL, 0);
        x->broken_off = false;
        if (r == 0 && x->row.id && (x->changed || x->row.verdicts || x->row.doubled)) {
                r = state_set_retro(d->state, &x->row);
                x->sum.verdicts += x->row.verdicts;
                x->sum.alerts += x->row.alerts;
                x->sum.doubled += x->row.doubled;
                x->sum.counted += x->row.counted;
                x->sum.aside += x->row.aside;
                x->row.verdicts = x->row.alerts = x->row.doubled = 0;
                x->row.counted = x->row.aside = 0;
        }
        d->epoch_changed = x->changed = false;
        return r;
}

void desk_retro_leave(struct desk *d) {
        forget_map(&d->retro);
        if (d->retro.gen.number && !d->retro.over) /* R4: with the next commit */
                d->retro.broken_off = d->retro.changed = true;
        if (d->retro.gen.number)
                generation_free(&d->retro.gen);
        if (!d->retro.changed) /* else the next commit has something to say of it */
                d->retro.row.id = 0;
}

const struct state_retro *desk_retro_now(const struct desk *d) {
        return &d->retro.sum;
}
