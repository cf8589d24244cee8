/* See options.h. */
#include "main/options.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/option_rows.h"
#include "main/rulebook.h"
#include "os/os.h"
#include "wire/batch.h"

static const char *const help_en =
        "Usage: coloa hunt [-r RULES]... [options] LOGS...\n"
        "Says which attacks are in log files, with every Sigma rule at once.\n"
        "\n"
        "LOGS are files, directories, patterns, or - for standard input: EVTX, JSON lines and "
        "arrays,\n"
        "syslog, auditd, web access logs, IIS/W3C, Zeek, Suricata EVE, CEF, LEEF, key=value, "
        "journald\n"
        "export, CSV; gzip and zstd are unpacked.\n"
        "\n"
        "  -r, --rules PATH         Sigma rules: a file, directory or zip; again for more.\n"
        "                           Without it the shipped pack is used.\n"
        "      --placeholders FILE  values for |expand (YAML: name: [values])\n"
        "      --log-sources DIR    log-source maps instead of the shipped ones\n"
        "      --min-level LEVEL    informational, low, medium, high, critical\n"
        "      --tag TAG            only rules with this tag (prefix, such as attack.t1059); twice "
        "at most\n"
        "\n"
        "      --intel PATH         indicators: STIX 2.1, MISP or CSV files, directories; again "
        "for "
        "more\n"
        "      --warning-list PATH  MISP warning lists: values that are no indicators\n"
        "      --intel-expiry SPAN  life of indicators without an end, such as 90d (default: for "
        "ever)\n"
        "      --intel-at T         which indicators were in force at T (default: now)\n"
        "      --intel-columns A,B  columns of CSV files without a header, such as "
        "type,value,name\n"
        "      --intel-fields FILE  fields to look in, instead of the shipped list\n"
        "\n"
        "  -o, --output FMT[=FILE]  terminal, jsonl, csv, html, navigator, timesketch; again for "
        "more.\n"
        "                           Without FILE it goes to standard output.\n"
        "      --from T, --to T     only findings from T on, before T (2026-11-23 or "
        "2026-11-23T05:00:00Z)\n"
        "      --format NAME        what the logs are, when looking guesses wrong: evtx json "
        "syslog auditd\n"
        "                           web w3c zeek cef leef kv journal csv text\n"
        "      --timezone ZONE      of times without one: UTC (default), +07:00, -0430\n"
        "      --year YYYY          of times without one; else the file's own time tells\n"
        "      --leftovers          EVTX: also what older records left behind the end of a chunk\n"
        "\n"
        "      --jobs N             judges (alias --threads); default: one per processor\n"
        "      --stats              phases, speed and memory at the end\n"
        "      --no-memo            match every value anew (for measurements)\n"
        "      --color WHEN         auto, always, never (NO_COLOR is respected)\n"
        "  -q, --quiet              no progress line\n"
        "      --lang LANG          en or vi; default: from the locale\n"
        "  -h, --help\n"
        "\n"
        "Exit status: 0 nothing found, 1 findings, 2 usage, 3 something could not be read (also "
        "when\n"
        "there are findings; the summary counts both).\n";

