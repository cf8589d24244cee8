/* `coloa verify`: is this store, or this day's file, what a node wrote, and signed? Needs the files and
 * the public key only. The files may come from anywhere, so they are read behind the store's own
 * sandbox: nothing but their directory. */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/lang.h"
#include "base/timestamp.h"
#include "desk/state.h"
#include "main/options.h"
#include "main/verify_audit.h"
#include "main/verify_verb.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "store/tail.h"
#include "store/verify.h"

#define KEPT_BYTES ((size_t)16 << 20)

static const char *const help_en =
        "Usage: coloa verify [options] DIR|FILE|EXPORT\n"
        "\n"
        "Checks a node's event store (the node's directory, that of its events, or one "
        "events-YYYY-MM-DD.db): every frame's "
        "hash, "
        "the chain over\n"
        "all blocks, every signed head; and says exactly where it breaks. In a node's directory "
        "the "
        "audit log too.\n"
        "      --key KEY      the node's public key, 64 hex digits or a file that holds them: "
        "heads "
        "signed by any other\n"
        "                     key are a break. Without it, the key that signed is shown: compare "
        "it\n"
        "      --day DAY      only that day (2026-11-23)\n"
        "      --quick        do not open the frames\n"
        "      --head FILE    heads of the audit log that were kept elsewhere (a print, a mail): "
        "the "
        "log must\n"
        "                     still have them\n"
        "An exported file is checked by the public key alone, on any machine:\n"
        "      --secret FILE  the recipient's secret key, of a sealed one\n"
        "      --records      its records as they were received, once all is proved\n"
        "      --proof FILE   beside evidence for a court: the proof ('coloa export --proof') of "
        "its "
        "stored records;\n"
        "                     more than once\n"
        "A file that a node made (a report), by the signature beside it:\n"
        "      --signature FILE  the detached signature (.sig)\n"
        "      --lang LANG    en or vi\n"
        "\n"
        "Exit status: 0 all is well, 1 it breaks, 2 usage, 3 it cannot be read.\n";

static const char *const help_vi =
        "Cách dùng: coloa verify [tùy chọn] THƯ_MỤC|TỆP|TỆP_XUẤT\n"
        "\n"
        "Kiểm tra kho sự kiện của một nút (thư mục của nút, thư mục sự kiện của nó, hoặc một tệp "
        "events-YYYY-MM-DD.db): mã "
        "băm "
        "của mọi khung, chuỗi\n"
        "nối các khối, mọi chữ ký đầu chuỗi; và cho biết chính xác chỗ bị đứt. Với thư mục của "
        "nút: cả "
        "nhật ký kiểm toán.\n"
        "      --key KHÓA     khóa công khai của nút, 64 chữ số hex hoặc tệp chứa chúng: chữ ký "
        "bằng "
        "khóa khác là sai.\n"
        "                     Không có thì in khóa đã ký để đối chiếu\n"
        "      --day NGÀY     chỉ ngày đó (2026-11-23)\n"
        "      --quick        không mở các khung\n"
        "      --head TỆP     các đầu nhật ký kiểm toán đã lưu ở nơi khác (bản in, thư): nhật ký "
        "phải còn chúng\n"
        "Tệp xuất được kiểm tra chỉ bằng khóa công khai, trên bất kỳ máy nào:\n"
        "      --secret TỆP   khóa bí mật của người nhận, nếu tệp được niêm phong\n"
        "      --records      in các bản ghi như khi nhận, sau khi mọi thứ đã được chứng minh\n"
        "      --proof TỆP    cùng với chứng cứ cho toà án: bản chứng cứ ('coloa export --proof') "
        "của các bản ghi\n"
        "                     trong kho; dùng được nhiều lần\n"
        "Tệp do một nút tạo (báo cáo), bằng tệp chữ ký đi kèm:\n"
        "      --signature TỆP   chữ ký tách rời (.sig)\n"
        "      --lang NGỮ     en hoặc vi\n"
        "\n"
        "Mã thoát: 0 tốt, 1 bị đứt, 2 sai cách dùng, 3 không đọc được.\n";

