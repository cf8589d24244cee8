/* What adding and changing units, people and systems have in common, by a form or by a file. */
#ifndef DESK_UNITS_H
#define DESK_UNITS_H

#include "desk/people.h"

/* Why not; positive, beside 0 and -errno (API_E_* are lower). */
enum { UNIT_E_CODE = 2001, UNIT_E_PARENT, UNIT_E_DEPTH };

struct unit_new {
        int64_t parent;
        struct span code, name, name_vi, kind, contacts;
};
int unit_code_good(struct span s);
int unit_add(struct api_call *c, const struct unit_new *u, int64_t *ret_id);
int unit_move(struct api_call *c, int64_t id, int64_t parent);

/* ---- of requests ---- */

/* A text of the request for format 's': NULL when absent or null. */
const char *api_cstr(const struct api_call *c, const char *name);
/* A bool for format 'T': TIME_NONE (NULL) when absent. */
int64_t api_flag(const struct api_call *c, const char *name);
/* The names of what a change was to change, for its audit row. */
json_t *changed_fields(const struct api_call *c);

/* ---- CSV files (api_import.c) ---- */

/* One row: texts of the columns, in the order of `columns`; empty where the file has none. 0: taken
 * (*ret_new: it was not there before), IMPORT_E_FAULT after import_fault(), -errno. */
struct import;
typedef int import_row(struct api_call *c, struct import *i, const struct span *row, bool *ret_new);
#define IMPORT_E_FAULT 2010
struct import_column {
        const char *name;
        bool required; /* in every row */
        unsigned most; /* characters */
        bool lines;    /* may have line ends */
};
/* The whole operation: fields csv, dry; the answer. */
int import_run(struct api_call *c, const struct import_column *columns, unsigned n,
               import_row *row);
/* Of the row at hand; texts constant. */
int import_fault(struct import *i, unsigned column, const char *en, const char *vi,
                 const char *remedy_en, const char *remedy_vi);

#endif
