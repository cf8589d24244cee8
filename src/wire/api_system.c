/* Operations about the node itself. */
#include "wire/api_domains.h"

static const struct api_field health[] = {
        {"ok", API_BOOL, .en = "The node takes requests.", .vi = "Nút đang nhận yêu cầu."},
        {"now", API_TIME, .en = "The node's clock.", .vi = "Đồng hồ của nút."},
        {0},
};

const struct api_op api_system_ops[] = {
        {
                .id = "system.health",
                .method = API_GET,
                .path = "/api/v1/health",
                .flags = API_ANONYMOUS,
                .answer = health,
                .en = "Says that the node answers.",
                .vi = "Cho biết nút còn trả lời.",
        },
        {0},
};