static const char *const help_vi =
        "Cách dùng: coloa hunt [-r QUY_TẮC]... [tùy chọn] NHẬT_KÝ...\n"
        "Cho biết trong các tệp nhật ký có những cuộc tấn công nào, dùng mọi quy tắc Sigma cùng "
        "lúc.\n"
        "\n"
        "NHẬT_KÝ là tệp, thư mục, mẫu tên, hoặc - cho đầu vào chuẩn: EVTX, JSON theo dòng và "
        "mảng,\n"
        "syslog, auditd, nhật ký truy cập web, IIS/W3C, Zeek, Suricata EVE, CEF, LEEF, key=value,\n"
        "journald export, CSV; gzip và zstd được giải nén.\n"
        "\n"
        "  -r, --rules ĐƯỜNG_DẪN    quy tắc Sigma: tệp, thư mục hoặc zip; lặp lại để thêm.\n"
        "                           Không có thì dùng bộ quy tắc đi kèm.\n"
        "      --placeholders TỆP   giá trị cho |expand (YAML: tên: [giá trị])\n"
        "      --log-sources TM     bản đồ nguồn nhật ký thay cho bản đi kèm\n"
        "      --min-level MỨC      informational, low, medium, high, critical\n"
        "      --tag THẺ            chỉ các quy tắc có thẻ này (tiền tố, ví dụ attack.t1059); tối "
        "đa hai lần\n"
        "\n"
        "      --intel ĐƯỜNG_DẪN    chỉ dấu: tệp STIX 2.1, MISP, CSV hoặc thư mục; lặp lại để "
        "thêm\n"
        "      --warning-list Đ_DẪN danh sách cảnh báo của MISP: các giá trị không phải chỉ dấu\n"
        "      --intel-expiry HẠN   thời hạn của chỉ dấu không ghi hạn, ví dụ 90d (mặc định: vô "
        "hạn)\n"
        "      --intel-at T         các chỉ dấu có hiệu lực vào lúc T (mặc định: bây giờ)\n"
        "      --intel-columns A,B  cột của tệp CSV không có dòng tên, ví dụ type,value,name\n"
        "      --intel-fields TỆP   các trường cần tìm, thay cho danh sách đi kèm\n"
        "\n"
        "  -o, --output DẠNG[=TỆP]  terminal, jsonl, csv, html, navigator, timesketch; lặp lại để "
        "thêm.\n"
        "                           Không có TỆP thì ghi ra đầu ra chuẩn.\n"
        "      --from T, --to T     chỉ phát hiện từ T trở đi, trước T (2026-11-23 hoặc "
        "2026-11-23T05:00:00Z)\n"
        "      --format TÊN         loại nhật ký, khi tự đoán sai: evtx json syslog auditd web w3c "
        "zeek\n"
        "                           cef leef kv journal csv text\n"
        "      --timezone MÚI       cho thời gian không ghi múi giờ: UTC (mặc định), +07:00, "
        "-0430\n"
        "      --year NNNN          cho thời gian không ghi năm; nếu không thì theo thời gian của "
        "tệp\n"
        "      --leftovers          EVTX: cả những gì bản ghi cũ để lại sau điểm cuối của khối\n"
        "\n"
        "      --jobs N             số tiến trình phán xét (tên khác --threads); mặc định theo số "
        "bộ xử lý\n"
        "      --stats              các giai đoạn, tốc độ và bộ nhớ ở cuối\n"
        "      --no-memo            so khớp lại mọi giá trị (để đo)\n"
        "      --color KHI          auto, always, never (tôn trọng NO_COLOR)\n"
        "  -q, --quiet              không hiện dòng tiến độ\n"
        "      --lang NGỮ           en hoặc vi; mặc định theo locale\n"
        "  -h, --help\n"
        "\n"
        "Mã thoát: 0 không thấy gì, 1 có phát hiện, 2 sai cách dùng, 3 có thứ không đọc được (kể "
        "cả khi\n"
        "có phát hiện; phần tổng kết đếm cả hai).\n";

enum {
        OPT_PLACEHOLDERS = 256,
        OPT_LOGSOURCES,
        OPT_MIN_LEVEL,
        OPT_TAG,
        OPT_FROM,
        OPT_TO,
        OPT_FORMAT,
        OPT_TIMEZONE,
        OPT_YEAR,
        OPT_JOBS,
        OPT_STATS,
        OPT_NO_MEMO,
        OPT_COLOR,
        OPT_LANG,
        OPT_PIN,
        OPT_REPEAT,
        OPT_FILL,
        OPT_LANDLOCK,
        OPT_LEFTOVERS,
};

static const struct option long_options[] = {
        {"rules", required_argument, NULL, 'r'},
        {"placeholders", required_argument, NULL, OPT_PLACEHOLDERS},
        {"log-sources", required_argument, NULL, OPT_LOGSOURCES},
        {"min-level", required_argument, NULL, OPT_MIN_LEVEL},
        {"tag", required_argument, NULL, OPT_TAG},
        {"intel", required_argument, NULL, OPTION_INTEL},
        {"warning-list", required_argument, NULL, OPTION_WARNINGS},
        {"intel-columns", required_argument, NULL, OPTION_COLUMNS},
        {"intel-fields", required_argument, NULL, OPTION_FIELDS},
        {"intel-expiry", required_argument, NULL, OPTION_EXPIRY},
        {"intel-at", required_argument, NULL, OPTION_AT},
        {"output", required_argument, NULL, 'o'},
        {"from", required_argument, NULL, OPT_FROM},
        {"to", required_argument, NULL, OPT_TO},
        {"format", required_argument, NULL, OPT_FORMAT},
        {"timezone", required_argument, NULL, OPT_TIMEZONE},
        {"year", required_argument, NULL, OPT_YEAR},
        {"leftovers", no_argument, NULL, OPT_LEFTOVERS},
        {"jobs", required_argument, NULL, OPT_JOBS},
        {"threads", required_argument, NULL, OPT_JOBS},
        {"stats", no_argument, NULL, OPT_STATS},
        {"no-memo", no_argument, NULL, OPT_NO_MEMO},
        {"color", required_argument, NULL, OPT_COLOR},
        {"colour", required_argument, NULL, OPT_COLOR},
        {"lang", required_argument, NULL, OPT_LANG},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        /* For ./dev bench and the tests; not in the help. */
        {"pin", no_argument, NULL, OPT_PIN},
        {"repeat", required_argument, NULL, OPT_REPEAT},
        {"fill", required_argument, NULL, OPT_FILL},
        {"landlock-abi", required_argument, NULL, OPT_LANDLOCK},
        {NULL, 0, NULL, 0},
};

