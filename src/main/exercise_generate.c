/* `coloa exercise generate`: the telemetry of a scenario as files, one a log, without a node: what a drill would play
 * into `ingest`. The scenario is read and each step is made in a process of its own (job_once.h), as in a drill.
 *
 * MANIFEST.json says what the files are: made for an exercise, inert, from which scenario, with which seed; and of each
 * step, how many lines of which file and where. Steps play at the time the plan says; what hangs on a condition is
 * played as if it held, unless --step names what is wanted. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "exercise/telemetry.h"
#include "main/exercise_verb.h"
#include "main/job_once.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"
#include "reader/reader.h"

#define VERB "coloa exercise generate"
#define LINES_MAX 2000000u

static const char help_en[] =
        "Usage: coloa exercise generate [options] --out DIR SCENARIO\n"
        "\n"
        "Writes the log records of a scenario's steps into DIR: one file for each log of each "
        "host, and\n"
        "MANIFEST.json, which says which lines belong to which step. The same options give the "
        "same bytes.\n"
        "The records are made up and inert; addresses are of the documentation ranges.\n"
        "\n"
        "  -o, --out DIR      made when it is not there; files in it are replaced\n"
        "      --unit CODE    stands for {unit} in names (DONVI)\n"
        "      --domain NAME  the unit's domain (none)\n"
        "      --seed N       another number, other details (1)\n"
        "      --start TIME   when the drill begins (now)\n"
        "      --step ID      only this step; may be repeated\n"
        "      --noise        with the hosts' background\n"
        "      --list         the activities that steps can have, one JSON object a line; no "
        "scenario\n"
        "      --lang LANG    en or vi\n"
        "\n"
        "Exit status: 0 written, 2 the scenario cannot be played (or usage), 3 something failed.\n";
static const char help_vi[] =
        "Cách dùng: coloa exercise generate [tùy chọn] --out THƯ_MỤC KỊCH_BẢN\n"
        "\n"
        "Ghi nhật ký của các bước trong kịch bản vào THƯ_MỤC: mỗi nhật ký của mỗi máy một tệp, kèm "
        "MANIFEST.json\n"
        "cho biết dòng nào thuộc bước nào. Cùng tùy chọn cho ra đúng cùng nội dung.\n"
        "Bản ghi là giả lập, vô hại; địa chỉ thuộc dải dành cho tài liệu.\n"
        "\n"
        "  -o, --out THƯ_MỤC  tạo nếu chưa có; tệp cùng tên bị thay\n"
        "      --unit MÃ      thay cho {unit} trong tên (DONVI)\n"
        "      --domain TÊN   tên miền của đơn vị (không có)\n"
        "      --seed N       số khác cho ra chi tiết khác (1)\n"
        "      --start LÚC    thời điểm bắt đầu diễn tập (bây giờ)\n"
        "      --step MÃ      chỉ bước này; dùng được nhiều lần\n"
        "      --noise        kèm hoạt động nền của các máy\n"
        "      --list         các hoạt động mà bước có thể dùng, mỗi dòng một đối tượng JSON; "
        "không cần kịch bản\n"
        "      --lang NGỮ     en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã ghi, 2 kịch bản không diễn được (hoặc sai cách dùng), 3 có lỗi.\n";

struct args {
        const char *out, *unit, *domain, *steps[PLAN_STEPS_MAX];
        unsigned n_steps;
        int64_t start;
        uint64_t seed;
        bool noise, list;
};

static int set_seed(void *to, const char *value) {
        struct args *a = to;
        char *end;

        errno = 0;
        a->seed = strtoull(value, &end, 10);
        return errno || end == value || *end || *value == '-' ? OPTION_REFUSED : OPTION_GOOD;
}

static int add_step(void *to, const char *value) {
        struct args *a = to;

        if (a->n_steps == ARRAY_LEN(a->steps))
                return OPTION_REFUSED;
        a->steps[a->n_steps++] = value;
        return OPTION_GOOD;
}

static const struct option_row rows[] = {
        {"out", 'o', OPTION_WORD, OPTION_OF(args, out), NULL},
        {"unit", 0, OPTION_WORD, OPTION_OF(args, unit), NULL},
        {"domain", 0, OPTION_WORD, OPTION_OF(args, domain), NULL},
        {"seed", 0, OPTION_CALL, 0, set_seed},
        {"start", 0, OPTION_TIME, OPTION_OF(args, start), NULL},
        {"step", 0, OPTION_CALL, 0, add_step},
        {"noise", 0, OPTION_FLAG, OPTION_OF(args, noise), NULL},
        {"list", 0, OPTION_FLAG, OPTION_OF(args, list), NULL},
};

struct line {
        int64_t offset;
        uint32_t order;
        uint32_t at, len; /* in text */
        uint16_t step;
};
struct file {
        char source[TELEMETRY_SOURCE_MAX + 1];
        enum format format;
        struct buf text;
        struct line *lines;
        size_t n, cap;
};
struct work {
        const struct args *a;
        const struct plan *plan;
        struct span plan_json;
        struct file *files;
        size_t n;
        int64_t *times; /* of each step; -1: unknown */
        size_t lines;
};

