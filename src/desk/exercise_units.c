/* Units of an exercise before it runs: who is invited, who plays for it and as what, how the plan's hosts and accounts
 * are called there, and the list that must be done before go. Names are suggested from what the unit has anyway:
 * people from the roles they hold, hosts from its systems.
 *
 *   U1. Consent is to containment for real, on the hosts and accounts as they were cast then: another cast, scenario or
 *       kind of containment takes it back. It is given by the unit's owner, never by who organises the exercise; a refusal
 *       while it runs begins the undoing of what the unit did in it. */
#include <stdlib.h>

#include "base/utf8.h"
#include "desk/desk_impl.h"
#include "desk/exercise_impl.h"
#include "desk/livefire.h"
#include "desk/people.h"

#define CONSENT_NONE "none"

/* ---- invited ---- */

int exercise_unit_add(struct api_call *c, const struct exercise *e, int64_t unit) {
        int64_t one, n = 0;
        int r = e->solo ? 1 : api_sees(c, "exercises.plan", unit);

        if (r == 1)
                r = sql_get_int(c->db, &one, "SELECT 1 FROM unit WHERE id=?1 AND active", "i",
                                unit);
        if (r < 0)
                return r;
        if (r == 0)
                return api_fault_at(c, "units",
                                    "there is no such unit, or it is not yours to invite",
                                    "không có đơn vị này hoặc bạn không được mời đơn vị này",
                                    "choose among the units that you organise for",
                                    "chọn trong các đơn vị bạn phụ trách");
        r = sql_get_int(c->db, &n,
                        "SELECT count(*) FROM exercise_play WHERE exercise=?1 AND run=?2", "ii",
                        e->id, e->run);
        if (r < 0)
                return r;
        if (n >= EXERCISE_UNITS_MAX)
                return api_fault_at(c, "units", "more units than an exercise holds",
                                    "quá số đơn vị của một cuộc diễn tập", "make another exercise",
                                    "lập cuộc diễn tập khác");
        r = sql_do(c->db, "INSERT INTO exercise_play(exercise,run,unit,state) VALUES(?1,?2,?3,?4)",
                   "iiis", e->id, e->run, unit, e->state == EX_DRAFT ? "draft" : "invited");
        if (r == -EEXIST)
                return 0;
        int64_t play = sql_last_id(c->db);
        if (r == 0 && play > LABEL_PLAY_MAX)
                return api_refuse(c, 507, "full", "no number for a play is left",
                                  "đã hết số lượt chơi");
        return r == 0 && !e->solo ? exercise_suggest(c, e, play, unit) : r;
}

static int before(struct api_call *c, struct exercise *e, const char *permission) {
        int r = exercise_get(c, api_int(c, "id", 0), permission, e);

        if (r == 0 && !(EX_BIT(e->state) & EX_BEFORE))
                return api_refuse(c, 409, "state", "it began already", "diễn tập đã bắt đầu");
        return r;
}

/* Of this run. 1, 0, -errno. */
static int play_of(struct api_call *c, const struct exercise *e, int64_t *ret) {
        return sql_get_int(c->db, ret,
                           "SELECT id FROM exercise_play WHERE exercise=?1 AND run=?2 AND unit=?3",
                           "iii", e->id, e->run, api_int(c, "unit", 0));
}

static int done(struct api_call *c, const struct exercise *e, int r) {
        if (r == 0)
                r = exercise_changed(c, e);
        return r == 0 ? exercise_answer(c, e->id) : r;
}

int exercise_do_units_add(struct api_call *c) {
        struct exercise e;
        const json_t *v;
        size_t i;
        int r = before(c, &e, "exercises.plan");

        json_array_foreach(json_object_get(c->in, "units"), i, v) {
                if (r == 0)
                        r = exercise_unit_add(c, &e, json_integer_value(v));
        }
        return r == 0 ? done(c, &e, 0) : r;
}

