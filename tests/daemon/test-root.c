/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/root.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
remove_all(const char *dir)
{
	g_autofree char *lock = g_build_filename(dir, "plid.lock", NULL);
	g_autofree char *spool = g_build_filename(dir, "spool", NULL);
	g_autofree char *run = g_build_filename(dir, "run", NULL);
	g_autofree char *mail = g_build_filename(dir, "mail", NULL);
	g_autofree char *checkpoint = g_build_filename(dir, "checkpoint", NULL);
	g_autofree char *greylist = g_build_filename(dir, "greylist", NULL);

	g_unlink(lock);
	g_rmdir(greylist);
	g_rmdir(checkpoint);
	g_rmdir(spool);
	g_rmdir(mail);
	g_rmdir(run);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void
test_lock(void)
{
	g_autofree char *top = g_dir_make_tmp("pli-root-XXXXXX", NULL);
	g_autofree char *dir = g_build_filename(top, "new", NULL);
	g_autofree char *pid = g_strdup_printf("pid %d", (int)getpid());
	g_autoptr(GError) error = NULL;
	PliRoot *first = pli_root_open(dir, -1, -1, &error), *second;
	struct stat st;

	g_assert_no_error(error);
	g_assert_cmpint(stat(first->mail, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
	second = pli_root_open(dir, -1, -1, &error);
	g_assert_null(second);
	g_assert_error(error, PLI_ROOT_ERROR, PLI_ROOT_ERROR_LOCKED);
	g_assert_nonnull(strstr(error->message, pid));
	g_clear_error(&error);
	pli_root_close(first);
	second = pli_root_open(dir, -1, -1, &error);
	g_assert_no_error(error);
	pli_root_close(second);
	remove_all(dir);
	g_rmdir(top);
}

static void
test_cannot_make(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(pli_root_open("/dev/null/here", -1, -1, &error));
	g_assert_error(error, PLI_ROOT_ERROR, PLI_ROOT_ERROR_CREATE);
	g_assert_nonnull(strstr(error->message, "/dev/null/here"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/root/lock", test_lock);
	g_test_add_func("/daemon/root/cannot-make", test_cannot_make);
	return g_test_run();
}
