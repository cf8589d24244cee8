/* Locking an account in the text of /etc/shadow, and bringing back what was. Pure.
 *
 *   W1. Locking puts '!' before the password's hash, so that no password fits, and lets the account end on
 *       2 January 1970, so that keys and tokens of other kinds do not get in either (pam_unix asks for it).
 *   W2. Unlocking takes away just what locking added, and only where it still stands: a password that an
 *       administrator set meanwhile stays. Where nothing was changed meanwhile every byte is as before. */
#ifndef ACT_SHADOW_H
#define ACT_SHADOW_H

#include "base/buf.h"
#include "wire/order.h"

#define SHADOW_BYTES_MAX ((size_t)16 << 20)

enum {
        SHADOW_E_MISSING = 1, /* no such account */
        SHADOW_E_ODD,         /* its line is not as it should be: not touched */
};

/* The whole file with that account locked; `was` is what shadow_unlock() needs. 0, SHADOW_E_*, -ENOMEM. */
int shadow_lock(struct span file, struct span login, unsigned char was[ORDER_WAS_BYTES],
                struct buf *to);
/* The same once more for one that is locked already, `was` stays as it was then. */
int shadow_lock_again(struct span file, struct span login, struct buf *to);
int shadow_unlock(struct span file, struct span login, const unsigned char was[ORDER_WAS_BYTES],
                  struct buf *to);
/* The account's number in the text of /etc/passwd. 0, SHADOW_E_*. */
int shadow_uid(struct span passwd, struct span login, uint32_t *ret);

#endif
