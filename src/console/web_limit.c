/* How much one address may ask: a bucket of tokens for each, refilled by time. Sign-ins have a bucket of their
 * own, as each costs the vault a tenth of a second, and take nothing from the other: who guesses behind the same
 * address keeps nobody there from working. IPv6 counts by /64: that is what one subscriber has.
 *
 * The table has a fixed size; an address goes to one of eight places by a keyed hash, and the one seen longest ago
 * makes room. Whoever floods from many addresses thus evicts others' buckets, which then begin full: nobody
 * is refused for what another did. */
#include "base/hash.h"
#include "console/web_impl.h"

#define WAYS 8u

static const struct {
        double rate, burst; /* of a second */
} limits[2][2] = {
        [COST_REQUEST] = {{100, 300}, {2000, 4000}},
        [COST_SIGN_IN] = {{1, 20}, {10, 60}},
};

bool web_is_here(const unsigned char a[16]) {
        static const unsigned char v6[16] = {[15] = 1}, v4[12] = {[10] = 0xff, [11] = 0xff};

        return memcmp(a, v6, 16) == 0 || (memcmp(a, v4, 12) == 0 && a[12] == 127);
}

static struct bucket *bucket_of(struct web *w, const unsigned char address[16], bool here) {
        unsigned char key[16];

        memcpy(key, address, 16);
        if (memcmp(key, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) != 0 && !here)
                memset(key + 8, 0, 8);
        struct bucket *set =
                &w->buckets[hash_bytes((const char *)key, 16, w->key) % (BUCKETS / WAYS) * WAYS];
        struct bucket *oldest = set;
        for (unsigned i = 0; i < WAYS; i++) {
                if (set[i].at && memcmp(set[i].address, key, 16) == 0)
                        return &set[i];
                if (set[i].at < oldest->at)
                        oldest = &set[i];
        }
        *oldest = (struct bucket){.at = w->mono,
                                  .tokens = limits[COST_REQUEST][here].burst,
                                  .sign_ins = limits[COST_SIGN_IN][here].burst};
        memcpy(oldest->address, key, 16);
        return oldest;
}

unsigned web_limit(struct web *w, const unsigned char address[16], enum web_cost cost) {
        bool here = web_is_here(address);
        struct bucket *b = bucket_of(w, address, here);
        double s = (double)(w->mono - b->at) / 1e9;
        double *t = cost == COST_SIGN_IN ? &b->sign_ins : &b->tokens;

        b->at = w->mono;
        b->tokens = MIN(b->tokens + s * limits[COST_REQUEST][here].rate,
                        limits[COST_REQUEST][here].burst);
        b->sign_ins = MIN(b->sign_ins + s * limits[COST_SIGN_IN][here].rate,
                          limits[COST_SIGN_IN][here].burst);
        if (*t < 1)
                return cost == COST_SIGN_IN ? 5 : 1;
        *t -= 1;
        return 0;
}
