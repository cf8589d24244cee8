/* What a restore drill reads and says (doc/recovery.md): the order of the desk, the listings of restic and borg,
 * which files to try, what was found. No kernel calls: main/process_mender.c runs the programs. */
#ifndef MENDER_MENDER_H
#define MENDER_MENDER_H

#include "base/buf.h"
#include "base/timestamp.h"

typedef struct json_t json_t;

enum mender_kind { MENDER_RESTIC = 1, MENDER_BORG };

#define MENDER_SAMPLE_MAX 64u
#define MENDER_EXPECT_MAX 256u
#define MENDER_PATH_MAX 1024u
#define MENDER_FAULTS_MAX 16u
#define MENDER_LOG 4096u
#define MENDER_LINE ((size_t)64 << 10)

/* A file that is tried: of the listing, then of the disk. */
struct mender_file {
        char path[MENDER_PATH_MAX]; /* without '/' before it */
        uint64_t size;
        int64_t mtime;              /* s; INT64_MIN: unknown */
        char listed[65], found[65]; /* SHA-256 in hex; empty: not known */
        bool there, chosen_by_name;
};

/* What somebody wrote down before: of the configuration, or of the last good drill. */
struct mender_expect {
        char path[MENDER_PATH_MAX], sha256[65];
        int64_t size, mtime; /* -1, INT64_MIN: whatever it is */
};

struct mender_job {
        int64_t id;
        bool whole;
        unsigned sample; /* files, 1 to MENDER_SAMPLE_MAX */
        uint64_t quota;
        char names[MENDER_SAMPLE_MAX][MENDER_PATH_MAX]; /* that are always tried */
        unsigned n_names;
        struct mender_expect expect[MENDER_EXPECT_MAX];
        unsigned n_expect;
};
/* 0, -EBADMSG. */
int mender_job_read(struct mender_job *ret, struct span json);

/* ---- what the repository says ---- */

struct mender_snapshot {
        char name[256]; /* of borg: the archive's; of restic: its id */
        int64_t time;   /* ns */
};
/* The newest of `restic snapshots --json`, `borg list --json`. 1, 0: there is none, -EBADMSG. */
int mender_newest(enum mender_kind kind, struct span json, struct mender_snapshot *ret);

struct mender_listing {
        const struct mender_job *job;
        enum mender_kind kind;
        struct mender_file files[MENDER_SAMPLE_MAX];
        unsigned n, n_named;                              /* of them by name */
        uint64_t seed, seen;                              /* that could be chosen */
        char devices[MENDER_SAMPLE_MAX][MENDER_PATH_MAX]; /* that restic is not to make */
        unsigned n_devices;
        uint64_t n_files, bytes, others, unreadable, hardlinks;
        struct buf line;
        bool too_long;
};
/* `seed`: of the sample; random, so that whoever keeps the repository cannot mend what will be looked at. */
void mender_listing_init(struct mender_listing *l, const struct mender_job *job,
                         enum mender_kind kind, uint64_t seed);
void mender_listing_deinit(struct mender_listing *l);
/* More of the output of `restic ls --json`, `borg list --json-lines`. */
void mender_listing_add(struct mender_listing *l, struct span bytes);
void mender_listing_end(struct mender_listing *l);
/* Of a second listing of borg: the hashes of those that were chosen. */
void mender_hashes_add(struct mender_listing *l, struct span line);
/* A name as restic's patterns take it. false: too long. */
bool mender_pattern(char to[2 * MENDER_PATH_MAX + 2], const char *path);

/* ---- what came of it ---- */

enum mender_fault {
        FAULT_NONE,
        FAULT_WALL,    /* the kernel has no Landlock */
        FAULT_PROGRAM, /* it is not installed, or died */
        FAULT_PASSWORD,
        FAULT_REPOSITORY, /* there is none */
        FAULT_EMPTY,      /* no snapshot */
        FAULT_DAMAGED,    /* listing or restoring failed */
        FAULT_QUOTA,
        FAULT_TIME,
        FAULT_MISSING, /* a listed file is not there */
        FAULT_SIZE,
        FAULT_HASH,     /* not what the repository says */
        FAULT_EXPECTED, /* not what was written down */
        FAULT_TOTAL,    /* of the whole: fewer files or bytes */
        FAULT_NOTHING,  /* no regular file to try */
        FAULT_SCRATCH,  /* the scratch folder cannot be used */
        FAULT_MAX,
};
const char *mender_fault_code(enum mender_fault f);
/* FAULT_NONE: no such code. */
enum mender_fault mender_fault_of(struct span code);

struct mender_result {
        int64_t id;
        struct mender_snapshot snapshot; /* time TIME_NONE: none was found */
        double seconds;                  /* of all, until the last file was restored */
        uint64_t files, bytes;           /* restored */
        uint64_t all_files, all_bytes;   /* in the snapshot */
        unsigned checked, expected;
        struct {
                enum mender_fault fault;
                char detail[256];
        } faults[MENDER_FAULTS_MAX];
        unsigned n_faults;
        char log[MENDER_LOG]; /* the end of what the program said */
        struct mender_file tried[MENDER_SAMPLE_MAX];
        unsigned n_tried;
};
void mender_fault(struct mender_result *r, enum mender_fault f, const char *detail);
/* The chosen files against what was found and what was written down. */
void mender_judge(struct mender_result *r, const struct mender_listing *l);
/* As JSON, and back: whoever reads it trusts nothing. */
int mender_result_write(struct buf *to, const struct mender_result *r);
int mender_result_read(struct mender_result *ret, struct span json);

#endif
