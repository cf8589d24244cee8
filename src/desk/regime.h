/* The law as the desk uses it: questions, clocks, kinds, severities and forms of one or more regimes,
 * from the JSON that rules/regime.c makes (doc/regimes.md). Pure: no clock, no database. What was decided
 * under a regime keeps its name, so an incident goes on under the law it began under. */
#ifndef DESK_REGIME_H
#define DESK_REGIME_H

#include <jansson.h>

#include "base/buf.h"
#include "base/timestamp.h"

struct regimes;

/* An array of regimes as JSON; of those with one id the last counts. -EBADMSG: not that. */
int regimes_open(struct regimes **ret, struct span json);
struct regimes *regimes_free(struct regimes *r);
CLEANUP(regimes, regimes_free)

/* The regime of that id; NULL: none. Owned by `r`, as all that is got from it. */
const json_t *regime_get(const struct regimes *r, const char *id);
/* The one in force at a time (the later `from` wins); NULL: none. */
const json_t *regime_at(const struct regimes *r, int64_t time);
size_t regime_count(const struct regimes *r);
/* ns that its clocks are ahead of UTC. */
int64_t regime_zone(const json_t *regime);
const json_t *regime_nth(const struct regimes *r, size_t n); /* NULL: no more */

/* ---- facts ---- */

enum fact { FACT_UNKNOWN = 0, FACT_NO, FACT_YES };

/* Answers by question id, and "serious" as the person decided it; "always" is yes. */
struct facts {
        enum fact (*get)(void *ctx, const char *id);
        void *ctx;
};

/* Kleene's three values: unknown where the answers do not decide. */
enum fact regime_test(const json_t *test, const struct facts *f);
/* What the answers suggest for 'serious'. */
enum fact regime_serious(const json_t *regime, const struct facts *f);
/* What a fact is asked from without a person: "system.level>=4". FACT_UNKNOWN when it says nothing. */
enum fact regime_known(const json_t *question, int64_t system_level);

/* ---- clocks ---- */

enum clock_state {
        CLOCK_NOT = 0, /* the facts say it does not apply */
        CLOCK_MAYBE,   /* it may: counted, marked "if" */
        CLOCK_RUNS,
};
struct regime_clock {
        const json_t *rule; /* its entry */
        const char *id, *report, *to;
        enum clock_state state;
        int64_t begins, due; /* ns */
        int64_t warn; /* when it turns near: a tenth is left, or an hour, whichever is later */
};
/* The clock n of a regime for an incident detected at t0; `since`: when its `since` fact was answered
 * yes, TIME_NONE: it was not. false: there is no clock n. */
bool regime_clock(const json_t *regime, size_t n, int64_t t0, int64_t since, const struct facts *f,
                  struct regime_clock *ret);
/* The next time a periodic report n is due after `now` (end of the day before, in the regime's zone). */
bool regime_periodic(const json_t *regime, size_t n, int64_t now, const char **ret_id,
                     int64_t *ret_due);

/* ---- severity ---- */

/* "critical" … "info", by level 1–5 and harm; NULL: no such level or harm. */
const char *regime_severity(const json_t *regime, int64_t level, const char *harm);

/* Entry with that id of one of the regime's lists ("kinds", "reports", "questions"); NULL: none. */
const json_t *regime_entry(const json_t *regime, const char *list, const char *id);

#endif
