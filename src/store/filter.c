/* See filter.h. The line is chosen by the hash's high part, the five bits by its low part mixed
 * again, nine bits each. */
#include "store/filter.h"

#define BITS_PER_TOKEN 12u

size_t filter_size(size_t n) {
        size_t lines = (n * BITS_PER_TOKEN + FILTER_LINE * 8 - 1) / (FILTER_LINE * 8);

        return MIN(MAX(lines, (size_t)1), (size_t)FILTER_LINES_MAX) * FILTER_LINE;
}

static size_t line_of(size_t lines, uint32_t token) {
        return (size_t)(((uint64_t)token * lines) >> 32);
}

static uint64_t bits_of(uint32_t token) {
        return (uint64_t)token * 0x9e3779b97f4a7c15u >> 16;
}

void filter_add(void *to, size_t size, uint32_t token) {
        unsigned char *line =
                (unsigned char *)to + line_of(size / FILTER_LINE, token) * FILTER_LINE;
        uint64_t b = bits_of(token);

        for (unsigned i = 0; i < 5; i++, b >>= 9)
                line[(b & 511) >> 3] |= (unsigned char)(1u << (b & 7));
}

bool filter_may(struct span filter, uint32_t token) {
        size_t lines = filter.len / FILTER_LINE;

        if (lines == 0 || filter.len % FILTER_LINE)
                return true;
        const unsigned char *line =
                (const unsigned char *)filter.p + line_of(lines, token) * FILTER_LINE;
        uint64_t b = bits_of(token);
        for (unsigned i = 0; i < 5; i++, b >>= 9)
                if (!(line[(b & 511) >> 3] & (1u << (b & 7))))
                        return false;
        return true;
}
