/* See fonts.h and press.h. Fontconfig and pango read files when they meet something new: a style, a size, a
 * script. In the sandbox there are none, so everything a document may use is met before, by printing one
 * that has it all; then neither opens anything again:
 *
 *   F1. one family in four styles, by their files, and nothing else: a configuration of our own;
 *   F2. sizes and styles are those of press_sizes[]; layouts are made upright, whatever is turned later;
 *   F3. characters are those the family has, of scripts that were met (document.h writes U+XXXX for others).
 *
 * Pango looks fonts up in short-lived threads; they have ended when press_prepare() returns, as each was
 * waited for by what it was begun for; whoever closes the sandbox counts (main/process_job.c). */
#include "press/fonts.h"

#include <stdio.h>
#include <string.h>

#include "press/document.h"
#include "press/press.h"

static struct {
        FcConfig *config;
        PangoFontMap *map;
        PangoContext *context;
        FcCharSet *has[FONTS];
        char family[64];
        char files[FONTS][256];
} fonts;

static const char *const families[] = {"Liberation Serif", "Times New Roman", "Tinos",
                                       "Noto Serif",       "DejaVu Serif",    "FreeSerif"};

/* Every letter with two marks, and the ones with a hook: a font that has them has all of Vietnamese. */
static const uint32_t wanted[] = {0x1ea4, 0x1ebf, 0x1ec7, 0x1ed9, 0x1ee3, 0x1ef1, 0x1ef9,
                                  0x0110, 0x0111, 0x01a1, 0x01b0, 0x20ab, 0x2013};

/* The file of one style of a family: whether it has what is wanted. */
static bool find(FcConfig *all, const char *family, enum font f, char file[256], FcCharSet **has) {
        FcPattern *p = FcPatternCreate(), *m = NULL;
        FcChar8 *path = NULL, *name = NULL;
        FcCharSet *set = NULL;
        FcResult result;
        bool good = false;

        FcPatternAddString(p, FC_FAMILY, (const FcChar8 *)family);
        FcPatternAddInteger(p, FC_WEIGHT, f & FONT_BOLD ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
        FcPatternAddInteger(p, FC_SLANT, f & FONT_ITALIC ? FC_SLANT_ITALIC : FC_SLANT_ROMAN);
        FcConfigSubstitute(all, p, FcMatchPattern);
        FcDefaultSubstitute(p);
        m = FcFontMatch(all, p, &result);
        if (m && FcPatternGetString(m, FC_FAMILY, 0, &name) == FcResultMatch &&
            strcmp((const char *)name, family) == 0 &&
            FcPatternGetString(m, FC_FILE, 0, &path) == FcResultMatch &&
            FcPatternGetCharSet(m, FC_CHARSET, 0, &set) == FcResultMatch &&
            strlen((const char *)path) < 256) {
                good = true;
                for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
                        good = good && FcCharSetHasChar(set, wanted[i]);
        }
        if (good) {
                snprintf(file, 256, "%s", (const char *)path);
                *has = FcCharSetCopy(set);
        }
        if (m)
                FcPatternDestroy(m);
        FcPatternDestroy(p);
        return good;
}

static void forget_sets(void) {
        for (unsigned f = 0; f < FONTS; f++) {
                if (fonts.has[f])
                        FcCharSetDestroy(fonts.has[f]);
                fonts.has[f] = NULL;
        }
}

static bool find_family(FcConfig *all) {
        for (size_t i = 0; i < ARRAY_LEN(families); i++) {
                bool good = true;

                for (unsigned f = 0; f < FONTS && good; f++)
                        good = find(all, families[i], f, fonts.files[f], &fonts.has[f]);
                if (good) {
                        snprintf(fonts.family, sizeof(fonts.family), "%s", families[i]);
                        return true;
                }
                forget_sets();
        }
        return false;
}

/* F1 */
static int own_config(void) {
        FcConfig *all = FcInitLoadConfigAndFonts();
        bool good = all && find_family(all);

        if (all)
                FcConfigDestroy(all);
        if (!good)
                return -ENOENT;
        fonts.config = FcConfigCreate();
        if (!fonts.config)
                return -ENOMEM;
        for (unsigned f = 0; f < FONTS; f++)
                if (!FcConfigAppFontAddFile(fonts.config, (const FcChar8 *)fonts.files[f]))
                        return -ENOENT;
        FcConfigSetRescanInterval(fonts.config, 0);
        return FcConfigSetCurrent(fonts.config) ? 0 : -ENOMEM;
}

static int open_map(void) {
        cairo_font_options_t *o = cairo_font_options_create();

        fonts.map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
        if (!fonts.map)
                return -ENOENT;
        pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts.map), fonts.config);
        pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(fonts.map), 72);
        fonts.context = pango_font_map_create_context(fonts.map);
        cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
        cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
        cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
        pango_cairo_context_set_font_options(fonts.context, o);
        cairo_font_options_destroy(o);
        pango_context_set_round_glyph_positions(fonts.context, FALSE);
        pango_context_set_language(fonts.context, pango_language_from_string("vi"));
        return 0;
}

