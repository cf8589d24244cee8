/* Recorded attacks (exercise/recording.h): lines of JSON that an organiser gives for a step, kept whole with the exercise
 * and played in place of what would be generated for it, onto each unit's own names. A job looks at every line before
 * it is kept, and another makes of them what is played: the desk reads none of it. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/jobs.h"
#include "exercise/recording.h"

#define IDLE_S 5
#define EXERCISE_BYTES_MAX (INT64_C(200) << 20) /* of all its recordings */
#define PLAN_ID_TEXT 96
#define NAMES_BYTES ((size_t)256 << 10)

/* ---- taking ---- */

struct taking {
        char *p;
        size_t len;
        struct exercise e;
        unsigned step;
        json_t *names;
};

static int bad_name(struct api_call *c, struct span name) {
        struct span en = arena_printf(c->arena, "\"%.*s\" is no host or account of the scenario",
                                      (int)name.len, name.p),
                    vi = arena_printf(c->arena,
                                      "\"%.*s\" không phải máy hay tài khoản của kịch bản",
                                      (int)name.len, name.p);

        return en.p && vi.p ? api_fault_at(c, "names", en.p, vi.p,
                                           "Write RECORDED=id, divided by commas",
                                           "Viết TÊN=mã, cách nhau bằng dấu phẩy")
                            : FAIL(-ENOMEM);
}

static bool known(const struct plan *p, const char *id) {
        return strcmp(id, "domain") == 0 || plan_find_host(p, id) >= 0 ||
               plan_find_account(p, id) >= 0;
}

/* "A=b,C=d" to {"A": "b", …}, of the arena's call: freed with c->detail. */
static int read_names(struct api_call *c, const struct plan *p, json_t *to) {
        struct span s = api_text(c, "names");

        while (s.len) {
                const char *comma = memchr(s.p, ',', s.len);
                struct span one = span_of(s.p, comma ? (size_t)(comma - s.p) : s.len);
                const char *eq = memchr(one.p, '=', one.len);
                size_t from = eq ? (size_t)(eq - one.p) : 0;
                struct span id = eq ? span_of(eq + 1, one.len - from - 1) : SPAN("");
                struct span text = arena_printf(c->arena, "%.*s", (int)id.len, id.p);

                if (!text.p)
                        return FAIL(-ENOMEM);
                if (!from || from > 200 || !known(p, text.p) ||
                    json_object_size(to) >= RECORDING_NAMES_MAX)
                        return bad_name(c, one);
                struct span name = arena_printf(c->arena, "%.*s", (int)from, one.p);
                if (!name.p || json_object_set_new(to, name.p, json_string(text.p)) < 0)
                        return FAIL(-ENOMEM);
                s = span_of(s.p + one.len, s.len - one.len);
                if (s.len)
                        s = span_of(s.p + 1, s.len - 1);
        }
        return 0;
}

static void forget(struct taking *t) {
        free(t->p);
        json_decref(t->names);
        *t = (struct taking){0};
}

static int look(struct api_call *c, const struct taking *t) {
        _cleanup_(buf_deinit) struct buf in = {.limit = JOB_IN_MAX};
        int r = recording_encode(
                &(struct recording_ask){.idle = 1, .records = span_of(t->p, t->len)}, &in);

        return r == 0 ? api_job(c, JOB_TELEMETRY, buf_get(&in)) : r;
}