int exercise_do_unit_remove(struct api_call *c) {
        struct exercise e;
        int64_t play = 0;
        int r = before(c, &e, "exercises.plan");

        if (r != 0)
                return r;
        r = play_of(c, &e, &play);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = sql_do(c->db, "DELETE FROM exercise_delivery WHERE play=?1", "i", play);
        if (r == 0)
                r = sql_do(c->db, "DELETE FROM exercise_play WHERE id=?1", "i", play);
        if (r == 0)
                r = sql_do(c->db, "DELETE FROM exercise_roster WHERE exercise=?1 AND unit=?2", "ii",
                           e.id, api_int(c, "unit", 0));
        return done(c, &e, r);
}

static json_t *yes(void) {
        return json_pack("{sb}", "done", 1);
}

int exercise_do_accept(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), play = 0;
        bool accepts = api_bool(c, "yes", false);
        struct exercise e;
        int r = before(c, &e, "exercises.play");

        if (r == 0)
                r = api_may(c, "exercises.play", unit);
        if (r != 0)
                return r;
        r = play_of(c, &e, &play);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = sql_do(c->db, "UPDATE exercise_play SET state=?2, version=version+1 WHERE id=?1", "is",
                   play, accepts ? "accepted" : "declined");
        if (r == 0)
                r = exercise_changed(c, &e);
        c->detail = json_pack("{sb so}", "yes", accepts, "reason",
                              api_json_text(api_text(c, "reason")));
        c->answer = yes();
        return r;
}

/* U1. 0, API_E_REFUSED, -errno. */
static int may_consent(struct api_call *c, const struct exercise *e, int64_t unit, bool gives) {
        int r = api_may(c, "exercises.consent", unit);

        if (r != 0 || !gives || e->simulated || c->who.local)
                return r;
        r = api_sees(c, "exercises.plan", e->unit);
        return r <= 0 ? r
                      : api_refuse(c, 403, "organiser", "who organises it does not consent to it",
                                   "ban tổ chức không được chấp thuận thay chủ quản");
}

static int undo_of_unit(struct api_call *c, const struct exercise *e, int64_t unit) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, "SELECT id FROM exercise_play WHERE exercise=?1 AND unit=?2",
                         "ii", e->id, unit);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = exercise_undo(c->desk, sql_int(q, 0), c->now);
        return r;
}

int exercise_do_consent(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), play = 0;
        bool gives = api_bool(c, "yes", false);
        struct exercise e;
        int r = exercise_load(c->db, c->arena, api_int(c, "id", 0), &e);

        if (r == 1)
                r = play_of(c, &e, &play);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)e.id);
        r = may_consent(c, &e, unit, gives);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_play SET consent=?2, consent_by=?3, consent_at=?4,"
                           " version=version+1 WHERE id=?1",
                           "iski", play, gives ? "given" : "refused", c->who.id, c->now);
        if (r == 0 && !gives && !e.simulated && (EX_BIT(e.state) & EX_LIVE))
                r = undo_of_unit(c, &e, unit);
        if (r == 0)
                r = exercise_changed(c, &e);
        c->detail =
                json_pack("{sb so}", "yes", gives, "reason", api_json_text(api_text(c, "reason")));
        c->answer = yes();
        return r;
}

/* ---- rosters ---- */

static int roster_clear(struct api_call *c, const struct exercise *e, int64_t unit) {
        /* Before it began nothing was done in any role: nothing is to be kept. Later, the old duty ends. */
        if (EX_BIT(e->state) & EX_BEFORE)
                return sql_do(c->db, "DELETE FROM exercise_roster WHERE exercise=?1 AND unit=?2",
                              "ii", e->id, unit);
        return sql_do(
                c->db,
                "UPDATE exercise_roster SET until=?3 WHERE exercise=?1 AND unit=?2 AND until IS"
                " NULL",
                "iii", e->id, unit, c->now);
}