PangoContext *fonts_context(void) {
        return fonts.context;
}

const char *fonts_family(void) {
        return fonts.family;
}

PangoFontDescription *fonts_of(enum font f, double points) {
        PangoFontDescription *d = pango_font_description_new();

        pango_font_description_set_family(d, fonts.family);
        pango_font_description_set_absolute_size(d, points * PANGO_SCALE);
        pango_font_description_set_weight(d,
                                          f & FONT_BOLD ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        pango_font_description_set_style(d,
                                         f & FONT_ITALIC ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
        return d;
}

bool fonts_cover(uint32_t c) {
        GUnicodeScript s = g_unichar_get_script(c);

        if (s != G_UNICODE_SCRIPT_LATIN && s != G_UNICODE_SCRIPT_COMMON &&
            s != G_UNICODE_SCRIPT_INHERITED && s != G_UNICODE_SCRIPT_GREEK &&
            s != G_UNICODE_SCRIPT_CYRILLIC)
                return false;
        for (unsigned f = 0; f < FONTS; f++)
                if (!fonts.has[f] || !FcCharSetHasChar(fonts.has[f], c))
                        return false;
        return true;
}

/* F2, F3: a document with every style, size and script; and a character that no font has, so that what pango does
 * about such was done too. */
static int meet_all(void) {
        static const char sample[] =
                "{\"format\":\"pdf\",\"lang\":\"vi\",\"made\":\"2026-01-01T00:00:00Z\","
                "\"agency\":[\"ẤaαЖ中\",\"ẤaαЖ中\"],\"state\":\"ẤaαЖ中\",\"motto\":\"ẤaαЖ中\","
                "\"number\":\"ẤaαЖ中\",\"place\":\"ẤaαЖ中\",\"handling\":\"ẤaαЖ中\",\"mark\":"
                "\"ẤaαЖ中\","
                "\"title\":\"ẤaαЖ中\",\"subtitle\":\"ẤaαЖ中\",\"to\":[\"ẤaαЖ中\",\"ẤaαЖ中\"],"
                "\"columns\":"
                "[\"ẤaαЖ中\",\"ẤaαЖ中\",\"ẤaαЖ中\"],\"rows\":[[\"ẤaαЖ中\",\"ẤaαЖ中\",false],["
                "\"ẤaαЖ中\","
                "\"ẤaαЖ中\",true]],\"notes\":[\"ẤaαЖ中\"],\"signers\":[[\"ẤaαЖ中\",\"ẤaαЖ中\","
                "\"ẤaαЖ中\"]],"
                "\"copies_title\":\"ẤaαЖ中\",\"copies\":[\"ẤaαЖ中\"],\"seal\":[\"ẤaαЖ中\","
                "\"ẤaαЖ中\"],"
                "\"figure\":{\"title\":\"ẤaαЖ中\",\"scale\":[\"ẤaαЖ中\",\"1\"],\"legend\":"
                "[\"ẤaαЖ中\"],\"lanes\":[[\"ẤaαЖ中\",0,500,-1,false]]},"
                "\"foot\":\"ẤaαЖ中\"}";
        _cleanup_(buf_deinit) struct buf out = {.limit = (size_t)4 << 20};
        struct document *d;
        struct arena a;

        arena_init(&a, (size_t)4 << 20);
        d = arena_zalloc(&a, sizeof(*d));
        int r = d ? document_read(span_of(sample, sizeof(sample) - 1), &a, NULL, d) : -ENOMEM;
        if (r == 0)
                r = document_pdf(d, &out);
        arena_deinit(&a);
        return r;
}

int press_prepare(void) {
        int r = press_calls_load();

        if (r == 0 && !fonts.context)
                r = own_config();

        if (r == 0 && !fonts.context)
                r = open_map();
        if (r == 0)
                r = meet_all();
        if (r < 0)
                press_end();
        return r;
}

void press_end(void) {
        if (press_calls_load() < 0)
                return;
        if (fonts.context)
                g_object_unref(fonts.context);
        if (fonts.map)
                g_object_unref(fonts.map);
        fonts.context = NULL;
        fonts.map = NULL;
        forget_sets();
        if (fonts.config)
                FcConfigDestroy(fonts.config);
        fonts.config = NULL;
        FcFini();
}
