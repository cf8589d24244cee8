/* Plans kept over chunks and files.
 *
 * Every chunk brings its own copy of each template it uses, and in many logs a chunk has only a few
 * records; a folder of logs brings the same templates in every file. So plans are kept by what
 * their templates say. The copies are not the same bytes: names are written where they are used
 * first and referred to by offset later. The normal form of a template has every name in place and
 * no offset or size; two templates of one normal form have one plan. Forms are compared in full:
 * neither a template's GUID nor a hash is trusted, as whoever writes a log chooses both.
 *
 * Only what is well-formed has a normal form; anything else is compiled anew in each chunk.
 *
 * A template that is missing (its page was lost) may have been kept from another chunk: then one of
 * the same id is taken, if it asks for as many values as the record brings; and it is reported.
 *
 * Invariants:
 * M1  kept plans hold no pointer into a chunk or into memory that ends before them.
 * M2  the memory is forgotten only between chunks, when no event of it is in use. */
#include "base/hash.h"
#include "decode/evtx_impl.h"

struct normal {
        struct evtx *x;
        uint32_t at, end;
        uint32_t n; /* written to x->normal */
};

static bool put(struct normal *m, const char *p, uint32_t n) {
        if (n > NORMAL_BYTES - m->n)
                return false;
        memcpy(m->x->normal + m->n, p, n);
        m->n += n;
        return true;
}

/* Copies the next n bytes. */
static bool pass(struct normal *m, uint32_t n) {
        if (n > m->end - m->at || !put(m, m->x->p + m->at, n))
                return false;
        m->at += n;
        return true;
}

/* A token of `head` bytes before a name's offset: token, length, name. */
static bool pass_name(struct normal *m, uint32_t head) {
        struct span raw;
        uint32_t next;

        if (!evtx_name_raw(m->x, m->at + head, m->end, &raw, &next))
                return false;
        uint32_t len = (uint32_t)raw.len;
        if (len + 5 > NORMAL_BYTES - m->n)
                return false;
        char *to = m->x->normal + m->n;
        to[0] = m->x->p[m->at];
        memcpy(to + 1, &len, sizeof(len));
        memcpy(to + 5, raw.p, len);
        m->n += len + 5;
        m->at = next;
        return true;
}

/* A token, `head` bytes in all before a length in units, and text. */
static bool pass_text(struct normal *m, uint32_t head) {
        if (m->end - m->at < head + 2)
                return false;
        return pass(m, head + 2 + 2 * (uint32_t)evtx_u16(m->x->p + m->at + head));
}

static bool pass_element(struct normal *m) {
        bool attributes = m->x->p[m->at] & TOKEN_MORE;

        /* With dependency id, and the size must be possible: else other forms would be tried
         * (evtx_names.c). */
        if (m->end - m->at < 11 || evtx_u32(m->x->p + m->at + 3) > m->end - m->at - 7 ||
            !pass_name(m, 7))
                return false;
        if (!attributes)
                return true;
        if (m->end - m->at < 4)
                return false;
        m->at += 4;
        return true;
}

/* Tokens up to and with EOF. */
static bool make_normal(struct normal *m) {
        while (m->at < m->end) {
                const char *p = m->x->p + m->at;
                bool ok;

                switch ((unsigned char)*p) {
                case TOKEN_EOF: return true;
                case TOKEN_OPEN:
                case TOKEN_OPEN | TOKEN_MORE: ok = pass_element(m); break;
                case TOKEN_CLOSE_START:
                case TOKEN_CLOSE_EMPTY:
                case TOKEN_END: ok = pass(m, 1); break;
                case TOKEN_VALUE:
                case TOKEN_VALUE | TOKEN_MORE:
                        ok = m->end - m->at >= 2 && p[1] == XML_STRING && pass_text(m, 2);
                        break;
                case TOKEN_CDATA:
                case TOKEN_CDATA | TOKEN_MORE: ok = pass_text(m, 1); break;
                case TOKEN_CHAR_REF:
                case TOKEN_CHAR_REF | TOKEN_MORE: ok = pass(m, 3); break;
                case TOKEN_ATTRIBUTE:
                case TOKEN_ATTRIBUTE | TOKEN_MORE:
                case TOKEN_ENTITY_REF:
                case TOKEN_ENTITY_REF | TOKEN_MORE: ok = pass_name(m, 1); break;
                case TOKEN_NORMAL_SUB:
                case TOKEN_OPTIONAL_SUB:
                case TOKEN_FRAGMENT: ok = pass(m, 4); break;
                default: ok = false; break;
                }
                if (!ok)
                        return false;
        }
        return false;
}

