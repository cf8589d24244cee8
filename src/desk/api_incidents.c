/* Incidents as they are read: lists, one with all that belongs to it, its timeline, tasks, observables,
 * clocks. What changes them: api_incident_edit.c and api_incident_work.c. */
#include "desk/incident.h"
#include "desk/matter.h"
#include "wire/api_shapes.h"

#include <stdlib.h>

#define FROM_INCIDENT                                                                              \
        "incident i LEFT JOIN unit u ON u.id=i.unit LEFT JOIN system s ON s.id=i.system"           \
        " LEFT JOIN person p ON p.id=i.lead"
/* The highest of its systems. */
#define INCIDENT_LEVEL                                                                             \
        ("(SELECT max(y.level) FROM incident_systems x JOIN system y ON y.id=x.system WHERE"       \
         " x.incident=i.id)")
#define INCIDENT_COLUMNS                                                                           \
        "i.id", "i.code", "i.title", "i.state", "i.severity", "i.kind", "i.serious", "i.regime",   \
                "i.unit", "u.name", "i.system", "s.name", INCIDENT_LEVEL, "i.lead", "p.name",      \
                "i.t0", "i.opened", "i.closed", "i.next_due",                                      \
                "(SELECT count(*) FROM incident_alert x WHERE x.incident=i.id)",                   \
                ("(SELECT count(*) FROM incident_task x WHERE x.incident=i.id"                     \
                 " AND x.state IN ('open','doing'))"),                                             \
                "i.tlp", "i.drill<>0", "nullif(i.drill,0)", "i.version"

static const char *const list_columns[] = {INCIDENT_COLUMNS, NULL};
/* By any of its systems, not only the main one. */
#define SYSTEM_AT 10
static const char *const list_filters[ARRAY_LEN(list_columns)] = {
        [SYSTEM_AT] = "=i.id IN (SELECT x.incident FROM incident_systems x WHERE x.system"};
#define SYSTEM_NAMES                                                                               \
        ("(SELECT group_concat(y.name||' '||y.code,' ') FROM incident_systems x JOIN system y ON"  \
         " y.id=x.system WHERE x.incident=i.id)")
static const char *const flat_columns[] = {
        INCIDENT_COLUMNS,
        "i.summary",
        "i.harm",
        "CASE WHEN i.severity_set IS NULL THEN 'table' ELSE 'person' END",
        "i.occurred",
        "i.detection",
        "i.scope",
        "i.data_kinds",
        "i.data_subjects",
        "i.contained",
        "i.restored",
        "(SELECT name FROM person WHERE id=i.opened_by)",
        "(SELECT name FROM person WHERE id=i.serious_by)",
        "i.serious_at",
        NULL,
};

