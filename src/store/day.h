/* DIR/events-YYYY-MM-DD.db: the blocks of a UTC day, their filters, and signed heads of the chain. A day that
 * grows large goes on in parts: events-YYYY-MM-DD.part0002.db, and so on. */
#ifndef STORE_DAY_H
#define STORE_DAY_H

#include "store/db.h"
#include "store/tail.h"

#define DAY_NS (86400 * INT64_C(1000000000))
#define DAY_NAME_MAX 40u
#define DAY_PARTS_MAX 9999u

/* A piece is a day (since 1970) and a part of it, from 1, as one number: pieces ascend as time does. On disk
 * (PIECE_STORED) the first part is the day's own number, as it was before there were parts. */
#define PIECE_NONE INT64_MIN
int64_t piece_make(int64_t day, unsigned part);
int64_t piece_day(int64_t piece);
unsigned piece_part(int64_t piece);
int64_t piece_to_disk(int64_t piece);
int64_t piece_from_disk(int64_t stored);

struct day {
        int64_t piece;
        uint64_t after; /* number of the block that the file's first one follows */
        sqlite3 *db;    /* NULL: none is open */
        sqlite3_stmt *begin, *block, *filter, *head, *commit, *pages;
};

/* A block made of rows of the tail. */
struct block {
        struct block_header h;
        unsigned char prev[CHAIN_BYTES], chain[CHAIN_BYTES];
        struct frame_entry *entries;
        struct span data, filter;
};

void day_name(char to[DAY_NAME_MAX], int64_t piece);
/* The piece of a file's name, or PIECE_NONE when it is no day's. */
int64_t day_of_name(const char *name);
/* Pieces that have files in `dir`, ascending; free() it. */
int day_list(const char *dir, int64_t **ret, size_t *ret_n);

/* Opens for writing. With `before`, where the chain is when the piece begins, it is made when new, and its
 * name is on disk then; without, -ENOENT: nobody finished making it. */
int day_open(struct day *d, const char *dir, int64_t piece, const unsigned char id[STORE_ID_BYTES],
             const struct chain_end *before);
void day_close(struct day *d);
/* Closes a file that nothing will be written to again. Its journal goes into it, as far as those who read it at this
 * moment let that happen: nobody is waited for. */
int day_finish(struct day *d);
int day_put(struct day *d, const struct block *b);
/* Bytes of the file, with what its journal will add. */
int day_size(struct day *d, uint64_t *ret);
int day_put_head(struct day *d, const struct head *h, const unsigned char signature[64],
                 const unsigned char key[32]);

/* For reading: a file of this store (id all zero: of any; it is then filled in). */
int day_open_read(sqlite3 **ret, const char *dir, int64_t piece, unsigned char id[STORE_ID_BYTES]);
/* What the file's first block comes after. */
int day_before(sqlite3 *db, struct chain_end *ret);
/* The last block of the file, or number 0. */
int day_end(sqlite3 *db, int64_t piece, struct chain_end *ret);

/* Reads a block's columns. Spans are valid until the statement moves; entries and data are checked
 * for shape only. 0, FRAME_E_BAD: the row is damaged. */
#define DAY_BLOCK_COLUMNS "number,header,chain,entries,data"
int day_read_block(sqlite3_stmt *s, struct block_header *ret_h, unsigned char chain[CHAIN_BYTES],
                   struct span *ret_entries, struct span *ret_data);

#endif
