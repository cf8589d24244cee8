/* Names put into a plan's texts (plan.h). One level: what is put in is not looked at again, but for {unit} in a
 * host's or account's own name. */
#include "exercise/plan.h"

static const char *unit_of(const struct plan_cast *c) {
        return c && c->unit ? c->unit : "unit";
}

static void name(const char *text, const struct plan_cast *c, struct buf *out) {
        const char *at;

        while ((at = strstr(text, "{unit}"))) {
                buf_add(out, text, (size_t)(at - text));
                buf_str(out, unit_of(c));
                text = at + 6;
        }
        buf_str(out, text);
}

static void own(const char *const *names, int i, const char *fallback, const struct plan_cast *c,
                struct buf *out) {
        if (names && names[i])
                buf_str(out, names[i]);
        else
                name(fallback, c, out);
}

/* What stands between the braces; false: nothing that we know. */
static bool put(const struct plan *p, const struct plan_cast *c, struct span key, struct buf *out) {
        char id[80];
        const char *colon = memchr(key.p, ':', key.len);
        size_t head = colon ? (size_t)(colon - key.p) : key.len;
        struct span kind = span_of(key.p, head);
        int i;

        if (span_eq(key, SPAN("unit")) || span_eq(key, SPAN("domain"))) {
                if (*key.p == 'u')
                        buf_str(out, unit_of(c));
                else
                        buf_str(out, c && c->domain ? c->domain : "unit.example");
                return true;
        }
        if (!colon || key.len - head - 1 >= sizeof(id))
                return false;
        memcpy(id, colon + 1, key.len - head - 1);
        id[key.len - head - 1] = '\0';
        if (span_eq(kind, SPAN("host")) && (i = plan_find_host(p, id)) >= 0)
                own(c ? c->hosts : NULL, i, p->hosts[i].name, c, out);
        else if (span_eq(kind, SPAN("address")) && (i = plan_find_host(p, id)) >= 0)
                own(c ? c->addresses : NULL, i, p->hosts[i].address, c, out);
        else if (span_eq(kind, SPAN("account")) && (i = plan_find_account(p, id)) >= 0)
                own(c ? c->accounts : NULL, i, p->accounts[i].name, c, out);
        else if (span_eq(kind, SPAN("outside")) && (i = plan_find_outside(p, id)) >= 0)
                buf_str(out, p->outside[i].domain ? p->outside[i].domain : p->outside[i].address);
        else
                return false;
        return true;
}

void plan_fill(const struct plan *p, const struct plan_cast *cast, const char *text,
               struct buf *out) {
        while (*text) {
                const char *open = strchr(text, '{'), *close = open ? strchr(open, '}') : NULL;

                if (!close) {
                        buf_str(out, text);
                        return;
                }
                buf_add(out, text, (size_t)(open - text));
                if (put(p, cast, span_of(open + 1, (size_t)(close - open - 1)), out))
                        text = close + 1;
                else {
                        buf_char(out, '{');
                        text = open + 1;
                }
        }
}
