/* See dedup.h.
 *
 *     memory:  a page with struct head | undo log, an eighth | buckets, a cache line each: 8 entries
 *     entry:   56 bits of a keyed hash | 8 bits: the slice of 5 seconds it came in; 0: free
 *
 * An entry lies in one of two buckets: one is chosen by other bits of the hash, the other by the first
 * and the entry's own 56 bits, so that an entry that stands can be moved to its other place without
 * knowing more of it. With that the table can be filled to nine tenths before anything is forgotten
 * early; with one bucket for each a third of it would be lost to chance. When it is full, the oldest
 * of the sixteen at hand goes: the window has become shorter, which is counted and shown.
 *
 * Up to sixteen entries are compared, so a wrong mark comes once in 2^52 records: at 20,000 a second,
 * once in 7,000 years. For that the hash has two halves of 64 bits (mix_block()). Its keys lie in the
 * memory too, as an entry must be found again after a crash; they are chosen by the first writer, so
 * that a sender cannot prepare collisions.
 *
 * Slices are counted round and round in 8 bits. What is older than the window is free; a sweep clears
 * it within 64 slices, long before its number comes again.
 *
 * What a crash takes with it was never kept: sent again it is no duplicate. So each change is noted
 * first in the undo log, a ring, with the number of its record; when the record is durable the note
 * goes. After a crash what is left is undone, the latest first, and the table is as it was when the
 * last record that is kept had come. Order of writes: note, its count, entry (a process dies between
 * instructions; after a power cut pages of the file may be of different moments: then what the notes
 * say is only checked to lie in the table, and some duplicates of the last seconds stay unmarked). */
#include "ingest/dedup.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "os/os.h"

#define MAGIC 0x6465647570303344u /* another layout or hash: another number */
#define WAYS 8u
#define KEYS 8u
#define PAGE 4096u
#define SLICE_NS (5 * NS_PER_SEC)
#define SLICES ((uint32_t)DEDUP_SECONDS / 5) /* that an entry lives on for */
#define SWEEP 64u                            /* slices in which all buckets are swept */
#define UNDO_SMALL 256u

struct undo {
        uint64_t old;
        uint32_t at, seq; /* entry; low bits of the record's number */
};

struct head {
        uint64_t magic, len, key[KEYS];
        uint64_t slice;
        uint32_t first, next,
                size; /* notes [first, next), counted round; size: of the ring, at hand */
};

struct bucket {
        uint64_t entry[WAYS];
};

_Static_assert(sizeof(struct head) <= PAGE, "the head's room");

struct dedup {
        struct head *h;
        struct undo *undo;
        uint64_t *entries;
        uint32_t n, undo_max;    /* buckets; notes, a power of two */
        uint32_t slice;          /* now, 8 bits */
        uint32_t swept;          /* buckets, in this round */
        uint32_t live;           /* entries within the window … */
        uint32_t of[256];        /* … of each slice */
        unsigned window;         /* see dedup_window() */
        uint64_t forgotten;      /* see dedup_forgotten() */
        int64_t sliced, seconds; /* ns: when this slice began; when the window last grew */
};

static inline bool lives(const struct dedup *d, uint64_t entry) {
        return entry && ((d->slice - (uint32_t)entry) & 255u) <= SLICES;
}

static inline uint64_t *bucket(const struct dedup *d, uint32_t b) {
        return d->entries + (size_t)b * WAYS;
}

static inline uint32_t other_bucket(const struct dedup *d, uint32_t b, uint64_t tag) {
        uint64_t x = tag * 0x9e3779b97f4a7c15u >> 32;
        uint32_t k = (uint32_t)(x * d->n >> 32);

        return k >= b ? k - b : k + d->n - b;
}

/* ---- the undo log ---- */

/* Twice as large, as long as there is room: small, it stays in the cache and in few pages. Half of the
 * notes stand where they also stand in the larger ring, the others go where they belong there; the
 * one store of its size puts that in force. */
static void undo_grow(struct dedup *d) {
        struct head *h = d->h;
        uint32_t size = h->size, cut = h->first & (size - 1);

        if (size == d->undo_max) {
                h->first++; /* counts as durable: at worst a mark too many after a crash */
                return;
        }
        if (h->first & size)
                memcpy(d->undo + size + cut, d->undo + cut, (size - cut) * sizeof(*d->undo));
        else
                memcpy(d->undo + size, d->undo, cut * sizeof(*d->undo));
        __asm__ volatile("" ::: "memory");
        h->size = size * 2;
}

static void undo_note(struct dedup *d, const uint64_t *entry, uint64_t seq) {
        struct head *h = d->h;

        if (h->next - h->first == h->size)
                undo_grow(d);
        d->undo[h->next & (h->size - 1)] = (struct undo){
                .old = *entry, .at = (uint32_t)(entry - d->entries), .seq = (uint32_t)seq};
        __asm__ volatile("" ::: "memory");
        h->next++;
        __asm__ volatile("" ::: "memory");
}

