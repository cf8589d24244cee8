/* Imports: files that somebody handed in over the control socket, passed on to ingest and answered
 * when ingest says that all of it is durable. A file stays open here until then: an ingest that dies
 * is followed by one that gets it again and goes on where the store says.
 *
 * A source that no configuration names gets a number of its own, above all that it gives. */
#include <stdio.h>

#include "base/lang.h"
#include "main/control.h"
#include "main/node_impl.h"
#include "main/phrases.h"

#define OWN_SOURCES 0x40000000u

static bool named(const char *s, size_t room) {
        size_t n = strnlen(s, room);

        for (size_t i = 0; i < n; i++)
                if (s[i] <= ' ' || s[i] > '~')
                        return false;
        return n > 0 && n < room && n < SOURCE_NAME_MAX && strcmp(s, SOURCE_UNKNOWN_NAME) != 0;
}

/* The number of the source; 0: there is room for no more names. */
static uint32_t source_of(struct node *n, const char *name) {
        struct node_imports *g = &n->imports;

        for (uint32_t i = 0; i < n->config->n_sources; i++)
                if (strcmp(n->config->sources[i].name, name) == 0)
                        return n->config->sources[i].id;
        for (uint32_t i = 0; i < g->n_names; i++)
                if (strcmp(g->names[i], name) == 0)
                        return OWN_SOURCES + i;
        if (g->n_names == NODE_IMPORT_NAMES)
                return 0;
        snprintf(g->names[g->n_names], sizeof(g->names[0]), "%s", name);
        return OWN_SOURCES + g->n_names++;
}

int node_import(struct node *n, const struct msg_control_import *m, int file, int sock) {
        struct node_imports *g = &n->imports;
        struct stat st;

        if (!named(m->source, sizeof(m->source)) || !memchr(m->path, 0, sizeof(m->path)) ||
            m->format >= FORMAT_MAX)
                return -EINVAL;
        int r = os_fstat(file, &st);
        if (r == 0 && !S_ISREG(st.st_mode))
                r = -ESPIPE;
        if (r < 0)
                return r;
        if (n->stopping)
                return -ESHUTDOWN;
        if (g->n == NODE_IMPORTS_MAX)
                return -EBUSY;
        uint32_t source = source_of(n, m->source);
        if (source == 0)
                return -ENOSPC;
        struct node_import *x = &g->list[g->n++];
        *x = (struct node_import){.file = file,
                                  .sock = sock,
                                  .lang = m->head.lang,
                                  .m = {.type = NODE_FILE,
                                        .source = source,
                                        .flags = FILE_IMPORT,
                                        .token = ++g->last_token,
                                        .format = m->format,
                                        .device = st.st_dev,
                                        .inode = st.st_ino,
                                        .size = (uint64_t)st.st_size}};
        snprintf(x->m.path, sizeof(x->m.path), "%s", m->path);
        return 0;
}

static int tell_source(struct node *n, uint32_t source) {
        struct msg_source m = {.type = NODE_SOURCE, .id = source, .flags = SOURCE_FILE};

        if (source < OWN_SOURCES)
                return 0;
        snprintf(m.name, sizeof(m.name), "%s", n->imports.names[source - OWN_SOURCES]);
        return node_send(n, NODE_INGEST, &m, sizeof(m), -1);
}

void node_imports_tick(struct node *n) {
        struct node_imports *g = &n->imports;

        if (n->stopping || !flow_begun(n->flow))
                return;
        for (uint32_t i = 0; i < g->n; i++) {
                struct node_import *x = &g->list[i];
                bool before = x->told;

                if (!x->told && tell_source(n, x->m.source) == 0)
                        x->told = node_send(n, NODE_INGEST, &x->m, sizeof(x->m), x->file) == 0;
                x->times += x->told && x->times < UINT32_MAX && !before;
        }
}

void node_imports_forget(struct node *n) {
        for (uint32_t i = 0; i < n->imports.n; i++)
                n->imports.list[i].told = false;
}

static void end(struct node *n, uint32_t i, int error, const struct buf *out) {
        struct node_imports *g = &n->imports;

        control_reply(g->list[i].sock, error, out);
        os_close(g->list[i].sock);
        os_close(g->list[i].file);
        g->list[i] = g->list[--g->n];
}

int node_imported(struct node *n, const struct msg_imported *m) {
        struct node_imports *g = &n->imports;
        struct buf out = {0};
        char what[sizeof(m->what)];
        uint32_t i = 0;

        while (i < g->n && g->list[i].m.token != m->token)
                i++;
        if (i == g->n)
                return -EPROTO;
        memcpy(what, m->what, sizeof(what));
        what[sizeof(what) - 1] = '\0';
        enum lang before = lang_current;
        lang_current = g->list[i].lang == LANG_VI ? LANG_VI : LANG_EN;
        if (m->error < 0)
                buf_printf(&out, tr("not imported: %s\n", "không nhập được: %s\n"),
                           m->error == -EINVAL ? tr("nothing that is read", "không đọc được")
                                               : error_text(m->error));
        else
                buf_printf(&out,
                           tr("%llu records imported, durable", "đã nhập %llu bản ghi, đã lưu bền"),
                           (unsigned long long)m->records);
        if (m->error == 0 && m->before)
                buf_printf(&out, tr("; %llu bytes were here already", "; %llu byte đã có từ trước"),
                           (unsigned long long)m->before);
        if (m->error == 0 && g->list[i].times > 1)
                buf_str(&out, tr("; it was interrupted, and those before that are kept too",
                                 "; đã bị gián đoạn, phần trước đó cũng đã được lưu"));
        if (m->error == 0 && m->bad) {
                buf_printf(&out,
                           tr("; %u stretches could not be read: ", "; %u đoạn không đọc được: "),
                           m->bad);
                buf_term(&out, span_str(phrase(what)));
        }
        if (m->error == 0)
                buf_char(&out, '\n');
        lang_current = before;
        end(n, i, m->error ? m->error : m->bad ? -EBADMSG : 0, &out);
        buf_deinit(&out);
        return 0;
}

void node_imports_end(struct node *n) {
        struct buf out = {0};

        buf_str(&out, "the node ends: import again what was not answered\n");
        while (n->imports.n)
                end(n, 0, -ESHUTDOWN, &out);
        buf_deinit(&out);
}
