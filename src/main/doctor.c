/* `coloa doctor`: looks at a node's configuration and machine, and says what to do. Changes nothing,
 * whether a node runs or not. */
#include "main/doctor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/control.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/serve.h"
#include "main/try_out.h"
#include "os/bind.h"
#include "os/os.h"

#define CONFIG_MAX ((size_t)1 << 20)

static const char help_en[] =
        "Usage: coloa doctor [-c FILE] [--directory DIR] [--json]\n"
        "\n"
        "Checks the configuration, who may read and change what, keys and certificates, ports,\n"
        "disk, clock, kernel and limits, and says what to do. Changes nothing. Run it as root, or\n"
        "as the user that runs the node.\n"
        "\n"
        "  -c, --config FILE   the configuration (default /etc/coloa/coloa.yaml)\n"
        "      --directory DIR where the node keeps things, instead of the configuration's\n"
        "      --json          as JSON\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "Exit codes: 0 all is well, 1 warnings, 2 errors, or usage.\n";
static const char help_vi[] =
        "Cách dùng: coloa doctor [-c TỆP] [--directory THƯ_MỤC] [--json]\n"
        "\n"
        "Kiểm tra cấu hình, ai đọc và sửa được gì, khóa và chứng thư, cổng, đĩa, đồng hồ, nhân và\n"
        "giới hạn, rồi cho biết cần làm gì. Không thay đổi gì. Chạy với quyền root, hoặc người "
        "dùng\n"
        "chạy nút.\n"
        "\n"
        "  -c, --config TỆP         cấu hình (mặc định /etc/coloa/coloa.yaml)\n"
        "      --directory THƯ_MỤC  nơi nút lưu giữ, thay cho trong cấu hình\n"
        "      --json               dạng JSON\n"
        "      --lang NGỮ           en hoặc vi\n"
        "\n"
        "Mã thoát: 0 tốt cả, 1 có cảnh báo, 2 có lỗi, hoặc sai cách dùng.\n";

struct doctor_options {
        const char *config, *directory;
        bool json;
        int landlock;
};

/* 0; 1: help was printed; 2: said on standard error. */
static int read_options(struct doctor_options *o, int argc, char **argv) {
        static const struct option_row rows[] = {
                {"config", 'c', OPTION_TEXT, OPTION_OF(doctor_options, config), NULL},
                {"directory", 0, OPTION_TEXT, OPTION_OF(doctor_options, directory), NULL},
                {"json", 0, OPTION_FLAG, OPTION_OF(doctor_options, json), NULL},
                {"landlock", 0, OPTION_NUMBER, OPTION_OF(doctor_options, landlock), NULL},
        };
        static const struct option_verb verb = {"coloa doctor", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};

        *o = (struct doctor_options){.landlock = -1};
        int r = option_rows_read(&verb, o, argc, argv);
        return r != 0 ? r : option_nothing_left(verb.name, argc, argv);
}

/* ---- the configuration ---- */

static void complain(void *ctx, uint32_t line, uint32_t column, const char *text) {
        struct doctor *d = ctx;

        doctor_say(d, DOCTOR_ERROR, "configuration",
                   tr("correct that line (doc/configuration.md has every key), then ask the doctor "
                      "again for the rest",
                      "sửa dòng đó (doc/configuration.md có mọi khóa), rồi chạy lại doctor để kiểm "
                      "tra phần còn lại"),
                   "%s:%u:%u: %s", d->config_path ? d->config_path : "-", line, column, text);
}

static void not_read(void *ctx, int level, const char *text) {
        doctor_say(
                ctx, DOCTOR_WARNING, "files",
                tr("run it as root or as a member of adm, or name what to read in a configuration",
                   "chạy với root hoặc thành viên nhóm adm, hoặc khai báo trong cấu hình"),
                "%s", text);
}

static int try_out(struct doctor *d, struct config *c) {
        _cleanup_(buf_deinit) struct buf b = {0};

        doctor_say(d, DOCTOR_WARNING, "configuration",
                   tr("copy the commented coloa.yaml to /etc/coloa/, or name yours by -c",
                      "chép coloa.yaml có chú thích vào /etc/coloa/, hoặc chỉ bằng -c"),
                   "%s",
                   tr("there is none: 'coloa serve' would be a try-out for this machine",
                      "chưa có: 'coloa serve' sẽ chỉ chạy thử cho máy này"));
        try_out_text(&b, not_read, d);
        return b.failed ? -ENOMEM : config_parse(c, "-", buf_get(&b), complain, d);
}

/* 0, or -errno: told. */
static int read_config(struct doctor *d, struct config *c) {
        char *text;
        size_t len;

        if (!d->config_path)
                return try_out(d, c);
        int r = os_read_file(d->config_path, CONFIG_MAX, &text, &len);
        if (r < 0) {
                doctor_say(d, DOCTOR_ERROR, "configuration",
                           tr("name the file by -c, and run this as who may read it",
                              "chỉ tệp bằng -c, và chạy với người dùng đọc được nó"),
                           "%s: %s", d->config_path, error_text(r));
                return r;
        }
        r = config_parse(c, d->config_path, span_of(text, len), complain, d);
        free(text);
        if (r == 0)
                doctor_say(d, DOCTOR_OK, "configuration", NULL,
                           tr("%s: %u listeners, %u sources", "%s: %u cổng nghe, %u nguồn"),
                           d->config_path, c->n_listen, c->n_sources);
        return r;
}

static void ask_node(struct doctor *d) {
        struct msg_control m = {CONTROL_MAGIC, CONTROL_STATUS, true, lang_current};
        char *text = NULL;
        size_t len;

        if (d->node_answers && control_ask_text(d->config->control, &m, &text, &len) == 0)
                doctor_node_judge(d, span_of(text, len));
        free(text);
}

static void examine(struct doctor *d) {
        int sock = os_local_connect(d->config->control);
        struct doctor_host host;

        d->node_answers = sock >= 0;
        os_close_quiet(sock);
        doctor_who(d);
        doctor_files(d);
        doctor_rules(d);
        doctor_net(d);
        doctor_tls(d);
        ask_node(d);
        doctor_host_ask(d, &host);
        doctor_host_judge(d, &host);
}

static int doctor(struct doctor *d, const struct doctor_options *o) {
        const char *directory = o->directory;
        struct config c = {0};
        struct buf out = {0};

        d->config_path = o->config ? o->config : o->directory ? NULL : serve_default_config();
        if (read_config(d, &c) == 0) {
                if (!directory && !d->config_path)
                        directory = serve_own_directory();
                if (directory) {
                        c.directory = directory;
                        c.control = doctor_text(d, "%s/control", directory);
                }
                d->config = &c;
                examine(d);
                config_deinit(&c);
        }
        doctor_print(d, &out, o->json);
        bool ok = !out.failed && fwrite(out.p, 1, out.len, stdout) == out.len && !fflush(stdout);
        buf_deinit(&out);
        return ok ? doctor_status(d) : 2;
}

int verb_doctor(int argc, char **argv) {
        struct doctor_options o;
        int r = read_options(&o, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        struct doctor *d = calloc(1, sizeof(*d));
        if (!d)
                return 2;
        arena_init(&d->arena, (size_t)16 << 20);
        d->landlock = o.landlock;
        r = doctor(d, &o);
        arena_deinit(&d->arena);
        free(d);
        return r;
}
