/* The verb `verify`. */
#ifndef MAIN_VERIFY_VERB_H
#define MAIN_VERIFY_VERB_H

#include <stdbool.h>

int verb_verify(int argc, char **argv);

#define VERIFY_PROOFS_MAX 64u

/* Of an exported file. */
struct verify_export {
        const char *path;
        const unsigned char *key; /* the node's; NULL: any */
        bool has_secret, records;
        unsigned char secret_key[32], public_key[32]; /* the recipient's */
        int landlock;
        const char *proofs[VERIFY_PROOFS_MAX]; /* beside evidence for a court */
        int proof_fds[VERIFY_PROOFS_MAX];
        unsigned n_proofs;
};
bool verify_is_export(const char *path);
/* An exit status. Enters a sandbox. */
int verify_export(struct verify_export *o);
/* A node's file by the signature beside it; key NULL: any. The same. */
int verify_file(const char *path, const char *signature, const unsigned char *key, int landlock);

#endif
