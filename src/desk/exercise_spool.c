/* Telemetry on its way: asked for ahead of its time from a job (exercise/telemetry.h), kept in the spool, given to ingest
 * when the drill's clock has come to each record (desk/replay.h).
 *
 *   P1. A record's position is (its time of giving, its piece, its place there): strictly growing in the order in which
 *       records are given. Its time of giving is that of the drill, but not before its piece's t_from, and a
 *       piece that comes late has a t_from after everything that could have been given. So what was given never
 *       changes its position, whoever died meanwhile, and goes on behind the one that is durable.
 *   P2. Only pieces whose rows are committed are given, and of a step only once its item is committed as played.
 *   P3. A piece's row goes when its last record is durable.
 *   P4. At most ASKS jobs at once: people's own jobs have room. At most HELD_MAX bytes are in memory. */
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_engine.h"
#include "desk/jobs.h"
#include "desk/replay.h"
#include "exercise/telemetry.h"

#define ASKS 2u
#define HELD_MAX ((size_t)128 << 20)
#define AHEAD_MS 20000 /* of real time, that is asked for beforehand */
#define SLICE_RECORDS 400
#define SLICE_MIN 10000
#define SLICE_MAX 600000
#define PIECE_RECORDS 65000u
#define PIECE_BYTES                                                                                \
        ((size_t)32 << 10) /* what is being given lies in memory: of hundreds of plays */
#define GIVE_MOST 500u     /* records in a turn */
#define CLEAN_MOST 32u     /* rows that go in a turn */
#define CLEAN_NS (INT64_C(2) * NS_PER_SEC)
#define SEG_MAX 0xffffu
#define WAITING_MAX 2000u /* pieces of one play (64 MiB): no more background meanwhile */

static uint64_t position_of(int64_t t, uint32_t seg, uint32_t idx) {
        return (uint64_t)t << 32 | (uint64_t)seg << 16 | idx;
}

/* ---- pieces in memory ---- */

static void forget_bytes(struct exercises *x, struct spooled *k) {
        if (k->bytes)
                x->held_bytes -= k->len;
        free(k->bytes); // NOLINT(clang-analyzer-unix.Malloc): each piece has bytes of its own
        k->bytes = NULL;
        k->rest = NULL;
        k->idx = 0;
}

void spool_free(struct exercises *x, struct engine_play *y) {
        for (unsigned i = 0; i < y->n_pieces; i++)
                forget_bytes(x, &y->pieces[i]);
        free(y->pieces);
        y->pieces = NULL;
        y->n_pieces = y->room = 0;
}

static struct spooled *add_piece(struct engine_play *y) {
        if (y->n_pieces == y->room) {
                unsigned room = y->room ? 2 * y->room : 8;
                struct spooled *p = realloc(y->pieces, room * sizeof(*p));

                if (!p)
                        return NULL;
                y->pieces = p;
                y->room = room;
        }
        y->pieces[y->n_pieces] = (struct spooled){0};
        return &y->pieces[y->n_pieces++];
}

int spool_load(struct desk *d, struct engine_play *y) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                state_sql(d->state), &q,
                "SELECT seg, step, t_from, first, last, held FROM exercise_spool WHERE play=?1"
                " ORDER BY seg",
                "i", y->id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                struct spooled *k = add_piece(y);

                if (!k)
                        return FAIL(-ENOMEM);
                k->seg = (uint32_t)sql_int(q, 0);
                y->seg = MAX(y->seg, k->seg);
                k->step = (unsigned)sql_int(q, 1);
                k->t_from = sql_int(q, 2);
                k->first = sql_int(q, 3);
                k->last = sql_int(q, 4);
                k->held = sql_int(q, 5) != 0;
                k->commits = d->st.commits;
                if (k->step && y->spooled[k->step - 1] == 0)
                        y->spooled[k->step - 1] = 2;
                r = 0;
        }
        return r;
}

