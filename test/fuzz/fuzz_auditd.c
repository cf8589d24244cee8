/* decode/auditd.c on any bytes. */
#include "decode_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        return decode_fuzz(FORMAT_AUDITD, data, size);
}
