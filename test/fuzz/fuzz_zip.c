/* Zips of rules. What comes out is a sound bundle of files whose names stay inside, within the
 * limits; or nothing. */
#include "fuzz/rule_fuzz.h"
#include "rules/zipfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct buf b = {0}, out = {0};
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        bundle_add(&b, BUNDLE_OTHER, SPAN("r.zip"), span_of((const char *)data, size));
        r = zipfile_read(&out, buf_get(&b));
        MUST(r == 0 || out.len == 0);
        MUST(r == 0 || r == -EBADMSG || r == -EACCES || r == -EXDEV || r == -EFBIG);
        while ((r = bundle_next(buf_get(&out), &pos, &e)) == 1) {
                MUST(e.kind == BUNDLE_RULE && e.name.p && span_starts(e.name, SPAN("r.zip!")) &&
                     e.name.len > 6);
                MUST(e.name.p[6] != '/' && !memmem(e.name.p, e.name.len, "/../", 4) &&
                     !memchr(e.name.p, 0, e.name.len));
                MUST(e.data.len <= 1 << 20);
        }
        MUST(r == 0);
        if (out.len && out.len < 16384)
                must_bundle(buf_get(&out));
        buf_deinit(&b);
        buf_deinit(&out);
        return 0;
}
