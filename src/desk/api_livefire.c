/* Live fire: what is declared, who consented, who attacks (doc/live-fire.md).
 *
 *   LF1. Nothing is a target but a system that was declared, and nothing may be attacked without the consent of
 *        its owner in force: for these addresses, from then until then. Whoever organises cannot consent.
 *   LF2. A declaration that is changed voids the consents of systems whose addresses it changes.
 *   LF3. A consent that is withdrawn is withdrawn at once, and stays so.
 *   LF4. Nobody is in a red team and in the jury of one exercise. */
#include <stdio.h>

#include "desk/desk_impl.h"
#include "desk/livefire.h"
#include "desk/people.h"
#include "wire/api_shapes.h"

#define LONGEST_NS (INT64_C(30) * 24 * 3600 * NS_PER_SEC)

const char *const live_sides[] = {"organiser", "jury", "red", "blue"};

/* ---- which, and who asks ---- */

static int find_side(struct api_call *c, struct live *l) {
        int64_t n = 0;
        int r = c->who.local ? 1 : api_sees(c, "exercises.plan", l->unit);

        l->side = LIVE_ORGANISER;
        if (r == 0) {
                l->side = LIVE_RED;
                r = sql_get_int(c->db, &l->team,
                                "SELECT t.id FROM live_member m JOIN live_team t ON t.id=m.team"
                                " WHERE m.person=?1 AND t.exercise=?2 AND t.active",
                                "ii", c->who.id, l->id);
        }
        if (r == 0) {
                l->side = LIVE_JURY;
                r = api_sees(c, "exercises.judge", l->unit);
        }
        if (r == 0) {
                const char *scope = "0";

                l->side = LIVE_BLUE;
                r = api_scope(c, "exercises.live", "x.unit", &scope);
                struct span sql = arena_printf(c->arena,
                                               "SELECT 1 FROM live_target x WHERE x.exercise=?1"
                                               " AND (%s) LIMIT 1",
                                               scope);
                if (r == 0)
                        r = sql.p ? sql_get_int(c->db, &n, sql.p, "i", l->id) : FAIL(-ENOMEM);
        }
        return r < 0 ? r : r == 0 ? api_missing(c) : 0;
}

static int load_rules(struct api_call *c, struct live *l) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT begins, ends, stopped, version, low, medium, high, critical, key"
                         " FROM live_rules WHERE exercise=?1",
                         "i", l->id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        l->declared = true;
        l->begins = sql_int(q, 0);
        l->ends = sql_int(q, 1);
        l->stopped = sql_time(q, 2);
        l->version = sql_int(q, 3);
        for (int i = 0; i < (int)LIVE_LEVELS; i++)
                l->base[i] = (unsigned)sql_int(q, 4 + i);
        l->key = sql_null(q, 8) ? SPAN_NONE : arena_dup(c->arena, sql_span(q, 8));
        return 0;
}

