/* A document as PDF, by pango and cairo: A4, margins and sizes of Decree 30/2020. What is foreign here is text
 * only (document.h). Everything is laid out upright and then placed; a table row that does not fit goes on
 * on the next page, line by line, below the table's head.
 *
 *      agency | state, motto          the first page's head
 *           title, subtitle
 *      figure                         lanes, each with up to three moments
 *      no | label | value             the form, over as many pages as it needs
 *      notes, signers, copies | seal  kept together where a page can hold them */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "press/document.h"
#include "press/fonts.h"

#define MM (72.0 / 25.4)
#define PAGE_W (210 * MM)
#define PAGE_H (297 * MM)
#define LEFT (30 * MM)
#define RIGHT (PAGE_W - 18 * MM)
#define TOP (20 * MM)
#define BOTTOM (PAGE_H - 20 * MM)
#define WIDTH (RIGHT - LEFT)
#define PAGES_MAX 400u
#define PAD 4.0
#define NO_W 38.0
#define LABEL_W 150.0

struct pdf {
        const struct document *d;
        cairo_t *cr;
        double y;
        unsigned page;
        bool over; /* more pages than anybody reads */
};

/* ---- text ---- */

static PangoLayout *layout(struct span s, enum font f, double size, double width,
                           PangoAlignment align) {
        PangoLayout *l = pango_layout_new(fonts_context());
        PangoFontDescription *d = fonts_of(f, size);

        pango_layout_set_font_description(l, d);
        pango_font_description_free(d);
        pango_layout_set_text(l, s.p, (int)s.len);
        if (width > 0)
                pango_layout_set_width(l, (int)(width * PANGO_SCALE));
        pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
        pango_layout_set_alignment(l, align);
        return l;
}

static double height_of(PangoLayout *l) {
        int w, h;

        pango_layout_get_size(l, &w, &h);
        return (double)h / PANGO_SCALE;
}

static double width_of(PangoLayout *l) {
        PangoRectangle r;

        pango_layout_get_extents(l, NULL, &r);
        return (double)r.width / PANGO_SCALE;
}

static double put_at(struct pdf *p, PangoLayout *l, double x, double y) {
        double h = height_of(l);

        cairo_move_to(p->cr, x, y);
        pango_cairo_show_layout(p->cr, l);
        g_object_unref(l);
        return h;
}

/* One text in a column; its height. */
static double put(struct pdf *p, struct span s, enum font f, double size, double x, double y,
                  double width, PangoAlignment align) {
        return s.len ? put_at(p, layout(s, f, size, width, align), x, y) : 0;
}

static void line(struct pdf *p, double x0, double y0, double x1, double y1, double width) {
        cairo_set_line_width(p->cr, width);
        cairo_move_to(p->cr, x0, y0);
        cairo_line_to(p->cr, x1, y1);
        cairo_stroke(p->cr);
}

/* ---- pages ---- */

static void watermark(struct pdf *p) {
        PangoLayout *l;

        if (!p->d->mark.len)
                return;
        l = layout(p->d->mark, FONT_BOLD, 72, 0, PANGO_ALIGN_LEFT);
        double w = width_of(l), h = height_of(l), most = 180 * MM;
        cairo_save(p->cr);
        cairo_translate(p->cr, PAGE_W / 2, PAGE_H / 2);
        cairo_rotate(p->cr, -50 * M_PI / 180);
        if (w > most)
                cairo_scale(p->cr, most / w, most / w);
        cairo_set_source_rgb(p->cr, 0.9, 0.9, 0.9);
        /* Drawn, not written: it is not to stand between the words for whoever copies or searches them. */
        cairo_move_to(p->cr, -w / 2, -h / 2);
        pango_cairo_layout_path(p->cr, l);
        cairo_fill(p->cr);
        g_object_unref(l);
        cairo_restore(p->cr);
}

static void begin_page(struct pdf *p) {
        char number[16];

        p->page++;
        p->y = TOP;
        watermark(p);
        cairo_set_source_rgb(p->cr, 0, 0, 0);
        if (p->page > 1) {
                snprintf(number, sizeof(number), "%u", p->page);
                put(p, span_str(number), FONT_PLAIN, 13, LEFT, TOP - 10 * MM, WIDTH,
                    PANGO_ALIGN_CENTER);
        }
        put(p, p->d->foot, FONT_PLAIN, 8, LEFT, BOTTOM + 6 * MM, WIDTH, PANGO_ALIGN_LEFT);
}

