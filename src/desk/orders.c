/* See orders.h.
 *
 *   O1. An order goes out only when its row is on disk: whatever act then does, the desk knows of it.
 *   O2. What act says is written down with an entry in the incident's timeline and a row in the audit log.
 *   O3. When a line begins act says all that is in force; a row that says so and was not named is over. */
#include "desk/orders.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/drill_orders.h"
#include "desk/incident.h"

#define CHECKS_MAX 32u
#define ARENA_BYTES ((size_t)64 << 10)

struct check {
        uint64_t ticket; /* 0: free */
        bool sent;
        struct msg_order m;
};

struct orders {
        bool there, known, dirty;
        int64_t round; /* of lines: rows of this one have it in `told` */
        int64_t after; /* sent in this round up to that row */
        struct orders_offer offer;
        struct check checks[CHECKS_MAX];
        union {
                struct msg_order order;
                struct msg_order_drill drill;
                struct msg_act act;
        } next;
        size_t next_len;
        struct check *next_check;
};

static struct orders *orders_of(struct desk *d) {
        if (!d->orders)
                d->orders = calloc(1, sizeof(*d->orders));
        return d->orders;
}

void desk_orders_free(struct desk *d) {
        free(d->orders);
        d->orders = NULL;
}

void orders_changed(struct desk *d) {
        struct orders *o = orders_of(d);

        if (o) {
                o->dirty = true;
                o->after = 0;
        }
}

bool orders_possible(struct desk *d, const char **ret_en, const char **ret_vi) {
        struct orders *o = orders_of(d);

        *ret_en = *ret_vi = NULL;
        if (!o || !o->there) {
                *ret_en = "Containment is not set up on this node: 'containment' in its "
                          "configuration";
                *ret_vi = "Nút này chưa bật ngăn chặn: mục 'containment' trong cấu hình";
        } else if (o->known && !o->offer.kinds) {
                *ret_en = "The node may not change the firewall: it needs CAP_NET_ADMIN";
                *ret_vi = "Nút không được phép đổi tường lửa: cần CAP_NET_ADMIN";
        }
        return *ret_en == NULL;
}

const struct orders_offer *orders_offer(struct desk *d) {
        struct orders *o = orders_of(d);

        return o ? &o->offer : NULL;
}

static const struct {
        const char *name, *en, *vi;
} kinds[] = {
        [ORDER_BLOCK] = {"block", "Block of", "Chặn"},
        [ORDER_ISOLATE] = {"isolate_host", "Isolation of", "Cô lập"},
        [ORDER_ACCOUNT] = {"disable_account", "Disabling of account", "Khóa tài khoản"},
        [ORDER_SERVICE] = {"stop_service", "Stop of", "Dừng dịch vụ"},
        [ORDER_DIRECTORY] = {"disable_directory_account", "Disabling of directory account",
                             "Khóa tài khoản thư mục"},
};
static_assert(ARRAY_LEN(kinds) == ORDER_KIND_MAX + 1, "each kind has words");

uint32_t orders_kind(struct span name) {
        for (uint32_t i = 1; i < ARRAY_LEN(kinds); i++)
                if (span_eq(name, span_str(kinds[i].name)))
                        return i;
        return 0;
}

const char *orders_kind_name(uint32_t kind) {
        return kind < ARRAY_LEN(kinds) ? kinds[kind].name : NULL;
}

void orders_words(struct span kind, const char **ret_en, const char **ret_vi) {
        uint32_t k = orders_kind(kind);

        *ret_en = k ? kinds[k].en : "Containment of";
        *ret_vi = k ? kinds[k].vi : "Ngăn chặn";
}

/* ---- asking ---- */

int orders_check(struct api_call *c, const struct msg_order *m) {
        struct orders *o = orders_of(c->desk);
        const char *en, *vi;
        struct check *k = NULL;

        if (!o)
                return FAIL(-ENOMEM);
        if (!orders_possible(c->desk, &en, &vi))
                return api_refuse(c, 409, "no_containment", en, vi);
        for (unsigned i = 0; i < CHECKS_MAX && !k; i++)
                if (!o->checks[i].ticket)
                        k = &o->checks[i];
        if (!k) {
                c->retry = 2;
                return api_refuse(c, 503, "try_later", "too many are looked at now: try again",
                                  "đang xem xét quá nhiều: hãy thử lại");
        }
        *k = (struct check){.ticket = c->ticket, .m = *m};
        k->m.type = ACT_CHECK;
        k->m.order.id = c->ticket;
        return API_E_LATER;
}

