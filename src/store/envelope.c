/* See envelope.h. */
#include "store/envelope.h"

#include <sodium.h>
#include <stdlib.h>

#define PIECE ((size_t)64 << 10)
#define SEALED_BYTES (crypto_secretstream_xchacha20poly1305_KEYBYTES + crypto_box_SEALBYTES)
#define MORE crypto_secretstream_xchacha20poly1305_ABYTES

_Static_assert(ENVELOPE_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "an X25519 key");

struct envelope_writer {
        proof_write *write;
        void *ctx;
        crypto_secretstream_xchacha20poly1305_state s;
        size_t n;
        unsigned char plain[PIECE], out[PIECE + MORE];
};

int envelope_new(struct envelope_writer **ret, const unsigned char to[ENVELOPE_KEY_BYTES],
                 proof_write *write, void *ctx) {
        unsigned char key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
        unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
        unsigned char sealed[SEALED_BYTES];
        struct envelope_writer *e = calloc(1, sizeof(*e));

        if (!e)
                return FAIL(-ENOMEM);
        e->write = write;
        e->ctx = ctx;
        crypto_secretstream_xchacha20poly1305_keygen(key);
        int r = crypto_box_seal(sealed, key, sizeof(key), to) == 0 ? 0 : FAIL(-EINVAL);
        crypto_secretstream_xchacha20poly1305_init_push(&e->s, header, key);
        sodium_memzero(key, sizeof(key));
        if (r == 0)
                r = write(ctx, ENVELOPE_MAGIC, sizeof(ENVELOPE_MAGIC) - 1);
        if (r == 0)
                r = write(ctx, sealed, sizeof(sealed));
        if (r == 0)
                r = write(ctx, header, sizeof(header));
        if (r < 0)
                envelope_free(e);
        else
                *ret = e;
        return r;
}

struct envelope_writer *envelope_free(struct envelope_writer *e) {
        if (e)
                sodium_memzero(e, sizeof(*e));
        free(e);
        return NULL;
}

static int push(struct envelope_writer *e, unsigned char tag) {
        uint32_t n = (uint32_t)(e->n + MORE);

        crypto_secretstream_xchacha20poly1305_push(&e->s, e->out, NULL, e->plain, e->n, NULL, 0,
                                                   tag);
        e->n = 0;
        int r = e->write(e->ctx, &n, sizeof(n));
        return r == 0 ? e->write(e->ctx, e->out, n) : r;
}

int envelope_put(void *ctx, const void *p, size_t n) {
        struct envelope_writer *e = ctx;
        const char *from = p;
        int r = 0;

        while (n && r == 0) {
                size_t k = MIN(n, PIECE - e->n);
                memcpy(e->plain + e->n, from, k);
                e->n += k;
                from += k;
                n -= k;
                if (e->n == PIECE)
                        r = push(e, 0);
        }
        return r;
}

int envelope_end(struct envelope_writer *e) {
        return push(e, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
}

struct envelope_reader {
        proof_read *read;
        void *ctx;
        crypto_secretstream_xchacha20poly1305_state s;
        size_t at, n;
        bool last;
        unsigned char plain[PIECE], in[PIECE + MORE];
};

/* 0, or what get says of an end that comes too early. */
static int exactly(struct envelope_reader *e, void *to, size_t n) {
        ssize_t k = e->read(e->ctx, to, n);

        return k < 0 ? (int)k : (size_t)k == n ? 0 : -EBADMSG;
}

int envelope_open(struct envelope_reader **ret, const unsigned char public_key[ENVELOPE_KEY_BYTES],
                  const unsigned char secret_key[ENVELOPE_KEY_BYTES], proof_read *read, void *ctx) {
        unsigned char key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
        unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
        unsigned char sealed[SEALED_BYTES];
        struct envelope_reader *e = calloc(1, sizeof(*e));

        if (!e)
                return FAIL(-ENOMEM);
        e->read = read;
        e->ctx = ctx;
        int r = exactly(e, sealed, sizeof(sealed));
        if (r == 0)
                r = exactly(e, header, sizeof(header));
        if (r == 0 &&
            crypto_box_seal_open(key, sealed, sizeof(sealed), public_key, secret_key) != 0)
                r = -EBADMSG;
        if (r == 0 && crypto_secretstream_xchacha20poly1305_init_pull(&e->s, header, key) != 0)
                r = -EBADMSG;
        sodium_memzero(key, sizeof(key));
        if (r < 0)
                envelope_close(e);
        else
                *ret = e;
        return r;
}

struct envelope_reader *envelope_close(struct envelope_reader *e) {
        if (e)
                sodium_memzero(e, sizeof(*e));
        free(e);
        return NULL;
}

static int pull(struct envelope_reader *e) {
        unsigned long long plain = 0;
        unsigned char tag;
        uint32_t n;
        int r = exactly(e, &n, sizeof(n));

        if (r == 0 && (n < MORE || n > sizeof(e->in)))
                r = -EBADMSG;
        if (r == 0)
                r = exactly(e, e->in, n);
        if (r == 0 && crypto_secretstream_xchacha20poly1305_pull(&e->s, e->plain, &plain, &tag,
                                                                 e->in, n, NULL, 0) != 0)
                r = -EBADMSG;
        if (r < 0)
                return r;
        e->at = 0;
        e->n = (size_t)plain;
        e->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
        return 0;
}

ssize_t envelope_get(void *ctx, void *to, size_t n) {
        struct envelope_reader *e = ctx;
        size_t done = 0;

        while (done < n) {
                size_t k = MIN(n - done, e->n - e->at);
                memcpy((char *)to + done, e->plain + e->at, k);
                e->at += k;
                done += k;
                if (done == n)
                        break;
                if (e->last) {
                        char more;
                        ssize_t after = e->read(e->ctx, &more, 1);
                        return after < 0 ? after : after > 0 ? -EBADMSG : (ssize_t)done;
                }
                int r = pull(e);
                if (r < 0)
                        return r;
        }
        return (ssize_t)done;
}
