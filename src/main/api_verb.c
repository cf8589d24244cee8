/* `coloa api OPERATION FIELD=VALUE …`: whatever the console can do, at the node itself. The control socket is the right
 * to it (root and the node's user), and every write is in the audit log as `local`. What came is printed as it came: JSON, or
 * for a list a table; text of logs is escaped for a terminal. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "main/api_client.h"
#include "main/api_verb.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/serve.h"
#include "os/os.h"
#include "report/text.h"

#define COLUMN_MAX 40u
#define BODY_MAX ((size_t)32 << 20)

static const char help_en[] =
        "Usage: coloa api OPERATION [FIELD=VALUE …] [-c FILE]\n"
        "       coloa api list | openapi\n"
        "\n"
        "Asks a running node for one operation of its API, as the node's own user. A VALUE of - "
        "is\n"
        "read from standard input; lists are divided by commas; objects are JSON.\n"
        "  coloa api alerts.list status=new limit=5 --table\n"
        "  coloa api alerts.dismiss id=7 reason=test\n"
        "  coloa api playbooks.import @FILE\n"
        "@FILE (or @-) is what an operation that takes a file is given.\n"
        "\n"
        "      --table         a list as a table, not JSON\n"
        "  -c, --config FILE   the node's configuration\n"
        "      --directory DIR its directory, when it has no configuration\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "list: all operations. openapi: all of them as OpenAPI 3.1; neither needs a node.\n"
        "Exit codes: 0 done, 1 refused, 2 usage, 3 no node answers.\n";
static const char help_vi[] =
        "Cách dùng: coloa api THAO-TÁC [TRƯỜNG=GIÁ-TRỊ …] [-c TỆP]\n"
        "           coloa api list | openapi\n"
        "\n"
        "Yêu cầu một nút đang chạy làm một thao tác của API, với quyền người dùng của nút. GIÁ-TRỊ "
        "là -\n"
        "thì đọc từ đầu vào chuẩn; danh sách ngăn bằng dấu phẩy; đối tượng viết bằng JSON.\n"
        "  coloa api alerts.list status=new limit=5 --table\n"
        "  coloa api alerts.dismiss id=7 reason=test\n"
        "  coloa api playbooks.import @TỆP\n"
        "@TỆP (hoặc @-) là tệp gửi cho thao tác nhận tệp.\n"
        "\n"
        "      --table         danh sách thành bảng, không phải JSON\n"
        "  -c, --config TỆP    cấu hình của nút\n"
        "      --directory MỤC thư mục của nút, khi không có cấu hình\n"
        "      --lang NGỮ      en hoặc vi\n"
        "\n"
        "list: mọi thao tác. openapi: tất cả theo OpenAPI 3.1; cả hai không cần nút.\n"
        "Mã thoát: 0 xong, 1 bị từ chối, 2 sai cách dùng, 3 không có nút nào trả lời.\n";

struct args {
        const char *config, *directory;
        bool table;
};

static const struct option_row rows[] = {
        {"table", 0, OPTION_FLAG, OPTION_OF(args, table), NULL},
        {"config", 'c', OPTION_TEXT, OPTION_OF(args, config), NULL},
        {"directory", 0, OPTION_TEXT, OPTION_OF(args, directory), NULL},
};

static int print_list(void) {
        for (uint32_t i = 0; i < api_count(); i++) {
                const struct api_op *o = api_op(i);

                printf("%-24s %-6s %-44s %s\n", o->id, api_method_name(o->method), o->path,
                       tr(o->en, o->vi));
        }
        return 0;
}

static int print_openapi(void) {
        _cleanup_(buf_deinit) struct buf b = {.limit = BODY_MAX};

        if (api_openapi(&b) < 0)
                return 3;
        fwrite(b.p, 1, b.len, stdout);
        return 0;
}

/* ---- the request ---- */

