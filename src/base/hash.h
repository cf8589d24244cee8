/* A fast, keyed, non-cryptographic hash for tables in memory (multiply-fold mixing). The key is
 * chosen at start-up, so that an attacker cannot prepare collisions. Evidence is hashed by
 * libsodium, never by this. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/base.h"

static inline uint64_t hash_mix(uint64_t a, uint64_t b) {
        __uint128_t m = (__uint128_t)a * b;
        return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_read(const char *p, size_t n) {
        uint64_t v = 0;
        memcpy(&v, p, n); /* n <= 8 */
        return v;
}

static inline uint64_t hash_bytes(const char *p, size_t len, uint64_t key) {
        /* What bytes meet is secret as the key is: a block that is known to make a factor zero would make
         * all that stands before it the same. */
        const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu ^ key;
        uint64_t h = key ^ k0, a, b;
        size_t n = len;

        while (n > 16) {
                memcpy(&a, p, 8);
                memcpy(&b, p + 8, 8);
                h = hash_mix(a ^ k1, b ^ h);
                p += 16;
                n -= 16;
        }
        if (n >= 8) {
                memcpy(&a, p, 8);
                memcpy(&b, p + n - 8, 8);
        } else if (n >= 4) {
                uint32_t x, y;
                memcpy(&x, p, 4);
                memcpy(&y, p + n - 4, 4);
                a = x;
                b = y;
        } else if (n > 0) {
                a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n >> 1] << 8 |
                    (unsigned char)p[n - 1];
                b = 0;
        } else {
                a = b = 0;
        }
        return hash_mix(0xe7037ed1a0b428dbu ^ len, hash_mix(a ^ k1, b ^ h));
}

/* The same for what is long, several times as fast: four chains of multiplications run at once. Another
 * function: what one made the other does not find. */
static inline uint64_t hash_wide(const char *p, size_t len, uint64_t key) {
        const uint64_t k[4] = {key ^ 0xa0761d6478bd642fu, key ^ 0xe7037ed1a0b428dbu,
                               key ^ 0x8ebc6af09c88c6e3u, key ^ 0x589965cc75374cc3u};
        uint64_t h[4] = {k[1], k[2], k[3], k[0]};
        size_t n = len;

        for (; n >= 64; p += 64, n -= 64) {
                uint64_t v[8];

                memcpy(v, p, 64);
                for (unsigned i = 0; i < 4; i++)
                        h[i] = hash_mix(v[2 * i] ^ k[i], v[2 * i + 1] ^ h[i]);
        }
        return hash_bytes(p, n, hash_mix(h[0] ^ k[2], h[1]) ^ hash_mix(h[2] ^ k[0], h[3]) ^ len);
}

static inline uint64_t hash_span(struct span s, uint64_t key) {
        return hash_bytes(s.p, s.len, key);
}

#endif
