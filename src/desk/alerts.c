/* Verdicts to alerts.
 *
 * Verdicts of the same rule about the same entity (host, else user, else source; for a correlation
 * what it grouped by), of the same exercise, within a window since the alert's last event, are one
 * alert. A rule is the same here whatever its version. What an exception covers becomes an alert too,
 * apart from the others and marked as suppressed by it: nothing disappears.
 *
 *   A1. A verdict is counted in exactly one alert, once: the row of the verdict is inserted first, and
 *       what was there already counts nowhere.
 *   A2. An alert in memory is newer than its row or the same; what changed is flushed before every
 *       commit, in the same transaction as the verdicts that changed it. At most one alert of a key is
 *       in memory; another of that key is looked for in the database, after that one was flushed.
 *   A3. A sample holds the first ten records and the last ten.
 *   A4. New alerts of a rule, and of all rules, are limited by the hour. Beyond, a rule's verdicts go
 *       to one alert with the entity "*": an attacker who invents hosts gets one alert more, not a
 *       million. */
#include <sodium.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "desk/desk_impl.h"
#include "desk/exercise.h"
#include "desk/sql.h"
#include "desk/triage.h"
#include "rules/exceptions.h"
#include "wire/exercise.h"

#define BUCKETS 8192u
#define CACHED_MAX 4096u
#define SAMPLE_FIRST 10u
#define FIELDS_BYTES_MAX ((size_t)16 << 10) /* of one finding, as JSON */
#define VALUE_MAX ((size_t)4 << 10)
#define DRILL_ALERTS 100000u /* new ones in an hour, told apart, of all drills */
#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)

struct alert {
        struct state_alert a; /* its spans are in `texts` */
        char *texts;
        struct alert *chain, *newer, *older, *next_dirty;
        bool dirty;
        char *first, *last; /* JSON of fields, until flushed */
        size_t first_len, last_len;
        int64_t last_time;          /* of the finding in `last` */
        struct finding_steps steps; /* of a drill: those that have their row */
};

int alerts_init(struct desk *d) {
        d->buckets = calloc(BUCKETS, sizeof(*d->buckets));
        return d->buckets ? 0 : FAIL(-ENOMEM);
}

static void alert_free(struct alert *x) {
        free(x->texts);
        free(x->first);
        free(x->last);
        free(x);
}

void alerts_deinit(struct desk *d) {
        for (struct alert *x = d->oldest, *next; x; x = next) {
                next = x->newer;
                alert_free(x);
        }
        free(d->buckets);
}

/* ---- the table ---- */

static struct alert **bucket_of(struct desk *d, const unsigned char key[STATE_ID_BYTES]) {
        return &d->buckets[hash_bytes((const char *)key, STATE_ID_BYTES, d->key) % BUCKETS];
}

static void unlink_touch(struct desk *d, struct alert *x) {
        *(x->newer ? &x->newer->older : &d->newest) = x->older;
        *(x->older ? &x->older->newer : &d->oldest) = x->newer;
}

static void link_newest(struct desk *d, struct alert *x) {
        x->newer = NULL;
        x->older = d->newest;
        *(d->newest ? &d->newest->newer : &d->oldest) = x;
        d->newest = x;
}

static struct alert *cached(struct desk *d, const unsigned char key[STATE_ID_BYTES]) {
        struct alert *x = *bucket_of(d, key);

        while (x && memcmp(x->a.key, key, STATE_ID_BYTES) != 0)
                x = x->chain;
        if (x && x != d->newest) {
                unlink_touch(d, x);
                link_newest(d, x);
        }
        return x;
}

static void forget(struct desk *d, struct alert *x) {
        struct alert **p = bucket_of(d, x->a.key);

        assert(!x->dirty); /* A2 */
        while (*p != x)
                p = &(*p)->chain;
        *p = x->chain;
        unlink_touch(d, x);
        d->n_alerts--;
        alert_free(x);
}

/* A copy of what the database or a verdict says, in the table. */
static struct alert *add(struct desk *d, const struct state_alert *a) {
        struct span *to[5];
        const struct span from[] = {a->entity, a->host, a->user, a->source, a->exception};
        struct alert *x = calloc(1, sizeof(*x));
        size_t n = 1;

