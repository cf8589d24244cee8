/* Restore drills as people see and ask for them (drills.h). */
#include <stdio.h>

#include "desk/blobs.h"
#include "desk/desk_impl.h"
#include "desk/drills.h"
#include "wire/api_shapes.h"

#define FROM_DRILL                                                                                 \
        "drill d LEFT JOIN system s ON s.id=d.system LEFT JOIN person p ON p.id=d.asked_by"

#define ESTIMATE                                                                                   \
        ("CASE WHEN d.state='done' AND d.bytes>0 AND d.ms>0 THEN"                                  \
         " cast(d.ms/1000.0*d.all_bytes/d.bytes AS INTEGER) END")

static const char *const columns[] = {
        "d.id",
        "d.repository",
        "d.kind",
        "d.system",
        "s.name",
        "d.unit",
        "d.state",
        "d.whole",
        "d.asked",
        "p.name",
        "d.begun",
        "d.ended",
        "d.attempt",
        "d.good",
        "d.snapshot",
        "d.snapshot_at",
        "d.age_s",
        "d.rpo_s",
        "CASE WHEN d.rpo_s IS NULL OR d.age_s IS NULL THEN NULL ELSE d.age_s<=d.rpo_s END",
        "CASE WHEN d.state='done' THEN d.ms/1000.0 END",
        "d.rto_s",
        "CASE WHEN d.rto_s IS NULL OR d.state<>'done' THEN NULL ELSE d.ms<=d.rto_s*1000 END",
        ESTIMATE,
        "d.files",
        "d.bytes",
        "d.all_files",
        "d.all_bytes",
        "d.checked",
        "d.expected",
        "d.faults",
        "(SELECT lower(hex(hash)) FROM blob WHERE id=d.proof)",
        "d.log",
};

static int add_texts(struct api_call *c, json_t *row) {
        json_t *v;
        size_t i;

        (void)c;
        json_array_foreach(json_object_get(row, "faults"), i, v) {
                const char *en, *vi, *code = json_string_value(json_object_get(v, "code"));

                drill_fault_text(span_str(code ? code : ""), &en, &vi);
                json_object_set_new(v, "en", json_string(en));
                json_object_set_new(v, "vi", json_string(vi));
        }
        return 0;
}

static struct api_list_spec spec(void) {
        return (struct api_list_spec){.shape = api_drill_shape,
                                      .columns = columns,
                                      .from = FROM_DRILL,
                                      .id = "d.id",
                                      .search = {"d.repository", "s.name", NULL},
                                      .unit = "d.unit",
                                      .row = add_texts};
}

int drills_do_list(struct api_call *c) {
        struct api_list_spec l = spec();

        return api_list(c, &l);
}

static int detail(struct api_call *c, int64_t id) {
        struct api_list_spec l = spec();

        snprintf(c->about, sizeof(c->about), "drill %lld", (long long)id);
        return api_detail(c, &l, id);
}

int drills_do_get(struct api_call *c) {
        return detail(c, api_int(c, "id", 0));
}

int drill_named(struct api_call *c, const json_t **ret, struct drill_place *ret_place) {
        const json_t *v = drill_repository(c->desk, api_text(c, "repository"));
        int r = v ? drill_place(c->desk, v, ret_place) : 0;

        *ret = v;
        if (v && r == 0)
                r = api_sees(c, "recovery.read", ret_place->unit);
        if (r != 0)
                return MIN(r, 0);
        return api_fault_at(c, "repository", "The configuration has no repository of that name",
                            "Cấu hình không có kho tên này",
                            "Choose one of the list, or add it under 'recovery'",
                            "Chọn trong danh sách, hoặc thêm vào mục 'recovery'");
}

int drills_do_run(struct api_call *c) {
        const json_t *repository;
        struct drill_place p;
        int64_t id = 0;
        int r = drill_named(c, &repository, &p);

        if (r == 0)
                r = api_may(c, "recovery.work", p.unit);
        if (r != 0)
                return r;
        bool whole = api_bool(c, "whole", json_is_true(json_object_get(repository, "whole")));
        r = drill_queue(c->desk, repository, whole, c->who.id, c->now, &id);
        if (r == -EBUSY)
                return api_refuse(c, 409, "running",
                                  "A drill of this repository waits or runs already",
                                  "Kho này đang chờ hoặc đang được thử");
        return r == 0 ? detail(c, id) : r;
}

