/* Alerts in the desk's database, for the desk and for people who read (see state.h).
 *
 * An alert's records are a JSON array of [sequence number, offset, length, time], so that anybody
 * with SQLite can follow them to the bytes in the store; time is null when the event had none. */
#include <stdlib.h>

#include "desk/state_impl.h"

static void put_records(struct buf *b, const struct state_alert *a) {
        buf_reset(b);
        buf_char(b, '[');
        for (uint32_t i = 0; i < a->n_records && i < STATE_RECORDS_MAX; i++) {
                const struct record_ref *x = &a->records[i];

                buf_printf(b, "%s[%llu,%llu,%llu,", i ? "," : "", (unsigned long long)x->seq,
                           (unsigned long long)x->offset, (unsigned long long)x->length);
                if (x->time == TIME_NONE)
                        buf_str(b, "null]");
                else
                        buf_printf(b, "%lld]", (long long)x->time);
        }
        buf_char(b, ']');
}

/* A number or null at *p, moving on. */
static bool take_number(struct span *s, int64_t *ret) {
        bool minus = false;
        uint64_t v = 0;
        size_t i = 0;

        if (span_starts(*s, SPAN("null"))) {
                *ret = TIME_NONE;
                *s = span_of(s->p + 4, s->len - 4);
                return true;
        }
        if (s->len && *s->p == '-') {
                minus = true;
                i = 1;
        }
        size_t first = i;
        for (; i < s->len && s->p[i] >= '0' && s->p[i] <= '9' && i - first < 19; i++)
                v = v * 10 + (uint64_t)(s->p[i] - '0');
        if (i == first || v > INT64_MAX)
                return false;
        *ret = minus ? -(int64_t)v : (int64_t)v;
        *s = span_of(s->p + i, s->len - i);
        return true;
}

static bool take_char(struct span *s, char c) {
        if (!s->len || *s->p != c)
                return false;
        *s = span_of(s->p + 1, s->len - 1);
        return true;
}

/* Only what put_records() writes. */
static bool get_records(struct span s, struct state_alert *a) {
        a->n_records = 0;
        if (!take_char(&s, '['))
                return false;
        if (take_char(&s, ']'))
                return s.len == 0;
        do {
                int64_t v[4];

                if (a->n_records == STATE_RECORDS_MAX || !take_char(&s, '['))
                        return false;
                for (unsigned i = 0; i < 4; i++)
                        if (!take_number(&s, &v[i]) || !take_char(&s, i < 3 ? ',' : ']') ||
                            (i < 3 && v[i] < 0))
                                return false;
                a->records[a->n_records++] = (struct record_ref){.seq = (uint64_t)v[0],
                                                                 .offset = (uint64_t)v[1],
                                                                 .length = (uint64_t)v[2],
                                                                 .time = v[3]};
        } while (take_char(&s, ','));
        return take_char(&s, ']') && s.len == 0;
}

int state_save_alert(struct state *s, const struct state_alert *a) {
        put_records(&s->text, a);
        if (s->text.failed)
                return FAIL(-ENOMEM);
        return state_do(s, Q_ALERT, "ibiiiitttttiiiiiiiti", a->id,
                        span_of((const char *)a->key, sizeof(a->key)), a->rule, (int64_t)a->status,
                        (int64_t)a->drill, (int64_t)a->entity_kind, a->entity, a->host, a->user,
                        a->source, a->exception, (int64_t)a->count, a->first, a->last,
                        a->first_received, a->last_received, a->raised, a->updated,
                        buf_get(&s->text), a->retro);
}

int state_save_fields(struct state *s, int64_t alert, int which, struct span fields) {
        return state_do(s, Q_FIELDS, "iit", alert, (int64_t)which, fields);
}

