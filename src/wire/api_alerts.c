/* Operations on alerts: the queue, one of them with why it fired, and what people do with it. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

#define STATUSES "new|taken|merged|dismissed|closed|suppressed"
#define SEVERITIES "critical|high|medium|low|info"
#define REASONS "false_positive|expected|test|duplicate|known_risk|no_harm"
#define F API_FILTER
#define S API_SORT

#define ROW                                                                                        \
        {"id", API_ID, F, .en = "Its number.", .vi = "Số của cảnh báo."},                          \
                {"status",                                                                         \
                 API_ENUM,                                                                         \
                 F,                                                                                \
                 .values = STATUSES,                                                               \
                 .en = "Where it stands.",                                                         \
                 .vi = "Đang ở bước nào."},                                                        \
                {"severity",                                                                       \
                 API_ENUM,                                                                         \
                 F | S | API_DEFAULT_SORT,                                                         \
                 .values = SEVERITIES,                                                             \
                 .en = "How much harm the rule sees; sorted, those that wait longest come first.", \
                 .vi = "Mức theo quy tắc; khi sắp xếp, chờ lâu nhất đứng trước."},                 \
                {"title", API_STRING, .en = "The rule's title.", .vi = "Tên quy tắc."},            \
                {"title_vi", API_STRING, API_NULLABLE, .en = "The same in Vietnamese.",            \
                 .vi = "Tên tiếng Việt."},                                                         \
                {"rule", API_STRING, F, .en = "The rule's id.", .vi = "Mã quy tắc."},              \
                {"rule_kind", API_ENUM, .values = "rule|correlation|node",                         \
                 .en = "What kind of rule.", .vi = "Loại quy tắc."},                               \
                {"tags", API_STRING, API_LIST_OF, .en = "Its tags (ATT&CK).",                      \
                 .vi = "Thẻ (ATT&CK)."},                                                           \
                {"host", API_STRING, F | S | API_NULLABLE, .en = "The host.", .vi = "Máy."},       \
                {"user", API_STRING, API_NULLABLE | API_PERSONAL,                                  \
                 .en = "The account; a pseudonym in lists outside an incident.",                   \
                 .vi = "Tài khoản; là bí danh trong danh sách ngoài sự cố."},                      \
                {"source", API_STRING, F | API_NULLABLE, .en = "The log source.",                  \
                 .vi = "Nguồn nhật ký."},                                                          \
                {"entity", API_STRING, API_NULLABLE | API_PERSONAL, .en = "What it is about.",     \
                 .vi = "Nói về đối tượng nào."},                                                   \
                {"system", API_ID, F | API_NULLABLE, .en = "The system it belongs to.",            \
                 .vi = "Thuộc hệ thống nào."},                                                     \
                {"system_name", API_STRING, API_NULLABLE, .en = "That system's name.",             \
                 .vi = "Tên hệ thống."},                                                           \
                {"system_level", API_INT, API_NULLABLE, .en = "That system's level.",              \
                 .vi = "Cấp độ hệ thống."},                                                        \
                {"unit", API_ID, F, .en = "The unit it belongs to.", .vi = "Thuộc đơn vị nào."},   \
                {"count", API_INT, .en = "Times it fired.", .vi = "Số lần."},                      \
                {"first", API_TIME, .en = "The first event.", .vi = "Sự kiện đầu."},               \
                {"last", API_TIME, .en = "The last event.", .vi = "Sự kiện cuối."},                \
                {"raised", API_TIME, F | S, .en = "When it was raised.", .vi = "Khi được nêu."},   \
                {"waiting_since", API_TIME, F | S | API_NULLABLE,                                  \
                 .en = "Since when it waits for somebody.", .vi = "Chờ người xử lý từ khi nào."},  \
                {"taken_by", API_STRING, API_NULLABLE, .en = "Who took it.", .vi = "Ai đã nhận."}, \
                {"taken_at", API_TIME, API_NULLABLE, .en = "When.", .vi = "Khi nào."},             \
                {"incident", API_ID, F | API_NULLABLE, .en = "The incident it is part of.",        \
                 .vi = "Thuộc sự cố nào."},                                                        \
                {"incident_code", API_STRING, API_NULLABLE, .en = "That incident's code.",         \
                 .vi = "Mã sự cố."},                                                               \
                {"dismiss_reason",                                                                 \
                 API_ENUM,                                                                         \
                 F | API_NULLABLE,                                                                 \
                 .values = REASONS,                                                                \
                 .en = "Why it was dismissed.",                                                    \
                 .vi = "Vì sao bỏ qua."},                                                          \
                {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.",                  \
                 .vi = "Của diễn tập."},                                                           \
                {"play", API_ID, .flags = API_FILTER | API_NULLABLE,                               \
                 .en = "Of which play of an exercise.", .vi = "Của lượt diễn tập nào."},           \
                {"retro", API_BOOL, .en = "Found in the past by a later rule.",                    \
                 .vi = "Tìm thấy trong quá khứ bởi quy tắc mới."},                                 \
                {"again", API_INT, .en = "Times it came back after it was dismissed.",             \
                 .vi = "Số lần quay lại sau khi bị bỏ qua."},                                      \
        {                                                                                          \
                "version", API_INT, .en = "Changes with each change.",                             \
                                    .vi = "Đổi theo mỗi lần sửa."                         \
        }

const struct api_field api_alert_row[] = {ROW, {0}};

static const struct api_field flat[] = {
        ROW,
        {"description", API_TEXT, API_NULLABLE, .en = "What the rule says.",
         .vi = "Mô tả của quy tắc."},
        {"description_vi", API_TEXT, API_NULLABLE, .en = "The same in Vietnamese.",
         .vi = "Mô tả tiếng Việt."},
        {"text", API_TEXT, API_NULLABLE, .en = "What was written when it was decided.",
         .vi = "Lời ghi khi quyết định."},
        {"decided_at", API_TIME, API_NULLABLE, .en = "When it was decided.",
         .vi = "Khi quyết định."},
        {"masked", API_BOOL, .en = "Names of people, addresses and paths are pseudonyms.",
         .vi = "Tên người, địa chỉ, đường dẫn được thay bằng bí danh."},
        {"exception", API_STRING, API_NULLABLE, .en = "The exception that keeps it back.",
         .vi = "Ngoại lệ giữ lại cảnh báo này."},
        {"why", API_ANY, .en = "What matched: [{n, field, op, value, text_en, text_vi}].",
         .vi = "Những gì khớp: [{n, field, op, value, text_en, text_vi}]."},
        {"events", API_ANY,
         .en = "The first and last event: [{which, seq, received, fields, marks}].",
         .vi = "Sự kiện đầu và cuối: [{which, seq, received, fields, marks}]."},
        {"history", API_ANY, .en = "The same rule and host before.",
         .vi = "Cùng quy tắc và máy trước đây."},
        {"suggestions", API_ANY, .en = "Open incidents it may belong to.",
         .vi = "Sự cố đang mở có thể liên quan."},
        {0},
};

/* The detail's own columns; the rest is added by its handler. */
const struct api_field api_alert_flat[] = {
        ROW,
        {"description", API_TEXT},
        {"description_vi", API_TEXT},
        {"text", API_TEXT},
        {"decided_at", API_TIME},
        {"exception", API_STRING, API_NULLABLE},
        {0},
};

