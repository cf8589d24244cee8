/* The API: every operation that a person or a script can ask of a node, in one table. The console
 * checks the shape of a request by it, the desk checks it again and looks up permission and handler,
 * `coloa api` prints it as OpenAPI 3.1 (doc/openapi.json), the command line calls it. Nothing else
 * defines an operation.
 *
 * Names: `id` is "resource.verb" ("alerts.accept"); paths begin with /api/v1 and have {names} that are
 * fields of the operation. JSON: names in snake_case; a time is RFC 3339 in UTC with milliseconds; an id
 * is a positive integer; what is unknown is null and never left out. A list is {"items": […], "next":
 * cursor or null, "total": n or null}; every list takes limit, cursor, sort, q and format (API_LIST), and
 * FIELD, FIELD.gte, FIELD.lt for fields with API_FILTER. An error is application/problem+json (RFC 9457):
 * {type, title, status, detail, code, fields: [{field, fault, remedy}]}, in the asker's language.
 *
 * Between console and desk: frames over one SOCK_STREAM pair, little-endian; many requests may be under
 * way, told apart by `id`. The console dies with a desk that breaks the format, the desk closes the line. */
#ifndef WIRE_API_H
#define WIRE_API_H

#include "base/base.h"
#include "base/buf.h"

/* ---- shapes ---- */

enum api_type {
        API_STRING = 1, /* one line: no control characters, trimmed, UTF-8; min, max: characters */
        API_TEXT,       /* may have line ends; min, max: characters */
        API_SECRET,     /* API_STRING that is never logged, shown or echoed */
        API_INT,        /* min, max */
        API_NUMBER,     /* in answers only */
        API_BOOL,
        API_TIME,    /* RFC 3339 */
        API_DATE,    /* YYYY-MM-DD */
        API_ID,      /* 1 to INT64_MAX */
        API_ENUM,    /* values: "new|taken|closed" */
        API_HEX,     /* min, max: bytes */
        API_ADDRESS, /* IPv4 or IPv6 address or network in CIDR form */
        API_OBJECT,  /* fields */
        API_ANY,     /* in answers only: any JSON */
};

enum {
        API_REQUIRED = 1 << 0,
        API_LIST_OF = 1 << 1, /* an array of at most `most` */
        API_NULLABLE = 1 << 2,
        API_FILTER = 1 << 3, /* of a shape: lists take it as a filter */
        API_SORT = 1 << 4,   /* of a shape: lists sort by it */
        API_IN_PATH = 1 << 5,
        API_IN_QUERY = 1 << 6, /* else in the body */
        API_PERSONAL =
                1 << 7, /* names a person, address or account: a pseudonym outside an incident */
        API_DEFAULT_SORT = 1 << 8, /* of a shape: what a list is sorted by; descending */
};

struct api_field {
        const char *name; /* NULL ends a list of fields */
        enum api_type type;
        uint32_t flags;
        int64_t min, max;
        uint32_t most;                  /* API_LIST_OF */
        const char *values;             /* API_ENUM */
        const struct api_field *fields; /* API_OBJECT */
        const char *en, *vi;            /* one sentence; what a form shows beside the field */
};

/* Characters, where a field has no max. */
#define API_STRING_MOST 1000
#define API_TEXT_MOST 100000

/* ---- operations ---- */

enum api_method { API_GET = 1, API_POST, API_PUT, API_PATCH, API_DELETE };

enum {
        API_LIST = 1 << 0,      /* the answer is a list of `answer` */
        API_ANONYMOUS = 1 << 1, /* without a session: sign-in, health */
        API_SECOND = 1 << 2,    /* the session's second factor must be fresh (5 minutes) */
        API_BYTES = 1 << 3,     /* the answer is a file */
        API_UPLOAD = 1 << 4,    /* the body is a file: kept by the desk in pieces */
        API_SELF = 1 << 5,      /* about whoever asks: a session is enough, no permission */
        API_STREAM = 1 << 6,    /* server-sent events */
        API_NO_TOKEN = 1 << 7,  /* people only: no token of a script */
};

struct api_op {
        const char *id; /* "alerts.list"; NULL ends a table */
        enum api_method method;
        const char *path;
        const char *permission; /* a name of wire/permission.h; NULL with API_ANONYMOUS, API_SELF */
        uint32_t flags;
        const struct api_field *fields; /* of path, query and body; NULL: none */
        const struct api_field *answer; /* of 200; NULL: 204 */
        const char *en, *vi;            /* what it does */
};

