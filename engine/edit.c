/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/edit.h"

#include "engine/edit-priv.h"
#include "engine/parser.h"
#include "engine/section.h"

#define MAX_FIELDS_OCTETS (1024 * 1024)

G_DEFINE_QUARK(pli-edit-error, pli_edit_error)

static void
clear_change(gpointer data)
{
	g_free(((PliEditChange *)data)->name);
}

void
pli_edit_clear_cut(gpointer data)
{
	PliEditCut *cut = data;

	if (cut->before != NULL)
		g_string_free(cut->before, TRUE);
	if (cut->after != NULL)
		g_string_free(cut->after, TRUE);
	pli_source_unref(cut->source);
}

static void
clear_piece(gpointer data)
{
	PliEditPiece *piece = data;

	if (piece->text != NULL)
		g_string_free(piece->text, TRUE);
	pli_source_unref(piece->source);
}

PliEdit *
pli_edit_new(const PliStructure *structure, PliSource *source,
	     PliEditFlags flags, GError **error)
{
	guint64 lines = pli_structure_get_lines(structure);
	guint64 bare = pli_structure_get_bare_lf(structure);
	PliEdit *edit;

	if (pli_structure_get_flags(structure) & PLI_STRUCTURE_INCOMPLETE) {
		g_set_error(error, PLI_EDIT_ERROR, PLI_EDIT_ERROR_INCOMPLETE,
			    "the message is cut off; what is made of it would "
			    "look whole");
		return NULL;
	}
	edit = g_new0(PliEdit, 1);
	edit->structure = pli_structure_ref((PliStructure *)structure);
	edit->source = pli_source_ref(source);
	edit->flags = flags;
	edit->to_lf = bare > lines / 2;
	edit->eol = edit->to_lf ? "\n" : "\r\n";
	edit->changes = g_array_new(FALSE, FALSE, sizeof(PliEditChange));
	g_array_set_clear_func(edit->changes, clear_change);
	edit->cuts = g_array_new(FALSE, FALSE, sizeof(PliEditCut));
	g_array_set_clear_func(edit->cuts, pli_edit_clear_cut);
	edit->pieces = g_array_new(FALSE, FALSE, sizeof(PliEditPiece));
	g_array_set_clear_func(edit->pieces, clear_piece);
	edit->out = g_byte_array_new();
	return edit;
}

void
pli_edit_free(PliEdit *edit)
{
	if (edit == NULL)
		return;
	g_byte_array_unref(edit->out);
	g_array_unref(edit->pieces);
	g_array_unref(edit->cuts);
	g_array_unref(edit->changes);
	pli_source_unref(edit->source);
	pli_structure_unref(edit->structure);
	g_free(edit);
}

gboolean
pli_edit_refuse(const PliEdit *edit, guint32 part, PliEditError code,
		const char *why, GError **error)
{
	g_autofree char *path = NULL;
	PliPart p;

	pli_structure_get_part(edit->structure, part, &p);
	path = pli_section_format_path(
		edit->structure,
		p.parent != PLI_NONE && p.flags & PLI_PART_IS_MESSAGE ? p.parent
								      : part);
	if (part == 0)
		g_set_error(error, PLI_EDIT_ERROR, code, "the message %s", why);
	else if (p.flags & PLI_PART_IS_MESSAGE)
		g_set_error(error, PLI_EDIT_ERROR, code,
			    "the message in part %s %s", path, why);
	else
		g_set_error(error, PLI_EDIT_ERROR, code, "part %s %s", path,
			    why);
	return FALSE;
}

guint32
pli_edit_note(PliEdit *edit, PliEditAction action, PliEditThing thing,
	      guint32 part, PliSpan old)
{
	PliEditChange change = {
		.action = action,
		.thing = thing,
		.part = part,
		.field = PLI_NONE,
		.place = PLI_NONE,
		.old_span = old,
	};

	g_array_append_val(edit->changes, change);
	return edit->changes->len - 1;
}

PliEditChange *
pli_edit_change(PliEdit *edit, guint32 n)
{
	return &g_array_index(edit->changes, PliEditChange, n);
}

void
pli_edit_cut(PliEdit *edit, PliEditCut cut)
{
	cut.order = edit->cuts->len;
	g_array_append_val(edit->cuts, cut);
}

