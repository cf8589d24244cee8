/* The node's numbers as OpenMetrics 1.0 text (the format that Prometheus and its kin read).
 *
 *     # TYPE coloa_ingest_records counter
 *     # HELP coloa_ingest_records Records handed over
 *     coloa_ingest_records_total 12
 *     …
 *     # EOF
 *
 * A family is named once and all its samples follow; a counter's sample ends in _total; a unit is the
 * last word of a family's name and is said by # UNIT. Numbers of nanoseconds are shown in seconds, as
 * the format's users expect base units. Names come from the tables beside the counters. */
#include "console/pages.h"

#define ULL(x) ((unsigned long long)(x))

enum { COUNTER, GAUGE };

/* "stall_ns" becomes "stall_seconds". */
static bool is_ns(const char *name) {
        return span_ends(span_str(name), SPAN("_ns"));
}

static void put_name(struct buf *out, const char *prefix, const char *name) {
        size_t len = strlen(name) - (is_ns(name) ? 3 : 0);

        buf_printf(out, "%s_%.*s%s", prefix, (int)len, name, is_ns(name) ? "_seconds" : "");
}

static void family(struct buf *out, const char *prefix, const char *name, int kind,
                   const char *help) {
        static const char *const units[] = {"seconds", "bytes"};

        buf_str(out, "# TYPE ");
        put_name(out, prefix, name);
        buf_printf(out, " %s\n", kind == GAUGE ? "gauge" : "counter");
        for (size_t i = 0; i < ARRAY_LEN(units); i++) {
                char last[16] = "_";

                memcpy(last + 1, units[i], strlen(units[i]) + 1);
                if (span_ends(span_str(name), span_str(last)) || strcmp(name, units[i]) == 0 ||
                    (i == 0 && is_ns(name))) {
                        buf_str(out, "# UNIT ");
                        put_name(out, prefix, name);
                        buf_printf(out, " %s\n", units[i]);
                }
        }
        buf_str(out, "# HELP ");
        put_name(out, prefix, name);
        buf_printf(out, " %s\n", help);
}

static void put_value(struct buf *out, const char *name, uint64_t v) {
        if (is_ns(name))
                buf_printf(out, " %llu.%09llu\n", ULL(v / 1000000000), ULL(v % 1000000000));
        else
                buf_printf(out, " %llu\n", ULL(v));
}

static void single(struct buf *out, const char *prefix, const char *name, int kind,
                   const char *help, uint64_t v) {
        family(out, prefix, name, kind, help);
        put_name(out, prefix, name);
        buf_str(out, kind == GAUGE ? "" : "_total");
        put_value(out, name, v);
}

static void put_label(struct buf *out, const char *name, const char *value) {
        buf_printf(out, "%s=\"", name);
        for (; *value; value++) {
                if (*value == '"' || *value == '\\')
                        buf_char(out, '\\');
                buf_char(out, *value);
        }
        buf_char(out, '"');
}

/* ---- of main ---- */

static void processes(struct buf *out, const struct node_stats_page *n) {
        family(out, "coloa", "process_up", GAUGE, "1 when the process does its work");
        for (unsigned i = 0; i < NODE_STATS_PROCESSES; i++) {
                const struct node_stats_process *p = &n->processes[i];

                if (!p->name[0])
                        continue;
                buf_str(out, "coloa_process_up{");
                put_label(out, "process", p->name);
                buf_printf(out, "} %d\n", p->state != PROCESS_DOWN);
        }
        family(out, "coloa", "process_restarts", COUNTER,
               "Times that the process was started again");
        for (unsigned i = 0; i < NODE_STATS_PROCESSES; i++) {
                const struct node_stats_process *p = &n->processes[i];

                if (!p->name[0])
                        continue;
                buf_str(out, "coloa_process_restarts_total{");
                put_label(out, "process", p->name);
                buf_printf(out, "} %llu\n", ULL(p->restarts));
        }
}

static void store(struct buf *out, const struct node_stats_page *n) {
        static const char *const conditions[] = {"fine", "full", "read_only", "io_error", "clock"};

        buf_str(out, "# TYPE coloa_store_condition stateset\n"
                     "# HELP coloa_store_condition Whether the store can write, or why not\n");
        for (unsigned i = 0; i < ARRAY_LEN(conditions); i++)
                buf_printf(out, "coloa_store_condition{coloa_store_condition=\"%s\"} %d\n",
                           conditions[i], n->condition == i);
}

static void of_main(struct buf *out, const struct node_stats_page *n) {
        single(out, "coloa", "start_time_seconds", GAUGE, "When the node started, since 1970",
               (uint64_t)n->started / 1000000000);
        for (enum node_number i = 0; node_number_name(i); i++)
                single(out, "coloa", node_number_name(i), node_number_is_gauge(i) ? GAUGE : COUNTER,
                       node_number_help(i), n->numbers[i]);
        store(out, n);
        processes(out, n);
}

/* ---- of ingest ---- */

#define OF(member) offsetof(struct source_counters, member)
static const struct {
        const char *name, *help;
        int kind;
        size_t at;
} of_source[] = {
        {"records", "Records kept", COUNTER, OF(received)},
        {"bytes", "Bytes of the records kept", COUNTER, OF(bytes)},
        {"refused", "Records not kept: too long, or no JSON", COUNTER, OF(refused)},
        {"limited", "Records not kept: over the source's rate", COUNTER, OF(limited)},
        {"malformed", "Records kept and marked: malformed", COUNTER, OF(malformed)},
        {"truncated", "Records kept and marked: cut", COUNTER, OF(truncated)},
        {"duplicates", "Records kept and marked: duplicates", COUNTER, OF(duplicates)},
        {"quarantined", "Records kept and marked: unknown sender", COUNTER, OF(quarantined)},
        {"paused_ns", "Time that it was not read: over its rate", COUNTER, OF(paused_ns)},
        {"last_seen_ns", "When its last record came, since 1970; 0: never", GAUGE, OF(last_seen)},
        {"unread_bytes", "Bytes of its followed files not read yet", GAUGE, OF(unread)},
        {"silent", "1 when silent for longer than allowed", GAUGE, OF(silent)},
};

static void put_source(struct buf *out, const struct source_counters *s, size_t k) {
        uint64_t v;

        memcpy(&v, (const char *)s + of_source[k].at, sizeof(v));
        put_name(out, "coloa_source", of_source[k].name);
        buf_str(out, of_source[k].kind == GAUGE ? "{" : "_total{");
        put_label(out, "source", s->name);
        buf_char(out, ',');
        put_label(out, "system", s->system);
        buf_char(out, '}');
        put_value(out, of_source[k].name, v);
}

static void of_ingest(struct buf *out, const struct counters_page *c) {
        for (enum counter i = 0; counter_name(i); i++)
                single(out, "coloa_ingest", counter_name(i), counter_is_gauge(i) ? GAUGE : COUNTER,
                       counter_help(i), c->totals[i]);
        for (size_t k = 0; k < ARRAY_LEN(of_source); k++) {
                family(out, "coloa_source", of_source[k].name, of_source[k].kind,
                       of_source[k].help);
                for (uint32_t i = 0; i < c->n_sources; i++)
                        put_source(out, &c->sources[i], k);
        }
}

void metrics_write(struct buf *out, const struct counters_page *c,
                   const struct node_stats_page *n) {
        if (n)
                of_main(out, n);
        if (c)
                of_ingest(out, c);
        buf_str(out, "# EOF\n");
}
