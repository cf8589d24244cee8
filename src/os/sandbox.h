/* Our pledge: before the first foreign byte a process gives up all but what its job needs.
 * seccomp (libseccomp, kill on violation) plus Landlock as far as the kernel has it (no paths at
 * all; ABI 4's network rules and ABI 6's scopes when there), no_new_privs, no core dumps, resource
 * limits. */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include "base/base.h"

enum sandbox_job {
        SANDBOX_RULES,     /* its input by descriptor; may make a memfd, seal it and send it */
        SANDBOX_INGEST,    /* reads descriptors it is sent, writes the ring */
        SANDBOX_JUDGE,     /* maps were made before; messages only, no new executable memory */
        SANDBOX_DESK,      /* files of the state, all open; maps what it is sent */
        SANDBOX_CONSOLE,   /* takes connections of one listener, shows what it maps */
        SANDBOX_LISTEN,    /* takes connections of listeners it was sent, makes none */
        SANDBOX_SEAL,      /* reads the ring, writes its output */
        SANDBOX_VAULT,     /* messages, and its key in memory */
        SANDBOX_ACT,       /* netlink (firewall, addresses), and its ledger, which is open */
        SANDBOX_COURIER,   /* connections outward of the internet's two families, none inward */
        SANDBOX_CORRELATE, /* messages, and one scratch descriptor to spill to */
        /* Files of one directory, by name (sandbox_allow_directory()). Without Landlock nothing keeps it
           to that directory but a root of its own (sandbox_directory()), or the rights of its user. */
        SANDBOX_STORE,
        SANDBOX_COPY, /* the same for some directories, and what lies below */
        /* Files of directories, to be read only (sandbox_allow_reading()); memory that is sealed and sent. */
        SANDBOX_SEARCH,
        SANDBOX_HAND, /* the files of accounts, by name, in /etc; a line to the manager of services */
};

/* Seconds of processor time for one job with rules, since main waits for its end: some hundred times
 * what all public rules take. The kernel kills what needs longer. */
#define SANDBOX_RULES_CPU 120u

struct sandbox_report {
        int landlock_abi; /* 0: the kernel has none */
        bool seccomp;
};

/* What the kernel knows of Landlock; 0: it has none, or it is switched off. */
int sandbox_landlock(void);

/* Before sandbox_enter(SANDBOX_STORE, …): a directory whose files may be made, read, written and
 * removed; at most four. 0 or -errno. */
int sandbox_allow_directory(const char *path);
/* The same of which nothing but reading is allowed. */
int sandbox_allow_reading(const char *path);
/* The same for a process that needs no other: where the kernel has no Landlock the directory becomes the
 * root of all paths, if that can be done (as root, or in a user namespace). From then on its paths are
 * those below sandbox_directory(). */
int sandbox_allow_root(const char *path);
const char *sandbox_directory(const char *path);

/* Irrevocable. COLOA_LANDLOCK_ABI in `max_landlock_abi` (<0: as the kernel has it) lets tests run
 * with fewer features. 0 or -errno; on an error the caller must exit: nothing foreign is read
 * without a sandbox. */
int sandbox_enter(enum sandbox_job job, int max_landlock_abi, size_t max_memory,
                  struct sandbox_report *ret);

#endif
