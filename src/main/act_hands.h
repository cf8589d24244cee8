/* What `act` does orders with: the firewall, and a hand for accounts and services (process_hand.c). */
#ifndef MAIN_ACT_HANDS_H
#define MAIN_ACT_HANDS_H

#include "act/act.h"
#include "act/nft.h"
#include "main/spawn.h"

struct act_tools {
        struct nft *nft;
        int nft_error;     /* the firewall is not ours to change */
        struct child hand; /* pid 0: there is none */
        uint64_t can;      /* ACT_OFFERS() */
        bool gone;         /* a process that is needed is: begin anew */
        int courier;       /* -1: no line to it */
        uint64_t last_ask;
        /* A line for the operator's log. */
        void (*note)(void *ctx, const char *text);
        void *ctx;
};

/* Before the sandbox. What cannot be had is not in `can`. */
void act_tools_open(struct act_tools *t, bool accounts, bool services, const char *landlock);
/* A new line to the courier, taken over. */
void act_tools_courier(struct act_tools *t, int fd);
void act_tools_hands(struct act_tools *t, struct act_hands *ret);

#endif
