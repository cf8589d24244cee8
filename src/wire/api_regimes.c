/* The law as data, for pages: nothing of it stands in their code. */
#include "wire/api_domains.h"

#define N API_NULLABLE
#define ANY(name_, en_, vi_)                                                                       \
        { (name_), API_ANY, .en = (en_), .vi = (vi_) }

#define HEAD                                                                                       \
        {"id", API_STRING, .en = "Its name.", .vi = "Mã."},                                        \
                {"name", API_STRING, .en = "What people call it.", .vi = "Tên (tiếng Anh)."},      \
                {"name_vi", API_STRING, .en = "The same in Vietnamese.", .vi = "Tên."},            \
                {"country", API_STRING, N, .en = "Of which country.", .vi = "Quốc gia."},          \
                {"from", API_DATE, N, .en = "In force from.", .vi = "Hiệu lực từ ngày."},          \
                {"until", API_DATE, N, .en = "Until.", .vi = "Đến ngày."},                         \
                {"zone", API_STRING, N, .en = "Its time zone.", .vi = "Múi giờ."},                 \
                {"in_force", API_BOOL, .en = "What is detected now is under it.",                  \
                 .vi = "Đang áp dụng."},                                                           \
                {"notice", API_STRING, N, .en = "What to be careful with.",                        \
                 .vi = "Điều cần lưu ý (tiếng Anh)."},                                             \
        {                                                                                          \
                "notice_vi", API_STRING, N, .en = "The same in Vietnamese.",                       \
                                            .vi = "Điều cần lưu ý."                         \
        }

static const struct api_field head[] = {HEAD, {0}};

static const struct api_field list[] = {
        {"items", API_OBJECT, API_LIST_OF, .most = 100, .fields = head, .en = "All there are.",
         .vi = "Tất cả."},
        {0},
};

static const struct api_field by_id[] = {
        {"id", API_STRING, API_REQUIRED | API_IN_PATH, 1, 64,
         .en = "Its name; current: the one in force.", .vi = "Mã; current: bộ đang áp dụng."},
        {0},
};

static const struct api_field whole[] = {
        HEAD,
        ANY("laws", "[{id, en, vi, checked}].", "Văn bản: [{id, en, vi, checked}]."),
        ANY("recipients", "Who is told: [{id, en, vi}].", "Nơi nhận: [{id, en, vi}]."),
        ANY("kinds", "Kinds of incidents: [{id, en, vi}].", "Loại sự cố: [{id, en, vi}]."),
        ANY("harms", "[{id, en, vi}].", "Mức thiệt hại: [{id, en, vi}]."),
        ANY("activities", "Parts of the response: [{id, en, vi}].",
            "Hoạt động ứng cứu: [{id, en, vi}]."),
        ANY("questions", "[{id, en, vi, basis, checked, only_if}].",
            "Câu hỏi: [{id, en, vi, basis, checked, only_if}]."),
        ANY("serious", "{basis, checked, note, note_vi}.",
            "Sự cố nghiêm trọng: {basis, checked, note, note_vi}."),
        ANY("clocks", "[{id, en, vi, basis, checked, within_s, expect_s, to, report, when}].",
            "Thời hạn: [{id, en, vi, basis, checked, within_s, expect_s, to, report, when}]."),
        ANY("periodic", "[{id, en, vi, basis, checked, before, to, report, next}].",
            "Báo cáo định kỳ: [{id, en, vi, basis, checked, before, to, report, next}]."),
        ANY("reports", "[{id, en, vi, basis, official, fields}].",
            "Mẫu báo cáo: [{id, en, vi, basis, official, fields}]."),
        ANY("severity", "By level 1 to 5, then by harm.", "Theo cấp độ 1 đến 5, rồi thiệt hại."),
        ANY("levels", "[{level, en, vi, approval}].", "Cấp độ: [{level, en, vi, approval}]."),
        {"levels_basis", API_STRING, N, .en = "The clause they rest on.", .vi = "Căn cứ."},
        {0},
};

const struct api_op api_regimes_ops[] = {
        {
                .id = "regimes.list",
                .method = API_GET,
                .path = "/api/v1/regimes",
                .flags = API_SELF,
                .answer = list,
                .en = "Regimes: the laws that deadlines and reports come from.",
                .vi = "Các bộ quy định: nguồn của thời hạn và mẫu báo cáo.",
        },
        {
                .id = "regimes.get",
                .method = API_GET,
                .path = "/api/v1/regimes/{id}",
                .flags = API_SELF,
                .fields = by_id,
                .answer = whole,
                .en = "One regime: kinds, harms, deadlines with their clauses, forms, levels.",
                .vi = "Một bộ quy định: loại, thiệt hại, thời hạn kèm căn cứ, mẫu, cấp độ.",
        },
        {0},
};
