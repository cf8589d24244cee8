/* Operations of whoever asks about themselves: signing in and out, sessions, the second factor, tokens of
 * scripts. What an error's `code` says next: "totp", "new_password", "second_factor", "enrol", "idle". */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

static const struct api_field role[] = {
        {"role", API_STRING, .en = "The role.", .vi = "Vai trò."},
        {"unit", API_ID, .en = "For which unit, and all below it.",
         .vi = "Cho đơn vị nào, gồm mọi đơn vị bên dưới."},
        {"unit_name", API_STRING, .en = "The unit's name.", .vi = "Tên đơn vị."},
        {0},
};

static const struct api_field person[] = {
        {"id", API_ID, .en = "The person's number.", .vi = "Số của người dùng."},
        {"name", API_STRING, .en = "Name.", .vi = "Họ tên."},
        {"login", API_STRING, .en = "Login name.", .vi = "Tên đăng nhập."},
        {"lang", API_ENUM, .flags = API_NULLABLE, .values = "vi|en",
         .en = "Language; null: the browser's.", .vi = "Ngôn ngữ; null: theo trình duyệt."},
        {"title", API_STRING, .flags = API_NULLABLE, .en = "Position.", .vi = "Chức danh."},
        {0},
};

/* Of a session that is whole, or of what it still needs: `step`. */
static const struct api_field guest[] = {
        {"incident", API_ID, .en = "The incident.", .vi = "Sự cố."},
        {"tlp", API_STRING, .en = "Up to that mark.", .vi = "Đến mức TLP này."},
        {"until", API_TIME, .en = "Until then.", .vi = "Đến khi nào."},
        {0},
};

const struct api_field api_session_shape[] = {
        {"step", API_ENUM, .flags = API_NULLABLE, .values = "totp|new_password",
         .en = "What the sign-in still needs; null: nothing.",
         .vi = "Bước đăng nhập còn thiếu; null: không thiếu gì."},
        {"person", API_OBJECT, .fields = person, .en = "Who is signed in.",
         .vi = "Người đang đăng nhập."},
        {"roles", API_OBJECT, .flags = API_LIST_OF, .fields = role, .en = "Their roles.",
         .vi = "Các vai trò."},
        {"permissions", API_STRING, .flags = API_LIST_OF,
         .en = "What they may do somewhere; each unit is checked when it is done.",
         .vi = "Những việc được làm ở một đơn vị nào đó; từng đơn vị được kiểm tra khi thực hiện."},
        {"lent", API_STRING, .flags = API_LIST_OF,
         .en = "Permissions that hold for matter of the drill they are in, and for nothing else.",
         .vi = "Quyền chỉ dùng cho dữ liệu của lượt diễn tập đang tham gia."},
        {"guest", API_OBJECT, .flags = API_NULLABLE, .fields = guest,
         .en = "A guest's one incident; null: no guest.",
         .vi = "Sự cố mà khách được xem; null: không phải khách."},
        {"level_idle_s", API_INT, .en = "Seconds of idling after which the session ends.",
         .vi = "Số giây không hoạt động thì phiên kết thúc."},
        {"second_at", API_TIME, .flags = API_NULLABLE,
         .en = "When the second factor was shown last.",
         .vi = "Lần gần nhất xác thực yếu tố thứ hai."},
        {"has_totp", API_BOOL, .en = "A second factor is set up.",
         .vi = "Đã thiết lập yếu tố thứ hai."},
        {"codes_left", API_INT, .en = "Recovery codes that were not used yet.",
         .vi = "Số mã khôi phục chưa dùng."},
        {"expires", API_TIME, .en = "When the session ends at the latest.",
         .vi = "Thời điểm muộn nhất phiên kết thúc."},
        {"must_change_password", API_BOOL, .en = "A new password is needed first.",
         .vi = "Cần đặt mật khẩu mới trước."},
        {"needs_totp", API_BOOL,
         .en = "Their roles ask for a second factor, and there is none yet.",
         .vi = "Vai trò yêu cầu yếu tố thứ hai nhưng chưa thiết lập."},
        {"now", API_TIME, .en = "The node's clock.", .vi = "Đồng hồ của nút."},
        {0},
};

