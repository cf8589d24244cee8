/* The text decoders against what others expect of the same lines. Needs COLOA_TEST_DATA.
 *
 * wazuh-engine's cases for Apache and nginx: every value of their documents is compared with the
 * field that holds it here, is one that their engine derives (named below), or stands in the table
 * of differences with its reason.
 *
 * 10,000 lines of a real access log: all decoded, counts equal to those of a plain search for
 * bytes.
 *
 * Zeek's JSON: every line decoded, as many values as jansson finds.
 *
 * suricata-verify: every filter of every checks.json counts the events that its author says.
 *
 * The format of every file of the set is found by looking. EVTX cut into the smallest slots gives
 * the same records at the same places. */
#include "check.h"

#include <dirent.h>
#include <jansson.h>

#include "base/hash.h"
#include "decode/detect.h"
#include "dump.h"
#include "ingest/framer.h"

typedef void (*event_fn)(void *ctx, const struct event *e);

static ssize_t file_read(void *ctx, void *to, size_t n) {
        return (ssize_t)fread(to, 1, n, ctx);
}

/* Bytes of payload that each_event() aims at. */
static size_t slot_limit = BATCH_ROOM;

/* All events of a file, through framer and decoder. The number of stretches that could not be read.
 */
static unsigned each_event(const char *path, enum format want, event_fn fn, void *ctx) {
        static struct framer *fr;
        static struct decoder *dec;
        static char *slot;
        FILE *f = fopen(path, "rb");
        struct decode_error err;
        unsigned bad = 0;
        int r;

        check(f);
        if (!fr) {
                fr = framer_new();
                dec = decoder_new(NULL);
                slot = malloc(SLOT_BYTES);
        }
        framer_set_slot_limit(fr, slot_limit);
        framer_open(fr,
                    &(struct framer_input){.read = file_read, .ctx = f, .file_time = TIME_NONE});
        while ((r = framer_fill(fr, slot, &err)) > 0) {
                struct batch b;
                struct event e;
                enum decode_result q;

                bad += r == FRAMER_BAD;
                if (r == FRAMER_BAD)
                        continue;
                check_int(batch_view(slot, &b), 0);
                if (want)
                        check_int(b.h.format, want);
                decoder_begin(dec, &b, 0);
                while ((q = decoder_next(dec, &e, &err)) != DECODE_END) {
                        bad += q == DECODE_BAD;
                        if (q == DECODE_EVENT)
                                fn(ctx, &e);
                }
        }
        check_int(r, 0);
        fclose(f);
        return bad;
}

static const char *data_path(char *to, size_t n, const char *name) {
        if (!check_data())
                check_skip("COLOA_TEST_DATA is not set");
        snprintf(to, n, "%s/dev-set/%s", check_data(), name);
        return to;
}

/* The first value of a field as text in `to`; NULL: no such field; "-" for one without a value. */
static const char *field_text(const struct event *e, const char *name, char *to, size_t n) {
        static struct arena a;

        if (!a.budget)
                arena_init(&a, 16u << 20);
        arena_reset(&a);
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                if (!span_eq(span_of(f->name, f->name_len), span_str(name)))
                        continue;
                struct span v = f->type == V_NULL ? SPAN("-") : value_text(f, &a);
                snprintf(to, n, "%.*s", (int)v.len, v.p);
                return to;
        }
        return NULL;
}

/* ---- wazuh-engine ---- */

static const struct {
        const char *theirs, *ours;
} same_value[] = {
        {"http.request.method", "cs-method"},
        {"http.response.status_code", "sc-status"},
        {"http.response.body.bytes", "sc-bytes"},
        {"http.request.referrer", "cs-referer"},
        {"url.original", "cs-uri"},
        {"url.query", "cs-uri-query"},
        {"url.path", "cs-uri-stem"},
        {"url.domain", "cs-host"},
        {"source.address", "c-ip"},
        {"user.name", "cs-username"},
        {"user_agent.original", "cs-user-agent"},
        {"network.protocol", "ssl-protocol"},
        {"tls.cipher", "ssl-cipher"},
        {"log.level", "level"},
        {"log.logger", "module"},
        {"process.pid", "pid"},
        {"process.thread.id", "tid"},
        {"message", "message"},
        {"file.path", "file"},
        {"~nginx.error.connection_id", "connection"},
        {"~request", "request"},
        {"source.port", "c-port"},
        {"error.code", "code"},
};