static int roster_add(struct api_call *c, const struct exercise *e, int64_t unit, const json_t *v) {
        int64_t person = json_integer_value(json_object_get(v, "person")), one;
        int r = sql_get_int(c->db, &one, "SELECT 1 FROM person WHERE id=?1 AND active", "i",
                            person);

        if (r < 0)
                return r;
        if (r == 1) /* whom the asker may know of: of the unit, or one they see */
                r = sql_get_int(
                        c->db, &one,
                        "SELECT 1 FROM person p, unit a, unit b WHERE p.id=?1 AND a.id=?2 AND"
                        " b.id=p.unit AND (substr(b.path,1,length(a.path))=a.path OR"
                        " substr(a.path,1,length(b.path))=b.path)",
                        "ii", person, unit);
        if (r < 0)
                return r;
        if (r == 0)
                return api_fault_at(c, "people", "no such person of that unit",
                                    "không có người này trong đơn vị", "choose people of the unit",
                                    "chọn người của đơn vị");
        return sql_do(c->db,
                      "INSERT INTO exercise_roster(exercise,unit,person,role,deputy,since)"
                      " VALUES(?1,?2,?3,?4,?5,?6)",
                      "iiisbi", e->id, unit, person, json_string_value(json_object_get(v, "role")),
                      json_is_true(json_object_get(v, "deputy")), c->now);
}

int exercise_do_roster(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), play = 0;
        struct exercise e;
        const json_t *v;
        size_t i;
        int r = exercise_get(c, api_int(c, "id", 0), "exercises.plan", &e);

        if (r == 0 && !(EX_BIT(e.state) & (EX_BEFORE | EX_LIVE)))
                r = api_refuse(c, 409, "state", "it is over", "đã kết thúc");
        if (r != 0)
                return r;
        r = play_of(c, &e, &play);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = roster_clear(c, &e, unit);
        json_array_foreach(json_object_get(c->in, "people"), i, v) {
                if (r == 0)
                        r = roster_add(c, &e, unit, v);
        }
        return done(c, &e, r);
}

/* People who hold a role of the plan's for that unit: the two that have held it longest, the second as deputy. */
static int suggest_role(struct api_call *c, const struct exercise *e, int64_t unit,
                        const char *role) {
        int64_t number = 0;

        while (number < ROLE_MAX && strcmp(role_names[number], role) != 0)
                number++;
        return sql_do(
                c->db,
                "INSERT INTO exercise_roster(exercise,unit,person,role,deputy,since)"
                " SELECT ?1, ?2, p, ?4, row_number() OVER (ORDER BY near DESC, p)>1, ?5 FROM"
                " (SELECT g.person p, max(a.depth) near FROM role_grant g JOIN unit a ON"
                " a.id=g.unit JOIN unit b ON b.id=?2 JOIN person x ON x.id=g.person AND x.active"
                " WHERE g.role=?3 AND g.since<=?5 AND (g.until IS NULL OR g.until>?5) AND"
                " substr(b.path,1,length(a.path))=a.path GROUP BY g.person"
                " ORDER BY near DESC, p LIMIT 2)",
                "iiisi", e->id, unit, number, role, c->now);
}

/* ---- casts ---- */

/* Hosts that the unit's systems name, in their order: each is used once. */
static int host_names(struct api_call *c, int64_t unit, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(
                c->db, &q,
                "SELECT h.host FROM system_host h JOIN system s ON s.id=h.system AND"
                " s.active JOIN unit a ON a.id=?1 JOIN unit b ON b.id=s.unit WHERE"
                " substr(b.path,1,length(a.path))=a.path ORDER BY s.level DESC, s.id, h.host"
                " LIMIT 200",
                "i", unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                json_array_append_new(list, api_json_text(sql_span(q, 0)));
                r = 0;
        }
        *ret = list;
        return r;
}

/* Logins of the unit's people: of administrators for the plan's, of others for the rest. */
static int account_names(struct api_call *c, int64_t unit, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = sql_rows(c->db, &q,
                         "SELECT login FROM person WHERE unit=?1 AND active ORDER BY id LIMIT 200",
                         "i", unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                json_array_append_new(list, api_json_text(sql_span(q, 0)));
                r = 0;
        }
        *ret = list;
        return r;
}

/* A name as a host or account may have it in a log. */
static bool name_good(const char *s) {
        for (const char *p = s; *p; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                      (*p >= '0' && *p <= '9') || strchr("-_.$@\\", *p)))
                        return false;
        return *s && strlen(s) <= 64;
}

