/* `coloa exercise play SCENARIO`: an exercise of a running node from the command line, over its control socket: made, gone
 * through its list, started, and followed line by line until it ends. What is asked are operations of the API like any
 * other's; leaving (Ctrl-C) leaves it running. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "exercise/plan.h"
#include "main/api_client.h"
#include "main/exercise_verb.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/serve.h"
#include "os/os.h"

#define UNITS_MAX 100u
#define LOOK_MS 1000

static const char help_en[] =
        "Usage: coloa exercise play SCENARIO [--unit CODE]... [--speed N] [--demo] [--solo]\n"
        "\n"
        "Plays a scenario on the running node, and says line by line what happens. SCENARIO is a "
        "file\n"
        "(brought in first), or the id or number of one that the node has.\n"
        "\n"
        "      --unit CODE     a unit that plays; may be given again; default: root\n"
        "      --speed N       times real time, 1 to what the scenario allows\n"
        "      --demo          at the speed of its demonstration\n"
        "      --solo          one unit against the clock: without the list before go\n"
        "      --quiet         only the exercise's code; it is not followed\n"
        "  -c, --config FILE   the node's configuration\n"
        "      --directory DIR its directory, when it has no configuration\n"
        "      --lang LANG     en or vi\n"
        "\n"
        "Exit codes: 0 it ended (or --quiet: it runs), 1 it cannot be played, 2 usage or a faulty "
        "file,\n"
        "3 no node answers.\n";
static const char help_vi[] =
        "Cách dùng: coloa exercise play KỊCH-BẢN [--unit MÃ]... [--speed N] [--demo] [--solo]\n"
        "\n"
        "Chạy một kịch bản trên nút đang hoạt động và ghi từng dòng những gì diễn ra. KỊCH-BẢN là "
        "tệp\n"
        "(được nhập trước), hoặc mã, hoặc số của kịch bản đã có trên nút.\n"
        "\n"
        "      --unit MÃ       đơn vị tham gia; có thể lặp lại; mặc định: root\n"
        "      --speed N       tốc độ, lần; từ 1 đến mức kịch bản cho phép\n"
        "      --demo          theo tốc độ bản trình diễn\n"
        "      --solo          một đơn vị tự luyện: bỏ qua danh sách kiểm tra\n"
        "      --quiet         chỉ ghi số hiệu, không theo dõi\n"
        "  -c, --config TỆP    cấu hình của nút\n"
        "      --directory MỤC thư mục của nút, khi không có cấu hình\n"
        "      --lang NGỮ      en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã kết thúc (hoặc --quiet: đang chạy), 1 không chạy được, 2 sai cách dùng "
        "hoặc tệp lỗi,\n"
        "3 không có nút nào trả lời.\n";

struct args {
        const char *config, *directory, *scenario;
        const char *units[UNITS_MAX];
        unsigned n_units;
        unsigned speed;
        bool demo, solo, quiet;
};

static int add_unit(void *to, const char *value) {
        struct args *a = to;

        if (a->n_units == UNITS_MAX || !*value)
                return OPTION_REFUSED;
        a->units[a->n_units++] = value;
        return OPTION_GOOD;
}

static const struct option_row rows[] = {
        {"unit", 0, OPTION_CALL, 0, add_unit},
        {"speed", 0, OPTION_COUNT, OPTION_OF(args, speed), NULL},
        {"demo", 0, OPTION_FLAG, OPTION_OF(args, demo), NULL},
        {"solo", 0, OPTION_FLAG, OPTION_OF(args, solo), NULL},
        {"quiet", 0, OPTION_FLAG, OPTION_OF(args, quiet), NULL},
        {"config", 'c', OPTION_TEXT, OPTION_OF(args, config), NULL},
        {"directory", 0, OPTION_TEXT, OPTION_OF(args, directory), NULL},
};

/* ---- asking ---- */

struct talk {
        char control[1200];
        int status; /* of the program, once something failed */
};

/* The answer, owned by the caller; NULL: it was said why not. `in` is given away. */
static json_t *ask(struct talk *t, const char *op, json_t *in, int fd) {
        _cleanup_(buf_deinit) struct buf body = {.limit = (size_t)16 << 20};
        unsigned status = 0;
        int r = !in       ? -ENOMEM
                : fd >= 0 ? api_client_exchange(t->control, op, in, (struct api_files){fd, -1},
                                                &status, &body)
                          : api_client_ask(t->control, op, in, &status, &body);

        json_decref(in);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa exercise: no node answers at %s: %s\n",
                           "coloa exercise: không có nút nào trả lời tại %s: %s\n"),
                        t->control, error_text(r));
                t->status = 3;
                return NULL;
        }
        if (status != 200) {
                api_client_refused("exercise", buf_get(&body));
                t->status = 1;
                return NULL;
        }
        json_t *o = json_loadb(body.p ? body.p : "", body.len, 0, NULL);
        if (!o)
                t->status = 3;
        return o;
}

static json_int_t number_of(const json_t *o, const char *key) {
        return json_integer_value(json_object_get(o, key));
}