int incident_visible(struct api_call *c, const char *more, const char **ret) {
        const char *scope = NULL, *drill = NULL;
        struct span s;

        if (c->who.incident) {
                s = arena_printf(c->arena, "i.id=" SQL_OWN_INT " AND " TLP_RANK("i.tlp") "<=%lld%s",
                                 incident_for_guests(c) ? (long long)c->who.incident : 0,
                                 (long long)c->who.tlp, more);
        } else {
                int r = api_scope(c, "incidents.read", "x.unit", &scope);
                if (r == 0)
                        r = matter_sees(c, "i.drill", matter_asked(c), &drill);
                if (r < 0)
                        return r;
                /* Each has a unit, so who sees all of them asks no further; a set that is found by its units
                 * costs as much as it holds, a question for each incident as much as there are. */
                s = strcmp(scope, "1") == 0
                            ? arena_printf(c->arena, "%s%s", drill, more)
                            : arena_printf(c->arena,
                                           "i.id IN (SELECT x.incident FROM incident_unit x WHERE"
                                           " %s) AND %s%s",
                                           scope, drill, more);
        }
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

#define NOT_OVER " AND i.state NOT IN ('closed','reviewed','false_alarm')"

static int list(struct api_call *c) {
        struct api_list_spec l = {.shape = api_incident_list_shape,
                                  .columns = list_columns,
                                  .from = FROM_INCIDENT,
                                  .id = "i.id",
                                  .filters = list_filters,
                                  .search = {"i.code", "i.title", "i.summary", SYSTEM_NAMES, NULL},
                                  .units_in = "i.id IN (SELECT x.incident FROM incident_unit x"
                                              " WHERE 1"};
        int r = incident_visible(c, api_bool(c, "open", false) ? NOT_OVER : "", &l.where);

        return r < 0 ? r : api_list(c, &l);
}

/* ---- one, with all that belongs to it ---- */

static int rows_into(struct api_call *c, json_t *list, struct sql_rows *q,
                     json_t *(*make)(struct api_call *c, struct sql_rows *q)) {
        int r;

        if (!list)
                return FAIL(-ENOMEM);
        while ((r = sql_next(q)) == 1)
                if (json_array_append_new(list, make(c, q)) < 0)
                        return FAIL(-ENOMEM);
        return r;
}

static json_t *texts(struct sql_rows *q, int column) {
        return sql_null(q, column) ? json_null() : api_json_text(sql_span(q, column));
}

static const char *clock_state(struct sql_rows *q, int64_t now) {
        int64_t due = sql_time(q, 4), met = sql_time(q, 10);

        if (!sql_null(q, 13))
                return "void";
        if (met != TIME_NONE)
                return met <= due ? "met" : "met_late";
        if (sql_int(q, 2) == CLOCK_MAYBE)
                return "maybe";
        return now >= due ? "late" : now >= sql_time(q, 5) ? "near" : "running";
}

#define CLOCK_SQL                                                                                  \
        "SELECT k.id, k.clock, k.state, k.begins, k.due, k.warn, k.title, k.title_vi, k.basis,"    \
        " k.checked, k.met_at, (SELECT name FROM person WHERE id=k.met_by), k.proof, k.void_at,"   \
        " k.report, (SELECT drill FROM incident WHERE id=?1) FROM incident_clock k WHERE"          \
        " k.incident=?1 AND k.state<>0 ORDER BY"                                                   \
        " k.met_at IS NOT NULL OR k.void_at IS NOT NULL, k.due"

static json_t *clock_json(struct api_call *c, struct sql_rows *q) {
        int64_t now = matter_now(c, sql_int(q, 15));
        int64_t met = sql_time(q, 10), until = met == TIME_NONE ? now : met;

        return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:s,s:o,s:o,s:o}", "id",
                         (json_int_t)sql_int(q, 0), "clock", texts(q, 1), "title", texts(q, 6),
                         "title_vi", texts(q, 7), "basis", texts(q, 8), "checked", texts(q, 9),
                         "report", texts(q, 14), "begins", api_json_time(sql_time(q, 3)), "due",
                         api_json_time(sql_time(q, 4)), "left_s",
                         (json_int_t)((sql_time(q, 4) - until) / NS_PER_SEC), "state",
                         clock_state(q, now), "met_at", api_json_time(met), "met_by", texts(q, 11),
                         "proof", texts(q, 12));
}

static int add_clocks(struct api_call *c, const struct incident *i) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = json_object_set_new(c->answer, "clocks", list) < 0 ? FAIL(-ENOMEM) : 0;

        if (r == 0)
                r = sql_rows(c->db, &q, CLOCK_SQL, "i", i->id);
        return r == 0 ? rows_into(c, list, q, clock_json) : r;
}

static json_t *unit_json(struct api_call *c, struct sql_rows *q) {
        (void)c;
        return json_pack("{s:I,s:o}", "id", (json_int_t)sql_int(q, 0), "name", texts(q, 1));
}

