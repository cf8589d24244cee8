/* A node: its processes started, watched and started again, their messages put through main/flow.
 * main parses nothing that came from outside. */
#ifndef MAIN_NODE_H
#define MAIN_NODE_H

#include "main/config.h"
#include "main/flow.h"
#include "main/rulebook.h"

struct node;

enum node_process {
        NODE_VAULT,
        NODE_STORE,
        NODE_DESK,
        NODE_INGEST,
        NODE_CONSOLE,
        NODE_ACT,     /* where containment is configured */
        NODE_COURIER, /* where it is configured */
        NODE_SEAL0,
        NODE_JUDGE0 = NODE_SEAL0 + NODE_SEALS_MAX,
        NODE_PROCESSES = NODE_JUDGE0 + NODE_JUDGES_MAX,
};

struct node_options {
        struct config *config; /* lent */
        int landlock;          /* -1: all the kernel has */
        int program_fd;        /* lent; sealed */
        void (*log)(void *ctx, int level, const char *process, const char *text);
        void *ctx;
};

struct node_process_info {
        const char *name; /* "judge 1"; NULL: none such */
        pid_t pid;
        bool up;
        uint64_t restarts;
};

/* Directories, sockets, rings: whatever can be refused is refused here, told by `log`. */
int node_new(struct node **ret, const struct node_options *o);
struct node *node_free(struct node *n);
CLEANUP(node, node_free)

/* Waits for messages at most `timeout_ms` and deals with them. `extra` (-1: none) is waited for too:
 * 1 when it is readable, else 0; -errno ends the node. */
int node_turn(struct node *n, int timeout_ms);
/* Another descriptor that node_turn() waits for, and whether it is readable now. */
int node_wait_for(struct node *n, int fd);
bool node_is_readable(const struct node *n, int fd);

/* New rules from the next batch on. The descriptor stays the caller's. */
int node_set_program(struct node *n, int program_fd);
/* The law, for the desk: JSON of rulebook_regimes(). Copied. */
int node_set_regimes(struct node *n, struct span json);
/* New sources and listeners. */
int node_set_config(struct node *n, struct config *c);
/* Receipt ends; true once all that was received is durable and judged, or `ms` passed. */
void node_stop(struct node *n);
bool node_stopped(const struct node *n);

struct msg_control_import;
/* A file to import: takes both descriptors when it returns 0, and answers on `sock` when all of it is
 * durable. -EBUSY: enough are on their way. */
int node_import(struct node *n, const struct msg_control_import *m, int file, int sock);

/* What the numbers say of rules, besides. */
struct msg_rules_done;
void node_set_numbers(struct node *n, const struct msg_rules_done *rules);
/* Numbers as they are shown, of wire/node_stats.h. */
uint64_t node_count(const struct node *n, unsigned number);

struct msg_control_keep;
/* Something to be written down: takes `sock` when it returns 0, and answers when it is durable. */
int node_keep(struct node *n, const struct msg_control_keep *m, int sock);
struct msg_control_retro;
/* A run over the past, with its rules: takes both descriptors when it returns 0. */
/* A line to the desk for a caller on this machine: frames of wire/api.h. */
int node_api(struct node *n, int *ret_fd);
int node_retro(struct node *n, const struct msg_control_retro *m, int program, int sock);

bool node_all_up(const struct node *n);
const struct flow_stats *node_stats(const struct node *n);
void node_process(const struct node *n, enum node_process p, struct node_process_info *ret);
struct counters_page;
const struct counters_page *node_counters(const struct node *n);
/* Of the listener, as bound. */
int node_listen_fd(const struct node *n, uint32_t i);
/* To the desk: the node's own alerts. */
void node_incident(struct node *n, const struct msg_own_alert *a);

#endif
