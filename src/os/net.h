/* Sockets of listeners: accepting, datagrams in bunches, readiness. As os.h: thin, -errno, EINTR
 * retried. Nothing here makes a socket or connects one. */
#ifndef OS_NET_H
#define OS_NET_H

#include <sys/types.h>

#include "base/base.h"

/* IPv6, or IPv4 mapped into it; all zero: a local socket. */
struct os_peer {
        uint8_t address[16];
        uint16_t port;
};

#define OS_PEER_TEXT 48u /* of an address in text */

struct sockaddr;
void os_peer_of(const struct sockaddr *from, struct os_peer *ret);
/* "192.0.2.1", "2001:db8::1" or "local"; `to` has OS_PEER_TEXT bytes. */
void os_peer_text(const struct os_peer *p, char *to);

/* A connection, non-blocking and close-on-exec; -EAGAIN: nobody waits. */
int os_accept(int listener, struct os_peer *ret_peer);
/* One read that never waits: bytes, 0 at the end, -EAGAIN. */
ssize_t os_recv_stream(int fd, void *to, size_t n);
/* os_recv() that never waits: -EAGAIN. 0: closed. */
ssize_t os_recv_now(int sock, void *to, size_t n, int *fds, unsigned max_fds, unsigned *ret_n_fds);
/* Both directions: the other end sees the end, whoever holds the descriptor reads 0. */
int os_shutdown(int fd);
int os_nonblocking(int fd);
/* As many descriptors as the hard limit allows, at most `n`. The limit, or -errno. */
int os_raise_files(unsigned n);
/* A connection that is gone without a word is found within minutes. */
int os_keepalive(int fd);

/* The kernel's own counter: how many datagrams it dropped since the socket was made, as the receive
 * buffer was full (wraps). Linux 4.12. */
int os_socket_drops(int fd, uint32_t *ret);

/* Datagrams. */
struct os_datagrams;
struct os_datagrams *os_datagrams_new(unsigned n, size_t size); /* NULL: out of memory */
struct os_datagrams *os_datagrams_free(struct os_datagrams *d);
CLEANUP(os_datagrams, os_datagrams_free)
/* How many came (they stay until the next call), -EAGAIN. */
int os_datagrams_recv(struct os_datagrams *d, int fd);
/* The i-th of them; false: it was longer than `size` and cut. */
bool os_datagram(const struct os_datagrams *d, unsigned i, struct span *ret, struct os_peer *peer);

/* 1: there is something to read, or its end; 0: not within `timeout_ms`; -errno. */
int os_poll_in(int fd, int timeout_ms);

/* Readiness: epoll, level-triggered. */
enum { OS_READABLE = 1u << 0, OS_WRITABLE = 1u << 1, OS_HANGUP = 1u << 2 };
struct os_ready {
        uint64_t tag;
        uint32_t what;
};
int os_ready_add(int ep, int fd, uint32_t what, uint64_t tag);
int os_ready_change(int ep, int fd, uint32_t what, uint64_t tag);
/* At most `max` (<= 256); 0 after `timeout_ms` or a signal. */
int os_ready_wait(int ep, struct os_ready *to, unsigned max, int timeout_ms);

#ifdef COLOA_FAULTS
int os_test_connect(void); /* what a hijacked process would try; 0: it got as far as the network */
#endif

#endif
