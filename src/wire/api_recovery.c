/* Operations of recovery and of learning: plans, copies (3-2-1), restore drills, eradication, return to service,
 * improvements (doc/recovery.md). */
#include "wire/api_shapes.h"

static const struct api_field after_fault[] = {
        {"code", API_STRING, .en = "Stable.", .vi = "Mã."},
        {"en", API_STRING, .en = "In English.", .vi = "Tiếng Anh."},
        {"vi", API_STRING, .en = "In Vietnamese.", .vi = "Tiếng Việt."},
        {"detail", API_STRING, .flags = API_NULLABLE, .en = "Which file or step.",
         .vi = "Tệp hoặc bước nào."},
        {0},
};

#define IN_PATH(name, text, text_vi)                                                               \
        { (name), API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = (text), .vi = (text_vi) }
#define PATH_ID IN_PATH("id", "Its number.", "Số.")
#define VERSION                                                                                        \
        {                                                                                              \
                "version", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT64_MAX,                 \
                                    .en = "The version that was seen.", .vi = "Phiên bản đã xem." \
        }

/* ---- drills ---- */

const struct api_field api_drill_shape[] = {
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},
        {"repository", API_STRING, .flags = API_FILTER, .en = "Name in the configuration.",
         .vi = "Tên kho trong cấu hình."},
        {"kind", API_ENUM, .values = "restic|borg", .en = "Which program made it.",
         .vi = "Loại kho."},
        {"system", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "The system.",
         .vi = "Hệ thống."},
        {"system_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.",
         .vi = "Tên hệ thống."},
        {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},
        {"state", API_ENUM, .flags = API_FILTER, .values = "queued|running|done|failed",
         .en = "failed: it could not be carried through.", .vi = "failed: không làm được hết."},
        {"whole", API_BOOL, .en = "All of it, not a sample.", .vi = "Toàn bộ, không phải mẫu."},
        {"asked", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "Asked for.",
         .vi = "Yêu cầu lúc."},
        {"asked_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom; null: the schedule.",
         .vi = "Người yêu cầu; null: theo lịch."},
        {"begun", API_TIME, .flags = API_NULLABLE, .en = "Begun.", .vi = "Bắt đầu."},
        {"ended", API_TIME, .flags = API_NULLABLE | API_SORT, .en = "Ended.", .vi = "Kết thúc."},
        {"attempt", API_INT, .en = "Times it was begun.", .vi = "Số lần bắt đầu."},
        {"good", API_BOOL, .flags = API_NULLABLE | API_FILTER, .en = "Everything was as it should.",
         .vi = "Mọi thứ đạt."},
        {"snapshot", API_STRING, .flags = API_NULLABLE, .en = "The newest snapshot.",
         .vi = "Bản sao mới nhất."},
        {"snapshot_at", API_TIME, .flags = API_NULLABLE, .en = "Made.", .vi = "Sao lưu lúc."},
        {"age_s", API_INT, .flags = API_NULLABLE, .en = "Its age then, seconds.",
         .vi = "Tuổi bản sao khi ấy, giây."},
        {"rpo_s", API_INT, .flags = API_NULLABLE, .en = "What may be lost.", .vi = "RPO, giây."},
        {"rpo_ok", API_BOOL, .flags = API_NULLABLE, .en = "Young enough.", .vi = "Đạt RPO."},
        {"seconds", API_NUMBER, .flags = API_NULLABLE, .en = "Until the last file was there.",
         .vi = "Thời gian khôi phục, giây."},
        {"rto_s", API_INT, .flags = API_NULLABLE, .en = "How long it may take.",
         .vi = "RTO, giây."},
        {"rto_ok", API_BOOL, .flags = API_NULLABLE, .en = "Fast enough.", .vi = "Đạt RTO."},
        {"estimate_s", API_INT, .flags = API_NULLABLE,
         .en = "All of it at this rate, seconds; rough.", .vi = "Ước tính toàn bộ, giây."},
        {"files", API_INT, .en = "Restored.", .vi = "Số tệp khôi phục."},
        {"bytes", API_INT, .en = "Restored.", .vi = "Số byte khôi phục."},
        {"all_files", API_INT, .en = "In the snapshot.", .vi = "Số tệp trong bản sao."},
        {"all_bytes", API_INT, .en = "In the snapshot.", .vi = "Số byte trong bản sao."},
        {"files_checked", API_INT, .en = "Hashed and compared.", .vi = "Số tệp đã đối chiếu."},
        {"expected", API_INT, .en = "Compared with what was written down.",
         .vi = "Số tệp đối chiếu với giá trị đã ghi."},
        {"faults", API_OBJECT, .flags = API_LIST_OF, .most = 20, .fields = after_fault,
         .en = "What was wrong.", .vi = "Những gì không đạt."},
        {"proof", API_STRING, .flags = API_NULLABLE,
         .en = "BLAKE2b-256 of the record that is kept.", .vi = "Mã băm của biên bản được lưu."},
        {"log", API_TEXT, .flags = API_NULLABLE, .en = "The end of what the program said.",
         .vi = "Phần cuối nhật ký chương trình."},
        {0},
};

