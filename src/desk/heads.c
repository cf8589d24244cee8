/* See heads.h. Heads are rows of audit_head, written as they came from the vault.
 *
 *   H1. Only what is committed is signed: a head of entries that a crash took back would look like a log cut short.
 *   H2. Whenever there is a line, the vault first says which head it signed last. It is ours, or the one that a crash
 *       kept from us, which is kept now; anything else means that the vault's file or this state was put back or
 *       removed: it is kept too, said in the audit log and raised as an alert, and `coloa verify` goes on saying it.
 *   H3. At most one a minute, and only when there are new entries: heads make no entries. */
#include "desk/heads.h"

#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/sql.h"
#include "os/os.h"

#define EVERY_NS (INT64_C(60) * NS_PER_SEC)
#define LOOK_NS (INT64_C(1) * NS_PER_SEC)

struct heads {
        struct audit_signed last;
        bool loaded, has;
        bool there, synced, sent, wanted;
        int64_t next; /* mono: not before */
        uint64_t asked;
        struct msg_vault_ask m;
        bool pending; /* m is to be sent */
};

static struct heads *heads_of(struct desk *d) {
        if (!d->heads)
                d->heads = calloc(1, sizeof(*d->heads));
        return d->heads;
}

void desk_heads_free(struct desk *d) {
        free(d->heads);
        d->heads = NULL;
}

static int load(struct desk *d, struct heads *h) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = h->loaded ? 0
                          : sql_rows(state_sql(d->state), &q,
                                     "SELECT signed FROM audit_head ORDER BY id DESC LIMIT 1", "");

        if (h->loaded || r < 0)
                return r;
        r = sql_next(q);
        if (r < 0)
                return r;
        h->has = r == 1 && sql_span(q, 0).len == sizeof(h->last);
        if (h->has)
                memcpy(&h->last, sql_span(q, 0).p, sizeof(h->last));
        h->loaded = true;
        return 0;
}

int heads_last(struct desk *d, struct audit_signed *ret, uint64_t *ret_entries) {
        unsigned char hash[AUDIT_HASH_BYTES];
        struct heads *h = heads_of(d);
        int64_t n = 0;

        if (!h)
                return FAIL(-ENOMEM);
        int r = load(d, h);
        if (r == 0)
                r = state_audit_last(d->state, &n, hash);
        if (r < 0)
                return r;
        *ret = h->last;
        *ret_entries = (uint64_t)n;
        return h->has;
}

/* ---- asking ---- */

static void prepare(struct heads *h, uint64_t number, uint64_t entries,
                    const unsigned char hash[AUDIT_HASH_BYTES]) {
        struct audit_ask a = {.number = number, .entries = entries};

        memcpy(a.hash, hash, sizeof(a.hash));
        h->m = (struct msg_vault_ask){
                .type = VAULT_AUDIT, .ticket = HEADS_TICKET, .text_len = sizeof(a)};
        memcpy(h->m.text, &a, sizeof(a));
        h->asked = number;
        h->pending = true;
}

/* H1, H3. Errors are met again by whoever writes next. */
static void look(struct desk *d, struct heads *h) {
        static const unsigned char none[AUDIT_HASH_BYTES];
        unsigned char hash[AUDIT_HASH_BYTES];
        int64_t now = os_monotonic(), n;

        if (!h->there || h->sent || h->pending || (now < h->next && !h->wanted) ||
            state_in_transaction(d->state))
                return;
        if (!h->synced) {
                if (load(d, h) == 0)
                        prepare(h, 0, 0, none);
                return;
        }
        h->next = now + LOOK_NS;
        if (state_audit_last(d->state, &n, hash) < 0)
                return;
        if ((uint64_t)n == h->last.head.entries) {
                h->wanted = false;
                return;
        }
        prepare(h, h->last.head.number + 1, (uint64_t)n, hash);
}

const struct msg_vault_ask *heads_to_ask(struct desk *d) {
        struct heads *h = heads_of(d);

        if (!h)
                return NULL;
        look(d, h);
        return h->pending ? &h->m : NULL;
}

void heads_asked(struct desk *d) {
        d->heads->pending = false;
        d->heads->sent = true;
}

void heads_line(struct desk *d, bool there) {
        struct heads *h = heads_of(d);

        if (!h)
                return;
        h->there = there;
        h->synced = h->sent = h->pending = false;
        h->next = 0;
}

