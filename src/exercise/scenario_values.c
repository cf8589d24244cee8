/* Values of a scenario's maps: each is looked at where it stands, told when it is wrong, and replaced by one that
 * harms nothing, so that reading goes on. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "exercise/scenario_impl.h"

const char *scenario_keep(struct scenario *s, struct span text) {
        struct span d = arena_dup(s->arena, text);

        if (!d.p)
                s->failed = true;
        return d.p ? d.p : "";
}

const char *scenario_print(struct scenario *s, const char *fmt, ...) {
        char text[600];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return scenario_keep(s, span_str(text));
}

void *scenario_room(struct scenario *s, unsigned n, size_t size) {
        void *p = arena_array(s->arena, n ? n : 1, size);

        if (!p)
                s->failed = true;
        return p;
}

/* ---- the nearest word ---- */

/* Changes of one letter between them; 99 for what is long. */
static unsigned distance(const char *a, const char *b) {
        size_t n = strlen(a), m = strlen(b);
        unsigned row[48];

        if (n >= ARRAY_LEN(row) || m >= ARRAY_LEN(row))
                return 99;
        for (size_t j = 0; j <= m; j++)
                row[j] = (unsigned)j;
        for (size_t i = 1; i <= n; i++) {
                unsigned before = row[0];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= m; j++) {
                        unsigned change = before + (ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]));

                        before = row[j];
                        row[j] = MIN(MIN(row[j], row[j - 1]) + 1, change);
                }
        }
        return row[m];
}

const char *scenario_near(const char *word, const char *const *table, unsigned n) {
        unsigned best = 1 + (unsigned)strlen(word) / 3;
        const char *found = NULL;

        for (unsigned i = 0; i < n; i++) {
                unsigned d = table[i] ? distance(word, table[i]) : 99;

                if (d <= best && (!found || d < best)) {
                        best = d;
                        found = table[i];
                }
        }
        return found;
}

/* ---- maps and lists ---- */

bool scenario_keys(struct scenario *s, const struct node *o, const char *name, const char *keys) {
        const char *table[32];
        char *text, *p;
        unsigned n = 0;

        if (o->kind != NODE_MAP) {
                TELL(s, o, RULE_TYPE, name, "a mapping of keys", "bảng các khóa");
                return false;
        }
        text = (char *)(uintptr_t)scenario_keep(s, span_str(keys));
        for (p = text; s->failed == false && *p && n < ARRAY_LEN(table);) {
                size_t len = strcspn(p, " ");

                table[n++] = p;
                p += len;
                if (*p)
                        *p++ = '\0';
        }
        for (const struct node *c = o->first; c; c = c->next) {
                bool known = false;

                for (unsigned i = 0; i < n && !known; i++)
                        known = span_eq(c->key->text, span_str(table[i]));
                if (known)
                        continue;
                const char *near = scenario_near(c->key->text.p, table, n);
                if (near)
                        TELL(s, c->key, RULE_KEY_UNKNOWN, c->key->text.p, near);
                else if (strpbrk(c->key->text.p, " .,?!") || (unsigned char)*c->key->text.p >= 0x80)
                        TELL(s, c->key, RULE_KEY_TEXT, c->key->text.p);
                else
                        TELL(s, c->key, RULE_KEY_STRANGE, c->key->text.p, keys);
        }
        return true;
}

const struct node *scenario_get(struct scenario *s, const struct node *o, const char *key,
                                int required) {
        const struct node *v = node_get(o, key);

        if (!v && required)
                TELL(s, o, RULE_KEY_MISSING, key);
        return v;
}

const struct node *scenario_list(struct scenario *s, const struct node *o, const char *key,
                                 unsigned max, unsigned *ret_n) {
        const struct node *v = node_get(o, key);
        char number[16];

        *ret_n = 0;
        if (!v)
                return NULL;
        if (v->kind != NODE_LIST) {
                TELL(s, v, RULE_TYPE, key, "a list", "danh sách");
                return NULL;
        }
        if (v->n == 0)
                TELL(s, v, RULE_LIST_EMPTY, key);
        if (v->n > max) {
                snprintf(number, sizeof(number), "%u", max);
                TELL(s, v, RULE_LIST_LONG, key, number);
        }
        *ret_n = MIN(v->n, max);
        return v->first;
}

/* ---- texts ---- */

