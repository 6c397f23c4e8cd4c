/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an address or a login name to the name of an account, which is also
 * the name of its directory.
 *
 * The local part in lower case (ASCII), octets outside [a-z0-9._+-] and a
 * leading dot as %XX; so no name can leave its directory. The domain does not
 * count.
 */
#ifndef PLI_DAEMON_ACCOUNT_NAME_H
#define PLI_DAEMON_ACCOUNT_NAME_H

#include "engine/slice.h"

/* `address` is a mailbox without <>: bare or with a domain, the local part
 * quoted or not. NULL when there is no local part or the name would be longer
 * than a file name may be. To be freed. */
char *
pli_account_name_from_address(const char *address);

/* The same for a local part without its quoting. */
char *
pli_account_name_from_local(const char *local);

/* The local part that has that name, in lower case, without quoting. To be
 * freed. */
char *
pli_account_name_dup_local(const char *name);

#endif
