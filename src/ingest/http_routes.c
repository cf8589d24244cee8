/* Who asks, for what, and the answers that need no body: what senders made for Elasticsearch want to
 * know before they begin. Nothing here is true beyond that: there are no templates, policies or
 * pipelines, so putting one is acknowledged and looking for one finds none. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/http_impl.h"

#define JSON "application/json"

static const char *header(const struct request *r, const char *name) {
        return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

void http_complain(const struct request *r, const char *what) {
        char who[120];

        serve_who(r->http->listener, &r->from, who, sizeof(who));
        serve_note(r->http->serve, NOTE_WARNING, r->source ? r->source->name : "", what, who);
}

enum MHD_Result http_refuse(struct request *r) {
        _cleanup_(buf_deinit) struct buf b = {0};
        const char *type = r->status == 401   ? "security_exception"
                           : r->status == 404 ? "resource_not_found_exception"
                           : r->status == 429 ? "es_rejected_execution_exception"
                                              : "illegal_argument_exception";

        if (r->status != 404)
                http_complain(r, r->what);
        if (r->http->listener->m.protocol == LISTEN_OTLP)
                return http_otlp_refuse(r);
        buf_printf(&b,
                   "{\"error\":{\"root_cause\":[{\"type\":\"%s\",\"reason\":\"%s\"}],"
                   "\"type\":\"%s\",\"reason\":\"%s\"},\"status\":%u}\n",
                   type, r->what, type, r->what, r->status);
        return b.failed ? MHD_NO : http_answer(r, r->status, JSON, buf_get(&b));
}

/* ---- who ---- */

static struct source *by_token(struct request *r, struct span token) {
        return token.len ? sources_by_token(r->http->serve->sources, r->http->listener->m.id, token)
                         : NULL;
}

/* Basic: "user:password" packed; the password is the token, or both are. ApiKey: "id:key" packed; as it
 * is given, unpacked, or the key alone. */
static struct source *by_packed(struct request *r, struct span packed) {
        char plain[512];
        size_t len = 0;

        if (sodium_base642bin((unsigned char *)plain, sizeof(plain), packed.p, packed.len, NULL,
                              &len, NULL, sodium_base64_VARIANT_ORIGINAL) < 0 &&
            sodium_base642bin((unsigned char *)plain, sizeof(plain), packed.p, packed.len, NULL,
                              &len, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) < 0)
                return NULL;
        const char *colon = memchr(plain, ':', len);
        struct source *x = by_token(r, span_of(plain, len));
        if (!x && colon) {
                const char *from = colon + 1;

                x = by_token(r, span_of(from, len - (size_t)(from - plain)));
        }
        sodium_memzero(plain, sizeof(plain));
        return x;
}

static struct source *by_authorization(struct request *r, const char *text) {
        struct span s = span_trim(span_str(text));
        const char *blank = memchr(s.p, ' ', s.len);
        struct source *x = NULL;

        if (!blank || s.len > 4096)
                return NULL;
        struct span scheme = span_of(s.p, (size_t)(blank - s.p));
        struct span token = span_trim(span_of(blank, s.len - scheme.len));
        if (span_ieq(scheme, SPAN("Bearer")) || span_ieq(scheme, SPAN("ApiKey")))
                x = by_token(r, token);
        if (!x && (span_ieq(scheme, SPAN("Basic")) || span_ieq(scheme, SPAN("ApiKey"))))
                x = by_packed(r, token);
        return x;
}

static struct source *by_certificate(struct request *r, bool *ret_trusted) {
        const union MHD_ConnectionInfo *i =
                MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        struct span names[TLS_NAMES_MAX];
        struct tls_peer p;

        if (!i || tls_peer_by(r->http->listener->tls, i->tls_session, &p) != 0 || !p.shown)
                return NULL;
        for (unsigned k = 0; k < p.n_names; k++)
                names[k] = span_str(p.names[k]);
        *ret_trusted = p.trusted;
        return sources_by_certificate(r->http->serve->sources, r->http->listener->m.id,
                                      p.fingerprint, names, p.n_names);
}

bool http_identify(struct request *r) {
        struct listener *l = r->http->listener;
        struct serve *s = r->http->serve;
        const char *auth = header(r, "Authorization");
        bool trusted = true;

        if (l->m.flags & LISTEN_MUTUAL) {
                trusted = false;
                r->source = by_certificate(r, &trusted);
        }
        if (!r->source && auth && trusted)
                r->source = by_authorization(r, auth);
        /* A wrong token is not made good by an address. */
        if (!r->source && !auth && trusted && !(l->m.flags & LISTEN_TOKEN))
                r->source = sources_by_address(s->sources, l->m.id, &r->from);
        if (!r->source && !auth && trusted && (l->m.flags & LISTEN_QUARANTINE))
                r->source = sources_unknown(s->sources);
        if (r->source)
                return true;
        serve_count(s, COUNT_REFUSED_UNKNOWN, 1);
        r->status = 401;
        r->what = "no source has this token, certificate or address";
        return false;
}

/* ---- what ---- */

