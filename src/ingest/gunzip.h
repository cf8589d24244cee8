/* gzip pushed in pieces: what HTTP bodies come packed with. Any number of members; nothing else. */
#ifndef INGEST_GUNZIP_H
#define INGEST_GUNZIP_H

#include <sys/types.h>

#include "base/base.h"

struct gunzip;

struct gunzip *gunzip_new(void); /* NULL: out of memory */
struct gunzip *gunzip_free(struct gunzip *z);
CLEANUP(gunzip, gunzip_free)

/* Takes from the front of `in` and unpacks to `to`: bytes, at most n; less than n only when all of `in`
 * was taken. -EBADMSG: not gzip, or damaged. */
ssize_t gunzip_feed(struct gunzip *z, struct span *in, void *to, size_t n);
/* Whether what was taken so far is whole. */
bool gunzip_whole(const struct gunzip *z);

#endif
