/* The properties of a playbook and of all that is in it, by tables: one row for each property that CACAO 2.0
 * names, with what it may be. What no row names is a fault: CACAO has extensions for that. Objects whose type is
 * not of the specification's vocabulary (which is open) may have any properties beside those that all have.
 *
 * What our own extension may say is checked by a table too: a fault in it is told, not passed over. */
#include <stdio.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "reader/playbook_impl.h"

#define TEXT_BYTES ((size_t)32 << 10)
#define NAME_BYTES ((size_t)400)

enum shape {
        ANY,
        TEXT,
        NAME, /* a short text that is not empty */
        FLAG,
        WHOLE,
        PERCENT,
        TIME,
        TIME_MS, /* with exactly three digits of a second */
        ID,
        TEXTS, /* lists: not empty */
        IDS,
        OBJECT,  /* `of` */
        OBJECTS, /* a list of them */
        DICT,    /* any key: `of` */
        BY_ID, /* keys are ids, each value's `type` is their first part: `of` for known types, in `kinds` */
        EXTENSIONS,
        VARIABLES,
        VALUE,
        LISTS, /* any key: a list of texts */
        WORDS, /* any key: a text */
};

struct prop {
        const char *name;
        enum shape shape;
        bool need;
        const struct prop *of;
        const struct kind *kinds;
};
/* A type of an open vocabulary. */
struct kind {
        const char *type;
        const struct prop *props;
};

#define FAULT(name, en, vi, remedy_en, remedy_vi)                                                  \
        static const struct fault_text name = {en, vi, remedy_en, remedy_vi}

FAULT(is_missing, "this property is missing", "thiếu thuộc tính này", "add it", "thêm vào");
FAULT(is_unknown, "CACAO 2.0 has no such property here", "CACAO 2.0 không có thuộc tính này ở đây",
      "remove it, or put it into an extension", "bỏ đi hoặc đặt vào phần mở rộng (extension)");
FAULT(no_text, "it is no text", "không phải văn bản", "put it in quotes", "đặt trong ngoặc kép");
FAULT(long_text, "the text is too long", "văn bản quá dài", "shorten it: 32 KiB, a name 400 bytes",
      "rút ngắn: tối đa 32 KiB, tên tối đa 400 byte");
FAULT(bad_text, "the text has characters that cannot be shown",
      "văn bản có ký tự không hiển thị được", "remove control characters and marks of direction",
      "bỏ ký tự điều khiển và dấu đổi hướng chữ");
FAULT(empty_text, "the text is empty", "văn bản trống", "fill it in", "hãy điền vào");
FAULT(no_flag, "it is neither true nor false", "không phải true hay false",
      "write true or false, without quotes", "viết true hoặc false, không có ngoặc kép");
FAULT(no_whole, "it is no whole number from 0 on", "không phải số nguyên không âm",
      "write digits, without quotes", "viết chữ số, không có ngoặc kép");
FAULT(no_percent, "it is no whole number from 0 to 100", "không phải số nguyên từ 0 đến 100",
      "choose one of 0 to 100", "chọn số từ 0 đến 100");
FAULT(no_time, "it is no time of CACAO", "không phải thời điểm theo CACAO",
      "write it as 2026-11-23T05:26:07.123Z, in UTC, three digits behind the second",
      "viết như 2026-11-23T05:26:07.123Z, giờ UTC, ba chữ số sau giây");
FAULT(no_id, "it is no identifier", "không phải định danh",
      "write TYPE--UUID, the type in small letters", "viết LOẠI--UUID, loại bằng chữ thường");
FAULT(no_list, "it is no list, or an empty one", "không phải danh sách hoặc danh sách trống",
      "write [ … ] with at least one entry, or leave the property out",
      "viết [ … ] có ít nhất một mục, hoặc bỏ thuộc tính");
FAULT(no_object, "it is no object", "không phải đối tượng", "write { … }", "viết { … }");
FAULT(other_type, "its type is not what its identifier says", "loại không khớp với định danh",
      "make `type` and the part before -- the same", "để `type` giống phần trước --");
