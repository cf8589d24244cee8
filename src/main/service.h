/* A node as a service: what the service manager (systemd) hears of it. Without one, nothing. */
#ifndef MAIN_SERVICE_H
#define MAIN_SERVICE_H

#include "base/base.h"

/* Once, at the start: takes what the manager set in the environment. Static state: a process is one
 * service. */
void service_begin(void);
void service_ready(const char *status); /* again after a reload */
void service_reloading(void);
void service_stopping(void);
/* In every turn of the loop: says that it turns, as often as the manager asked. */
void service_tick(void);

#endif
