/* `coloa exercise generate --list`: the catalogue of activities (exercise/activity.h), one JSON object a line. */
#include <stdio.h>

#include "base/buf.h"
#include "exercise/activity.h"
#include "main/exercise_verb.h"

static void text(struct buf *b, const char *key, const char *value) {
        buf_printf(b, "\"%s\":", key);
        if (!value) {
                buf_str(b, "null");
                return;
        }
        buf_char(b, '"');
        buf_json(b, span_str(value));
        buf_char(b, '"');
}

/* "a b" as ["a","b"]. */
static void list(struct buf *b, const char *key, const char *words) {
        buf_printf(b, ",\"%s\":[", key);
        for (const char *p = words ? words : ""; *p;) {
                size_t len = strcspn(p, " ");

                buf_printf(b, "%s\"%.*s\"", p == words ? "" : ",", (int)len, p);
                p += len + strspn(p + len, " ");
        }
        buf_char(b, ']');
}

static void bits(struct buf *b, const char *key, unsigned set, const char *const *names,
                 unsigned n) {
        const char *comma = "";

        buf_printf(b, ",\"%s\":[", key);
        for (unsigned i = 0; i < n; i++) {
                if (!(set & 1u << i))
                        continue;
                buf_printf(b, "%s\"%s\"", comma, names[i]);
                comma = ",";
        }
        buf_char(b, ']');
}

static void params(struct buf *b, const struct activity *a) {
        static const char *const types[] = {"text", "count", "time",    "bytes",  "bool",
                                            "word", "host",  "account", "outside"};

        buf_str(b, ",\"params\":[");
        for (unsigned i = 0; i < a->n_params; i++) {
                const struct activity_param *p = &a->params[i];

                buf_str(b, i ? ",{" : "{");
                text(b, "name", p->name);
                buf_printf(b, ",\"type\":\"%s\",", types[p->type]);
                text(b, "default", p->fallback);
                buf_printf(b, ",\"required\":%s", p->required ? "true" : "false");
                if (p->words)
                        list(b, "words", p->words);
                buf_char(b, ',');
                text(b, "en", p->what.en);
                buf_char(b, ',');
                text(b, "vi", p->what.vi);
                buf_char(b, '}');
        }
        buf_char(b, ']');
}

int exercise_activities(void) {
        static const char *const needs[] = {"host", "account", "outside"};

        for (unsigned i = 0; i < n_activities; i++) {
                const struct activity *a = &activities[i];
                _cleanup_(buf_deinit) struct buf b = {0};

                buf_char(&b, '{');
                text(&b, "name", a->name);
                buf_char(&b, ',');
                text(&b, "en", a->title.en);
                buf_char(&b, ',');
                text(&b, "vi", a->title.vi);
                bits(&b, "needs", a->needs, needs, ARRAY_LEN(needs));
                bits(&b, "os", a->os, plan_oses, PLAN_OTHER + 1);
                bits(&b, "kinds", a->kinds, plan_host_kinds, HOST_GATEWAY + 1);
                buf_printf(&b, ",\"innocent\":%s", a->innocent ? "true" : "false");
                list(&b, "sources", a->sources);
                list(&b, "more", a->more);
                list(&b, "techniques", a->techniques);
                list(&b, "rules", a->rules);
                params(&b, a);
                buf_str(&b, "}\n");
                if (b.failed || fwrite(b.p, 1, b.len, stdout) != b.len)
                        return 3;
        }
        return 0;
}