static void next_page(struct pdf *p) {
        cairo_show_page(p->cr);
        if (p->page >= PAGES_MAX)
                p->over = true;
        else
                begin_page(p);
}

static void room(struct pdf *p, double h) {
        if (p->y + h > BOTTOM && p->y > TOP)
                next_page(p);
}

/* ---- the head ---- */

static double head_left(struct pdf *p, double w) {
        const struct document *d = p->d;
        double y = TOP;

        y += put(p, d->agency[0], FONT_PLAIN, 12, LEFT, y, w, PANGO_ALIGN_CENTER);
        y += put(p, d->agency[1], FONT_BOLD, 12, LEFT, y, w, PANGO_ALIGN_CENTER);
        if (d->agency[0].len || d->agency[1].len)
                line(p, LEFT + w / 3, y + 4, LEFT + 2 * w / 3, y + 4, 0.8);
        y += 10;
        y += put(p, d->number, FONT_PLAIN, 13, LEFT, y, w, PANGO_ALIGN_CENTER);
        if (d->handling.len) {
                y += 6;
                PangoLayout *l = layout(d->handling, FONT_BOLD, 11, 0, PANGO_ALIGN_LEFT);
                double tw = width_of(l), th = height_of(l), x = LEFT + (w - tw) / 2;
                put_at(p, l, x, y);
                cairo_set_line_width(p->cr, 0.8);
                cairo_rectangle(p->cr, x - 6, y - 2, tw + 12, th + 4);
                cairo_stroke(p->cr);
                y += th + 4;
        }
        return y;
}

static double head_right(struct pdf *p, double x, double w) {
        const struct document *d = p->d;
        double y = TOP;
        PangoLayout *l;

        y += put(p, d->state, FONT_BOLD, 12, x, y, w, PANGO_ALIGN_CENTER);
        if (d->motto.len) {
                l = layout(d->motto, FONT_BOLD, 13, w, PANGO_ALIGN_CENTER);
                double tw = width_of(l);
                y += put_at(p, l, x, y);
                line(p, x + (w - tw) / 2, y + 3, x + (w + tw) / 2, y + 3, 0.8);
        }
        y += 10;
        return y + put(p, d->place, FONT_ITALIC, 13, x, y, w, PANGO_ALIGN_CENTER);
}

static PangoLayout *addressed(const struct document *d) {
        char text[1024];
        int n = snprintf(text, sizeof(text), "%s %s", d->to[0].p, d->to[1].p);
        struct span s = span_of(text, MIN((size_t)MAX(n, 0), sizeof(text) - 1));

        while (s.len && !g_utf8_validate(s.p, (gssize)s.len, NULL))
                s.len--; /* it was cut within a character */
        return layout(s, FONT_PLAIN, 14, WIDTH, PANGO_ALIGN_CENTER);
}

static void head(struct pdf *p) {
        const struct document *d = p->d;
        const double left = WIDTH * 0.38, right = WIDTH - left - 6;
        double a = head_left(p, left), b = head_right(p, RIGHT - right, right);

        p->y = MAX(a, b) + 18;
        p->y += put(p, d->title, FONT_BOLD, 14, LEFT, p->y, WIDTH, PANGO_ALIGN_CENTER);
        p->y += put(p, d->subtitle, FONT_BOLD, 14, LEFT, p->y, WIDTH, PANGO_ALIGN_CENTER);
        line(p, LEFT + WIDTH * 0.38, p->y + 3, LEFT + WIDTH * 0.62, p->y + 3, 0.8);
        p->y += 14;
        if (d->to[1].len)
                p->y += put_at(p, addressed(d), LEFT, p->y) + 12;
}

/* ---- the form ---- */

static void table_head(struct pdf *p) {
        const double xs[] = {LEFT, LEFT + NO_W, LEFT + NO_W + LABEL_W, RIGHT};
        double h = 0;
        PangoLayout *l[3];

        for (unsigned i = 0; i < 3; i++) {
                l[i] = layout(p->d->columns[i], FONT_BOLD, 12, xs[i + 1] - xs[i] - 2 * PAD,
                              PANGO_ALIGN_CENTER);
                h = MAX(h, height_of(l[i]) + 2 * PAD);
        }
        cairo_set_line_width(p->cr, 0.6);
        for (unsigned i = 0; i < 3; i++) {
                cairo_rectangle(p->cr, xs[i], p->y, xs[i + 1] - xs[i], h);
                cairo_stroke(p->cr);
                put_at(p, l[i], xs[i] + PAD, p->y + PAD);
        }
        p->y += h;
}