bool desk_heads_wanted(struct desk *d) {
        struct heads *h = heads_of(d);

        if (!h || !h->there)
                return false;
        if (!h->sent && !h->pending) {
                h->wanted = true;
                look(d, h);
        }
        return h->sent || h->pending;
}

/* ---- what the vault says ---- */

static int keep(struct desk *d, struct heads *h, const struct audit_signed *s) {
        int r = desk_begin(d);

        if (r == 0)
                r = sql_do(state_sql(d->state),
                           "INSERT INTO audit_head(number,entries,time,signed) VALUES(?1,?2,?3,?4)",
                           "iiix", (int64_t)s->head.number, (int64_t)s->head.entries, s->head.time,
                           span_of((const char *)s, sizeof(*s)));
        h->last = *s;
        h->has = true;
        return r;
}

/* Whether our log has that entry with that hash. 1, 0, -errno. */
static int has_entry(struct desk *d, const struct audit_head *head) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = head->entries
                        ? sql_rows(state_sql(d->state), &q, "SELECT hash FROM audit WHERE n=?1",
                                   "i", (int64_t)head->entries)
                        : 1;

        if (r == 0)
                r = sql_next(q);
        return r != 1 || !head->entries ? r
                                        : span_eq(sql_span(q, 0), span_of((const char *)head->hash,
                                                                          sizeof(head->hash)));
}

static int trouble(struct desk *d, const struct heads *h, const struct audit_signed *s,
                   const char *en, const char *vi) {
        int64_t wall = os_now();
        char text[200], detail[160];
        int r = desk_begin(d);

        d->wall = wall;
        snprintf(text, sizeof(text), "%s / %s", en, vi);
        snprintf(detail, sizeof(detail), "{\"here\":%llu,\"vault\":%llu,\"entries\":%llu}",
                 (unsigned long long)(h->has ? h->last.head.number : 0),
                 (unsigned long long)s->head.number, (unsigned long long)s->head.entries);
        if (r == 0)
                r = state_audit(d->state, wall, "desk", "audit.head_lost", span_str(en),
                                span_str(detail));
        return r == 0 ? own_alert(d, OWN_AUDIT, SPAN("audit"), span_str(text), 0, wall, 1) : r;
}

/* H2 */
static int sync_with(struct desk *d, struct heads *h, const struct audit_signed *s) {
        unsigned char hash[AUDIT_HASH_BYTES];
        uint64_t mine = h->has ? h->last.head.number : 0;
        bool same = h->has && memcmp(&h->last, s, sizeof(*s)) == 0;
        int r = has_entry(d, &s->head);

        if (r < 0)
                return r;
        h->synced = true;
        if (r == 0)
                r = trouble(d, h, s,
                            "the audit log is shorter than, or other than, what was signed",
                            "nhật ký kiểm toán ngắn hơn hoặc khác với bản đã ký");
        else if (same)
                return 0;
        else
                r = 0;
        if (r == 0 && s->head.number == mine + 1 && h->has) {
                audit_head_hash(hash, &h->last);
                if (memcmp(hash, s->head.before, sizeof(hash)) != 0)
                        r = trouble(d, h, s, "the vault's head comes after another one than ours",
                                    "đầu nhật ký của kho khóa nối tiếp một đầu khác");
        } else if (r == 0 && s->head.number != mine + 1) {
                r = trouble(d, h, s, "the vault's head does not follow ours: one was put back",
                            "đầu nhật ký của kho khóa không nối tiếp: có bản cũ bị đặt lại");
        }
        return r == 0 && !same ? keep(d, h, s) : r;
}

int heads_said(struct desk *d, const struct msg_vault_answer *a) {
        struct heads *h = heads_of(d);
        struct audit_signed s;
        struct audit_ask asked;

        if (!h)
                return FAIL(-ENOMEM);
        if (!h->sent)
                return FAIL(-EPROTO);
        h->sent = false;
        h->next = os_monotonic() + EVERY_NS;
        if (a->error || a->box_len != sizeof(s)) {
                h->wanted = false;
                return 0; /* again in a minute */
        }
        memcpy(&s, a->box, sizeof(s));
        if (!audit_head_good(&s)) {
                h->wanted = false;
                return 0;
        }
        if (h->asked == 0) {
                h->next = 0;
                return sync_with(d, h, &s);
        }
        memcpy(&asked, h->m.text, sizeof(asked));
        if (s.head.number != h->asked || s.head.entries != asked.entries ||
            memcmp(s.head.hash, asked.hash, sizeof(asked.hash)) != 0)
                return 0;
        return keep(d, h, &s);
}
