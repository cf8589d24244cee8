/* The engine's memory: made anew from the tables whenever something moved, so that a desk that was killed goes on from
 * where its tables stand. Files: exercise_engine.c (what is due), exercise_spool.c (telemetry), exercise_board.c. */
#ifndef DESK_EXERCISE_ENGINE_H
#define DESK_EXERCISE_ENGINE_H

#include "desk/exercise_impl.h"
#include "exercise/part.h"

enum item_state { ITEM_OPEN, ITEM_PLAYED, ITEM_SKIPPED };

/* A piece of telemetry in the spool. */
struct spooled {
        uint32_t seg;
        unsigned step;
        int64_t t_from, first, last;
        bool held;        /* its step is not decided yet */
        bool given;       /* all of it */
        uint64_t commits; /* usable when there were more than that */
        uint64_t end;     /* position of its last record; 0: not known yet */
        char *bytes;      /* NULL: not in memory */
        size_t len;
        const char *rest;
        uint32_t idx; /* of the next record */
};

struct engine_play {
        int64_t id, exercise, run, unit;
        struct engine_run *of;
        struct exercise_clock *own; /* NULL: the run's */
        bool held, look, lost, over;
        int64_t base;           /* drill time that it begins at, after a rewind */
        int64_t next;           /* drill time of the next that is known; INT64_MAX */
        int64_t look_at;        /* drill time to look at conditions again */
        unsigned char *state;   /* of steps, then injects: enum item_state */
        int64_t *t;             /* when each was, -1 */
        unsigned char *spooled; /* of steps: 0 not asked for, 1 asked for, 2 there, 3 failed */
        int64_t noise;          /* spooled until */
        uint32_t seg;           /* the next piece's number */
        struct spooled *pieces;
        unsigned n_pieces, room;
        uint64_t last;    /* position that was given last in this life */
        bool noise_asked; /* a job is under way */
        int64_t seen;     /* not written yet; 0 */
        bool pieces_known;
        unsigned char *holds; /* of the plan's conditions on facts (exercise_condition.c) */
        bool holds_known;
        int64_t holds_at;           /* wall */
        struct engine_cells *cells; /* exercise_board.c */
        bool dirty;
};

struct engine_run {
        struct exercise e;
        struct exercise_clock clock;
        int64_t *shift; /* of injects */
        unsigned n_steps, n_injects;
        struct part part; /* of a re-test; item -1: all of it */
        struct span code;
        struct engine_play *plays;
        unsigned n_plays;
};

#define ENGINE_ASKS 4u
struct engine_ask {
        bool used, noise;
        int64_t play;
        unsigned step;
        int64_t from, to;
        uint64_t life; /* of the engine's memory */
};

#define RECENT_TEXTS 1024u
struct exercises {
        bool loaded, wake;
        struct engine_run *runs;
        unsigned n_runs;
        uint64_t life;
        struct engine_ask asks[ENGINE_ASKS];
        unsigned turn;                                      /* play to begin with */
        int64_t wait_ms, now;                               /* now: ns, of the last turn */
        int64_t beat, looked_lost, looked_retests, cleaned; /* wall */
        uint64_t failed, late; /* jobs that came to nothing; injects that were over 2 s late */
        uint64_t refused;      /* records that the line to ingest does not take: passed over */
        int64_t behind_ms;
        size_t held_bytes; /* of pieces in memory */
        struct recent_text {
                int64_t delivery, at;
                struct told_text *text;
        } recent[RECENT_TEXTS]; /* exercise_drill.c: as injects were told of late */
};

struct exercises *exercises_of(struct desk *d); /* NULL: no memory */
struct engine_play *engine_play_of(struct desk *d, int64_t play);
int64_t engine_t(const struct engine_play *y, int64_t now);
int64_t engine_speed(const struct engine_play *y);
/* When item i (steps, then injects) is due, as far as known: -1: not known; -2: never. */
int64_t engine_due(const struct engine_play *y, const struct plan *p, unsigned i);

/* One that is over, as it stood at its end; `ret` is all zero before, and is to be deinited whatever came. */
int engine_past(struct desk *d, int64_t exercise, struct engine_run *ret);
void engine_run_deinit(struct exercises *x, struct engine_run *u);

/* exercise_spool.c */
int spool_load(struct desk *d, struct engine_play *y);
void spool_free(struct exercises *x, struct engine_play *y);
/* A step is played from t on: its piece, if there is one, may go. */
int spool_release(struct desk *d, struct engine_play *y, unsigned step, int64_t t_now);
int spool_drop(struct desk *d, struct engine_play *y, unsigned step);
/* Asks for what will be needed soonest. */
int spool_ask(struct desk *d, int64_t now);
/* Gives what is due. */
int spool_give(struct desk *d, int64_t now);

/* exercise_board.c */
void board_cells_free(struct engine_play *y);

/* exercise_condition.c: 1, 0, -errno. */
int exercise_condition(struct desk *d, struct engine_play *y, const struct plan *p, int condition);

#endif
