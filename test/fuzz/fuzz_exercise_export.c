/* An export of an exercise, from anywhere: it ends, and what is refused is said by its line. So that a fuzzer comes past the
 * hash, it is put right here. */
#include "exercise/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf in = {.limit = (size_t)40 << 20}, out = {.limit = (size_t)64 << 20};
        char head[EXPORT_ASK] = {0}, hash[FACTS_HASH_HEX];
        struct span body;

        if (size < 2)
                return 0;
        head[0] = (char)(data[0] % 6);
        head[1] = data[1] & 1 ? 'v' : 'e';
        head[4] = (char)(data[1] >> 1);
        body = span_of((const char *)data + 2, size - 2);
        buf_add(&in, head, sizeof(head));
        buf_span(&in, body);
        facts_hash(hash, body);
        if (head[0] != EXPORT_WANT_COMPARISON)
                buf_printf(&in, "{\"sha256\":\"%s\"}\n", hash);
        int r = job_score(buf_get(&in), &out);
        assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
        buf_deinit(&in);
        buf_deinit(&out);
        return 0;
}
