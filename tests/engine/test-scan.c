/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scan's kernels against a walk over single octets. What they look at ends
 * where nothing may be read. */
#include "engine/scan-priv.h"
#include "tests/lib/pen.h"

#define LONGEST 6000

static PliPen pen;

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

	text = pli_pen_put_last(&pen, text, len);
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
	            {0, 76, "\r\n-\r\n"}, {0, 254, "\r\n--"},
	            {0, 1, "\r\n"},     {2, 2, "\n-"},    {2, 3, "\n"}};
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

/* The same octet by octet; what is odd counts up to the last field's end. */
static void
find_fields(const guint8 *text, gsize len, PliScanFields *fields)
{
	PliScanFields f = {0};
	guint32 n_lines = 0;

	*fields = f;
	for (gsize i = 0; i < len && f.n <= PLI_SCAN_FIELDS; i++) {
		guint8 c = text[i], before = i > 0 ? text[i - 1] : 'a';
		gboolean at_start = before == '\n';

		if (at_start && c != ' ' && c != '\t') {
			f.at[f.n++] = (PliScanField){i, n_lines};
			*fields = f;
		}
		if (at_start && (c == '\r' || c == '\n' || c == '-'))
			break;
		f.odd |= c == 0 || c > 127 || (before == '\r' && c != '\n');
		n_lines += c == '\n';
		f.has_crlf |= c == '\n' && before == '\r';
		f.has_bare_lf |= c == '\n' && before != '\r';
		f.has_blank_ends |=
		        c == '\n' && i > 0 &&
		        pli_octet_is_wsp(before == '\r' && i > 1 ? text[i - 2]
		                                                 : before);
	}
}

/* Header-like text, whole or cut, with `odds` of a thousand octets odd. */
static gsize
make_header(guint8 *text, GRand *random, gint odds)
{
	static const char *const pieces[] = {
	        "From: a\r\n", "To: b\n",        "X: c d e\r\n\tfolded\r\n",
	        " \r\n",       "\t  \n",         "Subject: a subject\r\n",
	        "-x: y\r\n",   " folded again\n", "A:\r\n"};
	static const guint8 odd[] = {'\n', '\r', '-', 0, 0xff, ' '};
	gsize len = g_rand_int_range(random, 1, LONGEST), at = 0;

	while (at < len) {
		const char *piece = pieces[g_rand_int_range(
		        random, odds > 0 ? 0 : 1,
		        odds > 0 ? (gint)G_N_ELEMENTS(pieces) : 3)];
		gsize n = MIN(strlen(piece), len - at);

		memcpy(text + at, piece, n);
		at += n;
	}
	for (gsize i = 1; i < len && odds > 0; i++)
		if (g_rand_int_range(random, 0, 1000) < odds)
			text[i] = odd[g_rand_int_range(random, 0,
			                               sizeof odd)];
	return len;
}

static void
compare_fields(const PliScanFields *found, const PliScanFields *want, gsize len)
{
	/* it goes on to the end of some blocks */
	if (want->n <= PLI_SCAN_FIELDS)
		g_assert_cmpuint(found->n, ==, want->n);
	g_assert_cmpuint(found->n, >=, want->n);
	g_assert_cmpmem(found->at, want->n * sizeof *found->at, want->at,
	                want->n * sizeof *want->at);
	if (found->n == 0)
		return;
	g_assert_cmpuint(found->at[found->n - 1].end, <, len);
	if (want->n <= PLI_SCAN_FIELDS)
		g_assert_cmpint(found->odd, ==, want->odd);
	g_assert_true(found->has_crlf || !want->has_crlf);
	g_assert_true(found->has_bare_lf || !want->has_bare_lf);
	g_assert_true(found->has_blank_ends || !want->has_blank_ends);
}

static void
check_fields(const guint8 *text, gsize len)
{
	PliScanFields found, want;

	text = pli_pen_put_last(&pen, text, len);
	pli_scan_find_fields(text, text + len, &found);
	find_fields(text, len, &want);
	compare_fields(&found, &want, len);
}

