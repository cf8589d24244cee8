/* libcurl, loaded when the courier begins and by nobody else: what it brings along (some thirty libraries)
 * costs the other processes nothing. The flavour is the one with OpenSSL, which takes authorities from
 * memory, so that the sandbox need not leave a single path open. */
#ifndef COURIER_CURL_H
#define COURIER_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/base.h"

#define CURL_CALLS(X)                                                                              \
        X(global_init)                                                                             \
        X(easy_init)                                                                               \
        X(easy_cleanup)                                                                            \
        X(easy_setopt)                                                                             \
        X(easy_getinfo)                                                                            \
        X(easy_strerror)                                                                           \
        X(multi_init)                                                                              \
        X(multi_cleanup)                                                                           \
        X(multi_setopt)                                                                            \
        X(multi_add_handle)                                                                        \
        X(multi_remove_handle)                                                                     \
        X(multi_perform)                                                                           \
        X(multi_poll)                                                                              \
        X(multi_info_read)                                                                         \
        X(slist_append)                                                                            \
        X(slist_free_all)                                                                          \
        X(url)                                                                                     \
        X(url_set)                                                                                 \
        X(url_get)                                                                                 \
        X(url_cleanup)                                                                             \
        X(free)

struct curl_calls {
#define CALL_OF(name) __typeof__(curl_##name) *(name);
        CURL_CALLS(CALL_OF)
#undef CALL_OF
};

/* One for the process; NULL: it is not installed, or cannot do what is needed here. */
const struct curl_calls *curl_load(void);

#endif
