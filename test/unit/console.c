/* console: the numbers as OpenMetrics, health, and heads of requests. */
#include "check.h"

#include "base/timestamp.h"
#include "console/pages.h"
#include "console/request.h"

static struct counters_page counters;
static struct node_stats_page stats;

static void reset(void) {
        memset(&counters, 0, sizeof(counters));
        memset(&stats, 0, sizeof(stats));
        counters_open(&counters, 1, 1);
        stats.magic = NODE_STATS_MAGIC;
        stats.started = stats.updated = 100 * NS_PER_SEC;
        memcpy(stats.processes[0].name, "store", 6);
        stats.processes[0].state = PROCESS_UP;
        memcpy(stats.processes[2].name, "judge-1", 8);
        stats.processes[2].state = PROCESS_RENEWED;
}

static struct buf shown(void) {
        struct buf b = {0};

        metrics_write(&b, &counters, &stats);
        buf_char(&b, '\0');
        check(!b.failed);
        return b;
}

static bool has(const struct buf *b, const char *line) {
        return strstr(b->p, line) != NULL;
}

static void numbers_are_open_metrics(void) {
        reset();
        struct source_counters *s = counters_source(&counters, 3, "a\"b\\c", "portal");
        check(s);
        s->received = 7;
        s->paused_ns = 1500000000;
        s->last_seen = 12 * NS_PER_SEC + 5;
        counters.totals[COUNT_STALL_NS] = 2000000001;
        counters.totals[COUNT_MEMORY] = 9;
        stats.numbers[NUMBER_ALERTS] = UINT64_MAX;
        stats.condition = STORE_FULL;
        stats.processes[2].restarts = 4;
        struct buf b = shown();
        check(has(&b, "# TYPE coloa_ingest_stall_seconds counter\n"
                      "# UNIT coloa_ingest_stall_seconds seconds\n"
                      "# HELP coloa_ingest_stall_seconds "));
        check(has(&b, "\ncoloa_ingest_stall_seconds_total 2.000000001\n"));
        check(has(&b, "\ncoloa_ingest_memory_bytes 9\n"));
        check(has(&b, "# UNIT coloa_ingest_memory_bytes bytes\n"));
        check(has(&b,
                  "\ncoloa_source_records_total{source=\"a\\\"b\\\\c\",system=\"portal\"} 7\n"));
        check(has(&b, "coloa_source_paused_seconds_total{source=\"a\\\"b\\\\c\",system=\"portal\"} "
                      "1.500000000\n"));
        check(has(&b, "coloa_source_last_seen_seconds{source=\"unknown\",system=\"\"} 0.0"));
        check(has(&b, "\ncoloa_desk_alerts_total 18446744073709551615\n"));
        check(has(&b, "coloa_store_condition{coloa_store_condition=\"full\"} 1\n"));
        check(has(&b, "coloa_store_condition{coloa_store_condition=\"fine\"} 0\n"));
        check(has(&b, "coloa_process_restarts_total{process=\"judge-1\"} 4\n"));
        check(has(&b, "coloa_process_up{process=\"judge-1\"} 1\n"));
        check(span_ends(span_of(b.p, b.len - 1), SPAN("\n# EOF\n")));
        buf_deinit(&b);
}

/* Each family is named once, before its samples, which stand together. */
static void families_stand_together(void) {
        char family[200] = "", seen[400][100];
        unsigned n = 0;

        reset();
        counters_source(&counters, 3, "one", "");
        struct buf b = shown();
        for (char *line = b.p, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
                *end = '\0';
                if (sscanf(line, "# TYPE %199s", family) == 1) {
                        for (unsigned i = 0; i < n; i++)
                                check(strcmp(seen[i], family) != 0);
                        check(n < ARRAY_LEN(seen));
                        snprintf(seen[n++], sizeof(seen[0]), "%.99s", family);
                } else if (line[0] != '#') {
                        check(strncmp(line, family, strlen(family)) == 0);
                        check(strchr("{ _", line[strlen(family)]) != NULL);
                }
        }
        check(n > 60);
        buf_deinit(&b);
}

