/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every message of tests/data/mime against the tree beside it, at every cut.
 * PLI_GOLDEN_WRITE=1 writes the trees anew: read the diff before committing.
 */
#include "engine/bodystructure.h"
#include "engine/envelope.h"
#include "engine/parser.h"
#include "tests/lib/split.h"
#include "tests/lib/transcribe.h"

static char *
describe(PliSlice message)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_AS_IS, NULL);
	g_autofree char *tree = pli_transcribe_tree(structure);
	g_autofree char *envelope = NULL, *body = NULL;
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, 1 << 20);
	g_assert_true(pli_envelope_format(structure, 0, &buf));
	envelope = pli_buf_steal_string(&buf);
	g_assert_true(pli_bodystructure_format(structure, TRUE, &buf));
	body = pli_buf_steal_string(&buf);
	return g_strdup_printf("%s%s\n%s\n", tree, envelope, body);
}

static void
test_golden(gconstpointer user_data)
{
	const char *eml = user_data;
	g_autofree char *base = g_strndup(eml, strlen(eml) - strlen(".eml"));
	g_autofree char *golden = g_strconcat(base, ".tree", NULL);
	g_autofree char *octets = NULL, *want = NULL, *have = NULL;
	PliSlice message;
	gsize len;

	g_assert_true(g_file_get_contents(eml, &octets, &len, NULL));
	message = pli_slice_new(octets, len);
	have = describe(message);
	if (g_getenv("PLI_GOLDEN_WRITE") != NULL)
		g_assert_true(g_file_set_contents(golden, have, -1, NULL));
	g_assert_true(g_file_get_contents(golden, &want, NULL, NULL));
	g_assert_cmpstr(have, ==, want);
	for (PliLineMode mode = PLI_LINE_AS_IS; mode <= PLI_LINE_LF_FILE;
	     mode++)
		pli_split_check(eml, message, G_MAXSIZE, pli_transcribe,
		                GINT_TO_POINTER(mode));
}

int
main(int argc, char **argv)
{
	g_autofree char *dir = NULL;
	g_autoptr(GDir) folder = NULL;
	const char *name;

	g_test_init(&argc, &argv, NULL);
	dir = g_test_build_filename(G_TEST_DIST, "tests", "data", "mime", NULL);
	folder = g_dir_open(dir, 0, NULL);
	g_assert_nonnull(folder);
	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = NULL;

		if (!g_str_has_suffix(name, ".eml"))
			continue;
		path = g_strconcat("/engine/golden/", name, NULL);
		g_test_add_data_func_full(path,
		                          g_build_filename(dir, name, NULL),
		                          test_golden, g_free);
	}
	return g_test_run();
}
