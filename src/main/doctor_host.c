/* The machine that a node runs on: its disk, clock, kernel and limits. Asking and judging are apart:
 * a test makes up machines that nobody has at hand. */
#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/doctor.h"
#include "main/phrases.h"
#include "os/bind.h"
#include "os/os.h"
#include "os/sandbox.h"

#define ULL(x) ((unsigned long long)(x))
#define MB(x) ULL((x) >> 20)
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)
#define CONNECTIONS_DEFAULT 4096u
#define FILES_BESIDE 4352u /* followed files, and what else a process holds */
#define WATCH_NS (INT64_C(200) * 1000000)
#define STEP_NS (INT64_C(20) * 1000000)

/* ---- asking ---- */

/* The whole days that the store has, without the one written to. */
static void ask_kept(const char *directory, struct doctor_host *h) {
        char path[1200], **names = NULL;
        struct stat st;
        uint64_t last = 0;
        size_t n = 0;

        h->kept_until = TIME_NONE;
        snprintf(path, sizeof(path), "%s/events", directory);
        if (os_list_dir(path, &names, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                struct span name = span_str(names[i]);
                char day[32];

                if (name.len < 20 || !span_starts(name, SPAN("events-")) ||
                    !span_ends(name, SPAN(".db")))
                        continue;
                snprintf(day, sizeof(day), "%.10sT00:00:00Z", names[i] + 7);
                int64_t t = time_parse_iso(span_str(day), 0);
                if (t == TIME_NONE)
                        continue;
                snprintf(path, sizeof(path), "%s/events/%s", directory, names[i]);
                if (os_stat(path, &st) < 0)
                        continue;
                if (t != h->kept_until) { /* a day may have several files */
                        h->kept_until = t;
                        h->kept_days++;
                        h->kept_bytes += last; /* the newest is not whole */
                        last = 0;
                }
                last += (uint64_t)st.st_size;
        }
        free(names);
        h->kept_days -= h->kept_days > 0;
}

static int64_t watch_clock(void) {
        int64_t m0 = os_monotonic(), w0 = os_now();

        while (os_monotonic() - m0 < WATCH_NS)
                (void)os_poll(NULL, 0, (int)(WATCH_NS / 1000000));
        return (os_now() - w0) - (os_monotonic() - m0);
}

/* "Udp: … RcvbufErrors …" twice: names, then numbers. */
static uint64_t udp_number(const char *name) {
        const char *names, *numbers;
        uint64_t found = 0;
        char *text;
        size_t len;

        if (os_read_file("/proc/net/snmp", 65536, &text, &len) < 0)
                return 0;
        names = strstr(text, "\nUdp: ");
        numbers = names ? strstr(names + 1, "\nUdp: ") : NULL;
        names = names ? names + 1 : "";
        numbers = numbers ? numbers + 1 : "";
        while (*names && *names != '\n' && *numbers && *numbers != '\n') {
                if (strncmp(names, name, strlen(name)) == 0)
                        found = strtoull(numbers, NULL, 10);
                names += strcspn(names, " \n");
                numbers += strcspn(numbers, " \n");
                names += *names == ' ';
                numbers += *numbers == ' ';
        }
        free(text);
        return found;
}

static uint64_t memory_kb(void) {
        char *text;
        size_t len;

        if (os_read_file("/proc/meminfo", 65536, &text, &len) < 0)
                return 0;
        const char *at = strstr(text, "MemAvailable:");
        uint64_t kb = at ? strtoull(at + 13, NULL, 10) : 0;
        free(text);
        return kb;
}

/* Of a directory that is not made yet: of what it will lie in. */
static int disk_of(const char *path, struct os_disk *ret) {
        char text[1200];
        int r = os_disk(path, ret);

        snprintf(text, sizeof(text), "%s", path);
        while (r == -ENOENT) {
                char *slash = strrchr(text, '/');

                if (!slash || slash == text)
                        return os_disk(slash ? "/" : ".", ret);
                *slash = '\0';
                r = os_disk(text, ret);
        }
        return r;
}

void doctor_host_ask(struct doctor *d, struct doctor_host *ret) {
        const struct config *c = d->config;
        uint64_t soft;

        *ret = (struct doctor_host){.retention_bytes = c->retention_bytes,
                                    .retention_days = c->retention_days,
                                    .landlock = sandbox_landlock(),
                                    .seccomp = os_seccomp(),
                                    .files_needed = FILES_BESIDE,
                                    .may_force = d->uid == 0,
                                    .dropped = udp_number("RcvbufErrors "),
                                    .arrived = udp_number("InDatagrams "),
                                    .memory_kb = memory_kb()};
        ret->disk_error = disk_of(c->directory, &ret->disk);
        ask_kept(c->directory, ret);
        ret->clock_error = os_clock(&ret->clock);
        ret->step_ns = watch_clock();
        ret->now = os_now();
        if (os_files_limit(&soft, &ret->files_hard) < 0)
                ret->files_hard = UINT64_MAX;
        if (os_proc_number("/proc/sys/net/core/rmem_max", &ret->rmem_max) < 0)
                ret->rmem_max = UINT64_MAX;
        for (uint32_t i = 0; i < c->n_listen; i++) {
                const struct config_listen *l = &c->listen[i];

                ret->datagrams |= listen_is_datagram(l->protocol);
                if (!listen_is_datagram(l->protocol))
                        ret->files_needed +=
                                l->max_connections ? l->max_connections : CONNECTIONS_DEFAULT;
        }
        ret->files_needed = MIN(ret->files_needed, (uint64_t)16384); /* what ingest asks for */
}

/* ---- judging ---- */

static void judge_disk(struct doctor *d, const struct doctor_host *h) {
        const struct os_disk *k = &h->disk;
        const char *dir = d->config->directory;
        const char *space = tr("free space, add a disk, or lower retention (days, size)",
                               "giải phóng chỗ, thêm đĩa, hoặc giảm retention (days, size)");

        if (h->disk_error < 0)
                return; /* the directory itself is told elsewhere */
        if (k->read_only)
                doctor_say(
                        d, DOCTOR_ERROR, "disk",
                        tr("mount it for writing, or name another directory",
                           "gắn lại để ghi được, hoặc chọn thư mục khác"),
                        tr("%s is on a read-only file system", "%s nằm trên hệ thống tệp chỉ đọc"),
                        dir);
        if (k->kind == OS_DISK_NETWORK)
                doctor_say(d, DOCTOR_ERROR, "disk",
                           tr("use a disk of this machine: locks and syncs over a network are not "
                              "to be relied on",
                              "dùng đĩa của máy này: khóa và đồng bộ qua mạng không đáng tin cậy"),
                           tr("%s is on a network file system", "%s nằm trên hệ thống tệp mạng"),
                           dir);
        if (k->kind == OS_DISK_MEMORY)
                doctor_say(d, DOCTOR_WARNING, "disk",
                           tr("use a disk: this is gone with the next start of the machine",
                              "dùng đĩa: dữ liệu này mất khi máy khởi động lại"),
                           tr("%s is in memory", "%s nằm trong bộ nhớ"), dir);
        if (k->free < (uint64_t)512 << 20)
                doctor_say(d, DOCTOR_ERROR, "disk", space,
                           tr("%s has %llu MB left", "%s còn %llu MB"), dir, MB(k->free));
        else if (k->free < (uint64_t)2 << 30 || k->free < k->bytes / 20)
                doctor_say(d, DOCTOR_WARNING, "disk", space,
                           tr("%s has %llu MB left of %llu", "%s còn %llu MB trong %llu"), dir,
                           MB(k->free), MB(k->bytes));
        else
                doctor_say(d, DOCTOR_OK, "disk", NULL,
                           tr("%s has %llu MB free of %llu", "%s trống %llu MB trong %llu"), dir,
                           MB(k->free), MB(k->bytes));
        if (k->files && k->files_free < 1000)
                doctor_say(d, DOCTOR_ERROR, "disk",
                           tr("remove small files from that file system",
                              "xóa các tệp nhỏ trên hệ thống tệp đó"),
                           tr("%s has room for %llu more files", "%s chỉ còn chỗ cho %llu tệp"),
                           dir, ULL(k->files_free));
}

static void judge_retention(struct doctor *d, const struct doctor_host *h) {
        const struct os_disk *k = &h->disk;
        uint64_t a_day = h->kept_days ? h->kept_bytes / h->kept_days : 0;
        uint64_t days = a_day ? k->free / a_day : UINT64_MAX;

        if (h->disk_error < 0)
                return;
        if (h->retention_days == 0 && h->retention_bytes == 0)
                doctor_say(d, DOCTOR_WARNING, "retention",
                           tr("set retention: days or size, by what the law asks of your level",
                              "đặt retention: days hoặc size, theo yêu cầu của cấp độ"),
                           "%s",
                           tr("nothing is ever removed: the disk will be full one day",
                              "không bao giờ xóa: một ngày nào đó đĩa sẽ đầy"));
        else if (h->retention_bytes > k->bytes)
                doctor_say(d, DOCTOR_WARNING, "retention",
                           tr("set retention.size below what the disk holds",
                              "đặt retention.size nhỏ hơn dung lượng đĩa"),
                           tr("retention.size is %llu MB, the disk holds %llu",
                              "retention.size là %llu MB, đĩa chỉ chứa %llu"),
                           MB(h->retention_bytes), MB(k->bytes));
        bool grows = h->retention_days == 0 || h->kept_days < h->retention_days;
        if (days < 14 && grows && (h->retention_bytes == 0 || h->retention_bytes > k->bytes))
                doctor_say(d, DOCTOR_WARNING, "retention",
                           tr("add a disk, or lower retention before that",
                              "thêm đĩa, hoặc giảm retention trước lúc đó"),
                           tr("at %llu MB a day the disk is full in %llu days",
                              "với %llu MB mỗi ngày, đĩa sẽ đầy sau %llu ngày"),
                           MB(a_day), ULL(days));
}

static void judge_clock(struct doctor *d, const struct doctor_host *h) {
        const char *sync = tr("run chrony or systemd-timesyncd; on a closed network, against your "
                              "own time server",
                              "chạy chrony hoặc systemd-timesyncd; trong mạng kín thì theo máy chủ "
                              "thời gian riêng");
        uint32_t before = d->count[DOCTOR_WARNING] + d->count[DOCTOR_ERROR];
        char day[40] = "";

        if (h->now < time_make(2026, 1, 1, 0, 0, 0, 0))
                doctor_say(d, DOCTOR_ERROR, "clock", sync, "%s",
                           tr("the clock stands before 2026", "đồng hồ chỉ trước năm 2026"));
        if (h->clock_error == 0 && !h->clock.synchronised)
                doctor_say(d, DOCTOR_WARNING, "clock", sync, "%s",
                           tr("the clock is not synchronised", "đồng hồ không được đồng bộ"));
        else if (h->clock_error == 0 && h->clock.error_ns > NS_PER_SEC)
                doctor_say(d, DOCTOR_WARNING, "clock", sync,
                           tr("the clock may be wrong by %lld ms", "đồng hồ có thể sai %lld ms"),
                           (long long)(h->clock.error_ns / 1000000));
        if (h->step_ns > STEP_NS || h->step_ns < -STEP_NS)
                doctor_say(
                        d, DOCTOR_WARNING, "clock",
                        tr("find out who sets it: let one time service do that, by slewing",
                           "tìm xem ai chỉnh: chỉ để một dịch vụ thời gian chỉnh từ từ"),
                        tr("the clock was set by %lld ms just now", "đồng hồ vừa bị chỉnh %lld ms"),
                        (long long)(h->step_ns / 1000000));
        if (h->kept_until != TIME_NONE && h->kept_until > h->now) {
                time_format(day, h->kept_until, 0);
                day[10] = '\0';
                doctor_say(d, DOCTOR_ERROR, "clock",
                           tr("set the clock right; if it is right now, the node goes on with that "
                              "day's file until then, and nothing is lost",
                              "chỉnh đúng đồng hồ; nếu nay đã đúng thì nút ghi tiếp vào tệp của "
                              "ngày đó, không mất gì"),
                           tr("the store has events of a day to come, %s: the clock was ahead, or "
                              "was set back",
                              "kho có sự kiện của ngày chưa tới, %s: đồng hồ đã chạy trước hoặc bị "
                              "lùi"),
                           day);
        }
        if (d->count[DOCTOR_WARNING] + d->count[DOCTOR_ERROR] == before)
                doctor_say(d, DOCTOR_OK, "clock", NULL, "%s",
                           h->clock_error < 0
                                   ? tr("the kernel does not say whether it is synchronised",
                                        "nhân không cho biết đồng hồ có được đồng bộ không")
                                   : tr("synchronised", "đã đồng bộ"));
}

static void judge_kernel(struct doctor *d, const struct doctor_host *h) {
        if (h->seccomp < 0)
                doctor_say(d, DOCTOR_ERROR, "kernel",
                           tr("use a kernel with CONFIG_SECCOMP_FILTER: no process starts without",
                              "dùng nhân có CONFIG_SECCOMP_FILTER: thiếu nó thì không chạy được"),
                           "%s", tr("it has no seccomp filters", "nhân không có bộ lọc seccomp"));
        if (h->landlock < 1)
                doctor_say(d, DOCTOR_WARNING, "kernel",
                           tr("boot with lsm=landlock,... (Debian 12 has it); seccomp alone stays",
                              "khởi động với lsm=landlock,... (Debian 12 có sẵn); nay chỉ còn "
                              "seccomp"),
                           "%s",
                           tr("it has no Landlock, or it is switched off",
                              "nhân không có Landlock, hoặc đang tắt"));
        if (h->seccomp == 0 && h->landlock >= 1)
                doctor_say(d, DOCTOR_OK, "kernel", NULL, "seccomp, Landlock ABI %d", h->landlock);
}

static void judge_limits(struct doctor *d, const struct doctor_host *h) {
        if (h->files_hard < h->files_needed)
                doctor_say(d, DOCTOR_WARNING, "limits",
                           tr("LimitNOFILE= in the unit, or nofile in /etc/security/limits.conf",
                              "LimitNOFILE= trong unit, hoặc nofile trong "
                              "/etc/security/limits.conf"),
                           tr("at most %llu open files; the listeners' connections need %llu",
                              "tối đa %llu tệp mở; các kết nối của cổng nghe cần %llu"),
                           ULL(h->files_hard), ULL(h->files_needed));
        else
                doctor_say(d, DOCTOR_OK, "limits", NULL, tr("open files: %llu", "tệp mở: %llu"),
                           ULL(h->files_hard));
        if (h->memory_kb && h->memory_kb < 512u << 10)
                doctor_say(d, DOCTOR_WARNING, "memory",
                           tr("end other programs or add memory: a busy node takes 400 MB",
                              "tắt bớt chương trình hoặc thêm bộ nhớ: nút bận cần 400 MB"),
                           tr("%llu MB of memory are free", "còn trống %llu MB bộ nhớ"),
                           ULL(h->memory_kb >> 10));
        if (!h->datagrams)
                return;
        if (h->rmem_max < OS_DATAGRAM_ROOM && !h->may_force)
                doctor_say(d, DOCTOR_WARNING, "udp",
                           doctor_text(d,
                                       "sysctl -w net.core.rmem_max=%d "
                                       "(/etc/sysctl.d/coloa.conf)",
                                       OS_DATAGRAM_ROOM),
                           tr("receive buffers of at most %llu kB: a second of datagrams needs %u",
                              "bộ đệm nhận tối đa %llu kB: một giây dữ liệu cần %u"),
                           ULL(h->rmem_max >> 10), (unsigned)OS_DATAGRAM_ROOM >> 10);
        if (h->dropped && h->dropped >= h->arrived / 1000)
                doctor_say(d, DOCTOR_WARNING, "udp",
                           tr("let senders use RELP or TCP; see the drops of each listener in "
                              "'coloa status --json'",
                              "cho máy gửi dùng RELP hoặc TCP; xem số bị bỏ của từng cổng trong "
                              "'coloa status --json'"),
                           tr("the kernel dropped %llu of %llu datagrams since it started, of all "
                              "programs",
                              "nhân đã bỏ %llu trong %llu gói UDP từ khi khởi động, của mọi chương "
                              "trình"),
                           ULL(h->dropped), ULL(h->dropped + h->arrived));
}

void doctor_host_judge(struct doctor *d, const struct doctor_host *h) {
        judge_disk(d, h);
        judge_retention(d, h);
        judge_clock(d, h);
        judge_kernel(d, h);
        judge_limits(d, h);
}
