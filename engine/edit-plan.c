/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The edits in order, and the octets that come out. */
#include "engine/edit-priv.h"

static gint
compare_cuts(gconstpointer a, gconstpointer b)
{
	const PliEditCut *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static gboolean
fail_conflict(PliEdit *edit, guint32 part, GError **error)
{
	return pli_edit_refuse(edit, part, PLI_EDIT_ERROR_CONFLICT,
			       "is changed twice in the same place", error);
}

/* What of a part may still be changed when another change has named it. */
enum {
	HEADER_GOES = 1,
	BODY_GOES = 2
};

/* Nothing is changed inside what goes. */
static gboolean
check_inside(PliEdit *edit, GError **error)
{
	guint32 n = pli_structure_get_n_parts(edit->structure);
	g_autofree guint8 *goes = g_malloc0(n);

	for (guint i = 0; i < edit->changes->len; i++) {
		const PliEditChange *c = pli_edit_change(edit, i);
		guint8 all = c->thing == PLI_EDIT_BODY
				     ? BODY_GOES
				     : HEADER_GOES | BODY_GOES;

		if (c->thing == PLI_EDIT_FIELD ||
		    (c->action != PLI_EDIT_REMOVED &&
		     c->action != PLI_EDIT_REPLACED))
			continue;
		if (goes[c->part] & all)
			return fail_conflict(edit, c->part, error);
		goes[c->part] |= all;
	}
	for (guint32 i = 1; i < n; i++) {
		PliPart part;

		pli_structure_get_part(edit->structure, i, &part);
		if (goes[part.parent] & BODY_GOES) {
			if (goes[i] != 0)
				return fail_conflict(edit, i, error);
			goes[i] = HEADER_GOES | BODY_GOES | 4;
		}
	}
	for (guint i = 0; i < edit->changes->len; i++) {
		const PliEditChange *c = pli_edit_change(edit, i);
		gboolean is_child = c->action == PLI_EDIT_ADDED &&
				    c->thing == PLI_EDIT_PART;

		if (((c->thing == PLI_EDIT_FIELD ||
		      c->action == PLI_EDIT_ENCLOSED) &&
		     goes[c->part] & HEADER_GOES) ||
		    (is_child && goes[c->part] & BODY_GOES))
			return fail_conflict(edit, c->part, error);
	}
	return TRUE;
}

static void
add_piece(PliEdit *edit, PliEditPiece piece)
{
	if (piece.length > 0)
		g_array_append_val(edit->pieces, piece);
	edit->length += piece.length;
}

static void
add_text(PliEdit *edit, GString **text)
{
	PliEditPiece piece = {.text = *text};

	if (*text == NULL || (*text)->len == 0)
		return;
	piece.length = (*text)->len;
	*text = NULL;
	add_piece(edit, piece);
}

/* What comes, of which the change is told. */
static void
add_new(PliEdit *edit, PliEditCut *cut)
{
	guint64 start = edit->length;
	PliEditChange *change;

	add_text(edit, &cut->before);
	if (cut->source != NULL && cut->source_length > 0)
		add_piece(edit, (PliEditPiece){
					.source = pli_source_ref(cut->source),
					.length = cut->source_length,
				});
	add_text(edit, &cut->after);
	if (cut->change == PLI_NONE)
		return;
	change = pli_edit_change(edit, cut->change);
	if (change->new_span.length == 0)
		change->new_span.offset = start;
	change->new_span.length = edit->length - change->new_span.offset;
}

static void
make_pieces(PliEdit *edit)
{
	guint64 length = pli_structure_get_length(edit->structure);
	guint64 at = 0;

	for (guint i = 0; i < edit->cuts->len; i++) {
		PliEditCut *cut = &g_array_index(edit->cuts, PliEditCut, i);

		add_piece(edit, (PliEditPiece){
					.offset = at,
					.length = cut->offset - at,
				});
		add_new(edit, cut);
		at = cut->offset + cut->length;
	}
	add_piece(edit, (PliEditPiece){.offset = at, .length = length - at});
}

/* Of a cut that has none, the change is a dropped part. */
static guint32
get_part(PliEdit *edit, const PliEditCut *cut)
{
	return cut->change != PLI_NONE
		       ? pli_edit_change(edit, cut->change)->part
		       : 0;
}

gboolean
pli_edit_settle(PliEdit *edit, GError **error)
{
	guint n = edit->cuts->len;
	guint64 at = 0;

	g_assert(!edit->is_settled);
	if (!check_inside(edit, error) || !pli_edit_cut_dropped(edit, error)) {
		g_array_set_size(edit->cuts, n);
		return FALSE;
	}
	g_array_sort(edit->cuts, compare_cuts);
	for (guint i = 0; i < edit->cuts->len; i++) {
		const PliEditCut *cut =
			&g_array_index(edit->cuts, PliEditCut, i);

		if (cut->offset < at)
			return fail_conflict(edit, get_part(edit, cut), error);
		at = cut->offset + cut->length;
	}
	make_pieces(edit);
	edit->is_settled = TRUE;
	return TRUE;
}

guint64
pli_edit_get_length(const PliEdit *edit)
{
	g_assert(edit->is_settled);
	return edit->length;
}

static void
next_piece(PliEdit *edit)
{
	edit->next_piece++;
	edit->taken = edit->given = 0;
	edit->line_end.after_cr = FALSE;
}

static gboolean
fail_changed(GError **error)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
		    "what is put in is no longer what it was when it was "
		    "read first");
	return FALSE;
}