/* What their engine adds about itself, or derives from values that are compared. */
static const char *const derived[] = {
        "wazuh.",
        "agent.",
        "host.id",
        "event.category",
        "event.dataset",
        "event.kind",
        "event.module",
        "event.type",
        "event.outcome",
        "service.type",
        "url.extension",
        "source.ip",
        "source.domain",
        "source.geo.",
        "source.as.",
        "related.",
        "client.",
        "tls.version",
        "~request_fields",
        "~destination_address",
        "nginx.access.remote_ip_list",
};

/* Where we differ on purpose. `line`: from 0. */
static const struct {
        const char *file;
        int line; /* -1: any */
        const char *theirs, *why;
} differences[] = {
        {"apache-http/test/access/ssl_request", -1, "url.path",
         "theirs has the query in it, against ECS; cs-uri-stem has not"},
        {"nginx/_test/access", -1, "destination.ip",
         "they take the first address of the line for the destination; in nginx's "
         "log it is a client (forwarded for): X-Forwarded-For here"},
        {"nginx/_test/access", -1, "destination.port",
         "as destination.ip: the port of the virtual host, s-port here"},
        {"nginx/_test/access", -1, "destination.domain",
         "cs-host where a client follows; alone on the line it is the client"},
        {"nginx/_test/access", 0, "source.address",
         "the peer that connected (10.2.1.185) is c-ip here; they take one of "
         "the forwarded addresses"},
        {"nginx/_test/access", 1, "source.address", "as in line 0: c-ip is the peer, 10.2.2.121"},
        {"nginx/_test/access", 6, "http.request.method",
         "\"hello\" is no request line: `request` alone holds it here"},
};

struct wazuh {
        const char *file;
        json_t *docs;
        size_t i;
        unsigned compared, differ, used[ARRAY_LEN(differences)], wrong;
};

static void leaf(struct wazuh *w, const struct event *e, const char *path, const json_t *v) {
        char want[8192], got[8192];
        const char *ours = NULL, *have = NULL;

        for (size_t i = 0; i < ARRAY_LEN(derived); i++)
                if (strncmp(path, derived[i], strlen(derived[i])) == 0)
                        return;
        if (json_is_integer(v))
                snprintf(want, sizeof(want), "%lld", (long long)json_integer_value(v));
        else
                snprintf(want, sizeof(want), "%s", json_is_string(v) ? json_string_value(v) : "?");
        for (size_t i = 0; i < ARRAY_LEN(same_value); i++)
                if (strcmp(path, same_value[i].theirs) == 0)
                        ours = same_value[i].ours;
        if (ours) {
                have = field_text(e, ours, got, sizeof(got));
        } else if (strcmp(path, "event.original") == 0) {
                snprintf(got, sizeof(got), "%.*s", (int)e->raw.len, e->raw.p);
                have = got;
        } else if (strcmp(path, "http.version") == 0) {
                have = field_text(e, "cs-version", got, sizeof(got));
                have = have && strncmp(have, "HTTP/", 5) == 0 ? have + 5 : have;
        } else if (strcmp(path, "network.forwarded_ip") == 0) {
                have = field_text(e, "X-Forwarded-For", got, sizeof(got));
                got[have ? strcspn(got, ",") : 0] = '\0';
        } else if (strcmp(path, "event.created") == 0 || strcmp(path, "@timestamp") == 0 ||
                   strcmp(path, "event.start") == 0) {
                time_format(got, e->time, 3);
                have = got;
        } else if (strcmp(path, "destination.domain") == 0) {
                have = field_text(e, "cs-host", got, sizeof(got));
        }
        w->compared++;
        bool empty = strcmp(want, "") == 0 && have && strcmp(have, "-") == 0;
        if (have && (strcmp(have, want) == 0 || empty))
                return;
        for (size_t i = 0; i < ARRAY_LEN(differences); i++)
                if (strcmp(differences[i].file, w->file) == 0 &&
                    strcmp(differences[i].theirs, path) == 0 &&
                    (differences[i].line < 0 || differences[i].line == (int)w->i)) {
                        w->used[i]++;
                        w->differ++;
                        return;
                }
        printf("# %s line %zu: %s is \"%s\", not \"%s\"\n", w->file, w->i, path,
               have ? have : "(none)", want);
        w->wrong++;
}