int drills_do_proof(struct api_call *c) {
        int64_t unit = 0, blob = 0, id = api_int(c, "id", 0);
        char name[64];
        int r = sql_get_int(c->db, &unit, "SELECT unit FROM drill WHERE id=?1", "i", id);

        if (r == 1)
                r = api_sees(c, "recovery.read", unit);
        if (r == 1)
                r = sql_get_int(c->db, &blob,
                                "SELECT proof FROM drill WHERE id=?1 AND proof IS NOT NULL", "i",
                                id);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        snprintf(name, sizeof(name), "drill-%lld.json", (long long)id);
        return blob_download(c, blob, span_str(name));
}

/* ---- repositories ---- */

static json_t *last_json(struct api_call *c, struct span name, int64_t *ret_asked) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT id, state, good, ifnull(ended,asked), asked FROM drill WHERE"
                         " repository=?1 ORDER BY id DESC LIMIT 1",
                         "t", name);

        *ret_asked = TIME_NONE;
        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return json_null();
        *ret_asked = sql_int(q, 4);
        return json_pack("{sI so so so}", "drill", (json_int_t)sql_int(q, 0), "state",
                         api_json_text(sql_span(q, 1)), "good",
                         sql_null(q, 2) ? json_null() : json_boolean(sql_int(q, 2) != 0), "at",
                         api_json_time(sql_time(q, 3)));
}

static int system_name(struct api_call *c, int64_t system, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT name FROM system WHERE id=?1", "i", system);

        if (r == 0)
                r = sql_next(q);
        *ret = r == 1 ? api_json_text(sql_span(q, 0)) : json_null();
        return MIN(r, 0);
}

static int repository_json(struct api_call *c, const json_t *v, const struct drill_place *p,
                           json_t *list) {
        const char *name = json_string_value(json_object_get(v, "name"));
        int64_t every = (int64_t)json_integer_value(json_object_get(v, "every_s")), running = 0,
                asked;
        json_t *system, *last = last_json(c, span_str(name ? name : ""), &asked);
        int r = sql_get_int(c->db, &running,
                            "SELECT id FROM drill WHERE repository=?1 AND state IN"
                            " ('queued','running')",
                            "s", name);

        if (r >= 0)
                r = system_name(c, p->system, &system);
        if (r < 0) {
                json_decref(last);
                return r;
        }
        return json_array_append_new(
                       list,
                       json_pack("{ss so so so so so so so}", "name", name ? name : "", "kind",
                                 json_incref(json_object_get(v, "kind")), "system",
                                 p->system ? json_integer(p->system) : json_null(), "system_name",
                                 system, "every_days",
                                 every ? json_real((double)every / 86400) : json_null(), "next",
                                 every ? api_json_time(asked == TIME_NONE
                                                               ? c->now
                                                               : asked + every * NS_PER_SEC)
                                       : json_null(),
                                 "running", running ? json_integer(running) : json_null(), "last",
                                 last)) < 0
                       ? FAIL(-ENOMEM)
                       : 0;
}

int drills_repositories(struct api_call *c, int64_t system, json_t **ret) {
        json_t *list = json_array();
        const json_t *v;
        size_t i;
        int r = 0;

        json_array_foreach(drill_repositories(c->desk), i, v) {
                struct drill_place p;

                r = drill_place(c->desk, v, &p);
                if (r == 0 && (!system || p.system == system))
                        r = api_sees(c, "recovery.read", p.unit);
                else if (r == 0)
                        continue;
                if (r == 1)
                        r = repository_json(c, v, &p, list);
                if (r < 0)
                        break;
        }
        if (r < 0)
                json_decref(list);
        else
                *ret = list;
        return MIN(r, 0);
}

int drills_do_repositories(struct api_call *c) {
        json_t *list;
        int r = drills_repositories(c, 0, &list);

        if (r < 0)
                return r;
        c->answer = json_pack("{so}", "items", list);
        return c->answer ? 0 : FAIL(-ENOMEM);
}

int drills_of(struct api_call *c, int64_t system, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int64_t ids[10];
        unsigned n = 0;
        int r = sql_rows(c->db, &q,
                         "SELECT id FROM drill WHERE system=?1 ORDER BY id DESC LIMIT 10", "i",
                         system);

        while (r == 0 && (r = sql_next(q)) == 1) {
                ids[n++] = sql_int(q, 0);
                r = 0;
        }
        for (unsigned i = 0; i < n && r == 0; i++) {
                struct api_list_spec l = spec();

                l.unit = NULL; /* of a system that the asker may see */
                r = api_detail(c, &l, ids[i]);
                if (r == 0)
                        json_array_append_new(list, c->answer);
                c->answer = NULL;
        }
        if (r == 0)
                *ret = list;
        else
                json_decref(list);
        return r;
}
