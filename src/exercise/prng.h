/* Numbers that look random and are always the same: a key is mixed from what names a stream (seed, unit, step, activity,
 * host), and splitmix64 runs from it. For made-up telemetry; nothing that must be secret. */
#ifndef EXERCISE_PRNG_H
#define EXERCISE_PRNG_H

#include "base/base.h"

struct prng {
        uint64_t s;
};

static inline uint64_t prng_mix(uint64_t x) {
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
        x = (x ^ x >> 27) * 0x94d049bb133111ebu;
        return x ^ x >> 31;
}
static inline uint64_t prng_next(struct prng *p) {
        p->s += 0x9e3779b97f4a7c15u;
        return prng_mix(p->s);
}
/* 0 … n - 1; n > 0. */
static inline uint64_t prng_below(struct prng *p, uint64_t n) {
        return (uint64_t)(((__uint128_t)prng_next(p) * n) >> 64);
}
/* lo … hi, both possible. */
static inline int64_t prng_range(struct prng *p, int64_t lo, int64_t hi) {
        return hi <= lo ? lo : lo + (int64_t)prng_below(p, (uint64_t)(hi - lo) + 1);
}
static inline bool prng_chance(struct prng *p, unsigned of_1000) {
        return prng_below(p, 1000) < of_1000;
}
/* A key with one more part. */
static inline uint64_t prng_key(uint64_t key, uint64_t part) {
        return prng_mix(key + 0x9e3779b97f4a7c15u * (part + 1));
}
static inline uint64_t prng_key_str(uint64_t key, const char *s) {
        uint64_t h = 0xcbf29ce484222325u ^ key;

        for (; s && *s; s++)
                h = (h ^ (unsigned char)*s) * 0x100000001b3u;
        return prng_mix(h);
}

#endif
