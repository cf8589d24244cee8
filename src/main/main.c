/* coloa: the first word of the command line is the verb. The same program is every process of it
 * (main/spawn.h). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/alerts.h"
#include "main/api_verb.h"
#include "main/backup_verb.h"
#include "main/doctor.h"
#include "main/exercise_verb.h"
#include "main/export.h"
#include "main/hold_verb.h"
#include "main/hunt.h"
#include "main/intel_verb.h"
#include "main/person_verb.h"
#include "main/retro.h"
#include "main/search.h"
#include "main/serve.h"
#include "main/spawn.h"
#include "main/verify_verb.h"
#include "main/version.h"
#include "os/fault.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *en, *vi;
} verbs[] = {
        {"hunt", verb_hunt, "say which attacks are in log files",
         "cho biết các cuộc tấn công trong tệp nhật ký"},
        {"rules", verb_rules, "check, list, test and import Sigma rules",
         "kiểm tra, liệt kê, thử và nhập quy tắc Sigma"},
        {"intel", verb_intel, "check and list indicators: STIX, MISP, CSV",
         "kiểm tra và liệt kê chỉ dấu: STIX, MISP, CSV"},
        {"alerts", verb_alerts, "what the node has raised", "những cảnh báo mà nút đã nêu"},
        {"serve", verb_serve, "run a node: receive, keep and judge logs, raise alerts",
         "chạy một nút: nhận, lưu và phán xét nhật ký, nêu cảnh báo"},
        {"import", verb_import, "have the node keep and judge files, once",
         "cho nút lưu giữ và phán xét các tệp, một lần"},
        {"search", verb_search, "look through the events that a node keeps",
         "tìm trong các sự kiện mà một nút lưu giữ"},
        {"retro", verb_retro, "run new rules over what a node keeps",
         "chạy quy tắc mới trên những gì một nút đang giữ"},
        {"status", verb_status, "say how the node does", "cho biết tình trạng của nút"},
        {"doctor", verb_doctor, "check a node's configuration and machine, and say what to do",
         "kiểm tra cấu hình và máy của nút, cho biết cần làm gì"},
        {"reload", verb_reload, "have the node read configuration and rules anew",
         "cho nút đọc lại cấu hình và quy tắc"},
        {"export", verb_export, "records for elsewhere: provable, or masked",
         "xuất bản ghi: chứng minh được, hoặc đã che"},
        {"hold", verb_hold, "keep records from retention",
         "giữ bản ghi khỏi bị xóa theo thời hạn lưu"},
        {"backup", verb_backup, "a second copy of what the node keeps, checked",
         "bản sao thứ hai của những gì nút lưu giữ, đã kiểm tra"},
        {"restore", verb_restore, "a node's directory from such a copy",
         "khôi phục thư mục của nút từ bản sao đó"},
        {"api", verb_api, "ask a node for any operation of its API",
         "yêu cầu một nút làm một thao tác bất kỳ của API"},
        {"person", verb_person, "at the node itself: the first person, one-time passwords",
         "tại chính nút: người đầu tiên, mật khẩu dùng một lần"},
        {"exercise", verb_exercise, "drills: check scenarios, play, score",
         "diễn tập: kiểm tra kịch bản, diễn, chấm điểm"},
        {"verify", verb_verify, "check a store: its hashes, chain and signatures",
         "kiểm tra kho: mã băm, chuỗi và chữ ký"},
};

static void usage(FILE *to) {
        fputs(tr("Usage: coloa VERB [options]\n\n", "Cách dùng: coloa LỆNH [tùy chọn]\n\n"), to);
        for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
                fprintf(to, "  %-8s %s\n", verbs[i].name, tr(verbs[i].en, verbs[i].vi));
        fputs(tr("\n'coloa VERB --help' says more. --version prints the version.\n",
                 "\n'coloa LỆNH --help' cho biết thêm. --version in phiên bản.\n"),
              to);
}

static void choose_language(void) {
        static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                const char *v = getenv(names[i]);
                if (v && *v) {
                        lang_current = lang_from(v);
                        return;
                }
        }
}

#ifdef COLOA_FAULTS
/* Test builds only: COLOA_FAULT=K makes the K-th kernel call of main fail with EIO; whether it did is said at the end.
 * COLOA_LAG=MS makes it slow where it looks after its judges, or hands on what they did. */
static void say_fault(void) {
        fprintf(stderr, fault_disarm() ? "fault: struck\n" : "fault: not reached\n");
}

static void arm_fault(void) {
        const char *k = getenv("COLOA_FAULT"), *lag = getenv("COLOA_LAG");

        if (lag)
                fault_lag_set((unsigned)strtoul(lag, NULL, 10));
        if (!k)
                return;
        atexit(say_fault);
        fault_arm((unsigned)strtoul(k, NULL, 10), EIO);
}
#else
static void arm_fault(void) {
}
#endif

int main(int argc, char **argv) {
        child_main(argc, argv);
        arm_fault();
        signal(SIGPIPE, SIG_IGN);
        choose_language();
        if (argc < 2) {
                usage(stderr);
                return 2;
        }
        for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
                if (strcmp(argv[1], verbs[i].name) == 0)
                        return verbs[i].run(argc - 1, argv + 1);
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
            strcmp(argv[1], "help") == 0) {
                usage(stdout);
                return 0;
        }
        if (strcmp(argv[1], "--version") == 0) {
                puts("coloa " COLOA_VERSION);
                return 0;
        }
        fprintf(stderr, tr("coloa: no verb '%s'\n", "coloa: không có lệnh '%s'\n"), argv[1]);
        usage(stderr);
        return 2;
}