GString *
pli_edit_dup_text(const PliEdit *edit, PliSlice octets)
{
	GString *text = g_string_sized_new(octets.len + 1);
	PliLineEnd state = {FALSE};

	g_assert(!edit->is_settled);
	if (!edit->to_lf)
		return g_string_append_len(text, (const char *)octets.data,
					   (gssize)octets.len);
	text->len = pli_line_end_feed_lf(&state, octets, (guint8 *)text->str);
	text->len +=
		pli_line_end_finish_lf(&state, (guint8 *)text->str + text->len);
	text->str[text->len] = '\0';
	return text;
}

/*
 * What may be changed
 */

static gboolean
is_sealed_type(const PliStructure *structure, const PliPart *part,
	       PliEditError *ret_code)
{
	*ret_code = PLI_EDIT_ERROR_SIGNED;
	if (pli_structure_is_type(structure, part, "multipart", "signed"))
		return TRUE;
	*ret_code = PLI_EDIT_ERROR_ENCRYPTED;
	return pli_structure_is_type(structure, part, "multipart", "encrypted");
}

/* `inside`: what changes lies in the body of the part. */
gboolean
pli_edit_check_seal(const PliEdit *edit, guint32 index, gboolean inside,
		    GError **error)
{
	guint32 at = index;
	PliEditError code;

	while (!(edit->flags & PLI_EDIT_FORCE) && at != PLI_NONE) {
		g_autofree char *why = NULL;
		g_autofree char *path = NULL;
		PliPart part;

		pli_structure_get_part(edit->structure, at, &part);
		if ((at == index && !inside) ||
		    !is_sealed_type(edit->structure, &part, &code)) {
			at = part.parent;
			continue;
		}
		path = pli_section_format_path(edit->structure, at);
		why = g_strdup_printf(
			"%s multipart/%s%s%s, and a change would %s",
			at == index ? "is a" : "lies inside the",
			code == PLI_EDIT_ERROR_SIGNED ? "signed" : "encrypted",
			at == 0 || at == index ? "" : " ",
			at == 0 || at == index ? "" : path,
			code == PLI_EDIT_ERROR_SIGNED
				? "break the signature over it"
				: "spoil what is encrypted");
		return pli_edit_refuse(edit, index, code, why, error);
	}
	return TRUE;
}

gboolean
pli_edit_check_part(const PliEdit *edit, guint32 index, gboolean inside,
		    PliPart *part, GError **error)
{
	g_assert(!edit->is_settled);
	if (index >= pli_structure_get_n_parts(edit->structure)) {
		g_set_error(error, PLI_EDIT_ERROR, PLI_EDIT_ERROR_PART,
			    "there is no part with the index %u", index);
		return FALSE;
	}
	pli_structure_get_part(edit->structure, index, part);
	if (part->header.source != 0 || (inside && part->body.source != 0))
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_ENCODED,
				       "lies inside a message or multipart "
				       "that is encoded as a whole",
				       error);
	if (part->flags & PLI_PART_SYNTHETIC)
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_PART,
				       "stands for a part that is not there: "
				       "the multipart around it has none",
				       error);
	if (part->header.length == 0 && part->flags & PLI_PART_OPAQUE)
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_PART,
				       "lies past the number of parts that "
				       "are read",
				       error);
	return pli_edit_check_seal(edit, index, inside, error);
}

/*
 * Fields
 */

gboolean
pli_edit_read(PliSource *source, guint64 offset, guint64 most,
	      PliSlice *ret_octets, GError **error)
{
	if (pli_source_read_at(source, offset, MIN(most, PLI_EDIT_PIECE),
			       ret_octets, error) != PLI_STEP_READY)
		return FALSE;
	if (ret_octets->len > 0)
		return TRUE;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
		    "the octets end before octet %" G_GUINT64_FORMAT, offset);
	return FALSE;
}

static gboolean
read_name(PliEdit *edit, const PliField *field, char **ret_name, GError **error)
{
	g_autoptr(GByteArray) name = g_byte_array_new();

	*ret_name = NULL;
	if (field->name_length == 0)
		return TRUE;
	if (pli_source_read(edit->source, field->span.offset,
			    field->name_length, name, error) != PLI_STEP_READY)
		return FALSE;
	*ret_name = pli_slice_dup(pli_slice_new(name->data, name->len));
	return TRUE;
}

