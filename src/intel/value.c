/* See value.h. Everything here sees hostile text and is linear in its length. */
#include "intel/value.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>

#include "base/utf8.h"

static const char *const names[INTEL_TYPES] = {
        [INTEL_NONE] = "",           [INTEL_ADDRESS] = "address", [INTEL_DOMAIN] = "domain",
        [INTEL_TREE] = "domain",     [INTEL_URL] = "url",         [INTEL_MD5] = "md5",
        [INTEL_SHA1] = "sha1",       [INTEL_SHA256] = "sha256",   [INTEL_SHA512] = "sha512",
        [INTEL_IMPHASH] = "imphash", [INTEL_JA3] = "ja3"};

const char *intel_type_name(enum intel_type t) {
        return t < INTEL_TYPES ? names[t] : "";
}

/* ---- addresses ---- */

static bool address4(struct span s, uint8_t ret[4]) {
        size_t i = 0;

        for (unsigned part = 0; part < 4; part++) {
                unsigned v = 0, digits = 0;

                while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9' && digits < 4) {
                        v = v * 10 + (unsigned)(s.p[i++] - '0');
                        digits++;
                }
                if (digits == 0 || digits > 3 || v > 255)
                        return false;
                ret[part] = (uint8_t)v;
                if (part < 3 && (i >= s.len || s.p[i++] != '.'))
                        return false;
        }
        return i == s.len;
}

bool intel_address(struct span s, uint8_t ret[16]) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        char text[64];

        if (s.len >= 7 && s.len <= 15 && s.p[0] >= '0' && s.p[0] <= '9' && address4(s, ret + 12)) {
                memcpy(ret, mapped, sizeof(mapped));
                return true;
        }
        if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
                s = span_of(s.p + 1, s.len - 2);
        const char *zone = s.len ? memchr(s.p, '%', s.len) : NULL;
        if (zone)
                s.len = (size_t)(zone - s.p);
        if (s.len < 2 || s.len >= sizeof(text) || !memchr(s.p, ':', s.len))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = '\0';
        return strlen(text) == s.len && inet_pton(AF_INET6, text, ret) == 1;
}

void intel_mask(uint8_t ip[16], unsigned prefix) {
        for (unsigned i = 0; i < 16; i++) {
                unsigned bits = prefix > i * 8 ? MIN(prefix - i * 8, 8u) : 0;
                ip[i] &= (uint8_t)(0xff00u >> bits);
        }
}

bool intel_key_address(struct intel_key *k, const uint8_t ip[16], unsigned prefix) {
        uint8_t masked[16];

        if (prefix > 128)
                return false;
        memcpy(masked, ip, 16);
        intel_mask(masked, prefix);
        k->type = INTEL_ADDRESS;
        k->len = 17;
        memcpy(k->bytes, masked, 16);
        k->bytes[16] = (char)prefix;
        return true;
}

bool intel_key_network(struct intel_key *k, struct span s) {
        const char *slash = s.len ? memchr(s.p, '/', s.len) : NULL;
        struct span left = slash ? span_of(s.p, (size_t)(slash - s.p)) : s;
        uint8_t ip[16];
        unsigned bits = 0;

        if (!intel_address(left, ip))
                return false;
        bool v4 = memchr(left.p, ':', left.len) == NULL;
        if (!slash)
                return intel_key_address(k, ip, 128);
        size_t n = s.len - left.len - 1;
        if (n == 0 || n > 3)
                return false;
        for (size_t i = 0; i < n; i++) {
                if (slash[1 + i] < '0' || slash[1 + i] > '9')
                        return false;
                bits = bits * 10 + (unsigned)(slash[1 + i] - '0');
        }
        if (bits > (v4 ? 32u : 128u))
                return false;
        return intel_key_address(k, ip, v4 ? 96 + bits : bits);
}

/* ---- names ---- */

/* An internationalised name as it is on the wire ("xn--…"), in place: so it matches however either side
 * wrote it. 0: it is none that IDNA knows. */
static size_t to_ascii(char *name, size_t len) {
        char text[INTEL_DOMAIN_MAX + 1], *ascii = NULL;
        size_t n = 0;

        memcpy(text, name, len);
        text[len] = '\0';
        if (strlen(text) == len &&
            idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK) {
                n = strlen(ascii);
                if (n > INTEL_DOMAIN_MAX)
                        n = 0;
                for (size_t i = 0; i < n; i++)
                        name[i] = ascii_lower(ascii[i]);
        }
        idn2_free(ascii);
        return n;
}

/* Letters, digits, '-', '_' and what is not ASCII; labels of 1 to 63 bytes, two of them at least.
 * Returns the length in `to` (which has INTEL_DOMAIN_MAX), 0: no name. */
