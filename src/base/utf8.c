/* See utf8.h. The folding table holds ranges with a stride, found by bisection. */
#include "base/utf8.h"

struct fold_range {
        uint32_t first, last;
        int32_t stride, delta;
};

static const struct fold_range fold_ranges[] = {
#include "base/fold_table.h"
};

unsigned utf8_put(char *to, uint32_t cp) {
        if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
                cp = 0xfffd;
        if (cp < 0x80) {
                to[0] = (char)cp;
                return 1;
        }
        if (cp < 0x800) {
                to[0] = (char)(0xc0 | cp >> 6);
                to[1] = (char)(0x80 | (cp & 0x3f));
                return 2;
        }
        if (cp < 0x10000) {
                to[0] = (char)(0xe0 | cp >> 12);
                to[1] = (char)(0x80 | (cp >> 6 & 0x3f));
                to[2] = (char)(0x80 | (cp & 0x3f));
                return 3;
        }
        to[0] = (char)(0xf0 | cp >> 18);
        to[1] = (char)(0x80 | (cp >> 12 & 0x3f));
        to[2] = (char)(0x80 | (cp >> 6 & 0x3f));
        to[3] = (char)(0x80 | (cp & 0x3f));
        return 4;
}

bool utf8_valid(struct span s) {
        size_t i = 0;

        while (i < s.len) {
                uint64_t w;
                uint32_t cp;

                if (s.len - i >= 8) {
                        memcpy(&w, s.p + i, 8);
                        if ((w & 0x8080808080808080u) == 0) {
                                i += 8;
                                continue;
                        }
                }
                unsigned n = utf8_next(s.p + i, s.len - i, &cp);
                if (n == 0)
                        return false;
                i += n;
        }
        return true;
}

uint32_t utf8_fold(uint32_t cp) {
        size_t lo = 0, hi = ARRAY_LEN(fold_ranges);

        if (cp < 0x80)
                return (uint32_t)(unsigned char)ascii_lower((char)cp);
        while (lo < hi) {
                size_t mid = (lo + hi) / 2;
                const struct fold_range *r = &fold_ranges[mid];

                if (cp < r->first)
                        hi = mid;
                else if (cp > r->last)
                        lo = mid + 1;
                else
                        return (cp - r->first) % (uint32_t)r->stride == 0
                                       ? (uint32_t)((int32_t)cp + r->delta)
                                       : cp;
        }
        return cp;
}

size_t utf8_fold_to(char *to, struct span s) {
        size_t i = 0, o = 0;

        while (i < s.len) {
                uint32_t cp;

                if ((unsigned char)s.p[i] < 0x80) {
                        to[o++] = ascii_lower(s.p[i++]);
                        continue;
                }
                unsigned n = utf8_next(s.p + i, s.len - i, &cp);
                if (n == 0) {
                        to[o++] = s.p[i++];
                        continue;
                }
                o += utf8_put(to + o, utf8_fold(cp));
                i += n;
        }
        return o;
}