int live_find(struct api_call *c, struct live *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t id = api_int(c, "id", 0);
        int r = sql_rows(c->db, &q, "SELECT unit, state FROM exercise WHERE id=?1 AND kind='live'",
                         "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : api_missing(c);
        *ret = (struct live){.id = id,
                             .unit = sql_int(q, 0),
                             .state = arena_dup(c->arena, sql_span(q, 1)),
                             .stopped = TIME_NONE};
        q = sql_end(q);
        memcpy(ret->base, live_base, sizeof(ret->base));
        snprintf(c->about, sizeof(c->about), "exercise %lld", (long long)id);
        r = ret->state.p ? load_rules(c, ret) : FAIL(-ENOMEM);
        return r < 0 ? r : find_side(c, ret);
}

int live_only(struct api_call *c, const struct live *l, enum live_side side) {
        if (l->side == side || (c->who.local && side != LIVE_JURY))
                return 0;
        return api_refuse(c, 403, "not_yours", "this is for another side of the exercise",
                          "việc này của bên khác trong cuộc diễn tập");
}

int live_running(struct api_call *c, const struct live *l) {
        if (span_eq(l->state, SPAN("running")) && l->declared && l->stopped == TIME_NONE &&
            c->now >= l->begins && c->now < l->ends)
                return 0;
        return api_refuse(c, 409, "not_running", "the live fire does not run now",
                          "cuộc thực chiến hiện không diễn ra");
}

void live_tell(struct api_call *c, const struct live *l) {
        api_tell(c, "exercise", l->id, l->unit);
}

/* ---- consents ---- */

/* All of a target's addresses are in it. */
#define IN_FORCE                                                                                   \
        "EXISTS(SELECT 1 FROM live_consent k WHERE k.exercise=t.exercise AND k.system=t.system"    \
        " AND k.withdrawn IS NULL AND k.begins<=?2 AND k.ends>?2 AND NOT EXISTS(SELECT 1 FROM"     \
        " json_each(t.addresses) a WHERE a.value NOT IN (SELECT value FROM"                        \
        " json_each(k.addresses))))"

int live_consented(struct sql *db, int64_t exercise, int64_t target, int64_t at) {
        int64_t n = 0;
        int r = sql_get_int(
                db, &n, "SELECT " IN_FORCE " FROM live_target t WHERE t.id=?1 AND t.exercise=?3",
                "iii", target, at, exercise);

        return r < 0 ? r : r == 1 && n;
}

static int lack(json_t *to, const char *code, struct span en, struct span vi) {
        return json_array_append_new(to, json_pack("{ss so so}", "code", code, "en",
                                                   api_json_text(en), "vi", api_json_text(vi)));
}

int live_missing(struct api_call *c, int64_t exercise, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int64_t begins = 0, n = 0;
        int r = sql_get_int(c->db, &begins, "SELECT begins FROM live_rules WHERE exercise=?1", "i",
                            exercise);

        if (r <= 0) {
                if (r == 0)
                        lack(to, "declaration", SPAN("Nothing is declared"),
                             SPAN("Chưa công bố thể lệ"));
                return r;
        }
        r = sql_get_int(c->db, &n,
                        "SELECT count(*) FROM live_team t WHERE t.exercise=?1 AND t.active AND"
                        " EXISTS(SELECT 1 FROM live_member WHERE team=t.id)",
                        "i", exercise);
        if (r == 1 && n == 0)
                lack(to, "teams", SPAN("There is no red team"), SPAN("Chưa có đội tấn công"));
        if (r >= 0)
                r = sql_rows(
                        c->db, &q,
                        "SELECT t.name FROM live_target t WHERE t.exercise=?1 AND NOT " IN_FORCE
                        " ORDER BY t.id",
                        "ii", exercise, MAX(begins, c->now));
        while (r == 0 && (r = sql_next(q)) == 1) {
                struct span name = sql_span(q, 0);

                lack(to, "consent",
                     arena_printf(c->arena, "The owner of %.*s has not consented", (int)name.len,
                                  name.p),
                     arena_printf(c->arena, "Chủ quản %.*s chưa chấp thuận", (int)name.len,
                                  name.p));
                r = 0;
        }
        return r;
}

/* ---- the declaration ---- */

static json_t *json_of(struct sql_rows *q, int column) {
        struct span s = sql_span(q, column);
        json_t *v = json_loadb(s.p, s.len, 0, NULL);

        return v ? v : json_array();
}

static int add_targets(struct api_call *c, const struct live *l, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT t.id, t.system, t.name, t.unit, (SELECT name FROM unit WHERE"
                         " id=t.unit), t.addresses, t.hosts, " IN_FORCE
                         " FROM live_target t WHERE t.exercise=?1 ORDER BY t.id",
                         "ii", l->id, MAX(c->now, l->begins));

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(to, json_pack("{sI sI so sI so so so sb}", "id",
                                                        (json_int_t)sql_int(q, 0), "system",
                                                        (json_int_t)sql_int(q, 1), "name",
                                                        api_json_text(sql_span(q, 2)), "unit",
                                                        (json_int_t)sql_int(q, 3), "unit_name",
                                                        api_json_text(sql_span(q, 4)), "addresses",
                                                        json_of(q, 5), "hosts", json_of(q, 6),
                                                        "consented", (int)sql_int(q, 7))) < 0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

static int add_consents(struct api_call *c, const struct live *l, json_t *to) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT k.id, k.system, ifnull((SELECT name FROM system WHERE"
                         " id=k.system),''), k.addresses, k.begins, k.ends, (SELECT name FROM"
                         " person WHERE id=k.by), k.at, k.withdrawn, k.reason FROM live_consent k"
                         " WHERE k.exercise=?1 ORDER BY k.id LIMIT 1000",
                         "i", l->id);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(
                            to,
                            json_pack(
                                    "{sI sI so so so so so so so so}", "id",
                                    (json_int_t)sql_int(q, 0), "system", (json_int_t)sql_int(q, 1),
                                    "system_name", api_json_text(sql_span(q, 2)), "addresses",
                                    json_of(q, 3), "from", api_json_time(sql_time(q, 4)), "to",
                                    api_json_time(sql_time(q, 5)), "by_name",
                                    sql_null(q, 6) ? json_null() : api_json_text(sql_span(q, 6)),
                                    "at", api_json_time(sql_time(q, 7)), "withdrawn",
                                    api_json_time(sql_time(q, 8)), "reason",
                                    sql_null(q, 9) ? json_null() : api_json_text(sql_span(q, 9)))) <
                                    0
                            ? FAIL(-ENOMEM)
                            : 0;
        return r;
}

static int add_words(struct api_call *c, const struct live *l, json_t *o) {
        static const char *const names[] = {"objective", "objective_vi", "tools", "limits",
                                            "forbidden"};
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT objective, objective_vi, tools, limits, forbidden, sources FROM"
                         " live_rules WHERE exercise=?1",
                         "i", l->id);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        for (int i = 0; i < (int)ARRAY_LEN(names); i++)
                json_object_set_new(o, names[i],
                                    r ? api_json_text(sql_span(q, i)) : json_string(""));
        /* Where they come from is what the blue side is to find out. */
        json_object_set_new(o, "sources", r && l->side != LIVE_BLUE ? json_of(q, 5) : json_array());
        return 0;
}

static int show(struct api_call *c, const struct live *l) {
        json_t *points = json_object(), *lists[3] = {json_array(), json_array(), json_array()};
        int r;

        c->answer = json_pack(
                "{sI ss so so so so sI}", "exercise", (json_int_t)l->id, "side",
                live_sides[l->side], "from", l->declared ? api_json_time(l->begins) : json_null(),
                "to", l->declared ? api_json_time(l->ends) : json_null(), "points", points,
                "stopped", api_json_time(l->stopped), "version", (json_int_t)l->version);
        if (!c->answer)
                return FAIL(-ENOMEM);
        json_object_set_new(c->answer, "targets", lists[0]);
        json_object_set_new(c->answer, "consents", lists[1]);
        json_object_set_new(c->answer, "missing", lists[2]);
        for (unsigned i = 0; i < LIVE_LEVELS; i++)
                json_object_set_new(points, live_levels[i], json_integer(l->base[i]));
        r = add_words(c, l, c->answer);
        if (r == 0)
                r = add_targets(c, l, lists[0]);
        if (r == 0)
                r = add_consents(c, l, lists[1]);
        return r == 0 ? live_missing(c, l->id, lists[2]) : r;
}

static int get(struct api_call *c) {
        struct live l = {.id = 0};
        int r = live_find(c, &l);

        return r == 0 ? show(c, &l) : r;
}

/* Over, or its results are out: nothing of what was agreed changes any more. */
static int still_open(struct api_call *c, const struct live *l) {
        static const char *const over[] = {"ended", "stopped", "provisional", "final"};

        for (size_t i = 0; i < ARRAY_LEN(over); i++)
                if (span_eq(l->state, span_str(over[i])))
                        return api_refuse(c, 409, "over", "the exercise is over",
                                          "cuộc diễn tập đã kết thúc");
        return 0;
}

static int good_period(struct api_call *c) {
        int64_t from = api_time(c, "from"), to = api_time(c, "to");

        if (to > from && to - from <= LONGEST_NS)
                return 0;
        return api_fault_at(c, "to", "It ends before it begins, or after more than 30 days",
                            "Kết thúc trước khi bắt đầu, hoặc dài hơn 30 ngày",
                            "Choose an end within 30 days of the beginning",
                            "Chọn lúc kết thúc trong vòng 30 ngày kể từ lúc bắt đầu");
}

/* A snapshot: what the system's addresses are today. LF2 */
static int put_target(struct api_call *c, const struct live *l, int64_t system) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT count(*) FROM system s JOIN system_address a ON a.system=s.id"
                            " WHERE s.id=?1 AND s.active",
                            "i", system);

        if (r < 0)
                return r;
        if (n == 0)
                return api_fault_at(c, "targets", "One of them is no system with an address",
                                    "Có mục không phải hệ thống có địa chỉ",
                                    "Describe the system's addresses first",
                                    "Hãy khai báo địa chỉ của hệ thống trước");
        r = sql_do(c->db,
                   "INSERT INTO live_target(exercise, system, unit, name, addresses, hosts)"
                   " SELECT ?1, s.id, s.unit, s.name, (SELECT json_group_array(text) FROM"
                   " system_address WHERE system=s.id), (SELECT json_group_array(host) FROM"
                   " system_host WHERE system=s.id) FROM system s WHERE s.id=?2 ON"
                   " CONFLICT(exercise, system) DO UPDATE SET unit=excluded.unit,"
                   " name=excluded.name, addresses=excluded.addresses, hosts=excluded.hosts",
                   "ii", l->id, system);
        return r;
}

