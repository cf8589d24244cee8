/* Heads of the audit log as the vault signed them (heads.c), and what keeps rows of other tables that only grow from being
 * changed or removed by a mistake of ours: incidents' timelines, answers to the law's questions, versions of plans and
 * playbooks, what was signed, what a play's clock and requests were. An attacker with the file can drop a trigger;
 * against that stand the audit log's hashes and heads.
 *
 * It comes after all other domains: their tables are there. */
#include "desk/sql.h"

#define NEVER(table, kind, event)                                                                  \
        "CREATE TRIGGER " table "_" kind " BEFORE " event " ON " table                             \
        " BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;"
#define APPENDS(table) NEVER(table, "unchanged", "UPDATE") NEVER(table, "unremoved", "DELETE")

static const char *const steps[] = {
        "CREATE TABLE audit_head(id INTEGER PRIMARY KEY, number INTEGER NOT NULL,"
        " entries INTEGER NOT NULL, time INTEGER NOT NULL, signed BLOB NOT NULL) STRICT;" APPENDS(
                "audit_head"),
        NULL,
};

extern const struct sql_domain tables_audit;
const struct sql_domain tables_audit = {"audit", steps};
