/* The vault: boxes open for whom and what they were made, passwords and codes are right once and for one
 * person, and nothing of what a box holds ever comes out. */
#include <liboath/oath.h>
#include <sodium.h>

#include "base/timestamp.h"
#include "check.h"
#include "vault/vault.h"
#include "vault/vault_impl.h"
#include "wire/file_sign.h"
#include "wire/order.h"

static const unsigned char seed[VAULT_SEED_BYTES] = "a seed of thirty-two bytes, here";
/* As little work as there can be: how much it is changes nothing else. */
static const struct vault_options light = {.work = 1, .work_mem = 8192};

static struct vault *made(void) {
        struct vault *v = NULL;

        check_int(vault_new(&v, seed, &light), 0);
        return v;
}

static struct msg_vault_answer ask_at(struct vault *v, enum vault_message what, int64_t person,
                                      struct span box, const char *text, int64_t step,
                                      int64_t now) {
        struct msg_vault_ask m = {.type = what, .ticket = 7, .person = person, .step = step};
        struct msg_vault_answer a;

        check(box.len <= sizeof(m.box) && strlen(text) <= sizeof(m.text));
        if (box.len)
                memcpy(m.box, box.p, box.len);
        m.box_len = (uint32_t)box.len;
        memcpy(m.text, text, strlen(text));
        m.text_len = (uint32_t)strlen(text);
        check(vault_ask_good(&m));
        vault_do(v, &m, now, &a);
        check_int(a.ticket, 7);
        check_int(a.type, VAULT_ANSWER);
        check(sodium_is_zero((unsigned char *)&m, sizeof(m)));
        return a;
}

static struct msg_vault_answer ask(struct vault *v, enum vault_message what, int64_t person,
                                   struct span box, const char *text) {
        return ask_at(v, what, person, box, text, 0, 1000000000);
}

static struct span box_of(const struct msg_vault_answer *a) {
        return span_of((const char *)a->box, a->box_len);
}

static bool holds(const struct msg_vault_answer *a, const void *p, size_t n) {
        return memmem(a, sizeof(*a), p, n) != NULL;
}

static void a_password_is_right_for_its_person_only(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        struct msg_vault_answer a = ask(v, VAULT_HASH, 12, SPAN_NONE, "Mật khẩu đúng!");

        check_int(a.error, 0);
        check_int(a.box_len, crypto_pwhash_STRBYTES + 41);
        check_int(a.text_len, 0);
        check(!holds(&a, "$argon2", 7) && !holds(&a, "khẩu", 6));
        check_int(ask(v, VAULT_CHECK, 12, box_of(&a), "Mật khẩu đúng!").error, 0);
        check_int(ask(v, VAULT_CHECK, 12, box_of(&a), "Mật khẩu đúng").error, -EACCES);
        check_int(ask(v, VAULT_CHECK, 12, box_of(&a), "").error, -EACCES);
        check_int(ask(v, VAULT_CHECK, 13, box_of(&a), "Mật khẩu đúng!").error, -EACCES);
        check_int(ask(v, VAULT_CHECK, 12, SPAN_NONE, "Mật khẩu đúng!").error, -EACCES);
        struct msg_vault_answer b = ask(v, VAULT_HASH, 12, SPAN_NONE, "Mật khẩu đúng!");
        check(memcmp(a.box, b.box, a.box_len) != 0);
}

static void a_changed_box_is_none(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        struct msg_vault_answer a = ask(v, VAULT_HASH, 1, SPAN_NONE, "xxxxxxxx");

        for (uint32_t i = 0; i < a.box_len; i++) {
                a.box[i] ^= 1;
                check_int(ask(v, VAULT_CHECK, 1, box_of(&a), "xxxxxxxx").error, -EACCES);
                a.box[i] ^= 1;
        }
        for (uint32_t n = 0; n < a.box_len; n++)
                check_int(ask(v, VAULT_CHECK, 1, span_of((char *)a.box, n), "xxxxxxxx").error,
                          -EACCES);
        check_int(ask(v, VAULT_CHECK, 1, box_of(&a), "xxxxxxxx").error, 0);
}

