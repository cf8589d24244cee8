/* Operations of live fire: its rules and consents, red teams, what they did and found, how it is judged
 * (doc/live-fire.md). */
#include "wire/api_shapes.h"

/* clang-format off: a table, a line each */
#define LEVELS "low|medium|high|critical"
#define STATES "draft|filed|returned|verified|void|judged|appealed|signed"

/* ---- shapes ---- */

static const struct api_field points_shape[] = {
        {"low", API_INT, .min = 1, .max = 1000, .en = "Of a low finding.", .vi = "Mức thấp."},
        {"medium", API_INT, .min = 1, .max = 1000, .en = "Of a medium one.",
         .vi = "Mức trung bình."},
        {"high", API_INT, .min = 1, .max = 1000, .en = "Of a high one.", .vi = "Mức cao."},
        {"critical", API_INT, .min = 1, .max = 1000, .en = "Of a critical one.",
         .vi = "Mức nghiêm trọng."},
        {0},
};
static const struct api_field target_shape[] = {
        {"id", API_ID, .en = "Its number in this exercise.", .vi = "Số trong cuộc diễn tập."},
        {"system", API_ID, .en = "The system.", .vi = "Hệ thống."},
        {"name", API_STRING, .en = "Its name.", .vi = "Tên."},
        {"unit", API_ID, .en = "Whose.", .vi = "Của đơn vị."},
        {"unit_name", API_STRING, .en = "The unit's name.", .vi = "Tên đơn vị."},
        {"addresses", API_ADDRESS, .flags = API_LIST_OF, .most = 1000,
         .en = "Its addresses when it was declared.", .vi = "Địa chỉ khi công bố."},
        {"hosts", API_STRING, .flags = API_LIST_OF, .most = 1000, .en = "Its hosts.",
         .vi = "Các máy."},
        {"consented", API_BOOL, .en = "A consent is in force.",
         .vi = "Chấp thuận đang có hiệu lực."},
        {0},
};
static const struct api_field consent_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"system", API_ID, .en = "The system.", .vi = "Hệ thống."},
        {"system_name", API_STRING, .en = "Its name.", .vi = "Tên."},
        {"addresses", API_ADDRESS, .flags = API_LIST_OF, .most = 1000, .en = "These and no others.",
         .vi = "Chỉ các địa chỉ này."},
        {"from", API_TIME, .en = "From then.", .vi = "Từ lúc."},
        {"to", API_TIME, .en = "Until then.", .vi = "Đến lúc."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "Who consented.",
         .vi = "Người chấp thuận."},
        {"at", API_TIME, .en = "When.", .vi = "Lúc."},
        {"withdrawn", API_TIME, .flags = API_NULLABLE, .en = "Withdrawn.", .vi = "Rút lại lúc."},
        {"reason", API_TEXT, .flags = API_NULLABLE, .en = "Why.", .vi = "Lý do."},
        {0},
};
static const struct api_field missing_shape[] = {
        {"code", API_STRING, .en = "What is missing, in a word.", .vi = "Mã."},
        {"en", API_STRING, .en = "In English.", .vi = "Tiếng Anh."},
        {"vi", API_STRING, .en = "In Vietnamese.", .vi = "Tiếng Việt."},
        {0},
};
static const struct api_field declaration_shape[] = {
        {"exercise", API_ID, .en = "The exercise.", .vi = "Cuộc diễn tập."},
        {"side", API_ENUM, .values = "organiser|jury|red|blue", .en = "What the asker is in it.",
         .vi = "Vai trò của người hỏi."},
        {"objective", API_TEXT, .en = "What it is for.", .vi = "Mục tiêu (tiếng Anh)."},
        {"objective_vi", API_TEXT, .en = "The same in Vietnamese.", .vi = "Mục tiêu."},
        {"tools", API_TEXT, .en = "Tools that may be used.", .vi = "Công cụ được dùng."},
        {"limits", API_TEXT, .en = "How far a weakness may be used.", .vi = "Giới hạn khai thác."},
        {"forbidden", API_TEXT, .en = "What nobody does.", .vi = "Hành vi bị cấm."},
        {"from", API_TIME, .flags = API_NULLABLE, .en = "It begins.", .vi = "Bắt đầu."},
        {"to", API_TIME, .flags = API_NULLABLE, .en = "It ends.", .vi = "Kết thúc."},
        {"sources", API_ADDRESS, .flags = API_LIST_OF, .most = 200,
         .en = "Where red teams come from; empty for the blue side.",
         .vi = "Địa chỉ nguồn của đội tấn công; bên phòng thủ không thấy."},
        {"points", API_OBJECT, .fields = points_shape, .en = "Of a finding of each severity.",
         .vi = "Điểm theo mức."},
        {"targets", API_OBJECT, .flags = API_LIST_OF, .most = 200, .fields = target_shape,
         .en = "What may be attacked; nothing else.",
         .vi = "Mục tiêu; ngoài ra không được tấn công."},
        {"consents", API_OBJECT, .flags = API_LIST_OF, .most = 1000, .fields = consent_shape,
         .en = "What system owners said.", .vi = "Chấp thuận của chủ quản."},
        {"missing", API_OBJECT, .flags = API_LIST_OF, .most = 300, .fields = missing_shape,
         .en = "What keeps it from starting.", .vi = "Những điều còn thiếu để bắt đầu."},
        {"stopped", API_TIME, .flags = API_NULLABLE,
         .en = "Stopped, as a consent was withdrawn or by the organisers.", .vi = "Dừng lúc."},
        {"version", API_INT, .en = "For changes.", .vi = "Phiên bản."},
        {0},
};
static const struct api_field team_shape[] = {
        {"id", API_ID, .flags = API_SORT | API_DEFAULT_SORT, .en = "Its number.", .vi = "Số."},
        {"name", API_STRING, .en = "Its name.", .vi = "Tên đội."},
        {"people", API_INT, .en = "How many.", .vi = "Số người."},
        {"members", API_ANY, .en = "id, name; for organisers and the team itself.",
         .vi = "Thành viên; chỉ ban tổ chức và đội thấy."},
        {"mine", API_BOOL, .en = "The asker is in it.", .vi = "Người hỏi thuộc đội."},
        {"active", API_BOOL, .en = "It takes part.", .vi = "Đang tham gia."},
        {"version", API_INT, .en = "For changes.", .vi = "Phiên bản."},
        {0},
};
static const struct api_field teams_answer[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 500, .fields = team_shape,
         .en = "Teams.", .vi = "Các đội."},
        {0},
};
static const struct api_field activity_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"team", API_ID, .flags = API_NULLABLE, .en = "The team; null for jurors.",
         .vi = "Đội; giám khảo không thấy."},
        {"team_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên đội."},
        {"from", API_TIME, .en = "It began.", .vi = "Bắt đầu."},
        {"to", API_TIME, .en = "It ended.", .vi = "Kết thúc."},
        {"source", API_ADDRESS, .en = "From there.", .vi = "Địa chỉ nguồn."},
        {"target", API_ID, .en = "At that target.", .vi = "Mục tiêu."},
        {"target_name", API_STRING, .en = "Its name.", .vi = "Tên mục tiêu."},
        {"account", API_STRING, .flags = API_NULLABLE, .en = "As that account.",
         .vi = "Tài khoản."},
        {"technique", API_STRING, .flags = API_NULLABLE, .en = "ATT&CK.", .vi = "Kỹ thuật ATT&CK."},
        {"text", API_TEXT, .en = "What was done.", .vi = "Việc đã làm."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "Who wrote it down.",
         .vi = "Người ghi."},
        {"at", API_TIME, .en = "When it was written down.", .vi = "Ghi lúc."},
        {0},
};
static const struct api_field activities_answer[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 5000, .fields = activity_shape,
         .en = "In order of time.", .vi = "Theo thời gian."},
        {0},
};
static const struct api_field impact_shape[] = {
        {"resources", API_INT, .min = 0, .max = 3, .en = "0 to 3.", .vi = "0 đến 3."},
        {"data", API_INT, .min = 0, .max = 3, .en = "0 to 3.", .vi = "0 đến 3."},
        {"users", API_INT, .min = 0, .max = 3, .en = "0 to 3.", .vi = "0 đến 3."},
        {0},
};
#define ROW                                                                                        \
        {"id", API_ID, .en = "Its number.", .vi = "Số."},                                          \
                {"code", API_STRING, .en = "What people call it.", .vi = "Số hiệu."},              \
                {"team", API_ID, .flags = API_NULLABLE,                                            \
                 .en = "Whose; null for jurors until it is signed.",                               \
                 .vi = "Của đội; giám khảo chưa được biết trước khi ký."},                         \
                {"team_name", API_STRING, .flags = API_NULLABLE, .en = "The team's name.",         \
                 .vi = "Tên đội."},                                                                \
                {"title", API_STRING, .flags = API_NULLABLE,                                       \
                 .en = "In a few words; null: its words are gone.",                                \
                 .vi = "Tóm tắt; null: nội dung đã xoá."},                                         \
                {"target", API_ID, .en = "The target.", .vi = "Mục tiêu."},                        \
                {"target_name", API_STRING, .en = "Its name.", .vi = "Tên mục tiêu."},             \
                {"unit", API_ID, .en = "Whose system.", .vi = "Đơn vị."},                          \
                {"unit_name", API_STRING, .en = "The unit's name.", .vi = "Tên đơn vị."},          \
                {"severity", API_ENUM, .values = LEVELS,                                           \
                 .en = "As it stands: claimed, verified, or judged.", .vi = "Mức hiện tại."},      \
                {"state", API_ENUM, .values = STATES, .en = "Its state.", .vi = "Trạng thái."},    \
                {"at", API_TIME, .en = "When it was done.", .vi = "Thực hiện lúc."},               \
                {"filed", API_TIME, .flags = API_NULLABLE, .en = "Filed whole.",                   \
                 .vi = "Nộp đủ lúc."},                                                             \
                {"place", API_INT, .flags = API_NULLABLE,                                          \
                 .en = "Share of who found the same, in millionths.",                              \
                 .vi = "Hệ số theo thứ tự phát hiện, phần triệu."},                                \
                {"points", API_INT, .flags = API_NULLABLE, .en = "Thousandths.",                   \
                 .vi = "Điểm, phần nghìn."},                                                       \
                {"provisional", API_BOOL, .en = "Not signed yet.", .vi = "Điểm tạm."},             \
                {"assisted", API_BOOL, .en = "The organisers had an address opened again before.", \
                 .vi = "Sau khi ban tổ chức cho mở lại địa chỉ."},                                 \
                {"mine", API_BOOL, .en = "Of the asker's team.", .vi = "Của đội người hỏi."},      \
                {"marks_n", API_INT, .en = "How many jurors marked it.",                           \
                 .vi = "Số giám khảo đã chấm."},                                                   \
                {"marked", API_BOOL, .en = "The asker did.", .vi = "Người hỏi đã chấm."},          \
                {"voids", API_INT, .en = "Jurors who say that it is void; two make it so.",        \
                 .vi = "Số giám khảo đề nghị loại; đủ hai thì bị loại."},                          \
        {                                                                                          \
                "version", API_INT, .en = "For changes.", .vi = "Phiên bản."                    \
        }

