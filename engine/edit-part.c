/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts dropped, replaced, inserted and enclosed. */
#include "engine/edit-priv.h"

#include "engine/boundary-name.h"
#include "engine/parser.h"

static gboolean
check_is_child(PliEdit *edit, const PliPart *part, const char *why,
	       GError **error)
{
	PliPart parent;

	if (part->parent != PLI_NONE) {
		pli_structure_get_part(edit->structure, part->parent, &parent);
		if (parent.kind == PLI_PART_MULTIPART)
			return TRUE;
	}
	return pli_edit_refuse(edit, part->index, PLI_EDIT_ERROR_PART, why,
			       error);
}

gboolean
pli_edit_drop_part(PliEdit *edit, guint32 index, GError **error)
{
	PliPart part;

	if (!pli_edit_check_part(edit, index, FALSE, &part, error) ||
	    !check_is_child(edit, &part,
			    "cannot be dropped: it is no part of a multipart",
			    error))
		return FALSE;
	/* which octets go is known once all are dropped */
	pli_edit_note(edit, PLI_EDIT_REMOVED, PLI_EDIT_PART, index,
		      pli_edit_get_span(&part));
	return TRUE;
}

/* The source, with what has to stand around it. */
static gboolean
put_source(PliEdit *edit, PliEditCut *cut, PliSource *source, guint32 around,
	   GError **error)
{
	if (!pli_edit_measure(edit, source, around, NULL, &cut->source_length,
			      error))
		return FALSE;
	cut->source = pli_source_ref(source);
	return TRUE;
}

gboolean
pli_edit_replace_body(PliEdit *edit, guint32 index, PliSource *body,
		      GError **error)
{
	PliEditCut cut = {.rank = PLI_EDIT_RANK_CUT};
	gboolean lacks_eol;
	guint64 header_end;
	PliPart part;
	guint eol;

	if (!pli_edit_check_part(edit, index, FALSE, &part, error) ||
	    !pli_edit_check_seal(edit, index, TRUE, error) ||
	    !pli_edit_find_header_end(edit, &part, &header_end, &lacks_eol,
				      error) ||
	    !pli_edit_find_eol(edit, &part, &eol, error) ||
	    !put_source(edit, &cut, body, part.parent, error))
		return FALSE;
	cut.offset = part.body.offset;
	cut.length = part.body.length;
	if (header_end == part.body.offset)
		cut.before = g_string_new(edit->eol);
	if (lacks_eol)
		g_string_append(cut.before, edit->eol);
	if (eol == 0 &&
	    pli_edit_get_end(&part) < pli_structure_get_length(edit->structure))
		cut.after = g_string_new(edit->eol);
	cut.change = pli_edit_note(edit, PLI_EDIT_REPLACED, PLI_EDIT_BODY,
				   index, part.body);
	pli_edit_cut(edit, cut);
	return TRUE;
}

gboolean
pli_edit_replace_part(PliEdit *edit, guint32 index, PliSource *whole,
		      GError **error)
{
	PliEditCut cut = {.rank = PLI_EDIT_RANK_CUT};
	PliPart part;
	guint eol;

	if (!pli_edit_check_part(edit, index, FALSE, &part, error))
		return FALSE;
	if (part.parent == PLI_NONE)
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_PART,
				       "cannot be replaced as a whole by a "
				       "change of itself",
				       error);
	if (!pli_edit_find_eol(edit, &part, &eol, error) ||
	    !put_source(edit, &cut, whole, part.parent, error))
		return FALSE;
	cut.offset = part.header.offset;
	cut.length = pli_edit_get_span(&part).length;
	if (eol == 0 &&
	    pli_edit_get_end(&part) < pli_structure_get_length(edit->structure))
		cut.after = g_string_new(edit->eol);
	cut.change = pli_edit_note(edit, PLI_EDIT_REPLACED, PLI_EDIT_PART,
				   index, pli_edit_get_span(&part));
	pli_edit_cut(edit, cut);
	return TRUE;
}

