/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scan's kernels against a walk over single octets. */
#include "engine/scan-priv.h"

#define LONGEST 6000

static void
note(guint64 *first, guint64 at)
{
	if (*first == G_MAXUINT64)
		*first = at;
}

/* What a scan of one octet is, after the one before it. */
static void
count_octet(PliScan *scan, guint8 octet, guint64 at)
{
	if (scan->after_cr && octet != '\n') {
		scan->seen |= PLI_SCAN_BARE_CR;
		note(&scan->first_bare_cr, at - 1);
	}
	if (octet == 0) {
		scan->seen |= PLI_SCAN_NUL;
		note(&scan->first_nul, at);
	}
	if (octet > 127)
		scan->seen |= PLI_SCAN_8BIT;
	if (octet == '\n') {
		guint64 length = at - scan->line_start -
		                 (scan->after_cr ? 1 : 0);

		if (length > PLI_SCAN_LINE_OCTETS) {
			scan->seen |= PLI_SCAN_LONG_LINE;
			note(&scan->first_long_line, scan->line_start);
		}
		scan->lines++;
		if (!scan->after_cr) {
			scan->bare_lf++;
			note(&scan->first_bare_lf, at);
		}
		scan->line_start = at + 1;
	}
	scan->after_cr = octet == '\r';
}

static gsize
scan_octets(PliScan *scan, const guint8 *text, gsize len, gboolean stops)
{
	gsize i;

	pli_scan_init(scan);
	for (i = 0; i < len; i++) {
		if (stops && i > 0 && text[i - 1] == '\n' && i + 1 < len &&
		    text[i] == '-' && text[i + 1] == '-')
			break;
		count_octet(scan, text[i], i);
	}
	pli_scan_finish(scan, i);
	return i;
}

/* In pieces, as a long body is. */
static gsize
scan_pieces(PliScan *scan, const guint8 *text, gsize len, gboolean stops,
            GRand *random)
{
	PliScanMode mode = stops ? PLI_SCAN_TO_DASHES : PLI_SCAN_THROUGH;
	const guint8 *p = text, *end = text + len;

	pli_scan_init(scan);
	while (p < end) {
		gsize left = end - p;
		gsize n = left > 2 ? (gsize)g_rand_int_range(random, 2,
		                                             left + 1)
		                   : left;
		const guint8 *stop;

		if (n == left - 1)
			n = left;
		stop = pli_scan_run(scan, p, p + n, p - text, mode);
		p += n;
		if (stop != p) {
			p = stop;
			break;
		}
		mode = stops ? PLI_SCAN_ON : PLI_SCAN_THROUGH;
	}
	pli_scan_finish(scan, p - text);
	return p - text;
}

/* A dash that a piece before counted is one that stops nothing: only the
 * octets before it are sure to be counted once. */
static void
check(const guint8 *text, gsize len, gboolean stops, GRand *random)
{
	PliScan want, whole, pieces;
	const guint8 *end;
	gsize stop = scan_octets(&want, text, len, stops);

	pli_scan_init(&whole);
	end = pli_scan_run(&whole, text, text + len, 0,
	                   stops ? PLI_SCAN_TO_DASHES : PLI_SCAN_THROUGH);
	pli_scan_finish(&whole, end - text);
	g_assert_cmpuint(end - text, ==, stop);
	g_assert_cmpmem(&whole, sizeof whole, &want, sizeof want);
	g_assert_cmpuint(scan_pieces(&pieces, text, len, stops, random), ==,
	                 stop);
	g_assert_cmpmem(&pieces, sizeof pieces, &want, sizeof want);
}

/* Text in which `odds` of a thousand octets are odd. */
static gsize
make(guint8 *text, GRand *random, guint odds, guint line, const char *eol)
{
	static const guint8 odd[] = {'\n', '\r', '-', 0, 0xff, 'a'};
	gsize len = g_rand_int_range(random, 0, LONGEST), at = 0;

	for (gsize i = 0; i < len; i++, at++) {
		text[i] = 'a' + at % 26;
		if (at >= line) {
			at = 0;
			for (const char *e = eol; *e != '\0' && i < len; e++)
				text[i++] = *e;
			i--;
		} else if (g_rand_int_range(random, 0, 1000) < (gint)odds) {
			text[i] = odd[g_rand_int_range(random, 0,
			                               sizeof odd)];
		}
	}
	return len;
}

static void
test_kernels(void)
{
	static const struct {
		guint odds, line;
		const char *eol;
	} rows[] = {{0, 76, "\r\n"},     {0, 76, "\n"},    {1, 76, "\r\n"},
	            {1, 76, "\n"},       {20, 60, "\r\n"}, {1000, 60, "\n"},
	            {0, 2000, "\r\n"},   {0, 997, "\n"},   {0, 998, "\r\n"},
	            {0, 0, "\r\n"},      {0, 0, "\n"},     {0, 76, "\n--x\n"},
	            {0, 76, "\r\n-\r\n"}, {0, 254, "\r\n--"}};
	g_autofree guint8 *text = g_malloc(LONGEST + 8);
	g_autoptr(GRand) random = g_rand_new_with_seed(7);

	for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
	     k <= PLI_SCAN_KERNEL_AVX512; k++) {
		if (!pli_scan_force_kernel(k))
			continue;
		for (guint i = 0; i < 300 * G_N_ELEMENTS(rows); i++) {
			gsize row = i % G_N_ELEMENTS(rows);
			gsize len = make(text, random, rows[row].odds,
			                 rows[row].line, rows[row].eol);

			check(text, len, i % 2, random);
		}
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

/* Lines of a header, to the first empty one at least. */
static void
test_find_lines(void)
{
	static const char text[] = "From: a\r\nTo: b\n\tc\r\n\r\nbody\r\n";

	for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
	     k <= PLI_SCAN_KERNEL_AVX512; k++) {
		PliScanLines lines;

		if (!pli_scan_force_kernel(k))
			continue;
		pli_scan_find_lines((const guint8 *)text,
		                    (const guint8 *)text + strlen(text),
		                    &lines);
		g_assert_cmpuint(lines.n, >=, 4);
		g_assert_cmpuint(lines.at[0], ==, 8);
		g_assert_cmpuint(lines.at[1], ==, 14);
		g_assert_cmpuint(lines.at[2], ==, 18);
		g_assert_cmpuint(lines.at[3], ==, 20);
		g_assert_false(lines.odd);
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/scan/kernels", test_kernels);
	g_test_add_func("/engine/scan/find-lines", test_find_lines);
	return g_test_run();
}
