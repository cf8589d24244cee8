/* `coloa verify` of an exported file: opened here, then read behind a sandbox that has nothing but its
 * descriptors. Of a sealed one the recipient's secret key is read before that too. */
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/lang.h"
#include "base/timestamp.h"
#include "main/options.h"
#include "main/phrases.h"
#include "main/verify_export.h"
#include "main/verify_verb.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "store/day.h"
#include "store/envelope.h"
#include "wire/court.h"

#define MEMORY_MAX ((size_t)256 << 20)

ssize_t verify_read(void *ctx, void *to, size_t n) {
        struct verify_file *f = ctx;
        size_t done = 0;

        while (done < n) {
                if (f->at == f->n) {
                        ssize_t k = os_read(f->fd, f->buf, sizeof(f->buf));
                        if (k < 0)
                                return k;
                        if (k == 0)
                                break;
                        f->at = 0;
                        f->n = (size_t)k;
                }
                size_t k = MIN(n - done, f->n - f->at);
                memcpy((char *)to + done, f->buf + f->at, k);
                f->at += k;
                done += k;
        }
        return (ssize_t)done;
}

const char *verify_problem_text(enum proof_problem p) {
        switch (p) {
        case PROOF_FORMAT:
                return tr("it is no export, or was cut off, or something stands behind it",
                          "không phải tệp xuất, hoặc bị cắt, hoặc có thêm gì ở sau");
        case PROOF_LINK: return tr("blocks do not follow one another", "các khối không nối tiếp");
        case PROOF_FRAME:
                return tr("a frame is not the one that was in its block",
                          "một khung không phải khung đã có trong khối");
        case PROOF_OPEN:
                return tr("a frame does not hold what it says", "một khung không chứa điều nó ghi");
        case PROOF_HEAD:
                return tr("a signed head says another chain value",
                          "đầu chuỗi đã ký ghi một giá trị chuỗi khác");
        case PROOF_SIGNATURE: return tr("a signature is wrong", "chữ ký sai");
        case PROOF_KEY: return tr("it is signed by another key", "được ký bằng khóa khác");
        case PROOF_BARE:
                return tr("blocks are there that no signed head covers",
                          "có khối không nằm dưới đầu chuỗi đã ký nào");
        case PROOF_CHANGED:
                return tr("bytes are not those that were signed",
                          "nội dung khác với nội dung đã ký");
        case PROOF_GOOD: break;
        }
        return "?";
}

static void print_result(const struct proof_result *p, bool proof, bool sealed, bool key_given) {
        char time[40], hex[65];

        fputs(proof ? sealed ? tr("a proof, sealed for you\n", "bản chứng cứ, niêm phong cho bạn\n")
                             : tr("a proof, not sealed\n", "bản chứng cứ, không niêm phong\n")
              : sealed
                      ? tr("a working copy, sealed for you\n", "bản làm việc, niêm phong cho bạn\n")
                      : tr("a working copy: masked, derived, no proof of its own\n",
                           "bản làm việc: đã che, là bản dẫn xuất, không tự chứng minh\n"),
              stdout);
        for (const char *s = p->text; *s;) {
                struct buf line = {0};
                size_t n = strcspn(s, "\n");
                buf_term(&line, span_of(s, n));
                printf("  %.*s\n", (int)line.len, line.len ? line.p : "");
                buf_deinit(&line);
                s += n + (s[n] != '\0');
        }
        printf(tr("records: %llu  frames: %llu  blocks: %llu  signed heads: %llu\n",
                  "bản ghi: %llu  khung: %llu  khối: %llu  đầu chuỗi đã ký: %llu\n"),
               (unsigned long long)p->records, (unsigned long long)p->sign.frames,
               (unsigned long long)p->sign.blocks, (unsigned long long)p->heads);
        if (proof && p->records) {
                time[time_format(time, p->received_min, 0)] = '\0';
                printf(tr("numbers %llu-%llu, received from %s", "số thứ tự %llu-%llu, nhận từ %s"),
                       (unsigned long long)p->first_seq, (unsigned long long)p->end_seq - 1, time);
                time[time_format(time, p->received_max, 0)] = '\0';
                printf(tr(" to %s\n", " đến %s\n"), time);
        }
        time[time_format(time, p->sign.time, 0)] = '\0';
        sodium_bin2hex(hex, sizeof(hex), p->key, sizeof(p->key));
        printf(tr("written at %s, signed by: %s%s\n", "ghi lúc %s, ký bởi: %s%s\n"), time, hex,
               key_given ? ""
                         : tr(" (no --key given: compare it with the node's)",
                              " (không có --key: hãy đối chiếu với khóa của nút)"));
        fputs(tr("ALL IS WELL\n", "TẤT CẢ ĐỀU TỐT\n"), stdout);
}

static int print_record(void *ctx, uint64_t seq, int64_t received, struct span bytes) {
        return fwrite(bytes.p, 1, bytes.len, stdout) == bytes.len && putchar('\n') != EOF ? 0
                                                                                          : -EPIPE;
}

