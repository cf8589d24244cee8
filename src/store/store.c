/* See store.h; numbered invariants: doc/store.md.
 *
 * Two files are written: meta.db takes every batch at once (one transaction of all that was waiting,
 * positions included: S1, S2), the day's file takes a block when four mebibytes have come together or
 * a minute has passed. SQLite cannot commit to two files at once in WAL mode, so order does it: the block
 * is committed first, then, with the next batch, its rows leave the tail (S3). In between the records
 * are in both; whoever reads takes the block and skips rows below its end, as does a start.
 *
 * After any error nothing is assumed about what reached the disk (S4): both databases are closed, opened,
 * checkpointed with their syncs, and read again; what was waiting and is found there was durable after
 * all, the rest is written again. A sync that failed once may seem to work the second time although
 * the pages never reached the disk; that is why they are written again from the journal first. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/block.h"
#include "store/hold.h"
#include "store/retain.h"

#define WAITING_MAX ((uint64_t)16 << 20)
#define WAITING_MEMORY_MAX ((size_t)48 << 20)
/* The tail grows beyond a block or two only while the day's file cannot be written. */
#define TAIL_MAX ((uint64_t)32 << 20)
#define LEVEL 1
/* Three blocks: as long a head may take when a file is finished. */
#define ROLL_WAIT ((uint64_t)12 << 20)
#define ROWS_MAX 65536u

struct store {
        char *dir;
        int lock;
        bool broken; /* the databases are to be opened again */
        struct tail meta;
        struct day day;
        struct chain_end end; /* of the last block */
        uint64_t trimmed;     /* meta.db knows of blocks up to here */
        struct row_list waiting, tail;
        unsigned char tail_chain[CHAIN_BYTES]; /* of the last row */
        uint64_t durable, next;
        uint64_t head_number; /* the last block that a head covers */
        uint64_t part_bytes;
        bool rolling, rolled; /* a file waits for its last head; one was finished */
        struct packer *packer;
        int64_t last_received;
        bool went_back;
        const char *what;
};

static void close_all(struct store *s) {
        tail_close(&s->meta);
        day_close(&s->day);
}

struct store *store_free(struct store *s) {
        if (!s)
                return NULL;
        close_all(s);
        row_list_clear(&s->waiting);
        row_list_clear(&s->tail);
        packer_free(s->packer);
        os_close(s->lock);
        free(s->dir);
        free(s);
        return NULL;
}

static int say(struct store *s, const char *what, int r) {
        if (!s->what)
                s->what = what;
        return FAIL(r);
}

/* The last day's file that has a block; a file may be new and empty. */
static int find_end(struct store *s, const int64_t *days, size_t n) {
        for (size_t i = n; i-- > 0;) {
                struct chain_end end;
                sqlite3 *db = NULL;
                /* For writing, since only a writer settles what an earlier process left. */
                struct day d;
                int r = day_open(&d, s->dir, days[i], s->meta.id, NULL);
                if (r == -ENOENT)
                        continue; /* made, and nothing more */
                if (r < 0)
                        return say(s, "a day's file cannot be read", r);
                db = d.db;
                r = day_end(db, days[i], &end);
                if (r == 0 && end.number) {
                        s->end = end;
                        s->day = d;
                        return 0;
                }
                day_close(&d);
                if (r < 0)
                        return say(s, "a day's last block is damaged", r);
        }
        return 0;
}

static int load_row(void *ctx, struct row *row) {
        struct store *s = ctx;
        unsigned char chain[CHAIN_BYTES];
        bool follows = memcmp(row->prev, s->tail_chain, CHAIN_BYTES) == 0 &&
                       row->h.first_seq == s->durable;

        memcpy(chain, row->chain, CHAIN_BYTES);
        row_link(row, row->prev);
        if (!follows || memcmp(chain, row->chain, CHAIN_BYTES) != 0 || s->tail.n == ROWS_MAX) {
                row_free(row);
                return say(s, "the tail is damaged", -EBADMSG);
        }
        memcpy(s->tail_chain, chain, CHAIN_BYTES);
        s->durable = row->h.end_seq;
        row_list_push(&s->tail, row);
        return 0;
}

