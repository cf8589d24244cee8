/* The body of an Elasticsearch bulk request as a machine without sockets: bytes in, items out. An item
 * is a line that says what to do and, for most, a line with the document. No memory of its own but
 * for names: a document that is not whole yet stays with the caller, at most RECORD_MAX bytes. */
#ifndef INGEST_BULK_H
#define INGEST_BULK_H

#include "wire/records.h"

#define BULK_ACTION_MAX 8192u /* bytes of an action line */
#define BULK_INDEX_MAX 256u
#define BULK_ID_MAX 512u

enum bulk_action { BULK_INDEX, BULK_CREATE, BULK_UPDATE, BULK_DELETE };

struct bulk_item {
        enum bulk_action action;
        unsigned status;      /* 0: to be taken; 400, 413: not, and `what` says why */
        const char *what;     /* constant English phrase */
        struct span index;    /* as given; empty: that of the request. Into the machine */
        struct span id;       /* .p NULL: none */
        struct span document; /* into `in`, without its line end */
        uint64_t true_len;
};

enum bulk_result {
        BULK_ITEM,
        BULK_MORE, /* keep `in` as it is now, and come again with more behind it */
        BULK_BAD,  /* no bulk request from here on: `what`; items before stand */
        BULK_END,
};

/* Caller's memory; nothing to free. Copyable: a copy taken before bulk_next() takes the call back. */
struct bulk {
        uint64_t lines, dropped;
        size_t scanned;
        bool in_document, has_id;
        enum bulk_action action;
        uint16_t index_len, id_len;
        char index[BULK_INDEX_MAX], id[BULK_ID_MAX];
};

void bulk_init(struct bulk *b);
/* Takes one item off the front of `in`. `end`: nothing follows `in`. */
enum bulk_result bulk_next(struct bulk *b, struct span *in, bool end, struct bulk_item *ret);
const char *bulk_action_name(enum bulk_action a);

#endif