static const struct api_field last_shape[] = {
        {"drill", API_ID, .en = "The drill.", .vi = "Lần thử."},
        {"state", API_STRING, .en = "Its state.", .vi = "Trạng thái."},
        {"good", API_BOOL, .flags = API_NULLABLE, .en = "Good.", .vi = "Đạt."},
        {"at", API_TIME, .en = "When.", .vi = "Khi nào."},
        {0},
};
static const struct api_field repository_shape[] = {
        {"name", API_STRING, .en = "Its name in the configuration.", .vi = "Tên trong cấu hình."},
        {"kind", API_ENUM, .values = "restic|borg", .en = "Which program.", .vi = "Loại."},
        {"system", API_ID, .flags = API_NULLABLE, .en = "The system.", .vi = "Hệ thống."},
        {"system_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.",
         .vi = "Tên hệ thống."},
        {"every_days", API_NUMBER, .flags = API_NULLABLE, .en = "Tried by itself so often.",
         .vi = "Tự thử mỗi số ngày."},
        {"next", API_TIME, .flags = API_NULLABLE, .en = "The next one.", .vi = "Lần kế tiếp."},
        {"running", API_ID, .flags = API_NULLABLE, .en = "A drill that waits or runs.",
         .vi = "Lần thử đang chờ hoặc chạy."},
        {"last", API_OBJECT, .flags = API_NULLABLE, .fields = last_shape, .en = "The last one.",
         .vi = "Lần gần nhất."},
        {0},
};
static const struct api_field repositories_shape[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 64, .fields = repository_shape,
         .en = "Repositories of the configuration.", .vi = "Các kho trong cấu hình."},
        {0},
};
static const struct api_field run_fields[] = {
        {"repository", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 59,
         .en = "Its name in the configuration.", .vi = "Tên kho trong cấu hình."},
        {"whole", API_BOOL, .en = "All of it; default: as configured.",
         .vi = "Toàn bộ; mặc định: theo cấu hình."},
        {0},
};

/* ---- plans ---- */

#define STEP_FIELDS                                                                                \
        {"name",                                                                                   \
         API_STRING,                                                                               \
         .flags = API_REQUIRED,                                                                    \
         .min = 1,                                                                                 \
         .max = 60,                                                                                \
         .en = "Short name, once in a plan.",                                                      \
         .vi = "Tên ngắn, không trùng."},                                                          \
                {"title",          API_STRING, .flags = API_REQUIRED,                              \
                 .min = 3,         .max = 200, .en = "What is done.",                              \
                 .vi = "Việc làm."},                                                               \
                {"detail",    API_TEXT,     .flags = API_NULLABLE,                                 \
                 .max = 4000, .en = "How.", .vi = "Cách làm."},                                    \
                {"who",      API_STRING,           .flags = API_NULLABLE,                          \
                 .max = 200, .en = "Who does it.", .vi = "Ai làm."},                               \
                {"minutes",                                                                        \
                 API_INT,                                                                          \
                 .flags = API_NULLABLE,                                                            \
                 .min = 0,                                                                         \
                 .max = 100000,                                                                    \
                 .en = "How long it takes.",                                                       \
                 .vi = "Mất bao lâu, phút."},                                                      \
                {"after",                                                                          \
                 API_STRING,                                                                       \
                 .flags = API_LIST_OF | API_NULLABLE,                                              \
                 .min = 1,                                                                         \
                 .max = 60,                                                                        \
                 .most = 50,                                                                       \
                 .en = "Names of steps that come before.",                                         \
                 .vi = "Tên các bước phải xong trước."},

