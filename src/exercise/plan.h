/* A scenario as it is played: what `coloa exercise check` made of the YAML that a person wrote
 * (doc/scenarios.md), whole and without a fault. Every time is in milliseconds of the drill's own clock,
 * from its start, unless it says otherwise; factors are in millionths (MILLION is 1).
 *
 * The YAML is read by a process that holds nothing else; what it says is one JSON object, the plan, which
 * is kept with the exercise and loaded by whoever needs it. A plan that was loaded is checked: every number
 * within its bounds, every reference to something that is there. */
#ifndef EXERCISE_PLAN_H
#define EXERCISE_PLAN_H

#include "base/buf.h"

#define SCENARIO_BYTES_MAX ((size_t)1 << 20)
#define PLAN_STEPS_MAX 200u /* a label has 8 bits for a step, 0 is background */
#define PLAN_INJECTS_MAX 200u
#define PLAN_EXPECTATIONS_MAX 400u
#define PLAN_HOSTS_MAX 200u
#define PLAN_ACCOUNTS_MAX 200u
#define PLAN_OUTSIDE_MAX 100u
#define MILLION 1000000u

/* For players, in the story: {unit}, {domain}, {host:ID}, {address:ID}, {account:ID}, {outside:ID} stand for the
 * unit's own names (plan_fill()). */
struct plan_text {
        const char *en, *vi; /* never NULL; "" when there is none */
};

enum plan_os { PLAN_WINDOWS, PLAN_LINUX, PLAN_OTHER };
enum plan_host_kind {
        HOST_WORKSTATION,
        HOST_SERVER,
        HOST_DC,
        HOST_WEB,
        HOST_MAIL,
        HOST_DATABASE,
        HOST_FILES,
        HOST_BACKUP,
        HOST_GATEWAY
};

/* Of the unit: the names are those that play when the unit maps none of its own ({unit} is its code). */
struct plan_host {
        const char *id, *name, *address;
        enum plan_os os;
        enum plan_host_kind kind;
        unsigned criticality; /* 1 to 3: what harming it costs */
        const char *const *
                sources; /* log sources it should have: "sysmon", "security", "auditd", "sshd", "web", "eve" … */
        unsigned n_sources;
};

enum plan_account_kind { PLAN_USER, PLAN_ADMIN, PLAN_SERVICE };
struct plan_account {
        const char *id, *name;
        struct plan_text person; /* who it is, in the story */
        enum plan_account_kind kind;
};

/* Not the unit's: where the attack comes from, or the world at large. Addresses are of RFC 5737, 3849. */
struct plan_outside {
        const char *id, *address, *domain;
        bool attacker;
};

/* ---- when ---- */

enum plan_condition_op {
        PLAN_ALL, /* of `first` … `first + n` */
        PLAN_ANY,
        PLAN_NOT,
        PLAN_FACT, /* the unit has a fact of `fact` about `object`, of value `value` (or any, NULL) */
        PLAN_PLAYED, /* step or inject `object` was played */
        PLAN_CHOSE   /* inject `object` was answered with `value` */
};
struct plan_condition {
        enum plan_condition_op op;
        unsigned fact; /* enum plan_fact */
        const char *object, *value;
        unsigned first, n; /* of plan.conditions: those below */
};
/* At `at`; or `delay` after step or inject `after`; and only if `condition` holds then. With `wait`: as soon as it
 * holds, from then until `until`. */
struct plan_when {
        int64_t at;        /* -1: after */
        const char *after; /* NULL: at */
        int64_t delay, until;
        int condition; /* of plan.conditions; -1: none */
        bool wait;
};

/* ---- what is played ---- */

struct plan_with {
        const char *name, *value;
};
/* One act of the attack (or of an innocent): `activity` is of the catalogue (exercise/activity.h). */
struct plan_activity {
        const char *activity;
        const char *host, *account, *outside; /* ids; NULL: none */
        int64_t offset;                       /* from the step's start */
        const struct plan_with *with;
        unsigned n_with;
};

struct plan_step {
        const char *id;
        struct plan_text title, text; /* text: for the organisers */
        const char *technique;        /* ATT&CK, "T1566.001"; NULL: none */
        const char *tactic;           /* "initial-access"; NULL */
        struct plan_when when;
        bool background; /* innocent: an incident declared on it is a false one */
        const struct plan_activity *activities;
        unsigned n_activities;
        /* What it touches, ids: hosts, accounts, outside. From the activities, or as written. */
        const char *const *targets;
        unsigned n_targets;
};

enum plan_inject_kind {
        INJECT_CALL, /* somebody telephones */
        INJECT_MAIL,
        INJECT_PRESS,
        INJECT_NOTE, /* a ransom note, a paper on the door */
        INJECT_FILE,
        INJECT_FAILURE, /* a backup that failed, a server that is gone */
        INJECT_ORDER    /* from above */
};
struct plan_choice {
        const char *id;
        struct plan_text text;
        unsigned worth; /* millionths: how right it is */
};
struct plan_inject {
        const char *id;
        enum plan_inject_kind kind;
        struct plan_text title, text, from; /* from: who says it, in the story */
        struct plan_when when;
        const char *const *roles; /* who gets it; none: all of the unit */
        unsigned n_roles;
        const struct plan_choice *choices; /* none: a text is answered, or nothing */
        unsigned n_choices;
        bool answer;           /* one is asked for */
        const char *technique; /* or NULL */
        const char *file_name; /* or NULL: an attachment, text */
        struct plan_text file;
        const char *xcexf; /* JSON of what CEXF says and we do not know; NULL: none */
};

/* ---- what is expected ---- */

