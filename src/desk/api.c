/* The dispatcher: see api.h for what it promises, api_impl.h for who calls it.
 *
 *   W1. Everything a request writes is between a savepoint and its release; a refusal or a fault goes back
 *       to the savepoint, so that half of a request never lasts (unless its handler said `keep`).
 *   W2. A request that wrote has its audit row in the same savepoint: no change without its row. But for what strangers
 *       begin (api_call.quiet): the log grows on the word of who is known.
 *   W3. An answer of one that wrote waits in `waiting` until the transaction is on disk; from then until
 *       that commit every other answer of any line waits behind it, so that nobody is told of a change that
 *       a crash takes back.
 *   W4. A call belongs to its line: when that closes nothing of it remains.
 *   W5. What a line can make grow is bounded: API_CALLS at once, an arena of ARENA_BYTES for each, an
 *       answer's limit; when `out` is full its process stops reading.
 *   W6. What a constraint of the tables refuses, or what is more than the arena holds, is the asker's doing though its
 *       handler did not foresee it: refused and taken back, never the desk's end.
 *
 * Order of questions: is there such an operation, who asks, may they at all, is the second factor fresh,
 * does the shape fit; only then a handler sees it. */
#include "desk/api.h"

#include <sodium.h>
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/drill_orders.h"
#include "desk/drills.h"
#include "desk/lent.h"
#include "desk/livefire.h"
#include "desk/mail.h"
#include "desk/mask.h"
#include "desk/playbook.h"
#include "desk/sources.h"
#include "desk/triage.h"

#define ARENA_BYTES ((size_t)8 << 20)

struct api *desk_api(struct desk *d) {
        return d->api;
}

/* ---- calls ---- */

static struct held **place_of(struct api *a, unsigned line, uint64_t id) {
        return &a->places[(id * UINT64_C(0x9e3779b97f4a7c15) >> 40 ^ line) % API_PLACES];
}

static void held_into(struct held **list, struct held *h) {
        h->list = list;
        h->before = NULL;
        h->next = *list;
        if (*list)
                (*list)->before = h;
        *list = h;
}

static void held_out(struct held *h) {
        *(h->before ? &h->before->next : h->list) = h->next;
        if (h->next)
                h->next->before = h->before;
}

static struct held *held_new(struct api *a, unsigned line, uint64_t id) {
        struct held *h = calloc(1, sizeof(*h)), **place = place_of(a, line, id);

        if (!h)
                return NULL;
        h->same = *place;
        *place = h;
        arena_init(&h->arena, ARENA_BYTES);
        h->line = line;
        h->id = id;
        h->since = a->mono;
        h->c = (struct api_call){.desk = a->desk,
                                 .db = state_sql(a->desk->state),
                                 .now = a->wall,
                                 .arena = &h->arena,
                                 .ticket = ++a->ticket};
        held_into(&a->first, h);
        a->n_held++;
        return h;
}

void api_held_stream(struct api *a, struct held *h) {
        held_out(h);
        held_into(&a->streams, h);
        h->kind = HELD_STREAM;
        a->n_held--;
        a->n_listeners++;
}

static void held_free(struct api *a, struct held *h) {
        struct held **place = place_of(a, h->line, h->id);

        while (*place != h)
                place = &(*place)->same;
        *place = h->same;
        held_out(h);
        if (h->kind == HELD_STREAM)
                a->n_listeners--;
        else
                a->n_held--;
        api_events_free(a, h);
        json_decref(h->c.in);
        json_decref(h->c.answer);
        json_decref(h->c.detail);
        arena_deinit(&h->arena);
        free(h);
}

static struct held *held_find(struct api *a, unsigned line, uint64_t id) {
        struct held *h = *place_of(a, line, id);

        while (h && (h->line != line || h->id != id))
                h = h->same;
        return h;
}

void api_held_gone(struct api *a, struct held *h) {
        if (h->gone)
                h->gone(&h->c);
        held_free(a, h);
}

/* ---- savepoints ---- */

