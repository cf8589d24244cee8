/* Pango, cairo and fontconfig, loaded by the process that prints and by no other: linked, they and what they bring
 * (X11 among it) would lie in every process, the vault's too. Their functions are called by their own
 * names; before press_calls_load() they may not be. */
#ifndef PRESS_CALLS_H
#define PRESS_CALLS_H

#include "base/base.h"
/* glib has a MIN and a MAX of its own */
#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>

#define PRESS_CALLS(X)                                                                             \
        X(FcCharSetCopy)                                                                           \
        X(FcCharSetDestroy)                                                                        \
        X(FcCharSetHasChar)                                                                        \
        X(FcConfigAppFontAddFile)                                                                  \
        X(FcConfigCreate)                                                                          \
        X(FcConfigDestroy)                                                                         \
        X(FcConfigSetCurrent)                                                                      \
        X(FcConfigSetRescanInterval)                                                               \
        X(FcConfigSubstitute)                                                                      \
        X(FcDefaultSubstitute)                                                                     \
        X(FcFini)                                                                                  \
        X(FcFontMatch)                                                                             \
        X(FcInitLoadConfigAndFonts)                                                                \
        X(FcPatternAddInteger)                                                                     \
        X(FcPatternAddString)                                                                      \
        X(FcPatternCreate)                                                                         \
        X(FcPatternDestroy)                                                                        \
        X(FcPatternGetCharSet)                                                                     \
        X(FcPatternGetString)                                                                      \
        X(cairo_create)                                                                            \
        X(cairo_destroy)                                                                           \
        X(cairo_fill)                                                                              \
        X(cairo_font_options_create)                                                               \
        X(cairo_font_options_destroy)                                                              \
        X(cairo_font_options_set_antialias)                                                        \
        X(cairo_font_options_set_hint_metrics)                                                     \
        X(cairo_font_options_set_hint_style)                                                       \
        X(cairo_line_to)                                                                           \
        X(cairo_move_to)                                                                           \
        X(cairo_pdf_surface_create_for_stream)                                                     \
        X(cairo_pdf_surface_set_metadata)                                                          \
        X(cairo_rectangle)                                                                         \
        X(cairo_restore)                                                                           \
        X(cairo_rotate)                                                                            \
        X(cairo_save)                                                                              \
        X(cairo_scale)                                                                             \
        X(cairo_set_dash)                                                                          \
        X(cairo_set_line_width)                                                                    \
        X(cairo_set_source_rgb)                                                                    \
        X(cairo_show_page)                                                                         \
        X(cairo_status)                                                                            \
        X(cairo_stroke)                                                                            \
        X(cairo_surface_destroy)                                                                   \
        X(cairo_surface_finish)                                                                    \
        X(cairo_surface_status)                                                                    \
        X(cairo_translate)                                                                         \
        X(g_free)                                                                                  \
        X(g_object_unref)                                                                          \
        X(g_type_check_instance_cast)                                                              \
        X(g_unichar_get_script)                                                                    \
        X(g_utf8_strup)                                                                            \
        X(g_utf8_validate)                                                                         \
        X(pango_cairo_context_set_font_options)                                                    \
        X(pango_cairo_font_map_get_type)                                                           \
        X(pango_cairo_font_map_new_for_font_type)                                                  \
        X(pango_cairo_font_map_set_resolution)                                                     \
        X(pango_cairo_layout_path)                                                                 \
        X(pango_cairo_show_layout)                                                                 \
        X(pango_cairo_show_layout_line)                                                            \
        X(pango_context_set_language)                                                              \
        X(pango_context_set_round_glyph_positions)                                                 \
        X(pango_fc_font_map_get_type)                                                              \
        X(pango_fc_font_map_set_config)                                                            \
        X(pango_font_description_free)                                                             \
        X(pango_font_description_new)                                                              \
        X(pango_font_description_set_absolute_size)                                                \
        X(pango_font_description_set_family)                                                       \
        X(pango_font_description_set_style)                                                        \
        X(pango_font_description_set_weight)                                                       \
        X(pango_font_map_create_context)                                                           \
        X(pango_language_from_string)                                                              \
        X(pango_layout_get_alignment)                                                              \
        X(pango_layout_get_extents)                                                                \
        X(pango_layout_get_line_count)                                                             \
        X(pango_layout_get_line_readonly)                                                          \
        X(pango_layout_get_size)                                                                   \
        X(pango_layout_get_width)                                                                  \
        X(pango_layout_line_get_extents)                                                           \
        X(pango_layout_new)                                                                        \
        X(pango_layout_set_alignment)                                                              \
        X(pango_layout_set_font_description)                                                       \
        X(pango_layout_set_text)                                                                   \
        X(pango_layout_set_width)                                                                  \
        X(pango_layout_set_wrap)

