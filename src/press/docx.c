/* A document as DOCX (OOXML, ECMA-376 transitional): a zip of a few XML parts, made in memory by libzip. The
 * same look as pdf.c has, in tables, so that people can go on writing in it. Times New Roman is asked for by
 * name: whoever opens it has that or its like. Order of elements follows the schema; every text is escaped,
 * and holds no character that XML cannot (document.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/timestamp.h"
#include "press/document.h"

#define PART_MAX ((size_t)16 << 20)
#define NS "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

enum { BOLD = 1 << 0, ITALIC = 1 << 1, CENTER = 1 << 2, GREY = 1 << 3, KEEP = 1 << 4 };

/* ---- pieces of XML; sizes in half points, widths in twentieths of one ---- */

static void escaped(struct buf *b, struct span s) {
        for (size_t i = 0; i < s.len; i++) {
                switch (s.p[i]) {
                case '&': buf_str(b, "&amp;"); break;
                case '<': buf_str(b, "&lt;"); break;
                case '>': buf_str(b, "&gt;"); break;
                case '"': buf_str(b, "&quot;"); break;
                default: buf_char(b, s.p[i]);
                }
        }
}

static void run(struct buf *b, struct span s, unsigned how, unsigned half_points) {
        buf_str(b, "<w:r><w:rPr>");
        if (how & BOLD)
                buf_str(b, "<w:b/>");
        if (how & ITALIC)
                buf_str(b, "<w:i/>");
        if (how & GREY)
                buf_str(b, "<w:color w:val=\"808080\"/>");
        buf_printf(b, "<w:sz w:val=\"%u\"/><w:szCs w:val=\"%u\"/></w:rPr>", half_points,
                   half_points);
        while (s.p) { /* a line each */
                const char *end = memchr(s.p, '\n', s.len);
                size_t n = end ? (size_t)(end - s.p) : s.len;

                buf_str(b, "<w:t xml:space=\"preserve\">");
                escaped(b, span_of(s.p, n));
                buf_str(b, "</w:t>");
                if (!end)
                        break;
                buf_str(b, "<w:br/>");
                s = span_of(end + 1, s.len - n - 1);
        }
        buf_str(b, "</w:r>");
}

static void para(struct buf *b, struct span s, unsigned how, unsigned half_points) {
        buf_str(b, "<w:p><w:pPr>");
        if (how & KEEP)
                buf_str(b, "<w:keepNext/>");
        buf_str(b, "<w:spacing w:before=\"0\" w:after=\"20\"/>");
        buf_str(b, how & CENTER ? "<w:jc w:val=\"center\"/></w:pPr>"
                                : "<w:jc w:val=\"left\"/></w:pPr>");
        if (s.len)
                run(b, s, how, half_points);
        buf_str(b, "</w:p>");
}

/* A line between, that far from both sides. */
static void rule(struct buf *b, unsigned indent) {
        buf_printf(b,
                   "<w:p><w:pPr><w:pBdr><w:bottom w:val=\"single\" w:sz=\"6\" w:space=\"0\" "
                   "w:color=\"auto\"/></w:pBdr><w:spacing w:before=\"0\" w:after=\"80\" "
                   "w:line=\"60\" w:lineRule=\"exact\"/><w:ind w:left=\"%u\" w:right=\"%u\"/>"
                   "</w:pPr></w:p>",
                   indent, indent);
}

static void table(struct buf *b, const unsigned *widths, unsigned n, bool lines) {
        static const char *const sides[] = {"top", "left", "bottom", "right", "insideH", "insideV"};
        unsigned all = 0;

        for (unsigned i = 0; i < n; i++)
                all += widths[i];
        buf_printf(b, "<w:tbl><w:tblPr><w:tblW w:w=\"%u\" w:type=\"dxa\"/>", all);
        buf_str(b, "<w:tblBorders>");
        for (unsigned i = 0; i < ARRAY_LEN(sides); i++)
                buf_printf(b, "<w:%s w:val=\"%s\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>",
                           sides[i], lines ? "single" : "nil");
        buf_str(b, "</w:tblBorders><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>");
        for (unsigned i = 0; i < n; i++)
                buf_printf(b, "<w:gridCol w:w=\"%u\"/>", widths[i]);
        buf_str(b, "</w:tblGrid>");
}

static void cell(struct buf *b, unsigned width, const char *more) {
        buf_printf(b, "<w:tc><w:tcPr><w:tcW w:w=\"%u\" w:type=\"dxa\"/>%s</w:tcPr>", width, more);
}

#define PART "<w:gridSpan w:val=\"3\"/><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"EDEDED\"/>"
#define ROW "<w:tr>"
#define ROW_HEAD "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"
#define ROW_WHOLE "<w:tr><w:trPr><w:cantSplit/></w:trPr>"