static size_t domain_to(char *to, struct span s) {
        size_t label = 0, dots = 0;
        bool plain = true, digits = true;

        if (s.len && s.p[s.len - 1] == '.')
                s.len--;
        if (s.len == 0 || s.len > INTEL_DOMAIN_MAX)
                return 0;
        for (size_t i = 0; i < s.len; i++) {
                unsigned char c = (unsigned char)ascii_lower(s.p[i]);

                if (c == '.') {
                        if (label == 0)
                                return 0;
                        label = 0;
                        digits = true;
                        dots++;
                } else {
                        bool digit = c >= '0' && c <= '9';
                        if (!digit && !(c >= 'a' && c <= 'z') && c != '-' && c != '_' && c < 0x80)
                                return 0;
                        if (++label > 63)
                                return 0;
                        plain &= c < 0x80;
                        digits &= digit;
                }
                to[i] = (char)c;
        }
        if (label == 0 || dots == 0 || digits) /* no name ends in a number: 1.2.3.400 */
                return 0;
        if (plain)
                return s.len;
        size_t on_wire = to_ascii(to, s.len);
        if (on_wire)
                return on_wire;
        char wide[INTEL_DOMAIN_MAX * 3 / 2 + 4];
        size_t n = utf8_fold_to(wide, span_of(to, s.len));
        if (n > INTEL_DOMAIN_MAX)
                return 0;
        memcpy(to, wide, n);
        return n;
}

bool intel_key_domain(struct intel_key *k, struct span s, enum intel_type type) {
        k->type = type;
        k->len = (uint32_t)domain_to(k->bytes, s);
        return k->len != 0;
}

/* ---- URLs ---- */

static struct span after_scheme(struct span s, struct span *ret_scheme) {
        *ret_scheme = SPAN_NONE;
        for (size_t i = 0; i + 2 < s.len && i < 16; i++) {
                char c = ascii_lower(s.p[i]);

                if (c == ':' && s.p[i + 1] == '/' && s.p[i + 2] == '/' && i > 0) {
                        *ret_scheme = span_of(s.p, i);
                        return span_of(s.p + i + 3, s.len - i - 3);
                }
                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '+' && c != '-' &&
                    c != '.')
                        break;
        }
        return s;
}

/* "user:pass@host:80" to host and what of the port is worth keeping. */
static struct span host_of(struct span where, struct span scheme, struct span *ret_port) {
        for (size_t i = where.len; i > 0; i--)
                if (where.p[i - 1] == '@') {
                        where = span_of(where.p + i, where.len - i);
                        break;
                }
        *ret_port = SPAN_NONE;
        const char *colon = NULL;
        for (size_t i = where.len; i > 0 && where.p[i - 1] != ']'; i--)
                if (where.p[i - 1] == ':') {
                        colon = where.p + i - 1;
                        break;
                }
        if (!colon)
                return where;
        struct span port = span_of(colon + 1, where.len - (size_t)(colon + 1 - where.p));
        bool usual = port.len == 0 ||
                     (span_eq(port, SPAN("80")) && !span_ieq(scheme, SPAN("https"))) ||
                     (span_eq(port, SPAN("443")) && !span_ieq(scheme, SPAN("http")));
        if (!usual)
                *ret_port = port;
        return span_of(where.p, (size_t)(colon - where.p));
}

