/* Reasons, as people read them, in both languages at once: they are part of the score's bytes, so neither the
 * asker's language nor a locale decides them. */
#include <stdio.h>

#include "exercise/score_impl.h"

#define SPELL 64

struct words {
        const char *en, *vi;
};
static const struct words kinds[FACT_KINDS] = {
        [FACT_ALERT] = {"Alert", "Cảnh báo"},
        [FACT_ACKNOWLEDGED] = {"Alert taken", "Nhận xử lý cảnh báo"},
        [FACT_DECLARED] = {"Incident declared", "Khai báo sự cố"},
        [FACT_CLASSIFIED] = {"Kind of incident chosen", "Phân loại sự cố"},
        [FACT_SCOPE] = {"Scope confirmed", "Xác định phạm vi"},
        [FACT_CONTAINED] = {"Contained", "Ngăn chặn"},
        [FACT_TOLD] = {"Told", "Thông báo"},
        [FACT_REPORTED] = {"Reported", "Báo cáo"},
        [FACT_RESTORED] = {"Restored", "Khôi phục"},
        [FACT_EVIDENCE] = {"Evidence kept", "Lưu giữ bằng chứng"},
        [FACT_ANSWERED] = {"Inject answered", "Trả lời tình huống"},
        [FACT_CLOSED] = {"Incident closed", "Đóng sự cố"},
};

static void spell(char to[SPELL], int64_t ms, bool vi) {
        int64_t s = ms / 1000;

        if (s < 60)
                (void)snprintf(to, SPELL, vi ? "%lld,%lld giây" : "%lld.%lld s", (long long)s,
                               (long long)(ms % 1000 / 100));
        else if (s < 3600)
                (void)snprintf(to, SPELL, vi ? "%lld phút %02lld giây" : "%lld min %02lld s",
                               (long long)(s / 60), (long long)(s % 60));
        else
                (void)snprintf(to, SPELL, vi ? "%lld giờ %02lld phút" : "%lld h %02lld min",
                               (long long)(s / 3600), (long long)(s / 60 % 60));
}

static void percent(char to[SPELL], int64_t millionths, bool vi) {
        int64_t tenths = formula_div(millionths, 1000);

        (void)snprintf(to, SPELL, vi ? "%lld,%lld%%" : "%lld.%lld%%", (long long)(tenths / 10),
                       (long long)(tenths % 10));
}

static const struct words *of_time(const struct score_line *l) {
        static const struct words full = {"full time", "kịp, trọn điểm thời gian"},
                                  good = {"in time", "trong thời hạn"}, late = {"late", "trễ"},
                                  over = {"after its end", "quá hạn"};

        return l->t >= l->expectation->h   ? &over
               : l->T == MILLION           ? &full
               : l->T >= l->expectation->p ? &good
                                           : &late;
}

/* The factors that are not 1, in words. */
static void factors(struct buf *b, const struct score_line *l, const struct drill_fact *ruling,
                    bool vi) {
        char text[SPELL];

        if (l->T != MILLION) {
                percent(text, l->T, vi);
                buf_printf(b, vi ? "; thời gian %s" : "; time %s", text);
        }
        if (l->Q != MILLION || ruling) {
                percent(text, l->Q, vi);
                buf_printf(b, vi ? "; chất lượng %s" : "; quality %s", text);
        }
        if (ruling)
                buf_str(b, vi ? " theo quyết định của ban giám khảo" : " as the jury ruled");
        if (l->R != MILLION && l->n_facts) {
                const struct drill_fact *f = l->facts[0];
                bool self = false;

                for (unsigned i = 0; i < l->n_facts; i++)
                        if (l->facts[i]->self) {
                                self = true;
                                f = l->facts[i];
                        }
                if (self || f->self)
                        buf_str(b, vi ? "; một nửa: tự phê duyệt việc mình đề xuất"
                                      : "; half: approved by who proposed it");
                else
                        buf_str(b, vi ? "; một nửa: không đúng vai trò được phân công"
                                      : "; half: not by a duty that the plan names");
        }
}

static void scored(struct buf *b, const struct score_line *l, const struct drill_fact *ruling,
                   bool vi) {
        const struct words *k = &kinds[l->expectation->fact], *how = of_time(l);
        char t[SPELL];

        spell(t, l->t, vi);
        buf_printf(b, vi ? "%s sau %s: %s" : "%s after %s: %s", vi ? k->vi : k->en, t,
                   vi ? how->vi : how->en);
        factors(b, l, ruling, vi);
        buf_char(b, '.');
}

