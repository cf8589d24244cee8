/* When an event happened, on which host, and about whom: asked of fields, because every product has
 * its own names.
 *
 * One pass over the fields: each name is looked up in a hash table of all names known here, made at
 * the first use from `known`; the best-ranked one that holds a usable value wins, and of equal
 * ranks the last field (a later duplicate of a JSON key wins). Ranks say which field is meant when
 * several are there: what the event's own provider wrote (TimeCreated, EventTime) goes before what
 * a collector added, except that a time without a zone goes behind one with it (NXLog's EventTime
 * is local time; @timestamp beside it is not).
 *
 * Names are exact and case-sensitive. A leading "_source." (an export of an index) is dropped
 * first. */
#include "decode/event.h"

#include <stdio.h>

#include "base/hash.h"

enum what { W_TIME, W_TIME_US, W_ZONE, W_HOST, W_USER, W_USER_TARGET, W_EVENT_ID };

#define RANK_DATE 30u /* a date alone: joined with `time` */

struct known {
        const char *name;
        uint8_t what; /* enum what */
        uint8_t rank; /* higher wins */
};

static const struct known known[] = {
        /* ---- time ---- */
        {"TimeCreated", W_TIME, 90},
        {"TimeCreated.SystemTime", W_TIME, 91},
        {"System.TimeCreated.SystemTime", W_TIME, 92},
        {"System.TimeCreated.@SystemTime", W_TIME, 92},
        {"System.TimeCreated.#attributes.SystemTime", W_TIME, 92},
        {"System.TimeCreated_attributes.SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated", W_TIME, 90},
        {"Event.System.TimeCreated.SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated.@SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated.-SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated._SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated.#attributes.SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated.@attributes.SystemTime", W_TIME, 92},
        {"Event.System.TimeCreated_attributes.SystemTime", W_TIME, 92},
        {"Event_attributes.System.TimeCreated_attributes.SystemTime", W_TIME, 92},
        {"win.system.systemTime", W_TIME, 92},
        {"SystemTime", W_TIME, 89},
        {"@timestamp", W_TIME, 80},
        {"UtcTime", W_TIME, 75},
        {"EventData.UtcTime", W_TIME, 75},
        {"Event.EventData.UtcTime", W_TIME, 75},
        {"winlog.event_data.UtcTime", W_TIME, 75},
        {"__REALTIME_TIMESTAMP", W_TIME_US, 72},
        {"_SOURCE_REALTIME_TIMESTAMP", W_TIME_US, 73},
        {"eventTime", W_TIME, 70},                /* CloudTrail */
        {"requestReceivedTimestamp", W_TIME, 70}, /* Kubernetes audit */
        {"stageTimestamp", W_TIME, 69},
        {"activityDateTime", W_TIME, 70}, /* Entra ID */
        {"createdDateTime", W_TIME, 69},
        {"properties.activityDateTime", W_TIME, 68},
        {"properties.createdDateTime", W_TIME, 68},
        {"eventTimestamp", W_TIME, 69}, /* Azure activity */
        {"TimeGenerated", W_TIME, 67},
        {"published", W_TIME, 70},    /* Okta */
        {"CreationTime", W_TIME, 66}, /* Microsoft 365 */
        {"CreationDate", W_TIME, 65},
        {"id.time", W_TIME, 70}, /* Google Workspace */
        {"Timestamp", W_TIME, 64},
        {"timestamp", W_TIME, 64}, /* Suricata EVE, Google Cloud, Wazuh */
        {"ts", W_TIME, 64},        /* Zeek */
        {"time", W_TIME, 63},
        {"receiveTimestamp", W_TIME, 50},
        {"unixTime", W_TIME, 62},
        {"event.created", W_TIME, 60},
        {"event.start", W_TIME, 61},
        {"datetime", W_TIME, 58},
        {"DateTime", W_TIME, 58},
        {"EventTime", W_TIME, 55},
        {"EventReceivedTime", W_TIME, 40},
        {"_time", W_TIME, 57},
        {"eventtime", W_TIME,
         65},               /* FortiGate: epoch in ns, beside date= and time= without a zone */
        {"rt", W_TIME, 64}, /* CEF */
        {"start", W_TIME, 45},
        {"devTime", W_TIME, 64}, /* LEEF */
        {"date", W_TIME, RANK_DATE},
        {"Date", W_TIME, RANK_DATE},
        {"tz", W_ZONE, 1},

        /* ---- host ---- */
        {"Computer", W_HOST, 90},
        {"System.Computer", W_HOST, 91},
        {"Event.System.Computer", W_HOST, 91},
        {"winlog.computer_name", W_HOST, 88},
        {"win.system.computer", W_HOST, 88},
        {"computer_name", W_HOST, 85},
        {"ComputerName", W_HOST, 85},
        {"MachineName", W_HOST, 84},
        {"Hostname", W_HOST, 80},
        {"hostname", W_HOST, 80},
        {"HostName", W_HOST, 80},
        {"_HOSTNAME", W_HOST, 79},
        {"node", W_HOST, 78},
        {"host.name", W_HOST, 75},
        {"host.hostname", W_HOST, 74},
        {"host", W_HOST, 70},
        {"Host", W_HOST, 40},
        {"agent.hostname", W_HOST, 60},
        {"agent.name", W_HOST, 55},
        {"beat.hostname", W_HOST, 54},
        {"observer.hostname", W_HOST, 53},
        {"observer.name", W_HOST, 52},
        {"DeviceName", W_HOST, 66},
        {"dvchost", W_HOST, 66},
        {"devname", W_HOST, 66},
        {"deviceHostName", W_HOST, 66},
        {"identHostName", W_HOST, 58},
        {"shost", W_HOST, 20},
        {"hostIdentifier", W_HOST, 66},
        {"sensor_name", W_HOST, 50},
        {"cs-host", W_HOST, 20},
        {"s-computername", W_HOST, 80},
        {"resource.labels.instance_id", W_HOST, 30},

        /* ---- user ---- */
        {"SubjectUserName", W_USER, 90},
        {"EventData.SubjectUserName", W_USER, 90},
        {"Event.EventData.SubjectUserName", W_USER, 90},
        {"winlog.event_data.SubjectUserName", W_USER, 90},
        {"win.eventdata.subjectUserName", W_USER, 90},
        {"User", W_USER, 85},
        {"EventData.User", W_USER, 85},
        {"Event.EventData.User", W_USER, 85},
        {"winlog.event_data.User", W_USER, 85},
        {"win.eventdata.user", W_USER, 85},
        {"TargetUserName", W_USER_TARGET, 80},
        {"EventData.TargetUserName", W_USER_TARGET, 80},
        {"Event.EventData.TargetUserName", W_USER_TARGET, 80},
        {"winlog.event_data.TargetUserName", W_USER_TARGET, 80},
        {"win.eventdata.targetUserName", W_USER_TARGET, 80},
        {"SourceUser", W_USER, 78},
        {"UserName", W_USER, 76},
        {"AccountName", W_USER, 60},
        {"user.name", W_USER, 75},
        {"user", W_USER, 74},
        {"username", W_USER, 74},
        {"AUID", W_USER, 72}, /* enriched audit: the login's user, whatever it became since */
        {"acct", W_USER, 71},
        {"UID", W_USER, 50},
        {"auid", W_USER, 49},
        {"userIdentity.userName", W_USER, 73},
        {"userIdentity.sessionContext.sessionIssuer.userName", W_USER, 72},
        {"userIdentity.arn", W_USER, 40},
        {"user.username", W_USER, 73}, /* Kubernetes audit */
        {"actor.alternateId", W_USER, 73},
        {"actor.email", W_USER, 73},
        {"UserId", W_USER, 70},
        {"UserPrincipalName", W_USER, 70},
        {"userPrincipalName", W_USER, 70},
        {"properties.userPrincipalName", W_USER, 70},
        {"initiatedBy.user.userPrincipalName", W_USER, 70},
        {"properties.initiatedBy.user.userPrincipalName", W_USER, 69},
        {"protoPayload.authenticationInfo.principalEmail", W_USER, 73},
        {"AccountUpn", W_USER, 65},
        {"actor", W_USER, 60},
        {"suser", W_USER, 70},
        {"duser", W_USER, 65},
        {"usrName", W_USER, 70},
        {"cs-username", W_USER, 70},
        {"remote_user", W_USER, 70},
        {"dbuser", W_USER, 40},
        {"caller", W_USER, 60},
        {"SamAccountName", W_USER, 30},

        /* ---- which Windows event ---- */
        {"EventID", W_EVENT_ID, 1},
        {"EventId", W_EVENT_ID, 1},
        {"System.EventID", W_EVENT_ID, 1},
        {"System.EventID.#text", W_EVENT_ID, 1},
        {"Event.System.EventID", W_EVENT_ID, 1},
        {"Event.System.EventID.#text", W_EVENT_ID, 1},
        {"event_id", W_EVENT_ID, 1},
        {"winlog.event_id", W_EVENT_ID, 1},
        {"win.system.eventID", W_EVENT_ID, 1},
};