/* What the databases hold, into memory. */
static int load(struct store *s) {
        struct chain_end known;
        int64_t *days = NULL;
        size_t n = 0;

        row_list_clear(&s->tail);
        int r = tail_end(s->meta.db, &known);
        if (r < 0)
                return say(s, "meta.db is damaged", r);
        s->end = (struct chain_end){.end_seq = 1, .piece = PIECE_NONE};
        chain_genesis(s->end.chain, s->meta.id);
        memcpy(s->end.tail, s->end.chain, CHAIN_BYTES);
        r = day_list(s->dir, &days, &n);
        if (r == 0)
                r = find_end(s, days, n);
        free(days);
        if (r < 0)
                return r;
        /* Days that retention took leave their end in meta.db, which is all there is to go on from. */
        if (known.number > s->end.number) {
                if (s->end.number)
                        return say(s, "blocks are missing: run coloa verify", -EBADMSG);
                s->end = known;
        }
        s->trimmed = known.number;
        s->durable = s->end.end_seq;
        memcpy(s->tail_chain, s->end.tail, CHAIN_BYTES);
        return tail_rows(s->meta.db, s->end.end_seq, load_row, s);
}

static int open_all(struct store *s, bool create) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", s->dir, TAIL_NAME);
        int r = tail_open(&s->meta, path, create);
        if (r < 0)
                return say(s, "meta.db cannot be opened", r);
        r = os_sync_dir(s->dir);
        return r < 0 ? say(s, "the directory cannot be synced", r) : load(s);
}

/* Only one node writes a store: the lock goes with the process that has it. */
static int take_lock(struct store *s) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/lock", s->dir);
        int r = os_lock_file(path, &s->lock);
        return r == -EBUSY ? say(s, "another node has this directory open", r)
               : r < 0     ? say(s, "the directory cannot be written", r)
                           : 0;
}

static int first_open(struct store *s) {
        char path[4096];
        struct stat st;
        int64_t *days = NULL;
        size_t n = 0;

        int r = take_lock(s);
        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "%s/%s", s->dir, TAIL_NAME);
        bool is_new = os_stat(path, &st) == -ENOENT;
        r = day_list(s->dir, &days, &n);
        free(days);
        if (r < 0)
                return say(s, "the directory cannot be read", r);
        if (is_new && n > 0)
                return say(s, "meta.db is missing beside the days", -EBADMSG);
        r = open_all(s, true);
        s->next = s->durable;
        s->head_number = 0;
        return r;
}

