/* OTLP logs (ExportLogsServiceRequest, protobuf or JSON) as records: a line of JSON for each. The whole
 * request is read once before the first record, so that what is malformed gives none. */
#ifndef INGEST_OTLP_H
#define INGEST_OTLP_H

#include "base/buf.h"

struct otlp;

/* Once, before the sandbox: the JSON library seeds its tables from a file. */
void otlp_init(void);

/* `body` must outlive it. 0; -EBADMSG and `ret_what` (a constant English phrase); -ENOMEM. */
int otlp_new(struct otlp **ret, struct span body, bool json, const char **ret_what);
/* What a JSON body's tree takes at most, in bytes. */
size_t otlp_json_memory(struct span body);
struct otlp *otlp_free(struct otlp *o);
CLEANUP(otlp, otlp_free)

/* The next record into `out` (emptied first; without a line feed): true; false: no more. A record that
 * does not fit the limit of `out` sets out->failed. */
bool otlp_next(struct otlp *o, struct buf *out);

#endif