static int load_bytes(struct desk *d, struct exercises *x, struct engine_play *y,
                      struct spooled *k) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT bytes FROM exercise_spool WHERE play=?1 AND seg=?2", "ii", y->id,
                         (int64_t)k->seg);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        struct span s = sql_span(q, 0);
        k->bytes = malloc(s.len + 1);
        if (!k->bytes)
                return FAIL(-ENOMEM);
        memcpy(k->bytes, s.p, s.len);
        k->len = s.len;
        k->rest = k->bytes;
        k->idx = 0;
        x->held_bytes += s.len;
        return 0;
}

/* After all that can have been given, though the wall's clock was set back meanwhile. */
static int64_t behind(const struct engine_play *y, int64_t t_now) {
        return MAX(t_now, (int64_t)(y->last >> 32)) + 1;
}

int spool_release(struct desk *d, struct engine_play *y, unsigned step, int64_t t_now) {
        int r = 0;

        for (unsigned i = 0; i < y->n_pieces && r == 0; i++) {
                struct spooled *k = &y->pieces[i];

                if (k->step != step || !k->held)
                        continue;
                k->held = false;
                k->t_from = behind(y, t_now); /* P1 */
                k->commits = d->st.commits;
                r = sql_do(state_sql(d->state),
                           "UPDATE exercise_spool SET held=0, t_from=?3 WHERE play=?1 AND seg=?2",
                           "iii", y->id, (int64_t)k->seg, k->t_from);
        }
        return r;
}

int spool_drop(struct desk *d, struct engine_play *y, unsigned step) {
        for (unsigned i = 0; i < y->n_pieces;)
                if (y->pieces[i].step == step && y->pieces[i].held) {
                        forget_bytes(d->exercises, &y->pieces[i]);
                        y->pieces[i] = y->pieces[--y->n_pieces];
                } else {
                        i++;
                }
        return sql_do(state_sql(d->state),
                      "DELETE FROM exercise_spool WHERE play=?1 AND step=?2 AND held", "ii", y->id,
                      (int64_t)step);
}

/* ---- asking ---- */

/* Background of so long at once: some hundred records. */
static int64_t slice_of(const struct plan *p) {
        int64_t each = (int64_t)p->noise * MAX(p->n_hosts, 1u);
        int64_t ms = each ? SLICE_RECORDS * INT64_C(60000) / each : SLICE_MAX;

        ms = MIN(MAX(ms, SLICE_MIN), SLICE_MAX);
        return MIN(ms, MAX(telemetry_noise_stretch(p), 1000));
}

struct need {
        struct engine_play *y;
        unsigned step;
        int64_t slack; /* ms of real time */
        int64_t from, to, at;
};

/* The most urgent of one play, if it is more urgent than *best. */
static void need_of(struct engine_play *y, const struct plan *p, int64_t now, struct need *best) {
        int64_t t = engine_t(y, now), speed = MAX(engine_speed(y), 1000),
                ahead = AHEAD_MS * speed / 1000;
        int64_t slice = slice_of(p);

        y->noise = MAX(y->noise, y->base);
        if (p->noise && !y->noise_asked && y->n_pieces < WAITING_MAX && y->seg < SEG_MAX &&
            y->noise < y->of->part.until && y->noise < t + MAX(ahead, slice / 2)) {
                int64_t slack = (y->noise - t) * 1000 / speed;

                if (slack < best->slack)
                        *best = (struct need){
                                y, 0, slack, y->noise, MIN(y->noise + slice, y->of->part.until), 0};
        }
        for (unsigned i = 0; i < p->n_steps; i++) {
                int64_t due = y->state[i] == ITEM_PLAYED ? y->t[i] : engine_due(y, p, i), slack;

                if (y->spooled[i] || y->state[i] == ITEM_SKIPPED || due < 0 || due > t + ahead)
                        continue;
                if (y->state[i] == ITEM_OPEN && p->steps[i].when.wait &&
                    p->steps[i].when.condition >= 0)
                        continue;                       /* when it begins is not known */
                slack = (due - t) * 1000 / speed - 500; /* before background of the same time */
                if (slack < best->slack)
                        *best = (struct need){y, i + 1, slack, y->base, INT64_MAX, due};
        }
}

