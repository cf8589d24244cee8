/* See reader.h.
 *
 * reader_begin() looks first at the tail, then at where the blocks end: what left the tail in between is
 * in a block, so each record is in one of the two, and rows below that end are passed over. From
 * then on only blocks up to that one are read, each by a statement of its own that is over when the
 * block is copied: no snapshot stays open, and a checkpoint of the node never waits for a search. */
#include "store/reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/timestamp.h"
#include "os/os.h"
#include "store/day.h"
#include "store/row.h"

struct reader {
        char *dir;
        sqlite3 *meta;
        unsigned char id[STORE_ID_BYTES];
        const char *what;

        struct reader_query q;
        struct reader_stats stats;
        int64_t *days;
        size_t n_days, day; /* day: the next to open, or behind the last */
        sqlite3 *db;        /* of the day at hand */
        sqlite3_stmt *find, *filter, *data;
        uint64_t at;   /* number of the next block to look at, up or down */
        uint64_t last; /* the last block of this look */
        bool looked, in_tail, over;
        struct row_list tail;
        struct row *shown; /* of the tail, valid until the next call */
        struct buf entries, bytes, sieve;
};

const char *reader_what(const struct reader *r) {
        return r && r->what ? r->what : "";
}

void reader_store(const struct reader *r, unsigned char ret[STORE_ID_BYTES]) {
        memcpy(ret, r->id, STORE_ID_BYTES);
}

static void close_day(struct reader *r) {
        sqlite3_finalize(r->find);
        sqlite3_finalize(r->filter);
        sqlite3_finalize(r->data);
        r->find = r->filter = r->data = NULL;
        db_close(&r->db);
}

struct reader *reader_free(struct reader *r) {
        if (!r)
                return NULL;
        close_day(r);
        db_close(&r->meta);
        row_list_clear(&r->tail);
        row_free(r->shown);
        buf_deinit(&r->entries);
        buf_deinit(&r->bytes);
        buf_deinit(&r->sieve);
        free(r->days);
        free(r->dir);
        free(r);
        return NULL;
}

int reader_open(struct reader **ret, const char *dir) {
        struct reader *r = calloc(1, sizeof(*r));
        char path[4096];

        if (!r)
                return FAIL(-ENOMEM);
        row_list_init(&r->tail);
        r->over = true;
        r->dir = strdup(dir);
        snprintf(path, sizeof(path), "%s/%s", dir, TAIL_NAME);
        int k = r->dir ? db_open(&r->meta, path, DB_READ, 0, TAIL_KIND) : -ENOMEM;
        if (k == 0)
                k = tail_id(r->meta, r->id);
        if (k < 0) {
                reader_free(r);
                return k == -EBADMSG || k == -ENOENT ? READER_E_BAD : FAIL(k);
        }
        *ret = r;
        return 0;
}

static int keep_row(void *ctx, struct row *row) {
        struct reader *r = ctx;

        row_list_push(&r->tail, row);
        return 0;
}

static int prepare(struct reader *r) {
        int k = db_prepare(
                r->db, &r->find,
                r->q.backwards ? "SELECT number,first_seq,end_seq,received_min,received_max FROM "
                                 "blocks WHERE number<=?1 ORDER BY number DESC LIMIT 1"
                               : "SELECT number,first_seq,end_seq,received_min,received_max FROM "
                                 "blocks WHERE number>=?1 ORDER BY number LIMIT 1");
        if (k == 0)
                k = db_prepare(r->db, &r->filter, "SELECT filter FROM filters WHERE number=?1");
        if (k == 0)
                k = db_prepare(r->db, &r->data,
                               "SELECT " DAY_BLOCK_COLUMNS " FROM blocks WHERE number=?1");
        return k;
}