/* W1 */
static int open_savepoint(struct held *h) {
        if (h->savepoint)
                return 0;
        int r = desk_begin(h->c.desk);
        if (r == 0)
                r = sql_do(h->c.db, "SAVEPOINT api", "");
        h->savepoint = r == 0;
        return r;
}

int api_write(struct api_call *c) {
        return open_savepoint(held_of(c));
}

static int close_savepoint(struct api *a, struct held *h, bool keep) {
        int r = 0;

        if (!h->savepoint)
                return 0;
        h->savepoint = false;
        if (!keep)
                r = sql_do(h->c.db, "ROLLBACK TO api", "");
        if (r == 0)
                r = sql_do(h->c.db, "RELEASE api", "");
        if (keep)
                a->written = true;
        return r;
}

/* ---- the audit log ---- */

static json_t *audit_detail(const struct api_call *c, json_t *more) {
        static const char *const hows[] = {"", "session", "token", "local"};
        json_t *o = json_object();
        char address[64];

        json_object_set_new(o, "by",
                            json_string(c->ask->how < ARRAY_LEN(hows) ? hows[c->ask->how] : ""));
        if (c->ask->how != API_LOCAL && api_address_text(c->ask->address, address, sizeof(address)))
                json_object_set_new(o, "from", json_string(address));
        if (c->who.id)
                json_object_set_new(o, "person", json_integer(c->who.id));
        if (more)
                json_object_update_missing(o, more);
        return o;
}

int api_audit(struct api_call *c, const char *what, const char *about, json_t *detail) {
        _cleanup_(buf_deinit) struct buf text = {.limit = (size_t)64 << 10};
        char who[128];
        int r = open_savepoint(held_of(c));

        if (r < 0)
                return r;
        json_t *o = audit_detail(c, detail);
        r = api_json_text_of(&text, o);
        json_decref(o);
        if (r < 0) { /* too long to be kept whole: the fact is */
                buf_reset(&text);
                buf_str(&text, "{\"cut\":true}");
        }
        snprintf(who, sizeof(who), "%.*s", (int)MIN(c->who.name.len, sizeof(who) - 1),
                 c->who.name.p ? c->who.name.p : "");
        return state_audit(c->desk->state, c->now, *who ? who : "-", what, span_str(about),
                           buf_get(&text));
}

/* ---- the end of a call ---- */

static int answer_ok(struct api *a, struct held *h) {
        struct api_call *c = &h->c;
        int r = 0;

        if (h->savepoint && !c->quiet) /* W2 */
                r = api_audit(c, c->op->id, c->about, c->detail);
        if (r == 0 && h->savepoint)
                r = exercises_written(a->desk, c->who.id);
        if (r == 0)
                r = close_savepoint(a, h, true);
        if (r < 0)
                return r;
        if (h->kind == HELD_FILE) {
                h->say.flags |= API_SAY_MORE;
                api_say_frame(a, h, SPAN_NONE);
                return 0;
        }
        api_say_json(a, h, c->answer);
        held_free(a, h);
        return 0;
}

/* W6 */
static int of_asker(struct held *h, int r) {
        struct api_call *c = &h->c;
        bool full = r == -ENOMEM && h->arena.overflowed;

        if (!full && r != -EDOM && r != -EEXIST && r != -E2BIG)
                return r;
        c->keep = false;
        if (r == -E2BIG)
                return api_refuse(c, 409, "too_much",
                                  "what was recorded of this is more than is reckoned with, or no "
                                  "whole",
                                  "dữ liệu đã ghi nhiều hơn mức tính được, hoặc không trọn vẹn");
        return full ? api_refuse(c, 413, "too_much",
                                 "this is more than is done at once: ask for "
                                 "less",
                                 "nhiều hơn mức làm được một lần: hãy yêu cầu ít hơn")
                    : api_refuse(c, 409, "does_not_fit",
                                 "this does not fit what is there: look at it again",
                                 "không khớp với dữ liệu hiện có: hãy xem lại");
}