static bool is(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static bool starts(const char *s, const char *prefix) {
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* "/_bulk" or "/INDEX/_bulk", maybe with an end of its own. */
static bool is_bulk(struct request *r, const char *path) {
        struct span p = span_str(path), bulk = SPAN("/_bulk");

        while (p.len > 1 && p.p[p.len - 1] == '/')
                p.len--;
        if (!span_ends(p, bulk))
                return false;
        p.len -= bulk.len;
        if (p.len == 0)
                return true;
        if (p.len < 2 || p.len >= sizeof(r->index) || memchr(p.p + 1, '/', p.len - 1))
                return false;
        memcpy(r->index, p.p + 1, p.len - 1);
        return true;
}

static void route_bulk(struct request *r, const char *method) {
        const char *filter =
                MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "filter_path");

        if (!is(method, "POST") && !is(method, "PUT")) {
                r->status = 405;
                r->what = "bulk requests are POST or PUT";
                return;
        }
        r->bulk = malloc(sizeof(*r->bulk));
        if (!r->bulk) {
                r->status = 503;
                r->what = "out of memory";
                return;
        }
        bulk_init(r->bulk);
        r->brief = filter && strstr(filter, "items.*.status");
        r->route = ROUTE_BULK;
}

static void route_otlp(struct request *r, const char *method) {
        const char *type = header(r, "Content-Type");
        struct span t = span_str(type ? type : "");
        const char *end = t.len ? memchr(t.p, ';', t.len) : NULL;

        t = span_trim(span_of(t.p, end ? (size_t)(end - t.p) : t.len));
        r->json = span_ieq(t, SPAN(JSON));
        if (!is(method, "POST")) {
                r->status = 405;
                r->what = "logs are sent with POST";
        } else if (!r->json && !span_ieq(t, SPAN("application/x-protobuf"))) {
                r->status = 415;
                r->what = "logs are application/x-protobuf or application/json";
        } else if (source_wait(r->source, r->http->serve->now) > 0) {
                counter_add(&r->source->counters->limited, 1);
                r->status = 429;
                r->what = "the source sends more than it may: later again";
        } else {
                r->route = ROUTE_OTLP;
        }
}

void http_route(struct request *r, const char *method, const char *path) {
        if (r->http->listener->m.protocol == LISTEN_OTLP) {
                if (is(path, "/v1/logs"))
                        route_otlp(r, method);
                else {
                        r->status = 404;
                        r->what = "only /v1/logs is here";
                }
        } else if (is_bulk(r, path)) {
                route_bulk(r, method);
        }
}

#define VERSION                                                                                    \
        "{\"name\":\"coloa\",\"cluster_name\":\"coloa\","                                          \
        "\"cluster_uuid\":\"Y29sb2EtY29sb2EtY29sbw\",\"version\":{\"number\":\"8.19.0\","          \
        "\"build_flavor\":\"default\",\"build_type\":\"deb\",\"build_hash\":\"0000000\","          \
        "\"build_date\":\"2025-07-23T00:00:00.000Z\",\"build_snapshot\":false,"                    \
        "\"lucene_version\":\"9.12.2\",\"minimum_wire_compatibility_version\":\"7.17.0\","         \
        "\"minimum_index_compatibility_version\":\"7.0.0\"},"                                      \
        "\"tagline\":\"You Know, for Search\"}\n"
#define LICENSE                                                                                    \
        "{\"license\":{\"status\":\"active\",\"uid\":\"00000000-0000-0000-0000-000000000000\","    \
        "\"type\":\"basic\",\"issue_date_in_millis\":0,\"max_nodes\":1000,"                        \
        "\"issued_to\":\"coloa\",\"issuer\":\"elasticsearch\",\"start_date_in_millis\":-1}}\n"
#define HEALTH                                                                                     \
        "{\"cluster_name\":\"coloa\",\"status\":\"green\",\"timed_out\":false,"                    \
        "\"number_of_nodes\":1,\"number_of_data_nodes\":1,\"active_primary_shards\":1,"            \
        "\"active_shards\":1,\"relocating_shards\":0,\"initializing_shards\":0,"                   \
        "\"unassigned_shards\":0,\"active_shards_percent_as_number\":100.0}\n"
#define XPACK                                                                                      \
        "{\"license\":{\"uid\":\"00000000-0000-0000-0000-000000000000\",\"type\":\"basic\","       \
        "\"mode\":\"basic\",\"status\":\"active\"},\"features\":{\"ilm\":{\"available\":true,"     \
        "\"enabled\":false},\"security\":{\"available\":true,\"enabled\":true}}}\n"

enum MHD_Result http_info(struct request *r, const char *method, const char *path) {
        static const struct {
                const char *path, *body;
        } exact[] = {{"/", VERSION},
                     {"/_license", LICENSE},
                     {"/_xpack", XPACK},
                     {"/_cluster/health", HEALTH},
                     {"/_nodes/http", "{\"cluster_name\":\"coloa\",\"nodes\":{}}\n"},
                     {"/_cat/nodes", "[]\n"}};
        static const char *const kept[] = {"/_index_template/",     "/_template/",
                                           "/_component_template/", "/_ilm/",
                                           "/_ingest/pipeline",     "/_data_stream/"};
        bool reads = is(method, "GET") || is(method, "HEAD");

        for (size_t i = 0; i < ARRAY_LEN(exact) && reads; i++)
                if (is(path, exact[i].path))
                        return http_answer(r, 200, JSON, span_str(exact[i].body));
        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                if (starts(path, kept[i]) && (is(method, "PUT") || is(method, "POST")))
                        return http_answer(r, 200, JSON, SPAN("{\"acknowledged\":true}\n"));
        r->status = 404;
        r->what = "not here: this takes events by the bulk API";
        return http_refuse(r);
}