gboolean
pli_edit_find_field(PliEdit *edit, guint32 index, const char *name, gint n,
		    guint32 *ret_field, GError **error)
{
	g_autofree char *why = NULL;
	guint32 found = PLI_NONE;
	gint left = ABS(n);
	PliPart part;

	if (!pli_edit_check_part(edit, index, FALSE, &part, error))
		return FALSE;
	for (guint32 i = 0; i < part.n_fields && left > 0; i++) {
		guint32 at =
			part.first_field + (n > 0 ? i : part.n_fields - 1 - i);
		g_autofree char *own = NULL;
		PliField field;

		pli_structure_get_field(edit->structure, at, &field);
		if (field.name_length != strlen(name))
			continue;
		if (!read_name(edit, &field, &own, error))
			return FALSE;
		if (g_ascii_strcasecmp(own, name) != 0)
			continue;
		left--;
		found = at;
	}
	if (n != 0 && left == 0 && found != PLI_NONE) {
		*ret_field = found;
		return TRUE;
	}
	why = g_strdup_printf("has no field %s number %d", name, n);
	return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_FIELD, why, error);
}

/* Gives the name of the first. */
gboolean
pli_edit_check_octets(const PliEdit *edit, guint32 part, PliSlice octets,
		      char **ret_name, GError **error)
{
	g_autoptr(PliStructure) fields = NULL;
	PliField field;
	PliPart root;
	gboolean good;

	*ret_name = NULL;
	if (octets.len > MAX_FIELDS_OCTETS)
		return pli_edit_refuse(edit, part, PLI_EDIT_ERROR_FIELD,
				       "would get fields of more than 1 MiB",
				       error);
	fields = pli_parser_parse(octets, PLI_LINE_AS_IS, NULL);
	pli_structure_get_part(fields, 0, &root);
	good = root.n_fields > 0 && root.header.length == octets.len &&
	       octets.data[octets.len - 1] == '\n' &&
	       pli_structure_get_bare_lf(fields) == 0 &&
	       !(pli_structure_get_flags(fields) &
		 (PLI_STRUCTURE_HAS_NUL | PLI_STRUCTURE_LIMITED));
	for (guint32 i = 0; i < root.n_fields; i++) {
		pli_structure_get_field(fields, i, &field);
		good = good && !(field.flags & PLI_FIELD_MALFORMED);
	}
	/* an empty line at the end would be the header's */
	if (good)
		good = field.span.offset + field.span.length == octets.len;
	if (!good)
		return pli_edit_refuse(edit, part, PLI_EDIT_ERROR_FIELD,
				       "would get what is no whole header "
				       "field with CRLF line ends",
				       error);
	pli_structure_get_field(fields, 0, &field);
	*ret_name =
		pli_slice_dup(pli_slice_new(octets.data, field.name_length));
	return TRUE;
}

/* What a multipart/signed says of itself counts as its inside. */
static gboolean
is_mime_field(const char *name)
{
	return name != NULL &&
	       (g_ascii_strcasecmp(name, "Content-Type") == 0 ||
		g_ascii_strcasecmp(name, "Content-Transfer-Encoding") == 0);
}

/* Where the empty line of a header starts, or where it would stand. */
gboolean
pli_edit_find_header_end(PliEdit *edit, const PliPart *part, guint64 *ret_end,
			 gboolean *ret_lacks_eol, GError **error)
{
	guint64 n = MIN(part->header.length, 4);
	guint64 end = part->header.offset + part->header.length;
	g_autoptr(GByteArray) last = g_byte_array_new();
	gboolean empty;
	guint eol = 0;

	if (pli_source_read(edit->source, end - n, n, last, error) !=
	    PLI_STEP_READY)
		return FALSE;
	if (n > 0 && last->data[n - 1] == '\n')
		eol = n > 1 && last->data[n - 2] == '\r' ? 2 : 1;
	empty = eol > 0 && (n == eol || last->data[n - eol - 1] == '\n') &&
		(n > eol || part->header.length == n);
	*ret_end = empty ? end - eol : end;
	*ret_lacks_eol = eol == 0 && n > 0;
	return TRUE;
}

static gboolean
find_place(PliEdit *edit, const PliPart *part, guint32 place, PliEditCut *cut,
	   GError **error)
{
	gboolean lacks_eol;
	PliSlice first;
	PliField field;

	cut->rank = PLI_EDIT_RANK_FIELDS + 1;
	if (place == PLI_EDIT_LAST) {
		cut->rank++;
		if (!pli_edit_find_header_end(edit, part, &cut->offset,
					      &lacks_eol, error))
			return FALSE;
		if (lacks_eol)
			cut->before = g_string_new(edit->eol);
		return TRUE;
	}
	if (place != PLI_EDIT_FIRST) {
		if (place < part->first_field ||
		    place - part->first_field >= part->n_fields)
			return pli_edit_refuse(edit, part->index,
					       PLI_EDIT_ERROR_FIELD,
					       "does not have the field "
					       "behind which one is to go",
					       error);
		pli_structure_get_field(edit->structure, place, &field);
		cut->offset = field.span.offset + field.span.length;
		if (cut->offset == part->header.offset + part->header.length &&
		    place + 1 == part->first_field + part->n_fields)
			return find_place(edit, part, PLI_EDIT_LAST, cut,
					  error);
		return TRUE;
	}
	cut->rank--;
	cut->offset = part->header.offset;
	if (part->header.length == 0)
		return TRUE;
	if (!pli_edit_read(edit->source, cut->offset, 1, &first, error))
		return FALSE;
	if (pli_octet_is_wsp(first.data[0]))
		return pli_edit_refuse(edit, part->index, PLI_EDIT_ERROR_FIELD,
				       "starts with a continuation line, "
				       "which a field in front of it would "
				       "take for its own",
				       error);
	return TRUE;
}

