/* The vault as the desk and the store see it, from outside: its own process, behind its sandbox. A desk
 * that was taken over gets no signature, no key and no box opened; one that floods it with passwords
 * delays nobody's head; one that does not read, or sends what it may not, loses its line and nothing
 * else. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "os/os.h"
#include "store/proof.h"
#include "wire/audit_head.h"
#include "wire/message.h"
#include "wire/node.h"
#include "wire/vault.h"

static const char *program;
static int main_end, desk_end, store_end, heads_file;
static pid_t child;
static const char seed[32] = "thirty-two bytes of a seed, here";

static int join(uint32_t value) {
        struct msg_plain m = {NODE_PEER, value};
        int pair[2];

        check_int(os_socketpair_seqpacket(pair), 0);
        check_int(os_send(main_end, &m, sizeof(m), pair, 1), 0);
        os_close(pair[0]);
        return pair[1];
}

static void start(void) {
        int pair[2], key;
        struct msg_plain ready;

        check_int(os_memfd("key", &key), 0);
        check_int(os_write_full(key, seed, sizeof(seed)), 0);
        check_int(os_socketpair_seqpacket(pair), 0);
        child = fork();
        check(child >= 0);
        if (child == 0) {
                const char *argv[] = {"coloa: vault", "head=5", NULL};
                int a = fcntl(pair[1], F_DUPFD_CLOEXEC, 100), b = fcntl(key, F_DUPFD_CLOEXEC, 100),
                    c = fcntl(heads_file, F_DUPFD_CLOEXEC, 100);

                dup2(a, 3);
                dup2(b, 4);
                dup2(c, 5);
                (void)os_cloexec_from(6);
                execv(program, (char *const *)argv);
                _exit(127);
        }
        os_close(pair[1]);
        os_close(key);
        main_end = pair[0];
        check_int(os_recv(main_end, &ready, sizeof(ready), NULL, 0, NULL), sizeof(ready));
        check_int(ready.type, PROCESS_READY);
        store_end = join(0);
        desk_end = join(NODE_PEER_DESK);
}

static void end(void) {
        int status = -1;

        os_close(main_end);
        os_close_quiet(desk_end);
        os_close_quiet(store_end);
        check_int(waitpid(child, &status, 0), child);
        check_int(status, 0);
}

static void ask(struct msg_vault_ask m) {
        check_int(os_send(desk_end, &m, sizeof(m), NULL, 0), 0);
}

static struct msg_vault_answer hear(void) {
        struct msg_vault_answer a = {0};

        check_int(os_recv(desk_end, &a, sizeof(a), NULL, 0, NULL), sizeof(a));
        check_int(a.type, VAULT_ANSWER);
        return a;
}

static struct msg_vault_ask with_text(enum vault_message what, const char *text) {
        struct msg_vault_ask m = {.type = what, .person = 1, .text_len = (uint32_t)strlen(text)};

        memcpy(m.text, text, strlen(text));
        return m;
}

/* The line is at its end. */
static bool ended(int fd) {
        char bytes[MESSAGE_MAX];
        ssize_t n;

        while ((n = os_recv(fd, bytes, sizeof(bytes), NULL, 0, NULL)) > 0)
                ;
        return n == 0 || n == -ECONNRESET;
}

static struct msg_sign head(uint64_t number) {
        struct head h = {.name = HEAD_NAME, .number = number};
        struct msg_sign m = {.type = VAULT_SIGN, .len = sizeof(h)};

        memcpy(m.bytes, &h, sizeof(h));
        return m;
}

static int64_t sign(uint64_t number) {
        struct msg_sign m = head(number);
        struct msg_signed s;
        int64_t before = os_monotonic();

        check_int(os_send(store_end, &m, sizeof(m), NULL, 0), 0);
        check_int(os_recv(store_end, &s, sizeof(s), NULL, 0, NULL), sizeof(s));
        check_int(s.error, 0);
        check_int(crypto_sign_verify_detached(s.signature, m.bytes, m.len, s.public_key), 0);
        return os_monotonic() - before;
}

