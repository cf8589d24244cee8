/* seek/keyed: whoever it was, a masked search answers the same. Two events that differ only in whom they name are both
 * shown or both left out, whatever the query. Input: the query, a zero byte, what the record says besides. */
#include <stdlib.h>

#include "scan/pseudonym.h"
#include "seek/keyed.h"
#include "seek/sieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has(struct span text, struct span part) {
        for (size_t i = 0; i + part.len <= text.len; i++)
                if (span_ieq(span_of(text.p + i, part.len), part))
                        return true;
        return false;
}

/* What a seeker says of the event as it is. */
static uint64_t truth(const struct query *q, const struct finding *f) {
        uint64_t bits = 0;

        for (uint32_t i = 0; i < q->n_leaves; i++) {
                const struct leaf *l = &q->leaves[i];
                bool yes = l->kind == LEAF_HOST; /* of all that says nothing of people: some */

                for (uint32_t k = 0; k < f->n_fields && !yes; k++) {
                        struct span v = f->fields[k].value;

                        if (l->kind == LEAF_WORD || l->kind == LEAF_PHRASE)
                                yes = sieve_word(l->text, v);
                        else if (l->kind == LEAF_PART)
                                yes = sieve_glob(l->text, v, true);
                        else if (l->kind == LEAF_FIELD && !l->modifier[0] &&
                                 span_ieq(l->field, f->fields[k].name))
                                yes = sieve_glob(l->text, v, false);
                }
                bits |= (uint64_t)yes << i;
        }
        return bits;
}

static bool shown(struct keyed *k, const struct query *q, struct span about, const char *name) {
        static struct names people;
        struct buf text = {.limit = (size_t)1 << 20};
        struct finding_field fields[3];

        buf_printf(&text, "for %s (%s) ", name, name);
        buf_span(&text, about);
        buf_printf(&text, " '%s'", name);
        fields[0] = (struct finding_field){.name = SPAN("user.name"), .value = span_str(name)};
        fields[1] = (struct finding_field){.name = SPAN("message"), .value = buf_get(&text)};
        fields[2] = (struct finding_field){.name = SPAN("event.original"), .value = buf_get(&text)};
        struct finding f = {.fields = fields, .n_fields = 3};
        people.n = 0;
        names_add(&people, span_str(name), SPAN("?"));
        f.line = truth(q, &f);
        bool yes = keyed_shows(k, &f, &people);
        buf_deinit(&text);
        return yes;
}

static bool same_for_all(struct keyed *k, const struct query *q, struct span about) {
        static const char *const names[] = {"tran.hoa", "le.minh-9", "an"};

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (has(about, span_str(names[i])))
                        return true; /* a text that names one of them in another's event */
        bool first = shown(k, q, about, names[0]);
        for (size_t i = 1; i < ARRAY_LEN(names); i++)
                if (shown(k, q, about, names[i]) != first)
                        return false;
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *zero = size ? memchr(data, '\0', size) : NULL;
        struct span text =
                span_of((const char *)data, zero ? (size_t)(zero - (const char *)data) : size);
        struct span about = zero ? span_of(zero + 1, size - text.len - 1) : SPAN(""), home;
        struct query_problem problem;
        struct keyed *k = NULL;
        struct query q;
        size_t at = 0;

        while (names_home(about, &at, &home))
                if (home.len > about.len)
                        abort();
        if (text.len > 2048 || about.len > 4096 || query_parse(&q, text, &problem) != 0)
                return 0;
        for (uint32_t i = 0; keyed_word(&q, i).p; i++)
                ;
        /* One that asks for a person by name is refused before it comes so far. */
        if (!keyed_part(&q).p && keyed_new(&k, &q) == 0 && !same_for_all(k, &q, about))
                abort();
        keyed_free(k);
        query_deinit(&q);
        return 0;
}
