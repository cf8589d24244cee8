/* Playbooks, their editions, and runs of them in incidents (doc/playbooks.md). An edition is never changed:
 * a run goes on with the one it began with. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE playbook(id INTEGER PRIMARY KEY, cacao TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, name_vi TEXT, kinds TEXT NOT NULL, steps INTEGER NOT NULL,"
        " automatic INTEGER NOT NULL, parallel INTEGER NOT NULL, conditions INTEGER NOT NULL,"
        " origin TEXT NOT NULL, tlp TEXT, modified INTEGER NOT NULL, edition INTEGER NOT NULL,"
        " retired INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE TABLE playbook_edition(playbook INTEGER NOT NULL, edition INTEGER NOT NULL,"
        " hash BLOB NOT NULL, bytes BLOB NOT NULL, plan TEXT NOT NULL, modified INTEGER NOT NULL,"
        " kept INTEGER NOT NULL, by INTEGER, PRIMARY KEY(playbook, edition)) STRICT;"
        "CREATE TABLE playbook_run(id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL,"
        " playbook INTEGER NOT NULL, edition INTEGER NOT NULL, state TEXT NOT NULL,"
        " started INTEGER NOT NULL, started_by INTEGER, ended INTEGER, ended_by INTEGER,"
        " reason TEXT, parent INTEGER, depth INTEGER NOT NULL, vars TEXT NOT NULL,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        /* Of one playbook one run at a time in an incident, but for those that runs call. */
        "CREATE UNIQUE INDEX playbook_run_of ON playbook_run(incident, playbook)"
        " WHERE state IN ('running','stuck') AND parent IS NULL;"
        "CREATE INDEX playbook_run_incident ON playbook_run(incident, started);"
        "CREATE INDEX playbook_run_playbook ON playbook_run(playbook, started);"
        "CREATE TABLE playbook_visit(id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
        " step INTEGER NOT NULL, parent INTEGER, round INTEGER NOT NULL DEFAULT 0,"
        " branches INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, outcome TEXT,"
        " opened INTEGER NOT NULL, begins INTEGER, due INTEGER, ended INTEGER, by INTEGER,"
        " note TEXT, answer TEXT, task INTEGER, told INTEGER,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX playbook_visit_run ON playbook_visit(run, id);"
        "CREATE INDEX playbook_visit_due ON playbook_visit(due) WHERE state='ready' AND told IS "
        "NULL;",
        NULL,
};

extern const struct sql_domain tables_playbooks;
const struct sql_domain tables_playbooks = {"playbooks", steps};
