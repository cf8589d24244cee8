/* Operations on events: searching them, searches that are kept, one alert's records
 * (doc/search.md). */
#include "wire/api_shapes.h"

#define Q_MAX 8192

static const struct api_field run_fields[] = {
        {"q", API_TEXT, API_REQUIRED, 0, Q_MAX,
         .en = "What is looked for, as `coloa search` takes it.",
         .vi = "Điều cần tìm, viết như `coloa search`."},
        {"from", API_TIME, API_NULLABLE, .en = "Events from here on.", .vi = "Sự kiện từ lúc."},
        {"to", API_TIME, API_NULLABLE, .en = "Events before.", .vi = "Sự kiện trước lúc."},
        {"newest", API_BOOL, .en = "The latest first (else the earliest).",
         .vi = "Mới nhất trước (nếu không: cũ nhất trước)."},
        {"limit", API_INT, 0, 1, 100000, .en = "No more events than these.",
         .vi = "Không quá số sự kiện này."},
        {"incident", API_ID, API_NULLABLE,
         .en = "For this incident names are shown as they are; it is written down.",
         .vi = "Vì sự cố này, tên được hiện nguyên; việc này được ghi lại."},
        {"format", API_ENUM, .values = "ndjson|csv", .en = "How it is given.",
         .vi = "Định dạng trả về."},
        {0},
};

#define SAVED                                                                                             \
        {"name", API_STRING, API_REQUIRED, 1, 120, .en = "What it is called.", .vi = "Tên."},             \
                {"q",                                                                                     \
                 API_TEXT,                                                                                \
                 API_REQUIRED,                                                                            \
                 1,                                                                                       \
                 Q_MAX,                                                                                   \
                 .en = "What is looked for.",                                                             \
                 .vi = "Điều cần tìm."},                                                                  \
                {"span_s",                                                                                \
                 API_INT,                                                                                 \
                 API_NULLABLE,                                                                            \
                 1,                                                                                       \
                 315360000,                                                                               \
                 .en = "Of the last so many seconds.",                                                    \
                 .vi = "Trong số giây gần nhất."},                                                        \
                {"shared", API_BOOL, .en = "For all of its unit who search.",                             \
                 .vi = "Cho mọi người được tìm trong đơn vị."},                                           \
        {                                                                                                 \
                "unit", API_ID, API_NULLABLE, .en = "Its unit; else the asker's own.",                    \
                                              .vi = "Đơn vị; mặc định đơn vị người lưu." \
        }

static const struct api_field saved_shape[] = {
        {"id", API_ID, API_FILTER, .en = "Its number.", .vi = "Số."},
        {"name", API_STRING, API_SORT | API_DEFAULT_SORT, .en = "What it is called.", .vi = "Tên."},
        {"q", API_TEXT, .en = "What is looked for.", .vi = "Điều cần tìm."},
        {"span_s", API_INT, API_NULLABLE, .en = "Of the last so many seconds.",
         .vi = "Trong số giây gần nhất."},
        {"shared", API_BOOL, API_FILTER, .en = "For its unit.", .vi = "Dùng chung trong đơn vị."},
        {"unit", API_ID, API_FILTER, .en = "The unit.", .vi = "Đơn vị."},
        {"unit_name", API_STRING, .flags = API_NULLABLE, .en = "Its name.", .vi = "Tên đơn vị."},
        {"by_name", API_STRING, API_NULLABLE, .en = "Who keeps it.", .vi = "Người lưu."},
        {"mine", API_BOOL, .en = "The asker keeps it.", .vi = "Của người hỏi."},
        {"created", API_TIME, API_SORT, .en = "Since when.", .vi = "Lưu lúc."},
        {"version", API_INT, .en = "Changes with each change.", .vi = "Đổi theo mỗi lần sửa."},
        {0},
};
#define ID                                                                                         \
        { "id", API_ID, API_REQUIRED | API_IN_PATH, .en = "Which.", .vi = "Mục nào." }
#define VERSION                                                                                    \
        {                                                                                          \
                "version", API_INT, API_REQUIRED, 1, .en = "As the asker saw it; another: 409.",   \
                                                     .vi = "Bản đã thấy; nếu khác: 409."  \
        }
static const struct api_field only_id[] = {ID, {0}};
static const struct api_field save_fields[] = {SAVED, {0}};
static const struct api_field change_fields[] = {
        ID,
        VERSION,
        {"name", API_STRING, 0, 1, 120, .en = "What it is called.", .vi = "Tên."},
        {"q", API_TEXT, 0, 1, Q_MAX, .en = "What is looked for.", .vi = "Điều cần tìm."},
        {"span_s", API_INT, API_NULLABLE, 1, 315360000, .en = "Of the last so many seconds.",
         .vi = "Trong số giây gần nhất."},
        {"shared", API_BOOL, .en = "For all of its unit who search.",
         .vi = "Cho mọi người được tìm trong đơn vị."},
        {0},
};

static const struct api_field events_shape[] = {
        {"masked", API_BOOL, .en = "Names are pseudonyms.", .vi = "Tên được thay bằng bí danh."},
        {"why", API_ANY, .en = "Why the rule matched: [{n, field, op, value, text_en, text_vi}].",
         .vi = "Vì sao quy tắc khớp: [{n, field, op, value, text_en, text_vi}]."},
        {"events", API_ANY,
         .en = "The records: [{which, seq, received, source, raw, raw_as, cut, fields, marks: "
               "[{from, "
               "to, n}]}]; marks count bytes of UTF-8.",
         .vi = "Các bản ghi: [{which, seq, received, source, raw, raw_as, cut, fields, marks: "
               "[{from, "
               "to, n}]}]; vị trí tính theo byte UTF-8."},
        {"missing", API_ANY, .en = "Numbers of records that are no longer kept.",
         .vi = "Số các bản ghi không còn lưu."},
        {0},
};

#define S "/api/v1/searches"
const struct api_op api_searches_ops[] = {
        {"searches.run", API_POST, S, "events.search", API_BYTES, run_fields, NULL,
         "Searches events; what it finds comes as it is found, a line of JSON each. Closing the "
         "connection ends it.",
         "Tìm sự kiện; kết quả trả dần, mỗi dòng một JSON. Ngắt kết nối là dừng."},
        {"searches.saved", API_GET, S "/saved", "events.search", API_LIST, NULL, saved_shape,
         "Searches that the asker keeps, and those shared in their units.",
         "Tìm kiếm đã lưu của người hỏi và dùng chung trong đơn vị."},
        {"searches.save", API_POST, S "/saved", "events.search", 0, save_fields, saved_shape,
         "Keeps a search.", "Lưu một tìm kiếm."},
        {"searches.change", API_PATCH, S "/saved/{id}", "events.search", 0, change_fields,
         saved_shape, "Changes one's own.", "Sửa tìm kiếm của mình."},
        {"searches.forget", API_DELETE, S "/saved/{id}", "events.search", 0, only_id, NULL,
         "Gives one's own up.", "Xóa tìm kiếm của mình."},
        {"alerts.events", API_GET, "/api/v1/alerts/{id}/events", "events.read", 0, only_id,
         events_shape,
         "One alert's records as they were received, and why the rule matched, judged once more.",
         "Bản ghi gốc của một cảnh báo, và vì sao quy tắc khớp, xét lại."},
        {0},
};
