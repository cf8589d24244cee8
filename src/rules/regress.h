/* Regression data as SigmaHQ lays it out: an info.yml beside files of events, saying which rule
 * must match them how often. */
#ifndef RULES_REGRESS_H
#define RULES_REGRESS_H

#include "base/arena.h"
#include "base/buf.h"

struct regress_rule {
        struct span id, title;
};

struct regress_test {
        struct span name, type, provider, path;
        uint64_t match_count; /* at least; 1 when not given */
        bool counted;         /* match_count was given */
        uint32_t line;
};

struct regress {
        struct span id, description;
        struct regress_rule *rules;
        uint32_t n_rules;
        struct regress_test *tests;
        uint32_t n_tests;
};

struct regress_problem {
        uint32_t line, column;
        struct span en, vi; /* in the arena */
};

enum { REGRESS_E_BAD = 1 };

/* 0; REGRESS_E_BAD with *ret_problem; -ENOMEM. Everything lies in the arena. */
int regress_parse(struct arena *a, struct span text, struct regress *ret,
                  struct regress_problem *ret_problem);

/* A bundle of info.yml files to lines: file, rule id, test's name, path of the events and match
 * count, each followed by a tab but the last, which a newline follows; one line for each test and
 * each rule it names. A file that is none becomes one line "!FILE:LINE:COLUMN: what is wrong",
 * one without a test "?FILE: names no test".
 * -EBADMSG: no bundle; -ENOMEM. */
int regress_lines(struct buf *out, struct span bundle);

#endif
