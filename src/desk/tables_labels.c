/* What a drill's alerts and measures leave behind for the exercise (doc/drill-pipeline.md).
 *
 *   exercise_alert_step: which steps of its play an alert speaks of (0: background), when the machine spoke of the step
 *   first (`at`, ns UTC) and when that happened in the telemetry (`time`, ns of event time). A row for each, written with the
 *   verdict, never changed: an exercise is scored from these. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE exercise_alert_step(alert INTEGER NOT NULL, play INTEGER NOT NULL,"
        " step INTEGER NOT NULL, at INTEGER NOT NULL, time INTEGER NOT NULL,"
        " PRIMARY KEY(alert, step)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX exercise_alert_step_of ON exercise_alert_step(play, step);",
        NULL,
};

extern const struct sql_domain tables_labels;
const struct sql_domain tables_labels = {"labels", steps};