static int suggest_cast(struct api_call *c, const struct plan *p, int64_t play, int64_t unit) {
        json_t *hosts = NULL, *people = NULL;
        json_t *cast = json_pack("{sn s[] s[]}", "domain", "hosts", "accounts");
        size_t used = 0, taken = 0;
        int r = host_names(c, unit, &hosts);

        if (r == 0)
                r = account_names(c, unit, &people);
        for (unsigned i = 0; i < p->n_hosts && used < json_array_size(hosts); i++) {
                const char *name = json_string_value(json_array_get(hosts, used++));

                if (name_good(name))
                        json_array_append_new(json_object_get(cast, "hosts"),
                                              json_pack("{ss ss sn}", "id", p->hosts[i].id, "name",
                                                        name, "address"));
        }
        for (unsigned i = 0; i < p->n_accounts && taken < json_array_size(people); i++) {
                const char *name = json_string_value(json_array_get(people, taken));

                if (p->accounts[i].kind != PLAN_USER)
                        continue;
                taken++;
                if (name_good(name))
                        json_array_append_new(
                                json_object_get(cast, "accounts"),
                                json_pack("{ss ss}", "id", p->accounts[i].id, "name", name));
        }
        char *text = json_dumps(cast, JSON_COMPACT);
        if (r == 0)
                r = text ? sql_do(c->db,
                                  "UPDATE exercise_play SET casting=?2 WHERE id=?1 AND casting IS "
                                  "NULL",
                                  "is", play, text)
                         : FAIL(-ENOMEM);
        free(text);
        json_decref(cast);
        json_decref(hosts);
        json_decref(people);
        return r;
}

int exercise_suggest(struct api_call *c, const struct exercise *e, int64_t play, int64_t unit) {
        const struct plan *p = NULL;
        int64_t n = 0;
        int r = exercise_plan_of(c->desk, e->id, &p);

        if (r == 0)
                r = sql_get_int(
                        c->db, &n,
                        "SELECT count(*) FROM exercise_roster WHERE exercise=?1 AND unit=?2", "ii",
                        e->id, unit);
        if (r >= 0 && n == 0) {
                r = 0;
                for (unsigned i = 0; p && i < p->n_roles && r == 0; i++)
                        r = suggest_role(c, e, unit, p->roles[i]);
                if (!p || !p->n_roles)
                        r = suggest_role(c, e, unit, "handler");
        }
        return r >= 0 && p ? suggest_cast(c, p, play, unit) : MIN(r, 0);
}

static int not_frozen(struct api_call *c, const struct exercise *e) {
        if (e->state != EX_READY)
                return 0;
        return api_refuse(c, 409, "frozen", "its content is frozen since go", "nội dung đã chốt");
}

int exercise_do_suggest(struct api_call *c) {
        struct exercise e;
        int64_t play = 0;
        int r = before(c, &e, "exercises.plan");

        if (r == 0)
                r = not_frozen(c, &e);
        if (r != 0)
                return r;
        r = play_of(c, &e, &play);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        r = roster_clear(c, &e, api_int(c, "unit", 0));
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE exercise_play SET casting=NULL, consent='none' WHERE id=?1", "i",
                           play);
        return done(c, &e, r == 0 ? exercise_suggest(c, &e, play, api_int(c, "unit", 0)) : r);
}

/* Every name is of the plan, once, and one that logs can have. */
static int cast_check(struct api_call *c, const struct plan *p, const char *field, bool hosts) {
        const json_t *list = json_object_get(c->in, field), *v;
        const char *wrong = NULL;
        size_t i;

        json_array_foreach(list, i, v) {
                const char *id = json_string_value(json_object_get(v, "id"));
                const char *name = json_string_value(json_object_get(v, "name"));

                if ((hosts ? plan_find_host(p, id) : plan_find_account(p, id)) < 0 ||
                    !name_good(name))
                        wrong = id;
                for (size_t j = 0; j < i && !wrong; j++) {
                        const json_t *w = json_array_get(list, j);
                        const char *other = json_string_value(json_object_get(w, "id"));
                        const char *called = json_string_value(json_object_get(w, "name"));

                        if (!id || !name || !other || !called || strcmp(other, id) == 0 ||
                            strcasecmp(called, name) == 0)
                                wrong = id;
                }
        }
        if (!wrong)
                return 0;
        return api_fault_at(
                c, field, "an id that the plan has not, a name twice, or one that no log has",
                "mã không có trong kịch bản, tên trùng, hoặc tên không hợp lệ",
                "letters, digits, - _ . only, each once", "chỉ chữ, số, - _ ., mỗi tên một lần");
}

