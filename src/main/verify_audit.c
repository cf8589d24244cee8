/* `coloa verify` of a node's audit log: its chain of hashes, the heads that the vault signed (wire/audit_head.h), the
 * vault's own file of the last one, and heads that somebody kept elsewhere.
 *
 *   - An entry that was changed, inserted or taken out does not follow; a chain that was made anew from there has another
 *     hash where a head says one.
 *   - A log cut off is shorter than its last head says.
 *   - Heads are numbered and name the one before: one that was taken out, or put in, does not follow.
 *   - The vault's file has the last head, and nobody else may write it: heads cut off with the log, or an older state put
 *     back, are behind it; an older file put back is behind the heads.
 *   - All of it put back together looks like what it was then. Only a head that was kept elsewhere shows that.
 *
 * The vault's file is read before and after, as a node that runs writes it between (always before the state). */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "desk/state.h"
#include "main/phrases.h"
#include "main/verify_audit.h"
#include "os/os.h"

#define KEPT_MAX 10000u
#define SAID_MAX 20u
#define FILE_MAX ((size_t)16 << 20)

struct point {
        struct audit_signed head;
        bool of_vault; /* else: kept elsewhere */
};

struct look {
        struct state *state;
        const unsigned char *key; /* NULL: any */
        struct point *points;     /* by their number of entries */
        size_t n_points, at;
        struct audit_signed head, last; /* at hand; the last that was good */
        bool begun, there, has_last;
        uint64_t heads, entries, breaks, others;
};

_printf_(2, 3) static void broken(struct look *l, const char *fmt, ...) {
        va_list ap;

        if (l->breaks++ >= SAID_MAX)
                return;
        fputs(tr("BROKEN audit log: ", "ĐỨT nhật ký kiểm toán: "), stdout);
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
}

/* ---- heads ---- */

/* Its own sense, and that it follows the one before. */
static void look_at_head(struct look *l) {
        unsigned char hash[AUDIT_HASH_BYTES];
        unsigned long long number = l->head.head.number;

        l->heads++;
        if (!audit_head_good(&l->head)) {
                broken(l,
                       tr("head %llu is not one, or its signature is wrong",
                          "đầu nhật ký %llu không đúng, hoặc chữ ký sai"),
                       number);
                return;
        }
        if (l->key && memcmp(l->key, l->head.key, sizeof(l->head.key)) != 0)
                broken(l,
                       tr("head %llu is signed by another key",
                          "đầu nhật ký %llu được ký bằng khóa khác"),
                       number);
        l->others += l->has_last && memcmp(l->last.key, l->head.key, sizeof(l->head.key)) != 0;
        audit_head_hash(hash, &l->last);
        if (l->has_last ? number != l->last.head.number + 1 ||
                                  memcmp(hash, l->head.head.before, sizeof(hash)) != 0
                        : number != 1 || !sodium_is_zero(l->head.head.before, sizeof(hash)))
                broken(l,
                       tr("head %llu does not follow head %llu: some were removed or put in",
                          "đầu nhật ký %llu không nối tiếp đầu %llu: có bản bị xóa hoặc chèn"),
                       number, (unsigned long long)(l->has_last ? l->last.head.number : 0));
        if (l->has_last && l->head.head.entries < l->last.head.entries)
                broken(l,
                       tr("head %llu has fewer entries than the one before",
                          "đầu nhật ký %llu có ít mục hơn đầu trước đó"),
                       number);
        l->last = l->head;
        l->has_last = true;
}

static int next_head(struct look *l) {
        int r = state_next_head(l->state, &l->begun, &l->head);

        l->there = r == 1;
        if (l->there)
                look_at_head(l);
        return MIN(r, 0);
}

static void hold_against(struct look *l, const struct audit_head *h, uint64_t n,
                         const unsigned char *hash, const char *whose) {
        if (h->entries == n && memcmp(h->hash, hash, AUDIT_HASH_BYTES) != 0)
                broken(l,
                       tr("entry %llu is not the one that %s %llu was signed of",
                          "mục %llu không phải mục mà %s %llu đã ký"),
                       (unsigned long long)n, whose, (unsigned long long)h->number);
}

static const char *whose(const struct point *p) {
        return !p            ? tr("head", "đầu nhật ký")
               : p->of_vault ? tr("the vault's own head", "đầu nhật ký của kho khóa")
                             : tr("the head that was kept,", "đầu nhật ký đã lưu,");
}

