/* Tables of attached content (blobs.h). A blob without a hash is one that is being written. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE blob(id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB UNIQUE,"
        " size INTEGER NOT NULL, at INTEGER NOT NULL, holds INTEGER NOT NULL DEFAULT 0"
        " CHECK(holds>=0)) STRICT;"
        "CREATE INDEX blob_unheld ON blob(id) WHERE holds=0;"
        "CREATE TABLE blob_piece(id INTEGER PRIMARY KEY, blob INTEGER NOT NULL, n INTEGER NOT NULL,"
        " bytes BLOB NOT NULL, UNIQUE(blob, n)) STRICT;",
        NULL,
};

extern const struct sql_domain tables_blobs;
const struct sql_domain tables_blobs = {"blobs", steps};