/* Behind the last child, before what closes the multipart, if anything. */
static gboolean
place_last(PliEdit *edit, const PliPart *part, const GString *boundary,
	   PliEditCut *cut, GError **error)
{
	guint32 last = pli_structure_get_child(edit->structure, part,
					       part->n_children - 1);
	PliPart child;
	guint eol;

	pli_structure_get_part(edit->structure, last, &child);
	if (!pli_edit_find_eol(edit, &child, &eol, error))
		return FALSE;
	cut->offset = pli_edit_get_end(&child) + eol;
	cut->rank = PLI_EDIT_RANK_CLOSE + 2 * (G_MAXUINT16 - part->depth) - 1;
	cut->before = g_string_new(NULL);
	if (pli_edit_get_end(&child) ==
	    pli_structure_get_length(edit->structure))
		g_string_append(cut->before, edit->eol);
	else
		cut->after = g_string_new(edit->eol);
	g_string_append_len(cut->before, boundary->str, (gssize)boundary->len);
	g_string_append(cut->before, edit->eol);
	return TRUE;
}

gboolean
pli_edit_insert_part(PliEdit *edit, guint32 index, guint32 n, PliSource *whole,
		     GError **error)
{
	g_autoptr(GString) boundary = NULL;
	PliEditCut cut = {0};
	PliPart part, child;

	if (!pli_edit_check_part(edit, index, TRUE, &part, error))
		return FALSE;
	if (part.kind != PLI_PART_MULTIPART || n > part.n_children)
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_PART,
				       part.kind != PLI_PART_MULTIPART
					       ? "is no multipart that could "
						 "get another part"
					       : "has fewer parts",
				       error);
	pli_structure_get_part(
		edit->structure,
		pli_structure_get_child(edit->structure, &part,
					MIN(n, part.n_children - 1)),
		&child);
	if (child.flags & (PLI_PART_SYNTHETIC) || child.header.source != 0)
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_PART,
				       "is a multipart without a boundary "
				       "that occurs in it",
				       error);
	boundary = pli_edit_dup_boundary(edit->structure, edit->source, &part,
					 error);
	if (boundary == NULL || !put_source(edit, &cut, whole, index, error))
		return FALSE;
	if (n == part.n_children) {
		if (!place_last(edit, &part, boundary, &cut, error)) {
			pli_edit_clear_cut(&cut);
			return FALSE;
		}
	} else {
		cut.offset = child.header.offset;
		cut.rank = PLI_EDIT_RANK_BEFORE;
		cut.after = g_string_new(edit->eol);
		g_string_append_len(cut.after, boundary->str,
				    (gssize)boundary->len);
		g_string_append(cut.after, edit->eol);
	}
	cut.change = pli_edit_note(edit, PLI_EDIT_ADDED, PLI_EDIT_PART, index,
				   (PliSpan){0, cut.offset, 0});
	pli_edit_change(edit, cut.change)->place = n;
	pli_edit_cut(edit, cut);
	return TRUE;
}

/* With its hyphens. */
static GString *
make_boundary(const PliEdit *edit, guint32 part, PliSlice seed)
{
	const guint32 numbers[] = {edit->changes->len, part};
	g_autofree char *name =
		pli_boundary_name_make(seed, edit->structure, numbers,
				       G_N_ELEMENTS(numbers));
	GString *boundary = g_string_new("--");

	return g_string_append(boundary, name);
}

/* What a new part says of octets that it encloses (RFC 2045 6.4). */
static const char *
get_label(const PliEdit *edit, const PliPart *part)
{
	const guint32 binary =
		PLI_PART_HAS_NUL | PLI_PART_BARE_CR | PLI_PART_LONG_LINE;

	if (part->flags & binary)
		return "Content-Transfer-Encoding: binary\r\n";
	if (part->flags & PLI_PART_HAS_8BIT ||
	    pli_structure_get_flags(edit->structure) &
		    PLI_STRUCTURE_HEADER_8BIT)
		return "Content-Transfer-Encoding: 8bit\r\n";
	return "";
}

/* RFC 6838 4.2 restricted-name. */
static gboolean
is_subtype(const char *text)
{
	gsize n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.+_");

	return n > 0 && n <= 127 && text[n] == '\0';
}

