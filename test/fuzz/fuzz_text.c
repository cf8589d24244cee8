/* decode/text. */
#include "fuzz/decode_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        decode_bytes(FORMAT_TEXT, SPAN_NONE, data, size);
        return 0;
}
