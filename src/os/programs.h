/* Other people's programs (restic, borg), run behind a wall of their own: the process that runs them goes behind
 * it first, they inherit it. What they may: read one directory, do as they like in another, read and execute
 * what the system installed (/usr and its library names). No sockets; no way to the rest of the machine. */
#ifndef OS_PROGRAMS_H
#define OS_PROGRAMS_H

#include "base/base.h"

#include <sys/types.h>

struct programs_wall {
        const char *read_only; /* directory; NULL: none */
        const char *scratch;   /* directory: files, folders, links are made and removed */
        int max_landlock;      /* < 0: as the kernel has it */
        uint64_t file_max;     /* bytes of one file; 0: no limit */
};
/* Irrevocable. -ENOSYS: the kernel has no Landlock, so nothing would keep them from anything. */
int programs_wall(const struct programs_wall *w);

struct program {
        const char *path;
        char *const *argv, *const *envp;
        const char *directory; /* where it stands */
        int secret, out, err;  /* its descriptors 3, 1 and 2; secret -1: none */
};
/* It dies with us. The status of its end comes from os_wait(); 127: it could not be run. */
int program_run(pid_t *ret, const struct program *p);

#endif
