/* Regimes: the shipped ones are sound and say what the law's table says; faults are told where they are;
 * clocks, tests and severities. */
#include "rules/regime.h"

#include <fcntl.h>

#include "check.h"
#include "desk/regime.h"
#include "os/os.h"

static struct buf json, said;

static struct regimes *shipped(void) {
        static const char *const files[] = {"vn-2026", "vn-2017"};
        struct regimes *r = NULL;

        json.limit = said.limit = (size_t)8 << 20;
        buf_reset(&json);
        buf_reset(&said);
        buf_char(&json, '[');
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                char path[512], *text = NULL;
                size_t len = 0;

                snprintf(path, sizeof(path), TEST_CONTENT "/regimes/%s/regime.yml", files[i]);
                int fd = os_open(path, O_RDONLY, 0);
                check(fd >= 0 && os_read_fd(fd, (size_t)1 << 20, &text, &len) == 0);
                os_close(fd);
                if (i)
                        buf_char(&json, ',');
                int e = regime_read(span_str(files[i]), span_of(text, len), &json, &said);
                if (said.len)
                        printf("# %.*s\n", (int)said.len, said.p);
                free(text);
                check(e == 0 && said.len == 0);
        }
        buf_char(&json, ']');
        check(regimes_open(&r, buf_get(&json)) == 0);
        check_int(regime_count(r), 2);
        return r;
}

/* ---- facts of a test: those named are yes, those behind '!' no ---- */

static enum fact fact_named(void *ctx, const char *id) {
        const char *s = ctx;

        while (*s) {
                size_t n = strcspn(s, " ");
                bool no = *s == '!';
                if (strlen(id) == n - no && strncmp(s + no, id, n - no) == 0)
                        return no ? FACT_NO : FACT_YES;
                s += n + (s[n] == ' ');
        }
        return FACT_UNKNOWN;
}

static struct facts facts(const char *s) {
        return (struct facts){fact_named, (void *)s};
}

static int64_t at(const char *s) {
        int64_t t = time_parse_iso(span_str(s), 0);
        check(t != TIME_NONE);
        return t;
}

static struct regime_clock clock_of(const json_t *regime, const char *id, const char *what,
                                    int64_t since) {
        struct facts f = facts(what);
        struct regime_clock c;

        for (size_t i = 0; regime_clock(regime, i, at("2026-11-17T17:41:00Z"), since, &f, &c); i++)
                if (strcmp(c.id, id) == 0)
                        return c;
        check(!"no such clock");
        return c;
}

static void law_of_the_day(void) {
        _cleanup_(regimes_freep) struct regimes *r = shipped();

        check(regime_at(r, at("2026-06-30T16:59:59Z")) == regime_get(r, "vn-2017"));
        check(regime_at(r, at("2026-06-30T17:00:00Z")) ==
              regime_get(r, "vn-2026")); /* 1 July in Hanoi */
        check(regime_at(r, at("2016-01-01T00:00:00Z")) == NULL);
        check(regime_get(r, "fr-2026") == NULL);
}

static void deadlines(void) {
        _cleanup_(regimes_freep) struct regimes *r = shipped();
        const json_t *vn = regime_get(r, "vn-2026"), *old = regime_get(r, "vn-2017");
        struct regime_clock c;

        c = clock_of(vn, "initial", "serious", TIME_NONE);
        check(c.state == CLOCK_RUNS);
        check_int(c.due, at("2026-11-18T17:41:00Z"));
        check_int(c.warn, at("2026-11-18T15:17:00Z")); /* a tenth of 24 h is left */
        check(strcmp(c.report, "initial") == 0 && strcmp(c.to, "agency") == 0);
        check(clock_of(vn, "initial", "!serious", TIME_NONE).state == CLOCK_NOT);
        /* Not decided: it counts, and is called so. */
        c = clock_of(vn, "initial", "", TIME_NONE);
        check(c.state == CLOCK_MAYBE);
        check_int(c.due, at("2026-11-18T17:41:00Z"));
        check_int(clock_of(vn, "findings", "serious", TIME_NONE).due, at("2026-11-20T17:41:00Z"));
        check_int(clock_of(vn, "personal", "personal_data", TIME_NONE).due,
                  at("2026-11-20T17:41:00Z"));
        c = clock_of(vn, "at-once", "!security_signs serious_interruption", TIME_NONE);
        check(c.state == CLOCK_RUNS);
        check_int(c.due, at("2026-11-17T18:41:00Z"));
        check(clock_of(vn, "at-once", "!security_signs !serious_interruption", TIME_NONE).state ==
              CLOCK_NOT);
        check_int(clock_of(old, "initial", "", TIME_NONE).due, at("2026-11-22T17:41:00Z"));
        check(clock_of(old, "final", "", TIME_NONE).state == CLOCK_NOT);
        c = clock_of(old, "final", "completed", at("2026-12-01T00:00:00Z"));
        check(c.state == CLOCK_RUNS);
        check_int(c.due, at("2026-12-06T00:00:00Z"));
}

