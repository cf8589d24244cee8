/* What may be changed while the node runs (settings.h). */
#include "wire/settings.h"

#include "wire/api_domains.h"

#define N API_NULLABLE

static const struct api_field item[] = {
        {"name", API_STRING, .en = "Its name.", .vi = "Tên."},
        {"group", API_STRING, .en = "What it belongs to.", .vi = "Nhóm."},
        {"type", API_ENUM, .values = "int|text|enum", .en = "What it is.", .vi = "Kiểu."},
        {"value", API_ANY, .en = "As it is now.", .vi = "Giá trị hiện tại."},
        {"default", API_ANY, .en = "If nobody changed it.", .vi = "Giá trị mặc định."},
        {"min", API_INT, N, .en = "At least.", .vi = "Tối thiểu."},
        {"max", API_INT, N, .en = "At most; of text: characters.",
         .vi = "Tối đa; với chữ: số ký tự."},
        {"values", API_STRING, API_LIST_OF | N, .en = "One of these.",
         .vi = "Một trong các giá trị."},
        {"unit", API_STRING, N, .en = "What it counts.", .vi = "Đơn vị đo."},
        {"en", API_STRING, .en = "What it is for.", .vi = "Dùng để làm gì (tiếng Anh)."},
        {"vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Dùng để làm gì."},
        {"changed_at", API_TIME, N, .en = "Changed last.", .vi = "Sửa lần cuối."},
        {"changed_by_name", API_STRING, N, .en = "By whom.", .vi = "Người sửa."},
        {0},
};

static const struct api_field answer[] = {
        {"version", API_INT, .en = "Grows with each change.", .vi = "Tăng sau mỗi lần sửa."},
        {"items", API_OBJECT, API_LIST_OF, .most = 100, .fields = item, .en = "The settings.",
         .vi = "Các cài đặt."},
        {"configuration", API_ANY,
         .en = "Of the configuration file, to be read only: [{name, value}]; no secrets. null: the "
               "node did not say.",
         .vi = "Trong tệp cấu hình, chỉ xem: [{name, value}], không có bí mật. null: chưa biết."},
        {0},
};

static const struct api_field change[] = {
        {"version", API_INT, API_REQUIRED, 0, .en = "As it was seen.", .vi = "Bản đã xem."},
        {"agency_name", API_STRING, 0, 1, 200, .en = "The agency's name.",
         .vi = "Tên cơ quan (tiếng Anh)."},
        {"agency_name_vi", API_STRING, N, 1, 200, .en = "The same in Vietnamese.",
         .vi = "Tên cơ quan."},
        {"default_lang", API_ENUM, N, .values = "vi|en", .en = "Language of new people.",
         .vi = "Ngôn ngữ của người mới."},
#define FIELD(name_, group_, otherwise_, least_, most_, of_, en_, vi_)                             \
        {#name_, API_INT, N, (least_), (most_), .en = (en_), .vi = (vi_)},
        SETTINGS_NUMBERS(FIELD)
#undef FIELD
                {0},
};

const struct api_op api_settings_ops[] = {
        {
                .id = "settings.get",
                .method = API_GET,
                .path = "/api/v1/settings",
                .permission = "settings.read",
                .answer = answer,
                .en = "Settings that may be changed while the node runs, and its configuration.",
                .vi = "Cài đặt sửa được khi nút đang chạy, và cấu hình của nút.",
        },
        {
                .id = "settings.change",
                .method = API_PATCH,
                .path = "/api/v1/settings",
                .permission = "settings.write",
                .fields = change,
                .answer = answer,
                .en = "Changes settings; null: the default again.",
                .vi = "Sửa cài đặt; null: trở lại mặc định.",
        },
        {0},
};
