/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process gives up before it hears a stranger: another user's rights,
 * new privileges for ever, the system calls it has no use for (seccomp), and
 * every file and TCP port that is not listed (Landlock). There is no way back,
 * and threads that are started later are inside, so it is entered before the
 * first of them.
 *
 * A system call that none of the libraries makes kills the process when it is
 * one that leads out (another program, another process's memory, mounts), and
 * is one that "there is not" (ENOSYS) otherwise, as with an older kernel.
 */
#ifndef PLI_DAEMON_SANDBOX_H
#define PLI_DAEMON_SANDBOX_H

#include "daemon/log.h"

typedef enum {
	PLI_SANDBOX_ON,	 /* in builds with sanitizers as LOG */
	PLI_SANDBOX_LOG, /* seccomp forbids nothing: the kernel logs it */
	PLI_SANDBOX_OFF,
} PliSandboxMode;

typedef struct {
	PliSandboxMode mode;
	/* files, or folders with all that is in them; those that are not there
	 * are passed over. NULL-terminated */
	const char *const *readable;
	/* likewise, to be made, linked and removed, too */
	const char *const *writable;
	gboolean asks_dns; /* sockets of its own, and TCP to port 53 */
	guint dns_port;	   /* TCP to that port as well; 0: none */
} PliSandbox;

/* Becomes `user` (and has its groups), when that is somebody else. */
gboolean
pli_sandbox_become(const char *user, GError **error);

/* Whether there is such a user; `ret_uid` and `ret_gid` may be NULL. */
gboolean
pli_sandbox_find_user(const char *user, uid_t *ret_uid, gid_t *ret_gid);

/* What the kernel does not have is said in the log and left out. Once; not
 * while there are other threads. */
gboolean
pli_sandbox_enter(const PliSandbox *sandbox, const PliLog *log,
		  GError **error);

#endif
