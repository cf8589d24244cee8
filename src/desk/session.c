/* Who asks. Until there are people, only the local socket is somebody. */
#include "desk/api.h"

int api_who(struct api_call *c) {
        c->who = (struct api_person){.second = TIME_NONE};
        if (c->ask->how != API_LOCAL && (c->op->flags & API_ANONYMOUS))
                return 0;
        if (c->ask->how != API_LOCAL)
                return api_refuse(c, 401, "sign_in", "there is no session",
                                  "chưa có phiên làm việc");
        c->who = (struct api_person){.name = SPAN("local"), .local = true, .second = c->now};
        return 0;
}
