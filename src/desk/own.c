/* What the node itself has to say, as alerts like any other: a silent source, a record that judges
 * died on, a store that cannot write. Their rules are here, in both languages. */
#include "desk/desk_impl.h"
#include "desk/sources.h"

static const struct {
        const char *id, *en, *vi, *more_en, *more_vi;
        enum level level;
} rules[OWN_KINDS] = {
        [OWN_SILENT_SOURCE] = {"coloa-silent-source", "A source fell silent",
                               "Một nguồn nhật ký im lặng",
                               "A source said nothing for longer than its configuration allows. It "
                               "may be down, cut off, or muted by an attacker.",
                               "Nguồn không gửi gì lâu hơn mức cấu hình cho phép. Có thể nguồn đã "
                               "dừng, mất kết nối hoặc bị kẻ tấn công làm im lặng.",
                               LEVEL_MEDIUM},
        [OWN_CRASH] = {"coloa-record-set-aside", "A record was set aside without being judged",
                       "Một bản ghi bị để riêng, chưa được xét",
                       "Judging it crashed or took too long. The record is kept in the store; "
                       "somebody has to look at it.",
                       "Việc xét bản ghi này bị lỗi hoặc quá lâu. Bản ghi vẫn được lưu; cần có "
                       "người xem.",
                       LEVEL_HIGH},
        [OWN_STORE] = {"coloa-store-trouble", "The event store cannot write",
                       "Kho sự kiện không ghi được",
                       "Nothing new is acknowledged until it can: senders wait. Look at the disk.",
                       "Không có bản ghi mới nào được xác nhận cho tới khi ghi được: bên gửi phải "
                       "chờ. Hãy kiểm tra đĩa.",
                       LEVEL_CRITICAL},
        [OWN_UNKNOWN_SENDER] = {"coloa-unknown-sender", "An unknown sender", "Bên gửi không rõ",
                                "Something sends logs that no source of the configuration names.",
                                "Có bên gửi nhật ký không thuộc nguồn nào trong cấu hình.",
                                LEVEL_MEDIUM},
        [OWN_RATE_LIMITED] =
                {"coloa-rate-limited", "A rule says too much: only counted",
                 "Một quy tắc báo quá nhiều: chỉ đếm",
                 "Beyond the limit a second, its verdicts are counted but not kept one "
                 "by one. Tune the rule, or look for a flood that hides something.",
                 "Vượt giới hạn mỗi giây, các phán quyết chỉ được đếm, không giữ từng "
                 "cái. Hãy chỉnh quy tắc, hoặc tìm xem luồng tràn có che giấu gì không.",
                 LEVEL_MEDIUM},
        [OWN_DRILL] =
                {"coloa-restore-drill", "A restore drill failed", "Thử khôi phục không đạt",
                 "A backup could not be restored as it should: it is too old, too slow, damaged, "
                 "or not what was written down. Look at the drill before it is needed.",
                 "Không khôi phục được bản sao lưu như yêu cầu: quá cũ, quá chậm, bị hỏng hoặc "
                 "khác với giá trị đã ghi. Hãy xem lần thử trước khi cần đến.",
                 LEVEL_HIGH},
        [OWN_AUDIT] =
                {"coloa-audit-log", "The audit log is not what was signed",
                 "Nhật ký kiểm toán không khớp với bản đã ký",
                 "An older state, or an older head of the audit log, was put back, or one of them "
                 "was removed or changed. Run 'coloa verify' with a head that was kept elsewhere.",
                 "Trạng thái cũ hoặc đầu nhật ký cũ đã bị đặt lại, hoặc một trong hai bị xóa hay "
                 "bị "
                 "sửa. Hãy chạy 'coloa verify' với đầu nhật ký đã lưu ở nơi khác.",
                 LEVEL_CRITICAL},
};

static int own_ref(struct desk *d, unsigned what) {
        static const unsigned char version[STATE_ID_BYTES] = {1};
        struct state_rule row = {.kind = STATE_OWN,
                                 .level = (unsigned)rules[what].level,
                                 .status = STATUS_STABLE,
                                 .id = span_str(rules[what].id),
                                 .version = span_of((const char *)version, sizeof(version)),
                                 .title = span_str(rules[what].en),
                                 .title_vi = span_str(rules[what].vi),
                                 .description = span_str(rules[what].more_en),
                                 .description_vi = span_str(rules[what].more_vi),
                                 .file = SPAN(""),
                                 .tags = SPAN("[]")};
        int r = desk_begin(d);

        if (r < 0 || d->own[what].ref)
                return r;
        memcpy(d->own[what].version, version, sizeof(version));
        return state_rule(d->state, &row, &d->own[what].ref);
}

int own_alert(struct desk *d, enum own_alert what, struct span source, struct span text,
              uint64_t seq, int64_t time, uint64_t n) {
        struct finding_field fields[] = {
                {.name = SPAN("source"), .value = source, .matched = true},
                {.name = SPAN("text"), .value = text},
        };
        struct finding f = {.flags = FINDING_ALERT | FINDING_REPORT,
                            .count = n,
                            .time = time,
                            .time_last = time,
                            .received = d->wall,
                            .seq = seq,
                            .fields = fields,
                            .n_fields = ARRAY_LEN(fields)};

        if (what < OWN_SILENT_SOURCE || what > OWN_AUDIT)
                return 0;
        int r = own_ref(d, what);
        if (r < 0)
                return r;
        struct verdict v = {.kind = STATE_OWN,
                            .use = &d->own[what],
                            .rule_id = span_str(rules[what].id),
                            .info = {.id = span_str(rules[what].id),
                                     .title = span_str(rules[what].en),
                                     .level = rules[what].level},
                            .f = &f,
                            .entity_kind = source.len ? ENTITY_SOURCE : ENTITY_NONE,
                            .entity = source,
                            .source = source};
        return alert_verdict(d, &v);
}

int desk_own(struct desk *d, const struct msg_own_alert *m, int64_t wall) {
        size_t source = strnlen(m->source, sizeof(m->source)),
               text = strnlen(m->text, sizeof(m->text));
        int64_t time = m->time > 0 && m->time <= wall ? m->time : wall;

        d->wall = wall;
        if (m->what == OWN_SILENT_SOURCE) {
                int r = maintenance_holds(d, span_of(m->source, source));

                if (r != 0)
                        return MIN(r, 0);
        }
        return own_alert(d, (enum own_alert)m->what, span_of(m->source, source),
                         span_of(m->text, text), m->seq, time, 1);
}

int desk_audit(struct desk *d, const struct keep_audit *a, int64_t wall) {
        const struct span said[] = {span_str(a->who), span_str(a->what), span_str(a->about),
                                    span_str(a->detail)};
        struct buf text[ARRAY_LEN(said)] = {0};
        int r = desk_begin(d);

        d->wall = wall;
        for (size_t i = 0; i < ARRAY_LEN(said); i++) {
                state_text(&text[i], said[i], 512);
                buf_char(&text[i], '\0');
                if (text[i].failed && r == 0)
                        r = FAIL(-ENOMEM);
        }
        if (r == 0)
                r = state_audit(d->state, wall, text[0].p, text[1].p, span_str(text[2].p),
                                span_str(text[3].p));
        for (size_t i = 0; i < ARRAY_LEN(said); i++)
                buf_deinit(&text[i]);
        return r;
}
