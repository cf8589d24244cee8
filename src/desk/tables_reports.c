/* Tables of reports; what each column means: doc/reports.md.
 *
 *   R1. A version is never changed: what was signed can be read as it was, by its hash.
 *   R2. A signature names version and hash; it is void, never deleted, when the report is reopened.
 *   R3. A file of a signed version is made once and kept with its hash and signature. */
#include "desk/sql.h"

extern const struct sql_domain tables_reports;

static const char *const steps[] = {
        "CREATE TABLE report(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, incident INTEGER,"
        " unit INTEGER NOT NULL, regime TEXT NOT NULL, kind TEXT NOT NULL, periodic TEXT,"
        " year INTEGER, title TEXT NOT NULL, title_vi TEXT NOT NULL, lang TEXT NOT NULL,"
        " state TEXT NOT NULL CHECK(state IN ('draft','signing','signed','sent','dropped')),"
        " clock TEXT, due INTEGER, recipient TEXT, drill INTEGER NOT NULL DEFAULT 0,"
        " created INTEGER NOT NULL, created_by INTEGER, version INTEGER NOT NULL,"
        " written INTEGER NOT NULL, writer INTEGER, missing INTEGER NOT NULL,"
        " missing_fields TEXT NOT NULL, signed_at INTEGER, how TEXT, sent_to TEXT,"
        " sent_at INTEGER, sent_by INTEGER, proof TEXT, mail INTEGER);"
        "CREATE INDEX report_incident ON report(incident, kind);"
        "CREATE INDEX report_state ON report(state, due);"
        "CREATE INDEX report_periodic ON report(periodic, unit, year);"
        "CREATE TABLE report_version(report INTEGER NOT NULL, n INTEGER NOT NULL,"
        " at INTEGER NOT NULL, by INTEGER, note TEXT NOT NULL, content TEXT NOT NULL,"
        " hash BLOB NOT NULL, PRIMARY KEY(report, n)) WITHOUT ROWID;"
        "CREATE TRIGGER report_version_keeps BEFORE UPDATE ON report_version BEGIN"
        " SELECT RAISE(ABORT, 'a version of a report stays as it is'); END;"
        "CREATE TRIGGER report_version_stays BEFORE DELETE ON report_version BEGIN"
        " SELECT RAISE(ABORT, 'a version of a report stays as it is'); END;"
        "CREATE TABLE report_sign(id INTEGER PRIMARY KEY, report INTEGER NOT NULL,"
        " version INTEGER NOT NULL, hash BLOB NOT NULL, person INTEGER NOT NULL,"
        " at INTEGER NOT NULL, void INTEGER);"
        "CREATE UNIQUE INDEX report_sign_of ON report_sign(report, version, person)"
        " WHERE void IS NULL;"
        "CREATE TABLE report_file(report INTEGER NOT NULL, version INTEGER NOT NULL,"
        " format TEXT NOT NULL, made INTEGER NOT NULL, blob INTEGER NOT NULL,"
        " size INTEGER NOT NULL, hash BLOB NOT NULL, signed BLOB, signature BLOB,"
        " PRIMARY KEY(report, version, format));"
        "CREATE TABLE report_number(year INTEGER PRIMARY KEY, last INTEGER NOT NULL);",

        "CREATE INDEX report_mail ON report(mail) WHERE mail IS NOT NULL;",

        /* The order of its list. */
        "CREATE INDEX report_created ON report(created, id);",
        NULL,
};

const struct sql_domain tables_reports = {"reports", steps};