static int entry(void *ctx, uint64_t n, const unsigned char hash[AUDIT_HASH_BYTES]) {
        struct look *l = ctx;

        l->entries = n;
        for (; l->at < l->n_points && l->points[l->at].head.head.entries <= n; l->at++)
                hold_against(l, &l->points[l->at].head.head, n, hash, whose(&l->points[l->at]));
        while (l->there && l->head.head.entries <= n) {
                hold_against(l, &l->head.head, n, hash, whose(NULL));
                int r = next_head(l);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What is of more entries than there are. */
static int rest(struct look *l) {
        for (; l->at < l->n_points; l->at++) {
                const struct point *p = &l->points[l->at];

                if (p->head.head.entries > l->entries)
                        broken(l,
                               tr("%s %llu was of %llu entries: %llu are missing at the end",
                                  "%s %llu có %llu mục: thiếu %llu mục ở cuối"),
                               whose(p), (unsigned long long)p->head.head.number,
                               (unsigned long long)p->head.head.entries,
                               (unsigned long long)(p->head.head.entries - l->entries));
        }
        while (l->there) {
                if (l->head.head.entries > l->entries)
                        broken(l,
                               tr("head %llu is of %llu entries: %llu are missing at the end",
                                  "đầu nhật ký %llu có %llu mục: thiếu %llu mục ở cuối"),
                               (unsigned long long)l->head.head.number,
                               (unsigned long long)l->head.head.entries,
                               (unsigned long long)(l->head.head.entries - l->entries));
                int r = next_head(l);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- the vault's file ---- */

/* false: there is none, or nothing good in it. */
static bool read_vault(const char *dir, struct audit_signed *ret) {
        char path[4096 + 64], *text = NULL;
        unsigned slot;
        size_t len;

        snprintf(path, sizeof(path), "%s/" AUDIT_HEAD_FILE, dir);
        int r = os_read_file(path, FILE_MAX, &text, &len);
        if (r == 0)
                r = audit_head_last(span_of(text, len), ret, &slot);
        free(text);
        base_fail_clear();
        return r == 0;
}

static void look_at_vault(struct look *l, const struct audit_signed *before,
                          const struct audit_signed *after) {
        uint64_t mine = l->has_last ? l->last.head.number : 0;
        unsigned char hash[AUDIT_HASH_BYTES];

        if (l->key && memcmp(l->key, after->key, sizeof(after->key)) != 0)
                broken(l, "%s",
                       tr("state/audit.head is signed by another key",
                          "state/audit.head được ký bằng khóa khác"));
        audit_head_hash(hash, &l->last);
        if (mine > after->head.number)
                broken(l,
                       tr("state/audit.head is of head %llu, older than head %llu of the log: "
                          "it was put back",
                          "state/audit.head là đầu %llu, cũ hơn đầu %llu của nhật ký: đã bị đặt "
                          "lại bản cũ"),
                       (unsigned long long)after->head.number, (unsigned long long)mine);
        else if (mine + 1 < before->head.number)
                broken(l,
                       tr("the log's last head is %llu, but the vault signed head %llu: heads "
                          "were removed, or an older state was put back",
                          "đầu cuối của nhật ký là %llu, nhưng kho khóa đã ký đầu %llu: có đầu "
                          "bị xóa, hoặc trạng thái cũ đã bị đặt lại"),
                       (unsigned long long)mine, (unsigned long long)before->head.number);
        else if ((mine == before->head.number && memcmp(&l->last, before, sizeof(*before)) != 0) ||
                 (mine && mine + 1 == before->head.number &&
                  memcmp(hash, before->head.before, sizeof(hash)) != 0))
                broken(l,
                       tr("state/audit.head says another head %llu than the log",
                          "state/audit.head ghi đầu %llu khác với nhật ký"),
                       (unsigned long long)before->head.number);
}

/* ---- heads that were kept ---- */

static int compare(const void *a, const void *b) {
        uint64_t x = ((const struct point *)a)->head.head.entries,
                 y = ((const struct point *)b)->head.head.entries;

        return x < y ? -1 : x > y;
}

/* Any text: every line, or end of one, that begins with a head's name. */
static int read_kept(struct look *l, const char *path, struct span text) {
        size_t found = 0;

        while (text.len && l->n_points < KEPT_MAX) {
                const char *end = memchr(text.p, '\n', text.len);
                struct span line = span_of(text.p, end ? (size_t)(end - text.p) : text.len);
                const char *at =
                        memmem(line.p, line.len, AUDIT_HEAD_NAME " ", sizeof(AUDIT_HEAD_NAME));

                text = span_of(line.p + line.len + (end != NULL),
                               text.len - line.len - (end != NULL));
                if (!at)
                        continue;
                line = span_of(at, line.len - (size_t)(at - line.p));
                while (line.len && (line.p[line.len - 1] == ' ' || line.p[line.len - 1] == '\r'))
                        line.len--;
                struct point *p = &l->points[l->n_points];
                *p = (struct point){0};
                if (audit_head_read(line, &p->head) < 0) {
                        broken(l,
                               tr("%s: a line is no head, or its signature is wrong",
                                  "%s: có dòng không phải đầu nhật ký, hoặc chữ ký sai"),
                               path);
                        continue;
                }
                if (l->key && memcmp(l->key, p->head.key, sizeof(p->head.key)) != 0)
                        broken(l,
                               tr("%s: head %llu is signed by another key",
                                  "%s: đầu %llu được ký bằng khóa khác"),
                               path, (unsigned long long)p->head.head.number);
                l->n_points++;
                found++;
        }
        printf(tr("heads that were kept: %zu in %s\n", "đầu nhật ký đã lưu: %zu trong %s\n"), found,
               path);
        return found ? 0 : -ENOENT;
}

static void print_heads(const struct look *l) {
        _cleanup_(buf_deinit) struct buf b = {0};
        char time[40];

        if (!l->has_last)
                return;
        time[time_format(time, l->last.head.time, 0)] = '\0';
        printf(tr("its signed heads: %llu, the last at %s covers entries up to %llu; %llu after "
                  "it\n",
                  "đầu nhật ký đã ký: %llu, mới nhất lúc %s bao gồm đến mục %llu; sau đó còn %llu "
                  "mục\n"),
               (unsigned long long)l->heads, time, (unsigned long long)l->last.head.entries,
               (unsigned long long)(l->entries - MIN(l->last.head.entries, l->entries)));
        if (l->others)
                printf(tr("its heads are signed by more than one key: the key changed %llu times\n",
                          "các đầu nhật ký được ký bằng nhiều khóa: khóa đã đổi %llu lần\n"),
                       (unsigned long long)l->others);
        audit_head_text(&b, &l->last);
        printf(tr("keep this line elsewhere, to check the log by it later (--head):\n%.*s\n",
                  "hãy lưu dòng này ở nơi khác để sau này kiểm tra nhật ký (--head):\n%.*s\n"),
               (int)b.len, b.p ? b.p : "");
}

/* ---- all of it ---- */

static int walk(struct look *l, uint64_t *ret_bad) {
        static const unsigned char none[AUDIT_HASH_BYTES];
        uint64_t n = 0;
        int r = state_hold(l->state);

        if (r == 0)
                r = state_has_heads(l->state);
        if (r == 1)
                r = next_head(l);
        if (r == 0)
                r = entry(l, 0, none);
        if (r == 0)
                r = state_audit_walk(l->state, entry, l, &n, ret_bad);
        if (r == 0)
                r = rest(l);
        state_let_go(l->state);
        return r;
}

static int check(struct look *l, const char *dir) {
        struct audit_signed before = {0}, after = {0};
        uint64_t bad = 0;
        bool vault = read_vault(dir, &before);

        if (vault)
                l->points[l->n_points++] = (struct point){before, true};
        qsort(l->points, l->n_points, sizeof(*l->points), compare);
        int r = walk(l, &bad);
        if (bad) {
                printf(tr("audit log: changed at entry %llu\n",
                          "nhật ký kiểm toán: bị sửa ở mục %llu\n"),
                       (unsigned long long)bad);
                return 1;
        }
        if (r < 0)
                return r;
        if (vault && read_vault(dir, &after))
                look_at_vault(l, &before, &after);
        else if (l->entries || l->heads)
                broken(l, "%s",
                       tr("state/audit.head, the vault's own head, is missing or damaged: it was "
                          "removed, or this state never saw a node of this version",
                          "thiếu hoặc hỏng state/audit.head, đầu nhật ký của kho khóa: đã bị xóa, "
                          "hoặc nút phiên bản này chưa từng chạy với trạng thái này"));
        for (size_t i = 0; i < l->n_points && vault; i++)
                if (!l->points[i].of_vault && l->points[i].head.head.number > after.head.number)
                        broken(l,
                               tr("head %llu was kept, and the last one here is %llu: an older "
                                  "state was put back",
                                  "đầu %llu đã được lưu, mà đầu cuối ở đây là %llu: trạng thái "
                                  "cũ đã bị đặt lại"),
                               (unsigned long long)l->points[i].head.head.number,
                               (unsigned long long)after.head.number);
        if (l->breaks)
                return 1;
        printf(tr("audit log: whole, %llu entries\n", "nhật ký kiểm toán: nguyên vẹn, %llu mục\n"),
               (unsigned long long)l->entries);
        print_heads(l);
        return 0;
}

int verify_audit(const struct verify_audit *o) {
        struct look l = {.key = o->key};
        char file[4096 + 64];

        snprintf(file, sizeof(file), "%s/" STATE_FILE, o->dir);
        l.points = calloc(KEPT_MAX + 1, sizeof(*l.points));
        int r = l.points ? state_open(&l.state,
                                      &(struct state_options){.path = file, .read_only = true})
                         : -ENOMEM;
        if (r == 0 && o->kept_path && read_kept(&l, o->kept_path, o->kept) < 0)
                broken(&l, tr("%s: no head is in it", "%s: không có đầu nhật ký nào"),
                       o->kept_path);
        if (r == 0)
                r = check(&l, o->dir);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa verify: %s: the audit log cannot be read: %s\n",
                           "coloa verify: %s: không đọc được nhật ký kiểm toán: %s\n"),
                        file, error_text(r));
                r = 3;
        }
        state_free(l.state);
        free(l.points);
        return r;
}
