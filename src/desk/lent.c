/* Rights lent for a drill. Who plays alone has every duty of that drill, whatever their roles are, and so a trainee can
 * go through all of it; who is on the roster of a simulated one has what the role they play there may do; who
 * organises or judges an exercise reads what its points came from.
 *
 *   L1. A call is made by a lent right or by one's own, never by both: the play that it is about is found first, from what
 *       the request names, and then nothing but matter of that play is there for it (matter.c).
 *   L2. Operations are listed one by one. What is not in the list is never lent, above all nothing that reads records
 *       of the unit beside those of an alert.
 *   L3. Who plays writes only while the play goes on; afterwards, as organisers and jury always, they read.
 *   L4. Nothing is lent to scripts and guests, nor for playing where containment is carried out for real.
 *   L5. A right of one's own goes first, but for who plays alone: for them it is one person's drill from end to end. */
#include "desk/lent.h"

#include "desk/desk_impl.h"
#include "desk/exercise.h"
#include "desk/people.h"

/* What the request names; the play is that of it. */
enum about {
        BY_ALERT,    /* id */
        BY_INCIDENT, /* id */
        OF_INCIDENT, /* incident */
        BY_ACTION,
        BY_REPORT,
        BY_EVIDENCE,
        BY_LIST,   /* filters play, incident; or the play that one is in */
        BY_ALERTS, /* ids */
        BY_OPENING /* alerts, or the play that one is in */
};
#define READS true

static const struct {
        const char *op;
        enum about about;
        bool reads;
} table[] = {
        {"alerts.list", BY_LIST, READS},
        {"alerts.get", BY_ALERT, READS},
        {"alerts.events", BY_ALERT, READS},
        {"alerts.accept", BY_ALERT, false},
        {"alerts.merge", BY_ALERT, false},
        {"alerts.dismiss", BY_ALERT, false},
        {"alerts.hand_over", BY_ALERT, false},
        {"alerts.undo", BY_ALERT, false},
        {"alerts.bulk", BY_ALERTS, false},
        {"incidents.list", BY_LIST, READS},
        {"incidents.open", BY_OPENING, false},
        {"incidents.get", BY_INCIDENT, READS},
        {"incidents.edit", BY_INCIDENT, false},
        {"incidents.move", BY_INCIDENT, false},
        {"incidents.activity", BY_INCIDENT, false},
        {"incidents.assessment", BY_INCIDENT, READS},
        {"incidents.answer", BY_INCIDENT, false},
        {"incidents.serious", BY_INCIDENT, false},
        {"incidents.timeline", BY_INCIDENT, READS},
        {"incidents.note", BY_INCIDENT, false},
        {"incidents.tasks", BY_INCIDENT, READS},
        {"incidents.task_add", BY_INCIDENT, false},
        {"incidents.task_edit", BY_INCIDENT, false},
        {"incidents.observables", BY_INCIDENT, READS},
        {"incidents.observable_add", BY_INCIDENT, false},
        {"incidents.observable_drop", BY_INCIDENT, false},
        {"incidents.alerts_add", BY_INCIDENT, false},
        {"incidents.alert_out", BY_INCIDENT, false},
        {"incidents.system_add", BY_INCIDENT, false},
        {"incidents.system_out", BY_INCIDENT, false},
        {"incidents.clock_met", BY_INCIDENT, false},
        {"incidents.clock_void", BY_INCIDENT, false},
        {"incidents.review_get", BY_INCIDENT, READS},
        {"incidents.review", BY_INCIDENT, false},
        {"clocks.list", BY_LIST, READS},
        {"eradication.list", BY_INCIDENT, READS},
        {"eradication.add", BY_INCIDENT, false},
        {"eradication.change", BY_INCIDENT, false},
        {"returns.list", BY_INCIDENT, READS},
        {"returns.add", BY_INCIDENT, false},
        {"returns.end", BY_INCIDENT, false},
        {"actions.list", BY_LIST, READS},
        {"actions.get", BY_ACTION, READS},
        {"actions.propose", OF_INCIDENT, false},
        {"actions.approve", BY_ACTION, false},
        {"actions.refuse", BY_ACTION, false},
        {"actions.withdraw", BY_ACTION, false},
        {"actions.undo", BY_ACTION, false},
        {"reports.list", BY_LIST, READS},
        {"reports.kinds", OF_INCIDENT, READS},
        {"reports.get", BY_REPORT, READS},
        {"reports.file", BY_REPORT, READS},
        {"reports.signature", BY_REPORT, READS},
        {"reports.open", OF_INCIDENT, false},
        {"reports.edit", BY_REPORT, false},
        {"reports.fill", BY_REPORT, false},
        {"reports.submit", BY_REPORT, false},
        {"reports.reopen", BY_REPORT, false},
        {"reports.drop", BY_REPORT, false},
        {"reports.sign", BY_REPORT, false},
        {"reports.hand", BY_REPORT, false},
        {"evidence.list", BY_LIST, READS},
        {"evidence.get", BY_EVIDENCE, READS},
        {"evidence.add", OF_INCIDENT, false},
};

