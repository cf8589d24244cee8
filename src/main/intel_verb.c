/* `coloa intel`: what files of indicators hold, before a node or a hunt uses them. The files are read
 * by the rules process; here are options and exit statuses. */
#include "main/intel_verb.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "main/rulebook.h"

static const char help_en[] =
        "Usage: coloa intel check [--json] [options] FILES...   counts by type; expired, warned "
        "off,\n"
        "                                                       not supported, malformed, by file "
        "and "
        "line\n"
        "       coloa intel list [--json] [options] FILES...    every indicator, and what becomes "
        "of it\n"
        "\n"
        "FILES are STIX 2.1 bundles (OpenCTI, TAXII), MISP events and exports, CSV and plain "
        "lists, "
        "or\n"
        "directories of *.json, *.csv, *.txt, *.stix, *.list.\n"
        "\n"
        "      --warning-list PATH  MISP warning lists: values that are no indicators; again for "
        "more\n"
        "      --intel-expiry SPAN  life of indicators without an end, such as 90d (default: for "
        "ever)\n"
        "      --intel-at T         which were in force at T (default: now)\n"
        "      --intel-columns A,B  columns of CSV files without a header, such as "
        "type,value,name\n"
        "      --json               as JSON; list: a line each\n"
        "      --lang LANG          en or vi\n"
        "\n"
        "Exit status: 0 all were read, 1 some cannot be used, 2 usage, 3 a file could not be "
        "read.\n";
static const char help_vi[] =
        "Cách dùng: coloa intel check [--json] [tùy chọn] TỆP...   số lượng theo loại; hết hạn, bị "
        "cảnh\n"
        "                                                          báo, không hỗ trợ, sai dạng, "
        "theo "
        "tệp:dòng\n"
        "           coloa intel list [--json] [tùy chọn] TỆP...    từng chỉ dấu và số phận của nó\n"
        "\n"
        "TỆP là gói STIX 2.1 (OpenCTI, TAXII), sự kiện và bản xuất MISP, CSV và danh sách thường, "
        "hoặc\n"
        "thư mục chứa *.json, *.csv, *.txt, *.stix, *.list.\n"
        "\n"
        "      --warning-list Đ_DẪN danh sách cảnh báo của MISP: các giá trị không phải chỉ dấu; "
        "lặp "
        "lại để thêm\n"
        "      --intel-expiry HẠN   thời hạn của chỉ dấu không ghi hạn, ví dụ 90d (mặc định: vô "
        "hạn)\n"
        "      --intel-at T         các chỉ dấu có hiệu lực vào lúc T (mặc định: bây giờ)\n"
        "      --intel-columns A,B  cột của tệp CSV không có dòng tên, ví dụ type,value,name\n"
        "      --json               dạng JSON; list: mỗi chỉ dấu một dòng\n"
        "      --lang NGỮ           en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đọc được hết, 1 có chỉ dấu không dùng được, 2 sai cách dùng, 3 có tệp không "
        "đọc được.\n";

enum { OPT_JSON = 256, OPT_LANG };

static int usage(const char *what) {
        fprintf(stderr, "coloa intel: %s\n%s", what,
                tr("Try 'coloa intel --help'.\n", "Xem 'coloa intel --help'.\n"));
        return 2;
}

struct asked {
        struct hunt_options *o;
        bool *json;
};

static int set_option(void *to, int c, const char *v) {
        const struct asked *a = to;

        if (c == OPT_LANG)
                return option_lang("coloa intel", v);
        if (c != OPT_JSON)
                return option_intel(a->o, "coloa intel", c, v);
        *a->json = true;
        return 0;
}

/* 0; 1: help was printed; 2: said on standard error. */
static int read_options(struct hunt_options *o, bool *json, int argc, char **argv) {
        static const struct option options[] = {
                {"json", no_argument, NULL, OPT_JSON},
                {"lang", required_argument, NULL, OPT_LANG},
                {"warning-list", required_argument, NULL, OPTION_WARNINGS},
                {"intel-columns", required_argument, NULL, OPTION_COLUMNS},
                {"intel-expiry", required_argument, NULL, OPTION_EXPIRY},
                {"intel-at", required_argument, NULL, OPTION_AT},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0}};
        static const struct option_loop loop = {"coloa intel", help_en, help_vi,
                                                ":h",          options, set_option};
        struct asked a = {o, json};
        int r = option_loop_read(&loop, &a, argc, argv);

        for (int i = optind; i < argc && r == 0; i++)
                r = option_intel(o, "coloa intel", OPTION_INTEL, argv[i]);
        return r;
}

static int load(struct hunt_options *o, struct rulebook *b, enum rules_job job) {
        struct rulebook_intel intel;
        struct buf bundle = {0};

        option_intel_book(o, &intel);
        struct rulebook_options book = {.intel = &intel, .job = job, .landlock = -1};
        int r = rulebook_gather_intel(&bundle, &intel);
        if (r == 0 && bundle.failed)
                r = -ENOMEM;
        if (r == 0)
                r = rulebook_run(b, &book, buf_get(&bundle));
        buf_deinit(&bundle);
        if (r < 0)
                fprintf(stderr, "coloa intel: %s: %s\n", tr("cannot be read", "không đọc được"),
                        error_text(r));
        return r;
}

int verb_intel(int argc, char **argv) {
        static struct hunt_options o;
        struct rulebook b = {.program_fd = -1};
        const char *word = argc > 1 ? argv[1] : "";
        bool json = false, list = strcmp(word, "list") == 0;

        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || !*word) {
                fputs(tr(help_en, help_vi), *word ? stdout : stderr);
                return *word ? 0 : 2;
        }
        if (!list && strcmp(word, "check") != 0)
                return usage(tr("expected check or list", "phải là check hoặc list"));
        int r = read_options(&o, &json, argc - 1, argv + 1);
        if (r != 0)
                return r == 1 ? 0 : r;
        if (o.n_intel + o.n_warnings == 0)
                return usage(tr("no files named", "chưa chỉ ra tệp nào"));
        r = load(&o, &b,
                 list ? (json ? RULES_INTEL_LIST_JSON : RULES_INTEL_LIST_TEXT)
                      : (json ? RULES_INTEL_JSON : RULES_INTEL_TEXT));
        if (r < 0)
                return 3;
        rulebook_print(&b, stdout);
        r = b.done.n_intel_errors ? 3 : b.done.n_intel_bad ? 1 : 0;
        rulebook_deinit(&b);
        return r;
}