#define TABLE_SIZE 1024u /* a power of two, over four times ARRAY_LEN(known): probes stay short */
#define NAME_MAX_LEN 80u

static struct {
        bool ready;
        uint64_t lens[2]; /* bit per name length: most names are refused by this alone */
        uint8_t slot[TABLE_SIZE];
        uint8_t len[ARRAY_LEN(known)];
} table;

_Static_assert(ARRAY_LEN(known) < 255 && ARRAY_LEN(known) * 4 < TABLE_SIZE,
               "the table of names is too small");

static void table_make(void) {
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
                size_t len = strlen(known[i].name);
                uint64_t h = hash_bytes(known[i].name, len, 0);

                assert(len < NAME_MAX_LEN);
                table.len[i] = (uint8_t)len;
                table.lens[len / 64] |= UINT64_C(1) << len % 64;
                while (table.slot[h % TABLE_SIZE])
                        h++;
                table.slot[h % TABLE_SIZE] = (uint8_t)(i + 1);
        }
        table.ready = true;
}

static const struct known *lookup(const struct field *f) {
        const struct span source = SPAN("_source.");
        struct span name = span_of(f->name, f->name_len);

        if (name.len > source.len && *name.p == '_' && span_starts(name, source)) {
                name.p += source.len;
                name.len -= source.len;
        }
        if (name.len >= NAME_MAX_LEN || !(table.lens[name.len / 64] >> name.len % 64 & 1))
                return NULL;
        /* The key is fixed: every name of the table is ours, and a foreign one costs at most the
         * longest run. */
        for (uint64_t h = hash_bytes(name.p, name.len, 0);; h++) {
                unsigned i = table.slot[h % TABLE_SIZE];

                if (i == 0)
                        return NULL;
                if (table.len[i - 1] == name.len &&
                    memcmp(known[i - 1].name, name.p, name.len) == 0)
                        return &known[i - 1];
        }
}

