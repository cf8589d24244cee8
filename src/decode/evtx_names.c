/* Names in binary XML: of elements, attributes, entities.
 *
 *     record:    offset u32 ──► next u32 | hash u16 | length u16 | UTF-16 | NUL   (in the chunk;
 * the first use follows its offset at once) resource:  hash u16 | length u16 | UTF-16 | NUL
 * (WEVT_TEMPLATE: always in place)
 *
 * Which form an element has, and whether a dependency id stands before its size, is not written
 * anywhere: templates have the id, elements within values have not, and writers err. So the form
 * that fits is found by trial, and kept until it does not fit.
 *
 * The same names come again and again (`Data`, `Name`), so their UTF-8 is kept per chunk in a small
 * table by offset. */
#include "decode/evtx_impl.h"
#include "decode/utf16.h"

#define HEAD_HASH 4u /* bytes of "next" before the hash of a name that is referred to by offset */

static uint16_t name_hash(const char *p, uint32_t units) {
        uint32_t h = 0;

        for (uint32_t i = 0; i < units; i++)
                h = h * 65599 + evtx_u16(p + 2 * (size_t)i);
        return (uint16_t)h;
}

/* hash | length | UTF-16 | NUL at `at`: false when it cannot be a name. */
static bool name_span(const struct evtx *x, uint32_t at, uint32_t end, struct span *ret) {
        if (at > end || end - at < 6)
                return false;
        uint32_t units = evtx_u16(x->p + at + 2);
        if (units == 0 || end - at - 6 < 2 * units || evtx_u16(x->p + at + 4 + 2 * units) != 0)
                return false;
        *ret = span_of(x->p + at + 4, 2 * (size_t)units);
        return true;
}

static bool name_utf8(struct evtx *x, uint32_t at, struct span raw, struct span *ret) {
        struct name_slot *slot = &x->names[(at >> 1) % NAME_SLOTS];

        if (slot->epoch == x->epoch && slot->at == at) {
                *ret = slot->name;
                return true;
        }
        char *to = x->kept_full ? NULL : arena_alloc(&x->kept, raw.len / 2 * 3);
        if (!to) {
                x->kept_full = true; /* whatever has this name is not kept */
                to = arena_alloc(&x->plans, raw.len / 2 * 3);
        }
        if (!to)
                return false;
        *ret = span_of(to, utf16_to_utf8(to, raw));
        *slot = (struct name_slot){.epoch = x->epoch, .at = at, .name = *ret};
        return true;
}

bool evtx_name_raw(const struct evtx *x, uint32_t at, uint32_t end, struct span *ret_raw,
                   uint32_t *ret_next) {
        if (at > end || end - at < 4)
                return false;
        uint32_t off = evtx_u32(x->p + at), next = at + 4;
        if (off > x->len || !name_span(x, off + HEAD_HASH, x->len, ret_raw))
                return false;
        if (off == next)
                next = off + HEAD_HASH + 6 + (uint32_t)ret_raw->len;
        if (next > end)
                return false;
        *ret_next = next;
        return true;
}

bool evtx_name(struct evtx *x, uint32_t at, uint32_t end, unsigned form, struct span *ret_name,
               uint32_t *ret_next) {
        struct span raw;

        if (!(form & HEAD_INLINE_NAMES)) {
                if (!evtx_name_raw(x, at, end, &raw, ret_next))
                        return false;
        } else {
                if (!name_span(x, at, end, &raw))
                        return false;
                *ret_next = at + 6 + (uint32_t)raw.len;
        }
        return name_utf8(x, (uint32_t)(raw.p - x->p), raw, ret_name);
}

/* Whether the bytes at `at` read as an element of that form. */
static bool head_fits(const struct evtx *x, uint32_t at, uint32_t end, unsigned form) {
        uint32_t size_at = at + 1 + (form & HEAD_DEPENDENCY ? 2 : 0), name_at = size_at + 4;
        struct span raw;

        if (name_at > end || end - name_at < 4 || evtx_u32(x->p + size_at) > end - name_at + 4)
                return false;
        if (form & HEAD_INLINE_NAMES)
                return name_span(x, name_at, end, &raw) &&
                       evtx_u16(x->p + name_at) == name_hash(raw.p, (uint32_t)raw.len / 2);
        uint32_t off = evtx_u32(x->p + name_at);
        return off <= x->len && name_span(x, off + HEAD_HASH, x->len, &raw);
}

bool evtx_head_form(struct evtx *x, uint32_t at, uint32_t end, unsigned expected,
                    unsigned *ret_form) {
        static const unsigned other[] = {0, HEAD_DEPENDENCY, HEAD_INLINE_NAMES,
                                         HEAD_DEPENDENCY | HEAD_INLINE_NAMES};

        for (unsigned i = 0; i < ARRAY_LEN(other); i++)
                if (head_fits(x, at, end, expected ^ other[i])) {
                        *ret_form = expected ^ other[i];
                        return true;
                }
        return false;
}