/* Control characters but line ends and tabs; what turns the direction of text, or is not to be seen. */
static bool hidden(struct span t) {
        for (size_t i = 0; i < t.len;) {
                uint32_t cp;
                unsigned n = utf8_next(t.p + i, t.len - i, &cp);

                if (n == 0 || (cp < 0x20 && cp != '\n' && cp != '\t') ||
                    (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
                    (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x2069) ||
                    cp == 0xfeff || cp == 0x2028 || cp == 0x2029)
                        return true;
                i += n;
        }
        return false;
}

static const char *text_of(struct scenario *s, const struct node *v, const char *name, size_t max) {
        char number[16];

        if (v->kind != NODE_SCALAR) {
                TELL(s, v, RULE_TYPE, name, "a text", "đoạn chữ");
                return "";
        }
        struct span t = span_trim(v->text);
        if (!t.len) {
                TELL(s, v, RULE_TEXT_EMPTY, name);
                return "";
        }
        if (t.len > max) {
                snprintf(number, sizeof(number), "%zu", max);
                TELL(s, v, RULE_TEXT_LONG, name, number);
                return "";
        }
        if (hidden(t)) {
                TELL(s, v, RULE_TEXT_CONTROL, name);
                return "";
        }
        return scenario_keep(s, t);
}

const char *scenario_text(struct scenario *s, const struct node *o, const char *key, int required,
                          size_t max) {
        const struct node *v = scenario_get(s, o, key, required);

        return v ? text_of(s, v, key, max) : NULL;
}

const char *scenario_id(struct scenario *s, const struct node *o) {
        const char *id = scenario_text(s, o, "id", REQUIRED, 1000);

        if (!id || !*id)
                return "x";
        if (!plan_id_good(span_str(id)))
                TELL(s, node_get(o, "id"), RULE_ID, id);
        return id;
}

struct plan_text scenario_both_of(struct scenario *s, const struct node *v, const char *name,
                                  size_t max) {
        struct plan_text t = {"", ""};
        const struct node *en, *vi;

        if (v->kind == NODE_SCALAR) {
                TELL(s, v, RULE_TRANSLATION, name, "Vietnamese or English",
                     "tiếng Việt hoặc tiếng Anh");
                return t;
        }
        if (!scenario_keys(s, v, name, "en vi"))
                return t;
        en = node_get(v, "en");
        vi = node_get(v, "vi");
        if (!en)
                TELL(s, v, RULE_TRANSLATION, name, "English", "tiếng Anh");
        else
                t.en = text_of(s, en, name, max);
        if (!vi)
                TELL(s, v, RULE_TRANSLATION, name, "Vietnamese", "tiếng Việt");
        else
                t.vi = text_of(s, vi, name, max);
        if (en && strlen(t.en) > 24 && strcmp(t.en, t.vi) == 0)
                TELL(s, vi, RULE_TRANSLATION_SAME, name);
        if (en && *t.en)
                scenario_safe(s, en, name, t.en);
        if (vi && *t.vi)
                scenario_safe(s, vi, name, t.vi);
        return t;
}

struct plan_text scenario_both(struct scenario *s, const struct node *o, const char *key,
                               int required, size_t max) {
        const struct node *v = scenario_get(s, o, key, required);

        return v ? scenario_both_of(s, v, key, max) : (struct plan_text){"", ""};
}

const char *const *scenario_words(struct scenario *s, const struct node *o, const char *key,
                                  unsigned max, unsigned *ret_n) {
        const struct node *c = scenario_list(s, o, key, max, ret_n);
        const char **p = scenario_room(s, *ret_n, sizeof(*p));

        if (!p)
                *ret_n = 0;
        for (unsigned i = 0; c && i < *ret_n; i++, c = c->next) {
                p[i] = text_of(s, c, key, 200);
                for (unsigned k = 0; k < i; k++)
                        if (*p[i] && strcmp(p[i], p[k]) == 0) {
                                TELL(s, c, RULE_TWICE, p[i]);
                                break;
                        }
        }
        return p;
}

/* What people say first. */
static const char *synonym(const char *v, const char *const *table, unsigned n) {
        static const char *const pairs[][2] = {
                {"pc", "workstation"},   {"laptop", "workstation"},   {"desktop", "workstation"},
                {"db", "database"},      {"sql", "database"},         {"router", "gateway"},
                {"firewall", "gateway"}, {"domain-controller", "dc"}, {"fileserver", "files"},
                {"win", "windows"},      {"ubuntu", "linux"},         {"debian", "linux"},
                {"easy", "basic"},       {"beginner", "basic"},       {"medium", "intermediate"},
                {"hard", "advanced"},    {"expert", "advanced"},      {"phone", "call"},
                {"telephone", "call"},   {"email", "mail"},           {"media", "press"},
                {"news", "press"},       {"message", "note"},         {"attachment", "file"},
                {"outage", "failure"},   {"command", "order"},        {"leader", "lead"},
                {"analyst", "handler"},  {"duty", "officer"},         {"manager", "owner"},
                {"detected", "alert"},   {"isolated", "contained"},   {"blocked", "contained"},
                {"notified", "told"},    {"recovered", "restored"},
        };

        for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
                for (unsigned k = 0; k < n && strcasecmp(v, pairs[i][0]) == 0; k++)
                        if (strcmp(table[k], pairs[i][1]) == 0)
                                return table[k];
        return NULL;
}

/* The synonym, the nearest, or "one of these". */
const char *scenario_guess(const char *v, const char *const *table, unsigned n) {
        const char *g = synonym(v, table, n);

        g = g ? g : scenario_near(v, table, n);
        return g ? g : table[0];
}

unsigned scenario_word(struct scenario *s, const struct node *o, const char *key,
                       const char *const *table, unsigned n, int fallback) {
        const char *v = scenario_text(s, o, key, fallback < 0, 200);
        _cleanup_(buf_deinit) struct buf all = {.limit = 2000};

        for (unsigned i = 0; v && i < n; i++)
                if (strcmp(v, table[i]) == 0)
                        return i;
        if (v && *v) {
                for (unsigned i = 0; i < n; i++)
                        buf_printf(&all, "%s%s", i ? ", " : "", table[i]);
                buf_char(&all, '\0');
                TELL(s, node_get(o, key), RULE_WORD, v, all.p, scenario_guess(v, table, n));
        }
        return fallback < 0 ? 0 : (unsigned)fallback;
}

/* ---- numbers and times ---- */

bool scenario_flag(struct scenario *s, const struct node *o, const char *key, bool fallback) {
        const struct node *v = node_get(o, key);

        if (!v)
                return fallback;
        if (v->kind != NODE_SCALAR || node_type(v) != SCALAR_BOOL) {
                TELL(s, v, RULE_BOOL, key);
                return fallback;
        }
        return node_bool(v);
}

int64_t scenario_number(struct scenario *s, const struct node *o, const char *key, int64_t min,
                        int64_t max, int64_t fallback) {
        const struct node *v = scenario_get(s, o, key, fallback < 0);
        char lo[24], hi[24];
        double n = 0;

        if (!v)
                return fallback < 0 ? min : fallback;
        if (v->kind == NODE_SCALAR && node_type(v) == SCALAR_INT && node_number(v, &n) &&
            n >= (double)min && n <= (double)max)
                return (int64_t)n;
        snprintf(lo, sizeof(lo), "%lld", (long long)min);
        snprintf(hi, sizeof(hi), "%lld", (long long)max);
        TELL(s, v, RULE_NUMBER, key, lo, hi);
        return min;
}

unsigned scenario_share_of(struct scenario *s, const struct node *v, const char *key) {
        double n = 0;

        if (v->kind == NODE_SCALAR && v->plain && node_number(v, &n) && n >= 0 && n <= 1)
                return (unsigned)(n * MILLION + 0.5);
        TELL(s, v, RULE_NUMBER, key, "0", "1");
        return 0;
}

unsigned scenario_share(struct scenario *s, const struct node *o, const char *key,
                        double fallback) {
        const struct node *v = scenario_get(s, o, key, fallback < 0);

        if (!v)
                return fallback < 0 ? 0 : (unsigned)(fallback * MILLION + 0.5);
        return scenario_share_of(s, v, key);
}

int64_t scenario_time_of(struct span t) {
        static const struct {
                const char *unit;
                int64_t ms;
        } units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}};
        int64_t all = 0;
        size_t i = 0, next = 0;

        if (!t.len)
                return -1;
        while (i < t.len) {
                int64_t n = 0;
                size_t digits = 0;

                for (; i < t.len && t.p[i] >= '0' && t.p[i] <= '9' && digits < 9; i++, digits++)
                        n = n * 10 + (t.p[i] - '0');
                if (!digits || i == t.len)
                        return digits && n == 0 && t.len == 1 ? 0 : -1;
                for (; next < ARRAY_LEN(units) && t.p[i] != *units[next].unit; next++)
                        ;
                if (next == ARRAY_LEN(units))
                        return -1;
                all += n * units[next++].ms;
                i++;
        }
        return all;
}

