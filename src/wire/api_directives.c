/* Operations of directives: advisories and orders to units, and what came of them (doc/directives.md). */
#include "wire/api_shapes.h"

#define SEVERITIES "critical|high|medium|low|info"
#define TLPS "red|amber_strict|amber|green|clear"

#define FLAT                                                                                       \
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},          \
                {"code", API_STRING, .flags = API_FILTER | API_NULLABLE,                           \
                 .en = "What people call it; null: a draft.", .vi = "Số hiệu; null: bản nháp."},   \
                {"kind",                                                                           \
                 API_ENUM,                                                                         \
                 .flags = API_FILTER,                                                              \
                 .values = "advisory|order",                                                       \
                 .en = "To be known, or to be done.",                                              \
                 .vi = "Khuyến cáo, hoặc chỉ đạo phải làm."},                                      \
                {"severity",          API_ENUM,       .flags = API_FILTER, .values = SEVERITIES,   \
                 .en = "How urgent.", .vi = "Mức độ."},                                            \
                {"title", API_STRING, .flags = API_SORT, .en = "What it is about.",                \
                 .vi = "Trích yếu."},                                                              \
                {"tlp", API_ENUM, .values = TLPS, .en = "Traffic light.", .vi = "Mức TLP."},       \
                {"state",                                                                          \
                 API_ENUM,                                                                         \
                 .flags = API_FILTER,                                                              \
                 .values = "draft|issued|withdrawn",                                               \
                 .en = "Its state.",                                                               \
                 .vi = "Trạng thái."},                                                             \
                {"unit", API_ID, .flags = API_FILTER, .en = "The unit that issues it.",            \
                 .vi = "Đơn vị ban hành."},                                                        \
                {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị."},                 \
                {"incident", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Because of it.",   \
                 .vi = "Từ sự cố."},                                                               \
                {"incident_code", API_STRING, .flags = API_NULLABLE, .en = "Its code.",            \
                 .vi = "Số hiệu sự cố."},                                                          \
                {"created", API_TIME, .flags = API_SORT | API_FILTER | API_DEFAULT_SORT,           \
                 .en = "Written.", .vi = "Lập lúc."},                                              \
                {"created_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.",           \
                 .vi = "Người lập."},                                                              \
                {"issued", API_TIME, .flags = API_SORT | API_FILTER | API_NULLABLE,                \
                 .en = "Issued.", .vi = "Ban hành lúc."},                                          \
                {"issued_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.",            \
                 .vi = "Người ban hành."},                                                         \
                {"due", API_TIME, .flags = API_SORT | API_FILTER, .en = "To be done by then.",     \
                 .vi = "Thời hạn."},                                                               \
                {"rules", API_BOOL, .en = "It carries rules.", .vi = "Kèm quy tắc."},              \
                {"indicators", API_BOOL, .en = "It carries indicators.", .vi = "Kèm chỉ dấu."},    \
                {"units", API_INT, .en = "To how many units.", .vi = "Số đơn vị nhận."},           \
                {"acknowledged", API_INT, .en = "How many acknowledged it.",                       \
                 .vi = "Số đơn vị đã tiếp nhận."},                                                 \
                {"done", API_INT, .en = "How many did it, or said why not.",                       \
                 .vi = "Số đơn vị đã thực hiện, hoặc nêu lý do."},                                 \
                {"overdue", API_INT, .flags = API_FILTER,                                          \
                 .en = "How many have not, and the time is over.", .vi = "Số đơn vị quá hạn."},    \
                {"mine", API_INT, .flags = API_FILTER,                                             \
                 .en = "Of yours: how many have still to answer.",                                 \
                 .vi = "Của bạn: số đơn vị còn phải trả lời."},                                    \
        {                                                                                          \
                "version", API_INT, .en = "For changes.", .vi = "Phiên bản."                    \
        }

const struct api_field api_directive_flat[] = {FLAT, {0}};

