/* A file of facts that a unit without connection brings (reader.h: READER_FACTS). */
#ifndef READER_FACTS_H
#define READER_FACTS_H

#include "base/buf.h"

/* 0: `out` also says what is wrong with it. -ENOMEM. */
int merge_read(struct span text, struct buf *out);
/* The same as whoever asked reads it. *ret_good: facts, *ret_n of them; else *ret_n is the line at fault. false: no
 * such message. */
bool merge_said(struct span said, bool *ret_good, size_t *ret_n, struct span *ret_facts);

#endif
