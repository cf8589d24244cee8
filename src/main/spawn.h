/* Starting our own processes: the program executes itself again as `coloa: NAME`, with the
 * descriptors it was given at fixed numbers and nothing else: empty environment, no inherited
 * descriptors. */
#ifndef MAIN_SPAWN_H
#define MAIN_SPAWN_H

#include "os/os.h"

#define CHILD_SOCKET 3 /* its message socket; further descriptors follow from 4 on */
#define CHILD_FDS_MAX 8u
/* Turns (os_turns()) of main and ingest: what they hand over keeps all judges at work, and it takes
 * them less time than the shortest turn. */
#define BRISK_US 100u

struct child {
        pid_t pid; /* 0: none */
        int sock;  /* main's end; -1 */
};

struct child_spec {
        const char *name; /* "judge" */
        const int *fds;   /* become 4, 5, … */
        unsigned n_fds;
        const char *const *args; /* further arguments, ends with NULL; may be NULL */
        int cpu;                 /* >= 0: pinned to that one of the CPUs */
        bool brisk;              /* often woken for little work: it goes first, see BRISK_US */
        bool stream;             /* a byte stream instead of packets */
};

int child_start(struct child *ret, const struct child_spec *spec);
/* Another program, with fixed arguments, nothing on its input and its output a pipe of which
 * *ret_output is the reading end (non-blocking). It dies with us. */
int program_start(pid_t *ret_pid, const char *path, const char *const *args, int *ret_output);
/* Asks it to end (by closing its socket), waits `ms`, then kills. Returns its wait status, or
 * -errno. */
int child_stop(struct child *c, int ms);
/* For a child that is dead or dying or no longer trusted: gives it a moment, then kills it. Its
 * wait status, or -errno. */
int child_reap(struct child *c);
/* "exit 3", "killed by SIGSYS (a forbidden system call)": what became of it. Static memory. */
const char *child_fate(int status);

/* In the child: runs what argv[0] "coloa: NAME" selects and ends the process. Returns when this is
 * no child. */
void child_main(int argc, char **argv);

#endif
