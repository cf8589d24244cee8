/* What judges say, checked and counted.
 *
 * A judge may be hijacked, so nothing it says is believed beyond its own records: the rule must exist,
 * a finding must not pretend to be a correlation's, the sequence number must be one that is being
 * judged now, times of receipt cannot lie in the future. What fails is dropped and counted; what
 * does not even decode ends the judge.
 *
 * Limits (enforced before anything costs much):
 *   T1. A rule's verdicts beyond o.rate in a second are counted only; so are its hits for
 *       correlations. When all rules together say much, each has less: whoever can make a thousand
 *       rules fire at once cannot drown the others.
 *   T3. A record is judged again when its judge, the desk or the power went before its stretch was committed,
 *       maybe by newer rules than those that had spoken of it. What one version of a rule said of a
 *       record, no other version says again; which said it stands in the verdict's row.
 *   T2. What was counted only is shown: per rule and hour in the state, and as an alert of our own
 *       (OWN_RATE_LIMITED). */
#include "desk/desk_impl.h"

#include "base/hash.h"
#include "wire/exercise.h"

#define MUCH 20000u                   /* verdicts a second, of all rules: from here on … */
#define MUCH_RATE 100u                /* … each has this many */
#define TOO_MUCH 60000u               /* and from here on … */
#define TOO_MUCH_RATE 4u              /* … this many */
#define DRILL_RATE 16000u             /* of drills, a rule's */
#define AHEAD_MAX (UINT64_C(1) << 20) /* records that can be in judges' hands at a time */
#define LENGTH_MAX (UINT64_C(1) << 31)
#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)
#define PAST_EACH 10000u /* verdicts of a rule in one run over the past */

/* ---- limits ---- */

static uint32_t allowance(const struct desk *d, bool drill) {
        if (drill) /* ingest lets few enough through (ingest/replay.c); hundreds of units may meet the same step at once */
                return MAX(d->o.rate, DRILL_RATE);
        if (d->in_second > TOO_MUCH)
                return MIN(d->o.rate, TOO_MUCH_RATE);
        return d->in_second > MUCH ? MIN(d->o.rate, MUCH_RATE) : d->o.rate;
}

/* T1. `what`: 0 verdicts, 1 hits. What drills say takes nothing from what is real. */
static bool within_rate(struct desk *d, struct use *u, unsigned what, bool drill) {
        uint32_t second = (uint32_t)(d->mono / NS_PER_SEC);

        if (d->second != second) {
                d->second = second;
                d->in_second = 0;
        }
        if (u->second != second) {
                u->second = second;
                memset(u->n, 0, sizeof(u->n));
        }
        what += drill ? 2 : 0;
        if (u->n[what] >= allowance(d, drill))
                return false;
        u->n[what]++;
        d->in_second += !drill;
        return true;
}

static void count_only(struct generation *g, uint32_t rule) {
        if (g->rules[rule].over++ == 0)
                g->over[g->n_over++] = rule;
}

static int flush_one(struct desk *d, struct generation *g, uint32_t rule) {
        struct use *u = &g->rules[rule];
        struct program_rule r;
        uint64_t n = u->over;
        char text[128];

        u->over = 0;
        if (!program_rule(g->program, rule, &r))
                return 0;
        arena_reset(&d->arena);
        int e = rule_ref(d, g, STATE_RULE, rule);
        if (e == 0)
                e = desk_begin(d);
        if (e == 0)
                e = state_count_only(d->state, u->ref, d->wall / HOUR_NS, n);
        if (e < 0)
                return e;
        snprintf(text, sizeof(text), "rule=%.*s", (int)MIN(r.id.len, (size_t)80), r.id.p);
        return own_alert(d, OWN_RATE_LIMITED, r.title, span_str(text), 0, d->wall, n);
}

