/* base/csv: any text is rows or an error; every field lies within the text, lines only grow, and it ends. */
#include <stdlib.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span fields[CSV_FIELDS_MAX];
        char *text = malloc(size + 1);
        unsigned n = 0, line = 0, before = 0;
        struct csv c;
        int r;

        if (!text)
                return 0;
        if (size)
                memcpy(text, data, size);
        csv_init(&c, text, size);
        while ((r = csv_next(&c, fields, &n, &line)) != 0) {
                if (line <= before || line > size + 1)
                        abort();
                before = line;
                for (unsigned i = 0; r == 1 && i < n; i++)
                        if (fields[i].p < text || fields[i].p + fields[i].len > text + size)
                                abort();
        }
        free(text);
        return 0;
}
