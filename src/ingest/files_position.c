/* See files_position.h. All of this reads what may be damaged or hostile: the store's values after a
 * mishap, entries of a journal that any program writes to. Linear, and no allocation. */
#include "ingest/files_position.h"

#include <endian.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_PREFIX SPAN("file:")
#define ID_DIGITS 16u
#define CURSOR_MAX 250u

void file_hash(uint8_t *to, size_t n, struct span bytes) {
        uint8_t h[FILE_HASH];

        assert(n <= sizeof(h));
        crypto_generichash(h, sizeof(h), (const unsigned char *)bytes.p, bytes.len, NULL, 0);
        memcpy(to, h, n);
}

size_t file_position_print(const struct file_position *p, char to[POSITION_VALUE_MAX]) {
        char first[2 * FIRST_HASH + 1], head[2 * FILE_HASH + 1], tail[2 * FILE_HASH + 1];
        char whole[2 * FILE_HASH + 2] = "";

        sodium_bin2hex(first, sizeof(first), p->first, FIRST_HASH);
        sodium_bin2hex(head, sizeof(head), p->head, FILE_HASH);
        sodium_bin2hex(tail, sizeof(tail), p->tail, FILE_HASH);
        if (p->has_whole) {
                whole[0] = ' ';
                sodium_bin2hex(whole + 1, sizeof(whole) - 1, p->whole, FILE_HASH);
        }
        return (size_t)snprintf(to, POSITION_VALUE_MAX, "1 %llu %llu %llu %lld %s %s %s%s",
                                (unsigned long long)p->offset, (unsigned long long)p->device,
                                (unsigned long long)p->inode, (long long)p->seen, first, head, tail,
                                whole);
}

/* The next word, without the blank behind it. */
static struct span word(struct span *rest) {
        const char *end = rest->len ? memchr(rest->p, ' ', rest->len) : NULL;
        struct span w = span_of(rest->p, end ? (size_t)(end - rest->p) : rest->len);

        rest->p += w.len + (end != NULL);
        rest->len -= w.len + (end != NULL);
        return w;
}

static bool number(struct span *rest, uint64_t max, uint64_t *ret) {
        struct span w = word(rest);
        uint64_t v = 0;

        for (size_t i = 0; i < w.len; i++) {
                unsigned d = (unsigned)(unsigned char)w.p[i] - '0';

                if (d > 9 || v > (max - d) / 10)
                        return false;
                v = v * 10 + d;
        }
        *ret = v;
        return w.len > 0;
}

static bool hash(struct span *rest, uint8_t *to, size_t n) {
        struct span w = word(rest);
        size_t got;

        return w.len == 2 * n && sodium_hex2bin(to, n, w.p, w.len, NULL, &got, NULL) == 0 &&
               got == n;
}

bool file_position_parse(struct span value, struct file_position *ret) {
        uint64_t version, seen;

        if (value.len == 0 || value.p[value.len - 1] == ' ')
                return false;
        if (!number(&value, 1, &version) || version != 1 ||
            !number(&value, INT64_MAX, &ret->offset) || !number(&value, UINT64_MAX, &ret->device) ||
            !number(&value, UINT64_MAX, &ret->inode) || !number(&value, INT64_MAX / 2, &seen) ||
            !hash(&value, ret->first, FIRST_HASH) || !hash(&value, ret->head, FILE_HASH) ||
            !hash(&value, ret->tail, FILE_HASH))
                return false;
        ret->seen = (int64_t)seen;
        ret->has_whole = value.len > 0;
        return !ret->has_whole || (hash(&value, ret->whole, FILE_HASH) && value.len == 0);
}

size_t file_key_print(const char *source, uint64_t id, char to[POSITION_KEY_MAX]) {
        return (size_t)snprintf(to, POSITION_KEY_MAX, "file:%.*s:%016llx", (int)SOURCE_NAME_MAX - 1,
                                source, (unsigned long long)id);
}

bool file_key_parse(struct span key, struct span *ret_source, uint64_t *ret_id) {
        size_t least = KEY_PREFIX.len + 1 + ID_DIGITS;
        uint64_t id = 0;

        if (!span_starts(key, KEY_PREFIX) || key.len <= least ||
            key.len - least >= SOURCE_NAME_MAX || key.p[key.len - ID_DIGITS - 1] != ':')
                return false;
        for (size_t i = key.len - ID_DIGITS; i < key.len; i++) {
                char c = key.p[i];

                if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
                        return false;
                id = id << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        *ret_source = span_of(key.p + KEY_PREFIX.len, key.len - least);
        *ret_id = id;
        return memchr(ret_source->p, 0, ret_source->len) == NULL;
}

/* ---- the journal ---- */

bool journal_field(struct span *rest, struct span *ret_name, struct span *ret_value) {
        const char *nl = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
        uint64_t size;

        if (!nl || nl == rest->p)
                return false;
        size_t line = (size_t)(nl - rest->p);
        const char *equals = memchr(rest->p, '=', line);
        if (equals) {
                *ret_name = span_of(rest->p, (size_t)(equals - rest->p));
                *ret_value = span_of(equals + 1, line - ret_name->len - 1);
                rest->p += line + 1;
                rest->len -= line + 1;
                return true;
        }
        /* A name alone: 8 bytes of length, so many bytes, a line end. */
        size_t left = rest->len - line - 1;
        if (left < 9)
                return false;
        memcpy(&size, nl + 1, 8);
        size = le64toh(size);
        if (size > left - 9)
                return false;
        *ret_name = span_of(rest->p, line);
        *ret_value = span_of(nl + 9, (size_t)size);
        rest->p = nl + 9 + size + 1;
        rest->len = left - 9 - (size_t)size;
        return true;
}

/* As journalctl prints them; main hands them back to it as an argument. */
static bool is_cursor(struct span s) {
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '=' || c == ';' || (c == '-' && i > 0)))
                        return false;
        }
        return s.len > 0 && s.len <= CURSOR_MAX;
}

struct span journal_cursor(struct span entry) {
        struct span name, value;

        while (journal_field(&entry, &name, &value))
                if (span_eq(name, SPAN("__CURSOR")))
                        return is_cursor(value) ? value : SPAN_NONE;
        return SPAN_NONE;
}

size_t journal_whole_fields(struct span entry, size_t most) {
        struct span rest = entry, name, value;
        size_t whole = 0;

        while (journal_field(&rest, &name, &value)) {
                size_t at = (size_t)(rest.p - entry.p);

                if (at > most)
                        break;
                whole = at;
        }
        return whole;
}
