/* Any order in, one order out; in memory, over runs, over runs of runs; and with a scratch file
 * that fails. */
#include "correlate/sort.h"

#include "base/timestamp.h"
#include "check.h"

static struct {
        char *p;
        size_t len, cap;
        unsigned writes, reads, fail_write, fail_read;
        bool short_reads;
        size_t cut; /* nothing to be read from here on; 0: all is there */
} scratch;

static int scratch_write(void *ctx, uint64_t off, const void *p, size_t n) {
        if (++scratch.writes == scratch.fail_write)
                return -ENOSPC;
        if (off + n > scratch.cap) {
                scratch.cap = (off + n) * 2;
                scratch.p = realloc(scratch.p, scratch.cap);
        }
        memcpy(scratch.p + off, p, n);
        scratch.len = MAX(scratch.len, off + n);
        return 0;
}

static ssize_t scratch_read(void *ctx, uint64_t off, void *to, size_t n) {
        if (++scratch.reads == scratch.fail_read)
                return -EIO;
        size_t len = scratch.cut ? scratch.cut : scratch.len;
        if (off >= len)
                return 0;
        n = MIN(n, len - off);
        if (scratch.short_reads && n > 1000)
                n = 1000;
        memcpy(to, scratch.p + off, n);
        return (ssize_t)n;
}

static const struct sorter_io io = {.write = scratch_write, .read = scratch_read};
static struct buf one;

static uint64_t state;
static uint32_t roll(uint32_t n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(state >> 33) % n;
}

static int add(struct sorter *s, int64_t time, uint32_t input, uint64_t offset, uint32_t rule,
               size_t pad) {
        static char text[60000];
        struct finding_field x = {.name = SPAN("n"), .value = span_of(text, pad)};
        struct finding f = {.time = time,
                            .time_last = time,
                            .input = input,
                            .offset = offset,
                            .rule = rule,
                            .fields = &x,
                            .n_fields = 1};

        memset(text, 'x', sizeof(text));
        buf_reset(&one);
        finding_encode(&one, &f);
        return sorter_add(s, &f, buf_get(&one));
}

/* What came out: a hash of all of it, and whether it was in order. */
struct seen {
        uint64_t hash, n;
        struct finding last;
        bool ordered;
        uint64_t stop_at;
};

static int look(void *ctx, const struct finding *f) {
        struct seen *w = ctx;
        const struct finding *l = &w->last;

        if (w->n && (f->time < l->time || (f->time == l->time && f->input < l->input) ||
                     (f->time == l->time && f->input == l->input && f->offset < l->offset) ||
                     (f->time == l->time && f->input == l->input && f->offset == l->offset &&
                      f->rule < l->rule)))
                w->ordered = false;
        w->hash = w->hash * 31 + (uint64_t)f->time * 7 + f->input * 5 + f->offset * 3 + f->rule +
                  (f->n_fields ? f->fields[0].value.len : 0);
        w->last = *f;
        w->n++;
        return w->stop_at && w->n == w->stop_at ? 77 : 0;
}

static void clean(void) {
        free(scratch.p);
        memset(&scratch, 0, sizeof(scratch));
}

/* n hits of random keys, pushed in an order that the seed says; the same set for all seeds. */
static struct seen sort_many(uint32_t n, uint64_t seed, size_t memory, size_t pad,
                             uint32_t *ret_runs) {
        struct seen w = {.ordered = true};
        struct sorter *s;
        uint32_t *order = malloc(n * sizeof(*order));

        clean();
        state = seed;
        for (uint32_t i = 0; i < n; i++)
                order[i] = i;
        for (uint32_t i = n; i-- > 1 && seed;) {
                uint32_t k = roll(i + 1), t = order[i];
                order[i] = order[k];
                order[k] = t;
        }
        check(sorter_new(&s, &io, memory) == 0);
        for (uint32_t i = 0; i < n; i++) {
                state = order[i];
                roll(9);
                uint32_t time = roll(50), input = roll(3), offset = roll(40), rule = roll(5);
                check(add(s, time ? time : TIME_NONE, input, offset, rule,
                          pad ? roll((uint32_t)pad) : 0) == 0);
        }
        check(sorter_drain(s, look, &w) == 0);
        *ret_runs = sorter_runs(s);
        sorter_free(s);
        free(order);
        return w;
}