/* Those that are no target any more go, unless something was written about them. */
static int drop_targets(struct api_call *c, const struct live *l) {
        char *kept = json_dumps(json_object_get(c->in, "targets"), JSON_COMPACT);
        int64_t n = 0;
        int r = kept ? 0 : FAIL(-ENOMEM);

        if (r == 0)
                r = sql_get_int(c->db, &n,
                                "SELECT count(*) FROM live_target t WHERE t.exercise=?1 AND"
                                " t.system NOT IN (SELECT value FROM json_each(?2)) AND"
                                " (EXISTS(SELECT 1 FROM live_finding WHERE target=t.id) OR"
                                " EXISTS(SELECT 1 FROM live_activity WHERE target=t.id))",
                                "is", l->id, kept);
        if (r == 1 && n)
                r = api_fault_at(c, "targets", "One that is left out was attacked already",
                                 "Có mục tiêu bị bỏ đã có hoạt động hoặc phát hiện",
                                 "Keep it; its owner can withdraw the consent",
                                 "Giữ lại; chủ quản có thể rút chấp thuận");
        else if (r >= 0)
                r = sql_do(c->db,
                           "DELETE FROM live_target WHERE exercise=?1 AND system NOT IN (SELECT"
                           " value FROM json_each(?2))",
                           "is", l->id, kept);
        free(kept);
        return r;
}

