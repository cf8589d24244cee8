/* One job (wire/job.h): its input, a sandbox, its output, the end. What a kind needs of the machine (fonts)
 * it takes before the sandbox closes, and before the first byte of the input is looked at.
 *
 *     3 main, 4 input (sealed), 5 output (JOB_OUT_MAX bytes that neither grow nor shrink) */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "exercise/export.h"
#include "exercise/telemetry.h"
#include "main/jobs.h"
#include "main/processes.h"
#include "main/spawn.h"
#include "os/os.h"
#include "os/sandbox.h"
#include "press/press.h"
#include "reader/reader.h"
#include "wire/job.h"
#include "wire/message.h"

#define INPUT_FD 4
#define OUTPUT_FD 5
#define MEMORY_MAX ((size_t)1 << 30)

/* 0; -EBADMSG: the input is not what it should be; -errno. */
typedef int job_run(struct span in, struct buf *out);

static int seed(void) {
        json_object_seed(0); /* reads a file once */
        return 0;
}

static const struct {
        job_run *run; /* NULL: there is no such kind */
        int (*prepare)(void);
} kinds[JOB_KINDS] = {
        [JOB_READER] = {job_reader, seed}, [JOB_PRESS] = {job_press, press_prepare},
        [JOB_CHECK] = {job_check, seed},   [JOB_TELEMETRY] = {telemetry_job, seed},
        [JOB_SCORE] = {job_score, seed},
};

#ifdef COLOA_FAULTS
/* Test builds only: an input that has one of these words early takes the process over. */
static bool has_word(struct span in, struct span word) {
        return memmem(in.p, MIN(in.len, 256), word.p, word.len) != NULL;
}

static void misbehave(struct span in, struct buf *out) {
        if (has_word(in, SPAN("coloa-test-crash")))
                abort();
        if (has_word(in, SPAN("coloa-test-hang")))
                for (;;)
                        (void)os_poll(NULL, 0, 1000);
        if (has_word(in, SPAN("coloa-test-open")))
                _Exit(os_open("/etc/passwd", 0, 0) >= 0 ? 99 : 98);
        while (has_word(in, SPAN("coloa-test-flood")) && !out->failed)
                buf_span(out, in);
}
#else
static void misbehave(struct span in, struct buf *out) {
        (void)in;
        (void)out;
}
#endif

static int work(unsigned kind, struct msg_job_done *done) {
        struct buf out = {.limit = JOB_OUT_MAX};
        struct stat st;
        void *p = NULL;
        int r = os_fstat(INPUT_FD, &st);

        if (r == 0 && (st.st_size <= 0 || (size_t)st.st_size > JOB_IN_MAX))
                r = -EPROTO;
        if (r == 0)
                r = os_map(INPUT_FD, (size_t)st.st_size, false, &p);
        if (r < 0)
                return r;
        struct span in = span_of(p, (size_t)st.st_size);
        misbehave(in, &out);
        done->error = kinds[kind].run(in, &out);
        if (done->error == 0 && out.failed)
                done->error = -EFBIG;
        done->len = done->error ? 0 : out.len;
        return done->len ? os_write_full(OUTPUT_FD, out.p, out.len) : 0;
}

/* Threads that `prepare` began have ended: the sandbox would not hold for those that went before it. Libraries
 * wait for what their threads do, not for their end; that comes a moment later. */
static bool alone(void) {
        for (unsigned i = 0; i < 200; i++) {
                char *text = NULL, *p;
                size_t len;
                long n = 0;

                if (os_read_file("/proc/self/stat", 4096, &text, &len) < 0)
                        return false;
                p = memrchr(text, ')', len);
                for (unsigned field = 2; p && field < 20; field++)
                        p = memchr(p + 1, ' ', len - (size_t)(p + 1 - text));
                n = p ? strtol(p, NULL, 10) : 0;
                free(text);
                if (n == 1)
                        return true;
                (void)os_poll(NULL, 0, 5);
        }
        return false;
}

int process_job(int argc, char **argv) {
        struct msg_job_done done = {.type = JOB_DONE};
        unsigned kind = 0;
        int landlock = -1;

        for (int i = 1; i < argc; i++) {
                if (strncmp(argv[i], "landlock=", 9) == 0)
                        landlock = (int)strtol(argv[i] + 9, NULL, 10);
                else if (strncmp(argv[i], "kind=", 5) == 0)
                        kind = (unsigned)strtoul(argv[i] + 5, NULL, 10);
        }
        if (kind >= JOB_KINDS || !kinds[kind].run)
                return 12;
        /* Libraries that write the date into a file ask for the zone anew each time, unless it is named. */
        if (setenv("TZ", "UTC0", 1) < 0)
                return 13;
        tzset();
        if (kinds[kind].prepare && (kinds[kind].prepare() < 0 || !alone()))
                return 13;
        if (sandbox_enter(SANDBOX_SEAL, landlock, MEMORY_MAX, NULL) < 0)
                return 15;
        int r = work(kind, &done);
        if (r == 0)
                r = os_send(CHILD_SOCKET, &done, sizeof(done), NULL, 0);
        return r < 0 ? 16 : 0;
}
