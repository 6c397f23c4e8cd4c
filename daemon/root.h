/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state directory: made if need be, locked so that two servers never
 * share it, and the places in it.
 *
 *	ROOT/plid.lock	held while the server runs; its pid is written in it
 *	ROOT/run/	what the auth process publishes for the workers
 *	ROOT/spool/	messages answered for and not delivered yet
 *	ROOT/mail/ACCOUNT/
 *	ROOT/greylist/	who was told to come again
 *	ROOT/checkpoint/	messages that broke off (store/checkpoint.h)
 */
#ifndef PLI_DAEMON_ROOT_H
#define PLI_DAEMON_ROOT_H

#include <glib.h>
#include <sys/types.h>

typedef struct {
	char *path;
	char *spool;
	char *mail;
	char *checkpoint;
	char *run;
	char *greylist;
	char *users, *aliases; /* as they are published */
	int lock_fd;
} PliRoot;

typedef enum {
	PLI_ROOT_ERROR_LOCKED, /* another server: EX_TEMPFAIL */
	PLI_ROOT_ERROR_CREATE, /* cannot be made or written: EX_CANTCREAT */
} PliRootError;

#define PLI_ROOT_ERROR (pli_root_error_quark())
GQuark
pli_root_error_quark(void);

/* Locks it, waiting a moment for processes of one that was killed. What is
 * made is `uid`'s and `gid`'s, where they are not -1. */
PliRoot *
pli_root_open(const char *path, uid_t uid, gid_t gid, GError **error);

/* The places only: nothing is made, nothing locked. */
PliRoot *
pli_root_new(const char *path);

void
pli_root_close(PliRoot *root);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliRoot, pli_root_close)

#endif