static unsigned points_of(const struct api_call *c, const struct live *l, unsigned level) {
        const json_t *o = json_object_get(c->in, "points"),
                     *v = json_object_get(o, live_levels[level]);

        return json_is_integer(v) ? (unsigned)json_integer_value(v) : l->base[level];
}

static int write_rules(struct api_call *c, const struct live *l, struct span key) {
        char *sources = json_dumps(json_object_get(c->in, "sources"), JSON_COMPACT);
        struct span objective = api_text(c, "objective");
        int r = sources ? 0 : FAIL(-ENOMEM);

        if (r == 0)
                r = sql_do(c->db,
                           "INSERT INTO live_rules(exercise, objective, objective_vi, tools,"
                           " limits, forbidden, begins, ends, sources, low, medium, high, critical,"
                           " key) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14) ON"
                           " CONFLICT(exercise) DO UPDATE SET objective=excluded.objective,"
                           " objective_vi=excluded.objective_vi, tools=excluded.tools,"
                           " limits=excluded.limits, forbidden=excluded.forbidden,"
                           " begins=excluded.begins, ends=excluded.ends, sources=excluded.sources,"
                           " low=excluded.low, medium=excluded.medium, high=excluded.high,"
                           " critical=excluded.critical, version=version+1",
                           "itttttiisiiiix", l->id, objective.len ? objective : SPAN(""),
                           api_text(c, "objective_vi"), api_text(c, "tools"), api_text(c, "limits"),
                           api_text(c, "forbidden"), api_time(c, "from"), api_time(c, "to"),
                           sources, (int64_t)points_of(c, l, 0), (int64_t)points_of(c, l, 1),
                           (int64_t)points_of(c, l, 2), (int64_t)points_of(c, l, 3), key);
        free(sources);
        return r;
}

