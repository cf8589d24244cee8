/* See exchange.h. A foreign document is read into a plan that grows in an arena; the plan is written as YAML, and that is
 * held against the linter like anybody's. What the linter still finds wrong (a translation, an activity that is missing)
 * is work for whoever imports, told as warnings; faults are only what the document itself got wrong.
 *
 *   X1. With a fault there is no "yaml": nothing is taken by half.
 *   X2. Every text of players went through import_text(): no address or domain of the internet is left in it. */
#include "exercise/exchange_impl.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

#define ARENA_MAX ((size_t)64 << 20)

static const struct scenario_rule rules[IMPORT_RULES] = {
        [IMPORT_JSON] = {"json", true, "this is no JSON: {1}", "đây không phải JSON: {1}",
                         "export it again from the program it came from",
                         "xuất lại từ chương trình đã tạo ra tệp"},
        [IMPORT_SHAPE] = {"shape", true, "'{1}' is not of the form that the format asks for",
                          "'{1}' không đúng dạng mà định dạng yêu cầu", "correct this record",
                          "sửa bản ghi này"},
        [IMPORT_MISSING] = {"missing", true, "'{1}' is missing", "thiếu '{1}'",
                            "add it to this record", "bổ sung vào bản ghi này"},
        [IMPORT_REFERENCE] = {"reference", true, "nothing has the id '{1}'",
                              "không có đối tượng nào mang mã '{1}'",
                              "correct the reference, or add what it names",
                              "sửa tham chiếu, hoặc bổ sung đối tượng đó"},
        [IMPORT_TWICE] = {"twice", true, "the id '{1}' is there twice",
                          "mã '{1}' xuất hiện hai lần", "give one of them another id",
                          "đặt mã khác cho một trong hai"},
        [IMPORT_MANY] = {"many", true, "there are more than {1} of these",
                         "có hơn {1} bản ghi loại này", "divide the exercise",
                         "tách thành nhiều diễn tập"},
        [IMPORT_TIME] = {"time", true, "'{1}' is no time", "'{1}' không phải thời điểm",
                         "write 0:05, 00:05:00 or 5m", "viết 0:05, 00:05:00 hoặc 5m"},
        [IMPORT_ROW] = {"row", true, "this row cannot be read as a table's: {1}",
                        "không đọc được dòng này của bảng: {1}", "look for a quote without an end",
                        "tìm dấu nháy chưa đóng"},
        [IMPORT_COLUMN] = {"column", true, "the table has no column '{1}'",
                           "bảng không có cột '{1}'",
                           "name the columns in the first row: time, kind, title, text …",
                           "ghi tên cột ở dòng đầu: time, kind, title, text …"},
        [IMPORT_CYCLE] = {"cycle", true, "'{1}' comes after itself", "'{1}' nối sau chính nó",
                          "begin the chain somewhere", "cho chuỗi một điểm bắt đầu"},
        [IMPORT_PLAN] = {"plan", true, "the scenario that is kept in meta.x-coloa is damaged: {1}",
                         "kịch bản lưu trong meta.x-coloa bị hỏng: {1}",
                         "remove meta.x-coloa to import what CEXF itself says",
                         "xóa meta.x-coloa để chỉ nhập phần CEXF"},
        [IMPORT_FORMAT] = {"format", true,
                           "this is neither CEXF nor Attack Flow nor a table of injects",
                           "đây không phải CEXF, Attack Flow hay bảng tình huống",
                           "choose another file", "chọn tệp khác"},
        [IMPORT_KEPT] = {"kept", false, "'{1}' means nothing here; it is kept in x-cexf",
                         "'{1}' không có ý nghĩa ở đây; được giữ trong x-cexf",
                         "nothing needs doing", "không cần làm gì"},
        [IMPORT_TAMED] = {"real-address", false,
                          "addresses that could be somebody's were replaced, such as '{1}'",
                          "các địa chỉ có thể của người khác đã được thay, ví dụ '{1}'",
                          "read the texts once more", "đọc lại các nội dung"},
        [IMPORT_LAX] = {"lax", false,
                        "'{1}' is not as the format's description says; taken all the same",
                        "'{1}' không đúng như mô tả định dạng; vẫn được nhận",
                        "nothing needs doing", "không cần làm gì"},
        [IMPORT_TECHNIQUE] = {"technique", false, "'{1}' is no technique of ATT&CK; left out",
                              "'{1}' không phải kỹ thuật của ATT&CK; bỏ qua",
                              "add 'technique:' by hand", "bổ sung 'technique:' bằng tay"},
        [IMPORT_DRAFT] =
                {"draft", false,
                 "this is a draft: network, translations, activities and curves are yours to "
                 "finish",
                 "đây là bản nháp: mạng, bản dịch, hoạt động và đường điểm cần được hoàn thiện",
                 "run 'coloa exercise check' on it", "chạy 'coloa exercise check' với tệp này"},
};