static const struct api_field sign_in[] = {
        {"login", API_STRING, API_REQUIRED, 1, 64, .en = "Login name.", .vi = "Tên đăng nhập."},
        {"password", API_SECRET, API_REQUIRED, 1, 128, .en = "Password.", .vi = "Mật khẩu."},
        {0},
};

static const struct api_field totp_code[] = {
        {"code", API_SECRET, API_REQUIRED, 6, 6,
         .en = "The six figures that the authenticator shows.",
         .vi = "Sáu chữ số trên ứng dụng xác thực."},
        {0},
};

static const struct api_field recovery_code[] = {
        {"code", API_SECRET, API_REQUIRED, 16, 32, .en = "One of the recovery codes.",
         .vi = "Một trong các mã khôi phục."},
        {0},
};

static const struct api_field new_password[] = {
        {"old", API_SECRET, API_NULLABLE, 0, 128,
         .en = "The password until now; not needed behind a one-time password.",
         .vi = "Mật khẩu hiện tại; không cần sau mật khẩu dùng một lần."},
        {"new", API_SECRET, API_REQUIRED, 1, 128, .en = "The new password.", .vi = "Mật khẩu mới."},
        {0},
};

static const struct api_field by_id[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào."},
        {0},
};

static const struct api_field session_row[] = {
        {"id", API_ID, .flags = API_FILTER | API_SORT, .en = "The session's number.",
         .vi = "Số của phiên."},
        {"created", API_TIME, .flags = API_SORT, .en = "Signed in.", .vi = "Đăng nhập lúc."},
        {"last", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "Used last.",
         .vi = "Dùng gần nhất."},
        {"address", API_STRING, .en = "From where.", .vi = "Từ địa chỉ."},
        {"current", API_BOOL, .en = "It is the one that asks.", .vi = "Là phiên đang dùng."},
        {0},
};

static const struct api_field totp_new[] = {
        {"secret", API_STRING, .en = "For typing; shown this once.",
         .vi = "Để gõ tay; chỉ hiện một lần này."},
        {"uri", API_STRING, .en = "For a QR code.", .vi = "Để tạo mã QR."},
        {0},
};

static const struct api_field codes[] = {
        {"recovery_codes", API_STRING, .flags = API_LIST_OF,
         .en = "Each signs in once without the authenticator; shown this once.",
         .vi = "Mỗi mã đăng nhập một lần khi không có ứng dụng xác thực; chỉ hiện một lần này."},
        {0},
};

static const struct api_field token_row[] = {
        {"id", API_ID, .flags = API_FILTER | API_SORT | API_DEFAULT_SORT,
         .en = "The token's number.", .vi = "Số của mã truy cập."},
        {"name", API_STRING, .flags = API_SORT, .en = "What it is for.", .vi = "Dùng cho việc gì."},
        {"permissions", API_STRING, .en = "What it may do, divided by blanks.",
         .vi = "Những việc được làm, cách nhau bằng dấu cách."},
        {"created", API_TIME, .flags = API_SORT, .en = "Made.", .vi = "Tạo lúc."},
        {"until", API_TIME, .flags = API_SORT, .en = "Ends.", .vi = "Hết hạn lúc."},
        {"last", API_TIME, .flags = API_SORT | API_NULLABLE, .en = "Used last.",
         .vi = "Dùng gần nhất."},
        {0},
};

static const struct api_field token_new[] = {
        {"name", API_STRING, API_REQUIRED, 1, 100, .en = "What it is for.",
         .vi = "Dùng cho việc gì."},
        {"permissions", API_STRING, API_REQUIRED | API_LIST_OF, 1, 64, 64,
         .en = "What it may do: names of permissions that you hold yourself.",
         .vi = "Những việc được làm: tên các quyền mà chính bạn có."},
        {"until", API_TIME, API_REQUIRED, .en = "When it ends; a year at most.",
         .vi = "Hết hạn lúc; nhiều nhất một năm."},
        {0},
};