static void walk(struct wazuh *w, const struct event *e, const char *prefix, json_t *doc) {
        const char *k;
        json_t *v;

        json_object_foreach(doc, k, v) {
                char path[512];
                snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", k);
                if (json_is_object(v))
                        walk(w, e, path, v);
                else
                        leaf(w, e, path, v);
        }
}

static void wazuh_event(void *ctx, const struct event *e) {
        struct wazuh *w = ctx;
        json_t *doc = json_array_get(w->docs, w->i);
        json_t *original = json_object_get(json_object_get(doc, "event"), "original");

        /* Their darwin and basic files leave out lines of the input: go on to the one that is
         * expected. */
        if (!doc || !json_is_string(original) ||
            !span_eq(e->raw, span_str(json_string_value(original))))
                return;
        walk(w, e, "", doc);
        w->i++;
}

static void wazuh_engine(void) {
        static const char *const files[] = {
                "apache-http/test/access/basic",
                "apache-http/test/access/darwin",
                "apache-http/test/access/ubuntu",
                "apache-http/test/access/vhost",
                "apache-http/test/access/ssl_request",
                "apache-http/test/error/basic",
                "apache-http/test/error/darwin",
                "apache-http/test/error/trace",
                "apache-http/test/error/ubuntu",
                "nginx/_test/access",
                "nginx/_test/error",
        };
        unsigned compared = 0, wrong = 0, docs = 0, used[ARRAY_LEN(differences)] = {0};

        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                char name[256], path[512];
                json_error_t err;
                struct wazuh w = {.file = files[i]};

                snprintf(name, sizeof(name), "expected-ecs/wazuh-engine/%s_expected.json",
                         files[i]);
                w.docs = json_load_file(data_path(path, sizeof(path), name), 0, &err);
                check(w.docs);
                snprintf(name, sizeof(name), "expected-ecs/wazuh-engine/%s_input.txt", files[i]);
                check_int(each_event(data_path(path, sizeof(path), name), FORMAT_WEB, wazuh_event,
                                     &w),
                          0);
                check_int(w.i, json_array_size(w.docs)); /* every document was found */
                docs += (unsigned)w.i;
                compared += w.compared;
                wrong += w.wrong;
                for (size_t k = 0; k < ARRAY_LEN(differences); k++)
                        used[k] += w.used[k];
                json_decref(w.docs);
        }
        printf("# wazuh-engine: %u documents, %u values compared\n", docs, compared);
        for (size_t k = 0; k < ARRAY_LEN(differences); k++) {
                printf("# differs %u times: %s: %s: %s\n", used[k], differences[k].file,
                       differences[k].theirs, differences[k].why);
                check(used[k]); /* a difference that is none any more must leave the table */
        }
        check_int(wrong, 0);
}

/* ---- a real access log ---- */

struct access {
        unsigned n, whole, not_found, posts, back;
        int64_t first, last;
};

static void access_event(void *ctx, const struct event *e) {
        struct access *a = ctx;
        char v[4096];
        const char *status = field_text(e, "sc-status", v, sizeof(v));

        a->n++;
        check(e->kind == EVENT_WEB && e->time != TIME_NONE && status);
        a->not_found += strcmp(status, "404") == 0;
        const char *method = field_text(e, "cs-method", v, sizeof(v));
        a->posts += method && strcmp(method, "POST") == 0;
        a->whole += field_text(e, "c-ip", v, sizeof(v)) && field_text(e, "cs-uri", v, sizeof(v)) &&
                    field_text(e, "cs-version", v, sizeof(v)) &&
                    field_text(e, "sc-bytes", v, sizeof(v)) &&
                    field_text(e, "cs-referer", v, sizeof(v)) &&
                    field_text(e, "cs-user-agent", v, sizeof(v));
        if (a->n == 1)
                a->first = e->time;
        a->back += a->last > e->time + 3600 * NS_PER_SEC;
        a->last = MAX(a->last, e->time);
}

static unsigned count_in(const char *path, const char *needle) {
        char line[65536];
        FILE *f = fopen(path, "rb");
        unsigned n = 0;

        check(f);
        while (fgets(line, sizeof(line), f))
                n += strstr(line, needle) != NULL;
        fclose(f);
        return n;
}

