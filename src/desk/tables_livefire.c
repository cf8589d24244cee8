/* Live fire (doc/live-fire.md). What a red team writes is kept sealed: `sealed` of a finding and of its files can be
 * read with the exercise's key alone, which lies in `key` as a box that only the vault opens. Thirty days after a
 * finding was signed its words and files are gone; the key goes with the last one.
 *
 *   same       a keyed hash of component, weakness and entry point: who found the same is seen without reading it
 *   report     millionths: whole 1, overstated 0.9, else 0
 *   points     thousandths, of the state that it is in */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE live_rules(exercise INTEGER PRIMARY KEY, objective TEXT NOT NULL,"
        " objective_vi TEXT NOT NULL, tools TEXT NOT NULL, limits TEXT NOT NULL,"
        " forbidden TEXT NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,"
        " sources TEXT NOT NULL, low INTEGER NOT NULL, medium INTEGER NOT NULL,"
        " high INTEGER NOT NULL, critical INTEGER NOT NULL, key BLOB, last INTEGER NOT NULL"
        " DEFAULT 0, stopped INTEGER, version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE TABLE live_target(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT NULL,"
        " system INTEGER NOT NULL, unit INTEGER NOT NULL, name TEXT NOT NULL,"
        " addresses TEXT NOT NULL, hosts TEXT NOT NULL, UNIQUE(exercise, system)) STRICT;"
        "CREATE TABLE live_consent(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " exercise INTEGER NOT NULL, system INTEGER NOT NULL, addresses TEXT NOT NULL,"
        " begins INTEGER NOT NULL, ends INTEGER NOT NULL, by INTEGER, at INTEGER NOT NULL,"
        " withdrawn INTEGER, withdrawn_by INTEGER, reason TEXT) STRICT;"
        "CREATE INDEX live_consent_of ON live_consent(exercise, system);"
        "CREATE TABLE live_team(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT NULL,"
        " name TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1,"
        " version INTEGER NOT NULL DEFAULT 1, UNIQUE(exercise, name)) STRICT;"
        "CREATE TABLE live_member(team INTEGER NOT NULL REFERENCES live_team(id),"
        " person INTEGER NOT NULL REFERENCES person(id), PRIMARY KEY(team, person)) STRICT,"
        " WITHOUT ROWID;"
        "CREATE INDEX live_member_person ON live_member(person);"
        "CREATE TABLE live_activity(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " exercise INTEGER NOT NULL, team INTEGER NOT NULL, begins INTEGER NOT NULL,"
        " ends INTEGER NOT NULL, source TEXT NOT NULL, target INTEGER NOT NULL,"
        " account TEXT NOT NULL, technique TEXT NOT NULL, text TEXT NOT NULL, by INTEGER,"
        " at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX live_activity_of ON live_activity(exercise, begins);"
        "CREATE TABLE live_finding(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " exercise INTEGER NOT NULL, n INTEGER NOT NULL, team INTEGER NOT NULL,"
        " target INTEGER NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL,"
        " resources INTEGER NOT NULL, data INTEGER NOT NULL, users INTEGER NOT NULL,"
        " done_at INTEGER NOT NULL, sealed BLOB, same INTEGER NOT NULL,"
        " created INTEGER NOT NULL, created_by INTEGER, filed INTEGER, complete INTEGER,"
        " v_severity TEXT, v_resources INTEGER, v_data INTEGER, v_users INTEGER, report INTEGER,"
        " v_text TEXT, verified INTEGER, verified_by INTEGER,"
        " assisted INTEGER NOT NULL DEFAULT 0, judged INTEGER, appeal TEXT, appealed INTEGER,"
        " appeal_answer TEXT, upheld INTEGER, signed INTEGER, signed_by INTEGER, points INTEGER,"
        " place INTEGER, same_as INTEGER,"
        " wiped INTEGER, version INTEGER NOT NULL DEFAULT 1, UNIQUE(exercise, n)) STRICT;"
        "CREATE INDEX live_finding_signed ON live_finding(signed) WHERE wiped IS NULL;"
        "CREATE TABLE live_file(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " finding INTEGER NOT NULL REFERENCES live_finding(id), name BLOB, bytes INTEGER NOT NULL,"
        " hash TEXT NOT NULL, sealed BLOB, at INTEGER NOT NULL, by INTEGER) STRICT;"
        "CREATE INDEX live_file_of ON live_file(finding);"
        "CREATE TABLE live_mark(finding INTEGER NOT NULL REFERENCES live_finding(id),"
        " juror INTEGER NOT NULL, severity TEXT NOT NULL, resources INTEGER NOT NULL,"
        " data INTEGER NOT NULL, users INTEGER NOT NULL, at INTEGER NOT NULL,"
        " round INTEGER NOT NULL, PRIMARY KEY(finding, round, juror)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE live_event(id INTEGER PRIMARY KEY AUTOINCREMENT, finding INTEGER NOT NULL,"
        " at INTEGER NOT NULL, by INTEGER, what TEXT NOT NULL, text TEXT NOT NULL) STRICT;"
        "CREATE INDEX live_event_of ON live_event(finding);"
        "CREATE TABLE live_standing(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " exercise INTEGER NOT NULL, at INTEGER NOT NULL, by INTEGER,"
        " document TEXT NOT NULL) STRICT;"
        "CREATE INDEX live_standing_of ON live_standing(exercise);",
        "CREATE TABLE live_void(finding INTEGER NOT NULL REFERENCES live_finding(id),"
        " juror INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(finding, juror)) STRICT,"
        " WITHOUT ROWID;",
        NULL,
};

extern const struct sql_domain tables_livefire;
const struct sql_domain tables_livefire = {"livefire", steps};