/* ---- the document ---- */

static void addressed(struct buf *b, const struct document *d) {
        buf_str(b, "<w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr>");
        run(b, d->to[0], 0, 28);
        run(b, SPAN(" "), 0, 28);
        run(b, d->to[1], 0, 28);
        buf_str(b, "</w:p>");
}

static void head(struct buf *b, const struct document *d) {
        const unsigned widths[] = {3600, 5580};

        table(b, widths, 2, false);
        buf_str(b, ROW);
        cell(b, widths[0], "");
        para(b, d->agency[0], CENTER, 24);
        para(b, d->agency[1], CENTER | BOLD, 24);
        if (d->agency[0].len || d->agency[1].len)
                rule(b, 1200);
        para(b, d->number, CENTER, 26);
        if (d->handling.len)
                para(b, d->handling, CENTER | BOLD, 22);
        buf_str(b, "</w:tc>");
        cell(b, widths[1], "");
        para(b, d->state, CENTER | BOLD, 24);
        para(b, d->motto, CENTER | BOLD, 26);
        rule(b, 1300);
        para(b, d->place, CENTER | ITALIC, 26);
        buf_str(b, "</w:tc></w:tr></w:tbl>");
        para(b, SPAN(""), 0, 20);
        if (d->mark.len)
                para(b, d->mark, CENTER | BOLD | GREY, 40);
        para(b, d->title, CENTER | BOLD, 28);
        para(b, d->subtitle, CENTER | BOLD, 28);
        rule(b, 3500);
        para(b, SPAN(""), 0, 20);
        if (d->to[1].len)
                addressed(b, d);
        para(b, SPAN(""), 0, 20);
}

static void form(struct buf *b, const struct document *d) {
        const unsigned widths[] = {760, 3000, 5420};
        char number[16];
        unsigned n = 0;

        if (!d->n_rows)
                return;
        table(b, widths, 3, true);
        buf_str(b, ROW_HEAD);
        for (unsigned i = 0; i < 3; i++) {
                cell(b, widths[i], "");
                para(b, d->columns[i], CENTER | BOLD, 24);
                buf_str(b, "</w:tc>");
        }
        buf_str(b, "</w:tr>");
        for (unsigned i = 0; i < d->n_rows; i++) {
                const struct document_row *r = &d->rows[i];

                if (r->part) {
                        buf_str(b, ROW);
                        cell(b, widths[0] + widths[1] + widths[2], PART);
                        para(b, r->label, BOLD | KEEP, 24);
                        buf_str(b, "</w:tc></w:tr>");
                        n = 0;
                        continue;
                }
                snprintf(number, sizeof(number), "%u", ++n);
                buf_str(b, ROW);
                cell(b, widths[0], "");
                para(b, span_str(number), CENTER, 24);
                buf_str(b, "</w:tc>");
                cell(b, widths[1], "");
                para(b, r->label, 0, 24);
                buf_str(b, "</w:tc>");
                cell(b, widths[2], "");
                para(b, r->value, r->missing ? BOLD | ITALIC : 0, 24);
                buf_str(b, "</w:tc></w:tr>");
        }
        buf_str(b, "</w:tbl>");
}

static void signers(struct buf *b, const struct document *d) {
        unsigned widths[ARRAY_LEN(d->signers)];
        const unsigned n = d->n_signers;

        if (!n)
                return;
        for (unsigned i = 0; i < n; i++)
                widths[i] = 9180 / n;
        table(b, widths, n, false);
        buf_str(b, ROW_WHOLE);
        for (unsigned i = 0; i < n; i++) {
                cell(b, widths[i], "");
                para(b, d->signers[i].role, CENTER | BOLD, 24);
                para(b, d->signers[i].note, CENTER | ITALIC, 22);
                para(b, d->signers[i].name, CENTER | BOLD, 26);
                buf_str(b, "</w:tc>");
        }
        buf_str(b, "</w:tr></w:tbl>");
        para(b, SPAN(""), 0, 20);
}

/* The figure in characters: a word processor shows no drawing that we would not have to bring along. */
static void figure(struct buf *b, const struct document *d) {
        static const char *const marks[] = {"■", "▲", "●"};

        if (!d->n_lanes)
                return;
        para(b, d->figure, BOLD, 24);
        for (unsigned i = 0; i < d->n_lanes; i++) {
                _cleanup_(buf_deinit) struct buf bar = {0};

                for (unsigned x = 0; x < 40; x++) {
                        const char *c = "·";

                        for (unsigned k = 0; k < 3; k++)
                                if (d->lanes[i].at[k] >= 0 &&
                                    (unsigned)d->lanes[i].at[k] * 39 / 1000 == x)
                                        c = marks[k];
                        buf_str(&bar, c);
                }
                buf_str(&bar, "  ");
                buf_span(&bar, d->lanes[i].label);
                para(b, buf_get(&bar), 0, 18);
        }
        _cleanup_(buf_deinit) struct buf legend = {0};
        for (unsigned k = 0; k < 3; k++) {
                buf_printf(&legend, "%s ", marks[k]);
                buf_span(&legend, d->legend[k]);
                buf_str(&legend, k < 2 ? ", " : "");
        }
        if (d->n_scale) {
                buf_str(&legend, "; ");
                buf_span(&legend, d->scale[0]);
                buf_str(&legend, " – ");
                buf_span(&legend, d->scale[d->n_scale - 1]);
        }
        para(b, buf_get(&legend), ITALIC, 18);
        para(b, SPAN(""), 0, 20);
}

