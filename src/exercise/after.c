/* What the report says, before it has a form (after_html.c, after_paper.c). */
#include <stdio.h>
#include <stdlib.h>

#include <string.h>

#include "exercise/after_impl.h"

void after_close(struct after_all *x) {
        for (unsigned i = 0; i < x->n; i++) {
                review_free(x->units[i].review);
                score_free(x->units[i].score);
        }
        free(x->units);
        x->units = NULL;
        x->n = 0;
}

int after_open(struct after_all *ret, const struct after *a) {
        struct after_all x = {.a = a};
        int r = 0;

        x.units = calloc(a->n_plays + 1, sizeof(*x.units));
        if (!x.units)
                return FAIL(-ENOMEM);
        for (unsigned i = 0; r == 0 && i < a->n_plays; i++) {
                struct after_unit *u = &x.units[x.n];

                if (a->play && a->plays[i].play != a->play)
                        continue;
                u->play = &a->plays[i];
                r = score_play(&u->score, a->plan, a->facts, u->play->play);
                if (r == 0)
                        r = review_new(&u->review, a->plan, a->facts, u->score);
                x.n++;
        }
        if (r == 0 && x.n == 0)
                r = -ENOENT;
        if (r < 0)
                after_close(&x);
        else
                *ret = x;
        return r;
}

const char *after_time(char to[AFTER_TIME], int64_t ms) {
        int64_t s = ms / 1000;

        if (ms == FORMULA_NEVER || ms < 0)
                (void)snprintf(to, AFTER_TIME, "–");
        else if (s < 3600)
                (void)snprintf(to, AFTER_TIME, "%lld:%02lld", (long long)(s / 60),
                               (long long)(s % 60));
        else
                (void)snprintf(to, AFTER_TIME, "%lld:%02lld:%02lld", (long long)(s / 3600),
                               (long long)(s / 60 % 60), (long long)(s % 60));
        return to;
}

const char *after_ratio(unsigned lines, bool vi) {
        return lines >= 40   ? vi ? "0,78–1,28" : "0.78–1.28"
               : lines >= 15 ? vi ? "0,67–1,50" : "0.67–1.50"
               : lines >= 5  ? vi ? "0,50–2,02" : "0.50–2.02"
                             : NULL;
}

const char *after_text(const struct after *a, struct plan_text t) {
        return a->vi && t.vi[0] ? t.vi : t.en[0] ? t.en : t.vi;
}

unsigned after_count(const struct after_all *x, unsigned step, enum review_state state) {
        unsigned n = 0;

        for (unsigned i = 0; i < x->n; i++) {
                enum review_state s = x->units[i].review->steps[step].state;

                n += s >= state && s <= STEP_ANSWERED;
        }
        return n;
}

static int by_size(const void *a, const void *b) {
        const int64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

int64_t after_median(const struct after_all *x, unsigned step, bool answered) {
        int64_t *t = calloc(x->n + 1, sizeof(*t)), middle;
        unsigned n = 0;

        for (unsigned i = 0; t && i < x->n; i++) {
                const struct review_step *s = &x->units[i].review->steps[step];
                int64_t at = answered ? s->answered : s->seen;

                if (s->t != FORMULA_NEVER)
                        t[n++] = at == FORMULA_NEVER ? INT64_MAX : MAX(at - s->t, (int64_t)0);
        }
        if (t)
                qsort(t, n, sizeof(*t), by_size);
        middle = t && n ? t[(n - 1) / 2] : INT64_MAX;
        free(t);
        return middle == INT64_MAX ? FORMULA_NEVER : middle;
}

int64_t after_length(const struct after *a, const struct review *v) {
        const int64_t all = MAX(a->plan->length, (int64_t)1), every = INT64_C(20) * 60 * 1000;
        int64_t last = 0;

        for (unsigned i = 0; i < v->n_steps; i++) {
                const int64_t at[] = {v->steps[i].t, v->steps[i].seen, v->steps[i].answered};

                for (unsigned k = 0; k < ARRAY_LEN(at); k++)
                        if (at[k] != FORMULA_NEVER)
                                last = MAX(last, at[k]);
        }
        return MIN(all, (last / every + 1) * every);
}

const char *after_state(enum review_state s, bool vi) {
        static const char *const words[STEP_NOT + 1][2] = {
                {"to come", "chưa tới"},        {"played", "diễn ra"},
                {"seen", "phát hiện"},          {"answered", "đã xử lý"},
                {"prevented", "đã chặn trước"}, {"not played", "không diễn ra"}};

        return words[s][vi];
}

const char *after_tactic(const char *tactic, bool vi) {
        static const char *const names[][3] = {
                {"reconnaissance", "reconnaissance", "trinh sát"},
                {"resource-development", "resource development", "chuẩn bị nguồn lực"},
                {"initial-access", "initial access", "xâm nhập ban đầu"},
                {"execution", "execution", "thực thi"},
                {"persistence", "persistence", "bám trụ"},
                {"privilege-escalation", "privilege escalation", "leo thang đặc quyền"},
                {"defense-evasion", "defence evasion", "né tránh phòng thủ"},
                {"stealth", "stealth", "ẩn mình"},
                {"credential-access", "credential access", "lấy thông tin xác thực"},
                {"discovery", "discovery", "dò tìm"},
                {"lateral-movement", "lateral movement", "di chuyển ngang"},
                {"collection", "collection", "thu thập"},
                {"command-and-control", "command and control", "điều khiển từ xa"},
                {"exfiltration", "exfiltration", "đưa dữ liệu ra"},
                {"impact", "impact", "gây tác động"},
        };

        for (size_t i = 0; tactic && i < ARRAY_LEN(names); i++)
                if (strcmp(tactic, names[i][0]) == 0)
                        return names[i][vi ? 2 : 1];
        return tactic ? tactic : "–";
}

const char *after_lesson(enum score_cause c, bool vi) {
        static const char *const lessons[SCORE_CAUSES][2] = {
                [CAUSE_SOURCE] = {"Connect the missing log source, then re-test with another seed.",
                                  "Kết nối nguồn nhật ký còn thiếu, sau đó kiểm tra lại với mầm dữ "
                                  "liệu khác."},
                [CAUSE_RULE] = {"Write or mend the rule; test it on this drill's records and on a "
                                "quiet day.",
                                "Viết hoặc sửa quy tắc; thử trên bản ghi của cuộc diễn tập và trên "
                                "ngày bình thường."},
                [CAUSE_STEP] =
                        {"Find where it waited: who had to be asked, what had to be looked up; "
                         "practise it twice.",
                         "Tìm khâu phải chờ: phải hỏi ai, phải tra cứu gì; luyện lại hai lần."},
                [CAUSE_PLAN] = {"Make the plan say it: kinds, scope, duties, mandatory fields; "
                                "practise it twice.",
                                "Ghi rõ trong phương án: loại, phạm vi, vai trò, mục bắt buộc; "
                                "luyện lại hai lần."}};

        return lessons[c][vi];
}
