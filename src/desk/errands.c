/* See errands.h.
 *
 *   E1. A row goes out only when it is on disk, and again on every new line until its end is on disk.
 *   E2. What is under way is known in memory only; a line that ends forgets it, and it is due again.
 *   E3. A row that failed is due again later: BACKOFF doubled with each try, half of it by chance, so that
 *       nodes and mails that failed together do not come back together. After GIVE_UP, or when the server
 *       says that it never will, it has failed, and people see it.
 *   E4. COURIER_AT_ONCE rows are under way at most, one at a time is handed over; asks of calls overtake. */
#include "desk/errands.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/mail.h"
#include "desk/report.h"

#define ASKS_MAX 32u
#define WEBHOOKS_MAX 32u
#define OUT_MOST ((size_t)256 << 10)
#define BACKOFF_NS (INT64_C(15) * NS_PER_SEC)
#define BACKOFF_MOST_NS (INT64_C(1800) * NS_PER_SEC)
#define GIVE_UP_NS (INT64_C(432000) * NS_PER_SEC)
#define ERROR_MAX 300u
#define ARENA_BYTES ((size_t)4 << 20)

struct errand {
        int64_t id; /* 0: free */
        bool mail;
};

/* Attachments of the mail that is being handed over: what is next. */
struct push {
        int64_t row; /* 0: none */
        int64_t blobs[OUTGOING_FILES_MAX];
        unsigned n, file;
        int64_t piece;
};

struct errands {
        struct push push;
        bool there, known, ready, dirty, mail, directory;
        char oidc[65]; /* "": none */
        unsigned n_hooks;
        char hooks[WEBHOOKS_MAX][65];
        struct errand rows[COURIER_AT_ONCE];
        uint64_t asks[ASKS_MAX]; /* tickets; 0: free */
        int64_t next_due;        /* of a row that waits; 0: unknown */
        int64_t spoiled;         /* a row whose attachments are not there, or too much; 0 */
        struct buf out;
};

static struct errands *errands_of(struct desk *d) {
        if (!d->errands) {
                d->errands = calloc(1, sizeof(*d->errands));
                if (d->errands)
                        d->errands->out.limit = (size_t)64 << 20;
        }
        return d->errands;
}

void desk_errands_free(struct desk *d) {
        if (d->errands) {
                if (d->errands->out.p)
                        sodium_memzero(d->errands->out.p, d->errands->out.cap);
                buf_deinit(&d->errands->out);
        }
        free(d->errands);
        d->errands = NULL;
}

void errands_changed(struct desk *d) {
        struct errands *e = errands_of(d);

        if (e)
                e->dirty = true;
}

bool errands_up(struct desk *d, bool *ret_mail) {
        struct errands *e = errands_of(d);

        *ret_mail = e && e->ready && e->mail;
        return e && e->ready;
}

bool errands_known(struct desk *d) {
        return d->errands && d->errands->known;
}

bool errands_mail(struct desk *d) {
        return errands_known(d) && d->errands->mail;
}

const char *errands_webhook(struct desk *d, unsigned i) {
        struct errands *e = errands_of(d);

        return e && i < e->n_hooks ? e->hooks[i] : NULL;
}

bool errands_directory(struct desk *d) {
        struct errands *e = errands_of(d);

        return e && e->ready && e->directory;
}

unsigned errands_waiting(struct desk *d) {
        struct errands *e = errands_of(d);
        unsigned n = 0;

        for (unsigned i = 0; e && i < ASKS_MAX; i++)
                n += e->asks[i] != 0;
        return n;
}

const char *errands_oidc(struct desk *d) {
        struct errands *e = errands_of(d);

        return e && e->ready && *e->oidc ? e->oidc : NULL;
}

static void frame(struct errands *e, uint32_t kind, uint64_t id, struct span payload) {
        struct courier_head h = {(uint32_t)payload.len, kind, id};

        buf_add(&e->out, &h, sizeof(h));
        buf_span(&e->out, payload);
}

/* ---- calls that ask ---- */

int api_courier(struct api_call *c, uint32_t kind, struct span payload) {
        struct errands *e = errands_of(c->desk);
        unsigned i = 0;

        if (!e)
                return FAIL(-ENOMEM);
        while (i < ASKS_MAX && e->asks[i])
                i++;
        if (!e->ready || i == ASKS_MAX || payload.len > COURIER_FRAME_MAX ||
            e->out.len > ((size_t)8 << 20)) {
                c->retry = 5;
                return api_refuse(c, 503, "try_later",
                                  "the node's line to the outside is not there: try again",
                                  "đường ra ngoài của nút chưa sẵn sàng: hãy thử lại");
        }
        e->asks[i] = c->ticket;
        frame(e, kind, c->ticket, payload);
        return API_E_LATER;
}

