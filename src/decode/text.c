/* Any line of text: one field, `message`, and the time if one stands near its start. What no other
 * format fits is still searched by keyword rules. Blank lines are no events. */
#include "decode/linetime.h"
#include "decode/scan.h"

static enum decode_result text_next(struct decode_state *s, struct event *e,
                                    struct decode_error *err) {
        struct span line;

        do {
                if (!decode_line(s, e, &line))
                        return DECODE_END;
        } while (span_trim(line).len == 0);
        e->kind = EVENT_TEXT;
        e->time = linetime_find(line, s->opt, s->b.h.file_time);
        field_add(s, e, SPAN("message"), line, V_STR);
        return DECODE_EVENT;
}

const struct format_ops format_text = {.next = text_next};
