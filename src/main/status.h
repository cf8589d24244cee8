/* How a node does, in words or as JSON. */
#ifndef MAIN_STATUS_H
#define MAIN_STATUS_H

#include "base/buf.h"
#include "main/node.h"

void status_write(struct buf *out, const struct node *n, bool json);

#endif
