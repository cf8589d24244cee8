/* Containment as people decide on it. Who may be the second person (doc/containment.md):
 *
 *   P1. another than who proposed, with the permission for the action's unit;
 *   P2. a person with a session, not a script and not the command line;
 *   P3. whose account is older than a day, and was neither made nor reset by who proposed;
 *   P4. with a code of their second factor for this action (the vault signs only with it). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/drill_orders.h"
#include "desk/exercise.h"
#include "desk/incident.h"
#include "desk/lent.h"
#include "desk/matter.h"
#include "desk/orders.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

#define LAPSE_NS (INT64_C(900) * NS_PER_SEC)

/* ---- reading ---- */

/* Columns in the call's arena: a CSV is written after the handler. */
static int spec_of(struct api_call *c, struct api_list_spec *l) {
        static const char *const fixed[] = {
                "a.id",   ACTION_CODE("a.id"), "a.incident", "i.code",  "a.unit", "a.kind", "a.via",
                "a.text", "a.direction",       "a.seconds",  "a.reason"};
        static const char *const rest[] = {"a.proposed",
                                           "a.proposer",
                                           "p.name",
                                           "a.lapses",
                                           "a.decided",
                                           "a.approver",
                                           "(SELECT name FROM person WHERE id=a.approver)",
                                           "a.note",
                                           "a.trouble",
                                           "a.until",
                                           "a.undone",
                                           "a.undo_asked",
                                           "(SELECT name FROM person WHERE id=a.undo_by)",
                                           "a.replaces"};
        const char **columns = arena_array(c->arena, 32, sizeof(*columns));
        unsigned n = 0;
        struct span state = arena_printf(
                c->arena,
                "CASE WHEN a.state='proposed' AND a.lapses<=%lld THEN 'lapsed' ELSE a.state END",
                (long long)c->now);
        /* Where one plays alone, their own is theirs to decide. */
        struct span mine = arena_printf(
                c->arena,
                "a.proposer=" SQL_OWN_INT
                " AND (ifnull(i.drill,0)=0 OR NOT EXISTS(SELECT 1 FROM exercise_play"
                " y JOIN exercise e ON e.id=y.exercise WHERE y.id=i.drill AND e.solo AND"
                " e.simulated))",
                (long long)c->who.id);

        if (!columns || !state.p || !mine.p)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
                columns[n++] = fixed[i];
        columns[n++] = state.p;
        for (size_t i = 0; i < ARRAY_LEN(rest); i++)
                columns[n++] = rest[i];
        columns[n++] = mine.p;
        columns[n++] = "ifnull(i.drill,0)<>0";
        columns[n++] = "nullif(i.drill,0)";
        columns[n++] = "a.simulated";
        *l = (struct api_list_spec){.shape = api_action_shape,
                                    .columns = columns,
                                    .ids_first = true,
                                    .from = "action a LEFT JOIN incident i ON i.id=a.incident"
                                            " LEFT JOIN person p ON p.id=a.proposer",
                                    .id = "a.id",
                                    .search = {"a.text", "a.reason", "i.code", NULL},
                                    .unit = "a.unit",
                                    .drill = "i.drill"};
        return 0;
}

static int list(struct api_call *c) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_list(c, &l);
}

static int detail(struct api_call *c, int64_t id) {
        struct api_list_spec l;
        int r = spec_of(c, &l);

        return r < 0 ? r : api_detail(c, &l, id);
}

static int get(struct api_call *c) {
        return detail(c, api_int(c, "id", 0));
}

static json_t *kinds_of(uint64_t offers, bool hook) {
        json_t *list = json_array();

        for (uint32_t k = 1; k <= ORDER_KIND_MAX; k++)
                if (offers & (hook ? ACT_OFFERS_BY_HOOK(k) : ACT_OFFERS(k)))
                        json_array_append_new(list, json_string(orders_kind_name(k)));
        return list;
}

