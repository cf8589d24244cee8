/* Every message between main and the processes of a node: fixed structs over SOCK_SEQPACKET pairs,
 * one message a packet; descriptors travel beside. The receiver checks length and every value.
 *
 *     ingest ──FILLED slot──► main ──SEAL slot──► seal ──SEALED──► main ──COMMIT──► store
 *                                   ──JUDGE slot─► judge (outbox) ──JUDGED─► main ──BATCH──► desk
 *     store ──DURABLE seq──► main ──DURABLE seq──► ingest          desk ──COMMITTED──► main
 *     main ──SLOT n (free)──► ingest
 *
 * main routes numbers and never looks at a record. A slot is free once durable and judged, or once
 * durable and the ring is three quarters full: what judging skipped is judged from the store
 * (READ → FRAMES → JUDGE_FRAMES). */
#ifndef WIRE_NODE_H
#define WIRE_NODE_H

#include "wire/keep.h"
#include "wire/records.h"

#define NODE_SEALS_MAX 4u
#define NODE_JUDGES_MAX 16u
#define SEAL_HALVES 2u
#define SEAL_HALF_BYTES ((size_t)1 << 20)

enum node_message {
        /* main ↔ ingest (ingest/serve.h says more) */
        NODE_SOURCE = 100, /* struct msg_source: a source of the configuration */
        NODE_LISTEN,       /* struct msg_listen + the bound socket */
        NODE_SECRET,       /* struct msg_secret + sealed memfd: a key, certificate or token list */
        NODE_BEGIN,        /* msg_node_seq: all was said; seq: the first sequence number to give */
        NODE_SLOT,         /* msg_node_slot: free, fill it */
        NODE_DURABLE,      /* msg_node_seq: everything below seq is durable */
        NODE_FILE,         /* msg_node_file + descriptor: a followed file, asked for or found */
        NODE_PEER,     /* msg_plain + socket: a direct line to a process (store, desk, vault); to
                              the vault, value: NODE_PEER_DESK: of the desk (wire/vault.h), else the store */
        NODE_STOP,     /* finish: hand over what is there, take nothing more */
        NODE_FILLED,   /* msg_node_slot */
        NODE_NOTE,     /* msg_note: one line for the operator's log */
        NODE_IMPORTED, /* msg_imported: a FILE_IMPORT is durable, or why it is not */

        /* main ↔ seal */
        NODE_SEAL = 120, /* msg_seal: slot into half */
        NODE_SEALED,     /* msg_seal */

        /* main ↔ store */
        STORE_OUTPUT = 130, /* msg_node_slot.slot: number of the seal + its output, read-only */
        STORE_COMMIT,       /* msg_seal: what a seal wrote */
        STORE_TAKEN,        /* msg_seal: copied; the half may be used again */
        STORE_DURABLE,      /* msg_node_seq: everything below is on disk */
        STORE_READY,        /* msg_store_ready */
        STORE_STATE,        /* msg_store_state: cannot write, or can again */
        STORE_READ,         /* msg_store_read */
        STORE_FRAMES,       /* msg_store_frames + memfd: struct frame_list (store/frames.h) */
        STORE_POSITIONS,    /* msg_store_frames, n_frames positions + memfd: struct position[] */
        STORE_HOLD,         /* msg_store_hold: a hold, or its release */
        STORE_HELD,         /* msg_kept: durable, or why not */

        /* main ↔ judge */
        JUDGE_SLOT = 150, /* msg_judge */
        JUDGE_FRAMES,     /* msg_judge + memfd as from STORE_FRAMES */
        JUDGED,           /* msg_judge; JUDGE_FULL and JUDGE_EMPTIED are a hunt's */

