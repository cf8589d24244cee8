/* Exceptions: what a rule says of something is known and shall not wake anybody, until a day. Those of the file are
 * shown beside those that people made at the desk when they dismissed an alert. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

#define N API_NULLABLE

#define REASONS "false_positive|expected|test|duplicate|known_risk|no_harm"

const struct api_field api_exception_row[] = {
        {"id", API_ID, API_SORT, .en = "Its number.", .vi = "Số."},
        {"key", API_STRING, API_FILTER, .en = "As alerts name it: \"#12\", or the file's id.",
         .vi = "Mã ghi trên cảnh báo: \"#12\", hoặc id trong tệp."},
        {"origin", API_ENUM, API_FILTER, .values = "desk|file",
         .en = "Made here, or of the configuration's file.", .vi = "Lập tại đây, hoặc từ tệp."},
        {"state", API_ENUM, API_FILTER, .values = "active|expired|ended", .en = "Whether it holds.",
         .vi = "Còn hiệu lực không."},
        {"rule", API_STRING, API_FILTER | N, .en = "The rule's id.", .vi = "Mã quy tắc."},
        {"rule_title", API_STRING, N, .en = "Its title.", .vi = "Tên quy tắc (tiếng Anh)."},
        {"rule_title_vi", API_STRING, N, .en = "The same in Vietnamese.", .vi = "Tên quy tắc."},
        {"rules", API_STRING, N, .en = "Of the file: ids and tags.", .vi = "Từ tệp: mã và thẻ."},
        {"by", API_OBJECT, API_LIST_OF, .most = 4, .en = "What must be the same.",
         .vi = "Những gì phải trùng.",
         .fields =
                 (const struct api_field[]){
                         {"field", API_STRING, .en = "Of the alert.", .vi = "Trường."},
                         {"value", API_STRING, .en = "What it is.", .vi = "Giá trị."},
                         {0}}},
        {"owner", API_ID, N, .en = "Who answers for it.", .vi = "Người chịu trách nhiệm."},
        {"owner_name", API_STRING, N, .en = "Their name.", .vi = "Tên người chịu trách nhiệm."},
        {"reason", API_ENUM, N, .values = REASONS, .en = "Why the alert was dismissed.",
         .vi = "Vì sao bỏ qua cảnh báo."},
        {"text", API_TEXT, .en = "In words.", .vi = "Bằng lời."},
        {"until", API_TIME, API_FILTER | API_SORT | API_DEFAULT_SORT | N, .en = "It ends.",
         .vi = "Hết hạn."},
        {"made_at", API_TIME, API_SORT, .en = "Made.", .vi = "Lập lúc."},
        {"made_by_name", API_STRING, N, .en = "By whom.", .vi = "Người lập."},
        {"ended_at", API_TIME, N, .en = "Ended before.", .vi = "Chấm dứt lúc."},
        {"ended_by_name", API_STRING, N, .en = "By whom.", .vi = "Người chấm dứt."},
        {"ended_text", API_TEXT, N, .en = "Why.", .vi = "Vì sao."},
        {"alert", API_ID, N, .en = "The alert it was made of.", .vi = "Từ cảnh báo nào."},
        {"unit", API_ID, API_FILTER, .en = "It covers this unit and below.",
         .vi = "Áp dụng cho đơn vị này và bên dưới."},
        {"unit_name", API_STRING, N, .en = "Its name.", .vi = "Tên đơn vị."},
        {"count", API_INT, .en = "What it kept back, times.", .vi = "Đã giữ lại bao nhiêu lần."},
        {"last", API_TIME, N, .en = "When last.", .vi = "Lần cuối."},
        {0},
};

static const struct api_field by_id[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào."},
        {0},
};
static const struct api_field end[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào."},
        {"text", API_TEXT, N, 0, 2000, .en = "Why.", .vi = "Vì sao."},
        {0},
};

static const struct api_field prolong[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào."},
        {"until", API_TIME, API_REQUIRED, .en = "It ends then.", .vi = "Hết hạn khi nào."},
        {"text", API_TEXT, API_REQUIRED, 3, 2000, .en = "Why it still holds.",
         .vi = "Vì sao vẫn cần."},
        {0},
};

const struct api_op api_exceptions_ops[] = {
        {
                .id = "exceptions.list",
                .method = API_GET,
                .path = "/api/v1/exceptions",
                .permission = "exceptions.write",
                .flags = API_LIST,
                .answer = api_exception_row,
                .en = "Exceptions of the desk and of the file.",
                .vi = "Ngoại lệ lập tại đây và từ tệp.",
        },
        {
                .id = "exceptions.get",
                .method = API_GET,
                .path = "/api/v1/exceptions/{id}",
                .permission = "exceptions.write",
                .fields = by_id,
                .answer = api_exception_row,
                .en = "One of them.",
                .vi = "Một ngoại lệ.",
        },
        {
                .id = "exceptions.end",
                .method = API_POST,
                .path = "/api/v1/exceptions/{id}/end",
                .permission = "exceptions.write",
                .fields = end,
                .answer = api_exception_row,
                .en = "Ends one of the desk before its day.",
                .vi = "Chấm dứt sớm một ngoại lệ lập tại đây.",
        },
        {
                .id = "exceptions.prolong",
                .method = API_POST,
                .path = "/api/v1/exceptions/{id}/prolong",
                .permission = "exceptions.write",
                .fields = prolong,
                .answer = api_exception_row,
                .en = "Gives one of the desk that did not end another end.",
                .vi = "Gia hạn một ngoại lệ lập tại đây chưa chấm dứt.",
        },
        {0},
};