/* What a handler or a piece of it came to. */
static int finish(struct api *a, struct held *h, int r) {
        assert(sql_idle(h->c.db));
        r = of_asker(h, r);
        if (r == 0 && (h->n_faults || h->status))
                r = API_E_REFUSED;
        if (r == 0)
                return answer_ok(a, h);
        if (r == API_E_LATER) {
                h->c.said = NULL;
                r = close_savepoint(a, h, true);
                if (h->kind == HELD_NOW)
                        h->kind = HELD_LATER;
                return r;
        }
        if (r != API_E_REFUSED)
                return r;
        bool keep = h->c.keep;
        r = 0;
        if (h->savepoint && keep && h->c.detail)
                r = api_audit(&h->c, h->c.op->id, h->c.about, h->c.detail);
        if (r == 0)
                r = close_savepoint(a, h, keep);
        if (r < 0)
                return r;
        api_say_refused(a, h);
        if (h->coming) {
                struct line *l = &a->lines[h->line];

                l->ended[l->n_ended++ % ENDED_MAX] = h->id;
        }
        api_held_gone(a, h); /* its handler may not have been asked again */
        return 0;
}

/* ---- the questions before a handler ---- */

static int may_ask(struct held *h) {
        struct api_call *c = &h->c;
        int r = api_who(c);

        sodium_memzero(h->ask.token, sizeof(h->ask.token));
        if (r == 0)
                r = lent_find(c);
        if (r != 0 || c->who.local || !c->op->permission)
                return r;
        r = api_holds(c, c->op->permission);
        if (r < 0)
                return r;
        return r ? 0
                 : api_refuse(c, 403, "not_allowed", "your roles do not allow this",
                              "vai trò của bạn không cho phép việc này");
}

static int run(struct api *a, struct held *h) {
        struct api_call *c = &h->c;
        uint32_t number = h->ask.op;
        int r = may_ask(h);

        if (r == 0 && (h->n_faults = api_check(c->op, c->in, h->faults)))
                r = API_E_REFUSED;
        if (r == 0 && !a->handlers[number])
                r = api_refuse(c, 501, "not_yet", "this cannot be asked yet",
                               "việc này chưa làm được");
        if (r == 0 && c->op->method != API_GET)
                r = open_savepoint(h);
        if (r == 0)
                r = a->handlers[number](c);
        return finish(a, h, r);
}

/* ---- frames ---- */

static int take_piece(struct api *a, struct held *h, const struct api_ask *ask, struct span body) {
        bool last = !(ask->flags & API_ASK_MORE);
        int r = h->kind == HELD_UPLOAD && body.len <= API_PIECE_MAX ? 0 : -EPROTO;

        h->coming = !last;
        h->c.now = a->wall;
        h->since = a->mono;
        if (r == 0)
                r = open_savepoint(h);
        if (r == 0)
                r = h->take(&h->c, body, last);
        if (r == 0 && !last)
                return close_savepoint(a, h, true);
        if (last)
                h->kind = HELD_NOW;
        return finish(a, h, r);
}

/* A piece that was sent before its sender knew of the refusal. */
static bool is_late(struct line *l, uint64_t id, bool last) {
        for (unsigned i = 0; i < ENDED_MAX; i++)
                if (l->ended[i] == id && id) {
                        l->ended[i] = last ? 0 : id;
                        return true;
                }
        return false;
}

static int take_ask(struct api *a, unsigned line, uint64_t id, struct span bytes) {
        struct held *h = held_find(a, line, id);
        struct api_ask ask;

        if (bytes.len < sizeof(ask) || bytes.len > sizeof(ask) + API_BODY_MAX)
                return FAIL(-EPROTO);
        memcpy(&ask, bytes.p, sizeof(ask));
        bytes = span_of(bytes.p + sizeof(ask), bytes.len - sizeof(ask));
        if (h)
                return take_piece(a, h, &ask, bytes);
        if (is_late(&a->lines[line], id, !(ask.flags & API_ASK_MORE)))
                return 0;
        if (!api_op(ask.op))
                return FAIL(-EPROTO);
        h = held_new(a, line, id);
        if (!h)
                return FAIL(-ENOMEM);
        h->c.op = api_op(ask.op);
        h->coming = (h->c.op->flags & API_UPLOAD) && (ask.flags & API_ASK_MORE);
        h->ask = ask;
        h->c.ask = &h->ask;
        h->c.lang = ask.lang == LANG_VI ? LANG_VI : LANG_EN;
        if (a->lines[line].local)
                h->ask.how = API_LOCAL;
        else if (ask.how != API_BEARER)
                h->ask.how = API_COOKIE;
        h->c.who.second = TIME_NONE;
        if (a->n_held > API_CALLS) {
                h->c.retry = 2;
                return finish(a, h,
                              api_refuse(&h->c, 503, "busy", "too much is being asked at once",
                                         "đang có quá nhiều yêu cầu cùng lúc"));
        }
        h->c.in = json_loadb(bytes.p, bytes.len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(h->c.in)) {
                held_free(a, h);
                return FAIL(-EPROTO);
        }
        return run(a, h);
}

