/* What an incident is about, and who works on it: its systems and its units.
 *
 *   N1. incident.system, the one that it is mainly about, is among incident_systems (triggers of
 *       tables_incidents.c); while there is any, one of them is the main one: of the highest level, unless
 *       a person named another.
 *   N2. The highest level of its systems is the incident's: severity by the table and the clocks follow.
 *   N3. A unit that is taken off takes the sight of its people with it at the commit: nothing keeps rights
 *       but incident_unit. Their pages are told once more, so that they ask again and find nothing.
 *   N4. Nobody takes the lead's sight, nor their own: somebody who sees it stays responsible. */
#include "desk/incident.h"
#include "desk/people.h"

static struct span name_of(struct api_call *c, const char *sql, int64_t id, int *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct span s = SPAN_NONE;
        int r = sql_rows(c->db, &q, sql, "i", id);

        if (r == 0)
                r = sql_next(q);
        if (r == 1) {
                s = arena_dup(c->arena, sql_span(q, 0));
                r = s.p ? 1 : FAIL(-ENOMEM);
        }
        *ret = r;
        return s;
}

/* ---- systems ---- */

/* N1, N2: after any change of its systems. */
static int settle(struct api_call *c, int64_t incident) {
        struct incident i = {0};
        int r = sql_do(
                c->db,
                "UPDATE incident SET system=(SELECT x.system FROM incident_systems x JOIN system s "
                "ON"
                " s.id=x.system WHERE x.incident=?1 ORDER BY s.level DESC, s.id LIMIT 1) WHERE"
                " id=?1 AND (system IS NULL OR NOT EXISTS(SELECT 1 FROM incident_systems x WHERE"
                " x.incident=?1 AND x.system=incident.system))",
                "i", incident);

        if (r == 0)
                r = incident_read(c, incident, &i);
        if (r == 1)
                r = incident_severity(c, &i);
        return r == 0 ? incident_clocks(c, &i) : MIN(r, 0);
}

static int say_system(struct api_call *c, const struct incident *i, int64_t system, const char *en,
                      const char *vi, struct span why) {
        int r;
        struct span n = name_of(c, "SELECT name FROM system WHERE id=?1", system, &r);

        if (r < 0)
                return r;
        struct incident_entry e = {.kind = "state", .about = "system", .about_id = system};
        e.en = incident_text(c, "%s: %.*s%s%.*s", en, (int)n.len, n.len ? n.p : "",
                             why.len ? ": " : "", (int)why.len, why.len ? why.p : "");
        e.vi = incident_text(c, "%s: %.*s%s%.*s", vi, (int)n.len, n.len ? n.p : "",
                             why.len ? ": " : "", (int)why.len, why.len ? why.p : "");
        return incident_write(c, i->id, &e);
}

/* 1: it is linked now, 0: it was before. */
static int link_system(struct api_call *c, const struct incident *i, int64_t system) {
        int r = sql_do(c->db, "INSERT OR IGNORE INTO incident_systems VALUES(?1,?2,?3,?4)", "iiik",
                       i->id, system, c->now, c->who.id);

        return r < 0 ? r : sql_changes(c->db) > 0;
}

int incident_alert_system(struct api_call *c, const struct incident *i, int64_t alert) {
        int64_t system = 0;
        int r = sql_get_int(c->db, &system,
                            "SELECT t.system FROM triage t JOIN system s ON s.id=t.system WHERE"
                            " t.alert=?1",
                            "i", alert);

        if (r == 1)
                r = link_system(c, i, system);
        if (r == 1)
                r = say_system(c, i, system, "System concerned, by its alert",
                               "Hệ thống liên quan, theo cảnh báo", SPAN_NONE);
        else
                return MIN(r, 0);
        return r == 0 ? settle(c, i->id) : r;
}

