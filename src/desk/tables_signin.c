/* Who signs in by the agency's own account, and sign-ins that are on their way to a provider and back. */
#include "desk/sql.h"

static const char *const steps[] = {
        /* Without a row: by a password of this node. */
        "CREATE TABLE sign_in_way(person INTEGER PRIMARY KEY REFERENCES person(id),"
        " way TEXT NOT NULL, external TEXT NOT NULL) STRICT;"
        "CREATE UNIQUE INDEX sign_in_way_external ON sign_in_way(way, external);"

        "CREATE TABLE sign_in(state BLOB PRIMARY KEY, binder BLOB NOT NULL, nonce TEXT NOT NULL,"
        " verifier TEXT NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE INDEX sign_in_created ON sign_in(created);",
        NULL,
};

extern const struct sql_domain tables_signin;
const struct sql_domain tables_signin = {"signin", steps};
