/* A run of rules over the past (`coloa retro`): what runs it and the desk, over the connection that it
 * opened to the node's control socket and that main handed to the desk. One packet a message.
 *
 *     ──CONTROL_RETRO(program)──► main ──DESK_RETRO(program, this connection)──► desk
 *     ◄──RETRO_READY──
 *     ──RETRO_FINDINGS(memfd)──►      ◄──RETRO_TAKEN── once committed; then the next
 *     ──RETRO_ASIDE──►                a record that judges died on
 *     ──RETRO_END(memfd)──►           ◄──RETRO_TAKEN──
 *
 * Instead of an answer, RETRO_REFUSED; then it closes. Who closes first ends the run: what was
 * committed stays. */
#ifndef WIRE_RETRO_H
#define WIRE_RETRO_H

#include "base/base.h"

enum retro_message {
        RETRO_READY = 210, /* run, at: where it goes on */
        RETRO_FINDINGS, /* + sealed memfd: encoded findings, `bytes`; at: all records below are done */
        RETRO_TAKEN,    /* the counts are of all taken so far */
        RETRO_ASIDE,    /* at: its sequence number */
        RETRO_END,      /* + sealed memfd: uint32_t of rules that are done with the past (desk.h) */
        RETRO_REFUSED, /* error: -EBUSY: another run is on; -EBADMSG: no sound program or finding */
};

enum { RETRO_WHOLE = 1u << 0 }; /* it cannot go on in the middle */

struct msg_retro_begin {
        uint32_t flags, rules;
        uint64_t first, past;
        int64_t since, until;
        unsigned char key[16];
        char source[64];
        char who[64]; /* as the audit log shows it */
};
struct msg_desk_retro {
        uint32_t type, reserved;
        struct msg_retro_begin begin;
};

struct msg_retro {
        uint32_t type;
        int32_t error;
        int64_t run;
        uint64_t at, bytes;
        uint64_t verdicts, alerts, doubled, counted;
};

#endif
