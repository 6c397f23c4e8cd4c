/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who there is: accounts, their passwords, and where mail for an address goes,
 * as the configuration says.
 *
 * The files are looked at again half a second after the last look;
 * one that has become wrong is logged, and what was known stays. May be asked
 * from any thread.
 */
#ifndef PLI_DAEMON_DIRECTORY_H
#define PLI_DAEMON_DIRECTORY_H

#include "daemon/config.h"
#include "daemon/pam.h"
#include "daemon/sasl.h"
#include "protocols/smtp-path.h"
#include "store/aliases.h"
#include "store/users.h"

typedef struct PliDirectory PliDirectory;

typedef enum {
	PLI_DIRECTORY_HERE,
	PLI_DIRECTORY_NO_USER, /* the domain is ours, the local part nobody */
	PLI_DIRECTORY_ELSEWHERE,
} PliDirectoryPlace;

/* Those of the configuration, or those that the auth process publishes
 * (daemon/published.h). */
typedef struct {
	const char *users;
	const char *aliases; /* "": there is none */
	PliPam *pam; /* borrowed; NULL: passwords are not judged here */
} PliDirectoryFiles;

/* Takes a reference of `config`; `files` are copied, and read in mode file
 * only. `log` is borrowed; NULL: what becomes wrong later is not logged. NULL:
 * a file cannot be read (PLI_USERS_ERROR, PLI_ALIASES_ERROR) or an alias leads
 * nowhere. */
PliDirectory *
pli_directory_new(const PliConfig *config, const PliDirectoryFiles *files,
		  const PliLog *log, GError **error);

/* The accounts as they are now, to be unreferenced; in mode file only. */
PliUsers *
pli_directory_ref_users(PliDirectory *directory);

/* Likewise; NULL: there are none. */
PliAliases *
pli_directory_ref_aliases(PliDirectory *directory);

PliDirectory *
pli_directory_ref(PliDirectory *directory);

void
pli_directory_unref(PliDirectory *directory);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliDirectory, pli_directory_unref)

/* The accounts that mail for the address goes to (NULL-terminated, one at
 * least, each once; to be freed with g_strfreev) when it is HERE. */
PliDirectoryPlace
pli_directory_resolve(PliDirectory *directory, const PliSmtpPath *path,
		      char ***ret_accounts);

/* Whether mail for the domain is for here. */
gboolean
pli_directory_is_domain(const PliDirectory *directory, const char *domain);

/* The targets of an alias, as written; NULL: it is none. To be freed. */
char **
pli_directory_dup_members(PliDirectory *directory, const char *name);

/* Its side of an exchange. */
PliSaslAccounts
pli_directory_get_sasl(PliDirectory *directory);

#endif
