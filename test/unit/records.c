/* wire/records: what was added is seen again, with its runs; a lying writer is caught. */
#include "check.h"

#include "wire/records.h"

static _Alignas(64) char slot[SLOT_BYTES];

static struct origin from(uint32_t source, enum format format) {
        return (struct origin){.source = source, .source_name = "web-01", .format = format};
}

static void records_come_back(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();
        struct origin a = from(3, FORMAT_SYSLOG), w = from(4, FORMAT_WEB);
        struct source_name name;
        struct records r;
        struct record rec;
        struct span bytes;
        struct run run;
        uint64_t seq;

        records_begin(b, slot, sizeof(slot), 100);
        check(records_add(b, &a, SPAN("one"), 3, 0, 7, &seq) == 0 && seq == 100);
        check(records_add(b, &a, SPAN(""), 0, RECORD_MALFORMED, 8, &seq) == 0 && seq == 101);
        check(records_add(b, &w, SPAN("two"), 9, RECORD_TRUNCATED, 9, &seq) == 0);
        check(records_add(b, &a, SPAN("a\nb"), 3, 0, 10, &seq) == 0);
        check(records_add(b, &a, SPAN("end"), 3, 0, 11, &seq) == 0 && seq == 104);
        check(records_add_position(b, SPAN("file:1:2"), SPAN("10")) == 0);
        check(records_add_position(b, SPAN("file:1:2"), SPAN("20")) == 0);
        size_t size = records_end(b);
        check(size > 0);
        check_int(records_view(slot, size, &r), 0);
        check_int(records_size(&r), size);
        check(r.h.n_records == 5 && r.h.n_runs == 4 && r.h.n_sources == 2 && r.h.first_seq == 100);
        check(r.h.received_first == 7 && r.h.received_last == 11);
        check(records_run(&r, 0, &run) && run.n == 2 && run.len == 5 && run.flags == 0);
        check(records_run(&r, 1, &run) && run.format == FORMAT_WEB);
        check(records_source(&r, run.source, &name) && name.id == 4);
        check_span(span_str(name.name), "web-01");
        check(records_run(&r, 2, &run) && run.flags == RUN_SINGLE && run.n == 1);
        check(records_run(&r, 3, &run) && run.first == 4);
        check(!records_run(&r, 4, &run));
        check(records_at(&r, 2, &rec, &bytes) && rec.true_len == 9);
        check_span(bytes, "two");
        check(records_at(&r, 3, &rec, &bytes) && rec.flags == RECORD_MULTILINE);
        struct position p;
        check(r.h.n_positions == 1 && records_position(&r, 0, &p));
        check_span(span_of(p.value, p.value_len), "20");
}

static void full_says_so_and_loses_nothing(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();
        static char big[RECORD_MAX];
        struct origin a = from(1, FORMAT_TEXT);
        uint64_t seq = 0, n = 0;
        struct records r;

        memset(big, 'x', sizeof(big));
        records_begin(b, slot, sizeof(slot), 0);
        check(records_add(b, &a, span_of(big, sizeof(big)), sizeof(big), 0, 0, &seq) == 0);
        check(records_add(b, &a, span_of(big, sizeof(big)), sizeof(big), 0, 0, &seq) ==
              RECORDS_E_FULL);
        check(records_end(b) <= sizeof(slot));
        /* Many empty ones: the tables are what fills the slot. */
        records_begin(b, slot, sizeof(slot), 0);
        for (;; n++) {
                a.source = (uint32_t)(n % 300);
                if (records_add(b, &a, SPAN("y"), 1, 0, 0, &seq) != 0)
                        break;
        }
        size_t size = records_end(b);
        check(size <= sizeof(slot) && records_view(slot, size, &r) == 0);
        check_int(r.h.n_records, n);
        check_int(r.h.n_sources, SOURCES_MAX);
}

static void a_lying_writer_is_caught(void) {
        _cleanup_(records_builder_freep) struct records_builder *b = records_builder_new();
        struct origin a = from(1, FORMAT_TEXT);
        struct records_header h;
        struct records r;
        struct record rec;
        struct span bytes;
        struct run run;
        uint64_t seq;

        records_begin(b, slot, sizeof(slot), 0);
        check(records_add(b, &a, SPAN("y"), 1, 0, 0, &seq) == 0);
        size_t size = records_end(b);
        check(records_view(slot, size - 1, &r) == BATCH_E_BAD);
        check(records_view(slot, size, &r) == 0);
        struct run *runs = (struct run *)(slot + ((const char *)r.runs - slot));
        struct record *table = (struct record *)(slot + ((const char *)r.table - slot));
        runs[0].len = 3;
        check(!records_run(&r, 0, &run));
        runs[0].len = 2;
        runs[0].source = 1;
        check(!records_run(&r, 0, &run));
        table[0].at = UINT32_MAX;
        check(!records_at(&r, 0, &rec, &bytes));
        memcpy(&h, slot, sizeof(h));
        h.n_records = RECORDS_MAX + 1;
        memcpy(slot, &h, sizeof(h));
        check(records_view(slot, size, &r) == BATCH_E_BAD);
        h.n_records = RECORDS_MAX;
        memcpy(slot, &h, sizeof(h));
        check(records_view(slot, size, &r) == BATCH_E_BAD);
}

int main(void) {
        RUN(records_come_back);
        RUN(full_says_so_and_loses_nothing);
        RUN(a_lying_writer_is_caught);
        return check_done();
}
