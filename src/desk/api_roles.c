/* Roles that people are given for units, and who is on duty when. H1 of api_people.c holds here too. */
#include "desk/units.h"

static const char role_column[] =
        "CASE g.role WHEN 0 THEN 'officer' WHEN 1 THEN 'handler' WHEN 2 THEN 'lead' WHEN 3 THEN"
        " 'approver' WHEN 4 THEN 'owner' WHEN 5 THEN 'inspector' WHEN 6 THEN 'liaison' WHEN 7 THEN"
        " 'trainee' WHEN 8 THEN 'admin' WHEN 10 THEN 'organiser'"
        " WHEN 11 THEN 'jury' WHEN 12 THEN 'red_team' ELSE 'guest' END";

/* The person's unit decides who sees and changes their roles; the unit of a role, who may give it. */
static int may_on(struct api_call *c, const char *permission, int64_t person) {
        int64_t unit = 0;
        int r = person_unit(c->db, person, &unit);

        if (r < 0)
                return r;
        snprintf(c->about, sizeof(c->about), "person %lld", (long long)person);
        return unit ? api_may(c, permission, unit) : api_missing(c);
}

static int roles_list(struct api_call *c) {
        static const char *const columns[] = {"g.id",    role_column, "g.unit", "u.name",
                                              "g.since", "g.until",   "b.name"};
        int64_t person = api_int(c, "id", 0);
        struct span of = arena_printf(c->arena, "g.person=%lld", (long long)person);
        int r = may_on(c, "people.read", person);

        if (r != 0)
                return r;
        if (!of.p)
                return FAIL(-ENOMEM);
        return api_list(c, &(struct api_list_spec){.shape = c->op->answer,
                                                   .columns = columns,
                                                   .from = "role_grant g JOIN unit u ON u.id=g.unit"
                                                           " LEFT JOIN person b ON b.id=g.given_by",
                                                   .where = of.p,
                                                   .id = "g.id"});
}

static int not_oneself(struct api_call *c, int64_t id) {
        return id != c->who.id || c->who.local
                       ? 0
                       : api_refuse(c, 403, "oneself", "nobody gives or takes their own roles",
                                    "không ai được giao hay thu hồi vai trò của chính mình");
}

static int64_t role_of(struct span name) {
        for (int64_t i = 0; i < ROLE_MAX; i++)
                if (span_eq(name, span_str(role_names[i])))
                        return i;
        return ROLE_MAX;
}

static int roles_give(struct api_call *c) {
        int64_t person = api_int(c, "id", 0), unit = api_int(c, "unit", 0);
        int64_t since = api_time(c, "since"), until = api_time(c, "until");
        struct span role = api_text(c, "role");
        int r = may_on(c, "people.write", person);

        if (r == 0)
                r = api_may(c, "people.write", unit);
        if (r == 0)
                r = not_oneself(c, person);
        if (since == TIME_NONE)
                since = c->now;
        if (r == 0 && until != TIME_NONE && (until <= since || until <= c->now))
                r = api_fault_at(c, "until", "it is over before it begins, or past already",
                                 "kết thúc trước khi bắt đầu, hoặc đã qua", "take a later time",
                                 "chọn thời điểm muộn hơn");
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "INSERT INTO role_grant(person,role,unit,since,until,given_by,given_at)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                   "iiiiTki", person, role_of(role), unit, since, until, c->who.id, c->now);
        if (r < 0)
                return r;
        c->answer = json_pack("{sI}", "id", (json_int_t)sql_last_id(c->db));
        c->detail = json_pack("{so sI}", "role", api_json_text(role), "unit", (json_int_t)unit);
        api_tell(c, "person", person, unit);
        api_rights_changed(c->desk);
        return 0;
}

/* The row stays, with its end: what somebody could do when is a question that comes later. */
static int roles_take(struct api_call *c) {
        int64_t person = api_int(c, "id", 0), grant = api_int(c, "grant", 0), unit = 0;
        int r = may_on(c, "people.write", person);

        if (r != 0)
                return r;
        r = sql_get_int(c->db, &unit,
                        "SELECT unit FROM role_grant WHERE id=?1 AND person=?2"
                        " AND (until IS NULL OR until>?3)",
                        "iii", grant, person, c->now);
        if (r < 0)
                return r;
        r = r ? api_may(c, "people.write", unit) : api_missing(c);
        if (r == 0)
                r = not_oneself(c, person);
        if (r != 0)
                return r;
        c->detail = json_pack("{sI sI}", "grant", (json_int_t)grant, "unit", (json_int_t)unit);
        api_tell(c, "person", person, unit);
        api_rights_changed(c->desk);
        return sql_do(c->db, "UPDATE role_grant SET until=?2 WHERE id=?1", "ii", grant, c->now);
}

/* ---- duty ---- */

static int duty_list(struct api_call *c) {
        static const char *const columns[] = {"d.id",    "d.unit",  "u.name",  "d.person", "p.name",
                                              "p.phone", "d.since", "d.until", "d.note"};

        return api_list(c, &(struct api_list_spec){.shape = c->op->answer,
                                                   .columns = columns,
                                                   .from = "duty d JOIN unit u ON u.id=d.unit"
                                                           " JOIN person p ON p.id=d.person",
                                                   .id = "d.id",
                                                   .search = {"p.name", "u.name", "d.note"},
                                                   .unit = "d.unit"});
}

static int duty_add(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), person = api_int(c, "person", 0), home = 0;
        int64_t since = api_time(c, "since"), until = api_time(c, "until");
        int r = api_may(c, "people.write", unit);

        if (r == 0)
                r = person_unit(c->db, person, &home);
        if (r != 0)
                return r;
        int seen = home ? api_sees(c, "people.read", home) : 0;
        if (seen < 0)
                return seen;
        if (!seen)
                r = api_fault_at(c, "person", "there is no such person", "không có người này",
                                 "take another one", "chọn người khác");
        if (until <= since)
                r = api_fault_at(c, "until", "it ends before it begins",
                                 "kết thúc trước khi bắt đầu", "take a later time",
                                 "chọn thời điểm muộn hơn");
        if (r != 0)
                return r;
        struct span note = api_text(c, "note");
        r = sql_do(c->db, "INSERT INTO duty(unit,person,since,until,note) VALUES(?1,?2,?3,?4,?5)",
                   "iiiit", unit, person, since, until, note);
        if (r < 0)
                return r;
        c->answer = json_pack("{sI}", "id", (json_int_t)sql_last_id(c->db));
        snprintf(c->about, sizeof(c->about), "duty %lld", (long long)sql_last_id(c->db));
        api_tell(c, "duty", sql_last_id(c->db), unit);
        return 0;
}

static int duty_remove(struct api_call *c) {
        int64_t id = api_int(c, "id", 0), unit = 0;
        int r = sql_get_int(c->db, &unit, "SELECT unit FROM duty WHERE id=?1", "i", id);

        if (r < 0)
                return r;
        r = r ? api_may(c, "people.write", unit) : api_missing(c);
        if (r != 0)
                return r;
        snprintf(c->about, sizeof(c->about), "duty %lld", (long long)id);
        api_tell(c, "duty", id, unit);
        return sql_do(c->db, "DELETE FROM duty WHERE id=?1", "i", id);
}

extern const struct api_binding api_roles_bindings[];
const struct api_binding api_roles_bindings[] = {
        {"roles.list", roles_list},
        {"roles.give", roles_give},
        {"roles.take", roles_take},
        {"duty.list", duty_list},
        {"duty.add", duty_add},
        {"duty.remove", duty_remove},
        {0},
};
