/* bench_seal FILE [LEVEL]: what sealing the lines of FILE costs and how small they become: user time per event, frames, tokens and filters per 4 MiB block in
 * per cent of what was received. */
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "store/filter.h"
#include "store/seal.h"
#include "store/token.h"

static _Alignas(64) char slot[SLOT_BYTES], half[SEAL_HALF_BYTES];

struct sums {
        uint64_t raw, frames, tokens, filters, records, ns, block_raw;
        struct token_set *block;
};

static void end_block(struct sums *s, uint32_t n) {
        s->filters += filter_size(n);
        s->block_raw = 0;
}

static void run(struct sealer *sealer, size_t size, struct sums *s, uint32_t *distinct) {
        struct sealed_view v;
        size_t used;
        uint64_t t = os_cpu_time();

        if (sealer_run(sealer, slot, size, false, half, sizeof(half), &used) != 0 ||
            sealed_view(half, used, &v) != 0)
                abort();
        s->ns += os_cpu_time() - t;
        for (uint32_t i = 0; i < v.h.n_frames; i++) {
                s->raw += v.h.frames[i].payload_len;
                s->block_raw += v.h.frames[i].payload_len;
        }
        s->frames += v.h.data_len + v.h.n_frames * sizeof(struct frame_entry);
        s->tokens += v.h.n_tokens;
        s->records += v.h.n_records;
        *distinct += v.h.n_tokens; /* as many as there may be */
        if (s->block_raw > 7 * SLOT_BYTES) {
                end_block(s, *distinct);
                *distinct = 0;
        }
}

int main(int argc, char **argv) {
        struct records_builder *b = records_builder_new();
        struct sealer *sealer = sealer_new(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1);
        struct origin o = {.source = 1, .source_name = "bench", .format = FORMAT_JSON};
        struct sums s = {0};
        char *text;
        size_t len;
        uint64_t seq = 1;
        uint32_t distinct = 0;

        if (argc < 2 || os_read_file(argv[1], (size_t)4 << 30, &text, &len) < 0)
                return 2;
        records_begin(b, slot, sizeof(slot), seq);
        for (char *p = text, *end = text + len; p < end;) {
                char *nl = memchr(p, '\n', (size_t)(end - p));
                size_t n = (size_t)((nl ? nl : end) - p);
                int64_t now = INT64_C(1795000000000000000) + (int64_t)(seq / 16) * 90000;
                n = MIN(n, RECORD_MAX);
                if (records_add(b, &o, span_of(p, n), n, 0, now, &seq) != 0) {
                        run(sealer, records_end(b), &s, &distinct);
                        records_begin(b, slot, sizeof(slot), seq + 1);
                        continue;
                }
                p += n + 1;
        }
        run(sealer, records_end(b), &s, &distinct);
        end_block(&s, distinct);
        printf("events=%llu raw=%llu ns_per_event=%.0f mb_per_s=%.0f frames=%.3f%% "
               "tokens_per_mib=%.0f filters_upper=%.3f%%\n",
               (unsigned long long)s.records, (unsigned long long)s.raw,
               (double)s.ns / (double)s.records, (double)s.raw * 1e3 / (double)s.ns,
               100.0 * (double)s.frames / (double)s.raw,
               (double)s.tokens / ((double)s.raw / 1048576),
               100.0 * (double)s.filters / (double)s.raw);
        free(text);
        sealer_free(sealer);
        records_builder_free(b);
        return 0;
}