static int add_units(struct api_call *c, const struct incident *i) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = json_object_set_new(c->answer, "units", list) < 0 ? FAIL(-ENOMEM) : 0;

        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT x.unit, u.name FROM incident_unit x LEFT JOIN unit u ON"
                             " u.id=x.unit WHERE x.incident=?1 ORDER BY x.since, x.unit",
                             "i", i->id);
        return r == 0 ? rows_into(c, list, q, unit_json) : r;
}

static json_t *system_json(struct api_call *c, struct sql_rows *q) {
        (void)c;
        return json_pack("{s:I,s:o,s:I,s:o,s:b,s:I}", "id", (json_int_t)sql_int(q, 0), "name",
                         texts(q, 1), "level", (json_int_t)sql_int(q, 2), "unit_name", texts(q, 3),
                         "main", sql_int(q, 4) != 0, "alerts", (json_int_t)sql_int(q, 5));
}

static int add_systems(struct api_call *c, const struct incident *i) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        json_t *list = json_array();
        int r = json_object_set_new(c->answer, "systems", list) < 0 ? FAIL(-ENOMEM) : 0;

        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT s.id, s.name, s.level, u.name, s.id=i.system, (SELECT count(*)"
                             " FROM incident_alert j JOIN triage t ON t.alert=j.alert WHERE"
                             " j.incident=i.id AND t.system=s.id) FROM incident i JOIN"
                             " incident_systems x ON x.incident=i.id JOIN system s ON s.id=x.system"
                             " LEFT JOIN unit u ON u.id=s.unit WHERE i.id=?1 ORDER BY"
                             " s.id<>i.system, s.level DESC, s.name LIMIT 200",
                             "i", i->id);
        return r == 0 ? rows_into(c, list, q, system_json) : r;
}

static const json_t *activities_of(const struct incident *i) {
        return json_object_get(json_object_get(i->regime, "activities"), "list");
}

static int activity_json(struct api_call *c, const struct incident *i, const json_t *a,
                         json_t *list) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *id = json_string_value(json_object_get(a, "id"));
        int r = sql_rows(c->db, &q,
                         "SELECT (SELECT state FROM incident_activity WHERE incident=?1"
                         " AND activity=?2), (SELECT begun FROM incident_activity WHERE incident=?1"
                         " AND activity=?2), (SELECT done FROM incident_activity WHERE incident=?1"
                         " AND activity=?2), count(*), total(state IN ('done','dropped'))"
                         " FROM incident_task WHERE incident=?1 AND activity=?2",
                         "is", i->id, id);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r < 0 ? r : FAIL(-EIO);
        json_t *o = json_pack("{s:s,s:O,s:O,s:o,s:o,s:o,s:I,s:I}", "id", id, "title",
                              json_object_get(a, "en"), "title_vi", json_object_get(a, "vi"),
                              "state", sql_null(q, 0) ? json_string("none") : texts(q, 0), "begun",
                              api_json_time(sql_time(q, 1)), "done", api_json_time(sql_time(q, 2)),
                              "tasks", (json_int_t)sql_int(q, 3), "tasks_done",
                              (json_int_t)sql_int(q, 4));
        return json_array_append_new(list, o) < 0 ? FAIL(-ENOMEM) : 0;
}

static int add_activities(struct api_call *c, const struct incident *i) {
        json_t *list = json_array();
        const json_t *a;
        size_t n;
        int r = json_object_set_new(c->answer, "activities", list) < 0 ? FAIL(-ENOMEM) : 0;

        json_array_foreach(activities_of(i), n, a) if (r == 0) r = activity_json(c, i, a, list);
        return r;
}