static const struct api_field token_made[] = {
        {"id", API_ID, .en = "The token's number.", .vi = "Số của mã truy cập."},
        {"token", API_STRING, .en = "For the header Authorization: Bearer; shown this once.",
         .vi = "Cho phần đầu Authorization: Bearer; chỉ hiện một lần này."},
        {0},
};

#define SELF (API_SELF | API_NO_TOKEN)

const struct api_op api_session_ops[] = {
        {"session.get", API_GET, "/api/v1/session", NULL, API_SELF, NULL, api_session_shape,
         "Who is signed in, and what they may do.", "Ai đang đăng nhập và được làm gì."},
        {"session.open", API_POST, "/api/v1/session", NULL, API_ANONYMOUS, sign_in,
         api_session_shape, "Signs in; the answer says what is still needed.",
         "Đăng nhập; trả lời cho biết còn thiếu bước nào."},
        {"session.totp", API_POST, "/api/v1/session/totp", NULL, SELF, totp_code, api_session_shape,
         "The second factor of a sign-in.", "Yếu tố thứ hai khi đăng nhập."},
        {"session.recovery", API_POST, "/api/v1/session/recovery", NULL, SELF, recovery_code,
         api_session_shape, "A recovery code instead of the second factor.",
         "Mã khôi phục thay cho yếu tố thứ hai."},
        {"session.password", API_POST, "/api/v1/session/password", NULL, SELF, new_password,
         api_session_shape, "A new password; all other sessions end.",
         "Đặt mật khẩu mới; mọi phiên khác kết thúc."},
        {"session.second", API_POST, "/api/v1/session/second", NULL, SELF, totp_code,
         api_session_shape, "Shows the second factor again: good for five minutes.",
         "Xác thực lại yếu tố thứ hai: có giá trị năm phút."},
        {"session.end", API_DELETE, "/api/v1/session", NULL, SELF, NULL, NULL, "Signs out.",
         "Đăng xuất."},
        {"sessions.list", API_GET, "/api/v1/sessions", NULL, SELF | API_LIST, NULL, session_row,
         "Your own sessions.", "Các phiên của bạn."},
        {"sessions.end", API_DELETE, "/api/v1/sessions/{id}", NULL, SELF, by_id, NULL,
         "Ends one of your own sessions.", "Kết thúc một phiên của bạn."},
        {"totp.begin", API_POST, "/api/v1/totp/begin", NULL, SELF, NULL, totp_new,
         "A new second factor; it counts once it is confirmed.",
         "Yếu tố thứ hai mới; có hiệu lực khi đã xác nhận."},
        {"totp.confirm", API_POST, "/api/v1/totp/confirm", NULL, SELF, totp_code, codes,
         "Confirms the new second factor, and gives recovery codes.",
         "Xác nhận yếu tố thứ hai mới và cấp mã khôi phục."},
        {"totp.codes", API_POST, "/api/v1/totp/codes", NULL, SELF | API_SECOND, NULL, codes,
         "New recovery codes; those before are void.",
         "Cấp mã khôi phục mới; các mã cũ hết hiệu lực."},
        {"tokens.list", API_GET, "/api/v1/tokens", NULL, SELF | API_LIST, NULL, token_row,
         "Your own tokens for scripts.", "Các mã truy cập của bạn cho tập lệnh."},
        {"tokens.make", API_POST, "/api/v1/tokens", NULL, SELF | API_SECOND, token_new, token_made,
         "A token for a script.", "Tạo mã truy cập cho tập lệnh."},
        {"tokens.end", API_DELETE, "/api/v1/tokens/{id}", NULL, SELF, by_id, NULL, "Ends a token.",
         "Hủy một mã truy cập."},
        {0},
};
