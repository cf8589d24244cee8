/* Log sources as people see them. What ingest counts lies in a shared page (wire/counters.h); it is copied into a temporary
 * table, in memory, at most once a second, so that this list filters, sorts and pages as all others do. A source belongs to
 * the system that names it (tables_systems.c); one that none names is seen by who may see all.
 *
 * Whoever works on one says so beforehand (table maintenance): until a time its silence raises no alert, is shown as
 * maintenance, and is counted. If it is silent still when the time is over, the alert comes then. */
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/settings.h"
#include "desk/sources.h"
#include "wire/counters.h"

#define FRESH_NS NS_PER_SEC
#define RATE_NS (60 * NS_PER_SEC) /* a rate is over this long, or what there was of it */
#define USUAL_RECORDS 10
#define LOOK_NS (10 * NS_PER_SEC) /* for maintenance that is over */
#define UNKNOWN_ID INT64_C(1000000000)

struct seen_sources {
        struct counters_page page;                  /* a copy */
        int64_t filled;                             /* mono; 0: never */
        int64_t since, before;                      /* of the samples, mono */
        uint64_t received[COUNTERS_SOURCES_MAX][2]; /* then, and one earlier */
        int64_t looked; /* mono: for maintenance that is over; 0: at once */
};

void desk_counters(struct desk *d, const struct counters_page *page) {
        d->counters = page;
}

void seen_sources_free(struct seen_sources *s) {
        free(s);
}

/* Each time, as a request that was refused took back what it had made. */
static int make_table(struct sql *db) {
        int r = sql_do(db,
                       "CREATE TEMP TABLE IF NOT EXISTS source_now(id INTEGER PRIMARY KEY,"
                       " name TEXT, state TEXT, last_seen INTEGER, silent_since INTEGER,"
                       " rate REAL, received INTEGER, bytes INTEGER, refused INTEGER,"
                       " malformed INTEGER, truncated INTEGER, duplicates INTEGER,"
                       " unread INTEGER, usual INTEGER, silent_after INTEGER,"
                       " m_since INTEGER, m_until INTEGER, m_reason TEXT, m_by INTEGER)",
                       "");

        return r == 0 ? sql_do(db, "DELETE FROM source_now", "") : r;
}

static int64_t number(uint64_t v) {
        return (int64_t)MIN(v, (uint64_t)INT64_MAX);
}

/* Seconds from one record to the next, over all that is counted; 0: too few came to tell. */
static int64_t usual_of(const struct seen_sources *s, const struct source_counters *c) {
        int64_t n = number(c->received), took = (c->last_seen - s->page.started) / NS_PER_SEC;

        return n < USUAL_RECORDS || took <= 0 ? 0 : MAX(took / n, 1);
}

static int add(struct seen_sources *s, struct sql *db, uint32_t i, double seconds) {
        const struct source_counters *c = &s->page.sources[i];
        int64_t received = number(c->received);
        double rate = (double)(received - number(s->received[i][1])) / MAX(seconds, 1);
        char text[32];

        snprintf(text, sizeof(text), "%.2f", MAX(rate, 0));
        return sql_do(
                db,
                "INSERT OR IGNORE INTO source_now VALUES(?1,?2,?3,?4,?5,CAST(?6 AS REAL),?7,?8,?9,"
                "?10,?11,?12,?13,nullif(?14,0),nullif(?15,0),NULL,NULL,NULL,NULL)",
                "issTTsiiiiiiiii", c->id ? (int64_t)c->id : UNKNOWN_ID, c->name,
                !c->last_seen ? "never"
                : c->silent   ? "silent"
                              : "sending",
                c->last_seen ? c->last_seen : TIME_NONE,
                c->silent && c->last_seen ? c->last_seen : TIME_NONE, seconds > 0 ? text : NULL,
                received, number(c->bytes), number(c->refused + c->limited), number(c->malformed),
                number(c->truncated), number(c->duplicates), number(c->unread), usual_of(s, c),
                number(c->silent_after));
}

