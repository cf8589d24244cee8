/* `coloa exercise check`: what is wrong with scenarios, where, and how to mend it. Each file is read in a process of
 * its own (job_once.h), and what that one says is as foreign as the file: shown for a terminal, or passed on as JSON
 * that was looked at. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "exercise/plan.h"
#include "main/exercise_verb.h"
#include "main/job_once.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"
#include "reader/reader.h"

static const char help_en[] =
        "Usage: coloa exercise check [--json] FILES...\n"
        "\n"
        "Says FILE:LINE:COLUMN: rule: what is wrong; what to do about it. Nothing is played, and "
        "nothing\n"
        "is kept. doc/scenarios.md explains the format and every rule.\n"
        "\n"
        "      --json       one JSON object a file, on a line each\n"
        "      --lang LANG  en or vi\n"
        "\n"
        "Exit status: 0 all can be played, 2 one cannot (or usage), 3 a file could not be read.\n";
static const char help_vi[] =
        "Cách dùng: coloa exercise check [--json] TỆP...\n"
        "\n"
        "Cho biết TỆP:DÒNG:CỘT: quy tắc: sai gì; cách sửa. Không diễn và không lưu gì.\n"
        "doc/scenarios.vi.md giải thích định dạng và từng quy tắc.\n"
        "\n"
        "      --json       mỗi tệp một đối tượng JSON trên một dòng\n"
        "      --lang NGỮ   en hoặc vi\n"
        "\n"
        "Mã thoát: 0 mọi kịch bản diễn được, 2 có kịch bản không diễn được (hoặc sai cách dùng),\n"
        "3 có tệp không đọc được.\n";

struct args {
        bool json;
};

static const struct option_row rows[] = {
        {"json", 0, OPTION_FLAG, OPTION_OF(args, json), NULL},
};

static void say(struct buf *b, const json_t *o, const char *en, const char *vi) {
        const json_t *v = json_object_get(o, tr(en, vi));

        buf_term(b,
                 span_of(json_string_value(v) ? json_string_value(v) : "", json_string_length(v)));
}

static long long whole(const json_t *o, const char *key) {
        return (long long)json_integer_value(json_object_get(o, key));
}

void exercise_put_faults(FILE *to, const char *path, const json_t *list, bool warning) {
        const json_t *f;
        size_t i;

        json_array_foreach(list, i, f) {
                _cleanup_(buf_deinit) struct buf b = {.limit = 65536};

                buf_term(&b, span_str(path));
                buf_printf(&b, ":%lld:%lld: ", whole(f, "line"), whole(f, "column"));
                if (warning)
                        buf_str(&b, tr("warning: ", "cảnh báo: "));
                say(&b, f, "rule", "rule");
                buf_str(&b, ": ");
                if (json_string_length(json_object_get(f, "where"))) {
                        say(&b, f, "where", "where");
                        buf_str(&b, ": ");
                }
                say(&b, f, "en", "vi");
                buf_str(&b, "; ");
                say(&b, f, "remedy_en", "remedy_vi");
                buf_char(&b, '\n');
                fwrite(b.p, 1, b.len, to);
        }
}

void exercise_say_faults(const char *path, const json_t *list, bool warning) {
        exercise_put_faults(stdout, path, list, warning);
}

/* What the job said, as an object; NULL: it said something else. */
static json_t *said(struct span out) {
        json_t *o = json_loadb(out.p ? out.p : "", out.len, JSON_REJECT_DUPLICATES, NULL);

        if (json_is_array(json_object_get(o, "faults")) &&
            json_is_array(json_object_get(o, "warnings")))
                return o;
        json_decref(o);
        return NULL;
}

int exercise_read_as(const char *verb, const char *path, unsigned kind, unsigned more,
                     json_t **ret) {
        _cleanup_(buf_deinit) struct buf in = {.limit = (size_t)16 << 20}, out = {0};
        char *text = NULL;
        size_t len = 0;
        int r = os_read_file(path, (size_t)15 << 20, &text, &len);

        if (r == 0) {
                buf_char(&in, (char)kind);
                if (more)
                        buf_char(&in, (char)more);
                buf_add(&in, text, len);
                r = in.failed ? -ENOMEM : job_once(JOB_READER, buf_get(&in), &out);
        }
        free(text);
        if (r == 0 && !(*ret = said(buf_get(&out))))
                r = -EBADMSG;
        if (r < 0)
                fprintf(stderr, "%s: %s: %s\n", verb, path, error_text(r));
        return r;
}

int exercise_read_file(const char *verb, const char *path, unsigned kind, json_t **ret) {
        return exercise_read_as(verb, path, kind, 0, ret);
}

static void say_json(const char *path, json_t *o) {
        char *text;

        json_object_set_new(o, "file", json_string(path));
        text = json_dumps(o, JSON_COMPACT);
        if (text)
                printf("%s\n", text);
        free(text);
}

static void say_good(const char *path, const json_t *plan) {
        fprintf(stderr,
                tr("%s: can be played: %lld min, %zu steps, %zu injects, %zu expectations; up to "
                   "%lld×, demonstration %lld×\n",
                   "%s: diễn được: %lld phút, %zu bước, %zu tình huống, %zu mong đợi; tối đa "
                   "%lld×, trình diễn %lld×\n"),
                path, whole(plan, "length") / 60000,
                json_array_size(json_object_get(plan, "steps")),
                json_array_size(json_object_get(plan, "injects")),
                json_array_size(json_object_get(plan, "expectations")), whole(plan, "speed_max"),
                whole(plan, "demo_speed"));
}

static int check_file(const struct args *a, const char *path) {
        json_t *o = NULL;

        if (exercise_read_file("coloa exercise check", path, READER_SCENARIO, &o) < 0)
                return 3;
        long long n = whole(o, "n_faults"), warned = whole(o, "n_warnings");
        if (a->json)
                say_json(path, o);
        else {
                exercise_say_faults(path, json_object_get(o, "faults"), false);
                exercise_say_faults(path, json_object_get(o, "warnings"), true);
                if (n == 0)
                        say_good(path, json_object_get(o, "plan"));
                else
                        fprintf(stderr,
                                tr("%s: cannot be played: %lld faults, %lld warnings\n",
                                   "%s: không diễn được: %lld lỗi, %lld cảnh báo\n"),
                                path, n, warned);
        }
        json_decref(o);
        return n ? 2 : 0;
}

int exercise_check(int argc, char **argv) {
        static const struct option_verb verb = {"coloa exercise check", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        struct args a = {0};
        int r = option_rows_read(&verb, &a, argc, argv), worst = 0;

        if (r != 0)
                return r == 1 ? 0 : r;
        if (optind == argc) {
                fprintf(stderr, "%s: %s\n", verb.name, tr("no files named", "chưa chỉ ra tệp nào"));
                return 2;
        }
        for (int i = optind; i < argc; i++) {
                r = check_file(&a, argv[i]);
                worst = MAX(worst, r);
        }
        return worst;
}
