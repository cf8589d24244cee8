/* Plan and values to fields.
 *
 * A template instance gives each value's size and type, then the values one behind the other. The
 * plan (evtx_xml.c) is run over them: a field's value is pointed to where it lies in the record,
 * with the type that says how to read it; only small integers are widened. Text is made of a value
 * only where the template joins it with other text.
 *
 * A value of type BinXml is XML again, mostly a template instance: EventData is a value of the
 * event's template. It is run in place, so its fields stand where the value stood.
 *
 * An array (type 0x80 and up) repeats its element: one field per element, marked by `arr`.
 *
 * Invariants:
 * R1  every field and every run of binary XML is paid for out of work_left; a value may be named
 *     by many fields, and binary XML by many values.
 * R2  values of all levels stand on one stack (x->values); a level frees what it took. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "decode/evtx_impl.h"
#include "decode/utf16.h"

#define RUN_COST 64

static inline bool spend(struct evtx *x, uint32_t cost) {
        x->work_left -= cost;
        x->record_work_left -= cost;
        if (LIKELY(x->work_left >= 0 && x->record_work_left >= 0))
                return true;
        x->e->cut = true;
        evtx_complain(x, "record expands beyond all bounds");
        return false;
}

/* ---- what the event is known by ---- */

static struct span channel_text(struct evtx *x, struct span raw) {
        struct channel *c = &x->channels[x->last_channel];

        if (LIKELY(c->raw_len == raw.len && raw.len && memcmp(c->raw, raw.p, raw.len) == 0))
                return span_of(c->text, c->len);
        for (uint32_t i = 0; i < CHANNELS; i++) {
                c = &x->channels[i];
                if (c->raw_len == raw.len && raw.len && memcmp(c->raw, raw.p, raw.len) == 0) {
                        x->last_channel = i;
                        return span_of(c->text, c->len);
                }
        }
        if (raw.len > CHANNEL_BYTES || raw.len == 0) {
                struct field f = {.val = raw.p, .val_len = (uint32_t)raw.len, .type = V_UTF16};
                struct span t = value_text(&f, &x->s->arena);
                return t.p ? t : SPAN("");
        }
        x->last_channel = x->next_channel++ % CHANNELS;
        c = &x->channels[x->last_channel];
        memcpy(c->raw, raw.p, raw.len);
        c->raw_len = (uint16_t)raw.len;
        c->len = (uint16_t)utf16_to_utf8(c->text, raw);
        return span_of(c->text, c->len);
}

static int64_t decimal(struct span t) {
        int64_t v = 0;

        if (t.len == 0 || t.len > 10)
                return -1;
        for (size_t i = 0; i < t.len; i++) {
                if (t.p[i] < '0' || t.p[i] > '9')
                        return -1;
                v = v * 10 + (t.p[i] - '0');
        }
        return v;
}

static int64_t field_time(struct evtx *x, const struct field *f) {
        if (f->type == V_FILETIME)
                return time_from_filetime(evtx_u64(f->val));
        if (f->type == V_SYSTIME)
                return time_make(evtx_u16(f->val), evtx_u16(f->val + 2), evtx_u16(f->val + 6),
                                 evtx_u16(f->val + 8), evtx_u16(f->val + 10), evtx_u16(f->val + 12),
                                 evtx_u16(f->val + 14) * 1000000u);
        struct span t = value_text(f, &x->s->arena);
        return t.p ? time_parse_iso(t, 0) : TIME_NONE;
}

/* System's first EventID, Channel and TimeCreated. */
static void take_role(struct evtx *x, enum op_role role, const struct field *f) {
        struct event *e = x->e;

        switch (role) {
        case ROLE_CHANNEL:
                if (e->key1.len)
                        break;
                if (f->type == V_UTF16)
                        e->key1 = channel_text(x, span_of(f->val, f->val_len));
                else if (f->type == V_STR)
                        e->key1 = span_of(f->val, f->val_len);
                break;
        case ROLE_EVENT_ID:
                if (e->key2 >= 0)
                        break;
                if (LIKELY(f->type == V_U64)) {
                        uint64_t v = evtx_u64(f->val);
                        e->key2 = v <= INT64_MAX ? (int64_t)v : -1;
                } else {
                        struct span t = value_text(f, &x->s->arena);
                        e->key2 = t.p ? decimal(span_trim(t)) : -1;
                }
                break;
        case ROLE_RECORD_ID:
                if (LIKELY(f->type == V_U64))
                        e->record = evtx_u64(f->val);
                break;
        case ROLE_TIME:
                if (e->time == TIME_NONE)
                        e->time = field_time(x, f);
                break;
        case ROLE_NONE: break;
        }
}