static void access_log(void) {
        struct access a = {0};
        char path[512], at[40];

        data_path(path, sizeof(path), "web/elastic-examples/apache_logs");
        check_int(each_event(path, FORMAT_WEB, access_event, &a), 0);
        check_int(a.n, 10000);
        check_int(a.whole, 10000);
        check_int(a.not_found, count_in(path, "\" 404 "));
        check_int(a.posts, count_in(path, "\"POST "));
        check_int(a.back, 0); /* never back by more than an hour */
        time_format(at, a.first, 0);
        check_span(span_str(at), "2015-05-17T10:05:03Z");
        check(a.last - a.first > 3 * 86400 * NS_PER_SEC &&
              a.last - a.first < 4 * 86400 * NS_PER_SEC);
}

/* ---- JSON: Zeek, Suricata ---- */

static unsigned leaves(const json_t *v) {
        const char *k;
        json_t *x;
        size_t i;
        unsigned n = 0;

        if (json_is_object(v) && json_object_size(v)) {
                json_object_foreach((json_t *)(uintptr_t)v, k, x) n += leaves(x);
                return n;
        }
        if (json_is_array(v) && json_array_size(v)) {
                json_array_foreach(v, i, x) n += leaves(x);
                return n;
        }
        return 1; /* what is empty is a field without a value */
}

struct counts {
        unsigned events;
        uint64_t fields;
};

static void count_event(void *ctx, const struct event *e) {
        struct counts *c = ctx;

        check(e->kind == EVENT_JSON);
        c->events++;
        for (uint32_t i = 0; i < e->n; i++)
                c->fields +=
                        e->fields[i].val_len || e->fields[i].type != V_NULL || e->fields[i].val;
}

static void zeek_json(void) {
        struct counts c = {0};
        char path[512];
        static char line[1 << 20];
        unsigned lines = 0;
        uint64_t fields = 0;

        data_path(path, sizeof(path), "zeek/apt29-day1/combined_zeek.log");
        check_int(each_event(path, FORMAT_JSON, count_event, &c), 0);
        FILE *f = fopen(path, "rb");
        while (fgets(line, sizeof(line), f)) {
                json_error_t err;
                json_t *v = json_loads(line, 0, &err);
                check(v);
                lines++;
                fields += leaves(v);
                json_decref(v);
        }
        fclose(f);
        printf("# zeek: %u lines, %llu values\n", lines, (unsigned long long)fields);
        check_int(c.events, lines);
        check_int(c.fields, fields);
}

/* Does one condition of a check hold? */
static bool holds(const struct event *e, const char *path, const json_t *want);

static bool value_is(const struct field *f, const json_t *want) {
        static struct arena a;
        char num[64];

        if (!a.budget)
                arena_init(&a, 16u << 20);
        arena_reset(&a);
        struct span v = value_text(f, &a);
        switch (json_typeof(want)) {
        case JSON_NULL: return f->type == V_NULL;
        case JSON_TRUE: return f->type == V_BOOL && span_eq(v, SPAN("true"));
        case JSON_FALSE: return f->type == V_BOOL && span_eq(v, SPAN("false"));
        case JSON_STRING:
                return (f->type == V_STR || f->type == V_JSON) &&
                       span_eq(v, span_of(json_string_value(want), json_string_length(want)));
        case JSON_INTEGER:
        case JSON_REAL:
                if (f->type != V_NUM || v.len >= sizeof(num))
                        return false;
                memcpy(num, v.p, v.len);
                num[v.len] = '\0';
                return strtod(num, NULL) == json_number_value(want);
        default: return false;
        }
}

/* The path without [n]: a flat event does not know an element's place, any may match. */
static struct span plain_path(const char *path, char *to) {
        size_t o = 0;

        for (; *path; path++) {
                if (*path == '[')
                        path = strchr(path, ']');
                else
                        to[o++] = *path;
        }
        return span_of(to, o);
}

/* Does any field bear the name, or lie beneath it? */
static bool has_key(const struct event *e, struct span name) {
        for (uint32_t i = 0; i < e->n; i++) {
                struct span n = span_of(e->fields[i].name, e->fields[i].name_len);
                if (span_eq(n, name) || (span_starts(n, name) && n.p[name.len] == '.'))
                        return true;
        }
        return false;
}

