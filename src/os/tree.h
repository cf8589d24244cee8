/* A directory that hostile names were written into: walked and emptied without following anything. */
#ifndef OS_TREE_H
#define OS_TREE_H

#include "base/base.h"

struct tree_file {
        const char *path; /* from the top, without '/' before it */
        int fd;           /* open to read; -1: it is no regular file */
        uint64_t size;
        int64_t mtime; /* s */
};
#define TREE_DEPTH 256u
#define TREE_PATH 4096u
/* Each entry that is no directory, links as they are. `each` gives 0 to go on. -ELOOP: deeper than TREE_DEPTH;
 * -ENAMETOOLONG. */
int os_tree_walk(const char *top, int (*each)(void *ctx, const struct tree_file *f), void *ctx);
/* Bytes that its files take. */
int os_tree_size(const char *top, uint64_t *ret);
/* All in it, and the directory; what has no rights gets them first. -ENOENT is fine. */
int os_tree_wipe(const char *top);

#endif
