/* What the files of the scenario's reader share. */
#ifndef EXERCISE_SCENARIO_IMPL_H
#define EXERCISE_SCENARIO_IMPL_H

#include <jansson.h>

#include "base/arena.h"
#include "exercise/plan_bounds.h"
#include "rules/yamltree.h"

enum scenario_rule_id {
        RULE_YAML,
        RULE_EMPTY,
        RULE_DOCUMENTS,
        RULE_SIZE,
        RULE_FORMAT,
        RULE_FORMULA,
        RULE_KEY_UNKNOWN,
        RULE_KEY_STRANGE,
        RULE_KEY_TEXT,
        RULE_KEY_MISSING,
        RULE_TYPE,
        RULE_LIST_LONG,
        RULE_LIST_EMPTY,
        RULE_TWICE,
        RULE_ID,
        RULE_ID_TWICE,
        RULE_TRANSLATION,
        RULE_TRANSLATION_SAME,
        RULE_TEXT_EMPTY,
        RULE_TEXT_LONG,
        RULE_TEXT_CONTROL,
        RULE_WORD,
        RULE_BOOL,
        RULE_NUMBER,
        RULE_TIME,
        RULE_TIME_BOUNDS,
        RULE_PLACEHOLDER,
        RULE_URL,
        RULE_IP,
        RULE_FORM,
        RULE_SECRET,
        RULE_ADDRESS,
        RULE_ADDRESS_HOST,
        RULE_ADDRESS_OUTSIDE,
        RULE_ADDRESS_TWICE,
        RULE_NAME,
        RULE_NAME_TWICE,
        RULE_DOMAIN,
        RULE_OUTSIDE_EMPTY,
        RULE_SOURCE_OS,
        RULE_SOURCES_NONE,
        RULE_UNUSED,
        RULE_TECHNIQUE,
        RULE_TACTIC,
        RULE_TACTIC_OTHER,
        RULE_TECHNIQUE_NONE,
        RULE_WHEN_NONE,
        RULE_WHEN_BOTH,
        RULE_DELAY,
        RULE_AFTER,
        RULE_CYCLE,
        RULE_LATE,
        RULE_WAIT,
        RULE_WAIT_EARLY,
        RULE_CONDITION,
        RULE_CONDITION_DEEP,
        RULE_CONDITION_SELF,
        RULE_REFERENCE,
        RULE_REFERENCE_NEAR,
        RULE_CHOICE_NONE,
        RULE_NEVER,
        RULE_ACTIVITY,
        RULE_ACTIVITY_STRANGE,
        RULE_ACTIVITY_NEEDS,
        RULE_ACTIVITY_OS,
        RULE_ACTIVITY_KIND,
        RULE_ACTIVITY_SILENT,
        RULE_PARAM,
        RULE_PARAM_MISSING,
        RULE_PARAM_VALUE,
        RULE_PARAM_BOUNDS,
        RULE_ACTIVITY_OTHER,
        RULE_STEP_EMPTY,
        RULE_BACKGROUND,
        RULE_OFFSET,
        RULE_CHOICE_SINGLE,
        RULE_CHOICE_WRONG,
        RULE_CHOICE_EQUAL,
        RULE_ANSWER,
        RULE_FILE_NAME,
        RULE_XCEXF,
        RULE_OF,
        RULE_OF_BACKGROUND,
        RULE_FACT_INJECT,
        RULE_FACT_STEP,
        RULE_ANSWER_NONE,
        RULE_SILENT,
        RULE_PART,
        RULE_CURVE,
        RULE_FAST,
        RULE_ENDS,
        RULE_WEIGHTS,
        RULE_CAPABILITY_FEW,
        RULE_VALUES,
        RULE_VALUE,
        RULE_VALUE_WRONG,
        RULE_OBJECTS,
        RULE_OBJECT_KIND,
        RULE_INNOCENT,
        RULE_UNSCORED,
        RULE_ROLE_OFF,
        RULE_ROLE_APPROVER,
        RULE_DEMO,
        RULE_DEMO_LONG,
        RULE_DECOY,
        RULE_HINT_STEP,
        RULE_HINT_PRICE,
        RULES
};

struct scenario_rule {
        const char *name;
        bool fault; /* else a warning */
        const char *en, *vi, *remedy_en, *remedy_vi;
};
extern const struct scenario_rule scenario_rules[RULES];

#define SCENARIO_FAULTS_MAX 100u

/* Where in the file the entries of the plan's lists stand; one node each. */
struct scenario_at {
        const struct node **hosts, **accounts, **outside, **steps, **injects, **expectations,
                **hints;
};

struct scenario {
        struct arena *arena;
        struct plan plan;
        struct scenario_at at;
        struct plan_condition *conditions; /* room for PLAN_CONDITIONS_MAX */
        struct node *root;
        json_t *faults, *warnings; /* what is shown of them */
        unsigned n_faults, n_warnings;
        bool failed; /* no memory */
};

/* One finding: at a node (NULL: the document's begin), with up to four texts. */
void scenario_tell(struct scenario *s, const struct node *at, enum scenario_rule_id rule,
                   const char *const args[4]);
/* One, as an object; NULL: no memory. */
json_t *scenario_finding(const struct scenario_rule *rule, unsigned line, unsigned column,
                         const char *where, const char *const args[4]);
#define TELL(s, at, rule, ...) scenario_tell((s), (at), (rule), (const char *const[4]){__VA_ARGS__})

/* Reads and checks all: 0, faults or not; -ENOMEM. The plan lives in the arena. */
int scenario_plan(struct span yaml, struct arena *a, struct scenario *ret);
void scenario_deinit(struct scenario *s);

