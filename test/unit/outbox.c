/* wire/outbox and wire/finding: what goes in comes out, whole and in order; a lying writer is
 * caught. */
#include "check.h"

#include "wire/batch.h"
#include "wire/bundle.h"
#include "wire/finding.h"
#include "wire/intake.h"
#include "wire/outbox.h"

static struct outbox box;
static char entry[OUTBOX_ENTRY_MAX];

static void entries_come_out_in_order(void) {
        uint64_t staged = 0, tail = 0, put = 0, taken = 0;
        unsigned char bytes[3000];
        enum outbox_kind kind;
        size_t len;

        memset(&box, 0, sizeof(box));
        /* Many times round the ring, with lengths that hit its end in every way. */
        for (unsigned i = 0; i < 20000; i++) {
                size_t n = i * 7919u % sizeof(bytes);
                while (!outbox_fits(&box, staged, n)) {
                        outbox_publish(&box, staged);
                        while (outbox_take(&box, &tail, &kind, entry, &len) == 1) {
                                check_int(len, taken * 7919u % sizeof(bytes));
                                for (size_t k = 0; k < len; k++)
                                        check(entry[k] == (char)taken);
                                check_int(kind, OUTBOX_HIT);
                                taken++;
                        }
                        outbox_release(&box, tail);
                }
                memset(bytes, (int)i, n);
                outbox_put(&box, &staged, OUTBOX_HIT, span_of((char *)bytes, n));
                put++;
        }
        outbox_publish(&box, staged);
        while (outbox_take(&box, &tail, &kind, entry, &len) == 1)
                taken++;
        check_int(taken, put);
}

static void unpublished_entries_are_not_seen(void) {
        uint64_t staged = 0, tail = 0;
        enum outbox_kind kind;
        size_t len;

        memset(&box, 0, sizeof(box));
        outbox_put(&box, &staged, OUTBOX_FINDING, SPAN("half a record"));
        check_int(outbox_take(&box, &tail, &kind, entry, &len), 0);
        outbox_publish(&box, staged);
        check_int(outbox_take(&box, &tail, &kind, entry, &len), 1);
        check_span(span_of(entry, len), "half a record");
}

static void a_lying_writer_is_caught(void) {
        enum outbox_kind kind;
        uint64_t tail = 0;
        size_t len;
        uint32_t lies[][2] = {{99, 4},
                              {OUTBOX_FINDING, UINT32_MAX},
                              {OUTBOX_FINDING, OUTBOX_ENTRY_MAX + 1},
                              {0, 0}};

        for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
                memset(&box, 0, sizeof(box));
                memcpy(box.data, lies[i], sizeof(lies[i]));
                box.head = 64;
                tail = 0;
                check_int(outbox_take(&box, &tail, &kind, entry, &len), -EBADMSG);
        }
        memset(&box, 0, sizeof(box));
        box.head = OUTBOX_BYTES + 8;
        tail = 0;
        check_int(outbox_take(&box, &tail, &kind, entry, &len), -EBADMSG);
}

static void finished_batches_are_told_once(void) {
        struct outbox_done d;
        uint64_t finished = 0;

        memset(&box, 0, sizeof(box));
        check_int(outbox_finished(&box, &finished, &d), 0);
        for (uint64_t i = 0; i < 100; i += 3) {
                for (uint64_t k = i; k < i + 3; k++)
                        outbox_finish(&box,
                                      &(struct outbox_done){.slot = k, .events = k * 7, .bad = 1});
                for (uint64_t k = i; k < i + 3; k++) {
                        check_int(outbox_finished(&box, &finished, &d), 1);
                        check(d.slot == k && d.events == k * 7 && d.bad == 1);
                }
                check_int(outbox_finished(&box, &finished, &d), 0);
        }
        box.finished = finished + OUTBOX_DONE_MAX + 1;
        check_int(outbox_finished(&box, &finished, &d), -EBADMSG);
        box.finished = finished - 1; /* taken back */
        check_int(outbox_finished(&box, &finished, &d), -EBADMSG);
}

static void intake_is_read_in_order_and_checked(void) {
        static struct intake t;
        struct intake_entry e;
        uint64_t tail = 0;
        uint32_t put = 0;

        check_int(intake_take(&t, &tail, &e), 0);
        for (unsigned n = 0; n <= INTAKE_MAX; n++) { /* any number at a time, up to a full ring */
                for (unsigned i = 0; i < n; i++)
                        intake_put(&t,
                                   &(struct intake_entry){.kind = INTAKE_FILLED, .slot = put + i});
                for (unsigned i = 0; i < n; i++) {
                        check_int(intake_take(&t, &tail, &e), 1);
                        check_int(e.slot, put++);
                }
                check_int(intake_take(&t, &tail, &e), 0);
        }
        t.head = tail + INTAKE_MAX + 1;
        check_int(intake_take(&t, &tail, &e), -EBADMSG);
        t.head = tail - 1;
        check_int(intake_take(&t, &tail, &e), -EBADMSG);
}

