/* What the manager of services says (act/dbus.h), message by message; and a line of /etc/shadow, locked and brought
 * back: to the byte, or not touched. */
#include "act/dbus.h"
#include "act/shadow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span s = span_of((const char *)data, size), login = SPAN("lan");
        _cleanup_(buf_deinit) struct buf locked = {0}, back = {0};
        unsigned char was[ORDER_WAS_BYTES];
        struct dbus_said said;
        size_t at = 0, used = 0;
        uint32_t uid;

        while (at < size && dbus_read(span_of(s.p + at, size - at), &used, &said) == 1) {
                if (used == 0 || used > size - at)
                        __builtin_trap();
                at += used;
        }
        if (shadow_lock(s, login, was, &locked) == 0) {
                if (shadow_unlock(buf_get(&locked), login, was, &back) != 0 ||
                    !span_eq(buf_get(&back), s))
                        __builtin_trap();
        }
        (void)shadow_uid(s, login, &uid);
        base_fail_clear();
        return 0;
}