static int answer_ask(struct desk *d, uint64_t ticket, int error, struct span out) {
        struct courier_said s = {error, out};

        for (unsigned i = 0; i < ASKS_MAX; i++)
                if (d->errands->asks[i] == ticket && ticket) {
                        d->errands->asks[i] = 0;
                        return api_resume(d, ticket, &s);
                }
        return FAIL(-EPROTO);
}

/* ---- rows out ---- */

static struct errand *free_row(struct errands *e) {
        for (unsigned i = 0; i < COURIER_AT_ONCE; i++)
                if (!e->rows[i].id)
                        return &e->rows[i];
        return NULL;
}

/* One place is left to the other kind: a server that hangs holds up its own alone. */
static bool has_room(const struct errands *e, bool mail) {
        unsigned n = 0;

        for (unsigned i = 0; i < COURIER_AT_ONCE; i++)
                n += e->rows[i].id && e->rows[i].mail == mail;
        return n < COURIER_AT_ONCE - 1;
}

static bool under_way(const struct errands *e, int64_t id) {
        for (unsigned i = 0; i < COURIER_AT_ONCE; i++)
                if (e->rows[i].id == id)
                        return true;
        return false;
}

bool errands_under_way(struct desk *d, int64_t row) {
        return d->errands && under_way(d->errands, row);
}

static json_t *text(struct sql_rows *q, int column) {
        return api_json_text(sql_span(q, column));
}

static json_t *message_of(struct sql_rows *q, bool mail) {
        struct span target = sql_span(q, 2), files = sql_span(q, 5);
        json_t *o =
                json_pack("{so so so sI}", "id", text(q, 6), mail ? "subject" : "event", text(q, 3),
                          "body", text(q, 4), "date", (json_int_t)(sql_int(q, 7) / NS_PER_SEC));

        if (!o)
                return NULL;
        json_t *to = mail ? json_loadb(target.p, target.len, 0, NULL)
                          : json_stringn(target.p, target.len);
        json_t *list = json_loadb(files.p, files.len, 0, NULL);
        if (json_object_set_new(o, "to", to) < 0 || json_object_set_new(o, "files", list) < 0) {
                json_decref(o);
                return NULL;
        }
        return o;
}

/* Their sizes as they are now; *ret: all are there. */
static int files_of(struct desk *d, struct push *p, json_t *o, bool *ret) {
        unsigned char hash[BLOB_HASH_BYTES];
        json_t *list = json_object_get(o, "files"), *f;
        uint64_t all = 0;
        size_t i;
        int r = 1;

        *p = (struct push){.row = 0};
        *ret = true;
        json_array_foreach(list, i, f) {
                int64_t size = 0;

                if (p->n == OUTGOING_FILES_MAX)
                        return FAIL(-EBADMSG);
                p->blobs[p->n] = json_integer_value(json_object_get(f, "blob"));
                r = blob_info(state_sql(d->state), p->blobs[p->n++], &size, hash);
                if (r < 0)
                        return r;
                all += (uint64_t)size;
                *ret &= r == 1 && all <= COURIER_FILES_MAX;
                json_object_set_new(f, "size", json_integer(size));
        }
        return 0;
}

static int hand_over(struct desk *d, struct errands *e, struct errand *row, struct sql_rows *q) {
        bool mail = span_eq(sql_span(q, 1), SPAN("mail")), whole;
        json_t *o = message_of(q, mail);
        int r = o ? files_of(d, &e->push, o, &whole) : -ENOMEM;
        char *said = r == 0 ? json_dumps(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (!said)
                return FAIL(r < 0 ? r : -ENOMEM);
        *row = (struct errand){sql_int(q, 0), mail};
        if (whole) {
                frame(e, mail ? COURIER_MAIL : COURIER_WEBHOOK, (uint64_t)row->id, span_str(said));
                e->push.row = e->push.n ? row->id : 0;
        } else {
                e->spoiled = row->id;
        }
        free(said);
        return 0;
}

/* The next piece of an attachment into the line. */
static int push_piece(struct desk *d, struct errands *e) {
        _cleanup_(buf_deinit) struct buf b = {0};
        struct push *p = &e->push;
        int r = blob_read(state_sql(d->state), p->blobs[p->file], p->piece++, &b);

        if (r == 0) {
                p->piece = 0;
                if (++p->file == p->n)
                        p->row = 0;
        }
        for (size_t at = 0; r == 1 && at < b.len; at += COURIER_PIECE)
                frame(e, COURIER_BYTES, (uint64_t)p->row,
                      span_of(b.p + at, MIN(b.len - at, COURIER_PIECE)));
        return MIN(r, 0);
}

/* The next row that is due and not under way. */
static int next_row(struct desk *d, struct errands *e, struct errand *row, int64_t wall) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT id, kind, target, subject, body, files, message_id, created, due"
                         " FROM outgoing WHERE state='queued' AND (kind<>'mail' OR ?1)"
                         " AND (kind<>'webhook' OR ?2) ORDER BY due, id LIMIT 64",
                         "bb", e->mail && has_room(e, true), has_room(e, false));

        e->dirty = false;
        e->next_due = 0;
        while (r == 0 && (r = sql_next(q)) == 1) {
                r = 0;
                if (under_way(e, sql_int(q, 0)))
                        continue;
                if (sql_int(q, 8) > wall) {
                        e->next_due = sql_int(q, 8);
                        return 0;
                }
                e->dirty = true;
                return hand_over(d, e, row, q);
        }
        return r;
}

