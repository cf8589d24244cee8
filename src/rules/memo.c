/* The memo: a ring of what was found in values, and a small set-associative index over it.
 *
 * An entry holds the table, the value's type and raw bytes (so that a hash alone never decides) and
 * the atoms found. The ring is written round and round, so what is not asked for any more goes by
 * itself and memory is bounded whatever the input is. Invariants: (M1) an index slot names the
 * position of an entry as counted since the beginning, never wrapped; (M2) the entry at position p
 * is whole as long as head - p <= ring_len, for what was written since then lies in [p + its
 * length, head). Values longer than MEMO_VALUE_MAX are not kept. */
#include "rules/memo.h"

#include <stdlib.h>

#include "os/os.h"

#define WAYS 8u
#define MEMO_VALUE_MAX 16384u
#define MEMO_ATOMS_MAX 4096u
#define TAG_SHIFT 48
#define HUGE ((size_t)2 << 20)
#define DOOR_BITS 17u
#define DOOR_LEN 200u

struct memo_set {
        uint64_t way[WAYS]; /* 16 bits of the hash, position / 8; 0: none */
};
_Static_assert(sizeof(struct memo_set) == MEMO_SET_BYTES, "one line of the cache");

struct memo_entry {
        uint32_t table;
        uint32_t len; /* of the value */
        uint32_t n;   /* atoms */
        uint32_t type;
        /* atoms, value */
};

/* In huge pages where there are: the ring is read all over, and small pages cost a miss in the TLB
 * each time (and 3,500 faults before it is full). */
static int map_ring(struct memo *m) {
        int r;

        m->map_len = ((m->ring_len + HUGE - 1) & ~(HUGE - 1)) + HUGE;
        r = os_map_anon(m->map_len, &m->map);
        if (r < 0)
                return FAIL(r);
        m->ring = (char *)m->map + (-(uintptr_t)m->map & (HUGE - 1));
        (void)os_advise_huge(m->ring, m->map_len - HUGE); /* else small pages serve */
        return 0;
}

int memo_init(struct memo *m, size_t bytes, bool off) {
        size_t sets = 256;

        *m = (struct memo){.off = off};
        if (off)
                return 0;
        while (sets * 2 * sizeof(struct memo_set) <= bytes / 8)
                sets *= 2;
        m->ring_len = MAX(bytes - MIN(bytes, sets * sizeof(struct memo_set)), (size_t)1 << 20) &
                      ~(size_t)7;
        m->mask = (uint32_t)sets - 1;
        int r = map_ring(m);
        if (r < 0)
                return r;
        m->sets = aligned_alloc(64, sets * sizeof(struct memo_set));
        m->door = calloc(1, (1u << DOOR_BITS) / 8);
        if (!m->sets || !m->door)
                return FAIL(-ENOMEM);
        memset(m->sets, 0, sets * sizeof(struct memo_set));
        m->head = m->ring_len; /* so that position 0 means none */
        return 0;
}

void memo_deinit(struct memo *m) {
        if (m->map)
                (void)os_unmap(m->map, m->map_len);
        free(m->sets);
        free(m->door);
        m->map = NULL;
        m->ring = NULL;
        m->sets = NULL;
        m->door = NULL;
}

/* Most values have a few dozen bytes: a call costs more than they do. */
static inline bool same(const char *a, const char *b, size_t len) {
        uint64_t x, y, z, w;

        if (len > 32 || len < 8)
                return len == 0 || memcmp(a, b, len) == 0;
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        memcpy(&z, a + len - 8, 8);
        memcpy(&w, b + len - 8, 8);
        if ((x ^ y) | (z ^ w))
                return false;
        for (size_t i = 8; i + 8 < len; i += 8) {
                memcpy(&x, a + i, 8);
                memcpy(&y, b + i, 8);
                if (x != y)
                        return false;
        }
        return true;
}

bool memo_get(const struct memo *m, uint32_t table, uint64_t hash, const struct field *f,
              const uint32_t **ret, uint32_t *ret_n) {
        const struct memo_set *s = &m->sets[hash & m->mask];
        uint64_t tag = hash >> TAG_SHIFT;

        for (unsigned w = 0; w < WAYS; w++) {
                if (s->way[w] >> TAG_SHIFT != tag || s->way[w] == 0)
                        continue;
                uint64_t at = (s->way[w] & ((UINT64_C(1) << TAG_SHIFT) - 1)) * 8;
                if (m->head - at > m->ring_len) /* M2 */
                        continue;
                const struct memo_entry *e = (const void *)(m->ring + at % m->ring_len);
                if (e->table != table || e->len != f->val_len || e->type != f->type)
                        continue;
                const char *data = (const char *)(e + 1);
                if (!same(data + (size_t)e->n * 4, f->val, e->len))
                        continue;
                *ret = (const uint32_t *)(const void *)data;
                *ret_n = e->n;
                return true;
        }
        return false;
}

/* True: seen before. The bits are forgotten when a quarter of them is set. */
static bool knocks_again(struct memo *m, uint64_t hash) {
        uint32_t b = (uint32_t)(hash >> 20) & ((1u << DOOR_BITS) - 1);
        uint64_t bit = UINT64_C(1) << b % 64;

        if (m->door[b / 64] & bit)
                return true;
        if (++m->door_set > (1u << DOOR_BITS) / 4) {
                memset(m->door, 0, (1u << DOOR_BITS) / 8);
                m->door_set = 1;
        }
        m->door[b / 64] |= bit;
        return false;
}

void memo_put(struct memo *m, uint32_t table, uint64_t hash, const struct field *f,
              const uint32_t *atoms, uint32_t n) {
        struct memo_set *s = &m->sets[hash & m->mask];
        size_t size = (sizeof(struct memo_entry) + (size_t)n * 4 + f->val_len + 7) & ~(size_t)7;
        unsigned way = 0;

        if (f->val_len > MEMO_VALUE_MAX || n > MEMO_ATOMS_MAX ||
            (f->val_len > DOOR_LEN && !knocks_again(m, hash)))
                return;
        if (m->head % m->ring_len + size > m->ring_len) /* entries do not wrap */
                m->head += m->ring_len - m->head % m->ring_len;
        struct memo_entry *e = (void *)(m->ring + m->head % m->ring_len);
        *e = (struct memo_entry){.table = table, .len = f->val_len, .n = n, .type = f->type};
        if (n)
                memcpy(e + 1, atoms, (size_t)n * 4);
        if (f->val_len)
                memcpy((char *)(e + 1) + (size_t)n * 4, f->val, f->val_len);
        /* The oldest way goes; none has position 0. */
        uint64_t oldest = UINT64_MAX;
        for (unsigned w = 0; w < WAYS; w++) {
                uint64_t at = s->way[w] & ((UINT64_C(1) << TAG_SHIFT) - 1);
                if (at < oldest) {
                        oldest = at;
                        way = w;
                }
        }
        s->way[way] = (hash >> TAG_SHIFT) << TAG_SHIFT | m->head / 8;
        m->head += size;
}
