/* DIR/events-YYYY-MM-DD.db: the blocks of a UTC day, their filters, and signed heads of the chain. */
#ifndef STORE_DAY_H
#define STORE_DAY_H

#include "store/db.h"
#include "store/tail.h"

#define DAY_NS (86400 * INT64_C(1000000000))
#define DAY_NAME_MAX 24u

struct day {
        int64_t day; /* days since 1970 */
        sqlite3 *db; /* NULL: none is open */
        sqlite3_stmt *begin, *block, *filter, *head, *commit;
};

/* A block made of rows of the tail. */
struct block {
        struct block_header h;
        unsigned char prev[CHAIN_BYTES], chain[CHAIN_BYTES];
        struct frame_entry *entries;
        struct span data, filter;
};

void day_name(char to[DAY_NAME_MAX], int64_t day);
/* The day of a file's name, or INT64_MIN when it is no day's. */
int64_t day_of_name(const char *name);
/* Days that have files in `dir`, ascending; free() it. */
int day_list(const char *dir, int64_t **ret, size_t *ret_n);

/* Opens for writing. With `before`, where the chain is when the day begins, it is made when new, and its
 * name is on disk then; without, -ENOENT: nobody finished making it. */
int day_open(struct day *d, const char *dir, int64_t day, const unsigned char id[STORE_ID_BYTES],
             const struct chain_end *before);
void day_close(struct day *d);
int day_put(struct day *d, const struct block *b);
int day_put_head(struct day *d, const struct head *h, const unsigned char signature[64],
                 const unsigned char key[32]);

/* For reading: a file of this store (id all zero: of any; it is then filled in). */
int day_open_read(sqlite3 **ret, const char *dir, int64_t day, unsigned char id[STORE_ID_BYTES]);
/* What the file's first block comes after. */
int day_before(sqlite3 *db, struct chain_end *ret);
/* The last block of the file, or number 0. */
int day_end(sqlite3 *db, int64_t day, struct chain_end *ret);

/* Reads a block's columns. Spans are valid until the statement moves; entries and data are checked
 * for shape only. 0, FRAME_E_BAD: the row is damaged. */
#define DAY_BLOCK_COLUMNS "number,header,chain,entries,data"
int day_read_block(sqlite3_stmt *s, struct block_header *ret_h, unsigned char chain[CHAIN_BYTES],
                   struct span *ret_entries, struct span *ret_data);

#endif