static void
test_find_fields(void)
{
	g_autofree guint8 *text = g_malloc(LONGEST + 8);
	g_autoptr(GRand) random = g_rand_new_with_seed(8);

	for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
	     k <= PLI_SCAN_KERNEL_AVX512; k++) {
		if (!pli_scan_force_kernel(k))
			continue;
		for (gint i = 0; i < 3000; i++) {
			gsize len = make_header(text, random, i % 3 * 5);

			if (strchr(" \t\r\n", text[0]) == NULL)
				check_fields(text, len);
		}
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

/* More fields than are looked for in one go, and lines of one. */
static void
test_many_fields(void)
{
	static const char *const lines[] = {"a:\n", "a\n", "a:\r\n", "a:\n b\n",
	                                    "a:\r\n\tb\r\n\tc\r\n"};

	for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
	     k <= PLI_SCAN_KERNEL_AVX512; k++) {
		if (!pli_scan_force_kernel(k))
			continue;
		for (guint i = 0; i < 600 * G_N_ELEMENTS(lines); i++) {
			g_autoptr(GString) text = g_string_new(NULL);
			g_autofree guint8 *copy = NULL;

			for (guint n = i / G_N_ELEMENTS(lines); n > 0; n--)
				g_string_append(text,
				                lines[i % G_N_ELEMENTS(lines)]);
			g_string_append(text, i % 2 ? "x" : "x:");
			copy = g_memdup2(text->str, text->len);
			check_fields(copy, text->len);
		}
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

/* The same text at each level of instructions. */
static void
check_levels(const guint8 *text, gsize len)
{
	PliScanFields found, want;

	find_fields(text, len, &want);
	for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
	     k <= PLI_SCAN_KERNEL_AVX512; k++) {
		if (!pli_scan_force_kernel(k))
			continue;
		pli_scan_find_fields(text, text + len, &found);
		compare_fields(&found, &want, len);
	}
}

/* Lines of two octets to seven with their ends, one after the other, of which
 * one in `of` starts a field. */
static void
make_short_lines(guint8 *text, gsize len, guint width, guint of,
                 const char *eol)
{
	const gsize n_eol = strlen(eol);

	for (gsize at = 0, n = 0; at < len; n++) {
		for (guint i = 0; i < width && at < len; i++)
			text[at++] = i > 0 || n % of == 0 ? 'a' : ' ';
		for (gsize i = 0; i < n_eol && at < len; i++)
			text[at++] = eol[i];
	}
}

/* Each length, and then those around whole blocks. */
static gsize
get_next_length(gsize len)
{
	return len < 1200 || (len + 2) % 64 < 4 ? len + 1
	                                        : (len + 64) / 64 * 64 - 2;
}

/*
 * At each length, so that lines as many as are looked for in one go lie before
 * the end at some: the last one ends there, or an octet behind. What is not yet
 * there may be the fold of a field, so that nothing ends with it.
 */
static void
test_short_lines(void)
{
	static const char *const eols[] = {"\n", "\r\n"};
	static const guint ofs[] = {1, 3, LONGEST};
	g_autofree guint8 *text = g_malloc(LONGEST);

	for (guint i = 0; i < 5 * 2 * 3; i++) {
		const guint width = 1 + i % 5;
		const char *eol = eols[i / 5 % 2];
		const gsize period = width + strlen(eol);

		make_short_lines(text, LONGEST, width, ofs[i / 10], eol);
		for (gsize len = 1; len <= 4200;
		     len = get_next_length(len)) {
			/* from there on a line ends at `len` */
			const gsize from = period - len % period;
			guint8 *at = pen.end - len;

			memcpy(at, text + from, len);
			*at = 'a';
			check_levels(at, len);
			memcpy(at, text + from - 1, len);
			*at = 'a';
			check_levels(at, len);
		}
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

/* A plain header is known to be plain, whatever its body is like. */
static void
test_plain_header(void)
{
	static const char crlf[] = "From: a\r\nTo: b\r\n\tc\r\n\r\n\xff\r \n";
	static const char lf[] = "From: a\nTo: b\n\tc\n\n \n\xff\r\n";

	for (PliScanKernel k = PLI_SCAN_KERNEL_PORTABLE;
	     k <= PLI_SCAN_KERNEL_AVX512; k++) {
		PliScanFields f;

		if (!pli_scan_force_kernel(k))
			continue;
		pli_scan_find_fields((const guint8 *)crlf,
		                     (const guint8 *)crlf + strlen(crlf), &f);
		g_assert_cmpuint(f.n, ==, 2);
		g_assert_cmpuint(f.at[1].end, ==, 20);
		g_assert_cmpuint(f.at[1].lines, ==, 3);
		g_assert_false(f.odd || f.has_bare_lf);
		pli_scan_find_fields((const guint8 *)lf,
		                     (const guint8 *)lf + strlen(lf), &f);
		g_assert_cmpuint(f.n, ==, 2);
		g_assert_false(f.odd || f.has_crlf);
	}
	pli_scan_force_kernel(PLI_SCAN_KERNEL_BEST);
}

int
main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/scan/kernels", test_kernels);
	g_test_add_func("/engine/scan/find-fields", test_find_fields);
	g_test_add_func("/engine/scan/many-fields", test_many_fields);
	g_test_add_func("/engine/scan/short-lines", test_short_lines);
	g_test_add_func("/engine/scan/plain-header", test_plain_header);
	pen = pli_pen_make(LONGEST + 8);
	result = g_test_run();
	pli_pen_clear(&pen);
	return result;
}
