/* JSON, one token at a time: files of indicators are large, and little of them is wanted. Any bytes are
 * accepted; what is not JSON ends in PULL_BAD at a line. Copy the struct to come back to a place. */
#ifndef INTEL_PULL_H
#define INTEL_PULL_H

#include "base/buf.h"

#define PULL_DEPTH_MAX 64u

enum pull_token {
        PULL_END = 0, /* of the document */
        PULL_BAD,
        PULL_MAP,
        PULL_MAP_END,
        PULL_LIST,
        PULL_LIST_END,
        PULL_KEY,
        PULL_TEXT,
        PULL_NUMBER,
        PULL_TRUE,
        PULL_FALSE,
        PULL_NULL,
};

struct pull {
        struct span all;
        size_t at, token_at; /* where the last token began */
        size_t lined;        /* up to where lines were counted */
        uint32_t lines;
        uint64_t maps; /* bit d: depth d is a map */
        unsigned depth;
        uint8_t state;
};

void pull_init(struct pull *p, struct span text);
/* *ret: of keys, texts and numbers; a text with escapes is written to `to`, valid until that is used
 * again. */
enum pull_token pull_next(struct pull *p, struct buf *to, struct span *ret);
/* All of the value that `t` began. False: bad. */
bool pull_skip(struct pull *p, enum pull_token t);
/* Of the last token, from 1. Costs what lies between it and the last one asked for. */
uint32_t pull_line(struct pull *p);

#endif