static void findings_round_trip(void) {
        struct finding_field fields[2] = {
                {SPAN("CommandLine"), SPAN("whoami /all"), FINDING_STRING, true},
                {SPAN("EventID"), SPAN("1"), FINDING_NUMBER, false}};
        struct finding f = {.rule = 7,
                            .flags = FINDING_REPORT,
                            .input = 3,
                            .offset = 1u << 20,
                            .time = -5,
                            .count = 1,
                            .seq = 1ull << 40,
                            .drill = 9,
                            .received = 77,
                            .host = SPAN("dc01"),
                            .fields = fields,
                            .n_fields = 2};
        struct buf b = {0};
        struct finding g;
        struct arena a;

        arena_init(&a, 1 << 20);
        finding_encode(&b, &f);
        check_int(finding_decode(buf_get(&b), &a, &g), (long long)b.len);
        check_int(g.rule, 7);
        check_int(g.time, -5);
        check(g.seq == 1ull << 40 && g.drill == 9 && g.received == 77);
        check_span(g.host, "dc01");
        check_int(g.n_fields, 2);
        check_span(g.fields[0].value, "whoami /all");
        check(g.fields[0].matched && !g.fields[1].matched);
        for (size_t cut = 0; cut < b.len; cut++)
                check(finding_decode(span_of(b.p, cut), &a, &g) == 0);
        buf_deinit(&b);
        arena_deinit(&a);
}

static void long_findings_are_cut_and_say_so(void) {
        static char big[FINDING_BYTES_MAX - 8];
        struct finding_field fields[2] = {
                {SPAN("a"), span_of(big, sizeof(big)), FINDING_STRING, false},
                {SPAN("b"), SPAN("does not fit"), FINDING_STRING, false}};
        struct finding f = {.fields = fields, .n_fields = 2}, g;
        struct buf b = {0};
        struct arena a;

        arena_init(&a, 1 << 20);
        finding_encode(&b, &f);
        check(finding_decode(buf_get(&b), &a, &g) > 0);
        check_int(g.n_fields, 1);
        check(g.flags & FINDING_CUT);
        buf_deinit(&b);
        arena_deinit(&a);
}

static void batches_are_checked(void) {
        static char slot[SLOT_BYTES];
        struct batch_header h = {
                .magic = BATCH_MAGIC, .layout = BATCH_STREAM, .format = FORMAT_JSON};
        struct batch b;

        h.payload_len = BATCH_ROOM;
        memcpy(slot, &h, sizeof(h));
        check_int(batch_view(slot, &b), 0);
        h.preamble_len = 1;
        memcpy(slot, &h, sizeof(h));
        check_int(batch_view(slot, &b), BATCH_E_BAD);
        h.preamble_len = UINT32_MAX;
        h.payload_len = 2;
        memcpy(slot, &h, sizeof(h));
        check_int(batch_view(slot, &b), BATCH_E_BAD);
        h = (struct batch_header){
                .magic = BATCH_MAGIC, .layout = BATCH_STREAM, .format = FORMAT_MAX};
        memcpy(slot, &h, sizeof(h));
        check_int(batch_view(slot, &b), BATCH_E_BAD);
}

static void bundles_round_trip_and_reject_cuts(void) {
        struct buf b = {0};
        struct bundle_entry e;
        size_t pos = 0;

        bundle_add(&b, BUNDLE_RULE, SPAN("a.yml"), SPAN("title: x"));
        bundle_add(&b, BUNDLE_LOGSOURCE, SPAN("b.yml"), SPAN(""));
        check_int(bundle_next(buf_get(&b), &pos, &e), 1);
        check_span(e.data, "title: x");
        check_int(bundle_next(buf_get(&b), &pos, &e), 1);
        check_span(e.name, "b.yml");
        check_int(bundle_next(buf_get(&b), &pos, &e), 0);
        pos = 0;
        check_int(bundle_next(span_of(b.p, 20), &pos, &e), -EBADMSG);
        buf_deinit(&b);
}

int main(void) {
        RUN(entries_come_out_in_order);
        RUN(unpublished_entries_are_not_seen);
        RUN(a_lying_writer_is_caught);
        RUN(finished_batches_are_told_once);
        RUN(intake_is_read_in_order_and_checked);
        RUN(findings_round_trip);
        RUN(long_findings_are_cut_and_say_so);
        RUN(batches_are_checked);
        RUN(bundles_round_trip_and_reject_cuts);
        return check_done();
}
