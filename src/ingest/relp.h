/* RELP, the server's side, as a machine without sockets: bytes in, transactions out; and the answers
 * to them, in order, once what they carry is durable. Written from the protocol's description; the
 * three commands that matter: open, syslog, close. */
#ifndef INGEST_RELP_H
#define INGEST_RELP_H

#include "base/buf.h"
#include "wire/records.h"

#define RELP_WINDOW 1024u /* transactions without an answer; beyond, it is not read */
#define RELP_HEAD_MAX 64u /* "999999999 serverclose 999999999 " and room */
#define RELP_DATA_MAX ((uint64_t)64 << 20)
#define RELP_OFFERS_MAX 4096u

enum relp_command { RELP_OPEN, RELP_SYSLOG, RELP_CLOSE, RELP_OTHER };

struct relp_frame {
        uint32_t txnr;
        enum relp_command command;
        struct span data;  /* into `in`; at most RECORD_MAX */
        uint64_t true_len; /* of the data */
        const char *what;  /* RELP_BAD: constant English phrase */
};

enum relp_result {
        RELP_FRAME,
        RELP_MORE, /* keep `in` as it is now, and come again with more behind it */
        RELP_BAD,  /* answer with relp_answer_bad(); over once relp_is_over() */
};

struct relp_waiting {
        uint64_t seq;
        uint32_t txnr;
};

/* Caller's memory; nothing to free. */
struct relp {
        bool opened, closing; /* closing: a close came; no frame may follow */
        bool in_data;
        uint32_t txnr, close_txnr;
        const char *close_what; /* why we close; NULL: as asked to */
        enum relp_command command;
        uint64_t len, dropped;
        uint32_t first, n; /* of waiting, a ring */
        struct relp_waiting waiting[RELP_WINDOW];
};

void relp_init(struct relp *r);
/* Takes one frame off the front of `in`; after RELP_MORE at most RECORD_MAX + RELP_HEAD_MAX bytes
 * are left in it. The caller asks only while relp_has_room(). */
enum relp_result relp_next(struct relp *r, struct span *in, struct relp_frame *ret);
static inline bool relp_has_room(const struct relp *r) {
        return r->n < RELP_WINDOW && !r->closing;
}

/* Answers go to the end of `out`. Each is said once per frame. */

/* To RELP_OPEN. false: what it offers is not ours: answered 500, close. */
bool relp_answer_open(struct relp *r, const struct relp_frame *f, struct buf *out);
/* To RELP_SYSLOG, which became record `seq`: waits. */
void relp_wait(struct relp *r, uint32_t txnr, uint64_t seq);
/* Everything below `durable` is: says "200 OK" to those that waited for it, in order. Returns how
 * many. The end, if it came, is answered once nothing waits: relp_is_over(). */
unsigned relp_durable(struct relp *r, uint64_t durable, struct buf *out);
/* To RELP_CLOSE: answered now or, by relp_durable(), behind what still waits. */
void relp_close(struct relp *r, const struct relp_frame *f, struct buf *out);
static inline bool relp_is_over(const struct relp *r) {
        return r->closing && r->n == 0;
}
/* "500 what" to transaction f->txnr (0: none known), then the hint that we close; now or, by
 * relp_durable(), behind what still waits. */
void relp_answer_bad(struct relp *r, const struct relp_frame *f, struct buf *out);

#endif