int exercise_do_cast(struct api_call *c) {
        const struct plan *p = NULL;
        struct exercise e;
        int64_t play = 0;
        int r = before(c, &e, "exercises.plan");

        if (r == 0)
                r = not_frozen(c, &e);
        if (r == 0)
                r = exercise_plan_of(c->desk, e.id, &p);
        if (r != 0)
                return r;
        r = play_of(c, &e, &play);
        if (r <= 0 || !p)
                return r < 0 ? r : api_missing(c);
        r = cast_check(c, p, "hosts", true);
        if (r == 0)
                r = cast_check(c, p, "accounts", false);
        if (r != 0)
                return r;
        json_t *domain = json_object_get(c->in, "domain");
        json_t *o = json_pack("{sO s[] s[]}", "domain", domain ? domain : json_null(), "hosts",
                              "accounts");
        for (unsigned i = 0; i < 2; i++) {
                json_t *list = json_object_get(c->in, i ? "accounts" : "hosts");

                if (json_is_array(list))
                        json_object_set(o, i ? "accounts" : "hosts", list);
        }
        char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
        r = text ? sql_do(c->db,
                          "UPDATE exercise_play SET consent=iif(casting IS ?2,consent,'none'),"
                          " casting=?2, version=version+1 WHERE id=?1",
                          "is", play, text)
                 : FAIL(-ENOMEM);
        free(text);
        json_decref(o);
        return done(c, &e, r);
}

static const char *text_of(struct arena *a, const json_t *v) {
        struct span s = span_of(json_string_value(v), json_string_length(v));

        return json_is_string(v) ? arena_dup(a, span_of(s.p, s.len + 1)).p : NULL;
}

int exercise_cast_load(struct arena *a, const struct plan *p, struct span json, struct span unit,
                       struct plan_cast *ret) {
        json_t *o = json_loadb(json.p, json.len, 0, NULL);
        const char **hosts = arena_alloc(a, sizeof(*hosts) * (p->n_hosts + 1)),
                   **addresses = arena_alloc(a, sizeof(*hosts) * (p->n_hosts + 1)),
                   **accounts = arena_alloc(a, sizeof(*hosts) * (p->n_accounts + 1));
        struct span code = arena_printf(a, "%.*s", (int)MIN(unit.len, (size_t)32), unit.p);
        const json_t *v;
        size_t i;

        if (!hosts || !addresses || !accounts || !code.p) {
                json_decref(o);
                return FAIL(-ENOMEM);
        }
        memset(hosts, 0, sizeof(*hosts) * (p->n_hosts + 1));
        memset(addresses, 0, sizeof(*hosts) * (p->n_hosts + 1));
        memset(accounts, 0, sizeof(*hosts) * (p->n_accounts + 1));
        json_array_foreach(json_object_get(o, "hosts"), i, v) {
                int at = plan_find_host(p, json_string_value(json_object_get(v, "id")));

                if (at >= 0) {
                        hosts[at] = text_of(a, json_object_get(v, "name"));
                        addresses[at] = text_of(a, json_object_get(v, "address"));
                }
        }
        json_array_foreach(json_object_get(o, "accounts"), i, v) {
                int at = plan_find_account(p, json_string_value(json_object_get(v, "id")));

                if (at >= 0)
                        accounts[at] = text_of(a, json_object_get(v, "name"));
        }
        *ret = (struct plan_cast){.unit = code.p,
                                  .hosts = hosts,
                                  .addresses = addresses,
                                  .accounts = accounts,
                                  .domain = text_of(a, json_object_get(o, "domain"))};
        json_decref(o);
        return 0;
}