/* The unit's code and its cast, with the plan's JSON: an ask. */
static int encode(struct desk *d, const struct need *n, const struct plan *p, struct buf *out) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct arena arena;
        struct plan_cast cast;
        int r = sql_rows(
                state_sql(d->state), &q,
                "SELECT s.plan, y.casting, u.code FROM exercise_play y JOIN exercise e ON"
                " e.id=y.exercise JOIN scenario s ON s.id=e.scenario JOIN unit u ON u.id=y.unit"
                " WHERE y.id=?1",
                "i", n->y->id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EBADMSG);
        arena_init(&arena, (size_t)1 << 20);
        r = exercise_cast_load(&arena, p, sql_null(q, 1) ? SPAN("{}") : sql_span(q, 1),
                               sql_span(q, 2), &cast);
        if (r == 0 && n->step)
                r = exercise_recording_ask(state_sql(d->state), n->y->of->e.id, n->step, p, &cast,
                                           n->y->of->e.started, n->at, out);
        if (r == 0)
                r = telemetry_ask_encode(&(struct telemetry_ask){.plan = p,
                                                                 .cast = &cast,
                                                                 .step = n->step,
                                                                 .seed = (uint64_t)n->y->of->e.seed,
                                                                 .start_ns = n->y->of->e.started,
                                                                 .at = n->at,
                                                                 .from = n->from,
                                                                 .to = n->to},
                                         sql_span(q, 0), out);
        arena_deinit(&arena);
        return MIN(r, 0);
}

static desk_job_done came;

static int ask(struct desk *d, struct exercises *x, const struct need *n, const struct plan *p) {
        _cleanup_(buf_deinit) struct buf in = {.limit = JOB_IN_MAX};
        unsigned i = 0;
        int r = encode(d, n, p, &in);

        while (i < ENGINE_ASKS && x->asks[i].used)
                i++;
        if (r < 0 || i == ENGINE_ASKS)
                return r;
        r = desk_job(d, JOB_TELEMETRY, buf_get(&in), came, (int64_t)i);
        if (r == -EAGAIN)
                return 0;
        if (r < 0)
                return r;
        x->asks[i] =
                (struct engine_ask){true, !n->step, n->y->id, n->step, n->from, n->to, x->life};
        if (n->step)
                n->y->spooled[n->step - 1] = 1;
        else
                n->y->noise_asked = true;
        return 0;
}

int spool_ask(struct desk *d, int64_t now) {
        struct exercises *x = d->exercises;
        unsigned used = 0;
        int r = 0;

        for (unsigned i = 0; i < ENGINE_ASKS; i++)
                used += x->asks[i].used;
        for (; used < ASKS && r == 0; used++) {
                struct need best = {.slack = INT64_MAX};
                const struct plan *p = NULL;

                for (unsigned i = 0; i < x->n_runs && r == 0; i++) {
                        if (x->runs[i].e.state != EX_RUNNING)
                                continue;
                        r = exercise_scenario_plan(d, x->runs[i].e.scenario, &p);
                        for (unsigned k = 0; k < x->runs[i].n_plays && r == 0; k++)
                                if (engine_speed(&x->runs[i].plays[k]))
                                        need_of(&x->runs[i].plays[k], p, now, &best);
                }
                if (r < 0 || !best.y)
                        return r;
                r = exercise_scenario_plan(d, best.y->of->e.scenario, &p);
                if (r == 0)
                        r = ask(d, x, &best, p);
        }
        return r;
}

/* ---- what came of it ---- */

struct cut {
        const char *from; /* where the piece at hand begins */
        int64_t first, last;
        unsigned n;
};

