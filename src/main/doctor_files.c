/* What lies on disk for a node: the configuration itself, its directories and keys, secrets, rules,
 * followed files. Who may read and change them matters as much as that they are there. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "main/doctor.h"
#include "main/phrases.h"
#include "main/rulebook.h"
#include "main/serve.h"
#include "os/os.h"
#include "rules/exceptions.h"

#define CONTROL_PATH_MAX 107u
#define EXCEPTIONS_BYTES ((size_t)1 << 20)

void doctor_who(struct doctor *d) {
        struct stat st;

        d->uid = geteuid();
        if (d->uid == 0 && os_stat(d->config->directory, &st) == 0)
                d->uid = st.st_uid;
        os_user_name(d->uid, d->user, sizeof(d->user));
}

/* Whether the node's user may do what `bits` (of "others": 4 read, 2 write, 1 enter) says. Asked as
 * that user, the kernel knows; asked by root, a group counts as his. */
static bool may(const struct doctor *d, const char *path, const struct stat *st, mode_t bits) {
        if (d->uid == 0 || d->uid == geteuid())
                return os_access(path, (int)bits) == 0; /* R_OK, W_OK, X_OK are these numbers */
        if (st->st_uid == d->uid)
                return (st->st_mode >> 6 & bits) == bits;
        return ((st->st_mode >> 3 | st->st_mode) & bits) == bits;
}

/* Somebody but root and the node's user may change it. */
static bool others_change(const struct doctor *d, const struct stat *st) {
        return (st->st_mode & 0022) || (st->st_uid != 0 && st->st_uid != d->uid);
}

static void missing(struct doctor *d, const char *check, const char *key, const char *path, int r) {
        doctor_say(d, DOCTOR_ERROR, check,
                   doctor_text(d,
                               tr("correct %s in the configuration, or put the file there",
                                  "sửa %s trong cấu hình, hoặc đặt tệp vào đó"),
                               key),
                   "%s: %s: %s", key, path, error_text(r));
}

/* ---- the configuration ---- */

static void config_file(struct doctor *d) {
        struct stat st;

        if (!d->config_path || os_stat(d->config_path, &st) < 0)
                return;
        if (others_change(d, &st))
                doctor_say(d, DOCTOR_ERROR, "permissions",
                           doctor_text(d, "chown root %s; chmod 644 %s", d->config_path,
                                       d->config_path),
                           tr("%s can be changed by others than root and %s",
                              "%s bị người khác ngoài root và %s sửa được"),
                           d->config_path, d->user);
}

/* ---- the directory ---- */

static void no_directory(struct doctor *d, const char *path) {
        char parent[1100];
        struct stat st;

        snprintf(parent, sizeof(parent), "%s", path);
        char *slash = strrchr(parent, '/');
        if (slash)
                *(slash == parent ? slash + 1 : slash) = '\0';
        if (!slash)
                snprintf(parent, sizeof(parent), ".");
        if (os_stat(parent, &st) == 0 && S_ISDIR(st.st_mode) && may(d, parent, &st, 3))
                doctor_say(d, DOCTOR_OK, "directory", NULL,
                           tr("%s is made at the first start", "%s sẽ được tạo khi chạy lần đầu"),
                           path);
        else
                doctor_say(d, DOCTOR_ERROR, "directory",
                           doctor_text(d, "install -d -m 0700 -o %s %s", d->user, path),
                           tr("%s is not there and %s cannot make it",
                              "không có %s và %s không tạo được"),
                           path, d->user);
}

