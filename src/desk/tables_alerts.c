/* What people do with alerts, beside what the desk knows of them: one narrow row for each, with what lists filter,
 * sort and search by, so that a list over hundreds of thousands never reads the wide rows of table alert but
 * for those it shows.
 *
 *   urgency    level × 10^11 less the second since which it waits: one index gives "by severity, then who waits longest"
 *   words      title, both languages, host, source and entity (but no account), without case and accents
 *   was        what it was before the last action, for undo: JSON
 *
 * An alert joins an incident, or leaves it, by table incident_alert alone: triggers keep the status right
 * whoever wrote there. Only columns, no functions: they run whatever opens the database (state.c S4). */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE triage(alert INTEGER PRIMARY KEY, status TEXT NOT NULL,"
        " severity TEXT NOT NULL, urgency INTEGER NOT NULL, unit INTEGER NOT NULL, system INTEGER,"
        " rule TEXT NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL, drill INTEGER NOT NULL,"
        " raised INTEGER NOT NULL, waiting_since INTEGER, taken_by INTEGER, taken_at INTEGER,"
        " incident INTEGER, reason TEXT, text TEXT, decided_by INTEGER, decided_at INTEGER,"
        " again INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1, was TEXT,"
        " words TEXT NOT NULL);"
        "CREATE INDEX triage_status ON triage(status, urgency, alert);"
        "CREATE INDEX triage_status_raised ON triage(status, raised, alert);"
        "CREATE INDEX triage_urgency ON triage(urgency, alert);"
        "CREATE INDEX triage_raised ON triage(raised, alert);"
        "CREATE INDEX triage_waiting ON triage(waiting_since, alert);"
        "CREATE INDEX triage_host ON triage(host, alert);"
        "CREATE INDEX triage_rule ON triage(rule, host, raised);"
        "CREATE INDEX triage_system ON triage(system, raised) WHERE system IS NOT NULL;"
        "CREATE INDEX triage_incident ON triage(incident) WHERE incident IS NOT NULL;"
        "CREATE TRIGGER triage_joins AFTER INSERT ON incident_alert BEGIN"
        " UPDATE triage SET status='merged', incident=NEW.incident, waiting_since=NULL,"
        " version=version+1 WHERE alert=NEW.alert; END;"
        "CREATE TRIGGER triage_leaves AFTER DELETE ON incident_alert BEGIN"
        " UPDATE triage SET status='new', incident=NULL, waiting_since=raised,"
        " version=version+1 WHERE alert=OLD.alert; END;",

        /* The rows of a site among those of all; and which rows have a text, by its trigrams: triage.c and old_alerts.c
         * write there, as no trigger may (a trusted schema is none that a stolen file could bring). */
        "CREATE INDEX triage_unit ON triage(unit, status, urgency, alert);"
        "CREATE VIRTUAL TABLE triage_words USING fts5(words, content='triage',"
        " content_rowid='alert', tokenize='trigram');"
        "INSERT INTO triage_words(triage_words) VALUES('rebuild');",
        NULL,
};

extern const struct sql_domain tables_alerts;
const struct sql_domain tables_alerts = {"alerts", steps};
