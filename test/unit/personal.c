/* scan/personal: what is taken for personal data, what is not, and what masking leaves of it. */
#include "check.h"

#include <sodium.h>

#include "scan/personal.h"

/* Kind and text of each find, one behind the other: "phone=0912345678 ". */
static const char *finds(const char *text) {
        static char out[1024];
        struct personal_find f;
        size_t at = 0, n = 0;

        out[0] = '\0';
        while (personal_next(span_str(text), &at, &f))
                n += (size_t)snprintf(out + n, sizeof(out) - n, "%s=%.*s ", personal_name(f.kind),
                                      (int)f.len, text + f.at);
        return out;
}

static void finds_identity_numbers(void) {
        check_span(span_str(finds("so 001085012345.")), "cccd=001085012345 ");
        check_span(span_str(finds("{\"cccd\":\"096303000001\"}")), "cccd=096303000001 ");
        check_span(span_str(finds("001 085 012 345")), "cccd=001 085 012 345 ");
        check_span(span_str(finds("CMND: 012345678")), "cmnd=012345678 ");
        check_span(span_str(finds("Chứng minh nhân dân số 123456789, Hà Nội")), "cmnd=123456789 ");
        check_span(span_str(finds("097085012345")), ""); /* no such province */
        check_span(span_str(finds("001685012345")), ""); /* no such century */
        check_span(span_str(finds("uptime 123456789")), "");
        check_span(span_str(finds("id=00108501234567890123")), "");
}

static void finds_tax_and_insurance(void) {
        check_span(span_str(finds("MST 0100233488")), "tax=0100233488 ");
        check_span(span_str(finds("0100233488")), "tax=0100233488 ");
        check_span(span_str(finds("0100233488-001")), "tax=0100233488-001 ");
        check_span(span_str(finds("0100233489")), "");
        check_span(span_str(finds("tax_code=4100233480")), "tax=4100233480 ");
        check_span(span_str(finds("BHXH: 7912345678")), "bhxh=7912345678 ");
        check_span(span_str(finds("so bao hiem 0123456789")), "bhxh=0123456789 ");
        check_span(span_str(finds("t=1795420800 pid=4711")), ""); /* seconds since 1970 */
}

static void finds_phones(void) {
        check_span(span_str(finds("goi 0912345678!")), "phone=0912345678 ");
        check_span(span_str(finds("0912.345.678")), "phone=0912.345.678 ");
        check_span(span_str(finds("091 234 5678, 035-123-4567")),
                   "phone=091 234 5678 phone=035-123-4567 ");
        check_span(span_str(finds("tel:+84912345678")), "phone=+84912345678 ");
        check_span(span_str(finds("+84 91 234 56 78")), "phone=+84 91 234 56 78 ");
        check_span(span_str(finds("+840912345678")), "phone=+840912345678 ");
        check_span(span_str(finds("0512345678")), ""); /* no such prefix */
        check_span(span_str(finds("0711345678")), "");
        check_span(span_str(finds("x0912345678 _0912345678 0912345678y 0.0912345678")), "");
        check_span(span_str(finds("10.12.34.56 192.168.100.200")), "");
}

static void finds_cards_and_accounts(void) {
        check_span(span_str(finds("card 4111111111111111")), "card=4111111111111111 ");
        check_span(span_str(finds("4111 1111 1111 1111;")), "card=4111 1111 1111 1111 ");
        check_span(span_str(finds("5500-0000-0000-0004")), "card=5500-0000-0000-0004 ");
        check_span(span_str(finds("9704361234567890123")), "card=9704361234567890123 ");
        check_span(span_str(finds("4111111111111112")), "");                     /* Luhn */
        check_span(span_str(finds("1795420800000000 1795420800000000000")), ""); /* times */
        check_span(span_str(finds("STK 19034567890123 VCB")), "account=19034567890123 ");
        check_span(span_str(finds("Số tài khoản: 0011004567890")), "account=0011004567890 ");
        check_span(span_str(finds("\"account_number\":\"123456\"")), "account=123456 ");
        check_span(span_str(finds("An account was logged on: 19034567890123")), "");
}

