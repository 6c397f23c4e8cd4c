/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of an edit is scanned, over bodies that are known. */
#include "engine/derive.h"

#include "engine/edit-priv.h"
#include "engine/parser-skip-priv.h"

/* Shorter bodies are not worth it. */
#define SHORT 64

typedef struct {
	PliEdit *edit;
	PliParser *parser;
	guint32 next; /* the first leaf whose body has not been passed */
	gboolean may_skip;
	GHashTable *boundaries; /* of multiparts, GString by number */
} Derivation;

static void
free_string(gpointer data)
{
	g_string_free(data, TRUE);
}

static gboolean
scan_source(Derivation *d, PliSource *source, guint64 offset, guint64 length,
	    GError **error)
{
	while (length > 0) {
		PliSlice octets;

		if (!pli_edit_read(source, offset, length, &octets, error))
			return FALSE;
		pli_parser_scan(d->parser, octets);
		offset += octets.len;
		length -= octets.len;
	}
	return TRUE;
}

/* What is put in, as it comes out. */
static gboolean
scan_new(Derivation *d, const PliEditPiece *piece, GError **error)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliLineEnd state = {FALSE};
	PliSlice octets;
	guint64 at = 0;

	if (!d->edit->to_lf)
		return scan_source(d, piece->source, 0, piece->length, error);
	do {
		gsize n;

		if (pli_source_read_at(piece->source, at, PLI_EDIT_PIECE,
				       &octets, error) != PLI_STEP_READY)
			return FALSE;
		at += octets.len;
		g_byte_array_set_size(out,
				      (guint)PLI_LINE_END_BOUND(octets.len));
		n = octets.len > 0
			    ? pli_line_end_feed_lf(&state, octets, out->data)
			    : pli_line_end_finish_lf(&state, out->data);
		pli_parser_scan(d->parser, pli_slice_new(out->data, n));
	} while (octets.len > 0);
	return TRUE;
}

/* Valid as long as the derivation; NULL with *error. */
static GString *
get_boundary(Derivation *d, const PliPart *part, GError **error)
{
	gpointer key = GUINT_TO_POINTER(part->index);
	GString *boundary = g_hash_table_lookup(d->boundaries, key);

	if (boundary != NULL)
		return boundary;
	boundary = pli_edit_dup_boundary(d->edit->structure, d->edit->source,
					 part, error);
	if (boundary != NULL)
		g_hash_table_insert(d->boundaries, key, boundary);
	return boundary;
}

/* The body of a leaf starts: is it known under what is around it? */
static gboolean
skip_body(Derivation *d, const PliPart *leaf, gboolean *ret_done,
	  GError **error)
{
	g_autoptr(GPtrArray) boundaries = g_ptr_array_new();
	g_autoptr(GArray) multiparts =
		g_array_new(FALSE, FALSE, sizeof(guint32));
	PliParserSkip skip = {
		.structure = d->edit->structure,
		.part = *leaf,
		.boundaries = boundaries,
		.multiparts = multiparts,
	};
	guint32 at = leaf->parent;

	while (at != PLI_NONE) {
		PliPart part;
		GString *boundary;

		pli_structure_get_part(d->edit->structure, at, &part);
		if (part.kind == PLI_PART_MULTIPART) {
			boundary = get_boundary(d, &part, error);
			if (boundary == NULL)
				return FALSE;
			g_ptr_array_insert(boundaries, 0, boundary);
			g_array_prepend_val(multiparts, at);
		}
		at = part.parent;
	}
	if (!pli_edit_find_eol(d->edit, leaf, &skip.eol, error))
		return FALSE;
	*ret_done = pli_parser_skip_body(d->parser, &skip);
	return TRUE;
}

/* The next leaf whose body lies in the span, and its body from `*at` on. */
static gboolean
find_leaf(Derivation *d, guint64 at, guint64 end, PliPart *ret_leaf)
{
	const PliStructure *structure = d->edit->structure;

	for (; d->next < pli_structure_get_n_parts(structure); d->next++) {
		PliPart *part = ret_leaf;

		pli_structure_get_part(structure, d->next, part);
		if (part->kind != PLI_PART_LEAF || part->body.source != 0 ||
		    part->body.length < SHORT || part->body.offset < at)
			continue;
		return part->body.offset < end && pli_edit_get_end(part) <= end;
	}
	return FALSE;
}

static gboolean
scan_original(Derivation *d, guint64 at, guint64 end, GError **error)
{
	PliPart leaf;

	while (d->may_skip && find_leaf(d, at, end, &leaf)) {
		gboolean done = FALSE;

		if (!scan_source(d, d->edit->source, at, leaf.body.offset - at,
				 error) ||
		    !skip_body(d, &leaf, &done, error))
			return FALSE;
		at = leaf.body.offset;
		if (done)
			at += leaf.body.length;
		d->next++;
	}
	return scan_source(d, d->edit->source, at, end - at, error);
}

/* FALSE with *error, or without: it has to be read whole. */
static gboolean
scan_pieces(Derivation *d, GError **error)
{
	for (guint i = 0; i < d->edit->pieces->len; i++) {
		const PliEditPiece *piece =
			&g_array_index(d->edit->pieces, PliEditPiece, i);
		gboolean done = TRUE;

		if (piece->text != NULL)
			pli_parser_scan(d->parser,
					pli_slice_new(piece->text->str,
						      piece->text->len));
		else if (piece->source != NULL)
			done = scan_new(d, piece, error);
		else
			done = scan_original(d, piece->offset,
					     piece->offset + piece->length,
					     error);
		if (!done)
			return FALSE;
	}
	pli_parser_end_scan(d->parser, PLI_FINISH_COMPLETE);
	return !pli_parser_has_skipped_wrong(d->parser);
}

PliStructure *
pli_derive_edit(const PliEdit *edit, const PliLimits *limits,
		guint64 *ret_scanned, GError **error)
{
	g_autoptr(GHashTable) boundaries =
		g_hash_table_new_full(NULL, NULL, NULL, free_string);
	g_autoptr(PliParser) parser = pli_parser_new(
		pli_structure_get_line_mode(edit->structure), limits);
	guint32 flags = pli_structure_get_flags(edit->structure);
	Derivation d = {
		.edit = (PliEdit *)edit,
		.parser = parser,
		.may_skip = !(flags & PLI_STRUCTURE_LIMITED) &&
			    pli_structure_get_reading(edit->structure) ==
				    PLI_STRUCTURE_READING,
		.boundaries = boundaries,
	};
	g_autoptr(GError) failure = NULL;
	guint64 scanned = 0;

	g_assert(edit->is_settled);
	while (!scan_pieces(&d, &failure)) {
		if (failure != NULL) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return NULL;
		}
		g_assert(d.may_skip);
		scanned += pli_parser_get_scanned(parser);
		pli_parser_reset(parser);
		d.next = 0;
		d.may_skip = FALSE;
	}
	if (ret_scanned != NULL)
		*ret_scanned = scanned + pli_parser_get_scanned(parser);
	return pli_parser_steal_structure(parser);
}
