/* The note that one shift leaves to the next: made by itself, kept with a person's words, acknowledged. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

#define N API_NULLABLE
#define ANY(name_, en_, vi_)                                                                       \
        { (name_), API_ANY, N, .en = (en_), .vi = (vi_) }

#define PERIOD                                                                                     \
        {"unit", API_ID, API_FILTER, .en = "The unit.", .vi = "Đơn vị."},                          \
                {"unit_name", API_STRING, N, .en = "Its name.", .vi = "Tên đơn vị."},              \
                {"from", API_TIME, .en = "From then.", .vi = "Từ lúc."}, {                         \
                "to", API_TIME, .en = "Until then.", .vi = "Đến lúc."                          \
        }

static const struct api_field ask[] = {
        {"unit", API_ID, API_IN_QUERY,
         .en = "The unit; else where one is on duty, or one's widest.",
         .vi = "Đơn vị; nếu không có: nơi đang trực, hoặc đơn vị rộng nhất của người hỏi."},
        {"since", API_TIME, API_IN_QUERY,
         .en = "From when; else the last handover, or the beginning of the shift.",
         .vi = "Từ khi nào; nếu không có: lần giao ca trước, hoặc đầu ca."},
        {0},
};

#define NOTE                                                                                       \
        ANY("items", "What happened: [{at, kind, text, text_vi, incident, incident_code}].",       \
            "Đã xảy ra: [{at, kind, text, text_vi, incident, incident_code}]."),                   \
                ANY("opened",                                                                      \
                    "Incidents: [{id, code, title, severity, state, serious, lead_name, "          \
                    "next_due}].",                                                                 \
                    "Sự cố mới lập."),                                                             \
                ANY("closed", "Incidents that were closed.", "Sự cố đã đóng."),                    \
                ANY("moved", "Changes of state, as items.", "Thay đổi trạng thái."),               \
                ANY("waiting", "[{kind, id, code, title, title_vi, due, owner_name}].",            \
                    "Việc còn treo."),                                                             \
                ANY("deadlines", "Deadlines until the next shift ends.",                           \
                    "Thời hạn tới hết ca sau."),                                                   \
                {"next_until", API_TIME, .en = "When that is.", .vi = "Ca sau hết lúc."},          \
                ANY("silent", "Silent sources: [{name, state, since, system_name}].",              \
                    "Nguồn im lặng."),                                                             \
                ANY("containment",                                                                 \
                    "[{id, code, targets, state, until, incident, incident_code}].",               \
                    "Biện pháp ngăn chặn đang có hiệu lực."),                                      \
                ANY("decisions", "What waits for a decision.", "Đang chờ quyết định."),            \
                ANY("alerts", "{new, by_severity, oldest}.", "Cảnh báo mới."),                     \
                ANY("open", "{alerts, tasks, actions, incidents}: how many.",                      \
                    "Số lượng còn mở: {alerts, tasks, actions, incidents}."),                      \
                {"text_en", API_TEXT, .en = "The note as text.", .vi = "Bản chữ (tiếng Anh)."}, {  \
                "text_vi", API_TEXT, .en = "The same in Vietnamese.", .vi = "Bản chữ."         \
        }

static const struct api_field note[] = {
        PERIOD,
        NOTE,
        ANY("previous", "The one before: {id, at, by_name, acknowledged_by_name}.",
            "Lần giao ca trước: {id, at, by_name, acknowledged_by_name}."),
        {"note", API_TEXT, N, .en = "Nothing yet.", .vi = "Chưa có."},
        {0},
};

#define ROW                                                                                            \
        {"id", API_ID, API_SORT, .en = "Its number.", .vi = "Số."}, PERIOD,                            \
                {"at", API_TIME, API_FILTER | API_SORT | API_DEFAULT_SORT, .en = "Kept.",              \
                 .vi = "Ghi lúc."},                                                                    \
                {"by", API_ID, N, .en = "By whom.", .vi = "Người giao."},                              \
                {"by_name", API_STRING, N, .en = "Their name.", .vi = "Tên người giao."},              \
                {"text", API_TEXT, .en = "A person's words.", .vi = "Lời người giao."},                \
                {"for", API_ID, N, .en = "Who is to take over.", .vi = "Người sẽ nhận."},              \
                {"for_name", API_STRING, N, .en = "Their name.", .vi = "Tên người sẽ nhận."},          \
                {"state",                                                                              \
                 API_ENUM,                                                                             \
                 API_FILTER,                                                                           \
                 .values = "waiting|acknowledged",                                                     \
                 .en = "Whether somebody took over.",                                                  \
                 .vi = "Đã có người nhận chưa."},                                                      \
                {"acknowledged_at", API_TIME, N, .en = "When.", .vi = "Nhận lúc."},                    \
                {"acknowledged_by_name", API_STRING, N, .en = "Who.", .vi = "Người nhận."}, {          \
                "acknowledged_text", API_TEXT, N, .en = "Their words.", .vi = "Lời người nhận." \
        }

const struct api_field api_handover_row[] = {ROW, {0}};
static const struct api_field whole[] = {
        ROW,
        ANY("document", "The note as it was kept, as far as one may see it.",
            "Bản ghi lúc giao, theo quyền của người xem."),
        {0},
};

static const struct api_field by_id[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Bản nào."},
        {0},
};
static const struct api_field keep[] = {
        {"unit", API_ID, .en = "The unit; as for the note.", .vi = "Đơn vị."},
        {"since", API_TIME, .en = "From when; as for the note.", .vi = "Từ khi nào."},
        {"text", API_TEXT, API_REQUIRED, 0, 10000, .en = "What cannot be known otherwise.",
         .vi = "Những điều hệ thống không tự biết."},
        {"to", API_ID, N, .en = "Who is to take over.", .vi = "Người sẽ nhận."},
        {0},
};
static const struct api_field take[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Bản nào."},
        {"text", API_TEXT, N, 0, 2000, .en = "In words.", .vi = "Bằng lời."},
        {0},
};

const struct api_op api_handover_ops[] = {
        {
                .id = "handover.now",
                .method = API_GET,
                .path = "/api/v1/handover",
                .permission = "incidents.read",
                .fields = ask,
                .answer = note,
                .en = "The handover note as of now, made by itself.",
                .vi = "Bản giao ca tới lúc này, hệ thống tự lập.",
        },
        {
                .id = "handover.list",
                .method = API_GET,
                .path = "/api/v1/handovers",
                .permission = "incidents.read",
                .flags = API_LIST,
                .answer = api_handover_row,
                .en = "Handovers that were kept.",
                .vi = "Các lần giao ca.",
        },
        {
                .id = "handover.get",
                .method = API_GET,
                .path = "/api/v1/handovers/{id}",
                .permission = "incidents.read",
                .fields = by_id,
                .answer = whole,
                .en = "One of them, with its note.",
                .vi = "Một lần giao ca, kèm bản ghi.",
        },
        {
                .id = "handover.keep",
                .method = API_POST,
                .path = "/api/v1/handovers",
                .permission = "incidents.work",
                .fields = keep,
                .answer = api_handover_row,
                .en = "Keeps the note with a person's words.",
                .vi = "Lưu bản giao ca kèm lời người giao.",
        },
        {
                .id = "handover.acknowledge",
                .method = API_POST,
                .path = "/api/v1/handovers/{id}/acknowledge",
                .permission = "incidents.work",
                .fields = take,
                .answer = api_handover_row,
                .en = "Takes over: another person than who wrote it.",
                .vi = "Nhận ca: người khác người giao.",
        },
        {0},
};
