/* What was done and undone: records appended to one file, each with a hash over the one before. A record is
 * on disk before what it says is done (PLANNED), and after (DONE, UNDONE).
 *
 *   L1. A record that is not whole, at the end, was never believed: it is cut off. One in the middle is
 *       damage: -EBADMSG, and nothing is done until somebody looked.
 *   L2. Nothing is forgotten: an order number that stands there is never carried out as new. */
#ifndef ACT_LEDGER_H
#define ACT_LEDGER_H

#include "wire/order.h"

#define LEDGER_BYTES_MAX ((uint64_t)256 << 20) /* 130,000 records; then no new orders */
#define LEDGER_BOOT_BYTES 36u                  /* of the kernel's boot id */

enum ledger_what { LEDGER_PLANNED = 1, LEDGER_DONE, LEDGER_UNDONE };

struct ledger_entry {
        uint32_t what; /* enum ledger_what */
        int32_t error; /* of UNDONE: why it could not be done at all, or 0 */
        uint64_t id;
        int64_t boottime, wall; /* ns */
        char boot[LEDGER_BOOT_BYTES];
        uint32_t early;         /* UNDONE: before its time */
        struct msg_order order; /* PLANNED */
};

struct ledger;

/* `fd` stays the caller's and must stay open. `each` is called for every record, in order; what it gives
 * other than 0 ends the reading and is given back. 0, -EBADMSG (L1), -errno. */
int ledger_open(struct ledger **ret, int fd, int (*each)(void *ctx, const struct ledger_entry *e),
                void *ctx);
struct ledger *ledger_free(struct ledger *l);
CLEANUP(ledger, ledger_free)
/* On disk when it gives 0. After an error no more is written: -EIO until it is opened again. -EFBIG: full. */
int ledger_add(struct ledger *l, const struct ledger_entry *e);

#endif