static json_t *nets_of(const struct orders_offer *o) {
        json_t *list = json_array();
        char text[64];

        for (uint32_t i = 0; i < o->n_management; i++) {
                order_target_text(&o->management[i], text);
                json_array_append_new(list, json_string(text));
        }
        return list;
}

static int status(struct api_call *c) {
        const struct orders_offer *o = orders_offer(c->desk);
        json_t *services = json_array(), *via = json_array();
        const char *en, *vi;
        bool possible = orders_possible(c->desk, &en, &vi);

        if (!o)
                return FAIL(-ENOMEM);
        for (uint32_t i = 0; i < o->n_services; i++)
                json_array_append_new(services, json_string(o->services[i].text));
        if (o->kinds & UINT32_MAX)
                json_array_append_new(via, json_string("node"));
        if (o->kinds >> 32)
                json_array_append_new(via, json_string("webhook"));
        c->answer = json_pack("{s:b,s:s?,s:s?,s:o,s:o,s:o,s:o,s:o}", "available", possible, "why",
                              en, "why_vi", vi, "kinds", kinds_of(o->kinds, false), "via", via,
                              "webhook_kinds", kinds_of(o->kinds, true), "services", services,
                              "management", nets_of(o));
        int64_t refused = 0;
        int r = drill_orders_refused(c->desk, &refused);
        if (r == 0 && c->answer)
                json_object_set_new(c->answer, "drill_refused", json_integer(refused));
        return r < 0 ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

/* ---- targets ---- */

static bool read_target(struct msg_order *m, uint32_t n, struct span s) {
        return order_kind_has_names(m->order.kind)
                       ? order_name_parse(m->order.kind, s, &m->names[n])
                       : order_target_parse(s, &m->targets[n]);
}

static int bad_target(struct api_call *c, uint32_t kind) {
        if (kind == ORDER_SERVICE)
                return api_fault_at(c, "targets", "One of them is no name of a service",
                                    "Có mục không phải tên dịch vụ", "Write nginx.service",
                                    "Viết nginx.service");
        if (order_kind_has_names(kind))
                return api_fault_at(c, "targets", "One of them is no name of an account",
                                    "Có mục không phải tên tài khoản",
                                    "Write the login alone, such as lan.tran",
                                    "Chỉ viết tên đăng nhập, như lan.tran");
        return api_fault_at(c, "targets", "One of them is no address or network",
                            "Có mục không phải địa chỉ hay mạng",
                            "Write 203.0.113.7 or 203.0.113.64/28, no bits behind it",
                            "Viết 203.0.113.7 hoặc 203.0.113.64/28");
}

/* Kind, way and targets of the request, or a fault that names the field. */
static int read_order(struct api_call *c, struct msg_order *m) {
        const json_t *list = json_object_get(c->in, "targets"), *e;
        struct span kind = api_text(c, "kind"), direction = api_text(c, "direction");
        bool hook = span_eq(api_text(c, "via"), SPAN("webhook"));
        uint32_t n = 0;
        size_t i;

        memset(m, 0, sizeof(*m));
        m->order.kind = kind.len ? orders_kind(kind) : ORDER_BLOCK;
        if (hook && order_kind_has_names(m->order.kind))
                return api_fault_at(c, "via", "A webhook is for addresses alone",
                                    "Webhook chỉ dùng cho địa chỉ", "Leave it out",
                                    "Bỏ trường này");
        if (m->order.kind == ORDER_BLOCK) {
                m->order.flags |= span_eq(direction, SPAN("out")) ? 0u : ORDER_IN;
                m->order.flags |= span_eq(direction, SPAN("in")) ? 0u : ORDER_OUT;
        }
        m->order.flags |= hook ? ORDER_HOOK : 0u;
        json_array_foreach(list, i, e) {
                struct span s = span_of(json_string_value(e), json_string_length(e));

                if (n == order_kind_most(m->order.kind))
                        return api_fault_at(c, "targets", "At most 12 names at a time",
                                            "Mỗi lần nhiều nhất 12 tên", "Propose the rest apart",
                                            "Đề nghị riêng phần còn lại");
                if (!read_target(m, n++, s))
                        return bad_target(c, m->order.kind);
        }
        m->order.n_targets = n;
        return 0;
}

static struct span targets_of(const struct msg_order *m) {
        return span_of((const char *)m->targets,
                       m->order.n_targets * order_kind_bytes(m->order.kind));
}

/* What act said of them. */
static int said_of_targets(struct api_call *c) {
        const struct msg_act_state *s = c->said;
        const char *en, *vi;

        if (s->error == -EAGAIN) {
                c->retry = 2;
                return api_refuse(c, 503, "try_later", "containment begins anew: try again",
                                  "tiến trình ngăn chặn đang khởi động lại: hãy thử lại");
        }
        if (s->error <= 0)
                return 0;
        order_fault_text((enum order_fault)MIN(s->error, ORDER_FAULT_MAX), &en, &vi);
        if (s->error == ORDER_OFF)
                return api_fault_at(c, "kind", en, vi, "See what this node offers: actions/status",
                                    "Xem các biện pháp nút này có: actions/status");
        return api_fault_at(c, "targets", en, vi, "Change or leave out that one",
                            "Sửa hoặc bỏ mục đó");
}

static void target_text(const struct msg_order *m, uint32_t i, char to[ORDER_NAME_BYTES]) {
        if (order_kind_has_names(m->order.kind))
                snprintf(to, ORDER_NAME_BYTES, "%.*s", (int)ORDER_NAME_BYTES - 1, m->names[i].text);
        else
                order_target_text(&m->targets[i], to);
}

static int text_of(struct api_call *c, const struct msg_order *m, struct span *ret) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (uint32_t i = 0; i < m->order.n_targets; i++) {
                char text[ORDER_NAME_BYTES];

                target_text(m, i, text);
                buf_printf(&b, "%s%s", i ? ", " : "", text);
        }
        *ret = arena_dup(c->arena, buf_get(&b));
        return ret->p ? 0 : FAIL(-ENOMEM);
}

