/* See playbook.h. Order: JSON, depth, properties (by tables), flow; then plan and graph. The JSON is read
 * whole before it is looked at: at most PLAYBOOK_BYTES_MAX, and it is jansson's reader, which bounds its depth.
 * Everything after is linear in the document, but for three looks at the flow that are steps × edges, both
 * bounded.
 *
 *   R1. There is a plan exactly when there is no fault.
 *   R2. Every number of a step in a plan is below the number of its steps, or -1.
 *   R3. Texts of a plan have no control characters but line ends, and none that turn the direction of text. */
#include "reader/playbook.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "reader/playbook_impl.h"

const char *const step_types[STEP_TYPES] = {
        "start",    "end",          "action",          "playbook-action",
        "parallel", "if-condition", "while-condition", "switch-condition"};

/* ---- saying what is wrong ---- */

static void point(const struct at *at, struct buf *to) {
        if (!at)
                return;
        point(at->up, to);
        buf_char(to, '/');
        if (!at->key) {
                buf_number(to, at->index);
                return;
        }
        for (const char *p = at->key; *p; p++)
                if (*p == '~' || *p == '/')
                        buf_str(to, *p == '~' ? "~0" : "~1");
                else
                        buf_char(to, *p);
}

static json_t *pointer_of(const struct at *at) {
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)2 << 20};

        point(at, &b);
        size_t n = MIN(b.len, (size_t)600);
        while (n && n < b.len && (b.p[n] & 0xc0) == 0x80)
                n--;
        return json_stringn(b.p ? b.p : "", n);
}

/* What stands there, short. */
static json_t *shown(const json_t *v) {
        char number[32];

        if (json_is_string(v)) {
                const char *s = json_string_value(v);
                size_t all = json_string_length(v), n = MIN(all, (size_t)120);

                while (n && n < all && (s[n] & 0xc0) == 0x80)
                        n--;
                return json_stringn(s, n);
        }
        if (json_is_integer(v)) {
                snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
                return json_string(number);
        }
        if (json_is_boolean(v))
                return json_string(json_is_true(v) ? "true" : "false");
        return json_null();
}

void playbook_fault(struct reading *r, const struct at *at, const json_t *value,
                    const struct fault_text *t) {
        if (r->n_faults++ >= PLAYBOOK_FAULTS_MAX)
                return;
        json_t *o = json_pack("{so so ss ss ss ss}", "pointer", pointer_of(at), "value",
                              shown(value), "en", t->en, "vi", t->vi, "remedy_en", t->remedy_en,
                              "remedy_vi", t->remedy_vi);
        if (!o || json_array_append_new(r->faults, o) < 0)
                r->failed = true;
}

void playbook_warn(struct reading *r, const struct at *at, const char *en, const char *vi) {
        if (r->n_warnings++ >= PLAYBOOK_FAULTS_MAX)
                return;
        json_t *o = json_pack("{so ss ss}", "pointer", pointer_of(at), "en", en, "vi", vi);
        if (!o || json_array_append_new(r->warnings, o) < 0)
                r->failed = true;
}

const char *playbook_text(const json_t *o, const char *key) {
        return json_string_value(json_object_get(o, key));
}

int playbook_step(const struct reading *r, const char *id) {
        for (unsigned i = 0; id && i < r->n_steps; i++)
                if (strcmp(r->steps[i].id, id) == 0)
                        return (int)i;
        return -1;
}

/* ---- the JSON ---- */

static void not_json(struct reading *r, const json_error_t *e) {
        static const struct fault_text text = {"it is no JSON", "không phải JSON",
                                               "save it as a CACAO 2.0 playbook in JSON, UTF-8",
                                               "lưu dạng quy trình CACAO 2.0, JSON, UTF-8"};
        static const struct fault_text twice = {"a key is there twice",
                                                "một khóa xuất hiện hai lần", "remove one of them",
                                                "bỏ một trong hai"};
        char place[96];

        snprintf(place, sizeof(place), "line %d, column %d", e->line, e->column);
        json_t *v = json_string(place);
        playbook_fault(r, NULL, v, json_error_code(e) == json_error_duplicate_key ? &twice : &text);
        json_decref(v);
}

static bool too_deep(const json_t *v, unsigned left) {
        const json_t *e;
        const char *key;
        size_t i;

        if (!json_is_object(v) && !json_is_array(v))
                return false;
        if (!left)
                return true;
        json_object_foreach((json_t *)v, key, e) if (too_deep(e, left - 1)) return true;
        if (json_is_array(v))
                json_array_foreach(v, i, e) if (too_deep(e, left - 1)) return true;
        return false;
}

static void load(struct reading *r, struct span json) {
        static const struct fault_text large = {
                "it is larger than 1 MiB", "lớn hơn 1 MiB", "divide it: a playbook may call others",
                "hãy chia nhỏ: quy trình có thể gọi quy trình khác"};
        static const struct fault_text object = {
                "it is no JSON object", "không phải đối tượng JSON",
                "give one playbook: { \"type\": \"playbook\", … }",
                "đưa một quy trình: { \"type\": \"playbook\", … }"};
        static const struct fault_text deep = {"it is nested too deeply", "lồng nhau quá sâu",
                                               "make it flatter: 24 levels are allowed",
                                               "giảm độ lồng: tối đa 24 mức"};
        json_error_t e;

        if (json.len > PLAYBOOK_BYTES_MAX) {
                playbook_fault(r, NULL, NULL, &large);
                return;
        }
        if (json.len >= 3 && memcmp(json.p, "\xef\xbb\xbf", 3) == 0) /* as some editors begin */
                json = span_of(json.p + 3, json.len - 3);
        r->root = json_loadb(json.p ? json.p : "", json.len, JSON_REJECT_DUPLICATES, &e);
        if (!r->root)
                not_json(r, &e);
        else if (!json_is_object(r->root))
                playbook_fault(r, NULL, NULL, &object);
        else if (too_deep(r->root, PLAYBOOK_DEPTH_MAX))
                playbook_fault(r, NULL, NULL, &deep);
}

static int write_out(struct reading *r, struct buf *out) {
        json_t *plan = r->n_faults || r->failed ? json_null() : playbook_plan(r); /* R1 */
        json_t *all = json_pack("{sO sI sO so}", "faults", r->faults, "n_faults",
                                (json_int_t)r->n_faults, "warnings", r->warnings, "plan", plan);
        char *text = all && !r->failed ? json_dumps(all, JSON_COMPACT) : NULL;

        json_decref(all);
        if (!text)
                return FAIL(-ENOMEM);
        buf_str(out, text);
        free(text);
        return out->failed ? FAIL(-ENOMEM) : 0;
}

int playbook_read(struct span json, struct buf *out) {
        struct reading *r = calloc(1, sizeof(*r));

        if (!r)
                return FAIL(-ENOMEM);
        r->faults = json_array();
        r->warnings = json_array();
        r->start = r->exception = -1;
        load(r, json);
        if (!r->n_faults) {
                playbook_shapes(r);
                playbook_flow(r);
        }
        int e = r->faults && r->warnings ? write_out(r, out) : FAIL(-ENOMEM);
        json_decref(r->root);
        json_decref(r->faults);
        json_decref(r->warnings);
        free(r);
        return e;
}
