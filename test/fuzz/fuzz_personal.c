/* scan/personal, scan/names: any bytes. Finds lie inside, in order, and do not touch; masking leaves all that lies
 * between them as it was, and nothing that is found again whole. The words of the first line are names;
 * without any the text stays, and what could not be masked is not given. */
#include <stdlib.h>

#include "scan/names.h"
#include "scan/personal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_names(struct span text) {
        static struct names k;
        struct buf out = {0};
        const char *nl = memchr(text.p ? text.p : "", '\n', text.len);
        struct span line = span_of(text.p, nl ? (size_t)(nl - text.p) : 0);

        k.n = 0;
        k.more = false;
        while (line.len) {
                const char *end = memchr(line.p, ' ', line.len);
                size_t n = end ? (size_t)(end - line.p) : line.len;

                names_add(&k, span_of(line.p, n), SPAN("[~]"));
                n = MIN(n + 1, line.len);
                line = span_of(line.p + n, line.len - n);
        }
        if (names_mask(&out, text, &k) ? k.n == 0 && !span_eq(buf_get(&out), text) : out.len > 0)
                abort();
        buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const unsigned char key[PERSONAL_KEY_BYTES] = {7};
        struct span text = span_of((const char *)data, size);
        struct buf out = {0};
        struct personal_find f;
        size_t at = 0, end = 0, n = 0, kept = 0;

        while (personal_next(text, &at, &f)) {
                if (f.at < end || f.len == 0 || f.at + f.len > size || at != f.at + f.len ||
                    f.kind >= PERSONAL_KINDS)
                        abort();
                kept += f.at - end;
                end = at;
                n++;
        }
        kept += size - end;
        if (personal_mask(&out, text, key) != n || (n == 0 && !span_eq(buf_get(&out), text)) ||
            out.len < kept)
                abort();
        buf_deinit(&out);
        try_names(text);
        return 0;
}
