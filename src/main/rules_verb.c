/* `coloa rules`: check, list, test, import. What is in rule files is the rules process's business;
 * here are options, files and exit statuses. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/hunt.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/rulebook.h"
#include "main/rules_import.h"
#include "main/rules_test.h"

static const char *const help_en =
        "Usage: coloa rules check [--json] [PATHS...]     a linter: file:line:column, what is "
        "wrong, what to do\n"
        "       coloa rules list [filters] [PATHS...]     the rules; --json, --coverage, "
        "--navigator\n"
        "       coloa rules test [-r RULES]... DIR        regression data laid out as SigmaHQ's "
        "(info.yml)\n"
        "       coloa rules import --to DIR FILE.zip|DIR  validated, all or nothing; says what "
        "changed\n"
        "\n"
        "PATHS are files, directories or zips; without any, the shipped pack.\n"
        "      --placeholders FILE  values for |expand\n"
        "      --log-sources DIR    log-source maps instead of the shipped ones\n"
        "      --min-level LEVEL, --status S, --tag TAG, --product P, --category C, --service S, "
        "--text T\n"
        "                           which rules to list\n"
        "      --coverage           ATT&CK techniques and how many rules each has\n"
        "      --navigator          an ATT&CK Navigator layer\n"
        "      --json               as JSON\n"
        "      --skip-refused       import: leave out rules that cannot be used instead of "
        "refusing all\n"
        "      --lang LANG          en or vi\n"
        "\n"
        "Exit status: 0 well, 1 something is wrong with the rules, 2 usage, 3 something could not "
        "be read.\n";

static const char *const help_vi =
        "Cách dùng: coloa rules check [--json] [ĐƯỜNG_DẪN...]    kiểm tra: tệp:dòng:cột, sai gì, "
        "sửa thế nào\n"
        "           coloa rules list [bộ lọc] [ĐƯỜNG_DẪN...]     các quy tắc; --json, --coverage, "
        "--navigator\n"
        "           coloa rules test [-r QUY_TẮC]... THƯ_MỤC     dữ liệu hồi quy xếp như của "
        "SigmaHQ (info.yml)\n"
        "           coloa rules import --to TM TỆP.zip|TM        kiểm tra trước, được cả hoặc "
        "không; báo thay đổi\n"
        "\n"
        "ĐƯỜNG_DẪN là tệp, thư mục hoặc zip; không có thì dùng bộ quy tắc đi kèm.\n"
        "      --placeholders TỆP   giá trị cho |expand\n"
        "      --log-sources TM     bản đồ nguồn nhật ký thay cho bản đi kèm\n"
        "      --min-level MỨC, --status S, --tag THẺ, --product P, --category C, --service S, "
        "--text T\n"
        "                           liệt kê những quy tắc nào\n"
        "      --coverage           các kỹ thuật ATT&CK và số quy tắc của mỗi kỹ thuật\n"
        "      --navigator          một lớp ATT&CK Navigator\n"
        "      --json               dạng JSON\n"
        "      --skip-refused       import: bỏ qua quy tắc không dùng được thay vì từ chối tất cả\n"
        "      --lang NGỮ           en hoặc vi\n"
        "\n"
        "Mã thoát: 0 tốt, 1 quy tắc có lỗi, 2 sai cách dùng, 3 có thứ không đọc được.\n";

enum {
        OPT_JSON = 256,
        OPT_COVERAGE,
        OPT_NAVIGATOR,
        OPT_PLACEHOLDERS,
        OPT_LOGSOURCES,
        OPT_MIN_LEVEL,
        OPT_STATUS,
        OPT_TAG,
        OPT_PRODUCT,
        OPT_CATEGORY,
        OPT_SERVICE,
        OPT_TEXT,
        OPT_TO,
        OPT_SKIP,
        OPT_LANG,
};

static const struct option long_options[] = {
        {"json", no_argument, NULL, OPT_JSON},
        {"coverage", no_argument, NULL, OPT_COVERAGE},
        {"navigator", no_argument, NULL, OPT_NAVIGATOR},
        {"rules", required_argument, NULL, 'r'},
        {"placeholders", required_argument, NULL, OPT_PLACEHOLDERS},
        {"log-sources", required_argument, NULL, OPT_LOGSOURCES},
        {"min-level", required_argument, NULL, OPT_MIN_LEVEL},
        {"status", required_argument, NULL, OPT_STATUS},
        {"tag", required_argument, NULL, OPT_TAG},
        {"product", required_argument, NULL, OPT_PRODUCT},
        {"category", required_argument, NULL, OPT_CATEGORY},
        {"service", required_argument, NULL, OPT_SERVICE},
        {"text", required_argument, NULL, OPT_TEXT},
        {"to", required_argument, NULL, OPT_TO},
        {"skip-refused", no_argument, NULL, OPT_SKIP},
        {"lang", required_argument, NULL, OPT_LANG},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

struct rules_options {
        struct rulebook_options book;
        const char *rules[OPTION_LIST_MAX], *placeholders[OPTION_LIST_MAX];
        const char *to;
        bool json, coverage, navigator, skip_refused;
        char **paths;
        unsigned n_paths;
};

static int usage(const char *what) {
        fprintf(stderr, "coloa rules: %s\n%s", what,
                tr("Try 'coloa rules --help'.\n", "Xem 'coloa rules --help'.\n"));
        return 2;
}

/* A filter's text into its fixed room. */
static int keep(char *to, size_t room, const char *value) {
        if (strlen(value) >= room)
                return usage(tr("a filter is too long", "một bộ lọc quá dài"));
        memcpy(to, value, strlen(value) + 1);
        return 0;
}

