/* What the configuration file says, for who may see settings. It holds names of files with secrets, never the secrets,
 * but somebody may have put one where it does not belong, and an address of the web may carry one: so of what is
 * called a password, secret, token or key only "set" is shown unless it is a path, and of a URL its scheme and
 * host. */
#include "main/config_show.h"

#define SHOWN_BYTES ((size_t)128 << 10)
#define VALUE_MAX 300u
#define PATH_BYTES 256u
#define DEPTH_MAX 8u

struct show {
        struct buf *to;
        unsigned n;
};

static bool has(const char *path, const char *word) {
        return strstr(path, word) != NULL;
}

static bool is_secret(const char *path, struct span value) {
        bool named = has(path, "password") || has(path, "secret") || has(path, "token") ||
                     has(path, "key") || has(path, "credential");

        return named && value.len && *value.p != '/' && *value.p != '.' &&
               !span_eq(value, SPAN("true")) && !span_eq(value, SPAN("false"));
}

/* "https://hooks.example.org" of an address; all of anything else. */
static struct span without_path(struct span s, bool *ret_cut) {
        const char *host = s.p ? memmem(s.p, s.len, "://", 3) : NULL;
        size_t n = 0;

        *ret_cut = false;
        if (!host)
                return s;
        for (n = (size_t)(host - s.p) + 3; n < s.len && !strchr("/?#", s.p[n]);)
                n++;
        const char *at = memchr(host + 3, '@', n - (size_t)(host - s.p) - 3);
        *ret_cut = n < s.len || at;
        return at ? span_of(s.p, (size_t)(host - s.p) + 3) : span_of(s.p, n);
}

static void put(struct show *s, const char *path, struct span value) {
        bool cut = false;

        if (s->to->len > SHOWN_BYTES)
                return;
        buf_str(s->to, s->n++ ? ",{\"name\":\"" : "{\"name\":\"");
        buf_json(s->to, span_str(path));
        buf_str(s->to, "\",\"value\":\"");
        if (is_secret(path, value)) {
                buf_str(s->to, "•••");
        } else {
                value = without_path(value, &cut);
                cut |= value.len > VALUE_MAX;
                buf_json(s->to, span_of(value.p, MIN(value.len, (size_t)VALUE_MAX)));
        }
        buf_str(s->to, cut ? "/…\"}" : "\"}");
}

/* "sources[fw1]" by its name, "never[3]" by its place. */
static void name_entry(const struct node *n, uint32_t i, const char *path, char to[PATH_BYTES]) {
        const struct node *name = node_get(n, "name");

        if (name && name->kind == NODE_SCALAR)
                snprintf(to, PATH_BYTES, "%s[%.*s]", path, (int)MIN(name->text.len, (size_t)64),
                         name->text.p);
        else
                snprintf(to, PATH_BYTES, "%s[%u]", path, i + 1);
}

static void walk(struct show *s, const struct node *n, const char *path, unsigned depth) {
        char below[PATH_BYTES];
        uint32_t i = 0;

        if (n->kind == NODE_SCALAR) {
                put(s, path, n->text);
                return;
        }
        for (const struct node *c = n->first; c && depth < DEPTH_MAX; c = c->next) {
                if (n->kind == NODE_LIST)
                        name_entry(c, i++, path, below);
                else
                        snprintf(below, sizeof(below), "%s%s%.*s", path, *path ? "." : "",
                                 (int)MIN(c->key->text.len, (size_t)64), c->key->text.p);
                walk(s, c, below, depth + 1);
        }
}

void config_show(const struct node *root, struct buf *to) {
        struct show s = {.to = to};

        buf_char(to, '[');
        walk(&s, root, "", 0);
        if (to->len > SHOWN_BYTES)
                buf_str(to, ",{\"name\":\"…\",\"value\":\"\"}");
        buf_char(to, ']');
}