static int declare(struct api_call *c) {
        const json_t *targets = json_object_get(c->in, "targets"), *v;
        struct live l = {.id = 0};
        struct span key = SPAN("");
        size_t i;
        int r = live_find(c, &l);

        if (r == 0)
                r = api_may(c, "exercises.plan", l.unit);
        if (r == 0)
                r = still_open(c, &l);
        if (r == 0 && l.declared && api_int(c, "version", l.version) != l.version)
                r = api_refuse(c, 409, "stale",
                               "Somebody changed it meanwhile: look again, then repeat",
                               "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        if (r == 0 && l.declared && !span_eq(l.state, SPAN("draft")) &&
            !span_eq(l.state, SPAN("invited")))
                r = api_refuse(c, 409, "frozen", "its rules stand since go was given",
                               "thể lệ đã cố định từ khi duyệt bắt đầu");
        if (r == 0)
                r = good_period(c);
        if (r == 0 && json_array_size(targets) == 0)
                r = api_fault_at(c, "targets", "There is nothing to attack", "Chưa chọn mục tiêu",
                                 "Choose at least one system", "Chọn ít nhất một hệ thống");
        if (r == 0 && !l.declared)
                r = live_new_key(c, l.id, &key);
        if (r == 0)
                r = write_rules(c, &l, key);
        if (r == 0)
                r = drop_targets(c, &l);
        json_array_foreach(targets, i, v) {
                if (r == 0)
                        r = put_target(c, &l, json_integer_value(v));
        }
        if (r == 0)
                r = live_find(c, &l);
        live_tell(c, &l);
        return r == 0 ? show(c, &l) : r;
}

/* ---- the owner's word ---- */

static int known_target(struct api_call *c, const struct live *l, int64_t system, int64_t *unit) {
        int r = sql_get_int(c->db, unit,
                            "SELECT unit FROM live_target WHERE exercise=?1 AND system=?2", "ii",
                            l->id, system);

        return r < 0 ? r : r == 0 ? api_missing(c) : api_may(c, "exercises.consent", *unit);
}

static int consent(struct api_call *c) {
        struct live l = {.id = 0};
        int64_t unit = 0, system = api_int(c, "system", 0), n = 0;
        const json_t *list = json_object_get(c->in, "addresses");
        int r = live_find(c, &l);

        if (r == 0)
                r = known_target(c, &l, system, &unit);
        if (r == 0)
                r = still_open(c, &l);
        if (r == 0 && l.side == LIVE_ORGANISER && !c->who.local)
                r = api_refuse(c, 403, "organiser", "who organises it does not consent to it",
                               "ban tổ chức không được chấp thuận thay chủ quản");
        if (r == 0)
                r = good_period(c);
        if (r != 0)
                return r;
        char *addresses = json_array_size(list) ? json_dumps(list, JSON_COMPACT) : NULL;
        if (addresses)
                r = sql_get_int(c->db, &n,
                                "SELECT count(*) FROM json_each(?3) WHERE value NOT IN (SELECT"
                                " a.value FROM live_target t, json_each(t.addresses) a WHERE"
                                " t.exercise=?1 AND t.system=?2)",
                                "iis", l.id, system, addresses);
        if (r == 1 && n)
                r = api_fault_at(c, "addresses", "One of them is none of the system's",
                                 "Có địa chỉ không thuộc hệ thống",
                                 "Take addresses as they are declared",
                                 "Chọn trong các địa chỉ đã công bố");
        else if (r >= 0)
                r = sql_do(c->db,
                           "INSERT INTO live_consent(exercise, system, addresses, begins, ends, by,"
                           " at) VALUES(?1,?2,ifnull(?3,(SELECT addresses FROM live_target WHERE"
                           " exercise=?1 AND system=?2)),?4,?5,?6,?7)",
                           "iisTTki", l.id, system, addresses, api_time(c, "from"),
                           api_time(c, "to"), c->who.id, c->now);
        free(addresses);
        live_tell(c, &l);
        return r == 0 ? show(c, &l) : r;
}

static int withdraw(struct api_call *c) {
        struct live l = {.id = 0};
        int64_t unit = 0, system = 0;
        int r = live_find(c, &l);

        if (r == 0)
                r = sql_get_int(c->db, &system,
                                "SELECT system FROM live_consent WHERE id=?1 AND exercise=?2", "ii",
                                api_int(c, "consent", 0), l.id);
        if (r == 0)
                return api_missing(c);
        if (r == 1)
                r = known_target(c, &l, system, &unit);
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE live_consent SET withdrawn=?2, withdrawn_by=?3, reason=?4 WHERE"
                           " id=?1 AND withdrawn IS NULL",
                           "iikt", api_int(c, "consent", 0), c->now, c->who.id,
                           api_text(c, "reason"));
        live_tell(c, &l);
        return r == 0 ? show(c, &l) : r;
}

/* ---- teams ---- */

