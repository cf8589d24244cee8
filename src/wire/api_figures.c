/* How fast incidents are detected, acknowledged, contained, recovered from and reported. */
#include "wire/api_domains.h"

#define N API_NULLABLE

static const struct api_field measure[] = {
        {"n", API_INT, .en = "Incidents that have it.", .vi = "Số sự cố có số liệu."},
        {"median_s", API_INT, .en = "Half were at least so fast, seconds.",
         .vi = "Trung vị, giây."},
        {"p90_s", API_INT, .en = "Nine of ten were, seconds.", .vi = "Bách phân vị 90, giây."},
        {0},
};

#define MEASURES                                                                                   \
        {"incidents", API_INT, .en = "Incidents.", .vi = "Số sự cố."},                             \
                {"detect",                                                                         \
                 API_OBJECT,                                                                       \
                 N,                                                                                \
                 .fields = measure,                                                                \
                 .en = "From its beginning to T0.",                                                \
                 .vi = "Từ lúc xảy ra đến T0."},                                                   \
                {"acknowledge",                                                                    \
                 API_OBJECT,                                                                       \
                 N,                                                                                \
                 .fields = measure,                                                                \
                 .en = "From T0 to the first act of a person.",                                    \
                 .vi = "Từ T0 đến thao tác đầu tiên của người."},                                  \
                {"contain",                                                                        \
                 API_OBJECT,                                                                       \
                 N,                                                                                \
                 .fields = measure,                                                                \
                 .en = "From T0 until contained.",                                                 \
                 .vi = "Từ T0 đến khi ngăn chặn."},                                                \
                {"recover",                                                                        \
                 API_OBJECT,                                                                       \
                 N,                                                                                \
                 .fields = measure,                                                                \
                 .en = "From T0 until restored.",                                                  \
                 .vi = "Từ T0 đến khi khôi phục."},                                                \
        {                                                                                          \
                "report", API_OBJECT, N, .fields = measure,                                        \
                                         .en = "From T0 until the first report.",                  \
                                         .vi = "Từ T0 đến báo cáo đầu tiên."            \
        }

static const struct api_field group[] = {
        {"key", API_STRING, .en = "The unit, system or kind.", .vi = "Đơn vị, hệ thống hoặc loại."},
        {"name", API_STRING, N, .en = "Its name.", .vi = "Tên (tiếng Anh)."},
        {"name_vi", API_STRING, N, .en = "The same in Vietnamese.", .vi = "Tên."},
        MEASURES,
        {0},
};
static const struct api_field all[] = {MEASURES, {0}};

static const struct api_field ask[] = {
        {"by", API_ENUM, API_REQUIRED | API_IN_QUERY, .values = "unit|system|kind",
         .en = "What they are grouped by.", .vi = "Nhóm theo gì."},
        {"unit", API_ID, API_IN_QUERY,
         .en = "Of this unit and all below; by unit: its parts are the groups.",
         .vi = "Của đơn vị này và bên dưới; nhóm theo đơn vị: các đơn vị trực thuộc."},
        {"since", API_TIME, API_IN_QUERY, .en = "Detected since; else a year ago.",
         .vi = "Phát hiện từ; nếu không: một năm trước."},
        {"until", API_TIME, API_IN_QUERY, .en = "Detected before; else now.",
         .vi = "Phát hiện trước; nếu không: bây giờ."},
        {0},
};

static const struct api_field answer[] = {
        {"by", API_STRING, .en = "As asked.", .vi = "Như đã hỏi."},
        {"unit", API_ID, .en = "Of which unit.", .vi = "Của đơn vị nào."},
        {"since", API_TIME, .en = "Detected since.", .vi = "Phát hiện từ."},
        {"until", API_TIME, .en = "Detected before.", .vi = "Phát hiện trước."},
        {"hidden", API_INT, .en = "Groups too small to be shown: below 5 incidents or 5 people.",
         .vi = "Số nhóm quá nhỏ nên không hiển thị: dưới 5 sự cố hoặc dưới 5 người."},
        {"items", API_OBJECT, API_LIST_OF, .most = 500, .fields = group,
         .en = "Groups, most incidents first.", .vi = "Các nhóm, nhiều sự cố trước."},
        {"all", API_OBJECT, N, .fields = all, .en = "All together.", .vi = "Tất cả."},
        {0},
};

const struct api_op api_figures_ops[] = {
        {
                .id = "figures.get",
                .method = API_GET,
                .path = "/api/v1/figures",
                .permission = "figures.read",
                .fields = ask,
                .answer = answer,
                .en = "Response figures by unit, system or kind; never of a person.",
                .vi = "Số liệu ứng cứu theo đơn vị, hệ thống hoặc loại; không theo cá nhân.",
        },
        {0},
};
