/* What the console does with a request before anybody may say who asks: route, fields of the query, the shape of the body.
 * Input: the method's number, a line "PATH?QUERY", the rest is the body. What api_check() lets pass it lets pass again, and
 * what it was given is still JSON that can be written. */
#include <jansson.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "wire/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_query(const struct api_op *o, json_t *in, struct span query) {
        while (query.len) {
                const char *amp = memchr(query.p, '&', query.len);
                size_t n = amp ? (size_t)(amp - query.p) : query.len;
                const char *eq = memchr(query.p, '=', n);
                size_t k = eq ? (size_t)(eq - query.p) : n;
                char name[128];

                if (k < sizeof(name)) {
                        memcpy(name, query.p, k);
                        name[k] = '\0';
                        (void)api_put(o, in, name,
                                      eq ? span_of(eq + 1, n - k - 1) : span_of("", 0));
                }
                query = span_of(query.p + n, query.len - n);
                if (query.len)
                        query = span_of(query.p + 1, query.len - 1);
        }
}

static void try_one(const struct api_op *o, json_t *in) {
        struct api_fault faults[API_FAULTS_MAX];
        unsigned n = api_check(o, in, faults);

        if (n > API_FAULTS_MAX)
                abort();
        for (unsigned i = 0; i < n; i++)
                if (!faults[i].en || !faults[i].vi || !faults[i].remedy_en ||
                    !faults[i].remedy_vi ||
                    strnlen(faults[i].field, sizeof(faults[i].field)) == sizeof(faults[i].field) ||
                    !utf8_valid(span_str(faults[i].field)))
                        abort();
        if (n == 0 && api_check(o, in, faults) != 0)
                abort();
        char *text = json_dumps(in, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!text)
                abort();
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *p = (const char *)data, *end = p + size;
        struct span parts[API_PATH_PARTS];
        uint32_t number = 0;

        if (size < 2)
                return 0;
        enum api_method m = (enum api_method)(*p++ % 5 + 1);
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        struct span line = span_of(p, (size_t)((nl ? nl : end) - p));
        const char *mark = memchr(line.p, '?', line.len);
        struct span path = span_of(line.p, mark ? (size_t)(mark - line.p) : line.len);

        if (api_route(m, path, &number, parts) != 0)
                number = (uint32_t)(path.len % api_count()); /* the shape of some other one */
        const struct api_op *o = api_op(number);
        json_t *in = json_object();
        if (mark)
                put_query(o, in, span_of(mark + 1, (size_t)(line.p + line.len - mark - 1)));
        json_t *body = nl ? json_loadb(nl + 1, (size_t)(end - nl - 1), JSON_REJECT_DUPLICATES, NULL)
                          : NULL;
        if (json_is_object(body))
                json_object_update_missing(in, body);
        try_one(o, in);
        if (body)
                try_one(o, body);
        json_decref(body);
        json_decref(in);
        return 0;
}