const char *scenario_time_text(struct scenario *s, int64_t ms) {
        int64_t t = ms / 1000;
        char text[48];
        int n = 0;

        if (t >= 3600)
                n += snprintf(text + n, sizeof(text) - (size_t)n, "%lldh", (long long)(t / 3600));
        if (t % 3600 >= 60)
                n += snprintf(text + n, sizeof(text) - (size_t)n, "%lldm",
                              (long long)(t % 3600 / 60));
        if (t % 60 || t == 0)
                snprintf(text + n, sizeof(text) - (size_t)n, "%llds", (long long)(t % 60));
        return scenario_keep(s, span_str(text));
}

int64_t scenario_time(struct scenario *s, const struct node *o, const char *key, int64_t min,
                      int64_t max, int64_t fallback) {
        const struct node *v = scenario_get(s, o, key, fallback < -1);

        if (!v)
                return fallback < -1 ? min : fallback;
        int64_t t = v->kind == NODE_SCALAR ? scenario_time_of(span_trim(v->text)) : -1;
        if (t < 0)
                TELL(s, v, RULE_TIME, key, v->kind == NODE_SCALAR ? v->text.p : "…");
        else if (t < min || t > max)
                TELL(s, v, RULE_TIME_BOUNDS, key, scenario_time_text(s, min),
                     scenario_time_text(s, max));
        else
                return t;
        return min;
}
