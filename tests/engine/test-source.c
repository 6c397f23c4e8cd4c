/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/source.h"

static PliSource *
letters(void)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static("abcdefgh", 8);

	return pli_source_new_bytes(bytes);
}

static void
test_read_at(void)
{
	g_autoptr(PliSource) source = letters();
	g_autoptr(GError) error = NULL;
	PliSlice octets;
	guint64 start;

	g_assert_cmpuint(pli_source_get_length(source), ==, 8);
	g_assert_cmpint(pli_source_get_fd(source, &start), ==, -1);
	g_assert_cmpint(pli_source_read_at(source, 2, 3, &octets, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpmem(octets.data, octets.len, "cde", 3);
	g_assert_cmpint(pli_source_read_at(source, 6, 30, &octets, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpmem(octets.data, octets.len, "gh", 2);
	g_assert_cmpint(pli_source_read_at(source, 8, 1, &octets, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpuint(octets.len, ==, 0);
	g_assert_cmpint(
		pli_source_read_at(source, G_MAXUINT64, 1, &octets, &error), ==,
		PLI_STEP_READY);
	g_assert_cmpuint(octets.len, ==, 0);
}

static void
test_read(void)
{
	g_autoptr(PliSource) source = letters();
	g_autoptr(GByteArray) buf = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(pli_source_read(source, 1, 3, buf, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpint(pli_source_read(source, 8, 0, buf, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpint(pli_source_read(source, 6, 2, buf, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpmem(buf->data, buf->len, "bcdgh", 5);
}

static void
test_read_past_end(void)
{
	g_autoptr(PliSource) source = letters();
	g_autoptr(GByteArray) buf = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	g_byte_array_append(buf, (const guint8 *)"x", 1);
	g_assert_cmpint(pli_source_read(source, 6, 3, buf, &error), ==,
			PLI_STEP_FAIL);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_IO);
	g_assert_cmpmem(buf->data, buf->len, "x", 1);
	g_clear_error(&error);
	g_assert_cmpint(pli_source_read(source, 0, G_MAXUINT64, buf, &error),
			==, PLI_STEP_FAIL);
	g_assert_nonnull(error);
	g_assert_cmpmem(buf->data, buf->len, "x", 1);
}

/* A source that gives one octet at a time, and from the fifth on says WANT. */
static PliStep
slow_read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
	     GError **error)
{
	if (offset >= 4)
		return PLI_STEP_WANT;
	*ret_octets = pli_slice_new("wxyz" + offset, 1);
	return PLI_STEP_READY;
}

static void
test_read_slowly(void)
{
	static const PliSourceClass klass = {.read_at = slow_read_at};
	PliSource source;
	g_autoptr(GByteArray) buf = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	pli_source_init(&source, &klass);
	g_assert_cmpint(pli_source_read(&source, 1, 3, buf, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpmem(buf->data, buf->len, "xyz", 3);
	g_assert_cmpint(pli_source_read(&source, 2, 3, buf, &error), ==,
			PLI_STEP_WANT);
	g_assert_cmpmem(buf->data, buf->len, "xyz", 3);
	g_assert_no_error(error);
}

static void
test_reference(void)
{
	GBytes *bytes = g_bytes_new("abc", 3);
	PliSource *source = pli_source_new_bytes(bytes);
	g_autoptr(PliSource) second = pli_source_ref(source);
	g_autoptr(GError) error = NULL;
	PliSlice octets;

	g_bytes_unref(bytes);
	pli_source_unref(source);
	g_assert_cmpint(pli_source_read_at(second, 0, 3, &octets, &error), ==,
			PLI_STEP_READY);
	g_assert_cmpmem(octets.data, octets.len, "abc", 3);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/source/read-at", test_read_at);
	g_test_add_func("/engine/source/read", test_read);
	g_test_add_func("/engine/source/read-past-end", test_read_past_end);
	g_test_add_func("/engine/source/read-slowly", test_read_slowly);
	g_test_add_func("/engine/source/reference", test_reference);
	return g_test_run();
}
