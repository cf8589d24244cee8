/* Scenarios: a file that a person wrote, and the plan that the reader made of it (doc/scenarios.md). Bytes that came
 * once are one row, which is never changed; a plan is loaded, and so checked whole, before it is kept. What is in the
 * story is for organisers: who may play sees what is published beforehand (SCORING: expectations, not their objects). */
#include <sodium.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/jobs.h"
#include "reader/reader.h"

#define ARENA_BYTES ((size_t)4 << 20)

static const char *const columns[] = {
        "s.id",           "s.code",
        "s.title",        "s.title_vi",
        "s.level",        "s.minutes",
        "s.demo_minutes", "s.edition",
        "s.hash",         "s.techniques",
        "s.steps",        "s.injects",
        "s.expectations", "s.origin",
        "s.added",        "(SELECT count(*) FROM exercise e WHERE e.scenario=s.id)",
        "s.retired",      "s.version"};

static struct api_list_spec spec_of(void) {
        return (struct api_list_spec){.shape = api_op(api_number("scenarios.list"))->answer,
                                      .columns = columns,
                                      .from = "scenario s",
                                      .id = "s.id",
                                      .search = {"s.title", "s.title_vi", "s.code"}};
}

int exercise_do_scenario_list(struct api_call *c) {
        struct api_list_spec spec = spec_of();

        return api_list(c, &spec);
}

/* ---- keeping ---- */

static int64_t count_techniques(const struct plan *p) {
        int64_t n = 0;

        for (unsigned i = 0; i < p->n_steps; i++) {
                bool first = p->steps[i].technique != NULL;

                for (unsigned j = 0; j < i && first; j++)
                        first = !p->steps[j].technique ||
                                strcmp(p->steps[i].technique, p->steps[j].technique) != 0;
                n += first;
        }
        return n;
}

static int64_t minutes(int64_t ms) {
        return (ms + 59999) / 60000;
}

/* *ret_id: of the row, new or not. 0, -EBADMSG: the plan is none, or of other bytes; -errno. */
static int keep(struct api_call *c, struct span yaml, struct span plan, const char *origin,
                int64_t *ret_id) {
        _cleanup_(plan_freep) struct plan *p = NULL;
        unsigned char hash[32];
        char hex[65];
        int r = plan_load(plan, &p);

        if (r < 0)
                return r;
        crypto_generichash(hash, sizeof(hash), (const unsigned char *)yaml.p, yaml.len, NULL, 0);
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        if (strcmp(hex, p->hash) != 0)
                return -EBADMSG;
        r = sql_get_int(c->db, ret_id, "SELECT id FROM scenario WHERE hash=?1", "s", hex);
        if (r != 0)
                return MIN(r, 0);
        r = sql_do(c->db,
                   "INSERT INTO scenario(code,edition,hash,yaml,plan,title,title_vi,level,minutes,"
                   "demo_minutes,techniques,steps,injects,expectations,origin,added,by)"
                   " VALUES(?1,?2,?3,?4,?5,?6,nullif(?7,''),?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
                   "sisxtsssiiiiiisik", p->id, (int64_t)p->version, hex, yaml, plan,
                   *p->title.en ? p->title.en : p->title.vi, p->title.vi, p->level,
                   minutes(p->length), minutes(p->length / MAX(p->demo_speed, 1u)),
                   count_techniques(p), (int64_t)p->n_steps, (int64_t)p->n_injects,
                   (int64_t)p->n_expectations, origin, c->now, c->who.id);
        *ret_id = sql_last_id(c->db);
        return r;
}

/* ---- the plan, as whoever asks may see it ---- */

/* What an expectation is about would tell the story. */
static void publish(json_t *plan) {
        static const char *const story[] = {"outside", "steps", "injects", "hints", "conditions"};
        json_t *e;
        size_t i;

        for (i = 0; i < ARRAY_LEN(story); i++)
                json_object_set_new(plan, story[i], json_array());
        json_array_foreach(json_object_get(plan, "expectations"), i, e) {
                json_object_set_new(e, "of", json_string(""));
                json_object_del(e, "objects");
                json_object_del(e, "values");
        }
        json_array_foreach(json_object_get(plan, "hosts"), i, e) json_object_del(e, "kind");
}

int exercise_do_scenario_get(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct api_list_spec spec = spec_of();
        int64_t id = api_int(c, "id", 0);
        int plans = api_holds(c, "exercises.plan");
        int r = plans < 0 ? plans : api_detail(c, &spec, id);

        if (r == 0)
                r = sql_rows(c->db, &q, "SELECT plan FROM scenario WHERE id=?1", "i", id);
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span s = sql_span(q, 0);
        json_t *plan = json_loadb(s.p, s.len, 0, NULL);
        if (!plan)
                return FAIL(-ENOMEM);
        if (!plans)
                publish(plan);
        return json_object_set_new(c->answer, "plan", plan) < 0 ? FAIL(-ENOMEM) : 0;
}

/* ---- the file ---- */

static int give(struct api_call *c, struct buf *to) {
        struct span *rest = c->kept;
        size_t n = MIN(rest->len, API_PIECE_MAX);

        buf_add(to, rest->p, n);
        *rest = span_of(rest->p + n, rest->len - n);
        return rest->len > 0;
}