void import_tell(struct import *im, unsigned line, const char *where, enum import_rule rule,
                 const char *what) {
        const char *const args[4] = {what};
        unsigned *n = rules[rule].fault ? &im->n_faults : &im->n_warnings;

        if (++*n > SCENARIO_FAULTS_MAX)
                return;
        json_t *o = scenario_finding(&rules[rule], line, 1, where, args);
        if (!o || json_array_append_new(rules[rule].fault ? im->faults : im->warnings, o) < 0)
                im->failed = true;
}

/* ---- texts ---- */

const char *import_keep(struct import *im, struct span s) {
        struct span d = arena_dup(im->arena, s);

        if (!d.p)
                im->failed = true;
        return d.p ? d.p : "";
}

const char *import_print(struct import *im, const char *fmt, ...) {
        char text[400];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return import_keep(im, span_str(text));
}

/* Without control characters but line ends; what is not UTF-8 is left out. */
static void cleaned(const char *s, size_t max, struct buf *b) {
        size_t len = strlen(s);

        for (size_t i = 0; i < len && b->len + 4 < max;) {
                uint32_t cp;
                unsigned n = utf8_next(s + i, len - i, &cp);

                if (n == 0) {
                        i++;
                        continue;
                }
                if (cp == '\r' || cp == '\t')
                        buf_char(b, cp == '\t' ? ' ' : '\n');
                else if ((cp >= 0x20 || cp == '\n') && !(cp >= 0x7f && cp < 0xa0) &&
                         !(cp >= 0x200b && cp <= 0x200f) && !(cp >= 0x2028 && cp <= 0x202e) &&
                         !(cp >= 0x2060 && cp <= 0x2069) && cp != 0xfeff)
                        buf_add(b, s + i, n);
                i += n;
        }
        buf_char(b, '\0');
        b->len--;
}

void exchange_tame(const char *s, size_t max, struct buf *out, char *first, size_t room) {
        _cleanup_(buf_deinit) struct buf clean = {0}, tame = {0};

        cleaned(s ? s : "", max > 600 ? max / 2 : max - 40, &clean);
        scenario_tame(clean.p ? clean.p : "", &tame, first, room);
        struct span t = span_trim(buf_get(&tame));
        size_t n = MIN(t.len, max);
        while (n && n < t.len && (t.p[n] & 0xc0) == 0x80)
                n--;
        buf_add(out, t.p, n);
        out->failed |= clean.failed || tame.failed;
}

struct plan_text import_text(struct import *im, const char *s, size_t max) {
        _cleanup_(buf_deinit) struct buf b = {0};
        char first[80] = "";

        exchange_tame(s, max, &b, first, sizeof(first));
        if (*first) /* X2 */
                import_tell(im, 1, "", IMPORT_TAMED, import_print(im, "%s", first));
        im->failed |= b.failed;
        const char *kept = import_keep(im, buf_get(&b));
        return (struct plan_text){kept, kept};
}

