/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LOGOUT (RFC 9051 6.1.3). */
#include "protocols/imap-server-priv.h"

void
pli_imap_logout_act(PliImapServer *server)
{
	pli_imap_server_bye(server, "Goodbye");
	pli_imap_server_finish(server, PLI_IMAP_OK, NULL, "LOGOUT completed");
}
