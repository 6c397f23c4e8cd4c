/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the accounts (directory.c), the files (directory-file.c) and the way of
 * an address through the aliases (directory-alias.c) share. */
#ifndef PLI_DAEMON_DIRECTORY_PRIV_H
#define PLI_DAEMON_DIRECTORY_PRIV_H

#include "daemon/directory.h"
#include "daemon/pam.h"
#include "store/aliases.h"
#include "store/users.h"

struct PliDirectory {
	gint ref_count;
	PliConfig *config;
	char *users_file, *aliases_file;
	PliPam *pam;	   /* NULL: nobody asks it here */
	const PliLog *log; /* NULL: another one tells */
	char **domains;
	guint8 decoy[32]; /* what salts of unknown users are made from */
	PliUser *anyone; /* whom every name of mode any stands for; NULL: it
			    has no password, and nobody logs in */
	GMutex lock;	  /* of all that follows */
	PliUsers *users;	/* NULL in mode any */
	PliAliases *aliases;	/* NULL: there are none */
	gint64 looked_us;	/* at the files */
	char *told;		/* the last fault that was logged */
};

/* Whether an address has no domain, or one of ours. */
gboolean
pli_directory_is_ours(const PliDirectory *directory, const char *address);

/* A line in the log: PAM has refused, or has trouble. */
void
pli_directory_log_pam(const PliDirectory *directory, const PliUser *user,
		      PliSaslResult result, const char *reason);

/* Through the aliases. */
PliDirectoryPlace
pli_directory_expand(PliDirectory *directory, const PliSmtpPath *path,
		     char ***ret_accounts);

/* Whether each alias leads to accounts; the error names the first that does
 * not. */
gboolean
pli_directory_check_aliases(const PliDirectory *directory,
			    const PliAliases *aliases, GError **error);

#endif
