/* Log sources as people see them. What ingest counts lies in a shared page (wire/counters.h); it is copied into a temporary
 * table, in memory, at most once a second, so that this list filters, sorts and pages as all others do. A source belongs to
 * the system that names it (tables_systems.c); one that none names is seen by who may see all. */
#include <stdlib.h>

#include "desk/api_impl.h"
#include "desk/desk_impl.h"
#include "desk/sources.h"
#include "wire/counters.h"

#define FRESH_NS NS_PER_SEC
#define RATE_NS (60 * NS_PER_SEC) /* a rate is over this long, or what there was of it */
#define UNKNOWN_ID INT64_C(1000000000)

struct seen_sources {
        struct counters_page page;                  /* a copy */
        int64_t filled;                             /* mono; 0: never */
        int64_t since, before;                      /* of the samples, mono */
        uint64_t received[COUNTERS_SOURCES_MAX][2]; /* then, and one earlier */
        bool table;
};

void desk_counters(struct desk *d, const struct counters_page *page) {
        d->counters = page;
}

void seen_sources_free(struct seen_sources *s) {
        free(s);
}

static int make_table(struct seen_sources *s, struct sql *db) {
        int r = s->table ? 0
                         : sql_do(db,
                                  "CREATE TEMP TABLE IF NOT EXISTS source_now(id INTEGER PRIMARY "
                                  "KEY,"
                                  " name TEXT, state TEXT, last_seen INTEGER, silent_since INTEGER,"
                                  " rate REAL, received INTEGER, bytes INTEGER, refused INTEGER,"
                                  " malformed INTEGER, truncated INTEGER, duplicates INTEGER,"
                                  " unread INTEGER)",
                                  "");

        s->table = r == 0;
        return r == 0 ? sql_do(db, "DELETE FROM source_now", "") : r;
}

static int64_t number(uint64_t v) {
        return (int64_t)MIN(v, (uint64_t)INT64_MAX);
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
                "?10,?11,?12,?13)",
                "issTTsiiiiiii", c->id ? (int64_t)c->id : UNKNOWN_ID, c->name,
                !c->last_seen ? "never"
                : c->silent   ? "silent"
                              : "sending",
                c->last_seen ? c->last_seen : TIME_NONE,
                c->silent && c->last_seen ? c->last_seen : TIME_NONE, seconds > 0 ? text : NULL,
                received, number(c->bytes), number(c->refused + c->limited), number(c->malformed),
                number(c->truncated), number(c->duplicates), number(c->unread));
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
        r = make_table(s, c->db);
        if (r < 0)
                return r;
        s->filled = MAX(mono, 1);
        if (!d->counters || !counters_copy(d->counters, &s->page))
                return 0;
        take_samples(s, mono);
        for (uint32_t i = 0; i < s->page.n_sources && r == 0; i++)
                if (s->page.sources[i].id || s->page.sources[i].received)
                        r = add(s, c->db, i, (double)(mono - s->before) / 1e9);
        return r;
}

static int sources_list(struct api_call *c) {
        static const char *const columns[] = {
                "n.id",         "n.name",   "n.state",     "s.id",           "s.name",
                "s.unit",       "u.name",   "n.last_seen", "n.silent_since", "n.rate",
                "n.received",   "n.bytes",  "n.refused",   "n.malformed",    "n.truncated",
                "n.duplicates", "n.unread", NULL};
        const struct api_list_spec l = {
                .shape = c->op->answer,
                .columns = columns,
                .from = FROM_SOURCES,
                .id = "n.id",
                .search = {"n.name", "s.name"},
                .unit = "ifnull(s.unit,1)",
        };
        int r = sources_fresh(c);

        return r < 0 ? r : api_list(c, &l);
}

extern const struct api_binding api_sources_bindings[];
const struct api_binding api_sources_bindings[] = {
        {"sources.list", sources_list},
        {0},
};