/* ---- when steps play ---- */

static int64_t time_of(const struct plan *p, const struct plan_when *w, const int64_t *steps,
                       const int64_t *injects) {
        if (w->at >= 0)
                return w->at;
        int s = w->after ? plan_find_step(p, w->after) : -1;
        int i = w->after && s < 0 ? plan_find_inject(p, w->after) : -1;
        int64_t t = s >= 0 ? steps[s] : i >= 0 ? injects[i] : -1;

        return t < 0 ? -1 : t + w->delay;
}

/* Steps and injects hang on each other; each round knows at least one more. */
static int64_t *times_of(const struct plan *p) {
        int64_t *t = calloc((size_t)p->n_steps + p->n_injects + 1, sizeof(*t));
        bool more = t != NULL;

        for (unsigned i = 0; t && i < p->n_steps + p->n_injects; i++)
                t[i] = -1;
        while (more) {
                more = false;
                for (unsigned i = 0; i < p->n_steps + p->n_injects; i++) {
                        if (t[i] >= 0)
                                continue;
                        const struct plan_when *w = i < p->n_steps
                                                            ? &p->steps[i].when
                                                            : &p->injects[i - p->n_steps].when;
                        t[i] = time_of(p, w, t, t + p->n_steps);
                        more = more || t[i] >= 0;
                }
        }
        return t;
}

/* ---- records to files ---- */

static struct file *file_for(struct work *w, const struct telemetry_record *r) {
        for (size_t i = 0; i < w->n; i++)
                if (strcmp(w->files[i].source, r->source) == 0)
                        return &w->files[i];
        struct file *grown = realloc(w->files, (w->n + 1) * sizeof(*grown));
        if (!grown)
                return NULL;
        w->files = grown;
        w->files[w->n] = (struct file){.format = r->format};
        snprintf(w->files[w->n].source, sizeof(w->files[w->n].source), "%s", r->source);
        return &w->files[w->n++];
}

