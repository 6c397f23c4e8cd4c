/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state directory: made if need be, locked so that two servers never
 * share it, and the places in it.
 *
 *	ROOT/plid.lock	held while the server runs; its pid is written in it
 *	ROOT/spool/	messages answered for and not delivered yet
 *	ROOT/mail/ACCOUNT/
 */
#ifndef PLI_DAEMON_ROOT_H
#define PLI_DAEMON_ROOT_H

#include <glib.h>

typedef struct {
	char *path;
	char *spool;
	char *mail;
	int lock_fd;
} PliRoot;

typedef enum {
	PLI_ROOT_ERROR_LOCKED, /* another server: EX_TEMPFAIL */
	PLI_ROOT_ERROR_CREATE, /* cannot be made or written: EX_CANTCREAT */
} PliRootError;

#define PLI_ROOT_ERROR (pli_root_error_quark())
GQuark
pli_root_error_quark(void);

PliRoot *
pli_root_open(const char *path, GError **error);

void
pli_root_close(PliRoot *root);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliRoot, pli_root_close)

#endif
