/* ingest/dedup: marks what recurs within ten minutes, survives a crash, forgets what was lost. */
#include "check.h"

#include "base/timestamp.h"
#include "ingest/dedup.h"

#define ROOM 65536u

static _Alignas(64) char memory[ROOM];

static bool dedup_seen(struct dedup *d, uint32_t source, uint32_t kind, struct span what,
                       uint64_t seq) {
        struct dedup_place p = dedup_find(d, dedup_hash(d, source, kind, what), seq);

        dedup_note(&p, seq);
        return p.seen;
}

static struct dedup *fresh(uint64_t seq) {
        memset(memory, 0, sizeof(memory));
        return dedup_new(memory, sizeof(memory), seq, 0);
}

static void what_recurs_is_seen(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);

        check(!dedup_seen(d, 1, 0, SPAN("a"), 1));
        check(dedup_seen(d, 1, 0, SPAN("a"), 2));
        check(!dedup_seen(d, 2, 0, SPAN("a"), 3)); /* of another source */
        check(!dedup_seen(d, 1, 1, SPAN("a"), 4)); /* an id, not content */
        check(!dedup_seen(d, 1, 0, SPAN("b"), 5));
        check(dedup_seen(d, 1, 0, SPAN("a"), 6));
        check_int(dedup_window(d), DEDUP_SECONDS);
}

static void ten_minutes_are_the_limit(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);
        uint64_t seq = 1;

        check(!dedup_seen(d, 1, 0, SPAN("a"), seq++));
        for (int64_t s = 1; s <= 590; s++, seq++) {
                dedup_tick(d, s * NS_PER_SEC, seq);
                dedup_seen(d, 9, 0, span_of((const char *)&s, sizeof(s)), seq);
        }
        check(dedup_seen(d, 1, 0, SPAN("a"), seq++)); /* remembered from here on anew */
        for (int64_t s = 591; s <= 591 + 620; s++, seq++) {
                dedup_tick(d, s * NS_PER_SEC, seq);
                dedup_seen(d, 9, 0, span_of((const char *)&s, sizeof(s)), seq);
        }
        check(!dedup_seen(d, 1, 0, SPAN("a"), seq++));
}

static void a_crash_keeps_the_durable_and_forgets_the_lost(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1000), *e = NULL;

        check(!dedup_seen(d, 1, 0, SPAN("kept"), 1000));
        check(!dedup_seen(d, 1, 0, SPAN("lost"), 1001));
        e = dedup_new(memory, sizeof(memory), 1001, 5);
        check(!dedup_seen(e, 1, 0, SPAN("lost"), 1001));
        check(dedup_seen(e, 1, 0, SPAN("kept"), 1002));
}

/* Kept, sent again, and that one lost: the third is still the second of two that are kept. */
static void what_a_crash_takes_is_not_all_that_is_known(void) {
        struct dedup *d = fresh(1000);
        uint64_t seq = 1000;

        check(!dedup_seen(d, 1, 0, SPAN("a"), seq++));
        for (unsigned i = 0; i < 20; i++) {
                uint64_t durable = seq;

                dedup_durable(d, durable);
                for (unsigned k = 0; k < i % 4; k++)
                        check(dedup_seen(d, 1, 0, SPAN("a"), seq++));
                if (i % 3 == 0) {
                        dedup_free(d);
                        seq = durable;
                        d = dedup_new(memory, sizeof(memory), seq, 0);
                }
        }
        /* And only the latest of what is durable: the first is too old by then. */
        for (int64_t s = 1; s <= 1300; s++) {
                dedup_tick(d, s * NS_PER_SEC, seq);
                dedup_durable(d, seq);
                if (s % 500 == 0)
                        check(dedup_seen(d, 1, 0, SPAN("a"), seq));
                seq++;
        }
        dedup_free(d);
}

static void full_it_forgets_the_oldest_and_says_so(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);
        unsigned again = 0;
        uint64_t seq = 1;

        for (int64_t s = 1; s <= 100; s++) {
                dedup_tick(d, s * NS_PER_SEC, seq);
                for (unsigned i = 0; i < 300; i++, seq++)
                        dedup_seen(d, 1, 0, span_of((const char *)&seq, sizeof(seq)), seq);
        }
        /* 64 KiB hold 8184 entries, 27 seconds of these. The key is random: that nine of one second
         * meet in one bucket happens once in 10^11 buckets and seconds. */
        check(dedup_window(d) >= 1 && dedup_window(d) < 27);
        /* Only looked up: noted in the order in which they came, the first that a bucket forgot would
         * push out the second, and so on. */
        for (uint64_t s = seq - 2000, i = 0; i < 1000; i++, s++)
                again += dedup_find(d, dedup_hash(d, 1, 0, span_of((const char *)&s, sizeof(s))),
                                    seq)
                                 .seen;
        check(again > 980);
}

/* Long content is hashed otherwise: every byte of it counts, and its length. */
static void every_byte_counts(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);
        char text[300];
        uint64_t seq = 1;

        for (size_t len = 50; len < sizeof(text); len += 7) {
                memset(text, 'a', sizeof(text));
                check(!dedup_seen(d, 1, 0, span_of(text, len), seq++));
                for (size_t i = 0; i < len; i++) {
                        text[i] ^= 1;
                        uint64_t h = dedup_hash(d, 1, 0, span_of(text, len));
                        check(!dedup_find(d, h, seq).seen);
                        text[i] ^= 1;
                }
                check(dedup_seen(d, 1, 0, span_of(text, len), seq++));
        }
}

int main(void) {
        RUN(what_recurs_is_seen);
        RUN(ten_minutes_are_the_limit);
        RUN(a_crash_keeps_the_durable_and_forgets_the_lost);
        RUN(every_byte_counts);
        RUN(what_a_crash_takes_is_not_all_that_is_known);
        RUN(full_it_forgets_the_oldest_and_says_so);
        return check_done();
}