/* The next piece of a file. What goes wrong here ends the file, not the desk: its head is out. */
static void give_piece(struct api *a, struct held *h) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)2 << 20};
        int r = h->more(&h->c, &b);

        if (r == API_E_LATER) { /* api_more() */
                h->credit = 1;
                return;
        }
        if (b.failed)
                r = -ENOMEM;
        h->since = a->mono;
        if (r != 1)
                h->say.flags &= ~(uint32_t)API_SAY_MORE;
        if (r < 0)
                h->say.status = 500;
        api_say_frame(a, h, r < 0 ? SPAN_NONE : buf_get(&b));
        if (r != 1)
                api_held_gone(a, h);
}

static struct held *of_ticket(struct api *a, uint64_t ticket) {
        struct held *h = a->first;

        while (h && h->c.ticket != ticket)
                h = h->next;
        return h;
}

void api_more(struct desk *d, uint64_t ticket) {
        struct held *h = of_ticket(d->api, ticket);

        if (!h || h->kind != HELD_FILE || !h->credit)
                return;
        h->credit = 0;
        give_piece(d->api, h);
}

bool api_alive(struct desk *d, uint64_t ticket) {
        return d->api && of_ticket(d->api, ticket) != NULL;
}

static void take_next(struct api *a, struct held *h) {
        if (!h)
                return; /* its last piece is under way already */
        if (h->kind == HELD_FILE) {
                give_piece(a, h);
        } else if (h->kind == HELD_STREAM) {
                h->credit = MIN(h->credit + 1, 4u);
                api_events_give(a, h);
        }
}

static int take_frame(struct api *a, unsigned line, const struct api_head *head,
                      struct span bytes) {
        struct held *h;

        switch (head->frame) {
        case API_ASK: return take_ask(a, line, head->id, bytes);
        case API_NEXT: take_next(a, held_find(a, line, head->id)); return 0;
        case API_GONE:
                h = held_find(a, line, head->id);
                if (h)
                        api_held_gone(a, h);
                return 0;
        default: return FAIL(-EPROTO);
        }
}

int desk_api_bytes(struct desk *d, unsigned line, struct buf *in, int64_t wall) {
        struct api *a = d->api;
        struct api_head head;
        size_t at = 0;
        int r = 0;

        a->wall = wall;
        while (r == 0 && in->len - at >= sizeof(head)) {
                memcpy(&head, in->p + at, sizeof(head));
                if (head.len > sizeof(struct api_ask) + API_BODY_MAX)
                        return FAIL(-EPROTO);
                if (in->len - at - sizeof(head) < head.len)
                        break;
                r = take_frame(a, line, &head, span_of(in->p + at + sizeof(head), head.len));
                at += sizeof(head) + head.len;
        }
        buf_drop(in, at);
        return r;
}

/* ---- what goes on later ---- */

int api_file(struct api_call *c, const char *type, const char *name, api_piece *more) {
        struct held *h = held_of(c);

        h->kind = HELD_FILE;
        h->more = more;
        snprintf(h->say.type, sizeof(h->say.type), "%s", type);
        snprintf(h->say.name, sizeof(h->say.name), "%s", name);
        return 0;
}

int api_upload(struct api_call *c, api_take *take, api_left *gone) {
        struct held *h = held_of(c);

        h->kind = HELD_UPLOAD;
        h->take = take;
        h->gone = gone;
        return API_E_LATER;
}

