/* What node.c (messages, life and death) and node_start.c (what each process is given) share. */
#ifndef MAIN_NODE_IMPL_H
#define MAIN_NODE_IMPL_H

#include "main/node.h"
#include "main/spawn.h"
#include "wire/control.h"
#include "wire/counters.h"
#include "wire/job.h"
#include "wire/node_stats.h"
#include "wire/order.h"
#include "wire/outbox.h"
#include "wire/search.h"

struct worker {
        struct child child;
        bool wanted, up, watched; /* watched: its socket is in the epoll set */
        bool retired;             /* ended by us to be replaced: no mishap */
        bool renewed;             /* so was the one before */
        int64_t born, again;      /* monotonic; not started before */
        unsigned quick;           /* deaths in a row, soon after birth */
        uint64_t restarts;
        int shared;         /* seal: output; judge: outbox; -1 */
        struct outbox *out; /* of a judge, mapped */
        uint32_t generation;
        const char *why; /* we ended it, why */
};

#define EXTRA_MAX 8u
#define PATH_MAX_TEXT 1024u

#define NODE_FILES_MAX 4096u

struct node_file {
        uint64_t device, inode;
        uint32_t source;
        bool seen;
};

struct node_files {
        struct node_file list[NODE_FILES_MAX];
        uint32_t n;
        int64_t next; /* monotonic */
        uint64_t failed;
        bool full_said;
        pid_t journal; /* journalctl; 0: none */
        char cursor[256];
        bool cursor_known;
        int64_t journal_again;
        unsigned journal_failed;
};

#define NODE_IMPORTS_MAX 16u
#define NODE_IMPORT_NAMES 64u

struct node_import {
        int file, sock;
        uint32_t lang;
        bool told;
        uint32_t times; /* that it was told */
        struct msg_node_file m;
};

struct node_imports {
        struct node_import list[NODE_IMPORTS_MAX];
        uint32_t n, n_names, last_token;
        char names[NODE_IMPORT_NAMES][SOURCE_NAME_MAX];
};

/* What desks said, over the lives of several. */
struct desk_numbers {
        uint64_t before[DESK_NUMBERS_MAX], last[DESK_NUMBERS_MAX];
};

/* The same of couriers. */
#define COURIER_NUMBERS 5u
struct courier_numbers {
        uint64_t before[COURIER_NUMBERS], last[COURIER_NUMBERS];
};

#define NODE_KEEPS_MAX 8u

struct node_keep {
        int sock;
        uint32_t token;
        uint32_t desk_token; /* of the desk's own, with sock -1 */
        bool at_desk;
        int64_t since; /* monotonic */
        struct msg_control_keep m;
};

struct node_keeps {
        struct node_keep list[NODE_KEEPS_MAX];
        uint32_t n, last_token;
};

/* Of the console's pages. */
struct node_web {
        int fd, certificate_fd, key_fd, tickets_fd; /* -1: none; secrets as sealed memory */
        uint64_t print;                             /* of both */
};

/* A process that does one thing for the desk; output -1: none. */
struct node_job {
        struct child child;
        int output;
        uint32_t kind;
        uint64_t id;
        int64_t began; /* monotonic */
};
/* A process that searches for the desk. */
#define NODE_SEARCHES (2 * SEARCHES_MAX)
struct node_search {
        struct child child; /* its socket is the desk's */
        int64_t began;      /* monotonic */
};

#define NODE_JOB_TAG 2000u /* of its socket in the epoll set */

/* A restore drill, or the wiping behind one. */
struct node_mender {
        struct child child;
        int output; /* -1: none */
        bool wipes;
        int64_t id;
        uint32_t attempt;
        int64_t began; /* monotonic */
};
#define NODE_MENDER_TAG 3000u

struct node {
        struct node_options o;
        struct config *config;
        struct flow *flow;
        struct worker workers[NODE_PROCESSES];
        unsigned seals, judges;
        int ep, ring_fd, ring_ro, dedup_fd, counters_fd, program_fd, regimes_fd, key_fd, metrics_fd;
        int head_fd; /* of the audit log's last head; -1: it cannot be kept */
        struct counters_page *counters;
        int counters_ro, stats_fd, stats_ro;
        struct node_stats_page *stats;
        struct desk_numbers desk;
        struct courier_numbers courier;
        int listeners[LISTENERS_MAX];
        uint64_t tls_print;         /* of what ingest was told */
        struct msg_act_key act_key; /* of the vault; type 0: not said yet */
        int ledger_fd;
        uint32_t generation;
        bool stopping;
        bool changed; /* who is up: to be shown at once */
        int64_t ticked;
        int extra[EXTRA_MAX];
        bool readable[EXTRA_MAX];
        unsigned n_extra;
        struct node_files files;
        struct node_imports imports;
        struct node_keeps keeps;
        struct node_web web;
        struct node_job jobs[JOBS_AT_ONCE];
        struct node_mender mender;
        struct node_search searches[NODE_SEARCHES];
};