/* A column of a row under way: its lines that are not placed yet. */
struct cell {
        PangoLayout *layout;
        int line, n;
        double x;
};

static double line_height(const struct cell *c) {
        PangoRectangle r;

        pango_layout_line_get_extents(pango_layout_get_line_readonly(c->layout, c->line), NULL, &r);
        return (double)r.height / PANGO_SCALE;
}

/* As many lines as fit above `bottom`; where it ended. The first goes anyway when `must`. */
static double put_lines(struct pdf *p, struct cell *c, double y, double bottom, bool must) {
        while (c->line < c->n) {
                PangoLayoutLine *l = pango_layout_get_line_readonly(c->layout, c->line);
                PangoRectangle r;
                double h = line_height(c), x = c->x, w, all;

                if (y + h > bottom && !must)
                        break;
                must = false;
                pango_layout_line_get_extents(l, NULL, &r);
                w = (double)r.width / PANGO_SCALE;
                all = (double)pango_layout_get_width(c->layout) / PANGO_SCALE;
                if (pango_layout_get_alignment(c->layout) == PANGO_ALIGN_CENTER)
                        x += (all - w) / 2;
                cairo_move_to(p->cr, x, y - (double)r.y / PANGO_SCALE);
                pango_cairo_show_layout_line(p->cr, l);
                y += h;
                c->line++;
        }
        return y;
}

static void boxes(struct pdf *p, double top, double bottom) {
        const double xs[] = {LEFT, LEFT + NO_W, LEFT + NO_W + LABEL_W, RIGHT};

        cairo_set_line_width(p->cr, 0.6);
        for (unsigned i = 0; i < 3; i++) {
                cairo_rectangle(p->cr, xs[i], top, xs[i + 1] - xs[i], bottom - top);
                cairo_stroke(p->cr);
        }
}

static void cell_open(struct cell *c, struct span s, enum font f, double x, double w,
                      PangoAlignment align) {
        c->layout = layout(s, f, 12, w - 2 * PAD, align);
        c->line = 0;
        c->n = s.len ? pango_layout_get_line_count(c->layout) : 0;
        c->x = x + PAD;
}

static void row(struct pdf *p, unsigned n, const struct document_row *r) {
        char number[16];
        struct cell cells[3];
        bool more = true, first = true;

        snprintf(number, sizeof(number), "%u", n);
        cell_open(&cells[0], span_str(number), FONT_PLAIN, LEFT, NO_W, PANGO_ALIGN_CENTER);
        cell_open(&cells[1], r->label, FONT_PLAIN, LEFT + NO_W, LABEL_W, PANGO_ALIGN_LEFT);
        cell_open(&cells[2], r->value, r->missing ? FONT_BOLD_ITALIC : FONT_PLAIN,
                  LEFT + NO_W + LABEL_W, WIDTH - NO_W - LABEL_W, PANGO_ALIGN_LEFT);
        /* No row begins with less than two lines at a page's foot. */
        if (p->y + 2 * 14 + 2 * PAD > BOTTOM) {
                next_page(p);
                table_head(p);
        }
        while (more && !p->over) {
                double top = p->y, end = top + PAD;

                more = false;
                for (unsigned i = 0; i < 3; i++) {
                        double y = put_lines(p, &cells[i], top + PAD, BOTTOM - PAD, !first);
                        end = MAX(end, y);
                        more = more || cells[i].line < cells[i].n;
                }
                p->y = end + PAD;
                boxes(p, top, p->y);
                first = false;
                if (more) {
                        next_page(p);
                        if (!p->over)
                                table_head(p);
                }
        }
        for (unsigned i = 0; i < 3; i++)
                g_object_unref(cells[i].layout);
}

/* A part's name, over all columns; never alone at a page's foot. */
static void part(struct pdf *p, const struct document_row *r) {
        struct cell c;
        double top, end;

        cell_open(&c, r->label, FONT_BOLD, LEFT, WIDTH, PANGO_ALIGN_LEFT);
        if (p->y + 5 * 14 + 4 * PAD > BOTTOM) {
                next_page(p);
                table_head(p);
        }
        top = p->y;
        end = put_lines(p, &c, top + PAD, BOTTOM - PAD, false);
        p->y = end + PAD;
        cairo_set_line_width(p->cr, 0.6);
        cairo_rectangle(p->cr, LEFT, top, WIDTH, p->y - top);
        cairo_stroke(p->cr);
        g_object_unref(c.layout);
}

