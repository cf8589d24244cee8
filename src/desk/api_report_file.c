/* A report's files. */
#include "desk/report.h"

int report_do_file(struct api_call *c) {
        struct report t = {0};
        int r = report_get(c, api_int(c, "id", 0), "reports.read", &t);

        return r != 0 ? r
                      : api_refuse(c, 501, "not_yet", "this cannot be asked yet",
                                   "việc này chưa làm được");
}