static const char *text_of(const json_t *o, const char *en, const char *vi) {
        const char *v = json_string_value(json_object_get(o, tr(en, vi)));

        v = v && *v ? v : json_string_value(json_object_get(o, en));
        return v ? v : "";
}

/* ---- making it ---- */

/* The number of the scenario; 0: said why not. */
static json_int_t bring(struct talk *t, const char *path, int fd) {
        json_t *o = ask(t, "scenarios.upload", json_object(), fd);
        json_int_t id = number_of(o, "id");

        if (o && !id) {
                exercise_put_faults(stderr, path, json_object_get(o, "faults"), false);
                t->status = 2;
        }
        json_decref(o);
        return id;
}

static json_int_t find_scenario(struct talk *t, const char *name) {
        int fd = os_open(name, O_RDONLY | O_CLOEXEC, 0);
        const json_t *s;
        json_int_t id = 0;
        size_t i;

        if (fd >= 0) {
                id = bring(t, name, fd);
                os_close(fd);
                return id;
        }
        json_t *o = ask(t, "scenarios.list", json_pack("{si}", "limit", 500), -1);
        json_array_foreach(json_object_get(o, "items"), i, s) {
                const char *code = json_string_value(json_object_get(s, "code"));
                char digits[24];

                snprintf(digits, sizeof(digits), "%lld", (long long)number_of(s, "id"));
                if ((code && strcmp(code, name) == 0) || strcmp(digits, name) == 0)
                        id = MAX(id, number_of(s, "id"));
        }
        if (o && !id) {
                fprintf(stderr,
                        tr("coloa exercise: %s is no file, and the node has no such scenario\n",
                           "coloa exercise: %s không phải là tệp, và nút không có kịch bản này\n"),
                        name);
                t->status = 2;
        }
        json_decref(o);
        return id;
}

/* Numbers of the units by their codes. NULL: said. */
static json_t *find_units(struct talk *t, const struct args *a) {
        json_t *list = json_array(),
               *all = ask(t, "units.list", json_pack("{si}", "limit", 500), -1);
        const json_t *u;
        size_t i;

        if (!a->n_units)
                json_array_append_new(list, json_integer(1));
        for (unsigned k = 0; all && k < a->n_units; k++) {
                json_int_t id = 0;

                json_array_foreach(json_object_get(all, "items"), i, u) {
                        const char *code = json_string_value(json_object_get(u, "code"));

                        if (code && strcmp(code, a->units[k]) == 0)
                                id = number_of(u, "id");
                }
                if (id) {
                        json_array_append_new(list, json_integer(id));
                        continue;
                }
                fprintf(stderr,
                        tr("coloa exercise: no unit has the code %s\n",
                           "coloa exercise: không có đơn vị nào mang mã %s\n"),
                        a->units[k]);
                t->status = 2;
        }
        json_decref(all);
        if (t->status) {
                json_decref(list);
                return NULL;
        }
        return list;
}

static void say_list(const json_t *e) {
        const json_t *k;
        size_t i;

        json_array_foreach(json_object_get(e, "checklist"), i, k) {
                if (json_is_true(json_object_get(k, "done")))
                        continue;
                fprintf(stderr, "  - %s: %s\n", text_of(k, "en", "vi"),
                        text_of(k, "why", "why_vi"));
        }
}

/* What a person would look at is vouched for by who is at the node itself; the rest must be so. */
static int go(struct talk *t, json_int_t id) {
        static const char *const items[] = {"sources", "never_list", "containment", "clock"};
        json_t *o = ask(t, "exercises.invite", json_pack("{sI}", "id", id), -1);

        for (size_t i = 0; o && i < ARRAY_LEN(items); i++) {
                json_decref(o);
                o = ask(t, "exercises.check",
                        json_pack("{sI ss sb ss}", "id", id, "item", items[i], "done", 1, "why",
                                  "coloa exercise play"),
                        -1);
        }
        if (!o)
                return -1;
        json_decref(o);
        o = ask(t, "exercises.go", json_pack("{sI}", "id", id), -1);
        if (!o && t->status == 1) {
                o = ask(t, "exercises.get", json_pack("{sI}", "id", id), -1);
                say_list(o);
                json_decref(o);
                return -1;
        }
        json_decref(o);
        o = ask(t, "exercises.start", json_pack("{sI}", "id", id), -1);
        json_decref(o);
        return o ? 0 : -1;
}

static json_int_t make(struct talk *t, const struct args *a, char code[40]) {
        json_int_t scenario = find_scenario(t, a->scenario), id = 0;
        json_t *units = scenario ? find_units(t, a) : NULL, *in, *o;

        if (!units)
                return 0;
        json_int_t first = json_integer_value(json_array_get(units, 0));
        in = a->solo ? json_pack("{sI sI sb}", "scenario", scenario, "unit", first, "demo", a->demo)
                     : json_pack("{sI si sO sb}", "scenario", scenario, "unit", 1, "units", units,
                                 "demo", a->demo);
        if (in && !a->solo)
                json_object_set_new(in, "title", json_string("coloa exercise play"));
        if (in && a->speed)
                json_object_set_new(in, "speed", json_integer((json_int_t)a->speed * 1000));
        o = ask(t, a->solo ? "exercises.solo" : "exercises.create", in, -1);
        if (o) {
                id = number_of(o, "id");
                snprintf(code, 40, "%s", text_of(o, "code", "code"));
        }
        json_decref(o);
        json_decref(units);
        if (id && !a->solo && go(t, id) < 0)
                return 0;
        return id;
}

