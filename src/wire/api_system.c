/* Operations about the node itself. */
#include "wire/api_domains.h"

static const struct api_field health[] = {
        {"ok", API_BOOL, .en = "The node takes requests.", .vi = "Nút đang nhận yêu cầu."},
        {"now", API_TIME, .en = "The node's clock.", .vi = "Đồng hồ của nút."},
        {0},
};

static const struct api_field audit[] = {
        {"id", API_ID, API_FILTER | API_SORT | API_DEFAULT_SORT, .en = "The entry's number.",
         .vi = "Số của mục."},
        {"time", API_TIME, API_FILTER, .en = "When it was written.", .vi = "Khi được ghi."},
        {"who", API_STRING, API_FILTER | API_PERSONAL, .en = "Who did it.", .vi = "Ai đã làm."},
        {"what", API_STRING, API_FILTER, .en = "What was done: an operation.",
         .vi = "Đã làm gì: một thao tác."},
        {"about", API_STRING, API_FILTER, .en = "What it was done to.", .vi = "Làm với cái gì."},
        {"detail", API_ANY, .en = "What is kept of it.", .vi = "Những gì được giữ lại."},
        {"hash", API_HEX, .en = "Over this entry and the one before.",
         .vi = "Tính trên mục này và mục trước."},
        {"drill", API_BOOL, API_FILTER, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {0},
};

static const struct api_field audit_head[] = {
        {"number", API_INT, API_NULLABLE,
         .en = "The last signed head's number; null: there is none yet.",
         .vi = "Số của đầu nhật ký đã ký cuối cùng; null: chưa có."},
        {"entries", API_INT, API_NULLABLE, .en = "How many entries it covers.",
         .vi = "Bao gồm bao nhiêu mục."},
        {"time", API_TIME, API_NULLABLE, .en = "When it was signed.", .vi = "Khi được ký."},
        {"hash", API_HEX, API_NULLABLE, .en = "Of the last entry that it covers.",
         .vi = "Của mục cuối mà nó bao gồm."},
        {"key", API_HEX, API_NULLABLE, .en = "Whose signature it is.", .vi = "Khóa đã ký."},
        {"after", API_INT, .en = "Entries that no head covers yet.",
         .vi = "Số mục chưa có đầu nào bao gồm."},
        {"line", API_STRING, API_NULLABLE,
         .en = "The head as one line, to be kept elsewhere: 'coloa verify --head' checks the log "
               "by it.",
         .vi = "Đầu nhật ký trên một dòng, để lưu ở nơi khác: 'coloa verify --head' kiểm tra nhật "
               "ký "
               "bằng dòng này."},
        {0},
};

const struct api_op api_system_ops[] = {
        {
                .id = "system.health",
                .method = API_GET,
                .path = "/api/v1/health",
                .flags = API_ANONYMOUS,
                .answer = health,
                .en = "Says that the node answers.",
                .vi = "Cho biết nút còn trả lời.",
        },
        {
                .id = "audit.list",
                .method = API_GET,
                .path = "/api/v1/audit",
                .permission = "audit.read",
                .flags = API_LIST,
                .answer = audit,
                .en = "What people and scripts did, the latest first.",
                .vi = "Những gì người và tập lệnh đã làm, mới nhất trước.",
        },
        {
                .id = "audit.head",
                .method = API_GET,
                .path = "/api/v1/audit/head",
                .permission = "audit.read",
                .answer = audit_head,
                .en = "The audit log's last signed head.",
                .vi = "Đầu nhật ký kiểm toán đã ký cuối cùng.",
        },
        {
                .id = "events.follow",
                .method = API_GET,
                .path = "/api/v1/events",
                .flags = API_SELF | API_STREAM | API_NO_TOKEN,
                .en = "Follows what changes: server-sent events with {what, id}.",
                .vi = "Theo dõi thay đổi: sự kiện máy chủ gửi, gồm {what, id}.",
        },
        {0},
};