int incident_main_system(struct api_call *c, const struct incident *i, int64_t system) {
        /* The one before stays where an alert of the incident is of it. */
        int r = sql_do(c->db,
                       "DELETE FROM incident_systems WHERE incident=?1 AND system=?2 AND system<>?3"
                       " AND NOT EXISTS(SELECT 1 FROM incident_alert j JOIN triage t ON"
                       " t.alert=j.alert WHERE j.incident=?1 AND t.system=?2)",
                       "iii", i->id, i->system, system);

        if (r == 0 && system)
                r = link_system(c, i, system);
        if (r >= 0)
                r = sql_do(c->db, "UPDATE incident SET system=?2 WHERE id=?1", "ik", i->id, system);
        return r == 0 ? settle(c, i->id) : r;
}

static int begin(struct api_call *c, const char *permission, struct incident *i) {
        int r = incident_get(c, api_int(c, "id", 0), permission, i);

        return r == 0 ? incident_fresh(c, i) : r;
}

static int show(struct api_call *c, int64_t id) {
        struct incident i = {0};
        int r = incident_get(c, id, "incidents.read", &i);

        if (r == 0)
                r = incident_touch(c, &i);
        return r == 0 ? incident_answer(c, &i) : r;
}

int incident_do_system_add(struct api_call *c) {
        int64_t system = api_int(c, "system", 0);
        struct incident i = {0};
        int r = begin(c, "incidents.work", &i);

        if (r == 0)
                r = incident_good_system(c, system);
        if (r != 0)
                return r;
        r = link_system(c, &i, system);
        if (r == 0)
                return api_fault_at(c, "system", "It is linked already",
                                    "Hệ thống này đã được liên kết", "Choose another",
                                    "Chọn hệ thống khác");
        if (r == 1)
                r = say_system(c, &i, system, "System concerned", "Hệ thống liên quan", SPAN_NONE);
        if (r == 0)
                r = settle(c, i.id);
        return r == 0 ? show(c, i.id) : r;
}

int incident_do_system_out(struct api_call *c) {
        int64_t system = api_int(c, "system", 0);
        struct incident i = {0};
        int r = begin(c, "incidents.work", &i);

        if (r == 0)
                r = sql_do(c->db, "DELETE FROM incident_systems WHERE incident=?1 AND system=?2",
                           "ii", i.id, system);
        if (r == 0 && sql_changes(c->db) == 0)
                return api_missing(c);
        if (r == 0)
                r = say_system(c, &i, system, "System no longer linked", "Bỏ liên kết hệ thống",
                               api_text(c, "reason"));
        if (r == 0)
                r = settle(c, i.id);
        return r == 0 ? show(c, i.id) : r;
}

/* ---- units ---- */

int incident_do_unit_add(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0);
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.lead", &i);

        if (r != 0)
                return r;
        struct span name = name_of(c, "SELECT name FROM unit WHERE id=?1", unit, &r);
        if (r < 0)
                return r;
        if (r == 0)
                return api_fault_at(c, "unit", "It does not exist, or no longer works here",
                                    "Không tồn tại hoặc không còn hoạt động",
                                    "Choose one of the list", "Chọn trong danh sách");
        r = sql_do(c->db, "INSERT INTO incident_unit VALUES(?1,?2,?3,?4)", "iiik", i.id, unit,
                   c->now, c->who.id);
        if (r == -EEXIST)
                return api_fault_at(c, "unit", "It works on it already", "Đơn vị đã tham gia",
                                    "Choose another", "Chọn đơn vị khác");
        struct incident_entry e = {.kind = "state", .about = "unit", .about_id = unit};
        e.en = incident_text(c, "%.*s joined", (int)name.len, name.p);
        e.vi = incident_text(c, "%.*s tham gia", (int)name.len, name.p);
        if (r == 0)
                r = incident_write(c, i.id, &e);
        return r == 0 ? show(c, i.id) : r;
}

/* Whether a person `p` of the query still reads incident ?1 by one of its units; ?2: the roles that may. */
#define READS(p)                                                                                   \
        "EXISTS(SELECT 1 FROM incident_unit x JOIN unit u ON u.id=x.unit JOIN role_grant g ON"     \
        " g.person=" p " AND (?2>>g.role)&1=1 AND g.since<=?3 AND (g.until IS NULL OR"             \
        " g.until>?3) JOIN unit a ON a.id=g.unit AND substr(u.path,1,length(a.path))=a.path"       \
        " WHERE x.incident=?1)"