static double addresses(const struct msg_order *m, uint32_t at) {
        double n = 1;

        for (unsigned i = m->targets[at].bits; i < 128 && !order_kind_has_names(m->order.kind); i++)
                n *= 2;
        return n;
}

/* Within what the drill declared; what is simulated is not asked of act. */
static int drill_propose(struct api_call *c, const struct incident *i, const struct msg_order *m) {
        struct order_drill *d = arena_alloc(c->arena, sizeof(*d));
        bool simulated;
        int r = d ? drill_scope(c, i->drill, d, &simulated) : FAIL(-ENOMEM);

        if (r < 0)
                return r;
        if (simulated) {
                c->kept = d;
                return 0;
        }
        return drill_order_good(c, i->drill, m, d);
}

static int check(struct api_call *c) {
        const struct orders_offer *o = orders_offer(c->desk);
        struct incident i = {0};
        struct msg_order m;
        int r = read_order(c, &m);

        if (r == 0 && api_has(c, "incident"))
                r = incident_get(c, api_int(c, "incident", 0), "actions.propose", &i);
        if (r == 0 && i.drill)
                r = drill_propose(c, &i, &m);
        if (r != 0)
                return r;
        if (!c->said && !c->kept)
                return orders_check(c, &m);
        r = c->said ? said_of_targets(c) : 0;
        if (r != 0)
                return r;
        json_t *texts = json_array();
        double all = 0;
        for (uint32_t n = 0; n < m.order.n_targets; n++) {
                char text[ORDER_NAME_BYTES];

                target_text(&m, n, text);
                all += addresses(&m, n);
                if (json_array_append_new(texts, json_string(text)) < 0)
                        return FAIL(-ENOMEM);
        }
        bool kept = o && c->said && m.order.kind == ORDER_ISOLATE && !(m.order.flags & ORDER_HOOK);
        c->answer = json_pack("{s:b,s:o,s:f,s:o}", "good", true, "targets", texts, "addresses", all,
                              "kept", kept ? nets_of(o) : json_array());
        return c->answer ? 0 : FAIL(-ENOMEM);
}

