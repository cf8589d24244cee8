/* A file of exceptions, and what it then says of a finding: every kind of atom is tried on values. */
#include <stdlib.h>

#include "rules/exceptions.h"
#include "rules/parse.h"
#include "wire/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct program *program;

static void make_program(void) {
        static const char rule[] = "title: Evil\nid: 11111111-0000-0000-0000-000000000002\n"
                                   "tags: [attack.t1003.001]\nlogsource: {product: test}\n"
                                   "detection: {s: {Image: evil}, condition: s}\n";
        static struct buf bundle, out;
        struct ruleset set;

        bundle_add(&bundle, BUNDLE_RULE, SPAN("r.yml"), span_of(rule, sizeof(rule) - 1));
        assert(ruleset_parse(&set, buf_get(&bundle)) == 0);
        assert(program_compile(&out, &set, buf_get(&bundle)) == 0);
        ruleset_deinit(&set);
        assert(program_open(&program, out.p, out.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct finding_field fields[] = {
                {.name = SPAN("Event.EventData.Image"), .value = SPAN("C:\\evil.exe")},
                {.name = SPAN("Image"), .value = SPAN("evil"), .matched = true},
                {.name = SPAN("ip"), .value = SPAN("10.0.0.7"), .type = FINDING_STRING},
                {.name = SPAN("n"), .value = SPAN("42"), .type = FINDING_NUMBER},
                {.name = SPAN("none"), .value = SPAN(""), .type = FINDING_NULL},
        };
        struct finding f = {.host = SPAN("dc01"), .fields = fields, .n_fields = ARRAY_LEN(fields)};
        struct exceptions *x = NULL;
        struct buf said = {.limit = (size_t)8 << 20};

        if (!program)
                make_program();
        struct exception_subject s = {.program = program, .finding = &f, .source = SPAN("fw-1")};
        int r = exceptions_parse(&x, SPAN("x.yml"), span_of((const char *)data, size), 0, &said);
        assert(r == 0 || said.len || r == -ENOMEM); /* a refusal is never silent */
        if (r == 0)
                (void)exceptions_match(x, &s, 0);
        exceptions_free(x);
        buf_deinit(&said);
        return 0;
}