static void another_seed_opens_nothing(void) {
        static const unsigned char other[VAULT_SEED_BYTES] = "another one";
        _cleanup_(vault_freep) struct vault *v = made(), *w = NULL;
        struct msg_vault_answer a = ask(v, VAULT_HASH, 1, SPAN_NONE, "xxxxxxxx");

        check_int(vault_new(&w, other, &light), 0);
        check_int(ask(w, VAULT_CHECK, 1, box_of(&a), "xxxxxxxx").error, -EACCES);
}

/* What a hijacked desk would ask for. */
static void boxes_of_people_are_never_opened(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        static const enum vault_message makes[] = {VAULT_HASH, VAULT_ONE_TIME, VAULT_TOTP_MAKE,
                                                   VAULT_CODES_MAKE};
        static const enum vault_message asks[] = {VAULT_OPEN, VAULT_CHECK, VAULT_TOTP_CHECK,
                                                  VAULT_CODES_CHECK};

        for (size_t i = 0; i < ARRAY_LEN(makes); i++) {
                struct msg_vault_answer a = ask(v, makes[i], 5, SPAN_NONE, "xxxxxxxx");

                check_int(a.error, 0);
                for (size_t k = 0; k < ARRAY_LEN(asks); k++) {
                        struct msg_vault_answer b = ask(v, asks[k], 5, box_of(&a), "no");

                        check_int(b.error, -EACCES);
                        check_int(b.text_len + b.box_len, 0);
                        check(sodium_is_zero(b.box, sizeof(b.box)) &&
                              sodium_is_zero((unsigned char *)b.text, sizeof(b.text)));
                }
        }
}

static void secrets_of_other_systems_come_back(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        struct msg_vault_answer a = ask(v, VAULT_SEAL, 3, SPAN_NONE, "smtp password");

        check_int(a.error, 0);
        struct msg_vault_answer b = ask(v, VAULT_OPEN, 3, box_of(&a), "");
        check_int(b.error, 0);
        check_span(span_of(b.text, b.text_len), "smtp password");
        check_int(ask(v, VAULT_OPEN, 4, box_of(&a), "").error, -EACCES);
}

/* A person's authenticator: the secret as it is shown, the code of a second. */
static void code_at(const struct msg_vault_answer *made_, int64_t now, char to[7]) {
        char *secret = NULL;
        size_t len = 0;

        check_int(oath_base32_decode(made_->text, made_->text_len, &secret, &len), OATH_OK);
        check_int(len, 20);
        check_int(oath_totp_generate(secret, len, (time_t)now, 30, 0, 6, to), OATH_OK);
        free(secret);
}

static void a_code_is_good_for_a_window_and_once(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        struct msg_vault_answer t = ask(v, VAULT_TOTP_MAKE, 9, SPAN_NONE, ""), a;
        const int64_t now = 1790000010;
        char code[7];

        check_int(t.text_len, 32);
        for (int64_t k = -3; k <= 3; k++) {
                code_at(&t, now + k * 30, code);
                a = ask_at(v, VAULT_TOTP_CHECK, 9, box_of(&t), code, 0, now);
                check_int(a.error, k >= -1 && k <= 1 ? 0 : -EACCES);
                check_int(a.step, k >= -1 && k <= 1 ? now / 30 + k : 0);
        }
        code_at(&t, now, code);
        check_int(ask_at(v, VAULT_TOTP_CHECK, 9, box_of(&t), code, now / 30, now).error, -EALREADY);
        check_int(ask_at(v, VAULT_TOTP_CHECK, 9, box_of(&t), code, now / 30 - 1, now).error, 0);
        check_int(ask_at(v, VAULT_TOTP_CHECK, 8, box_of(&t), code, 0, now).error, -EACCES);
        code[5] = code[5] == '0' ? '1' : '0';
        check_int(ask_at(v, VAULT_TOTP_CHECK, 9, box_of(&t), code, 0, now).error, -EACCES);
        check_int(ask_at(v, VAULT_TOTP_CHECK, 9, box_of(&t), "12345", 0, now).error, -EACCES);
        check_int(ask_at(v, VAULT_TOTP_CHECK, 9, box_of(&t), "1234567", 0, now).error, -EACCES);
}