static const struct api_field step_fields[] = {STEP_FIELDS{0}};
static const struct api_field step_shape[] = {
        STEP_FIELDS{"n", API_INT, .en = "Its place.", .vi = "Thứ tự."},
        {"wave", API_INT, .en = "Steps of one wave can be done side by side.",
         .vi = "Các bước cùng đợt làm song song được."},
        {0},
};
static const struct api_field version_shape[] = {
        {"version", API_INT, .en = "Number.", .vi = "Số."},
        {"made", API_TIME, .en = "When.", .vi = "Khi nào."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Ai."},
        {"note", API_TEXT, .en = "What changed.", .vi = "Thay đổi gì."},
        {0},
};
static const struct api_field plan_shape[] = {
        {"version", API_INT, .en = "Number.", .vi = "Số."},
        {"made", API_TIME, .en = "When.", .vi = "Khi nào."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Ai."},
        {"note", API_TEXT, .en = "What changed.", .vi = "Thay đổi gì."},
        {"minutes", API_INT, .en = "The longest way through it.",
         .vi = "Đường dài nhất qua kế hoạch, phút."},
        {"steps", API_OBJECT, .flags = API_LIST_OF, .most = 100, .fields = step_shape,
         .en = "In an order that works.", .vi = "Theo một thứ tự thực hiện được."},
        {0},
};
const struct api_field api_copy_shape[] = {
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},
        {"system", API_ID, .en = "The system.", .vi = "Hệ thống."},
        {"name", API_STRING, .en = "What it is.", .vi = "Tên."},
        {"medium", API_ENUM, .values = "disk|tape|object|cloud|optical|other", .en = "On what.",
         .vi = "Phương tiện."},
        {"site", API_STRING, .en = "Where.", .vi = "Nơi lưu."},
        {"off_site", API_BOOL, .en = "Not where the system is.", .vi = "Khác nơi đặt hệ thống."},
        {"offline", API_BOOL, .en = "Out of reach of an attacker: off the network, or immutable.",
         .vi = "Kẻ tấn công không với tới: ngắt mạng hoặc không sửa được."},
        {"repository", API_STRING, .flags = API_NULLABLE, .en = "The repository that drills read.",
         .vi = "Kho dùng để thử khôi phục."},
        {"note", API_TEXT, .en = "Remarks.", .vi = "Ghi chú."},
        {"verified", API_TIME, .flags = API_NULLABLE, .en = "The last good drill.",
         .vi = "Lần thử đạt gần nhất."},
        {"stated", API_TIME, .en = "Stated.", .vi = "Khai lúc."},
        {"stated_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Ai khai."},
        {0},
};
static const struct api_field rule_shape[] = {
        {"copies", API_INT, .en = "With the one in use.", .vi = "Số bản, kể cả bản đang dùng."},
        {"media", API_INT, .en = "Kinds of media.", .vi = "Số loại phương tiện."},
        {"off_site", API_INT, .en = "Elsewhere.", .vi = "Số bản ở nơi khác."},
        {"offline", API_INT, .en = "Out of reach.", .vi = "Số bản ngoại tuyến."},
        {"verified", API_INT, .en = "With a good drill in 90 days.",
         .vi = "Số bản có lần thử đạt trong 90 ngày."},
        {"copies_ok", API_BOOL, .en = "At least three.", .vi = "Ít nhất ba."},
        {"media_ok", API_BOOL, .en = "At least two.", .vi = "Ít nhất hai."},
        {"off_site_ok", API_BOOL, .en = "At least one.", .vi = "Ít nhất một."},
        {"offline_ok", API_BOOL, .en = "At least one.", .vi = "Ít nhất một."},
        {"verified_ok", API_BOOL, .en = "At least one.", .vi = "Ít nhất một."},
        {"faults", API_OBJECT, .flags = API_LIST_OF, .most = 10, .fields = after_fault,
         .en = "What is missing.", .vi = "Còn thiếu."},
        {0},
};
static const struct api_field recovery_shape[] = {
        {"system", API_ID, .en = "The system.", .vi = "Hệ thống."},
        {"system_name", API_STRING, .en = "Its name.", .vi = "Tên."},
        {"rto_s", API_INT, .flags = API_NULLABLE, .en = "How long it may be away.",
         .vi = "RTO, giây."},
        {"rpo_s", API_INT, .flags = API_NULLABLE, .en = "What may be lost.", .vi = "RPO, giây."},
        {"plan", API_OBJECT, .flags = API_NULLABLE, .fields = plan_shape, .en = "The plan.",
         .vi = "Kế hoạch."},
        {"versions", API_OBJECT, .flags = API_LIST_OF, .most = 1000, .fields = version_shape,
         .en = "All versions of it.", .vi = "Các phiên bản."},
        {"rule321", API_OBJECT, .fields = rule_shape,
         .en = "Three copies, two media, one elsewhere.",
         .vi = "Ba bản, hai phương tiện, một nơi khác."},
        {"copies", API_OBJECT, .flags = API_LIST_OF, .most = 100, .fields = api_copy_shape,
         .en = "Stated copies.", .vi = "Các bản sao đã khai."},
        {"repositories", API_OBJECT, .flags = API_LIST_OF, .most = 64, .fields = repository_shape,
         .en = "That drills read.", .vi = "Các kho thử khôi phục."},
        {"drills", API_OBJECT, .flags = API_LIST_OF, .most = 10, .fields = api_drill_shape,
         .en = "The last ten.", .vi = "Mười lần thử gần nhất."},
        {0},
};
static const struct api_field plan_fields[] = {
        PATH_ID,
        {"version", API_INT, .flags = API_REQUIRED, .min = 0, .max = INT64_MAX,
         .en = "The version that was seen; 0: there is none.",
         .vi = "Phiên bản đã xem; 0: chưa có."},
        {"note", API_TEXT, .flags = API_NULLABLE, .max = 2000, .en = "What changed.",
         .vi = "Thay đổi gì."},
        {"steps", API_OBJECT, .flags = API_REQUIRED | API_LIST_OF, .most = 100,
         .fields = step_fields, .en = "The steps.", .vi = "Các bước."},
        {0},
};
static const struct api_field plan_path[] = {
        PATH_ID,
        {"version", API_INT, .flags = API_REQUIRED | API_IN_PATH, .min = 1, .max = INT64_MAX,
         .en = "Which.", .vi = "Phiên bản."},
        {0},
};
#define COPY_FIELDS(required)                                                                      \
        PATH_ID, {"name",     API_STRING,          .flags = (required), .min = 1,                  \
                  .max = 200, .en = "What it is.", .vi = "Tên."},                                  \
                {"medium",                                                                         \
                 API_ENUM,                                                                         \
                 .flags = (required),                                                              \
                 .values = "disk|tape|object|cloud|optical|other",                                 \
                 .en = "On what.",                                                                 \
                 .vi = "Phương tiện."},                                                            \
                {"site", API_STRING, .max = 200, .en = "Where.", .vi = "Nơi lưu."},                \
                {"off_site", API_BOOL, .en = "Not where the system is.",                           \
                 .vi = "Khác nơi đặt hệ thống."},                                                  \
                {"offline", API_BOOL, .en = "Off the network, or immutable.",                      \
                 .vi = "Ngắt mạng hoặc không sửa được."},                                          \
                {"repository",                                                                     \
                 API_STRING,                                                                       \
                 .flags = API_NULLABLE,                                                            \
                 .max = 59,                                                                        \
                 .en = "The repository that drills read.",                                         \
                 .vi = "Kho dùng để thử khôi phục."},                                              \
                {"note", API_TEXT, .max = 2000, .en = "Remarks.", .vi = "Ghi chú."},
static const struct api_field copy_add[] = {COPY_FIELDS(API_REQUIRED){0}};
static const struct api_field copy_change[] = {COPY_FIELDS(0){0}};
static const struct api_field only_id[] = {PATH_ID, {0}};

/* ---- eradication, return to service ---- */

static const struct api_field check_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"n", API_INT, .en = "Its place.", .vi = "Thứ tự."},
        {"title", API_STRING, .en = "What is to be sure of.", .vi = "Nội dung (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "In Vietnamese.", .vi = "Nội dung."},
        {"state", API_ENUM, .values = "open|done|not_needed", .en = "Its state.",
         .vi = "Trạng thái."},
        {"note", API_TEXT, .en = "How it was made sure of.", .vi = "Cách xác nhận."},
        {"at", API_TIME, .flags = API_NULLABLE, .en = "When.", .vi = "Khi nào."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Ai."},
        {"version", API_INT, .en = "Of this row.", .vi = "Phiên bản."},
        {0},
};
static const struct api_field checks_shape[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 200, .fields = check_shape,
         .en = "The list.", .vi = "Danh sách."},
        {"open", API_INT, .en = "Still open.", .vi = "Còn mở."},
        {"done", API_INT, .en = "Done, or not needed.", .vi = "Đã xong hoặc không cần."},
        {"drill", API_BOOL, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {0},
};
static const struct api_field check_add[] = {
        PATH_ID,
        {"title", API_STRING, .min = 3, .max = 300,
         .en = "One more; without: the standard list, once.",
         .vi = "Thêm một mục; bỏ trống: danh sách chuẩn, một lần."},
        {0},
};
static const struct api_field check_change[] = {
        PATH_ID,
        IN_PATH("item", "The item.", "Mục."),
        VERSION,
        {"state", API_ENUM, .flags = API_REQUIRED, .values = "open|done|not_needed",
         .en = "Its state.", .vi = "Trạng thái."},
        {"note", API_TEXT, .max = 2000, .en = "How; needed for not_needed.",
         .vi = "Cách xác nhận; bắt buộc với not_needed."},
        {0},
};
static const struct api_field return_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"system", API_ID, .en = "The system.", .vi = "Hệ thống."},
        {"system_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên."},
        {"state", API_ENUM, .values = "watching|well|came_back", .en = "Its state.",
         .vi = "Trạng thái."},
        {"returned", API_TIME, .en = "Back in service.", .vi = "Hoạt động lại lúc."},
        {"until", API_TIME, .en = "Watched until.", .vi = "Theo dõi đến."},
        {"checks", API_TEXT, .en = "What is watched.", .vi = "Theo dõi những gì."},
        {"note", API_TEXT, .en = "What was seen.", .vi = "Kết quả."},
        {"alerts_since", API_INT, .en = "Alerts of the system since.",
         .vi = "Số cảnh báo của hệ thống từ đó."},
        {"ended", API_TIME, .flags = API_NULLABLE, .en = "Ended.", .vi = "Kết thúc lúc."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Ai."},
        {"version", API_INT, .en = "Of this row.", .vi = "Phiên bản."},
        {"drill", API_BOOL, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {0},
};
static const struct api_field returns_shape[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 200, .fields = return_shape,
         .en = "The list.", .vi = "Danh sách."},
        {"drill", API_BOOL, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {0},
};
static const struct api_field return_add[] = {
        PATH_ID,
        {"system", API_ID, .flags = API_REQUIRED, .en = "The system.", .vi = "Hệ thống."},
        {"until", API_TIME, .flags = API_REQUIRED, .en = "Watched until.", .vi = "Theo dõi đến."},
        {"checks", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000,
         .en = "What is watched, and what would be a sign.",
         .vi = "Theo dõi những gì, dấu hiệu nào là xấu."},
        {0},
};
static const struct api_field return_end[] = {
        PATH_ID,
        IN_PATH("item", "Which.", "Mục."),
        VERSION,
        {"state", API_ENUM, .flags = API_REQUIRED, .values = "well|came_back",
         .en = "How it ended.", .vi = "Kết quả."},
        {"note", API_TEXT, .max = 4000, .en = "What was seen; needed before its time.",
         .vi = "Kết quả; bắt buộc nếu kết thúc sớm."},
        {0},
};

/* ---- improvements ---- */

const struct api_field api_improvement_shape[] = {
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},
        {"incident", API_ID, .flags = API_FILTER | API_NULLABLE,
         .en = "The incident; null: it came of an exercise.", .vi = "Sự cố; null: từ diễn tập."},
        {"incident_code", API_STRING, .flags = API_NULLABLE, .en = "Its code.",
         .vi = "Số hiệu sự cố."},
        {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},
        {"kind", API_ENUM, .flags = API_FILTER, .values = "task|rule_request",
         .en = "rule_request: something that no rule saw.",
         .vi = "rule_request: việc chưa quy tắc nào phát hiện."},
        {"title", API_STRING, .flags = API_SORT, .en = "What is to be done.",
         .vi = "Việc cần làm."},
        {"detail", API_TEXT, .en = "More.", .vi = "Chi tiết."},
        {"owner", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Whose it is.",
         .vi = "Người phụ trách."},
        {"owner_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",
         .vi = "Tên người phụ trách."},
        {"due", API_TIME, .flags = API_SORT | API_FILTER, .en = "By then.", .vi = "Hạn."},
        {"overdue", API_BOOL, .flags = API_FILTER, .en = "It is late.", .vi = "Quá hạn."},
        {"state", API_ENUM, .flags = API_FILTER, .values = "open|doing|done|dropped",
         .en = "Its state.", .vi = "Trạng thái."},
        {"note", API_TEXT, .en = "What came of it.", .vi = "Kết quả."},
        {"created", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "When.",
         .vi = "Lập lúc."},
        {"created_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.",
         .vi = "Người lập."},
        {"done_at", API_TIME, .flags = API_NULLABLE, .en = "Ended.", .vi = "Kết thúc lúc."},
        {"version", API_INT, .en = "Of this row.", .vi = "Phiên bản."},
        {0},
};
static const struct api_field summary_shape[] = {
        {"open", API_INT, .en = "Not done yet.", .vi = "Chưa xong."},
        {"overdue", API_INT, .en = "Of them late.", .vi = "Quá hạn."},
        {"rule_requests", API_INT, .en = "Of them rules that are wanted.",
         .vi = "Trong đó đề nghị quy tắc mới."},
        {"next_due", API_TIME, .flags = API_NULLABLE, .en = "The nearest date.",
         .vi = "Hạn gần nhất."},
        {0},
};
static const struct api_field improvement_add[] = {
        PATH_ID,
        {"kind", API_ENUM, .flags = API_REQUIRED, .values = "task|rule_request", .en = "Which.",
         .vi = "Loại."},
        {"title", API_STRING, .flags = API_REQUIRED, .min = 3, .max = 200,
         .en = "What is to be done.", .vi = "Việc cần làm."},
        {"detail", API_TEXT, .max = 10000, .en = "More.", .vi = "Chi tiết."},
        {"owner", API_ID, .en = "Whose it is.", .vi = "Người phụ trách."},
        {"due", API_TIME, .flags = API_REQUIRED, .en = "By then.", .vi = "Hạn."},
        {0},
};
static const struct api_field improvement_change[] = {
        PATH_ID,
        VERSION,
        {"title", API_STRING, .min = 3, .max = 200, .en = "What is to be done.",
         .vi = "Việc cần làm."},
        {"detail", API_TEXT, .max = 10000, .en = "More.", .vi = "Chi tiết."},
        {"owner", API_ID, .flags = API_NULLABLE, .en = "Whose it is.", .vi = "Người phụ trách."},
        {"due", API_TIME, .en = "By then.", .vi = "Hạn."},
        {"state", API_ENUM, .values = "open|doing|done|dropped", .en = "Its state.",
         .vi = "Trạng thái."},
        {"note", API_TEXT, .max = 4000, .en = "What came of it; needed for dropped.",
         .vi = "Kết quả; bắt buộc khi bỏ."},
        {0},
};