static void passwords_as_they_are_used(void) {
        start();
        ask(with_text(VAULT_HASH, "mật khẩu của tôi"));
        struct msg_vault_answer a = hear();
        check_int(a.error, 0);
        struct msg_vault_ask m = with_text(VAULT_CHECK, "mật khẩu của tôi");
        memcpy(m.box, a.box, a.box_len);
        m.box_len = a.box_len;
        ask(m);
        check_int(hear().error, 0);
        m.text[0] = 'M';
        ask(m);
        check_int(hear().error, -EACCES);
        end();
}

/* P1: nobody's login takes as long as somebody's. Work, not waiting, is compared: the medians of some. */
static int64_t median_check(const struct msg_vault_ask *m) {
        int64_t t[7];

        for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
                int64_t before = os_monotonic();

                ask(*m);
                (void)hear();
                t[i] = os_monotonic() - before;
                for (unsigned k = i; k > 0 && t[k] < t[k - 1]; k--) {
                        int64_t x = t[k];
                        t[k] = t[k - 1];
                        t[k - 1] = x;
                }
        }
        return t[ARRAY_LEN(t) / 2];
}

static void nobody_takes_as_long(void) {
        start();
        ask(with_text(VAULT_HASH, "right"));
        struct msg_vault_answer a = hear();
        struct msg_vault_ask wrong = with_text(VAULT_CHECK, "wrong"), none = wrong;
        memcpy(wrong.box, a.box, a.box_len);
        wrong.box_len = a.box_len;
        int64_t one = median_check(&wrong), other = median_check(&none);
        printf("# a wrong password %lld us, nobody's %lld us\n", (long long)one / 1000,
               (long long)other / 1000);
        check(one < other * 3 && other < one * 3);
        end();
}

/* What is asked for behind a full queue is refused at once, the rest is answered, and a head is signed in
 * between: not after all of it. */
static void a_flood_waits_and_heads_do_not(void) {
        unsigned refused = 0, done = 0;

        start();
        int64_t quiet = sign(1), begun = os_monotonic();
        for (unsigned i = 0; i < VAULT_QUEUE * 2; i++)
                ask(with_text(VAULT_CHECK, "guess"));
        int64_t busy = sign(2);
        while (refused + done < VAULT_QUEUE * 2) {
                struct msg_vault_answer a = hear();

                refused += a.error == -EAGAIN;
                done += a.error == -EACCES;
        }
        int64_t all = os_monotonic() - begun;
        printf("# a head: %lld us, in a flood %lld us; %u done in %lld us, %u refused\n",
               (long long)quiet / 1000, (long long)busy / 1000, done, (long long)all / 1000,
               refused);
        check(done >= VAULT_QUEUE && refused >= VAULT_QUEUE / 2);
        check(busy < all / 2);
        end();
}

static void a_hijacked_desk_signs_nothing(void) {
        struct msg_sign m = head(5);
        struct msg_vault_ask big = {.type = VAULT_SIGN};

        start();
        check_int(os_send(desk_end, &m, sizeof(m), NULL, 0), 0);
        check(ended(desk_end));
        os_close(desk_end);
        desk_end = join(NODE_PEER_DESK); /* the next desk has its line */
        memcpy(big.text, m.bytes, sizeof(struct head));
        check_int(os_send(desk_end, &big, sizeof(big), NULL, 0), 0);
        check(ended(desk_end));
        check(sign(1) > 0); /* and number 5 was signed for nobody */
        end();
}

static void a_hijacked_store_asks_of_nobody(void) {
        struct msg_vault_ask m = with_text(VAULT_OPEN, "");

        start();
        check_int(os_send(store_end, &m, sizeof(m), NULL, 0), 0);
        check(ended(store_end));
        ask(with_text(VAULT_TOTP_MAKE, ""));
        check_int(hear().error, 0);
        end();
}

/* Every type of message, with every box of people it can be given: nothing of the seed, of a hash or of a
 * secret comes back. */
