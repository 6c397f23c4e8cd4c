/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the auth process publishes for the workers, which may read neither the
 * file of accounts nor what lies beside it: which accounts there are, without
 * what tells a password, and the aliases. Both have the form of the files they
 * are made of. Each is replaced as a whole.
 */
#ifndef PLI_DAEMON_PUBLISHED_H
#define PLI_DAEMON_PUBLISHED_H

#include "store/users.h"

gboolean
pli_published_write_users(const char *path, const PliUsers *users,
			  GError **error);

/* A copy of the file `from`. */
gboolean
pli_published_write_aliases(const char *path, const char *from,
			    GError **error);

#endif
