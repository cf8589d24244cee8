/* What `act` asks of its hand: the process that touches accounts and services of this machine, which `act`
 * starts where they are configured and which can do nothing else. One ask, one answer. */
#ifndef WIRE_HAND_H
#define WIRE_HAND_H

#include "wire/order.h"

enum hand_message {
        HAND_ASK = 280, /* struct msg_hand */
        HAND_SAID,      /* struct msg_hand_said */
};
enum hand_what {
        HAND_LOOK = 1, /* can it be done, and undone? how is it now? */
        HAND_DO,
        HAND_UNDO,
};
struct msg_hand {
        uint32_t type, what;
        uint32_t kind, reserved; /* ORDER_ACCOUNT, ORDER_SERVICE */
        struct order_name name;  /* with `was`, but for HAND_LOOK */
};
struct msg_hand_said {
        uint32_t type;
        int32_t error;                      /* 0, enum order_fault, -errno */
        unsigned char was[ORDER_WAS_BYTES]; /* of HAND_LOOK */
};

#endif