/* A name that System has as well: neither hides the other. */
static void mark_clash(struct evtx *x, struct field *f) {
        for (uint32_t i = x->e->n; i-- > 0;) {
                struct field *o = &x->e->fields[i];

                if (o->name_len != f->name_len || memcmp(o->name, f->name, f->name_len) != 0)
                        continue;
                if (o->arr == 0)
                        o->arr = 1u << 16 | 1;
                f->arr = MIN(o->arr + 1, 1u << 16 | 0xffff);
                return;
        }
}

/* ---- values ---- */

/* ANSI text is in a code page that the record does not name; when it is not UTF-8, Windows' Western
 * one is meant. */
static void set_ansi(struct evtx *x, struct field *f, struct span v) {
        static const uint16_t high[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
                                          0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,
                                          0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d,
                                          0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
                                          0x0153, 0x9d,   0x017e, 0x0178};
        size_t n = 0;
        char *to;

        while (v.len && v.p[v.len - 1] == 0)
                v.len--;
        f->val = v.p;
        f->val_len = (uint32_t)v.len;
        f->type = V_STR;
        if (utf8_valid(v) || !(to = arena_alloc(&x->s->arena, v.len * 3)))
                return;
        for (size_t i = 0; i < v.len; i++) {
                unsigned c = (unsigned char)v.p[i];
                n += utf8_put(to + n, c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c);
        }
        f->val = to;
        f->val_len = (uint32_t)n;
}

static void set_real32(struct evtx *x, struct field *f, const char *p) {
        char *to = arena_alloc(&x->s->arena, 32);
        float v;
        int n = 0;

        memcpy(&v, p, sizeof(v));
        if (!to)
                return;
        for (int digits = 6; digits <= 9; digits++) {
                n = snprintf(to, 32, "%.*g", digits, (double)v);
                if (strtof(to, NULL) == v)
                        break;
        }
        f->val = to;
        f->val_len = (uint32_t)n;
        f->type = V_NUM;
}

static void set_number(struct field *f, uint64_t *room, uint64_t v, uint8_t type) {
        *room = v;
        f->val = (const char *)room;
        f->val_len = 8;
        f->type = type;
}

/* An integer of any size; false when it has none that an integer can have. */
static bool set_integer(struct field *f, uint64_t *room, struct span v, uint8_t type) {
        bool is_signed = type == V_I64;
        uint64_t n;

        switch (v.len) {
        case 8:
                f->val = v.p;
                f->val_len = 8;
                f->type = type;
                return true;
        case 4: n = is_signed ? (uint64_t)(int64_t)(int32_t)evtx_u32(v.p) : evtx_u32(v.p); break;
        case 2: n = is_signed ? (uint64_t)(int64_t)(int16_t)evtx_u16(v.p) : evtx_u16(v.p); break;
        case 1: n = is_signed ? (uint64_t)(int64_t)(signed char)*v.p : (unsigned char)*v.p; break;
        default: return false;
        }
        set_number(f, room, n, type);
        return true;
}

static void set_raw(struct field *f, struct span v, uint8_t type) {
        f->val = v.p;
        f->val_len = (uint32_t)v.len;
        f->type = type;
}

static void set_bool(struct field *f, struct span v) {
        bool is = false;

        /* Some writers store other numbers than 1. */
        for (size_t i = 0; i < v.len; i++)
                is |= v.p[i] != 0;
        set_raw(f, is ? SPAN("true") : SPAN("false"), V_BOOL);
}

static inline struct span trim_nuls(struct span v) {
        v.len &= ~(size_t)1;
        while (v.len && v.p[v.len - 1] == 0 && v.p[v.len - 2] == 0)
                v.len -= 2;
        return v;
}

