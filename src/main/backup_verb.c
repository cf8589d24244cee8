/* `coloa backup` and `coloa restore`: a second copy of what a node keeps, and the way back.
 *
 *     DIR/events/       as the node's own (store/backup.c), so 'coloa verify' checks it where it lies
 *     DIR/state/state.db
 *     DIR/coloa-backup  when it was finished, and of what; without it there is nothing to restore
 *
 * The state is copied before the events: what it says was judged is then among the events that come, and what
 * came later is judged again after a restore, which is harmless; the other way round records would never be
 * judged. They take their names in the opposite order, for the same reason.
 *
 * The node's signing key stays where it is, unless it is asked for, into a file of its own. A copy is
 * only called one after it was restored to a scratch place below it and every frame opened there. All
 * reading and writing is done behind a sandbox that has these directories only. */
#include "main/backup_verb.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "desk/state.h"
#include "main/ledger.h"
#include "main/option_rows.h"
#include "main/phrases.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "os/vfs.h"
#include "store/backup.h"
#include "store/verify.h"

#define MARK "coloa-backup"
#define SCRATCH "check"
#define KEY_BYTES 32u
#define PATH_ROOM 1200u
#define MEMORY_MAX ((size_t)2 << 30)
#define TRIES 3

static const char backup_en[] =
        "Usage: coloa backup [options] DIR\n"
        "\n"
        "Copies what the node keeps (events, alerts, audit log) into DIR while it runs; the next "
        "time\n"
        "only what is new. The copy is then restored to a scratch place and checked to the last "
        "frame.\n"
        "\n"
        "      --with-keys FILE  also the node's signing key, into this new file, for the owner "
        "only:\n"
        "                        keep it apart from the copy\n"
        "      --quick           check the hashes where they lie, instead of a restore\n"
        "  -c, --config FILE     the node's configuration\n"
        "      --directory DIR   its directory, when it has no configuration\n"
        "      --lang LANG       en or vi\n"
        "\n"
        "Exit codes: 0 copied and checked, 1 copied, but the check found something, 2 usage, 3 "
        "not\n"
        "copied: the copy before stands; run it again.\n";
static const char backup_vi[] =
        "Cách dùng: coloa backup [tùy chọn] THƯ_MỤC\n"
        "\n"
        "Sao chép những gì nút lưu giữ (sự kiện, cảnh báo, nhật ký kiểm toán) vào THƯ_MỤC khi nút\n"
        "đang chạy; lần sau chỉ chép phần mới. Bản sao sau đó được khôi phục thử vào một chỗ tạm "
        "và\n"
        "được kiểm tra đến từng khung.\n"
        "\n"
        "      --with-keys TỆP   cả khóa ký của nút, vào tệp mới này, chỉ chủ sở hữu đọc được: "
        "hãy\n"
        "                        cất riêng khỏi bản sao\n"
        "      --quick           kiểm tra mã băm tại chỗ, không khôi phục thử\n"
        "  -c, --config TỆP      cấu hình của nút\n"
        "      --directory THƯ_MỤC  thư mục của nút, khi không có cấu hình\n"
        "      --lang NGỮ        en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã chép và kiểm tra, 1 đã chép nhưng kiểm tra thấy lỗi, 2 sai cách dùng, 3 "
        "không\n"
        "chép được: bản sao trước vẫn còn; hãy chạy lại.\n";
static const char restore_en[] =
        "Usage: coloa restore [options] DIR TO\n"
        "\n"
        "Puts a copy made by 'coloa backup' into the new or empty directory TO, which a node can "
        "then\n"
        "be started with, checks every frame, and says what is there.\n"
        "\n"
        "      --with-keys FILE  the node's signing key; without it the node makes a new one\n"
        "      --lang LANG       en or vi\n"
        "\n"
        "Exit codes: 0 restored and checked, 1 the check found something, 2 usage, 3 not "
        "restored.\n";
static const char restore_vi[] =
        "Cách dùng: coloa restore [tùy chọn] THƯ_MỤC ĐẾN\n"
        "\n"
        "Đưa bản sao do 'coloa backup' tạo vào thư mục mới hoặc rỗng ĐẾN để khởi động một nút với "
        "nó,\n"
        "kiểm tra từng khung, và cho biết có những gì.\n"
        "\n"
        "      --with-keys TỆP  khóa ký của nút; không có thì nút tạo khóa mới\n"
        "      --lang NGỮ       en hoặc vi\n"
        "\n"
        "Mã thoát: 0 đã khôi phục và kiểm tra, 1 kiểm tra thấy lỗi, 2 sai cách dùng, 3 không khôi\n"
        "phục được.\n";

struct job {
        const char *verb, *config, *directory, *keys, *from, *to;
        struct place place;
        bool quick;
        int landlock;
        struct backup_stats stats;
        struct verify_result found;
        uint64_t breaks;
};

