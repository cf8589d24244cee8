/* Operations on log sources: are we blind? */
#include "wire/api_domains.h"

static const struct api_field row[] = {
        {"id", API_ID, API_FILTER | API_SORT, .en = "Its number in this node.",
         .vi = "Số của nguồn trong nút này."},
        {"name", API_STRING, API_FILTER | API_SORT | API_DEFAULT_SORT,
         .en = "Its name, of the configuration.", .vi = "Tên, theo cấu hình."},
        {"state", API_ENUM, API_FILTER, .values = "sending|silent|never|maintenance",
         .en = "Whether it sends; silent: longer not than it may; maintenance: on purpose.",
         .vi = "Có đang gửi không; im lặng: quá lâu không gửi; maintenance: đang bảo trì."},
        {"system", API_ID, API_FILTER | API_NULLABLE, .en = "The system it reports for.",
         .vi = "Báo cáo cho hệ thống nào."},
        {"system_name", API_STRING, API_NULLABLE, .en = "That system's name.",
         .vi = "Tên hệ thống."},
        {"unit", API_ID, API_FILTER | API_NULLABLE, .en = "That system's unit.",
         .vi = "Đơn vị của hệ thống."},
        {"unit_name", API_STRING, API_NULLABLE, .en = "The unit's name.", .vi = "Tên đơn vị."},
        {"last_seen", API_TIME, API_FILTER | API_SORT | API_NULLABLE,
         .en = "When a record came last.", .vi = "Bản ghi cuối đến khi nào."},
        {"silent_since", API_TIME, API_NULLABLE, .en = "Since when it is silent.",
         .vi = "Im lặng từ khi nào."},
        {"rate", API_NUMBER, API_SORT | API_NULLABLE,
         .en = "Records a second, of the last minute or so.",
         .vi = "Bản ghi mỗi giây, trong khoảng một phút qua."},
        {"received", API_INT, API_SORT, .en = "Records kept since the node began.",
         .vi = "Bản ghi đã giữ từ khi nút bắt đầu."},
        {"bytes", API_INT, API_SORT, .en = "Bytes of them.", .vi = "Số byte."},
        {"refused", API_INT, API_SORT, .en = "Records refused, or over its rate.",
         .vi = "Bản ghi bị từ chối, hoặc vượt mức."},
        {"malformed", API_INT, API_SORT, .en = "Records kept though they are not well-formed.",
         .vi = "Bản ghi sai khuôn dạng, vẫn giữ."},
        {"truncated", API_INT, .en = "Records that were too long and cut.",
         .vi = "Bản ghi quá dài bị cắt."},
        {"duplicates", API_INT, .en = "Records that came before.", .vi = "Bản ghi trùng."},
        {"unread", API_INT, .en = "Bytes of its files that are not read yet.",
         .vi = "Số byte trong tệp chưa đọc."},
        {"usual_every_s", API_INT, API_NULLABLE,
         .en = "A record comes so often, in seconds, so far.",
         .vi = "Thường cứ bao nhiêu giây có một bản ghi."},
        {"silent_after_s", API_INT, API_NULLABLE, .en = "Silent after so long; null: never.",
         .vi = "Im lặng sau bao nhiêu giây; null: không tính."},
        {"maintenance_since", API_TIME, API_NULLABLE, .en = "Silent on purpose since.",
         .vi = "Bảo trì từ khi nào."},
        {"maintenance_until", API_TIME, API_NULLABLE, .en = "Until.", .vi = "Bảo trì đến khi nào."},
        {"maintenance_reason", API_STRING, API_NULLABLE, .en = "Why.", .vi = "Lý do bảo trì."},
        {"maintenance_by_name", API_STRING, API_NULLABLE, .en = "Who said so.",
         .vi = "Người ghi bảo trì."},
        {0},
};

#define NAME                                                                                       \
        {                                                                                          \
                "name", API_STRING, API_REQUIRED | API_IN_PATH, 1, 64, .en = "The source.",        \
                                                                       .vi = "Nguồn."            \
        }
static const struct api_field by_name[] = {NAME, {0}};
static const struct api_field maintain[] = {
        NAME,
        {"until", API_TIME, API_REQUIRED, .en = "Until then.", .vi = "Đến khi nào."},
        {"reason", API_STRING, API_REQUIRED, 3, 300, .en = "Why.", .vi = "Lý do."},
        {0},
};

const struct api_op api_sources_ops[] = {
        {
                .id = "sources.list",
                .method = API_GET,
                .path = "/api/v1/sources",
                .permission = "sources.read",
                .flags = API_LIST,
                .answer = row,
                .en = "Log sources, and whether they send.",
                .vi = "Nguồn nhật ký, và có đang gửi không.",
        },
        {
                .id = "sources.maintain",
                .method = API_POST,
                .path = "/api/v1/sources/{name}/maintenance",
                .permission = "sources.work",
                .fields = maintain,
                .answer = row,
                .en = "It is silent on purpose until then: its alert is held back, and raised "
                      "after.",
                .vi = "Nguồn im lặng do bảo trì: cảnh báo được giữ lại, hết hạn mới báo.",
        },
        {
                .id = "sources.resume",
                .method = API_DELETE,
                .path = "/api/v1/sources/{name}/maintenance",
                .permission = "sources.work",
                .fields = by_name,
                .answer = row,
                .en = "Ends its maintenance.",
                .vi = "Kết thúc bảo trì.",
        },
        {0},
};