static int put_piece(struct desk *d, struct engine_play *y, const struct engine_ask *a,
                     struct cut *c, const char *end, int64_t t_now) {
        bool held = a->step && y->state[a->step - 1] != ITEM_PLAYED;
        struct spooled *k;
        int r;

        if (!c->n)
                return 0;
        if (y->seg >= SEG_MAX || !(k = add_piece(y)))
                return FAIL(-ENOMEM);
        *k = (struct spooled){.seg = ++y->seg,
                              .step = a->step,
                              .t_from = held ? INT32_MAX : behind(y, t_now),
                              .first = c->first,
                              .last = c->last,
                              .held = held,
                              .commits = d->st.commits};
        r = sql_do(state_sql(d->state),
                   "INSERT INTO exercise_spool(play,seg,step,t_from,first,last,n,held,bytes)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                   "iiiiiiibx", y->id, (int64_t)k->seg, (int64_t)k->step, k->t_from, k->first,
                   k->last, (int64_t)c->n, held, span_of(c->from, (size_t)(end - c->from)));
        *c = (struct cut){.from = end};
        return r;
}

static bool piece_full(const struct cut *c, const char *end) {
        return c->n == PIECE_RECORDS || (size_t)(end - c->from) > PIECE_BYTES;
}

/* Whether all of it can be kept, before any of it is: 0; -EBADMSG: it is no list of records; -EFBIG: the play has no
 * numbers left for that many pieces. */
static int look(const struct engine_play *y, struct span out) {
        struct telemetry_record rec;
        struct cut c = {.from = out.p};
        unsigned n = 1;
        int r;

        while ((r = telemetry_out_next(&out, &rec)) == 1) {
                c.n++;
                if (piece_full(&c, out.p)) {
                        c = (struct cut){.from = out.p};
                        n++;
                }
        }
        return r < 0 ? r : y->seg > SEG_MAX || n > SEG_MAX - y->seg ? -EFBIG : 0;
}

/* What look() has seen. */
static int keep(struct desk *d, struct engine_play *y, const struct engine_ask *a, struct span out,
                int64_t t_now) {
        struct telemetry_record rec;
        struct cut c = {.from = out.p};
        struct span rest = out;
        int r = desk_begin(d);

        while (r == 0 && telemetry_out_next(&rest, &rec) == 1) {
                if (!c.n)
                        c.first = rec.offset;
                c.last = MAX(c.last, rec.offset);
                c.n++;
                if (piece_full(&c, rest.p))
                        r = put_piece(d, y, a, &c, rest.p, t_now);
        }
        if (r == 0)
                r = put_piece(d, y, a, &c, rest.p, t_now);
        if (r == 0)
                r = sql_do(state_sql(d->state),
                           "UPDATE exercise_play SET seg=?2, noise=max(noise,?3) WHERE id=?1",
                           "iii", y->id, (int64_t)y->seg, a->noise ? a->to : (int64_t)0);
        if (r == 0 && !a->noise)
                r = sql_do(state_sql(d->state),
                           "UPDATE exercise_item SET spooled=2 WHERE play=?1 AND item='s' AND n=?2",
                           "ii", y->id, (int64_t)a->step);
        return r;
}

/* It is asked for again, unless the job itself says no. */
static int nothing_came(struct desk *d, struct engine_play *y, const struct engine_ask *a,
                        int error) {
        char about[40], detail[96];
        bool again = error == -ETIMEDOUT || error == -ECHILD || error == -EAGAIN;

        if (a->noise) {
                y->noise_asked = false;
                if (!again)
                        y->noise = a->to;
        } else {
                y->spooled[a->step - 1] = again ? 0 : 3;
        }
        d->exercises->failed++;
        snprintf(about, sizeof(about), "exercise %lld", (long long)y->exercise);
        snprintf(detail, sizeof(detail), "{\"play\":%lld,\"step\":%u,\"error\":%d}",
                 (long long)y->id, a->step, -error);
        int r = desk_begin(d);
        return r == 0 ? state_audit(d->state, d->wall, "coloa", "exercises.telemetry_failed",
                                    span_str(about), span_str(detail))
                      : r;
}