static void every_number_has_a_name(void) {
        for (enum node_number i = 0; i < NUMBER_MAX; i++)
                check(node_number_name(i) && *node_number_name(i) && node_number_help(i));
        check(!node_number_name(NUMBER_MAX));
        check(NUMBER_MAX <= ARRAY_LEN(stats.numbers));
        check(NUMBER_MAX - NUMBER_VERDICTS <= DESK_NUMBERS_MAX);
}

static void hostile_pages_are_shown_as_text(void) {
        static struct node_stats_page copy;

        reset();
        memset(stats.processes[0].name, '\n', sizeof(stats.processes[0].name));
        check(node_stats_copy(&stats, &copy));
        check_span(span_str(copy.processes[0].name), "???????????????");
        stats.magic = 0;
        check(!node_stats_copy(&stats, &copy));
        reset();
        memset(counters.sources[0].name, 'x', sizeof(counters.sources[0].name));
        counters.n_sources = UINT32_MAX;
        static struct counters_page c;
        check(counters_copy(&counters, &c));
        struct buf b = {0};
        metrics_write(&b, &c, NULL);
        check(!b.failed && span_ends(buf_get(&b), SPAN("# EOF\n")));
        buf_deinit(&b);
}

static int health(int64_t now, const char *expected) {
        struct buf b = {0};
        int status = health_write(&b, &counters, &stats, now);

        check_span(buf_get(&b), expected);
        buf_deinit(&b);
        return status;
}

static void health_says_why(void) {
        struct buf b = {0};
        int64_t now = 101 * NS_PER_SEC;

        reset();
        check_int(health(now, "ok\n"), 200);
        stats.condition = STORE_READ_ONLY;
        check_int(health(now, "store cannot write: read-only file system\n"), 503);
        stats.condition = 77;
        check_int(health(now, "store cannot write: ?\n"), 503);
        reset();
        stats.processes[0].state = PROCESS_DOWN;
        check_int(health(now, "process store is not up\n"), 503);
        reset();
        check_int(health(106 * NS_PER_SEC, "main does not answer\n"), 503);
        stats.stopping = 1;
        check_int(health(now, "stopping\n"), 503);
        check_int(health_write(&b, NULL, NULL, now), 503);
        buf_deinit(&b);
}

static void asked(const char *head, int status, enum request_page page) {
        struct request q = {0};
        size_t n = strlen(head);

        for (size_t i = 0; i < n; i++) /* byte by byte: not there before the last */
                check_int(request_parse(span_of(head, i), i ? i - 1 : 0, &q), -EAGAIN);
        check_int(request_parse(span_of(head, n), n - 1, &q), 0);
        check_int(q.status, status);
        check_int((int)q.page, (int)page);
}

static void heads_are_read(void) {
        struct request q;

        asked("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 200, PAGE_METRICS);
        asked("GET /healthz HTTP/1.0\n\n", 200, PAGE_HEALTH);
        asked("HEAD /healthz?x=1 HTTP/1.1\r\n\r\n", 200, PAGE_HEALTH);
        asked("GET / HTTP/1.1\r\n\r\n", 404, PAGE_NONE);
        asked("GET /metricsx HTTP/1.1\r\n\r\n", 404, PAGE_NONE);
        asked("POST /metrics HTTP/1.1\r\n\r\n", 405, PAGE_NONE);
        asked("GET /metrics HTTP/2.0\r\n\r\n", 505, PAGE_NONE);
        asked("GET /metrics\r\n\r\n", 400, PAGE_NONE);
        asked(" /metrics HTTP/1.1\r\n\r\n", 400, PAGE_NONE);
        asked("\r\n\r\n", 400, PAGE_NONE);
        asked("GET /metrics HTTP/1.1 \r\n\r\n", 505, PAGE_NONE);
        check_int(request_parse(SPAN("HEAD /metrics HTTP/1.1\r\n\r\n"), 0, &q), 0);
        check(q.head && q.status == 200);
}

int main(void) {
        RUN(numbers_are_open_metrics);
        RUN(families_stand_together);
        RUN(every_number_has_a_name);
        RUN(hostile_pages_are_shown_as_text);
        RUN(health_says_why);
        RUN(heads_are_read);
        return check_done();
}
