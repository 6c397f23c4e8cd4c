/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carries out what an IMAP session asks.
 *
 * Each question becomes a task (daemon/imap-task.h) that a thread of the pool
 * does under the account's lock; the answer goes back on the loop. Nothing
 * here blocks the loop but reads of message files that the pump sends.
 */
#ifndef PLI_DAEMON_IMAP_ACCESS_H
#define PLI_DAEMON_IMAP_ACCESS_H

#include "daemon/services.h"

/* Threads that may wait for accounts at one time. */
#define PLI_IMAP_ACCESS_THREADS 8

/* Takes over `fd` and starts a session; `peer` is copied. */
void
pli_imap_access_start(PliServices *services, const PliConfigListener *listener,
                      evutil_socket_t fd, const PliPeer *peer);

/* The pool that the services of IMAP sessions need. */
GThreadPool *
pli_imap_access_pool_new(void);

#endif
