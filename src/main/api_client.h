/* One operation of the API, asked at the node itself over its control socket: as `local`, which may do everything
 * and is in the audit log. */
#ifndef MAIN_API_CLIENT_H
#define MAIN_API_CLIENT_H

#include <jansson.h>

#include "base/buf.h"
#include "wire/api.h"

/* `op` by its id, `in` its fields (stays the caller's). *ret_status is HTTP's; `body` what came with it. 0,
 * -EHOSTDOWN: no node is there; -EACCES, -EPERM: not for this user; other -errno. */
int api_client_ask(const char *control, const char *op, const json_t *in, unsigned *ret_status,
                   struct buf *body);
/* The same for an operation with API_UPLOAD, whose body is what `in` gives, and for one with API_BYTES, whose
 * answer of 200 goes to `out` as it comes and not into `body`. -1: neither; they stay the caller's. */
struct api_files {
        int in, out;
};
int api_client_exchange(const char *control, const char *op, const json_t *in,
                        struct api_files files, unsigned *ret_status, struct buf *body);
/* Prints why it was refused, as the node's problem says; the exit status for it. */
int api_client_refused(const char *verb, struct span body);

#endif