static const struct api_field answer_shape[] = {
        {"unit", API_ID, .en = "The unit.", .vi = "Đơn vị."},
        {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị."},
        {"state", API_ENUM, .values = "open|acknowledged|done|declined",
         .en = "What it said so far.", .vi = "Đã trả lời đến đâu."},
        {"overdue", API_BOOL, .en = "The time is over.", .vi = "Đã quá hạn."},
        {"acknowledged", API_TIME, .flags = API_NULLABLE, .en = "When it was acknowledged.",
         .vi = "Tiếp nhận lúc."},
        {"acknowledged_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.",
         .vi = "Người tiếp nhận."},
        {"note", API_TEXT, .flags = API_NULLABLE, .en = "What they said then.", .vi = "Ghi chú."},
        {"done", API_TIME, .flags = API_NULLABLE, .en = "When it was answered.",
         .vi = "Trả lời lúc."},
        {"done_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.",
         .vi = "Người trả lời."},
        {"proof", API_TEXT, .flags = API_NULLABLE, .en = "What shows it; or why not.",
         .vi = "Minh chứng; hoặc lý do."},
        {"evidence", API_ID, .flags = API_NULLABLE, .en = "A piece of evidence that shows it.",
         .vi = "Bằng chứng kèm theo."},
        {"reminders", API_INT, .en = "How often it was reminded.", .vi = "Số lần đã nhắc."},
        {"reminded", API_TIME, .flags = API_NULLABLE, .en = "The last time.",
         .vi = "Lần nhắc cuối."},
        {"mine", API_BOOL, .en = "You may answer for it.", .vi = "Bạn được trả lời thay đơn vị."},
        {0},
};

static const struct api_field check_shape[] = {
        {"good", API_BOOL, .en = "Without an error.", .vi = "Không có lỗi."},
        {"said", API_TEXT, .en = "Its words.", .vi = "Nội dung."},
        {0},
};

const struct api_field api_directive_shape[] = {
        FLAT,
        {"text", API_TEXT, .en = "What is to be known or done.", .vi = "Nội dung."},
        {"rules_text", API_TEXT, .flags = API_NULLABLE, .en = "Sigma rules that it carries.",
         .vi = "Quy tắc Sigma kèm theo."},
        {"indicators_text", API_TEXT, .flags = API_NULLABLE,
         .en = "Indicators that it carries: CSV, STIX or MISP.",
         .vi = "Chỉ dấu kèm theo: CSV, STIX hoặc MISP."},
        {"check", API_OBJECT, .flags = API_NULLABLE, .fields = check_shape,
         .en = "What the linter said of both when it was issued.",
         .vi = "Kết quả kiểm tra cả hai khi ban hành."},
        {"withdrawn", API_TIME, .flags = API_NULLABLE, .en = "Withdrawn.", .vi = "Rút lại lúc."},
        {"reason", API_TEXT, .flags = API_NULLABLE, .en = "Why.", .vi = "Lý do."},
        {"answers", API_OBJECT, .flags = API_LIST_OF, .most = 1000, .fields = answer_shape,
         .en = "Of the units that you may see.", .vi = "Của các đơn vị bạn được xem."},
        {0},
};

#define PATH_ID                                                                                    \
        {                                                                                          \
                "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The directive.",         \
                              .vi = "Chỉ đạo."                                                \
        }
#define VERSION                                                                                        \
        {                                                                                              \
                "version", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT64_MAX,                 \
                                    .en = "The version that was seen.", .vi = "Phiên bản đã xem." \
        }
#define UNIT(more)                                                                                 \
        { "unit", API_ID, .flags = (more), .en = "The unit that answers.", .vi = "Đơn vị trả lời." }

#define CONTENT(more)                                                                              \
        {"kind",                                                                                   \
         API_ENUM,                                                                                 \
         .flags = (more),                                                                          \
         .values = "advisory|order",                                                               \
         .en = "To be known, or to be done.",                                                      \
         .vi = "Khuyến cáo, hoặc chỉ đạo phải làm."},                                              \
                {"severity",          API_ENUM,       .flags = (more), .values = SEVERITIES,       \
                 .en = "How urgent.", .vi = "Mức độ."},                                            \
                {"title",           API_STRING, .flags = (more),                                   \
                 .min = 3,          .max = 200, .en = "What it is about.",                         \
                 .vi = "Trích yếu."},                                                              \
                {"text",           API_TEXT,     .flags = (more),                                  \
                 .min = 3,         .max = 50000, .en = "What is to be known or done.",             \
                 .vi = "Nội dung."},                                                               \
                {"tlp", API_ENUM, .values = TLPS, .en = "Traffic light; default: amber.",          \
                 .vi = "Mức TLP; mặc định: amber."},                                               \
                {"due", API_TIME, .flags = (more), .en = "To be done by then.",                    \
                 .vi = "Thời hạn."},                                                               \
                {"units",     API_ID,           .flags = (more) | API_LIST_OF,                     \
                 .most = 500, .en = "To whom.", .vi = "Gửi tới."},                                 \
                {"incident", API_ID, .flags = API_NULLABLE, .en = "Because of an incident.",       \
                 .vi = "Từ sự cố."},                                                               \
                {"rules",                                                                          \
                 API_TEXT,                                                                         \
                 .flags = API_NULLABLE,                                                            \
                 .max = 100000,                                                                    \
                 .en = "Sigma rules, looked at by the linter before it is issued.",                \
                 .vi = "Quy tắc Sigma, được kiểm tra trước khi ban hành."},                        \
        {                                                                                          \
                "indicators", API_TEXT, .flags = API_NULLABLE, .max = 100000,                      \
                                        .en = "Indicators: CSV, STIX or MISP.",                    \
                                        .vi = "Chỉ dấu: CSV, STIX hoặc MISP."                \
        }

static const struct api_field create_fields[] = {
        {"unit", API_ID, .flags = API_REQUIRED, .en = "The unit that issues it.",
         .vi = "Đơn vị ban hành."},
        CONTENT(API_REQUIRED),
        {0},
};
static const struct api_field edit_fields[] = {
        PATH_ID,
        VERSION,
        {"unit", API_ID, .en = "The unit that issues it.", .vi = "Đơn vị ban hành."},
        CONTENT(0),
        {0}};
static const struct api_field only_id[] = {PATH_ID, {0}};
static const struct api_field version_fields[] = {PATH_ID, VERSION, {0}};
static const struct api_field reason_fields[] = {
        PATH_ID,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 2000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};
static const struct api_field remind_fields[] = {PATH_ID, UNIT(0), {0}};
static const struct api_field reopen_fields[] = {PATH_ID,
                                                 UNIT(API_REQUIRED),
                                                 {"reason", API_TEXT, .flags = API_REQUIRED,
                                                  .min = 3, .max = 2000, .en = "What is missing.",
                                                  .vi = "Còn thiếu gì."},
                                                 {0}};
static const struct api_field acknowledge_fields[] = {
        PATH_ID,
        UNIT(API_REQUIRED),
        {"note", API_TEXT, .max = 2000, .en = "What is to be said now.", .vi = "Ghi chú."},
        {0}};
static const struct api_field answer_fields[] = {
        PATH_ID,
        UNIT(API_REQUIRED),
        {"state", API_ENUM, .flags = API_REQUIRED, .values = "done|declined",
         .en = "It is done; or it is not, and why.", .vi = "Đã thực hiện; hoặc không, và lý do."},
        {"proof", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 20000,
         .en = "What shows it; or why not.", .vi = "Minh chứng; hoặc lý do."},
        {"evidence", API_ID, .flags = API_NULLABLE, .en = "A piece of evidence that shows it.",
         .vi = "Bằng chứng kèm theo."},
        {0},
};

#define D "/api/v1/directives"
const struct api_op api_directives_ops[] = {
        {"directives.list", API_GET, D, "directives.read", API_LIST, NULL, api_directive_flat,
         "Advisories and orders: one's own units', and to them.",
         "Khuyến cáo và chỉ đạo: của và gửi tới các đơn vị của mình."},
        {"directives.create", API_POST, D, "directives.issue", 0, create_fields,
         api_directive_shape, "Writes a draft.", "Soạn bản nháp."},
        {"directives.get", API_GET, D "/{id}", "directives.read", 0, only_id, api_directive_shape,
         "One directive, with what units answered.", "Một chỉ đạo, cùng trả lời của các đơn vị."},
        {"directives.edit", API_PATCH, D "/{id}", "directives.issue", 0, edit_fields,
         api_directive_shape, "Changes a draft.", "Sửa bản nháp."},
        {"directives.issue", API_POST, D "/{id}/issue", "directives.issue", 0, version_fields,
         api_directive_shape,
         "Issues it: rules and indicators are looked at first, then the units are told.",
         "Ban hành: kiểm tra quy tắc và chỉ dấu trước, rồi báo cho các đơn vị."},
        {"directives.withdraw", API_POST, D "/{id}/withdraw", "directives.issue", 0, reason_fields,
         api_directive_shape, "Withdraws it.", "Rút lại."},
        {"directives.remind", API_POST, D "/{id}/remind", "directives.issue", 0, remind_fields,
         api_directive_shape, "Reminds those who have not answered, or one of them.",
         "Nhắc các đơn vị chưa trả lời, hoặc một đơn vị."},
        {"directives.reopen", API_POST, D "/{id}/reopen", "directives.issue", 0, reopen_fields,
         api_directive_shape, "Gives an answer back: its proof does not show it.",
         "Trả lại câu trả lời: minh chứng chưa đủ."},
        {"directives.acknowledge", API_POST, D "/{id}/acknowledge", "directives.answer", 0,
         acknowledge_fields, api_directive_shape, "Says for a unit that it is known there.",
         "Thay đơn vị xác nhận đã tiếp nhận."},
        {"directives.answer", API_POST, D "/{id}/answer", "directives.answer", 0, answer_fields,
         api_directive_shape, "Says for a unit that it is done, with proof; or why not.",
         "Thay đơn vị báo đã thực hiện, kèm minh chứng; hoặc lý do."},
        {"directives.rules", API_GET, D "/{id}/rules", "directives.read", API_BYTES, only_id, NULL,
         "Its rules, as a file.", "Quy tắc, dạng tệp."},
        {"directives.indicators", API_GET, D "/{id}/indicators", "directives.read", API_BYTES,
         only_id, NULL, "Its indicators, as a file.", "Chỉ dấu, dạng tệp."},
        {0},
};
