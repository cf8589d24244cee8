/* A new list of exceptions: checked, put in force, and every change of it written to the audit log
 * (who may say something shall not wake anybody is a question somebody will ask). */
#include "desk/desk_impl.h"
#include "rules/exceptions.h"

struct known {
        struct known *next;
        struct span id, text;
        bool active, seen;
};

struct before {
        struct arena a;
        struct known *first;
};

static int remember(void *ctx, const struct state_exception *e) {
        struct before *b = ctx;
        struct known *k = arena_zalloc(&b->a, sizeof(*k));

        if (!k)
                return FAIL(-ENOMEM);
        k->id = arena_dup(&b->a, e->id);
        k->text = arena_dup(&b->a, e->text);
        k->active = e->active;
        k->next = b->first;
        b->first = k;
        return k->id.p && k->text.p ? 0 : FAIL(-ENOMEM);
}

static int save_one(struct desk *d, struct before *b, const struct exception *e) {
        struct known *k = b->first;
        const char *what = "exception.added";

        buf_reset(&d->text);
        state_text(&d->text, e->text, 4096);
        size_t text = d->text.len;
        state_text(&d->text, e->owner, NAME_MAX_BYTES);
        size_t owner = d->text.len;
        state_text(&d->text, e->reason, 1024);
        size_t reason = d->text.len;
        state_text(&d->text, e->rules, 4096);
        if (d->text.failed)
                return FAIL(-ENOMEM);
        struct state_exception row = {.id = e->id,
                                      .text = span_of(d->text.p, text),
                                      .owner = span_of(d->text.p + text, owner - text),
                                      .reason = span_of(d->text.p + owner, reason - owner),
                                      .rules = span_of(d->text.p + reason, d->text.len - reason),
                                      .expires = e->expires};
        while (k && !span_eq(k->id, e->id))
                k = k->next;
        if (k) {
                k->seen = true;
                what = !k->active ? "exception.added" : "exception.changed";
        }
        int r = state_save_exception(d->state, &row);
        if (r == 0 && (!k || !k->active || !span_eq(k->text, row.text)))
                r = state_audit(d->state, d->wall, "configuration", what, e->id, row.text);
        return r;
}

static int replace(struct desk *d, const struct exceptions *x) {
        struct before b = {0};
        int r;

        arena_init(&b.a, (size_t)64 << 20);
        r = desk_begin(d);
        if (r == 0)
                r = state_exceptions(d->state, remember, &b);
        if (r == 0)
                r = state_retire_exceptions(d->state);
        for (uint32_t i = 0; i < exceptions_count(x) && r == 0; i++) {
                struct exception e = exceptions_get(x, i);
                r = save_one(d, &b, &e);
        }
        for (struct known *k = b.first; k && r == 0; k = k->next)
                if (k->active && !k->seen && (!k->id.len || *k->id.p != '#'))
                        r = state_audit(d->state, d->wall, "configuration", "exception.removed",
                                        k->id, SPAN(""));
        arena_deinit(&b.a);
        return r == 0 ? exempted_file(d) : r;
}

int desk_exceptions(struct desk *d, struct span name, struct span text, int64_t wall,
                    struct buf *said) {
        _cleanup_(exceptions_freep) struct exceptions *x = NULL;
        int r = exceptions_parse(&x, name, text, wall, said);

        if (r != 0)
                return r > 0 ? DESK_E_REFUSED : r;
        d->wall = wall;
        r = replace(d, x);
        if (r < 0)
                return r;
        exceptions_free(d->exceptions);
        d->exceptions = x;
        x = NULL;
        return 0;
}
