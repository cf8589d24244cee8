/* Targets of containment as text and back, and what is wrong with an order in words (order.h). Pure. */
#include "wire/order.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define V4_BITS 96u

static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool order_target_is_v4(const struct order_target *t) {
        return memcmp(t->address, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool order_target_bits_behind(const struct order_target *t) {
        unsigned char net[16] = {0};

        memcpy(net, t->address, t->bits / 8);
        if (t->bits % 8)
                net[t->bits / 8] =
                        t->address[t->bits / 8] & (unsigned char)(0xff00u >> (t->bits % 8));
        return memcmp(net, t->address, 16) != 0;
}

void order_fault_text(enum order_fault f, const char **ret_en, const char **ret_vi) {
        static const char *const texts[][2] = {
                [ORDER_GOOD] = {"nothing is wrong", "không có gì sai"},
                [ORDER_FORMAT] = {"it is no order of this node", "không phải lệnh của nút này"},
                [ORDER_FORGED] = {"its signature is not this node's",
                                  "chữ ký không phải của nút này"},
                [ORDER_ONE_PERSON] = {"two different people are needed", "cần hai người khác nhau"},
                [ORDER_OLD] = {"it was approved too long ago: propose it again",
                               "đã duyệt quá lâu: hãy đề nghị lại"},
                [ORDER_TIME] = {"it must be in force for 1 minute to 24 hours",
                                "thời hạn phải từ 1 phút đến 24 giờ"},
                [ORDER_MANY] = {"1 to 50 targets at a time", "mỗi lần 1 đến 50 mục tiêu"},
                [ORDER_WIDE] = {"networks wider than /24 (IPv6: /64) are not blocked",
                                "không chặn mạng rộng hơn /24 (IPv6: /64)"},
                [ORDER_SHAPE] = {"it is no network of its own, or overlaps another target",
                                 "không phải địa chỉ mạng đúng, hoặc trùng mục tiêu khác"},
                [ORDER_NEVER] = {"it is on the list of what is never touched",
                                 "nằm trong danh sách không bao giờ được đụng tới"},
                [ORDER_OFF] = {"this is not set up on this node", "nút này chưa bật biện pháp này"},
                [ORDER_NOT_ONE] = {"isolating is for single addresses, no networks",
                                   "chỉ cô lập được từng địa chỉ, không phải cả mạng"},
                [ORDER_MISSING] = {"there is no such one here, or none that may be touched",
                                   "không có mục này, hoặc không được phép đụng tới"},
                [ORDER_TWICE] = {"another action in force touches it: prolong that one",
                                 "một biện pháp khác đang có hiệu lực: hãy gia hạn biện pháp đó"},
                [ORDER_NO_WAY_BACK] = {"undoing it was tried first, and does not work",
                                       "đã thử gỡ trước và không gỡ được"},
                [ORDER_UNREACHABLE] = {"who would do it does not answer",
                                       "nơi thực hiện không trả lời"},
                [ORDER_SCOPE] =
                        {"a drill touches nothing but the targets it declared, while it lasts",
                         "diễn tập chỉ được tác động mục tiêu đã khai báo, trong thời gian diễn "
                         "ra"},
        };

        assert((unsigned)f < ARRAY_LEN(texts));
        *ret_en = texts[f][0];
        *ret_vi = texts[f][1];
}

bool order_target_parse(struct span s, struct order_target *ret) {
        struct order_target t = {0};
        char text[64];
        long bits = -1;

        if (s.len == 0 || s.len >= sizeof(text))
                return false;
        memcpy(text, s.p, s.len);
        text[s.len] = '\0';
        if (strlen(text) != s.len)
                return false;
        char *slash = strchr(text, '/');
        if (slash) {
                char *end;

                *slash++ = '\0';
                if (*slash < '0' || *slash > '9' || strlen(slash) > 3)
                        return false;
                bits = strtol(slash, &end, 10);
                if (*end)
                        return false;
        }
        if (inet_pton(AF_INET, text, t.address + 12) == 1) {
                memcpy(t.address, v4_prefix, sizeof(v4_prefix));
                if (bits > 32)
                        return false;
                t.bits = (uint8_t)(V4_BITS + (unsigned)(bits < 0 ? 32 : bits));
        } else if (inet_pton(AF_INET6, text, t.address) == 1) {
                if (bits > 128)
                        return false;
                t.bits = (uint8_t)(bits < 0 ? 128 : bits);
        } else {
                return false;
        }
        if (order_target_bits_behind(&t))
                return false;
        *ret = t;
        return true;
}

size_t order_target_text(const struct order_target *t, char *to) {
        char text[INET6_ADDRSTRLEN];
        bool v4 = order_target_is_v4(t) && t->bits >= V4_BITS;
        unsigned bits = v4 ? t->bits - V4_BITS : t->bits, most = v4 ? 32 : 128;

        inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? t->address + 12 : t->address, text, sizeof(text));
        int n = bits == most ? snprintf(to, 64, "%s", text) : snprintf(to, 64, "%s/%u", text, bits);
        return n < 0 ? 0 : (size_t)n;
}

/* ---- names ---- */

static bool name_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               strchr("._@-", c) != NULL;
}

/* Types of units that are stopped and started, and mean one thing each. */
static bool is_unit(struct span s) {
        static const char *const types[] = {".service", ".socket", ".timer", ".target", ".path"};

        for (size_t i = 0; i < ARRAY_LEN(types); i++) {
                size_t n = strlen(types[i]);

                if (s.len > n && memcmp(s.p + s.len - n, types[i], n) == 0)
                        return true;
        }
        return false;
}

bool order_name_parse(uint32_t kind, struct span s, struct order_name *ret) {
        struct order_name n = {{0}};

        if (s.len == 0 || s.len >= sizeof(n.text) || s.p[0] == '-' || s.p[0] == '.')
                return false;
        for (size_t i = 0; i < s.len; i++)
                if (!s.p[i] || (!name_char(s.p[i]) && !(kind == ORDER_SERVICE && s.p[i] == ':') &&
                                !(kind != ORDER_SERVICE && s.p[i] == '$' && i == s.len - 1)))
                        return false;
        if (kind == ORDER_SERVICE && !is_unit(s))
                return false;
        memcpy(n.text, s.p, s.len);
        *ret = n;
        return true;
}

bool order_name_good(uint32_t kind, const struct order_name *n) {
        static const unsigned char zero[ORDER_WAS_BYTES];
        struct span s = span_of(n->text, strnlen(n->text, sizeof(n->text)));
        struct order_name again;

        return order_name_parse(kind, s, &again) &&
               memcmp(&again.text, n->text, sizeof(n->text)) == 0 &&
               memcmp(n->was, zero, sizeof(zero)) == 0;
}
