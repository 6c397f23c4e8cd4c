/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must hold of any message, held over the shared corpus: the same answer
 * at every cut, derived structures equal to scanned ones, stored structures
 * that open again. PLI_TEST_LONG=1 tries every two-way cut.
 */
#include "engine/bodystructure.h"
#include "engine/derive.h"
#include "engine/parser.h"
#include "tests/lib/corpus.h"
#include "tests/lib/split.h"
#include "tests/lib/transcribe.h"

#define SMALL_OCTETS (16 * 1024)
#define CUTS_IN_SHORT 40
#define RANDOM_ROUNDS 200

typedef void (*Check)(const char *name, PliSlice message);

static void
check_all(Check check)
{
	g_autoptr(GPtrArray) files = pli_corpus_list("");

	for (guint i = 0; files != NULL && i < files->len; i++) {
		g_autofree char *octets = NULL;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		check(files->pdata[i], pli_slice_new(octets, len));
	}
}

static void
check_cuts(const char *name, PliSlice message)
{
	gboolean is_long = g_getenv("PLI_TEST_LONG") != NULL;
	gpointer mode = GINT_TO_POINTER(PLI_LINE_LF_FILE);

	gboolean is_small = message.len <= SMALL_OCTETS;
	gsize n_cuts = is_small ? CUTS_IN_SHORT : 1;

	if (is_long && is_small)
		n_cuts = G_MAXSIZE;
	pli_split_check(name, message, n_cuts, pli_transcribe, mode);
	if (is_long || !is_small)
		pli_split_check_random(name, message, is_small ? 256 : 4096,
		                       is_long ? RANDOM_ROUNDS : 4, 1,
		                       pli_transcribe, mode);
}

static void
test_cuts(void)
{
	check_all(check_cuts);
}

static const char *const trace_fields[] = {
        "Return-Path: <ada@example.org>\r\n",
        "Received: from a.example (a.example [192.0.2.1])\r\n"
        "\tby b.example with ESMTP id 1;\r\n"
        "\tMon, 23 Nov 2026 07:36:44 +0000\r\n",
        "X-Note: gr\xc3\xbc\xc3\x9f\r\n dich\r\n",
        "Delivered-To: ada\r\n",
        "X-Empty:\r\n",
};

static void
check_derive(const char *name, PliSlice message)
{
	g_autoptr(GByteArray) edited = g_byte_array_new();

	for (guint n = 1; n <= G_N_ELEMENTS(trace_fields); n++) {
		g_autoptr(GString) fields = g_string_new(NULL);
		PliLineMode mode = n % 2 ? PLI_LINE_LF_FILE : PLI_LINE_AS_IS;
		g_autoptr(PliStructure) before =
		        pli_parser_parse(message, mode, NULL);
		g_autoptr(PliStructure) derived = NULL, scanned = NULL;
		g_autoptr(GError) error = NULL;

		for (guint i = 0; i < n; i++)
			g_string_append(fields, trace_fields[i]);
		derived = pli_derive_prepend(
		        before, pli_slice_new(fields->str, fields->len), NULL,
		        &error);
		g_assert_no_error(error);
		g_byte_array_set_size(edited, 0);
		g_byte_array_append(edited, (guint8 *)fields->str, fields->len);
		g_byte_array_append(edited, message.data, message.len);
		scanned = pli_parser_parse(
		        pli_slice_new(edited->data, edited->len), mode, NULL);
		if (!g_bytes_equal(pli_structure_get_bytes(derived),
		                   pli_structure_get_bytes(scanned)))
			g_error("%s: %u fields derive differently", name, n);
	}
}

static void
test_derive(void)
{
	check_all(check_derive);
}

static void
check_stored(const char *name, PliSlice message)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);
	g_autoptr(PliStructure) opened = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *a = NULL, *b = NULL;
	g_auto(PliBuf) x = {0}, y = {0};

	opened = pli_structure_open(pli_structure_get_bytes(structure), &error);
	g_assert_no_error(error);
	a = pli_transcribe_tree(structure);
	b = pli_transcribe_tree(opened);
	g_assert_cmpstr(a, ==, b);
	pli_buf_init(&x, G_MAXSIZE / 2);
	pli_buf_init(&y, G_MAXSIZE / 2);
	g_assert_true(pli_bodystructure_format(structure, TRUE, &x));
	g_assert_true(pli_bodystructure_format(opened, TRUE, &y));
	g_assert_cmpmem(x.data, x.len, y.data, y.len);
	for (gsize i = 0; i < x.len; i++)
		g_assert_true(x.data[i] > 0 && x.data[i] < 128 &&
		              x.data[i] != '\r' && x.data[i] != '\n');
}

static void
test_stored(void)
{
	check_all(check_stored);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/corpus/cuts", test_cuts);
	g_test_add_func("/engine/corpus/derive", test_derive);
	g_test_add_func("/engine/corpus/stored", test_stored);
	return g_test_run();
}