FAULT(no_value, "a variable's value is a text, an object or null",
      "giá trị của biến là văn bản, đối tượng hoặc null", "put numbers and true or false in quotes",
      "đặt số và true, false trong ngoặc kép");
FAULT(bad_variable, "it is no name of a variable", "không phải tên biến",
      "write __name__: a letter first, then letters, digits, _ or -",
      "viết __ten__: bắt đầu bằng chữ cái, rồi chữ cái, chữ số, _ hoặc -");
FAULT(no_extension, "this extension is not in extension_definitions",
      "phần mở rộng này không có trong extension_definitions", "describe it there",
      "khai báo ở đó");
FAULT(no_marking, "this marking is not in data_marking_definitions",
      "nhãn này không có trong data_marking_definitions", "describe it there", "khai báo ở đó");
FAULT(not_playbook, "it is no playbook", "không phải quy trình", "write \"type\": \"playbook\"",
      "viết \"type\": \"playbook\"");
FAULT(other_version, "it is no playbook of CACAO 2.0", "không phải quy trình CACAO 2.0",
      "write \"spec_version\": \"cacao-2.0\"; older ones must be carried over first",
      "viết \"spec_version\": \"cacao-2.0\"; bản cũ phải chuyển đổi trước");
FAULT(no_playbook_id, "its id does not begin with playbook--", "id không bắt đầu bằng playbook--",
      "write playbook--UUID", "viết playbook--UUID");
FAULT(before_created, "it was modified before it was created", "sửa đổi trước khi tạo",
      "make it the same as `created`, or later", "bằng hoặc sau `created`");
FAULT(ends_before, "it ends before it begins", "kết thúc trước khi bắt đầu",
      "make it later than valid_from", "để sau valid_from");
FAULT(no_activities, "playbook_types without playbook_activities",
      "có playbook_types nhưng thiếu playbook_activities", "name at least one activity",
      "nêu ít nhất một hoạt động");
FAULT(bad_tlp, "it is no level of TLP 2.0", "không phải mức TLP 2.0",
      "write TLP:RED, TLP:AMBER+STRICT, TLP:AMBER, TLP:GREEN or TLP:CLEAR",
      "viết TLP:RED, TLP:AMBER+STRICT, TLP:AMBER, TLP:GREEN hoặc TLP:CLEAR");

/* ---- tables ---- */

static const struct prop reference[] = {
        {"name", NAME, true, NULL, NULL},
        {"description", TEXT, false, NULL, NULL},
        {"source", TEXT, false, NULL, NULL},
        {"url", TEXT, false, NULL, NULL},
        {"external_id", TEXT, false, NULL, NULL},
        {"reference_id", TEXT, false, NULL, NULL},
        {0},
};
#define REFERENCES                                                                                 \
        { "external_references", OBJECTS, false, reference, NULL }

static const struct prop variable[] = {
        {"type", NAME, true, NULL, NULL},      {"description", TEXT, false, NULL, NULL},
        {"value", VALUE, false, NULL, NULL},   {"constant", FLAG, false, NULL, NULL},
        {"external", FLAG, false, NULL, NULL}, {0},
};

/* clang-format off */
#define COMMAND_BASE                                                                              \
        {"type", NAME, true, NULL, NULL}, {"description", TEXT, false, NULL, NULL},               \
        {"version", TEXT, false, NULL, NULL}, {"playbook_activity", TEXT, false, NULL, NULL},     \
        REFERENCES
#define COMMAND_TEXT {"command", TEXT, false, NULL, NULL}, {"command_b64", TEXT, false, NULL, NULL}
#define CONTENT {"content", TEXT, false, NULL, NULL}, {"content_b64", TEXT, false, NULL, NULL}, \
        {"headers", LISTS, false, NULL, NULL}

static const struct prop command_text[] = {COMMAND_BASE, COMMAND_TEXT, {0}};
static const struct prop command_http[] = {COMMAND_BASE, {"command", TEXT, true, NULL, NULL}, CONTENT, {0}};
static const struct prop command_openc2[] = {COMMAND_BASE, {"command", TEXT, false, NULL, NULL}, CONTENT, {0}};
static const struct prop command_caldera[] = {COMMAND_BASE, {"ability_id", TEXT, false, NULL, NULL},
        {"ability", ANY, false, NULL, NULL}, COMMAND_TEXT, {0}};
