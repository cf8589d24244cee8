/* Local sockets: one of a node that is gone makes room; anything else that has the name stays. */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/bind.h"
#include "os/os.h"

static char dir[] = "/tmp/coloa-local-XXXXXX", path[64];

static void a_socket_that_nobody_has_makes_room(void) {
        int fd = os_local_listen(path);

        check(fd >= 0);
        check_int(os_local_listen(path), -EADDRINUSE);
        check_int(os_local_bind(BIND_STREAM, path), -EADDRINUSE);
        os_close(fd);
        fd = os_local_bind(BIND_STREAM, path);
        check(fd >= 0);
        os_close(fd);
        check_int(os_unlink(path), 0);
}

static void what_is_no_socket_stays(void) {
        char other[80];
        struct stat st;

        check_int(os_write_file(path, "mine\n", 5, 0600), 0);
        check_int(os_local_listen(path), -EEXIST);
        check_int(os_local_bind(BIND_STREAM, path), -EEXIST);
        check_int(os_local_bind(BIND_DATAGRAM, path), -EEXIST);
        check(os_stat(path, &st) == 0 && st.st_size == 5);
        snprintf(other, sizeof(other), "%s-link", path);
        check_int(symlink(path, other), 0);
        check_int(os_local_listen(other), -EEXIST);
        check(os_stat(other, &st) == 0 && st.st_size == 5);
        check(os_unlink(other) == 0 && os_unlink(path) == 0);
        check_int(os_local_listen(dir), -EEXIST);
}

int main(void) {
        if (!mkdtemp(dir))
                return 1;
        snprintf(path, sizeof(path), "%s/socket", dir);
        RUN(a_socket_that_nobody_has_makes_room);
        RUN(what_is_no_socket_stays);
        (void)rmdir(dir);
        return check_done();
}
