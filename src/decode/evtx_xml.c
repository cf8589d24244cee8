/* Binary XML compiled to plans.
 *
 * A record is a template's number and some values; the template is XML with holes. Rather than
 * making XML of it, each template is read once per chunk and becomes a plan: a flat list of fields,
 * each with its name and either its constant value or the number of the value that fills it
 * (evtx_run.c). Binary XML that stands in a record without a template becomes a plan as well, used
 * once.
 *
 * What fields are called:
 * - below System: an attribute is Element_Attribute (Provider_Name, Execution_ProcessID), text is
 *   called after its element (Channel); but TimeCreated/@SystemTime is TimeCreated,
 *   Provider/@EventSourceName and EventID/@Qualifiers bear the attribute's name alone.
 * - below EventData: <Data Name="X"> is X; <Data> without a name is an element of the array `Data`;
 *   <Binary> is Binary.
 * - below RenderingInfo: Message, and RenderingInfo_X for all else, since Level, Task and Channel
 *   are System's.
 * - anywhere else (UserData): a leaf is called after its own element, its attributes
 *   Element_Attribute; several of one name are elements of an array.
 *
 * Invariants:
 * X1  `at` never moves back, and every round of a loop moves it; so compiling n bytes is O(n).
 * X2  at most `compile_left` bytes are compiled per chunk: templates may overlap, and a hostile
 *     chunk could name each of its bytes as the beginning of one.
 * X3  what cannot be read ends the plan; the fields before it stand, and plan->bad says why. */
#include "base/hash.h"
#include "base/utf8.h"
#include "decode/evtx_impl.h"
#include "decode/utf16.h"

struct frame {
        struct span name;
        struct piece *text, **text_end;
        struct piece *label; /* the Name attribute of <Data> */
        enum place parent;   /* where the element stands */
        enum place place;    /* where its children stand */
        bool has_children;
        bool has_attributes;
};

struct builder {
        struct evtx *x;
        struct arena *keep; /* what the plan holds */
        struct arena *tmp;  /* until it is made */
        uint32_t at, end;
        unsigned form;
        struct frame *frames; /* [EVTX_ELEMENTS_DEEP] */
        unsigned depth;
        uint32_t n;
        uint32_t n_values;
        bool once;        /* the plan is for the record it stands in */
        bool cut, failed; /* failed: no memory */
        const char *bad;
};

static void complain(struct builder *b, const char *what) {
        if (!b->bad)
                b->bad = what;
}

static struct span join(struct builder *b, struct span l, struct span r) {
        char *to = arena_alloc(b->keep, l.len + r.len + 1);

        if (!to) {
                b->failed = true;
                return SPAN("");
        }
        memcpy(to, l.p, l.len);
        to[l.len] = '_';
        memcpy(to + l.len + 1, r.p, r.len);
        return span_of(to, l.len + r.len + 1);
}

static bool is_data(const struct frame *f) {
        return (f->parent == IN_EVENTDATA || f->parent == IN_USERDATA) &&
               (span_eq(f->name, SPAN("Data")) || span_eq(f->name, SPAN("ComplexData")));
}

static enum place place_below(enum place parent, struct span name) {
        if (parent == IN_SYSTEM || parent == IN_RENDERING)
                return parent;
        if (parent == IN_DOCUMENT && span_eq(name, SPAN("Event")))
                return IN_EVENT;
        if (parent == IN_DOCUMENT || parent == IN_EVENT) {
                if (span_eq(name, SPAN("System")))
                        return IN_SYSTEM;
                if (span_eq(name, SPAN("EventData")))
                        return IN_EVENTDATA;
                if (span_eq(name, SPAN("RenderingInfo")))
                        return IN_RENDERING;
        }
        return IN_USERDATA;
}

/* ---- text ---- */

static struct piece *new_piece(struct builder *b) {
        struct piece *p = arena_alloc(b->tmp, sizeof(*p));

        if (p)
                *p = (struct piece){0};
        else
                b->failed = true;
        return p;
}

/* The size of a value of that type, 0 when it varies. */
static uint32_t xml_size(uint8_t type) {
        static const uint8_t size[] = {
                [XML_INT8] = 1,     [XML_UINT8] = 1,    [XML_INT16] = 2, [XML_UINT16] = 2,
                [XML_INT32] = 4,    [XML_UINT32] = 4,   [XML_INT64] = 8, [XML_UINT64] = 8,
                [XML_REAL32] = 4,   [XML_REAL64] = 8,   [XML_BOOL] = 4,  [XML_GUID] = 16,
                [XML_FILETIME] = 8, [XML_SYSTIME] = 16, [XML_HEX32] = 4, [XML_HEX64] = 8,
        };
        return type < ARRAY_LEN(size) ? size[type] : 0;
}