/* Ours: what the node itself prepares, by the extension's `with`. */
static const struct prop command_coloa[] = {COMMAND_BASE, {"command", NAME, true, NULL, NULL}, {0}};
static const struct prop command_any[] = {COMMAND_BASE, {0}};
static const struct kind command_kinds[] = {
        {"manual", command_text}, {"bash", command_text}, {"elastic", command_text},
        {"jupyter", command_text}, {"kestrel", command_text}, {"powershell", command_text},
        {"sigma", command_text}, {"ssh", command_text}, {"yara", command_text},
        {"http-api", command_http}, {"openc2-http", command_openc2},
        {"caldera-cmd", command_caldera}, {"coloa", command_coloa}, {0},
};

#define STEP_BASE                                                                                 \
        {"type", NAME, true, NULL, NULL}, {"name", NAME, false, NULL, NULL},                      \
        {"description", TEXT, false, NULL, NULL}, REFERENCES,                                     \
        {"delay", WHOLE, false, NULL, NULL}, {"timeout", WHOLE, false, NULL, NULL},               \
        {"step_variables", VARIABLES, false, variable, NULL}, {"owner", ID, false, NULL, NULL},   \
        {"step_extensions", EXTENSIONS, false, NULL, NULL}
#define STEP_AFTER                                                                                \
        {"on_completion", ID, false, NULL, NULL}, {"on_success", ID, false, NULL, NULL},          \
        {"on_failure", ID, false, NULL, NULL}
#define STEP_ARGS {"in_args", TEXTS, false, NULL, NULL}, {"out_args", TEXTS, false, NULL, NULL}

static const struct prop step_start[] = {STEP_BASE, {"on_completion", ID, true, NULL, NULL}, {0}};
static const struct prop step_end[] = {STEP_BASE, {0}};
static const struct prop step_action[] = {STEP_BASE, STEP_AFTER, STEP_ARGS,
        {"commands", OBJECTS, true, command_any, command_kinds}, {"agent", ID, true, NULL, NULL},
        {"targets", IDS, false, NULL, NULL}, {0}};
static const struct prop step_playbook[] = {STEP_BASE, STEP_AFTER, STEP_ARGS,
        {"playbook_id", ID, true, NULL, NULL}, {"playbook_version", TIME, false, NULL, NULL}, {0}};
static const struct prop step_parallel[] = {STEP_BASE, STEP_AFTER, {"next_steps", IDS, true, NULL, NULL}, {0}};
static const struct prop step_if[] = {STEP_BASE, STEP_AFTER, {"condition", TEXT, true, NULL, NULL},
        {"on_true", ID, true, NULL, NULL}, {"on_false", ID, false, NULL, NULL}, {0}};
static const struct prop step_while[] = {STEP_BASE, STEP_AFTER, {"condition", TEXT, true, NULL, NULL},
        {"on_true", ID, true, NULL, NULL}, {0}};
static const struct prop step_switch[] = {STEP_BASE, STEP_AFTER, {"switch", TEXT, true, NULL, NULL},
        {"cases", WORDS, true, NULL, NULL}, {0}};
static const struct prop step_any[] = {{"type", NAME, true, NULL, NULL}, {0}};
static const struct kind step_kinds[] = {
        {"start", step_start}, {"end", step_end}, {"action", step_action},
        {"playbook-action", step_playbook}, {"parallel", step_parallel}, {"if-condition", step_if},
        {"while-condition", step_while}, {"switch-condition", step_switch}, {0},
};