/* ---- the list ---- */

struct item {
        const char *id, *en, *vi;
        bool done, may; /* may: a person can say that it is done */
        struct span why, why_vi;
};

static int units_where(struct api_call *c, const struct exercise *e, const char *where,
                       struct span *ret, int64_t *ret_n) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span sql = arena_printf(
                c->arena,
                "SELECT count(*), group_concat(name, ', ') FROM (SELECT u.name FROM exercise_play y"
                " JOIN unit u ON u.id=y.unit WHERE y.exercise=?1 AND y.run=?2 AND "
                "y.state<>'declined'"
                " AND (%s) ORDER BY u.name LIMIT 500)",
                where);
        int r = sql.p ? sql_rows(c->db, &q, sql.p, "ii", e->id, e->run) : FAIL(-ENOMEM);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        struct span s = sql_span(q, 1);
        *ret_n = sql_int(q, 0);
        *ret = arena_dup(c->arena, span_of(s.p ? s.p : "", MIN(s.len, (size_t)300)));
        return ret->p ? 0 : FAIL(-ENOMEM);
}

/* Roles of the plan that somebody on a unit's roster has. */
static const char *roster_condition(struct api_call *c, const struct plan *p) {
        struct span s =
                SPAN("NOT EXISTS(SELECT 1 FROM exercise_roster r WHERE r.exercise=y.exercise"
                     " AND r.unit=y.unit AND r.until IS NULL)");

        for (unsigned i = 0; p && i < p->n_roles && s.p; i++)
                s = arena_printf(c->arena,
                                 "%.*s OR NOT EXISTS(SELECT 1 FROM exercise_roster r WHERE"
                                 " r.exercise=y.exercise AND r.unit=y.unit AND r.until IS NULL AND"
                                 " r.role='%s')",
                                 (int)s.len, s.p, p->roles[i]);
        return s.p;
}

static int look(struct api_call *c, const struct exercise *e, const struct plan *p, struct item *it,
                const char *where) {
        int64_t n = 0;
        struct span who = SPAN_NONE;
        int r = where ? units_where(c, e, where, &who, &n) : FAIL(-ENOMEM);

        (void)p;
        it->done = n == 0;
        it->why = it->why_vi = n ? who : SPAN_NONE;
        return r;
}

/* Live fire: what it is, and the consent of each target's owner (live_missing()). */
static int look_live(struct api_call *c, const struct exercise *e, struct item *it) {
        json_t *list = json_array();
        const json_t *first;
        int r = list ? live_missing(c, e->id, list) : FAIL(-ENOMEM);

        it->done = r == 0 && json_array_size(list) == 0;
        first = json_array_get(list, 0);
        if (first) {
                it->why = arena_dup(c->arena,
                                    span_str(json_string_value(json_object_get(first, "en"))));
                it->why_vi = arena_dup(c->arena,
                                       span_str(json_string_value(json_object_get(first, "vi"))));
        }
        json_decref(list);
        return r;
}

static json_t *item_json(const struct item *it, bool done_, json_t *by, json_t *at, json_t *why) {
        return json_pack("{ss ss ss sb sb so so so so}", "id", it->id, "en", it->en, "vi", it->vi,
                         "done", done_, "auto", !it->may, "by", by, "at", at, "why",
                         why           ? json_incref(why)
                         : it->why.len ? api_json_text(it->why)
                                       : json_null(),
                         "why_vi",
                         why              ? why
                         : it->why_vi.len ? api_json_text(it->why_vi)
                                          : json_null());
}

