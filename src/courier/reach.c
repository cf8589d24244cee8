/* See reach.h. Addresses are IPv6, IPv4 mapped into it. Those that carry an IPv4 address inside (compatible,
 * NAT64, 6to4) are what that one is. */
#include "courier/reach.h"

#include <stdlib.h>

#include "os/dial.h"

struct net {
        uint8_t address[16], bits;
};

static const struct net specials[] = {
        {{[10] = 0xff, 0xff, 0}, 104},        /* 0.0.0.0/8 */
        {{[10] = 0xff, 0xff, 127}, 104},      /* loopback */
        {{[10] = 0xff, 0xff, 169, 254}, 112}, /* link-local, clouds' metadata */
        {{[10] = 0xff, 0xff, 224}, 100},      /* groups */
        {{[10] = 0xff, 0xff, 240}, 100},      /* reserved, everybody */
        {{0}, 127},                           /* :: and ::1 */
        {{0xfe, 0x80}, 10},                   /* link-local */
        {{0xff}, 8},                          /* groups */
};

static bool within(const uint8_t a[16], const uint8_t net[16], unsigned bits) {
        unsigned whole = bits / 8, rest = bits % 8;
        uint8_t mask = (uint8_t)(0xff00u >> rest);

        return memcmp(a, net, whole) == 0 && (!rest || ((a[whole] ^ net[whole]) & mask) == 0);
}

bool reach_add(struct reach *r, const char *text) {
        const char *slash = strchr(text, '/');
        size_t n = slash ? (size_t)(slash - text) : strlen(text);
        struct address_net net = {.bits = 128};
        char ip[64];

        if (n >= sizeof(ip) || r->n == REACH_MAX)
                return false;
        memcpy(ip, text, n);
        ip[n] = '\0';
        if (!os_address_of(ip, net.address))
                return false;
        if (slash) {
                unsigned most = memchr(ip, ':', n) ? 128 : 32;
                char *end;
                unsigned long bits = strtoul(slash + 1, &end, 10);

                if (end == slash + 1 || *end || bits > most)
                        return false;
                net.bits = (uint8_t)(128 - most + bits);
        }
        r->list[r->n++] = net;
        return true;
}

/* What is meant, where IPv4 is carried inside. */
static void unwrap(const uint8_t a[16], uint8_t to[16]) {
        static const uint8_t nat64[16] = {0, 0x64, 0xff, 0x9b}, zero[16],
                             local64[16] = {0, 0x64, 0xff, 0x9b, 0, 1}, /* RFC 8215 */
                translated[16] = {[8] = 0xff, 0xff};                    /* RFC 2765 */
        size_t at = 0;

        memcpy(to, a, 16);
        if (within(a, nat64, 96) || within(a, local64, 48) || within(a, translated, 96))
                at = 12;
        else if (a[0] == 0x20 && a[1] == 0x02)
                at = 2;
        else if (within(a, zero, 96) && !within(a, zero, 127))
                at = 12;
        if (!at)
                return;
        memset(to, 0, 16);
        to[10] = to[11] = 0xff;
        memcpy(to + 12, a + at, 4);
}

static const struct net *special_of(const uint8_t address[16]) {
        uint8_t a[16];

        unwrap(address, a);
        for (size_t i = 0; i < ARRAY_LEN(specials); i++)
                if (within(a, specials[i].address, specials[i].bits))
                        return &specials[i];
        return NULL;
}

bool reach_special(const uint8_t address[16]) {
        return special_of(address) != NULL;
}

bool reach_loopback(const uint8_t address[16]) {
        static const uint8_t v6[16] = {[15] = 1};

        return memcmp(address, v6, 16) == 0 ||
               within(address, specials[1].address, specials[1].bits);
}

bool reach_allowed(const struct reach *r, const uint8_t address[16]) {
        const struct net *special = special_of(address);

        if (r->n == 0)
                return !special;
        for (unsigned i = 0; i < r->n; i++)
                if (within(address, r->list[i].address, r->list[i].bits) &&
                    (!special || (r->list[i].bits >= special->bits &&
                                  special_of(r->list[i].address) == special)))
                        return true;
        return false;
}
