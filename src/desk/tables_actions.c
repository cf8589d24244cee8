/* Containment as people decide on it (doc/containment.md). What is in force is in the ledger of `act`; a row
 * says what was heard from there. `code` and `id` are never given twice: nothing is deleted. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE action(id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL,"
        " unit INTEGER NOT NULL, kind TEXT NOT NULL, targets BLOB NOT NULL, text TEXT NOT NULL,"
        " direction TEXT NOT NULL, seconds INTEGER NOT NULL, reason TEXT NOT NULL,"
        " state TEXT NOT NULL, proposed INTEGER NOT NULL, proposer INTEGER NOT NULL,"
        " lapses INTEGER NOT NULL, decided INTEGER, approver INTEGER, note TEXT, signed_order BLOB,"
        " signature BLOB, until INTEGER, undone INTEGER, undo_asked INTEGER, undo_by INTEGER,"
        " replaces INTEGER, told INTEGER) STRICT;"
        "CREATE INDEX action_state ON action(state, proposed);"
        "CREATE INDEX action_incident ON action(incident);",
        /* 2: other kinds than blocks, by other firewalls too */
        "ALTER TABLE action ADD COLUMN via TEXT NOT NULL DEFAULT 'node';"
        "ALTER TABLE action ADD COLUMN trouble TEXT;",
        /* 3: the order of its list */
        "CREATE INDEX action_proposed ON action(proposed, id);",
        NULL,
};

extern const struct sql_domain tables_actions;
const struct sql_domain tables_actions = {"actions", steps};
