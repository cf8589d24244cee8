/* What the desk has done by other processes: bounds, order, and that each is answered once. */
#include "desk/jobs.h"
#include "api_world.h"
#include "desk/desk_impl.h"
#include "os/os.h"

static struct {
        int64_t key[64];
        int error[64];
        char out[64][16];
        unsigned n;
        bool again; /* asks for another from within */
} heard;

static int done(struct desk *d, int64_t key, const struct job_said *said) {
        check(heard.n < ARRAY_LEN(heard.key));
        heard.key[heard.n] = key;
        heard.error[heard.n] = said->error;
        snprintf(heard.out[heard.n++], sizeof(heard.out[0]), "%.*s", (int)said->out.len,
                 said->out.p ? said->out.p : "");
        if (!heard.again)
                return 0;
        heard.again = false;
        return desk_job(d, JOB_READER, SPAN("again"), done, 100);
}

static int want(const char *text, int64_t key) {
        return desk_job(w.d, JOB_READER, span_str(text), done, key);
}

static int said(uint64_t id, int error, const char *text) {
        struct job_said s = {error, span_str(text)};

        return desk_job_said(w.d, id, &s);
}

/* The next one's id, as the process would send it. */
static uint64_t send_next(const char *want) {
        char text[64] = "";
        int fd = -1;
        const struct msg_job *m = desk_job_next(w.d, &fd);

        if (!m)
                return 0;
        uint64_t id = m->id;
        check_int(m->type, JOB_DO);
        check_int(m->len, strlen(want));
        check_int(os_memfd_is_sealed(fd), 1);
        check_int(pread(fd, text, sizeof(text) - 1, 0), strlen(want));
        check(strcmp(text, want) == 0);
        desk_job_sent(w.d);
        return id;
}

static void begin(void) {
        world_start(world_rules);
        api_start();
        memset(&heard, 0, sizeof(heard));
}

static void end(void) {
        api_end();
        world_end();
}

static void jobs_go_in_order_and_are_told_once(void) {
        begin();
        check_int(want("one", 1), 0);
        check_int(want("two", 2), 0);
        check_int(want("three", 3), 0);
        uint64_t one = send_next("one"), two = send_next("two");
        check(one && two && one != two);
        check_int(send_next("none: two are with main"), 0);
        check_int(said(two + 1, 0, ""), -EPROTO); /* not sent yet */
        check_int(said(two, 0, "2"), 0);
        check_int(said(two, 0, "2"), -EPROTO);
        uint64_t three = send_next("three");
        check(three > two);
        check_int(said(one, -EBADMSG, ""), 0);
        heard.again = true;
        check_int(said(three, -ETIMEDOUT, ""), 0);
        check_int(heard.n, 3);
        check(heard.key[0] == 2 && heard.key[1] == 1 && heard.key[2] == 3);
        check(strcmp(heard.out[0], "2") == 0 && heard.error[1] == -EBADMSG);
        check_int(heard.error[2], -ETIMEDOUT);
        check(send_next("again") > three);
        end();
}

static void too_many_wait_no_longer(void) {
        unsigned n = 0;

        begin();
        check_int(want("", 1), -E2BIG);
        while (want("x", n) == 0)
                check(++n < 100);
        check_int(n, 16);
        check_int(want("x", n), -EAGAIN);
        uint64_t id = send_next("x");
        check_int(want("x", n), -EAGAIN); /* what is at work counts */
        check_int(said(id, 0, ""), 0);
        check_int(want("x", n), 0);
        end();
}

int main(void) {
        RUN(jobs_go_in_order_and_are_told_once);
        RUN(too_many_wait_no_longer);
        return check_done();
}
