/* What the press is asked for: any JSON gives a file or a refusal, in bounded time; the two formats by the first
 * byte. Texts are all that is foreign to it (src/press/document.h). */
#include <stdlib.h>
#include <string.h>

#include "press/press.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What fontconfig keeps of a file it scanned. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libfontconfig\nleak:libpango\nleak:libcairo";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static bool ready;
        struct buf in = {.limit = (size_t)1 << 20}, out = {.limit = (size_t)64 << 20};
        static const char *const formats[] = {"{\"format\":\"pdf\",", "{\"format\":\"docx\","};

        if (!ready)
                assert(press_prepare() == 0);
        ready = true;
        if (size < 2 || size > 20000)
                return 0;
        buf_str(&in, formats[data[0] & 1]);
        buf_add(&in, data + 1, size - 1);
        int r = job_press(buf_get(&in), &out);
        assert(r == 0 || r == -EBADMSG || r == -EFBIG);
        if (r == 0)
                assert(out.len > 4 && memcmp(out.p, data[0] & 1 ? "PK\3\4" : "%PDF", 4) == 0);
        buf_deinit(&in);
        buf_deinit(&out);
        return 0;
}