/* A constant: length and UTF-16, for values of another type than string (which the format forbids)
 * their bytes. */
static bool const_piece(struct builder *b, uint32_t at, uint8_t type, struct piece *p) {
        uint32_t size = type == XML_STRING ? 0 : xml_size(type);

        if (size == 0) {
                if (b->end - at < 2)
                        return false;
                size = evtx_u16(b->x->p + at) * (type == XML_ANSI || type == XML_BINARY ? 1u : 2u);
                at += 2;
        }
        if (b->end - at < size)
                return false;
        p->text = span_of(b->x->p + at, size);
        switch (type) {
        case XML_STRING: p->type = V_UTF16; break;
        case XML_ANSI: p->type = V_STR; break;
        case XML_GUID: p->type = V_GUID; break;
        case XML_FILETIME: p->type = V_FILETIME; break;
        case XML_SYSTIME: p->type = V_SYSTIME; break;
        case XML_UINT64: p->type = V_U64; break;
        case XML_INT64: p->type = V_I64; break;
        case XML_HEX64: p->type = V_HEX64; break;
        case XML_REAL64: p->type = V_F64; break;
        default: p->type = V_BIN; break;
        }
        b->at = at + size;
        return true;
}

static bool char_piece(struct builder *b, uint32_t cp, struct piece *p) {
        char *to = arena_alloc(b->tmp, 4);

        if (!to)
                return false;
        p->text = span_of(to, utf8_put(to, cp));
        p->type = V_STR;
        return true;
}

/* The predefined entities; any other is passed on as it was written. */
static bool entity_piece(struct builder *b, struct span name, struct piece *p) {
        static const struct {
                const char *name;
                char c;
        } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (span_eq(name, span_str(known[i].name)))
                        return char_piece(b, (unsigned char)known[i].c, p);
        p->text = arena_printf(b->tmp, "&%.*s;", (int)MIN(name.len, (size_t)256), name.p);
        p->type = V_STR;
        return p->text.p != NULL;
}

/* The text token at b->at, which is moved behind it. NULL when it is cut off, and then the plan
 * ends there. */
static struct piece *read_piece(struct builder *b) {
        uint32_t at = b->at, left = b->end - at, next;
        const char *t = b->x->p + at;
        struct piece *p = new_piece(b);
        struct span name;
        bool ok = false;

        if (!p)
                return NULL;
        switch ((unsigned char)*t & ~TOKEN_MORE) {
        case TOKEN_VALUE: ok = left >= 2 && const_piece(b, at + 2, (uint8_t)t[1], p); break;
        case TOKEN_CDATA: ok = const_piece(b, at + 1, XML_STRING, p); break;
        case TOKEN_CHAR_REF:
                ok = left >= 3 && char_piece(b, evtx_u16(t + 1), p);
                b->at = at + 3;
                break;
        case TOKEN_ENTITY_REF:
                ok = evtx_name(b->x, at + 1, b->end, b->form, &name, &next) &&
                     entity_piece(b, name, p);
                if (ok)
                        b->at = next;
                break;
        case TOKEN_NORMAL_SUB:
        case TOKEN_OPTIONAL_SUB:
                if (left < 4)
                        break;
                ok = true;
                p->is_sub = true;
                p->optional = *t == TOKEN_OPTIONAL_SUB;
                p->sub = evtx_u16(t + 1);
                b->n_values = MAX(b->n_values, p->sub + 1u);
                p->type = (uint8_t)t[3];
                b->at = at + 4;
                break;
        default: break;
        }
        if (ok)
                return p;
        complain(b, "text in binary XML is cut off");
        b->at = b->end;
        return NULL;
}

static bool is_text(char token) {
        switch ((unsigned char)token & ~TOKEN_MORE) {
        case TOKEN_VALUE:
        case TOKEN_CDATA:
        case TOKEN_CHAR_REF:
        case TOKEN_ENTITY_REF:
        case TOKEN_NORMAL_SUB:
        case TOKEN_OPTIONAL_SUB: return true;
        default: return false;
        }
}

