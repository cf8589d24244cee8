/* ingest/dedup: marks what recurs within ten minutes, survives a crash, forgets what was lost. */
#include "check.h"

#include <stdlib.h>

#include "base/timestamp.h"
#include "ingest/dedup.h"

#define ROOM 65536u

static _Alignas(64) char memory[ROOM];

static bool seen(struct dedup *d, uint32_t source, uint32_t kind, struct span what, uint64_t seq) {
        return dedup_seen(d, dedup_key(d, source, kind, what), seq);
}

static bool seen_number(struct dedup *d, uint64_t number, uint64_t seq) {
        return seen(d, 1, 0, span_of((const char *)&number, sizeof(number)), seq);
}

static bool knows_number(const struct dedup *d, uint64_t number) {
        return dedup_knows(d, dedup_key(d, 1, 0, span_of((const char *)&number, sizeof(number))));
}

static struct dedup *fresh(uint64_t seq) {
        memset(memory, 0, sizeof(memory));
        return dedup_new(memory, sizeof(memory), seq, 0);
}

static void what_recurs_is_seen(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);

        check(!seen(d, 1, 0, SPAN("a"), 1));
        check(seen(d, 1, 0, SPAN("a"), 2));
        check(!seen(d, 2, 0, SPAN("a"), 3)); /* of another source */
        check(!seen(d, 1, 1, SPAN("a"), 4)); /* an id, not content */
        check(!seen(d, 1, 0, SPAN("b"), 5));
        check(seen(d, 1, 0, SPAN("a"), 6));
        check_int(dedup_window(d), DEDUP_SECONDS);
}

static void ten_minutes_are_the_limit(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);
        uint64_t seq = 1;

        check(!seen(d, 1, 0, SPAN("a"), seq++));
        for (int64_t s = 1; s <= 590; s++, seq++) {
                dedup_tick(d, s * NS_PER_SEC);
                seen(d, 9, 0, span_of((const char *)&s, sizeof(s)), seq);
        }
        check(seen(d, 1, 0, SPAN("a"), seq++)); /* remembered from here on anew */
        for (int64_t s = 591; s <= 591 + 620; s++, seq++) {
                dedup_tick(d, s * NS_PER_SEC);
                seen(d, 9, 0, span_of((const char *)&s, sizeof(s)), seq);
        }
        check(!seen(d, 1, 0, SPAN("a"), seq++));
}

static void a_crash_keeps_the_durable_and_forgets_the_lost(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1000), *e = NULL;

        check(!seen(d, 1, 0, SPAN("kept"), 1000));
        check(!seen(d, 1, 0, SPAN("lost"), 1001));
        e = dedup_new(memory, sizeof(memory), 1001, 5);
        check(!seen(e, 1, 0, SPAN("lost"), 1001));
        check(seen(e, 1, 0, SPAN("kept"), 1002));
}

/* Kept, sent again, and that one lost: the third is still the second of two that are kept. */
static void what_a_crash_takes_is_not_all_that_is_known(void) {
        struct dedup *d = fresh(1000);
        uint64_t seq = 1000;

        check(!seen(d, 1, 0, SPAN("a"), seq++));
        for (unsigned i = 0; i < 20; i++) {
                uint64_t durable = seq;

                dedup_durable(d, durable);
                for (unsigned k = 0; k < i % 4; k++)
                        check(seen(d, 1, 0, SPAN("a"), seq++));
                if (i % 3 == 0) {
                        dedup_free(d);
                        seq = durable;
                        d = dedup_new(memory, sizeof(memory), seq, 0);
                }
        }
        /* And only the latest of what is durable: the first is too old by then. */
        for (int64_t s = 1; s <= 1300; s++) {
                dedup_tick(d, s * NS_PER_SEC);
                dedup_durable(d, seq);
                if (s % 500 == 0)
                        check(seen(d, 1, 0, SPAN("a"), seq));
                seq++;
        }
        dedup_free(d);
}

/* A crash in the middle of anything: the memory is as if what was lost had never come, moved and pushed
 * out entries included. What is lost comes again, then another crash, thousands of times, in a table
 * that is full most of the time. */
static void what_was_lost_was_never_there(void) {
        struct dedup *d = fresh(5), *e;
        static _Alignas(64) char image[ROOM];
        uint64_t seq = 5, number = 0;
        unsigned r = 12345;

        for (unsigned round = 0; round < 400; round++) {
                r = r * 1103515245u + 12345u;
                unsigned kept = r >> 16 & 63, lost = r >> 8 & 255;

                for (unsigned i = 0; i < kept; i++)
                        seen_number(d, i & 3 ? number++ : number / 2, seq++);
                dedup_durable(d, seq);
                dedup_tick(d, (int64_t)round * NS_PER_SEC);
                memcpy(image, memory, sizeof(memory));
                for (unsigned i = 0; i < lost; i++)
                        seen_number(d, i & 7 ? number + i : number / 3 + i, seq + i);
                dedup_free(d);
                d = dedup_new(memory, sizeof(memory), seq, (int64_t)round * NS_PER_SEC);
                e = dedup_new(image, sizeof(image), seq, (int64_t)round * NS_PER_SEC);
                check_int(dedup_live(d), dedup_live(e));
                check(memcmp(memory + ROOM / 4, image + ROOM / 4, ROOM / 4 * 3) == 0);
                dedup_free(e);
        }
        check(number > 8000);
        dedup_free(d);
}

