/* Runs a fuzz target over its stored corpus: every input that was ever interesting is tried in every test run. */
#include <dirent.h>
#include <fcntl.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay_dir(const char *path) {
        DIR *d = opendir(path);
        struct dirent *e;
        unsigned n = 0;

        if (!d)
                return 0;
        while ((e = readdir(d))) {
                char name[4096];
                static uint8_t bytes[4 << 20];

                if (e->d_name[0] == '.')
                        continue;
                snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
                FILE *f = fopen(name, "rb");
                if (!f)
                        continue;
                size_t len = fread(bytes, 1, sizeof(bytes), f);
                fclose(f);
                /* An exact copy on the heap, so that the sanitizer sees a read past the end. */
                uint8_t *copy = malloc(len ? len : 1);
                memcpy(copy, bytes, len);
                LLVMFuzzerTestOneInput(copy, len);
                free(copy);
                n++;
        }
        closedir(d);
        return n;
}

int main(int argc, char **argv) {
        unsigned n = 0;

        for (int i = 1; i < argc; i++)
                n += replay_dir(argv[i]);
        printf("%sok 1 - replayed %u inputs\n1..1\n", n ? "" : "not ", n);
        return n ? 0 : 1;
}
