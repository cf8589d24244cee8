/* UUIDs of version 5 (RFC 9562): SHA-1 over a namespace and a name. STIX names what is observed so, by which
 * the same address has the same identifier wherever it is written. SHA-1 is here a way to spread names, and
 * protects nothing. */
#include <stdio.h>
#include <string.h>

#include "desk/share.h"

static uint32_t left(uint32_t v, unsigned n) {
        return v << n | v >> (32 - n);
}

static void block(uint32_t h[5], const unsigned char *p) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

        for (unsigned i = 0; i < 16; i++)
                w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
                       (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
        for (unsigned i = 16; i < 80; i++)
                w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (unsigned i = 0; i < 80; i++) {
                uint32_t f, k, t;

                if (i < 20) {
                        f = (b & c) | (~b & d);
                        k = 0x5a827999;
                } else if (i < 40 || i >= 60) {
                        f = b ^ c ^ d;
                        k = i < 40 ? 0x6ed9eba1 : 0xca62c1d6;
                } else {
                        f = (b & c) | (b & d) | (c & d);
                        k = 0x8f1bbcdc;
                }
                t = left(a, 5) + f + e + k + w[i];
                e = d;
                d = c;
                c = left(b, 30);
                b = a;
                a = t;
        }
        h[0] += a;
        h[1] += b;
        h[2] += c;
        h[3] += d;
        h[4] += e;
}

void share_uuid5(char to[37], const unsigned char space[16], struct span name) {
        uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
        unsigned char last[128] = {0}, u[16];
        struct buf all = {.limit = (size_t)1 << 20};
        size_t done = 0;

        buf_add(&all, space, 16);
        buf_span(&all, name);
        for (; all.len - done >= 64; done += 64)
                block(h, (const unsigned char *)all.p + done);
        size_t rest = all.len - done, room = rest < 56 ? 64 : 128;
        if (rest)
                memcpy(last, all.p + done, rest);
        last[rest] = 0x80;
        for (unsigned i = 0; i < 8; i++)
                last[room - 1 - i] = (unsigned char)((uint64_t)all.len * 8 >> (8 * i));
        for (size_t i = 0; i < room; i += 64)
                block(h, last + i);
        buf_deinit(&all);
        for (unsigned i = 0; i < 16; i++)
                u[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
        u[6] = (unsigned char)((u[6] & 0x0f) | 0x50);
        u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
        snprintf(to, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
                 u[13], u[14], u[15]);
}
