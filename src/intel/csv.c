/* CSV of whatever feed, and plain lists of one value per line.
 *
 * The first line that is no comment may name the columns; so may a comment line right above the data,
 * as some feeds have it; so may the command line. Without any of them, the first column of each line
 * that looks like an indicator is one. Separator: comma, semicolon or tabulator, whichever the first
 * line has. Quotes as in RFC 4180. */
#include "intel/set.h"

#define COLUMNS_MAX 64u

enum column {
        C_NONE,
        C_TYPE,
        C_VALUE,
        C_NAME,
        C_CONFIDENCE,
        C_LEVEL,
        C_SINCE,
        C_UNTIL,
        C_TLP,
        C_IDS,
        C_REVOKED
};

static const struct {
        const char *name;
        enum column column;
} known[] = {
        {"type", C_TYPE},
        {"ioc_type", C_TYPE},
        {"indicator_type", C_TYPE},
        {"value", C_VALUE},
        {"ioc", C_VALUE},
        {"ioc_value", C_VALUE},
        {"indicator", C_VALUE},
        {"observable", C_VALUE},
        {"observable_value", C_VALUE},
        {"ip", C_VALUE},
        {"dst_ip", C_VALUE},
        {"ip_address", C_VALUE},
        {"domain", C_VALUE},
        {"hostname", C_VALUE},
        {"url", C_VALUE},
        {"md5_hash", C_VALUE},
        {"sha1_hash", C_VALUE},
        {"sha256_hash", C_VALUE},
        {"md5", C_VALUE},
        {"sha1", C_VALUE},
        {"sha256", C_VALUE},
        {"ja3_md5", C_VALUE},
        {"name", C_NAME},
        {"description", C_NAME},
        {"comment", C_NAME},
        {"malware", C_NAME},
        {"malware_printable", C_NAME},
        {"signature", C_NAME},
        {"threat", C_NAME},
        {"listingreason", C_NAME},
        {"confidence", C_CONFIDENCE},
        {"confidence_level", C_CONFIDENCE},
        {"score", C_CONFIDENCE},
        {"x_opencti_score", C_CONFIDENCE},
        {"level", C_LEVEL},
        {"severity", C_LEVEL},
        {"valid_from", C_SINCE},
        {"first_seen", C_SINCE},
        {"first_seen_utc", C_SINCE},
        {"date", C_SINCE},
        {"dateadded", C_SINCE},
        {"last_seen", C_SINCE},
        {"valid_until", C_UNTIL},
        {"expires", C_UNTIL},
        {"expiry", C_UNTIL},
        {"expiration", C_UNTIL},
        {"tlp", C_TLP},
        {"to_ids", C_IDS},
        {"revoked", C_REVOKED},
};

static const struct {
        const char *name;
        enum intel_type type;
} types[] = {
        {"ip", INTEL_ADDRESS},
        {"ipv4", INTEL_ADDRESS},
        {"ipv6", INTEL_ADDRESS},
        {"ipv4-addr", INTEL_ADDRESS},
        {"ipv6-addr", INTEL_ADDRESS},
        {"address", INTEL_ADDRESS},
        {"ip-src", INTEL_ADDRESS},
        {"ip-dst", INTEL_ADDRESS},
        {"cidr", INTEL_ADDRESS},
        {"network", INTEL_ADDRESS},
        {"ip:port", INTEL_ADDRESS},
        {"domain", INTEL_DOMAIN},
        {"domain-name", INTEL_DOMAIN},
        {"hostname", INTEL_DOMAIN},
        {"fqdn", INTEL_DOMAIN},
        {"host", INTEL_DOMAIN},
        {"wildcard", INTEL_TREE},
        {"url", INTEL_URL},
        {"uri", INTEL_URL},
        {"md5", INTEL_MD5},
        {"md5_hash", INTEL_MD5},
        {"sha1", INTEL_SHA1},
        {"sha1_hash", INTEL_SHA1},
        {"sha256", INTEL_SHA256},
        {"sha256_hash", INTEL_SHA256},
        {"sha512", INTEL_SHA512},
        {"imphash", INTEL_IMPHASH},
        {"ja3", INTEL_JA3},
        {"ja3s", INTEL_JA3},
        {"ja3-fingerprint-md5", INTEL_JA3},
        {"ja3_md5", INTEL_JA3},
        {"hash", INTEL_NONE},
        {"file", INTEL_NONE},
};

struct csv {
        struct intel_set *s;
        enum column columns[COLUMNS_MAX];
        enum intel_type value_type; /* of the column's name */
        uint32_t n;                 /* 0: not known */
        char separator;
        uint32_t line;
        struct buf store; /* cells with quotes undone */
        struct span cells[COLUMNS_MAX];
        uint32_t n_cells;
};

