/* What a node that runs says of itself, where that asks for something to be done: `coloa status` shows
 * the numbers, here is what they mean. */
#include <stdio.h>

#include "base/lang.h"
#include "main/doctor.h"

#define ULL(x) ((unsigned long long)(x))

/* The number behind "name", in what the node itself wrote; UINT64_MAX: there is none. */
static uint64_t number(struct span json, const char *name) {
        char key[64];
        int n = snprintf(key, sizeof(key), "\"%s\":", name);
        const char *at;

        while ((at = memmem(json.p, json.len, key, (size_t)n))) {
                uint64_t v = 0;
                size_t i = 0;

                json.len -= (size_t)(at + n - json.p);
                json.p = at + n;
                for (; i < MIN(json.len, (size_t)19) && json.p[i] >= '0' && json.p[i] <= '9'; i++)
                        v = v * 10 + (uint64_t)(json.p[i] - '0');
                if (i)
                        return v; /* else an object of that name */
        }
        return UINT64_MAX;
}

static void duplicates(struct doctor *d, struct span status) {
        uint64_t window = number(status, "duplicate_window_seconds");
        uint64_t known = number(status, "duplicates_known");
        uint64_t room = number(status, "duplicates_room");
        uint64_t forgotten = number(status, "duplicates_forgotten");

        if (window == UINT64_MAX || known == UINT64_MAX || forgotten == UINT64_MAX || room == 0 ||
            room == UINT64_MAX)
                return;
        if (window < 600 || forgotten)
                doctor_say(d, DOCTOR_WARNING, "duplicates",
                           tr("raise 'duplicates' in the configuration, and start the node again",
                              "tăng 'duplicates' trong cấu hình rồi khởi động lại nút"),
                           tr("more comes than is remembered for ten minutes: now for %llu s; %llu "
                              "records forgotten early",
                              "dữ liệu đến nhiều hơn mức nhớ được trong mười phút: hiện %llu giây; "
                              "%llu bản ghi bị quên sớm"),
                           ULL(window), ULL(forgotten));
        else
                doctor_say(d, DOCTOR_OK, "duplicates", NULL,
                           tr("known for ten minutes; %llu of %llu places taken",
                              "nhận ra trong mười phút; dùng %llu trên %llu chỗ"),
                           ULL(known), ULL(room));
}

static void indicators(struct doctor *d, struct span status) {
        uint64_t in_force = number(status, "indicators"), hits = number(status, "indicator_hits");

        if (in_force == UINT64_MAX || hits == UINT64_MAX || in_force == 0)
                return;
        doctor_say(d, DOCTOR_OK, "intel", NULL,
                   tr("the node has %llu indicators in force, found in records %llu times",
                      "nút có %llu chỉ dấu đang hiệu lực, đã thấy trong bản ghi %llu lần"),
                   ULL(in_force), ULL(hits));
}

#define HOUR_S 3600u
#define DRILL_BEHIND_MS 60000u

/* Exercises that run: what comes late to those who play. */
static void exercises(struct doctor *d, struct span status) {
        uint64_t run = number(status, "exercises_running");
        uint64_t late = number(status, "injects_late");
        uint64_t behind = number(status, "drill_behind_ms");
        uint64_t failed = number(status, "drill_failed");

        if (run == UINT64_MAX || late == UINT64_MAX || behind == UINT64_MAX || !run)
                return;
        if (behind > DRILL_BEHIND_MS)
                doctor_say(d, DOCTOR_WARNING, "exercises",
                           tr("the node has more to do than it can: a lower speed of the exercise "
                              "helps",
                              "nút quá tải: hãy giảm tốc độ diễn tập"),
                           tr("the telemetry of a drill is %llu s of its clock behind",
                              "dữ liệu diễn tập chậm %llu giây theo giờ diễn tập"),
                           ULL(behind / 1000));
        if (failed && failed != UINT64_MAX)
                doctor_say(d, DOCTOR_WARNING, "exercises",
                           tr("the audit log says which (exercises.telemetry_failed)",
                              "sổ kiểm toán ghi rõ (exercises.telemetry_failed)"),
                           tr("telemetry of %llu steps could not be made",
                              "không tạo được dữ liệu của %llu bước"),
                           ULL(failed));
        if (behind <= DRILL_BEHIND_MS && !failed)
                doctor_say(d, DOCTOR_OK, "exercises", NULL,
                           tr("%llu exercises run; %llu injects came late",
                              "%llu cuộc diễn tập đang chạy; %llu tình huống phát muộn"),
                           ULL(run), ULL(late));
}

/* Mails and webhooks: what waits too long, what did not get there. */
static void outgoing(struct doctor *d, struct span status) {
        uint64_t queued = number(status, "outgoing_queued");
        uint64_t failed = number(status, "outgoing_failed");
        uint64_t oldest = number(status, "outgoing_oldest_seconds");

        if (queued == UINT64_MAX || failed == UINT64_MAX || oldest == UINT64_MAX)
                return;
        if (queued && oldest > HOUR_S)
                doctor_say(d, DOCTOR_WARNING, "outgoing",
                           tr("'coloa api outgoing.status' says what went wrong last; without "
                              "'courier' in the configuration nothing leaves",
                              "'coloa api outgoing.status' cho biết lỗi gần nhất; không có "
                              "'courier' trong cấu hình thì không gửi gì"),
                           tr("%llu mails and webhooks wait, the oldest for %llu h",
                              "%llu thư và webhook đang chờ, lâu nhất %llu giờ"),
                           ULL(queued), ULL(oldest / HOUR_S));
        if (failed)
                doctor_say(d, DOCTOR_WARNING, "outgoing",
                           tr("'coloa api outgoing.list state=failed' shows them; "
                              "outgoing.retry sends one again, outgoing.cancel takes it away",
                              "'coloa api outgoing.list state=failed' liệt kê; outgoing.retry gửi "
                              "lại, outgoing.cancel bỏ"),
                           tr("%llu mails and webhooks failed for good within a month",
                              "%llu thư và webhook thất bại trong một tháng qua"),
                           ULL(failed));
        if (queued && oldest <= HOUR_S && !failed)
                doctor_say(d, DOCTOR_OK, "outgoing", NULL,
                           tr("%llu mails and webhooks are on their way",
                              "%llu thư và webhook đang gửi"),
                           ULL(queued));
}

void doctor_node_judge(struct doctor *d, struct span status) {
        duplicates(d, status);
        indicators(d, status);
        exercises(d, status);
        outgoing(d, status);
}