/* Orders of containment: only with the approver's code, of two people, of now. */
static void orders_need_the_second_persons_code(void) {
        unsigned char public_key[32], secret_key[64];
        _cleanup_(vault_freep) struct vault *v = NULL, *none = made();
        const int64_t now = 1790000010;
        struct vault_options o = light;

        check_int(crypto_sign_keypair(public_key, secret_key), 0);
        o.public_key = public_key;
        o.secret_key = secret_key;
        check_int(vault_new(&v, seed, &o), 0);
        struct msg_vault_answer t = ask(v, VAULT_TOTP_MAKE, 9, SPAN_NONE, "");
        static const struct {
                int64_t approver, proposer, late;
                bool right;
                int error;
        } tries[] = {{9, 4, 0, true, 0},       {9, 4, 0, false, -EACCES}, {9, 9, 0, true, -EPERM},
                     {8, 4, 0, true, -EPERM},  {9, 0, 0, true, -EPERM},   {9, 4, 61, true, -EPERM},
                     {9, 4, -61, true, -EPERM}};
        for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
                struct order_ask a = {.order = {.name = ORDER_NAME,
                                                .id = 1,
                                                .kind = ORDER_BLOCK,
                                                .n_targets = 1,
                                                .seconds = 60,
                                                .approved = (now - tries[i].late) * 1000000000,
                                                .proposer = tries[i].proposer,
                                                .approver = tries[i].approver}};
                struct msg_vault_ask m = {.type = VAULT_ORDER, .person = 9, .text_len = sizeof(a)};
                struct msg_vault_answer got;
                char code[7];

                code_at(&t, now, code);
                memcpy(a.code, tries[i].right ? code : "000000", 6);
                memcpy(m.text, &a, sizeof(a));
                memcpy(m.box, t.box, t.box_len);
                m.box_len = t.box_len;
                struct msg_vault_ask again = m;
                vault_do(v, &m, now, &got);
                check_int(got.error, tries[i].error);
                check_int(got.box_len, tries[i].error ? 0 : sizeof(struct order_signed));
                vault_do(none, &again, now, &got);
                check_int(got.error, -EPERM); /* one without a key signs none */
        }
        struct order_ask a = {.order = {.name = ORDER_NAME,
                                        .id = 1,
                                        .kind = ORDER_BLOCK,
                                        .n_targets = 1,
                                        .seconds = 60,
                                        .approved = now * 1000000000,
                                        .proposer = 4,
                                        .approver = 9}};
        struct msg_vault_ask m = {.type = VAULT_ORDER, .person = 9, .text_len = sizeof(a)};
        struct msg_vault_answer got;
        struct order_signed s;
        code_at(&t, now, a.code);
        memcpy(m.text, &a, sizeof(a));
        memcpy(m.box, t.box, t.box_len);
        m.box_len = t.box_len;
        vault_do(v, &m, now, &got);
        check_int(got.error, 0);
        memcpy(&s, got.box, sizeof(s));
        check_int(crypto_sign_verify_detached(s.signature, (const unsigned char *)&a.order,
                                              sizeof(a.order), public_key),
                  0);
        check_int(got.step, now / 30);
}