static void finds_passports_and_plates(void) {
        check_span(span_str(finds("passport B1234567, C12345678")),
                   "passport=B1234567 passport=C12345678 ");
        check_span(span_str(finds("KB5012345 b1234567 B123456 B123456789 B1234567x")), "");
        check_span(span_str(finds("xe 29A-123.45")), "plate=29A-123.45 ");
        check_span(span_str(finds("51F 12345 / 29-B1 123.45 / 30E-1234")),
                   "plate=51F 12345 plate=29-B1 123.45 plate=30E-1234 ");
        check_span(span_str(finds("10A-12345 29A12345 29a-12345 129A-12345 29A-123456")), "");
        check_span(span_str(finds("550e8400-e29b-41D4-4716-446655440000")), "");
}

static void finds_mail(void) {
        check_span(span_str(finds("from=<nguyen.van-a@bo.gov.vn>,")),
                   "email=nguyen.van-a@bo.gov.vn ");
        check_span(span_str(finds("0912345678@gmail.com.")), "email=0912345678@gmail.com ");
        check_span(span_str(finds("a@b user@host x@1.2 @b.vn a@.vn a@b.")), "");
}

static void any_place_is_the_same(void) {
        /* At the end of the text, alone, and behind another find: no byte beyond is looked at. */
        static const char *const all[] = {"001085012345", "0912345678",       "29A-123.45",
                                          "B1234567",     "4111111111111111", "a@b.vn",
                                          "+84912345678", "0100233488-001"};

        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                for (size_t n = 0; n <= strlen(all[i]); n++) {
                        char *exact = malloc(n ? n : 1);
                        struct personal_find f;
                        size_t at = 0;
                        check(exact);
                        memcpy(exact, all[i], n);
                        bool any = personal_next(span_of(exact, n), &at, &f);
                        free(exact);
                        if (n == strlen(all[i]))
                                check(any && f.at == 0 && f.len == n);
                }
        }
        check_span(span_str(finds("0912345678,0912345678")), "phone=0912345678 phone=0912345678 ");
}

static void masks(void) {
        static const unsigned char key[32] = {1}, other[32] = {2};
        _cleanup_(buf_deinit) struct buf a = {0}, b = {0}, c = {0};
        const struct span text = SPAN("goi 0912345678 hay a@b.vn, 0912345678; so 0987654321");

        check_int(personal_mask(&a, text, key), 4);
        check_int(personal_mask(&b, text, key), 4);
        check_int(personal_mask(&c, text, other), 4);
        check(span_eq(buf_get(&a), buf_get(&b)) && !span_eq(buf_get(&a), buf_get(&c)));
        check(!memmem(a.p, a.len, "345678", 6) && !memmem(a.p, a.len, "a@b", 3));
        /* The same number is the same, another is another. */
        const char *first = memmem(a.p, a.len, "[phone~", 7);
        check(first && first == a.p + 4 && first[11] == ']');
        const char *second = memmem(first + 1, (size_t)(a.p + a.len - first - 1), "[phone~", 7);
        check(second && memcmp(first, second, 12) == 0);
        const char *third = memmem(second + 1, (size_t)(a.p + a.len - second - 1), "[phone~", 7);
        check(third && memcmp(first, third, 12) != 0);
        buf_reset(&a);
        check_int(personal_mask(&a, SPAN("nothing here"), key), 0);
        check_span(buf_get(&a), "nothing here");
        check_int(personal_mask(&a, SPAN(""), key), 0);
}

int main(void) {
        if (sodium_init() < 0)
                return 1;
        RUN(finds_identity_numbers);
        RUN(finds_tax_and_insurance);
        RUN(finds_phones);
        RUN(finds_cards_and_accounts);
        RUN(finds_passports_and_plates);
        RUN(finds_mail);
        RUN(any_place_is_the_same);
        RUN(masks);
        return check_done();
}