/* The same for all events whose decoder says when a name's place tells the name. */
static inline const struct known *known_field(const struct event *e, const struct field *f) {
        static struct {
                uint64_t names;
                const char *p;
                const struct known *known;
        } seen[512];

        if (e->names == 0)
                return lookup(f);
        size_t k = hash_mix((uintptr_t)f->name, 0x9e3779b97f4a7c15u) % ARRAY_LEN(seen);
        if (seen[k].p != f->name || seen[k].names != e->names) {
                seen[k].names = e->names;
                seen[k].p = f->name;
                seen[k].known = lookup(f);
        }
        return seen[k].known;
}

/* Text of a field; does not use the arena where the value is text already. */
static struct span text(const struct field *f, struct arena *a) {
        if (f->type == V_STR || f->type == V_NUM || f->type == V_BOOL)
                return span_of(f->val, f->val_len);
        return value_text(f, a);
}

/* A count since the epoch in seconds, ms, µs or ns, told apart by its size: seconds until the year
 * 5138, from 1973 on for the others. */
static int64_t parse_epoch(struct span s) {
        uint64_t v = 0;
        size_t i = 0;

        while (i < s.len && i < 19 && s.p[i] >= '0' && s.p[i] <= '9')
                v = v * 10 + (uint64_t)(s.p[i++] - '0');
        if (i == 0)
                return TIME_NONE;
        if (v < UINT64_C(100000000000))
                return time_parse_epoch(s);
        uint64_t scale = v < UINT64_C(100000000000000)      ? 1000000
                         : v < UINT64_C(100000000000000000) ? 1000
                                                            : 1;
        size_t end = i;
        if (end < s.len && s.p[end] == '.')
                for (end++; end < s.len && s.p[end] >= '0' && s.p[end] <= '9';)
                        end++;
        int64_t ns;
        if (end != s.len || v > INT64_MAX ||
            __builtin_mul_overflow((int64_t)v, (int64_t)scale, &ns))
                return TIME_NONE;
        return ns;
}

