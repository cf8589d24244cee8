/* Scores of plays, kept as long as nothing changed (exercise_facts.h). A score is a function of the facts, so there is
 * nothing to be lost: what is kept here is only not to be computed 300 times for one look at a board.
 *
 * What changes a fact tells those who follow the unit (api_tell()): that marks its plays. Time changes scores too, as
 * lines run out; so a play that runs is looked at again every SCORE_FRESH_S. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_facts.h"

#define KEPT_MAX 2048u
#define TICK_NS (NS_PER_SEC / 40) /* one play's score for each of these */
#define TICK_MOST 4
#define LIST_NS (2 * NS_PER_SEC)

struct kept {
        int64_t play, unit, at; /* at: ns; 0: to be made anew */
        struct exercise_scored scored;
        bool over;
};
struct exercise_scores {
        struct kept *kept;
        size_t n, room, oldest;
        int64_t *live; /* plays whose points stand in tables */
        size_t n_live, at;
        int64_t listed, ticked; /* ns */
};

void exercise_scores_free(struct desk *d) {
        if (d->scores) {
                free(d->scores->kept);
                free(d->scores->live);
        }
        free(d->scores);
        d->scores = NULL;
}

void exercise_scores_told(struct desk *d, int64_t unit) {
        for (size_t i = 0; d->scores && i < d->scores->n; i++)
                if (!unit || d->scores->kept[i].unit == unit) {
                        d->scores->kept[i].at = 0;
                        if (!d->scores->kept[i].over)
                                exercise_touched(d, d->scores->kept[i].play);
                }
}

static struct kept *find(struct desk *d, int64_t play) {
        struct exercise_scores *x = d->scores;

        if (!x)
                x = d->scores = calloc(1, sizeof(*x));
        if (!x)
                return NULL;
        for (size_t i = 0; i < x->n; i++)
                if (x->kept[i].play == play)
                        return &x->kept[i];
        if (x->n == x->room && x->room < KEPT_MAX) {
                size_t room = x->room ? 2 * x->room : 64;
                struct kept *p = realloc(x->kept, room * sizeof(*p));

                if (!p)
                        return NULL;
                x->kept = p;
                x->room = room;
        }
        assert(x->room);
        size_t at = x->n < x->room ? x->n++ : x->oldest++ % x->room;
        x->kept[at] = (struct kept){.play = play};
        return &x->kept[at];
}

int exercise_score_whole(struct desk *d, int64_t play, int64_t now, struct drill_facts *facts,
                         const struct plan **ret_plan, struct score **ret) {
        struct exercise_play y;
        int r = exercise_play_of(state_sql(d->state), play, now, &y);

        *ret = NULL;
        *ret_plan = NULL;
        if (r != 1)
                return r;
        r = exercise_plan_of(d, y.exercise, ret_plan);
        if (r < 0 || !*ret_plan || y.started == TIME_NONE)
                return r;
        r = exercise_facts(d, play, now, facts);
        if (r == 0)
                r = score_play(ret, *ret_plan, facts, (unsigned)play);
        if (*ret) /* some facts are left out */
                (*ret)->provisional |= facts->cut;
        return r;
}

static void text_of(char *to, size_t room, const char *title, const char *reason) {
        size_t n = (size_t)snprintf(to, room, "%s: %s", title, reason);

        if (n < room)
                return;
        n = room - 1; /* cut at a whole character */
        while (n && ((unsigned char)to[n] & 0xc0) == 0x80)
                n--;
        to[n] = '\0';
}

/* The newest line or penalty. */
static void newest(const struct score *s, struct exercise_scored *ret) {
        int64_t last = INT64_MIN;

        for (unsigned i = 0; i < s->n_lines; i++) {
                const struct score_line *l = &s->lines[i];

                if (l->state != LINE_SCORED || !l->n_facts || l->facts[0]->t < last)
                        continue;
                last = l->facts[0]->t;
                ret->last_t = last;
                ret->last_points = l->points;
                text_of(ret->last_en, sizeof(ret->last_en), l->expectation->title.en, l->en);
                text_of(ret->last_vi, sizeof(ret->last_vi), l->expectation->title.vi, l->vi);
        }
        for (unsigned i = 0; i < s->n_penalties; i++) {
                const struct score_penalty *x = &s->penalties[i];

                if (x->pardoned || x->fact->t < last)
                        continue;
                last = x->fact->t;
                ret->last_t = last;
                ret->last_points = -x->points;
                text_of(ret->last_en, sizeof(ret->last_en), "Penalty", x->en);
                text_of(ret->last_vi, sizeof(ret->last_vi), "Trừ điểm", x->vi);
        }
}

