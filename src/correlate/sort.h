/* Puts the hits of an offline hunt into the order of event time, however they arrive, in bounded
 * memory: what does not fit goes to a scratch file as sorted runs, which are merged at the end. The
 * order is total and does not depend on the order of arrival: time (unknown first), input, offset,
 * rule, then the encoded bytes. */
#ifndef CORRELATE_SORT_H
#define CORRELATE_SORT_H

#include "wire/finding.h"

struct sorter;

/* The scratch file. `write` writes all n bytes at off: 0 or -errno. `read` gives up to n bytes from
 * off: their number, 0 at the end, or -errno. */
struct sorter_io {
        int (*write)(void *ctx, uint64_t off, const void *p, size_t n);
        ssize_t (*read)(void *ctx, uint64_t off, void *to, size_t n);
        void *ctx;
};

/* `memory` in bytes, 0: 8 MiB; at least 512 KiB are taken. -ENOMEM. */
int sorter_new(struct sorter **ret, const struct sorter_io *io, size_t memory);
struct sorter *sorter_free(struct sorter *s);
CLEANUP(sorter, sorter_free)

/* `encoded` is what `f` was decoded from; it is copied. 0, -ENOMEM, -EBADMSG (longer than any
 * finding can be), or what `write` said. */
int sorter_add(struct sorter *s, const struct finding *f, struct span encoded);

/* Gives all of them in order, once; stops at the first callback that does not return 0 and returns
 * that. The finding is valid during the call. -EBADMSG: the scratch file does not hold what was
 * written. */
int sorter_drain(struct sorter *s, int (*each)(void *ctx, const struct finding *f), void *ctx);

/* How many runs went to the scratch file, merged ones included. */
uint32_t sorter_runs(const struct sorter *s);

#endif
