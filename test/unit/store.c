/* store/: what was committed is read again, each record once; blocks, days, order, limits. */
#include "store_data.h"

#include "store/answer.h"
#include "store/day.h"
#include "store/filter.h"
#include "store/hold.h"
#include "store/token.h"
#include "store/verify.h"

static char dir[] = "/tmp/coloa-store-XXXXXX", sub[64];
static unsigned n_sub;

static const char *new_dir(void) {
        snprintf(sub, sizeof(sub), "%s/%u", dir, n_sub++);
        check_int(os_mkdir(sub, 0700), 0);
        return sub;
}

static struct store *open_store(const char *at) {
        struct store *s = NULL;
        const char *what;

        check_int(store_open(&s, at, &what), 0);
        return s;
}

static void put(struct store *s, uint64_t first, uint32_t n, size_t len, int64_t time) {
        struct sealed_view v = test_batch(first, n, len, time);

        check_int(store_take(s, &v), 0);
}

static void what_was_committed_is_read_again(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        uint64_t next = 1;

        check_int(store_durable(s), 1);
        for (unsigned i = 0; i < 40; i++) {
                put(s, next, 50, 4000, TEST_TIME + i);
                next += 50;
                check(store_durable(s) < next && store_next(s) == next);
                if (i % 3 == 0)
                        check_int(store_commit(s), 0);
                if (i % 5 == 0)
                        check_int(store_seal(s, false), 0);
        }
        check_int(store_commit(s), 0);
        check_int(store_durable(s), next);
        check_int(test_read(at, false), next);
        check_int(test_read(at, true), next);
        check_int(test_position(s), next);
        check_int(store_seal(s, true), 0);
        check_int(store_tail(s), 0);
        check_int(test_read(at, false), next);
        s = store_free(s);
        check_int(test_read(at, true), next);
        s = open_store(at);
        check_int(store_durable(s), next);
        put(s, next, 1, 100, TEST_TIME);
        check_int(store_commit(s), 0);
        check_int(test_read(at, false), next + 1);
}

static void a_tail_without_close_is_found_again(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);

        for (unsigned i = 0; i < 300; i++) {
                put(s, 1 + i * 3, 3, 200, TEST_TIME);
                check_int(store_commit(s), 0);
        }
        s = store_free(s); /* no sealing */
        s = open_store(at);
        check_int(store_durable(s), 901);
        check_int(store_seal(s, true), 0);
        check_int(test_read(at, false), 901);
        check_int(test_read(at, true), 901);
}

/* 300 frames of three records were packed into one, with all their tokens. */
struct may {
        uint32_t token;
        unsigned asked, passed;
};

static bool may(void *ctx, struct span filter) {
        struct may *m = ctx;
        bool yes = filter_may(filter, m->token);

        m->asked++;
        m->passed += yes;
        return yes;
}

static void filters_skip_blocks(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        _cleanup_(reader_freep) struct reader *rd = NULL;
        struct reader_block b;
        uint64_t next = 1;

        for (unsigned i = 0; i < 100; i++) {
                put(s, next, 100, 3000, TEST_TIME + i * 1000);
                next += 100;
                check_int(store_commit(s), 0);
                if (i == 50) { /* tokens are found again after a start */
                        s = store_free(s);
                        s = open_store(at);
                }
                check_int(store_seal(s, false), 0);
        }
        check_int(store_seal(s, true), 0);
        check_int(reader_open(&rd, at), 0);
        for (uint64_t seq = 1; seq < next; seq += 997) {
                char word[64];
                snprintf(word, sizeof(word), "Unique%llu", (unsigned long long)(seq * 7919));
                struct may m = {.token = token_hash(span_str(word))};
                struct reader_query q = {
                        .time_from = INT64_MIN, .time_to = INT64_MIN, .may = may, .ctx = &m};
                bool there = false;
                reader_begin(rd, &q);
                while (reader_next(rd, &b) == 1)
                        there |= seq >= b.first_seq && seq < b.end_seq;
                check(there && m.asked > 6 && m.passed <= 3);
        }
        struct reader_query q = {
                .from = 5000, .to = 5001, .time_from = INT64_MIN, .time_to = INT64_MIN};
        for (unsigned back = 0; back < 2; back++) {
                q.backwards = back;
                reader_begin(rd, &q);
                check(reader_next(rd, &b) == 1 && b.first_seq <= 5000 && b.end_seq > 5000);
                check_int(reader_next(rd, &b), 0);
                check_int(reader_next(rd, &b), 0);
        }
        q = (struct reader_query){.time_from = TEST_TIME + 50 * 1000,
                                  .time_to = TEST_TIME + 51 * 1000};
        reader_begin(rd, &q);
        check(reader_next(rd, &b) == 1 && b.first_seq <= 5001 && b.end_seq > 5001);
        check_int(reader_next(rd, &b), 0);
        uint64_t first, end;
        check_int(reader_range(rd, &first, &end), 0);
        check(first == 1 && end == next);
}

