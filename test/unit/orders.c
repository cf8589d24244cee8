/* Orders on their way to `act`: each that was approved goes out, also of several in one turn, and again when a line begins. */
#include <sodium.h>

#include "desk/desk_impl.h"
#include "desk/orders.h"
#include "people_world.h"

static void approved(int64_t id) {
        static const struct order_target target = {.address = {[10] = 0xff, 0xff, 198, 18, 0, 1},
                                                   .bits = 128};
        static const unsigned char signature[64] = {1};
        const struct order o = {.name = ORDER_NAME, .id = (uint64_t)id, .kind = ORDER_BLOCK};

        check_int(sql_do(state_sql(w.d->state),
                         "INSERT INTO "
                         "action(id,incident,unit,kind,targets,text,direction,seconds,reason,state,"
                         "proposed,proposer,lapses,signed_order,signature,scope)"
                         " VALUES(?1,1,1,'block',?2,'198.18.0.1','both',60,'x','approved',0,1,0,?3,"
                         "?4,?5)",
                         "ixxxx", id, span_of((const char *)&target, sizeof(target)),
                         span_of((const char *)&o, sizeof(o)),
                         span_of((const char *)signature, sizeof(signature)), SPAN_NONE),
                  0);
}

/* The numbers of what is sent now, in order; each is of a whole order without a drill's scope. */
static unsigned sent(uint64_t *ids, unsigned max) {
        const struct msg_order *m;
        unsigned n = 0;
        size_t len;
        int r;

        while (n < max && (m = desk_to_act(w.d, &len, &r))) {
                check_int(r, 0);
                check_int((long long)len, (long long)sizeof(*m));
                check_int(m->type, ACT_ORDER);
                ids[n++] = m->order.id;
                desk_act_sent(w.d);
        }
        check_int(r, 0);
        return n;
}

static void known(void) {
        const struct msg_act m = {.type = ACT_KNOWN, .id = ACT_OFFERS(ORDER_BLOCK)};

        check_int(desk_act_said(w.d, &m, sizeof(m), w.d->wall), 0);
}

static void all_of_a_turn_go_out(void) {
        uint64_t ids[8];

        people_start();
        check_int(desk_act_line(w.d, true), 0);
        known();
        check(commit() >= 0);
        check_int(sent(ids, 8), 0);
        for (int64_t id = 1; id <= 3; id++) {
                approved(id);
                orders_changed(w.d);
        }
        check(commit() >= 0);
        check_int(sent(ids, 8), 3);
        for (unsigned i = 0; i < 3; i++)
                check_int((long long)ids[i], i + 1);
        check_int(sent(ids, 8), 0);
        /* A line that broke before act answered: all of them once more. */
        check_int(desk_act_line(w.d, false), 0);
        check_int(sent(ids, 8), 0);
        check_int(desk_act_line(w.d, true), 0);
        check_int(sent(ids, 8), 0); /* not before act said what is in force */
        known();
        check(commit() >= 0);
        check_int(sent(ids, 8), 3);
        people_end();
}

int main(void) {
        check_int(sodium_init() < 0, 0);
        RUN(all_of_a_turn_go_out);
        return check_done();
}
