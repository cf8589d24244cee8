/* The console's pages and the API over HTTP: one listener, TLS when there is a certificate, nothing that
 * waits and no thread. Requests go to the desk as frames of wire/api.h over one stream. */
#ifndef CONSOLE_WEB_H
#define CONSOLE_WEB_H

#include <poll.h>

#include "base/base.h"

#define WEB_TICKET_BYTES 64u
struct web_setup {
        int listener;                  /* listening, non-blocking; the web's from here on */
        const char *certificate, *key; /* PEM; NULL: plain HTTP */
        const unsigned char
                *tickets; /* WEB_TICKET_BYTES: GnuTLS's key of sessions that are taken up again */
};

struct web;

/* Before the sandbox: what MHD and GnuTLS open, they open here. */
int web_open(struct web **ret, const struct web_setup *setup);
struct web *web_free(struct web *w);
CLEANUP(web, web_free)
/* A new line to the desk, the web's from here on: what was asked over the one before is answered with 503. */
void web_desk(struct web *w, int fd);

#define WEB_POLL 2u
void web_poll(struct web *w, struct pollfd p[WEB_POLL]);
/* ms until it must have its turn. */
int web_wait(struct web *w);
/* 0; -errno: the process ends. */
int web_turn(struct web *w, const struct pollfd p[WEB_POLL]);

#endif
