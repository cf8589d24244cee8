/* Operations on information systems: what is protected. */
#include "wire/api_domains.h"

#define DATA "personal|sensitive|secret"

static const struct api_field system_row[] = {
        {"id", API_ID, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT,
         .en = "The system's number.", .vi = "Số của hệ thống."},
        {"code", API_STRING, .flags = API_FILTER | API_SORT, .en = "Short and unique.",
         .vi = "Mã ngắn, duy nhất."},
        {"name", API_STRING, .flags = API_SORT, .en = "Name.", .vi = "Tên."},
        {"unit", API_ID, .flags = API_FILTER, .en = "The unit it belongs to.",
         .vi = "Đơn vị quản lý."},
        {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị."},
        {"level", API_INT, .flags = API_FILTER | API_SORT, .en = "Level 1 to 5.",
         .vi = "Cấp độ 1 đến 5."},
        {"level_approved", API_BOOL, .flags = API_FILTER, .en = "The level was approved.",
         .vi = "Cấp độ đã được phê duyệt."},
        {"level_decision", API_STRING, .flags = API_NULLABLE,
         .en = "Number and date of the decision.", .vi = "Số, ngày quyết định phê duyệt."},
        {"owner", API_STRING, .flags = API_NULLABLE, .en = "System owner.",
         .vi = "Chủ quản hệ thống thông tin."},
        {"operator", API_STRING, .flags = API_NULLABLE, .en = "Operator.",
         .vi = "Đơn vị vận hành."},
        {"purpose", API_TEXT, .flags = API_NULLABLE, .en = "What it is for.",
         .vi = "Dùng để làm gì."},
        {"rto_s", API_INT, .flags = API_NULLABLE | API_SORT,
         .en = "Seconds within which it must run again (RTO).",
         .vi = "Số giây phải khôi phục hoạt động (RTO)."},
        {"rpo_s", API_INT, .flags = API_NULLABLE | API_SORT,
         .en = "Seconds of data that may be lost (RPO).",
         .vi = "Số giây dữ liệu được phép mất (RPO)."},
        {"data", API_ENUM, .flags = API_LIST_OF, .values = DATA, .en = "What it keeps.",
         .vi = "Loại dữ liệu lưu giữ."},
        {"hosts", API_STRING, .flags = API_LIST_OF, .en = "Its hosts, as logs name them.",
         .vi = "Các máy, theo tên trong nhật ký."},
        {"addresses", API_ADDRESS, .flags = API_LIST_OF, .en = "Its addresses and networks.",
         .vi = "Các địa chỉ và mạng."},
        {"sources", API_STRING, .flags = API_LIST_OF, .en = "Log sources that should report.",
         .vi = "Các nguồn nhật ký phải gửi về."},
        {"contacts", API_TEXT, .flags = API_NULLABLE, .en = "Who is reached, day and night.",
         .vi = "Liên hệ với ai, cả ngày lẫn đêm."},
        {"active", API_BOOL, .flags = API_FILTER, .en = "It is in use.", .vi = "Đang dùng."},
        {"version", API_INT, .en = "Grows with each change.", .vi = "Tăng sau mỗi lần sửa."},
        {0},
};

/* What a form holds; `must` for what a new one needs. */
#define FIELDS(must)                                                                               \
        {"name", API_STRING, must, 1, 200, .en = "Name.", .vi = "Tên."},                           \
                {"unit", API_ID, must, .en = "The unit it belongs to.", .vi = "Đơn vị quản lý."},  \
                {"level", API_INT, must, 1, 5, .en = "Level 1 to 5.", .vi = "Cấp độ 1 đến 5."},    \
                {"level_approved", API_BOOL, 0, .en = "The level was approved.",                   \
                 .vi = "Cấp độ đã được phê duyệt."},                                               \
                {"level_decision",                                                                 \
                 API_STRING,                                                                       \
                 API_NULLABLE,                                                                     \
                 0,                                                                                \
                 200,                                                                              \
                 .en = "Number and date of the decision.",                                         \
                 .vi = "Số, ngày quyết định phê duyệt."},                                          \
                {"owner",                                                                          \
                 API_STRING,                                                                       \
                 API_NULLABLE,                                                                     \
                 0,                                                                                \
                 200,                                                                              \
                 .en = "System owner.",                                                            \
                 .vi = "Chủ quản hệ thống thông tin."},                                            \
                {"operator",                                                                       \
                 API_STRING,                                                                       \
                 API_NULLABLE,                                                                     \
                 0,                                                                                \
                 200,                                                                              \
                 .en = "Operator.",                                                                \
                 .vi = "Đơn vị vận hành."},                                                        \
                {"purpose",                                                                        \
                 API_TEXT,                                                                         \
                 API_NULLABLE,                                                                     \
                 0,                                                                                \
                 2000,                                                                             \
                 .en = "What it is for.",                                                          \
                 .vi = "Dùng để làm gì."},                                                         \
                {"rto_s",                                                                          \
                 API_INT,                                                                          \
                 API_NULLABLE,                                                                     \
                 1,                                                                                \
                 31536000,                                                                         \
                 .en = "Seconds within which it must run again (RTO).",                            \
                 .vi = "Số giây phải khôi phục hoạt động (RTO)."},                                 \
                {"rpo_s",                                                                          \
                 API_INT,                                                                          \
                 API_NULLABLE,                                                                     \
                 1,                                                                                \
                 31536000,                                                                         \
                 .en = "Seconds of data that may be lost (RPO).",                                  \
                 .vi = "Số giây dữ liệu được phép mất (RPO)."},                                    \
                {"data",                                                                           \
                 API_ENUM,                                                                         \
                 API_LIST_OF,                                                                      \
                 .most = 3,                                                                        \
                 .values = DATA,                                                                   \
                 .en = "What it keeps.",                                                           \
                 .vi = "Loại dữ liệu lưu giữ."},                                                   \
                {"hosts",                                                                          \
                 API_STRING,                                                                       \
                 API_LIST_OF,                                                                      \
                 1,                                                                                \
                 253,                                                                              \
                 1000,                                                                             \
                 .en = "Its hosts, as logs name them.",                                            \
                 .vi = "Các máy, theo tên trong nhật ký."},                                        \
                {"addresses",                                                                      \
                 API_ADDRESS,                                                                      \
                 API_LIST_OF,                                                                      \
                 .most = 1000,                                                                     \
                 .en = "Its addresses and networks.",                                              \
                 .vi = "Các địa chỉ và mạng."},                                                    \
                {"sources",                                                                        \
                 API_STRING,                                                                       \
                 API_LIST_OF,                                                                      \
                 1,                                                                                \
                 64,                                                                               \
                 200,                                                                              \
                 .en = "Log sources that should report.",                                          \
                 .vi = "Các nguồn nhật ký phải gửi về."},                                          \
        {                                                                                          \
                "contacts", API_TEXT, API_NULLABLE, 0, 2000,                                       \
                        .en = "Who is reached, day and night.",                                    \
                        .vi = "Liên hệ với ai, cả ngày lẫn đêm."                       \
        }

static const struct api_field by_id[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào."},
        {0},
};

static const struct api_field system_new[] = {
        {"code", API_STRING, API_REQUIRED, 1, 32, .en = "Short and unique.",
         .vi = "Mã ngắn, duy nhất."},
        FIELDS(API_REQUIRED),
        {0},
};

static const struct api_field system_change[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào."},
        {"version", API_INT, API_REQUIRED, 1,
         .en = "The version that was looked at: another one meanwhile is refused.",
         .vi = "Phiên bản đã xem: nếu đã bị sửa thì từ chối."},
        {"code", API_STRING, 0, 1, 32, .en = "Short and unique.", .vi = "Mã ngắn, duy nhất."},
        {"active", API_BOOL, 0, .en = "It is in use.", .vi = "Đang dùng."},
        FIELDS(0),
        {0},
};

static const struct api_field added[] = {
        {"id", API_ID, .en = "The new number.", .vi = "Số mới."},
        {0},
};

static const struct api_field match[] = {
        {"host", API_STRING, API_IN_QUERY, 1, 253, .en = "A host or an address, as a log names it.",
         .vi = "Tên máy hoặc địa chỉ, theo nhật ký."},
        {0},
};

static const struct api_field matched[] = {
        {"system", API_ID, .flags = API_NULLABLE, .en = "The system; null: none.",
         .vi = "Hệ thống; null: không có."},
        {0},
};

static const struct api_field import[] = {
        {"csv", API_TEXT, API_REQUIRED, 1, 1000000,
         .en = "The file: UTF-8, its first line names the columns.",
         .vi = "Nội dung tệp: UTF-8, dòng đầu là tên các cột."},
        {"dry", API_BOOL, 0, .en = "Only says what would happen.", .vi = "Chỉ cho biết sẽ ra sao."},
        {0},
};

static const struct api_field import_fault[] = {
        {"line", API_INT, .en = "Of the file; 1 is the first.",
         .vi = "Dòng trong tệp; đầu tiên là 1."},
        {"field", API_STRING, .en = "The column.", .vi = "Cột."},
        {"value", API_STRING, .en = "What stands there.", .vi = "Nội dung đang có."},
        {"fault", API_STRING, .en = "What is wrong.", .vi = "Sai ở đâu."},
        {"remedy", API_STRING, .en = "What to do.", .vi = "Cách sửa."},
        {0},
};

static const struct api_field imported[] = {
        {"done", API_BOOL, .en = "All of it is in; false: nothing was changed.",
         .vi = "Đã nhập toàn bộ; false: không thay đổi gì."},
        {"lines", API_INT, .en = "Lines with something.", .vi = "Số dòng có nội dung."},
        {"added", API_INT, .en = "New ones.", .vi = "Số mục mới."},
        {"changed", API_INT, .en = "Changed ones.", .vi = "Số mục được sửa."},
        {"n_faults", API_INT, .en = "Faults in all.", .vi = "Tổng số lỗi."},
        {"faults", API_OBJECT, .flags = API_LIST_OF, .fields = import_fault,
         .en = "The first 200 of them.", .vi = "200 lỗi đầu tiên."},
        {0},
};

const struct api_op api_systems_ops[] = {
        {"systems.list", API_GET, "/api/v1/systems", "systems.read", API_LIST, NULL, system_row,
         "Information systems.", "Các hệ thống thông tin."},
        {"systems.get", API_GET, "/api/v1/systems/{id}", "systems.read", 0, by_id, system_row,
         "One system.", "Một hệ thống."},
        {"systems.add", API_POST, "/api/v1/systems", "systems.write", 0, system_new, added,
         "Describes a system.", "Khai báo hệ thống."},
        {"systems.change", API_PATCH, "/api/v1/systems/{id}", "systems.write", 0, system_change,
         system_row, "Changes a system.", "Sửa hệ thống."},
        {"systems.match", API_GET, "/api/v1/systems/match", "systems.read", 0, match, matched,
         "Which system a host or an address belongs to.", "Máy hoặc địa chỉ thuộc hệ thống nào."},
        {"systems.import", API_POST, "/api/v1/systems/import", "systems.write", 0, import, imported,
         "Systems from a file: all of it or nothing.",
         "Nhập hệ thống từ tệp: tất cả hoặc không gì cả."},
        {0},
};