int store_open(struct store **ret, const char *dir, const char **ret_what) {
        struct store *s = calloc(1, sizeof(*s));

        *ret_what = "";
        if (!s)
                return -ENOMEM;
        s->lock = -1;
        row_list_init(&s->waiting);
        row_list_init(&s->tail);
        s->last_received = INT64_MIN / 2;
        s->part_bytes = retain_part(0);
        s->dir = strdup(dir);
        s->packer = packer_new(LEVEL);
        int r = s->dir && s->packer ? first_open(s) : -ENOMEM;
        if (r < 0) {
                *ret_what = s->what ? s->what : "";
                store_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

int store_take(struct store *s, const struct sealed_view *v) {
        uint64_t end = v->h.first_seq + v->h.n_records;

        if (v->h.n_records && end <= s->next)
                return STORE_E_KNOWN;
        if (v->h.n_records && v->h.first_seq != s->next)
                return FAIL(-EPROTO);
        if (s->waiting.payload >= WAITING_MAX || s->waiting.bytes >= WAITING_MEMORY_MAX ||
            s->tail.payload >= TAIL_MAX || s->tail.n + s->waiting.n >= ROWS_MAX / 2)
                return STORE_E_FULL;
        struct row *row = row_from_sealed(v);
        if (!row)
                return FAIL(-ENOMEM);
        if (row->h.n_frames) {
                s->went_back |= row->h.received_max < s->last_received - INT64_C(1000000000);
                s->last_received = row->h.received_max;
                s->next = end;
        }
        row_list_push(&s->waiting, row);
        return 0;
}

static void link_waiting(struct store *s) {
        unsigned char prev[CHAIN_BYTES];

        memcpy(prev, s->tail_chain, CHAIN_BYTES);
        for (struct row *r = s->waiting.first; r; r = r->next) {
                if (!r->h.n_frames)
                        continue;
                row_link(r, prev);
                memcpy(prev, r->chain, CHAIN_BYTES);
        }
}

/* Waiting rows that turned out to be on disk are dropped here: the tail was read from there. */
static void drop_known(struct store *s) {
        struct row_list keep;

        row_list_init(&keep);
        while (s->waiting.first) {
                struct row *r = row_list_pop(&s->waiting);
                if (r->h.n_frames && r->h.end_seq <= s->durable)
                        row_free(r);
                else
                        row_list_push(&keep, r);
        }
        s->waiting = keep;
        if (!keep.first)
                s->waiting.last = &s->waiting.first;
}

static int recover(struct store *s) {
        close_all(s);
        s->what = NULL;
        int r = open_all(s, false);
        if (r < 0)
                return r;
        drop_known(s);
        s->broken = false;
        return 0;
}

static void move_to_tail(struct store *s) {
        while (s->waiting.first) {
                struct row *r = row_list_pop(&s->waiting);
                if (!r->h.n_frames) {
                        row_free(r);
                        continue;
                }
                memcpy(s->tail_chain, r->chain, CHAIN_BYTES);
                s->durable = r->h.end_seq;
                row_list_push(&s->tail, r);
        }
}

int store_commit(struct store *s) {
        int r = s->broken ? recover(s) : 0;

        if (r < 0)
                return r;
        bool trim = s->trimmed < s->end.number;
        if (!s->waiting.first && !trim)
                return 0;
        link_waiting(s);
        r = tail_commit(&s->meta, &s->waiting, trim ? &s->end : NULL);
        if (r < 0) {
                s->broken = true;
                return FAIL(r);
        }
        s->trimmed = s->end.number;
        move_to_tail(s);
        return 0;
}

/* Where the next block goes: to the last one's file, or, on a later day, or when that is large, to a new one. Of one
 * that retention took nothing is begun again. */
static int next_piece(struct store *s, int64_t day, int64_t *ret) {
        int64_t last = s->end.piece;
        uint64_t size = 0;

        if (last == PIECE_NONE || day > piece_day(last)) {
                *ret = piece_make(day, 1);
                return 0;
        }
        int r = s->day.db ? day_size(&s->day, &size) : 0;
        if (r < 0)
                return r;
        bool full = (s->end.number && !s->day.db) || size >= s->part_bytes;
        *ret = full && piece_part(last) < DAY_PARTS_MAX ? last + 1 : last;
        return 0;
}

static int turn_to(struct store *s, int64_t piece) {
        if (s->day.db && s->day.piece == piece)
                return 0;
        s->rolled |= s->day.db != NULL;
        int r = day_finish(&s->day);
        return r < 0 ? r : day_open(&s->day, s->dir, piece, s->meta.id, &s->end);
}

static int seal_one(struct store *s, uint32_t n, int64_t piece) {
        struct block b;
        int r = turn_to(s, piece);

        if (r == 0)
                r = block_make(s->packer, &s->tail, n, &s->end, &b);
        if (r == 0)
                r = day_put(&s->day, &b);
        if (r < 0) {
                s->broken = true;
                return FAIL(r);
        }
        s->end = (struct chain_end){.number = b.h.number, .end_seq = b.h.end_seq, .piece = piece};
        memcpy(s->end.chain, b.chain, CHAIN_BYTES);
        memcpy(s->end.tail, b.h.tail, CHAIN_BYTES);
        for (uint32_t i = 0; i < n; i++)
                row_free(row_list_pop(&s->tail));
        return 0;
}

int store_seal(struct store *s, bool all) {
        int r = s->broken ? store_commit(s) : 0;

        while (r == 0 && s->tail.first) {
                bool full;
                int64_t day, piece;
                uint32_t n = block_rows(&s->tail, piece_day(s->end.piece), &full, &day);
                if (!full && !all)
                        break;
                r = next_piece(s, day, &piece);
                if (r < 0) {
                        s->broken = true;
                        return r;
                }
                s->rolling = s->day.db && piece != s->day.piece && s->head_number < s->end.number &&
                             !all && s->tail.payload < ROLL_WAIT;
                if (s->rolling)
                        break;
                r = seal_one(s, n, piece);
        }
        /* At the end, or before a copy is made: the tail is empty on disk too. */
        if (r == 0 && all)
                r = store_commit(s);
        return r;
}

void store_set_part(struct store *s, uint64_t bytes) {
        s->part_bytes = bytes;
}

bool store_head_wanted(const struct store *s) {
        return s->rolling && !s->broken;
}

bool store_rolled(struct store *s) {
        bool rolled = s->rolled;

        s->rolled = false;
        return rolled;
}

bool store_head(struct store *s, int64_t now, struct head *ret) {
        if (s->broken || s->end.number == s->head_number || !s->day.db)
                return false;
        *ret = (struct head){
                .name = HEAD_NAME, .number = s->end.number, .end_seq = s->end.end_seq, .time = now};
        memcpy(ret->store, s->meta.id, STORE_ID_BYTES);
        memcpy(ret->chain, s->end.chain, CHAIN_BYTES);
        return true;
}

int store_signed(struct store *s, const struct head *h, const unsigned char signature[64],
                 const unsigned char key[32]) {
        if (s->broken || !s->day.db)
                return FAIL(-EIO);
        /* Asked for before the file that is written to now was begun, of a block before its beginning: too late. */
        if (h->number < s->day.after)
                return 0;
        int r = day_put_head(&s->day, h, signature, key);
        if (r < 0) {
                s->broken = true;
                return FAIL(r);
        }
        s->head_number = h->number;
        s->rolling = false;
        return 0;
}

int store_retain(struct store *s, unsigned days, uint64_t bytes, int64_t now) {
        struct retention o = {.days = days,
                              .bytes = bytes,
                              .today = now / DAY_NS,
                              .current = s->day.db ? s->day.piece : s->end.piece,
                              .part = s->part_bytes,
                              .now = now};

        if (s->broken || (!days && !bytes))
                return 0;
        int r = retain_files(s->meta.db, s->dir, &o);
        if (r < 0)
                s->broken = true;
        return r;
}

int store_hold(struct store *s, enum keep_what what, const struct keep_hold *h, int64_t now) {
        if (s->broken)
                return -EIO;
        int r = what == KEEP_RELEASE ? hold_release(s->meta.db, h->name)
                                     : hold_add(s->meta.db, h, now);
        if (r < 0 && r != -EEXIST && r != -ENOENT && r != -E2BIG)
                s->broken = true;
        return r;
}

int store_positions(struct store *s, struct position **ret, size_t *ret_n) {
        return s->broken ? -EIO : tail_positions(s->meta.db, ret, ret_n);
}

uint64_t store_waiting(const struct store *s) {
        return s->waiting.payload + s->waiting.n;
}

uint64_t store_durable(const struct store *s) {
        return s->durable;
}

uint64_t store_next(const struct store *s) {
        return s->next;
}

uint64_t store_tail(const struct store *s) {
        return s->tail.payload;
}

const char *store_dir(const struct store *s) {
        return s->dir;
}

bool store_clock_went_back(struct store *s) {
        bool went = s->went_back;

        s->went_back = false;
        return went;
}
