/* The table of all operations (api.h), and which of them a request means.
 *
 * Each domain has its own file of rows; here they are joined, so an operation's number is its place and
 * holds within one program only: console and desk are always of the same one. */
#include "wire/api.h"

#include "wire/api_domains.h"

static const struct api_op *const domains[] = {
#define DOMAIN(name) api_##name##_ops,
        API_DOMAINS(DOMAIN)
#undef DOMAIN
};

#define OPS_MAX 1024u

static const struct api_op *ops[OPS_MAX];
static uint32_t n_ops;

uint32_t api_count(void) {
        if (n_ops)
                return n_ops;
        for (size_t i = 0; i < ARRAY_LEN(domains); i++)
                for (const struct api_op *o = domains[i]; o->id; o++) {
                        assert(n_ops < OPS_MAX);
                        ops[n_ops++] = o;
                }
        return n_ops;
}

const struct api_op *api_op(uint32_t number) {
        return number < api_count() ? ops[number] : NULL;
}

uint32_t api_number(const char *id) {
        for (uint32_t i = 0; i < api_count(); i++)
                if (strcmp(ops[i]->id, id) == 0)
                        return i;
        return UINT32_MAX;
}

/* The next segment of a path that begins with '/'. */
static bool segment(struct span *path, struct span *ret) {
        if (!path->len || *path->p != '/')
                return false;
        const char *slash = memchr(path->p + 1, '/', path->len - 1);
        size_t n = slash ? (size_t)(slash - path->p) : path->len;

        *ret = span_of(path->p + 1, n - 1);
        *path = span_of(path->p + n, path->len - n);
        return true;
}

static bool fits(const struct api_op *o, struct span path, struct span parts[API_PATH_PARTS]) {
        struct span want = span_str(o->path), a, b;
        unsigned n = 0;

        while (want.len) {
                if (!segment(&want, &a) || !segment(&path, &b))
                        return false;
                if (a.len && *a.p == '{') {
                        assert(n < API_PATH_PARTS);
                        if (!b.len)
                                return false;
                        parts[n++] = b;
                } else if (!span_eq(a, b)) {
                        return false;
                }
        }
        return path.len == 0;
}

/* "/incidents/mine" is asked before "/incidents/{id}": the path with fewer parts wins. */
static unsigned n_parts(const struct api_op *o) {
        unsigned n = 0;

        for (const char *p = o->path; (p = strchr(p, '{')); p++)
                n++;
        return n;
}

int api_route(enum api_method m, struct span path, uint32_t *ret_number,
              struct span ret_parts[API_PATH_PARTS]) {
        struct span parts[API_PATH_PARTS] = {0};
        unsigned best = UINT32_MAX;
        int r = 404;

        for (uint32_t i = 0; i < api_count(); i++) {
                if (!fits(ops[i], path, parts))
                        continue;
                if (ops[i]->method != m) {
                        r = r == 404 ? 405 : r;
                } else if (n_parts(ops[i]) < best) {
                        best = n_parts(ops[i]);
                        *ret_number = i;
                        memcpy(ret_parts, parts, sizeof(parts));
                        r = 0;
                }
        }
        return r;
}

unsigned api_methods(struct span path) {
        struct span parts[API_PATH_PARTS];
        unsigned set = 0;

        for (uint32_t i = 0; i < api_count(); i++)
                if (fits(ops[i], path, parts))
                        set |= 1u << ops[i]->method;
        return set;
}

const char *api_method_name(enum api_method m) {
        static const char *const names[] = {"", "GET", "POST", "PUT", "PATCH", "DELETE"};

        return (size_t)m < ARRAY_LEN(names) ? names[m] : "";
}