/* To the first block of the day that the range of numbers asks for. 1: it has none. */
static int skip(struct reader *r) {
        _cleanup_(db_finalizep) sqlite3_stmt *s = NULL;
        uint64_t bound = r->q.backwards ? r->q.to : r->q.from + 1;

        if (r->q.backwards ? r->q.to > INT64_MAX : r->q.from == 0)
                return 0;
        int k = db_prepare(r->db, &s,
                           "SELECT number FROM blocks WHERE end_seq>=?1 ORDER BY end_seq LIMIT 1");
        if (k < 0)
                return k;
        sqlite3_bind_int64(s, 1, (sqlite3_int64)bound);
        k = db_step(r->db, s);
        if (k < 0)
                return k;
        if (k && r->q.backwards)
                r->at = MIN(r->at, db_u64(s, 0));
        else if (k)
                r->at = MAX(r->at, db_u64(s, 0));
        return k == 0 && !r->q.backwards;
}

/* The next day's file; 1, 0: there is none, -errno. A day that retention took meanwhile is passed
 * over. */
static int next_day(struct reader *r) {
        close_day(r);
        for (;;) {
                if (r->day >= r->n_days) /* also below 0, backwards */
                        return 0;
                int64_t day = r->days[r->day];
                r->day += r->q.backwards ? (size_t)-1 : 1;
                int k = day_open_read(&r->db, r->dir, day, r->id);
                if (k == 0)
                        k = prepare(r);
                if (k == 0)
                        k = skip(r);
                if (k == 0)
                        return 1;
                close_day(r);
                /* Gone, or made and not yet finished. */
                if (k < 0 && k != -ENOENT)
                        return FAIL(k);
        }
}

/* Where the blocks end now. */
static int find_last(struct reader *r, struct chain_end *ret) {
        *ret = (struct chain_end){.end_seq = 1};
        for (size_t i = r->n_days; i-- > 0;) {
                struct chain_end end = {0};
                sqlite3 *db = NULL;
                int k = day_open_read(&db, r->dir, r->days[i], r->id);
                if (k == -ENOENT)
                        continue;
                if (k == 0)
                        k = day_end(db, r->days[i], &end);
                db_close(&db);
                if (k < 0)
                        return k;
                if (end.number) {
                        *ret = end;
                        return 0;
                }
        }
        return tail_end(r->meta, ret); /* all days were taken away */
}

/* Where a file's records begin. -ENOENT: gone, or made and not yet finished. */
static int first_of(struct reader *r, int64_t piece, uint64_t *ret) {
        struct chain_end before = {0};
        sqlite3 *db = NULL;
        int k = day_open_read(&db, r->dir, piece, r->id);

        if (k == 0)
                k = day_before(db, &before);
        db_close(&db);
        *ret = before.end_seq;
        return k;
}

/* A large store has many files, and to open each costs: as they are in order, the first (backwards: the last) that may
 * hold records of the range is found by halving. Where that fails, by looking at all. */
static void find_first(struct reader *r) {
        uint64_t bound = r->q.backwards ? r->q.to - 1 : r->q.from, first;
        size_t a = 0,
               b = r->n_days; /* files below `a` begin at or below the bound, those from `b` on above */

        r->day = r->q.backwards ? r->n_days - 1 : 0;
        if (r->q.backwards ? r->q.to == UINT64_MAX : r->q.from == 0)
                return;
        while (a < b) {
                size_t middle = a + (b - a) / 2;
                int k = first_of(r, r->days[middle], &first);
                if (k < 0 && k != -ENOENT) {
                        base_fail_clear();
                        return;
                }
                if (k == -ENOENT) {
                        r->n_days--;
                        b--;
                        memmove(r->days + middle, r->days + middle + 1,
                                (r->n_days - middle) * sizeof(*r->days));
                } else if (first <= bound) {
                        a = middle + 1;
                } else {
                        b = middle;
                }
        }
        r->day = a > 0 ? a - 1 : 0;
}

