/* Signing in by the agency's own account (doc/people.md): which ways there are, the two steps with an OpenID
 * provider, and which way a person takes. A directory's password comes with session.open, as any other. */
#include "wire/api_domains.h"
#include "wire/api_shapes.h"

static const struct api_field ways[] = {
        {"password", API_BOOL, .en = "By login and password.",
         .vi = "Bằng tên đăng nhập và mật khẩu."},
        {"directory", API_BOOL, .en = "Some passwords are those of the agency's directory.",
         .vi = "Có mật khẩu là của thư mục cơ quan."},
        {"oidc", API_BOOL, .en = "By the agency's account.", .vi = "Bằng tài khoản cơ quan."},
        {"oidc_name", API_STRING, .flags = API_NULLABLE, .en = "What that is called here.",
         .vi = "Tên gọi của nó."},
        {0},
};

static const struct api_field begun[] = {
        {"url", API_STRING, .en = "Where the browser goes.", .vi = "Trình duyệt chuyển tới đây."},
        {"binder", API_STRING,
         .en = "To be kept by this page and given back: it ties the answer to this browser.",
         .vi = "Trang giữ lại và gửi kèm: gắn kết quả với trình duyệt này."},
        {0},
};

static const struct api_field back[] = {
        {"code", API_SECRET, API_REQUIRED, 1, 2000, .en = "What the provider gave.",
         .vi = "Mã do nhà cung cấp đưa."},
        {"state", API_SECRET, API_REQUIRED, 64, 64, .en = "As the provider gave it back.",
         .vi = "Như nhà cung cấp trả lại."},
        {"binder", API_SECRET, API_REQUIRED, 64, 64, .en = "Kept since the first step.",
         .vi = "Giữ từ bước đầu."},
        {0},
};

static const struct api_field way[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "The person.", .vi = "Người dùng."},
        {"way", API_ENUM, API_REQUIRED, .values = "local|directory|oidc",
         .en = "By a password of this node, of the directory, or by the agency's account.",
         .vi = "Bằng mật khẩu của nút, của thư mục, hay tài khoản cơ quan."},
        {"external", API_STRING, API_NULLABLE, 1, 200,
         .en = "What they are called there; default: their login.",
         .vi = "Tên ở nơi đó; mặc định: tên đăng nhập."},
        {0},
};

static const struct api_field way_now[] = {
        {"id", API_ID, .en = "The person.", .vi = "Người dùng."},
        {"way", API_ENUM, .values = "local|directory|oidc", .en = "How they sign in.",
         .vi = "Cách đăng nhập."},
        {"external", API_STRING, .flags = API_NULLABLE, .en = "What they are called there.",
         .vi = "Tên ở nơi đó."},
        {0},
};

static const struct api_field by_person[] = {
        {"id", API_ID, API_REQUIRED | API_IN_PATH, .en = "The person.", .vi = "Người dùng."},
        {0},
};

const struct api_op api_signin_ops[] = {
        {"session.ways", API_GET, "/api/v1/session/ways", NULL, API_ANONYMOUS, NULL, ways,
         "How one can sign in here.", "Các cách đăng nhập tại đây."},
        {"session.oidc", API_POST, "/api/v1/session/oidc", NULL, API_ANONYMOUS, NULL, begun,
         "Begins signing in by the agency's account.", "Bắt đầu đăng nhập bằng tài khoản cơ quan."},
        {"session.oidc_back", API_POST, "/api/v1/session/oidc/back", NULL, API_ANONYMOUS, back,
         api_session_shape, "Signs in with what the provider gave.",
         "Đăng nhập bằng mã nhà cung cấp đưa."},
        {"people.way", API_GET, "/api/v1/people/{id}/way", "people.write", 0, by_person, way_now,
         "How a person signs in.", "Cách một người đăng nhập."},
        {"people.set_way", API_PUT, "/api/v1/people/{id}/way", "people.write",
         API_SECOND | API_NO_TOKEN, way, way_now,
         "Says how a person signs in; ends their sessions.",
         "Đặt cách đăng nhập của một người; kết thúc các phiên của họ."},
        {0},
};