static void undo_lost(struct dedup *d, uint32_t next_seq) {
        struct head *h = d->h;
        bool sound = h->size >= UNDO_SMALL && h->size <= d->undo_max &&
                     (h->size & (h->size - 1)) == 0 && h->next - h->first <= h->size;

        for (uint32_t i = h->next; sound && i != h->first; i--) {
                const struct undo *u = &d->undo[(i - 1) & (h->size - 1)];

                if ((int32_t)(u->seq - next_seq) < 0)
                        break; /* numbers go up: the rest is durable */
                if (u->at < d->n * WAYS)
                        d->entries[u->at] = u->old;
        }
        h->first = h->next = 0;
        h->size = UNDO_SMALL;
}

void dedup_durable(struct dedup *d, uint64_t seq) {
        struct head *h = d->h;

        while (h->first != h->next &&
               (int32_t)((uint32_t)seq - d->undo[h->first & (h->size - 1)].seq) > 0)
                h->first++;
}

/* ---- opening ---- */

/* Clears what is too old, counts the rest. */
static void count_all(struct dedup *d) {
        for (size_t i = 0; i < (size_t)d->n * WAYS; i++) {
                uint64_t e = d->entries[i];

                if (lives(d, e)) {
                        d->of[e & 255u]++;
                        d->live++;
                } else if (e) {
                        d->entries[i] = 0;
                }
        }
}

struct dedup *dedup_new(void *memory, size_t len, uint64_t next_seq, int64_t now) {
        struct head *h = memory;
        struct dedup *d;

        assert(len >= 65536 && len % PAGE == 0 && len <= (size_t)1 << 34);
        if (h->magic != MAGIC || h->len != len) {
                memset(memory, 0, len);
                if (os_random(h->key, sizeof(h->key)) < 0)
                        return NULL;
                h->len = len;
                h->magic = MAGIC;
        }
        d = calloc(1, sizeof(*d));
        if (!d)
                return NULL;
        d->h = h;
        d->undo_max = UNDO_SMALL;
        while (d->undo_max * 2 * sizeof(struct undo) <= len / 8)
                d->undo_max *= 2;
        size_t logged = d->undo_max * sizeof(struct undo);
        d->undo = (void *)((char *)memory + PAGE);
        d->entries = (void *)((char *)memory + PAGE + logged);
        d->n = (uint32_t)((len - PAGE - logged) / sizeof(struct bucket));
        d->slice = (uint32_t)h->slice & 255u; /* time without a writer does not count */
        d->window = DEDUP_SECONDS;
        d->sliced = d->seconds = now;
        undo_lost(d, (uint32_t)next_seq);
        count_all(d);
        return d;
}

struct dedup *dedup_free(struct dedup *d) {
        free(d);
        return NULL;
}

/* ---- time ---- */

static void sweep(struct dedup *d, uint32_t n) {
        for (; n; n--) {
                uint64_t *b = bucket(d, d->swept);

                for (unsigned k = 0; k < WAYS; k++)
                        if (b[k] && !lives(d, b[k]))
                                b[k] = 0;
                d->swept = d->swept + 1 == d->n ? 0 : d->swept + 1;
        }
}

static void next_slice(struct dedup *d) {
        uint32_t gone;

        d->slice = (d->slice + 1) & 255u;
        d->h->slice = d->slice;
        gone = (d->slice - SLICES - 1) & 255u;
        d->live -= d->of[gone];
        d->of[gone] = 0;
        sweep(d, d->n / SWEEP + 1);
}

void dedup_tick(struct dedup *d, int64_t now) {
        /* After a pause of that many slices all is too old and swept. */
        for (uint32_t k = 0; now - d->sliced >= SLICE_NS && k <= SLICES + SWEEP; k++) {
                d->sliced += SLICE_NS;
                next_slice(d);
        }
        if (now - d->sliced >= SLICE_NS)
                d->sliced = now;
        for (; now - d->seconds >= NS_PER_SEC && d->window < DEDUP_SECONDS; d->window++)
                d->seconds += NS_PER_SEC; /* seconds pass without a push: it grows again */
        if (d->window == DEDUP_SECONDS)
                d->seconds = now;
}

/* ---- what a record is known by ---- */

struct mixed {
        uint64_t a[4], b[8];
};

/* `a`: eight words, in four pairs, multiplied with secret keys, so nobody can prepare what collides. But
 * half of a product is lost, and two products of the millions at hand may meet in what is left. `b` is
 * no work beside that and loses nothing: one word that differs, or words that differ at random, differ
 * in it. */
static inline void mix_block(struct mixed *m, const char *p, const uint64_t *key) {
        uint64_t v[8];

        memcpy(v, p, 64);
        for (unsigned i = 0; i < 8; i++) {
                uint64_t x = m->b[i] + v[i];

                m->b[i] = x << 27 | x >> 37;
        }
        for (unsigned i = 0; i < 4; i++)
                m->a[i] = hash_mix(v[2 * i] ^ key[i], v[2 * i + 1] ^ m->a[i]);
}