static void one_directory(struct doctor *d, const char *path, bool top) {
        struct stat st;
        int r = os_stat(path, &st);

        if (r == -ENOENT && top)
                return no_directory(d, path);
        if (r < 0 && r != -ENOENT)
                doctor_say(d, DOCTOR_ERROR, "directory", doctor_text(d, "namei -l %s", path),
                           "%s: %s", path, error_text(r));
        if (r < 0)
                return;
        if (!S_ISDIR(st.st_mode)) {
                doctor_say(d, DOCTOR_ERROR, "directory",
                           tr("move it away, or name another directory",
                              "dời nó đi, hoặc chọn thư mục khác"),
                           tr("%s is no directory", "%s không phải thư mục"), path);
                return;
        }
        if (!may(d, path, &st, 7))
                doctor_say(d, DOCTOR_ERROR, "permissions",
                           doctor_text(d, "chown %s %s; chmod 700 %s", d->user, path, path),
                           tr("%s cannot write to %s", "%s không ghi được vào %s"), d->user, path);
        else if ((st.st_mode & 0077) || st.st_uid != d->uid)
                doctor_say(d, DOCTOR_WARNING, "permissions",
                           doctor_text(d, "chown %s %s; chmod 700 %s", d->user, path, path),
                           tr("%s is open to others than %s: events name people",
                              "%s mở cho người khác ngoài %s: sự kiện có tên người"),
                           path, d->user);
        else if (top)
                doctor_say(d, DOCTOR_OK, "directory", NULL, tr("%s is %s's alone", "%s chỉ của %s"),
                           path, d->user);
}