static const char *kind_text(enum verify_kind k) {
        switch (k) {
        case VERIFY_FILE:
                return tr("the file cannot be read from here on", "không đọc được tệp từ đây");
        case VERIFY_STORE: return tr("it belongs to another store", "thuộc về một kho khác");
        case VERIFY_MISSING:
                return tr("blocks are missing before this one", "thiếu các khối trước khối này");
        case VERIFY_ROW:
                return tr("the block's header and entries contradict each other",
                          "phần đầu và các mục của khối mâu thuẫn nhau");
        case VERIFY_FRAMES:
                return tr("its frames or header were changed: the chain does not follow",
                          "khung hoặc phần đầu đã bị thay đổi: chuỗi không nối tiếp");
        case VERIFY_FILTER: return tr("its filter was changed", "bộ lọc của khối đã bị thay đổi");
        case VERIFY_HEAD:
                return tr("a signed head says another chain value",
                          "đầu chuỗi đã ký ghi một giá trị chuỗi khác");
        case VERIFY_SIGNATURE: return tr("a head's signature is wrong", "chữ ký đầu chuỗi sai");
        case VERIFY_KEY:
                return tr("a head is signed by another key", "đầu chuỗi được ký bằng khóa khác");
        case VERIFY_TAIL:
                return tr("the tail does not follow the chain", "phần đuôi không nối tiếp chuỗi");
        case VERIFY_END:
                return tr("blocks up to this one are missing at the end",
                          "thiếu các khối ở cuối cho đến khối này");
        case VERIFY_OPEN:
                return tr("a frame does not hold what it says", "một khung không chứa điều nó ghi");
        case VERIFY_KINDS: break;
        }
        return "?";
}

static void say_break(void *ctx, const struct verify_break *b) {
        (void)ctx;
        printf(tr("BROKEN %s", "ĐỨT %s"), b->file);
        if (b->number)
                printf(tr(" block %llu", " khối %llu"), (unsigned long long)b->number);
        if (b->end_seq > b->first_seq && b->first_seq)
                printf(tr(" records %llu-%llu", " bản ghi %llu-%llu"),
                       (unsigned long long)b->first_seq, (unsigned long long)b->end_seq - 1);
        if (b->kind == VERIFY_OPEN)
                printf(tr(" frame %u", " khung %u"), b->frame);
        printf(": %s\n", kind_text(b->kind));
}

static void print_result(const struct verify_result *v, bool key_given) {
        char time[36], hex[65];

        printf(tr("blocks: %llu  frames: %llu  records: %llu (%llu bytes as received, %llu "
                  "stored)\n",
                  "khối: %llu  khung: %llu  bản ghi: %llu (%llu byte khi nhận, %llu byte lưu)\n"),
               (unsigned long long)v->blocks, (unsigned long long)v->frames,
               (unsigned long long)v->records, (unsigned long long)v->payload,
               (unsigned long long)v->data);
        printf(tr("days: %llu in %llu files, files taken away by retention: %llu  tail: %llu "
                  "records\n",
                  "ngày: %llu trong %llu tệp, số tệp đã xóa theo thời hạn lưu: %llu  phần đuôi: "
                  "%llu bản ghi\n"),
               (unsigned long long)v->days, (unsigned long long)v->files,
               (unsigned long long)v->gone, (unsigned long long)v->tail_records);
        sodium_bin2hex(hex, sizeof(hex), v->chain, sizeof(v->chain));
        printf(tr("chain at the end: %s\n", "giá trị chuỗi ở cuối: %s\n"), hex);
        if (v->heads == 0) {
                fputs(tr("signed heads: none\n", "đầu chuỗi đã ký: không có\n"), stdout);
                return;
        }
        time[time_format(time, v->head_time, 0)] = '\0';
        sodium_bin2hex(hex, sizeof(hex), v->key, sizeof(v->key));
        printf(tr("signed heads: %llu, the last at %s covers blocks up to %llu; %llu after it\n",
                  "đầu chuỗi đã ký: %llu, mới nhất lúc %s bao gồm đến khối %llu; sau đó còn %llu "
                  "khối\n"),
               (unsigned long long)v->heads, time, (unsigned long long)v->covered,
               (unsigned long long)(v->end_number - 1 - MIN(v->covered, v->end_number - 1)));
        printf(tr("signed by: %s%s\n", "ký bởi: %s%s\n"), hex,
               key_given ? ""
                         : tr(" (no --key given: compare it with the node's)",
                              " (không có --key: hãy đối chiếu với khóa của nút)"));
}

