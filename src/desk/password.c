/* What a new password must be (TCVN 14423: 8 characters where there is a second factor, else 14 of four
 * classes), and the few that everybody tries first. Length is what counts, so there is no rule against
 * words; but one of the list, with figures or signs around it, is none, nor is one's own login. */
#include "base/utf8.h"
#include "desk/people.h"

#define WITH_SECOND 8u
#define ALONE 14u
#define CLASSES 4u

/* Lower case, letters only: what remains of "Password@123" and "matkhau2026!" */
static const char *const common[] = {
        "abc",
        "abcd",
        "abcdef",
        "abcdefgh",
        "admin",
        "administrator",
        "adobe",
        "anhyeuem",
        "asdf",
        "asdfgh",
        "asdfghjkl",
        "azerty",
        "baseball",
        "batman",
        "biet",
        "changeme",
        "coloa",
        "congty",
        "daihoc",
        "default",
        "dragon",
        "em",
        "emyeuanh",
        "football",
        "freedom",
        "guest",
        "hanoi",
        "hello",
        "iloveyou",
        "khongbiet",
        "letmein",
        "login",
        "master",
        "matkhau",
        "matkhaumoi",
        "minh",
        "monkey",
        "ngoc",
        "nguyen",
        "oracle",
        "p",
        "pa",
        "pass",
        "passw",
        "passwd",
        "password",
        "passwordpassword",
        "princess",
        "q",
        "qaz",
        "qazwsx",
        "qwe",
        "qwer",
        "qwert",
        "qwerty",
        "qwertyuiop",
        "root",
        "saigon",
        "secret",
        "server",
        "shadow",
        "sinhvien",
        "superman",
        "sunshine",
        "system",
        "temp",
        "test",
        "tester",
        "toor",
        "trustno",
        "tuan",
        "user",
        "vietnam",
        "welcome",
        "xinchao",
        "yeuem",
        "zaq",
        "zxc",
        "zxcv",
        "zxcvbn",
        "zxcvbnm",
};

struct seen {
        unsigned n, classes;
        bool same; /* one character over and over */
};

static struct seen look(struct span s) {
        struct seen o = {.same = true};
        unsigned bits = 0;
        uint32_t first = 0;

        while (s.len) {
                uint32_t cp = 0;
                unsigned k = utf8_next(s.p, s.len, &cp);

                if (!k)
                        break;
                if (o.n++ == 0)
                        first = cp;
                o.same = o.same && cp == first;
                bits |= cp >= 'a' && cp <= 'z'   ? 1
                        : cp >= 'A' && cp <= 'Z' ? 2
                        : cp >= '0' && cp <= '9' ? 4
                                                 : 8;
                s = span_of(s.p + k, s.len - k);
        }
        for (; bits; bits &= bits - 1)
                o.classes++;
        return o;
}

static bool is_letter(char c) {
        char low = ascii_lower(c);

        return (low >= 'a' && low <= 'z') || (unsigned char)c >= 0x80;
}

/* "P@ssw0rd123" is "password" to everybody but a rule. */
static size_t bare(char *to, size_t room, struct span s) {
        size_t n = 0;

        while (s.len && !is_letter(s.p[s.len - 1]))
                s.len--;
        for (size_t i = 0; i < s.len && n < room; i++) {
                char c = ascii_lower(s.p[i]);

                c = c == '@'   ? 'a'
                    : c == '0' ? 'o'
                    : c == '1' ? 'i'
                    : c == '$' ? 's'
                    : c == '3' ? 'e'
                               : c;
                if (is_letter(c))
                        to[n++] = c;
        }
        return n;
}

static bool is_common(struct span password, struct span login) {
        char word[VAULT_TEXT_MAX];
        size_t n = bare(word, sizeof(word), password);
        struct span w = span_of(word, n);

        if (n == 0)
                return true; /* figures and signs alone */
        for (size_t i = 0; i < ARRAY_LEN(common); i++)
                if (span_eq(w, span_str(common[i])))
                        return true;
        return login.len && (span_ieq(w, login) || span_ieq(password, login));
}

int password_fit(struct api_call *c, const char *field, struct span password, struct span login,
                 bool second_factor) {
        struct seen o = look(password);

        if (password.len > VAULT_TEXT_MAX)
                return api_fault_at(c, field, "it is too long", "mật khẩu quá dài",
                                    "take at most 128 characters", "dùng nhiều nhất 128 ký tự");
        if (second_factor && o.n < WITH_SECOND)
                return api_fault_at(c, field, "it is shorter than 8 characters",
                                    "mật khẩu ngắn hơn 8 ký tự", "take 8 or more",
                                    "dùng từ 8 ký tự trở lên");
        if (!second_factor && (o.n < ALONE || o.classes < CLASSES))
                return api_fault_at(
                        c, field,
                        "without a second factor it needs 14 characters, with small and capital "
                        "letters, figures and other signs",
                        "khi chưa có yếu tố thứ hai, mật khẩu cần 14 ký tự gồm chữ thường, chữ "
                        "hoa, "
                        "chữ số và ký tự khác",
                        "a few words with a figure and a comma will do; or set up a second factor",
                        "vài từ kèm chữ số và dấu phẩy là đủ; hoặc thiết lập yếu tố thứ hai");
        if (o.same || is_common(password, login))
                return api_fault_at(
                        c, field, "it is one of those that everybody tries first",
                        "đây là mật khẩu mà ai cũng thử đầu tiên",
                        "take one that is in no list: a few words of your own",
                        "chọn mật khẩu không có trong danh sách nào: vài từ của riêng bạn");
        return 0;
}
