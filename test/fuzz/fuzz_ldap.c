/* What a directory says, message by message; and logins of anybody in a name and in a search. */
#include "courier/ldap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span s = span_of((const char *)data, size);
        _cleanup_(buf_deinit) struct buf dn = {0}, search = {0};
        struct ldap_said said;
        size_t at = 0, used = 0;

        while (at < size && ldap_read(span_of(s.p + at, size - at), &used, &said) == 1) {
                if (used == 0 || used > size - at)
                        __builtin_trap();
                at += used;
        }
        /* However it reads, it stays within its own part of the name. */
        if (ldap_dn_of(&dn, SPAN("uid={login},dc=vn"), s) == 0)
                for (size_t i = 4; i < dn.len - 6; i++)
                        if (memchr(",+=\"<>;#\0", dn.p[i], 9))
                                __builtin_trap();
        (void)ldap_search(&search, 1, SPAN("dc=vn"), SPAN("person"), SPAN("uid"), s, SPAN("1.1"));
        base_fail_clear();
        return 0;
}
