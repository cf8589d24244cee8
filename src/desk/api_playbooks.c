/* Playbooks as they are read, brought in, given out, and taken out of use. */
#include <stdlib.h>

#include "desk/jobs.h"
#include "desk/playbook.h"
#include "reader/playbook.h"
#include "reader/reader.h"
#include "wire/api_shapes.h"

static const char *const columns[] = {
        "p.id",
        "p.cacao",
        "p.name",
        "p.name_vi",
        "p.kinds",
        "p.steps",
        "p.automatic",
        "p.parallel",
        "p.conditions",
        "p.origin",
        "p.tlp",
        "p.modified",
        "p.edition",
        "(SELECT count(*) FROM playbook_run r WHERE r.playbook=p.id)",
        "(SELECT max(started) FROM playbook_run r WHERE r.playbook=p.id)",
        "p.retired",
        "p.version",
};
static const struct api_list_spec spec = {.shape = api_playbook_shape,
                                          .columns = columns,
                                          .from = "playbook p",
                                          .id = "p.id",
                                          .search = {"p.name", "p.name_vi", "p.kinds", NULL}};

static int list(struct api_call *c) {
        return api_list(c, &spec);
}

/* ---- one ---- */

static json_t *copy(const json_t *o, const char *key) {
        json_t *v = json_object_get(o, key);

        return v ? json_incref(v) : json_null();
}

static int editions(struct api_call *c, int64_t id, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT e.edition, e.modified, e.kept, (SELECT name FROM person WHERE"
                         " id=e.by), (SELECT count(*) FROM playbook_run r WHERE"
                         " r.playbook=e.playbook AND r.edition=e.edition)"
                         " FROM playbook_edition e WHERE e.playbook=?1 ORDER BY e.edition DESC"
                         " LIMIT 200",
                         "i", id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                json_t *o = json_pack("{sI so so so sI}", "edition", (json_int_t)sql_int(q, 0),
                                      "modified", api_json_time(sql_time(q, 1)), "kept",
                                      api_json_time(sql_time(q, 2)), "by_name",
                                      sql_null(q, 3) ? json_null() : api_json_text(sql_span(q, 3)),
                                      "runs", (json_int_t)sql_int(q, 4));
                r = json_array_append_new(to, o) < 0 ? FAIL(-ENOMEM) : 0;
        }
        return r;
}

static int get(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), edition = api_int(c, "edition", 0);
        json_t *plan = NULL, *list_ = json_array();
        int r = api_detail(c, &spec, id);

        if (r == 0) {
                r = playbook_load(c, id, &edition, &plan);
                r = r == 0 ? api_missing(c) : MIN(r, 0);
        }
        if (r == 0)
                r = editions(c, id, list_);
        if (r == 0) {
                json_t *more = json_pack(
                        "{so so sI sO so so so so so}", "description", copy(plan, "about"),
                        "description_vi", copy(plan, "about_vi"), "shown", (json_int_t)edition,
                        "editions", list_, "created_by", copy(plan, "created_by"), "labels",
                        copy(plan, "labels"), "variables", copy(plan, "variables"), "signatures",
                        copy(plan, "signatures"), "graph", copy(plan, "graph"));
                if (!more || json_object_update(c->answer, more) < 0)
                        r = FAIL(-ENOMEM);
                json_decref(more);
        }
        json_decref(list_);
        json_decref(plan);
        return r;
}

/* ---- the file ---- */

struct giving {
        struct span rest;
};

static int give(struct api_call *c, struct buf *to) {
        struct giving *g = c->kept;
        size_t n = MIN(g->rest.len, API_PIECE_MAX);

        buf_add(to, g->rest.p, n);
        g->rest = span_of(g->rest.p + n, g->rest.len - n);
        return g->rest.len > 0;
}

static int cacao(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct giving *g = arena_alloc(c->arena, sizeof(*g));
        char name[128];
        int r = sql_rows(c->db, &q,
                         "SELECT e.bytes, p.cacao FROM playbook p JOIN playbook_edition e ON"
                         " e.playbook=p.id WHERE p.id=?1 AND e.edition=ifnull(?2,p.edition)",
                         "ik", api_int(c, "id", 0), api_int(c, "edition", 0));

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        struct span id = sql_span(q, 1);
        snprintf(name, sizeof(name), "%.*s.json", (int)MIN(id.len, (size_t)100), id.p);
        if (!g)
                return FAIL(-ENOMEM);
        g->rest = arena_dup(c->arena, sql_span(q, 0));
        if (!g->rest.p)
                return FAIL(-ENOMEM);
        c->kept = g;
        return api_file(c, "application/json", name, give);
}

/* ---- bringing one in ---- */

struct taking {
        char *p; /* the kind of document, then the file */
        size_t len;
};

static int too_large(struct api_call *c) {
        return api_refuse(c, 413, "too_large", "A playbook has at most 1 MiB: divide it",
                          "Quy trình tối đa 1 MiB: hãy chia nhỏ");
}

static int take(struct api_call *c, struct span piece, bool last) {
        struct taking *t = c->kept;

        if (piece.len > PLAYBOOK_BYTES_MAX + 1 - t->len)
                return too_large(c);
        if (piece.len)
                memcpy(t->p + t->len, piece.p, piece.len);
        t->len += piece.len;
        return last ? api_job(c, JOB_READER, span_of(t->p, t->len)) : 0;
}

