/* The fonts of the press: one family in four styles, found once. */
#ifndef PRESS_FONTS_H
#define PRESS_FONTS_H

#include "press/calls.h"

enum font { FONT_PLAIN, FONT_BOLD, FONT_ITALIC, FONT_BOLD_ITALIC, FONTS };

/* After press_prepare(); else the system's own. Owned by fonts.c. */
PangoContext *fonts_context(void);
PangoFontDescription *fonts_of(enum font f, double points);
/* The family has it in all four styles, and its script was looked up before. */
bool fonts_cover(uint32_t c);
const char *fonts_family(void);

#endif