static const struct prop place[] = {
        {"name", TEXT, false, NULL, NULL}, {"description", TEXT, false, NULL, NULL},
        {"building_details", TEXT, false, NULL, NULL}, {"network_details", TEXT, false, NULL, NULL},
        {"region", TEXT, false, NULL, NULL}, {"country", TEXT, false, NULL, NULL},
        {"administrative_area", TEXT, false, NULL, NULL}, {"city", TEXT, false, NULL, NULL},
        {"street_address", TEXT, false, NULL, NULL}, {"postal_code", TEXT, false, NULL, NULL},
        {"latitude", TEXT, false, NULL, NULL}, {"longitude", TEXT, false, NULL, NULL},
        {"precision", TEXT, false, NULL, NULL}, {0},
};
static const struct prop contact[] = {
        {"email", WORDS, false, NULL, NULL}, {"phone", WORDS, false, NULL, NULL},
        {"contact_details", TEXT, false, NULL, NULL}, {0},
};
#define AGENT_BASE                                                                                \
        {"type", NAME, true, NULL, NULL}, {"name", NAME, true, NULL, NULL},                       \
        {"description", TEXT, false, NULL, NULL}, {"location", OBJECT, false, place, NULL},       \
        {"agent_target_extensions", EXTENSIONS, false, NULL, NULL}
#define AGENT_NET {"address", LISTS, true, NULL, NULL}, {"port", TEXT, false, NULL, NULL},         \
        {"authentication_info", ID, false, NULL, NULL}, {"category", TEXTS, false, NULL, NULL}

static const struct prop agent_person[] = {AGENT_BASE, {"contact", OBJECT, false, contact, NULL}, {0}};
static const struct prop agent_organization[] = {AGENT_BASE, {"contact", OBJECT, false, contact, NULL},
        {"sector", TEXT, false, NULL, NULL}, {0}};
static const struct prop agent_sector[] = {AGENT_BASE, {"sector", TEXT, false, NULL, NULL}, {0}};
static const struct prop agent_location[] = {AGENT_BASE, {"logical", TEXTS, false, NULL, NULL}, {0}};
static const struct prop agent_net[] = {AGENT_BASE, AGENT_NET, {0}};
static const struct prop agent_linux[] = {AGENT_BASE, AGENT_NET, {"username", TEXT, false, NULL, NULL}, {0}};
static const struct prop agent_ssh[] = {AGENT_BASE, AGENT_NET, {"username", TEXT, false, NULL, NULL}, {0}};
static const struct prop agent_category[] = {AGENT_BASE, {"category", TEXTS, true, NULL, NULL}, {0}};
static const struct prop agent_any[] = {AGENT_BASE, {0}};
static const struct kind agent_kinds[] = {
        {"group", agent_person}, {"individual", agent_person}, {"organization", agent_organization},
        {"sector", agent_sector}, {"location", agent_location}, {"http-api", agent_net},
        {"net-address", agent_net}, {"linux", agent_linux}, {"ssh", agent_ssh},
        {"security-category", agent_category}, {0},
};

#define MARKING_BASE                                                                              \
        {"type", NAME, true, NULL, NULL}, {"id", ID, true, NULL, NULL},                           \
        {"name", TEXT, false, NULL, NULL}, {"description", TEXT, false, NULL, NULL},              \
        {"created_by", ID, true, NULL, NULL}, {"created", TIME_MS, true, NULL, NULL},             \
        {"revoked", FLAG, false, NULL, NULL}, {"valid_from", TIME, false, NULL, NULL},            \
        {"valid_until", TIME, false, NULL, NULL}, {"labels", TEXTS, false, NULL, NULL},           \
        REFERENCES, {"marking_extensions", EXTENSIONS, false, NULL, NULL}
static const struct prop marking_statement[] = {MARKING_BASE, {"statement", TEXT, true, NULL, NULL}, {0}};
static const struct prop marking_tlp[] = {MARKING_BASE, {"tlpv2_level", NAME, true, NULL, NULL}, {0}};
static const struct prop marking_any[] = {MARKING_BASE, {0}};
static const struct kind marking_kinds[] = {
        {"marking-statement", marking_statement}, {"marking-tlp", marking_tlp}, {0},
};

static const struct prop extension[] = {
        {"type", NAME, true, NULL, NULL}, {"name", NAME, true, NULL, NULL},
        {"description", TEXT, false, NULL, NULL}, {"created_by", ID, true, NULL, NULL},
        {"schema", TEXT, true, NULL, NULL}, {"version", TEXT, true, NULL, NULL}, REFERENCES, {0},
};
static const struct kind extension_kinds[] = {{"extension-definition", extension}, {0}};

