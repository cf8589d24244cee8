/* See drill_orders.h.
 *
 *   T1. A drill's order never goes out without what was declared, signed with it: `act` refuses it otherwise.
 *   T2. What is simulated is never sent: no line of it leaves the desk.
 *   T3. The mapped names of a unit are declared, not the scenario's own: those may be somebody's real address. The addresses
 *       of its outside world are of the networks for documentation, which are nobody's; others are not taken.
 *   T4. Live fire: the targets whose owner's consent holds now, and no longer than it does.
 *   T5. Of a play by the script, containment is real only where the unit's owner consented, and still does: else nothing
 *       is declared. */
#include "desk/drill_orders.h"

#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/incident.h"
#include "desk/orders.h"

#define REFUSED "drill_orders_refused"
#define LONGEST_NS (INT64_C(86400) * NS_PER_SEC)
#define TICK_NS NS_PER_SEC

static bool is_documentation(const struct order_target *t) {
        static const char *const nets[] = {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
                                           "2001:db8::/32"};

        for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
                struct order_target n;

                if (!order_target_parse(span_str(nets[i]), &n) || n.bits > t->bits)
                        continue;
                unsigned whole = n.bits / 8;
                if (memcmp(n.address, t->address, whole) == 0)
                        return true;
        }
        return false;
}

static void add_net(struct order_drill *d, const char *text, bool outside) {
        struct order_target t;

        if (!text || d->n_nets == ORDER_SCOPE_NETS || !order_target_parse(span_str(text), &t) ||
            (outside && !is_documentation(&t)))
                return;
        d->nets[d->n_nets++] = t;
}

static void add_name(struct order_drill *d, const char *text) {
        struct order_name n;

        if (text && d->n_names < ORDER_SCOPE_NAMES &&
            order_name_parse(ORDER_ACCOUNT, span_str(text), &n))
                d->names[d->n_names++] = n;
}

static json_t *json_of(struct sql_rows *q, int column) {
        struct span s = sql_span(q, column);

        return sql_null(q, column) ? NULL : json_loadb(s.p, s.len, 0, NULL);
}

/* T3 */
static void add_mapped(struct order_drill *d, const json_t *cast) {
        const json_t *v;
        size_t i;

        json_array_foreach(json_object_get(cast, "hosts"), i, v)
                add_net(d, json_string_value(json_object_get(v, "address")), false);
        json_array_foreach(json_object_get(cast, "accounts"), i, v)
                add_name(d, json_string_value(json_object_get(v, "name")));
}

static void add_outside(struct order_drill *d, const json_t *plan) {
        const json_t *v;
        size_t i;

        json_array_foreach(json_object_get(plan, "outside"), i, v)
                add_net(d, json_string_value(json_object_get(v, "address")), true);
}

/* T4: addresses as they are written down: one after the other, or a JSON list. */
static void add_list(struct order_drill *d, struct span text) {
        while (text.len) {
                char word[80];
                size_t n = 0;

                while (text.len && !memchr("0123456789abcdefABCDEF:./", *text.p, 25))
                        text = span_of(text.p + 1, text.len - 1);
                while (n < text.len && memchr("0123456789abcdefABCDEF:./", text.p[n], 25))
                        n++;
                if (n && n < sizeof(word)) {
                        memcpy(word, text.p, n);
                        word[n] = '\0';
                        add_net(d, word, false);
                }
                text = span_of(text.p + n, text.len - n);
        }
}

static int add_consented(struct api_call *c, int64_t exercise, int64_t unit,
                         struct order_drill *d) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT k.addresses, k.ends FROM live_consent k JOIN live_target t ON"
                         " t.exercise=k.exercise AND t.system=k.system WHERE k.exercise=?1 AND"
                         " t.unit=?2 AND k.withdrawn IS NULL AND k.begins<=?3 AND k.ends>?3",
                         "iii", exercise, unit, c->now);

        while (r == 0 && (r = sql_next(q)) == 1) {
                add_list(d, sql_span(q, 0));
                d->until = MIN(d->until, sql_int(q, 1));
                r = 0;
        }
        return r;
}