static void full_it_forgets_the_oldest_and_says_so(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);
        unsigned again = 0;
        uint64_t seq = 1;

        for (int64_t s = 1; s <= 200; s++) {
                dedup_tick(d, s * NS_PER_SEC);
                for (unsigned i = 0; i < 100; i++, seq++)
                        seen_number(d, seq, seq);
                if (s == 60) {
                        check_int(dedup_forgotten(d), 0);
                        check_int(dedup_window(d), DEDUP_SECONDS);
                }
        }
        /* There is room for 66 seconds of these. */
        check_int(dedup_room(d), 6656);
        check(dedup_live(d) > 6150 && dedup_live(d) <= dedup_room(d));
        check(dedup_forgotten(d) >= 20000 - 6656 && dedup_forgotten(d) < 20000 - 6150);
        check(dedup_window(d) >= 30 && dedup_window(d) <= 65);
        for (uint64_t s = seq - 4000; s < seq; s++)
                again += knows_number(d, s);
        check(again > 3990);
        /* With time it is all there again. */
        for (int64_t s = 201; s <= 800; s++)
                dedup_tick(d, s * NS_PER_SEC);
        check_int(dedup_window(d), DEDUP_SECONDS);
}

/* 20,000 a second for longer than ten minutes: every one is known for all of them, in each bucket; and
 * of as many others none is taken for one of them. In a memory of a 32nd, with a 32nd of the records,
 * unless COLOA_LONG is set: what chance does to a bucket is the same. */
static void ten_minutes_at_the_limit(void) {
        unsigned part = getenv("COLOA_LONG") ? 1 : 32, rate = 20000 / part;
        size_t len = DEDUP_BYTES / part;
        char *room = aligned_alloc(4096, len);
        uint64_t seq = 1, bad = 0, wrong = 0;
        struct dedup *d;

        check(room != NULL);
        if (!room)
                return;
        memset(room, 0, len);
        d = dedup_new(room, len, 1, 0);
        for (int64_t s = 0; s < 1500; s++) {
                uint64_t first = (uint64_t)s * rate;

                dedup_tick(d, s * NS_PER_SEC);
                for (uint64_t i = first; i < first + rate; i++)
                        wrong += seen_number(d, i, seq++);
                for (uint64_t i = first; s >= 600 && i < first + rate; i++)
                        bad += !knows_number(d, i - 600 * (uint64_t)rate);
                dedup_durable(d, seq);
                if (s == 750) { /* another ingest goes on with it */
                        dedup_free(d);
                        d = dedup_new(room, len, seq, s * NS_PER_SEC);
                }
        }
        check_int(bad, 0);
        check_int(wrong, 0);
        check_int(dedup_forgotten(d), 0);
        check_int(dedup_window(d), DEDUP_SECONDS);
        check(dedup_live(d) >= 600 * rate && dedup_live(d) <= 606 * rate);
        check(dedup_live(d) < dedup_room(d) / 100 * 84);
        dedup_free(d);
        free(room);
}

/* Another size, another version, or nonsense: as if it were new. */
static void what_it_does_not_know_is_forgotten(void) {
        struct dedup *d = fresh(1);

        check(!seen_number(d, 1, 1));
        dedup_free(d);
        for (unsigned i = 0; i < ROOM / 8; i++) /* sizes, counts and places beyond all bounds */
                ((uint64_t *)(void *)memory)[i] |= i < 2 ? 0 : ~UINT64_C(0) << (i % 64);
        d = dedup_new(memory, sizeof(memory), 2, 0);
        check(!seen_number(d, 3, 2));
        check(seen_number(d, 3, 3));
        dedup_free(d);
        memory[0] ^= 1;
        d = dedup_new(memory, sizeof(memory), 4, 0);
        check(!seen_number(d, 3, 4));
        dedup_free(d);
}

/* Long content is hashed otherwise: every byte of it counts, and its length. */
static void every_byte_counts(void) {
        _cleanup_(dedup_freep) struct dedup *d = fresh(1);
        char text[300];
        uint64_t seq = 1;

        for (size_t len = 1; len < sizeof(text); len += 7) {
                memset(text, 'a', sizeof(text));
                check(!seen(d, 1, 0, span_of(text, len), seq++));
                for (size_t i = 0; i < len; i++) {
                        text[i] ^= 1;
                        check(!dedup_knows(d, dedup_key(d, 1, 0, span_of(text, len))));
                        text[i] ^= 1;
                }
                check(seen(d, 1, 0, span_of(text, len), seq++));
        }
}

int main(void) {
        RUN(what_recurs_is_seen);
        RUN(ten_minutes_are_the_limit);
        RUN(a_crash_keeps_the_durable_and_forgets_the_lost);
        RUN(every_byte_counts);
        RUN(what_a_crash_takes_is_not_all_that_is_known);
        RUN(what_was_lost_was_never_there);
        RUN(full_it_forgets_the_oldest_and_says_so);
        RUN(ten_minutes_at_the_limit);
        RUN(what_it_does_not_know_is_forgotten);
        return check_done();
}
