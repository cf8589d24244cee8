/* wire/counters: a page is found again after a crash of its writer; a reader trusts nothing. */
#include "check.h"

#include "wire/counters.h"

static void free_page(struct counters_page **p) {
        free(*p);
}

static void every_counter_has_a_name(void) {
        for (enum counter c = 0; c < COUNT_MAX; c++)
                check(counter_name(c) && *counter_name(c) && counter_help(c));
        check(!counter_name(COUNT_MAX));
        check(COUNT_MAX <= COUNTERS_ROOM);
}

static void counting_outlives_the_writer(void) {
        _cleanup_(free_page) struct counters_page *p = calloc(1, sizeof(*p));
        struct source_counters *s;

        check(p && !counters_open(p, 5, 1));
        check(p->n_sources == 1);
        s = counters_source(p, 7, "web-01", "portal");
        check(s && counters_source(p, 7, "web-01", "portal") == s);
        counter_add(&s->received, 3);
        counter_add(&p->totals[COUNT_RECORDS], 3);
        counter_set(&p->totals[COUNT_CONNECTIONS], 9);
        check(counters_open(p, 6, 2));
        check(p->pid == 2 && p->started == 6);
        s = counters_source(p, 7, "web-02", "portal");
        check(s && counter_get(&s->received) == 3);
        check_span(span_str(s->name), "web-02");
        check(counter_get(&p->totals[COUNT_RECORDS]) == 3);
        check(counter_get(&p->totals[COUNT_CONNECTIONS]) == 0); /* a gauge: nobody is connected */
        for (uint32_t i = 100; i < 100 + COUNTERS_SOURCES_MAX; i++)
                s = counters_source(p, i, "x", "");
        check(!s && p->n_sources == COUNTERS_SOURCES_MAX);
}

static void a_reader_trusts_nothing(void) {
        _cleanup_(free_page) struct counters_page *p = calloc(1, sizeof(*p));
        _cleanup_(free_page) struct counters_page *c = calloc(1, sizeof(*c));

        check(p && c && !counters_copy(p, c));
        counters_open(p, 5, 1);
        p->n_sources = UINT32_MAX;
        memset(p->sources[0].name, 0x1b, SOURCE_NAME_MAX);
        p->n_files = p->files_written = UINT32_MAX; /* its writer died over it */
        memset(&p->files[3], 'x', sizeof(p->files[3]));
        check(counters_copy(p, c));
        check_int(c->n_files, COUNTERS_FILES_MAX);
        check(strlen(c->files[3].path) == sizeof(c->files[3].path) - 1);
        check(strlen(c->files[3].source) == SOURCE_NAME_MAX - 1);
        check_int(c->n_sources, COUNTERS_SOURCES_MAX);
        check(strlen(c->sources[0].name) == SOURCE_NAME_MAX - 1 && c->sources[0].name[0] == '?');
}

int main(void) {
        RUN(every_counter_has_a_name);
        RUN(counting_outlives_the_writer);
        RUN(a_reader_trusts_nothing);
        return check_done();
}
