/* Accounts of this machine, locked and unlocked in /etc/shadow (act/shadow.h), with the lock that passwd,
 * usermod and others take. Never root, never who this process is. As act_hands: done twice is done once. */
#ifndef ACT_ACCOUNTS_H
#define ACT_ACCOUNTS_H

#include "wire/order.h"

struct accounts {
        const char *passwd, *shadow, *lock; /* paths */
        uint32_t self;                      /* the node's own user */
};

/* 0, enum order_fault, -errno. */
int accounts_look(const struct accounts *a, struct order_name *name);
int accounts_lock(const struct accounts *a, const struct order_name *name);
/* One that is gone meanwhile is unlocked. */
int accounts_unlock(const struct accounts *a, const struct order_name *name);

#endif
