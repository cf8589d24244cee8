/* What the files of the matcher share. The path of an event:
 *
 *     fields ─► shape (rules/shape.c): which name stands where, seen before or learned
 *            ─► view (rules/view.c): this shape in the bucket of its kind, key1, key2
 *            ─► tables of the bucket's fields, through the memo: leaves that hold
 *            ─► rules that trigger on them: conditions, lazily (rules/eval.c) ─► hits
 */
#ifndef RULES_ENGINE_H
#define RULES_ENGINE_H

#include "base/hash.h"
#include "rules/match.h"
#include "rules/memo.h"
#include "rules/rawscan.h"
#include "rules/table.h"

#define NONE32 UINT32_MAX
#define SHAPE_KEYS 6u
#define CHANNEL_HEADS 256u
#define BUCKET_HEADS 1024u
#define INTEL_HITS_MAX 16u /* of one event */

/* ---- names (rules/shape.c) ---- */

/* Canonical field names that the program knows, numbered: slots. */
struct names {
        struct span *name; /* [n] */
        uint32_t n;
        struct {
                uint32_t hash, slot1;
        } * table;
        uint32_t mask;
};

int names_init(struct names *t, struct arena *a, const struct program *g);
uint32_t names_slot(const struct names *t, struct span canonical); /* NONE32: nobody asks for it */
struct matcher;
/* Of an event's field: by its canonical name without blanks ("Threat Name" and ThreatName are one
 * field). */
uint32_t names_event_slot(struct matcher *m, struct span name);

/* ---- shapes ---- */

struct shape_ref {
        uint32_t field; /* index in the event */
        uint32_t slot;
};

/* What is known of a field by its name. */
struct name_ids {
        uint32_t slot;  /* names_event_slot() */
        uint32_t intel; /* intel_match_name() */
};

/* A field that indicators are looked for in. */
struct shape_intel {
        uint32_t field;
        uint32_t holds;    /* enum intel_field */
        uint32_t at, then; /* fields: the host of a URL that is a path alone, its query; NONE32 */
};

/* How a JSON event of this shape may be classified. */
struct shape_class {
        uint32_t test;       /* of the program; NONE32: none holds */
        uint32_t key1, key2; /* fields; NONE32: none */
};

struct shape {
        uint32_t n; /* fields of the event */
        uint32_t n_refs;
        struct shape_ref *refs; /* those fields whose names somebody asks for, in order */
        uint8_t kind;
        uint32_t n_classes;
        struct shape_class *classes; /* in order; the last has no conditions */
        uint32_t key2_field; /* kinds that decoders name: where the key2 field stands; NONE32 */
        /* Fields whose bytes, with what the decoder says, decide the view. NONE32: too many or
         * several of a name, so that views are not kept. */
        uint32_t n_keys, keys[SHAPE_KEYS];
        struct view *views;
        uint32_t n_intel;
        struct shape_intel *intel;
};

struct shape_node;

/* A shape, and the names of an event that had it, by where they stand (event.names). */
#define KNOWN_SHAPES 256u
#define KNOWN_NAMES 48u
struct known_shape {
        struct shape *shape;
        uint64_t names;
        uint32_t n;
        uint8_t kind;
        const char *name[KNOWN_NAMES];
};

#define NODE_HEADS 16384u
struct shapes {
        struct arena arena;
        struct shape_node *root[EVENT_KIND_MAX];
        struct shape_node *heads[NODE_HEADS]; /* by what came before, and the name */
        struct arena scratch_arena;           /* of a shape that is not kept */
        struct known_shape known[KNOWN_SHAPES];
        uint64_t age; /* events since the last reset */
};

/* ---- buckets (rules/bucket.c) ---- */

/* What one (kind, key1) may mean. */
struct channel {
        uint32_t number;
        uint8_t kind;
        uint32_t *alts; /* of the program: those that hold for it */
        uint32_t n_alts;
        int64_t *key2; /* that some alternative or rule asks for, ascending */
        uint32_t n_key2;
};

/* A leaf of conditions in a bucket. */
enum leaf_kind { LEAF_ATOM, LEAF_REF, LEAF_NULL, LEAF_EXISTS, LEAF_COND, LEAF_KEYWORD };
struct leaf {
        uint8_t kind;
        bool in_table; /* the field's table decides it */
        uint16_t pad;
        uint32_t slot;     /* of the bucket */
        uint32_t other;    /* LEAF_REF */
        uint32_t index;    /* atom or condition of the program */
        uint32_t first, n; /* instances that trigger on it: in bucket.fires */
        float p;           /* how likely it is */
        float cost;
        uint32_t held; /* how often its table said so, since that was made */
};

