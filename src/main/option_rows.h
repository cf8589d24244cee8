/* How a verb reads its options: from a table of them. --help and --lang are every verb's. */
#ifndef MAIN_OPTION_ROWS_H
#define MAIN_OPTION_ROWS_H

#include <getopt.h>

#include "main/options.h"

/* What becomes of an option's value, at `at` of what the verb reads into. */
enum option_kind {
        OPTION_FLAG,   /* bool: true */
        OPTION_TEXT,   /* const char * */
        OPTION_WORD,   /* the same, not empty */
        OPTION_TIME,   /* int64_t, of option_time() */
        OPTION_COUNT,  /* unsigned, more than 0 */
        OPTION_NUMBER, /* int */
        OPTION_CALL,   /* `call` takes it */
};

enum { OPTION_GOOD = 0, OPTION_REFUSED = 1, OPTION_SAID = 2 };

struct option_row {
        const char *name; /* --NAME */
        char letter;      /* -l; 0: none */
        enum option_kind kind;
        size_t at;
        /* OPTION_GOOD; OPTION_REFUSED: it is no value for that, which is then said; OPTION_SAID. */
        int (*call)(void *to, const char *value);
};

#define OPTION_OF(s, member) offsetof(struct s, member)
#define OPTION_ROWS_MAX 40u

struct option_verb {
        const char *name; /* "coloa search" */
        const char *help_en, *help_vi;
        const struct option_row *rows;
        size_t n;
};

/* 0: what is left begins at argv[optind]; 1: help was printed, end well; 2: usage error, said. */
int option_rows_read(const struct option_verb *v, void *to, int argc, char **argv);
/* That nothing is left: 0, or 2: said. */
int option_nothing_left(const char *verb, int argc, char **argv);

/* The same for verbs with a table of their own: `set` gets every option but -h, and returns 0 or 2: said. */
struct option_loop {
        const char *name, *help_en, *help_vi;
        const char *letters; /* ":c:h" */
        const struct option *options;
        int (*set)(void *to, int c, const char *value);
};
int option_loop_read(const struct option_loop *l, void *to, int argc, char **argv);

#endif