struct press_calls {
#define MEMBER(name) __typeof__(name) *(name);
        PRESS_CALLS(MEMBER)
#undef MEMBER
};
extern struct press_calls press_calls;

/* 0; -ENOENT: they are not installed. */
int press_calls_load(void);

#ifndef PRESS_CALLS_BARE
#define FcCharSetCopy (*press_calls.FcCharSetCopy)
#define FcCharSetDestroy (*press_calls.FcCharSetDestroy)
#define FcCharSetHasChar (*press_calls.FcCharSetHasChar)
#define FcConfigAppFontAddFile (*press_calls.FcConfigAppFontAddFile)
#define FcConfigCreate (*press_calls.FcConfigCreate)
#define FcConfigDestroy (*press_calls.FcConfigDestroy)
#define FcConfigSetCurrent (*press_calls.FcConfigSetCurrent)
#define FcConfigSetRescanInterval (*press_calls.FcConfigSetRescanInterval)
#define FcConfigSubstitute (*press_calls.FcConfigSubstitute)
#define FcDefaultSubstitute (*press_calls.FcDefaultSubstitute)
#define FcFini (*press_calls.FcFini)
#define FcFontMatch (*press_calls.FcFontMatch)
#define FcInitLoadConfigAndFonts (*press_calls.FcInitLoadConfigAndFonts)
#define FcPatternAddInteger (*press_calls.FcPatternAddInteger)
#define FcPatternAddString (*press_calls.FcPatternAddString)
#define FcPatternCreate (*press_calls.FcPatternCreate)
#define FcPatternDestroy (*press_calls.FcPatternDestroy)
#define FcPatternGetCharSet (*press_calls.FcPatternGetCharSet)
#define FcPatternGetString (*press_calls.FcPatternGetString)
#define cairo_create (*press_calls.cairo_create)
#define cairo_destroy (*press_calls.cairo_destroy)
#define cairo_fill (*press_calls.cairo_fill)
#define cairo_font_options_create (*press_calls.cairo_font_options_create)
#define cairo_font_options_destroy (*press_calls.cairo_font_options_destroy)
#define cairo_font_options_set_antialias (*press_calls.cairo_font_options_set_antialias)
#define cairo_font_options_set_hint_metrics (*press_calls.cairo_font_options_set_hint_metrics)
#define cairo_font_options_set_hint_style (*press_calls.cairo_font_options_set_hint_style)
#define cairo_line_to (*press_calls.cairo_line_to)
#define cairo_move_to (*press_calls.cairo_move_to)
#define cairo_pdf_surface_create_for_stream (*press_calls.cairo_pdf_surface_create_for_stream)
#define cairo_pdf_surface_set_metadata (*press_calls.cairo_pdf_surface_set_metadata)
#define cairo_rectangle (*press_calls.cairo_rectangle)
#define cairo_restore (*press_calls.cairo_restore)
#define cairo_rotate (*press_calls.cairo_rotate)
#define cairo_save (*press_calls.cairo_save)
#define cairo_scale (*press_calls.cairo_scale)
#define cairo_set_dash (*press_calls.cairo_set_dash)
#define cairo_set_line_width (*press_calls.cairo_set_line_width)
#define cairo_set_source_rgb (*press_calls.cairo_set_source_rgb)
#define cairo_show_page (*press_calls.cairo_show_page)
#define cairo_status (*press_calls.cairo_status)
#define cairo_stroke (*press_calls.cairo_stroke)
#define cairo_surface_destroy (*press_calls.cairo_surface_destroy)
#define cairo_surface_finish (*press_calls.cairo_surface_finish)
#define cairo_surface_status (*press_calls.cairo_surface_status)
#define cairo_translate (*press_calls.cairo_translate)
#define g_free (*press_calls.g_free)
#define g_object_unref (*press_calls.g_object_unref)
#define g_type_check_instance_cast (*press_calls.g_type_check_instance_cast)
#define g_unichar_get_script (*press_calls.g_unichar_get_script)
#define g_utf8_strup (*press_calls.g_utf8_strup)
#define g_utf8_validate (*press_calls.g_utf8_validate)
#define pango_cairo_context_set_font_options (*press_calls.pango_cairo_context_set_font_options)
#define pango_cairo_font_map_get_type (*press_calls.pango_cairo_font_map_get_type)
#define pango_cairo_font_map_new_for_font_type (*press_calls.pango_cairo_font_map_new_for_font_type)
#define pango_cairo_font_map_set_resolution (*press_calls.pango_cairo_font_map_set_resolution)
#define pango_cairo_layout_path (*press_calls.pango_cairo_layout_path)
#define pango_cairo_show_layout (*press_calls.pango_cairo_show_layout)
#define pango_cairo_show_layout_line (*press_calls.pango_cairo_show_layout_line)
#define pango_context_set_language (*press_calls.pango_context_set_language)
#define pango_context_set_round_glyph_positions                                                    \
        (*press_calls.pango_context_set_round_glyph_positions)
