/* Names of system calls. */
#ifndef DECODE_AUDITD_SYSCALL_H
#define DECODE_AUDITD_SYSCALL_H

#include "base/base.h"

/* "execve" for (0xc000003e, 59); an empty span when the architecture or the number is not known. */
struct span auditd_syscall(uint32_t arch, uint32_t number);

#endif
