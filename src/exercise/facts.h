/* Facts: what the desk's own records say was done in a drill, one by one, as they are given to the formula
 * (score.h) and as they leave in an export.
 *
 * A fact is read from a record of the pipeline, never written by hand. It is immutable: what was decided about
 * it later, by the jury, is a fact of its own (FACT_RULING). People have pseudonyms and duties here, no names.
 *
 * As text, one canonical JSON object on a line: members in the order of struct drill_fact, those that say nothing left
 * out, no blanks, UTF-8 as it is; so the same facts are the same bytes, with the same SHA-256. */
#ifndef EXERCISE_FACTS_H
#define EXERCISE_FACTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "exercise/plan.h"

/* Beside those of the plan's expectations (enum plan_fact): what they are measured from. */
enum fact_kind {
        FACT_PLAYED = PLAN_FACTS, /* step `number` began for this unit */
        FACT_DELIVERED,           /* inject `of` */
        FACT_PREVENTED,           /* step `number` could not go on, by what the unit did */
        FACT_TIP,                 /* somebody told the unit of step `number` */
        FACT_UNDONE, /* action `of` was taken back; value "ordered": by order of the organisers, "expired" */
        FACT_HINT,   /* hint `of` was given */
        FACT_UNUSED, /* source `value`, owned and relevant, said nothing */
        FACT_PAUSE, /* this unit stood still from here to `until`; value: why ("real": an incident) */
        FACT_WATCH,  /* until here facts are whole; value "ended" or "running" */
        FACT_RULING, /* of the jury or the organisers: `value` is what, about `of` */
        FACT_KINDS
};
extern const char *const fact_kinds[FACT_KINDS];

/* Rulings, `value` of FACT_RULING; the last one about the same thing holds. */
#define RULING_VOID "void"       /* expectation `of` does not count */
#define RULING_MATCH "match"     /* fact `of` belongs to step `number` */
#define RULING_REJECT "reject"   /* fact `of` does not count */
#define RULING_QUALITY "quality" /* expectation `of`: Q is `number` millionths */
#define RULING_BROKEN "broken"   /* rule `of` was broken: `number` points, 5 to 10 */
#define RULING_PARDON "pardon"   /* penalty `of` does not count */
#define RULING_RESTORE                                                                             \
        "restore" /* expectation, fact or penalty `of`: what was ruled before is void */

#define FACT_TEXT_MAX 200u
#define FACT_MANY 400u /* objects, steps … of one fact */
#define FACTS_MAX 50000u
#define FACTS_BYTES_MAX ((size_t)32 << 20)
#define FACT_LINE_MAX ((size_t)64 << 10)
#define FACT_TIME_MAX ((int64_t)1 << 46) /* real, ms since 1970: year 4199 */
#define FACT_DRILL_MAX ((int64_t)366 * 86400000)

enum fact_truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE }; /* of a report's field */
struct fact_field {
        const char *name;
        enum fact_truth truth;
};

struct drill_fact {
        const char *id; /* the record's, unique in a play: "alert/17", "incident/4/kind/2" */
        unsigned kind;  /* enum plan_fact, enum fact_kind */
        unsigned play;
        int64_t t;                 /* ms of the drill's clock */
        int64_t real;              /* ms since 1970, clock offset of an offline unit corrected */
        int64_t event;             /* alerts: t of the last event that made it so */
        int64_t latency;           /* alerts: real ms from that event's arrival to the alert */
        int64_t until, until_real; /* FACT_PAUSE */
        const char *actor;         /* pseudonym "p3"; NULL: the node itself */
        const char *const *roles;  /* its duties at that moment */
        const char *of;            /* record, inject, hint, expectation … it is about */
        const char *value;         /* kind of incident, report, choice, source … */
        int64_t number;
        const char *technique;
        const unsigned *steps;      /* of its label: 1…; 0 background */
        const char *const *from;    /* alerts it holds, by id: where there is no label */
        const char *const *objects; /* ids of the plan; "?name" for what the plan does not know */
        const struct fact_field *fields;
        unsigned n_roles, n_steps, n_from, n_objects, n_fields;
        bool label; /* `steps` are those of its label */
        bool self;  /* proposed and approved by one person */
};

struct drill_facts {
        struct drill_fact *facts; /* in order of play, t, id */
        size_t n, room;
        struct arena arena; /* of all texts */
        bool cut;           /* there were more; who adds says so */
};

void facts_init(struct drill_facts *f);
void facts_deinit(struct drill_facts *f);

/* Adds a copy. 0; -EBADMSG: out of its bounds; -E2BIG: too many, or more than is held; -ENOMEM. */
int facts_add(struct drill_facts *f, const struct drill_fact *fact);
/* Into their order; one id twice in a play: -EEXIST. */
int facts_sort(struct drill_facts *f);
/* Those of a play; they stand together. */
const struct drill_fact *facts_of(const struct drill_facts *f, unsigned play, size_t *ret_n);

/* The object of one fact, canonical, without a line's end. */
void fact_write(struct buf *to, const struct drill_fact *f);
/* All, one on a line. */
void facts_write(struct buf *to, const struct drill_facts *f);
/* One line, from anywhere. 0; -EBADMSG; -E2BIG; -ENOMEM. */
int facts_read_line(struct drill_facts *to, struct span line);
/* Lines. `ret_line` (or NULL): the one at fault, from 1. Sorted when it gives 0. */
int facts_read(struct drill_facts *to, struct span text, size_t *ret_line);

#define FACTS_HASH_HEX 65
/* Of the formula that this program computes (formula_hash.c). 0; -ENOMEM. */
int formula_hash(char to[FACTS_HASH_HEX]);
/* SHA-256, in hex. */
void facts_hash(char to[FACTS_HASH_HEX], struct span bytes);

#endif
