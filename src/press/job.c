/* See press.h. */
#include "press/press.h"

#include <string.h>

#include "press/document.h"
#include "press/fonts.h"

#define TEXTS_BYTES ((size_t)32 << 20)

int job_press(struct span in, struct buf *out) {
        struct document *d;
        struct arena a;
        int r;

        arena_init(&a, TEXTS_BYTES);
        d = arena_zalloc(&a, sizeof(*d));
        r = d ? 0 : -ENOMEM;
        if (r == 0 && !fonts_context())
                r = -ENOENT;
        if (r == 0)
                r = document_read(in, &a, fonts_cover, d);
        if (r == 0)
                r = span_eq(d->format, SPAN("pdf"))    ? document_pdf(d, out)
                    : span_eq(d->format, SPAN("docx")) ? document_docx(d, out)
                                                       : -EBADMSG;
        arena_deinit(&a);
        return r;
}