/* ---- sending ---- */

static int next_order(struct desk *d, struct orders *o) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                state_sql(d->state), &q,
                "SELECT id, state, signed_order, signature, targets, scope, undo_asked FROM action"
                " WHERE id>?1 AND simulated=0"
                " AND (state='approved' OR (state='in_force' AND undo_asked IS NOT NULL))"
                " ORDER BY id LIMIT 1",
                "i", o->after);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0) {
                o->dirty = r < 0;
                return r;
        }
        o->after = sql_int(q, 0);
        struct span order = sql_span(q, 2), signature = sql_span(q, 3), targets = sql_span(q, 4);
        memset(&o->next, 0, sizeof(o->next));
        /* Whoever asked for an end before it began, or before we heard that it did: it may be on its way. */
        if (!span_eq(sql_span(q, 1), SPAN("approved")) || !sql_null(q, 6)) {
                o->next.act = (struct msg_act){.type = ACT_UNDO, .id = (uint64_t)o->after};
                o->next_len = sizeof(o->next.act);
                return 1;
        }
        if (order.len != sizeof(struct order) || signature.len != 64 ||
            targets.len > sizeof(o->next.order.targets))
                return FAIL(-EBADMSG);
        o->next.order.type = ACT_ORDER;
        memcpy(&o->next.order.order, order.p, order.len);
        memcpy(o->next.order.signature, signature.p, signature.len);
        memcpy(o->next.order.targets, targets.p, targets.len);
        struct span scope = sql_span(q, 5);
        if (scope.len && scope.len != sizeof(o->next.drill.drill))
                return FAIL(-EBADMSG);
        if (scope.len)
                memcpy(&o->next.drill.drill, scope.p, scope.len);
        o->next_len = scope.len ? sizeof(o->next.drill) : sizeof(o->next.order);
        return 1;
}

const void *desk_to_act(struct desk *d, size_t *ret_len, int *ret_error) {
        struct orders *o = d->orders;
        int r = 0;

        *ret_error = 0;
        if (!o || !o->there)
                return NULL;
        for (unsigned i = 0; i < CHECKS_MAX; i++)
                if (o->checks[i].ticket && !o->checks[i].sent) {
                        o->next_check = &o->checks[i];
                        *ret_len = sizeof(o->checks[i].m);
                        return &o->checks[i].m;
                }
        o->next_check = NULL;
        /* O1. And only after act said what is in force. */
        if (!o->next_len && o->dirty && o->known && !state_in_transaction(d->state))
                r = next_order(d, o);
        *ret_error = MIN(r, 0);
        *ret_len = o->next_len;
        return o->next_len ? &o->next : NULL;
}

void desk_act_sent(struct desk *d) {
        struct orders *o = d->orders;

        if (o->next_check)
                o->next_check->sent = true;
        else
                o->next_len = 0;
        o->next_check = NULL;
}

/* ---- hearing ---- */

/* A call of nobody's: the node itself writes. */
static struct api_call own_call(struct desk *d, struct arena *a, int64_t wall) {
        return (struct api_call){.desk = d,
                                 .db = state_sql(d->state),
                                 .arena = a,
                                 .now = wall,
                                 .who = {.name = SPAN("act")}};
}

struct heard {
        const char *state, *en, *vi;
};

static struct heard words_of(const struct msg_act_state *m) {
        switch (m->state) {
        case ACT_IN_FORCE: return (struct heard){"in_force", "in force", "có hiệu lực"};
        case ACT_UNDONE:
                return m->early ? (struct heard){"undone", "undone early", "đã gỡ trước hạn"}
                                : (struct heard){"undone", "undid itself", "đã tự gỡ"};
        case ACT_REFUSED:
                return (struct heard){"rejected", "not carried out", "không được thực hiện"};
        default: return (struct heard){"failed", "failed", "thất bại"};
        }
}

/* The row as it is. */
struct row {
        int64_t incident, unit, replaces;
        struct span state, text, kind;
        bool in_trouble;
};

