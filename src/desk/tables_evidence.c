/* Evidence and its custody (doc/evidence.md). Links are never changed or taken away. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE evidence(id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL,"
        " n INTEGER NOT NULL, unit INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,"
        " blob INTEGER, size INTEGER NOT NULL, hash BLOB NOT NULL, note TEXT NOT NULL,"
        " origin TEXT NOT NULL, taken INTEGER NOT NULL, added INTEGER NOT NULL, added_by INTEGER,"
        " first_seq INTEGER, last_seq INTEGER, query TEXT, hold TEXT, hold_state TEXT NOT NULL,"
        " sealed INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1,"
        " UNIQUE(incident, n), UNIQUE(incident, hash)) STRICT;"
        "CREATE INDEX evidence_hold ON evidence(id) WHERE hold_state='asked';"
        "CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence BEGIN"
        " SELECT RAISE(ABORT, 'evidence is not taken away'); END;"
        "CREATE TABLE custody(id INTEGER PRIMARY KEY AUTOINCREMENT, evidence INTEGER NOT NULL,"
        " n INTEGER NOT NULL, at INTEGER NOT NULL, by INTEGER, by_name TEXT NOT NULL,"
        " what TEXT NOT NULL, to_whom TEXT NOT NULL, reason TEXT NOT NULL, origin TEXT NOT NULL,"
        " hash BLOB NOT NULL, UNIQUE(evidence, n)) STRICT;"
        "CREATE TRIGGER custody_keeps BEFORE UPDATE ON custody BEGIN"
        " SELECT RAISE(ABORT, 'custody is append-only'); END;"
        "CREATE TRIGGER custody_stays BEFORE DELETE ON custody BEGIN"
        " SELECT RAISE(ABORT, 'custody is append-only'); END;"
        "CREATE TABLE evidence_export(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " incident INTEGER NOT NULL, unit INTEGER NOT NULL, reason TEXT NOT NULL,"
        " state TEXT NOT NULL, proposed INTEGER NOT NULL, proposer INTEGER NOT NULL,"
        " lapses INTEGER NOT NULL, decided INTEGER, approver INTEGER, note TEXT,"
        " items INTEGER NOT NULL, bytes INTEGER NOT NULL, manifest BLOB, signed BLOB,"
        " signature BLOB) STRICT;"
        "CREATE INDEX evidence_export_of ON evidence_export(incident);"
        "CREATE TABLE evidence_exported(export INTEGER NOT NULL, n INTEGER NOT NULL,"
        " evidence INTEGER NOT NULL, blob INTEGER, path TEXT NOT NULL, size INTEGER NOT NULL,"
        " PRIMARY KEY(export, n)) WITHOUT ROWID, STRICT;",
        /* The order of its list. */
        "CREATE INDEX evidence_added ON evidence(added, id);",
        NULL,
};

extern const struct sql_domain tables_evidence;
const struct sql_domain tables_evidence = {"evidence", steps};
