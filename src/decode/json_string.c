/* Escapes within JSON strings (RFC 8259, section 7). The reader has validated the string; what it
 * would never pass is copied as it is, so that no input is read past its end. */
#include "decode/json_string.h"

#include "base/utf8.h"

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *p, const char *end) {
        int32_t v = 0;

        if (end - p < 4)
                return -1;
        for (unsigned i = 0; i < 4; i++) {
                char c = ascii_lower(p[i]);
                if (c >= '0' && c <= '9')
                        v = v << 4 | (c - '0');
                else if (c >= 'a' && c <= 'f')
                        v = v << 4 | (c - 'a' + 10);
                else
                        return -1;
        }
        return v;
}

/* p is behind "\u". Returns the bytes read, 0 when there are no digits. */
static size_t escape_u(const char *p, const char *end, uint32_t *ret_cp) {
        int32_t high = hex4(p, end), low;

        if (high < 0)
                return 0;
        *ret_cp = (uint32_t)high;
        if (high >= 0xd800 && high < 0xdc00 && end - p >= 10 && p[4] == '\\' && p[5] == 'u') {
                low = hex4(p + 6, end);
                if (low >= 0xdc00 && low < 0xe000) {
                        *ret_cp = 0x10000 + (((uint32_t)high - 0xd800) << 10) +
                                  ((uint32_t)low - 0xdc00);
                        return 10;
                }
        }
        return 4;
}

size_t json_unescape(char *to, struct span inner) {
        const char *p = inner.p, *end = inner.p + inner.len;
        char *o = to;

        while (p < end) {
                const char *slash = memchr(p, '\\', (size_t)(end - p));
                size_t plain = (size_t)((slash ? slash : end) - p);
                uint32_t cp;

                memcpy(o, p, plain);
                o += plain;
                p += plain;
                if (end - p < 2) {
                        if (p < end)
                                *o++ = *p++;
                        break;
                }
                char c = p[1];
                p += 2;
                switch (c) {
                case 'b': *o++ = '\b'; break;
                case 'f': *o++ = '\f'; break;
                case 'n': *o++ = '\n'; break;
                case 'r': *o++ = '\r'; break;
                case 't': *o++ = '\t'; break;
                case 'u': {
                        size_t n = escape_u(p, end, &cp);
                        if (n == 0)
                                *o++ = 'u';
                        else
                                o += utf8_put(o, cp);
                        p += n;
                        break;
                }
                default: *o++ = c; break; /* " \ / */
                }
        }
        return (size_t)(o - to);
}
