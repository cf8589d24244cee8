/* What the files of the playbook's reader share. */
#ifndef READER_PLAYBOOK_IMPL_H
#define READER_PLAYBOOK_IMPL_H

#include <jansson.h>

#include "reader/playbook.h"

/* A place in the document: a chain on the stack, from the inside out. */
struct at {
        const struct at *up;
        const char *key; /* NULL: `index` */
        size_t index;
};

enum step_type {
        STEP_START,
        STEP_END,
        STEP_ACTION,
        STEP_PLAYBOOK,
        STEP_PARALLEL,
        STEP_IF,
        STEP_WHILE,
        STEP_SWITCH,
        STEP_TYPES
};
extern const char *const step_types[STEP_TYPES];

enum edge_kind {
        EDGE_NEXT,
        EDGE_SUCCESS,
        EDGE_FAILURE,
        EDGE_TRUE,
        EDGE_FALSE,
        EDGE_BRANCH,
        EDGE_CASE,
        EDGE_KINDS
};

/* As the document says it, in the order of its keys. */
struct edge {
        unsigned short from, to;
        enum edge_kind kind;
        const char *label; /* of a case */
        bool loop;         /* back to the while that it is in */
};

struct step {
        const char *id;
        const json_t *o;   /* the step */
        const json_t *ext; /* of our extension; or NULL */
        const char *verb;  /* of an automatic one; or NULL */
        enum step_type type;
        unsigned first, n; /* of edges that leave it */
        bool reached;
        int rank;
        double column;
};

struct reading {
        json_t *root, *faults, *warnings;
        unsigned n_faults, n_warnings;
        bool failed; /* no memory */
        struct step steps[PLAYBOOK_STEPS_MAX];
        unsigned n_steps;
        struct edge edges[PLAYBOOK_EDGES_MAX];
        unsigned n_edges;
        int start, exception; /* -1: none */
};

/* What is wrong, and what to do: constants. */
struct fault_text {
        const char *en, *vi, *remedy_en, *remedy_vi;
};
void playbook_fault(struct reading *r, const struct at *at, const json_t *value,
                    const struct fault_text *t);
void playbook_warn(struct reading *r, const struct at *at, const char *en, const char *vi);

const char *playbook_text(const json_t *o, const char *key); /* NULL: none */
int playbook_step(const struct reading *r, const char *id);  /* -1: none */

/* ---- playbook_shape.c: properties ---- */

/* All but the workflow's flow. */
void playbook_shapes(struct reading *r);
/* "TYPE--UUID", as CACAO has it. */
bool playbook_id(const char *s);

/* ---- playbook_flow.c: steps and where they lead ---- */

void playbook_flow(struct reading *r);

/* ---- playbook_graph.c: ranks and columns ---- */

json_t *playbook_graph(struct reading *r);

/* ---- playbook_plan.c ---- */

json_t *playbook_plan(struct reading *r);

#endif