/* Constant pieces as one UTF-8 text in `keep`. */
static bool flatten(struct builder *b, const struct piece *list, struct span *ret) {
        size_t room = 0, n = 0;

        for (const struct piece *p = list; p; p = p->next)
                room += p->type == V_UTF16 ? p->text.len / 2 * 3
                        : p->type == V_STR ? p->text.len
                                           : 80 + p->text.len * 2;
        char *to = arena_alloc(b->keep, room);
        if (!to) {
                b->failed = true;
                return false;
        }
        for (const struct piece *p = list; p; p = p->next) {
                struct span t = p->text;

                if (p->type == V_UTF16) {
                        n += utf16_to_utf8(to + n, t);
                        continue;
                }
                if (p->type != V_STR) {
                        struct field f = {.val = t.p, .val_len = (uint32_t)t.len, .type = p->type};
                        t = value_text(&f, b->tmp);
                        if (!t.p) {
                                b->failed = true;
                                return false;
                        }
                }
                memcpy(to + n, t.p, t.len);
                n += t.len;
        }
        *ret = span_of(to, n);
        return true;
}

static bool all_constant(const struct piece *list) {
        for (; list; list = list->next)
                if (list->is_sub)
                        return false;
        return true;
}

/* Text that may stay as it lies in the record (NULs at its end would be taken for padding). */
static bool one_text(const struct piece *p) {
        size_t n = p->text.len;

        return !p->next && p->type == V_UTF16 && (n < 2 || p->text.p[n - 1] || p->text.p[n - 2]);
}

/* Pieces of which some are values, copied to `keep`; constants become UTF-8. */
static struct piece *keep_pieces(struct builder *b, const struct piece *list) {
        struct piece *first = NULL, **end = &first;

        for (; list; list = list->next) {
                struct piece one = *list, *copy = arena_alloc(b->keep, sizeof(*copy));

                if (!copy) {
                        b->failed = true;
                        return first;
                }
                *copy = one;
                copy->next = NULL;
                if (!one.is_sub) {
                        one.next = NULL;
                        if (!flatten(b, &one, &copy->text))
                                return first;
                        copy->type = V_STR;
                }
                *end = copy;
                end = &copy->next;
        }
        return first;
}

/* ---- fields ---- */

static struct evtx_op *add_op(struct builder *b, struct span name) {
        if (b->n >= EVENT_FIELDS_MAX) {
                b->cut = true;
                return NULL;
        }
        struct evtx_op *op = &b->x->ops[b->n++];
        *op = (struct evtx_op){.f = {.name = name.p, .name_len = (uint32_t)name.len, .val = ""}};
        return op;
}

static struct evtx_op *add_field(struct builder *b, struct span name, const struct piece *text) {
        struct evtx_op *op = add_op(b, name);

        if (!op)
                return NULL;
        if (!text) {
                op->f.type = V_NULL;
                return op;
        }
        if (text->is_sub && !text->next) {
                op->kind = OP_SUB;
                op->sub = text->sub;
                op->declared = text->type;
                op->flags = text->optional ? OPF_OMIT_NULL : 0;
                return op;
        }
        if (!all_constant(text)) {
                op->kind = OP_MIX;
                op->mix = keep_pieces(b, text);
                return op;
        }
        if (b->once && one_text(text)) {
                op->f.val = text->text.p;
                op->f.val_len = (uint32_t)text->text.len;
                op->f.type = V_UTF16;
                return op;
        }
        struct span value = SPAN("");
        flatten(b, text, &value);
        op->f.val = value.p;
        op->f.val_len = (uint32_t)value.len;
        op->f.type = V_STR;
        return op;
}

static struct span element_field(struct builder *b, const struct frame *f) {
        if (f->parent != IN_RENDERING || span_eq(f->name, SPAN("Message")))
                return f->name;
        return join(b, SPAN("RenderingInfo"), f->name);
}

static bool is_blank(const struct piece *p) {
        for (; p; p = p->next) {
                if (p->is_sub || p->type != V_UTF16)
                        return false;
                for (size_t i = 0; i + 1 < p->text.len; i += 2)
                        if (evtx_u16(p->text.p + i) > ' ')
                                return false;
        }
        return true;
}

