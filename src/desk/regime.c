/* See regime.h. The JSON comes from our own reader, which checked it by a table; what is read here is
 * still looked at before use, since a missing key must give "none", not a crash.
 *
 * A clock whose condition is not decided yet counts all the same (CLOCK_MAYBE): whoever answers the
 * questions late must not find that the time was not running. */
#include "desk/regime.h"

#include <stdlib.h>

#define HOUR_NS (INT64_C(3600) * NS_PER_SEC)
#define DAY_NS (INT64_C(24) * HOUR_NS)

struct regimes {
        json_t *list;
};

struct regimes *regimes_free(struct regimes *r) {
        if (r) {
                json_decref(r->list);
                free(r);
        }
        return NULL;
}

static const char *text(const json_t *o, const char *name) {
        return json_string_value(json_object_get(o, name));
}

/* Of those with one id the last stays. */
static void forget_earlier(json_t *list) {
        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *id = text(json_array_get(list, i), "id");
                bool again = false;

                for (size_t j = i + 1; id && j < json_array_size(list) && !again; j++) {
                        const char *other = text(json_array_get(list, j), "id");
                        again = other && strcmp(id, other) == 0;
                }
                if (again && json_array_remove(list, i--) < 0)
                        return;
        }
}

int regimes_open(struct regimes **ret, struct span json) {
        json_error_t e;
        json_t *list = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, &e);
        struct regimes *r = json_array_size(list) ? calloc(1, sizeof(*r)) : NULL;

        if (!r) {
                int error = json_array_size(list) ? -ENOMEM : -EBADMSG;
                json_decref(list);
                return FAIL(error);
        }
        forget_earlier(list);
        r->list = list;
        *ret = r;
        return 0;
}

/* Midnight of a date in the regime's zone. */
int64_t regime_zone(const json_t *regime) {
        const char *z = text(regime, "zone");

        if (!z || strlen(z) != 6)
                return 0;
        int64_t minutes = strtol(z + 1, NULL, 10) * 60 + strtol(z + 4, NULL, 10);
        return (z[0] == '-' ? -minutes : minutes) * 60 * NS_PER_SEC;
}

static int64_t date_ns(const json_t *regime, const char *key) {
        const char *s = text(regime, key);
        int64_t ns = s ? time_parse_iso(span_str(s), 0) : TIME_NONE;

        return ns == TIME_NONE ? TIME_NONE : ns - regime_zone(regime);
}

size_t regime_count(const struct regimes *r) {
        return json_array_size(r->list);
}

const json_t *regime_nth(const struct regimes *r, size_t n) {
        return json_array_get(r->list, n);
}

const json_t *regime_get(const struct regimes *r, const char *id) {
        const json_t *e;
        size_t i;

        json_array_foreach(r->list, i, e) {
                const char *name = text(e, "id");
                if (name && strcmp(name, id) == 0)
                        return e;
        }
        return NULL;
}

const json_t *regime_at(const struct regimes *r, int64_t time) {
        const json_t *e, *best = NULL;
        int64_t best_from = TIME_NONE;
        size_t i;

        json_array_foreach(r->list, i, e) {
                int64_t from = date_ns(e, "from"), until = date_ns(e, "until");

                if (from == TIME_NONE || time < from || (until != TIME_NONE && time >= until))
                        continue;
                if (!best || from > best_from) {
                        best = e;
                        best_from = from;
                }
        }
        return best;
}

const json_t *regime_entry(const json_t *regime, const char *list, const char *id) {
        const json_t *e;
        size_t i;

        json_array_foreach(json_object_get(regime, list), i, e) {
                const char *name = text(e, "id");
                if (name && strcmp(name, id) == 0)
                        return e;
        }
        return NULL;
}

/* ---- facts ---- */

static enum fact fact_of(const struct facts *f, const char *id) {
        return strcmp(id, "always") == 0 ? FACT_YES : f->get(f->ctx, id);
}

/* Yes when one is (any), no when one is not (all); else unknown if one is unknown. */
static enum fact of_many(const json_t *list, const struct facts *f, bool any) {
        enum fact stop = any ? FACT_YES : FACT_NO, all = any ? FACT_NO : FACT_YES;
        const json_t *e;
        size_t i;

