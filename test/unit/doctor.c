/* main/doctor_host: machines that nobody has at hand are judged rightly: each bad thing gives its one
 * finding, at its level, and says what to do; a good machine gives none. */
#include "check.h"

#include "base/lang.h"
#include "base/timestamp.h"
#include "main/doctor.h"
#include "os/bind.h"

#define DAY (INT64_C(86400) * NS_PER_SEC)
#define GB ((uint64_t)1 << 30)

static struct config config = {.directory = "/var/lib/coloa"};
static struct doctor doctor;

static struct doctor_host good(void) {
        return (struct doctor_host){
                .disk = {.bytes = 1000 * GB,
                         .free = 500 * GB,
                         .files = 1000000,
                         .files_free = 900000},
                .retention_days = 90,
                .kept_bytes = 30 * GB,
                .kept_days = 30,
                .now = time_make(2026, 11, 23, 12, 0, 0, 0),
                .kept_until = time_make(2026, 11, 23, 0, 0, 0, 0),
                .clock = {.synchronised = true, .error_ns = 5000000},
                .landlock = 2,
                .files_hard = 65536,
                .files_needed = 8192,
                .datagrams = true,
                .rmem_max = OS_DATAGRAM_ROOM,
                .memory_kb = 4 << 20,
                .arrived = 1000000,
                .dropped = 3,
        };
}

static void judge(const struct doctor_host *h) {
        arena_deinit(&doctor.arena);
        memset(&doctor, 0, sizeof(doctor));
        arena_init(&doctor.arena, 1 << 20);
        doctor.config = &config;
        doctor_host_judge(&doctor, h);
}

/* Exactly one finding that is not good: of this check and level, with these words. */
static void finds(const struct doctor_host *h, enum doctor_level level, const char *check_name,
                  const char *words) {
        const struct doctor_finding *found = NULL;

        judge(h);
        for (uint32_t i = 0; i < doctor.n; i++) {
                if (doctor.list[i].level == DOCTOR_OK)
                        continue;
                check(!found);
                found = &doctor.list[i];
        }
        check(found != NULL);
        check(found->level == level && strcmp(found->check, check_name) == 0);
        check(found->advice && strlen(found->advice) > 10);
        if (!strstr(found->text.p, words))
                printf("# %s\n", found->text.p);
        check(strstr(found->text.p, words) != NULL);
        check_int(doctor_status(&doctor), level == DOCTOR_ERROR ? 2 : 1);
}

static void a_good_machine_is_good(void) {
        struct doctor_host h = good();

        judge(&h);
        check_int(doctor_status(&doctor), 0);
        check(doctor.n >= 4); /* what was looked at is said */
        h.retention_days = 0;
        h.retention_bytes = 400 * GB;
        h.kept_until = TIME_NONE;
        h.kept_days = 0;
        judge(&h);
        check_int(doctor_status(&doctor), 0);
}

static void disks(void) {
        struct doctor_host h = good();

        h.disk.free = 100 << 20;
        h.kept_days = 0;
        finds(&h, DOCTOR_ERROR, "disk", "has 100 MB left");
        h.disk.free = 40 * GB;
        finds(&h, DOCTOR_WARNING, "disk", "left of");
        h = good();
        h.disk.read_only = true;
        finds(&h, DOCTOR_ERROR, "disk", "read-only");
        h = good();
        h.disk.kind = OS_DISK_NETWORK;
        finds(&h, DOCTOR_ERROR, "disk", "network");
        h = good();
        h.disk.kind = OS_DISK_MEMORY;
        finds(&h, DOCTOR_WARNING, "disk", "in memory");
        h = good();
        h.disk.files_free = 10;
        finds(&h, DOCTOR_ERROR, "disk", "10 more files");
}

static void retention(void) {
        struct doctor_host h = good();

        h.retention_days = 0;
        finds(&h, DOCTOR_WARNING, "retention", "nothing is ever removed");
        h = good();
        h.retention_bytes = 2000 * GB;
        finds(&h, DOCTOR_WARNING, "retention", "the disk holds 1024000");
        h = good();
        h.kept_bytes = 30 * 100 * GB; /* 100 GB a day, 500 GB free, 60 days to go */
        finds(&h, DOCTOR_WARNING, "retention", "full in 5 days");
        h.kept_days = 90; /* as many as are kept: it grows no more */
        h.kept_bytes = 90 * 100 * GB;
        judge(&h);
        check_int(doctor_status(&doctor), 0);
}

static void clocks(void) {
        struct doctor_host h = good();

        h.clock.synchronised = false;
        finds(&h, DOCTOR_WARNING, "clock", "not synchronised");
        h = good();
        h.clock.error_ns = 3 * NS_PER_SEC;
        finds(&h, DOCTOR_WARNING, "clock", "wrong by 3000 ms");
        h = good();
        h.step_ns = -2 * NS_PER_SEC;
        finds(&h, DOCTOR_WARNING, "clock", "set by -2000 ms");
        h = good();
        h.kept_until = h.now + 3 * DAY;
        finds(&h, DOCTOR_ERROR, "clock", "2026-11-26");
        h = good();
        h.now = time_make(2019, 1, 1, 0, 0, 0, 0);
        h.kept_until = TIME_NONE;
        finds(&h, DOCTOR_ERROR, "clock", "before 2026");
        h = good();
        h.clock_error = -EPERM; /* not to be known is not bad */
        judge(&h);
        check_int(doctor_status(&doctor), 0);
}