static bool id_taken(const struct import *im, const char *id) {
        for (unsigned i = 0; i < im->plan.n_steps; i++)
                if (im->steps[i].id && strcmp(im->steps[i].id, id) == 0)
                        return true;
        for (unsigned i = 0; i < im->plan.n_injects; i++)
                if (im->injects[i].id && strcmp(im->injects[i].id, id) == 0)
                        return true;
        return false;
}

const char *import_id(struct import *im, const char *text, const char *fallback) {
        char plain[1024], id[48];
        struct span s = span_str(text ? text : "");
        size_t n = utf8_plain_to(plain, span_of(s.p, MIN(s.len, (size_t)200))), k = 0;

        for (size_t i = 0; i < n && k < 36; i++) {
                char c = ascii_lower(plain[i]);
                bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

                if (good)
                        id[k++] = c;
                else if (k && id[k - 1] != '-')
                        id[k++] = '-';
        }
        while (k && id[k - 1] == '-')
                k--;
        id[k] = '\0';
        if (!k)
                snprintf(id, sizeof(id), "%s", fallback);
        const char *r = import_keep(im, span_str(id));
        for (unsigned i = 2; id_taken(im, r) && !im->failed; i++)
                r = import_print(im, "%s-%u", id, i);
        return r;
}

/* ---- rooms ---- */

