/* IODEF 2 (RFC 7970): one Incident with its times, assessment, contact and indicators. Elements stand in the
 * order of the schema; every text is escaped and holds no character that XML cannot. An incident whose light
 * is stricter than the export is not written at all (share.h): its handler refuses.
 *
 * A light stands in the attribute `restriction`: clear is "white" there; amber+strict has no word of its own
 * and is "ext-value". */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "desk/share.h"

static void text(struct buf *b, struct span s) {
        const char *p = s.p, *end = s.p + s.len;

        while (p < end) {
                uint32_t c = 0;
                unsigned n = utf8_next(p, (size_t)(end - p), &c);

                if (n == 0 || (c < 0x20 && c != '\n' && c != '\t') || (c & 0xfffe) == 0xfffe)
                        buf_str(b, "\xef\xbf\xbd");
                else if (c == '&')
                        buf_str(b, "&amp;");
                else if (c == '<')
                        buf_str(b, "&lt;");
                else if (c == '>')
                        buf_str(b, "&gt;");
                else if (c == '"')
                        buf_str(b, "&quot;");
                else
                        buf_add(b, p, n);
                p += MAX(n, 1u);
        }
}

static void element(struct buf *b, const char *name, const char *attributes, struct span s) {
        if (!s.len)
                return;
        buf_printf(b, "<%s%s>", name, attributes);
        text(b, s);
        buf_printf(b, "</%s>\n", name);
}

static void time_element(struct buf *b, const char *name, int64_t ns) {
        char at[40];

        if (ns != TIME_NONE)
                element(b, name, "", span_of(at, time_format(at, ns, 0)));
}

static const char *restriction(enum share_tlp t) {
        static const char *const words[] = {
                " restriction=\"white\"", " restriction=\"green\"", " restriction=\"amber\"",
                " restriction=\"ext-value\" ext-restriction=\"amber+strict\"",
                " restriction=\"red\""};
        return words[t];
}

static const char *status(const struct share *s) {
        if (span_eq(s->of.state, SPAN("open")))
                return "new";
        return span_eq(s->of.state, SPAN("closed")) || span_eq(s->of.state, SPAN("reviewed")) ||
                               span_eq(s->of.state, SPAN("false_alarm"))
                       ? "resolved"
                       : "in-progress";
}

/* ---- what it did ---- */

static const struct {
        const char *kind, *impact;
} impacts[] = {{"denial", "availability-service"}, {"phishing", "breach-credential"},
               {"malware", "takeover-system"},     {"access", "takeover-account"},
               {"defacement", "integrity-data"},   {"ransomware", "availability-data"},
               {"destruction", "damaged-data"},    {"espionage", "breach-proprietary"}};

static const char *severity(const struct share *s) {
        if (span_eq(s->of.severity, SPAN("critical")) || span_eq(s->of.severity, SPAN("high")))
                return "high";
        return span_eq(s->of.severity, SPAN("medium")) ? "medium" : "low";
}

static void assessment(const struct share *s, struct buf *b) {
        const char *impact = "unknown";

        for (size_t i = 0; i < ARRAY_LEN(impacts); i++)
                if (span_eq(s->of.kind, span_str(impacts[i].kind)))
                        impact = impacts[i].impact;
        buf_str(b, "<Assessment occurrence=\"actual\">\n");
        element(b, "IncidentCategory", " xml:lang=\"en\"", s->kind);
        buf_printf(b, "<SystemImpact severity=\"%s\" type=\"%s\"/>\n</Assessment>\n", severity(s),
                   impact);
}

static void method(const struct share *s, struct buf *b) {
        if (!s->n_attacks)
                return;
        buf_str(b, "<Method>\n");
        for (unsigned i = 0; i < s->n_attacks; i++) {
                buf_str(b, "<Reference><Description>MITRE ATT&amp;CK ");
                text(b, s->attacks[i]);
                buf_str(b, "</Description></Reference>\n");
        }
        buf_str(b, "</Method>\n");
}

