/* ingest/syslog_frame: both framings, told apart; what comes in any pieces gives the same records. */
#include "check.h"

#include "ingest/syslog_frame.h"

/* All records of `stream` in pieces of `step` bytes, one per line as "flags:true_len:bytes". */
static char seen[1 << 20];
static const char *failed_with;
static size_t most_kept;

static void feed(struct span stream, size_t step, enum listen_framing framing) {
        static char hold[RECORD_MAX + SYSLOG_HEAD_MAX + (1 << 20)];
        struct syslog_frame f;
        struct syslog_record r;
        size_t kept = 0, n = 0;

        syslog_frame_init(&f, framing);
        seen[0] = 0;
        failed_with = NULL;
        most_kept = 0;
        for (size_t at = 0;; at += step) {
                bool end = at >= stream.len;
                size_t len = end ? 0 : MIN(step, stream.len - at);
                enum syslog_frame_result got;

                memcpy(hold + kept, stream.p + (end ? 0 : at), len);
                struct span in = span_of(hold, kept + len);
                do {
                        got = end ? syslog_frame_end(&f, &in, &r) : syslog_frame_next(&f, &in, &r);
                        if (got == SYSLOG_FRAME_RECORD)
                                n += (size_t)snprintf(seen + n, sizeof(seen) - n, "%u:%llu:%.*s\n",
                                                      r.flags, (unsigned long long)r.true_len,
                                                      (int)MIN(r.bytes.len, (size_t)40), r.bytes.p);
                } while (got == SYSLOG_FRAME_RECORD);
                if (got == SYSLOG_FRAME_BAD)
                        failed_with = r.what;
                if (got != SYSLOG_FRAME_MORE)
                        return;
                memmove(hold, in.p, in.len);
                kept = in.len;
                most_kept = MAX(most_kept, kept);
        }
}

static void gives(const char *stream, const char *want) {
        for (size_t step = 1; step < 40; step++) {
                feed(span_str(stream), step, FRAMING_AUTO);
                check_span(span_str(seen), want);
                check(!failed_with);
        }
}

static void lines(void) {
        gives("<1>a\n<2>b\n\n<3>c", "0:4:<1>a\n0:4:<2>b\n0:4:<3>c\n");
        gives("{\"a\":1}\nx\n", "0:7:{\"a\":1}\n0:1:x\n");
        gives("10.0.0.1 - x\n12 monkeys\n", "0:12:10.0.0.1 - x\n0:10:12 monkeys\n");
        gives("", "");
        gives("\n\n", "");
}

static void counted(void) {
        gives("4 <1>a5 <2>bb", "0:4:<1>a\n0:5:<2>bb\n");
        gives("4 <1>a\n5 <2>bb\n", "0:4:<1>a\n0:5:<2>bb\n");
        gives("6 <1>a\nb7 {\"a\":1}", "0:6:<1>a\nb\n0:7:{\"a\":1}\n");
        gives("5 <1>a\n5 <2>b\n", "0:4:<1>a\n0:4:<2>b\n");
        /* Cut off by the sender: what came is kept, and marked. */
        gives("4 <1>a9 <2>b", "0:4:<1>a\n3:9:<2>b\n");
        gives("4 <1>a9", "0:4:<1>a\n2:1:9\n");
}

static void a_wrong_count_ends_it(void) {
        for (size_t step = 1; step < 20; step++) {
                feed(SPAN("4 <1>abc<2>b"), step, FRAMING_AUTO);
                check(failed_with);
                check_span(span_str(seen), "0:4:<1>a\n");
                feed(SPAN("4 <1>a99999999999 <"), step, FRAMING_AUTO);
                check_span(span_str(failed_with), "octet count too large");
                feed(SPAN("4 <1>a0 <"), step, FRAMING_AUTO);
                check(failed_with);
        }
        feed(SPAN("<1>a\n"), 100, FRAMING_OCTETS);
        check(failed_with);
}

static void too_long_is_cut_with_its_true_length(void) {
        static char big[3 * RECORD_MAX];
        const size_t len = 2 * RECORD_MAX + 17, steps[] = {1000, RECORD_MAX, 700001, sizeof(big)};
        char want[200];

        memset(big, 'x', sizeof(big));
        memcpy(big + len, "\nend\n", 5);
        snprintf(want, sizeof(want), "1:%zu:%.40s\n0:3:end\n", len, big);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
                feed(span_of(big, len + 5), steps[i], FRAMING_AUTO);
                check_span(span_str(seen), want);
                check(most_kept <= RECORD_MAX + SYSLOG_HEAD_MAX);
        }
        int head = snprintf(big, sizeof(big), "%zu <1>", len);
        big[head] = 'x';
        memcpy(big + head - 3 + len, "3 end", 5);
        snprintf(want, sizeof(want), "1:%zu:<1>%.37s\n0:3:end\n", len, big + 100);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
                feed(span_of(big, len + (size_t)head - 3 + 5), steps[i], FRAMING_AUTO);
                check_span(span_str(seen), want);
                check(most_kept <= RECORD_MAX + SYSLOG_HEAD_MAX);
        }
}

int main(void) {
        RUN(lines);
        RUN(counted);
        RUN(a_wrong_count_ends_it);
        RUN(too_long_is_cut_with_its_true_length);
        return check_done();
}