static int look(struct reader *r) {
        struct chain_end end = {0};

        row_list_clear(&r->tail);
        free(r->days);
        r->days = NULL;
        r->n_days = 0;
        int k = tail_rows(r->meta, 0, keep_row, r);
        if (k == 0)
                k = day_list(r->dir, &r->days, &r->n_days);
        if (k == 0)
                k = find_last(r, &end);
        if (k < 0)
                return k;
        while (r->tail.first && r->tail.first->h.end_seq <= end.end_seq)
                row_free(row_list_pop(&r->tail));
        r->last = end.number;
        return 0;
}

static void reverse(struct row_list *l) {
        struct row *all = NULL;

        while (l->first) {
                struct row *row = row_list_pop(l);
                row->next = all;
                all = row;
        }
        while (all) {
                struct row *row = all;
                all = row->next;
                row_list_push(l, row);
        }
}

void reader_begin(struct reader *r, const struct reader_query *q) {
        close_day(r);
        r->q = *q;
        if (r->q.to == 0)
                r->q.to = UINT64_MAX;
        r->stats = (struct reader_stats){0};
        r->over = false;
        r->in_tail = q->backwards;
        r->looked = false; /* reader_next() looks */
        r->at = 0;
}

const struct reader_stats *reader_stats(const struct reader *r) {
        return &r->stats;
}

static bool in_time(const struct reader *r, int64_t min, int64_t max) {
        return (r->q.time_from == TIME_NONE || max >= r->q.time_from) &&
               (r->q.time_to == TIME_NONE || min < r->q.time_to);
}

/* 1: shown; 0: the tail is over. */
static int next_of_tail(struct reader *r, struct reader_block *ret) {
        while (r->tail.first) {
                r->shown = row_free(r->shown);
                r->shown = row_list_pop(&r->tail);
                const struct block_header *h = &r->shown->h;
                if (h->end_seq <= r->q.from || h->first_seq >= r->q.to)
                        continue;
                r->stats.blocks++;
                if (!in_time(r, h->received_min, h->received_max)) {
                        r->stats.skipped_time++;
                        continue;
                }
                r->stats.frame_bytes += h->data_len;
                *ret = (struct reader_block){.first_seq = h->first_seq,
                                             .end_seq = h->end_seq,
                                             .received_min = h->received_min,
                                             .received_max = h->received_max,
                                             .n_frames = h->n_frames,
                                             .entries = r->shown->entries,
                                             .data = span_of(r->shown->data, h->data_len)};
                return 1;
        }
        return 0;
}

/* Whether the block's filter lets it through; -errno. */
static int passes(struct reader *r, uint64_t number) {
        sqlite3_bind_int64(r->filter, 1, (sqlite3_int64)number);
        int k = db_step(r->db, r->filter);
        if (k < 0)
                return k;
        struct span f = k ? db_blob(r->filter, 0) : SPAN_NONE;
        r->stats.filter_bytes += f.len;
        bool may = r->q.may(r->q.ctx, f);
        sqlite3_reset(r->filter);
        if (!may)
                r->stats.skipped_filter++;
        return may;
}

static int read_block(struct reader *r, uint64_t number, struct reader_block *ret) {
        unsigned char chain[CHAIN_BYTES];
        struct block_header h;
        struct span entries, data;

        sqlite3_bind_int64(r->data, 1, (sqlite3_int64)number);
        int k = db_step(r->db, r->data);
        if (k <= 0)
                return k < 0 ? k : FAIL(-EBADMSG);
        if (day_read_block(r->data, &h, chain, &entries, &data) != 0) {
                sqlite3_reset(r->data);
                return FAIL(-EBADMSG);
        }
        buf_reset(&r->entries);
        buf_reset(&r->bytes);
        buf_span(&r->entries, entries);
        buf_span(&r->bytes, data);
        sqlite3_reset(r->data);
        if (r->entries.failed || r->bytes.failed)
                return FAIL(-ENOMEM);
        r->stats.frame_bytes += data.len;
        *ret = (struct reader_block){.number = number,
                                     .first_seq = h.first_seq,
                                     .end_seq = h.end_seq,
                                     .received_min = h.received_min,
                                     .received_max = h.received_max,
                                     .n_frames = h.n_frames,
                                     .entries = (const struct frame_entry *)r->entries.p,
                                     .data = buf_get(&r->bytes)};
        return 1;
}