/* ---- following it ---- */

struct followed {
        unsigned char steps[PLAN_STEPS_MAX + 1];
        json_int_t injects; /* sent so far */
        json_int_t request; /* the last that was told */
        bool seen[PLAN_STEPS_MAX + 1];
};

static void stamp(json_int_t ms) {
        printf("%02lld:%02lld:%02lld  ", (long long)(ms / 3600000), (long long)(ms / 60000 % 60),
               (long long)(ms / 1000 % 60));
}

static void say_steps(const json_t *board, struct followed *f, json_int_t now) {
        const json_t *s, *u, *c;
        size_t i, j, k;

        json_array_foreach(json_object_get(board, "steps"), i, s) {
                json_int_t n = number_of(s, "n"), played = 0, seen = 0, of = 0;

                if (n < 1 || n > PLAN_STEPS_MAX)
                        continue;
                json_array_foreach(json_object_get(board, "units"), j, u) {
                        of++;
                        json_array_foreach(json_object_get(u, "cells"), k, c) {
                                const char *state = json_string_value(json_object_get(c, "state"));

                                if (number_of(c, "step") != n || !state ||
                                    strcmp(state, "future") == 0 || strcmp(state, "skipped") == 0)
                                        continue;
                                played++;
                                seen += strcmp(state, "seen") == 0 ||
                                        strcmp(state, "answered") == 0;
                        }
                }
                if (played && played != f->steps[n]) {
                        stamp(now);
                        printf(tr("step %lld  %s  (%lld of %lld units)\n",
                                  "bước %lld  %s  (%lld/%lld đơn vị)\n"),
                               (long long)n, text_of(s, "title", "title_vi"), (long long)played,
                               (long long)of);
                        f->steps[n] = (unsigned char)MIN(played, 255);
                }
                if (seen && !f->seen[n]) {
                        f->seen[n] = true;
                        stamp(now);
                        printf(tr("step %lld was seen\n", "bước %lld đã được phát hiện\n"),
                               (long long)n);
                }
        }
}

static void say_injects(const json_t *board, struct followed *f, json_int_t now) {
        json_int_t sent = 0;
        const json_t *x;
        size_t i;

        json_array_foreach(json_object_get(board, "injects"), i, x) {
                const char *state = json_string_value(json_object_get(x, "state"));

                if (!state || strcmp(state, "sent") != 0)
                        continue;
                if (++sent > f->injects) {
                        stamp(now);
                        printf(tr("inject  %s  (%lld of %lld)\n", "tình huống  %s  (%lld/%lld)\n"),
                               text_of(x, "title", "title_vi"),
                               (long long)number_of(x, "delivered"), (long long)number_of(x, "of"));
                }
        }
        f->injects = sent;
        json_array_foreach(json_object_get(board, "requests"), i, x) {
                if (number_of(x, "id") <= f->request)
                        continue;
                f->request = number_of(x, "id");
                stamp(now);
                printf(tr("request of %s: %s %s\n", "yêu cầu của %s: %s %s\n"),
                       text_of(x, "unit_name", "unit_name"), text_of(x, "kind", "kind"),
                       text_of(x, "text", "text"));
        }
}

static int follow(struct talk *t, json_int_t id) {
        struct followed f = {0};

        for (;;) {
                json_t *board = ask(t, "exercises.board", json_pack("{sI}", "id", id), -1);

                if (!board)
                        return t->status;
                const json_t *clock = json_object_get(board, "clock");
                const char *state = json_string_value(
                        json_object_get(json_object_get(board, "exercise"), "state"));
                json_int_t now = number_of(clock, "drill_ms");

                say_steps(board, &f, now);
                say_injects(board, &f, now);
                bool over =
                        !state || (strcmp(state, "running") != 0 && strcmp(state, "paused") != 0);
                if (over) {
                        stamp(now);
                        printf("%s\n", state ? state : "");
                }
                fflush(stdout);
                json_decref(board);
                if (over)
                        return 0;
                (void)os_poll(NULL, 0, LOOK_MS);
        }
}

int exercise_play(int argc, char **argv) {
        static const struct option_verb verb = {"coloa exercise play", help_en, help_vi, rows,
                                                ARRAY_LEN(rows)};
        struct args a = {0};
        struct talk t = {0};
        char code[40] = "";
        int r = option_rows_read(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : 2;
        if (argc - optind != 1) {
                fputs(tr(help_en, help_vi), stderr);
                return 2;
        }
        a.scenario = argv[optind];
        if (serve_control_path(a.config, a.directory, t.control, sizeof(t.control)) < 0)
                return 3;
        json_int_t id = make(&t, &a, code);
        if (!id)
                return t.status ? t.status : 1;
        printf("%s\n", code);
        fflush(stdout);
        return a.quiet ? 0 : follow(&t, id);
}
