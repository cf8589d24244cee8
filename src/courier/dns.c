/* See dns.h. Whatever comes back is a stranger's: lengths and pointers are followed within the message only,
 * backwards only, and a name has at most 255 bytes, so an answer is read in time linear to its size times
 * that. Records count only for the name that was asked for, or for what its aliases lead to in their order. */
#include "courier/dns.h"

#include "os/dial.h"

#define HEAD 12u
#define NAME_MAX_BYTES 255u
#define ALIASES_MAX 16u
#define TYPE_ALIAS 5u

static unsigned number(const char *p) {
        return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

/* Labels of 1 to 63 letters, digits, hyphens, low lines; a dot at the end may be there. */
static size_t put_name(unsigned char *to, struct span name) {
        size_t at = 0;

        if (name.len && name.p[name.len - 1] == '.')
                name.len--;
        if (name.len == 0 || name.len > NAME_MAX_BYTES - 2)
                return 0;
        while (name.len) {
                const char *dot = memchr(name.p, '.', name.len);
                size_t n = dot ? (size_t)(dot - name.p) : name.len;

                if (n == 0 || n > 63 || (dot && n + 1 == name.len))
                        return 0;
                to[at++] = (unsigned char)n;
                for (size_t i = 0; i < n; i++) {
                        char c = ascii_lower(name.p[i]);

                        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                              c == '_'))
                                return 0;
                        to[at++] = (unsigned char)c;
                }
                n += dot != NULL;
                name = span_of(name.p + n, name.len - n);
        }
        to[at++] = 0;
        return at;
}

size_t dns_query(unsigned char to[DNS_QUERY_MAX], struct span name, enum dns_type type,
                 uint16_t id) {
        static const unsigned char head[HEAD] = {[2] = 1, [5] = 1}; /* recursion; one question */

        memcpy(to, head, HEAD);
        to[0] = (unsigned char)(id >> 8);
        to[1] = (unsigned char)id;
        size_t n = put_name(to + HEAD, name);
        if (!n)
                return 0;
        unsigned char *p = to + HEAD + n;
        *p++ = 0;
        *p++ = (unsigned char)type;
        *p++ = 0;
        *p++ = 1;
        return (size_t)(p - to);
}

/* A name at *at as lower-case labels into `to`; *at goes behind it. Its length; 0: none. */
static size_t get_name(struct span m, size_t *at, unsigned char to[NAME_MAX_BYTES]) {
        size_t pos = *at, n = 0, lowest = *at;
        bool jumped = false;

        for (;;) {
                if (pos >= m.len)
                        return 0;
                unsigned len = (unsigned char)m.p[pos];
                if ((len & 0xc0) == 0xc0) {
                        if (pos + 1 >= m.len)
                                return 0;
                        size_t there = number(m.p + pos) & 0x3fff;
                        if (!jumped)
                                *at = pos + 2;
                        jumped = true;
                        if (there >= lowest) /* backwards only: no loops */
                                return 0;
                        pos = lowest = there;
                        continue;
                }
                if (len > 63 || pos + 1 + len > m.len || n + 1 + len > NAME_MAX_BYTES)
                        return 0;
                to[n++] = (unsigned char)len;
                for (unsigned i = 0; i < len; i++)
                        to[n++] = (unsigned char)ascii_lower(m.p[pos + 1 + i]);
                pos += 1 + len;
                if (len == 0) {
                        if (!jumped)
                                *at = pos;
                        return n;
                }
        }
}

static void add(struct dns_addresses *to, const char *p, size_t len) {
        uint8_t a[16] = {[10] = 0xff, 0xff};

        memcpy(len == 4 ? a + 12 : a, p, len);
        for (unsigned i = 0; i < to->n; i++)
                if (memcmp(to->list[i], a, 16) == 0)
                        return;
        if (to->n < DNS_ADDRESSES_MAX)
                memcpy(to->list[to->n++], a, 16);
}

struct wanted {
        unsigned char name[NAME_MAX_BYTES];
        size_t len;
        unsigned aliases;
};

/* One record at *at. false: the message ends within it. */
static bool record(struct span m, size_t *at, enum dns_type type, struct wanted *w,
                   struct dns_addresses *to) {
        unsigned char owner[NAME_MAX_BYTES];
        size_t n = get_name(m, at, owner);

        if (!n || m.len - *at < 10)
                return false;
        unsigned kind = number(m.p + *at), class = number(m.p + *at + 2);
        size_t len = number(m.p + *at + 8), data = *at + 10;
        if (m.len - data < len)
                return false;
        *at = data + len;
        if (class != 1 || n != w->len || memcmp(owner, w->name, n) != 0)
                return true;
        if (kind == (unsigned)type && len == (type == DNS_A ? 4u : 16u))
                add(to, m.p + data, len);
        if (kind == TYPE_ALIAS && w->aliases++ < ALIASES_MAX) {
                n = get_name(m, &data, owner);
                if (!n)
                        return false;
                memcpy(w->name, owner, n);
                w->len = n;
        }
        return true;
}

int dns_answer(struct span m, struct span name, enum dns_type type, uint16_t id,
               struct dns_addresses *to) {
        unsigned char asked[NAME_MAX_BYTES + 1];
        struct wanted w = {.len = put_name(asked, name)};
        size_t at = HEAD;

        if (m.len < HEAD || !w.len || number(m.p) != id || !(m.p[2] & 0x80) || (m.p[2] & 0x78) ||
            number(m.p + 4) != 1)
                return -EBADMSG;
        size_t n = get_name(m, &at, w.name);
        if (n != w.len || memcmp(w.name, asked, n) != 0 || m.len - at < 4 ||
            number(m.p + at) != (unsigned)type || number(m.p + at + 2) != 1)
                return -EBADMSG;
        at += 4;
        unsigned code = m.p[3] & 0x0f;
        if (code == 3)
                return -ENOENT;
        if (code)
                return -EAGAIN;
        /* What was cut short counts as far as it goes. */
        for (unsigned i = number(m.p + 6); i && record(m, &at, type, &w, to); i--)
                ;
        return 0;
}

static struct span word(struct span *line) {
        struct span w;

        *line = span_trim(*line);
        w = *line;
        for (w.len = 0; w.len < line->len && w.p[w.len] != ' ' && w.p[w.len] != '\t'; w.len++)
                ;
        *line = span_of(line->p + w.len, line->len - w.len);
        return w;
}

static void hosts_line(struct span line, struct span name, struct dns_addresses *to) {
        const char *hash = line.len ? memchr(line.p, '#', line.len) : NULL;
        char text[64];
        uint8_t a[16];

        if (hash)
                line.len = (size_t)(hash - line.p);
        struct span ip = word(&line), w;
        if (!ip.len || ip.len >= sizeof(text))
                return;
        memcpy(text, ip.p, ip.len);
        text[ip.len] = '\0';
        while ((w = word(&line)).len)
                if (span_ieq(w, name) && os_address_of(text, a)) {
                        add(to, (const char *)a, 16);
                        return;
                }
}

void dns_hosts(struct span text, struct span name, struct dns_addresses *to) {
        while (text.len) {
                const char *nl = memchr(text.p, '\n', text.len);
                size_t n = nl ? (size_t)(nl - text.p) : text.len;

                hosts_line(span_of(text.p, n), name, to);
                n += nl != NULL;
                text = span_of(text.p + n, text.len - n);
        }
}
