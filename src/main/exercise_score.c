/* `coloa exercise score` and `coloa exercise report`: what an export's facts are worth, and the report of it, without a
 * node. The export is read, scored and written up in a process of its own (JOB_SCORE), behind the sandbox of any job;
 * PDF and DOCX are printed by a second one (JOB_PRESS). What they make is passed on as it is. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "exercise/export.h"
#include "main/exercise_verb.h"
#include "main/job_once.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"

static const char score_en[] =
        "Usage: coloa exercise score FILE\n"
        "\n"
        "Computes the scores of an export (GET /exercises/ID/export) anew and writes them as one\n"
        "JSON object: byte for byte what the node gave, when nobody changed the file.\n"
        "doc/scoring.md explains the formula.\n"
        "\n"
        "      --lang LANG  en or vi\n"
        "\n"
        "Exit status: 0 scored, 2 no export, or changed (or usage), 3 the file could not be "
        "read.\n";
static const char score_vi[] =
        "Cách dùng: coloa exercise score TỆP\n"
        "\n"
        "Tính lại điểm của một bản xuất (GET /exercises/ID/export) và ghi ra một đối tượng JSON:\n"
        "đúng từng byte như máy chủ đã cho, nếu không ai sửa tệp. doc/scoring.vi.md giải thích "
        "công\n"
        "thức.\n"
        "\n"
        "      --lang NGỮ   en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã tính, 2 không phải bản xuất hoặc đã bị sửa (hoặc sai cách dùng), 3 không "
        "đọc\n"
        "được tệp.\n";
static const char report_en[] =
        "Usage: coloa exercise report [--format html|pdf|docx] [--play N] FILE >REPORT\n"
        "\n"
        "Writes the after-action report of an export, of one unit or of all.\n"
        "\n"
        "      --format F   html (default), pdf or docx\n"
        "      --play N     of that play alone (numbers: coloa exercise score)\n"
        "      --lang LANG  en or vi\n"
        "\n"
        "Exit status: 0 written, 2 no export, or changed (or usage), 3 the file could not be "
        "read.\n";
static const char report_vi[] =
        "Cách dùng: coloa exercise report [--format html|pdf|docx] [--play N] TỆP >BÁO_CÁO\n"
        "\n"
        "Ghi báo cáo sau diễn tập từ một bản xuất, của một đơn vị hoặc toàn bộ.\n"
        "\n"
        "      --format F   html (mặc định), pdf hoặc docx\n"
        "      --play N     chỉ của lượt diễn tập đó (số: coloa exercise score)\n"
        "      --lang NGỮ   en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã ghi, 2 không phải bản xuất hoặc đã bị sửa (hoặc sai cách dùng), 3 không "
        "đọc\n"
        "được tệp.\n";

struct args {
        const char *format;
        unsigned play;
};

static const struct option_row report_rows[] = {
        {"format", 'f', OPTION_WORD, OPTION_OF(args, format), NULL},
        {"play", 'p', OPTION_COUNT, OPTION_OF(args, play), NULL},
};

/* {"line":N,"why":"hash"|"formula"|"format"}: what is wrong with the file, said; else false. */
static bool refused(const char *verb, const char *path, struct span out) {
        json_t *o = json_loadb(out.p ? out.p : "", MIN(out.len, (size_t)200), 0, NULL);
        const char *why = json_string_value(json_object_get(o, "why"));
        long long line = (long long)json_integer_value(json_object_get(o, "line"));

        if (why && strcmp(why, "hash") == 0)
                fprintf(stderr,
                        tr("%s: %s: changed: the SHA-256 at its end is not that of its bytes\n",
                           "%s: %s: đã bị sửa: SHA-256 ở cuối không khớp nội dung\n"),
                        verb, path);
        else if (why && strcmp(why, "formula") == 0)
                fprintf(stderr,
                        tr("%s: %s: scored by another formula than this program has: take the "
                           "edition that it was played with\n",
                           "%s: %s: chấm bằng công thức khác với chương trình này: hãy dùng đúng "
                           "phiên bản đã diễn tập\n"),
                        verb, path);
        else if (why)
                fprintf(stderr,
                        tr("%s: %s:%lld: not a line of an export; nothing was taken\n",
                           "%s: %s:%lld: không phải dòng của bản xuất; không nhận gì\n"),
                        verb, path, line);
        json_decref(o);
        return why != NULL;
}

