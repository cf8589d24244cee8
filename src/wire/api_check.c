/* The shape of a request: see api.h. The console checks before it passes a request on, the desk before a
 * handler sees it; a handler relies on it.
 *
 * Faults are named by field ("contacts.phone" within an object) with what is wrong and what to do, in
 * both languages, and never repeat the value: it may be a secret. All are named up to API_FAULTS_MAX, as a
 * form shows them together. Time is linear in the request: fields are looked up in jansson's hash, and
 * what is not known is found in the short list of the operation. */
#include <arpa/inet.h>
#include <jansson.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "wire/api.h"

#define FILTER_MOST 50u

struct check {
        struct api_fault *faults;
        unsigned n;
        const char *within; /* the object's name; "" */
};

struct text4 {
        const char *en, *vi, *remedy_en, *remedy_vi;
};

static void fault(struct check *c, const char *name, const struct text4 *t) {
        if (c->n == API_FAULTS_MAX)
                return;
        struct api_fault *f = &c->faults[c->n++];

        snprintf(f->field, sizeof(f->field), "%s%s%.*s", c->within, *c->within ? "." : "", 48,
                 name);
        size_t cut = strlen(f->field); /* no half character at the end */
        while (cut && !utf8_valid(span_of(f->field, cut)))
                cut--;
        f->field[cut] = '\0';
        f->en = t->en;
        f->vi = t->vi;
        f->remedy_en = t->remedy_en;
        f->remedy_vi = t->remedy_vi;
}

#define TEXT4(name, en, vi, remedy_en, remedy_vi)                                                  \
        static const struct text4 name = {en, vi, remedy_en, remedy_vi}

TEXT4(is_missing, "is missing", "chưa có", "fill it in", "điền vào");
TEXT4(is_unknown, "is not a field here", "không phải là trường ở đây", "leave it out",
      "bỏ trường này");
TEXT4(is_null, "must have a value", "phải có giá trị", "fill it in", "điền vào");
TEXT4(not_text, "is not text", "không phải văn bản", "give text in quotes",
      "đưa văn bản trong ngoặc kép");
TEXT4(not_number, "is not a whole number", "không phải số nguyên", "give digits", "đưa chữ số");
TEXT4(not_bool, "is neither true nor false", "không phải true hay false", "give true or false",
      "đưa true hoặc false");
TEXT4(not_list, "is not a list", "không phải danh sách", "give a list", "đưa danh sách");
TEXT4(not_object, "is not an object", "không phải đối tượng", "give an object", "đưa đối tượng");
TEXT4(too_many, "has too many entries", "có quá nhiều mục", "give fewer", "bớt đi");
TEXT4(too_long, "is too long", "quá dài", "shorten it", "rút ngắn lại");
TEXT4(too_short, "is too short", "quá ngắn", "lengthen it", "viết dài hơn");
TEXT4(too_small, "is too small", "quá nhỏ", "give a larger number", "đưa số lớn hơn");
TEXT4(too_large, "is too large", "quá lớn", "give a smaller number", "đưa số nhỏ hơn");
TEXT4(has_controls, "has characters that cannot be shown", "có ký tự không hiển thị được",
      "remove them; type it anew", "xóa chúng; gõ lại");
TEXT4(not_time, "is not a time", "không phải thời điểm",
      "give it as 2026-11-23T05:26:07Z, with the zone",
      "viết như 2026-11-23T05:26:07Z, có múi giờ");
TEXT4(not_date, "is not a date", "không phải ngày", "give it as 2026-11-23", "viết như 2026-11-23");
TEXT4(not_value, "is none of the values there are", "không thuộc các giá trị cho phép",
      "choose one of the list", "chọn một giá trị trong danh sách");
TEXT4(not_hex, "is not in hexadecimal digits", "không phải chữ số thập lục phân",
      "give pairs of 0–9 and a–f", "đưa từng cặp 0–9 và a–f");
TEXT4(not_address, "is not an address or network", "không phải địa chỉ hay mạng",
      "give it as 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32",
      "viết như 10.0.0.7, 10.0.0.0/8 hoặc 2001:db8::/32");
TEXT4(not_object_body, "is not a JSON object", "không phải đối tượng JSON", "send {…}", "gửi {…}");

/* ---- text ---- */

/* Characters that no field may have: controls, and what turns the direction of what stands beside it. */
static bool unprintable(uint32_t cp, bool lines) {
        if (lines && (cp == '\n' || cp == '\t'))
                return false;
        return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
               (cp >= 0x2066 && cp <= 0x2069) || cp == 0x2028 || cp == 0x2029;
}

