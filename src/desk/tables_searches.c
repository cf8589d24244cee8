/* Searches that people keep, unmaskings, the key of pseudonyms, and accounts that were seen.
 *
 *   unmasking      who may see names, for which incident, of what time; `since` and `until` are of the data, `expires` of the
 *                  right to see. Nothing is deleted: the inspector reads it
 *   account        hashes of accounts' names (scan/pseudonym.h: account_hash()), so that a search for one in other words
 *                  is known for what it is; the names themselves are not kept here */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE saved_search(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
        " q TEXT NOT NULL, span_s INTEGER, shared INTEGER NOT NULL, unit INTEGER NOT NULL,"
        " by INTEGER NOT NULL, created INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1) "
        "STRICT;"
        "CREATE INDEX saved_search_by ON saved_search(by);"
        "CREATE TABLE unmasking(id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL,"
        " unit INTEGER NOT NULL, by INTEGER, reason TEXT NOT NULL, q TEXT, since INTEGER NOT NULL,"
        " until INTEGER NOT NULL, state TEXT NOT NULL, asked INTEGER NOT NULL, decided INTEGER,"
        " approver INTEGER, note TEXT, expires INTEGER, uses INTEGER NOT NULL DEFAULT 0,"
        " last_used INTEGER) STRICT;"
        "CREATE INDEX unmasking_incident ON unmasking(incident, by);"
        "CREATE INDEX unmasking_state ON unmasking(state, asked);"
        "CREATE TABLE pseudonym_key(month TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;"
        "CREATE TABLE account(hash INTEGER PRIMARY KEY) STRICT;",
        NULL,
};

extern const struct sql_domain tables_searches;
const struct sql_domain tables_searches = {"searches", steps};