#define R "/api/v1/recovery"
#define S "/api/v1/systems/{id}"
#define I "/api/v1/incidents/{id}"
#define P "/api/v1/improvements"
const struct api_op api_recovery_ops[] = {
        {"recovery.get", API_GET, S "/recovery", "recovery.read", 0, only_id, recovery_shape,
         "A system's plan, copies and drills.", "Kế hoạch, bản sao và các lần thử của hệ thống."},
        {"recovery.plan_set", API_PUT, S "/recovery/plan", "recovery.work", 0, plan_fields,
         recovery_shape, "A new version of the plan.", "Phiên bản mới của kế hoạch."},
        {"recovery.plan_get", API_GET, S "/recovery/plan/{version}", "recovery.read", 0, plan_path,
         plan_shape, "One version of the plan.", "Một phiên bản kế hoạch."},
        {"recovery.copy_add", API_POST, S "/copies", "recovery.work", 0, copy_add, api_copy_shape,
         "States a copy.", "Khai một bản sao."},
        {"recovery.copy_change", API_PATCH, R "/copies/{id}", "recovery.work", 0, copy_change,
         api_copy_shape, "Changes what is stated.", "Sửa khai báo."},
        {"recovery.copy_remove", API_DELETE, R "/copies/{id}", "recovery.work", 0, only_id, NULL,
         "It is no more.", "Bản sao không còn."},
        {"recovery.repositories", API_GET, R "/repositories", "recovery.read", 0, NULL,
         repositories_shape, "What drills can read.", "Các kho có thể thử khôi phục."},
        {"drills.list", API_GET, R "/drills", "recovery.read", API_LIST, NULL, api_drill_shape,
         "Restore drills.", "Các lần thử khôi phục."},
        {"drills.run", API_POST, R "/drills", "recovery.work", 0, run_fields, api_drill_shape,
         "Asks for one.", "Yêu cầu thử khôi phục."},
        {"drills.get", API_GET, R "/drills/{id}", "recovery.read", 0, only_id, api_drill_shape,
         "One drill.", "Một lần thử."},
        {"drills.proof", API_GET, R "/drills/{id}/proof", "recovery.read", API_BYTES, only_id, NULL,
         "The record that is kept of it.", "Biên bản được lưu."},
        {"eradication.list", API_GET, I "/eradication", "incidents.read", 0, only_id, checks_shape,
         "What must be sure before service goes on.",
         "Những điều cần chắc trước khi hoạt động lại."},
        {"eradication.add", API_POST, I "/eradication", "incidents.work", 0, check_add,
         checks_shape, "The standard list, or one more.", "Danh sách chuẩn, hoặc thêm một mục."},
        {"eradication.change", API_PATCH, I "/eradication/{item}", "incidents.work", 0,
         check_change, checks_shape, "Done, or not needed.", "Đã xong, hoặc không cần."},
        {"returns.list", API_GET, I "/returns", "incidents.read", 0, only_id, returns_shape,
         "Systems that are watched after their return.", "Hệ thống được theo dõi sau khôi phục."},
        {"returns.add", API_POST, I "/returns", "incidents.work", 0, return_add, returns_shape,
         "Back in service, and watched.", "Đưa vào hoạt động và theo dõi."},
        {"returns.end", API_POST, I "/returns/{item}/end", "incidents.work", 0, return_end,
         returns_shape, "The watching ends.", "Kết thúc theo dõi."},
        {"improvements.list", API_GET, P, "incidents.read", API_LIST, NULL, api_improvement_shape,
         "What incidents taught.", "Việc cải tiến sau sự cố."},
        {"improvements.summary", API_GET, P "/summary", "incidents.read", 0, NULL, summary_shape,
         "How many are open and late.", "Số việc còn mở và quá hạn."},
        {"improvements.add", API_POST, I "/improvements", "incidents.work", 0, improvement_add,
         api_improvement_shape, "One more.", "Thêm một việc."},
        {"improvements.change", API_PATCH, P "/{id}", "incidents.work", 0, improvement_change,
         api_improvement_shape, "Changes it.", "Sửa."},
        {0},
};
