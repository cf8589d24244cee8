/* The verb `export`, and how it chooses records. */
#ifndef MAIN_EXPORT_H
#define MAIN_EXPORT_H

#include "base/buf.h"
#include "store/reader.h"
#include "store/seqset.h"

int verb_export(int argc, char **argv);

/* Which records: all that is given must hold. */
struct selection {
        const char *query, *source;         /* NULL: any */
        int64_t from, to;                   /* of the event */
        int64_t received_from, received_to; /* TIME_NONE: no bound */
        uint64_t first, end;                /* sequence numbers; end 0: no bound */
        int landlock;
};

/* 0; -EINVAL: refused, said; -EIO: blocks could not be looked through, said; -errno. */
int selection_find(const struct selection *o, struct reader *reader, struct seqset *ret);
/* As a person reads it, one line of key=value. */
void selection_text(const struct selection *o, struct buf *to);

#endif
