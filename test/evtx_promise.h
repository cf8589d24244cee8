/* What the EVTX reader promises of an event beside its fields: which texts do not stand in the
 * record, and that an equal place of a name is an equal name. */
#ifndef TEST_EVTX_PROMISE_H
#define TEST_EVTX_PROMISE_H

#include "base/hash.h"
#include "decode/event.h"

static inline bool evtx_is_stray(const struct event *e, const struct field *f) {
        size_t at = (uintptr_t)f->val - (uintptr_t)e->raw.p;

        return f->type == V_STR || f->type == V_JSON ||
               (f->type == V_UTF16 && (at > e->raw.len || f->val_len > e->raw.len - at));
}

static inline bool evtx_strays_right(const struct event *e) {
        uint32_t n = 0;

        for (uint32_t i = 0; e->strays && i < e->n; i++)
                if (evtx_is_stray(e, &e->fields[i]) && (n >= e->n_strays || e->strays[n++] != i))
                        return false;
        return !e->strays || n == e->n_strays;
}

/* Remembers some thousand names of all events it was asked about. */
static inline bool evtx_names_right(const struct event *e) {
        static struct {
                uint64_t names, hash;
                const char *p;
        } seen[4096];

        for (uint32_t i = 0; e->names && i < e->n; i++) {
                const char *p = e->fields[i].name;
                uint64_t hash = hash_bytes(p, e->fields[i].name_len, 7);
                size_t k = hash_mix((uintptr_t)p, 0x9e3779b97f4a7c15u) % ARRAY_LEN(seen);
                if (seen[k].names == e->names && seen[k].p == p && seen[k].hash != hash)
                        return false;
                seen[k].names = e->names;
                seen[k].hash = hash;
                seen[k].p = p;
        }
        return true;
}

#endif
