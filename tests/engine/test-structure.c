/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/structure.h"

#include "engine/parser.h"
#include "engine/structure-priv.h"
#include "tests/lib/corpus.h"
#include "tests/lib/transcribe.h"

#define N_FLIPPED 20

static PliStructure *
parse_file(const char *path)
{
	g_autofree char *octets = NULL;
	gsize len;

	g_assert_true(g_file_get_contents(path, &octets, &len, NULL));
	return pli_parser_parse(pli_slice_new(octets, len), PLI_LINE_AS_IS,
	                        NULL);
}

/* Written, read back where no number is aligned: the same answers. */
static void
test_unaligned(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	for (guint i = 0; i < files->len; i++) {
		g_autoptr(PliStructure) structure = parse_file(files->pdata[i]);
		g_autofree char *want = pli_transcribe_tree(structure);
		gsize len;
		const guint8 *data = g_bytes_get_data(
		        pli_structure_get_bytes(structure), &len);

		for (gsize shift = 0; shift < 8; shift++) {
			g_autofree guint8 *copy = g_malloc(len + shift);
			g_autoptr(GBytes) bytes = NULL;
			g_autoptr(PliStructure) opened = NULL;
			g_autofree char *have = NULL;
			g_autoptr(GError) error = NULL;

			memcpy(copy + shift, data, len);
			bytes = g_bytes_new_static(copy + shift, len);
			opened = pli_structure_open(bytes, &error);
			g_assert_no_error(error);
			have = pli_transcribe_tree(opened);
			g_assert_cmpstr(have, ==, want);
		}
	}
}

/* Any octet changed in any way: a clean refusal. */
static void
test_flipped(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	g_assert_cmpuint(files->len, >=, N_FLIPPED);
	for (guint i = 0; i < N_FLIPPED; i++) {
		g_autoptr(PliStructure) structure = parse_file(files->pdata[i]);
		gsize len;
		gconstpointer data = g_bytes_get_data(
		        pli_structure_get_bytes(structure), &len);
		g_autofree guint8 *copy = g_memdup2(data, len);

		for (gsize at = 0; at < len; at++) {
			for (guint bit = 0; bit < 9; bit++) {
				guint8 mask = bit == 8 ? 0xff : 1u << bit;
				g_autoptr(GBytes) bytes =
				        g_bytes_new_static(copy, len);
				g_autoptr(GError) error = NULL;

				copy[at] ^= mask;
				g_assert_null(
					pli_structure_open(bytes, &error));
				g_assert_error(error, G_FILE_ERROR,
				               G_FILE_ERROR_INVAL);
				copy[at] ^= mask;
			}
		}
	}
}

static void
test_cut_off(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();
	g_autoptr(PliStructure) structure = parse_file(files->pdata[0]);
	GBytes *bytes = pli_structure_get_bytes(structure);

	for (gsize len = 0; len < g_bytes_get_size(bytes); len++) {
		g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, len);
		g_autoptr(GError) error = NULL;

		g_assert_null(pli_structure_open(part, &error));
		g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	}
}

/* What open() says of a structure that is right in all but its layout. */
static char *
refuse_layout(guint16 layout)
{
	static const char message[] = "Subject: x\r\n\r\nbody\r\n";
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) opened = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) error = NULL;
	gsize len;
	gconstpointer data =
	        g_bytes_get_data(pli_structure_get_bytes(structure), &len);
	guint8 *copy = g_memdup2(data, len);

	pli_store16(copy + PLI_HEAD_LAYOUT, layout);
	pli_store64(copy + PLI_HEAD_CHECKSUM,
	            pli_structure_compute_checksum(copy, len));
	bytes = g_bytes_new_take(copy, len);
	opened = pli_structure_open(bytes, &error);
	if (opened != NULL)
		return NULL;
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
	return g_strdup(error->message);
}

/* Of any age but this program's: refused, and the reason is said. */
static void
test_layouts(void)
{
	static const char before[] = "The stored structure cannot be used: ";
	static const struct {
		guint16 layout;
		const char *why; /* NULL: it opens */
	} rows[] = {
	        {PLI_STRUCTURE_LAYOUT, NULL},
	        {0, "its layout is older than any release"},
	        {1, "its layout is older than any release"},
	        {PLI_STRUCTURE_LAYOUT_FIRST - 1,
	         "its layout is older than any release"},
	        {PLI_STRUCTURE_LAYOUT + 1,
	         "its layout is newer than this program"},
	        {G_MAXUINT16, "its layout is newer than this program"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *said = refuse_layout(rows[i].layout);
		g_autofree char *want =
		        rows[i].why == NULL
		                ? NULL
		                : g_strconcat(before, rows[i].why, NULL);

		g_assert_cmpstr(said, ==, want);
	}
}

static void
test_params(void)
{
	static const char message[] =
	        "Content-Type: Text/HTML; Charset=\"UTF-8\"; x=y\r\n\r\n";
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	PliSlice value;
	PliPart part;

	pli_structure_get_part(structure, 0, &part);
	g_assert_true(pli_structure_is_type(structure, &part, "text", "html"));
	g_assert_true(pli_structure_find_param(
	        structure, &part, PLI_ITEM_TYPE_PARAM, "charset", &value));
	g_assert_cmpmem(value.data, value.len, "UTF-8", 5);
	g_assert_false(pli_structure_find_param(
	        structure, &part, PLI_ITEM_TYPE_PARAM, "name", &value));
}

static gpointer
ref_bytes(gpointer structure)
{
	return g_bytes_ref(pli_structure_get_bytes(structure));
}

/* The stored form is made when it is asked for, once, whoever asks, and is
 * there as long as somebody has it. */
static void
test_bytes(void)
{
	PliStructure *structure =
	        pli_parser_parse(PLI_SLICE_LITERAL("a: b\n\nc\n"),
	                         PLI_LINE_AS_IS, NULL);
	g_autofree char *want = pli_transcribe_tree(structure);
	g_autofree char *have = NULL;
	g_autoptr(PliStructure) opened = NULL;
	GThread *threads[8];
	GBytes *bytes = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("bytes", ref_bytes, structure);
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
		GBytes *theirs = g_thread_join(threads[i]);

		g_assert_true(bytes == NULL || bytes == theirs);
		if (bytes != NULL)
			g_bytes_unref(theirs);
		bytes = theirs;
	}
	pli_structure_unref(structure);
	opened = pli_structure_open(bytes, NULL);
	g_bytes_unref(bytes);
	g_assert_nonnull(opened);
	have = pli_transcribe_tree(opened);
	g_assert_cmpstr(have, ==, want);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/structure/unaligned", test_unaligned);
	g_test_add_func("/engine/structure/flipped", test_flipped);
	g_test_add_func("/engine/structure/cut-off", test_cut_off);
	g_test_add_func("/engine/structure/layouts", test_layouts);
	g_test_add_func("/engine/structure/params", test_params);
	g_test_add_func("/engine/structure/bytes", test_bytes);
	return g_test_run();
}
