/* Operations on who may see names of people, for which incident (doc/privacy.md). */
#include "wire/api_shapes.h"

#define Q_MAX 8192
#define STATES "waiting|active|refused|ended|expired"
#define ID                                                                                         \
        { "id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào." }

static const struct api_field unmasking_shape[] = {
        {"id", API_ID, API_FILTER | API_SORT, .en = "Its number.", .vi = "Số."},
        {"code", API_STRING, .en = "What people call it.", .vi = "Số hiệu."},
        {"incident", API_ID, API_FILTER, .en = "For which incident.", .vi = "Vì sự cố nào."},
        {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},
        {"unit", API_ID, API_FILTER, .en = "The unit.", .vi = "Đơn vị."},
        {"by", API_ID, API_FILTER | API_NULLABLE, .en = "Who sees names.", .vi = "Ai được xem."},
        {"by_name", API_STRING, API_NULLABLE, .en = "Their name.", .vi = "Tên người đó."},
        {"reason", API_TEXT, .en = "What for.", .vi = "Lý do."},
        {"q", API_TEXT, API_NULLABLE, .en = "The search that it was first used for.",
         .vi = "Truy vấn đầu tiên dùng đến."},
        {"from", API_TIME, .en = "Names in data from here on …",
         .vi = "Tên trong dữ liệu từ lúc …"},
        {"to", API_TIME, .en = "… before this.", .vi = "… đến trước lúc này."},
        {"state", API_ENUM, API_FILTER, .values = STATES, .en = "Its state.", .vi = "Trạng thái."},
        {"asked", API_TIME, API_SORT | API_FILTER | API_DEFAULT_SORT, .en = "Asked for.",
         .vi = "Yêu cầu lúc."},
        {"decided", API_TIME, API_NULLABLE, .en = "Decided.", .vi = "Quyết định lúc."},
        {"approver", API_ID, API_NULLABLE | API_FILTER, .en = "By whom; null: nobody had to.",
         .vi = "Ai duyệt; null: không cần duyệt."},
        {"approver_name", API_STRING, API_NULLABLE, .en = "Their name.", .vi = "Tên người duyệt."},
        {"note", API_TEXT, API_NULLABLE, .en = "Why it was refused.", .vi = "Lý do từ chối."},
        {"expires", API_TIME, API_NULLABLE | API_SORT, .en = "In force until.",
         .vi = "Có hiệu lực đến."},
        {"uses", API_INT, API_SORT, .en = "How often it was used.", .vi = "Số lần đã dùng."},
        {"last_used", API_TIME, API_NULLABLE | API_SORT, .en = "The last time.",
         .vi = "Lần dùng cuối."},
        {"mine", API_BOOL, .en = "The asker asked for it.", .vi = "Người hỏi đã yêu cầu."},
        {0},
};

static const struct api_field ask_fields[] = {
        {"incident", API_ID, API_REQUIRED, .en = "The incident that it is for.",
         .vi = "Sự cố cần đến."},
        {"reason", API_TEXT, API_REQUIRED, 3, 2000, .en = "What for, in a sentence.",
         .vi = "Lý do, một câu."},
        {"q", API_TEXT, API_NULLABLE, 0, Q_MAX, .en = "The search it is for.",
         .vi = "Truy vấn cần dùng."},
        {"from", API_TIME, API_REQUIRED, .en = "Data from here on …", .vi = "Dữ liệu từ lúc …"},
        {"to", API_TIME, API_REQUIRED, .en = "… before this.", .vi = "… đến trước lúc này."},
        {0},
};
static const struct api_field refuse_fields[] = {
        ID,
        {"reason", API_TEXT, API_REQUIRED, 3, 2000, .en = "Why not.", .vi = "Lý do từ chối."},
        {0},
};

static const struct api_field only_id[] = {ID, {0}};

#define U "/api/v1/unmaskings"
const struct api_op api_unmaskings_ops[] = {
        {"unmaskings.list", API_GET, U, NULL, API_SELF | API_LIST, NULL, unmasking_shape,
         "Who may see names, for what: one's own, and for inspectors and approvers those of their "
         "units.",
         "Ai được xem tên, vì việc gì: của mình; thanh tra và người duyệt thấy của đơn vị."},
        {"unmaskings.get", API_GET, U "/{id}", NULL, API_SELF, only_id, unmasking_shape,
         "One of them.", "Một lượt bỏ che."},
        {"unmaskings.ask", API_POST, U, "events.unmask", API_NO_TOKEN, ask_fields, unmasking_shape,
         "Asks to see names for an incident, for 24 hours; over 7 days of data a second person "
         "approves.",
         "Yêu cầu xem tên vì một sự cố, trong 24 giờ; quá 7 ngày dữ liệu cần người thứ hai duyệt."},
        {"unmaskings.approve", API_POST, U "/{id}/approve", "events.unmask_long",
         API_NO_TOKEN | API_SECOND, only_id, unmasking_shape,
         "Approves another person's, with a fresh second factor.",
         "Duyệt yêu cầu của người khác, với xác thực lớp hai còn mới."},
        {"unmaskings.refuse", API_POST, U "/{id}/refuse", "events.unmask_long", API_NO_TOKEN,
         refuse_fields, unmasking_shape, "Refuses it.", "Từ chối."},
        {"unmaskings.end", API_POST, U "/{id}/end", "events.unmask", API_NO_TOKEN, only_id,
         unmasking_shape, "Ends one's own before its time.", "Kết thúc sớm lượt của mình."},
        {0},
};
