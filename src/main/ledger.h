/* What the command line does with what is kept, written down before it is done; and signatures for it. */
#ifndef MAIN_LEDGER_H
#define MAIN_LEDGER_H

#include "main/serve.h"
#include "store/proof.h"
#include "wire/keep.h"

/* Through the node when it runs, else into its databases, which are locked meanwhile. 0 when it is on disk;
 * -EEXIST, -ENOENT of a hold's name; -errno: it was not written, said as of `verb`. `hold` may be NULL. */
int ledger_write(const char *verb, const struct place *p, enum keep_what what,
                 const struct keep_audit *audit, const struct keep_hold *hold);

/* A vault of one's own, with the node's key; it signs exports only. */
struct signer;
/* -ENOENT: there is no key. */
int signer_new(struct signer **ret, const struct place *p, int landlock);
struct signer *signer_free(struct signer *s);
CLEANUP(signer, signer_free)
int signer_sign(struct signer *s, const struct export_sign *e, unsigned char signature[64],
                unsigned char key[32]);
/* The key for pseudonyms of one report. */
int signer_derive(struct signer *s, struct span of, unsigned char ret[32]);

#endif
