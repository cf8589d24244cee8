/* `coloa import`: files handed to a running node over its control socket, opened, so that the node
 * needs no right to their names. One after the other; each is answered when all of it is durable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "main/control.h"
#include "main/inputs.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/serve.h"
#include "wire/records.h"

static const char help_en[] =
        "Usage: coloa import [-c FILE] [--directory DIR] [--source NAME] FILES…\n"
        "\n"
        "Has a running node keep and judge files, whatever 'coloa hunt' reads. A file is answered\n"
        "when all of it is durable. The same file again brings nothing new; an import that was\n"
        "interrupted goes on where it was.\n"
        "\n"
        "  -c, --config FILE   the node's configuration\n"
        "      --directory DIR its directory, when it has no configuration\n"
        "      --source NAME   whose records they are (default: import)\n"
        "      --format NAME   what they are, instead of finding out\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "Exit codes: 0 all is kept, 1 something could not be read, 2 usage, 3 no node was "
        "reached.\n";
static const char help_vi[] =
        "Cách dùng: coloa import [-c TỆP] [--directory THƯ_MỤC] [--source TÊN] CÁC_TỆP…\n"
        "\n"
        "Cho một nút đang chạy lưu giữ và phán xét các tệp, mọi loại mà 'coloa hunt' đọc được. "
        "Một\n"
        "tệp được trả lời khi toàn bộ đã được lưu bền. Nhập lại cùng tệp thì không thêm gì; lần\n"
        "nhập bị gián đoạn được tiếp tục từ chỗ dừng.\n"
        "\n"
        "  -c, --config TỆP         cấu hình của nút\n"
        "      --directory THƯ_MỤC  thư mục của nút, khi không có cấu hình\n"
        "      --source TÊN         bản ghi thuộc nguồn nào (mặc định: import)\n"
        "      --format TÊN         định dạng, thay vì tự nhận biết\n"
        "      --lang NGỮ           en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã lưu tất cả, 1 có phần không đọc được, 2 sai cách dùng, 3 không liên lạc "
        "được nút.\n";

struct asked {
        const char *config, *directory, *source;
        struct msg_control_import m;
};

static int set_format(void *to, const char *v) {
        struct asked *o = to;

        o->m.format = format_from_name(span_str(v));
        if (o->m.format != FORMAT_UNKNOWN)
                return OPTION_GOOD;
        fprintf(stderr,
                tr("coloa import: no format '%s'\n", "coloa import: không có định dạng '%s'\n"), v);
        return OPTION_SAID;
}

static const struct option_row rows[] = {
        {"config", 'c', OPTION_TEXT, OPTION_OF(asked, config), NULL},
        {"directory", 0, OPTION_TEXT, OPTION_OF(asked, directory), NULL},
        {"source", 0, OPTION_TEXT, OPTION_OF(asked, source), NULL},
        {"format", 0, OPTION_CALL, 0, set_format},
};

/* 0, or the exit code + 1. */
static int read_options(struct asked *o, int argc, char **argv) {
        static const struct option_verb verb = {"coloa import", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};

        o->source = "import";
        int r = option_rows_read(&verb, o, argc, argv);
        if (r != 0)
                return r == 1 ? 1 : 3;
        if (optind == argc || strlen(o->source) >= SOURCE_NAME_MAX) {
                fputs(optind == argc
                              ? tr("coloa import: which files?\n", "coloa import: cần tên tệp\n")
                              : tr("coloa import: the name of a source has at most 59 bytes\n",
                                   "coloa import: tên nguồn dài tối đa 59 byte\n"),
                      stderr);
                return 3;
        }
        snprintf(o->m.source, sizeof(o->m.source), "%s", o->source);
        return 0;
}

static void problem(void *ctx, const char *path, int error) {
        *(int *)ctx = 1;
        inputs_say(path, error_text(error));
}

static int import_one(struct asked *o, const char *control, const struct inputs *in, uint32_t i) {
        const char *path = in->list[i].path, *name = strrchr(path, '/');
        int fd = inputs_open(in, i);

        if (fd < 0) {
                inputs_say(path, error_text(fd));
                return 1;
        }
        snprintf(o->m.path, sizeof(o->m.path), "%s", name ? name + 1 : path);
        printf("%s: ", path);
        fflush(stdout);
        int r = control_ask_import(control, &o->m, fd);
        os_close(fd);
        return r;
}

int verb_import(int argc, char **argv) {
        struct asked o = {.m = {.head = {.magic = CONTROL_MAGIC, .verb = CONTROL_IMPORT}}};
        struct inputs in = {0};
        char control[256];
        int r = read_options(&o, argc, argv), worst = 0;

        if (r != 0)
                return r - 1;
        o.m.head.lang = lang_current;
        r = serve_control_path(o.config, o.directory, control, sizeof(control));
        if (r < 0)
                return 3;
        for (int i = optind; i < argc && r == 0; i++)
                r = inputs_add(&in, argv[i], problem, &worst);
        for (uint32_t i = 0; i < in.n && r == 0; i++) {
                int k = import_one(&o, control, &in, i);

                worst = MAX(worst, k);
                if (k == 3)
                        break; /* no node: the rest would not fare better */
        }
        inputs_deinit(&in);
        return r < 0 ? 3 : worst;
}
