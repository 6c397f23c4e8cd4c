/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bound socket that takes connections.
 *
 * Knows nothing of protocols: each descriptor, non-blocking and close-on-exec,
 * is handed on with the peer's address as text. Out of descriptors, it rests
 * for a moment instead of spinning.
 */
#ifndef PLI_DAEMON_LISTENER_H
#define PLI_DAEMON_LISTENER_H

#include <event2/event.h>
#include <glib.h>

typedef struct PliListener PliListener;

typedef enum {
	PLI_LISTENER_ERROR_IN_USE, /* or no right to the port: EX_UNAVAILABLE */
	PLI_LISTENER_ERROR_SYSTEM, /* EX_OSERR */
} PliListenerError;

#define PLI_LISTENER_ERROR (pli_listener_error_quark())
GQuark
pli_listener_error_quark(void);

/* Takes over `fd`. `peer` is "192.0.2.1" or "IPv6:2001:db8::1", as in an
 * address literal (RFC 5321 4.1.3) without its brackets. */
typedef void (*PliListenerAccept)(gpointer data, evutil_socket_t fd,
                                  const char *peer);

/* Binds and listens; a socket, -1 on error. Port 0 lets the system choose. */
int
pli_listener_bind(const char *address, guint port, GError **error);

/* Borrows a listening socket and starts. */
PliListener *
pli_listener_new(struct event_base *base, int fd, PliListenerAccept accept,
                 gpointer data);

void
pli_listener_free(PliListener *listener);

#endif
