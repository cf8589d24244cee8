/* What the files on live fire share (doc/live-fire.md). */
#ifndef DESK_LIVEFIRE_H
#define DESK_LIVEFIRE_H

#include "desk/api.h"
#include "exercise/livefire.h"

#define LIVE_KEY_BYTES 32u
#define LIVE_FILE_MAX ((size_t)3 << 20) /* twice in a call's arena */
#define LIVE_FILES_MAX 10u
#define LIVE_FINDINGS_MAX 5000
#define LIVE_TEAM_FINDINGS 300 /* of one team, so that none takes the room of the others */
#define LIVE_TEAM_ACTIVITY 1000
#define LIVE_TEAM_BYTES (INT64_C(200) << 20)
#define LIVE_ACTIVITY_MAX 5000
#define LIVE_APPEAL_NS (INT64_C(24) * 3600 * NS_PER_SEC)
#define LIVE_KEPT_NS (INT64_C(30) * 24 * 3600 * NS_PER_SEC)

/* What somebody is in a live fire; the first that holds. */
enum live_side { LIVE_ORGANISER, LIVE_JURY, LIVE_RED, LIVE_BLUE };
extern const char *const live_sides[];

/* One exercise of that kind; texts of the call's arena. */
struct live {
        int64_t id, unit;  /* of the organisers */
        struct span state; /* of the exercise */
        bool declared;
        int64_t begins, ends, stopped, version;
        unsigned base[LIVE_LEVELS];
        struct span key; /* a box; empty: none yet, or gone */
        enum live_side side;
        int64_t team; /* the asker's; 0: none */
};
/* For an asker who is anything in it; api_missing() else. 0, API_E_REFUSED, -errno. */
int live_find(struct api_call *c, struct live *ret);
/* The asker must be that: 403. */
int live_only(struct api_call *c, const struct live *l, enum live_side side);
/* It runs now: declared, begun, not over, not stopped, its exercise running. 409. */
int live_running(struct api_call *c, const struct live *l);
/* A target of it, with a consent in force at `at`. 1, 0, -errno. */
int live_consented(struct sql *db, int64_t exercise, int64_t target, int64_t at);
/* What keeps it from starting: [{code, en, vi}] appended; for the list before `go`. */
int live_missing(struct api_call *c, int64_t exercise, json_t *to);

/* ---- live_seal.c: words that only the sides concerned read ---- */

/* The key, with the vault's help: 0 and `key`; API_E_LATER: call it again in the same handler when c->said is
 * there; API_E_REFUSED: 410, the words are gone; -errno. `c->said` is used up. */
int live_key(struct api_call *c, const struct live *l, unsigned char key[LIVE_KEY_BYTES]);
/* Makes one: 0 and its box (of the arena); API_E_LATER; API_E_REFUSED. */
int live_new_key(struct api_call *c, int64_t exercise, struct span *ret_box);
/* Of the arena; SPAN_NONE: no memory, or it is not what was sealed. `about`: the row's number, bound to it. */
struct span live_seal(struct api_call *c, const unsigned char key[LIVE_KEY_BYTES], int64_t about,
                      struct span text);
struct span live_open(struct api_call *c, const unsigned char key[LIVE_KEY_BYTES], int64_t about,
                      struct span sealed);
/* Words of a finding; NULL: none, or not what was sealed. The caller's. */
json_t *live_words(const unsigned char key[LIVE_KEY_BYTES], int64_t about, struct span sealed);
/* The same component, weakness and entry point have the same. */
int64_t live_same(const unsigned char key[LIVE_KEY_BYTES], struct span component,
                  struct span weakness, struct span entry);
/* Words and files of what was signed 30 days ago go; then the key. Of the desk's tick. 0 or -errno. */
int live_tick(struct desk *d, int64_t wall);

/* ---- live_findings.c ---- */

struct live_finding {
        int64_t id, n, team, target, filed, done_at, version;
        struct span state, sealed;
        bool assisted;
};
/* c's `finding` in that exercise, if the asker may see it. 0, API_E_REFUSED, -errno. */
int live_finding_find(struct api_call *c, const struct live *l, struct live_finding *ret);
int live_finding_in(struct api_call *c, const struct live_finding *f, const char *states);
int live_finding_answer(struct api_call *c, const struct live *l, int64_t id,
                        const unsigned char key[LIVE_KEY_BYTES]);
/* What happened to it. */
int live_event(struct api_call *c, int64_t finding, const char *what, struct span text);
void live_tell(struct api_call *c, const struct live *l);

int findings_do_list(struct api_call *c);
int findings_do_get(struct api_call *c);
int findings_do_add(struct api_call *c);
int findings_do_edit(struct api_call *c);
int findings_do_file(struct api_call *c);

/* ---- live_files.c ---- */

int findings_do_attach(struct api_call *c);
int findings_do_attachment(struct api_call *c);

/* ---- live_judging.c ---- */

/* Places and points of all of an exercise anew. */
int live_points_all(struct api_call *c, const struct live *l);
int findings_do_return(struct api_call *c);
int findings_do_verify(struct api_call *c);
int findings_do_void(struct api_call *c);
int findings_do_mark(struct api_call *c);
int findings_do_appeal(struct api_call *c);
int findings_do_answer(struct api_call *c);
int findings_do_sign(struct api_call *c);
int livefire_do_standings(struct api_call *c);
int livefire_do_publish(struct api_call *c);
int livefire_do_finish(struct api_call *c);

/* ---- live_match.c ---- */

int livefire_do_activity(struct api_call *c);
int livefire_do_act(struct api_call *c);
int livefire_do_matches(struct api_call *c);

#endif
