/* Personal data in any text, by the identifiers that people in Viet Nam have: found one after the other, or
 * masked. Which they are, and how sure a find is: personal.c. Pure, linear, any bytes. */
#ifndef SCAN_PERSONAL_H
#define SCAN_PERSONAL_H

#include "base/buf.h"

enum personal_kind {
        PERSONAL_CCCD, /* personal identity number, 12 digits */
        PERSONAL_CMND, /* old identity card, 9 digits: behind a word that says so */
        PERSONAL_TAX,
        PERSONAL_INSURANCE, /* social insurance: behind a word that says so */
        PERSONAL_PHONE,
        PERSONAL_PASSPORT,
        PERSONAL_PLATE,
        PERSONAL_CARD,
        PERSONAL_ACCOUNT, /* at a bank: behind a word that says so */
        PERSONAL_EMAIL,
        PERSONAL_KINDS,
};

struct personal_find {
        size_t at, len;
        enum personal_kind kind;
};

/* The next one at or behind *at, which moves behind it; false: there is none. */
bool personal_next(struct span text, size_t *at, struct personal_find *ret);
/* "phone". */
const char *personal_name(enum personal_kind k);

#define PERSONAL_KEY_BYTES 32u
/* Appends `text` with each find replaced by "[phone~3fa2]": its kind, and four digits of a keyed hash, so that
 * the same number stays the same within what is masked with one key, and is not found out without it.
 * Returns how many. */
size_t personal_mask(struct buf *out, struct span text,
                     const unsigned char key[PERSONAL_KEY_BYTES]);

#endif