static bool length_is(const struct event *e, struct span name, const json_t *want) {
        static struct arena a;
        size_t n = 0, chars = 0, top = 0;

        if (!a.budget)
                arena_init(&a, 16u << 20);
        arena_reset(&a);
        for (uint32_t i = 0; i < e->n; i++) {
                const struct field *f = &e->fields[i];
                struct span fn = span_of(f->name, f->name_len);
                if (span_starts(fn, name) && fn.len > name.len && fn.p[name.len] == '.')
                        top = MAX(top, (size_t)(f->arr & 0xffff)); /* objects in an array */
                if (!span_eq(fn, name))
                        continue;
                n++;
                struct span v = value_text(f, &a);
                for (size_t k = 0; k < v.len; k++)
                        chars += ((unsigned char)v.p[k] & 0xc0) != 0x80;
                top = MAX(top, (size_t)(f->arr & 0xffff));
        }
        size_t len = (size_t)json_integer_value(want);
        return top ? top == len : n == 1 && chars == len;
}

/* The n-th field of that name, from 0. */
static const struct field *nth(const struct event *e, struct span name, size_t n) {
        for (uint32_t i = 0; i < e->n; i++)
                if (span_eq(span_of(e->fields[i].name, e->fields[i].name_len), name) && n-- == 0)
                        return &e->fields[i];
        return NULL;
}

/* The elements in order, objects too, and no more of them. */
static bool array_is(const struct event *e, struct span name, const json_t *want) {
        char sub[512];
        const char *k;
        json_t *v, *x;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)want, i, v) {
                const struct field *f = nth(e, name, i);
                if (!json_is_object(v) && (!f || !value_is(f, v)))
                        return false;
                if (json_is_object(v))
                        json_object_foreach(v, k, x) {
                                snprintf(sub, sizeof(sub), "%.*s.%s", (int)name.len, name.p, k);
                                f = nth(e, span_str(sub), i);
                                if (!f || !value_is(f, x))
                                        return false;
                        }
        }
        return !nth(e, name, json_array_size(want));
}

static bool holds(const struct event *e, const char *path, const json_t *want) {
        char to[512], sub[512];
        struct span name = plain_path(path, to);
        const char *k;
        json_t *v;
        size_t i;

        if (strcmp(path, "has-key") == 0 || strcmp(path, "not-has-key") == 0) {
                bool has = false;
                if (json_is_array(want)) /* none of them */
                        json_array_foreach(want, i, v) has |=
                                has_key(e, span_str(json_string_value(v)));
                else
                        has = has_key(e, span_str(json_string_value(want)));
                return has == (*path == 'h');
        }
        if (span_ends(name, SPAN(".__len")))
                return length_is(e, span_of(name.p, name.len - 6), want);
        if (span_ends(name, SPAN(".__endswith"))) {
                snprintf(sub, sizeof(sub), "%.*s", (int)name.len - 11, name.p);
                char got[4096];
                const char *g = field_text(e, sub, got, sizeof(got));
                return g && span_ends(span_str(g), span_str(json_string_value(want)));
        }
        if (json_is_object(want)) {
                json_object_foreach((json_t *)(uintptr_t)want, k, v) {
                        snprintf(sub, sizeof(sub), "%s.%s", path, k);
                        if (!holds(e, sub, v))
                                return false;
                }
                return true;
        }
        if (json_is_array(want))
                return array_is(e, name, want);
        if (json_is_null(want) && !has_key(e, name))
                return true; /* null matches what is absent, for them as for Sigma */
        for (i = 0; i < e->n; i++)
                if (span_eq(span_of(e->fields[i].name, e->fields[i].name_len), name) &&
                    value_is(&e->fields[i], want))
                        return true;
        return false;
}

struct checks {
        json_t *list;
        unsigned *hits;
};

static void eve_event(void *ctx, const struct event *e) {
        struct checks *c = ctx;
        json_t *check_, *v;
        const char *k;
        size_t i;

        json_array_foreach(c->list, i, check_) {
                bool all = true;
                json_object_foreach(json_object_get(check_, "match"), k, v) all =
                        all && holds(e, k, v);
                c->hits[i] += all;
        }
}

/* Where a flat event says something else than the document, and why. */
static const struct {
        const char *test;
        unsigned check; /* from 0 */
        const char *why;
} eve_differences[] = {
        {"bug-8021-alert-max-verdict-01", 7,
         "names a member of an array of objects without an index: no such path for them, any "
         "element "
         "for Sigma"},
};

/* Files with something that is not read whole, and reported. */
static const struct {
        const char *test;
        unsigned stretches;
        const char *why;
} eve_unread[] = {
        {"dns__dns-truncated-rname", 1, "one event is 1.5 MB long; a record is at most 256 KiB"},
};

