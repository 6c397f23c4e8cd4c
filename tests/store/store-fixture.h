/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of its own for each test, and small messages.
 */
#ifndef PLI_TESTS_STORE_FIXTURE_H
#define PLI_TESTS_STORE_FIXTURE_H

#include "engine/parser.h"
#include "engine/source.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static inline char *
fixture_make_dir(void)
{
	char *dir = g_dir_make_tmp("pli-store-XXXXXX", NULL);

	g_assert_nonnull(dir);
	return dir;
}

/* Removes a tree that a test made. */
static inline void
fixture_remove(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *item = g_build_filename(path, name, NULL);

		if (g_file_test(item, G_FILE_TEST_IS_DIR))
			fixture_remove(item);
		else
			g_unlink(item);
	}
	if (dir != NULL)
		g_dir_close(dir);
	g_rmdir(path);
}

/* From here to there the test may write only where another user may: root's
 * own rights would hide what a refused write leads to. */
static inline void
fixture_drop_rights(const char *dir)
{
	g_assert_cmpint(g_chmod(dir, 0500), ==, 0);
	if (geteuid() == 0)
		g_assert_cmpint(seteuid(65534), ==, 0);
}

static inline void
fixture_take_rights(const char *dir)
{
	g_assert_cmpint(seteuid(getuid()), ==, 0);
	g_assert_cmpint(g_chmod(dir, 0700), ==, 0);
}

/* All octets of a source. */
static inline char *
fixture_read(PliSource *source)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();

	g_assert_true(pli_source_read(source, 0, pli_source_get_length(source),
				      octets, NULL) == PLI_STEP_READY);
	return pli_slice_dup(pli_slice_new(octets->data, octets->len));
}

static inline PliSource *
fixture_source(const char *octets)
{
	g_autoptr(GBytes) bytes = g_bytes_new(octets, strlen(octets));

	return pli_source_new_bytes(bytes);
}

/* Sets the size that a file may have: the full disk that works everywhere.
 * Gives the limit before. */
static inline rlim_t
fixture_limit_files(rlim_t octets)
{
	struct rlimit limit;
	rlim_t before;

	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	before = limit.rlim_cur;
	limit.rlim_cur = octets;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	return before;
}

static inline guint64
fixture_file_size(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct stat st;

	return stat(path, &st) == 0 ? (guint64)st.st_size : 0;
}

static inline guint
fixture_count_files(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	guint n = 0;

	g_assert_nonnull(dir);
	while (g_dir_read_name(dir) != NULL)
		n++;
	g_dir_close(dir);
	return n;
}

#endif
