/* What players read must lead nobody anywhere: no address or domain of the internet, no link, no form, no number of
 * a person. Only the ranges that RFC 5737, 3849, 2606 and 6761 keep for examples are named as being outside; a unit's
 * own hosts have private addresses.
 *
 * The texts are looked at by eye-like rules, not parsed: better to refuse "1.2.3.4" as a version than to let an
 * address through. Linear: each place is looked at once, a token at most twice. */
#include <arpa/inet.h>
#include <ctype.h>

#include "exercise/scenario_impl.h"

/* ---- addresses ---- */

static enum address_kind kind_of_4(uint32_t a) {
        static const struct {
                uint32_t net, bits;
                enum address_kind kind;
        } nets[] = {{0xc0000200, 24, ADDRESS_DOCUMENTATION}, /* 192.0.2.0 */
                    {0xc6336400, 24, ADDRESS_DOCUMENTATION}, /* 198.51.100.0 */
                    {0xcb007100, 24, ADDRESS_DOCUMENTATION}, /* 203.0.113.0 */
                    {0x0a000000, 8, ADDRESS_PRIVATE},        {0xac100000, 12, ADDRESS_PRIVATE},
                    {0xc0a80000, 16, ADDRESS_PRIVATE},       {0x7f000000, 8, ADDRESS_PRIVATE},
                    {0xa9fe0000, 16, ADDRESS_PRIVATE}};

        for (size_t i = 0; i < ARRAY_LEN(nets); i++)
                if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0)
                        return nets[i].kind;
        return a == 0 || a == UINT32_MAX ? ADDRESS_PRIVATE : ADDRESS_REAL;
}

enum address_kind scenario_address(const char *text) {
        unsigned char b[16];

        if (inet_pton(AF_INET, text, b) == 1)
                return kind_of_4((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
                                 b[3]);
        if (inet_pton(AF_INET6, text, b) != 1)
                return ADDRESS_NONE;
        if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8)
                return ADDRESS_DOCUMENTATION;
        return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ? ADDRESS_PRIVATE
                                                                                : ADDRESS_REAL;
}

/* ---- domains ---- */

static bool ends_in(struct span s, const char *label) {
        struct span l = span_str(label);

        return span_eq(s, l) || (s.len > l.len && span_ends(s, l) && s.p[s.len - l.len - 1] == '.');
}

int scenario_domain(struct span s) {
        static const char *const kept[] = {"example",     "test",        "invalid",
                                           "example.com", "example.net", "example.org"};
        char low[256];
        size_t label = 0;

        if (!s.len || s.len > 253)
                return -1;
        for (size_t i = 0; i <= s.len; i++) {
                char c = i < s.len ? ascii_lower(s.p[i]) : '.';

                if (c == '.' && (label == 0 || label > 63))
                        return -1;
                if (c != '.' && c != '-' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
                        return -1;
                label = c == '.' ? 0 : label + 1;
                if (i < s.len)
                        low[i] = c;
        }
        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                if (ends_in(span_of(low, s.len), kept[i]))
                        return 0;
        return 1;
}

bool scenario_name(const char *s) {
        size_t n = strlen(s);

        if (!n || n > 64)
                return false;
        while (*s) {
                if (strncmp(s, "{unit}", 6) == 0) {
                        s += 6;
                        continue;
                }
                if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
                    !(*s >= '0' && *s <= '9') && !strchr(".-_", *s))
                        return false;
                s++;
        }
        return true;
}

/* ---- texts ---- */

struct text {
        struct scenario *s;
        const struct node *at;
        const char *name;
        unsigned told; /* a text that is full of them says it three times */
};

static bool domain_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-';
}

/* Endings that make of two words with a dot a domain, even where nothing else says so. */
static bool public_ending(struct span last) {
        static const char *const endings[] = {
                "com", "net", "org", "vn",   "edu",    "gov",  "info", "biz",  "io",  "me",
                "ru",  "cn",  "top", "xyz",  "site",   "shop", "club", "link", "app", "dev",
                "cc",  "tk",  "eu",  "asia", "online", "live", "pro",  "onion"};

        for (size_t i = 0; i < ARRAY_LEN(endings); i++)
                if (span_ieq(last, span_str(endings[i])))
                        return true;
        return false;
}

/* A run of letters, digits, dots and dashes. `led`: behind "://", "www" or '@'. */
static void token(struct text *t, struct span s, bool led, bool goes_on) {
        const char *shown = NULL;

        while (s.len && (s.p[s.len - 1] == '.' || s.p[s.len - 1] == '-') && !goes_on)
                s.len--;
        while (s.len && (*s.p == '.' || *s.p == '-'))
                s.p++, s.len--;
        if (!s.len || !memchr(s.p, '.', s.len) || goes_on || t->told >= 3)
                return; /* "portal.{domain}" is the unit's own */
        shown = scenario_keep(t->s, s);
        enum address_kind kind = scenario_address(shown);
        if (kind == ADDRESS_REAL) {
                t->told++;
                TELL(t->s, t->at, RULE_IP, t->name, shown);
        }
        if (kind != ADDRESS_NONE)
                return;
        const char *dot = memrchr(s.p, '.', s.len);
        struct span last = span_of(dot + 1, (size_t)(s.p + s.len - dot - 1));
        if ((led || public_ending(last)) && scenario_domain(s) != 0) {
                t->told++;
                TELL(t->s, t->at, RULE_URL, t->name, shown);
        }
}

