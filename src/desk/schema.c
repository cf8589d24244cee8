/* The schema and every statement of the desk's database, in one place: doc/state.md explains them.
 *
 * The audit log has triggers that refuse changes: a mistake in our code, not an attacker, who could
 * drop them; for those there is the chain of hashes. */
#include "desk/state_impl.h"

/* Since when rules have been what they are, and what was run over the past. */
#define RETRO_TABLES                                                                               \
        "CREATE TABLE epoch(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, past INTEGER NOT"       \
        " NULL);"                                                                                  \
        "CREATE TABLE known(kind INTEGER NOT NULL, id TEXT NOT NULL, version BLOB NOT NULL,"       \
        " epoch INTEGER NOT NULL, covered INTEGER NOT NULL, mark INTEGER NOT NULL,"                \
        " PRIMARY KEY(kind, id, version)) WITHOUT ROWID;"                                          \
        "CREATE TABLE retro(id INTEGER PRIMARY KEY, key BLOB NOT NULL, begun INTEGER NOT NULL,"    \
        " ended INTEGER, first INTEGER NOT NULL, past INTEGER NOT NULL, at INTEGER NOT NULL,"      \
        " since INTEGER, until INTEGER, source TEXT NOT NULL, rules INTEGER NOT NULL,"             \
        " verdicts INTEGER NOT NULL, alerts INTEGER NOT NULL, doubled INTEGER NOT NULL,"           \
        " counted INTEGER NOT NULL, aside INTEGER NOT NULL);"

const char *const state_schema =
        "BEGIN IMMEDIATE;"
        "PRAGMA application_id=1131375713;" /* STATE_APPLICATION */
        "PRAGMA user_version=2;"
        "CREATE TABLE number(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE judged(first INTEGER PRIMARY KEY, past INTEGER NOT NULL);"
        "CREATE TABLE live(drill INTEGER PRIMARY KEY, watermark INTEGER, clock INTEGER,"
        " received INTEGER);"
        "CREATE TABLE snapshot(drill INTEGER PRIMARY KEY, watermark INTEGER NOT NULL,"
        " spec BLOB NOT NULL, body BLOB NOT NULL);"
        "CREATE TABLE hit(drill INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL,"
        " rule INTEGER NOT NULL, received INTEGER NOT NULL, body BLOB NOT NULL,"
        " PRIMARY KEY(drill, time, seq, rule)) WITHOUT ROWID;"
        "CREATE TABLE rule(ref INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL,"
        " version BLOB NOT NULL, level INTEGER NOT NULL, status INTEGER NOT NULL,"
        " title TEXT NOT NULL, title_vi TEXT NOT NULL, description TEXT NOT NULL,"
        " description_vi TEXT NOT NULL, file TEXT NOT NULL, tags TEXT NOT NULL,"
        " UNIQUE(kind, id, version));"
        "CREATE TABLE alert(id INTEGER PRIMARY KEY, key BLOB NOT NULL, rule INTEGER NOT NULL,"
        " status INTEGER NOT NULL, drill INTEGER NOT NULL, entity_kind INTEGER NOT NULL,"
        " entity TEXT NOT NULL, host TEXT NOT NULL, user TEXT NOT NULL, source TEXT NOT NULL,"
        " exception TEXT NOT NULL, count INTEGER NOT NULL, first INTEGER NOT NULL,"
        " last INTEGER NOT NULL, first_received INTEGER NOT NULL, last_received INTEGER NOT NULL,"
        " raised INTEGER NOT NULL, updated INTEGER NOT NULL, records TEXT NOT NULL,"
        " retro INTEGER NOT NULL DEFAULT 0);"
        "CREATE INDEX alert_key ON alert(key, last);"
        "CREATE INDEX alert_last ON alert(last);"
        "CREATE TABLE fields(alert INTEGER NOT NULL, which INTEGER NOT NULL, fields TEXT NOT NULL,"
        " PRIMARY KEY(alert, which)) WITHOUT ROWID;"
        "CREATE TABLE verdict(seq INTEGER NOT NULL, rule INTEGER NOT NULL, part INTEGER NOT NULL,"
        " id BLOB NOT NULL, alert INTEGER NOT NULL, time INTEGER, received INTEGER NOT NULL,"
        " offset INTEGER NOT NULL, length INTEGER NOT NULL,"
        " PRIMARY KEY(seq, rule, part)) WITHOUT ROWID;"
        "CREATE TABLE counted(rule INTEGER NOT NULL, hour INTEGER NOT NULL, n INTEGER NOT NULL,"
        " PRIMARY KEY(rule, hour)) WITHOUT ROWID;"
        "CREATE TABLE exception(id TEXT PRIMARY KEY, active INTEGER NOT NULL, owner TEXT NOT NULL,"
        " reason TEXT NOT NULL, rules TEXT NOT NULL, text TEXT NOT NULL, expires INTEGER,"
        " count INTEGER NOT NULL, last INTEGER) WITHOUT ROWID;"
        "CREATE TABLE audit(n INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL,"
        " what TEXT NOT NULL, about TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);"
        "CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN"
        " SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
        "CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN"
        " SELECT RAISE(ABORT, 'the audit log is append-only'); END;" RETRO_TABLES "COMMIT;";

