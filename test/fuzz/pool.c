/* Large blocks for targets that make and drop a matcher in every execution. The sanitizer maps and
 * unmaps whatever is longer than 256 KiB, and the kernel clears it: more than half of an execution.
 * Here such blocks (from 64 KiB) are kept and given out again. Linked with --wrap, so that only what
 * is linked statically comes here; what is not asked for, and blocks given back, is poisoned.
 *
 * The region is a global, so that the search for leaks looks into the blocks. */
#include <sanitizer/asan_interface.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define POOL_MIN ((size_t)64 << 10)
#define POOL_BYTES ((size_t)256 << 20)
#define POOL_HEAD ((size_t)64)
#define NO_ASAN __attribute__((no_sanitize("address", "undefined", "coverage")))

struct block {
        struct block *next; /* in the list of free ones */
        size_t room, size;
};

static _Alignas(4096) char region[POOL_BYTES];
static size_t taken;
static struct block *free_blocks[40]; /* by the logarithm of the room */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void __wrap_free(void *p);

static struct block *block_of(void *p) {
        uintptr_t at = (uintptr_t)p, from = (uintptr_t)region;

        return at > from && at < from + POOL_BYTES ? (struct block *)((char *)p - POOL_HEAD) : NULL;
}

NO_ASAN static void *take(size_t n) {
        unsigned bits = 64u - (unsigned)__builtin_clzl(n - 1);
        size_t room = (size_t)1 << bits;
        struct block *b = bits < 40 ? free_blocks[bits] : NULL;

        if (b)
                free_blocks[bits] = b->next;
        else if (bits < 40 && room + POOL_HEAD <= POOL_BYTES - taken) {
                b = (struct block *)(region + taken);
                taken += room + POOL_HEAD;
                b->room = room;
                __asan_poison_memory_region(b, POOL_HEAD + room);
        } else {
                return NULL;
        }
        b->size = n;
        __asan_unpoison_memory_region((char *)b + POOL_HEAD, n);
        return (char *)b + POOL_HEAD;
}

NO_ASAN static void give(struct block *b) {
        unsigned bits = 63u - (unsigned)__builtin_clzl(b->room);

        __asan_poison_memory_region((char *)b + POOL_HEAD, b->room);
        b->next = free_blocks[bits];
        free_blocks[bits] = b;
}

NO_ASAN static size_t size_of(const struct block *b) {
        return b->size;
}

void *__wrap_malloc(size_t n) {
        void *p = n >= POOL_MIN ? take(n) : NULL;

        return p ? p : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size) {
        size_t all;
        void *p = !__builtin_mul_overflow(n, size, &all) && all >= POOL_MIN ? take(all) : NULL;

        return p ? memset(p, 0, all) : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t n) {
        void *p = n >= POOL_MIN && align <= POOL_HEAD ? take(n) : NULL;

        return p ? p : __real_aligned_alloc(align, n);
}

void *__wrap_realloc(void *p, size_t n) {
        struct block *b = block_of(p);

        if (!b)
                return __real_realloc(p, n);
        void *q = __wrap_malloc(n);
        if (q) {
                memcpy(q, p, n < size_of(b) ? n : size_of(b));
                give(b);
        }
        return q;
}

void __wrap_free(void *p) {
        struct block *b = block_of(p);

        if (b)
                give(b);
        else
                __real_free(p);
}