static int fail(const struct job *j, const char *path, int r) {
        fprintf(stderr, "coloa %s: %s: %s\n", j->verb, path, error_text(r));
        base_fail_clear();
        return r;
}

static const char *path_of(const char *dir, const char *name) {
        static char paths[4][PATH_ROOM];
        static unsigned next;
        char *to = paths[next++ % ARRAY_LEN(paths)];

        snprintf(to, PATH_ROOM, "%s/%s", dir, name);
        return to;
}

static int make_directory(const struct job *j, const char *path) {
        int r = os_mkdir(path, 0700);

        return r == -EEXIST || r == 0 ? 0 : fail(j, path, r);
}

/* ---- copying ---- */

/* Names of a directory of ours, and the directory. Of a copy that never was: nothing. */
static void empty(const char *dir) {
        static const char *const below[] = {"events", "state"};

        for (size_t i = 0; i < ARRAY_LEN(below); i++) {
                char sub[PATH_ROOM], **names;
                size_t n;
                snprintf(sub, sizeof(sub), "%s/%s", dir, below[i]);
                if (os_list_dir(sub, &names, &n) < 0)
                        continue;
                for (size_t k = 0; k < n; k++)
                        (void)os_unlink(path_of(sub, names[k]));
                free(names);
                (void)os_rmdir(sub);
        }
        (void)os_rmdir(dir);
        base_fail_clear();
}

static int copy_state(const char *from, const char *to) {
        struct stat st;

        int r = os_stat(path_of(from, "state/" STATE_FILE), &st);
        if (r == -ENOENT)
                return 0; /* a node that never had a desk */
        return r < 0 ? r
                     : backup_database(path_of(from, "state/" STATE_FILE),
                                       path_of(to, "state/" STATE_FILE ".new"));
}

static int publish_state(const char *to) {
        struct stat st;

        int r = os_stat(path_of(to, "state/" STATE_FILE ".new"), &st);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        return backup_publish(path_of(to, "state/" STATE_FILE ".new"),
                              path_of(to, "state/" STATE_FILE));
}

/* The vault's own file of the audit log's head, as it would be beside the state that was copied: its last head. The
 * node's own may be ahead of the copy by now. */
static int write_head(const char *to) {
        char slots[AUDIT_SLOTS * AUDIT_SLOT];
        _cleanup_(state_freep) struct state *s = NULL;
        struct audit_signed head;
        bool begun = false;
        unsigned n = 0;
        struct stat st;

        if (os_stat(path_of(to, "state/" STATE_FILE), &st) == -ENOENT)
                return 0;
        int r = state_open(&s, &(struct state_options){.path = path_of(to, "state/" STATE_FILE),
                                                       .vfs = OS_VFS,
                                                       .read_only = true});
        if (r == 0)
                r = state_has_heads(s);
        while (r == 1 && (r = state_next_head(s, &begun, &head)) == 1)
                n = 1;
        memset(slots, ' ', sizeof(slots));
        if (r == 0 && n) {
                audit_head_slot(slots, &head);
                r = os_write_file(path_of(to, "state/" AUDIT_HEAD_FILE), slots, sizeof(slots),
                                  0600);
        }
        base_fail_clear();
        return r == -ESTALE ? 0 : r; /* of an older version: it has none */
}

/* `from`, `to`: directories with events and state below. */
static int copy_all(struct job *j, const char *from, const char *to) {
        char events[PATH_ROOM], target[PATH_ROOM];
        const char *what = NULL;
        int r = -EAGAIN;

        snprintf(events, sizeof(events), "%s/events", from);
        snprintf(target, sizeof(target), "%s/events", to);
        for (unsigned i = 0; i < TRIES && r == -EAGAIN; i++) {
                r = copy_state(from, to);
                if (r == 0)
                        r = backup_store(events, target, &j->stats, &what);
        }
        if (r == 0)
                r = publish_state(to);
        if (r == 0)
                r = write_head(to);
        if (r < 0 && what)
                fprintf(stderr, "coloa %s: %s: %s\n", j->verb, to, phrase(what));
        else if (r < 0)
                fail(j, to, r);
        return r;
}

/* ---- checking ---- */

static void count_break(void *ctx, const struct verify_break *b) {
        struct job *j = ctx;

        j->breaks++;
        fprintf(stderr, tr("coloa %s: BROKEN %s block %llu\n", "coloa %s: ĐỨT %s khối %llu\n"),
                j->verb, b->file, (unsigned long long)b->number);
}