static int said(struct api_call *c, const struct exercise *e, struct item *it, json_t *list) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT p.name, k.at, k.why FROM exercise_check k LEFT JOIN person p ON"
                         " p.id=k.by WHERE k.exercise=?1 AND k.item=?2",
                         "is", e->id, it->id);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        if (r == 1 && it->may)
                it->done = true;
        if (list && r == 1)
                json_array_append_new(
                        list,
                        item_json(it, it->done,
                                  sql_null(q, 0) ? json_null() : api_json_text(sql_span(q, 0)),
                                  api_json_time(sql_time(q, 1)),
                                  sql_null(q, 2) ? NULL : api_json_text(sql_span(q, 2))));
        else if (list)
                json_array_append_new(list,
                                      item_json(it, it->done, json_null(), json_null(), NULL));
        return 0;
}

int exercise_checklist(struct api_call *c, const struct exercise *e, json_t **ret,
                       unsigned *ret_open) {
        struct item items[] = {
                {"roster", "every unit's roster has the roles that are needed",
                 "mỗi đơn vị đủ các vai trò cần có", .may = false},
                {"cast", "every unit's hosts and accounts have their names",
                 "mỗi đơn vị đã có tên máy và tài khoản", .may = false},
                {"sources", "what the scenario needs of log sources and rules is there",
                 "nguồn nhật ký và quy tắc cần cho kịch bản đã sẵn sàng", .may = true},
                {"never_list", "what must never be contained is on the list of containment",
                 "những gì không bao giờ được ngăn chặn đã có trong danh sách", .may = true},
                {"containment",
                 e->simulated ? "containment is simulated"
                              : "containment is for real, on drill targets only",
                 e->simulated ? "ngăn chặn chỉ được mô phỏng"
                              : "ngăn chặn thật, chỉ trên mục tiêu diễn tập",
                 .may = true, .done = e->simulated},
                {"clock", "people know speed, length and how it is stopped",
                 "mọi người biết tốc độ, thời lượng và cách dừng", .may = true},
                {"consent", "owners of real targets consent", "chủ quản mục tiêu thật đã đồng ý",
                 .may = false},
                {"conflicts", "no unit is in another exercise that runs",
                 "không đơn vị nào đang ở cuộc diễn tập khác", .may = false},
                {"freeze", "the scenario is there and in use: its hash freezes at go",
                 "kịch bản còn dùng được: mã băm được chốt khi sẵn sàng", .may = false},
        };
        const struct plan *p = NULL;
        json_t *list = ret ? json_array() : NULL;
        int r = exercise_plan_of(c->desk, e->id, &p);

        if (r == 0)
                r = look(c, e, p, &items[0], roster_condition(c, p));
        if (r == 0)
                r = look(c, e, p, &items[1], p ? "y.casting IS NULL" : "0");
        if (r == 0 && e->live_fire)
                r = look_live(c, e, &items[6]);
        else if (r == 0)
                r = look(c, e, p, &items[6], e->simulated ? "0" : "y.consent<>'given'");
        if (r == 0)
                r = look(c, e, p, &items[7],
                         "EXISTS(SELECT 1 FROM exercise_play o JOIN exercise x ON x.id=o.exercise "
                         "AND"
                         " x.solo=0 WHERE o.unit=y.unit AND o.live AND o.exercise<>y.exercise)");
        int64_t retired = 0;
        if (r == 0 && e->scenario)
                r = sql_get_int(c->db, &retired, "SELECT retired FROM scenario WHERE id=?1", "i",
                                e->scenario);
        items[8].done = r >= 0 && (p || e->live_fire) && !retired;
        unsigned open = 0;
        r = MIN(r, 0);
        for (size_t i = 0; i < ARRAY_LEN(items) && r == 0; i++) {
                r = said(c, e, &items[i], list);
                open += !items[i].done;
        }
        if (ret)
                *ret = list;
        if (ret_open)
                *ret_open = open;
        return r;
}

int exercise_do_check(struct api_call *c) {
        struct exercise e;
        int r = before(c, &e, "exercises.plan");

        if (r != 0)
                return r;
        if (api_bool(c, "done", false))
                r = sql_do(
                        c->db,
                        "INSERT INTO exercise_check(exercise,item,by,at,why) VALUES(?1,?2,?3,?4,?5)"
                        " ON CONFLICT(exercise,item) DO UPDATE SET by=?3, at=?4, why=?5",
                        "itkit", e.id, api_text(c, "item"), c->who.id, c->now, api_text(c, "why"));
        else
                r = sql_do(c->db, "DELETE FROM exercise_check WHERE exercise=?1 AND item=?2", "it",
                           e.id, api_text(c, "item"));
        return done(c, &e, r);
}

