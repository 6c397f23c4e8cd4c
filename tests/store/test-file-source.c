/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/file-source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
make_file(gsize length)
{
	g_autofree guint8 *octets = g_malloc(length + 1);
	char *path = NULL;
	int fd = g_file_open_tmp("pli-source-XXXXXX", &path, NULL);
	gsize i;

	for (i = 0; i < length; i++)
		octets[i] = (guint8)(i * 7 + i / 251);
	g_assert_cmpint(write(fd, octets, length), ==, (gssize)length);
	close(fd);
	return path;
}

static guint8
octet_at(guint64 i)
{
	return (guint8)(i * 7 + i / 251);
}

static void
check_at(PliSource *source, guint64 offset, guint64 file_offset)
{
	PliSlice got;
	gsize i;

	g_assert_true(pli_source_read_at(source, offset, 1000, &got, NULL) ==
		      PLI_STEP_READY);
	g_assert_cmpuint(got.len, >, 0);
	g_assert_cmpuint(got.len, <=, 1000);
	for (i = 0; i < got.len; i++)
		g_assert_cmpuint(got.data[i], ==, octet_at(file_offset + i));
}

static void
test_read(void)
{
	g_autofree char *path = make_file(200000);
	g_autoptr(GError) error = NULL;
	g_autoptr(PliSource) source = pli_file_source_open(path, &error);
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	PliSlice got;
	guint64 at, start;

	g_assert_no_error(error);
	g_assert_cmpuint(pli_source_get_length(source), ==, 200000);
	g_assert_cmpint(pli_source_get_fd(source, &start), >=, 0);
	g_assert_cmpuint(start, ==, 0);
	for (at = 0; at < 500; at++) {
		guint64 offset = (guint64)g_rand_int_range(rand, 0, 200000);

		check_at(source, offset, offset);
	}
	for (at = 0; at < 200000; at += got.len) {
		g_assert_true(pli_source_read_at(source, at, 70000, &got,
						 NULL) == PLI_STEP_READY);
		g_assert_cmpuint(got.len, >, 0);
		g_assert_cmpuint(got.data[0], ==, octet_at(at));
	}
	g_assert_true(pli_source_read_at(source, 200000, 10, &got, NULL) ==
		      PLI_STEP_READY);
	g_assert_cmpuint(got.len, ==, 0);
	unlink(path);
}

static void
test_range(void)
{
	g_autofree char *path = make_file(1000);
	g_autoptr(PliSource) range =
		pli_file_source_new(open(path, O_RDONLY), 300, 500, NULL);
	g_autoptr(PliSource) over =
		pli_file_source_new(open(path, O_RDONLY), 900, 500, NULL);
	guint64 start = 0;
	PliSlice got;

	g_assert_cmpuint(pli_source_get_length(range), ==, 500);
	g_assert_cmpuint(pli_source_get_length(over), ==, 100);
	g_assert_cmpint(pli_source_get_fd(range, &start), >=, 0);
	g_assert_cmpuint(start, ==, 300);
	check_at(range, 40, 340);
	g_assert_true(pli_source_read_at(range, 490, 100, &got, NULL) ==
		      PLI_STEP_READY);
	g_assert_cmpuint(got.len, ==, 10);
	unlink(path);
}

/* A file cut while it is read ends early and is no error. */
static void
test_shrinks(void)
{
	g_autofree char *path = make_file(100000);
	g_autoptr(PliSource) source = pli_file_source_open(path, NULL);
	PliSlice got;

	g_assert_cmpint(truncate(path, 10), ==, 0);
	g_assert_true(pli_source_read_at(source, 5, 100, &got, NULL) ==
		      PLI_STEP_READY);
	g_assert_cmpuint(got.len, ==, 5);
	g_assert_true(pli_source_read_at(source, 50000, 100, &got, NULL) ==
		      PLI_STEP_READY);
	g_assert_cmpuint(got.len, ==, 0);
	unlink(path);
}

static void
test_errors(void)
{
	g_autoptr(GError) missing = NULL;
	g_autoptr(GError) dir = NULL;
	g_autoptr(GError) fifo = NULL;
	g_autofree char *path = make_file(0);

	g_assert_null(pli_file_source_open("/nonexistent/x", &missing));
	g_assert_error(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT);
	g_assert_null(pli_file_source_open(g_get_tmp_dir(), &dir));
	g_assert_error(dir, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	unlink(path);
	g_assert_cmpint(mkfifo(path, 0600), ==, 0);
	g_assert_null(pli_file_source_open(path, &fifo));
	g_assert_error(fifo, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	unlink(path);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/file-source/read", test_read);
	g_test_add_func("/store/file-source/range", test_range);
	g_test_add_func("/store/file-source/shrinks", test_shrinks);
	g_test_add_func("/store/file-source/errors", test_errors);
	return g_test_run();
}