static json_t *members_of(struct api_call *c, int64_t team) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *to = json_array();
        int r = sql_rows(c->db, &q,
                         "SELECT p.id, p.name FROM live_member m JOIN person p ON p.id=m.person"
                         " WHERE m.team=?1 ORDER BY p.name COLLATE words",
                         "i", team);

        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(to, json_pack("{sI so}", "id", (json_int_t)sql_int(q, 0),
                                                        "name", api_json_text(sql_span(q, 1))));
        if (r == 0)
                return to;
        json_decref(to);
        return NULL;
}

static json_t *team_json(struct api_call *c, const struct live *l, struct sql_rows *q) {
        int64_t id = sql_int(q, 0);
        bool all = l->side == LIVE_ORGANISER || l->team == id;
        json_t *members = all ? members_of(c, id) : json_null();

        return members ? json_pack("{sI so sI so sb sb sI}", "id", (json_int_t)id, "name",
                                   api_json_text(sql_span(q, 1)), "people",
                                   (json_int_t)sql_int(q, 3), "members", members, "mine",
                                   l->team == id, "active", (int)sql_int(q, 2), "version",
                                   (json_int_t)sql_int(q, 4))
                       : NULL;
}

#define TEAM                                                                                       \
        "SELECT id, name, active, (SELECT count(*) FROM live_member WHERE team=t.id), version"     \
        " FROM live_team t WHERE exercise=?1"

static int teams(struct api_call *c) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct live l = {.id = 0};
        json_t *items = json_array();
        int r = live_find(c, &l);

        c->answer = json_pack("{so}", "items", items);
        if (r == 0)
                r = sql_rows(c->db, &q, TEAM " ORDER BY id LIMIT 500", "i", l.id);
        while (r == 0 && (r = sql_next(q)) == 1)
                r = json_array_append_new(items, team_json(c, &l, q)) < 0 ? FAIL(-ENOMEM) : 0;
        return r;
}

/* LF4; and they may: the permission is held. */
static int good_member(struct api_call *c, const struct live *l, int64_t person, int64_t team) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n,
                            "SELECT count(*) FROM role_grant WHERE person=?1 AND since<=?2 AND"
                            " (until IS NULL OR until>?2) AND role=?3",
                            "iii", person, c->now, (int64_t)ROLE_RED);

        if (r == 1 && n == 0)
                return api_fault_at(c, "people", "One of them has no role as red team",
                                    "Có người chưa có vai trò đội tấn công",
                                    "Give them the role first", "Hãy giao vai trò trước");
        if (r >= 0)
                r = sql_get_int(c->db, &n,
                                "SELECT count(*) FROM role_grant WHERE person=?1 AND since<=?2 AND"
                                " (until IS NULL OR until>?2) AND role IN (?3,?4)",
                                "iiii", person, c->now, (int64_t)ROLE_JURY,
                                (int64_t)ROLE_ORGANISER);
        if (r == 1 && n)
                return api_fault_at(c, "people", "One of them is of the jury or the organisers",
                                    "Có người thuộc ban giám khảo hoặc ban tổ chức",
                                    "Nobody judges their own team", "Không ai chấm đội của mình");
        if (r >= 0)
                r = sql_get_int(c->db, &n,
                                "SELECT count(*) FROM live_member m JOIN live_team t ON t.id=m.team"
                                " WHERE m.person=?1 AND t.exercise=?2 AND t.active AND t.id<>?3",
                                "iii", person, l->id, team);
        if (r == 1 && n)
                return api_fault_at(c, "people", "One of them is in another team",
                                    "Có người đã ở đội khác", "One team for each",
                                    "Mỗi người một đội");
        return MIN(r, 0);
}

static int put_members(struct api_call *c, const struct live *l, int64_t team) {
        const json_t *list = json_object_get(c->in, "people"), *v;
        size_t i;
        int r = sql_do(c->db, "DELETE FROM live_member WHERE team=?1", "i", team);

        json_array_foreach(list, i, v) {
                if (r == 0)
                        r = good_member(c, l, json_integer_value(v), team);
                if (r == 0)
                        r = sql_do(c->db, "INSERT OR IGNORE INTO live_member VALUES(?1,?2)", "ii",
                                   team, (int64_t)json_integer_value(v));
        }
        return r;
}

