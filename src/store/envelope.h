/* A file for one recipient's eyes: a stream key in a sealed box to his X25519 public key, then the bytes in
 * pieces of 64 KiB by XChaCha20-Poly1305 (libsodium's secretstream). Nobody can read or change it on its way,
 * cut it, or add to it. Who made it is not told by the envelope: that says the signature inside.
 *
 *     "coloaX1\n" | sealed box of the key, 80 bytes | header, 24 | { length u32, piece }* */
#ifndef STORE_ENVELOPE_H
#define STORE_ENVELOPE_H

#include "store/proof.h"

#define ENVELOPE_MAGIC "coloaX1\n"
#define ENVELOPE_KEY_BYTES 32u

struct envelope_writer;
int envelope_new(struct envelope_writer **ret, const unsigned char to[ENVELOPE_KEY_BYTES],
                 proof_write *write, void *ctx);
struct envelope_writer *envelope_free(struct envelope_writer *e);
CLEANUP(envelope_writer, envelope_free)
/* As proof_write. */
int envelope_put(void *e, const void *p, size_t n);
int envelope_end(struct envelope_writer *e);

struct envelope_reader;
/* `read` stands behind the magic. 0; -EBADMSG: not for this key, or changed. */
int envelope_open(struct envelope_reader **ret, const unsigned char public_key[ENVELOPE_KEY_BYTES],
                  const unsigned char secret_key[ENVELOPE_KEY_BYTES], proof_read *read, void *ctx);
struct envelope_reader *envelope_close(struct envelope_reader *e);
CLEANUP(envelope_reader, envelope_close)
/* As proof_read. */
ssize_t envelope_get(void *e, void *to, size_t n);

#endif