/* "/Date(1599203171962)/", as older .NET serialisers write. */
static int64_t parse_dotnet(struct span s) {
        const struct span head = SPAN("/Date("), tail = SPAN(")/");

        if (!span_starts(s, head) || !span_ends(s, tail) || s.len < head.len + tail.len)
                return TIME_NONE;
        s = span_of(s.p + head.len, s.len - head.len - tail.len);
        int64_t ms = 0, ns;
        if (s.len == 0 || s.len > 15)
                return TIME_NONE;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return TIME_NONE;
                ms = ms * 10 + (s.p[i] - '0');
        }
        return __builtin_mul_overflow(ms, INT64_C(1000000), &ns) ? TIME_NONE : ns;
}

static bool number2(struct span *s, unsigned *ret) {
        unsigned v = 0;
        size_t i = 0;

        while (i < s->len && i < 4 && s->p[i] >= '0' && s->p[i] <= '9')
                v = v * 10 + (unsigned)(s->p[i++] - '0');
        if (i == 0)
                return false;
        s->p += i;
        s->len -= i;
        *ret = v;
        return true;
}

static bool take(struct span *s, char c) {
        if (!s->len || *s->p != c)
                return false;
        s->p++;
        s->len--;
        return true;
}

/* "8/15/2023 9:53:46 AM": month first, which the AM or PM says. Exports of PowerShell and of the
 * event viewer. */
static int64_t parse_us(struct span s, int zone_sec) {
        unsigned mo, d, y, h, mi, sec = 0;

        if (!number2(&s, &mo) || !take(&s, '/') || !number2(&s, &d) || !take(&s, '/') ||
            !number2(&s, &y) || !take(&s, ' ') || !number2(&s, &h) || !take(&s, ':') ||
            !number2(&s, &mi))
                return TIME_NONE;
        if (take(&s, ':') && !number2(&s, &sec))
                return TIME_NONE;
        if (!take(&s, ' ') || s.len != 2 || h < 1 || h > 12 || ascii_lower(s.p[1]) != 'm')
                return TIME_NONE;
        char half = ascii_lower(*s.p);
        if (half != 'a' && half != 'p')
                return TIME_NONE;
        int64_t t = time_make(y, mo, d, h % 12 + (half == 'p' ? 12 : 0), mi, sec, 0);
        if (t == TIME_NONE || __builtin_sub_overflow(t, zone_sec * NS_PER_SEC, &t))
                return TIME_NONE;
        return t;
}

static int64_t parse_time(const struct field *f, int zone_sec, struct arena *a) {
        uint64_t v;

        if (f->type == V_FILETIME) {
                if (f->val_len != sizeof(v))
                        return TIME_NONE;
                memcpy(&v, f->val, sizeof(v));
                return time_from_filetime(v);
        }
        struct span s = text(f, a);
        if (!s.p || s.len == 0)
                return TIME_NONE;
        s = span_trim(s);
        int64_t t = time_parse_iso(s, zone_sec);
        if (t != TIME_NONE)
                return t;
        if (span_ends(s, SPAN(" UTC")))
                return time_parse_iso(span_of(s.p, s.len - 4), 0);
        t = parse_epoch(s);
        if (t == TIME_NONE)
                t = parse_dotnet(s);
        if (t == TIME_NONE)
                t = parse_us(s, zone_sec);
        return t;
}

/* journald's times: always microseconds, however small. */
static int64_t parse_us_count(const struct field *f, struct arena *a) {
        struct span s = text(f, a);
        int64_t v = 0;

        if (!s.p || s.len == 0 || s.len > 18)
                return TIME_NONE;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return TIME_NONE;
                v = v * 10 + (s.p[i] - '0');
        }
        return __builtin_mul_overflow(v, INT64_C(1000), &v) ? TIME_NONE : v;
}

/* "2024-06-01" and "10:00:00" in fields of their own, perhaps with "+0700" in a third (FortiGate,
 * W3C as JSON). */
static int64_t from_parts(struct span date, struct span clock, struct span zone, int zone_sec) {
        char text[64];
        int n;

        date = span_trim(date);
        clock = span_trim(clock);
        zone = span_trim(zone);
        if (date.len != 10 || clock.len < 5 || clock.len > 20 || clock.p[2] != ':' || zone.len > 8)
                return TIME_NONE;
        n = snprintf(text, sizeof(text), "%.*sT%.*s%.*s", (int)date.len, date.p, (int)clock.len,
                     clock.p, (int)zone.len, zone.len ? zone.p : "");
        if (n != (int)(date.len + clock.len + zone.len) + 1) /* a NUL inside */
                return TIME_NONE;
        int64_t t = time_parse_iso(span_of(text, (size_t)n), zone_sec);
        if (t == TIME_NONE && zone.len) /* a zone that is no offset */
                t = time_parse_iso(span_of(text, (size_t)n - zone.len), zone_sec);
        return t;
}

