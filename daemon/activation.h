/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets that a service manager has bound already and hands over
 * (sd_listen_fds(3)): LISTEN_PID and LISTEN_FDS say so, and a socket is known
 * by the address it is bound to.
 */
#ifndef PLI_DAEMON_ACTIVATION_H
#define PLI_DAEMON_ACTIVATION_H

#include "daemon/log.h"

typedef struct PliActivation PliActivation;

/* What was handed over, which may be nothing. Forgets what the environment
 * says. */
PliActivation *
pli_activation_new(void);

/* The socket that listens there, non-blocking; -1: none does. */
int
pli_activation_take(PliActivation *activation, const char *address, guint port);

/* Closes what nobody took, and says so. */
void
pli_activation_free(PliActivation *activation, const PliLog *log);

#endif
