/* `coloa person one-time LOGIN`: how the first person gets in, and anybody whom no administrator can help. The
 * password is shown on the terminal this once: it is in no log, no argument, no environment. To a
 * file or a pipe it goes only when that is asked for (--to-pipe), for scripts that install nodes. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "main/api_client.h"
#include "main/option_rows.h"
#include "main/person_verb.h"
#include "main/phrases.h"
#include "main/serve.h"
#include "os/os.h"

static const char help_en[] =
        "Usage: coloa person one-time LOGIN [--totp] [-c FILE]\n"
        "\n"
        "Shows a one-time password for LOGIN, good for one sign-in within 72 hours; their "
        "sessions\n"
        "end. When the node has no people yet, LOGIN is made, as administrator and lead of all.\n"
        "\n"
        "      --totp          also forget their second factor and recovery codes\n"
        "      --to-pipe       the output may be no terminal\n"
        "  -c, --config FILE   the node's configuration\n"
        "      --directory DIR its directory, when it has no configuration\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "Exit codes: 0 done, 1 there is no such person, 2 usage, 3 no node answers.\n";
static const char help_vi[] =
        "Cách dùng: coloa person one-time TÊN [--totp] [-c TỆP]\n"
        "\n"
        "Hiện mật khẩu dùng một lần cho TÊN đăng nhập, có giá trị cho một lần đăng nhập trong 72 "
        "giờ;\n"
        "mọi phiên của người đó kết thúc. Khi nút chưa có ai, TÊN được tạo làm quản trị viên và "
        "chỉ\n"
        "huy của toàn cơ quan.\n"
        "\n"
        "      --totp          đồng thời xóa yếu tố thứ hai và mã khôi phục\n"
        "      --to-pipe       cho phép đầu ra không phải màn hình dòng lệnh\n"
        "  -c, --config TỆP    cấu hình của nút\n"
        "      --directory MỤC thư mục của nút, khi không có cấu hình\n"
        "      --lang NGỮ      en hoặc vi\n"
        "\n"
        "Mã thoát: 0 xong, 1 không có người này, 2 sai cách dùng, 3 không có nút nào trả lời.\n";

struct args {
        const char *config, *directory, *login;
        bool totp, to_pipe;
};

static const struct option_row rows[] = {
        {"totp", 0, OPTION_FLAG, OPTION_OF(args, totp), NULL},
        {"to-pipe", 0, OPTION_FLAG, OPTION_OF(args, to_pipe), NULL},
        {"config", 'c', OPTION_TEXT, OPTION_OF(args, config), NULL},
        {"directory", 0, OPTION_TEXT, OPTION_OF(args, directory), NULL},
};

/* -1: go on; else the exit status. */
static int read_args(int argc, char **argv, struct args *a) {
        static const struct option_verb verb = {"coloa person", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        int r = option_rows_read(&verb, a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        if (argc - optind != 2 || strcmp(argv[optind], "one-time") != 0) {
                fputs(tr(help_en, help_vi), stderr);
                return 2;
        }
        a->login = argv[optind + 1];
        return -1;
}

static void show(struct span body) {
        json_t *o = json_loadb(body.p, body.len, 0, NULL);
        const char *login = json_string_value(json_object_get(o, "login"));
        const char *password = json_string_value(json_object_get(o, "password"));

        if (json_is_true(json_object_get(o, "created")))
                fprintf(stderr,
                        tr("%s was made: the first of this node.\n",
                           "Đã tạo %s: người đầu tiên của nút này.\n"),
                        login ? login : "");
        fprintf(stderr,
                tr("One-time password of %s, for one sign-in within 72 hours:\n",
                   "Mật khẩu dùng một lần của %s, cho một lần đăng nhập trong 72 giờ:\n"),
                login ? login : "");
        printf("%s\n", password ? password : "");
        json_decref(o);
}

static int ask(const struct args *a, const char *control) {
        _cleanup_(buf_deinit) struct buf body = {.limit = (size_t)1 << 20};
        json_t *in = json_pack("{ss sb}", "login", a->login, "totp", a->totp);
        unsigned status = 0;

        if (!in) {
                fputs(tr("coloa person: the login is not UTF-8\n",
                         "coloa person: tên đăng nhập không phải UTF-8\n"),
                      stderr);
                return 2;
        }
        int r = api_client_ask(control, "people.begin", in, &status, &body);
        json_decref(in);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa person: no node answers at %s: %s\n",
                           "coloa person: không có nút nào trả lời tại %s: %s\n"),
                        control, error_text(r));
                fputs(where_else(), stderr);
                return 3;
        }
        if (status == 404) {
                fprintf(stderr,
                        tr("coloa person: nobody in use has the login %s\n",
                           "coloa person: không ai đang hoạt động có tên đăng nhập %s\n"),
                        a->login);
                return 1;
        }
        if (status != 200)
                return api_client_refused("person", buf_get(&body));
        show(buf_get(&body));
        explicit_bzero(body.p, body.len);
        return 0;
}

int verb_person(int argc, char **argv) {
        char control[1200];
        struct args a = {0};
        int r = read_args(argc, argv, &a);

        if (r >= 0)
                return r;
        if (!a.to_pipe && !os_isatty(STDOUT_FILENO)) {
                fputs(tr("coloa person: a password is shown on a terminal; --to-pipe if it must go "
                         "elsewhere\n",
                         "coloa person: mật khẩu chỉ hiện trên màn hình dòng lệnh; dùng --to-pipe "
                         "nếu cần "
                         "chuyển đi nơi khác\n"),
                      stderr);
                return 2;
        }
        if (serve_control_path(a.config, a.directory, control, sizeof(control)) < 0)
                return 3;
        return ask(&a, control);
}
