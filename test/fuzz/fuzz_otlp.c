/* ingest/otlp: any bytes, as protobuf or JSON, are refused or give records that are JSON objects of one
 * line. The first byte: which. */
#include <jansson.h>
#include <stdlib.h>

#include "ingest/otlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct buf out = {.limit = (size_t)1 << 20};
        const char *what = NULL;
        struct otlp *o;
        unsigned n = 0;

        if (size < 1)
                return 0;
        struct span s = span_of((const char *)data + 1, MIN(size - 1, (size_t)20000));
        int r = otlp_new(&o, s, data[0] & 1, &what);
        if (r < 0) {
                assert(r == -EBADMSG && what && *what);
                return 0;
        }
        while (otlp_next(o, &out)) {
                if (out.failed)
                        continue;
                assert(out.len >= 2 && out.p[0] == '{' && out.p[out.len - 1] == '}');
                assert(!memchr(out.p, '\n', out.len));
                if (n++ < 4) { /* enough, and light */
                        json_error_t e;
                        json_t *j = json_loadb(out.p, out.len, JSON_ALLOW_NUL, &e);

                        /* Jansson's names are C strings. */
                        assert(json_is_object(j) ||
                               json_error_code(&e) == json_error_null_byte_in_key);
                        json_decref(j);
                }
        }
        otlp_free(o);
        return 0;
}
