/* Alerts that are older than the configuration keeps them (retention.alerts in days) go, oldest first, with
 * their fields and the hourly counts of that age; never silently: each time is a row in the audit log. What
 * is in an incident stays as long as that, and an alert's age counts from when something last joined it,
 * by the node's own clock, so that an import of old events is not gone at once. Verdicts stay, within their own
 * limit (desk.c): they keep what was said from being said again. A few at a time, so that nobody waits. */
#include "desk/desk_impl.h"

#include "base/timestamp.h"
#include "desk/sql.h"

#define AT_ONCE 500u
#define AGAIN_NS (INT64_C(2) * NS_PER_SEC)
#define EVERY_NS (INT64_C(3600) * NS_PER_SEC)
#define HOUR_NS EVERY_NS
#define DAY_NS (24 * HOUR_NS)

/* The time of the last event is in an index. The latest, of drills and of what is real, stay: their
 * numbers must not be given again. */
static const char old[] = "SELECT a.id FROM alert a WHERE a.last<?1 AND a.updated<?1 AND NOT EXISTS"
                          " (SELECT 1 FROM incident_alert x WHERE x.alert=a.id)"
                          " AND a.id<>(SELECT max(id) FROM alert)"
                          " AND a.id<>(SELECT ifnull(max(id),0) FROM alert WHERE id<1000000000)"
                          " ORDER BY a.last LIMIT ?2";

static int find_old(struct desk *d, int64_t before, int64_t *to, uint32_t *ret_n) {
        _cleanup_(sql_endp) struct sql_rows *q = NULL;
        int r = sql_rows(state_sql(d->state), &q, old, "Ti", before, (int64_t)AT_ONCE);

        *ret_n = 0;
        if (r < 0)
                return r;
        while (*ret_n < AT_ONCE && (r = sql_next(q)) == 1)
                to[(*ret_n)++] = sql_int(q, 0);
        return MIN(r, 0);
}

static int note(struct desk *d, const int64_t *ids, uint32_t n, int64_t before) {
        int64_t lowest = ids[0], highest = ids[0];
        char about[64], detail[160], date[40];

        for (uint32_t i = 1; i < n; i++) {
                lowest = MIN(lowest, ids[i]);
                highest = MAX(highest, ids[i]);
        }
        date[time_format(date, before, 0)] = '\0';
        snprintf(about, sizeof(about), "%u alerts", n);
        snprintf(detail, sizeof(detail),
                 "numbers %lld to %lld, untouched since %s; retention.alerts: %u",
                 (long long)lowest, (long long)highest, date, d->o.alert_days);
        return state_audit(d->state, d->wall, "node", "alerts.removed", span_str(about),
                           span_str(detail));
}

int alerts_prune(struct desk *d) {
        int64_t before = d->wall - (int64_t)d->o.alert_days * DAY_NS;
        struct sql *sql = state_sql(d->state);
        int64_t ids[AT_ONCE];
        uint32_t n;

        if (!d->o.alert_days || d->mono < d->prune_alerts)
                return 0;
        d->prune_alerts = d->mono + EVERY_NS;
        int r = find_old(d, before, ids, &n);
        if (r == 0)
                r = sql_do(sql, "DELETE FROM counted WHERE hour<?1", "i", before / HOUR_NS);
        if (r < 0 || n == 0)
                return r;
        for (uint32_t i = 0; i < n && r == 0; i++) {
                r = sql_do(sql, "DELETE FROM fields WHERE alert=?1", "i", ids[i]);
                if (r == 0)
                        r = sql_do(sql,
                                   "INSERT INTO triage_words(triage_words, rowid, words)"
                                   " SELECT 'delete', alert, words FROM triage WHERE alert=?1",
                                   "i", ids[i]);
                if (r == 0)
                        r = sql_do(sql, "DELETE FROM triage WHERE alert=?1", "i", ids[i]);
                if (r == 0)
                        r = sql_do(sql, "DELETE FROM alert WHERE id=?1", "i", ids[i]);
        }
        alerts_forget(d, before);
        d->st.alerts_removed += n;
        if (n == AT_ONCE)
                d->prune_alerts = d->mono + AGAIN_NS;
        return r == 0 ? note(d, ids, n, before) : r;
}
