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
#include "desk/incident.h"
#include "desk/orders.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

#define LAPSE_NS (INT64_C(900) * NS_PER_SEC)

/* ---- reading ---- */

/* Columns in the call's arena: a CSV is written after the handler. */
static int spec_of(struct api_call *c, struct api_list_spec *l) {
        static const char *const fixed[] = {"a.id",       "printf('NC-%04d',a.id)",
                                            "a.incident", "i.code",
                                            "a.unit",     "a.kind",
                                            "a.text",     "a.direction",
                                            "a.seconds",  "a.reason"};
        static const char *const rest[] = {"a.proposed",
                                           "a.proposer",
                                           "p.name",
                                           "a.lapses",
                                           "a.decided",
                                           "a.approver",
                                           "(SELECT name FROM person WHERE id=a.approver)",
                                           "a.note",
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
        struct span mine = arena_printf(c->arena, "a.proposer=%lld", (long long)c->who.id);

        if (!columns || !state.p || !mine.p)
                return FAIL(-ENOMEM);
        for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
                columns[n++] = fixed[i];
        columns[n++] = state.p;
        for (size_t i = 0; i < ARRAY_LEN(rest); i++)
                columns[n++] = rest[i];
        columns[n++] = mine.p;
        *l = (struct api_list_spec){.shape = api_action_shape,
                                    .columns = columns,
                                    .from = "action a LEFT JOIN incident i ON i.id=a.incident"
                                            " LEFT JOIN person p ON p.id=a.proposer",
                                    .id = "a.id",
                                    .search = {"a.text", "a.reason", "i.code", NULL},
                                    .unit = "a.unit"};
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

static int status(struct api_call *c) {
        const char *en, *vi;
        bool possible = orders_possible(c->desk, &en, &vi);

        c->answer = json_pack("{s:b,s:s?,s:s?}", "available", possible, "why", en, "why_vi", vi);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

/* ---- targets ---- */

/* Those of the request, or a fault that names the one. */
static int read_targets(struct api_call *c, struct order_target to[ORDER_TARGETS_MAX],
                        uint32_t *ret_n) {
        const json_t *list = json_object_get(c->in, "targets"), *e;
        uint32_t n = 0;
        size_t i;

        json_array_foreach(list, i, e) {
                struct span s = span_of(json_string_value(e), json_string_length(e));

                if (n == ORDER_TARGETS_MAX || !order_target_parse(s, &to[n++]))
                        return api_fault_at(
                                c, "targets", "One of them is no address or network",
                                "Có mục không phải địa chỉ hay mạng",
                                "Write 203.0.113.7 or 203.0.113.64/28, no bits behind it",
                                "Viết 203.0.113.7 hoặc 203.0.113.64/28");
        }
        *ret_n = n;
        return 0;
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
        order_fault_text((enum order_fault)s->error, &en, &vi);
        return api_fault_at(c, "targets", en, vi, "Change or leave out that one",
                            "Sửa hoặc bỏ mục đó");
}

static int text_of(struct api_call *c, const struct order_target *list, uint32_t n,
                   struct span *ret) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (uint32_t i = 0; i < n; i++) {
                char text[64];

                order_target_text(&list[i], text);
                buf_printf(&b, "%s%s", i ? ", " : "", text);
        }
        *ret = arena_dup(c->arena, buf_get(&b));
        return ret->p ? 0 : FAIL(-ENOMEM);
}

static double addresses(const struct order_target *t) {
        double n = 1;

        for (unsigned i = t->bits; i < 128; i++)
                n *= 2;
        return n;
}

static int check(struct api_call *c) {
        struct order_target list[ORDER_TARGETS_MAX] = {{{0}}};
        uint32_t n = 0;
        int r = read_targets(c, list, &n);

        if (r != 0)
                return r;
        if (!c->said)
                return orders_check(c, list, n);
        r = said_of_targets(c);
        if (r != 0)
                return r;
        json_t *texts = json_array();
        double all = 0;
        for (uint32_t i = 0; i < n; i++) {
                char text[64];

                order_target_text(&list[i], text);
                all += addresses(&list[i]);
                if (json_array_append_new(texts, json_string(text)) < 0)
                        return FAIL(-ENOMEM);
        }
        c->answer = json_pack("{s:b,s:o,s:f}", "good", true, "targets", texts, "addresses", all);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

/* ---- proposing ---- */

/* What it prolongs is in force, of the same incident, with the same targets. */
static int good_prolong(struct api_call *c, int64_t replaces, int64_t incident,
                        struct span targets) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT targets FROM action WHERE id=?1 AND incident=?2"
                         " AND state='in_force'",
                         "ii", replaces, incident);

        if (r == 0)
                r = sql_next(q);
        if (r < 0 || (r == 1 && span_eq(sql_span(q, 0), targets)))
                return MIN(r, 0);
        return api_fault_at(c, "replaces", "It is not in force, or has other targets",
                            "Không còn hiệu lực hoặc khác mục tiêu",
                            "Prolong with the same targets, or propose a new one",
                            "Gia hạn cùng mục tiêu, hoặc đề nghị mới");
}

static int say(struct api_call *c, int64_t incident, int64_t id, struct span text, const char *en,
               const char *vi, struct span reason) {
        struct incident_entry e = {
                .kind = "action",
                .about = "action",
                .about_id = id,
                .en = incident_text(c, "Block of %.*s: %s%s%.*s", (int)text.len, text.p, en,
                                    reason.len ? ": " : "", (int)reason.len,
                                    reason.len ? reason.p : ""),
                .vi = incident_text(c, "Chặn %.*s: %s%s%.*s", (int)text.len, text.p, vi,
                                    reason.len ? ": " : "", (int)reason.len,
                                    reason.len ? reason.p : ""),
        };

        snprintf(c->about, sizeof(c->about), "action %lld", (long long)id);
        return incident_write(c, incident, &e);
}

static int insert(struct api_call *c, const struct incident *i, struct span targets,
                  struct span text) {
        struct span direction = api_text(c, "direction");
        int r = sql_do(
                c->db,
                "INSERT INTO action(incident,unit,kind,targets,text,direction,seconds,reason,"
                "state,proposed,proposer,lapses,replaces) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
                "'proposed',?9,?10,?11,?12)",
                "iitxttitiiik", i->id, i->unit, api_text(c, "kind"), targets, text,
                direction.len ? direction : SPAN("both"), api_int(c, "seconds", 0),
                api_text(c, "reason"), c->now, c->who.id, c->now + LAPSE_NS,
                api_int(c, "replaces", 0));
        int64_t id = sql_last_id(c->db);

        if (r == 0)
                r = say(c, i->id, id, text, "proposed, waits for a second person",
                        "đề nghị, chờ người thứ hai", api_text(c, "reason"));
        api_tell(c, "action", id, i->unit);
        return r == 0 ? detail(c, id) : r;
}

static int propose(struct api_call *c) {
        struct order_target list[ORDER_TARGETS_MAX] = {{{0}}};
        int64_t replaces = api_int(c, "replaces", 0);
        struct incident i = {0};
        struct span text = SPAN_NONE;
        uint32_t n = 0;
        int r = second_session(c);

        if (r == 0)
                r = incident_get(c, api_int(c, "incident", 0), "actions.propose", &i);
        if (r == 0)
                r = read_targets(c, list, &n);
        if (r != 0)
                return r;
        if (!c->said)
                return orders_check(c, list, n);
        struct span targets = span_of((const char *)list, n * sizeof(*list));
        r = said_of_targets(c);
        if (r == 0 && replaces)
                r = good_prolong(c, replaces, i.id, targets);
        if (r == 0)
                r = text_of(c, list, n, &text);
        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? insert(c, &i, targets, text) : r;
}

/* ---- deciding ---- */

struct action {
        int64_t id, incident, unit, proposer, lapses, seconds, replaces;
        struct span state, text, direction, targets;
};

/* Found for who may, or refused. */
static int find(struct api_call *c, const char *permission, struct action *a) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT id, incident, unit, proposer, lapses, seconds, replaces, state, text,"
                " direction, targets FROM action WHERE id=?1",
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
                             .targets = arena_dup(c->arena, sql_span(q, 10))};
        if (!a->state.p || !a->text.p || !a->direction.p || !a->targets.p)
                return FAIL(-ENOMEM);
        r = api_sees(c, "actions.read", a->unit);
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

        *o = (struct order){.name = ORDER_NAME,
                            .id = (uint64_t)a->id,
                            .kind = ORDER_BLOCK,
                            .n_targets = (uint32_t)(a->targets.len / sizeof(struct order_target)),
                            .seconds = (uint32_t)a->seconds,
                            .flags = (in ? ORDER_IN : 0u) | (out ? ORDER_OUT : 0u),
                            .approved = c->now,
                            .proposer = a->proposer,
                            .approver = c->who.id,
                            .replaces = (uint64_t)a->replaces};
        crypto_generichash(o->targets, sizeof(o->targets), (const unsigned char *)a->targets.p,
                           a->targets.len, NULL, 0);
}

