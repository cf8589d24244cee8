/* Operations on what leaves the node: mails and webhooks, and whether they arrived (doc/courier.md). */
#include "wire/api_shapes.h"

#define STATES "queued|sent|failed|held|cancelled"

#define FLAT                                                                                       \
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},          \
                {"kind",       API_ENUM,         .flags = API_FILTER, .values = "mail|webhook",    \
                 .en = "How.", .vi = "Cách gửi."},                                                 \
                {"state",                                                                          \
                 API_ENUM,                                                                         \
                 .flags = API_FILTER | API_SORT,                                                   \
                 .values = STATES,                                                                 \
                 .en = "Its state; held: of a drill, it does not leave.",                          \
                 .vi = "Trạng thái; held: của diễn tập, không gửi đi."},                           \
                {"to",                                                                             \
                 API_STRING,                                                                       \
                 .flags = API_LIST_OF,                                                             \
                 .most = 50,                                                                       \
                 .en = "Addresses, or the webhook's name.",                                        \
                 .vi = "Địa chỉ, hoặc tên webhook."},                                              \
                {"subject", API_STRING, .en = "Its subject.", .vi = "Tiêu đề."},                   \
                {"about", API_STRING, .en = "What it is about.", .vi = "Về việc gì."},             \
                {"incident", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "The incident.",    \
                 .vi = "Sự cố."},                                                                  \
                {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},         \
                {"created", API_TIME, .flags = API_SORT | API_FILTER | API_DEFAULT_SORT,           \
                 .en = "Written.", .vi = "Lập lúc."},                                              \
                {"created_by", API_ID, .flags = API_NULLABLE | API_FILTER,                         \
                 .en = "By whom; null: the node itself.", .vi = "Người gửi; null: chính nút."},    \
                {"created_by_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",        \
                 .vi = "Tên người gửi."},                                                          \
                {"due", API_TIME, .flags = API_SORT | API_NULLABLE,                                \
                 .en = "The next try; null: there is none.",                                       \
                 .vi = "Lần thử tới; null: không có."},                                            \
                {"tries", API_INT, .en = "How often it was tried.", .vi = "Số lần đã thử."},       \
                {"last_try", API_TIME, .flags = API_NULLABLE, .en = "The last try.",               \
                 .vi = "Lần thử cuối."},                                                           \
                {"last_error", API_STRING, .flags = API_NULLABLE, .en = "What went wrong then.",   \
                 .vi = "Lỗi lần đó."},                                                             \
                {"sent", API_TIME, .flags = API_SORT | API_NULLABLE,                               \
                 .en = "Taken by the other side.", .vi = "Bên nhận đã nhận lúc."},                 \
                {"drill", API_BOOL, .flags = API_FILTER, .en = "Of a drill.",                      \
                 .vi = "Của diễn tập."},                                                           \
        {                                                                                          \
                "files", API_INT, .en = "Attachments.", .vi = "Số tệp kèm."                   \
        }

const struct api_field api_outgoing_shape[] = {FLAT, {0}};

const struct api_field api_outgoing_one_shape[] = {
        FLAT,
        {"body", API_TEXT, .en = "Its text.", .vi = "Nội dung."},
        {"message_id", API_STRING, .en = "The same at every try.",
         .vi = "Mã, không đổi qua mỗi lần."},
        {0},
};

static const struct api_field status_shape[] = {
        {"configured", API_BOOL, .en = "There was a courier since the desk began.",
         .vi = "Đã có tiến trình gửi từ khi chạy."},
        {"up", API_BOOL, .en = "The courier is there.", .vi = "Tiến trình gửi đang chạy."},
        {"mail", API_BOOL, .en = "A mail server is configured.", .vi = "Đã cấu hình máy chủ thư."},
        {"webhooks", API_STRING, .flags = API_LIST_OF, .most = 32, .en = "Webhooks configured.",
         .vi = "Webhook đã cấu hình."},
        {"queued", API_INT, .en = "How many wait.", .vi = "Số đang chờ."},
        {"failed", API_INT, .en = "How many failed for good.", .vi = "Số thất bại."},
        {"held", API_INT, .en = "How many are held.", .vi = "Số đang giữ."},
        {"sent", API_INT, .en = "How many were sent.", .vi = "Số đã gửi."},
        {"oldest", API_TIME, .flags = API_NULLABLE, .en = "Since when the oldest waits.",
         .vi = "Thư chờ lâu nhất từ lúc."},
        {"last_error", API_STRING, .flags = API_NULLABLE, .en = "What went wrong last, of those.",
         .vi = "Lỗi gần nhất của các thư đó."},
        {"last_error_at", API_TIME, .flags = API_NULLABLE, .en = "When.", .vi = "Lúc."},
        {0},
};

