/* Operations on playbooks (CACAO 2.0) and on their runs in incidents: doc/playbooks.md. */
#include "wire/api_shapes.h"

#define PATH_ID                                                                                    \
        {                                                                                          \
                "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The playbook.",          \
                              .vi = "Quy trình."                                                  \
        }
#define PATH_INCIDENT                                                                              \
        { "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The incident.", .vi = "Sự cố." }
#define PATH_RUN                                                                                   \
        {                                                                                          \
                "run", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The run.",              \
                               .vi = "Lần thực hiện."                                        \
        }
#define EDITION                                                                                    \
        {                                                                                          \
                "edition", API_INT, .flags = API_IN_QUERY, .min = 1, .max = INT32_MAX,             \
                                    .en = "Which of its versions; default: the newest.",           \
                                    .vi = "Phiên bản nào; mặc định: mới nhất."        \
        }

/* ---- shapes ---- */

/* clang-format off */
#define PLAYBOOK_FIELDS                                                                            \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},                       \
        {"cacao", API_STRING, .flags = API_FILTER, .en = "Its id in CACAO.", .vi = "Định danh CACAO."}, \
        {"name", API_STRING, .flags = API_SORT | API_DEFAULT_SORT, .en = "Its name.", .vi = "Tên (tiếng Anh)."}, \
        {"name_vi", API_STRING, .flags = API_SORT | API_NULLABLE, .en = "Its name in Vietnamese.", .vi = "Tên."}, \
        {"kinds", API_STRING, .flags = API_LIST_OF, .most = 16, .en = "Kinds of incident it is for.", .vi = "Dùng cho loại sự cố."}, \
        {"steps", API_INT, .flags = API_SORT, .en = "Steps in which something is done.", .vi = "Số bước thực hiện."}, \
        {"automatic", API_INT, .flags = API_SORT, .en = "Of them prepared by the node.", .vi = "Số bước nút chuẩn bị."}, \
        {"parallel", API_INT, .en = "Parallel steps.", .vi = "Số bước song song."},                \
        {"conditions", API_INT, .en = "Conditions.", .vi = "Số điều kiện."},                       \
        {"origin", API_ENUM, .flags = API_FILTER, .values = "coloa|own", .en = "With the program, or brought in.", .vi = "Đi kèm chương trình hoặc nhập vào."}, \
        {"tlp", API_STRING, .flags = API_NULLABLE, .en = "Its marking.", .vi = "Mức TLP."},        \
        {"modified", API_TIME, .flags = API_SORT, .en = "Of its newest version.", .vi = "Thời điểm của phiên bản mới nhất."}, \
        {"edition", API_INT, .en = "Number of its newest version.", .vi = "Số phiên bản mới nhất."}, \
        {"used", API_INT, .flags = API_SORT, .en = "Times it was run.", .vi = "Số lần thực hiện."}, \
        {"last_used", API_TIME, .flags = API_SORT | API_NULLABLE, .en = "Last run.", .vi = "Lần gần nhất."}, \
        {"retired", API_BOOL, .flags = API_FILTER, .en = "It is not begun any more.", .vi = "Không dùng nữa."}, \
        {"version", API_INT, .en = "Grows with every change.", .vi = "Phiên bản dữ liệu."}

#define RUN_FIELDS                                                                                 \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},                       \
        {"incident", API_ID, .flags = API_FILTER, .en = "The incident.", .vi = "Sự cố."},          \
        {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},                  \
        {"playbook", API_ID, .flags = API_FILTER, .en = "The playbook.", .vi = "Quy trình."},      \
        {"name", API_STRING, .en = "Its name.", .vi = "Tên (tiếng Anh)."},                         \
        {"name_vi", API_STRING, .flags = API_NULLABLE, .en = "Its name in Vietnamese.", .vi = "Tên."}, \
        {"edition", API_INT, .en = "The version that is run.", .vi = "Phiên bản đang thực hiện."}, \
        {"state", API_ENUM, .flags = API_FILTER, .values = "running|stuck|done|stopped",           \
         .en = "stuck: a step failed and nothing says what then.", .vi = "stuck: có bước thất bại mà không có bước tiếp."}, \
        {"started", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "Begun.", .vi = "Bắt đầu."}, \
        {"started_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom; none: another run.", .vi = "Người bắt đầu."}, \
        {"ended", API_TIME, .flags = API_NULLABLE, .en = "Ended.", .vi = "Kết thúc."},             \
        {"reason", API_STRING, .flags = API_NULLABLE, .en = "Why it was stopped.", .vi = "Lý do dừng."}, \
        {"steps_done", API_INT, .en = "Steps done or skipped.", .vi = "Số bước đã xong hoặc bỏ qua."}, \
        {"steps_open", API_INT, .en = "Steps that wait for people.", .vi = "Số bước đang chờ người."}, \
        {"overdue", API_INT, .en = "Of them late.", .vi = "Số bước quá hạn."},                     \
        {"next_due", API_TIME, .flags = API_NULLABLE, .en = "The nearest limit.", .vi = "Hạn gần nhất."}, \
        {"parent", API_ID, .flags = API_NULLABLE, .en = "The run that called it.", .vi = "Lần thực hiện đã gọi."}, \
        {"version", API_INT, .en = "Grows with every change.", .vi = "Phiên bản."},                \
        {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.", .vi = "Của diễn tập."},  \
        {"play", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Of which play of an exercise.", .vi = "Của lượt diễn tập nào."}

const struct api_field api_playbook_shape[] = {PLAYBOOK_FIELDS, {0}};
const struct api_field api_playbook_run_shape[] = {RUN_FIELDS, {0}};

static const struct api_field playbook_detail[] = {
        PLAYBOOK_FIELDS,
        {"description", API_TEXT, .flags = API_NULLABLE, .en = "What it is for.", .vi = "Mô tả (tiếng Anh)."},
        {"description_vi", API_TEXT, .flags = API_NULLABLE, .en = "The same in Vietnamese.", .vi = "Mô tả."},
        {"shown", API_INT, .en = "The version that is shown.", .vi = "Phiên bản đang xem."},
        {"editions", API_ANY, .en = "Its versions: edition, modified, kept, by_name, runs.", .vi = "Các phiên bản."},
        {"created_by", API_STRING, .en = "Whose it is, as CACAO has it.", .vi = "Tác giả theo CACAO."},
        {"labels", API_ANY, .en = "Its labels.", .vi = "Nhãn."},
        {"variables", API_ANY, .en = "Its variables: name, type, about, about_vi, value, constant, external.", .vi = "Các biến."},
        {"signatures", API_INT, .en = "Signatures in it, which are kept and not checked.", .vi = "Số chữ ký kèm theo, lưu giữ nhưng không kiểm tra."},
        {"graph", API_ANY, .en = "What is drawn: ranks, columns, nodes, edges.", .vi = "Sơ đồ: hàng, cột, nút, cạnh."},
        {0},
};

static const struct api_field run_detail[] = {
        RUN_FIELDS,
        {"variables", API_ANY, .en = "Its variables as they are now.", .vi = "Các biến hiện tại."},
        {"graph", API_ANY, .en = "What is drawn.", .vi = "Sơ đồ."},
        {"visits", API_ANY, .en = "Each time a step was come to: id, n, parent, round, state, outcome, opened, begins, due, left_s, overdue, "
                                  "ended, by_name, note, answer, task, run, prepared, choices, version.",
         .vi = "Mỗi lần đến một bước."},
        {0},
};

static const struct api_field import_answer[] = {
        {"done", API_BOOL, .en = "It is kept.", .vi = "Đã lưu."},
        {"id", API_ID, .flags = API_NULLABLE, .en = "Its number.", .vi = "Số."},
        {"edition", API_INT, .flags = API_NULLABLE, .en = "Which version of it this is.", .vi = "Là phiên bản nào."},
        {"name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên."},
        {"n_faults", API_INT, .en = "Faults.", .vi = "Số lỗi."},
        {"faults", API_ANY, .en = "pointer (RFC 6901), value, fault, remedy.", .vi = "Vị trí, giá trị, lỗi, cách sửa."},
        {"warnings", API_ANY, .en = "pointer, fault: it is kept all the same.", .vi = "Cảnh báo: vẫn được lưu."},
        {0},
};

static const struct api_field suggest_answer[] = {
        {"items", API_ANY, .en = "id, name, name_vi, kinds, steps, why (kind: of the incident's kind), running (its run): fitting ones first.",
         .vi = "Quy trình phù hợp trước."},
        {0},
};

/* ---- requests ---- */

static const struct api_field only_incident[] = {PATH_INCIDENT, {0}};
static const struct api_field only_run[] = {PATH_RUN, {0}};
static const struct api_field get_fields[] = {PATH_ID, EDITION, {0}};
static const struct api_field import_fields[] = {
        {"dry", API_BOOL, .flags = API_IN_QUERY, .en = "Only look at it.", .vi = "Chỉ kiểm tra."},
        {0},
};
static const struct api_field retire_fields[] = {
        PATH_ID,
        {"retired", API_BOOL, .flags = API_REQUIRED, .en = "Whether it is not begun any more; what runs goes on.", .vi = "Không bắt đầu nữa; lần đang thực hiện vẫn tiếp tục."},
        {"version", API_INT, .min = 1, .max = INT32_MAX, .en = "As it was shown.", .vi = "Phiên bản đã hiển thị."},
        {0},
};
static const struct api_field start_fields[] = {
        PATH_INCIDENT,
        {"playbook", API_ID, .flags = API_REQUIRED, .en = "Which.", .vi = "Quy trình nào."},
        {"edition", API_INT, .min = 1, .max = INT32_MAX, .en = "Default: the newest.", .vi = "Mặc định: mới nhất."},
        {0},
};
static const struct api_field step_fields[] = {
        PATH_RUN,
        {"visit", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The step as it was come to.", .vi = "Lượt thực hiện bước."},
        {"outcome", API_ENUM, .flags = API_REQUIRED, .values = "done|skipped|failed|again",
         .en = "again: a step that failed is tried once more.", .vi = "again: làm lại bước đã thất bại."},
        {"note", API_TEXT, .max = 4000, .en = "What came of it; of a step that is skipped or failed: why.", .vi = "Kết quả; nếu bỏ qua hoặc thất bại: lý do."},
        {"answer", API_STRING, .max = 250, .en = "Of a condition: true or false; of a switch: one of its cases.", .vi = "Câu trả lời của điều kiện: true, false, hoặc một trường hợp."},
        {"variables", API_STRING, .flags = API_LIST_OF, .max = 2000, .most = 50, .en = "\"__name__=value\".", .vi = "\"__ten__=giá trị\"."},
        {"version", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT32_MAX, .en = "Of the visit as it was shown.", .vi = "Phiên bản của lượt đã hiển thị."},
        {0},
};
static const struct api_field stop_fields[] = {
        PATH_RUN,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000, .en = "Why.", .vi = "Lý do."},
        {"version", API_INT, .min = 1, .max = INT32_MAX, .en = "Of the run as it was shown.", .vi = "Phiên bản đã hiển thị."},
        {0},
};

#define P "/api/v1/playbooks"
#define R "/api/v1/playbook_runs"
const struct api_op api_playbooks_ops[] = {
        {"playbooks.list", API_GET, P, "playbooks.read", API_LIST, NULL, api_playbook_shape, "Playbooks.", "Các quy trình."},
        {"playbooks.import", API_POST, P, "playbooks.write", API_UPLOAD, import_fields, import_answer,
         "Brings one in: a CACAO 2.0 file of at most 1 MiB. With a fault nothing is kept.", "Nhập một tệp CACAO 2.0, tối đa 1 MiB. Có lỗi thì không lưu gì."},
        {"playbooks.get", API_GET, P "/{id}", "playbooks.read", 0, get_fields, playbook_detail, "One playbook with its graph.", "Một quy trình kèm sơ đồ."},
        {"playbooks.cacao", API_GET, P "/{id}/cacao", "playbooks.read", API_BYTES, get_fields, NULL, "The file, byte for byte as it came.", "Tệp gốc, đúng từng byte."},
        {"playbooks.retire", API_POST, P "/{id}/retire", "playbooks.write", 0, retire_fields, api_playbook_shape, "Takes it out of use, or back.", "Ngừng dùng hoặc dùng lại."},
        {"playbook_runs.list", API_GET, R, "incidents.read", API_LIST, NULL, api_playbook_run_shape, "Runs of playbooks in incidents.", "Các lần thực hiện quy trình."},
        {"playbook_runs.suggest", API_GET, "/api/v1/incidents/{id}/playbooks", "incidents.read", 0, only_incident, suggest_answer, "Which fit an incident.", "Quy trình phù hợp với sự cố."},
        {"playbook_runs.start", API_POST, "/api/v1/incidents/{id}/playbooks", "incidents.work", 0, start_fields, run_detail, "Begins one in an incident.", "Bắt đầu một quy trình trong sự cố."},
        {"playbook_runs.get", API_GET, R "/{run}", "incidents.read", 0, only_run, run_detail, "One run with all its steps.", "Một lần thực hiện với mọi bước."},
        {"playbook_runs.step", API_POST, R "/{run}/steps/{visit}", "incidents.work", 0, step_fields, run_detail,
         "Says what became of a step, or answers a condition; what follows is begun.", "Ghi kết quả một bước hoặc trả lời điều kiện; bước tiếp theo bắt đầu."},
        {"playbook_runs.stop", API_POST, R "/{run}/stop", "incidents.work", 0, stop_fields, run_detail, "Ends a run before its end.", "Dừng trước khi xong."},
        {0},
};
/* clang-format on */
