/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NOOP (RFC 9051 6.1.2), and CHECK (RFC 3501 6.4.1), which does the same. */
#include "protocols/imap-server-priv.h"

void
pli_imap_noop_act(PliImapServer *server)
{
	if (server->phase == PLI_IMAP_PHASE_SELECTED)
		pli_imap_poll_finish(server, TRUE, PLI_IMAP_OK, NULL,
		                     "completed");
	else
		pli_imap_server_finish(server, PLI_IMAP_OK, NULL, "completed");
}