        for (size_t i = 0; i < ARRAY_LEN(from); i++)
                n += from[i].len;
        if (x)
                x->texts = malloc(n);
        if (!x || !x->texts) {
                free(x);
                return NULL;
        }
        x->a = *a;
        to[0] = &x->a.entity;
        to[1] = &x->a.host;
        to[2] = &x->a.user;
        to[3] = &x->a.source;
        to[4] = &x->a.exception;
        n = 0;
        for (size_t i = 0; i < ARRAY_LEN(from); i++) {
                if (from[i].len)
                        memcpy(x->texts + n, from[i].p, from[i].len);
                *to[i] = span_of(x->texts + n, from[i].len);
                n += from[i].len;
        }
        while (d->n_alerts >= CACHED_MAX && d->oldest && !d->oldest->dirty)
                forget(d, d->oldest);
        struct alert **p = bucket_of(d, x->a.key);
        x->chain = *p;
        *p = x;
        link_newest(d, x);
        d->n_alerts++;
        x->last_time = TIME_NONE;
        return x;
}

/* ---- into the state ---- */

static int flush_one(struct desk *d, struct alert *x) {
        bool first = x->a.raised == 0;

        if (first)
                x->a.raised = d->wall;
        x->a.updated = d->wall;
        int r = state_save_alert(d->state, &x->a);
        if (r == 0)
                r = first ? triage_new(d, &x->a) : triage_again(d, &x->a);
        if (r == 0 && x->first)
                r = state_save_fields(d->state, x->a.id, 0, span_of(x->first, x->first_len));
        if (r == 0 && x->last)
                r = state_save_fields(d->state, x->a.id, 1, span_of(x->last, x->last_len));
        free(x->first);
        free(x->last);
        x->first = x->last = NULL;
        return r;
}

int alerts_flush(struct desk *d) {
        int r = d->dirty ? desk_begin(d) : 0;

        while (d->dirty && r == 0) {
                struct alert *x = d->dirty;

                d->dirty = x->next_dirty;
                x->next_dirty = NULL;
                x->dirty = false;
                r = flush_one(d, x);
        }
        /* After a failure some are dirty still. The oldest is another each time. */
        while (r == 0 && d->n_alerts > CACHED_MAX && d->oldest) {
                // NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
                forget(d, d->oldest);
        }
        return r;
}

void alerts_forget(struct desk *d, int64_t before) {
        for (struct alert *x = d->oldest, *next; x; x = next) {
                next = x->newer;
                if (!x->dirty && x->a.updated < before)
                        forget(d, x);
        }
}

static void set_dirty(struct desk *d, struct alert *x) {
        if (x->dirty)
                return;
        x->dirty = true;
        x->next_dirty = d->dirty;
        d->dirty = x;
}

/* ---- keys ---- */

static int make_key(struct desk *d, const struct verdict *v, enum alert_entity kind,
                    struct span entity, struct span exception, unsigned char key[STATE_ID_BYTES]) {
        crypto_generichash_state h;
        const uint32_t numbers[] = {(uint32_t)v->kind, (uint32_t)kind, LABEL_PLAY(v->f->drill),
                                    (uint32_t)v->rule_id.len, (uint32_t)exception.len};
        const uint64_t run = (uint64_t)v->retro;

        buf_reset(&d->text);
        char *to = buf_reserve(&d->text, entity.len * 3 / 2 + 4);
        if (!to)
                return FAIL(-ENOMEM);
        size_t n = utf8_fold_to(to, entity);
        crypto_generichash_init(&h, NULL, 0, STATE_ID_BYTES);
        crypto_generichash_update(&h, (const unsigned char *)numbers, sizeof(numbers));
        crypto_generichash_update(&h, (const unsigned char *)v->rule_id.p, v->rule_id.len);
        if (exception.len)
                crypto_generichash_update(&h, (const unsigned char *)exception.p, exception.len);
        if (run)
                crypto_generichash_update(&h, (const unsigned char *)&run, sizeof(run));
        crypto_generichash_update(&h, (const unsigned char *)to, n);
        crypto_generichash_final(&h, key, STATE_ID_BYTES);
        return 0;
}

