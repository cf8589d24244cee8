/* Operations on units, people, their roles, and who is on duty. */
#include "wire/api_domains.h"

#define KINDS "headquarters|ministry|department|division|site|team|supplier|other"
#define ROLES                                                                                      \
        "officer|handler|lead|approver|owner|inspector|liaison|trainee|admin|"                     \
        "organiser|jury|red_team"

/* ---- units ---- */

static const struct api_field unit[] = {
        {"id", API_ID, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT,
         .en = "The unit's number.", .vi = "Số của đơn vị."},
        {"code", API_STRING, .flags = API_FILTER | API_SORT, .en = "Short and unique.",
         .vi = "Mã ngắn, duy nhất."},
        {"name", API_STRING, .flags = API_SORT, .en = "Name.", .vi = "Tên."},
        {"name_vi", API_STRING, .flags = API_NULLABLE, .en = "Name in Vietnamese.",
         .vi = "Tên tiếng Việt."},
        {"parent", API_ID, .flags = API_NULLABLE | API_FILTER, .en = "The unit above.",
         .vi = "Đơn vị cấp trên."},
        {"path_names", API_STRING, .flags = API_LIST_OF, .en = "Names from the top down to it.",
         .vi = "Tên các cấp từ trên xuống."},
        {"depth", API_INT, .flags = API_SORT, .en = "How far below the top.",
         .vi = "Cấp, tính từ gốc."},
        {"kind", API_ENUM, .flags = API_FILTER, .values = KINDS, .en = "Kind.", .vi = "Loại."},
        {"contacts", API_TEXT, .en = "How it is reached, day and night.",
         .vi = "Cách liên hệ, cả ngày lẫn đêm."},
        {"children", API_INT, .en = "Units right below.", .vi = "Số đơn vị trực thuộc."},
        {"people", API_INT, .en = "Active people of it.", .vi = "Số người đang hoạt động."},
        {"active", API_BOOL, .flags = API_FILTER, .en = "It is in use.", .vi = "Đang dùng."},
        {"version", API_INT, .en = "Grows with each change.", .vi = "Tăng sau mỗi lần sửa."},
        {0},
};

#define BY_ID                                                                                      \
        { "id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào." }
#define VERSION                                                                                    \
        {                                                                                          \
                "version", API_INT, API_REQUIRED, 1,                                               \
                        .en = "The version that was looked at: another one meanwhile is refused.", \
                        .vi = "Phiên bản đã xem: nếu đã bị sửa thì từ chối."     \
        }

static const struct api_field by_id[] = {BY_ID, {0}};

static const struct api_field unit_new[] = {
        {"parent", API_ID, API_REQUIRED, .en = "The unit above.", .vi = "Đơn vị cấp trên."},
        {"code", API_STRING, API_REQUIRED, 1, 32, .en = "Short and unique.",
         .vi = "Mã ngắn, duy nhất."},
        {"name", API_STRING, API_REQUIRED, 1, 200, .en = "Name.", .vi = "Tên."},
        {"name_vi", API_STRING, API_NULLABLE, 0, 200, .en = "Name in Vietnamese.",
         .vi = "Tên tiếng Việt."},
        {"kind", API_ENUM, API_REQUIRED, .values = KINDS, .en = "Kind.", .vi = "Loại."},
        {"contacts", API_TEXT, 0, 0, 2000, .en = "How it is reached, day and night.",
         .vi = "Cách liên hệ, cả ngày lẫn đêm."},
        {0},
};

static const struct api_field unit_change[] = {
        BY_ID,
        VERSION,
        {"parent", API_ID, 0, .en = "The unit above.", .vi = "Đơn vị cấp trên."},
        {"code", API_STRING, 0, 1, 32, .en = "Short and unique.", .vi = "Mã ngắn, duy nhất."},
        {"name", API_STRING, 0, 1, 200, .en = "Name.", .vi = "Tên."},
        {"name_vi", API_STRING, API_NULLABLE, 0, 200, .en = "Name in Vietnamese.",
         .vi = "Tên tiếng Việt."},
        {"kind", API_ENUM, 0, .values = KINDS, .en = "Kind.", .vi = "Loại."},
        {"contacts", API_TEXT, 0, 0, 2000, .en = "How it is reached, day and night.",
         .vi = "Cách liên hệ, cả ngày lẫn đêm."},
        {"active", API_BOOL, 0, .en = "It is in use.", .vi = "Đang dùng."},
        {0},
};

/* ---- people ---- */

