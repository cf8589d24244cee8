/* `coloa doctor`: what is wrong with a node's configuration and machine, and what to do. */
#ifndef MAIN_DOCTOR_H
#define MAIN_DOCTOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "main/config.h"
#include "os/host.h"

#define DOCTOR_FINDINGS_MAX 512u

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor_finding {
        enum doctor_level level;
        const char *check; /* "disk" … : an interface, English */
        struct span text;
        const char *advice; /* what to do; NULL when all is well */
};

struct doctor {
        struct arena arena;
        struct doctor_finding list[DOCTOR_FINDINGS_MAX];
        uint32_t n, n_left_out, count[DOCTOR_ERROR + 1];
        const struct config *config;
        const char *config_path; /* NULL: none */
        uid_t uid;               /* who runs the node */
        char user[64];
        bool node_answers; /* one runs by this configuration */
        int landlock;
};

/* `advice` in the language chosen, NULL with DOCTOR_OK alone. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *check, const char *advice,
                const char *fmt, ...) _printf_(5, 6);
/* Text that lives as long as the doctor. */
const char *doctor_text(struct doctor *d, const char *fmt, ...) _printf_(2, 3);
void doctor_print(const struct doctor *d, struct buf *out, bool json);
/* 0: all is well, 1: warnings, 2: errors. */
int doctor_status(const struct doctor *d);

/* Who runs the node: who owns its directory, when root asks. */
void doctor_who(struct doctor *d);
/* The configuration's own paths: directories, keys, tokens, rules, followed files. */
void doctor_files(struct doctor *d);
void doctor_rules(struct doctor *d);
/* Listeners: addresses and ports; certificates. */
void doctor_net(struct doctor *d);
void doctor_tls(struct doctor *d);

/* What the node that runs says of itself, as `coloa status --json` prints it. */
void doctor_node_judge(struct doctor *d, struct span status);

/* The machine: judged apart from being asked, so that a test can make one up. */
struct doctor_host {
        struct os_disk disk;
        int disk_error;
        uint64_t retention_bytes;
        uint32_t retention_days;
        uint64_t kept_bytes; /* of whole days */
        uint32_t kept_days;
        int64_t now, kept_until; /* ns; kept_until: the last day of the store, TIME_NONE: none */
        struct os_clock clock;
        int clock_error;
        int64_t step_ns; /* that the clock moved by itself while being watched */
        int landlock;    /* ABI */
        int seccomp;     /* 0 or -errno */
        uint64_t files_hard, files_needed;
        bool datagrams, may_force; /* listens to them; may set buffers beyond the limit */
        uint64_t rmem_max, memory_kb;
        uint64_t dropped, arrived; /* datagrams, of all programs */
};
void doctor_host_ask(struct doctor *d, struct doctor_host *ret);
void doctor_host_judge(struct doctor *d, const struct doctor_host *h);

int verb_doctor(int argc, char **argv);

#endif
