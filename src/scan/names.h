/* Whom and what a record's fields name: people, addresses, paths. They are masked wherever they stand in what
 * is shown of it, not in their fields alone. Pure, bounded, any bytes. */
#ifndef SCAN_NAMES_H
#define SCAN_NAMES_H

#include "base/arena.h"
#include "base/buf.h"

enum names_kind { NAMES_NOBODY, NAMES_USER, NAMES_ADDRESS, NAMES_PATH };

/* What a field of this name names (content/masking/words.txt). */
enum names_kind names_of_field(struct span field);

/* The next of "name=value, name=value", which moves behind it; without '=' it is all value. False: there is none. */
bool names_of_group(struct span *rest, struct span *ret_name, struct span *ret_value);

#define NAMES_MAX 256u

/* Caller's memory; begins all zero. Spans must outlive it. */
struct names {
        struct {
                struct span value, shown;
        } list[NAMES_MAX]; /* the longest first */
        uint32_t n;
        bool more; /* there was no room for all */
};

/* `value` is shown as `shown` from here on. One that tells nothing ("-", "0", "1") is left out. */
void names_add(struct names *k, struct span value, struct span shown);
/* The next account that a directory in `text` bears the name of, from *at on: C:\\Users\\an, /home/an; also as JSON
 * escapes it. False: there is none. */
bool names_home(struct span text, size_t *at, struct span *ret);
/* The account without its domain: CORP\an, an@corp.vn. Empty: it has none. */
struct span names_account(struct span user);
/* Appends `text` with each of them replaced where it stands as a word of its own, also as JSON escapes it,
 * whatever the case of ASCII letters. false: not all could be found, so nothing was appended. */
bool names_mask(struct buf *out, struct span text, const struct names *k);

#endif