static void verdict_id(const struct verdict *v, unsigned char id[STATE_ID_BYTES]) {
        crypto_generichash_state h;
        const uint64_t numbers[] = {v->f->seq, (uint64_t)v->part};

        crypto_generichash_init(&h, NULL, 0, STATE_ID_BYTES);
        crypto_generichash_update(&h, v->use->version, STATE_ID_BYTES);
        crypto_generichash_update(&h, (const unsigned char *)numbers, sizeof(numbers));
        crypto_generichash_update(&h, (const unsigned char *)v->rule_id.p, v->rule_id.len);
        crypto_generichash_final(&h, id, STATE_ID_BYTES);
}

static int64_t add_time(int64_t t, int64_t by) {
        int64_t r;

        return __builtin_add_overflow(t, by, &r) ? (by < 0 ? INT64_MIN : INT64_MAX) : r;
}

static bool near(const struct desk *d, const struct state_alert *a, int64_t t) {
        return t >= add_time(a->first, -d->o.window) && t <= add_time(a->last, d->o.window);
}

/* The alert it belongs to; *ret NULL: there is none. A2. */
static int find(struct desk *d, const unsigned char key[STATE_ID_BYTES], int64_t t,
                struct alert **ret) {
        struct alert *x = cached(d, key);
        struct state_alert a;

        *ret = x;
        if (x && near(d, &x->a, t))
                return 0;
        *ret = NULL;
        int r = x && x->dirty ? alerts_flush(d) : 0;
        if (r == 0)
                r = state_find_alert(d->state, key, t, d->o.window, &a);
        if (r != 1)
                return r;
        x = cached(d, key);
        if (x)
                forget(d, x);
        *ret = add(d, &a);
        return *ret ? 0 : FAIL(-ENOMEM);
}

/* ---- fields as JSON ---- */

static void put_field(struct buf *b, const struct finding_field *x, bool first) {
        static const char *const types[] = {"string", "number", "bool", "null"};
        bool cut = x->value.len > VALUE_MAX;

        buf_str(b, first ? "[\"" : ",[\"");
        buf_json(b, span_of(x->name.p, MIN(x->name.len, (size_t)NAME_MAX_BYTES)));
        buf_str(b, "\",\"");
        buf_json(b, span_of(x->value.p, MIN(x->value.len, VALUE_MAX)));
        buf_printf(b, "\",\"%s\",%d%s]", types[x->type], x->matched, cut ? ",1" : "");
}

/* What matched first, so that it is there even if not all has room. */
static void put_fields(struct buf *b, const struct verdict *v) {
        const struct finding *f = v->f;
        bool cut = (f->flags & FINDING_CUT) != 0, first = true;

        buf_reset(b);
        buf_printf(b,
                   "{\"seq\":%llu,\"offset\":%llu,\"length\":%u,\"received\":%lld,\"count\":%llu",
                   (unsigned long long)f->seq, (unsigned long long)f->offset, f->length,
                   (long long)f->received, (unsigned long long)f->count);
        if (f->time != TIME_NONE)
                buf_printf(b, ",\"time\":%lld", (long long)f->time);
        buf_str(b, ",\"fields\":[");
        for (int pass = 1; pass >= 0; pass--)
                for (uint32_t i = 0; i < f->n_fields; i++) {
                        size_t before = b->len;

                        if (f->fields[i].matched != (pass == 1))
                                continue;
                        put_field(b, &f->fields[i], first);
                        first = false;
                        if (b->len > FIELDS_BYTES_MAX) {
                                b->len = before;
                                first = b->p[b->len - 1] == '[';
                                cut = true;
                        }
                }
        buf_printf(b, "],\"cut\":%s}", cut ? "true" : "false");
}

static int keep_fields(struct desk *d, const struct verdict *v, char **to, size_t *len) {
        put_fields(&d->json, v);
        if (d->json.failed)
                return FAIL(-ENOMEM);
        char *p = realloc(*to, d->json.len);
        if (!p)
                return FAIL(-ENOMEM);
        memcpy(p, d->json.p, d->json.len);
        *to = p;
        *len = d->json.len;
        return 0;
}

/* ---- a verdict ---- */

/* When it happened, for the desk: what the record says unless it says nothing or the future. */
static int64_t time_of(const struct desk *d, const struct finding *f) {
        if (f->time_last == TIME_NONE ||
            (!f->drill && f->time_last > add_time(f->received, d->o.skew)))
                return f->received;
        return f->time_last;
}

