/* HTTP listeners: Elasticsearch's bulk API and OTLP's /v1/logs over libmicrohttpd, whose own epoll set
 * lies in ours. A request is answered when what it carried is durable. */
#ifndef INGEST_HTTP_H
#define INGEST_HTTP_H

#include "ingest/serve.h"

struct http;
struct listener;

/* Before http_new(), for a listener with TLS: libmicrohttpd takes PEM text. 0, -EBUSY once it runs. */
int http_secret(struct serve *s, struct listener *l, enum secret_kind kind, struct span pem);
/* Takes over the listener's socket. */
int http_new(struct http **ret, struct serve *s, struct listener *l);
struct http *http_free(struct http *h);
int http_fd(const struct http *h); /* readable: http_run() */
void http_run(struct http *h);
int64_t http_timeout_ms(const struct http *h); /* until http_run() is due; large: not at all */
void http_tick(struct http *h);                /* every second */
void http_unstalled(struct http *h);           /* a slot is there */
void http_durable(struct http *h);             /* s->durable has risen */
void http_stop(struct http *h);                /* no new connections */

#endif