static int ask(const char *verb, const char *path, unsigned want, unsigned play, struct buf *out) {
        _cleanup_(buf_deinit) struct buf in = {.limit = JOB_IN_MAX};
        const char head[EXPORT_ASK] = {(char)want,         lang_current == LANG_VI ? 'v' : 'e',
                                       (char)(play >> 16), (char)(play >> 8),
                                       (char)play,         0};
        char *text = NULL;
        size_t len = 0;
        int r = os_read_file(path, JOB_IN_MAX - EXPORT_ASK, &text, &len);

        if (r == 0) {
                buf_add(&in, head, sizeof(head));
                buf_add(&in, text, len);
                r = in.failed ? -ENOMEM : job_once(JOB_SCORE, buf_get(&in), out);
        }
        free(text);
        if (r == 0)
                return refused(verb, path, buf_get(out)) ? 2 : 0;
        if (r == -EBADMSG)
                fprintf(stderr,
                        tr("%s: %s: no such play in this export\n",
                           "%s: %s: bản xuất không có lượt diễn tập này\n"),
                        verb, path);
        else
                fprintf(stderr, "%s: %s: %s\n", verb, path, error_text(r));
        return r == -EBADMSG ? 2 : 3;
}

static int one_file(const struct option_verb *verb, int argc) {
        if (optind + 1 == argc)
                return 0;
        fprintf(stderr, "%s: %s\n", verb->name, tr("name one file", "hãy chỉ ra một tệp"));
        return 2;
}

static int put(const struct buf *out) {
        return fwrite(out->p, 1, out->len, stdout) == out->len && fflush(stdout) == 0 ? 0 : 3;
}

int exercise_score_file(int argc, char **argv) {
        static const struct option_verb verb = {"coloa exercise score", score_en, score_vi, NULL,
                                                0};
        _cleanup_(buf_deinit) struct buf out = {0};
        struct args a = {0};
        int r = option_rows_read(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : r;
        r = one_file(&verb, argc);
        if (r == 0)
                r = ask(verb.name, argv[optind], EXPORT_WANT_SCORES, 0, &out);
        return r == 0 ? put(&out) : r;
}

int exercise_report_file(int argc, char **argv) {
        static const struct option_verb verb = {"coloa exercise report", report_en, report_vi,
                                                report_rows, ARRAY_LEN(report_rows)};
        _cleanup_(buf_deinit) struct buf out = {0}, printed = {0};
        struct args a = {.format = "html"};
        unsigned want;
        int r = option_rows_read(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : r;
        want = strcmp(a.format, "html") == 0   ? EXPORT_WANT_HTML
               : strcmp(a.format, "pdf") == 0  ? EXPORT_WANT_PDF
               : strcmp(a.format, "docx") == 0 ? EXPORT_WANT_DOCX
                                               : 0;
        if (!want) {
                fprintf(stderr, "%s: %s\n", verb.name,
                        tr("--format is html, pdf or docx", "--format là html, pdf hoặc docx"));
                return 2;
        }
        r = one_file(&verb, argc);
        if (r == 0)
                r = ask(verb.name, argv[optind], want, a.play, &out);
        if (r != 0 || want == EXPORT_WANT_HTML)
                return r != 0 ? r : put(&out);
        r = job_once(JOB_PRESS, buf_get(&out), &printed);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", verb.name, error_text(r));
                return 3;
        }
        return put(&printed);
}
