/* Encoded findings from a judge that may have been taken over, through the decoder and every writer
 * of report/.
 *
 * The first byte chooses format, language, colour and width; the rest is a stream of findings.
 * Rules and inputs exist only below 8, so that unknown ones are met too. */
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t written;
static bool escape_seen;

static int put(void *ctx, const void *p, size_t n) {
        written += n;
        escape_seen |= memchr(p, '\x1b', n) != NULL;
        return 0;
}

static bool get_rule(void *ctx, uint32_t i, bool correlation, struct program_rule *ret) {
        *ret = (struct program_rule){.id = SPAN("id"),
                                     .title = SPAN("=title, \"quoted\" </script> \xff\x1b[0m"),
                                     .title_vi = SPAN("Tiêu đề"),
                                     .level = (enum level)(i % 6),
                                     .n_tags = 3};
        return i < 8;
}

static struct span get_tag(void *ctx, uint32_t i, bool correlation, uint32_t nth) {
        static const char *const tags[] = {"attack.t1059.001", "attack.execution", "<x>"};

        return span_str(tags[nth]);
}

static struct span get_input(void *ctx, uint32_t i) {
        return i < 8 ? SPAN("a/\x1b[2Jb.evtx") : SPAN_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct report_context c = {.source = {.rule = get_rule, .tag = get_tag, .input = get_input},
                                   .write = put,
                                   .started = TIME_NONE,
                                   .max_groups = 3,
                                   .unreadable = true};
        struct report *r = NULL;
        struct finding f;
        struct arena a;

        if (size < 1)
                return 0;
        c.format = (enum report_format)(data[0] % 6);
        c.width = 48 + data[0];
        lang_current = data[0] & 64 ? LANG_VI : LANG_EN;
        written = 0;
        escape_seen = false;
        arena_init(&a, (size_t)1 << 20);
        assert(report_new(&r, &c) == 0);
        struct span s = span_of((const char *)data + 1, size - 1);
        for (;;) {
                ssize_t n = finding_decode(s, &a, &f);

                if (n <= 0)
                        break;
                assert(report_finding(r, &f) == 0);
                s = span_of(s.p + n, s.len - (size_t)n);
                arena_reset(&a);
        }
        struct report_unreadable u = {
                .phrase = s, .input = (uint32_t)size, .offset = UINT64_MAX, .length = size};
        assert(report_unreadable(r, &u) == 0);
        assert(report_end(r, &(struct report_summary){.duration = (int64_t)size,
                                                      .records = size}) == 0);
        report_free(r);
        arena_deinit(&a);
        assert(!escape_seen);
        return 0;
}