static void domains(struct text *t, const char *p) {
        const char *begin = p;

        while (*p) {
                size_t n = 0;

                if (!domain_char(*p)) {
                        p++;
                        continue;
                }
                while (domain_char(p[n]))
                        n++;
                bool led = (p > begin && p[-1] == '@') ||
                           (p - begin >= 3 && strncmp(p - 3, "://", 3) == 0) ||
                           (n > 4 && strncasecmp(p, "www.", 4) == 0);
                /* Within a path of a link, names are files. */
                if (!(p > begin && (p[-1] == '/' || p[-1] == '\\' || p[-1] == '_') && !led))
                        token(t, span_of(p, n), led, p[n] == '{');
                p += n;
        }
}

static void markup(const struct text *t, const char *p) {
        static const char *const words[] = {"javascript:", "data:text/html", "vbscript:"};

        for (const char *at = strchr(p, '<'); at; at = strchr(at + 1, '<'))
                if (isalpha((unsigned char)at[1]) || at[1] == '/' || at[1] == '!') {
                        TELL(t->s, t->at, RULE_FORM, t->name,
                             scenario_keep(t->s, span_of(at, strnlen(at, 12))));
                        return;
                }
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (strcasestr(p, words[i]))
                        TELL(t->s, t->at, RULE_FORM, t->name, words[i]);
}

static bool luhn(const char *d, size_t n) {
        unsigned sum = 0;

        for (size_t i = 0; i < n; i++) {
                unsigned v = (unsigned)(d[n - 1 - i] - '0') * (i & 1 ? 2 : 1);

                sum += v > 9 ? v - 9 : v;
        }
        return sum % 10 == 0;
}

static void digits_of(const struct text *t, const char *d, size_t n, bool plus) {
        unsigned province = n >= 3 ? (unsigned)(d[0] - '0') * 100 + (unsigned)(d[1] - '0') * 10 +
                                             (unsigned)(d[2] - '0')
                                   : 0;
        const char *mobile = plus && n == 11 && d[0] == '8' && d[1] == '4' ? d + 2
                             : !plus && n == 10 && d[0] == '0'             ? d + 1
                                                                           : NULL;

        if (n == 12 && province >= 1 && province <= 96 && d[3] <= '3')
                TELL(t->s, t->at, RULE_SECRET, t->name, "CCCD");
        else if (n >= 16 && n <= 19 && luhn(d, n))
                TELL(t->s, t->at, RULE_SECRET, t->name, "card");
        else if (mobile && strchr("35789", *mobile))
                TELL(t->s, t->at, RULE_SECRET, t->name, "phone");
}

/* Runs of digits, with a blank, dot or dash between two of them at most. */
static void numbers(const struct text *t, const char *p) {
        const char *begin = p;

        while (*p) {
                char d[20];
                size_t n = 0;
                bool plus = p > begin && p[-1] == '+',
                     word = p > begin && isalpha((unsigned char)p[-1]);

                if (!isdigit((unsigned char)*p)) {
                        p++;
                        continue;
                }
                for (; *p && n < sizeof(d); p++) {
                        if (isdigit((unsigned char)*p))
                                d[n++] = *p;
                        else if (!strchr(" .-", *p) || !isdigit((unsigned char)p[1]))
                                break;
                }
                if (!word && n < sizeof(d))
                        digits_of(t, d, n, plus);
                while (isdigit((unsigned char)*p))
                        p++;
        }
}

static bool placeholder_good(const struct scenario *s, struct span key) {
        char id[PLAN_ID_MAX + 2];
        const char *colon = memchr(key.p, ':', key.len);
        size_t head = colon ? (size_t)(colon - key.p) : key.len;
        struct span kind = span_of(key.p, head);

        if (!colon)
                return span_eq(key, SPAN("unit")) || span_eq(key, SPAN("domain"));
        if (key.len - head - 1 >= sizeof(id))
                return false;
        memcpy(id, colon + 1, key.len - head - 1);
        id[key.len - head - 1] = '\0';
        if (span_eq(kind, SPAN("host")) || span_eq(kind, SPAN("address")))
                return plan_find_host(&s->plan, id) >= 0;
        if (span_eq(kind, SPAN("account")))
                return plan_find_account(&s->plan, id) >= 0;
        return span_eq(kind, SPAN("outside")) && plan_find_outside(&s->plan, id) >= 0;
}