/* Those that handlers of these operations ask for. The first READ_LENT: of who only reads. */
static const char *const permissions[] = {
        "alerts.read",     "events.read",   "incidents.read", "actions.read",   "reports.read",
        "evidence.read",   "alerts.work",   "incidents.open", "incidents.work", "incidents.lead",
        "evidence.write",  "reports.write", "reports.sign",   "reports.send",   "actions.propose",
        "actions.approve", "actions.undo"};
#define READ_LENT 6u

bool lent_knows(const char *permission) {
        for (size_t i = 0; i < ARRAY_LEN(permissions); i++)
                if (strcmp(permissions[i], permission) == 0)
                        return true;
        return false;
}

bool lent_holds(const struct api_call *c, const char *permission) {
        const struct api_lent *l = &c->who.lent;
        size_t n = l->watches ? READ_LENT : ARRAY_LEN(permissions);

        for (size_t i = 0; i < n; i++)
                if (strcmp(permissions[i], permission) == 0)
                        return l->alone || l->watches || (permission_roles(permission) & l->roles);
        return false;
}

int lent_sees(struct api_call *c, const char *permission, int64_t unit) {
        return lent_holds(c, permission) ? unit_within(c->db, unit, c->who.lent.unit) : 0;
}

int lent_alone(struct api_call *c, int64_t play) {
        int64_t one;

        if (!play || !c->who.id)
                return 0;
        return sql_get_int(c->db, &one,
                           "SELECT 1 FROM exercise_play p JOIN exercise e ON e.id=p.exercise WHERE"
                           " p.id=?1 AND e.solo AND e.simulated AND e.created_by=?2",
                           "ii", play, c->who.id);
}

/* ---- which play ---- */

static int play_of(struct api_call *c, const char *sql, int64_t id, int64_t *ret) {
        return id > 0 ? MIN(sql_get_int(c->db, ret, sql, "i", id), 0) : 0;
}
#define OF_THE_ALERT "SELECT drill FROM triage WHERE alert=?1"
#define OF_THE_INCIDENT "SELECT drill FROM incident WHERE id=?1"

static int64_t first_of(const struct api_call *c, const char *name) {
        return json_integer_value(json_array_get(json_object_get(c->in, name), 0));
}

/* The one that they are in: alone first. */
static int mine(struct api_call *c, int64_t unit, int64_t *ret) {
        return MIN(sql_get_int(c->db, ret,
                               "SELECT p.id FROM exercise_roster r JOIN exercise_play p ON"
                               " p.exercise=r.exercise AND p.unit=r.unit JOIN exercise e ON"
                               " e.id=p.exercise WHERE r.person=?1 AND r.until IS NULL AND p.live"
                               " AND e.simulated AND (?2=0 OR p.unit=?2) ORDER BY e.solo DESC,"
                               " p.id DESC LIMIT 1",
                               "ii", c->who.id, unit),
                   0);
}

static int of_list(struct api_call *c, int64_t *ret) {
        int64_t incident = api_int(c, "incident", 0), id = api_int(c, "id", 0);
        int r;

        *ret = api_int(c, "play", 0);
        if (*ret)
                return 0;
        if (incident >= STATE_DRILL_IDS)
                return play_of(c, OF_THE_INCIDENT, incident, ret);
        if (incident || id)
                return 0;
        r = api_holds(c, c->op->permission); /* their own list shows their drill among the rest */
        return r ? MIN(r, 0) : mine(c, 0, ret);
}