/* One value, not an array and not XML. `room` is the field's place for a number. */
static void set_value(struct evtx *x, struct field *f, uint64_t *room, struct span v,
                      uint8_t type) {
        static const uint8_t number[] = {
                [XML_INT8] = V_I64,    [XML_UINT8] = V_U64,  [XML_INT16] = V_I64,
                [XML_UINT16] = V_U64,  [XML_INT32] = V_I64,  [XML_UINT32] = V_U64,
                [XML_INT64] = V_I64,   [XML_UINT64] = V_U64, [XML_SIZE] = V_HEX64,
                [XML_HEX32] = V_HEX32, [XML_HEX64] = V_HEX64};

        switch (type) {
        case XML_STRING:
        case XML_EVTXML: set_raw(f, trim_nuls(v), V_UTF16); return;
        case XML_INT8:
        case XML_UINT8:
        case XML_INT16:
        case XML_UINT16:
        case XML_INT32:
        case XML_UINT32:
        case XML_INT64:
        case XML_UINT64:
        case XML_SIZE:
        case XML_HEX32:
        case XML_HEX64:
                if (LIKELY(set_integer(f, room, v, number[type])))
                        return;
                break;
        case XML_ANSI: set_ansi(x, f, v); return;
        case XML_REAL32:
                if (v.len == 4) {
                        set_real32(x, f, v.p);
                        return;
                }
                break;
        case XML_REAL64:
                if (v.len == 8) {
                        set_raw(f, v, V_F64);
                        return;
                }
                break;
        case XML_BOOL:
                if (v.len) {
                        set_bool(f, v);
                        return;
                }
                break;
        case XML_GUID: set_raw(f, v, v.len == 16 ? V_GUID : V_BIN); return;
        case XML_FILETIME: set_raw(f, v, v.len == 8 ? V_FILETIME : V_BIN); return;
        case XML_SYSTIME: set_raw(f, v, v.len == 16 ? V_SYSTIME : V_BIN); return;
        case XML_SID: set_raw(f, v, V_SID); return;
        default: break;
        }
        /* Of no size, or of one that does not fit the type. */
        set_raw(f, v, v.len ? V_BIN : V_NULL);
}

/* Bytes of an array's first element; 0 when it cannot be told. */
static size_t element_size(struct span v, uint8_t type) {
        switch (type) {
        case XML_STRING:
                for (size_t i = 0; i + 1 < v.len; i += 2)
                        if (v.p[i] == 0 && v.p[i + 1] == 0)
                                return i + 2;
                return v.len;
        case XML_ANSI: {
                const char *nul = memchr(v.p, 0, v.len);
                return nul ? (size_t)(nul - v.p) + 1 : v.len;
        }
        case XML_INT8:
        case XML_UINT8: return 1;
        case XML_INT16:
        case XML_UINT16: return 2;
        case XML_INT32:
        case XML_UINT32:
        case XML_REAL32:
        case XML_BOOL:
        case XML_HEX32: return 4;
        case XML_SIZE: return v.len % 8 == 0 ? 8 : 4;
        case XML_INT64:
        case XML_UINT64:
        case XML_REAL64:
        case XML_FILETIME:
        case XML_HEX64: return 8;
        case XML_GUID:
        case XML_SYSTIME: return 16;
        case XML_SID: return v.len >= 8 ? 8 + 4 * (size_t)(unsigned char)v.p[1] : 0;
        default: return 0;
        }
}

/* One field per element. */
static void add_array(struct evtx *x, const struct evtx_op *op, struct span v, uint8_t type) {
        struct event *e = x->e;
        struct field proto = e->fields[e->n]; /* bears the name */
        uint32_t element = op->flags & OPF_UNNAMED ? x->unnamed : 0;

        while (v.len) {
                size_t size = element_size(v, type);
                struct span one = v;

                if (size && size <= v.len)
                        one.len = size;
                v = span_of(v.p + one.len, v.len - one.len);
                if (e->n >= EVENT_FIELDS_MAX) {
                        e->cut = true;
                        break;
                }
                if (!spend(x, 16 + (uint32_t)one.len))
                        break;
                struct field *f = &e->fields[e->n];
                *f = proto;
                if (element < 0xffff)
                        element++;
                f->arr = 1u << 16 | element;
                set_value(x, f, &x->numbers[e->n], one, size ? type : XML_BINARY);
                if (f->type == V_STR)
                        x->strays[e->n_strays++] = (uint16_t)e->n;
                e->n++;
        }
        if (op->flags & OPF_UNNAMED)
                x->unnamed = element;
}

/* ---- text made of several pieces, constant or not ---- */