/* The text of an element that ends here becomes a field. */
static void end_element(struct builder *b) {
        struct frame *f = &b->frames[--b->depth];
        bool data = is_data(f);
        struct evtx_op *op;

        if (f->has_children && is_blank(f->text))
                return;
        if (!f->text) {
                bool leaf = f->parent == IN_EVENTDATA || f->parent == IN_USERDATA;
                if (!leaf || f->has_attributes)
                        return; /* <Correlation/>, <Security UserID="…"/> */
        }
        struct span name = SPAN_NONE;
        bool constant = all_constant(f->label);
        if (data && f->label && constant)
                flatten(b, f->label, &name);
        if (data && !constant) {
                op = add_field(b, SPAN("Data"), f->text);
                if (op)
                        op->label = keep_pieces(b, f->label);
        } else if (name.len) {
                op = add_field(b, name, f->text);
        } else {
                op = add_field(b, element_field(b, f), f->text);
                if (op && data)
                        op->flags |= OPF_UNNAMED;
        }
        if (!op)
                return;
        op->place = (uint8_t)f->place;
        if (f->parent != IN_SYSTEM) {
                if (f->parent == IN_DOCUMENT || f->parent == IN_EVENT)
                        op->flags |= OPF_OMIT_NULL;
                return;
        }
        op->flags |= OPF_OMIT_NULL;
        if (span_eq(f->name, SPAN("EventID")))
                op->role = ROLE_EVENT_ID;
        else if (span_eq(f->name, SPAN("Channel")))
                op->role = ROLE_CHANNEL;
        else if (span_eq(f->name, SPAN("EventRecordID")))
                op->role = ROLE_RECORD_ID;
}

static void attribute_field(struct builder *b, struct frame *f, struct span name,
                            struct piece *text) {
        enum op_role role = ROLE_NONE;
        struct span field;

        if (span_starts(name, SPAN("xmlns")) && (name.len == 5 || name.p[5] == ':'))
                return;
        if (is_data(f) && span_eq(name, SPAN("Name"))) {
                f->label = text;
                return;
        }
        f->has_attributes = true;
        if (f->parent == IN_SYSTEM &&
            (span_eq(name, SPAN("EventSourceName")) || span_eq(name, SPAN("Qualifiers")))) {
                field = name;
        } else if (f->parent == IN_SYSTEM && span_eq(f->name, SPAN("TimeCreated")) &&
                   span_eq(name, SPAN("SystemTime"))) {
                field = f->name;
                role = ROLE_TIME;
        } else {
                field = join(b, f->name, name);
        }
        struct evtx_op *op = add_field(b, field, text);
        if (!op)
                return;
        op->role = (uint8_t)role;
        op->flags |= OPF_OMIT_NULL | OPF_ATTRIBUTE;
        op->place = IN_USERDATA;
}

/* ---- tokens ---- */

static void read_attributes(struct builder *b, struct frame *f) {
        while (b->at < b->end && ((unsigned char)b->x->p[b->at] & ~TOKEN_MORE) == TOKEN_ATTRIBUTE) {
                struct piece *text = NULL, **end = &text;
                struct span name;
                uint32_t next;

                if (!evtx_name(b->x, b->at + 1, b->end, b->form, &name, &next)) {
                        complain(b, "attribute name cannot be read");
                        b->at = b->end;
                        return;
                }
                b->at = next;
                while (b->at < b->end && is_text(b->x->p[b->at])) {
                        struct piece *p = read_piece(b);
                        if (!p)
                                break;
                        *end = p;
                        end = &p->next;
                }
                attribute_field(b, f, name, text);
        }
}

static void open_element(struct builder *b) {
        bool attributes = b->x->p[b->at] & TOKEN_MORE;
        struct span name;
        uint32_t next;

        if (b->depth >= EVTX_ELEMENTS_DEEP) {
                complain(b, "elements nested too deep");
                b->at = b->end;
                return;
        }
        if (!evtx_head_form(b->x, b->at, b->end, b->form, &b->form) ||
            !evtx_name(b->x, b->at + 5 + (b->form & HEAD_DEPENDENCY ? 2 : 0), b->end, b->form,
                       &name, &next)) {
                complain(b, "element name cannot be read");
                b->at = b->end;
                return;
        }
        struct frame *parent = b->depth ? &b->frames[b->depth - 1] : NULL;
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): evtx_compile() sets it
        enum place place = parent ? parent->place : b->frames[0].parent;
        struct frame *f = &b->frames[b->depth++];

        if (parent)
                parent->has_children = true;
        *f = (struct frame){.name = name, .parent = place, .place = place_below(place, name)};
        f->text_end = &f->text;
        b->at = next;
        if (!attributes)
                return;
        if (b->end - b->at < 4) {
                b->at = b->end;
                return;
        }
        b->at += 4; /* size of the attribute list: the tokens say it too */
        read_attributes(b, f);
}