/* What is silent on purpose. */
static int mark_maintenance(struct sql *db, int64_t now) {
        return sql_do(
                db,
                "UPDATE source_now SET m_since=m.since, m_until=m.until, m_reason=m.reason,"
                " m_by=m.by, state=iif(state='sending',state,'maintenance')"
                " FROM maintenance m WHERE m.over=0 AND m.until>?1 AND m.source=source_now.name",
                "i", now);
}

static void take_samples(struct seen_sources *s, int64_t mono) {
        if (s->since && mono - s->since < RATE_NS)
                return;
        for (uint32_t i = 0; i < s->page.n_sources; i++) {
                s->received[i][1] = s->since ? s->received[i][0] : s->page.sources[i].received;
                s->received[i][0] = s->page.sources[i].received;
        }
        s->before = s->since ? s->since : mono;
        s->since = mono;
}

int sources_fresh(struct api_call *c) {
        struct desk *d = c->desk;
        int64_t mono = desk_api(d)->mono;
        int r;

        if (!d->sources)
                d->sources = calloc(1, sizeof(*d->sources));
        struct seen_sources *s = d->sources;
        if (!s)
                return FAIL(-ENOMEM);
        if (s->filled && mono - s->filled < FRESH_NS)
                return 0;
        r = make_table(c->db);
        if (r < 0)
                return r;
        s->filled = c->op->method == API_GET ? MAX(mono, 1) : 0; /* else it may be taken back */
        if (!d->counters || !counters_copy(d->counters, &s->page))
                return 0;
        take_samples(s, mono);
        for (uint32_t i = 0; i < s->page.n_sources && r == 0; i++)
                if (s->page.sources[i].id || s->page.sources[i].received)
                        r = add(s, c->db, i, (double)(mono - s->before) / 1e9);
        return r == 0 ? mark_maintenance(c->db, c->now) : r;
}

static const char *const columns[] = {"n.id",
                                      "n.name",
                                      "n.state",
                                      "s.id",
                                      "s.name",
                                      "s.unit",
                                      "u.name",
                                      "n.last_seen",
                                      "n.silent_since",
                                      "n.rate",
                                      "n.received",
                                      "n.bytes",
                                      "n.refused",
                                      "n.malformed",
                                      "n.truncated",
                                      "n.duplicates",
                                      "n.unread",
                                      "n.usual",
                                      "n.silent_after",
                                      "n.m_since",
                                      "n.m_until",
                                      "n.m_reason",
                                      "(SELECT name FROM person WHERE id=n.m_by)",
                                      NULL};

static struct api_list_spec spec(const struct api_call *c) {
        return (struct api_list_spec){.shape = c->op->answer,
                                      .columns = columns,
                                      .from = FROM_SOURCES,
                                      .id = "n.id",
                                      .search = {"n.name", "s.name"},
                                      .unit = "ifnull(s.unit,1)"};
}

static int sources_list(struct api_call *c) {
        struct api_list_spec l = spec(c);
        int r = sources_fresh(c);

        return r < 0 ? r : api_list(c, &l);
}

/* ---- silent on purpose ---- */

/* The source of the request, for who may say such a thing of it. */
static int find(struct api_call *c, int64_t *ret_id) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sources_fresh(c);

        if (r == 0)
                r = sql_rows(c->db, &q,
                             "SELECT n.id, ifnull(s.unit,1) FROM " FROM_SOURCES " WHERE n.name=?1",
                             "t", api_text(c, "name"));
        if (r == 0)
                r = sql_next(q);
        if (r <= 0)
                return r < 0 ? r : api_missing(c);
        *ret_id = sql_int(q, 0);
        int64_t unit = sql_int(q, 1);
        q = sql_end(q);
        r = api_may(c, "sources.work", unit);
        if (r == 0) {
                struct span name = api_text(c, "name");

                snprintf(c->about, sizeof(c->about), "source %.*s", (int)name.len, name.p);
                api_tell(c, "source", *ret_id, unit);
        }
        return r;
}

/* The source as it is now. */
static int shown(struct api_call *c, int64_t id) {
        struct api_list_spec l = spec(c);
        int r;

        c->desk->sources->filled = 0;
        r = sources_fresh(c);
        return r < 0 ? r : api_detail(c, &l, id);
}

