/* Heads of the audit log: what is taken as a line is written back to the letter, and the vault's file of two slots gives
 * the later good one, whatever else is in it. */
#include "wire/audit_head.h"

#include <sodium.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct span in = span_of((const char *)data, size);
        struct buf out = {.limit = 4096};
        struct audit_signed s;
        unsigned slot = 9;

        if (sodium_init() < 0)
                return 0;
        if (audit_head_read(in, &s) == 0) {
                assert(audit_head_good(&s));
                audit_head_text(&out, &s);
                assert(span_eq(buf_get(&out), in));
        }
        if (audit_head_last(in, &s, &slot) == 0)
                assert(slot < AUDIT_SLOTS && audit_head_good(&s));
        /* The same bytes as a head that somebody gives: never good by chance, and of bounded text. */
        if (size >= sizeof(s)) {
                char text[AUDIT_SLOT];

                memcpy(&s, data, sizeof(s));
                s.head.time = s.head.time % INT64_C(4000000000000000000);
                (void)audit_head_good(&s);
                audit_head_slot(text, &s);
                assert(text[AUDIT_SLOT - 1] == '\n' && !memchr(text, '\n', AUDIT_SLOT - 1));
        }
        buf_deinit(&out);
        return 0;
}
