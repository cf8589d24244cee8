/* What the files of the API share, and what the desk's process calls. */
#ifndef DESK_API_IMPL_H
#define DESK_API_IMPL_H

#include "desk/api.h"

#define API_LINES 9u   /* the first is the console's, the others' are local callers */
#define API_CALLS 512u /* of all lines, that wait for something */
#define API_LISTENERS 8000u

struct desk;
struct seen_sources;

/* ---- for the process ---- */

/* The desk's side of the API; after the database is open. */
int desk_api_init(struct desk *d);
void desk_api_deinit(struct desk *d);
void desk_api_open(struct desk *d, unsigned line, bool local);
void desk_api_close(struct desk *d, unsigned line);
/* All whole frames of `in`, which is left with the rest. 0; -EPROTO: close the line; other -errno: the
 * desk ends (desk.h). */
int desk_api_bytes(struct desk *d, unsigned line, struct buf *in, int64_t wall);
/* Answers that may go out. Whoever writes them takes them off. */
struct buf *desk_api_out(struct desk *d, unsigned line);
/* An answer waits for a commit. */
bool desk_api_waiting(const struct desk *d);
void desk_api_committed(struct desk *d);
/* What time brings: events for listeners, calls that waited too long. 0, -errno. */
int desk_api_tick(struct desk *d, int64_t mono, int64_t wall);
/* ms until the next one is due. */
int desk_api_wait(const struct desk *d);

/* ---- between the files ---- */

enum held_kind { HELD_NOW, HELD_LATER, HELD_FILE, HELD_UPLOAD, HELD_STREAM };

/* What an event says beside its name and number: the same bytes for all that hear it. */
struct told_text {
        unsigned refs;
        size_t len;
        char p[];
};
struct told {
        char what[24];
        int64_t id, unit;
        struct told_text *text; /* NULL: nothing */
};
#define TOLD_MAX 64u       /* of one listener */
#define TOLD_ALL_MAX 4096u /* of all, since the last commit */
struct told_person {
        int64_t person;
        size_t order; /* which was told first */
        struct told t;
};

/* A call with all that it needs, from the ask to the last of its answer. */
struct held {
        struct api_call c;                  /* first: a call is found from it */
        struct held *next, *before, **list; /* of api.first, or api.streams */
        struct held *same;                  /* in its place of api.places */
        struct arena arena;
        enum held_kind kind;
        unsigned line;
        uint64_t id;
        struct api_ask ask;
        struct api_say say;
        int64_t since; /* mono */
        api_piece *more;
        api_take *take;
        api_left *gone;
        unsigned credit; /* pieces that the reader asked for */
        bool savepoint;
        bool coming; /* of an upload: pieces are under way */
        struct api_fault faults[API_FAULTS_MAX];
        unsigned n_faults;
        unsigned status; /* of a refusal; 0: none */
        const char *code, *en, *vi;
        struct told *queue; /* for a listener; NULL: nothing */
        unsigned n_queue, queue_room;
        bool waits;          /* counted in api.n_told_of */
        struct hears *hears; /* api_events.c */
        bool all;            /* more than that: fetch everything anew */
        int64_t told;        /* mono: when it was told last */
};

/* A call of the node's own, which may also be refused: a bare struct api_call may not. NULL: out of memory. */
struct held *api_own_new(struct desk *d, int64_t now);
void api_own_free(struct held *h);

#define ENDED_MAX 64u
#define API_PLACES 4096u
struct line {
        bool open, local;
        struct buf out, waiting;
        uint64_t ended[ENDED_MAX]; /* uploads that were refused with pieces under way */
        unsigned n_ended;
};

struct api {
        struct desk *desk;
        int (**handlers)(struct api_call *c); /* by number of operation */
        struct held *first, *streams;
        unsigned n_held, n_listeners;    /* held: without listeners */
        struct held *places[API_PLACES]; /* all of both, by line and id */
        uint64_t rights;                 /* counted up by api_rights_changed() */
        int64_t streams_seen;            /* mono: when listeners were looked at last */
        int64_t streams_who;             /* the same, for whether their sessions stand */
        uint64_t ticket;
        struct line lines[API_LINES];
        bool written;                    /* since the last commit */
        struct told *told;               /* since the last commit */
        struct told_person *told_people; /* the same, to one person each */
        size_t n_told_people, told_people_room;
        unsigned n_told, told_room;
        unsigned n_told_of;      /* listeners with something to be told */
        unsigned within_ms;      /* that they may take to fetch it */
        unsigned most_listeners; /* of late: those of a console that was killed will be back */
        int64_t most_at;         /* mono */
        bool told_all;
        int64_t mono, wall;
};

static inline struct held *held_of(struct api_call *c) {
        return (struct held *)c;
}

struct api *desk_api(struct desk *d);

/* api_table.c */
int (*api_handler(const char *id))(struct api_call *c);
/* Every handler's operation exists: its id, else NULL. */
const char *api_orphan(void);
int api_tables(struct sql *s);

/* api_say.c: an answer into the line */
void api_say_frame(struct api *a, struct held *h, struct span body);
void api_say_json(struct api *a, struct held *h, json_t *body);
void api_say_refused(struct api *a, struct held *h);
int api_json_text_of(struct buf *to, const json_t *v);

/* api_sources.c */
void seen_sources_free(struct seen_sources *s);

/* api_events.c */
int api_follow(struct api_call *c);
void api_events_committed(struct api *a);
void api_events_tick(struct api *a);
void api_events_give(struct api *a, struct held *h);
void api_events_free(struct api *a, struct held *h);
void api_events_deinit(struct api *a);
/* To this listener alone, now. */
void api_events_here(struct api_call *c, const char *what, int64_t id, struct told_text *text);

/* api.c: it is a listener from here on. */
void api_held_stream(struct api *a, struct held *h);
/* It is over, and all that is kept for it. */
void api_held_gone(struct api *a, struct held *h);

#endif