/* ---- as they are shown ---- */

static int roster_json(struct api_call *c, const struct exercise *e, int64_t unit, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(
                c->db, &q,
                "SELECT r.id, r.person, p.name, r.role, r.deputy FROM exercise_roster r JOIN"
                " person p ON p.id=r.person WHERE r.exercise=?1 AND r.unit=?2 AND r.until IS"
                " NULL ORDER BY r.deputy, r.id",
                "ii", e->id, unit);

        while (r == 0 && (r = sql_next(q)) == 1) {
                json_array_append_new(
                        to, json_pack("{sI sI so so sb}", "id", (json_int_t)sql_int(q, 0), "person",
                                      (json_int_t)sql_int(q, 1), "person_name",
                                      api_json_text(sql_span(q, 2)), "role",
                                      api_json_text(sql_span(q, 3)), "deputy", sql_int(q, 4) != 0));
                r = 0;
        }
        return r;
}

static json_t *missing_roles(const struct plan *p, const json_t *roster) {
        json_t *list = json_array();
        const json_t *v;
        size_t j;

        for (unsigned i = 0; p && i < p->n_roles; i++) {
                bool there = false;

                json_array_foreach(roster, j, v) there |=
                        strcmp(json_string_value(json_object_get(v, "role")), p->roles[i]) == 0;
                if (!there)
                        json_array_append_new(list, json_string(p->roles[i]));
        }
        return list;
}

static int play_json(struct api_call *c, const struct exercise *e, const struct plan *p,
                     struct sql_rows *q, json_t *to) {
        json_t *roster = json_array();
        int64_t play = sql_int(q, 0), unit = sql_int(q, 1), t = -1;
        struct span cast = sql_span(q, 5);
        json_t *cast_json = sql_null(q, 5) ? json_null() : json_loadb(cast.p, cast.len, 0, NULL);
        int r = roster_json(c, e, unit, roster);

        if (r == 0 && e->started != TIME_NONE)
                r = exercise_drill_of(c->db, play,
                                      e->ended == TIME_NONE ? c->now : MIN(c->now, e->ended), &t);
        json_t *missing = missing_roles(p, roster);
        json_array_append_new(
                to, json_pack("{sI sI so so so sI so so so so so so}", "play", (json_int_t)play,
                              "unit", (json_int_t)unit, "unit_name", api_json_text(sql_span(q, 2)),
                              "code", api_json_text(sql_span(q, 3)), "state",
                              api_json_text(sql_span(q, 4)), "people",
                              (json_int_t)json_array_size(roster), "roster", roster, "missing",
                              missing, "cast", cast_json, "consent", api_json_text(sql_span(q, 6)),
                              "drill_ms", t < 0 ? json_null() : json_integer(t), "lost",
                              api_json_time(sql_time(q, 7))));
        return r;
}

int exercise_plays_json(struct api_call *c, const struct exercise *e, bool manages, json_t **ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const struct plan *p = NULL;
        const char *scope = "1";
        json_t *list = json_array();
        int r = exercise_plan_of(c->desk, e->id, &p);

        *ret = list;
        if (r == 0 && !manages) /* their own only */
                r = api_scope(c, "exercises.read", "y.unit", &scope);
        if (r < 0)
                return r;
        struct span sql = arena_printf(
                c->arena,
                "SELECT y.id, y.unit, u.name, u.code, y.state, y.casting, y.consent, y.lost FROM"
                " exercise_play y JOIN unit u ON u.id=y.unit WHERE y.exercise=?1 AND y.run=?2 AND "
                "(%s)"
                " ORDER BY u.name COLLATE words, y.id LIMIT 500",
                scope);
        r = sql.p ? sql_rows(c->db, &q, sql.p, "ii", e->id, e->run) : FAIL(-ENOMEM);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = play_json(c, e, p, q, list);
        return r;
}
