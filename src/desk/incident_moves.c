/* The states of an incident and the moves between them, in one table. The parts of the response (six
 * activities of Decree 333, seven steps of Decision 05) go on side by side within these states; the regime
 * lists them. A state says what the team is at, and what must be there before the next:
 *
 *     open ──► declared ──► containing ──► recovering ──► watching ──► closed ──► reviewed
 *       └──► false_alarm        ▲──────────────┴──────────────┴───────────┘ (it came back) */
#include "desk/incident.h"

const struct incident_move incident_moves[] = {
        {"open", "declared", NEED_KIND | NEED_HARM | NEED_LEAD, "Declare the incident",
         "Xác lập sự cố"},
        {"open", "false_alarm", NEED_REASON, "No incident", "Không phải sự cố"},
        {"declared", "containing", NEED_LEAD, "Begin to contain", "Bắt đầu ngăn chặn"},
        {"declared", "recovering", NEED_LEAD | NEED_REASON, "Nothing to contain: recover",
         "Không cần ngăn chặn: khôi phục"},
        {"declared", "false_alarm", NEED_REASON, "No incident after all",
         "Hóa ra không phải sự cố"},
        {"containing", "recovering", NEED_SERIOUS, "Contained: recover", "Đã ngăn chặn: khôi phục"},
        {"recovering", "watching", 0, "Restored: watch", "Đã khôi phục: theo dõi"},
        {"recovering", "containing", NEED_REASON, "It goes on: contain again",
         "Còn tiếp diễn: ngăn chặn lại"},
        {"watching", "closed", NEED_CLOCKS | NEED_TASKS | NEED_SERIOUS | NEED_ACTIVITIES, "Close",
         "Đóng sự cố"},
        {"watching", "containing", NEED_REASON, "It came back: contain again",
         "Tái diễn: ngăn chặn lại"},
        {"closed", "containing", NEED_REASON, "Open again", "Mở lại"},
        {"closed", "reviewed", NEED_REVIEW, "Reviewed", "Đã rút kinh nghiệm"},
        {"false_alarm", "open", NEED_REASON, "Open again", "Mở lại"},
        {NULL, NULL, 0, NULL, NULL},
};

static int any(struct api_call *c, const char *sql, const struct incident *i, unsigned bit,
               unsigned *missing) {
        int64_t n = 0;
        int r = sql_get_int(c->db, &n, sql, "i", i->id);

        if (r >= 0 && n > 0)
                *missing |= bit;
        return r < 0 ? r : 0;
}

int incident_missing(struct api_call *c, const struct incident *i, unsigned needs, unsigned *ret) {
        unsigned m = 0;
        int r = 0;

        if ((needs & NEED_KIND) && !i->kind.len)
                m |= NEED_KIND;
        if ((needs & NEED_LEAD) && !i->lead)
                m |= NEED_LEAD;
        if ((needs & NEED_HARM) && !i->harm.len)
                m |= NEED_HARM;
        if ((needs & NEED_SERIOUS) && i->serious == FACT_UNKNOWN)
                m |= NEED_SERIOUS;
        if ((needs & NEED_REASON) && api_text(c, "reason").len < 5)
                m |= NEED_REASON;
        if (needs & NEED_CLOCKS)
                r = any(c,
                        "SELECT count(*) FROM incident_clock WHERE incident=?1 AND state<>0"
                        " AND met_at IS NULL AND void_at IS NULL",
                        i, NEED_CLOCKS, &m);
        if (r == 0 && (needs & NEED_TASKS))
                r = any(c,
                        "SELECT count(*) FROM incident_task WHERE incident=?1"
                        " AND state IN ('open','doing')",
                        i, NEED_TASKS, &m);
        if (r == 0 && (needs & NEED_ACTIVITIES))
                r = any(c,
                        "SELECT count(*) FROM incident_activity WHERE incident=?1"
                        " AND state<>'done'",
                        i, NEED_ACTIVITIES, &m);
        if (r == 0 && (needs & NEED_REVIEW))
                r = any(c,
                        "SELECT NOT EXISTS(SELECT 1 FROM incident_review WHERE incident=?1"
                        " AND cause<>'' AND lessons<>'')",
                        i, NEED_REVIEW, &m);
        *ret = m;
        return r;
}

void incident_need_text(unsigned *need, const char **ret_en, const char **ret_vi) {
        static const struct {
                unsigned bit;
                const char *en, *vi;
        } texts[] = {
                {NEED_KIND, "Say what kind of incident it is", "Chọn loại sự cố"},
                {NEED_LEAD, "Name who leads", "Cử người chỉ huy"},
                {NEED_HARM, "Say how great the harm is", "Chọn mức thiệt hại"},
                {NEED_SERIOUS, "Decide whether it is serious by the law",
                 "Quyết định có nghiêm trọng theo luật không"},
                {NEED_REASON, "Say why", "Nêu lý do"},
                {NEED_CLOCKS, "A legal deadline is open: meet it, or say why it does not apply",
                 "Còn thời hạn pháp lý: đáp ứng, hoặc nêu vì sao không áp dụng"},
                {NEED_TASKS, "Tasks are open: do or drop them", "Còn việc chưa xong: làm hoặc bỏ"},
                {NEED_REVIEW, "Write the review", "Viết phần rút kinh nghiệm"},
                {NEED_ACTIVITIES, "A part of the response is not done",
                 "Còn hoạt động ứng cứu chưa xong"},
        };

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                if (*need & texts[i].bit) {
                        *need &= ~texts[i].bit;
                        *ret_en = texts[i].en;
                        *ret_vi = texts[i].vi;
                        return;
                }
        assert(false);
}
