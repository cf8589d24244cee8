/* Directives: advisories and orders to units (doc/directives.md). Nothing is deleted but drafts' rows of units. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE directive(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT UNIQUE,"
        " kind TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,"
        " tlp TEXT NOT NULL, state TEXT NOT NULL, unit INTEGER NOT NULL, incident INTEGER,"
        " rules TEXT, indicators TEXT, checked TEXT, due INTEGER NOT NULL,"
        " created INTEGER NOT NULL, created_by INTEGER, issued INTEGER, issued_by INTEGER,"
        " withdrawn INTEGER, withdrawn_by INTEGER, reason TEXT,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX directive_state ON directive(state, due);"
        "CREATE TABLE directive_unit(directive INTEGER NOT NULL REFERENCES directive(id),"
        " unit INTEGER NOT NULL REFERENCES unit(id), state TEXT NOT NULL DEFAULT 'open',"
        " acknowledged INTEGER, acknowledged_by INTEGER, note TEXT, done INTEGER, done_by INTEGER,"
        " proof TEXT, evidence INTEGER, remind_at INTEGER, reminders INTEGER NOT NULL DEFAULT 0,"
        " reminded INTEGER, PRIMARY KEY(directive, unit)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX directive_unit_unit ON directive_unit(unit, state);"
        "CREATE INDEX directive_unit_remind ON directive_unit(remind_at) WHERE remind_at IS NOT "
        "NULL;"
        "CREATE TABLE directive_number(year INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;",
        NULL,
};

extern const struct sql_domain tables_directives;
const struct sql_domain tables_directives = {"directives", steps};
