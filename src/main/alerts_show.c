/* See alerts_show.h. Whatever came from logs or rules goes through text_clean() or buf_json(): the
 * state was written by a process that may have been taken over, and a terminal obeys what it is sent. */
#include "main/alerts_show.h"

#include <jansson.h>

#include "base/lang.h"
#include "report/text.h"
#include "report/writer.h"

#define TEXT_MAX 4096u

static struct span title(const struct state_rule *r) {
        return tr(r->title, r->title_vi.len ? r->title_vi : r->title);
}

static const char *entity_word(enum alert_entity kind) {
        switch (kind) {
        case ENTITY_HOST: return tr("host", "máy");
        case ENTITY_USER: return tr("user", "người dùng");
        case ENTITY_SOURCE: return tr("source", "nguồn");
        case ENTITY_GROUP: return tr("group", "nhóm");
        case ENTITY_MANY: return tr("many", "nhiều");
        default: return "";
        }
}

/* The entity, or what stands for it. */
static void put_entity(struct buf *b, const struct state_alert *a) {
        if (a->entity_kind == ENTITY_MANY)
                buf_str(b, tr("(too many to tell apart)", "(quá nhiều, không tách riêng)"));
        else if (a->entity_kind == ENTITY_NONE)
                buf_str(b, "-");
        else
                text_clean(b, a->entity, 256);
}

static void put_status(struct buf *b, const struct state_alert *a) {
        if (a->drill)
                buf_printf(b, tr(" [drill %u]", " [diễn tập %u]"), a->drill);
        if (a->retro)
                buf_printf(b, tr(" [retro %lld]", " [hồi cứu %lld]"), (long long)a->retro);
        if (a->status != ALERT_SUPPRESSED)
                return;
        buf_str(b, tr(" [suppressed by ", " [bỏ qua theo "));
        text_clean(b, a->exception, 64);
        buf_char(b, ']');
}

static void cell(struct buf *b, struct buf *scratch, size_t columns) {
        size_t used = text_cut(b, buf_get(scratch), columns);

        text_pad(b, columns - used + 1);
        buf_reset(scratch);
}

void alert_line(struct buf *b, const struct state_alert *a, const struct state_rule *r,
                unsigned width) {
        struct buf s = {0};

        buf_printf(&s, "%lld", (long long)a->id);
        cell(b, &s, 6);
        text_times(&s, a->last, a->last);
        cell(b, &s, 19);
        buf_str(&s, report_level_word((enum level)r->level));
        cell(b, &s, 13);
        text_number(&s, a->count);
        cell(b, &s, 7);
        put_entity(&s, a);
        cell(b, &s, 24);
        text_clean(&s, title(r), TEXT_MAX);
        put_status(&s, a);
        if (width)
                (void)text_cut(b, buf_get(&s), width > 76 ? width - 75 : 24);
        else
                buf_span(b, buf_get(&s));
        buf_char(b, '\n');
        buf_deinit(&s);
}

/* ---- one alert ---- */

static void row(struct buf *b, const char *name) {
        size_t used = text_width(span_str(name));

        buf_str(b, "  ");
        buf_str(b, name);
        text_pad(b, used < 16 ? 16 - used : 1);
}

static void put_tags(struct buf *b, struct span json) {
        json_t *list = json_loadb(json.p ? json.p : "", json.len, 0, NULL), *t;
        size_t i;

        row(b, tr("tags", "thẻ"));
        json_array_foreach(list, i, t) {
                if (i)
                        buf_str(b, ", ");
                text_clean(b, span_of(json_string_value(t), json_string_length(t)), 256);
        }
        buf_char(b, '\n');
        json_decref(list);
}

/* ["name", "value", "type", matched]; what matched bears a mark. */
static void put_field(struct buf *b, const json_t *f) {
        const json_t *name = json_array_get(f, 0), *value = json_array_get(f, 1);
        bool matched = json_integer_value(json_array_get(f, 3)) != 0;

        if (!json_is_string(name) || !json_is_string(value))
                return;
        buf_str(b, matched ? "  * " : "    ");
        text_clean(b, span_of(json_string_value(name), json_string_length(name)), 256);
        buf_str(b, "  ");
        text_clean(b, span_of(json_string_value(value), json_string_length(value)), TEXT_MAX);
        buf_char(b, '\n');
}

static void put_event(struct buf *b, const char *head, struct span json) {
        json_t *o = json_loadb(json.p ? json.p : "", json.len, JSON_ALLOW_NUL, NULL), *f;
        json_t *time = json_object_get(o, "time");
        size_t i;

        if (!o)
                return;
        buf_printf(b, "\n%s", head);
        if (json_is_integer(time)) {
                buf_char(b, ' ');
                text_times(b, json_integer_value(time), json_integer_value(time));
        }
        buf_printf(b, tr("  (record %lld)\n", "  (bản ghi %lld)\n"),
                   (long long)json_integer_value(json_object_get(o, "seq")));
        json_array_foreach(json_object_get(o, "fields"), i, f) put_field(b, f);
        if (json_is_true(json_object_get(o, "cut")))
                buf_str(b, tr("    (not all fields are kept here; the store has the record)\n",
                              "    (không giữ đủ các trường ở đây; kho có bản ghi gốc)\n"));
        json_decref(o);
}