bool intel_key_url(struct intel_key *k, struct span s) {
        struct span scheme, port, rest = after_scheme(s, &scheme);
        uint8_t ip[16];
        size_t n = 0, end = 0;

        while (end < rest.len && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
                end++;
        struct span host = host_of(span_of(rest.p, end), scheme, &port);
        struct span path = span_of(rest.p + end, rest.len - end);
        const char *hash = path.len ? memchr(path.p, '#', path.len) : NULL;
        if (hash)
                path.len = (size_t)(hash - path.p);
        if (host.len == 0 || host.len + port.len + path.len + 3 > INTEL_KEY_MAX - 64 ||
            port.len > 5)
                return false;
        if (intel_address(host, ip)) {
                for (size_t i = 0; i < host.len; i++)
                        k->bytes[n++] = ascii_lower(host.p[i]);
        } else {
                n = domain_to(k->bytes, host);
        }
        if (n == 0)
                return false;
        k->host = 0;
        k->host_len = (uint32_t)n;
        if (port.len) {
                k->bytes[n++] = ':';
                memcpy(k->bytes + n, port.p, port.len);
                n += port.len;
        }
        if (path.len == 0 || path.p[0] != '/')
                k->bytes[n++] = '/';
        if (path.len)
                memcpy(k->bytes + n, path.p, path.len);
        k->type = INTEL_URL;
        k->len = (uint32_t)(n + path.len);
        return true;
}

/* ---- hashes ---- */

/* Value + 1; 0: no hex digit. Hashes are most of what Windows events hold. */
static const uint8_t hex_value[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
        ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

enum intel_type intel_hash_type(size_t digits) {
        switch (digits) {
        case 32: return INTEL_MD5;
        case 40: return INTEL_SHA1;
        case 64: return INTEL_SHA256;
        case 128: return INTEL_SHA512;
        default: return INTEL_NONE;
        }
}

bool intel_key_hash(struct intel_key *k, struct span s, enum intel_type type) {
        enum intel_type like = type == INTEL_IMPHASH || type == INTEL_JA3 ? INTEL_MD5 : type;

        if (like < INTEL_MD5 || intel_hash_type(s.len) != like)
                return false;
        for (size_t i = 0; i < s.len; i += 2) {
                unsigned a = hex_value[(uint8_t)s.p[i]], b = hex_value[(uint8_t)s.p[i + 1]];

                if (a == 0 || b == 0)
                        return false;
                k->bytes[i / 2] = (char)((a - 1) << 4 | (b - 1));
        }
        k->type = type;
        k->len = (uint32_t)(s.len / 2);
        return true;
}

/* ---- to text ---- */

static size_t address_text(const struct intel_key *k, char *to, size_t room) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        unsigned prefix = (uint8_t)k->bytes[16];
        bool v4 = memcmp(k->bytes, mapped, 12) == 0 && prefix >= 96;
        char text[INET6_ADDRSTRLEN];
        int n;

        if (!inet_ntop(v4 ? AF_INET : AF_INET6, k->bytes + (v4 ? 12 : 0), text, sizeof(text)))
                text[0] = '\0';
        if (prefix == 128)
                n = snprintf(to, room, "%s", text);
        else
                n = snprintf(to, room, "%s/%u", text, v4 ? prefix - 96 : prefix);
        return n < 0 ? 0 : MIN((size_t)n, room - 1);
}

size_t intel_key_text(const struct intel_key *k, char *to, size_t room) {
        static const char hex[] = "0123456789abcdef";
        size_t n = 0;

        if (k->type == INTEL_ADDRESS)
                return address_text(k, to, room);
        if (k->type >= INTEL_MD5) {
                for (size_t i = 0; i < k->len && n + 2 < room; i++) {
                        to[n++] = hex[(unsigned char)k->bytes[i] >> 4];
                        to[n++] = hex[k->bytes[i] & 15];
                }
        } else {
                n = MIN((size_t)k->len, room - 1);
                memcpy(to, k->bytes, n);
        }
        to[n] = '\0';
        return n;
}

/* ---- of any kind ---- */

static bool take(struct span s, size_t i, const char *what) {
        size_t n = strlen(what);

        return s.len - i >= n && span_ieq(span_of(s.p + i, n), span_of(what, n));
}

struct span intel_refang(struct span s, char *to) {
        static const struct {
                const char *from;
                char to;
        } marks[] = {{"[.]", '.'},   {"(.)", '.'}, {"{.}", '.'}, {"[dot]", '.'}, {"(dot)", '.'},
                     {"{dot}", '.'}, {"[:]", ':'}, {"[/]", '/'}, {"\\.", '.'}};
        size_t n = 0;

        s = span_trim(s);
        if (s.len >= 2 && (*s.p == '"' || *s.p == '\'') && s.p[s.len - 1] == *s.p)
                s = span_trim(span_of(s.p + 1, s.len - 2));
        for (size_t i = 0; i < s.len;) {
                size_t m = ARRAY_LEN(marks);

                if (s.p[i] == '[' || s.p[i] == '(' || s.p[i] == '{' || s.p[i] == '\\')
                        for (m = 0; m < ARRAY_LEN(marks) && !take(s, i, marks[m].from); m++)
                                ;
                if (m < ARRAY_LEN(marks)) {
                        to[n++] = marks[m].to;
                        i += strlen(marks[m].from);
                } else if (take(s, i, "[://]")) {
                        memcpy(to + n, "://", 3);
                        n += 3;
                        i += 5;
                } else {
                        to[n++] = s.p[i++];
                }
        }
        /* hxxp, hXXps, h**p, meow */
        if (n > 4 && ascii_lower(to[0]) == 'h' && ascii_lower(to[3]) == 'p' &&
            ((ascii_lower(to[1]) == 'x' && ascii_lower(to[2]) == 'x') ||
             (to[1] == '*' && to[2] == '*')))
                to[1] = to[2] = 't';
        return span_of(to, n);
}

bool intel_key_any(struct intel_key *k, struct span s) {
        struct span scheme;

        if (s.len == 0)
                return false;
        if (intel_key_network(k, s))
                return true;
        (void)after_scheme(s, &scheme);
        if (scheme.p)
                return intel_key_url(k, s);
        if (intel_hash_type(s.len) != INTEL_NONE && intel_key_hash(k, s, intel_hash_type(s.len)))
                return true;
        if (s.len > 2 && s.p[0] == '*' && s.p[1] == '.')
                return intel_key_domain(k, span_of(s.p + 2, s.len - 2), INTEL_TREE);
        if (s.len > 1 && s.p[0] == '.')
                return intel_key_domain(k, span_of(s.p + 1, s.len - 1), INTEL_TREE);
        if (intel_key_domain(k, s, INTEL_DOMAIN))
                return true;
        return memchr(s.p, '/', s.len) != NULL && intel_key_url(k, s);
}