enum node_kind { NODE_TRUE, NODE_FALSE, NODE_LEAF, NODE_AND, NODE_OR, NODE_NOT, NODE_AT_LEAST };
struct node {
        uint8_t kind;
        uint32_t n;
        uint32_t min;  /* NODE_AT_LEAST; NODE_LEAF: 1: the field's table decides it */
        uint32_t kids; /* first kid (in bucket.nodes); NODE_LEAF: the leaf */
};

/* A rule in a bucket, by one alternative of its log source. */
struct instance {
        uint32_t rule, alt;
        uint32_t root; /* node; NONE32: not made (bucket_make()) */
};

struct bslot {
        uint32_t slot;       /* of names; NONE32: a constant */
        struct span value;   /* of a constant */
        struct table *table; /* or NULL */
        uint32_t *items;     /* leaf numbers of the table */
        uint32_t n_items;
        uint32_t table_id; /* for the memo: new with every table */
        uint32_t intel;    /* enum intel_field: indicators are looked for with the table; 0: not */
        bool memo;         /* worth remembering values */
        uint32_t memo_tries, memo_found;
};

struct sample {
        uint32_t slot;
        struct span fold;
};

struct leaf_head {
        uint32_t high; /* of the hash */
        uint32_t leaf1;
};

struct bucket {
        struct arena arena;
        struct channel *channel;
        int64_t key2; /* NONE2: any that nobody asks for */
        bool fold;    /* key2 equals the text of its field, so that conditions on it are decided */
        uint32_t n_slots, n_leaves, n_nodes, n_instances;
        struct bslot *slots;
        struct leaf *leaves;
        struct node *nodes;
        struct instance *instances;
        uint32_t slots_cap, leaves_cap, nodes_cap, instances_cap, state_cap;
        bool slots_known;             /* no more slots: views show where they are */
        bool complete;                /* every instance has its condition */
        struct leaf_head *leaf_table; /* while it is not complete */
        uint32_t leaf_mask;
        size_t counted;   /* in matcher.bucket_bytes */
        uint32_t *fires;  /* instance numbers */
        uint32_t *always; /* instances without a trigger */
        uint32_t n_always;
        uint32_t *keywords; /* leaves */
        uint32_t n_keywords;
        struct keywords *kw; /* NULL: no rule triggers on one */
        uint32_t *state;     /* [leaf] epoch << 1 | holds */
        uint32_t *inst_seen; /* [instance] epoch */
        /* learning which triggers are rare */
        uint64_t events;
        uint64_t spent;    /* ns, about, on its events since the tables were made */
        uint64_t learn_at; /* spent: take samples */
        uint64_t train_at; /* events: take the next sample */
        uint64_t looked;   /* candidates since the tables were made, at `made` events */
        uint64_t made;
        uint32_t sample_step;
        struct arena samples_arena;
        struct arena table_arena; /* of the present tables */
        struct sample *samples;
        uint32_t n_samples, n_sampled;
        uint32_t trainings;   /* how often tables were made */
        uint32_t lessons;     /* how often learning was due */
        struct bucket *next;  /* all of them */
        struct bucket *chain; /* of the same hash */
};

/* ---- while buckets are made (rules/builder.h) ---- */

#define TARGETS_MAX 16u

/* What a name of a rule stands for under an alternative. */
struct target {
        uint32_t build; /* builder.build */
        uint32_t n;     /* slots of the bucket */
        const struct b_alt *alt;
        const struct b_const *fixed; /* a constant, which has one slot; NULL */
        uint32_t slot[TARGETS_MAX];
};
struct name_seen {
        uint32_t build, slot;
};
/* How likely an atom holds and what it costs a table, before anything was measured. */
struct guess {
        float p, cost;
        uint8_t op;
        bool table; /* table_takes() */
};

/* Which leaves wake which instance: leaf[first[i]] … leaf[first[i + 1]] the instance i. */
struct plan {
        uint32_t *first; /* [instance + 1] */
        uint32_t *leaf;
        uint32_t n, cap;
        float *cost; /* [instance]; PLAN_ALWAYS: nothing wakes it, it is always looked at */
};
#define PLAN_ALWAYS 1e9f

