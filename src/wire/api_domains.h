/* The domains of the API: one line each. A domain NAME has api_NAME_ops[] in src/wire/api_NAME.c and
 * api_NAME_bindings[] in src/desk/api_NAME.c; with tables of its own also a line in src/desk/api_table.c. */
#ifndef WIRE_API_DOMAINS_H
#define WIRE_API_DOMAINS_H

#include "wire/api.h"

#define API_DOMAINS(X)                                                                             \
        X(system)                                                                                  \
        X(session)                                                                                 \
        X(signin)                                                                                  \
        X(units)                                                                                   \
        X(people)                                                                                  \
        X(roles)                                                                                   \
        X(systems)                                                                                 \
        X(incidents)                                                                               \
        X(alerts)                                                                                  \
        X(figures)                                                                                 \
        X(guests)                                                                                  \
        X(settings)                                                                                \
        X(exceptions)                                                                              \
        X(openings)                                                                                \
        X(handover)                                                                                \
        X(sources)                                                                                 \
        X(actions)                                                                                 \
        X(evidence)                                                                                \
        X(recovery)                                                                                \
        X(outgoing)                                                                                \
        X(directives)                                                                              \
        X(tonight)                                                                                 \
        X(regimes)                                                                                 \
        X(reports)                                                                                 \
        X(searches)                                                                                \
        X(unmaskings)                                                                              \
        X(playbooks)                                                                               \
        X(livefire)                                                                                \
        X(exercises)                                                                               \
        X(results)

#define API_DECLARE(name) extern const struct api_op api_##name##_ops[];
API_DOMAINS(API_DECLARE)
#undef API_DECLARE

#endif