/* ---- what to look for ---- */

static const char *bulk_type(const struct share_item *i) {
        switch (i->type) {
        case SHARE_ADDRESS:
                if (i->hidden || !i->bits)
                        return "ext-value\" ext-type=\"inner-address";
                if (i->v6)
                        return i->bits < 128 ? "ipv6-net" : "ipv6-addr";
                return i->bits < 32 ? "ipv4-net" : "ipv4-addr";
        case SHARE_DOMAIN: return i->hidden ? "ext-value\" ext-type=\"site" : "domain-name";
        case SHARE_URL: return i->hidden ? "ext-value\" ext-type=\"page" : "site-uri";
        case SHARE_EMAIL: return i->hidden ? "ext-value\" ext-type=\"mailbox" : "e-mail";
        case SHARE_HASH: return "file-hash";
        case SHARE_FILE: return "file-path";
        case SHARE_ACCOUNT: return "user-name";
        case SHARE_HOST: return "ext-value\" ext-type=\"host";
        case SHARE_PROCESS: return "ext-value\" ext-type=\"process";
        case SHARE_JA3: return "ext-value\" ext-type=\"ja3";
        case SHARE_OTHER: break;
        }
        return "ext-value\" ext-type=\"other";
}

static void indicator(const struct share *s, const struct share_item *i, struct buf *b) {
        buf_printf(
                b,
                "<Indicator%s>\n<IndicatorID name=\"coloa\" version=\"1\">o-%lld</IndicatorID>\n",
                restriction(i->tlp), (long long)i->id);
        element(b, "Description", "", i->attacker ? SPAN("of the attacker") : SPAN("seen"));
        if (s->names)
                element(b, "Description", "", i->note);
        buf_printf(b, "<Observable><BulkObservable type=\"%s\"><BulkObservableList>", bulk_type(i));
        text(b, i->value);
        buf_str(b, "</BulkObservableList></BulkObservable></Observable>\n</Indicator>\n");
}

static void contact(const struct share *s, struct buf *b) {
        buf_str(b, "<Contact role=\"creator\" type=\"organization\">\n");
        element(b, "ContactName", "", s->names ? s->unit : SPAN("Reporting agency"));
        buf_str(b, "</Contact>\n");
}

int share_iodef(const struct share *s, struct buf *b) {
        buf_printf(b,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<IODEF-Document version=\"2.00\" xml:lang=\"vi\""
                   " xmlns=\"urn:ietf:params:xml:ns:iodef-2.0\">\n"
                   "<Incident purpose=\"reporting\" status=\"%s\"%s>\n",
                   status(s), restriction(s->tlp));
        element(b, "IncidentID", s->of.drill ? " name=\"coloa-exercise\"" : " name=\"coloa\"",
                s->of.code);
        time_element(b, "DetectTime", s->of.t0);
        time_element(b, "StartTime", s->occurred);
        time_element(b, "EndTime", s->closed);
        time_element(b, "RecoveryTime", s->restored);
        time_element(b, "ReportTime", s->c->now);
        time_element(b, "GenerationTime", s->c->now);
        if (s->of.drill)
                element(b, "Description", "", SPAN("EXERCISE - DIỄN TẬP"));
        element(b, "Description", " xml:lang=\"en\"", s->kind);
        if (s->names) {
                element(b, "Description", "", s->title);
                element(b, "Description", "", s->summary);
                element(b, "Description", "", s->scope);
        }
        assessment(s, b);
        method(s, b);
        contact(s, b);
        if (s->n)
                buf_str(b, "<IndicatorData>\n");
        for (unsigned i = 0; i < s->n; i++)
                indicator(s, &s->items[i], b);
        buf_str(b, s->n ? "</IndicatorData>\n</Incident>\n</IODEF-Document>\n"
                        : "</Incident>\n</IODEF-Document>\n");
        return b->failed ? FAIL(-ENOMEM) : 0;
}