int64_t event_time(const struct event *e, const struct decode_options *o, struct arena *a) {
        const struct field *date = NULL, *clock = NULL, *zone = NULL;
        int zone_sec = o ? o->zone_sec : 0;
        int64_t best = TIME_NONE;
        unsigned rank = 0;

        if (e->time != TIME_NONE)
                return e->time;
        if (!table.ready)
                table_make();
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                const struct known *k = known_field(e, f);
                int64_t t;

                if (!k || k->what > W_ZONE)
                        continue;
                if (k->what == W_ZONE)
                        zone = f;
                else if (k->rank == RANK_DATE)
                        date = f;
                else if (f->name_len == 4 && memcmp(f->name, "time", 4) == 0)
                        clock = f;
                if (k->what == W_ZONE || k->rank < rank)
                        continue;
                t = k->what == W_TIME_US ? parse_us_count(f, a) : parse_time(f, zone_sec, a);
                if (t == TIME_NONE)
                        continue;
                best = t;
                rank = k->rank;
        }
        if (date && clock && rank <= RANK_DATE) {
                int64_t t = from_parts(text(date, a), text(clock, a),
                                       zone ? text(zone, a) : SPAN_NONE, zone_sec);
                if (t != TIME_NONE)
                        best = t;
        }
        return best;
}

/* Events that are about the account that logs on (or fails to), not about the one that reports it.
 */
static bool logon_event(int64_t id) {
        switch (id) {
        case 4624:
        case 4625:
        case 4626:
        case 4627:
        case 4634:
        case 4647:
        case 4768:
        case 4769:
        case 4770:
        case 4771:
        case 4772:
        case 4773:
        case 4776:
        case 4777:
        case 4778:
        case 4779:
        case 4800:
        case 4801:
        case 4802:
        case 4803:
        case 4964: return true;
        default: return false;
        }
}

static bool usable(struct span s) {
        return s.p && s.len && !(s.len == 1 && (*s.p == '-' || *s.p == '?')) &&
               !span_eq(s, SPAN("N/A")) && !span_eq(s, SPAN("(unknown)")) &&
               !span_eq(s, SPAN("unset")) && !span_eq(s, SPAN("4294967295"));
}

static int64_t small_number(struct span s) {
        int64_t v = 0;

        if (!s.p || s.len == 0 || s.len > 9)
                return -1;
        for (size_t i = 0; i < s.len; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return -1;
                v = v * 10 + (s.p[i] - '0');
        }
        return v;
}

struct span event_host(const struct event *e, struct arena *a) {
        struct span best = SPAN_NONE;
        unsigned rank = 0;

        if (!table.ready)
                table_make();
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                const struct known *k = known_field(e, f);

                if (!k || k->what != W_HOST || k->rank < rank)
                        continue;
                /* An audit record's hostname is the other side's. */
                if (e->kind == EVENT_AUDITD && !(f->name_len == 4 && *f->name == 'n'))
                        continue;
                struct span s = text(f, a);
                if (!usable(s))
                        continue;
                best = s;
                rank = k->rank;
        }
        return best;
}

struct span event_user(const struct event *e, struct arena *a) {
        struct span best = SPAN_NONE, target = SPAN_NONE;
        unsigned rank = 0, target_rank = 0;
        int64_t id = e->kind == EVENT_WINDOWS ? e->key2 : -1;

        if (!table.ready)
                table_make();
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                const struct known *k = known_field(e, f);

                if (!k || k->what < W_USER)
                        continue;
                if (k->what == W_EVENT_ID) {
                        if (id < 0)
                                id = small_number(text(f, a));
                        continue;
                }
                if (k->rank < (k->what == W_USER ? rank : target_rank))
                        continue;
                struct span s = text(f, a);
                if (!usable(s))
                        continue;
                if (k->what == W_USER) {
                        best = s;
                        rank = k->rank;
                } else {
                        target = s;
                        target_rank = k->rank;
                }
        }
        if (target.p && (!best.p || logon_event(id) || target_rank > rank))
                return target;
        return best;
}