/* The directory that the files lie in, and that of the state. */
static int enter_sandbox(const char *path, const char *state, int landlock) {
        char dir[4096];
        struct stat st = {0};
        const char *slash = strrchr(path, '/');

        int r = state ? sandbox_allow_directory(state) : 0;
        if (r == 0)
                r = os_stat(path, &st);
        if (r < 0)
                return r;
        if (S_ISDIR(st.st_mode))
                snprintf(dir, sizeof(dir), "%s", path);
        else
                snprintf(dir, sizeof(dir), "%.*s", slash ? MAX((int)(slash - path), 1) : 1,
                         slash ? path : ".");
        r = sandbox_allow_directory(dir);
        return r < 0 ? r : sandbox_enter(SANDBOX_STORE, landlock, (size_t)2 << 30, NULL);
}

struct arguments {
        struct verify_options verify;
        struct verify_export export;
        unsigned char key[32];
        const char *path, *signature, *kept_path;
        char *kept;
        size_t kept_len;
        int landlock;
};

/* 0, or an exit status. */
/* Each false: it said why. */
static bool take_key(struct arguments *a, const char *text) {
        if (!key_read(text, a->key)) {
                fprintf(stderr,
                        tr("coloa verify: %s: no public key\n",
                           "coloa verify: %s: không phải khóa công khai\n"),
                        text);
                return false;
        }
        a->verify.key = a->key;
        return true;
}

static bool take_day(struct arguments *a, const char *text) {
        int64_t t = strlen(text) == 10 ? time_parse_iso(span_str(text), 0) : TIME_NONE;
        char full[40];

        if (t == TIME_NONE) {
                snprintf(full, sizeof(full), "%.10sT00:00:00Z", text);
                t = time_parse_iso(span_str(full), 0);
        }
        if (t == TIME_NONE) {
                fprintf(stderr,
                        tr("coloa verify: %s: no day\n", "coloa verify: %s: không phải ngày\n"),
                        text);
                return false;
        }
        a->verify.day = t / (INT64_C(86400) * NS_PER_SEC);
        return true;
}

static bool take_secret(struct arguments *a, const char *text) {
        a->export.has_secret = key_read(text, a->export.secret_key);
        if (!a->export.has_secret) {
                fprintf(stderr,
                        tr("coloa verify: %s: no secret key\n",
                           "coloa verify: %s: không phải khóa bí mật\n"),
                        text);
                return false;
        }
        crypto_scalarmult_base(a->export.public_key, a->export.secret_key);
        return true;
}

static bool take_proof(struct arguments *a, const char *text) {
        if (a->export.n_proofs == VERIFY_PROOFS_MAX) {
                fprintf(stderr,
                        tr("coloa verify: more than %u proofs\n",
                           "coloa verify: quá %u bản chứng cứ\n"),
                        VERIFY_PROOFS_MAX);
                return false;
        }
        a->export.proofs[a->export.n_proofs++] = text;
        return true;
}

static int read_arguments(int argc, char **argv, struct arguments *a) {
        enum {
                KEY = 256,
                DAY,
                QUICK,
                SECRET,
                RECORDS,
                SIGNATURE,
                HEAD,
                PROOF,
                LANG,
                LANDLOCK,
                HELP
        };
        static const struct option options[] = {{"key", required_argument, NULL, KEY},
                                                {"day", required_argument, NULL, DAY},
                                                {"quick", no_argument, NULL, QUICK},
                                                {"secret", required_argument, NULL, SECRET},
                                                {"records", no_argument, NULL, RECORDS},
                                                {"signature", required_argument, NULL, SIGNATURE},
                                                {"head", required_argument, NULL, HEAD},
                                                {"proof", required_argument, NULL, PROOF},
                                                {"lang", required_argument, NULL, LANG},
                                                {"landlock", required_argument, NULL, LANDLOCK},
                                                {"help", no_argument, NULL, HELP},
                                                {NULL, 0, NULL, 0}};
        int c;

        *a = (struct arguments){.landlock = -1,
                                .verify = {.day = INT64_MIN, .deep = true, .say = say_break}};
        opterr = 0;
        while ((c = getopt_long(argc, argv, ":h", options, NULL)) >= 0) {
                if (c == KEY || c == DAY || c == SECRET || c == PROOF) {
                        bool good = c == KEY      ? take_key(a, optarg)
                                    : c == DAY    ? take_day(a, optarg)
                                    : c == SECRET ? take_secret(a, optarg)
                                                  : take_proof(a, optarg);
                        if (!good)
                                return 2;
                } else if (c == RECORDS) {
                        a->export.records = true;
                } else if (c == SIGNATURE) {
                        a->signature = optarg;
                } else if (c == HEAD) {
                        a->kept_path = optarg;
                } else if (c == QUICK) {
                        a->verify.deep = false;
                } else if (c == LANG) {
                        if (option_lang("coloa verify", optarg) != 0)
                                return 2;
                } else if (c == LANDLOCK) {
                        a->landlock = (int)strtol(optarg, NULL, 10);
                } else if (c == HELP || c == 'h') {
                        fputs(tr(help_en, help_vi), stdout);
                        return -1;
                } else {
                        return option_refused("coloa verify", c, argv);
                }
        }
        if (argc - optind != 1) {
                fputs(tr(help_en, help_vi), stderr);
                return 2;
        }
        a->path = argv[optind];
        return 0;
}