static unsigned unread(const char *test) {
        for (size_t i = 0; i < ARRAY_LEN(eve_unread); i++)
                if (strcmp(eve_unread[i].test, test) == 0)
                        return eve_unread[i].stretches;
        return 0;
}

static bool differs(const char *test, size_t check_no) {
        for (size_t k = 0; k < ARRAY_LEN(eve_differences); k++)
                if (strcmp(eve_differences[k].test, test) == 0 &&
                    eve_differences[k].check == check_no)
                        return true;
        return false;
}

static void eve_checks(void) {
        char dir[512], path[1024];
        struct dirent *d;
        unsigned tests = 0, checks = 0, wrong = 0;

        data_path(dir, sizeof(dir), "eve/suricata-verify-7.0.10");
        DIR *all = opendir(dir);
        check(all);
        while ((d = readdir(all))) {
                json_error_t err;
                struct checks c = {0};
                snprintf(path, sizeof(path), "%s/%s/checks.json", dir, d->d_name);
                json_t *doc = *d->d_name == '.' ? NULL : json_load_file(path, JSON_ALLOW_NUL, &err);
                if (*d->d_name == '.' || strcmp(d->d_name, "LICENSE.txt") == 0)
                        continue;
                if (!doc)
                        printf("# %s: %s\n", path, err.text);
                check(doc);
                c.list = json_object_get(doc, "checks");
                size_t n = json_array_size(c.list);
                c.hits = calloc(n + 1, sizeof(*c.hits));
                snprintf(path, sizeof(path), "%s/%s/eve.json", dir, d->d_name);
                check_int(each_event(path, FORMAT_JSON, eve_event, &c), unread(d->d_name));
                for (size_t i = 0; i < n; i++) {
                        long long want = json_integer_value(
                                json_object_get(json_array_get(c.list, i), "count"));
                        checks++;
                        if ((c.hits[i] != want) != differs(d->d_name, i)) {
                                wrong++;
                                printf("# %s check %zu: %u, not %lld\n", d->d_name, i, c.hits[i],
                                       want);
                        }
                }
                tests++;
                free(c.hits);
                json_decref(doc);
        }
        closedir(all);
        for (size_t i = 0; i < ARRAY_LEN(eve_differences); i++)
                printf("# differs: %s check %u: %s\n", eve_differences[i].test,
                       eve_differences[i].check, eve_differences[i].why);
        for (size_t i = 0; i < ARRAY_LEN(eve_unread); i++)
                printf("# not read whole: %s: %s\n", eve_unread[i].test, eve_unread[i].why);
        printf("# suricata-verify: %u tests, %u checks\n", tests, checks);
        check_int(wrong, 0);
        check(tests == 1319 && checks == 4688);
}

/* ---- finding the format; cutting EVTX ---- */

/* By the end of the path and a part of it; the first that fits. */
static const struct {
        const char *part, *end;
        enum format format;
} kinds[] = {
        {"", "_expected.json", FORMAT_JSON},
        {"evtx/", ".evtx", FORMAT_EVTX},
        {"evtx/", ".jsoncls", FORMAT_JSON},
        {"evtx/", ".json", FORMAT_JSON},
        {"evtx/", ".raw", FORMAT_SYSLOG}, /* a line of Cisco's */
        {"json/otrf/", ".json", FORMAT_JSON},
        {"", ".csv", FORMAT_CSV},
        {"eve/", ".json", FORMAT_JSON},
        {"zeek/", ".log", FORMAT_JSON},
        {"auditd/", ".golden", FORMAT_JSON},
        {"auditd/", ".log", FORMAT_AUDITD},
        {"wazuh-engine/auditd/", "input.txt", FORMAT_AUDITD},
        {"wazuh-engine/syslog/", "input.txt", FORMAT_SYSLOG},
        {"wazuh-engine/", "input.txt", FORMAT_WEB},
        {"loghub/Apache/", ".log", FORMAT_WEB},
        {"loghub/", ".log", FORMAT_SYSLOG},
        {"web/", "apache_logs", FORMAT_WEB},
        {"web/", "json_logs", FORMAT_JSON},
        {"logs/", "/sshd", FORMAT_SYSLOG},
        {"logs/", "/postfix", FORMAT_SYSLOG},
        {"logs/", "/dovecot", FORMAT_SYSLOG},
        {"logs/", "/selinux-ssh", FORMAT_AUDITD},
        {"logs/apache-", "", FORMAT_WEB},
        {"logs/nginx-", "", FORMAT_WEB},
        {"logs/", "/cowrie", FORMAT_JSON},
        {"logs/", "/grafana", FORMAT_KV},
        {"logs/", "/mysqld-auth", FORMAT_TEXT},
        {"", ".md", FORMAT_TEXT},
        {"json/otrf/", ".yaml", FORMAT_TEXT},
};

