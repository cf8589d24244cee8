/* How os/ calls the kernel: one macro, so that every call can be made to fail. Only for files of this room. */
#ifndef OS_CALL_H
#define OS_CALL_H

#include "os/fault.h"

/* Runs a call that sets errno, again while it is interrupted; `ret` becomes its result or -errno. */
#define CALL(ret, expr)                                                                            \
        do {                                                                                       \
                int fault_ = fault_hit();                                                          \
                if (fault_) {                                                                      \
                        (ret) = -fault_;                                                           \
                        break;                                                                     \
                }                                                                                  \
                do                                                                                 \
                        (ret) = (expr);                                                            \
                while ((ret) < 0 && errno == EINTR);                                               \
                if ((ret) < 0)                                                                     \
                        (ret) = -errno;                                                            \
        } while (0)

#endif
