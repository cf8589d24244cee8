/* The part of the configuration that says what restore drills read, and where to (config.h). */
#include "base/lang.h"
#include "main/config_impl.h"

static const struct key repository_keys[] = {
        {"name", TEXT, AT(config_repository, name), 0, NULL},
        {"kind", TEXT, AT(config_repository, kind), 0, NULL},
        {"path", TEXT, AT(config_repository, path), 0, NULL},
        {"password-file", TEXT, AT(config_repository, password), 0, NULL},
        {"system", TEXT, AT(config_repository, system), 0, NULL},
        {"every", SECONDS, AT(config_repository, every_s), 0, NULL},
        {"rto", SECONDS, AT(config_repository, rto_s), 0, NULL},
        {"rpo", SECONDS, AT(config_repository, rpo_s), 0, NULL},
        {"sample", NUMBER, AT(config_repository, sample), 0, NULL},
        {"whole", BOOLEAN, AT(config_repository, whole), 0, NULL},
        {"files", TEXTS, AT(config_repository, files), AT(config_repository, n_files), NULL},
        {"expect", TEXTS, AT(config_repository, expect), AT(config_repository, n_expect), NULL},
};

static void own_repositories(struct reader *r, const struct node *n, void *to) {
        struct config_recovery *c = &r->c->recovery;

        if (n->kind != NODE_LIST || n->n > CONFIG_REPOSITORIES_MAX)
                return config_wrong(r, n,
                                    tr("repositories is a list of at most %u",
                                       "repositories là danh sách tối đa %u mục"),
                                    CONFIG_REPOSITORIES_MAX);
        c->list = arena_array(&r->c->arena, n->n + 1, sizeof(*c->list));
        for (const struct node *i = n->first; i && c->list; i = i->next) {
                struct config_repository *p = &c->list[c->n++];

                *p = (struct config_repository){.line = i->line, .sample = 20};
                config_read_map(r, i, repository_keys, ARRAY_LEN(repository_keys), p);
        }
}

static const struct key recovery_keys[] = {
        {"scratch", TEXT, AT(config_recovery, scratch), 0, NULL},
        {"quota", BYTES, AT(config_recovery, quota), 0, NULL},
        {"time-limit", SECONDS, AT(config_recovery, limit_s), 0, NULL},
        {"repositories", OWN, 0, 0, own_repositories},
};

void config_own_recovery(struct reader *r, const struct node *n, void *to) {
        config_read_map(r, n, recovery_keys, ARRAY_LEN(recovery_keys), to);
}

static void complain(struct reader *r, uint32_t line, const char *what, const char *name) {
        struct node n = {.line = line, .column = 1};

        config_wrong(r, &n, "%s '%s'", what, name);
}

static bool printable(const char *s) {
        for (; *s; s++)
                if (*s < ' ' || *s > '~')
                        return false;
        return true;
}

static bool expect_good(const char *s) {
        const char *hex = strrchr(s, ' ');

        return hex && hex > s && strlen(hex + 1) == 64 && strspn(hex + 1, "0123456789abcdef") == 64;
}

static const char *repository_fault(const struct config *c, const struct config_repository *p) {
        if (!p->name || !*p->name || strlen(p->name) >= SOURCE_NAME_MAX || !printable(p->name))
                return tr("a repository needs a name of 1 to 59 printable ASCII characters, not",
                          "kho cần tên 1 đến 59 ký tự ASCII in được, không phải");
        if (!p->kind || (strcmp(p->kind, "restic") != 0 && strcmp(p->kind, "borg") != 0))
                return tr("kind is restic or borg, in", "kind là restic hoặc borg, ở");
        if (!p->path || *p->path != '/' || !p->password || *p->password != '/')
                return tr("path and password-file are whole paths, in",
                          "path và password-file là đường dẫn đầy đủ, ở");
        if (p->sample < 1 || p->sample > 64 || p->n_files > 64 || p->n_expect > 64)
                return tr("sample is 1 to 64, files and expect at most 64, in",
                          "sample từ 1 đến 64, files và expect tối đa 64, ở");
        for (uint32_t i = 0; i < p->n_expect; i++)
                if (!expect_good(p->expect[i]))
                        return tr("expect is a list of 'PATH SHA-256', in",
                                  "expect là danh sách 'ĐƯỜNG_DẪN SHA-256', ở");
        for (const struct config_repository *k = c->recovery.list; k < p; k++)
                if (k->name && strcmp(k->name, p->name) == 0)
                        return tr("two repositories are named", "hai kho trùng tên");
        return NULL;
}

void config_check_recovery(struct reader *r) {
        const struct config_recovery *c = &r->c->recovery;

        if (c->n && (!c->scratch || *c->scratch != '/' || !c->scratch[1]))
                complain(r, c->list[0].line,
                         tr("restore drills need a scratch folder, a whole path: recovery.scratch",
                            "thử khôi phục cần thư mục tạm, đường dẫn đầy đủ: recovery.scratch"),
                         c->scratch ? c->scratch : "");
        for (uint32_t i = 0; i < c->n; i++) {
                const char *fault = repository_fault(r->c, &c->list[i]);

                if (fault)
                        complain(r, c->list[i].line, fault, c->list[i].name ? c->list[i].name : "");
        }
}