/* The audit log's entries, or -errno; 0 without a state. */
static int64_t check_state(const char *dir) {
        _cleanup_(state_freep) struct state *s = NULL;
        uint64_t n = 0, bad = 0;
        struct state_options o = {
                .path = path_of(dir, "state/" STATE_FILE), .vfs = OS_VFS, .read_only = true};
        struct stat st;

        int r = os_stat(o.path, &st);
        if (r == 0)
                r = state_open(&s, &o);
        if (r == 0)
                r = state_audit_check(s, &n, &bad);
        return r == -ENOENT ? 0 : r < 0 ? r : (int64_t)n;
}

static int check(struct job *j, const char *dir, bool deep) {
        struct verify_options o = {.day = INT64_MIN, .deep = deep, .say = count_break, .ctx = j};
        char events[PATH_ROOM];

        snprintf(events, sizeof(events), "%s/events", dir);
        j->breaks = 0;
        int r = verify_store(events, &o, &j->found);
        if (r < 0)
                return fail(j, events, r);
        int64_t audit = check_state(dir);
        if (audit < 0)
                return fail(j, "state/" STATE_FILE, (int)audit);
        printf(tr("records: %llu in %llu blocks of %llu days, %llu in the tail; entries of the "
                  "audit "
                  "log: %lld\n",
                  "bản ghi: %llu trong %llu khối của %llu ngày, %llu ở phần đuôi; mục trong nhật "
                  "ký "
                  "kiểm toán: %lld\n"),
               (unsigned long long)j->found.records, (unsigned long long)j->found.blocks,
               (unsigned long long)j->found.days, (unsigned long long)j->found.tail_records,
               (long long)audit);
        if (j->breaks)
                return -EBADMSG;
        fputs(deep ? tr("every frame was opened: ALL IS WELL\n",
                        "đã mở mọi khung: TẤT CẢ ĐỀU TỐT\n")
                   : tr("hashes and signatures: ALL IS WELL\n",
                        "mã băm và chữ ký: TẤT CẢ ĐỀU TỐT\n"),
              stdout);
        return 0;
}

/* ---- keys ---- */

static int copy_key(const struct job *j, const char *from, const char *to) {
        char *text = NULL;
        size_t len = 0;
        struct stat st;

        int r = os_read_file(from, KEY_BYTES, &text, &len);
        if (r == 0 && len != KEY_BYTES)
                r = -EBADMSG;
        if (r < 0) {
                free(text);
                return fail(j, from, r);
        }
        r = os_lstat(to, &st) == -ENOENT ? os_write_file(to, text, len, 0600) : -EEXIST;
        sodium_memzero(text, len);
        free(text);
        return r < 0 ? fail(j, to, r) : 0;
}

/* ---- backup ---- */

static int write_mark(const struct job *j) {
        char text[200], time[40];

        time[time_format(time, os_now(), 0)] = '\0';
        int n = snprintf(text, sizeof(text), "coloa-backup-1\ntime=%s\nblock=%llu\nend=%llu\n",
                         time, (unsigned long long)j->stats.number,
                         (unsigned long long)j->stats.end_seq);
        return os_write_file(path_of(j->to, MARK), text, (size_t)n, 0600);
}

static int audit(const struct job *j) {
        struct keep_audit a = {.what = "backup"};

        snprintf(a.who, sizeof(a.who), "uid %u", (unsigned)geteuid());
        snprintf(a.about, sizeof(a.about), "%.90s", j->to);
        snprintf(a.detail, sizeof(a.detail), "keys=%s", j->keys ? "yes" : "no");
        return ledger_write("backup", &j->place, KEEP_AUDIT, &a, NULL);
}

static int sandbox(const struct job *j, const char *a, const char *b, const char *c) {
        static char out[65536];
        const char *all[] = {a, b, c};
        int r = 0;

        setvbuf(stdout, out, _IOFBF, sizeof(out));
        setvbuf(stderr, NULL, _IONBF, 0);
        for (size_t i = 0; i < ARRAY_LEN(all) && r == 0; i++)
                if (all[i])
                        r = sandbox_allow_directory(all[i]);
        if (r == 0)
                r = sandbox_enter(SANDBOX_COPY, j->landlock, MEMORY_MAX, NULL);
        return r < 0 ? fail(j, "sandbox", r) : 0;
}

static int restore_for_check(struct job *j) {
        struct backup_stats made = j->stats;
        char scratch[PATH_ROOM];

        snprintf(scratch, sizeof(scratch), "%s/" SCRATCH, j->to);
        empty(scratch); /* what an interrupted one left */
        int r = make_directory(j, scratch);
        if (r == 0)
                r = make_directory(j, path_of(scratch, "events"));
        if (r == 0)
                r = make_directory(j, path_of(scratch, "state"));
        if (r == 0)
                r = copy_all(j, j->to, scratch);
        if (r == 0)
                r = check(j, scratch, true);
        empty(scratch);
        j->stats = made;
        return r;
}

