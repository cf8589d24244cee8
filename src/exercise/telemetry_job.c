/* JOB_TELEMETRY (wire/job.h): an ask to a process of its own, and the records that it gives back. The plan was checked
 * when it was loaded before, and is loaded and checked again here; what the job says is looked at by who reads it.
 *
 *     ask      magic u32 | step u32 | seed u64 | start, at, from, to i64 | has_cast u8 | texts | plan's JSON to the end
 *     texts    (with a cast) unit, domain, then for each host name and address, for each account its name; a text is
 *              u16 length (65535: none) | bytes | 0
 *     record   offset i64 | step u32 | len u32 | format u8 | source's length u8 | source | 0 | bytes
 *
 * Numbers are little-endian, as all of the node's lines are; texts are at most TEXT_MAX bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "exercise/recording.h"
#include "exercise/telemetry_impl.h"
#include "wire/exercise.h"
#include "wire/replay.h"

#define ASK_MAGIC 0x31544c43u
#define TEXT_MAX 512u
#define NO_TEXT 0xffffu
#define HEAD (4 + 4 + 8 + 4 * 8 + 1)
#define FRAME (8 + 4 + 4 + 1 + 1)

struct telemetry_hold {
        struct plan *plan;
        struct plan_cast cast;
        struct arena arena;
};

/* ---- asking ---- */

static void put_text(struct buf *b, const char *s) {
        uint16_t len = (uint16_t)(s ? MIN(strlen(s), TEXT_MAX) : NO_TEXT);

        buf_add(b, &len, 2);
        if (s) {
                buf_add(b, s, len);
                buf_char(b, 0);
        }
}

int telemetry_ask_encode(const struct telemetry_ask *a, struct span plan_json, struct buf *out) {
        const struct plan_cast *c = a->cast;
        uint32_t head[2] = {ASK_MAGIC, a->step};
        int64_t times[4] = {a->start_ns, a->at, a->from, a->to};

        buf_add(out, head, sizeof(head));
        buf_add(out, &a->seed, 8);
        buf_add(out, times, sizeof(times));
        buf_char(out, c ? 1 : 0);
        if (c) {
                put_text(out, c->unit);
                put_text(out, c->domain);
                for (unsigned i = 0; i < a->plan->n_hosts; i++) {
                        put_text(out, c->hosts ? c->hosts[i] : NULL);
                        put_text(out, c->addresses ? c->addresses[i] : NULL);
                }
                for (unsigned i = 0; i < a->plan->n_accounts; i++)
                        put_text(out, c->accounts ? c->accounts[i] : NULL);
                put_text(out, ""); /* the end: a cast of another plan is found out */
        }
        buf_span(out, plan_json);
        return out->failed ? -ENOMEM : 0;
}

/* ---- being asked ---- */

static bool take(struct span *in, void *to, size_t n) {
        if (in->len < n)
                return false;
        memcpy(to, in->p, n);
        in->p += n;
        in->len -= n;
        return true;
}

/* false: it is not a text. Names are printable and have none of what would end a field. */
static bool take_text(struct span *in, const char **ret) {
        uint16_t len;

        *ret = NULL;
        if (!take(in, &len, 2))
                return false;
        if (len == NO_TEXT)
                return true;
        if (len > TEXT_MAX || in->len < len + 1u || in->p[len] != 0)
                return false;
        for (unsigned i = 0; i < len; i++)
                if ((unsigned char)in->p[i] <= ' ' || in->p[i] == 0x7f || in->p[i] == '"' ||
                    in->p[i] == '\\')
                        return false;
        *ret = in->p;
        in->p += len + 1;
        in->len -= len + 1u;
        return true;
}

/* Where the plan's JSON begins is known only after the cast, whose size the plan says: the texts are passed over
 * first, up to the empty one that ends them. */
static bool pass_texts(struct span *in) {
        const char *s;

        for (unsigned i = 0; i < 2; i++)
                if (!take_text(in, &s))
                        return false;
        for (unsigned i = 0; i <= 2 * PLAN_HOSTS_MAX + PLAN_ACCOUNTS_MAX; i++) {
                if (!take_text(in, &s))
                        return false;
                if (s && !*s)
                        return true;
        }
        return false;
}

static int take_cast(struct span texts, struct telemetry_hold *h) {
        unsigned n = h->plan->n_hosts, m = h->plan->n_accounts;
        const char **hosts = arena_array(&h->arena, n + 1, sizeof(*hosts));
        const char **addresses = arena_array(&h->arena, n + 1, sizeof(*addresses));
        const char **accounts = arena_array(&h->arena, m + 1, sizeof(*accounts)), *end;
        bool good = true;

        if (!hosts || !addresses || !accounts)
                return -ENOMEM;
        good = take_text(&texts, &h->cast.unit) && take_text(&texts, &h->cast.domain);
        for (unsigned i = 0; good && i < n; i++)
                good = take_text(&texts, &hosts[i]) && take_text(&texts, &addresses[i]);
        for (unsigned i = 0; good && i < m; i++)
                good = take_text(&texts, &accounts[i]);
        h->cast.hosts = hosts;
        h->cast.addresses = addresses;
        h->cast.accounts = accounts;
        return good && take_text(&texts, &end) && end && !*end && texts.len == 0 ? 0 : -EBADMSG;
}

