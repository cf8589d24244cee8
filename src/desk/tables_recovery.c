/* Recovery and learning (doc/recovery.md). A plan's versions and a drill's result are never changed. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE recovery_plan(id INTEGER PRIMARY KEY, system INTEGER NOT NULL,"
        " version INTEGER NOT NULL, made INTEGER NOT NULL, by INTEGER, note TEXT NOT NULL,"
        " minutes INTEGER NOT NULL, steps TEXT NOT NULL, UNIQUE(system, version)) STRICT;"
        "CREATE TRIGGER recovery_plan_keeps BEFORE UPDATE ON recovery_plan BEGIN"
        " SELECT RAISE(ABORT, 'a version of a plan stays'); END;"
        "CREATE TABLE backup_copy(id INTEGER PRIMARY KEY AUTOINCREMENT, system INTEGER NOT NULL,"
        " name TEXT NOT NULL, medium TEXT NOT NULL, site TEXT NOT NULL, off_site INTEGER NOT NULL,"
        " offline INTEGER NOT NULL, repository TEXT, note TEXT NOT NULL, stated INTEGER NOT NULL,"
        " by INTEGER) STRICT;"
        "CREATE INDEX backup_copy_of ON backup_copy(system);"
        "CREATE TABLE drill(id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL,"
        " kind TEXT NOT NULL, system INTEGER, unit INTEGER NOT NULL, whole INTEGER NOT NULL,"
        " state TEXT NOT NULL, asked INTEGER NOT NULL, asked_by INTEGER, begun INTEGER,"
        " ended INTEGER, attempt INTEGER NOT NULL DEFAULT 0, good INTEGER, snapshot TEXT,"
        " snapshot_at INTEGER, age_s INTEGER, rpo_s INTEGER, rto_s INTEGER, ms INTEGER,"
        " files INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,"
        " all_files INTEGER NOT NULL DEFAULT 0, all_bytes INTEGER NOT NULL DEFAULT 0,"
        " checked INTEGER NOT NULL DEFAULT 0, expected INTEGER NOT NULL DEFAULT 0,"
        " faults TEXT NOT NULL DEFAULT '[]', proof INTEGER, log TEXT) STRICT;"
        "CREATE INDEX drill_state ON drill(state) WHERE state IN ('queued','running');"
        "CREATE INDEX drill_of ON drill(repository, asked);"
        "CREATE INDEX drill_system ON drill(system, asked);"
        "CREATE TABLE drill_expect(repository TEXT NOT NULL, path TEXT NOT NULL,"
        " size INTEGER NOT NULL, mtime INTEGER NOT NULL, sha256 TEXT NOT NULL,"
        " PRIMARY KEY(repository, path)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE eradication(id INTEGER PRIMARY KEY, incident INTEGER NOT NULL,"
        " n INTEGER NOT NULL, title TEXT NOT NULL, title_vi TEXT NOT NULL, state TEXT NOT NULL,"
        " note TEXT NOT NULL, at INTEGER, by INTEGER, version INTEGER NOT NULL DEFAULT 1,"
        " UNIQUE(incident, n)) STRICT;"
        "CREATE TABLE service_return(id INTEGER PRIMARY KEY, incident INTEGER NOT NULL,"
        " system INTEGER NOT NULL, state TEXT NOT NULL, returned INTEGER NOT NULL,"
        " until INTEGER NOT NULL, checks TEXT NOT NULL, note TEXT NOT NULL, ended INTEGER,"
        " by INTEGER, version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX service_return_of ON service_return(incident);"
        "CREATE UNIQUE INDEX service_return_once ON service_return(incident, system)"
        " WHERE state='watching';"
        "CREATE TABLE improvement(id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL,"
        " unit INTEGER NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, detail TEXT NOT NULL,"
        " owner INTEGER, due INTEGER NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL,"
        " created INTEGER NOT NULL, created_by INTEGER, done_at INTEGER,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX improvement_of ON improvement(incident);"
        "CREATE INDEX improvement_state ON improvement(state, due);",

        /* What a review says was not detected: one request at a time that is not over. */
        "ALTER TABLE improvement ADD COLUMN review INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX improvement_review ON improvement(incident) WHERE review=1;",
        NULL,
};

extern const struct sql_domain tables_recovery;
const struct sql_domain tables_recovery = {"recovery", steps};