static const struct prop secret_any[] = {{"type", NAME, true, NULL, NULL}, {0}};
static const struct kind no_kinds[] = {{0}};

static const struct prop summary[] = {
        {"manual_playbook", FLAG, false, NULL, NULL}, {"external_playbooks", FLAG, false, NULL, NULL},
        {"parallel_processing", FLAG, false, NULL, NULL}, {"if_logic", FLAG, false, NULL, NULL},
        {"while_logic", FLAG, false, NULL, NULL}, {"switch_logic", FLAG, false, NULL, NULL},
        {"temporal_logic", FLAG, false, NULL, NULL}, {"data_markings", FLAG, false, NULL, NULL},
        {"digital_signatures", FLAG, false, NULL, NULL},
        {"countersigned_signatures", FLAG, false, NULL, NULL}, {"extensions", FLAG, false, NULL, NULL}, {0},
};

static const struct prop top[] = {
        {"type", NAME, true, NULL, NULL}, {"spec_version", NAME, true, NULL, NULL},
        {"id", ID, true, NULL, NULL}, {"name", NAME, true, NULL, NULL},
        {"description", TEXT, false, NULL, NULL}, {"playbook_types", TEXTS, false, NULL, NULL},
        {"playbook_activities", TEXTS, false, NULL, NULL},
        {"playbook_processing_summary", OBJECT, false, summary, NULL},
        {"created_by", ID, true, NULL, NULL}, {"created", TIME_MS, true, NULL, NULL},
        {"modified", TIME_MS, true, NULL, NULL}, {"revoked", FLAG, false, NULL, NULL},
        {"valid_from", TIME, false, NULL, NULL}, {"valid_until", TIME, false, NULL, NULL},
        {"derived_from", IDS, false, NULL, NULL}, {"related_to", IDS, false, NULL, NULL},
        {"priority", PERCENT, false, NULL, NULL}, {"severity", PERCENT, false, NULL, NULL},
        {"impact", PERCENT, false, NULL, NULL}, {"industry_sectors", TEXTS, false, NULL, NULL},
        {"labels", TEXTS, false, NULL, NULL}, REFERENCES, {"markings", IDS, false, NULL, NULL},
        {"playbook_variables", VARIABLES, false, variable, NULL},
        {"workflow_start", ID, true, NULL, NULL}, {"workflow_exception", ID, false, NULL, NULL},
        {"workflow", BY_ID, true, step_any, step_kinds},
        {"playbook_extensions", EXTENSIONS, false, NULL, NULL},
        {"authentication_info_definitions", BY_ID, false, secret_any, no_kinds},
        {"agent_definitions", BY_ID, false, agent_any, agent_kinds},
        {"target_definitions", BY_ID, false, agent_any, agent_kinds},
        {"extension_definitions", BY_ID, false, extension, extension_kinds},
        {"data_marking_definitions", BY_ID, false, marking_any, marking_kinds},
        {"signatures", ANY, false, NULL, NULL}, {0},
};

/* ---- ours ---- */

static const struct prop with[] = {
        {"title", TEXT, false, NULL, NULL}, {"title_vi", TEXT, false, NULL, NULL},
        {"query", TEXT, false, NULL, NULL}, {"form", TEXT, false, NULL, NULL},
        {"hours", WHOLE, false, NULL, NULL}, {"within_s", WHOLE, false, NULL, NULL}, {0},
};
static const struct prop ours[] = {
        {"name_vi", TEXT, false, NULL, NULL}, {"description_vi", TEXT, false, NULL, NULL},
        {"incident_kinds", TEXTS, false, NULL, NULL}, {"variables_vi", WORDS, false, NULL, NULL},
        {"within_s", WHOLE, false, NULL, NULL}, {"part", TEXT, false, NULL, NULL},
        {"question", TEXT, false, NULL, NULL}, {"question_vi", TEXT, false, NULL, NULL},
        {"command_vi", TEXT, false, NULL, NULL}, {"cases_vi", WORDS, false, NULL, NULL},
        {"with", OBJECT, false, with, NULL}, {0},
};
/* clang-format on */

