/* Folders of rule files as a bundle, for tests. */
#ifndef TEST_BUNDLE_DATA_H
#define TEST_BUNDLE_DATA_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "wire/bundle.h"

/* Appends all *.yml below `path` (sorted by the file system's whim). Returns their number. */
static inline unsigned bundle_folder(struct buf *b, const char *path) {
        DIR *d = opendir(path);
        struct dirent *e;
        unsigned n = 0;

        if (!d)
                return 0;
        while ((e = readdir(d))) {
                char name[4096];
                struct stat st;

                if (e->d_name[0] == '.')
                        continue;
                int len_ = snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
                if (len_ < 0 || (size_t)len_ >= sizeof(name) || stat(name, &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode)) {
                        n += bundle_folder(b, name);
                        continue;
                }
                if (!span_ends(span_str(name), SPAN(".yml")))
                        continue;
                FILE *f = fopen(name, "rb");
                char *text = f ? malloc((size_t)st.st_size + 1) : NULL;
                if (text) {
                        size_t len = fread(text, 1, (size_t)st.st_size, f);
                        bundle_add(b, BUNDLE_RULE, span_str(name), span_of(text, len));
                        n++;
                }
                free(text);
                if (f)
                        fclose(f);
        }
        closedir(d);
        return n;
}

#endif
