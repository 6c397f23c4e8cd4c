/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/file-edit.h"

#include <sys/wait.h>

#include "tests/store/store-fixture.h"

typedef struct {
	char *dir, *path;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->dir = fixture_make_dir();
	fixture->path = g_build_filename(fixture->dir, "file", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture_remove(fixture->dir);
	g_free(fixture->dir);
	g_free(fixture->path);
}

static char *
append(const char *text, gsize len, gpointer data, GError **error)
{
	(void)error;
	g_assert_cmpuint(strlen(text), ==, len);
	return g_strconcat(text, (const char *)data, NULL);
}

static char *
refuse(const char *text, gsize len, gpointer data, GError **error)
{
	(void)text;
	(void)len;
	(void)data;
	g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
			    "refused");
	return NULL;
}

static void
write_file(const Fixture *fixture, const char *text, int mode)
{
	g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
	g_assert_cmpint(g_chmod(fixture->path, mode), ==, 0);
}

static void
check_file(const Fixture *fixture, const char *text, int mode)
{
	g_autofree char *got = NULL;
	struct stat st;

	g_assert_true(g_file_get_contents(fixture->path, &got, NULL, NULL));
	g_assert_cmpstr(got, ==, text);
	g_assert_cmpint(stat(fixture->path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, mode);
}

static void
test_make(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	(void)data;
	g_assert_true(pli_file_edit(fixture->path, TRUE, append,
				    (gpointer) "one\n", &error));
	check_file(fixture, "one\n", 0600);
	g_assert_true(pli_file_edit(fixture->path, FALSE, append,
				    (gpointer) "two\n", &error));
	check_file(fixture, "one\ntwo\n", 0600);
	/* and its lock */
	g_assert_cmpuint(fixture_count_files(fixture->dir), ==, 2);
}

/* Nothing is left behind where there was nothing. */
static void
test_none(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *message =
		g_strdup_printf("%s: No such file or directory", fixture->path);

	(void)data;
	g_assert_false(pli_file_edit(fixture->path, FALSE, append,
				     (gpointer) "one\n", &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
	g_assert_cmpstr(error->message, ==, message);
	g_assert_cmpuint(fixture_count_files(fixture->dir), ==, 0);
}

static void
test_refused(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	(void)data;
	write_file(fixture, "before\n", 0644);
	g_assert_false(
		pli_file_edit(fixture->path, FALSE, refuse, NULL, &error));
	g_assert_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED);
	check_file(fixture, "before\n", 0644);
}

/* Whoever was killed left half a new file, which somebody can read. */
static void
test_left(Fixture *fixture, gconstpointer data)
{
	g_autofree char *left = g_strconcat(fixture->path, ".new", NULL);
	g_autofree char *elsewhere =
		g_build_filename(fixture->dir, "elsewhere", NULL);

	(void)data;
	write_file(fixture, "before\n", 0640);
	g_assert_true(g_file_set_contents(elsewhere, "kept\n", -1, NULL));
	g_assert_cmpint(symlink(elsewhere, left), ==, 0);
	g_assert_true(pli_file_edit(fixture->path, FALSE, append,
				    (gpointer) "after\n", NULL));
	check_file(fixture, "before\nafter\n", 0640);
	g_assert_cmpuint(fixture_file_size(fixture->dir, "elsewhere"), ==, 5);
	g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
}

static void
test_link(Fixture *fixture, gconstpointer data)
{
	g_autofree char *link = g_build_filename(fixture->dir, "link", NULL);

	(void)data;
	write_file(fixture, "before\n", 0640);
	g_assert_cmpint(symlink("file", link), ==, 0);
	g_assert_true(pli_file_edit(link, FALSE, append, (gpointer) "after\n",
				    NULL));
	check_file(fixture, "before\nafter\n", 0640);
	g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
}

static void
test_full(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	rlim_t before;

	(void)data;
	write_file(fixture, "before\n", 0640);
	before = fixture_limit_files(8);
	g_assert_false(pli_file_edit(fixture->path, FALSE, append,
				     (gpointer) "after\n", &error));
	fixture_limit_files(before);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED);
	check_file(fixture, "before\n", 0640);
	g_assert_cmpuint(fixture_count_files(fixture->dir), ==, 2);
}

/* As a user who may write to the folder, but give nothing to others; leaves. */
static void
edit_as_other(const Fixture *fixture)
{
	GError *error = NULL;

	if (setegid(65534) < 0 || seteuid(65534) < 0)
		_exit(2);
	if (pli_file_edit(fixture->path, FALSE, append, (gpointer) "after\n",
			  &error))
		_exit(3);
	_exit(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PERM) ? 0 : 4);
}

static void
test_owner(Fixture *fixture, gconstpointer data)
{
	g_autofree char *lock = g_strconcat(fixture->path, ".lock", NULL);
	struct stat st;
	int status;
	pid_t pid;

	(void)data;
	if (geteuid() != 0) {
		g_test_skip("only root gives files to others");
		return;
	}
	write_file(fixture, "before\n", 0644);
	g_assert_cmpint(chown(fixture->path, 1234, 1235), ==, 0);
	g_assert_true(pli_file_edit(fixture->path, FALSE, append,
				    (gpointer) "root\n", NULL));
	check_file(fixture, "before\nroot\n", 0644);
	g_assert_cmpint(stat(fixture->path, &st), ==, 0);
	g_assert_cmpuint(st.st_uid, ==, 1234);
	g_assert_cmpuint(st.st_gid, ==, 1235);
	g_assert_cmpint(g_chmod(fixture->dir, 0777), ==, 0);
	g_unlink(lock);
	pid = fork();
	if (pid == 0)
		edit_as_other(fixture);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
	check_file(fixture, "before\nroot\n", 0644);
}

static gboolean
is_line_of(const char *line, const char *name)
{
	return g_str_has_prefix(line, name);
}

static void
test_line(void)
{
	static const struct {
		const char *text, *line, *expected;
	} rows[] = {
		{"", "b=1\n", "b=1\n"},
		{"a=1", "b=1\n", "a=1\nb=1\n"},
		{"a=1\nb=1\nc=1\n", "b=2\n", "a=1\nb=2\nc=1\n"},
		{"a=1\nb=1\nc=1", "", "a=1\nc=1\n"},
		{"b=1", "", ""},
		{"\n\n# b\r\n", "b=1\n", "\n\n# b\r\nb=1\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = pli_file_edit_replace_line(
			rows[i].text, is_line_of, "b=", rows[i].line);

		g_assert_cmpstr(got, ==, rows[i].expected);
	}
}

#define ADD(name, func) \
	g_test_add("/store/file-edit/" name, Fixture, NULL, set_up, func, \
		   tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("make", test_make);
	ADD("none", test_none);
	ADD("refused", test_refused);
	ADD("left", test_left);
	ADD("link", test_link);
	ADD("full", test_full);
	ADD("owner", test_owner);
	g_test_add_func("/store/file-edit/line", test_line);
	return g_test_run();
}
