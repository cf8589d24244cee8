/* What a judge says about a batch: findings with their fields, hits for the correlator, records that
 * cannot be read. See judge.h. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "main/judge.h"

#define WANTED_MAX 64u
#define OWN_FIELDS_MAX                                                                             \
        (8u + JUDGE_WHY_MAX) /* what a node, a search or an indicator adds to an event */
#define NODE_FIELDS_MAX 2u

/* Puts an entry in the outbox, waiting for main to make room. */
int judge_say(struct judge *j, enum outbox_kind kind, struct span bytes) {
        while (!outbox_fits(j->out, j->staged, bytes.len)) {
                struct msg_plain full = {JUDGE_FULL, 0};
                bool emptied = false;

                outbox_publish(j->out, j->staged);
                int r = os_send(j->sock, &full, sizeof(full), NULL, 0);
                while (r == 0 && !emptied)
                        r = judge_take_message(j, &emptied);
                if (r < 0)
                        return r;
        }
        outbox_put(j->out, &j->staged, kind, bytes);
        return 0;
}

int judge_say_problem(struct judge *j, const struct batch *b, const struct decode_error *e) {
        struct msg_problem p = {.type = INGEST_PROBLEM,
                                .input = b->h.input,
                                .offset = e->offset,
                                .length = e->length,
                                .recovered = e->recovered};

        snprintf(p.what, sizeof(p.what), "%s", e->what);
        return judge_say(j, OUTBOX_PROBLEM, span_of((const char *)&p, sizeof(p)));
}

static uint8_t finding_type_of(const struct field *f) {
        switch (f->type) {
        case V_NUM:
        case V_U64:
        case V_I64:
        case V_F64: return FINDING_NUMBER;
        case V_BOOL: return FINDING_BOOL;
        case V_NULL: return FINDING_NULL;
        default: return FINDING_STRING;
        }
}

static void finding_start(struct judge *j, const struct batch *b, const struct event *e,
                          struct finding *f) {
        *f = (struct finding){.input = b->h.input,
                              .length = (uint32_t)e->raw.len,
                              .offset = e->offset,
                              .line = e->line,
                              .record = e->record,
                              .count = 1};
        if (j->node)
                judge_node_finding(j, b, e, f);
}

/* Of a record too long, or of too many fields, only the beginning was judged: whoever pads a record
 * to hide the rest of it shall not be told that everything could be read. */
static int say_cut(struct judge *j, const struct batch *b, const struct event *e) {
        struct decode_error error = {
                .offset = e->offset,
                .length = e->raw.len,
                .what = "record too long or of too many fields: its end was not judged",
        };

        return judge_say_problem(j, b, &error);
}

/* All decoded fields: once per event, however many rules match. */
static void fill_fields(struct judge *j, const struct event *e) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < e->n && n < FINDING_FIELDS_MAX - OWN_FIELDS_MAX; i++) {
                const struct field *x = &e->fields[i];
                struct span v = value_text(x, &j->arena);

                if (!v.p)
                        continue;
                j->field_of[n] = i;
                j->fields[n++] = (struct finding_field){.name = span_of(x->name, x->name_len),
                                                        .value = v,
                                                        .type = finding_type_of(x)};
        }
        j->cut_fields = n < e->n;
        if (j->node) {
                uint32_t own = judge_node_fields(j, j->fields + n, NODE_FIELDS_MAX);
                for (; own > 0; own--)
                        j->field_of[n++] = UINT32_MAX;
        }
        j->n_fields = n;
}

/* What a person sees of this hit; `matched` differs by rule. */
static int say_report(struct judge *j, const struct event *e, const struct finding *like) {
        struct finding f = *like;

        if (j->n_fields == 0)
                fill_fields(j, e);
        matcher_explain(j->matcher, e, f.rule, j->matched);
        for (uint32_t i = 0; i < j->n_fields; i++)
                j->fields[i].matched = j->field_of[i] != UINT32_MAX && j->matched[j->field_of[i]];
        f.fields = j->fields;
        f.n_fields = j->n_fields;
        f.flags = FINDING_REPORT | (j->cut_fields ? FINDING_CUT : 0u);
        buf_reset(&j->buf);
        finding_encode(&j->buf, &f);
        if (j->buf.failed)
                return -ENOMEM;
        return judge_say(j, OUTBOX_FINDING, buf_get(&j->buf));
}

static void add_own(struct judge *j, struct span name, struct span value, bool matched) {
        if (!value.p || value.len == 0)
                return;
        j->field_of[j->n_fields] = UINT32_MAX;
        j->fields[j->n_fields++] =
                (struct finding_field){.name = name, .value = value, .matched = matched};
}