const char *const state_upgrade_1 = "BEGIN IMMEDIATE;"
                                    "ALTER TABLE alert ADD COLUMN retro INTEGER NOT NULL DEFAULT 0;"
                                    "PRAGMA user_version=2;" RETRO_TABLES "COMMIT;";

#define ALERT_COLUMNS                                                                              \
        "a.id, a.key, a.rule, a.status, a.drill, a.entity_kind, a.entity, a.host, a.user,"         \
        " a.source, a.exception, a.count, a.first, a.last, a.first_received, a.last_received,"     \
        " a.raised, a.updated, a.records, a.retro"

const char *const state_queries[Q_MAX] = {
        [Q_BEGIN] = "BEGIN IMMEDIATE",
        [Q_COMMIT] = "COMMIT",
        [Q_NUMBER] = "SELECT value FROM number WHERE name=?1",
        [Q_SET_NUMBER] = "INSERT INTO number VALUES(?1,?2)"
                         " ON CONFLICT(name) DO UPDATE SET value=excluded.value",
        [Q_RANGES] = "SELECT first, past FROM judged ORDER BY first",
        [Q_CLEAR_RANGES] = "DELETE FROM judged",
        [Q_ADD_RANGE] = "INSERT INTO judged VALUES(?1,?2)",
        [Q_RULE] = "SELECT ref FROM rule WHERE kind=?1 AND id=?2 AND version=?3",
        [Q_ADD_RULE] = "INSERT INTO rule VALUES(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
        [Q_RULE_ID] = "SELECT kind, id FROM rule WHERE ref=?1",
        [Q_VERDICT] = "INSERT OR IGNORE INTO verdict VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
        [Q_FORGET_VERDICTS] = "DELETE FROM verdict WHERE seq<?1",
        [Q_COUNT_VERDICTS] = "SELECT count(*) FROM verdict",
        [Q_NTH_VERDICT] = "SELECT seq FROM verdict ORDER BY seq LIMIT 1 OFFSET ?1",
        [Q_HIT] = "INSERT OR IGNORE INTO hit VALUES(?1,?2,?3,?4,?5,?6)",
        [Q_HITS] = "SELECT time, seq, rule, received, body FROM hit WHERE drill=?1 AND time>=?2"
                   " ORDER BY drill, time, seq, rule",
        [Q_FORGET_HITS] = "DELETE FROM hit WHERE drill=?1 AND time<?2",
        [Q_SIZE_HITS] = "SELECT total(length(body)) FROM hit WHERE drill=?1 AND time<?2",
        [Q_COUNT_HITS] = "SELECT count(*), total(length(body)) FROM hit",
        [Q_NTH_HIT] = "SELECT time FROM hit WHERE drill=?1 ORDER BY drill, time LIMIT 1 OFFSET ?2",
        [Q_MARKS] = "SELECT drill, watermark, clock, received FROM live ORDER BY drill",
        [Q_CLEAR_MARKS] = "DELETE FROM live",
        [Q_ADD_MARK] = "INSERT INTO live VALUES(?1,?2,?3,?4)",
        [Q_SNAPSHOT] = "INSERT INTO snapshot VALUES(?1,?2,?3,?4) ON CONFLICT(drill) DO UPDATE SET"
                       " watermark=excluded.watermark, spec=excluded.spec, body=excluded.body",
        [Q_GET_SNAPSHOT] = "SELECT watermark, body FROM snapshot WHERE drill=?1 AND spec=?2",
        [Q_FORGET_DRILLS] = "DELETE FROM hit WHERE drill NOT IN (SELECT drill FROM live)",
        [Q_FORGET_SNAPSHOTS] = "DELETE FROM snapshot WHERE drill NOT IN (SELECT drill FROM live)",
        [Q_ALERT] = "INSERT INTO alert VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,"
                    "?16,?17,?18,?19,?20) ON CONFLICT(id) DO UPDATE SET count=excluded.count,"
                    " first=excluded.first, last=excluded.last,"
                    " first_received=excluded.first_received,"
                    " last_received=excluded.last_received, updated=excluded.updated,"
                    " records=excluded.records",
        [Q_FIELDS] = "INSERT INTO fields VALUES(?1,?2,?3)"
                     " ON CONFLICT(alert,which) DO UPDATE SET fields=excluded.fields",
        [Q_FIND_ALERT] = "SELECT " ALERT_COLUMNS " FROM alert a WHERE a.key=?1 AND a.last>=?2"
                         " AND a.first<=?3 ORDER BY a.last DESC LIMIT 1",
        [Q_LAST_ALERT] = "SELECT max(id) FROM alert WHERE (id>=1000000000)=?1",
        [Q_COUNT_ONLY] = "INSERT INTO counted VALUES(?1,?2,?3)"
                         " ON CONFLICT(rule,hour) DO UPDATE SET n=n+excluded.n",
        [Q_EXCEPTION] = "INSERT INTO exception VALUES(?1,1,?2,?3,?4,?5,?6,0,NULL)"
                        " ON CONFLICT(id) DO UPDATE SET active=1, owner=excluded.owner,"
                        " reason=excluded.reason, rules=excluded.rules, text=excluded.text,"
                        " expires=excluded.expires",
        [Q_RETIRE] = "UPDATE exception SET active=0",
        [Q_COUNT_EXCEPTION] = "UPDATE exception SET count=count+?2, last=max(ifnull(last,?3),?3)"
                              " WHERE id=?1",
        [Q_EXCEPTIONS] = "SELECT id, active, owner, reason, rules, text, expires, count, last"
                         " FROM exception ORDER BY id",
        [Q_LAST_AUDIT] = "SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1",
        [Q_AUDIT] = "INSERT INTO audit VALUES(?1,?2,?3,?4,?5,?6,?7)",
        [Q_AUDITS] = "SELECT n, time, who, what, about, detail, hash FROM audit ORDER BY n",
        [Q_HAS_HEADS] = "SELECT 1 FROM sqlite_schema WHERE type='table' AND name='audit_head'",
        [Q_HEADS] = "SELECT signed FROM audit_head ORDER BY id",
        [Q_HOLD] = "BEGIN",
        [Q_LET_GO] = "ROLLBACK",
        [Q_ALERTS] =
                "SELECT " ALERT_COLUMNS ", r.kind, r.level, r.status, r.id, r.version, r.title,"
                " r.title_vi, r.description, r.description_vi, r.file, r.tags"
                " FROM alert a JOIN rule r ON r.ref=a.rule WHERE a.last>=?1 AND a.last<?2"
                " AND r.level>=?3 AND (?4='' OR instr(lower(r.id), ?4) OR instr(lower(r.title), ?4)"
                " OR instr(r.title_vi, ?4)) AND (?5='' OR instr(lower(a.entity), ?5))"
                " AND (?6='' OR instr(lower(r.tags), '\"' || ?6)) AND (?7<0 OR a.status=?7)"
                " AND (?8=-1 OR (?8=-2 AND a.drill<>0) OR a.drill=?8) AND (?9=0 OR a.id=?9)"
                " AND (?11=0 OR (?11=-1 AND a.retro<>0) OR (?11=-2 AND a.retro=0)"
                " OR a.retro=?11)"
                " ORDER BY a.last DESC, a.id DESC LIMIT ?10",
        [Q_ADD_EPOCH] = "INSERT INTO epoch VALUES(NULL,?1,?2)",
        [Q_COUNT_EPOCHS] = "SELECT count(*) FROM epoch",
        [Q_EPOCH_PAST] = "UPDATE epoch SET past=max(past,?2) WHERE id=?1",
        [Q_KNOW] = "INSERT INTO known VALUES(?1,?2,?3,?4,0,?5)"
                   " ON CONFLICT(kind,id,version) DO UPDATE SET mark=excluded.mark",
        [Q_KNOWN] = "SELECT e.past, k.covered FROM known k JOIN epoch e ON e.id=k.epoch"
                    " WHERE k.kind=?1 AND k.id=?2 AND k.version=?3",
        [Q_UNKNOW] = "DELETE FROM known WHERE mark<>?1",
        [Q_COVER] = "UPDATE known SET covered=max(covered,?4) WHERE kind=?1 AND id=?2"
                    " AND version=?3",
        [Q_SAID] = "SELECT 1 FROM verdict v JOIN rule r ON r.ref=v.rule WHERE v.seq=?1"
                   " AND v.rule<>?2 AND r.kind=?3 AND r.id=?4 LIMIT 1",
        [Q_HIT_SAID] =
                "SELECT 1 FROM hit h JOIN rule r ON r.ref=h.rule WHERE h.drill=?1"
                " AND h.time=?2 AND h.seq=?3 AND h.rule<>?4 AND r.kind=0 AND r.id=?5 LIMIT 1",
        [Q_FIND_RETRO] = "SELECT id, at FROM retro WHERE key=?1 AND ended IS NULL"
                         " ORDER BY id DESC LIMIT 1",
        [Q_GET_RETRO] = "SELECT begun, ended, first, past, at, since, until, source, rules,"
                        " verdicts, alerts, doubled, counted, aside FROM retro WHERE id=?1",
        [Q_ADD_RETRO] = "INSERT INTO retro VALUES(NULL,?1,?2,NULL,?3,?4,?3,?5,?6,?7,?8,0,0,0,0,0)",
        [Q_SET_RETRO] = "UPDATE retro SET past=max(past,?2), at=?3, verdicts=verdicts+?4,"
                        " alerts=alerts+?5, doubled=doubled+?6, counted=counted+?7,"
                        " aside=aside+?8, ended=?9 WHERE id=?1",
        [Q_GET_FIELDS] = "SELECT fields FROM fields WHERE alert=?1 AND which=?2",
};