/* ---- proposing ---- */

static const char *via_name(const struct msg_order *m) {
        return m->order.flags & ORDER_HOOK ? "webhook" : "node";
}

/* What it prolongs is in force, of the same incident, with the same targets. */
static int good_prolong(struct api_call *c, int64_t replaces, int64_t incident,
                        const struct msg_order *m) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT targets FROM action WHERE id=?1 AND incident=?2"
                         " AND state='in_force' AND kind=?3 AND via=?4",
                         "iiss", replaces, incident, orders_kind_name(m->order.kind), via_name(m));

        if (r == 0)
                r = sql_next(q);
        if (r < 0 || (r == 1 && span_eq(sql_span(q, 0), targets_of(m))))
                return MIN(r, 0);
        return api_fault_at(c, "replaces", "It is not in force, or has other targets",
                            "Không còn hiệu lực hoặc khác mục tiêu",
                            "Prolong with the same targets, or propose a new one",
                            "Gia hạn cùng mục tiêu, hoặc đề nghị mới");
}

/* Where an action's entries go, and how they begin. */
struct about {
        int64_t incident, id;
        struct span kind, text;
};

static int say(struct api_call *c, const struct about *a, const char *en, const char *vi,
               struct span reason) {
        const char *head_en, *head_vi;
        struct span text = a->text;

        orders_words(a->kind, &head_en, &head_vi);
        struct incident_entry e = {
                .kind = "action",
                .about = "action",
                .about_id = a->id,
                .en = incident_text(c, "%s %.*s: %s%s%.*s", head_en, (int)text.len, text.p, en,
                                    reason.len ? ": " : "", (int)reason.len,
                                    reason.len ? reason.p : ""),
                .vi = incident_text(c, "%s %.*s: %s%s%.*s", head_vi, (int)text.len, text.p, vi,
                                    reason.len ? ": " : "", (int)reason.len,
                                    reason.len ? reason.p : ""),
        };

        snprintf(c->about, sizeof(c->about), "action %lld", (long long)a->id);
        return incident_write(c, a->incident, &e);
}

static int insert(struct api_call *c, const struct incident *i, const struct msg_order *m,
                  struct span text) {
        struct span direction = api_text(c, "direction"), kind = api_text(c, "kind");
        int r = sql_do(
                c->db,
                "INSERT INTO action(incident,unit,kind,targets,text,direction,seconds,reason,"
                "state,proposed,proposer,lapses,replaces,via,id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
                "'proposed',?9,?10,?11,?12,?13,(SELECT ifnull(max(id),iif(?14,1000000000,0))+1"
                " FROM action WHERE (id>=1000000000)=(?14<>0)))",
                "iitxttitiiiksi", i->id, i->unit, kind, targets_of(m), text,
                direction.len ? direction : SPAN("both"), api_int(c, "seconds", 0),
                api_text(c, "reason"), c->now, c->who.id, c->now + LAPSE_NS,
                api_int(c, "replaces", 0), via_name(m), i->drill);
        struct about a = {i->id, sql_last_id(c->db), kind, text};

        if (r == 0)
                r = say(c, &a, "proposed, waits for a second person", "đề nghị, chờ người thứ hai",
                        api_text(c, "reason"));
        api_tell(c, "action", a.id, i->unit);
        return r == 0 ? detail(c, a.id) : r;
}

