/* scan/personal: any bytes. Finds lie inside, in order, and do not touch; masking leaves all that lies
 * between them as it was, and nothing that is found again whole. */
#include <stdlib.h>

#include "scan/personal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        return 0;
}