static int move_json(struct api_call *c, const struct incident *i, const struct incident_move *m,
                     json_t *list) {
        const char *en, *vi;
        unsigned missing;
        json_t *ens = json_array(), *vis = json_array();
        /* A reason is asked for with the move itself. */
        int r = incident_missing(c, i, m->needs & ~(unsigned)NEED_REASON, &missing);

        while (r == 0 && missing) {
                incident_need_text(&missing, &en, &vi);
                if (json_array_append_new(ens, json_string(en)) < 0 ||
                    json_array_append_new(vis, json_string(vi)) < 0)
                        r = FAIL(-ENOMEM);
        }
        json_t *o = json_pack("{s:s,s:s,s:s,s:b,s:o,s:o}", "to", m->to, "title", m->en, "title_vi",
                              m->vi, "reason", (m->needs & NEED_REASON) != 0, "missing", ens,
                              "missing_vi", vis);
        if (json_array_append_new(list, o) < 0 && r == 0)
                r = FAIL(-ENOMEM);
        return r;
}

static int add_moves(struct api_call *c, const struct incident *i) {
        json_t *list = json_array();
        int r = json_object_set_new(c->answer, "moves", list) < 0 ? FAIL(-ENOMEM) : 0;

        for (const struct incident_move *m = incident_moves; m->from && r == 0; m++)
                if (span_eq(i->state, span_str(m->from)))
                        r = move_json(c, i, m, list);
        return r;
}

int incident_answer(struct api_call *c, const struct incident *i) {
        static const struct api_list_spec spec = {.shape = api_incident_flat_shape,
                                                  .columns = flat_columns,
                                                  .from = FROM_INCIDENT,
                                                  .id = "i.id"};
        int r = api_detail(c, &spec, i->id);

        if (r == 0)
                r = add_activities(c, i);
        if (r == 0)
                r = add_clocks(c, i);
        if (r == 0)
                r = add_moves(c, i);
        if (r == 0)
                r = add_systems(c, i);
        return r == 0 ? add_units(c, i) : r;
}

static int get(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        return r == 0 ? incident_answer(c, &i) : r;
}

/* ---- what belongs to one ---- */

/* A list of rows of one incident, by its column `incident`. */
static int list_of(struct api_call *c, struct api_list_spec *l, const char *more) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        if (r != 0)
                return r;
        struct span where =
                arena_printf(c->arena, "t.incident=" SQL_OWN_INT "%s", (long long)i.id, more);
        l->where = where.p;
        return where.p ? api_list(c, l) : FAIL(-ENOMEM);
}

static const char *const entry_columns[] = {"t.id",    "t.at",       "t.written", "t.kind",
                                            "t.by",    "p.name",     "t.text",    "t.text_vi",
                                            "t.about", "t.about_id", "t.corrects"};
#define FROM_ENTRY "incident_entry t LEFT JOIN person p ON p.id=t.by"

static int timeline(struct api_call *c) {
        struct api_list_spec l = {.shape = api_entry_shape,
                                  .columns = entry_columns,
                                  .from = FROM_ENTRY,
                                  .id = "t.id",
                                  .search = {"t.text", "t.text_vi", NULL}};

        /* What they may not read elsewhere is not told here either. */
        int r = c->who.incident ? 0 : api_holds(c, "directives.read");
        if (r < 0)
                return r;
        if (!c->who.incident && r == 0)
                return list_of(c, &l, " AND t.about IS NOT 'directive'");
        return list_of(c, &l,
                       c->who.incident ? " AND t.kind NOT IN ('alert','action','evidence','task',"
                                         "'note','message')"
                                       : "");
}

int incident_entry_answer(struct api_call *c, int64_t entry) {
        static const struct api_list_spec l = {.shape = api_entry_shape,
                                               .columns = entry_columns,
                                               .from = FROM_ENTRY,
                                               .id = "t.id"};

        return api_detail(c, &l, entry);
}

#define FROM_TASK                                                                                  \
        "incident_task t JOIN incident i ON i.id=t.incident LEFT JOIN person p ON p.id=t.owner"