/* Some octets of a source, as they are to stand; none at its end. */
static gboolean
read_new(PliEdit *edit, const PliEditPiece *piece, PliSlice *ret_octets,
	 GError **error)
{
	PliSlice octets;
	gsize n;

	do {
		if (pli_source_read_at(piece->source, edit->taken,
				       PLI_EDIT_PIECE, &octets,
				       error) != PLI_STEP_READY)
			return FALSE;
		edit->taken += octets.len;
		*ret_octets = octets;
		if (!edit->to_lf)
			break;
		g_byte_array_set_size(edit->out,
				      (guint)PLI_LINE_END_BOUND(octets.len));
		n = octets.len > 0
			    ? pli_line_end_feed_lf(&edit->line_end, octets,
						   edit->out->data)
			    : pli_line_end_finish_lf(&edit->line_end,
						     edit->out->data);
		edit->line_end.after_cr &= octets.len > 0;
		*ret_octets = pli_slice_new(edit->out->data, n);
	} while (ret_octets->len == 0 && octets.len > 0);
	edit->given += ret_octets->len;
	return edit->given <= piece->length || fail_changed(error);
}

PliStep
pli_edit_next(PliEdit *edit, PliSlice *ret_octets, GError **error)
{
	PliSlice octets = PLI_SLICE_NONE;

	g_assert(edit->is_settled);
	while (octets.len == 0 && edit->next_piece < edit->pieces->len) {
		const PliEditPiece *piece = &g_array_index(
			edit->pieces, PliEditPiece, edit->next_piece);

		if (piece->text != NULL) {
			octets = pli_slice_new(piece->text->str,
					       piece->text->len);
			next_piece(edit);
		} else if (piece->source != NULL) {
			if (!read_new(edit, piece, &octets, error))
				return PLI_STEP_FAIL;
			if (octets.len > 0)
				break;
			if (edit->given != piece->length) {
				fail_changed(error);
				return PLI_STEP_FAIL;
			}
			next_piece(edit);
		} else if (edit->taken == piece->length) {
			next_piece(edit);
		} else {
			if (!pli_edit_read(edit->source,
					   piece->offset + edit->taken,
					   piece->length - edit->taken, &octets,
					   error))
				return PLI_STEP_FAIL;
			edit->taken += octets.len;
		}
	}
	*ret_octets = octets;
	return PLI_STEP_READY;
}
