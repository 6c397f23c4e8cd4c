/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernels read whole blocks, and the fast ways of reading a header look ahead:
 * never at what is not the message. Each message lies with its end, then with
 * its start, at a page that nobody may read, and gives at every level of
 * instructions what it gives without any, octet by octet. So does each piece of
 * one.
 */
#include "engine/cpu-priv.h"
#include "engine/parser.h"
#include "tests/lib/pen.h"

/* An octet at a time, so that nothing is found in blocks. */
static GBytes *
scan_slowly(PliSlice message)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;

	for (gsize i = 0; i < message.len; i++)
		pli_parser_scan(parser, pli_slice_new(message.data + i, 1));
	pli_parser_end_scan(parser, PLI_FINISH_COMPLETE);
	structure = pli_parser_steal_structure(parser);
	return g_bytes_ref(pli_structure_get_bytes(structure));
}

static void
check_at(const guint8 *at, gsize len, GBytes *want)
{
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_new(at, len), PLI_LINE_AS_IS, NULL);

	g_assert_true(g_bytes_equal(pli_structure_get_bytes(structure), want));
}

static void
check(const PliPen *pen, PliSlice message)
{
	g_autoptr(GBytes) want = NULL;

	g_assert_true(pli_cpu_set_level(PLI_CPU_PORTABLE));
	want = scan_slowly(message);
	for (gint level = PLI_CPU_PORTABLE; level < PLI_CPU_LEVELS; level++) {
		if (!pli_cpu_set_level(level))
			continue;
		memcpy(pen->end - message.len, message.data, message.len);
		check_at(pen->end - message.len, message.len, want);
		memcpy(pen->start, message.data, message.len);
		check_at(pen->start, message.len, want);
	}
	pli_cpu_set_level(pli_cpu_get_best());
}

static void
test_messages(void)
{
	g_autofree char *dir = g_test_build_filename(G_TEST_DIST, "tests",
	                                             "data", "mime", NULL);
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
	const char *name;
	guint n = 0;

	g_assert_nonnull(folder);
	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autofree char *octets = NULL;
		gsize len;
		PliPen pen;

		if (!g_str_has_suffix(name, ".eml"))
			continue;
		g_assert_true(
		        g_file_get_contents(path, &octets, &len, NULL));
		pen = pli_pen_make(len + 1);
		check(&pen, pli_slice_new(octets, len));
		pli_pen_clear(&pen);
		n++;
	}
	g_assert_cmpuint(n, >, 0);
}

/* Fields of every length, folded and not, the last of them with and without
 * anything behind it. */
static void
test_fields(void)
{
	static const char *const names[] = {"To", "X-A", "Content-Type",
	                                    "Subject", "References"};
	PliPen pen = pli_pen_make(8192);

	for (gsize len = 0; len < 700; len++) {
		g_autoptr(GString) text = g_string_new(NULL);

		for (guint i = 0; i < 3; i++) {
			const gsize start = text->len;

			g_string_append_printf(
			        text, "%s: ",
			        names[(len + i) % G_N_ELEMENTS(names)]);
			while (text->len - start < len)
				g_string_append_c(text,
				                  'a' + (text->len * 7) % 26);
			if (len % 3 == i)
				g_string_append(text, "\r\n\tb\xc3\xbc");
			g_string_append(text, "\r\n");
		}
		check(&pen, pli_slice_new((guint8 *)text->str, text->len));
		g_string_append(text, "\r\nbody\r\n");
		check(&pen, pli_slice_new((guint8 *)text->str, text->len));
	}
	pli_pen_clear(&pen);
}

/* Anything, of every length. */
static void
test_octets(void)
{
	static const char some[] = "\r\n\n\r-- :;=\"\t\0\xff"
	                           "abTo: ";
	g_autoptr(GRand) random = g_rand_new_with_seed(11);
	guint8 text[400];
	PliPen pen = pli_pen_make(sizeof text);

	for (guint i = 0; i < 4000; i++) {
		const gsize len = i % sizeof text;

		for (gsize k = 0; k < len; k++)
			text[k] = some[g_rand_int_range(
			        random, i % 2 ? 0 : 12, sizeof some - 1)];
		check(&pen, pli_slice_new(text, len));
	}
	pli_pen_clear(&pen);
}

