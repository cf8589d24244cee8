/* RFC 4180 records, as lenient as spreadsheets are: a quote opens only at the start of a field;
 * inside, "" is a quote and any other quote closes. Were a missing closing quote taken at its word,
 * the rest of the file would be one record; so the search for it is bounded by RECORD_MAX, and when
 * it fails the opening quote is text.
 *
 * Linear although that search may run in vain: behind an opening quote that never closes, all
 * further quotes come in even runs, so a field that opens among them closes at once. */
#include "decode/csv_frame.h"

struct span csv_from_header(struct span s) {
        const char *nl;

        while (s.len && (nl = memchr(s.p, '\n', s.len))) {
                size_t n = (size_t)(nl + 1 - s.p);
                if (span_trim(span_of(s.p, n)).len)
                        break;
                s = span_of(s.p + n, s.len - n);
        }
        return s;
}

char csv_delimiter(struct span s) {
        static const char candidates[] = {',', ';', '\t', '|'};
        unsigned n[ARRAY_LEN(candidates)] = {0}, best = 0;
        bool quoted = false;
        struct span header = csv_from_header(s);

        for (size_t i = 0; i < header.len && header.p[i] != '\n'; i++) {
                if (header.p[i] == '"')
                        quoted = !quoted;
                for (unsigned c = 0; c < ARRAY_LEN(candidates) && !quoted; c++)
                        n[c] += header.p[i] == candidates[c];
        }
        for (unsigned c = 1; c < ARRAY_LEN(candidates); c++)
                if (n[c] > n[best])
                        best = c;
        return candidates[best];
}

size_t csv_record(struct span s, char delimiter, bool final) {
        size_t max = MIN(s.len, RECORD_MAX), i = 0;
        bool start = true;
        const char *nl;

        while (i < max) {
                char c = s.p[i];

                if (start && c == '"') {
                        for (i++; i < max; i++) {
                                if (s.p[i] != '"')
                                        continue;
                                if (i + 1 < max && s.p[i + 1] == '"')
                                        i++;
                                else
                                        break;
                        }
                        if (i >= max)
                                break; /* not closed */
                        start = false;
                        i++;
                        continue;
                }
                i++;
                if (c == '\n')
                        return i;
                start = c == delimiter;
        }
        if (s.len < RECORD_MAX && !final)
                return 0;
        nl = s.len ? memchr(s.p, '\n', s.len) : NULL;
        return nl ? (size_t)(nl + 1 - s.p) : final ? s.len : 0;
}
