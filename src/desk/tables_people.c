/* Units, people, what they may do, and how they sign in. What each column means: doc/people.md.
 *
 *   T1. unit.path is "/1/…/id/": a unit is below another when its path begins with the other's. Whoever
 *       moves a unit rewrites the paths below it in the same transaction.
 *   T2. password, totp, totp_new and codes are boxes that only the vault opens (wire/vault.h); hashes of
 *       tokens are of 32 random bytes. Nothing here can be tried against a list of passwords.
 *   T3. Nothing is deleted that an audit row may name: people and units are made inactive. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE unit(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES unit(id),"
        " code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, name_vi TEXT, kind TEXT NOT NULL,"
        " path TEXT NOT NULL UNIQUE, depth INTEGER NOT NULL, contacts TEXT NOT NULL DEFAULT '',"
        " active INTEGER NOT NULL DEFAULT 1, created INTEGER NOT NULL,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX unit_parent ON unit(parent);"
        "INSERT INTO unit(id, parent, code, name, name_vi, kind, path, depth, created) VALUES"
        " (1, NULL, 'root', 'Agency', 'Cơ quan', 'headquarters', '/1/', 0, 0);"

        "CREATE TABLE person(id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, title TEXT, phone TEXT, email TEXT,"
        " unit INTEGER NOT NULL REFERENCES unit(id), lang TEXT NOT NULL DEFAULT 'vi',"
        " active INTEGER NOT NULL DEFAULT 1, created INTEGER NOT NULL,"
        " created_by INTEGER REFERENCES person(id), password BLOB, password_at INTEGER,"
        " one_time_until INTEGER, reset_by INTEGER REFERENCES person(id), reset_at INTEGER,"
        " totp BLOB, totp_new BLOB, totp_step INTEGER NOT NULL DEFAULT 0, codes BLOB,"
        " codes_left INTEGER NOT NULL DEFAULT 0, last_seen INTEGER,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX person_unit ON person(unit);"

        "CREATE TABLE role_grant(id INTEGER PRIMARY KEY,"
        " person INTEGER NOT NULL REFERENCES person(id), role INTEGER NOT NULL,"
        " unit INTEGER NOT NULL REFERENCES unit(id), since INTEGER NOT NULL, until INTEGER,"
        " given_by INTEGER REFERENCES person(id), given_at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX role_grant_person ON role_grant(person);"
        "CREATE INDEX role_grant_unit ON role_grant(unit);"

        "CREATE TABLE session(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
        " person INTEGER NOT NULL REFERENCES person(id), needs INTEGER NOT NULL,"
        " created INTEGER NOT NULL, last INTEGER NOT NULL, second_at INTEGER,"
        " address TEXT NOT NULL, wrong INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE INDEX session_person ON session(person);"
        "CREATE INDEX session_last ON session(last);"

        "CREATE TABLE token(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
        " person INTEGER NOT NULL REFERENCES person(id), name TEXT NOT NULL,"
        " permissions TEXT NOT NULL, created INTEGER NOT NULL, until INTEGER NOT NULL,"
        " last INTEGER) STRICT;"
        "CREATE INDEX token_person ON token(person);"

        "CREATE TABLE attempt(key BLOB PRIMARY KEY, n INTEGER NOT NULL, last INTEGER NOT NULL,"
        " until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE place(person INTEGER NOT NULL REFERENCES person(id), address BLOB NOT NULL,"
        " last INTEGER NOT NULL, PRIMARY KEY(person, address)) STRICT, WITHOUT ROWID;"

        "CREATE TABLE duty(id INTEGER PRIMARY KEY, unit INTEGER NOT NULL REFERENCES unit(id),"
        " person INTEGER NOT NULL REFERENCES person(id), since INTEGER NOT NULL,"
        " until INTEGER NOT NULL CHECK(until > since), note TEXT NOT NULL DEFAULT '') STRICT;"
        "CREATE INDEX duty_unit ON duty(unit, until);"

        "CREATE TABLE guest(id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person(id),"
        " incident INTEGER NOT NULL, tlp TEXT NOT NULL, until INTEGER NOT NULL,"
        " given_by INTEGER REFERENCES person(id), given_at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX guest_person ON guest(person);",
        NULL,
};

extern const struct sql_domain tables_people;
const struct sql_domain tables_people = {"people", steps};
