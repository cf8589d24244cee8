/* What a unit recorded alone, as a file from anywhere (exercise/facts.h): read whole, then written again as facts are
 * always written. What comes out is a line that says how it went, and the facts in their order:
 *
 *     +12             12 facts are there, and follow
 *     -3              line 3 is none; nothing follows */
#include "reader/facts.h"

#include <stdlib.h>

#include "exercise/facts.h"

int merge_read(struct span text, struct buf *out) {
        struct drill_facts f;
        size_t line = 0;

        facts_init(&f);
        int r = facts_read(&f, text, &line);
        if (r == 0) {
                buf_printf(out, "+%zu\n", f.n);
                facts_write(out, &f);
        } else if (r != -ENOMEM) {
                buf_printf(out, "-%zu\n", line);
                r = 0;
        }
        facts_deinit(&f);
        return r < 0 ? r : out->failed ? FAIL(-ENOMEM) : 0;
}

bool merge_said(struct span said, bool *ret_good, size_t *ret_n, struct span *ret_facts) {
        const char *end = said.len ? memchr(said.p, '\n', MIN(said.len, (size_t)20)) : NULL;

        *ret_n = 0;
        if (!end || end < said.p + 2 || (*said.p != '+' && *said.p != '-'))
                return false;
        for (const char *p = said.p + 1; p < end; p++) {
                if (*p < '0' || *p > '9')
                        return false;
                *ret_n = *ret_n * 10 + (size_t)(*p - '0');
        }
        *ret_good = *said.p == '+';
        *ret_facts = span_of(end + 1, (size_t)(said.p + said.len - end - 1));
        return *ret_good || !ret_facts->len;
}
