/* What the checks of exported files share: verify_export.c, verify_court.c. */
#ifndef MAIN_VERIFY_EXPORT_H
#define MAIN_VERIFY_EXPORT_H

#include "store/proof.h"

#define VERIFY_CHUNK ((size_t)64 << 10)

struct verify_file {
        int fd;
        size_t at, n;
        char buf[VERIFY_CHUNK];
};
/* From where it is: as proof_read and court_read want it. */
ssize_t verify_read(void *file, void *to, size_t n);
const char *verify_problem_text(enum proof_problem p);

struct verify_export;
/* An exit status. */
int verify_court(const struct verify_export *o, struct verify_file *f);

#endif
