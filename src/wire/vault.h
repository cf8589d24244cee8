/* What the desk asks of the vault, over a line of its own (main joins them): one packet each way.
 *
 * Passwords, TOTP secrets and recovery codes lie in the desk's database as boxes that only the vault can
 * open, each bound to a person and a purpose: a box of one person opens for no other, and what is stolen
 * with the database can be tried nowhere but here. No answer ever holds what such a box holds; only those
 * of VAULT_FOR_SECRET are opened for the asker.
 *
 * VAULT_HASH, VAULT_CHECK and VAULT_ONE_TIME take about 0.1 s of work each, so they wait in a queue of
 * VAULT_QUEUE; beyond it they are answered with -EAGAIN at once. The others are answered at once. */
#ifndef WIRE_VAULT_H
#define WIRE_VAULT_H

#include "base/base.h"

#define VAULT_QUEUE 16u
#define VAULT_BOX_MAX 448u
#define VAULT_TEXT_MAX 256u /* of a password too, in bytes */
#define VAULT_SECRET_MAX 256u
#define VAULT_CODES 10u /* recovery codes of a person */
#define VAULT_STEP_S 30 /* of a TOTP code */

enum vault_message {
        VAULT_HASH = 210, /* text: a password → box */
        VAULT_CHECK,      /* text, box (empty: there is no such person; as much work) → error */
        VAULT_ONE_TIME,   /* → box, text: a password to be shown once */
        VAULT_TOTP_MAKE,  /* → box, text: the secret in base 32 */
        VAULT_TOTP_CHECK, /* text: a code, box, step: the last one that was used → step: now used */
        VAULT_CODES_MAKE,  /* → box, text: VAULT_CODES lines */
        VAULT_CODES_CHECK, /* text: a code, box → box without it, step: how many are left */
        VAULT_SEAL,        /* text → box; purpose VAULT_FOR_SECRET only */
        VAULT_OPEN,        /* box → text; the same */
        VAULT_ORDER, /* text: struct order_ask, box: the approver's TOTP, step → step, box: order_signed */
        VAULT_COURT, /* the same with struct court_ask (wire/court.h) → box: court_signed */
        VAULT_FILE,  /* text: struct file_sign (wire/file_sign.h) → box: file_signed */
        VAULT_AUDIT, /* text: struct audit_ask (wire/audit_head.h) → box: audit_signed */
        VAULT_ANSWER,
        VAULT_LAST = VAULT_ANSWER,
};

/* What a box is for; part of its key. */
enum vault_purpose {
        VAULT_FOR_PASSWORD = 1,
        VAULT_FOR_TOTP,
        VAULT_FOR_CODES,
        VAULT_FOR_SECRET, /* of another system, which the node itself must show there */
};

struct msg_vault_ask {
        uint32_t type; /* enum vault_message */
        uint32_t box_len, text_len, reserved;
        uint64_t ticket; /* comes back */
        int64_t person;  /* whose; of VAULT_FOR_SECRET: the number of the secret */
        int64_t step;
        unsigned char box[VAULT_BOX_MAX];
        char text[VAULT_TEXT_MAX];
};

/* error: 0; -EACCES: the password or code is not right (a box that is none is the same); -EALREADY: a code
 * was right and is used up; -EAGAIN: too many wait; -EPERM: never. */
struct msg_vault_answer {
        uint32_t type; /* VAULT_ANSWER */
        int32_t error;
        uint32_t box_len, text_len;
        uint64_t ticket;
        int64_t step;
        unsigned char box[VAULT_BOX_MAX];
        char text[VAULT_TEXT_MAX];
};

#endif
