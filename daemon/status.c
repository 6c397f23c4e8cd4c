/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/status.h"

#include <sysexits.h>

#include "daemon/listener.h"
#include "daemon/pam.h"
#include "daemon/root.h"
#include "daemon/tls.h"
#include "store/aliases.h"
#include "store/spool.h"
#include "store/users.h"

int
pli_status_from_error(const GError *error)
{
	if (error->domain == PLI_LISTENER_ERROR)
		return error->code == PLI_LISTENER_ERROR_IN_USE ? EX_UNAVAILABLE
								: EX_OSERR;
	if (error->domain == PLI_ROOT_ERROR)
		return error->code == PLI_ROOT_ERROR_LOCKED ? EX_TEMPFAIL
							    : EX_CANTCREAT;
	if (error->domain == PLI_SPOOL_ERROR)
		return EX_IOERR;
	if (error->domain == PLI_TLS_ERROR ||
	    error->domain == PLI_USERS_ERROR ||
	    error->domain == PLI_PAM_ERROR ||
	    error->domain == PLI_ALIASES_ERROR)
		return EX_CONFIG;
	return EX_OSERR;
}
