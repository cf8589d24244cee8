/* decode/cef. */
#include "fuzz/decode_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        decode_bytes(FORMAT_CEF, SPAN_NONE, data, size);
        return 0;
}
