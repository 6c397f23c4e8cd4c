/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CAPABILITY (RFC 9051 6.1.1). */
#include "protocols/imap-server-priv.h"

void
pli_imap_capability_act(PliImapServer *server)
{
	pli_output_append_printf(&server->output, "* CAPABILITY %s\r\n",
	                         pli_imap_server_get_capabilities(server));
	pli_imap_server_finish(server, PLI_IMAP_OK, NULL,
	                       "CAPABILITY completed");
}