/* RFC 6238, appendix B: the last six of its eight digits. */
static void codes_are_those_of_the_rfc(void) {
        static const struct {
                int64_t time;
                const char *code;
        } known[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                     {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
        _cleanup_(vault_freep) struct vault *v = made();
        unsigned char box[VAULT_BOX_MAX];
        uint32_t len;

        check_int(box_seal(v, VAULT_FOR_TOTP, 1, SPAN("12345678901234567890"), box, &len), 0);
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                check_int(ask_at(v, VAULT_TOTP_CHECK, 1, span_of((char *)box, len), known[i].code,
                                 0, known[i].time)
                                  .error,
                          0);
}

static void recovery_codes_work_once_each(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        struct msg_vault_answer a = ask(v, VAULT_CODES_MAKE, 2, SPAN_NONE, ""), b = a;

        check_int(a.error, 0);
        check_int(a.text_len, VAULT_CODES * 20);
        for (unsigned i = 0; i < VAULT_CODES; i++) {
                char code[24], odd[24];

                snprintf(code, sizeof(code), "%.19s", a.text + (size_t)i * 20);
                for (unsigned k = 0; k < 20; k++)
                        odd[k] = code[k] == '-' ? ' ' : ascii_lower(code[k]);
                odd[20] = 0;
                check_int(ask(v, VAULT_CODES_CHECK, 3, box_of(&b), code).error, -EACCES);
                struct msg_vault_answer c = ask(v, VAULT_CODES_CHECK, 2, box_of(&b), odd);
                check_int(c.error, 0);
                check_int(c.step, VAULT_CODES - 1 - i);
                b = c;
                check_int(ask(v, VAULT_CODES_CHECK, 2, box_of(&b), code).error, -EACCES);
        }
        check_int(ask(v, VAULT_CODES_CHECK, 2, box_of(&b), "AAAA-AAAA-AAAA-AAAA").error, -EACCES);
}

static void one_time_passwords_are_passwords(void) {
        _cleanup_(vault_freep) struct vault *v = made();
        struct msg_vault_answer a = ask(v, VAULT_ONE_TIME, 2, SPAN_NONE, "");
        char text[32];

        check_int(a.text_len, 19);
        snprintf(text, sizeof(text), "%.*s", (int)a.text_len, a.text);
        check_int(ask(v, VAULT_CHECK, 2, box_of(&a), text).error, 0);
        text[0] = text[0] == 'A' ? 'B' : 'A';
        check_int(ask(v, VAULT_CHECK, 2, box_of(&a), text).error, -EACCES);
}

static void base32_is_of_the_rfc(void) {
        static const char *const known[][2] = {{"", ""},
                                               {"f", "MY"},
                                               {"fo", "MZXQ"},
                                               {"foo", "MZXW6"},
                                               {"foob", "MZXW6YQ"},
                                               {"fooba", "MZXW6YTB"},
                                               {"foobar", "MZXW6YTBOI"}};
        char to[32];

        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                check_span(span_of(to, base32_put(to, (const unsigned char *)known[i][0],
                                                  strlen(known[i][0]), 0)),
                           known[i][1]);
        check_span(span_of(to, base32_put(to, (const unsigned char *)"foobar", 6, 4)),
                   "MZXW-6YTB-OI");
}

static void the_queue_is_bounded_and_forgets(void) {
        _cleanup_(vault_queue_freep) struct vault_queue *q = vault_queue_new();
        struct msg_vault_ask m = {.type = VAULT_HASH, .text_len = 4, .text = "abcd"};

        for (unsigned round = 0; round < 3; round++) {
                for (unsigned i = 0; i < VAULT_QUEUE; i++) {
                        m.ticket = i;
                        check(vault_queue_add(q, &m));
                }
                check(!vault_queue_add(q, &m));
                for (unsigned i = 0; i < VAULT_QUEUE - round; i++) {
                        struct msg_vault_ask got;

                        check(vault_queue_take(q, &got));
                        check_int(got.ticket, i);
                        check_span(span_of(got.text, got.text_len), "abcd");
                }
                check_int(vault_queue_count(q), round);
                vault_queue_clear(q);
                check(memmem(q, sizeof(m) * VAULT_QUEUE, "abcd", 4) == NULL);
        }
}

static void impossible_asks_are_told(void) {
        struct msg_vault_ask m = {.type = VAULT_CHECK, .box_len = VAULT_BOX_MAX};

        check(vault_ask_good(&m));
        m.box_len++;
        check(!vault_ask_good(&m));
        m.box_len = 0;
        m.text_len = VAULT_TEXT_MAX + 1;
        check(!vault_ask_good(&m));
        m.text_len = 0;
        m.type = VAULT_ANSWER;
        check(!vault_ask_good(&m));
        m.type = VAULT_HASH - 1;
        check(!vault_ask_good(&m));
}

/* A report's file: nothing but that, of now; and its text holds it to the letter. */
static void files_are_signed_as_what_they_are(void) {
        unsigned char public_key[32], secret_key[64], hash[32] = "hash";
        _cleanup_(buf_deinit) struct buf text = {0};
        _cleanup_(vault_freep) struct vault *v = NULL, *none = made();
        const int64_t now = 1790000010;
        struct vault_options o = light;
        struct msg_vault_answer got;
        struct file_signed s, back;
        struct file_sign f, read;

        check_int(crypto_sign_keypair(public_key, secret_key), 0);
        o.public_key = public_key;
        o.secret_key = secret_key;
        check_int(vault_new(&v, seed, &o), 0);
        for (unsigned i = 0; i < 6; i++) {
                struct msg_vault_ask m = {.type = VAULT_FILE, .text_len = sizeof(f)};

                file_sign_make(&f, SPAN("BC-2026-0001 bản 1 pdf"), now * NS_PER_SEC, hash);
                if (i == 1)
                        f.name[6]++;
                if (i == 2)
                        f.time -= 61 * NS_PER_SEC;
                if (i == 3)
                        f.what[63] = 'x';
                if (i == 4)
                        m.text_len--;
                memcpy(m.text, &f, sizeof(f));
                vault_do(i == 5 ? none : v, &m, now, &got);
                check_int(got.error, i ? -EPERM : 0);
                if (i == 0)
                        memcpy(&s, got.box, sizeof(s));
        }
        file_sign_make(&f, SPAN("BC-2026-0001 bản 1 pdf"), now * NS_PER_SEC, hash);
        check_int(crypto_sign_verify_detached(s.signature, (const unsigned char *)&f, sizeof(f),
                                              public_key),
                  0);
        file_sign_text(&text, &f, &s);
        check_int(file_sign_read(buf_get(&text), &read, &back), 0);
        check(memcmp(&read, &f, sizeof(f)) == 0 && memcmp(&back, &s, sizeof(s)) == 0);
        check_int(file_sign_read(span_of(text.p, text.len - 1), &read, &back), -EBADMSG);
        buf_char(&text, '\n');
        check_int(file_sign_read(buf_get(&text), &read, &back), -EBADMSG);
}

int main(void) {
        if (sodium_init() < 0)
                return 2;
        RUN(a_password_is_right_for_its_person_only);
        RUN(a_changed_box_is_none);
        RUN(another_seed_opens_nothing);
        RUN(boxes_of_people_are_never_opened);
        RUN(secrets_of_other_systems_come_back);
        RUN(a_code_is_good_for_a_window_and_once);
        RUN(orders_need_the_second_persons_code);
        RUN(files_are_signed_as_what_they_are);
        RUN(codes_are_those_of_the_rfc);
        RUN(recovery_codes_work_once_each);
        RUN(one_time_passwords_are_passwords);
        RUN(base32_is_of_the_rfc);
        RUN(the_queue_is_bounded_and_forgets);
        RUN(impossible_asks_are_told);
        return check_done();
}
