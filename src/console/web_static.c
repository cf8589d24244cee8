/* The pages: files that the build put into the program (tools/make_web.py), each as it is and, where that is shorter,
 * compressed. Names with a hash of their content in assets/ may be kept for ever; the page itself is asked for
 * anew, by its tag. Any address without a file is the page: it knows its own addresses.
 *
 * The bundle: for each file six little-endian uint32 (lengths of path, type, tag; of the plain and the compressed bytes;
 * 1: may be kept), then those in that order. */
#include "console/web_impl.h"
#include "console/web_stamp.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl web_bundle_start\n"
        "web_bundle_start:\n"
        ".incbin \"" WEB_BUNDLE "\"\n"
        ".globl web_bundle_end\n"
        "web_bundle_end:\n"
        ".byte 0\n"
        ".text\n");

extern const char web_bundle_start[], web_bundle_end[];

struct file {
        struct span path, type, tag, plain, packed;
        bool keep;
};

static struct span cut(struct span *s, uint32_t n) {
        struct span head = span_of(s->p, n);

        *s = span_of(s->p + n, s->len - n);
        return head;
}

/* Our own bytes: sound as built. */
static bool next_file(struct span *rest, struct file *f) {
        uint32_t n[6];

        if (rest->len < sizeof(n))
                return false;
        memcpy(n, rest->p, sizeof(n));
        *rest = span_of(rest->p + sizeof(n), rest->len - sizeof(n));
        f->path = cut(rest, n[0]);
        f->type = cut(rest, n[1]);
        f->tag = cut(rest, n[2]);
        f->plain = cut(rest, n[3]);
        f->packed = cut(rest, n[4]);
        f->keep = n[5] != 0;
        return true;
}

static bool find(struct span path, struct file *ret) {
        struct span rest = span_of(web_bundle_start, (size_t)(web_bundle_end - web_bundle_start));

        while (next_file(&rest, ret))
                if (span_eq(ret->path, path))
                        return true;
        return false;
}

static const char no_pages[] =
        "<!doctype html><meta charset=utf-8><title>Coloa</title><h1>Coloa</h1>"
        "<p>This program was built without its pages: <code>./dev web</code>, then "
        "<code>./dev build</code>. The API is at <code>/api/v1</code>.</p>"
        "<p lang=vi>Chương trình này được dựng chưa kèm trang: chạy <code>./dev web</code>, rồi "
        "<code>./dev build</code>. API ở <code>/api/v1</code>.</p>";

static void terminated(char *to, size_t room, struct span s) {
        snprintf(to, room, "%.*s", (int)MIN(s.len, room - 1), s.p);
}

static bool wants_gzip(struct MHD_Connection *c) {
        const char *accepted = web_header(c, "Accept-Encoding");

        return accepted && strstr(accepted, "gzip") && !strstr(accepted, "gzip;q=0");
}

static enum MHD_Result give(struct web *w, struct MHD_Connection *c, const struct file *f) {
        const char *had = web_header(c, "If-None-Match");
        bool packed = f->packed.len && wants_gzip(c);
        struct span body = packed ? f->packed : f->plain;
        char type[96], tag[80];
        unsigned status = 200;

        terminated(type, sizeof(type), f->type);
        terminated(tag, sizeof(tag), f->tag);
        if (had && strcmp(had, tag) == 0) {
                status = 304;
                body = SPAN_NONE;
        }
        struct MHD_Response *r = MHD_create_response_from_buffer(
                body.len, (void *)(uintptr_t)(body.p ? body.p : ""), MHD_RESPMEM_PERSISTENT);
        if (!r)
                return MHD_NO;
        web_headers(r, w);
        MHD_add_response_header(r, "Content-Type", type);
        MHD_add_response_header(r, "ETag", tag);
        MHD_add_response_header(r, "Vary", "Accept-Encoding");
        MHD_add_response_header(r, "Cache-Control",
                                f->keep ? "public, max-age=31536000, immutable" : "no-cache");
        if (packed && status == 200)
                MHD_add_response_header(r, "Content-Encoding", "gzip");
        enum MHD_Result done = MHD_queue_response(c, status, r);
        MHD_destroy_response(r);
        return done;
}

enum MHD_Result web_static(struct web *w, struct MHD_Connection *c, const char *path,
                           enum lang lang) {
        struct file f;
        struct span name = span_str(path);

        if (name.len)
                name = span_of(name.p + 1, name.len - 1);
        if (find(name, &f))
                return give(w, c, &f);
        const char *last = strrchr(path, '/');
        if (last && strchr(last, '.')) /* a file that is not there, and no address of the page */
                return web_problem(c, w, lang,
                                   &(struct problem){.status = 404,
                                                     .code = "missing",
                                                     .en = "there is nothing at this address",
                                                     .vi = "không có gì ở địa chỉ này"});
        if (find(SPAN("index.html"), &f))
                return give(w, c, &f);
        f = (struct file){.type = SPAN("text/html; charset=utf-8"),
                          .tag = SPAN("\"none\""),
                          .plain = span_of(no_pages, sizeof(no_pages) - 1)};
        return give(w, c, &f);
}