static int read_row(struct api_call *c, int64_t id, struct row *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT state, incident, unit, text, replaces, kind, trouble FROM action"
                         " WHERE id=?1",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r; /* 0: of a state before a restore: the ledger knows it, we do not */
        *ret = (struct row){.incident = sql_int(q, 1),
                            .unit = sql_int(q, 2),
                            .replaces = sql_int(q, 4),
                            .state = arena_dup(c->arena, sql_span(q, 0)),
                            .text = arena_dup(c->arena, sql_span(q, 3)),
                            .kind = arena_dup(c->arena, sql_span(q, 5)),
                            .in_trouble = !sql_null(q, 6)};
        return ret->state.p && ret->text.p && ret->kind.p ? 1 : FAIL(-ENOMEM);
}

static int write_entry(struct api_call *c, const struct row *w, int64_t id, const struct heard *h,
                       const char *why_en, const char *why_vi) {
        const char *en, *vi;

        orders_words(w->kind, &en, &vi);
        struct incident_entry e = {
                .kind = "action",
                .about = "action",
                .about_id = id,
                .en = incident_text(c, "%s %.*s: %s%s%s", en, (int)w->text.len, w->text.p, h->en,
                                    *why_en ? ": " : "", why_en),
                .vi = incident_text(c, "%s %.*s: %s%s%s", vi, (int)w->text.len, w->text.p, h->vi,
                                    *why_vi ? ": " : "", why_vi),
        };
        return incident_write(c, w->incident, &e);
}

/* Why it was refused, failed, or is not yet undone. */
static void why_of(const struct msg_act_state *m, const char **ret_en, const char **ret_vi) {
        *ret_en = *ret_vi = "";
        if (m->state == ACT_REFUSED && m->error > 0 && m->error <= ORDER_FAULT_MAX)
                order_fault_text((enum order_fault)m->error, ret_en, ret_vi);
        else if (m->error < 0)
                *ret_en = *ret_vi = strerrordesc_np(-m->error);
}

/* What becomes of the row and of the timeline (O2). */
static int write_state(struct desk *d, const struct msg_act_state *m, int64_t wall,
                       struct arena *arena) {
        struct api_call c = own_call(d, arena, wall);
        struct heard h = words_of(m);
        const char *why_en, *why_vi;
        struct row w = {0};
        int r = read_row(&c, (int64_t)m->id, &w);

        if (r <= 0)
                return r;
        bool trouble = m->state == ACT_IN_FORCE && m->error;
        bool same = span_eq(w.state, span_str(h.state)) && trouble == w.in_trouble;
        why_of(m, &why_en, &why_vi);
        r = sql_do(
                c.db,
                "UPDATE action SET state=?2, told=?3, until=CASE WHEN ?4 IS NULL THEN until ELSE ?4"
                " END, undone=CASE WHEN ?2='undone' THEN ifnull(undone,?5) ELSE undone END,"
                " note=CASE WHEN ?6='' OR ?7 THEN note ELSE ?6 END,"
                " trouble=CASE WHEN ?7 THEN ?6 END WHERE id=?1",
                "isiTisi", (int64_t)m->id, h.state, d->orders->round,
                m->state == ACT_IN_FORCE ? m->until : TIME_NONE, wall, why_en, (int64_t)trouble);
        if (r == 0 && !same && m->state == ACT_REFUSED && m->error == ORDER_SCOPE)
                r = drill_order_refused(d);
        if (r < 0 || same)
                return r;
        if (trouble)
                h = (struct heard){h.state, "not yet undone, it is tried again",
                                   "chưa gỡ được, đang thử lại"};
        r = write_entry(&c, &w, (int64_t)m->id, &h, why_en, why_vi);
        if (r == 0 && w.replaces &&
            m->state == ACT_IN_FORCE) /* act undid that one in the same step */
                r = sql_do(c.db,
                           "UPDATE action SET state='undone', undone=?2 WHERE id=?1"
                           " AND state='in_force'",
                           "ii", w.replaces, wall);
        if (r == 0)
                r = state_audit(d->state, wall, "act", h.state,
                                incident_text(&c, "action %lld", (long long)m->id), w.text);
        api_tell_all(d, "action", (int64_t)m->id, w.unit);
        api_tell_all(d, "incident", w.incident, w.unit);
        return r;
}

