/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is at the other end of a connection, as far as that is known: what the
 * socket says, or a proxy (PROXY protocol, XCLIENT) that is believed.
 */
#ifndef PLI_DAEMON_PEER_H
#define PLI_DAEMON_PEER_H

#include "daemon/log.h"
#include "protocols/smtp-server.h"

/* In place of an address that a proxy does not know. */
#define PLI_PEER_UNKNOWN "unknown"

/* Strings are owned; NULL: not known. */
typedef struct {
	char *address; /* as daemon/listener.h says, or PLI_PEER_UNKNOWN */
	char *name;    /* of the host */
	guint port;    /* 0: not known */
	char *destination; /* the address that it connected to */
	guint destination_port;
	char *via; /* the socket's own address, when another one was told */
} PliPeer;

/* `address` as daemon/listener.h says. */
PliPeer *
pli_peer_new(const char *address);

PliPeer *
pli_peer_dup(const PliPeer *peer);

void
pli_peer_free(PliPeer *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliPeer, pli_peer_free)

/* Sets the address that a proxy tells, in any form and with "IPv6:" or
 * without; what was there becomes `via`, once. NULL, or what is no address,
 * is PLI_PEER_UNKNOWN. */
void
pli_peer_set_address(PliPeer *peer, const char *address);

/* The same for the address that it connected to; NULL: it is not known. */
void
pli_peer_set_destination(PliPeer *peer, const char *address);

/* Whom `client`, which XCLIENT told, makes of it: what it does not tell stays
 * as it was. */
PliPeer *
pli_peer_dup_as(const PliPeer *old, const PliSmtpClient *client);

/* Adds all that is known to a line of the log. */
void
pli_peer_log(const PliPeer *peer, PliLogLine *line);

#endif
