/* What to hunt in: the paths of the command line, directories gone through, globs opened out, `-`
 * for standard input. */
#ifndef MAIN_INPUTS_H
#define MAIN_INPUTS_H

#include "os/os.h"

struct input {
        char *path;      /* as shown; "-" is standard input */
        uint64_t size;   /* bytes as stored; 0 when unknown */
        int64_t mtime;   /* ns; of a pipe: now */
        uint32_t format; /* found by ingest; enum format */
        uint64_t events, bad;
        uint64_t dev, ino; /* of a regular file; else 0 */
        int error;         /* -errno: it could not be looked into, and inputs_open() says so */
};

struct inputs {
        struct input *list;
        uint32_t n, cap, failed; /* failed: how many have an error */
        uint64_t bytes;
};

/* Something that could not be looked into: called with the path and -errno. */
typedef void (*inputs_problem)(void *ctx, const char *path, int error);

/* Adds a path (a directory's files in sorted order, links inside it not followed; a pattern with *
 * ? [ that names no file). 0 or -ENOMEM; what cannot be read goes to `problem`. */
int inputs_add(struct inputs *in, const char *path, inputs_problem problem, void *ctx);
/* Adds what could not be looked into, so that every report names it. 0 or -ENOMEM. */
int inputs_add_failed(struct inputs *in, const char *path, int error);
void inputs_deinit(struct inputs *in);
/* Opens the n-th for reading: a descriptor or -errno. */
int inputs_open(const struct inputs *in, uint32_t n);
/* "coloa: PATH: WHY" on standard error; a name found in a directory may hold anything. */
void inputs_say(const char *path, const char *why);

#endif
