/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/view.h"

static PliSource *
new_source(const char *octets, gsize len)
{
	g_autoptr(GBytes) bytes = g_bytes_new(octets, len);

	return pli_source_new_bytes(bytes);
}

/* All octets of a source, at most `max` at once. */
static GByteArray *
read_all(PliSource *source, gsize max)
{
	GByteArray *all = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	PliSlice octets;

	for (;;) {
		PliStep step = pli_source_read_at(source, all->len, max,
		                                  &octets, &error);

		g_assert_cmpint(step, ==, PLI_STEP_READY);
		if (octets.len == 0)
			break;
		g_assert_cmpuint(octets.len, <=, max);
		g_byte_array_append(all, octets.data, octets.len);
	}
	return all;
}

static void
check_octets(PliSource *source, const char *want, gsize len)
{
	for (gsize max = 1; max < 40; max += 13) {
		g_autoptr(GByteArray) got = read_all(source, max);
		g_autoptr(GError) error = NULL;
		PliSlice last;

		g_assert_cmpmem(got->data, got->len, want, len);
		/* back to the middle, which starts it over */
		g_assert_cmpint(pli_source_read_at(source, len / 2, 1, &last,
		                                   &error),
		                ==, PLI_STEP_READY);
		g_assert_cmpmem(last.data, last.len, want + len / 2,
		                len / 2 < len ? 1 : 0);
	}
}

#define CHECK(kind, boundary, in, want)                                        \
	check_changed(kind, boundary, in, sizeof(in) - 1, want,                \
	              sizeof(want) - 1)

static void
check_changed(PliViewKind kind, const char *boundary, const char *in, gsize len,
              const char *want, gsize want_len)
{
	PliViewMeter *meter = pli_view_meter_new();
	g_autoptr(PliSource) base = new_source(in, len);
	const PliSpan all = {0, 0, PLI_VIEW_REST};
	g_autoptr(PliSource) view = pli_view_new_changed(
	        base, all, kind, pli_slice_from_string(boundary), meter);

	g_test_message("kind %d", kind);
	check_octets(view, want, want_len);
	g_assert_cmpuint(meter->octets, >=, 2 * len);
	pli_view_meter_unref(meter);
}

static void
test_lines(void)
{
	CHECK(PLI_VIEW_CR_ENDS_LINE, "", "a\rb\r\nc\r\r\nd\r",
	      "a\r\nb\r\nc\r\n\r\nd\r\n");
	CHECK(PLI_VIEW_CR_DROPPED, "", "a\rb\r\nc\r\r\nd\r", "ab\r\nc\r\nd");
	CHECK(PLI_VIEW_LF_IS_BLANK, "", "a\nb\r\n\nc", "a b\r\n c");
	CHECK(PLI_VIEW_NUL_DROPPED, "", "a\0b\0\r\n", "ab\r\n");
	CHECK(PLI_VIEW_NUL_ENDS_LINE, "", "a\0b\r\nc\0d\ne\0f",
	      "a\r\nc\ne");
}

static void
test_base64(void)
{
	CHECK(PLI_VIEW_TO_PADDING, "", "QUI=QUI=", "QUI");
	CHECK(PLI_VIEW_NO_PADDING, "", "QUI=\r\nQ!=", "QUI\r\nQ!");
	CHECK(PLI_VIEW_TO_JUNK, "", "QUI=\r\nQUI=-- QUI=", "QUI=\r\nQUI=");
	CHECK(PLI_VIEW_URL_ALPHABET, "", "Q-_=\r\n+/", "Q+/=\r\n+/");
}