#define SETTINGS                                                                                   \
        {"deadline_mail", API_BOOL, .flags = API_REQUIRED,                                         \
         .en = "Mail before a legal deadline of an incident, and when it passed.",                 \
         .vi = "Gửi thư trước và khi quá thời hạn pháp lý của sự cố."},                            \
                {"deadline_webhook", API_BOOL, .flags = API_REQUIRED,                              \
                 .en = "The same to all webhooks.", .vi = "Cũng gửi tới mọi webhook."},            \
                {"critical_mail", API_BOOL, .flags = API_REQUIRED,                                 \
                 .en = "Mail to whoever is on duty about critical alerts.",                        \
                 .vi = "Gửi thư cho người trực về cảnh báo nghiêm trọng."},                        \
                {"digest_hour",                                                                    \
                 API_INT,                                                                          \
                 .flags = API_NULLABLE,                                                            \
                 .min = 0,                                                                         \
                 .max = 23,                                                                        \
                 .en = "Hour of the day for the list of overdue tasks; null: none.",               \
                 .vi = "Giờ gửi danh sách việc quá hạn; null: không gửi."},                        \
        {                                                                                          \
                "reminder_hours", API_INT,                                                         \
                        .flags = API_REQUIRED, .min = 1, .max = 720,                               \
                        .en = "Reminders of directives: so long before they are "                  \
                              "due, and as often after.",                                          \
                        .vi = "Nhắc chỉ đạo: trước hạn, và lặp lại sau hạn, "   \
                              "theo giờ."                                                        \
        }

static const struct api_field settings_shape[] = {SETTINGS,
                                                  {"version", API_INT, .min = 0, .max = INT64_MAX,
                                                   .en = "The version that was seen.",
                                                   .vi = "Phiên bản đã xem."},
                                                  {0}};

static const struct api_field only_id[] = {
        {"id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Thư nào."}, {0}};
static const struct api_field test_fields[] = {
        {"webhook", API_STRING, .min = 1, .max = 64,
         .en = "To that webhook instead, as event \"test\".",
         .vi = "Gửi tới webhook này thay vì thư, sự kiện \"test\"."},
        {0},
};
static const struct api_field id_shape[] = {{"id", API_ID, .en = "Its number.", .vi = "Số."}, {0}};

#define O "/api/v1/outgoing"
const struct api_op api_outgoing_ops[] = {
        {"outgoing.list", API_GET, O, "reports.read", API_LIST, NULL, api_outgoing_shape,
         "Mails and webhooks: what leaves the node, and whether it arrived.",
         "Thư và webhook: những gì rời nút, đã tới nơi chưa."},
        {"outgoing.status", API_GET, O "/status", "settings.read", 0, NULL, status_shape,
         "Whether mails and webhooks leave: counts, no contents.",
         "Thư và webhook có gửi được không: chỉ số lượng."},
        {"outgoing.settings", API_GET, O "/settings", "settings.read", 0, NULL, settings_shape,
         "What the node sends by itself.", "Những gì nút tự gửi."},
        {"outgoing.set", API_PUT, O "/settings", "settings.write", 0, settings_shape,
         settings_shape, "Changes what the node sends by itself.", "Đổi những gì nút tự gửi."},
        {"outgoing.test", API_POST, O "/test", "settings.write", API_NO_TOKEN, test_fields,
         id_shape, "A mail to one's own address, or a webhook, to see whether it arrives.",
         "Gửi thử một thư tới địa chỉ của mình, hoặc một webhook."},
        {"outgoing.get", API_GET, O "/{id}", "reports.read", 0, only_id, api_outgoing_one_shape,
         "One of them, with its text.", "Một thư, cùng nội dung."},
        {"outgoing.retry", API_POST, O "/{id}/retry", "reports.send", 0, only_id,
         api_outgoing_one_shape, "Tries it again now; one that is held leaves.",
         "Thử gửi lại ngay; thư đang giữ sẽ được gửi."},
        {"outgoing.cancel", API_POST, O "/{id}/cancel", "reports.send", 0, only_id,
         api_outgoing_one_shape, "Does not send it any more.", "Không gửi nữa."},
        {0},
};
