/* What the desk's files share. */
#ifndef DESK_DESK_IMPL_H
#define DESK_DESK_IMPL_H

#include <jansson.h>

#include "desk/desk.h"
#include "desk/regime.h"
#include "rules/program.h"

#define GENERATIONS_MAX 4u
#define RANGES_MAX 4096u
#define MARKS_MAX 600u
#define NAME_MAX_BYTES 256u /* of an entity, host, user, as kept */
#define OWN_KINDS 8u
#define STATE_NAME_MAX 4096u        /* of a rule */
#define RETRO_GENERATION UINT32_MAX /* its rules are in no judge's hands */

/* How much a rule said lately. */
struct use {
        int64_t ref; /* in the state; 0: not known yet */
        unsigned char version[STATE_ID_BYTES];
        uint32_t second;
        uint32_t n[4]; /* verdicts, hits of that second; of drills: the same */
        uint32_t hour, new_alerts;
        uint64_t over; /* counted only, since the last commit */
};

struct generation {
        uint32_t number; /* 0: none */
        void *map;
        size_t len;
        struct program *program;
        struct arena arena;
        struct correlation *spec;
        uint32_t n_spec;
        unsigned char spec_hash[STATE_ID_BYTES]; /* whose windows a snapshot is of */
        struct use *rules, *correlations;
        uint32_t *by_id; /* rules in the order of their names */
        uint32_t *over;  /* rules with something to count */
        uint32_t n_over;
};

struct alert;

/* A run over the past. */
struct retro {
        struct generation gen;  /* number 0: none is on */
        struct state_retro row; /* counts: since the last commit */
        struct state_retro sum; /* counts of this life, committed */
        char *map;              /* findings that are being taken; NULL: none */
        size_t len, at;
        uint64_t next; /* `at` of the row when they are */
        bool over, changed;
        bool broken_off; /* its end is not in the audit log yet */
        char who[96];
        uint32_t new_alerts;
};

struct exceptions;
struct seen_sources;
struct searches;
struct replay;
struct masks;

struct desk {
        struct desk_options o;
        struct state *state;
        struct generation gens[GENERATIONS_MAX];
        struct generation *now; /* the latest */
        struct outbox *outboxes[NODE_JUDGES_MAX];
        uint64_t tails[NODE_JUDGES_MAX];
        int broken[NODE_JUDGES_MAX]; /* DESK_E_*: nothing behind can be told apart; 0 */
        struct live *live;
        int64_t snapshot; /* mono: when the windows were kept last */
        int64_t snapshot_every;
        int64_t wall, mono; /* of the call at hand */
        int error;          /* that a callback met */

        struct state_range ranges[RANGES_MAX];
        uint32_t n_ranges;
        bool ranges_changed;
        uint64_t furthest; /* end of the furthest stretch said to be judged in this life */
        uint64_t mixed; /* below, another version of a rule may have spoken of a record already */
        uint64_t settled;
        int64_t stalled; /* mono since when the watermark stands although more was judged; 0 */

        uint32_t second, in_second; /* verdicts of all rules, but of drills */
        uint32_t hour, in_hour;     /* new alerts of all rules, but of drills */
        uint32_t drill_hour, drill_in_hour;
        struct use own[OWN_KINDS];
        struct retro retro;
        int64_t epoch; /* of the rules that came last in this life; 0: none came */
        uint64_t epoch_past;
        bool epoch_changed;

        struct alert **buckets;
        struct alert *newest, *oldest, *dirty;
        uint32_t n_alerts;
        int64_t next_alert, next_drill_alert; /* a drill takes no number of a real one */
        uint64_t key;                         /* of tables in memory, and of what is kept of them */

        struct exceptions *exceptions;
        uint64_t kept_verdicts, kept_hits, kept_bytes;
        int64_t pruned;       /* mono */
        int64_t prune_alerts; /* mono: not before */
        struct desk_stats st;
        struct arena arena; /* of the finding at hand */
        struct buf text, json;
        char *entry; /* OUTBOX_ENTRY_MAX */
        struct api *api;
        const struct counters_page *counters; /* shared; NULL: none */
        struct seen_sources *sources;         /* api_sources.c */
        struct asks *asks;                    /* asks.c; NULL: none yet */
        struct heads *heads;                  /* heads.c; NULL: none yet */
        struct searches *searches;            /* searches.c; NULL: none yet */
        struct replay *replay;                /* replay.c; NULL: none yet */
        struct masks *masks;                  /* mask.c */
        struct jobs *jobs;                    /* jobs.c; NULL: none yet */
        struct systems *systems;              /* systems.c */
        struct orders *orders;                /* orders.c */
        struct drills *drills;                /* drills.c */
        struct holds *holds;                  /* custody.c */
        struct errands *errands;              /* errands.c */
        int64_t playbooks_looked;             /* mono: for what is late */
        int64_t drill_orders_looked;          /* mono: drill_orders.c */
        struct exempted *exempted;            /* exempted.c */
        json_t *configuration;                /* of the file, to be shown; NULL: unknown */
        struct warn *warn;                    /* warn.c */
        struct exercises *exercises;          /* exercise_engine.c */
        struct exercise_plans *plans;         /* exercise_play.c */
        struct regimes *regimes;              /* NULL: none was given yet */
        struct exercise_scores *scores;       /* exercise_score.c */
        bool directory_away;     /* it did not answer the last sign-in; api_session.c */
        int64_t directory_asked; /* when that was */
        int64_t away_since;      /* counts of tries of that time; api_session.c L6 */
};

