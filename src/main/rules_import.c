/* See rules_import.h.
 *
 * The files are judged by the rules process, then written to TO.new, synced, and put in place by
 * one rename (an exchange when TO exists). At every moment TO is either the old set or the new one.
 */
#include "main/rules_import.h"
#include "main/phrases.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "main/inputs.h"
#include "wire/bundle.h"

#define SHOWN_MAX 50u

struct import {
        const char *from, *to;
        char fresh[4096], previous[4096];
        struct buf bundle;       /* the files */
        struct rulebook verdict; /* its text: "ok" or "refused", one line per file, in the
                                    bundle's order */
        unsigned added, changed, same, removed, refused, shown;
};

static void show(struct import *m, const char *what, struct span name) {
        _cleanup_(buf_deinit) struct buf b = {0};

        buf_term(&b, name); /* a zip's names are whatever its maker wrote */
        if (m->shown++ < SHOWN_MAX)
                printf("%s %.*s\n", what, (int)b.len, b.p ? b.p : "");
        else if (m->shown == SHOWN_MAX + 1)
                puts("…");
}

/* The path inside the set: without what the user typed to name the source. Absolute or climbing
 * names are refused. */
static bool inner_name(const struct import *m, struct span full, struct span *ret) {
        struct span from = span_str(m->from), s = full;

        if (span_starts(s, from))
                s = span_of(s.p + from.len, s.len - from.len);
        while (s.len && (*s.p == '/' || *s.p == '!' || *s.p == ':'))
                s.p++, s.len--;
        if (s.len == 0) { /* the source is a single file */
                const char *slash = memrchr(full.p, '/', full.len);
                s = slash ? span_of(slash + 1, (size_t)(full.p + full.len - slash - 1)) : full;
        }
        if (s.len == 0 || s.len > 1024 || memchr(s.p, '\0', s.len) || memmem(s.p, s.len, "..", 2) ||
            *s.p == '/')
                return false;
        *ret = s;
        return true;
}