static gboolean
check_enclosure(PliEdit *edit, const PliPart *part, const PliEditEnclosure *how,
		GError **error)
{
	g_autoptr(PliStructure) fields = NULL;
	g_autofree char *name = NULL;
	PliPart root;

	if (how->subtype != NULL && !is_subtype(how->subtype))
		return pli_edit_refuse(edit, part->index, PLI_EDIT_ERROR_PART,
				       "is to be enclosed in what is no "
				       "subtype of multipart",
				       error);
	if (how->fields.len == 0)
		return TRUE;
	if (!pli_edit_check_octets(edit, part->index, how->fields, &name,
				   error))
		return FALSE;
	fields = pli_parser_parse(how->fields, PLI_LINE_AS_IS, NULL);
	pli_structure_get_part(fields, 0, &root);
	for (guint32 i = 0; i < root.n_fields; i++) {
		PliField field;

		pli_structure_get_field(fields, i, &field);
		if (field.name == PLI_FIELD_NAME_MIME_VERSION ||
		    field.name == PLI_FIELD_NAME_CONTENT_TYPE ||
		    field.name == PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING)
			return pli_edit_refuse(
				edit, part->index, PLI_EDIT_ERROR_FIELD,
				"is to be enclosed, and what encloses it has "
				"its own Content-Type, encoding and "
				"MIME-Version",
				error);
	}
	return TRUE;
}

/* The header of what encloses, and in a multipart all up to the part. */
static void
write_opening(PliEdit *edit, const PliPart *part, const PliEditEnclosure *how,
	      const GString *boundary, PliEditCut *cut, GString *last)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_len(text, (const char *)how->fields.data,
			    (gssize)how->fields.len);
	if (part->flags & PLI_PART_IS_MESSAGE)
		g_string_append(text, "MIME-Version: 1.0\r\n");
	if (how->subtype == NULL)
		g_string_append(text, "Content-Type: message/rfc822\r\n");
	else
		g_string_append_printf(text,
				       "Content-Type: multipart/%s;\r\n"
				       " boundary=\"%s\"\r\n",
				       how->subtype, boundary->str + 2);
	g_string_append(text, get_label(edit, part));
	g_string_append(text, "\r\n");
	if (how->subtype != NULL) {
		g_string_append_printf(text, "%s\r\n", boundary->str);
		if (how->first != NULL)
			g_string_append_printf(last, "\r\n%s\r\n",
					       boundary->str);
		if (part->flags & PLI_PART_IS_MESSAGE)
			g_string_append_printf(
				how->first != NULL ? last : text,
				"Content-Type: message/rfc822\r\n%s\r\n",
				get_label(edit, part));
	}
	cut->before =
		pli_edit_dup_text(edit, pli_slice_new(text->str, text->len));
	cut->after =
		pli_edit_dup_text(edit, pli_slice_new(last->str, last->len));
}

static void
write_closing(PliEdit *edit, const PliPart *part, const GString *boundary,
	      guint eol, guint32 change)
{
	PliEditCut cut = {
		.offset = pli_edit_get_end(part),
		.rank = PLI_EDIT_RANK_CLOSE + 2 * (G_MAXUINT16 - part->depth),
		.change = change,
		.before = g_string_new(edit->eol),
	};
	PliEditCut *edit_cut;

	g_string_append_printf(cut.before, "%s--", boundary->str);
	if (eol == 0)
		g_string_append(cut.before, edit->eol);
	pli_edit_cut(edit, cut);
	/* what is opened last is closed first */
	edit_cut = &g_array_index(edit->cuts, PliEditCut, edit->cuts->len - 1);
	edit_cut->order = G_MAXUINT32 - edit_cut->order;
}

gboolean
pli_edit_enclose(PliEdit *edit, guint32 index, const PliEditEnclosure *how,
		 GError **error)
{
	g_autoptr(GString) boundary = NULL;
	g_autoptr(GString) last = g_string_new(NULL);
	PliEditCut cut = {0};
	PliPart part;
	guint eol;

	g_assert(how->subtype != NULL || how->first == NULL);
	if (!pli_edit_check_part(edit, index, FALSE, &part, error) ||
	    !check_enclosure(edit, &part, how, error) ||
	    !pli_edit_find_eol(edit, &part, &eol, error))
		return FALSE;
	boundary = make_boundary(edit, index, how->seed);
	if (how->first != NULL) {
		if (!pli_edit_measure(edit, how->first, part.parent, boundary,
				      &cut.source_length, error))
			return FALSE;
		cut.source = pli_source_ref(how->first);
	}
	cut.offset = part.header.offset;
	cut.rank = PLI_EDIT_RANK_OPEN + part.depth;
	write_opening(edit, &part, how, boundary, &cut, last);
	cut.change = pli_edit_note(edit, PLI_EDIT_ENCLOSED, PLI_EDIT_PART,
				   index, pli_edit_get_span(&part));
	pli_edit_cut(edit, cut);
	if (how->subtype != NULL)
		write_closing(edit, &part, boundary, eol, cut.change);
	return TRUE;
}
