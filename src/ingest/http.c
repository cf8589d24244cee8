/* See http.h. */
#include "ingest/http.h"

#include "ingest/serve_impl.h"

struct http {
        int fd;
};
int http_secret(struct serve *s, struct listener *l, enum secret_kind kind, struct span pem) {
        return 0;
}
int http_new(struct http **ret, struct serve *s, struct listener *l) {
        return -ENOSYS;
}
struct http *http_free(struct http *h) {
        return NULL;
}
int http_fd(const struct http *h) {
        return -1;
}
void http_run(struct http *h) {
}
int64_t http_timeout_ms(const struct http *h) {
        return 100000;
}
void http_tick(struct http *h) {
}
void http_unstalled(struct http *h) {
}
void http_durable(struct http *h) {
}
void http_stop(struct http *h) {
}
