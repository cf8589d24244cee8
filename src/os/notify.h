/* What a service manager is told (sd_notify's protocol, by ourselves). As os.h. */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include "base/base.h"

/* One datagram of "KEY=value" lines to the socket at `path`; a leading '@' means the abstract name
 * space. Never waits. */
int os_notify(const char *path, struct span text);

#endif
