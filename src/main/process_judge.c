/* A judge: batch in, findings out. Pure: after the sandbox it has the ring (read-only), the program
 * (read-only), its outbox and one socket; no files, no network, no clock.
 *
 * Its record position goes to the outbox's first page before a record is touched, so that main can
 * name the record that killed it and go on behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "decode/decode.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/sandbox.h"
#include "rules/match.h"
#include "wire/finding.h"
#include "wire/message.h"
#include "wire/outbox.h"

#define QUEUE_MAX 16u
#define WANTED_MAX 64u

struct judge {
        int sock;
        const char *ring;
        struct outbox *out;
        uint64_t staged;
        struct program *program;
        struct matcher *matcher;
        struct decoder *decoder;
        struct decode_options decode;
        int64_t from, to; /* TIME_NONE: no bound */
        struct arena arena;
        struct buf buf;
        struct work {
                uint32_t slot, skip;
                bool last; /* of those that came together: main is told */
        } queue[QUEUE_MAX];
        unsigned queued;
        uint64_t batches;
        bool *matched; /* [EVENT_FIELDS_MAX] */
        /* Of the event at hand, when n_fields is not 0. */
        struct finding_field *fields;          /* [FINDING_FIELDS_MAX] */
        uint32_t field_of[FINDING_FIELDS_MAX]; /* where each stands in the event */
        uint32_t n_fields;
};

static int take_message(struct judge *j, bool *ret_emptied) {
        union {
                struct msg_batches batches;
                struct msg_plain plain;
                char bytes[MESSAGE_MAX];
        } m;
        ssize_t n = os_recv(j->sock, &m, sizeof(m), NULL, 0, NULL);

        if (n < 0)
                return (int)n;
        if (n == 0)
                return -EPIPE; /* main has gone or wants us to end */
        if (m.plain.type == JUDGE_EMPTIED && n == sizeof(m.plain)) {
                *ret_emptied = true;
                return 0;
        }
        if (m.plain.type != JUDGE_BATCHES || n != sizeof(m.batches) || m.batches.n == 0 ||
            m.batches.n > MIN(BATCHES_MAX, QUEUE_MAX - j->queued))
                return -EPROTO;
        for (uint32_t i = 0; i < m.batches.n; i++) {
                struct work w = {m.batches.list[i].slot, m.batches.list[i].skip,
                                 i + 1 == m.batches.n};
                if (w.slot >= RING_SLOTS)
                        return -EPROTO;
                j->queue[j->queued++] = w;
        }
        return 0;
}

/* Puts an entry in the outbox, waiting for main to make room. */
static int say(struct judge *j, enum outbox_kind kind, struct span bytes) {
        while (!outbox_fits(j->out, j->staged, bytes.len)) {
                struct msg_plain full = {JUDGE_FULL, 0};
                bool emptied = false;

                outbox_publish(j->out, j->staged);
                int r = os_send(j->sock, &full, sizeof(full), NULL, 0);
                while (r == 0 && !emptied)
                        r = take_message(j, &emptied);
                if (r < 0)
                        return r;
        }
        outbox_put(j->out, &j->staged, kind, bytes);
        return 0;
}

static int say_problem(struct judge *j, const struct batch *b, const struct decode_error *e) {
        struct msg_problem p = {.type = INGEST_PROBLEM,
                                .input = b->h.input,
                                .offset = e->offset,
                                .length = e->length,
                                .recovered = e->recovered};

        snprintf(p.what, sizeof(p.what), "%s", e->what);
        return say(j, OUTBOX_PROBLEM, span_of((const char *)&p, sizeof(p)));
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

static void finding_start(const struct judge *j, const struct batch *b, const struct event *e,
                          struct finding *f) {
        (void)j;
        *f = (struct finding){.input = b->h.input,
                              .length = (uint32_t)e->raw.len,
                              .offset = e->offset,
                              .line = e->line,
                              .record = e->record,
                              .count = 1};
}

/* Of a record too long, or of too many fields, only the beginning was judged: whoever pads a record
 * to hide the rest of it shall not be told that everything could be read. */
static int say_cut(struct judge *j, const struct batch *b, const struct event *e) {
        struct decode_error error = {
                .offset = e->offset,
                .length = e->raw.len,
                .what = "record too long or of too many fields: its end was not judged",
        };

        return say_problem(j, b, &error);
}

/* All decoded fields: once per event, however many rules match. */
static void fill_fields(struct judge *j, const struct event *e) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < e->n && n < FINDING_FIELDS_MAX; i++) {
                const struct field *x = &e->fields[i];
                struct span v = value_text(x, &j->arena);

                if (!v.p)
                        continue;
                j->field_of[n] = i;
                j->fields[n++] = (struct finding_field){.name = span_of(x->name, x->name_len),
                                                        .value = v,
                                                        .type = finding_type_of(x)};
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
                j->fields[i].matched = j->matched[j->field_of[i]];
        f.fields = j->fields;
        f.n_fields = j->n_fields;
        f.flags = FINDING_REPORT | (j->n_fields < e->n ? FINDING_CUT : 0u);
        buf_reset(&j->buf);
        finding_encode(&j->buf, &f);
        if (j->buf.failed)
                return -ENOMEM;
        return say(j, OUTBOX_FINDING, buf_get(&j->buf));
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
        return say(j, OUTBOX_HIT, buf_get(&j->buf));
}