static int usage(const char *option, const char *value, const char *why) {
        fprintf(stderr, "coloa hunt: %s %s: %s\n", option, value, why);
        fputs(tr("Try 'coloa hunt --help'.\n", "Xem 'coloa hunt --help'.\n"), stderr);
        return 2;
}

int option_refused(const char *verb, int c, char **argv) {
        char letter[3] = {'-', (char)optopt, '\0'};
        /* A letter among letters is in no word of its own. */
        const char *word = argv[optind - 1];
        bool is_letter = optopt > 0 && optopt < 256 && !(word[0] == '-' && word[1] == '-');

        fprintf(stderr, "%s: %s: %s\n", verb, is_letter ? letter : word,
                c == ':' ? tr("a value is missing", "thiếu giá trị")
                         : tr("no such option, or it is wrong here",
                              "không có tùy chọn này, hoặc dùng sai ở đây"));
        fprintf(stderr, tr("Try '%s --help'.\n", "Xem '%s --help'.\n"), verb);
        return 2;
}

int option_value_refused(const char *verb, const char *value) {
        fprintf(stderr,
                tr("%s: '%s' is no value for that option\n",
                   "%s: '%s' không hợp lệ cho tùy chọn đó\n"),
                verb, value);
        return 2;
}

int option_lang(const char *verb, const char *value) {
        enum lang l = lang_from(value);

        if (l == LANG_EN && strncmp(value, "en", 2) != 0) {
                fprintf(stderr, "%s: --lang %s: %s\n", verb, value,
                        tr("expected en or vi", "phải là en hoặc vi"));
                return 2;
        }
        lang_current = l;
        return 0;
}

enum level level_from_name(const char *s) {
        static const char *const names[] = {"",       "informational", "low",
                                            "medium", "high",          "critical"};

        for (unsigned i = 1; i < ARRAY_LEN(names); i++)
                if (strcasecmp(s, names[i]) == 0)
                        return (enum level)i;
        return LEVEL_NONE;
}

static bool number(const char *s, long min, long max, long *ret) {
        char *end;

        errno = 0;
        long v = strtol(s, &end, 10);
        if (errno || end == s || *end || v < min || v > max)
                return false;
        *ret = v;
        return true;
}

static bool zone_from(const char *s, int *ret) {
        char text[40];

        if (strcasecmp(s, "utc") == 0 || strcasecmp(s, "z") == 0) {
                *ret = 0;
                return true;
        }
        /* The time parser knows every way to write an offset: midnight there is the offset here. */
        int n = snprintf(text, sizeof(text), "1970-01-02T00:00:00%s", s);
        if (n < 0 || (size_t)n >= sizeof(text) || (*s != '+' && *s != '-'))
                return false;
        int64_t t = time_parse_iso(span_str(text), 0);
        if (t == TIME_NONE)
                return false;
        *ret = (int)(86400 - t / NS_PER_SEC);
        return true;
}

static int add_output(struct hunt_options *o, const char *value) {
        const char *eq = strchr(value, '=');
        struct hunt_output *out;
        struct span name = eq ? span_of(value, (size_t)(eq - value)) : span_str(value);

        if (o->n_outputs == OUTPUTS_MAX)
                return usage("-o", value, tr("too many outputs", "quá nhiều đầu ra"));
        out = &o->outputs[o->n_outputs];
        if (!report_format_from(name, &out->format))
                return usage("-o", value,
                             tr("expected terminal, jsonl, csv, html, navigator or timesketch",
                                "phải là terminal, jsonl, csv, html, navigator hoặc timesketch"));
        if (eq && !eq[1])
                return usage("-o", value,
                             tr("no file named behind =", "chưa ghi tên tệp sau dấu ="));
        out->path = eq && strcmp(eq, "=-") != 0 ? eq + 1 : NULL;
        o->n_outputs++;
        return 0;
}

static int list_add(const char **list, unsigned *n, unsigned max, const char *option,
                    const char *value) {
        if (*n == max)
                return usage(option, value, tr("given too often", "lặp lại quá nhiều lần"));
        list[(*n)++] = value;
        return 0;
}