/* The text of a field of the event at hand. */
struct textcache {
        uint32_t epoch;
        struct value v;
};

#define NONE2 INT64_MIN

/* A shape in a bucket. */
struct view_scan {
        uint32_t slot;  /* of the bucket */
        uint32_t field; /* of the event; NONE32: several (multi) or a constant */
};
struct view {
        struct view *next;
        struct bucket *bucket;
        struct span key[SHAPE_KEYS]; /* bytes of the shape's key fields */
        uint8_t type[SHAPE_KEYS];
        struct span key1;       /* the decoder's */
        int64_t ekey2;          /* the decoder's */
        uint32_t *last;         /* [bucket slot] field; NONE32: absent; MULTI | index in `multi` */
        uint32_t *multi;        /* count, fields … */
        struct view_scan *scan; /* slots with a table that the shape has */
        uint32_t n_scan;
        const struct shape *shape;
        struct shape_intel *intel; /* those of the shape that no table looks at */
        uint32_t n_intel;
        uint32_t tables; /* bucket.trainings when `scan` was made */
};
#define MULTI 0x80000000u

/* ---- the matcher ---- */

struct matcher {
        const struct program *g;
        struct match_options o;
        struct match_stats stats;
        struct atoms atoms;
        struct arena arena;       /* for its life */
        struct arena event_arena; /* reset for every event */
        struct arena build_arena; /* while buckets and tables are made */
        struct source_map map;    /* aliases and prefixes only */
        struct names names;
        struct shapes shapes;
        struct memo memo;
        struct gram_count *grams;
        struct tri_count *tris;
        bool *rule_on;
        uint32_t *atom_slot;      /* [atom] of its field's name; NONE32 */
        int64_t *atom_number;     /* [atom] n if it says that the field equals n, in decimal; -1 */
        uint32_t *cond_slot;      /* [condition of the maps] */
        struct guess *atom_guess; /* [atom] */
        struct target *targets;   /* [name] */
        struct name_seen *name_seen;
        uint32_t n_builds;
        uint32_t *rule_first; /* per source: rules, in source_rules */
        uint32_t *source_rules;
        uint32_t key2_slot[SOURCE_KINDS_MAX]; /* the field that key2 is the value of; NONE32 */
        struct channel **channels;
        uint32_t n_channels, channels_cap;
        struct channel_text *channel_text[CHANNEL_HEADS]; /* cache: key1 text → channel */
        uint32_t n_channel_texts;
        struct arena channel_arena;
        struct bucket *buckets;
        struct bucket *bucket_heads[BUCKET_HEADS];
        uint32_t n_buckets;
        size_t bucket_bytes, bucket_limit;
        uint32_t next_table_id;
        uint32_t epoch;
        bool failed; /* out of memory once: told by matcher_run() as no hits; counted */
        /* the event at hand */
        const struct event *e;
        struct view *view;
        struct bucket *b;
        uint32_t *fired; /* room for the largest table */
        size_t fired_cap;
        uint32_t *cand; /* instances to look at: those that may hold */
        size_t cand_cap;
        uint32_t n_cand;
        uint32_t *hits;
        uint32_t n_hits;
        size_t hits_cap;
        struct textcache *text; /* [EVENT_FIELDS_MAX] */
        struct value raw;       /* the record as text, for keywords */
        uint32_t raw_epoch;
        uint32_t kw_epoch; /* keywords that were not marked do not hold */
        enum format format;
        struct span payload;
        struct intel_names *intel_names; /* NULL: no indicators */
        uint32_t now_s;                  /* seconds since 1970: what has expired; 0: nothing */
        struct intel_hit {
                uint32_t entry;
                struct shape_intel in;
        } intel_hits[INTEL_HITS_MAX];
        uint32_t n_intel_hits;
        bool padded; /* RAWSCAN_PADDING bytes may be read behind the record */
};

/* shape.c */
int shapes_init(struct matcher *m);
void shapes_deinit(struct matcher *m);
struct shape *shape_of(struct matcher *m, const struct event *e); /* NULL: out of memory */
void shapes_forget(struct matcher *m);

