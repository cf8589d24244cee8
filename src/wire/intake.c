/* See intake.h. */
#include "wire/intake.h"

void intake_put(struct intake *t, const struct intake_entry *e) {
        uint64_t head = __atomic_load_n(&t->head, __ATOMIC_RELAXED);

        t->ring[head % INTAKE_MAX] = *e;
        __atomic_store_n(&t->head, head + 1, __ATOMIC_RELEASE);
}

int intake_take(const struct intake *t, uint64_t *tail, struct intake_entry *ret) {
        uint64_t ahead = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE) - *tail;

        if (ahead == 0)
                return 0;
        if (ahead > INTAKE_MAX)
                return -EBADMSG;
        memcpy(ret, &t->ring[(*tail)++ % INTAKE_MAX], sizeof(*ret));
        return 1;
}