/* A node's directory has its events in one of its own. */
static const char *events_of(const char *path) {
        static char meta[4096], inside[4096];
        struct stat st;

        if ((size_t)snprintf(meta, sizeof(meta), "%s/" TAIL_NAME, path) >= sizeof(meta) ||
            os_stat(meta, &st) != -ENOENT ||
            (size_t)snprintf(inside, sizeof(inside), "%s/events", path) >= sizeof(inside) ||
            os_stat(inside, &st) < 0 || !S_ISDIR(st.st_mode))
                return path;
        return inside;
}

/* A node's directory has the audit log in its state; NULL: it is none, or a day alone is asked for. */
static const char *state_of(const struct arguments *a) {
        static char dir[4096], file[4096 + 64];
        struct stat st;

        if (a->verify.day != INT64_MIN ||
            (size_t)snprintf(dir, sizeof(dir), "%s/state", a->path) >= sizeof(dir))
                return NULL;
        snprintf(file, sizeof(file), "%s/" STATE_FILE, dir);
        return os_stat(file, &st) == 0 && S_ISREG(st.st_mode) ? dir : NULL;
}

static int run(const struct arguments *given) {
        struct arguments a = *given;
        struct verify_result v = {0};
        static char out[65536];

        if (a.verify.key)
                a.verify.key = a.key;
        if (a.signature)
                return verify_file(a.path, a.signature, a.verify.key, a.landlock);
        if (verify_is_export(a.path)) {
                a.export.path = a.path;
                a.export.key = a.verify.key;
                a.export.landlock = a.landlock;
                return verify_export(&a.export);
        }
        const char *state = state_of(&a);
        if (a.kept_path && !state)
                return fputs(tr("coloa verify: --head needs a node's directory\n",
                                "coloa verify: --head cần thư mục của một nút\n"),
                             stderr),
                       2;
        if (a.kept_path && os_read_file(a.kept_path, KEPT_BYTES, &a.kept, &a.kept_len) < 0)
                return fprintf(stderr,
                               tr("coloa verify: %s: cannot be read\n",
                                  "coloa verify: %s: không đọc được\n"),
                               a.kept_path),
                       3;
        a.path = events_of(a.path);
        /* No call to find out what standard output is: the sandbox has none for it. */
        setvbuf(stdout, out, _IOFBF, sizeof(out));
        int r = enter_sandbox(a.path, state, a.landlock);
        if (r == 0)
                r = verify_store(a.path, &a.verify, &v);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa verify: %s: cannot be read: %s\n",
                           "coloa verify: %s: không đọc được: %s\n"),
                        a.path, strerror(-r));
                return 3;
        }
        print_result(&v, a.verify.key != NULL);
        int audit = 0;
        if (state)
                audit = verify_audit(&(struct verify_audit){.dir = state,
                                                            .key = a.verify.key,
                                                            .kept_path = a.kept_path,
                                                            .kept = span_of(a.kept, a.kept_len)});
        v.breaks += audit == 1;
        if (v.breaks) {
                printf(tr("NOT WELL: it breaks in %llu places\n", "KHÔNG TỐT: bị đứt ở %llu chỗ\n"),
                       (unsigned long long)v.breaks);
                return 1;
        }
        if (audit)
                return audit;
        fputs(tr("ALL IS WELL\n", "TẤT CẢ ĐỀU TỐT\n"), stdout);
        return 0;
}

int verb_verify(int argc, char **argv) {
        struct arguments a;

        if (sodium_init() < 0)
                return 3;
        int r = read_arguments(argc, argv, &a);
        if (r != 0)
                return r < 0 ? 0 : r;
        r = run(&a);
        /* Not exit(): behind the sandbox its handlers may not do what they would. */
        fflush(stdout);
        fflush(stderr);
        _exit(r);
}
