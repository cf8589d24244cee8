/* What a drill's alerts and measures leave behind for the exercise (doc/drill-pipeline.md).
 *
 *   exercise_alert_step: which steps of its play an alert speaks of (0: background), when the machine spoke of the step
 *   first (`at`, ns UTC) and when that happened in the telemetry (`time`, ns of event time). A row for each, written with the
 *   verdict, never changed: an exercise is scored from these. */
#include "desk/sql.h"

/* As tables_nights.c had it, and by play (0: real): the numbers of others know nothing of a drill. */
#define COUNT(row, by)                                                                             \
        " INSERT INTO waiting(rule,system,unit,drill,n,urgency) SELECT " row ".rule, ifnull(" row  \
        ".system,0), " row ".unit, " row ".drill, " by ", " row ".urgency WHERE " row              \
        ".status='new'"                                                                            \
        " ON CONFLICT(rule,system,unit,drill) DO UPDATE SET n=n+excluded.n,"                       \
        " urgency=iif(n<=0, excluded.urgency, max(urgency, excluded.urgency));"

static const char *const steps[] = {
        "CREATE TABLE exercise_alert_step(alert INTEGER NOT NULL, play INTEGER NOT NULL,"
        " step INTEGER NOT NULL, at INTEGER NOT NULL, time INTEGER NOT NULL,"
        " PRIMARY KEY(alert, step)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX exercise_alert_step_of ON exercise_alert_step(play, step);",
        "DROP TRIGGER waiting_comes; DROP TRIGGER waiting_goes; DROP TRIGGER waiting_changes;"
        "DROP TABLE waiting;"
        "CREATE TABLE waiting(rule TEXT NOT NULL, system INTEGER NOT NULL, unit INTEGER NOT NULL,"
        " drill INTEGER NOT NULL, n INTEGER NOT NULL, urgency INTEGER NOT NULL,"
        " PRIMARY KEY(rule, system, unit, drill)) WITHOUT ROWID;"
        "INSERT INTO waiting SELECT rule, ifnull(system,0), unit, drill, count(*), max(urgency) "
        "FROM"
        " triage WHERE status='new' GROUP BY 1, 2, 3, 4;"
        "CREATE TRIGGER waiting_comes AFTER INSERT ON triage BEGIN" COUNT(
                "NEW", "1") " END;"
                            "CREATE TRIGGER waiting_goes AFTER DELETE ON triage BEGIN" COUNT(
                                    "OLD", "-1") " END;"
                                                 "CREATE TRIGGER waiting_changes AFTER UPDATE OF "
                                                 "status, unit, system ON triage BEGIN" COUNT(
                                                         "OLD", "-1") COUNT("NEW", "1") " END;",
        /* scope: struct order_drill (wire/order.h), as it was signed. simulated: written down, never sent to act. */
        "ALTER TABLE action ADD COLUMN scope BLOB;"
        "ALTER TABLE action ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX action_simulated ON action(until) WHERE simulated=1 AND state='in_force';",
        NULL,
};

extern const struct sql_domain tables_labels;
const struct sql_domain tables_labels = {"labels", steps};
