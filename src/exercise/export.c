/* An export, written and read (export.h). The reader's input is a file from anywhere: its hash is checked first, over the
 * bytes as they are; then every line by its kind, in the order of the format. The plan is loaded as any plan is
 * (plan_load()), facts as any facts are. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "exercise/after.h"
#include "exercise/compare.h"
#include "exercise/export.h"

/* ---- writing ---- */

void export_line(struct buf *to, const char *what, struct span object) {
        buf_printf(to, "{\"%s\":", what);
        buf_span(to, object);
        buf_str(to, "}\n");
}

void export_close(struct buf *to) {
        char hash[FACTS_HASH_HEX];

        facts_hash(hash, buf_get(to));
        buf_printf(to, "{\"sha256\":\"%s\"}\n", hash);
}

int export_scores(struct buf *to, const struct plan *p, const struct drill_facts *facts,
                  const struct export_play *plays, unsigned n) {
        buf_printf(to, "{\"formula\":\"%s\",\"scenario\":\"", FORMULA);
        buf_json(to, span_str(p->id));
        buf_printf(to, "\",\"hash\":\"%s\",\"units\":[", p->hash);
        for (unsigned i = 0; i < n; i++) {
                _cleanup_(score_freep) struct score *s = NULL;
                int r = score_play(&s, p, facts, plays[i].play);

                if (r < 0)
                        return r;
                buf_str(to, i ? ",{\"unit\":\"" : "{\"unit\":\"");
                buf_json(to, span_str(plays[i].unit));
                buf_str(to, "\",\"score\":");
                score_write(to, p, s);
                buf_char(to, '}');
        }
        buf_str(to, "]}\n");
        return to->failed ? FAIL(-ENOMEM) : 0;
}

/* ---- reading ---- */

struct exercise_export *export_free(struct exercise_export *x) {
        if (!x)
                return NULL;
        plan_free(x->plan);
        facts_deinit(&x->facts);
        arena_deinit(&x->arena);
        free(x);
        return NULL;
}

/* The line without its end, and what is behind it. */
static struct span next_line(struct span *text) {
        const char *end = memchr(text->p, '\n', text->len);
        size_t n = end ? (size_t)(end - text->p) : text->len;
        struct span line = span_of(text->p, n);

        n += end ? 1 : 0;
        *text = span_of(text->p + n, text->len - n);
        return line;
}

/* `{"what":…}`: what is inside. */
static bool inside(struct span line, const char *what, struct span *ret) {
        char head[32];
        int n = snprintf(head, sizeof(head), "{\"%s\":", what);
        size_t len = (size_t)n;

        if (line.len < len + 2 || memcmp(line.p, head, len) != 0 || line.p[line.len - 1] != '}')
                return false;
        *ret = span_of(line.p + len, line.len - len - 1);
        return true;
}

static int check_hash(struct exercise_export *x, struct span text, struct span *ret_body) {
        static const size_t last = sizeof("{\"sha256\":\"\"}\n") - 1 + 64;
        struct span tail, hash;

        if (text.len <= last || text.p[text.len - 1] != '\n')
                return EXPORT_E_FORMAT;
        *ret_body = span_of(text.p, text.len - last);
        tail = span_of(text.p + ret_body->len, last - 1);
        if (!inside(tail, "sha256", &hash) || hash.len != 66)
                return EXPORT_E_FORMAT;
        facts_hash(x->hash, *ret_body);
        return memcmp(hash.p + 1, x->hash, 64) == 0 ? 0 : EXPORT_E_HASH;
}

static const char *text_member(struct exercise_export *x, const json_t *o, const char *name) {
        const char *s = json_string_value(json_object_get(o, name));

        return s && strlen(s) <= 1000 ? arena_dup(&x->arena, span_str(s)).p : NULL;
}

/* Exports of before there was a hash have none. */
static int formula_good(const json_t *o) {
        const char *name = json_string_value(json_object_get(o, "formula"));
        const char *hash = json_string_value(json_object_get(o, "formula_hash"));
        char own[FACTS_HASH_HEX];
        int r = formula_hash(own);

        if (r < 0)
                return r;
        return (name && strcmp(name, FORMULA) != 0) || (hash && strcmp(hash, own) != 0)
                       ? EXPORT_E_FORMULA
                       : 0;
}

static int read_head(struct exercise_export *x, struct span line) {
        json_t *o = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, NULL);
        const char *format = json_string_value(json_object_get(o, "format"));
        bool good = format && strcmp(format, EXPORT_FORMAT) == 0;

        if (good) {
                x->code = text_member(x, o, "code");
                x->title = text_member(x, o, "title");
                x->kind = text_member(x, o, "kind");
                good = x->code && x->title && x->kind;
        }
        int r = good ? formula_good(o) : EXPORT_E_FORMAT;
        json_decref(o);
        return r;
}