static int keep(struct api_call *c, const struct taking *t, const struct job_said *said) {
        size_t n = 0, line = 0;
        int64_t others = 0;
        char *names;

        if (said->error)
                return api_job_failed(c, said);
        int r = recording_said(said->out, &n, &line);
        if (r == -EBADMSG || r == -EFBIG || n == 0) {
                struct span
                        en = arena_printf(
                                c->arena,
                                "line %zu is no JSON object with a time, or is longer than 256 KiB",
                                line),
                        vi = arena_printf(
                                c->arena,
                                "dòng %zu không phải JSON có thời gian, hoặc dài hơn 256 KiB",
                                line);

                if (r == -EFBIG)
                        return api_refuse(c, 413, "too_many", "At most 100,000 records",
                                          "Tối đa 100.000 bản ghi");
                return en.p && vi.p ? api_refuse(c, 422, "unreadable", en.p, vi.p) : FAIL(-ENOMEM);
        }
        if (r == 0)
                r = sql_get_int(c->db, &others,
                                "SELECT ifnull(sum(length(bytes)),0) FROM exercise_recording WHERE"
                                " exercise=?1 AND step<>?2",
                                "ii", t->e.id, (int64_t)t->step);
        if (r >= 0 && others + (int64_t)t->len > EXERCISE_BYTES_MAX)
                return api_refuse(c, 413, "too_large", "At most 200 MiB of records in an exercise",
                                  "Tối đa 200 MiB bản ghi trong một cuộc diễn tập");
        names = r >= 0 ? json_dumps(t->names, JSON_COMPACT) : NULL;
        if (!names)
                return r < 0 ? r : FAIL(-ENOMEM);
        r = sql_do(c->db,
                   "INSERT INTO exercise_recording(exercise,step,names,idle_ms,n,bytes,at,by)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(exercise,step) DO UPDATE SET"
                   " names=?3, idle_ms=?4, n=?5, bytes=?6, at=?7, by=?8",
                   "iisiixik", t->e.id, (int64_t)t->step, names,
                   api_int(c, "idle_s", IDLE_S) * 1000, (int64_t)n, span_of(t->p, t->len), c->now,
                   c->who.id);
        free(names);
        if (r == 0)
                r = exercise_changed(c, &t->e);
        c->detail = json_pack("{sI sI}", "step", (json_int_t)t->step, "records", (json_int_t)n);
        c->answer = json_pack("{so sI}", "step", api_json_text(api_text(c, "step")), "records",
                              (json_int_t)n);
        return r < 0 ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

static int take(struct api_call *c, struct span piece, bool last) {
        struct taking *t = c->kept;
        int r = 0;

        if (piece.len > RECORDING_BYTES_MAX - t->len)
                r = api_refuse(c, 413, "too_large", "At most 15 MiB of records",
                               "Tối đa 15 MiB bản ghi");
        if (r == 0 && piece.len)
                memcpy(t->p + t->len, piece.p, piece.len);
        t->len += r == 0 ? piece.len : 0;
        if (r == 0 && last)
                r = look(c, t);
        if (r != 0 && r != API_E_LATER)
                forget(t);
        return r;
}

static void left(struct api_call *c) {
        forget(c->kept);
}

/* The step of that id, before it began. 0, API_E_REFUSED, -errno. */
static int find(struct api_call *c, struct exercise *e, const struct plan **ret, unsigned *step) {
        struct span id = api_text(c, "step"), text;
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", e);

        if (r == 0 && !(EX_BIT(e->state) & EX_BEFORE))
                return api_refuse(c, 409, "state", "it began already", "diễn tập đã bắt đầu");
        if (r == 0)
                r = exercise_plan_of(c->desk, e->id, ret);
        if (r != 0)
                return r;
        text = arena_printf(c->arena, "%.*s", (int)id.len, id.p);
        int n = text.p && *ret ? plan_find_step(*ret, text.p) : -1;
        if (n < 0)
                return text.p ? api_missing(c) : FAIL(-ENOMEM);
        *step = (unsigned)n + 1;
        return 0;
}

int exercise_do_recording(struct api_call *c) {
        struct taking *t = c->kept;
        const struct plan *p = NULL;
        int r;

        if (t) { /* the job has looked at it; meanwhile it may have begun */
                r = find(c, &t->e, &p, &t->step);
                if (r == 0)
                        r = keep(c, t, c->said);
                forget(t);
                return r;
        }
        t = arena_zalloc(c->arena, sizeof(*t));
        r = t ? find(c, &t->e, &p, &t->step) : FAIL(-ENOMEM);
        if (r != 0)
                return r;
        t->names = json_object();
        r = t->names ? read_names(c, p, t->names) : FAIL(-ENOMEM);
        if (r == 0) {
                t->p = malloc(RECORDING_BYTES_MAX);
                r = t->p ? 0 : FAIL(-ENOMEM);
        }
        if (r != 0) {
                json_decref(t->names);
                return r;
        }
        c->kept = t;
        return api_upload(c, take, left);
}

int exercise_do_recording_remove(struct api_call *c) {
        const struct plan *p = NULL;
        struct exercise e;
        unsigned step = 0;
        int r = find(c, &e, &p, &step);

        if (r == 0)
                r = sql_do(c->db, "DELETE FROM exercise_recording WHERE exercise=?1 AND step=?2",
                           "ii", e.id, (int64_t)step);
        if (r == 0 && !sql_changes(c->db))
                r = api_missing(c);
        return r == 0 ? exercise_changed(c, &e) : r;
}

/* ---- playing ---- */

/* What the plan's id is called at this unit, behind what `to` holds. */
static struct span name_of(const struct plan *p, const struct plan_cast *cast, const char *id,
                           struct buf *to) {
        char text[PLAN_ID_TEXT];
        size_t at = to->len;

        snprintf(text, sizeof(text),
                 plan_find_host(p, id) >= 0      ? "{host:%s}"
                 : plan_find_account(p, id) >= 0 ? "{account:%s}"
                                                 : "{%s}",
                 id);
        plan_fill(p, cast, text, to);
        return to->failed ? SPAN_NONE : span_of(to->p + at, to->len - at);
}

int exercise_recording_ask(struct sql *db, int64_t exercise, unsigned step, const struct plan *p,
                           const struct plan_cast *cast, int64_t start_ns, int64_t at,
                           struct buf *out) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        _cleanup_(buf_deinit) struct buf text_of = {.limit = NAMES_BYTES};
        struct telemetry_name *names;
        unsigned n = 0;
        const char *from;
        json_t *v, *o;

        /* Names stand in it: it must not move. */
        if (!buf_reserve(&text_of, NAMES_BYTES))
                return FAIL(-ENOMEM);
        int r = sql_rows(
                db, &q,
                "SELECT names, idle_ms, bytes FROM exercise_recording WHERE exercise=?1 AND"
                " step=?2",
                "ii", exercise, (int64_t)step);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span text = sql_span(q, 0);
        o = json_loadb(text.p, text.len, 0, NULL);
        names = calloc(RECORDING_NAMES_MAX, sizeof(*names));
        json_object_foreach(o, from, v) {
                struct span to = names && n < RECORDING_NAMES_MAX
                                         ? name_of(p, cast, json_string_value(v), &text_of)
                                         : SPAN_NONE;

                if (to.len)
                        names[n++] = (struct telemetry_name){span_str(from), to};
        }
        r = o && names ? recording_encode(&(struct recording_ask){.step = step,
                                                                  .start_ns = start_ns,
                                                                  .at = at,
                                                                  .idle = sql_int(q, 1),
                                                                  .names = names,
                                                                  .n_names = n,
                                                                  .records = sql_span(q, 2)},
                                          out)
                       : FAIL(-ENOMEM);
        free(names);
        json_decref(o);
        return r < 0 ? r : 1;
}