/* One finding for each indicator that speaks through the rule: each may be an alert of its own. */
static int say_indicators(struct judge *j, const struct event *e, const struct finding *like) {
        struct match_indicator x;
        int r = 0;

        if (j->n_fields == 0)
                fill_fields(j, e);
        uint32_t n = j->n_fields;
        for (uint32_t i = 0; r == 0 && matcher_indicator(j->matcher, i, &x); i++) {
                struct finding f = *like;
                char time[40] = "";

                if (x.rule != f.rule)
                        continue;
                for (uint32_t k = 0; k < n; k++)
                        j->fields[k].matched = j->field_of[k] == x.field;
                if (x.expires != TIME_NONE)
                        time_format(time, x.expires, 0);
                add_own(j, SPAN("coloa.indicator"), x.value, true);
                add_own(j, SPAN("coloa.indicator.type"), x.type, false);
                add_own(j, SPAN("coloa.indicator.name"), x.name, false);
                add_own(j, SPAN("coloa.indicator.tlp"), x.tlp, false);
                add_own(j, SPAN("coloa.indicator.until"), span_str(time), false);
                f.fields = j->fields;
                f.n_fields = j->n_fields;
                f.flags = FINDING_REPORT | (j->cut_fields ? FINDING_CUT : 0u);
                buf_reset(&j->buf);
                finding_encode(&j->buf, &f);
                r = j->buf.failed ? -ENOMEM : judge_say(j, OUTBOX_FINDING, buf_get(&j->buf));
                j->n_fields = n;
        }
        return r;
}

static bool among(uint32_t rule, const uint32_t *rules, uint32_t n) {
        while (n && rules[n - 1] != rule)
                n--;
        return n > 0;
}

/* Marks what matched, and a field for each condition. */
static void explain(struct judge *j, const struct event *e) {
        struct match_why why[JUDGE_WHY_MAX];
        uint32_t rule = j->explain - 1, n_fields = j->n_fields;
        uint32_t n = matcher_why(j->matcher, e, rule, &j->arena, why, JUDGE_WHY_MAX);

        matcher_explain(j->matcher, e, rule, j->matched);
        for (uint32_t i = 0; i < n_fields; i++)
                j->fields[i].matched = j->field_of[i] != UINT32_MAX && j->matched[j->field_of[i]];
        for (uint32_t i = 0; i < n; i++) {
                struct span at = why[i].field < e->n ? span_of(e->fields[why[i].field].name,
                                                               e->fields[why[i].field].name_len)
                                                     : SPAN("");
                struct span text = arena_printf(
                        &j->arena, "%.*s\x1f%s\x1f%.*s\x1f%.*s", (int)MIN(at.len, 300u),
                        at.p ? at.p : "", why[i].op, (int)MIN(why[i].name.len, 300u),
                        why[i].name.p ? why[i].name.p : "", (int)MIN(why[i].text.len, 2000u),
                        why[i].text.p ? why[i].text.p : "");
                if (text.p)
                        j->fields[j->n_fields++] =
                                (struct finding_field){.name = SPAN(JUDGE_WHY), .value = text};
        }
}

int judge_say_event(struct judge *j, const struct batch *b, const struct event *e, uint64_t leaves,
                    const uint32_t *rules, uint32_t n) {
        struct finding f;

        arena_reset(&j->arena);
        finding_start(j, b, e, &f);
        f.time = f.time_last = event_time(e, &j->decode, &j->arena);
        if ((j->from != TIME_NONE && f.time < j->from) || (j->to != TIME_NONE && f.time >= j->to))
                return 0;
        f.host = event_host(e, &j->arena);
        f.user = event_user(e, &j->arena);
        f.line = j->masked ? leaves : 0;
        fill_fields(j, e);
        for (uint32_t i = 0; i < j->n_fields; i++)
                j->fields[i].matched = false;
        if (j->explain && among(j->explain - 1, rules, n))
                explain(j, e);
        j->fields[j->n_fields++] = (struct finding_field){
                .name = SPAN("event.original"),
                .value = span_of(e->raw.p, MIN(e->raw.len, FINDING_BYTES_MAX / 2))};
        f.fields = j->fields;
        f.n_fields = j->n_fields;
        f.flags = FINDING_REPORT | (j->cut_fields ? FINDING_CUT : 0u);
        j->n_fields = 0;
        buf_reset(&j->buf);
        finding_encode(&j->buf, &f);
        if (j->buf.failed)
                return -ENOMEM;
        return judge_say(j, OUTBOX_FINDING, buf_get(&j->buf));
}

/* What correlations need of this hit, under the rule's own field names. */
static int say_hit(struct judge *j, const struct event *e, const struct finding *like) {
        struct span names[WANTED_MAX], values[WANTED_MAX];
        struct finding_field fields[WANTED_MAX];
        struct finding f = *like;
        uint32_t n = matcher_wanted(j->matcher, e, like->rule, names, values, WANTED_MAX), k = 0;

        for (uint32_t i = 0; i < n; i++)
                if (values[i].p)
                        fields[k++] = (struct finding_field){.name = names[i], .value = values[i]};
        f.fields = fields;
        f.n_fields = k;
        f.flags = FINDING_CORRELATE;
        buf_reset(&j->buf);
        finding_encode(&j->buf, &f);
        if (j->buf.failed)
                return -ENOMEM;
        return judge_say(j, OUTBOX_HIT, buf_get(&j->buf));
}