static int propose(struct api_call *c) {
        int64_t replaces = api_int(c, "replaces", 0);
        struct incident i = {0};
        struct span text = SPAN_NONE;
        struct msg_order m;
        int r = second_session(c);

        if (r == 0)
                r = incident_get(c, api_int(c, "incident", 0), "actions.propose", &i);
        if (r == 0)
                r = read_order(c, &m);
        if (r != 0)
                return r;
        m.order.replaces = (uint64_t)replaces;
        if (i.drill) {
                r = drill_propose(c, &i, &m);
                if (r != 0)
                        return r;
        }
        if (!c->said && !c->kept)
                return orders_check(c, &m);
        r = c->said ? said_of_targets(c) : 0;
        if (r == 0 && replaces)
                r = good_prolong(c, replaces, i.id, &m);
        if (r == 0)
                r = text_of(c, &m, &text);
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? insert(c, &i, &m, text) : r;
}

/* ---- deciding ---- */

struct action {
        int64_t id, incident, unit, proposer, lapses, seconds, replaces;
        int64_t drill; /* the play; 0: real */
        bool simulated;
        struct order_drill *scope; /* of the call's arena */
        struct span state, text, direction, targets, kind, via;
};

static struct about about_of(const struct action *a) {
        return (struct about){a->incident, a->id, a->kind, a->text};
}

/* Found for who may, or refused. */
static int find(struct api_call *c, const char *permission, struct action *a) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT id, incident, unit, proposer, lapses, seconds, replaces, state, text,"
                " direction, targets, kind, via, (SELECT drill FROM incident i WHERE"
                " i.id=incident) FROM action WHERE id=?1",
                "i", api_int(c, "id", 0));

        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *a = (struct action){.id = sql_int(q, 0),
                             .incident = sql_int(q, 1),
                             .unit = sql_int(q, 2),
                             .proposer = sql_int(q, 3),
                             .lapses = sql_int(q, 4),
                             .seconds = sql_int(q, 5),
                             .replaces = sql_int(q, 6),
                             .state = arena_dup(c->arena, sql_span(q, 7)),
                             .text = arena_dup(c->arena, sql_span(q, 8)),
                             .direction = arena_dup(c->arena, sql_span(q, 9)),
                             .targets = arena_dup(c->arena, sql_span(q, 10)),
                             .kind = arena_dup(c->arena, sql_span(q, 11)),
                             .via = arena_dup(c->arena, sql_span(q, 12)),
                             .drill = sql_int(q, 13)};
        if (!a->state.p || !a->text.p || !a->direction.p || !a->targets.p || !a->kind.p ||
            !a->via.p)
                return FAIL(-ENOMEM);
        r = api_sees(c, "actions.read", a->unit);
        if (r == 1 && a->drill) /* it can be undone whether its play goes on or not */
                r = strcmp(permission, "actions.undo") == 0 ? exercise_may_see(c, a->drill)
                                                            : matter_plays(c, a->drill);
        if (r == 1 && a->drill) {
                a->scope = arena_alloc(c->arena, sizeof(*a->scope));
                r = a->scope ? drill_scope(c, a->drill, a->scope, &a->simulated) : FAIL(-ENOMEM);
                r = r < 0 ? r : 1;
        }
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        return api_may(c, permission, a->unit);
}

static int still_open(struct api_call *c, const struct action *a) {
        if (!span_eq(a->state, SPAN("proposed")))
                return api_refuse(c, 409, "decided", "it was decided already", "đã có quyết định");
        if (a->lapses <= c->now)
                return api_refuse(c, 409, "lapsed", "it lapsed: propose it again",
                                  "đề nghị đã hết hạn: hãy đề nghị lại");
        return 0;
}

