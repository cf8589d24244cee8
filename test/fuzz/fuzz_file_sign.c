/* A detached signature's text: what is taken as one is written back to the letter. */
#include "wire/file_sign.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span in = span_of((const char *)data, size);
        struct buf out = {.limit = 4096};
        struct file_signed s;
        struct file_sign f;

        if (file_sign_read(in, &f, &s) == 0) {
                assert(memchr(f.what, '\0', sizeof(f.what)));
                file_sign_text(&out, &f, &s);
                assert(span_eq(buf_get(&out), in));
        }
        buf_deinit(&out);
        return 0;
}
