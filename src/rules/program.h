/* All rules as one program: position-independent, in a sealed memfd, mapped read-only by every judge, by the correlator
 * and (for titles) by main. The process that made it parsed foreign YAML, so every reader checks: program_open() verifies
 * header and sections, the accessors verify offsets. */
#ifndef RULES_PROGRAM_H
#define RULES_PROGRAM_H

#include "base/buf.h"
#include "rules/rule.h"

struct program;

/* Compiles. Rules whose log source no map knows get a diag (warning "logsource-unmapped") in the set and are kept as
 * `unmapped`. The result is appended to `out`. 0 or -errno. */
int program_compile(struct buf *out, struct ruleset *set, struct span bundle);

/* `p` stays the caller's and must outlive the program. -EBADMSG when it is not a sound program. */
int program_open(struct program **ret, const void *p, size_t len);
struct program *program_free(struct program *g);
CLEANUP(program, program_free)

struct program_rule {
        struct span id, title, title_vi, description, description_vi, file;
        enum level level;
        enum status status;
        bool report, correlate, unmapped;
        bool indicator; /* speaks for a feed of indicators; no condition of its own */
        uint32_t n_tags;
};
uint32_t program_rules(const struct program *g);
uint32_t program_correlations(const struct program *g);
uint32_t program_indicators(const struct program *g);
/* false when i is out of range. */
bool program_rule(const struct program *g, uint32_t i, struct program_rule *ret);
bool program_correlation_meta(const struct program *g, uint32_t i, struct program_rule *ret);
struct span program_rule_tag(const struct program *g, uint32_t i, uint32_t nth);
struct span program_correlation_tag(const struct program *g, uint32_t i, uint32_t nth);
struct span program_rule_logsource(const struct program *g,
                                   uint32_t i); /* "windows/process_creation/" */
/* The correlations as rules/corr_spec.h reads them. */
struct span program_correlation_spec(const struct program *g);

#endif