static void make_order(const struct api_call *c, const struct action *a, struct order *o) {
        bool in = !span_eq(a->direction, SPAN("out")), out = !span_eq(a->direction, SPAN("in"));
        uint32_t kind = orders_kind(a->kind), ways = (in ? ORDER_IN : 0u) | (out ? ORDER_OUT : 0u);

        *o = (struct order){.name = ORDER_NAME,
                            .id = (uint64_t)a->id,
                            .kind = kind,
                            .n_targets = (uint32_t)(a->targets.len / order_kind_bytes(kind)),
                            .seconds = (uint32_t)a->seconds,
                            .flags = (kind == ORDER_BLOCK ? ways : 0u) |
                                     (span_eq(a->via, SPAN("webhook")) ? ORDER_HOOK : 0u) |
                                     (a->drill ? ORDER_DRILL : 0u),
                            .approved = c->now,
                            .proposer = a->proposer,
                            .approver = c->who.id,
                            .replaces = (uint64_t)a->replaces};
        crypto_generichash_state h;
        crypto_generichash_init(&h, NULL, 0, sizeof(o->targets));
        crypto_generichash_update(&h, (const unsigned char *)a->targets.p, a->targets.len);
        if (a->drill)
                crypto_generichash_update(&h, (const unsigned char *)a->scope, sizeof(*a->scope));
        crypto_generichash_final(&h, o->targets, sizeof(o->targets));
}

/* P4: the vault signs with the code, and the code is used up. */
/* What waits for the vault: the order, and what it was signed with. */
struct asked {
        struct order order;
        struct order_drill scope;
};

static int signed_by_vault(struct api_call *c, const struct action *a) {
        const struct msg_vault_answer *v = c->said;
        const struct asked *asked = c->kept;
        const struct order *o = &asked->order;
        struct about about = about_of(a);
        struct order_signed s;
        int r = totp_said(c);

        if (r != 0)
                return r;
        if (v->box_len != sizeof(s))
                return FAIL(-EBADMSG);
        memcpy(&s, v->box, sizeof(s));
        r = sql_do(c->db,
                   "UPDATE action SET state=iif(?6,'in_force','approved'), decided=?2, approver=?3,"
                   " signed_order=?4, signature=?5, scope=?7, simulated=?6,"
                   " until=iif(?6,?8,until) WHERE id=?1",
                   "iiixxixi", a->id, c->now, c->who.id, span_of((const char *)o, sizeof(*o)),
                   span_of((const char *)s.signature, sizeof(s.signature)), (int64_t)a->simulated,
                   a->drill ? span_of((const char *)&asked->scope, sizeof(asked->scope))
                            : SPAN_NONE,
                   c->now + a->seconds * NS_PER_SEC);
        if (r == 0)
                r = say(c, &about,
                        a->simulated ? "approved, in force: simulated, nothing was done"
                                     : "approved",
                        a->simulated ? "đã duyệt, có hiệu lực: mô phỏng, không thực hiện thật"
                                     : "đã duyệt",
                        SPAN_NONE);
        if (r == 0)
                orders_changed(c->desk);
        api_tell(c, "action", a->id, a->unit);
        return r == 0 ? detail(c, a->id) : r;
}

/* Of a drill that one plays alone: nothing is signed, as nothing is carried out and nobody else is there to agree (lent.h). */
static int agreed_alone(struct api_call *c, const struct action *a) {
        struct about about = about_of(a);
        int r = sql_do(c->db,
                       "UPDATE action SET state='in_force', decided=?2, approver=?3, simulated=1,"
                       " until=?4 WHERE id=?1",
                       "iiii", a->id, c->now, c->who.id, c->now + a->seconds * NS_PER_SEC);

        if (r == 0)
                r = say(c, &about, "approved, in force: simulated, nothing was done",
                        "đã duyệt, có hiệu lực: mô phỏng, không thực hiện thật", SPAN_NONE);
        if (r == 0)
                orders_changed(c->desk);
        api_tell(c, "action", a->id, a->unit);
        return r == 0 ? detail(c, a->id) : r;
}