static int too_often(const char *verb, const char *v) {
        fprintf(stderr, "%s: %s: %s\n", verb, v, tr("given too often", "lặp lại quá nhiều lần"));
        return 2;
}

int option_intel(struct hunt_options *o, const char *verb, int c, const char *v) {
        const char *why = NULL;

        if (c == OPTION_INTEL && o->n_intel == OPTION_LIST_MAX)
                return too_often(verb, v);
        if (c == OPTION_WARNINGS && o->n_warnings == OPTION_LIST_MAX)
                return too_often(verb, v);
        switch (c) {
        case OPTION_INTEL: o->intel[o->n_intel++] = v; break;
        case OPTION_WARNINGS: o->warnings[o->n_warnings++] = v; break;
        case OPTION_FIELDS: o->intel_fields = v; break;
        case OPTION_COLUMNS:
                o->intel_columns = v;
                if (strlen(v) > 255)
                        why = tr("too long", "quá dài");
                break;
        case OPTION_EXPIRY:
                o->intel_expiry = time_parse_span(span_str(v));
                if (o->intel_expiry <= 0)
                        why = tr("expected a time such as 90d", "phải là thời hạn như 90d");
                break;
        default:
                o->intel_at = time_parse_iso(span_str(v), 0);
                if (o->intel_at == TIME_NONE)
                        why = tr("expected a date or time such as 2026-11-23T05:00:00Z",
                                 "phải là ngày hoặc thời điểm như 2026-11-23T05:00:00Z");
        }
        if (!why)
                return 0;
        fprintf(stderr, "%s: %s: %s\n", verb, v, why);
        return 2;
}

void option_intel_book(const struct hunt_options *o, struct rulebook_intel *ret) {
        *ret = (struct rulebook_intel){.files = (const char **)(uintptr_t)o->intel,
                                       .n_files = o->n_intel,
                                       .warnings = (const char **)(uintptr_t)o->warnings,
                                       .n_warnings = o->n_warnings,
                                       .fields = o->intel_fields,
                                       .columns = o->intel_columns,
                                       .now = o->intel_at ? o->intel_at : os_now(),
                                       .expiry = o->intel_expiry};
}

/* Options about what is read. */
static int set_input_option(struct hunt_options *o, int c, const char *v) {
        long n;

        switch (c) {
        case OPT_FORMAT:
                o->format = format_from_name(span_str(v));
                return o->format ? 0
                                 : usage("--format", v, tr("no such format", "không có dạng này"));
        case OPT_TIMEZONE:
                return zone_from(v, &o->zone_sec)
                               ? 0
                               : usage("--timezone", v,
                                       tr("expected UTC or +HH:MM", "phải là UTC hoặc +GG:PP"));
        case OPT_YEAR:
                if (!number(v, 1970, 2261, &n))
                        return usage("--year", v, tr("expected a year", "phải là một năm"));
                o->year = (int)n;
                return 0;
        case OPT_FROM:
        case OPT_TO: {
                int64_t t = time_parse_iso(span_str(v), o->zone_sec);
                if (t == TIME_NONE)
                        return usage(c == OPT_FROM ? "--from" : "--to", v,
                                     tr("expected a date or time such as 2026-11-23T05:00:00Z",
                                        "phải là ngày hoặc thời điểm như 2026-11-23T05:00:00Z"));
                *(c == OPT_FROM ? &o->from : &o->to) = t;
                return 0;
        }
        default: return -1;
        }
}

static int set_number_option(struct hunt_options *o, int c, const char *v) {
        long n;

        if (!number(v, c == OPT_LANDLOCK ? -1 : 1, 1 << 20, &n) || (c == OPT_JOBS && n > 64))
                return usage(c == OPT_JOBS ? "--jobs" : "--", v,
                             tr("expected a number from 1 to 64", "phải là số từ 1 đến 64"));
        if (c == OPT_JOBS)
                o->jobs = (unsigned)n;
        else if (c == OPT_REPEAT)
                o->repeat = (unsigned)n;
        else if (c == OPT_FILL)
                o->fill = (uint32_t)n;
        else
                o->landlock = (int)n;
        return 0;
}

static int set_color(struct hunt_options *o, const char *v) {
        if (strcmp(v, "auto") == 0)
                o->colour = -1;
        else if (strcmp(v, "always") == 0)
                o->colour = 1;
        else if (strcmp(v, "never") == 0)
                o->colour = 0;
        else
                return usage(
                        "--color", v,
                        tr("expected auto, always or never", "phải là auto, always hoặc never"));
        return 0;
}