void evtx_memo_trim(struct evtx *x) {
        static uint64_t names; /* of all readers of the process */

        if (x->names_at == 0)
                x->names_at = ++names;
        if (!x->kept_full && x->n_memo < MEMO_MAX)
                return;
        x->names_at = ++names;
        arena_reset(&x->plans);              /* used only once `kept` is full */
        memset(x->memo, 0, sizeof(x->memo)); /* M2 */
        x->n_memo = 0;
        x->kept_full = false;
        arena_reset(&x->kept);
}

static struct memo_slot *find_memo(struct evtx *x, struct span normal, enum place place,
                                   uint64_t hash) {
        for (uint64_t h = hash;; h++) {
                struct memo_slot *m = &x->memo[h % MEMO_SLOTS];
                if (!m->normal.p ||
                    (m->hash == hash && m->place == place && span_eq(m->normal, normal)))
                        return m;
        }
}

static const struct evtx_plan *lost_template(struct evtx *x, const struct evtx_instance *i,
                                             enum place place) {
        x->work_left -= MEMO_SLOTS; /* a look at each */
        for (uint32_t k = 0; k < MEMO_SLOTS && x->n_memo && x->work_left > 0; k++) {
                const struct memo_slot *m = &x->memo[k];
                if (m->normal.p && m->id == i->id && m->place == place && m->n_values == i->n) {
                        evtx_note(x,
                                  "the record's template is missing; one of the same id was used");
                        return m->plan;
                }
        }
        evtx_complain(x, "the record's template is missing");
        return NULL;
}

/* The definition's binary XML is from `at` to `end`. */
static const struct evtx_plan *make_plan(struct evtx *x, const struct evtx_instance *i, uint32_t at,
                                         uint32_t end, enum place place) {
        struct normal m = {.x = x, .at = at, .end = end};
        struct memo_slot *slot = NULL;
        struct span normal = SPAN_NONE;
        uint64_t hash = 0;

        if (x->compile_left >= end - at + 64 && x->n_memo < MEMO_SLOTS - 1 && make_normal(&m)) {
                x->compile_left -= m.at - at + 64;
                normal = span_of(x->normal, m.n);
                hash = hash_span(normal, (uintptr_t)x + (uint64_t)place);
                slot = find_memo(x, normal, place, hash);
                if (slot->normal.p)
                        return slot->plan;
                if (!x->kept_full)
                        normal = arena_dup(&x->kept, normal);
        }
        const char *before = x->bad;
        bool missing = x->missing, was_full = x->kept_full;
        const struct evtx_plan *plan =
                evtx_compile(x, was_full ? &x->plans : &x->kept, at, end, place, true);
        x->kept_full |= x->kept.overflowed;
        if (x->kept_full && !was_full && !plan) {
                x->bad = before;
                x->missing = missing;
                return evtx_compile(x, &x->plans, at, end, place, true);
        }
        if (!plan || !slot || x->kept_full || plan->bad)
                return plan;
        *slot = (struct memo_slot){.normal = normal,
                                   .hash = hash,
                                   .id = i->id,
                                   .n_values = i->n,
                                   .place = place,
                                   .plan = plan}; /* M1 */
        x->n_memo++;
        return plan;
}

/* definition: next u32 | GUID, whose first part is the id | size u32 | binary XML */
const struct evtx_plan *evtx_template(struct evtx *x, const struct evtx_instance *i,
                                      enum place place) {
        uint32_t key = i->def << 3 | (uint32_t)place;
        struct plan_slot *slot;

        for (uint32_t h = key * 2654435761u >> 8;; h++) {
                slot = &x->plan_slots[h % EVTX_PLAN_SLOTS];
                if (slot->epoch != x->epoch)
                        break;
                if (LIKELY(slot->key == key))
                        return slot->plan;
        }
        if (i->def > x->len || x->len - i->def < 24 || evtx_u32(x->p + i->def + 4) != i->id)
                return lost_template(x, i, place);
        if (x->n_plans >= EVTX_PLANS) {
                evtx_complain(x, "more templates than a chunk can hold");
                return NULL;
        }
        uint32_t size = evtx_u32(x->p + i->def + 20), at = i->def + 24;
        const struct evtx_plan *plan = make_plan(x, i, at, at + MIN(size, x->len - at), place);
        if (!plan)
                return NULL;
        *slot = (struct plan_slot){.epoch = x->epoch, .key = key, .plan = plan};
        x->n_plans++;
        return plan;
}