static const char *const task_columns[] = {"t.id",
                                           "t.incident",
                                           "i.code",
                                           "t.title",
                                           "t.note",
                                           "t.activity",
                                           "t.state",
                                           "t.owner",
                                           "p.name",
                                           "t.due",
                                           "t.step",
                                           "t.done_at",
                                           "(SELECT name FROM person WHERE id=t.done_by)",
                                           "i.drill<>0",
                                           "nullif(i.drill,0)",
                                           "t.version"};

static int tasks(struct api_call *c) {
        struct api_list_spec l = {.shape = api_task_shape,
                                  .columns = task_columns,
                                  .from = FROM_TASK,
                                  .id = "t.id",
                                  .search = {"t.title", "t.note", NULL}};

        return list_of(c, &l, "");
}

static int all_tasks(struct api_call *c) {
        struct api_list_spec l = {.shape = api_task_shape,
                                  .columns = task_columns,
                                  .from = FROM_TASK,
                                  .id = "t.id",
                                  .search = {"t.title", "t.note", "i.code", NULL}};
        struct span mine =
                arena_printf(c->arena, " AND t.owner=" SQL_OWN_INT, (long long)c->who.id);
        int r = mine.p ? incident_visible(c, api_bool(c, "mine", false) ? mine.p : "", &l.where)
                       : FAIL(-ENOMEM);

        return r < 0 ? r : api_list(c, &l);
}

int incident_task_answer(struct api_call *c, int64_t task) {
        struct api_list_spec l = {
                .shape = api_task_shape, .columns = task_columns, .from = FROM_TASK, .id = "t.id"};

        return api_detail(c, &l, task);
}

#define ALERTS_THAT_NAME_IT                                                                        \
        ("(SELECT count(*) FROM incident_alert x JOIN alert a ON a.id=x.alert WHERE"               \
         " x.incident=t.incident AND t.value IN (a.host, a.user, a.source, a.entity))")

static const char *const observable_columns[] = {"t.id",   "t.type", "t.value",           "t.role",
                                                 "t.note", "t.tlp",  ALERTS_THAT_NAME_IT, "t.at",
                                                 "p.name"};
#define FROM_OBSERVABLE "incident_observable t LEFT JOIN person p ON p.id=t.by"

static int observables(struct api_call *c) {
        struct api_list_spec l = {.shape = api_observable_shape,
                                  .columns = observable_columns,
                                  .from = FROM_OBSERVABLE,
                                  .id = "t.id",
                                  .search = {"t.value", "t.note", NULL}};

        struct span more =
                c->who.incident
                        ? arena_printf(c->arena,
                                       " AND t.dropped IS NULL AND " TLP_RANK("t.tlp") "<=%lld",
                                       (long long)c->who.tlp)
                        : SPAN(" AND t.dropped IS NULL");

        return more.p ? list_of(c, &l, more.p) : FAIL(-ENOMEM);
}

int incident_observable_answer(struct api_call *c, int64_t observable) {
        static const struct api_list_spec l = {.shape = api_observable_shape,
                                               .columns = observable_columns,
                                               .from = FROM_OBSERVABLE,
                                               .id = "t.id"};

        return api_detail(c, &l, observable);
}

#define REPORT_OF                                                                                  \
        " FROM report r WHERE r.incident=t.incident AND r.clock=t.clock AND r.state<>'dropped'"    \
        " ORDER BY r.id DESC LIMIT 1)"

