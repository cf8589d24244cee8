/* Taking back what a drill's containment did: asked for here, done by `act` within seconds. */
#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/orders.h"

static int undo(struct desk *d, int64_t play, int64_t since, int64_t now) {
        struct sql *db = state_sql(d->state);
        int r = sql_do(db,
                       "UPDATE action SET undo_asked=ifnull(undo_asked,?3) WHERE state IN "
                       "('approved','in_force') AND"
                       " proposed>=?2 AND incident IN (SELECT id FROM incident WHERE drill=?1)",
                       "iii", play, since, now);

        if (r == 0 && sql_changes(db))
                orders_changed(d);
        if (r == 0) /* what was not decided yet is not to be */
                r = sql_do(db,
                           "UPDATE action SET lapses=min(lapses,?3) WHERE state='proposed' AND"
                           " proposed>=?2 AND incident IN (SELECT id FROM incident WHERE drill=?1)",
                           "iii", play, since, now);
        return r;
}

int exercise_undo(struct desk *d, int64_t play, int64_t now) {
        return undo(d, play, 0, now);
}

int exercise_undo_after(struct desk *d, int64_t play, int64_t t, int64_t now) {
        int64_t since = TIME_NONE;
        int r = exercise_real_of(state_sql(d->state), play, t, &since);

        return r < 0 ? r : undo(d, play, since == TIME_NONE ? 0 : since, now);
}
