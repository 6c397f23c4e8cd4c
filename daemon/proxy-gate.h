/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections of a proxy that has not said yet whose they are: the PROXY
 * header (protocols/proxy-header.h) is taken off, and not an octet more, so
 * that a session or TLS can begin behind it. Nothing is ever sent.
 *
 * The header must be whole by a deadline, however it drips. Whether the proxy
 * is believed was decided before.
 */
#ifndef PLI_DAEMON_PROXY_GATE_H
#define PLI_DAEMON_PROXY_GATE_H

#include <event2/event.h>

#include "daemon/peer.h"

typedef struct PliProxyGate PliProxyGate;

/* `peer` is taken over, and so is `fd` when `why` is NULL: the header was
 * read. Otherwise the socket has been closed (`fd` is -1), and `why` is a
 * sentence. */
typedef void (*PliProxyGateDone)(gpointer data, evutil_socket_t fd,
                                 PliPeer *peer, const char *why);

/* `wait_us`: how long a header may take. */
PliProxyGate *
pli_proxy_gate_new(struct event_base *base, gint64 wait_us);

/* For headers that are waited for from now on. */
void
pli_proxy_gate_set_wait(PliProxyGate *gate, gint64 wait_us);

/* Closes all that wait, as the next does. Takes NULL. */
void
pli_proxy_gate_free(PliProxyGate *gate);

/* Each of them is told that the server stops. */
void
pli_proxy_gate_close_all(PliProxyGate *gate);

/* Takes over `fd` (non-blocking), of a proxy at `address`. */
void
pli_proxy_gate_add(PliProxyGate *gate, evutil_socket_t fd,
                   const char *address, PliProxyGateDone done, gpointer data);

/* How many wait. */
guint
pli_proxy_gate_get_n(const PliProxyGate *gate);

#endif
