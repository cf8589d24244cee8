/* Looking things up in the catalogue of activities, and reading the values that scenarios give (activity.h). Values are
 * text, as the plan keeps them; a number with a unit is read here and nowhere else, so that the linter and the generator
 * agree. */
#include "exercise/activity.h"

/* What logs a host can keep; names of files and replayed sources begin with them. */
const char *const activity_sources[] = {
        "sysmon",     /* Windows: Sysmon */
        "security",   /* Windows: Security */
        "system",     /* Windows: System (services) */
        "powershell", /* Windows: PowerShell/Operational */
        "defender",   /* Windows: Defender */
        "auditd",     /* Linux: audit.log */
        "sshd",       /* Linux: auth.log (sshd, sudo, PAM, useradd) */
        "web",        /* access log, combined */
        "eve",        /* Suricata */
        "mail",       /* Linux: mail.log (postfix, dovecot) */
        "m365",       /* Microsoft 365's audit log */
};
const unsigned n_activity_sources = ARRAY_LEN(activity_sources);

const struct activity *activity_find(const char *name) {
        for (unsigned i = 0; i < n_activities; i++)
                if (strcmp(activities[i].name, name) == 0)
                        return &activities[i];
        return NULL;
}

const struct activity_param *activity_param_find(const struct activity *a, const char *name) {
        for (unsigned i = 0; i < a->n_params; i++)
                if (strcmp(a->params[i].name, name) == 0)
                        return &a->params[i];
        return NULL;
}

bool activity_lists(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = list; p && *p;) {
                size_t len = strcspn(p, " ");

                if (n && len == n && memcmp(p, word, n) == 0)
                        return true;
                p += len + strspn(p + len, " ");
        }
        return false;
}

struct unit {
        const char *name;
        int64_t times;
};
static const struct unit times[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit bytes[] = {
        {"", 1}, {"k", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const struct unit counts[] = {{"", 1}, {NULL, 0}};

/* Digits and one of `units`; at most 12 digits, so that nothing overflows. */
static int number(const char *value, const struct unit *units, int64_t *ret) {
        int64_t n = 0;
        unsigned digits = 0;

        for (; value[digits] >= '0' && value[digits] <= '9' && digits < 12; digits++)
                n = n * 10 + (value[digits] - '0');
        for (; digits && units->name; units++)
                if (strcmp(value + digits, units->name) == 0) {
                        *ret = n > INT64_MAX / units->times ? INT64_MAX : n * units->times;
                        return 0;
                }
        return -EINVAL;
}

static int text(const char *value) {
        size_t len = strlen(value);

        if (len > ACTIVITY_TEXT_MAX)
                return -ERANGE;
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
                        return -EINVAL;
        return 0;
}

int activity_value(const struct activity_param *p, const char *value, int64_t *ret_number) {
        int64_t n = 0;
        int r = 0;

        switch (p->type) {
        case VALUE_COUNT: r = number(value, counts, &n); break;
        case VALUE_TIME: r = number(value, times, &n); break;
        case VALUE_BYTES: r = number(value, bytes, &n); break;
        case VALUE_BOOL:
                n = strcmp(value, "true") == 0;
                r = n || strcmp(value, "false") == 0 ? 0 : -EINVAL;
                break;
        case VALUE_WORD: r = activity_lists(p->words, value) ? 0 : -EINVAL; break;
        default: r = *value || p->type == VALUE_TEXT ? text(value) : -EINVAL;
        }
        if (r == 0 && (p->type == VALUE_COUNT || p->type == VALUE_TIME || p->type == VALUE_BYTES) &&
            (n < p->min || n > p->max))
                r = -ERANGE;
        if (r == 0)
                *ret_number = n;
        return r;
}