/* CR LF, as browsers send line ends, becomes LF. */
static int normalise(json_t *v, bool lines) {
        const char *p = json_string_value(v);
        struct span s = span_of(p, json_string_length(v)), t = s;

        while (t.len && (*t.p == ' ' || *t.p == '\t' || *t.p == '\n' || *t.p == '\r'))
                t = span_of(t.p + 1, t.len - 1);
        while (t.len && strchr(" \t\r\n", t.p[t.len - 1]))
                t.len--;
        if (t.len == s.len && !(lines && memchr(s.p, '\r', s.len)))
                return 0;
        _cleanup_(buf_deinit) struct buf b = {.limit = (size_t)4 << 20};
        for (size_t i = 0; i < t.len; i++)
                if (!(lines && t.p[i] == '\r' && i + 1 < t.len && t.p[i + 1] == '\n'))
                        buf_char(&b, t.p[i]);
        return b.failed || json_string_setn(v, b.p ? b.p : "", b.len) < 0 ? -ENOMEM : 0;
}

static const struct text4 *check_text(const struct api_field *f, json_t *v) {
        bool lines = f->type == API_TEXT;
        int64_t most = f->max ? f->max : lines ? API_TEXT_MOST : API_STRING_MOST, n = 0;
        uint32_t cp;

        if (!json_is_string(v))
                return &not_text;
        /* A secret is taken as it was typed. */
        if (f->type != API_SECRET && normalise(v, lines) < 0)
                return &too_long;
        struct span s = span_of(json_string_value(v), json_string_length(v));
        while (s.len) {
                unsigned k = utf8_next(s.p, s.len, &cp);

                if (k == 0 || unprintable(cp, lines))
                        return &has_controls;
                if (++n > most)
                        return &too_long;
                s = span_of(s.p + k, s.len - k);
        }
        if (n < f->min || (n == 0 && (f->flags & API_REQUIRED)))
                return n ? &too_short : &is_null;
        return NULL;
}

static const struct text4 *check_hex(const struct api_field *f, const char *s, size_t n) {
        if (n % 2 || strspn(s, "0123456789abcdefABCDEF") != n)
                return &not_hex;
        if ((int64_t)(n / 2) < f->min)
                return &too_short;
        return f->max && (int64_t)(n / 2) > f->max ? &too_long : NULL;
}

static bool is_date(struct span s) {
        int64_t v[3] = {0};
        unsigned part = 0;

        if (s.len != 10 || s.p[4] != '-' || s.p[7] != '-')
                return false;
        for (size_t i = 0; i < 10; i++) {
                if (i == 4 || i == 7) {
                        part++;
                        continue;
                }
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
                v[part] = v[part] * 10 + (s.p[i] - '0');
        }
        return time_make(v[0], (unsigned)v[1], (unsigned)v[2], 0, 0, 0, 0) != TIME_NONE;
}

static bool is_time(struct span s) {
        bool zone = s.len > 6 &&
                    (s.p[s.len - 1] == 'Z' || s.p[s.len - 6] == '+' || s.p[s.len - 6] == '-');

        return s.len >= 20 && s.len <= 40 && s.p[10] == 'T' && zone &&
               time_parse_iso(s, 0) != TIME_NONE;
}

static bool is_address(const char *s, size_t n) {
        unsigned char at[16];
        char text[64];
        unsigned bits = 0;

        if (n >= sizeof(text))
                return false;
        memcpy(text, s, n + 1);
        char *slash = strchr(text, '/');
        if (slash) {
                size_t digits = strspn(slash + 1, "0123456789");

                if (digits == 0 || digits > 3 || slash[1 + digits])
                        return false;
                for (size_t i = 1; i <= digits; i++)
                        bits = bits * 10 + (unsigned)(slash[i] - '0');
                *slash = '\0';
        }
        if (inet_pton(AF_INET, text, at) == 1)
                return bits <= 32;
        return inet_pton(AF_INET6, text, at) == 1 && bits <= 128;
}

static bool is_value(const char *values, struct span s) {
        while (s.len && values) {
                const char *bar = strchr(values, '|');
                size_t n = bar ? (size_t)(bar - values) : strlen(values);

                if (n == s.len && memcmp(values, s.p, n) == 0)
                        return true;
                values = bar ? bar + 1 : NULL;
        }
        return false;
}

/* ---- one value ---- */

static const struct text4 *check_int(const struct api_field *f, const json_t *v) {
        int64_t n = json_integer_value(v);
        int64_t least = f->type == API_ID ? 1 : f->min;

        if (!json_is_integer(v))
                return &not_number;
        if ((f->type == API_ID || f->min || f->max) && n < least)
                return &too_small;
        return f->max && n > f->max ? &too_large : NULL;
}

static const struct text4 *check_word(const struct api_field *f, json_t *v) {
        if (!json_is_string(v))
                return &not_text;
        struct span s = span_of(json_string_value(v), json_string_length(v));
        switch (f->type) {
        case API_TIME: return is_time(s) ? NULL : &not_time;
        case API_DATE: return is_date(s) ? NULL : &not_date;
        case API_ENUM: return is_value(f->values, s) ? NULL : &not_value;
        case API_HEX: return check_hex(f, s.p, s.len);
        default: return is_address(s.p, s.len) ? NULL : &not_address;
        }
}

