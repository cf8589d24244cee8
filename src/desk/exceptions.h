/* Making an exception of an alert that is dismissed (api_exceptions.c). */
#ifndef DESK_EXCEPTIONS_H
#define DESK_EXCEPTIONS_H

#include "desk/api.h"

/* By the request's fields `exception`, `reason` and `text`. 0, API_E_REFUSED, -errno. */
int exception_make(struct api_call *c, int64_t alert, int64_t unit);

#endif
