/* What the night shift works with: which alerts wait, counted (`waiting`); indexes of what happened lately.
 *
 *   waiting    new alerts of one rule, system (0: none) and unit: kept by triggers, whoever wrote to triage, so that the
 *              first page costs the same whether ten wait or a hundred thousand. `urgency` is that of the most urgent since
 *              the group was empty last: good enough to put groups in order
 *
 * Triggers have columns only, no functions of ours (state.c S4). */
#include "desk/sql.h"

#define COUNT(row, by)                                                                             \
        " INSERT INTO waiting(rule,system,unit,n,urgency) SELECT " row ".rule, ifnull(" row        \
        ".system,0), " row ".unit, " by ", " row ".urgency WHERE " row ".status='new'"             \
        " ON CONFLICT(rule,system,unit) DO UPDATE SET n=n+excluded.n,"                             \
        " urgency=iif(n<=0, excluded.urgency, max(urgency, excluded.urgency));"

static const char *const steps[] = {
        "CREATE TABLE waiting(rule TEXT NOT NULL, system INTEGER NOT NULL, unit INTEGER NOT NULL,"
        " n INTEGER NOT NULL, urgency INTEGER NOT NULL, PRIMARY KEY(rule, system, unit)) WITHOUT "
        "ROWID;"
        "INSERT INTO waiting SELECT rule, ifnull(system,0), unit, count(*), max(urgency) FROM "
        "triage"
        " WHERE status='new' GROUP BY 1, 2, 3;"
        "CREATE TRIGGER waiting_comes AFTER INSERT ON triage BEGIN" COUNT(
                "NEW",
                "1") " END;"
                     "CREATE TRIGGER waiting_goes AFTER DELETE ON triage BEGIN" COUNT(
                             "OLD",
                             "-1") " END;"
                                   "CREATE TRIGGER waiting_changes AFTER UPDATE OF status, unit, "
                                   "system ON triage BEGIN" COUNT("OLD", "-1") COUNT(
                                           "NEW",
                                           "1") " END;"
                                                "CREATE INDEX triage_waits ON triage(rule, "
                                                "ifnull(system,0), unit, urgency, host)"
                                                " WHERE status='new';"
                                                "CREATE INDEX incident_entry_written ON "
                                                "incident_entry(written);"
                                                "CREATE INDEX incident_clock_met ON "
                                                "incident_clock(met_at) WHERE met_at IS NOT NULL;"
                                                "CREATE INDEX action_decided ON action(decided) "
                                                "WHERE decided IS NOT NULL;",
        /* `document` is the note as it was kept, JSON; what one may not see of it is taken out when it is read. */
        "CREATE TABLE handover(id INTEGER PRIMARY KEY, unit INTEGER NOT NULL REFERENCES unit(id),"
        " since INTEGER NOT NULL, at INTEGER NOT NULL, by INTEGER REFERENCES person(id),"
        " text TEXT NOT NULL, heir INTEGER REFERENCES person(id), document TEXT NOT NULL,"
        " taken_at INTEGER, taken_by INTEGER REFERENCES person(id), taken_text TEXT) STRICT;"
        "CREATE INDEX handover_unit ON handover(unit, at);"
        "CREATE INDEX handover_at ON handover(at);",
        "CREATE TABLE setting(name TEXT PRIMARY KEY, value ANY NOT NULL, at INTEGER NOT NULL,"
        " by INTEGER REFERENCES person(id)) STRICT, WITHOUT ROWID;"
        /* Exceptions, of the file and of the desk; `key` is their id in table exception, "#12" of the desk's: no file
         * can have that. What a column of a bound has must be the alert's. */
        "CREATE TABLE exemption(id INTEGER PRIMARY KEY, key TEXT UNIQUE, origin TEXT NOT NULL,"
        " rule TEXT, entity_kind INTEGER, entity TEXT, host TEXT, user TEXT, source TEXT,"
        " unit INTEGER NOT NULL REFERENCES unit(id), alert INTEGER, owner INTEGER"
        " REFERENCES person(id), owner_text TEXT, rules TEXT, reason TEXT, text TEXT NOT NULL,"
        " until INTEGER, made_at INTEGER NOT NULL, made_by INTEGER REFERENCES person(id),"
        " ended_at INTEGER, ended_by INTEGER REFERENCES person(id), ended_text TEXT) STRICT;"
        "CREATE INDEX exemption_rule ON exemption(rule) WHERE ended_at IS NULL;"
        /* Alerts that open an incident by themselves; `opening_made`: those they opened. */
        "CREATE TABLE opening(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " unit INTEGER NOT NULL REFERENCES unit(id), match TEXT NOT NULL, value TEXT NOT NULL,"
        " severity INTEGER NOT NULL, level INTEGER, kind TEXT, per_hour INTEGER NOT NULL,"
        " active INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0,"
        " held INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE TABLE opening_made(incident INTEGER PRIMARY KEY, opening INTEGER NOT NULL,"
        " system INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX opening_made_of ON opening_made(opening, at);"
        "CREATE INDEX opening_made_at ON opening_made(at);",
        /* Sources that are silent on purpose. `held`: alerts about silence that were kept back; `over`: what there was
         * to say after it was said. */
        "CREATE TABLE maintenance(id INTEGER PRIMARY KEY, source TEXT NOT NULL,"
        " since INTEGER NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL,"
        " by INTEGER REFERENCES person(id), held INTEGER NOT NULL DEFAULT 0,"
        " over INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE UNIQUE INDEX maintenance_now ON maintenance(source) WHERE over=0;"
        "CREATE INDEX maintenance_until ON maintenance(until) WHERE over=0;",
        /* What inspectors ask the audit log, which grows for years: of whom, and about what. */
        "CREATE INDEX audit_who ON audit(who); CREATE INDEX audit_about ON audit(about);",
        NULL,
};

extern const struct sql_domain tables_nights;
const struct sql_domain tables_nights = {"nights", steps};
