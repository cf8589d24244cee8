/* Operations of containment: proposed by one, approved by another, carried out by `act`
 * (doc/containment.md). */
#include "wire/api_shapes.h"

#define KINDS "block|isolate_host|disable_account|stop_service|disable_directory_account"
#define STATES "proposed|refused|withdrawn|lapsed|approved|in_force|undone|failed|rejected"

const struct api_field api_action_shape[] = {
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},
        {"code", API_STRING, .flags = API_FILTER, .en = "What people call it.", .vi = "Số hiệu."},
        {"incident", API_ID, .flags = API_FILTER, .en = "The incident.", .vi = "Sự cố."},
        {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},
        {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},
        {"kind", API_ENUM, .flags = API_FILTER, .values = KINDS, .en = "What is done.",
         .vi = "Biện pháp."},
        {"via", API_ENUM, .flags = API_FILTER, .values = "node|webhook", .en = "Who does it.",
         .vi = "Nơi thực hiện."},
        {"targets", API_STRING, .en = "Addresses, networks or names, a comma between.",
         .vi = "Địa chỉ, mạng hoặc tên; cách nhau bằng dấu phẩy."},
        {"direction", API_ENUM, .values = "both|in|out", .en = "Which way.", .vi = "Chiều."},
        {"seconds", API_INT, .en = "In force so long.", .vi = "Thời hạn, giây."},
        {"reason", API_TEXT, .en = "Why.", .vi = "Lý do."},
        {"state", API_ENUM, .flags = API_FILTER | API_SORT, .values = STATES, .en = "Its state.",
         .vi = "Trạng thái."},
        {"proposed", API_TIME, .flags = API_SORT | API_FILTER | API_DEFAULT_SORT, .en = "Proposed.",
         .vi = "Đề nghị lúc."},
        {"proposer", API_ID, .flags = API_FILTER, .en = "By whom.", .vi = "Người đề nghị."},
        {"proposer_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",
         .vi = "Tên người đề nghị."},
        {"lapses", API_TIME, .en = "Lapses when nobody decides.",
         .vi = "Hết hiệu lực đề nghị lúc."},
        {"decided", API_TIME, .flags = API_NULLABLE, .en = "Approved or refused.",
         .vi = "Quyết định lúc."},
        {"approver", API_ID, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người quyết định."},
        {"approver_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",
         .vi = "Tên người quyết định."},
        {"note", API_TEXT, .flags = API_NULLABLE, .en = "What was said of it: why refused, failed.",
         .vi = "Ghi chú: vì sao từ chối, thất bại."},
        {"trouble", API_TEXT, .flags = API_NULLABLE,
         .en = "Why it is not yet undone; it is tried again.",
         .vi = "Vì sao chưa gỡ được; đang thử lại."},
        {"until", API_TIME, .flags = API_SORT | API_FILTER | API_NULLABLE, .en = "Undoes itself.",
         .vi = "Tự gỡ lúc."},
        {"undone", API_TIME, .flags = API_NULLABLE, .en = "Undone.", .vi = "Đã gỡ lúc."},
        {"undo_asked", API_TIME, .flags = API_NULLABLE, .en = "Undoing was asked for.",
         .vi = "Yêu cầu gỡ lúc."},
        {"undo_by_name", API_STRING, .flags = API_NULLABLE, .en = "By whom.",
         .vi = "Người yêu cầu gỡ."},
        {"replaces", API_ID, .flags = API_NULLABLE, .en = "The action it prolongs.",
         .vi = "Gia hạn cho."},
        {"mine", API_BOOL, .en = "You proposed it: another person decides.",
         .vi = "Bạn đã đề nghị: người khác quyết định."},
        {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {"play", API_ID, .flags = API_FILTER | API_NULLABLE, .en = "Of which play of an exercise.",
         .vi = "Của lượt diễn tập nào."},
        {"simulated", API_BOOL, .en = "In a drill: written down, not carried out.",
         .vi = "Trong diễn tập: chỉ ghi nhận, không thực hiện."},
        {0},
};

static const struct api_field status_shape[] = {
        {"available", API_BOOL, .en = "Containment can be carried out here.",
         .vi = "Có thể ngăn chặn tại nút này."},
        {"why", API_STRING, .flags = API_NULLABLE, .en = "Why not.",
         .vi = "Vì sao không (tiếng Anh)."},
        {"why_vi", API_STRING, .flags = API_NULLABLE, .en = "The same in Vietnamese.",
         .vi = "Vì sao không."},
        {"kinds", API_STRING, .flags = API_LIST_OF, .most = 8, .en = "What can be done here.",
         .vi = "Các biện pháp làm được tại đây."},
        {"via", API_STRING, .flags = API_LIST_OF, .most = 2, .en = "By whom: node, webhook.",
         .vi = "Nơi thực hiện: node, webhook."},
        {"webhook_kinds", API_STRING, .flags = API_LIST_OF, .most = 8,
         .en = "What the webhook can do.", .vi = "Việc webhook làm được."},
        {"services", API_STRING, .flags = API_LIST_OF, .most = 256,
         .en = "Services that may be stopped.", .vi = "Các dịch vụ được phép dừng."},
        {"management", API_STRING, .flags = API_LIST_OF, .most = 64,
         .en = "What isolated hosts still reach.", .vi = "Máy bị cô lập vẫn tới được."},
        {"drill_refused", API_INT,
         .en = "Orders of drills that were refused: outside what was declared.",
         .vi = "Số lệnh diễn tập bị từ chối vì ngoài phạm vi khai báo."},
        {0},
};

static const struct api_field check_shape[] = {
        {"good", API_BOOL, .en = "They may be touched.", .vi = "Được phép."},
        {"targets", API_STRING, .flags = API_LIST_OF, .most = 50, .en = "As they are understood.",
         .vi = "Cách hiểu."},
        {"addresses", API_NUMBER, .en = "How many addresses, accounts or services that is.",
         .vi = "Tổng số địa chỉ, tài khoản hoặc dịch vụ."},
        {"kept", API_STRING, .flags = API_LIST_OF, .most = 64,
         .en = "What an isolated host still reaches.", .vi = "Máy bị cô lập vẫn tới được."},
        {0},
};

#define TARGETS                                                                                    \
        {                                                                                          \
                "targets", API_STRING,                                                             \
                        .flags = API_REQUIRED | API_LIST_OF, .min = 1, .max = 111, .most = 50,     \
                        .en = "Addresses and networks, at most /24 (IPv6: /64); or "               \
                              "names of accounts or services, at most 12.",                        \
                        .vi = "Địa chỉ, mạng, rộng nhất /24 (IPv6: /64); hoặc tên "  \
                              "tài khoản, dịch vụ, nhiều nhất 12."                      \
        }

#define VIA                                                                                                    \
        {                                                                                                      \
                "via", API_ENUM, .values = "node|webhook",                                                     \
                                 .en = "Who does it: this node, or another firewall asked by the "             \
                                       "webhook; default: node.",                                              \
                                 .vi = "Nơi thực hiện: nút này, hay tường lửa khác qua webhook; " \
                                       "mặc định: node."                                                  \
        }

static const struct api_field check_fields[] = {
        {"kind", API_ENUM, .values = KINDS, .en = "What would be done; default: block.",
         .vi = "Biện pháp; mặc định: block."},
        VIA,
        TARGETS,
        {"incident", API_ID,
         .en = "The incident it would be for: what a drill simulates is not looked at here.",
         .vi = "Sự cố liên quan: biện pháp mô phỏng trong diễn tập không kiểm tra tại đây."},
        {0},
};

static const struct api_field propose_fields[] = {
        {"incident", API_ID, .flags = API_REQUIRED, .en = "The incident it is for.",
         .vi = "Thuộc sự cố."},
        {"kind", API_ENUM, .flags = API_REQUIRED, .values = KINDS, .en = "What is done.",
         .vi = "Biện pháp."},
        VIA,
        TARGETS,
        {"direction", API_ENUM, .values = "both|in|out", .en = "Which way; default: both.",
         .vi = "Chiều; mặc định: hai chiều."},
        {"seconds", API_INT, .flags = API_REQUIRED, .min = 60, .max = 86400,
         .en = "In force so long, then it undoes itself.", .vi = "Thời hạn; sau đó tự gỡ."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 2000, .en = "Why.",
         .vi = "Lý do."},
        {"replaces", API_ID, .en = "An action in force that it prolongs, with the same targets.",
         .vi = "Gia hạn cho biện pháp đang có hiệu lực, cùng mục tiêu."},
        {0},
};

#define PATH_ID                                                                                    \
        {                                                                                          \
                "id", API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = "The action.",            \
                              .vi = "Biện pháp."                                                \
        }

static const struct api_field only_id[] = {PATH_ID, {0}};
static const struct api_field approve_fields[] = {
        PATH_ID,
        {"code", API_SECRET, .flags = API_REQUIRED, .min = 6, .max = 6,
         .en = "Six digits of your second factor: for this action, now.",
         .vi = "Mã 6 số của bạn: cho chính biện pháp này."},
        {0},
};
static const struct api_field reason_fields[] = {
        PATH_ID,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 2000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};

#define A "/api/v1/actions"
const struct api_op api_actions_ops[] = {
        {"actions.list", API_GET, A, "actions.read", API_LIST, NULL, api_action_shape,
         "What was contained, is, or waits for a second person.",
         "Các biện pháp đã, đang hoặc chờ người thứ hai."},
        {"actions.status", API_GET, A "/status", "actions.read", 0, NULL, status_shape,
         "Whether containment can be carried out here.", "Nút này có ngăn chặn được không."},
        {"actions.check", API_POST, A "/check", "actions.propose", 0, check_fields, check_shape,
         "What would be touched, looked at by the process that would do it; nothing is done.",
         "Xem trước mục tiêu, do chính tiến trình thực hiện kiểm tra; chưa làm gì."},
        {"actions.propose", API_POST, A, "actions.propose", API_NO_TOKEN, propose_fields,
         api_action_shape, "Proposes; a second person decides within 15 minutes.",
         "Đề nghị; người thứ hai quyết định trong 15 phút."},
        {"actions.get", API_GET, A "/{id}", "actions.read", 0, only_id, api_action_shape,
         "One action.", "Một biện pháp."},
        {"actions.approve", API_POST, A "/{id}/approve", "actions.approve", API_NO_TOKEN,
         approve_fields, api_action_shape,
         "Approves: another person, with a code of their own; it is carried out at once.",
         "Phê duyệt: người khác, với mã riêng; thực hiện ngay."},
        {"actions.refuse", API_POST, A "/{id}/refuse", "actions.approve", API_NO_TOKEN,
         reason_fields, api_action_shape, "Refuses.", "Từ chối."},
        {"actions.withdraw", API_POST, A "/{id}/withdraw", "actions.propose", API_NO_TOKEN,
         reason_fields, api_action_shape, "Takes one's own proposal back.",
         "Rút đề nghị của mình."},
        {"actions.undo", API_POST, A "/{id}/undo", "actions.undo", API_NO_TOKEN, reason_fields,
         api_action_shape, "Undoes before its time.", "Gỡ trước hạn."},
        {0},
};