static int read_play(struct exercise_export *x, struct span line) {
        json_t *o = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, NULL);
        struct export_play *p = &x->plays[x->n_plays];
        json_int_t n = json_integer_value(json_object_get(o, "play"));
        bool good = n >= 1 && n <= 0xffffff && x->n_plays < EXPORT_PLAYS_MAX;

        for (unsigned i = 0; good && i < x->n_plays; i++)
                good = x->plays[i].play != (unsigned)n;
        if (good) {
                *p = (struct export_play){(unsigned)n, text_member(x, o, "unit"),
                                          text_member(x, o, "name")};
                good = p->unit && p->name;
                x->n_plays += good;
        }
        json_decref(o);
        return good ? 0 : EXPORT_E_FORMAT;
}

static bool is_object(struct span line) {
        json_t *o = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, NULL);
        bool good = json_is_object(o);

        json_decref(o);
        return good;
}

/* Kinds come in this order; *at is the last one's place. */
static int read_line(struct exercise_export *x, struct span line, unsigned *at) {
        static const char *const kinds[] = {"exercise", "plan", "play", "clock", "fact"};
        struct span in = SPAN_NONE;
        unsigned k = 0;
        int r;

        while (k < ARRAY_LEN(kinds) && !inside(line, kinds[k], &in))
                k++;
        if (k == ARRAY_LEN(kinds) || k < *at || (k < 2 && k == *at && *at) || (k > 1 && !x->plan))
                return EXPORT_E_FORMAT;
        *at = k;
        switch (k) {
        case 0: return x->code ? EXPORT_E_FORMAT : read_head(x, in);
        case 1:
                r = x->code ? plan_load(in, &x->plan) : EXPORT_E_FORMAT;
                return r == -EBADMSG ? EXPORT_E_FORMAT : r;
        case 2: return read_play(x, in);
        case 3: return is_object(in) ? 0 : EXPORT_E_FORMAT;
        default:
                r = facts_read_line(&x->facts, in);
                return r == -EBADMSG || r == -E2BIG ? EXPORT_E_FORMAT : r;
        }
}

int export_read(struct exercise_export **ret, struct span text, size_t *ret_line) {
        struct exercise_export *x = calloc(1, sizeof(*x));
        unsigned at = 0;
        int r;

        *ret_line = 0;
        if (!x)
                return FAIL(-ENOMEM);
        arena_init(&x->arena, (size_t)8 << 20);
        facts_init(&x->facts);
        x->plays = arena_array(&x->arena, EXPORT_PLAYS_MAX, sizeof(*x->plays));
        r = !x->plays                    ? -ENOMEM
            : text.len > FACTS_BYTES_MAX ? EXPORT_E_FORMAT
                                         : check_hash(x, text, &text);
        while (r == 0 && text.len) {
                ++*ret_line;
                r = read_line(x, next_line(&text), &at);
        }
        if (r == 0)
                r = facts_sort(&x->facts);
        if (r == -EEXIST || (r == 0 && (!x->plan || !x->n_plays)))
                r = EXPORT_E_FORMAT;
        if (r == 0)
                *ret = x;
        else
                export_free(x);
        return r;
}

/* ---- the job ---- */

static int why(struct buf *out, int r, size_t line) {
        buf_printf(out, "{\"line\":%zu,\"why\":\"%s\"}", line,
                   r == EXPORT_E_HASH      ? "hash"
                   : r == EXPORT_E_FORMULA ? "formula"
                                           : "format");
        return 0;
}

int job_score(struct span in, struct buf *out) {
        _cleanup_(export_freep) struct exercise_export *x = NULL;
        size_t line = 0;
        char want;
        int r;

        if (in.len < 7)
                return -EBADMSG;
        want = in.p[0];
        if (want == EXPORT_WANT_COMPARISON)
                return compare_job(span_of(in.p + EXPORT_ASK, in.len - EXPORT_ASK), out);
        r = export_read(&x, span_of(in.p + 6, in.len - 6), &line);
        if (r > 0)
                return why(out, r, line);
        if (r < 0)
                return r;
        if (want == EXPORT_WANT_SCORES)
                return export_scores(out, x->plan, &x->facts, x->plays, x->n_plays);
        struct after a = {.plan = x->plan,
                          .facts = &x->facts,
                          .plays = x->plays,
                          .n_plays = x->n_plays,
                          .play = (unsigned)(unsigned char)in.p[2] << 16 |
                                  (unsigned)(unsigned char)in.p[3] << 8 | (unsigned char)in.p[4],
                          .code = x->code,
                          .title = x->title,
                          .vi = in.p[1] == 'v'};
        r = want == EXPORT_WANT_HTML   ? after_html(out, &a)
            : want == EXPORT_WANT_PDF  ? after_paper(out, &a, "pdf")
            : want == EXPORT_WANT_DOCX ? after_paper(out, &a, "docx")
                                       : -EBADMSG;
        return r == -ENOENT ? -EBADMSG : r;
}
