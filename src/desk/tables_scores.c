/* What is decided about a drill's scores, and what came of them (doc/scoring.md). The scores themselves are in no
 * table: they are made of the facts whenever they are asked for.
 *
 *   P1. A ruling is never changed or taken away: the next one about the same thing holds, both are kept.
 *   P2. A gap is of one line (or penalty) of one play, once; its task is a row of `improvement`, and is not done
 *       before its re-tests were passed as often as `needs` says.
 *   P3. A record says what was exercised as it was when the jury signed: it stays when the rest is cleared. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE exercise_ruling(id INTEGER PRIMARY KEY AUTOINCREMENT, play INTEGER NOT NULL,"
        " what TEXT NOT NULL, of TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,"
        " appeal INTEGER, by INTEGER, role TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX exercise_ruling_of ON exercise_ruling(play, id);"
        "CREATE TRIGGER exercise_ruling_keeps BEFORE UPDATE ON exercise_ruling BEGIN"
        " SELECT RAISE(ABORT, 'a ruling stays'); END;"
        "CREATE TRIGGER exercise_ruling_stays BEFORE DELETE ON exercise_ruling BEGIN"
        " SELECT RAISE(ABORT, 'a ruling stays'); END;"
        "CREATE TABLE exercise_appeal(id INTEGER PRIMARY KEY AUTOINCREMENT, play INTEGER NOT NULL,"
        " expectation TEXT, text TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,"
        " by INTEGER, points_before INTEGER, points_after INTEGER, ruling TEXT, ruled INTEGER,"
        " ruled_by INTEGER) STRICT;"
        "CREATE INDEX exercise_appeal_of ON exercise_appeal(play);"
        "CREATE TABLE exercise_unused(id INTEGER PRIMARY KEY AUTOINCREMENT, play INTEGER NOT NULL,"
        " source TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE(play, source)) STRICT;"
        "CREATE TABLE exercise_looked(play INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
        /* P2 */
        "CREATE TABLE exercise_gap(id INTEGER PRIMARY KEY AUTOINCREMENT, play INTEGER NOT NULL,"
        " key TEXT NOT NULL, cause TEXT NOT NULL, en TEXT NOT NULL, vi TEXT NOT NULL,"
        " improvement INTEGER, needs INTEGER NOT NULL, passed INTEGER NOT NULL DEFAULT 0,"
        " created INTEGER NOT NULL, UNIQUE(play, key)) STRICT;"
        "CREATE INDEX exercise_gap_task ON exercise_gap(improvement);"
        "CREATE TABLE exercise_retest(id INTEGER PRIMARY KEY AUTOINCREMENT, gap INTEGER NOT NULL"
        " REFERENCES exercise_gap(id), due INTEGER NOT NULL, seed INTEGER NOT NULL,"
        " exercise INTEGER, play INTEGER, state TEXT NOT NULL, t INTEGER, q INTEGER, note TEXT,"
        " at INTEGER, created INTEGER NOT NULL, by INTEGER) STRICT;"
        "CREATE INDEX exercise_retest_of ON exercise_retest(gap);"
        /* P3 */
        "CREATE TABLE exercise_record(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT"
        " NULL, play INTEGER NOT NULL UNIQUE, code TEXT NOT NULL, title TEXT NOT NULL,"
        " scenario TEXT, hash TEXT, unit INTEGER NOT NULL, systems TEXT NOT NULL,"
        " held INTEGER NOT NULL, people INTEGER NOT NULL, duties TEXT NOT NULL,"
        " total INTEGER NOT NULL, machine INTEGER, part_people INTEGER, facts TEXT NOT NULL,"
        " signed INTEGER NOT NULL, signed_by INTEGER) STRICT;"
        "CREATE INDEX exercise_record_unit ON exercise_record(unit, held);",
        "ALTER TABLE exercise_retest ADD COLUMN auto INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX exercise_retest_waits ON exercise_retest(state, due);",
        NULL,
};

extern const struct sql_domain tables_scores;
const struct sql_domain tables_scores = {"scores", steps};