static void small_frames_are_packed(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        _cleanup_(reader_freep) struct reader *rd = NULL;
        struct reader_query q = {.time_from = INT64_MIN, .time_to = INT64_MIN};
        struct reader_block b;

        for (unsigned i = 0; i < 500; i++)
                put(s, 1 + i * 2, 2, 300, TEST_TIME);
        check_int(store_commit(s), 0);
        check_int(store_seal(s, true), 0);
        check_int(reader_open(&rd, at), 0);
        reader_begin(rd, &q);
        check_int(reader_next(rd, &b), 1);
        check(b.number == 1 && b.n_frames == 2 && b.end_seq == 1001);
        check_int(test_read(at, false), 1001);
}

static void days_never_go_back(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        int64_t day = INT64_C(86400) * 1000000000;
        char **names;
        size_t n, days = 0;

        put(s, 1, 10, 50, TEST_TIME);
        put(s, 11, 10, 50, TEST_TIME + day);
        put(s, 21, 10, 50, TEST_TIME - day); /* the clock was set back */
        put(s, 31, 10, 50, TEST_TIME + 2 * day);
        check_int(store_commit(s), 0);
        check(store_clock_went_back(s) && !store_clock_went_back(s));
        check_int(store_seal(s, false), 0);
        check_int(store_seal(s, true), 0);
        check_int(test_read(at, false), 41);
        check_int(test_read(at, true), 41);
        check_int(os_list_dir(at, &names, &n), 0);
        for (size_t i = 0; i < n; i++)
                days += strncmp(names[i], "events-", 7) == 0 && strlen(names[i]) == 20;
        free(names);
        check_int(days, 3);
}

static void say(void *ctx, const struct verify_break *b) {
        printf("# broken: kind %u %s block %llu\n", b->kind, b->file,
               (unsigned long long)b->number);
}

/* All of it, as the minutes pass. */
static int retain(struct store *s, unsigned days, uint64_t bytes, int64_t now) {
        int r = 0;

        for (unsigned i = 0; i < 8 && r == 0; i++)
                r = store_retain(s, days, bytes, now);
        return r;
}

/* Of whole days the numbers are the days' own, as programs before there were parts wrote and read them. */
static void check_days_on_disk(const char *at) {
        sqlite3 *meta = NULL;
        sqlite3_stmt *s = NULL;
        char path[128];
        int64_t end[3];

        snprintf(path, sizeof(path), "%s/" TAIL_NAME, at);
        check_int(db_open(&meta, path, DB_READ, 0, TAIL_KIND), 0);
        check_int(db_prepare(meta, &s, "SELECT day FROM gone ORDER BY first_number"), 0);
        for (int64_t day = TEST_TIME / (86400 * INT64_C(1000000000)), i = 0; i < 5; i++)
                check(db_step(meta, s) == 1 && sqlite3_column_int64(s, 0) == day + i);
        check_int(db_step(meta, s), 0);
        sqlite3_finalize(s);
        check_int(db_prepare(meta, &s, "SELECT value FROM store WHERE key='end'"), 0);
        check_int(db_step(meta, s), 1);
        memcpy(end, db_blob(s, 0).p, sizeof(end)); /* number, end of the records, day */
        check_int(end[2], TEST_TIME / (86400 * INT64_C(1000000000)) + 5);
        sqlite3_finalize(s);
        db_close(&meta);
}

