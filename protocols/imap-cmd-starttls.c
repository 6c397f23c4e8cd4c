/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STARTTLS (RFC 9051 6.2.1). */
#include "protocols/imap-server-priv.h"

static void
on_tls(PliImapServer *server, const PliAnswer *answer)
{
	if (answer->verdict == PLI_VERDICT_ACCEPT)
		pli_imap_server_set_tls(server);
	else
		pli_imap_server_bye(server, "TLS did not come up");
}

/* What was read with the command is dropped by who shakes hands. */
void
pli_imap_starttls_act(PliImapServer *server)
{
	if (!server->config.offer_tls || server->is_tls) {
		pli_imap_server_finish(server, PLI_IMAP_NO, "CANNOT",
		                       server->is_tls
		                               ? "TLS is up already"
		                               : "STARTTLS is not offered by "
		                                 "this server");
		return;
	}
	pli_imap_server_finish(server, PLI_IMAP_OK, NULL, "Begin TLS");
	pli_imap_server_ask(server, PLI_SESSION_EVENT_STARTTLS, NULL, on_tls);
}
