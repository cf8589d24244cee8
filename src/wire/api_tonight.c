/* What needs a person now, in one answer: the page that is open all night asks it again and again. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

#define N API_NULLABLE

static const struct api_field ask[] = {
        {"unit", API_ID, API_IN_QUERY, .en = "Of this unit and all below.",
         .vi = "Của đơn vị này và các đơn vị bên dưới."},
        {0},
};

static const struct api_field headline[] = {
        {"waiting", API_INT, .en = "Deadlines and decisions that wait.",
         .vi = "Số thời hạn và quyết định đang chờ."},
        {"next_decision", API_TIME, N, .en = "The next decision lapses.",
         .vi = "Quyết định gần nhất hết hạn."},
        {"next_deadline", API_TIME, N, .en = "The next deadline.", .vi = "Thời hạn gần nhất."},
        {0},
};

const struct api_field api_decision_shape[] = {
        {"kind", API_STRING, .en = "What is to be decided.", .vi = "Quyết định về việc gì."},
        {"id", API_ID, .en = "Its number there.", .vi = "Số."},
        {"code", API_STRING, N, .en = "What people call it.", .vi = "Số hiệu."},
        {"title", API_STRING, .en = "In words.", .vi = "Bằng lời (tiếng Anh)."},
        {"title_vi", API_STRING, N, .en = "The same in Vietnamese.", .vi = "Bằng lời."},
        {"incident", API_ID, N, .en = "The incident.", .vi = "Sự cố."},
        {"incident_code", API_STRING, N, .en = "Its code.", .vi = "Số hiệu sự cố."},
        {"by", API_STRING, N, .en = "Who asks for it.", .vi = "Người đề nghị."},
        {"asked", API_TIME, N, .en = "Since when it waits.", .vi = "Chờ từ khi nào."},
        {"due", API_TIME, N, .en = "Decided too late from then on.", .vi = "Hạn quyết định."},
        {"mine", API_BOOL, .en = "Whoever asks may decide it.", .vi = "Người hỏi được quyết định."},
        {"drill", API_BOOL, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {0},
};

static const struct api_field alerts[] = {
        {"new", API_INT, .en = "That nobody took.", .vi = "Chưa ai nhận."},
        {"groups", API_INT, .en = "Of the same rule and system.",
         .vi = "Nhóm cùng quy tắc, hệ thống."},
        {"items", API_ANY,
         .en = "The most urgent of each group, as in the list of alerts, with group_alerts and "
               "group_hosts.",
         .vi = "Cảnh báo gấp nhất mỗi nhóm, như danh sách cảnh báo, thêm group_alerts, "
               "group_hosts."},
        {0},
};

static const struct api_field silent[] = {
        {"name", API_STRING, .en = "The source.", .vi = "Nguồn."},
        {"state", API_ENUM, .values = "silent|never|maintenance", .en = "How it is silent.",
         .vi = "Im lặng thế nào."},
        {"kind", API_STRING, N, .en = "What kind of source.", .vi = "Loại nguồn."},
        {"since", API_TIME, N, .en = "Heard last.", .vi = "Nghe lần cuối."},
        {"usual_every_s", API_INT, N, .en = "It usually sends so often, seconds.",
         .vi = "Thường gửi mỗi bao nhiêu giây."},
        {"severity", API_ENUM, N, .values = "critical|high|medium", .en = "By its system's level.",
         .vi = "Theo cấp độ hệ thống."},
        {"maintenance_until", API_TIME, N, .en = "Silent on purpose until then.",
         .vi = "Bảo trì đến khi nào."},
        {"system_name", API_STRING, N, .en = "Its system.", .vi = "Hệ thống."},
        {0},
};

static const struct api_field sources[] = {
        {"total", API_INT, .en = "Known.", .vi = "Tất cả."},
        {"silent", API_INT, .en = "Silent, or never heard.", .vi = "Im lặng hoặc chưa từng gửi."},
        {"maintenance", API_INT, .en = "Silent on purpose.", .vi = "Đang bảo trì."},
        {"rate", API_NUMBER, N, .en = "Records a second, together.",
         .vi = "Bản ghi mỗi giây, tổng."},
        {0},
};

static const struct api_field incidents[] = {
        {"open", API_INT, .en = "Not closed.", .vi = "Chưa đóng."},
        {0},
};

static const struct api_field duty[] = {
        {"id", API_ID, .en = "The person.", .vi = "Người trực."},
        {"name", API_STRING, .en = "Name.", .vi = "Tên."},
        {"role", API_STRING, N, .en = "Their first role.", .vi = "Vai trò chính."},
        {"phone", API_STRING, N, .en = "Telephone.", .vi = "Điện thoại."},
        {"note_en", API_STRING, N, .en = "Something to know.", .vi = "Điều cần biết (tiếng Anh)."},
        {"note_vi", API_STRING, N, .en = "The same in Vietnamese.", .vi = "Điều cần biết."},
        {"warn", API_BOOL, .en = "It is a warning.", .vi = "Là cảnh báo."},
        {"me", API_BOOL, .en = "Whoever asks.", .vi = "Chính người hỏi."},
        {"unit_name", API_STRING, N, .en = "For which unit.", .vi = "Cho đơn vị nào."},
        {"until", API_TIME, .en = "Until then.", .vi = "Đến khi nào."},
        {0},
};

static const struct api_field decided[] = {
        {"code", API_STRING, .en = "What people call it.", .vi = "Số hiệu."},
        {"title", API_STRING, .en = "What was decided.", .vi = "Đã quyết định gì (tiếng Anh)."},
        {"title_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Đã quyết định gì."},
        {"at", API_TIME, .en = "When.", .vi = "Khi nào."},
        {0},
};

static const struct api_field note[] = {
        {"id", API_ID, .en = "The handover.", .vi = "Bản giao ca."},
        {"at", API_TIME, .en = "Kept.", .vi = "Ghi lúc."},
        {"by_name", API_STRING, N, .en = "By whom.", .vi = "Người giao."},
        {"unit_name", API_STRING, N, .en = "Of which unit.", .vi = "Đơn vị."},
        {0},
};

static const struct api_field answer[] = {
        {"headline", API_OBJECT, .fields = headline, .en = "In a line.", .vi = "Tóm tắt."},
        {"clocks", API_OBJECT, API_LIST_OF, .most = 20, .fields = api_clock_shape,
         .en = "Deadlines that run, nearest first.", .vi = "Thời hạn đang tính, gần nhất trước."},
        {"clocks_total", API_INT, .en = "How many there are.", .vi = "Tất cả bao nhiêu."},
        {"met", API_OBJECT, API_LIST_OF, .most = 3, .fields = api_clock_shape,
         .en = "Met within a day.", .vi = "Đã đáp ứng trong ngày."},
        {"decisions", API_OBJECT, API_LIST_OF, .most = 20, .fields = api_decision_shape,
         .en = "What waits for a decision.", .vi = "Đang chờ quyết định."},
        {"alerts", API_OBJECT, N, .fields = alerts, .en = "New alerts, in groups.",
         .vi = "Cảnh báo mới, theo nhóm."},
        {"silent", API_OBJECT, API_LIST_OF, .most = 10, .fields = silent, .en = "Silent sources.",
         .vi = "Nguồn im lặng."},
        {"sources", API_OBJECT, N, .fields = sources, .en = "All sources.", .vi = "Các nguồn."},
        {"incidents", API_OBJECT, N, .fields = incidents, .en = "Incidents.", .vi = "Sự cố."},
        {"duty", API_OBJECT, API_LIST_OF, .most = 10, .fields = duty, .en = "Who is on duty.",
         .vi = "Ai đang trực."},
        {"handover_at", API_TIME, N, .en = "The shift ends.", .vi = "Giao ca lúc."},
        {"last_decision", API_OBJECT, N, .fields = decided, .en = "Decided last.",
         .vi = "Quyết định gần nhất."},
        {"unacknowledged", API_OBJECT, N, .fields = note, .en = "A handover that waits for you.",
         .vi = "Bản giao ca đang chờ bạn nhận."},
        {"now", API_TIME, .en = "The node's time.", .vi = "Giờ của nút."},
        {"behind_ms", API_INT, N, .en = "How far judging is behind receipt.",
         .vi = "Việc xét chậm hơn việc nhận bao nhiêu."},
        {0},
};

const struct api_op api_tonight_ops[] = {
        {
                .id = "tonight.get",
                .method = API_GET,
                .path = "/api/v1/tonight",
                .flags = API_SELF,
                .fields = ask,
                .answer = answer,
                .en = "What needs a person now; each part as far as whoever asks may see it.",
                .vi = "Những gì đang cần người xử lý; mỗi phần theo quyền của người hỏi.",
        },
        {0},
};
