/* Titles and tags from a compiled program. Apart from report.c, so that the rest can be tested
 * without the compiler. */
#include "report/report.h"

static bool source_rule(void *ctx, uint32_t i, bool correlation, struct program_rule *ret) {
        return correlation ? program_correlation_meta(ctx, i, ret) : program_rule(ctx, i, ret);
}

static struct span source_tag(void *ctx, uint32_t i, bool correlation, uint32_t nth) {
        return correlation ? program_correlation_tag(ctx, i, nth) : program_rule_tag(ctx, i, nth);
}

void report_source_of_program(struct report_source *ret, const struct program *g) {
        ret->ctx = (void *)g;
        ret->rule = source_rule;
        ret->tag = source_tag;
}
