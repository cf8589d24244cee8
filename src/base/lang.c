/* See lang.h. */
#include "base/lang.h"

enum lang lang_current = LANG_EN;

enum lang lang_from(const char *locale) {
        if (locale && locale[0] == 'v' && locale[1] == 'i' &&
            (locale[2] == '\0' || locale[2] == '_' || locale[2] == '.'))
                return LANG_VI;
        return LANG_EN;
}
