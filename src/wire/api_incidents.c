/* Operations on incidents: from the first alert to the review. What an incident is: doc/incidents.md;
 * its states and moves: src/desk/incident_moves.c. */
#include "wire/api_shapes.h"

#define PATH_ID                                                                                    \
        { "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The incident.", .vi = "Sự cố." }
#define VERSION                                                                                                   \
        {                                                                                                         \
                "version", API_INT,                                                                               \
                        .min = 1, .max = INT32_MAX,                                                               \
                        .en = "Of the incident as it was shown: a change made meanwhile by "                      \
                              "somebody else is not "                                                             \
                              "overwritten.",                                                                     \
                        .vi = "Phiên bản đã hiển thị: không ghi đè thay đổi của người khác." \
        }
#define SEVERITIES "critical|high|medium|low|info"
#define STATES "open|declared|containing|recovering|watching|closed|reviewed|false_alarm"
#define TLPS "red|amber_strict|amber|green|clear"

/* ---- shapes ---- */

const struct api_field api_clock_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"incident", API_ID, .en = "The incident.", .vi = "Sự cố."},
        {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},
        {"incident_title", API_STRING, .en = "Its title.", .vi = "Tên sự cố."},
        {"clock", API_STRING, .flags = API_FILTER, .en = "The clock of the regime.",
         .vi = "Thời hạn của bộ quy định."},
        {"regime", API_STRING, .en = "The regime.", .vi = "Bộ quy định."},
        {"title", API_STRING, .en = "What must be done.", .vi = "Việc phải làm (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Việc phải làm."},
        {"basis", API_STRING, .en = "The clause it rests on.", .vi = "Căn cứ pháp lý."},
        {"checked", API_ENUM, .values = "checked|reported|remembered",
         .en = "How the figure was checked.", .vi = "Cách đã kiểm tra số liệu."},
        {"report", API_STRING, .en = "The form that meets it.", .vi = "Mẫu báo cáo đáp ứng."},
        {"begins", API_TIME, .flags = API_SORT, .en = "Counted from.", .vi = "Tính từ."},
        {"due", API_TIME, .flags = API_SORT | API_FILTER | API_DEFAULT_SORT, .en = "Due at.",
         .vi = "Hạn."},
        {"left_s", API_INT, .en = "Seconds left; negative: late.",
         .vi = "Số giây còn lại; âm: đã quá hạn."},
        {"state", API_ENUM, .flags = API_FILTER,
         .values = "maybe|running|near|late|met|met_late|void",
         .en = "maybe: the facts are not decided, it counts all the same.",
         .vi = "maybe: chưa đủ dữ kiện, vẫn đang tính giờ."},
        {"met_at", API_TIME, .flags = API_NULLABLE, .en = "Met at.", .vi = "Đáp ứng lúc."},
        {"met_by", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người thực hiện."},
        {"proof", API_STRING, .flags = API_NULLABLE, .en = "What proves it.",
         .vi = "Bằng chứng đáp ứng."},
        {"held_by", API_STRING, .flags = API_NULLABLE,
         .en = "What it waits for: not_started, missing:N (fields), signature, signature_you, "
               "to_send, sending (its mail is queued), failed (its mail was not delivered).",
         .vi = "Đang chờ gì: not_started, missing:N (trường), signature, signature_you, to_send, "
               "sending "
               "(thư đang gửi), failed (thư không gửi được)."},
        {"report_id", API_ID, .flags = API_NULLABLE, .en = "The report that is to meet it.",
         .vi = "Báo cáo sẽ đáp ứng thời hạn."},
        {"drill", API_BOOL, .flags = API_FILTER,
         .en = "Of an exercise: all its times are of the drill's clock.",
         .vi = "Của diễn tập: mọi thời điểm theo đồng hồ diễn tập."},
        {"play", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Of which play of an exercise.",
         .vi = "Của lượt diễn tập nào."},
        {0},
};

static const struct api_field activity_shape[] = {
        {"id", API_STRING, .en = "Its name in the regime.", .vi = "Mã trong bộ quy định."},
        {"title", API_STRING, .en = "What it is.", .vi = "Tên (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên."},
        {"state", API_ENUM, .values = "none|doing|done", .en = "How far it is.", .vi = "Tiến độ."},
        {"begun", API_TIME, .flags = API_NULLABLE, .en = "Begun.", .vi = "Bắt đầu."},
        {"done", API_TIME, .flags = API_NULLABLE, .en = "Done.", .vi = "Xong."},
        {"tasks", API_INT, .en = "Its tasks.", .vi = "Số việc."},
        {"tasks_done", API_INT, .en = "Of them done.", .vi = "Số việc đã xong."},
        {0},
};

static const struct api_field move_shape[] = {
        {"to", API_ENUM, .values = STATES, .en = "The state.", .vi = "Trạng thái."},
        {"title", API_STRING, .en = "What the button says.", .vi = "Nhãn nút (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Nhãn nút."},
        {"reason", API_BOOL, .en = "It wants a reason.", .vi = "Phải nêu lý do."},
        {"missing", API_STRING, .flags = API_LIST_OF, .most = 16, .en = "What is missing first.",
         .vi = "Còn thiếu gì (tiếng Anh)."},
        {"missing_vi", API_STRING, .flags = API_LIST_OF, .most = 16,
         .en = "The same in Vietnamese.", .vi = "Còn thiếu gì."},
        {0},
};

