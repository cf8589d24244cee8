/* What the store keeps of a followed file: how far its content was read, and by which bytes the
 * content is known again under another name, in a copy, or packed.
 *
 *     key    "file:SOURCE:0123456789abcdef"     the number is the content's own, not the file's
 *     value  "1 OFFSET DEVICE INODE SEEN FIRST HEAD TAIL [WHOLE]"
 *
 * Numbers are decimal (SEEN: seconds UTC of the last writing); FIRST, HEAD and TAIL are BLAKE2b in
 * hexadecimal over what stands before OFFSET: its first 64 and 4096 bytes, its last 256, or as many
 * as there are; WHOLE, of what was imported, over all of it. Bytes count as unpacked. */
#ifndef INGEST_FILES_POSITION_H
#define INGEST_FILES_POSITION_H

#include "wire/records.h"

#define FILE_FIRST ((size_t)64)
#define FILE_HEAD ((size_t)4096)
#define FILE_TAIL ((size_t)256)
#define FIRST_HASH 8u
#define FILE_HASH 16u

struct file_position {
        uint64_t offset, device, inode;
        int64_t seen;
        uint8_t first[FIRST_HASH], head[FILE_HASH], tail[FILE_HASH];
        bool has_whole;
        uint8_t whole[FILE_HASH];
};

/* `n`: FIRST_HASH or FILE_HASH. */
void file_hash(uint8_t *to, size_t n, struct span bytes);

/* Bytes written. */
size_t file_position_print(const struct file_position *p, char to[POSITION_VALUE_MAX]);
/* false: not one of ours; *ret is then undefined. */
bool file_position_parse(struct span value, struct file_position *ret);

size_t file_key_print(const char *source, uint64_t id, char to[POSITION_KEY_MAX]);
bool file_key_parse(struct span key, struct span *ret_source, uint64_t *ret_id);

/* ---- journald's export format, field by field ---- */

/* Takes the next whole field off `rest` (of one entry): its name, its value, and how many bytes it
 * takes with its line end. false: no whole field is left. */
bool journal_field(struct span *rest, struct span *ret_name, struct span *ret_value);
/* "__CURSOR", if it is one that can be handed back to journalctl; .p NULL: none. */
struct span journal_cursor(struct span entry);
/* The longest beginning of whole fields that is not longer than `most`. */
size_t journal_whole_fields(struct span entry, size_t most);

#endif