static void old_days_go_and_the_chain_stays(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        struct verify_options o = {.day = INT64_MIN, .deep = true, .say = say};
        _cleanup_(reader_freep) struct reader *rd = NULL;
        int64_t day = INT64_C(86400) * 1000000000;
        struct verify_result v;
        uint64_t first, end;

        for (int64_t i = 0; i < 6; i++) {
                put(s, 1 + (uint64_t)i * 10, 10, 50, TEST_TIME + i * day);
                check_int(store_commit(s), 0);
                check_int(store_seal(s, true), 0);
        }
        check_int(retain(s, 0, 0, TEST_TIME + 5 * day), 0);
        check_int(test_read(at, false), 61);
        check_int(retain(s, 4, 0, TEST_TIME + 5 * day), 0);
        check_int(reader_open(&rd, at), 0);
        check(reader_range(rd, &first, &end) == 0 && first == 21 && end == 61);
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.gone == 2 && v.days == 4 && v.records == 40);
        check_int(retain(s, 0, 1, TEST_TIME + 5 * day), 0); /* all but the one written to */
        check(reader_range(rd, &first, &end) == 0 && first == 51 && end == 61);
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.gone == 5 && v.days == 1);
        s = store_free(s);
        s = open_store(at);
        check_int(store_durable(s), 61);
        check_days_on_disk(at);
        put(s, 61, 10, 50, TEST_TIME + 6 * day);
        check_int(store_commit(s), 0);
        check_int(store_seal(s, true), 0);
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.end_seq == 71);
}

static void names_of_files_and_pieces(void) {
        static const char *const bad[] = {
                "events-2026-11-23.part0001.db",  "events-2026-11-23.part2.db",
                "events-2026-11-23.part0002.dbx", "events-2026-13-23.db",
                "events-2026-11-23.port0002.db",  "events-2026-11-23.db-wal",
                "events-2026-11-23.part00a2.db"};
        static const int64_t days[] = {-3, 0, 20780};
        char name[DAY_NAME_MAX], before[DAY_NAME_MAX] = "";

        for (size_t i = 0; i < ARRAY_LEN(days); i++) {
                for (unsigned part = 1; part <= DAY_PARTS_MAX; part += part < 11 ? 1 : 2497) {
                        int64_t p = piece_make(days[i], part);
                        check(piece_day(p) == days[i] && piece_part(p) == part);
                        check(piece_from_disk(piece_to_disk(p)) == p);
                        check(part > 1 || piece_to_disk(p) == days[i]); /* as ever */
                        day_name(name, p);
                        check(day_of_name(name) == p);
                        check(strcmp(before, name) < 0);
                        memcpy(before, name, sizeof(before));
                }
                check(piece_make(days[i], DAY_PARTS_MAX) < piece_make(days[i] + 1, 1));
        }
        check_span(span_str(name), "events-2026-11-23.part9999.db");
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                check_int(day_of_name(bad[i]), PIECE_NONE);
        check_int(piece_from_disk(INT64_MAX), PIECE_NONE);
        check_int(piece_from_disk(PIECE_NONE), PIECE_NONE);
}

static size_t n_files(const char *at) {
        int64_t *pieces;
        size_t n;

        check_int(day_list(at, &pieces, &n), 0);
        free(pieces);
        return n;
}

#define DAY INT64_C(86400000000000)

/* Two days of about twenty blocks each, in parts of three or four. */
static uint64_t fill_parts(struct store *s) {
        uint64_t next = 1;

        store_set_part(s, (uint64_t)6 << 20);
        for (unsigned i = 0; i < 400; i++) {
                put(s, next, 100, 3900, TEST_TIME + (i / 200) * DAY + i);
                next += 100;
                check_int(store_commit(s), 0);
                check_int(store_seal(s, i % 50 == 49), 0);
        }
        check_int(store_seal(s, true), 0);
        return next;
}

