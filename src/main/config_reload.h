/* What a reload may not change, and what it must find before it changes anything. */
#ifndef MAIN_CONFIG_RELOAD_H
#define MAIN_CONFIG_RELOAD_H

#include "base/buf.h"
#include "main/config.h"

/* Gives `c` what `before` says of the keys that take a restart; `names` gets those that differ, with commas
 * between. 0 or -ENOMEM. */
int config_keep_fixed(struct config *c, const struct config *before, struct buf *names);

/* Secrets that cannot be opened and what is wrong with the exceptions, a line for each in `out`. 0, or the
 * first -errno. */
int config_files_wrong(const struct config *c, struct buf *out);

#endif