        json_array_foreach(list, i, e) {
                enum fact v = regime_test(e, f);

                if (v == stop)
                        return stop;
                if (v == FACT_UNKNOWN)
                        all = FACT_UNKNOWN;
        }
        return all;
}

enum fact regime_test(const json_t *test, const struct facts *f) {
        const json_t *sub;

        if (json_is_string(test))
                return fact_of(f, json_string_value(test));
        if (json_is_array(test)) /* `when`: any of them */
                return of_many(test, f, true);
        sub = json_object_get(test, "any");
        if (sub)
                return of_many(sub, f, true);
        sub = json_object_get(test, "all");
        if (sub)
                return of_many(sub, f, false);
        sub = json_object_get(test, "not");
        if (!sub)
                return FACT_UNKNOWN;
        enum fact v = regime_test(sub, f);
        return v == FACT_YES ? FACT_NO : v == FACT_NO ? FACT_YES : FACT_UNKNOWN;
}

enum fact regime_serious(const json_t *regime, const struct facts *f) {
        return regime_test(json_object_get(json_object_get(regime, "serious"), "suggests"), f);
}

enum fact regime_known(const json_t *question, int64_t system_level) {
        static const char test[] = "system.level>=";
        const char *from = text(question, "from");

        if (!from || strncmp(from, test, sizeof(test) - 1) != 0 || system_level <= 0)
                return FACT_UNKNOWN;
        return system_level >= strtol(from + sizeof(test) - 1, NULL, 10) ? FACT_YES : FACT_NO;
}

/* ---- clocks ---- */

/* A question that is only asked if another is yes is "no" when that is. */
bool regime_clock(const json_t *regime, size_t n, int64_t t0, int64_t since, const struct facts *f,
                  struct regime_clock *ret) {
        const json_t *e = json_array_get(json_object_get(regime, "clocks"), n);

        if (!e)
                return false;
        enum fact v = regime_test(json_object_get(e, "when"), f);
        int64_t within = json_integer_value(json_object_get(e, "within")) * NS_PER_SEC;
        int64_t expect = json_integer_value(json_object_get(e, "expect")) * NS_PER_SEC;

        *ret = (struct regime_clock){.rule = e,
                                     .id = text(e, "id"),
                                     .report = text(e, "report"),
                                     .to = text(e, "to"),
                                     .state = v == FACT_YES  ? CLOCK_RUNS
                                              : v == FACT_NO ? CLOCK_NOT
                                                             : CLOCK_MAYBE,
                                     .begins = t0};
        if (json_object_get(e, "since")) {
                ret->begins = since;
                if (since == TIME_NONE)
                        ret->state = CLOCK_NOT; /* nothing to count from yet */
        }
        if (within == 0)
                within = expect;
        if (ret->begins == TIME_NONE) {
                ret->due = ret->warn = TIME_NONE;
                return true;
        }
        ret->due = ret->begins + within;
        ret->warn = ret->due - MAX(within / 10, HOUR_NS);
        return true;
}

/* "Before 20 December": until the end of the 19th. */
bool regime_periodic(const json_t *regime, size_t n, int64_t now, const char **ret_id,
                     int64_t *ret_due) {
        const json_t *e = json_array_get(json_object_get(regime, "periodic"), n);
        const char *before = e ? text(e, "before") : NULL;
        unsigned month, day;
        int64_t year;

        if (!before || strlen(before) != 5)
                return false;
        time_civil((now + regime_zone(regime)) / DAY_NS, &year, &month, &day);
        month = (unsigned)strtoul(before, NULL, 10);
        day = (unsigned)strtoul(before + 3, NULL, 10);
        *ret_id = text(e, "id");
        for (int64_t y = year;; y++) {
                *ret_due = time_days(y, month, day) * DAY_NS - regime_zone(regime);
                if (*ret_due > now)
                        return true;
        }
}

/* ---- severity ---- */

const char *regime_severity(const json_t *regime, int64_t level, const char *harm) {
        const json_t *s = json_object_get(regime, "severity");
        const json_t *e;
        size_t i;

        if (level < 1)
                return NULL;
        json_array_foreach(json_object_get(s, "harms"), i, e) {
                const char *id = text(e, "id");

                if (id && strcmp(id, harm) == 0)
                        return json_string_value(json_array_get(
                                json_array_get(json_object_get(s, "table"), (size_t)level - 1), i));
        }
        return NULL;
}