static void text_token(struct builder *b, enum place root) {
        struct frame *f = b->depth ? &b->frames[b->depth - 1] : NULL;
        struct piece *p = read_piece(b);

        if (!p)
                return;
        /* XML that a value holds stands where the value does; it is no text. */
        bool xml = p->is_sub && (p->type == XML_BINXML || (f && f->place == IN_EVENT));
        if (f && !xml) {
                *f->text_end = p;
                f->text_end = &p->next;
                return;
        }
        /* Without an element: a fragment that is nothing but a value. */
        struct evtx_op *op = add_field(b, f ? f->name : SPAN("Text"), p);
        if (op) {
                op->flags |= OPF_OMIT_NULL;
                op->place = (uint8_t)(f ? f->place : root);
        }
        if (f)
                f->has_children = true;
}

static void pi_token(struct builder *b) {
        uint32_t at = b->at + 1, next;
        struct span name;

        if (b->x->p[b->at] == TOKEN_PI_TARGET) {
                if (evtx_name(b->x, at, b->end, b->form, &name, &next)) {
                        b->at = next;
                        return;
                }
        } else if (b->end - at >= 2 && (b->end - at - 2) / 2 >= evtx_u16(b->x->p + at)) {
                b->at = at + 2 + 2 * (uint32_t)evtx_u16(b->x->p + at);
                return;
        }
        complain(b, "processing instruction is cut off");
        b->at = b->end;
}

/* A template used inside of an element: run when the plan is. */
static void instance_token(struct builder *b, enum place root) {
        struct evtx_instance i;
        struct evtx_op *op;

        if (!evtx_instance(b->x, b->at, b->end, &i)) {
                complain(b, "template instance cannot be read");
                b->at = b->end;
                return;
        }
        op = add_op(b, SPAN(""));
        if (op) {
                op->kind = OP_INSTANCE;
                op->at = b->at;
                op->f.val_len = i.next - b->at; /* how far it reaches */
                op->place = (uint8_t)(b->depth ? b->frames[b->depth - 1].place : root);
        }
        if (b->depth)
                b->frames[b->depth - 1].has_children = true;
        b->at = i.next;
}

static void read_tokens(struct builder *b, enum place root) {
        while (b->at < b->end && !b->failed) {
                uint32_t before = b->at;
                unsigned token = (unsigned char)b->x->p[b->at];

                if (is_text((char)token)) {
                        text_token(b, root);
                        continue;
                }
                switch (token & ~(unsigned)TOKEN_MORE) {
                case TOKEN_EOF:
                        if (b->depth)
                                complain(b, "binary XML ends within an element");
                        return;
                case TOKEN_OPEN:
                        if (b->depth == 0)
                                b->frames[0].parent = root;
                        open_element(b);
                        break;
                case TOKEN_CLOSE_START: b->at++; break;
                case TOKEN_CLOSE_EMPTY:
                case TOKEN_END:
                        b->at++;
                        if (b->depth)
                                end_element(b);
                        break;
                case TOKEN_PI_TARGET:
                case TOKEN_PI_DATA: pi_token(b); break;
                case TOKEN_TEMPLATE: instance_token(b, root); break;
                case TOKEN_FRAGMENT: b->at = MIN(b->at + 4, b->end); break;
                default: complain(b, "unknown token in binary XML"); return;
                }
                assert(b->at > before && b->at <= b->end); /* X1 */
        }
        if (b->depth)
                complain(b, "binary XML ends within an element");
}

/* ---- plans ---- */

_Static_assert(DUP_SLOTS >= 2 * EVENT_FIELDS_MAX, "each name finds a place");

/* Fields of one name are elements of an array, so that none hides another. */
static void mark_duplicates(struct builder *b) {
        struct evtx *x = b->x;
        uint32_t slots = 64; /* few names: few lines of the cache */

        while (slots < 2 * b->n)
                slots *= 2;
        x->dup_epoch++;
        for (uint32_t i = 0; i < b->n; i++) {
                struct evtx_op *op = &x->ops[i];
                struct span name = span_of(op->f.name, op->f.name_len);

                if (op->kind == OP_INSTANCE || op->label || op->flags & OPF_UNNAMED)
                        continue;
                for (uint64_t h = hash_span(name, (uintptr_t)x);; h++) {
                        struct dup_slot *d = &x->dups[h & (slots - 1)];

                        if (d->epoch != x->dup_epoch) {
                                *d = (struct dup_slot){.epoch = x->dup_epoch, .op = i};
                                break;
                        }
                        struct evtx_op *last = &x->ops[d->op];
                        if (!span_eq(name, span_of(last->f.name, last->f.name_len)))
                                continue;
                        if (last->f.arr == 0)
                                last->f.arr = 1u << 16 | 1;
                        op->f.arr = last->f.arr + 1;
                        d->op = i;
                        break;
                }
        }
}