#define ID                                                                                         \
        { "id", API_ID, API_REQUIRED | API_IN_PATH, .en = "The alert.", .vi = "Cảnh báo." }
#define VERSION                                                                                       \
        {                                                                                             \
                "version", API_INT, 0, 1, .en = "As the asker saw it; another: 409.",                 \
                                          .vi = "Bản người hỏi đã thấy; nếu khác: 409." \
        }
#define INCIDENT(flag)                                                                             \
        { "incident", API_ID, flag, .en = "The incident it joins.", .vi = "Sự cố để gộp vào." }
#define REASON(flag)                                                                               \
        { "reason", API_ENUM, flag, .values = REASONS, .en = "Why.", .vi = "Vì sao." }
#define TEXT                                                                                       \
        { "text", API_TEXT, API_NULLABLE, 0, 2000, .en = "In words.", .vi = "Bằng lời." }
#define TO                                                                                         \
        { "to", API_ID, API_NULLABLE, .en = "The person who takes it.", .vi = "Người nhận." }

static const struct api_field only_id[] = {ID, {0}};
static const struct api_field accept[] = {ID, VERSION, {0}};
static const struct api_field merge[] = {ID, INCIDENT(API_REQUIRED), VERSION, {0}};
static const struct api_field exception[] = {
        {"until", API_TIME, API_REQUIRED, .en = "It ends then: within a year.",
         .vi = "Hết hạn: trong vòng một năm."},
        {"owner", API_ID, API_REQUIRED, .en = "Who answers for it.",
         .vi = "Người chịu trách nhiệm."},
        {"by", API_ENUM, API_LIST_OF, .most = 4, .values = "entity|host|user|source",
         .en = "What must be the same as with this alert; else what it is about.",
         .vi = "Những gì phải trùng với cảnh báo này; nếu không ghi: đối tượng của cảnh báo."},
        {0},
};
static const struct api_field dismiss[] = {
        ID,
        REASON(API_REQUIRED),
        TEXT,
        VERSION,
        {"exception", API_OBJECT, API_NULLABLE, .fields = exception,
         .en = "The same is kept back from now on, until a day; needs the permission for "
               "exceptions.",
         .vi = "Từ nay giữ lại những cảnh báo như vậy đến một ngày; cần quyền lập ngoại lệ."},
        {0},
};
static const struct api_field hand_over[] = {ID, TO, TEXT, VERSION, {0}};
static const struct api_field bulk[] = {
        {"ids", API_ID, API_REQUIRED | API_LIST_OF, .most = 500, .en = "The alerts.",
         .vi = "Các cảnh báo."},
        {"action", API_ENUM, API_REQUIRED, .values = "accept|merge|dismiss|hand_over|undo",
         .en = "What is done with each.", .vi = "Làm gì với từng cảnh báo."},
        INCIDENT(0),
        REASON(0),
        TEXT,
        TO,
        {0},
};
static const struct api_field done[] = {
        {"done", API_ID, API_LIST_OF, .en = "Those it was done with.",
         .vi = "Những cảnh báo đã làm."},
        {"refused", API_ANY, .en = "The others: [{id, code}].", .vi = "Số còn lại: [{id, code}]."},
        {0},
};

