/* A mail to a person about what became of their own way in (ASVS 2.2.3): whoever took an account over can change its
 * password, but not keep its owner from hearing of it. It says what, when and from which address, and no secret. It
 * leaves with what caused it or not at all; who has no address hears nothing. */
#include <stdio.h>

#include "base/timestamp.h"
#include "desk/api.h"
#include "desk/mail.h"
#include "desk/people.h"

static const struct {
        const char *en, *vi;
} texts[] = {
        [TOLD_PASSWORD] = {"Your password was changed", "Mật khẩu của bạn đã được đổi"},
        [TOLD_SECOND] = {"Your second factor was set up anew",
                         "Xác thực hai lớp của bạn đã được thiết lập lại"},
        [TOLD_RECOVERY] = {"One of your recovery codes was used",
                           "Một mã khôi phục của bạn đã được dùng"},
        [TOLD_ONE_TIME] = {"You were given a one-time password",
                           "Bạn được cấp mật khẩu dùng một lần"},
};

int people_told(struct api_call *c, int64_t person, enum people_told what) {
        char when[40], address[64] = "";
        struct outgoing o = {.about = SPAN("sign-in"), .by = c->who.id};

        when[time_format(when, c->now, 0)] = '\0';
        if (c->ask->how == API_LOCAL ||
            !api_address_text(c->ask->address, address, sizeof(address)))
                snprintf(address, sizeof(address), "%s", "-");
        struct span en = arena_printf(
                            c->arena,
                            "%s.\n\nTime: %s (UTC)\nFrom: %s\n\nIf this was not you, call your "
                            "administrator at once: your sessions and password can be ended.\n",
                            texts[what].en, when, address),
                    vi = arena_printf(
                            c->arena,
                            "%s.\n\nThời điểm: %s (UTC)\nTừ: %s\n\nNếu không phải bạn làm, hãy gọi "
                            "ngay quản trị viên để kết thúc phiên và mật khẩu.\n",
                            texts[what].vi, when, address);
        if (!en.p || !vi.p)
                return FAIL(-ENOMEM);
        struct outgoing_text t = {.subject = {[LANG_EN] = span_str(texts[what].en),
                                              [LANG_VI] = span_str(texts[what].vi)},
                                  .body = {[LANG_EN] = en, [LANG_VI] = vi}};
        return outgoing_person(c->desk, &o, &t, person);
}