/* What is to become part of an alert. */
struct verdict {
        enum state_kind kind;
        struct use *use;
        struct span rule_id; /* and what exceptions look at */
        struct program_rule info;
        uint32_t index;
        const struct generation *gen; /* NULL: our own */
        const struct finding *f;
        enum alert_entity entity_kind;
        struct span entity, source;
        int64_t part;
        int64_t retro; /* the run over the past; 0: none */
};

void desk_asks_free(struct desk *d);
void exercises_free(struct desk *d);
/* Within desk_api_tick(): what is due of exercises that run; ms until more is. */
int exercises_tick(struct desk *d, int64_t mono, int64_t wall);
int exercises_wait(const struct desk *d);
void exercises_stats(const struct desk *d, struct desk_stats *ret);
/* That person wrote something: plays on whose roster they are are looked at. */
int exercises_written(struct desk *d, int64_t person);
void desk_holds_free(struct desk *d);
void desk_drills_free(struct desk *d);
void desk_jobs_free(struct desk *d);

/* Begins a transaction if none is there. */
int desk_begin(struct desk *d);

/* ---- generation.c ---- */

struct generation *generation_find(struct desk *d, uint32_t number);
void generation_free(struct generation *g);
/* Maps a program: 0, -EBADMSG, -errno (then generation_free()). */
int generation_open(struct generation *g, uint32_t number, void *p, size_t len);
/* How rules are called that have no id. In the arena, or of the program. */
struct span rule_name(struct arena *a, const struct program_rule *r);
/* The rule's number in the state, found or made at the first use. */
int rule_ref(struct desk *d, const struct generation *g, enum state_kind kind, uint32_t index);
/* The rule of that id; UINT32_MAX: none. */
uint32_t rule_of_id(const struct desk *d, const struct generation *g, struct span id);

/* ---- take.c ---- */

/* An entry of an outbox, if its record is below `limit`: 0, TAKE_WAIT (it is not: nothing was taken),
 * DESK_E_JUDGE, DESK_E_GENERATION, -errno. */
#define TAKE_WAIT 100
int take_entry(struct desk *d, struct generation *g, enum outbox_kind kind, struct span bytes,
               uint64_t limit);
/* Rules came: what those before said of stretches that are not judged yet stands. */
void take_other_rules(struct desk *d);
/* A correlation's alert; for live_new(). */
void take_correlation(void *ctx, uint32_t drill, const struct finding *f);
/* What was counted only goes to the state and becomes an alert of our own. */
int flush_counted(struct desk *d);

/* A finding that is no judge's word for the present: `v` says what it is; its entity is chosen here. */
int take_past(struct desk *d, struct generation *g, const struct finding *f);

/* ---- retro.c ---- */

/* Since when the latest rules are what they are. */
int retro_know(struct desk *d);
/* What is known of the past, into the state. */
int retro_save(struct desk *d);

/* ---- alerts.c ---- */

int alerts_init(struct desk *d);
void alerts_deinit(struct desk *d);
/* Into an alert, an old one or a new one; nothing if it was there already. */
int alert_verdict(struct desk *d, const struct verdict *v);
/* What changed, into the state. */
int alerts_flush(struct desk *d);
/* None that was not touched since is in memory, but for what is to be flushed. */
void alerts_forget(struct desk *d, int64_t before);

/* ---- old_alerts.c ---- */

/* Within desk_commit(), after alerts_flush(): those that are too old. */
int alerts_prune(struct desk *d);

/* ---- windows.c: the live correlator and what it needs after a restart ---- */

int windows_load(struct desk *d); /* for the latest generation */
int windows_hit(struct desk *d, const struct generation *g, const struct finding *f);
int windows_settle(struct desk *d);
int windows_save(struct desk *d);
int windows_prune(struct desk *d);

/* ---- exempted.c: exceptions that people made at the desk ---- */

/* They changed: within the same transaction. */
void exempted_changed(struct desk *d);
void exempted_free(struct desk *d);
/* The key of the one that covers a verdict, owned by the desk until the next change; empty: none. 0 or -errno. */
int exempted_match(struct desk *d, const struct verdict *v, struct span *ret);
/* The file's were replaced: what lists show of them, and ours go on. */
int exempted_file(struct desk *d);

/* ---- openings.c ---- */

/* A new alert, in the queue: it opens an incident or joins one, if a rule says so. */
int openings_look(struct desk *d, int64_t alert);

/* ---- triage.c ---- */

/* The system of a host (0: none) and the unit that it belongs to. */
int triage_place(struct desk *d, struct span host, int64_t *ret_system, int64_t *ret_unit);

/* ---- own.c ---- */

/* In both languages, of something the node itself says. `n` times. */
int own_alert(struct desk *d, enum own_alert what, struct span source, struct span text,
              uint64_t seq, int64_t time, uint64_t n);

#endif