/* ---- values ---- */

static bool hex(const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f') ||
                      (s[i] >= 'A' && s[i] <= 'F')))
                        return false;
        return true;
}

bool playbook_id(const char *s) {
        const char *u = s ? strstr(s, "--") : NULL;
        size_t n = u ? (size_t)(u - s) : 0;

        if (n < 3 || n > 60 || s[0] < 'a' || s[0] > 'z' || strlen(u + 2) != 36)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
                        return false;
        u += 2;
        return hex(u, 8) && u[8] == '-' && hex(u + 9, 4) && u[13] == '-' && hex(u + 14, 4) &&
               u[18] == '-' && hex(u + 19, 4) && u[23] == '-' && hex(u + 24, 12) && u[14] >= '1' &&
               u[14] <= '5' && strchr("89abAB", u[19]);
}

static const struct fault_text *check_text(const json_t *v, size_t most, bool empty) {
        struct span s = span_of(json_string_value(v), json_string_length(v));
        uint32_t cp;

        if (!json_is_string(v))
                return &no_text;
        if (s.len > most)
                return &long_text;
        if (!s.len && !empty)
                return &empty_text;
        while (s.len) {
                unsigned k = utf8_next(s.p, s.len, &cp);

                if (!k || (cp < 0x20 && cp != '\n' && cp != '\r' && cp != '\t') ||
                    (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
                    (cp >= 0x2066 && cp <= 0x2069))
                        return &bad_text;
                s = span_of(s.p + k, s.len - k);
        }
        return NULL;
}

static int64_t time_of(const json_t *v) {
        struct span s = span_of(json_string_value(v), json_string_length(v));

        if (!json_is_string(v) || s.len < 20 || s.p[s.len - 1] != 'Z' || s.p[10] != 'T' ||
            (s.len > 20 && s.p[19] != '.'))
                return TIME_NONE;
        return time_parse_iso(s, 0);
}

static const struct fault_text *check_simple(const json_t *v, enum shape shape) {
        switch (shape) {
        case TEXT: return check_text(v, TEXT_BYTES, true);
        case NAME: return check_text(v, NAME_BYTES, false);
        case FLAG: return json_is_boolean(v) ? NULL : &no_flag;
        case WHOLE: return json_is_integer(v) && json_integer_value(v) >= 0 ? NULL : &no_whole;
        case PERCENT:
                return json_is_integer(v) && json_integer_value(v) >= 0 &&
                                       json_integer_value(v) <= 100
                               ? NULL
                               : &no_percent;
        case TIME: return time_of(v) != TIME_NONE ? NULL : &no_time;
        case TIME_MS:
                return time_of(v) != TIME_NONE && json_string_length(v) == 24 ? NULL : &no_time;
        case ID: return playbook_id(json_string_value(v)) ? NULL : &no_id;
        case VALUE:
                if (json_is_null(v) || json_is_object(v))
                        return NULL;
                return json_is_string(v) ? check_text(v, TEXT_BYTES, true) : &no_value;
        default: return NULL;
        }
}

static void check_object(struct reading *r, const struct at *at, const json_t *o,
                         const struct prop *props, bool open);

static const struct prop *props_of(const struct kind *kinds, const char *type) {
        for (const struct kind *k = kinds; type && k && k->type; k++)
                if (strcmp(k->type, type) == 0)
                        return k->props;
        return NULL;
}

/* One whose `type` decides what it may have; of an unknown type: what all have, and more. */
static void check_typed(struct reading *r, const struct at *at, const json_t *v,
                        const struct prop *p) {
        const struct prop *known = props_of(p->kinds, playbook_text(v, "type"));

        check_object(r, at, v, known ? known : p->of, p->kinds && !known);
}

static void check_list(struct reading *r, const struct at *at, const json_t *v,
                       const struct prop *p) {
        enum shape one = p->shape == TEXTS ? TEXT : ID;
        const struct fault_text *f;
        const json_t *e;
        size_t i;

        if (!json_array_size(v)) {
                playbook_fault(r, at, v, &no_list);
                return;
        }
        json_array_foreach(v, i, e) {
                struct at in = {.up = at, .index = i};

                if (p->shape == OBJECTS)
                        check_typed(r, &in, e, p);
                else if ((f = check_simple(e, one)))
                        playbook_fault(r, &in, e, f);
        }
}

/* Keys that are ids of what stands behind them. */
static void check_by_id(struct reading *r, const struct at *at, const json_t *v,
                        const struct prop *p) {
        const json_t *e;
        const char *key;

        json_object_foreach((json_t *)v, key, e) {
                struct at in = {.up = at, .key = key};
                const char *type = playbook_text(e, "type");
                json_t *id = json_string(key);

                if (!playbook_id(key))
                        playbook_fault(r, &in, id, &no_id);
                else if (type && (strncmp(key, type, strlen(type)) != 0 ||
                                  strncmp(key + strlen(type), "--", 2) != 0))
                        playbook_fault(r, &in, json_object_get(e, "type"), &other_type);
                json_decref(id);
                check_typed(r, &in, e, p);
        }
}

static void check_extensions(struct reading *r, const struct at *at, const json_t *v) {
        const json_t *defined = json_object_get(r->root, "extension_definitions"), *e;
        const char *key;

        json_object_foreach((json_t *)v, key, e) {
                struct at in = {.up = at, .key = key};

                if (!json_object_get(defined, key)) {
                        json_t *id = json_string(key);
                        playbook_fault(r, &in, id, &no_extension);
                        json_decref(id);
                } else if (!json_is_object(e)) {
                        playbook_fault(r, &in, e, &no_object);
                } else if (strcmp(key, PLAYBOOK_EXTENSION) == 0) {
                        check_object(r, &in, e, ours, false);
                }
        }
}

static bool variable_name(const char *s) {
        size_t n = strlen(s);

        if (n < 5 || n > 250 || s[0] != '_' || s[1] != '_' || s[n - 1] != '_' || s[n - 2] != '_')
                return false;
        for (size_t i = 2; i < n - 2; i++)
                if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_' ||
                      (i > 2 && ((s[i] >= '0' && s[i] <= '9') || s[i] == '-'))))
                        return false;
        return true;
}

