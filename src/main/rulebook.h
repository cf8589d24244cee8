/* Rules on their way in: files of the command line (or the shipped pack) into a bundle, the rules
 * process, a program. */
#ifndef MAIN_RULEBOOK_H
#define MAIN_RULEBOOK_H

#include <stdio.h>

#include "base/buf.h"
#include "main/spawn.h"
#include "rules/program.h"
#include "wire/message.h"

/* Indicators: files and directories (of those *.json, *.csv, *.txt, *.stix and *.list). */
struct rulebook_intel {
        const char **files, **warnings; /* warnings: MISP warning lists */
        unsigned n_files, n_warnings;
        const char *fields;  /* instead of the shipped content/intel, or NULL */
        const char *columns; /* or NULL */
        int64_t now;         /* ns; what has expired is left out */
        int64_t expiry;      /* ns; 0: what has no end lives for ever */
};

struct rulebook_options {
        const char **rules; /* files, directories, zips */
        unsigned n_rules;   /* 0: the shipped pack */
        const char **placeholders;
        unsigned n_placeholders;
        struct span text;       /* rules as they are, instead of the shipped pack; p NULL: none */
        const char *logsources; /* a directory instead of the shipped maps, or NULL */
        enum rules_job job;
        bool lint;
        const struct rulebook_intel *intel; /* or NULL */
        int landlock;                       /* -1: all the kernel has */
        struct rules_filter filter;
};

struct rulebook {
        struct msg_rules_done done; /* counts and times */
        char *text;                 /* diagnostics or listing */
        size_t text_len;
        int program_fd; /* sealed; -1: none */
        void *map;
        size_t map_len;
        struct program *program; /* NULL unless the job compiles */
        uint64_t read_ns;        /* reading files */
};

/* Prints what is wrong with a path to standard error itself. 0; -errno. */
int rulebook_load(struct rulebook *ret, const struct rulebook_options *o);
/* Its text, without control characters: the process that wrote it read foreign files. */
void rulebook_print(struct rulebook *b, FILE *to);
void rulebook_clean(struct rulebook *b);
void rulebook_deinit(struct rulebook *b);

/* The files of a bundle of regression info.yml … of one directory tree: used by `rules test`. */
int rulebook_run(struct rulebook *ret, const struct rulebook_options *o, struct span bundle);

/* Only reads the files into a bundle; what cannot be read was said on standard error. */
int rulebook_gather(struct buf *bundle, const struct rulebook_options *o);
int rulebook_gather_intel(struct buf *bundle, const struct rulebook_intel *o);
/* An inputs_problem that prints and keeps the first error in *(int *)ctx. */
void rulebook_complain(void *ctx, const char *path, int error);

/* Regimes (doc/regimes.md): the shipped ones and those of `paths`, as JSON in ret->text; with
 * ret->done.n_errors it is what is wrong instead. 0; -errno. */
int rulebook_regimes(struct rulebook *ret, const char **paths, unsigned n, int landlock);

/* Embedded content: a bundle of the shipped rules and log-source maps. */
struct span content_bundle(void);

#endif
