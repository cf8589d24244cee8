/* LEB128 numbers: seven bits a byte, low ones first. */
#ifndef STORE_VARINT_H
#define STORE_VARINT_H

#include "base/base.h"

#define VARINT_MAX 10u

static inline unsigned char *varint_put(unsigned char *to, uint64_t v) {
        while (v >= 0x80) {
                *to++ = (unsigned char)(v | 0x80);
                v >>= 7;
        }
        *to++ = (unsigned char)v;
        return to;
}

/* A cursor over foreign bytes; `bad` stays set once anything did not fit. */
struct varint_in {
        const unsigned char *p, *end;
        bool bad;
};

static inline uint64_t varint_get(struct varint_in *in) {
        uint64_t v = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                if (in->p == in->end)
                        break;
                unsigned char c = *in->p++;
                v |= (uint64_t)(c & 0x7f) << shift;
                if (!(c & 0x80))
                        return v;
        }
        in->bad = true;
        return 0;
}

/* A number of at most `max`; else bad and 0. */
static inline uint32_t varint_get32(struct varint_in *in, uint32_t max) {
        uint64_t v = varint_get(in);

        if (v > max) {
                in->bad = true;
                return 0;
        }
        return (uint32_t)v;
}

static inline uint64_t zigzag(int64_t v) {
        return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t v) {
        return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

#endif
