/* `coloa verify FILE --signature FILE.sig`: a file that a node made (a report), by the signature beside it and
 * the node's public key alone. The two are opened here, then read behind a sandbox that has nothing else. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/lang.h"
#include "base/timestamp.h"
#include "main/phrases.h"
#include "main/verify_verb.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "wire/file_sign.h"

#define MEMORY_MAX ((size_t)256 << 20)

static int cannot(const char *path, int r) {
        fprintf(stderr,
                tr("coloa verify: %s: cannot be read: %s\n",
                   "coloa verify: %s: không đọc được: %s\n"),
                path, error_text(r));
        return 3;
}

static int bad(const char *why) {
        printf("%s\n%s\n", why, tr("NOT WELL", "KHÔNG TỐT"));
        return 1;
}

static int hash_file(int fd, unsigned char hash[32]) {
        static char piece[65536];
        crypto_generichash_state h;
        ssize_t n;

        crypto_generichash_init(&h, NULL, 0, 32);
        while ((n = os_read(fd, piece, sizeof(piece))) > 0)
                crypto_generichash_update(&h, (const unsigned char *)piece, (size_t)n);
        crypto_generichash_final(&h, hash, 32);
        return (int)n;
}

static int look(const char *path, int file, struct span text, const unsigned char *key) {
        unsigned char hash[32];
        struct file_signed s;
        struct file_sign f;
        char time[40], hex[65];

        if (file_sign_read(text, &f, &s) < 0)
                return bad(tr("the signature is no signature of a node's file",
                              "tệp chữ ký không phải chữ ký của một nút"));
        if (key && memcmp(key, s.public_key, sizeof(s.public_key)) != 0)
                return bad(tr("it is signed by another key", "được ký bằng khóa khác"));
        if (crypto_sign_verify_detached(s.signature, (const unsigned char *)&f, sizeof(f),
                                        s.public_key) != 0)
                return bad(tr("the signature is wrong", "chữ ký sai"));
        int r = hash_file(file, hash);
        if (r < 0)
                return cannot(path, r);
        if (memcmp(hash, f.hash, sizeof(hash)) != 0)
                return bad(tr("the file is not the one that was signed",
                              "tệp không phải tệp đã được ký"));
        time[time_format(time, f.time, 0)] = '\0';
        sodium_bin2hex(hex, sizeof(hex), s.public_key, sizeof(s.public_key));
        printf(tr("%s\nsigned at %s by: %s%s\n", "%s\nký lúc %s bởi: %s%s\n"), f.what, time, hex,
               key ? ""
                   : tr(" (no --key given: compare it with the node's)",
                        " (không có --key: hãy đối chiếu với khóa của nút)"));
        puts(tr("ALL IS WELL", "TẤT CẢ ĐỀU TỐT"));
        return 0;
}

int verify_file(const char *path, const char *signature, const unsigned char *key, int landlock) {
        static char out[65536], text[FILE_SIGN_TEXT_MAX + 1];
        int file = os_open(path, O_RDONLY, 0), sig = os_open(signature, O_RDONLY, 0);

        if (file < 0 || sig < 0)
                return cannot(file < 0 ? path : signature, file < 0 ? file : sig);
        /* No call to find out what standard output is: the sandbox has none for it. */
        setvbuf(stdout, out, _IOFBF, sizeof(out));
        int r = sandbox_enter(SANDBOX_INGEST, landlock, MEMORY_MAX, NULL);
        if (r < 0)
                return fprintf(stderr, "coloa verify: sandbox: %s\n", error_text(r)), 3;
        ssize_t n = os_read(sig, text, sizeof(text)); /* of one piece: it is a small file */
        if (n < 0)
                return cannot(signature, (int)n);
        return look(path, file, span_of(text, (size_t)n), key);
}
