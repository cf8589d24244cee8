/* The configuration file as it may be shown to people (config_show.c). */
#ifndef MAIN_CONFIG_SHOW_H
#define MAIN_CONFIG_SHOW_H

#include "base/buf.h"
#include "rules/yamltree.h"

/* [{"name": "console.listen", "value": "127.0.0.1:8600"}, …], JSON, in the order of the file; entries of lists that
 * have a name are called by it. No secret: see config_show.c. What is too long ends with {"name": "…"}. */
void config_show(const struct node *root, struct buf *to);

#endif