#define pango_fc_font_map_get_type (*press_calls.pango_fc_font_map_get_type)
#define pango_fc_font_map_set_config (*press_calls.pango_fc_font_map_set_config)
#define pango_font_description_free (*press_calls.pango_font_description_free)
#define pango_font_description_new (*press_calls.pango_font_description_new)
#define pango_font_description_set_absolute_size                                                   \
        (*press_calls.pango_font_description_set_absolute_size)
#define pango_font_description_set_family (*press_calls.pango_font_description_set_family)
#define pango_font_description_set_style (*press_calls.pango_font_description_set_style)
#define pango_font_description_set_weight (*press_calls.pango_font_description_set_weight)
#define pango_font_map_create_context (*press_calls.pango_font_map_create_context)
#define pango_language_from_string (*press_calls.pango_language_from_string)
#define pango_layout_get_alignment (*press_calls.pango_layout_get_alignment)
#define pango_layout_get_extents (*press_calls.pango_layout_get_extents)
#define pango_layout_get_line_count (*press_calls.pango_layout_get_line_count)
#define pango_layout_get_line_readonly (*press_calls.pango_layout_get_line_readonly)
#define pango_layout_get_size (*press_calls.pango_layout_get_size)
#define pango_layout_get_width (*press_calls.pango_layout_get_width)
#define pango_layout_line_get_extents (*press_calls.pango_layout_line_get_extents)
#define pango_layout_new (*press_calls.pango_layout_new)
#define pango_layout_set_alignment (*press_calls.pango_layout_set_alignment)
#define pango_layout_set_font_description (*press_calls.pango_layout_set_font_description)
#define pango_layout_set_text (*press_calls.pango_layout_set_text)
#define pango_layout_set_width (*press_calls.pango_layout_set_width)
#define pango_layout_set_wrap (*press_calls.pango_layout_set_wrap)
#endif

#endif