int drill_scope(struct api_call *c, int64_t play, struct order_drill *ret, bool *ret_simulated) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT p.exercise, p.unit, e.simulated, p.casting, s.plan, p.live AND"
                         " (e.simulated OR e.kind='live' OR p.consent='given')" /* T5 */
                         " FROM exercise_play p JOIN exercise e ON e.id=p.exercise"
                         " LEFT JOIN scenario s ON s.id=e.scenario WHERE p.id=?1",
                         "i", play);

        memset(ret, 0, sizeof(*ret));
        *ret_simulated = true;
        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r;
        *ret_simulated = sql_int(q, 2) != 0;
        ret->play = (uint32_t)play;
        /* A play that is over declares nothing. */
        ret->until = sql_int(q, 5) ? c->now + LONGEST_NS : 0;
        json_t *cast = json_of(q, 3), *plan = json_of(q, 4);
        add_mapped(ret, cast);
        add_outside(ret, plan);
        json_decref(cast);
        json_decref(plan);
        return add_consented(c, sql_int(q, 0), sql_int(q, 1), ret);
}

/* ---- looking ---- */

static bool net_in(const struct order_target *t, const struct order_drill *d) {
        for (uint32_t i = 0; i < d->n_nets; i++) {
                const struct order_target *n = &d->nets[i];
                unsigned whole = n->bits / 8, rest = n->bits % 8;
                unsigned char mask = (unsigned char)(0xff00u >> rest);

                if (n->bits <= t->bits && memcmp(n->address, t->address, whole) == 0 &&
                    (!rest || ((n->address[whole] ^ t->address[whole]) & mask) == 0))
                        return true;
        }
        return false;
}

static bool name_in(const struct order_name *t, const struct order_drill *d) {
        for (uint32_t i = 0; i < d->n_names; i++)
                if (strncmp(t->text, d->names[i].text, ORDER_NAME_BYTES) == 0)
                        return true;
        return false;
}

int drill_order_refused(struct desk *d) {
        int64_t n = 0;
        int r = drill_orders_refused(d, &n);

        return r < 0 ? r : state_set_number(d->state, REFUSED, n + 1);
}

int drill_orders_refused(struct desk *d, int64_t *ret_n) {
        return state_number(d->state, REFUSED, ret_n);
}

int drill_order_good(struct api_call *c, int64_t play, const struct msg_order *m,
                     const struct order_drill *d) {
        bool good = d->n_nets + d->n_names > 0 && d->until > c->now;

        for (uint32_t i = 0; i < m->order.n_targets && good; i++)
                good = order_kind_has_names(m->order.kind) ? name_in(&m->names[i], d)
                                                           : net_in(&m->targets[i], d);
        if (good)
                return 0;
        int r = drill_order_refused(c->desk);
        if (r == 0)
                r = state_audit(c->desk->state, c->now, "desk", "drill.refused",
                                incident_text(c, "play %lld", (long long)play), c->who.name);
        if (r < 0)
                return r;
        c->keep = true;
        return api_refuse(c, 409, "scope",
                          "outside the targets that this exercise declared: in a drill nothing "
                          "else is touched",
                          "ngoài các mục tiêu đã khai báo của cuộc diễn tập: trong diễn tập không "
                          "được tác động nơi khác");
}

/* ---- those that are only written down ---- */

int drill_orders_tick(struct desk *d, int64_t mono, int64_t wall) {
        struct sql *s = state_sql(d->state);
        int64_t id;

        if (mono - d->drill_orders_looked < TICK_NS)
                return 0;
        d->drill_orders_looked = mono;
        int r = sql_get_int(s, &id,
                            "SELECT id FROM action WHERE simulated=1 AND state='in_force' AND"
                            " (until<=?1 OR undo_asked IS NOT NULL) LIMIT 1",
                            "i", wall);
        if (r <= 0)
                return r;
        r = desk_begin(d);
        return r < 0 ? r
                     : sql_do(s,
                              "UPDATE action SET state='undone', undone=min(until,?1) WHERE"
                              " simulated=1 AND state='in_force' AND (until<=?1 OR undo_asked IS "
                              "NOT"
                              " NULL)",
                              "i", wall);
}