int api_resume(struct desk *d, uint64_t ticket, const void *said) {
        struct api *a = d->api;
        struct held *h = a->first;
        int r;

        while (h && (h->c.ticket != ticket || h->kind != HELD_LATER))
                h = h->next;
        if (!h)
                return 0;
        h->kind = HELD_NOW;
        h->c.now = a->wall;
        h->c.said = said;
        r = h->c.op->method != API_GET ? open_savepoint(h) : 0;
        if (r == 0)
                r = a->handlers[h->ask.op](&h->c);
        return finish(a, h, r);
}

/* ---- lines ---- */

int desk_api_init(struct desk *d) {
        struct api *a = calloc(1, sizeof(*a));

        if (!a)
                return FAIL(-ENOMEM);
        d->api = a;
        a->desk = d;
        a->handlers = calloc(api_count(), sizeof(*a->handlers));
        if (!a->handlers)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < api_count(); i++)
                a->handlers[i] = api_handler(api_op(i)->id);
        int r = api_tables(state_sql(d->state));
        if (r == 0)
                r = blobs_catch_up(d);
        if (r == 0)
                r = drills_catch_up(d);
        return r == 0 ? triage_catch_up(d) : r;
}

void desk_api_deinit(struct desk *d) {
        struct api *a = d->api;

        if (!a)
                return;
        for (unsigned i = 0; i < API_LINES; i++)
                desk_api_close(d, i);
        free(a->handlers);
        api_events_deinit(a);
        free(a);
        d->api = NULL;
}

void desk_api_open(struct desk *d, unsigned line, bool local) {
        assert(line < API_LINES && !d->api->lines[line].open);
        d->api->lines[line] = (struct line){.open = true, .local = local};
}

void desk_api_close(struct desk *d, unsigned line) {
        struct api *a = d->api;

        struct held *const lists[] = {a->first, a->streams};
        for (unsigned i = 0; i < ARRAY_LEN(lists); i++)
                for (struct held *h = lists[i], *next; h; h = next) { /* W4 */
                        next = h->next;
                        if (h->line == line)
                                api_held_gone(a, h);
                }
        buf_deinit(&a->lines[line].out);
        buf_deinit(&a->lines[line].waiting);
        a->lines[line] = (struct line){0};
}

struct buf *desk_api_out(struct desk *d, unsigned line) {
        return &d->api->lines[line].out;
}

bool desk_api_waiting(const struct desk *d) {
        return d->api->written;
}

void desk_api_committed(struct desk *d) {
        struct api *a = d->api;

        a->written = false;
        for (unsigned i = 0; i < API_LINES; i++) {
                struct line *l = &a->lines[i];

                buf_add(&l->out, l->waiting.p, l->waiting.len);
                l->out.failed |= l->waiting.failed;
                buf_reset(&l->waiting);
        }
        api_events_committed(a);
}

int desk_api_tick(struct desk *d, int64_t mono, int64_t wall) {
        struct api *a = d->api;
        int r = 0;

        a->mono = mono;
        a->wall = wall;
        r = masks_tick(d, wall);
        if (r == 0)
                r = warn_tick(d, wall);
        for (struct held *h = a->first, *next; h && r == 0; h = next) {
                next = h->next;
                if (h->kind != HELD_LATER || mono - h->since < API_LATER_S * NS_PER_SEC)
                        continue;
                h->c.retry = 5;
                r = finish(a, h,
                           api_refuse(&h->c, 503, "late",
                                      "a part of the node did not answer in time",
                                      "một phần của nút không trả lời kịp"));
        }
        if (r == 0)
                r = playbooks_tick(d, mono, wall);
        if (r == 0)
                r = drill_orders_tick(d, mono, wall);
        if (r == 0)
                r = live_tick(d, wall);
        if (r == 0)
                r = exercises_tick(d, mono, wall);
        api_events_tick(a);
        return r == 0 ? maintenance_tick(d, mono, wall) : r;
}

int desk_api_wait(const struct desk *d) {
        return d->api->n_told_of ? MIN(50, exercises_wait(d)) : exercises_wait(d);
}