static void put_records(struct buf *b, const struct state_alert *a) {
        buf_printf(b, "\n%s\n",
                   tr("Records in the store (sequence number, offset, length, time)",
                      "Bản ghi trong kho (số thứ tự, vị trí, độ dài, thời gian)"));
        for (uint32_t i = 0; i < a->n_records; i++) {
                const struct record_ref *x = &a->records[i];

                buf_printf(b, "    %llu  %llu  %llu  ", (unsigned long long)x->seq,
                           (unsigned long long)x->offset, (unsigned long long)x->length);
                if (x->time != TIME_NONE)
                        text_times(b, x->time, x->time);
                buf_char(b, '\n');
        }
        if (a->count > a->n_records && a->n_records)
                buf_printf(b,
                           tr("    the first and the last of %llu\n",
                              "    những bản ghi đầu và cuối trong %llu\n"),
                           (unsigned long long)a->count);
}

static void put_span(struct buf *b, const char *name, struct span s) {
        if (!s.len)
                return;
        row(b, name);
        text_clean(b, s, TEXT_MAX);
        buf_char(b, '\n');
}

static void put_hex(struct buf *b, struct span s) {
        for (size_t i = 0; i < s.len && i < 32; i++)
                buf_printf(b, "%02x", (unsigned char)s.p[i]);
}

/* The run that raised it, over what. */
static void put_run(struct buf *b, const struct state_retro *run) {
        if (!run)
                return;
        row(b, tr("retro", "hồi cứu"));
        buf_printf(b,
                   tr("run %lld over records %llu to %llu", "lượt %lld trên bản ghi %llu đến %llu"),
                   (long long)run->id, (unsigned long long)run->first,
                   (unsigned long long)(run->past ? run->past - 1 : 0));
        if (run->since != TIME_NONE || run->until != TIME_NONE) {
                buf_str(b, tr(", events ", ", sự kiện "));
                if (run->since != TIME_NONE)
                        text_times(b, run->since, run->since);
                buf_str(b, " … ");
                if (run->until != TIME_NONE)
                        text_times(b, run->until, run->until);
        }
        if (run->source.len) {
                buf_str(b, tr(", source ", ", nguồn "));
                text_clean(b, run->source, 64);
        }
        buf_str(b, tr(", begun ", ", bắt đầu "));
        text_times(b, run->begun, run->begun);
        if (run->ended == TIME_NONE)
                buf_str(b, tr(", not ended", ", chưa xong"));
        buf_char(b, '\n');
}

void alert_page(struct buf *b, const struct state_alert *a, const struct state_rule *r,
                const struct span fields[2], const struct state_retro *run) {
        text_clean(b, title(r), TEXT_MAX);
        put_status(b, a);
        buf_char(b, '\n');
        put_span(b, "",
                 tr(r->description, r->description_vi.len ? r->description_vi : r->description));
        row(b, tr("alert", "cảnh báo"));
        buf_printf(b, "%lld\n", (long long)a->id);
        row(b, tr("level", "mức"));
        buf_printf(b, "%s\n", report_level_word((enum level)r->level));
        if (a->entity_kind != ENTITY_NONE) {
                row(b, entity_word(a->entity_kind));
                put_entity(b, a);
                buf_char(b, '\n');
        }
        row(b, tr("count", "số lần"));
        text_number(b, a->count);
        buf_char(b, '\n');
        row(b, tr("events", "sự kiện"));
        text_times(b, a->first, a->last);
        buf_str(b, " UTC\n");
        row(b, tr("received", "nhận lúc"));
        text_times(b, a->first_received, a->last_received);
        buf_char(b, '\n');
        row(b, tr("raised", "báo lúc"));
        text_times(b, a->raised, a->raised);
        buf_char(b, '\n');
        put_run(b, run);
        put_span(b, tr("log source", "nguồn nhật ký"), a->source);
        row(b, tr("rule", "quy tắc"));
        text_clean(b, r->id, 256);
        buf_str(b, tr(", version ", ", phiên bản "));
        put_hex(b, r->version);
        buf_char(b, '\n');
        put_span(b, tr("file", "tệp"), r->file);
        put_tags(b, r->tags);
        put_event(b, tr("First event", "Sự kiện đầu"), fields[0]);
        if (fields[1].len && a->count > 1)
                put_event(b, tr("Last event", "Sự kiện cuối"), fields[1]);
        put_records(b, a);
}

/* ---- JSON lines ---- */

static void put_text(struct buf *b, const char *key, struct span s) {
        if (!s.len)
                return;
        buf_printf(b, ",\"%s\":\"", key);
        buf_json(b, s);
        buf_char(b, '"');
}

static void put_time(struct buf *b, const char *key, int64_t ns) {
        char text[40];

        if (ns == TIME_NONE)
                return;
        text[time_format(text, ns, 6)] = '\0';
        buf_printf(b, ",\"%s\":\"%s\"", key, text);
}

