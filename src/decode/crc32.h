/* CRC-32 as in zlib and RFC 1952 (reflected polynomial 0xedb88320). */
#ifndef DECODE_CRC32_H
#define DECODE_CRC32_H

#include "base/base.h"

/* Continues from `crc`; 0 to begin. */
uint32_t crc32_of(uint32_t crc, struct span s);

/* For tests: the portable way, whatever the processor can do. */
uint32_t crc32_portable(uint32_t crc, struct span s);

#endif
