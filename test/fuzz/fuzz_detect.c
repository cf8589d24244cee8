/* decode/detect: any head gives a format, and the same one whatever lies behind DETECT_BYTES. */
#include <stdlib.h>

#include "decode/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span head = span_of((const char *)data, size);
        enum format f = detect_format(head, true);

        assert(f < FORMAT_MAX);
        if (f == FORMAT_UNKNOWN)
                assert(detect_refusal(head));
        assert(detect_format(head, false) < FORMAT_MAX);
        if (size > DETECT_BYTES)
                assert(detect_format(span_of(head.p, DETECT_BYTES), false) == f);
        return 0;
}