static int maintain(struct api_call *c) {
        int64_t until = api_time(c, "until"), hours = 0, id = 0;
        int r = setting_number(c->db, "maintenance_hours_max", &hours);

        if (r == 0)
                r = find(c, &id);
        if (r == 0 && (until <= c->now || until > c->now + hours * 3600 * NS_PER_SEC))
                r = api_fault_at(c, "until", "is past, or later than maintenance may last",
                                 "đã qua, hoặc vượt thời hạn bảo trì tối đa",
                                 "take a time within the limit of the settings",
                                 "chọn thời điểm trong giới hạn của cài đặt");
        if (r != 0)
                return r;
        r = sql_do(c->db,
                   "INSERT INTO maintenance(source,since,until,reason,by) VALUES(?1,?2,?3,?4,?5)"
                   " ON CONFLICT(source) WHERE over=0 DO UPDATE SET until=excluded.until,"
                   " reason=excluded.reason, by=excluded.by",
                   "tiitk", api_text(c, "name"), c->now, until, api_text(c, "reason"), c->who.id);
        return r < 0 ? r : shown(c, id);
}

static int resume(struct api_call *c) {
        int64_t id = 0;
        int r = find(c, &id);

        if (r != 0)
                return r;
        /* maintenance_tick() does the rest: what is silent still is said then */
        r = sql_do(c->db, "UPDATE maintenance SET until=?2 WHERE source=?1 AND over=0 AND until>?2",
                   "ti", api_text(c, "name"), c->now);
        if (r == 0 && sql_changes(c->db) == 0)
                return api_refuse(c, 409, "decided", "it is not under maintenance",
                                  "nguồn không trong thời gian bảo trì");
        c->desk->sources->looked = 0;
        return r < 0 ? r : shown(c, id);
}

int maintenance_holds(struct desk *d, struct span source) {
        int r = desk_begin(d);

        if (r == 0)
                r = sql_do(state_sql(d->state),
                           "UPDATE maintenance SET held=held+1 WHERE source=?1 AND over=0"
                           " AND until>?2",
                           "ti", source, d->wall);
        return r < 0 ? r : sql_changes(state_sql(d->state)) > 0;
}

/* One whose time is over: if it is silent still, that is said now. 1, 0: there is none, -errno. */
static int end_one(struct desk *d, int64_t wall) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        char name[SOURCE_NAME_MAX];
        bool silent = false;
        int r = sql_rows(state_sql(d->state), &q,
                         "SELECT id, source FROM maintenance WHERE over=0 AND until<=?1 LIMIT 1",
                         "i", wall);

        if (r == 0)
                r = sql_next(q);
        if (r != 1)
                return r;
        int64_t id = sql_int(q, 0);
        struct span s = sql_span(q, 1);
        snprintf(name, sizeof(name), "%.*s", (int)MIN(s.len, sizeof(name) - 1), s.p);
        q = sql_end(q);
        for (uint32_t i = 0; d->counters && i < d->counters->n_sources && i < COUNTERS_SOURCES_MAX;
             i++)
                if (strncmp(d->counters->sources[i].name, name, sizeof(name)) == 0)
                        silent = counter_get(&d->counters->sources[i].silent) != 0;
        d->wall = wall;
        r = desk_begin(d);
        if (r == 0)
                r = sql_do(state_sql(d->state), "UPDATE maintenance SET over=1 WHERE id=?1", "i",
                           id);
        if (r == 0 && silent)
                r = own_alert(d, OWN_SILENT_SOURCE, span_str(name),
                              SPAN("silent still, after its maintenance"), 0, wall, 1);
        return r < 0 ? r : 1;
}

int maintenance_tick(struct desk *d, int64_t mono, int64_t wall) {
        int r;

        if (!d->sources)
                d->sources = calloc(1, sizeof(*d->sources));
        if (!d->sources)
                return FAIL(-ENOMEM);
        if (d->sources->looked && mono - d->sources->looked < LOOK_NS)
                return 0;
        d->sources->looked = MAX(mono, 1);
        do
                r = end_one(d, wall);
        while (r == 1);
        return r;
}

extern const struct api_binding api_sources_bindings[];
const struct api_binding api_sources_bindings[] = {
        {"sources.list", sources_list},
        {"sources.maintain", maintain},
        {"sources.resume", resume},
        {0},
};