#define INCIDENT_FIELDS                                                                            \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},                       \
                {"code", API_STRING, .flags = API_FILTER | API_SORT, .en = "What people call it.", \
                 .vi = "Số hiệu."},                                                                \
                {"title", API_STRING, .flags = API_SORT, .en = "What happened, in a line.",        \
                 .vi = "Tên sự cố."},                                                              \
                {"state",          API_ENUM,           .flags = API_FILTER | API_SORT,             \
                 .values = STATES, .en = "Its state.", .vi = "Trạng thái."},                       \
                {"severity",                                                                       \
                 API_ENUM,                                                                         \
                 .flags = API_FILTER | API_SORT,                                                   \
                 .values = SEVERITIES,                                                             \
                 .en = "Level of the system × harm, or as a person said.",                         \
                 .vi = "Cấp độ hệ thống × thiệt hại, hoặc do người xác định."},                    \
                {"kind", API_STRING, .flags = API_FILTER | API_SORT | API_NULLABLE,                \
                 .en = "Of the regime's kinds.", .vi = "Loại sự cố theo bộ quy định."},            \
                {"serious",                                                                        \
                 API_ENUM,                                                                         \
                 .flags = API_FILTER,                                                              \
                 .values = "unknown|no|yes",                                                       \
                 .en = "Serious by the law: decided by a person.",                                 \
                 .vi = "Nghiêm trọng theo luật: do người quyết định."},                            \
                {"regime", API_STRING, .flags = API_FILTER, .en = "The law it is under.",          \
                 .vi = "Bộ quy định áp dụng."},                                                    \
                {"unit", API_ID, .flags = API_FILTER | API_SORT, .en = "The unit it belongs to.",  \
                 .vi = "Đơn vị."},                                                                 \
                {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị."},                 \
                {"system", API_ID, .flags = API_FILTER | API_NULLABLE,                             \
                 .en = "The system concerned.", .vi = "Hệ thống liên quan."},                      \
                {"system_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.",              \
                 .vi = "Tên hệ thống."},                                                           \
                {"level", API_INT, .flags = API_FILTER | API_SORT | API_NULLABLE,                  \
                 .en = "Its level, 1–5.", .vi = "Cấp độ, 1–5."},                                   \
                {"lead", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Who leads.",           \
                 .vi = "Chỉ huy."},                                                                \
                {"lead_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",              \
                 .vi = "Tên chỉ huy."},                                                            \
                {"t0", API_TIME, .flags = API_FILTER | API_SORT,                                   \
                 .en = "Detected: T0 of all clocks.", .vi = "Thời điểm phát hiện: T0."},           \
                {"opened", API_TIME, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT,            \
                 .en = "Opened.", .vi = "Lập lúc."},                                               \
                {"closed", API_TIME, .flags = API_FILTER | API_SORT | API_NULLABLE,                \
                 .en = "Closed.", .vi = "Đóng lúc."},                                              \
                {"next_due", API_TIME, .flags = API_SORT | API_NULLABLE,                           \
                 .en = "Its nearest deadline.", .vi = "Hạn gần nhất."},                            \
                {"alerts", API_INT, .en = "Alerts in it.", .vi = "Số cảnh báo."},                  \
                {"tasks_open", API_INT, .en = "Tasks that are not done.",                          \
                 .vi = "Số việc chưa xong."},                                                      \
                {"tlp", API_ENUM, .values = TLPS, .en = "Traffic light.", .vi = "Mức TLP."},       \
                {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.",                  \
                 .vi = "Của diễn tập."},                                                           \
                {"play", API_ID, .flags = API_FILTER | API_NULLABLE,                               \
                 .en = "Of which play of an exercise.", .vi = "Của lượt diễn tập nào."},           \
        {                                                                                          \
                "version", API_INT, .en = "Grows with every change.", .vi = "Phiên bản."        \
        }

#define DETAIL_FIELDS                                                                              \
        {"summary", API_TEXT, .en = "What is known.", .vi = "Mô tả."},                             \
                {"harm", API_STRING, .en = "Of the regime's harms.", .vi = "Mức thiệt hại."},      \
                {"severity_by", API_ENUM, .values = "table|person", .en = "Who set the severity.", \
                 .vi = "Cách xác định mức độ."},                                                   \
                {"occurred", API_TIME, .flags = API_NULLABLE, .en = "Happened.",                   \
                 .vi = "Xảy ra lúc."},                                                             \
                {"detection",                                                                      \
                 API_ENUM,                                                                         \
                 .flags = API_NULLABLE,                                                            \
                 .values = "rule|log|told|person|exercise|other",                                  \
                 .en = "How it was detected.",                                                     \
                 .vi = "Cách phát hiện."},                                                         \
                {"scope", API_TEXT, .en = "What is affected.", .vi = "Phạm vi ảnh hưởng."},        \
                {"data_kinds", API_STRING, .en = "Kinds of personal data concerned.",              \
                 .vi = "Loại dữ liệu cá nhân liên quan."},                                         \
                {"data_subjects", API_INT, .flags = API_NULLABLE,                                  \
                 .en = "People concerned, about.", .vi = "Số chủ thể dữ liệu, ước tính."},         \
                {"contained", API_TIME, .flags = API_NULLABLE, .en = "Contained.",                 \
                 .vi = "Ngăn chặn xong."},                                                         \
                {"restored", API_TIME, .flags = API_NULLABLE, .en = "Restored.",                   \
                 .vi = "Khôi phục xong."},                                                         \
                {"opened_by", API_STRING, .flags = API_NULLABLE, .en = "Opened by.",               \
                 .vi = "Người lập."},                                                              \
                {"serious_by", API_STRING, .flags = API_NULLABLE, .en = "Who decided on serious.", \
                 .vi = "Người quyết định mức nghiêm trọng."},                                      \
        {                                                                                          \
                "serious_at", API_TIME, .flags = API_NULLABLE, .en = "When.",                      \
                                        .vi = "Quyết định lúc."                              \
        }

const struct api_field api_incident_list_shape[] = {INCIDENT_FIELDS, {0}};
const struct api_field api_incident_flat_shape[] = {INCIDENT_FIELDS, DETAIL_FIELDS, {0}};

static const struct api_field system_shape[] = {
        {"id", API_ID, .en = "The system.", .vi = "Hệ thống."},
        {"name", API_STRING, .en = "Its name.", .vi = "Tên hệ thống."},
        {"level", API_INT, .en = "Its level, 1–5.", .vi = "Cấp độ, 1–5."},
        {"unit_name", API_STRING, .flags = API_NULLABLE, .en = "Whose it is.",
         .vi = "Đơn vị có hệ thống."},
        {"main", API_BOOL, .en = "What the incident is mainly about.", .vi = "Hệ thống chính."},
        {"alerts", API_INT, .en = "Alerts of the incident that are of it.",
         .vi = "Số cảnh báo của sự cố thuộc hệ thống này."},
        {0},
};

const struct api_field api_incident_shape[] = {
        INCIDENT_FIELDS,
        DETAIL_FIELDS,
        {"activities", API_OBJECT, .flags = API_LIST_OF, .most = 16, .fields = activity_shape,
         .en = "The parts of the response.", .vi = "Các hoạt động ứng cứu."},
        {"clocks", API_OBJECT, .flags = API_LIST_OF, .most = 64, .fields = api_clock_shape,
         .en = "Its clocks, the nearest first.", .vi = "Các thời hạn, gần nhất trước."},
        {"moves", API_OBJECT, .flags = API_LIST_OF, .most = 8, .fields = move_shape,
         .en = "States it may go to next.", .vi = "Trạng thái tiếp theo có thể chuyển."},
        {"systems", API_OBJECT, .flags = API_LIST_OF, .most = 200, .fields = system_shape,
         .en = "The systems concerned, the main one first; alerts that join link theirs.",
         .vi = "Các hệ thống liên quan, hệ thống chính trước; cảnh báo được gộp tự liên kết."},
        {"units", API_ANY, .en = "Units that work on it: id and name.",
         .vi = "Các đơn vị tham gia."},
        {0},
};

const struct api_field api_entry_shape[] = {
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},
        {"at", API_TIME, .flags = API_SORT | API_FILTER | API_DEFAULT_SORT,
         .en = "When it happened.", .vi = "Thời điểm xảy ra."},
        {"written", API_TIME, .en = "When it was written.", .vi = "Thời điểm ghi."},
        {"kind", API_ENUM, .flags = API_FILTER,
         .values = "alert|note|message|action|evidence|task|state|clock|report|correction",
         .en = "What kind of entry.", .vi = "Loại diễn biến."},
        {"by", API_ID, .flags = API_NULLABLE, .en = "Who; none: the node.", .vi = "Người ghi."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.", .vi = "Tên người ghi."},
        {"text", API_TEXT, .en = "The sentence.", .vi = "Câu mô tả (tiếng Anh)."},
        {"text_vi", API_TEXT, .en = "The same in Vietnamese, where the node wrote it.",
         .vi = "Câu mô tả."},
        {"about", API_STRING, .flags = API_NULLABLE, .en = "What it is of: \"alert\", \"task\" …",
         .vi = "Liên quan đến."},
        {"about_id", API_ID, .flags = API_NULLABLE, .en = "Its number.", .vi = "Số."},
        {"corrects", API_ID, .flags = API_NULLABLE, .en = "The entry it corrects.",
         .vi = "Đính chính cho mục."},
        {0},
};

const struct api_field api_task_shape[] = {
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},
        {"incident", API_ID, .flags = API_FILTER, .en = "The incident.", .vi = "Sự cố."},
        {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},
        {"title", API_STRING, .en = "What is to be done.", .vi = "Việc phải làm."},
        {"note", API_TEXT, .en = "More of it, and what came of it.", .vi = "Ghi chú và kết quả."},
        {"activity", API_STRING, .flags = API_FILTER | API_NULLABLE, .en = "Part of the response.",
         .vi = "Thuộc hoạt động."},
        {"state", API_ENUM, .flags = API_FILTER, .values = "open|doing|done|dropped",
         .en = "How far it is.", .vi = "Tiến độ."},
        {"owner", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Whose it is.",
         .vi = "Người thực hiện."},
        {"owner_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",
         .vi = "Tên người thực hiện."},
        {"due", API_TIME, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT | API_NULLABLE,
         .en = "Due at.", .vi = "Hạn."},
        {"step", API_STRING, .flags = API_NULLABLE, .en = "Of the playbook: \"3.2\".",
         .vi = "Bước quy trình."},
        {"done_at", API_TIME, .flags = API_NULLABLE, .en = "Done at.", .vi = "Xong lúc."},
        {"done_by", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người hoàn thành."},
        {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {"play", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Of which play of an exercise.",
         .vi = "Của lượt diễn tập nào."},
        {"version", API_INT, .en = "Grows with every change.", .vi = "Phiên bản."},
        {0},
};

const struct api_field api_observable_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"type", API_ENUM, .flags = API_FILTER | API_SORT,
         .values = "address|domain|url|email|hash|file|host|account|process|ja3|other",
         .en = "What it is.", .vi = "Loại dấu hiệu."},
        {"value", API_STRING, .flags = API_FILTER | API_SORT, .en = "As it was seen.",
         .vi = "Giá trị."},
        {"role", API_ENUM, .flags = API_FILTER, .values = "attacker|victim|unknown|innocent",
         .en = "Whose.", .vi = "Của bên nào."},
        {"note", API_STRING, .en = "What it has to do with it.", .vi = "Ghi chú."},
        {"tlp", API_ENUM, .values = TLPS, .en = "Traffic light.", .vi = "Mức TLP."},
        {"count", API_INT, .en = "Alerts of the incident that name it.",
         .vi = "Số cảnh báo của sự cố có giá trị này."},
        {"at", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "Added.", .vi = "Thêm lúc."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người thêm."},
        {0},
};

static const struct api_field question_shape[] = {
        {"id", API_STRING, .en = "The question.", .vi = "Mã câu hỏi."},
        {"en", API_STRING, .en = "In English.", .vi = "Tiếng Anh."},
        {"vi", API_STRING, .en = "In Vietnamese.", .vi = "Tiếng Việt."},
        {"basis", API_STRING, .en = "The clause.", .vi = "Căn cứ."},
        {"checked", API_ENUM, .values = "checked|reported|remembered", .en = "How it was checked.",
         .vi = "Cách đã kiểm tra."},
        {"answer", API_ENUM, .values = "unknown|no|yes", .en = "The latest answer.",
         .vi = "Câu trả lời mới nhất."},
        {"known", API_BOOL, .en = "Known without asking.", .vi = "Đã biết, không cần hỏi."},
        {"asked", API_BOOL, .en = "It is to be asked now.", .vi = "Cần hỏi lúc này."},
        {"note", API_STRING, .flags = API_NULLABLE, .en = "Why.", .vi = "Lý do."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "Who answered.",
         .vi = "Người trả lời."},
        {"at", API_TIME, .flags = API_NULLABLE, .en = "When.", .vi = "Trả lời lúc."},
        {0},
};

static const struct api_field assessment_shape[] = {
        {"regime", API_STRING, .en = "The law that asks.", .vi = "Bộ quy định."},
        {"questions", API_OBJECT, .flags = API_LIST_OF, .most = 64, .fields = question_shape,
         .en = "Its questions.", .vi = "Các câu hỏi."},
        {"suggests", API_ENUM, .values = "unknown|no|yes", .en = "What the answers suggest.",
         .vi = "Gợi ý từ câu trả lời."},
        {"serious", API_ENUM, .values = "unknown|no|yes", .en = "What was decided.",
         .vi = "Đã quyết định."},
        {"notice", API_STRING, .flags = API_NULLABLE, .en = "What to know about this law's data.",
         .vi = "Lưu ý (tiếng Anh)."},
        {"notice_vi", API_STRING, .flags = API_NULLABLE, .en = "The same in Vietnamese.",
         .vi = "Lưu ý."},
        {0},
};

/* ---- what is asked ---- */

static const struct api_field only_id[] = {PATH_ID, {0}};

static const struct api_field list_fields[] = {
        {"open", API_BOOL, .flags = API_IN_QUERY, .en = "Only those not closed.",
         .vi = "Chỉ sự cố chưa đóng."},
        {0},
};

static const struct api_field open_fields[] = {
        {"title", API_STRING, .flags = API_REQUIRED, .min = 3, .max = 200,
         .en = "What happened, in a line.", .vi = "Tên sự cố, một dòng."},
        {"unit", API_ID, .en = "Default: the alerts' unit, or your own.",
         .vi = "Mặc định: đơn vị của cảnh báo, hoặc của bạn."},
        {"system", API_ID, .en = "The system concerned.", .vi = "Hệ thống liên quan."},
        {"alerts", API_ID, .flags = API_LIST_OF, .most = 200, .en = "Alerts it begins with.",
         .vi = "Các cảnh báo ban đầu."},
        {"t0", API_TIME, .en = "Detected; default: when the first alert was raised, or now.",
         .vi = "Thời điểm phát hiện; mặc định: khi cảnh báo đầu tiên được nêu, hoặc bây giờ."},
        {"kind", API_STRING, .max = 64, .en = "Of the regime's kinds.", .vi = "Loại sự cố."},
        {"harm", API_STRING, .max = 64, .en = "Of the regime's harms.", .vi = "Mức thiệt hại."},
        {"summary", API_TEXT, .max = 20000, .en = "What is known.", .vi = "Mô tả."},
        {"detection", API_ENUM, .values = "rule|log|told|person|exercise|other",
         .en = "How it was detected.", .vi = "Cách phát hiện."},
        {"lead", API_ID, .en = "Who leads (needs incidents.lead).",
         .vi = "Chỉ huy (cần quyền incidents.lead)."},
        {"drill", API_BOOL,
         .en = "Of the exercise that you play in at this moment; with alerts of a drill it is so "
               "anyway.",
         .vi = "Thuộc cuộc diễn tập bạn đang tham gia; nếu có cảnh báo diễn tập thì mặc nhiên là "
               "vậy."},
        {0},
};

static const struct api_field edit_fields[] = {
        PATH_ID,
        VERSION,
        {"title", API_STRING, .min = 3, .max = 200, .en = "What happened, in a line.",
         .vi = "Tên sự cố."},
        {"summary", API_TEXT, .max = 20000, .en = "What is known.", .vi = "Mô tả."},
        {"system", API_ID, .flags = API_NULLABLE, .en = "The system concerned.",
         .vi = "Hệ thống liên quan."},
        {"kind", API_STRING, .flags = API_NULLABLE, .max = 64, .en = "Of the regime's kinds.",
         .vi = "Loại sự cố."},
        {"harm", API_STRING, .max = 64, .en = "Of the regime's harms.", .vi = "Mức thiệt hại."},
        {"severity", API_ENUM, .flags = API_NULLABLE, .values = SEVERITIES,
         .en = "Other than the table says; null: by the table.",
         .vi = "Khác bảng; null: theo bảng."},
        {"lead", API_ID, .flags = API_NULLABLE, .en = "Who leads.", .vi = "Chỉ huy."},
        {"tlp", API_ENUM, .values = TLPS, .en = "Traffic light.", .vi = "Mức TLP."},
        {"occurred", API_TIME, .flags = API_NULLABLE, .en = "Happened.", .vi = "Xảy ra lúc."},
        {"detection", API_ENUM, .flags = API_NULLABLE,
         .values = "rule|log|told|person|exercise|other", .en = "How it was detected.",
         .vi = "Cách phát hiện."},
        {"scope", API_TEXT, .max = 20000, .en = "What is affected.", .vi = "Phạm vi ảnh hưởng."},
        {"data_kinds", API_STRING, .max = 500, .en = "Kinds of personal data concerned.",
         .vi = "Loại dữ liệu cá nhân."},
        {"data_subjects", API_INT, .flags = API_NULLABLE, .max = INT64_C(1000000000),
         .en = "People concerned, about.", .vi = "Số chủ thể dữ liệu."},
        {0},
};

static const struct api_field move_fields[] = {
        PATH_ID,
        VERSION,
        {"to", API_ENUM, .flags = API_REQUIRED, .values = STATES, .en = "The state.",
         .vi = "Trạng thái."},
        {"reason", API_TEXT, .max = 4000, .en = "Why; wanted when it goes back or ends.",
         .vi = "Lý do; bắt buộc khi quay lại hoặc kết thúc."},
        {0},
};

static const struct api_field t0_fields[] = {
        PATH_ID,
        VERSION,
        {"t0", API_TIME, .flags = API_REQUIRED, .en = "The moment of detection.",
         .vi = "Thời điểm phát hiện."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 4000,
         .en = "Why it was wrong: it moves the law's deadlines.",
         .vi = "Lý do sửa: việc này làm đổi thời hạn pháp lý."},
        {0},
};

static const struct api_field activity_fields[] = {
        PATH_ID,
        {"activity", API_STRING, .flags = API_REQUIRED | API_IN_PATH, .min = 1, .max = 64,
         .en = "Its name in the regime.", .vi = "Mã hoạt động."},
        {"state", API_ENUM, .flags = API_REQUIRED, .values = "none|doing|done",
         .en = "How far it is.", .vi = "Tiến độ."},
        {0},
};

static const struct api_field answer_fields[] = {
        PATH_ID,
        {"question", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 64, .en = "The question.",
         .vi = "Mã câu hỏi."},
        {"answer", API_ENUM, .flags = API_REQUIRED, .values = "unknown|no|yes", .en = "The answer.",
         .vi = "Câu trả lời."},
        {"note", API_STRING, .max = 1000, .en = "Why.", .vi = "Lý do."},
        {0},
};

static const struct api_field serious_fields[] = {
        PATH_ID,
        {"serious", API_ENUM, .flags = API_REQUIRED, .values = "no|yes",
         .en = "Serious by the law?", .vi = "Nghiêm trọng theo luật?"},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 4000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};

static const struct api_field note_fields[] = {
        PATH_ID,
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 1, .max = 10000, .en = "What happened.",
         .vi = "Nội dung."},
        {"at", API_TIME, .en = "When; default: now.", .vi = "Thời điểm; mặc định: bây giờ."},
        {"kind", API_ENUM, .values = "note|message|action", .en = "Default: note.",
         .vi = "Mặc định: ghi chú."},
        {"corrects", API_ID, .en = "The entry it corrects: that one stays.",
         .vi = "Đính chính mục nào: mục cũ vẫn giữ."},
        {0},
};