int exercise_do_scenario_file(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span *rest = arena_alloc(c->arena, sizeof(*rest));
        char name[128];
        int r = sql_rows(c->db, &q, "SELECT yaml, code FROM scenario WHERE id=?1", "i",
                         api_int(c, "id", 0));

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        if (!rest || !(*rest = arena_dup(c->arena, sql_span(q, 0))).p)
                return FAIL(-ENOMEM);
        struct span code = sql_span(q, 1);
        snprintf(name, sizeof(name), "%.*s.yaml", (int)MIN(code.len, (size_t)100), code.p);
        c->kept = rest;
        return api_file(c, "application/yaml", name, give);
}

int exercise_do_scenario_retire(struct api_call *c) {
        struct api_list_spec spec = spec_of();
        int64_t id = api_int(c, "id", 0);
        int r = sql_do(c->db, "UPDATE scenario SET retired=?2, version=version+1 WHERE id=?1", "ib",
                       id, api_bool(c, "retired", true));

        if (r < 0)
                return r;
        if (!sql_changes(c->db))
                return api_missing(c);
        snprintf(c->about, sizeof(c->about), "scenario %lld", (long long)id);
        api_tell(c, "scenario", id, 0);
        return api_detail(c, &spec, id);
}

/* ---- bringing one in ---- */

struct taking {
        char *p; /* the kind of document, then the file */
        size_t len;
};

static int take(struct api_call *c, struct span piece, bool last) {
        struct taking *t = c->kept;

        if (piece.len > SCENARIO_BYTES_MAX + 1 - t->len)
                return api_refuse(c, 413, "too_large", "A scenario has at most 1 MiB",
                                  "Kịch bản tối đa 1 MiB");
        if (piece.len)
                memcpy(t->p + t->len, piece.p, piece.len);
        t->len += piece.len;
        return last ? api_job(c, JOB_READER, span_of(t->p, t->len)) : 0;
}

static json_t *list_of(const json_t *said, const char *name) {
        json_t *list = json_object_get(said, name);

        return json_is_array(list) ? json_incref(list) : json_array();
}

static int uploaded(struct api_call *c, const json_t *said) {
        const struct taking *t = c->kept;
        const json_t *plan = json_object_get(said, "plan");
        json_t *faults = list_of(said, "faults");
        bool good = json_is_object(plan) && !json_array_size(faults),
             dry = api_bool(c, "dry", false);
        struct span yaml = span_of(t->p + 1, t->len - 1);
        char *text = good ? json_dumps(plan, JSON_COMPACT) : NULL;
        int64_t id = 0;
        int r = good && !text ? FAIL(-ENOMEM) : 0;

        if (r == 0 && good && !dry)
                r = keep(c, yaml, span_str(text), "own", &id);
        free(text);
        if (r == -EBADMSG) {
                json_decref(faults);
                return api_job_failed(c, &(struct job_said){.error = -EBADMSG});
        }
        if (id) {
                snprintf(c->about, sizeof(c->about), "scenario %lld", (long long)id);
                api_tell(c, "scenario", id, 0);
        }
        json_t *title = json_object_get(json_object_get(plan, "title"), "en"),
               *hash = json_object_get(plan, "hash");
        c->detail = json_pack("{sb sb sI}", "done", id != 0, "dry", dry, "faults",
                              (json_int_t)json_array_size(faults));
        c->answer = json_pack("{sb so sO sO sI so so}", "done", id != 0, "id",
                              id ? json_integer(id) : json_null(), "title",
                              title ? title : json_null(), "hash", hash ? hash : json_null(),
                              "n_faults", (json_int_t)json_array_size(faults), "faults", faults,
                              "warnings", list_of(said, "warnings"));
        return r < 0 ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

int exercise_do_scenario_upload(struct api_call *c) {
        const struct job_said *said = c->said;

        if (!said) {
                struct taking *t = arena_alloc(c->arena, sizeof(*t));

                if (t)
                        *t = (struct taking){.p = arena_alloc(c->arena, SCENARIO_BYTES_MAX + 1),
                                             .len = 1};
                if (!t || !t->p)
                        return FAIL(-ENOMEM);
                t->p[0] = READER_SCENARIO;
                c->kept = t;
                return api_upload(c, take, NULL);
        }
        if (said->error)
                return api_job_failed(c, said);
        json_t *o = json_loadb(said->out.p, said->out.len, 0, NULL);
        int r = json_is_object(o) ? uploaded(c, o)
                                  : api_job_failed(c, &(struct job_said){.error = -EBADMSG});
        json_decref(o);
        return r;
}

/* ---- those that ship with the program ---- */

int desk_scenario(struct desk *d, struct span yaml, int64_t wall) {
        _cleanup_(buf_deinit) struct buf out = {.limit = (size_t)16 << 20};
        struct arena arena;
        int64_t id;
        int r = scenario_read(yaml, &out);

        if (r < 0)
                return r;
        json_t *said = json_loadb(out.p, out.len, 0, NULL), *plan = json_object_get(said, "plan");
        char *text = json_is_object(plan) ? json_dumps(plan, JSON_COMPACT) : NULL;
        json_decref(said);
        if (!text)
                return DESK_E_REFUSED;
        arena_init(&arena, ARENA_BYTES);
        struct api_call c = {.desk = d,
                             .db = state_sql(d->state),
                             .arena = &arena,
                             .now = wall,
                             .who = {.name = SPAN("coloa")}};
        r = desk_begin(d);
        if (r == 0)
                r = keep(&c, yaml, span_str(text), "coloa", &id);
        arena_deinit(&arena);
        free(text);
        return r == -EBADMSG ? DESK_E_REFUSED : r;
}
