/* See option_rows.h. */
#include "main/option_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"

#define FIRST 256 /* what getopt_long() gives for row 0 */

int option_loop_read(const struct option_loop *l, void *to, int argc, char **argv) {
        int c, r = 0;

        optind = 1;
        opterr = 0;
        while (r == 0 && (c = getopt_long(argc, argv, l->letters, l->options, NULL)) != -1) {
                if (c == 'h') {
                        fputs(tr(l->help_en, l->help_vi), stdout);
                        return 1;
                }
                r = c == '?' || c == ':' ? option_refused(l->name, c, argv) : l->set(to, c, optarg);
        }
        return r;
}

struct reading {
        const struct option_verb *verb;
        void *to;
};

static bool set_number(void *at, enum option_kind kind, const char *v) {
        char *end;
        long n = strtol(v, &end, 10);

        if (*v == '\0' || *end != '\0' || n < (kind == OPTION_COUNT ? 1 : -INT32_MAX) ||
            n > INT32_MAX)
                return false;
        if (kind == OPTION_COUNT)
                *(unsigned *)at = (unsigned)n;
        else
                *(int *)at = (int)n;
        return true;
}

static int set(const struct option_row *row, void *to, const char *v) {
        void *at = (char *)to + row->at;
        bool good = true;

        switch (row->kind) {
        case OPTION_FLAG: *(bool *)at = true; break;
        case OPTION_TEXT:
        case OPTION_WORD:
                good = row->kind == OPTION_TEXT || *v;
                *(const char **)at = v;
                break;
        case OPTION_TIME: good = option_time(v, at); break;
        case OPTION_COUNT:
        case OPTION_NUMBER: good = set_number(at, row->kind, v); break;
        case OPTION_CALL: return row->call(to, v);
        }
        return good ? OPTION_GOOD : OPTION_REFUSED;
}

static int set_row(void *ctx, int c, const char *v) {
        const struct reading *x = ctx;
        const struct option_verb *verb = x->verb;
        size_t i = (size_t)(c - FIRST);

        for (size_t k = 0; c < FIRST && k < verb->n; k++)
                if (verb->rows[k].letter == c)
                        i = k;
        if (i == verb->n)
                return option_lang(verb->name, v);
        int r = set(&verb->rows[i], x->to, v);
        return r == OPTION_REFUSED ? option_value_refused(verb->name, v) : r;
}

int option_rows_read(const struct option_verb *v, void *to, int argc, char **argv) {
        struct option options[OPTION_ROWS_MAX + 3] = {0};
        char letters[3 + 2 * OPTION_ROWS_MAX] = ":h";
        struct reading x = {v, to};
        size_t n = 2;

        assert(v->n <= OPTION_ROWS_MAX);
        for (size_t i = 0; i < v->n; i++) {
                const struct option_row *row = &v->rows[i];
                bool value = row->kind != OPTION_FLAG;

                options[i] = (struct option){row->name, value ? required_argument : no_argument,
                                             NULL, FIRST + (int)i};
                if (row->letter) {
                        letters[n++] = row->letter;
                        if (value)
                                letters[n++] = ':';
                }
        }
        options[v->n] = (struct option){"lang", required_argument, NULL, FIRST + (int)v->n};
        options[v->n + 1] = (struct option){"help", no_argument, NULL, 'h'};
        struct option_loop l = {.name = v->name,
                                .help_en = v->help_en,
                                .help_vi = v->help_vi,
                                .letters = letters,
                                .options = options,
                                .set = set_row};
        return option_loop_read(&l, &x, argc, argv);
}

int option_nothing_left(const char *verb, int argc, char **argv) {
        if (optind >= argc)
                return 0;
        fprintf(stderr, tr("%s: '%s' is too much\n", "%s: thừa '%s'\n"), verb, argv[optind]);
        return 2;
}