#define WORK(verb, shape, en_, vi_)                                                                \
        {                                                                                          \
                .id = "alerts." #verb, .method = API_POST, .path = "/api/v1/alerts/{id}/" #verb,   \
                .permission = "alerts.work", .fields = (shape), .answer = api_alert_row,           \
                .en = (en_), .vi = (vi_),                                                          \
        }

const struct api_op api_alerts_ops[] = {
        {
                .id = "alerts.list",
                .method = API_GET,
                .path = "/api/v1/alerts",
                .permission = "alerts.read",
                .flags = API_LIST,
                .answer = api_alert_row,
                .en = "Alerts, by severity, then by who waits longest.",
                .vi = "Cảnh báo, theo mức, rồi chờ lâu trước.",
        },
        {
                .id = "alerts.get",
                .method = API_GET,
                .path = "/api/v1/alerts/{id}",
                .permission = "alerts.read",
                .fields = only_id,
                .answer = flat,
                .en = "One alert: why it fired, its events, what was before.",
                .vi = "Một cảnh báo: vì sao có, sự kiện, những lần trước.",
        },
        WORK(accept, accept, "Takes it: the asker works on it.", "Nhận: người hỏi xử lý."),
        WORK(merge, merge, "Makes it part of an incident.", "Gộp vào một sự cố."),
        WORK(dismiss, dismiss,
             "Dismisses it with a reason; if it still fires after an hour it comes back.",
             "Bỏ qua, có lý do; nếu sau một giờ vẫn còn thì cảnh báo quay lại."),
        WORK(hand_over, hand_over, "Gives it to somebody, or back to the queue.",
             "Giao cho người khác, hoặc trả lại hàng chờ."),
        WORK(undo, only_id, "Takes the last step back, within ten minutes, by who made it.",
             "Hoàn tác bước vừa rồi, trong mười phút, bởi người đã làm."),
        {
                .id = "alerts.bulk",
                .method = API_POST,
                .path = "/api/v1/alerts/bulk",
                .permission = "alerts.work",
                .fields = bulk,
                .answer = done,
                .en = "The same with many at once.",
                .vi = "Làm một việc với nhiều cảnh báo cùng lúc.",
        },
        {0},
};