/* P4: the vault signs with the code, and the code is used up. */
static int signed_by_vault(struct api_call *c, const struct action *a) {
        const struct msg_vault_answer *v = c->said;
        const struct order *o = c->kept;
        struct order_signed s;
        int r = totp_said(c);

        if (r != 0)
                return r;
        if (v->box_len != sizeof(s))
                return FAIL(-EBADMSG);
        memcpy(&s, v->box, sizeof(s));
        r = sql_do(c->db,
                   "UPDATE action SET state='approved', decided=?2, approver=?3, signed_order=?4,"
                   " signature=?5 WHERE id=?1",
                   "iiixx", a->id, c->now, c->who.id, span_of((const char *)o, sizeof(*o)),
                   span_of((const char *)s.signature, sizeof(s.signature)));
        if (r == 0)
                r = say(c, a->incident, a->id, a->text, "approved", "đã duyệt", SPAN_NONE);
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
        if (r == 0)
                r = second_good(c, a.proposer); /* P1, P3 */
        if (r != 0)
                return r;
        if (c->said)
                return signed_by_vault(c, &a);
        struct order *o = arena_alloc(c->arena, sizeof(*o));
        if (!o)
                return FAIL(-ENOMEM);
        make_order(c, &a, o);
        c->kept = o;
        return order_ask(c, o);
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
                r = say(c, a.incident, a.id, a.text, en, vi, api_text(c, "reason"));
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
                r = say(c, a.incident, a.id, a.text, "undoing asked for", "yêu cầu gỡ",
                        api_text(c, "reason"));
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
