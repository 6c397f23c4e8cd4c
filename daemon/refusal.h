/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that no session is begun for. */
#ifndef PLI_DAEMON_REFUSAL_H
#define PLI_DAEMON_REFUSAL_H

#include "daemon/config.h"
#include "daemon/peer.h"

/* The line in the log. */
void
pli_refusal_log(const PliLog *log, const PliConfigListener *listener,
                const PliPeer *peer, const char *why);

/* Closes `fd` with the line in the log, and says why where the client reads
 * without TLS. */
void
pli_refusal_send(const PliLog *log, const PliConfigListener *listener, int fd,
                 const PliPeer *peer, const char *why);

#endif