static bool read_alert(struct state *s, enum query q, struct state_alert *a) {
        struct span key = col_span(s, q, 1);

        *a = (struct state_alert){.id = col_int(s, q, 0),
                                  .rule = col_int(s, q, 2),
                                  .status = (enum alert_status)(col_int(s, q, 3) & 1),
                                  .drill = (uint32_t)col_int(s, q, 4),
                                  .entity = col_span(s, q, 6),
                                  .host = col_span(s, q, 7),
                                  .user = col_span(s, q, 8),
                                  .source = col_span(s, q, 9),
                                  .exception = col_span(s, q, 10),
                                  .count = (uint64_t)col_int(s, q, 11),
                                  .first = col_int(s, q, 12),
                                  .last = col_int(s, q, 13),
                                  .first_received = col_int(s, q, 14),
                                  .last_received = col_int(s, q, 15),
                                  .raised = col_int(s, q, 16),
                                  .updated = col_int(s, q, 17),
                                  .retro = col_int(s, q, 19)};
        int64_t kind = col_int(s, q, 5);

        if (kind < ENTITY_NONE || kind > ENTITY_MANY || key.len != sizeof(a->key))
                return false;
        a->entity_kind = (enum alert_entity)kind;
        memcpy(a->key, key.p, sizeof(a->key));
        return get_records(col_span(s, q, 18), a);
}

static int64_t shift(int64_t t, int64_t by) {
        int64_t r;

        if (__builtin_add_overflow(t, by, &r))
                return by < 0 ? INT64_MIN : INT64_MAX;
        return r;
}

int state_find_alert(struct state *s, const unsigned char key[STATE_ID_BYTES], int64_t t,
                     int64_t window, struct state_alert *ret) {
        if (s->q[Q_FIND_ALERT])
                state_reset(s, Q_FIND_ALERT);
        int r = state_bind(s, Q_FIND_ALERT, "bii", span_of((const char *)key, STATE_ID_BYTES),
                           shift(t, -window), shift(t, window));

        if (r == 0)
                r = state_step(s, Q_FIND_ALERT);
        if (r != 1)
                return r;
        return read_alert(s, Q_FIND_ALERT, ret) ? 1 : FAIL(-EBADMSG);
}

int state_last_alert(struct state *s, bool drill, int64_t *ret_id) {
        int r = state_bind(s, Q_LAST_ALERT, "i", (int64_t)drill);

        *ret_id = 0;
        if (r == 0)
                r = state_step(s, Q_LAST_ALERT);
        if (r == 1) {
                *ret_id = col_int(s, Q_LAST_ALERT, 0);
                state_reset(s, Q_LAST_ALERT);
        }
        return r < 0 ? r : 0;
}

int state_alerts(struct state *s, const struct state_filter *f,
                 int (*each)(void *ctx, const struct state_alert *a, const struct state_rule *r),
                 void *ctx) {
        const enum query q = Q_ALERTS;
        int r = state_bind(s, q, "iiitttiiiii", f->since == TIME_NONE ? INT64_MIN : f->since,
                           f->until == TIME_NONE ? INT64_MAX : f->until, (int64_t)f->min_level,
                           f->rule, f->entity, f->tag, (int64_t)f->status, f->drill, f->id,
                           f->limit ? (int64_t)f->limit : (int64_t)-1, f->retro);

        while (r == 0 && (r = state_step(s, q)) == 1) {
                struct state_alert a;
                struct state_rule u = {.kind = (enum state_kind)(col_int(s, q, 20) & 3),
                                       .level = (unsigned)MIN((uint64_t)col_int(s, q, 21), 5u),
                                       .status = (unsigned)MIN((uint64_t)col_int(s, q, 22), 5u),
                                       .id = col_span(s, q, 23),
                                       .version = col_span(s, q, 24),
                                       .title = col_span(s, q, 25),
                                       .title_vi = col_span(s, q, 26),
                                       .description = col_span(s, q, 27),
                                       .description_vi = col_span(s, q, 28),
                                       .file = col_span(s, q, 29),
                                       .tags = col_span(s, q, 30)};

                r = read_alert(s, q, &a) ? each(ctx, &a, &u) : FAIL(-EBADMSG);
                if (r < 0)
                        state_reset(s, q);
        }
        return r;
}

int state_fields(struct state *s, int64_t alert, int which, struct span *ret) {
        if (s->q[Q_GET_FIELDS])
                state_reset(s, Q_GET_FIELDS);
        int r = state_bind(s, Q_GET_FIELDS, "ii", alert, (int64_t)which);

        *ret = SPAN("");
        if (r == 0)
                r = state_step(s, Q_GET_FIELDS);
        if (r == 1)
                *ret = col_span(s, Q_GET_FIELDS, 0);
        return r < 0 ? r : 0;
}
