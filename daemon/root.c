/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DIR_MODE 0700
#define LOCK_US G_USEC_PER_SEC /* until killed processes have gone */
#define LOCK_STEP_US 10000

G_DEFINE_QUARK(pli-root-error, pli_root_error)

static gboolean
fail(GError **error, const char *what, const char *path)
{
	g_set_error(error, PLI_ROOT_ERROR, PLI_ROOT_ERROR_CREATE,
	            "cannot %s %s: %s", what, path, g_strerror(errno));
	return FALSE;
}

static gboolean
refuse_locked(PliRoot *root, GError **error)
{
	char pid[32] = "";
	gssize n = pread(root->lock_fd, pid, sizeof pid - 1, 0);

	if (n > 0)
		g_strdelimit(pid, "\n", '\0');
	g_set_error(error, PLI_ROOT_ERROR, PLI_ROOT_ERROR_LOCKED,
	            "another server (pid %s) runs on %s",
	            n > 0 ? pid : "unknown", root->path);
	return FALSE;
}

static gboolean
take(int fd)
{
	gint64 until = g_get_monotonic_time() + LOCK_US;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || g_get_monotonic_time() >= until)
			return FALSE;
		g_usleep(LOCK_STEP_US);
	}
	return TRUE;
}

static gboolean
lock(PliRoot *root, GError **error)
{
	g_autofree char *path = g_build_filename(root->path, "plid.lock", NULL);
	g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());

	root->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (root->lock_fd < 0)
		return fail(error, "open", path);
	if (!take(root->lock_fd))
		return errno == EWOULDBLOCK ? refuse_locked(root, error)
		                            : fail(error, "lock", path);
	/* only told to others, so a full disk is no reason to stop */
	if (ftruncate(root->lock_fd, 0) == 0 &&
	    pwrite(root->lock_fd, pid, strlen(pid), 0) < 0)
		return TRUE;
	return TRUE;
}

static gboolean
make_dir(const char *path, uid_t uid, gid_t gid, GError **error)
{
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return TRUE;
	if (g_mkdir_with_parents(path, DIR_MODE) < 0)
		return fail(error, "make", path);
	return chown(path, uid, gid) == 0 || fail(error, "give away", path);
}

PliRoot *
pli_root_new(const char *path)
{
	PliRoot *root = g_new0(PliRoot, 1);

	root->lock_fd = -1;
	root->path = g_canonicalize_filename(path, NULL);
	root->spool = g_build_filename(root->path, "spool", NULL);
	root->mail = g_build_filename(root->path, "mail", NULL);
	root->checkpoint =
	        g_build_filename(root->path, "checkpoint", NULL);
	root->run = g_build_filename(root->path, "run", NULL);
	root->greylist = g_build_filename(root->path, "greylist", NULL);
	root->users = g_build_filename(root->run, "users", NULL);
	root->aliases = g_build_filename(root->run, "aliases", NULL);
	return root;
}

PliRoot *
pli_root_open(const char *path, uid_t uid, gid_t gid, GError **error)
{
	g_autoptr(PliRoot) root = pli_root_new(path);
	const char *const dirs[] = {root->spool, root->mail, root->checkpoint,
	                            root->run, root->greylist};

	if (!make_dir(root->path, uid, gid, error) || !lock(root, error))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(dirs); i++)
		if (!make_dir(dirs[i], uid, gid, error))
			return NULL;
	return g_steal_pointer(&root);
}

void
pli_root_close(PliRoot *root)
{
	if (root == NULL)
		return;
	if (root->lock_fd >= 0)
		close(root->lock_fd);
	g_free(root->path);
	g_free(root->spool);
	g_free(root->mail);
	g_free(root->checkpoint);
	g_free(root->run);
	g_free(root->greylist);
	g_free(root->users);
	g_free(root->aliases);
	g_free(root);
}