static void no_message_gets_a_secret_out(void) {
        static const uint32_t makes[] = {VAULT_HASH, VAULT_TOTP_MAKE, VAULT_CODES_MAKE};

        start();
        for (unsigned i = 0; i < ARRAY_LEN(makes); i++) {
                ask(with_text((enum vault_message)makes[i], "password"));
                struct msg_vault_answer a = hear();
                check_int(a.error, 0);
                for (uint32_t what = VAULT_TOTP_CHECK; what < VAULT_ANSWER; what++) {
                        struct msg_vault_ask m = {.type = what, .person = 1, .box_len = a.box_len};

                        if (what == VAULT_SEAL || what == VAULT_TOTP_MAKE ||
                            what == VAULT_CODES_MAKE)
                                continue;
                        memcpy(m.box, a.box, a.box_len);
                        ask(m);
                        struct msg_vault_answer b = hear();
                        /* What signs is given no text here, so nothing that could be signed. */
                        bool signs = what == VAULT_ORDER || what == VAULT_COURT ||
                                     what == VAULT_FILE || what == VAULT_AUDIT;
                        check(b.error == -EACCES || (signs && b.error < 0));
                        check(sodium_is_zero(b.box, sizeof(b.box)) &&
                              sodium_is_zero((unsigned char *)b.text, sizeof(b.text)));
                }
        }
        end();
}

/* ---- heads of the audit log ---- */

static int head_error(uint64_t number, uint64_t entries, unsigned char byte,
                      struct audit_signed *ret) {
        struct msg_vault_ask m = {.type = VAULT_AUDIT, .text_len = sizeof(struct audit_ask)};
        struct audit_ask a = {.number = number, .entries = entries};

        memset(a.hash, byte, sizeof(a.hash));
        memcpy(m.text, &a, sizeof(a));
        ask(m);
        struct msg_vault_answer b = hear();
        if (b.error == 0) {
                check_int(b.box_len, sizeof(*ret));
                memcpy(ret, b.box, sizeof(*ret));
                check(audit_head_good(ret));
        }
        return b.error;
}

static struct audit_signed on_disk(void) {
        char bytes[AUDIT_SLOTS * AUDIT_SLOT];
        struct audit_signed s;
        unsigned slot;
        ssize_t n = os_pread(heads_file, bytes, sizeof(bytes), 0);

        check(n >= (ssize_t)AUDIT_SLOT);
        check_int(audit_head_last(span_of(bytes, (size_t)n), &s, &slot), 0);
        return s;
}

static void heads_of_the_audit_log_go_on(void) {
        struct audit_signed first, s, t;
        unsigned char hash[AUDIT_HASH_BYTES];

        check_int(os_ftruncate(heads_file, 0), 0);
        start();
        check_int(head_error(0, 0, 0, &first), 0);
        check(first.head.number == 1 && first.head.entries == 0);
        check_int(head_error(2, 5, 'a', &s), 0);
        audit_head_hash(hash, &first);
        check(s.head.number == 2 && s.head.entries == 5 && memcmp(s.head.before, hash, 32) == 0);
        t = on_disk();
        check(memcmp(&t, &s, sizeof(s)) == 0); /* before it was answered */
        /* Not again, not out of turn, not shorter, not another hash at the same length. */
        check_int(head_error(2, 6, 'b', &t), -EPERM);
        check_int(head_error(4, 6, 'b', &t), -EPERM);
        check_int(head_error(3, 4, 'a', &t), -EPERM);
        check_int(head_error(3, 5, 'b', &t), -EPERM);
        check_int(head_error(3, UINT64_MAX, 'b', &t), -EPERM);
        check_int(head_error(0, 0, 0, &t), 0);
        check(memcmp(&t, &s, sizeof(s)) == 0);
        end();
        /* Another life knows. */
        start();
        check_int(head_error(0, 0, 0, &t), 0);
        check(memcmp(&t, &s, sizeof(s)) == 0);
        check_int(head_error(2, 5, 'a', &t), -EPERM);
        check_int(head_error(3, 9, 'c', &t), 0);
        end();
}