static void serious(void) {
        _cleanup_(regimes_freep) struct regimes *r = shipped();
        const json_t *vn = regime_get(r, "vn-2026");
        static const struct {
                const char *facts;
                enum fact is;
        } cases[] = {
                {"", FACT_UNKNOWN},
                {"security_signs", FACT_YES},
                {"!security_signs !serious_interruption !critical_system", FACT_NO},
                {"!security_signs !serious_interruption critical_system control_lost",
                 FACT_UNKNOWN},
                {"!security_signs !serious_interruption critical_system control_lost beyond_owner",
                 FACT_YES},
                {"!security_signs !serious_interruption critical_system control_lost !beyond_owner",
                 FACT_NO},
                {"!security_signs critical_system control_lost !beyond_owner", FACT_UNKNOWN},
        };

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct facts f = facts(cases[i].facts);
                check_int(regime_serious(vn, &f), cases[i].is);
        }
        check(regime_known(regime_entry(vn, "questions", "critical_system"), 4) == FACT_YES);
        check(regime_known(regime_entry(vn, "questions", "critical_system"), 3) == FACT_NO);
        check(regime_known(regime_entry(vn, "questions", "critical_system"), 0) == FACT_UNKNOWN);
        check(regime_known(regime_entry(vn, "questions", "control_lost"), 4) == FACT_UNKNOWN);
}

static void periodic(void) {
        _cleanup_(regimes_freep) struct regimes *r = shipped();
        const json_t *vn = regime_get(r, "vn-2026");
        const char *id;
        int64_t due;

        check(regime_periodic(vn, 0, at("2026-11-23T00:00:00Z"), &id, &due));
        check_span(span_str(id), "annual-owner");
        check_int(due, at("2026-12-19T17:00:00Z")); /* the 20th begins in Hanoi */
        check(regime_periodic(vn, 0, at("2026-12-19T17:00:00Z"), &id, &due));
        check_int(due, at("2027-12-19T17:00:00Z"));
        check(!regime_periodic(vn, 2, 0, &id, &due));
}

static void severities(void) {
        _cleanup_(regimes_freep) struct regimes *r = shipped();
        const json_t *vn = regime_get(r, "vn-2026");

        check_span(span_str(regime_severity(vn, 3, "grave")), "critical");
        check_span(span_str(regime_severity(vn, 1, "none")), "info");
        check(regime_severity(vn, 6, "none") == NULL && regime_severity(vn, 0, "none") == NULL);
        check(regime_severity(vn, 3, "huge") == NULL);
}

/* ---- faults ---- */

/* The shipped file with one piece replaced must be refused, and the line told. */
static void refused(const char *old, const char *by, const char *says) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)1 << 20}, out = {0};
        char *text = NULL;
        size_t len = 0;
        int fd = os_open(TEST_CONTENT "/regimes/vn-2026/regime.yml", O_RDONLY, 0);

        said.limit = (size_t)1 << 20;
        buf_reset(&said);
        check(fd >= 0 && os_read_fd(fd, (size_t)1 << 20, &text, &len) == 0);
        os_close(fd);
        char *found = memmem(text, len, old, strlen(old));
        check(found);
        buf_add(&b, text, (size_t)(found - text));
        buf_str(&b, by);
        buf_add(&b, found + strlen(old), len - (size_t)(found - text) - strlen(old));
        free(text);
        check_int(regime_read(SPAN("x.yml"), buf_get(&b), &out, &said), REGIME_E_BAD);
        check(out.len == 0);
        buf_char(&said, '\0');
        if (!strstr(said.p, says))
                printf("# said: %s\n", said.p);
        check(strstr(said.p, says) && strstr(said.p, "x.yml:"));
}

static void faults_are_told(void) {
        refused("within: 24h", "witin: 24h", "unknown key");
        refused("within: 24h", "witin: 24h", "within: this key is missing");
        refused("within: 24h", "within: soon", "a time is wanted");
        refused("report: initial", "report: unknown", "no report has this id");
        refused("    official: false", "    must: [year]\n    official: false",
                "the form has no such field");
        refused("    official: false", "    to: nobody\n    official: false",
                "this name is not defined");
        refused("    status: reported\n    official", "    official",
                "status: this key is missing");
        refused("when: [personal_data]", "when: [personal-data]", "no question has this id");
        refused("to: agency", "to: nobody", "this name is not defined");
        refused("from: 2026-07-01", "from: 2026-13-01", "a date is wanted");
        refused("before: 12-20", "before: 12-32", "month and day are wanted");
        refused("- {id: denial,", "- {id: malware,", "stands twice");
        refused("    - [info, low, medium, high]\n", "", "a row for each level");
        refused("official: false", "official: maybe", "true or false");
        refused("status: reported", "status: sure", "checked|reported|remembered");
        refused("fields: [number,", "fields: [numbr,", "this name is not defined");
        refused("any: [secret_disclosed,", "some: [secret_disclosed,", "a fact is wanted");
        refused("id: vn-2026", "id: [", "x.yml:");
}

int main(void) {
        RUN(law_of_the_day);
        RUN(deadlines);
        RUN(serious);
        RUN(periodic);
        RUN(severities);
        RUN(faults_are_told);
        buf_deinit(&json);
        buf_deinit(&said);
        return check_done();
}
