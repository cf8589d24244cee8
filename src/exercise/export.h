/* An exercise as it leaves the node: JSONL, each line one object with one member that says what it is, in this order:
 *
 *     {"exercise":{"format":"coloa-exercise/1","code":…,"title":…,"kind":…,"seed":…,"run":…,"speed":…,"formula":…,"formula_hash":…,
 *                  "scenario":ID,"hash":…}}
 *     {"plan":{…}}                      as `coloa exercise check` made it of the scenario
 *     {"play":{"play":N,"unit":CODE,"name":…,"cast":{…}|null,"roster":[["p1","lead",false],…]}}
 *     {"clock":{"play":0|N,"points":[[real ms, drill ms, speed in thousandths],…]}}
 *     {"fact":{…}}                      facts.h, sorted; rulings among them
 *     {"sha256":"…"}                    of all bytes before this line
 *
 * People are "p1", "p2" and their duties; the reader takes nothing on trust. */
#ifndef EXERCISE_EXPORT_H
#define EXERCISE_EXPORT_H

#include "exercise/review.h"

#define EXPORT_FORMAT "coloa-exercise/1"
#define EXPORT_PLAYS_MAX 2000u

struct export_play {
        unsigned play;
        const char *unit, *name;
};
struct exercise_export {
        struct plan *plan;
        struct drill_facts facts;
        struct export_play *plays;
        unsigned n_plays;
        const char *code, *title, *kind;
        char hash[FACTS_HASH_HEX];
        struct arena arena;
};

enum {
        EXPORT_E_FORMAT = 1, /* a line is not what it should be: ret_line */
        EXPORT_E_HASH,       /* the bytes are not those that were hashed */
        EXPORT_E_FORMULA,    /* it is scored by another formula than this program has */
};
/* 0; EXPORT_E_…; -ENOMEM. */
int export_read(struct exercise_export **ret, struct span text, size_t *ret_line);
struct exercise_export *export_free(struct exercise_export *x);
CLEANUP(exercise_export, export_free)

/* Writing: lines are appended, then closed by the hash over all of `to`. */
void export_line(struct buf *to, const char *what, struct span object);
void export_close(struct buf *to);

/* Scores of all its plays, one canonical JSON object and a line's end: what `coloa exercise score` and the API give,
 * byte for byte. 0; -ENOMEM. */
int export_scores(struct buf *to, const struct plan *p, const struct drill_facts *facts,
                  const struct export_play *plays, unsigned n);

/* A job (JOB_SCORE): six bytes say what is wanted: which, 'e' or 'v', the play (0: all; three bytes, highest first), 0;
 * then the export. */
#define EXPORT_ASK 6u
enum {
        EXPORT_WANT_SCORES = 1,
        EXPORT_WANT_HTML,
        EXPORT_WANT_PDF,
        EXPORT_WANT_DOCX /* JSON for the press */,
        EXPORT_WANT_COMPARISON /* of what compare.h says, not of an export */
};
/* 0: also when the export is none: then `out` says why, as {"line":N,"why":"format"|"hash"}. */
int job_score(struct span in, struct buf *out);

#endif
