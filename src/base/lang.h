/* Two languages. A message stands in the code once, in both: tr("findings", "phát hiện"). The
 * language is chosen at start-up from --lang, else from LC_ALL, LC_MESSAGES, LANG. */
#ifndef BASE_LANG_H
#define BASE_LANG_H

#include "base/base.h"

enum lang { LANG_EN, LANG_VI };

extern enum lang lang_current;

/* Argument order may differ between languages: use %1$s forms there. */
#define tr(en, vi) (lang_current == LANG_VI ? (vi) : (en))

/* "vi", "vi_VN.UTF-8" …: Vietnamese; anything else, NULL too: English. */
enum lang lang_from(const char *locale);

#endif
