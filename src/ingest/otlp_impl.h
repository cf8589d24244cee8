/* What the two readers of OTLP share: how a record is written. */
#ifndef INGEST_OTLP_IMPL_H
#define INGEST_OTLP_IMPL_H

#include "ingest/otlp.h"

#define OTLP_DEPTH 16u          /* of values inside values; deeper ones are null */
#define OTLP_CONTAINERS 200000u /* braces and brackets of a JSON body: what its tree may cost */
#define OTLP_VALUES 1000000u    /* and what stands between commas */
#define OTLP_SHARED_MAX ((size_t)128 << 10) /* of a resource's attributes, rendered */

/* `,"name":` with a comma where one belongs. What an attribute is called must not be taken for one of
 * the record's own members: then it is written as attributes.NAME. */
void otlp_name(struct buf *b, const char *prefix, struct span name);
void otlp_string(struct buf *b, struct span s);
void otlp_double(struct buf *b, double v);
void otlp_time(struct buf *b, const char *name, uint64_t ns); /* not when ns is 0 */
void otlp_base64(struct buf *b, struct span bytes);
void otlp_hex(struct buf *b, const char *name, struct span bytes); /* not when empty */

struct otlp_proto;
int otlp_proto_new(struct otlp_proto **ret, struct span body, const char **ret_what);
struct otlp_proto *otlp_proto_free(struct otlp_proto *o);
bool otlp_proto_next(struct otlp_proto *o, struct buf *out);

struct otlp_json;
int otlp_json_new(struct otlp_json **ret, struct span body, const char **ret_what);
struct otlp_json *otlp_json_free(struct otlp_json *o);
bool otlp_json_next(struct otlp_json *o, struct buf *out);

#endif
