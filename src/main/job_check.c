/* A job (wire/job.h): the rules and indicators that a directive carries, looked at as `coloa rules check` and
 * `coloa intel check` do. Input: language, length of the rules (two numbers of 32 bits), rules, indicators.
 * Output: {"rule_errors", "indicator_errors", "said"}. A placeholder is defined where a rule is used: no error. */
#include <stdlib.h>

#include "base/lang.h"
#include "main/jobs.h"
#include "os/os.h"
#include "rules/indicators.h"
#include "rules/lint.h"
#include "rules/listing.h"
#include "rules/parse.h"
#include "rules/program.h"
#include "wire/bundle.h"

static int check_rules(struct span text, struct buf *said, uint64_t *ret_errors) {
        _cleanup_(buf_deinit) struct buf bundle = {0}, program = {.limit = (size_t)64 << 20};
        struct ruleset set = {0};
        uint64_t errors = 0;

        bundle_add(&bundle, BUNDLE_RULE, SPAN("rules.yml"), text);
        int r = bundle.failed ? -ENOMEM : ruleset_parse(&set, buf_get(&bundle));
        if (r == 0)
                r = lint_ruleset(&set);
        if (r == 0)
                r = program_compile(&program, &set, buf_get(&bundle));
        for (uint32_t i = 0; r == 0 && i < set.n_diags; i++)
                errors += set.diags[i].severity == DIAG_ERROR &&
                          strcmp(set.diags[i].code, "placeholder-undefined") != 0;
        if (r == 0 && !set.n_rules && !set.n_correlations && !errors) {
                buf_str(said, tr("rules: there is none\n", "quy tắc: không có quy tắc nào\n"));
                errors = 1;
        }
        if (r == 0)
                buf_printf(said, tr("rules: %u\n", "quy tắc: %u\n"), set.n_rules);
        if (r == 0)
                r = diags_text(said, &set);
        ruleset_deinit(&set);
        *ret_errors = errors;
        return r;
}

static int check_indicators(struct span text, struct buf *said, uint64_t *ret_errors) {
        _cleanup_(buf_deinit) struct buf bundle = {0}, table = {0};
        struct intel_options o = {.now = os_now()};
        struct intel_set *s = calloc(1, sizeof(*s));
        struct span start = span_trim(text);
        bool json = start.len && (*start.p == '{' || *start.p == '[');

        bundle_add(&bundle, BUNDLE_INDICATORS,
                   json ? SPAN("indicators.json") : SPAN("indicators.csv"), text);
        int r = s && !bundle.failed ? indicators_read(NULL, s, &table, buf_get(&bundle), &o)
                                    : -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < s->n_problems; i++)
                *ret_errors += s->problems[i].error;
        if (r == 0 && s->counts.kept == 0)
                ++*ret_errors;
        if (r == 0)
                indicators_text(said, s);
        if (s)
                intel_set_deinit(s);
        free(s);
        return r;
}

int job_check(struct span in, struct buf *out) {
        _cleanup_(buf_deinit) struct buf said = {.limit = (size_t)4 << 20};
        uint64_t rules = 0, indicators = 0;
        uint32_t head[2];
        int r = 0;

        if (in.len < sizeof(head))
                return FAIL(-EINVAL);
        memcpy(head, in.p, sizeof(head));
        in = span_of(in.p + sizeof(head), in.len - sizeof(head));
        if (head[1] > in.len)
                return FAIL(-EINVAL);
        lang_current = head[0] == LANG_VI ? LANG_VI : LANG_EN;
        if (head[1])
                r = check_rules(span_of(in.p, head[1]), &said, &rules);
        if (r == 0 && in.len > head[1])
                r = check_indicators(span_of(in.p + head[1], in.len - head[1]), &said, &indicators);
        if (r < 0)
                return r;
        buf_printf(out, "{\"rule_errors\":%llu,\"indicator_errors\":%llu,\"said\":\"",
                   (unsigned long long)rules, (unsigned long long)indicators);
        said.len = MIN(said.len, 60000u); /* cut within a character: buf_json() mends that */
        buf_json(out, buf_get(&said));
        buf_str(out, "\"}");
        return 0;
}