static char separator_of(struct span text) {
        size_t comma = 0, semicolon = 0, tab = 0, i = 0;

        /* Of the first line that is none of comment. */
        while (i < text.len && text.p[i] == '#') {
                const char *nl = memchr(text.p + i, '\n', text.len - i);
                i = nl ? (size_t)(nl + 1 - text.p) : text.len;
        }
        for (; i < text.len && text.p[i] != '\n'; i++) {
                comma += text.p[i] == ',';
                semicolon += text.p[i] == ';';
                tab += text.p[i] == '\t';
        }
        if (tab > comma && tab >= semicolon)
                return '\t';
        return semicolon > comma ? ';' : ',';
}

/* A row at *at, which is moved behind it; lines in quotes are counted. */
static void row(struct csv *c, struct span text, size_t *at) {
        size_t i = *at;

        c->n_cells = 0;
        buf_reset(&c->store);
        /* Spans into the store are made when it does not grow any more. */
        struct {
                size_t from, len;
                bool stored;
        } cell[COLUMNS_MAX];
        for (;;) {
                bool last = c->n_cells == COLUMNS_MAX - 1;
                size_t from = i, len;
                bool stored = false;

                while (i < text.len && text.p[i] == ' ')
                        i++;
                if (i < text.len && text.p[i] == '"') {
                        stored = true;
                        from = c->store.len;
                        for (i++; i < text.len; i++) {
                                if (text.p[i] == '"' && (i + 1 >= text.len || text.p[i + 1] != '"'))
                                        break;
                                if (text.p[i] == '"')
                                        i++;
                                else if (text.p[i] == '\n')
                                        c->line++;
                                buf_char(&c->store, text.p[i]);
                        }
                        len = c->store.len - from;
                        while (i < text.len && text.p[i] != c->separator && text.p[i] != '\n')
                                i++;
                } else {
                        while (i < text.len && text.p[i] != '\n' &&
                               (text.p[i] != c->separator || last))
                                i++;
                        len = i - from;
                }
                cell[c->n_cells].from = from;
                cell[c->n_cells].len = len;
                cell[c->n_cells++].stored = stored;
                if (i >= text.len || text.p[i] == '\n' || last)
                        break;
                i++;
        }
        for (uint32_t k = 0; k < c->n_cells; k++) {
                const char *base = cell[k].stored ? c->store.p : text.p;
                c->cells[k] = base && !c->store.failed
                                      ? span_trim(span_of(base + cell[k].from, cell[k].len))
                                      : SPAN("");
        }
        while (i < text.len && text.p[i] != '\n')
                i++;
        *at = i < text.len ? i + 1 : i;
}

static enum column column_of(struct span name) {
        char lower[40];
        size_t n = 0;

        name = span_trim(name);
        if (name.len > sizeof(lower))
                return C_NONE;
        for (size_t i = 0; i < name.len; i++)
                lower[n++] = name.p[i] == ' ' || name.p[i] == '-' ? '_' : ascii_lower(name.p[i]);
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
                if (span_eq(span_of(lower, n), span_str(known[i].name)))
                        return known[i].column;
        return C_NONE;
}

static bool type_of(struct span name, enum intel_type *ret) {
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                if (span_ieq(name, span_str(types[i].name))) {
                        *ret = types[i].type;
                        return true;
                }
        return false;
}

/* The row names columns: one of them the value. */
static bool header(struct csv *c) {
        enum column to[COLUMNS_MAX];
        bool value = false;
        enum intel_type type = INTEL_NONE;

        for (uint32_t i = 0; i < c->n_cells; i++) {
                struct span name = c->cells[i];
                if (i == 0 && name.len && name.p[0] == '#')
                        name = span_trim(span_of(name.p + 1, name.len - 1));
                if (name.len >= 2 && name.p[0] == '"' && name.p[name.len - 1] == '"')
                        name = span_of(name.p + 1, name.len - 2);
                to[i] = column_of(name);
                if (to[i] != C_VALUE)
                        continue;
                if (value)
                        to[i] = C_NONE; /* the first one: others are its kin */
                else if (!type_of(name, &type))
                        type = INTEL_NONE;
                value = true;
        }
        if (!value)
                return false;
        memcpy(c->columns, to, sizeof(to));
        c->n = c->n_cells;
        c->value_type = type;
        return true;
}

static struct span cell(const struct csv *c, enum column column) {
        for (uint32_t i = 0; i < MIN(c->n, c->n_cells); i++)
                if (c->columns[i] == column && c->cells[i].len)
                        return c->cells[i];
        return SPAN_NONE;
}

static int64_t when(struct span v) {
        int64_t t = v.len ? time_parse_iso(v, 0) : TIME_NONE;
        char day[24];

        if (t == TIME_NONE && v.len == 10) { /* a day alone */
                memcpy(day, v.p, 10);
                memcpy(day + 10, "T00:00:00Z", 10);
                t = time_parse_iso(span_of(day, 20), 0);
        }
        return t != TIME_NONE || v.len == 0 ? t : time_parse_epoch(v);
}

