/* See try_out.h.
 *
 * Where journald keeps a journal, that is what is read: syslog's own files would say the same again,
 * and what happened once would count twice. Without a journal the files of syslog are. Files that
 * nothing else has (audit, web servers, Suricata, dpkg) are read either way. */
#include "main/try_out.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "main/phrases.h"
#include "os/bind.h"
#include "os/os.h"

static const char head[] =
        "listen:\n"
        "  - {name: syslog-udp, protocol: syslog-udp, address: '127.0.0.1:5514'}\n"
        "  - {name: syslog-tcp, protocol: syslog-tcp, address: '127.0.0.1:5514'}\n"
        "  - {name: relp, protocol: relp, address: '127.0.0.1:2514'}\n"
        "  - {name: bulk, protocol: bulk, address: '127.0.0.1:9200'}\n"
        "  - {name: otlp, protocol: otlp, address: '127.0.0.1:4318'}\n"
        "sources:\n"
        "  - {name: senders-here, system: this-machine, from: ['127.0.0.0/8', '::1']}\n";

/* What syslog writes; the star: rotated names too. */
static const char *const syslog_files[] = {"/var/log/auth.log*", "/var/log/syslog*",
                                           "/var/log/secure*", "/var/log/messages*"};
static const char *const other_files[] = {
        "/var/log/audit/audit.log*",     "/var/log/nginx/*access.log*",
        "/var/log/apache2/*access.log*", "/var/log/httpd/*access_log*",
        "/var/log/suricata/eve.json",    "/var/log/dpkg.log*"};

static bool may_read(const char *path) {
        _cleanup_(os_closep) int fd = os_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

        return fd >= 0;
}

/* 1: some file that matches can be read; 0: there is none; -EACCES: only such as cannot. */
static int readable(const char *pattern, bool (*test)(const char *path)) {
        char **names = NULL;
        size_t n = 0;
        int r = 0;

        if (os_glob(pattern, &names, &n) < 0)
                return 0;
        for (size_t i = 0; i < n && r != 1; i++)
                r = test(names[i]) ? 1 : -EACCES;
        free(names);
        return r;
}

static bool have_journal(void) {
        static const char *const places[] = {"/var/log/journal/*/*.journal",
                                             "/run/log/journal/*/*.journal"};

        for (size_t i = 0; i < ARRAY_LEN(places); i++)
                if (readable(places[i], may_read) != 0)
                        return true; /* journalctl shows this user what he may see */
        return false;
}

static unsigned add_files(struct buf *b, const char *const *list, size_t n, try_out_say say,
                          void *ctx) {
        unsigned added = 0;
        char text[256];

        for (size_t i = 0; i < n; i++) {
                int r = readable(list[i], may_read);

                if (r == 1)
                        buf_printf(b, "%s'%s'", added++ ? ", " : "", list[i]);
                if (r >= 0)
                        continue;
                snprintf(text, sizeof(text),
                         "path=%s this user may not read it: not followed (root may, and so may "
                         "members of adm)",
                         list[i]);
                say(ctx, 1, text);
        }
        return added;
}

void try_out_text(struct buf *b, try_out_say say, void *ctx) {
        struct buf files = {0};
        bool journal = have_journal();
        const char *comma = "";

        buf_str(b, head);
        if (journal)
                buf_str(b, "  - {name: journal, system: this-machine, journal: true}\n");
        if (!journal && add_files(&files, syslog_files, ARRAY_LEN(syslog_files), say, ctx))
                comma = ", ";
        buf_str(&files, comma);
        add_files(&files, other_files, ARRAY_LEN(other_files), say, ctx);
        struct span list = buf_get(&files);
        if (list.len > 1 && list.p[list.len - 1] == ' ') /* nothing came after the comma */
                list.len -= 2;
        if (list.len)
                buf_printf(b, "  - {name: files, system: this-machine, files: [%.*s]}\n",
                           (int)list.len, list.p);
        else if (!journal)
                say(ctx, 1, "no logs of this machine can be read: only what is sent is judged");
        buf_deinit(&files);
}

static bool taken(const struct config_listen *l) {
        int fd = os_bind(listen_is_datagram(l->protocol) ? BIND_DATAGRAM : BIND_STREAM, l->address,
                         l->port);

        os_close_quiet(fd);
        return fd == -EADDRINUSE;
}

void try_out_ports(struct config *c, bool look, uint32_t *gone, try_out_say say, void *ctx) {
        uint32_t kept = 0;
        char text[320];

        for (uint32_t i = 0; i < c->n_listen; i++) {
                struct config_listen l = c->listen[i];

                if (look && taken(&l)) {
                        *gone |= 1u << i;
                        snprintf(text, sizeof(text),
                                 "listener=%s port=%u is taken by another program: the try-out "
                                 "goes on without it; 'ss -lntup' says whose it is, a "
                                 "configuration (-c FILE) gives the listener another port",
                                 l.name, l.port);
                        say(ctx, 1, text);
                }
                if (!(*gone & 1u << i))
                        c->listen[kept++] = l;
        }
        c->n_listen = kept;
}
