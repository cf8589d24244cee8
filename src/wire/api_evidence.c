/* Operations on evidence: what was taken, its chain of custody, sealed exports (doc/evidence.md). */
#include "wire/api_shapes.h"

static const struct api_field custody_shape[] = {
        {"n", API_INT, .en = "Its place in the chain.", .vi = "Thứ tự trong chuỗi."},
        {"at", API_TIME, .en = "When.", .vi = "Khi nào."},
        {"by", API_ID, .flags = API_NULLABLE, .en = "Who.", .vi = "Ai."},
        {"by_name", API_STRING, .en = "Their name as it was.", .vi = "Tên người đó khi ấy."},
        {"what", API_ENUM, .values = "taken|viewed|exported|handed_over|sealed",
         .en = "What happened.", .vi = "Việc gì."},
        {"to", API_STRING, .en = "To whom.", .vi = "Cho ai."},
        {"reason", API_TEXT, .en = "Why.", .vi = "Vì sao."},
        {"from", API_STRING, .en = "From where.", .vi = "Từ đâu."},
        {"hash", API_STRING, .en = "Over the link before and this one.",
         .vi = "Mã băm nối với mắt xích trước."},
        {0},
};

#define ITEM_FIELDS                                                                                \
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},          \
                {"code", API_STRING, .en = "What people call it.", .vi = "Số hiệu."},              \
                {"incident", API_ID, .flags = API_FILTER, .en = "The incident.", .vi = "Sự cố."},  \
                {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},          \
                {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},         \
                {"kind",                                                                           \
                 API_ENUM,                                                                         \
                 .flags = API_FILTER,                                                              \
                 .values = "file|range",                                                           \
                 .en = "A file, or a stretch of stored records.",                                  \
                 .vi = "Tệp, hoặc một dải bản ghi."},                                              \
                {"name", API_STRING, .flags = API_SORT, .en = "Its name.", .vi = "Tên."},          \
                {"size", API_INT, .flags = API_SORT, .en = "Bytes; of a range: records.",          \
                 .vi = "Số byte; của dải: số bản ghi."},                                           \
                {"hash", API_STRING, .flags = API_FILTER, .en = "BLAKE2b-256.",                    \
                 .vi = "Mã băm BLAKE2b-256."},                                                     \
                {"note", API_TEXT, .en = "Why it was taken.", .vi = "Lý do thu giữ."},             \
                {"origin", API_STRING, .en = "From where.", .vi = "Thu từ đâu."},                  \
                {"taken", API_TIME, .flags = API_SORT, .en = "When.", .vi = "Thu lúc."},           \
                {"added", API_TIME, .flags = API_SORT | API_DEFAULT_SORT | API_FILTER,             \
                 .en = "When it came here.", .vi = "Đưa vào lúc."},                                \
                {"added_by", API_ID, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người đưa."}, \
                {"added_by_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",          \
                 .vi = "Tên người đưa."},                                                          \
                {"first_seq", API_INT, .flags = API_NULLABLE,                                      \
                 .en = "Of a range: its first record.", .vi = "Bản ghi đầu của dải."},             \
                {"last_seq", API_INT, .flags = API_NULLABLE, .en = "Its last record.",             \
                 .vi = "Bản ghi cuối của dải."},                                                   \
                {"query", API_TEXT, .flags = API_NULLABLE, .en = "Which of them matter.",          \
                 .vi = "Câu truy vấn chọn bản ghi."},                                              \
                {"hold", API_STRING, .flags = API_NULLABLE, .en = "The hold that keeps them.",     \
                 .vi = "Lệnh giữ chúng."},                                                         \
                {"hold_state", API_ENUM, .values = "none|asked|held|failed",                       \
                 .en = "Whether they are held.", .vi = "Tình trạng giữ."},                         \
                {"custody_n", API_INT, .en = "Links of its chain.", .vi = "Số mắt xích."},         \
                {"custody_head", API_STRING, .en = "The last link's hash.",                        \
                 .vi = "Mã băm mắt xích cuối."},                                                   \
                {"sealed", API_BOOL, .en = "It is in a sealed export.", .vi = "Đã niêm phong."},   \
                {"version", API_INT, .en = "Of this row.", .vi = "Phiên bản."},                    \
                {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.",                  \
                 .vi = "Của diễn tập."},                                                           \
                {"play", API_ID, .flags = API_FILTER | API_NULLABLE,                               \
                 .en = "Of which play of an exercise.", .vi = "Của lượt diễn tập nào."},

const struct api_field api_evidence_shape[] = {ITEM_FIELDS{0}};
const struct api_field api_evidence_one_shape[] = {
        ITEM_FIELDS{"custody", API_OBJECT, .flags = API_LIST_OF, .most = 100000,
                    .fields = custody_shape, .en = "Its chain of custody.", .vi = "Chuỗi lưu giữ."},
        {0},
};

const struct api_field api_evidence_export_shape[] = {
        {"id", API_ID, .flags = API_SORT | API_FILTER, .en = "Its number.", .vi = "Số."},
        {"incident", API_ID, .flags = API_FILTER, .en = "The incident.", .vi = "Sự cố."},
        {"incident_code", API_STRING, .en = "Its code.", .vi = "Số hiệu sự cố."},
        {"unit", API_ID, .flags = API_FILTER, .en = "The unit.", .vi = "Đơn vị."},
        {"reason", API_TEXT, .en = "For whom, and why.", .vi = "Cho ai, vì sao."},
        {"state", API_ENUM, .flags = API_FILTER,
         .values = "proposed|refused|withdrawn|lapsed|signed", .en = "Its state.",
         .vi = "Trạng thái."},
        {"proposed", API_TIME, .flags = API_SORT | API_DEFAULT_SORT, .en = "Asked for.",
         .vi = "Đề nghị lúc."},
        {"proposer", API_ID, .en = "By whom.", .vi = "Người đề nghị."},
        {"proposer_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",
         .vi = "Tên người đề nghị."},
        {"lapses", API_TIME, .en = "Lapses when nobody decides.",
         .vi = "Hết hiệu lực đề nghị lúc."},
        {"decided", API_TIME, .flags = API_NULLABLE, .en = "Decided.", .vi = "Quyết định lúc."},
        {"approver", API_ID, .flags = API_NULLABLE, .en = "By whom.", .vi = "Người quyết định."},
        {"approver_name", API_STRING, .flags = API_NULLABLE, .en = "Their name.",
         .vi = "Tên người quyết định."},
        {"note", API_TEXT, .flags = API_NULLABLE, .en = "Why not.", .vi = "Vì sao không."},
        {"items", API_INT, .en = "Items in it.", .vi = "Số mục."},
        {"bytes", API_INT, .en = "Bytes of all files.", .vi = "Tổng số byte."},
        {"hash", API_STRING, .flags = API_NULLABLE, .en = "Of the signed manifest.",
         .vi = "Mã băm của bản kê đã ký."},
        {"drill", API_BOOL, .flags = API_FILTER, .en = "Of an exercise.", .vi = "Của diễn tập."},
        {"mine", API_BOOL, .en = "You asked for it: another person decides.",
         .vi = "Bạn đã đề nghị: người khác quyết định."},
        {0},
};

#define IN_PATH(name, text, text_vi)                                                               \
        { (name), API_ID, .flags = API_REQUIRED | API_IN_PATH, .en = (text), .vi = (text_vi) }
#define PATH_ID IN_PATH("id", "Its number.", "Số.")
#define PATH_INCIDENT IN_PATH("incident", "The incident.", "Sự cố.")

static const struct api_field only_id[] = {PATH_ID, {0}};
static const struct api_field add_fields[] = {
        PATH_INCIDENT,
        {"name", API_STRING, .flags = API_REQUIRED | API_IN_QUERY, .min = 1, .max = 200,
         .en = "Name of the file.", .vi = "Tên tệp."},
        {"note", API_TEXT, .flags = API_REQUIRED | API_IN_QUERY, .min = 3, .max = 2000,
         .en = "Why it is taken.", .vi = "Lý do thu giữ."},
        {"origin", API_STRING, .flags = API_IN_QUERY, .max = 500,
         .en = "From which machine, place or person.", .vi = "Thu từ máy, nơi, người nào."},
        {"taken", API_TIME, .flags = API_IN_QUERY, .en = "When; default: now.",
         .vi = "Thu lúc; mặc định: bây giờ."},
        {0},
};
static const struct api_field range_fields[] = {
        PATH_INCIDENT,
        {"name", API_STRING, .flags = API_REQUIRED, .min = 1, .max = 200, .en = "What it is.",
         .vi = "Tên gọi."},
        {"note", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 2000, .en = "Why it is taken.",
         .vi = "Lý do thu giữ."},
        {"origin", API_STRING, .max = 500, .en = "From which sources.", .vi = "Từ nguồn nào."},
        {"taken", API_TIME, .en = "When; default: now.", .vi = "Thu lúc; mặc định: bây giờ."},
        {"first_seq", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT64_MAX - 1,
         .en = "First record.", .vi = "Bản ghi đầu."},
        {"last_seq", API_INT, .flags = API_REQUIRED, .min = 1, .max = INT64_MAX - 1,
         .en = "Last record, included.", .vi = "Bản ghi cuối, tính cả nó."},
        {"query", API_TEXT, .max = 2000, .en = "Which of them matter: a query of the search.",
         .vi = "Câu truy vấn chọn bản ghi quan trọng."},
        {0},
};
static const struct api_field content_fields[] = {
        PATH_ID,
        {"reason", API_STRING, .flags = API_IN_QUERY, .max = 500, .en = "Why it is looked at.",
         .vi = "Lý do xem."},
        {0},
};
static const struct api_field hand_fields[] = {
        PATH_ID,
        {"to", API_STRING, .flags = API_REQUIRED, .min = 2, .max = 300,
         .en = "Who got it: person, agency, number of the minutes.",
         .vi = "Người, cơ quan nhận; số biên bản."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 3, .max = 2000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};
static const struct api_field propose_fields[] = {
        {"incident", API_ID, .flags = API_REQUIRED, .en = "The incident.", .vi = "Sự cố."},
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 500,
         .en = "For whom, and why.", .vi = "Cho ai, vì sao."},
        {0},
};
static const struct api_field approve_fields[] = {
        PATH_ID,
        {"code", API_SECRET, .flags = API_REQUIRED, .min = 6, .max = 6,
         .en = "Six digits of your second factor: for this export, now.",
         .vi = "Mã 6 số của bạn: cho chính lần xuất này."},
        {0},
};
static const struct api_field reason_fields[] = {
        PATH_ID,
        {"reason", API_TEXT, .flags = API_REQUIRED, .min = 5, .max = 2000, .en = "Why.",
         .vi = "Lý do."},
        {0},
};
static const struct api_field room_shape[] = {
        {"used", API_INT, .en = "Bytes of all attached files.", .vi = "Số byte đã dùng."},
        {"limit", API_INT, .en = "Bytes that they may have.", .vi = "Giới hạn."},
        {0},
};

#define E "/api/v1/evidence"
#define I "/api/v1/incidents/{incident}/evidence"
const struct api_op api_evidence_ops[] = {
        {"evidence.list", API_GET, E, "evidence.read", API_LIST, NULL, api_evidence_shape,
         "Evidence of all incidents one may see.", "Chứng cứ của các sự cố được xem."},
        {"evidence.room", API_GET, E "/room", "evidence.read", 0, NULL, room_shape,
         "How much room attached files have.", "Chỗ cho tệp đính kèm."},
        {"evidence.exports", API_GET, E "/exports", "evidence.read", API_LIST, NULL,
         api_evidence_export_shape, "Sealed exports, asked for and signed.",
         "Các lần xuất niêm phong."},
        {"evidence.export_propose", API_POST, E "/exports", "evidence.export", API_NO_TOKEN,
         propose_fields, api_evidence_export_shape,
         "Asks for a sealed export of all evidence of an incident; a second person decides.",
         "Đề nghị xuất niêm phong toàn bộ chứng cứ của sự cố; người thứ hai quyết định."},
        {"evidence.export_get", API_GET, E "/exports/{id}", "evidence.read", 0, only_id,
         api_evidence_export_shape, "One export.", "Một lần xuất."},
        {"evidence.export_approve", API_POST, E "/exports/{id}/approve", "evidence.export",
         API_NO_TOKEN, approve_fields, api_evidence_export_shape,
         "Approves: another person, with a code of their own; the vault signs.",
         "Phê duyệt: người khác, với mã riêng; nút ký."},
        {"evidence.export_refuse", API_POST, E "/exports/{id}/refuse", "evidence.export",
         API_NO_TOKEN, reason_fields, api_evidence_export_shape, "Refuses.", "Từ chối."},
        {"evidence.export_withdraw", API_POST, E "/exports/{id}/withdraw", "evidence.export",
         API_NO_TOKEN, reason_fields, api_evidence_export_shape, "Takes one's own request back.",
         "Rút đề nghị của mình."},
        {"evidence.export_file", API_GET, E "/exports/{id}/file", "evidence.export", API_BYTES,
         only_id, NULL, "The sealed file, for `coloa verify`.",
         "Tệp niêm phong, kiểm tra bằng `coloa verify`."},
        {"evidence.get", API_GET, E "/{id}", "evidence.read", 0, only_id, api_evidence_one_shape,
         "One item with its chain of custody.", "Một mục và chuỗi lưu giữ."},
        {"evidence.content", API_GET, E "/{id}/content", "evidence.read", API_BYTES, content_fields,
         NULL, "The file, to be saved; written down as a view.",
         "Tải tệp; được ghi lại là đã xem."},
        {"evidence.hand_over", API_POST, E "/{id}/hand_over", "evidence.write", API_NO_TOKEN,
         hand_fields, api_evidence_one_shape, "Writes down that it was handed over.",
         "Ghi nhận đã bàn giao."},
        {"evidence.add", API_POST, I, "evidence.write", API_UPLOAD, add_fields,
         api_evidence_one_shape, "Attaches a file.", "Đính kèm một tệp."},
        {"evidence.range", API_POST, I "/ranges", "evidence.write", 0, range_fields,
         api_evidence_one_shape, "Attaches stored records and has them kept.",
         "Đính kèm dải bản ghi và giữ lại."},
        {0},
};
