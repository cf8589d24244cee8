/* Batches for tests of the store: numbered records, sealed as a node would. */
#ifndef TEST_STORE_DATA_H
#define TEST_STORE_DATA_H

#include <dirent.h>

#include "check.h"
#include "os/os.h"
#include "store/reader.h"
#include "store/store.h"

#define TEST_TIME INT64_C(1795420800000000000) /* 2026-11-23T08:00:00Z */

static _Alignas(64) char test_slot[SLOT_BYTES], test_half[SEAL_HALF_BYTES];
static _Alignas(64) char test_room[FRAME_ROOM];
static struct records_builder *test_builder;
static struct sealer *test_sealer;
static struct frame_opener *test_opener;

static inline void test_tools(void) {
        if (!test_builder) {
                test_builder = records_builder_new();
                test_sealer = sealer_new(1);
                test_opener = frame_opener_new();
        }
}

static inline void test_tools_free(void) {
        test_builder = records_builder_free(test_builder);
        test_sealer = sealer_free(test_sealer);
        test_opener = frame_opener_free(test_opener);
}

/* A batch of `n` records "event SEQ …" of about `len` bytes, from `first` on, with a position that
 * says how far it goes. */
static inline struct sealed_view test_batch(uint64_t first, uint32_t n, size_t len, int64_t time) {
        struct origin o = {.source = 1, .source_name = "test", .format = FORMAT_TEXT};
        static char text[RECORD_MAX];
        struct sealed_view v;
        char value[32];
        size_t used;
        uint64_t seq;

        test_tools();
        records_begin(test_builder, test_slot, sizeof(test_slot), first);
        for (uint32_t i = 0; i < n; i++) {
                unsigned long long s = first + i;
                int k = snprintf(text, sizeof(text), "event %llu unique%llu ", s, s * 7919);
                uint64_t x = s * 0x9e3779b97f4a7c15u;
                for (size_t at = (size_t)k; at < len; at++, x = x * 6364136223846793005u + 11)
                        text[at] = (char)('a' + (x >> 60));
                if (records_add(test_builder, &o, span_of(text, MAX((size_t)k, len)),
                                MAX((size_t)k, len), 0, time + (int64_t)i, &seq) != 0)
                        abort();
        }
        snprintf(value, sizeof(value), "%llu", (unsigned long long)(first + n));
        records_add_position(test_builder, SPAN("file:1:2"), span_str(value));
        size_t size = records_end(test_builder);
        if (sealer_run(test_sealer, test_slot, size, false, test_half, sizeof(test_half), &used) !=
                    0 ||
            sealed_view(test_half, used, &v) != 0)
                abort();
        return v;
}

/* Reads the whole store: records must be numbered 1, 2, … each once, and say their number. What comes after the
 * last one, or 0 when something is wrong. */
static inline uint64_t test_read(const char *dir, bool backwards) {
        struct reader_query q = {
                .time_from = INT64_MIN, .time_to = INT64_MIN, .backwards = backwards};
        struct reader *rd = NULL;
        struct reader_block b;
        uint64_t next = backwards ? UINT64_MAX : 1, end = 1;
        int r;

        test_tools();
        if (reader_open(&rd, dir) != 0)
                return 0;
        reader_begin(rd, &q);
        while ((r = reader_next(rd, &b)) == 1) {
                uint64_t seq = b.first_seq;
                size_t at = 0;
                if (backwards ? next != UINT64_MAX && b.end_seq != next : b.first_seq != next)
                        goto wrong;
                for (uint32_t f = 0; f < b.n_frames; f++) {
                        struct records records;
                        if (frame_open(test_opener, span_of(b.data.p + at, b.entries[f].len),
                                       test_room, &records) != 0)
                                goto wrong;
                        at += b.entries[f].len;
                        for (uint32_t i = 0; i < records.h.n_records; i++, seq++) {
                                char want[64];
                                struct record rec;
                                struct span s;
                                int n = snprintf(want, sizeof(want), "event %llu ",
                                                 (unsigned long long)seq);
                                if (!records_at(&records, i, &rec, &s) ||
                                    !span_starts(s, span_of(want, (size_t)n)))
                                        goto wrong;
                        }
                }
                if (seq != b.end_seq)
                        goto wrong;
                end = MAX(end, b.end_seq);
                next = backwards ? b.first_seq : b.end_seq;
        }
        if (r < 0 || (backwards && next != 1 && next != UINT64_MAX))
                goto wrong;
        reader_free(rd);
        return end;
wrong:
        reader_free(rd);
        return 0;
}

/* What the store's position says: records up to there need not be sent again. */
static inline uint64_t test_position(struct store *s) {
        struct position *p = NULL;
        size_t n = 0;
        uint64_t v = 1;

        if (store_positions(s, &p, &n) < 0)
                return 0;
        if (n == 1 && p[0].value_len < 32) {
                char text[33] = {0};
                memcpy(text, p[0].value, p[0].value_len);
                v = strtoull(text, NULL, 10);
        }
        free(p);
        return v;
}

#endif
