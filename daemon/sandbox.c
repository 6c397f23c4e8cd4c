/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/sandbox-priv.h"

static gboolean
fail(GError **error, const char *what, const char *name)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
		    "cannot %s %s: %s", what, name, g_strerror(errno));
	return FALSE;
}

gboolean
pli_sandbox_find_user(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *entry = getpwnam(user);

	if (entry == NULL)
		return FALSE;
	if (ret_uid != NULL)
		*ret_uid = entry->pw_uid;
	if (ret_gid != NULL)
		*ret_gid = entry->pw_gid;
	return TRUE;
}

gboolean
pli_sandbox_become(const char *user, GError **error)
{
	uid_t uid;
	gid_t gid;

	errno = ENOENT;
	if (!pli_sandbox_find_user(user, &uid, &gid))
		return fail(error, "become user", user);
	if (uid == geteuid() && uid == getuid())
		return TRUE;
	if (initgroups(user, gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return fail(error, "become user", user);
	/* whoever could go back would not have given anything up */
	g_assert(uid == 0 || setuid(0) < 0);
	return TRUE;
}

gboolean
pli_sandbox_enter(const PliSandbox *sandbox, const PliLog *log, GError **error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(error, "give up", "new privileges");
	if (sandbox->mode == PLI_SANDBOX_OFF) {
		pli_log_notice(log, "sandbox=no: a process that is taken over "
				    "may do what its user may");
		return TRUE;
	}
	return pli_sandbox_limit_files(sandbox, log, error) &&
	       pli_sandbox_filter_calls(sandbox, error);
}
