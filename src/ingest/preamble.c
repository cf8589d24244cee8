/* Header lines. Zeek and W3C logs say in lines that begin with '#' what the columns are called, and
 * may say it anew in the middle: Zeek when files were joined, IIS when the service or its settings
 * changed. The latest line of each known directive is kept; `#separator` begins a new Zeek header,
 * so all else is forgotten. Only known directives are kept, so that a file of nothing but '#' lines
 * costs no more than its bytes. CSV has one header: its first record. */
#include "ingest/preamble.h"

#include <stdlib.h>

#include "decode/csv_frame.h"
#include "decode/zeek_frame.h"

static const char *const names[] = {
        "separator", "set_separator", "empty_field", "unset_field", "path",
        "fields",    "types",         "Software",    "Date",        "Fields",
};
#define DIRECTIVES ARRAY_LEN(names)
#define SEPARATOR 0u

struct preamble {
        enum format format;
        struct buf line[DIRECTIVES]; /* with the line end */
        uint64_t seen[DIRECTIVES];   /* when, so that they are given in the order of the input */
        uint64_t clock;
        struct buf all;
        bool fresh; /* `all` is up to date */
        bool begun;
        char delimiter; /* of CSV */
        char separator; /* of Zeek */
};

struct preamble *preamble_new(void) {
        return calloc(1, sizeof(struct preamble));
}

struct preamble *preamble_free(struct preamble *pr) {
        if (!pr)
                return NULL;
        for (unsigned i = 0; i < DIRECTIVES; i++)
                buf_deinit(&pr->line[i]);
        buf_deinit(&pr->all);
        free(pr);
        return NULL;
}

static void forget(struct preamble *pr) {
        for (unsigned i = 0; i < DIRECTIVES; i++)
                buf_reset(&pr->line[i]);
        buf_reset(&pr->all);
        pr->fresh = true;
}

void preamble_reset(struct preamble *pr, enum format format) {
        forget(pr);
        pr->format = format;
        pr->begun = false;
        pr->delimiter = ',';
        pr->separator = '\t';
}

/* The directive's name as the decoder will read it: up to the colon, or up to the separator. */
static struct span directive_name(struct preamble *pr, struct span line) {
        struct span name, rest = line;

        if (pr->format == FORMAT_ZEEK_TSV && zeek_separator(line, &pr->separator))
                return span_str(names[SEPARATOR]);
        if (pr->format == FORMAT_W3C && !memchr(line.p, ':', line.len))
                return SPAN_NONE;
        scan_skip(&rest, 1);
        scan_to(&rest, pr->format == FORMAT_ZEEK_TSV ? pr->separator : ':', &name);
        return span_eq(name, span_str(names[SEPARATOR])) ? SPAN_NONE : name;
}

/* `line` begins with '#' and has no line end. */
static int take_directive(struct preamble *pr, struct span line) {
        struct span name;

        line.len -= line.p[line.len - 1] == '\r';
        name = directive_name(pr, line);
        for (unsigned i = 0; i < DIRECTIVES; i++) {
                if (!span_eq(name, span_str(names[i])))
                        continue;
                if (i == SEPARATOR)
                        forget(pr);
                buf_reset(&pr->line[i]);
                pr->fresh = false;
                if (line.len + 1 > PREAMBLE_MAX / 4)
                        return 0;
                pr->seen[i] = ++pr->clock;
                buf_span(&pr->line[i], line);
                buf_char(&pr->line[i], '\n');
                return pr->line[i].failed ? FAIL(-ENOMEM) : 0;
        }
        return 0;
}

/* Does a line begin at p, or behind the zeros that a crash left at its beginning (scan_zeros())?
 * Each zero is looked at once, before the next '#'. */
static bool begins_line(const char *start, const char *p) {
        while (p > start && p[-1] == '\0')
                p--;
        return p == start || p[-1] == '\n';
}

static int scan_directives(struct preamble *pr, struct span s) {
        const char *p = s.p, *end = s.p + s.len;

        while (p < end && (p = memchr(p, '#', (size_t)(end - p)))) {
                if (!begins_line(s.p, p)) {
                        p++;
                        continue;
                }
                const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
                int r = take_directive(pr, span_of(p, (size_t)(stop - p)));
                if (r < 0)
                        return r;
                p = stop;
        }
        return 0;
}

int preamble_scan(struct preamble *pr, struct span s) {
        if (pr->format == FORMAT_ZEEK_TSV || pr->format == FORMAT_W3C)
                return scan_directives(pr, s);
        if (pr->format != FORMAT_CSV || pr->begun || s.len == 0)
                return 0;
        s = csv_from_header(s);
        if (span_trim(s).len == 0)
                return 0;
        pr->begun = true;
        pr->delimiter = csv_delimiter(s);
        size_t n = csv_record(s, pr->delimiter, true);
        if (n <= PREAMBLE_MAX)
                buf_add(&pr->all, s.p, n);
        pr->fresh = true;
        return pr->all.failed ? FAIL(-ENOMEM) : 0;
}

struct span preamble_get(struct preamble *pr) {
        if (!pr->fresh) {
                uint64_t last = 0;
                buf_reset(&pr->all);
                for (unsigned n = 0; n < DIRECTIVES; n++) {
                        unsigned next = DIRECTIVES;
                        for (unsigned i = 0; i < DIRECTIVES; i++)
                                if (pr->line[i].len && pr->seen[i] > last &&
                                    (next == DIRECTIVES || pr->seen[i] < pr->seen[next]))
                                        next = i;
                        if (next == DIRECTIVES)
                                break;
                        last = pr->seen[next];
                        if (pr->all.len + pr->line[next].len <= PREAMBLE_MAX)
                                buf_span(&pr->all, buf_get(&pr->line[next]));
                }
                pr->fresh = !pr->all.failed;
        }
        return buf_get(&pr->all);
}

char preamble_delimiter(const struct preamble *pr) {
        return pr->delimiter;
}