/* What a deadline waits for: its report's fields, signatures, sending; "signature_you": this person's. */
static int held_by(struct api_call *c, const char **ret) {
        const char *sign = "0";
        int r = api_scope(c, "reports.sign", "r.unit", &sign);

        *ret = "NULL";
        if (r < 0 || c->who.incident)
                return r;
        struct span s = arena_printf(
                c->arena,
                "iif(t.report='' OR t.met_at IS NOT NULL OR t.void_at IS NOT NULL, NULL,"
                " ifnull((SELECT CASE r.state WHEN 'draft' THEN iif(r.missing>0,"
                " 'missing:'||r.missing,'signature') WHEN 'signing' THEN iif(ifnull(r.writer,0)"
                "<>" SQL_OWN_INT
                " AND (%s) AND NOT EXISTS(SELECT 1 FROM report_sign g WHERE g.report=r.id"
                " AND g.version=r.version AND g.person=" SQL_OWN_INT
                " AND g.void IS NULL),'signature_you',"
                "'signature') WHEN 'signed' THEN ifnull((SELECT CASE o.state WHEN 'queued' THEN "
                "'sending'"
                " WHEN 'failed' THEN 'failed' END FROM outgoing o WHERE o.id=r.mail),'to_send')"
                " END" REPORT_OF ",'not_started'))",
                (long long)c->who.id, sign, (long long)c->who.id);
        *ret = s.p;
        return s.p ? 0 : FAIL(-ENOMEM);
}

/* States change with the time of day: they are made of now. */
int incident_clock_spec(struct api_call *c, struct api_list_spec *ret) {
        const char *held = NULL, *now = NULL;
        int r = held_by(c, &held);

        if (r == 0) /* a drill's deadlines are dates of its own clock */
                r = matter_now_sql(c, "i.drill", &now);
        if (r < 0)
                return r;
        struct span left = arena_printf(c->arena, "(t.due-ifnull(t.met_at,%s))/1000000000", now);
        struct span state = arena_printf(
                c->arena,
                "CASE WHEN t.void_at IS NOT NULL THEN 'void' WHEN t.met_at<=t.due THEN 'met'"
                " WHEN t.met_at IS NOT NULL THEN 'met_late' WHEN t.state=%d THEN 'maybe'"
                " WHEN t.due<=%s THEN 'late' WHEN t.warn<=%s THEN 'near' ELSE 'running' END",
                (int)CLOCK_MAYBE, now, now);
        const char *const names[] = {"t.id",
                                     "t.incident",
                                     "i.code",
                                     "i.title",
                                     "t.clock",
                                     "i.regime",
                                     "t.title",
                                     "t.title_vi",
                                     "t.basis",
                                     "t.checked",
                                     "t.report",
                                     "t.begins",
                                     "t.due",
                                     left.p,
                                     state.p,
                                     "t.met_at",
                                     "(SELECT name FROM person WHERE id=t.met_by)",
                                     "t.proof",
                                     held,
                                     c->who.incident ? "NULL" : "(SELECT r.id" REPORT_OF,
                                     "i.drill<>0",
                                     "nullif(i.drill,0)"};
        const char **columns = arena_array(c->arena, ARRAY_LEN(names), sizeof(*columns));

        if (!columns || !left.p || !state.p)
                return FAIL(-ENOMEM);
        memcpy(columns, names, sizeof(names)); /* a CSV is written after the handler */
        *ret = (struct api_list_spec){.shape = api_clock_shape,
                                      .columns = columns,
                                      .from = "incident_clock t JOIN incident i ON i.id=t.incident",
                                      .id = "t.id"};
        return 0;
}

static int all_clocks(struct api_call *c) {
        struct api_list_spec l = {0};
        int r = incident_clock_spec(c, &l);

        if (r == 0)
                r = incident_visible(c,
                                     api_bool(c, "open", false) ? " AND t.state<>0 AND t.met_at IS"
                                                                  " NULL AND t.void_at IS NULL"
                                                                : " AND t.state<>0",
                                     &l.where);
        return r < 0 ? r : api_list(c, &l);
}

/* ---- the law's questions ---- */

static const char *const fact_names[] = {"unknown", "no", "yes"};