/* The first piece is gone when the second one comes to where it was. */
static void
check_cut(const PliPen *pen, PliSlice message, gsize cut, GBytes *want)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	const PliSlice pieces[] = {pli_slice_new(message.data, cut),
	                           pli_slice_skip(message, cut)};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		const guint8 *at = pli_pen_put_last(pen, pieces[i].data,
		                                    pieces[i].len);

		pli_parser_scan(parser, pli_slice_new(at, pieces[i].len));
	}
	pli_parser_end_scan(parser, PLI_FINISH_COMPLETE);
	structure = pli_parser_steal_structure(parser);
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(structure), want));
}

/* So long that a kernel looks at its lines in several goes. */
#define LONG_HEADER 4200

static void
check_cuts(const PliPen *pen, PliSlice message)
{
	g_autoptr(GBytes) want = NULL;

	g_assert_true(pli_cpu_set_level(PLI_CPU_PORTABLE));
	want = scan_slowly(message);
	for (gint level = PLI_CPU_PORTABLE; level < PLI_CPU_LEVELS; level++) {
		if (!pli_cpu_set_level(level))
			continue;
		/* from one octet before whole blocks to two behind them */
		for (gsize at = 64; at < LONG_HEADER; at += 64)
			for (gsize cut = at - 1; cut <= at + 2; cut++)
				check_cut(pen, message, cut, want);
	}
	pli_cpu_set_level(pli_cpu_get_best());
}

/* Many short lines of one field, such that some end where a piece does, with
 * as many of them before as are looked at in one go. */
static void
test_short_lines(void)
{
	PliPen pen = pli_pen_make(LONG_HEADER + 64);

	for (guint i = 0; i < 2 * 5 * 7; i++) {
		const gboolean is_crlf = i % 2;
		const guint width = 1 + i / 2 % 5, shift = i / 10;
		g_autoptr(GString) text = g_string_new("To: ");

		if (shift >= width + 1 + is_crlf)
			continue;
		g_string_append_len(text, "abcdefg", shift);
		while (text->len < LONG_HEADER)
			g_string_append_printf(text, "%s %.*s",
			                       is_crlf ? "\r\n" : "\n",
			                       (int)width - 1, "abcd");
		g_string_append(text, "\r\n\r\nbody\r\n");
		check_cuts(&pen, pli_slice_new((guint8 *)text->str, text->len));
	}
	pli_pen_clear(&pen);
}

/* What one parser gives is what it gave with memory of its own, when it had
 * that of the last structure, which nobody else has. */
static void
test_again(void)
{
	const PliSlice messages[] = {
	        PLI_SLICE_LITERAL("From: a\r\nTo: b\r\n\r\nc\r\n"),
	        PLI_SLICE_LITERAL("Subject: d\r\nX: e\r\n\r\nf\r\n")};
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(GBytes) want = scan_slowly(messages[0]), bytes = NULL;
	g_autoptr(PliStructure) kept = NULL;

	for (guint i = 0; i < 6; i++) {
		PliStructure *structure;

		pli_parser_scan_whole(parser, messages[i % 2]);
		structure = pli_parser_steal_structure(parser);
		g_assert_cmpuint(pli_structure_get_n_fields(structure), ==, 2);
		if (bytes != NULL)
			g_assert_true(g_bytes_equal(bytes, want));
		if (i == 2)
			bytes = g_bytes_ref(pli_structure_get_bytes(structure));
		if (i == 4)
			kept = pli_structure_ref(structure);
		pli_parser_take_structure(parser, structure);
		pli_parser_reset(parser);
	}
	pli_parser_take_structure(parser, NULL);
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(kept), want));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/guard/messages", test_messages);
	g_test_add_func("/engine/guard/fields", test_fields);
	g_test_add_func("/engine/guard/octets", test_octets);
	g_test_add_func("/engine/guard/short-lines", test_short_lines);
	g_test_add_func("/engine/guard/again", test_again);
	return g_test_run();
}
