/* See dedup.h.
 *
 *     memory:  struct head (one line) | buckets, a cache line each: 8 entries of 8 bytes
 *     entry:   32 bits of the keyed hash | low 32 bits of the sequence number; 0: free
 *
 * The bucket is chosen by other bits of the hash (20 of them at 64 MiB), so 52 bits tell records
 * apart: a wrong mark comes about once in 2^29 records, and marks only. A sequence number says both
 * how old an entry is, since times of sequence numbers are noted every second, and whether its record
 * was lost with a crash. A full bucket gives up its oldest entry; when that was younger than 10
 * minutes, the window has become shorter, and is shown.
 *
 * What recurs has two entries: that of the last record that is durable, and a newer one, which a crash may
 * take with its record. With one alone, what was kept, sent again, lost and sent once more would come
 * unmarked.
 *
 * The key lies in the memory too, as an entry must be found again after a crash; it is chosen by the
 * first writer, so that a sender cannot prepare collisions. */
#include "ingest/dedup.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "os/os.h"

#define MAGIC 0x6465647570303244u /* another hash: another number */
#define WAYS 8u
#define MARKS 601u

struct head {
        uint64_t magic, key;
        uint64_t room[6];
};

struct bucket {
        uint64_t entry[WAYS];
};

_Static_assert(sizeof(struct head) == sizeof(struct bucket), "one line");

struct dedup {
        struct bucket *buckets;
        uint64_t mask, key;
        uint32_t oldest;       /* sequence number, low bits: what is before is too old */
        uint32_t next;         /* the next to be given, low bits */
        uint32_t durable;      /* low bits: what is before is not lost any more */
        unsigned window;       /* see dedup_window() */
        int64_t last_mark;     /* ns */
        uint32_t first, n;     /* of marks, a ring: one a second */
        uint32_t marks[MARKS]; /* sequence number at that second */
};

/* Forgets what was given from `next` on: their records never left the process that died. */
static void forget_lost(struct dedup *d, uint32_t next) {
        for (uint64_t i = 1; i <= d->mask; i++) { /* the head is none */
                struct bucket *b = &d->buckets[i];

                for (unsigned k = 0; k < WAYS; k++)
                        if (b->entry[k] && (int32_t)((uint32_t)b->entry[k] - next) >= 0)
                                b->entry[k] = 0;
        }
}

struct dedup *dedup_new(void *memory, size_t len, uint64_t next_seq, int64_t now) {
        struct head *h = memory;
        struct dedup *d;

        assert(len >= 65536 && (len & (len - 1)) == 0);
        if (h->magic != MAGIC) {
                if (os_random(&h->key, sizeof(h->key)) < 0)
                        return NULL;
                h->magic = MAGIC;
        }
        d = calloc(1, sizeof(*d));
        if (!d)
                return NULL;
        d->buckets = memory;
        d->mask = len / sizeof(struct bucket) - 1;
        d->key = h->key;
        d->next = d->durable = (uint32_t)next_seq;
        /* What a former writer noted counts as of now: at worst remembered twice as long. */
        d->oldest = d->next - ((uint32_t)1 << 31);
        d->window = DEDUP_SECONDS;
        d->last_mark = now;
        forget_lost(d, d->next);
        return d;
}

struct dedup *dedup_free(struct dedup *d) {
        free(d);
        return NULL;
}

void dedup_tick(struct dedup *d, int64_t now, uint64_t next_seq) {
        d->next = (uint32_t)next_seq;
        /* After a pause the missing seconds get the same number. */
        for (unsigned k = 0; now - d->last_mark >= NS_PER_SEC && k <= MARKS; k++) {
                d->last_mark += NS_PER_SEC;
                if (d->n == MARKS - 1) {
                        d->oldest = d->marks[d->first];
                        d->first = (d->first + 1) % MARKS;
                        d->n--;
                }
                d->marks[(d->first + d->n++) % MARKS] = d->next;
        }
        if (now - d->last_mark >= NS_PER_SEC)
                d->last_mark = now;
        if (d->window < DEDUP_SECONDS)
                d->window++; /* seconds pass without a push: it grows again */
}

/* Seconds since the record of that number, at least; before the first mark nobody knows. */
static unsigned age(const struct dedup *d, uint32_t seq) {
        unsigned lo = 0, hi = d->n;

        while (lo < hi) { /* the first mark beyond it */
                unsigned mid = (lo + hi) / 2;

                if ((int32_t)(d->marks[(d->first + mid) % MARKS] - seq) > 0)
                        hi = mid;
                else
                        lo = mid + 1;
        }
        return lo == 0 ? DEDUP_SECONDS : d->n - lo;
}

static bool is_durable(const struct dedup *d, uint64_t entry) {
        return (int32_t)(d->durable - (uint32_t)entry) > 0;
}

/* Bucket 0 is the head. */
static struct bucket *bucket_of(const struct dedup *d, uint64_t h) {
        return &d->buckets[MAX(h & d->mask, (uint64_t)1)];
}

uint64_t dedup_hash(const struct dedup *d, uint32_t source, uint32_t kind, struct span what) {
        uint64_t h =
                hash_wide(what.p, what.len, hash_mix(d->key ^ kind, 0x9e3779b97f4a7c15u + source));

        __builtin_prefetch(bucket_of(d, h), 1);
        return h;
}

struct dedup_place dedup_find(struct dedup *d, uint64_t h, uint64_t seq) {
        struct bucket *b = bucket_of(d, h);
        uint32_t tag = (uint32_t)(h >> 32) | 1u; /* never 0, so no entry is */
        uint32_t now = (uint32_t)seq, worst = 0, newest_back = 0;
        unsigned free = WAYS, newest = WAYS, older = WAYS, to;

        for (unsigned k = 0; k < WAYS; k++) {
                uint64_t e = b->entry[k];
                uint32_t back = now - (uint32_t)e; /* how many records ago */
                bool live = e && back <= now - d->oldest;

                if (live && (uint32_t)(e >> 32) == tag) {
                        bool is_newest = newest == WAYS || back < newest_back;

                        older = is_newest ? newest : k;
                        newest = is_newest ? k : newest;
                        newest_back = is_newest ? back : newest_back;
                        continue;
                }
                if (!live)
                        back = UINT32_MAX; /* free: the first choice */
                if (back >= worst) {
                        worst = back;
                        free = k;
                }
        }
        if (newest == WAYS)
                to = free;
        else if (!is_durable(d, b->entry[newest]))
                to = newest;
        else
                to = older < WAYS ? older : free;
        if (to == free && worst != UINT32_MAX) {
                unsigned pushed = age(d, (uint32_t)b->entry[to]);

                d->window = MIN(d->window, pushed);
        }
        return (struct dedup_place){.entry = &b->entry[to], .tag = tag, .seen = newest < WAYS};
}

void dedup_durable(struct dedup *d, uint64_t seq) {
        d->durable = (uint32_t)seq;
}

void dedup_note(const struct dedup_place *p, uint64_t seq) {
        *p->entry = (uint64_t)p->tag << 32 | (uint32_t)seq;
}

unsigned dedup_window(const struct dedup *d) {
        return d->window;
}
