/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/refusal.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
pli_refusal_log(const PliLog *log, const PliConfigListener *listener,
                const PliPeer *peer, const char *why)
{
	PliLogLine line;

	pli_log_line_begin(&line, log, "refused");
	pli_log_line_add_text(
	        &line, "protocol",
	        pli_protocol_get_name((PliProtocol)listener->protocol));
	pli_peer_log(peer, &line);
	pli_log_line_add_text(&line, "reason", why);
	pli_log_line_send(&line);
}

void
pli_refusal_send(const PliLog *log, const PliConfigListener *listener, int fd,
                 const PliPeer *peer, const char *why)
{
	g_autofree char *text =
	        listener->protocol == PLI_PROTOCOL_IMAP
	                ? g_strdup_printf("* BYE %s\r\n", why)
	                : g_strdup_printf("421 4.7.0 %s\r\n", why);

	/* whether it arrives does not matter */
	if (listener->tls != PLI_LISTENER_IMPLICIT &&
	    send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
	pli_refusal_log(log, listener, peer, why);
}
