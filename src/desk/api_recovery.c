/* A system's plan to come back, and its copies (doc/recovery.md).
 *
 *   Y1. A version of a plan is never changed; a new one takes its place.
 *   Y2. The steps of a plan can be done: names are unique, those that come before exist, and no step waits for
 *       itself. What is refused says which steps. */
#include <stdio.h>
#include <stdlib.h>

#include "desk/desk_impl.h"
#include "desk/drills.h"
#include "wire/api_shapes.h"

#define STEPS_MAX 100u
#define FRESH_DAYS 90

/* ---- who may ---- */

static int find_system(struct api_call *c, int64_t id, const char *permission) {
        int64_t unit = 0;
        int r = sql_get_int(c->db, &unit, "SELECT unit FROM system WHERE id=?1", "i", id);

        if (r == 1)
                r = api_sees(c, "recovery.read", unit);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        snprintf(c->about, sizeof(c->about), "system %lld", (long long)id);
        return api_may(c, permission, unit);
}

/* ---- plans ---- */

struct plan {
        json_t *steps; /* of the request: a list of objects */
        unsigned n;
        struct span names[STEPS_MAX];
        unsigned wave[STEPS_MAX]; /* 0: not known yet */
        int64_t minutes[STEPS_MAX], end[STEPS_MAX];
        unsigned way[STEPS_MAX + 1]; /* of the search for a cycle */
};

static struct span text_of(const json_t *o, const char *name) {
        const json_t *v = json_object_get(o, name);

