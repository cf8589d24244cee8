/* Exercises as the desk keeps them (doc/exercises.md). Times called `at`, `…_at`, `started` … are ns UTC of the
 * node's clock; those called `t…` are milliseconds of the drill's clock, from its start.
 *
 *   E1. A scenario is never changed: other bytes are another row. An exercise names one row, and from its go on
 *       the hashes of its content and formula stand in the exercise too.
 *   E2. A play is one unit in one run of one exercise. Its number is the upper part of the label on its
 *       events, never given twice, and at most LABEL_PLAY_MAX.
 *   E3. The clock is a list of points, each of a real time, a drill time and a speed that holds from there on
 *       (exercise/clock.h); points of a play of its own (play ≠ 0) replace those of its run.
 *   E4. What is played has its row before anything of it goes out: an item of a play is decided once.
 *   E5. Telemetry waits in the spool in pieces, each of one step (0: noise), until ingest has it for good. A
 *       record's position is (its time, the piece, its place in it): every piece says from which time on
 *       its records may go out, which is later than anything that was given before it came.
 *   E6. What a person wrote or answered is never changed. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE scenario(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL,"
        " edition INTEGER NOT NULL, hash TEXT NOT NULL UNIQUE, yaml BLOB NOT NULL,"
        " plan TEXT NOT NULL, title TEXT NOT NULL, title_vi TEXT, level TEXT NOT NULL,"
        " minutes INTEGER NOT NULL, demo_minutes INTEGER NOT NULL, techniques INTEGER NOT NULL,"
        " steps INTEGER NOT NULL, injects INTEGER NOT NULL, expectations INTEGER NOT NULL,"
        " origin TEXT NOT NULL, added INTEGER NOT NULL, by INTEGER,"
        " retired INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX scenario_code ON scenario(code, edition);"

        "CREATE TABLE exercise(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE,"
        " title TEXT NOT NULL, kind TEXT NOT NULL, scenario INTEGER REFERENCES scenario(id),"
        " state TEXT NOT NULL, unit INTEGER NOT NULL REFERENCES unit(id),"
        " solo INTEGER NOT NULL DEFAULT 0, demo INTEGER NOT NULL DEFAULT 0,"
        " seed INTEGER NOT NULL, speed INTEGER NOT NULL, simulated INTEGER NOT NULL,"
        " run INTEGER NOT NULL DEFAULT 1, starts INTEGER, started INTEGER, ended INTEGER,"
        " scenario_hash TEXT, formula TEXT, formula_hash TEXT, gone INTEGER, gone_by INTEGER,"
        " reason TEXT, text TEXT, beat INTEGER, created INTEGER NOT NULL, created_by INTEGER,"
        " version INTEGER NOT NULL DEFAULT 1) STRICT;"
        "CREATE INDEX exercise_state ON exercise(state);"
        "CREATE INDEX exercise_unit_of ON exercise(unit, starts);"
        "CREATE TABLE exercise_check(exercise INTEGER NOT NULL, item TEXT NOT NULL,"
        " by INTEGER, at INTEGER NOT NULL, why TEXT, PRIMARY KEY(exercise, item)) STRICT,"
        " WITHOUT ROWID;"

        "CREATE TABLE exercise_clock(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT "
        "NULL,"
        " run INTEGER NOT NULL, play INTEGER NOT NULL DEFAULT 0, at_real INTEGER NOT NULL,"
        " at_drill INTEGER NOT NULL, speed INTEGER NOT NULL) STRICT;" /* ms, ms, thousandths */
        "CREATE INDEX exercise_clock_of ON exercise_clock(exercise, run, play, id);"
        "CREATE TABLE exercise_checkpoint(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " exercise INTEGER NOT NULL, run INTEGER NOT NULL, name TEXT NOT NULL,"
        " t INTEGER NOT NULL, at INTEGER NOT NULL, by INTEGER) STRICT;"
        "CREATE INDEX exercise_checkpoint_of ON exercise_checkpoint(exercise, t);"

        "CREATE TABLE exercise_play(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT NULL"
        " REFERENCES exercise(id), run INTEGER NOT NULL, unit INTEGER NOT NULL REFERENCES unit(id),"
        " state TEXT NOT NULL, live INTEGER NOT NULL DEFAULT 0," /* live: its clock may move */
        " own_clock INTEGER NOT NULL DEFAULT 0, casting TEXT, consent TEXT NOT NULL DEFAULT 'none',"
        " consent_by INTEGER, consent_at INTEGER, seen INTEGER, lost INTEGER,"
        " noise INTEGER NOT NULL DEFAULT 0, noise_seg INTEGER NOT NULL DEFAULT 0,"
        " seg INTEGER NOT NULL DEFAULT 0,"
        " old INTEGER, old_t INTEGER," /* the play it goes on from, and until when */
        " points INTEGER, last_points INTEGER, last_en TEXT, last_vi TEXT, last_t INTEGER,"
        " scored INTEGER, offline INTEGER NOT NULL DEFAULT 0, merged INTEGER,"
        " version INTEGER NOT NULL DEFAULT 1, UNIQUE(exercise, run, unit)) STRICT;"
        "CREATE INDEX exercise_play_unit ON exercise_play(unit, live);"
        "CREATE INDEX exercise_play_live ON exercise_play(exercise) WHERE live;"
        "CREATE TABLE exercise_roster(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT "
        "NULL,"
        " unit INTEGER NOT NULL, person INTEGER NOT NULL REFERENCES person(id), role TEXT NOT NULL,"
        " deputy INTEGER NOT NULL DEFAULT 0, since INTEGER NOT NULL, until INTEGER) STRICT;"
        "CREATE INDEX exercise_roster_of ON exercise_roster(exercise, unit);"
        "CREATE INDEX exercise_roster_person ON exercise_roster(person) WHERE until IS NULL;"

        /* E4. item: 's' a step, 'i' an inject of the plan, 'f' a free one (n: its number). state: due (it is
         * known when), played, skipped, void. */
        "CREATE TABLE exercise_item(play INTEGER NOT NULL, item TEXT NOT NULL, n INTEGER NOT NULL,"
        " state TEXT NOT NULL, t INTEGER NOT NULL, at INTEGER, spooled INTEGER NOT NULL DEFAULT 0,"
        " PRIMARY KEY(play, item, n)) STRICT, WITHOUT ROWID;"
        /* E5 */
        "CREATE TABLE exercise_spool(play INTEGER NOT NULL, seg INTEGER NOT NULL,"
        " step INTEGER NOT NULL, t_from INTEGER NOT NULL, first INTEGER NOT NULL,"
        " last INTEGER NOT NULL, n INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,"
        " bytes BLOB NOT NULL, PRIMARY KEY(play, seg)) STRICT;"

        "CREATE TABLE exercise_inject(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT "
        "NULL,"
        " item TEXT NOT NULL, n INTEGER NOT NULL, plan_id TEXT, kind TEXT NOT NULL,"
        " title TEXT NOT NULL, title_vi TEXT, text TEXT NOT NULL, text_vi TEXT, sender TEXT,"
        " sender_vi TEXT, roles TEXT NOT NULL, choices TEXT NOT NULL, answer INTEGER NOT NULL,"
        " file_name TEXT, file TEXT, file_vi TEXT, units TEXT, t INTEGER, sent INTEGER,"
        " by INTEGER, created INTEGER NOT NULL, shift INTEGER NOT NULL DEFAULT 0,"
        " UNIQUE(exercise, item, n)) STRICT;"
        "CREATE TABLE exercise_delivery(id INTEGER PRIMARY KEY AUTOINCREMENT, play INTEGER NOT "
        "NULL,"
        " inject INTEGER NOT NULL REFERENCES exercise_inject(id), t INTEGER NOT NULL,"
        " at INTEGER NOT NULL, seen INTEGER, seen_t INTEGER, seen_by INTEGER, answered INTEGER,"
        " answered_t INTEGER, answered_by INTEGER, answered_role TEXT, choice TEXT, text TEXT,"
        " carried INTEGER, UNIQUE(play, inject)) STRICT;"
        "CREATE INDEX exercise_delivery_inject ON exercise_delivery(inject);"

        "CREATE TABLE exercise_message(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT "
        "NULL,"
        " play INTEGER, organiser INTEGER NOT NULL, by INTEGER, text TEXT NOT NULL,"
        " t INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX exercise_message_of ON exercise_message(exercise, id);"
        "CREATE TABLE exercise_note(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT "
        "NULL,"
        " play INTEGER, by INTEGER, text TEXT NOT NULL, t INTEGER NOT NULL,"
        " at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX exercise_note_of ON exercise_note(exercise, id);"
        "CREATE TABLE exercise_request(id INTEGER PRIMARY KEY AUTOINCREMENT, exercise INTEGER NOT "
        "NULL,"
        " play INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT, step INTEGER, hint TEXT,"
        " price INTEGER NOT NULL DEFAULT 0, by INTEGER, t INTEGER NOT NULL, at INTEGER NOT NULL,"
        " state TEXT NOT NULL, yes INTEGER, answer TEXT, answer_vi TEXT, answered_t INTEGER,"
        " answered INTEGER, answered_by INTEGER) STRICT;"
        "CREATE INDEX exercise_request_of ON exercise_request(exercise, state);"
        "CREATE INDEX exercise_request_play ON exercise_request(play);"

        /* What a unit that went on alone recorded: facts as JSONL (doc/scoring.md), whole, once. */
        "CREATE TABLE exercise_merged(id INTEGER PRIMARY KEY AUTOINCREMENT, play INTEGER NOT NULL,"
        " hash TEXT NOT NULL, facts BLOB NOT NULL, n INTEGER NOT NULL, offset_ms INTEGER NOT NULL,"
        " at INTEGER NOT NULL, by INTEGER, UNIQUE(play, hash)) STRICT;",
        /* What somebody recorded, played in place of what would be generated for a step. names: JSON, as recorded → id of
         * a host or account of the plan, or "domain". */
        "CREATE TABLE exercise_recording(exercise INTEGER NOT NULL REFERENCES exercise(id),"
        " step INTEGER NOT NULL, names TEXT NOT NULL, idle_ms INTEGER NOT NULL, n INTEGER NOT NULL,"
        " bytes BLOB NOT NULL, at INTEGER NOT NULL, by INTEGER, PRIMARY KEY(exercise, step))"
        " STRICT;",
        /* A re-test: the gap's key, and from when to when of the plan it is played (exercise/part.h). */
        "ALTER TABLE exercise ADD COLUMN part TEXT;"
        "ALTER TABLE exercise ADD COLUMN part_from INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE exercise ADD COLUMN part_until INTEGER;",
        NULL,
};

extern const struct sql_domain tables_exercises;
const struct sql_domain tables_exercises = {"exercises", steps};