        /* main ↔ desk */
        DESK_OUTBOX =
                170, /* msg_judge.judge + its outbox, writable (the tail); a new judge has a new one */
        DESK_PROGRAM, /* msg_plain + memfd: names of rules, correlations */
        DESK_BATCH, /* msg_judge: take all of records below first_seq, which are durable; [from, to)
                            is judged, nothing when equal */
        DESK_TAKEN, /* msg_judge: empty; or error: the judge broke the format */
        DESK_COMMITTED,  /* msg_judge: durable; first_seq: so is all below, without a gap */
        DESK_READY,      /* msg_node_seq: everything below was judged and committed */
        DESK_INCIDENT,   /* msg_own_alert: the node itself has something to say */
        DESK_EXCEPTIONS, /* msg_plain + the file of exceptions, open or in a memfd */
        DESK_RETRO, /* struct msg_desk_retro + program and socket: a run over the past (wire/retro.h) */
        DESK_CLOCK, /* msg_node_seq: all received before (ns UTC) was judged and handed over by DESK_BATCH;
                       said now and then, so that windows close in quiet periods */
        DESK_STATS,   /* msg_desk_stats: now and then, to a main that asked for it at the start */
        DESK_AUDIT,   /* msg_desk_audit: what somebody does, for the audit log */
        DESK_AUDITED, /* msg_kept: durable */
        DESK_HOLD,    /* msg_store_hold, from the desk: evidence is to be kept */
        DESK_HELD,    /* msg_kept, to the desk: what came of it */
        DESK_SEARCH, /* msg_plain: a search for that place, please (wire/search.h); back: not now */
        DESK_REGIMES, /* msg_plain + sealed memfd: the law, as rules/regime.c makes it */
        DESK_CONFIGURATION, /* msg_plain + sealed memfd: what the file says, to be shown (main/config_show.h) */

        /* store ↔ vault, directly */
        VAULT_SIGN = 190, /* msg_sign */
        VAULT_SIGNED,     /* msg_signed */
        VAULT_DERIVE,     /* msg_sign: a key for the pseudonyms of one report, of these bytes */
        VAULT_DERIVED,    /* msg_signed: it stands first in `signature` */

        /* main ↔ courier */
        COURIER_CONFIG = 200, /* msg_plain + sealed memfd: JSON (main/node_courier.c) */
        COURIER_STATS,        /* msg_courier_stats: now and then */
};

#define NODE_PEER_DESK 1u
/* To the desk: a stream of wire/api.h's frames, of the console or of a caller on this machine; to the console:
 * its end of the first. */
#define NODE_PEER_CONSOLE 2u
#define NODE_PEER_LOCAL 3u
#define NODE_PEER_SEARCH 16u /* + place: to the desk: a stream to a process that searches */
#define NODE_PEER_ACT 4u     /* to the desk: of act (wire/order.h) */
/* To desk and courier: the two ends of a stream (wire/courier.h). */
#define NODE_PEER_COURIER 5u
/* To the desk, of ingest; to ingest, of the desk: the two ends of a stream (wire/replay.h). */
#define NODE_PEER_REPLAY 6u

struct msg_node_seq {
        uint32_t type, reserved;
        uint64_t seq;
};

struct msg_node_slot {
        uint32_t type, slot;
        uint32_t bytes, n_records; /* FILLED */
        uint64_t first_seq;        /* FILLED */
};

struct msg_note {
        uint32_t type;
        uint32_t level;               /* 0 error, 1 warning, 2 information */
        char source[SOURCE_NAME_MAX]; /* or empty */
        char text[160]; /* English constant phrase or key=value; printable ASCII, checked */
};

struct msg_imported {
        uint32_t type, token;
        int32_t error;           /* 0 or -errno */
        uint32_t bad;            /* stretches that could not be read */
        uint64_t records, bytes; /* taken now */
        uint64_t before;         /* bytes that were read before, of the same content */
        char what[96];           /* of the last stretch: a constant English phrase */
};

struct msg_seal {
        uint32_t type, slot;
        uint32_t seal, half; /* which output */
        uint32_t bytes;      /* SEALED, COMMIT: used of the half */
        int32_t error;       /* SEALED: 0 or -errno */
        uint64_t first_seq;
        uint32_t n_records;
        uint32_t flags; /* SEAL: SEAL_PLAIN */
};