/* view.c: finds or makes the view of the event. NULL: out of memory. */
struct view *view_of(struct matcher *m, const struct event *e, struct shape *s);
void view_refresh(struct view *v); /* after the bucket's tables were made anew */

/* intel_match.c */
int intel_match_init(struct matcher *m);
/* Which fields of the shape are looked at. False: out of memory. */
bool intel_match_shape(struct matcher *m, struct arena *a, const struct name_ids *ids,
                       struct shape *s);
/* A number for the name if indicators are looked for in such fields, or if one of those must stand
 * beside it; else NONE32. */
uint32_t intel_match_name(struct matcher *m, struct span name);
/* What fields of that name hold, wherever they stand; INTEL_FIELD_NONE: nothing to look for, or it
 * depends on what stands beside. */
uint32_t intel_match_holds(struct matcher *m, struct span canonical);
/* INTEL_FOUND | entry for each indicator in the field: at most INTEL_FOUND_MAX. */
#define INTEL_FOUND 0x80000000u
uint32_t intel_match_look(struct matcher *m, uint32_t holds, uint32_t field, uint32_t *to);
/* An entry that a field holds: to m->intel_hits, if it is in force. */
void intel_match_found(struct matcher *m, uint32_t holds, uint32_t field, uint32_t entry);
/* The event at hand, where no table looked; then all that was found to m->hits. */
void intel_match_run(struct matcher *m);

/* channel.c */
struct channel *channel_of(struct matcher *m, uint8_t kind, struct span key1);

/* bucket.c */
/* The number n if the atom, under the alternative, says that the field of that slot equals n, in
 * decimal; else -1. */
int64_t bucket_key2_atom(const struct matcher *m, const struct b_alt *alt, uint32_t atom,
                         uint32_t slot);
/* The number that a plain equality asks for, whatever the field; else -1. */
int64_t bucket_number(const struct program *g, const struct b_atom *a);
struct bucket *bucket_of(struct matcher *m, struct channel *c, int64_t key2, bool fold);
void buckets_deinit(struct matcher *m);
/* Nothing in build_arena is needed any more. */
void build_done(struct matcher *m);

/* Makes all conditions that are not there. 0 or -ENOMEM. */
int bucket_complete(struct matcher *m, struct bucket *b);
/* Makes the condition of an instance of m->b. False: it is never met, or out of memory. */
bool bucket_make(struct matcher *m, uint32_t instance);
void bucket_count(struct matcher *m, struct bucket *b);

/* trigger.c: chooses triggers (again) and makes the tables. 0 or -errno. The bucket is complete. */
int bucket_triggers(struct matcher *m, struct bucket *b);
/* Makes the tables for a plan. 0 or -errno. */
int bucket_wake(struct matcher *m, struct bucket *b, const struct plan *p);
bool plan_init(struct plan *p, uint32_t n_instances);
/* Of the next instance. False: out of memory. */
bool plan_add(struct plan *p, uint32_t instance, float cost, const uint32_t *leaves, uint32_t n);
void plan_deinit(struct plan *p);
/* Takes the event at hand as a sample, and trains when it is time. */
void bucket_learn(struct matcher *m, struct bucket *b);

/* keyword.c */
int keywords_make(struct matcher *m, struct bucket *b);
/* Keyword leaves that hold, in `to` (room for 2 * n_keywords). */
uint32_t keywords_run(struct matcher *m, uint32_t *to);

/* match.c: one more hit, in its order, once. */
void matcher_add_hit(struct matcher *m, uint32_t rule);

/* match.c: the rule's next instance that holds for the event at hand, from candidate *at on; NULL. */
const struct instance *matcher_holding(struct matcher *m, uint32_t rule, uint32_t *at);

/* eval.c: on the event at hand */
bool leaf_holds(struct matcher *m, uint32_t leaf);
bool node_holds(struct matcher *m, uint32_t node);
/* The field's text, kept for the event. Not for V_NULL. */
const struct value *field_value(struct matcher *m, uint32_t field);
/* The fields that are the slot's value: one, or the elements of one array; of a line of text all.
 */
uint32_t slot_fields(struct matcher *m, uint32_t slot, const uint32_t **ret);
bool cond_holds(const struct program *g, const struct b_cond *c, struct span text);
/* The record as text, where it is text; else NULL. */
const struct value *raw_value(struct matcher *m);
void leaf_mark(struct matcher *m, uint32_t leaf, bool *matched);

#endif
