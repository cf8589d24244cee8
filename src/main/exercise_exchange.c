/* `coloa exercise import` and `export`: scenarios of other formats. Files are read in a process of their own; what an
 * import makes goes to standard output as YAML, what was found to standard error. Nothing is kept: the console or
 * `coloa api scenarios.upload` take the YAML when it is finished. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "exercise/exchange.h"
#include "main/exercise_verb.h"
#include "main/job_once.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"
#include "reader/reader.h"

static const char import_en[] =
        "Usage: coloa exercise import FILE\n"
        "\n"
        "Makes a scenario (YAML, on standard output) of FILE: CEXF of MISP (JSON), Attack Flow 2 "
        "or 3 "
        "(STIX 2.1\n"
        "bundle), or a list of events as a table (MSEL, CSV). What was noticed goes to standard "
        "error. "
        "With a\n"
        "fault nothing is taken: what the rest would give is printed as comments.\n"
        "\n"
        "      --lang LANG  en or vi\n"
        "\n"
        "Exit status: 0 made, 2 a record is at fault (or usage), 3 the file could not be read.\n";
static const char import_vi[] =
        "Cách dùng: coloa exercise import TỆP\n"
        "\n"
        "Tạo kịch bản (YAML, ra đầu ra chuẩn) từ TỆP: CEXF của MISP (JSON), Attack Flow 2 hoặc 3 "
        "(gói "
        "STIX 2.1),\n"
        "hoặc bảng sự kiện (MSEL, CSV). Những điều cần lưu ý in ra luồng lỗi chuẩn. Có lỗi thì "
        "không "
        "nhận gì:\n"
        "phần còn lại sẽ cho ra gì được in dưới dạng ghi chú.\n"
        "\n"
        "      --lang NGỮ   en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã tạo, 2 có bản ghi lỗi (hoặc sai cách dùng), 3 không đọc được tệp.\n";
static const char export_en[] =
        "Usage: coloa exercise export --format cexf|attack-flow|msel|navigator FILE\n"
        "\n"
        "A scenario as another format, on standard output. CEXF carries everything and comes back "
        "whole; Attack\n"
        "Flow carries the attack, MSEL the events, Navigator the techniques.\n"
        "\n"
        "      --format F   which\n"
        "      --lang LANG  en or vi\n"
        "\n"
        "Exit status: 0 written, 2 the scenario is faulty (or usage), 3 the file could not be "
        "read.\n";
static const char export_vi[] =
        "Cách dùng: coloa exercise export --format cexf|attack-flow|msel|navigator TỆP\n"
        "\n"
        "Kịch bản dưới định dạng khác, ra đầu ra chuẩn. CEXF mang theo tất cả và nhập lại được "
        "nguyên "
        "vẹn; Attack\n"
        "Flow mang phần tấn công, MSEL mang các sự kiện, Navigator mang các kỹ thuật.\n"
        "\n"
        "      --format F   định dạng nào\n"
        "      --lang NGỮ   en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã ghi, 2 kịch bản có lỗi (hoặc sai cách dùng), 3 không đọc được tệp.\n";

/* ---- import ---- */

/* As comments, so that nobody takes it by accident. */
static void print_would(const char *text) {
        puts(tr("# NOT TAKEN: the file has faults. What the rest would give:",
                "# KHÔNG NHẬN: tệp có lỗi. Phần còn lại sẽ cho ra:"));
        while (text && *text) {
                size_t n = strcspn(text, "\n");

                printf("# %.*s\n", (int)n, text);
                text += n + (text[n] == '\n');
        }
}

static int print_import(const char *path, const json_t *o) {
        const char *yaml = json_string_value(json_object_get(o, "yaml")),
                   *format = json_string_value(json_object_get(o, "format"));
        long long n = (long long)json_integer_value(json_object_get(o, "n_faults"));

        exercise_put_faults(stderr, path, json_object_get(o, "faults"), false);
        exercise_put_faults(stderr, path, json_object_get(o, "warnings"), true);
        if (n || !yaml) {
                print_would(json_string_value(json_object_get(o, "would")));
                fprintf(stderr,
                        tr("%s: nothing was taken: %lld faults\n", "%s: không nhận gì: %lld lỗi\n"),
                        path, n);
                return 2;
        }
        exercise_put_faults(stderr, tr("what was made", "kịch bản tạo ra"),
                            json_object_get(o, "lint"), true);
        fputs(yaml, stdout);
        fprintf(stderr, tr("%s: read as %s\n", "%s: đã đọc theo định dạng %s\n"), path,
                format ? format : "?");
        return 0;
}

struct args {
        const char *format;
};

/* 0: the one file is argv[optind]; 1, 2: as option_rows_read(). */
static int read_args(const struct option_verb *verb, struct args *a, int argc, char **argv) {
        int r = option_rows_read(verb, a, argc, argv);

        if (r == 0 && optind != argc - 1) {
                fprintf(stderr, "%s: %s\n", verb->name,
                        tr("name one file", "hãy chỉ ra đúng một tệp"));
                return 2;
        }
        return r;
}

int exercise_import(int argc, char **argv) {
        static const struct option_verb verb = {"coloa exercise import", import_en, import_vi, NULL,
                                                0};
        struct args a = {0};
        json_t *o = NULL;
        int r = read_args(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : r;
        if (exercise_read_as(verb.name, argv[optind], READER_EXCHANGE, 0, &o) < 0)
                return 3;
        r = print_import(argv[optind], o);
        json_decref(o);
        return r;
}

/* ---- export ---- */

static unsigned format_of(const char *name) {
        static const char *const names[] = {"", "cexf", "attack-flow", "msel", "navigator"};

        for (unsigned i = 1; name && i < ARRAY_LEN(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return i;
        return 0;
}

int exercise_export(int argc, char **argv) {
        static const struct option_row rows[] = {
                {"format", 0, OPTION_WORD, OPTION_OF(args, format), NULL}};
        static const struct option_verb verb = {"coloa exercise export", export_en, export_vi, rows,
                                                ARRAY_LEN(rows)};
        struct args a = {0};
        json_t *o = NULL;
        int r = read_args(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : r;
        unsigned format = format_of(a.format);
        if (!format) {
                fprintf(stderr, "%s: %s\n", verb.name,
                        tr("--format must be cexf, attack-flow, msel or navigator",
                           "--format phải là cexf, attack-flow, msel hoặc navigator"));
                return 2;
        }
        if (exercise_read_as(verb.name, argv[optind], READER_EXPORT, format, &o) < 0)
                return 3;
        const char *text = json_string_value(json_object_get(o, "text"));
        exercise_put_faults(stderr, argv[optind], json_object_get(o, "faults"), false);
        if (text)
                fputs(text, stdout);
        r = text ? 0 : 2;
        json_decref(o);
        return r;
}