static void end(struct buf *b, const struct document *d) {
        const unsigned widths[] = {4680, 4500};
        static const char dashed[] =
                "<w:tcBorders><w:top w:val=\"dashed\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>"
                "<w:left w:val=\"dashed\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>"
                "<w:bottom w:val=\"dashed\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>"
                "<w:right w:val=\"dashed\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>"
                "</w:tcBorders>";

        para(b, SPAN(""), 0, 20);
        for (unsigned i = 0; i < d->n_notes; i++)
                para(b, d->notes[i], ITALIC, 22);
        para(b, SPAN(""), 0, 20);
        signers(b, d);
        table(b, widths, 2, false);
        buf_str(b, ROW_WHOLE);
        cell(b, widths[0], "");
        para(b, d->copies_title, BOLD | ITALIC, 24);
        for (unsigned i = 0; i < d->n_copies; i++)
                para(b, d->copies[i], 0, 22);
        buf_str(b, "</w:tc>");
        cell(b, widths[1], d->seal[0].len ? dashed : "");
        para(b, d->seal[0], CENTER | BOLD, 24);
        para(b, d->seal[1], CENTER | ITALIC, 22);
        for (unsigned i = 0; i < 4; i++)
                para(b, SPAN(""), 0, 24);
        buf_str(b, "</w:tc></w:tr></w:tbl>");
        para(b, SPAN(""), 0, 20);
}

static void body(struct buf *b, const struct document *d) {
        buf_str(b, XML "<w:document " NS
                       " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/"
                       "relationships\"><w:body>");
        head(b, d);
        figure(b, d);
        form(b, d);
        end(b, d);
        buf_str(b, "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"rId2\"/>"
                   "<w:headerReference w:type=\"first\" r:id=\"rId3\"/>"
                   "<w:footerReference w:type=\"default\" r:id=\"rId4\"/>"
                   "<w:footerReference w:type=\"first\" r:id=\"rId4\"/>"
                   "<w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1134\" w:right=\"1020\""
                   " w:bottom=\"1134\" w:left=\"1701\" w:header=\"567\" w:footer=\"567\""
                   " w:gutter=\"0\"/><w:titlePg/></w:sectPr></w:body></w:document>");
}

/* ---- the other parts ---- */

static void styles(struct buf *b, const struct document *d) {
        buf_str(b, XML "<w:styles " NS "><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts "
                       "w:ascii=\"Times New Roman\" w:hAnsi=\"Times New Roman\" "
                       "w:eastAsia=\"Times New Roman\" w:cs=\"Times New Roman\"/>"
                       "<w:sz w:val=\"26\"/><w:szCs w:val=\"26\"/>");
        buf_printf(b, "<w:lang w:val=\"%s\"/>", span_eq(d->lang, SPAN("en")) ? "en-US" : "vi-VN");
        buf_str(b, "</w:rPr></w:rPrDefault></w:docDefaults><w:style w:type=\"paragraph\" "
                   "w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>"
                   "</w:styles>");
}

static void page_number(struct buf *b) {
        buf_str(b, XML "<w:hdr " NS "><w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr><w:r><w:fldChar "
                       "w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> "
                       "PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/>"
                       "</w:r><w:r><w:t>2</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/>"
                       "</w:r></w:p></w:hdr>");
}

static void no_number(struct buf *b) {
        buf_str(b, XML "<w:hdr " NS "><w:p/></w:hdr>");
}

static void foot(struct buf *b, const struct document *d) {
        buf_str(b, XML "<w:ftr " NS ">");
        para(b, d->foot, GREY, 16);
        buf_str(b, "</w:ftr>");
}

static void core(struct buf *b, const struct document *d) {
        buf_str(b, XML "<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/"
                       "2006/metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/"
                       "\" xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:xsi=\"http://www.w3."
                       "org/2001/XMLSchema-instance\"><dc:title>");
        escaped(b, d->foot);
        buf_str(b, "</dc:title><dc:creator>Coloa</dc:creator>");
        if (d->made.len) {
                buf_str(b, "<dcterms:created xsi:type=\"dcterms:W3CDTF\">");
                escaped(b, d->made);
                buf_str(b, "</dcterms:created>");
        }
        buf_str(b, "</cp:coreProperties>");
}

