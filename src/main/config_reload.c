/* See config_reload.h.
 *
 * A store that is started again after a reload takes its directory from the configuration in force: so
 * what only a restart may change must stay as it was there, not only in what is told. */
#include "main/config_reload.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/phrases.h"
#include "os/os.h"
#include "rules/exceptions.h"

#define EXCEPTIONS_TEXT_MAX ((size_t)1 << 20)

static void changed(struct buf *names, const char *name, bool differs) {
        if (!differs)
                return;
        if (names->len)
                buf_str(names, ", ");
        buf_str(names, name);
}

static bool other(const char *a, const char *b) {
        return strcmp(a ? a : "", b ? b : "") != 0;
}

int config_keep_fixed(struct config *c, const struct config *before, struct buf *names) {
        struct span directory = arena_printf(&c->arena, "%s", before->directory);
        struct span control = arena_printf(&c->arena, "%s", before->control);

        if (!directory.p || !control.p)
                return -ENOMEM;
        changed(names, "directory", other(c->directory, before->directory));
        changed(names, "control", other(c->control, before->control));
        changed(names, "judges", c->judges != before->judges);
        changed(names, "seals", c->seals != before->seals);
        changed(names, "lateness", c->lateness_s != before->lateness_s);
        changed(names, "clock-skew", c->skew_s != before->skew_s);
        changed(names, "alert-window", c->alert_window_s != before->alert_window_s);
        changed(names, "duplicates", c->duplicates_bytes != before->duplicates_bytes);
        changed(names, "attachments", c->attachments_bytes != before->attachments_bytes);
        changed(names, "retention",
                c->retention_days != before->retention_days ||
                        c->retention_bytes != before->retention_bytes ||
                        c->retention_alerts_days != before->retention_alerts_days);
        c->directory = directory.p;
        c->control = control.p;
        c->judges = before->judges;
        c->seals = before->seals;
        c->lateness_s = before->lateness_s;
        c->skew_s = before->skew_s;
        c->alert_window_s = before->alert_window_s;
        c->duplicates_bytes = before->duplicates_bytes;
        c->attachments_bytes = before->attachments_bytes;
        c->retention_days = before->retention_days;
        c->retention_bytes = before->retention_bytes;
        c->retention_alerts_days = before->retention_alerts_days;
        changed(names, "containment", c->containment.on != before->containment.on);
        c->containment.on = before->containment.on;
        return 0;
}

static int look(const char *path, struct buf *out) {
        if (!path)
                return 0;
        int fd = os_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

        if (fd >= 0) {
                os_close(fd);
                return 0;
        }
        buf_printf(out, "%s: %s\n", path, error_text(fd));
        return fd;
}

static int look_tls(const struct config_tls *t, struct buf *out) {
        const char *const paths[] = {t->certificate, t->key, t->authorities, t->revoked};
        int r = 0;

        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                int k = look(paths[i], out);
                r = r ? r : k;
        }
        return r;
}

/* As the desk will read it: it keeps the list before when it finds an error, and nobody is told here. */
static int look_exceptions(const char *path, struct buf *out) {
        _cleanup_(exceptions_freep) struct exceptions *x = NULL;
        char *text;
        size_t len;

        if (!path)
                return 0;
        int r = os_read_file(path, EXCEPTIONS_TEXT_MAX, &text, &len);
        if (r < 0) {
                buf_printf(out, "%s: %s\n", path, error_text(r));
                return r;
        }
        r = exceptions_parse(&x, span_str(path), span_of(text, len), os_now(), out);
        free(text);
        return r > 0 ? -EINVAL : r;
}

int config_files_wrong(const struct config *c, struct buf *out) {
        int r = look_exceptions(c->exceptions, out), k = look_tls(&c->tls, out);

        r = r ? r : k;
        for (uint32_t i = 0; i < c->n_listen; i++) {
                k = look_tls(&c->listen[i].tls, out);
                r = r ? r : k;
        }
        for (uint32_t i = 0; i < c->n_sources; i++) {
                k = look(c->sources[i].tokens, out);
                r = r ? r : k;
        }
        return r;
}
