/* Evidence that leaves for a court (doc/evidence.md has the format byte by byte): one tar file of README.txt,
 * MANIFEST.json, SIGNATURE and the files, written by the desk, signed by the vault when two people agreed,
 * checked by `coloa verify` with the public key alone.
 *
 * The bytes are canonical: for a name and a size there is one possible head of a tar entry, so the reader
 * compares heads instead of interpreting them, and nothing in a file can say where it is to be written. */
#ifndef WIRE_COURT_H
#define WIRE_COURT_H

#include "base/buf.h"

#define COURT_NAME "coloa-court-1"
#define COURT_HASH_BYTES 32u
#define COURT_BLOCK 512u
#define COURT_MANIFEST_MAX ((size_t)4 << 20)
#define COURT_ITEMS_MAX 2000u
#define COURT_PATH_MAX 96u
#define COURT_README "README.txt"
#define COURT_MANIFEST "MANIFEST.json"
#define COURT_SIGNATURE "SIGNATURE"

/* ---- the chain of custody ---- */

/* A link: what happened to an item, over the link before. Texts are UTF-8. */
struct court_link {
        int64_t n, at;                           /* n from 1; ns since 1970 */
        unsigned char content[COURT_HASH_BYTES]; /* of the item */
        struct span item, what, by, to, reason, from;
};
/* `before`: of link n - 1; zeros for the first. */
void court_link_hash(unsigned char to[COURT_HASH_BYTES],
                     const unsigned char before[COURT_HASH_BYTES], const struct court_link *l);
/* What stands for a stretch of stored records: they stay in the store, held. */
void court_range_hash(unsigned char to[COURT_HASH_BYTES], uint64_t first, uint64_t last,
                      struct span query);

/* ---- what the vault signs ---- */

struct court_sign { /* little-endian */
        char name[16];
        uint64_t number; /* of the export */
        int64_t incident, time, proposer, approver;
        uint64_t items;
        unsigned char manifest[COURT_HASH_BYTES]; /* BLAKE2b-256 of MANIFEST.json */
};
_Static_assert(sizeof(struct court_sign) == 96, "no holes");
/* The text of VAULT_COURT (wire/vault.h): a code of the approver's second factor, then what is signed. */
struct court_ask {
        char code[16]; /* ends with NULs */
        struct court_sign sign;
};
struct court_signed {
        unsigned char signature[64], public_key[32];
};

/* ---- the file ---- */

/* "files/0007-name.txt": letters, digits, '.', '-', '_' of the name; `index` from 1. */
void court_path(char to[COURT_PATH_MAX], unsigned index, struct span name);
void court_tar_head(unsigned char to[COURT_BLOCK], const char *path, uint64_t size);
/* Zeros behind a file of that size. */
static inline size_t court_padding(uint64_t size) {
        return (size_t)(-size & (COURT_BLOCK - 1));
}
struct span court_readme(void);
void court_signature_text(struct buf *to, const struct court_sign *s, const struct court_signed *g);

/* ---- checking (court_check.c) ---- */

/* n bytes, fewer only at the end; -errno. */
typedef ssize_t court_read(void *ctx, void *to, size_t n);

enum court_problem {
        COURT_GOOD = 0,
        COURT_FORMAT,    /* no such file, or cut off, or followed by something */
        COURT_UNSIGNED,  /* the signature is not of this manifest by this key */
        COURT_KEY,       /* signed by another key than the one given */
        COURT_MANIFEST_, /* the manifest does not say what one says */
        COURT_FILE,      /* a file is not the one that was signed */
        COURT_CHAIN,     /* a link of custody does not follow */
};

struct court_item {
        unsigned index;                 /* from 1 */
        const char *code, *name, *path; /* path NULL: a stretch of records */
        uint64_t size, first_seq, last_seq;
        unsigned links;
        const char *hash; /* hex */
};

struct court_options {
        const unsigned char *key; /* NULL: any */
        /* Each item that was found good, in order; NULL: none. Before the end nothing is proved. */
        void (*item)(void *ctx, const struct court_item *i);
        void *ctx;
};

struct court_result {
        enum court_problem problem;
        unsigned item; /* at hand when it was found; 0: none yet */
        struct court_sign sign;
        unsigned char key[32];
        unsigned items, links;
        uint64_t bytes;
        char incident[64], reason[512], proposer[128], approver[128];
};

/* 0: see ret->problem; -errno: it could not be read. */
int court_check(court_read *read, void *ctx, const struct court_options *o,
                struct court_result *ret);
/* Whether these first bytes of a file are one of these. */
bool court_begins(const unsigned char head[COURT_BLOCK]);

#endif