static void check_dict(struct reading *r, const struct at *at, const json_t *v,
                       const struct prop *p) {
        static const struct prop texts = {.shape = TEXTS};
        const struct fault_text *f = NULL;
        const json_t *e;
        const char *key;

        json_object_foreach((json_t *)v, key, e) {
                struct at in = {.up = at, .key = key};

                if (p->shape == LISTS) {
                        check_list(r, &in, e, &texts);
                } else if (p->shape == WORDS) {
                        if ((f = check_simple(e, TEXT)))
                                playbook_fault(r, &in, e, f);
                } else if (p->shape == VARIABLES && !variable_name(key)) {
                        json_t *name = json_string(key);
                        playbook_fault(r, &in, name, &bad_variable);
                        json_decref(name);
                } else {
                        check_object(r, &in, e, p->of, false);
                }
        }
}

static void check_value(struct reading *r, const struct at *at, const json_t *v,
                        const struct prop *p) {
        const struct fault_text *f = check_simple(v, p->shape);

        if (f) {
                playbook_fault(r, at, v, f);
                return;
        }
        switch (p->shape) {
        case TEXTS:
        case IDS:
        case OBJECTS: check_list(r, at, v, p); return;
        case OBJECT: check_object(r, at, v, p->of, false); return;
        case BY_ID:
        case EXTENSIONS:
        case VARIABLES:
        case DICT:
        case LISTS:
        case WORDS:
                if (!json_is_object(v))
                        playbook_fault(r, at, v, &no_object);
                else if (p->shape == BY_ID)
                        check_by_id(r, at, v, p);
                else if (p->shape == EXTENSIONS)
                        check_extensions(r, at, v);
                else
                        check_dict(r, at, v, p);
                return;
        default: return;
        }
}

