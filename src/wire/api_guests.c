/* Guests: people of partner agencies who see one incident, up to a mark, until a date. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

#define N API_NULLABLE
#define TLPS "red|amber_strict|amber|green|clear"

#define ROW                                                                                        \
        {"id", API_ID, API_SORT, .en = "Its number.", .vi = "Số."},                                \
                {"person", API_ID, .en = "Their account.", .vi = "Tài khoản."},                    \
                {"login", API_STRING, .en = "As they sign in.", .vi = "Tên đăng nhập."},           \
                {"name", API_STRING, .en = "Their name.", .vi = "Tên."},                           \
                {"email", API_STRING, N, .en = "Their mail.", .vi = "Thư điện tử."},               \
                {"organisation", API_STRING, N, .en = "Of which agency.", .vi = "Cơ quan."},       \
                {"tlp", API_ENUM, .values = TLPS, .en = "They see what is marked so, or less.",    \
                 .vi = "Được xem đến mức TLP này."},                                               \
                {"since", API_TIME, API_SORT | API_DEFAULT_SORT, .en = "Since.", .vi = "Từ."},     \
                {"until", API_TIME, .en = "Until.", .vi = "Đến."},                                 \
                {"state",                                                                          \
                 API_ENUM,                                                                         \
                 API_FILTER,                                                                       \
                 .values = "active|ended",                                                         \
                 .en = "Whether they are in.",                                                     \
                 .vi = "Còn hiệu lực không."},                                                     \
        {                                                                                          \
                "given_by_name", API_STRING, N, .en = "Who let them in.", .vi = "Người mời."  \
        }

const struct api_field api_guest_row[] = {ROW, {0}};
static const struct api_field made[] = {
        ROW,
        {"one_time", API_STRING, .en = "Their one-time password, shown this once.",
         .vi = "Mật khẩu dùng một lần, chỉ hiện lần này."},
        {0},
};

#define INCIDENT                                                                                   \
        { "id", API_ID, API_REQUIRED | API_IN_PATH, .en = "The incident.", .vi = "Sự cố." }
static const struct api_field of_incident[] = {INCIDENT, {0}};
static const struct api_field add[] = {
        INCIDENT,
        {"login", API_STRING, API_REQUIRED, 2, 64, .en = "As they will sign in.",
         .vi = "Tên đăng nhập."},
        {"name", API_STRING, API_REQUIRED, 1, 200, .en = "Their name.", .vi = "Tên."},
        {"email", API_STRING, N, 0, 200, .en = "Their mail.", .vi = "Thư điện tử."},
        {"organisation", API_STRING, API_REQUIRED, 1, 200, .en = "Of which agency.",
         .vi = "Cơ quan."},
        {"tlp", API_ENUM, API_REQUIRED, .values = TLPS,
         .en = "They see what is marked so, or less.", .vi = "Được xem đến mức TLP này."},
        {"until", API_TIME, API_REQUIRED, .en = "Within 90 days.", .vi = "Trong vòng 90 ngày."},
        {0},
};
static const struct api_field end[] = {
        INCIDENT,
        {"guest", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Khách nào."},
        {0},
};

const struct api_op api_guests_ops[] = {
        {
                .id = "guests.list",
                .method = API_GET,
                .path = "/api/v1/incidents/{id}/guests",
                .permission = "incidents.read",
                .flags = API_LIST,
                .fields = of_incident,
                .answer = api_guest_row,
                .en = "Guests of an incident.",
                .vi = "Khách của một sự cố.",
        },
        {
                .id = "guests.add",
                .method = API_POST,
                .path = "/api/v1/incidents/{id}/guests",
                .permission = "incidents.guests",
                .flags = API_SECOND | API_NO_TOKEN,
                .fields = add,
                .answer = made,
                .en = "Lets somebody of a partner in, with a one-time password; once more: a new "
                      "one.",
                .vi = "Mời người của đơn vị bạn, cấp mật khẩu dùng một lần; lặp lại: cấp lại.",
        },
        {
                .id = "guests.end",
                .method = API_POST,
                .path = "/api/v1/incidents/{id}/guests/{guest}/end",
                .permission = "incidents.guests",
                .fields = end,
                .answer = api_guest_row,
                .en = "Ends it at once, with their sessions.",
                .vi = "Kết thúc ngay, cả các phiên làm việc.",
        },
        {0},
};