static const struct api_field person_role[] = {
        {"id", API_ID, .en = "The number of what was given.", .vi = "Số của lần giao."},
        {"role", API_ENUM, .values = ROLES "|guest", .en = "The role.", .vi = "Vai trò."},
        {"unit", API_ID, .en = "For which unit, and all below it.",
         .vi = "Cho đơn vị nào, gồm mọi đơn vị bên dưới."},
        {"unit_name", API_STRING, .en = "The unit's name.", .vi = "Tên đơn vị."},
        {"since", API_TIME, .en = "From when.", .vi = "Từ khi."},
        {"until", API_TIME, .flags = API_NULLABLE, .en = "Until when.", .vi = "Đến khi."},
        {"given_by", API_STRING, .flags = API_NULLABLE, .en = "By whom; null: at the node itself.",
         .vi = "Ai giao; null: tại chính nút."},
        {0},
};

static const struct api_field person[] = {
        {"id", API_ID, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT,
         .en = "The person's number.", .vi = "Số của người dùng."},
        {"login", API_STRING, .flags = API_FILTER | API_SORT, .en = "Login name.",
         .vi = "Tên đăng nhập."},
        {"name", API_STRING, .flags = API_SORT, .en = "Name.", .vi = "Họ tên."},
        {"title", API_STRING, .flags = API_NULLABLE, .en = "Position.", .vi = "Chức danh."},
        {"phone", API_STRING, .flags = API_NULLABLE, .en = "Telephone.", .vi = "Điện thoại."},
        {"email", API_STRING, .flags = API_NULLABLE, .en = "E-mail.", .vi = "Thư điện tử."},
        {"unit", API_ID, .flags = API_FILTER, .en = "Their unit.", .vi = "Đơn vị."},
        {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị."},
        {"lang", API_ENUM, .flags = API_NULLABLE, .values = "vi|en",
         .en = "Language; null: the browser's.", .vi = "Ngôn ngữ; null: theo trình duyệt."},
        {"roles", API_OBJECT, .flags = API_LIST_OF, .fields = person_role, .en = "Their roles now.",
         .vi = "Các vai trò hiện có."},
        {"active", API_BOOL, .flags = API_FILTER, .en = "They may sign in.",
         .vi = "Được đăng nhập."},
        {"created", API_TIME, .flags = API_SORT, .en = "Since when they are here.",
         .vi = "Có từ khi."},
        {"last_seen", API_TIME, .flags = API_NULLABLE | API_SORT,
         .en = "Signed in or at work last.", .vi = "Lần gần nhất làm việc."},
        {"unused", API_BOOL, .flags = API_FILTER,
         .en = "Not used for 45 days: to be looked at (TCVN 14423).",
         .vi = "Không dùng trong 45 ngày: cần xem lại (TCVN 14423)."},
        {"second_factor", API_BOOL, .flags = API_FILTER, .en = "A second factor is set up.",
         .vi = "Đã có yếu tố thứ hai."},
        {"has_password", API_BOOL, .en = "They can sign in by password.", .vi = "Đã có mật khẩu."},
        {"signs_in", API_ENUM, .values = "local|directory|oidc", .en = "How they sign in.",
         .vi = "Cách đăng nhập."},
        {"external", API_STRING, .flags = API_NULLABLE, .en = "What they are called there.",
         .vi = "Tên ở nơi đó."},
        {"reset_at", API_TIME, .flags = API_NULLABLE,
         .en = "When somebody else gave them a new password last.",
         .vi = "Lần gần nhất người khác cấp lại mật khẩu."},
        {"version", API_INT, .en = "Grows with each change.", .vi = "Tăng sau mỗi lần sửa."},
        {0},
};

#define LOGIN_EN "Login name: small letters, figures and . _ - @"
#define LOGIN_VI "Tên đăng nhập: chữ thường, chữ số và . _ - @"

static const struct api_field person_new[] = {
        {"login", API_STRING, API_REQUIRED, 2, 64, .en = LOGIN_EN, .vi = LOGIN_VI},
        {"name", API_STRING, API_REQUIRED, 1, 200, .en = "Name.", .vi = "Họ tên."},
        {"unit", API_ID, API_REQUIRED, .en = "Their unit.", .vi = "Đơn vị."},
        {"title", API_STRING, API_NULLABLE, 0, 200, .en = "Position.", .vi = "Chức danh."},
        {"phone", API_STRING, API_NULLABLE, 0, 40, .en = "Telephone.", .vi = "Điện thoại."},
        {"email", API_STRING, API_NULLABLE, 0, 200, .en = "E-mail.", .vi = "Thư điện tử."},
        {"lang", API_ENUM, 0, .values = "vi|en", .en = "Language.", .vi = "Ngôn ngữ."},
        {0},
};

static const struct api_field person_change[] = {
        BY_ID,
        VERSION,
        {"name", API_STRING, 0, 1, 200, .en = "Name.", .vi = "Họ tên."},
        {"unit", API_ID, 0, .en = "Their unit.", .vi = "Đơn vị."},
        {"title", API_STRING, API_NULLABLE, 0, 200, .en = "Position.", .vi = "Chức danh."},
        {"phone", API_STRING, API_NULLABLE, 0, 40, .en = "Telephone.", .vi = "Điện thoại."},
        {"email", API_STRING, API_NULLABLE, 0, 200, .en = "E-mail.", .vi = "Thư điện tử."},
        {"lang", API_ENUM, 0, .values = "vi|en", .en = "Language.", .vi = "Ngôn ngữ."},
        {"active", API_BOOL, 0, .en = "They may sign in; false ends their sessions.",
         .vi = "Được đăng nhập; false kết thúc mọi phiên."},
        {0},
};

static const struct api_field one_time[] = {
        BY_ID,
        {"totp", API_BOOL, 0, .en = "Also forgets their second factor and recovery codes.",
         .vi = "Đồng thời xóa yếu tố thứ hai và mã khôi phục."},
        {0},
};

static const struct api_field one_time_made[] = {
        {"id", API_ID, .en = "The person's number.", .vi = "Số của người dùng."},
        {"login", API_STRING, .en = "Login name.", .vi = "Tên đăng nhập."},
        {"password", API_STRING, .en = "Good for one sign-in within 72 hours; shown this once.",
         .vi = "Đăng nhập một lần trong 72 giờ; chỉ hiện một lần này."},
        {"created", API_BOOL, .en = "The person was made now.", .vi = "Người này vừa được tạo."},
        {0},
};

static const struct api_field begin[] = {
        {"login", API_STRING, API_REQUIRED, 2, 64, .en = LOGIN_EN, .vi = LOGIN_VI},
        {"totp", API_BOOL, 0, .en = "Also forgets their second factor and recovery codes.",
         .vi = "Đồng thời xóa yếu tố thứ hai và mã khôi phục."},
        {0},
};

static const struct api_field role_new[] = {
        BY_ID,
        {"role", API_ENUM, API_REQUIRED, .values = ROLES, .en = "The role.", .vi = "Vai trò."},
        {"unit", API_ID, API_REQUIRED, .en = "For which unit, and all below it.",
         .vi = "Cho đơn vị nào, gồm mọi đơn vị bên dưới."},
        {"since", API_TIME, API_NULLABLE, .en = "From when; without it: now.",
         .vi = "Từ khi; không ghi: từ bây giờ."},
        {"until", API_TIME, API_NULLABLE, .en = "Until when; without it: until it is taken.",
         .vi = "Đến khi; không ghi: đến khi thu hồi."},
        {0},
};

static const struct api_field role_end[] = {
        BY_ID,
        {"grant", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which role of theirs.",
         .vi = "Vai trò nào của người đó."},
        {0},
};

static const struct api_field added[] = {
        {"id", API_ID, .en = "The new number.", .vi = "Số mới."},
        {0},
};

/* ---- duty ---- */

static const struct api_field duty[] = {
        {"id", API_ID, .flags = API_SORT, .en = "The number of the turn.", .vi = "Số của ca trực."},
        {"unit", API_ID, .flags = API_FILTER, .en = "Of which unit.", .vi = "Của đơn vị nào."},
        {"unit_name", API_STRING, .en = "Its name.", .vi = "Tên đơn vị."},
        {"person", API_ID, .flags = API_FILTER, .en = "Who.", .vi = "Ai."},
        {"person_name", API_STRING, .en = "Their name.", .vi = "Họ tên."},
        {"phone", API_STRING, .flags = API_NULLABLE, .en = "Their telephone.", .vi = "Điện thoại."},
        {"since", API_TIME, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT, .en = "From when.",
         .vi = "Từ khi."},
        {"until", API_TIME, .flags = API_FILTER | API_SORT, .en = "Until when.", .vi = "Đến khi."},
        {"note", API_STRING, .en = "A note.", .vi = "Ghi chú."},
        {0},
};

static const struct api_field duty_new[] = {
        {"unit", API_ID, API_REQUIRED, .en = "Of which unit.", .vi = "Của đơn vị nào."},
        {"person", API_ID, API_REQUIRED, .en = "Who.", .vi = "Ai."},
        {"since", API_TIME, API_REQUIRED, .en = "From when.", .vi = "Từ khi."},
        {"until", API_TIME, API_REQUIRED, .en = "Until when.", .vi = "Đến khi."},
        {"note", API_STRING, 0, 0, 200, .en = "A note.", .vi = "Ghi chú."},
        {0},
};

/* ---- files ---- */

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

#define READ "people.read"
#define WRITE "people.write"

const struct api_op api_units_ops[] = {
        {"units.list", API_GET, "/api/v1/units", READ, API_LIST, NULL, unit, "Units.",
         "Các đơn vị."},
        {"units.get", API_GET, "/api/v1/units/{id}", READ, 0, by_id, unit, "One unit.",
         "Một đơn vị."},
        {"units.add", API_POST, "/api/v1/units", "units.write", 0, unit_new, added, "Adds a unit.",
         "Thêm đơn vị."},
        {"units.change", API_PATCH, "/api/v1/units/{id}", "units.write", 0, unit_change, unit,
         "Changes a unit, or moves it with all below it.",
         "Sửa đơn vị, hoặc chuyển cùng mọi đơn vị bên dưới."},
        {"units.import", API_POST, "/api/v1/units/import", "units.write", 0, import, imported,
         "Units from a file: all of it or nothing.",
         "Nhập đơn vị từ tệp: tất cả hoặc không gì cả."},
        {0},
};

const struct api_op api_people_ops[] = {
        {"people.list", API_GET, "/api/v1/people", READ, API_LIST, NULL, person, "People.",
         "Nhân sự."},
        {"people.get", API_GET, "/api/v1/people/{id}", READ, 0, by_id, person, "One person.",
         "Một người."},
        {"people.add", API_POST, "/api/v1/people", WRITE, 0, person_new, added, "Adds a person.",
         "Thêm người."},
        {"people.change", API_PATCH, "/api/v1/people/{id}", WRITE, 0, person_change, person,
         "Changes a person.", "Sửa thông tin một người."},
        {"people.one_time", API_POST, "/api/v1/people/{id}/one_time", WRITE,
         API_SECOND | API_NO_TOKEN, one_time, one_time_made,
         "A one-time password for another person; ends their sessions.",
         "Cấp mật khẩu dùng một lần cho người khác; kết thúc mọi phiên của họ."},
        {"people.begin", API_POST, "/api/v1/people/begin", WRITE, API_NO_TOKEN, begin,
         one_time_made,
         "At the node itself only: a one-time password; the first person is made by it.",
         "Chỉ tại chính nút: cấp mật khẩu dùng một lần; tạo người đầu tiên."},
        {"people.sign_out", API_POST, "/api/v1/people/{id}/sign_out", WRITE, 0, by_id, NULL,
         "Ends all sessions and tokens of a person.",
         "Kết thúc mọi phiên và mã truy cập của một người."},
        {"people.import", API_POST, "/api/v1/people/import", WRITE, 0, import, imported,
         "People from a file: all of it or nothing.",
         "Nhập nhân sự từ tệp: tất cả hoặc không gì cả."},
        {0},
};

const struct api_op api_roles_ops[] = {
        {"roles.list", API_GET, "/api/v1/people/{id}/roles", READ, API_LIST, by_id, person_role,
         "Roles of a person, also those of the past.",
         "Các vai trò của một người, kể cả đã hết hạn."},
        {"roles.give", API_POST, "/api/v1/people/{id}/roles", WRITE, API_SECOND | API_NO_TOKEN,
         role_new, added, "Gives a role.", "Giao vai trò."},
        {"roles.take", API_DELETE, "/api/v1/people/{id}/roles/{grant}", WRITE,
         API_SECOND | API_NO_TOKEN, role_end, NULL, "Takes a role.", "Thu hồi vai trò."},
        {"duty.list", API_GET, "/api/v1/duty", READ, API_LIST, NULL, duty, "Who is on duty when.",
         "Lịch trực."},
        {"duty.add", API_POST, "/api/v1/duty", WRITE, 0, duty_new, added, "Adds a turn.",
         "Thêm ca trực."},
        {"duty.remove", API_DELETE, "/api/v1/duty/{id}", WRITE, 0, by_id, NULL, "Removes a turn.",
         "Xóa ca trực."},
        {0},
};
