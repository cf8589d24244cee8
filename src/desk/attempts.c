/* Guessing passwords and codes gets slower and slower, and only for who guesses.
 *
 * A wrong try counts three times: for this login from this place (an address; of IPv6 its /64), for the
 * place, and for the login. Beyond a count that people with bad days do not reach each has to wait, twice
 * as long each time. What keeps an attacker from locking others out:
 *
 *   A1. The counts of a place and of a login hold only for places that this person never signed in from:
 *       whoever guesses at somebody's login from elsewhere slows down nobody who is where they always are,
 *       and one who guesses behind the same address as others slows down only new faces there.
 *   A2. Nothing is locked for good, and nothing needs an administrator: the longest wait is 15 minutes.
 *   A3. Only a try that was looked at counts: one that had to wait writes nothing, so a flood writes no
 *       faster than the vault checks passwords.
 *   A4. Tries while the agency's directory is away have counts of their own, whoever's they are, which hold
 *       for that time only: nobody waits afterwards because it was away.
 *
 * Counts are forgotten a day after the last wrong try; the one of a pair with the first right one. */
#include <sodium.h>

#include "desk/people.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define KNOWN_NS (60 * DAY_NS)
#define ROWS_MAX 100000

enum { PAIR, PLACE, LOGIN, KINDS };

/* Wrong tries that are free, the first wait, the longest one; seconds. */
static const struct {
        int64_t free, first, most;
} limits[KINDS] = {{5, 30, 900}, {20, 15, 900}, {50, 15, 900}};

#define KEY_BYTES 16u

static size_t place_len(const unsigned char *address) {
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

        return memcmp(address, mapped, 12) == 0 ? 16 : 8;
}

static struct span key_of(const struct attempt *a, int kind, unsigned char to[KEY_BYTES]) {
        crypto_generichash_state h;
        unsigned char k = (unsigned char)kind;

        crypto_generichash_init(&h, NULL, 0, KEY_BYTES);
        crypto_generichash_update(&h, &k, 1);
        if (kind != PLACE)
                crypto_generichash_update(&h, (const unsigned char *)a->login.p, a->login.len);
        if (kind == PAIR || kind == PLACE)
                crypto_generichash_update(&h, a->address, place_len(a->address));
        if (a->away) /* A4 */
                crypto_generichash_update(&h, (const unsigned char *)&a->away, sizeof(a->away));
        crypto_generichash_final(&h, to, KEY_BYTES);
        return span_of((const char *)to, KEY_BYTES);
}

static struct span place_of(const struct attempt *a) {
        return span_of((const char *)a->address, place_len(a->address));
}

int attempt_known(struct sql *db, struct attempt *a, int64_t now) {
        int64_t one;
        int r = !a->person ? 0
                           : sql_get_int(db, &one,
                                         "SELECT 1 FROM place WHERE person=?1 AND address=?2"
                                         " AND last>?3",
                                         "ixi", a->person, place_of(a), now - KNOWN_NS);

        if (r >= 0)
                a->known = r == 1;
        return r < 0 ? r : 0;
}

static bool counts(const struct attempt *a, int kind) {
        return kind == PAIR || !a->known; /* A1 */
}

int attempt_wait(struct sql *db, const struct attempt *a, int64_t now, int64_t *ret_s) {
        unsigned char key[KEY_BYTES];
        int64_t longest = 0;

        for (int kind = PAIR; kind <= LOGIN; kind++) {
                int64_t until = 0;
                int r = !counts(a, kind)
                                ? 0
                                : sql_get_int(db, &until, "SELECT until FROM attempt WHERE key=?1",
                                              "x", key_of(a, kind, key));

                if (r < 0)
                        return r;
                if (until > now)
                        longest = MAX(longest, (until - now + NS_PER_SEC - 1) / NS_PER_SEC);
        }
        *ret_s = longest;
        return 0;
}

static int64_t wait_after(int kind, int64_t n) {
        int64_t beyond = n - limits[kind].free;

        if (beyond < 0)
                return 0;
        return beyond > 10 ? limits[kind].most
                           : MIN(limits[kind].first << beyond, limits[kind].most);
}

static int count_one(struct sql *db, const struct attempt *a, int kind, int64_t now) {
        unsigned char key[KEY_BYTES];
        struct span k = key_of(a, kind, key);
        int64_t n = 0;
        int r = sql_get_int(db, &n, "SELECT n FROM attempt WHERE key=?1 AND last>?2", "xi", k,
                            now - DAY_NS);

        if (r < 0)
                return r;
        int64_t until = now + wait_after(kind, ++n) * NS_PER_SEC;
        return sql_do(db,
                      "INSERT INTO attempt VALUES(?1,?2,?3,?4) ON CONFLICT(key) DO UPDATE SET"
                      " n=excluded.n, last=excluded.last, until=excluded.until",
                      "xiii", k, n, now, until);
}

/* Old counts go; were there too many all the same, the oldest. */
static int forget(struct sql *db, int64_t now) {
        int64_t n = 0;
        int r = sql_get_int(db, &n, "SELECT count(*) FROM attempt", "");

        if (r < 0 || n < ROWS_MAX)
                return r < 0 ? r : 0;
        r = sql_do(db, "DELETE FROM attempt WHERE last<=?1", "i", now - DAY_NS);
        return r < 0 ? r
                     : sql_do(db,
                              "DELETE FROM attempt WHERE key IN (SELECT key FROM attempt"
                              " ORDER BY last LIMIT 1000)",
                              "");
}

int attempt_failed(struct sql *db, const struct attempt *a, int64_t now) {
        int r = 0;

        for (int kind = PAIR; kind <= LOGIN && r == 0; kind++)
                if (counts(a, kind))
                        r = count_one(db, a, kind, now);
        return r < 0 ? r : forget(db, now);
}

int attempt_done(struct sql *db, const struct attempt *a, int64_t now) {
        unsigned char key[KEY_BYTES];
        struct attempt plain = *a;
        plain.away = 0;
        int r = sql_do(db, "DELETE FROM attempt WHERE key=?1", "x", key_of(&plain, PAIR, key));
        if (r == 0 && a->away)
                r = sql_do(db, "DELETE FROM attempt WHERE key=?1", "x", key_of(a, PAIR, key));

        return r < 0 ? r
                     : sql_do(db,
                              "INSERT INTO place VALUES(?1,?2,?3) ON CONFLICT(person,address)"
                              " DO UPDATE SET last=excluded.last",
                              "ixi", a->person, place_of(a), now);
}
