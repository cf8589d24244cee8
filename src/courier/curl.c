/* See curl.h. */
#include "courier/curl.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static struct curl_calls calls;
static bool loaded;

static bool find(void *library, const char *name, void *to) {
        void *p = dlsym(library, name);

        memcpy(to, &p, sizeof(p));
        return p != NULL;
}

const struct curl_calls *curl_load(void) {
        if (loaded)
                return &calls;
        void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

        if (!library)
                return NULL;
#define FIND(name)                                                                                 \
        if (!find(library, "curl_" #name, &calls.name))                                            \
                return NULL;
        CURL_CALLS(FIND)
#undef FIND
        /* Certificates have dates, which glibc turns by a file, each time anew, unless this is said. */
        if (setenv("TZ", "UTC0", 1) < 0)
                return NULL;
        tzset();
        if (calls.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return NULL;
        loaded = true;
        return &calls;
}
