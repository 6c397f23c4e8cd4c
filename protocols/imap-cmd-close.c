/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLOSE (RFC 9051 6.4.1) and UNSELECT (6.4.2). As long as no client can mark
 * messages as deleted through this server, CLOSE removes none. */
#include "protocols/imap-server-priv.h"

void
pli_imap_close_act(PliImapServer *server)
{
	pli_imap_server_unselect(server);
	pli_imap_server_finish(server, PLI_IMAP_OK, NULL, "completed");
}
