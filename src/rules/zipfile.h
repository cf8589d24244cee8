/* Rule files out of a zip. */
#ifndef RULES_ZIPFILE_H
#define RULES_ZIPFILE_H

#include "base/buf.h"

/* `bundle` has one entry, the zip. Appends its *.yml and *.yaml (info.yml of regression data aside)
 * as BUNDLE_RULE, named ZIP!PATH-INSIDE. All or nothing: -EBADMSG  not a zip, or damaged -EACCES
 * encrypted -EXDEV    a name that leaves the folder (absolute, "..", backslash, control
 * characters), or one name twice -EFBIG    more than 50,000 files, 1 MiB in one, 128 MiB in all, or
 * a file that grows more than 1000-fold -ENOMEM */
int zipfile_read(struct buf *out, struct span bundle);

#endif