/* ---- what came of them ---- */

/* E3: 15 s, 30 s, … half an hour, less up to a half. */
static int64_t again_after(int64_t tries) {
        int64_t wait = tries < 8 ? BACKOFF_NS << tries : BACKOFF_MOST_NS;

        wait = MIN(wait, BACKOFF_MOST_NS);
        return wait - (int64_t)randombytes_uniform((uint32_t)(wait / 2 / 1000000)) * 1000000;
}

struct ended {
        int64_t id;
        bool sent, for_good;
        struct span said;
};

/* A report leaves with its mail (report_mail.c), in the same transaction. */
static int tell_report(struct desk *d, const struct ended *end, int64_t wall) {
        struct arena a;

        arena_init(&a, ARENA_BYTES);
        struct api_call c = {.desk = d,
                             .db = state_sql(d->state),
                             .arena = &a,
                             .now = wall,
                             .who = {.name = SPAN("courier")}};
        int r = report_mail_ended(&c, end->id, end->sent ? REPORT_MAIL_SENT : REPORT_MAIL_FAILED,
                                  end->said);
        arena_deinit(&a);
        return r;
}

static int write_end(struct desk *d, const struct ended *end, int64_t wall) {
        struct sql *db = state_sql(d->state);
        int64_t tries = 0, created = 0, unit = 0;
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(db, &q, "SELECT tries, created, unit FROM outgoing WHERE id=?1", "i",
                         end->id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r; /* of a state before a restore */
        tries = sql_int(q, 0);
        created = sql_int(q, 1);
        unit = sql_int(q, 2);
        q = sql_end(q);
        bool over = end->for_good || wall - created > GIVE_UP_NS;
        const char *state = end->sent ? "sent" : over ? "failed" : "queued";
        struct span said = span_of(end->said.p, MIN(end->said.len, (size_t)ERROR_MAX));
        r = sql_do(db,
                   "UPDATE outgoing SET state=CASE WHEN state='queued' OR ?2='sent' THEN ?2 ELSE"
                   " state END, tries=tries+1, last_try=?3, due=?4, sent=?5,"
                   " last_error=CASE WHEN ?2='sent' THEN NULL ELSE ?6 END WHERE id=?1",
                   "isiiTt", end->id, state, wall, wall + again_after(tries),
                   end->sent ? wall : TIME_NONE, said);
        if (r == 0 && !end->sent && over) {
                char about[48];

                snprintf(about, sizeof(about), "outgoing %lld", (long long)end->id);
                r = state_audit(d->state, wall, "courier", "outgoing.failed", span_str(about),
                                said);
        }
        if (r == 0 && (end->sent || over))
                r = tell_report(d, end, wall);
        if (d->api) /* W3 of api.c: that it left is told when it is on disk */
                d->api->written = true;
        api_tell_all(d, "outgoing", end->id, unit);
        return r;
}

static int spoil(struct desk *d, struct errands *e, struct errand *row, int64_t wall) {
        const struct ended end = {e->spoiled, false, true,
                                  SPAN("its attachments are not there, or more than 32 MiB")};
        int r = desk_begin(d);

        e->spoiled = 0;
        *row = (struct errand){0};
        return r < 0 ? r : write_end(d, &end, wall);
}

struct buf *desk_courier_out(struct desk *d, int64_t wall, int *ret_error) {
        struct errands *e = errands_of(d);

        *ret_error = e ? 0 : -ENOMEM;
        if (!e)
                return NULL;
        if (e->next_due && e->next_due <= wall)
                e->dirty = true;
        while (*ret_error == 0 && e->ready && (e->dirty || e->push.row) && e->out.len < OUT_MOST &&
               (!state_in_transaction(d->state) || e->push.row)) { /* E1 */
                struct errand *row = free_row(e);

                if (e->push.row) {
                        *ret_error = push_piece(d, e);
                        continue;
                }
                if (!row)
                        break;
                *ret_error = next_row(d, e, row, wall);
                if (*ret_error == 0 && e->spoiled)
                        *ret_error = spoil(d, e, row, wall);
        }
        if (e->out.failed)
                *ret_error = -ENOMEM;
        return &e->out;
}

/* Of the outside world: whatever is not plain text becomes a dot. */
static struct span plain(char *to, size_t room, struct span s) {
        size_t n = MIN(s.len, room);

        for (size_t i = 0; i < n; i++)
                to[i] = s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '.';
        return span_of(to, n);
}

static int row_ended(struct desk *d, uint32_t kind, uint64_t id, const struct courier_say *s,
                     struct span said, int64_t wall) {
        struct errands *e = d->errands;
        char text[ERROR_MAX];

        for (unsigned i = 0; i < COURIER_AT_ONCE; i++) {
                struct errand *row = &e->rows[i];

                if (!row->id || (uint64_t)row->id != id || row->mail != (kind == COURIER_MAIL))
                        continue;
                struct ended end = {row->id, s->error == 0, (s->flags & COURIER_FOR_GOOD) != 0,
                                    plain(text, sizeof(text), said)};
                int r = desk_begin(d);

                *row = (struct errand){0};
                e->dirty = true;
                return r < 0 ? r : write_end(d, &end, wall);
        }
        return FAIL(-EPROTO);
}

static int take_ready(struct errands *e, struct span said) {
        json_t *o = json_loadb(said.p, said.len, JSON_REJECT_DUPLICATES, NULL), *list, *v;
        size_t i;

        if (!json_is_object(o)) {
                json_decref(o);
                return FAIL(-EPROTO);
        }
        const char *oidc = json_string_value(json_object_get(o, "oidc"));
        e->mail = json_is_true(json_object_get(o, "mail"));
        e->directory = json_is_true(json_object_get(o, "directory"));
        snprintf(e->oidc, sizeof(e->oidc), "%s", oidc ? oidc : "");
        e->n_hooks = 0;
        list = json_object_get(o, "webhooks");
        json_array_foreach(list, i, v) {
                const char *name = json_string_value(v);

                if (name && strlen(name) < sizeof(e->hooks[0]) && e->n_hooks < WEBHOOKS_MAX)
                        snprintf(e->hooks[e->n_hooks++], sizeof(e->hooks[0]), "%s", name);
        }
        json_decref(o);
        e->ready = e->dirty = e->known = true;
        return 0;
}

static int take_frame(struct desk *d, const struct courier_head *h, struct span payload,
                      int64_t wall) {
        struct courier_say s;

        if (h->kind == COURIER_READY)
                return take_ready(d->errands, payload);
        if (payload.len < sizeof(s) || !d->errands->ready)
                return FAIL(-EPROTO);
        memcpy(&s, payload.p, sizeof(s));
        payload = span_of(payload.p + sizeof(s), payload.len - sizeof(s));
        if (s.error > 0)
                return FAIL(-EPROTO);
        if (h->kind == COURIER_MAIL || h->kind == COURIER_WEBHOOK)
                return row_ended(d, h->kind, h->id, &s, payload, wall);
        return h->kind >= COURIER_ASKS ? answer_ask(d, h->id, s.error, payload) : FAIL(-EPROTO);
}

int desk_courier_bytes(struct desk *d, struct buf *in, int64_t wall) {
        struct courier_head h;
        size_t at = 0;
        int r = 0;

        if (!errands_of(d))
                return FAIL(-ENOMEM);
        while (r == 0 && in->len - at >= sizeof(h)) {
                memcpy(&h, in->p + at, sizeof(h));
                if (h.len > COURIER_FRAME_MAX)
                        return FAIL(-EPROTO);
                if (in->len - at - sizeof(h) < h.len)
                        break;
                r = take_frame(d, &h, span_of(in->p + at + sizeof(h), h.len), wall);
                at += sizeof(h) + h.len;
        }
        buf_drop(in, at);
        return r;
}

/* E2 */
int desk_courier_line(struct desk *d, bool there) {
        struct errands *e = errands_of(d);
        int r = 0;

        if (!e)
                return FAIL(-ENOMEM);
        e->there = there;
        e->ready = false;
        memset(e->rows, 0, sizeof(e->rows));
        e->push = (struct push){.row = 0};
        buf_reset(&e->out);
        for (unsigned i = 0; i < ASKS_MAX && r == 0; i++)
                if (e->asks[i])
                        r = answer_ask(d, e->asks[i], -EAGAIN, SPAN_NONE);
        return r;
}