static int say_findings(struct judge *j, const struct batch *b, const struct event *e,
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
                int r = info.report ? say_report(j, e, &f) : 0;
                if (r == 0 && info.correlate)
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

static int judge_batch(struct judge *j, const struct work *m) {
        struct outbox_done done = {.slot = m->slot};
        struct decode_error error;
        struct event e;
        struct batch b;

        __atomic_store_n(&j->out->position, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->events, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->bad, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->slot, m->slot, __ATOMIC_RELAXED);
        __atomic_store_n(&j->out->batch, ++j->batches, __ATOMIC_RELEASE);
        if (batch_view(j->ring + m->slot * SLOT_BYTES, &b) != 0)
                return -EPROTO;
        decoder_begin(j->decoder, &b, m->skip);
        matcher_batch(j->matcher, b.payload, (enum format)b.h.format);
        for (;;) {
                __atomic_store_n(&j->out->position, decoder_position(j->decoder), __ATOMIC_RELAXED);
                enum decode_result d = decoder_next(j->decoder, &e, &error);
                const uint32_t *rules;
                int r = 0;

                if (d == DECODE_END)
                        break;
                if (d == DECODE_BAD) {
                        done.bad++;
                        r = say_problem(j, &b, &error);
                } else {
                        done.events++;
                        /* Exactly where the record begins, without what stands between records. */
                        __atomic_store_n(&j->out->position, (uint64_t)(e.raw.p - b.payload.p),
                                         __ATOMIC_RELAXED);
                        misbehave(j, e.raw);
                        uint32_t n = matcher_run(j->matcher, &e, &rules);
                        if (n)
                                r = say_findings(j, &b, &e, rules, n);
                        if (UNLIKELY(e.cut) && r == 0)
                                r = say_cut(j, &b, &e);
                }
                if (r < 0)
                        return r;
                __atomic_store_n(&j->out->events, done.events, __ATOMIC_RELAXED);
                __atomic_store_n(&j->out->bad, done.bad, __ATOMIC_RELAXED);
                outbox_publish(j->out, j->staged);
        }
        outbox_publish(j->out, j->staged);
        outbox_finish(j->out, &done);
        return 0;
}

static int serve(struct judge *j) {
        struct msg_plain done = {JUDGE_DONE, 0};

        for (;;) {
                bool emptied;
                int r = 0;

                while (j->queued == 0 && r == 0)
                        r = take_message(j, &emptied);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
                struct work m = j->queue[0];
                memmove(j->queue, j->queue + 1, --j->queued * sizeof(j->queue[0]));
                r = judge_batch(j, &m);
                if (r == 0 && m.last)
                        r = os_send(j->sock, &done, sizeof(done), NULL, 0);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
}

/* Options travel as arguments NAME=VALUE: numbers and tags, nothing secret. */
static void read_options(struct judge *j, struct match_options *o, int argc, char **argv,
                         int *landlock) {
        static struct span tags[8];

        j->from = j->to = TIME_NONE;
        o->tags = tags;
        for (int i = 1; i < argc; i++) {
                char *eq = strchr(argv[i], '=');
                if (!eq)
                        continue;
                struct span name = span_of(argv[i], (size_t)(eq - argv[i]));
                long long v = strtoll(eq + 1, NULL, 10);

                if (span_eq(name, SPAN("zone")))
                        j->decode.zone_sec = (int)v;
                else if (span_eq(name, SPAN("year")))
                        j->decode.year = (int)v;
                else if (span_eq(name, SPAN("from")))
                        j->from = v;
                else if (span_eq(name, SPAN("to")))
                        j->to = v;
                else if (span_eq(name, SPAN("leftovers")))
                        j->decode.leftovers = v != 0;
                else if (span_eq(name, SPAN("memo")))
                        o->no_memo = v == 0;
                else if (span_eq(name, SPAN("level")))
                        o->min_level = (enum level)v;
                else if (span_eq(name, SPAN("landlock")))
                        *landlock = (int)v;
                else if (span_eq(name, SPAN("tag")) && o->n_tags < ARRAY_LEN(tags))
                        tags[o->n_tags++] = span_str(eq + 1);
        }
}

static int map_all(struct judge *j) {
        struct stat st;
        void *p;
        int r = os_map(4, RING_SLOTS * SLOT_BYTES, false, &p);

        if (r < 0)
                return FAIL(r);
        j->ring = p;
        r = os_map(6, sizeof(struct outbox), true, &p);
        if (r < 0)
                return FAIL(r);
        j->out = p;
        j->staged = j->out->head;
        r = os_fstat(5, &st);
        if (r < 0)
                return FAIL(r);
        r = os_map(5, (size_t)st.st_size, false, &p);
        if (r < 0)
                return FAIL(r);
        return program_open(&j->program, p, (size_t)st.st_size);
}

int process_judge(int argc, char **argv) {
        static struct judge j = {.sock = CHILD_SOCKET};
        struct match_options o = {0};
        struct msg_plain ready = {PROCESS_READY, 0};
        int landlock = -1;

        read_options(&j, &o, argc, argv, &landlock);
        arena_init(&j.arena, (size_t)4 << 20);
        j.matched = calloc(EVENT_FIELDS_MAX, sizeof(bool));
        j.fields = calloc(FINDING_FIELDS_MAX, sizeof(*j.fields));
        j.decoder = decoder_new(&j.decode);
        if (!j.matched || !j.fields || !j.decoder)
                return 12;
        int r = map_all(&j);
        if (r != 0)
                return 13;
        /* Compiled regexes are executable memory: before the sandbox, which allows no more of it.
         */
        r = matcher_new(&j.matcher, j.program, &o);
        if (r < 0)
                return 14;
        if (sandbox_enter(SANDBOX_JUDGE, landlock, (size_t)2 << 30, NULL) < 0)
                return 15;
        r = os_send(j.sock, &ready, sizeof(ready), NULL, 0);
        if (r == 0)
                r = serve(&j);
        return r < 0 ? 16 : 0;
}