static struct span mix_text(struct evtx *x, const struct piece *list, const struct evtx_value *vals,
                            uint32_t n) {
        struct arena *a = &x->s->arena;
        struct span all = SPAN("");

        for (const struct piece *p = list; p; p = p->next) {
                struct span t = p->text;

                if (p->is_sub) {
                        struct field f = {.val = ""};
                        uint64_t room;

                        if (p->sub >= n || vals[p->sub].type == XML_BINXML)
                                continue;
                        const struct evtx_value *v = &vals[p->sub];
                        set_value(x, &f, &room, span_of(x->p + v->at, v->size), v->type);
                        t = value_text(&f, a);
                }
                if (!t.p || !spend(x, (uint32_t)(all.len + t.len)))
                        break;
                char *to = arena_alloc(a, all.len + t.len);
                if (!to)
                        break;
                memcpy(to, all.p, all.len);
                memcpy(to + all.len, t.p, t.len);
                all = span_of(to, all.len + t.len);
        }
        return all;
}

/* ---- plans ---- */

/* The value of an OP_SUB. False when it made no field, or made its fields itself. */
static bool put_sub(struct evtx *x, const struct evtx_op *op, struct field *f,
                    const struct evtx_value *v, unsigned nested) {
        struct span s = span_of(x->p + v->at, v->size);

        if (UNLIKELY(v->type == XML_NULL || (v->size == 0 && v->type & XML_ARRAY))) {
                if (op->flags & OPF_OMIT_NULL || op->declared == XML_BINXML)
                        return false;
                f->type = V_NULL;
                return true;
        }
        if (UNLIKELY(v->type == XML_BINXML && !(op->flags & OPF_ATTRIBUTE))) {
                evtx_run(x, v->at, v->at + v->size, op->place, nested + 1);
                return false;
        }
        if (UNLIKELY(v->type & XML_ARRAY)) {
                add_array(x, op, s, v->type & ~XML_ARRAY);
                return false;
        }
        set_value(x, f, &x->numbers[x->e->n], s, v->type);
        return true;
}

/* The value of an op, where it is of the kind that most are: text or a number that the template
 * puts into a field of its own. */
static inline bool put_plain(const struct evtx *x, const struct evtx_op *op,
                             const struct evtx_value *v, struct field *f, uint64_t *room) {
        static const struct {
                uint8_t type, size, fixed;
        } kind[XML_EVTXML + 1] = {
                [XML_UINT8] = {V_U64, 1, 0},   [XML_UINT16] = {V_U64, 2, 0},
                [XML_UINT32] = {V_U64, 4, 0},  [XML_UINT64] = {V_U64, 8, 1},
                [XML_HEX32] = {V_HEX32, 4, 0}, [XML_HEX64] = {V_HEX64, 8, 1},
                [XML_GUID] = {V_GUID, 16, 1},  [XML_FILETIME] = {V_FILETIME, 8, 1},
        };
        const char *p = x->p + v->at;

        if (v->type == XML_STRING) {
                *f = op->f;
                set_raw(f, trim_nuls(span_of(p, v->size)), V_UTF16);
                return true;
        }
        if (v->type > XML_EVTXML || v->size != kind[v->type].size || v->size == 0)
                return false;
        *f = op->f;
        f->type = kind[v->type].type;
        if (kind[v->type].fixed) {
                f->val = p;
                f->val_len = v->size;
                return true;
        }
        *room = v->size == 4 ? evtx_u32(p) : v->size == 2 ? evtx_u16(p) : (unsigned char)*p;
        f->val = (const char *)room;
        f->val_len = 8;
        return true;
}

static bool put_op(struct evtx *x, const struct evtx_op *op, const struct evtx_value *vals,
                   uint32_t n, unsigned nested) {
        static const struct evtx_value none = {.type = XML_NULL};
        struct event *e = x->e;
        struct field *f = &e->fields[e->n];

        *f = op->f;
        if (op->kind == OP_SUB) {
                if (UNLIKELY(op->label != NULL)) {
                        struct span name = mix_text(x, op->label, vals, n);
                        if (name.len) {
                                f->name = name.p;
                                f->name_len = (uint32_t)name.len;
                                e->names = 0;
                        }
                }
                const struct evtx_value *v = LIKELY(op->sub < n) ? &vals[op->sub] : &none;
                if (!put_sub(x, op, f, v, nested))
                        return false;
        } else if (UNLIKELY(op->kind == OP_MIX)) {
                set_raw(f, mix_text(x, op->mix, vals, n), V_STR);
        } else if (UNLIKELY(op->kind == OP_INSTANCE)) {
                e->strays = NULL; /* it may stand in another record */
                evtx_run(x, op->at, op->at + op->f.val_len, op->place, nested + 1);
                return false;
        }
        if (UNLIKELY(op->flags & (OPF_UNNAMED | OPF_CLASH))) {
                if (op->flags & OPF_UNNAMED)
                        f->arr = 1u << 16 | ++x->unnamed; /* no more than fields */
                else
                        mark_clash(x, f);
        }
        if (f->type == V_STR)
                x->strays[e->n_strays++] = (uint16_t)e->n;
        return true;
}

