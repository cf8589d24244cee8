/* `coloa exercise compare EXERCISE [OTHER...]`: units compared, over scenarios and years, as the running node computes it
 * (results.comparison), with its uncertainty; or why it does not compare. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/api_client.h"
#include "main/exercise_verb.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/serve.h"

static const char help_en[] =
        "Usage: coloa exercise compare EXERCISE [OTHER]...\n"
        "\n"
        "Compares the units of an exercise with those of others, of any scenario and year; without "
        "OTHER\n"
        "with those of the same scenario. Numbers as `coloa api exercises.list` has them. Times "
        "faster are\n"
        "shown with their 95 % interval, places as sets; what cannot be compared is said, and "
        "why.\n"
        "\n"
        "      --json          the whole answer as JSON\n"
        "  -c, --config FILE   the node's configuration\n"
        "      --directory DIR its directory, when it has no configuration\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "Exit codes: 0 compared, 1 not comparable or refused, 2 usage, 3 no node answers.\n";
static const char help_vi[] =
        "Cách dùng: coloa exercise compare CUỘC [CUỘC KHÁC]...\n"
        "\n"
        "So sánh các đơn vị của một cuộc diễn tập với các cuộc khác, kịch bản và năm bất kỳ; không "
        "ghi\n"
        "cuộc khác thì so với các cuộc cùng kịch bản. Số như trong `coloa api exercises.list`. "
        "Nhanh "
        "hơn bao\n"
        "nhiêu lần kèm khoảng 95 %, thứ hạng dạng khoảng; không so được thì nói rõ vì sao.\n"
        "\n"
        "      --json          toàn bộ câu trả lời dạng JSON\n"
        "  -c, --config TỆP    cấu hình của nút\n"
        "      --directory MỤC thư mục của nút, khi không có cấu hình\n"
        "      --lang NGỮ      en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã so sánh, 1 không so được hoặc bị từ chối, 2 sai cách dùng, 3 không có nút "
        "trả lời.\n";

struct args {
        const char *config, *directory;
        bool json;
};
static const struct option_row rows[] = {
        {"json", 0, OPTION_FLAG, OPTION_OF(args, json), NULL},
        {"config", 'c', OPTION_TEXT, OPTION_OF(args, config), NULL},
        {"directory", 0, OPTION_TEXT, OPTION_OF(args, directory), NULL},
};

static const char *text_of(const json_t *o, const char *en, const char *vi) {
        return json_string_value(json_object_get(o, tr(en, vi)));
}

static void one_unit(const json_t *u) {
        const char *refused = text_of(u, "refused", "refused_vi");
        const char *name = json_string_value(json_object_get(u, "unit_name"));
        const json_t *rank = json_object_get(u, "rank");

        printf("%-30s %4lld  ", name ? name : "?",
               (long long)json_integer_value(json_object_get(u, "year")));
        if (refused) {
                printf("%s\n", refused);
                return;
        }
        printf("%5.2f× (%.2f–%.2f)  %lld–%lld\n", json_number_value(json_object_get(u, "faster")),
               json_number_value(json_object_get(u, "faster_from")),
               json_number_value(json_object_get(u, "faster_to")),
               (long long)json_integer_value(json_array_get(rank, 0)),
               (long long)json_integer_value(json_array_get(rank, 1)));
}

static int say(const json_t *of) {
        const char *refused = text_of(of, "refused", "refused_vi");
        const json_t *v;
        size_t i;

        json_array_foreach(json_object_get(of, "sittings"), i, v)
                printf("# %s  %lld  %s  %s  %lld\n", json_string_value(json_object_get(v, "code")),
                       (long long)json_integer_value(json_object_get(v, "year")),
                       json_string_value(json_object_get(v, "scenario")),
                       json_string_value(json_object_get(v, "title")),
                       (long long)json_integer_value(json_object_get(v, "units")));
        if (refused) {
                printf(tr("not comparable: %s\n", "không so sánh được: %s\n"), refused);
                return 1;
        }
        json_array_foreach(json_object_get(of, "units"), i, v) one_unit(v);
        return 0;
}

/* "3,8" of what was named; false: one is no number, or there are too many. */
static bool others(char **list, int n, char *to, size_t room) {
        size_t len = 0;

        *to = '\0';
        for (int i = 0; i < n; i++) {
                if (!*list[i] || list[i][strspn(list[i], "0123456789")] || strlen(list[i]) > 9)
                        return false;
                len += (size_t)snprintf(to + len, room - len, "%s%s", i ? "," : "", list[i]);
                if (len >= room)
                        return false;
        }
        return true;
}

int exercise_compare(int argc, char **argv) {
        static const struct option_verb verb = {"coloa exercise compare", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        _cleanup_(buf_deinit) struct buf body = {.limit = (size_t)16 << 20};
        char control[1200], with[100], first[100];
        struct args a = {0};
        unsigned status = 0;
        int r = option_rows_read(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        int n = argc - optind;
        if (n < 1 || !others(argv + optind, 1, first, sizeof(first)) ||
            !others(argv + optind + 1, n - 1, with, sizeof(with))) {
                fputs(tr(help_en, help_vi), stderr);
                return 2;
        }
        if (serve_control_path(a.config, a.directory, control, sizeof(control)) < 0)
                return 3;
        json_t *in = json_pack("{sI}", "id", (json_int_t)atoll(first));
        if (*with)
                json_object_set_new(in, "with", json_string(with));
        r = api_client_ask(control, "results.comparison", in, &status, &body);
        json_decref(in);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa exercise: no node answers at %s: %s\n",
                           "coloa exercise: không có nút nào trả lời tại %s: %s\n"),
                        control, error_text(r));
                return 3;
        }
        if (status != 200) {
                api_client_refused("exercise", buf_get(&body));
                return 1;
        }
        json_t *o = json_loadb(body.p ? body.p : "", body.len, 0, NULL);
        const json_t *of = json_object_get(o, "comparison");
        bool refused = text_of(of, "refused", "refused_vi") != NULL;
        if (a.json && o) {
                json_dumpf(of, stdout, JSON_INDENT(1));
                putchar('\n');
        }
        r = !o ? 3 : a.json ? refused : say(of);
        json_decref(o);
        return r;
}
