/* See calls.h. */
#include <dlfcn.h>
#include <string.h>

#include "base/base.h"
#define PRESS_CALLS_BARE
#include "press/calls.h"

struct press_calls press_calls;

/* A library's handle finds what its own libraries have, too. */
static const char *const libraries[] = {"libpangocairo-1.0.so.0", "libpangoft2-1.0.so.0"};

static bool find(void *const handles[], const char *name, void *to) {
        void *p = NULL;

        for (size_t i = 0; i < ARRAY_LEN(libraries) && !p; i++)
                p = dlsym(handles[i], name);
        memcpy(to, &p, sizeof(p));
        return p != NULL;
}

static const struct {
        const char *name;
        size_t at;
} names[] = {
#define NAME(name) {#name, offsetof(struct press_calls, name)},
        PRESS_CALLS(NAME)
#undef NAME
};

int press_calls_load(void) {
        static bool loaded;
        void *handles[ARRAY_LEN(libraries)];

        for (size_t i = 0; i < ARRAY_LEN(libraries) && !loaded; i++) {
                handles[i] = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
                if (!handles[i])
                        return -ENOENT;
        }
        for (size_t i = 0; i < ARRAY_LEN(names) && !loaded; i++)
                if (!find(handles, names[i].name, (char *)&press_calls + names[i].at))
                        return -ENOENT;
        loaded = true;
        return 0;
}