static void kernels_and_limits(void) {
        struct doctor_host h = good();

        h.landlock = 0;
        finds(&h, DOCTOR_WARNING, "kernel", "Landlock");
        h = good();
        h.seccomp = -EINVAL;
        finds(&h, DOCTOR_ERROR, "kernel", "seccomp");
        h = good();
        h.files_hard = 1024;
        finds(&h, DOCTOR_WARNING, "limits", "at most 1024 open files");
        h = good();
        h.memory_kb = 100 << 10;
        finds(&h, DOCTOR_WARNING, "memory", "100 MB");
        h = good();
        h.rmem_max = 212992;
        finds(&h, DOCTOR_WARNING, "udp", "208 kB");
        h.may_force = true;
        judge(&h);
        check_int(doctor_status(&doctor), 0);
        h.may_force = h.datagrams = false;
        judge(&h);
        check_int(doctor_status(&doctor), 0);
        h = good();
        h.dropped = 5000;
        finds(&h, DOCTOR_WARNING, "udp", "dropped 5000");
}

static void it_is_shown_safely_in_both_languages(void) {
        struct buf b = {0};

        judge(&(struct doctor_host){.disk_error = -ENOENT, .now = INT64_MAX, .landlock = 1});
        doctor_say(&doctor, DOCTOR_ERROR, "disk", "do \"this\"", "a\x1b[2J\"b\"\n");
        doctor_print(&doctor, &b, false);
        buf_char(&b, '\0');
        check(!memchr(b.p, 0x1b, b.len) && strstr(b.p, "ERROR  disk: a\\x1b[2J") != NULL);
        buf_reset(&b);
        doctor_print(&doctor, &b, true);
        buf_char(&b, '\0');
        check(strstr(b.p, "\"text\":\"a\\u001b[2J\\\"b\\\"\\n\",\"do\":\"do \\\"this\\\"\"}") !=
              NULL);
        buf_reset(&b);
        lang_current = LANG_VI;
        doctor_print(&doctor, &b, false);
        buf_char(&b, '\0');
        lang_current = LANG_EN;
        check(strstr(b.p, "LỖI  đĩa: ") != NULL && strstr(b.p, "cần làm: ") != NULL);
        buf_deinit(&b);
}

/* More than there is room for: counted, not lost without a word. */
static void what_a_node_says(void) {
        static struct doctor d;

        d = (struct doctor){0};
        arena_init(&d.arena, (size_t)1 << 20);
        doctor_node_judge(&d, SPAN("{\"counters\":{\"duplicate_window_seconds\":600,"
                                   "\"duplicates_forgotten\":0,\"duplicates_known\":5,"
                                   "\"duplicates_room\":7},\"indicators\":{\"indicators\":3,"
                                   "\"indicator_hits\":2}}"));
        check_int(d.n, 2);
        check(d.count[DOCTOR_OK] == 2);
        check_span(d.list[0].text, "known for ten minutes; 5 of 7 places taken");
        check_span(d.list[1].text, "the node has 3 indicators in force, found in records 2 times");
        doctor_node_judge(&d, SPAN("{\"counters\":{\"duplicate_window_seconds\":432,"
                                   "\"duplicates_forgotten\":12,\"duplicates_known\":5,"
                                   "\"duplicates_room\":7},\"indicators\":{\"indicators\":0,"
                                   "\"indicator_hits\":0}}"));
        check(d.n == 3 && d.list[2].level == DOCTOR_WARNING && d.list[2].advice);
        check_span(d.list[2].text, "more comes than is remembered for ten minutes: now for 432 s; "
                                   "12 records forgotten early");
        /* Of another version, cut off, or none. */
        doctor_node_judge(&d, SPAN("{\"duplicate_window_seconds\":"));
        doctor_node_judge(&d, SPAN(""));
        check_int(d.n, 3);
        doctor_node_judge(&d, SPAN("{\"outgoing\":{\"outgoing_queued\":2,\"outgoing_failed\":1,"
                                   "\"outgoing_oldest_seconds\":7300}}"));
        check_int(d.n, 5);
        check_span(d.list[3].text, "2 mails and webhooks wait, the oldest for 2 h");
        check_span(d.list[4].text, "1 mails and webhooks failed for good within a month");
        arena_deinit(&d.arena);
}

static void many_findings(void) {
        struct doctor_host h = good();

        judge(&h);
        for (unsigned i = 0; i < 2 * DOCTOR_FINDINGS_MAX; i++)
                doctor_say(&doctor, DOCTOR_WARNING, "files", "do it", "%u", i);
        check(doctor.n == DOCTOR_FINDINGS_MAX && doctor.n_left_out > DOCTOR_FINDINGS_MAX / 2);
        check_int(doctor.count[DOCTOR_WARNING], 2 * DOCTOR_FINDINGS_MAX);
        arena_deinit(&doctor.arena);
}

int main(void) {
        RUN(a_good_machine_is_good);
        RUN(disks);
        RUN(retention);
        RUN(clocks);
        RUN(kernels_and_limits);
        RUN(it_is_shown_safely_in_both_languages);
        RUN(what_a_node_says);
        RUN(many_findings);
        return check_done();
}