int telemetry_ask_decode(struct span in, struct telemetry_ask *ret,
                         struct telemetry_hold **ret_hold) {
        uint32_t head[2];
        int64_t times[4];
        uint8_t cast;
        struct telemetry_ask a = {0};

        if (in.len < HEAD || !take(&in, head, sizeof(head)) || head[0] != ASK_MAGIC ||
            !take(&in, &a.seed, 8) || !take(&in, times, sizeof(times)) || !take(&in, &cast, 1) ||
            cast > 1)
                return -EBADMSG;
        struct span texts = in;
        if (cast && !pass_texts(&in))
                return -EBADMSG;
        texts.len -= in.len;
        struct telemetry_hold *h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        arena_init(&h->arena, (size_t)1 << 20);
        /* The texts must outlive the input. */
        struct span kept = arena_dup(&h->arena, texts);
        int r = kept.p ? plan_load(in, &h->plan) : -ENOMEM;
        if (r == 0 && cast)
                r = take_cast(span_of(kept.p, texts.len), h);
        a.step = head[1];
        a.start_ns = times[0];
        a.at = times[1];
        a.from = times[2];
        a.to = times[3];
        if (r == 0 && (a.step > h->plan->n_steps || a.from < 0 || a.to < a.from || a.at < 0 ||
                       a.at > INT64_C(1) << 40 || a.start_ns < 0 || a.start_ns > INT64_MAX / 2))
                r = -EBADMSG;
        if (r < 0) {
                telemetry_hold_free(h);
                return r;
        }
        a.plan = h->plan;
        a.cast = cast ? &h->cast : NULL;
        *ret = a;
        *ret_hold = h;
        return 0;
}

struct telemetry_hold *telemetry_hold_free(struct telemetry_hold *h) {
        if (!h)
                return NULL;
        plan_free(h->plan);
        arena_deinit(&h->arena);
        free(h);
        return NULL;
}

/* ---- the job ---- */

int telemetry_put_record(void *ctx, const struct telemetry_record *r) {
        struct buf *out = ctx;
        uint32_t numbers[2] = {r->step, (uint32_t)r->bytes.len};
        size_t n = strlen(r->source);

        buf_add(out, &r->offset, 8);
        buf_add(out, numbers, sizeof(numbers));
        buf_char(out, (char)r->format);
        buf_char(out, (char)n);
        buf_add(out, r->source, n + 1);
        buf_span(out, r->bytes);
        return out->failed ? -EFBIG : 0;
}

int telemetry_job(struct span in, struct buf *out) {
        _cleanup_(telemetry_hold_freep) struct telemetry_hold *hold = NULL;
        struct telemetry_ask a;

        if (recording_is(in))
                return recording_job(in, out);
        int r = telemetry_ask_decode(in, &a, &hold);

        return r < 0 ? r : telemetry_step(&a, telemetry_put_record, out);
}

int telemetry_out_next(struct span *rest, struct telemetry_record *r) {
        uint32_t numbers[2];
        uint8_t format, n;
        int64_t offset;

        if (rest->len == 0)
                return 0;
        if (!take(rest, &offset, 8) || !take(rest, numbers, sizeof(numbers)) ||
            !take(rest, &format, 1) || !take(rest, &n, 1))
                return -EBADMSG;
        if (n > TELEMETRY_SOURCE_MAX || numbers[0] > PLAN_STEPS_MAX || offset < 0 ||
            numbers[1] > RECORD_MAX || rest->len < n + 1u + numbers[1] || rest->p[n] != 0)
                return -EBADMSG;
        const char *bytes = rest->p + n + 1;
        /* What the line to ingest would not take never gets as far as it. */
        if (!replay_good(&(struct replay_record){.label = LABEL(1, numbers[0]),
                                                 .format = format,
                                                 .position = 1,
                                                 .source = span_of(rest->p, n),
                                                 .bytes = span_of(bytes, numbers[1])}) ||
            memchr(bytes, '\n', numbers[1]))
                return -EBADMSG;
        *r = (struct telemetry_record){.offset = offset,
                                       .source = rest->p,
                                       .format = format,
                                       .step = numbers[0],
                                       .bytes = span_of(bytes, numbers[1])};
        rest->p = bytes + numbers[1];
        rest->len -= n + 1u + numbers[1];
        return 1;
}
