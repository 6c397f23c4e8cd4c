/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part trees and decoded bodies against GMime's: the fixtures, and the shared
 * corpus. Messages with an ambiguity defect are left out, since that is what
 * the defect says; so are those at a limit, and those GMime's parser should
 * not be given. test-peers compares the trees of all.
 */
#include "engine/parser.h"
#include "tests/lib/corpus.h"
#include "tests/lib/peer.h"

/*
 * How many messages must have been compared. A message that gains a defect
 * leaves the comparison without a sound, so a rule that finds too much would
 * make this test pass by comparing nothing. The counts are those of the day
 * they were written, 22 of 75 fixtures (the others are ambiguous on purpose)
 * and 1056 of 1327 messages of the corpus, less what a new rule may well take
 * away. Whoever goes below looks at which messages left, and why. Parts of a
 * whole are no floor: each new ambiguous fixture would lower it.
 */
#define LEAST_FIXTURES 20
#define LEAST_CORPUS 1040

/* TRUE when compared. */
static gboolean
compare(const char *path, PliSlice message, guint *n_different)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);
	g_autofree char *ours = NULL, *theirs = NULL;
	g_autoptr(GPtrArray) our_contents = NULL, their_contents = NULL;
	gint other;

	if (!pli_peer_is_vetted(structure, message))
		return FALSE;
	theirs = pli_peer_tree_gmime(message);
	if (theirs == NULL)
		return FALSE;
	ours = pli_peer_tree_of(structure);
	if (strcmp(ours, theirs) != 0) {
		g_test_message("%s:\npli:\n%sgmime:\n%s", path, ours, theirs);
		(*n_different)++;
		return TRUE;
	}
	our_contents = pli_peer_contents_of(structure, message);
	their_contents = pli_peer_contents_gmime(message);
	other = pli_peer_find_other_content(our_contents, their_contents);
	if (other >= 0) {
		g_test_message("%s: leaf %d is decoded otherwise", path, other);
		(*n_different)++;
	}
	return TRUE;
}

static void
compare_all(GPtrArray *files, guint least)
{
	guint n_compared = 0, n_different = 0;

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *octets = NULL;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		n_compared += compare(files->pdata[i],
		                      pli_slice_new(octets, len), &n_different);
	}
	g_test_message("%u of %u compared", n_compared, files->len);
	g_assert_cmpuint(n_compared, >=, least);
	g_assert_cmpuint(n_different, ==, 0);
}

static void
test_fixtures(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();

	compare_all(files, LEAST_FIXTURES);
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list(".eml");

	if (files != NULL)
		compare_all(files, LEAST_CORPUS);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/oracle/fixtures", test_fixtures);
	g_test_add_func("/engine/oracle/corpus", test_corpus);
	return g_test_run();
}