static void check_fields(struct check *c, const struct api_field *fields, json_t *object);

static void check_value(struct check *c, const struct api_field *f, json_t *v) {
        const struct text4 *wrong = NULL;

        switch (f->type) {
        case API_STRING:
        case API_TEXT:
        case API_SECRET: wrong = check_text(f, v); break;
        case API_INT:
        case API_ID: wrong = check_int(f, v); break;
        case API_NUMBER: wrong = json_is_number(v) ? NULL : &not_number; break;
        case API_BOOL: wrong = json_is_boolean(v) ? NULL : &not_bool; break;
        case API_OBJECT:
                if (!json_is_object(v)) {
                        wrong = &not_object;
                } else {
                        struct check inner = {c->faults, c->n, f->name};

                        check_fields(&inner, f->fields, v);
                        c->n = inner.n;
                }
                break;
        case API_ANY: break;
        default: wrong = check_word(f, v); break;
        }
        if (wrong)
                fault(c, f->name, wrong);
}

static void check_field(struct check *c, const struct api_field *f, json_t *v) {
        if (!v) {
                if (f->flags & API_REQUIRED)
                        fault(c, f->name, &is_missing);
        } else if (json_is_null(v)) {
                if (!(f->flags & API_NULLABLE))
                        fault(c, f->name, &is_null);
        } else if (!(f->flags & API_LIST_OF)) {
                check_value(c, f, v);
        } else if (!json_is_array(v)) {
                fault(c, f->name, &not_list);
        } else if (f->most && json_array_size(v) > f->most) {
                fault(c, f->name, &too_many);
        } else if (json_array_size(v) == 0 && (f->flags & API_REQUIRED)) {
                fault(c, f->name, &is_null);
        } else {
                unsigned before = c->n;

                for (size_t i = 0; i < json_array_size(v) && c->n == before; i++)
                        check_value(c, f, json_array_get(v, i));
        }
}

static const struct api_field *field_of(const struct api_field *fields, const char *name) {
        for (const struct api_field *f = fields; f && f->name; f++)
                if (strcmp(f->name, name) == 0)
                        return f;
        return NULL;
}

/* ---- what every list takes ---- */

static const struct api_field list_fields[] = {
        {"limit", API_INT, API_IN_QUERY, 1, API_ROWS_MAX, .en = "Rows of a page.",
         .vi = "Số dòng mỗi trang."},
        {"cursor", API_STRING, API_IN_QUERY, 1, 2000,
         .en = "Where the page before ended: its `next`.",
         .vi = "Chỗ trang trước kết thúc: `next` của nó."},
        {"sort", API_STRING, API_IN_QUERY, 1, 64,
         .en = "A field that the list sorts by; with - before it, descending.",
         .vi = "Trường để sắp xếp; có - phía trước là giảm dần."},
        {"q", API_STRING, API_IN_QUERY, 0, 200,
         .en = "Text to look for; case and accents do not matter.",
         .vi = "Chữ cần tìm; không phân biệt hoa thường và dấu."},
        {"format", API_ENUM, API_IN_QUERY, .values = "json|csv", .en = "json, or csv for a file.",
         .vi = "json, hoặc csv để lấy tệp."},
        {0},
};

const struct api_field *api_list_fields(void) {
        return list_fields;
}

const struct api_field *api_filter(const struct api_op *o, const char *name,
                                   enum api_compare *ret) {
        static const char *const ends[] = {[API_AT_LEAST] = ".gte", [API_BELOW] = ".lt"};
        struct span s = span_str(name);

        if (!(o->flags & API_LIST))
                return NULL;
        *ret = API_EQUAL;
        for (unsigned i = API_AT_LEAST; i <= API_BELOW; i++)
                if (span_ends(s, span_str(ends[i]))) {
                        *ret = (enum api_compare)i;
                        s.len -= strlen(ends[i]);
                }
        for (const struct api_field *f = o->answer; f && f->name; f++)
                if ((f->flags & API_FILTER) && span_eq(s, span_str(f->name)))
                        return *ret == API_EQUAL || f->type == API_TIME || f->type == API_DATE ||
                                               f->type == API_INT || f->type == API_ID ||
                                               f->type == API_NUMBER
                                       ? f
                                       : NULL;
        return NULL;
}

/* One value, or several of which one must be. */
static void check_filter(struct check *c, const struct api_field *f, const char *name, json_t *v) {
        struct api_field one = *f;

        one.name = name;
        one.flags = 0;
        if (!json_is_array(v)) {
                check_value(c, &one, v);
                return;
        }
        if (json_array_size(v) > FILTER_MOST) {
                fault(c, name, &too_many);
                return;
        }
        for (size_t i = 0; i < json_array_size(v); i++)
                check_value(c, &one, json_array_get(v, i));
}

