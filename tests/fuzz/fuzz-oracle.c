/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message on which readers must agree (no ambiguity defect, no limit met):
 * GMime sees the same part tree, every leaf's body in the same place, and the
 * same octets once decoded.
 */
#include "engine/parser.h"
#include "tests/lib/peer.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	PliSlice message = {data, size};
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GPtrArray) ours = NULL, theirs = NULL;
	g_autofree char *tree = NULL, *other = NULL;

	structure = pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);
	if (!pli_peer_is_vetted(structure, message))
		return 0;
	tree = pli_peer_tree_of(structure);
	other = pli_peer_tree_gmime(message);
	g_assert_cmpstr(tree, ==, other);
	ours = pli_peer_contents_of(structure, message);
	theirs = pli_peer_contents_gmime(message);
	g_assert_cmpint(pli_peer_find_other_content(ours, theirs), ==, -1);
	return 0;
}