static void put_number(struct buf *b, const char *key, uint64_t n) {
        buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)n);
}

/* JSON from the state, written anew: what is not JSON is left out. */
static void put_anew(struct buf *b, const char *key, struct span json) {
        json_t *o = json_loadb(json.p ? json.p : "", json.len, JSON_ALLOW_NUL, NULL);
        char *text = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

        if (text)
                buf_printf(b, ",\"%s\":%s", key, text);
        free(text);
        json_decref(o);
}

static void put_record_list(struct buf *b, const struct state_alert *a) {
        buf_str(b, ",\"coloa.records\":[");
        for (uint32_t i = 0; i < a->n_records; i++) {
                const struct record_ref *x = &a->records[i];

                buf_printf(b, "%s{\"seq\":%llu,\"offset\":%llu,\"length\":%llu", i ? "," : "",
                           (unsigned long long)x->seq, (unsigned long long)x->offset,
                           (unsigned long long)x->length);
                put_time(b, "time", x->time);
                buf_char(b, '}');
        }
        buf_char(b, ']');
}

void alert_json(struct buf *b, const struct state_alert *a, const struct state_rule *r,
                const struct span *fields, const struct state_retro *run) {
        static const char *const kinds[] = {"rule", "correlation", "node", "?"};
        static const char *const entities[] = {"none", "host", "user", "source", "group", "many"};

        buf_printf(b, "{\"coloa.alert.id\":%lld", (long long)a->id);
        put_time(b, "@timestamp", a->last);
        buf_str(b, ",\"event.kind\":\"alert\"");
        put_text(b, "rule.id", r->id);
        put_text(b, "rule.name", r->title);
        buf_str(b, ",\"rule.version\":\"");
        put_hex(b, r->version);
        buf_printf(b, "\",\"rule.level\":\"%s\",\"coloa.rule.kind\":\"%s\"",
                   report_level_key((enum level)r->level), kinds[r->kind & 3]);
        put_anew(b, "tags", r->tags);
        put_text(b, "host.name", a->host);
        put_text(b, "user.name", a->user);
        put_text(b, "coloa.source", a->source);
        buf_printf(b, ",\"coloa.entity.kind\":\"%s\"", entities[a->entity_kind]);
        put_text(b, "coloa.entity.name", a->entity);
        buf_printf(b, ",\"coloa.alert.status\":\"%s\"",
                   a->status == ALERT_SUPPRESSED ? "suppressed" : "open");
        put_text(b, "coloa.alert.exception", a->exception);
        if (a->drill)
                put_number(b, "coloa.drill", a->drill);
        if (run) {
                put_number(b, "coloa.retro.run", (uint64_t)run->id);
                put_number(b, "coloa.retro.first", run->first);
                put_number(b, "coloa.retro.past", run->past);
                put_time(b, "coloa.retro.from", run->since);
                put_time(b, "coloa.retro.to", run->until);
                put_text(b, "coloa.retro.source", run->source);
        }
        put_number(b, "coloa.count", a->count);
        put_time(b, "event.start", a->first);
        put_time(b, "event.end", a->last);
        put_time(b, "coloa.received.first", a->first_received);
        put_time(b, "coloa.received.last", a->last_received);
        put_time(b, "event.created", a->raised);
        put_record_list(b, a);
        if (fields) {
                put_anew(b, "coloa.first", fields[0]);
                put_anew(b, "coloa.last", fields[1]);
        }
        buf_str(b, "}\n");
}

/* ---- exceptions ---- */

static const char *exception_word(const struct state_exception *e, int64_t now) {
        if (!e->active)
                return tr("withdrawn", "đã bỏ");
        return e->expires != TIME_NONE && e->expires <= now ? tr("expired", "hết hạn")
                                                            : tr("in force", "hiệu lực");
}

void exception_line(struct buf *b, const struct state_exception *e, int64_t now) {
        text_clean(b, e->id, 64);
        buf_printf(b, "  %s  ", exception_word(e, now));
        buf_str(b, tr("until ", "đến "));
        if (e->expires != TIME_NONE)
                text_times(b, e->expires, e->expires);
        buf_printf(b, "  %llu ×\n    ", (unsigned long long)e->count);
        text_clean(b, e->owner, 256);
        buf_str(b, ": ");
        text_clean(b, e->reason, 1024);
        buf_str(b, "\n    ");
        text_clean(b, e->rules, 1024);
        buf_char(b, '\n');
}

void exception_json(struct buf *b, const struct state_exception *e, int64_t now) {
        bool expired = e->expires != TIME_NONE && e->expires <= now;

        buf_printf(b, "{\"active\":%s,\"expired\":%s", e->active ? "true" : "false",
                   expired ? "true" : "false");
        put_text(b, "id", e->id);
        put_text(b, "owner", e->owner);
        put_text(b, "reason", e->reason);
        put_text(b, "rules", e->rules);
        put_time(b, "expires", e->expires);
        put_number(b, "count", e->count);
        put_time(b, "last", e->last);
        put_text(b, "text", e->text);
        buf_str(b, "}\n");
}
