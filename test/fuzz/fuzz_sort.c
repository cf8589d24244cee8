/* correlate/sort.c: hits in any order, over a scratch file that may lie, come short or fail; with
 * memory for few of them. Without a fault all of them must come out, each once, in order; with one the sorter says so or gives what
 * the file holds, and no more.
 *
 *     fault u8 | at u8 | commands: 0–191: one hit of 4 bytes | 192–254: a burst of (n, pad, step)
 *     | 255: the rest, as a judge may have written it */
#define SORT_SMALL
#define MEMORY_MIN ((size_t)8 << 10)
#define RECORD_BYTES ((size_t)1 << 10)
#define BUFFER_BYTES ((size_t)2 << 10)
#include "correlate/sort.c" /* NOLINT: the code itself, with little memory */

#include "check.h"

#define HITS_MAX 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum fault { FAULT_NONE, FAULT_SHORT, FAULT_WRITE, FAULT_READ, FAULT_FLIP, FAULT_CUT, FAULT_N };

static struct {
        char *p;
        size_t len, cap;
        enum fault fault;
        unsigned at, writes, reads;
} scratch;

static int scratch_write(void *ctx, uint64_t off, const void *p, size_t n) {
        if (scratch.fault == FAULT_WRITE && scratch.writes++ == scratch.at)
                return -ENOSPC;
        if (off + n > scratch.cap) {
                scratch.cap = (off + n) * 2;
                scratch.p = realloc(scratch.p, scratch.cap);
        }
        assert(scratch.p && off <= scratch.len); /* no holes */
        memcpy(scratch.p + off, p, n);
        scratch.len = MAX(scratch.len, off + n);
        return 0;
}

static ssize_t scratch_read(void *ctx, uint64_t off, void *to, size_t n) {
        size_t len = scratch.fault == FAULT_CUT ? scratch.len * scratch.at / 256 : scratch.len;

        if (scratch.fault == FAULT_READ && scratch.reads++ == scratch.at)
                return -EIO;
        if (off >= len)
                return 0;
        n = MIN(n, len - off);
        if (scratch.fault == FAULT_SHORT && n > scratch.at + 1)
                n = n / 2 + 1;
        memcpy(to, scratch.p + off, n);
        if (scratch.fault == FAULT_FLIP)
                ((char *)to)[(scratch.at * 2654435761u + (size_t)off) % n] ^=
                        (char)(1 << scratch.at % 8);
        return (ssize_t)n;
}

static const struct sorter_io io = {.write = scratch_write, .read = scratch_read};

static uint64_t digest(const struct finding *f) {
        uint64_t h = (uint64_t)f->time * 0x9e3779b97f4a7c15u;

        h = (h ^ f->input) * 0xff51afd7ed558ccdu;
        h = (h ^ f->offset) * 0xc4ceb9fe1a85ec53u;
        h = (h ^ f->rule) * 0x9e3779b97f4a7c15u;
        return h ^ h >> 29 ^ (f->n_fields ? f->fields[0].value.len : 7);
}

struct seen {
        uint64_t n, sum;
        struct finding last;
        bool check;
};

static int cmp(const struct finding *a, const struct finding *b) {
        return a->time != b->time       ? (a->time > b->time) - (a->time < b->time)
               : a->input != b->input   ? (a->input > b->input) - (a->input < b->input)
               : a->offset != b->offset ? (a->offset > b->offset) - (a->offset < b->offset)
                                        : (a->rule > b->rule) - (a->rule < b->rule);
}

static int look(void *ctx, const struct finding *f) {
        struct seen *s = ctx;

        if (s->check && s->n)
                assert(cmp(&s->last, f) <= 0);
        s->last = *f;
        s->n++;
        s->sum += digest(f);
        return 0;
}

struct feed {
        struct sorter *s;
        struct seen want;
        struct buf one;
        int r;
};

static void hand_over(struct feed *w, const struct finding *f, struct span encoded) {
        if (w->r < 0 || w->want.n >= HITS_MAX || encoded.len > RECORD_BYTES)
                return;
        w->r = sorter_add(w->s, f, encoded);
        w->want.n++;
        w->want.sum += digest(f);
}

static void hit(struct feed *w, int64_t time, uint32_t input, uint64_t offset, uint32_t pad) {
        static char text[1024];
        struct finding_field x = {.name = SPAN("n"), .value = span_of(text, pad)};
        struct finding f = {.time = time,
                            .time_last = time,
                            .input = input,
                            .offset = offset,
                            .rule = (uint32_t)offset % 3,
                            .fields = &x,
                            .n_fields = 1};

        buf_reset(&w->one);
        finding_encode(&w->one, &f);
        hand_over(w, &f, buf_get(&w->one));
}

static void raw(struct feed *w, const uint8_t *p, size_t n) {
        struct arena a;
        struct finding f;
        ssize_t used;

        arena_init(&a, (size_t)1 << 20);
        while ((used = finding_decode(span_of((const char *)p, n), &a, &f)) > 0) {
                hand_over(w, &f, span_of((const char *)p, (size_t)used));
                p += used;
                n -= (size_t)used;
                arena_reset(&a);
        }
        arena_deinit(&a);
}

static void feed(struct feed *w, const uint8_t *p, size_t n) {
        while (n >= 4) {
                if (p[0] == 255) {
                        raw(w, p + 1, n - 1);
                        return;
                }
                int64_t t = p[1] == 255   ? TIME_NONE
                            : p[1] == 254 ? INT64_MAX
                                          : (p[1] - 100) * NS_PER_SEC;
                if (p[0] < 192)
                        hit(w, t, p[0] % 4, p[2], p[3]);
                for (unsigned i = 0; p[0] >= 192 && i < p[0] - 191u; i++)
                        hit(w, t + (int64_t)(i * (p[2] | 1u) % 251) * (p[2] & 128 ? -1 : 1), i % 5,
                            i * 7, p[3] * 3u);
                p += 4;
                n -= 4;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct feed w = {0};
        struct seen got = {0};

        if (size < 2)
                return 0;
        scratch.fault = data[0] % FAULT_N;
        scratch.at = data[1];
        scratch.len = 0;
        scratch.writes = scratch.reads = 0;
        if (sorter_new(&w.s, &io, MEMORY_MIN) < 0)
                return 0;
        feed(&w, data + 2, size - 2);
        got.check = scratch.fault != FAULT_FLIP;
        if (w.r == 0)
                w.r = sorter_drain(w.s, look, &got);
        if (scratch.fault == FAULT_NONE || scratch.fault == FAULT_SHORT)
                assert(w.r == 0);
        if (w.r == 0 && got.check)
                assert(got.n == w.want.n && got.sum == w.want.sum);
        sorter_free(w.s);
        buf_deinit(&w.one);
        return 0;
}