int flush_counted(struct desk *d) {
        for (unsigned i = 0; i < GENERATIONS_MAX; i++) {
                struct generation *g = &d->gens[i];

                while (g->n_over) {
                        int r = flush_one(d, g, g->over[--g->n_over]);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* ---- checks ---- */

static bool judged_before(const struct desk *d, uint64_t seq) {
        uint32_t lo = 0, hi = d->n_ranges;

        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;

                if (d->ranges[mid].to <= seq)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return lo < d->n_ranges && d->ranges[lo].from <= seq;
}

static bool plausible(const struct desk *d, const struct finding *f) {
        if (f->seq > INT64_MAX || f->offset > LENGTH_MAX || f->length > LENGTH_MAX)
                return false;
        if (f->drill && !LABEL_PLAY(f->drill))
                return false; /* no record has such a label (wire/replay.c) */
        return d->furthest == 0 || f->seq < d->furthest + AHEAD_MAX;
}

/* T3. No record beyond was in a judge's hands yet. */
void take_other_rules(struct desk *d) {
        uint64_t end = d->n_ranges ? d->ranges[d->n_ranges - 1].to : 0;

        d->mixed = d->kept_verdicts || d->kept_hits ? MAX(d->furthest, end) + AHEAD_MAX : 0;
}

/* ---- verdicts ---- */

/* Judges add the source's name to what was decoded; hits have only what correlations want. */
static struct span source_of(struct desk *d, const struct finding *f) {
        for (uint32_t i = f->n_fields; i > 0; i--)
                if (span_eq(f->fields[i - 1].name, SPAN("coloa.source")))
                        return f->fields[i - 1].value;
        return arena_printf(&d->arena, "source %u", f->input);
}

static void choose_entity(struct desk *d, const struct finding *f, struct verdict *v) {
        v->source = source_of(d, f);
        if (f->host.len) {
                v->entity_kind = ENTITY_HOST;
                v->entity = f->host;
        } else if (f->user.len) {
                v->entity_kind = ENTITY_USER;
                v->entity = f->user;
        } else {
                v->entity_kind = ENTITY_SOURCE;
                v->entity = v->source;
        }
}

/* Indicators of a feed speak through one rule: what an alert is about is the indicator, on that host.
 * Several in one record are several verdicts. */
static void choose_indicator(struct desk *d, const struct finding *f, struct verdict *v) {
        struct span value = SPAN_NONE;

        for (uint32_t i = f->n_fields; i > 0 && !value.p; i--)
                if (span_eq(f->fields[i - 1].name, SPAN("coloa.indicator")))
                        value = f->fields[i - 1].value;
        if (!value.p)
                return;
        struct span s = arena_printf(&d->arena, "%.*s, indicator=%.*s", (int)v->entity.len,
                                     v->entity.p ? v->entity.p : "", (int)value.len, value.p);
        if (!s.p)
                return;
        v->entity = s;
        v->entity_kind = ENTITY_GROUP;
        v->part = (int64_t)(hash_span(value, 0) >> 1);
}

static int take_finding(struct desk *d, struct generation *g, const struct finding *f) {
        struct verdict v = {.kind = STATE_RULE, .gen = g, .index = f->rule, .f = f};

        if (!program_rule(g->program, f->rule, &v.info) || !v.info.report) {
                d->st.refused++;
                return 0;
        }
        v.use = &g->rules[f->rule];
        d->st.indicators += v.info.indicator && !f->drill;
        if (!within_rate(d, v.use, 0, f->drill != 0)) {
                if (f->drill) {
                        d->st.drill_counted++;
                        return 0;
                }
                d->st.counted++;
                count_only(g, f->rule);
                return 0;
        }
        int r = rule_ref(d, g, STATE_RULE, f->rule);
        if (r < 0)
                return r;
        v.rule_id = rule_name(&d->arena, &v.info);
        r = f->seq < d->mixed ? state_said(d->state, f->seq, v.use->ref, STATE_RULE, v.rule_id) : 0;
        if (r != 0) {
                d->st.doubled += r == 1;
                return MIN(r, 0);
        }
        choose_entity(d, f, &v);
        if (v.info.indicator)
                choose_indicator(d, f, &v);
        return alert_verdict(d, &v);
}

static int take_hit(struct desk *d, struct generation *g, const struct finding *f) {
        struct program_rule info;

        if (!program_rule(g->program, f->rule, &info) || !info.correlate) {
                d->st.refused++;
                return 0;
        }
        if (!within_rate(d, &g->rules[f->rule], 1, f->drill != 0)) {
                if (f->drill) {
                        d->st.drill_counted++;
                        return 0;
                }
                d->st.counted++;
                count_only(g, f->rule);
                return 0;
        }
        int r = rule_ref(d, g, STATE_RULE, f->rule);
        return r < 0 ? r : windows_hit(d, g, f);
}

int take_entry(struct desk *d, struct generation *g, enum outbox_kind kind, struct span bytes,
               uint64_t limit) {
        struct finding f;

        if (kind == OUTBOX_PROBLEM) {
                d->st.problems++;
                return 0;
        }
        if (!g)
                return DESK_E_GENERATION;
        arena_reset(&d->arena);
        ssize_t n = finding_decode(bytes, &d->arena, &f);
        if (n == -ENOMEM)
                return FAIL(-ENOMEM);
        if (n <= 0 || (size_t)n != bytes.len)
                return DESK_E_JUDGE;
        if ((f.flags & FINDING_ALERT) || !plausible(d, &f)) {
                d->st.refused++;
                return 0;
        }
        if (f.seq >= limit)
                return TAKE_WAIT;
        if (judged_before(d, f.seq)) {
                d->st.doubled++;
                return 0;
        }
        f.count = 1;
        f.time_last = f.time;
        /* A record came before now; a judge that knows better is not asked. */
        if (f.received <= 0 || f.received > d->wall)
                f.received = d->wall;
        return kind == OUTBOX_HIT ? take_hit(d, g, &f) : take_finding(d, g, &f);
}

/* ---- correlations ---- */

/* What a correlation grouped by is what its alert is about. Group-by fields come first and bear the
 * mark of a match (correlate.h). */
static void group_entity(struct desk *d, const struct correlation *c, const struct finding *f,
                         struct verdict *v) {
        uint32_t n = MIN(c->n_group_by, f->n_fields);

        buf_reset(&d->text);
        for (uint32_t i = 0; i < n; i++) {
                if (d->text.len)
                        buf_str(&d->text, ", ");
                buf_span(&d->text, f->fields[i].name);
                buf_char(&d->text, '=');
                buf_span(&d->text, f->fields[i].value);
        }
        struct span s = arena_dup(&d->arena, buf_get(&d->text));
        if (n == 0 || d->text.failed || !s.p) {
                choose_entity(d, f, v);
                return;
        }
        v->source = source_of(d, f);
        v->entity_kind = ENTITY_GROUP;
        v->entity = s;
}

void take_correlation(void *ctx, uint32_t drill, const struct finding *f) {
        struct desk *d = ctx;
        struct generation *g = d->now;
        struct verdict v = {.kind = STATE_CORRELATION, .gen = g, .index = f->rule, .f = f};

        if (d->error < 0 || f->rule >= g->n_spec || LABEL_PLAY(f->drill) != drill ||
            !program_correlation_meta(g->program, f->rule, &v.info))
                return;
        arena_reset(&d->arena);
        v.use = &g->correlations[f->rule];
        int r = rule_ref(d, g, STATE_CORRELATION, f->rule);
        if (r == 0) {
                v.rule_id = rule_name(&d->arena, &v.info);
                group_entity(d, &g->spec[f->rule], f, &v);
                /* The last record may end the windows of several groups, or of several times. */
                v.part = (int64_t)(hash_span(v.entity, (uint64_t)f->time) >> 1);
                r = alert_verdict(d, &v);
        }
        if (r < 0)
                d->error = r;
}

/* ---- the past ---- */

/* The run had its records from the store and nobody waits for an answer, so nothing is limited by the
 * second; but what a rule says of millions of records is counted beyond PAST_EACH. What another
 * version of the rule said of a record is not said again. */
int take_past(struct desk *d, struct generation *g, const struct finding *f) {
        bool c = (f->flags & FINDING_ALERT) != 0;
        struct verdict v = {.kind = c ? STATE_CORRELATION : STATE_RULE,
                            .gen = g,
                            .index = f->rule,
                            .f = f,
                            .retro = d->retro.row.id};

        if (c ? f->rule >= g->n_spec || !program_correlation_meta(g->program, f->rule, &v.info)
              : !program_rule(g->program, f->rule, &v.info) || !v.info.report) {
                d->st.refused++;
                return 0;
        }
        v.use = c ? &g->correlations[f->rule] : &g->rules[f->rule];
        if (v.use->n[0] >= PAST_EACH) {
                d->retro.row.counted++;
                return 0;
        }
        v.use->n[0]++;
        int r = rule_ref(d, g, v.kind, f->rule);
        if (r < 0)
                return r;
        v.rule_id = rule_name(&d->arena, &v.info);
        r = state_said(d->state, f->seq, v.use->ref, v.kind, v.rule_id);
        if (r != 0) {
                d->retro.row.doubled += r == 1;
                return MIN(r, 0);
        }
        if (c)
                group_entity(d, &g->spec[f->rule], f, &v);
        else
                choose_entity(d, f, &v);
        if (v.info.indicator)
                choose_indicator(d, f, &v);
        if (c)
                v.part = (int64_t)(hash_span(v.entity, (uint64_t)f->time) >> 1);
        return alert_verdict(d, &v);
}
