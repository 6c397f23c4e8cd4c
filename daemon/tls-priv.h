/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PLI_DAEMON_TLS_PRIV_H
#define PLI_DAEMON_TLS_PRIV_H

#include "daemon/tls.h"

/* Makes a certificate that signs itself, and its key, and writes both. */
gboolean
pli_tls_make_self_signed(const PliTlsFiles *files, const char *hostname,
			 GError **error);

#endif
