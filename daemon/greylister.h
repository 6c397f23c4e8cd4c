/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Greylisting (RFC 6647) for sessions: store/greylist.h in a thread of its own.
 *
 * Clients are told apart by their network, the /24 of an IPv4 address and the
 * /64 of an IPv6 one, since big senders try again from a neighbour. What cannot
 * be looked up, because the file fails or too many wait, passes, and is logged.
 * Loop only.
 */
#ifndef PLI_DAEMON_GREYLISTER_H
#define PLI_DAEMON_GREYLISTER_H

#include "daemon/config.h"
#include "daemon/post.h"

typedef struct PliGreylister PliGreylister;

/* `wait`: the seconds that the client has to wait; 0: it passes. */
typedef void (*PliGreylisterDone)(gpointer data, guint wait);

/* The file greylist.db in `folder` is opened, or made, when it is first needed.
 * `post` and `log` are borrowed. */
PliGreylister *
pli_greylister_new(const char *folder, PliPost *post, const PliLog *log);

/* Answers all that is open first. Takes NULL. */
void
pli_greylister_free(PliGreylister *greylister);

/* By the rules of `config`. `done` may be called at once; `peer` as
 * daemon/listener.h says. */
void
pli_greylister_ask(PliGreylister *greylister, const PliConfig *config,
                   const char *peer, const char *sender, const char *recipient,
                   PliGreylisterDone done, gpointer data);

/* The network of a client, to be freed. */
char *
pli_greylister_dup_network(const char *peer);

#endif