int judge_say_findings(struct judge *j, const struct batch *b, const struct event *e,
                       const uint32_t *rules, uint32_t n) {
        struct finding f;

        arena_reset(&j->arena);
        j->n_fields = 0;
        finding_start(j, b, e, &f);
        f.time = f.time_last = event_time(e, &j->decode, &j->arena);
        if (f.time != TIME_NONE &&
            ((j->from != TIME_NONE && f.time < j->from) || (j->to != TIME_NONE && f.time >= j->to)))
                return 0;
        f.host = event_host(e, &j->arena);
        f.user = event_user(e, &j->arena);
        for (uint32_t i = 0; i < n; i++) {
                struct program_rule info;

                if (!program_rule(j->program, rules[i], &info))
                        continue;
                f.rule = rules[i];
                unsigned want = !j->only               ? RETRO_REPORTS | RETRO_HITS
                                : rules[i] < j->n_only ? j->only[rules[i]]
                                                       : 0;
                bool report = info.report && (want & RETRO_REPORTS);
                int r = report && info.indicator ? say_indicators(j, e, &f)
                        : report                 ? say_report(j, e, &f)
                                                 : 0;
                if (r == 0 && info.correlate && (want & RETRO_HITS))
                        r = say_hit(j, e, &f);
                if (r < 0)
                        return r;
        }
        return 0;
}

#ifdef COLOA_FAULTS
/* Test builds only: a record that holds one of these words hijacks the judge, so that the scenarios
 * can see what becomes of a judge that crashes, hangs or tries to break out. */
static bool says(struct span raw, const char *word) {
        return memmem(raw.p, raw.len, word, strlen(word)) != NULL;
}

static void misbehave(struct judge *j, struct span raw) {
        struct msg_plain full = {JUDGE_FULL, 0};
        volatile uint64_t forever = 1;

        if (says(raw, "coloa-test-write")) /* onto main's terminal, were it ours */
                _exit(os_write(1, "owned", 5) > 0 ? 99 : 98);
        while (says(raw, "coloa-test-flood")) /* and never listens */
                (void)os_send(j->sock, &full, sizeof(full), NULL, 0);
        if (says(raw, "coloa-test-mute"))
                os_close(j->sock);
        while (says(raw, "coloa-test-mute"))
                __atomic_store_n(&j->out->position, forever++ % 16, __ATOMIC_RELAXED);
        if (says(raw, "coloa-test-lost")) {
                __atomic_store_n(&j->out->slot, RING_SLOTS + 1, __ATOMIC_RELAXED);
                _exit(97);
        }

        if (says(raw, "coloa-test-garble")) /* what no desk can read */
                (void)judge_say(j, OUTBOX_FINDING, SPAN("garbled"));
        if (memmem(raw.p, raw.len, "coloa-test-crash", 16))
                abort();
        if (memmem(raw.p, raw.len, "coloa-test-open", 15))
                _exit(os_open("/etc/passwd", 0, 0) >= 0 ? 99 : 98);
        while (forever && memmem(raw.p, raw.len, "coloa-test-hang", 15))
                forever++;
}
#else
static void misbehave(struct judge *j, struct span raw) {
        (void)j;
        (void)raw;
}
#endif

int judge_stretch(struct judge *j, const struct batch *b, uint32_t skip, uint64_t *ret_events,
                  uint64_t *ret_bad) {
        struct decode_error error;
        struct event e;

        decoder_begin(j->decoder, b, skip);
        matcher_batch(j->matcher, b->payload, (enum format)b->h.format);
        for (;;) {
                if (!j->node)
                        __atomic_store_n(&j->out->position, decoder_position(j->decoder),
                                         __ATOMIC_RELAXED);
                enum decode_result d = decoder_next(j->decoder, &e, &error);
                const uint32_t *rules;
                int r = 0;

                if (d == DECODE_END)
                        return 0;
                if (d == DECODE_BAD) {
                        ++*ret_bad;
                        r = judge_say_problem(j, b, &error);
                } else {
                        ++*ret_events;
                        /* Exactly where the record begins, without what stands between records. */
                        if (!j->node)
                                __atomic_store_n(&j->out->position,
                                                 (uint64_t)(e.raw.p - b->payload.p),
                                                 __ATOMIC_RELAXED);
                        else
                                judge_node_at(j, b, &e);
                        misbehave(j, e.raw);
                        uint32_t n = matcher_run(j->matcher, &e, &rules);
                        if (j->seek)
                                r = judge_seek_event(j, b, &e, judge_node_flags(j), rules, n);
                        else if (n)
                                r = judge_say_findings(j, b, &e, rules, n);
                        if (UNLIKELY(e.cut) && r == 0 && !j->seek)
                                r = say_cut(j, b, &e);
                }
                if (r < 0)
                        return r;
                __atomic_store_n(&j->out->events, *ret_events, __ATOMIC_RELAXED);
                __atomic_store_n(&j->out->bad, *ret_bad, __ATOMIC_RELAXED);
                outbox_publish(j->out, j->staged);
        }
}
