/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells the service manager how far the server is (sd_notify(3)): a datagram
 * to the socket that NOTIFY_SOCKET names. Without one nothing is done.
 */
#ifndef PLI_DAEMON_NOTIFY_H
#define PLI_DAEMON_NOTIFY_H

#include <glib.h>

typedef enum {
	PLI_NOTIFY_READY,
	PLI_NOTIFY_RELOADING, /* until READY comes again */
	PLI_NOTIFY_STOPPING,
} PliNotifyState;

/* FALSE: there is no such socket, or it takes nothing. */
gboolean
pli_notify_send(PliNotifyState state);

#endif
