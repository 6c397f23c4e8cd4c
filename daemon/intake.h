/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carries out what an SMTP or LMTP session asks.
 *
 * The octets of a message go to the parser and the spool entry in one pass,
 * and no other scan follows: the structure of the message with its trace
 * fields is derived. SMTP answers once the spool has synced, LMTP once each
 * recipient's mailbox has. Loop only; what blocks is done by the committer
 * and the delivery.
 */
#ifndef PLI_DAEMON_INTAKE_H
#define PLI_DAEMON_INTAKE_H

#include "daemon/services.h"

/* Takes over `fd` and starts a session; `peer` is copied. */
void
pli_intake_start(PliServices *services, const PliConfigListener *listener,
                 evutil_socket_t fd, const PliPeer *peer);

#endif