/* A crash in the middle of writing one leaves the other: whatever is left of a slot. */
static void a_torn_head_is_not_the_last(void) {
        struct audit_signed s, t;
        char slot[AUDIT_SLOT] = "";

        check_int(os_ftruncate(heads_file, 0), 0);
        start();
        for (uint64_t i = 2; i <= 4; i++)
                check_int(head_error(i, i, (unsigned char)i, &s), 0);
        end();
        /* Number 4 is in one of them, 3 in the other; 5 would go over 3. */
        for (unsigned cut = 0; cut < AUDIT_SLOT; cut += 37) {
                char bytes[AUDIT_SLOTS * AUDIT_SLOT];
                unsigned at;

                check_int(os_pread(heads_file, bytes, sizeof(bytes), 0), sizeof(bytes));
                check_int(audit_head_last(span_of(bytes, sizeof(bytes)), &t, &at), 0);
                check_int((int64_t)t.head.number, 4);
                memset(slot, 'x', cut);
                memcpy(bytes + (size_t)(1 - at) * AUDIT_SLOT, slot, cut);
                check_int(audit_head_last(span_of(bytes, sizeof(bytes)), &t, &at), 0);
                check_int((int64_t)t.head.number, 4);
                memset(bytes + (size_t)at * AUDIT_SLOT + 300, 'x', 50); /* and the later one */
                if (cut == 0) {
                        check_int(audit_head_last(span_of(bytes, sizeof(bytes)), &t, &at), 0);
                        check_int((int64_t)t.head.number, 3);
                } else {
                        check_int(audit_head_last(span_of(bytes, sizeof(bytes)), &t, &at), -ENOENT);
                }
        }
}

/* What cannot be kept is given to nobody. */
static void a_head_that_is_not_kept_is_not_given(void) {
        int keep = heads_file;
        struct audit_signed s;

        heads_file = os_open("/dev/full", O_RDWR, 0);
        check(heads_file >= 0);
        start();
        check(head_error(0, 0, 0, &s) < 0);
        check(head_error(1, 0, 0, &s) < 0);
        end();
        os_close(heads_file);
        heads_file = keep;
}

static void who_breaks_the_format_loses_the_line(void) {
        struct msg_vault_ask m = with_text(VAULT_CHECK, "x");

        start();
        for (unsigned i = 0; i < 4; i++) {
                struct msg_vault_ask bad = m;

                bad.box_len = i == 0 ? VAULT_BOX_MAX + 1 : UINT32_MAX * (i == 1);
                bad.text_len = i == 2 ? VAULT_TEXT_MAX + 1 : 0;
                check_int(os_send(desk_end, &bad, i == 3 ? sizeof(bad) - 1 : sizeof(bad), NULL, 0),
                          0);
                check(ended(desk_end));
                os_close(desk_end);
                desk_end = join(NODE_PEER_DESK);
        }
        ask(m);
        check_int(hear().error, -EACCES);
        end();
}

static void who_does_not_read_is_not_waited_for(void) {
        struct msg_vault_ask m = with_text(VAULT_TOTP_MAKE, "");
        int r = 0;

        start();
        struct pollfd p = {.fd = desk_end, .events = POLLOUT};
        for (unsigned i = 0; i < 4000 && r == 0 && os_poll(&p, 1, 2000) > 0; i++)
                r = os_send_now(desk_end, &m, sizeof(m), NULL, 0);
        check(r == -EPIPE || r == -ECONNRESET);
        check(sign(1) > 0);
        end();
}

int main(int argc, char **argv) {
        if (argc < 2 || sodium_init() < 0)
                return 2;
        program = argv[1];
        check_int(os_memfd("heads", &heads_file), 0);
        RUN(passwords_as_they_are_used);
        RUN(nobody_takes_as_long);
        RUN(a_flood_waits_and_heads_do_not);
        RUN(a_hijacked_desk_signs_nothing);
        RUN(a_hijacked_store_asks_of_nobody);
        RUN(no_message_gets_a_secret_out);
        RUN(heads_of_the_audit_log_go_on);
        RUN(a_torn_head_is_not_the_last);
        RUN(a_head_that_is_not_kept_is_not_given);
        RUN(who_breaks_the_format_loses_the_line);
        RUN(who_does_not_read_is_not_waited_for);
        return check_done();
}