static const struct api_field task_add_fields[] = {
        PATH_ID,
        {"title", API_STRING, .flags = API_REQUIRED, .min = 2, .max = 300,
         .en = "What is to be done.", .vi = "Việc phải làm."},
        {"note", API_TEXT, .max = 10000, .en = "More of it.", .vi = "Ghi chú."},
        {"activity", API_STRING, .max = 64, .en = "Part of the response.",
         .vi = "Thuộc hoạt động."},
        {"owner", API_ID, .en = "Whose it is.", .vi = "Người thực hiện."},
        {"due", API_TIME, .en = "Due at.", .vi = "Hạn."},
        {0},
};

static const struct api_field task_edit_fields[] = {
        PATH_ID,
        {"task", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The task.", .vi = "Việc."},
        VERSION,
        {"title", API_STRING, .min = 2, .max = 300, .en = "What is to be done.",
         .vi = "Việc phải làm."},
        {"note", API_TEXT, .max = 10000, .en = "More of it.", .vi = "Ghi chú."},
        {"activity", API_STRING, .flags = API_NULLABLE, .max = 64, .en = "Part of the response.",
         .vi = "Thuộc hoạt động."},
        {"state", API_ENUM, .values = "open|doing|done|dropped", .en = "How far it is.",
         .vi = "Tiến độ."},
        {"owner", API_ID, .flags = API_NULLABLE, .en = "Whose it is.", .vi = "Người thực hiện."},
        {"due", API_TIME, .flags = API_NULLABLE, .en = "Due at.", .vi = "Hạn."},
        {0},
};

static const struct api_field observable_fields[] = {
        PATH_ID,
        {"type", API_ENUM, .flags = API_REQUIRED,
         .values = "address|domain|url|email|hash|file|host|account|process|ja3|other",
         .en = "What it is.", .vi = "Loại dấu hiệu."},
        {"value", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 1000,
         .en = "As it was seen; hxxp and [.] are put right.",
         .vi = "Giá trị; hxxp và [.] được sửa lại."},
        {"role", API_ENUM, .values = "attacker|victim|unknown|innocent", .en = "Whose.",
         .vi = "Của bên nào."},
        {"note", API_STRING, .max = 1000, .en = "What it has to do with it.", .vi = "Ghi chú."},
        {"tlp", API_ENUM, .values = TLPS, .en = "Traffic light.", .vi = "Mức TLP."},
        {0},
};

static const struct api_field observable_drop_fields[] = {
        PATH_ID,
        {"observable", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The observable.",
         .vi = "Dấu hiệu."},
        {"reason", API_STRING, .flags = API_IN_QUERY, .max = 500, .en = "Why.", .vi = "Lý do."},
        {0},
};

static const struct api_field alerts_fields[] = {
        PATH_ID,
        {"alerts", API_ID, .flags = API_REQUIRED | API_LIST_OF, .most = 200, .en = "The alerts.",
         .vi = "Các cảnh báo."},
        {0},
};

static const struct api_field alert_out_fields[] = {
        PATH_ID,
        {"alert", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The alert.",
         .vi = "Cảnh báo."},
        {0},
};

static const struct api_field unit_fields[] = {
        PATH_ID,
        {"unit", API_ID, .flags = API_REQUIRED, .en = "The unit that joins.",
         .vi = "Đơn vị tham gia."},
        {0},
};

static const struct api_field unit_out_fields[] = {
        PATH_ID,
        {"unit", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The unit that leaves.",
         .vi = "Đơn vị thôi tham gia."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 500, .en = "Why.",
         .vi = "Lý do."},
        {"version", API_INT, .en = "As it was read; 409 `stale` when it changed since.",
         .vi = "Phiên bản đã đọc; 409 `stale` nếu đã đổi."},
        {0},
};

static const struct api_field system_add_fields[] = {
        PATH_ID,
        {"system", API_ID, .flags = API_REQUIRED, .en = "The system concerned.",
         .vi = "Hệ thống liên quan."},
        {"version", API_INT, .en = "As it was read; 409 `stale` when it changed since.",
         .vi = "Phiên bản đã đọc; 409 `stale` nếu đã đổi."},
        {0},
};

static const struct api_field system_out_fields[] = {
        PATH_ID,
        {"system", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The system.",
         .vi = "Hệ thống."},
        {"reason", API_STRING, .flags = API_IN_QUERY, .max = 500, .en = "Why.", .vi = "Lý do."},
        {0},
};

static const struct api_field clock_met_fields[] = {
        PATH_ID,
        {"clock", API_STRING, .flags = API_REQUIRED | API_IN_PATH, .min = 1, .max = 64,
         .en = "The clock of the regime.", .vi = "Thời hạn."},
        {"at", API_TIME, .en = "When it was done; default: now.",
         .vi = "Thời điểm thực hiện; mặc định: bây giờ."},
        {"proof", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 4000,
         .en = "To whom, how, what number the receipt has.",
         .vi = "Gửi ai, cách nào, số biên nhận."},
        {0},
};

static const struct api_field clock_void_fields[] = {
        PATH_ID,
        {"clock", API_STRING, .flags = API_REQUIRED | API_IN_PATH, .min = 1, .max = 64,
         .en = "The clock of the regime.", .vi = "Thời hạn."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 4000,
         .en = "Why it does not apply.", .vi = "Vì sao không áp dụng."},
        {0},
};

static const struct api_field clock_list_fields[] = {
        {"open", API_BOOL, .flags = API_IN_QUERY, .en = "Only those that still count.",
         .vi = "Chỉ thời hạn còn tính."},
        {0},
};

static const struct api_field task_list_fields[] = {
        {"mine", API_BOOL, .flags = API_IN_QUERY, .en = "Only yours.", .vi = "Chỉ của bạn."},
        {0},
};

static const struct api_field review_shape[] = {
        {"cause", API_TEXT, .max = 20000, .en = "Root cause.", .vi = "Nguyên nhân gốc."},
        {"vector", API_TEXT, .max = 20000, .en = "The way in.", .vi = "Con đường tấn công."},
        {"weakness", API_TEXT, .max = 20000, .en = "The weakness used.",
         .vi = "Điểm yếu bị khai thác."},
        {"detected", API_TEXT, .max = 20000, .en = "What detected it.",
         .vi = "Điều gì đã phát hiện."},
        {"missed", API_TEXT, .max = 20000,
         .en = "What should have detected it and did not: becomes a rule request.",
         .vi = "Điều gì lẽ ra phải phát hiện mà không: thành đề nghị quy tắc."},
        {"went_well", API_TEXT, .max = 20000, .en = "What went well.", .vi = "Điều làm tốt."},
        {"went_badly", API_TEXT, .max = 20000, .en = "What went badly.", .vi = "Điều chưa tốt."},
        {"lessons", API_TEXT, .max = 20000, .en = "What is to be learned.", .vi = "Bài học."},
        {"at", API_TIME, .flags = API_NULLABLE, .en = "Written.", .vi = "Viết lúc."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người viết."},
        {0},
};

static const struct api_field review_fields[] = {
        PATH_ID,
        {"cause", API_TEXT, .max = 20000, .en = "Root cause.", .vi = "Nguyên nhân gốc."},
        {"vector", API_TEXT, .max = 20000, .en = "The way in.", .vi = "Con đường tấn công."},
        {"weakness", API_TEXT, .max = 20000, .en = "The weakness used.",
         .vi = "Điểm yếu bị khai thác."},
        {"detected", API_TEXT, .max = 20000, .en = "What detected it.",
         .vi = "Điều gì đã phát hiện."},
        {"missed", API_TEXT, .max = 20000,
         .en = "What should have detected it and did not: becomes a rule request.",
         .vi = "Điều gì lẽ ra phải phát hiện mà không: thành đề nghị quy tắc."},
        {"went_well", API_TEXT, .max = 20000, .en = "What went well.", .vi = "Điều làm tốt."},
        {"went_badly", API_TEXT, .max = 20000, .en = "What went badly.", .vi = "Điều chưa tốt."},
        {"lessons", API_TEXT, .max = 20000, .en = "What is to be learned.", .vi = "Bài học."},
        {0},
};

#define I "/api/v1/incidents"
const struct api_op api_incidents_ops[] = {
        {"incidents.list", API_GET, I, "incidents.read", API_LIST, list_fields,
         api_incident_list_shape, "Incidents.", "Các sự cố."},
        {"incidents.open", API_POST, I, "incidents.open", 0, open_fields, api_incident_shape,
         "Opens an incident; its clocks begin at T0.", "Lập sự cố; thời hạn tính từ T0."},
        {"incidents.get", API_GET, I "/{id}", "incidents.read", 0, only_id, api_incident_shape,
         "One incident.", "Một sự cố."},
        {"incidents.edit", API_PATCH, I "/{id}", "incidents.work", 0, edit_fields,
         api_incident_shape, "Changes what is known of it; kind, harm and severity need the lead.",
         "Sửa thông tin; loại, thiệt hại, mức độ cần chỉ huy."},
        {"incidents.move", API_POST, I "/{id}/move", "incidents.lead", 0, move_fields,
         api_incident_shape, "Goes to another state.", "Chuyển trạng thái."},
        {"incidents.t0", API_POST, I "/{id}/t0", "incidents.lead", 0, t0_fields, api_incident_shape,
         "Puts the moment of detection right; every clock moves, and the log keeps both.",
         "Sửa thời điểm phát hiện; mọi thời hạn đổi theo, sổ giữ cả hai."},
        {"incidents.activity", API_POST, I "/{id}/activities/{activity}", "incidents.work", 0,
         activity_fields, api_incident_shape, "Begins or ends a part of the response.",
         "Bắt đầu hoặc kết thúc một hoạt động ứng cứu."},
        {"incidents.assessment", API_GET, I "/{id}/assessment", "incidents.read", 0, only_id,
         assessment_shape, "The law's questions and their answers.",
         "Các câu hỏi theo luật và câu trả lời."},
        {"incidents.answer", API_POST, I "/{id}/answers", "incidents.work", 0, answer_fields,
         assessment_shape, "Answers a question of the law; earlier answers stay in the log.",
         "Trả lời một câu hỏi; các câu trả lời trước vẫn lưu."},
        {"incidents.serious", API_POST, I "/{id}/serious", "incidents.lead", 0, serious_fields,
         assessment_shape, "Decides whether it is serious by the law.",
         "Quyết định có nghiêm trọng theo luật hay không."},
        {"incidents.timeline", API_GET, I "/{id}/timeline", "incidents.read", API_LIST, only_id,
         api_entry_shape, "What happened, newest first.", "Diễn biến, mới nhất trước."},
        {"incidents.note", API_POST, I "/{id}/timeline", "incidents.work", 0, note_fields,
         api_entry_shape, "Writes into the timeline.", "Ghi diễn biến."},
        {"incidents.tasks", API_GET, I "/{id}/tasks", "incidents.read", API_LIST, only_id,
         api_task_shape, "Its tasks.", "Các việc."},
        {"incidents.task_add", API_POST, I "/{id}/tasks", "incidents.work", 0, task_add_fields,
         api_task_shape, "Adds a task.", "Thêm việc."},
        {"incidents.task_edit", API_PATCH, I "/{id}/tasks/{task}", "incidents.work", 0,
         task_edit_fields, api_task_shape, "Changes a task.", "Sửa việc."},
        {"incidents.observables", API_GET, I "/{id}/observables", "incidents.read", API_LIST,
         only_id, api_observable_shape, "Its observables.", "Các dấu hiệu."},
        {"incidents.observable_add", API_POST, I "/{id}/observables", "incidents.work", 0,
         observable_fields, api_observable_shape, "Adds an observable.", "Thêm dấu hiệu."},
        {"incidents.observable_drop", API_DELETE, I "/{id}/observables/{observable}",
         "incidents.work", 0, observable_drop_fields, NULL, "Takes an observable out.",
         "Bỏ dấu hiệu."},
        {"incidents.alerts_add", API_POST, I "/{id}/alerts", "incidents.work", 0, alerts_fields,
         api_incident_shape, "Merges alerts into it.", "Gộp cảnh báo vào sự cố."},
        {"incidents.alert_out", API_DELETE, I "/{id}/alerts/{alert}", "incidents.work", 0,
         alert_out_fields, NULL, "Takes an alert out again; it is new once more.",
         "Tách cảnh báo ra; cảnh báo trở lại mới."},
        {"incidents.unit_add", API_POST, I "/{id}/units", "incidents.lead", 0, unit_fields,
         api_incident_shape, "Lets another unit work on it.", "Thêm đơn vị tham gia."},
        {"incidents.unit_out", API_POST, I "/{id}/units/{unit}/end", "incidents.lead", 0,
         unit_out_fields, api_incident_shape,
         "Takes a unit off it; its people no longer see it. Their open tasks have no owner then.",
         "Bỏ đơn vị tham gia; người của đơn vị không còn thấy sự cố, việc dở chưa có người nhận."},
        {"incidents.system_add", API_POST, I "/{id}/systems", "incidents.work", 0,
         system_add_fields, api_incident_shape,
         "Links another system; the highest level counts for severity and clocks.",
         "Liên kết thêm hệ thống; mức độ và thời hạn tính theo cấp độ cao nhất."},
        {"incidents.system_out", API_DELETE, I "/{id}/systems/{system}", "incidents.work", 0,
         system_out_fields, api_incident_shape, "Takes a system off it.",
         "Bỏ liên kết một hệ thống."},
        {"incidents.clock_met", API_POST, I "/{id}/clocks/{clock}/met", "reports.send", 0,
         clock_met_fields, api_incident_shape, "Says that a duty was met, with its proof.",
         "Ghi nhận đã đáp ứng thời hạn, kèm bằng chứng."},
        {"incidents.clock_void", API_POST, I "/{id}/clocks/{clock}/void", "incidents.lead", 0,
         clock_void_fields, api_incident_shape, "Says that a duty does not apply, and why.",
         "Ghi nhận thời hạn không áp dụng và lý do."},
        {"incidents.review_get", API_GET, I "/{id}/review", "incidents.read", 0, only_id,
         review_shape, "What was learned.", "Rút kinh nghiệm."},
        {"incidents.review", API_PUT, I "/{id}/review", "incidents.lead", 0, review_fields,
         review_shape, "Writes what was learned; earlier versions stay in the audit log.",
         "Viết rút kinh nghiệm; các bản trước vẫn ở sổ kiểm toán."},
        {"clocks.list", API_GET, "/api/v1/clocks", "incidents.read", API_LIST, clock_list_fields,
         api_clock_shape, "The clocks of all incidents.", "Thời hạn của mọi sự cố."},
        {"tasks.list", API_GET, "/api/v1/tasks", "incidents.read", API_LIST, task_list_fields,
         api_task_shape, "The tasks of all incidents.", "Việc của mọi sự cố."},
        {0},
};
