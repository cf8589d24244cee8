/* Documented exceptions: what a rule says of certain events is known and shall not wake anybody. The
 * file and its meaning: doc/exceptions.md. */
#ifndef RULES_EXCEPTIONS_H
#define RULES_EXCEPTIONS_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "rules/program.h"
#include "wire/finding.h"

#define EXCEPTIONS_MAX 1000u
#define EXCEPTION_ID_MAX 64u

struct exceptions;

/* `name` and `text` are the file's. 0; 1: something is wrong with it, `said` has a line for each
 * (file:line:column), and there is no list; -ENOMEM. What is past its day or will be soon is said too
 * (`wall`), without harm. Neither `text` nor `name` is needed afterwards. */
int exceptions_parse(struct exceptions **ret, struct span name, struct span text, int64_t wall,
                     struct buf *said);
struct exceptions *exceptions_free(struct exceptions *x);
CLEANUP(exceptions, exceptions_free)

struct exception {
        struct span id, owner, reason;
        struct span rules; /* ids and tags, separated by blanks; "*": all */
        struct span text;  /* as it stands in the file */
        int64_t expires;   /* ns: not valid from then on */
};
uint32_t exceptions_count(const struct exceptions *x);
struct exception exceptions_get(const struct exceptions *x, uint32_t i);

/* A finding of the rule (or correlation) `index` of `program`. */
struct exception_subject {
        const struct program *program;
        uint32_t index;
        bool correlation;
        const struct finding *finding;
        struct span source;
};
/* The id of the first exception that covers it at `wall`, owned by x; empty: none. */
struct span exceptions_match(struct exceptions *x, const struct exception_subject *s, int64_t wall);

#endif