static int question_json(struct api_call *c, const struct incident *i, const struct facts *f,
                         const json_t *question, json_t *list) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        const char *id = json_string_value(json_object_get(question, "id"));
        const char *only = json_string_value(json_object_get(question, "only_if"));
        enum fact v = f->get(f->ctx, id);
        int r = sql_rows(c->db, &q,
                         "SELECT a.note, (SELECT name FROM person WHERE id=a.by), a.at FROM"
                         " incident_answer a WHERE a.incident=?1 AND a.question=?2"
                         " ORDER BY a.id DESC LIMIT 1",
                         "is", i->id, id);

        if (r == 0)
                r = sql_next(q);
        if (r < 0)
                return r;
        json_t *o = json_pack(
                "{s:s,s:O,s:O,s:O,s:O,s:s,s:b,s:b,s:o,s:o,s:o}", "id", id, "en",
                json_object_get(question, "en"), "vi", json_object_get(question, "vi"), "basis",
                json_object_get(question, "basis"), "checked", json_object_get(question, "status"),
                "answer", fact_names[v], "known", r == 0 && v != FACT_UNKNOWN, "asked",
                !only || f->get(f->ctx, only) == FACT_YES, "note",
                r == 1 ? texts(q, 0) : json_null(), "by_name", r == 1 ? texts(q, 1) : json_null(),
                "at", r == 1 ? api_json_time(sql_time(q, 2)) : json_null());
        return json_array_append_new(list, o) < 0 ? FAIL(-ENOMEM) : 0;
}

int incident_assessment(struct api_call *c, const struct incident *i) {
        struct incident_facts ctx;
        struct facts f = incident_facts(&ctx, c, i);
        const json_t *notice = json_object_get(i->regime, "notice"), *q;
        json_t *list = json_array(), *en = json_object_get(notice, "en");
        json_t *vi = json_object_get(notice, "vi");
        size_t n;
        int r = 0;

        c->answer = json_pack("{s:s,s:o,s:s,s:s,s:O,s:O}", "regime", i->regime_id.p, "questions",
                              list, "suggests", fact_names[regime_serious(i->regime, &f)],
                              "serious", fact_names[i->serious], "notice", en ? en : json_null(),
                              "notice_vi", vi ? vi : json_null());
        if (!c->answer)
                return FAIL(-ENOMEM);
        json_array_foreach(json_object_get(i->regime, "questions"), n, q) if (r == 0) r =
                question_json(c, i, &f, q, list);
        return r < 0 ? r : ctx.error;
}

static int assessment(struct api_call *c) {
        struct incident i = {0};
        int r = incident_get(c, api_int(c, "id", 0), "incidents.read", &i);

        return r == 0 ? incident_assessment(c, &i) : r;
}

const struct api_binding api_incidents_bindings[] = {
        {"incidents.list", list},
        {"incidents.get", get},
        {"incidents.assessment", assessment},
        {"incidents.timeline", timeline},
        {"incidents.tasks", tasks},
        {"incidents.observables", observables},
        {"clocks.list", all_clocks},
        {"tasks.list", all_tasks},
        {"incidents.open", incident_do_open},
        {"incidents.edit", incident_do_edit},
        {"incidents.move", incident_do_move},
        {"incidents.t0", incident_do_t0},
        {"incidents.activity", incident_do_activity},
        {"incidents.answer", incident_do_answer},
        {"incidents.serious", incident_do_serious},
        {"incidents.note", incident_do_note},
        {"incidents.task_add", incident_do_task_add},
        {"incidents.task_edit", incident_do_task_edit},
        {"incidents.observable_add", incident_do_observable_add},
        {"incidents.observable_drop", incident_do_observable_drop},
        {"incidents.alerts_add", incident_do_alerts_add},
        {"incidents.alert_out", incident_do_alert_out},
        {"incidents.unit_add", incident_do_unit_add},
        {"incidents.unit_out", incident_do_unit_out},
        {"incidents.system_add", incident_do_system_add},
        {"incidents.system_out", incident_do_system_out},
        {"incidents.clock_met", incident_do_clock_met},
        {"incidents.clock_void", incident_do_clock_void},
        {"incidents.review_get", incident_do_review_get},
        {"incidents.review", incident_do_review},
        {NULL, NULL},
};