/* In words: "alert", "acknowledged", … (plan_facts[]). doc/scoring.md says what pipeline record each comes from. */
enum plan_fact {
        FACT_ALERT,        /* a rule spoke of the step's events; part machine */
        FACT_ACKNOWLEDGED, /* a person took that alert, or merged it */
        FACT_DECLARED,     /* an incident holds it */
        FACT_CLASSIFIED,   /* the incident's kind; Q from the table `values` */
        FACT_SCOPE,        /* hosts and accounts linked; Q = F2 over `objects` */
        FACT_CONTAINED,    /* an action in force on `objects`; Q = recall */
        FACT_TOLD,         /* a message or mail to `values` about it */
        FACT_REPORTED,     /* the regime's report `values` sent or handed over; Q = its fields */
        FACT_RESTORED,     /* a restore of `objects`' system; Q 1 proved, ½ not */
        FACT_EVIDENCE,     /* kept with a hash */
        FACT_ANSWERED,     /* inject `of`; Q = worth of the choice */
        FACT_CLOSED,       /* the incident, with its review */
        PLAN_FACTS
};
extern const char *const plan_facts[PLAN_FACTS];

enum plan_part { PART_MACHINE, PART_PEOPLE };
enum plan_capability {
        CAP_DETECT,
        CAP_TRIAGE,
        CAP_INVESTIGATE,
        CAP_CONTAIN,
        CAP_REPORT,
        CAP_RECOVER,
        CAP_COORDINATE,
        PLAN_CAPABILITIES
};
extern const char *const plan_capabilities[PLAN_CAPABILITIES];

struct plan_value {
        const char *value;
        unsigned worth; /* millionths */
};
struct plan_expectation {
        const char *id;
        struct plan_text title;
        const char *of; /* step or inject */
        enum plan_fact fact;
        enum plan_part part;
        enum plan_capability capability;
        unsigned weight;            /* whole points */
        int64_t g, d, h;            /* 0 ≤ g ≤ d < h: full until g, p at d, nothing from h */
        unsigned p;                 /* millionths */
        bool real;                  /* the clock is the wall's, not the drill's */
        const char *const *objects; /* ids of hosts, accounts, outside */
        unsigned n_objects;
        const struct plan_value *values; /* kinds, reports, fields: what is right */
        unsigned n_values;
        const char *const *
                roles; /* who may do it with R = 1: names of wire/permission.h's roles; none: any */
        unsigned n_roles;
};

struct plan_hint {
        const char *id, *step;
        const char *const *expectations; /* whose lines it lowers */
        unsigned n_expectations;
        unsigned price; /* points off those lines together */
        struct plan_text text;
};

struct plan {
        const char *id, *formula,
                *level; /* formula: "coloa-score/1"; level: basic, intermediate, advanced */
        unsigned version;
        char hash[65]; /* BLAKE2b-256 of the YAML, hex */
        struct plan_text title, summary;
        int64_t length;                 /* of the drill */
        unsigned speed_max, demo_speed; /* highest that people's lines allow */
        const struct plan_text *objectives;
        unsigned n_objectives;
        const char *const *roles; /* needed on the roster */
        unsigned n_roles;
        unsigned noise;    /* background events a minute and host, on average */
        bool simulated;    /* containment is written down, not carried out */
        const char *xcexf; /* as of an inject: of the exercise as a whole; NULL */
        const struct plan_host *hosts;
        const struct plan_account *accounts;
        const struct plan_outside *outside;
        const struct plan_step *steps; /* in order of the file; step number in a label: index + 1 */
        const struct plan_inject *injects;
        const struct plan_expectation *expectations;
        const struct plan_hint *hints;
        const struct plan_condition *conditions;
        unsigned n_hosts, n_accounts, n_outside, n_steps, n_injects, n_expectations, n_hints,
                n_conditions;
};

/* The scenario's YAML, checked whole. `out`: one JSON object {"faults": [{"line", "column", "where", "rule", "en",
 * "vi", "remedy_en", "remedy_vi"}], "n_faults", "warnings": [the same], "plan": {…}|null}. 0, whatever the document
 * is; -ENOMEM. */
int scenario_read(struct span yaml, struct buf *out);

/* The plan of that JSON (its "plan" member). 0; -EBADMSG: it is none, or out of its bounds; -ENOMEM. */
int plan_load(struct span json, struct plan **ret);
struct plan *plan_free(struct plan *p);
CLEANUP(plan, plan_free)

/* What the words of a plan are called in it, by the number of each enum. */
extern const char *const plan_oses[PLAN_OTHER + 1];
extern const char *const plan_host_kinds[HOST_GATEWAY + 1];
extern const char *const plan_account_kinds[PLAN_SERVICE + 1];
extern const char *const plan_inject_kinds[INJECT_ORDER + 1];
extern const char *const plan_parts[PART_PEOPLE + 1];
extern const char *const plan_condition_ops[PLAN_CHOSE + 1];
extern const char *const plan_levels[3];

/* By id; -1: none. */
int plan_find_host(const struct plan *p, const char *id);
int plan_find_account(const struct plan *p, const char *id);
int plan_find_outside(const struct plan *p, const char *id);
int plan_find_step(const struct plan *p, const char *id);
int plan_find_inject(const struct plan *p, const char *id);

/* ---- a unit that plays ---- */

/* The unit's own names for the plan's: one for each host and account of the plan, in its order; NULL where the plan's
 * own template is used. */
struct plan_cast {
        const char *unit; /* its code: fills {unit} */
        const char *const *hosts, *const *addresses, *const *accounts;
        const char *domain; /* "corp.example.vn" */
};

/* `text` with what stands for the unit's names put in: of a host, a name, an activity's value, or what players read.
 * `cast` may be NULL, as may each name of it: the plan's own. What stands for nothing stays as it is. */
void plan_fill(const struct plan *p, const struct plan_cast *cast, const char *text,
               struct buf *out);

#endif
