/* See message.h.
 *
 *   - Lines end with CRLF and have at most 78 bytes; there is no byte outside ASCII, so no server on the
 *     way has a reason to change anything.
 *   - The subject is in encoded words (RFC 2047) cut between characters, unless it is plain and short.
 *   - Text and files are base64: nothing in them can be a boundary, a header or a lone dot.
 *   - Names of files go by RFC 2231 where they are not plain. */
#include "courier/message.h"

#include "base/timestamp.h"
#include "base/utf8.h"

#define WORD_BYTES 42u /* of text in one encoded word: 56 of base64 and 12 around it */
#define LINE_BYTES 57u /* of content in a line of 76 */

static void base64(struct buf *to, const char *p, size_t n) {
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; i < n; i += 3) {
                unsigned v = (unsigned)(unsigned char)p[i] << 16, left = (unsigned)MIN(n - i, 3u);

                if (left > 1)
                        v |= (unsigned)(unsigned char)p[i + 1] << 8;
                if (left > 2)
                        v |= (unsigned char)p[i + 2];
                char out[4] = {digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63],
                               digits[v & 63]};
                if (left < 3)
                        out[3] = '=';
                if (left < 2)
                        out[2] = '=';
                buf_add(to, out, 4);
        }
}

static void content(struct buf *to, struct span s) {
        for (size_t i = 0; i < s.len; i += LINE_BYTES) {
                base64(to, s.p + i, MIN(s.len - i, (size_t)LINE_BYTES));
                buf_str(to, "\r\n");
        }
}

static bool plain(struct span s) {
        for (size_t i = 0; i < s.len; i++)
                if (s.p[i] < ' ' || s.p[i] == 0x7f)
                        return false;
        return s.len < 60 && !memmem(s.p, s.len, "=?", 2);
}

static bool begins_character(char c) {
        return ((unsigned char)c & 0xc0) != 0x80;
}

static void encoded_words(struct buf *to, struct span s) {
        for (bool first = true; s.len; first = false) {
                size_t n = MIN(s.len, (size_t)WORD_BYTES);

                while (n < s.len && n > 1 && !begins_character(s.p[n]))
                        n--;
                buf_str(to, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
                base64(to, s.p, n);
                buf_str(to, "?=");
                s = span_of(s.p + n, s.len - n);
        }
}

static void date(struct buf *to, int64_t seconds) {
        static const char days[] = "ThuFriSatSunMonTueWed";
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        int64_t day = seconds / 86400, rest = seconds % 86400, year;
        unsigned month, of_month;

        time_civil(day, &year, &month, &of_month);
        buf_printf(to, "Date: %.3s, %u %.3s %lld %02d:%02d:%02d +0000\r\n", days + day % 7 * 3,
                   of_month, months + (month - 1) * 3, (long long)year, (int)(rest / 3600),
                   (int)(rest / 60 % 60), (int)(rest % 60));
}

static void head(struct buf *to, const struct message *m) {
        const char *at = strchr(m->from, '@');

        date(to, MAX(m->date, 0));
        buf_printf(to, "From: <%s>\r\n", m->from);
        for (unsigned i = 0; i < m->n_to; i++)
                buf_printf(to, "%s<%s>%s", i ? " " : "To: ", m->to[i],
                           i + 1 < m->n_to ? ",\r\n" : "\r\n");
        buf_printf(to, "Message-ID: <%s%s>\r\nSubject: ", m->id, at ? at : "@coloa");
        if (plain(m->subject))
                buf_span(to, m->subject);
        else
                encoded_words(to, m->subject);
        buf_str(to, "\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n");
}

static void text(struct buf *to, struct span body) {
        buf_str(to, "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n");
        content(to, body);
}

static bool attribute_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
}

/* "type/subtype" of letters, digits and a few signs. */
static bool type_good(struct span s) {
        unsigned slashes = 0;

        for (size_t i = 0; i < s.len; i++) {
                slashes += s.p[i] == '/';
                if (!attribute_char(s.p[i]) && s.p[i] != '/' && s.p[i] != '+')
                        return false;
        }
        return slashes == 1 && s.len <= 100 && s.p[0] != '/' && s.p[s.len - 1] != '/';
}

static void file_names(struct buf *to, struct span name) {
        name.len = MIN(name.len, 150u);
        while (name.len && !utf8_valid(name))
                name.len--;
        buf_str(to, "Content-Disposition: attachment");
        bool simple = name.len <= 50;
        for (size_t i = 0; i < name.len; i++)
                simple &= attribute_char(name.p[i]);
        if (simple) {
                buf_printf(to, ";\r\n filename=\"%.*s\"\r\n", (int)name.len, name.p);
                return;
        }
        /* In pieces of a line each, and by no other name: readers that know two take the wrong one. */
        unsigned piece = 0;
        for (size_t i = 0; i < name.len; piece++) {
                buf_printf(to, ";\r\n filename*%u*=%s", piece, piece ? "" : "UTF-8''");
                for (unsigned n = 0; n < 15 && i < name.len; n++, i++) {
                        if (attribute_char(name.p[i]))
                                buf_char(to, name.p[i]);
                        else
                                buf_printf(to, "%%%02X", (unsigned char)name.p[i]);
                }
        }
        buf_str(to, "\r\n");
}

static void file(struct buf *to, const struct message_file *f) {
        struct span type = type_good(f->type) ? f->type : SPAN("application/octet-stream");

        buf_printf(to, "Content-Type: %.*s\r\nContent-Transfer-Encoding: base64\r\n", (int)type.len,
                   type.p);
        file_names(to, f->name);
        buf_str(to, "\r\n");
        content(to, f->bytes);
}

int message_write(struct buf *to, const struct message *m) {
        head(to, m);
        if (m->n_files == 0) {
                text(to, m->body);
                return to->failed ? -ENOMEM : 0;
        }
        /* A line of base64 has no low line: no boundary can stand in one. */
        buf_printf(to, "Content-Type: multipart/mixed; boundary=\"_%s_\"\r\n\r\n--_%s_\r\n", m->id,
                   m->id);
        text(to, m->body);
        for (unsigned i = 0; i < m->n_files; i++) {
                buf_printf(to, "--_%s_\r\n", m->id);
                file(to, &m->files[i]);
        }
        buf_printf(to, "--_%s_--\r\n", m->id);
        return to->failed ? -ENOMEM : 0;
}
