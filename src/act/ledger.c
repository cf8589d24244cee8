/* See ledger.h. Records have one size, so that a torn one can only be the last:
 *
 *     struct ledger_entry | number, 8 bytes | BLAKE2b-256 over the hash before, the entry and the number */
#include "act/ledger.h"

#include <sodium.h>
#include <stdlib.h>

#include "os/os.h"

struct record {
        struct ledger_entry e;
        uint64_t n; /* from 1 */
        unsigned char hash[32];
};

struct ledger {
        int fd;
        uint64_t n;
        unsigned char hash[32]; /* of the last */
        bool failed;
};

static void hash_of(const struct record *k, const unsigned char before[32], unsigned char to[32]) {
        crypto_generichash_state h;

        crypto_generichash_init(&h, NULL, 0, 32);
        crypto_generichash_update(&h, before, 32);
        crypto_generichash_update(&h, (const unsigned char *)k, offsetof(struct record, hash));
        crypto_generichash_final(&h, to, 32);
}

struct ledger *ledger_free(struct ledger *l) {
        free(l);
        return NULL;
}

/* 1: a sound record; 0: no more, or not whole; -errno. */
static int read_record(struct ledger *l, struct record *k) {
        unsigned char hash[32];
        size_t got = 0;

        while (got < sizeof(*k)) {
                ssize_t n =
                        os_pread(l->fd, (char *)k + got, sizeof(*k) - got, l->n * sizeof(*k) + got);
                if (n < 0)
                        return FAIL((int)n);
                if (n == 0)
                        return 0;
                got += (size_t)n;
        }
        hash_of(k, l->hash, hash);
        return k->n == l->n + 1 && memcmp(hash, k->hash, sizeof(hash)) == 0;
}

int ledger_open(struct ledger **ret, int fd, int (*each)(void *ctx, const struct ledger_entry *e),
                void *ctx) {
        _cleanup_(ledger_freep) struct ledger *l = calloc(1, sizeof(*l));
        struct record k;
        struct stat st = {0};
        int r;

        if (!l)
                return FAIL(-ENOMEM);
        l->fd = fd;
        while ((r = read_record(l, &k)) == 1) {
                memcpy(l->hash, k.hash, sizeof(l->hash));
                l->n++;
                r = each(ctx, &k.e);
                if (r != 0)
                        return r;
        }
        if (r == 0)
                r = os_fstat(fd, &st);
        if (r < 0)
                // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): _cleanup_ frees it
                return r;
        uint64_t good = l->n * sizeof(k);
        if ((uint64_t)st.st_size >= good + 2 * sizeof(k)) /* L1: more follows than one torn write */
                return FAIL(-EBADMSG);
        if ((uint64_t)st.st_size > good) {
                r = os_ftruncate(fd, good);
                if (r == 0)
                        r = os_fsync(fd);
                if (r < 0)
                        return FAIL(r);
        }
        if (os_seek(fd, (int64_t)good, SEEK_SET) < 0)
                return FAIL(-EIO);
        *ret = l;
        l = NULL;
        return 0;
}

int ledger_add(struct ledger *l, const struct ledger_entry *e) {
        struct record k = {.e = *e, .n = l->n + 1};

        if (l->failed)
                return FAIL(-EIO);
        if (e->what == LEDGER_PLANNED && (l->n + 1) * sizeof(k) > LEDGER_BYTES_MAX)
                return -EFBIG;
        hash_of(&k, l->hash, k.hash);
        int r = os_write_full(l->fd, &k, sizeof(k));
        if (r == 0)
                r = os_fsync(l->fd);
        if (r < 0) {
                l->failed = true; /* half a record may be there: the next start cuts it off */
                return FAIL(r);
        }
        memcpy(l->hash, k.hash, sizeof(l->hash));
        l->n++;
        return 0;
}
