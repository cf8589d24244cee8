/* Operations on reports: what the law asks to be told, from the first draft to its proof of delivery
 * (doc/reports.md), and the exports of an incident for others' machines. */
#include "wire/api_shapes.h"

#define SHARINGS "clear|green|amber|amber_strict|red"
#define STATES "draft|signing|signed|sent|dropped"

static const struct api_field missing_shape[] = {
        {"name", API_STRING, .en = "The field.", .vi = "Trường."},
        {"text", API_STRING, .en = "Its title.", .vi = "Tên trường (tiếng Anh)."},
        {"text_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên trường."},
        {0},
};

static const struct api_field signature_shape[] = {
        {"id", API_ID, .en = "The person.", .vi = "Người ký."},
        {"name", API_STRING, .en = "Their name.", .vi = "Họ tên."},
        {"at", API_TIME, .en = "When.", .vi = "Ký lúc."},
        {0},
};

#define REPORT_FIELDS                                                                               \
        {"id", API_ID, .flags = API_SORT, .en = "Its number.", .vi = "Số."},                        \
                {"code", API_STRING, .flags = API_FILTER | API_SORT, .en = "What people call it.",  \
                 .vi = "Số hiệu báo cáo."},                                                         \
                {"incident", API_ID, .flags = API_FILTER | API_NULLABLE,                            \
                 .en = "The incident; none: of a year.", .vi = "Sự cố; không có: báo cáo năm."},    \
                {"incident_code", API_STRING, .flags = API_NULLABLE, .en = "Its code.",             \
                 .vi = "Số hiệu sự cố."},                                                           \
                {"kind", API_STRING, .flags = API_FILTER, .en = "Of the regime's reports.",         \
                 .vi = "Loại báo cáo của bộ quy định."},                                            \
                {"regime", API_STRING, .en = "The law it is under.", .vi = "Bộ quy định."},         \
                {"title", API_STRING, .en = "What it is.", .vi = "Tên (tiếng Anh)."},               \
                {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên."},            \
                {"state",          API_ENUM,           .flags = API_FILTER | API_SORT,              \
                 .values = STATES, .en = "Its state.", .vi = "Trạng thái."},                        \
                {"due", API_TIME, .flags = API_FILTER | API_SORT | API_NULLABLE, .en = "Due at.",   \
                 .vi = "Hạn."},                                                                     \
                {"clock", API_ID, .flags = API_NULLABLE, .en = "The clock it meets.",               \
                 .vi = "Thời hạn mà báo cáo đáp ứng."},                                             \
                {"to", API_STRING, .flags = API_NULLABLE, .en = "Whom it is for, of the regime.",   \
                 .vi = "Nơi nhận theo bộ quy định."},                                               \
                {"to_name", API_STRING, .flags = API_NULLABLE, .en = "In words.",                   \
                 .vi = "Tên nơi nhận (tiếng Anh)."},                                                \
                {"to_name_vi", API_STRING, .flags = API_NULLABLE, .en = "In Vietnamese.",           \
                 .vi = "Tên nơi nhận."},                                                            \
                {"missing", API_INT, .flags = API_SORT, .en = "Mandatory fields that are empty.",   \
                 .vi = "Số trường bắt buộc còn thiếu."},                                            \
                {"missing_fields",        API_OBJECT,     .flags = API_LIST_OF,         .most = 64, \
                 .fields = missing_shape, .en = "Which.", .vi = "Các trường còn thiếu."},           \
                {"signatures",                                                                      \
                 API_OBJECT,                                                                        \
                 .flags = API_LIST_OF,                                                              \
                 .most = 8,                                                                         \
                 .fields = signature_shape,                                                         \
                 .en = "Who signed this version.",                                                  \
                 .vi = "Những người đã ký bản này."},                                               \
                {"lang", API_ENUM, .values = "vi|en", .en = "Its language.", .vi = "Ngôn ngữ."},    \
                {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},          \
                {"unit_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.",                 \
                 .vi = "Tên đơn vị."},                                                              \
                {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise: never sent.",       \
                 .vi = "Của diễn tập: không gửi ra ngoài."},                                        \
                {"play", API_ID, .flags = API_FILTER | API_NULLABLE,                                \
                 .en = "Of which play of an exercise.", .vi = "Của lượt diễn tập nào."},            \
                {"created", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "Begun.",         \
                 .vi = "Lập lúc."},                                                                 \
                {"created_by", API_STRING, .flags = API_NULLABLE, .en = "By whom.",                 \
                 .vi = "Người lập."},                                                               \
                {"written", API_TIME, .flags = API_NULLABLE, .en = "Its last version.",             \
                 .vi = "Bản cuối lúc."},                                                            \
                {"writer", API_STRING, .flags = API_NULLABLE, .en = "Who wrote that.",              \
                 .vi = "Người soạn bản cuối."},                                                     \
        {                                                                                           \
                "version", API_INT, .en = "The number of its last version.",                        \
                                    .vi = "Số của bản cuối."                                \
        }