#define TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
static const char types[] = XML
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
        "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
        "relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        "<Override PartName=\"/word/document.xml\" ContentType=\"" TYPE "document.main+xml\"/>"
        "<Override PartName=\"/word/styles.xml\" ContentType=\"" TYPE "styles+xml\"/>"
        "<Override PartName=\"/word/header1.xml\" ContentType=\"" TYPE "header+xml\"/>"
        "<Override PartName=\"/word/header2.xml\" ContentType=\"" TYPE "header+xml\"/>"
        "<Override PartName=\"/word/footer1.xml\" ContentType=\"" TYPE "footer+xml\"/>"
        "<Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-"
        "package.core-properties+xml\"/></Types>";

#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define RELS                                                                                       \
        XML "<Relationships "                                                                      \
            "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
static const char rels[] = RELS
        "<Relationship Id=\"rId1\" Type=\"" REL "officeDocument\" Target=\"word/document.xml\"/>"
        "<Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/package/2006/"
        "relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>"
        "</Relationships>";
static const char document_rels[] =
        RELS "<Relationship Id=\"rId1\" Type=\"" REL "styles\" Target=\"styles.xml\"/>"
             "<Relationship Id=\"rId2\" Type=\"" REL "header\" Target=\"header1.xml\"/>"
             "<Relationship Id=\"rId3\" Type=\"" REL "header\" Target=\"header2.xml\"/>"
             "<Relationship Id=\"rId4\" Type=\"" REL "footer\" Target=\"footer1.xml\"/>"
             "</Relationships>";

/* ---- the zip ---- */

struct parts {
        zip_t *zip;
        time_t made;
        int error;
};

/* A copy goes into the archive, which frees it. */
static void part(struct parts *z, const char *name, struct buf *b) {
        char *copy = b->failed ? NULL : malloc(MAX(b->len, (size_t)1));
        zip_source_t *s = NULL;
        zip_int64_t at = -1;

        if (copy) {
                memcpy(copy, b->p, b->len);
                s = zip_source_buffer(z->zip, copy, b->len, 1);
                if (!s)
                        free(copy);
        }
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the archive frees the copy
        if (s && (at = zip_file_add(z->zip, name, s, ZIP_FL_ENC_UTF_8)) < 0)
                zip_source_free(s);
        if (at < 0)
                z->error = -ENOMEM;
        else
                zip_file_set_mtime(z->zip, (zip_uint64_t)at, z->made, 0);
        buf_reset(b);
}

static void put_parts(struct parts *z, const struct document *d) {
        _cleanup_(buf_deinit) struct buf b = {.limit = PART_MAX};

        buf_str(&b, types); /* the first, by which it is known */
        part(z, "[Content_Types].xml", &b);
        buf_str(&b, rels);
        part(z, "_rels/.rels", &b);
        body(&b, d);
        part(z, "word/document.xml", &b);
        buf_str(&b, document_rels);
        part(z, "word/_rels/document.xml.rels", &b);
        styles(&b, d);
        part(z, "word/styles.xml", &b);
        page_number(&b);
        part(z, "word/header1.xml", &b);
        no_number(&b);
        part(z, "word/header2.xml", &b);
        foot(&b, d);
        part(z, "word/footer1.xml", &b);
        core(&b, d);
        part(z, "docProps/core.xml", &b);
}

static int read_all(zip_source_t *s, struct buf *out) {
        char piece[16384];
        zip_int64_t n;

        if (zip_source_open(s) < 0)
                return -EIO;
        while ((n = zip_source_read(s, piece, sizeof(piece))) > 0)
                buf_add(out, piece, (size_t)n);
        zip_source_close(s);
        return n < 0 ? -EIO : out->failed ? -EFBIG : 0;
}

int document_docx(const struct document *d, struct buf *out) {
        int64_t ns = time_parse_iso(d->made, 0);
        struct parts z = {.made = ns == TIME_NONE ? 0 : (time_t)(ns / NS_PER_SEC)};
        zip_error_t e;
        zip_error_init(&e);
        zip_source_t *s = zip_source_buffer_create(NULL, 0, 0, &e);

        z.zip = s ? zip_open_from_source(s, ZIP_TRUNCATE, &e) : NULL;
        zip_error_fini(&e);
        if (!z.zip) {
                zip_source_free(s);
                return -ENOMEM;
        }
        zip_source_keep(s);
        put_parts(&z, d);
        if (z.error || zip_close(z.zip) < 0) {
                zip_discard(z.zip);
                z.error = z.error ? z.error : -EIO;
        }
        int r = z.error ? z.error : read_all(s, out);
        zip_source_free(s);
        return r;
}
