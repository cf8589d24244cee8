/* DIR/meta.db: the tail (batches that are durable and in no block yet), positions of sources, and what
 * is known of blocks beyond the days' files: the last one sealed, and days that were taken away. */
#ifndef STORE_TAIL_H
#define STORE_TAIL_H

#include "store/db.h"
#include "store/row.h"

#define TAIL_NAME "meta.db"
#define TAIL_KIND 0x434c4d31u /* application id: "CLM1" */
#define DAY_KIND 0x434c4431u  /* "CLD1" */

struct tail {
        sqlite3 *db;
        sqlite3_stmt *begin, *insert, *position, *unposition, *remove, *end, *commit;
        unsigned char id[STORE_ID_BYTES];
};

/* Where the chain of blocks ends. */
struct chain_end {
        uint64_t number, end_seq; /* of the last block; 0 and 1 before the first */
        int64_t piece;            /* whose file has the last block: store/day.h */
        unsigned char chain[CHAIN_BYTES], tail[CHAIN_BYTES];
};

int tail_open(struct tail *t, const char *path, bool create);
void tail_close(struct tail *t);

/* One transaction: the rows of `l` (those without frames only for their positions), and rows below
 * `end`, which are in blocks now, go. */
int tail_commit(struct tail *t, const struct row_list *l, const struct chain_end *end);

/* Calls for each row with end_seq > from, in order; `row` is the callee's. */
typedef int tail_each(void *ctx, struct row *row);
int tail_rows(sqlite3 *db, uint64_t from, tail_each *each, void *ctx);
/* What meta.db was last told; number 0 when nothing yet. */
int tail_end(sqlite3 *db, struct chain_end *ret);
int tail_id(sqlite3 *db, unsigned char ret[STORE_ID_BYTES]);

/* All positions, as an array; free() it. */
int tail_positions(sqlite3 *db, struct position **ret, size_t *ret_n);

#endif