const struct api_field api_report_list_shape[] = {REPORT_FIELDS, {0}};

static const struct api_field field_shape[] = {
        {"name", API_STRING, .en = "Its name in the regime.", .vi = "Mã trường."},
        {"title", API_STRING, .en = "What it is.", .vi = "Tên (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên."},
        {"must", API_BOOL, .en = "Nothing is signed without it.", .vi = "Bắt buộc."},
        {"kind", API_ENUM, .values = "line|text|time", .en = "What it holds.", .vi = "Kiểu."},
        {"basis", API_STRING, .flags = API_NULLABLE, .en = "The clause that asks for it.",
         .vi = "Căn cứ."},
        {"value", API_TEXT, .flags = API_NULLABLE, .en = "What is written.", .vi = "Nội dung."},
        {"filled", API_BOOL, .en = "As the incident has it; else a person wrote it.",
         .vi = "Lấy từ sự cố; nếu không là do người viết."},
        {0},
};

static const struct api_field version_shape[] = {
        {"n", API_INT, .en = "Its number.", .vi = "Số."},
        {"at", API_TIME, .en = "Written.", .vi = "Soạn lúc."},
        {"by", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người soạn."},
        {"hash", API_STRING, .en = "BLAKE2b-256 of its content.", .vi = "Mã băm nội dung."},
        {"note", API_STRING, .en = "What was said of it.", .vi = "Ghi chú."},
        {0},
};

static const struct api_field sent_shape[] = {
        {"how", API_ENUM, .values = "mail|hand", .en = "By mail, or handed over.",
         .vi = "Qua thư điện tử, hoặc giao trực tiếp."},
        {"to", API_STRING, .en = "To whom.", .vi = "Nơi nhận."},
        {"at", API_TIME, .flags = API_NULLABLE,
         .en = "When; null while its mail is queued, or failed.",
         .vi = "Lúc; rỗng khi thư chưa đi."},
        {"by", API_STRING, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người gửi."},
        {"proof", API_TEXT, .flags = API_NULLABLE, .en = "What proves it.", .vi = "Bằng chứng."},
        {"mail", API_ID, .flags = API_NULLABLE, .en = "The mail.", .vi = "Thư."},
        {"mail_state", API_STRING, .flags = API_NULLABLE, .en = "What became of it.",
         .vi = "Trạng thái thư."},
        {0},
};

const struct api_field api_report_shape[] = {
        REPORT_FIELDS,
        {"basis", API_STRING, .en = "The clause it rests on.", .vi = "Căn cứ pháp lý."},
        {"checked", API_ENUM, .values = "checked|reported|remembered",
         .en = "How that was checked.", .vi = "Cách đã kiểm tra căn cứ."},
        {"official", API_BOOL, .en = "An official form.", .vi = "Là mẫu chính thức."},
        {"notice", API_STRING, .flags = API_NULLABLE, .en = "What to know about the regime.",
         .vi = "Lưu ý về bộ quy định (tiếng Anh)."},
        {"notice_vi", API_STRING, .flags = API_NULLABLE, .en = "The same in Vietnamese.",
         .vi = "Lưu ý về bộ quy định."},
        {"subject", API_STRING, .en = "The mail's subject line.", .vi = "Tiêu đề thư."},
        {"hash", API_STRING, .en = "BLAKE2b-256 of the last version: what is signed.",
         .vi = "Mã băm bản cuối: nội dung được ký."},
        {"fields", API_OBJECT, .flags = API_LIST_OF, .most = 64, .fields = field_shape,
         .en = "The form.", .vi = "Mẫu báo cáo."},
        {"versions", API_OBJECT, .flags = API_LIST_OF, .most = 1000, .fields = version_shape,
         .en = "All versions, newest first.", .vi = "Mọi bản, mới nhất trước."},
        {"mine", API_BOOL, .en = "You wrote the last version: others sign.",
         .vi = "Bạn soạn bản cuối: người khác ký."},
        {"may_sign", API_BOOL, .en = "You could sign now.", .vi = "Bạn có thể ký bây giờ."},
        {"sent", API_OBJECT, .flags = API_NULLABLE, .fields = sent_shape,
         .en = "How it left, and the proof.", .vi = "Đã gửi thế nào, bằng chứng."},
        {0},
};

static const struct api_field kind_shape[] = {
        {"kind", API_STRING, .en = "Of the regime's reports.", .vi = "Loại báo cáo."},
        {"title", API_STRING, .en = "What it is.", .vi = "Tên (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên."},
        {"basis", API_STRING, .en = "The clause.", .vi = "Căn cứ."},
        {"checked", API_STRING, .en = "How that was checked.", .vi = "Cách đã kiểm tra."},
        {"official", API_BOOL, .en = "An official form.", .vi = "Là mẫu chính thức."},
        {"clock", API_STRING, .flags = API_NULLABLE, .en = "The clock it meets.",
         .vi = "Thời hạn đáp ứng."},
        {"due", API_TIME, .flags = API_NULLABLE, .en = "Its deadline, when it runs.",
         .vi = "Hạn, khi đang tính giờ."},
        {"to", API_STRING, .flags = API_NULLABLE, .en = "Whom it is for.", .vi = "Nơi nhận."},
        {"report", API_ID, .flags = API_NULLABLE, .en = "The one that is being written.",
         .vi = "Báo cáo đang soạn."},
        {0},
};
static const struct api_field kinds_shape[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 32, .fields = kind_shape,
         .en = "What could be written.", .vi = "Các báo cáo có thể lập."},
        {0},
};

static const struct api_field period_shape[] = {
        {"id", API_STRING, .en = "Of the regime's periodic reports.", .vi = "Mã."},
        {"title", API_STRING, .en = "What it is.", .vi = "Tên (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên."},
        {"basis", API_STRING, .en = "The clause.", .vi = "Căn cứ."},
        {"before", API_STRING, .en = "Before this day of a year: 12-20.",
         .vi = "Trước ngày này mỗi năm: 12-20."},
        {"due", API_TIME, .en = "The next time.", .vi = "Hạn tới."},
        {"to", API_STRING, .en = "Whom it is for.", .vi = "Nơi nhận."},
        {"year", API_INT, .en = "Of which year.", .vi = "Của năm."},
        {"report", API_ID, .flags = API_NULLABLE, .en = "The one that was begun.",
         .vi = "Báo cáo đã lập."},
        {0},
};
static const struct api_field periods_shape[] = {
        {"items", API_OBJECT, .flags = API_LIST_OF, .most = 32, .fields = period_shape,
         .en = "What is due once in a while.", .vi = "Báo cáo định kỳ."},
        {0},
};

/* ---- fields ---- */

#define PATH_ID                                                                                    \
        { "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The report.", .vi = "Báo cáo." }
#define VERSION                                                                                           \
        {                                                                                                 \
                "version", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT32_MAX,                    \
                                    .en = "The version that was shown.", .vi = "Bản đã hiển thị." \
        }
#define REASON                                                                                     \
        {                                                                                          \
                "reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 2000, .en = "Why.",    \
                                    .vi = "Lý do."                                                \
        }
#define FORMAT                                                                                     \
        {                                                                                          \
                "format", API_ENUM, .flags = API_REQUIRED | API_IN_QUERY,                          \
                                    .values = "pdf|docx|json", .en = "Which file.",                \
                                    .vi = "Loại tệp."                                          \
        }

static const struct api_field only_id[] = {PATH_ID, {0}};
static const struct api_field list_fields[] = {
        {"open", API_BOOL, .flags = API_IN_QUERY, .en = "Only what is neither sent nor dropped.",
         .vi = "Chỉ báo cáo chưa gửi, chưa bỏ."},
        {0},
};
static const struct api_field kinds_fields[] = {
        {"incident", API_ID, .flags = API_REQUIRED | API_IN_QUERY, .en = "The incident.",
         .vi = "Sự cố."},
        {0},
};
static const struct api_field periods_fields[] = {
        {"unit", API_ID, .flags = API_IN_QUERY, .en = "Of which unit; default: the first.",
         .vi = "Của đơn vị; mặc định: đơn vị gốc."},
        {0},
};
static const struct api_field open_fields[] = {
        {"incident", API_ID, .en = "The incident it is of.", .vi = "Của sự cố."},
        {"kind", API_STRING, .min = 1, .max = 64, .en = "Of the regime's reports.",
         .vi = "Loại báo cáo của bộ quy định."},
        {"periodic", API_STRING, .min = 1, .max = 64,
         .en = "In place of incident and kind: of the regime's periodic reports.",
         .vi = "Thay cho sự cố và loại: báo cáo định kỳ của bộ quy định."},
        {"unit", API_ID, .en = "With periodic: of which unit and those below it.",
         .vi = "Với báo cáo định kỳ: đơn vị và cấp dưới."},
        {"year", API_INT, .min = 2000, .max = 2999, .en = "With periodic: of which year.",
         .vi = "Với báo cáo định kỳ: năm."},
        {"lang", API_ENUM, .values = "vi|en", .en = "Its language; default: vi.",
         .vi = "Ngôn ngữ; mặc định: vi."},
        {0},
};
static const struct api_field edit_shape[] = {
        {"name", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 64, .en = "The field.",
         .vi = "Trường."},
        {"value", API_TEXT, .flags = API_NULLABLE, .max = 20000,
         .en = "What is written; null: as the incident has it.",
         .vi = "Nội dung; null: lấy từ sự cố."},
        {0},
};
static const struct api_field edit_fields[] = {
        PATH_ID,
        VERSION,
        {"fields", API_OBJECT, .flags = API_REQUIRED | API_LIST_OF, .most = 64,
         .fields = edit_shape, .en = "Fields that change.", .vi = "Các trường thay đổi."},
        {"note", API_STRING, .max = 500, .en = "What changed, for the list of versions.",
         .vi = "Ghi chú cho bản này."},
        {0},
};
static const struct api_field version_fields[] = {PATH_ID, VERSION, {0}};
static const struct api_field reason_fields[] = {PATH_ID, REASON, {0}};
static const struct api_field sign_fields[] = {
        PATH_ID,
        VERSION,
        {"code", API_SECRET, .flags = API_REQUIRED, .min = 6, .max = 6,
         .en = "Six digits of your second factor, for this report, now.",
         .vi = "Mã 6 số của bạn: cho chính báo cáo này."},
        {0},
};
static const struct api_field hand_fields[] = {
        PATH_ID,
        {"to", API_STRING, .flags = API_REQUIRED, .min = 2, .max = 500,
         .en = "Who took it: agency, name, post.", .vi = "Bên nhận: cơ quan, họ tên, chức vụ."},
        {"at", API_TIME, .en = "When; default: now.", .vi = "Lúc; mặc định: bây giờ."},
        {"proof", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 2000,
         .en = "What proves it: number of the receipt, register, call.",
         .vi = "Bằng chứng: số biên nhận, sổ công văn, cuộc gọi."},
        {0},
};
static const struct api_field send_fields[] = {
        PATH_ID,
        {"to", API_STRING, .flags = API_REQUIRED | API_LIST_OF, .min = 3, .max = 254, .most = 20,
         .en = "Addresses of mail.", .vi = "Địa chỉ thư."},
        {"subject", API_STRING, .min = 3, .max = 300,
         .en = "The subject line; default: the regime's.",
         .vi = "Tiêu đề thư; mặc định: theo bộ quy định."},
        {0},
};
static const struct api_field signature_fields[] = {PATH_ID, FORMAT, {0}};
static const struct api_field file_fields[] = {
        PATH_ID,
        FORMAT,
        {"version", API_INT, .flags = API_IN_QUERY, .min = 1, .max = INT32_MAX,
         .en = "Which version; default: the last.", .vi = "Bản số; mặc định: bản cuối."},
        {0},
};
static const struct api_field share_fields[] = {
        {"id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The incident.", .vi = "Sự cố."},
        {"sharing", API_ENUM, .flags = API_REQUIRED | API_IN_QUERY, .values = SHARINGS,
         .en = "How far it may go: what is marked stricter is left out.",
         .vi = "Phạm vi chia sẻ: nội dung có mức TLP chặt hơn bị bỏ ra."},
        {0},
};

#define R "/api/v1/reports"
#define I "/api/v1/incidents"
const struct api_op api_reports_ops[] = {
        {"reports.list", API_GET, R, "reports.read", API_LIST, list_fields, api_report_list_shape,
         "What is owed, to whom, by when.", "Báo cáo phải gửi: cho ai, khi nào."},
        {"reports.kinds", API_GET, R "/kinds", "reports.read", 0, kinds_fields, kinds_shape,
         "What could be written of an incident.", "Các báo cáo có thể lập cho một sự cố."},
        {"reports.periodic", API_GET, R "/periodic", "reports.read", 0, periods_fields,
         periods_shape, "What is due once in a while.", "Các báo cáo định kỳ."},
        {"reports.open", API_POST, R, "reports.write", 0, open_fields, api_report_shape,
         "Begins a report, filled as far as is known.", "Lập báo cáo, điền sẵn những gì đã biết."},
        {"reports.get", API_GET, R "/{id}", "reports.read", 0, only_id, api_report_shape,
         "One report.", "Một báo cáo."},
        {"reports.edit", API_PUT, R "/{id}", "reports.write", 0, edit_fields, api_report_shape,
         "Writes a new version of a draft.", "Soạn bản mới của dự thảo."},
        {"reports.fill", API_POST, R "/{id}/fill", "reports.write", 0, version_fields,
         api_report_shape, "Fills a draft anew; what a person wrote stays.",
         "Điền lại từ sự cố; giữ nguyên phần người viết."},
        {"reports.submit", API_POST, R "/{id}/submit", "reports.write", 0, version_fields,
         api_report_shape, "Asks for signatures; nothing mandatory may be missing.",
         "Trình ký; không thiếu trường bắt buộc."},
        {"reports.reopen", API_POST, R "/{id}/reopen", "reports.write", 0, reason_fields,
         api_report_shape, "Back to a draft; signatures are void.",
         "Trả về dự thảo; các chữ ký hết giá trị."},
        {"reports.drop", API_POST, R "/{id}/drop", "reports.write", 0, reason_fields,
         api_report_shape, "Gives it up; it stays to be read.", "Bỏ báo cáo; vẫn lưu để xem."},
        {"reports.sign", API_POST, R "/{id}/sign", "reports.sign", API_NO_TOKEN, sign_fields,
         api_report_shape, "Signs this version: two people who did not write it.",
         "Ký bản này: hai người không phải người soạn."},
        {"reports.hand", API_POST, R "/{id}/hand", "reports.send", 0, hand_fields, api_report_shape,
         "Says that it was handed over; its clock is met.", "Ghi nhận đã giao; đáp ứng thời hạn."},
        {"reports.send", API_POST, R "/{id}/send", "reports.send", 0, send_fields, api_report_shape,
         "Sends it by mail with its files and their signatures; its clock is met.",
         "Gửi thư kèm các tệp và chữ ký; đáp ứng thời hạn."},
        {"reports.signature", API_GET, R "/{id}/signature", "reports.read", API_BYTES,
         signature_fields, NULL,
         "The node's detached signature of a signed report's file: coloa verify checks it.",
         "Chữ ký tách rời của nút cho tệp báo cáo đã ký: kiểm tra bằng coloa verify."},
        {"reports.stix", API_GET, I "/{id}/stix", "reports.send", API_BYTES, share_fields, NULL,
         "The incident as a STIX 2.1 bundle, as far as its traffic lights let it go.",
         "Sự cố dạng STIX 2.1, trong phạm vi các mức TLP cho phép."},
        {"reports.iodef", API_GET, I "/{id}/iodef", "reports.send", API_BYTES, share_fields, NULL,
         "The same as IODEF 2 (RFC 7970).", "Tương tự, dạng IODEF 2 (RFC 7970)."},
        {"reports.file", API_GET, R "/{id}/file", "reports.read", API_BYTES, file_fields, NULL,
         "The report as a file; of a draft it says so on every page.",
         "Báo cáo dạng tệp; bản dự thảo có ghi rõ trên từng trang."},
        {0},
};