/* ---- scenario_values.c: one value of a map; what is wrong was said, and a harmless value comes ---- */

enum { OPTIONAL = 0, REQUIRED = 1 };

/* Keys that a map may have, separated by blanks: others are told with the nearest. false: `o` is no map, told. */
bool scenario_keys(struct scenario *s, const struct node *o, const char *name, const char *keys);
/* The value when it is there; told when it must be. */
const struct node *scenario_get(struct scenario *s, const struct node *o, const char *key,
                                int required);
/* A list of at most `max`; *ret_n entries, chained. */
const struct node *scenario_list(struct scenario *s, const struct node *o, const char *key,
                                 unsigned max, unsigned *ret_n);
/* NULL: not there. */
const char *scenario_text(struct scenario *s, const struct node *o, const char *key, int required,
                          size_t max);
const char *scenario_id(struct scenario *s, const struct node *o);
struct plan_text scenario_both(struct scenario *s, const struct node *o, const char *key,
                               int required, size_t max);
struct plan_text scenario_both_of(struct scenario *s, const struct node *v, const char *name,
                                  size_t max);
/* Of a table; `fallback` when it is not there and not required. */
unsigned scenario_word(struct scenario *s, const struct node *o, const char *key,
                       const char *const *table, unsigned n, int fallback);
bool scenario_flag(struct scenario *s, const struct node *o, const char *key, bool fallback);
int64_t scenario_number(struct scenario *s, const struct node *o, const char *key, int64_t min,
                        int64_t max, int64_t fallback); /* fallback < 0: required */
unsigned scenario_share(struct scenario *s, const struct node *o, const char *key,
                        double fallback); /* 0 to 1, in millionths; fallback < 0: required */
unsigned scenario_share_of(struct scenario *s, const struct node *v, const char *key);
int64_t scenario_time(struct scenario *s, const struct node *o, const char *key, int64_t min,
                      int64_t max, int64_t fallback); /* ms; fallback < -1: required */
/* Texts of a list, each once. */
const char *const *scenario_words(struct scenario *s, const struct node *o, const char *key,
                                  unsigned max, unsigned *ret_n);

const char *scenario_keep(struct scenario *s, struct span text);
const char *scenario_print(struct scenario *s, const char *fmt, ...) _printf_(2, 3);
void *scenario_room(struct scenario *s, unsigned n, size_t size);
const char *scenario_time_text(struct scenario *s, int64_t ms);
/* The nearest of n words (stride bytes apart) to `word`; NULL: none is near. */
const char *scenario_near(const char *word, const char *const *table, unsigned n);
/* The word that may have been meant; never NULL. */
const char *scenario_guess(const char *word, const char *const *table, unsigned n);
/* "90s", "5m", "1h30m": ms, or -1. */
int64_t scenario_time_of(struct span s);

/* ---- scenario_safe.c: what players read leads nobody anywhere ---- */

/* A text of players: addresses, links, markup, numbers of people, placeholders. */
void scenario_safe(struct scenario *s, const struct node *at, const char *name, const char *text);
/* The text with what scenario_safe() would refuse replaced; `first`: the first that was, or "". */
void scenario_tame(const char *text, struct buf *out, char *first, size_t room);
enum address_kind { ADDRESS_NONE, ADDRESS_DOCUMENTATION, ADDRESS_PRIVATE, ADDRESS_REAL };
enum address_kind scenario_address(const char *text);
/* Lower-case labels, ending in what RFC 2606 and 6761 keep. 0; 1: could be somebody's; -1: no domain. */
int scenario_domain(struct span s);
/* A name with {unit} in it at most. */
bool scenario_name(const char *s);

/* ---- the parts, in this order ---- */

void scenario_network(struct scenario *s); /* scenario_network.c */
void scenario_story_ids(
        struct scenario *s);             /* scenario_steps.c: ids first, as all may refer to all */
void scenario_story(struct scenario *s); /* scenario_steps.c */
void scenario_injects(struct scenario *s); /* scenario_injects.c */
void scenario_lines(struct scenario *s);   /* scenario_lines.c: expectations and hints */
void scenario_flow(struct scenario *s);    /* scenario_flow.c: who comes when, and whether at all */
void scenario_whole(struct scenario *s);   /* scenario_whole.c: what only the whole shows */

/* A role of the roster, or of those that there are (the top's own list). */
void scenario_role(struct scenario *s, const struct node *at, const char *role);
void scenario_on_roster(struct scenario *s, const struct node *o, const char *const *roles,
                        unsigned n);
/* JSON that CEXF said and we do not know; NULL: none. */
const char *scenario_xcexf(struct scenario *s, const struct node *o);

void scenario_when(struct scenario *s, const struct node *o,
                   struct plan_when *w); /* scenario_when.c */
/* "step or inject": NULL, or the nearest; `all` ids of hosts, accounts and outside. */
/* A value of a fact that has some: told when it is none. */
void scenario_known_value(struct scenario *s, const struct node *at, enum plan_fact fact,
                          const char *v);
const char *scenario_near_story(const struct scenario *s, const char *id);
const char *scenario_near_object(const struct scenario *s, const char *id);
bool scenario_object(const struct scenario *s, const char *id);

/* Latest start in ms, by number of step, then inject (scenario_flow.c fills it). -1: never. */
struct scenario_times {
        int64_t *steps, *injects;
};

/* ---- plan_write.c ---- */
void plan_write(const struct plan *p, struct buf *out);

#endif
