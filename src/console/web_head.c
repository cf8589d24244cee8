/* What the head of a request says: language, who asks, and whether a page of ours sent it.
 *
 *   C1. A write without a script's token needs the header X-Coloa: 1, which a page of another site cannot
 *       send without asking first (CORS), and we never say yes.
 *   C2. Where a browser says where the request comes from (Sec-Fetch-Site, Origin), it must be here. */
#include <arpa/inet.h>
#include <strings.h>

#include "console/web_impl.h"

const char *web_header(struct MHD_Connection *c, const char *name) {
        return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* The first of our languages, by q; English when neither is wanted. */
enum lang web_lang(struct MHD_Connection *c) {
        const char *p = web_header(c, "Accept-Language");
        double best = 0;
        enum lang lang = LANG_EN;

        while (p && *p) {
                p += strspn(p, " ,\t");
                size_t n = strcspn(p, ",");
                bool vi = n >= 2 && strncasecmp(p, "vi", 2) == 0;
                bool en = n >= 2 && strncasecmp(p, "en", 2) == 0;
                const char *q = memmem(p, n, "q=", 2);
                double v = q ? strtod(q + 2, NULL) : 1;

                if ((vi || en) && v > best && v <= 1) {
                        best = v;
                        lang = vi ? LANG_VI : LANG_EN;
                }
                p += n;
        }
        return lang;
}

const char *web_cookie_name(const struct web *w) {
        return w->tls ? "__Host-coloa_session" : "coloa_session";
}

static bool hex_token(const char *s, unsigned char to[API_TOKEN_BYTES]) {
        if (!s || strlen(s) != API_TOKEN_BYTES * 2)
                return false;
        for (size_t i = 0; i < API_TOKEN_BYTES * 2; i++) {
                int v = s[i] >= '0' && s[i] <= '9'   ? s[i] - '0'
                        : s[i] >= 'a' && s[i] <= 'f' ? s[i] - 'a' + 10
                                                     : -1;

                if (v < 0)
                        return false;
                to[i / 2] = (unsigned char)(i % 2 ? to[i / 2] | v : v << 4);
        }
        return true;
}

void web_token(struct MHD_Connection *c, const struct web *w, struct api_ask *ask) {
        const char *bearer = web_header(c, "Authorization");

        ask->how = API_COOKIE;
        if (bearer && strncasecmp(bearer, "Bearer ", 7) == 0) {
                ask->how = API_BEARER;
                if (!hex_token(bearer + 7, ask->token))
                        memset(ask->token, 0xff, sizeof(ask->token)); /* of nobody */
                return;
        }
        if (!hex_token(MHD_lookup_connection_value(c, MHD_COOKIE_KIND, web_cookie_name(w)),
                       ask->token))
                memset(ask->token, 0, sizeof(ask->token));
}

bool web_same_site(struct MHD_Connection *c, const struct web *w) {
        const char *ours = web_header(c, "X-Coloa"), *site = web_header(c, "Sec-Fetch-Site");
        const char *origin = web_header(c, "Origin"), *host = web_header(c, "Host");
        const char *scheme = w->tls ? "https://" : "http://";

        if (!ours || strcmp(ours, "1") != 0) /* C1 */
                return false;
        if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) /* C2 */
                return false;
        return !origin || (host && strncmp(origin, scheme, strlen(scheme)) == 0 &&
                           strcasecmp(origin + strlen(scheme), host) == 0);
}

void web_address(struct MHD_Connection *c, unsigned char to[16]) {
        const union MHD_ConnectionInfo *i =
                MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const struct sockaddr *s = i ? i->client_addr : NULL;

        memset(to, 0, 16);
        if (s && s->sa_family == AF_INET) {
                to[10] = to[11] = 0xff;
                memcpy(to + 12, &((const struct sockaddr_in *)(const void *)s)->sin_addr, 4);
        } else if (s && s->sa_family == AF_INET6) {
                memcpy(to, &((const struct sockaddr_in6 *)(const void *)s)->sin6_addr, 16);
        }
}
