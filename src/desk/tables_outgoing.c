/* What leaves the node (doc/courier.md). A row is never deleted: it proves what was sent when. */
#include "desk/sql.h"

static const char *const steps[] = {
        "CREATE TABLE outgoing(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
        " state TEXT NOT NULL, once TEXT UNIQUE, target TEXT NOT NULL, subject TEXT NOT NULL,"
        " body TEXT NOT NULL, files TEXT NOT NULL DEFAULT '[]', message_id TEXT NOT NULL,"
        " about TEXT NOT NULL DEFAULT '', incident INTEGER, unit INTEGER NOT NULL,"
        " created INTEGER NOT NULL, created_by INTEGER, due INTEGER NOT NULL,"
        " tries INTEGER NOT NULL DEFAULT 0, last_try INTEGER, last_error TEXT, sent INTEGER,"
        " drill INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE INDEX outgoing_due ON outgoing(due) WHERE state='queued';"
        "CREATE INDEX outgoing_created ON outgoing(created);"
        "CREATE INDEX outgoing_unit ON outgoing(unit, created);"
        "CREATE INDEX outgoing_incident ON outgoing(incident) WHERE incident IS NOT NULL;",

        /* Warnings. What waits for a webhook before the courier said which there are; indexes of clocks that
         * nobody was told of yet, so that looking for them every second costs nothing. */
        "CREATE TABLE outgoing_event(id INTEGER PRIMARY KEY AUTOINCREMENT, once TEXT UNIQUE,"
        " event TEXT NOT NULL, body TEXT NOT NULL, about TEXT NOT NULL, incident INTEGER,"
        " unit INTEGER NOT NULL, drill INTEGER NOT NULL, created INTEGER NOT NULL) STRICT;"
        "CREATE INDEX incident_clock_near ON incident_clock(warn) WHERE warned IS NULL AND"
        " told_late IS NULL AND met_at IS NULL AND void_at IS NULL AND state<>0;"
        "CREATE INDEX incident_clock_late ON incident_clock(due) WHERE told_late IS NULL AND"
        " met_at IS NULL AND void_at IS NULL AND state<>0;",

        "CREATE INDEX outgoing_failed ON outgoing(created) WHERE state='failed';",
        "CREATE INDEX outgoing_waits ON outgoing(created) WHERE state='queued';",

        /* What left about an incident, or did not, stands in its timeline: to whom, what, and what came of it. */
        "CREATE TRIGGER outgoing_told AFTER UPDATE OF state ON outgoing WHEN NEW.incident IS NOT "
        "NULL"
        " AND NEW.state IN ('sent','failed') AND OLD.state<>NEW.state"
        " BEGIN INSERT INTO incident_entry(incident,at,written,kind,by,text,text_vi,about,about_id)"
        " VALUES(NEW.incident,ifnull(NEW.sent,ifnull(NEW.last_try,NEW.created)),ifnull(NEW.sent,"
        "ifnull(NEW.last_try,NEW.created)),'message',NEW.created_by,"
        " CASE NEW.state WHEN 'sent' THEN iif(NEW.kind='mail','Mail sent to ','Webhook told: ') "
        "ELSE"
        " iif(NEW.kind='mail','Mail could not be sent to ','Webhook could not be told: ') END"
        "||NEW.target||': '||NEW.subject||iif(NEW.state='failed','. "
        "'||ifnull(NEW.last_error,''),''),"
        " CASE NEW.state WHEN 'sent' THEN iif(NEW.kind='mail','Đã gửi thư tới ','Đã báo webhook: ')"
        " ELSE iif(NEW.kind='mail','Không gửi được thư tới ','Không báo được webhook: ') END"
        "||NEW.target||': '||NEW.subject||iif(NEW.state='failed','. "
        "'||ifnull(NEW.last_error,''),''),"
        "'outgoing',NEW.id); END;"
        "CREATE TRIGGER outgoing_held AFTER INSERT ON outgoing WHEN NEW.incident IS NOT NULL AND"
        " NEW.state='held'"
        " BEGIN INSERT INTO incident_entry(incident,at,written,kind,by,text,text_vi,about,about_id)"
        " VALUES(NEW.incident,NEW.created,NEW.created,'message',NEW.created_by,'Held, as it is a"
        " drill: mail to '||NEW.target||': '||NEW.subject,'Giữ lại vì là diễn tập: thư tới '"
        "||NEW.target||': '||NEW.subject,'outgoing',NEW.id); END;",
        NULL,
};

extern const struct sql_domain tables_outgoing;
const struct sql_domain tables_outgoing = {"outgoing", steps};
