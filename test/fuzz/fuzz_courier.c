/* What a desk that was taken over sends the courier: any frames, cut anywhere. No name can be looked up here, so
 * nothing leaves; what would is written all the same. Every ask is answered once at most. */
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "courier/courier.h"
#include "wire/courier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] =
        "{\"mail\":{\"server\":\"mail.agency.example\",\"port\":25,\"tls\":\"starttls\","
        "\"from\":\"coloa@agency.example\"},\"webhooks\":[{\"name\":\"soc\","
        "\"url\":\"https://soc.agency.example/in\",\"secret\":\"s\"}],\"resolvers\":[]}";

static int64_t still(void) {
        return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct courier *c;
        struct buf in = {0};

        if (!c &&
            (courier_new(&c) < 0 || courier_configure(c, span_of(config, sizeof(config) - 1)) < 0))
                abort();
        courier_line(c, true);
        buf_reset(courier_out(c));
        buf_add(&in, data, size);
        int r = courier_bytes(c, &in);
        if (r == 0 && in.len >= sizeof(struct courier_head) + COURIER_FRAME_MAX)
                abort();
        for (unsigned i = 0; i < 2; i++)
                (void)courier_turn(c, NULL, 0, 0, still, still);
        const struct buf *out = courier_out(c);
        size_t at = 0;
        while (out->len - at >= sizeof(struct courier_head)) {
                struct courier_head h;

                memcpy(&h, out->p + at, sizeof(h));
                if (h.len < sizeof(struct courier_say) || h.len > out->len - at - sizeof(h))
                        abort();
                at += sizeof(h) + h.len;
        }
        if (at != out->len)
                abort();
        courier_line(c, false);
        buf_deinit(&in);
        return 0;
}