gboolean
pli_edit_add_fields(PliEdit *edit, guint32 index, guint32 place,
		    PliSlice octets, GError **error)
{
	g_autofree char *name = NULL;
	PliEditCut cut = {0};
	PliPart part;

	if (!pli_edit_check_part(edit, index, FALSE, &part, error) ||
	    !pli_edit_check_octets(edit, index, octets, &name, error) ||
	    (is_mime_field(name) &&
	     !pli_edit_check_seal(edit, index, TRUE, error)) ||
	    !find_place(edit, &part, place, &cut, error))
		return FALSE;
	if (cut.before == NULL) {
		cut.before = pli_edit_dup_text(edit, octets);
	} else {
		GString *more = pli_edit_dup_text(edit, octets);

		g_string_append_len(cut.before, more->str, (gssize)more->len);
		g_string_free(more, TRUE);
	}
	cut.change = pli_edit_note(edit, PLI_EDIT_ADDED, PLI_EDIT_FIELD, index,
				   (PliSpan){0, cut.offset, 0});
	pli_edit_change(edit, cut.change)->name = g_steal_pointer(&name);
	pli_edit_cut(edit, cut);
	return TRUE;
}

static gboolean
change_field(PliEdit *edit, guint32 number, PliSlice octets, GError **error)
{
	gboolean goes = octets.data == NULL;
	g_autofree char *name = NULL, *new_name = NULL;
	guint32 n_parts = pli_structure_get_n_parts(edit->structure);
	PliEditCut cut = {.rank = PLI_EDIT_RANK_CUT};
	guint32 index = 0;
	PliField field;
	PliPart part;

	if (number >= pli_structure_get_n_fields(edit->structure)) {
		g_set_error(error, PLI_EDIT_ERROR, PLI_EDIT_ERROR_FIELD,
			    "there is no field with the index %u", number);
		return FALSE;
	}
	pli_structure_get_part(edit->structure, index, &part);
	while (number - part.first_field >= part.n_fields && ++index < n_parts)
		pli_structure_get_part(edit->structure, index, &part);
	g_assert(index < n_parts);
	pli_structure_get_field(edit->structure, number, &field);
	if (!pli_edit_check_part(edit, index, FALSE, &part, error) ||
	    !read_name(edit, &field, &name, error) ||
	    (!goes &&
	     !pli_edit_check_octets(edit, index, octets, &new_name, error)) ||
	    ((is_mime_field(name) || is_mime_field(new_name)) &&
	     !pli_edit_check_seal(edit, index, TRUE, error)))
		return FALSE;
	cut.offset = field.span.offset;
	cut.length = field.span.length;
	if (!goes)
		cut.before = pli_edit_dup_text(edit, octets);
	cut.change =
		pli_edit_note(edit, goes ? PLI_EDIT_REMOVED : PLI_EDIT_REPLACED,
			      PLI_EDIT_FIELD, index, field.span);
	pli_edit_change(edit, cut.change)->name = g_steal_pointer(&name);
	pli_edit_change(edit, cut.change)->field = number;
	pli_edit_cut(edit, cut);
	return TRUE;
}

gboolean
pli_edit_replace_field(PliEdit *edit, guint32 field, PliSlice octets,
		       GError **error)
{
	g_assert(octets.data != NULL);
	return change_field(edit, field, octets, error);
}

gboolean
pli_edit_remove_field(PliEdit *edit, guint32 field, GError **error)
{
	return change_field(edit, field, PLI_SLICE_NONE, error);
}

guint
pli_edit_get_n_changes(const PliEdit *edit)
{
	return edit->changes->len;
}

const PliEditChange *
pli_edit_get_change(const PliEdit *edit, guint n)
{
	g_assert(n < edit->changes->len);
	return &g_array_index(edit->changes, PliEditChange, n);
}