static int set_option(void *to, int c, const char *v) {
        struct hunt_options *o = to;

        if (c >= OPTION_INTEL && c <= OPTION_AT)
                return option_intel(o, "coloa hunt", c, v);
        switch (c) {
        case 'r': return list_add(o->rules, &o->n_rules, OPTION_LIST_MAX, "-r", v);
        case 'o': return add_output(o, v);
        case 'q': o->quiet = true; return 0;
        case OPT_PLACEHOLDERS:
                return list_add(o->placeholders, &o->n_placeholders, OPTION_LIST_MAX,
                                "--placeholders", v);
        case OPT_TAG:
                if (strlen(v) > OPTION_TAG_MAX)
                        return usage("--tag", v, tr("too long", "quá dài"));
                return list_add(o->tags, &o->n_tags, ARRAY_LEN(o->tags), "--tag", v);
        case OPT_LOGSOURCES: o->logsources = v; return 0;
        case OPT_MIN_LEVEL:
                o->min_level = level_from_name(v);
                return o->min_level
                               ? 0
                               : usage("--min-level", v, tr("no such level", "không có mức này"));
        case OPT_STATS: o->stats = true; return 0;
        case OPT_NO_MEMO: o->no_memo = true; return 0;
        case OPT_PIN: o->pin = true; return 0;
        case OPT_LEFTOVERS: o->leftovers = true; return 0;
        case OPT_COLOR: return set_color(o, v);
        case OPT_LANG: return option_lang("coloa hunt", v);
        case OPT_JOBS:
        case OPT_REPEAT:
        case OPT_FILL:
        case OPT_LANDLOCK: return set_number_option(o, c, v);
        default: return set_input_option(o, c, v);
        }
}

int hunt_options_read(struct hunt_options *ret, int argc, char **argv) {
        struct hunt_options *o = ret;
        static const struct option_loop loop = {"coloa hunt", help_en,      help_vi,
                                                ":r:o:qh",    long_options, set_option};

        *o = (struct hunt_options){
                .from = TIME_NONE, .to = TIME_NONE, .colour = -1, .repeat = 1, .landlock = -1};
        int r = option_loop_read(&loop, o, argc, argv);
        if (r != 0)
                return r;
        if (o->from != TIME_NONE && o->to != TIME_NONE && o->from >= o->to) {
                fputs(tr("coloa hunt: --from is not before --to: nothing could be found\n",
                         "coloa hunt: --from không trước --to: sẽ không thể thấy gì\n"),
                      stderr);
                return 2;
        }
        o->paths = argv + optind;
        o->n_paths = (unsigned)(argc - optind);
        if (o->n_paths == 0) {
                fputs(tr("coloa hunt: no logs named\nTry 'coloa hunt --help'.\n",
                         "coloa hunt: chưa chỉ ra nhật ký nào\nXem 'coloa hunt --help'.\n"),
                      stderr);
                return 2;
        }
        return 0;
}

bool option_time(const char *text, int64_t *ret) {
        char day[40];
        int64_t t;

        if (text[0] == '-') {
                t = time_parse_span(span_str(text + 1));
                *ret = os_now() - t;
                return t > 0;
        }
        if (strlen(text) == 10) {
                snprintf(day, sizeof(day), "%sT00:00:00Z", text);
                text = day;
        }
        t = time_parse_iso(span_str(text), 0);
        *ret = t;
        return t != TIME_NONE;
}

static bool from_hex(struct span text, unsigned char key[32]) {
        size_t n;

        text = span_trim(text);
        return text.len == 64 && sodium_hex2bin(key, 32, text.p, text.len, NULL, &n, NULL) == 0 &&
               n == 32;
}

bool key_read(const char *arg, unsigned char key[32]) {
        char *text = NULL;
        size_t len = 0;

        if (from_hex(span_str(arg), key))
                return true;
        if (os_read_file(arg, 4096, &text, &len) < 0)
                return false;
        bool ok = from_hex(span_of(text, len), key);
        free(text);
        return ok;
}

bool option_range(const char *text, uint64_t *ret_first, uint64_t *ret_end) {
        char *end;
        unsigned long long a = strtoull(text, &end, 10), b = a;

        if (end == text || *text == '-')
                return false;
        if (*end == '-') {
                const char *second = end + 1;
                b = strtoull(second, &end, 10);
                if (end == second)
                        return false;
        }
        *ret_first = a;
        *ret_end = b + 1;
        return *end == '\0' && a > 0 && a <= b && b < INT64_MAX - 1;
}