/* Seals died on this slot: no filter, no cleverness, only the bytes. */
#define SEAL_PLAIN 1u

/* What a seal writes into its half is struct sealed (store/seal.h); main never looks at it. */

struct msg_store_ready {
        uint32_t type;
        int32_t error;     /* 0; -EBUSY: another node has the directory; … */
        uint64_t next_seq; /* first sequence number never given */
        char what[160];
};

enum store_condition { STORE_FINE = 0, STORE_FULL, STORE_READ_ONLY, STORE_IO_ERROR, STORE_CLOCK };
/* What an error of the disk means; STORE_FINE: it is none of the disk's. */
static inline enum store_condition store_condition_of(int error) {
        switch (-error) {
        case ENOSPC:
        case EDQUOT: return STORE_FULL;
        case EROFS:
        case EACCES: return STORE_READ_ONLY;
        case EIO: return STORE_IO_ERROR;
        default: return STORE_FINE;
        }
}
struct msg_store_state {
        uint32_t type, condition; /* enum store_condition */
        int32_t error;
        char what[160];
};

#define STORE_WORDS_MAX 16u
struct msg_store_read {
        uint32_t type, token; /* comes back */
        uint64_t from, to;    /* sequence numbers, [from, to) */
        uint64_t max_bytes;   /* of compressed frames; at least one frame is given */
        /* A search: only blocks received in [time_from, time_to) (0: no bound) that may hold
         * all of these tokens (store/token.h), latest first if asked. The answer's [from, to) is what
         * was looked through; go on before or behind it. */
        int64_t time_from, time_to;
        uint32_t n_words, backwards;
        uint32_t words[STORE_WORDS_MAX];
};

struct msg_store_frames {
        uint32_t type, token;
        uint32_t n_frames;
        int32_t error;
        uint64_t from, to; /* what the frames cover; to == from: nothing there */
        uint64_t bytes;    /* of the memfd */
};

struct msg_judge {
        uint32_t type, judge;
        uint32_t slot; /* JUDGE_SLOT; UINT32_MAX: frames */
        uint32_t n_records;
        uint64_t first_seq;
        uint64_t from, to;    /* judge only records with these sequence numbers, [from, to) */
        uint64_t events, bad; /* JUDGED */
        /* JUDGED: records of frames that did not open; matches that regular expressions gave up */
        uint64_t unopened, given_up;
        uint64_t bytes;   /* JUDGE_FRAMES: of the memfd */
        uint32_t program; /* generation of the rules that judged, from 1 */
        int32_t error;    /* DESK_TAKEN */
};

/* In the order of enum node_number from NUMBER_VERDICTS on (wire/node_stats.h). */
#define DESK_NUMBERS_MAX 32u
struct msg_desk_stats {
        uint32_t type, n;
        uint64_t numbers[DESK_NUMBERS_MAX];
};

enum own_alert {
        OWN_SILENT_SOURCE = 1, /* a source said nothing for longer than allowed */
        OWN_CRASH,             /* a record was set aside: judges died on it */
        OWN_STORE,             /* the store cannot write */
        OWN_UNKNOWN_SENDER,
        OWN_RATE_LIMITED, /* a rule's verdicts beyond the limit were counted only */
        OWN_DRILL,        /* a restore drill was not good; the desk's own */
        OWN_AUDIT, /* the audit log and what was signed of it are not of one another; the desk's own */
};
struct msg_own_alert {
        uint32_t type, what; /* enum own_alert */
        uint64_t seq;        /* of the record, or 0 */
        int64_t time;
        char source[SOURCE_NAME_MAX];
        char text[160];
};

struct msg_courier_stats {
        uint32_t type, reserved;
        uint64_t mails, webhooks, asks, failed, refused; /* since it began */
};

#define SIGN_MAX 256u
struct msg_sign {
        uint32_t type, len;
        unsigned char bytes[SIGN_MAX]; /* begins with a name of what it is: "coloa-head-1" */
};
struct msg_signed {
        uint32_t type;
        int32_t error;
        unsigned char signature[64], public_key[32];
};

#endif
