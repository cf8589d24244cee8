/* One record as fields: what every decoder produces and the rule engine consumes.
 *
 * A flat list in document order. Nested documents are flattened to dotted paths ("dns.answers.rrname"); an element
 * of an array bears its array's path without an index and `arr` tells elements apart. Values are lazy: they point into
 * the record and say how they are encoded; value_text() makes UTF-8 of them, which the engine does only for fields that
 * some rule needs. All memory belongs to the batch or to the decoder's arena and lives until the next record. */
#ifndef DECODE_EVENT_H
#define DECODE_EVENT_H

#include "base/arena.h"
#include "base/timestamp.h"
#include "wire/batch.h"

/* How a value's bytes are to be read. */
enum value_type {
        V_STR = 0,  /* final text, UTF-8 (a text log may hold other bytes: matched as they are) */
        V_JSON,     /* inside of a JSON string that has escapes; validated */
        V_NUM,      /* a number's text as written */
        V_BOOL,     /* "true" or "false" */
        V_NULL,     /* JSON null, or a field that is there without a value; val is empty */
        V_UTF16,    /* UTF-16LE, as in EVTX; NULs at its end are padding */
        V_U64,      /* 8 bytes, native order: decimal */
        V_I64,      /* 8 bytes, native order: decimal */
        V_HEX32,    /* 8 bytes, native order: "0x…", lower case, no padding */
        V_HEX64,    /* as V_HEX32 */
        V_F64,      /* 8 bytes double: shortest text that reads back */
        V_FILETIME, /* 8 bytes FILETIME: 2025-11-27T07:40:10.1653240Z */
        V_SYSTIME,  /* 16 bytes SYSTEMTIME */
        V_GUID, /* 16 bytes: {5770385F-C22A-43E0-BF4C-06F5698FFBD9}, as Windows and as rules have it */
        V_SID, /* binary SID: S-1-5-18 */
        V_BIN  /* bytes: upper-case hex */
};

struct field {
        const char *name; /* dotted path, UTF-8, unescaped */
        const char *val;
        uint32_t name_len;
        uint32_t val_len; /* bytes */
        uint32_t
                arr; /* 0: not in an array; else instance << 16 | element, both from 1 (element saturates) */
        uint8_t type;  /* enum value_type */
        uint8_t depth; /* 0: top level of the document */
        uint16_t reserved;
};

/* What kind of source wrote it; the log-source maps (content/logsources) start from this. JSON that no decoder can
 * name is EVENT_JSON, and rules/source.c classifies it by the fields it has. */
enum event_kind {
        EVENT_UNKNOWN = 0,
        EVENT_WINDOWS, /* EVTX; key1 Channel, key2 EventID */
        EVENT_JSON,    /* to be classified by fields */
        EVENT_SYSLOG,  /* key1 program (APP-NAME or tag) */
        EVENT_AUDITD,  /* key1 record type of the first record of the serial */
        EVENT_WEB,     /* web server access log */
        EVENT_WEBERR,  /* web server error log */
        EVENT_W3C,     /* IIS and proxies */
        EVENT_ZEEK,    /* key1 the log's path: conn, dns, http … */
        EVENT_CEF,     /* key1 product */
        EVENT_LEEF,    /* key1 product */
        EVENT_KV,
        EVENT_JOURNAL, /* key1 SYSLOG_IDENTIFIER or _COMM */
        EVENT_CSV,
        EVENT_TEXT,
        EVENT_KIND_MAX,
};

struct event {
        struct span raw; /* the record's bytes in the batch */
        uint64_t offset; /* of raw in the input */
        uint64_t line;   /* 0: none */
        uint64_t record; /* EVTX record id; 0: none */
        int64_t time; /* ns UTC if the decoder knows it at no cost, else TIME_NONE: event_time() finds it */
        uint8_t kind; /* enum event_kind */
        bool cut; /* the record was longer than RECORD_MAX, or had more than EVENT_FIELDS_MAX fields */
        uint32_t n;
        struct field *fields; /* owned by the decoder */
        struct span key1;     /* see event_kind; empty when the kind is EVENT_JSON */
        int64_t key2;         /* event id; -1: none */
        /* EVTX: the fields whose text does not stand in `raw` as UTF-16; NULL: any may be such. */
        const uint16_t *strays;
        uint32_t n_strays;
        /* Not 0: in all events with this number an equal name pointer is an equal name. */
        uint64_t names;
};

#define EVENT_FIELDS_MAX 4096u

/* The field's value as UTF-8 text (see value_type); in the arena unless it is text already. p is NULL only when the arena
 * is used up. V_NULL gives an empty span with a non-NULL p. */
struct span value_text(const struct field *f, struct arena *a);

/* The last field of that exact name, or NULL. Slow: for findings, not for matching. */
const struct field *event_find(const struct event *e, struct span name);

struct decode_options {
        int zone_sec; /* east of UTC, for times without a zone */
        int year; /* for times without a year; 0: from file_time (the latest year that puts it not after) */
        bool leftovers; /* EVTX: also records behind a chunk's end (older ones, or filtered out): not part of the log */
};

/* When it happened: ns UTC or TIME_NONE. e->time if known, else from the fields, by kind and by well-known names
 * (TimeCreated.SystemTime, @timestamp, UtcTime, EventTime, timestamp, ts, time, eventTime, __REALTIME_TIMESTAMP …). */
int64_t event_time(const struct event *e, const struct decode_options *o, struct arena *a);
/* The host and the user it is about (Computer, Hostname, host.name, agent.hostname, node …; SubjectUserName, User …). */
struct span event_host(const struct event *e, struct arena *a);
struct span event_user(const struct event *e, struct arena *a);

#endif
