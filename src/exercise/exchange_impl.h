/* What the readers of other formats share: a plan that grows in an arena, and what is said of records. */
#ifndef EXERCISE_EXCHANGE_IMPL_H
#define EXERCISE_EXCHANGE_IMPL_H

#include <jansson.h>

#include "exercise/exchange.h"
#include "exercise/scenario_impl.h"

struct import {
        struct arena *arena;
        struct plan plan;
        struct plan_step *steps;
        struct plan_inject *injects;
        struct plan_expectation *expectations;
        struct plan_condition *conditions;
        json_t *faults, *warnings, *lint;
        unsigned n_faults, n_warnings;
        struct plan *loaded; /* what meta.x-coloa kept; the plan's texts are of it */
        bool failed;
};

/* One finding of a record. `where`: as the format names places ("injects[2].name", "line 7"). */
enum import_rule {
        IMPORT_JSON,
        IMPORT_SHAPE,
        IMPORT_MISSING,
        IMPORT_REFERENCE,
        IMPORT_TWICE,
        IMPORT_MANY,
        IMPORT_TIME,
        IMPORT_ROW,
        IMPORT_COLUMN,
        IMPORT_CYCLE,
        IMPORT_PLAN,
        IMPORT_FORMAT,
        IMPORT_KEPT,
        IMPORT_TAMED,
        IMPORT_LAX,
        IMPORT_TECHNIQUE,
        IMPORT_DRAFT,
        IMPORT_RULES
};
void import_tell(struct import *im, unsigned line, const char *where, enum import_rule rule,
                 const char *what);

const char *import_print(struct import *im, const char *fmt, ...) _printf_(2, 3);
const char *import_keep(struct import *im, struct span s);
/* A text of players, in both languages: addresses that could be somebody's are replaced, which is told once a
 * document; cut to `max` bytes. */
struct plan_text import_text(struct import *im, const char *s, size_t max);
/* An id out of any text; unique among steps and injects. */
const char *import_id(struct import *im, const char *text, const char *fallback);
/* Room for one more; NULL: told, or no memory. */
struct plan_step *import_step(struct import *im);
struct plan_inject *import_inject(struct import *im);
/* A line about the last 'of', with a curve that fits the drill's length (set before). */
struct plan_expectation *import_expectation(struct import *im, const char *of, enum plan_fact fact,
                                            unsigned weight, const char *title);
/* Side by side, at the end; -1: told. */
int import_conditions(struct import *im, unsigned n);
/* Title, length, roster, one host: what a plan needs and the document may not say. */
void import_frame(struct import *im, const char *id, const char *title, const char *about,
                  int64_t length);

int cexf_read(struct import *im, const json_t *root);
int attack_flow_read(struct import *im, const json_t *root);
int msel_read(struct import *im, struct span text);

/* The uuid of an inject in CEXF: the one that it had, else one of its own. */
void cexf_uuid(const struct plan *p, const struct plan_inject *x, char to[37]);
/* As import_text() makes it, without telling. */
void exchange_tame(const char *s, size_t max, struct buf *out, char *first, size_t room);
/* "xxxxxxxx-xxxx-4xxx-…": the same for the same two texts. */
void exchange_uuid(const char *a, const char *b, char to[37]);

#endif
