/* Files of the development data, for conformance tests of text logs. */
#ifndef TEST_CONFORMANCE_DATA_H
#define TEST_CONFORMANCE_DATA_H

#include <sys/stat.h>

#include "check.h"

static inline void freep(char **p) {
        free(*p);
}

/* The whole file, terminated; NULL when there is none. */
static inline char *read_file(const char *rel, size_t *ret_len) {
        char path[4096];
        struct stat st;

        *ret_len = 0;
        int n = snprintf(path, sizeof(path), "%s/%s", check_data(), rel);
        if (n < 0 || (size_t)n >= sizeof(path))
                return NULL;
        FILE *f = fopen(path, "rb");
        if (!f || fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode)) {
                if (f)
                        fclose(f);
                return NULL;
        }
        char *p = malloc((size_t)st.st_size + 1);
        *ret_len = fread(p, 1, (size_t)st.st_size, f);
        p[*ret_len] = '\0';
        fclose(f);
        return p;
}

/* The next line, moving *p; false at the end. */
static inline bool next_line(const char **p, const char *end, struct span *ret) {
        if (*p >= end)
                return false;
        const char *nl = memchr(*p, '\n', (size_t)(end - *p));
        *ret = span_of(*p, (size_t)((nl ? nl : end) - *p));
        *p = nl ? nl + 1 : end;
        return true;
}

#endif