/* Faults as the asker reads them. */
static json_t *told(struct api_call *c, const json_t *list_, bool remedies) {
        bool vi = c->lang == LANG_VI;
        json_t *to = json_array();
        const json_t *f;
        size_t i;

        json_array_foreach(list_, i, f) {
                json_t *o = json_pack("{so so}", "pointer", copy(f, "pointer"), "fault",
                                      copy(f, vi ? "vi" : "en"));
                if (remedies) {
                        json_object_set_new(o, "value", copy(f, "value"));
                        json_object_set_new(o, "remedy", copy(f, vi ? "remedy_vi" : "remedy_en"));
                }
                json_array_append_new(to, o);
        }
        return to;
}

static int kept_older(struct api_call *c, json_t *faults) {
        bool vi = c->lang == LANG_VI;
        json_t *o =
                json_pack("{ss sn ss ss}", "pointer", "/modified", "value", "fault",
                          vi ? "đã lưu một bản cùng thời điểm hoặc mới hơn của quy trình này"
                             : "a version of this playbook that is as new or newer is kept already",
                          "remedy",
                          vi ? "đặt `modified` là thời điểm sửa thật sự"
                             : "set `modified` to when it was changed");

        return json_array_append_new(faults, o) < 0 ? FAIL(-ENOMEM) : 0;
}

static int imported(struct api_call *c, const json_t *said) {
        const struct taking *t = c->kept;
        const json_t *plan = json_object_get(said, "plan");
        json_t *faults = told(c, json_object_get(said, "faults"), true),
               *warnings = told(c, json_object_get(said, "warnings"), false);
        json_int_t n = json_integer_value(json_object_get(said, "n_faults"));
        bool good = json_is_object(plan), dry = api_bool(c, "dry", false), done = false;
        enum playbook_kept how;
        int64_t id = 0, edition = 0;
        int r = 0;

        if (good && !playbook_plan_good(plan))
                r = FAIL(-EBADMSG);
        if (r == 0 && good && !dry) {
                r = playbook_keep(c, span_of(t->p + 1, t->len - 1), plan, "own", &how, &id,
                                  &edition);
                done = r == 0 && how != PLAYBOOK_OLDER;
                if (r == 0 && !done) {
                        r = kept_older(c, faults);
                        n = 1;
                }
        }
        if (done) {
                snprintf(c->about, sizeof(c->about), "playbook %lld", (long long)id);
                api_tell(c, "playbook", id, 0);
        }
        c->answer = json_pack("{sb so so so sI so so}", "done", done, "id",
                              done ? json_integer(id) : json_null(), "edition",
                              done ? json_integer(edition) : json_null(), "name",
                              copy(good ? plan : NULL, "name"), "n_faults", n, "faults", faults,
                              "warnings", warnings);
        c->detail = json_pack("{sb sb sI}", "done", done, "dry", dry, "faults", n);
        return r < 0 ? r : c->answer ? 0 : FAIL(-ENOMEM);
}

static int bring(struct api_call *c) {
        const struct job_said *said = c->said;

        if (!said) {
                struct taking *t = arena_alloc(c->arena, sizeof(*t));

                if (t)
                        *t = (struct taking){.p = arena_alloc(c->arena, PLAYBOOK_BYTES_MAX + 1),
                                             .len = 1};
                if (!t || !t->p)
                        return FAIL(-ENOMEM);
                t->p[0] = READER_PLAYBOOK;
                c->kept = t;
                return api_upload(c, take, NULL);
        }
        if (said->error)
                return api_job_failed(c, said);
        json_t *o = json_loadb(said->out.p, said->out.len, 0, NULL);
        int r = json_is_object(o) ? imported(c, o)
                                  : api_job_failed(c, &(struct job_said){.error = -EBADMSG});
        json_decref(o);
        return r;
}

static int retire(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), version = 0;
        int r = sql_get_int(c->db, &version, "SELECT version FROM playbook WHERE id=?1", "i", id);

        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        if (api_int(c, "version", version) != version)
                return api_refuse(c, 409, "stale",
                                  "Somebody changed it meanwhile: look again, then repeat",
                                  "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        r = sql_do(c->db, "UPDATE playbook SET retired=?2, version=version+1 WHERE id=?1", "ib", id,
                   api_bool(c, "retired", true));
        if (r < 0)
                return r;
        snprintf(c->about, sizeof(c->about), "playbook %lld", (long long)id);
        api_tell(c, "playbook", id, 0);
        return api_detail(c, &spec, id);
}

const struct api_binding api_playbooks_bindings[] = {
        {"playbooks.list", list},
        {"playbooks.import", bring},
        {"playbooks.get", get},
        {"playbooks.cacao", cacao},
        {"playbooks.retire", retire},
        {"playbook_runs.list", playbook_do_runs},
        {"playbook_runs.suggest", playbook_do_suggest},
        {"playbook_runs.start", playbook_do_start},
        {"playbook_runs.get", playbook_do_run},
        {"playbook_runs.step", playbook_do_step},
        {"playbook_runs.stop", playbook_do_stop},
        {NULL, NULL},
};
