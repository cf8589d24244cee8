/* See gunzip.h. Memory is what zlib needs for one stream (48 KiB), whatever comes out: the caller
 * takes it piece by piece and sets the limit. */
#define ZLIB_CONST
#include "ingest/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

struct gunzip {
        z_stream z;
        bool between; /* a member has ended, the next has not begun */
};

struct gunzip *gunzip_new(void) {
        struct gunzip *g = calloc(1, sizeof(*g));

        if (g && inflateInit2(&g->z, 15 + 16) != Z_OK) {
                free(g);
                return NULL;
        }
        return g;
}

struct gunzip *gunzip_free(struct gunzip *g) {
        if (g) {
                inflateEnd(&g->z);
                free(g);
        }
        return NULL;
}

ssize_t gunzip_feed(struct gunzip *g, struct span *in, void *to, size_t n) {
        g->z.next_in = (const unsigned char *)in->p;
        g->z.avail_in = (unsigned)in->len;
        g->z.next_out = to;
        g->z.avail_out = (unsigned)n;
        while (g->z.avail_out) {
                if (g->between) {
                        if (g->z.avail_in == 0)
                                break;
                        inflateReset(&g->z);
                        g->between = false;
                }
                int r = inflate(&g->z, Z_NO_FLUSH);
                if (r == Z_STREAM_END)
                        g->between = true;
                else if (r == Z_BUF_ERROR)
                        break; /* all was taken and given */
                else if (r != Z_OK)
                        return -EBADMSG;
        }
        in->p += in->len - g->z.avail_in;
        in->len = g->z.avail_in;
        return (ssize_t)(n - g->z.avail_out);
}

bool gunzip_whole(const struct gunzip *g) {
        return g->between;
}