/* ---- the figure ---- */

#define LANE_H 16.0
#define LANE_LABEL 190.0

/* Which of the three moments: a square, a triangle, a diamond; shapes, so that they differ in grey too. */
static void mark(struct pdf *p, unsigned which, double x, double y) {
        static const double shapes[3][8] = {{-3, -4, 3, -4, 3, 4, -3, 4},
                                            {0, -4, 5, 4, -5, 4, 0, -4},
                                            {0, -5, 5, 0, 0, 5, -5, 0}};
        static const double colours[3][3] = {
                {0.75, 0.22, 0.17}, {0.72, 0.46, 0.05}, {0.18, 0.49, 0.36}};

        cairo_set_source_rgb(p->cr, colours[which][0], colours[which][1], colours[which][2]);
        cairo_move_to(p->cr, x + shapes[which][0], y + shapes[which][1]);
        for (unsigned i = 2; i < 8; i += 2)
                cairo_line_to(p->cr, x + shapes[which][i], y + shapes[which][i + 1]);
        cairo_fill(p->cr);
        cairo_set_source_rgb(p->cr, 0, 0, 0);
}

static void lane(struct pdf *p, const struct document_lane *l) {
        double from = LEFT + LANE_LABEL, w = WIDTH - LANE_LABEL - 6, y = p->y + LANE_H / 2;
        double end = l->at[2] >= 0 ? l->at[2] : 1000;
        PangoLayout *label = layout(l->label, FONT_PLAIN, 9, 0, PANGO_ALIGN_LEFT);
        double wide = width_of(label);

        /* One line: what is too long is narrowed, as an ellipsis would ask for another font. */
        cairo_save(p->cr);
        cairo_translate(p->cr, LEFT, p->y + 2);
        if (wide > LANE_LABEL - 8)
                cairo_scale(p->cr, (LANE_LABEL - 8) / wide, 1);
        put_at(p, label, 0, 0);
        cairo_restore(p->cr);
        cairo_set_source_rgb(p->cr, 0.85, 0.86, 0.88);
        line(p, from, y, from + w, y, 0.5);
        if (l->at[0] >= 0) {
                if (l->quiet)
                        cairo_set_source_rgb(p->cr, 0.75, 0.76, 0.78);
                else
                        cairo_set_source_rgb(p->cr, 0.92, 0.72, 0.69);
                line(p, from + w * l->at[0] / 1000, y, from + w * end / 1000, y, 4);
        }
        cairo_set_source_rgb(p->cr, 0, 0, 0);
        for (unsigned i = 0; i < 3; i++)
                if (l->at[i] >= 0)
                        mark(p, i, from + w * l->at[i] / 1000, y);
        p->y += LANE_H;
}

static void figure(struct pdf *p) {
        const struct document *d = p->d;
        double x = LEFT + LANE_LABEL, w = WIDTH - LANE_LABEL - 6;

        if (!d->n_lanes)
                return;
        room(p, 60 + LANE_H * MIN(d->n_lanes, 20u));
        p->y += put(p, d->figure, FONT_BOLD, 12, LEFT, p->y, WIDTH, PANGO_ALIGN_LEFT) + 4;
        for (unsigned i = 0; i < d->n_lanes && !p->over; i++) {
                room(p, LANE_H + 34);
                if (!p->over)
                        lane(p, &d->lanes[i]);
        }
        if (p->over)
                return;
        for (unsigned i = 0; i < d->n_scale; i++)
                put(p, d->scale[i], FONT_PLAIN, 8, x + w * i / MAX(d->n_scale - 1, 1u) - 30, p->y,
                    60, PANGO_ALIGN_CENTER);
        p->y += 14;
        for (unsigned i = 0; i < 3; i++) {
                mark(p, i, x + 6 + i * w / 3, p->y + 7);
                put(p, d->legend[i], FONT_PLAIN, 9, x + 16 + i * w / 3, p->y, w / 3 - 18,
                    PANGO_ALIGN_LEFT);
        }
        p->y += 24;
}

/* ---- the end ---- */

