/* See batch.h. */
#include "wire/batch.h"

int batch_view(const void *slot, struct batch *ret) {
        struct batch b = {0};
        size_t room = BATCH_ROOM;

        memcpy(&b.h, slot, sizeof(b.h)); /* once: the writer may change it under us */
        if (b.h.magic != BATCH_MAGIC || b.h.layout != BATCH_STREAM || b.h.format >= FORMAT_MAX)
                return BATCH_E_BAD;
        if (b.h.preamble_len > room || b.h.payload_len > room - b.h.preamble_len)
                return BATCH_E_BAD;
        b.preamble = span_of((const char *)slot + sizeof(b.h), b.h.preamble_len);
        b.payload = span_of(b.preamble.p + b.h.preamble_len, b.h.payload_len);
        *ret = b;
        return 0;
}

static const char *const names[FORMAT_MAX] = {
        [FORMAT_UNKNOWN] = "auto",  [FORMAT_EVTX] = "evtx",     [FORMAT_JSON] = "json",
        [FORMAT_SYSLOG] = "syslog", [FORMAT_AUDITD] = "auditd", [FORMAT_WEB] = "web",
        [FORMAT_W3C] = "w3c",       [FORMAT_ZEEK_TSV] = "zeek", [FORMAT_CEF] = "cef",
        [FORMAT_LEEF] = "leef",     [FORMAT_KV] = "kv",         [FORMAT_JOURNAL] = "journal",
        [FORMAT_CSV] = "csv",       [FORMAT_TEXT] = "text",
};

const char *format_name(enum format f) {
        return (unsigned)f < FORMAT_MAX ? names[f] : "?";
}

enum format format_from_name(struct span name) {
        for (unsigned f = 1; f < FORMAT_MAX; f++)
                if (span_eq(name, span_str(names[f])))
                        return (enum format)f;
        return FORMAT_UNKNOWN;
}