static int read_input(char **ret, size_t *ret_len) {
        int r = os_read_fd(STDIN_FILENO, API_BODY_MAX, ret, ret_len);

        if (r < 0)
                fprintf(stderr, "coloa api: %s\n", error_text(r));
        return r;
}

/* "limit=5" */
static int put_argument(const struct api_op *o, json_t *in, const char *arg) {
        const char *eq = strchr(arg, '=');
        char name[96], *text = NULL;
        struct span value;
        size_t len = 0;

        if (!eq || eq == arg || (size_t)(eq - arg) >= sizeof(name)) {
                fprintf(stderr,
                        tr("coloa api: FIELD=VALUE, not '%s'\n",
                           "coloa api: TRƯỜNG=GIÁ-TRỊ, không phải '%s'\n"),
                        arg);
                return 2;
        }
        snprintf(name, sizeof(name), "%.*s", (int)(eq - arg), arg);
        value = span_str(eq + 1);
        if (strcmp(eq + 1, "-") == 0) {
                if (read_input(&text, &len) < 0)
                        return 2;
                value = span_of(text, len);
        }
        int r = api_put(o, in, name, value);
        free(text);
        if (r == 0)
                return 0;
        fprintf(stderr,
                r == -EEXIST
                        ? tr("coloa api: %s is given twice\n", "coloa api: %s bị lặp lại\n")
                        : tr("coloa api: %s is not UTF-8\n", "coloa api: %s không phải UTF-8\n"),
                name);
        return 2;
}

/* Said here too, so that a slip needs no node. */
static int check(const struct api_op *o, json_t *in) {
        struct api_fault faults[API_FAULTS_MAX];
        unsigned n = api_check(o, in, faults);

        for (unsigned i = 0; i < n; i++)
                fprintf(stderr, "coloa api: %s: %s; %s\n", faults[i].field,
                        tr(faults[i].en, faults[i].vi),
                        tr(faults[i].remedy_en, faults[i].remedy_vi));
        return n ? 2 : 0;
}

/* ---- the answer ---- */

static void put_cell(struct buf *b, const json_t *v) {
        char *text = json_is_string(v) ? NULL : json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

        if (json_is_string(v))
                text_clean(b, span_of(json_string_value(v), json_string_length(v)), 400);
        else if (text && !json_is_null(v))
                text_clean(b, span_str(text), 400);
        free(text);
}

/* Columns as wide as what stands in them, at most COLUMN_MAX. */
static void print_table(const struct api_op *o, const json_t *items) {
        _cleanup_(buf_deinit) struct buf b = {.limit = BODY_MAX}, cell = {.limit = 8192};
        size_t i;
        json_t *row;

        for (const struct api_field *f = o->answer; f && f->name; f++) {
                size_t width = strlen(f->name);

                json_array_foreach(items, i, row) {
                        buf_reset(&cell);
                        put_cell(&cell, json_object_get(row, f->name));
                        size_t w = text_width(buf_get(&cell));
                        width = MAX(width, MIN(w, (size_t)COLUMN_MAX));
                }
                buf_printf(&b, "%zu ", width); /* kept for the rows below */
        }
        for (size_t n = 0; n <= json_array_size(items); n++) {
                const char *p = b.p;

                row = n ? json_array_get(items, n - 1) : NULL;
                for (const struct api_field *f = o->answer; f && f->name; f++) {
                        char *end;
                        size_t width = strtoul(p, &end, 10);
                        _cleanup_(buf_deinit) struct buf line = {.limit = 8192};

                        p = end;
                        buf_reset(&cell);
                        if (row)
                                put_cell(&cell, json_object_get(row, f->name));
                        else
                                buf_str(&cell, f->name);
                        size_t used = text_cut(&line, buf_get(&cell), width);
                        text_pad(&line, width - used + 2);
                        fwrite(line.p, 1, line.len, stdout);
                }
                putchar('\n');
        }
}