static void other(struct buf *b, const struct score_line *l, enum scoring_why why,
                  const struct drill_fact *ruling, bool vi) {
        static const struct words texts[] = {
                [WHY_FUTURE] = {"Not yet begun.", "Chưa bắt đầu."},
                [WHY_OPEN] = {"Open: its time is not over.", "Còn mở: chưa hết thời hạn."},
                [WHY_OFFLINE] = {"Open: the unit has no connection; its records will be merged.",
                                 "Còn mở: đơn vị mất kết nối; dữ liệu sẽ được ghép sau."},
                [WHY_STOPPED] = {"Void: the exercise ended before its time was over.",
                                 "Không tính: diễn tập kết thúc trước khi hết thời hạn."},
                [WHY_PREVENTED] = {"Void: the unit prevented this step.",
                                   "Không tính: đơn vị đã chặn được bước này."},
                [WHY_UNPLAYED] = {"Void: this was not played.",
                                  "Không tính: bước này không diễn ra."},
                [WHY_AMBIGUOUS] =
                        {"Nothing yet: an alert fits two steps; an organiser is to rule.",
                         "Chưa tính: một cảnh báo khớp hai bước; chờ ban tổ chức quyết định."},
        };
        const struct words *k = &kinds[l->expectation->fact];
        char h[SPELL];

        if (why == WHY_MISSED) {
                spell(h, l->expectation->h, vi);
                buf_printf(b, vi ? "%s: không có trong %s." : "%s: not within %s.",
                           vi ? k->vi : k->en, h);
        } else if (why == WHY_RULED) {
                buf_str(b, vi ? "Không tính: quyết định của ban giám khảo"
                              : "Void: ruled by the jury");
                buf_printf(b, " (%s).", ruling ? ruling->id : "");
        } else if (texts[why].en && texts[why].vi) {
                buf_str(b, vi ? texts[why].vi : texts[why].en);
        }
}

static const char *keep(struct scoring *g, struct buf *b) {
        const char *s = b->failed ? NULL : arena_dup(&g->s->arena, buf_get(b)).p;

        buf_reset(b);
        return s;
}

int scoring_words(struct scoring *g, struct score_line *l, enum scoring_why why,
                  const struct drill_fact *ruling) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (unsigned vi = 0; vi < 2; vi++) {
                if (why == WHY_SCORED)
                        scored(&b, l, ruling, vi);
                else
                        other(&b, l, why, ruling, vi);
                *(vi ? &l->vi : &l->en) = keep(g, &b);
        }
        return l->en && l->vi ? 0 : FAIL(-ENOMEM);
}

int scoring_penalty_words(struct scoring *g, struct score_penalty *x, bool half) {
        _cleanup_(buf_deinit) struct buf b = {0};

        for (unsigned vi = 0; vi < 2; vi++) {
                switch (x->kind) {
                case PENALTY_INNOCENT:
                        buf_printf(&b,
                                   vi ? "Ngăn chặn nhầm %s, không liên quan"
                                      : "Contained %s, which was innocent",
                                   x->object);
                        if (half)
                                buf_str(&b, vi ? "; gỡ bỏ trong 5 phút: một nửa"
                                               : "; undone within 5 minutes: half");
                        break;
                case PENALTY_FALSE:
                        buf_printf(&b,
                                   vi ? "Khai báo sự cố trên hoạt động bình thường (%s)"
                                      : "An incident was declared on innocent activity (%s)",
                                   x->object);
                        break;
                case PENALTY_UNUSED:
                        buf_printf(&b,
                                   vi ? "Nguồn nhật ký %s có mà không dùng"
                                      : "Source %s, owned, was not used",
                                   x->object);
                        break;
                case PENALTY_BROKEN:
                        buf_printf(&b,
                                   vi ? "Vi phạm quy định %s, do ban giám khảo quyết định"
                                      : "Rule %s was broken, as the jury ruled",
                                   x->object);
                        break;
                }
                if (x->machine && x->kind <= PENALTY_FALSE)
                        buf_str(&b, vi ? " (tự động)" : " (by the machine itself)");
                if (x->pardoned)
                        buf_str(&b, vi ? "; được ban giám khảo miễn" : "; pardoned by the jury");
                buf_char(&b, '.');
                *(vi ? &x->vi : &x->en) = keep(g, &b);
        }
        return x->en && x->vi ? 0 : FAIL(-ENOMEM);
}