/* N4. And tasks of who no longer sees them have no owner. */
static int left_behind(struct api_call *c, const struct incident *i, int64_t *ret_tasks) {
        int64_t roles = permission_roles("incidents.read"), lead = 0;
        int r = sql_get_int(c->db, &lead,
                            "SELECT 1 FROM incident i WHERE i.id=?1 AND i.lead IS NOT NULL AND"
                            " NOT " READS("i.lead"),
                            "iii", i->id, roles, c->now);

        if (r == 1)
                return api_refuse(c, 409, "lead",
                                  "The lead is of this unit and would lose sight of the incident:"
                                  " name another lead first",
                                  "Chỉ huy thuộc đơn vị này và sẽ không còn thấy sự cố: hãy chọn"
                                  " chỉ huy khác trước");
        if (r == 0)
                r = sql_do(c->db,
                           "UPDATE incident_task SET owner=NULL, version=version+1 WHERE"
                           " incident=?1 AND state IN ('open','doing') AND owner IS NOT NULL AND"
                           " NOT " READS("incident_task.owner"),
                           "iii", i->id, roles, c->now);
        *ret_tasks = r == 0 ? sql_changes(c->db) : 0;
        return r;
}

static int keep_sight(struct api_call *c, const struct incident *i) {
        struct incident again = {0};
        int r = incident_get(c, i->id, "incidents.read", &again);

        if (r != API_E_REFUSED)
                return r;
        (void)api_forgive(c);
        return api_refuse(c, 409, "oneself",
                          "You would lose sight of the incident yourself: let somebody of another"
                          " of its units do this",
                          "Chính bạn sẽ không còn thấy sự cố: hãy để người của đơn vị tham gia khác"
                          " làm việc này");
}

int incident_do_unit_out(struct api_call *c) {
        int64_t unit = api_int(c, "unit", 0), tasks = 0;
        struct span why = api_text(c, "reason");
        struct incident i = {0};
        int r = begin(c, "incidents.lead", &i);

        if (r != 0)
                return r;
        struct span name = name_of(c, "SELECT name FROM unit WHERE id=?1", unit, &r);
        if (r < 0)
                return r;
        if (unit == i.unit)
                return api_refuse(c, 409, "own_unit",
                                  "The incident is of this unit: it cannot be taken off",
                                  "Sự cố thuộc đơn vị này nên không bỏ ra được");
        r = sql_do(c->db, "DELETE FROM incident_unit WHERE incident=?1 AND unit=?2", "ii", i.id,
                   unit);
        if (r == 0 && sql_changes(c->db) == 0)
                return api_refuse(c, 409, "not_there", "This unit does not work on the incident",
                                  "Đơn vị này không tham gia sự cố");
        if (r == 0)
                r = keep_sight(c, &i);
        if (r == 0)
                r = left_behind(c, &i, &tasks);
        if (r != 0)
                return r;
        struct incident_entry e = {.kind = "state", .about = "unit", .about_id = unit};
        e.en = incident_text(c, "%.*s no longer works on it: %.*s", (int)name.len,
                             name.len ? name.p : "", (int)why.len, why.p);
        e.vi = incident_text(c, "%.*s thôi tham gia: %.*s", (int)name.len, name.len ? name.p : "",
                             (int)why.len, why.p);
        if (tasks) {
                e.en = incident_text(c, "%.*s; tasks without an owner now: %lld", (int)e.en.len,
                                     e.en.len ? e.en.p : "", (long long)tasks);
                e.vi = incident_text(c, "%.*s; việc nay chưa có người nhận: %lld", (int)e.vi.len,
                                     e.vi.len ? e.vi.p : "", (long long)tasks);
        }
        r = incident_write(c, i.id, &e);
        if (r == 0)
                r = show(c, i.id);
        if (r == 0) /* N3 */
                api_tell(c, "incident", i.id, unit);
        return r;
}