static int backup(struct job *j) {
        int r = make_directory(j, j->to);

        if (r == 0)
                r = make_directory(j, path_of(j->to, "events"));
        if (r == 0)
                r = make_directory(j, path_of(j->to, "state"));
        if (r == 0 && audit(j) < 0)
                return 3;
        if (r == 0 && j->keys)
                r = copy_key(j, path_of(j->place.directory, "keys/node.key"), j->keys);
        if (r == 0)
                r = sandbox(j, path_of(j->place.directory, "events"),
                            path_of(j->place.directory, "state"), j->to);
        if (r == 0)
                r = copy_all(j, j->place.directory, j->to);
        if (r < 0)
                return 3;
        printf(tr("%s: %llu blocks copied, %llu MB; %llu files taken out\n",
                  "%s: đã chép %llu khối, %llu MB; đã bỏ %llu tệp\n"),
               j->to, (unsigned long long)j->stats.blocks,
               (unsigned long long)(j->stats.bytes >> 20), (unsigned long long)j->stats.gone);
        r = j->quick ? check(j, j->to, false) : restore_for_check(j);
        if (r < 0)
                return j->breaks ? 1 : 3;
        r = write_mark(j);
        return r < 0 ? (fail(j, j->to, r), 3) : 0;
}

/* ---- restore ---- */

static int is_empty(const struct job *j) {
        char **names;
        size_t n;
        int r = os_list_dir(j->to, &names, &n);

        if (r == -ENOENT)
                return make_directory(j, j->to);
        if (r < 0)
                return fail(j, j->to, r);
        free(names);
        return n ? fail(j, j->to, -ENOTEMPTY) : 0;
}

static int restore(struct job *j) {
        static const char *const below[] = {"events", "state", "keys"};
        struct stat st;

        int r = os_stat(path_of(j->from, MARK), &st);
        if (r < 0) {
                fprintf(stderr,
                        tr("coloa restore: %s: there is no finished backup\n",
                           "coloa restore: %s: không có bản sao hoàn chỉnh nào\n"),
                        j->from);
                return 3;
        }
        r = is_empty(j);
        for (size_t i = 0; i < ARRAY_LEN(below) && r == 0; i++)
                r = make_directory(j, path_of(j->to, below[i]));
        if (r == 0 && j->keys)
                r = copy_key(j, j->keys, path_of(j->to, "keys/node.key"));
        if (r == 0)
                r = sandbox(j, j->from, j->to, NULL);
        if (r == 0)
                r = copy_all(j, j->from, j->to);
        if (r < 0)
                return 3;
        r = check(j, j->to, true);
        return r == 0 ? 0 : j->breaks ? 1 : 3;
}

/* ---- the command line ---- */

#define AT(member) OPTION_OF(job, member)

static const struct option_row rows[] = {
        {"with-keys", 0, OPTION_TEXT, AT(keys), NULL},
        {"quick", 0, OPTION_FLAG, AT(quick), NULL},
        {"config", 'c', OPTION_TEXT, AT(config), NULL},
        {"directory", 0, OPTION_TEXT, AT(directory), NULL},
        {"landlock", 0, OPTION_NUMBER, AT(landlock), NULL},
};

static int read_options(struct job *j, int argc, char **argv) {
        bool back = strcmp(j->verb, "restore") == 0;
        struct option_verb verb = {back ? "coloa restore" : "coloa backup",
                                   back ? restore_en : backup_en, back ? restore_vi : backup_vi,
                                   rows, ARRAY_LEN(rows)};
        int r = option_rows_read(&verb, j, argc, argv);

        if (r != 0)
                return r;
        int words = argc - optind;
        if (words != (back ? 2 : 1) || strlen(argv[argc - 1]) > PATH_ROOM - 100 ||
            strlen(argv[optind]) > PATH_ROOM - 100) {
                fputs(back ? tr(restore_en, restore_vi) : tr(backup_en, backup_vi), stderr);
                return 2;
        }
        j->from = back ? argv[optind] : NULL;
        j->to = argv[argc - 1];
        return 0;
}

static int run(const char *verb, int (*work)(struct job *j), int argc, char **argv) {
        static struct job j = {.landlock = -1};

        j.verb = verb;
        if (sodium_init() < 0)
                return 3;
        int r = read_options(&j, argc, argv);
        if (r != 0)
                return r == 1 ? 0 : 2;
        if (!j.from && serve_place(j.config, j.directory, &j.place) < 0)
                return 3;
        if (os_vfs_init() < 0)
                return 3;
        r = work(&j);
        /* Not exit(): behind the sandbox its handlers may not do what they would. */
        fflush(stdout);
        fflush(stderr);
        _exit(r);
}

int verb_backup(int argc, char **argv) {
        return run("backup", backup, argc, argv);
}

int verb_restore(int argc, char **argv) {
        return run("restore", restore, argc, argv);
}
