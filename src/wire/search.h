/* Between the desk and a search's process (main/process_search.c): one stream for each search, made by
 * main when the desk asks for it (DESK_SEARCH, wire/node.h). The desk asks once; the process answers in
 * frames until it has nothing more to say, then either closes. Who does not read is not written to: the
 * process waits for the socket, so a slow reader costs no memory. Native byte order.
 *
 * What the process says is looked at as anybody's word (search_frame()): it is sandboxed, but it saw what
 * strangers sent. */
#ifndef WIRE_SEARCH_H
#define WIRE_SEARCH_H

#include "base/base.h"

#define SEARCHES_MAX 4u /* of a node at once */
#define SEARCH_RULES_MAX 64000u
#define SEARCH_SOURCES_MAX 65536u
#define SEARCH_FRAME_MAX ((size_t)1 << 20)
#define SEARCH_SEQS_MAX 3u
#define SEARCH_KEY_BYTES 32u

enum search_kind { SEARCH_QUERY = 1, SEARCH_EXPLAIN };
enum {
        SEARCH_NEWEST = 1 << 0,
        SEARCH_MASK = 1 << 1, /* names of people, addresses and paths are pseudonyms */
        SEARCH_CSV = 1 << 2,
        SEARCH_SCOPED = 1 << 3, /* only sources of the list */
        SEARCH_VI = 1 << 4,     /* what people read is in Vietnamese */
};

/* What is asked, then `query`, `rules` (its terms as Sigma rules; of SEARCH_EXPLAIN: the rule's id) and
 * `sources` (names, each ended by NUL), one behind the other. */
struct search_ask {
        uint32_t kind, flags;
        uint32_t query_len, rules_len, sources_len;
        uint32_t seconds; /* at most so long */
        int64_t from, to; /* of the event; TIME_NONE: no bound */
        uint64_t limit;   /* events shown */
        uint32_t n_seqs, reserved;
        uint64_t seqs[SEARCH_SEQS_MAX];      /* SEARCH_EXPLAIN: the records … */
        uint64_t offsets[SEARCH_SEQS_MAX];   /* … and where in them the events begin */
        unsigned char key[SEARCH_KEY_BYTES]; /* of pseudonyms */
};

enum search_frame {
        SEARCH_BEGUN = 1, /* it looks; or, with text, it cannot: what is wrong with the query */
        SEARCH_TEXT, /* whole lines for the reader; of SEARCH_EXPLAIN one JSON object, the last frame */
        SEARCH_ACCOUNTS, /* uint64_t each: accounts that the records at hand named (scan/pseudonym.h) */
        SEARCH_OVER,     /* it ended by itself: nothing follows */
};
struct search_head {
        uint32_t len, frame; /* len: of what follows */
};

#endif
