/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line in the log that a session leaves when it ends. */
#ifndef PLI_DAEMON_SESSION_LOG_H
#define PLI_DAEMON_SESSION_LOG_H

#include "daemon/config.h"
#include "daemon/conn.h"
#include "daemon/peer.h"

/* `messages`: accepted, or served. */
void
pli_session_log(const PliLog *log, PliProtocol protocol, const PliPeer *peer,
                const PliConnStats *stats, guint messages);

#endif
