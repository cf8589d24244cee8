/* What CEF and LEEF share: the relay's header, and labels. */
#include "decode/prefix.h"

#include "decode/linetime.h"
#include "decode/scan.h"

const char *prefix_find(struct span line, struct span word) {
        const char *p = line.p, *end = line.p + MIN(line.len, (size_t)2048);

        while ((p = memmem(p, (size_t)(end - p), word.p, word.len))) {
                bool alone = p == line.p || p[-1] == ' ' || p[-1] == '>' || p[-1] == ':' ||
                             p[-1] == '\t';
                if (alone && p + word.len < end && scan_digit(p[word.len]))
                        return p;
                p += word.len;
        }
        return NULL;
}

void prefix_read(struct decode_state *s, struct event *e, struct span head) {
        struct span word;

        if (head.len && *head.p == '<') {
                const char *gt = memchr(head.p, '>', MIN(head.len, (size_t)6));
                if (gt)
                        scan_skip(&head, (size_t)(gt + 1 - head.p));
        }
        if (head.len > 2 && scan_digit(head.p[0]) && head.p[1] == ' ') /* RFC 5424's version */
                scan_skip(&head, 2);
        size_t n = linetime_read(head, s->opt, s->b.h.file_time, &e->time);
        if (n == 0)
                e->time = TIME_NONE;
        scan_skip(&head, n);
        scan_blanks(&head);
        if (scan_to(&head, ' ', &word) && word.len > 1 && word.p[word.len - 1] != ':')
                scan_add(s, e, SPAN("hostname"), word);
}

/* cs1 … cs6, cn1 …, flexString1, c6a1, deviceCustomDate1 …: a stem and one digit. */
#define LABELS_MAX 64u

void prefix_labels(struct decode_state *s, struct event *e, uint32_t first) {
        uint32_t label[LABELS_MAX], n = 0, end = e->n;

        for (uint32_t i = first; i < end && n < LABELS_MAX; i++) {
                struct span name = span_of(e->fields[i].name, e->fields[i].name_len);
                if (name.len > 6 && span_ends(name, SPAN("Label")) &&
                    scan_digit(name.p[name.len - 6]) && e->fields[i].val_len)
                        label[n++] = i;
        }
        for (uint32_t i = first; n && i < end; i++) {
                struct span name = span_of(e->fields[i].name, e->fields[i].name_len);
                if (name.len == 0 || !scan_digit(name.p[name.len - 1]))
                        continue;
                for (uint32_t k = 0; k < n; k++) {
                        const struct field *l = &e->fields[label[k]], *f = &e->fields[i];
                        if (l->name_len == name.len + 5 && memcmp(l->name, name.p, name.len) == 0)
                                field_add(s, e, span_of(l->val, l->val_len),
                                          span_of(f->val, f->val_len), f->type);
                }
        }
}