/* The next block of the day at hand that is asked for. 1; 0: the day is over. */
static int next_of_day(struct reader *r, struct reader_block *ret) {
        for (;;) {
                if (r->q.backwards ? r->at == 0 : r->at > r->last)
                        return 0; /* of this day: another one sets it anew */
                sqlite3_bind_int64(r->find, 1, (sqlite3_int64)MIN(r->at, (uint64_t)INT64_MAX));
                int k = db_step(r->db, r->find);
                if (k <= 0)
                        return k;
                uint64_t number = db_u64(r->find, 0), first = db_u64(r->find, 1),
                         end = db_u64(r->find, 2);
                int64_t min = sqlite3_column_int64(r->find, 3),
                        max = sqlite3_column_int64(r->find, 4);
                sqlite3_reset(r->find);
                if (number > r->last)
                        return 0;
                r->at = r->q.backwards ? number - 1 : number + 1;
                if (end <= r->q.from || first >= r->q.to)
                        continue;
                r->stats.blocks++;
                if (!in_time(r, min, max)) {
                        r->stats.skipped_time++;
                        continue;
                }
                k = r->q.may ? passes(r, number) : 1;
                if (k < 0)
                        return k;
                if (k > 0)
                        return read_block(r, number, ret);
        }
}

static int next_of_blocks(struct reader *r, struct reader_block *ret) {
        for (;;) {
                int k = r->db ? next_of_day(r, ret) : 0;
                if (k != 0)
                        return k;
                k = next_day(r);
                if (k <= 0)
                        return k;
        }
}

int reader_next(struct reader *r, struct reader_block *ret) {
        int k = 0;

        if (r->over)
                return 0;
        if (!r->looked) {
                k = look(r);
                r->looked = true;
                if (k < 0) {
                        r->over = true;
                        return FAIL(k);
                }
                if (r->q.backwards)
                        reverse(&r->tail);
                find_first(r);
                r->at = r->q.backwards ? r->last : 0;
        }
        for (unsigned part = 0; part < 2; part++) {
                k = r->in_tail ? next_of_tail(r, ret) : next_of_blocks(r, ret);
                if (k != 0)
                        break;
                if (r->in_tail != r->q.backwards)
                        break; /* both parts are over */
                r->in_tail = !r->in_tail;
        }
        r->over = k <= 0;
        if (r->over)
                close_day(r); /* so that what retention takes is gone */
        return k;
}

void reader_end(struct reader *r) {
        close_day(r);
        r->over = true;
}

int reader_range(struct reader *r, uint64_t *ret_first, uint64_t *ret_end) {
        struct reader_query all = {.time_from = TIME_NONE, .time_to = TIME_NONE};
        uint64_t first = 0, end = 0;
        struct chain_end last = {0};

        reader_begin(r, &all);
        int k = look(r);
        r->over = true;
        if (k == 0)
                k = find_last(r, &last);
        if (k < 0)
                return k;
        end = r->tail.first ? r->tail.first->h.first_seq : last.end_seq;
        for (const struct row *row = r->tail.first; row; row = row->next)
                end = row->h.end_seq;
        first = r->tail.first ? r->tail.first->h.first_seq : last.end_seq;
        for (size_t i = 0; i < r->n_days; i++) {
                struct chain_end before = {0};
                sqlite3 *db = NULL;
                k = day_open_read(&db, r->dir, r->days[i], r->id);
                if (k == 0)
                        k = day_before(db, &before);
                db_close(&db);
                if (k == -ENOENT)
                        continue;
                if (k < 0)
                        return k;
                first = before.end_seq;
                break;
        }
        *ret_first = first;
        *ret_end = end;
        return 0;
}