static int named(struct api_call *c, enum about about, int64_t *ret) {
        int64_t id = api_int(c, about == OF_INCIDENT ? "incident" : "id", 0);

        *ret = 0;
        switch (about) {
        case BY_ALERT: return id < STATE_DRILL_IDS ? 0 : play_of(c, OF_THE_ALERT, id, ret);
        case BY_INCIDENT:
        case OF_INCIDENT: return id < STATE_DRILL_IDS ? 0 : play_of(c, OF_THE_INCIDENT, id, ret);
        case BY_ACTION:
                return id < STATE_DRILL_IDS
                               ? 0
                               : play_of(c,
                                         "SELECT i.drill FROM action a JOIN incident i ON"
                                         " i.id=a.incident WHERE a.id=?1",
                                         id, ret);
        case BY_REPORT: return play_of(c, "SELECT drill FROM report WHERE id=?1", id, ret);
        case BY_EVIDENCE:
                return play_of(c,
                               "SELECT i.drill FROM evidence e JOIN incident i ON i.id=e.incident"
                               " WHERE e.id=?1",
                               id, ret);
        case BY_LIST: return of_list(c, ret);
        case BY_ALERTS: return play_of(c, OF_THE_ALERT, first_of(c, "ids"), ret);
        case BY_OPENING:
                if (first_of(c, "alerts"))
                        return play_of(c, OF_THE_ALERT, first_of(c, "alerts"), ret);
                return api_bool(c, "drill", false) ? mine(c, api_int(c, "unit", 0), ret) : 0;
        }
        return 0;
}

/* ---- by which right ---- */

/* The roles that they play there now. */
static int roster(struct api_call *c, int64_t play, uint32_t *ret) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(c->db, &q,
                         "SELECT r.role FROM exercise_roster r JOIN exercise_play p ON"
                         " p.exercise=r.exercise AND p.unit=r.unit WHERE p.id=?1 AND r.person=?2"
                         " AND r.until IS NULL",
                         "ii", play, c->who.id);

        while (r == 0 && (r = sql_next(q)) == 1) {
                for (unsigned i = 0; i < ROLE_MAX; i++)
                        if (span_eq(sql_span(q, 0), span_str(role_names[i])))
                                *ret |= UINT32_C(1) << i;
                r = 0;
        }
        return r;
}

static int by_which(struct api_call *c, int64_t play, bool reads) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        struct api_lent l = {.play = play};
        int r = sql_rows(c->db, &q,
                         "SELECT p.unit, e.unit, p.live, e.simulated, e.solo AND"
                         " ifnull(e.created_by,0)=?2 FROM exercise_play p JOIN exercise e ON"
                         " e.id=p.exercise WHERE p.id=?1",
                         "ii", play, c->who.id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        l.unit = sql_int(q, 0);
        l.alone = sql_int(q, 4) != 0;
        bool live = sql_int(q, 2) != 0, simulated = sql_int(q, 3) != 0;
        int64_t organisers = sql_int(q, 1);
        q = sql_end(q);

        int own = api_sees(c, c->op->permission, l.unit), plays;
        if (own < 0 || (own && !l.alone)) /* L5 */
                return MIN(own, 0);
        plays = api_sees(c, "exercises.play", l.unit);
        if (plays == 1)
                r = roster(c, play, &l.roles);
        if (plays < 0 || r < 0)
                return MIN(plays, r);
        if (plays && simulated && (live || reads) &&
            (l.alone || (permission_roles(c->op->permission) & l.roles))) { /* L3, L4 */
                c->who.lent = l;
                return 0;
        }
        if (!reads)
                return 0;
        r = api_sees(c, "exercises.plan", organisers);
        if (r == 0)
                r = api_sees(c, "exercises.judge", organisers);
        if (r == 1) {
                l = (struct api_lent){.play = play, .unit = l.unit, .watches = true};
                c->who.lent = l;
        }
        return MIN(r, 0);
}

int lent_find(struct api_call *c) {
        size_t i = 0;
        int64_t play = 0;

        if (!c->who.id || !c->who.session || c->who.token || c->who.incident || c->who.local ||
            c->who.half || !c->op->permission) /* L4 */
                return 0;
        while (i < ARRAY_LEN(table) && strcmp(table[i].op, c->op->id) != 0)
                i++;
        if (i == ARRAY_LEN(table)) /* L2 */
                return 0;
        int r = named(c, table[i].about, &play);
        return r < 0 || !play ? r : by_which(c, play, table[i].reads);
}

int lent_names(struct api_call *c, json_t *to) {
        struct api_lent was = c->who.lent;
        json_t *list = json_array();
        int64_t play = 0, alone = 0;
        uint32_t roles = 0;
        int r = c->who.half || c->who.incident || !c->who.id ? 0 : mine(c, 0, &play);

        json_object_set_new(to, "lent", list);
        if (r < 0 || !play)
                return r;
        r = lent_alone(c, play);
        alone = r == 1;
        if (r >= 0)
                r = roster(c, play, &roles);
        c->who.lent = (struct api_lent){.play = play, .roles = roles, .alone = alone};
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(permissions); i++)
                if (lent_holds(c, permissions[i]) && strcmp(permissions[i], "systems.read") != 0)
                        json_array_append_new(list, json_string(permissions[i]));
        c->who.lent = was;
        return r;
}