/* node.c */
_printf_(4, 5) void node_say(struct node *n, int level, const char *process, const char *fmt, ...);
const char *node_name(enum node_process p); /* static: valid until the next call */

/* node_start.c */
int node_make_shared(struct node *n);
/* The listeners of `c` into to[LISTENERS_MAX]. */
/* After main was killed its processes end on their own, and until then one has the sockets too: an
 * address in use is tried for so long. */
int node_bind(struct node *n, const struct config *c, int *to, int patience_ms);
/* What to do about an address that cannot be bound, and under which key another is named; "": nothing is known. */
const char *node_bind_advice(int error, const char *key);
int node_start(struct node *n, enum node_process p);
int node_tell_ingest(struct node *n);
int node_tell_sources(struct node *n);
/* Certificates and keys as their files are now. */
bool node_tls_changed(const struct node *n); /* since they were told */
int node_tell_tls(struct node *n);
int node_tell_gone(struct node *n, uint32_t id);
int node_tell_desk(struct node *n);
int node_tell_regimes(struct node *n);
int node_tell_configuration(struct node *n);
/* A file as sealed memory; *print changes with its bytes. */
int node_seal_file(const char *path, int *ret_fd, uint64_t *print);
int node_tell_act(struct node *n); /* whose orders count, what is never touched */
int node_open_ledger(struct node *n);
int node_join_act(struct node *n);
/* Whether it has to begin anew for what it may do. */
bool node_act_needs_new(const struct config *before, const struct config *now);
int node_tell_courier(struct node *n); /* servers, secrets, where it may connect to */
int node_join_courier(struct node *n);
int node_join_act_courier(struct node *n);
/* One message, never waiting. */
int node_send(struct node *n, enum node_process p, const void *m, size_t len, int fd);

/* node_stats.c */
int node_open_stats(struct node *n); /* the page, and the console's listener */
void node_close_stats(struct node *n);
void node_write_stats(struct node *n);
void node_desk_stats(struct node *n, const struct msg_desk_stats *m);
void node_courier_stats(struct node *n, const struct msg_courier_stats *m);
/* The console's address changed, or not. */
void node_move_console(struct node *n, const struct config *before);
bool node_has_console(const struct node *n);

/* node_web.c */
void node_open_web(struct node *n, const struct config *c, int keep); /* keep: a listener, or -1 */
void node_renew_web(struct node *n, const struct config *before);
void node_close_web(struct node *n);
bool node_web_changed(const struct node *n, const struct config *before);
int node_join_console(
        struct node *n); /* a line between desk and console, made anew when either begins */

/* node_files.c */
void node_files_scan(struct node *n);
void node_files_forget(struct node *n); /* a new ingest: all are handed over again */
void node_positions(struct node *n, const struct msg_store_frames *m, int fd);
void node_journal_tick(struct node *n);
void node_journal_end(struct node *n);

/* node_import.c */
void node_imports_tick(struct node *n);
void node_imports_forget(struct node *n); /* a new ingest */
int node_imported(struct node *n, const struct msg_imported *m);
void node_imports_end(struct node *n);

/* node_jobs.c */
int node_job(struct node *n, const struct msg_job *m, int input);
void node_job_message(struct node *n, unsigned i);
void node_jobs_tick(struct node *n);
void node_jobs_forget(struct node *n); /* the desk that asked is gone */

/* node_search.c */
int node_search(struct node *n, uint32_t place);
void node_searches_tick(struct node *n);
void node_searches_forget(struct node *n); /* the desk that asked is gone */

/* node_mender.c */
struct msg_mender;
int node_mender(struct node *n, struct msg_mender *m, int job);
int node_tell_recovery(struct node *n); /* the repositories, to the desk */
void node_mender_message(struct node *n);
void node_mender_tick(struct node *n);
void node_mender_forget(struct node *n); /* the desk that asked is gone */
void node_mender_wipe(struct node *n);   /* the scratch folder, when a node begins */
void node_mender_end(struct node *n);

/* node_keep.c */
int node_hold(struct node *n, const struct msg_store_hold *m); /* the desk asks */
int node_kept(struct node *n, const struct msg_kept *m, bool by_desk);
void node_keeps_tick(struct node *n);
void node_keeps_end(struct node *n);

#endif