static int print_answer(const struct args *a, const struct api_op *o, struct span body) {
        json_t *v = body.len ? json_loadb(body.p, body.len, 0, NULL) : NULL;

        if (v && a->table && (o->flags & API_LIST))
                print_table(o, json_object_get(v, "items"));
        else if (v) {
                json_dumpf(v, stdout, JSON_INDENT(2));
                putchar('\n');
        } else {
                fwrite(body.p ? body.p : "", 1, body.len, stdout);
        }
        json_decref(v);
        return 0;
}

/* "@FILE" of the arguments, which is taken out of them: its descriptor; -1: there is none; -2: it was said. */
static int take_file(int *argc, char **argv) {
        int fd = -1;

        for (int i = optind + 1; i < *argc; i++) {
                if (argv[i][0] != '@')
                        continue;
                fd = strcmp(argv[i], "@-") == 0 ? os_dup(STDIN_FILENO)
                                                : os_open(argv[i] + 1, O_RDONLY | O_CLOEXEC, 0);
                if (fd < 0) {
                        fprintf(stderr, "coloa api: %s: %s\n", argv[i] + 1, error_text(fd));
                        return -2;
                }
                memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof(*argv));
                (*argc)--;
                break;
        }
        return fd;
}

static bool good_file(const struct api_op *o, int file) {
        bool wants = (o->flags & API_UPLOAD) != 0;

        if (wants == (file >= 0))
                return true;
        fprintf(stderr,
                wants ? tr("coloa api: %s takes a file: give it as @FILE\n",
                           "coloa api: %s cần một tệp: ghi @TỆP\n")
                      : tr("coloa api: %s takes no file\n", "coloa api: %s không nhận tệp\n"),
                o->id);
        return false;
}

static int ask(const struct args *a, const struct api_op *o, const json_t *in, const char *control,
               int file) {
        _cleanup_(buf_deinit) struct buf body = {.limit = BODY_MAX};
        unsigned status = 0;
        struct api_files files = {file, o->flags & API_BYTES ? STDOUT_FILENO : -1};
        int r = api_client_exchange(control, o->id, in, files, &status, &body);

        if (r < 0) {
                fprintf(stderr,
                        tr("coloa api: no node answers at %s: %s\n",
                           "coloa api: không có nút nào trả lời tại %s: %s\n"),
                        control, error_text(r));
                fputs(where_else(), stderr);
                return 3;
        }
        if (status >= 400)
                return api_client_refused("api", buf_get(&body));
        return print_answer(a, o, buf_get(&body));
}

int verb_api(int argc, char **argv) {
        static const struct option_verb verb = {"coloa api", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        char control[1200];
        struct args a = {0};
        int r = option_rows_read(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        if (optind >= argc) {
                fputs(tr(help_en, help_vi), stderr);
                return 2;
        }
        const char *id = argv[optind];
        if (strcmp(id, "list") == 0)
                return print_list();
        if (strcmp(id, "openapi") == 0)
                return print_openapi();
        const struct api_op *o = api_op(api_number(id));
        if (!o || (o->flags & API_STREAM)) {
                fprintf(stderr,
                        tr("coloa api: no operation '%s'; 'coloa api list' names them\n",
                           "coloa api: không có thao tác '%s'; xem 'coloa api list'\n"),
                        id);
                return 2;
        }
        _cleanup_(os_closep) int file = take_file(&argc, argv);
        if (file == -2 || !good_file(o, file))
                return 2;
        json_t *in = json_object();
        for (int i = optind + 1; i < argc && r == 0; i++)
                r = put_argument(o, in, argv[i]);
        if (r == 0)
                r = check(o, in);
        if (r == 0)
                r = serve_control_path(a.config, a.directory, control, sizeof(control)) < 0 ? 2 : 0;
        if (r == 0)
                r = ask(&a, o, in, control, file);
        json_decref(in);
        return r;
}