#define ONE_MORE(name, list, max)                                                                  \
        struct plan_##name *import_##name(struct import *im) {                                     \
                if (im->plan.n_##list == (max)) {                                                  \
                        import_tell(im, 1, #list, IMPORT_MANY, import_print(im, "%u", (max)));     \
                        return NULL;                                                               \
                }                                                                                  \
                struct plan_##name *x = &im->list[im->plan.n_##list++];                            \
                *x = (struct plan_##name){0};                                                      \
                return x;                                                                          \
        }
ONE_MORE(step, steps, PLAN_STEPS_MAX)
ONE_MORE(inject, injects, PLAN_INJECTS_MAX)

struct plan_expectation *import_expectation(struct import *im, const char *of, enum plan_fact fact,
                                            unsigned weight, const char *title) {
        int64_t h = im->plan.length / 3 / 60000 * 60000;

        if (im->plan.n_expectations == PLAN_EXPECTATIONS_MAX) {
                import_tell(im, 1, "expectations", IMPORT_MANY, "400");
                return NULL;
        }
        struct plan_expectation *e = &im->expectations[im->plan.n_expectations++];
        *e = (struct plan_expectation){.id = import_print(im, "e%u", im->plan.n_expectations),
                                       .title = import_text(im, title, PLAN_TITLE_MAX),
                                       .of = of,
                                       .fact = fact,
                                       .part = PART_PEOPLE,
                                       .capability = CAP_COORDINATE,
                                       .weight = MAX(MIN(weight, PLAN_WEIGHT_MAX), 1u),
                                       .g = h / 4,
                                       .d = h / 2,
                                       .h = h,
                                       .p = MILLION / 2};
        return e;
}

int import_conditions(struct import *im, unsigned n) {
        unsigned first = im->plan.n_conditions;

        if (n > PLAN_CONDITIONS_MAX - first) {
                import_tell(im, 1, "conditions", IMPORT_MANY, "1000");
                return -1;
        }
        im->plan.n_conditions += n;
        return (int)first;
}

void import_frame(struct import *im, const char *id, const char *title, const char *about,
                  int64_t length) {
        static const char *const roles[] = {"officer", "handler", "lead", "approver"};
        static const char *const sources[] = {"sysmon", "security"};
        static const struct plan_host host = {.id = "ws-1",
                                              .name = "{unit}-WS-1",
                                              .address = "10.0.0.21",
                                              .os = PLAN_WINDOWS,
                                              .kind = HOST_WORKSTATION,
                                              .criticality = 1,
                                              .sources = sources,
                                              .n_sources = ARRAY_LEN(sources)};
        struct plan *p = &im->plan;

        length = MAX(MIN(length, PLAN_LENGTH_MAX), PLAN_LENGTH_MIN) / 60000 * 60000;
        p->length = length;
        p->id = id;
        p->version = 1;
        p->level = plan_levels[0];
        p->formula = "coloa-score/1";
        p->title = import_text(im, title && *title ? title : "Imported exercise", PLAN_TITLE_MAX);
        p->summary = import_text(im, about && *about ? about : p->title.en, 4000);
        p->demo_speed = (unsigned)MAX(length / 600000, 1);
        p->roles = roles;
        p->n_roles = ARRAY_LEN(roles);
        p->simulated = true;
        p->noise = 6;
        p->hosts = &host;
        p->n_hosts = 1;
}

/* ---- the whole ---- */

static bool is_json(struct span s) {
        if (s.len >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
                s = span_of(s.p + 3, s.len - 3);
        s = span_trim(s);
        return s.len && (*s.p == '{' || *s.p == '[');
}

static const char *json_document(struct import *im, struct span in, int *ret) {
        json_error_t e;
        size_t mark = in.len >= 3 && memcmp(in.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        json_t *root = json_loadb(in.p + mark, in.len - mark, JSON_REJECT_DUPLICATES, &e);
        const char *format = NULL, *type = json_string_value(json_object_get(root, "type"));

        if (!root)
                import_tell(im, e.line > 0 ? (unsigned)e.line : 1, "", IMPORT_JSON,
                            import_print(im, "%s", e.text));
        else if (type && strcmp(type, "bundle") == 0) {
                format = "attack-flow";
                *ret = attack_flow_read(im, root);
        } else if (json_object_get(root, "exercise") || json_object_get(root, "injects") ||
                   json_object_get(root, "inject_flow")) {
                format = "cexf";
                *ret = cexf_read(im, root);
        } else
                import_tell(im, 1, "", IMPORT_FORMAT, NULL);
        json_decref(root);
        return format;
}

/* What the linter says of what was made. */
static int linted(struct import *im, struct span yaml) {
        struct scenario s;
        struct arena a;
        size_t i;
        json_t *f;

        arena_init(&a, ARENA_MAX);
        int r = scenario_plan(yaml, &a, &s);
        if (r == 0) {
                json_array_foreach(s.faults, i, f) json_array_append(im->lint, f);
                json_array_foreach(s.warnings, i, f) json_array_append(im->lint, f);
        }
        scenario_deinit(&s);
        arena_deinit(&a);
        return r;
}

static int put(struct import *im, const char *format, struct buf *out) {
        _cleanup_(buf_deinit) struct buf yaml = {.limit = (size_t)16 << 20};
        int r = 0;

        if (im->plan.id) {
                im->plan.steps = im->steps;
                im->plan.injects = im->injects;
                im->plan.expectations = im->expectations;
                im->plan.conditions = im->conditions;
                plan_yaml(&im->plan, &yaml);
                if (!im->n_faults)
                        r = linted(im, buf_get(&yaml));
        }
        json_t *text = im->plan.id ? json_stringn(yaml.p, yaml.len) : json_null();
        json_t *o = json_pack("{sO si sO si sO ss* so so}", "faults", im->faults, "n_faults",
                              (int)im->n_faults, "warnings", im->warnings, "n_warnings",
                              (int)im->n_warnings, "lint", im->lint, "format", format, "yaml",
                              im->n_faults ? json_null() : json_incref(text), "would",
                              im->n_faults ? json_incref(text) : json_null());
        char *s = o ? json_dumps(o, JSON_COMPACT) : NULL;
        if (s)
                buf_str(out, s);
        free(s);
        json_decref(o);
        json_decref(text);
        return r < 0 ? r : s && !out->failed ? 0 : FAIL(-ENOMEM);
}

int exchange_read(struct span in, struct buf *out) {
        struct arena a;
        struct import im = {.arena = &a,
                            .faults = json_array(),
                            .warnings = json_array(),
                            .lint = json_array()};
        const char *format = NULL;
        int r = 0;

        arena_init(&a, ARENA_MAX);
        im.steps = arena_array(&a, PLAN_STEPS_MAX, sizeof(*im.steps));
        im.injects = arena_array(&a, PLAN_INJECTS_MAX, sizeof(*im.injects));
        im.expectations = arena_array(&a, PLAN_EXPECTATIONS_MAX, sizeof(*im.expectations));
        im.conditions = arena_array(&a, PLAN_CONDITIONS_MAX, sizeof(*im.conditions));
        im.failed = a.overflowed || !im.faults || !im.warnings || !im.lint;
        if (!im.failed && (in.len == 0 || in.len > EXCHANGE_BYTES_MAX))
                import_tell(&im, 1, "", IMPORT_FORMAT, NULL);
        else if (!im.failed && is_json(in))
                format = json_document(&im, in, &r);
        else if (!im.failed) {
                format = "msel";
                r = msel_read(&im, in);
        }
        if (r == 0 && (im.failed || a.overflowed))
                r = -ENOMEM;
        if (r == 0)
                r = put(&im, format, out);
        json_decref(im.faults);
        json_decref(im.warnings);
        json_decref(im.lint);
        plan_free(im.loaded);
        arena_deinit(&a);
        return r < 0 ? FAIL(r) : 0;
}

/* ---- out ---- */

void exchange_uuid(const char *a, const char *b, char to[37]) {
        unsigned char h[16];
        crypto_generichash_state st;

        crypto_generichash_init(&st, NULL, 0, sizeof(h));
        crypto_generichash_update(&st, (const unsigned char *)a, strlen(a) + 1);
        crypto_generichash_update(&st, (const unsigned char *)b, strlen(b));
        crypto_generichash_final(&st, h, sizeof(h));
        h[6] = (unsigned char)((h[6] & 0x0f) | 0x40);
        h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
        snprintf(to, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                 h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12],
                 h[13], h[14], h[15]);
}

static void text_of(const struct plan *p, enum exchange_format format, struct buf *out) {
        switch (format) {
        case EXCHANGE_CEXF: cexf_write(p, out); break;
        case EXCHANGE_ATTACK_FLOW: attack_flow_write(p, out); break;
        case EXCHANGE_MSEL: msel_write(p, out); break;
        case EXCHANGE_NAVIGATOR: navigator_write(p, out); break;
        }
}

int exchange_write(struct span in, struct buf *out) {
        _cleanup_(buf_deinit) struct buf text = {.limit = (size_t)32 << 20};
        struct scenario s;
        struct arena a;

        if (in.len == 0 || *in.p < EXCHANGE_CEXF || *in.p > EXCHANGE_NAVIGATOR)
                return FAIL(-EINVAL);
        arena_init(&a, ARENA_MAX);
        int r = scenario_plan(span_of(in.p + 1, in.len - 1), &a, &s);
        if (r == 0 && !s.n_faults)
                text_of(&s.plan, (enum exchange_format) * in.p, &text);
        if (r == 0) {
                json_t *o = json_pack("{sO si sO si so}", "faults", s.faults, "n_faults",
                                      (int)s.n_faults, "warnings", s.warnings, "n_warnings",
                                      (int)s.n_warnings, "text",
                                      s.n_faults ? json_null() : json_stringn(text.p, text.len));
                char *dumped = o ? json_dumps(o, JSON_COMPACT) : NULL;
                if (dumped)
                        buf_str(out, dumped);
                r = dumped && !out->failed && !text.failed ? 0 : -ENOMEM;
                free(dumped);
                json_decref(o);
        }
        scenario_deinit(&s);
        arena_deinit(&a);
        return r < 0 ? FAIL(r) : 0;
}