static const struct api_field finding_row[] = {ROW, {0}};
static const struct api_field findings_answer[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 5000, .fields = finding_row,
         .en = "Those that the asker may see.", .vi = "Các phát hiện được xem."},
        {0},
};
static const struct api_field file_shape[] = {
        {"id", API_ID, .en = "Its number.", .vi = "Số."},
        {"name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên tệp."},
        {"bytes", API_INT, .en = "Its length.", .vi = "Số byte."},
        {"hash", API_STRING, .en = "BLAKE2b-256.", .vi = "Mã băm BLAKE2b-256."},
        {0},
};
static const struct api_field verification_shape[] = {
        {"severity", API_ENUM, .values = LEVELS, .en = "As the organisers saw it.",
         .vi = "Mức theo ban tổ chức."},
        {"impact", API_OBJECT, .fields = impact_shape, .en = "On resources, data, users.",
         .vi = "Tác động."},
        {"report", API_INT, .en = "Of the report, in millionths.",
         .vi = "Hệ số báo cáo, phần triệu."},
        {"text", API_TEXT, .en = "Their words.", .vi = "Nhận xét."},
        {"by_name", API_STRING, .flags = API_NULLABLE, .en = "Who.", .vi = "Người xác minh."},
        {"at", API_TIME, .en = "When.", .vi = "Lúc."},
        {0},
};
static const struct api_field mark_shape[] = {
        {"severity", API_ENUM, .values = LEVELS, .en = "Severity.", .vi = "Mức."},
        {"impact", API_OBJECT, .fields = impact_shape, .en = "On resources, data, users.",
         .vi = "Tác động."},
        {"mine", API_BOOL, .en = "The asker's.", .vi = "Của người hỏi."},
        {"round", API_INT, .en = "1; 2: after an appeal.", .vi = "1; 2: sau khiếu nại."},
        {0},
};
static const struct api_field appeal_shape[] = {
        {"text", API_TEXT, .en = "What the team says.", .vi = "Nội dung khiếu nại."},
        {"at", API_TIME, .en = "When.", .vi = "Lúc."},
        {"answer", API_TEXT, .flags = API_NULLABLE, .en = "What the jury says.", .vi = "Trả lời."},
        {"upheld", API_BOOL, .flags = API_NULLABLE, .en = "It is marked anew.",
         .vi = "Chấp nhận, chấm lại."},
        {0},
};
static const struct api_field event_shape[] = {
        {"at", API_TIME, .en = "When.", .vi = "Lúc."},
        {"what", API_STRING, .en = "What happened.", .vi = "Việc gì."},
        {"by_name", API_STRING, .flags = API_NULLABLE,
         .en = "Who; null: it is not for the asker to know.", .vi = "Ai."},
        {"text", API_TEXT, .en = "Words.", .vi = "Nội dung."},
        {0},
};
static const struct api_field finding_shape[] = {
        ROW,
        {"component", API_STRING, .flags = API_NULLABLE, .en = "Which part.", .vi = "Thành phần."},
        {"weakness", API_STRING, .flags = API_NULLABLE, .en = "What is wrong with it (CWE).",
         .vi = "Điểm yếu (CWE)."},
        {"entry", API_STRING, .flags = API_NULLABLE, .en = "Where one gets in.", .vi = "Điểm vào."},
        {"impact", API_OBJECT, .fields = impact_shape, .en = "As claimed.",
         .vi = "Tác động theo đội."},
        {"business", API_TEXT, .flags = API_NULLABLE, .en = "What it means for the owner's work.",
         .vi = "Ảnh hưởng nghiệp vụ."},
        {"steps", API_TEXT, .flags = API_NULLABLE, .en = "How.", .vi = "Các bước."},
        {"proof", API_TEXT, .flags = API_NULLABLE, .en = "What shows it.", .vi = "Bằng chứng."},
        {"remedy_short", API_TEXT, .flags = API_NULLABLE, .en = "What to do at once.",
         .vi = "Khắc phục trước mắt."},
        {"remedy_long", API_TEXT, .flags = API_NULLABLE, .en = "What to do for good.",
         .vi = "Khắc phục lâu dài."},
        {"source", API_STRING, .flags = API_NULLABLE, .en = "From which address.",
         .vi = "Địa chỉ nguồn."},
        {"account", API_STRING, .flags = API_NULLABLE, .en = "As which account.",
         .vi = "Tài khoản."},
        {"technique", API_STRING, .flags = API_NULLABLE, .en = "ATT&CK.", .vi = "Kỹ thuật ATT&CK."},
        {"files", API_OBJECT, .flags = API_LIST_OF, .most = 10, .fields = file_shape,
         .en = "Attachments.", .vi = "Tệp đính kèm."},
        {"verification", API_OBJECT, .flags = API_NULLABLE, .fields = verification_shape,
         .en = "Of the organisers.", .vi = "Xác minh của ban tổ chức."},
        {"marks", API_OBJECT, .flags = API_LIST_OF, .most = 10, .fields = mark_shape,
         .en = "Of the jury: one's own, until all are there.",
         .vi = "Điểm của giám khảo: chỉ của mình cho tới khi đủ."},
        {"appeal", API_OBJECT, .flags = API_NULLABLE, .fields = appeal_shape, .en = "Of the team.",
         .vi = "Khiếu nại của đội."},
        {"history", API_OBJECT, .flags = API_LIST_OF, .most = 1000, .fields = event_shape,
         .en = "What happened to it.", .vi = "Diễn biến."},
        {0},
};
static const struct api_field matches_answer[] = {
        {"items", API_ANY,
         .en = "activity or finding (number), unit, unit_name, target, target_name, from, to, "
               "seen: [{alert, rule_title, at, evidence, by}], ambiguous, first_ms, "
               "acknowledged_ms, contained_ms.",
         .vi = "Hoạt động hoặc phát hiện, và bên phòng thủ đã thấy gì, lúc nào."},
        {"real", API_INT,
         .en = "Alerts of the targets that match nothing: they are treated as real.",
         .vi = "Cảnh báo không khớp: coi là thật."},
        {"cut", API_BOOL, .en = "There were too many to look at all.",
         .vi = "Quá nhiều, chưa xét hết."},
        {0},
};
static const struct api_field standings_answer[] = {
        {"published", API_ANY,
         .en = "id, at, by_name, final, teams: [{team, name, points, findings}].",
         .vi = "Các lần công bố."},
        {"now", API_ANY, .en = "The same as it stands; null for who may not see it.",
         .vi = "Hiện tại; null nếu không được xem."},
        {0},
};