/* A domain's operations are in src/wire/api_DOMAIN.c, the list of domains in api_domains.h. */

/* All of them; the index is the operation's number between console and desk of one program. */
const struct api_op *api_op(uint32_t number); /* NULL: none */
uint32_t api_count(void);
uint32_t api_number(const char *id); /* UINT32_MAX: none */
/* 0: *ret, and the parts of the path that fill {names}, in order; 404, 405. */
#define API_PATH_PARTS 4u
int api_route(enum api_method m, struct span path, uint32_t *ret_number,
              struct span ret_parts[API_PATH_PARTS]);
unsigned api_methods(struct span path); /* a bit for each that the path has: 1 << enum api_method */
const char *api_method_name(enum api_method m); /* "GET" */

/* ---- requests ---- */

#define API_BODY_MAX ((size_t)1 << 20)  /* of a JSON body */
#define API_PIECE_MAX ((size_t)1 << 18) /* of an upload or a download at a time */
#define API_TOKEN_BYTES 32u

enum api_frame {
        API_ASK = 1, /* struct api_ask + JSON object of all fields, or a piece of an upload */
        API_SAY,     /* struct api_say + body */
        API_NEXT,    /* struct api_next: the next piece of a download or of events, please */
        API_GONE,    /* struct api_next: whoever asked has gone */
};

struct api_head {
        uint32_t len;   /* of all that follows the head */
        uint32_t frame; /* enum api_frame */
        uint64_t id;
};

enum {
        API_ASK_CSV = 1 << 0,
        API_ASK_MORE = 1 << 1, /* an upload goes on */
        /* Of a page that nobody touched for a while (header X-Coloa-Background): it keeps no session from
         * ending as idle. A browser that leaves it out only harms its own user. */
        API_ASK_BACKGROUND = 1 << 2,
        API_ASK_AGAIN = 1 << 3, /* it followed a desk that has ended: what it missed is said */
};
struct api_ask {
        uint32_t op, flags;
        uint32_t lang;                        /* enum lang */
        uint32_t how;                         /* enum api_how */
        unsigned char token[API_TOKEN_BYTES]; /* of the session or script; zero: none */
        unsigned char address[16];            /* of the asker: IPv6, or IPv4 mapped */
};
enum api_how { API_COOKIE = 1, API_BEARER, API_LOCAL /* over the control socket */ };

enum { API_SAY_MORE = 1 << 0, API_SAY_COOKIE = 1 << 1, API_SAY_FORGET = 1 << 2 };
struct api_say {
        uint32_t status; /* of HTTP */
        uint32_t
                flags; /* SAY_COOKIE: token is the session's from now on; SAY_FORGET: there is none */
        unsigned char token[API_TOKEN_BYTES];
        int64_t retry;  /* seconds, with 429 and 503; else 0 */
        char type[64];  /* media type */
        char name[128]; /* of a file to be saved; or empty */
};
struct api_next {
        uint32_t reserved;
};

/* ---- checking (api_check.c) ---- */

typedef struct json_t json_t;
/* One fault of a request, or none. */
struct api_fault {
        char field[64];
        const char *en, *vi;               /* what is wrong; constant */
        const char *remedy_en, *remedy_vi; /* what to do */
};
#define API_FAULTS_MAX 16u
/* All fields of `o` in `object` are there, of their type and within their limits, and there are no
 * others. The number of faults (at most API_FAULTS_MAX). Strings are trimmed in place. */
unsigned api_check(const struct api_op *o, json_t *object, struct api_fault faults[API_FAULTS_MAX]);

/* Puts a field that came as text (of a path, a query, the command line) into `object`, as what the
 * operation says it is; lists are divided by commas or given several times. What does not fit becomes a
 * string, which api_check() refuses. 0, -EEXIST: twice, -EINVAL: not UTF-8, -ENOMEM. */
int api_put(const struct api_op *o, json_t *object, const char *name, struct span text);

/* What every list takes besides its own: limit, cursor, sort, q, format. */
#define API_ROWS_MAX 500
#define API_ROWS 50
#define API_FILTER_VALUES 50u
const struct api_field *api_list_fields(void);
/* The field of a list's shape that "status" or "last.gte" filters; NULL: none. */
enum api_compare { API_EQUAL, API_AT_LEAST, API_BELOW };
const struct api_field *api_filter(const struct api_op *o, const char *name, enum api_compare *ret);

/* ---- OpenAPI 3.1 (api_openapi.c) ---- */

int api_openapi(struct buf *to);

#endif