static int confidence_of(const struct csv *c) {
        struct span v = cell(c, C_CONFIDENCE), level = cell(c, C_LEVEL);
        int n = 0;

        if (v.len) {
                for (size_t i = 0; i < v.len && v.p[i] >= '0' && v.p[i] <= '9' && n <= 100; i++)
                        n = n * 10 + (v.p[i] - '0');
                if (v.p[0] >= '0' && v.p[0] <= '9')
                        return MIN(n, 100);
                level = level.len ? level : v;
        }
        if (span_ieq(level, SPAN("critical")) || span_ieq(level, SPAN("high")))
                return 80;
        if (span_ieq(level, SPAN("medium")))
                return 50;
        return span_ieq(level, SPAN("low")) || span_ieq(level, SPAN("informational")) ? 20 : -1;
}

static bool no(struct span v) {
        return span_eq(v, SPAN("0")) || span_ieq(v, SPAN("false")) || span_ieq(v, SPAN("no"));
}

/* "192.0.2.1:443" of a type that says so. */
static void without_port(struct span *v) {
        const char *colon = memchr(v->p, ':', v->len);

        if (colon && memchr(v->p, '.', (size_t)(colon - v->p)) &&
            !memchr(colon + 1, ':', v->len - (size_t)(colon + 1 - v->p)))
                v->len = (size_t)(colon - v->p);
}

static void use(struct csv *c) {
        struct intel_raw raw = {.value = cell(c, C_VALUE),
                                .name = cell(c, C_NAME),
                                .type = c->value_type,
                                .confidence = confidence_of(c),
                                .since = when(cell(c, C_SINCE)),
                                .until = when(cell(c, C_UNTIL)),
                                .tlp = intel_tlp(cell(c, C_TLP))};
        struct span type = cell(c, C_TYPE), revoked = cell(c, C_REVOKED), until = cell(c, C_UNTIL);

        if (no(cell(c, C_IDS))) {
                c->s->counts.inactive++;
                return;
        }
        if (revoked.len && !no(revoked)) {
                c->s->counts.read++;
                c->s->counts.revoked++;
                return;
        }
        if (until.len && raw.until == TIME_NONE) { /* or it would live for ever by mistake */
                c->s->counts.read++;
                intel_malformed(c->s, c->line, until);
                return;
        }
        if (type.len && !type_of(type, &raw.type)) {
                c->s->counts.read++;
                intel_unsupported(c->s, c->line, type);
                return;
        }
        if (raw.type == INTEL_ADDRESS && raw.value.len)
                without_port(&raw.value);
        intel_add(c->s, &raw, c->line);
}

/* No column is known: the first cell that is an indicator. */
static void guess(struct csv *c) {
        struct intel_raw raw = {.confidence = -1, .since = TIME_NONE, .until = TIME_NONE};
        char room[INTEL_KEY_MAX];
        struct intel_key k;

        for (uint32_t i = 0; i < c->n_cells; i++) {
                struct span v = c->cells[i];

                if (v.len == 0 || v.len > sizeof(room) || !intel_key_any(&k, intel_refang(v, room)))
                        continue;
                raw.value = v;
                raw.name = i + 1 < c->n_cells ? c->cells[i + 1] : SPAN_NONE;
                return intel_add(c->s, &raw, c->line);
        }
        c->s->counts.read++;
        intel_malformed(c->s, c->line, c->cells[0]);
}

void intel_read_csv(struct intel_set *s, struct span text) {
        struct csv c = {.s = s};
        size_t at = 0;
        bool first = true;

        if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
                text = span_of(text.p + 3, text.len - 3);
        c.separator = ',';
        if (s->o.columns.len) {
                row(&c, s->o.columns, &at);
                if (!header(&c))
                        return intel_file_bad(s, 0, "the columns given name no value",
                                              "các cột đã cho không có cột giá trị");
                at = 0;
        }
        c.separator = separator_of(text);
        c.line = 1;
        while (at < text.len) {
                uint32_t line = c.line;
                bool comment = text.p[at] == '#' ||
                               (text.p[at] == '/' && at + 1 < text.len && text.p[at + 1] == '/');

                row(&c, text, &at);
                uint32_t next = c.line + 1;
                c.line = line;
                if (comment) {
                        if (first && !s->o.columns.len)
                                (void)header(&c);
                } else if (c.n_cells > 1 || c.cells[0].len) {
                        bool names = first && (!c.n || s->o.columns.len) && header(&c);
                        if (names && s->o.columns.len) { /* the file's own names stand */
                        } else if (!names && c.n)
                                use(&c);
                        else if (!names)
                                guess(&c);
                        first = false;
                }
                c.line = next;
        }
        buf_deinit(&c.store);
}