static void notes(struct pdf *p) {
        for (unsigned i = 0; i < p->d->n_notes && !p->over; i++) {
                PangoLayout *l = layout(p->d->notes[i], FONT_ITALIC, 11, WIDTH, PANGO_ALIGN_LEFT);

                room(p, height_of(l));
                if (p->over)
                        g_object_unref(l);
                else
                        p->y += put_at(p, l, LEFT, p->y) + 2;
        }
}

static void signers(struct pdf *p) {
        const unsigned n = p->d->n_signers;
        const double w = WIDTH / MAX(n, 1u);
        double end = p->y;

        for (unsigned i = 0; i < n; i++) {
                const struct document_signer *s = &p->d->signers[i];
                double x = LEFT + w * i, y = p->y;

                y += put(p, s->role, FONT_BOLD, 12, x, y, w - 8, PANGO_ALIGN_CENTER);
                y += put(p, s->note, FONT_ITALIC, 11, x, y, w - 8, PANGO_ALIGN_CENTER) + 6;
                y += put(p, s->name, FONT_BOLD, 13, x, y, w - 8, PANGO_ALIGN_CENTER);
                end = MAX(end, y);
        }
        p->y = end + (n ? 14 : 0);
}

static void seal(struct pdf *p) {
        const struct document *d = p->d;
        const double w = 220, h = 96, x = RIGHT - w, dash[] = {3, 3};
        double y = p->y;

        y += put(p, d->copies_title, FONT_BOLD_ITALIC, 12, LEFT, y, WIDTH - w - 12,
                 PANGO_ALIGN_LEFT);
        for (unsigned i = 0; i < d->n_copies; i++)
                y += put(p, d->copies[i], FONT_PLAIN, 11, LEFT, y, WIDTH - w - 12,
                         PANGO_ALIGN_LEFT);
        if (d->seal[0].len) {
                double sy = p->y;

                cairo_save(p->cr);
                cairo_set_line_width(p->cr, 0.6);
                cairo_set_dash(p->cr, dash, 2, 0);
                cairo_rectangle(p->cr, x, p->y, w, h);
                cairo_stroke(p->cr);
                cairo_restore(p->cr);
                sy += 6 +
                      put(p, d->seal[0], FONT_BOLD, 12, x + 6, sy + 6, w - 12, PANGO_ALIGN_CENTER);
                put(p, d->seal[1], FONT_ITALIC, 11, x + 6, sy + 2, w - 12, PANGO_ALIGN_CENTER);
        }
        p->y = MAX(y, p->y + h);
}

static void draw(struct pdf *p) {
        begin_page(p);
        head(p);
        figure(p);
        if (p->d->n_rows && !p->over)
                table_head(p);
        for (unsigned i = 0, n = 0; i < p->d->n_rows && !p->over; i++) {
                n = p->d->rows[i].part ? 0 : n + 1;
                if (n)
                        row(p, n, &p->d->rows[i]);
                else
                        part(p, &p->d->rows[i]);
        }
        p->y += 8;
        notes(p);
        p->y += 14;
        if (!p->over && (p->d->n_signers || p->d->n_copies || p->d->seal[0].len))
                room(p, 96 + 14 + (p->d->n_signers ? 80 : 0));
        if (!p->over) {
                signers(p);
                seal(p);
        }
        cairo_show_page(p->cr);
}

static cairo_status_t take(void *to, const unsigned char *bytes, unsigned n) {
        buf_add(to, bytes, n);
        return ((struct buf *)to)->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

int document_pdf(const struct document *d, struct buf *out) {
        cairo_surface_t *s = cairo_pdf_surface_create_for_stream(take, out, PAGE_W, PAGE_H);
        struct pdf p = {.d = d, .cr = cairo_create(s)};

        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, d->foot.p);
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_AUTHOR, d->agency[1].p);
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "Coloa");
        /* Of the report, not of the clock: the same report is the same file. */
        cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE,
                                       d->made.len ? d->made.p : "2026-01-01T00:00:00Z");
        draw(&p);
        cairo_status_t status = cairo_status(p.cr);
        cairo_destroy(p.cr);
        cairo_surface_finish(s);
        if (status == CAIRO_STATUS_SUCCESS)
                status = cairo_surface_status(s);
        cairo_surface_destroy(s);
        if (out->failed || p.over)
                return -EFBIG;
        return status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : status ? -EIO : 0;
}
