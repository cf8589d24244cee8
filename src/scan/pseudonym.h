/* What a name is shown as outside an incident: a code that is the same for the same name as long as the key
 * is, and says nothing to who has no key. Pure. */
#ifndef SCAN_PSEUDONYM_H
#define SCAN_PSEUDONYM_H

#include "base/arena.h"
#include "scan/names.h"

#define PSEUDONYM_KEY_BYTES 32u
#define PSEUDONYM_DIGITS 6u

/* "7K3F2M" of a full 64 bits. */
void pseudonym_digits(uint64_t hash, char to[PSEUDONYM_DIGITS + 1]);
/* Of a name, whatever its case. */
uint64_t pseudonym_hash(const unsigned char key[PSEUDONYM_KEY_BYTES], struct span name);
/* "person-7K3F2M", "người-7K3F2M"; in the arena. SPAN_NONE: no room. */
struct span pseudonym_text(const unsigned char key[PSEUDONYM_KEY_BYTES], enum names_kind kind,
                           struct span name, bool vi, struct arena *a);
/* "person" … what stands before the code. */
const char *pseudonym_word(enum names_kind kind, bool vi);

/* An account that is the same on every machine and names nobody: root, SYSTEM. */
bool pseudonym_of_nobody(struct span account);
/* Of an account's own name, without its domain, whatever its case: for the list of those that were seen
 * (no key: who has the list has the logs too, and it must outlive keys). */
uint64_t account_hash(struct span account);

#endif