static int make_parents(char *path, size_t root_len) {
        for (char *p = path + root_len + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = '\0';
                int r = os_mkdir(path, 0755);
                *p = '/';
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return 0;
}

static int write_one(struct import *m, struct span name, struct span data) {
        char path[8192], old[8192], *text;
        size_t len;
        int n = snprintf(path, sizeof(path), "%s/%.*s", m->fresh, (int)name.len, name.p);

        if (n < 0 || (size_t)n >= sizeof(path))
                return -ENAMETOOLONG;
        int r = make_parents(path, strlen(m->fresh));
        if (r == 0)
                r = os_write_file(path, data.p, data.len, 0644);
        if (r < 0)
                return r;
        snprintf(old, sizeof(old), "%s/%.*s", m->to, (int)name.len, name.p);
        r = os_read_file(old, (size_t)64 << 20, &text, &len);
        if (r < 0) {
                m->added++;
                show(m, "+", name);
                return 0;
        }
        if (span_eq(span_of(text, len), data)) {
                m->same++;
        } else {
                m->changed++;
                show(m, "~", name);
        }
        free(text);
        return 0;
}

/* What the old set has and the new one lacks. */
static int count_removed(struct import *m) {
        struct inputs in = {0};
        struct stat st;

        if (os_stat(m->to, &st) < 0)
                return 0;
        int r = inputs_add(&in, m->to, rulebook_complain, &(int){0});
        for (uint32_t i = 0; i < in.n && r == 0; i++) {
                char path[8192];
                const char *rest = in.list[i].path + strlen(m->to);

                snprintf(path, sizeof(path), "%s%s%s", m->fresh, *rest == '/' ? "" : "/", rest);
                if (os_stat(path, &st) < 0) {
                        m->removed++;
                        show(m, "-", span_str(rest + (*rest == '/')));
                }
        }
        inputs_deinit(&in);
        return r;
}

/* The next line of the verdict: whether this file may come in. */
static bool next_verdict(struct span *s, bool *ret_ok) {
        const char *end = memchr(s->p, '\n', s->len);

        if (!end)
                return false;
        *ret_ok = span_starts(*s, SPAN("ok\n"));
        s->len -= (size_t)(end + 1 - s->p);
        s->p = end + 1;
        return true;
}

static int write_all(struct import *m) {
        struct span verdict = span_of(m->verdict.text, m->verdict.text_len);
        struct bundle_entry e;
        size_t pos = 0;
        int r;

        while ((r = bundle_next(buf_get(&m->bundle), &pos, &e)) == 1) {
                struct span name;
                bool ok;

                if (e.kind != BUNDLE_RULE)
                        continue;
                if (!next_verdict(&verdict, &ok))
                        return -EBADMSG;
                if (!ok || !inner_name(m, e.name, &name)) {
                        m->refused++;
                        show(m, "!", e.name);
                        continue;
                }
                r = write_one(m, name, e.data);
                if (r < 0)
                        return r;
        }
        return r;
}

static int put_in_place(struct import *m) {
        struct stat st;

        if (os_stat(m->to, &st) < 0)
                return os_rename(m->fresh, m->to);
        int r = os_exchange(m->fresh, m->to);
        if (r < 0)
                return r;
        /* What was there until now stands under the new set's former name: keep it as the previous
         * one. */
        os_remove_tree(m->previous);
        return os_rename(m->fresh, m->previous);
}

/* What an import may take away is what an import wrote: rule files. Anything else there means that
 * the name is of something that is not ours. */
static int check_only_rules(const char *dir) {
        struct inputs in = {0};
        struct stat st;

        if (os_stat(dir, &st) < 0)
                return 0;
        int r = S_ISDIR(st.st_mode) ? inputs_add(&in, dir, rulebook_complain, &(int){0}) : -ENOTDIR;
        for (uint32_t i = 0; i < in.n && r == 0; i++) {
                struct span name = span_str(in.list[i].path);
                if (span_ends(name, SPAN(".yml")) || span_ends(name, SPAN(".yaml")))
                        continue;
                fprintf(stderr, "coloa rules import: %s: %s\n", in.list[i].path,
                        tr("is no rule, so this folder was not made by an import: give --to its "
                           "own",
                           "không phải quy tắc, nên thư mục này không do import tạo: hãy chọn --to "
                           "riêng"));
                r = -EEXIST;
        }
        inputs_deinit(&in);
        return r;
}

static int judge(struct import *m, struct rulebook_options *o) {
        const char *one[1] = {m->from};

        o->rules = one;
        o->n_rules = 1;
        o->job = RULES_IMPORT;
        int r = rulebook_gather(&m->bundle, o);
        if (r == 0)
                r = rulebook_run(&m->verdict, o, buf_get(&m->bundle));
        return r;
}

static int run(struct import *m, struct rulebook_options *o, bool skip_refused) {
        int r = judge(m, o);

        if (r < 0)
                return r;
        if (m->verdict.done.n_rules + m->verdict.done.n_correlations == 0)
                return -ENODATA;
        if (!skip_refused && memmem(m->verdict.text, m->verdict.text_len, "refused\n", 8))
                return -EKEYREJECTED;
        const char *taken[] = {m->to, m->fresh, m->previous};
        for (size_t i = 0; i < ARRAY_LEN(taken); i++)
                if ((r = check_only_rules(taken[i])) < 0)
                        return r;
        os_remove_tree(m->fresh);
        r = os_mkdir(m->fresh, 0755);
        if (r < 0)
                fprintf(stderr, "coloa: %s: %s\n", m->fresh, error_text(r));
        if (r == 0)
                r = write_all(m);
        if (r == 0)
                r = count_removed(m);
        /* The same again leaves everything, the previous set too. */
        bool news = m->added || m->changed || m->removed;
        if (r == 0 && news)
                r = put_in_place(m);
        if (r < 0 || !news)
                os_remove_tree(m->fresh);
        return r;
}

int rules_import(struct rulebook_options *o, const char *from, const char *to, bool skip_refused) {
        struct import m = {.from = from, .to = to, .verdict.program_fd = -1};
        int r = -ENAMETOOLONG;

        if (snprintf(m.fresh, sizeof(m.fresh), "%s.new", to) < (int)sizeof(m.fresh) &&
            snprintf(m.previous, sizeof(m.previous), "%s.previous", to) < (int)sizeof(m.previous))
                r = run(&m, o, skip_refused);
        if (r == -EKEYREJECTED) {
                fputs(tr("coloa rules import: nothing was changed: some files cannot be used "
                         "('coloa rules check' says why); "
                         "--skip-refused leaves them out\n",
                         "coloa rules import: không thay đổi gì: có tệp không dùng được ('coloa "
                         "rules check' cho biết vì sao); "
                         "--skip-refused để bỏ qua chúng\n"),
                      stderr);
        } else if (r == -ENODATA) {
                fputs(tr("coloa rules import: nothing was changed: no usable rule there\n",
                         "coloa rules import: không thay đổi gì: không có quy tắc dùng được\n"),
                      stderr);
        } else if (r < 0) {
                fprintf(stderr, "coloa rules import: %s: %s\n",
                        tr("nothing was changed", "không thay đổi gì"), error_text(r));
        } else {
                printf(tr("%u added, %u changed, %u removed, %u as before, %u left out; %u rules "
                          "and %u correlations usable\n",
                          "thêm %u, đổi %u, bỏ %u, giữ nguyên %u, loại %u; dùng được %u quy tắc và "
                          "%u tương quan\n"),
                       m.added, m.changed, m.removed, m.same, m.refused, m.verdict.done.n_rules,
                       m.verdict.done.n_correlations);
        }
        buf_deinit(&m.bundle);
        rulebook_deinit(&m.verdict);
        return r == 0 ? 0 : r == -EKEYREJECTED || r == -ENODATA ? 1 : 3;
}
