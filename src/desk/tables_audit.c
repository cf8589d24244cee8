/* Heads of the audit log as the vault signed them (heads.c), and what keeps rows of other tables that only grow from being
 * changed or removed by a mistake of ours: incidents' timelines, answers to the law's questions, evidence, what was signed and
 * decided, versions of plans and playbooks, what happened in a play. REPLACE counts as removing (state.c switches that
 * on). An attacker with the file can drop a trigger; against that stand the audit log's hashes and heads.
 *
 * It comes after all other domains: their tables are there. */
#include "desk/sql.h"

#define NEVER(table, kind, event, when)                                                            \
        "CREATE TRIGGER " table "_" kind " BEFORE " event " ON " table " " when                    \
        " BEGIN SELECT RAISE(ABORT, '" table " keeps what it has'); END;"
#define STAYS(table) NEVER(table, "unremoved", "DELETE", "")
#define APPENDS(table) NEVER(table, "unchanged", "UPDATE", "") STAYS(table)
/* Rows whose state changes, and nothing else of them. */
#define ALL_BUT(table, columns) NEVER(table, "unchanged", "UPDATE OF " columns, "") STAYS(table)

/* A step each, so that a state that has some of them gets the others. */
static const char *const steps[] = {
        "CREATE TABLE audit_head(id INTEGER PRIMARY KEY, number INTEGER NOT NULL,"
        " entries INTEGER NOT NULL, time INTEGER NOT NULL, signed BLOB NOT NULL) STRICT;",
        APPENDS("audit_head"),
        STAYS("incident"),
        STAYS("incident_entry"), /* changing it is refused already; the same of these */
        STAYS("recovery_plan"),
        APPENDS("incident_answer"),
        ALL_BUT("evidence", "id,incident,n,kind,name,blob,size,hash,note,origin,taken,added,"
                            "added_by,first_seq,last_seq,query"),
        APPENDS("evidence_exported"),
        NEVER("evidence_export", "unchanged", "UPDATE", "WHEN OLD.state<>'proposed'"),
        STAYS("evidence_export"),
        STAYS("report"),
        ALL_BUT("report_sign", "id,report,version,hash,person,at"),
        NEVER("report_sign", "unvoided", "UPDATE", "WHEN OLD.void IS NOT NULL"),
        ALL_BUT("unmasking", "id,incident,by,reason,q,since,until,asked"),
        STAYS("action"),
        STAYS("outgoing"),
        APPENDS("playbook_edition"),
        APPENDS("exercise_clock"),
        APPENDS("exercise_message"),
        APPENDS("exercise_note"),
        APPENDS("exercise_alert_step"),
        APPENDS("exercise_merged"),
        APPENDS("exercise_record"),
        NULL,
};

extern const struct sql_domain tables_audit;
const struct sql_domain tables_audit = {"audit", steps};