static int add(const char **list, unsigned *n, const char *value) {
        if (*n == OPTION_LIST_MAX)
                return usage(tr("too many paths", "quá nhiều đường dẫn"));
        list[(*n)++] = value;
        return 0;
}

static int set_option(void *to, int c, const char *v) {
        struct rules_options *o = to;

        struct rules_filter *f = &o->book.filter;

        switch (c) {
        case 'r': return add(o->rules, &o->book.n_rules, v);
        case OPT_PLACEHOLDERS: return add(o->placeholders, &o->book.n_placeholders, v);
        case OPT_LOGSOURCES: o->book.logsources = v; return 0;
        case OPT_JSON: o->json = true; return 0;
        case OPT_COVERAGE: o->coverage = true; return 0;
        case OPT_NAVIGATOR: o->navigator = true; return 0;
        case OPT_SKIP: o->skip_refused = true; return 0;
        case OPT_TO: o->to = v; return 0;
        case OPT_LANG: return option_lang("coloa rules", v);
        case OPT_MIN_LEVEL:
                f->min_level = level_from_name(v);
                return f->min_level ? 0 : usage(tr("no such level", "không có mức này"));
        case OPT_STATUS: return keep(f->status, sizeof(f->status), v);
        case OPT_TAG: return keep(f->tag, sizeof(f->tag), v);
        case OPT_PRODUCT: return keep(f->product, sizeof(f->product), v);
        case OPT_CATEGORY: return keep(f->category, sizeof(f->category), v);
        case OPT_SERVICE: return keep(f->service, sizeof(f->service), v);
        case OPT_TEXT: return keep(f->text, sizeof(f->text), v);
        default: return usage(tr("wrong option", "tùy chọn sai"));
        }
}

/* 0; 1: help was printed; 2: said on standard error. */
static int read_options(struct rules_options *o, int argc, char **argv) {
        static const struct option_loop loop = {"coloa rules", help_en,      help_vi,
                                                ":r:h",        long_options, set_option};

        o->book = (struct rulebook_options){
                .rules = o->rules, .placeholders = o->placeholders, .landlock = -1};
        int r = option_loop_read(&loop, o, argc, argv);
        if (r != 0)
                return r;
        o->paths = argv + optind;
        o->n_paths = (unsigned)(argc - optind);
        return 0;
}

static int load(struct rules_options *o, struct rulebook *b) {
        for (unsigned i = 0; i < o->n_paths; i++)
                if (add(o->rules, &o->book.n_rules, o->paths[i]) != 0)
                        return 2;
        int r = rulebook_load(b, &o->book);
        if (r < 0) {
                fprintf(stderr, "coloa rules: %s: %s\n", tr("cannot be read", "không đọc được"),
                        error_text(r));
                return 3;
        }
        return 0;
}

static int check(struct rules_options *o) {
        struct rulebook b = {.program_fd = -1};

        o->book.job = o->json ? RULES_CHECK_JSON : RULES_CHECK_TEXT;
        o->book.lint = true;
        int r = load(o, &b);
        if (r != 0)
                return r;
        rulebook_print(&b, stdout);
        fprintf(stderr,
                tr("%u documents: %u rules, %u correlations, %u filters; %u refused; %u errors, %u "
                   "warnings\n",
                   "%u tài liệu: %u quy tắc, %u tương quan, %u bộ lọc; từ chối %u; %u lỗi, %u cảnh "
                   "báo\n"),
                b.done.n_documents, b.done.n_rules, b.done.n_correlations, b.done.n_filters,
                b.done.n_refused, b.done.n_errors, b.done.n_warnings);
        r = b.done.n_errors || b.done.n_refused ? 1 : 0;
        rulebook_deinit(&b);
        return r;
}

static int list(struct rules_options *o) {
        struct rulebook b = {.program_fd = -1};

        o->book.job = o->coverage    ? RULES_LIST_COVERAGE
                      : o->navigator ? RULES_LIST_NAVIGATOR
                      : o->json      ? RULES_LIST_JSON
                                     : RULES_LIST_TEXT;
        int r = load(o, &b);
        if (r != 0)
                return r;
        rulebook_print(&b, stdout);
        rulebook_deinit(&b);
        return 0;
}

int verb_rules(int argc, char **argv) {
        static struct rules_options o;
        const char *word = argc > 1 ? argv[1] : "";

        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || !*word) {
                fputs(tr(help_en, help_vi), *word ? stdout : stderr);
                return *word ? 0 : 2;
        }
        int r = read_options(&o, argc - 1, argv + 1);
        if (r != 0)
                return r == 1 ? 0 : r;
        if (strcmp(word, "check") == 0)
                return check(&o);
        if (strcmp(word, "list") == 0)
                return list(&o);
        if (strcmp(word, "test") == 0 && o.n_paths == 1)
                return rules_test(&o.book, o.paths[0]);
        if (strcmp(word, "import") == 0 && o.n_paths == 1 && o.to)
                return rules_import(&o.book, o.paths[0], o.to, o.skip_refused);
        return usage(tr("expected check, list, test DIR, or import --to DIR SOURCE",
                        "phải là check, list, test THƯ_MỤC, hoặc import --to THƯ_MỤC NGUỒN"));
}
