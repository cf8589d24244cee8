/* Heads of requests to the console: whole or in pieces, the same is understood. */
#include <stdlib.h>

#include "console/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *p = (const char *)data;
        struct request whole = {0}, q = {0};
        size_t first = size;

        if (size > 8192)
                return 0;
        if (request_parse(span_of(p, size), 0, &whole) < 0)
                return 0;
        if (whole.status == 200 && whole.page == PAGE_NONE)
                abort();
        for (size_t i = 0; i <= size && first == size; i++)
                if (request_parse(span_of(p, i), i ? i - 1 : 0, &q) == 0)
                        first = i;
        if (request_parse(span_of(p, first), 0, &q) < 0 || q.status != whole.status ||
            q.page != whole.page || q.head != whole.head)
                abort();
        return 0;
}
