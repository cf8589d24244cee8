/* `coloa exercise WORD`: everything about exercises that is done at a command line. The words are a table. */
#include "main/exercise_verb.h"

#include <stdio.h>

#include "base/lang.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *en, *vi;
} words[] = {
        {"check", exercise_check, "say what is wrong with scenarios, and how to mend it",
         "chỉ ra chỗ sai của kịch bản và cách sửa"},
        {"import", exercise_import, "a scenario out of CEXF, Attack Flow or a table of events",
         "kịch bản từ CEXF, Attack Flow hoặc bảng sự kiện"},
        {"export", exercise_export, "a scenario as CEXF, Attack Flow, table, Navigator layer",
         "kịch bản thành CEXF, Attack Flow, bảng, lớp Navigator"},
        {"generate", exercise_generate, "write the log records of a scenario as files",
         "ghi nhật ký của kịch bản ra tệp"},
        {"play", exercise_play, "play a scenario on the running node, line by line",
         "chạy kịch bản trên nút đang hoạt động, ghi từng dòng"},
        {"score", exercise_score_file, "compute the scores of an export anew",
         "tính lại điểm của một bản xuất"},
        {"compare", exercise_compare,
         "compare units over scenarios and years, with the uncertainty",
         "so sánh các đơn vị qua kịch bản và các năm, kèm độ bất định"},
        {"report", exercise_report_file, "write the after-action report of an export",
         "ghi báo cáo sau diễn tập từ một bản xuất"},
};

static void usage(FILE *to) {
        fputs(tr("Usage: coloa exercise WORD [options]\n\n",
                 "Cách dùng: coloa exercise TỪ [tùy chọn]\n\n"),
              to);
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                fprintf(to, "  %-9s %s\n", words[i].name, tr(words[i].en, words[i].vi));
        fputs(tr("\n'coloa exercise WORD --help' says more.\n",
                 "\n'coloa exercise TỪ --help' cho biết thêm.\n"),
              to);
}

int verb_exercise(int argc, char **argv) {
        const char *word = argc > 1 ? argv[1] : "";

        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || !*word) {
                usage(*word ? stdout : stderr);
                return *word ? 0 : 2;
        }
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (strcmp(word, words[i].name) == 0)
                        return words[i].run(argc - 1, argv + 1);
        fprintf(stderr, tr("coloa exercise: no word '%s'\n", "coloa exercise: không có từ '%s'\n"),
                word);
        usage(stderr);
        return 2;
}