static void check_fields(struct check *c, const struct api_field *fields, json_t *object) {
        const char *name;
        json_t *v;

        for (const struct api_field *f = fields; f && f->name; f++)
                check_field(c, f, json_object_get(object, f->name));
        json_object_foreach(object, name, v) {
                if (c->n == API_FAULTS_MAX)
                        return;
                if (!field_of(fields, name))
                        fault(c, name, &is_unknown);
        }
}

unsigned api_check(const struct api_op *o, json_t *object,
                   struct api_fault faults[API_FAULTS_MAX]) {
        struct check c = {.faults = faults, .within = ""};
        enum api_compare how;
        const char *name;
        json_t *v;

        if (!json_is_object(object)) {
                fault(&c, "", &not_object_body);
                return c.n;
        }
        if (!(o->flags & API_LIST)) {
                check_fields(&c, o->fields, object);
                return c.n;
        }
        for (const struct api_field *f = o->fields; f && f->name; f++)
                check_field(&c, f, json_object_get(object, f->name));
        json_object_foreach(object, name, v) {
                const struct api_field *f = field_of(list_fields, name);

                if (field_of(o->fields, name))
                        continue;
                if (f)
                        check_field(&c, f, v);
                else if ((f = api_filter(o, name, &how)))
                        check_filter(&c, f, name, v);
                else
                        fault(&c, name, &is_unknown);
        }
        return c.n;
}

/* ---- fields that come as text: of paths, queries, the command line ---- */

static json_t *number_of(struct span s) {
        int64_t v = 0;
        bool minus = s.len && *s.p == '-';
        size_t i = minus;

        for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
                if (__builtin_mul_overflow(v, 10, &v) ||
                    __builtin_sub_overflow(v, s.p[i] - '0', &v))
                        return NULL;
        if (i < s.len || i == minus || (!minus && v == INT64_MIN))
                return NULL;
        return json_integer(minus ? v : -v);
}

/* Of the field's type where it can be; else a string, for api_check() to refuse. */
static json_t *value_of(const struct api_field *f, struct span s) {
        json_t *v = NULL;

        if (f->type == API_INT || f->type == API_ID)
                v = number_of(s);
        else if (f->type == API_BOOL && span_eq(s, SPAN("true")))
                v = json_true();
        else if (f->type == API_BOOL && span_eq(s, SPAN("false")))
                v = json_false();
        else if (f->type == API_OBJECT || f->type == API_ANY)
                v = json_loadb(s.p, s.len, JSON_REJECT_DUPLICATES, NULL);
        return v ? v : json_stringn(s.p ? s.p : "", s.len);
}

static int put_list(json_t *object, const char *name, const struct api_field *f, struct span s) {
        json_t *list = json_object_get(object, name);

        if (!list) {
                list = json_array();
                if (json_object_set_new(object, name, list) < 0)
                        return -ENOMEM;
        }
        while (s.len && json_array_size(list) <= API_FILTER_VALUES) {
                const char *comma = memchr(s.p, ',', s.len);
                size_t n = comma ? (size_t)(comma - s.p) : s.len;
                json_t *v = value_of(f, span_of(s.p, n));

                if (!v)
                        return -EINVAL;
                if (json_array_append_new(list, v) < 0)
                        return -ENOMEM;
                s = span_of(s.p + n, s.len - n);
                if (s.len)
                        s = span_of(s.p + 1, s.len - 1);
        }
        return 0;
}

int api_put(const struct api_op *o, json_t *object, const char *name, struct span text) {
        static const struct api_field unknown = {"", API_STRING, 0};
        const struct api_field *f = field_of(o->fields, name), *filter = NULL;
        enum api_compare how = API_EQUAL;

        if (!utf8_valid(text) || memchr(text.p ? text.p : "", '\0', text.len) ||
            !utf8_valid(span_str(name)))
                return -EINVAL;
        if (!f && (o->flags & API_LIST)) {
                f = field_of(list_fields, name);
                if (!f)
                        f = filter = api_filter(o, name, &how);
        }
        if (!f)
                f = &unknown;
        bool several = filter ? how == API_EQUAL && (f->type == API_ENUM || f->type == API_ID)
                              : (f->flags & API_LIST_OF) != 0;
        if (several && f->type != API_OBJECT && f->type != API_TEXT)
                return put_list(object, name, f, text);
        if (json_object_get(object, name))
                return -EEXIST;
        json_t *v = several ? json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL)
                            : value_of(f, text);
        if (!v)
                return -EINVAL;
        return json_object_set_new(object, name, v) < 0 ? -ENOMEM : 0;
}