/* What is an escape or a soft line break stays, whatever the piece it is in. */
static void
test_escapes(void)
{
	static const char blanks[] =
	        "=                                                            "
	        "    x=";

	CHECK(PLI_VIEW_NO_ODD_ESCAPE, "",
	      "a=3db=\r\nc= \t\r\nd=\ne=4x=zz==41=\rf= g=\r\r\n=",
	      "a=3db=\r\nc= \t\r\nd=\ne4xzz=41\rf g\r\r\n=");
	check_changed(PLI_VIEW_NO_ODD_ESCAPE, "", blanks, strlen(blanks),
	              blanks + 1, strlen(blanks) - 1);
	CHECK(PLI_VIEW_NO_ODD_ESCAPE, "", "x=4", "x4");
	CHECK(PLI_VIEW_TO_ODD_ESCAPE, "", "a=3db=\r\nc=zd=41", "a=3db=\r\nc");
	CHECK(PLI_VIEW_TO_ODD_ESCAPE, "", "x=4", "x");
	CHECK(PLI_VIEW_BLANKS_STAY, "", "a b \t\r\nc= \n \r\n \td\t",
	      "a b =09\r\nc==20\n=20\r\n \td=09");
}

static void
test_boundary(void)
{
	CHECK(PLI_VIEW_BOUNDARY_PREFIX, "ab",
	      "--abc\r\n--a\r\n--ab junk\n--ab--more\r\n--ab-\r\nx--abc\n--ab",
	      "--ab\r\n--a\r\n--ab\n--ab--\r\n--ab\r\nx--abc\n--ab");
	CHECK(PLI_VIEW_EMPTY_BOUNDARY, "", "-\n--\n--x\n----\n a--\n",
	      "-\n--=_\n--=_\n--=_--\n a--\n");
}

static void
test_decoded(void)
{
	PliViewMeter *meter = pli_view_meter_new();
	g_autoptr(PliSource) base = new_source("xxaGVsbG8gd29y\r\nbGQ=xx", 22);
	const PliSpan span = {0, 2, 18};
	g_autoptr(PliSource) view = pli_view_new_decoded(
	        base, span, PLI_ENCODING_BASE64, meter);

	g_assert_cmpuint(pli_source_get_length(view), ==, G_MAXUINT64);
	check_octets(view, "hello world", 11);
	pli_view_meter_unref(meter);
}

/* Longer than any buffer, and back to the front again. */
static void
test_long(void)
{
	PliViewMeter *meter = pli_view_meter_new();
	const gsize n = 100000;
	g_autofree char *in = g_malloc(n);
	g_autoptr(PliSource) base = NULL, view = NULL;
	const PliSpan all = {0, 0, PLI_VIEW_REST};

	memset(in, 'x', n);
	in[n - 2] = '\r';
	base = new_source(in, n);
	view = pli_view_new_changed(base, all, PLI_VIEW_CR_ENDS_LINE,
	                            PLI_SLICE_NONE, meter);
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GByteArray) got = read_all(view, 5000);

		g_assert_cmpuint(got->len, ==, n + 1);
		g_assert_cmpmem(got->data + n - 3, 4, "x\r\nx", 4);
	}
	g_assert_cmpuint(meter->octets, ==, 2 * n);
	pli_view_meter_unref(meter);
}

static void
test_joined(void)
{
	g_autoptr(PliSource) base = new_source("abcdef", 6);
	g_autoptr(GBytes) text = g_bytes_new_static("--", 2);
	g_autoptr(PliSource) view = pli_view_new_joined(
	        base, (PliSpan){0, 0, 2}, text, base, (PliSpan){0, 3, 2});
	g_autoptr(PliSource) rest =
	        pli_view_new_joined(base, (PliSpan){0, 0, 0}, NULL, base,
	                            (PliSpan){0, 4, PLI_VIEW_REST});

	g_assert_cmpuint(pli_source_get_length(view), ==, 6);
	check_octets(view, "ab--de", 6);
	check_octets(rest, "ef", 2);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/view/lines", test_lines);
	g_test_add_func("/engine/view/base64", test_base64);
	g_test_add_func("/engine/view/escapes", test_escapes);
	g_test_add_func("/engine/view/boundary", test_boundary);
	g_test_add_func("/engine/view/decoded", test_decoded);
	g_test_add_func("/engine/view/long", test_long);
	g_test_add_func("/engine/view/joined", test_joined);
	return g_test_run();
}