/* Each of these is found by its number, from either end, in the one block that holds it. */
static void find_each(struct reader *rd, uint64_t from, uint64_t to) {
        struct reader_block b;

        for (uint64_t seq = from; seq < to; seq += 397) {
                struct reader_query q = {
                        .from = seq, .to = seq + 1, .time_from = INT64_MIN, .time_to = INT64_MIN};
                for (q.backwards = false;; q.backwards = true) {
                        reader_begin(rd, &q);
                        check(reader_next(rd, &b) == 1 && b.first_seq <= seq && b.end_seq > seq);
                        check_int(reader_next(rd, &b), 0);
                        if (q.backwards)
                                break;
                }
        }
}

static void a_large_day_goes_on_in_parts(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        struct verify_options o = {.day = INT64_MIN, .deep = true, .say = say};
        _cleanup_(reader_freep) struct reader *rd = NULL;
        struct verify_result v;
        uint64_t first, end, next = fill_parts(s), second;
        char path[160];

        size_t all = n_files(at);
        check(all >= 8 && all < 40);
        check_int(test_read(at, false), next);
        check_int(test_read(at, true), next);
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.days == 2 && v.files == all && v.gone == 0 && v.end_seq == next);
        o.day = TEST_TIME / DAY;
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.days == 1 && v.files > 3 && v.files < all && v.first_seq == 1);
        second = v.end_seq;
        snprintf(path, sizeof(path), "%s/events-2026-11-23.part0003.db", at);
        check_int(verify_store(path, &o, &v), 0); /* by itself */
        check(v.breaks == 0 && v.files == 1 && v.first_seq > 1);

        /* By size: some of a day; the rest of it, and its chain, stand. */
        check_int(retain(s, 0, (uint64_t)50 << 20, TEST_TIME + 2 * DAY), 0);
        check_int(reader_open(&rd, at), 0);
        check(reader_range(rd, &first, &end) == 0 && first > 1 && first != second && end == next);
        check(n_files(at) > 3 && n_files(at) < all);
        find_each(rd, first, next);
        o.day = INT64_MIN;
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.gone + v.files == all && v.end_seq == next);
        o.day = TEST_TIME / DAY;
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0);
        /* After a start it goes on where it was. */
        s = store_free(s);
        s = open_store(at);
        store_set_part(s, (uint64_t)6 << 20);
        check_int(store_durable(s), next);
        for (unsigned i = 0; i < 100; i++) {
                put(s, next, 100, 3900, TEST_TIME + DAY);
                next += 100;
                check_int(store_commit(s), 0);
                check_int(store_seal(s, false), 0);
        }
        check_int(store_seal(s, true), 0);
        /* By age: all parts of the first day. */
        check_int(retain(s, 1, 0, TEST_TIME + DAY), 0);
        o.day = INT64_MIN;
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.days == 1 && v.files > 4 && v.end_seq == next);
        check(retain(s, 0, 1, TEST_TIME + DAY) == 0 && n_files(at) == 1);
        check_int(verify_store(at, &o, &v), 0);
        check(v.breaks == 0 && v.files == 1 && v.end_seq == next);
}

