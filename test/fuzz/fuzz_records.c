/* wire/records: any bytes in a slot are refused or give spans that lie inside it. */
#include <stdlib.h>

#include "wire/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct records r;
        struct record rec;
        struct run run;
        struct source_name name;
        struct position p;
        struct span s;
        static volatile unsigned sum _unused_;

        if (records_view(data, size, &r) != 0)
                return 0;
        for (uint32_t i = 0; i < r.h.n_runs; i++)
                if (records_run(&r, i, &run) && run.len)
                        sum += (unsigned char)r.payload.p[run.at + run.len - 1];
        for (uint32_t i = 0; i < r.h.n_records; i++)
                if (records_at(&r, i, &rec, &s) && s.len)
                        sum += (unsigned char)s.p[s.len - 1];
        for (uint32_t i = 0; i < r.h.n_sources; i++)
                if (records_source(&r, i, &name))
                        sum += (unsigned)strlen(name.name);
        for (uint32_t i = 0; i < r.h.n_positions; i++)
                if (records_position(&r, i, &p))
                        sum += p.key_len;
        return 0;
}
