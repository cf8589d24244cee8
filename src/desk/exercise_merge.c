/* What a unit recorded alone while it had no connection: its own node's export of facts, kept whole, once. Scores take them
 * together with what this node saw (desk/exercise_facts.c). */
#include "desk/exercise_impl.h"

int exercise_do_merge(struct api_call *c) {
        return api_refuse(c, 501, "not_yet", "this cannot be asked yet", "việc này chưa làm được");
}
