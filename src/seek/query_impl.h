/* What query.c (terms) and pipes.c (what stands behind '|') share. */
#ifndef SEEK_QUERY_IMPL_H
#define SEEK_QUERY_IMPL_H

#include "seek/query.h"

#define QUERY_DEPTH_MAX 32u

struct query_parser {
        struct query *q;
        struct span text;
        size_t at;
        unsigned depth;
        bool failed;
        struct query_problem *problem;
};

void query_wrong(struct query_parser *p, size_t at, const char *fmt, ...) _printf_(3, 4);
void query_blanks(struct query_parser *p);
void query_pipes(struct query_parser *p);

#endif