static int came(struct desk *d, int64_t key, const struct job_said *said) {
        struct exercises *x = d->exercises;
        struct engine_ask a = x->asks[key];
        struct engine_play *y = engine_play_of(d, a.play);
        int r = said->error;

        x->asks[key].used = false;
        if (!y || a.life != x->life)
                return 0; /* memory was made anew meanwhile: asked for again when it is wanted */
        if (r == 0)
                r = look(y, said->out);
        if (r != 0)
                return nothing_came(d, y, &a, r);
        r = keep(d, y, &a, said->out, engine_t(y, x->now));
        if (a.noise) {
                y->noise_asked = false;
                y->noise = a.to;
        } else {
                y->spooled[a.step - 1] = 2;
        }
        x->wait_ms = 0;
        return r;
}

/* ---- giving ---- */

/* The next record of a piece: its time of giving in *ret_t. 1; 0: it has no more; -errno. */
static int next_of(struct spooled *k, struct telemetry_record *rec, int64_t *ret_t,
                   struct span *ret_rest) {
        struct span rest = span_of(k->rest, (size_t)(k->bytes + k->len - k->rest));
        int r = telemetry_out_next(&rest, rec);

        *ret_t = MAX(rec->offset, k->t_from);
        *ret_rest = rest;
        return r;
}

static bool usable(const struct desk *d, const struct spooled *k) {
        return !k->held && !k->given &&
               (k->commits < d->st.commits || !state_in_transaction(d->state)); /* P2 */
}

/* What waits for its commit holds up what comes behind it: else it would come with a position that is passed (P1), and
 * never be given. */
static int64_t held_up_from(const struct desk *d, const struct engine_play *y) {
        int64_t from = INT64_MAX;

        for (unsigned i = 0; i < y->n_pieces; i++) {
                const struct spooled *k = &y->pieces[i];

                if (!k->held && !k->given && !usable(d, k))
                        from = MIN(from, MAX(k->first, k->t_from));
        }
        return from;
}

static void piece_done(struct exercises *x, struct spooled *k, uint64_t last) {
        k->given = true;
        k->end = last;
        forget_bytes(x, k);
}

/* The piece whose next record is first, if that is due by t. NULL: none. */
static int first_due(struct desk *d, struct engine_play *y, int64_t t, struct spooled **ret,
                     struct telemetry_record *ret_rec, int64_t *ret_t, struct span *ret_rest) {
        struct exercises *x = d->exercises;

        *ret = NULL;
        t = MIN(t, held_up_from(d, y) - 1);
        for (unsigned i = 0; i < y->n_pieces; i++) {
                struct spooled *k = &y->pieces[i];
                struct telemetry_record rec = {0};
                struct span rest;
                int64_t at;
                int r = 0;

                if (!usable(d, k) || MAX(k->first, k->t_from) > t)
                        continue;
                if (!k->bytes && x->held_bytes > HELD_MAX) { /* nor is it passed */
                        *ret = NULL;
                        return 0;
                }
                if (!k->bytes)
                        r = load_bytes(d, x, y, k);
                if (r == 0)
                        r = next_of(k, &rec, &at, &rest);
                if (r == -EBADMSG) { /* kept by an edition that looked less closely */
                        x->refused++;
                        r = 0;
                }
                if (r == 0) {
                        piece_done(x, k, y->last);
                        continue;
                }
                if (r < 0)
                        return r;
                if (at > t || (*ret && (at > *ret_t || (at == *ret_t && k->seg > (*ret)->seg))))
                        continue;
                *ret = k;
                *ret_rec = rec;
                *ret_t = at;
                *ret_rest = rest;
        }
        return 0;
}