static int take_state(struct desk *d, const struct msg_act_state *m, int64_t wall) {
        struct arena a;
        int r = desk_begin(d);

        arena_init(&a, ARENA_BYTES);
        if (r == 0)
                r = write_state(d, m, wall, &a);
        arena_deinit(&a);
        return r < 0 ? r : 0;
}

/* O3. */
static int take_known(struct desk *d, const struct msg_act *m, int64_t wall) {
        struct msg_act_state over = {.type = ACT_STATE, .state = ACT_UNDONE};
        struct orders *o = d->orders;
        int64_t id;
        int r;

        o->offer.kinds = m->id;
        o->known = true;
        o->dirty = true;
        o->after = 0;
        while ((r = sql_get_int(state_sql(d->state), &id,
                                "SELECT id FROM action WHERE state='in_force' AND simulated=0 AND"
                                " ifnull(told,0)<>?1",
                                "i", o->round)) == 1) {
                over.id = (uint64_t)id;
                r = take_state(d, &over, wall);
                if (r < 0)
                        return r;
        }
        return r;
}

static int take_checked(struct desk *d, const struct msg_act_state *m) {
        for (unsigned i = 0; i < CHECKS_MAX; i++) {
                struct check *k = &d->orders->checks[i];

                if (!k->sent || k->ticket != m->id)
                        continue;
                *k = (struct check){0};
                return api_resume(d, m->id, m);
        }
        return FAIL(-EPROTO);
}

/* What act would do, to be shown. */
static int take_offer(struct desk *d, const void *p, size_t len) {
        struct orders_offer *o = &d->orders->offer;
        struct msg_act_never net;
        struct msg_act_name name;
        struct order_name n = {{0}};

        if (len == sizeof(net)) {
                memcpy(&net, p, sizeof(net));
                if (net.value == ACT_BEGIN)
                        o->n_management = o->n_services = 0;
                else if (net.value == ACT_MANAGEMENT && o->n_management < ORDERS_SHOWN_MAX)
                        o->management[o->n_management++] = net.net;
                else
                        return FAIL(-EPROTO);
                return 0;
        }
        memcpy(&name, p, sizeof(name));
        memcpy(n.text, name.text, sizeof(n.text));
        if (name.value != ACT_SERVICE || o->n_services == ORDERS_SHOWN_MAX ||
            !order_name_good(ORDER_SERVICE, &n))
                return FAIL(-EPROTO);
        o->services[o->n_services++] = n;
        return 0;
}

int desk_act_said(struct desk *d, const void *p, size_t len, int64_t wall) {
        struct msg_act_state s;
        struct msg_act a;
        uint32_t type = 0;

        if (!orders_of(d))
                return FAIL(-ENOMEM);
        memcpy(&type, p, MIN(len, sizeof(type)));
        if ((type == ACT_NEVER && len == sizeof(struct msg_act_never)) ||
            (type == ACT_NAME && len == sizeof(struct msg_act_name)))
                return take_offer(d, p, len);
        if (len == sizeof(a)) {
                memcpy(&a, p, sizeof(a));
                return a.type == ACT_KNOWN ? take_known(d, &a, wall) : FAIL(-EPROTO);
        }
        if (len != sizeof(s))
                return FAIL(-EPROTO);
        memcpy(&s, p, sizeof(s));
        if (s.type == ACT_CHECKED)
                return take_checked(d, &s);
        if (s.type != ACT_STATE || s.state < ACT_REFUSED || s.state > ACT_UNDONE || s.id == 0 ||
            s.id > INT64_MAX)
                return FAIL(-EPROTO);
        return take_state(d, &s, wall);
}

int desk_act_line(struct desk *d, bool there) {
        struct orders *o = orders_of(d);
        int r = 0;

        if (!o)
                return FAIL(-ENOMEM);
        o->there = there;
        o->known = false;
        o->next_len = 0;
        o->round = d->wall ? d->wall
                           : o->round + 1; /* another than any before, of earlier desks too */
        for (unsigned i = 0; i < CHECKS_MAX && r == 0; i++) {
                struct msg_act_state later = {.type = ACT_CHECKED, .error = -EAGAIN};

                later.id = o->checks[i].ticket;
                if (o->checks[i].sent)
                        r = take_checked(d, &later);
        }
        return r;
}
