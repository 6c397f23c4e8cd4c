/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/line-end.h"

typedef struct {
	const char *given;
	const char *crlf;
	const char *lf;
} Row;

static const Row rows[] = {
	{"", "", ""},
	{"\n", "\r\n", "\n"},
	{"\r\n", "\r\n", "\n"},
	{"\r", "\r", "\r"},
	{"\r\r\n", "\r\r\n", "\r\n"},
	{"\n\r", "\r\n\r", "\n\r"},
	{"a\nb\r\nc\rd", "a\r\nb\r\nc\rd", "a\nb\nc\rd"},
	{"\r\r\r", "\r\r\r", "\r\r\r"},
	{"\n\n\r\n\n", "\r\n\r\n\r\n\r\n", "\n\n\n\n"},
};

typedef gsize (*Feed)(PliLineEnd *state, PliSlice in, guint8 *out);

/* Fed in two pieces and octet by octet, for every cut. */
static void
check_cut(Feed feed, const char *given, gsize cut, const char *expected)
{
	PliSlice all = pli_slice_from_string(given);
	PliSlice head = {all.data, cut};
	PliLineEnd state = {FALSE};
	guint8 out[64];
	gsize n;

	g_assert_cmpuint(PLI_LINE_END_BOUND(all.len) + 1, <=, sizeof out);
	n = feed(&state, head, out);
	n += feed(&state, pli_slice_skip(all, cut), out + n);
	if (feed == pli_line_end_feed_lf)
		n += pli_line_end_finish_lf(&state, out + n);
	g_assert_cmpmem(out, n, expected, strlen(expected));
}

static void
check_octets(Feed feed, const char *given, const char *expected)
{
	PliLineEnd state = {FALSE};
	guint8 out[64];
	gsize n = 0;

	for (const char *p = given; *p != '\0'; p++)
		n += feed(&state, pli_slice_new(p, 1), out + n);
	if (feed == pli_line_end_feed_lf)
		n += pli_line_end_finish_lf(&state, out + n);
	g_assert_cmpmem(out, n, expected, strlen(expected));
}

static void
test_every_cut(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const Row *row = &rows[i];

		for (gsize cut = 0; cut <= strlen(row->given); cut++) {
			check_cut(pli_line_end_feed_crlf, row->given, cut,
				  row->crlf);
			check_cut(pli_line_end_feed_lf, row->given, cut,
				  row->lf);
		}
		check_octets(pli_line_end_feed_crlf, row->given, row->crlf);
		check_octets(pli_line_end_feed_lf, row->given, row->lf);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/line-end/every-cut", test_every_cut);
	return g_test_run();
}