struct dedup_key dedup_key(const struct dedup *d, uint32_t source, uint32_t kind,
                           struct span what) {
        const uint64_t *key = d->h->key;
        uint64_t who = (uint64_t)kind << 32 | source, a, b = 0;
        struct mixed m = {.a = {key[1], key[2], key[3] ^ who, key[0] ^ what.len},
                          .b = {who, what.len}};
        const char *p = what.p;
        size_t n = what.len;

        for (; n >= 64; p += 64, n -= 64)
                mix_block(&m, p, key);
        if (n && what.len >= 64) {
                mix_block(&m, p + n - 64, key); /* its last 64 bytes: some twice */
        } else {
                char rest[64] = {0};

                if (n)
                        memcpy(rest, p, n);
                mix_block(&m, rest, key);
        }
        a = hash_mix(hash_mix(m.a[0] ^ key[1], m.a[1] ^ key[2]),
                     hash_mix(m.a[2] ^ key[3], m.a[3] ^ key[0]) ^ key[4]);
        for (unsigned i = 0; i < 8; i += 2)
                b = hash_mix(m.b[i] ^ key[4 + i / 2], m.b[i + 1] ^ key[7 - i / 2] ^ b);
        struct dedup_key k = {
                .tag = MAX(hash_mix(a ^ key[5], b ^ key[6]) >> 8, (uint64_t)1), /* no entry is 0 */
                .bucket = (uint32_t)((a >> 32) * d->n >> 32)};
        __builtin_prefetch(bucket(d, k.bucket), 1);
        __builtin_prefetch(bucket(d, other_bucket(d, k.bucket, k.tag)), 1);
        return k;
}

/* ---- asking ---- */

static void put(struct dedup *d, uint64_t *entry, uint64_t value, uint64_t seq) {
        undo_note(d, entry, seq);
        if (lives(d, *entry)) {
                d->of[*entry & 255u]--;
                d->live--;
        }
        *entry = value;
        d->of[value & 255u]++;
        d->live++;
}

static inline uint64_t *find(const struct dedup *d, uint32_t b, uint64_t tag) {
        uint64_t *e = bucket(d, b);

        for (unsigned k = 0; k < WAYS; k++)
                if (e[k] >> 8 == tag && lives(d, e[k]))
                        return &e[k];
        return NULL;
}

/* A free entry, and how many there are. */
static inline uint64_t *free_in(const struct dedup *d, uint32_t b, unsigned *ret_n) {
        uint64_t *e = bucket(d, b), *found = NULL;
        unsigned n = 0;

        for (unsigned k = 0; k < WAYS; k++)
                if (!lives(d, e[k])) {
                        found = &e[k];
                        n++;
                }
        *ret_n = n;
        return found;
}

/* One of a full bucket's entries goes to its other place. Returns the entry it leaves. */
static uint64_t *make_room(struct dedup *d, uint32_t b, uint64_t seq) {
        uint64_t *e = bucket(d, b);
        unsigned n;

        for (unsigned k = 0; k < WAYS; k++) {
                uint64_t *to = free_in(d, other_bucket(d, b, e[k] >> 8), &n);

                if (to) {
                        put(d, to, e[k], seq);
                        return &e[k];
                }
        }
        return NULL;
}

static uint64_t *oldest(struct dedup *d, uint32_t b, uint32_t c) {
        uint64_t *at = NULL;
        uint32_t most = 0;

        for (unsigned k = 0; k < 2 * WAYS; k++) {
                uint64_t *e = &bucket(d, k < WAYS ? b : c)[k % WAYS];
                uint32_t age = (d->slice - (uint32_t)*e) & 255u;

                if (!at || age > most) {
                        at = e;
                        most = age;
                }
        }
        d->window = MIN(d->window, most * 5);
        d->forgotten++;
        return at;
}

bool dedup_seen(struct dedup *d, struct dedup_key key, uint64_t seq) {
        uint32_t b = key.bucket, c = other_bucket(d, b, key.tag);
        uint64_t value = key.tag << 8 | d->slice, *to;
        unsigned n, more;

        to = find(d, b, key.tag);
        if (!to)
                to = find(d, c, key.tag);
        if (to) {
                if (*to != value)
                        put(d, to, value, seq);
                return true;
        }
        to = free_in(d, b, &n);
        uint64_t *also = free_in(d, c, &more);
        if (more > n)
                to = also;
        /* To look for a place elsewhere costs a miss of the cache each: not where there is none. */
        if (!to && d->live < d->n * WAYS / 16 * 15) {
                to = make_room(d, b, seq);
                if (!to)
                        to = make_room(d, c, seq);
        }
        if (!to)
                to = oldest(d, b, c);
        put(d, to, value, seq);
        return false;
}

bool dedup_knows(const struct dedup *d, struct dedup_key key) {
        return find(d, key.bucket, key.tag) ||
               find(d, other_bucket(d, key.bucket, key.tag), key.tag);
}

unsigned dedup_window(const struct dedup *d) {
        return d->window;
}

uint64_t dedup_forgotten(const struct dedup *d) {
        return d->forgotten;
}

uint32_t dedup_room(const struct dedup *d) {
        return d->n * WAYS;
}

uint32_t dedup_live(const struct dedup *d) {
        return d->live;
}