/* `open`: what is not in the table is not ours to judge. */
static void check_object(struct reading *r, const struct at *at, const json_t *o,
                         const struct prop *props, bool open) {
        const json_t *v;
        const char *key;

        if (!json_is_object(o)) {
                playbook_fault(r, at, o, &no_object);
                return;
        }
        json_object_foreach((json_t *)o, key, v) {
                const struct prop *p = props;
                struct at in = {.up = at, .key = key};

                while (p->name && strcmp(p->name, key) != 0)
                        p++;
                if (p->name)
                        check_value(r, &in, v, p);
                else if (!open)
                        playbook_fault(r, &in, v, &is_unknown);
        }
        for (const struct prop *p = props; p->name; p++) {
                struct at in = {.up = at, .key = p->name};

                if (p->need && !json_object_get(o, p->name))
                        playbook_fault(r, &in, NULL, &is_missing);
        }
}

/* ---- what holds between properties ---- */

static void check_markings(struct reading *r) {
        const json_t *defined = json_object_get(r->root, "data_marking_definitions"), *e;
        struct at at = {.key = "markings"}, there = {.key = "data_marking_definitions"};
        static const char *const levels[] = {"TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER",
                                             "TLP:GREEN", "TLP:CLEAR"};
        const char *key;
        size_t i;

        json_array_foreach(json_object_get(r->root, "markings"), i, e) {
                struct at in = {.up = &at, .index = i};

                if (json_is_string(e) && !json_object_get(defined, json_string_value(e)))
                        playbook_fault(r, &in, e, &no_marking);
        }
        json_object_foreach((json_t *)defined, key, e) {
                struct at in = {.up = &there, .key = key},
                          level = {.up = &in, .key = "tlpv2_level"};
                const char *is = playbook_text(e, "tlpv2_level");
                bool good = !is;

                for (size_t n = 0; n < ARRAY_LEN(levels) && !good; n++)
                        good = strcmp(is, levels[n]) == 0;
                if (!good)
                        playbook_fault(r, &level, json_object_get(e, "tlpv2_level"), &bad_tlp);
        }
}

static void check_head(struct reading *r) {
        const json_t *o = r->root;
        const char *version = playbook_text(o, "spec_version"), *id = playbook_text(o, "id");
        int64_t created = time_of(json_object_get(o, "created")),
                modified = time_of(json_object_get(o, "modified")),
                from = time_of(json_object_get(o, "valid_from")),
                until = time_of(json_object_get(o, "valid_until"));

        if (version && strcmp(version, "cacao-2.0") != 0)
                playbook_fault(r, &(struct at){.key = "spec_version"},
                               json_object_get(o, "spec_version"), &other_version);
        if (id && strncmp(id, "playbook--", 10) != 0)
                playbook_fault(r, &(struct at){.key = "id"}, json_object_get(o, "id"),
                               &no_playbook_id);
        if (created != TIME_NONE && modified != TIME_NONE && modified < created)
                playbook_fault(r, &(struct at){.key = "modified"}, json_object_get(o, "modified"),
                               &before_created);
        if (from != TIME_NONE && until != TIME_NONE && until <= from)
                playbook_fault(r, &(struct at){.key = "valid_until"},
                               json_object_get(o, "valid_until"), &ends_before);
        if (json_object_get(o, "playbook_types") && !json_object_get(o, "playbook_activities"))
                playbook_fault(r, &(struct at){.key = "playbook_activities"}, NULL, &no_activities);
        if (json_is_true(json_object_get(o, "revoked")))
                playbook_warn(r, &(struct at){.key = "revoked"},
                              "whoever wrote it has revoked it: it cannot be begun",
                              "tác giả đã thu hồi: không bắt đầu được");
}

void playbook_shapes(struct reading *r) {
        const char *type = playbook_text(r->root, "type");

        /* Something else altogether: one fault says more than fifty. */
        if (!type || strcmp(type, "playbook") != 0) {
                playbook_fault(r, &(struct at){.key = "type"}, json_object_get(r->root, "type"),
                               &not_playbook);
                return;
        }
        check_object(r, NULL, r->root, top, false);
        check_head(r);
        check_markings(r);
}
