/* What the command line asks of a running node, over its local socket: one packet there, one back
 * with the answer's text as a sealed memfd. main checks who asks by the kernel's word. */
#ifndef WIRE_CONTROL_H
#define WIRE_CONTROL_H

#include "base/base.h"
#include "wire/keep.h"
#include "wire/retro.h"

enum control_verb {
        CONTROL_STATUS = 1,
        CONTROL_RELOAD, /* configuration and rules, read anew */
        CONTROL_STOP,
        CONTROL_IMPORT, /* struct msg_control_import + a file, open for reading; answered when all of
                           it is durable */
        CONTROL_KEEP,   /* struct msg_control_keep; answered when it is written down */
        CONTROL_API, /* struct msg_control; answered with a stream of wire/api.h's frames in place of text */
        CONTROL_RETRO, /* struct msg_control_retro + a program: the connection becomes a line to the
                           desk (wire/retro.h) */
};

struct msg_control {
        uint32_t magic, verb;
        uint32_t json; /* the answer as JSON, else as text */
        uint32_t lang; /* enum lang */
};
struct msg_control_import {
        struct msg_control head;
        uint32_t format; /* enum format; FORMAT_UNKNOWN: find out */
        uint32_t reserved;
        char source[64]; /* NUL-terminated: its name, of the configuration or not */
        char path[256];  /* for notes */
};
struct msg_control_keep {
        struct msg_control head;
        uint32_t what; /* enum keep_what */
        uint32_t reserved;
        struct keep_audit audit;
        struct keep_hold hold;
};
struct msg_control_retro {
        struct msg_control head;
        struct msg_retro_begin begin;
};
#define CONTROL_MAGIC 0x4c525443u

struct msg_control_reply {
        uint32_t magic;
        int32_t error; /* 0 or -errno: the text says what */
        uint64_t len;
};

#endif
