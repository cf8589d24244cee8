/* Settings that people change while the node runs (wire/settings.h). */
#ifndef DESK_SETTINGS_H
#define DESK_SETTINGS_H

#include "desk/sql.h"

/* A number, by its name in wire/settings.h; its default when nobody changed it. 0 or -errno. */
int setting_number(struct sql *db, const char *name, int64_t *ret);
/* "vi" or "en", for new people. */
int setting_lang(struct sql *db, const char **ret);

#endif