/* After a line broke it is given again from where it is durable. */
static void again_from(struct exercises *x, struct engine_play *y, uint64_t position) {
        for (unsigned i = 0; i < y->n_pieces; i++) {
                forget_bytes(x, &y->pieces[i]);
                y->pieces[i].given =
                        y->pieces[i].given && y->pieces[i].end <= position && y->pieces[i].end;
        }
        y->last = position;
}

static int give(struct desk *d, struct engine_play *y, int64_t now, unsigned *most,
                bool *ret_full) {
        struct exercises *x = d->exercises;
        int64_t t = engine_t(y, now), at = 0;
        uint64_t given = 0;
        int r = desk_replay_given(d, (uint32_t)y->id, &given);

        if (r == -EAGAIN) {
                *ret_full = true;
                return 0;
        }
        if (r < 0)
                return r;
        if (given < y->last)
                again_from(x, y, given);
        y->last = given;
        while (*most) {
                struct telemetry_record rec = {0};
                struct spooled *k;
                struct span rest = SPAN_NONE;

                r = first_due(d, y, t, &k, &rec, &at, &rest);
                if (r < 0 || !k)
                        return r;
                uint64_t position = position_of(at, k->seg, k->idx);
                if (position > given && rec.offset >= y->base) {
                        r = desk_replay(d, LABEL(y->id, k->step), span_str(rec.source), rec.format,
                                        rec.bytes, position);
                        if (r == -EAGAIN) {
                                *ret_full = true;
                                x->behind_ms = MAX(x->behind_ms, t - at);
                                return 0;
                        }
                        if (r < 0 && r != -EINVAL)
                                return r;
                        if (r == 0)
                                y->last = given = position;
                        else /* passed over: one record is no reason to end */
                                x->refused++;
                        (*most)--;
                }
                k->rest = rest.p;
                k->idx++;
        }
        return 0;
}

/* P3. */
static int clean(struct desk *d, struct engine_play *y, unsigned *most) {
        uint64_t durable = 0;
        int r = 0;

        if (desk_replayed(d, (uint32_t)y->id, &durable) < 0)
                return 0;
        for (unsigned i = 0; i < y->n_pieces && r == 0;) {
                struct spooled *k = &y->pieces[i];

                if (!k->given || k->end > durable || !*most) {
                        i++;
                        continue;
                }
                r = desk_begin(d);
                if (r == 0)
                        r = sql_do(state_sql(d->state),
                                   "DELETE FROM exercise_spool WHERE play=?1 AND seg=?2", "ii",
                                   y->id, (int64_t)k->seg);
                (*most)--;
                forget_bytes(d->exercises, k);
                *k = y->pieces[--y->n_pieces];
        }
        return r;
}

int spool_give(struct desk *d, int64_t now) {
        struct exercises *x = d->exercises;
        bool full = false, cleans = now - x->cleaned > CLEAN_NS || now < x->cleaned;
        unsigned most = GIVE_MOST, n = 0, goes = CLEAN_MOST;
        int r = 0;

        x->behind_ms = 0;
        for (unsigned i = 0; i < x->n_runs; i++)
                n += x->runs[i].n_plays;
        for (unsigned i = 0, at = 0; i < x->n_runs && r == 0 && !full; i++)
                for (unsigned k = 0; k < x->runs[i].n_plays && r == 0 && !full; k++, at++) {
                        struct engine_run *u = &x->runs[i];
                        struct engine_play *y = &u->plays[(k + x->turn) % u->n_plays];

                        if (y->n_pieces)
                                r = give(d, y, now, &most, &full);
                        if (r == 0 && cleans)
                                r = clean(d, y, &goes);
                }
        x->turn++;
        if (cleans && goes)
                x->cleaned = now;
        if (!most)
                x->wait_ms = 0;
        else if (n) /* records are due all the time */
                x->wait_ms = MIN(x->wait_ms, 100);
        return r;
}