/* A4 */
static bool may_begin(struct desk *d, const struct verdict *v) {
        uint32_t hour = (uint32_t)(d->wall / HOUR_NS);

        if (v->f->drill) { /* takes nothing from the present either */
                if (d->drill_hour != hour)
                        d->drill_in_hour = 0;
                d->drill_hour = hour;
                return d->drill_in_hour < DRILL_ALERTS;
        }

        if (v->retro) /* a run has its own limits: it takes nothing from the present */
                return v->use->new_alerts < d->o.alerts_of_rule &&
                       d->retro.new_alerts < d->o.alerts_in_hour;
        if (d->hour != hour) {
                d->hour = hour;
                d->in_hour = 0;
        }
        if (v->use->hour != hour) {
                v->use->hour = hour;
                v->use->new_alerts = 0;
        }
        return v->use->new_alerts < d->o.alerts_of_rule && d->in_hour < d->o.alerts_in_hour;
}

static int64_t next_id(const struct desk *d, const struct verdict *v) {
        return v->f->drill ? d->next_drill_alert : d->next_alert;
}

/* Texts as they are kept, one after the other in d->text. */
static int begin_alert(struct desk *d, const struct verdict *v, enum alert_entity kind,
                       struct span entity, struct span exception,
                       const unsigned char key[STATE_ID_BYTES], int64_t t, struct alert **ret) {
        const struct span from[] = {entity, v->f->host, v->f->user, v->source, exception};
        size_t at[ARRAY_LEN(from) + 1];
        struct span s[ARRAY_LEN(from)];

        buf_reset(&d->text);
        for (size_t i = 0; i < ARRAY_LEN(from); i++) {
                at[i] = d->text.len;
                state_text(&d->text, from[i], NAME_MAX_BYTES);
        }
        at[ARRAY_LEN(from)] = d->text.len;
        if (d->text.failed)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(from); i++)
                s[i] = span_of(d->text.p + at[i], at[i + 1] - at[i]);
        struct state_alert a = {.id = next_id(d, v),
                                .rule = v->use->ref,
                                .status = exception.len ? ALERT_SUPPRESSED : ALERT_OPEN,
                                .drill = LABEL_PLAY(v->f->drill),
                                .entity_kind = kind,
                                .entity = s[0],
                                .host = s[1],
                                .user = s[2],
                                .source = s[3],
                                .exception = s[4],
                                .first = t,
                                .last = t,
                                .first_received = v->f->received,
                                .last_received = v->f->received,
                                .retro = v->retro};
        memcpy(a.key, key, sizeof(a.key));
        struct alert *old = cached(d, key);
        if (old) /* of another time, and flushed by find() */
                forget(d, old);
        *ret = add(d, &a);
        if (!*ret)
                return FAIL(-ENOMEM);
        if (v->f->drill) {
                d->next_drill_alert++;
                d->drill_in_hour++;
                d->st.drill_alerts++;
                return keep_fields(d, v, &(*ret)->first, &(*ret)->first_len);
        }
        d->next_alert++;
        v->use->new_alerts++;
        if (v->retro) {
                d->retro.new_alerts++;
                d->retro.row.alerts++;
        } else {
                d->in_hour++;
        }
        d->st.alerts++;
        return keep_fields(d, v, &(*ret)->first, &(*ret)->first_len);
}

static void sample(struct state_alert *a, const struct verdict *v, int64_t t) {
        const struct finding *f = v->f;
        struct record_ref x = {.seq = f->seq, .offset = f->offset, .length = f->length, .time = t};

        if (v->kind == STATE_OWN && f->seq == 0)
                return; /* about no record */
        if (a->n_records == STATE_RECORDS_MAX) {
                memmove(&a->records[SAMPLE_FIRST], &a->records[SAMPLE_FIRST + 1],
                        (STATE_RECORDS_MAX - SAMPLE_FIRST - 1) * sizeof(x));
                a->n_records--;
        }
        a->records[a->n_records++] = x;
}

static int join(struct desk *d, struct alert *x, const struct verdict *v, int64_t t) {
        if (!x)
                return FAIL(-ENOMEM);
        struct state_alert *a = &x->a;
        int64_t first =
                v->kind == STATE_CORRELATION && v->f->time != TIME_NONE ? MIN(v->f->time, t) : t;

        a->count += v->kind == STATE_OWN ? v->f->count : 1;
        a->first = MIN(a->first, first);
        a->first_received = MIN(a->first_received, v->f->received);
        a->last_received = MAX(a->last_received, v->f->received);
        sample(a, v, t);
        set_dirty(d, x);
        if (t < a->last || (x->last && t < x->last_time))
                return 0;
        a->last = t;
        x->last_time = t;
        return keep_fields(d, v, &x->last, &x->last_len);
}

