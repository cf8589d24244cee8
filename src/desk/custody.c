/* See evidence.h. Links, and the holds that keep stored records which are evidence.
 *
 *   V1. A link is never changed; its hash goes over the one before (wire/court.h), and each has its row in
 *       the audit log with that hash, so that neither can be changed without the other.
 *   V2. An item's content never changes: its hash is part of every link.
 *   V3. A hold is asked for until the store has it: after a restart again, under the same name, and one that
 *       is there already is held. */
#include <sodium.h>
#include <stdio.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/evidence.h"
#include "wire/court.h"

#define HOLD_AGAIN_NS (INT64_C(30) * NS_PER_SEC)

/* ---- links ---- */

struct span custody_place(struct api_call *c) {
        char text[64];

        if (c->ask->how == API_LOCAL || !api_address_text(c->ask->address, text, sizeof(text)))
                return SPAN("");
        return arena_dup(c->arena, span_str(text));
}

static int last_link(struct api_call *c, int64_t evidence, int64_t *ret_n,
                     unsigned char ret[COURT_HASH_BYTES]) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT n, hash FROM custody WHERE evidence=?1 ORDER BY n DESC LIMIT 1",
                         "i", evidence);

        memset(ret, 0, COURT_HASH_BYTES);
        *ret_n = 0;
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        if (sql_span(q, 1).len != COURT_HASH_BYTES)
                return FAIL(-EBADMSG);
        *ret_n = sql_int(q, 0);
        memcpy(ret, sql_span(q, 1).p, COURT_HASH_BYTES);
        return 0;
}

static struct span text_or_empty(struct span s) {
        return s.p ? s : SPAN("");
}

int custody_add(struct api_call *c, const struct evidence *e, const struct custody *k) {
        unsigned char before[COURT_HASH_BYTES], hash[COURT_HASH_BYTES];
        char hex[2 * COURT_HASH_BYTES + 1], what[40], about[40];
        struct court_link l = {.at = c->now,
                               .item = e->code,
                               .what = span_str(k->what),
                               .by = text_or_empty(c->who.name),
                               .to = text_or_empty(k->to),
                               .reason = text_or_empty(k->reason),
                               .from = text_or_empty(k->from)};
        int r = last_link(c, e->id, &l.n, before);

        if (r < 0)
                return r;
        if (e->hash.len != COURT_HASH_BYTES)
                return FAIL(-EBADMSG);
        l.n++;
        memcpy(l.content, e->hash.p, COURT_HASH_BYTES);
        court_link_hash(hash, before, &l);
        r = sql_do(c->db,
                   "INSERT INTO custody(evidence,n,at,by,by_name,what,to_whom,reason,origin,hash)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                   "iiiktttttx", e->id, l.n, l.at, c->who.id, l.by, l.what, l.to, l.reason, l.from,
                   span_of((const char *)hash, sizeof(hash)));
        if (r < 0)
                return r;
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        snprintf(what, sizeof(what), "custody.%s", k->what);
        snprintf(about, sizeof(about), "evidence %lld", (long long)e->id);
        json_t *detail = json_pack("{ss# sI ss}", "item", e->code.p, (int)e->code.len, "n",
                                   (json_int_t)l.n, "hash", hex);
        r = api_audit(c, what, about, detail); /* V1 */
        json_decref(detail);
        return r;
}

/* ---- holds ---- */

struct holds {
        bool dirty;
        struct msg_store_hold next; /* token 0: none */
        uint32_t sent;              /* token that is under way; 0: none */
        int64_t row;                /* whose */
        uint32_t token;
        int64_t again; /* mono: not before */
};

static struct holds *holds_of(struct desk *d) {
        if (!d->holds)
                d->holds = calloc(1, sizeof(*d->holds));
        if (d->holds && !d->holds->token) { /* a desk that began asks for all that is open */
                d->holds->token = 1;
                d->holds->dirty = true;
        }
        return d->holds;
}

void holds_changed(struct desk *d) {
        struct holds *h = holds_of(d);

        if (h)
                h->dirty = true;
}

static int make_hold(struct desk *d, struct holds *h) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT e.id, e.hold, e.first_seq, e.last_seq, ifnull(i.code,''), e.n"
                         " FROM evidence e LEFT JOIN incident i ON i.id=e.incident"
                         " WHERE e.hold_state='asked' ORDER BY e.id LIMIT 1",
                         "");

        if (r == 0)
                r = sql_next(q);
        if (r != 1) {
                h->dirty = r < 0;
                return r;
        }
        struct span name = sql_span(q, 1), code = sql_span(q, 4);
        h->next = (struct msg_store_hold){.type = DESK_HOLD,
                                          .token = ++h->token,
                                          .what = KEEP_HOLD,
                                          .hold = {.first = (uint64_t)sql_int(q, 2),
                                                   .end = (uint64_t)sql_int(q, 3) + 1,
                                                   .until = INT64_MAX}};
        h->row = sql_int(q, 0);
        snprintf(h->next.hold.name, sizeof(h->next.hold.name), "%.*s", (int)name.len, name.p);
        snprintf(h->next.hold.owner, sizeof(h->next.hold.owner), "desk");
        snprintf(h->next.hold.reason, sizeof(h->next.hold.reason), "evidence %lld of incident %.*s",
                 (long long)sql_int(q, 5), (int)MIN(code.len, (size_t)60), code.p);
        return 1;
}

const struct msg_store_hold *desk_hold_next(struct desk *d, int *ret_error) {
        struct holds *h = holds_of(d);
        int r = 0;

        *ret_error = 0;
        if (!h || h->sent || state_in_transaction(d->state) || d->mono < h->again)
                return NULL;
        if (!h->next.token && h->dirty)
                r = make_hold(d, h);
        *ret_error = MIN(r, 0);
        return h->next.token && !*ret_error ? &h->next : NULL;
}

void desk_hold_sent(struct desk *d) {
        d->holds->sent = d->holds->next.token;
        d->holds->next.token = 0;
}

int desk_hold_said(struct desk *d, const struct msg_kept *m, int64_t wall) {
        struct holds *h = d->holds;
        int64_t unit = 0;

        if (!h || !h->sent || m->token != h->sent)
                return FAIL(-EPROTO);
        h->sent = 0;
        if (m->error && m->error != -EEXIST && m->error != -E2BIG && m->error != -EINVAL) {
                h->again = d->mono + HOLD_AGAIN_NS; /* V3: the store is away, or full */
                return 0;
        }
        const char *state = m->error && m->error != -EEXIST ? "failed" : "held";
        int r = desk_begin(d);
        desk_api(d)->written = true; /* nobody is told before it is on disk */
        if (r == 0)
                r = sql_do(state_sql(d->state),
                           "UPDATE evidence SET hold_state=?2, version=version+1 WHERE id=?1", "is",
                           h->row, state);
        if (r == 0)
                r = sql_get_int(state_sql(d->state), &unit, "SELECT unit FROM evidence WHERE id=?1",
                                "i", h->row);
        if (r >= 0) {
                char about[40];
                snprintf(about, sizeof(about), "evidence %lld", (long long)h->row);
                r = state_audit(d->state, wall, "desk", "evidence.hold", span_str(about),
                                span_str(state));
        }
        api_tell_all(d, "evidence", h->row, unit);
        return r;
}

void desk_holds_free(struct desk *d) {
        free(d->holds);
        d->holds = NULL;
}
