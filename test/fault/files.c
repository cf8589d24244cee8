/* os/: every kernel call of the file functions fails once; no descriptor leaks, no half file stands
 * under the final name. */
#include <fcntl.h>

#include "check.h"
#include "os/fault.h"
#include "os/os.h"

static char dir[] = "/tmp/coloa-fault-XXXXXX";
static char path[128];

static unsigned open_descriptors(void) {
        char **names;
        size_t n;

        if (os_list_dir("/proc/self/fd", &names, &n) < 0)
                return 0;
        free(names);
        return (unsigned)n;
}

static void write_file_is_all_or_nothing(void) {
        unsigned before = open_descriptors(), hits = 0;
        bool hit = true;

        check(os_write_file(path, "old", 3, 0600) == 0);
        for (unsigned k = 1; hit; k++) {
                char *text;
                size_t len;

                fault_arm(k, k % 2 ? EIO : ENOSPC);
                int r = os_write_file(path, "newer", 5, 0600);
                hit = fault_disarm();
                hits += hit;
                check(os_read_file(path, 100, &text, &len) == 0);
                /* Either text, never a mixture; success means the new one. */
                check((len == 3 && memcmp(text, "old", 3) == 0) ||
                      (len == 5 && memcmp(text, "newer", 5) == 0));
                if (r == 0)
                        check(len == 5);
                free(text);
                check(os_write_file(path, "old", 3, 0600) == 0);
        }
        check(hits >= 6); /* open, write, fsync, close, rename, the directory's open and fsync */
        check_int(open_descriptors(), before);
}

static void read_file_reports_and_frees(void) {
        bool hit = true;
        unsigned before = open_descriptors();

        check(os_write_file(path, "text", 4, 0600) == 0);
        for (unsigned k = 1; hit; k++) {
                char *text = NULL;
                size_t len;

                fault_arm(k, EIO);
                int r = os_read_file(path, 100, &text, &len);
                hit = fault_disarm();
                if (r == 0) {
                        check(len == 4);
                        free(text);
                } else {
                        check_int(r, -EIO);
                }
        }
        check_int(open_descriptors(), before);
        char *text;
        size_t len;
        check_int(os_read_file(path, 3, &text, &len), -EFBIG);
}

static void list_dir_reports_and_frees(void) {
        bool hit = true;

        for (unsigned k = 1; hit; k++) {
                char **names = NULL;
                size_t n;

                fault_arm(k, EMFILE);
                int r = os_list_dir(dir, &names, &n);
                hit = fault_disarm();
                check(r == 0 || r == -EMFILE);
                if (r == 0)
                        free(names);
        }
}

int main(void) {
        if (!mkdtemp(dir))
                return 1;
        snprintf(path, sizeof(path), "%s/file", dir);
        RUN(write_file_is_all_or_nothing);
        RUN(read_file_reports_and_frees);
        RUN(list_dir_reports_and_frees);
        os_unlink(path);
        os_rmdir(dir);
        return check_done();
}