static void small_stays_in_memory(void) {
        uint32_t runs;
        struct seen w = sort_many(1000, 5, 0, 100, &runs);

        check(w.ordered && w.n == 1000);
        check_int(runs, 0);
        check_int(scratch.writes, 0);
        w = sort_many(0, 5, 0, 100, &runs);
        check_int(w.n, 0);
        w = sort_many(1, 5, 0, 100, &runs);
        check_int(w.n, 1);
}

static void order_does_not_depend_on_arrival(void) {
        uint32_t runs;
        struct seen a = sort_many(5000, 0, 1 << 20, 400, &runs);
        check(runs > 0);

        for (uint64_t seed = 1; seed < 6; seed++) {
                struct seen b = sort_many(5000, seed, seed < 3 ? 1 << 20 : 0, 400, &runs);

                check(b.ordered && b.n == a.n && b.hash == a.hash);
        }
}

/* More runs than can be merged at once. */
static void runs_of_runs(void) {
        uint32_t runs;
        struct seen a = sort_many(300, 1, (size_t)64 << 20, 50000, &runs), b;

        check_int(runs, 0);
        scratch.short_reads = true;
        b = sort_many(300, 2, 1, 50000, &runs);
        check(runs > 20);
        check(b.ordered && b.n == a.n && b.hash == a.hash);
}

static void a_scratch_that_fails_is_told(void) {
        struct seen w = {.ordered = true};
        unsigned write_errors = 0, read_errors = 0;

        for (unsigned k = 1; k < 60; k++) {
                struct sorter *s;
                int r = 0;

                clean();
                scratch.fail_write = k % 2 ? k / 2 + 1 : 0;
                scratch.fail_read = k % 2 ? 0 : k / 2;
                check(sorter_new(&s, &io, 1) == 0);
                for (uint32_t i = 0; i < 100 && r == 0; i++)
                        r = add(s, i * 7919 % 100, 0, i, 0, 30000);
                if (r == 0)
                        r = sorter_drain(s, look, &w);
                write_errors += r == -ENOSPC;
                read_errors += r == -EIO;
                check(r == 0 || r == -ENOSPC || r == -EIO);
                sorter_free(s);
        }
        check(write_errors > 10 && read_errors > 10);
}

static void a_scratch_that_lies_is_refused(void) {
        /* The finding's length, its rule (any number is sound), the number of its fields, a name's
         * length. */
        static const struct {
                size_t place;
                bool sound;
        } cases[] = {{0, false}, {1, false}, {3, false}, {4, true}, {28, false}, {104, false}};

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct seen w = {.ordered = true};
                struct sorter *s;

                clean();
                check(sorter_new(&s, &io, 1) == 0);
                for (uint32_t k = 0; k < 100; k++)
                        check(add(s, k, 0, k, 0, 30000) == 0);
                scratch.p[cases[i].place] = (char)(scratch.p[cases[i].place] + 1);
                check_int(sorter_drain(s, look, &w), cases[i].sound ? 0 : -EBADMSG);
                sorter_free(s);
        }
        for (unsigned cut = 0; cut < 2; cut++) {
                struct seen w = {.ordered = true};
                struct sorter *s;

                clean();
                check(sorter_new(&s, &io, 1) == 0);
                for (uint32_t k = 0; k < 100; k++)
                        check(add(s, k, 0, k, 0, 30000) == 0);
                scratch.cut = scratch.len / (cut + 2);
                check(sorter_drain(s, look, &w) == -EBADMSG);
                sorter_free(s);
        }
}

static void a_callback_may_stop(void) {
        struct seen w = {.ordered = true, .stop_at = 3};
        struct sorter *s;

        check(sorter_new(&s, &io, 0) == 0);
        for (uint32_t i = 0; i < 10; i++)
                check(add(s, i, 0, i, 0, 1) == 0);
        check_int(sorter_drain(s, look, &w), 77);
        check_int(w.n, 3);
        check(sorter_add(s, &(struct finding){.time = 1}, span_of(NULL, (size_t)1 << 20)) ==
              -EBADMSG);
        sorter_free(s);
}

int main(void) {
        RUN(small_stays_in_memory);
        RUN(order_does_not_depend_on_arrival);
        RUN(runs_of_runs);
        RUN(a_scratch_that_fails_is_told);
        RUN(a_scratch_that_lies_is_refused);
        RUN(a_callback_may_stop);
        clean();
        buf_deinit(&one);
        return check_done();
}