static bool is_system_name(struct span name) {
        static const struct span by_length[][3] = {
                [4] = {{"Task", 4}},
                [5] = {{"Level", 5}},
                [6] = {{"Opcode", 6}},
                [7] = {{"EventID", 7}, {"Channel", 7}, {"Version", 7}},
                [8] = {{"Computer", 8}, {"Keywords", 8}},
                [10] = {{"Qualifiers", 10}},
                [11] = {{"TimeCreated", 11}},
                [13] = {{"Provider_Name", 13}, {"EventRecordID", 13}},
        };

        for (size_t i = 0; name.len && name.len < ARRAY_LEN(by_length) && i < 3; i++)
                if (span_eq(name, by_length[name.len][i]))
                        return true;
        return false;
}

const struct evtx_plan *evtx_compile(struct evtx *x, struct arena *a, uint32_t at, uint32_t end,
                                     enum place place, bool dependency) {
        struct frame frames[EVTX_ELEMENTS_DEEP];
        struct builder b = {.x = x,
                            .keep = a,
                            .tmp = &x->s->arena,
                            .at = at,
                            .end = end,
                            .frames = frames,
                            .once = a == &x->s->arena};
        uint32_t cost = end - at + 64;

        if (x->compile_left < cost) { /* X2 */
                evtx_complain(x, "templates cost more than a chunk may");
                return NULL;
        }
        b.form = dependency ? HEAD_DEPENDENCY : 0;
        read_tokens(&b, place);
        while (b.depth)
                end_element(&b);
        x->compile_left -= MIN(b.at - at + 64, x->compile_left);
        mark_duplicates(&b);

        struct evtx_plan *plan = arena_zalloc(a, sizeof(*plan));
        struct evtx_op *ops = arena_alloc(a, b.n * sizeof(*ops));
        if (!plan || !ops || b.failed) {
                evtx_complain(x, "template needs more memory than it may");
                return NULL;
        }
        for (uint32_t i = 0; i < b.n; i++) {
                struct evtx_op *op = &x->ops[i];

                if (place != IN_DOCUMENT && is_system_name(span_of(op->f.name, op->f.name_len)))
                        op->flags |= OPF_CLASH;
                op->plain = op->kind == OP_SUB && !op->label &&
                            !(op->flags & (OPF_UNNAMED | OPF_CLASH));
        }
        memcpy(ops, x->ops, b.n * sizeof(*ops));
        *plan = (struct evtx_plan){
                .ops = ops, .n = b.n, .n_values = b.n_values, .cut = b.cut, .bad = b.bad};
        return plan;
}

/* token | u8 | id u32 | definition's offset u32 | [definition, when it is here] | count u32 |
 * descriptors | values */
bool evtx_instance(struct evtx *x, uint32_t at, uint32_t end, struct evtx_instance *ret) {
        struct evtx_instance i = {0};
        uint64_t next;

        if (end - at < 14)
                return false;
        i.id = evtx_u32(x->p + at + 2);
        i.def = evtx_u32(x->p + at + 6);
        at += 10;
        if (i.def == at) {
                if (end - at < 24)
                        return false;
                uint32_t size = evtx_u32(x->p + at + 20);
                if (size > end - at - 24)
                        return false;
                at += 24 + size;
        }
        if (end - at < 4)
                return false;
        i.n = evtx_u32(x->p + at);
        i.values = at + 4;
        if (i.n > (end - i.values) / 4)
                return false;
        uint32_t sizes = 0; /* whole words, so that a compiler can take several at once */
        for (uint32_t k = 0; k < i.n; k++)
                sizes += evtx_u32(x->p + i.values + 4 * (size_t)k) & 0xffff;
        next = i.values + 4 * (uint64_t)i.n + sizes;
        i.short_data = next > end;
        i.next = (uint32_t)MIN(next, (uint64_t)end);
        *ret = i;
        return true;
}
