/* decode/zeek. */
#include "fuzz/decode_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        decode_split(FORMAT_ZEEK_TSV, data, size);
        return 0;
}
