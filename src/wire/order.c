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
