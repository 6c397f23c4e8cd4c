/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which status of sysexits.h an error ends the server with. */
#ifndef PLI_DAEMON_STATUS_H
#define PLI_DAEMON_STATUS_H

#include <glib.h>

int
pli_status_from_error(const GError *error);

#endif