static void sums(const struct score *s, struct exercise_scored *ret) {
        *ret = (struct exercise_scored){.is = true,
                                        .provisional = s->provisional,
                                        .total = s->total,
                                        .base = s->base,
                                        .penalty = s->penalty,
                                        .harm = s->harm,
                                        .n_void = (int)s->n_void,
                                        .n_open = (int)s->n_open,
                                        .hints = (int)s->hints,
                                        .machine = s->part[PART_MACHINE],
                                        .people = s->part[PART_PEOPLE]};
        newest(s, ret);
}

int exercise_score(struct desk *d, int64_t play, int64_t now, struct exercise_scored *ret) {
        struct kept *k = find(d, play);
        struct exercise_play y;
        struct drill_facts facts;
        struct score *s = NULL;
        const struct plan *p;
        int r;

        if (!k)
                return FAIL(-ENOMEM);
        if (k->at && (k->over || now - k->at < SCORE_FRESH_S * NS_PER_SEC)) {
                *ret = k->scored;
                return 0;
        }
        r = exercise_play_of(state_sql(d->state), play, now, &y);
        *ret = (struct exercise_scored){0};
        if (r != 1)
                return r;
        facts_init(&facts);
        r = exercise_score_whole(d, play, now, &facts, &p, &s);
        if (r == 0 && s)
                sums(s, ret);
        if (r == -E2BIG) /* not scored: `is` stays false */
                r = 0;
        if (r == 0)
                *k = (struct kept){play, y.unit, now, *ret, y.over};
        score_free(s);
        facts_deinit(&facts);
        return r;
}

/* ---- into the tables, for boards ---- */

int exercise_score_write(struct desk *d, int64_t play, int64_t now) {
        struct sql *db = state_sql(d->state);
        struct exercise_scored s;
        struct exercise_play y;
        int64_t same = 0;
        int r = exercise_play_of(db, play, now, &y);

        if (r == 1 && y.over)
                r = exercise_look_unused(d, play, now);
        if (r >= 0)
                r = exercise_score(d, play, now, &s);
        if (r < 0 || !s.is)
                return r;
        r = sql_get_int(
                db, &same,
                "SELECT points IS ?2 AND last_t IS ?3 AND last_en IS ?4 FROM exercise_play WHERE"
                " id=?1",
                "iiis", play, s.total, s.last_t, s.last_en);
        if (r == 1)
                r = desk_begin(d);
        if (r == 0)
                r = sql_do(db,
                           "UPDATE exercise_play SET points=?2, last_points=?3, last_en=?4, "
                           "last_vi=?5,"
                           " last_t=?6, scored=?7 WHERE id=?1",
                           "iiissii", play, s.total, s.last_points, s.last_en, s.last_vi, s.last_t,
                           now);
        if (r == 0 && !same)
                exercise_touched(d, play);
        return r;
}

/* Plays whose clock may move, and those that ended after they were scored last. */
static int list_live(struct desk *d, struct exercise_scores *x, int64_t now) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r;

        if (!x->live)
                x->live = calloc(KEPT_MAX, sizeof(*x->live));
        if (!x->live)
                return FAIL(-ENOMEM);
        x->n_live = x->at = 0;
        x->listed = now;
        r = sql_rows(
                state_sql(d->state), &q,
                "SELECT y.id FROM exercise_play y JOIN exercise e ON e.id=y.exercise WHERE"
                " y.run=e.run AND e.scenario IS NOT NULL AND e.started IS NOT NULL AND (y.live OR"
                " (e.ended IS NOT NULL AND ifnull(y.scored,0)<e.ended)) LIMIT 2048",
                "");
        while (r == 0 && (r = sql_next(q)) == 1) {
                x->live[x->n_live++] = sql_int(q, 0);
                r = 0;
        }
        return r;
}

int exercise_scores_tick(struct desk *d, int64_t now) {
        struct exercise_scores *x;
        int64_t budget;
        int r = 0;

        if (!find(d, 0))
                return FAIL(-ENOMEM);
        x = d->scores;
        if (now - x->ticked < TICK_NS && now >= x->ticked)
                return 0;
        budget = MIN((now - x->ticked) / TICK_NS, (int64_t)TICK_MOST);
        x->ticked = now;
        if (x->at >= x->n_live && (now - x->listed > LIST_NS || now < x->listed))
                r = list_live(d, x, now);
        for (; r == 0 && budget > 0 && x->at < x->n_live; x->at++) {
                const struct kept *k = find(d, x->live[x->at]);

                if (k && k->at && now - k->at < SCORE_FRESH_S * NS_PER_SEC && now >= k->at)
                        continue; /* nothing was told of it */
                r = exercise_score_write(d, x->live[x->at], now);
                budget--;
        }
        return r;
}
