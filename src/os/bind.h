/* Making sockets, for main alone: it binds and hands over, nobody else may make one. As os.h. */
#ifndef OS_BIND_H
#define OS_BIND_H

#include <sys/types.h>

#include "base/base.h"

/* The receive buffer that a socket for datagrams asks for; the kernel's net.core.rmem_max may allow
 * less to who may not set it (CAP_NET_ADMIN). */
#define OS_DATAGRAM_ROOM (16 << 20)

enum bind_kind { BIND_STREAM, BIND_DATAGRAM };

/* Bound, non-blocking, listening if a stream. All zero: every address of both families. An IPv4
 * address mapped into IPv6 binds IPv4 alone. */
int os_bind(enum bind_kind kind, const uint8_t address[16], uint16_t port);
/* The port that a bound socket has. */
int os_bound_port(int fd, uint16_t *ret);

/* A listening SOCK_SEQPACKET socket at `path`, mode 0660; what lay there and nobody listens at is
 * replaced. -EADDRINUSE: somebody does. */
int os_local_listen(const char *path);
int os_local_connect(const char *path);
int os_local_connect_stream(const char *path);
/* The same for the streams or datagrams of senders on this machine; non-blocking. */
int os_local_bind(enum bind_kind kind, const char *path);
/* Non-blocking accept; -EAGAIN. */
int os_local_accept(int listener, uid_t *ret_uid);

/* An exclusive lock on a file for as long as it is open: -EWOULDBLOCK when another has it. */
int os_lock(int fd);

#endif