struct found {
        unsigned files, known, wrong, per[FORMAT_MAX];
};

static void find_format(struct found *n, const char *path) {
        static char head[DETECT_BYTES];
        FILE *f = fopen(path, "rb");
        size_t len;

        check(f);
        len = fread(head, 1, sizeof(head), f);
        bool whole = len < sizeof(head);
        fclose(f);
        enum format got = detect_format(span_of(head, len), whole);
        n->files++;
        n->per[got]++;
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                if (!strstr(path, kinds[i].part) ||
                    !span_ends(span_str(path), span_str(kinds[i].end)))
                        continue;
                n->known++;
                n->wrong += got != kinds[i].format;
                if (got != kinds[i].format)
                        printf("# taken for %s: %s\n", format_name(got), path);
                return;
        }
}

static void walk_files(struct found *n, const char *dir) {
        DIR *d = opendir(dir);
        struct dirent *e;
        char path[2048];

        check(d);
        while ((e = readdir(d))) {
                if (*e->d_name == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
                if (e->d_type == DT_DIR)
                        walk_files(n, path);
                else
                        find_format(n, path);
        }
        closedir(d);
}

static void formats_are_found(void) {
        static const char *const dirs[] = {"evtx",         "json",   "eve", "zeek",  "auditd",
                                           "expected-ecs", "syslog", "web", "alerts"};
        struct found n = {0};
        char path[512];

        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                walk_files(&n, data_path(path, sizeof(path), dirs[i]));
        printf("# formats: %u files, %u of a known format, %u of those wrong\n", n.files, n.known,
               n.wrong);
        for (unsigned f = 0; f < FORMAT_MAX; f++)
                if (n.per[f])
                        printf("#   %s: %u\n", format_name((enum format)f), n.per[f]);
        check_int(n.wrong, 0);
        check(n.known > 3250);
        check_int(n.per[FORMAT_UNKNOWN], 0);
}

static void sum_event(void *ctx, const struct event *e) {
        uint64_t *sum = ctx; /* records, and a hash of where each lies and what it holds */

        sum[0]++;
        sum[1] = sum[1] * 31 + e->offset * 7 + e->record * 5 + e->n +
                 hash_bytes(e->raw.p, e->raw.len, 1);
}

static void evtx_in_small_slots(void) {
        static const char *const dirs[] = {"evtx/sbousseaden/Lateral Movement",
                                           "evtx/sbousseaden/Credential Access",
                                           "evtx/omerbenamram-samples"};
        unsigned files = 0;
        uint64_t all = 0;

        for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
                char dir[512], path[1024];
                struct dirent *e;
                DIR *d = opendir(data_path(dir, sizeof(dir), dirs[i]));
                check(d);
                while ((e = readdir(d))) {
                        uint64_t big[2] = {0}, small[2] = {0};
                        if (!span_ends(span_str(e->d_name), SPAN(".evtx")))
                                continue;
                        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
                        unsigned bad = each_event(path, FORMAT_EVTX, sum_event, big);
                        slot_limit = 1;
                        unsigned also = each_event(path, FORMAT_EVTX, sum_event, small);
                        slot_limit = BATCH_ROOM;
                        if (small[0] != big[0] || small[1] != big[1] || bad != also)
                                printf("# %s: %llu records and %u bad, in small slots %llu and "
                                       "%u\n",
                                       path, (unsigned long long)big[0], bad,
                                       (unsigned long long)small[0], also);
                        check_int(small[0], big[0]);
                        check(small[1] == big[1]);
                        check_int(also, bad);
                        files++;
                        all += big[0];
                }
                closedir(d);
        }
        printf("# evtx: %u files, %llu records\n", files, (unsigned long long)all);
        check(files > 70 && all > 1000);
}

int main(void) {
        RUN(wazuh_engine);
        RUN(access_log);
        RUN(zeek_json);
        RUN(eve_checks);
        RUN(formats_are_found);
        RUN(evtx_in_small_slots);
        return check_done();
}