/* A1: 1: it is new; 0: it was there. What the node says of itself is not said twice. */
static int insert(struct desk *d, const struct verdict *v, int64_t alert, int64_t t) {
        struct state_verdict row = {.seq = v->f->seq,
                                    .rule = v->use->ref,
                                    .part = v->part,
                                    .alert = alert,
                                    .time = t,
                                    .received = v->f->received,
                                    .offset = v->f->offset,
                                    .length = v->f->length};

        if (v->kind == STATE_OWN)
                return 1;
        verdict_id(v, row.id);
        int r = state_verdict(d->state, &row);
        if (r == 1)
                d->kept_verdicts++;
        return r;
}

/* Which steps of its play an alert speaks of, and when it did so first: what an exercise is scored by. */
static int keep_steps(struct desk *d, struct alert *x, const struct verdict *v, int64_t t) {
        struct finding_steps now = {0};
        uint32_t own = LABEL_STEP(v->f->drill);
        int r = 0;

        if (v->f->steps)
                now = *v->f->steps;
        else
                now.bits[own / 64] = UINT64_C(1) << own % 64;
        for (uint32_t i = 0; i < LABEL_STEPS && r == 0; i++) {
                uint64_t bit = UINT64_C(1) << i % 64;

                if (!(now.bits[i / 64] & bit) || (x->steps.bits[i / 64] & bit))
                        continue;
                x->steps.bits[i / 64] |= bit;
                r = sql_do(state_sql(d->state),
                           "INSERT OR IGNORE INTO exercise_alert_step(alert,play,step,at,time)"
                           " VALUES(?1,?2,?3,?4,?5)",
                           "iiiii", x->a.id, (int64_t)x->a.drill, (int64_t)i, d->wall, t);
                exercise_touched(d, x->a.drill);
        }
        return r;
}

int alert_verdict(struct desk *d, const struct verdict *v) {
        int64_t t = time_of(d, v->f);
        enum alert_entity kind = v->entity_kind;
        struct span entity = v->entity, exception = SPAN_NONE;
        unsigned char key[STATE_ID_BYTES];
        struct alert *x = NULL;
        int r = desk_begin(d);

        /* A unit's exceptions are for what it knows to be harmless; a drill is played to all alike. */
        if (v->kind != STATE_OWN && d->exceptions && !v->f->drill)
                exception = exceptions_match(
                        d->exceptions,
                        &(struct exception_subject){.program = v->gen->program,
                                                    .index = v->index,
                                                    .correlation = v->kind == STATE_CORRELATION,
                                                    .finding = v->f,
                                                    .source = v->source},
                        d->wall);
        if (r == 0 && v->kind != STATE_OWN && !exception.len && !v->f->drill)
                r = exempted_match(d, v, &exception);
        if (r == 0)
                r = make_key(d, v, kind, entity, exception, key);
        if (r == 0)
                r = find(d, key, t, &x);
        if (r < 0)
                return r;
        if (!x && !may_begin(d, v)) {
                d->st.folded += !v->f->drill;
                kind = ENTITY_MANY;
                entity = SPAN("*");
                r = make_key(d, v, kind, entity, exception, key);
                if (r == 0)
                        r = find(d, key, t, &x);
                if (r < 0)
                        return r;
        }
        r = insert(d, v, x ? x->a.id : next_id(d, v), t);
        if (r == 0)
                d->st.doubled++;
        if (r == 0 && v->retro)
                d->retro.row.doubled++;
        if (r <= 0)
                return r;
        d->retro.row.verdicts += v->retro != 0;
        d->st.verdicts += !v->f->drill;
        d->st.drill_verdicts += v->f->drill != 0;
        if (exception.len)
                d->st.suppressed++;
        r = 0;
        if (exception.len)
                r = state_count_exception(d->state, exception, 1, t);
        if (r == 0 && !x)
                r = begin_alert(d, v, kind, entity, exception, key, t, &x);
        if (r == 0)
                r = join(d, x, v, t);
        return r < 0 || !v->f->drill ? r : keep_steps(d, x, v, t);
}