static void key_files(struct doctor *d, const char *directory) {
        char path[2048], **names = NULL;
        struct stat st;
        size_t n = 0;

        if (os_list_dir(directory, &names, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
                if (os_lstat(path, &st) < 0 || S_ISDIR(st.st_mode))
                        continue;
                if (!S_ISREG(st.st_mode) || (st.st_mode & 0077) || st.st_uid != d->uid)
                        doctor_say(d, DOCTOR_ERROR, "keys",
                                   doctor_text(d,
                                               tr("chown %s %s; chmod 600 %s; if a stranger may "
                                                  "have read it, tell whoever checks signatures",
                                                  "chown %s %s; chmod 600 %s; nếu người lạ có thể "
                                                  "đã đọc, hãy báo người kiểm tra chữ ký"),
                                               d->user, path, path),
                                   tr("%s must be a file that %s alone can read",
                                      "%s phải là tệp mà chỉ %s đọc được"),
                                   path, d->user);
        }
        free(names);
}

static void directories(struct doctor *d) {
        static const char *const subs[] = {"events", "state", "keys"};
        const char *top = d->config->directory;
        char path[1200];

        one_directory(d, top, true);
        for (size_t i = 0; i < ARRAY_LEN(subs); i++) {
                snprintf(path, sizeof(path), "%s/%s", top, subs[i]);
                one_directory(d, path, false);
        }
        key_files(d, path);
}

static void control(struct doctor *d) {
        const char *path = d->config->control;
        char parent[1100];
        struct stat st;
        size_t len = strlen(path);

        snprintf(parent, sizeof(parent), "%s", path);
        char *slash = strrchr(parent, '/');
        if (slash)
                *(slash == parent ? slash + 1 : slash) = '\0';
        if (len > CONTROL_PATH_MAX)
                doctor_say(d, DOCTOR_ERROR, "control",
                           tr("name a shorter path in 'control'",
                              "đặt đường dẫn ngắn hơn cho 'control'"),
                           tr("%s is longer than a socket's path may be (107 bytes)",
                              "%s dài quá mức cho phép của socket (107 byte)"),
                           path);
        else if (slash && strcmp(parent, d->config->directory) != 0 &&
                 (os_stat(parent, &st) < 0 || !S_ISDIR(st.st_mode) || !may(d, parent, &st, 3)))
                doctor_say(d, DOCTOR_ERROR, "control",
                           doctor_text(d,
                                       tr("install -d -m 0750 -o %s %s (or RuntimeDirectory=coloa "
                                          "in the unit)",
                                          "install -d -m 0750 -o %s %s (hoặc "
                                          "RuntimeDirectory=coloa trong unit)"),
                                       d->user, parent),
                           tr("%s cannot make its socket %s", "%s không tạo được socket %s"),
                           d->user, path);
        else
                doctor_say(d, DOCTOR_OK, "control", NULL, "%s: %s", path,
                           d->node_answers ? tr("a node answers", "có nút trả lời")
                                           : tr("no node runs now", "hiện không có nút nào chạy"));
}

/* ---- what the configuration names ---- */

static void secret(struct doctor *d, const char *key, const char *path) {
        struct stat st;

        if (!path)
                return;
        int r = os_stat(path, &st);
        if (r < 0)
                return missing(d, "secrets", key, path, r);
        if (!may(d, path, &st, 4))
                doctor_say(d, DOCTOR_ERROR, "secrets",
                           doctor_text(d, "chown %s %s; chmod 400 %s", d->user, path, path),
                           tr("%s: %s cannot read %s", "%s: %s không đọc được %s"), key, d->user,
                           path);
        else if ((st.st_mode & 0007) || (st.st_mode & 0020) ||
                 (st.st_uid != 0 && st.st_uid != d->uid))
                doctor_say(d, DOCTOR_ERROR, "secrets",
                           doctor_text(d,
                                       tr("chown %s %s; chmod 400 %s, and replace it: it may be "
                                          "known",
                                          "chown %s %s; chmod 400 %s, và thay mới: có thể đã lộ"),
                                       d->user, path, path),
                           tr("%s: %s is open to others", "%s: %s mở cho người khác"), key, path);
        else
                doctor_say(d, DOCTOR_OK, "secrets", NULL, "%s: %s", key, path);
}

static void readable(struct doctor *d, const char *key, const char *path) {
        struct stat st;

        if (!path)
                return;
        int r = os_stat(path, &st);
        if (r < 0)
                return missing(d, "rules", key, path, r);
        if (!may(d, path, &st, S_ISDIR(st.st_mode) ? 5 : 4))
                doctor_say(d, DOCTOR_ERROR, "rules", doctor_text(d, "chmod -R o+rX %s", path),
                           tr("%s: %s cannot read %s", "%s: %s không đọc được %s"), key, d->user,
                           path);
        else if (others_change(d, &st))
                doctor_say(d, DOCTOR_WARNING, "permissions",
                           doctor_text(d, "chown -R root %s; chmod -R go-w %s", path, path),
                           tr("%s: whoever may change %s decides what is found",
                              "%s: ai sửa được %s thì quyết định được điều gì bị phát hiện"),
                           key, path);
}

static void readables(struct doctor *d, const char *key, const char **paths, uint32_t n) {
        for (uint32_t i = 0; i < n; i++)
                readable(d, key, paths[i]);
}

static void pattern(struct doctor *d, const struct config_source *s, const char *glob) {
        unsigned refused = 0;
        char **names = NULL;
        const char *first = NULL;
        struct stat st;
        size_t n = 0;
        int r = os_glob(glob, &names, &n);

        for (size_t i = 0; r == 0 && i < n; i++) {
                int e = os_stat(names[i], &st);

                if (e == -EACCES || (e == 0 && !may(d, names[i], &st, 4))) {
                        first = first ? first : doctor_text(d, "%s", names[i]);
                        refused++;
                }
        }
        free(names);
        if (r < 0 || n == 0)
                doctor_say(d, DOCTOR_WARNING, "files",
                           tr("correct 'files'; a file that comes later is followed by itself",
                              "sửa 'files'; tệp xuất hiện sau sẽ tự được theo dõi"),
                           tr("source %s: no file matches %s", "nguồn %s: không tệp nào khớp %s"),
                           s->name, glob);
        else if (refused)
                doctor_say(d, DOCTOR_ERROR, "files",
                           doctor_text(d,
                                       tr("give %s the right to read, such as by its group: "
                                          "usermod -aG adm %s",
                                          "cho %s quyền đọc, ví dụ qua nhóm: usermod -aG adm %s"),
                                       d->user, d->user),
                           tr("source %s: %u files of %s cannot be read, such as %s",
                              "nguồn %s: %u tệp của %s không đọc được, ví dụ %s"),
                           s->name, refused, glob, first);
        else
                doctor_say(d, DOCTOR_OK, "files", NULL,
                           tr("source %s: %zu files match %s", "nguồn %s: %zu tệp khớp %s"),
                           s->name, n, glob);
}

static void sources(struct doctor *d) {
        const struct config *c = d->config;

        for (uint32_t i = 0; i < c->n_sources; i++) {
                const struct config_source *s = &c->sources[i];

                secret(d, "tokens", s->tokens);
                for (uint32_t k = 0; k < s->n_files; k++)
                        pattern(d, s, s->files[k]);
                if (s->journal && os_access("/usr/bin/journalctl", X_OK) < 0)
                        doctor_say(d, DOCTOR_ERROR, "files",
                                   tr("install systemd's journalctl, or take 'journal' away",
                                      "cài journalctl của systemd, hoặc bỏ 'journal'"),
                                   tr("source %s: there is no /usr/bin/journalctl",
                                      "nguồn %s: không có /usr/bin/journalctl"),
                                   s->name);
        }
        if (c->n_sources == 0)
                doctor_say(d, DOCTOR_WARNING, "sources",
                           tr("name who may send, under 'sources'",
                              "khai báo ai được gửi, trong 'sources'"),
                           "%s",
                           tr("no source is named: senders are refused or quarantined",
                              "chưa khai báo nguồn: máy gửi bị từ chối hoặc cách ly"));
}

void doctor_files(struct doctor *d) {
        const struct config *c = d->config;

        config_file(d);
        directories(d);
        control(d);
        secret(d, "tls.key", c->tls.key);
        for (uint32_t i = 0; i < c->n_listen; i++)
                secret(d, "listen.tls.key", c->listen[i].tls.key);
        secret(d, "courier.mail.password-file", c->courier.mail.password_file);
        readable(d, "courier.mail.ca-file", c->courier.mail.ca_file);
        for (uint32_t i = 0; i < c->courier.n_hooks; i++) {
                secret(d, "courier.webhooks.secret-file", c->courier.hooks[i].secret_file);
                readable(d, "courier.webhooks.ca-file", c->courier.hooks[i].ca_file);
        }
        readable(d, "courier.authorities", c->courier.authorities);
        readables(d, "rules", c->rules, c->n_rules);
        readables(d, "placeholders", c->placeholders, c->n_placeholders);
        readables(d, "regimes", c->regimes, c->n_regimes);
        readables(d, "intel", c->intel.files, c->intel.n_files);
        readables(d, "warning-lists", c->intel.warnings, c->intel.n_warnings);
        readable(d, "logsources", c->logsources);
        readable(d, "exceptions", c->exceptions);
        sources(d);
}

static void exceptions(struct doctor *d) {
        _cleanup_(exceptions_freep) struct exceptions *x = NULL;
        _cleanup_(buf_deinit) struct buf why = {0};
        const char *path = d->config->exceptions;
        char *text;
        size_t len;

        if (!path || os_read_file(path, EXCEPTIONS_BYTES, &text, &len) < 0)
                return; /* told already */
        int r = exceptions_parse(&x, span_str(path), span_of(text, len), os_now(), &why);
        free(text);
        struct span first = buf_get(&why);
        const char *nl = first.len ? memchr(first.p, '\n', first.len) : NULL;
        if (nl)
                first.len = (size_t)(nl - first.p);
        if (r != 0)
                doctor_say(d, DOCTOR_ERROR, "exceptions",
                           doctor_text(d, "coloa alerts check %s", path), "%s: %.*s", path,
                           first.len ? (int)first.len : 1, first.len ? first.p : "?");
        else
                doctor_say(d, DOCTOR_OK, "exceptions", NULL,
                           tr("%s: %u exceptions", "%s: %u ngoại lệ"), path, exceptions_count(x));
}

static void regimes(struct doctor *d) {
        struct rulebook b = {.program_fd = -1};
        int r = rulebook_regimes(&b, d->config->regimes, d->config->n_regimes, d->landlock);

        if (r < 0) {
                doctor_say(d, DOCTOR_ERROR, "regimes",
                           tr("look at the paths of 'regimes'", "xem các đường dẫn của 'regimes'"),
                           tr("the regimes cannot be read: %s", "không đọc được bộ quy định: %s"),
                           error_text(r));
                return;
        }
        rulebook_clean(&b);
        struct span first = span_of(b.text, b.text_len);
        const char *nl = b.done.n_errors && first.len ? memchr(first.p, '\n', first.len) : NULL;
        if (nl)
                doctor_say(d, DOCTOR_ERROR, "regimes", tr("doc/regimes.md", "doc/regimes.vi.md"),
                           "%.*s", (int)(nl - first.p), first.p);
        else
                doctor_say(d, DOCTOR_OK, "regimes", NULL, "%s",
                           tr("the law's deadlines and forms can be read",
                              "đọc được thời hạn và biểu mẫu của luật"));
        rulebook_deinit(&b);
}

static void indicators(struct doctor *d, const struct rulebook *b) {
        const char *look = tr("'coloa intel check FILES' says why", "xem 'coloa intel check TỆP'");

        if (d->config->intel.n_files == 0)
                return;
        if (b->done.n_intel_errors || b->done.n_indicators == 0)
                doctor_say(d, DOCTOR_WARNING, "intel", look,
                           tr("%u indicators are in force; %u errors in their files",
                              "%u chỉ dấu có hiệu lực; %u lỗi trong các tệp"),
                           b->done.n_indicators, b->done.n_intel_errors);
        else
                doctor_say(d, DOCTOR_OK, "intel", NULL,
                           tr("%u indicators: %u addresses, %u domain names, %u URLs, %u hashes, "
                              "%u JA3; left out: %u, of them expired: %u",
                              "%u chỉ dấu: %u địa chỉ, %u tên miền, %u URL, %u mã băm, %u JA3; "
                              "bỏ ra: %u, trong đó hết hạn: %u"),
                           b->done.n_indicators, b->done.intel_kinds[KIND_ADDRESS],
                           b->done.intel_kinds[KIND_DOMAIN], b->done.intel_kinds[KIND_URL],
                           b->done.intel_kinds[KIND_HASH], b->done.intel_kinds[KIND_JA3],
                           b->done.n_intel_left, b->done.n_intel_expired);
}

void doctor_rules(struct doctor *d) {
        struct rulebook_intel intel;
        struct rulebook_options o;
        const char *look = tr("'coloa rules check PATH' says why", "xem 'coloa rules check PATH'");
        struct rulebook b = {.program_fd = -1};

        exceptions(d);
        regimes(d);
        serve_rules(d->config, d->landlock, &intel, &o);
        int r = rulebook_load(&b, &o);
        if (r < 0) {
                doctor_say(d, DOCTOR_ERROR, "rules", look,
                           tr("the rules cannot be read: %s", "không đọc được quy tắc: %s"),
                           error_text(r));
                return;
        }
        if (b.done.n_rules == 0)
                doctor_say(d, DOCTOR_ERROR, "rules", look, "%s",
                           tr("not one rule is in force", "không có quy tắc nào có hiệu lực"));
        else if (b.done.n_refused)
                doctor_say(d, DOCTOR_WARNING, "rules", look,
                           tr("%u rules are refused, %u in force",
                              "%u quy tắc bị từ chối, %u có hiệu lực"),
                           b.done.n_refused, b.done.n_rules);
        else
                doctor_say(d, DOCTOR_OK, "rules", NULL,
                           tr("%u rules, %u correlations", "%u quy tắc, %u tương quan"),
                           b.done.n_rules, b.done.n_correlations);
        indicators(d, &b);
        rulebook_deinit(&b);
}