static int show_team(struct api_call *c, const struct live *l, int64_t team) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q, TEAM " AND id=?2", "ii", l->id, team);

        if (r == 0)
                r = sql_next(q);
        if (r == 1)
                c->answer = team_json(c, l, q);
        live_tell(c, l);
        return r == 1 ? (c->answer ? 0 : FAIL(-ENOMEM)) : r < 0 ? r : api_missing(c);
}

static int team_add(struct api_call *c) {
        struct live l = {.id = 0};
        int64_t n = 0, id = 0;
        int r = live_find(c, &l);

        if (r == 0)
                r = api_may(c, "exercises.plan", l.unit);
        if (r == 0)
                r = still_open(c, &l);
        if (r == 0)
                r = sql_get_int(c->db, &n, "SELECT count(*) FROM live_team WHERE exercise=?1", "i",
                                l.id);
        if (r == 1 && n >= 500)
                return api_refuse(c, 409, "full", "500 teams at most", "tối đa 500 đội");
        if (r == 0 || r == 1)
                r = sql_do(c->db, "INSERT INTO live_team(exercise, name) VALUES(?1,?2)", "it", l.id,
                           api_text(c, "name"));
        if (r == -EEXIST)
                return api_fault_at(c, "name", "There is a team of that name", "Đã có đội tên này",
                                    "Take another name", "Chọn tên khác");
        id = r == 0 ? sql_last_id(c->db) : 0;
        if (r == 0)
                r = put_members(c, &l, id);
        return r == 0 ? show_team(c, &l, id) : r;
}

static int team_edit(struct api_call *c) {
        struct live l = {.id = 0};
        int64_t team = api_int(c, "team", 0), version = 0;
        int r = live_find(c, &l);

        if (r == 0)
                r = api_may(c, "exercises.plan", l.unit);
        if (r == 0)
                r = still_open(c, &l);
        if (r == 0)
                r = sql_get_int(c->db, &version,
                                "SELECT version FROM live_team WHERE id=?1 AND exercise=?2", "ii",
                                team, l.id);
        if (r == 0)
                return api_missing(c);
        if (r == 1 && api_int(c, "version", version) != version)
                return api_refuse(c, 409, "stale",
                                  "Somebody changed it meanwhile: look again, then repeat",
                                  "Có người vừa thay đổi: hãy xem lại rồi làm lại");
        if (r == 1)
                r = sql_do(c->db, "UPDATE live_team SET version=version+1 WHERE id=?1", "i", team);
        if (r == 0 && api_has(c, "name"))
                r = sql_do(c->db, "UPDATE live_team SET name=?2 WHERE id=?1", "it", team,
                           api_text(c, "name"));
        if (r == -EEXIST)
                return api_fault_at(c, "name", "There is a team of that name", "Đã có đội tên này",
                                    "Take another name", "Chọn tên khác");
        if (r == 0 && api_has(c, "active"))
                r = sql_do(c->db, "UPDATE live_team SET active=?2 WHERE id=?1", "ib", team,
                           api_bool(c, "active", true));
        if (r == 0 && api_has(c, "people"))
                r = put_members(c, &l, team);
        return r == 0 ? show_team(c, &l, team) : r;
}

const struct api_binding api_livefire_bindings[] = {
        {"livefire.get", get},
        {"livefire.declare", declare},
        {"livefire.consent", consent},
        {"livefire.withdraw", withdraw},
        {"livefire.teams", teams},
        {"livefire.team_add", team_add},
        {"livefire.team_edit", team_edit},
        {"livefire.activity", livefire_do_activity},
        {"livefire.act", livefire_do_act},
        {"livefire.matches", livefire_do_matches},
        {"livefire.standings", livefire_do_standings},
        {"livefire.publish", livefire_do_publish},
        {"livefire.finish", livefire_do_finish},
        {"findings.list", findings_do_list},
        {"findings.get", findings_do_get},
        {"findings.add", findings_do_add},
        {"findings.edit", findings_do_edit},
        {"findings.file", findings_do_file},
        {"findings.attach", findings_do_attach},
        {"findings.attachment", findings_do_attachment},
        {"findings.return", findings_do_return},
        {"findings.verify", findings_do_verify},
        {"findings.void", findings_do_void},
        {"findings.mark", findings_do_mark},
        {"findings.appeal", findings_do_appeal},
        {"findings.answer", findings_do_answer},
        {"findings.sign", findings_do_sign},
        {NULL, NULL},
};