/* ---- requests ---- */

#define PATH_ID                                                                                    \
        {                                                                                          \
                "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The exercise.",          \
                              .vi = "Cuộc diễn tập."                                         \
        }
#define PATH_FINDING                                                                               \
        {                                                                                          \
                "finding", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The finding.",      \
                                   .vi = "Phát hiện."                                           \
        }
#define VERSION                                                                                    \
        {                                                                                          \
                "version", API_INT, .min = 1, .max = INT32_MAX, .en = "As it was shown.",          \
                                    .vi = "Phiên bản đã hiển thị."                        \
        }
#define TEXT(name_, flags_, en_, vi_)                                                              \
        { name_, API_TEXT, .flags = (flags_), .max = 20000, .en = (en_), .vi = (vi_) }
#define LINE(name_, flags_, most_, en_, vi_)                                                       \
        { name_, API_STRING, .flags = (flags_), .max = (most_), .en = (en_), .vi = (vi_) }
#define IMPACT(name_, flags_, en_, vi_)                                                            \
        { name_, API_INT, .flags = (flags_), .min = 0, .max = 3, .en = (en_), .vi = (vi_) }

static const struct api_field only_id[] = {PATH_ID, {0}};
static const struct api_field only_finding[] = {PATH_ID, PATH_FINDING, {0}};
static const struct api_field declare_fields[] = {
        PATH_ID,
        TEXT("objective", 0, "What it is for, in English.", "Mục tiêu, tiếng Anh."),
        TEXT("objective_vi", API_REQUIRED, "What it is for, in Vietnamese.", "Mục tiêu."),
        TEXT("tools", API_REQUIRED, "Tools that may be used.", "Công cụ được dùng."),
        TEXT("limits", API_REQUIRED, "How far a weakness may be used.", "Giới hạn khai thác."),
        TEXT("forbidden", API_REQUIRED, "What nobody does.", "Hành vi bị cấm."),
        {"from", API_TIME, .flags = API_REQUIRED, .en = "It begins.", .vi = "Bắt đầu."},
        {"to", API_TIME, .flags = API_REQUIRED, .en = "It ends: at most 30 days later.",
         .vi = "Kết thúc: tối đa 30 ngày sau."},
        {"sources", API_ADDRESS, .flags = API_REQUIRED | API_LIST_OF, .most = 200,
         .en = "Where red teams come from.", .vi = "Địa chỉ nguồn của đội tấn công."},
        {"targets", API_ID, .flags = API_REQUIRED | API_LIST_OF, .most = 200,
         .en = "Systems that may be attacked.", .vi = "Các hệ thống là mục tiêu."},
        {"points", API_OBJECT, .flags = API_NULLABLE, .fields = points_shape,
         .en = "Default: 10, 25, 50, 100.", .vi = "Mặc định: 10, 25, 50, 100."},
        VERSION,
        {0},
};
static const struct api_field consent_fields[] = {
        PATH_ID,
        {"system", API_ID, .flags = API_REQUIRED, .en = "The system.", .vi = "Hệ thống."},
        {"addresses", API_ADDRESS, .flags = API_LIST_OF | API_NULLABLE, .most = 1000,
         .en = "Default: all that were declared.", .vi = "Mặc định: mọi địa chỉ đã công bố."},
        {"from", API_TIME, .flags = API_REQUIRED, .en = "From then.", .vi = "Từ lúc."},
        {"to", API_TIME, .flags = API_REQUIRED, .en = "Until then.", .vi = "Đến lúc."},
        {0},
};
static const struct api_field withdraw_fields[] = {
        PATH_ID,
        {"consent", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The consent.",
         .vi = "Chấp thuận."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 2000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};
static const struct api_field team_fields[] = {
        PATH_ID,
        {"name", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 80, .en = "Its name.",
         .vi = "Tên đội."},
        {"people", API_ID, .flags = API_REQUIRED | API_LIST_OF, .most = 50, .en = "Who is in it.",
         .vi = "Thành viên."},
        {0},
};
static const struct api_field team_edit_fields[] = {
        PATH_ID,
        {"team", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The team.", .vi = "Đội."},
        {"name", API_STRING, .min = 1, .max = 80, .en = "Its name.", .vi = "Tên đội."},
        {"people", API_ID, .flags = API_LIST_OF, .most = 50, .en = "Who is in it.",
         .vi = "Thành viên."},
        {"active", API_BOOL, .en = "It takes part.", .vi = "Đang tham gia."},
        VERSION,
        {0},
};
static const struct api_field activity_fields[] = {
        PATH_ID,
        {"team", API_ID, .flags = API_REQUIRED, .en = "The asker's team.",
         .vi = "Đội của người hỏi."},
        {"from", API_TIME, .flags = API_REQUIRED, .en = "It began.", .vi = "Bắt đầu."},
        {"to", API_TIME, .flags = API_REQUIRED, .en = "It ended.", .vi = "Kết thúc."},
        {"source", API_ADDRESS, .flags = API_REQUIRED,
         .en = "From there: one of the declared sources.", .vi = "Địa chỉ nguồn đã công bố."},
        {"target", API_ID, .flags = API_REQUIRED, .en = "At that target.", .vi = "Mục tiêu."},
        LINE("account", API_NULLABLE, 200, "As that account.", "Tài khoản."),
        LINE("technique", API_NULLABLE, 12, "ATT&CK: T1190.", "Kỹ thuật ATT&CK: T1190."),
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000, .en = "What was done.",
         .vi = "Việc đã làm."},
        {0},
};
#define CONTENT(must)                                                                              \
        {"title",         API_STRING, .flags = (must),                                             \
         .min = 3,        .max = 200, .en = "In a few words.",                                     \
         .vi = "Tóm tắt."},                                                                        \
                {"target", API_ID, .flags = (must), .en = "The target.", .vi = "Mục tiêu."},       \
                {"severity",                                                                       \
                 API_ENUM,                                                                         \
                 .flags = (must),                                                                  \
                 .values = LEVELS,                                                                 \
                 .en = "As the team sees it.",                                                     \
                 .vi = "Mức theo đội."},                                                           \
                IMPACT("resources", (must), "On resources, 0 to 3.", "Tới tài nguyên, 0–3."),      \
                IMPACT("data", (must), "On data, 0 to 3.", "Tới dữ liệu, 0–3."),                   \
                IMPACT("users", (must), "On users, 0 to 3.", "Tới người dùng, 0–3."),              \
                {"at", API_TIME, .flags = (must), .en = "When it was done.",                       \
                 .vi = "Thực hiện lúc."},                                                          \
                LINE("component", 0, 200, "Which part.", "Thành phần."),                           \
                LINE("weakness", 0, 200, "What is wrong with it (CWE).", "Điểm yếu (CWE)."),       \
                LINE("entry", 0, 500, "Where one gets in.", "Điểm vào."),                          \
                TEXT("business", 0, "What it means for the owner's work.",                         \
                     "Ảnh hưởng nghiệp vụ."),                                                      \
                TEXT("steps", 0, "How.", "Các bước."),                                             \
                TEXT("proof", 0, "What shows it.", "Bằng chứng."),                                 \
                TEXT("remedy_short", 0, "What to do at once.", "Khắc phục trước mắt."),            \
                TEXT("remedy_long", 0, "What to do for good.", "Khắc phục lâu dài."),              \
                LINE("source", 0, 64, "From which address.", "Địa chỉ nguồn."),                    \
                LINE("account", 0, 200, "As which account.", "Tài khoản."),                        \
                LINE("technique", 0, 12, "ATT&CK.", "Kỹ thuật ATT&CK.")
static const struct api_field new_fields[] = {
        PATH_ID,
        {"team", API_ID, .flags = API_REQUIRED, .en = "The asker's team.",
         .vi = "Đội của người hỏi."},
        CONTENT(API_REQUIRED),
        {0},
};
static const struct api_field edit_fields[] = {PATH_ID, PATH_FINDING, CONTENT(0), VERSION, {0}};
static const struct api_field reason_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000, .en = "Why.",
         .vi = "Lý do."},
        VERSION,
        {0},
};
static const struct api_field void_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000, .en = "Why.",
         .vi = "Lý do."},
        {"agree", API_BOOL,
         .en = "false: what another juror asked for is refused, or one's own "
               "taken back; default: true.",
         .vi = "false: không đồng ý đề nghị loại, hoặc rút đề nghị của mình; mặc định: true."},
        VERSION,
        {0},
};
static const struct api_field verify_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"severity", API_ENUM, .flags = API_REQUIRED, .values = LEVELS,
         .en = "As the organisers see it.", .vi = "Mức theo ban tổ chức."},
        IMPACT("resources", API_REQUIRED, "On resources.", "Tới tài nguyên."),
        IMPACT("data", API_REQUIRED, "On data.", "Tới dữ liệu."),
        IMPACT("users", API_REQUIRED, "On users.", "Tới người dùng."),
        {"whole", API_BOOL, .flags = API_REQUIRED,
         .en = "Impact, steps, proof and remedy are all there.",
         .vi = "Đủ tác động, các bước, bằng chứng, khắc phục."},
        {"assisted", API_BOOL,
         .en = "Default: whether an address of that unit was opened again by order before.",
         .vi = "Mặc định: theo các lệnh mở lại địa chỉ."},
        {"same_as", API_ID, .flags = API_NULLABLE,
         .en = "It is the same as that finding, whatever its words.",
         .vi = "Trùng với phát hiện khác."},
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000,
         .en = "What was looked at.", .vi = "Đã kiểm tra những gì."},
        VERSION,
        {0},
};
static const struct api_field mark_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"severity", API_ENUM, .flags = API_REQUIRED, .values = LEVELS, .en = "Severity.",
         .vi = "Mức."},
        IMPACT("resources", API_REQUIRED, "On resources.", "Tới tài nguyên."),
        IMPACT("data", API_REQUIRED, "On data.", "Tới dữ liệu."),
        IMPACT("users", API_REQUIRED, "On users.", "Tới người dùng."),
        {0},
};
static const struct api_field appeal_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000,
         .en = "Why the points are not right.", .vi = "Vì sao điểm chưa đúng."},
        {0},
};
static const struct api_field answer_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"upheld", API_BOOL, .flags = API_REQUIRED, .en = "The jury marks it anew.",
         .vi = "Chấp nhận: chấm lại."},
        {"text", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 4000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};