        return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

static unsigned step_of(const struct plan *p, struct span name) {
        for (unsigned i = 0; i < p->n; i++)
                if (span_eq(p->names[i], name))
                        return i;
        return UINT32_MAX;
}

static int fault(struct api_call *c, struct span en, struct span vi, const char *remedy_en,
                 const char *remedy_vi) {
        if (!en.p || !vi.p)
                return FAIL(-ENOMEM);
        return api_fault_at(c, "steps", en.p, vi.p, remedy_en, remedy_vi);
}

static int read_names(struct api_call *c, struct plan *p) {
        const json_t *v, *a;
        size_t i, k;

        json_array_foreach(p->steps, i, v) {
                struct span name = text_of(v, "name");

                if (step_of(p, name) != UINT32_MAX)
                        return fault(c,
                                     arena_printf(c->arena, "Two steps are named '%.*s'",
                                                  (int)name.len, name.p),
                                     arena_printf(c->arena, "Hai bước trùng tên '%.*s'",
                                                  (int)name.len, name.p),
                                     "Give each a name of its own", "Đặt tên khác nhau");
                p->minutes[p->n] = (int64_t)json_integer_value(json_object_get(v, "minutes"));
                p->names[p->n++] = name;
        }
        json_array_foreach(p->steps, i, v) json_array_foreach(json_object_get(v, "after"), k, a) {
                struct span name = span_of(json_string_value(a), json_string_length(a));

                if (step_of(p, name) == UINT32_MAX)
                        return fault(c,
                                     arena_printf(c->arena,
                                                  "'%.*s' comes after '%.*s', which is "
                                                  "no step",
                                                  (int)p->names[i].len, p->names[i].p,
                                                  (int)name.len, name.p),
                                     arena_printf(c->arena,
                                                  "'%.*s' đứng sau '%.*s' nhưng không có "
                                                  "bước này",
                                                  (int)p->names[i].len, p->names[i].p,
                                                  (int)name.len, name.p),
                                     "Name a step of this plan", "Ghi tên một bước của kế hoạch");
        }
        return 0;
}

/* Those whose steps before are placed, wave by wave; how many are placed. */
static unsigned place(struct plan *p) {
        unsigned placed = 0, before = 1;

        for (unsigned wave = 1; placed != before; wave++) {
                before = placed;
                for (unsigned i = 0; i < p->n; i++) {
                        const json_t *a, *v = json_array_get(p->steps, i);
                        int64_t begin = 0;
                        bool free = p->wave[i] == 0;
                        size_t k;

                        json_array_foreach(json_object_get(v, "after"), k, a) {
                                if (!free)
                                        break;
                                unsigned x = step_of(
                                        p, span_of(json_string_value(a), json_string_length(a)));

                                free = p->wave[x] && p->wave[x] < wave;
                                begin = MAX(begin, p->end[x]);
                        }
                        if (!free)
                                continue;
                        p->wave[i] = wave;
                        p->end[i] = begin + p->minutes[i];
                        placed++;
                }
        }
        return placed;
}

/* Y2: from a step that could not be placed back over those it waits for; one comes twice. */
static int refuse_cycle(struct api_call *c, struct plan *p) {
        _cleanup_(buf_deinit) struct buf b = {.limit = 16384};
        unsigned n = 0, at = 0, from = 0;

        while (p->wave[at])
                at++;
        for (;;) {
                for (from = 0; from < n && p->way[from] != at; from++)
                        ;
                if (from < n)
                        break;
                p->way[n++] = at;
                const json_t *a, *list = json_object_get(json_array_get(p->steps, at), "after");
                size_t k;
                json_array_foreach(list, k, a) {
                        unsigned x =
                                step_of(p, span_of(json_string_value(a), json_string_length(a)));
                        if (!p->wave[x]) {
                                at = x;
                                break;
                        }
                }
        }
        buf_span(&b, p->names[at]);
        for (unsigned i = n; i-- > from;) {
                buf_str(&b, " → ");
                buf_span(&b, p->names[p->way[i]]);
        }
        struct span way = arena_dup(c->arena, buf_get(&b));
        if (!way.p)
                return FAIL(-ENOMEM);
        return fault(c, arena_printf(c->arena, "These steps wait for one another: %s", way.p),
                     arena_printf(c->arena, "Các bước chờ lẫn nhau: %s", way.p),
                     "Take out one of these dependencies", "Bỏ một trong các phụ thuộc này");
}

/* In an order that works, with wave and number. */
static json_t *ordered(const struct plan *p) {
        json_t *list = json_array();
        unsigned n = 0;

        for (unsigned wave = 1; n < p->n; wave++)
                for (unsigned i = 0; i < p->n; i++) {
                        if (p->wave[i] != wave)
                                continue;
                        const json_t *v = json_array_get(p->steps, i);
                        json_t *after = json_object_get(v, "after");
                        json_t *minutes = json_object_get(v, "minutes");

                        n++;
                        json_array_append_new(
                                list,
                                json_pack("{sO sO so so so so sI sI}", "name",
                                          json_object_get(v, "name"), "title",
                                          json_object_get(v, "title"), "detail",
                                          api_json_text(text_of(v, "detail")), "who",
                                          api_json_text(text_of(v, "who")), "minutes",
                                          json_is_integer(minutes) ? json_incref(minutes)
                                                                   : json_null(),
                                          "after",
                                          json_is_array(after) ? json_incref(after) : json_array(),
                                          "n", (json_int_t)n, "wave", (json_int_t)wave));
                }
        return list;
}

static int latest(struct api_call *c, int64_t system, int64_t *ret) {
        return MIN(sql_get_int(c->db, ret,
                               "SELECT ifnull(max(version),0) FROM recovery_plan WHERE system=?1",
                               "i", system),
                   0);
}

static int check_plan(struct api_call *c, struct plan *p, int64_t *ret_minutes) {
        int r = read_names(c, p);

        if (r != 0)
                return r;
        if (place(p) < p->n)
                return refuse_cycle(c, p);
        *ret_minutes = 0;
        for (unsigned i = 0; i < p->n; i++)
                *ret_minutes = MAX(*ret_minutes, p->end[i]);
        return 0;
}

static int answer(struct api_call *c, int64_t system);

static int plan_set(struct api_call *c) {
        int64_t system = api_int(c, "id", 0), version = 0, minutes = 0;
        struct plan *p = arena_zalloc(c->arena, sizeof(*p));
        struct span note = api_text(c, "note");
        int r = p ? find_system(c, system, "recovery.work") : FAIL(-ENOMEM);

        if (r == 0)
                r = latest(c, system, &version);
        if (r == 0 && version != api_int(c, "version", 0))
                return api_refuse(c, 409, "stale",
                                  "Somebody changed it meanwhile: look again, then repeat",
                                  "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        if (r != 0)
                return r;
        p->steps = json_object_get(c->in, "steps");
        r = check_plan(c, p, &minutes);
        if (r != 0)
                return r;
        json_t *list = ordered(p);
        char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
        json_decref(list);
        r = text ? sql_do(c->db,
                          "INSERT INTO recovery_plan(system,version,made,by,note,minutes,steps)"
                          " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                          "iiiktis", system, version + 1, c->now, c->who.id,
                          note.p ? note : SPAN(""), minutes, text)
                 : FAIL(-ENOMEM);
        free(text);
        c->detail = json_pack("{sI}", "version", (json_int_t)version + 1);
        return r == 0 ? answer(c, system) : r;
}

static int plan_json(struct api_call *c, int64_t system, int64_t version, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT r.version, r.made, p.name, r.note, r.minutes, r.steps FROM"
                         " recovery_plan r LEFT JOIN person p ON p.id=r.by WHERE r.system=?1 AND"
                         " r.version=?2",
                         "ii", system, version);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span steps = sql_span(q, 5);
        *ret = json_pack("{sI so so so sI so}", "version", (json_int_t)sql_int(q, 0), "made",
                         api_json_time(sql_time(q, 1)), "by_name",
                         sql_null(q, 2) ? json_null() : api_json_text(sql_span(q, 2)), "note",
                         api_json_text(sql_span(q, 3)), "minutes", (json_int_t)sql_int(q, 4),
                         "steps", json_loadb(steps.p, steps.len, 0, NULL));
        return *ret ? 1 : FAIL(-EBADMSG);
}

static int plan_get(struct api_call *c) {
        int64_t system = api_int(c, "id", 0);
        int r = find_system(c, system, "recovery.read");

        if (r == 0)
                r = plan_json(c, system, api_int(c, "version", 0), &c->answer);
        else
                return r;
        return r == 1 ? 0 : r < 0 ? r : api_missing(c);
}

/* ---- copies ---- */

#define FROM_COPY "backup_copy b LEFT JOIN person p ON p.id=b.by"
static const char *const copy_columns[] = {
        "b.id",      "b.system",
        "b.name",    "b.medium",
        "b.site",    "b.off_site",
        "b.offline", "b.repository",
        "b.note",    "(SELECT max(ended) FROM drill WHERE repository=b.repository AND good=1)",
        "b.stated",  "p.name"};

static int copy_answer(struct api_call *c, int64_t id) {
        struct api_list_spec l = {
                .shape = api_copy_shape, .columns = copy_columns, .from = FROM_COPY, .id = "b.id"};

        return api_detail(c, &l, id);
}

/* The page of the copy says when a drill of its repository was good: it must be one that the asker may see. */
static int good_repository(struct api_call *c) {
        const json_t *v;
        struct drill_place p;

        return api_text(c, "repository").len ? drill_named(c, &v, &p) : 0;
}

static int copy_add(struct api_call *c) {
        struct span site = api_text(c, "site"), note = api_text(c, "note"),
                    repository = api_text(c, "repository");
        int64_t system = api_int(c, "id", 0), n = 0;
        int r = find_system(c, system, "recovery.work");

        if (r == 0)
                r = good_repository(c);
        if (r == 0)
                r = MIN(sql_get_int(c->db, &n, "SELECT count(*) FROM backup_copy WHERE system=?1",
                                    "i", system),
                        0);
        if (r == 0 && n >= 100)
                return api_refuse(c, 409, "too_many", "A system has 100 copies at most",
                                  "Mỗi hệ thống tối đa 100 bản sao");
        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO backup_copy(system,name,medium,site,off_site,offline,"
                           "repository,note,stated,by) VALUES(?1,?2,?3,?4,?5,?6,nullif(?7,''),?8,"
                           "?9,?10)",
                           "itttbbttik", system, api_text(c, "name"), api_text(c, "medium"),
                           site.p ? site : SPAN(""), (int)api_bool(c, "off_site", false),
                           (int)api_bool(c, "offline", false), repository.p ? repository : SPAN(""),
                           note.p ? note : SPAN(""), c->now, c->who.id);
        return r == 0 ? copy_answer(c, sql_last_id(c->db)) : r;
}

static int find_copy(struct api_call *c, int64_t *ret) {
        int64_t system = 0;
        int r;

        *ret = api_int(c, "id", 0);
        r = sql_get_int(c->db, &system, "SELECT system FROM backup_copy WHERE id=?1", "i", *ret);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        r = find_system(c, system, "recovery.work");
        snprintf(c->about, sizeof(c->about), "copy %lld of system %lld", (long long)*ret,
                 (long long)system);
        return r;
}

static int copy_change(struct api_call *c) {
        static const struct {
                const char *name, *sql;
                bool flag;
        } fields[] = {
                {"name", "UPDATE backup_copy SET name=?2 WHERE id=?1", false},
                {"medium", "UPDATE backup_copy SET medium=?2 WHERE id=?1", false},
                {"site", "UPDATE backup_copy SET site=?2 WHERE id=?1", false},
                {"note", "UPDATE backup_copy SET note=?2 WHERE id=?1", false},
                {"repository", "UPDATE backup_copy SET repository=nullif(?2,'') WHERE id=?1",
                 false},
                {"off_site", "UPDATE backup_copy SET off_site=?2 WHERE id=?1", true},
                {"offline", "UPDATE backup_copy SET offline=?2 WHERE id=?1", true},
        };
        int64_t id;
        int r = find_copy(c, &id);

        if (r == 0)
                r = good_repository(c);
        for (size_t i = 0; i < ARRAY_LEN(fields) && r == 0; i++) {
                struct span s = api_text(c, fields[i].name);

                if (!api_has(c, fields[i].name))
                        continue;
                r = fields[i].flag ? sql_do(c->db, fields[i].sql, "ib", id,
                                            (int)api_bool(c, fields[i].name, false))
                                   : sql_do(c->db, fields[i].sql, "it", id, s.p ? s : SPAN(""));
        }
        if (r == 0)
                r = sql_do(c->db, "UPDATE backup_copy SET stated=?2, by=?3 WHERE id=?1", "iik", id,
                           c->now, c->who.id);
        return r == 0 ? copy_answer(c, id) : r;
}

static int copy_remove(struct api_call *c) {
        int64_t id;
        int r = find_copy(c, &id);

        return r == 0 ? sql_do(c->db, "DELETE FROM backup_copy WHERE id=?1", "i", id) : r;
}

/* ---- three, two, one ---- */

static const struct {
        const char *code, *count, *flag;
        int64_t least;
        const char *en, *vi;
} rules[] = {
        {"copies", "copies", "copies_ok", 3,
         "Fewer than three copies, with the one in use: state another",
         "Chưa đủ ba bản, kể cả bản đang dùng: hãy thêm bản sao"},
        {"media", "media", "media_ok", 2, "All copies are on one kind of medium",
         "Mọi bản sao cùng một loại phương tiện"},
        {"off_site", "off_site", "off_site_ok", 1, "No copy is at another place",
         "Không có bản sao ở nơi khác"},
        {"offline", "offline", "offline_ok", 1,
         "No copy is out of an attacker's reach: off the network, or immutable",
         "Không có bản sao nào ngoài tầm với của kẻ tấn công"},
        {"verified", "verified", "verified_ok", 1,
         "No copy had a good restore drill in the last 90 days",
         "Không có bản sao nào được thử khôi phục đạt trong 90 ngày"},
};

static int rule_json(struct api_call *c, int64_t system, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *o = json_object(), *faults = json_array();
        int r = sql_rows(
                c->db, &q,
                "SELECT count(*)+1, (SELECT count(*) FROM (SELECT medium FROM backup_copy WHERE"
                " system=?1 UNION SELECT 'disk')), ifnull(sum(off_site),0), ifnull(sum(offline),0),"
                " ifnull(sum(EXISTS(SELECT 1 FROM drill d WHERE d.repository=b.repository AND"
                " d.good=1 AND d.ended>=?2)),0) FROM backup_copy b WHERE system=?1",
                "ii", system, c->now - (int64_t)FRESH_DAYS * 86400 * NS_PER_SEC);

        if (r == 0)
                r = sql_next(q);
        for (size_t i = 0; i < ARRAY_LEN(rules) && r == 1; i++) {
                int64_t n = sql_int(q, (int)i);

                json_object_set_new(o, rules[i].count, json_integer(n));
                json_object_set_new(o, rules[i].flag, json_boolean(n >= rules[i].least));
                if (n < rules[i].least)
                        json_array_append_new(faults, json_pack("{ss ss ss sn}", "code",
                                                                rules[i].code, "en", rules[i].en,
                                                                "vi", rules[i].vi, "detail"));
        }
        json_object_set_new(o, "faults", faults);
        if (r < 0)
                json_decref(o);
        else
                *ret = o;
        return MIN(r, 0);
}

/* ---- all of a system ---- */

static int copies_json(struct api_call *c, int64_t system, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int64_t ids[100];
        unsigned n = 0;
        int r = sql_rows(c->db, &q, "SELECT id FROM backup_copy WHERE system=?1 ORDER BY id", "i",
                         system);

        while (r == 0 && n < ARRAY_LEN(ids) && (r = sql_next(q)) == 1) {
                ids[n++] = sql_int(q, 0);
                r = 0;
        }
        for (unsigned i = 0; i < n && r == 0; i++) {
                r = copy_answer(c, ids[i]);
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

static int versions_json(struct api_call *c, int64_t system, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(c->db, &q,
                         "SELECT r.version, r.made, p.name, r.note FROM recovery_plan r LEFT JOIN"
                         " person p ON p.id=r.by WHERE r.system=?1 ORDER BY r.version DESC LIMIT"
                         " 1000",
                         "i", system);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                        list,
                        json_pack("{sI so so so}", "version", (json_int_t)sql_int(q, 0), "made",
                                  api_json_time(sql_time(q, 1)), "by_name",
                                  sql_null(q, 2) ? json_null() : api_json_text(sql_span(q, 2)),
                                  "note", api_json_text(sql_span(q, 3))));
        if (r == 0)
                *ret = list;
        else
                json_decref(list);
        return r;
}

static int system_json(struct api_call *c, int64_t system, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT name, rto_s, rpo_s FROM system WHERE id=?1", "i",
                         system);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        *ret = json_pack("{sI so so so}", "system", (json_int_t)system, "system_name",
                         api_json_text(sql_span(q, 0)), "rto_s",
                         sql_null(q, 1) ? json_null() : json_integer(sql_int(q, 1)), "rpo_s",
                         sql_null(q, 2) ? json_null() : json_integer(sql_int(q, 2)));
        return *ret ? 0 : FAIL(-ENOMEM);
}

static int answer(struct api_call *c, int64_t system) {
        json_t *o = NULL, *part = NULL;
        int64_t version = 0;
        int r = system_json(c, system, &o);
        int (*const parts[])(struct api_call *, int64_t, json_t **) = {
                versions_json, rule_json, copies_json, drills_repositories, drills_of};
        static const char *const names[] = {"versions", "rule321", "copies", "repositories",
                                            "drills"};

        if (r == 0)
                r = latest(c, system, &version);
        if (r == 0) {
                r = plan_json(c, system, version, &part);
                if (r >= 0)
                        json_object_set_new(o, "plan", r == 1 ? part : json_null());
                r = MIN(r, 0);
        }
        for (size_t i = 0; i < ARRAY_LEN(parts) && r == 0; i++) {
                r = parts[i](c, system, &part);
                if (r == 0)
                        json_object_set_new(o, names[i], part);
        }
        if (r != 0)
                json_decref(o);
        else
                c->answer = o;
        return r;
}

static int get(struct api_call *c) {
        int64_t system = api_int(c, "id", 0);
        int r = find_system(c, system, "recovery.read");

        return r == 0 ? answer(c, system) : r;
}

const struct api_binding api_recovery_bindings[] = {
        {"recovery.get", get},
        {"recovery.plan_set", plan_set},
        {"recovery.plan_get", plan_get},
        {"recovery.copy_add", copy_add},
        {"recovery.copy_change", copy_change},
        {"recovery.copy_remove", copy_remove},
        {"recovery.repositories", drills_do_repositories},
        {"drills.list", drills_do_list},
        {"drills.run", drills_do_run},
        {"drills.get", drills_do_get},
        {"drills.proof", drills_do_proof},
        {"eradication.list", after_do_eradication},
        {"eradication.add", after_do_eradication_add},
        {"eradication.change", after_do_eradication_change},
        {"returns.list", after_do_returns},
        {"returns.add", after_do_return_add},
        {"returns.end", after_do_return_end},
        {"improvements.list", after_do_improvements},
        {"improvements.summary", after_do_summary},
        {"improvements.add", after_do_improvement_add},
        {"improvements.change", after_do_improvement_change},
        {NULL, NULL},
};
