/* What the command line asks of a running node, over its local socket: one packet there, one back
 * with the answer's text as a sealed memfd. main checks who asks by the kernel's word. */
#ifndef WIRE_CONTROL_H
#define WIRE_CONTROL_H

#include "base/base.h"

enum control_verb {
        CONTROL_STATUS = 1,
        CONTROL_RELOAD, /* configuration and rules, read anew */
        CONTROL_STOP,
};

struct msg_control {
        uint32_t magic, verb;
        uint32_t json; /* the answer as JSON, else as text */
        uint32_t lang; /* enum lang */
};
#define CONTROL_MAGIC 0x4c525443u

struct msg_control_reply {
        uint32_t magic;
        int32_t error; /* 0 or -errno: the text says what */
        uint64_t len;
};

#endif