static const struct api_field upload_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"name", API_STRING, .flags = API_REQUIRED | API_IN_QUERY, .min = 1, .max = 200,
         .en = "Name of the file.", .vi = "Tên tệp."},
        {0},
};
static const struct api_field file_fields[] = {
        PATH_ID,
        PATH_FINDING,
        {"file", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The file.", .vi = "Tệp."},
        {0},
};
#define X "/api/v1/exercises/{id}"
#define F X "/findings/{finding}"
#define LIVE "exercises.live"
const struct api_op api_livefire_ops[] = {
        {"livefire.get", API_GET, X "/declaration", LIVE, 0, only_id, declaration_shape,
         "What is declared of a live fire.", "Thể lệ đã công bố của cuộc thực chiến."},
        {"livefire.declare", API_PUT, X "/declaration", "exercises.plan", 0, declare_fields,
         declaration_shape,
         "Declares it. What is changed once an owner consented asks for their consent again.",
         "Công bố. Thay đổi sau khi chủ quản đã chấp thuận thì phải xin lại."},
        {"livefire.consent", API_POST, X "/consents", "exercises.consent",
         API_SECOND | API_NO_TOKEN, consent_fields, declaration_shape,
         "The system owner's consent: these addresses, from then until then.",
         "Chấp thuận của chủ quản: các địa chỉ, từ lúc đến lúc."},
        {"livefire.withdraw", API_POST, X "/consents/{consent}/withdraw", "exercises.consent",
         API_NO_TOKEN, withdraw_fields, declaration_shape,
         "Takes it back: live fire at that system ends now.",
         "Rút chấp thuận: dừng ngay việc tấn công hệ thống đó."},
        {"livefire.teams", API_GET, X "/teams", LIVE, 0, only_id, teams_answer, "Red teams.",
         "Các đội tấn công."},
        {"livefire.team_add", API_POST, X "/teams", "exercises.plan", 0, team_fields, team_shape,
         "Adds one.", "Thêm đội."},
        {"livefire.team_edit", API_PATCH, X "/teams/{team}", "exercises.plan", 0, team_edit_fields,
         team_shape, "Changes one.", "Sửa đội."},
        {"livefire.activity", API_GET, X "/activity", LIVE, 0, only_id, activities_answer,
         "What red teams wrote down of what they did.", "Nhật ký hoạt động của đội tấn công."},
        {"livefire.act", API_POST, X "/activity", "exercises.red", 0, activity_fields,
         activity_shape, "Writes down what was done. It is never changed.",
         "Ghi một hoạt động; không sửa được."},
        {"findings.list", API_GET, X "/findings", LIVE, 0, only_id, findings_answer, "Findings.",
         "Các phát hiện."},
        {"findings.get", API_GET, F, LIVE, 0, only_finding, finding_shape, "One finding.",
         "Một phát hiện."},
        {"findings.add", API_POST, X "/findings", "exercises.red", 0, new_fields, finding_shape,
         "Begins one.", "Lập phát hiện."},
        {"findings.edit", API_PATCH, F, "exercises.red", 0, edit_fields, finding_shape,
         "Changes a draft, or what was given back.", "Sửa bản nháp hoặc phát hiện bị trả lại."},
        {"findings.file", API_POST, F "/file", "exercises.red", 0, only_finding, finding_shape,
         "Files it: from here on its words stand.", "Nộp: từ đây nội dung giữ nguyên."},
        {"findings.attach", API_POST, F "/files", "exercises.red", API_UPLOAD, upload_fields,
         finding_shape, "Attaches a file of at most 3 MiB.", "Đính kèm tệp, tối đa 3 MiB."},
        {"findings.attachment", API_GET, F "/files/{file}", LIVE, API_BYTES, file_fields, NULL,
         "A file.", "Một tệp."},
        {"findings.return", API_POST, F "/return", "exercises.plan", 0, reason_fields,
         finding_shape, "Gives it back: something is missing.", "Trả lại: còn thiếu."},
        {"findings.verify", API_POST, F "/verify", "exercises.plan", 0, verify_fields,
         finding_shape, "Says that it is so: provisional points.", "Xác minh: điểm tạm."},
        {"findings.void", API_POST, F "/void", "exercises.judge", API_NO_TOKEN, void_fields,
         finding_shape, "Out of scope, or against a rule: two jurors say so.",
         "Ngoài phạm vi hoặc vi phạm: hai giám khảo cùng quyết định."},
        {"findings.mark", API_POST, F "/mark", "exercises.judge", API_NO_TOKEN, mark_fields,
         finding_shape, "A juror's mark, without knowing whose it is or what others said.",
         "Giám khảo chấm, không biết đội và điểm người khác."},
        {"findings.appeal", API_POST, F "/appeal", "exercises.red", 0, appeal_fields, finding_shape,
         "The team's appeal, within a day of the jury's marks; once.",
         "Khiếu nại trong 24 giờ sau khi chấm; một lần."},
        {"findings.answer", API_POST, F "/answer", "exercises.judge", API_NO_TOKEN, answer_fields,
         finding_shape, "The jury's answer.", "Trả lời của ban giám khảo."},
        {"findings.sign", API_POST, F "/sign", "exercises.judge", API_SECOND | API_NO_TOKEN,
         only_finding, finding_shape, "Signs it: the points are final; its words go after 30 days.",
         "Ký: điểm chính thức; nội dung xoá sau 30 ngày."},
        {"livefire.matches", API_GET, X "/matches", LIVE, 0, only_id, matches_answer,
         "Who saw what, and when.", "Ai đã thấy gì, lúc nào."},
        {"livefire.standings", API_GET, X "/standings", LIVE, 0, only_id, standings_answer,
         "Standings as they were published.", "Bảng điểm đã công bố."},
        {"livefire.publish", API_POST, X "/standings", "exercises.plan", 0, only_id,
         standings_answer, "Publishes provisional ones.", "Công bố bảng điểm tạm."},
        {"livefire.finish", API_POST, X "/standings/final", "exercises.judge",
         API_SECOND | API_NO_TOKEN, only_id, standings_answer,
         "Publishes the final ones: everything is signed or void.",
         "Công bố kết quả chính thức: mọi phát hiện đã ký hoặc bị loại."},
        {0},
};
/* clang-format on */
