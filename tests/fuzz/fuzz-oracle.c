/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message on which readers must agree (no ambiguity defect, no limit met):
 * GMime sees the same part tree, every leaf's body in the same place, and the
 * same octets once decoded.
 */
#include "engine/parser.h"
#include "tests/lib/peer.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static gboolean
has_star(const PliStructure *structure, const PliPart *part)
{
	for (guint32 i = 0; i < part->n_items; i++) {
		PliItem item;

		pli_structure_get_item(structure, part, i, &item);
		if (item.kind == PLI_ITEM_TYPE_PARAM &&
		    memchr(item.name.data, '*', item.name.len) != NULL)
			return TRUE;
	}
	return FALSE;
}

/* Octets over 127 in a Content-Type are no token to GMime, and of a parameter
 * given plain and in RFC 2231 form it takes the latter. */
static gboolean
is_plain(const PliStructure *structure)
{
	if (pli_structure_get_flags(structure) & PLI_STRUCTURE_HEADER_8BIT)
		return FALSE;
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (has_star(structure, &part))
			return FALSE;
	}
	return TRUE;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	PliSlice message = {data, size};
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GPtrArray) ours = NULL, theirs = NULL;
	g_autofree char *tree = NULL, *other = NULL;

	structure = pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);
	if (!pli_peer_is_vetted(structure, message) || !is_plain(structure))
		return 0;
	tree = pli_peer_tree_of(structure);
	other = pli_peer_tree_gmime(message);
	g_assert_cmpstr(tree, ==, other);
	ours = pli_peer_contents_of(structure, message);
	theirs = pli_peer_contents_gmime(message);
	g_assert_cmpint(pli_peer_find_other_content(ours, theirs), ==, -1);
	return 0;
}