struct look {
        const struct verify_export *o;
        struct verify_file *file;
        bool sealed, proof;
};

/* One pass from the beginning. */
static int pass(struct look *l, const struct proof_options *po, struct proof_result *ret) {
        _cleanup_(envelope_closep) struct envelope_reader *e = NULL;
        proof_read *read = verify_read;
        void *ctx = l->file;
        char magic[8];

        l->file->at = l->file->n = 0;
        if (os_seek(l->file->fd, 0, SEEK_SET) < 0)
                return -EIO;
        if (l->sealed) {
                if (verify_read(l->file, magic, sizeof(magic)) != sizeof(magic))
                        return -EIO;
                int r = envelope_open(&e, l->o->public_key, l->o->secret_key, verify_read, l->file);
                if (r < 0)
                        return r;
                read = envelope_get;
                ctx = e;
        }
        return l->proof ? proof_check(read, ctx, po, ret) : working_check(read, ctx, po, ret);
}

static int check(struct look *l) {
        struct proof_options po = {.key = l->o->key};
        struct proof_result res;
        int r = pass(l, &po, &res);

        if (r == -EBADMSG && l->sealed) {
                fputs(tr("NOT WELL: it was changed, or is sealed for another key\n",
                         "KHÔNG TỐT: đã bị thay đổi, hoặc được niêm phong cho khóa khác\n"),
                      stdout);
                return 1;
        }
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa verify: %s: cannot be read: %s\n",
                           "coloa verify: %s: không đọc được: %s\n"),
                        l->o->path, error_text(r));
                return 3;
        }
        if (res.problem) {
                if (res.number)
                        printf(tr("BROKEN block %llu: ", "ĐỨT khối %llu: "),
                               (unsigned long long)res.number);
                printf("%s\n", verify_problem_text(res.problem));
                fputs(tr("NOT WELL\n", "KHÔNG TỐT\n"), stdout);
                return 1;
        }
        if (!l->o->records) {
                print_result(&res, l->proof, l->sealed, l->o->key != NULL);
                return 0;
        }
        /* Only what was proved is given on. */
        po.record = print_record;
        r = pass(l, &po, &res);
        return r < 0 || res.problem ? 3 : 0;
}

bool verify_is_export(const char *path) {
        const char *slash = strrchr(path, '/');
        struct stat st;

        return os_stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
               day_of_name(slash ? slash + 1 : path) == INT64_MIN;
}

int verify_export(struct verify_export *o) {
        unsigned char head[COURT_BLOCK];
        static struct verify_file f;
        static char out[VERIFY_CHUNK];
        struct look l = {.o = o, .file = &f};
        char magic[8] = "";

        f.fd = os_open(o->path, O_RDONLY, 0);
        if (f.fd < 0) {
                fprintf(stderr, "coloa verify: %s: %s\n", o->path, error_text(f.fd));
                return 3;
        }
        for (unsigned i = 0; i < o->n_proofs; i++) {
                o->proof_fds[i] = os_open(o->proofs[i], O_RDONLY, 0);
                if (o->proof_fds[i] < 0)
                        return fprintf(stderr, "coloa verify: %s: %s\n", o->proofs[i],
                                       error_text(o->proof_fds[i])),
                               3;
        }
        json_object_seed(0); /* reads a file once */
        /* No call to find out what standard output is: the sandbox has none for it. */
        setvbuf(stdout, out, _IOFBF, sizeof(out));
        int r = sandbox_enter(SANDBOX_INGEST, o->landlock, MEMORY_MAX, NULL);
        if (r < 0) {
                fprintf(stderr, "coloa verify: sandbox: %s\n", error_text(r));
                return 3;
        }
        if (os_pread(f.fd, head, sizeof(head), 0) == sizeof(head) && court_begins(head))
                return verify_court(o, &f);
        if (o->n_proofs)
                return fputs(tr("coloa verify: --proof is for evidence for a court\n",
                                "coloa verify: --proof chỉ dùng với chứng cứ cho toà án\n"),
                             stderr),
                       2;
        (void)os_pread(f.fd, magic, sizeof(magic), 0);
        l.sealed = memcmp(magic, ENVELOPE_MAGIC, sizeof(magic)) == 0;
        l.proof = l.sealed || memcmp(magic, PROOF_MAGIC, sizeof(magic)) == 0;
        if (l.sealed && !o->has_secret) {
                fputs(tr("coloa verify: it is sealed: --secret FILE names the recipient's key\n",
                         "coloa verify: tệp được niêm phong: cần --secret TỆP là khóa của người "
                         "nhận\n"),
                      stderr);
                return 2;
        }
        if (!l.proof && o->records) {
                fputs(tr("coloa verify: --records is for proofs\n",
                         "coloa verify: --records chỉ dùng với bản chứng cứ\n"),
                      stderr);
                return 2;
        }
        return check(&l);
}