static int approve(struct api_call *c) {
        struct action a = {0};
        int r = find(c, "actions.approve", &a);

        if (r == 0)
                r = still_open(c, &a);
        if (r == 0 && a.simulated && (r = lent_alone(c, a.drill)) == 1) {
                r = second_session(c);
                return r == 0 ? agreed_alone(c, &a) : r;
        }
        if (r == 0)
                r = second_good(c, a.proposer); /* P1, P3 */
        if (r != 0)
                return r;
        if (a.drill && !a.simulated) { /* also when the vault said it: consent may have gone */
                struct msg_order m = {.order.kind = orders_kind(a.kind)};

                m.order.n_targets = (uint32_t)(a.targets.len / order_kind_bytes(m.order.kind));
                memcpy(m.targets, a.targets.p, MIN(a.targets.len, sizeof(m.targets)));
                r = drill_order_good(c, a.drill, &m, a.scope);
                if (r != 0)
                        return r;
        }
        if (c->said)
                return signed_by_vault(c, &a);
        struct asked *asked = arena_zalloc(c->arena, sizeof(*asked));
        if (!asked)
                return FAIL(-ENOMEM);
        make_order(c, &a, &asked->order);
        if (a.scope)
                asked->scope = *a.scope;
        c->kept = asked;
        return order_ask(c, &asked->order);
}

static int decide_not(struct api_call *c, const char *permission, const char *state, bool own,
                      const char *en, const char *vi) {
        struct action a = {0};
        int r = find(c, permission, &a);

        if (r == 0)
                r = still_open(c, &a);
        if (r == 0 && own && a.proposer != c->who.id)
                return api_refuse(c, 403, "not_yours", "only who proposed takes it back",
                                  "chỉ người đề nghị mới rút được");
        if (r == 0)
                r = sql_do(
                        c->db,
                        "UPDATE action SET state=?2, decided=?3, approver=?4, note=?5 WHERE id=?1",
                        "isikt", a.id, state, c->now, own ? 0 : c->who.id, api_text(c, "reason"));
        if (r == 0)
                r = say(c, &(struct about){a.incident, a.id, a.kind, a.text}, en, vi,
                        api_text(c, "reason"));
        if (r != 0)
                return r;
        api_tell(c, "action", a.id, a.unit);
        return detail(c, a.id);
}

static int refuse(struct api_call *c) {
        return decide_not(c, "actions.approve", "refused", false, "refused", "từ chối");
}

static int withdraw(struct api_call *c) {
        return decide_not(c, "actions.propose", "withdrawn", true, "taken back", "rút lại");
}

static int undo(struct api_call *c) {
        struct action a = {0};
        int r = find(c, "actions.undo", &a);

        if (r != 0)
                return r;
        if (!span_eq(a.state, SPAN("in_force")))
                return api_refuse(c, 409, "not_in_force", "it is not in force",
                                  "biện pháp không còn hiệu lực");
        r = sql_do(c->db,
                   "UPDATE action SET undo_asked=ifnull(undo_asked,?2), undo_by=ifnull(undo_by,?3),"
                   " note=?4 WHERE id=?1",
                   "iikt", a.id, c->now, c->who.id, api_text(c, "reason"));
        if (r == 0)
                r = say(c, &(struct about){a.incident, a.id, a.kind, a.text}, "undoing asked for",
                        "yêu cầu gỡ", api_text(c, "reason"));
        if (r != 0)
                return r;
        if (a.simulated)
                r = sql_do(
                        c->db,
                        "UPDATE action SET state='undone', undone=?2 WHERE id=?1 AND simulated=1",
                        "ii", a.id, c->now);
        if (r != 0)
                return r;
        orders_changed(c->desk);
        api_tell(c, "action", a.id, a.unit);
        return detail(c, a.id);
}

const struct api_binding api_actions_bindings[] = {
        {"actions.list", list},     {"actions.status", status},
        {"actions.check", check},   {"actions.propose", propose},
        {"actions.get", get},       {"actions.approve", approve},
        {"actions.refuse", refuse}, {"actions.withdraw", withdraw},
        {"actions.undo", undo},     {NULL, NULL},
};