static int keep(struct work *w, const struct telemetry_record *r) {
        struct file *f = file_for(w, r);

        if (!f)
                return -ENOMEM;
        if (f->n == f->cap) {
                size_t cap = f->cap ? f->cap * 2 : 256;
                struct line *grown = realloc(f->lines, cap * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                f->lines = grown;
                f->cap = cap;
        }
        if (++w->lines > LINES_MAX || f->text.len > UINT32_MAX / 2)
                return -EFBIG;
        f->lines[f->n] = (struct line){r->offset, (uint32_t)f->n, (uint32_t)f->text.len,
                                       (uint32_t)r->bytes.len, (uint16_t)r->step};
        f->n++;
        buf_span(&f->text, r->bytes);
        return f->text.failed ? -ENOMEM : 0;
}

static int ask(struct work *w, unsigned step, int64_t at, int64_t from, int64_t to) {
        _cleanup_(buf_deinit) struct buf in = {.limit = JOB_IN_MAX}, out = {0};
        struct plan_cast cast = {.unit = w->a->unit, .domain = w->a->domain};
        struct telemetry_ask a = {.plan = w->plan,
                                  .cast = &cast,
                                  .step = step,
                                  .seed = w->a->seed,
                                  .start_ns = w->a->start,
                                  .at = at,
                                  .from = from,
                                  .to = to};
        struct telemetry_record rec;
        int r = telemetry_ask_encode(&a, w->plan_json, &in);

        if (r == 0)
                r = job_once(JOB_TELEMETRY, buf_get(&in), &out);
        struct span rest = buf_get(&out);
        for (int more = 1; r == 0 && more;) {
                more = telemetry_out_next(&rest, &rec);
                r = more < 0 ? more : more ? keep(w, &rec) : 0;
        }
        return r;
}

static bool wanted(const struct args *a, const char *id) {
        for (unsigned i = 0; i < a->n_steps; i++)
                if (strcmp(a->steps[i], id) == 0)
                        return true;
        return a->n_steps == 0;
}

static int make(struct work *w) {
        int r = 0;

        for (unsigned i = 0; r == 0 && i < w->plan->n_steps; i++)
                if (wanted(w->a, w->plan->steps[i].id))
                        r = ask(w, i + 1, MAX(w->times[i], 0), 0, INT64_MAX);
        int64_t stretch = telemetry_noise_stretch(w->plan);
        for (int64_t t = 0; r == 0 && w->a->noise && t < w->plan->length; t += stretch)
                r = ask(w, 0, 0, t, MIN(t + stretch, w->plan->length));
        return r;
}

/* ---- writing ---- */

static int by_time(const void *x, const void *y) {
        const struct line *a = x, *b = y;

        if (a->offset != b->offset)
                return a->offset < b->offset ? -1 : 1;
        return a->order < b->order ? -1 : a->order > b->order;
}

static int by_source(const void *x, const void *y) {
        return strcmp(((const struct file *)x)->source, ((const struct file *)y)->source);
}

static const char *name_of(const struct file *f, char *to, size_t n) {
        snprintf(to, n, "%s.%s", f->source, f->format == FORMAT_JSON ? "json" : "log");
        for (char *p = to; *p; p++)
                if (*p == '/')
                        *p = '_';
        return to;
}

/* Which lines are whose: runs [step, first line, last line], lines counted from 1. */
static void say_lines(struct buf *b, const struct work *w, const struct file *f) {
        for (size_t i = 0, n; i < f->n; i += n) {
                unsigned step = f->lines[i].step;

                for (n = 1; i + n < f->n && f->lines[i + n].step == step;)
                        n++;
                buf_printf(b, "%s[\"%s\",%zu,%zu]", i ? "," : "",
                           step ? w->plan->steps[step - 1].id : "", i + 1, i + n);
        }
}

static int write_file(struct work *w, struct file *f, struct buf *manifest, bool first) {
        _cleanup_(buf_deinit) struct buf text = {0};
        char path[4096], name[128], hex[65];
        unsigned char hash[32];

        qsort(f->lines, f->n, sizeof(*f->lines), by_time);
        for (size_t i = 0; i < f->n; i++) {
                buf_add(&text, f->text.p + f->lines[i].at, f->lines[i].len);
                buf_char(&text, '\n');
        }
        if (text.failed)
                return -ENOMEM;
        crypto_generichash(hash, sizeof(hash), (const unsigned char *)text.p, text.len, NULL, 0);
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        buf_printf(manifest, "%s\n    {\"file\": \"", first ? "" : ",");
        buf_json(manifest, span_str(name_of(f, name, sizeof(name))));
        buf_printf(manifest,
                   "\", \"format\": \"%s\", \"lines\": %zu, \"bytes\": %zu, \"blake2b_256\": "
                   "\"%s\", \"steps\": [",
                   format_name(f->format), f->n, text.len, hex);
        say_lines(manifest, w, f);
        buf_str(manifest, "]}");
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", w->a->out, name) >= sizeof(path))
                return -ENAMETOOLONG;
        return os_write_file(path, text.p, text.len, 0644);
}

static void say_head(struct buf *b, const struct work *w) {
        char when[40];

        time_format(when, w->a->start, 3);
        buf_str(b, "{\"kind\": \"coloa-telemetry/1\",\n \"note\": \"Generated for an exercise. "
                   "Nothing of this happened: the records are inert text, "
                   "addresses and domains are of the ranges for documentation. / Sinh ra cho diễn "
                   "tập. Không việc nào ở đây có thật.\",\n \"drill\": true,\n");
        buf_printf(
                b,
                " \"scenario\": \"%s\", \"version\": %u, \"scenario_hash\": \"%s\",\n \"unit\": \"",
                w->plan->id, w->plan->version, w->plan->hash);
        buf_json(b, span_str(w->a->unit));
        buf_printf(b, "\", \"seed\": %llu, \"start\": \"%s\", \"noise\": %s,\n \"steps\": [",
                   (unsigned long long)w->a->seed, when, w->a->noise ? "true" : "false");
        for (unsigned i = 0, n = 0; i < w->plan->n_steps; i++) {
                const struct plan_step *s = &w->plan->steps[i];

                if (!wanted(w->a, s->id))
                        continue;
                buf_printf(b,
                           "%s\n    {\"n\": %u, \"id\": \"%s\", \"at_ms\": %lld, \"technique\": "
                           "%s%s%s, \"background\": %s}",
                           n++ ? "," : "", i + 1, s->id, (long long)MAX(w->times[i], 0),
                           s->technique ? "\"" : "", s->technique ? s->technique : "null",
                           s->technique ? "\"" : "", s->background ? "true" : "false");
        }
        buf_str(b, "],\n \"files\": [");
}

static int write_all(struct work *w) {
        _cleanup_(buf_deinit) struct buf manifest = {0};
        char path[4096];
        int r = os_mkdir(w->a->out, 0755);

        if (r == -EEXIST)
                r = 0;
        if (w->n)
                qsort(w->files, w->n, sizeof(*w->files), by_source);
        say_head(&manifest, w);
        for (size_t i = 0; r == 0 && i < w->n; i++)
                r = write_file(w, &w->files[i], &manifest, i == 0);
        buf_str(&manifest, "]}\n");
        if (r == 0 && manifest.failed)
                r = -ENOMEM;
        if (r == 0 &&
            (size_t)snprintf(path, sizeof(path), "%s/MANIFEST.json", w->a->out) >= sizeof(path))
                r = -ENAMETOOLONG;
        return r < 0 ? r : os_write_file(path, manifest.p, manifest.len, 0644);
}

static int generate(const struct args *a, json_t *plan_json) {
        struct work w = {.a = a};
        char *text = json_dumps(plan_json, JSON_COMPACT);
        struct plan *plan = NULL;
        int r = text ? plan_load(span_str(text), &plan) : -ENOMEM;

        w.plan = plan;
        w.plan_json = span_str(text);
        w.times = plan ? times_of(plan) : NULL;
        if (r == 0 && !w.times)
                r = -ENOMEM;
        for (unsigned i = 0; r == 0 && i < a->n_steps; i++)
                if (plan_find_step(plan, a->steps[i]) < 0) {
                        fprintf(stderr,
                                tr(VERB ": no step '%s' in the scenario\n",
                                   VERB ": kịch bản không có bước '%s'\n"),
                                a->steps[i]);
                        r = 2;
                }
        if (r == 0)
                r = make(&w);
        if (r == 0)
                r = write_all(&w);
        if (r < 0)
                fprintf(stderr, VERB ": %s: %s\n", a->out, error_text(r));
        else if (r == 0)
                fprintf(stderr,
                        tr("%s: %zu records in %zu files\n", "%s: %zu bản ghi trong %zu tệp\n"),
                        a->out, w.lines, w.n);
        for (size_t i = 0; i < w.n; i++) {
                buf_deinit(&w.files[i].text);
                free(w.files[i].lines);
        }
        free(w.files);
        free(w.times);
        free(text);
        plan_free(plan);
        return r < 0 ? 3 : r;
}

int exercise_generate(int argc, char **argv) {
        static const struct option_verb verb = {VERB, help_en, help_vi, rows, ARRAY_LEN(rows)};
        struct args a = {.unit = "DONVI", .domain = "", .seed = 1, .start = os_now()};
        json_t *o = NULL;
        const char *path;
        int r = option_rows_read(&verb, &a, argc, argv);

        if (r != 0)
                return r == 1 ? 0 : r;
        if (a.list)
                return option_nothing_left(verb.name, argc, argv) ? 2 : exercise_activities();
        if (optind + 1 != argc || !a.out) {
                fprintf(stderr, "%s: %s\n", verb.name,
                        tr("one scenario and --out are needed", "cần một kịch bản và --out"));
                return 2;
        }
        path = argv[optind];
        if (exercise_read_file(verb.name, path, READER_SCENARIO, &o) < 0)
                return 3;
        if (!json_is_object(json_object_get(o, "plan"))) {
                exercise_say_faults(path, json_object_get(o, "faults"), false);
                r = 2;
        } else {
                r = generate(&a, json_object_get(o, "plan"));
        }
        json_decref(o);
        return r;
}
