/* decode/w3c. */
#include "fuzz/decode_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        decode_split(FORMAT_W3C, data, size);
        return 0;
}
