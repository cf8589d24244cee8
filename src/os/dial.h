/* Sockets to elsewhere, for the courier alone: no other process may make one. As os.h: -errno; all are
 * close-on-exec and never wait. */
#ifndef OS_DIAL_H
#define OS_DIAL_H

#include "os/net.h"

int os_dial_socket(bool v6);                          /* a stream, not connected */
int os_dial_stream(const struct os_peer *to);         /* its connection is under way */
int os_dial_datagram(const struct os_peer *to);       /* answers come from there alone */
int os_dial_error(int fd);                            /* how a connection came out: 0 or -errno */
bool os_address_of(const char *text, uint8_t to[16]); /* IPv4 mapped, or IPv6; no names */

#endif
