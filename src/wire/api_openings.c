/* Opening rules: alerts that become an incident by themselves. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

#define N API_NULLABLE
#define SEVERITIES "critical|high|medium|low|info"

#define VALUES(flag)                                                                                 \
        {"name", API_STRING, flag, 1, 200, .en = "What people call it.", .vi = "Tên."},              \
                {"unit", API_ID, (flag) | API_FILTER, .en = "For alerts of this unit and below.",    \
                 .vi = "Với cảnh báo của đơn vị này và bên dưới."},                                  \
                {"match",                                                                            \
                 API_ENUM,                                                                           \
                 flag,                                                                               \
                 .values = "rule|tag|any",                                                           \
                 .en = "By the id of a rule, by a tag, or any alert.",                               \
                 .vi = "Theo mã quy tắc, theo thẻ, hoặc mọi cảnh báo."},                             \
                {"value", API_STRING, 0, 0, 200, .en = "That id or tag.", .vi = "Mã hoặc thẻ."},     \
                {"severity",                                                                         \
                 API_ENUM,                                                                           \
                 flag,                                                                               \
                 .values = SEVERITIES,                                                               \
                 .en = "At least so severe.",                                                        \
                 .vi = "Từ mức này trở lên."},                                                       \
                {"level",                                                                            \
                 API_INT,                                                                            \
                 N,                                                                                  \
                 1,                                                                                  \
                 5,                                                                                  \
                 .en = "Of systems of at least that level.",                                         \
                 .vi = "Với hệ thống từ cấp độ này."},                                               \
                {"kind",                                                                             \
                 API_STRING,                                                                         \
                 N,                                                                                  \
                 0,                                                                                  \
                 64,                                                                                 \
                 .en = "The incident's kind, of the law's.",                                         \
                 .vi = "Loại sự cố, theo bộ quy định."},                                             \
                {"per_hour",                                                                         \
                 API_INT,                                                                            \
                 flag,                                                                               \
                 1,                                                                                  \
                 100,                                                                                \
                 .en = "Opens at most, in an hour.",                                                 \
                 .vi = "Lập tối đa mỗi giờ."},                                                       \
        {                                                                                            \
                "active", API_BOOL, .flags = API_FILTER, .en = "It is in use.", .vi = "Đang dùng." \
        }

const struct api_field api_opening_row[] = {
        {"id", API_ID, API_SORT | API_DEFAULT_SORT, .en = "Its number.", .vi = "Số."},
        VALUES(0),
        {"unit_name", API_STRING, N, .en = "That unit's name.", .vi = "Tên đơn vị."},
        {"opened", API_INT, .en = "Incidents it opened.", .vi = "Số sự cố đã lập."},
        {"last", API_TIME, N, .en = "When last.", .vi = "Lần cuối."},
        {"held", API_INT, .en = "Alerts left in the queue, as it was too many.",
         .vi = "Số cảnh báo để lại hàng chờ do vượt giới hạn."},
        {"version", API_INT, .en = "Grows with each change.", .vi = "Tăng sau mỗi lần sửa."},
        {0},
};

#define BY_ID                                                                                      \
        { "id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào." }
#define VERSION                                                                                    \
        { "version", API_INT, API_REQUIRED, 1, .en = "As it was seen.", .vi = "Bản đã xem." }

static const struct api_field by_id[] = {BY_ID, {0}};
static const struct api_field add[] = {VALUES(API_REQUIRED), {0}};
static const struct api_field change[] = {BY_ID, VERSION, VALUES(0), {0}};

const struct api_op api_openings_ops[] = {
        {
                .id = "openings.list",
                .method = API_GET,
                .path = "/api/v1/opening-rules",
                .permission = "settings.read",
                .flags = API_LIST,
                .answer = api_opening_row,
                .en = "Rules by which alerts open incidents.",
                .vi = "Quy tắc để cảnh báo tự lập sự cố.",
        },
        {
                .id = "openings.get",
                .method = API_GET,
                .path = "/api/v1/opening-rules/{id}",
                .permission = "settings.read",
                .fields = by_id,
                .answer = api_opening_row,
                .en = "One of them.",
                .vi = "Một quy tắc.",
        },
        {
                .id = "openings.add",
                .method = API_POST,
                .path = "/api/v1/opening-rules",
                .permission = "settings.write",
                .fields = add,
                .answer = api_opening_row,
                .en = "Adds one.",
                .vi = "Thêm một quy tắc.",
        },
        {
                .id = "openings.change",
                .method = API_PATCH,
                .path = "/api/v1/opening-rules/{id}",
                .permission = "settings.write",
                .fields = change,
                .answer = api_opening_row,
                .en = "Changes one.",
                .vi = "Sửa một quy tắc.",
        },
        {
                .id = "openings.remove",
                .method = API_DELETE,
                .path = "/api/v1/opening-rules/{id}",
                .permission = "settings.write",
                .fields = by_id,
                .en = "Takes one out of use for good; what it opened stays.",
                .vi = "Bỏ một quy tắc; sự cố đã lập vẫn còn.",
        },
        {0},
};
