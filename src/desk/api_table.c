/* Which handler an operation has, and whose tables there are: one line for each domain. */
#include "desk/api_impl.h"
#include "wire/api_domains.h"

#define API_DECLARE(name) extern const struct api_binding api_##name##_bindings[];
API_DOMAINS(API_DECLARE)
#undef API_DECLARE

static const struct api_binding *const bindings[] = {
#define DOMAIN(name) api_##name##_bindings,
        API_DOMAINS(DOMAIN)
#undef DOMAIN
};

/* Those with tables of their own, in the order of their foreign keys: extern const struct sql_domain
 * tables_NAME; in src/desk/tables_NAME.c. */
#define TABLES(X)                                                                                  \
        X(blobs)                                                                                   \
        X(evidence)                                                                                \
        X(recovery)                                                                                \
        X(people)                                                                                  \
        X(systems)                                                                                 \
        X(incidents)                                                                               \
        X(alerts)                                                                                  \
        X(actions)                                                                                 \
        X(outgoing)                                                                                \
        X(directives)                                                                              \
        X(nights)                                                                                  \
        X(reports)                                                                                 \
        X(searches) X(playbooks) X(signin) X(exercises) X(labels) X(livefire) X(scores) X(audit)

#define TABLES_DECLARE(name) extern const struct sql_domain tables_##name;
TABLES(TABLES_DECLARE)
#undef TABLES_DECLARE

static const struct sql_domain *const tables[] = {
#define TABLE(name) &tables_##name,
        TABLES(TABLE)
#undef TABLE
                NULL,
};

int (*api_handler(const char *id))(struct api_call *c) {
        for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
                for (const struct api_binding *b = bindings[i]; b->id; b++)
                        if (strcmp(b->id, id) == 0)
                                return b->handler;
        return NULL;
}

const char *api_orphan(void) {
        for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
                for (const struct api_binding *b = bindings[i]; b->id; b++)
                        if (api_number(b->id) == UINT32_MAX)
                                return b->id;
        return NULL;
}

int api_tables(struct sql *s) {
        int r = 0;

        for (size_t i = 0; tables[i] && r == 0; i++)
                r = sql_upgrade(s, tables[i]);
        return r;
}