/* What is read to be judged is all that the answer's range names. */
static void an_answer_ends_at_a_hole(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        _cleanup_(reader_freep) struct reader *rd = NULL;
        struct keep_hold hold = {.name = "first",
                                 .owner = "an",
                                 .reason = "x",
                                 .first = 1,
                                 .end = 2,
                                 .until = INT64_MAX};
        struct msg_store_read q = {.type = STORE_READ, .from = 1, .max_bytes = 64 << 20};
        struct msg_store_frames m;
        uint64_t next = fill_parts(s);
        int fd = -1;

        check_int(store_hold(s, KEEP_HOLD, &hold, TEST_TIME), 0);
        check_int(retain(s, 0, (uint64_t)30 << 20, TEST_TIME), 0);
        check_int(reader_open(&rd, at), 0);
        check_int(answer_read(rd, &q, &m, &fd), 0);
        check(m.from == 1 && m.to > 1 && m.to < next / 2);
        os_close(fd);
        q.from = m.to;
        check_int(answer_read(rd, &q, &m, &fd), 0);
        check(m.from > q.from + 100 && m.to == next);
        os_close(fd);
        find_each(rd, 1, q.from);
        find_each(rd, m.from, next);
        struct reader_query none = {
                .from = q.from, .to = m.from, .time_from = INT64_MIN, .time_to = INT64_MIN};
        struct reader_block b;
        reader_begin(rd, &none);
        check_int(reader_next(rd, &b), 0);
        none.backwards = true;
        reader_begin(rd, &none);
        check_int(reader_next(rd, &b), 0);
}

static void known_batches_are_not_taken_twice(void) {
        const char *at = new_dir();
        _cleanup_(store_freep) struct store *s = open_store(at);
        struct sealed_view v;

        put(s, 1, 10, 50, TEST_TIME);
        check_int(store_commit(s), 0);
        v = test_batch(1, 10, 50, TEST_TIME);
        check_int(store_take(s, &v), STORE_E_KNOWN);
        v = test_batch(12, 10, 50, TEST_TIME);
        check_int(store_take(s, &v), -EPROTO);
        v = test_batch(5, 10, 50, TEST_TIME);
        check_int(store_take(s, &v), -EPROTO);
        unsigned k = 0;
        int r = 0;
        for (uint64_t next = 11; r == 0; next += 100, k++) {
                v = test_batch(next, 100, 4000, TEST_TIME);
                r = store_take(s, &v);
        }
        check_int(r, STORE_E_FULL);
        check(k > 30 && k < 50);
        check_int(store_commit(s), 0);
        check_int(store_take(s, &v), 0);
}

static void only_one_writes(void) {
        const char *at = new_dir(), *what;
        _cleanup_(store_freep) struct store *s = open_store(at);
        struct store *other = NULL;

        check_int(store_open(&other, at, &what), -EBUSY);
        check_span(span_str(what), "another node has this directory open");
        s = store_free(s);
        check_int(store_open(&other, at, &what), 0);
        store_free(other);
}

static void a_missing_part_is_said(void) {
        const char *at = new_dir(), *what;
        _cleanup_(store_freep) struct store *s = open_store(at);
        struct store *other = NULL;
        char path[128];

        put(s, 1, 10, 50, TEST_TIME);
        check_int(store_commit(s), 0);
        check_int(store_seal(s, true), 0);
        put(s, 11, 10, 50, TEST_TIME + INT64_C(86400000000000));
        check_int(store_commit(s), 0);
        check_int(store_seal(s, true), 0);
        s = store_free(s);
        snprintf(path, sizeof(path), "%s/events-2026-11-24.db", at);
        check_int(os_unlink(path), 0);
        check_int(store_open(&other, at, &what), -EBADMSG);
        check_span(span_str(what), "blocks are missing: run coloa verify");
        snprintf(path, sizeof(path), "%s/meta.db", at);
        check_int(os_unlink(path), 0);
        check_int(store_open(&other, at, &what), -EBADMSG);
        check_span(span_str(what), "meta.db is missing beside the days");
}

int main(void) {
        if (!mkdtemp(dir))
                return 1;
        RUN(what_was_committed_is_read_again);
        RUN(a_tail_without_close_is_found_again);
        RUN(filters_skip_blocks);
        RUN(small_frames_are_packed);
        RUN(days_never_go_back);
        RUN(old_days_go_and_the_chain_stays);
        RUN(names_of_files_and_pieces);
        RUN(a_large_day_goes_on_in_parts);
        RUN(an_answer_ends_at_a_hole);
        RUN(known_batches_are_not_taken_twice);
        RUN(only_one_writes);
        RUN(a_missing_part_is_said);
        test_tools_free();
        os_remove_tree(dir);
        return check_done();
}