static void placeholders(const struct text *t, const char *p) {
        for (const char *open = strchr(p, '{'); open; open = strchr(open + 1, '{')) {
                const char *close = strchr(open, '}');
                size_t n = close ? (size_t)(close - open) + 1 : strnlen(open, 20);

                if (!close || !placeholder_good(t->s, span_of(open + 1, n - 2))) {
                        TELL(t->s, t->at, RULE_PLACEHOLDER, t->name,
                             scenario_keep(t->s, span_of(open, n)));
                        return;
                }
        }
}

void scenario_safe(struct scenario *s, const struct node *at, const char *name, const char *p) {
        struct text t = {s, at, name, 0};

        domains(&t, p);
        markup(&t, p);
        numbers(&t, p);
        placeholders(&t, p);
}

/* ---- the same, replaced ---- */

static void noted(char *first, size_t room, struct span s) {
        size_t n = MIN(s.len, room - 1);

        if (*first || !room)
                return;
        memcpy(first, s.p, n);
        first[n] = '\0';
}

/* "evil.com" becomes "evil-com.example", an address one for documentation. */
static void tame_token(struct span s, bool led, struct buf *out, char *first, size_t room) {
        char text[256];
        size_t end = s.len, begin = 0;

        while (end && (s.p[end - 1] == '.' || s.p[end - 1] == '-'))
                end--;
        while (begin < end && (s.p[begin] == '.' || s.p[begin] == '-'))
                begin++;
        struct span core = span_of(s.p + begin, end - begin);
        const char *dot = core.len ? memrchr(core.p, '.', core.len) : NULL;
        bool fits = dot && core.len < sizeof(text);
        enum address_kind kind = ADDRESS_NONE;
        if (fits) {
                memcpy(text, core.p, core.len);
                text[core.len] = '\0';
                kind = scenario_address(text);
        }
        struct span last = dot ? span_of(dot + 1, (size_t)(core.p + core.len - dot - 1)) : core;
        bool bad = dot && kind == ADDRESS_NONE && (led || public_ending(last)) &&
                   scenario_domain(core) != 0;
        if (kind != ADDRESS_REAL && !bad) {
                buf_span(out, s);
                return;
        }
        noted(first, room, core);
        buf_add(out, s.p, begin);
        if (kind == ADDRESS_REAL) {
                unsigned sum = 0;

                for (size_t i = 0; i < core.len; i++)
                        sum = sum * 31 + (unsigned char)core.p[i];
                buf_printf(out, "198.51.100.%u", 1 + sum % 250);
        } else {
                for (size_t i = 0; i < MIN(core.len, (size_t)50); i++)
                        buf_char(out, core.p[i] == '.' ? '-' : core.p[i]);
                buf_str(out, "0.example");
        }
        buf_add(out, s.p + end, s.len - end);
}

static void tame_digits(struct buf *b, char *first, size_t room) {
        char *p = b->p, *end = b->p + b->len;

        while (p && p < end) {
                char d[20], *begin = p;
                size_t n = 0;

                if (!isdigit((unsigned char)*p)) {
                        p++;
                        continue;
                }
                for (; p < end && n < sizeof(d); p++) {
                        if (isdigit((unsigned char)*p))
                                d[n++] = *p;
                        else if (!strchr(" .-", *p) || p + 1 == end ||
                                 !isdigit((unsigned char)p[1]))
                                break;
                }
                bool phone = (n == 10 && d[0] == '0') || (n == 11 && d[0] == '8' && d[1] == '4');
                if (n == 12 || phone || (n >= 16 && n < sizeof(d))) {
                        noted(first, room, span_of(begin, (size_t)(p - begin)));
                        for (char *q = begin + 3; q < p; q++)
                                if (isdigit((unsigned char)*q))
                                        *q = 'x';
                }
                while (p < end && isdigit((unsigned char)*p))
                        p++;
        }
}

void scenario_tame(const char *text, struct buf *out, char *first, size_t room) {
        static const char *const words[] = {"javascript:", "data:text/html", "vbscript:"};
        const char *p = text;

        while (*p) {
                size_t n = 0;
                bool led = (p > text && p[-1] == '@') ||
                           (p - text >= 3 && strncmp(p - 3, "://", 3) == 0) ||
                           strncasecmp(p, "www.", 4) == 0;

                while (domain_char(p[n]))
                        n++;
                if (n) {
                        tame_token(span_of(p, n), led, out, first, room);
                        p += n;
                        continue;
                }
                if (*p == '<' && (isalpha((unsigned char)p[1]) || p[1] == '/' || p[1] == '!'))
                        buf_char(out, '(');
                else
                        buf_char(out, *p == '{' ? '[' : *p == '}' ? ']' : *p);
                p++;
        }
        tame_digits(out, first, room);
        buf_char(out, '\0');
        out->len -= !out->failed;
        for (size_t i = 0; i < ARRAY_LEN(words) && !out->failed; i++)
                for (char *at = out->p; (at = strcasestr(at, words[i])); at++)
                        *strchr(at, ':') = ' ';
}
