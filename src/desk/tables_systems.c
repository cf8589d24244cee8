/* Information systems: what an agency protects (doc/people.md). Hosts and addresses are rows of their own, as
 * alerts are matched by them (systems.c); an address is kept as the 16 bytes of IPv6 (IPv4 mapped) and
 * the length of its prefix there. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE system(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, unit INTEGER NOT NULL REFERENCES unit(id),"
        " level INTEGER NOT NULL CHECK(level BETWEEN 1 AND 5),"
        " level_approved INTEGER NOT NULL DEFAULT 0, level_decision TEXT,"
        " owner TEXT, operator TEXT, purpose TEXT, rto_s INTEGER, rpo_s INTEGER,"
        " personal INTEGER NOT NULL DEFAULT 0, sensitive INTEGER NOT NULL DEFAULT 0,"
        " secret INTEGER NOT NULL DEFAULT 0, contacts TEXT, active INTEGER NOT NULL DEFAULT 1,"
        " created INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX system_unit ON system(unit, level);"
        "CREATE TABLE system_host(host TEXT NOT NULL COLLATE NOCASE,"
        " system INTEGER NOT NULL REFERENCES system(id), PRIMARY KEY(host)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX system_host_system ON system_host(system);"
        "CREATE TABLE system_address(address BLOB NOT NULL, bits INTEGER NOT NULL,"
        " text TEXT NOT NULL, system INTEGER NOT NULL REFERENCES system(id),"
        " PRIMARY KEY(address, bits)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX system_address_system ON system_address(system);"
        "CREATE TABLE system_source(source TEXT NOT NULL, system INTEGER NOT NULL"
        " REFERENCES system(id), PRIMARY KEY(source, system)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX system_source_system ON system_source(system);",
        NULL,
};

extern const struct sql_domain tables_systems;
const struct sql_domain tables_systems = {"systems", steps};