static void run_plan(struct evtx *x, const struct evtx_plan *plan, const struct evtx_value *vals,
                     uint32_t n, unsigned nested) {
        struct event *e = x->e;

        for (const struct evtx_op *op = plan->ops, *end = op + plan->n; op < end; op++) {
                uint32_t at = e->n;
                if (UNLIKELY(at >= EVENT_FIELDS_MAX)) {
                        e->cut = true;
                        return;
                }
                struct field *f = &e->fields[at];
                bool plain = op->plain && op->sub < n &&
                             put_plain(x, op, &vals[op->sub], f, &x->numbers[at]);
                if (!plain && !put_op(x, op, vals, n, nested))
                        continue;
                if (op->role)
                        take_role(x, (enum op_role)op->role, f);
                e->n++;
                if (UNLIKELY(!spend(x, 16 + f->val_len))) /* R1 */
                        return;
        }
}

static void run_instance(struct evtx *x, const struct evtx_instance *i, uint32_t end,
                         enum place place, unsigned nested) {
        uint32_t first = x->n_values, at = i->values + 4 * i->n;

        /* R1. Also when there is no plan: evtx_instance() has looked at each value. */
        if (!spend(x, RUN_COST + 4 * i->n))
                return;
        const struct evtx_plan *plan = evtx_template(x, i, place);
        if (!plan)
                return;
        if (plan->bad)
                evtx_complain(x, plan->bad);
        if (i->short_data)
                evtx_complain(x, "values reach beyond the record");
        if (plan->cut)
                x->e->cut = true;
        if (i->n > EVTX_VALUES - x->n_values) { /* R2 */
                evtx_complain(x, "more values than a record can hold");
                return;
        }
        struct evtx_value *v = &x->values[first];
        const char *d = x->p + i->values;
        for (uint32_t k = 0; k < i->n; k++, d += 4) {
                uint32_t w = evtx_u32(d), size = w & 0xffff;

                if (UNLIKELY(i->short_data))
                        size = MIN(size, end - at);
                v[k] = (struct evtx_value){
                        .at = at, .size = (uint16_t)size, .type = (uint8_t)(w >> 16)};
                at += size;
        }
        x->n_values += i->n;
        run_plan(x, plan, v, i->n, nested);
        x->n_values = first;
}

void evtx_run(struct evtx *x, uint32_t at, uint32_t end, enum place place, unsigned nested) {
        if (nested >= EVTX_NESTED) {
                evtx_complain(x, "binary XML nested too deep");
                x->e->cut = true;
                return;
        }
        if (!spend(x, RUN_COST))
                return;
        while (at < end) {
                unsigned token = (unsigned char)x->p[at];

                if (token == TOKEN_FRAGMENT) {
                        at += 4;
                        continue;
                }
                if (token == TOKEN_EOF)
                        return;
                if (token == TOKEN_TEMPLATE) {
                        struct evtx_instance i;

                        if (!evtx_instance(x, at, end, &i)) {
                                evtx_complain(x, "template instance cannot be read");
                                return;
                        }
                        run_instance(x, &i, end, place, nested);
                        at = i.next;
                        continue;
                }
                /* XML without a template: all the rest. */
                if (!spend(x, 4 * (end - at)))
                        return;
                x->e->names = 0; /* they may stand in the record's arena */
                const struct evtx_plan *plan =
                        evtx_compile(x, &x->s->arena, at, end, place, nested == 0);
                if (plan) {
                        if (plan->bad)
                                evtx_complain(x, plan->bad);
                        x->e->cut |= plan->cut;
                        run_plan(x, plan, NULL, 0, nested);
                }
                return;
        }
}
